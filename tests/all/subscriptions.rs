//! Subscriptions to a shop's webhooks, and the deletions that it tells of: made once, kept, mended, taken back; and a product is gone when
//! the shop says so, not when a delivery does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{Method, StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use serde_json::{Value, json};
use sha2::Sha256;
use store_sync::{
    connect::{self, Sharing},
    db,
    model::{ConnectionStatus, ImportScope, ItemOutcome, JobStatus, Run, RunAction, RunStatus, Time, Trigger},
    outside::{Body, Request},
    sandbox::SandboxOptions,
    work,
};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{Engine, More, TestApp, on_both};

const PROVIDER: &str = r#"
schema = 1

[provider]
key = "hooked"
name = "Hooked shop"
docs = "tests/all/subscriptions.rs"

[provider.limits]
image_bytes = 1000
image_types = ["image/png"]
images_per_product = 1
alt_chars = 0

[connect]
kind = "pasted_key"
store_url = "{shop}"
probe = { op = "shop", name = "name" }

[[connect.field]]
name = "shop"
ask = "The shop's address"
example = "https://shop.hooked.example"
pattern = '^https?://[a-z0-9.:-]+$'

[[connect.field]]
name = "token"
ask = "The shop's key"
pattern = '^[a-z0-9-]+$'
secret = true

[call]
base = "{shop}/api"
headers = { x-token = "{grant.token}" }

[op.shop]
path = "/shop"

[op.products]
path = "/products"

[op.hook]
path = "/hooks"
body = { kind = "json", value = { topic = "{hook.topic}", url = "{hook.url}", secret = "{hook.secret}" } }

[op.product]
path = "/products/{product.erp_id}"

[op.hooks]
path = "/hooks"
query = { page = "{page.number}" }

[op.unhook]
method = "DELETE"
path = "/hooks/{hook.id}"

[import]
op = "products"
one = { op = "product" }
page = { kind = "single", size = 100, items = "products" }
map = { erp_id = "id", title = "title" }

[webhook]
verify = { kind = "hmac_body", header = "x-signature", key = "subscription" }
topic = { header = "x-topic" }

[webhook.subscribe]
op = "hook"
topics = ["product.updated", "product.deleted"]
id = "id"
delete_op = "unhook"

[webhook.subscribe.list]
op = "hooks"
page = { kind = "number", size = 2, items = "hooks", total = "total" }
id = "id"
topic = "topic"
url = "url"
active = { path = "active", in = ["true"] }

[webhook.on]
"product.updated" = { do = "read" }
"product.deleted" = { do = "gone", id = "id" }
"#;

/// The parts of the file that a platform may lack.
const ONE: [&str; 2] = ["one = { op = \"product\" }\n", "[op.product]\npath = \"/products/{product.erp_id}\"\n"];
const LIST: [&str; 2] = [
    "[webhook.subscribe.list]\nop = \"hooks\"\npage = { kind = \"number\", size = 2, items = \"hooks\", total = \"total\" }\nid = \"id\"\ntopic = \"topic\"\nurl = \"url\"\nactive = { path = \"active\", in = [\"true\"] }\n",
    "[op.hooks]\npath = \"/hooks\"\nquery = { page = \"{page.number}\" }\n",
];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hook {
    id: u64,
    topic: String,
    url: String,
    secret: String,
    active: bool,
}

/// What a shop has, and what it was asked.
#[derive(Default)]
struct State {
    products: BTreeMap<u64, String>,
    hooks: Vec<Hook>,
    made: u64,
    asked: Vec<String>,
    /// Every call is answered with this status and a page for people.
    closed: Option<u16>,
    /// Subscriptions are not deleted.
    keeps_hooks: bool,
}

