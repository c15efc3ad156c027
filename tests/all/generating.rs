//! From products to pictures: ordered, made once whatever happens, counted, approved and carried out.

use http::Method;
use serde_json::{Map, Value, json};
use store_sync::{
    db::{self, asset::AssetFilter},
    generate::{self, GenerationRequest, Queued, Terms},
    manage,
    model::{
        ApprovalStatus, Asset, AssetLocation, AssetStatus, EventType, Failure, FlowId, FlowInput, FlowStatus,
        ImportScope, JobStatus, OutputWork, Plan, Pool, ProductId, PushStatus, Quota, SessionInput, SessionStatus,
    },
    push,
    sandbox::SandboxOptions,
    views,
};

use crate::support::{Engine, More, TestApp, on_both, write_by_hand};

struct Desk {
    app: TestApp,
    products: Vec<String>,
}

impl Desk {
    /// A connected shop, its products in the order of its numbers.
    async fn new(engine: Engine) -> Self {
        let app = TestApp::with(engine, SandboxOptions { products: 6, ..SandboxOptions::default() }).await;
        app.connect().await;
        app.drain().await;
        let mut all = app.products().await;
        all.sort_by_key(|product| product.erp_id.clone());
        Self { products: all.into_iter().map(|product| product.id.to_string()).collect(), app }
    }

    async fn order(&self, products: &[String], styles: &[&str], variants: usize) -> Result<Queued, Failure> {
        let settings: Vec<Map<String, Value>> = styles
            .iter()
            .map(|style| {
                json!({ "style": style, "size": 96, "kept": { "unknown": true } })
                    .as_object()
                    .cloned()
                    .expect("an object")
            })
            .collect();
        let terms = Terms { seed: Some(11), ..Terms::of(variants) };
        generate::request(&self.app.tools, &GenerationRequest { products, settings: &settings, together: false, terms })
            .await
    }

    /// A session of these products with small pictures.
    async fn session(&self, products: &[String]) -> store_sync::model::SessionId {
        let input = SessionInput {
            client_id: Some(self.app.client.clone()),
            name: Some("Spring".into()),
            product_ids: Some(products.iter().cloned().map(ProductId).collect()),
            settings: json!({ "style": "podium", "size": 96, "theirs": [1] }).as_object().cloned(),
            ..SessionInput::default()
        };
        manage::create_session(&self.app.tools, &input).await.expect("is made").id
    }

    async fn sums(&self, by: db::ledger::By) -> Vec<store_sync::model::UsageSum> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let month = self.app.clock.now().month();
        db::ledger::list_sums(&mut tx, &self.app.client, &month, by, 1000).await.expect("sums")
    }

    async fn assets(&self) -> Vec<Asset> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::asset::list(&mut tx, &AssetFilter::default(), 10_000).await.expect("lists")
    }

    async fn used(&self) -> i32 {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let month = self.app.clock.now().month();
        db::quota::find_usage(&mut tx, &self.app.client, &month)
            .await
            .expect("reads")
            .map_or(0, |usage| usage.generation_count)
    }

    async fn flow(&self, id: &FlowId) -> store_sync::model::GenerationFlow {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::flow::find(&mut tx, id).await.expect("reads").expect("is there")
    }

    async fn limit(&self, monthly: i32) {
        self.limits(monthly, 1000, None).await;
    }

    async fn limits(&self, monthly: i32, storage_mb: i32, products: Option<i32>) {
        let quota = Quota {
            client_id: self.app.client.clone(),
            plan: Plan::Free.to_string(),
            monthly_generation_limit: monthly,
            storage_quota_mb: storage_mb,
            max_products: products,
            updated_at: self.app.clock.now(),
        };
        let mut tx = self.app.tools.db.begin().await.expect("begins");
        assert!(
            db::quota::upsert(&mut tx, &format!("q{monthly}"), &quota, self.app.clock.now()).await.expect("is set")
        );
        tx.commit().await.expect("commits");
    }
}

on_both!(
    an_order_becomes_pictures_that_can_be_approved_and_carried_out,
    done_twice_a_picture_is_made_once,
    what_cannot_be_made_says_why_and_costs_nothing,
    no_order_passes_the_limit_whoever_asks_at_once,
    a_session_becomes_flows_and_pictures_of_each_product,
    what_waits_can_be_taken_back_and_tried_again,
    clients_take_turns_however_much_each_left,
    room_and_plans_have_their_limits_too,
    another_attempt_and_a_changed_one_stand_beside_the_first,
    an_edit_that_failed_is_an_edit_when_it_is_tried_again,
    bytes_that_are_there_are_not_made_twice,
    what_is_deleted_or_stranded_gives_back_what_it_was_promised,
    orphans_of_ours_are_found_and_nothing_else_is_touched,
    a_product_is_looked_at_once_for_each_picture_it_has,
    products_are_looked_at_when_the_operator_says,
    two_orders_of_one_session_at_once_are_one,
    a_cancelled_session_says_how_to_go_on_and_does,
    products_of_one_scene_keep_their_order,
    a_flow_without_settings_has_its_sessions,
    sizes_that_cannot_be_are_refused,
    a_newcomer_waits_for_nobody_who_waits_himself,
    bytes_of_deleted_outputs_give_room_back,
    second_attempts_are_cancelled_with_their_session,
    base_pictures_are_the_products_own,
    a_base_picture_that_cannot_be_read_gives_way_to_the_next,
    a_base_picture_of_an_unreadable_format_is_told_and_the_next_one_is_taken,
    a_generated_picture_goes_to_every_shop_in_a_form_it_takes
);

