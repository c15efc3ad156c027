//! `kill -9` at random moments over import and push: afterwards everything is there, once.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use http::Method;
use store_sync::{
    app,
    cli::visitor::Visitor,
    config::Config,
    db::{self, job::NewJob},
    generate, manage,
    model::{
        ApprovalStatus, AssetStatus, EventType, FlowStatus, ImportScope, RunStatus, SessionInput, SessionStatus, Task,
        Trigger,
    },
    outside::Random,
    push::{self, NewPicture},
    sandbox::{self, Sandbox, SandboxOptions},
    tools::Shared,
    web, work,
};
use tokio::net::TcpListener;

use crate::{
    spending::Model,
    support::{Engine, config_text, fresh_database, on_both},
};

const KILLS: usize = 50;
const PRODUCTS: usize = 1200;

fn spawn(config: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command
        .args(["--config", &config.display().to_string(), "serve"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("the daemon starts")
}

/// Leaves a full import and one more approved picture.
async fn more_work(tools: &Shared, round: usize) {
    let mut tx = tools.db.begin().await.expect("begins");
    let connection = db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0);
    let task = Task::ImportProducts {
        connection: connection.id.clone(),
        scope: ImportScope::Full,
        trigger: Trigger::Manual,
        accept_deletes: false,
    };
    let job = NewJob {
        policy: store_sync::model::JobPolicy {
            priority: 100,
            max_attempts: 1000,
            dedupe_key: Some(format!("import:{}:full", connection.id)),
            delay: Duration::ZERO,
        },
        ..NewJob::new(&tools.outside, &connection.client_id, task)
    };
    db::job::insert(&mut tx, &job).await.expect("a job");
    let filter = db::product::ProductFilter::default();
    let products = db::product::list(&mut tx, &filter, 40).await.expect("lists");
    tx.commit().await.expect("commits");
    let product = products[round % products.len()].id.as_str();
    let bytes = sandbox::draw_scene(round).into();
    let asset = push::add(tools, NewPicture { product, bytes }).await.expect("is kept");
    push::decide(tools, asset.id.as_str(), ApprovalStatus::Approved, None).await.expect("is approved");
}

/// Waits until a first import has brought some products, and is far from its end. How long that takes is the machine's business.
async fn first_products(tools: &Shared, file: &Path) {
    let mut daemon = spawn(file);
    loop {
        let mut tx = tools.db.read().await.expect("reads");
        let filter = db::product::ProductFilter::default();
        let products = db::product::list(&mut tx, &filter, 1).await.expect("lists");
        drop(tx);
        if !products.is_empty() {
            break;
        }
        assert!(daemon.try_wait().expect("is ours").is_none(), "the daemon lives");
        tools.outside.clock.sleep(Duration::from_millis(10)).await;
    }
    daemon.kill().expect("is killed");
    daemon.wait().expect("has ended");
}

/// Waits until a daemon has taken a job, as the dead one's leases have ended.
async fn at_work(tools: &Shared) {
    for _ in 0..500 {
        let now = tools.outside.clock.now();
        let mut tx = tools.db.read().await.expect("reads");
        let open = db::job::list_open(&mut tx, None, 10_000).await.expect("lists");
        drop(tx);
        if open.iter().any(|job| job.lease_expires_at.is_some_and(|end| end > now)) {
            return;
        }
        tools.outside.clock.sleep(Duration::from_millis(10)).await;
    }
}

/// A connected shop, and a database that daemons of their own work on.
struct House {
    tools: Shared,
    file: std::path::PathBuf,
    shop_url: String,
    /// Holds the data until the test ends.
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(engine: Engine, products: usize) -> Self {
        Self::with(engine, products, "").await
    }

    /// With more configuration.
    async fn with(engine: Engine, products: usize, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let database = fresh_database(engine, folder.path()).await;
        let file = folder.path().join("config.toml");
        let text = config_text(&url, &database).replace("lease_seconds = 30", "lease_seconds = 1\ntick_seconds = 1");
        std::fs::write(&file, text + more).expect("is written");
        let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
        let tools = app::open(&config).await.expect("tools");
        let shop_listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let shop_url = format!("http://{}", shop_listener.local_addr().expect("an address"));
        let options = SandboxOptions {
            products,
            base_url: shop_url.clone(),
            processing: Duration::from_millis(50),
            ..SandboxOptions::default()
        };
        let shop = Sandbox::new(options, app::outside(&config).expect("outside")).expect("a shop");
        tokio::spawn(sandbox::serve(shop_listener, shop, std::future::pending()));

        // Connected by a web door of this process; from then on only killed daemons work.
        let router = web::router(&tools);
        let door = tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let mut tx = tools.db.begin().await.expect("begins");
        db::client::insert(&mut tx, &"acme".into(), "Acme", None, tools.outside.clock.now()).await.expect("a client");
        tx.commit().await.expect("commits");
        let mut visitor = Visitor::new(tools.outside.http.clone());
        let link = web::connect_link(
            &tools,
            "sandbox",
            "acme",
            &[("shop".to_owned(), shop_url.clone())].into(),
            store_sync::connect::Sharing::Refused,
        );
        let page = visitor.open(&link).await.expect("the consent page");
        let back = visitor.decide(&page, "allow").await.expect("a way back");
        assert_eq!(visitor.open(back.as_str()).await.expect("the callback").response.status, 200);
        door.abort();
        let _ = door.await;
        Self { tools, file, shop_url, _folder: folder }
    }

    /// A daemon that may live, until nothing is left to do.
    async fn finish(&self, patience: usize) {
        let mut daemon = spawn(&self.file);
        let mut left = usize::MAX;
        for _ in 0..patience {
            let mut tx = self.tools.db.read().await.expect("reads");
            left = db::job::list_open(&mut tx, None, 10_000).await.expect("lists").len();
            drop(tx);
            if left == 0 {
                break;
            }
            self.tools.outside.clock.sleep(Duration::from_millis(100)).await;
        }
        daemon.kill().expect("is killed");
        daemon.wait().expect("has ended");
        assert_eq!(left, 0, "every job has ended");
    }
}

on_both!(fifty_kills_lose_nothing_and_double_nothing, two_thousand_pictures_are_made_once_through_three_kills);

async fn fifty_kills_lose_nothing_and_double_nothing(engine: Engine) {
    let house = House::new(engine, PRODUCTS).await;
    let (tools, file, shop_url) = (house.tools.clone(), house.file.clone(), house.shop_url.clone());

    let chance = Random::seeded(if engine == Engine::Sqlite { 11 } else { 12 });
    first_products(&tools, &file).await;
    for round in 0..KILLS {
        more_work(&tools, round).await;
        let mut daemon = spawn(&file);
        // However long a start takes here: a kill is to hit work.
        at_work(&tools).await;
        tools.outside.clock.sleep(Duration::from_millis(chance.below(700))).await;
        daemon.kill().expect("is killed");
        daemon.wait().expect("has ended");
    }

    // Now one that may live: everything that was left is done.
    house.finish(600).await;
    work::recover(&tools, engine == Engine::Sqlite).await.expect("recovers");

    let mut tx = tools.db.read().await.expect("reads");
    let products =
        db::product::list(&mut tx, &db::product::ProductFilter { with_deleted: true, ..Default::default() }, 100_000)
            .await
            .expect("lists");
    let mut ids: Vec<_> = products.iter().map(|p| p.erp_id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((products.len(), ids.len()), (PRODUCTS, PRODUCTS), "every product is there once");
    assert!(products.iter().all(|p| p.erp_deleted_at.is_none()));
    let pushes = db::push::list(&mut tx, &db::push::PushFilter::default(), 1000).await.expect("lists");
    assert_eq!(pushes.len(), KILLS, "every picture that was approved");
    let unsynced: Vec<_> =
        pushes.iter().filter(|p| p.synced_at.is_none()).map(|p| (p.status, p.last_error.clone())).collect();
    assert!(unsynced.is_empty(), "{unsynced:?}");
    let runs = db::run::list(&mut tx, &db::run::RunFilter::default(), 100_000).await.expect("lists");
    let open = runs.iter().filter(|r| matches!(r.status, RunStatus::Pending | RunStatus::Running)).count();
    assert_eq!(open, 0, "no run is left open");
    assert!(runs.iter().any(|r| r.error_code.as_deref() == Some("interrupted")), "some kills hit a run");
    drop(tx);

    // The shop's own word: what it attached is what was approved, each once.
    let stats = get(&tools, &format!("{shop_url}/stats")).await;
    assert_eq!(stats["pictures"]["attached"], pushes.len(), "every approved picture is in the shop once");
}

async fn two_thousand_pictures_are_made_once_through_three_kills(engine: Engine) {
    const SHOWN: usize = 500;
    const PRICE: i64 = 10_000;
    let model = Model::new().await;
    let prices = "usd_per_month = 1000\n[gemini.prices]\n\"first-image\" = 0.01\n";
    let house = House::with(engine, SHOWN, &(model.config("analyse = \"never\"") + prices)).await;
    let tools = &house.tools;
    work::drain(tools).await.expect("imports");
    let mut tx = tools.db.read().await.expect("reads");
    let products = db::product::list(&mut tx, &db::product::ProductFilter::default(), 1000).await.expect("lists");
    drop(tx);
    assert_eq!(products.len(), SHOWN);
    let session = SessionInput {
        client_id: Some("acme".into()),
        name: Some("All of it".into()),
        product_ids: Some(products.into_iter().map(|product| product.id).collect()),
        ..SessionInput::default()
    };
    let session = manage::create_session(tools, &session).await.expect("is made").id;
    let ordered = generate::request_session(tools, &session, generate::Terms::of(4), false).await.expect("is ordered");
    assert_eq!((ordered.flows.len(), ordered.assets.len()), (SHOWN, 4 * SHOWN));
    for pause in [900, 1500, 1100] {
        let mut daemon = spawn(&house.file);
        tools.outside.clock.sleep(Duration::from_millis(pause)).await;
        daemon.kill().expect("is killed");
        daemon.wait().expect("has ended");
    }
    house.finish(3000).await;
    let mut tx = tools.db.read().await.expect("reads");
    let filter = db::asset::AssetFilter::default();
    let made = db::asset::list(&mut tx, &filter, 10_000).await.expect("lists");
    assert!(
        made.iter().all(|asset| asset.status == AssetStatus::Completed),
        "{:?}",
        made.iter().find(|a| a.error.is_some())
    );
    let mut keys: Vec<_> = made.iter().filter_map(|asset| asset.asset_url.clone()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((made.len(), keys.len()), (4 * SHOWN, 4 * SHOWN), "every variant is there once");
    let told = db::event::EventFilter { kind: Some(EventType::Completed), ..Default::default() };
    let told = db::event::list(&mut tx, &told, 100_000).await.expect("lists").len();
    let month = tools.outside.clock.now().month();
    let used = db::quota::find_usage(&mut tx, &"acme".into(), &month).await.expect("reads").expect("is counted");
    let stands = db::session::find(&mut tx, &session).await.expect("reads").expect("is there").status;
    assert_eq!(
        (told, used.generation_count, stands),
        (4 * SHOWN, 2000, SessionStatus::Completed),
        "told and counted once"
    );
    let unfinished = db::flow::FlowFilter { session: Some(session), ..Default::default() };
    let flows = db::flow::list(&mut tx, &unfinished, 1000).await.expect("lists");
    assert!(flows.len() == SHOWN && flows.iter().all(|flow| flow.status == FlowStatus::Completed));
    // The books: every picture at its price, what a kill may have cost beside it, nothing promised any more, and the sum of all that.
    let kinds = db::ledger::list_sums(&mut tx, &"acme".into(), &month, db::ledger::By::Kind, 10).await.expect("sums");
    let of = |kind: &str| {
        kinds.iter().find(|sum| sum.what.as_deref() == Some(kind)).map_or((0, 0), |sum| (sum.pictures, sum.usd_micros))
    };
    assert_eq!(of("image"), (2000, 2000 * PRICE));
    assert!(kinds.iter().all(|sum| sum.reserved_usd_micros == 0), "{kinds:?}");
    let spent = db::ledger::get_spending(&mut tx, &tools.engines.model.as_ref().expect("a model").budget(), &month)
        .await
        .expect("reads");
    assert_eq!(spent, 2000 * PRICE + of("lost").1);
    let painted = i64::try_from(model.painted()).expect("a number");
    assert!(
        (2000..=spent / PRICE).contains(&painted),
        "the books hold every call that may have been paid: {painted} of {spent}"
    );
}

async fn get(tools: &Shared, url: &str) -> serde_json::Value {
    let request = store_sync::outside::Request::new(Method::GET, url::Url::parse(url).expect("an address"));
    let answer = tools.outside.http.send(request).await.expect("an answer");
    serde_json::from_slice(&answer.body).expect("json")
}
