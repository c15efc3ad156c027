//! What people do by hand, on both engines: every function of the database room for it, and never across clients.

use std::time::Duration;

use serde_json::{Map, Value, json};
use store_sync::{
    db::{
        self, Tx,
        asset::AssetFilter,
        event::{EventFilter, NewEvent},
        flow::FlowFilter,
        message::Parent,
        session::SessionFilter,
    },
    manage::{self, InspirationInput},
    model::{
        ApprovalStatus, Asset, AssetId, AssetInput, AssetLocation, ClientId, CollectionSession, Entity, EntityType,
        EventId, EventType, Failure, FlowInput, FlowStatus, GenerationFlow, InspirationSource, MemberId, MessageId,
        Plan, ProductId, Quota, SessionInput, SessionStatus, TAGS_PER_CLIENT, TAGS_PER_ENTITY, TagId, Usage, UserId,
    },
    sandbox, work,
};

use crate::support::{Engine, TestApp, add_uploaded, on_both};

/// Two clients with two products each; nothing of the one may ever meet the other.
struct Desk {
    app: TestApp,
    acme: ClientId,
    other: ClientId,
}

impl Desk {
    async fn new(engine: Engine) -> Self {
        let app = TestApp::new(engine).await;
        let (acme, other) = (app.client.clone(), ClientId::from("other"));
        let mut tx = app.tools.db.begin().await.expect("begins");
        let now = app.clock.now();
        db::client::insert(&mut tx, &other, "Other", Some("other-slug"), now).await.expect("a client");
        for (client, product) in [(&acme, "a1"), (&acme, "a2"), (&other, "o1"), (&other, "o2")] {
            add_uploaded(&mut tx, client, product, product).await;
        }
        tx.commit().await.expect("commits");
        Self { app, acme, other }
    }

    async fn tx(&self) -> Tx {
        self.app.tools.db.begin().await.expect("begins")
    }

    async fn session(&self, client: &ClientId) -> CollectionSession {
        let input =
            SessionInput { client_id: Some(client.clone()), name: Some("Spring".into()), ..SessionInput::default() };
        manage::create_session(&self.app.tools, &input).await.expect("a session")
    }

    async fn flow(&self, input: FlowInput) -> Result<GenerationFlow, Failure> {
        manage::create_flow(&self.app.tools, &input).await
    }

    async fn own_flow(&self, client: &ClientId) -> GenerationFlow {
        self.flow(FlowInput { client_id: Some(client.clone()), ..FlowInput::default() }).await.expect("a flow")
    }

