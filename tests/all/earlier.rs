//! A database that an earlier release filled, and its configuration, start with this one and lose nothing.
//!
//! `legacy/filled_*` were made once, on each engine, by the program of 0dd0e60 as it was built then, with real use: six shops of its own
//! sandbox (active, paused, disconnected, to be connected again, read in pages by a provider of a user's own and broken off between
//! two of them, Shopify with webhooks and deliveries), clients, people, a plan, products that changed, came and went, sessions, flows,
//! pictures by the studio and by a stand-in for the model, decisions, pushes of every kind, marks, events and costs. Its daemon was
//! then killed while it pushed one picture and made another; the jobs that wait were left after that. `pg_dump --inserts` and
//! SQLite's own dump wrote it down, without what only concerns a session; `filled_*_pictures.txt` are the pictures as they were shown.
//! Keys and tokens in them were made for this and open nothing else. What only the older application fills (conversations,
//! administrators) is in the tests of its adoption. A later migration that moves a column names it in `MOVED`, and leaves these
//! files as they are.

use std::{collections::BTreeMap, path::Path, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use store_sync::{
    app,
    config::Config,
    connect,
    db::{
        self,
        adopt::{self, Kind},
    },
    model::{ConnectionStatus, Grant, JobId, JobStatus, PushStatus, RunStatus, Task, Time},
    outside::{Body, Clock, Files, Http, HttpPolicy, Outside, Random, Request},
    sandbox::{self, SandboxOptions},
    tools::Shared,
    vault::Binding,
    work,
};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{Engine, TestApp, fresh_database, on_both};

/// Columns that a later migration moved on purpose, as table and column, each with its reason beside it.
const MOVED: &[(&str, &str)] = &[
    // A pause has columns of its own; `grants_of_an_earlier_release_open` looks at what became of it.
    ("store_connection", "status"),
    ("store_connection", "last_error_code"),
    ("store_connection", "last_error"),
];

/// After the last row was written, and before anything in it ends.
const AFTERWARDS: &str = "2026-11-28T13:20:00Z";

struct Filled {
    dump: &'static str,
    pictures: &'static str,
}

fn filled(engine: Engine) -> Filled {
    match engine {
        Engine::Sqlite => Filled {
            dump: include_str!("legacy/filled_sqlite.sql"),
            pictures: include_str!("legacy/filled_sqlite_pictures.txt"),
        },
        Engine::Postgres => Filled {
            dump: include_str!("legacy/filled_postgres.sql"),
            pictures: include_str!("legacy/filled_postgres_pictures.txt"),
        },
    }
}

/// A connection of the test's own, which trusts a dump.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    async fn open(engine: Engine, url: &str) -> Self {
        match engine {
            Engine::Sqlite => {
                let options: SqliteConnectOptions = url.parse().expect("an address");
                let options = options.create_if_missing(true).foreign_keys(false);
                Self::Sqlite(SqliteConnection::connect_with(&options).await.expect("connects"))
            }
            Engine::Postgres => Self::Postgres(PgConnection::connect(url).await.expect("connects")),
        }
    }

    async fn run(&mut self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(own) => sql.execute(own).await.map(drop),
            Self::Postgres(own) => sql.execute(own).await.map(drop),
        }
        .expect("the statements run");
    }

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(own) => sqlx::query_scalar(sql).fetch_all(own).await,
            Self::Postgres(own) => sqlx::query_scalar(sql).fetch_all(own).await,
        }
        .expect("texts")
    }

    /// Tables and their columns.
    async fn shapes(&mut self) -> BTreeMap<String, Vec<String>> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            }
            Self::Postgres(_) => {
                "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
            }
        };
        let mut shapes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for both in self.texts(sql).await {
            let (table, column) = both.split_once('.').expect("two names");
            if !MOVED.contains(&(table, column)) {
                shapes.entry(table.to_owned()).or_default().push(column.to_owned());
            }
        }
        shapes
    }

    /// Every row of these tables in these columns, as sorted texts.
    async fn rows(&mut self, shapes: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
        let quote = if matches!(self, Self::Sqlite(_)) { "quote" } else { "quote_nullable" };
        let mut all = BTreeMap::new();
        for (table, columns) in shapes {
            let cells: Vec<String> = columns.iter().map(|name| format!("'{name} ' || {quote}(\"{name}\")")).collect();
            let sql = format!("SELECT {} FROM \"{table}\" ORDER BY 1", cells.join(" || ', ' || "));
            all.insert(table.clone(), self.texts(&sql).await);
        }
        all
    }
}

