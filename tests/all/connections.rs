//! Connections to the database stay clean whatever breaks off or fails, readiness tells it meanwhile, and all heals by itself.

use std::time::Duration;

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, PgPool};
use store_sync::{
    app,
    config::Config,
    db::{
        self, DatabaseAccess, DatabaseFault, Db, Tx,
        adopt::{self, AdoptOptions},
        job::NewJob,
        lease::{self, Ownership},
    },
    model::{ClientId, ImportScope, Pool, Task, Trigger},
    outside::{Clock, Outside},
    work,
};
use url::Url;

use crate::support::{Engine, TestApp, fresh_database, on_both, start_of_time};

/// A database of its own with our schema, and its address.
async fn database(engine: Engine, folder: &std::path::Path) -> (Db, String) {
    let url = fresh_database(engine, folder).await;
    let db = Db::open(&SecretString::from(url.clone()), 4).await.expect("opens");
    adopt::run(&db, &Clock::frozen(start_of_time()), "a", &AdoptOptions::default()).await.expect("migrates");
    (db, url)
}

/// Runs a statement in a transaction of the program's.
async fn run(tx: &mut Tx, sql: &str) -> sqlx::Result<()> {
    let sql = AssertSqlSafe(sql.to_owned());
    match tx {
        Tx::Sqlite(held) => sqlx::raw_sql(sql).execute(&mut **held).await.map(drop),
        Tx::Postgres(held) => sqlx::raw_sql(sql).execute(&mut **held).await.map(drop),
    }
}

async fn insert(db: &Db, id: &str) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    db::client::insert(&mut tx, &ClientId::from(id), id, None, start_of_time()).await?;
    tx.commit().await
}

async fn clients(db: &Db) -> Vec<String> {
    let mut tx = db.read().await.expect("reads");
    let all = db::client::list(&mut tx, None, 100_000).await.expect("lists");
    all.into_iter().map(|client| client.id.to_string()).collect()
}

/// What a caller may be doing when it goes away.
async fn work_that_is_broken_off(db: Db, kind: usize, id: String) -> sqlx::Result<()> {
    match kind {
        0 => insert(&db, &id).await,
        1 => db.begin().await.map(drop),
        2 => adopt::inspect(&db).await.map(drop),
        _ => {
            let mut tx = db.read().await?;
            db::client::list(&mut tx, None, 100_000).await.map(drop)
        }
    }
}

on_both!(
    work_broken_off_anywhere_leaves_no_transaction_behind,
    a_failed_commit_spoils_nothing,
    readiness_tells_within_seconds_what_is_wrong_and_heals
);