    async fn output(&self, client: &ClientId, products: &[&str]) -> Asset {
        let product_ids = Some(products.iter().map(|id| ProductId::from(*id)).collect());
        let input = AssetInput {
            client_id: Some(client.clone()),
            asset_url: Some("k.png".into()),
            product_ids,
            ..AssetInput::default()
        };
        manage::register_asset(&self.app.tools, &input).await.expect("an output")
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    value.as_object().cloned()
}

fn entity(text: &str) -> Entity {
    text.parse().expect("an entity")
}

fn refused<T: std::fmt::Debug>(result: Result<T, Failure>, words: &str) {
    let failure = result.expect_err("is refused");
    assert!(failure.message.contains(words), "{failure}");
}

on_both!(
    sessions_keep_their_lists_and_versions,
    flows_stand_in_a_session_or_alone,
    outputs_are_linked_within_their_client_only,
    tags_have_caps_and_stay_with_their_client,
    marks_on_a_product_go_with_it,
    favourites_are_a_persons_or_a_clients,
    events_are_counted_and_forgotten_after_ninety_days,
    messages_have_one_place_each,
    inspirations_are_kept_in_their_order,
    quotas_are_reserved_all_or_nothing,
    clients_change_by_version_and_go_when_their_shops_are_gone
);

async fn sessions_keep_their_lists_and_versions(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let settings = object(json!({"style": "Modern", "z": {"kept": [1, null]}, "a": 1}));
    let input = SessionInput {
        client_id: Some(desk.acme.clone()),
        name: Some("Spring".into()),
        product_ids: Some(vec!["a2".into(), "a1".into()]),
        settings: settings.clone(),
        ..SessionInput::default()
    };
    let made = manage::create_session(tools, &input).await.expect("a session");
    assert_eq!((made.status, made.version, made.product_ids.0.clone()), (SessionStatus::Draft, 1, json!(["a2", "a1"])));
    assert_eq!(
        made.settings.as_ref().map(|s| s.0.to_string()).map(|s| s.len()),
        Some(Value::from(settings.expect("given")).to_string().len())
    );
    // Another client's product, no name, no client: refused.
    let foreign = SessionInput { product_ids: Some(vec!["a1".into(), "o1".into()]), ..input.clone() };
    refused(manage::create_session(tools, &foreign).await, "has no product 'o1'");
    refused(
        manage::update_session(
            tools,
            &made.id,
            None,
            &SessionInput { product_ids: Some(vec!["o1".into()]), ..SessionInput::default() },
        )
        .await,
        "has no product 'o1'",
    );
    refused(
        manage::create_session(tools, &SessionInput { client_id: Some(desk.acme.clone()), ..SessionInput::default() })
            .await,
        "needs a name",
    );
    refused(
        manage::create_session(tools, &SessionInput { client_id: Some("nobody".into()), ..input.clone() }).await,
        "no client 'nobody'",
    );
    refused(
        manage::update_session(
            tools,
            &made.id,
            None,
            &SessionInput { client_id: Some(desk.other.clone()), ..SessionInput::default() },
        )
        .await,
        "client cannot change",
    );
    // What is left out stays; an older version is told so.
    let change = SessionInput { status: Some(SessionStatus::Completed), ..SessionInput::default() };
    let changed = manage::update_session(tools, &made.id, Some(1), &change).await.expect("changes");
    assert_eq!(
        (changed.status, changed.version, changed.name.as_str(), &changed.product_ids),
        (SessionStatus::Completed, 2, "Spring", &made.product_ids)
    );
    refused(manage::update_session(tools, &made.id, Some(1), &change).await, "version 2 now");
    // Pages by key, narrowed by client and status.
    for _ in 0..4 {
        desk.session(&desk.acme).await;
    }
    desk.session(&desk.other).await;
    let mut tx = desk.tx().await;
    let mut seen = Vec::new();
    let mut filter = SessionFilter { client: Some(desk.acme.clone()), ..SessionFilter::default() };
    loop {
        let page = db::session::list(&mut tx, &filter, 2).await.expect("lists");
        let Some(last) = page.last() else { break };
        filter.after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|s| s.client_id));
    }
    assert_eq!(seen, vec![desk.acme.clone(); 5]);
    let done = SessionFilter { status: Some(SessionStatus::Completed), ..SessionFilter::default() };
    assert_eq!(db::session::list(&mut tx, &done, 10).await.expect("lists").len(), 1);
    assert!(
        !db::session::insert(&mut tx, &"x".into(), &"nobody".into(), &input, desk.app.clock.now())
            .await
            .expect("no such client")
    );
    drop(tx);
    // Deleting takes flows along, not pictures.
    let flow = desk
        .flow(FlowInput { collection_session_id: Some(made.id.clone()), ..FlowInput::default() })
        .await
        .expect("a flow");
    let output = desk.output(&desk.acme, &["a1"]).await;
    let into = AssetInput { generation_flow_id: Some(flow.id.clone()), ..AssetInput::default() };
    manage::update_asset(tools, &output.id, &into).await.expect("moves");
    manage::delete_session(tools, &made.id).await.expect("deletes");
    refused(manage::delete_session(tools, &made.id).await, "no session");
    let mut tx = desk.tx().await;
    assert!(db::flow::find(&mut tx, &flow.id).await.expect("reads").is_none());
    assert_eq!(
        db::asset::find(&mut tx, output.id.as_str()).await.expect("reads").expect("stays").generation_flow_id,
        None
    );
}

