//! Platforms whose API is called with a token that a login by e-mail and password gives: the login is repeated before the token ends and
//! when the shop refuses it, and a password that was changed is tried again before the merchant is asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use store_sync::{
    connect::{self, Sharing},
    db,
    model::{ConnectionStatus, FailureKind, ImportScope, RunStatus},
    outside::Clock,
    provider::check_folder,
    sandbox::SandboxOptions,
    work,
};
use tokio::net::TcpListener;

use crate::support::{Engine, More, TestApp, on_both};

const PASSWORD: &str = "canary-password";

/// A platform with such a login.
const PLATFORM: &str = r#"
schema = 1
[provider]
key = "doored"
name = "Doored"
docs = "https://doored.example"
[provider.limits]
image_bytes = 10_000_000
image_types = ["image/png"]
images_per_product = 20
alt_chars = 100
[connect]
kind = "pasted_login"
store_url = "{shop}"
probe = { op = "shop", name = "name", facts = { currency = "currency" } }
login = { op = "login", token = "token", expires = { path = "token", unit = "jwt" }, default_expires = "30m" }
[[connect.field]]
name = "shop"
ask = "Address"
pattern = '^http://127\.0\.0\.1(:[0-9]+)?$'
[[connect.field]]
name = "email"
ask = "E-mail"
pattern = '^.{1,200}$'
secret = true
[[connect.field]]
name = "password"
ask = "Password"
pattern = '^.{1,200}$'
secret = true
[call]
base = "{shop}/admin"
headers = { authorization = "Bearer {grant.access}" }
message = ["message"]
budget = []
[op.login]
url = "{shop}/auth/user/emailpass"
body = { kind = "json", value = { email = "{grant.email}", password = "{grant.password}" } }
[op.shop]
path = "/shop"
[op.products]
path = "/products"
[import]
op = "products"
full_only = "the platform has no filter"
page = { kind = "single", size = 100, items = "products", total = "total" }
[import.map]
erp_id = "id"
title = "title"
currency = { fact = "currency" }
"#;

/// The shop behind the door.
struct Shop {
    clock: Clock,
    password: &'static str,
    /// How long a token lives; without it, tokens are no web tokens and state no expiry.
    life: Option<Duration>,
    /// Tokens that are taken.
    valid: Vec<(String, store_sync::model::Time)>,
    logins: usize,
    /// The bodies of the logins.
    sent: Vec<Value>,
}

impl Shop {
    fn answer(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
        let refuse = |message: &str| {
            (StatusCode::UNAUTHORIZED, axum::Json(json!({ "type": "unauthorized", "message": message })))
                .into_response()
        };
        if (method, uri.path()) == (&Method::POST, "/auth/user/emailpass") {
            let given: Value = serde_json::from_slice(body).unwrap_or_default();
            self.sent.push(given.clone());
            if headers.contains_key(header::AUTHORIZATION) {
                return refuse("A login has no token");
            }
            if given != json!({ "email": "shop@example.com", "password": self.password }) {
                return refuse(&format!("Invalid email or password: {given}"));
            }
            return axum::Json(json!({ "token": self.fresh() })).into_response();
        }
        let now = self.clock.now();
        let token = headers.get(header::AUTHORIZATION).and_then(|text| text.to_str().ok()?.strip_prefix("Bearer "));
        if !self.valid.iter().any(|(known, end)| Some(known.as_str()) == token && *end > now) {
            return refuse("Unauthorized");
        }
        let products = json!([{ "id": "1", "title": "Lamp" }]);
        axum::Json(match uri.path() {
            "/admin/shop" => json!({ "name": "Doored Shop", "currency": "EUR" }),
            _ => json!({ "products": products, "total": 1 }),
        })
        .into_response()
    }

    fn fresh(&mut self) -> String {
        self.logins += 1;
        let end = self.clock.now().plus(self.life.unwrap_or(Duration::from_mins(30)));
        let token = match self.life {
            Some(_) => {
                let claims = json!({ "exp": end.unix_ms() / 1000, "n": self.logins }).to_string();
                format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims))
            }
            None => format!("opaque-{}", self.logins),
        };
        self.valid.push((token.clone(), end));
        token
    }
}

