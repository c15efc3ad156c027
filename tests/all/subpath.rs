//! A public address with a path: behind a proxy that takes the path off, and behind one that leaves it.

use axum::{
    Router,
    body::Bytes,
    extract::Request as Incoming,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use store_sync::{
    cli::visitor::Visitor,
    outside::{Body, Http, Request},
    sandbox::SandboxOptions,
};
use tokio::net::TcpListener;
use url::Url;

use crate::support::{Engine, More, TestApp};

/// Hands on what comes below `/sync`, with the path or without it.
async fn hand_on(
    http: &Http,
    to: &str,
    strip: bool,
    (method, uri, headers, body): (Method, Uri, HeaderMap, Bytes),
) -> Response {
    let whole = uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(below) = whole.strip_prefix("/sync") else { return StatusCode::NOT_FOUND.into_response() };
    let path = if strip { below } else { whole };
    let mut request = Request::new(method, Url::parse(&format!("{to}{path}")).expect("an address"));
    for name in [header::COOKIE, header::CONTENT_TYPE, header::HOST] {
        if let Some(value) = headers.get(&name) {
            request.headers.insert(name, value.clone());
        }
    }
    request.body = Body::Bytes(body);
    let answer = http.send_once(&request).await.expect("an answer");
    let mut response = (StatusCode::from_u16(answer.status).expect("a status"), answer.body.clone()).into_response();
    for name in ["location", "set-cookie", "content-type"] {
        if let Some(value) = answer.header(name) {
            response.headers_mut().insert(name, value.parse().expect("a header"));
        }
    }
    response
}

/// The whole connect, each cookie sent only where its path allows.
async fn connects_behind(strip: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let public = format!("http://{}/sync", listener.local_addr().expect("an address"));
    let options = SandboxOptions { products: 3, ..SandboxOptions::default() };
    let app = TestApp::with_more(Engine::Sqlite, options, More { behind: Some(&public), ..More::default() }).await;
    let (http, to) = (app.http.clone(), app.url.clone());
    let proxy = Router::new().fallback(move |request: Incoming| {
        let (http, to) = (http.clone(), to.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            hand_on(&http, &to, strip, (parts.method, parts.uri, parts.headers, body)).await
        }
    });
    tokio::spawn(async move { axum::serve(listener, proxy.into_make_service()).await });
    let link = app.link();
    assert!(link.starts_with(&format!("{public}/connect/")), "{link}");
    let mut visitor = Visitor::new(app.http.clone());
    let begun = Visitor::new(app.http.clone()).peek(&link).await.expect("an answer");
    let cookie = begun.response.header("set-cookie").expect("a mark").to_owned();
    assert!(cookie.split("; ").any(|part| part == "Path=/sync/oauth/callback"), "{cookie}");
    let page = visitor.open(&link).await.expect("the consent page");
    assert_eq!(page.response.status, 200, "{}", page.text());
    let back = visitor.decide(&page, "allow").await.expect("a way back");
    assert!(back.as_str().starts_with(&format!("{public}/oauth/callback/")), "{back}");
    let done = visitor.open(back.as_str()).await.expect("the callback answers");
    assert_eq!(done.response.status, 200, "{}", done.text());
    app.drain().await;
    assert_eq!(app.products().await.len(), 3);
    // What is handed out leads back, and what is refused is refused in the reader's form.
    let product = app.products().await.remove(0);
    let asset = app.add_asset(&product, 1).await;
    let address = store_sync::web::asset_link(&app.tools, &asset).await.expect("is there").url;
    assert!(address.starts_with(&format!("{public}/assets/")), "{address}");
    assert_eq!(visitor.open(&address).await.expect("an answer").response.status, 200);
    for path in ["", "/", "/healthz"] {
        assert_eq!(visitor.open(&format!("{public}{path}")).await.expect("an answer").response.status, 200, "{path}");
    }
    let api = visitor.open(&format!("{public}/api/v1/assets/%ff")).await.expect("an answer");
    assert!(api.text().starts_with('{'), "{}", api.text());
    let api = visitor.open(&format!("{public}/api/v1/nothing")).await.expect("an answer");
    assert_eq!((api.response.status, api.text().starts_with('{')), (401, true), "{}", api.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_connected_below_a_path_that_the_proxy_takes_off() {
    connects_behind(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_connected_below_a_path_that_the_proxy_leaves() {
    connects_behind(false).await;
}
