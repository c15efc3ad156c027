//! A daemon and a shop for one test: real HTTP on loopback, a frozen clock, seeded chance, a database of its own.

mod small_platform;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use sqlx::Connection as _;
use store_sync::{
    app,
    cli::visitor::Visitor,
    config::Config,
    db::{
        self, Db,
        product::{ProductFilter, UploadedProduct},
        push::PushFilter,
        run::RunFilter,
    },
    model::{
        ApprovalStatus, Asset, ClientId, Connection, ConnectionId, ImportScope, Product, Push, Run, Task, Time, Trigger,
    },
    outside::{Body, Clock, Files, Http, HttpPolicy, Outside, Random, Request},
    push::{self, NewPicture},
    sandbox::{self, Sandbox, SandboxOptions},
    tools::Shared,
    web::{self, DoorLimits},
    work,
};
use tokio::net::TcpListener;

pub(crate) use self::small_platform::{SmallList, SmallPlatform};
use crate::{exchanges::Requests, relay::Relay, wild::Pooler};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Writes a test once and runs it on both engines.
macro_rules! on_both {
    ($($(#[$more:meta])* $name:ident),+ $(,)?) => {
        mod sqlite {
            $($(#[$more])* #[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name($crate::support::Engine::Sqlite).await; })+
        }
        mod postgres {
            $($(#[$more])* #[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name($crate::support::Engine::Postgres).await; })+
        }
    };
}
pub(crate) use on_both;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The address of a fresh database, made for this test alone.
pub(crate) async fn fresh_database(engine: Engine, folder: &std::path::Path) -> String {
    if engine == Engine::Sqlite {
        return format!("sqlite:{}", folder.join("test.db").display());
    }
    let pattern = std::env::var("STORE_SYNC_TEST_POSTGRES")
        .expect("STORE_SYNC_TEST_POSTGRES is not set: run tests/run, which starts a PostgreSQL of its own");
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let admin = sqlx::PgPool::connect(&pattern.replace("DATABASE", "postgres")).await.expect("the test server answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&admin)
        .await
        .expect("a database is made");
    admin.close().await;
    let url = pattern.replace("DATABASE", &name);
    MADE.with_borrow_mut(|made| made.0.push((pattern.replace("DATABASE", "postgres"), name)));
    url
}

thread_local! {
    /// The databases of the test that runs on this thread.
    static MADE: RefCell<Databases> = const { RefCell::new(Databases(Vec::new())) };
}

/// Databases that go when their test's thread ends: some hundred of them would fill the disk of a small machine.
struct Databases(Vec<(String, String)>);

impl Drop for Databases {
    fn drop(&mut self) {
        let made = std::mem::take(&mut self.0);
        if made.is_empty() {
            return;
        }
        let dropped = on_a_thread_of_its_own(async {
            for (admin, name) in made {
                let mut admin = sqlx::PgConnection::connect(&admin).await.expect("the test server answers");
                // Copies of it are named after it.
                let named: Vec<String> = sqlx::query_scalar(
                    "SELECT datname FROM pg_database WHERE datname = $1 OR starts_with(datname, $1 || '_')",
                )
                .bind(&name)
                .fetch_all(&mut admin)
                .await
                .expect("databases are listed");
                for name in named {
                    let sql = sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                    sqlx::query(sql).execute(&mut admin).await.expect("a database goes");
                }
            }
        });
        if dropped.is_err() {
            eprintln!("a test's database is still there");
        }
    }
}

/// Writes into the database as an operator would, or an older version of this program.
pub(crate) async fn write_by_hand(db: &Db, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { write, .. } => sqlx::query(sql).execute(write).await.map(drop).expect("is written"),
        Db::Postgres { pool, .. } => sqlx::query(sql).execute(pool).await.map(drop).expect("is written"),
    }
}

/// As if the last renewals were long ago: tokens that end soon are renewed at the next look.
pub(crate) async fn forget_renewals(db: &Db) {
    write_by_hand(db, "UPDATE store_connection SET token_refreshed_at = NULL").await;
}

/// A product that somebody uploaded, without a picture.
pub(crate) async fn add_uploaded(tx: &mut db::Tx, client: &ClientId, id: &str, name: &str) {
    let new = UploadedProduct { id: &id.into(), client, name, description: None, category: None };
    db::product::insert(tx, &new, start_of_time()).await.expect("a product");
}

pub(crate) fn start_of_time() -> Time {
    Time::parse("2026-03-01T12:00:00Z").expect("a time")
}

/// What a test may have otherwise than usual.
#[derive(Default)]
pub(crate) struct More<'a> {
    /// More configuration.
    pub(crate) config: &'a str,
    /// Hosts that are reached elsewhere.
    pub(crate) connect_to: Vec<(String, url::Url)>,
    /// Stands before the shop.
    pub(crate) relay: Option<&'a Relay>,
    /// The shop's own clock.
    pub(crate) shop_clock: Option<Clock>,
    /// The daemon's public address, which leads to it.
    pub(crate) public: Option<&'a str>,
    /// The daemon's public address, before which something of the test's own stands.
    pub(crate) behind: Option<&'a str>,
    /// Where pictures lie, instead of a folder.
    pub(crate) bucket: Option<&'a store_sync::outside::Bucket>,
    /// Stands before the database.
    pub(crate) pooler: Option<&'a Pooler>,
    /// Remembers what the shop is asked.
    pub(crate) requests: Option<&'a Requests>,
    /// Where pictures are pushed although the shop cannot refuse a gallery that was changed meanwhile, instead of everywhere.
    pub(crate) unguarded: Option<&'a str>,
}

pub(crate) struct TestApp {
    pub(crate) tools: Shared,
    pub(crate) clock: Clock,
    pub(crate) http: Http,
    pub(crate) url: String,
    /// Where the shop is reached…
    pub(crate) shop_url: String,
    /// …and where it really is, when something stands before it.
    pub(crate) real_shop_url: String,
    pub(crate) client: ClientId,
    /// Holds the data until the test ends.
    pub(crate) folder: Arc<tempfile::TempDir>,
    /// The address of the database itself, without what stands before it.
    database: String,
    /// Whether this test runs jobs at all.
    drains: AtomicBool,
    /// Why jobs are left at the end.
    leaves: OnceLock<&'static str>,
}

impl Drop for TestApp {
    /// A test that runs jobs has run every one that was due, or says why not.
    fn drop(&mut self) {
        if std::thread::panicking() || !*self.drains.get_mut() {
            return;
        }
        let (database, now) = (self.database.clone(), self.clock.now());
        let left = on_a_thread_of_its_own(async move { jobs_left(&database, now).await.expect("jobs are listed") });
        match (left.expect("has ended").as_slice(), self.leaves.get()) {
            ([], Some(why)) => panic!("no job is left: take away leaves_jobs({why:?})"),
            (left @ [_, ..], None) => {
                panic!("due or running at the end: {left:?}. Drain them, or say why not: app.leaves_jobs(\"…\")")
            }
            _ => {}
        }
    }
}

/// The jobs that are due at `now`, or running.
async fn jobs_left(database: &str, now: Time) -> sqlx::Result<Vec<String>> {
    let sql =
        "SELECT type FROM job WHERE status = 'processing' OR (status = 'pending' AND scheduled_for <= $1) ORDER BY id";
    if database.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(database).await?;
        return sqlx::query_scalar(sql).bind(now).fetch_all(&mut connection).await;
    }
    let mut connection = sqlx::PgConnection::connect(database).await?;
    sqlx::query_scalar(sql).bind(now).fetch_all(&mut connection).await
}

/// Runs a future where nothing else may wait for one: while something is dropped.
fn on_a_thread_of_its_own<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> std::thread::Result<T> {
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work)
    });
    thread.join()
}

impl TestApp {
    pub(crate) async fn new(engine: Engine) -> Self {
        Self::with(engine, SandboxOptions { products: 60, ..SandboxOptions::default() }).await
    }

    pub(crate) async fn with(engine: Engine, options: SandboxOptions) -> Self {
        Self::with_more(engine, options, More::default()).await
    }

    /// In other surroundings than usual.
    pub(crate) async fn with_more(engine: Engine, options: SandboxOptions, more: More<'_>) -> Self {
        let More {
            config: more,
            mut connect_to,
            relay,
            shop_clock,
            public,
            behind,
            bucket,
            pooler,
            requests,
            unguarded,
        } = more;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        if let Some(public) = public {
            let host = url::Url::parse(public).expect("an address").host_str().expect("a host").to_owned();
            connect_to.push((host, url::Url::parse(&url).expect("an address")));
        }
        let clock = Clock::frozen(start_of_time());
        let folder = tempfile::tempdir().expect("a temp folder");
        let policy = HttpPolicy { allow_private_networks: true, connect_to, ..HttpPolicy::default() };
        let http = Http::new(policy).expect("a door");
        let outside = |seed| Outside {
            clock: clock.clone(),
            random: Random::seeded(seed),
            http: http.clone(),
            files: bucket.map_or_else(
                || Files::new(folder.path().join("files")),
                |bucket| Files::in_bucket(bucket).expect("a store"),
            ),
        };
        let shop_listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let shop_url = format!("http://{}", shop_listener.local_addr().expect("an address"));
        let real_shop_url = shop_url;
        let shop_url = relay.map_or(real_shop_url.clone(), |relay| {
            relay.aim(&real_shop_url);
            relay.url.clone()
        });
        let theirs = Outside { clock: shop_clock.unwrap_or_else(|| clock.clone()), ..outside(7) };
        let shop = Sandbox::new(SandboxOptions { base_url: shop_url.clone(), ..options }, theirs).expect("a shop");
        match requests {
            Some(requests) => requests.serve(shop_listener, shop.router()),
            None => drop(tokio::spawn(sandbox::serve(shop_listener, shop, std::future::pending()))),
        }
        let database = fresh_database(engine, folder.path()).await;
        let file = folder.path().join("config.toml");
        let reached = pooler.map_or_else(|| database.clone(), |pooler| pooler.through(&database));
        let mut text = config_text(&url, &reached) + more;
        if pooler.is_some() {
            text = text.replacen("[database]\n", "[database]\npooler = \"transaction\"\n", 1);
        }
        if let Some(unguarded) = unguarded {
            text = text.replacen("allow_unguarded = true\n", &format!("allow_unguarded = {unguarded}\n"), 1);
        }
        if let Some(public) = public.or(behind) {
            text = text.replacen("[server]\n", &format!("[server]\npublic_url = \"{public}\"\n"), 1);
        }
        std::fs::write(&file, text).expect("is written");
        let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
        let tools = app::open_with(&config, outside(1)).await.expect("tools");
        let served = tools.clone();
        tokio::spawn(async move {
            let limits = DoorLimits::new(config.server.max_connections, Duration::from_secs(1));
            web::serve(&served, listener, limits, served.shutdown.clone()).await;
        });
        let client = ClientId::from("acme");
        let mut tx = tools.db.begin().await.expect("a transaction");
        db::client::insert(&mut tx, &client, "Acme", None, clock.now()).await.expect("a client");
        tx.commit().await.expect("commits");
        let (folder, drains, leaves) = (Arc::new(folder), AtomicBool::new(false), OnceLock::new());
        Self { tools, clock, http, url, shop_url, real_shop_url, client, folder, database, drains, leaves }
    }

    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("shop".to_owned(), self.shop_url.clone())])
    }

    pub(crate) fn link(&self) -> String {
        web::connect_link(
            &self.tools,
            "sandbox",
            self.client.as_str(),
            &self.fields(),
            store_sync::connect::Sharing::Refused,
        )
    }

    /// Goes to the consent page, allows, and gives the browser with the address it is sent back to.
    pub(crate) async fn consent(&self, decision: &str) -> (Visitor, String) {
        let mut visitor = Visitor::new(self.http.clone());
        let page = visitor.open(&self.link()).await.expect("the consent page");
        assert_eq!(page.response.status, 200, "{}", page.text());
        let back = visitor.decide(&page, decision).await.expect("a way back");
        (visitor, back.into())
    }

    /// The shop of another client, made for that.
    pub(crate) async fn connect_as(&self, client: &str) {
        let mut tx = self.tools.db.begin().await.expect("begins");
        db::client::insert(&mut tx, &ClientId::from(client), client, None, self.clock.now()).await.expect("a client");
        tx.commit().await.expect("commits");
        let mut visitor = Visitor::new(self.http.clone());
        let link =
            web::connect_link(&self.tools, "sandbox", client, &self.fields(), store_sync::connect::Sharing::Allowed);
        let mut page = visitor.open(&link).await.expect("the consent page");
        while page.response.status == 429 {
            Clock::system().sleep(Duration::from_millis(50)).await;
            page = visitor.open(&link).await.expect("the consent page");
        }
        let back = visitor.decide(&page, "allow").await.expect("a way back");
        // So many at once is more than the brake on connects lets through.
        while visitor.open(back.as_str()).await.expect("the callback answers").response.status == 429 {
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn connect(&self) -> ConnectionId {
        let (mut visitor, back) = self.consent("allow").await;
        let done = visitor.open(&back).await.expect("the callback answers");
        assert_eq!(done.response.status, 200, "{}", done.text());
        self.connection().await.id
    }

    pub(crate) async fn connection(&self) -> Connection {
        let mut tx = self.tools.db.read().await.expect("reads");
        let mut all = db::connection::list(&mut tx, Some(&self.client), None, 10).await.expect("lists");
        assert_eq!(all.len(), 1, "one connection");
        all.remove(0)
    }

    /// This test ends with jobs that are due or running, for this reason.
    pub(crate) fn leaves_jobs(&self, why: &'static str) {
        self.leaves.set(why).expect("one reason");
    }

    /// Does every job that is due; gives how many.
    pub(crate) async fn drain(&self) -> usize {
        self.drains.store(true, Ordering::Relaxed);
        work::drain(&self.tools).await.expect("drains")
    }

    pub(crate) async fn sync(&self, scope: ImportScope) -> Run {
        self.sync_with(scope, false).await
    }

    pub(crate) async fn sync_with(&self, scope: ImportScope, accept_deletes: bool) -> Run {
        self.import(&self.connection().await.id, scope, accept_deletes).await
    }

    /// Imports a shop, which may be one of several.
    pub(crate) async fn import(&self, connection: &ConnectionId, scope: ImportScope, accept_deletes: bool) -> Run {
        let job = db::job::NewJob {
            policy: store_sync::model::JobPolicy {
                priority: 50,
                max_attempts: 3,
                dedupe_key: None,
                delay: Duration::ZERO,
            },
            ..db::job::NewJob::new(
                &self.tools.outside,
                &self.client,
                Task::ImportProducts {
                    connection: connection.clone(),
                    scope,
                    trigger: Trigger::Manual,
                    accept_deletes,
                },
            )
        };
        let mut tx = self.tools.db.begin().await.expect("begins");
        db::job::insert(&mut tx, &job).await.expect("a job");
        tx.commit().await.expect("commits");
        self.clock.advance(Duration::from_millis(5));
        self.drain().await;
        self.runs_of(connection).await.into_iter().find(|run| run.job_id.as_ref() == Some(&job.id)).expect("a run")
    }

    /// Runs of a shop, newest first.
    pub(crate) async fn runs_of(&self, connection: &ConnectionId) -> Vec<Run> {
        let mut tx = self.tools.db.read().await.expect("reads");
        let filter = RunFilter { connection: Some(connection.clone()), ..RunFilter::default() };
        db::run::list(&mut tx, &filter, 1000).await.expect("lists")
    }

    /// Runs, newest first.
    pub(crate) async fn runs(&self) -> Vec<Run> {
        let mut tx = self.tools.db.read().await.expect("reads");
        db::run::list(&mut tx, &RunFilter::default(), 1000).await.expect("lists")
    }

    pub(crate) async fn products(&self) -> Vec<Product> {
        let mut tx = self.tools.db.read().await.expect("reads");
        db::product::list(&mut tx, &ProductFilter { with_deleted: true, ..ProductFilter::default() }, 1_000_000)
            .await
            .expect("lists")
    }

    /// The product with this id at the shop.
    pub(crate) async fn product(&self, erp_id: &str) -> Product {
        let all = self.products().await;
        all.into_iter().find(|product| product.erp_id.as_deref() == Some(erp_id)).expect("the product is there")
    }

    pub(crate) async fn pushes(&self) -> Vec<Push> {
        let mut tx = self.tools.db.read().await.expect("reads");
        db::push::list(&mut tx, &PushFilter::default(), 1000).await.expect("lists")
    }

    /// A drawn picture of a product, waiting for approval.
    pub(crate) async fn add_asset(&self, product: &Product, drawing: usize) -> Asset {
        let bytes = sandbox::draw_scene(drawing).into();
        push::add(&self.tools, NewPicture { product: product.id.as_str(), bytes }).await.expect("is kept")
    }

    pub(crate) async fn approve(&self, asset: &Asset) -> push::Decided {
        push::decide(&self.tools, asset.id.as_str(), ApprovalStatus::Approved, None).await.expect("is approved")
    }

    pub(crate) async fn mischief(&self, rule: Value) {
        assert_eq!(self.ask(Method::POST, "/mischief", Some(rule), None).await.0, 201);
    }

    pub(crate) async fn stats(&self) -> Value {
        self.ask(Method::GET, "/stats", None, None).await.1
    }

    /// A call of the shop's own API, as somebody else's app would make it.
    pub(crate) async fn shop(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let token = self.shop_token().await;
        let (status, value) = self.ask(method, path, body, Some(&token)).await;
        assert!((200..300).contains(&status), "{path}: {status} {value}");
        value
    }

    /// Pictures of ours in a product's gallery.
    pub(crate) async fn pictures(&self, erp_id: &str) -> Vec<Value> {
        let gallery = self.shop(Method::GET, &format!("/api/products/{erp_id}/images"), None).await;
        let all = gallery["images"].as_array().cloned().unwrap_or_default();
        all.into_iter()
            .filter(|image| image["file_name"].as_str().is_some_and(|name| name.starts_with("ss-")))
            .collect()
    }

    pub(crate) async fn shop_token(&self) -> String {
        let (verifier, redirect) = ("v".repeat(43), "http://127.0.0.1/oauth/callback/other");
        let challenge = base64::Engine::encode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            <sha2::Sha256 as sha2::Digest>::digest(&verifier),
        );
        let consent = [
            ("response_type", "code"),
            ("client_id", "store-sync"),
            ("redirect_uri", redirect),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("decision", "allow"),
        ];
        let answer = self.form("/oauth/authorize", &consent).await;
        let target = url::Url::parse(answer.header("location").expect("a way back")).expect("an address");
        let code = target.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        let token = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect),
            ("code_verifier", verifier.as_str()),
            ("client_id", "store-sync"),
            ("client_secret", "sandbox-secret"),
        ];
        let answer: Value = serde_json::from_slice(&self.form("/oauth/token", &token).await.body).expect("json");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> store_sync::outside::Response {
        let mut request =
            Request::new(Method::POST, url::Url::parse(&format!("{}{path}", self.shop_url)).expect("an address"));
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request.body =
            Body::Bytes(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into());
        self.http.send_once(&request).await.expect("an answer")
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        token: Option<&str>,
    ) -> (u16, Value) {
        let mut request =
            Request::new(method, url::Url::parse(&format!("{}{path}", self.shop_url)).expect("an address"));
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            request
                .headers
                .insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).expect("a header"));
        }
        if let Some(body) = body {
            request.body = Body::Bytes(body.to_string().into());
        }
        let answer = self.http.send_once(&request).await.expect("an answer");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(json!(null)))
    }
}

/// A configuration for a daemon at `url`.
pub(crate) fn config_text(url: &str, database: &str) -> String {
    let listen = url.trim_start_matches("http://");
    format!(
        "[server]\nlisten = \"{listen}\"\n[database]\nurl = \"{database}\"\n[storage]\ndata_dir = \".\"\n[http]\nallow_private_networks = true\n\
         [work]\nlease_seconds = 30\npoll_ms = 100\n[push]\nallow_unguarded = true\n[app.sandbox]\nclient_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n"
    )
}
