//! Catalogues that never end, products that cannot be read, and imports that are called off: a run ends, and says how.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{Json, Router, extract::Query, http::StatusCode, http::Uri, response::IntoResponse};
use serde_json::{Value, json};
use store_sync::{
    connect,
    db::{self, job::NewJob},
    model::{
        ClientId, ConnectionId, ConnectionStatus, ImportScope, ItemOutcome, JobStatus, Product, Run, RunStatus, Task,
        Trigger, Variant,
    },
    outside::Clock,
    sandbox::SandboxOptions,
    tools::Shared,
};
use tokio::net::TcpListener;

use crate::support::{Engine, More, SmallList, SmallPlatform, TestApp, on_both};

/// Products that have parts, which are read by page number.
const PARTS: &str = r#"
since = { overlap = "1m" }
[op.parts]
path = "/products/{item.id}/parts"
query = { page = "{page.number}" }
[[import.nested]]
into = "parts"
there = "in_parts"
op = "parts"
page = { kind = "number", size = 2, items = "parts", total = "total" }
[import.map]
erp_id = "id"
title = "title"
price = "price"
updated_at = "updated_at"
images = { each = "images", may_lack = true, id = "id", url = "url" }
[import.map.variants]
each = "parts"
id = "id"
"#;

/// A platform whose list leads on by a cursor.
fn by_cursor() -> String {
    platform("page.token", "kind = \"cursor\", size = 2, next = \"next\", total = \"total\"")
}

/// The same, with pages by how many products stand before them.
fn by_place() -> String {
    platform("page.offset", "kind = \"offset\", size = 2, total = \"total\"")
}

fn platform(place: &str, pages: &str) -> String {
    let query = format!("cursor = \"{{{place}}}\", since = \"{{since}}\"");
    let list = SmallList { query: &query, pages, ..SmallList::default() };
    SmallPlatform { key: "pages", list: Some(list), rest: PARTS, ..SmallPlatform::default() }.text()
}

/// What the shop answers when it is asked for a page: of its list, or of a product's parts.
type Answer = Box<dyn FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send>;

/// What happens when the shop was asked so often.
type Then = (usize, Box<dyn FnOnce(Shared) -> tokio::task::JoinHandle<()> + Send>);

struct Shop {
    answer: Answer,
    calls: usize,
    then: Option<(Then, Shared)>,
}

struct House {
    app: TestApp,
    shop: Arc<Mutex<Shop>>,
    url: String,
    id: ConnectionId,
}

fn lock(shop: &Mutex<Shop>) -> MutexGuard<'_, Shop> {
    shop.lock().expect("is not poisoned")
}

async fn respond(shop: Arc<Mutex<Shop>>, uri: Uri, query: HashMap<String, String>) -> axum::response::Response {
    if uri.path() == "/shop" {
        return Json(json!({})).into_response();
    }
    let (answer, then) = {
        let mut shop = lock(&shop);
        shop.calls += 1;
        let calls = shop.calls;
        let then = shop.then.take_if(|((at, _), _)| *at == calls);
        let page = query.get("cursor").or(query.get("page")).map(String::as_str);
        ((shop.answer)(uri.path(), page), then)
    };
    if let Some(((_, then), tools)) = then {
        then(tools).await.expect("happens");
    }
    answer.map_or_else(IntoResponse::into_response, |body| Json(body).into_response())
}

impl House {
    async fn new(
        engine: Engine,
        config: &str,
        answer: impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send + 'static,
    ) -> Self {
        Self::on(&by_cursor(), engine, config, answer).await
    }

    async fn on(
        platform: &str,
        engine: Engine,
        config: &str,
        answer: impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        std::fs::create_dir(folder.path().join("pages")).expect("a folder");
        std::fs::write(folder.path().join("pages/provider.toml"), platform).expect("is written");
        let config = format!("[providers]\ndir = \"{}\"\n{config}", folder.path().display());
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        let shop = Arc::new(Mutex::new(Shop { answer: Box::new(answer), calls: 0, then: None }));
        let url = listen(&shop).await;
        let id = connect_to(&app, "acme", &url).await;
        app.drain().await;
        Self { app, shop, url, id }
    }

