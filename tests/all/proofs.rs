//! Imports that prove what they say: what a pass misses is asked for or missed twice, a page that is too much is asked for in smaller
//! ones, and whole lists of variants and pictures do not vanish unasked.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::Query,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store_sync::{
    connect::{self, Sharing},
    db,
    model::{FIELDS_WITHOUT_VALUES, ImportScope, ItemOutcome, Run, RunStatus},
    sandbox::SandboxOptions,
};
use tokio::net::TcpListener;

use crate::support::{Engine, More, SmallList, SmallPlatform, TestApp, on_both};

/// What is read of a product, and how changes are asked for.
const READ: &str = r#"
since = { overlap = "1m" }
[import.map]
erp_id = "id"
title = "title"
updated_at = "updated_at"
description = "description"
images = { each = "images", id = "id", url = "url" }
[import.map.variants]
each = "variants"
id = "id"
"#;

/// A platform whose list has pages of this kind and size.
fn platform(kind: &str, size: usize) -> String {
    let one = "one = { op = \"product\" }\n";
    listed(kind, size, &format!("{one}{READ}[op.product]\npath = \"/products/{{product.erp_id}}\"\n"))
}

/// The same without a call for one product.
fn unasked(kind: &str, size: usize) -> String {
    listed(kind, size, READ)
}

fn listed(kind: &str, size: usize, rest: &str) -> String {
    let (at, next) = match kind {
        "number" => ("page.number", ""),
        "offset" => ("page.offset", ""),
        _ => ("page.token", ", next = \"next\""),
    };
    let query = format!("limit = \"{{page.size}}\", at = \"{{{at}}}\", since = \"{{since}}\"");
    let pages = format!("kind = \"{kind}\", size = {size}, total = \"total\"{next}");
    let list = SmallList { query: &query, pages: &pages, ..SmallList::default() };
    let call = "message = [\"message\"]";
    SmallPlatform { key: "listed", call, list: Some(list), rest, ..SmallPlatform::default() }.text()
}

/// What the shop was asked.
#[derive(Debug, Clone)]
struct Asked {
    path: String,
    query: HashMap<String, String>,
}

impl Asked {
    fn number(&self, name: &str) -> Option<usize> {
        self.query.get(name).map(|text| text.parse().expect("a number"))
    }

    fn limit(&self) -> usize {
        self.number("limit").expect("is in every request for a list")
    }

    /// The product that it asks for.
    fn product(&self) -> Option<usize> {
        self.path.strip_prefix("/products/").map(|id| id.parse().expect("a number"))
    }

    /// The first of the products that it asks for, and the one behind the last.
    fn range(&self, kind: &str) -> (usize, usize) {
        let at = self.number("at").unwrap_or(usize::from(kind == "number"));
        let first = if kind == "number" { (at - 1) * self.limit() } else { at };
        (first, first + self.limit())
    }

    /// The page of a list of these products.
    fn page(&self, kind: &str, ids: &[usize], product: impl Fn(usize) -> Value) -> Value {
        let (first, end) = self.range(kind);
        let page: Vec<Value> = ids.iter().skip(first).take(end - first).map(|id| product(*id)).collect();
        let next = (end < ids.len()).then(|| end.to_string());
        json!({ "products": page, "total": ids.len(), "next": next })
    }

    /// What an honest shop answers.
    fn answer(&self, kind: &str, ids: &[usize]) -> Told {
        match self.product() {
            Some(id) if ids.contains(&id) => (StatusCode::OK, product(id)),
            Some(_) => (StatusCode::NOT_FOUND, json!({ "message": "no such product" })),
            None => (StatusCode::OK, self.page(kind, ids, product)),
        }
    }
}

type Told = (StatusCode, Value);

struct Shop {
    answer: Box<dyn FnMut(&Asked) -> Told + Send>,
    asked: Vec<Asked>,
}

struct House {
    app: TestApp,
    shop: Arc<Mutex<Shop>>,
}

fn lock(shop: &Mutex<Shop>) -> MutexGuard<'_, Shop> {
    shop.lock().expect("is not poisoned")
}

