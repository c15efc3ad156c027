//! What a shop of every platform is asked, and the rows that come of its answers, compared with snapshots: a change of an engine or of a
//! provider's file shows itself. What is right is judged elsewhere: by recorded conversations, real shops and the platforms' own programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use regex::Regex;
use serde_json::{Value, json};
use store_sync::{
    connect, db,
    model::{ImportScope, Product, PushStatus, RunStatus},
    push,
    sandbox::SandboxOptions,
};
use tokio::net::TcpListener;

use crate::{
    rehearsal::House,
    support::{Engine, More, TestApp},
};

/// How many requests of one kind are shown.
const SHOWN: usize = 2;
/// How long a line may be.
const WIDTH: usize = 120;

/// The requests that reached a shop, in their order.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Vec<Sent>>>);

struct Sent {
    head: Parts,
    body: Bytes,
}

impl Requests {
    /// Serves a shop and remembers what it is asked.
    pub(crate) fn serve(&self, listener: TcpListener, shop: Router) {
        let shop = shop.layer(middleware::from_fn_with_state(self.clone(), remember));
        tokio::spawn(async move { axum::serve(listener, shop.into_make_service()).await });
    }

    fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.0.lock().expect("is whole"))
    }
}

async fn remember(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 40 << 20).await else { return StatusCode::BAD_REQUEST.into_response() };
    requests.0.lock().expect("is whole").push(Sent { head: head.clone(), body: body.clone() });
    next.run(Request::from_parts(head, Body::from(body))).await
}

/// The names of a request's headers.
pub(crate) fn names(headers: &HeaderMap) -> BTreeSet<String> {
    headers.keys().map(ToString::to_string).collect()
}

impl Sent {
    /// Neither the merchant's own decisions nor what a test does to a shop.
    fn is_of_the_daemon(&self) -> bool {
        let path = self.head.uri.path();
        let by_hand = path.starts_with("/rehearsal") && !path.starts_with("/rehearsal/files");
        !by_hand && !self.body.ends_with(b"decision=allow")
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn place(&self) -> String {
        format!("{} {}{}", self.head.method, self.header(header::HOST), self.head.uri.path())
    }

    /// The address, and its query in an order of ours.
    fn address(&self) -> String {
        let Some(query) = self.head.uri.query() else { return self.place() };
        let line = format!("{}?{}", self.place(), sorted(query, "&"));
        if line.len() <= WIDTH { line } else { format!("{}\n    ?{}", self.place(), sorted(query, "\n    &")) }
    }

    /// What it asks for, whichever product it is about.
    fn kind(&self, documents: &Documents) -> String {
        let place = self.place();
        let path = NUMBER.replace_all(&place, "/*");
        let sent: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let document = sent["query"].as_str().and_then(|text| documents.name(text));
        document.map_or_else(|| path.clone().into_owned(), |name| format!("{path} {name}"))
    }

    fn body(&self, documents: &Documents) -> String {
        let kind = self.header(header::CONTENT_TYPE);
        if let Some((_, boundary)) = kind.split_once("boundary=") {
            let (text, between) = (String::from_utf8_lossy(&self.body), format!("--{boundary}"));
            let parts = text.split(&between).map(str::trim).filter(|part| !["", "--"].contains(part));
            return parts.map(|part| one_part(part, documents)).collect::<Vec<_>>().join("\n");
        }
        if kind.starts_with("application/x-www-form-urlencoded") {
            return sorted(&String::from_utf8_lossy(&self.body), "\n");
        }
        documents.readable(&self.body)
    }
}

fn one_part(part: &str, documents: &Documents) -> String {
    let (head, body) = part.split_once("\r\n\r\n").unwrap_or((part, ""));
    format!("{}\n{}", head.replace("\r\n", "; "), documents.readable(body.as_bytes()))
}

fn sorted(pairs: &str, between: &str) -> String {
    let mut pairs: Vec<&str> = pairs.split('&').collect();
    pairs.sort_unstable();
    pairs.join(between)
}

/// A provider's GraphQL documents, which stand in its folder and need not stand in every request.
struct Documents(Vec<(String, String)>);

impl Documents {
    fn of(provider: &str) -> Self {
        let folder = format!("{}/providers/{provider}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        let documents = files.filter(|path| path.extension().is_some_and(|kind| kind == "graphql")).map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a document"))
        });
        Self(documents.collect())
    }

    fn name(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|(_, document)| document.trim() == text.trim()).map(|(name, _)| name.as_str())
    }

    /// A body as people read it; the bytes of a picture are none of it.
    fn readable(&self, bytes: &[u8]) -> String {
        let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
            let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\u{fffd}'));
            return text.unwrap_or("[picture]").to_owned();
        };
        self.shorten(&mut value);
        laid_out(&value, 0)
    }

    fn shorten(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = self.name(text) {
                    *text = format!("[{name}]");
                } else if text.len() > 1000 && STANDARD.decode(&text).is_ok() {
                    "[picture]".clone_into(text);
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.shorten(one)),
            Value::Object(all) => all.values_mut().for_each(|one| self.shorten(one)),
            _ => {}
        }
    }
}

