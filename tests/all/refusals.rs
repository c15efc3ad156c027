//! Shops that refuse a key: it is tried again before the merchant is asked, and a good answer heals.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store_sync::{
    cli::visitor::Visitor,
    connect::{self, Sharing},
    db::{self, Db, connection::Schedule},
    manage,
    model::{ConnectionId, ConnectionStatus, FailureKind, ImportScope, Push, PushStatus, RunStatus, Time},
    outside::Clock,
    push,
    sandbox::SandboxOptions,
    web, work,
};
use tokio::net::TcpListener;

use crate::support::{Engine, More, SmallList, SmallPlatform, TestApp, on_both};

/// What a shop states about itself.
const PROBE: &str = "name = \"name\"\nid = \"id\"\nfacts = { currency = \"currency\" }";

const CALL: &str = r#"
message = ["message"]
[[call.verdict]]
when = { status = [403], body = "code", in = ["no_right"] }
class = "rights"
"#;

const LIST: SmallList<'_> = SmallList {
    name: "products",
    query: "since = \"{since}\", cursor = \"{page.token}\"",
    pages: "kind = \"cursor\", size = 100, next = \"next\", total = \"total\"",
};

/// Products with a price, and pictures that are added one by one.
const PICTURES: &str = r#"
since = { overlap = "1m" }
[op.gallery]
path = "/products/{product.erp_id}/images"
[op.add]
path = "/products/{product.erp_id}/images"
body = { kind = "json", value = { name = "{asset.file_name}" } }
[import.map]
erp_id = "id"
title = "title"
price = { path = "price", as = "minor_units" }
currency = { fact = "currency" }
updated_at = "updated_at"
images = { each = "images", may_lack = true, id = "id", url = "url" }
[push]
gallery = "add_one"
list = { op = "gallery", each = "images", id = "id", name = "name", find = "name" }
result = { id = "{kept.image_id}", verify = "listed" }
[[push.step]]
name = "add"
op = "add"
keep = { image_id = "id" }
look = { kind = "gallery", keep = "image_id" }
"#;

/// What a shop answers instead of its API.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instead {
    /// In the platform's words: this key is wrong.
    WrongKey,
    /// In the platform's words: the key may not do this.
    NoRight,
    /// A 403 in words that the platform's file does not know.
    Locked,
    /// A page of somebody in between, with this status.
    Page(u16),
}

/// The shop behind the door.
#[derive(Default)]
struct Shop {
    /// What lists of products are answered with.
    lists: Option<Instead>,
    /// The same for its identity.
    identity: Option<Instead>,
    /// The same for everything about pictures.
    pictures: Option<Instead>,
    /// The products that this is about; none: all.
    locked: Vec<&'static str>,
    /// How many more products it has than one.
    others: u32,
    currency: Option<&'static str>,
    id: &'static str,
    added: Vec<Value>,
    asked: Vec<String>,
}

