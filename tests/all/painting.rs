//! The model's door: what Google's own SDK sends is what we send, and every answer of the service comes to a clear end.

mod vertex;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, http::Uri, response::IntoResponse};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use store_sync::{
    model::{Failure, Remedy, Secret},
    outside::{Clock, Http, HttpPolicy},
    paint::gemini::{
        AnalysisRequest, EDIT_MARKER, EditRequest, Gemini, INSPIRATION_MARKER, ImageRequest, OTHERS_MARKER,
        PRODUCT_MARKER, Service as At, TextPrice, TokenCount, analysis_body, body, edit_body,
    },
    sandbox,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    exchanges::{laid_out, names},
    real::servers,
    support::start_of_time,
};

const KEY: &str = "AIza-canary-key";

/// A question as it reached the service.
#[derive(Debug, Clone)]
struct Asked {
    host: String,
    path: String,
    headers: HeaderMap,
    text: String,
    body: Value,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What the service was asked, and how it answers next.
#[derive(Default)]
struct Service {
    asked: Vec<Asked>,
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

fn told(text: &str) -> Value {
    json!({
        "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": { "promptTokenCount": 1290, "candidatesTokenCount": 300, "totalTokenCount": 1590 }
    })
}

async fn service() -> (Shared, Url) {
    let shared = Shared::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = Url::parse(&format!("http://{}/v1beta", listener.local_addr().expect("an address"))).expect("an address");
    let answer = |State(service): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let mut service = service.lock().expect("is whole");
        let text = String::from_utf8_lossy(&body).into_owned();
        let signed = text.rsplit_once("assertion=").map_or("", |(_, signed)| signed).to_owned();
        let host = headers.get("x-asked-host").or(headers.get("host")).and_then(|host| host.to_str().ok());
        let host = host.unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        service.asked.push(Asked { host, path: uri.to_string(), headers, text, body });
        let (status, told) = if service.next.is_empty() { (200, good()) } else { service.next.remove(0) };
        // A service that repeats what it was sent.
        let told: Value = serde_json::from_str(&told.to_string().replace("ECHO", &signed)).expect("is JSON");
        (StatusCode::from_u16(status).expect("a status"), Json(told)).into_response()
    };
    let router =
        Router::new().fallback(answer).layer(axum::extract::DefaultBodyLimit::max(40 << 20)).with_state(shared.clone());
    tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
    (shared, url)
}

/// A door that leads Google's hosts to `to`.
fn door(to: &Url) -> Http {
    let mut origin = to.clone();
    origin.set_path("/");
    let policy = HttpPolicy {
        allow_private_networks: true,
        timeout: Duration::from_secs(20),
        connect_to: vec![("*.googleapis.com".to_owned(), origin)],
        ..HttpPolicy::default()
    };
    Http::new(policy).expect("a door")
}

fn client(http: Http, service: At) -> Gemini {
    Gemini {
        http,
        clock: Clock::frozen(start_of_time()),
        service,
        model: "first-image".to_owned(),
        fallback: Some("second-image".to_owned()),
        edit_model: "edit-image".to_owned(),
        text_model: "first-text".to_owned(),
        text_fallback: Some("second-text".to_owned()),
        prices: BTreeMap::from([
            ("first-image".to_owned(), 0.039),
            ("first-image/2K".to_owned(), 0.101),
            ("edit-image".to_owned(), 0.134),
        ]),
        text_prices: BTreeMap::from([("first-text".to_owned(), TextPrice { input: 0.10, output: 0.40 })]),
        sizes: BTreeMap::new(),
    }
}

fn keyed(url: &Url) -> Gemini {
    client(door(url), At::gemini_api(Secret::from(KEY), Some(url)))
}

/// A refusal that repeats the secret.
fn refusal(secret: &str, status: u16, word: &str, details: Value) -> (u16, Value) {
    (
        status,
        json!({ "error": { "code": status, "message": format!("no, {secret}"), "status": word, "details": details } }),
    )
}

fn error(status: u16, word: &str, details: Value) -> (u16, Value) {
    refusal(KEY, status, word, details)
}

fn schema() -> Value {
    json!({
        "type": "object",
        "description": "A product",
        "properties": {
            "productType": { "type": "string", "description": "What it is" },
            "colors": { "type": "array", "items": { "type": "string" } },
            "size": { "type": ["number", "null"] },
            "room": { "anyOf": [{ "type": "null" }, { "type": "string", "enum": ["kitchen", "bath"] }] },
        },
        "required": ["productType", "colors"],
        "additionalProperties": false,
    })
}

/// Three pictures, two prompts: what the verbs are asked in these tests.
struct Material {
    pictures: Vec<(Bytes, String)>,
    schema: Value,
}

impl Material {
    fn new() -> Self {
        let draw = |seed| (Bytes::from(sandbox::draw_scene(seed)), "image/png".to_owned());
        Self { pictures: vec![draw(1), draw(2), draw(4), draw(5)], schema: schema() }
    }

