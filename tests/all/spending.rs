//! From an order to what the model painted and what it cost: promised before it is asked for, settled by what it came to, never beyond the cap.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, extract::State, response::IntoResponse};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};
use store_sync::{
    db::{self, ledger::By},
    generate::{self, GenerationRequest, Queued, Terms},
    manage,
    model::{AssetStatus, Failure, FlowInput, ProductId, SessionInput, UsageSum},
    sandbox::{self, SandboxOptions},
};
use tokio::net::TcpListener;

use crate::support::{Engine, More, TestApp, on_both};

const PICTURE: i64 = 40_000;

/// A service that paints when it is asked for a picture and answers forms when it is asked for one.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) url: String,
    /// What it was asked, in order.
    asked: Arc<Mutex<Vec<Value>>>,
    painted: Arc<AtomicUsize>,
    /// Answers that come first.
    next: Arc<Mutex<Vec<(u16, Value)>>>,
    /// After so many pictures, this is the answer until somebody says otherwise.
    full: Arc<Mutex<(usize, u16, Value)>>,
}

impl Model {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1beta", listener.local_addr().expect("an address"));
        let model = Self {
            url,
            asked: Arc::default(),
            painted: Arc::default(),
            next: Arc::default(),
            full: Arc::new(Mutex::new((usize::MAX, 200, Value::Null))),
        };
        let router = Router::new()
            .fallback(answer)
            .layer(axum::extract::DefaultBodyLimit::max(40 << 20))
            .with_state(model.clone());
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        model
    }

    /// Pictures it made so far.
    pub(crate) fn painted(&self) -> usize {
        self.painted.load(Ordering::SeqCst)
    }

    /// From now on it paints so many more, and answers this afterwards.
    fn refuse_after(&self, more: usize, (status, told): (u16, Value)) {
        *self.full.lock().expect("is whole") = (self.painted().saturating_add(more), status, told);
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("is whole").clone()
    }

    /// The configuration that leads to it.
    pub(crate) fn config(&self, more: &str) -> String {
        format!(
            "[generate]\nengine = \"gemini\"\n{more}\n[gemini]\napi_key = \"AIza-canary-key\"\nbase_url = \"{}\"\nmodel = \"first-image\"\n\
             edit_model = \"edit-image\"\ntext_model = \"text\"\n",
            self.url
        )
    }
}

/// The n-th picture: small, and unlike every other.
fn picture(n: usize) -> Vec<u8> {
    let mut map = tiny_skia::Pixmap::new(48, 48).expect("a size");
    let part = |shift: usize| u8::try_from(n >> shift & 0xFF).expect("a byte");
    map.fill(tiny_skia::Color::from_rgba8(part(0), part(8), part(16), 255));
    map.encode_png().expect("is written")
}

async fn answer(State(model): State<Model>, body: Bytes) -> axum::response::Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let form = asked["generationConfig"]["responseSchema"]["properties"].as_object().cloned();
    let texts = |parts: &Value| -> Vec<Value> {
        let of = |part: &Value| part["text"].as_str().map_or(json!("[picture]"), |text| json!(text));
        parts.as_array().into_iter().flatten().map(of).collect()
    };
    let parts = texts(&asked["contents"][0]["parts"]);
    model.asked.lock().expect("is whole").push(json!({ "parts": parts, "form": form.is_some() }));
    if let Some((status, told)) = model.next.lock().expect("is whole").pop() {
        return (StatusCode::from_u16(status).expect("a status"), Json(told)).into_response();
    }
    let (most, status, told) = model.full.lock().expect("is whole").clone();
    if model.painted() >= most {
        return (StatusCode::from_u16(status).expect("a status"), Json(told)).into_response();
    }
    let part = if let Some(form) = form {
        let field = |(name, kind): (String, Value)| {
            let seen = format!("a {name}");
            (name, if kind["type"] == "ARRAY" { json!([seen]) } else { json!(seen) })
        };
        json!({ "text": Value::Object(form.into_iter().map(field).collect()).to_string() })
    } else {
        let n = model.painted.fetch_add(1, Ordering::SeqCst);
        json!({ "inlineData": { "mimeType": "image/png", "data": STANDARD.encode(picture(n)) } })
    };
    Json(json!({
        "candidates": [{ "content": { "role": "model", "parts": [part] }, "finishReason": "STOP", "index": 0 }],
        "usageMetadata": { "promptTokenCount": 1000, "candidatesTokenCount": 500, "totalTokenCount": 1500 },
    }))
    .into_response()
}