impl Shop {
    fn answer(&mut self, method: &Method, uri: &Uri) -> Response {
        self.asked.push(format!("{method} {uri}"));
        let path = uri.path();
        let instead = match path {
            "/shop" => self.identity,
            "/products" => self.lists,
            path => self.pictures.filter(|_| {
                self.locked.is_empty() || self.locked.iter().any(|id| path.starts_with(&format!("/products/{id}/")))
            }),
        };
        if let Some(instead) = instead {
            return instead.into_response();
        }
        let body = match (method, path) {
            (_, "/shop") => json!({ "id": self.id, "name": "Keyed Shop", "currency": self.currency }),
            (_, "/products") => {
                let product = |id: u32| json!({ "id": id.to_string(), "title": "Lamp", "price": 1999, "updated_at": "2026-02-01T00:00:00Z" });
                let is_whole = !uri.query().is_some_and(|query| query.contains("since=2"));
                let all: Vec<Value> = (1..=1 + self.others).filter(|_| is_whole).map(product).collect();
                json!({ "total": all.len(), "products": all })
            }
            (&Method::POST, _) => {
                let id = format!("i{}", self.added.len());
                self.added.push(json!({ "id": id, "name": "" }));
                json!({ "id": id })
            }
            _ => json!({ "images": self.added }),
        };
        axum::Json(body).into_response()
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        let said = |status, code: &str, message: &str| {
            (status, axum::Json(json!({ "code": code, "message": message }))).into_response()
        };
        match self {
            Self::WrongKey => said(StatusCode::UNAUTHORIZED, "wrong_key", "This key is switched off."),
            Self::NoRight => said(StatusCode::FORBIDDEN, "no_right", "The key may not write."),
            Self::Locked => said(StatusCode::FORBIDDEN, "locked", "This product is locked."),
            Self::Page(status) => {
                let status = StatusCode::from_u16(status).expect("a status");
                let page = "<!doctype html><title>Staging</title><h1>Who are you?</h1>";
                (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
            }
        }
    }
}

struct House {
    app: TestApp,
    shop: Arc<Mutex<Shop>>,
    url: String,
    id: ConnectionId,
}

impl House {
    /// A connected and imported shop.
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let (probe, call, list, rest) = (PROBE, CALL, Some(LIST), PICTURES);
        SmallPlatform { key: "keyed", probe, call, list, rest, ..SmallPlatform::default() }.write_to(folder.path());
        let config = format!("[providers]\ndir = \"{}\"\n", folder.path().display());
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        let shop = Arc::new(Mutex::new(Shop { currency: Some("USD"), id: "7", ..Shop::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = shop.clone();
        let answer = move |method: Method, uri: Uri| async move { lock(&served).answer(&method, &uri) };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let fields = BTreeMap::from([("shop".to_owned(), url.clone()), ("token".to_owned(), "t".to_owned())]);
        let connected = connect::connect_with_key(&app.tools, "acme", "keyed", &fields, Sharing::Refused)
            .await
            .expect("is connected");
        app.drain().await;
        Self { app, shop, url, id: connected.connection }
    }

    fn shop(&self) -> MutexGuard<'_, Shop> {
        lock(&self.shop)
    }

    /// What the shop was asked since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shop().asked)
    }

    /// How often the shop was asked for products since the last look.
    fn lists(&self) -> usize {
        self.asked().iter().filter(|call| call.contains("/products")).count()
    }

    /// Time passes, ticks, and due jobs run.
    async fn after(&self, time: Duration) {
        self.app.clock.advance(time);
        work::tick(&self.app.tools).await.expect("ticks");
        self.app.drain().await;
    }

    /// Approves a picture of a product; returns what became of its push.
    async fn push(&self, product: &str, drawing: usize) -> Push {
        let asset = self.app.add_asset(&self.app.product(product).await, drawing).await;
        self.app.approve(&asset).await;
        self.app.drain().await;
        let all = self.app.pushes().await;
        all.into_iter().find(|push| push.generated_asset_id == asset.id).expect("a push")
    }

    async fn schedule_hourly(&self) {
        let now = self.app.clock.now();
        let schedule = Schedule { enabled: true, interval_seconds: 3600, cron: None, timezone: "UTC", next: Some(now) };
        let mut tx = self.app.tools.db.begin().await.expect("begins");
        db::connection::update_schedule(&mut tx, &self.id, &schedule, now).await.expect("is scheduled");
        tx.commit().await.expect("commits");
    }
}

fn lock(shop: &Mutex<Shop>) -> MutexGuard<'_, Shop> {
    shop.lock().expect("is not poisoned")
}

on_both!(
    a_refused_key_is_tried_again_before_the_merchant_is_asked,
    a_key_that_is_accepted_again_heals_by_itself,
    a_check_heals_a_shop_that_had_to_be_connected_again,
    a_key_that_nobody_uses_is_tried_all_the_same,
    a_page_in_front_of_a_shop_says_nothing_about_its_key,
    a_right_that_pushes_lack_stops_pushes_and_no_imports,
    a_push_that_is_forbidden_for_no_known_reason_fails_alone,
    pushes_to_many_products_that_are_forbidden_in_a_row_stop_the_others,
    a_right_that_imports_lack_stops_no_pushes,
    a_currency_that_a_shop_changes_is_read_with_the_next_whole_pass,
    a_check_keeps_what_it_read_and_has_everything_read_again,
    another_shop_at_the_same_address_is_not_imported,
    a_shop_of_another_client_is_connected_only_if_the_operator_says_so,
    a_link_to_a_shop_of_another_client_has_to_say_so,
    of_two_clients_that_connect_one_shop_in_the_same_moment_one_is_refused
);

