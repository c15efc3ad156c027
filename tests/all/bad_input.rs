//! What shops send when they are not well: a clear message each time, and nothing is lost.

use std::time::Duration;

use serde_json::{Value, json};
use store_sync::model::{ConnectionStatus, RunStatus};

use crate::support::{Engine, TestApp, on_both};

/// Imports under mischief; gives code and text of the failed run, and proves that a later try brings everything.
async fn suffers(engine: Engine, rule: Value) -> (String, String) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.mischief(rule).await;
    app.drain().await;
    let run = app.runs().await.into_iter().next().expect("a run");
    assert_eq!(run.status, RunStatus::Failed, "{run:?}");
    assert_eq!(app.connection().await.status, ConnectionStatus::Active, "trouble costs no connection");
    app.ask(http::Method::DELETE, "/mischief", None, None).await;
    app.clock.advance(Duration::from_hours(3));
    let again = app.sync(store_sync::model::ImportScope::Full).await;
    assert_eq!(again.status, RunStatus::Success, "{again:?}");
    assert_eq!(app.products().await.len(), 60);
    (run.error_code.unwrap_or_default(), run.error_message.unwrap_or_default())
}

fn rule(act: &str) -> Value {
    json!({ "on": "GET /api/products", "times": 20, "do": act })
}

on_both!(
    a_page_for_people_where_json_was_expected,
    half_a_page,
    ten_megabytes_of_json,
    a_shop_that_is_down,
    a_throttle_with_a_long_wait,
    a_throttle_that_never_ends,
    a_redirect_to_somewhere_else,
    a_redirect_to_another_scheme,
    a_short_throttle_is_waited_out,
    an_outage_of_days_costs_no_connection
);

async fn a_page_for_people_where_json_was_expected(engine: Engine) {
    let (code, text) = suffers(engine, rule("html")).await;
    assert_eq!(code, "not_json");
    assert!(text.contains("text/html"), "{text}");
}

async fn half_a_page(engine: Engine) {
    let (code, text) = suffers(engine, rule("half")).await;
    assert_eq!(code, "not_json");
    assert!(text.contains("EOF"), "{text}");
}

async fn ten_megabytes_of_json(engine: Engine) {
    let (code, text) = suffers(engine, rule("huge")).await;
    assert_eq!(code, "answer_too_large");
    assert!(text.contains("max_answer_bytes"), "{text}");
}

async fn a_shop_that_is_down(engine: Engine) {
    let (code, text) = suffers(engine, rule("error")).await;
    assert_eq!(code, "shop_down");
    assert!(text.contains("answered 500") && text.contains("an injected fault in the shop"), "{text}");
}

async fn a_throttle_with_a_long_wait(engine: Engine) {
    let long = json!({ "on": "GET /api/products", "do": "throttle", "arg": 600 });
    assert_eq!(suffers(engine, long).await.0, "throttled");
}

async fn a_throttle_that_never_ends(engine: Engine) {
    assert_eq!(suffers(engine, rule("throttle_bare")).await.0, "throttled");
}

async fn a_redirect_to_somewhere_else(engine: Engine) {
    let (code, text) = suffers(
        engine,
        json!({ "on": "GET /api/products", "times": 20, "do": "redirect", "arg": "https://evil.example/x?token=1" }),
    )
    .await;
    assert_eq!(code, "refused_address");
    assert!(text.contains("another origin (evil.example)") && !text.contains("token=1"), "{text}");
}

async fn a_redirect_to_another_scheme(engine: Engine) {
    let (code, text) =
        suffers(engine, json!({ "on": "GET /api/products", "times": 20, "do": "redirect", "arg": "ftp://10.0.0.1/" }))
            .await;
    assert_eq!(code, "refused_address");
    assert!(text.contains("redirects to a refused target"), "{text}");
}

async fn a_short_throttle_is_waited_out(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.mischief(json!({ "on": "GET /api/products", "times": 2, "do": "throttle", "arg": 3 })).await;
    let before = app.clock.now();
    app.drain().await;
    assert_eq!(app.runs().await[0].status, RunStatus::Success);
    assert!(app.clock.now().since(before) >= Duration::from_secs(6));
}

async fn an_outage_of_days_costs_no_connection(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    app.mischief(json!({ "on": "", "times": 100_000, "do": "error", "arg": 503 })).await;
    for _ in 0..5 {
        app.clock.advance(Duration::from_hours(24));
        store_sync::work::tick(&app.tools).await.expect("ticks");
        app.drain().await;
    }
    assert_eq!(app.connection().await.status, ConnectionStatus::Active);
    app.ask(http::Method::DELETE, "/mischief", None, None).await;
    app.clock.advance(Duration::from_hours(3));
    assert_eq!(app.sync(store_sync::model::ImportScope::Full).await.status, RunStatus::Success);
}