const PRICES: &str = "[gemini.prices]\n\"first-image\" = 0.04\n\"edit-image\" = 0.1\n[gemini.text_prices]\n\"text\" = { input = 1.0, output = 2.0 }\n";
/// 1000 tokens in and 500 out, by that list.
const ANALYSIS: i64 = 2000;

struct Purse {
    app: TestApp,
    model: Model,
    products: Vec<String>,
}

impl Purse {
    async fn new(engine: Engine, generate: &str, gemini: &str) -> Self {
        let model = Model::new().await;
        let config = model.config(generate) + gemini;
        let options = SandboxOptions { products: 4, ..SandboxOptions::default() };
        let app = TestApp::with_more(engine, options, More { config: &config, ..More::default() }).await;
        app.connect().await;
        app.drain().await;
        let mut all = app.products().await;
        all.sort_by_key(|product| product.erp_id.clone());
        Self { products: all.into_iter().map(|product| product.id.to_string()).collect(), app, model }
    }

    async fn order(&self, products: &[String], settings: Value, variants: usize) -> Result<Queued, Failure> {
        let settings: Vec<Map<String, Value>> = vec![settings.as_object().cloned().expect("an object")];
        let order = GenerationRequest { products, settings: &settings, together: false, terms: Terms::of(variants) };
        generate::request(&self.app.tools, &order).await
    }

    async fn spent(&self) -> i64 {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let budget = self.app.tools.engines.model.as_ref().expect("a model").budget();
        db::ledger::get_spending(&mut tx, &budget, &self.app.clock.now().month()).await.expect("reads")
    }

    async fn sums(&self, by: By) -> Vec<UsageSum> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let month = self.app.clock.now().month();
        db::ledger::list_sums(&mut tx, &self.app.client, &month, by, 100).await.expect("sums")
    }
}

on_both!(
    a_session_is_analysed_painted_and_paid_for,
    nothing_is_ordered_beyond_the_months_money,
    what_is_not_painted_costs_nothing,
    an_answer_that_is_lost_counts_as_paid,
    sixteen_at_once_share_the_last_of_the_money,
    a_quota_of_the_model_is_waited_out_by_all,
    nothing_is_asked_for_without_a_promise,
    money_is_spent_in_the_month_it_is_spent_in,
    adjustments_are_worked_into_painted_pictures,
    an_edit_by_words_is_paid_for_whatever_its_settings_say,
    a_picture_may_wait_as_often_as_it_has_to,
    what_the_model_cannot_say_is_asked_once,
    orders_and_cancels_side_by_side_come_to_an_end
);

