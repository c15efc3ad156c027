//! Secrets planted, everything run, every error path walked, every answer kept: then nothing of them may stand anywhere. The
//! daemon logs at trace level; forty forged callbacks are among what it sees.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, Method, header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::Row;
use store_sync::{
    app,
    cli::visitor::Visitor,
    config::Config,
    db,
    outside::{Body, Clock, Http, HttpPolicy, Request, Response},
    sandbox::{self, Sandbox, SandboxOptions},
    tools::Shared,
    vault::hex,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    relay::Relay,
    support::{Engine, config_text, forget_renewals, fresh_database, on_both},
};

/// Planted by the operator.
const CLIENT_SECRET: &str = "canary-client-secret-7f3a9c";
const DATABASE_PASSWORD: &str = "canarydatabasepassword51be";
const VAULT_KEY: [u8; 32] = *b"canary-vault-key-0123456789abcde";

struct House {
    folder: tempfile::TempDir,
    config: std::path::PathBuf,
    tools: Shared,
    relay: Relay,
    url: String,
    shop: String,
    daemon: Child,
    /// Everything anybody outside got to see.
    seen: Vec<u8>,
}

fn vault() -> String {
    format!("v1:{}", STANDARD.encode(VAULT_KEY))
}

fn command(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_store-sync"));
    command.arg("--config").arg(config).env("STORE_SYNC__VAULT__KEYS", vault()).stdin(Stdio::null());
    command
}

impl House {
    async fn new(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", free.local_addr().expect("an address"));
        drop(free);
        let database = fresh_database(engine, folder.path()).await;
        let database = database.replace("store_sync@", &format!("store_sync:{DATABASE_PASSWORD}@"));
        let config = folder.path().join("config.toml");
        let text = config_text(&url, &database).replace("sandbox-secret", CLIENT_SECRET)
            + &format!(
                "[app.pretix]\nclient_id = \"x\"\nclient_secret = \"{CLIENT_SECRET}\"\n[log]\nlevel = \"trace\"\n"
            );
        std::fs::write(&config, text).expect("is written");
        let read = Config::load(Some(&config), [("STORE_SYNC__VAULT__KEYS".into(), vault().into())].into_iter());
        let read = read.expect("a configuration");
        let debug = format!("{read:?}");
        let tools = app::open(&read).await.expect("tools");
        let relay = Relay::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let shop = format!("http://{}", listener.local_addr().expect("an address"));
        relay.aim(&shop);
        let options = SandboxOptions {
            products: 40,
            base_url: relay.url.clone(),
            token_ttl: Duration::from_secs(63),
            client_secret: CLIENT_SECRET.to_owned(),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::new(options, app::outside(&read).expect("outside")).expect("a shop");
        tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));
        let log = |name: &str| std::fs::File::create(folder.path().join(name)).expect("a log");
        let daemon =
            command(&config).arg("serve").stdout(log("out.log")).stderr(log("err.log")).spawn().expect("starts");
        let mut house = Self { folder, config, tools, relay, url, shop, daemon, seen: debug.into_bytes() };
        for _ in 0..300 {
            if house.get("/readyz").await.is_some_and(|answer| answer.status == 200) {
                return house;
            }
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
        panic!("the daemon does not start: {}", house.log());
    }

    fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("out.log") + &read("err.log")
    }

    async fn get(&mut self, path: &str) -> Option<Response> {
        let request = Request::new(Method::GET, Url::parse(&format!("{}{path}", self.url)).expect("an address"));
        let answer = self.tools.outside.http.send_once(&request).await.ok()?;
        self.keep(&answer);
        Some(answer)
    }

    fn keep(&mut self, answer: &Response) {
        self.seen.extend(format!("{:?}", answer.headers).into_bytes());
        self.seen.extend(&answer.body);
    }

    /// Runs a command, whatever comes of it.
    fn run(&mut self, arguments: &[&str]) -> bool {
        let output = command(&self.config).args(arguments).output().expect("runs");
        self.seen.extend(&output.stdout);
        self.seen.extend(&output.stderr);
        output.status.success()
    }

    async fn mischief(&self, rule: Value) {
        let mut request =
            Request::new(Method::POST, Url::parse(&format!("{}/mischief", self.shop)).expect("an address"));
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Body::Bytes(rule.to_string().into());
        assert_eq!(self.tools.outside.http.send_once(&request).await.expect("an answer").status, 201);
    }

    /// To the consent page and allowed: the browser, and the address it is sent back to.
    async fn consent(&mut self, client: &str) -> (Visitor, Url) {
        let mut visitor = Visitor::new(self.tools.outside.http.clone());
        let fields = [("shop".to_owned(), self.relay.url.clone())].into();
        let link = store_sync::web::connect_link(
            &self.tools,
            "sandbox",
            client,
            &fields,
            store_sync::connect::Sharing::Allowed,
        );
        let page = visitor.open(&link).await.expect("the consent page");
        let back = visitor.decide(&page, "allow").await.expect("a way back");
        (visitor, back)
    }

    /// Opens an address that must be refused with this status and code.
    async fn refused(&mut self, visitor: &mut Visitor, url: &str, status: u16, code: &str) {
        let landed = visitor.open(url).await.expect("an answer");
        self.keep(&landed.response);
        assert_eq!(landed.response.status, status, "{url}: {}", landed.text());
        assert!(landed.text().contains(code), "{url}: {code} is missing in {}", landed.text());
        // The brake counts refusals too.
        Clock::system().sleep(Duration::from_millis(55)).await;
    }

    /// Everything in the database, as text.
    async fn dump(&self, engine: Engine) -> Vec<u8> {
        if engine == Engine::Sqlite {
            let mut bytes = Vec::new();
            for entry in std::fs::read_dir(self.folder.path()).expect("a folder").flatten() {
                if entry.file_name().to_string_lossy().starts_with("test.db") {
                    bytes.extend(std::fs::read(entry.path()).expect("a file"));
                }
            }
            return bytes;
        }
        let config = Config::load(Some(&self.config), std::iter::empty()).expect("a configuration");
        let pool = sqlx::PgPool::connect(config.database_url().expose_secret()).await.expect("the server answers");
        let tables = sqlx::query(
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
        );
        let mut text = String::new();
        for table in tables.fetch_all(&pool).await.expect("answers") {
            let sql =
                format!("SELECT coalesce(string_agg(t::text, '\n'), '') FROM \"{}\" t", table.get::<String, _>(0));
            text += &sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.expect("answers").get::<String, _>(0);
        }
        text.into_bytes()
    }

    /// Everything that went to or came from the token endpoint.
    fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = BTreeSet::from([CLIENT_SECRET.to_owned(), DATABASE_PASSWORD.to_owned()]);
        secrets.insert(STANDARD.encode(VAULT_KEY));
        secrets.insert(String::from_utf8_lossy(&VAULT_KEY).into_owned());
        secrets.insert(STANDARD.encode(format!("store-sync:{CLIENT_SECRET}")));
        for passed in self.relay.passed() {
            for (name, value) in url::form_urlencoded::parse(&passed.sent) {
                if ["code", "code_verifier", "refresh_token"].contains(&name.as_ref()) {
                    secrets.insert(value.into_owned());
                }
            }
            let got: Value = serde_json::from_slice(&passed.got).unwrap_or_default();
            secrets.extend(["access_token", "refresh_token"].iter().filter_map(|n| got[n].as_str().map(str::to_owned)));
        }
        secrets
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// A callback with its parameters changed and signed with `key`.
fn signed(url: &Url, key: &str, change: &[(&str, Option<&str>)]) -> String {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| name != "hmac").collect();
    for (name, value) in change {
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    pairs.sort();
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish().replace('+', "%20");
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    let hmac = hex(&mac.finalize().into_bytes());
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(&pairs).append_pair("hmac", &hmac);
    url.into()
}

