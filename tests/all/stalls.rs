//! A worker that stands still while another does its work writes nothing more and asks the shop for nothing more; what was on its way by
//! then is found and taken out again.

use std::time::Duration;

use http::Method;
use store_sync::{
    db,
    model::{ImportScope, ItemOutcome, Pool, PushStatus, RunAction, RunStatus},
    provider::Fence,
    push,
    sandbox::SandboxOptions,
    tools::Lease,
    work,
};

use crate::{
    relay::{Relay, Stall},
    support::{Engine, More, TestApp, on_both},
};

const UPLOADS: &str = "/api/uploads";
const GALLERY: &str = "/api/products/1001/images";

/// A connected shop behind a relay, its catalogue imported.
async fn imported(engine: Engine, relay: &Relay) -> TestApp {
    let more = More { relay: Some(relay), ..More::default() };
    let app = TestApp::with_more(engine, SandboxOptions { products: 3, ..SandboxOptions::default() }, more).await;
    app.connect().await;
    app.drain().await;
    app.clock.advance(Duration::from_millis(5));
    app
}

/// When a job is taken from a worker.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Its lease has ended, and it knows that by its own clock.
    LeaseEnded,
    /// By its own clock the lease is fresh: only the database can tell.
    LeaseFresh,
}

/// One worker stalls at an exchange, another takes its job over and ends it; then the first one goes on, and ends too.
async fn take_over(app: &TestApp, relay: &Relay, when: When, at: Stall, (method, path): (Method, &str)) {
    relay.stall(at, method, path);
    let tools = app.tools.clone();
    let stalled = tokio::spawn(async move { work::drain(&tools).await });
    relay.holds().await;
    let unasked = matches!(when, When::LeaseFresh);
    if !unasked {
        app.clock.advance(app.tools.policy.lease + Duration::from_millis(1));
    }
    assert_eq!(work::recover(&app.tools, unasked).await.expect("recovers").0, 1, "its job is free");
    app.clock.advance(Duration::from_millis(1));
    app.drain().await;
    relay.let_go();
    stalled.await.expect("no panic").expect("drains");
}

async fn push_of(app: &TestApp) -> store_sync::model::Push {
    app.pushes().await.remove(0)
}

on_both!(
    a_push_that_was_taken_over_sends_nothing_any_more,
    a_copy_that_slipped_through_is_taken_out_and_told,
    a_lease_is_lost_with_the_attempt_whatever_the_clock_says,
    a_removal_that_was_taken_over_sends_nothing_any_more
);

async fn a_push_that_was_taken_over_sends_nothing_any_more(engine: Engine) {
    let stages = [
        (Stall::BeforeTheAnswer, Method::GET, GALLERY),
        (Stall::BeforeTheAnswer, Method::POST, UPLOADS),
        (Stall::BeforeTheShop, Method::POST, UPLOADS),
        (Stall::BeforeTheAnswer, Method::POST, GALLERY),
    ];
    let ended = stages.clone().map(|stage| (When::LeaseEnded, stage));
    for (when, (at, method, path)) in ended.into_iter().chain(stages.map(|stage| (When::LeaseFresh, stage))) {
        let relay = Relay::new().await;
        let app = imported(engine, &relay).await;
        let asset = app.add_asset(&app.product("1001").await, 0).await;
        app.approve(&asset).await;
        take_over(&app, &relay, when, at, (method.clone(), path)).await;
        let (push, sent) = (push_of(&app).await, relay.count("POST", GALLERY));
        assert_eq!(
            (push.status, sent),
            (PushStatus::Synced, 1),
            "{when:?} {at:?} {method} {path}: {:?}",
            push.last_error
        );
        assert_eq!(app.pictures("1001").await.len(), 1);
        // The look that was left finds nothing to do.
        app.clock.advance(Duration::from_mins(5));
        app.drain().await;
        assert_eq!(app.pictures("1001").await.len(), 1);
        let runs = app.runs().await;
        let uploads = runs.iter().filter(|run| run.action == RunAction::Upload).collect::<Vec<_>>();
        assert_eq!(uploads.iter().filter(|run| run.status == RunStatus::Success).count(), 1, "{uploads:?}");
        assert!(uploads.iter().all(|run| run.completed_at.is_some()), "none is left open");
    }
}

