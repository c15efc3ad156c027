//! Schedules fire once, on time, however many replicas tick.

use std::time::Duration;

use store_sync::{
    connect,
    db::{self, connection::Schedule, lease, lease::Ownership},
    manage,
    model::{ConnectionStatus, Pool, RunAction, RunStatus, Trigger},
    work,
};

use crate::support::{Engine, TestApp, on_both, write_by_hand};

on_both!(
    a_schedule_fires_once_for_many_ticks,
    every_due_shop_is_begun_by_one_tick,
    a_job_wakes_workers_once_it_is_committed,
    a_pause_or_a_resume_counts_only_in_the_state_that_it_was_seen_in,
    a_paused_shop_is_not_due_and_says_who_paused_it,
    a_pause_outlives_a_reconnect_unless_an_adoption_made_it,
    a_pause_of_an_earlier_release_becomes_one_of_now,
    one_lane_runs_one_job_at_a_time,
    orphaned_runs_are_closed_and_say_so,
    a_schedule_changes_only_where_it_is_named
);

async fn a_schedule_fires_once_for_many_ticks(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let now = app.clock.now();
    let mut tx = app.tools.db.begin().await.expect("begins");
    let schedule = Schedule {
        enabled: true,
        interval_seconds: 3600,
        cron: None,
        timezone: "UTC",
        next: Some(now.plus(Duration::from_hours(1))),
    };
    db::connection::update_schedule(&mut tx, &id, &schedule, now).await.expect("is set");
    tx.commit().await.expect("commits");
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!(app.drain().await, 0, "not due yet");
    app.clock.advance(Duration::from_mins(61));
    let ticks = (0..5).map(|_| {
        let tools = app.tools.clone();
        tokio::spawn(async move { work::tick(&tools).await })
    });
    for tick in ticks.collect::<Vec<_>>() {
        tick.await.expect("ends").expect("ticks");
    }
    app.drain().await;
    let imports: Vec<_> = app
        .runs()
        .await
        .into_iter()
        .filter(|r| r.action == RunAction::Import && r.trigger == Trigger::Schedule)
        .collect();
    assert_eq!(imports.len(), 1);
    assert_eq!(imports[0].status, RunStatus::Success);
    assert!(app.connection().await.next_sync_at.expect("a time") > app.clock.now());
}

async fn a_job_wakes_workers_once_it_is_committed(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let leave = async |commits: bool| {
        let rung = app.tools.job_notify.notified();
        let mut tx = app.tools.db.begin().await.expect("begins");
        let refresh = store_sync::model::Task::RefreshToken { connection: id.clone() };
        db::job::enqueue(&mut tx, &app.tools.outside, &app.client, refresh).await.expect("is left");
        if commits {
            tx.commit().await.expect("commits");
        } else {
            drop(tx);
        }
        futures_util::FutureExt::now_or_never(rung).is_some()
    };
    assert!(!leave(false).await, "what is rolled back wakes nobody");
    assert!(leave(true).await);
    let rung = app.tools.job_notify.notified();
    app.tools.try_write().await.expect("writes");
    assert!(futures_util::FutureExt::now_or_never(rung).is_none(), "nor what leaves nothing to do");
    app.leaves_jobs("it is about being woken");
}

async fn a_pause_or_a_resume_counts_only_in_the_state_that_it_was_seen_in(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    manage::pause_connection(&app.tools, &id).await.expect("is paused");
    let twice = manage::pause_connection(&app.tools, &id).await.expect_err("is paused already");
    assert!(twice.message.contains("the connection is paused already"), "{}", twice.message);
    // Between the look and the write somebody disconnects it.
    let mut tx = app.tools.db.begin().await.expect("begins");
    db::connection::mark_status(&mut tx, &id, ConnectionStatus::Disconnected, None, app.clock.now())
        .await
        .expect("is marked");
    assert!(!db::connection::mark_resumed(&mut tx, &id, app.clock.now()).await.expect("looks"));
    tx.commit().await.expect("commits");
    manage::resume_connection(&app.tools, &id).await.expect_err("is disconnected");
    assert_eq!(app.connection().await.status, ConnectionStatus::Disconnected);
}