async fn a_session_is_analysed_painted_and_paid_for(engine: Engine) {
    let purse = Purse::new(engine, "", &format!("usd_per_month = 5\n{PRICES}")).await;
    let tools = &purse.app.tools;
    let input = SessionInput {
        client_id: Some(purse.app.client.clone()),
        name: Some("Spring".into()),
        product_ids: Some(purse.products[..2].iter().cloned().map(ProductId).collect()),
        settings: json!({ "style": "Rustic", "aspectRatio": "4:3 (Wide)" }).as_object().cloned(),
        ..SessionInput::default()
    };
    let session = manage::create_session(tools, &input).await.expect("is made").id;
    manage::add_inspiration(
        tools,
        &session,
        manage::InspirationInput::Upload(sandbox::draw_scene(1).into(), "mood.png"),
    )
    .await
    .expect("is kept");
    // Put into a collection, they are looked at before anybody wants a picture.
    assert_eq!(purse.app.drain().await, 2);
    assert_eq!(purse.spent().await, 2 * ANALYSIS);
    let ordered = generate::request_session(tools, &session, Terms::of(2), false).await.expect("is ordered");
    assert_eq!(purse.spent().await, 2 * ANALYSIS + 4 * PICTURE, "promised before anything is asked for");
    purse.app.drain().await;
    assert_eq!(
        (purse.model.painted(), purse.spent().await),
        (4, 3 * ANALYSIS + 4 * PICTURE),
        "two products and one inspiration, each seen once"
    );
    let asked = purse.model.asked();
    let painted: Vec<&Value> = asked.iter().filter(|one| one["form"] == false).collect();
    let parts = painted[0]["parts"].as_array().expect("parts");
    let (first, second) = (store_sync::paint::gemini::PRODUCT_MARKER, store_sync::paint::gemini::INSPIRATION_MARKER);
    assert_eq!(
        parts[..4],
        [json!("[picture]"), json!(first), json!("[picture]"), json!(second)],
        "product, its marker, inspiration, its marker"
    );
    let prompt = parts[4].as_str().expect("the prompt");
    assert!(
        prompt.contains("(a productType, made of a materials, coloured a colors)")
            && prompt.contains("Light: a lighting."),
        "{prompt}"
    );
    // What is shown is what was sent, letter by letter.
    let told = generate::preview(tools, &ordered.flows[0], true).await.expect("is told");
    assert_eq!((told.engine, told.model.as_str()), ("gemini", "first-image"));
    let sent: Vec<&str> = painted.iter().filter_map(|one| one["parts"][4].as_str()).collect();
    assert!(sent.contains(&told.prompt.as_str()), "{}\n{sent:?}", told.prompt);
    assert_eq!(told.parts.len(), parts.len());
    // By client, shop, product, model and picture.
    for (by, rows) in [(By::Shop, 2), (By::Product, 3), (By::Model, 2), (By::Kind, 3)] {
        let sums = purse.sums(by).await;
        let usd: i64 = sums.iter().map(|sum| sum.usd_micros).sum();
        assert_eq!(
            (sums.len(), usd, sums.iter().map(|sum| sum.pictures).sum::<i64>()),
            (rows, 3 * ANALYSIS + 4 * PICTURE, 4),
            "{sums:?}"
        );
        assert!(sums.iter().all(|sum| sum.reserved_usd_micros == 0));
    }
    let mut tx = tools.db.read().await.expect("reads");
    let progress = db::generation::get_session_progress(&mut tx, &session).await.expect("reads");
    assert_eq!((progress.completed, progress.cost_usd_micros), (4, 4 * PICTURE));
    let entries =
        db::ledger::list(&mut tx, &purse.app.client, &purse.app.clock.now().month(), 100).await.expect("lists");
    assert!(
        entries.iter().all(|entry| (entry.input_tokens, entry.output_tokens) == (Some(1000), Some(500))),
        "{entries:?}"
    );
    let asset = db::asset::find(&mut tx, ordered.assets[0].as_str()).await.expect("reads").expect("is there");
    assert_eq!((asset.model.as_deref(), asset.cost_usd_micros), (Some("first-image"), Some(PICTURE)));
    drop(tx);
    // An edit: what is on the picture is seen once, at the first one.
    for _ in 0..2 {
        generate::edit(tools, &asset.id, Some("make the wall blue"), &Map::new()).await.expect("is ordered");
        purse.app.drain().await;
    }
    let asked = purse.model.asked();
    let edit = &asked.last().expect("asked")["parts"];
    assert!(
        edit.as_array().is_some_and(|parts| parts.iter().any(|part| part
            .as_str()
            .is_some_and(|text| text.contains("make the wall blue") && text.contains("It shows: a objects.")))),
        "{edit}"
    );
    assert_eq!(purse.spent().await, 4 * ANALYSIS + 4 * PICTURE + 2 * 100_000);
}