/// A shop that believes any token, and a model that paints one picture: what the filled database knows of is gone.
#[derive(Clone)]
struct StandIn {
    http: Http,
    shop: String,
    token: HeaderValue,
    picture: Bytes,
}

impl StandIn {
    async fn start(shop: &TestApp) -> Url {
        let token = format!("Bearer {}", shop.shop_token().await);
        let own = Self {
            http: shop.http.clone(),
            shop: shop.real_shop_url.clone(),
            token: HeaderValue::from_str(&token).expect("a header"),
            picture: sandbox::draw_scene(1).into(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(own);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Url::parse(&url).expect("an address")
    }

    fn painted(&self) -> Response {
        let data = json!({ "inlineData": { "mimeType": "image/png", "data": STANDARD.encode(&self.picture) } });
        let told = json!({
            "candidates": [{ "content": { "role": "model", "parts": [data] }, "finishReason": "STOP", "index": 0 }],
            "usageMetadata": { "promptTokenCount": 1290, "candidatesTokenCount": 300, "totalTokenCount": 1590 }
        });
        axum::Json(told).into_response()
    }
}

async fn answer(State(own): State<StandIn>, method: Method, uri: Uri, mut headers: HeaderMap, body: Bytes) -> Response {
    if uri.path().starts_with("/v1beta") {
        return own.painted();
    }
    for name in [header::HOST, header::CONTENT_LENGTH, header::ACCEPT_ENCODING] {
        headers.remove(name);
    }
    if headers.contains_key(header::AUTHORIZATION) {
        headers.insert(header::AUTHORIZATION, own.token.clone());
    }
    let mut request = Request::new(method, Url::parse(&format!("{}{uri}", own.shop)).expect("an address"));
    (request.headers, request.body) = (headers, Body::Bytes(body));
    let answer = own.http.send_once(&request).await.expect("the shop answers");
    let kind = answer.header("content-type").unwrap_or("application/octet-stream").to_owned();
    let status = axum::http::StatusCode::from_u16(answer.status).expect("a status");
    (status, [(header::CONTENT_TYPE, kind)], answer.body).into_response()
}

/// The configuration of that time, for a folder and a database of this test.
fn configuration(folder: &Path, database: &str, model: &Url) -> Config {
    let text = include_str!("legacy/filled_config.toml").replace("@DATABASE@", database);
    let text = text.replace("@FOLDER@", &folder.display().to_string());
    let text = text.replace("@MODEL@", model.as_str().trim_end_matches('/'));
    let providers = folder.join("providers/corner");
    std::fs::create_dir_all(&providers).expect("a folder");
    std::fs::write(providers.join("provider.toml"), include_str!("legacy/filled_providers/corner/provider.toml"))
        .expect("is written");
    let file = folder.join("config.toml");
    std::fs::write(&file, text).expect("is written");
    Config::load(Some(&file), std::iter::empty()).expect("a configuration of an earlier release is taken")
}

fn lay_out_pictures(folder: &Path, pictures: &str) {
    for line in pictures.lines() {
        let (key, bytes) = line.split_once(' ').expect("a key and bytes");
        let file = folder.join("data/files").join(key);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, STANDARD.decode(bytes).expect("is base64")).expect("is written");
    }
}

/// A filled database, what stood in it, and the tools of this release on it.
struct Earlier {
    tools: Shared,
    clock: Clock,
    raw: Raw,
    shapes: BTreeMap<String, Vec<String>>,
    before: BTreeMap<String, Vec<String>>,
    config: Config,
    _folder: tempfile::TempDir,
}

impl Earlier {
    async fn open(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        std::fs::create_dir_all(folder.path().join("data")).expect("a folder");
        let database = fresh_database(engine, folder.path()).await;
        let filled = filled(engine);
        lay_out_pictures(folder.path(), filled.pictures);
        let mut raw = Raw::open(engine, &database).await;
        raw.run(filled.dump).await;
        let shapes = raw.shapes().await;
        let before = raw.rows(&shapes).await;
        let options = SandboxOptions { products: 5, processing: Duration::ZERO, ..SandboxOptions::default() };
        let shop = TestApp::with(Engine::Sqlite, options).await;
        let there = StandIn::start(&shop).await;
        let config = configuration(folder.path(), &database, &there);
        let clock = Clock::frozen(Time::parse(AFTERWARDS).expect("a time"));
        let policy = HttpPolicy {
            allow_private_networks: true,
            connect_to: vec![("127.0.0.1".to_owned(), there)],
            ..HttpPolicy::default()
        };
        let outside = Outside {
            clock: clock.clone(),
            random: Random::seeded(1),
            http: Http::new(policy).expect("a door"),
            files: Files::new(config.storage.data_dir.join("files")),
        };
        let tools = app::open_with(&config, outside).await.expect("starts on it");
        Self { tools, clock, raw, shapes, before, config, _folder: folder }
    }

