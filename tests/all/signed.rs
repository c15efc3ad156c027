//! Deliveries that are signed as real platforms sign them: by an HMAC in hexadecimal, and by JSON Web Signatures, whose keys a shop
//! publishes or an operator pastes. The signatures are another program's: `signatures.json` says which.

use std::{
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use store_sync::{
    app,
    config::Config,
    db,
    model::{ConnectionId, Task},
    outside::{self, Body, Request},
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    cases,
    support::{Engine, More, TestApp, on_both},
};

static SIGNATURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("signatures.json")).expect("is JSON"));

fn text(pointer: &str) -> &'static str {
    SIGNATURES.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"))
}

fn body() -> &'static str {
    text("/body")
}

/// What every platform here can do.
const CATALOGUE: &str = r#"
[op.products]
path = "/products"
[op.product]
path = "/products/{product.erp_id}"
[import]
op = "products"
one = { op = "product" }
page = { kind = "single", size = 100, items = "products" }
map = { erp_id = "id", title = "title" }
"#;

const PUBLISHED: &str = r#"
[webhook]
verify = { kind = "jws_detached", header = "x-signature", key = "jwks", jwks = "{shop}/keys.json" }
topic = { body = "topic" }
on = { changed = { do = "read" } }
"#;

const TOKEN: &str = r#"
[webhook]
verify = { kind = "jwt_body", key = "webhook" }
embedded = ["data", "data.inner"]
topic = { body = "data.event" }
on = { changed = { do = "gone", id = "data.inner.id" } }
"#;

const HEX: &str = r#"
[webhook]
verify = { kind = "hmac_body", header = "shopware-shop-signature", key = "app", encoding = "hex" }
topic = { body = "topic" }
on = { changed = { do = "read" } }
"#;

/// What a shop publishes as its keys, and how often it was asked for them.
struct Keys {
    status: StatusCode,
    body: String,
    asked: usize,
}

struct House {
    app: TestApp,
    connection: ConnectionId,
    keys: Arc<Mutex<Keys>>,
}

