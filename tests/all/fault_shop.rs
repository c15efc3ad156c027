//! A fault shop: its catalogue changes while its pages are read, and some answers are wrong. After two passes over a
//! shop that stands still the database equals it, and no pass marks a living product as gone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{Json, Router, extract::Query, http::Uri};
use proptest::{
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
};
use serde_json::{Value, json};
use store_sync::{
    db::{self, product::ProductFilter},
    model::{ConnectionId, ImportScope, Product, Run},
};
use tokio::net::TcpListener;

use crate::{
    cases::{connect, daemon, hold},
    support::{Engine, TestApp, on_both},
};

/// Cases of each paging on each database, in `tests/run`.
const CASES: u32 = 24;
/// Products a page.
const SIZE: usize = 2;
/// From one rank to the next: there is room for others between them.
const STEP: i64 = 1 << 20;

/// How the pages of the shop's list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paging {
    Offset,
    Number,
    Link,
    Cursor,
}

/// What stands in a link or a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// The rank of the last product before the page.
    Rank,
    /// How many products stand before the page.
    Count,
}

/// What happens just before a page is answered. Numbers are places in the list, as far as it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happening {
    Delete(usize),
    Insert(usize),
    Edit(usize),
    /// An edit, in a list that has what changed last at its front…
    ToFront(usize),
    /// …or at its end.
    ToEnd(usize),
    /// A cache answers with the products of the page before.
    PageAgain,
    /// The page leads on to itself.
    SameNext,
    /// The page's total is short by so many.
    ShortTotal(usize),
}

/// A catalogue, and what happens to it during one pass.
#[derive(Debug, Clone)]
struct Catalogue {
    products: usize,
    holds: Holds,
    /// Whether pages have the total.
    counted: bool,
    /// Whether it was imported before.
    imported: bool,
    /// Each with the page that it happens before; the first page is 1.
    happenings: Vec<(usize, Happening)>,
}

fn catalogues(paging: Paging) -> impl Strategy<Value = Catalogue> {
    let leads = matches!(paging, Paging::Link | Paging::Cursor);
    let holds = if leads { vec![Holds::Rank, Holds::Count] } else { vec![Holds::Count] };
    let place = 0..8_usize;
    let change = prop_oneof![
        3 => place.clone().prop_map(Happening::Delete),
        3 => place.clone().prop_map(Happening::Insert),
        1 => place.clone().prop_map(Happening::Edit),
        2 => place.clone().prop_map(Happening::ToFront),
        2 => place.prop_map(Happening::ToEnd),
    ];
    let same_next = if leads { Happening::SameNext } else { Happening::PageAgain };
    let fault = prop_oneof![Just(Happening::PageAgain), Just(same_next), (1..4_usize).prop_map(Happening::ShortTotal)];
    let happenings = proptest::collection::vec((1..5_usize, prop_oneof![3 => change, 1 => fault]), 0..5);
    let kind = (select(holds), proptest::bool::weighted(0.75), any::<bool>());
    (0..9_usize, kind, happenings).prop_map(|(products, (holds, counted, imported), happenings)| Catalogue {
        products,
        holds,
        counted,
        imported,
        happenings,
    })
}

struct Item {
    id: usize,
    edits: usize,
    rank: i64,
}

impl Item {
    fn title(&self) -> String {
        format!("Product {} in form {}", self.id, self.edits)
    }
}

/// A shop, and what is still to happen to it.
struct FaultShop {
    catalogue: Catalogue,
    items: Vec<Item>,
    made: usize,
    pages: usize,
    /// The products of the page before.
    before: Vec<Value>,
}

impl FaultShop {
    fn new(catalogue: Catalogue) -> Self {
        let made = catalogue.products;
        let ranked = (0..).step_by(1 << 20);
        let items = (0..made).zip(ranked).map(|(id, rank)| Item { id, edits: 0, rank }).collect();
        Self { catalogue, items, made, pages: 0, before: Vec::new() }
    }