async fn nothing_is_ordered_beyond_the_months_money(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 0.1\n{PRICES}")).await;
    let rustic = || json!({ "style": "Rustic" });
    purse.order(&purse.products[..2], rustic(), 1).await.expect("two fit");
    let refused = purse.order(&purse.products[..1], rustic(), 1).await.expect_err("a third one does not");
    assert!(
        refused.code() == "money_cap"
            && refused.message.contains("$0.020")
            && refused.message.contains("usd_per_month"),
        "{refused}"
    );
    purse
        .order(&purse.products[..1], json!({ "engine": "studio", "size": 96 }), 1)
        .await
        .expect("the studio costs nothing");
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (2, 2 * PICTURE));
    // A model without a price may cost anything: with a cap it is not asked.
    let unpriced = purse
        .order(&purse.products[..1], json!({ "imageModel": "other-image" }), 1)
        .await
        .expect_err("nobody knows its price");
    assert_eq!(unpriced.code(), "no_price");
    // The next month has money of its own.
    purse.app.clock.advance(std::time::Duration::from_hours(24 * 31));
    purse.order(&purse.products[..2], rustic(), 1).await.expect("two fit again");
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (4, 2 * PICTURE));
}

async fn what_is_not_painted_costs_nothing(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 1\n{PRICES}")).await;
    let blocked = json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } });
    *purse.model.next.lock().expect("is whole") = vec![(200, blocked)];
    let ordered = purse.order(&purse.products[..1], json!({}), 1).await.expect("is ordered");
    assert_eq!(purse.spent().await, PICTURE);
    purse.app.drain().await;
    let mut tx = purse.app.tools.db.read().await.expect("reads");
    let asset = db::asset::find(&mut tx, ordered.assets[0].as_str()).await.expect("reads").expect("is there");
    assert!(
        asset.status == AssetStatus::Error
            && asset.error.as_deref().is_some_and(|why| why.contains("PROHIBITED_CONTENT")),
        "{asset:?}"
    );
    drop(tx);
    assert_eq!(purse.spent().await, 0);
    // A quota that ends soon: it waits, and is promised once.
    let wait = json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down", "details": [{ "retryDelay": "33s" }] } });
    *purse.model.next.lock().expect("is whole") = vec![(429, wait)];
    generate::retry_flow(&purse.app.tools, &ordered.flows[0]).await.expect("is ordered");
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (0, PICTURE));
    purse.app.clock.advance(std::time::Duration::from_mins(1));
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (1, PICTURE));
}

async fn an_answer_that_is_lost_counts_as_paid(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 0.1\n{PRICES}")).await;
    let ordered = purse.order(&purse.products[..1], json!({}), 1).await.expect("is ordered");
    // The process is killed while the model paints: the promise says that it was asked, and nothing else is known.
    let mut tx = purse.app.tools.db.begin().await.expect("begins");
    let entry = db::ledger::find_reserved(&mut tx, &ordered.assets[0]).await.expect("reads").expect("is promised");
    db::ledger::mark_called(&mut tx, &entry, purse.app.clock.now()).await.expect("is noted");
    tx.commit().await.expect("commits");
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (1, 2 * PICTURE), "one may have been painted before");
    let kinds = purse.sums(By::Kind).await;
    assert_eq!(kinds.iter().filter_map(|sum| sum.what.as_deref()).collect::<Vec<_>>(), ["image", "lost"], "{kinds:?}");
    // No money is left to find out a second time; what may have been spent stays spent.
    let refused = purse.order(&purse.products[..1], json!({}), 1).await.expect_err("20 of 100 are left");
    assert_eq!(refused.code(), "money_cap");
    // An analysis that was under way when its process ended is counted, too.
    let mut tx = purse.app.tools.db.begin().await.expect("begins");
    let budget = purse.app.tools.engines.model.as_ref().expect("a model").budget();
    let now = purse.app.clock.now();
    let of = db::ledger::MonthBudget { budget: &budget, month: "2026-03" };
    assert!(db::ledger::reserve_money(&mut tx, of, 500, None, now).await.expect("is promised"));
    let client = purse.app.client.clone();
    let entry = db::ledger::NewEntry {
        id: "e".into(),
        client: &client,
        connection: None,
        product: None,
        asset: None,
        month: "2026-03",
        kind: store_sync::model::UsageKind::ProductAnalysis,
        budget: Some(&budget),
        reserved: 500,
    };
    db::ledger::insert(&mut tx, &[entry], now).await.expect("is written");
    tx.commit().await.expect("commits");
    generate::fail_stranded(&purse.app.tools).await.expect("sweeps");
    assert_eq!(
        purse.sums(By::Kind).await.iter().map(|sum| sum.reserved_usd_micros).sum::<i64>(),
        500,
        "it may still be under way"
    );
    purse.app.clock.advance(std::time::Duration::from_hours(2));
    generate::fail_stranded(&purse.app.tools).await.expect("sweeps");
    assert_eq!(
        (purse.sums(By::Kind).await.iter().map(|sum| sum.reserved_usd_micros).sum::<i64>(), purse.spent().await),
        (0, 2 * PICTURE + 500)
    );
}

