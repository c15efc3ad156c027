//! Against servers that nobody here wrote: a real OAuth shop from PyPI, a real GraphQL shop from npm. tests/run installs them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use http::{HeaderValue, Method, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store_sync::{
    app,
    config::Config,
    connect, db,
    generate::{self, GenerationRequest, Terms},
    model::{
        ApprovalStatus, Asset, ClientId, Connection, ImportScope, Product, PushMode, PushStatus, Run, RunAction,
        RunStatus, Task, Trigger,
    },
    outside::{Body, Request},
    provider::CredentialSource,
    push::{self, NewPicture},
    sandbox,
    tools::Shared,
    web, work,
};
use tokio::net::TcpListener;

use crate::support::{Engine, config_text, fresh_database, on_both};

/// A server's process; ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    /// Ends it before the test does.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn servers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers")
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Starts a server of tests/servers in `folder` and waits until it answers.
pub(crate) async fn start(
    name: &str,
    folder: PathBuf,
    arguments: &[&str],
    environment: &[(&str, &str)],
    ready: &str,
) -> Server {
    let port = free_port().await;
    let mut command = Command::new(servers().join(name).join("start"));
    command.arg(&folder).arg(port.to_string()).args(arguments).envs(environment.iter().copied());
    let child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts");
    let server = Server { child, url: format!("http://127.0.0.1:{port}"), folder };
    let clock = store_sync::outside::Clock::system();
    for _ in 0..1200 {
        let answers = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        if answers {
            return server;
        }
        clock.sleep(Duration::from_millis(100)).await;
    }
    panic!(
        "{name} does not answer ({ready}): run tests/servers/{name}/install; its log: {}",
        server.folder.join("server.log").display()
    );
}

/// A daemon's tools and web door, with the system's clock.
struct Daemon {
    tools: Shared,
    url: String,
    config: PathBuf,
    folder: tempfile::TempDir,
    door: Option<tokio::task::JoinHandle<()>>,
}