async fn an_order_becomes_pictures_that_can_be_approved_and_carried_out(engine: Engine) {
    let desk = Desk::new(engine).await;
    let ordered = desk.order(&desk.products[..2], &["podium", "Rustic kitchen"], 2).await.expect("is ordered");
    assert_eq!(
        (ordered.flows.len(), ordered.assets.len(), ordered.jobs.len()),
        (4, 8, 8),
        "ids are known before anything is made"
    );
    assert!(desk.assets().await.iter().all(|asset| asset.status == AssetStatus::Pending && asset.asset_url.is_none()));
    assert_eq!(desk.flow(&ordered.flows[0]).await.status, FlowStatus::Generating);
    assert_eq!(desk.used().await, 8);
    assert_eq!(desk.app.drain().await, 8);
    let made = desk.assets().await;
    assert!(
        made.iter()
            .all(|asset| asset.status == AssetStatus::Completed && asset.approval_status == ApprovalStatus::Pending),
        "{made:?}"
    );
    let mut sums: Vec<&String> = made.iter().filter_map(|asset| asset.sha256.as_ref()).collect();
    sums.sort();
    sums.dedup();
    assert_eq!(sums.len(), 8, "no two are alike");
    let flow = desk.flow(&ordered.flows[1]).await;
    assert_eq!(
        (flow.status, &flow.settings.0["kept"]),
        (FlowStatus::Completed, &json!({ "unknown": true })),
        "unknown keys stay"
    );
    let first = made.iter().find(|asset| asset.id == ordered.assets[0]).expect("is there").clone();
    let stem = format!("clients/acme/generations/{}/assets/{}", ordered.flows[0], first.id);
    assert_eq!(first.asset_url.as_deref(), Some(format!("{stem}.webp").as_str()));
    assert_eq!(first.original_asset_url.as_deref(), Some(format!("{stem}_original.png").as_str()));
    let kind = async |key: &str| {
        let bytes = desk.app.tools.outside.files.get(key).await.expect("is there");
        (infer::get(&bytes).expect("a picture").mime_type(), i64::try_from(bytes.len()).ok())
    };
    assert_eq!(kind(&format!("{stem}.webp")).await, ("image/webp", first.byte_size));
    assert_eq!(kind(&format!("{stem}_original.png")).await, ("image/png", first.original_byte_size));
    let made_of = &first.provenance.as_ref().expect("is known").0;
    assert_eq!((&made_of["engine"], &made_of["seed"]), (&json!("studio"), &json!(11)));
    assert_eq!(made_of["pictures"][0]["product"], json!(desk.products[0]));
    assert_eq!(made_of["pictures"][0]["sha256"].as_str().map(str::len), Some(64));
    assert!(first.prompt.as_deref().is_some_and(|prompt| prompt.contains("Style: podium.")));
    let mut tx = desk.app.tools.db.read().await.expect("reads");
    let events = db::event::list(
        &mut tx,
        &db::event::EventFilter { client: Some(desk.app.client.clone()), ..Default::default() },
        100,
    )
    .await
    .expect("lists");
    assert_eq!(events.iter().filter(|event| event.event_type == EventType::Completed).count(), 8);
    drop(tx);
    // What is approved goes to the shop, byte for byte.
    desk.app.approve(&first).await;
    desk.app.drain().await;
    let pushes = desk.app.pushes().await;
    assert_eq!((pushes.len(), pushes[0].status), (1, PushStatus::Synced), "{pushes:?}");
    // The picture that went there is no product picture to begin with.
    desk.app.sync(ImportScope::Full).await;
    let again = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    desk.app.drain().await;
    let same = desk.assets().await.into_iter().find(|asset| asset.id == again.assets[0]).expect("is there");
    assert_eq!(same.sha256, first.sha256, "the same product, style and seed");
}

async fn done_twice_a_picture_is_made_once(engine: Engine) {
    let desk = Desk::new(engine).await;
    let ordered = desk.order(&desk.products[..1], &["studio"], 1).await.expect("is ordered");
    for _ in 0..2 {
        generate::run(&desk.app.tools, None, &ordered.assets[0]).await.expect("is made");
    }
    desk.app.drain().await;
    let mut tx = desk.app.tools.db.read().await.expect("reads");
    let events = db::event::list(
        &mut tx,
        &db::event::EventFilter { client: Some(desk.app.client.clone()), ..Default::default() },
        100,
    )
    .await
    .expect("lists");
    assert_eq!(events.iter().filter(|event| event.event_type == EventType::Completed).count(), 1);
    drop(tx);
    assert_eq!((desk.used().await, desk.flow(&ordered.flows[0]).await.status), (1, FlowStatus::Completed));
}

async fn what_cannot_be_made_says_why_and_costs_nothing(engine: Engine) {
    let desk = Desk::new(engine).await;
    let ids: Vec<String> = desk.app.products().await.iter().take(0).map(|p| p.id.to_string()).collect();
    assert_eq!(desk.order(&ids, &["studio"], 1).await.expect_err("nothing").code(), "bad_order");
    assert_eq!(desk.order(&["nope".to_owned()], &["studio"], 1).await.expect_err("unknown").code(), "unknown_product");
    // One product has lost its pictures in the shop: its share fails, the other's is made.
    let erp = desk
        .app
        .products()
        .await
        .into_iter()
        .find(|p| p.id.to_string() == desk.products[1])
        .and_then(|p| p.erp_id)
        .expect("an id");
    desk.app.shop(Method::PATCH, &format!("/api/products/{erp}"), Some(json!({ "images": [] }))).await;
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    desk.app.sync(ImportScope::Full).await;
    let ordered = desk.order(&desk.products[..2], &["studio"], 2).await.expect("is ordered");
    assert_eq!(desk.used().await, 4);
    desk.app.drain().await;
    let all = desk.assets().await;
    let failed: Vec<_> = all.iter().filter(|asset| asset.status == AssetStatus::Error).collect();
    assert_eq!((failed.len(), all.len()), (2, 4));
    assert!(failed[0].error.as_deref().is_some_and(|why| why.contains("no picture to begin with")), "{failed:?}");
    let flows = [desk.flow(&ordered.flows[0]).await.status, desk.flow(&ordered.flows[1]).await.status];
    assert_eq!((desk.used().await, flows), (2, [FlowStatus::Completed, FlowStatus::Error]));
    let ledger = desk.sums(db::ledger::By::Kind).await;
    assert_eq!((ledger[0].pictures, ledger[0].reserved_usd_micros), (2, 0), "{ledger:?}");
    let alone = desk.order(&desk.products[1..2], &["studio"], 1).await.expect("is ordered");
    desk.app.drain().await;
    assert_eq!(desk.flow(&alone.flows[0]).await.status, FlowStatus::Error);
    // What was not made cannot be approved.
    let why = push::decide(&desk.app.tools, alone.assets[0].as_str(), ApprovalStatus::Approved, None).await;
    assert!(why.is_err(), "{why:?}");
}