/// JSON of which a line holds as much as fits, `indent` columns from the left.
pub(crate) fn laid_out(value: &Value, indent: usize) -> String {
    let line = value.to_string();
    let (open, close, members) = match value {
        Value::Array(all) => ('[', ']', all.iter().map(|one| laid_out(one, indent + 2)).collect::<Vec<_>>()),
        Value::Object(all) => {
            let member = |(name, one): (&String, &Value)| format!("{}: {}", json!(name), laid_out(one, indent + 2));
            ('{', '}', all.iter().map(member).collect())
        }
        _ => return line,
    };
    if indent + line.len() <= WIDTH {
        return line;
    }
    let left = " ".repeat(indent);
    format!("{open}\n{left}  {}\n{left}{close}", members.join(&format!(",\n{left}  ")))
}

/// A part of a path that names one thing of many.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"/[^/]*\d{3}[^/]*").expect("a pattern"));

/// What differs from run to run, and from one encoder of pictures to the next.
static CHANCE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let pattern = |text: &str| Regex::new(text).expect("a pattern");
    vec![
        (pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"), "[id]"),
        (pattern(r"ss-[0-9a-f]{20}"), "ss-[mark]"),
        (pattern(r#"("fileSize": ?)"\d+""#), "$1\"[bytes]\""),
        (pattern(r"127\.0\.0\.1(:|%3A)\d+"), "[shop]"),
        (pattern(r"(state(=|%3D))[A-Za-z0-9_.-]{20,}"), "$1[token]"),
        (pattern(r"[A-Za-z0-9_-]{43,}"), "[token]"),
        // The numbers of the rehearsal begin with zeros.
        (pattern(r"\b0{0,3}[1-9a-f][0-9a-f]{28,31}\b"), "[hash]"),
    ]
});

fn masked(text: String) -> String {
    CHANCE.iter().fold(text, |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
}

/// What happened at a shop, step by step.
struct Record {
    requests: Requests,
    documents: Documents,
    steps: Vec<(&'static str, Vec<Sent>)>,
}

impl Record {
    fn new(provider: &str, requests: &Requests) -> Self {
        Self { requests: requests.clone(), documents: Documents::of(provider), steps: Vec::new() }
    }

    /// What was asked since the last step belongs to this one.
    fn step(&mut self, name: &'static str) {
        let sent = self.requests.take().into_iter().filter(Sent::is_of_the_daemon).collect();
        self.steps.push((name, sent));
    }

    fn text(&self) -> String {
        let all = || self.steps.iter().flat_map(|(_, sent)| sent);
        let always = all().map(|sent| names(&sent.head.headers)).reduce(|a, b| &a & &b).unwrap_or_default();
        let steps = self.steps.iter().map(|(name, sent)| format!("== {name} ==\n{}", self.step_text(sent, &always)));
        let steps = steps.collect::<Vec<_>>().join("\n");
        masked(format!("every request has {}\n\n{steps}", always.into_iter().collect::<Vec<_>>().join(", ")))
    }

    fn step_text(&self, sent: &[Sent], always: &BTreeSet<String>) -> String {
        let (mut text, mut kinds) = (String::new(), BTreeMap::<String, usize>::new());
        for one in sent {
            let times = kinds.entry(one.kind(&self.documents)).or_default();
            *times += 1;
            if *times <= SHOWN {
                text += &self.request_text(one, always);
            }
        }
        for (kind, times) in kinds.iter().filter(|(_, times)| **times > SHOWN) {
            text += &format!("and {} more: {kind}\n", times - SHOWN);
        }
        text
    }

    fn request_text(&self, sent: &Sent, always: &BTreeSet<String>) -> String {
        let more = &names(&sent.head.headers) - always;
        let body = sent.body(&self.documents);
        let lines = std::iter::once(more.into_iter().collect::<Vec<_>>().join(", "));
        let lines = lines.chain(body.lines().map(str::to_owned)).filter(|line| !line.is_empty());
        lines.fold(sent.address() + "\n", |text, line| text + "    " + &line + "\n")
    }
}

/// Columns that hold ids and times of our own.
const OURS: &[&str] = &[
    "id",
    "client_id",
    "product_id",
    "store_connection_id",
    "last_seen_run_id",
    "imported_at",
    "last_synced_at",
    "created_at",
    "updated_at",
];

/// A row without what says nothing about the mapping.
fn row(mut row: Value) -> Value {
    let columns = row.as_object_mut().expect("a row");
    columns.retain(|name, value| !OURS.contains(&name.as_str()) && !value.is_null());
    row
}

/// Products as they were imported, with their variants and pictures.
async fn rows(app: &TestApp, products: &[Product]) -> String {
    let mut all = Vec::new();
    let mut tx = app.tools.db.read().await.expect("reads");
    for product in products {
        let variants = db::product::list_variants(&mut tx, &product.id).await.expect("lists");
        let images = db::product::list_images(&mut tx, &product.id).await.expect("lists");
        let mut one = row(json!(product));
        one["variants"] = variants.iter().map(|variant| row(json!(variant))).collect();
        one["images"] = images.iter().map(|image| row(json!(image))).collect();
        all.push(laid_out(&one, 0));
    }
    masked(format!("== products ==\n{}\n", all.join("\n")))
}

/// One product more than a page of this platform's catalogue has.
fn two_pages(provider: &str) -> usize {
    let file = format!("{}/providers/{provider}/provider.toml", env!("CARGO_MANIFEST_DIR"));
    let file: toml::Value = toml::from_str(&std::fs::read_to_string(file).expect("a file")).expect("is TOML");
    let size = file["import"]["page"]["size"].as_integer().expect("a size");
    usize::try_from(size).expect("is small") + 1
}

/// A picture is pushed and taken out again.
async fn push_and_take_out(record: &mut Record, app: &TestApp, product: &Product) {
    let asset = app.add_asset(product, 1).await;
    app.approve(&asset).await;
    app.drain().await;
    let pushed = app.pushes().await.remove(0);
    assert_eq!(pushed.status, PushStatus::Synced, "{pushed:?}");
    record.step("a picture is pushed");
    push::ask_revert(&app.tools, &[pushed.id.to_string()]).await.expect("is asked");
    app.drain().await;
    record.step("it is taken out again");
}

/// The shop is read again after its token has ended, and left.
async fn renew_and_leave(record: &mut Record, app: &TestApp) {
    let connection = app.connection().await;
    if let Some(ends) = connection.token_expires_at {
        app.clock.advance(ends.since(app.clock.now()) + Duration::from_secs(1));
        assert_eq!(app.sync(ImportScope::Changes).await.status, RunStatus::Success);
        record.step("the token has ended");
    }
    let left = connect::disconnect(&app.tools, &connection.id).await.expect("is left");
    assert!(left.note.as_ref().is_none_or(|note| note.contains("no call ends what the shop gave: ")), "{left:?}");
    app.drain().await;
    record.step("the shop is left");
}

/// A platform that its own file plays.
async fn at_a_platform(engine: Engine, provider: &'static str) -> String {
    let house = House::new(engine, provider, two_pages(provider), None).await;
    let (app, mut record) = (&house.app, Record::new(provider, &house.requests));
    house.connect().await;
    record.step("a shop is connected");
    app.drain().await;
    record.step("its catalogue is read, and its changes are subscribed to");
    let products = rows(app, &[house.product(1001).await, house.product(1002).await]).await;
    if app.tools.provider(provider).expect("is known").limits().images_per_product == 1 {
        house.clear_pictures(1001).await;
    }
    house.edit(1003, "Renamed").await;
    house.sync(ImportScope::Changes).await;
    record.step("a product has changed");
    push_and_take_out(&mut record, app, &house.product(1001).await).await;
    renew_and_leave(&mut record, app).await;
    format!("{}\n{products}", record.text())
}

/// The built-in shop, which no file plays.
async fn at_the_sandbox(engine: Engine) -> String {
    let (requests, options) =
        (Requests::default(), SandboxOptions { products: two_pages("sandbox"), ..<_>::default() });
    let more = More { requests: Some(&requests), public: Some("https://daemon.example"), ..More::default() };
    let app = TestApp::with_more(engine, options, more).await;
    let mut record = Record::new("sandbox", &requests);
    app.connect().await;
    record.step("a shop is connected");
    app.drain().await;
    record.step("its catalogue is read, and its changes are subscribed to");
    let products = rows(&app, &[app.product("1001").await, app.product("1002").await]).await;
    app.clock.advance(Duration::from_mins(10));
    app.shop(Method::PATCH, "/api/products/1003", Some(json!({ "title": "Renamed" }))).await;
    requests.take();
    app.sync(ImportScope::Changes).await;
    record.step("a product has changed");
    push_and_take_out(&mut record, &app, &app.product("1001").await).await;
    renew_and_leave(&mut record, &app).await;
    format!("{}\n{products}", record.text())
}

async fn compare(engine: Engine, provider: &'static str) {
    let text = if provider == "sandbox" { at_the_sandbox(engine).await } else { at_a_platform(engine, provider).await };
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("platform_{provider}"), text);
    });
}

macro_rules! platforms {
    ($($name:ident: $key:literal),+) => {
        /// Every folder of a platform has its snapshot.
        #[test]
        fn no_platform_is_left_out() {
            let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/providers")).expect("a folder").flatten();
            let folders = folders.filter(|entry| entry.path().is_dir());
            let folders: BTreeSet<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            assert_eq!(folders, BTreeSet::from([$($key.to_owned()),+]));
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::compare(crate::support::Engine::Sqlite, $key).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::compare(crate::support::Engine::Postgres, $key).await; })+
        }
    };
}

platforms! {
    adobe_commerce: "adobe-commerce", bigcommerce: "bigcommerce", ecwid: "ecwid", etsy: "etsy", prestashop: "prestashop", pretix: "pretix",
    saleor: "saleor", sandbox: "sandbox", shopify: "shopify", shopware: "shopware", square: "square", squarespace: "squarespace",
    vendure: "vendure", wix: "wix", wix_v1: "wix-v1", woocommerce: "woocommerce", woocommerce_password: "woocommerce-password"
}
