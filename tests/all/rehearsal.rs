//! The whole journey at every platform, played from its own file: the table of `docs/platforms.md` is what comes of it.

use std::time::Duration;

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use store_sync::{
    cli::visitor::Visitor,
    connect, db,
    model::{ConnectionStatus, ImportScope, ItemOutcome, Product, PushStatus, Run, RunAction, RunStatus, Trigger},
    outside::{Body, Clock, Files, Http, HttpPolicy, Outside, Random, Request},
    provider::{Providers, SimulatorOptions},
    push,
    sandbox::{SandboxOptions, Shelf},
    simulator::SimulatorServer,
    web, work,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    exchanges::Requests,
    real::servers,
    support::{Engine, More, TestApp, start_of_time},
};

const PRODUCTS: usize = 1000;
const DAEMON: &str = "https://daemon.example";

pub(crate) struct House {
    pub(crate) app: TestApp,
    provider: &'static str,
    /// What is sold there, as it was at first.
    shelf: Shelf,
    stage: SimulatorServer,
    stage_url: String,
    /// What the shop was asked.
    pub(crate) requests: Requests,
}

impl House {
    pub(crate) async fn new(engine: Engine, provider: &'static str, products: usize, theirs: Option<Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stage_url = format!("http://{}", listener.local_addr().expect("an address"));
        let known = Providers::built_in().expect("the built-in files are fine");
        let found = known.get(provider).expect("is built in").clone();
        let rules = SimulatorOptions {
            client_id: "our-app".into(),
            client_secret: "our-secret".into(),
            webhook_key: "our-key".into(),
            here: None,
            daemon_url: DAEMON.into(),
            token_ttl: Duration::from_hours(1),
            processing: 1,
        };
        let origin = |url: &str| Url::parse(url).expect("an address");
        let clock = Clock::frozen(start_of_time());
        let options =
            SandboxOptions { products, base_url: "https://shelf.example".into(), ..SandboxOptions::default() };
        let born = start_of_time().minus(Duration::from_hours(24));
        let goods = Shelf::new(&options, born).expect("a shelf");
        let policy = HttpPolicy { allow_private_networks: true, ..HttpPolicy::default() };
        let probe = SimulatorServer::new(
            found.clone(),
            rules.clone(),
            Shelf::new(&options, born).expect("a shelf"),
            Outside {
                clock: clock.clone(),
                random: Random::seeded(1),
                http: Http::new(policy.clone()).expect("a door"),
                files: Files::new("nowhere"),
            },
        )
        .expect("a stage");
        let config = if found.needs_app() {
            let key = probe.simulator().webhook_key();
            format!(
                "[app.{provider}]\nclient_id = \"our-app\"\nclient_secret = \"our-secret\"\nwebhook_key = \"{key}\"\nclient = \"acme\"\n"
            )
        } else {
            String::new()
        };
        let connect_to = probe.simulator().hosts().into_iter().map(|host| (host, origin(&stage_url))).collect();
        let more = More { config: &config, connect_to, public: Some(DAEMON), ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        let outside = Outside {
            clock: theirs.unwrap_or_else(|| app.clock.clone()),
            random: Random::seeded(9),
            http: app.http.clone(),
            files: Files::new("nowhere"),
        };
        let stage = SimulatorServer::new(found, rules, goods, outside).expect("a stage");
        let requests = Requests::default();
        requests.serve(listener, stage.router());
        let shelf = Shelf::new(&options, born).expect("a shelf");
        Self { app, provider, shelf, stage, stage_url, requests }
    }

    async fn desk(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request =
            Request::new(method, Url::parse(&format!("{}/rehearsal{path}", self.stage_url)).expect("an address"));
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(body) = body {
            request.body = Body::Bytes(body.to_string().into());
        }
        let answer = self.app.http.send_once(&request).await.expect("an answer");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    async fn mischief(&self, act: &str, times: u32) {
        assert_eq!(self.desk(Method::POST, "/mischief", Some(json!({ "do": act, "times": times }))).await.0, 204);
    }

    async fn stats(&self) -> Value {
        self.desk(Method::GET, "", None).await.1
    }

    /// As the merchant would.
    pub(crate) async fn connect(&self) {
        let tools = &self.app.tools;
        let provider = tools.provider(self.provider).expect("is known").clone();
        let mut fields = self.stage.simulator().fields();
        if provider.takes_pasted_keys() {
            fields.extend(self.stage.simulator().pasted_keys());
            connect::connect_with_key(tools, "acme", self.provider, &fields, store_sync::connect::Sharing::Refused)
                .await
                .expect("is connected");
            return;
        }
        let mut visitor = Visitor::new(self.app.http.clone());
        let link = web::connect_link(tools, self.provider, "acme", &fields, store_sync::connect::Sharing::Refused);
        let shop = fields.get("shop").map(String::as_str);
        visitor.rehearse(&link, shop).await.unwrap_or_else(|why| panic!("{}: {why}", self.provider));
        assert_eq!(self.app.connection().await.status, ConnectionStatus::Active);
    }

    /// The product with this number on the shelf, by its title there.
    pub(crate) async fn product(&self, number: u64) -> Product {
        let title = self.title(number);
        let all = self.app.products().await;
        all.into_iter().find(|product| product.name == title).unwrap_or_else(|| panic!("'{title}' is not there"))
    }

    fn title(&self, number: u64) -> String {
        self.shelf.get(number).expect("is sold")["title"].as_str().expect("a title").to_owned()
    }

    /// As the merchant does where a product has room for one picture only.
    pub(crate) async fn clear_pictures(&self, number: u64) {
        let cleared = self.desk(Method::PATCH, &format!("/products/{number}"), Some(json!({ "images": [] }))).await;
        assert_eq!(cleared.0, 200);
    }

    pub(crate) async fn edit(&self, number: u64, title: &str) -> Value {
        let (status, told) =
            self.desk(Method::PATCH, &format!("/products/{number}"), Some(json!({ "title": title }))).await;
        assert_eq!(status, 200);
        told["deliveries"].clone()
    }

    /// A run that has to come out well.
    pub(crate) async fn sync(&self, scope: ImportScope) -> Run {
        self.app.clock.advance(Duration::from_mins(10));
        let run = self.app.sync(scope).await;
        assert_eq!(run.status, RunStatus::Success, "{}: {run:?}", self.provider);
        run
    }

    async fn gone(&self) -> usize {
        self.app.products().await.iter().filter(|product| product.erp_deleted_at.is_some()).count()
    }
}

/// What came of a journey, as it stands in the table.
async fn journey(engine: Engine, provider: &'static str) -> String {
    let house = House::new(engine, provider, PRODUCTS, None).await;
    let app = &house.app;
    let known = app.tools.provider(provider).expect("is known").clone();
    let mut row = vec![known.name().to_owned(), known.kind().as_str().replace('_', " ")];
    house.connect().await;
    app.drain().await;
    let first = app.runs().await.into_iter().find(|run| run.action == RunAction::Import).expect("an import");
    assert_eq!((first.status, first.items_created, first.items_failed), (RunStatus::Success, 1000, 0), "{first:?}");
    // A product with three variants and two pictures: everything arrives, whatever came cut.
    let product = house.product(1024).await;
    let shelf = house.shelf.get(1024).expect("is sold");
    let mut tx = app.tools.db.read().await.expect("reads");
    let variants = db::product::list_variants(&mut tx, &product.id).await.expect("lists");
    let images = db::product::list_images(&mut tx, &product.id).await.expect("lists");
    drop(tx);
    assert_eq!(
        (shelf["variants"].as_array().map(Vec::len), shelf["images"].as_array().map(Vec::len)),
        (Some(3), Some(2))
    );
    assert_eq!(
        (variants.len(), images.len()),
        (if known.has_variants() { 3 } else { 0 }, if known.limits().images_per_product == 1 { 1 } else { 2 })
    );
    assert!(product.price.is_some() && product.currency.is_some(), "{product:?}");
    row.push(format!("1,000 in {} calls", first.api_calls));
    // Everything on the shelf is of one moment: a first change moves the mark beyond it. Then ten changes and two deletes.
    app.clock.advance(Duration::from_mins(10));
    house.edit(1500, "Moved").await;
    house.sync(ImportScope::Changes).await;
    let before = app.runs().await.len();
    app.clock.advance(Duration::from_mins(10));
    for number in 1101..1111 {
        house.edit(number, &format!("Renamed {number}")).await;
    }
    for number in [1201, 1202] {
        assert_eq!(house.desk(Method::DELETE, &format!("/products/{number}"), None).await.0, 200);
    }
    assert_eq!(house.gone().await, 0, "{provider}: nothing is gone by a delivery alone");
    house.sync(ImportScope::Changes).await;
    let runs = app.runs().await;
    let news = &runs[..runs.len() - before];
    assert_eq!(news.iter().map(|run| run.items_updated).sum::<i32>(), 10, "{provider}: {news:?}");
    let told = news.iter().filter(|run| run.action == RunAction::Webhook && run.items_deleted == 1).count();
    if known.full_only().is_none() {
        assert!(news.iter().all(|run| run.items_total <= 13), "{provider} reads changes only: {news:?}");
    }
    let listed = if known.full_only().is_some() { 0 } else { house.gone().await };
    row.push(if known.full_only().is_some() { "10 by full compare" } else { "10 by time of change" }.to_owned());
    house.sync(ImportScope::Full).await;
    if house.gone().await < 2 {
        // Where no single product can be asked for, two complete passes have to miss it.
        house.sync(ImportScope::Full).await;
    }
    assert_eq!(house.gone().await, 2, "{provider}");
    // Whoever said so, sweep, list or delivery: the row says the same, and a run tells it.
    for product in app.products().await.iter().filter(|product| product.erp_deleted_at.is_some()) {
        assert_eq!(
            product.erp_status.map(|status| status.to_string()).as_deref(),
            Some("deleted"),
            "{provider}: {product:?}"
        );
        let mut tx = app.tools.db.read().await.expect("reads");
        let items = db::run::list_items_of(&mut tx, product.id.as_str(), 1).await.expect("lists");
        assert_eq!(items.first().map(|item| item.outcome), Some(ItemOutcome::Deleted), "{provider}: {items:?}");
    }
    row.push(match (told, listed) {
        (2, _) => "2 by webhook".to_owned(),
        (_, 2) => "2 listed among changes".to_owned(),
        _ => "2 by full compare".to_owned(),
    });
    // A delivery.
    let deliveries = house.edit(1020, "Told at once").await;
    let is_told = |run: &&Run| run.trigger == Trigger::Webhook && run.status == RunStatus::Success;
    if known.has_webhooks() {
        assert_eq!(deliveries, json!([200]), "{provider}");
        app.clock.advance(Duration::from_mins(1));
        app.drain().await;
        assert!(app.runs().await.iter().any(|run| is_told(&run)), "{provider}");
        assert!(app.products().await.iter().any(|product| product.name == "Told at once"), "{provider}");
        row.push("read at once".to_owned());
    } else {
        assert_eq!(deliveries, json!([]));
        row.push("none in its file".to_owned());
    }
    // Two pictures, one taken out again. Where a product has room for one only, the merchant makes it.
    if known.limits().images_per_product == 1 {
        for number in [1005, 1006] {
            house.clear_pictures(number).await;
        }
        house.sync(ImportScope::Changes).await;
    }
    let mut pushed = Vec::new();
    for number in [1005, 1006] {
        let asset = app.add_asset(&house.product(number).await, usize::try_from(number).expect("is small")).await;
        app.approve(&asset).await;
        pushed.push(asset);
    }
    app.drain().await;
    let pushes = app.pushes().await;
    assert!(pushes.len() == 2 && pushes.iter().all(|push| push.status == PushStatus::Synced), "{provider}: {pushes:?}");
    assert_eq!(house.stats().await["pictures_brought"], 2, "{provider}");
    row.push("2 seen in the shop".to_owned());
    push::ask_revert(&app.tools, &[pushes[0].id.to_string()]).await.expect("is asked");
    app.drain().await;
    let left = house.stats().await["pictures_brought"].clone();
    row.push(match (left.as_u64(), app.pushes().await.iter().find(|push| push.id == pushes[0].id)) {
        (Some(1), Some(push)) if push.status != PushStatus::Synced => "taken out".to_owned(),
        (Some(2), Some(push)) if push.last_error_code.as_deref() == Some("no_undo") => "not possible there".to_owned(),
        other => panic!("{provider}: {other:?}"),
    });
    // The token ends.
    let ends = app.connection().await.token_expires_at;
    if let Some(ends) = ends {
        app.clock.advance(ends.since(app.clock.now()) + Duration::from_secs(1));
        house.sync(ImportScope::Changes).await;
        assert!(house.stats().await["refreshes"].as_u64() >= Some(1), "{provider}");
        row.push("renewed".to_owned());
    } else {
        row.push("has no end".to_owned());
    }
    house.mischief("throttle", 2).await;
    let run = house.sync(ImportScope::Changes).await;
    assert!(run.api_calls >= 3, "{provider}: {run:?}");
    row.push("waited for".to_owned());
    house.mischief("revoke", 1).await;
    app.clock.advance(Duration::from_mins(10));
    let run = app.sync(ImportScope::Changes).await;
    assert_eq!(run.status, RunStatus::Failed, "{provider}: {run:?}");
    if app.connection().await.key_refused_at.is_some() {
        // A key without an end may be refused by mistake.
        app.clock.advance(Duration::from_hours(24));
        app.drain().await;
    }
    let status = app.connection().await.status;
    assert_eq!(status, ConnectionStatus::NeedsReauth, "{provider}: {run:?}");
    row.push("asks to reconnect".to_owned());
    format!("| {} |", row.join(" | "))
}

/// The journey's row stands in the page.
async fn holds(engine: Engine, provider: &'static str) {
    let row = journey(engine, provider).await;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/platforms.md")).unwrap_or_default();
    assert!(page.lines().any(|line| line == row), "docs/platforms.md lacks this row, which is what came of it:\n{row}");
}

macro_rules! journeys {
    ($($name:ident: $key:literal),+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::holds(crate::support::Engine::Sqlite, $key).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::holds(crate::support::Engine::Postgres, $key).await; })+
        }
    };
}