impl State {
    fn answer(&mut self, method: &Method, uri: &Uri, body: &Bytes) -> Response {
        self.asked.push(format!("{method} {}", uri.path()));
        if let Some(status) = self.closed {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, Html("<h1>Nothing here</h1>")).into_response();
        }
        let json = |value: Value| axum::Json(value).into_response();
        let missing = || (StatusCode::NOT_FOUND, axum::Json(json!({ "message": "not found" }))).into_response();
        let product = |(id, title): (&u64, &String)| json!({ "id": id, "title": title });
        let id = uri.path().rsplit('/').next().and_then(|last| last.parse::<u64>().ok());
        match (method.as_str(), uri.path(), id) {
            ("GET", "/api/shop", _) => json(json!({ "name": "Hooked" })),
            ("GET", "/api/products", _) => {
                json(json!({ "products": self.products.iter().map(product).collect::<Vec<_>>() }))
            }
            ("GET", "/api/hooks", _) => {
                let page = uri.query().and_then(|query| query.strip_prefix("page=")?.parse::<usize>().ok());
                let page = self.hooks.chunks(2).nth(page.expect("a page") - 1).unwrap_or_default();
                let shown =
                    |hook: &Hook| json!({ "id": hook.id, "topic": hook.topic, "url": hook.url, "active": hook.active });
                json(json!({ "hooks": page.iter().map(shown).collect::<Vec<_>>(), "total": self.hooks.len() }))
            }
            ("POST", "/api/hooks", _) => {
                let sent: Value = serde_json::from_slice(body).expect("json");
                let text = |name: &str| sent[name].as_str().expect("a text").to_owned();
                self.add_hook(&text("topic"), &text("url"), &text("secret"));
                json(json!({ "id": self.made }))
            }
            ("DELETE", _, Some(_)) if self.keeps_hooks => StatusCode::FORBIDDEN.into_response(),
            ("DELETE", _, Some(id)) if self.hooks.iter().any(|hook| hook.id == id) => {
                self.hooks.retain(|hook| hook.id != id);
                json(json!({}))
            }
            ("GET", _, Some(id)) => self.products.get_key_value(&id).map_or_else(missing, |found| json(product(found))),
            _ => missing(),
        }
    }

    fn add_hook(&mut self, topic: &str, url: &str, secret: &str) {
        self.made += 1;
        let (topic, url, secret) = (topic.to_owned(), url.to_owned(), secret.to_owned());
        self.hooks.push(Hook { id: self.made, topic, url, secret, active: true });
    }
}

struct House {
    app: TestApp,
    state: Arc<Mutex<State>>,
    url: String,
    _providers: tempfile::TempDir,
}

impl House {
    /// A shop that was connected and read. Its file lacks what `without` names.
    async fn new(engine: Engine, without: &[[&str; 2]]) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = state.clone();
        let router = Router::new().fallback(move |method: Method, uri: Uri, body: Bytes| async move {
            shared.lock().expect("is whole").answer(&method, &uri, &body)
        });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let providers = tempfile::tempdir().expect("a temp folder");
        let folder = providers.path().join("hooked");
        std::fs::create_dir(&folder).expect("is made");
        let mut file = PROVIDER.to_owned();
        for part in without.iter().flatten() {
            assert!(file.contains(part), "{part}");
            file = file.replace(part, "");
        }
        std::fs::write(folder.join("provider.toml"), file).expect("is written");
        let config = format!("[providers]\ndir = \"{}\"\n", providers.path().display());
        let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
        let app = TestApp::with_more(engine, options, More { config: &config, ..More::default() }).await;
        let house = Self { app, state, url, _providers: providers };
        house.state().products.extend([(1, "A lamp".to_owned()), (2, "A chair".to_owned())]);
        house.connect().await;
        house
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("is whole")
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    fn hooks(&self) -> Vec<Hook> {
        self.state().hooks.clone()
    }

    async fn connect(&self) {
        let fields = [("shop", self.url.as_str()), ("token", "key-1")];
        let fields: BTreeMap<String, String> =
            fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        // Runs are told apart by their times.
        self.app.clock.advance(Duration::from_millis(5));
        connect::connect_with_key(&self.app.tools, "acme", "hooked", &fields, Sharing::Refused)
            .await
            .expect("is connected");
        self.app.drain().await;
        self.asked();
    }

    /// As the shop does: to every subscription of the topic that is switched on, if it is this daemon's.
    async fn deliver(&self, topic: &'static str, body: &str) -> Vec<u16> {
        let mut statuses = Vec::new();
        self.app.clock.advance(Duration::from_millis(5));
        let here = |hook: &Hook| hook.topic == topic && hook.active && hook.url.starts_with(&self.app.url);
        for hook in self.hooks().into_iter().filter(here) {
            statuses.push(self.send(&hook, topic, body).await);
        }
        statuses
    }