    /// Answers otherwise from now on; the calls are counted anew.
    fn answers(&self, answer: impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send + 'static) {
        let mut shop = lock(&self.shop);
        (shop.answer, shop.calls) = (Box::new(answer), 0);
    }

    /// Does something in the midst of a call.
    fn then(&self, at: usize, what: impl FnOnce(Shared) -> tokio::task::JoinHandle<()> + Send + 'static) {
        lock(&self.shop).then = Some(((at, Box::new(what)), self.app.tools.clone()));
    }

    fn calls(&self) -> usize {
        lock(&self.shop).calls
    }

    async fn living(&self) -> Vec<Product> {
        self.app.products().await.into_iter().filter(|product| product.erp_deleted_at.is_none()).collect()
    }

    async fn parts(&self, erp_id: &str) -> Vec<Variant> {
        let product = self.app.product(erp_id).await;
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let all = db::product::list_variants(&mut tx, &product.id).await.expect("lists");
        all.into_iter().filter(|part| part.erp_deleted_at.is_none()).collect()
    }
}

async fn listen(shop: &Arc<Mutex<Shop>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let shop = shop.clone();
    let router = Router::new()
        .fallback(move |uri: Uri, Query(query): Query<HashMap<String, String>>| respond(shop.clone(), uri, query));
    tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
    url
}

async fn connect_to(app: &TestApp, client: &str, url: &str) -> ConnectionId {
    let fields = BTreeMap::from([("shop".to_owned(), url.to_owned()), ("token".to_owned(), "t".to_owned())]);
    connect::connect_with_key(&app.tools, client, "pages", &fields, connect::Sharing::Refused)
        .await
        .expect("is connected")
        .connection
}

fn product(id: usize) -> Value {
    json!({ "id": id.to_string(), "title": format!("Product {id}"), "price": "1.00", "updated_at": "2026-02-01T00:00:00Z" })
}

/// A catalogue of so many products, two a page.
fn whole(products: usize) -> impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send {
    move |_, cursor| {
        let at: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a number"));
        let page: Vec<Value> = (at..products.min(at + 2)).map(product).collect();
        let next = (at + 2 < products).then(|| (at + 2).to_string());
        Ok(json!({ "products": page, "next": next, "total": products }))
    }
}

/// The same by place.
fn whole_by_place(products: usize) -> impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send {
    let all: Vec<usize> = (0..products).collect();
    changing(all.clone(), all, true)
}

/// A catalogue that goes on for ever with new products.
fn inventive() -> impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send {
    |_, cursor| {
        let at: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a number"));
        Ok(json!({ "products": [product(at), product(at + 1)], "next": (at + 2).to_string() }))
    }
}

fn text(run: &Run) -> &str {
    run.error_message.as_deref().unwrap_or_default()
}

/// A run that was broken off: partial, with words, and nothing is gone.
fn broken_off(run: &Run, house: &House) {
    assert_eq!(
        (run.status, run.error_code.as_deref(), run.items_deleted),
        (RunStatus::Partial, Some("endless"), 0),
        "{run:?}"
    );
    let words = text(run);
    assert!(words.contains(&house.url) && words.contains("at page") && words.contains("store-sync sync"), "{words}");
}

/// A catalogue by place that changes after its first page was read.
fn changing(
    first: Vec<usize>,
    then: Vec<usize>,
    total: bool,
) -> impl FnMut(&str, Option<&str>) -> Result<Value, StatusCode> + Send {
    move |_, offset| {
        let at: usize = offset.map_or(0, |offset| offset.parse().expect("a number"));
        let all = if at == 0 { &first } else { &then };
        let page: Vec<Value> = all.iter().skip(at).take(2).map(|id| product(*id)).collect();
        Ok(if total { json!({ "products": page, "total": all.len() }) } else { json!({ "products": page }) })
    }
}