struct House {
    app: TestApp,
    shop: Arc<Mutex<Shop>>,
    fields: BTreeMap<String, String>,
}

impl House {
    async fn new(engine: Engine, life: Option<Duration>) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        std::fs::create_dir(folder.path().join("doored")).expect("a folder");
        std::fs::write(folder.path().join("doored/provider.toml"), PLATFORM).expect("is written");
        let config = format!("[providers]\ndir = \"{}\"\n", folder.path().display());
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        let (clock, valid, sent) = (app.clock.clone(), Vec::new(), Vec::new());
        let shop = Arc::new(Mutex::new(Shop { clock, password: PASSWORD, life, valid, logins: 0, sent }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = shop.clone();
        let answer = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            served.lock().expect("is not poisoned").answer(&method, &uri, &headers, &body)
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer).into_make_service()).await });
        let fields = [("shop", url.as_str()), ("email", "shop@example.com"), ("password", PASSWORD)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { app, shop, fields }
    }

    fn shop(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().expect("is not poisoned")
    }

    async fn connect(&self) -> Result<connect::Connected, store_sync::model::Failure> {
        connect::connect_with_key(&self.app.tools, "acme", "doored", &self.fields, Sharing::Refused).await
    }

    /// A connected and imported shop.
    async fn connected(engine: Engine, life: Option<Duration>) -> Self {
        let house = Self::new(engine, life).await;
        house.connect().await.expect("is connected");
        house.app.drain().await;
        assert_eq!(house.app.products().await.len(), 1);
        assert_eq!(house.shop().logins, 1);
        house
    }

    /// Time passes, ticks, and due jobs run.
    async fn after(&self, time: Duration) {
        self.app.clock.advance(time);
        work::tick(&self.app.tools).await.expect("ticks");
        self.app.drain().await;
    }
}

on_both!(
    a_login_gives_a_token_and_is_repeated_before_that_ends,
    a_token_without_an_expiry_lives_as_long_as_the_file_says,
    a_token_that_is_refused_early_is_replaced_and_the_call_goes_on,
    a_wrong_password_is_refused_in_the_shops_words,
    a_password_that_was_changed_is_tried_again_before_the_merchant_is_asked
);

async fn a_login_gives_a_token_and_is_repeated_before_that_ends(engine: Engine) {
    let house = House::connected(engine, Some(Duration::from_hours(1))).await;
    let connection = house.app.connection().await;
    assert_eq!(connection.token_expires_at, Some(house.app.clock.now().plus(Duration::from_hours(1))));
    assert!(!format!("{connection:?}").contains(PASSWORD));
    // Ahead of its end, without any call that needs it.
    house.after(Duration::from_mins(56)).await;
    assert_eq!(house.shop().logins, 2);
    let ends = house.app.connection().await.token_expires_at.expect("has an end");
    assert!(ends > house.app.clock.now().plus(Duration::from_mins(50)), "{ends}");
    // After it, when nobody looked in time.
    house.app.clock.advance(Duration::from_hours(5));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, house.shop().logins), (RunStatus::Success, 3), "{run:?}");
}

async fn a_token_without_an_expiry_lives_as_long_as_the_file_says(engine: Engine) {
    let house = House::connected(engine, None).await;
    let ends = house.app.connection().await.token_expires_at;
    assert_eq!(ends, Some(house.app.clock.now().plus(Duration::from_mins(30))));
    house.app.clock.advance(Duration::from_mins(31));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, house.shop().logins), (RunStatus::Success, 2), "{run:?}");
}

async fn a_token_that_is_refused_early_is_replaced_and_the_call_goes_on(engine: Engine) {
    let house = House::connected(engine, Some(Duration::from_hours(1))).await;
    house.shop().valid.clear();
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, house.shop().logins), (RunStatus::Success, 2), "{run:?}");
    assert_eq!(house.app.connection().await.state(), "active");
}