fn respond(shop: &Mutex<Shop>, uri: &Uri, query: HashMap<String, String>) -> Response {
    if uri.path() == "/shop" {
        return Json(json!({})).into_response();
    }
    let mut shop = lock(shop);
    let asked = Asked { path: uri.path().to_owned(), query };
    let (status, body) = (shop.answer)(&asked);
    shop.asked.push(asked);
    if status.is_redirection() {
        return (status, [(header::LOCATION, "http://10.0.0.1/")]).into_response();
    }
    (status, Json(body)).into_response()
}

impl House {
    /// A shop that is connected and was imported once.
    async fn new(engine: Engine, platform: &str, answer: impl FnMut(&Asked) -> Told + Send + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        std::fs::create_dir(folder.path().join("listed")).expect("a folder");
        std::fs::write(folder.path().join("listed/provider.toml"), platform).expect("is written");
        let config = format!("[providers]\ndir = \"{}\"\n", folder.path().display());
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        let shop = Arc::new(Mutex::new(Shop { answer: Box::new(answer), asked: Vec::new() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = shop.clone();
        let router = Router::new().fallback(move |uri: Uri, Query(query): Query<HashMap<String, String>>| {
            let response = respond(&served, &uri, query);
            async move { response }
        });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let fields = BTreeMap::from([("shop".to_owned(), url), ("token".to_owned(), "t".to_owned())]);
        connect::connect_with_key(&app.tools, "acme", "listed", &fields, Sharing::Refused).await.expect("is connected");
        app.drain().await;
        Self { app, shop }
    }

    /// Answers otherwise from now on.
    fn answers(&self, answer: impl FnMut(&Asked) -> Told + Send + 'static) {
        let mut shop = lock(&self.shop);
        (shop.answer, shop.asked) = (Box::new(answer), Vec::new());
    }

    /// Answers for these products, which stay.
    fn sells(&self, kind: &'static str, ids: impl IntoIterator<Item = usize>) {
        let ids: Vec<usize> = ids.into_iter().collect();
        self.answers(move |asked| asked.answer(kind, &ids));
    }

    async fn full(&self) -> Run {
        self.app.sync(ImportScope::Full).await
    }

    fn asked(&self) -> Vec<Asked> {
        lock(&self.shop).asked.clone()
    }

    /// The sizes of the pages that it was asked for.
    fn limits(&self) -> Vec<usize> {
        self.asked().iter().filter(|asked| asked.product().is_none()).map(Asked::limit).collect()
    }

    /// How often it was asked for a product by its id.
    fn asked_for(&self, id: usize) -> usize {
        self.asked().iter().filter(|asked| asked.product() == Some(id)).count()
    }

    /// The products without a tombstone.
    async fn living(&self) -> Vec<usize> {
        let all = self.app.products().await;
        let living = all.into_iter().filter(|product| product.erp_deleted_at.is_none());
        let mut ids: Vec<usize> =
            living.map(|product| product.erp_id.expect("is imported").parse().expect("a number")).collect();
        ids.sort_unstable();
        ids
    }

    /// How many variants and pictures are left.
    async fn children(&self) -> (usize, usize) {
        let (mut variants, mut images) = (0, 0);
        for product in self.app.products().await {
            let mut tx = self.app.tools.db.read().await.expect("reads");
            let all = db::product::list_variants(&mut tx, &product.id).await.expect("lists");
            variants += all.iter().filter(|variant| variant.erp_deleted_at.is_none()).count();
            let all = db::product::list_images(&mut tx, &product.id).await.expect("lists");
            images += all.iter().filter(|image| image.deleted_at.is_none()).count();
        }
        (variants, images)
    }

    /// What a run tells of things: outcome and words.
    async fn told(&self, run: &Run) -> Vec<(ItemOutcome, String)> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let items = db::run::list_items(&mut tx, &run.id, 100).await.expect("lists");
        items.into_iter().map(|item| (item.outcome, item.message.unwrap_or_default())).collect()
    }
}

fn product(id: usize) -> Value {
    json!({
        "id": id.to_string(), "title": format!("Product {id}"), "description": "As its own.", "updated_at": "2026-02-01T00:00:00Z",
        "images": [{ "id": format!("i{id}"), "url": format!("https://s.example/{id}.png") }],
        "variants": [{ "id": format!("v{id}") }],
    })
}

fn text(run: &Run) -> &str {
    run.error_message.as_deref().unwrap_or_default()
}

fn ended(run: &Run) -> (RunStatus, Option<&str>, i32) {
    (run.status, run.error_code.as_deref(), run.items_deleted)
}

/// A list of eight that loses product 1 and gains product 8 after its first page was read: as many as before, and product 2 is on no
/// page. Then it stays so.
fn shifting(asked: &Asked) -> Told {
    let (before, after): (Vec<usize>, Vec<usize>) = ((0..8).collect(), [0].into_iter().chain(2..9).collect());
    let is_first = asked.product().is_none() && asked.range("offset").0 == 0;
    asked.answer("offset", if is_first { &before } else { &after })
}

const SUCCESS: RunStatus = RunStatus::Success;
const PARTIAL: RunStatus = RunStatus::Partial;

on_both!(
    what_no_page_held_is_asked_for_by_its_id,
    where_nothing_can_be_asked_for_it_has_to_be_missed_twice,
    answers_that_prove_nothing_mark_nothing,
    a_pass_that_was_read_ends_where_it_stopped,
    a_shop_that_counts_what_it_does_not_list_is_told_so_and_read_on,
    what_the_operator_accepts_is_gone_at_once,
    pages_shrink_where_they_are_too_much_and_grow_again,
    no_product_is_left_out_when_pages_shrink_within_a_pass,
    a_cursor_that_holds_its_size_is_begun_anew,
    pages_that_are_shorter_than_asked_for_are_read_to_the_end,
    a_limit_that_the_shop_names_and_an_answer_too_large_shrink_pages_at_once,
    a_shop_that_is_down_is_not_asked_more_often,
    lists_that_vanish_everywhere_are_kept_until_the_operator_accepts_it,
    a_brake_for_lists_counts_over_the_runs_of_a_pass_and_for_changes,
    a_field_without_any_value_is_told
);

async fn what_no_page_held_is_asked_for_by_its_id(engine: Engine) {
    let house =
        House::new(engine, &platform("offset", 2), |asked| asked.answer("offset", &(0..8).collect::<Vec<_>>())).await;
    assert_eq!(house.living().await, (0..8).collect::<Vec<_>>());
    house.answers(shifting);
    let run = house.full().await;
    assert_eq!(ended(&run), (PARTIAL, Some("unproven"), 0), "{run:?}");
    assert!(text(&run).contains("1 products that no page held are there"), "{}", text(&run));
    assert_eq!((house.asked_for(2), house.living().await), (1, (0..9).collect()), "what is there stays");
    // Now the list stands still, and what it lacks is asked for once.
    house.sells("offset", [0].into_iter().chain(2..9));
    let run = house.full().await;
    assert_eq!(ended(&run), (SUCCESS, None, 1), "{run:?}");
    assert_eq!(house.asked_for(1), 1);
    assert!(house.told(&run).await.iter().any(|(outcome, words)| {
        *outcome == ItemOutcome::Deleted && words.contains("the shop says that there is none")
    }));
    assert_eq!(house.living().await, [0].into_iter().chain(2..9).collect::<Vec<_>>());
    // What is seen is not asked for.
    let calls = house.asked().len();
    assert_eq!(house.full().await.status, SUCCESS);
    assert_eq!(house.asked().len() - calls, 4);
}

async fn where_nothing_can_be_asked_for_it_has_to_be_missed_twice(engine: Engine) {
    let house =
        House::new(engine, &unasked("offset", 2), |asked| asked.answer("offset", &(0..8).collect::<Vec<_>>())).await;
    house.answers(shifting);
    let run = house.full().await;
    assert_eq!(ended(&run), (SUCCESS, None, 0), "{run:?}");
    let told = house.told(&run).await;
    assert!(
        told.iter().any(|(outcome, words)| *outcome == ItemOutcome::Skipped && words.contains("if the next one")),
        "{told:?}"
    );
    assert_eq!(house.living().await, (0..9).collect::<Vec<_>>());
    // The next import reads everything, whatever it is asked for; broken off in between, it does not count twice.
    let left: Vec<usize> = [0].into_iter().chain(2..9).collect();
    let (mut refusals, sold) = (3, left.clone());
    house.answers(move |asked| {
        if asked.range("offset").0 == 4 && refusals > 0 {
            refusals -= 1;
            return (StatusCode::SERVICE_UNAVAILABLE, json!({}));
        }
        asked.answer("offset", &sold)
    });
    assert_eq!(house.app.sync(ImportScope::Changes).await.status, RunStatus::Failed);
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!(ended(&run), (SUCCESS, None, 0), "product 2 is there again, product 1 is missed once: {run:?}");
    assert!(house.asked().iter().all(|asked| !asked.query.contains_key("since")));
    assert_eq!(house.living().await, (0..9).collect::<Vec<_>>());
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!(ended(&run), (SUCCESS, None, 1), "{run:?}");
    assert_eq!(house.living().await, left);
    // Nothing is missing any more: changes alone are asked for.
    assert_eq!(house.app.sync(ImportScope::Changes).await.status, SUCCESS);
    assert!(house.asked().last().is_some_and(|asked| asked.query.contains_key("since")));
}

async fn answers_that_prove_nothing_mark_nothing(engine: Engine) {
    let all: Vec<usize> = (0..6).collect();
    let house = House::new(engine, &platform("offset", 10), move |asked| asked.answer("offset", &all)).await;
    // Product 5 is not listed; what the shop says about single products is this.
    let lacks = |about_one: fn(usize) -> Told| {
        move |asked: &Asked| asked.product().map_or_else(|| asked.answer("offset", &[0, 1, 2, 3, 4]), about_one)
    };
    house.answers(lacks(|_| (StatusCode::SERVICE_UNAVAILABLE, json!({}))));
    for _ in 0..3 {
        let run = house.full().await;
        assert_eq!(ended(&run), (PARTIAL, Some("unproven"), 0), "{run:?}");
        assert!(text(&run).contains("no clear answer"), "{}", text(&run));
    }
    // A call that knows no product at all, not even one that was just listed.
    house.answers(lacks(|_| (StatusCode::NOT_FOUND, json!({}))));
    let run = house.full().await;
    assert_eq!(ended(&run), (SUCCESS, None, 0), "{run:?}");
    assert_eq!((house.asked_for(5), house.living().await.len()), (0, 6));
    // One that answers with another product proves as little. But now two complete passes in a row did not meet it.
    house.answers(lacks(|_| (StatusCode::OK, product(3))));
    let run = house.full().await;
    assert_eq!(ended(&run), (SUCCESS, None, 1), "{run:?}");
    assert!(house.told(&run).await.iter().any(|(_, words)| words.contains("two complete passes")));
}

async fn a_pass_that_was_read_ends_where_it_stopped(engine: Engine) {
    let all: Vec<usize> = (0..6).collect();
    let house = House::new(engine, &platform("offset", 2), move |asked| asked.answer("offset", &all)).await;
    house.answers(|asked| match asked.product() {
        Some(_) => (StatusCode::FOUND, json!({})),
        None => asked.answer("offset", &[0, 1, 2, 3, 4]),
    });
    let run = house.full().await;
    assert_eq!((run.status, run.items_deleted), (RunStatus::Failed, 0), "{run:?}");
    house.sells("offset", 0..5);
    let run = house.full().await;
    assert_eq!(ended(&run), (SUCCESS, None, 1), "{run:?}");
    assert_eq!((house.limits().len(), house.asked_for(5)), (0, 1), "no page is read twice");
}

async fn a_shop_that_counts_what_it_does_not_list_is_told_so_and_read_on(engine: Engine) {
    let one_more = |ids: Vec<usize>| {
        move |asked: &Asked| {
            let (status, mut body) = asked.answer("offset", &ids);
            if asked.product().is_none() {
                body["total"] = json!(ids.len() + 1);
            }
            (status, body)
        }
    };
    let house = House::new(engine, &platform("offset", 4), one_more((0..8).collect())).await;
    assert_eq!(house.app.runs().await[0].status, PARTIAL, "below the shop's own count");
    house.answers(one_more([0, 1, 2].into_iter().chain(4..8).collect()));
    let run = house.full().await;
    assert_eq!(ended(&run), (PARTIAL, Some("unproven"), 1), "{run:?}");
    assert!(
        text(&run).contains("counts 8 products, but its pages held 7") && text(&run).contains("by its id"),
        "{}",
        text(&run)
    );
    assert_eq!(house.living().await.len(), 7);
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!(run.status, SUCCESS, "{run:?}");
    assert!(house.asked().last().is_some_and(|asked| asked.query.contains_key("since")), "changes alone");
    // Far off, it proves nothing: all is read again.
    let far = |asked: &Asked| {
        let (status, mut body) = asked.answer("offset", &[0, 1, 2, 4]);
        body["total"] = json!(60);
        (status, body)
    };
    let house = House::new(engine, &platform("offset", 4), far).await;
    assert_eq!(house.app.sync(ImportScope::Changes).await.status, PARTIAL);
    assert!(house.asked().iter().all(|asked| !asked.query.contains_key("since")));
}

async fn what_the_operator_accepts_is_gone_at_once(engine: Engine) {
    let all: Vec<usize> = (0..30).collect();
    let house = House::new(engine, &unasked("offset", 10), move |asked| asked.answer("offset", &all)).await;
    house.sells("offset", 0..5);
    for _ in 0..2 {
        let run = house.full().await;
        assert_eq!(ended(&run), (PARTIAL, Some("sweep_brake"), 0), "{run:?}");
    }
    let run = house.app.sync_with(ImportScope::Full, true).await;
    assert_eq!(ended(&run), (SUCCESS, None, 25), "{run:?}");
    // And by a shop that can be asked: not one by one.
    let all: Vec<usize> = (0..30).collect();
    let house = House::new(engine, &platform("offset", 10), move |asked| asked.answer("offset", &all)).await;
    house.sells("offset", 0..5);
    let run = house.app.sync_with(ImportScope::Full, true).await;
    assert_eq!(ended(&run), (SUCCESS, None, 25), "{run:?}");
    assert_eq!(house.asked().len(), 1);
}

/// A list of so many; more than `most` of them at once are too much for the shop.
fn weak(kind: &'static str, count: usize, most: usize) -> impl FnMut(&Asked) -> Told + Send {
    let ids: Vec<usize> = (0..count).collect();
    move |asked| {
        if asked.product().is_none() && asked.limit() > most {
            return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "message": "out of memory" }));
        }
        asked.answer(kind, &ids)
    }
}

