//! How PostgreSQL goes about the statements of an import.

use store_sync::db::Db;

use crate::support::{Engine, TestApp, write_by_hand};

/// Notes for each statement that inserts how the checks of its foreign keys are planned.
const NOTE: &str = "CREATE FUNCTION note_plans() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN INSERT INTO noted VALUES (TG_TABLE_NAME, current_setting('plan_cache_mode')); RETURN NULL; END $$";

/// Planned anew for each row, the checks of foreign keys take two thirds of an insert.
#[tokio::test(flavor = "multi_thread")]
async fn the_checks_of_foreign_keys_are_not_planned_for_each_row() {
    let app = TestApp::new(Engine::Postgres).await;
    let Db::Postgres { pool, .. } = &app.tools.db else { unreachable!("the test is about PostgreSQL") };
    write_by_hand(&app.tools.db, "CREATE TABLE noted (name text, mode text)").await;
    write_by_hand(&app.tools.db, NOTE).await;
    for table in ["product", "product_variant", "product_image"] {
        let sql = format!("CREATE TRIGGER note AFTER INSERT ON {table} EXECUTE FUNCTION note_plans()");
        write_by_hand(&app.tools.db, &sql).await;
    }
    app.connect().await;
    app.drain().await;
    let noted: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT name, mode FROM noted ORDER BY name").fetch_all(pool).await.expect("reads");
    let kept = |table: &str| (table.to_owned(), "auto".to_owned());
    assert_eq!(noted, [kept("product"), kept("product_image"), kept("product_variant")]);
    let others: String = sqlx::query_scalar("SHOW plan_cache_mode").fetch_one(pool).await.expect("reads");
    assert_eq!(others, "force_custom_plan", "the setting ends with its transaction");
}