on_both!(
    a_living_product_is_not_gone_because_another_one_went_while_pages_were_read,
    an_absurd_count_is_no_fault_and_no_proof,
    a_list_without_the_count_it_has_otherwise_proves_nothing,
    numbers_too_long_to_be_kept_are_no_ids,
    cursors_that_go_round_end_a_pass_and_nothing_is_gone,
    a_cursor_of_an_earlier_run_of_the_pass_is_remembered,
    pages_that_bring_nothing_new_end_a_pass,
    one_page_of_repeats_is_doubt,
    invented_products_end_at_the_bound,
    a_list_within_a_product_that_never_ends_costs_nothing_but_a_word,
    a_list_within_a_product_that_cannot_be_read_is_the_fault_of_that_product,
    pausing_a_shop_ends_its_import,
    a_process_that_stops_gives_its_import_back,
    an_import_makes_room_for_others_and_goes_on_behind_them,
    products_that_cannot_be_read_are_no_success,
    a_field_that_cannot_be_read_is_left_out_and_told_each_time,
    a_list_that_is_not_there_is_unknown_and_not_empty,
    a_pass_does_not_outlive_its_connection
);

async fn a_living_product_is_not_gone_because_another_one_went_while_pages_were_read(engine: Engine) {
    let house = House::on(&by_place(), engine, "", whole_by_place(8)).await;
    assert_eq!(house.living().await.len(), 8);
    let all: Vec<usize> = (0..8).collect();
    let without = |gone: usize| all.iter().copied().filter(|id| *id != gone).collect::<Vec<_>>();
    let swapped = vec![0, 1, 3, 0, 4, 5, 6, 7];
    let ahead: Vec<usize> = [8].into_iter().chain(all.clone()).collect();
    for (then, total, words) in [
        // The second page begins one product later.
        (without(1), true, "count changed"),
        // In another order: one stands on two pages, another one on none.
        (swapped.clone(), true, "more than one page"),
        (swapped, false, "more than one page"),
        // One that came moves the others on.
        (ahead, true, "count changed"),
    ] {
        house.answers(changing(all.clone(), then.clone(), total));
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!(
            (run.status, run.error_code.as_deref(), run.items_deleted),
            (RunStatus::Partial, Some("unproven"), 0),
            "{then:?}: {run:?}"
        );
        assert!(text(&run).contains(words), "{then:?}: {}", text(&run));
        assert_eq!(house.living().await.len(), 8, "{then:?}");
    }
    // Once it stands still, what is gone is gone: two complete passes do not meet it.
    let left = without(1);
    house.answers(changing(left.clone(), left, true));
    for gone in [0, 1] {
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!((run.status, run.items_deleted), (RunStatus::Success, gone), "{run:?}");
    }
}

async fn an_absurd_count_is_no_fault_and_no_proof(engine: Engine) {
    let house = House::new(engine, "", whole(8)).await;
    for total in [json!(i64::MAX), json!("9223372036854775807"), json!(-1), json!(i64::MIN)] {
        let (told, mut pages) = (total.clone(), whole(8));
        house.answers(move |path, cursor| {
            let mut page = pages(path, cursor)?;
            page["total"] = told.clone();
            Ok(page)
        });
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!((run.status, run.items_deleted), (RunStatus::Partial, 0), "{total}: {run:?}");
    }
}