async fn pages_shrink_where_they_are_too_much_and_grow_again(engine: Engine) {
    for kind in ["number", "offset", "cursor"] {
        let house = House::new(engine, &platform(kind, 16), weak(kind, 40, 5)).await;
        let first = house.app.runs().await.remove(0);
        assert_eq!((ended(&first), first.items_created), ((SUCCESS, None, 0), 40), "{kind}: {first:?}");
        assert_eq!(house.limits(), [vec![16, 8], vec![4; 10]].concat(), "{kind}");
        // It is remembered, and twice as many are tried after a pass without a failure.
        house.answers(weak(kind, 40, 5));
        assert_eq!(house.full().await.items_unchanged, 40, "{kind}");
        assert_eq!(house.limits(), [4; 10], "{kind}");
        house.answers(weak(kind, 40, 100));
        assert_eq!(house.full().await.items_unchanged, 40, "{kind}");
        assert_eq!(house.limits(), [8; 5], "{kind}");
        assert_eq!(house.full().await.items_unchanged, 40, "{kind}");
        assert_eq!(house.limits()[5..], [16; 3], "{kind}");
    }
}

async fn no_product_is_left_out_when_pages_shrink_within_a_pass(engine: Engine) {
    for (kind, limits) in [
        // By number, a page of the smaller size begins where the larger one would have: 15 = 3 × 5, 20 = 10 × 2.
        ("number", [vec![15, 15, 5, 5], vec![2; 10], vec![4; 5]].concat()),
        ("offset", [vec![15, 15, 7, 3], vec![3; 9], vec![6; 2], vec![6]].concat()),
    ] {
        let served = Arc::new(Mutex::new(Vec::new()));
        let seen = served.clone();
        // Product 21 is so heavy that the shop cannot answer more than three with it.
        let house = House::new(engine, &platform(kind, 15), move |asked| {
            let (first, end) = asked.range(kind);
            if (first..end).contains(&21) && asked.limit() > 3 {
                return (StatusCode::GATEWAY_TIMEOUT, json!({}));
            }
            seen.lock().expect("is whole").extend(first..end.min(60));
            asked.answer(kind, &(0..60).collect::<Vec<_>>())
        })
        .await;
        let run = house.app.runs().await.remove(0);
        assert_eq!((ended(&run), run.items_created), ((SUCCESS, None, 0), 60), "{kind}: {run:?}");
        assert_eq!(*served.lock().expect("is whole"), (0..60).collect::<Vec<_>>(), "{kind}: each once, in order");
        assert_eq!(house.limits()[..6], limits[..6], "{kind}: {:?}", house.limits());
        assert!(house.limits().ends_with(&[limits[limits.len() - 1]]), "{kind}: {:?}", house.limits());
    }
}