/// One parameter replaced, and nothing signed anew.
fn forged(url: &Url, name: &str, value: Option<&str>) -> String {
    let mut url = url.clone();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs).extend_pairs(value.map(|value| (name, value)));
    url.into()
}

fn param(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).expect("is there").1.into_owned()
}

/// Forged, replayed, swapped, expired and cross-client callbacks. None connects anything.
async fn attack(house: &mut House) {
    let base = format!("{}/oauth/callback", house.url);
    let (mut ours, mine) = house.consent("acme").await;
    let (mut theirs, other) = house.consent("other").await;
    let mut stranger = Visitor::new(house.tools.outside.http.clone());
    let now = house.tools.outside.clock.now().unix_ms() / 1000;
    let (early, late) = ((now - 200).to_string(), (now + 200).to_string());
    let upper = param(&mine, "state").to_uppercase();
    let twice = format!("{mine}&state={}", param(&mine, "state"));
    let hmac = param(&mine, "hmac");
    let as_path = format!("{base}/sandbox/{}", param(&mine, "state"));
    let shop = Url::parse(&house.relay.url).expect("an address");
    let shop = format!("{}:{}", shop.host_str().expect("a host"), shop.port().expect("a port"));
    // Forged.
    let table: Vec<(String, u16, &str)> = vec![
        (format!("{base}/sandbox"), 400, "state_missing"),
        (format!("{base}/sandbox?"), 400, "state_missing"),
        (forged(&mine, "state", None), 400, "state_missing"),
        (forged(&mine, "state", Some("")), 400, "state_missing"),
        (twice, 400, "state_missing"),
        (forged(&mine, "state", Some("guessed")), 400, "state_unknown"),
        (forged(&mine, "state", Some(&upper)), 400, "state_unknown"),
        (forged(&mine, "state", Some(&"x".repeat(5000))), 400, "state_unknown"),
        (forged(&mine, "hmac", None), 403, "bad_signature"),
        (forged(&mine, "hmac", Some(&"0".repeat(64))), 403, "bad_signature"),
        (forged(&mine, "hmac", Some(&hmac[..63])), 403, "bad_signature"),
        (forged(&mine, "code", Some("other")), 403, "bad_signature"),
        (forged(&mine, "code", Some(&param(&other, "code"))), 403, "bad_signature"),
        (forged(&mine, "code", None), 403, "bad_signature"),
        (forged(&mine, "shop", Some("evil.example")), 403, "bad_signature"),
        (forged(&mine, "timestamp", Some("1")), 403, "bad_signature"),
        (forged(&mine, "extra", Some("1")), 403, "bad_signature"),
        (forged(&mine, "error", Some("access_denied")), 403, "bad_signature"),
        (signed(&mine, "another secret", &[]), 403, "bad_signature"),
        (signed(&mine, "", &[]), 403, "bad_signature"),
        // Of the same app, and all the same not an answer to this.
        (signed(&mine, CLIENT_SECRET, &[("shop", Some("evil.example"))]), 403, "other_shop"),
        (signed(&mine, CLIENT_SECRET, &[("shop", Some(&format!("{shop}.evil.example")))]), 403, "other_shop"),
        (signed(&mine, CLIENT_SECRET, &[("shop", None)]), 403, "other_shop"),
        (signed(&mine, CLIENT_SECRET, &[("timestamp", Some(&early))]), 403, "stale_signature"),
        (signed(&mine, CLIENT_SECRET, &[("timestamp", Some(&late))]), 403, "stale_signature"),
        (signed(&mine, CLIENT_SECRET, &[("timestamp", None)]), 403, "bad_signature"),
        (signed(&mine, CLIENT_SECRET, &[("timestamp", Some("soon"))]), 403, "bad_signature"),
        // At another door.
        (mine.as_str().replace("/sandbox?", "/pretix?"), 400, "state_unknown"),
        (mine.as_str().replace("/sandbox?", "/vendure?"), 400, "state_unknown"),
        (mine.as_str().replace("/sandbox?", "/nowhere?"), 404, "unknown_provider"),
        (as_path, 400, "state_unknown"),
        // Swapped: another client's answer in this browser.
        (other.to_string(), 403, "other_browser"),
    ];
    assert!(table.len() >= 30);
    for (url, status, code) in &table {
        house.refused(&mut ours, url, *status, code).await;
    }
    house.refused(&mut theirs, mine.as_str(), 403, "other_browser").await;
    house.refused(&mut stranger, mine.as_str(), 403, "other_browser").await;
    // Posted where nobody posts, and too much of it.
    for (body, status) in [(b"{}".to_vec(), 400), (vec![b'x'; 2 << 20], 413), (b"\xff\xfe".to_vec(), 400)] {
        let mut request = Request::new(Method::POST, Url::parse(&format!("{base}/sandbox")).expect("an address"));
        request.body = Body::Bytes(body.into());
        // Doors of their own: what is too large is refused while it is still being sent, and the way there is closed then.
        let policy = HttpPolicy { allow_private_networks: true, ..HttpPolicy::default() };
        match Http::new(policy).expect("a door").send_once(&request).await {
            Ok(answer) => {
                house.keep(&answer);
                assert_eq!(answer.status, status);
            }
            Err(_) => assert_eq!(status, 413),
        }
    }
    // Errors from the shop: only known words are repeated.
    let (mut refusing, declined) = house.consent("acme").await;
    let script = signed(&declined, CLIENT_SECRET, &[("error", Some("<script>alert(1)</script>")), ("code", None)]);
    house.refused(&mut refusing, &script, 400, "an unknown error").await;
    let (mut guessing, unknown) = house.consent("acme").await;
    let url = signed(&unknown, CLIENT_SECRET, &[("code", Some("never-given-by-any-shop-0123456789"))]);
    house.refused(&mut guessing, &url, 502, "invalid_grant").await;
    // Expired, then replayed.
    let (mut slow, expired) = house.consent("acme").await;
    set_expired(house).await;
    for (visitor, url) in [(&mut ours, mine.as_str()), (&mut slow, expired.as_str())] {
        house.refused(visitor, url, 400, "state_expired").await;
    }
    assert!(!String::from_utf8_lossy(&house.seen).contains("<script>"), "nothing is echoed");
    let mut tx = house.tools.db.read().await.expect("reads");
    assert!(db::connection::list(&mut tx, None, None, 10).await.expect("lists").is_empty(), "nothing was connected");
    drop(tx);
    // Each refusal was told in the log, with its code.
    let log = house.log();
    for code in table.iter().map(|(_, _, code)| *code) {
        assert!(log.contains(code), "{code} is not in the log");
    }
}

