//! Import of a sandbox catalogue (5 KB of JSON a product: 3 variants, 4 pictures) into either database, beside a plain
//! hand-written loop on the same server: fetch, typed parse, batched upsert into the same tables.
//!
//!     cargo bench --bench import -- [PRODUCTS…]        (default 10000 100000)
//!
//! PostgreSQL is measured when STORE_SYNC_TEST_POSTGRES names a server (with DATABASE in the place of the database's name).
//! Each measurement runs in a process of its own, so that its peak memory is its own.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    time::Duration,
};

use serde::Deserialize;
use store_sync::{
    app,
    cli::visitor::Visitor,
    config::Config,
    db::{
        self, Db,
        catalogue::{self, ChildRow, ImportTarget, ProductRow, Siblings},
    },
    model::{
        ClientId, ConnectionId, NormalImage, NormalProduct, NormalVariant, Price, ProductId, ProductStatus, RunId, Time,
    },
    outside::{Body, Clock, Http, HttpPolicy, Random, Request},
    sandbox::{self, Sandbox, SandboxOptions},
    web, work,
};
use tokio::net::TcpListener;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match arguments.first().map(String::as_str) {
        Some("measure") => runtime.block_on(measure(&arguments[1], &arguments[2], &arguments[3])),
        Some("serve") => runtime.block_on(serve(arguments[1].parse().expect("a number"))),
        _ => compare(&arguments),
    }
}

/// The shop, in a process of its own.
async fn serve(products: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("an address"));
    println!("{base_url}");
    let config = Config::load(None, std::iter::empty()).expect("a configuration");
    let options = SandboxOptions { products, base_url, rich: true, ..SandboxOptions::default() };
    let shop = Sandbox::new(options, app::outside(&config).expect("outside")).expect("a shop");
    sandbox::serve(listener, shop, std::future::pending()).await.expect("serves");
}