async fn a_refused_key_is_tried_again_before_the_merchant_is_asked(engine: Engine) {
    let house = House::new(engine).await;
    house.schedule_hourly().await;
    house.asked();
    house.shop().lists = Some(Instead::WrongKey);
    let start = house.app.clock.now();
    house.after(Duration::ZERO).await;
    let at = |mins: u64| start.plus(Duration::from_mins(mins));
    let waits = async |next: Time| {
        let found = house.app.connection().await;
        assert_eq!((found.status, found.state()), (ConnectionStatus::Active, "active, key refused"));
        assert_eq!((found.key_refused_at, found.key_retry_at), (Some(start), Some(next)));
        let said = found.last_error.expect("words");
        let words = [
            format!("refused the key at {start}; next try at {next}; the merchant is asked after {}", at(24 * 60)),
            "This key is switched off.".to_owned(),
        ];
        assert!(words.iter().all(|words| said.contains(words)), "{said}");
    };
    waits(at(5)).await;
    assert_eq!(house.lists(), 1);
    // Nothing is asked before its time, whatever falls due; then once.
    house.after(Duration::from_mins(4)).await;
    assert_eq!(house.asked(), Vec::<String>::new());
    house.after(Duration::from_mins(1)).await;
    waits(at(60)).await;
    house.after(Duration::from_mins(54)).await;
    assert_eq!(house.lists(), 1);
    house.after(Duration::from_mins(1)).await;
    waits(at(360)).await;
    for hour in 2..6 {
        house.after(Duration::from_hours(1)).await;
        assert_eq!(house.lists(), usize::from(hour == 2), "{hour}");
    }
    house.after(Duration::from_hours(1)).await;
    waits(at(24 * 60)).await;
    house.after(Duration::from_hours(18)).await;
    let ended = house.app.connection().await;
    assert_eq!((ended.status, ended.last_error_code.as_deref()), (ConnectionStatus::NeedsReauth, Some("key_refused")));
    let said = ended.last_error.expect("words");
    assert!(said.contains("This key is switched off.") && said.contains(&format!("since {start}")), "{said}");
    assert_eq!((ended.key_refused_at, ended.key_retry_at), (None, None));
    assert_eq!(house.lists(), 2, "at 6 and at 24 hours");
    house.after(Duration::from_hours(24)).await;
    assert_eq!(house.asked(), Vec::<String>::new(), "it is the merchant's turn");
}

async fn a_key_that_is_accepted_again_heals_by_itself(engine: Engine) {
    let house = House::new(engine).await;
    let product = house.app.product("1").await;
    house.shop().lists = Some(Instead::WrongKey);
    house.shop().pictures = Some(Instead::WrongKey);
    let asset = house.app.add_asset(&product, 0).await;
    house.app.sync(ImportScope::Full).await;
    house.asked();
    house.app.approve(&asset).await;
    house.app.drain().await;
    assert_eq!(house.asked(), Vec::<String>::new(), "a push waits as well");
    let waiting = house.app.pushes().await.remove(0);
    let retry_at = house.app.connection().await.key_retry_at;
    assert!(waiting.status == PushStatus::Queued && waiting.next_attempt_at == retry_at, "{waiting:?}");
    // Whoever asks by hand asks the shop, and learns what it says now.
    house.app.clock.advance(Duration::from_mins(1));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code.as_deref(), house.lists()), (RunStatus::Failed, Some("key_refused"), 1));
    assert_eq!(house.app.connection().await.key_retry_at, retry_at, "that is no try of ours");
    house.shop().lists = None;
    house.shop().pictures = None;
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(run.status, RunStatus::Success, "{run:?}");
    let found = house.app.connection().await;
    assert_eq!((found.state(), found.last_error, found.key_retry_at), ("active", None, None));
    assert_eq!(house.app.pushes().await[0].status, PushStatus::Synced, "what waited went on at once");
}