async fn sixteen_at_once_share_the_last_of_the_money(engine: Engine) {
    let purse = Arc::new(Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 0.35\n{PRICES}")).await);
    let mut orders = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let purse = purse.clone();
        orders.spawn(async move {
            purse.order(&purse.products[..2], json!({}), 1).await.map(|ordered| ordered.assets.len())
        });
    }
    let mut made = 0;
    while let Some(result) = orders.join_next().await {
        match result.expect("ends") {
            Ok(count) => made += count,
            Err(failure) => assert_eq!(failure.code(), "money_cap"),
        }
    }
    purse.app.drain().await;
    assert_eq!((made, purse.model.painted(), purse.spent().await), (8, 8, 8 * PICTURE));
}
async fn a_quota_of_the_model_is_waited_out_by_all(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", PRICES).await;
    let ordered = purse.order(&purse.products[..4], json!({}), 5).await.expect("is ordered");
    // Three at a time, then half a minute of rest: however many wait, nobody fails and few ask in vain.
    let full = json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down", "details": [{ "retryDelay": "30s" }] } });
    let (mut rounds, mut before) = (0, 0);
    while purse.model.painted() < 20 {
        rounds += 1;
        assert!(rounds < 20, "it goes on");
        let here = purse.model.painted();
        purse.model.refuse_after(3, (429, full.clone()));
        purse.app.drain().await;
        assert!(purse.model.painted() > here);
        let mut tx = purse.app.tools.db.read().await.expect("reads");
        let flow = db::generation::get_progress(&mut tx, &ordered.flows[0]).await.expect("reads");
        assert_eq!((flow.generating, flow.failed), (0, 0), "what waits is told as waiting");
        drop(tx);
        let in_vain = purse.model.asked().len() - purse.model.painted() - before;
        assert!(in_vain <= 1, "one asks in vain for all: {in_vain}");
        before += in_vain;
        purse.app.clock.advance(std::time::Duration::from_secs(31));
    }
    assert_eq!((purse.spent().await, purse.sums(By::Kind).await.len()), (20 * PICTURE, 1));
    // A model that is away for an hour costs nothing, either.
    let one = purse.order(&purse.products[..1], json!({}), 1).await.expect("is ordered");
    for _ in 0..12 {
        purse.model.refuse_after(
            0,
            (503, json!({ "error": { "code": 503, "status": "UNAVAILABLE", "message": "overloaded" } })),
        );
        purse.app.drain().await;
        purse.app.clock.advance(std::time::Duration::from_mins(5));
    }
    purse.model.refuse_after(usize::MAX, (200, json!({})));
    purse.app.clock.advance(std::time::Duration::from_hours(1));
    purse.app.drain().await;
    let mut tx = purse.app.tools.db.read().await.expect("reads");
    assert_eq!(
        db::asset::find(&mut tx, one.assets[0].as_str()).await.expect("reads").expect("is there").status,
        AssetStatus::Completed
    );
}

