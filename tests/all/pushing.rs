//! An approved picture is in the shop once: whatever is lost, however often it is asked for.

use std::time::Duration;

use http::Method;
use serde_json::json;
use store_sync::{
    db, manage,
    model::{
        ApprovalStatus, Asset, AssetInput, ClientId, ImportScope, ProductId, Push, PushMode, PushStatus, RunAction,
        RunStatus, Trigger,
    },
    push, sandbox,
    vault::{LinkKind, SignedLink},
};

use crate::support::{Engine, TestApp, add_uploaded, on_both};

async fn imported(engine: Engine) -> TestApp {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    // Runs are listed by when they began.
    app.clock.advance(Duration::from_millis(5));
    app
}

on_both!(
    older_keys_and_web_addresses_are_pushed_as_they_stand,
    an_approved_picture_is_pushed_and_read_back,
    our_picture_coming_back_is_known_as_ours,
    our_picture_taken_out_by_the_merchant_is_in_the_shop_no_longer,
    a_lost_answer_makes_no_second_picture,
    what_a_person_asks_for_waits_for_no_retry,
    a_withdrawn_approval_is_not_pushed,
    a_push_waits_for_a_shop_that_has_to_be_connected_again,
    a_push_mode_that_the_shop_cannot_do_is_refused,
    nothing_is_linked_across_clients,
    a_picture_that_was_changed_after_approval_does_not_travel,
    a_product_that_is_gone_at_the_shop_fails_with_words,
    a_pushed_picture_is_taken_out_and_nothing_else,
    a_shop_fetches_a_picture_by_a_signed_address_only
);

async fn older_keys_and_web_addresses_are_pushed_as_they_stand(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let mut tx = app.tools.db.read().await.expect("reads");
    let images = db::product::list_images(&mut tx, &product.id).await.expect("lists");
    drop(tx);
    let web = images[0].original_store_url.clone().expect("the shop's picture");
    let key = "orgs/acme/products/p/media/old.png".to_owned();
    app.tools.outside.files.put(&key, store_sync::sandbox::draw_scene(3).into()).await.expect("is kept");
    // As adopted rows are: a place, and nothing known about the bytes.
    for place in [&key, &web] {
        let input = AssetInput {
            client_id: Some(app.client.clone()),
            asset_url: Some(place.clone()),
            product_ids: Some(vec![product.id.clone()]),
            ..AssetInput::default()
        };
        let asset = manage::register_asset(&app.tools, &input).await.expect("an output");
        assert_eq!((asset.sha256.as_ref(), asset.mime_type.as_ref()), (None, None));
        assert_eq!(app.approve(&asset).await.pushes.len(), 1);
        app.drain().await;
        let push = app.pushes().await.into_iter().find(|push| push.generated_asset_id == asset.id).expect("a push");
        assert_eq!(push.status, PushStatus::Synced, "{place}: {:?}", push.last_error);
        let mut tx = app.tools.db.read().await.expect("reads");
        let kept = db::asset::find(&mut tx, asset.id.as_str()).await.expect("reads").expect("is there");
        assert_eq!(kept.asset_url.as_ref(), Some(place), "what is stored is not rewritten");
    }
    assert_eq!(app.pictures("1001").await.len(), 2);
}

async fn an_approved_picture_is_pushed_and_read_back(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    assert!(app.approve(&asset).await.changed);
    assert!(!app.approve(&asset).await.changed, "twice is once");
    assert_eq!(app.drain().await, 1);
    let pictures = app.pictures("1001").await;
    assert_eq!(pictures.len(), 1);
    assert_eq!(pictures[0]["alt"], "Terracotta Mug");
    let push = app.pushes().await.remove(0);
    assert_eq!((push.status, push.external_image_id.as_deref()), (PushStatus::Synced, pictures[0]["id"].as_str()));
    assert_eq!(push.pushed_sha256, asset.sha256);
    let run = app.runs().await.remove(0);
    assert_eq!((run.action, run.trigger, run.status), (RunAction::Upload, Trigger::Approval, RunStatus::Success));
    assert_eq!(run.external_image_id, push.external_image_id);
    app.approve(&asset).await;
    app.drain().await;
    assert_eq!(app.pictures("1001").await.len(), 1);
}

async fn our_picture_coming_back_is_known_as_ours(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.approve(&asset).await;
    app.drain().await;
    let run = app.sync(ImportScope::Full).await;
    assert_eq!(run.items_updated, 1, "the gallery has one more");
    let mut tx = app.tools.db.read().await.expect("reads");
    let images = store_sync::db::product::list_images(&mut tx, &product.id).await.expect("lists");
    let ours: Vec<_> = images.iter().filter(|i| i.generated_asset_id.is_some()).collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0].generated_asset_id.as_deref(), Some(asset.id.as_str()));
}