async fn a_check_heals_a_shop_that_had_to_be_connected_again(engine: Engine) {
    let house = House::new(engine).await;
    house.shop().lists = Some(Instead::WrongKey);
    house.shop().identity = Some(Instead::WrongKey);
    house.app.sync(ImportScope::Changes).await;
    house.after(Duration::from_hours(25)).await;
    let ended = house.app.connection().await;
    assert_eq!(ended.status, ConnectionStatus::NeedsReauth);
    house.asked();
    let failure = connect::check(&house.app.tools, &house.id).await.err().expect("is refused");
    assert_eq!(
        (failure.kind.clone(), house.asked().len()),
        (FailureKind::KeyRefused, 1),
        "the shop is asked: {failure}"
    );
    let still = house.app.connection().await;
    assert_eq!(
        (still.status, still.last_error),
        (ConnectionStatus::NeedsReauth, ended.last_error),
        "the first reason stays"
    );
    house.shop().lists = None;
    house.shop().identity = None;
    let checked = connect::check(&house.app.tools, &house.id).await.expect("is good");
    assert_eq!((checked.connection.status, checked.connection.last_error), (ConnectionStatus::Active, None));
    house.app.drain().await;
    assert_eq!(house.app.sync(ImportScope::Changes).await.status, RunStatus::Success);
}

async fn a_key_that_nobody_uses_is_tried_all_the_same(engine: Engine) {
    let house = House::new(engine).await;
    house.shop().identity = Some(Instead::WrongKey);
    house.asked();
    let failure = connect::check(&house.app.tools, &house.id).await.err().expect("is refused");
    assert!(failure.message.contains("This key is switched off."), "{failure}");
    assert_eq!(house.app.connection().await.state(), "active, key refused");
    house.after(Duration::from_mins(5)).await;
    assert_eq!(house.asked().len(), 2);
    // One job waits for the next try, however often it is looked.
    house.after(Duration::from_mins(20)).await;
    house.shop().identity = None;
    house.after(Duration::from_mins(35)).await;
    assert_eq!((house.asked().len(), house.app.connection().await.state()), (1, "active"));
}

async fn a_page_in_front_of_a_shop_says_nothing_about_its_key(engine: Engine) {
    let house = House::new(engine).await;
    for status in [401, 403] {
        house.shop().lists = Some(Instead::Page(status));
        let run = house.app.sync(ImportScope::Full).await;
        let words = run.error_message.unwrap_or_default();
        assert!(run.status == RunStatus::Failed && words.contains("stands in front of the shop"), "{status}: {words}");
        assert!(words.contains("Staging"), "{words}");
        assert_eq!(house.app.connection().await.state(), "active");
    }
    house.shop().lists = None;
    house.after(Duration::from_hours(1)).await;
    assert_eq!(house.app.connection().await.last_error, None);
    assert!(house.url.starts_with("http://127.0.0.1"));
}

async fn a_right_that_pushes_lack_stops_pushes_and_no_imports(engine: Engine) {
    let house = House::new(engine).await;
    let product = house.app.product("1").await;
    house.shop().pictures = Some(Instead::NoRight);
    let (first, second) = (house.app.add_asset(&product, 0).await, house.app.add_asset(&product, 1).await);
    house.app.approve(&first).await;
    house.app.drain().await;
    let found = house.app.connection().await;
    assert_eq!((found.state(), found.status), ("active, pushes stopped", ConnectionStatus::Active));
    let why = found.reason().expect("words").to_owned();
    assert!(why.contains("The key may not write.") && why.contains("connections resume"), "{why}");
    house.asked();
    house.app.approve(&second).await;
    house.app.drain().await;
    assert_eq!(house.asked(), Vec::<String>::new(), "what would lack the same is not tried");
    let pushes = house.app.pushes().await;
    assert!(pushes.len() == 2 && pushes.iter().all(|push| push.status == PushStatus::Queued), "{pushes:?}");
    assert_eq!(house.app.sync(ImportScope::Full).await.status, RunStatus::Success);
    assert_eq!(house.app.connection().await.state(), "active, pushes stopped", "an import says nothing about it");
    // The merchant gives the right; a push by hand shows it, and the others follow.
    house.shop().pictures = None;
    push::enqueue(&house.app.tools, first.id.as_str()).await.expect("is asked for");
    house.app.drain().await;
    assert_eq!(house.app.connection().await.state(), "active");
    assert!(house.app.pushes().await.iter().all(|push| push.status == PushStatus::Synced));
    // Or the operator says so.
    house.shop().pictures = Some(Instead::NoRight);
    let third = house.app.add_asset(&product, 2).await;
    house.app.approve(&third).await;
    house.app.drain().await;
    house.shop().pictures = None;
    let (resumed, woken) = manage::resume_connection(&house.app.tools, &house.id).await.expect("is resumed");
    assert_eq!((resumed.state(), woken), ("active", 1));
    house.app.drain().await;
    assert!(house.app.pushes().await.iter().all(|push| push.status == PushStatus::Synced));
}