async fn no_order_passes_the_limit_whoever_asks_at_once(engine: Engine) {
    let desk = std::sync::Arc::new(Desk::new(engine).await);
    desk.limit(10).await;
    let mut orders = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let desk = desk.clone();
        orders.spawn(async move {
            desk.order(&desk.products[..1], &["studio"], 3).await.map(|ordered| ordered.assets.len())
        });
    }
    let mut made = 0;
    while let Some(result) = orders.join_next().await {
        match result.expect("ends") {
            Ok(count) => made += count,
            Err(failure) => assert_eq!(failure.code(), "quota_exceeded"),
        }
    }
    assert_eq!((made, desk.used().await, desk.assets().await.len()), (9, 9, 9));
    desk.app.leaves_jobs("they are counted, not run");
}
async fn a_session_becomes_flows_and_pictures_of_each_product(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let session = desk.session(&desk.products[..3]).await;
    // One flow by hand, with two products in one scene and words of its own; the third product has none.
    let by_hand = FlowInput {
        collection_session_id: Some(session.clone()),
        product_ids: Some(desk.products[..2].iter().cloned().map(ProductId).collect()),
        settings: json!({ "style": "wood", "size": 96, "mystery": { "kept": true } }).as_object().cloned(),
        ..FlowInput::default()
    };
    let by_hand = manage::create_flow(tools, &by_hand).await.expect("is made");
    let dark = store_sync::sandbox::draw_scene(4);
    let inspiration =
        manage::add_inspiration(tools, &session, manage::InspirationInput::Upload(dark.into(), "mood.png"))
            .await
            .expect("is kept");
    let ordered = generate::request_session(tools, &session, Terms::of(2), false).await.expect("is ordered");
    assert_eq!((ordered.flows.len(), ordered.assets.len()), (2, 4));
    assert!(ordered.flows.contains(&by_hand.id));
    let stands = async || {
        let mut tx = tools.db.read().await.expect("reads");
        let session = db::session::find(&mut tx, &session).await.expect("reads").expect("is there");
        (session.status, db::generation::get_session_progress(&mut tx, &session.id).await.expect("reads"))
    };
    let (status, progress) = stands().await;
    assert_eq!((status, progress.total, progress.waiting, progress.percent()), (SessionStatus::Generating, 4, 4, 0));
    desk.app.drain().await;
    let (status, progress) = stands().await;
    assert_eq!(
        (status, progress.completed, progress.percent()),
        (SessionStatus::Completed, 4, 100),
        "{:?}",
        desk.assets().await
    );
    let assets = desk.assets().await;
    let of = |flow: &FlowId| {
        assets.iter().filter(|asset| asset.generation_flow_id.as_ref() == Some(flow)).collect::<Vec<_>>()
    };
    let together = of(&by_hand.id)[0];
    let mut tx = tools.db.read().await.expect("reads");
    let shown = db::asset::list_products(&mut tx, &together.id).await.expect("lists");
    assert_eq!(
        shown.iter().map(|product| product.id.to_string()).collect::<Vec<_>>(),
        desk.products[..2],
        "both, the first one first"
    );
    drop(tx);
    let settings = &together.settings.as_ref().expect("settings").0;
    assert_eq!((&settings["mystery"], &settings["variants"]), (&json!({ "kept": true }), &json!(2)));
    assert!(
        together.prompt.as_deref().is_some_and(|prompt| prompt.contains("all the products")
            && prompt.contains("Take mood, light and colours from the inspiration pictures")),
        "{:?}",
        together.prompt
    );
    assert_eq!(
        together.provenance.as_ref().expect("is known").0["inspirations"][0]["inspiration"],
        json!(inspiration.id)
    );
    let other = ordered.flows.iter().find(|flow| **flow != by_hand.id).expect("another");
    let theirs = desk.flow(other).await;
    assert_eq!(
        (&theirs.settings.0["theirs"], theirs.collection_session_id),
        (&json!([1]), Some(session.clone())),
        "the session's settings"
    );
    // Everything has its pictures: more of them only on purpose.
    let none = generate::request_session(tools, &session, Terms::of(1), false).await.expect_err("nothing is left");
    assert_eq!(none.code(), "bad_order");
    let more = generate::request_session(tools, &session, Terms::of(1), true).await.expect("is ordered");
    desk.app.drain().await;
    let sums: Vec<Option<String>> = desk.assets().await.into_iter().map(|asset| asset.sha256).collect();
    let mut apart = sums.clone();
    apart.sort();
    apart.dedup();
    assert_eq!((more.assets.len(), sums.len(), apart.len()), (2, 6, 6), "no picture twice");
    // As many as its settings say, in the older application's word.
    let simple = FlowInput {
        client_id: Some(desk.app.client.clone()),
        product_ids: Some(vec![ProductId(desk.products[4].clone())]),
        settings: json!({ "scene": "Studio Set", "aspectRatio": "1:1 (Square)", "numberOfVariants": 3, "size": 96 })
            .as_object()
            .cloned(),
        ..FlowInput::default()
    };
    let simple = manage::create_flow(tools, &simple).await.expect("is made").id;
    let three =
        generate::request_flow(tools, &simple, Terms { variants: None, ..Terms::of(1) }).await.expect("is ordered");
    assert_eq!(three.assets.len(), 3);
    // A legacy flow's settings go through an update with every key they had.
    let change = FlowInput { settings: json!({ "style": "night" }).as_object().cloned(), ..FlowInput::default() };
    let changed = manage::update_flow(tools, &by_hand.id, None, &change).await.expect("is changed");
    assert_eq!(changed.settings.0, json!({ "style": "night", "size": 96, "mystery": { "kept": true } }));
    assert_eq!(desk.app.drain().await, 3);
}

async fn what_waits_can_be_taken_back_and_tried_again(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 3).await.expect("is ordered");
    generate::run(tools, None, &ordered.assets[0]).await.expect("is made");
    let cancelled = generate::cancel_flow(tools, &ordered.flows[0]).await.expect("is cancelled");
    // The first one is made, though its job had not been settled.
    assert_eq!((cancelled.cancelled, cancelled.under_way), (2, 0));
    assert_eq!(desk.app.drain().await, 0);
    assert_eq!(
        (desk.used().await, desk.flow(&ordered.flows[0]).await.status),
        (1, FlowStatus::Completed),
        "what was not made is free again"
    );
    let why: Vec<_> = desk.assets().await.into_iter().filter_map(|asset| asset.error).collect();
    assert_eq!(why, ["cancelled", "cancelled"]);
    let again = generate::retry_flow(tools, &ordered.flows[0]).await.expect("is ordered");
    assert_eq!((again.assets.len(), desk.used().await), (2, 3));
    desk.app.drain().await;
    assert!(desk.assets().await.iter().all(|asset| asset.status == AssetStatus::Completed && asset.error.is_none()));
    assert_eq!(generate::retry_flow(tools, &ordered.flows[0]).await.expect_err("nothing failed").code(), "bad_order");
    let ledger = desk.sums(db::ledger::By::Kind).await;
    assert_eq!((ledger.len(), ledger[0].pictures), (1, 3));
}

