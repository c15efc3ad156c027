//! Hosts that drop the `Authorization` header, and hosts where a web page answers in the place of the API: a platform that takes its keys in
//! the query is connected that way, and what cannot be connected says what to do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    http::{HeaderMap, Method as AxumMethod, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, Method};
use serde_json::{Value, json};
use store_sync::{
    cli::visitor::{Landed, Visitor},
    connect::{self, Sharing},
    db,
    model::{Connection, ImportScope, RunStatus},
    outside::{Body, Request},
    provider::check_folder,
    sandbox::SandboxOptions,
    web,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    platforms::root,
    support::{Engine, More, TestApp, on_both},
};

const DAEMON: &str = "https://daemon.example";
const KEY: &str = "ck_0123456789";
const SECRET: &str = "cs_9876543210";

/// How the host before the shop is set up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Host {
    /// It drops the header.
    #[default]
    DropsHeader,
    /// It knows no permalinks: everything is the front page.
    Plain,
    /// It knows no permalinks, and says so: everything else is its page for what is not there.
    PlainNotFound,
}

/// A shop that knows one key, behind such a host.
#[derive(Default)]
struct Shop {
    host: Host,
    /// The merchant took the key away.
    is_locked: bool,
    /// Each call: its address, and whether a header with a key was sent.
    asked: Vec<(String, bool)>,
}

