//! WooCommerce's WordPress half against a real WordPress: its consent page, its application passwords, its media library.

use std::{collections::BTreeMap, process::Command};

use http::{HeaderValue, Method, header};
use store_sync::{
    cli::visitor::Visitor,
    connect,
    model::{ConnectionStatus, ImportScope, PushStatus, RunStatus},
    outside::{Request, Response},
    push,
    sandbox::SandboxOptions,
    web,
};

use crate::{
    real::{servers, start},
    support::{Engine, More, TestApp, on_both},
};

/// Plays the merchant's browser at WordPress' page; gives where it is sent.
async fn allow_at_wordpress(page: &str, user: &str, deny: bool) -> String {
    let mut command = Command::new("python3");
    command.arg(servers().join("wordpress/consent.py")).args([page, user, &format!("{user}-password")]);
    command.args(deny.then_some("--deny"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

on_both!(wordpress_gives_a_password_and_takes_pictures);

async fn wordpress_gives_a_password_and_takes_pictures(engine: Engine) {
    let public = More { public: Some("https://daemon.example"), ..More::default() };
    let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, public).await;
    let shop = start("wordpress", app.folder.path().join("wordpress"), &[], &[], "a shop").await;
    let fields = BTreeMap::from([("shop".to_owned(), shop.url.clone())]);
    let mut visitor = Visitor::new(app.http.clone());
    let begin = async |visitor: &mut Visitor| {
        let link = web::connect_link(&app.tools, "woocommerce-password", "acme", &fields, connect::Sharing::Refused);
        let page = visitor.peek(&link).await.expect("an answer");
        page.response.header("location").unwrap_or_else(|| panic!("{}", page.text())).to_owned()
    };
    // Refused; then allowed by somebody who may not manage the shop.
    let page = begin(&mut visitor).await;
    let back = allow_at_wordpress(&page, "merchant", true).await;
    // Whatever becomes of it, the browser leaves the address with the password; the page it comes to may be reloaded.
    let leave = async |visitor: &mut Visitor, back: &str| {
        let left = visitor.peek(back).await.expect("an answer");
        assert_eq!(
            (left.response.status, left.response.header("location")),
            (303, Some("/oauth/ended")),
            "{}",
            left.text()
        );
        let page = left.url.join("/oauth/ended").expect("an address");
        let landed = visitor.peek(page.as_str()).await.expect("an answer");
        assert_eq!(visitor.peek(page.as_str()).await.expect("an answer").text(), landed.text());
        landed.text()
    };
    let landed = leave(&mut visitor, &back).await;
    assert!(landed.contains("access was declined"), "{landed}");
    let page = begin(&mut visitor).await;
    let back = allow_at_wordpress(&page, "reader", false).await;
    let landed = leave(&mut visitor, &back).await;
    assert!(landed.contains("That did not work") && !landed.contains("password="), "{landed}");
    assert_eq!(who(&app, &shop.url, "reader", &back).await, 401, "its password is deleted");
    // Another browser with the same answer gets nothing; the one that began does, and leaves the password behind.
    let page = begin(&mut visitor).await;
    let back = allow_at_wordpress(&page, "merchant", false).await;
    let stranger = leave(&mut Visitor::new(app.http.clone()), &back).await;
    assert!(stranger.contains("other_browser"), "{stranger}");
    let landed = leave(&mut visitor, &back).await;
    assert!(landed.contains("is connected"), "{landed}");
    let again = leave(&mut visitor, &back).await;
    assert!(again.contains("That did not work"), "used up: {again}");
    app.drain().await;
    assert_eq!(app.products().await.len(), 3);
    // Two pictures, as bytes; the second in front. They are WordPress' own files now.
    let product = app.product("7").await;
    for drawing in [1, 2] {
        let asset = app.add_asset(&product, drawing).await;
        app.approve(&asset).await;
        app.drain().await;
    }
    let pushes = app.pushes().await;
    assert!(pushes.len() == 2 && pushes.iter().all(|push| push.status == PushStatus::Synced), "{pushes:?}");
    let password = password_in(&back);
    let call = async |method: Method, path: &str| {
        let answer = ask(&app, &shop.url, (method, path), "merchant", &password).await;
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap_or_default()
    };
    let images = call(Method::GET, "/wc/v3/products/7").await["images"].clone();
    assert_eq!(images.as_array().map(Vec::len), Some(2), "{images}");
    assert!(images[0]["alt"].as_str().is_some_and(|alt| !alt.is_empty()), "{images}");
    let bytes = app
        .http
        .send_once(&Request::new(
            Method::GET,
            url::Url::parse(images[0]["src"].as_str().expect("an address")).expect("an address"),
        ))
        .await
        .expect("bytes")
        .body;
    assert!((1..3).any(|drawing| bytes == store_sync::sandbox::draw_scene(drawing)), "byte for byte");
    assert_eq!(call(Method::GET, "/wp/v2/media?per_page=100").await.as_array().map(Vec::len), Some(2), "no file twice");
    // One taken out again; then the merchant takes the password back.
    push::ask_revert(&app.tools, &[pushes[0].id.to_string()]).await.expect("is asked");
    app.drain().await;
    assert_eq!(call(Method::GET, "/wc/v3/products/7").await["images"].as_array().map(Vec::len), Some(1));
    call(Method::DELETE, "/wp/v2/users/me/application-passwords").await;
    let run = app.sync(ImportScope::Changes).await;
    assert_eq!(run.status, RunStatus::Failed, "{run:?}");
    assert_eq!(app.connection().await.state(), "active, key refused");
    app.clock.advance(std::time::Duration::from_hours(24));
    app.drain().await;
    assert_eq!(app.connection().await.status, ConnectionStatus::NeedsReauth);
    // Connected again and left: the password goes with it.
    let page = begin(&mut visitor).await;
    let back = allow_at_wordpress(&page, "merchant", false).await;
    assert!(leave(&mut visitor, &back).await.contains("is connected"));
    assert_eq!(who(&app, &shop.url, "merchant", &back).await, 200);
    let left = connect::disconnect(&app.tools, &app.connection().await.id).await.expect("is left");
    assert!(left.revoked_at_shop, "{left:?}");
    assert_eq!(who(&app, &shop.url, "merchant", &back).await, 401);
}

/// The password in the address that a merchant's browser comes back with.
fn password_in(back: &str) -> String {
    let back = url::Url::parse(back).expect("an address");
    back.query_pairs().find(|(name, _)| name == "password").expect("is there").1.into_owned()
}

/// Calls WordPress as one of its users.
async fn ask(app: &TestApp, shop: &str, call: (Method, &str), user: &str, password: &str) -> Response {
    let (method, path) = call;
    let mut request = Request::new(method, url::Url::parse(&format!("{shop}/wp-json{path}")).expect("an address"));
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{user}:{password}"));
    let basic = HeaderValue::from_str(&format!("Basic {basic}")).expect("a header");
    request.headers.insert(header::AUTHORIZATION, basic);
    app.http.send_once(&request).await.expect("an answer")
}

/// The status of a user's call with the password that the browser brought.
async fn who(app: &TestApp, shop: &str, user: &str, back: &str) -> u16 {
    ask(app, shop, (Method::GET, "/wp/v2/users/me"), user, &password_in(back)).await.status
}
