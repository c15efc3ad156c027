//! Logs end: old runs go a few at a time, and what somebody still needs stays.

use std::time::Duration;

use store_sync::{
    db::{
        self,
        run::{NewItem, NewRun},
    },
    model::{AssetId, ConnectionId, ImportScope, ItemOutcome, JobId, RunAction, RunId, RunStatus, Time, Trigger},
    sandbox::SandboxOptions,
    work,
};

use crate::support::{Engine, More, TestApp, on_both};

async fn house(engine: Engine, config: &str) -> (TestApp, ConnectionId) {
    let more = More { config, ..More::default() };
    let app = TestApp::with_more(engine, SandboxOptions { products: 2, ..SandboxOptions::default() }, more).await;
    let id = app.connect().await;
    app.drain().await;
    (app, id)
}

/// What an old run was about.
#[derive(Default)]
struct Old {
    action: Option<RunAction>,
    parent: Option<RunId>,
    asset: Option<AssetId>,
    job: Option<JobId>,
}

/// A run that ended at once, with so many items.
async fn old_run(app: &TestApp, old: Old, items: usize, at: Time) -> RunId {
    let connection = app.connection().await;
    let run = NewRun {
        id: app.tools.outside.new_id(),
        connection: &connection.id,
        client: &connection.client_id,
        parent: old.parent.as_ref(),
        action: old.action.unwrap_or(RunAction::Import),
        trigger: Trigger::Schedule,
        asset: old.asset.as_ref(),
        product: None,
        job: old.job.as_ref(),
        attempt: 1,
        instance: &app.tools.instance,
    };
    let item = |_| NewItem {
        id: app.tools.outside.new_id(),
        entity_type: "product",
        entity_id: None,
        external_id: None,
        outcome: ItemOutcome::Failed,
        error_code: None,
        message: None,
    };
    let items: Vec<NewItem> = (0..items).map(item).collect();
    let mut tx = app.tools.db.begin().await.expect("begins");
    db::run::insert(&mut tx, &run, at).await.expect("a run");
    db::run::insert_items(&mut tx, &run.id, &items, at).await.expect("items");
    db::run::close(&mut tx, &run.id, RunStatus::Success, None, 0, at).await.expect("is closed");
    tx.commit().await.expect("commits");
    run.id
}

async fn is_there(app: &TestApp, run: &RunId) -> bool {
    let mut tx = app.tools.db.read().await.expect("reads");
    db::run::find(&mut tx, run.as_str()).await.expect("reads").is_some()
}

on_both!(
    old_runs_go_and_what_is_needed_stays,
    a_tick_deletes_a_few_and_the_next_ones_the_rest,
    nothing_is_forgotten_where_logs_are_kept_for_ever
);