async fn flows_stand_in_a_session_or_alone(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let (session, foreign) = (desk.session(&desk.acme).await, desk.session(&desk.other).await);
    let settings = object(
        json!({"scene": "Studio", "unknownKey": {"kept": true}, "postAdjustments": {"light": {"exposure": 10}}}),
    );
    let within = desk
        .flow(FlowInput {
            collection_session_id: Some(session.id.clone()),
            settings,
            product_ids: Some(vec!["a1".into()]),
            ..FlowInput::default()
        })
        .await
        .expect("a flow");
    let alone = desk.own_flow(&desk.acme).await;
    assert_eq!(
        (within.client_id.clone(), within.status, alone.status),
        (desk.acme.clone(), FlowStatus::Configured, FlowStatus::Empty)
    );
    assert_eq!(alone.collection_session_id, None);
    refused(desk.flow(FlowInput::default()).await, "client_id is missing");
    refused(
        desk.flow(FlowInput {
            client_id: Some(desk.acme.clone()),
            collection_session_id: Some(foreign.id.clone()),
            ..FlowInput::default()
        })
        .await,
        "not one of client acme",
    );
    refused(
        desk.flow(FlowInput {
            client_id: Some(desk.acme.clone()),
            product_ids: Some(vec!["o1".into()]),
            ..FlowInput::default()
        })
        .await,
        "has no product 'o1'",
    );
    refused(
        desk.flow(FlowInput {
            client_id: Some(desk.acme.clone()),
            product_ids: Some(vec!["a1".into(); 11]),
            ..FlowInput::default()
        })
        .await,
        "at most 10",
    );
    let over = FlowInput {
        settings: object(json!({"scene": "Beach", "postAdjustments": {"light": {"contrast": 5}}})),
        ..FlowInput::default()
    };
    let changed = manage::update_flow(tools, &within.id, Some(1), &over).await.expect("changes");
    assert_eq!(
        changed.settings.0,
        json!({"scene": "Beach", "unknownKey": {"kept": true}, "postAdjustments": {"light": {"exposure": 10, "contrast": 5}}})
    );
    refused(manage::update_flow(tools, &within.id, Some(1), &over).await, "version 2 now");
    let moved = FlowInput { collection_session_id: Some(foreign.id.clone()), ..FlowInput::default() };
    refused(manage::update_flow(tools, &within.id, None, &moved).await, "session and client cannot change");
    let theirs = desk.own_flow(&desk.other).await;
    manage::add_favorite(tools, None, &entity(&format!("flow:{}", alone.id))).await.expect("a favourite");
    let mut tx = desk.tx().await;
    let ids = async |tx: &mut Tx, filter: FlowFilter| -> Vec<_> {
        db::flow::list(tx, &filter, 10).await.expect("lists").into_iter().map(|f| f.id).collect()
    };
    assert_eq!(
        ids(&mut tx, FlowFilter { session: Some(session.id), ..FlowFilter::default() }).await,
        std::slice::from_ref(&within.id)
    );
    assert_eq!(
        ids(&mut tx, FlowFilter { client: Some(desk.acme.clone()), standalone: true, ..FlowFilter::default() }).await,
        std::slice::from_ref(&alone.id)
    );
    assert_eq!(
        ids(&mut tx, FlowFilter { favorite: true, ..FlowFilter::default() }).await,
        std::slice::from_ref(&alone.id)
    );
    assert_eq!(
        ids(&mut tx, FlowFilter { status: Some(FlowStatus::Configured), ..FlowFilter::default() }).await,
        std::slice::from_ref(&within.id)
    );
    assert_eq!(
        ids(&mut tx, FlowFilter { client: Some(desk.other.clone()), ..FlowFilter::default() }).await,
        [theirs.id]
    );
    drop(tx);
    manage::delete_flow(tools, &alone.id).await.expect("deletes");
    refused(manage::delete_flow(tools, &alone.id).await, "no flow");
    refused(manage::update_flow(tools, &alone.id, None, &over).await, "no flow");
    let mut tx = desk.tx().await;
    assert!(!db::flow::mark_favorite(&mut tx, alone.id.as_str(), true, desk.app.clock.now()).await.expect("nothing"));
}

