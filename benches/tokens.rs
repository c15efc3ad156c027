//! How many shops one process keeps alive: `cargo bench --bench tokens -- [SHOPS]`. Every shop's token is due in the same moment;
//! then it tells how the next renewals are spread.

use std::{collections::BTreeMap, time::Duration, time::Instant};

use store_sync::{
    app,
    config::Config,
    db::{self, connection::NewConnection, grant::SealedGrant},
    model::{ClientId, ConnectionId, Facts, Grant, Secret},
    outside::{Body, Request},
    sandbox::{self, Sandbox, SandboxOptions},
    tools::Shared,
    vault::Binding,
    work::{self, Pools, Workers},
};
use tokio::net::TcpListener;

const REDIRECT: &str = "http://127.0.0.1/oauth/callback/bench";

async fn form(tools: &Shared, url: String, pairs: &[(&str, &str)]) -> store_sync::outside::Response {
    let mut request = Request::new(http::Method::POST, url.parse().expect("an address"));
    let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers.insert(http::header::CONTENT_TYPE, kind);
    request.body =
        Body::Bytes(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into());
    tools.outside.http.send_once(&request).await.expect("an answer")
}

/// One more shop with a grant of its own, due at once.
async fn connect(tools: &Shared, shop: &str, n: usize) {
    let verifier = "v".repeat(43);
    let challenge = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        <sha2::Sha256 as sha2::Digest>::digest(&verifier),
    );
    let consent = [
        ("response_type", "code"),
        ("client_id", "store-sync"),
        ("redirect_uri", REDIRECT),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("decision", "allow"),
    ];
    let answer = form(tools, format!("{shop}/oauth/authorize"), &consent).await;
    let back = url::Url::parse(answer.header("location").expect("a way back")).expect("an address");
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let token = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &verifier),
        ("client_id", "store-sync"),
        ("client_secret", "sandbox-secret"),
    ];
    let answer = form(tools, format!("{shop}/oauth/token"), &token).await;
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).expect("json");
    let secret = |name: &str| Secret::from(answer[name].as_str().expect("a token").to_owned());
    let now = tools.outside.clock.now();
    let grant = Grant {
        secrets: [("access".to_owned(), secret("access_token")), ("refresh".to_owned(), secret("refresh_token"))]
            .into(),
        expires_at: Some(now.plus(Duration::from_mins(4))),
        renew_at: Some(now),
        version: 1,
        ..Grant::default()
    };
    let (id, client) = (tools.outside.new_id::<ConnectionId>(), ClientId::from(format!("client-{n}").as_str()));
    let sealed = tools.vault.seal(&Binding(&[id.as_str(), client.as_str(), "sandbox"]), &grant.to_plaintext("sandbox"));
    let new = NewConnection {
        id: &id,
        client_id: &client,
        provider: "sandbox",
        store_url: shop,
        store_name: None,
        external_store_id: None,
        facts: &Facts::from_iter([("shop".to_owned(), shop.into())]),
    };
    let mut tx = tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &client, client.as_str(), None, now).await.expect("a client");
    // Long enough ago: nothing is renewed ahead of its end within a minute of being given.
    let then = now.minus(Duration::from_hours(1));
    db::connection::upsert(&mut tx, &new, &grant, &SealedGrant(sealed, String::new()), then).await.expect("a shop");
    tx.commit().await.expect("commits");
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a measurement is about real time")]
#[tokio::main]
async fn main() {
    let shops = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().expect("a temp folder");
    let file = folder.path().join("config.toml");
    let database = std::env::var("STORE_SYNC_BENCH_DATABASE").map(|url| format!("[database]\nurl = \"{url}\"\n"));
    let text = format!(
        "[storage]\ndata_dir = \".\"\n[http]\nallow_private_networks = true\n{}[app.sandbox]\nclient_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n",
        database.unwrap_or_default()
    );
    std::fs::write(&file, text).expect("is written");
    let config = Config::load(Some(&file), std::iter::empty()).expect("a configuration");
    let tools = app::open(&config).await.expect("tools");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let shop = format!("http://{}", listener.local_addr().expect("an address"));
    let options = SandboxOptions { products: 1, base_url: shop.clone(), ..SandboxOptions::default() };
    let sandbox = Sandbox::new(options, tools.outside.clone()).expect("a shop");
    tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));
    for n in 0..shops {
        connect(&tools, &shop, n).await;
    }
    println!("{}: {shops} shops, every token due now, {} workers", tools.db.engine(), config.work.token_workers);
    println!("before: {}", memory());
    let began = Instant::now();
    let pools = Pools {
        import: 1,
        push: 1,
        generate: 1,
        tokens: config.work.token_workers,
        poll: Duration::from_millis(config.work.poll_ms),
    };
    let workers = Workers::start(&tools, pools);
    let all = loop {
        work::tick(&tools).await.expect("ticks");
        let mut tx = tools.db.read().await.expect("reads");
        let all = db::connection::list(&mut tx, None, None, i64::MAX).await.expect("lists");
        drop(tx);
        if all.iter().all(|connection| connection.token_version == 2) {
            break all;
        }
        tools.outside.clock.sleep(Duration::from_millis(500)).await;
    };
    let seconds = began.elapsed().as_secs_f64();
    workers.stop(Duration::from_secs(5)).await;
    println!(
        "renewed in {seconds:.1} s: {:.0} a second; after: {}",
        f64::from(u32::try_from(shops).unwrap_or(0)) / seconds,
        memory()
    );
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    for connection in &all {
        *minutes.entry(connection.renew_at.expect("a time").unix_ms() / 60_000).or_default() += 1;
    }
    let most = minutes.values().max().copied().unwrap_or(0);
    println!(
        "the next renewals lie in {} minutes, at most {most} in one ({:.1} a second)",
        minutes.len(),
        f64::from(u32::try_from(most).unwrap_or(0)) / 60.0
    );
}