impl Shop {
    fn answer(&mut self, method: &AxumMethod, uri: &Uri, headers: &HeaderMap) -> Response {
        self.asked.push((format!("{method} {uri}"), headers.contains_key(header::AUTHORIZATION)));
        let Some(path) = uri.path().strip_prefix("/wp-json").filter(|_| self.host == Host::DropsHeader) else {
            let status = if self.host == Host::Plain { StatusCode::OK } else { StatusCode::NOT_FOUND };
            return (status, Html("<!doctype html><title>Lamp Shop</title><h1>Lamps</h1>")).into_response();
        };
        let query = uri.query().unwrap_or_default();
        let knows = query.contains(&format!("consumer_key={KEY}&consumer_secret={SECRET}")) && !self.is_locked;
        if !knows {
            let body = json!({ "code": "woocommerce_rest_cannot_view", "message": format!("Sorry, {KEY} cannot view it."), "data": { "status": 401 } });
            return (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response();
        }
        let body = match (method, path) {
            (_, "/wc/v3/data/currencies/current") => json!({ "code": "EUR" }),
            (_, "/wc/v3/products") => {
                let lamp = json!({ "id": 7, "name": "Lamp", "type": "simple", "status": "publish", "price": "19.90",
                    "date_modified_gmt": "2026-01-01T00:00:00", "images": [], "sku": "S-7" });
                return ([("x-wp-total", "1")], axum::Json(json!([lamp]))).into_response();
            }
            (&AxumMethod::POST, "/wc/v3/webhooks") => json!({ "id": self.asked.len() }),
            _ => return ([("x-wp-total", "0")], axum::Json(json!([]))).into_response(),
        };
        axum::Json(body).into_response()
    }
}

struct House {
    app: TestApp,
    shop: Arc<Mutex<Shop>>,
    /// Where the shop really is, by http.
    url: String,
}

impl House {
    async fn new(engine: Engine, host: Host) -> Self {
        let shop = Arc::new(Mutex::new(Shop { host, ..Shop::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = shop.clone();
        let answer = move |method: AxumMethod, uri: Uri, headers: HeaderMap| async move {
            served.lock().expect("is not poisoned").answer(&method, &uri, &headers)
        };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let connect_to = vec![("shop.example".to_owned(), Url::parse(&url).expect("an address"))];
        let more = More { connect_to, public: Some(DAEMON), ..More::default() };
        let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
        Self { app: TestApp::with_more(engine, options, more).await, shop, url }
    }

    fn shop(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().expect("is not poisoned")
    }

    /// What the shop was asked since the last look.
    fn asked(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.shop().asked)
    }

    /// Opens the connect link of a shop.
    async fn begin(&self, provider: &str, shop: &str) -> (Visitor, Landed) {
        let fields = BTreeMap::from([("shop".to_owned(), shop.to_owned())]);
        let link = web::connect_link(&self.app.tools, provider, "acme", &fields, Sharing::Refused);
        let mut visitor = Visitor::new(self.app.http.clone());
        let landed = visitor.peek(&link).await.expect("an answer");
        (visitor, landed)
    }

    /// The same at a shop that can be connected: with the state that it is given.
    async fn consent(&self, shop: &str) -> (Visitor, String) {
        let (visitor, landed) = self.begin("woocommerce", shop).await;
        let consent = landed.response.header("location").unwrap_or_else(|| panic!("{}", landed.text()));
        let consent = Url::parse(consent).expect("an address");
        let state = consent.query_pairs().find(|(name, _)| name == "user_id").expect("a state").1.into_owned();
        (visitor, state)
    }

    /// The shop's server posts its keys.
    async fn post_keys(&self, state: &str) -> (u16, String) {
        let address = Url::parse(&format!("{DAEMON}/oauth/callback/woocommerce")).expect("an address");
        let mut request = Request::new(Method::POST, address);
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let keys = json!({ "user_id": state, "consumer_key": KEY, "consumer_secret": SECRET, "key_permissions": "read_write" });
        request.body = Body::Bytes(keys.to_string().into());
        let answer = self.app.http.send_once(&request).await.expect("an answer");
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }

    async fn connected(&self) -> Connection {
        let (mut visitor, state) = self.consent("https://shop.example").await;
        let (status, text) = self.post_keys(&state).await;
        assert_eq!(status, 200, "{text}");
        let back = format!("{DAEMON}/oauth/callback/woocommerce?success=1&user_id={state}");
        let done = visitor.open(&back).await.expect("an answer");
        assert!(done.text().contains("is connected"), "{}", done.text());
        self.app.connection().await
    }
}

on_both!(
    keys_that_a_host_drops_are_sent_in_the_query_from_then_on,
    keys_are_never_in_the_query_of_a_plain_address,
    a_password_that_a_host_drops_says_what_to_set_up,
    a_page_in_the_place_of_the_api_is_told_before_anybody_goes_there
);

async fn keys_that_a_host_drops_are_sent_in_the_query_from_then_on(engine: Engine) {
    let house = House::new(engine, Host::DropsHeader).await;
    let connection = house.connected().await;
    assert_eq!(connection.facts.0.get("basic.or_query"), Some(&Value::Bool(true)), "{:?}", connection.facts);
    let first = house.asked();
    assert!(first.iter().any(|(_, header)| *header), "the header is tried first: {first:?}");
    house.app.drain().await;
    assert_eq!(house.app.products().await.len(), 1);
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(run.status, RunStatus::Success, "{run:?}");
    let later = house.asked();
    assert!(later.len() >= 4, "{later:?}");
    for (call, header) in &later {
        assert!(!header && call.contains(KEY) && call.contains(SECRET), "{call}");
    }
    // Nothing that is told of a failure has them, whatever the shop repeats.
    house.shop().is_locked = true;
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(run.status, RunStatus::Failed, "{run:?}");
    let connection = house.app.connection().await;
    assert_eq!(connection.state(), "active, key refused");
    let told = format!("{connection:?} {:?}", house.app.runs().await);
    assert!(told.contains("cannot view it") && !told.contains(KEY) && !told.contains(SECRET), "{told}");
}

async fn keys_are_never_in_the_query_of_a_plain_address(engine: Engine) {
    let house = House::new(engine, Host::DropsHeader).await;
    let fields = BTreeMap::from([("shop".to_owned(), house.url.clone())]);
    let link = web::connect_link(&house.app.tools, "woocommerce", "acme", &fields, Sharing::Refused);
    let (_, state) = house.consent(&house.url).await;
    house.asked();
    let (status, text) = house.post_keys(&state).await;
    assert!(status == 400 && text.contains("key_refused") && !text.contains(KEY), "{status} {text}");
    let asked = house.asked();
    assert!(!asked.is_empty() && asked.iter().all(|(call, header)| *header && !call.contains(KEY)), "{asked:?}");
    // WooCommerce tells the merchant nothing; who made the link is told.
    let signature = web::link_signature(&link).expect("is signed");
    let told = connect::link_refusal(&house.app.tools, &signature).await.expect("reads").expect("is told");
    assert!(told.code() == "key_refused" && told.message.contains("cannot view it"), "{told}");
    assert!(!told.message.contains(KEY), "{told}");
}

async fn a_password_that_a_host_drops_says_what_to_set_up(engine: Engine) {
    let house = House::new(engine, Host::DropsHeader).await;
    let (mut visitor, landed) = house.begin("woocommerce-password", "https://shop.example").await;
    let consent = landed.response.header("location").unwrap_or_else(|| panic!("{}", landed.text()));
    let consent = Url::parse(consent).expect("an address");
    let back = consent.query_pairs().find(|(name, _)| name == "success_url").expect("a way back").1.into_owned();
    let back = format!("{back}&site_url=https://shop.example&user_login=shopkeeper&password=abcd-EFGH-1234");
    let page = visitor.open(&back).await.expect("an answer").text();
    assert!(page.contains("CGIPassAuth On") && page.contains("SetEnvIf Authorization"), "{page}");
    assert!(!page.contains("abcd-EFGH-1234"), "{page}");
}

async fn a_page_in_the_place_of_the_api_is_told_before_anybody_goes_there(engine: Engine) {
    let house = House::new(engine, Host::Plain).await;
    for (host, provider) in [
        (Host::Plain, "woocommerce"),
        (Host::Plain, "woocommerce-password"),
        (Host::PlainNotFound, "woocommerce"),
        (Host::PlainNotFound, "woocommerce-password"),
    ] {
        house.shop().host = host;
        let (_, landed) = house.begin(provider, "https://shop.example").await;
        let page = landed.text();
        assert_eq!(landed.response.status, 400, "{page}");
        assert!(page.contains("bad_store_url") && page.contains("anything but Plain"), "{page}");
    }
    let mut tx = house.app.tools.db.read().await.expect("reads");
    assert_eq!(
        db::oauth_state::count_open(&mut tx, &house.app.client, house.app.clock.now()).await.expect("counts"),
        0
    );
    drop(tx);
    // One that is switched to Plain while the merchant is there.
    house.shop().host = Host::DropsHeader;
    let (_, state) = house.consent("https://shop.example").await;
    house.shop().host = Host::Plain;
    let (status, text) = house.post_keys(&state).await;
    assert!(status == 502 && text.contains("not_json") && text.contains("anything but Plain"), "{status} {text}");
}

/// What is changed in a good file, and what has to be said about it.
const BROKEN: [(&str, &str, &str); 3] = [
    (
        "password = \"{grant.consumer_secret}\"\nor_query",
        "or_query",
        "call.basic.or_query: needs a password beside it, and two names",
    ),
    (
        "page = { kind = \"number\", size = 100, items = \"\", total_header = \"x-wp-total\" }\nsince",
        "page = { kind = \"link\", size = 100, items = \"\", total_header = \"x-wp-total\" }\nsince",
        "call.basic.or_query: is not allowed with page kind link",
    ),
    (
        "password = \"consumer_secret\", when = { status = [401], body",
        "password = \"consumer_secret\", when = { boddy",
        "call.basic.or_query.when.boddy: unknown field `boddy`",
    ),
];

#[test]
fn a_file_that_would_lose_a_key_is_refused() {
    let good = std::fs::read_to_string(root().join("providers/woocommerce/provider.toml")).expect("reads");
    for (from, to, told) in BROKEN {
        let folder = tempfile::tempdir().expect("a temp folder");
        let here = folder.path().join("woocommerce");
        std::fs::create_dir(&here).expect("is made");
        assert!(good.contains(from), "{from}");
        std::fs::write(here.join("provider.toml"), good.replacen(from, to, 1)).expect("is written");
        let problems = check_folder(folder.path()).expect_err("is refused");
        let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(told), "{told}\nis missing in\n{text}");
    }
}