async fn a_list_without_the_count_it_has_otherwise_proves_nothing(engine: Engine) {
    let house = House::new(engine, "", whole(3)).await;
    assert_eq!(house.app.sync(ImportScope::Full).await.status, RunStatus::Success);
    house.answers(|_, _| Ok(json!({ "products": [] })));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(
        (run.status, run.error_code.as_deref(), run.items_deleted),
        (RunStatus::Partial, Some("unproven"), 0),
        "{run:?}"
    );
    assert!(text(&run).contains("did not say how many products"), "{run:?}");
    // One that a file names wrongly is missed in the first pass already.
    let house =
        House::on(&by_cursor().replace("total = \"total\"", "total = \"meta.totl\""), engine, "", whole(3)).await;
    let first = house.app.runs().await.remove(0);
    assert_eq!((first.status, first.error_code.as_deref()), (RunStatus::Partial, Some("unproven")), "{first:?}");
    assert!(text(&first).contains("did not say how many products"), "{first:?}");
}

async fn numbers_too_long_to_be_kept_are_no_ids(engine: Engine) {
    let long = r#"{"products": [{"id": 123456789012345678901234567890, "title": "a"}, {"id": 123456789012345678901234567891, "title": "b"},
                      {"id": 18446744073709551615, "title": "c"}], "total": 3}"#;
    let house = House::new(engine, "", move |_, _| Ok(serde_json::from_str(long).expect("is JSON"))).await;
    let run = house.app.runs().await.remove(0);
    assert_eq!((run.status, run.items_failed, run.items_created), (RunStatus::Partial, 2, 1), "{run:?}");
    assert_eq!(house.living().await[0].erp_id.as_deref(), Some("18446744073709551615"));
}

async fn cursors_that_go_round_end_a_pass_and_nothing_is_gone(engine: Engine) {
    let house = House::new(engine, "", whole(8)).await;
    assert_eq!(house.living().await.len(), 8);
    house.answers(|_, cursor| {
        let (id, next) = match cursor {
            None => (0, "a"),
            Some("a") => (1, "b"),
            Some("b") => (2, "c"),
            _ => (3, "a"),
        };
        Ok(json!({ "products": [product(id)], "next": next }))
    });
    let run = house.app.sync(ImportScope::Full).await;
    broken_off(&run, &house);
    assert!(text(&run).contains("leads back") && house.calls() == 4, "{} calls: {}", house.calls(), text(&run));
    assert_eq!(house.living().await.len(), 8);
    let connection = house.app.connection().await;
    assert_eq!((connection.last_error_code.as_deref(), connection.status), (Some("endless"), ConnectionStatus::Active));
    // The shop is well again: so is the connection.
    house.answers(whole(6));
    for gone in [0, 2] {
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!((run.status, run.items_deleted), (RunStatus::Success, gone), "{run:?}");
    }
    assert_eq!(house.app.connection().await.last_error, None);
}

async fn a_cursor_of_an_earlier_run_of_the_pass_is_remembered(engine: Engine) {
    let house = House::new(engine, "", whole(2)).await;
    let round = |down: bool| {
        move |_: &str, cursor: Option<&str>| {
            let (id, next) = match cursor {
                None => (0, "a"),
                Some("a") => (1, "b"),
                Some("b") => (2, "c"),
                _ if down => return Err(StatusCode::INTERNAL_SERVER_ERROR),
                _ => (3, "a"),
            };
            Ok(json!({ "products": [product(id)], "next": next }))
        }
    };
    house.answers(round(true));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(run.status, RunStatus::Failed, "{run:?}");
    house.answers(round(false));
    house.app.clock.advance(Duration::from_hours(3));
    house.app.drain().await;
    let run = house.app.runs().await.remove(0);
    broken_off(&run, &house);
    assert_eq!(house.calls(), 1, "it went on at its page, and that page led back");
}

async fn pages_that_bring_nothing_new_end_a_pass(engine: Engine) {
    let house = House::new(engine, "", whole(4)).await;
    house.answers(|_, cursor| {
        let page: usize = cursor.map_or(1, |cursor| cursor.parse().expect("a number"));
        Ok(json!({ "products": [product(0), product(1)], "next": (page + 1).to_string() }))
    });
    for scope in [ImportScope::Full, ImportScope::Changes] {
        let run = house.app.sync(scope).await;
        broken_off(&run, &house);
    }
    assert_eq!((house.calls(), house.living().await.len()), (6, 4));
}