async fn a_wrong_password_is_refused_in_the_shops_words(engine: Engine) {
    let house = House::new(engine, None).await;
    house.shop().password = "another";
    let failure = house.connect().await.expect_err("is refused");
    assert_eq!(failure.kind, FailureKind::PastedKeyRefused, "{failure}");
    for words in ["/auth/user/emailpass answered 401", "Invalid email or password"] {
        assert!(failure.message.contains(words), "{failure}");
    }
    assert!(!failure.message.contains(PASSWORD) && !failure.message.contains("shop@example.com"), "{failure}");
    let mut tx = house.app.tools.db.read().await.expect("reads");
    assert!(db::connection::list(&mut tx, None, None, 10).await.expect("lists").is_empty());
}

async fn a_password_that_was_changed_is_tried_again_before_the_merchant_is_asked(engine: Engine) {
    let house = House::connected(engine, Some(Duration::from_hours(1))).await;
    house.shop().password = "another";
    house.app.clock.advance(Duration::from_hours(2));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(run.status, RunStatus::Failed, "{run:?}");
    let found = house.app.connection().await;
    assert_eq!((found.status, found.state()), (ConnectionStatus::Active, "active, key refused"));
    assert_eq!(found.key_retry_at, found.key_refused_at.map(|since| since.plus(Duration::from_mins(5))));
    // Nobody logs in before that time: some platforms lock an account after a few wrong passwords.
    let tried = house.shop().sent.len();
    house.after(Duration::from_mins(4)).await;
    assert_eq!(house.shop().sent.len(), tried);
    let told = found.last_error.expect("is told");
    assert!(told.contains("Invalid email or password") && !told.contains(PASSWORD), "{told}");
    // The old password again: it heals by itself.
    house.shop().password = PASSWORD;
    house.after(Duration::from_mins(5)).await;
    assert_eq!(house.app.connection().await.state(), "active");
    // And for good: after a day the merchant is asked.
    house.shop().password = "another";
    house.app.clock.advance(Duration::from_hours(2));
    house.app.sync(ImportScope::Full).await;
    for hours in [1, 6, 24] {
        house.after(Duration::from_hours(hours)).await;
    }
    let found = house.app.connection().await;
    assert_eq!(found.status, ConnectionStatus::NeedsReauth, "{found:?}");
    assert_eq!(house.shop().sent.last().expect("was tried")["password"], PASSWORD);
}

/// What is changed in a good file, and what has to be said about it.
const BROKEN: [(&str, &str, &str); 7] = [
    ("login = {", "# login = {", "connect.login: is required by kind pasted_login"),
    ("kind = \"pasted_login\"", "kind = \"pasted_key\"", "connect.login: is not allowed with kind pasted_key"),
    ("login = { op = \"login\"", "login = { op = \"lgoin\"", "connect.login.op: there is no op 'lgoin'"),
    (
        "{ email = \"{grant.email}\", password = \"{grant.password}\" }",
        "{ email = \"x\" }",
        "connect.login.op: needs a secret field as {grant.…} in op.login",
    ),
    (
        "password = \"{grant.password}\" }",
        "password = \"{grant.password}\", old = \"{grant.access}\" }",
        "connect.login.op: has no token yet: {grant.access} in op.login",
    ),
    (
        "\"Bearer {grant.access}\"",
        "\"Bearer {grant.password}\"",
        "connect.login.token: is not used: send it as {grant.access}",
    ),
    ("probe = { op = \"shop\"", "probe = { op = \"login\"", "connect.probe.op: is the login"),
];

#[test]
fn a_login_that_cannot_work_is_refused() {
    for (from, to, told) in BROKEN {
        let folder = tempfile::tempdir().expect("a temp folder");
        let here = folder.path().join("doored");
        std::fs::create_dir(&here).expect("is made");
        std::fs::write(here.join("provider.toml"), PLATFORM).expect("is written");
        check_folder(folder.path()).expect("is a good file");
        assert!(PLATFORM.contains(from), "{from}");
        std::fs::write(here.join("provider.toml"), PLATFORM.replacen(from, to, 1)).expect("is written");
        let problems = check_folder(folder.path()).expect_err("is refused");
        let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(told), "{told}\nis missing in\n{text}");
    }
}
