//! The older application's later generation: it goes on, its seals open, its shops work. And the small things of every one.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store_sync::{
    db::adopt::{self, AdoptOptions, Kind, RolePrepared},
    outside::Clock,
};

use super::{GEN2, Legacy, OldApp, TO_GEN0};

/// The key that sealed what stands in `gen2.sql`.
const OLD_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

async fn gen2() -> Legacy {
    let legacy = Legacy::gen1(20).await;
    legacy.run(GEN2).await;
    legacy
}

#[tokio::test]
async fn the_later_application_goes_on_writing_runs_and_shops() {
    let legacy = gen2().await;
    let role = format!("old_{}", legacy.name());
    legacy
        .run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    assert_eq!(adopt::prepare_role(&legacy.db().await, &role).await.expect("is said"), RolePrepared::NotNeeded);
    let report =
        legacy.adopt_with(&AdoptOptions { legacy: true, legacy_role: Some(role.clone()) }).await.expect("adopts");
    assert!(report.notes.iter().any(|note| note.contains("needs no views")), "{report:?}");
    let mut app = OldApp { conn: PgConnection::connect(&legacy.url_of(&role)).await.expect("connects"), role };
    let print = "a".repeat(64);
    for sql in [
        "INSERT INTO store_sync_log (id, store_connection_id, generated_asset_id, product_id, action, status, external_image_url, error_message, \
         started_at, completed_at) VALUES ('log-2', 'conn-1', 'image-00000002', 'product-1', 'upload', DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT)",
        "UPDATE store_sync_log SET status = 'success' WHERE id = 'log-2'",
        &format!(
            "INSERT INTO store_connection (id, client_id, store_type, store_url, credentials_ciphertext, credentials_iv, credentials_tag, \
             credentials_key_id, credentials_fingerprint) SELECT 'conn-2', 'tiny', 'woocommerce', 'https://tiny.example', credentials_ciphertext, \
             credentials_iv, credentials_tag, 'v1', '{print}' FROM store_connection WHERE id = 'conn-1'"
        ),
        &format!(
            "UPDATE store_connection SET credentials_ciphertext = 'other', credentials_fingerprint = '{print}' WHERE id = 'conn-1'"
        ),
        "DELETE FROM product WHERE id = 'product-20'",
    ] {
        if sql.starts_with("UPDATE store_connection") {
            // Sealed anew by us meanwhile.
            legacy.run("UPDATE store_connection SET credentials_format = 2, credentials_fingerprint = 'ab' WHERE id = 'conn-1'").await;
        }
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut app.conn)
            .await
            .unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    let run = "SELECT client_id || ' ' || \"trigger\" || ' ' || status || ' ' || (completed_at IS NOT NULL) FROM store_sync_log WHERE id = 'log-2'";
    assert_eq!(legacy.text(run).await, "northwind approval success true");
    let forms = "SELECT string_agg(credentials_format || '/' || token_version, ' ' ORDER BY id) FROM store_connection";
    assert_eq!(legacy.text(forms).await, "1/2 1/1", "sealed in its own form");
    app.conn.close().await.expect("closes");
    legacy.run(&format!("DROP OWNED BY {0}; DROP ROLE {0}", app.role)).await;
}

/// What the third generation called otherwise, and what it dropped.
const GEN3: &str = "ALTER TABLE product RENAME COLUMN erp_id TO store_id; ALTER TABLE product RENAME COLUMN erp_sku TO store_sku;
    ALTER TABLE product RENAME COLUMN erp_url TO store_url; ALTER TABLE product RENAME COLUMN room_types TO scene_types;
    ALTER TABLE product DROP COLUMN favorite_images; ALTER TABLE product_image RENAME COLUMN r2_key_base TO image_url;
    ALTER TABLE product_image RENAME COLUMN r2_key_preview TO preview_url; ALTER TABLE product_image ADD COLUMN external_image_id text;
    CREATE TABLE generation_job (id text PRIMARY KEY)";