    fn wish(&self) -> ImageRequest<'_> {
        ImageRequest {
            pictures: &self.pictures[..2],
            inspirations: &self.pictures[2..],
            prompt: "On a table.",
            aspect: Some("4:3"),
            size: Some("2K"),
            ..ImageRequest::default()
        }
    }

    fn edit(&self) -> EditRequest<'_> {
        let picture = self.pictures[0].clone();
        EditRequest {
            picture,
            others: &self.pictures[1..2],
            prompt: "Make it blue.",
            aspect: Some("1:1"),
            size: Some("1K"),
        }
    }

    fn question(&self) -> AnalysisRequest<'_> {
        AnalysisRequest { pictures: &self.pictures[..1], instruction: "What is it?", schema: &self.schema }
    }

    /// The same for the SDK.
    fn sdk(&self, verb: &str) -> Value {
        let all: Vec<Value> = self
            .pictures
            .iter()
            .map(|(bytes, kind)| json!({ "mimeType": kind, "data": STANDARD.encode(bytes) }))
            .collect();
        match verb {
            "paint" => {
                json!({ "model": "first-image", "pictures": all[..2], "inspirations": all[2..], "prompt": "On a table.", "aspect": "4:3", "size": "2K" })
            }
            "edit" => {
                json!({ "model": "edit-image", "picture": all[0], "others": all[1..2], "prompt": "Make it blue.", "aspect": "1:1", "size": "1K" })
            }
            _ => {
                json!({ "model": "first-text", "pictures": all[..1], "instruction": "What is it?", "schema": self.schema, "maxOutputTokens": 4096, "temperature": 0.2 })
            }
        }
    }
}

/// A node script among the clients.
async fn node(script: &str, args: Vec<String>) -> Value {
    let mut command = std::process::Command::new("node");
    command.arg(servers().join("clients").join(script)).args(args);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ends").expect("node runs");
    let wrong = || panic!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| wrong())
}

/// Google's SDK asks what we asked.
async fn sdk(base: &Url, verb: &str, access: &Value, material: &Material) -> Value {
    let install = std::process::Command::new(servers().join("clients/install")).output().expect("runs");
    let cache = String::from_utf8(install.stdout).expect("a path").trim().to_owned();
    let mut request = material.sdk(verb);
    request["verb"] = verb.into();
    request["access"] = access.clone();
    request["markers"] = json!({ "product": PRODUCT_MARKER, "inspiration": INSPIRATION_MARKER, "edit": EDIT_MARKER, "others": OTHERS_MARKER });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), request.to_string()).expect("is written");
    let origin = base.origin().ascii_serialization();
    node("paint.mjs", vec![cache, origin, file.path().display().to_string()]).await
}

const ANALYSIS: &str = r#"{"productType":"mug","colors":["sage"],"size":null}"#;