async fn set_expired(house: &House) {
    let url = Config::load(Some(&house.config), std::iter::empty()).expect("a configuration").database_url();
    let sql = "UPDATE oauth_state SET expires_at = created_at";
    if url.expose_secret().starts_with("sqlite:") {
        let pool = sqlx::SqlitePool::connect(url.expose_secret()).await.expect("opens");
        sqlx::query(sql).execute(&pool).await.expect("is written");
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(url.expose_secret()).await.expect("opens");
        sqlx::query(sql).execute(&pool).await.expect("is written");
        pool.close().await;
    }
}

/// A shop's whole life, its faults included.
async fn live(house: &mut House) {
    let (mut visitor, back) = house.consent("acme").await;
    let done = visitor.open(back.as_str()).await.expect("an answer");
    house.keep(&done.response);
    assert_eq!(done.response.status, 200, "{}", done.text());
    house.refused(&mut visitor, back.as_str(), 403, "other_browser").await;
    let mut tx = house.tools.db.read().await.expect("reads");
    let id = db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0).id.to_string();
    drop(tx);
    assert!(house.run(&["sync", &id, "--full"]), "{}", house.log());
    let mut tx = house.tools.db.read().await.expect("reads");
    let filter = db::product::ProductFilter::default();
    let product = db::product::list(&mut tx, &filter, 1).await.expect("lists").remove(0).id.to_string();
    drop(tx);
    let picture = house.folder.path().join("picture.png");
    std::fs::write(&picture, sandbox::draw_scene(3)).expect("is written");
    assert!(house.run(&["assets", "add", "--product", &product, &picture.display().to_string()]));
    let mut tx = house.tools.db.read().await.expect("reads");
    let asset =
        db::asset::list(&mut tx, &db::asset::AssetFilter::default(), 1).await.expect("lists").remove(0).id.to_string();
    drop(tx);
    assert!(house.run(&["assets", "approve", &asset]));
    for act in ["error", "html", "half", "throttle_bare", "redirect", "drop", "expire", "huge"] {
        house.mischief(json!({ "on": "GET /api/products", "do": act })).await;
        house.run(&["sync", &id, "--full"]);
    }
    // The token endpoint's own faults: each look at the shop renews, since tokens here live hardly longer than the margin.
    for act in ["error", "html", "half", "drop", "redirect", "throttle"] {
        Clock::system().sleep(Duration::from_millis(1700)).await;
        forget_renewals(&house.tools.db).await;
        house.mischief(json!({ "on": "POST /oauth/token", "do": act })).await;
        house.run(&["connections", "check", &id]);
    }
    assert!(house.run(&["keys", "list"]));
    for list in
        ["clients", "connections", "products", "sessions", "flows", "assets", "tags", "events", "push", "providers"]
    {
        assert!(house.run(&[list, "list", "--json"]), "{list}");
        house.run(&[list, "list"]);
    }
    for arguments in [
        &["connections", "show", &id] as &[&str],
        &["connections", "show", "nobody"],
        &["connections", "pause", &id],
        &["sync", &id],
        &["connections", "resume", &id],
        &["connections", "migrate-tokens"],
        &["connect", "sandbox", "--client", "acme", "--key", "x=y"],
        &["connect", "sandbox", "--client", "acme", "--no-wait", "--set", "shop=ftp://x"],
        &["products", "why", &product],
        &["events", "summary"],
        &["logs"],
        &["logs", "--json"],
        &["doctor"],
        &["migrate", "--dry-run"],
        &["config", "schema"],
        &["providers", "show", "sandbox"],
    ] {
        house.run(arguments);
    }
    for path in [
        "/",
        "/healthz",
        "/readyz",
        "/nowhere",
        "/connect/sandbox",
        "/connect/sandbox?client=nobody",
        "/connect/nowhere?client=acme",
    ] {
        assert!(house.get(path).await.is_some());
    }
    house.mischief(json!({ "on": "GET /api/shop", "do": "revoke" })).await;
    house.run(&["connections", "check", &id]);
    assert!(house.run(&["connections", "disconnect", &id]));
}

