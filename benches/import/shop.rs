//! The shop, a process of its own: it serves pages that were rendered beforehand, 250 products of about 5 KB each.

use std::{
    fmt,
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The products of a page.
pub(crate) const PAGE: usize = 250;
pub(crate) const VARIANTS: usize = 3;
pub(crate) const IMAGES: usize = 4;
/// The key that every caller sends.
pub(crate) const KEY: &str = "bench-key-0123456789";

/// What the shop's catalogue looks like, compared with the first time that it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    First,
    /// Every hundredth product has changed since then.
    Few,
    /// Every product has changed once more.
    All,
}

impl Edition {
    fn parse(name: &str) -> Option<Self> {
        [Self::First, Self::Few, Self::All].into_iter().find(|edition| edition.to_string() == name)
    }

    /// How often this product was changed.
    fn revision(self, number: usize) -> usize {
        match self {
            Self::First => 0,
            Self::Few => usize::from(number.is_multiple_of(100)),
            Self::All => 2,
        }
    }

    /// How many of the products were changed as often as this edition changes any, and how often that is.
    pub(crate) fn newest(self, products: usize) -> (usize, usize) {
        match self {
            Self::First => (products, 0),
            Self::Few => (products.div_ceil(100), 1),
            Self::All => (products, 2),
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Few => "few",
            Self::All => "all",
        })
    }
}

/// The pages of the present edition.
#[derive(Clone)]
struct Shelf {
    products: usize,
    pages: Arc<RwLock<Vec<Bytes>>>,
}

/// Which page is asked for.
#[derive(Deserialize)]
struct Asked {
    cursor: Option<usize>,
}

/// Serves until the process is ended. Prints its address when it is ready.
pub(crate) async fn serve(products: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let shelf = Shelf { products, pages: Arc::new(RwLock::new(render(products, Edition::First))) };
    let shop = Router::new()
        .route("/api/shop", get(about))
        .route("/api/products", get(page))
        .route("/edition/{name}", post(change))
        .with_state(shelf);
    println!("{address}");
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, shop).await.expect("the shop serves");
}

fn is_known(headers: &HeaderMap) -> bool {
    headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes() == format!("Bearer {KEY}").as_bytes())
}

async fn about(headers: HeaderMap) -> Response {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "id": 1, "name": "Benchmark shop", "currency": "EUR" })).into_response()
}