// A cache answers one page with another one: everything is read, and what was not seen is not taken for gone.
async fn one_page_of_repeats_is_doubt(engine: Engine) {
    let house = House::new(engine, "", whole(8)).await;
    let mut well = whole(8);
    house.answers(move |path, cursor| {
        let mut page = well(path, cursor)?;
        if cursor == Some("2") {
            page["products"] = json!([product(0), product(1)]);
        }
        Ok(page)
    });
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Partial, Some("unproven")), "{run:?}");
    assert!(text(&run).contains("1 pages held only products of the pages before"), "{}", text(&run));
    assert_eq!(house.living().await.len(), 8);
}

async fn invented_products_end_at_the_bound(engine: Engine) {
    let house = House::new(engine, "[import]\nmax_products = 50\n", whole(2)).await;
    house.answers(inventive());
    let run = house.app.sync(ImportScope::Full).await;
    broken_off(&run, &house);
    assert!(text(&run).contains("max_products") && house.calls() == 25, "{} calls: {}", house.calls(), text(&run));
    assert_eq!(house.living().await.len(), 50, "what was read stays");
}

async fn a_list_within_a_product_that_never_ends_costs_nothing_but_a_word(engine: Engine) {
    let list = || {
        Ok(
            json!({ "products": [{ "id": "7", "title": "Seven", "in_parts": true }, product(1)], "next": null, "total": 2 }),
        )
    };
    let part = |id: usize| json!({ "id": format!("p{id}") });
    let house = House::new(engine, "", move |path, page| match (path, page) {
        ("/products", _) => list(),
        (_, Some("2")) => Ok(json!({ "parts": [part(2)], "total": 3 })),
        _ => Ok(json!({ "parts": [part(0), part(1)], "total": 3 })),
    })
    .await;
    assert_eq!(house.parts("7").await.len(), 3);
    // The page's number has no effect, without and with a count; then the count alone is another one.
    let stuck = |total: Value| {
        move |path: &str, _: Option<&str>| match path {
            "/products" => list(),
            _ => Ok(json!({ "parts": [part(0), part(1)], "total": total })),
        }
    };
    for (total, calls, words) in
        [(Value::Null, 3, "never ends"), (json!(250), 3, "never ends"), (json!(1), 2, "reports 1")]
    {
        house.answers(stuck(total));
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!(
            (run.status, run.error_code.as_deref(), run.items_failed),
            (RunStatus::Partial, Some("unreadable"), 1),
            "{run:?}"
        );
        assert_eq!(house.calls(), calls);
        let mut tx = house.app.tools.db.read().await.expect("reads");
        let items = db::run::list_items(&mut tx, &run.id, 10).await.expect("lists");
        let told = items.iter().find(|item| item.outcome == ItemOutcome::Failed).expect("is told");
        assert_eq!((told.external_id.as_deref(), told.error_code.as_deref()), (Some("7"), Some("incomplete")));
        assert!(told.message.as_deref().is_some_and(|message| message.contains(words)), "{told:?}");
        drop(tx);
        assert_eq!(house.parts("7").await.len(), 3, "what such a list lacks is not gone");
    }
    // The list is whole again, and shorter.
    house.answers(
        move |path, _| {
            if path == "/products" { list() } else { Ok(json!({ "parts": [part(0), part(1)], "total": 2 })) }
        },
    );
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, house.parts("7").await.len()), (RunStatus::Success, 2), "{run:?}");
}