async fn outputs_are_linked_within_their_client_only(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let (flow, foreign) = (desk.own_flow(&desk.acme).await, desk.own_flow(&desk.other).await);
    let made = desk.output(&desk.acme, &["a2", "a1"]).await;
    let bad = |flow: &GenerationFlow| AssetInput { generation_flow_id: Some(flow.id.clone()), ..AssetInput::default() };
    refused(manage::update_asset(tools, &made.id, &bad(&foreign)).await, "not one of client acme");
    let new = AssetInput {
        client_id: Some(desk.acme.clone()),
        asset_url: Some("https://cdn.example/x.png".into()),
        ..bad(&foreign)
    };
    refused(manage::register_asset(tools, &new).await, "not one of client acme");
    refused(manage::register_asset(tools, &AssetInput { asset_url: None, ..new.clone() }).await, "needs an asset_url");
    let web = manage::register_asset(tools, &AssetInput { generation_flow_id: Some(flow.id.clone()), ..new })
        .await
        .expect("an output");
    assert_eq!(
        (web.location(), made.location()),
        (Some(AssetLocation::Url("https://cdn.example/x.png")), Some(AssetLocation::Key("k.png")))
    );
    let input = AssetInput { product_ids: Some(vec!["o1".into()]), ..AssetInput::default() };
    refused(manage::update_asset(tools, &made.id, &input).await, "has no product 'o1'");
    refused(
        manage::update_asset(tools, &made.id, &AssetInput { asset_url: Some("other".into()), ..AssetInput::default() })
            .await,
        "cannot change: register another output",
    );
    let input = AssetInput {
        prompt: Some("sun".into()),
        product_ids: Some(vec!["a2".into()]),
        settings: object(json!({"a": 1})),
        ..bad(&flow)
    };
    let changed = manage::update_asset(tools, &made.id, &input).await.expect("changes");
    assert_eq!((changed.prompt.as_deref(), changed.generation_flow_id.as_ref()), (Some("sun"), Some(&flow.id)));
    let mut tx = desk.tx().await;
    let shown: Vec<String> =
        db::asset::list_products(&mut tx, &made.id).await.expect("lists").into_iter().map(|p| p.id.0).collect();
    assert_eq!(shown, ["a2", "a1"], "the first is the primary one");
    assert!(
        !db::asset::link_product(&mut tx, "l", &made.id, &"o1".into(), false, desk.app.clock.now())
            .await
            .expect("nothing")
    );
    let of = |flow: &GenerationFlow| AssetFilter { flow: Some(flow.id.clone()), ..AssetFilter::default() };
    assert_eq!(db::asset::list(&mut tx, &of(&flow), 10).await.expect("lists").len(), 2);
    assert_eq!(db::asset::list(&mut tx, &of(&foreign), 10).await.expect("lists").len(), 0);
    let theirs = AssetFilter { client: Some(desk.other.clone()), ..AssetFilter::default() };
    assert_eq!(db::asset::list(&mut tx, &theirs, 10).await.expect("lists").len(), 0);
    drop(tx);
    manage::delete_asset(tools, &made.id).await.expect("deletes");
    refused(manage::delete_asset(tools, &made.id).await, "no asset");
    refused(manage::update_asset(tools, &made.id, &input).await, "no asset");
}

async fn tags_have_caps_and_stay_with_their_client(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let tag = manage::create_tag(tools, &desk.acme, " good ", Some("#FF0000")).await.expect("a tag");
    assert_eq!((tag.name.as_str(), tag.color.as_deref()), ("good", Some("#ff0000")));
    let theirs = manage::create_tag(tools, &desk.other, "good", None).await.expect("another client may say the same");
    refused(manage::create_tag(tools, &desk.acme, "good", None).await, "already");
    refused(manage::create_tag(tools, &desk.acme, "  ", None).await, "1 to 60");
    refused(manage::create_tag(tools, &desk.acme, "x", Some("red")).await, "#rrggbb");
    let (product, foreign) = (entity("product:a1"), entity("product:o1"));
    assert_eq!(manage::assign_tag(tools, &tag.id, &product).await.expect("bears it").len(), 1);
    assert_eq!(manage::assign_tag(tools, &tag.id, &product).await.expect("twice is once").len(), 1);
    refused(manage::assign_tag(tools, &tag.id, &foreign).await, "client acme has no product:o1");
    refused(manage::assign_tag(tools, &theirs.id, &product).await, "client other has no product:a1");
    let flow = desk.own_flow(&desk.acme).await;
    let flow_entity = entity(&format!("flow:{}", flow.id));
    manage::assign_tag(tools, &tag.id, &flow_entity).await.expect("a flow too");
    let mut tx = desk.tx().await;
    assert_eq!(db::tag::list_bearers(&mut tx, &tag.id).await.expect("lists"), [flow_entity.clone(), product.clone()]);
    assert_eq!(db::tag::list(&mut tx, Some(&desk.other), None, 10).await.expect("lists").len(), 1);
    assert_eq!(db::tag::list(&mut tx, None, None, 1).await.expect("a page").len(), 1);
    let first = db::tag::list(&mut tx, None, None, 1).await.expect("a page").remove(0).id;
    assert_eq!(db::tag::list(&mut tx, None, Some(&first), 9).await.expect("the next").len(), 1);
    drop(tx);
    // Twenty on one thing, a hundred at one client.
    let mut all = vec![tag.id.clone()];
    for n in 1..TAGS_PER_CLIENT {
        all.push(manage::create_tag(tools, &desk.acme, &format!("t{n}"), None).await.expect("a tag").id);
    }
    refused(manage::create_tag(tools, &desk.acme, "one more", None).await, "100 tags");
    for id in all.iter().take(20) {
        manage::assign_tag(tools, id, &product).await.expect("bears it");
    }
    refused(manage::assign_tag(tools, &all[20], &product).await, "has 20 tags");
    assert_eq!(TAGS_PER_ENTITY, 20);
    refused(manage::update_tag(tools, &all[1], Some("good"), None).await, "already");
    assert_eq!(
        manage::update_tag(tools, &tag.id, Some("better"), None).await.expect("changes").color.as_deref(),
        Some("#ff0000")
    );
    refused(manage::unassign_tag(tools, &theirs.id, &product).await, "does not have tag");
    assert_eq!(manage::unassign_tag(tools, &tag.id, &product).await.expect("takes it off").len(), 19);
    // What bears marks and goes takes its marks along, also when the client goes.
    manage::delete_flow(tools, &flow.id).await.expect("deletes");
    manage::delete_tag(tools, &all[1]).await.expect("deletes");
    let mut tx = desk.tx().await;
    assert_eq!(db::tag::count_on(&mut tx, &flow_entity).await.expect("counts"), 0);
    assert_eq!(db::tag::count_on(&mut tx, &product).await.expect("counts"), 18);
    assert_eq!(db::tag::count(&mut tx, &desk.acme).await.expect("counts"), 99);
    db::client::delete(&mut tx, &desk.acme).await.expect("deletes");
    assert_eq!(db::tag::count_on(&mut tx, &product).await.expect("counts"), 0);
    assert!(db::tag::find(&mut tx, &tag.id).await.expect("reads").is_none());
}