async fn page(State(shelf): State<Shelf>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    if !is_known(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let pages = shelf.pages.read().unwrap_or_else(PoisonError::into_inner);
    match pages.get(asked.cursor.unwrap_or(0)) {
        Some(body) => ([(header::CONTENT_TYPE, "application/json")], body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn change(State(shelf): State<Shelf>, Path(name): Path<String>) -> StatusCode {
    let Some(edition) = Edition::parse(&name) else { return StatusCode::NOT_FOUND };
    // The pages before go first: there is room for one edition.
    shelf.pages.write().unwrap_or_else(PoisonError::into_inner).clear();
    let pages = render(shelf.products, edition);
    *shelf.pages.write().unwrap_or_else(PoisonError::into_inner) = pages;
    StatusCode::OK
}

fn render(products: usize, edition: Edition) -> Vec<Bytes> {
    let pages = products.div_ceil(PAGE);
    let page = |page: usize| {
        let numbers = page * PAGE..products.min((page + 1) * PAGE);
        let listed: Vec<Value> = numbers.map(|number| product(number, edition.revision(number))).collect();
        let next = (page + 1 < pages).then(|| (page + 1).to_string());
        let body = json!({ "products": listed, "next_cursor": next, "total": products });
        Bytes::from(serde_json::to_vec(&body).expect("is JSON"))
    };
    (0..pages).map(page).collect()
}

/// A product as shops show it: what an import reads, among what it does not.
fn product(number: usize, revision: usize) -> Value {
    let id = 1_000_000 + number;
    json!({
        "id": id,
        "sku": format!("SKU-{number:07}"),
        "title": format!("Oak table lamp {number}, edition {revision}"),
        "handle": format!("oak-table-lamp-{number}"),
        "description_html": description(number),
        "url": format!("https://shop.example/products/oak-table-lamp-{number}"),
        "category": (["Lamps", "Chairs", "Tables", "Shelves"])[number % 4],
        "status": "active",
        "price": price(number + revision),
        "currency": "EUR",
        "created_at": "2026-01-05T08:00:00Z",
        "updated_at": format!("2026-10-{:02}T10:{:02}:00Z", 1 + revision, number % 60),
        "vendor": "Example Furniture Ltd",
        "tags": ["oak", "handmade", "living room", format!("series {}", number % 50)],
        "seo": { "title": format!("Buy oak table lamp {number}"), "description": "Free delivery within five days." },
        "weight": { "value": 1200 + number % 900, "unit": "g" },
        "tax_class": "standard",
        "variants": (0..VARIANTS).map(|at| variant(id, at, revision)).collect::<Vec<_>>(),
        "images": (0..IMAGES).map(|at| image(id, at)).collect::<Vec<_>>(),
    })
}

fn variant(product: usize, at: usize, revision: usize) -> Value {
    let size = (["Small", "Medium", "Large"])[at % 3];
    json!({
        "id": product * 10 + at,
        "sku": format!("SKU-{product}-{at}"),
        "title": format!("{size} / Natural"),
        "price": price(product + at + revision),
        "compare_at_price": null,
        "barcode": format!("40{product:011}"),
        "inventory": { "tracked": true, "quantity": (product + at) % 70, "policy": "deny" },
        "options": [{ "name": "Size", "value": size }, { "name": "Finish", "value": "Natural" }],
        "image_id": product * 10 + at,
        "requires_shipping": true,
    })
}

fn image(product: usize, at: usize) -> Value {
    let id = product * 10 + at;
    json!({
        "id": id,
        "url": format!("https://pictures.shop.example/files/1/0042/{id}/oak-table-lamp-view-{at}.jpg?v=1700000000"),
        "alt": format!("The lamp seen from side {at}, on a table of oak beside a window"),
        "width": 2048,
        "height": 2048,
        "position": at + 1,
    })
}

fn price(seed: usize) -> String {
    format!("{}.{:02}", 20 + seed % 400, seed % 100)
}

/// Sentences in HTML, of a length as shops have them.
fn description(number: usize) -> String {
    let sentence = "The base is turned from a single piece of oak and oiled by hand, so that no two are alike. ";
    format!("<p>Lamp {number}.</p><p>{}</p><ul><li>Oak</li><li>Linen</li></ul>", sentence.repeat(22))
}

/// A caller that throws away what it is sent.
pub(crate) struct Visitor {
    stream: TcpStream,
    address: String,
}

impl Visitor {
    pub(crate) fn new(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address: address.to_owned() })
    }

    /// Has the shop serve this edition from now on.
    pub(crate) fn change(&mut self, edition: Edition) -> io::Result<()> {
        self.ask("POST", &format!("/edition/{edition}")).map(drop)
    }

    /// Reads every page once; returns the number of bytes.
    pub(crate) fn read_all(&mut self, products: usize) -> io::Result<usize> {
        (0..products.div_ceil(PAGE))
            .map(|page| self.ask("GET", &format!("/api/products?limit={PAGE}&cursor={page}")))
            .sum()
    }

    /// Asks, and returns the length of the body.
    fn ask(&mut self, method: &str, path: &str) -> io::Result<usize> {
        let Self { stream, address } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut buffer = vec![0; 256 * 1024];
        let (mut filled, end) = (0, b"\r\n\r\n");
        let head = loop {
            let count = stream.read(&mut buffer[filled..])?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += count;
            if let Some(at) = buffer[..filled].windows(end.len()).position(|bytes| bytes == end) {
                break at + end.len();
            }
        };
        let length = length(&String::from_utf8_lossy(&buffer[..head]))?;
        let mut left = length.saturating_sub(filled - head);
        while left > 0 {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= count.min(left);
        }
        Ok(length)
    }
}

/// The length of the body, by the head of a response that has to be a success.
fn length(head: &str) -> io::Result<usize> {
    if !head.starts_with("HTTP/1.1 200") {
        return Err(io::Error::other(format!("the shop answered: {head}")));
    }
    let line =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    Ok(line.and_then(|text| text.trim().parse().ok()).unwrap_or(0))
}
