//! Forged, replayed, late and misled callbacks: each refused with the right words, nothing left behind.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use store_sync::{
    cli::visitor::Visitor,
    connect::{self, Sharing},
    db,
    outside::Response,
    web,
};
use url::Url;

use crate::support::{Engine, TestApp, on_both};

async fn refused(app: &TestApp, visitor: &mut Visitor, url: &str, status: u16, code: &str) {
    let page = visitor.open(url).await.expect("an answer");
    assert_eq!(page.response.status, status, "{}", page.text());
    assert!(page.text().contains(code), "{code} is missing in {}", page.text());
    let mut tx = app.tools.db.read().await.expect("reads");
    assert!(db::connection::list(&mut tx, None, None, 10).await.expect("lists").is_empty(), "nothing is connected");
    assert!(db::job::list_open(&mut tx, None, 10).await.expect("lists").is_empty(), "nothing is queued");
}

/// The address with one parameter replaced, or added.
fn with(url: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(url).expect("an address");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    url.into()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.header(name).unwrap_or_default()
}

on_both!(
    forged_callbacks_are_refused,
    a_callback_serves_once_and_in_time,
    a_merchant_who_refuses_is_told_so,
    who_waits_by_a_link_is_told_that_its_connect_was_refused,
    connect_links_are_the_operators,
    an_address_that_leads_elsewhere_is_named_before_anybody_goes_there
);

async fn forged_callbacks_are_refused(engine: Engine) {
    let app = TestApp::new(engine).await;
    let (mut visitor, back) = app.consent("allow").await;
    refused(&app, &mut visitor, &with(&back, "state", "guessed"), 400, "state_unknown").await;
    refused(&app, &mut visitor, &with(&back, "state", ""), 400, "state_missing").await;
    refused(&app, &mut visitor, &with(&back, "hmac", &"0".repeat(64)), 403, "bad_signature").await;
    refused(&app, &mut visitor, &with(&back, "code", "other"), 403, "bad_signature").await;
    refused(&app, &mut visitor, &with(&back, "extra", "1"), 403, "bad_signature").await;
    refused(&app, &mut visitor, &with(&back, "shop", "evil.example"), 403, "bad_signature").await;
    let mut twice = Url::parse(&back).expect("an address");
    let state = twice.query_pairs().find(|(k, _)| k == "state").expect("a state").1.into_owned();
    twice.query_pairs_mut().append_pair("state", &state);
    refused(&app, &mut visitor, twice.as_str(), 400, "state_missing").await;
    let mut stranger = Visitor::new(app.http.clone());
    refused(&app, &mut stranger, &back, 403, "other_browser").await;
    refused(&app, &mut visitor, &back.replace("/callback/sandbox", "/callback/unknown"), 404, "unknown_provider").await;
    // After all that the honest answer still works: a forgery uses nothing up.
    assert_eq!(visitor.open(&back).await.expect("an answer").response.status, 200);
    assert_eq!(app.drain().await, 1, "the first import");
}

async fn a_callback_serves_once_and_in_time(engine: Engine) {
    let app = TestApp::new(engine).await;
    let (mut late, late_back) = app.consent("allow").await;
    app.clock.advance(Duration::from_mins(16));
    refused(&app, &mut late, &late_back, 400, "state_expired").await;
    let (mut slow, slow_back) = app.consent("allow").await;
    app.clock.advance(Duration::from_mins(3));
    refused(&app, &mut slow, &slow_back, 403, "stale_signature").await;
    let (mut visitor, back) = app.consent("allow").await;
    assert_eq!(visitor.open(&back).await.expect("an answer").response.status, 200);
    let replay = Visitor::new(app.http.clone()).open(&back).await.expect("an answer");
    assert_eq!(replay.response.status, 403);
    let replay = visitor.open(&back).await.expect("an answer");
    assert!(matches!(replay.response.status, 400 | 403), "{}", replay.text());
    assert_eq!(app.stats().await["tokens"]["codes"], 1);
    assert_eq!(app.drain().await, 1, "the first import");
}

async fn a_merchant_who_refuses_is_told_so(engine: Engine) {
    let app = TestApp::new(engine).await;
    let (mut visitor, back) = app.consent("deny").await;
    refused(&app, &mut visitor, &back, 400, "access_denied").await;
}

async fn who_waits_by_a_link_is_told_that_its_connect_was_refused(engine: Engine) {
    let app = TestApp::new(engine).await;
    let link = app.link();
    let signature = web::link_signature(&link).expect("is signed");
    let told = async || connect::link_refusal(&app.tools, &signature).await.expect("reads");
    let begin = async |decision: &str| {
        let mut visitor = Visitor::new(app.http.clone());
        let page = visitor.open(&link).await.expect("the consent page");
        let back = visitor.decide(&page, decision).await.expect("a way back");
        (visitor, String::from(back))
    };
    let (mut visitor, back) = begin("deny").await;
    // What anybody can send tells nobody anything.
    refused(&app, &mut visitor, &with(&back, "hmac", &"0".repeat(64)), 403, "bad_signature").await;
    refused(&app, &mut Visitor::new(app.http.clone()), &back, 403, "other_browser").await;
    assert!(told().await.is_none());
    refused(&app, &mut visitor, &back, 400, "access_denied").await;
    let failure = told().await.expect("is told");
    assert_eq!((failure.code(), failure.kind.exit_code()), ("access_denied", 1));
    assert!(failure.message.contains("access was declined"), "{failure}");
    // The latest connect of the link counts: the next one is open, and then fails for a reason that may pass.
    app.clock.advance(Duration::from_secs(1));
    let (mut visitor, back) = begin("allow").await;
    assert!(told().await.is_none());
    app.mischief(json!({ "on": "POST /oauth/token", "do": "error", "arg": 503, "times": 10 })).await;
    let page = visitor.open(&back).await.expect("an answer");
    assert_eq!(page.response.status, 502, "{}", page.text());
    let failure = told().await.expect("is told");
    assert_eq!((failure.code(), failure.kind.exit_code()), ("token_endpoint", 75));
    // Who waits by another link is told nothing.
    app.clock.advance(Duration::from_secs(1));
    let other = web::link_signature(&app.link()).expect("is signed");
    assert!(other != signature && connect::link_refusal(&app.tools, &other).await.expect("reads").is_none());
}