on_both!(no_secret_stands_anywhere);

async fn no_secret_stands_anywhere(engine: Engine) {
    let mut house = House::new(engine).await;
    for client in ["acme", "other"] {
        assert!(house.run(&["clients", "add", client]));
    }
    attack(&mut house).await;
    live(&mut house).await;
    let secrets = house.secrets();
    let tokens = house.relay.passed().len();
    assert!(tokens >= 6 && secrets.len() > 12, "{tokens} exchanges, {} secrets", secrets.len());
    let dump = house.dump(engine).await;
    let log = house.log();
    assert!(log.contains("TRACE") && log.len() > 100_000 && dump.len() > 20_000 && house.seen.len() > 20_000);
    for (name, text) in [("the log", log.as_bytes()), ("the database", &dump), ("an answer or a command", &house.seen)]
    {
        for secret in &secrets {
            assert!(secret.len() > 20, "{secret}");
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            for spelt in [secret.as_str(), &encoded] {
                let found = text.windows(spelt.len()).position(|window| window == spelt.as_bytes());
                if let Some(at) = found {
                    let around =
                        String::from_utf8_lossy(&text[at.saturating_sub(300)..(at + spelt.len() + 60).min(text.len())])
                            .into_owned();
                    panic!("{secret} stands in {name}: {around}");
                }
            }
        }
    }
}