async fn marks_on_a_product_go_with_it(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let theirs = manage::create_tag(tools, &desk.other, "t", None).await.expect("a tag");
    manage::add_member(tools, &desk.other, "uma@example.com", None, "viewer").await.expect("a member");
    manage::assign_tag(tools, &theirs.id, &entity("product:o1")).await.expect("bears it");
    manage::add_favorite(tools, Some("uma@example.com"), &entity("product:o1")).await.expect("a favourite");
    manage::delete_client(tools, &desk.other).await.expect("deletes");
    let mut tx = desk.tx().await;
    // The tag went with its client, so the trigger alone can have cleaned the favourite.
    assert!(db::favorite::list(&mut tx, None, None, 10).await.expect("lists").is_empty());
    assert_eq!(db::tag::count_on(&mut tx, &entity("product:o1")).await.expect("counts"), 0);
    assert!(db::member::find_user(&mut tx, "uma@example.com").await.expect("reads").is_some(), "people stay");
}

async fn favourites_are_a_persons_or_a_clients(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let members =
        manage::add_member(tools, &desk.acme, " Uma@Example.com ", Some("Uma"), "owner").await.expect("a member");
    assert_eq!((members[0].email.as_str(), members[0].role.as_str()), ("uma@example.com", "owner"));
    let again = manage::add_member(tools, &desk.acme, "uma@example.com", None, "viewer").await.expect("another role");
    assert_eq!((again.len(), again[0].role.as_str(), again[0].name.as_str()), (1, "viewer", "Uma"));
    refused(manage::add_member(tools, &desk.acme, "uma", None, "owner").await, "is not an e-mail address");
    refused(manage::add_member(tools, &desk.acme, "x@y", None, "king").await, "owner, admin, member, viewer");
    let (mine, theirs) = (entity("product:a1"), entity("product:o1"));
    for _ in 0..2 {
        assert!(manage::add_favorite(tools, Some("uma@example.com"), &mine).await.expect("a favourite").is_favorite);
    }
    refused(manage::add_favorite(tools, Some("uma@example.com"), &theirs).await, "is not a member of the client");
    refused(manage::add_favorite(tools, Some("nobody@example.com"), &mine).await, "no user");
    manage::add_favorite(tools, None, &mine).await.expect("the client's flag");
    refused(manage::add_favorite(tools, None, &entity("product:none")).await, "there is no product:none");
    let output = desk.output(&desk.acme, &["a1"]).await;
    for _ in 0..2 {
        manage::add_favorite_image(tools, &output.id).await.expect("a favourite");
    }
    let user: UserId = members[0].user_id.clone();
    let mut tx = desk.tx().await;
    let all = db::favorite::list(&mut tx, Some(&user), None, 10).await.expect("lists");
    assert_eq!((all.len(), all[0].entity_type, all[0].entity_id.as_str()), (1, EntityType::Product, "a1"));
    assert!(db::favorite::list(&mut tx, Some(&user), Some(&all[0].id), 10).await.expect("the next page").is_empty());
    assert!(db::product::find(&mut tx, "a1").await.expect("reads").expect("is there").is_favorite);
    let images = db::favorite::list_images(&mut tx, Some(&desk.acme), None, 10).await.expect("lists");
    assert_eq!(images.len(), 1);
    assert!(db::favorite::list_images(&mut tx, Some(&desk.other), None, 10).await.expect("lists").is_empty());
    let now = desk.app.clock.now();
    assert!(!db::favorite::insert_image(&mut tx, "x", &desk.other, &output.id, now).await.expect("not theirs"));
    assert!(!db::favorite::insert(&mut tx, "x", &user, &theirs, now).await.expect("not theirs"));
    drop(tx);
    manage::remove_favorite(tools, None, &mine).await.expect("no flag");
    manage::remove_favorite_image(tools, &output.id).await.expect("no favourite");
    let mut tx = desk.tx().await;
    assert!(db::favorite::list_images(&mut tx, None, None, 10).await.expect("lists").is_empty());
    assert!(!db::product::find(&mut tx, "a1").await.expect("reads").expect("is there").is_favorite);
    // Who leaves a client leaves the favourites there.
    assert!(!db::member::delete(&mut tx, &desk.other, &user).await.expect("no place there"));
    assert!(db::member::delete(&mut tx, &desk.acme, &user).await.expect("leaves"));
    assert!(db::favorite::list(&mut tx, Some(&user), None, 10).await.expect("lists").is_empty());
    assert!(!db::favorite::delete(&mut tx, &user, &mine).await.expect("nothing there"));
    let id = MemberId::from("m");
    assert!(!db::member::insert(&mut tx, &id, &"nobody".into(), &user, "viewer", now).await.expect("no client"));
    assert!(
        !db::member::insert_user(&mut tx, &"u2".into(), "Other", "uma@example.com", now)
            .await
            .expect("the address is taken")
    );
}

