//! The older application as a role that sees nothing but its views: every kind of statement on every table it has.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{Legacy, OldApp};
use store_sync::db::adopt::{self, AdoptOptions};

/// Every table of the older application, parents first: what makes a row `x`, and a column that is written.
const TABLES: &[(&str, &str, &str)] = &[
    ("admin_user", "id, name, email, password_hash) VALUES ('x', 'X', 'x@example.com', 'h'", "name"),
    ("admin_session", "id, token, admin_user_id, expires_at) VALUES ('x', 'xt', 'x', '2031-01-01'", "ip_address"),
    ("\"user\"", "id, name, email) VALUES ('x', 'X', 'x@example.com'", "name"),
    ("session", "id, token, user_id, expires_at) VALUES ('x', 'xt', 'x', '2031-01-01'", "user_agent"),
    ("account", "id, account_id, provider_id, user_id) VALUES ('x', '1', 'google', 'x'", "scope"),
    ("verification", "id, identifier, value, expires_at) VALUES ('x', 'i', 'v', '2031-01-01'", "value"),
    ("client", "id, name, slug) VALUES ('x', 'X', 'x'", "name"),
    ("member", "id, client_id, user_id) VALUES ('x', 'x', 'x'", "role"),
    (
        "invitation",
        "id, client_id, email, expires_at, inviter_id) VALUES ('x', 'x', 'y@example.com', '2031-01-01', 'x'",
        "role",
    ),
    ("product", "id, client_id, name) VALUES ('x', 'x', 'Chair'", "name"),
    ("product_image", "id, product_id, r2_key_base) VALUES ('x', 'x', 'clients/x/x.png'", "r2_key_preview"),
    ("chat_session", "id, product_id, name) VALUES ('x', 'x', 'Chat'", "name"),
    ("studio_session", "id, client_id, name) VALUES ('x', 'x', 'Spring'", "name"),
    ("message", "id, studio_session_id, role, parts) VALUES ('x', 'x', 'user', '[]'", "role"),
    ("flow", "id, studio_session_id, settings) VALUES ('x', 'x', '{}'", "name"),
    (
        "generated_image",
        "id, client_id, flow_id, r2_key, product_ids) VALUES ('x', 'x', 'x', 'clients/x/y.webp', '[\"x\"]'",
        "prompt",
    ),
    ("favorite_image", "id, client_id, generated_image_id) VALUES ('x', 'x', 'x'", "client_id"),
];

/// Tables whose rows carry the number that an optimistic lock compares.
const COUNTED: &[&str] = &["client", "product", "product_image", "chat_session", "studio_session", "message", "flow"];

async fn affected(conn: &mut PgConnection, sql: &str) -> u64 {
    match sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await {
        Ok(done) => done.rows_affected(),
        Err(error) => panic!("{sql}: {error}"),
    }
}

async fn count(conn: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE id = 'x'"));
    sqlx::query_scalar(sql).fetch_one(conn).await.expect("counts")
}

/// Makes, reads, writes and deletes a row of every table; then deletes whole trees by their roots.
async fn every_statement(conn: &mut PgConnection) {
    plant(conn).await;
    for (table, _, column) in TABLES {
        let value = if *column == "client_id" { "'x'" } else { "'changed'" };
        let update = format!("UPDATE {table} SET {column} = {value} WHERE id = 'x' RETURNING id");
        assert_eq!(affected(conn, &update).await, 1, "{update}");
    }
    for table in COUNTED {
        let lock = |version: i32| {
            format!("UPDATE {table} SET version = version + 1 WHERE id = 'x' AND version = {version} RETURNING version")
        };
        assert_eq!(affected(conn, &lock(1)).await, 1, "{table}");
        assert_eq!(affected(conn, &lock(1)).await, 0, "{table}: a copy that is too old does not write");
    }
    for (table, ..) in TABLES.iter().rev() {
        let delete = format!("DELETE FROM {table} WHERE id = 'x' RETURNING id");
        assert_eq!(affected(conn, &delete).await, 1, "{delete}");
        assert_eq!(affected(conn, &delete).await, 0, "it is gone: {delete}");
    }
    for root in ["studio_session", "product", "client"] {
        plant(conn).await;
        assert_eq!(affected(conn, &format!("DELETE FROM {root} WHERE id = 'x'")).await, 1);
        let below: &[&str] = match root {
            "product" => &["product_image", "chat_session"],
            "studio_session" => &["message", "flow"],
            _ => &["product", "product_image", "chat_session", "studio_session", "flow", "generated_image", "member"],
        };
        for table in below {
            assert_eq!(count(conn, table).await, 0, "{table} goes with its {root}");
        }
        clear(conn).await;
    }
}