async fn our_picture_taken_out_by_the_merchant_is_in_the_shop_no_longer(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.approve(&asset).await;
    app.drain().await;
    app.sync(ImportScope::Full).await;
    let push = app.pushes().await.remove(0);
    let image = push.external_image_id.clone().expect("is in the shop");
    app.shop(Method::DELETE, &format!("/api/images/{image}"), None).await;
    app.sync(ImportScope::Full).await;
    let gone = app.pushes().await.remove(0);
    assert_eq!(
        (gone.status, gone.last_error_code.as_deref(), gone.removed_at.is_some()),
        (PushStatus::Removed, Some("taken_out_at_shop"), true)
    );
    let words = format!("push run {}", asset.id);
    assert!(gone.last_error.as_deref().is_some_and(|text| text.ends_with(&words)), "{gone:?}");
    // A person brings it back; what is left of its end goes.
    push::enqueue(&app.tools, asset.id.as_str()).await.expect("is asked for");
    app.drain().await;
    app.sync(ImportScope::Full).await;
    let back = app.pushes().await.remove(0);
    assert_eq!((back.status, back.last_error, app.pictures("1001").await.len()), (PushStatus::Synced, None, 1));
    // What only seemed to be gone, such as by an answer from before the push, is in the shop again once an import meets it.
    let mut tx = app.tools.db.begin().await.expect("begins");
    let images = db::product::list_images(&mut tx, &product.id).await.expect("lists");
    let ours = images.iter().find(|i| i.generated_asset_id.is_some() && i.deleted_at.is_none()).expect("ours");
    let now = app.clock.now();
    db::catalogue::mark_images_gone(&mut tx, &[ours.id.as_str()], now).await.expect("is marked");
    db::push::mark_taken_out(&mut tx, &[&product.id], now).await.expect("is marked");
    tx.commit().await.expect("commits");
    assert_eq!(app.pushes().await[0].status, PushStatus::Removed);
    // Of one that a later picture replaced nobody says that the merchant took it out.
    let mut tx = app.tools.db.begin().await.expect("begins");
    let image = ours.external_image_id.as_deref().expect("is the shop's");
    let connection = &app.pushes().await[0].store_connection_id;
    db::push::mark_replaced(&mut tx, connection, &product.id, image, now).await.expect("is marked");
    let replaced = db::push::find(&mut tx, push.id.as_str()).await.expect("reads").expect("is there");
    assert_eq!((replaced.status, replaced.last_error_code, replaced.last_error), (PushStatus::Removed, None, None));
    drop(tx);
    app.shop(Method::PATCH, "/api/products/1001", Some(json!({ "title": "Another lamp" }))).await;
    app.sync(ImportScope::Full).await;
    let met = app.pushes().await.remove(0);
    assert_eq!((met.status, met.removed_at, met.last_error), (PushStatus::Synced, None, None));
}

async fn a_lost_answer_makes_no_second_picture(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.mischief(json!({ "on": "POST /api/products/1001/images", "do": "drop" })).await;
    app.approve(&asset).await;
    app.drain().await;
    assert_eq!(app.pushes().await[0].status, PushStatus::Queued, "it is tried again");
    assert_eq!(app.pictures("1001").await.len(), 1, "the shop has done it all the same");
    app.clock.advance(Duration::from_mins(5));
    app.drain().await;
    assert_eq!(app.pushes().await[0].status, PushStatus::Synced);
    assert_eq!(app.pictures("1001").await.len(), 1);
}

async fn what_a_person_asks_for_waits_for_no_retry(engine: Engine) {
    let app = imported(engine).await;
    let asset = app.add_asset(&app.product("1001").await, 0).await;
    app.mischief(json!({ "on": "POST /api/products/1001/images", "do": "drop" })).await;
    app.approve(&asset).await;
    app.drain().await;
    let push = app.pushes().await.remove(0);
    assert_eq!((push.status, app.drain().await), (PushStatus::Queued, 0), "its retry waits");
    // A push that waits is not brought forward by what becomes of others.
    let mut tx = app.tools.db.begin().await.expect("begins");
    let waiting =
        db::push::enqueue_waiting(&mut tx, &app.tools.outside, &push.store_connection_id, Trigger::Retry).await;
    tx.commit().await.expect("commits");
    assert_eq!((waiting.expect("is enqueued"), app.drain().await), (1, 0));
    push::enqueue_now(&app.tools, std::slice::from_ref(&push)).await.expect("is enqueued");
    assert_eq!(app.drain().await, 1);
    assert_eq!(app.pushes().await[0].status, PushStatus::Synced);
    // The same for taking it out.
    app.mischief(json!({ "on": "GET /api/products/1001/images", "times": 3, "do": "error" })).await;
    let ids = [push.id.to_string()];
    push::ask_revert(&app.tools, &ids).await.expect("is asked for");
    app.drain().await;
    assert_eq!((app.pushes().await[0].status, app.drain().await), (PushStatus::Removing, 0));
    push::ask_revert(&app.tools, &ids).await.expect("is asked for again");
    assert_eq!((app.drain().await, app.pushes().await[0].status), (1, PushStatus::Removed));
}