async fn a_cursor_that_holds_its_size_is_begun_anew(engine: Engine) {
    let all: Vec<usize> = (0..40).collect();
    let house = House::new(engine, &platform("cursor", 16), move |asked| asked.answer("cursor", &all)).await;
    // From now on, product 21 comes with three others at most.
    house.answers(|asked| {
        let (first, end) = asked.range("cursor");
        if (first..end).contains(&21) && asked.limit() > 4 {
            return (StatusCode::BAD_GATEWAY, json!({}));
        }
        asked.answer("cursor", &(0..40).collect::<Vec<_>>())
    });
    let codes = [house.full().await.status, house.full().await.status];
    assert_eq!(codes, [RunStatus::Failed, RunStatus::Failed], "{:?}", house.limits());
    let run = house.full().await;
    assert_eq!((ended(&run), house.living().await.len()), ((SUCCESS, None, 0), 40), "{:?}", house.limits());
    // At first it may have been an accident: the same place again in the next run, before the pass begins anew.
    assert_eq!(house.limits(), [vec![16; 4], vec![16; 3], vec![8; 5], vec![8; 3], vec![4; 10]].concat());
}

async fn a_limit_that_the_shop_names_and_an_answer_too_large_shrink_pages_at_once(engine: Engine) {
    for kind in ["number", "cursor"] {
        let all: Vec<usize> = (0..40).collect();
        let house = House::new(engine, &platform(kind, 16), move |asked| asked.answer(kind, &all)).await;
        // The shop lowers its maximum while it is read.
        house.answers(move |asked| {
            if asked.limit() > 4 && asked.range(kind).0 > 0 {
                return (StatusCode::BAD_REQUEST, json!({ "message": "Invalid parameter(s): limit" }));
            }
            asked.answer(kind, &(0..40).collect::<Vec<_>>())
        });
        let run = house.full().await;
        assert_eq!((ended(&run), house.living().await.len()), ((SUCCESS, None, 0), 40), "{kind}: {run:?}");
        assert_eq!(house.limits().last(), Some(&4), "{kind}: {:?}", house.limits());
    }
    // Any other refusal is none of the size.
    house_of_refusals(engine).await;
    // Eight of these are more than 8 MiB.
    let heavy = |asked: &Asked| {
        let page = asked.page("offset", &(0..12).collect::<Vec<_>>(), |id| {
            let mut product = product(id);
            product["description"] = json!("x".repeat(1_100_000));
            product
        });
        (StatusCode::OK, page)
    };
    let house = House::new(engine, &platform("offset", 16), heavy).await;
    let run = house.app.runs().await.remove(0);
    assert_eq!((ended(&run), run.items_created), ((SUCCESS, None, 0), 12), "{run:?}");
    assert_eq!(house.limits(), [16, 8, 4, 4, 4]);
}