async fn a_list_within_a_product_that_cannot_be_read_is_the_fault_of_that_product(engine: Engine) {
    let with_parts = |id: usize| json!({ "id": id.to_string(), "title": "x", "in_parts": true });
    let list = move || json!({ "products": (0..4).map(with_parts).collect::<Vec<_>>(), "next": null, "total": 4 });
    let part = |path: &str| json!({ "parts": [{ "id": path }], "total": 1 });
    let house = House::new(engine, "", move |path, _| Ok(if path == "/products" { list() } else { part(path) })).await;
    assert_eq!(house.living().await.len(), 4);
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
        house.answers(move |path, _| match path {
            "/products" => Ok(list()),
            "/products/1/parts" => Err(status),
            path => Ok(part(path)),
        });
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!(
            (run.status, run.error_code.as_deref(), run.items_failed, run.items_deleted),
            (RunStatus::Partial, Some("unreadable"), 1, 0),
            "{status}: {run:?}"
        );
        assert_eq!((house.parts("1").await.len(), house.parts("3").await.len()), (1, 1), "what is unknown is not gone");
    }
    // Refused for each of them, it is still the fault of each; where none comes, it is the shop's.
    house.answers(move |path, _| if path == "/products" { Ok(list()) } else { Err(StatusCode::NOT_FOUND) });
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.items_failed, run.items_deleted), (RunStatus::Partial, 4, 0), "{run:?}");
    house.answers(move |path, _| if path == "/products" { Ok(list()) } else { Err(StatusCode::INTERNAL_SERVER_ERROR) });
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Failed, Some("shop_down")), "{run:?}");
}

async fn pausing_a_shop_ends_its_import(engine: Engine) {
    let house = House::new(engine, "", whole(2)).await;
    house.answers(inventive());
    let id = house.id.clone();
    house.then(5, move |tools| {
        tokio::spawn(async move {
            let mut tx = tools.db.begin().await.expect("begins");
            let paused = db::connection::mark_paused(&mut tx, &id, "operator", "a test", tools.outside.clock.now());
            assert!(paused.await.expect("is paused"));
            tx.commit().await.expect("commits");
        })
    });
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Cancelled, Some("paused")), "{run:?}");
    assert!(
        text(&run).contains("is paused (a test); run: store-sync connections resume")
            && text(&run).contains("products"),
        "{}",
        text(&run)
    );
    assert!(house.calls() <= 6, "{} calls", house.calls());
    // The page before may have been written in the same moment; the one that came while it was paused was not.
    let read = house.living().await.len();
    assert!(read == 6 || read == 8, "{read}");
    // Resumed, the pass goes on where it stopped.
    let mut tx = house.app.tools.db.begin().await.expect("begins");
    assert!(db::connection::mark_resumed(&mut tx, &house.id, house.app.clock.now()).await.expect("is resumed"));
    tx.commit().await.expect("commits");
    let mut asked = None;
    house.answers(move |_, cursor| {
        let first = asked.get_or_insert_with(|| cursor.map(str::to_owned));
        assert_eq!(first.as_deref(), Some(read.to_string().as_str()));
        Ok(json!({ "products": [product(100)], "next": null }))
    });
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(
        (run.status, run.error_code.as_deref()),
        (RunStatus::Partial, Some("unproven")),
        "read to its end, uncounted"
    );
}

async fn a_process_that_stops_gives_its_import_back(engine: Engine) {
    let house = House::new(engine, "", whole(2)).await;
    house.answers(inventive());
    house.then(5, |tools| tokio::spawn(async move { tools.shutdown.cancel() }));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Partial, Some("interrupted")), "{run:?}");
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let job = db::job::find(&mut tx, run.job_id.as_ref().expect("a job")).await.expect("reads").expect("is there");
    assert_eq!((job.status, job.error.as_deref()), (JobStatus::Pending, None));
    assert_eq!(db::job::get_failures(&mut tx, &job.id).await.expect("reads"), 0);
    house.app.leaves_jobs("another process takes it");
}

