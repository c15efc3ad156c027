//! Renewal against a certified OAuth server whose refresh tokens are single-use, and which ends the whole grant when one is used
//! twice: three daemons on one PostgreSQL, fifty callers each; and one process with a hundred and fifty on the embedded engine.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use http::{HeaderValue, Method, header};
use secrecy::ExposeSecret;
use serde_json::Value;
use store_sync::{
    app,
    cli::visitor::Visitor,
    config::Config,
    connect::StoredCredentials,
    db,
    model::{ClientId, Connection, ConnectionId, ConnectionStatus, Grant, Remedy, RunAction, RunStatus},
    outside::{Clock, Random, Request},
    provider::CredentialSource,
    tools::Shared,
    vault::Binding,
    web,
};
use tokio::net::TcpListener;

use crate::{
    real::{Server, servers, start},
    support::{Engine, config_text, fresh_database},
};

/// Renewals to be seen.
const EXPIRIES: i32 = 30;
/// Names the configuration of a child process.
const WORKER: &str = "STORE_SYNC_TEST_WORKER";

struct House {
    folder: tempfile::TempDir,
    tools: Shared,
    server: Server,
    connection: ConnectionId,
}

impl House {
    /// A daemon connected to the certified shop by its own consent.
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let redirect = format!("{url}/oauth/callback/oidc");
        let server = start("oidc", folder.path().join("oidc"), &[&redirect, "1"], &[], "").await;
        let config = folder.path().join("config.toml");
        let extra = format!(
            "\n[app.oidc]\nclient_id = \"store-sync\"\nclient_secret = \"oidc-secret\"\n[providers]\ndir = \"{}\"\n",
            servers().join("oidc/provider").display()
        );
        std::fs::write(&config, config_text(&url, &fresh_database(engine, folder.path()).await) + &extra)
            .expect("is written");
        let tools =
            app::open(&Config::load(Some(&config), std::iter::empty()).expect("a configuration")).await.expect("tools");
        let router = web::router(&tools);
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let mut house = Self { folder, tools, server, connection: ConnectionId::from("") };
        house.connection = house.connect("acme").await;
        house
    }

    /// The merchant of a client says yes; gives the connection.
    async fn connect(&self, client: &str) -> ConnectionId {
        let client = ClientId::from(client);
        let now = self.tools.outside.clock.now();
        let mut tx = self.tools.db.begin().await.expect("begins");
        if db::client::find(&mut tx, client.as_str()).await.expect("reads").is_none() {
            db::client::insert(&mut tx, &client, client.as_str(), None, now).await.expect("a client");
        }
        tx.commit().await.expect("commits");
        let fields = [("shop".to_owned(), self.server.url.clone())].into();
        let link =
            web::connect_link(&self.tools, "oidc", client.as_str(), &fields, store_sync::connect::Sharing::Allowed);
        let done = Visitor::new(self.tools.outside.http.clone()).open(&link).await.expect("goes through");
        assert_eq!(done.response.status, 200, "{} {}", done.url, done.text());
        let mut tx = self.tools.db.read().await.expect("reads");
        db::connection::list(&mut tx, Some(&client), None, 2).await.expect("lists").remove(0).id
    }

    /// Waits until the access token of a connection has ended.
    async fn expire(&self, id: &ConnectionId) {
        let mut tx = self.tools.db.read().await.expect("reads");
        let end =
            db::connection::find(&mut tx, id).await.expect("reads").and_then(|c| c.token_expires_at).expect("an end");
        drop(tx);
        let clock = Clock::system();
        clock.sleep(end.since(clock.now()) + Duration::from_millis(100)).await;
    }

    async fn seen(&self) -> Value {
        let url = format!("{}/stats", self.server.url).parse().expect("an address");
        let answer = self.tools.outside.http.send_once(&Request::new(Method::GET, url)).await.expect("answers");
        serde_json::from_slice(&answer.body).expect("json")
    }

    /// What both sides must have seen.
    async fn prove(&self) {
        let (seen, connection) = (self.seen().await, only(&self.tools).await);
        assert_eq!(connection.status, ConnectionStatus::Active, "{:?}", connection.last_error);
        assert!(connection.token_version > EXPIRIES, "{}", connection.token_version);
        assert_eq!(seen["refreshes"], connection.token_version - 1, "one refresh a version: {seen}");
        assert_eq!((&seen["refused"], &seen["revoked"], &seen["codes"]), (&0.into(), &0.into(), &1.into()), "{seen}");
        let mut tx = self.tools.db.read().await.expect("reads");
        let runs = db::run::list(&mut tx, &db::run::RunFilter::default(), 1000).await.expect("lists");
        let runs: Vec<_> =
            runs.iter().filter(|run| run.action == RunAction::RefreshToken).map(|run| run.status).collect();
        assert_eq!(runs, vec![RunStatus::Success; usize::try_from(connection.token_version - 1).expect("positive")]);
    }
}