async fn a_push_that_is_forbidden_for_no_known_reason_fails_alone(engine: Engine) {
    let house = House::new(engine).await;
    house.shop().others = 1;
    house.app.sync(ImportScope::Full).await;
    house.shop().locked = vec!["1"];
    house.shop().pictures = Some(Instead::Locked);
    let locked = house.push("1", 0).await;
    assert_eq!((locked.status, locked.last_error_code.as_deref()), (PushStatus::Failed, Some("rights")));
    let words = locked.last_error.expect("words");
    assert!(words.contains("403") && words.contains("This product is locked."), "{words}");
    assert_eq!(house.app.connection().await.state(), "active");
    assert_eq!(house.push("2", 1).await.status, PushStatus::Synced, "the others go on");
    // Once it is unlocked, a retry by hand suffices.
    house.shop().pictures = None;
    push::retry(&house.app.tools, &[]).await.expect("is asked for");
    push::enqueue_now(&house.app.tools, &house.app.pushes().await).await.expect("is enqueued");
    house.app.drain().await;
    assert!(house.app.pushes().await.iter().all(|push| push.status == PushStatus::Synced));
}

async fn pushes_to_many_products_that_are_forbidden_in_a_row_stop_the_others(engine: Engine) {
    let house = House::new(engine).await;
    house.shop().others = 7;
    house.app.sync(ImportScope::Full).await;
    house.shop().pictures = Some(Instead::Locked);
    // Two pictures of one product are one product; one that comes through begins the count anew.
    for (product, drawing) in [("1", 0), ("1", 1), ("2", 2), ("3", 3), ("4", 4)] {
        assert_eq!(house.push(product, drawing).await.status, PushStatus::Failed);
    }
    house.app.clock.advance(Duration::from_mins(1));
    house.shop().locked = vec!["1", "2", "3", "4", "6", "7", "8"];
    assert_eq!(house.push("5", 5).await.status, PushStatus::Synced);
    house.app.clock.advance(Duration::from_mins(1));
    for (product, drawing) in [("6", 6), ("7", 7), ("8", 8), ("1", 9)] {
        assert_eq!(house.push(product, drawing).await.status, PushStatus::Failed);
        assert_eq!(house.app.connection().await.state(), "active");
    }
    assert_eq!(house.push("2", 10).await.status, PushStatus::Failed);
    let found = house.app.connection().await;
    let why = found.reason().expect("words").to_owned();
    assert_eq!(found.state(), "active, pushes stopped");
    assert!(
        ["5 products", "This product is locked.", "connections resume"].iter().all(|text| why.contains(text)),
        "{why}"
    );
    house.asked();
    assert_eq!(house.push("5", 12).await.status, PushStatus::Queued);
    assert_eq!(house.asked(), Vec::<String>::new(), "the others wait");
    house.shop().pictures = None;
    let (resumed, woken) = manage::resume_connection(&house.app.tools, &house.id).await.expect("is resumed");
    assert_eq!((resumed.state(), woken), ("active", 1));
    house.app.drain().await;
    let failed = house.app.pushes().await.iter().filter(|push| push.status == PushStatus::Failed).count();
    assert_eq!(failed, 10, "those that failed wait for a retry by hand");
}