async fn pages_that_are_shorter_than_asked_for_are_read_to_the_end(engine: Engine) {
    // The shop gives ten at most, whatever it is asked for, and says how many there are.
    for kind in ["number", "offset"] {
        let capped = move |asked: &Asked| {
            let all: Vec<usize> = (0..35).collect();
            let (first, _) = asked.range(kind);
            let place = if kind == "number" { first / asked.limit() * 10 } else { first };
            let page: Vec<Value> = all.iter().skip(place).take(10).map(|id| product(*id)).collect();
            (StatusCode::OK, json!({ "products": page, "total": 35 }))
        };
        let house = House::new(engine, &unasked(kind, 16), capped).await;
        let run = house.app.runs().await.remove(0);
        assert_eq!((ended(&run), run.items_created), ((SUCCESS, None, 0), 35), "{kind}: {run:?}");
    }
}

async fn house_of_refusals(engine: Engine) {
    let house = House::new(engine, &platform("offset", 16), |asked| asked.answer("offset", &[0, 1])).await;
    house.answers(|_| (StatusCode::BAD_REQUEST, json!({ "message": "the parameter unlimited is unknown" })));
    assert_eq!(house.full().await.status, RunStatus::Failed);
    assert_eq!(house.limits(), [16]);
}

async fn a_shop_that_is_down_is_not_asked_more_often(engine: Engine) {
    let house = House::new(engine, &platform("offset", 16), |asked| asked.answer("offset", &[0, 1])).await;
    for (status, first, then) in [
        (StatusCode::SERVICE_UNAVAILABLE, [16, 16, 16], [16, 16, 16]),
        // What may be too much is tried with less; where less does not help, half is where the next import begins.
        (StatusCode::INTERNAL_SERVER_ERROR, [16, 8, 4], [8, 4, 2]),
    ] {
        house.answers(move |_| (status, json!({})));
        assert_eq!(house.full().await.status, RunStatus::Failed);
        assert_eq!(house.limits(), first, "{status}");
        house.answers(move |_| (status, json!({})));
        assert_eq!(house.full().await.status, RunStatus::Failed);
        assert_eq!(house.limits(), then, "{status}");
    }
    house.sells("offset", 0..2);
    assert_eq!(house.full().await.status, SUCCESS);
}

