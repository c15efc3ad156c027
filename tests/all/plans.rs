//! How PostgreSQL goes about the statements of an import.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use store_sync::{
    db::{
        Db, Tx,
        adopt::{self, AdoptOptions},
        catalogue,
    },
    outside::Clock,
};

use crate::support::{Engine, fresh_database, start_of_time, write_by_hand};

/// The pictures of a page.
const ROWS: u32 = 750;

/// What a page's pictures refer to.
const PRODUCTS: &str =
    "INSERT INTO product (id, client_id, name) SELECT 'p' || n, 'c', 'Mug' FROM generate_series(1, 250) n";

/// Inserts a page's pictures; gives the milliseconds of the whole, and those of its triggers.
async fn insert_pictures(tx: &mut Tx, prefix: &str) -> (f64, f64) {
    let Tx::Postgres(held) = tx else { unreachable!("the test is about PostgreSQL") };
    let sql = format!(
        "EXPLAIN (ANALYZE, FORMAT JSON) \
         INSERT INTO product_image (id, product_id, r2_key_base, sort_order, is_primary, external_image_id, original_store_url) \
         SELECT '{prefix}' || n, 'p' || (1 + n % 250), 'clients/c/media/images/base/{prefix}' || n, n / 250, false, '{prefix}' || n, \
         'https://shop.example/pictures/' || n FROM generate_series(0, {ROWS} - 1) n"
    );
    let plan: Value =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut **held).await.expect("the rows are inserted");
    let triggers = plan[0]["Triggers"].as_array().expect("triggers");
    assert!(triggers.iter().any(|trigger| trigger["Calls"].as_f64() == Some(f64::from(ROWS))), "{triggers:?}");
    let checks = triggers.iter().filter_map(|trigger| trigger["Time"].as_f64()).sum();
    (plan[0]["Execution Time"].as_f64().expect("a time"), checks)
}

/// Planned anew for each row, the checks of foreign keys take two thirds of an insert; with plans that are kept, less than half.
#[tokio::test(flavor = "multi_thread")]
async fn the_checks_of_foreign_keys_are_not_planned_for_each_row() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let url = fresh_database(Engine::Postgres, folder.path()).await;
    let db = Db::open(&url.into(), 2).await.expect("opens");
    adopt::run(&db, &Clock::frozen(start_of_time()), "a", &AdoptOptions::default()).await.expect("migrates");
    write_by_hand(&db, "INSERT INTO client (id, name) VALUES ('c', 'Acme')").await;
    write_by_hand(&db, PRODUCTS).await;
    let mut tx = db.begin().await.expect("begins");
    catalogue::keep_plans(&mut tx).await.expect("is set");
    // The first rows of a session make the plans.
    insert_pictures(&mut tx, "a").await;
    let mut shares = Vec::new();
    for prefix in ["b", "c", "d", "e", "f"] {
        let (whole, checks) = insert_pictures(&mut tx, prefix).await;
        shares.push(checks / whole);
    }
    // A busy machine may disturb some of them.
    shares.sort_by(f64::total_cmp);
    assert!(shares[2] < 0.5, "the checks' share of each insert: {shares:?}");
}
