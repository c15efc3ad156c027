//! What tokens go through: answers that are lost, processes that are killed, clocks that differ, permissions that end, databases
//! that come back from a backup.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use store_sync::{
    app,
    cli::visitor::Visitor,
    config::Config,
    connect::StoredCredentials,
    db,
    model::{ConnectionId, ConnectionStatus, ImportScope, RunAction, RunStatus},
    outside::{Clock, Random},
    provider::CredentialSource,
    sandbox::{self, Sandbox, SandboxOptions},
    tools::Shared,
    web, work,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    relay::{Fate, Relay},
    support::{Engine, More, TestApp, config_text, forget_renewals, fresh_database, on_both, start_of_time},
};

const KILLS: usize = 50;

/// A connected shop behind a relay, for processes of their own and the system's clock. Every look at its token renews it.
struct House {
    _folder: tempfile::TempDir,
    config: PathBuf,
    tools: Shared,
    relay: Relay,
    shop_url: String,
    connection: ConnectionId,
}

impl House {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let database = fresh_database(engine, folder.path()).await;
        let config = folder.path().join("config.toml");
        let text = config_text(&url, &database).replace("lease_seconds = 30", "lease_seconds = 1");
        std::fs::write(&config, text).expect("is written");
        let read = Config::load(Some(&config), std::iter::empty()).expect("a configuration");
        let tools = app::open(&read).await.expect("tools");
        let relay = Relay::new().await;
        let shop_listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let shop_url = format!("http://{}", shop_listener.local_addr().expect("an address"));
        relay.aim(&shop_url);
        // Shorter than the margin of renewal.
        let options = SandboxOptions {
            products: 1,
            base_url: relay.url.clone(),
            token_ttl: Duration::from_secs(50),
            ..SandboxOptions::default()
        };
        let shop = Sandbox::new(options, app::outside(&read).expect("outside")).expect("a shop");
        tokio::spawn(sandbox::serve(shop_listener, shop, std::future::pending()));
        let router = web::router(&tools);
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let mut tx = tools.db.begin().await.expect("begins");
        db::client::insert(&mut tx, &"acme".into(), "Acme", None, tools.outside.clock.now()).await.expect("a client");
        tx.commit().await.expect("commits");
        let mut visitor = Visitor::new(tools.outside.http.clone());
        let link = web::connect_link(
            &tools,
            "sandbox",
            "acme",
            &[("shop".to_owned(), relay.url.clone())].into(),
            store_sync::connect::Sharing::Refused,
        );
        let page = visitor.open(&link).await.expect("the consent page");
        let back = visitor.decide(&page, "allow").await.expect("a way back");
        assert_eq!(visitor.open(back.as_str()).await.expect("the callback").response.status, 200);
        let mut tx = tools.db.read().await.expect("reads");
        let connection = db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0).id;
        drop(tx);
        Self { _folder: folder, config, tools, relay, shop_url, connection }
    }

    async fn check(&self) -> Child {
        forget_renewals(&self.tools.db).await;
        spawn(&self.config, &["connections", "check", self.connection.as_str()])
    }

    /// Waits until somebody waits for the row that the test holds.
    async fn until_somebody_waits(&self, engine: Engine) {
        let clock = Clock::system();
        if engine == Engine::Sqlite {
            return clock.sleep(Duration::from_millis(30)).await;
        }
        let config = Config::load(Some(&self.config), std::iter::empty()).expect("a configuration");
        let admin = sqlx::PgPool::connect(secrecy::ExposeSecret::expose_secret(&config.database_url()))
            .await
            .expect("the server answers");
        for _ in 0..500 {
            let sql =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let (waiting,): (i64,) = sqlx::query_as(sql).fetch_one(&admin).await.expect("answers");
            if waiting > 0 {
                return admin.close().await;
            }
            clock.sleep(Duration::from_millis(5)).await;
        }
        panic!("nobody came to save");
    }
}

async fn ended(child: &mut Child) {
    while child.try_wait().expect("is asked").is_none() {
        Clock::system().sleep(Duration::from_millis(20)).await;
    }
}

fn spawn(config: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.arg("--config").arg(config).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts")
}

async fn connection(tools: &Shared, id: &ConnectionId) -> store_sync::model::Connection {
    let mut tx = tools.db.read().await.expect("reads");
    db::connection::find(&mut tx, id).await.expect("reads").expect("is there")
}