#[tokio::test]
async fn the_third_generation_is_adopted_and_its_application_goes_on() {
    let (legacy, second) = (gen2().await, gen2().await);
    legacy.run(GEN3).await;
    let hash =
        |names: &str, from: &str| format!("SELECT md5(string_agg(ROW({names})::text, ',' ORDER BY id)) FROM {from}");
    let products = legacy
        .text(&hash("id, name, store_id, store_sku, store_url, scene_types, store_connection_id", "product"))
        .await;
    let images = legacy.text(&hash("id, product_id, image_url, preview_url", "product_image")).await;
    let mut app = OldApp::new(&legacy).await;
    let report =
        legacy.adopt_with(&AdoptOptions { legacy: true, legacy_role: Some(app.role.clone()) }).await.expect("adopts");
    second.adopt().await.expect("adopts");
    assert_eq!((report.kind, report.is_identical()), (Kind::Gen3, true), "{:?}", report.tables);
    let now =
        hash("id, name, erp_id, erp_sku, erp_url, room_types, nullif(store_connection_id, 'conn-gone')", "product");
    assert_eq!(legacy.text(&now).await, second.text(&now).await);
    let (mut others, mine) = (legacy.catalogue().await, second.catalogue().await);
    others
        .retain(|line| !mine.contains(line) && !line.contains("generation_job") && !line.contains("external_image_id"));
    assert_eq!(others, Vec::<String>::new(), "nothing but what was its own is left");
    let view = hash(
        "id, name, store_id, store_sku, store_url, scene_types, CASE id WHEN 'product-2' THEN 'conn-gone' ELSE store_connection_id END",
        "legacy.product",
    );
    assert_eq!(legacy.text(&view).await, products);
    assert_eq!(legacy.text(&hash("id, product_id, image_url, preview_url", "legacy.product_image")).await, images);
    for sql in [
        "INSERT INTO product (id, client_id, name, store_id, store_url, scene_types, version) VALUES ('new', 'northwind', 'n', '9', 'u', '[\"bath\"]', DEFAULT)",
        "INSERT INTO product_image (id, product_id, image_url, preview_url, external_image_id) VALUES ('new-i', 'new', 'k', 'p', 'x')",
        "UPDATE product SET store_id = '10', version = version + 1 WHERE id = 'new' AND version = 1",
        "UPDATE product_image SET image_url = 'k2' WHERE id = 'new-i'",
        "DELETE FROM product_image WHERE image_url = 'k'",
        "UPDATE generation_flow SET name = 'n', version = version + 1 WHERE id = 'flow-1'",
        "DELETE FROM product WHERE id = 'product-20'",
    ] {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut app.conn).await;
        done.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    let new = "SELECT erp_id || ' ' || erp_url || ' ' || (room_types ->> 0) || ' ' || version || ' ' || (SELECT r2_key_base FROM product_image WHERE id = 'new-i') \
               FROM product WHERE id = 'new'";
    assert_eq!(legacy.text(new).await, "10 u bath 2 k2");
    assert_eq!(adopt::inspect(&legacy.db().await).await.expect("looks").kind, Kind::Current);
    app.conn.close().await.expect("closes");
    let done = adopt::contract(&legacy.db().await, &Clock::system(), 30).await.expect("ends the old names");
    assert_eq!(done.roles, vec![app.role.clone()]);
    assert_eq!(legacy.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'legacy'").await, 0);
    legacy.run(&format!("REVOKE ALL ON SCHEMA public FROM {0}; DROP OWNED BY {0}; DROP ROLE {0}", app.role)).await;
}

#[tokio::test]
async fn the_key_that_is_needed_is_named_and_shops_get_what_their_file_looks_up() {
    let legacy = gen2().await;
    legacy
        .run(
            "INSERT INTO store_connection (id, client_id, store_type, store_url, credentials_ciphertext, credentials_iv, credentials_tag, \
             credentials_key_id) SELECT 'conn-2', 'tiny', 'woocommerce', 'https://tiny.example/', credentials_ciphertext, credentials_iv, \
             credentials_tag, credentials_key_id FROM store_connection WHERE id = 'conn-1'",
        )
        .await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
        command.current_dir(folder.path()).args(args).env("STORE_SYNC__DATABASE__URL", &legacy.url);
        let output = command.env("STORE_SYNC__SERVER__LISTEN", "127.0.0.1:0").output().expect("runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    };
    let needed = "the credentials of 2 connection(s) are sealed with the older application's key 'v1'";
    let (ok, told) = run(&["migrate", "--dry-run"]);
    assert!(ok && told.contains(needed) && told.contains("`v1:VALUE`") && told.contains("vault.key"), "{told}");
    assert!(told.contains("connection conn-1 will be paused") && !told.contains("connection conn-2"), "{told}");
    assert!(!folder.path().join("data/vault.key").exists(), "looking makes no key");
    let (ok, told) = run(&["migrate"]);
    assert!(ok && told.contains(needed) && told.contains("connection conn-1 is paused"), "{told}");
    let file = folder.path().join("data/vault.key");
    let ours = std::fs::read_to_string(&file).expect("our own key");
    assert!(ours.starts_with("v2:"), "its id is none that is in use");
    assert_eq!(
        legacy.text("SELECT string_agg(CASE WHEN paused_at IS NULL THEN status ELSE 'paused' END || ' ' || facts::text, ', ' ORDER BY id) FROM store_connection").await,
        r#"paused {}, active {"shop": "https://tiny.example"}"#
    );
    let (ok, told) = run(&["serve"]);
    assert!(!ok && told.contains("older application's key 'v1'") && told.contains("STORE_CREDENTIALS_KEY"), "{told}");
    // A key of ours that is called as its key is: both stay, each opens what it sealed.
    std::fs::write(&file, format!("{}v1:{OLD_KEY}\n", ours.replace("v2:", "v1:"))).expect("is written");
    let (ok, told) = run(&["keys", "rotate"]);
    assert!(ok, "{told}");
    let sealed = "SELECT count(*) FROM store_connection WHERE credentials_format = 2 AND credentials_key_id <> 'v1'";
    assert_eq!(legacy.number(sealed).await, 2, "{told}");
}

#[tokio::test]
async fn what_the_adoption_itself_nulls_is_told_as_its_own() {
    let legacy = gen2().await;
    let report = legacy.adopt().await.expect("adopts");
    let product = report.tables.iter().find(|t| t.table == "product").expect("is proved");
    assert_eq!((product.filled, product.changed, product.missing), (1, 0, 0));
    let links = report.tables.iter().find(|t| t.table == "generated_asset_product").expect("is proved");
    assert!(
        (links.filled, links.added, links.missing) > (1, 0, 0),
        "a link that was there twice, and those that were not"
    );
    assert_eq!((links.added, links.missing), (0, 0));
    assert!(report.is_identical() && report.warnings.is_empty(), "{:?}", report.warnings);
}

#[tokio::test]
async fn the_oldest_application_keeps_its_own_names() {
    let legacy = Legacy::gen1(40).await;
    legacy.run(TO_GEN0).await;
    let mut old = OldApp::new(&legacy).await;
    let options = AdoptOptions { legacy: true, legacy_role: Some(old.role.clone()) };
    legacy.adopt_with(&options).await.expect("adopts");
    legacy.run(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", old.role)).await;
    for sql in [
        "UPDATE organization SET name = 'N' WHERE id = 'northwind'",
        "INSERT INTO product (id, organization_id, name) VALUES ('new', 'northwind', 'Lamp')",
        "INSERT INTO client_session (id, organization_id, name) VALUES ('new', 'northwind', 'Spring')",
        "INSERT INTO flow (id, client_session_id, settings) VALUES ('new', 'new', '{}')",
        "INSERT INTO generated_image (id, organization_id, flow_id, r2_key, product_ids) VALUES ('new', 'northwind', 'new', 'k', '[\"new\"]')",
        "INSERT INTO message (id, client_session_id, role, parts) VALUES ('new', 'new', 'user', '[]')",
        "INSERT INTO favorite_image (id, organization_id, generated_image_id) VALUES ('new', 'northwind', 'new')",
        "UPDATE session SET active_organization_id = 'northwind'",
        "UPDATE generated_image SET error = 'e' WHERE organization_id = 'northwind' AND flow_id = 'new'",
    ] {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut old.conn).await;
        assert!(done.as_ref().is_ok_and(|done| done.rows_affected() == 1), "{sql}: {done:?}");
    }
    assert_eq!(legacy.number("SELECT count(*) FROM generated_asset_product WHERE product_id = 'new'").await, 1);
    // A later release has another text for the views: they are made anew, under the same names.
    legacy.run("COMMENT ON VIEW legacy.flow IS NULL").await;
    adopt::run(&legacy.db().await, &Clock::system(), "b", &AdoptOptions::default()).await.expect("renews them");
    assert_eq!(adopt::inspect(&legacy.db().await).await.expect("looks").kind, Kind::Current);
    sqlx::raw_sql("DELETE FROM client_session WHERE organization_id = 'northwind' AND id = 'new'")
        .execute(&mut old.conn)
        .await
        .expect("deletes");
    old.leave(&legacy).await;
}

#[tokio::test]
async fn a_deleted_flow_lets_its_pictures_go_and_a_stale_save_does_not_turn_progress_back() {
    let legacy = Legacy::gen1(40).await;
    let mut old = OldApp::new(&legacy).await;
    legacy.adopt_with(&AdoptOptions { legacy: true, legacy_role: Some(old.role.clone()) }).await.expect("adopts");
    let copy = old.load("studio-1").await;
    let (id, flow) = (copy.images[0].0.clone(), copy.images[0].2.clone());
    // The save says 'completed' of its flows; here its copy is from a time when they were generating, and what was made is ours.
    legacy
        .run(&format!(
            "UPDATE generation_flow SET status = 'completed', current_image_index = 4 WHERE id = '{flow}'; \
             INSERT INTO generated_asset (id, client_id, generation_flow_id, asset_url, status) VALUES ('ours', 'northwind', '{flow}', 'k', 'completed')"
        ))
        .await;
    let sql = format!(
        "BEGIN; DELETE FROM generated_image WHERE flow_id = '{flow}'; DELETE FROM flow WHERE id = '{flow}'; \
         INSERT INTO flow (id, studio_session_id, settings, status, current_image_index) VALUES ('{flow}', 'studio-1', '{{}}', 'generating', 1); COMMIT"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut old.conn).await.expect("saves");
    let state = format!(
        "SELECT status || ' ' || current_image_index FROM generation_flow WHERE id = '{flow}' AND deleted_at IS NULL"
    );
    assert_eq!(legacy.text(&state).await, "completed 4");
    // A flow alone is deleted: its pictures stay, without it.
    legacy.run(&format!("UPDATE generated_asset SET deleted_at = NULL WHERE id = '{id}'")).await;
    sqlx::raw_sql(AssertSqlSafe(format!("DELETE FROM flow WHERE id = '{flow}'")))
        .execute(&mut old.conn)
        .await
        .expect("deletes");
    let flow_of = AssertSqlSafe(format!("SELECT flow_id FROM generated_image WHERE id = '{id}'"));
    let flow_of: Option<String> = sqlx::query_scalar(flow_of).fetch_one(&mut old.conn).await.expect("is there");
    assert_eq!(flow_of, None);
    old.leave(&legacy).await;
}

#[tokio::test]
async fn whoever_is_at_it_already_is_named_while_one_waits() {
    let legacy = Legacy::gen1(10).await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let mut other = legacy.pool.acquire().await.expect("connects");
    sqlx::raw_sql("SET application_name = 'somebody-else'; SELECT pg_advisory_lock(8319396948779170158)")
        .execute(&mut *other)
        .await
        .expect("locks");
    let mut child = Command::new(env!("CARGO_BIN_EXE_store-sync"))
        .current_dir(folder.path())
        .args(["migrate"])
        .env("STORE_SYNC__DATABASE__URL", &legacy.url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stderr.take().expect("is piped")).lines();
    let told = lines.find_map(|line| line.ok().filter(|line| line.contains("waiting for")));
    assert!(told.as_ref().is_some_and(|line| line.contains("(somebody-else as store_sync")), "{told:?}");
    sqlx::raw_sql("SELECT pg_advisory_unlock_all()").execute(&mut *other).await.expect("lets go");
    assert!(child.wait().expect("ends").success());
}

#[tokio::test]
async fn an_error_of_the_server_is_told_once_with_its_table_and_column() {
    let legacy = Legacy::gen1(10).await;
    legacy.run("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE not_null_violation USING MESSAGE = 'it is empty', \
                TABLE = 'flow', COLUMN = 'name'; END $$; CREATE TRIGGER no BEFORE UPDATE ON flow FOR EACH ROW EXECUTE FUNCTION no()").await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let output = Command::new(env!("CARGO_BIN_EXE_store-sync"))
        .current_dir(folder.path())
        .args(["migrate"])
        .env("STORE_SYNC__DATABASE__URL", &legacy.url)
        .output()
        .expect("runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("it is empty (table flow, column name)"), "{told}");
    assert_eq!((told.matches("it is empty").count(), told.contains("at line")), (1, false), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_the_direct_way_is_named_and_the_daemon_serves_once_it_was_gone() {
    let legacy = Legacy::gen1(10).await;
    let (pooler, folder) = (crate::wild::Pooler::start("").await, tempfile::tempdir().expect("a temp folder"));
    let through = pooler.through(&legacy.url);
    let command = |url: &str, pooled: bool, what: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
        command.current_dir(folder.path()).arg(what).env("STORE_SYNC__DATABASE__URL", url);
        command.env("STORE_SYNC__SERVER__LISTEN", "127.0.0.1:0").stdout(Stdio::null()).stderr(Stdio::piped());
        if pooled {
            command.env("STORE_SYNC__DATABASE__POOLER", "transaction");
        }
        command
    };
    for (pooled, what, words) in [
        (false, "migrate", "a connection pooler such as PgBouncer is in front of the server"),
        (true, "migrate", "adopted on a direct connection to the server, not through a pooler"),
        (true, "serve", "run: store-sync migrate"),
    ] {
        let output = command(&through, pooled, what).output().expect("runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(words), "{what}: {told}");
    }
    assert!(command(&legacy.url, false, "migrate").status().expect("runs").success());
    let mut daemon = command(&through, true, "serve").spawn().expect("starts");
    let mut lines = BufReader::new(daemon.stderr.take().expect("is piped")).lines();
    let serving = lines.any(|line| line.is_ok_and(|line| line.contains("serving")));
    daemon.kill().expect("ends");
    daemon.wait().expect("is gone");
    assert!(serving);
}