async fn a_schedule_changes_only_where_it_is_named(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let change = async |change: manage::ScheduleChange| {
        let found = manage::schedule_connection(&app.tools, &id, &change).await.expect("is changed");
        (found.auto_sync_enabled, found.sync_interval_seconds, found.next_sync_at, found.sync_on_approval)
    };
    let pushes = |yes| manage::ScheduleChange { push_on_approval: Some(yes), ..manage::ScheduleChange::default() };
    let before = app.connection().await;
    assert!(!before.auto_sync_enabled);
    for on_approval in [true, false] {
        let expected = (false, before.sync_interval_seconds, before.next_sync_at, on_approval);
        assert_eq!(change(pushes(on_approval)).await, expected);
    }
    let hourly = manage::ScheduleChange {
        every: Some(Duration::from_hours(1)),
        enabled: Some(true),
        ..manage::ScheduleChange::default()
    };
    let now = app.clock.now();
    assert_eq!(change(hourly).await, (true, 3600, Some(now), false));
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(change(pushes(true)).await, (true, 3600, Some(now), true));
    let off = manage::ScheduleChange { enabled: Some(false), ..manage::ScheduleChange::default() };
    assert_eq!(change(off).await, (false, 3600, None, true));
}

async fn every_due_shop_is_begun_by_one_tick(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let now = app.clock.now();
    let copies = format!(
        "INSERT INTO store_connection (id, client_id, store_type, store_url, credentials_ciphertext, auto_sync_enabled, next_sync_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) \
         SELECT 'copy-' || i, client_id, store_type, 'https://shop-' || i || '.example', credentials_ciphertext, true, {} \
         FROM n CROSS JOIN store_connection WHERE id = '{id}'",
        if engine == Engine::Postgres { format!("timestamptz '{now}'") } else { format!("'{now}'") }
    );
    write_by_hand(&app.tools.db, &copies).await;
    let (first, second) = tokio::join!(work::tick(&app.tools), work::tick(&app.tools));
    first.and(second).expect("tick");
    let mut tx = app.tools.db.read().await.expect("reads");
    let open = db::job::list_open(&mut tx, None, 5000).await.expect("lists");
    drop(tx);
    assert_eq!(open.len(), 1100, "one import for each");
    write_by_hand(&app.tools.db, "DELETE FROM job WHERE status = 'pending'").await;
}

async fn a_paused_shop_is_not_due_and_says_who_paused_it(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let every_minute = manage::ScheduleChange {
        every: Some(Duration::from_mins(1)),
        enabled: Some(true),
        ..manage::ScheduleChange::default()
    };
    manage::schedule_connection(&app.tools, &id, &every_minute).await.expect("is scheduled");
    let paused = manage::pause_connection(&app.tools, &id).await.expect("is paused");
    assert_eq!((paused.status, paused.state()), (ConnectionStatus::Active, "paused"));
    assert_eq!((paused.paused_at, paused.paused_by.as_deref()), (Some(app.clock.now()), Some("operator")));
    app.clock.advance(Duration::from_mins(5));
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!(app.drain().await, 0, "a paused shop is not imported");
    let (resumed, _) = manage::resume_connection(&app.tools, &id).await.expect("is resumed");
    assert_eq!((resumed.paused_at, resumed.state()), (None, "active"));
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!(app.drain().await, 1);
}

/// An operator's pause is lifted by an operator; what an adoption paused, a grant of now has proved.
async fn a_pause_outlives_a_reconnect_unless_an_adoption_made_it(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    manage::pause_connection(&app.tools, &id).await.expect("is paused");
    app.connect().await;
    let paused = app.connection().await;
    assert_eq!((paused.paused_by.as_deref(), paused.state()), (Some("operator"), "paused"));
    assert_eq!(app.drain().await, 0, "nothing is enqueued for a shop that stays paused");
    manage::resume_connection(&app.tools, &id).await.expect("is resumed");
    let mut tx = app.tools.db.begin().await.expect("begins");
    let adopted =
        db::connection::mark_paused(&mut tx, &id, db::connection::BY_ADOPTION, "a person looks", app.clock.now());
    assert!(adopted.await.expect("is paused"));
    tx.commit().await.expect("commits");
    app.connect().await;
    let connected = app.connection().await;
    assert_eq!((connected.paused_at, connected.pause_reason), (None, None));
    assert!(app.drain().await > 0, "its import is enqueued");
}