async fn old_runs_go_and_what_is_needed_stays(engine: Engine) {
    let (app, _) = house(engine, "").await;
    let now = app.clock.now();
    let days = |days: u64| now.minus(Duration::from_hours(24 * days));
    let old = old_run(&app, Old::default(), 3, days(91)).await;
    let child = old_run(&app, Old { parent: Some(old.clone()), ..Old::default() }, 0, days(91)).await;
    let young = old_run(&app, Old { parent: Some(child.clone()), ..Old::default() }, 1, days(89)).await;
    // The newest of its kind, however old; the one before it goes.
    let hook = old_run(&app, Old { action: Some(RunAction::Webhook), ..Old::default() }, 0, days(300)).await;
    let last_hook = old_run(&app, Old { action: Some(RunAction::Webhook), ..Old::default() }, 0, days(200)).await;
    // An open job's, an ended job's.
    let mut tx = app.tools.db.begin().await.expect("begins");
    let connection = app.connection().await;
    let job = db::job::NewJob {
        policy: store_sync::model::JobPolicy { priority: 50, max_attempts: 3, dedupe_key: None, delay: Duration::ZERO },
        scheduled_for: now.plus(Duration::from_hours(1)),
        ..db::job::NewJob::new(
            &app.tools.outside,
            &app.client,
            store_sync::model::Task::ImportProducts {
                connection: connection.id.clone(),
                scope: ImportScope::Full,
                trigger: Trigger::Manual,
                accept_deletes: false,
            },
        )
    };
    db::job::insert(&mut tx, &job).await.expect("a job");
    tx.commit().await.expect("commits");
    let of_open = old_run(&app, Old { job: Some(job.id.clone()), ..Old::default() }, 0, days(95)).await;
    let of_ended = old_run(&app, Old { job: Some(JobId::from("gone")), ..Old::default() }, 0, days(95)).await;
    // An open push's, a finished push's.
    let products = app.products().await;
    let (open, done) = (app.add_asset(&products[0], 1).await, app.add_asset(&products[1], 2).await);
    app.approve(&done).await;
    app.drain().await;
    app.approve(&open).await;
    let push = |asset: &store_sync::model::Asset| Old {
        action: Some(RunAction::Upload),
        asset: Some(asset.id.clone()),
        ..Old::default()
    };
    let of_open_push = old_run(&app, push(&open), 0, days(95)).await;
    let of_done_push = old_run(&app, push(&done), 0, days(95)).await;
    // A renewal that may have spent the token in use, and one that spent an older token.
    let renewal = || Old { action: Some(RunAction::RefreshToken), ..Old::default() };
    let spent_this = old_run(&app, renewal(), 0, days(96)).await;
    let spent_older = old_run(&app, renewal(), 0, days(120)).await;
    old_run(&app, renewal(), 0, days(1)).await;
    // What the older application wrote names no instance.
    let legacy = old_run(&app, Old::default(), 0, days(400)).await;
    let mut tx = app.tools.db.begin().await.expect("begins");
    for run in [&spent_this, &spent_older] {
        db::run::mark_token(&mut tx, run, "x").await.expect("is kept");
    }
    refreshed(&mut tx, days(100)).await;
    disown(&mut tx, &legacy).await;
    tx.commit().await.expect("commits");
    work::tick(&app.tools).await.expect("ticks");
    for run in [&young, &last_hook, &of_open, &of_open_push, &spent_this, &legacy] {
        assert!(
            is_there(&app, run).await,
            "{run:?} of {:?}",
            [&young, &last_hook, &of_open, &of_open_push, &spent_this, &legacy]
        );
    }
    for run in [&old, &child, &hook, &of_ended, &of_done_push, &spent_older] {
        assert!(
            !is_there(&app, run).await,
            "{run:?} of {:?}",
            [&old, &child, &hook, &of_ended, &of_done_push, &spent_older]
        );
    }
    let young = app.runs().await.into_iter().find(|run| run.id == young).expect("is there");
    assert_eq!(young.parent_id, None, "a chain is cut at its old end");
    app.leaves_jobs("an open push keeps its runs");
}

async fn a_tick_deletes_a_few_and_the_next_ones_the_rest(engine: Engine) {
    let (app, _) = house(engine, "[log]\nkeep_days = 1\n").await;
    let at = app.clock.now().minus(Duration::from_hours(25));
    let heavy = old_run(&app, Old::default(), 12_000, at).await;
    old_run(&app, Old::default(), 0, app.clock.now()).await;
    let left = async || {
        let mut tx = app.tools.db.read().await.expect("reads");
        db::run::list_items(&mut tx, &heavy, 100_000).await.expect("lists").len()
    };
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!((left().await, is_there(&app, &heavy).await), (2000, true));
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!((left().await, is_there(&app, &heavy).await), (0, false));
}

async fn nothing_is_forgotten_where_logs_are_kept_for_ever(engine: Engine) {
    let (app, _) = house(engine, "[log]\nkeep_days = 0\n").await;
    let old = old_run(&app, Old::default(), 1, app.clock.now().minus(Duration::from_hours(24 * 4000))).await;
    work::tick(&app.tools).await.expect("ticks");
    assert!(is_there(&app, &old).await);
}

/// When every token in use was last renewed.
async fn refreshed(tx: &mut db::Tx, at: Time) {
    let sql = "UPDATE store_connection SET token_refreshed_at = $1";
    let done = match tx {
        db::Tx::Sqlite(t) => sqlx::query(sql).bind(at).execute(&mut **t).await.map(drop),
        db::Tx::Postgres(t) => sqlx::query(sql).bind(at).execute(&mut **t).await.map(drop),
    };
    done.expect("is written");
}

async fn disown(tx: &mut db::Tx, run: &RunId) {
    let sql = "UPDATE store_sync_log SET instance = NULL WHERE id = $1";
    let done = match tx {
        db::Tx::Sqlite(t) => sqlx::query(sql).bind(run).execute(&mut **t).await.map(drop),
        db::Tx::Postgres(t) => sqlx::query(sql).bind(run).execute(&mut **t).await.map(drop),
    };
    done.expect("is written");
}