journeys! {
    adobe_commerce: "adobe-commerce", bigcommerce: "bigcommerce", ecwid: "ecwid", etsy: "etsy", prestashop: "prestashop", pretix: "pretix",
    saleor: "saleor", shopify: "shopify", shopware: "shopware", square: "square", squarespace: "squarespace", vendure: "vendure",
    wix: "wix", wix_v1: "wix-v1", woocommerce: "woocommerce", woocommerce_password: "woocommerce-password"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_lists_its_subscriptions_has_each_once_until_its_shop_is_left() {
    let known = Providers::built_in().expect("the built-in files are fine");
    let keys = ["bigcommerce", "saleor", "shopify", "woocommerce", "woocommerce-password"];
    let listing = known.iter().filter(|provider| provider.lists_webhooks()).map(|provider| provider.key());
    assert_eq!(listing.collect::<Vec<_>>(), keys);
    for key in keys {
        let house = House::new(Engine::Sqlite, key, 3, None).await;
        let topics = known.get(key).expect("is known").webhook_topics().len();
        let has = async |wanted: usize| assert_eq!(house.stats().await["subscriptions"], wanted, "{key}");
        for _ in 0..2 {
            house.connect().await;
            house.app.drain().await;
            has(topics).await;
        }
        house.mischief("switch_webhooks_off", 1).await;
        assert_eq!(house.edit(1001, "Told to nobody").await, json!([]), "{key}");
        house.app.clock.advance(Duration::from_hours(25));
        work::tick(&house.app.tools).await.expect("ticks");
        house.app.drain().await;
        has(topics).await;
        assert!(house.app.products().await.iter().any(|product| product.name == "Told to nobody"), "{key}");
        assert_eq!(house.edit(1002, "Told again").await, json!([200]), "{key}");
        house.app.drain().await;
        connect::disconnect(&house.app.tools, &house.app.connection().await.id).await.expect("is left");
        has(0).await;
    }
}

/// A platform's own client, which goes by the real time, talks to the rehearsal of that platform; gives what it saw.
async fn talk(provider: &'static str) -> Value {
    let house = House::new(Engine::Sqlite, provider, 60, Some(Clock::system())).await;
    let install = std::process::Command::new(servers().join("clients/install")).output().expect("runs");
    assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
    let cache = String::from_utf8(install.stdout).expect("a path").trim().to_owned();
    let mut command = std::process::Command::new("node");
    command.arg(servers().join("clients/talk.mjs")).args([&cache, provider, &house.stage_url]);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/providers"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}\n{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread")]