    /// Ids that stand in a column.
    async fn ids(&mut self, sql: &str) -> Vec<String> {
        self.raw.texts(sql).await
    }
}

on_both!(
    no_row_of_an_earlier_release_is_lost,
    indices_that_no_statement_needs_are_gone,
    variants_refer_to_their_product_alone,
    a_daemon_starts_on_what_an_earlier_release_filled,
    grants_of_an_earlier_release_open,
    waiting_jobs_of_an_earlier_release_are_done
);

async fn no_row_of_an_earlier_release_is_lost(engine: Engine) {
    let mut earlier = Earlier::open(engine).await;
    let full = earlier.before.values().filter(|rows| !rows.is_empty()).count();
    assert!(full > 30, "what was filled is there: {full} tables");
    assert_eq!(adopt::inspect(&earlier.tools.db).await.expect("looks").kind, Kind::Current);
    let after = earlier.raw.rows(&earlier.shapes).await;
    for (table, rows) in &earlier.before {
        let lost: Vec<&String> = rows.iter().filter(|row| !after[table].contains(row)).collect();
        assert!(lost.is_empty(), "{table} has lost or changed: {lost:?}");
        assert_eq!(after[table].len(), rows.len(), "{table} has more rows than before");
    }
}

/// Indices that the earlier release had, and this one does without: each of them would cost every import.
const RETIRED: [&str; 7] = [
    "product_analyzed_idx",
    "product_client_id_idx",
    "product_favorite_idx",
    "product_image_product_id_idx",
    "product_image_sort_order_idx",
    "product_source_idx",
    "product_variant_sku_idx",
];

async fn indices_that_no_statement_needs_are_gone(engine: Engine) {
    for name in RETIRED {
        assert!(filled(engine).dump.contains(&format!("CREATE INDEX {name} ON ")), "the earlier release had {name}");
    }
    let mut earlier = Earlier::open(engine).await;
    let present = earlier.ids(indices(engine)).await;
    let left: Vec<&String> = present.iter().filter(|name| RETIRED.contains(&name.as_str())).collect();
    assert!(left.is_empty(), "{left:?}");
    // Those that this release has are the same as on a database that it made itself.
    let folder = tempfile::tempdir().expect("a temp folder");
    let url = fresh_database(engine, folder.path()).await;
    let db = db::Db::open(&url.clone().into(), 2).await.expect("opens");
    adopt::run(&db, &earlier.clock, "a", &adopt::AdoptOptions::default()).await.expect("migrates");
    let fresh = Raw::open(engine, &url).await.texts(indices(engine)).await;
    let lost: Vec<&String> = fresh.iter().filter(|name| !present.contains(name)).collect();
    assert!(fresh.len() > 30 && lost.is_empty(), "{} indices, of which these are missing: {lost:?}", fresh.len());
    assert!(!fresh.iter().any(|name| RETIRED.contains(&name.as_str())), "{fresh:?}");
}

async fn variants_refer_to_their_product_alone(engine: Engine) {
    let (sql, other) = match engine {
        Engine::Sqlite => (
            "SELECT \"table\" FROM pragma_foreign_key_list('product_variant')",
            "store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,\n    erp_variant_id",
        ),
        Engine::Postgres => (
            "SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid = 'product_variant'::regclass",
            "product_variant_store_connection_id_fkey",
        ),
    };
    assert!(filled(engine).dump.contains(other), "the earlier release had another one");
    let mut earlier = Earlier::open(engine).await;
    assert_eq!(earlier.ids(sql).await, ["product"]);
}

fn indices(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'",
        Engine::Postgres => "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    }
}

async fn a_daemon_starts_on_what_an_earlier_release_filled(engine: Engine) {
    let earlier = Earlier::open(engine).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    // It is asked to end before it begins: what it does at its start is done all the same.
    let served = app::serve(&earlier.config, earlier.tools.clone(), listener, std::future::ready(()));
    tokio::time::timeout(Duration::from_mins(1), served).await.expect("ends").expect("starts");
}

async fn grants_of_an_earlier_release_open(engine: Engine) {
    let earlier = Earlier::open(engine).await;
    let tools = &earlier.tools;
    connect::prove_keys(tools).await.expect("its key is the right one");
    let mut tx = tools.db.read().await.expect("reads");
    let all = db::connection::list(&mut tx, None, None, 100).await.expect("lists");
    let mut opened = BTreeMap::new();
    for shop in &all {
        let Some(sealed) = db::grant::find_sealed(&mut tx, &shop.id).await.expect("reads") else { continue };
        let binding = Binding(&[shop.id.as_str(), shop.client_id.as_str(), &shop.store_type]);
        let plain = tools.vault.unseal(&binding, &sealed).expect("opens");
        let secrets = Grant::secrets_from_plaintext(&plain).expect("is a grant");
        assert!(secrets["access"].expose_secret().len() > 20, "{} has a token", shop.store_url);
        *opened.entry(shop.state().to_owned()).or_insert(0) += 1;
    }
    let expected = [("active", 3), ("needs_reauth", 1), ("paused", 1)];
    assert_eq!(opened, expected.map(|(status, count)| (status.to_owned(), count)).into());
    assert_eq!(all.iter().filter(|shop| shop.status == ConnectionStatus::Disconnected).count(), 1);
    let paused = all.iter().find(|shop| shop.paused_at.is_some()).expect("one was paused");
    assert_eq!((paused.paused_by.as_deref(), &paused.last_error_code), (Some("operator"), &None));
    assert_eq!(paused.pause_reason.as_deref(), Some("paused by an operator"));
}

async fn waiting_jobs_of_an_earlier_release_are_done(engine: Engine) {
    let mut earlier = Earlier::open(engine).await;
    let open = earlier.ids("SELECT id FROM job WHERE status IN ('pending', 'processing')").await;
    let waiting = earlier.ids("SELECT id FROM asset_push WHERE status IN ('queued', 'pushing')").await;
    let pictures = earlier.ids("SELECT id FROM generated_asset WHERE status IN ('pending', 'generating')").await;
    assert_eq!((open.len(), waiting.len(), pictures.len()), (7, 2, 3));
    let tools = earlier.tools.clone();
    let (freed, closed) = work::recover(&tools, true).await.expect("recovers");
    assert_eq!((freed, closed), (2, 1), "the killed daemon's work is taken over");
    for _ in 0..10 {
        work::drain(&tools).await.expect("drains");
        earlier.clock.advance(Duration::from_mins(2));
    }
    let mut tx = tools.db.read().await.expect("reads");
    let ids: Vec<JobId> = open.into_iter().map(JobId).collect();
    for job in db::job::list_by_ids(&mut tx, &ids).await.expect("lists") {
        assert_eq!(job.status, JobStatus::Completed, "{job:?}");
        // Imports speak to the shops with the grants that were sealed then.
        if matches!(job.payload.0, Task::ImportProducts { .. }) {
            let run = db::run::find_latest_of_job(&mut tx, &job.id).await.expect("reads").expect("ran");
            assert!(run.status == RunStatus::Success && run.api_calls > 0, "{run:?}");
        }
    }
    for id in waiting {
        let push = db::push::find(&mut tx, &id).await.expect("reads").expect("is there");
        assert_eq!(push.status, PushStatus::Synced, "{push:?}");
    }
    for id in pictures {
        let asset = db::asset::find(&mut tx, &id).await.expect("reads").expect("is there");
        assert!(asset.error.is_none() && asset.asset_url.is_some(), "{asset:?}");
    }
}