/// So many products, of which those below `bare` have no variants and those below `blank` no pictures.
fn stripped(count: usize, bare: usize, blank: usize) -> impl FnMut(&Asked) -> Told + Send {
    move |asked| {
        let page = asked.page("offset", &(0..count).collect::<Vec<_>>(), |id| {
            let mut product = product(id);
            if id < bare {
                product["variants"] = json!([]);
            }
            if id < blank {
                product["images"] = json!([]);
            }
            product
        });
        (StatusCode::OK, page)
    }
}

async fn lists_that_vanish_everywhere_are_kept_until_the_operator_accepts_it(engine: Engine) {
    let house = House::new(engine, &platform("offset", 16), stripped(30, 0, 0)).await;
    assert_eq!(house.children().await, (30, 30));
    // Of a few it is believed.
    house.answers(stripped(30, 0, 5));
    let run = house.full().await;
    assert_eq!((ended(&run), run.items_updated), ((SUCCESS, None, 0), 5), "{run:?}");
    assert_eq!(house.children().await, (30, 25));
    let run = house.full().await;
    assert_eq!((run.status, run.items_unchanged), (SUCCESS, 30), "settled: {run:?}");
    // Of all of them it is not, however often it is said; a few pictures go all the same.
    house.answers(stripped(30, 30, 6));
    for _ in 0..2 {
        let run = house.full().await;
        assert_eq!(ended(&run), (PARTIAL, Some("sweep_brake"), 0), "{run:?}");
        let words = text(&run);
        assert!(words.contains("every variant of 30 of 30 products") && words.contains("--accept-deletes"), "{words}");
        assert_eq!(house.children().await, (30, 24));
        assert_eq!(house.app.connection().await.last_error.as_deref(), Some(words));
    }
    let run = house.app.sync_with(ImportScope::Full, true).await;
    assert_eq!((run.status, house.app.connection().await.last_error), (SUCCESS, None));
    assert_eq!(house.children().await, (0, 24));
    let run = house.full().await;
    assert_eq!((run.status, run.items_unchanged), (SUCCESS, 30), "{run:?}");
    // They come back as they went.
    house.answers(stripped(30, 0, 0));
    assert_eq!(house.full().await.status, SUCCESS);
    assert_eq!(house.children().await, (30, 30));
}