async fn a_withdrawn_approval_is_not_pushed(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.approve(&asset).await;
    push::decide(&app.tools, asset.id.as_str(), ApprovalStatus::Rejected, Some("no")).await.expect("is rejected");
    app.drain().await;
    assert!(app.pictures("1001").await.is_empty());
    assert_eq!(app.pushes().await[0].status, PushStatus::Queued);
}

async fn a_push_waits_for_a_shop_that_has_to_be_connected_again(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.mischief(json!({ "on": "GET /api/products/1001/images", "do": "revoke" })).await;
    app.approve(&asset).await;
    app.drain().await;
    app.approve(&asset).await;
    app.drain().await;
    let connection = app.connection().await;
    assert_eq!(connection.status.as_str(), "needs_reauth");
    assert_eq!(app.pushes().await[0].status, PushStatus::Queued);
    // Whoever asks for everything that waits gets no failure of a shop that cannot be called.
    assert!(push::waiting(&app.tools).await.expect("lists").is_empty());
    assert_eq!(app.connect().await, connection.id, "the same shop stays one connection");
    assert_eq!(push::waiting(&app.tools).await.expect("lists").len(), 1);
    app.drain().await;
    assert_eq!(app.pushes().await[0].status, PushStatus::Synced);
    assert_eq!(app.pictures("1001").await.len(), 1);
}

async fn a_push_mode_that_the_shop_cannot_do_is_refused(engine: Engine) {
    let app = imported(engine).await;
    let (id, now) = (app.connection().await.id, app.clock.now());
    let mut tx = app.tools.db.begin().await.expect("begins");
    db::connection::update_push_rules(&mut tx, &id, PushMode::SetPrimary, true, now).await.expect("is set");
    tx.commit().await.expect("commits");
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.approve(&asset).await;
    app.drain().await;
    let push = app.pushes().await.remove(0);
    assert_eq!((push.status, push.last_error_code.as_deref()), (PushStatus::Failed, Some("push_mode")));
    assert!(app.pictures("1001").await.is_empty());
}

async fn nothing_is_linked_across_clients(engine: Engine) {
    let app = imported(engine).await;
    let (connection, now) = (app.connection().await.id, app.clock.now());
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    let mut tx = app.tools.db.begin().await.expect("begins");
    let other = ClientId::from("other");
    db::client::insert(&mut tx, &other, "Other", None, now).await.expect("a client");
    let (theirs, ours) = (ProductId::from("theirs"), ProductId::from("ours"));
    add_uploaded(&mut tx, &other, "theirs", "Theirs").await;
    add_uploaded(&mut tx, &app.client, "ours", "Ours").await;
    assert!(!db::asset::link_product(&mut tx, "x", &asset.id, &theirs, false, now).await.expect("asks"));
    assert!(db::asset::link_product(&mut tx, "y", &asset.id, &ours, false, now).await.expect("asks"));
    assert!(!db::product::link(&mut tx, &theirs, &connection, "9001", now).await.expect("asks"));
    assert!(db::product::link(&mut tx, &ours, &connection, "9001", now).await.expect("asks"));
    assert!(!db::product::link(&mut tx, &ours, &connection, "9002", now).await.expect("asks"), "it is imported now");
}

async fn a_picture_that_was_changed_after_approval_does_not_travel(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    let key = asset.asset_url.clone().expect("a key");
    app.tools.outside.files.put(&key, bytes::Bytes::from_static(b"\x89PNG other")).await.expect("is written");
    app.approve(&asset).await;
    app.drain().await;
    let push = app.pushes().await.remove(0);
    assert_eq!((push.status, push.last_error_code.as_deref()), (PushStatus::Failed, Some("picture_changed")));
    assert!(app.pictures("1001").await.is_empty());
}

async fn a_product_that_is_gone_at_the_shop_fails_with_words(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let asset = app.add_asset(&product, 0).await;
    app.shop(Method::DELETE, "/api/products/1001", None).await;
    app.approve(&asset).await;
    app.drain().await;
    let push = app.pushes().await.remove(0);
    assert_eq!((push.status, push.last_error_code.as_deref()), (PushStatus::Failed, Some("not_found")));
    // The product was looked up, and is known as gone without waiting for a complete pass.
    assert!(app.product("1001").await.erp_deleted_at.is_some());
}