/// A body without the bytes of its pictures.
fn without_pictures(mut body: Value) -> Value {
    for part in body["contents"][0]["parts"].as_array_mut().expect("parts") {
        if let Some(data) = part.get_mut("inlineData").and_then(|picture| picture.get_mut("data")) {
            *data = "[picture]".into();
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_is_asked_is_what_it_was_asked_before() {
    let (service, url) = service().await;
    let material = Material::new();
    let mut bodies = Vec::new();
    let mut text = String::new();
    for at in [At::gemini_api(Secret::from(KEY), None), At::vertex_express(Secret::from(KEY), None)] {
        let gemini = client(door(&url), at);
        gemini.paint(&material.wish()).await.expect("is painted");
        gemini.edit(&material.edit()).await.expect("is edited");
        service.lock().expect("is whole").next = vec![(200, told(ANALYSIS))];
        gemini.analyse(&material.question()).await.expect("is analysed");
        let asked = std::mem::take(&mut service.lock().expect("is whole").asked);
        for one in &asked {
            let headers: Vec<String> = names(&one.headers).into_iter().collect();
            text += &format!("POST {}{}\n    {}\n", one.host, one.path, headers.join(", "));
        }
        bodies.push(asked.into_iter().map(|one| without_pictures(one.body)).collect::<Vec<_>>());
    }
    assert_eq!(bodies[0], bodies[1], "both services are asked the same");
    for body in &bodies[0] {
        text += &format!("\n{}\n", laid_out(body, 0));
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("model_requests", text);
    });
}

/// Each verb by us and by the SDK; what the service was asked, in pairs.
async fn in_pairs(service: &Shared, url: &Url, gemini: &Gemini, access: &Value) -> Vec<(Asked, Asked)> {
    let material = Material::new();
    let scene = sandbox::draw_scene(3).len();
    let painted = gemini.paint(&material.wish()).await.expect("is painted");
    assert_eq!((painted.bytes.len(), painted.model.as_str(), painted.cost_usd_micros), (scene, "first-image", 101_000));
    assert_eq!(painted.tokens, TokenCount { input: 300, output: 1290 });
    let seen = sdk(url, "paint", access, &material).await;
    let expected = json!({ "bytes": scene, "value": null, "blocked": null, "tokens": [300, 1290] });
    assert_eq!(seen, expected, "the SDK reads our fake as we do");
    let edited = gemini.edit(&material.edit()).await.expect("is edited");
    assert_eq!((edited.bytes.len(), edited.model.as_str(), edited.cost_usd_micros), (scene, "edit-image", 134_000));
    assert_eq!(sdk(url, "edit", access, &material).await, expected);
    service.lock().expect("is whole").next = vec![(200, told(ANALYSIS))];
    let analysed = gemini.analyse(&material.question()).await.expect("is analysed");
    let value: Value = serde_json::from_str(ANALYSIS).expect("is JSON");
    assert_eq!((&analysed.value, analysed.model.as_str(), analysed.cost_usd_micros), (&value, "first-text", 249));
    assert_eq!(analysed.tokens, TokenCount { input: 1290, output: 300 });
    service.lock().expect("is whole").next = vec![(200, told(ANALYSIS))];
    let seen = sdk(url, "analyse", access, &material).await;
    assert_eq!(seen, json!({ "bytes": 0, "value": value, "blocked": null, "tokens": [1290, 300] }));
    let asked = std::mem::take(&mut service.lock().expect("is whole").asked);
    let asked: Vec<Asked> = asked.into_iter().filter(|one| one.path.contains(":generateContent")).collect();
    assert_eq!(asked.len(), 6);
    let bodies = [body(&material.wish()), edit_body(&material.edit()), analysis_body(&material.question())];
    for (pair, body) in asked.chunks(2).zip(bodies) {
        assert_eq!(pair[0].body, pair[1].body, "field by field");
        assert_eq!(pair[0].body, body);
        assert_eq!((&pair[0].host, &pair[0].path), (&pair[1].host, &pair[1].path), "address");
    }
    asked.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_own_sdk_sends_what_we_send() {
    let (service, url) = service().await;
    // At Google's own address, which the door leads to the fake.
    let gemini = client(door(&url), At::gemini_api(Secret::from(KEY), None));
    // The SDK's own choice of version is the stable one since 3.0; the fields are the same.
    for (ours, theirs) in in_pairs(&service, &url, &gemini, &json!({ "apiKey": KEY, "apiVersion": "v1beta" })).await {
        assert_eq!(ours.host, "generativelanguage.googleapis.com");
        assert_eq!((ours.header("x-goog-api-key"), theirs.header("x-goog-api-key")), (Some(KEY), Some(KEY)));
        assert!(ours.header("authorization").is_none() && theirs.header("authorization").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_may_name_its_models_and_what_they_know() {
    let (service, url) = service().await;
    let mut gemini = keyed(&url);
    gemini.prices.insert("gemini-2.5-flash-image".to_owned(), 0.03);
    let wish = ImageRequest {
        prompt: "x",
        aspect: Some("1:4 (Banner)"),
        size: Some("4k"),
        model: Some("own-image"),
        fallback: Some("gemini-2.5-flash-image"),
        ..ImageRequest::default()
    };
    service.lock().expect("is whole").next = vec![error(404, "NOT_FOUND", json!([]))];
    let painted = gemini.paint(&wish).await.expect("the fallback paints");
    assert_eq!((painted.model.as_str(), painted.cost_usd_micros), ("gemini-2.5-flash-image", 30_000));
    let asked = std::mem::take(&mut service.lock().expect("is whole").asked);
    assert_eq!(asked[0].path, "/v1beta/models/own-image:generateContent");
    assert_eq!(asked[0].body["generationConfig"]["imageConfig"], json!({ "aspectRatio": "1:4", "imageSize": "4K" }));
    assert_eq!(asked[1].body["generationConfig"]["imageConfig"], json!({ "aspectRatio": "9:16" }), "an older model");
    assert_eq!(asked[1].body, gemini.body("gemini-2.5-flash-image", &wish));
    for word in ["", "a/b", "a..b", "a?b", "ä"] {
        let failure = gemini.paint(&ImageRequest { model: Some(word), ..wish.clone() }).await.expect_err("no name");
        assert_eq!(failure.code(), "bad_request", "{word}");
    }
    assert!(service.lock().expect("is whole").asked.is_empty());
}

#[test]
fn the_most_that_asking_may_cost_is_known_or_nothing_is() {
    let url = Url::parse("http://127.0.0.1:1/v1beta").expect("an address");
    let mut gemini = keyed(&url);
    assert_eq!(gemini.dearest(None, None, Some("2K")), None, "the fallback has no price");
    gemini.prices.insert("second-image".to_owned(), 0.05);
    assert_eq!(gemini.dearest(None, None, Some("2k")), Some(101_000));
    assert_eq!(gemini.dearest(None, None, None), Some(50_000));
    assert_eq!(gemini.dearest(Some("second-image"), Some("other"), None), None);
    assert_eq!(gemini.dearest_edit(Some("2K")), Some(134_000));
    assert_eq!(gemini.price("nobody", None), 0);
    gemini.prices.insert("gemini-2.5-flash-image/1K".to_owned(), 0.03);
    assert_eq!(gemini.price("gemini-2.5-flash-image", Some("4K")), 30_000, "it makes 1K only");
    assert_eq!(gemini.analysis_price_bound(), None, "the second model has no price");
    gemini.text_fallback = None;
    assert_eq!(gemini.analysis_price_bound(), Some(5_370));
}

#[test]
fn a_budget_is_named_without_the_key() {
    let url = Url::parse("http://127.0.0.1:1/v1beta").expect("an address");
    let (one, same) = (keyed(&url).budget(), keyed(&url).budget());
    let other = At::vertex_express(Secret::from("another"), None).budget();
    assert_eq!(one, same);
    assert!(one != other && one.len() == "gemini:".len() + 12 && !one.contains("canary"), "{one}");
    let printed = format!("{:?}", keyed(&url));
    assert!(!printed.contains("canary"), "{printed}");
}

/// The code of a failure and its remedy.
fn end(failure: &Failure) -> (&str, Remedy) {
    (failure.code(), failure.remedy())
}

/// Whatever the service says, by all three verbs; `what` is an answer that each of them may keep.
async fn clear_ends(service: &Shared, gemini: &Gemini, secret: &str) {
    let error = |status, word: &str, details| refusal(secret, status, word, details);
    let material = Material::new();
    let (wish, edit, question) = (material.wish(), material.edit(), material.question());
    for verb in ["paint", "edit", "analyse"] {
        let ask = async |next: Vec<(u16, Value)>| {
            service.lock().expect("is whole").next = next;
            let told = match verb {
                "paint" => gemini.paint(&wish).await.map(|painted| painted.model),
                "edit" => gemini.edit(&edit).await.map(|painted| painted.model),
                _ => gemini.analyse(&question).await.map(|analysed| analysed.model),
            };
            assert!(service.lock().expect("is whole").next.is_empty(), "{verb}: all was asked");
            if let Err(failure) = &told {
                assert!(
                    !failure.message.contains("canary") && !failure.message.contains(secret),
                    "{}",
                    failure.message
                );
            }
            told
        };
        let fail = async |next: Vec<(u16, Value)>| ask(next).await.expect_err(verb);
        let retry = json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "33s" }]);
        let quota = fail(vec![error(429, "RESOURCE_EXHAUSTED", retry)]).await;
        assert_eq!(end(&quota), ("model_quota", Remedy::Retry(Some(Duration::from_secs(33)))), "{verb}");
        let day = json!([{ "violations": [{ "quotaId": "GenerateRequestsPerDayPerProjectPerModel" }] }]);
        let day = fail(vec![error(429, "RESOURCE_EXHAUSTED", day)]).await;
        assert_eq!(end(&day), ("model_quota", Remedy::Retry(Some(Duration::from_hours(12)))), "{verb}");
        // As Vertex AI says it: without details.
        let bare = json!({ "error": { "code": 429, "message": "Resource exhausted. Please try again later.", "status": "RESOURCE_EXHAUSTED" } });
        let bare = fail(vec![(429, bare)]).await;
        assert_eq!(end(&bare), ("model_quota", Remedy::Retry(Some(Duration::from_secs(30)))), "{verb}");
        let key = error(400, "INVALID_ARGUMENT", json!([{ "reason": "API_KEY_INVALID" }]));
        assert_eq!(end(&fail(vec![key]).await), ("model_key", Remedy::GiveUp), "{verb}");
        let denied = fail(vec![error(403, "PERMISSION_DENIED", json!([{ "reason": "IAM_PERMISSION_DENIED" }]))]).await;
        assert_eq!(end(&denied), ("model_key", Remedy::GiveUp), "{verb}");
        let wrong = fail(vec![error(400, "INVALID_ARGUMENT", json!([]))]).await;
        assert_eq!(end(&wrong), ("model_refused", Remedy::GiveUp), "{verb}");
        let blocked = fail(vec![(200, json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } }))]).await;
        assert_eq!(end(&blocked), ("blocked", Remedy::GiveUp), "{verb}");
        let unsafe_answer = json!({ "candidates": [{ "finishReason": "SAFETY" }] });
        assert_eq!(end(&fail(vec![(200, unsafe_answer)]).await), ("blocked", Remedy::GiveUp), "{verb}");
        let nothing = if verb == "analyse" { "bad_analysis" } else { "no_picture" };
        assert_eq!(end(&fail(vec![(200, told("Sorry."))]).await), (nothing, Remedy::Retry(None)), "{verb}");
        assert_eq!(end(&fail(vec![(200, json!({}))]).await), (nothing, Remedy::Retry(None)), "{verb}");
        // The key stands where the words are cut: no half of it is left.
        let long = json!({ "error": { "code": 400, "message": format!("{}{secret}", "x".repeat(195)), "status": "INVALID_ARGUMENT" } });
        let long = fail(vec![(400, long)]).await;
        assert!(!long.message.contains(&secret[..4]), "{}", long.message);
        // Retired or overloaded: the other model.
        let second = match verb {
            "paint" => "second-image",
            "edit" => "first-image",
            _ => "second-text",
        };
        let good = if verb == "analyse" { told(ANALYSIS) } else { good() };
        for first in [
            error(404, "NOT_FOUND", json!([])),
            error(503, "UNAVAILABLE", json!([])),
            error(504, "DEADLINE_EXCEEDED", json!([])),
        ] {
            assert_eq!(ask(vec![first, (200, good.clone())]).await.expect("the fallback answers"), second);
        }
        let both = fail(vec![error(503, "UNAVAILABLE", json!([])), error(500, "INTERNAL", json!([]))]).await;
        assert_eq!(end(&both), ("model_away", Remedy::Retry(None)), "{verb}");
        let retired = fail(vec![error(404, "NOT_FOUND", json!([])), error(404, "NOT_FOUND", json!([]))]).await;
        assert_eq!(end(&retired), ("no_model", Remedy::GiveUp), "{verb}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_comes_to_a_clear_end() {
    let (service, url) = service().await;
    clear_ends(&service, &keyed(&url), KEY).await;
    let nobody = Url::parse("http://127.0.0.1:9/v1beta").expect("an address");
    let away = keyed(&nobody)
        .paint(&ImageRequest { prompt: "x", ..ImageRequest::default() })
        .await
        .expect_err("nobody is there");
    assert_eq!(end(&away), ("network", Remedy::Retry(None)));
}