async fn a_brake_for_lists_counts_over_the_runs_of_a_pass_and_for_changes(engine: Engine) {
    let house = House::new(engine, &platform("offset", 16), stripped(30, 0, 0)).await;
    let (mut refusals, mut shop) = (3, stripped(30, 0, 30));
    house.answers(move |asked| {
        if asked.range("offset").0 > 0 && refusals > 0 {
            refusals -= 1;
            return (StatusCode::SERVICE_UNAVAILABLE, json!({}));
        }
        shop(asked)
    });
    assert_eq!(house.full().await.status, RunStatus::Failed);
    let run = house.full().await;
    assert_eq!(ended(&run), (PARTIAL, Some("sweep_brake"), 0), "{run:?}");
    assert!(text(&run).contains("every picture of 30 of 30 products"), "{}", text(&run));
    assert_eq!(house.children().await, (30, 30));
    // The list is back; then every product that changed comes without.
    house.answers(stripped(30, 0, 0));
    assert_eq!(house.full().await.status, SUCCESS);
    house.answers(stripped(25, 0, 25));
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!(ended(&run), (PARTIAL, Some("sweep_brake"), 0), "{run:?}");
    assert!(house.asked().iter().all(|asked| asked.query.contains_key("since")));
    assert_eq!(house.children().await, (30, 30));
}