async fn events_are_counted_and_forgotten_after_ninety_days(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let (flow, output) = (desk.own_flow(&desk.acme).await, desk.output(&desk.acme, &["a1"]).await);
    let product = ProductId::from("o1");
    let keep = async |client: &ClientId, kind, product: Option<&ProductId>| {
        let (id, mut tx) = (tools.outside.new_id::<EventId>(), desk.tx().await);
        let event = NewEvent {
            id: &id,
            client,
            kind,
            flow: None,
            product,
            asset: None,
            user: None,
            metadata: Some(json!({"n": 1})),
        };
        let kept = db::event::insert(&mut tx, &event, desk.app.clock.now()).await.expect("keeps");
        tx.commit().await.expect("commits");
        (kept, id)
    };
    assert!(keep(&desk.acme, EventType::Viewed, None).await.0);
    assert!(!keep(&desk.acme, EventType::Viewed, Some(&product)).await.0, "another client's product");
    assert!(!keep(&"nobody".into(), EventType::Viewed, None).await.0);
    // A decision is an event.
    let into = AssetInput { generation_flow_id: Some(flow.id.clone()), ..AssetInput::default() };
    manage::update_asset(tools, &output.id, &into).await.expect("moves");
    for _ in 0..2 {
        store_sync::push::decide(tools, output.id.as_str(), ApprovalStatus::Rejected, Some("too dark"))
            .await
            .expect("decides");
    }
    let mut tx = desk.tx().await;
    let filter = EventFilter {
        asset: Some(output.id.clone()),
        flow: Some(flow.id),
        kind: Some(EventType::Rejected),
        ..EventFilter::default()
    };
    let found = db::event::list(&mut tx, &filter, 10).await.expect("lists");
    assert_eq!((found.len(), found[0].metadata.as_ref().map(|m| m.0["note"].clone())), (1, Some(json!("too dark"))));
    let counts = db::event::list_counts(&mut tx, Some(&desk.acme), desk.app.clock.now().minus(Duration::from_hours(1)))
        .await
        .expect("counts");
    let counts: Vec<_> = counts.iter().map(|c| (c.event_type, c.count)).collect();
    assert_eq!(counts, [(EventType::Rejected, 1), (EventType::Viewed, 1)]);
    assert!(
        db::event::list(&mut tx, &EventFilter { client: Some(desk.other.clone()), ..EventFilter::default() }, 10)
            .await
            .expect("lists")
            .is_empty()
    );
    let newest = db::event::list(&mut tx, &EventFilter::default(), 1).await.expect("lists").remove(0);
    let before = EventFilter { before: Some(newest.id.clone()), ..EventFilter::default() };
    assert_eq!(db::event::list(&mut tx, &before, 10).await.expect("the next page").len(), 1);
    assert!(db::event::find(&mut tx, &newest.id).await.expect("reads").is_some());
    drop(tx);
    desk.app.clock.advance(Duration::from_hours(24 * 89));
    let (_, late) = keep(&desk.acme, EventType::Completed, None).await;
    desk.app.clock.advance(Duration::from_hours(48));
    work::tick(tools).await.expect("ticks");
    let mut tx = desk.tx().await;
    let left = db::event::list(&mut tx, &EventFilter::default(), 10).await.expect("lists");
    assert_eq!(left.into_iter().map(|e| e.id).collect::<Vec<_>>(), std::slice::from_ref(&late));
    assert!(
        db::event::delete(&mut tx, &late).await.expect("deletes")
            && !db::event::delete(&mut tx, &late).await.expect("once")
    );
}