async fn clients_take_turns_however_much_each_left(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    desk.app.connect_as("other").await;
    desk.app.drain().await;
    let theirs = desk
        .app
        .products()
        .await
        .into_iter()
        .find(|product| product.client_id.as_str() == "other")
        .expect("is there")
        .id
        .0;
    desk.order(&desk.products[..1], &["podium"], 9).await.expect("is ordered");
    desk.order(&[theirs], &["podium"], 3).await.expect("is ordered");
    let mut order = Vec::new();
    for _ in 0..8 {
        let now = desk.app.clock.now();
        let mut tx = tools.db.begin().await.expect("begins");
        let job = db::job::claim(&mut tx, Pool::Generate, "w", now, now.plus(std::time::Duration::from_secs(30)))
            .await
            .expect("claims")
            .expect("a job");
        tx.commit().await.expect("commits");
        assert_eq!(job.status, JobStatus::Processing);
        order.push(if job.client_id.as_str() == "other" { 'o' } else { 'a' });
    }
    let order: String = order.into_iter().collect();
    assert_eq!(order.matches('o').count(), 3, "{order}");
    assert!(order.starts_with("ao") || order.starts_with("oa"), "the later one does not wait for nine: {order}");
    desk.app.leaves_jobs("they are claimed, not run");
}

async fn room_and_plans_have_their_limits_too(engine: Engine) {
    let desk = Desk::new(engine).await;
    desk.limits(100, 5, Some(2)).await;
    let full =
        desk.order(&desk.products[..1], &["podium"], 4).await.expect_err("more than five megabytes are promised");
    assert_eq!(full.code(), "storage_exceeded");
    assert_eq!((desk.used().await, desk.assets().await.len()), (0, 0), "nothing is left of it");
    desk.order(&desk.products[..1], &["podium"], 2).await.expect("fits");
    desk.app.drain().await;
    desk.order(&desk.products[..1], &["podium"], 2).await.expect("what is there weighs less than was thought");
    let many = SessionInput {
        client_id: Some(desk.app.client.clone()),
        name: Some("x".into()),
        product_ids: Some(desk.products[..3].iter().cloned().map(ProductId).collect()),
        ..SessionInput::default()
    };
    assert_eq!(
        manage::create_session(&desk.app.tools, &many).await.expect_err("three are too many").code(),
        "quota_exceeded"
    );
    desk.app.leaves_jobs("they are counted, not run");
}

async fn another_attempt_and_a_changed_one_stand_beside_the_first(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    let early = generate::edit(
        tools,
        &ordered.assets[0],
        None,
        &json!({ "postAdjustments": {} }).as_object().cloned().expect("an object"),
    )
    .await;
    assert_eq!(early.expect_err("it is not there yet").code(), "bad_order");
    desk.app.drain().await;
    let over = json!({ "style": "night" }).as_object().cloned().expect("an object");
    let again = generate::regenerate(tools, &ordered.assets[0], &over).await.expect("is ordered");
    let brighter =
        json!({ "postAdjustments": { "light": { "exposure": 60 } } }).as_object().cloned().expect("an object");
    let edited = generate::edit(tools, &ordered.assets[0], None, &brighter).await.expect("is ordered");
    assert_eq!(
        generate::edit(tools, &ordered.assets[0], Some("more blue"), &Map::new())
            .await
            .expect_err("a prompt needs a model")
            .code(),
        "no_model"
    );
    desk.app.drain().await;
    let all = desk.assets().await;
    let of = |id| all.iter().find(|asset| asset.id == id).expect("is there");
    let (first, again, edited) =
        (of(ordered.assets[0].clone()), of(again.assets[0].clone()), of(edited.assets[0].clone()));
    assert!(all.len() == 3 && all.iter().all(|asset| asset.status == AssetStatus::Completed), "{all:?}");
    assert!(
        first.sha256 != again.sha256
            && first.sha256 != edited.sha256
            && first.generation_flow_id == again.generation_flow_id
    );
    assert_eq!(again.settings.as_ref().map(|json| json.0["style"].clone()), Some(json!("night")));
    assert_eq!(again.provenance.as_ref().map(|json| json.0["again_from"].clone()), Some(json!(first.id)));
    assert_eq!(edited.provenance.as_ref().map(|json| json.0["pictures"][0]["asset"].clone()), Some(json!(first.id)));
    let kinds: Vec<_> = desk.sums(db::ledger::By::Kind).await.into_iter().filter_map(|sum| sum.what).collect();
    assert_eq!(kinds, ["image", "edit"]);
}

/// What an output is to be stands in its row from the request on, and what it was made from when it is made.
async fn an_edit_that_failed_is_an_edit_when_it_is_tried_again(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    desk.app.drain().await;
    let brighter =
        json!({ "postAdjustments": { "light": { "exposure": 60 } } }).as_object().cloned().expect("an object");
    let edit = generate::edit(tools, &ordered.assets[0], None, &brighter).await.expect("is ordered").assets.remove(0);
    let find = async || desk.assets().await.into_iter().find(|asset| asset.id == edit).expect("is there");
    let asked = find().await;
    assert!(asked.provenance.is_none(), "nothing is made yet: {asked:?}");
    let work = OutputWork::Edit { edited_from: ordered.assets[0].clone(), instruction: None };
    assert_eq!(asked.request.expect("is known").0.work, work);
    generate::cancel_flow(tools, &ordered.flows[0]).await.expect("is cancelled");
    // Its job may be forgotten by then.
    write_by_hand(&tools.db, "DELETE FROM job").await;
    generate::retry_flow(tools, &ordered.flows[0]).await.expect("is ordered");
    desk.app.drain().await;
    let made = find().await;
    assert_eq!((made.status, made.requested().expect("is known").work), (AssetStatus::Completed, work));
    let provenance = made.provenance.expect("is known").0;
    assert_eq!((&provenance["kind"], &provenance["edited_from"]), (&json!("edit"), &json!(ordered.assets[0])));
    assert_eq!(provenance["pictures"][0]["asset"], json!(ordered.assets[0]));
}

async fn bytes_that_are_there_are_not_made_twice(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    // A process wrote the picture and died before it could write the row.
    let key = format!("clients/acme/generations/{}/assets/{}_original.png", ordered.flows[0], ordered.assets[0]);
    let theirs = store_sync::sandbox::draw_scene(2);
    tools.outside.files.put(&key, theirs.clone().into()).await.expect("is kept");
    desk.app.drain().await;
    let made = desk.assets().await.remove(0);
    assert_eq!((made.status, made.original_byte_size), (AssetStatus::Completed, i64::try_from(theirs.len()).ok()));
    assert_eq!(tools.outside.files.get(&key).await.expect("is there"), theirs, "what was made first stays");
}

