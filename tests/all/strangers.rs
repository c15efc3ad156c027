//! What strangers send, and how much of it: nobody honest is refused for it, nothing is kept of it, and the door stays open.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use store_sync::{
    cli::visitor::Visitor,
    db,
    outside::{Body, Request, Response},
    sandbox::SandboxOptions,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

use crate::support::{Engine, More, TestApp, on_both};

const TOKEN: &str = "canary-api-token-0123456789";

async fn send(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let mut request = Request::new(method, Url::parse(&format!("{}{path}", app.url)).expect("an address"));
    for (name, value) in headers {
        let name = header::HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    request.body = Body::Bytes(body.to_vec().into());
    app.http.send_once(&request).await.expect("an answer")
}

async fn get(app: &TestApp, path: &str) -> Response {
    send(app, Method::GET, path, &[], b"").await
}

async fn house(config: &str) -> TestApp {
    let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
    TestApp::with_more(Engine::Sqlite, options, More { config, ..More::default() }).await
}

/// A request as its bytes; gives the answer's, until the other end closes.
async fn raw(app: &TestApp, bytes: &str) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("connects");
    stream.write_all(bytes.as_bytes()).await.expect("is sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    read.expect("in time").expect("is read");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn states(app: &TestApp) -> i64 {
    let mut tx = app.tools.db.read().await.expect("reads");
    db::oauth_state::count_open(&mut tx, &app.client, app.clock.now()).await.expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_noise_refuses_nobody_who_brings_something_of_ours() {
    let shops = "[app.shopify]\nclient_id = \"our-app\"\nclient_secret = \"hush\"\n";
    let app = house(shops).await;
    let (mut merchant, back) = app.consent("allow").await;
    let fields = [("shop".to_owned(), app.shop_url.clone())].into();
    let link = store_sync::web::connect_link(
        &app.tools,
        "woocommerce",
        "acme",
        &fields,
        store_sync::connect::Sharing::Refused,
    );
    let begun = Visitor::new(app.http.clone()).peek(&link).await.expect("an answer");
    assert_eq!(begun.response.status, 303, "{}", begun.text());
    let consent = Url::parse(begun.response.header("location").expect("a page")).expect("an address");
    let nonce = consent.query_pairs().find(|(name, _)| name == "user_id").expect("a state").1.into_owned();
    // All from one address, as behind a proxy that nobody told us of.
    let mut refused = 0;
    let noise = async |app: &TestApp| {
        let mut refused = 0;
        for n in 0..150 {
            let answer = get(app, &format!("/oauth/callback/sandbox?state={n}")).await;
            if answer.status == 429 {
                assert!(
                    answer.header("retry-after").and_then(|wait| wait.parse::<u32>().ok()).is_some_and(|wait| wait > 0)
                );
                refused += 1;
            }
        }
        refused
    };
    refused += noise(&app).await;
    assert_eq!(merchant.open(&back).await.expect("an answer").response.status, 200, "his state is known");
    refused += noise(&app).await;
    for _ in 0..30 {
        let begun = Visitor::new(app.http.clone()).peek(&app.link()).await.expect("an answer");
        assert_eq!(begun.response.status, 303, "a link of ours is known");
    }
    refused += noise(&app).await;
    let keys = |nonce: &str| json!({ "user_id": nonce, "consumer_key": "ck_1", "consumer_secret": "cs_1", "key_permissions": "read_write" });
    let json = [("content-type", "application/json")];
    let posted =
        send(&app, Method::POST, "/oauth/callback/woocommerce", &json, keys(&nonce).to_string().as_bytes()).await;
    assert_ne!(posted.status, 429, "keys for a connect of ours are taken");
    for _ in 0..100 {
        let posted =
            send(&app, Method::POST, "/oauth/callback/woocommerce", &json, keys("x").to_string().as_bytes()).await;
        refused += u32::from(posted.status == 429);
    }
    assert!(refused > 100, "{refused}");
}

/// The key in a callback's address leaves the browser also where the callback itself is not even read.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_turned_away_leaves_its_key_behind() {
    let app = house("").await;
    let back = "/oauth/callback/woocommerce-password?state=unknown&user_login=shopkeeper&password=canary-password";
    let mut turned_away = None;
    for _ in 0..150 {
        let answer = get(&app, back).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/oauth/ended")));
        let cookie = answer.header("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
        let (_, kept) = cookie.split_once('=').expect("a value");
        let kept = URL_SAFE_NO_PAD.decode(kept).expect("is base64");
        let kept = String::from_utf8(kept).expect("is text");
        assert!(!kept.contains("canary-password"), "{kept}");
        if kept.contains("too_fast") {
            turned_away = Some(cookie);
        }
    }
    let cookie = turned_away.expect("150 at once are too many");
    let page = send(&app, Method::GET, "/oauth/ended", &[("cookie", &cookie)], b"").await;
    let text = String::from_utf8_lossy(&page.body).into_owned();
    assert!(page.status == 429 && text.contains("open the connect link again"), "{text}");
    // Where no key is in the address, the answer is the plain one.
    assert_eq!(get(&app, "/oauth/callback/sandbox?state=unknown").await.status, 429);
}

on_both!(
    nobody_locks_a_client_out_by_beginning,
    looking_at_a_link_begins_nothing,
    addresses_that_no_database_can_look_up_are_answered_without_it
);

async fn nobody_locks_a_client_out_by_beginning(engine: Engine) {
    let app = TestApp::with(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }).await;
    let (mut merchant, back) = app.consent("allow").await;
    app.clock.advance(Duration::from_secs(1));
    // Another holder of a link of the same client, over and over.
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(1));
        let other = app.link();
        for _ in 0..60 {
            let begun = Visitor::new(app.http.clone()).peek(&other).await.expect("an answer");
            assert_eq!(begun.response.status, 303, "{}", begun.text());
        }
    }
    assert_eq!(states(&app).await, 21, "the oldest of the same link give way");
    assert_eq!(merchant.open(&back).await.expect("an answer").response.status, 200, "the first one's stays");
}