async fn messages_have_one_place_each(engine: Engine) {
    let desk = Desk::new(engine).await;
    let session = desk.session(&desk.acme).await;
    let now = desk.app.clock.now();
    let mut tx = desk.tx().await;
    let parts = json!([{"type": "text", "content": "Hello"}, {"type": "image", "imageIds": ["i"], "unknown": 1}]);
    let in_session = Parent::Session(session.id.clone());
    for n in 2..5 {
        let id = MessageId(format!("m{n}"));
        assert!(
            db::message::insert(&mut tx, &id, &in_session, "user", &parts, now.plus(Duration::from_secs(n / 3)))
                .await
                .expect("is kept")
        );
    }
    for nowhere in [Parent::Session("none".into()), Parent::Chat("none".into())] {
        assert!(!db::message::insert(&mut tx, &"m9".into(), &nowhere, "user", &parts, now).await.expect("nowhere"));
    }
    let page = db::message::list(&mut tx, &in_session, None, 2).await.expect("lists");
    assert_eq!(page.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(), ["m2", "m3"]);
    let rest = db::message::list(&mut tx, &in_session, page.last(), 2).await.expect("the next page");
    assert_eq!(rest.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(), ["m4"]);
    assert_eq!(db::message::find(&mut tx, &"m2".into()).await.expect("reads").expect("is there").parts.0, parts);
}

async fn inspirations_are_kept_in_their_order(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let (session, theirs) = (desk.session(&desk.acme).await, desk.session(&desk.other).await);
    let drawing: bytes::Bytes = sandbox::draw_scene(1).into();
    let first = manage::add_inspiration(tools, &session.id, InspirationInput::Upload(drawing.clone(), "mood.png"))
        .await
        .expect("is kept");
    assert_eq!((first.source, first.display_order, first.url.as_str()), (InspirationSource::Upload, 0, "mood.png"));
    let key = first.r2_key.clone().expect("a key");
    assert_eq!(tools.outside.files.get(&key).await.expect("the bytes"), drawing);
    refused(
        manage::add_inspiration(tools, &session.id, InspirationInput::Upload("no picture".into(), "x")).await,
        "not a PNG, JPEG, WebP or GIF",
    );
    refused(
        manage::add_inspiration(tools, &"none".into(), InspirationInput::Upload(drawing.clone(), "x")).await,
        "no session",
    );
    refused(
        manage::add_inspiration(tools, &session.id, InspirationInput::Url("nonsense", InspirationSource::Url)).await,
        "is not a URL",
    );
    let gone = format!("{}/none.png", desk.app.shop_url);
    refused(
        manage::add_inspiration(tools, &session.id, InspirationInput::Url(&gone, InspirationSource::Url)).await,
        "404",
    );
    let second = manage::add_inspiration(tools, &session.id, InspirationInput::Upload(drawing, "second.png"))
        .await
        .expect("is kept");
    let mut tx = desk.tx().await;
    assert!(
        db::inspiration::update(&mut tx, &second.id, Some(-1), Some(&json!({"style": "warm"}))).await.expect("moves")
    );
    let listed = db::inspiration::list(&mut tx, &session.id).await.expect("lists");
    assert_eq!(listed.iter().map(|i| &i.id).collect::<Vec<_>>(), [&second.id, &first.id]);
    assert_eq!(listed[0].analysis.as_ref().map(|a| a.0.clone()), Some(json!({"style": "warm"})));
    assert!(db::inspiration::list(&mut tx, &theirs.id).await.expect("lists").is_empty());
    tx.commit().await.expect("commits");
    manage::delete_inspiration(tools, &first.id).await.expect("deletes");
    assert!(tools.outside.files.get(&key).await.is_err(), "the bytes went too");
    refused(manage::delete_inspiration(tools, &first.id).await, "no inspiration");
}