async fn a_right_that_imports_lack_stops_no_pushes(engine: Engine) {
    let house = House::new(engine).await;
    let product = house.app.product("1").await;
    house.shop().lists = Some(Instead::NoRight);
    let run = house.app.sync(ImportScope::Full).await;
    assert!(run.error_message.as_deref().unwrap_or_default().contains("The key may not write."), "{run:?}");
    assert_eq!((run.status, house.app.connection().await.state()), (RunStatus::Failed, "active"));
    let asset = house.app.add_asset(&product, 0).await;
    house.app.approve(&asset).await;
    house.app.drain().await;
    assert_eq!(house.app.pushes().await[0].status, PushStatus::Synced);
}

/// The price of the only product, as it is kept.
async fn price(house: &House) -> String {
    let product = house.app.product("1").await;
    format!("{} {}", product.price.expect("a price"), product.currency.expect("a currency"))
}

async fn a_currency_that_a_shop_changes_is_read_with_the_next_whole_pass(engine: Engine) {
    let house = House::new(engine).await;
    assert_eq!(price(&house).await, "19.99 USD");
    house.asked();
    house.shop().currency = Some("JPY");
    let run = house.app.sync(ImportScope::Full).await;
    let words = run.error_message.as_deref().unwrap_or_default();
    assert_eq!((run.status, run.error_code.as_deref(), run.api_calls), (RunStatus::Success, Some("facts_changed"), 2));
    assert!(words.contains("currency is JPY and was USD"), "{words}");
    assert_eq!(price(&house).await, "1999.00 JPY");
    // What the shop does not state any more stays as it was.
    house.shop().currency = None;
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code, price(&house).await.as_str()), (RunStatus::Success, None, "1999.00 JPY"));
    // Without an answer nothing is read with facts of yesterday.
    house.shop().identity = Some(Instead::NoRight);
    house.asked();
    assert_eq!(house.app.sync(ImportScope::Full).await.status, RunStatus::Failed);
    assert_eq!(house.asked(), ["GET /shop"]);
}

async fn a_check_keeps_what_it_read_and_has_everything_read_again(engine: Engine) {
    let house = House::new(engine).await;
    let checked = connect::check(&house.app.tools, &house.id).await.expect("is good");
    assert_eq!((checked.changed, house.app.drain().await), (None, 0));
    house.shop().currency = Some("EUR");
    let checked = connect::check(&house.app.tools, &house.id).await.expect("is good");
    assert_eq!(checked.changed.as_deref(), Some("the shop has changed: currency is EUR and was USD"));
    assert_eq!(checked.connection.facts.0["currency"], "EUR");
    assert_eq!((house.app.drain().await, price(&house).await.as_str()), (1, "19.99 EUR"));
}

async fn another_shop_at_the_same_address_is_not_imported(engine: Engine) {
    let house = House::new(engine).await;
    house.shop().id = "8";
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Failed, Some("other_shop")));
    assert_eq!(house.app.product("1").await.erp_deleted_at, None);
}

async fn add_other(app: &TestApp) {
    let mut tx = app.tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &"other".into(), "Other", None, app.clock.now()).await.expect("a client");
    tx.commit().await.expect("commits");
}

async fn a_shop_of_another_client_is_connected_only_if_the_operator_says_so(engine: Engine) {
    let house = House::new(engine).await;
    add_other(&house.app).await;
    let fields = BTreeMap::from([("shop".to_owned(), house.url.clone()), ("token".to_owned(), "t".to_owned())]);
    let connect =
        async |client, sharing| connect::connect_with_key(&house.app.tools, client, "keyed", &fields, sharing).await;
    house.asked();
    let failure = connect("other", Sharing::Refused).await.expect_err("is another client's");
    assert_eq!((failure.kind.clone(), house.asked()), (FailureKind::ShopTaken, Vec::new()));
    for words in ["client 'acme' has connected", house.id.as_str(), "--shared"] {
        assert!(failure.message.contains(words), "{failure}");
    }
    // The same client connects it again as ever, and another one where that is said; then that one, too.
    assert_eq!(connect("acme", Sharing::Refused).await.expect("is connected again").connection, house.id);
    let other = connect("other", Sharing::Allowed).await.expect("is connected").connection;
    assert_ne!(other, house.id);
    assert_eq!(connect("other", Sharing::Refused).await.expect("is connected again").connection, other);
    // Once its client has left it, it is free.
    for id in [&house.id, &other] {
        connect::disconnect(&house.app.tools, id).await.expect("leaves");
    }
    connect("other", Sharing::Refused).await.expect("is connected again");
    connect("acme", Sharing::Refused).await.expect_err("is the other's now");
    house.app.drain().await;
}