async fn an_import_makes_room_for_others_and_goes_on_behind_them(engine: Engine) {
    let house = House::new(engine, "[import]\nmax_products = 60\nturn_seconds = 10\n", whole(2)).await;
    let clock: Clock = house.app.clock.clone();
    let mut endless = inventive();
    // Each call takes a second.
    house.answers(move |path, cursor| {
        clock.advance(Duration::from_secs(1));
        endless(path, cursor)
    });
    let mut tx = house.app.tools.db.begin().await.expect("begins");
    db::client::insert(&mut tx, &ClientId::from("beta"), "Beta", None, house.app.clock.now()).await.expect("a client");
    tx.commit().await.expect("commits");
    let other = Arc::new(Mutex::new(Shop { answer: Box::new(whole(4)), calls: 0, then: None }));
    let other = connect_to(&house.app, "beta", &listen(&other).await).await;
    let now = house.app.clock.now();
    let import = |client: &str, connection: &ConnectionId, priority| NewJob {
        policy: store_sync::model::JobPolicy { priority, max_attempts: 1, dedupe_key: None, delay: Duration::ZERO },
        ..NewJob::new(
            &house.app.tools.outside,
            &ClientId::from(client),
            Task::ImportProducts {
                connection: connection.clone(),
                scope: ImportScope::Full,
                trigger: Trigger::Manual,
                accept_deletes: false,
            },
        )
    };
    let mut tx = house.app.tools.db.begin().await.expect("begins");
    db::job::cancel_pending(&mut tx, &other, now).await.expect("cancels");
    db::job::insert(&mut tx, &import("acme", &house.id, 50)).await.expect("a job");
    db::job::insert(&mut tx, &import("beta", &other, 100)).await.expect("a job");
    tx.commit().await.expect("commits");
    house.app.drain().await;
    let runs = house.app.runs().await;
    // The first import began in the same millisecond as the one that makes room: nothing orders those two.
    let is_ours = |run: &&Run| run.store_connection_id == house.id && run.trigger == Trigger::Manual;
    let mut ours: Vec<&Run> = runs.iter().filter(is_ours).collect();
    ours.reverse();
    let codes: Vec<_> = ours.iter().map(|run| (run.status, run.error_code.as_deref())).collect();
    assert_eq!(codes, [(RunStatus::Partial, Some("continues")), (RunStatus::Partial, Some("endless"))], "{ours:?}");
    assert_eq!(ours[1].parent_id.as_ref(), Some(&ours[0].id));
    let theirs = runs.iter().find(|run| run.store_connection_id == other).expect("a run");
    assert_eq!(theirs.status, RunStatus::Success);
    assert!(
        theirs.started_at >= ours[0].completed_at.expect("ended")
            && ours[1].started_at >= theirs.completed_at.expect("ended")
    );
    assert!(ours[0].items_processed < 30 && ours[1].items_processed > 30, "{ours:?}");
    assert_eq!(house.calls(), 30, "no page was read twice");
}

async fn products_that_cannot_be_read_are_no_success(engine: Engine) {
    let house = House::new(engine, "", whole(2)).await;
    let catalogue = |bad: usize| {
        move |_: &str, _: Option<&str>| {
            let mut page = [product(0), product(1)];
            // A variant without an id.
            page.iter_mut().take(bad).for_each(|product| product["parts"] = json!([{}]));
            Ok(json!({ "products": page, "next": null, "total": 2 }))
        }
    };
    house.answers(catalogue(1));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(
        (run.status, run.error_code.as_deref(), run.items_failed),
        (RunStatus::Partial, Some("unreadable"), 1),
        "{run:?}"
    );
    assert!(
        text(&run).contains("1 of 2 products") && text(&run).contains(&format!("logs show {}", run.id)),
        "{}",
        text(&run)
    );
    house.answers(catalogue(2));
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!(
        (run.status, run.error_code.as_deref(), run.items_failed),
        (RunStatus::Failed, Some("unreadable"), 2),
        "{run:?}"
    );
    assert!(text(&run).contains("none of the 2 products"), "{}", text(&run));
    let connection = house.app.connection().await;
    assert_eq!((connection.last_error_code.as_deref(), connection.consecutive_failures), (Some("unreadable"), 1));
    assert_eq!(house.living().await.len(), 2, "nothing is gone");
}