    /// From now on it stands still.
    fn settle(&mut self) {
        self.catalogue.happenings.clear();
    }

    /// The rank of something that is put at a place.
    fn rank_at(&self, place: usize) -> i64 {
        let rank = |place: usize| self.items.get(place).map(|item| item.rank);
        match (place.checked_sub(1).and_then(rank), rank(place)) {
            (Some(before), Some(after)) => i64::midpoint(before, after),
            (Some(before), None) => before + STEP,
            (None, Some(after)) => after - STEP,
            (None, None) => 0,
        }
    }

    fn put(&mut self, place: usize, id: usize, edits: usize) {
        let rank = self.rank_at(place);
        self.items.insert(place, Item { id, edits, rank });
    }

    fn happen(&mut self, happening: Happening) {
        let count = self.items.len();
        match happening {
            Happening::Insert(place) => {
                self.put(place % (count + 1), self.made, 0);
                self.made += 1;
            }
            Happening::Delete(place) if count > 0 => drop(self.items.remove(place % count)),
            Happening::Edit(place) if count > 0 => self.items[place % count].edits += 1,
            Happening::ToFront(place) if count > 0 => self.change_and_move(place % count, 0),
            Happening::ToEnd(place) if count > 0 => self.change_and_move(place % count, count - 1),
            _ => {}
        }
    }

    fn change_and_move(&mut self, from: usize, to: usize) {
        let Item { id, edits, .. } = self.items.remove(from);
        self.put(to, id, edits + 1);
    }

    /// The place of the first product of a page.
    fn begins(&self, asked: &HashMap<String, String>) -> usize {
        let number = |name: &str| asked.get(name).map(|text| text.parse::<i64>().expect("a number"));
        let count = |number: i64| usize::try_from(number).expect("is not negative");
        match (number("page"), number("at"), self.catalogue.holds) {
            (Some(page), ..) => (count(page) - 1) * SIZE,
            (_, Some(rank), Holds::Rank) => self.items.partition_point(|item| item.rank <= rank),
            (_, Some(before), Holds::Count) => count(before),
            _ => 0,
        }
    }

    /// Where the page behind this place begins, as a link or a cursor says it.
    fn next(&self, end: usize) -> Option<String> {
        let last = self.items.get(end.checked_sub(1)?).filter(|_| end < self.items.len())?;
        Some(match self.catalogue.holds {
            Holds::Rank => last.rank.to_string(),
            Holds::Count => end.to_string(),
        })
    }

    /// From its next page on, another case happens.
    fn begin(&mut self, case: &Catalogue) {
        self.catalogue = case.clone();
        (self.pages, self.before) = (0, Vec::new());
    }

    /// Answers one page. `link` makes the address of a page.
    fn answer(&mut self, asked: &HashMap<String, String>, link: impl Fn(&str) -> String) -> Value {
        self.pages += 1;
        let now = self.catalogue.happenings.iter().filter(|(page, _)| *page == self.pages);
        let now: Vec<Happening> = now.map(|(_, happening)| *happening).collect();
        for happening in &now {
            self.happen(*happening);
        }
        let at = self.begins(asked);
        let shown = |item: &Item| json!({ "id": item.id.to_string(), "title": item.title() });
        let mut page: Vec<Value> = self.items.iter().skip(at).take(SIZE).map(shown).collect();
        let again = std::mem::replace(&mut self.before, page.clone());
        if now.contains(&Happening::PageAgain) && !again.is_empty() {
            page = again;
        }
        let same = asked.get("at").filter(|_| now.contains(&Happening::SameNext)).cloned();
        let next = same.or_else(|| self.next(at + SIZE));
        let short = |happening: &Happening| if let Happening::ShortTotal(by) = happening { Some(*by) } else { None };
        let total = self.items.len().saturating_sub(now.iter().find_map(short).unwrap_or(0));
        let mut body = json!({ "products": page, "next": next, "link": next.as_deref().map(link) });
        if self.catalogue.counted {
            body["total"] = total.into();
        }
        body
    }
}

