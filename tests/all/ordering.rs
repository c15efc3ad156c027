//! The API of generating: who may, what an order answers, what a limit answers, and progress as it happens.

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use store_sync::{
    db, manage,
    model::{ApprovalStatus, FlowId, FlowInput, Plan, ProductId, PushStatus, Quota, SessionInput},
    outside::{Body, Request, Response},
    sandbox::SandboxOptions,
};

use crate::support::{Engine, More, TestApp, on_both};

const TOKEN: &str = "canary-api-token-0123456789";

struct Api {
    app: TestApp,
}

impl Api {
    async fn new(engine: Engine) -> Self {
        let config = format!("[api]\ntoken = \"{TOKEN}\"\n");
        let options = SandboxOptions { products: 3, ..SandboxOptions::default() };
        let app = TestApp::with_more(engine, options, More { config: &config, ..More::default() }).await;
        app.connect().await;
        app.drain().await;
        Self { app }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&str>, token: Option<&str>) -> Response {
        let url = url::Url::parse(&format!("{}/api/v1{path}", self.app.url)).expect("an address");
        let mut request = Request::new(method, url);
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header");
            request.headers.insert(header::AUTHORIZATION, value);
        }
        if let Some(body) = body {
            request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.body = Body::Bytes(body.to_owned().into());
        }
        self.app.http.send_once(&request).await.expect("an answer")
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string());
        let answer = self.send(method, path, body.as_deref(), Some(TOKEN)).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    async fn flow(&self) -> FlowId {
        let product = self.app.products().await.remove(0);
        let input = FlowInput {
            client_id: Some(self.app.client.clone()),
            product_ids: Some(vec![product.id]),
            settings: json!({ "style": "podium", "size": 96 }).as_object().cloned(),
            ..FlowInput::default()
        };
        manage::create_flow(&self.app.tools, &input).await.expect("is made").id
    }
}

on_both!(an_order_is_followed_approved_and_fetched_through_the_api, what_is_used_up_answers_402);

async fn an_order_is_followed_approved_and_fetched_through_the_api(engine: Engine) {
    let api = Api::new(engine).await;
    let flow = api.flow().await;
    let (status, ordered) =
        api.ask(Method::POST, &format!("/flows/{flow}/generations"), Some(json!({ "variants": 2 }))).await;
    assert_eq!((status, ordered["assets"].as_array().map(Vec::len)), (202, Some(2)), "{ordered}");
    let (status, progress) = api.ask(Method::GET, &format!("/flows/{flow}/generations"), None).await;
    assert_eq!((status, &progress["waiting"], &progress["percent"]), (200, &json!(2), &json!(0)));
    // Followed while they are made: every change once, and an end.
    let path = format!("/flows/{flow}/progress");
    let (followed, ()) = tokio::join!(api.send(Method::GET, &path, None, Some(TOKEN)), async {
        api.app.drain().await;
    });
    let text = String::from_utf8(followed.body.to_vec()).expect("a text");
    assert_eq!(followed.header("content-type"), Some("text/event-stream"));
    assert_eq!(text.matches("event: end").count(), 1, "{text}");
    assert!(
        text.trim_end().rsplit("data: ").next().is_some_and(|last| {
            let last: Value = serde_json::from_str(last.trim()).unwrap_or_default();
            last["completed"] == 2 && last["percent"] == 100
        }),
        "{text}"
    );
    let asset = ordered["assets"][0].as_str().expect("an id").to_owned();
    let (status, link) = api.ask(Method::GET, &format!("/assets/{asset}/link"), None).await;
    assert_eq!(status, 200);
    let address = url::Url::parse(link["url"].as_str().expect("an address")).expect("an address");
    let fetched = api.app.http.send_once(&Request::new(Method::GET, address.clone())).await.expect("an answer");
    assert_eq!((fetched.status, fetched.header("content-type")), (200, Some("image/webp")));
    let mut forged = address.clone();
    forged.set_path(&address.path().replace(&asset, ordered["assets"][1].as_str().expect("an id")));
    assert_eq!(api.app.http.send_once(&Request::new(Method::GET, forged)).await.expect("an answer").status, 404);
    api.app.clock.advance(std::time::Duration::from_hours(25));
    assert_eq!(
        api.app.http.send_once(&Request::new(Method::GET, address)).await.expect("an answer").status,
        404,
        "its day is over"
    );
    let (status, decided) = api
        .ask(Method::PUT, &format!("/assets/{asset}/approval"), Some(json!({ "status": "approved", "note": "lovely" })))
        .await;
    assert_eq!(
        (status, &decided["changed"], decided["pushes"].as_array().map(Vec::len)),
        (200, &json!(true), Some(1)),
        "{decided}"
    );
    api.app.drain().await;
    assert_eq!(api.app.pushes().await[0].status, PushStatus::Synced);
    let (_, shown) = api.ask(Method::GET, &format!("/assets/{asset}"), None).await;
    assert_eq!(
        (&shown["approval_status"], &shown["approval_note"]),
        (&json!(ApprovalStatus::Approved), &json!("lovely"))
    );
    let (status, again) = api
        .ask(Method::POST, &format!("/assets/{asset}/regenerations"), Some(json!({ "settings": { "style": "night" } })))
        .await;
    assert_eq!((status, again["assets"].as_array().map(Vec::len)), (202, Some(1)));
    let (status, cancelled) = api.ask(Method::DELETE, &format!("/flows/{flow}/generations"), None).await;
    assert_eq!((status, &cancelled["cancelled"]), (200, &json!(1)));
    let (_, usage) = api.ask(Method::GET, "/clients/acme/usage", None).await;
    assert_eq!((&usage["generation_count"], &usage["reserved_usd_micros"]), (&json!(2), &json!(0)), "{usage}");
    let (status, _) = api.ask(Method::POST, &format!("/flows/{flow}/retries"), None).await;
    assert_eq!(status, 202, "what was cancelled can be wanted again");
    api.app.drain().await;
}

