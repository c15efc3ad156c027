//! Nobody is given up, and nobody waits long, for an adoption.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use store_sync::{
    db::{
        Db,
        adopt::{self, AdoptError, AdoptOptions, Report},
    },
    outside::Clock,
};
use tokio::task::JoinHandle;

use super::{Legacy, OldApp};

/// A save of the older application on a second connection, as the role of the first.
impl OldApp {
    async fn again(&self, legacy: &Legacy) -> Self {
        let options: PgConnectOptions = legacy.url.parse().expect("an address");
        let conn = PgConnection::connect_with(&options.username(&self.role)).await.expect("connects");
        Self { conn, role: self.role.clone() }
    }
}

fn adopting(legacy: &Legacy, role: &str) -> JoinHandle<Result<Report, AdoptError>> {
    let (url, role) = (legacy.url.clone(), role.to_owned());
    tokio::spawn(async move {
        let db = Db::open(&url.into(), 5).await.expect("opens");
        adopt::run(&db, &Clock::system(), "a", &AdoptOptions { legacy: true, legacy_role: Some(role) }).await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_that_meets_a_batch_crosswise_is_not_given_up() {
    let legacy = Legacy::gen1(400).await;
    let mut old = OldApp::new(&legacy).await;
    legacy.stop_before_the_backfill(Some(&old.role)).await;
    // The save holds a row in the middle of the first batch, and comes to the first rows of it when the batch has met that one.
    let mut save = old.conn.begin().await.expect("begins");
    sqlx::raw_sql("UPDATE generated_image SET prompt = 'busy' WHERE id = 'image-00000150'")
        .execute(&mut *save)
        .await
        .expect("writes");
    sqlx::raw_sql("UPDATE flow SET name = 'busy' WHERE id = 'flow-5'").execute(&mut *save).await.expect("writes");
    let adopting = adopting(&legacy, &old.role);
    let met = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'store-sync' \
               AND wait_event_type = 'Lock'";
    while legacy.number(met).await == 0 {}
    // Longer than the server lets anybody wait before it looks for deadlocks: of two who wait for each other, the one who came later
    // is then given up, and that would be the save.
    let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let met_at = legacy.number(clock).await;
    while legacy.number(clock).await < met_at + 1500 {}
    for id in ["image-00000001", "image-00000002"] {
        let sql = AssertSqlSafe(format!("UPDATE generated_image SET prompt = 'busy' WHERE id = '{id}'"));
        sqlx::raw_sql(sql).execute(&mut *save).await.expect("is not given up for the adoption");
    }
    sqlx::raw_sql("UPDATE flow SET name = 'busy' WHERE id = 'flow-1'").execute(&mut *save).await.expect("nor here");
    save.commit().await.expect("commits");
    adopting.await.expect("ends").expect("adopts as soon as the save is done");
    assert_eq!(
        legacy.number("SELECT count(*) FROM generated_asset WHERE prompt = 'busy' AND completed_at IS NOT NULL").await,
        3
    );
    old.leave(&legacy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_save_is_given_up_for_an_adoption_however_many_there_are() {
    let legacy = Legacy::gen1(6000).await;
    let old = OldApp::new(&legacy).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut savers = Vec::new();
    for n in 1..=3 {
        let (mut app, done) = (old.again(&legacy).await, done.clone());
        savers.push(tokio::spawn(async move {
            let copy = app.load(&format!("studio-{n}")).await;
            while !done.load(Ordering::SeqCst) {
                app.save(&copy).await;
            }
            app.conn.close().await.expect("closes");
        }));
    }
    let adopted = adopting(&legacy, &old.role).await.expect("ends");
    done.store(true, Ordering::SeqCst);
    for saver in savers {
        saver.await.expect("no save is given up");
    }
    let report = adopted.expect("adopts beside them");
    assert_eq!(report.tables.iter().map(|t| t.missing).sum::<i64>(), 0, "{report:?}");
    let unfilled = "SELECT count(*) FROM generated_asset WHERE deleted_at IS NULL AND status = 'completed' AND completed_at IS NULL";
    assert_eq!(legacy.number(unfilled).await, 0);
    old.leave(&legacy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_a_row_for_long_is_named_and_the_next_run_goes_on() {
    let legacy = Legacy::gen1(50).await;
    let mut old = OldApp::new(&legacy).await;
    legacy.stop_before_the_backfill(Some(&old.role)).await;
    let mut save = old.conn.begin().await.expect("begins");
    sqlx::raw_sql("SET LOCAL application_name = 'old-app'; UPDATE generated_image SET prompt = 'busy' WHERE id = 'image-00000001'")
        .execute(&mut *save)
        .await
        .expect("writes");
    let why = adopting(&legacy, &old.role).await.expect("ends").expect_err("gives way").to_string();
    assert!(why.contains("(old-app as old_") && why.contains("it resumes where it stopped"), "{why}");
    save.rollback().await.expect("lets go");
    adopting(&legacy, &old.role).await.expect("ends").expect("goes on");
    old.leave(&legacy).await;
}

/// Until a session waits for another one's lock.
async fn somebody_waits(legacy: &Legacy, application: &str) {
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '{application}' AND wait_event_type = 'Lock'"
    );
    while legacy.number(&waiting).await == 0 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_goes_while_its_pictures_are_linked_fails_nobody() {
    let legacy = Legacy::gen1(50).await;
    let mut old = OldApp::new(&legacy).await;
    legacy.stop_before_the_backfill(Some(&old.role)).await;
    let mut going = old.conn.begin().await.expect("begins");
    sqlx::raw_sql("DELETE FROM product WHERE id = 'product-3'").execute(&mut *going).await.expect("deletes");
    let adopted = adopting(&legacy, &old.role);
    somebody_waits(&legacy, "store-sync").await;
    going.commit().await.expect("commits");
    adopted.await.expect("ends").expect("goes on without it");

    let mut saver = old.again(&legacy).await;
    let mut going = old.conn.begin().await.expect("begins");
    sqlx::raw_sql("DELETE FROM product WHERE id = 'product-4'").execute(&mut *going).await.expect("deletes");
    let save = tokio::spawn(async move {
        let image = "SET application_name = 'saver'; INSERT INTO generated_image (id, client_id, r2_key, product_ids) \
                     SELECT 'saved', client_id, 'k', '[\"product-4\", \"product-5\"]' FROM product WHERE id = 'product-5'";
        let saved = sqlx::raw_sql(image).execute(&mut saver.conn).await.map(drop);
        saver.conn.close().await.expect("closes");
        saved
    });
    somebody_waits(&legacy, "saver").await;
    going.commit().await.expect("commits");
    save.await.expect("ends").expect("the save is not lost");
    let linked = "SELECT string_agg(product_id, ' ') FROM generated_asset_product WHERE generated_asset_id = 'saved'";
    assert_eq!(legacy.text(linked).await, "product-5");
    old.leave(&legacy).await;
}