fn compare(arguments: &[String]) {
    use std::io::BufRead;
    let own = std::env::current_exe().expect("this program");
    let sizes: Vec<usize> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    println!("{:9} {:9} {:7} {:>12} {:>9} {:>9}", "database", "products", "what", "products/s", "CPU s", "peak MiB");
    for products in sizes {
        let mut shop = Command::new(&own)
            .args(["serve", &products.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the shop starts");
        let mut url = String::new();
        std::io::BufReader::new(shop.stdout.take().expect("its words")).read_line(&mut url).expect("its address");
        let mut engines = vec!["sqlite"];
        if std::env::var_os("STORE_SYNC_TEST_POSTGRES").is_some() {
            engines.push("postgres");
        }
        for engine in engines {
            for what in ["loop", "import"] {
                let done = Command::new(&own).args(["measure", engine, what, url.trim()]).output().expect("runs");
                let text = String::from_utf8_lossy(&done.stdout).into_owned();
                assert!(done.status.success(), "{text}{}", String::from_utf8_lossy(&done.stderr));
                let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
                println!("{engine:9} {products:9} {what:7} {:12.0} {:9.2} {:9.1}", numbers[0], numbers[1], numbers[2]);
            }
        }
        shop.kill().expect("ends");
        shop.wait().expect("has ended");
    }
}

/// Measures one way of importing; prints products a second, CPU seconds, peak MiB.
async fn measure(engine: &str, what: &str, shop: &str) {
    let folder = std::env::temp_dir().join(format!("store-sync-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let database = match engine {
        "sqlite" => format!("sqlite:{}", folder.join("bench.db").display()),
        _ => postgres().await,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let listen = listener.local_addr().expect("an address");
    let text = format!(
        "[server]\nlisten = \"{listen}\"\n[database]\nurl = \"{database}\"\n[storage]\ndata_dir = \".\"\n[http]\nallow_private_networks = true\n\
         [app.sandbox]\nclient_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n"
    );
    let file = folder.join("config.toml");
    std::fs::write(&file, text).expect("is written");
    let tools =
        app::open(&Config::load(Some(&file), std::iter::empty()).expect("a configuration")).await.expect("tools");
    let client = ClientId::from("bench");
    let mut tx = tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &client, "Bench", None, tools.outside.clock.now()).await.expect("a client");
    tx.commit().await.expect("commits");
    let router = web::router(&tools);
    tokio::spawn(async move { drop(axum::serve(listener, router.into_make_service()).await) });
    let mut visitor = Visitor::new(tools.outside.http.clone());
    let link = web::connect_link(
        &tools,
        "sandbox",
        "bench",
        &BTreeMap::from([("shop".to_owned(), shop.to_owned())]),
        store_sync::connect::Sharing::Refused,
    );
    let page = visitor.open(&link).await.expect("the consent page");
    let back = visitor.decide(&page, "allow").await.expect("a way back");
    visitor.open(back.as_str()).await.expect("the callback");
    let (clock, cpu) = (Clock::system(), cpu_seconds());
    let began = clock.now();
    match what {
        "import" => drop(work::drain(&tools).await.expect("imports")),
        _ => plain_loop(&tools.db, &tools.outside.http, shop).await,
    }
    let seconds = clock.now().since(began).as_secs_f64();
    let mut tx = tools.db.read().await.expect("reads");
    let connection = db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0);
    let products = db::connection::count_products(&mut tx, &connection.id).await.expect("counts");
    drop(tx);
    assert!(products > 0, "nothing was imported");
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = products as f64 / seconds.max(0.001);
    println!("{rate} {} {}", cpu_seconds() - cpu, peak_mib());
    tools.db.close().await;
    std::fs::remove_dir_all(&folder).expect("is removed");
}

async fn postgres() -> String {
    let pattern = std::env::var("STORE_SYNC_TEST_POSTGRES").expect("a server");
    let name = format!("bench_{}", std::process::id());
    let admin = sqlx::PgPool::connect(&pattern.replace("DATABASE", "postgres")).await.expect("the server answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&admin)
        .await
        .expect("a database is made");
    pattern.replace("DATABASE", &name)
}

#[derive(Deserialize)]
struct Listed {
    products: Vec<Shown>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    id: String,
    sku: Option<String>,
    title: String,
    description_html: Option<String>,
    url: Option<String>,
    category: Option<String>,
    status: ProductStatus,
    price: String,
    currency: String,
    updated_at: Time,
    variants: Vec<ShownVariant>,
    images: Vec<NormalImage>,
}

#[derive(Deserialize)]
struct ShownVariant {
    id: String,
    sku: Option<String>,
    title: Option<String>,
    price: String,
    options: Vec<ShownOption>,
    image_id: Option<String>,
}

#[derive(Deserialize)]
struct ShownOption {
    name: String,
    value: String,
}

/// What one would write by hand for this one shop, without resuming, hashing, counting or sweeping.
async fn plain_loop(db: &Db, http: &Http, shop: &str) {
    let token = token(http, shop).await;
    let mut tx = db.read().await.expect("reads");
    let connection = db::connection::list(&mut tx, None, None, 1).await.expect("lists").remove(0);
    drop(tx);
    let (random, clock) = (Random::system(), Clock::system());
    let mut cursor: Option<String> = None;
    loop {
        let query = cursor.as_ref().map(|c| format!("&cursor={c}")).unwrap_or_default();
        let url = url::Url::parse(&format!("{shop}/api/products?limit=250{query}")).expect("an address");
        let mut request = Request::new(http::Method::GET, url);
        request.headers.insert(http::header::AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
        let answer = http.send(request).await.expect("an answer");
        let listed: Listed = serde_json::from_slice(&answer.body).expect("json");
        let now = clock.now();
        write_plainly(db, &connection.id, &connection.client_id, listed.products, (&random, now)).await;
        cursor = listed.next_cursor;
        if cursor.is_none() {
            return;
        }
    }
}

async fn write_plainly(
    db: &Db,
    connection: &ConnectionId,
    client: &ClientId,
    shown: Vec<Shown>,
    (random, now): (&Random, Time),
) {
    let products: Vec<(ProductId, NormalProduct)> =
        shown.into_iter().map(|p| (ProductId(random.uuid_v7(now)), normal(p))).collect();
    let run = RunId::from("plain");
    let to = ImportTarget { client, connection, run: &run, now };
    let rows: Vec<ProductRow<'_>> = products.iter().map(|(id, product)| ProductRow { id, hash: "", product }).collect();
    let (mut variants, mut images) = (Vec::new(), Vec::new());
    for (product, normal) in &products {
        for (position, value) in (0..).zip(&normal.variants) {
            variants.push(ChildRow {
                id: random.uuid_v7(now).into(),
                product,
                position,
                value,
                currency: Some("EUR"),
                asset: None,
            });
        }
        for (position, value) in (0..).zip(&normal.images) {
            images.push(ChildRow {
                id: random.uuid_v7(now).into(),
                product,
                position,
                value,
                currency: Some("EUR"),
                asset: None,
            });
        }
    }
    let mut tx = db.begin().await.expect("begins");
    catalogue::upsert_products(&mut tx, &to, &rows).await.expect("writes");
    catalogue::upsert_variants(&mut tx, &to, &variants, Siblings::New).await.expect("writes");
    catalogue::upsert_images(&mut tx, &to, &images, Siblings::New).await.expect("writes");
    tx.commit().await.expect("commits");
}

fn normal(p: Shown) -> NormalProduct {
    let variant = |v: ShownVariant| NormalVariant {
        price: Price::parse(&v.price),
        options: v.options.into_iter().map(|o| (o.name, o.value)).collect(),
        id: v.id,
        sku: v.sku,
        title: v.title,
        image_id: v.image_id,
    };
    NormalProduct {
        erp_id: p.id,
        erp_sku: p.sku,
        erp_url: p.url,
        title: p.title,
        description: p.description_html,
        category: p.category,
        price: Price::parse(&p.price),
        currency: Some(p.currency),
        status: Some(p.status),
        updated_at: Some(p.updated_at),
        variants: p.variants.into_iter().map(variant).collect(),
        notes: Vec::new(),
        faults: Vec::new(),
        images: p.images,
        doubt: None,
    }
}

/// A token of the loop's own.
async fn token(http: &Http, shop: &str) -> String {
    let door = Http::new(HttpPolicy {
        allow_private_networks: true,
        timeout: Duration::from_secs(30),
        ..HttpPolicy::default()
    })
    .expect("a door");
    let redirect = "http://127.0.0.1/oauth/callback/loop";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let consent = [
        ("response_type", "code"),
        ("client_id", "store-sync"),
        ("redirect_uri", redirect),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("decision", "allow"),
    ];
    let answer = form(&door, &format!("{shop}/oauth/authorize"), &consent).await;
    let back = url::Url::parse(answer.header("location").expect("a way back")).expect("an address");
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let trade = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", redirect),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ("client_id", "store-sync"),
        ("client_secret", "sandbox-secret"),
    ];
    let answer = form(http, &format!("{shop}/oauth/token"), &trade).await;
    let value: serde_json::Value = serde_json::from_slice(&answer.body).expect("json");
    value["access_token"].as_str().expect("a token").to_owned()
}

async fn form(http: &Http, url: &str, pairs: &[(&str, &str)]) -> store_sync::outside::Response {
    let mut request = Request::new(http::Method::POST, url::Url::parse(url).expect("an address"));
    request
        .headers
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/x-www-form-urlencoded"));
    request.body =
        Body::Bytes(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into());
    http.send_once(&request).await.expect("an answer")
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse().ok())
        .collect();
    fields.iter().sum::<f64>() / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    peak.unwrap_or(0.0) / 1024.0
}