async fn plant(conn: &mut PgConnection) {
    for (table, row, _) in TABLES {
        let insert = format!("INSERT INTO {table} ({row}) RETURNING id");
        assert_eq!(affected(conn, &insert).await, 1, "{insert}");
        assert_eq!(count(conn, table).await, 1, "{table}");
    }
}

async fn clear(conn: &mut PgConnection) {
    for (table, ..) in TABLES.iter().rev() {
        affected(conn, &format!("DELETE FROM {table} WHERE id = 'x'")).await;
    }
}

#[tokio::test]
async fn a_role_that_sees_views_only_may_say_everything_before_during_and_after() {
    let legacy = Legacy::gen1(200).await;
    let mut old = OldApp::new(&legacy).await;
    let copy = old.load("studio-1").await;
    every_statement(&mut old.conn).await;
    old.save(&copy).await;

    // During: the names have changed, and nothing is filled yet.
    legacy.stop_before_the_backfill(Some(&old.role)).await;
    legacy.run(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", old.role)).await;
    every_statement(&mut old.conn).await;
    old.save(&copy).await;

    let options = AdoptOptions { legacy: true, legacy_role: Some(old.role.clone()) };
    legacy.adopt_with(&options).await.expect("goes on");
    every_statement(&mut old.conn).await;
    old.save(&copy).await;
    for closed in ["generated_asset", "tag_assignment", "store_connection"] {
        let read = sqlx::raw_sql(AssertSqlSafe(format!("SELECT FROM public.{closed}"))).execute(&mut old.conn).await;
        assert!(read.is_err(), "{closed} itself is closed to it");
    }
    // Marks go with what they mark, though it may not see them.
    legacy
        .run(
            "INSERT INTO tag (id, client_id, name) VALUES ('t', 'northwind', 'good');
             INSERT INTO tag_assignment (id, tag_id, entity_type, entity_id) VALUES ('a', 't', 'product', 'product-20');
             INSERT INTO user_favorite (id, user_id, entity_type, entity_id) VALUES ('f', 'user-1', 'product', 'product-20')",
        )
        .await;
    assert_eq!(affected(&mut old.conn, "DELETE FROM product WHERE id = 'product-20'").await, 1);
    assert_eq!(
        legacy.number("SELECT (SELECT count(*) FROM tag_assignment) + (SELECT count(*) FROM user_favorite)").await,
        0
    );
    old.leave(&legacy).await;
}

#[tokio::test]
async fn functions_with_their_owners_rights_are_closed_to_others_and_look_nowhere_else() {
    let legacy = Legacy::gen1(10).await;
    let old = OldApp::new(&legacy).await;
    let options = AdoptOptions { legacy: true, legacy_role: Some(old.role.clone()) };
    legacy.adopt_with(&options).await.expect("adopts");
    let open = format!(
        "SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '') FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
         WHERE n.nspname IN ('public', 'legacy') AND (NOT prosecdef OR has_function_privilege('{}', p.oid, 'EXECUTE') \
         OR NOT EXISTS (SELECT 1 FROM unnest(proconfig) c WHERE c LIKE 'search_path=%, pg_temp'))",
        old.role
    );
    assert_eq!(legacy.text(&open).await, "");
    // An earlier release's database, where the marks were deleted with the caller's rights, gets today's function.
    legacy
        .run(
            "CREATE OR REPLACE FUNCTION forget_marks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
             ALTER FUNCTION forget_marks() SECURITY INVOKER RESET search_path; GRANT EXECUTE ON FUNCTION forget_marks() TO PUBLIC",
        )
        .await;
    adopt::run(&legacy.db().await, &store_sync::outside::Clock::system(), "again", &AdoptOptions::default())
        .await
        .expect("is no decision for a person");
    assert_eq!(legacy.text(&open).await, "");
    old.leave(&legacy).await;
}