async fn nothing_is_asked_for_without_a_promise(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 1\n{PRICES}")).await;
    let tools = &purse.app.tools;
    let ordered = purse.order(&purse.products[..1], json!({}), 1).await.expect("is ordered");
    // A worker that fell behind goes on with a picture whose promise was given back meanwhile.
    let mut tx = tools.db.begin().await.expect("begins");
    let entry = db::ledger::find_reserved(&mut tx, &ordered.assets[0]).await.expect("reads").expect("is promised");
    assert!(db::ledger::mark_released(&mut tx, &entry, purse.app.clock.now()).await.expect("is released"));
    tx.commit().await.expect("commits");
    let stale = generate::run(&purse.app.tools, None, &ordered.assets[0]).await.expect_err("nothing is promised");
    assert_eq!((stale.code(), purse.model.painted(), purse.spent().await), ("stale", 0, 0));
    purse.app.drain().await;
    assert_eq!(purse.model.painted(), 0);
    // Cancelled before it begins: not even looked at.
    let ordered = purse.order(&purse.products[..1], json!({}), 1).await.expect("is ordered");
    generate::cancel_flow(tools, &ordered.flows[0]).await.expect("is cancelled");
    generate::run(tools, None, &ordered.assets[0]).await.expect("there is nothing to do");
    assert_eq!((purse.model.painted(), purse.spent().await), (0, 0));
}

async fn money_is_spent_in_the_month_it_is_spent_in(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 0.1\n{PRICES}")).await;
    // Ordered in March, made in April: April's money, of which less is left then.
    let old = purse.order(&purse.products[..2], json!({}), 1).await.expect("two fit");
    purse.app.clock.advance(std::time::Duration::from_hours(24 * 31));
    purse.order(&purse.products[2..3], json!({}), 1).await.expect("April has money of its own");
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (2, 2 * PICTURE), "three would be more than April has");
    let mut tx = purse.app.tools.db.read().await.expect("reads");
    let budget = purse.app.tools.engines.model.as_ref().expect("a model").budget();
    assert_eq!(db::ledger::get_spending(&mut tx, &budget, "2026-03").await.expect("reads"), 0);
    let mut ended = Vec::new();
    for id in &old.assets {
        ended.push(db::asset::find(&mut tx, id.as_str()).await.expect("reads").expect("is there").error);
    }
    assert_eq!(ended.iter().flatten().filter(|why| why.contains("usd_per_month")).count(), 1, "{ended:?}");
    // The pictures count in the month in which they were ordered.
    let counted = db::quota::find_usage(&mut tx, &purse.app.client, "2026-03").await.expect("reads").expect("is there");
    assert_eq!(counted.generation_count, 1, "what was not made is free again there");
}

async fn adjustments_are_worked_into_painted_pictures(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", PRICES).await;
    let bright = json!({ "postAdjustments": { "light": { "exposure": 80 } } });
    let ordered = purse.order(&purse.products[..1], bright, 1).await.expect("is ordered");
    purse.app.drain().await;
    let mut tx = purse.app.tools.db.read().await.expect("reads");
    let asset = db::asset::find(&mut tx, ordered.assets[0].as_str()).await.expect("reads").expect("is there");
    let bytes = generate::bytes_of(&purse.app.tools, &asset, true).await.expect("is there");
    assert!(asset.status == AssetStatus::Completed && bytes != picture(0), "brighter than it was painted");
    // Bytes that changed in the store are told, not used.
    let key = asset.original_asset_url.as_deref().expect("a key");
    purse.app.tools.outside.files.put(key, picture(9).into()).await.expect("is kept");
    assert!(generate::bytes_of(&purse.app.tools, &asset, true).await.is_err());
}
async fn an_edit_by_words_is_paid_for_whatever_its_settings_say(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 0.1\n{PRICES}")).await;
    let tools = &purse.app.tools;
    let ordered =
        purse.order(&purse.products[..1], json!({ "engine": "studio", "size": 96 }), 1).await.expect("is ordered");
    purse.app.drain().await;
    let sly = json!({ "engine": "studio" }).as_object().cloned().expect("an object");
    generate::edit(tools, &ordered.assets[0], Some("bluer"), &sly).await.expect("fits once");
    assert_eq!(purse.spent().await, 100_000, "an edit costs what it costs");
    assert_eq!(
        generate::edit(tools, &ordered.assets[0], Some("bluer"), &sly).await.expect_err("and no second one").code(),
        "money_cap"
    );
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (1, 100_000));
}