async fn a_link_to_a_shop_of_another_client_has_to_say_so(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    add_other(&app).await;
    let link = |sharing| web::connect_link(&app.tools, "sandbox", "other", &app.fields(), sharing);
    let open = async |link: String| Visitor::new(app.http.clone()).peek(&link).await.expect("an answer");
    let refused = open(link(Sharing::Refused)).await;
    let page = refused.text();
    assert!(refused.response.status == 409 && page.contains("ask the operator"), "{page}");
    assert!(!page.to_lowercase().contains("acme"), "the merchant does not learn whose it is: {page}");
    // Nobody but the operator makes one of the other.
    let widened = open(format!("{}&shared=1", link(Sharing::Refused))).await;
    assert_eq!(widened.response.status, 403, "{}", widened.text());
    let narrowed = open(link(Sharing::Allowed).replace("&shared=1", "")).await;
    assert_eq!(narrowed.response.status, 403, "{}", narrowed.text());
    let mut visitor = Visitor::new(app.http.clone());
    let page = visitor.open(&link(Sharing::Allowed)).await.expect("the consent page");
    let back = visitor.decide(&page, "allow").await.expect("a way back");
    let done = visitor.open(back.as_str()).await.expect("the callback answers");
    assert_eq!(done.response.status, 200, "{}", done.text());
    app.drain().await;
    let mut tx = app.tools.db.read().await.expect("reads");
    let all = db::connection::list_by_shop(&mut tx, "sandbox", &app.shop_url).await.expect("lists");
    assert_eq!(all.len(), 2);
}

/// How many statements of a database wait for a lock.
async fn waiting(pool: &sqlx::PgPool) -> i64 {
    let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted \
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("locks are listed")
}

async fn of_two_clients_that_connect_one_shop_in_the_same_moment_one_is_refused(engine: Engine) {
    let house = House::new(engine).await;
    connect::disconnect(&house.app.tools, &house.id).await.expect("leaves");
    add_other(&house.app).await;
    let fields = BTreeMap::from([("shop".to_owned(), house.url.clone()), ("token".to_owned(), "t".to_owned())]);
    let connect = |client: &'static str| {
        let (tools, fields) = (house.app.tools.clone(), fields.clone());
        tokio::spawn(async move { connect::connect_with_key(&tools, client, "keyed", &fields, Sharing::Refused).await })
    };
    // An embedded database has one writer. On a server both have looked for another client's connection, and found none, before
    // either may write its own.
    let both = match &house.app.tools.db {
        Db::Sqlite { .. } => [connect("acme"), connect("other")],
        Db::Postgres { pool, .. } => {
            let mut held = pool.begin().await.expect("begins");
            sqlx::query("LOCK TABLE store_connection IN SHARE MODE").execute(&mut *held).await.expect("is locked");
            let both = [connect("acme"), connect("other")];
            let both_wait = async {
                while waiting(pool).await < 2 {
                    Clock::system().sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(30), both_wait).await.expect("both come as far as writing");
            held.rollback().await.expect("is released");
            both
        }
    };
    let mut ended = Vec::new();
    for task in both {
        ended.push(task.await.expect("ends").map_err(|failure| failure.kind));
    }
    let refused: Vec<_> = ended.iter().filter_map(|end| end.as_ref().err()).collect();
    assert_eq!(refused, [&FailureKind::ShopTaken], "{ended:?}");
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let all = db::connection::list_by_shop(&mut tx, "keyed", &house.url).await.expect("lists");
    assert_eq!(all.len(), 1, "{all:?}");
    drop(tx);
    house.app.drain().await;
}