async fn woocommerces_own_client_reads_and_writes_the_rehearsal() {
    let seen = talk("woocommerce").await;
    let wanted = json!({
        "state": "nonce", "nonce": "nonce", "rights": "read_write", "count": 20, "total": "60", "same": true, "variations": 3,
        "pictures": [1, 2], "alt": "A lamp", "kept": true, "hook": true, "topic": "product.updated", "signed": true, "stranger": 401,
    });
    assert_eq!(seen, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn squares_own_sdk_reads_the_rehearsal_and_brings_a_picture() {
    let seen = talk("square").await;
    let wanted = json!({
        "merchant": "Acme", "count": 20, "more": true, "variations": 1, "price": "bigint", "joined": true, "pictures": [1, 2, 1],
        "caption": "A lamp", "delivery": true, "forged": false, "renewed": true, "merchantId": true, "stranger": 401,
    });
    assert_eq!(seen, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn shopifys_own_library_goes_through_the_rehearsal() {
    let seen = talk("shopify").await;
    let wanted = json!({
        "signed": true, "forged": 403, "scope": "write_products,write_files", "pages": [15, 15], "distinct": true, "title": "string",
        "hook": true, "delivered": true, "topic": "PRODUCTS_UPDATE", "wrong": "invalid_hmac",
    });
    assert_eq!(seen, wanted);
}