async fn a_picture_may_wait_as_often_as_it_has_to(engine: Engine) {
    let purse = Purse::new(engine, "analyse = \"never\"", PRICES).await;
    let tools = &purse.app.tools;
    let ordered = purse.order(&purse.products[..1], json!({}), 3).await.expect("is ordered");
    let full = json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down", "details": [{ "retryDelay": "1s" }] } });
    purse.model.refuse_after(0, (429, full));
    for _ in 0..210 {
        purse.app.drain().await;
        purse.app.clock.advance(std::time::Duration::from_secs(2));
    }
    // A restart takes over what an ended process held: these were not interrupted, they waited.
    let mut tx = tools.db.begin().await.expect("begins");
    let now = purse.app.clock.now();
    let held = db::job::claim(&mut tx, store_sync::model::Pool::Generate, "w", now, now)
        .await
        .expect("claims")
        .expect("a job");
    tx.commit().await.expect("commits");
    assert!(held.attempts > 200, "{}", held.attempts);
    store_sync::work::recover(tools, true).await.expect("recovers");
    let mut tx = tools.db.read().await.expect("reads");
    let jobs = db::job::list_by_ids(&mut tx, &ordered.jobs).await.expect("lists");
    drop(tx);
    assert!(
        jobs.iter().all(|job| job.status == store_sync::model::JobStatus::Pending && job.error.is_some()),
        "each says why it waits: {jobs:?}"
    );
    purse.model.refuse_after(usize::MAX, (200, json!({})));
    purse.app.clock.advance(std::time::Duration::from_mins(1));
    purse.app.drain().await;
    assert_eq!((purse.model.painted(), purse.spent().await), (3, 3 * PICTURE));
}

async fn what_the_model_cannot_say_is_asked_once(engine: Engine) {
    let purse = Purse::new(engine, "", &format!("usd_per_month = 5\n{PRICES}")).await;
    let gibberish = json!({ "candidates": [{ "content": { "parts": [{ "text": "a mug, I think" }] }, "finishReason": "STOP" }], "usageMetadata": { "promptTokenCount": 900, "candidatesTokenCount": 9 } });
    *purse.model.next.lock().expect("is whole") = vec![(200, gibberish)];
    purse.order(&purse.products[..1], json!({}), 3).await.expect("is ordered");
    purse.app.drain().await;
    let forms = purse.model.asked().iter().filter(|one| one["form"] == true).count();
    assert_eq!((forms, purse.model.painted()), (1, 3), "pictures are made without it");
    let kinds = purse.sums(By::Kind).await;
    let lost = kinds.iter().find(|sum| sum.what.as_deref() == Some("lost")).expect("it may have been paid for");
    assert_eq!(purse.spent().await, 3 * PICTURE + lost.usd_micros);
}
async fn orders_and_cancels_side_by_side_come_to_an_end(engine: Engine) {
    let purse = Arc::new(Purse::new(engine, "analyse = \"never\"", &format!("usd_per_month = 1000\n{PRICES}")).await);
    let mut flows = Vec::new();
    for product in &purse.products[..3] {
        let input = FlowInput {
            client_id: Some(purse.app.client.clone()),
            product_ids: Some(vec![ProductId(product.clone())]),
            ..FlowInput::default()
        };
        flows.push(manage::create_flow(&purse.app.tools, &input).await.expect("is made").id);
    }
    for _ in 0..5 {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..24 {
            let (purse, flow) = (purse.clone(), flows[n / 2 % 3].clone());
            tasks.spawn(async move {
                if n % 2 == 0 {
                    generate::request_flow(&purse.app.tools, &flow, Terms::of(3)).await.map(drop)
                } else {
                    generate::cancel_flow(&purse.app.tools, &flow).await.map(drop)
                }
            });
        }
        for ended in tasks.join_all().await {
            ended.expect("no deadlock, no refusal");
        }
    }
    for flow in &flows {
        generate::cancel_flow(&purse.app.tools, flow).await.expect("is cancelled");
    }
    let mut tx = purse.app.tools.db.read().await.expect("reads");
    let used = db::quota::find_usage(&mut tx, &purse.app.client, "2026-03").await.expect("reads").expect("is there");
    drop(tx);
    assert_eq!((used.generation_count, purse.spent().await), (0, 0), "whatever was ordered was given back once");
}