async fn a_pushed_picture_is_taken_out_and_nothing_else(engine: Engine) {
    let app = imported(engine).await;
    let product = app.product("1001").await;
    let (one, two) = (app.add_asset(&product, 0).await, app.add_asset(&product, 1).await);
    app.approve(&one).await;
    app.approve(&two).await;
    app.drain().await;
    let all =
        app.shop(Method::GET, "/api/products/1001/images", None).await["images"].as_array().expect("a list").len();
    let of = async |asset: &Asset| {
        app.pushes().await.into_iter().find(|p| p.generated_asset_id == asset.id).expect("a push")
    };
    let push = of(&one).await;
    let name_of = async |push: &Push| {
        let id = push.external_image_id.clone().expect("is in the shop");
        let pictures = app.pictures("1001").await;
        let ours = pictures.iter().find(|picture| picture["id"].to_string().trim_matches('"') == id).expect("is there");
        ours["file_name"].as_str().expect("a name").to_owned()
    };
    let name = name_of(&push).await;
    let ask = async || push::ask_revert(&app.tools, &[push.id.to_string()]).await;
    ask().await.expect("is asked");
    // The answer is lost, and asked twice: gone all the same, once.
    app.mischief(serde_json::json!({ "on": "DELETE /api/images", "do": "drop" })).await;
    ask().await.expect("asking twice is asking once");
    app.drain().await;
    app.clock.advance(Duration::from_mins(5));
    app.drain().await;
    assert_eq!(of(&one).await.status, PushStatus::Removed, "{:?}", of(&one).await.last_error);
    assert_eq!((app.pictures("1001").await.len(), of(&two).await.status), (1, PushStatus::Synced));
    let left =
        app.shop(Method::GET, "/api/products/1001/images", None).await["images"].as_array().expect("a list").len();
    assert_eq!(left, all - 1, "the shop's own stay");
    let runs = app.runs().await;
    assert!(runs.iter().any(|run| run.action == RunAction::Delete && run.status == RunStatus::Success));
    // What is not in the shop cannot be taken out; an import does not bring it back; an approval neither, a person does.
    let failure = ask().await.expect_err("it is out");
    assert_eq!(failure.code(), "not_synced");
    assert!(push::ask_revert(&app.tools, &["nobody".to_owned()]).await.is_err());
    app.sync(ImportScope::Full).await;
    app.approve(&one).await;
    app.drain().await;
    assert_eq!((of(&one).await.status, app.pictures("1001").await.len()), (PushStatus::Removed, 1));
    // Each time under another name: a shop may remember the names of what it was sent.
    let mut names = vec![name];
    for _ in 0..2 {
        push::enqueue(&app.tools, one.id.as_str()).await.expect("is asked for");
        app.drain().await;
        let again = of(&one).await;
        assert_eq!((again.status, app.pictures("1001").await.len()), (PushStatus::Synced, 2), "{:?}", again.last_error);
        names.push(name_of(&again).await);
        ask().await.expect("is asked");
        app.drain().await;
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
}

async fn a_shop_fetches_a_picture_by_a_signed_address_only(engine: Engine) {
    let app = imported(engine).await;
    let asset = app.add_asset(&app.product("1001").await, 0).await;
    app.approve(&asset).await;
    app.drain().await;
    let id = app.pushes().await.remove(0).id;
    let sign = |parts: &[&str]| app.tools.vault.sign_link(LinkKind::Picture, parts, app.clock.now());
    let path = |end: &str, signature: &str, file: &str| format!("{}/pictures/{id}/{end}/{signature}/{file}", app.url);
    let SignedLink { expires: end, signature: good } = sign(&[id.as_str(), "ss-1.png"]);
    let mut visitor = store_sync::cli::visitor::Visitor::new(app.http.clone());
    let landed = visitor.open(&path(&end, &good, "ss-1.png")).await.expect("an answer");
    assert_eq!((landed.response.status, landed.response.header("content-type")), (200, Some("image/png")));
    assert_eq!(landed.response.body, sandbox::draw_scene(0));
    let later = (end.parse::<i64>().expect("a number") + 1).to_string();
    for wrong in [
        path(&end, &good, "ss-2.png"),
        path(&later, &good, "ss-1.png"),
        path(&end, "x", "ss-1.png"),
        path(&end, &sign(&["x"]).signature, "ss-1.png"),
    ] {
        assert_eq!(visitor.open(&wrong).await.expect("an answer").response.status, 404, "{wrong}");
    }
    app.clock.advance(Duration::from_hours(25));
    assert_eq!(
        visitor.open(&path(&end, &good, "ss-1.png")).await.expect("an answer").response.status,
        404,
        "it has ended"
    );
}