/// What a platform's file says of a paging, with or without a total.
fn list(paging: Paging, counted: bool) -> String {
    let (kind, query) = match paging {
        Paging::Offset => ("kind = \"offset\"", "at = \"{page.offset}\""),
        Paging::Number => ("kind = \"number\"", "page = \"{page.number}\""),
        Paging::Link => ("kind = \"link\", next = \"link\"", ""),
        Paging::Cursor => ("kind = \"cursor\", next = \"next\"", "at = \"{page.token}\""),
    };
    let total = if counted { ", total = \"total\"" } else { "" };
    format!(
        r#"
[op.products]
path = "/products"
query = {{ {query} }}
[import]
op = "products"
page = {{ {kind}, size = {SIZE}, items = "products"{total} }}
[import.map]
erp_id = "id"
title = "title"
"#
    )
}

/// What a case came to.
#[derive(Default)]
struct Found {
    /// A living product that was marked as gone, and how the run ended.
    gone: Option<String>,
    /// How the database differs from the shop after two passes.
    differs: Option<String>,
}

/// One daemon for many shops, each of a case: no case knows of another.
struct House {
    app: TestApp,
    shops: Arc<Mutex<Vec<FaultShop>>>,
    url: String,
    paging: Paging,
}

fn lock(shops: &Mutex<Vec<FaultShop>>) -> MutexGuard<'_, Vec<FaultShop>> {
    shops.lock().expect("is not poisoned")
}

/// Serves the shops, each below its number.
async fn serve(shops: Arc<Mutex<Vec<FaultShop>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let here = url.clone();
    let router = Router::new().fallback(async move |uri: Uri, Query(asked): Query<HashMap<String, String>>| {
        let (shop, what) = uri.path()[1..].split_once('/').expect("a shop");
        let link = |at: &str| format!("{here}/{shop}/products?at={at}");
        let number: usize = shop.parse().expect("a number");
        Json(if what == "products" { lock(&shops)[number].answer(&asked, link) } else { json!({}) })
    });
    tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
    url
}

impl House {
    async fn new(engine: Engine, paging: Paging) -> Self {
        let platforms = [("counted", list(paging, true)), ("uncounted", list(paging, false))];
        let app = daemon(engine, &platforms).await;
        let shops = Arc::default();
        Self { app, url: serve(Arc::clone(&shops)).await, shops, paging }
    }

    /// Opens a shop and connects it.
    async fn open(&self, catalogue: &Catalogue) -> (usize, ConnectionId) {
        let number = {
            let mut shops = lock(&self.shops);
            shops.push(FaultShop::new(catalogue.clone()));
            shops.len() - 1
        };
        let key = if catalogue.counted { "counted" } else { "uncounted" };
        (number, connect(&self.app, key, format!("{}/{number}", self.url)).await)
    }

    /// The products of a shop in the database.
    async fn products(&self, shop: &ConnectionId) -> Vec<Product> {
        let filter = ProductFilter { connection: Some(shop.clone()), with_deleted: true, ..ProductFilter::default() };
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::product::list(&mut tx, &filter, 1000).await.expect("lists")
    }

    /// Goes through a case: the pass during which all of it happens, then two over a shop that stands still.
    async fn judge(&self, case: &Catalogue) -> Found {
        let still = Catalogue { happenings: Vec::new(), ..case.clone() };
        let (number, shop) = self.open(if case.imported { &still } else { case }).await;
        self.app.drain().await;
        let mut found = Found::default();
        if case.imported {
            lock(&self.shops)[number].begin(case);
            let run = self.app.import(&shop, ImportScope::Full, false).await;
            self.look(number, &shop, &run, &mut found).await;
        }
        lock(&self.shops)[number].settle();
        for _ in 0..2 {
            let run = self.app.import(&shop, ImportScope::Full, false).await;
            self.look(number, &shop, &run, &mut found).await;
        }
        let kept: BTreeMap<String, String> = self.products(&shop).await.into_iter().filter_map(living).collect();
        let there: BTreeMap<String, String> =
            lock(&self.shops)[number].items.iter().map(|item| (item.id.to_string(), item.title())).collect();
        if kept != there {
            found.differs = Some(format!("after two passes the database has {kept:?}, and the shop {there:?}"));
        }
        found
    }

