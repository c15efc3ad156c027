//! Tokens live on, are renewed once, and stand nowhere in clear.

use std::time::Duration;

use serde_json::json;
use store_sync::{
    connect, db,
    model::{ConnectionStatus, ImportScope, RunAction, RunStatus},
    provider::CredentialSource,
    tools::{OpenRun, RunEnd},
    work,
};

use crate::support::{Engine, TestApp, on_both};

on_both!(
    a_token_is_renewed_ahead_of_its_end,
    a_token_that_ended_early_is_renewed_once_and_the_call_goes_on,
    a_refresh_token_does_not_end_unused,
    many_callers_renew_once,
    a_lost_renewal_is_repeated_with_the_old_token,
    whoever_lost_the_right_to_renew_writes_nothing_down,
    a_revoked_grant_asks_for_the_merchant_at_once,
    a_token_that_a_platform_keeps_is_not_taken_for_a_lost_one,
    leaving_erases_the_secret_and_keeps_the_history
);

async fn a_token_is_renewed_ahead_of_its_end(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    app.clock.advance(Duration::from_mins(59) + Duration::from_secs(30));
    work::tick(&app.tools).await.expect("ticks");
    app.drain().await;
    assert_eq!(app.stats().await["tokens"]["refreshes"], 1);
    let connection = app.connection().await;
    assert_eq!(connection.token_version, 2);
    assert!(connection.token_expires_at.expect("an end") > app.clock.now().plus(Duration::from_mins(58)));
    let run = app.runs().await.into_iter().find(|r| r.action == RunAction::RefreshToken).expect("a run");
    assert_eq!(run.status, RunStatus::Success);
}

async fn a_token_that_ended_early_is_renewed_once_and_the_call_goes_on(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.mischief(json!({ "on": "GET /api/products", "do": "expire" })).await;
    app.drain().await;
    assert_eq!(
        app.runs().await.iter().filter(|r| r.action == RunAction::Import).map(|r| r.status).collect::<Vec<_>>(),
        [RunStatus::Success]
    );
    assert_eq!(app.products().await.len(), 60);
    assert_eq!(app.stats().await["tokens"]["refreshes"], 1);
}

async fn a_refresh_token_does_not_end_unused(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    // Paused: nothing asks for its token, and its access token may end.
    let mut tx = app.tools.db.begin().await.expect("begins");
    let paused = db::connection::mark_paused(&mut tx, &id, "operator", "a test", app.clock.now());
    assert!(paused.await.expect("is paused"));
    tx.commit().await.expect("commits");
    let before = app.connection().await;
    let (end, keep) = (before.refresh_expires_at.expect("an end"), before.keep_alive_at.expect("a time"));
    let life = end.since(app.clock.now());
    let share = keep.since(app.clock.now()).as_secs_f64() / life.as_secs_f64();
    assert!((0.59..0.76).contains(&share), "{share}");
    app.clock.advance(life / 2);
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!(app.drain().await, 0, "not yet");
    app.clock.advance(life / 4);
    work::tick(&app.tools).await.expect("ticks");
    work::tick(&app.tools).await.expect("ticks");
    assert_eq!(app.drain().await, 1);
    let after = app.connection().await;
    assert_eq!((after.token_version, after.state()), (before.token_version + 1, "paused"), "still paused");
    assert!(after.refresh_expires_at.expect("an end") > end && after.keep_alive_at.expect("a time") > app.clock.now());
}

async fn many_callers_renew_once(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    app.clock.advance(Duration::from_hours(2));
    let callers = (0..50).map(|_| {
        let keys = store_sync::connect::StoredCredentials::new(app.tools.clone(), id.clone());
        tokio::spawn(async move { keys.current().await.map(|grant| grant.version) })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.expect("ends").expect("a grant"), 2);
    }
    assert_eq!(app.stats().await["tokens"], json!({ "codes": 1, "refreshes": 1, "reuses": 0, "revocations": 0 }));
}

async fn a_lost_renewal_is_repeated_with_the_old_token(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    app.clock.advance(Duration::from_hours(2));
    app.mischief(json!({ "on": "POST /oauth/token", "do": "drop" })).await;
    let run = app.sync(ImportScope::Changes).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Failed, Some("network")));
    assert_eq!(app.connection().await.status, ConnectionStatus::Active, "a lost answer costs no connection");
    app.clock.advance(Duration::from_mins(1));
    app.drain().await;
    assert_eq!(app.connection().await.token_version, 2);
    assert_eq!(app.stats().await["tokens"]["refreshes"], 2);
}

