//! Every way a shop is connected, against a platform of each kind: the honest way, and those that must be refused.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use sha2::Sha256;
use store_sync::{
    cli::visitor::{Landed, Visitor},
    connect::{self, StoredCredentials},
    db,
    model::{Connection, ConnectionStatus, Remedy, RunAction, RunStatus},
    outside::{Body, Request},
    provider::CredentialSource,
    sandbox::SandboxOptions,
    vault::hex,
    web, work,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    real::start,
    support::{Engine, More, TestApp, on_both},
};

const SECRET: &str = "hush";

/// What the platforms were asked, and how they are to answer.
#[derive(Default)]
struct Platform {
    /// Host, path and body of every token request.
    asked: Vec<(String, Value)>,
    /// Members that token answers have besides the token.
    more: Value,
    /// Token requests that are answered by a broken connection.
    lose: usize,
    /// An error word for token requests.
    refuse: Option<&'static str>,
    /// Keys the shops know.
    keys: Vec<String>,
    ended: usize,
}

type Shared = Arc<Mutex<Platform>>;

fn lock(platform: &Shared) -> std::sync::MutexGuard<'_, Platform> {
    platform.lock().expect("is not poisoned")
}

/// Every host of every platform.
fn answer(platform: &Shared, host: &str, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response {
    let mut platform = lock(platform);
    let json = |value: Value| axum::Json(value).into_response();
    let path = uri.path();
    if path.ends_with("/token") {
        let form = || {
            let pairs = url::form_urlencoded::parse(body);
            Value::Object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
        };
        let asked = serde_json::from_slice(body).unwrap_or_else(|_| form());
        platform.asked.push((host.to_owned(), asked));
        if let Some(word) = platform.refuse {
            return (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": word }))).into_response();
        }
        let token = format!("token-{}", platform.asked.len());
        platform.keys.push(token.clone());
        if platform.lose > 0 {
            platform.lose -= 1;
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost")) });
            return Response::new(axum::body::Body::from_stream(broken));
        }
        let mut answer = json!({ "access_token": token });
        for (name, value) in platform.more.as_object().into_iter().flatten() {
            answer[name] = value.clone();
        }
        return json(answer);
    }
    let given = ["x-token", "authorization"].iter().find_map(|name| headers.get(*name)).and_then(|h| h.to_str().ok());
    let given = given.unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    if !platform.keys.contains(&given) {
        return (StatusCode::UNAUTHORIZED, axum::Json(json!({ "message": "who are you?" }))).into_response();
    }
    match (method, path.rsplit('/').next().unwrap_or_default()) {
        (&Method::GET, "shop") => json(json!({ "name": format!("Shop at {host}"), "id": host, "site": "green" })),
        (&Method::GET, "products") => json(json!({ "products": [{ "id": 1, "title": "A lamp" }] })),
        (&Method::POST, "hooks") => {
            let asked: Value = serde_json::from_slice(body).expect("json");
            platform.asked.push((host.to_owned(), asked));
            json(json!({ "id": platform.asked.len() }))
        }
        (&Method::DELETE, "permission") => {
            platform.ended += 1;
            json(json!({}))
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

struct House {
    app: TestApp,
    platform: Shared,
    /// Where the platforms really listen.
    shop: String,
}

impl House {
    async fn new(engine: Engine, more: &str) -> Self {
        let platform = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let shop = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = platform.clone();
        let router =
            Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
                let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
                answer(&shared, &host, &method, &uri, &headers, &body)
            });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let doors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doors");
        let mut config = format!("[providers]\ndir = \"{}\"\n", doors.display());
        for key in ["signed", "stateless", "instance"] {
            config += &format!("[app.{key}]\nclient_id = \"our-app\"\nclient_secret = \"{SECRET}\"\n");
            if more == key {
                config += "client = \"acme\"\n";
            }
        }
        let connect_to = ["*.signed.example", "*.stateless.example", "*.instance.example", "*.client.example"]
            .map(|host| (host.to_owned(), Url::parse(&shop).expect("an address")));
        let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
        let app = TestApp::with_more(
            engine,
            options,
            More { config: &config, connect_to: connect_to.to_vec(), ..More::default() },
        )
        .await;
        Self { app, platform, shop }
    }

    fn tell(&self, more: Value) {
        lock(&self.platform).more = more;
    }

    fn link(&self, provider: &str, fields: &[(&str, &str)]) -> String {
        let fields: BTreeMap<String, String> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        web::connect_link(&self.app.tools, provider, "acme", &fields, store_sync::connect::Sharing::Refused)
    }

    fn callback(&self, provider: &str, query: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{}/oauth/callback/{provider}?{query}", self.app.url)
    }

    /// An address with a platform's signature over its query.
    fn signed(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut pairs: Vec<(String, String)> = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        pairs.push(("timestamp".to_owned(), (self.app.clock.now().unix_ms() / 1000).to_string()));
        pairs.sort();
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        format!("{}{path}?{text}&hmac={}", self.app.url, hex(&mac(&text)))
    }

    async fn connections(&self) -> Vec<Connection> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::connection::list(&mut tx, None, None, 10).await.expect("lists")
    }

    async fn nothing(&self) {
        assert!(self.connections().await.is_empty(), "nothing is connected");
        assert!(self.platform.lock().expect("is not poisoned").asked.len() < 9);
    }

    async fn post(&self, url: &str, kind: &'static str, body: String) -> u16 {
        let mut request = Request::new(Method::POST, Url::parse(url).expect("an address"));
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        request.body = Body::Bytes(body.into());
        self.app.http.send_once(&request).await.expect("an answer").status
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(self.app.http.clone())
    }
}

fn mac(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn location(landed: &Landed) -> Url {
    let to = landed.response.header("location").unwrap_or_else(|| panic!("no redirect: {}", landed.text()));
    landed.url.join(to).expect("an address")
}

fn param(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[track_caller]
fn is(landed: &Landed, status: u16, word: &str) {
    assert_eq!(landed.response.status, status, "{}", landed.text());
    assert!(landed.text().contains(word), "{word} is missing in {}", landed.text());
}

const ACME: &str = "acme.signed.example";

/// Through the consent page of the signed platform, begun at `url`; gives where the browser ends.
async fn consent(house: &House, visitor: &mut Visitor, url: &str) -> Landed {
    let begun = visitor.peek(url).await.expect("an answer");
    let state = param(&location(&begun), "state");
    assert_eq!(location(&begun).host_str(), Some(ACME), "{}", location(&begun));
    let back = house.signed("/oauth/callback/signed", &[("code", "c-1"), ("shop", ACME), ("state", &state)]);
    visitor.open(&back).await.expect("an answer")
}

/// What a shop delivers under a secret that it was given when it was asked.
async fn deliveries(house: &House) {
    let asked = lock(&house.platform).asked.clone();
    assert_eq!(
        asked.iter().map(|(_, asked)| &asked["topic"]).collect::<Vec<_>>(),
        ["product.updated", "product.deleted"]
    );
    let (url, secret) =
        (asked[0].1["delivery_url"].as_str().expect("an address"), asked[0].1["secret"].as_str().expect("a secret"));
    let connection = house.connections().await.remove(0);
    assert_eq!(url, format!("{}/hooks/posted/{}", house.app.url, connection.id));
    let deliver = async |url: &str, secret: &str, topic: &'static str, body: &str| {
        let mut request = Request::new(Method::POST, Url::parse(url).expect("an address"));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(body.as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        request.headers.insert("x-signature", HeaderValue::from_str(&signature).expect("a header"));
        request.headers.insert("x-topic", HeaderValue::from_static(topic));
        request.body = Body::Bytes(body.to_owned().into());
        house.app.http.send_once(&request).await.expect("an answer").status
    };
    let gone = async || house.app.products().await.iter().filter(|product| product.erp_deleted_at.is_some()).count();
    assert_eq!(deliver(url, "another secret", "product.deleted", r#"{"id":1}"#).await, 401);
    assert_eq!(deliver(url, "", "product.deleted", r#"{"id":1}"#).await, 401);
    assert_eq!(
        deliver(&format!("{}/hooks/posted/nobody", house.app.url), secret, "product.deleted", r#"{"id":1}"#).await,
        401
    );
    assert_eq!(
        deliver(&format!("{}/hooks/posted", house.app.url), secret, "product.deleted", r#"{"id":1}"#).await,
        404
    );
    assert_eq!(gone().await, 0);
    assert_eq!(deliver(url, "", "", "webhook_id=123").await, 200, "a greeting is answered");
    assert_eq!(deliver(url, secret, "product.deleted", r#"{"id":1}"#).await, 200);
    assert_eq!(gone().await, 0, "nobody signed the topic: the shop is asked");
    assert_eq!(deliver(url, secret, "product.updated", r#"{"id":1,"name":"A lamp"}"#).await, 200);
    assert_eq!(house.app.drain().await, 1, "the changes are read");
    house.app.clock.advance(Duration::from_mins(3));
    assert_eq!(house.app.drain().await, 1, "everything is read");
    assert_eq!(gone().await, 0, "what the shop shows is there");
    // No secret of a subscription stands in clear.
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let sealed = db::webhook::list_secrets(&mut tx, &connection.id, house.app.clock.now()).await.expect("lists");
    assert!(sealed.len() == 2 && sealed.iter().all(|(_, sealed)| !sealed.contains(secret)));
}

on_both!(
    a_platform_may_begin_by_a_signed_request,
    fewer_scopes_than_needed_are_refused_by_name,
    tokens_without_an_end_are_exchanged_without_the_merchant,
    keys_that_a_shop_posts_count_with_the_browser_only,
    a_code_without_state_needs_the_browser_or_a_known_shop,
    an_installed_instance_is_proved_by_its_signature,
    pasted_credentials_ask_for_tokens_by_themselves,
    a_consumer_is_posted_and_every_call_is_signed
);

async fn a_platform_may_begin_by_a_signed_request(engine: Engine) {
    let house = House::new(engine, "").await;
    house.tell(json!({ "expires_in": 3600, "refresh_token": "r", "scope": "write_products" }));
    let install = |house: &House| house.signed("/connect/signed", &[("shop", ACME), ("host", "eA")]);
    // Nobody said whose shop it is.
    is(&house.visitor().open(&install(&house)).await.expect("an answer"), 403, "no_client");
    house.nothing().await;

    let house = House::new(engine, "signed").await;
    house.tell(json!({ "expires_in": 3600, "refresh_token": "r", "scope": "write_products" }));
    let mut visitor = house.visitor();
    let good = install(&house);
    is(&visitor.open(&good.replace("host=eA", "host=eB")).await.expect("an answer"), 403, "bad_signature");
    is(&visitor.open(&good.replace(ACME, "evil.signed.example")).await.expect("an answer"), 403, "bad_signature");
    house.app.clock.advance(Duration::from_secs(92));
    is(&visitor.open(&good).await.expect("an answer"), 403, "stale_signature");
    is(&consent(&house, &mut visitor, &install(&house)).await, 200, "is connected");
    let first = house.connections().await.remove(0);
    assert_eq!((first.client_id.as_str(), first.store_url.as_str()), ("acme", "https://acme.signed.example"));
    // Write implies read. Installed again, it is the same connection.
    is(&consent(&house, &mut visitor, &install(&house)).await, 200, "is connected");
    let again = house.connections().await;
    assert_eq!((again.len(), &again[0].id, again[0].token_version), (1, &first.id, 2));
    assert_eq!(house.app.drain().await, 1);
    // The shop of two clients: what ends the permission of both is called when the last one leaves.
    let (tools, now) = (&house.app.tools, house.app.clock.now());
    let mut tx = tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &"other".into(), "Other", None, now).await.expect("a client");
    tx.commit().await.expect("commits");
    let fields = BTreeMap::from([("shop".to_owned(), ACME.to_owned())]);
    let link = web::connect_link(tools, "signed", "other", &fields, connect::Sharing::Allowed);
    is(&consent(&house, &mut visitor, &link).await, 200, "is connected");
    let second = house.connections().await.into_iter().find(|one| one.id != first.id).expect("a second one");
    let ended = || house.platform.lock().expect("is whole").ended;
    let left = connect::disconnect(tools, &first.id).await.expect("leaves");
    let told = left.note.as_deref().is_some_and(|note| note.contains("another client is connected"));
    assert!(!left.revoked_at_shop && told && ended() == 0, "{left:?}");
    let again = connect::disconnect(tools, &first.id).await.expect("is no failure");
    assert!(again.note.as_deref().is_some_and(|note| note.contains("disconnected before")), "{again:?}");
    let left = connect::disconnect(tools, &second.id).await.expect("leaves");
    assert!(left.revoked_at_shop && left.note.is_none() && ended() == 1, "{left:?}");
}

async fn fewer_scopes_than_needed_are_refused_by_name(engine: Engine) {
    let house = House::new(engine, "signed").await;
    house.tell(json!({ "expires_in": 3600, "refresh_token": "r", "scope": "read_products" }));
    let link = house.link("signed", &[("shop", ACME)]);
    let mut visitor = house.visitor();
    let landed = consent(&house, &mut visitor, &link).await;
    is(&landed, 400, "write_products is missing");
    house.nothing().await;
    // What is taken back later costs no token; it is told.
    house.tell(json!({ "expires_in": 3600, "refresh_token": "r", "scope": "write_products,more" }));
    is(&consent(&house, &mut visitor, &link).await, 200, "is connected");
    house.app.drain().await;
    house.tell(json!({ "expires_in": 3600, "refresh_token": "r", "scope": "read_products" }));
    house.app.clock.advance(Duration::from_mins(59));
    let id = house.connections().await.remove(0).id;
    StoredCredentials::new(house.app.tools.clone(), id).current().await.expect("the token is renewed all the same");
    let run = house.app.runs().await.into_iter().find(|run| run.action == RunAction::RefreshToken).expect("a run");
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Partial, Some("scopes_missing")));
}

async fn tokens_without_an_end_are_exchanged_without_the_merchant(engine: Engine) {
    let house = House::new(engine, "signed").await;
    house.tell(json!({ "scope": "write_products" }));
    let mut visitor = house.visitor();
    is(&consent(&house, &mut visitor, &house.link("signed", &[("shop", ACME)])).await, 200, "is connected");
    house.app.drain().await;
    let before = house.connections().await.remove(0);
    assert_eq!((before.token_expires_at, before.renew_at), (None, None));
    let tools = &house.app.tools;
    let migrate = async |dry| connect::migrate_tokens(tools, Some("signed"), dry).await.expect("reports").remove(0);
    assert_eq!(migrate(true).await.outcome, "would_migrate");
    // No pair: the old token stays. A lost answer: it is asked for again.
    let told = migrate(false).await;
    assert_eq!(told.outcome, "failed");
    assert!(told.note.is_some_and(|note| note.contains("the old one stays in use")));
    house.tell(json!({ "expires_in": 3600, "refresh_token": "r-1", "refresh_token_expires_in": 7_776_000, "scope": "write_products" }));
    lock(&house.platform).lose = 1;
    assert_eq!(migrate(false).await.outcome, "failed");
    assert_eq!(house.connections().await[0].status, ConnectionStatus::Active);
    let done = migrate(false).await;
    assert_eq!(
        (done.outcome, done.token_expires_at),
        ("migrated", Some(house.app.clock.now().plus(Duration::from_hours(1))))
    );
    assert_eq!(migrate(false).await.outcome, "already");
    let asked = lock(&house.platform).asked.last().expect("was asked").1.clone();
    assert_eq!(asked["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!((&asked["subject_token"], &asked["expiring"]), (&json!("token-1"), &json!("1")));
    assert!(connect::migrate_tokens(tools, Some("posted"), false).await.is_err(), "there is nothing to migrate");
}

async fn keys_that_a_shop_posts_count_with_the_browser_only(engine: Engine) {
    let house = House::new(engine, "").await;
    lock(&house.platform).keys =
        vec![format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("ck_1:cs_1"))];
    let link = house.link("posted", &[("shop", &house.shop)]);
    let mut visitor = house.visitor();
    let begin = async |visitor: &mut Visitor| {
        let begun = visitor.peek(&link).await.expect("an answer");
        param(&location(&begun), "user_id")
    };
    let to = format!("{}/oauth/callback/posted", house.app.url);
    let keys = |nonce: &str, secret: &str, rights: &str| json!({ "key_id": 1, "user_id": nonce, "consumer_key": "ck_1", "consumer_secret": secret, "key_permissions": rights });
    let post = async |value: Value| house.post(&to, "application/json;charset=UTF-8", value.to_string()).await;
    let nonce = begin(&mut visitor).await;
    assert_ne!(post(keys("guessed", "cs_1", "read_write")).await, 200);
    assert_ne!(post(keys(&nonce, "cs_1", "read")).await, 200, "keys that may only read");
    assert_ne!(post(keys(&nonce, "cs_wrong", "read_write")).await, 200, "keys that the shop does not know");
    assert_ne!(house.post(&to, "application/json", "not json".into()).await, 200);
    let back = house.callback("posted", &[("success", "1"), ("user_id", &nonce)]);
    is(&visitor.open(&back).await.expect("an answer"), 200, "has not sent its credentials yet");
    assert_eq!(post(keys(&nonce, "cs_1", "read_write")).await, 200, "exactly 200");
    assert_ne!(post(keys(&nonce, "cs_1", "read_write")).await, 200, "keys come once");
    // Keys alone connect nothing: whoever began has to come back.
    house.nothing().await;
    is(&house.visitor().open(&back).await.expect("an answer"), 403, "other_browser");
    house.nothing().await;
    is(&visitor.open(&back).await.expect("an answer"), 200, "is connected");
    // The first import, and asking the shop to tell of changes.
    assert_eq!(house.app.drain().await, 2);
    assert!(house.app.runs().await.iter().all(|run| run.status == RunStatus::Success));
    deliveries(&house).await;
    is(&visitor.open(&back).await.expect("an answer"), 403, "other_browser");
    let mut refusing = house.visitor();
    let nonce = begin(&mut refusing).await;
    let no = house.callback("posted", &[("success", "0"), ("user_id", &nonce)]);
    is(&refusing.open(&no).await.expect("an answer"), 400, "access_denied");
    assert_ne!(post(keys(&nonce, "cs_1", "read_write")).await, 200, "it has ended");
    let mut late = house.visitor();
    let nonce = begin(&mut late).await;
    house.app.clock.advance(Duration::from_mins(16));
    assert_ne!(post(keys(&nonce, "cs_1", "read_write")).await, 200, "too late");
    // A shop elsewhere cannot post to this machine.
    let far = house.link("posted", &[("shop", "https://shop.posted.example")]);
    is(&house.visitor().open(&far).await.expect("an answer"), 400, "public_url");
}

async fn a_code_without_state_needs_the_browser_or_a_known_shop(engine: Engine) {
    let house = House::new(engine, "").await;
    let mut visitor = house.visitor();
    let begun = visitor.peek(&house.link("stateless", &[])).await.expect("an answer");
    assert_eq!(location(&begun).as_str(), "https://login.stateless.example/app/our-app/install");
    let answer =
        |hash: &str| json!({ "context": format!("stores/{hash}"), "user": { "id": 7 }, "scope": "products other" });
    let back = |hash: &str| {
        house.callback("stateless", &[("code", "c"), ("context", &format!("stores/{hash}")), ("scope", "products")])
    };
    house.tell(answer("g5cd38"));
    is(&house.visitor().open(&back("g5cd38")).await.expect("an answer"), 403, "no_client");
    is(&visitor.open(&back("../x")).await.expect("an answer"), 400, "bad_callback");
    assert!(lock(&house.platform).asked.is_empty(), "nobody's code is spent");
    let done = visitor.peek(&back("g5cd38")).await.expect("an answer");
    assert_eq!(location(&done).as_str(), "https://login.stateless.example/app/our-app/done");
    let connection = house.connections().await.remove(0);
    assert_eq!(
        (connection.store_url.as_str(), &connection.facts["owner"]),
        ("https://store-g5cd38.stateless.example", &json!("7"))
    );
    assert_eq!(lock(&house.platform).asked[0].1["context"], "stores/g5cd38");
    // Its owner installs anew at the platform: known, so it is the same one; with another shop's token it is not.
    assert_eq!(house.visitor().peek(&back("g5cd38")).await.expect("an answer").response.status, 303);
    house.tell(answer("other"));
    is(&house.visitor().open(&back("g5cd38")).await.expect("an answer"), 403, "other_shop");
    let after = house.connections().await;
    assert_eq!((after.len(), after[0].token_version, after[0].renew_at), (1, 2, None));
    assert_eq!(house.app.drain().await, 1);
}

async fn an_installed_instance_is_proved_by_its_signature(engine: Engine) {
    let house = House::new(engine, "").await;
    house.tell(json!({ "expires_in": 14_400 }));
    let content = URL_SAFE_NO_PAD.encode(json!({ "instanceId": "i-42" }).to_string());
    let forged = URL_SAFE_NO_PAD.encode(json!({ "instanceId": "i-43" }).to_string());
    let signature = URL_SAFE_NO_PAD.encode(mac(&content));
    let mut visitor = house.visitor();
    let begun = visitor.peek(&house.link("instance", &[])).await.expect("an answer");
    assert_eq!(param(&location(&begun), "redirect"), format!("{}/oauth/callback/instance", house.app.url));
    let back = |text: String| house.callback("instance", &[("instance", &text)]);
    is(&visitor.open(&back(format!("{signature}.{forged}"))).await.expect("an answer"), 403, "bad_signature");
    is(&visitor.open(&back(content.clone())).await.expect("an answer"), 403, "bad_signature");
    house.nothing().await;
    is(&visitor.open(&back(format!("{signature}.{content}"))).await.expect("an answer"), 200, "is connected");
    let connection = house.connections().await.remove(0);
    assert_eq!(connection.store_url, "https://green.instance.example");
    house.app.drain().await;
    house.app.clock.advance(Duration::from_hours(4));
    work::tick(&house.app.tools).await.expect("ticks");
    house.app.drain().await;
    let after = house.connections().await.remove(0);
    assert_eq!(after.token_version, 2, "{:?}", after.last_error);
    let asked = lock(&house.platform).asked.clone();
    for (_, asked) in &asked {
        assert_eq!(
            (&asked["grant_type"], &asked["instance_id"], &asked["client_secret"]),
            (&json!("client_credentials"), &json!("i-42"), &json!(SECRET))
        );
    }
}

async fn pasted_credentials_ask_for_tokens_by_themselves(engine: Engine) {
    let house = House::new(engine, "").await;
    house.tell(json!({ "expires_in": 600 }));
    let fields = [("shop", "https://shop.client.example"), ("key_id", "SWIA1"), ("key_secret", "s3cr3t")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let tools = &house.app.tools;
    let id = connect::connect_with_key(tools, "acme", "client", &fields, store_sync::connect::Sharing::Refused)
        .await
        .expect("is connected")
        .connection;
    house.app.drain().await;
    assert_eq!(
        lock(&house.platform).asked[0].1,
        json!({ "grant_type": "client_credentials", "client_id": "SWIA1", "client_secret": "s3cr3t" })
    );
    house.app.clock.advance(Duration::from_secs(550));
    lock(&house.platform).lose = 1;
    let keys = StoredCredentials::new(tools.clone(), id.clone());
    assert_eq!(keys.current().await.expect_err("the answer is lost").remedy(), Remedy::Retry(None));
    assert_eq!(keys.current().await.expect("a token").version, 2, "a lost answer costs nothing");
    house.app.clock.advance(Duration::from_secs(550));
    lock(&house.platform).refuse = Some("invalid_client");
    let failure = keys.current().await.expect_err("the merchant has removed the credentials");
    assert_eq!((failure.remedy(), failure.code()), (Remedy::Reconnect, "revoked"));
    assert_eq!(house.connections().await[0].state(), "active, key refused");
    house.app.clock.advance(Duration::from_hours(24));
    keys.current().await.expect_err("they are gone for good");
    assert_eq!(house.connections().await[0].status, ConnectionStatus::NeedsReauth);
    is(
        &house.visitor().open(&house.callback("client", &[("code", "x"), ("state", "y")])).await.expect("an answer"),
        400,
        "state_unknown",
    );
}

async fn a_consumer_is_posted_and_every_call_is_signed(engine: Engine) {
    let house = House::new(engine, "").await;
    let folder = tempfile::tempdir().expect("a temp folder");
    let shop = start("consumer", folder.path().into(), &[], &[], "").await;
    let get = async |url: &str| {
        let request = Request::new(Method::GET, Url::parse(url).expect("an address"));
        let answer = house.app.http.send_once(&request).await.expect("an answer");
        serde_json::from_slice::<Value>(&answer.body).expect("json")
    };
    let activate = async |callback: &str, more: &[(&str, &str)]| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("callback", callback)
            .extend_pairs(more)
            .finish();
        get(&format!("{}/activate?{query}", shop.url)).await
    };
    let mut visitor = house.visitor();
    let page = visitor.open(&house.link("consumer", &[("shop", &shop.url)])).await.expect("a page").text();
    let callback =
        page.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).expect("an address").to_owned();
    is(&visitor.open(&format!("{callback}?oauth_consumer_key=x")).await.expect("an answer"), 400, "keys_missing");
    assert_eq!(activate(&callback, &[("as", "https://evil.example/")]).await["posted"], 403, "another shop's address");
    let wrong = format!("{}x", callback.trim_end_matches(char::is_alphanumeric));
    assert_eq!(activate(&wrong, &[]).await["posted"], 400);
    let away = activate(&callback, &[("back", "https://evil.example/")]).await;
    is(&visitor.open(away["browser"].as_str().expect("an address")).await.expect("an answer"), 403, "other_shop");
    let good = activate(&callback, &[]).await;
    assert_eq!(good["posted"], 200);
    let browser = good["browser"].as_str().expect("an address");
    is(
        &visitor.open(&browser.replace("oauth_consumer_key=", "oauth_consumer_key=0")).await.expect("an answer"),
        403,
        "other_consumer",
    );
    house.nothing().await;
    let landed = visitor.open(browser).await.expect("an answer");
    is(&landed, 200, "the shop's own page");
    is(&visitor.open(browser).await.expect("an answer"), 400, "state_used");
    assert_eq!(house.app.drain().await, 1);
    let run = house.app.runs().await.remove(0);
    assert_eq!((run.status, run.items_created), (RunStatus::Success, 1), "{:?}", run.error_message);
    let seen = get(&format!("{}/seen", shop.url)).await;
    assert_eq!((&seen["signed"], &seen["refused"]), (&json!(4), &json!(0)), "{seen}");
    // No token is renewed, none ends.
    let connection = house.connections().await.remove(0);
    assert_eq!((connection.renew_at, connection.token_expires_at), (None, None));
}