async fn quotas_are_reserved_all_or_nothing(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    assert_eq!(manage::set_plan(tools, &desk.acme, Plan::Starter).await.expect("a plan").monthly_generation_limit, 500);
    let quota: Quota = manage::set_plan(tools, &desk.acme, Plan::Free).await.expect("another plan");
    assert_eq!((quota.plan.as_str(), quota.monthly_generation_limit, quota.max_products), ("free", 100, Some(10)));
    let now = desk.app.clock.now();
    let usage = |n| Usage { client_id: desk.acme.clone(), month: "2026-03".into(), generation_count: n };
    let mut tasks = Vec::new();
    for n in 0..16 {
        let (tools, usage) = (tools.clone(), usage(10));
        tasks.push(tokio::spawn(async move {
            let mut tx = tools.db.begin().await.expect("begins");
            let got = db::quota::reserve(&mut tx, &format!("u{n}"), &usage, 100, now).await.expect("asks");
            tx.commit().await.expect("commits");
            got
        }));
    }
    let mut granted = 0;
    for task in tasks {
        granted += i32::from(task.await.expect("ends"));
    }
    assert_eq!(granted, 10, "ten times ten is a hundred");
    let mut tx = desk.tx().await;
    let used = |found: Option<Usage>| found.map_or(0, |usage| usage.generation_count);
    assert_eq!(used(db::quota::find_usage(&mut tx, &desk.acme, "2026-03").await.expect("reads")), 100);
    assert_eq!(used(db::quota::find_usage(&mut tx, &desk.other, "2026-03").await.expect("reads")), 0);
    assert!(db::quota::release(&mut tx, &usage(30), now).await.expect("gives back"));
    assert!(!db::quota::reserve(&mut tx, "x", &usage(31), 100, now).await.expect("too much"));
    assert!(db::quota::reserve(&mut tx, "x", &usage(1000), -1, now).await.expect("without limit"));
    assert!(
        !db::quota::reserve(&mut tx, "x", &Usage { client_id: "nobody".into(), ..usage(1) }, -1, now)
            .await
            .expect("no client")
    );
    assert!(db::quota::find(&mut tx, &desk.other).await.expect("reads").is_none());
    assert!(
        !db::quota::upsert(&mut tx, "y", &Quota { client_id: "nobody".into(), ..quota }, now).await.expect("no client")
    );
}

async fn clients_change_by_version_and_go_when_their_shops_are_gone(engine: Engine) {
    let desk = Desk::new(engine).await;
    let tools = &desk.app.tools;
    let changed =
        manage::update_client(tools, &desk.other, Some(1), Some("Others"), Some("others")).await.expect("changes");
    assert_eq!((changed.name.as_str(), changed.slug.as_deref(), changed.version), ("Others", Some("others"), 2));
    refused(manage::update_client(tools, &desk.other, Some(1), Some("x"), None).await, "version 2 now");
    refused(manage::update_client(tools, &desk.other, None, None, Some("acme")).await, "taken by client Acme");
    refused(manage::update_client(tools, &desk.other, None, Some(" "), None).await, "needs a name");
    desk.app.connect().await;
    refused(manage::delete_client(tools, &desk.acme).await, "still connected");
    manage::delete_client(tools, &desk.other).await.expect("deletes");
    let mut tx = desk.tx().await;
    assert!(db::product::find(&mut tx, "o1").await.expect("reads").is_none());
    assert_eq!(db::client::list(&mut tx, None, 10).await.expect("lists").len(), 1);
    assert!(db::client::list_commerce(&mut tx).await.expect("lists").is_empty());
    let metadata = json!({"commerce": {"provider": "p"}});
    assert!(db::client::update_metadata(&mut tx, &desk.acme, &metadata, desk.app.clock.now()).await.expect("writes"));
    assert_eq!(db::client::find_metadata(&mut tx, &desk.acme).await.expect("reads"), Some(metadata));
    assert_eq!(db::client::list_commerce(&mut tx).await.expect("lists").len(), 1);
    assert!(db::tag::find_by_name(&mut tx, &desk.acme, "none").await.expect("reads").is_none());
    assert!(
        !db::tag::insert(&mut tx, &TagId::from("t"), &"nobody".into(), "n", None, desk.app.clock.now())
            .await
            .expect("no client")
    );
    assert!(!db::asset::delete(&mut tx, &AssetId::from("none"), desk.app.clock.now()).await.expect("nothing"));
}