async fn whoever_lost_the_right_to_renew_writes_nothing_down(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let grant =
        store_sync::connect::StoredCredentials::new(app.tools.clone(), id.clone()).current().await.expect("a grant");
    let mut tx = app.tools.db.begin().await.expect("begins");
    let (start, lease) = (app.clock.now(), Duration::from_secs(30));
    let (one, two) = ("one", "two");
    let lock = async |tx: &mut db::Tx, owner, now: store_sync::model::Time| {
        db::grant::lock_refresh(tx, &id, grant.version, owner, now, now.plus(lease)).await.expect("asks")
    };
    assert!(lock(&mut tx, one, start).await);
    assert!(!lock(&mut tx, two, start.plus(lease / 2)).await, "it is held");
    assert!(db::grant::extend_refresh(&mut tx, &id, one, start.plus(lease * 2)).await.expect("extends"));
    assert!(!lock(&mut tx, two, start.plus(lease)).await, "it is kept up");
    // Its owner fell silent, and another asks the shop by now: the first one's answer is not the last word any more.
    let late = start.plus(lease * 3);
    assert!(lock(&mut tx, two, late).await);
    assert!(!db::grant::extend_refresh(&mut tx, &id, one, late).await.expect("asks"));
    let fresh = store_sync::model::Grant { version: grant.version + 1, ..(*grant).clone() };
    let sealed = || {
        let seal = app
            .tools
            .vault
            .seal(&store_sync::vault::Binding(&[id.as_str(), "acme", "sandbox"]), &fresh.to_plaintext("sandbox"));
        db::grant::SealedGrant(seal, String::new())
    };
    assert!(!db::grant::replace_grant(&mut tx, &id, &fresh, &sealed(), one, late).await.expect("asks"));
    assert!(db::grant::replace_grant(&mut tx, &id, &fresh, &sealed(), two, late).await.expect("saves"));
    assert!(!db::grant::replace_grant(&mut tx, &id, &fresh, &sealed(), two, late).await.expect("asks"), "once");
}

async fn a_revoked_grant_asks_for_the_merchant_at_once(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    app.mischief(json!({ "on": "GET /api/products", "do": "revoke" })).await;
    app.sync(ImportScope::Full).await;
    let run = app.sync(ImportScope::Full).await;
    assert_eq!(run.status, RunStatus::Failed);
    let connection = app.connection().await;
    assert_eq!(
        (connection.status, connection.last_error_code.as_deref()),
        (ConnectionStatus::NeedsReauth, Some("revoked")),
        "the first reason is kept, however often it is tried again"
    );
    assert_eq!(app.connect().await, id);
    assert_eq!(app.connection().await.status, ConnectionStatus::Active);
    assert_eq!(app.drain().await, 1, "it is read again");
}

async fn leaving_erases_the_secret_and_keeps_the_history(engine: Engine) {
    let app = TestApp::new(engine).await;
    let id = app.connect().await;
    app.drain().await;
    let left = store_sync::connect::disconnect(&app.tools, &id).await.expect("leaves");
    assert!(left.revoked_at_shop);
    assert_eq!(app.stats().await["tokens"]["revocations"], 1);
    assert_eq!(app.connection().await.status, ConnectionStatus::Disconnected);
    let mut tx = app.tools.db.read().await.expect("reads");
    assert!(db::grant::find_sealed(&mut tx, &id).await.expect("reads").is_none());
    drop(tx);
    assert_eq!((app.products().await.len(), app.runs().await.len()), (60, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_stands_in_clear_in_the_database_file() {
    let app = TestApp::new(crate::support::Engine::Sqlite).await;
    let id = app.connect().await;
    app.drain().await;
    let keys = store_sync::connect::StoredCredentials::new(app.tools.clone(), id);
    let grant = keys.current().await.expect("a grant");
    app.tools.db.close().await;
    let mut looked_at = 0;
    for entry in std::fs::read_dir(app.folder.path())
        .expect("a folder")
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with("test.db"))
    {
        let bytes = std::fs::read(entry.path()).expect("a file");
        for secret in grant.secrets.values() {
            let secret = secrecy::ExposeSecret::expose_secret(secret).as_bytes();
            assert!(secret.len() > 20);
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret),
                "a token stands in {}",
                entry.path().display()
            );
        }
        looked_at += bytes.len();
    }
    assert!(looked_at > 100_000, "the database was looked at");
}

/// Some platforms give the same refresh token again and again: that it was used before says nothing about it.
async fn a_token_that_a_platform_keeps_is_not_taken_for_a_lost_one(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    let (tools, connection) = (&app.tools, app.connection().await);
    let mut tx = tools.db.begin().await.expect("begins");
    for (mark, end) in [("kept", RunEnd::Success), ("spent", RunEnd::Success)] {
        let earlier = OpenRun::open(&mut tx, tools, &connect::refresh_run(&connection)).await.expect("is opened");
        db::run::mark_token(&mut tx, &earlier.id, mark).await.expect("is marked");
        earlier.close(&mut tx, tools, end, 1).await.expect("is closed");
    }
    db::run::unmark_token(&mut tx, &connection.id, "kept").await.expect("is forgotten");
    for (mark, expected) in [("kept", false), ("spent", true)] {
        let spent = db::run::has_spent(&mut tx, &connection.id, mark, &tools.outside.new_id(), 20).await;
        assert_eq!(spent.expect("is looked up"), expected, "{mark}");
    }
}