async fn looking_at_a_link_begins_nothing(engine: Engine) {
    let app = TestApp::with(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }).await;
    let link = app.link();
    let path = link.strip_prefix(&app.url).expect("is ours");
    let looks: [(Method, &[(&str, &str)]); 4] = [
        (Method::HEAD, &[]),
        (Method::GET, &[("sec-purpose", "prefetch;prerender")]),
        (Method::GET, &[("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")]),
        (Method::GET, &[("user-agent", "WhatsApp/2.23.20.0")]),
    ];
    for (method, headers) in looks {
        assert_eq!(send(&app, method, path, headers, b"").await.status, 200, "{headers:?}");
    }
    assert_eq!(states(&app).await, 0);
    let (mut visitor, back) = app.consent("allow").await;
    let path = back.strip_prefix(&app.url).expect("is ours");
    assert_eq!(send(&app, Method::HEAD, path, &[], b"").await.status, 200);
    assert_eq!(visitor.open(&back).await.expect("an answer").response.status, 200, "the code was not spent");
}

async fn addresses_that_no_database_can_look_up_are_answered_without_it(engine: Engine) {
    let app = TestApp::with(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }).await;
    for (method, path, status) in [
        (Method::GET, "/connect/sandbox?client=%00", 400),
        (Method::GET, "/connect/sandbox%00?client=acme", 404),
        (Method::GET, "/connect/x%0a2026-11-27T00:00:00Z%20%20INFO%20forged", 404),
        (Method::GET, "/oauth/callback/x%1b", 404),
        (Method::GET, "/oauth/callback/sandbox?state=a%00b", 400),
        (Method::POST, "/hooks/woocommerce/%00", 404),
        (Method::POST, "/hooks/woocommerce/%ff", 404),
        (Method::GET, "/pictures/%00/1/2/3", 404),
        (Method::GET, "/assets/%00/1/2/3", 404),
    ] {
        assert_eq!(send(&app, method, path, &[], b"").await.status, status, "{path}");
    }
    // A shop to connect again that is none, or another client's.
    let again = format!("{}&reconnect=x", app.link());
    let answer = Visitor::new(app.http.clone()).peek(&again).await.expect("an answer");
    assert!(answer.response.status == 404 && answer.text().contains("unknown_connection"), "{}", answer.text());
    app.connect().await;
    let own = app.connection().await.id;
    let mut tx = app.tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &"other".into(), "Other", None, app.clock.now()).await.expect("a client");
    tx.commit().await.expect("commits");
    let link = store_sync::web::connect_link(
        &app.tools,
        "sandbox",
        "other",
        &app.fields(),
        store_sync::connect::Sharing::Refused,
    );
    let answer = Visitor::new(app.http.clone()).peek(&format!("{link}&reconnect={own}")).await.expect("an answer");
    assert_eq!(answer.response.status, 404);
    let answer =
        Visitor::new(app.http.clone()).peek(&format!("{}&reconnect={own}", app.link())).await.expect("an answer");
    assert_eq!(answer.response.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_their_sizes_and_are_refused_in_the_readers_form() {
    let app =
        house(&format!("[api]\ntoken = \"{TOKEN}\"\n[app.shopify]\nclient_id = \"a\"\nclient_secret = \"hush\"\n"))
            .await;
    let bearer = format!("Bearer {TOKEN}");
    let large = vec![b'x'; (1 << 20) + 1];
    let huge = vec![b'x'; (5 << 20) + 1];
    assert_eq!(send(&app, Method::POST, "/hooks/shopify", &[], &huge[1..]).await.status, 401, "it is looked at");
    assert_eq!(send(&app, Method::POST, "/hooks/shopify", &[], &huge).await.status, 413);
    assert_eq!(send(&app, Method::POST, "/oauth/callback/sandbox", &[], &large).await.status, 413);
    let told =
        send(&app, Method::POST, "/api/v1/flows/x/generations", &[("authorization", bearer.as_str())], &large).await;
    let json: Value = serde_json::from_slice(&told.body).expect("json");
    assert_eq!((told.status, json["error"]["code"].as_str()), (413, Some("too_large")));
    // Who does not say how long it is gets no further either.
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "x".repeat(1 << 16)).repeat(16);
    let head = "POST /oauth/callback/sandbox HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let answer = raw(&app, &format!("{head}{chunk}1\r\nx\r\n0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_token_are_limited_and_slips_are_told_as_json() {
    let app = house(&format!("[api]\ntoken = \"{TOKEN}\"\n")).await;
    let api = async |path: &str, token: &str, body: &[u8]| {
        let method = if body.is_empty() { Method::GET } else { Method::POST };
        let bearer = format!("Bearer {token}");
        let answer = send(&app, method, &format!("/api/v1{path}"), &[("authorization", bearer.as_str())], body).await;
        let told: Value = serde_json::from_slice(&answer.body).expect("json");
        let text = |name: &str| told["error"][name].as_str().unwrap_or_default().to_owned();
        (answer.status, text("code"), text("message"))
    };
    for (path, body, status, code) in [
        ("/assets/%ff", "", 404, "unknown_route"),
        ("/assets/a%00", "", 404, "unknown_route"),
        ("/clients/acme/usage?by=x", "", 400, "bad_query"),
        ("/clients/acme/usage?month=%00", "", 400, "bad_address"),
        ("/assets/a?by=x", "", 400, "bad_query"),
        ("/flows/x/prompt?analyze=true", "", 400, "bad_query"),
        ("/flows/x/generations", "[]", 422, "bad_body"),
        ("/flows/x/generations", "null", 422, "bad_body"),
        // Control characters in a text are taken out at the border.
        ("/assets/x/edits", "{\"prompt\": \"a\\u0000\"}", 404, "unknown_asset"),
    ] {
        let told = api(path, TOKEN, body.as_bytes()).await;
        assert_eq!((told.0, told.1.as_str()), (status, code), "{path} {body}: {}", told.2);
    }
    let mut answers = Vec::new();
    for n in 0..100 {
        answers.push(api("/assets/a", &format!("guess-{n}-guess-guess-guess-guess"), b"").await.0);
    }
    assert_eq!(answers[0], 401);
    assert!(answers.iter().filter(|status| **status == 429).count() > 20, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_requests_make_room_for_whole_ones() {
    let app = house("").await;
    let small = {
        // A door of its own with sixteen places.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let tools = app.tools.clone();
        let limits = store_sync::web::DoorLimits { connections: 16, grace: Duration::from_secs(1) };
        let closing = tokio_util::sync::CancellationToken::new();
        let closed = closing.clone();
        let door = tokio::spawn(async move { store_sync::web::serve(&tools, listener, limits, closing).await });
        (address, closed, door)
    };
    let mut half = Vec::new();
    for n in 0..50 {
        let mut stream = TcpStream::connect(small.0).await.expect("connects");
        // Some say nothing, some half a head, some half a body.
        let said =
            ["", "GET /healthz HT", "POST /hooks/shopify HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf"]
                [n % 3];
        stream.write_all(said.as_bytes()).await.expect("is sent");
        half.push(stream);
    }
    let mut honest = TcpStream::connect(small.0).await.expect("connects");
    honest.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("is sent");
    let mut answer = [0; 15];
    honest.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    let mut rest = Vec::new();
    let first = tokio::time::timeout(Duration::from_secs(5), half[0].read_to_end(&mut rest)).await;
    assert!(first.is_ok(), "who waited longest was let go");
    // At the end nobody who only waits is waited for.
    small.1.cancel();
    tokio::time::timeout(Duration::from_secs(10), small.2).await.expect("it closes").expect("well");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_compared_as_names() {
    let app = house("").await;
    for (name, status) in [("LOCALHOST", 200), ("Localhost:21400", 200), ("localhost.evil.example", 421)] {
        assert_eq!(send(&app, Method::GET, "/healthz", &[("host", name)], b"").await.status, status, "{name}");
    }
    assert!(
        raw(&app, "GET /healthz HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.0 421"),
        "without a name none is ours"
    );
}