impl House {
    async fn new(engine: Engine, webhook: &str, config: &str) -> Self {
        let keys = Arc::new(Mutex::new(Keys { status: StatusCode::OK, body: String::new(), asked: 0 }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/1", listener.local_addr().expect("an address"));
        let shared = keys.clone();
        let router = Router::new().fallback(move |uri: Uri| async move { answer(&shared, &uri) });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let more = More { config, ..More::default() };
        let app = cases::daemon_with(engine, &[("signed", format!("{CATALOGUE}{webhook}"))], more).await;
        let connection = cases::connect(&app, "signed", url).await;
        app.drain().await;
        Self { app, connection, keys }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().expect("is whole")
    }

    /// Publishes these keys, and none besides.
    fn publish(&self, names: &[&str]) {
        let keys: Vec<&Value> = names.iter().map(|name| &SIGNATURES["keys"][name]).collect();
        let mut published = self.keys();
        (published.status, published.body) = (StatusCode::OK, json!({ "keys": keys }).to_string());
    }

    fn asked(&self) -> usize {
        self.keys().asked
    }

    async fn send(&self, header: Option<(&'static str, &str)>, body: &str) -> outside::Response {
        let url = format!("{}/hooks/signed/{}", self.app.url, self.connection);
        let mut request = Request::new(Method::POST, Url::parse(&url).expect("an address"));
        if let Some((name, value)) = header {
            request.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"));
        }
        request.body = Body::Bytes(body.to_owned().into());
        self.app.http.send_once(&request).await.expect("an answer")
    }

    async fn deliver(&self, signature: &str, body: &str) -> u16 {
        self.send(Some(("x-signature", signature)), body).await.status
    }

    async fn later(&self, minutes: u64) {
        self.app.drain().await;
        self.app.clock.advance(Duration::from_mins(minutes));
    }
}

fn answer(keys: &Mutex<Keys>, uri: &Uri) -> Response {
    match uri.path() {
        "/1/keys.json" => {
            let mut keys = keys.lock().expect("is whole");
            keys.asked += 1;
            (keys.status, keys.body.clone()).into_response()
        }
        "/1/shop" => axum::Json(json!({})).into_response(),
        "/1/products" => axum::Json(json!({ "products": [{ "id": "1", "title": "A lamp" }] })).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

on_both!(
    the_keys_that_a_shop_publishes_prove_its_deliveries,
    forged_deliveries_do_not_make_a_shop_be_asked_more_often,
    a_delivery_whose_key_cannot_be_read_is_put_off,
    a_token_is_proved_by_the_key_that_the_operator_pasted,
    an_hmac_in_hexadecimal_is_proved_by_the_secret_of_the_app
);

async fn the_keys_that_a_shop_publishes_prove_its_deliveries(engine: Engine) {
    let house = House::new(engine, PUBLISHED, "").await;
    house.publish(&["one", "small"]);
    assert_eq!(house.deliver("", body()).await, 401);
    assert_eq!(house.asked(), 0, "without a signature nothing is asked for");
    for name in ["one", "without a key id", "encoded"] {
        assert_eq!(house.deliver(text(&format!("/detached/{name}")), body()).await, 200, "{name}");
    }
    for (name, signature) in SIGNATURES["refused"].as_object().expect("signatures") {
        assert_eq!(house.deliver(signature.as_str().expect("a text"), body()).await, 401, "{name}");
    }
    assert_eq!(house.deliver(text("/detached/small"), body()).await, 401, "1024 bits are too few");
    assert_eq!(house.deliver(text("/detached/one"), &body().replace('1', "2")).await, 401);
    assert_eq!(house.asked(), 1);
    // An unknown connection is asked for nothing, and nobody learns that it is unknown.
    let url = format!("{}/hooks/signed/nobody", house.app.url);
    let mut request = Request::new(Method::POST, Url::parse(&url).expect("an address"));
    request.headers.insert("x-signature", HeaderValue::from_static(text("/detached/one")));
    request.body = Body::Bytes(body().into());
    assert_eq!(house.app.http.send_once(&request).await.expect("an answer").status, 401);
    assert_eq!(house.asked(), 1);
    house.app.drain().await;
}

async fn forged_deliveries_do_not_make_a_shop_be_asked_more_often(engine: Engine) {
    let house = House::new(engine, PUBLISHED, "").await;
    house.publish(&["one"]);
    for _ in 0..20 {
        assert_eq!(house.deliver(text("/detached/two"), body()).await, 401);
    }
    assert_eq!(house.asked(), 1);
    assert_eq!(house.deliver(text("/detached/one"), body()).await, 200, "it is among the keys that were read");
    // The shop changes its key: it is found once five minutes have passed, and the old one proves nothing any more.
    house.publish(&["two"]);
    assert_eq!(house.deliver(text("/detached/two"), body()).await, 401);
    house.later(5).await;
    for _ in 0..3 {
        assert_eq!(house.deliver(text("/detached/two"), body()).await, 200);
        assert_eq!(house.deliver(text("/detached/one"), body()).await, 401);
    }
    assert_eq!(house.asked(), 2);
    // A key that was taken back is found out within an hour, also while its deliveries come.
    house.publish(&[]);
    assert_eq!(house.deliver(text("/detached/two"), body()).await, 200);
    house.later(60).await;
    assert_eq!(house.deliver(text("/detached/two"), body()).await, 401);
    assert_eq!(house.asked(), 3);
    house.app.drain().await;
}

async fn a_delivery_whose_key_cannot_be_read_is_put_off(engine: Engine) {
    let house = House::new(engine, PUBLISHED, "").await;
    let one = text("/detached/one");
    let mut asked = 0;
    let long = format!("{{\"keys\":[],\"more\":\"{}\"}}", "x".repeat(64 << 10));
    for (status, text) in [(500, ""), (404, "{}"), (200, "<h1>Hello</h1>"), (200, "{}"), (200, long.as_str())] {
        {
            let mut keys = house.keys();
            (keys.status, keys.body) = (StatusCode::from_u16(status).expect("a status"), text.to_owned());
        }
        for _ in 0..3 {
            let answer = house.send(Some(("x-signature", one)), body()).await;
            assert_eq!(answer.status, 503, "{status} {}", &text[..text.len().min(20)]);
            assert!(answer.header("retry-after").is_some());
            assert!(!String::from_utf8_lossy(&answer.body).contains("127.0.0.1"), "the shop is not named");
        }
        asked += 1;
        assert_eq!(house.asked(), asked);
        house.later(5).await;
    }
    house.publish(&["one"]);
    assert_eq!(house.deliver(one, body()).await, 200);
    // While the shop is away, what is known is enough for a day.
    house.keys().status = StatusCode::BAD_GATEWAY;
    for hours in [2, 21] {
        house.later(hours * 60).await;
        assert_eq!(house.deliver(one, body()).await, 200);
    }
    assert_eq!(house.deliver(text("/detached/two"), body()).await, 503, "it may be a new key");
    house.later(60).await;
    assert_eq!(house.deliver(one, body()).await, 503);
    house.app.drain().await;
}

fn app_with(key: &str) -> String {
    format!("[app.signed]\nclient_id = \"a\"\nclient_secret = \"b\"\nwebhook_key = \"\"\"\n{key}\"\"\"\n")
}

async fn a_token_is_proved_by_the_key_that_the_operator_pasted(engine: Engine) {
    let house = House::new(engine, TOKEN, &app_with(text("/pem"))).await;
    for (name, token) in SIGNATURES["tokens"].as_object().expect("tokens") {
        let is_good = ["good", "ended within the leeway", "without times"].contains(&name.as_str());
        let status = house.send(None, token.as_str().expect("a text")).await.status;
        assert_eq!(status, if is_good { 200 } else { 401 }, "{name}");
    }
    // A token with other claims.
    let good = text("/tokens/good");
    let parts: Vec<&str> = good.split('.').collect();
    let other = text("/tokens/without times").split('.').nth(1).expect("claims");
    for forged in [format!("{}.{other}.{}", parts[0], parts[2]), format!("{}..{}", parts[0], parts[2]), String::new()] {
        assert_eq!(house.send(None, &forged).await.status, 401, "{forged}");
    }
    // Its claims are read through the texts that hold JSON.
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let open = db::job::list_open(&mut tx, Some(&house.connection), 10).await.expect("lists");
    let look = Task::ReadProduct { connection: house.connection.clone(), erp_id: "1".to_owned() };
    assert!(open.len() == 1 && open[0].payload.0 == look, "{open:?}");
    drop(tx);
    house.app.drain().await;
}

async fn an_hmac_in_hexadecimal_is_proved_by_the_secret_of_the_app(engine: Engine) {
    // The example of GitHub's documentation, under the header that Shopware's apps are sent.
    let config = "[app.signed]\nclient_id = \"a\"\nclient_secret = \"It's a Secret to Everybody\"\n";
    let house = House::new(engine, HEX, config).await;
    let (name, digits) =
        ("shopware-shop-signature", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    assert_eq!(house.send(Some((name, digits)), "Hello, World!").await.status, 200);
    let prefixed = format!("sha256={digits}");
    for wrong in [&digits[1..], &digits[2..], &prefixed, "", "not hexadecimal"] {
        assert_eq!(house.send(Some((name, wrong)), "Hello, World!").await.status, 401, "{wrong}");
    }
    assert_eq!(house.send(Some((name, digits)), "Hello, World?").await.status, 401);
    assert_eq!(house.send(None, "Hello, World!").await.status, 401);
}

#[test]
fn a_daemon_does_not_start_with_a_public_key_that_is_none() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let file = folder.path().join("config.toml");
    for (key, is_good) in [(text("/pem"), true), ("our-key", false), (text("/pem of 1024 bits"), false)] {
        std::fs::write(&file, app_with(key).replace("app.signed", "app.wix")).expect("is written");
        let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
        let checked = app::check_apps(&config, &app::providers(&config).expect("the built-in files are fine"));
        let told = checked.map_err(|error| error.to_string());
        assert_eq!(told.is_ok(), is_good, "{told:?}");
        assert!(is_good || told.is_err_and(|told| told.starts_with("[app.wix] webhook_key is not a public RSA key")));
    }
}