    /// Looks for a living product that a run marked as gone.
    async fn look(&self, number: usize, shop: &ConnectionId, run: &Run, found: &mut Found) {
        let products = self.products(shop).await;
        let shops = lock(&self.shops);
        let lives = |id: &str| shops[number].items.iter().any(|item| item.id.to_string() == id);
        let gone = products.iter().filter(|product| product.erp_deleted_at.is_some());
        let wrong: Vec<&str> = gone.filter_map(|product| product.erp_id.as_deref()).filter(|id| lives(id)).collect();
        if !wrong.is_empty() && found.gone.is_none() {
            found.gone = Some(format!("{wrong:?} live, and a run that says {} marked them as gone", run.status));
        }
    }

    /// Runs cases.
    fn hold(&self) {
        hold(CASES, &catalogues(self.paging), async |case: Catalogue| {
            let Found { gone, differs } = self.judge(&case).await;
            match differs.or(gone) {
                Some(words) => Err(words),
                None => Ok(()),
            }
        });
    }
}

fn living(product: Product) -> Option<(String, String)> {
    let Product { erp_id, name, erp_deleted_at, .. } = product;
    erp_id.filter(|_| erp_deleted_at.is_none()).map(|id| (id, name))
}

on_both!(
    a_shop_that_is_read_by_offset_is_known_after_two_quiet_passes,
    a_shop_that_is_read_by_number_is_known_after_two_quiet_passes,
    a_shop_that_is_read_by_link_is_known_after_two_quiet_passes,
    a_shop_that_is_read_by_cursor_is_known_after_two_quiet_passes
);

async fn a_shop_that_is_read_by_offset_is_known_after_two_quiet_passes(engine: Engine) {
    whatever_happens_holds(engine, Paging::Offset).await;
}

async fn a_shop_that_is_read_by_number_is_known_after_two_quiet_passes(engine: Engine) {
    whatever_happens_holds(engine, Paging::Number).await;
}

async fn a_shop_that_is_read_by_link_is_known_after_two_quiet_passes(engine: Engine) {
    whatever_happens_holds(engine, Paging::Link).await;
}

async fn a_shop_that_is_read_by_cursor_is_known_after_two_quiet_passes(engine: Engine) {
    whatever_happens_holds(engine, Paging::Cursor).await;
}

/// The smallest catalogues that one pass reads wrongly and cannot tell: neither the total nor a product on two pages shows
/// that one was missed.
fn smallest(paging: Paging) -> Vec<Catalogue> {
    let (delete, insert) = (Happening::Delete(0), Happening::Insert(2));
    let by_place =
        Catalogue { products: 3, holds: Holds::Count, counted: false, imported: true, happenings: vec![(2, delete)] };
    let counted = Catalogue { counted: true, ..by_place.clone() };
    let both = Catalogue { happenings: vec![(2, delete), (2, insert)], ..counted.clone() };
    let short = Catalogue { happenings: vec![(1, Happening::ShortTotal(1))], ..counted.clone() };
    match paging {
        Paging::Offset | Paging::Number => vec![by_place, both, short],
        Paging::Link => vec![by_place, both],
        Paging::Cursor => vec![by_place, counted, both],
    }
}

async fn whatever_happens_holds(engine: Engine, paging: Paging) {
    let house = House::new(engine, paging).await;
    let mut wrong = Vec::new();
    for case in smallest(paging) {
        wrong.extend(house.judge(&case).await.gone.map(|words| format!("{words}: {case:?}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    house.hold();
}