async fn a_field_without_any_value_is_told(engine: Engine) {
    let folder = tempfile::tempdir().expect("a temp folder");
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/sandbox/provider.toml");
    let text = std::fs::read_to_string(file).expect("the file");
    std::fs::create_dir_all(folder.path().join("sandbox")).expect("a folder");
    let wrong = text.replace("category = \"category\"", "category = \"categories[0].name\"");
    assert_ne!(wrong, text);
    std::fs::write(folder.path().join("sandbox/provider.toml"), wrong).expect("is written");
    let config = format!("[providers]\ndir = \"{}\"\n", folder.path().display());
    for (products, told) in [(19, false), (20, true)] {
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products, ..SandboxOptions::default() }, more).await;
        app.connect().await;
        app.drain().await;
        let run = app.sync(ImportScope::Full).await;
        assert_eq!((run.status, run.error_code.is_some()), (RunStatus::Success, told), "{run:?}");
        let words = "none of 20 products has a value for category: ";
        assert_eq!(run.note().is_some_and(|note| note.starts_with(words)), told, "{run:?}");
        // A run over changes says nothing about it, and the question stays.
        let changes = app.sync(ImportScope::Changes).await;
        assert_eq!(changes.note(), None);
        let mut tx = app.tools.db.read().await.expect("reads");
        let id = app.connection().await.id;
        let since = db::cursor::get(&mut tx, &id).await.expect("reads").full_sync_at.expect("a pass");
        let noted = db::run::find_import_noted(&mut tx, &id, FIELDS_WITHOUT_VALUES, since).await.expect("reads");
        assert_eq!(noted.map(|noted| noted.id), told.then_some(run.id));
    }
}