async fn what_is_used_up_answers_402(engine: Engine) {
    let api = Api::new(engine).await;
    let flow = api.flow().await;
    let quota = Quota {
        client_id: api.app.client.clone(),
        plan: Plan::Free.to_string(),
        monthly_generation_limit: 3,
        storage_quota_mb: 1000,
        max_products: None,
        updated_at: api.app.clock.now(),
    };
    let mut tx = api.app.tools.db.begin().await.expect("begins");
    db::quota::upsert(&mut tx, "q", &quota, api.app.clock.now()).await.expect("is set");
    tx.commit().await.expect("commits");
    let (status, told) = api.ask(Method::POST, &format!("/flows/{flow}/generations"), None).await;
    assert_eq!((status, &told["error"]["code"]), (402, &json!("quota_exceeded")), "{told}");
    // A session's order is all or nothing, too.
    let products: Vec<ProductId> = api.app.products().await.into_iter().map(|product| product.id).collect();
    let session = SessionInput {
        client_id: Some(api.app.client.clone()),
        name: Some("s".into()),
        product_ids: Some(products),
        ..SessionInput::default()
    };
    let session = manage::create_session(&api.app.tools, &session).await.expect("is made").id;
    let path = format!("/sessions/{session}/generations");
    assert_eq!(api.ask(Method::POST, &path, Some(json!({ "variants": 2 }))).await.0, 402);
    let mut tx = api.app.tools.db.read().await.expect("reads");
    let flows =
        db::flow::list(&mut tx, &db::flow::FlowFilter { session: Some(session.clone()), ..Default::default() }, 10)
            .await
            .expect("lists");
    assert!(flows.is_empty(), "no flow is left of a refused order");
    drop(tx);
    assert_eq!(api.ask(Method::POST, &path, Some(json!({ "variants": 1 }))).await.0, 202);
    assert_eq!(api.ask(Method::GET, &path, None).await.1["waiting"], json!(3));
    assert_eq!(api.ask(Method::DELETE, &path, None).await.1["cancelled"], json!(3));
    let followed = api.send(Method::GET, &format!("/sessions/{session}/progress"), None, Some(TOKEN)).await;
    assert!(String::from_utf8_lossy(&followed.body).starts_with("event: end"), "nothing is under way");
    api.app.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_for_those_who_hold_its_token() {
    let api = Api::new(Engine::Sqlite).await;
    let flow = api.flow().await;
    let path = format!("/flows/{flow}/generations");
    for token in [None, Some(""), Some("canary-api-token-012345678"), Some("wrong-wrong-wrong-wrong-wrong")] {
        for (method, path) in
            [(Method::GET, path.as_str()), (Method::POST, path.as_str()), (Method::GET, "/nothing/there")]
        {
            let answer = api.send(method, path, None, token).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{token:?}");
            assert!(!String::from_utf8_lossy(&answer.body).contains(TOKEN));
        }
    }
    // Without a token in the configuration nobody gets in, whatever they say.
    let closed = TestApp::with(Engine::Sqlite, SandboxOptions { products: 1, ..SandboxOptions::default() }).await;
    let closed = Api { app: closed };
    assert_eq!(closed.send(Method::GET, "/clients/acme/usage", None, Some("")).await.status, 401);
    // Slips are told as JSON, with what to do.
    for (method, path, body, status, code) in [
        (Method::GET, "/flows/nope/generations", None, 404, "unknown_flow"),
        (Method::POST, "/flows/nope/generations", None, 404, "unknown_flow"),
        (Method::GET, "/flows/nope/progress", None, 404, "unknown_flow"),
        (Method::GET, "/sessions/nope/progress", None, 404, "unknown_session"),
        (Method::GET, "/assets/nope", None, 404, "unknown_asset"),
        (Method::GET, "/clients/nope/usage", None, 404, "unknown_client"),
        (Method::GET, "/nothing/there", None, 404, "unknown_route"),
        (Method::PUT, path.as_str(), None, 405, "bad_method"),
        (Method::GET, "/clients/acme/usage?month=2026-99", None, 422, "bad_month"),
        (Method::POST, "/sessions/nope/retries", None, 404, "unknown_session"),
        (Method::POST, path.as_str(), Some("{\"variant\": 1}"), 422, "bad_body"),
        (Method::POST, path.as_str(), Some("{\"variants\": 0}"), 422, "bad_order"),
        (Method::POST, path.as_str(), Some("{\"variants\": 100000}"), 422, "bad_order"),
        (Method::POST, path.as_str(), Some("not json"), 422, "bad_body"),
    ] {
        let answer = api.send(method, path, body, Some(TOKEN)).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert_eq!((answer.status, told["error"]["code"].as_str()), (status, Some(code)), "{path} {body:?}: {told}");
    }
    assert!(!format!("{:?}", api.app.tools.policy).contains(TOKEN));
    assert_eq!(api.app.clock.now().month(), "2026-03");
}