async fn connect_links_are_the_operators(engine: Engine) {
    let app = TestApp::new(engine).await;
    let mut visitor = Visitor::new(app.http.clone());
    refused(&app, &mut visitor, &with(&app.link(), "client", "other"), 403, "not_signed").await;
    refused(&app, &mut visitor, &with(&app.link(), "expires", "99999999999"), 403, "not_signed").await;
    let link = app.link();
    app.clock.advance(Duration::from_hours(25));
    refused(&app, &mut visitor, &link, 403, "not_signed").await;
    refused(&app, &mut visitor, &with(&app.link(), "shop", "ftp://x"), 400, "bad_field").await;
    let unknown = store_sync::web::connect_link(&app.tools, "sandbox", "nobody", &app.fields(), Sharing::Refused);
    refused(&app, &mut visitor, &unknown, 404, "unknown_client").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_carry_the_headers_that_keep_secrets_in() {
    let app = TestApp::new(Engine::Sqlite).await;
    let mut visitor = Visitor::new(app.http.clone());
    let start = visitor.peek(&app.link()).await.expect("an answer");
    assert_eq!(start.response.status, 303);
    let cookie = header(&start.response, "set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/oauth/callback"),
        "{cookie}"
    );
    assert_eq!(header(&start.response, "referrer-policy"), "no-referrer");
    let target = header(&start.response, "location");
    assert!(target.contains("code_challenge_method=S256") && !target.contains("sandbox-secret"), "{target}");
    let home = visitor.open(&app.url).await.expect("an answer");
    assert!(header(&home.response, "content-security-policy").contains("default-src 'none'"));
    assert_eq!(header(&home.response, "x-content-type-options"), "nosniff");
    assert_eq!(visitor.open(&format!("{}/healthz", app.url)).await.expect("an answer").text(), "ok\n");
    assert_eq!(visitor.open(&format!("{}/readyz", app.url)).await.expect("an answer").text(), "ready\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loopback_daemon_answers_to_no_strange_name() {
    let app = TestApp::new(Engine::Sqlite).await;
    for (path, name, status) in [
        ("/", "evil.example", 421),
        ("/connect/sandbox?client=acme", "evil.example:80", 421),
        ("/", "localhost:1", 200),
    ] {
        let mut request = store_sync::outside::Request::new(
            http::Method::GET,
            Url::parse(&format!("{}{path}", app.url)).expect("an address"),
        );
        request.headers.insert(http::header::HOST, http::HeaderValue::from_str(name).expect("a name"));
        assert_eq!(app.http.send_once(&request).await.expect("an answer").status, status, "{name}");
    }
    // On its own machine a connect needs no signed link, unless another site sent the browser.
    let open = format!("{}/connect/sandbox?client=acme&shop={}", app.url, app.shop_url);
    let mut request = store_sync::outside::Request::new(http::Method::GET, Url::parse(&open).expect("an address"));
    assert_eq!(app.http.send_once(&request).await.expect("an answer").status, 303);
    request.headers.insert("sec-fetch-site", http::HeaderValue::from_static("cross-site"));
    assert_eq!(app.http.send_once(&request).await.expect("an answer").status, 403);
    let mut visitor = Visitor::new(app.http.clone());
    let asked = visitor.open(&format!("{}/connect/sandbox?client=acme", app.url)).await.expect("an answer");
    assert!(asked.text().contains("name=\"shop\""), "what is missing is asked for");
}

async fn an_address_that_leads_elsewhere_is_named_before_anybody_goes_there(engine: Engine) {
    let app = TestApp::new(engine).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let shop = format!("http://{}", listener.local_addr().expect("an address"));
    let moved = axum::Router::new()
        .fallback(async || (http::StatusCode::MOVED_PERMANENTLY, [("location", "https://shop.example/start")]));
    let server = tokio::spawn(async move { axum::serve(listener, moved).await });
    let fields = BTreeMap::from([("shop".to_owned(), shop.clone())]);
    for provider in ["woocommerce", "woocommerce-password", "adobe-commerce"] {
        let link = web::connect_link(&app.tools, provider, "acme", &fields, Sharing::Refused);
        let told = format!("{shop} leads to https://shop.example; connect the shop by that address");
        refused(&app, &mut Visitor::new(app.http.clone()), &link, 400, &told).await;
    }
    server.abort();
    let _ = server.await;
    let link = web::connect_link(&app.tools, "woocommerce-password", "acme", &fields, Sharing::Refused);
    refused(&app, &mut Visitor::new(app.http.clone()), &link, 400, &format!("nothing answers at {shop}")).await;
}