on_both!(
    fifty_kills_between_answer_and_save_lose_no_connection,
    answers_lost_at_random_are_asked_for_again,
    clocks_that_differ_by_ten_minutes_cost_nothing,
    a_permission_that_ends_is_told_once_and_ahead,
    renewals_are_no_herd,
    a_restored_backup_is_alive_and_replays_no_push
);

// The shop has rotated, the answer has arrived, nothing is saved: fifty times.
async fn fifty_kills_between_answer_and_save_lose_no_connection(engine: Engine) {
    let house = House::new(engine).await;
    let (tools, id) = (&house.tools, &house.connection);
    let first = connection(tools, id).await.token_version;
    for round in 0..KILLS {
        house.relay.decide([Fate::Hold]);
        let mut child = house.check().await;
        tokio::select! {
            () = house.relay.holds() => {}
            () = ended(&mut child) => panic!("round {round}: it ended before it asked for a token"),
        }
        // Nobody can write the row down while we hold it; then the answer goes on its way, and the process dies.
        let mut tx = tools.db.begin().await.expect("begins");
        db::connection::mark_status(&mut tx, id, ConnectionStatus::Active, None, tools.outside.clock.now())
            .await
            .expect("holds");
        house.relay.let_go();
        house.until_somebody_waits(engine).await;
        child.kill().expect("is killed");
        child.wait().expect("has ended");
        drop(tx);
        let now = connection(tools, id).await;
        assert_eq!(
            (now.token_version, now.status),
            (first, ConnectionStatus::Active),
            "round {round}: nothing was saved"
        );
    }
    let output = tokio::task::spawn_blocking({
        let child = house.check().await;
        move || child.wait_with_output()
    })
    .await
    .expect("ends")
    .expect("ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let after = connection(tools, id).await;
    assert_eq!((after.token_version, after.status), (first + 1, ConnectionStatus::Active));
    assert_eq!(house.relay.passed().len(), KILLS + 2, "one exchange by the code, one a kill, one that lived");
    let request = store_sync::outside::Request::new(
        http::Method::GET,
        format!("{}/stats", house.shop_url).parse().expect("an address"),
    );
    let stats: serde_json::Value =
        serde_json::from_slice(&tools.outside.http.send(request).await.expect("answers").body).expect("json");
    assert_eq!(stats["tokens"]["reuses"], 0, "no spent token was shown: {stats}");
    // Each attempt was written down before its call.
    let mut tx = tools.db.read().await.expect("reads");
    let runs = db::run::list(&mut tx, &db::run::RunFilter::default(), 1000).await.expect("lists");
    drop(tx);
    assert_eq!(runs.iter().filter(|run| run.action == RunAction::RefreshToken).count(), KILLS + 1);
    work::recover(tools, engine == Engine::Sqlite).await.expect("recovers");
}

async fn answers_lost_at_random_are_asked_for_again(engine: Engine) {
    let relay = Relay::new().await;
    let app = TestApp::with_more(
        engine,
        SandboxOptions { products: 1, ..SandboxOptions::default() },
        More { relay: Some(&relay), ..More::default() },
    )
    .await;
    let id = app.connect().await;
    app.drain().await;
    let chance = Random::seeded(41);
    let (mut lost, mut got) = (0, 0);
    while got < 30 {
        app.clock.advance(Duration::from_mins(61));
        let keys = StoredCredentials::new(app.tools.clone(), id.clone());
        loop {
            let fate = if chance.below(2) == 0 { Fate::Lose } else { Fate::Pass };
            relay.decide([fate]);
            match keys.current().await {
                Ok(grant) => {
                    got += 1;
                    assert_eq!((fate, grant.version), (Fate::Pass, got + 1));
                    // The pair is used, so that the one before it is dead.
                    assert_eq!(app.sync(ImportScope::Changes).await.status, RunStatus::Success);
                    break;
                }
                Err(failure) => {
                    lost += 1;
                    assert_eq!((fate, failure.code()), (Fate::Lose, "network"));
                    assert_eq!(app.connection().await.status, ConnectionStatus::Active);
                }
            }
        }
    }
    let tokens = &app.stats().await["tokens"];
    assert!(lost > 10, "{lost}");
    assert_eq!((&tokens["refreshes"], &tokens["reuses"]), (&json!(lost + got), &json!(0)), "{tokens}");
}

async fn clocks_that_differ_by_ten_minutes_cost_nothing(engine: Engine) {
    for skew in [600_i64, -600] {
        let theirs = Clock::frozen(start_of_time());
        if skew > 0 {
            theirs.advance(Duration::from_secs(skew.unsigned_abs()));
        }
        let more = More { shop_clock: Some(theirs.clone()), ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        if skew < 0 {
            app.clock.advance(Duration::from_secs(skew.unsigned_abs()));
        }
        // A signature ten minutes off is refused, and the words name the clocks.
        let (mut visitor, back) = app.consent("allow").await;
        let page = visitor.open(&back).await.expect("an answer");
        assert_eq!(page.response.status, 403);
        assert!(page.text().contains("check both clocks"), "{}", page.text());
        // Once connected, the difference hurts nobody: an end that came early is met by renewing once.
        let level = |ahead: &Clock, behind: &Clock| behind.advance(ahead.now().since(behind.now()));
        if skew > 0 {
            level(&theirs, &app.clock);
        } else {
            level(&app.clock, &theirs);
        }
        app.connect().await;
        app.drain().await;
        if skew > 0 {
            theirs.advance(Duration::from_mins(10));
        } else {
            app.clock.advance(Duration::from_mins(10));
        }
        for _ in 0..12 {
            app.clock.advance(Duration::from_mins(20));
            theirs.advance(Duration::from_mins(20));
            work::tick(&app.tools).await.expect("ticks");
            app.drain().await;
            assert_eq!(app.sync(ImportScope::Changes).await.status, RunStatus::Success, "{skew}");
        }
        let (connection, tokens) = (app.connection().await, app.stats().await["tokens"].clone());
        assert_eq!(connection.status, ConnectionStatus::Active);
        assert_eq!(
            (&tokens["refreshes"], &tokens["reuses"]),
            (&json!(connection.token_version - 1), &json!(0)),
            "{skew}: {tokens}"
        );
        assert!((4..=7).contains(&(connection.token_version - 1)), "four hours with tokens of one: {tokens}");
    }
}

async fn a_permission_that_ends_is_told_once_and_ahead(engine: Engine) {
    let relay = Relay::new().await;
    let app = TestApp::with_more(
        engine,
        SandboxOptions { products: 1, ..SandboxOptions::default() },
        More { relay: Some(&relay), ..More::default() },
    )
    .await;
    app.connect().await;
    app.drain().await;
    let end = app.connection().await.refresh_expires_at.expect("an end");
    let told = async || {
        app.runs()
            .await
            .into_iter()
            .filter(|run| run.error_code.as_deref() == Some("permission_ending"))
            .collect::<Vec<_>>()
    };
    // The shop is away from now on: nothing renews.
    relay.aim("http://127.0.0.1:1");
    let mut days = 0;
    while told().await.is_empty() {
        app.clock.advance(Duration::from_hours(24));
        days += 1;
        work::tick(&app.tools).await.expect("ticks");
        app.drain().await;
    }
    assert!((76..=77).contains(&days), "after 85 of 100 parts of 90 days: {days}");
    for _ in 0..3 {
        app.clock.advance(Duration::from_hours(24));
        work::tick(&app.tools).await.expect("ticks");
        app.drain().await;
    }
    let runs = told().await;
    assert_eq!((runs.len(), runs[0].status), (1, RunStatus::Skipped), "once");
    assert!(
        runs[0].error_message.as_deref().is_some_and(|text| text.contains(&end.to_string())),
        "{:?}",
        runs[0].error_message
    );
    assert_eq!(app.connection().await.status, ConnectionStatus::Active, "it may still come back");
    // An hour before the end the shop is there again: the permission lives on, for its whole life.
    relay.aim(&app.real_shop_url);
    app.clock.advance(end.minus(Duration::from_hours(1)).since(app.clock.now()));
    work::tick(&app.tools).await.expect("ticks");
    app.drain().await;
    let after = app.connection().await;
    assert_eq!(after.status, ConnectionStatus::Active, "{:?}", after.last_error);
    assert!(
        after.refresh_expires_at.expect("an end") > end.plus(Duration::from_hours(24 * 80)) && after.warn_at.is_some()
    );
}

// Shops that were connected in one moment are renewed over a fifth of their tokens' life, and then each at its own time.
async fn renewals_are_no_herd(engine: Engine) {
    const SHOPS: usize = 120;
    let app = TestApp::with(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }).await;
    for n in 0..SHOPS {
        app.connect_as(&format!("client-{n}")).await;
    }
    app.drain().await;
    let mut by_minute = Vec::new();
    for _ in 0..180 {
        app.clock.advance(Duration::from_mins(1));
        work::tick(&app.tools).await.expect("ticks");
        by_minute.push(app.drain().await);
    }
    let (all, most) = (by_minute.iter().sum::<usize>(), by_minute.iter().max().copied().unwrap_or(0));
    assert!((SHOPS * 3..SHOPS * 5).contains(&all), "each shop about once in 45 minutes: {all}");
    assert!(most < SHOPS / 5, "at most {most} of {SHOPS} in one minute: {by_minute:?}");
    // Three waves; each is wider than the one before.
    let wave = |from: usize, to: usize| by_minute[from..to].iter().filter(|n| **n > 0).count();
    let waves = [wave(0, 75), wave(75, 135), wave(135, 180)];
    assert!(waves[0] >= 10 && waves[1] > waves[0] && waves[2] > waves[1], "{waves:?}: {by_minute:?}");
}

async fn a_restored_backup_is_alive_and_replays_no_push(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    let asset = app.add_asset(&app.products().await[0], 1).await;
    app.approve(&asset).await;
    // The backup knows of the approval, and of a push that is still to be made.
    app.tools.db.close().await;
    let file = app.folder.path().join("config.toml");
    let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
    let here = secrecy::ExposeSecret::expose_secret(&config.database_url()).to_owned();
    let backup = copy_database(engine, &here, app.folder.path()).await;
    let open = async |url: &str| {
        let text = std::fs::read_to_string(&file).expect("reads").replace(&here, url);
        let other = app.folder.path().join("other.toml");
        std::fs::write(&other, text).expect("is written");
        let config = Config::load(Some(&other), std::iter::empty()).expect("a configuration");
        app::open_with(&config, app.tools.outside.clone()).await.expect("tools")
    };
    let tools = open(&here).await;
    assert!(work::drain(&tools).await.expect("drains") > 0);
    assert_eq!(app.stats().await["pictures"]["attached"], 1);
    tools.db.close().await;
    // Restored: the same push waits again, and the shop has the picture already.
    let tools = open(&backup).await;
    assert!(work::drain(&tools).await.expect("drains") > 0, "it is looked at");
    assert_eq!(app.stats().await["pictures"]["attached"], 1, "and not made again");
    let mut tx = tools.db.read().await.expect("reads");
    let pushes = db::push::list(&mut tx, &db::push::PushFilter::default(), 10).await.expect("lists");
    assert!(pushes.len() == 1 && pushes[0].synced_at.is_some(), "{:?}", pushes[0].last_error);
    let connection = db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0);
    drop(tx);
    // The connection lives: its token is renewed, and its shop read.
    app.clock.advance(Duration::from_hours(2));
    let grant = StoredCredentials::new(tools.clone(), connection.id)
        .current()
        .await
        .expect("the permission came back with the backup");
    assert_eq!(grant.version, 2);
}

/// What a person does who keeps a copy: the database as it stands, under another address.
async fn copy_database(engine: Engine, url: &str, folder: &Path) -> String {
    if engine == Engine::Sqlite {
        let backup = folder.join("backup.db");
        std::fs::copy(folder.join("test.db"), &backup).expect("is copied");
        return format!("sqlite:{}", backup.display());
    }
    let name = Url::parse(url).expect("an address").path().trim_start_matches('/').to_owned();
    let pattern = std::env::var("STORE_SYNC_TEST_POSTGRES").expect("a server");
    let admin = sqlx::PgPool::connect(&pattern.replace("DATABASE", "postgres")).await.expect("the server answers");
    let sql = format!("CREATE DATABASE {name}_backup TEMPLATE {name}");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin).await.expect("is copied");
    admin.close().await;
    url.replace(&name, &format!("{name}_backup"))
}