async fn a_copy_that_slipped_through_is_taken_out_and_told(engine: Engine) {
    let relay = Relay::new().await;
    let app = imported(engine, &relay).await;
    let asset = app.add_asset(&app.product("1001").await, 0).await;
    app.approve(&asset).await;
    take_over(&app, &relay, When::LeaseEnded, Stall::BeforeTheShop, (Method::POST, GALLERY)).await;
    let push = push_of(&app).await;
    assert_eq!((push.status, app.pictures("1001").await.len()), (PushStatus::Synced, 2), "what was sent arrives");
    app.clock.advance(Duration::from_mins(5));
    app.drain().await;
    let left = app.pictures("1001").await;
    assert_eq!(
        (left.len(), left[0]["id"].as_str()),
        (1, push.external_image_id.as_deref()),
        "the one that the row knows stays"
    );
    let runs = app.runs().await;
    let looks: Vec<_> = runs.iter().filter(|run| run.action == RunAction::Reconcile).collect();
    assert!(looks.iter().all(|run| run.status == RunStatus::Success), "{looks:?}");
    let mut tx = app.tools.db.read().await.expect("reads");
    let mut told = Vec::new();
    for run in &looks {
        told.extend(db::run::list_items(&mut tx, &run.id, 10).await.expect("lists"));
    }
    drop(tx);
    assert_eq!(told.len(), 1, "it is told once: {told:?}");
    assert_eq!(told[0].outcome, ItemOutcome::Deleted);
    assert!(told[0].message.as_deref().is_some_and(|text| text.contains("second copy")), "{told:?}");
    // A picture of the merchant's beside it stays, and so does ours when asked again.
    assert_eq!(app.sync(ImportScope::Full).await.status, RunStatus::Success);
    assert_eq!(push_of(&app).await.status, PushStatus::Synced);
}

// The attempt number alone, with all the time in the world left.
async fn a_lease_is_lost_with_the_attempt_whatever_the_clock_says(engine: Engine) {
    let app =
        TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, More::default()).await;
    app.connect().await;
    let (uptime, now) = (app.clock.uptime(), app.clock.now());
    let until = now.plus(app.tools.policy.lease);
    let mut tx = app.tools.db.begin().await.expect("begins");
    let job = db::job::claim(&mut tx, Pool::Import, "first", now, until).await.expect("claims").expect("a job");
    tx.commit().await.expect("commits");
    let first = Lease::new(&app.tools, job, uptime);
    first.renew().await.expect("it is ours");
    work::recover(&app.tools, true).await.expect("recovers");
    app.clock.advance(Duration::from_millis(1));
    let mut tx = app.tools.db.begin().await.expect("begins");
    let again =
        db::job::claim(&mut tx, Pool::Import, "first", app.clock.now(), until).await.expect("claims").expect("a job");
    tx.commit().await.expect("commits");
    assert_eq!(
        (&again.id, again.attempts),
        (&first.job.id, first.job.attempts + 1),
        "the same job, even for one of the same name"
    );
    let lost = |done: Result<(), store_sync::model::Failure>| {
        assert_eq!(done.expect_err("it is another's").kind, store_sync::model::FailureKind::LeaseLost);
    };
    lost(first.renew().await);
    lost(first.check(true).await);
    let mut tx = app.tools.db.begin().await.expect("begins");
    lost(first.hold(&mut tx).await);
    drop(tx);
    Lease::new(&app.tools, again, uptime).renew().await.expect("and the second one has it");
}

async fn a_removal_that_was_taken_over_sends_nothing_any_more(engine: Engine) {
    for when in [When::LeaseEnded, When::LeaseFresh] {
        let relay = Relay::new().await;
        let app = imported(engine, &relay).await;
        let asset = app.add_asset(&app.product("1001").await, 0).await;
        app.approve(&asset).await;
        app.drain().await;
        let push = push_of(&app).await;
        push::ask_revert(&app.tools, &[push.id.to_string()]).await.expect("is asked");
        take_over(&app, &relay, when, Stall::BeforeTheAnswer, (Method::GET, GALLERY)).await;
        assert_eq!(push_of(&app).await.status, PushStatus::Removed);
        assert_eq!(relay.count("DELETE", "/api/images/"), 1, "{when:?}: the one who has the job sent it");
        assert!(app.pictures("1001").await.is_empty());
    }
}