async fn what_is_deleted_or_stranded_gives_back_what_it_was_promised(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 2).await.expect("is ordered");
    manage::delete_asset(tools, &ordered.assets[0]).await.expect("is deleted");
    // The other one's job was given up: its process ended each time.
    let mut tx = tools.db.begin().await.expect("begins");
    let now = desk.app.clock.now();
    let far = now.plus(std::time::Duration::from_secs(30));
    while let Some(job) = db::job::claim(&mut tx, Pool::Generate, "w", now, far).await.expect("claims") {
        if job.id == ordered.jobs[1] {
            assert!(db::job::mark_failed(&mut tx, &job, "interrupted too often", now).await.expect("fails"));
        } else {
            assert!(db::job::mark_retry(&mut tx, &job, "again", far).await.expect("waits"));
        }
    }
    tx.commit().await.expect("commits");
    assert_eq!(generate::fail_stranded(tools).await.expect("sweeps"), 1);
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    desk.app.drain().await;
    let left = desk.assets().await;
    assert_eq!(
        (left.len(), left[0].status, left[0].error.as_deref()),
        (1, AssetStatus::Error, Some("interrupted too often"))
    );
    assert_eq!((desk.used().await, desk.flow(&ordered.flows[0]).await.status), (0, FlowStatus::Error));
    assert_eq!(generate::fail_stranded(tools).await.expect("sweeps"), 0);
}

async fn orphans_of_ours_are_found_and_nothing_else_is_touched(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    desk.app.drain().await;
    let id = tools.outside.new_id::<String>();
    let lost = format!("clients/acme/generations/gone/assets/{id}.webp");
    let foreign = [
        "clients/acme/sessions/s/media/mood.jpg",
        "clients/acme/generations/gone/assets/generated-7.jpg",
        "backup/x.webp",
    ];
    for key in foreign.iter().copied().chain([lost.as_str()]) {
        tools.outside.files.put(key, store_sync::sandbox::draw_scene(1).into()).await.expect("is kept");
    }
    // A picture that was painted by a process that died: its row is still to be written.
    let waits = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    let painted = format!("clients/acme/generations/{}/assets/{}_original.png", waits.flows[0], waits.assets[0]);
    tools.outside.files.put(&painted, store_sync::sandbox::draw_scene(1).into()).await.expect("is kept");
    // The files are as old as the system's clock says; the frozen one decides what is old.
    let young = generate::tidy(tools, true).await.expect("tidies");
    assert_eq!(
        (young.looked_at, young.orphans.len()),
        (4, 0),
        "what is young may belong to a row that is being written"
    );
    desk.app.clock.advance(std::time::Duration::from_hours(24 * 365 * 20));
    let seen = generate::tidy(tools, false).await.expect("looks");
    assert_eq!((seen.orphans.as_slice(), seen.deleted), ([lost.clone()].as_slice(), false));
    assert!(tools.outside.files.get(&lost).await.is_ok(), "looking deletes nothing");
    generate::tidy(tools, true).await.expect("tidies");
    assert!(tools.outside.files.get(&lost).await.is_err());
    for key in foreign.iter().copied().chain([painted.as_str()]) {
        assert!(tools.outside.files.get(key).await.is_ok(), "{key}");
    }
    desk.app.drain().await;
    let kept = desk.assets().await.into_iter().find(|asset| asset.id == ordered.assets[0]).expect("is there");
    assert!(
        generate::bytes_of(tools, &kept, true).await.is_ok() && generate::bytes_of(tools, &kept, false).await.is_ok()
    );
}

async fn a_product_is_looked_at_once_for_each_picture_it_has(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let id = ProductId(desk.products[0].clone());
    let seen = generate::analyse_product(tools, &id, false).await.expect("is seen");
    assert!(seen["colors"].as_array().is_some_and(|colors| !colors.is_empty()), "{seen}");
    assert_eq!(seen["version"], json!("studio/1"));
    // Kept: nobody looks again, so what stands there stays, even if it is written by hand.
    let mut by_hand = seen.clone();
    by_hand["productType"] = json!("heirloom");
    let mut tx = tools.db.begin().await.expect("begins");
    db::product::mark_analysed(&mut tx, &id, &by_hand, "studio/1", desk.app.clock.now()).await.expect("is kept");
    tx.commit().await.expect("commits");
    assert_eq!(generate::analyse_product(tools, &id, false).await.expect("is known")["productType"], json!("heirloom"));
    let ordered = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
    desk.app.drain().await;
    let told = generate::preview(tools, &ordered.flows[0], false).await.expect("is told");
    let made = desk.assets().await.remove(0);
    assert!(
        told.prompt.contains("heirloom") && made.prompt.as_deref() == Some(told.prompt.as_str()),
        "what is shown is what was sent: {told:?}"
    );
    assert_eq!((told.engine, told.parts.len()), ("studio", 3), "the picture, what it is, the prompt: {:?}", told.parts);
    // Another way of looking, or another picture, makes it an old one.
    let mut tx = tools.db.begin().await.expect("begins");
    db::product::mark_analysed(&mut tx, &id, &by_hand, "studio/0", desk.app.clock.now()).await.expect("is kept");
    tx.commit().await.expect("commits");
    assert_ne!(generate::analyse_product(tools, &id, false).await.expect("is seen")["productType"], json!("heirloom"));
    by_hand["picture"] = json!("another");
    let mut tx = tools.db.begin().await.expect("begins");
    db::product::mark_analysed(&mut tx, &id, &by_hand, "studio/1", desk.app.clock.now()).await.expect("is kept");
    tx.commit().await.expect("commits");
    assert_ne!(generate::analyse_product(tools, &id, false).await.expect("is seen")["productType"], json!("heirloom"));
}
async fn products_are_looked_at_when_the_operator_says(engine: Engine) {
    for (when, seen) in [("never", 0), ("on_generate", 0), ("on_collection", 0), ("on_import", 3)] {
        let config = format!("[generate]\nanalyse = \"{when}\"\n");
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 3, ..SandboxOptions::default() }, more).await;
        app.connect().await;
        app.drain().await;
        let analysed = async || {
            let mut tx = app.tools.db.read().await.expect("reads");
            let ids: Vec<ProductId> = app.products().await.into_iter().map(|product| product.id).collect();
            3 - db::product::list_unseen(&mut tx, &ids).await.expect("lists").len()
        };
        assert_eq!(analysed().await, seen, "{when}, after the import");
        let products = app.products().await.into_iter().take(1).map(|product| product.id).collect();
        let input = SessionInput {
            client_id: Some(app.client.clone()),
            name: Some("s".into()),
            product_ids: Some(products),
            settings: json!({ "size": 96 }).as_object().cloned(),
            ..SessionInput::default()
        };
        let session = manage::create_session(&app.tools, &input).await.expect("is made").id;
        app.drain().await;
        let collected = if when == "on_collection" { 1 } else { seen };
        assert_eq!(analysed().await, collected, "{when}, in a collection");
        generate::request_session(&app.tools, &session, Terms::of(1), false).await.expect("is ordered");
        app.drain().await;
        let generated = if when == "never" { 0 } else { collected.max(1) };
        assert_eq!(analysed().await, generated, "{when}, with a picture");
    }
}
async fn two_orders_of_one_session_at_once_are_one(engine: Engine) {
    let desk = std::sync::Arc::new(Desk::new(engine).await);
    let session = desk.session(&desk.products[..3]).await;
    let mut orders = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (desk, session) = (desk.clone(), session.clone());
        orders.spawn(async move {
            generate::request_session(&desk.app.tools, &session, Terms::of(1), false)
                .await
                .map(|ordered| ordered.assets.len())
        });
    }
    let ended = orders.join_all().await;
    assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 1, "{ended:?}");
    assert_eq!(desk.assets().await.len(), 3);
    desk.app.drain().await;
}

