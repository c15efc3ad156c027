//! PostgreSQL as it is found: behind PgBouncer, with little rights, in a schema of one's own, read-only, in another encoding.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, PgPool};
use store_sync::{
    db::{
        self, DatabaseAccess, Db, OpenError,
        adopt::{self, AdoptError, AdoptOptions, Kind},
    },
    model::{ClientId, RunStatus},
    outside::Clock,
};

use crate::support::{Engine, More, TestApp, fresh_database, start_of_time};

/// The real PgBouncer in transaction mode before the test server, with fewer connections than it is asked for. Between
/// two transactions it runs a query of its own, which drops the server's unnamed statement: one that is prepared
/// outside a transaction fails always, not only when another connection is given out for its second half.
pub(crate) struct Pooler {
    child: Child,
    folder: tempfile::TempDir,
}

impl Pooler {
    pub(crate) async fn start(more: &str) -> Self {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
        let program =
            program.iter().find(|path| Path::new(path).exists()).expect("pgbouncer is installed: see tests/run");
        let folder = tempfile::tempdir().expect("a temp folder");
        let place = folder.path().display();
        let pattern = std::env::var("STORE_SYNC_TEST_POSTGRES").expect("STORE_SYNC_TEST_POSTGRES is set by tests/run");
        let server = pattern.split_once("host=").expect("a socket").1;
        let text = format!(
            "[databases]\n* = host={server} user=store_sync\n[pgbouncer]\npool_mode = transaction\nauth_type = any\nlisten_addr =\n\
             listen_port = 6432\nunix_socket_dir = {place}\ndefault_pool_size = 3\nmax_client_conn = 100\nlogfile = {place}/log\n\
             server_reset_query_always = 1\n{more}\n"
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), text).expect("is written");
        let mut command = Command::new(program);
        // It refuses to work as root.
        if nix_is_root() {
            Command::new("chown").args(["-R", "postgres", &place.to_string()]).status().expect("chown");
            command.args(["-u", "postgres"]);
        }
        let child = command
            .arg("-q")
            .arg(folder.path().join("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let pooler = Self { child: child.expect("starts"), folder };
        for _ in 0..200 {
            if pooler.folder.path().join(".s.PGSQL.6432").exists() {
                return pooler;
            }
            Clock::system().sleep(Duration::from_millis(25)).await;
        }
        panic!("PgBouncer does not start: {:?}", std::fs::read_to_string(pooler.folder.path().join("log")))
    }

    /// The address of a database, through the pooler.
    pub(crate) fn through(&self, direct: &str) -> String {
        let (front, _) = direct.split_once("host=").expect("a socket");
        format!("{front}host={}&port=6432", self.folder.path().display())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nix_is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.starts_with(b"0\n")
}

async fn fresh() -> (String, PgPool, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let url = fresh_database(Engine::Postgres, folder.path()).await;
    let admin = PgPool::connect(&url).await.expect("connects");
    (url, admin, folder)
}

async fn run(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("a number")
}

fn access(url: &str, pooled: bool) -> DatabaseAccess {
    DatabaseAccess { pooled, ..DatabaseAccess::new(SecretString::from(url.to_owned()), 6) }
}

async fn migrate(db: &Db) -> Result<Kind, AdoptError> {
    adopt::run(db, &Clock::system(), "a", &AdoptOptions::default()).await.map(|report| report.kind)
}

/// The program itself, with a database and what else stands in its [database].
fn store_sync(folder: &Path, url: &str, more: &str, args: &[&str]) -> Output {
    std::fs::write(
        folder.join("config.toml"),
        format!("[server]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"{url}\"\n{more}\n"),
    )
    .expect("is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.current_dir(folder).args(args).env_remove("STORE_SYNC_CONFIG").output().expect("runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn pgbouncer_in_transaction_mode_serves_by_a_setting() {
    let pooler = Pooler::start("").await;
    let (direct, admin, folder) = fresh().await;
    let url = pooler.through(&direct);
    // Replicas that start together make the schema once, though the pooler mixes their connections.
    let mut replicas = Vec::new();
    for _ in 0..4 {
        let access = access(&url, true);
        replicas.push(tokio::spawn(async move {
            let db = Db::open_by(&access).await.expect("opens");
            migrate(&db).await.expect("migrates");
            db
        }));
    }
    let mut all = Vec::new();
    for replica in replicas {
        all.push(replica.await.expect("ends"));
    }
    assert_eq!(adopt::inspect(&all[0]).await.expect("looks").kind, Kind::Current);
    // What they write is counted under a lock that one holds at a time.
    let mut writers = Vec::new();
    for (n, db) in all.iter().cloned().enumerate() {
        for m in 0..4 {
            let db = db.clone();
            writers.push(tokio::spawn(async move {
                for turn in 0..25 {
                    let mut tx = db.begin().await.expect("begins");
                    tx.lock("one at a time").await.expect("locks");
                    let before = db::client::list(&mut tx, None, 100_000).await.expect("lists").len();
                    let id = format!("{before:05}-{n}-{m}-{turn}");
                    db::client::insert(&mut tx, &ClientId::from(id.as_str()), "C", None, start_of_time())
                        .await
                        .expect("writes");
                    tx.commit().await.expect("commits");
                    let mut tx = db.read().await.expect("reads");
                    assert!(db::client::find(&mut tx, &id).await.expect("finds").is_some());
                }
            }));
        }
    }
    for writer in writers {
        writer.await.expect("ends");
    }
    assert_eq!(number(&admin, "SELECT count(DISTINCT left(id, 5)) FROM client").await, 400, "each saw those before it");
    assert_eq!(number(&admin, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await, 0);
    assert_eq!(
        number(
            &admin,
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('public', 'pg_catalog', 'information_schema')"
        )
        .await,
        0
    );
    let output = store_sync(folder.path(), &url, "pooler = \"transaction\"", &["doctor"]);
    assert!(said(&output).contains("postgres answers and is up to date"), "{}", said(&output));
    // Without the setting it is named, whether the pooler refuses what it does not know or passes over it.
    let lenient = Pooler::start("ignore_startup_parameters = extra_float_digits,options").await;
    for url in [url, lenient.through(&direct)] {
        let error = Db::open_by(&access(&url, false)).await.err().expect("is refused");
        assert!(
            matches!(error, OpenError::Pooler) && error.to_string().contains("[database] pooler = \"transaction\""),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_imported_through_pgbouncer() {
    let pooler = Pooler::start("").await;
    let app = TestApp::with_more(
        Engine::Postgres,
        store_sync::sandbox::SandboxOptions { products: 120, ..Default::default() },
        More { pooler: Some(&pooler), ..More::default() },
    )
    .await;
    app.connect().await;
    app.drain().await;
    let run = app.sync(store_sync::model::ImportScope::Full).await;
    assert_eq!((run.status, app.products().await.len()), (RunStatus::Success, 120));
    let product = app.products().await.remove(0);
    let asset = app.add_asset(&product, 1).await;
    app.approve(&asset).await;
    app.drain().await;
    assert!(app.pushes().await[0].synced_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_rights_is_told_the_grant_and_may_have_a_schema_of_its_own() {
    let (url, admin, folder) = fresh().await;
    let role = format!(
        "r{}_{}",
        std::process::id(),
        url.split("/t").nth(1).and_then(|rest| rest.split('?').next()).expect("a name")
    );
    run(&admin, &format!("CREATE ROLE {role} LOGIN")).await;
    let theirs = url.replace("store_sync@", &format!("{role}@"));
    let db = Db::open_by(&access(&theirs, false)).await.expect("opens");
    let error = migrate(&db).await.expect_err("may not make tables").to_string();
    assert!(error.contains(&format!("GRANT CREATE, USAGE ON SCHEMA public TO {role}")), "{error}");
    let output = store_sync(folder.path(), &theirs, "", &["doctor"]);
    let told = said(&output);
    assert!(!output.status.success() && told.contains("GRANT CREATE") && told.contains("keys"), "{told}");
    // A schema of its own, in every way an address can name it.
    let missing = format!("{theirs}&search_path=shops");
    let error = Db::open_by(&access(&missing, false)).await.err().expect("is refused").to_string();
    assert!(error.contains(&format!("CREATE SCHEMA shops AUTHORIZATION {role}")), "{error}");
    run(&admin, &format!("CREATE SCHEMA shops AUTHORIZATION {role}")).await;
    let pooler = Pooler::start("").await;
    for (address, pooled) in [
        (missing.clone(), false),
        (format!("{theirs}&options=-c%20search_path%3Dshops"), false),
        (format!("{}&search_path=shops", pooler.through(&url)), true),
    ] {
        let db = Db::open_by(&access(&address, pooled)).await.expect("opens");
        migrate(&db).await.expect("migrates");
        assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
        let mut tx = db.begin().await.expect("begins");
        db::client::list(&mut tx, None, 100_000).await.expect("lists");
    }
    assert_eq!(number(&admin, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").await, 0);
    assert!(number(&admin, "SELECT count(*) FROM pg_tables WHERE schemaname = 'shops'").await > 20);
    // An index that is gone is made anew, beside the others' work, where it belongs: also through the pooler.
    run(&admin, "DROP INDEX shops.job_flow_idx").await;
    let db = Db::open_by(&access(&format!("{}&search_path=shops", pooler.through(&url)), true)).await.expect("opens");
    assert_eq!(migrate(&db).await.expect("migrates"), Kind::Older);
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
    // The right that was asked for is the one that is needed.
    run(&admin, &format!("GRANT CREATE, USAGE ON SCHEMA public TO {role}")).await;
    let db = Db::open_by(&access(&theirs, false)).await.expect("opens");
    assert_eq!(migrate(&db).await.expect("migrates"), Kind::Empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_applications_database_is_adopted_in_its_own_schema() {
    let (url, admin, _folder) = fresh().await;
    run(&admin, "CREATE SCHEMA shops").await;
    let rows = include_str!("legacy/rows.sql").replace(":images", "30");
    let old = format!("BEGIN; SET LOCAL search_path = shops; {}; {rows}; COMMIT", include_str!("legacy/gen1.sql"));
    run(&admin, &old).await;
    let db = Db::open_by(&access(&format!("{url}&search_path=shops"), false)).await.expect("opens");
    let options = AdoptOptions { legacy: true, ..AdoptOptions::default() };
    adopt::dry_run(&db, &options).await.expect("looks");
    adopt::run(&db, &Clock::system(), "a", &options).await.expect("adopts");
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
    assert_eq!(number(&admin, "SELECT count(*) FROM shops.generated_asset").await, 30);
    assert_eq!(number(&admin, "SELECT count(*) FROM legacy.generated_image").await, 30, "under its old name, too");
    assert_eq!(number(&admin, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").await, 0);
    let pooler = Pooler::start("").await;
    let db = Db::open_by(&access(&format!("{}&search_path=shops", pooler.through(&url)), true)).await.expect("opens");
    let error = adopt::contract(&db, &Clock::system(), 30).await.expect_err("needs a session").to_string();
    assert!(error.contains("direct connection to the server"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_another_encoding_is_refused_in_words() {
    let (url, admin, folder) = fresh().await;
    let name = url.split("localhost/").nth(1).and_then(|rest| rest.split('?').next()).expect("a name");
    run(
        &admin,
        &format!("CREATE DATABASE {name}_latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"),
    )
    .await;
    let latin = url.replace(name, &format!("{name}_latin"));
    for command in ["doctor", "migrate", "serve"] {
        let output = store_sync(folder.path(), &latin, "", &[command]);
        let told = said(&output);
        assert!(
            !output.status.success() && told.contains("LATIN1") && told.contains("ENCODING 'UTF8'"),
            "{command}: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_is_recognised_in_words() {
    let (url, admin, folder) = fresh().await;
    let read_only = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$";
    for migrated in [false, true] {
        if migrated {
            let url = format!("{url}&options=-c%20default_transaction_read_only=off");
            let db = Db::open_by(&access(&url, false)).await.expect("opens");
            migrate(&db).await.expect("migrates");
        }
        run(&admin, read_only).await;
        for command in ["doctor", "migrate", "serve"] {
            let output = store_sync(folder.path(), &url, "", &[command]);
            let told = said(&output);
            // What is up to date needs no writing.
            if migrated && command == "migrate" {
                assert!(output.status.success(), "{told}");
            } else {
                assert!(!output.status.success() && told.contains("is read-only: a standby"), "{command}: {told}");
            }
        }
    }
}

#[test]
fn the_doctor_goes_on_when_the_database_does_not_open() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let place = folder.path().display();
    for url in [
        format!("sqlite:{place}"),
        "postgres://nobody@localhost/none?host=/nowhere".into(),
        "postgres://u@a:1,b:2/d".into(),
    ] {
        let output = store_sync(folder.path(), &url, "", &["--json", "doctor"]);
        let rows: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        let row = |check: &str| {
            rows.as_array().expect("a list").iter().find(|row| row["check"] == check).cloned().expect("a row")
        };
        assert_eq!(row("database")["ok"].as_bool(), Some(false), "{rows}");
        assert!(row("clock")["ok"].as_bool() == Some(true) && row("outbound")["ok"].as_bool() == Some(true), "{rows}");
        assert!(row("providers")["ok"].as_bool() == Some(true) && !output.status.success());
    }
    // Said once, with the file's name.
    let output = store_sync(folder.path(), &format!("sqlite:{place}"), "", &["clients", "list"]);
    let told = said(&output);
    assert_eq!(told.matches("unable to open database file").count(), 1, "{told}");
    assert!(told.contains(&format!("cannot open the database file {place}")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_get_more_decimals_without_a_rewrite_and_wait_for_views() {
    let (url, admin, _folder) = fresh().await;
    let db = Db::open_by(&access(&url, false)).await.expect("opens");
    migrate(&db).await.expect("migrates");
    for table in ["product", "product_variant"] {
        run(&admin, &format!("ALTER TABLE {table} ALTER COLUMN price TYPE numeric(12,2)")).await;
    }
    run(&admin, "CREATE VIEW prices AS SELECT id, price FROM product").await;
    let is_narrow = async |table: &str| {
        let sql =
            format!("SELECT atttypmod FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = 'price'");
        let modifier: i32 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&admin).await.expect("a number");
        modifier != -1
    };
    let file = "SELECT relfilenode::bigint FROM pg_class WHERE oid = 'product_variant'::regclass";
    let before = number(&admin, file).await;
    assert_eq!(migrate(&db).await.expect("migrates"), Kind::Older);
    assert_eq!(adopt::inspect(&db).await.expect("looks").kind, Kind::Current);
    assert!(!is_narrow("product_variant").await && is_narrow("product").await);
    assert_eq!(number(&admin, file).await, before, "the table was not rewritten");
    run(&admin, "DROP VIEW prices").await;
    assert_eq!(migrate(&db).await.expect("migrates"), Kind::Older);
    assert!(!is_narrow("product").await);
}