/// A release of before the column kept a pause in the status.
async fn a_pause_of_an_earlier_release_becomes_one_of_now(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    let sql = "UPDATE store_connection SET status = 'error', last_error_code = 'paused', last_error = 'paused by an operator'";
    write_by_hand(&app.tools.db, sql).await;
    connect::complete_older(&app.tools).await.expect("is completed");
    let found = app.connection().await;
    assert_eq!((found.status, found.state(), found.last_error_code), (ConnectionStatus::Active, "paused", None));
    assert_eq!(found.pause_reason.as_deref(), Some("paused by an operator"));
    manage::resume_connection(&app.tools, &id).await.expect("is resumed");
}

async fn one_lane_runs_one_job_at_a_time(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    let now = app.clock.now();
    let connection = app.connection().await.id;
    let mut tx = app.tools.db.begin().await.expect("begins");
    let task = store_sync::model::Task::ImportProducts {
        connection,
        scope: store_sync::model::ImportScope::Full,
        trigger: Trigger::Manual,
        accept_deletes: false,
    };
    let second = db::job::NewJob {
        policy: store_sync::model::JobPolicy { priority: 1, max_attempts: 1, dedupe_key: None, delay: Duration::ZERO },
        ..db::job::NewJob::new(&app.tools.outside, &app.client, task)
    };
    db::job::insert(&mut tx, &second).await.expect("a job");
    tx.commit().await.expect("commits");
    let until = now.plus(Duration::from_secs(30));
    let claim = async |worker: &str, now| {
        let mut tx = app.tools.db.begin().await.expect("begins");
        let job = db::job::claim(&mut tx, Pool::Import, worker, now, until).await.expect("claims");
        tx.commit().await.expect("commits");
        job
    };
    let first = claim("a", now).await.expect("a job");
    assert!(claim("b", now).await.is_none(), "the lane is taken");
    let mut tx = app.tools.db.begin().await.expect("begins");
    assert_eq!(
        db::job::release_expired(&mut tx, now.plus(Duration::from_secs(31)), false, 100).await.expect("frees"),
        1
    );
    tx.commit().await.expect("commits");
    let again = claim("b", now.plus(Duration::from_secs(31))).await.expect("the dead worker's job is free");
    assert_eq!((again.id.clone(), again.attempts), (first.id.clone(), 2));
    let mut tx = app.tools.db.begin().await.expect("begins");
    assert!(!db::job::mark_completed(&mut tx, &first, now).await.expect("asks"), "the fence keeps the dead worker out");
    assert!(db::job::mark_completed(&mut tx, &again, now).await.expect("asks"));
}

async fn orphaned_runs_are_closed_and_say_so(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    let now = app.clock.now();
    let run = db::run::NewRun {
        id: app.tools.outside.new_id(),
        connection: &id,
        client: &app.client,
        parent: None,
        action: RunAction::Import,
        trigger: Trigger::Manual,
        asset: None,
        product: None,
        job: None,
        attempt: 1,
        instance: "gone",
    };
    let mut tx = app.tools.db.begin().await.expect("begins");
    db::run::insert(&mut tx, &run, now).await.expect("a run");
    tx.commit().await.expect("commits");
    assert_eq!(work::recover(&app.tools, true).await.expect("recovers").1, 1);
    let closed = app.runs().await.into_iter().find(|r| r.id == run.id).expect("is there");
    assert_eq!((closed.status, closed.error_code.as_deref()), (RunStatus::Failed, Some("interrupted")));
}

#[tokio::test]
async fn an_embedded_database_has_one_worker() {
    let app = TestApp::new(crate::support::Engine::Sqlite).await;
    let first = lease::own(&app.tools.db).await.expect("asks");
    assert!(matches!(first, Ownership::Sole(_)));
    assert!(matches!(lease::own(&app.tools.db).await.expect("asks"), Ownership::Taken));
    drop(first);
    assert!(matches!(lease::own(&app.tools.db).await.expect("asks"), Ownership::Sole(_)));
}