// What a pass had seen is forgotten with the shop: connected again, it does not go on at a page whose forerunners nobody remembers.
async fn a_list_that_is_not_there_is_unknown_and_not_empty(engine: Engine) {
    let strict = by_cursor().replace("may_lack = true, ", "");
    let item = |images: Value| {
        let mut item = product(0);
        item["images"] = images;
        move |_: &str, _: Option<&str>| Ok(json!({ "products": [item], "next": null, "total": 1 }))
    };
    let pictures =
        json!([{ "id": "a", "url": "https://s.example/a.png" }, { "id": "b", "url": "https://s.example/b.png" }]);
    let house = House::on(&strict, engine, "", item(pictures)).await;
    let left = async || {
        let product = house.living().await.remove(0);
        let mut tx = house.app.tools.db.read().await.expect("reads");
        let images = db::product::list_images(&mut tx, &product.id).await.expect("lists");
        images.iter().filter(|image| image.deleted_at.is_none()).count()
    };
    assert_eq!(left().await, 2);
    for images in [Value::Null, json!({ "1": { "id": "b", "url": "https://s.example/b.png" } })] {
        house.answers(item(images.clone()));
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!((run.status, run.items_failed), (RunStatus::Partial, 1), "{images}: {run:?}");
        assert_eq!(left().await, 2, "{images}");
    }
    house.answers(item(json!([])));
    assert_eq!(house.app.sync(ImportScope::Full).await.status, RunStatus::Success);
    assert_eq!(left().await, 0, "an empty list is empty");
}

async fn a_field_that_cannot_be_read_is_left_out_and_told_each_time(engine: Engine) {
    let house = House::new(engine, "", whole(2)).await;
    house.answers(|_, _| {
        let mut page = [product(0), product(1)];
        page[0]["price"] = json!("99999999999.00");
        Ok(json!({ "products": page, "next": null, "total": 2 }))
    });
    for unchanged in [1, 1] {
        let run = house.app.sync(ImportScope::Full).await;
        assert_eq!(
            (run.status, run.error_code.as_deref(), run.items_failed, run.items_unchanged),
            (RunStatus::Partial, Some("unreadable"), 1, unchanged),
            "{run:?}"
        );
        let mut tx = house.app.tools.db.read().await.expect("reads");
        let items = db::run::list_items(&mut tx, &run.id, 10).await.expect("lists");
        assert!(items[0].message.as_deref().is_some_and(|message| message.contains("99999999999.00")), "{items:?}");
        house.app.clock.advance(Duration::from_millis(5));
    }
    let living = house.living().await;
    let odd = living.iter().find(|product| product.erp_id.as_deref() == Some("0")).expect("is there");
    assert_eq!((living.len(), odd.price), (2, None));
}

async fn a_pass_does_not_outlive_its_connection(engine: Engine) {
    let house = House::new(engine, "", whole(8)).await;
    let mut well = whole(8);
    house.answers(
        move |path, cursor| {
            if cursor == Some("4") { Err(StatusCode::INTERNAL_SERVER_ERROR) } else { well(path, cursor) }
        },
    );
    assert_eq!(house.app.sync(ImportScope::Full).await.status, RunStatus::Failed);
    connect::disconnect(&house.app.tools, &house.id).await.expect("is left");
    let mut tx = house.app.tools.db.read().await.expect("reads");
    assert!(db::cursor::get(&mut tx, &house.id).await.expect("reads").cursor.is_none());
    drop(tx);
    house.answers(whole(8));
    connect_to(&house.app, "acme", &house.url).await;
    house.app.drain().await;
    let run = house.app.runs().await.remove(0);
    assert_eq!((run.status, run.items_deleted, house.living().await.len()), (RunStatus::Success, 0, 8), "{run:?}");
}
