//! Nobody is given up, and nobody waits long, for an adoption.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use store_sync::{
    db::{
        Db,
        adopt::{self, AdoptError, Options, Report},
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
        adopt::run(&db, &Clock::system(), "a", &Options { legacy: true, legacy_role: Some(role) }).await
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
async fn saves_without_pause_wait_less_than_half_a_second_for_an_adoption() {
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
    let watched = tokio::spawn(longest_wait(legacy.url.clone(), done.clone()));
    let adopted = adopting(&legacy, &old.role).await.expect("ends");
    done.store(true, Ordering::SeqCst);
    for saver in savers {
        saver.await.expect("no save is given up");
    }
    let report = adopted.expect("adopts beside them");
    let (waited_ms, lock_ms) = (watched.await.expect("watches"), report.expand_lock_ms.unwrap_or_default());
    println!(
        "the longest wait for the adoption was {waited_ms} ms; names changed in {lock_ms} ms, all in {} ms",
        report.took_ms
    );
    assert!(waited_ms < 500, "{waited_ms} ms");
    assert_eq!(report.tables.iter().map(|t| t.missing).sum::<i64>(), 0, "{report:?}");
    let unfilled = "SELECT count(*) FROM generated_asset WHERE deleted_at IS NULL AND status = 'completed' AND completed_at IS NULL";
    assert_eq!(legacy.number(unfilled).await, 0);
    old.leave(&legacy).await;
}

/// The longest that any session was seen to wait for a session of the adoption.
async fn longest_wait(url: String, done: Arc<AtomicBool>) -> i64 {
    let pool = PgPool::connect(&url).await.expect("connects");
    let sql = "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000)::bigint, 0) FROM pg_locks l \
               JOIN pg_stat_activity w ON w.pid = l.pid WHERE NOT l.granted AND w.datname = current_database() \
               AND w.application_name <> 'store-sync' AND EXISTS (SELECT 1 FROM pg_stat_activity s \
               WHERE s.application_name = 'store-sync' AND s.pid = ANY(pg_blocking_pids(l.pid)))";
    let mut longest = 0;
    while !done.load(Ordering::SeqCst) {
        longest = longest.max(sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await.expect("asks"));
    }
    longest
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
    assert!(why.contains("(old-app as old_") && why.contains("it goes on where it stopped"), "{why}");
    save.rollback().await.expect("lets go");
    adopting(&legacy, &old.role).await.expect("ends").expect("goes on");
    old.leave(&legacy).await;
}