async fn only(tools: &Shared) -> Connection {
    let mut tx = tools.db.read().await.expect("reads");
    let mut all = db::connection::list(&mut tx, None, None, 2).await.expect("lists");
    assert_eq!(all.len(), 1, "one connection");
    all.remove(0)
}

/// Many callers that ask for the token again and again, and use it, until it was renewed often enough.
async fn call(tools: &Shared, connection: &ConnectionId, callers: usize) {
    let shop = only(tools).await.store_url;
    let tasks = (0..callers).map(|n| {
        let (tools, keys, url) =
            (tools.clone(), StoredCredentials::new(tools.clone(), connection.clone()), format!("{shop}/api/shop"));
        tokio::spawn(async move {
            let clock = Clock::system();
            clock.sleep(Duration::from_millis(7 * n as u64)).await;
            for round in 0_u32.. {
                let grant = keys.current().await.expect("nobody is refused");
                if grant.version > EXPIRIES {
                    return;
                }
                if round.is_multiple_of(4) {
                    let mut request = Request::new(Method::GET, url.parse().expect("an address"));
                    let bearer = format!("Bearer {}", grant.secret("access").expect("a token").expose_secret());
                    request.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&bearer).expect("a header"));
                    // A token that ends on its way is answered with 401: then the caller asks for a newer one.
                    if tools.outside.http.send_once(&request).await.expect("answers").status == 401 {
                        keys.refresh(grant.version).await.expect("nobody is refused");
                    }
                }
                clock.sleep(Duration::from_millis(300)).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("ends well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_known_at_once_and_costs_nobody_else() {
    let house = House::new(Engine::Postgres).await;
    let (tools, clock) = (&house.tools, Clock::system());
    let ask = async |path: &str| {
        let url = format!("{}{path}", house.server.url).parse().expect("an address");
        tools.outside.http.send_once(&Request::new(Method::GET, url)).await.expect("answers")
    };
    let other = house.connect("other").await;
    house.expire(&house.connection).await;
    house.expire(&other).await;
    ask("/lose/1").await;
    let held = |id: &ConnectionId| StoredCredentials::new(tools.clone(), id.clone());
    let failure = held(&house.connection).current().await.expect_err("the token is spent");
    assert_eq!((failure.remedy(), failure.code()), (Remedy::Reconnect, "refresh_lost"), "{failure}");
    let seen = house.seen().await;
    assert_eq!((&seen["refreshes"], &seen["refused"]), (&1.into(), &1.into()), "sent, lost, asked once more: {seen}");
    let find = async |id: &ConnectionId| {
        let mut tx = tools.db.read().await.expect("reads");
        db::connection::find(&mut tx, id).await.expect("reads").expect("is there")
    };
    let lost = find(&house.connection).await;
    assert_eq!((lost.status, lost.last_error_code.as_deref()), (ConnectionStatus::NeedsReauth, Some("refresh_lost")));
    // Nobody asks the server again, and the other shop goes on.
    assert!(held(&house.connection).current().await.is_err());
    assert_eq!(house.seen().await["refused"], 1);
    held(&other).current().await.expect("the other shop is renewed");
    // The merchant comes back: it is the same connection, alive.
    assert_eq!(house.connect("acme").await, house.connection);
    assert_eq!(find(&house.connection).await.status, ConnectionStatus::Active);

    // A process that dies between the answer and its saving leaves the journal's entry: the next one knows what happened.
    house.expire(&house.connection).await;
    let mut tx = tools.db.begin().await.expect("begins");
    let sealed = db::grant::find_sealed(&mut tx, &house.connection).await.expect("reads").expect("is sealed");
    drop(tx);
    held(&house.connection).current().await.expect("renews");
    let plain = tools.vault.unseal(&Binding(&[house.connection.as_str(), "acme", "oidc"]), &sealed).expect("opens");
    let mut old = find(&house.connection).await;
    old.token_version += 1;
    let grant = Grant {
        secrets: Grant::secrets_from_plaintext(&plain).expect("a grant"),
        expires_at: old.token_expires_at,
        version: old.token_version,
        ..Grant::default()
    };
    let again = tools.vault.seal(&Binding(&[house.connection.as_str(), "acme", "oidc"]), &plain);
    let mut tx = tools.db.begin().await.expect("begins");
    let back = db::grant::SealedGrant(again, String::new());
    let (owner, now) = ("an ended process", clock.now());
    let until = now.plus(Duration::from_millis(1));
    let version = grant.version - 1;
    assert!(db::grant::lock_refresh(&mut tx, &house.connection, version, owner, now, until).await.expect("is locked"));
    assert!(
        db::grant::replace_grant(&mut tx, &house.connection, &grant, &back, owner, clock.now())
            .await
            .expect("as if it was not saved")
    );
    tx.commit().await.expect("commits");
    house.expire(&house.connection).await;
    let failure = held(&house.connection).current().await.expect_err("the token is spent");
    assert_eq!((failure.remedy(), failure.code()), (Remedy::Reconnect, "refresh_lost"), "{failure}");
}

/// Tokens are single-use there: whose answer is lost has to be asked again, and it is said in the same minute; nobody else notices.
#[tokio::test(flavor = "multi_thread")]
async fn answers_lost_at_random_are_told_at_once() {
    let house = House::new(Engine::Sqlite).await;
    let mut shops = vec![(house.connection.clone(), false)];
    for n in 0..11 {
        shops.push((house.connect(&format!("client-{n}")).await, false));
    }
    let chance = Random::seeded(3);
    for round in 0..3 {
        for (id, lost) in &mut shops {
            if *lost {
                continue;
            }
            house.expire(id).await;
            *lost = chance.below(4) == 0;
            if *lost {
                let url = format!("{}/lose/1", house.server.url).parse().expect("an address");
                house.tools.outside.http.send_once(&Request::new(Method::GET, url)).await.expect("answers");
            }
            let result = StoredCredentials::new(house.tools.clone(), id.clone()).current().await;
            match result {
                Ok(_) => assert!(!*lost, "round {round}"),
                Err(failure) => {
                    assert_eq!((*lost, failure.remedy(), failure.code()), (true, Remedy::Reconnect, "refresh_lost"));
                }
            }
        }
    }
    let lost = shops.iter().filter(|(_, lost)| *lost).count();
    assert!((3..10).contains(&lost), "{lost} of {}", shops.len());
    let mut tx = house.tools.db.read().await.expect("reads");
    for connection in db::connection::list(&mut tx, None, None, 20).await.expect("lists") {
        let lost = shops.iter().any(|(id, lost)| *lost && *id == connection.id);
        let wanted = if lost { ConnectionStatus::NeedsReauth } else { ConnectionStatus::Active };
        assert_eq!(connection.status, wanted, "{:?}", connection.last_error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_issuer_is_refused() {
    let house = House::new(Engine::Sqlite).await;
    let mut tx = house.tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &ClientId::from("other"), "Other", None, house.tools.outside.clock.now())
        .await
        .expect("a client");
    tx.commit().await.expect("commits");
    let fields = [("shop".to_owned(), house.server.url.clone())].into();
    let mut url = web::connect_link(&house.tools, "oidc", "other", &fields, store_sync::connect::Sharing::Allowed);
    let mut visitor = Visitor::new(house.tools.outside.http.clone());
    while !url.contains("/oauth/callback/") {
        let landed = visitor.peek(&url).await.expect("answers");
        let to = landed.response.header("location").expect("a redirect").to_owned();
        url = landed.url.join(&to).expect("an address").into();
    }
    assert!(url.contains("iss=http"), "the server names itself: {url}");
    for other in [
        url.replace("iss=http", "iss=https"),
        url.replace("iss=", "was="),
        format!("{url}&iss=http%3A%2F%2Fevil.example"),
    ] {
        let landed = visitor.open(&other).await.expect("answers");
        assert_eq!(landed.response.status, 400, "{}", landed.text());
        assert!(landed.text().contains("does not name the server"), "{}", landed.text());
    }
    let landed = visitor.open(&url).await.expect("answers");
    assert_eq!(landed.response.status, 200, "the true answer still serves: {}", landed.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_costs_no_connection() {
    let mut house = House::new(Engine::Sqlite).await;
    house.expire(&house.connection).await;
    house.server.stop();
    for _ in 0..3 {
        let failure = StoredCredentials::new(house.tools.clone(), house.connection.clone())
            .current()
            .await
            .expect_err("nobody is there");
        assert_eq!((failure.remedy(), failure.code()), (Remedy::Retry(None), "unreachable"), "{failure}");
    }
    assert_eq!(only(&house.tools).await.status, ConnectionStatus::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_daemons_renew_every_token_once() {
    let house = House::new(Engine::Postgres).await;
    let config = house.folder.path().join("config.toml");
    let workers: Vec<_> = (0..3)
        .map(|_| {
            Command::new(std::env::current_exe().expect("this program"))
                .args(["--exact", "certified::a_daemon_of_three", "--ignored", "--nocapture"])
                .env(WORKER, &config)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("starts")
        })
        .collect();
    for worker in workers {
        let output = tokio::task::spawn_blocking(|| worker.wait_with_output()).await.expect("ends").expect("ends");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    house.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "one of three processes; started by the test above"]
async fn a_daemon_of_three() {
    let Ok(config) = std::env::var(WORKER) else { return };
    let config = Config::load(Some(config.as_ref()), std::iter::empty()).expect("a configuration");
    let tools = app::open(&config).await.expect("tools");
    let connection = only(&tools).await.id;
    call(&tools, &connection, 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_fifty_callers_of_one_process_renew_every_token_once() {
    let house = House::new(Engine::Sqlite).await;
    call(&house.tools, &house.connection, 150).await;
    house.prove().await;
}