impl Daemon {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let config = folder.path().join("config.toml");
        let apps = "\n[app.pretix]\nclient_id = \"store-sync-test\"\nclient_secret = \"store-sync-test-secret\"\n";
        let text = config_text(&url, &fresh_database(engine, folder.path()).await)
            .replace("lease_seconds = 30", "lease_seconds = 2\ntick_seconds = 1");
        std::fs::write(&config, text + apps).expect("is written");
        let loaded = Config::load(Some(&config), std::iter::empty()).expect("a configuration");
        let tools = app::open(&loaded).await.expect("tools");
        let router = web::router(&tools);
        let door = tokio::spawn(async move { drop(axum::serve(listener, router.into_make_service()).await) });
        let mut tx = tools.db.begin().await.expect("begins");
        db::client::insert(&mut tx, &ClientId::from("acme"), "Acme", None, tools.outside.clock.now())
            .await
            .expect("a client");
        tx.commit().await.expect("commits");
        Self { tools, url, config, folder, door: Some(door) }
    }

    async fn connection(&self) -> Connection {
        let mut tx = self.tools.db.read().await.expect("reads");
        db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0)
    }

    async fn products(&self) -> Vec<Product> {
        let mut tx = self.tools.db.read().await.expect("reads");
        db::product::list(&mut tx, &db::product::ProductFilter::default(), 10_000).await.expect("lists")
    }

    async fn runs(&self, action: RunAction) -> Vec<Run> {
        let mut tx = self.tools.db.read().await.expect("reads");
        let all = db::run::list(&mut tx, &db::run::RunFilter::default(), 10_000).await.expect("lists");
        all.into_iter().filter(|run| run.action == action).collect()
    }

    async fn leave_import(&self) {
        let connection = self.connection().await;
        let task = Task::ImportProducts {
            connection: connection.id,
            scope: ImportScope::Full,
            trigger: Trigger::Manual,
            accept_deletes: false,
        };
        let job = db::job::NewJob {
            policy: store_sync::model::JobPolicy {
                priority: 50,
                max_attempts: 100,
                dedupe_key: None,
                delay: Duration::ZERO,
            },
            ..db::job::NewJob::new(&self.tools.outside, &connection.client_id, task)
        };
        let mut tx = self.tools.db.begin().await.expect("begins");
        db::job::insert(&mut tx, &job).await.expect("a job");
        tx.commit().await.expect("commits");
    }

    async fn approve_drawing(&self, product: &Product, drawing: usize) -> Asset {
        let bytes = sandbox::draw_scene(drawing).into();
        let asset = push::add(&self.tools, NewPicture { product: product.id.as_str(), bytes }).await.expect("is kept");
        push::decide(&self.tools, asset.id.as_str(), ApprovalStatus::Approved, None).await.expect("is approved");
        asset
    }

    /// A picture that the studio makes of the product's own, approved. Where the shop shows none, `base` is one that we keep.
    async fn approve_composed(&self, product: &Product, base: Option<usize>) -> Asset {
        if let Some(drawing) = base {
            let id = self.tools.outside.new_id::<store_sync::model::ImageId>();
            let key = format!("clients/acme/products/{}/media/images/base/{id}.png", product.id);
            self.tools.outside.files.put(&key, sandbox::draw_scene(drawing).into()).await.expect("is kept");
            let image =
                db::product::NewImage { id, key, mime_type: "image/png", sha256: String::new(), size: (800, 800) };
            let mut tx = self.tools.db.begin().await.expect("begins");
            let now = self.tools.outside.clock.now();
            db::product::insert_image(&mut tx, &product.id, &image, 0, now).await.expect("is kept");
            tx.commit().await.expect("commits");
        }
        let settings = [json!({ "style": "wood", "size": 320 }).as_object().cloned().expect("an object")];
        let (products, terms) = (std::slice::from_ref(&product.id.0), Terms::of(1));
        let order = GenerationRequest { products, settings: &settings, together: false, terms };
        let ordered = generate::request(&self.tools, &order).await.expect("is ordered");
        work::drain(&self.tools).await.expect("drains");
        let made = push::decide(&self.tools, ordered.assets[0].as_str(), ApprovalStatus::Approved, None).await;
        made.expect("is approved").asset
    }

    async fn pushed(&self, asset: &Asset) -> store_sync::model::Push {
        let filter = db::push::PushFilter { asset: Some(asset.id.clone()), ..Default::default() };
        let mut tx = self.tools.db.read().await.expect("reads");
        db::push::list(&mut tx, &filter, 10).await.expect("lists").remove(0)
    }

    /// A call of the shop's own API with our grant, past all of our code for shops.
    async fn ask(&self, url: &str, header: (&'static str, String), body: Option<Value>) -> Value {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::new(method, url::Url::parse(url).expect("an address"));
        request.headers.insert(header.0, HeaderValue::from_str(&header.1).expect("a header"));
        if let Some(body) = body {
            request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.body = Body::Bytes(body.to_string().into());
        }
        let answer = self.tools.outside.http.send(request).await.expect("an answer");
        serde_json::from_slice(&answer.body)
            .unwrap_or_else(|e| panic!("{e}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)))
    }

    async fn secret(&self, name: &str) -> String {
        let keys = connect::StoredCredentials::new(self.tools.clone(), self.connection().await.id);
        keys.current().await.expect("a grant").secret(name).expect("a secret").expose_secret().to_owned()
    }

    async fn bytes_at(&self, url: &str) -> bytes::Bytes {
        let request = Request::new(Method::GET, url::Url::parse(url).expect("an address"));
        self.tools.outside.http.send(request).await.expect("an answer").body
    }

    /// Lets daemons work and kills each at a random moment; then does what is left here.
    async fn killed_daemons(&mut self, engine: Engine, kills: usize) {
        if let Some(door) = self.door.take() {
            door.abort();
            let _ = door.await;
        }
        let chance = store_sync::outside::Random::seeded(5);
        for _ in 0..kills {
            let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
            command
                .arg("--config")
                .arg(&self.config)
                .arg("serve")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut daemon = command.spawn().expect("the daemon starts");
            self.tools.outside.clock.sleep(Duration::from_millis(150 + chance.below(500))).await;
            daemon.kill().expect("is killed");
            daemon.wait().expect("has ended");
        }
        if engine == Engine::Postgres {
            self.tools.outside.clock.sleep(Duration::from_millis(2100)).await;
        }
        work::recover(&self.tools, engine == Engine::Sqlite).await.expect("recovers");
        work::drain(&self.tools).await.expect("drains");
    }
}

async fn pretix(daemon: &Daemon, ttl: &str) -> Server {
    let callback = format!("{}/oauth/callback/pretix", daemon.url);
    start("pretix", daemon.folder.path().join("pretix"), &[&callback], &[("ACCESS_TTL", ttl)], "a shop").await
}

fn pretix_link(daemon: &Daemon, shop: &Server) -> String {
    let fields = [("shop", shop.url.as_str()), ("organizer", "acme"), ("event", "fair")];
    let fields: BTreeMap<String, String> = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    web::connect_link(&daemon.tools, "pretix", "acme", &fields, store_sync::connect::Sharing::Refused)
}

async fn consent(link: &str, deny: bool) -> (bool, String) {
    let mut command = Command::new("python3");
    command.arg(servers().join("pretix/consent.py")).args([link, "merchant@example.com", "merchant-password"]);
    if deny {
        command.arg("--deny");
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("python3 runs");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

on_both!(
    pretix_from_consent_to_a_picture_read_back,
    pretix_says_403_when_a_token_has_ended_and_the_import_goes_on,
    vendure_with_its_whole_sample_catalogue
);

async fn pretix_from_consent_to_a_picture_read_back(engine: Engine) {
    let mut daemon = Daemon::new(engine).await;
    let shop = pretix(&daemon, "3600").await;
    let (connected, page) = consent(&pretix_link(&daemon, &shop), true).await;
    assert!(!connected && page.contains("access was declined"), "{page}");
    let (connected, page) = consent(&pretix_link(&daemon, &shop), false).await;
    assert!(connected && page.contains("Summer Fair is connected"), "{page}");
    work::drain(&daemon.tools).await.expect("drains");
    let run = daemon.runs(RunAction::Import).await.remove(0);
    assert_eq!(
        (run.status, run.items_created, run.items_total, run.api_calls),
        (RunStatus::Success, 45, 45, 1),
        "{run:?}"
    );
    let products = daemon.products().await;
    let by_id = |id: &str| products.iter().find(|p| p.erp_id.as_deref() == Some(id)).expect("an item").clone();
    let item = by_id("20");
    assert_eq!(
        (item.name.as_str(), item.erp_sku.as_deref(), item.currency.as_deref()),
        ("Ticket 20", Some("T-20"), Some("EUR"))
    );
    assert_eq!(item.price.map(|p| p.to_string()).as_deref(), Some("20.50"));
    assert!(item.erp_url.as_deref().is_some_and(|url| url.ends_with("/acme/fair/")));
    let mut tx = daemon.tools.db.read().await.expect("reads");
    let variants = db::product::list_variants(&mut tx, &item.id).await.expect("lists");
    assert_eq!(variants.iter().filter_map(|v| v.title.as_deref()).collect::<Vec<_>>(), ["Child", "Adult"]);
    let images = db::product::list_images(&mut tx, &item.id).await.expect("lists");
    assert!(images[0].original_store_url.as_deref().is_some_and(|url| url.contains("/media/pub/acme/fair/item-20-")));
    drop(tx);

    // Its one place is taken by a picture that is not ours: it is not replaced.
    let refused = daemon.approve_drawing(&item, 1).await;
    // It takes no WebP: a composed picture goes there as the PNG it was made from.
    let asset = daemon.approve_composed(&by_id("1"), Some(2)).await;
    assert_eq!(asset.mime_type.as_deref(), Some("image/webp"));
    work::drain(&daemon.tools).await.expect("drains");
    assert_eq!(daemon.pushed(&refused).await.last_error_code.as_deref(), Some("gallery_full"));
    assert_eq!(daemon.pushed(&asset).await.status, PushStatus::Synced, "{:?}", daemon.pushed(&asset).await);
    let token = daemon.secret("access").await;
    let items = format!("{}/api/v1/organizers/acme/events/fair/items", shop.url);
    let seen = daemon.ask(&format!("{items}/1/"), ("authorization", format!("Bearer {token}")), None).await;
    let picture = seen["picture"].as_str().expect("a picture");
    let original = generate::bytes_of(&daemon.tools, &asset, true).await.expect("is kept");
    assert_eq!(daemon.bytes_at(picture).await, original, "byte for byte");
    assert_eq!(daemon.pushed(&asset).await.external_image_url.as_deref(), Some(picture));

    // Killed in the middle of imports and pushes, again and again: whole in the end.
    daemon.leave_import().await;
    let assets = [
        daemon.approve_drawing(&by_id("2"), 3).await,
        daemon.approve_drawing(&by_id("3"), 4).await,
        daemon.approve_drawing(&by_id("5"), 5).await,
    ];
    daemon.killed_daemons(engine, 6).await;
    assert_eq!(daemon.products().await.len(), 45);
    let token = daemon.secret("access").await;
    for (asset, (id, drawing)) in assets.iter().zip([(2, 3), (3, 4), (5, 5)]) {
        assert_eq!(daemon.pushed(asset).await.status, PushStatus::Synced, "{:?}", daemon.pushed(asset).await);
        let seen = daemon.ask(&format!("{items}/{id}/"), ("authorization", format!("Bearer {token}")), None).await;
        assert_eq!(daemon.bytes_at(seen["picture"].as_str().expect("a picture")).await, sandbox::draw_scene(drawing));
    }
    assert!(daemon.runs(RunAction::Import).await.iter().all(|run| run.completed_at.is_some()));
    // pretix has no way to take a picture out: that is said, and it counts as being there.
    push::ask_revert(&daemon.tools, &[daemon.pushed(&asset).await.id.to_string()]).await.expect("is asked");
    work::drain(&daemon.tools).await.expect("drains");
    let kept = daemon.pushed(&asset).await;
    assert_eq!((kept.status, kept.last_error_code.as_deref()), (PushStatus::Synced, Some("no_undo")), "{kept:?}");
    let left = connect::disconnect(&daemon.tools, &daemon.connection().await.id).await.expect("leaves");
    assert!(left.revoked_at_shop, "{left:?}");
}

async fn pretix_says_403_when_a_token_has_ended_and_the_import_goes_on(engine: Engine) {
    let daemon = Daemon::new(engine).await;
    let shop = pretix(&daemon, "2").await;
    assert!(consent(&pretix_link(&daemon, &shop), false).await.0);
    let id = daemon.connection().await.id;
    // As if the shop had promised a longer life: only its answer tells that the token has ended.
    let sql = "UPDATE store_connection SET token_expires_at = '2099-01-01T00:00:00.000Z'";
    match &daemon.tools.db {
        db::Db::Sqlite { write, .. } => drop(sqlx::query(sql).execute(write).await.expect("is set")),
        db::Db::Postgres { pool, .. } => drop(sqlx::query(sql).execute(pool).await.expect("is set")),
    }
    daemon.tools.outside.clock.sleep(Duration::from_millis(2500)).await;
    work::drain(&daemon.tools).await.expect("drains");
    let run = daemon.runs(RunAction::Import).await.remove(0);
    assert_eq!((run.status, run.items_created), (RunStatus::Success, 45), "{run:?}");
    assert!(!daemon.runs(RunAction::RefreshToken).await.is_empty(), "the token was renewed");
    let connection = daemon.connection().await;
    assert_eq!((connection.id, connection.status.as_str()), (id, "active"));
    assert!(connection.token_version >= 2);
}

async fn vendure_with_its_whole_sample_catalogue(engine: Engine) {
    let mut daemon = Daemon::new(engine).await;
    let shop = start("vendure", daemon.folder.path().join("vendure"), &[], &[], "a shop").await;
    let key = std::fs::read_to_string(shop.folder.join("api-key.txt")).expect("a key");
    let mut fields = BTreeMap::from([
        ("shop".to_owned(), shop.url.clone()),
        ("api_key".to_owned(), "wrong-but-long-enough".to_owned()),
    ]);
    let refused =
        connect::connect_with_key(&daemon.tools, "acme", "vendure", &fields, store_sync::connect::Sharing::Refused)
            .await
            .expect_err("is refused");
    assert_eq!(refused.code(), "key_refused");
    fields.insert("api_key".to_owned(), key.trim().to_owned());
    connect::connect_with_key(&daemon.tools, "acme", "vendure", &fields, store_sync::connect::Sharing::Refused)
        .await
        .expect("connects");
    work::drain(&daemon.tools).await.expect("drains");
    let run = daemon.runs(RunAction::Import).await.remove(0);
    assert_eq!(
        (run.status, run.items_created, run.items_failed, run.api_calls),
        (RunStatus::Success, 54, 0, 1),
        "{run:?}"
    );
    let products = daemon.products().await;
    let mut tx = daemon.tools.db.read().await.expect("reads");
    let (mut variants, mut images) = (0, 0);
    for product in &products {
        assert!(product.price.is_some() && product.erp_sku.is_some(), "{product:?}");
        variants += db::product::list_variants(&mut tx, &product.id).await.expect("lists").len();
        images += db::product::list_images(&mut tx, &product.id).await.expect("lists").len();
    }
    drop(tx);
    assert_eq!((products.len(), variants), (54, 88));
    assert!(images >= 54, "{images}");
    let laptop = products.iter().find(|p| p.name == "Laptop").expect("the first sample product");
    assert_eq!(
        (laptop.price.map(|p| p.to_string()).as_deref(), laptop.currency.as_deref()),
        (Some("1299.00"), Some("USD"))
    );

    let asset = daemon.approve_drawing(laptop, 1).await;
    daemon.killed_daemons(engine, 4).await;
    assert_eq!(daemon.pushed(&asset).await.status, PushStatus::Synced, "{:?}", daemon.pushed(&asset).await);
    let query = json!({ "query": "query($id: ID!) { product(id: $id) { assets { id name source } featuredAsset { id } } }", "variables": { "id": laptop.erp_id } });
    let seen =
        daemon.ask(&format!("{}/admin-api", shop.url), ("vendure-api-key", key.trim().to_owned()), Some(query)).await;
    let assets = seen["data"]["product"]["assets"].as_array().expect("assets").clone();
    let ours: Vec<&Value> =
        assets.iter().filter(|a| a["name"].as_str().is_some_and(|n| n.starts_with("ss-"))).collect();
    assert_eq!((assets.len(), ours.len()), (2, 1), "ours is added once, the shop's own stays: {assets:?}");
    assert_ne!(seen["data"]["product"]["featuredAsset"]["id"], ours[0]["id"], "the first picture stays the first");
    assert_eq!(daemon.bytes_at(ours[0]["source"].as_str().expect("an address")).await, sandbox::draw_scene(1));
    let query = json!({ "query": "{ assets(options: { filter: { name: { contains: \"ss-\" } } }) { totalItems } }" });
    let library =
        daemon.ask(&format!("{}/admin-api", shop.url), ("vendure-api-key", key.trim().to_owned()), Some(query)).await;
    assert_eq!(library["data"]["assets"]["totalItems"], 1, "one asset in the library, whatever was killed");

    // A newer picture of ours takes the place of the older one, and of nothing else.
    let connection = daemon.connection().await;
    let mut tx = daemon.tools.db.begin().await.expect("begins");
    db::connection::update_push_rules(
        &mut tx,
        &connection.id,
        PushMode::ReplacePushed,
        true,
        daemon.tools.outside.clock.now(),
    )
    .await
    .expect("is set");
    tx.commit().await.expect("commits");
    // One that is composed of the photograph the shop shows.
    let newer = daemon.approve_composed(laptop, None).await;
    work::drain(&daemon.tools).await.expect("drains");
    assert_eq!(daemon.pushed(&newer).await.status, PushStatus::Synced, "{:?}", daemon.pushed(&newer).await);
    assert_eq!(daemon.pushed(&asset).await.status, PushStatus::Removed);
    let query = json!({ "query": "query($id: ID!) { product(id: $id) { assets { id name source } } }", "variables": { "id": laptop.erp_id } });
    let ask = async || {
        daemon
            .ask(&format!("{}/admin-api", shop.url), ("vendure-api-key", key.trim().to_owned()), Some(query.clone()))
            .await
    };
    let seen = ask().await;
    let after = seen["data"]["product"]["assets"].as_array().expect("assets").clone();
    assert_eq!(after.len(), 2, "{after:?}");
    assert_eq!(after[0], assets[0], "the shop's own picture stays where it was");
    let shown = generate::bytes_of(&daemon.tools, &newer, false).await.expect("is kept");
    assert_eq!(daemon.bytes_at(after[1]["source"].as_str().expect("an address")).await, shown);
    assert_eq!(infer::get(&shown).expect("a picture").mime_type(), "image/webp");

    // Taken out again: what is left is what was there before we came.
    push::ask_revert(&daemon.tools, &[daemon.pushed(&newer).await.id.to_string()]).await.expect("is asked");
    work::drain(&daemon.tools).await.expect("drains");
    assert_eq!(daemon.pushed(&newer).await.status, PushStatus::Removed, "{:?}", daemon.pushed(&newer).await);
    assert_eq!(ask().await["data"]["product"]["assets"], json!([assets[0]]));
}