async fn work_broken_off_anywhere_leaves_no_transaction_behind(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (db, url) = database(engine, folder.path()).await;
    let mut strangers = Vec::new();
    for stranger in 0..6_u64 {
        let db = db.clone();
        strangers.push(tokio::spawn(async move {
            let mut chance = stranger.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            for n in 0..700 {
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                let work = work_that_is_broken_off(
                    db.clone(),
                    usize::try_from(chance % 4).expect("small"),
                    format!("s{stranger}-{n}"),
                );
                if let Ok(Err(error)) = tokio::time::timeout(Duration::from_micros((chance >> 3) & 2047), work).await {
                    panic!("a stranger's own work fails: {error}");
                }
            }
        }));
    }
    // Beside them, honest work finds every transaction fresh: none that another one began, none that may only read.
    for n in 0..300 {
        let mut tx = db.begin().await.expect("begins");
        if let Tx::Postgres(held) = &mut tx {
            let fresh: bool = sqlx::query_scalar(
                "SELECT current_setting('transaction_read_only') = 'off' AND pg_current_xact_id_if_assigned() IS NULL",
            )
            .fetch_one(&mut **held)
            .await
            .expect("an answer");
            assert!(fresh, "somebody else's transaction");
        }
        db::client::insert(&mut tx, &ClientId::from(format!("h{n}").as_str()), "honest", None, start_of_time())
            .await
            .expect("writes");
        tx.commit().await.expect("commits");
    }
    for stranger in strangers {
        stranger.await.expect("no fault of its own");
    }
    assert_eq!(clients(&db).await.iter().filter(|id| id.starts_with('h')).count(), 300, "every commit lasts");
    if engine == Engine::Postgres {
        db.close().await;
        let (db, watcher) = (
            Db::open(&SecretString::from(url.clone()), 4).await.expect("opens"),
            PgPool::connect(&url).await.expect("connects"),
        );
        // What is broken off at the first step, with nobody coming after it who could clean up.
        for n in 0..200_u64 {
            let _ = tokio::time::timeout(Duration::from_micros(n * 5), db.read()).await;
            let _ = tokio::time::timeout(Duration::from_micros(n * 5), db.begin()).await;
            let _ = tokio::time::timeout(Duration::from_micros(n * 50), adopt::inspect(&db)).await;
        }
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let mut open = 1_i64;
        for _ in 0..100 {
            open = sqlx::query_scalar(sql).fetch_one(&watcher).await.expect("counts");
            if open == 0 {
                break;
            }
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(open, 0, "no transaction stays open");
    }
}

async fn a_failed_commit_spoils_nothing(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (db, _) = database(engine, folder.path()).await;
    for n in 0..3 {
        let mut tx = db.begin().await.expect("begins");
        db::client::insert(&mut tx, &ClientId::from("lost"), "lost", None, start_of_time()).await.expect("writes");
        // What is wrong is found by the commit alone.
        let sql = match engine {
            Engine::Sqlite => {
                "PRAGMA defer_foreign_keys = ON; INSERT INTO product (id, client_id, name) VALUES ('p', 'nobody', 'P')"
            }
            Engine::Postgres => {
                "CREATE TEMP TABLE twice (a int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO twice VALUES (1), (1)"
            }
        };
        run(&mut tx, sql).await.expect("is let through");
        tx.commit().await.expect_err("the commit is refused");
        insert(&db, &format!("c{n}")).await.expect("the next one commits");
    }
    assert_eq!(clients(&db).await, ["c0", "c1", "c2"]);
}

async fn readiness_tells_within_seconds_what_is_wrong_and_heals(engine: Engine) {
    let app = TestApp::new(engine).await;
    let ask = async || {
        let url = Url::parse(&format!("{}/readyz", app.url)).expect("an address");
        let answer =
            app.http.send_once(&store_sync::outside::Request::new(http::Method::GET, url)).await.expect("an answer");
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    };
    // What was answered once is good for a second.
    let until = async |status: u16| {
        for _ in 0..200 {
            let (got, text) = ask().await;
            if got == status {
                return text;
            }
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
        panic!("is never {status}: {:?}", ask().await)
    };
    assert_eq!(until(200).await, "ready\n");
    // Somebody keeps writers out and says nothing: the answer comes all the same.
    match &app.tools.db {
        Db::Sqlite { file, .. } => {
            let url = SecretString::from(format!("sqlite:{}", file.display()));
            let other = Db::open(&url, 2).await.expect("opens");
            let held = other.begin().await.expect("begins");
            Clock::system().sleep(Duration::from_millis(1100)).await;
            let asked = Clock::system().now();
            assert_eq!(ask().await, (503, "not ready: the database does not answer\n".to_owned()));
            assert!(Clock::system().now().since(asked) < Duration::from_secs(3));
            drop(held);
        }
        Db::Postgres { pool, .. } => {
            let mut other = pool.begin().await.expect("begins");
            sqlx::raw_sql("LOCK TABLE daemon_lease IN ACCESS EXCLUSIVE MODE")
                .execute(&mut *other)
                .await
                .expect("locks");
            Clock::system().sleep(Duration::from_millis(1100)).await;
            let asked = Clock::system().now();
            assert_eq!(ask().await, (503, "not ready: the database does not answer\n".to_owned()));
            assert!(Clock::system().now().since(asked) < Duration::from_secs(3));
            other.rollback().await.expect("rolls back");
        }
    }
    until(200).await;
    if let Db::Sqlite { file, .. } = &app.tools.db {
        let aside = file.with_extension("aside");
        std::fs::rename(file, &aside).expect("is taken away");
        assert!(until(503).await.contains("removed or replaced"));
        std::fs::rename(&aside, file).expect("is put back");
        assert_eq!(until(200).await, "ready\n");
    }
    // Reading works, writing does not; then it does again. Sessions remember it, so that they must be others.
    let admin = |sql: &'static str| {
        let db = app.tools.db.clone();
        async move {
            match &db {
                Db::Sqlite { write, .. } => {
                    let sql = if sql == "on" { "PRAGMA query_only = ON" } else { "PRAGMA query_only = OFF" };
                    sqlx::raw_sql(sql).execute(write).await.expect("is set");
                }
                Db::Postgres { pool, .. } => {
                    let url =
                        pool.connect_options().as_ref().clone().options([("default_transaction_read_only", "off")]);
                    let own = PgPool::connect_with(url).await.expect("connects");
                    let set = format!(
                        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {sql}', current_database()); END $$"
                    );
                    sqlx::raw_sql(AssertSqlSafe(set)).execute(&own).await.expect("is set");
                    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'store-sync' AND pid <> pg_backend_pid()";
                    if sql == "on" {
                        sqlx::raw_sql(end).execute(&own).await.expect("ends them");
                    }
                }
            }
        }
    };
    admin("on").await;
    let text = until(503).await;
    assert!(text.contains("read-only"), "{text}");
    admin("off").await;
    until(200).await;
    insert(&app.tools.db, "later").await.expect("writes again, without a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_embedded_database_heals_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (db, _) = database(Engine::Sqlite, folder.path()).await;
    let Db::Sqlite { write, .. } = &db else { panic!("the embedded engine") };
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(write).await.expect("counts");
    sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 4)))
        .execute(write)
        .await
        .expect("is set");
    let large = "x".repeat(200_000);
    let mut tx = db.begin().await.expect("begins");
    let error = db::client::insert(&mut tx, &ClientId::from("large"), &large, None, start_of_time()).await;
    let error = error.expect_err("there is no room");
    assert_eq!(DatabaseFault::of(&error), Some(DatabaseFault::Full), "{error}");
    drop(tx);
    // The engine has rolled back by itself. Where the limit still holds, it is the same again, and no other error.
    if let Err(error) = insert(&db, &large).await {
        assert_eq!(DatabaseFault::of(&error), Some(DatabaseFault::Full), "{error}");
    }
    sqlx::raw_sql("PRAGMA max_page_count = 1000000").execute(write).await.expect("room is made");
    insert(&db, "after").await.expect("writes again, without being opened anew");
    assert!(clients(&db).await.contains(&"after".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_ends_is_replaced() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (db, url) = database(Engine::Postgres, folder.path()).await;
    let admin = PgPool::connect(&url).await.expect("connects");
    for n in 0..4 {
        let mut tx = db.begin().await.expect("begins");
        db::client::insert(&mut tx, &ClientId::from("lost"), "lost", None, start_of_time()).await.expect("writes");
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'store-sync'";
        sqlx::raw_sql(sql).execute(&admin).await.expect("ends them");
        let error = tx.commit().await.expect_err("its connection is gone");
        assert_eq!(DatabaseFault::of(&error), Some(DatabaseFault::Away), "{error}");
        insert(&db, &format!("c{n}")).await.expect("another connection serves");
    }
    assert_eq!(clients(&db).await, ["c0", "c1", "c2", "c3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_remove_the_lock_of_an_embedded_database() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (db, url) = database(Engine::Sqlite, folder.path()).await;
    let first = lease::own(&db).await.expect("asks");
    assert!(matches!(first, Ownership::Sole(_)));
    // Its connections come and go, and so do those of others; whatever looks like a lock is removed.
    db.close().await;
    for _ in 0..3 {
        let others = Db::open(&SecretString::from(url.clone()), 3).await.expect("opens");
        insert(&others, &format!("c{}", clients(&others).await.len())).await.expect("writes");
        for file in std::fs::read_dir(folder.path()).expect("reads").flatten() {
            if file.path().extension().is_some_and(|kind| kind == "lock") {
                std::fs::remove_file(file.path()).expect("is removed");
            }
        }
        assert!(matches!(lease::own(&others).await.expect("asks"), Ownership::Taken));
        others.close().await;
    }
    drop(first);
    let next = Db::open(&SecretString::from(url), 3).await.expect("opens");
    assert!(matches!(lease::own(&next).await.expect("asks"), Ownership::Sole(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_for_a_lock_longer_than_a_daemon() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let (db, url) = database(Engine::Sqlite, folder.path()).await;
    let held = db.begin().await.expect("begins");
    let patience = Duration::from_millis(300);
    let access = DatabaseAccess { patience, ..DatabaseAccess::new(SecretString::from(url), 2) };
    let hasty = Db::open_by(&access).await.expect("opens");
    let error = insert(&hasty, "c").await.expect_err("is locked");
    assert_eq!(DatabaseFault::of(&error), Some(DatabaseFault::Locked), "{error}");
    drop(held);
    insert(&hasty, "c").await.expect("writes");
    assert_eq!(app::access(&Config::default()).patience, Duration::from_mins(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_with_a_wrong_clock_takes_no_running_job_away() {
    let app = TestApp::new(Engine::Postgres).await;
    let connection = app.connect().await;
    app.drain().await;
    let replica = async |ahead_ms: i64| {
        let file = app.folder.path().join("config.toml");
        let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
        let outside = Outside { clock: Clock::system_ahead(ahead_ms), ..app.tools.outside.clone() };
        app::open_with(&config, outside).await.expect("tools")
    };
    let (right, ahead, behind) = (replica(0).await, replica(120_000).await, replica(-120_000).await);
    assert_eq!(right.outside.clock.correction_ms(), 0, "what measuring cannot tell is let be");
    for (tools, by) in [(&ahead, -120_000), (&behind, 120_000)] {
        assert!((tools.outside.clock.correction_ms() - by).abs() < 500, "{}", tools.outside.clock.correction_ms());
        assert!(tools.outside.clock.is_far_off());
    }
    assert!(ahead.outside.clock.latest_correction().contains("s ahead of the database server's"));
    assert_eq!(app.tools.outside.clock.now(), app.clock.now(), "a frozen clock follows nobody");
    let now = right.outside.clock.now();
    let job = NewJob {
        policy: store_sync::model::JobPolicy { priority: 1, max_attempts: 3, dedupe_key: None, delay: Duration::ZERO },
        scheduled_for: now.minus(Duration::from_secs(1)),
        ..NewJob::new(
            &right.outside,
            &app.client,
            Task::ImportProducts {
                connection,
                scope: ImportScope::Full,
                trigger: Trigger::Manual,
                accept_deletes: false,
            },
        )
    };
    let mut tx = right.db.begin().await.expect("begins");
    db::job::insert(&mut tx, &job).await.expect("a job");
    let until = now.plus(Duration::from_secs(30));
    let running = db::job::claim(&mut tx, Pool::Import, "right", now, until).await.expect("claims").expect("a job");
    tx.commit().await.expect("commits");
    assert_eq!(work::recover(&ahead, false).await.expect("looks").0, 0);
    let mut tx = right.db.begin().await.expect("begins");
    assert!(db::job::heartbeat(&mut tx, &running, until).await.expect("beats"), "it is still ours");
    app.leaves_jobs("the replica with the right clock runs it");
}

/// A slip in the address takes no rights from what lies there.
#[tokio::test]
async fn what_is_no_database_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temp folder");
    let file = folder.path().join("precious.txt");
    std::fs::write(&file, "not a database at all").expect("is written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("is opened");
    let url = SecretString::from(format!("sqlite:{}", file.display()));
    assert!(Db::open(&url, 2).await.is_err(), "is refused");
    assert_eq!(std::fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_to_string(&file).expect("is read"), "not a database at all");
}