async fn a_cancelled_session_says_how_to_go_on_and_does(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let session = desk.session(&desk.products[..3]).await;
    generate::request_session(tools, &session, Terms::of(2), false).await.expect("is ordered");
    assert_eq!(generate::cancel_session(tools, &session).await.expect("is cancelled").cancelled, 6);
    assert_eq!(desk.used().await, 0);
    let why = generate::request_session(tools, &session, Terms::of(2), false).await.expect_err("they have flows");
    assert!(why.message.contains("3 flows") && why.message.contains("sessions retry"), "{why}");
    assert_eq!(generate::retry_session(tools, &session).await.expect("is ordered").assets.len(), 6);
    // What is under way keeps its flow and its session.
    let flows = {
        let mut tx = tools.db.read().await.expect("reads");
        db::flow::list(&mut tx, &db::flow::FlowFilter::default(), 10).await.expect("lists")
    };
    for refused in [
        manage::delete_flow(tools, &flows[0].id).await.map(drop),
        manage::delete_session(tools, &session).await.map(drop),
    ] {
        assert!(refused.expect_err("pictures are under way").message.contains("cancel"));
    }
    desk.app.drain().await;
    assert_eq!(
        (desk.used().await, generate::retry_session(tools, &session).await.expect_err("nothing failed").code()),
        (6, "bad_order")
    );
    manage::delete_flow(tools, &flows[0].id).await.expect("is deleted");
    manage::delete_session(tools, &session).await.expect("is deleted");
    assert_eq!(desk.assets().await.len(), 6, "its pictures stay");
}

async fn products_of_one_scene_keep_their_order(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let wished: Vec<String> = [4, 0, 5, 2, 1, 3].iter().map(|n| desk.products[*n].clone()).collect();
    let settings = [json!({ "style": "wood", "size": 96 }).as_object().cloned().expect("an object")];
    let order = GenerationRequest { products: &wished, settings: &settings, together: true, terms: Terms::of(3) };
    let ordered = generate::request(tools, &order).await.expect("is ordered");
    let mut tx = tools.db.read().await.expect("reads");
    for asset in &ordered.assets {
        let shown = db::asset::list_products(&mut tx, asset).await.expect("lists");
        assert_eq!(shown.into_iter().map(|product| product.id.0).collect::<Vec<_>>(), wished);
    }
    drop(tx);
    desk.app.drain().await;
    let origins: Vec<_> = desk
        .assets()
        .await
        .into_iter()
        .filter_map(|asset| asset.provenance)
        .map(|json| json.0["pictures"].clone())
        .collect();
    assert!(
        origins.iter().all(|pictures| pictures.as_array().is_some_and(|all| all
            .iter()
            .map(|one| one["product"].as_str().unwrap_or_default())
            .eq(wished.iter().map(String::as_str)))),
        "{origins:?}"
    );
}

async fn a_flow_without_settings_has_its_sessions(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let session = desk.session(&desk.products[..2]).await;
    let own = json!({ "products": { desk.products[1].clone(): { "style": "night" } } });
    let input = SessionInput {
        settings: json!({ "style": "wood", "size": 96, "products": own["products"] }).as_object().cloned(),
        ..SessionInput::default()
    };
    manage::update_session(tools, &session, None, &input).await.expect("is changed");
    let bare = FlowInput {
        collection_session_id: Some(session.clone()),
        product_ids: Some(vec![ProductId(desk.products[0].clone())]),
        ..FlowInput::default()
    };
    let bare = manage::create_flow(tools, &bare).await.expect("is made").id;
    assert!(generate::preview(tools, &bare, false).await.expect("is told").prompt.contains("Style: wood."));
    let ordered = generate::request_session(tools, &session, Terms::of(1), false).await.expect("is ordered");
    assert_eq!(ordered.assets.len(), 2);
    let mut styles: Vec<String> = desk
        .assets()
        .await
        .iter()
        .filter_map(|asset| asset.settings.as_ref())
        .map(|json| {
            assert!(json.0.get("products").is_none(), "the whole map is the session's");
            json.0["style"].as_str().unwrap_or_default().to_owned()
        })
        .collect();
    styles.sort();
    assert_eq!(styles, ["night", "wood"], "one product has a style of its own");
    desk.app.drain().await;
}

async fn sizes_that_cannot_be_are_refused(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let flow = FlowInput {
        client_id: Some(desk.app.client.clone()),
        product_ids: Some(vec![ProductId(desk.products[0].clone())]),
        settings: json!({ "size": 96 }).as_object().cloned(),
        ..FlowInput::default()
    };
    let flow = manage::create_flow(tools, &flow).await.expect("is made").id;
    for variants in [0, generate::MOST + 1, usize::MAX, usize::MAX / 2 + 2] {
        assert_eq!(
            generate::request_flow(tools, &flow, Terms::of(variants)).await.expect_err("is refused").code(),
            "bad_order",
            "{variants}"
        );
    }
    let last = Terms { seed: Some(u64::MAX), ..Terms::of(2) };
    generate::request_flow(tools, &flow, last).await.expect("seeds go round");
    let huge = json!({ "promptText": "x".repeat(100_000) }).as_object().cloned().expect("an object");
    desk.app.drain().await;
    let asset = desk.assets().await.remove(0).id;
    assert_eq!(generate::regenerate(tools, &asset, &huge).await.expect_err("is refused").code(), "bad_settings");
    let usage = views::usage(tools, desk.app.client.as_str(), Some("2026-99".to_owned())).await;
    assert_eq!(usage.expect_err("no month").code(), "bad_month");
}