    /// A delivery of a subscription, which the shop may have no longer.
    async fn send(&self, hook: &Hook, topic: &'static str, body: &str) -> u16 {
        let mut request = Request::new(Method::POST, Url::parse(&hook.url).expect("an address"));
        let mut mac = Hmac::<Sha256>::new_from_slice(hook.secret.as_bytes()).expect("a key");
        mac.update(body.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        request.headers.insert("x-signature", HeaderValue::from_str(&signature).expect("a header"));
        request.headers.insert("x-topic", HeaderValue::from_static(topic));
        request.body = Body::Bytes(body.to_owned().into());
        self.app.http.send_once(&request).await.expect("an answer").status
    }

    /// How many secrets would verify deliveries at a time.
    async fn secrets(&self, at: Time) -> usize {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::webhook::list_secrets(&mut tx, &self.app.connection().await.id, at).await.expect("lists").len()
    }

    async fn is_gone(&self, erp_id: &str) -> bool {
        self.app.product(erp_id).await.erp_deleted_at.is_some()
    }

    /// The last run about webhooks.
    async fn last_run(&self) -> Run {
        self.app.runs().await.into_iter().find(|run| run.action == RunAction::Webhook).expect("a run")
    }

    async fn last_words(&self) -> String {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let run = self.last_run().await;
        let items = db::run::list_items_of(&mut tx, run.product_id.expect("a product").as_str(), 1).await;
        items.expect("lists").remove(0).message.unwrap_or_default()
    }

    async fn a_day_later(&self) {
        self.app.clock.advance(Duration::from_hours(25));
        work::tick(&self.app.tools).await.expect("ticks");
    }
}

on_both!(
    every_deletion_counts_however_often_its_delivery_is_the_same,
    a_product_that_the_shop_has_is_imported_whatever_a_delivery_says,
    a_shop_that_does_not_answer_loses_no_product,
    without_a_call_for_one_product_a_complete_pass_decides_and_a_run_says_so,
    of_many_deletions_a_complete_pass_decides,
    a_reconnect_keeps_the_subscriptions_that_it_finds,
    a_reconnect_replaces_the_subscriptions_of_a_shop_that_lists_none,
    what_was_signed_before_a_reconnect_is_accepted_for_a_day,
    once_a_day_what_is_switched_off_missing_or_doubled_is_put_right,
    a_disconnect_deletes_the_subscriptions_at_the_shop_first,
    a_disconnect_does_not_wait_for_a_shop_that_keeps_them
);

async fn every_deletion_counts_however_often_its_delivery_is_the_same(engine: Engine) {
    let house = House::new(engine, &[]).await;
    let body = r#"{"id":1}"#;
    // The same bytes were another event a moment ago.
    assert_eq!(house.deliver("product.updated", body).await, [200]);
    house.app.drain().await;
    house.asked();
    for round in 0..2 {
        house.state().products.remove(&1);
        assert_eq!(house.deliver("product.deleted", body).await, [200]);
        assert!(!house.is_gone("1").await, "nothing is gone by a delivery alone");
        assert_eq!(house.app.drain().await, 1);
        assert!(house.is_gone("1").await, "round {round}");
        assert_eq!(
            house.asked(),
            ["GET /api/products/1", "GET /api/shop"],
            "it is asked for, and whether the shop is there"
        );
        let run = house.last_run().await;
        assert_eq!(
            (run.status, run.trigger, run.items_deleted, run.api_calls),
            (RunStatus::Success, Trigger::Webhook, 1, 2)
        );
        house.state().products.insert(1, "A lamp".to_owned());
        assert_eq!(house.deliver("product.updated", body).await, [200]);
        house.app.drain().await;
        assert!(!house.is_gone("1").await, "it was restored");
        house.asked();
    }
    // What is gone already, or was never here, is not asked for.
    for unknown in [r#"{"id":7}"#, r#"{"id":7}"#] {
        assert_eq!(house.deliver("product.deleted", unknown).await, [200]);
        assert_eq!(house.app.drain().await, 1);
    }
    assert!(house.asked().is_empty());
}

async fn a_product_that_the_shop_has_is_imported_whatever_a_delivery_says(engine: Engine) {
    let house = House::new(engine, &[]).await;
    house.deliver("product.deleted", r#"{"id":1}"#).await;
    house.app.drain().await;
    assert!(!house.is_gone("1").await);
    let run = house.last_run().await;
    assert_eq!((run.status, run.items_unchanged, run.items_deleted), (RunStatus::Success, 1, 0));
    assert!(house.last_words().await.contains("the shop has it"), "{}", house.last_words().await);
    house.state().products.insert(1, "Another lamp".to_owned());
    house.deliver("product.deleted", r#"{"id":1}"#).await;
    house.app.drain().await;
    assert_eq!(house.app.product("1").await.name, "Another lamp");
    assert_eq!(house.last_run().await.items_updated, 1);
    assert!(!house.is_gone("1").await && !house.is_gone("2").await);
}

async fn a_shop_that_does_not_answer_loses_no_product(engine: Engine) {
    let house = House::new(engine, &[]).await;
    house.state().products.remove(&1);
    for status in [404, 410, 500, 403, 200] {
        // Where the API is not, everything is missing.
        house.state().closed = Some(status);
        house.deliver("product.deleted", r#"{"id":1}"#).await;
        house.app.drain().await;
        assert!(!house.is_gone("1").await, "{status}");
        assert_eq!(house.last_run().await.status, RunStatus::Failed, "{status}");
        house.app.clock.advance(Duration::from_hours(2));
        house.state().closed = None;
        let mut tx = house.app.tools.db.read().await.expect("reads");
        let open = db::job::list_open(&mut tx, None, 10).await.expect("lists");
        assert!(open.iter().all(|job| job.status == JobStatus::Pending), "{open:?}");
        drop(tx);
        // The retry, or the next delivery where a retry does not help, is answered.
        house.deliver("product.deleted", r#"{"id":1}"#).await;
        house.app.drain().await;
        assert!(house.is_gone("1").await, "{status}");
        house.state().products.insert(1, "A lamp".to_owned());
        house.deliver("product.updated", r#"{"id":1}"#).await;
        house.app.drain().await;
        assert!(!house.is_gone("1").await, "{status}");
        house.state().products.remove(&1);
    }
}

async fn without_a_call_for_one_product_a_complete_pass_decides_and_a_run_says_so(engine: Engine) {
    let house = House::new(engine, &[ONE]).await;
    house.state().products.remove(&1);
    for _ in 0..2 {
        house.deliver("product.deleted", r#"{"id":1}"#).await;
    }
    assert_eq!(house.app.drain().await, 0, "deletions are collected");
    assert!(!house.is_gone("1").await);
    let told: Vec<Run> = house.app.runs().await;
    let told: Vec<&Run> = told.iter().filter(|run| run.error_code.as_deref() == Some("left_to_pass")).collect();
    assert_eq!(told.len(), 1, "a repetition is no news: {told:?}");
    assert!(
        told[0].status == RunStatus::Skipped
            && told[0].error_message.as_deref().is_some_and(|text| text.contains("import.one"))
    );
    house.app.clock.advance(Duration::from_mins(3));
    assert_eq!(house.app.drain().await, 1);
    assert!(!house.is_gone("1").await, "it is missed once");
    house.app.sync(ImportScope::Changes).await;
    assert!(house.is_gone("1").await, "the next pass is complete, too");
}

async fn of_many_deletions_a_complete_pass_decides(engine: Engine) {
    let house = House::new(engine, &[]).await;
    house.state().products.clear();
    for id in (1..=51).rev() {
        house.deliver("product.deleted", &format!("{{\"id\":{id}}}")).await;
    }
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let open = db::job::list_open(&mut tx, None, 100).await.expect("lists");
    drop(tx);
    let kinds = |kind: &str| open.iter().filter(|job| job.kind == kind).count();
    assert_eq!((kinds("read_product"), kinds("import_products")), (50, 1));
    assert_eq!(house.last_run().await.error_code.as_deref(), Some("left_to_pass"));
    assert_eq!(house.app.drain().await, 50);
    assert!(!house.is_gone("1").await && house.is_gone("2").await);
    house.app.clock.advance(Duration::from_mins(3));
    assert_eq!(house.app.drain().await, 1);
    assert!(house.is_gone("1").await);
}

async fn a_reconnect_keeps_the_subscriptions_that_it_finds(engine: Engine) {
    let house = House::new(engine, &[]).await;
    let made = house.hooks();
    assert_eq!(made.iter().map(|hook| hook.topic.as_str()).collect::<Vec<_>>(), ["product.updated", "product.deleted"]);
    house.connect().await;
    assert_eq!(house.hooks(), made, "with their secrets, so that what is on its way is accepted");
    let run = house.last_run().await;
    assert_eq!((run.items_created, run.items_unchanged, run.items_deleted), (0, 2, 0));
    assert_eq!(house.deliver("product.updated", r#"{"id":1}"#).await, [200]);
    house.app.drain().await;
    // A second set, as earlier releases made it: its secrets are known to nobody.
    let second: Vec<Hook> =
        made.iter().map(|hook| Hook { secret: "unknown".to_owned(), id: hook.id + 100, ..hook.clone() }).collect();
    house.state().hooks.splice(0..0, second);
    assert_eq!(house.deliver("product.updated", r#"{"id":1}"#).await, [401, 200]);
    house.app.drain().await;
    house.connect().await;
    assert_eq!(house.hooks(), made);
}

async fn a_reconnect_replaces_the_subscriptions_of_a_shop_that_lists_none(engine: Engine) {
    let house = House::new(engine, &[LIST]).await;
    let made = house.hooks();
    house.connect().await;
    let now = house.hooks();
    assert_eq!(now.len(), 2, "{now:?}");
    assert!(now.iter().all(|hook| !made.contains(hook)));
    assert_eq!(house.deliver("product.updated", r#"{"id":1}"#).await, [200]);
    house.app.drain().await;
    // Nobody can tell what became of them: there is no look each day.
    house.a_day_later().await;
    assert_eq!(house.app.drain().await, 0);
}

async fn what_was_signed_before_a_reconnect_is_accepted_for_a_day(engine: Engine) {
    let house = House::new(engine, &[LIST]).await;
    let (made, body, start) = (house.hooks(), r#"{"id":1}"#, house.app.clock.now());
    house.connect().await;
    let now = house.hooks();
    assert_ne!(now[0].secret, made[0].secret);
    for (old, new) in made.iter().zip(&now) {
        assert_eq!(house.send(old, "product.updated", body).await, 200, "it waited at the shop");
        assert_eq!(house.send(new, "product.updated", body).await, 200);
        let forged = Hook { secret: "unknown".to_owned(), ..old.clone() };
        assert_eq!(house.send(&forged, "product.updated", body).await, 401);
    }
    house.app.drain().await;
    house.app.clock.advance(Duration::from_hours(24));
    assert_eq!(house.send(&made[0], "product.updated", body).await, 401, "a day has passed");
    assert_eq!(house.send(&now[0], "product.updated", body).await, 200);
    house.app.drain().await;
    // What verifies nothing any more is erased.
    assert_eq!(house.secrets(start).await, 4);
    work::tick(&house.app.tools).await.expect("ticks");
    assert_eq!(house.secrets(start).await, 2);
    // A disconnect ends it at once.
    house.connect().await;
    assert_eq!(house.send(&now[0], "product.updated", body).await, 200);
    house.app.drain().await;
    connect::disconnect(&house.app.tools, &house.app.connection().await.id).await.expect("is left");
    assert_eq!((house.send(&now[0], "product.updated", body).await, house.secrets(start).await), (401, 0));
}

async fn once_a_day_what_is_switched_off_missing_or_doubled_is_put_right(engine: Engine) {
    let house = House::new(engine, &[]).await;
    let made = house.hooks();
    work::tick(&house.app.tools).await.expect("ticks");
    assert_eq!(house.app.drain().await, 0, "the connect looked at them");
    house.a_day_later().await;
    assert_eq!(house.app.drain().await, 1);
    assert_eq!((house.hooks(), house.asked()), (made.clone(), vec!["GET /api/hooks".to_owned()]), "nothing to be done");
    assert_eq!(house.last_run().await.trigger, Trigger::Schedule);
    {
        let mut state = house.state();
        let url = state.hooks[0].url.clone();
        state.hooks[0].active = false;
        state.hooks.remove(1);
        // A double of ours, and what others subscribed to: another URL, a topic of their own.
        state.add_hook("product.updated", &url, "unknown");
        state.add_hook("product.updated", "https://else.example/hooks", "theirs");
        state.add_hook("order.created", &url, "theirs");
    }
    house.a_day_later().await;
    // One look, and the changes that were not delivered.
    assert_eq!(house.app.drain().await, 2);
    let now = house.hooks();
    let ours =
        |topic: &str| now.iter().filter(|hook| hook.topic == topic && hook.url == made[0].url).collect::<Vec<_>>();
    assert_eq!((ours("product.updated").len(), ours("product.deleted").len(), ours("order.created").len()), (1, 1, 1));
    assert!(now.iter().all(|hook| hook.active) && now.len() == 4, "{now:?}");
    let run = house.last_run().await;
    assert_eq!((run.status, run.items_created, run.items_deleted), (RunStatus::Success, 2, 2));
    let is_told = |run: &Run| run.action == RunAction::Import && run.trigger == Trigger::Webhook;
    assert!(house.app.runs().await.iter().any(is_told));
    for topic in ["product.updated", "product.deleted"] {
        assert!(house.deliver(topic, r#"{"id":1}"#).await.contains(&200));
    }
    house.app.drain().await;
    work::tick(&house.app.tools).await.expect("ticks");
    assert_eq!(house.app.drain().await, 0, "once a day");
    // A list that is not there is not an empty one.
    house.state().closed = Some(200);
    house.a_day_later().await;
    house.app.drain().await;
    house.state().closed = None;
    assert_eq!((house.last_run().await.status, house.hooks()), (RunStatus::Failed, now));
}

async fn a_disconnect_deletes_the_subscriptions_at_the_shop_first(engine: Engine) {
    let files: [&[[&str; 2]]; 2] = [&[], &[LIST]];
    for without in files {
        let house = House::new(engine, without).await;
        let url = house.hooks()[0].url.clone();
        if without.is_empty() {
            // Of an earlier release, too; what others have stays.
            house.state().add_hook("product.updated", &url, "unknown");
        }
        house.state().add_hook("product.updated", "https://else.example/hooks", "theirs");
        let connection = house.app.connection().await;
        let left = connect::disconnect(&house.app.tools, &connection.id).await.expect("is left");
        assert!(!left.note.unwrap_or_default().contains("webhook"));
        assert_eq!(house.hooks().iter().map(|hook| hook.secret.as_str()).collect::<Vec<_>>(), ["theirs"]);
        // It is left already: nothing to be deleted, and nothing to be asked.
        house.asked();
        connect::disconnect(&house.app.tools, &connection.id).await.expect("is left");
        assert!(house.asked().is_empty());
        // Connected once more, it has one set again.
        house.connect().await;
        assert_eq!(house.hooks().len(), 3);
    }
}

async fn a_disconnect_does_not_wait_for_a_shop_that_keeps_them(engine: Engine) {
    let house = House::new(engine, &[]).await;
    house.state().keeps_hooks = true;
    let connection = house.app.connection().await;
    let left = connect::disconnect(&house.app.tools, &connection.id).await.expect("is left");
    let note = left.note.expect("is told");
    assert!(note.contains("its webhook subscriptions may be left at the shop") && note.contains("403"), "{note}");
    assert_eq!(house.app.connection().await.status, ConnectionStatus::Disconnected);
    assert_eq!(house.deliver("product.updated", r#"{"id":1}"#).await, [401], "they are nobody's");
    // Connected once more, what was left is replaced: its secret is known to nobody.
    house.state().keeps_hooks = false;
    house.connect().await;
    assert_eq!(house.hooks().len(), 2);
    assert_eq!(house.deliver("product.updated", r#"{"id":1}"#).await, [200]);
    house.app.drain().await;
    assert!(house.app.products().await.iter().all(|product| product.erp_deleted_at.is_none()));
    let deleted = house.app.runs().await.into_iter().filter(|run| run.items_deleted > 0).count();
    assert_eq!(deleted, 1, "the run that replaced them");
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let product = house.app.product("1").await;
    let items = db::run::list_items_of(&mut tx, product.id.as_str(), 10).await.expect("lists");
    assert!(items.iter().all(|item| item.outcome != ItemOutcome::Deleted), "{items:?}");
}
