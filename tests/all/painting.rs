//! The model's door: what Google's own SDK sends is what we send, and every answer of the service comes to a clear end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, http::Uri, response::IntoResponse};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use store_sync::{
    db::{self, asset::AssetFilter},
    gemini::{Gemini, Wish, body},
    generate::{self, Order},
    model::{AssetStatus, Remedy, Secret},
    outside::{Http, HttpPolicy},
    sandbox::{self, Options},
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    real::servers,
    support::{More, TestApp, on_both},
};

const KEY: &str = "AIza-canary-key";

/// What the service was asked, and how it answers next.
#[derive(Default)]
struct Service {
    asked: Vec<(String, Option<String>, Value)>,
    next: Vec<(u16, Value)>,
}

type Shared = Arc<Mutex<Service>>;

fn good() -> Value {
    let picture = STANDARD.encode(sandbox::draw_scene(3));
    json!({
        "candidates": [{ "content": { "role": "model", "parts": [{ "text": "Here it is." }, { "inlineData": { "mimeType": "image/png", "data": picture } }] }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": { "promptTokenCount": 300, "candidatesTokenCount": 1290, "totalTokenCount": 1590 },
        "modelVersion": "m", "responseId": "r"
    })
}

async fn service() -> (Shared, Url) {
    let shared = Shared::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = Url::parse(&format!("http://{}/v1beta", listener.local_addr().expect("an address"))).expect("an address");
    let answer = |State(service): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let mut service = service.lock().expect("is whole");
        let key = headers.get("x-goog-api-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        service.asked.push((uri.to_string(), key, serde_json::from_slice(&body).unwrap_or_default()));
        let (status, told) = if service.next.is_empty() { (200, good()) } else { service.next.remove(0) };
        (StatusCode::from_u16(status).expect("a status"), Json(told)).into_response()
    };
    let router =
        Router::new().fallback(answer).layer(axum::extract::DefaultBodyLimit::max(40 << 20)).with_state(shared.clone());
    tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
    (shared, url)
}

fn client(base_url: Url) -> Gemini {
    let policy = HttpPolicy { allow_private_networks: true, timeout: Duration::from_secs(20), ..HttpPolicy::default() };
    Gemini {
        http: Http::new(policy).expect("a door"),
        key: Secret::from(KEY),
        base_url,
        model: "first-image".to_owned(),
        fallback: Some("second-image".to_owned()),
        prices: BTreeMap::from([("first-image".to_owned(), 0.039), ("first-image/2K".to_owned(), 0.101)]),
    }
}

fn error(status: u16, word: &str, details: Value) -> (u16, Value) {
    (
        status,
        json!({ "error": { "code": status, "message": format!("no, {KEY}"), "status": word, "details": details } }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_own_sdk_sends_what_we_send() {
    let (service, url) = service().await;
    let picture = Bytes::from(sandbox::draw_scene(1));
    let wish = Wish {
        pictures: &[(picture.clone(), "image/png".to_owned())],
        prompt: "On a table.",
        aspect: Some("4:3"),
        size: Some("2K"),
    };
    let painted = client(url.clone()).paint(&wish).await.expect("is painted");
    assert_eq!(
        (painted.bytes.len(), painted.model.as_str(), painted.cost_usd_micros),
        (sandbox::draw_scene(3).len(), "first-image", 101_000)
    );
    let install = std::process::Command::new(servers().join("clients/install")).output().expect("runs");
    let cache = String::from_utf8(install.stdout).expect("a path").trim().to_owned();
    let request = json!({ "pictures": [{ "mimeType": "image/png", "data": STANDARD.encode(&picture) }], "prompt": "On a table.", "aspect": "4:3", "size": "2K" });
    let mut command = std::process::Command::new("node");
    let base = url.as_str().trim_end_matches("/v1beta").to_owned();
    command.arg(servers().join("clients/paint.mjs")).args([
        cache.as_str(),
        base.as_str(),
        KEY,
        "first-image",
        &request.to_string(),
    ]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("node runs");
    let seen: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(
        seen,
        json!({ "bytes": sandbox::draw_scene(3).len(), "blocked": null }),
        "the SDK reads our fake as we do"
    );
    let asked = service.lock().expect("is whole").asked.clone();
    assert_eq!(asked.len(), 2);
    assert_eq!((&asked[0].0, &asked[0].1), (&asked[1].0, &asked[1].1), "address and key");
    assert_eq!(asked[0].2, asked[1].2, "field by field");
    assert_eq!(asked[0].2, body(&wish));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_comes_to_a_clear_end() {
    let (service, url) = service().await;
    let gemini = client(url);
    let wish = Wish { pictures: &[], prompt: "x", aspect: None, size: None };
    let ask = async |next: Vec<(u16, Value)>| {
        service.lock().expect("is whole").next = next;
        gemini.paint(&wish).await
    };
    let retry = json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "33s" }]);
    let quota = ask(vec![error(429, "RESOURCE_EXHAUSTED", retry)]).await.expect_err("too many");
    assert_eq!((quota.code.as_str(), &quota.remedy), ("model_quota", &Remedy::Retry(Some(Duration::from_secs(33)))));
    let key = ask(vec![error(400, "INVALID_ARGUMENT", json!([{ "reason": "API_KEY_INVALID" }]))])
        .await
        .expect_err("a wrong key");
    assert_eq!((key.code.as_str(), &key.remedy), ("model_key", &Remedy::GiveUp));
    assert!(!key.message.contains(KEY) && !quota.message.contains(KEY), "{} {}", key.message, quota.message);
    let blocked = ask(vec![(200, json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } }))])
        .await
        .expect_err("blocked");
    assert_eq!((blocked.code.as_str(), &blocked.remedy), ("blocked", &Remedy::GiveUp));
    let text = ask(vec![(
        200,
        json!({ "candidates": [{ "content": { "parts": [{ "text": "Sorry." }] }, "finishReason": "STOP" }] }),
    )])
    .await;
    assert_eq!(text.expect_err("text only").code, "no_picture");
    // Retired or overloaded: the other model.
    for first in [error(404, "NOT_FOUND", json!([])), error(503, "UNAVAILABLE", json!([]))] {
        assert_eq!(ask(vec![first]).await.expect("the fallback paints").model, "second-image");
    }
    let both = ask(vec![error(503, "UNAVAILABLE", json!([])), error(500, "INTERNAL", json!([]))])
        .await
        .expect_err("nobody is there");
    assert_eq!((both.code.as_str(), &both.remedy), ("model_away", &Remedy::Retry(None)));
}

on_both! {
    async fn pictures_are_made_by_the_model_while_the_money_lasts(engine) {
        let (service, url) = service().await;
        let config = format!(
            "[generate]\nengine = \"gemini\"\n[gemini]\napi_key = \"{KEY}\"\nbase_url = \"{url}\"\nmodel = \"first-image\"\nusd_per_month = 0.1\n[gemini.prices]\n\"first-image\" = 0.04\n"
        );
        let app = TestApp::with_more(engine, Options { products: 2, ..Options::default() }, More { config: &config, ..More::default() }).await;
        app.connect().await;
        app.drain().await;
        let products: Vec<String> = app.products().await.iter().map(|product| product.id.to_string()).collect();
        let order = async |products: &[String], more: Value| {
            let settings: Vec<Map<String, Value>> = vec![more.as_object().cloned().expect("an object")];
            generate::order(&app.tools, &Order { products, settings: &settings, variants: 1, seed: 1 }).await.expect("is ordered")
        };
        order(&products, json!({ "style": "Rustic", "aspectRatio": "4:3 (Wide)" })).await;
        app.drain().await;
        order(&products[..1], json!({ "style": "Rustic" })).await;
        order(&products[..1], json!({ "style": "Rustic", "engine": "studio", "size": 96 })).await;
        app.drain().await;
        let mut tx = app.tools.db.read().await.expect("reads");
        let assets = db::asset::list(&mut tx, &AssetFilter::default(), 100).await.expect("lists");
        let spent = db::generation::sum_cost(&mut tx, crate::support::start_of_time().minus(Duration::from_hours(24))).await.expect("sums");
        let month = generate::month(app.clock.now());
        let used = db::quota::find_usage(&mut tx, &app.client, &month).await.expect("reads").expect("is counted").generation_count;
        drop(tx);
        let made = assets.iter().filter(|asset| asset.status == AssetStatus::Completed).count();
        let capped: Vec<_> = assets.iter().filter_map(|asset| asset.error.as_deref()).collect();
        assert_eq!((made, spent, used), (3, 80_000, 3), "two by the model, one by the studio: {assets:?}");
        assert!(capped.len() == 1 && capped[0].contains("usd_per_month"), "{capped:?}");
        let asked = service.lock().expect("is whole").asked.clone();
        assert_eq!(asked.len(), 2, "nothing was asked beyond the money");
        let sent = &asked[0].2;
        assert_eq!(sent["generationConfig"]["imageConfig"], json!({ "aspectRatio": "4:3", "imageSize": "1K" }));
        let parts = sent["contents"][0]["parts"].as_array().expect("parts");
        assert!(parts[0]["inlineData"]["data"].is_string() && parts[2]["text"].as_str().is_some_and(|prompt| prompt.contains("Style: Rustic.")), "the picture, what it is, the prompt");
    }

    async fn the_last_of_the_money_goes_to_one_of_two_at_work(engine) {
        let (service, url) = service().await;
        let config = format!("[generate]\nengine = \"gemini\"\n[gemini]\napi_key = \"{KEY}\"\nbase_url = \"{url}\"\nmodel = \"first-image\"\nusd_per_month = 0.05\n[gemini.prices]\n\"first-image\" = 0.04\n");
        let app = TestApp::with_more(engine, Options { products: 2, ..Options::default() }, More { config: &config, ..More::default() }).await;
        app.connect().await;
        app.drain().await;
        let products: Vec<String> = app.products().await.iter().map(|product| product.id.to_string()).collect();
        let order = Order { products: &products, settings: &[Map::new()], variants: 1, seed: 1 };
        let ordered = generate::order(&app.tools, &order).await.expect("is ordered");
        let mut tx = app.tools.db.begin().await.expect("begins");
        assert!(db::generation::mark_begun(&mut tx, &ordered.assets[0], app.clock.now()).await.expect("is begun"));
        tx.commit().await.expect("commits");
        let busy = generate::run(&app.tools, &ordered.assets[1]).await.expect_err("another is at work with it");
        assert_eq!((busy.code.as_str(), &busy.remedy), ("money_busy", &Remedy::Retry(None)));
        assert!(service.lock().expect("is whole").asked.is_empty(), "nothing was asked");
    }
}