async fn a_newcomer_waits_for_nobody_who_waits_himself(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    // Ten pictures of ours wait for a later time, and an analysis has no turn: neither says where the queue stands.
    let first = desk.order(&desk.products[..1], &["podium"], 10).await.expect("is ordered");
    let mut tx = tools.db.begin().await.expect("begins");
    let now = desk.app.clock.now();
    let look = store_sync::model::Task::AnalyseProduct { product: ProductId(desk.products[0].clone()) };
    db::job::enqueue(&mut tx, &tools.outside, &desk.app.client, look).await.expect("is left");
    let far = now.plus(std::time::Duration::from_hours(12));
    for _ in 0..9 {
        let job = db::job::claim(&mut tx, Pool::Generate, "w", now, far).await.expect("claims").expect("a job");
        assert!(db::job::mark_postponed(&mut tx, &job, "later", far, now).await.expect("is put back"));
    }
    let stands = db::job::next_turn(&mut tx, Pool::Generate, &"newcomer".into(), now).await.expect("a turn");
    assert_eq!((stands, first.jobs.len()), (9, 10), "where the one stands that can be made now");
    tx.commit().await.expect("commits");
    generate::cancel_flow(tools, &first.flows[0]).await.expect("is cancelled");
    desk.app.drain().await;
}

async fn bytes_of_deleted_outputs_give_room_back(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    desk.order(&desk.products[..1], &["podium"], 2).await.expect("is ordered");
    desk.app.drain().await;
    let stored = async || {
        let mut tx = tools.db.read().await.expect("reads");
        db::ledger::get_stored_bytes(&mut tx, &desk.app.client).await.expect("sums")
    };
    let (before, gone) = (stored().await, desk.assets().await.remove(0));
    manage::delete_asset(tools, &gone.id).await.expect("is deleted");
    assert_eq!(stored().await, before, "its bytes are still there");
    assert_eq!(generate::tidy(tools, true).await.expect("tidies").of_deleted, 0, "a slip can be undone for a day");
    desk.app.clock.advance(std::time::Duration::from_hours(25));
    assert_eq!(generate::tidy(tools, true).await.expect("tidies").of_deleted, 2);
    assert_eq!(stored().await, before - gone.byte_size.expect("bytes") - gone.original_byte_size.expect("bytes"));
    assert!(tools.outside.files.get(gone.asset_url.as_deref().expect("a key")).await.is_err());
}
async fn second_attempts_are_cancelled_with_their_session(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let session = desk.session(&desk.products[..1]).await;
    let ordered = generate::request_session(tools, &session, Terms::of(1), false).await.expect("is ordered");
    desk.app.drain().await;
    generate::regenerate(tools, &ordered.assets[0], &Map::new()).await.expect("is ordered");
    assert_eq!(generate::cancel_session(tools, &session).await.expect("is cancelled").cancelled, 1);
    manage::delete_session(tools, &session).await.expect("nothing is under way");
    let empty = desk.session(&[]).await;
    assert!(
        generate::request_session(tools, &empty, Terms::of(1), false)
            .await
            .expect_err("nothing to show")
            .message
            .contains("no products")
    );
}

async fn base_pictures_are_the_products_own(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let images = async |product: &str| {
        let mut tx = tools.db.read().await.expect("reads");
        db::product::list_images(&mut tx, &ProductId(product.to_owned())).await.expect("lists")
    };
    let (first, second) = (images(&desk.products[0]).await, images(&desk.products[1]).await);
    let last = first.last().expect("a picture").id.to_string();
    let session = desk.session(&desk.products[..2]).await;
    let choose = async |product: &str, image: &str| {
        let chosen = json!({ product: image }).as_object().cloned();
        manage::update_session(
            tools,
            &session,
            None,
            &SessionInput { selected_base_images: chosen, ..SessionInput::default() },
        )
        .await
    };
    for (product, image) in [
        (desk.products[0].as_str(), "bogus"),
        (desk.products[0].as_str(), second[0].id.as_str()),
        ("nope", last.as_str()),
    ] {
        assert_eq!(choose(product, image).await.expect_err("is refused").code(), "refused");
    }
    choose(&desk.products[0], &last).await.expect("is chosen");
    let both = choose(&desk.products[1], second[0].id.as_str()).await.expect("is chosen, too");
    assert_eq!(both.selected_base_images.0.as_object().map(Map::len), Some(2));
    let ordered = generate::request_session(tools, &session, Terms::of(1), false).await.expect("is ordered");
    desk.app.drain().await;
    let assets = desk.assets().await;
    let of = assets.iter().find(|asset| asset.id == ordered.assets[0]).expect("is there");
    assert_eq!(of.provenance.as_ref().map(|json| json.0["pictures"][0]["image"].clone()), Some(json!(last)));
}

async fn a_base_picture_that_cannot_be_read_gives_way_to_the_next(engine: Engine) {
    let desk = Desk::new(engine).await;
    let product = &desk.products[1];
    let mut tx = desk.app.tools.db.read().await.expect("reads");
    let images = db::product::list_images(&mut tx, &ProductId(product.clone())).await.expect("lists");
    drop(tx);
    let [first, second] = &images[..] else { panic!("two pictures: {images:?}") };
    let shop = &desk.app.shop_url;
    // Gone, no picture, of another scheme, and no address at all.
    for url in [
        format!("{shop}/pictures/0-9.png"),
        format!("{shop}/"),
        "ftp://shop.example/a.png".to_owned(),
        "a.png".to_owned(),
    ] {
        write_by_hand(
            &desk.app.tools.db,
            &format!("UPDATE product_image SET original_store_url = '{url}' WHERE id = '{}'", first.id),
        )
        .await;
        let ordered = desk.order(std::slice::from_ref(product), &["podium"], 1).await.expect("is ordered");
        desk.app.drain().await;
        let assets = desk.assets().await;
        let made = assets.iter().find(|asset| asset.id == ordered.assets[0]).expect("is there");
        let source = made.provenance.as_ref().map(|json| json.0["pictures"][0]["image"].clone());
        assert_eq!(source, Some(json!(second.id)), "{url}: {:?}", made.error);
    }
    // With none that can be read, the first one's fault is told.
    write_by_hand(
        &desk.app.tools.db,
        &format!("UPDATE product_image SET original_store_url = 'b.png' WHERE id = '{}'", second.id),
    )
    .await;
    let ordered = desk.order(std::slice::from_ref(product), &["podium"], 1).await.expect("is ordered");
    desk.app.drain().await;
    let assets = desk.assets().await;
    let failed = assets.iter().find(|asset| asset.id == ordered.assets[0]).expect("is there");
    assert!(failed.error.as_deref().is_some_and(|text| text.contains("its URL is invalid")), "{failed:?}");
}

async fn a_base_picture_of_an_unreadable_format_is_told_and_the_next_one_is_taken(engine: Engine) {
    const AVIF: &[u8] = b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B";
    const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'/>";
    let desk = Desk::new(engine).await;
    let (tools, product) = (&desk.app.tools, &desk.products[1]);
    let images = async || {
        let mut tx = tools.db.read().await.expect("reads");
        db::product::list_images(&mut tx, &ProductId(product.clone())).await.expect("lists")
    };
    let made = async || {
        let ordered = desk.order(std::slice::from_ref(product), &["podium"], 1).await.expect("is ordered");
        desk.app.drain().await;
        let asset = desk.assets().await.into_iter().find(|asset| asset.id == ordered.assets[0]).expect("is there");
        let source = asset.provenance.as_ref().map(|json| json.0["pictures"][0]["image"].clone());
        (source, asset.error.unwrap_or_default())
    };
    let formats = async || images().await.into_iter().map(|image| image.mime_type).collect::<Vec<_>>();
    let url = images().await[0].original_store_url.clone().expect("an address");
    let readable = tools.outside.bytes_at(&AssetLocation::Url(&url)).await.expect("is fetched");
    let keys: Vec<(String, String)> = images()
        .await
        .iter()
        .map(|image| (image.id.to_string(), image.base_key(&desk.app.client).into_owned()))
        .collect();
    let put = async |place: usize, bytes: &'static [u8]| {
        tools.outside.files.put(&keys[place].1, bytes.into()).await.expect("is stored");
    };
    put(0, AVIF).await;
    assert_eq!(made().await, (Some(json!(keys[1].0)), String::new()));
    assert_eq!(formats().await, [Some("image/avif".to_owned()), None], "its row says what it is");
    // Without another one, the order fails and says what to do.
    put(1, SVG).await;
    let (source, error) = made().await;
    assert!(
        source.is_none() && error.contains("is SVG, which the studio cannot read: add a JPEG, PNG or WebP"),
        "{error}"
    );
    // A picture that was replaced is taken again.
    tools.outside.files.put(&keys[0].1, readable).await.expect("is stored");
    assert_eq!(made().await, (Some(json!(keys[0].0)), String::new()));
    assert_eq!(formats().await, [None, Some("image/svg+xml".to_owned())]);
}

async fn a_generated_picture_goes_to_every_shop_in_a_form_it_takes(engine: Engine) {
    // WebP is what is shown; half of the platforms take none.
    for (types, most, sent) in [
        ("image/png\", \"image/jpeg", 10_000_000, "image/png"),
        ("image/jpeg", 10_000_000, "image/jpeg"),
        ("image/png\", \"image/jpeg", 20_000, "image/jpeg"),
        ("image/webp", 10_000_000, "image/webp"),
    ] {
        let folder = tempfile::tempdir().expect("a temp folder");
        let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/sandbox");
        std::fs::create_dir_all(folder.path().join("sandbox")).expect("a folder");
        let text = std::fs::read_to_string(ours.join("provider.toml")).expect("the file");
        let text = text.replace("image_bytes = 10_000_000", &format!("image_bytes = {most}"));
        let text = text.replace("[\"image/png\", \"image/jpeg\", \"image/webp\"]", &format!("[\"{types}\"]"));
        std::fs::write(folder.path().join("sandbox/provider.toml"), text).expect("is written");
        let config = format!("[providers]\ndir = \"{}\"\n", folder.path().display());
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        app.connect().await;
        app.drain().await;
        let product = app.products().await.remove(0);
        let settings = [json!({ "style": "botanic", "size": 200 }).as_object().cloned().expect("an object")];
        let order = GenerationRequest {
            products: std::slice::from_ref(&product.id.0),
            settings: &settings,
            together: false,
            terms: Terms::of(1),
        };
        let ordered = generate::request(&app.tools, &order).await.expect("is ordered");
        app.drain().await;
        push::decide(&app.tools, ordered.assets[0].as_str(), ApprovalStatus::Approved, None)
            .await
            .expect("is approved");
        app.drain().await;
        let push = app.pushes().await.remove(0);
        assert_eq!(push.status, PushStatus::Synced, "{types} {most}: {push:?}");
        let shown = app.pictures(product.erp_id.as_deref().expect("an id")).await;
        let url = url::Url::parse(shown[0]["url"].as_str().expect("an address")).expect("an address");
        let bytes = app.http.send(store_sync::outside::Request::new(Method::GET, url)).await.expect("an answer").body;
        assert_eq!(infer::get(&bytes).expect("a picture").mime_type(), sent, "{types} {most}");
        assert!(bytes.len() <= most, "{} bytes", bytes.len());
    }
}

/// On PostgreSQL two transactions may end a flow's last two pictures side by side, and neither sees the other's.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_last_pictures_the_second_one_ends_the_flow() {
    let desk = std::sync::Arc::new(Desk::new(Engine::Postgres).await);
    let tools = &desk.app.tools;
    let ordered = desk.order(&desk.products[..1], &["podium"], 2).await.expect("is ordered");
    let now = desk.app.clock.now();
    // The first one is made and its row written, and its transaction is still open.
    let mut first = tools.db.begin().await.expect("begins");
    let row = db::generation::MadeOutput {
        key: "k.webp",
        sha256: "0",
        mime_type: "image/webp",
        size: (1, 1),
        byte_size: 1,
        original: ("k.png", 1),
        model: "m",
        prompt: "p",
        cost_usd_micros: 0,
        provenance: &json!({}),
    };
    assert!(db::generation::mark_made(&mut first, &ordered.assets[0], &row, now).await.expect("is written"));
    assert!(db::generation::lock_flow(&mut first, &ordered.flows[0], now).await.expect("is taken"));
    assert_eq!(db::generation::get_progress(&mut first, &ordered.flows[0]).await.expect("reads").open(), 1);
    let second = {
        let (desk, asset) = (desk.clone(), ordered.assets[1].clone());
        tokio::spawn(async move { generate::run(&desk.app.tools, None, &asset).await })
    };
    // Until the second one waits for the first, or is through without having waited.
    let pattern = std::env::var("STORE_SYNC_TEST_POSTGRES").expect("a server");
    let admin = sqlx::PgPool::connect(&pattern.replace("DATABASE", "postgres")).await.expect("answers");
    let waits =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE generation_flow%'";
    while !second.is_finished() {
        let (waiting,): (i64,) = sqlx::query_as(waits).fetch_one(&admin).await.expect("answers");
        if waiting > 0 {
            break;
        }
        store_sync::outside::Clock::system().sleep(std::time::Duration::from_millis(5)).await;
    }
    first.commit().await.expect("commits");
    second.await.expect("ends").expect("is made");
    assert_eq!(desk.flow(&ordered.flows[0]).await.status, FlowStatus::Completed);
    admin.close().await;
    desk.app.drain().await;
}
