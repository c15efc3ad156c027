//! Lists of many products that one call reads: how many calls it takes, and what an answer that is not whole costs.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::Query,
    http::{StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};
use store_sync::{
    connect, db,
    model::{ImportScope, ItemOutcome, Run, RunStatus},
    sandbox::SandboxOptions,
};
use tokio::net::TcpListener;

use crate::support::{Engine, More, TestApp, on_both};

/// A platform whose pages have products without their parts, which are asked for by the ids of products.
const PLATFORM: &str = r#"
schema = 1
[provider]
key = "batches"
name = "Batches"
docs = "https://batches.example"
[provider.limits]
image_bytes = 1000
image_types = ["image/png"]
images_per_product = 1
alt_chars = 10
[connect]
kind = "pasted_key"
store_url = "{shop}"
probe = { op = "shop" }
[[connect.field]]
name = "shop"
ask = "Address"
pattern = '^http://127\.0\.0\.1(:[0-9]+)?$'
[[connect.field]]
name = "token"
ask = "Token"
pattern = '^.{1,200}$'
secret = true
[call]
base = "{shop}"
headers = { authorization = "Bearer {grant.token}" }
budget = []
[op.shop]
path = "/shop"
[op.products]
path = "/products"
query = { offset = "{page.offset}" }
[op.parts]
path = "/parts"
query = { of = "{batch.ids}", offset = "{page.offset}" }
[import]
op = "products"
full_only = "a test"
page = { kind = "offset", size = 100, items = "products", total = "total" }
[[import.nested]]
into = "parts"
op = "parts"
batch = { id = "id", parent = "product", separator = "|", at_most = 100 }
page = { kind = "offset", size = 500, items = "parts", total = "total" }
[import.map]
erp_id = "id"
title = "title"
[import.map.variants]
each = "parts"
id = "id"
"#;

/// The same where a product says whether it has parts.
fn with_there() -> String {
    PLATFORM.replace("op = \"parts\"\nbatch", "op = \"parts\"\nthere = \"has_parts\"\nbatch")
}

/// What the shop answers when it is asked for the parts of these products, from an offset on.
type Answer = Box<dyn FnMut(&[usize], usize) -> Result<Value, StatusCode> + Send>;

struct Shop {
    products: usize,
    parts: Answer,
    calls: usize,
}

struct House {
    app: TestApp,
    shop: Arc<Mutex<Shop>>,
}

fn respond(shop: &Mutex<Shop>, path: &str, query: &HashMap<String, String>) -> Result<Value, StatusCode> {
    let mut shop = shop.lock().expect("is not poisoned");
    let offset: usize = query.get("offset").map_or(0, |offset| offset.parse().expect("a number"));
    if path == "/shop" {
        return Ok(json!({}));
    }
    shop.calls += 1;
    if path == "/products" {
        let item = |id: usize| json!({ "id": id, "title": format!("Product {id}"), "has_parts": true });
        let page: Vec<Value> = (offset..shop.products).take(100).map(item).collect();
        return Ok(json!({ "products": page, "total": shop.products }));
    }
    let ids = query["of"].split('|').map(|id| id.parse().expect("a number")).collect::<Vec<usize>>();
    (shop.parts)(&ids, offset)
}

impl House {
    async fn new(
        engine: Engine,
        platform: &str,
        products: usize,
        parts: impl FnMut(&[usize], usize) -> Result<Value, StatusCode> + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temp folder");
        std::fs::create_dir(folder.path().join("batches")).expect("a folder");
        std::fs::write(folder.path().join("batches/provider.toml"), platform).expect("is written");
        let config = format!("[providers]\ndir = \"{}\"\n", folder.path().display());
        let more = More { config: &config, ..More::default() };
        let app = TestApp::with_more(engine, SandboxOptions { products: 1, ..SandboxOptions::default() }, more).await;
        let shop = Arc::new(Mutex::new(Shop { products, parts: Box::new(parts), calls: 0 }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = shop.clone();
        let router = Router::new().fallback(move |uri: Uri, Query(query): Query<HashMap<String, String>>| {
            let answer = respond(&served, uri.path(), &query);
            async move { answer.map_or_else(IntoResponse::into_response, |body| Json(body).into_response()) }
        });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let fields = BTreeMap::from([("shop".to_owned(), url), ("token".to_owned(), "t".to_owned())]);
        connect::connect_with_key(&app.tools, "acme", "batches", &fields, connect::Sharing::Refused)
            .await
            .expect("is connected");
        app.drain().await;
        Self { app, shop }
    }

    /// Answers otherwise from now on, and reads everything again; the calls are counted anew.
    async fn sync(
        &self,
        parts: impl FnMut(&[usize], usize) -> Result<Value, StatusCode> + Send + 'static,
    ) -> (Run, usize) {
        {
            let mut shop = self.shop.lock().expect("is not poisoned");
            (shop.parts, shop.calls) = (Box::new(parts), 0);
        }
        let run = self.app.sync(ImportScope::Full).await;
        (run, self.calls())
    }

    fn calls(&self) -> usize {
        self.shop.lock().expect("is not poisoned").calls
    }

    /// The ids of a product's parts that are not gone.
    async fn parts(&self, product: usize) -> Vec<String> {
        let product = self.app.product(&product.to_string()).await;
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let all = db::product::list_variants(&mut tx, &product.id).await.expect("lists");
        all.into_iter().filter(|part| part.erp_deleted_at.is_none()).map(|part| part.erp_variant_id).collect()
    }

    /// The addresses of a product's pictures that are not gone, in their order.
    async fn pictures(&self, product: usize) -> Vec<String> {
        let product = self.app.product(&product.to_string()).await;
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let all = db::product::list_images(&mut tx, &product.id).await.expect("lists");
        all.into_iter()
            .filter(|image| image.deleted_at.is_none())
            .filter_map(|image| image.original_store_url)
            .collect()
    }

    async fn failed(&self, run: &Run) -> Vec<(String, String)> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let items = db::run::list_items(&mut tx, &run.id, 100).await.expect("lists");
        let failed = items.into_iter().filter(|item| item.outcome == ItemOutcome::Failed);
        failed.map(|item| (item.external_id.unwrap_or_default(), item.message.unwrap_or_default())).collect()
    }
}

/// Two parts of each product, and not more than so many a page.
fn two_each(most: usize) -> impl FnMut(&[usize], usize) -> Result<Value, StatusCode> + Send {
    move |ids, offset| {
        let all: Vec<Value> = ids.iter().flat_map(|id| parts_of(*id)).collect();
        let page: Vec<&Value> = all.iter().skip(offset).take(most).collect();
        Ok(json!({ "parts": page, "total": all.len() }))
    }
}

fn parts_of(id: usize) -> [Value; 2] {
    ["a", "b"].map(|part| json!({ "id": format!("{id}{part}"), "product": id }))
}

fn all_of(ids: &[usize]) -> Value {
    let all: Vec<Value> = ids.iter().flat_map(|id| parts_of(*id)).collect();
    json!({ "parts": all, "total": all.len() })
}

on_both!(
    a_page_of_products_with_children_costs_two_calls,
    a_product_that_a_batch_does_not_mention_has_nothing_only_if_the_batch_was_whole,
    a_product_whose_children_cannot_be_read_is_the_only_one_that_is_told,
    a_shop_that_reads_one_id_of_many_is_asked_for_each,
    entries_that_name_no_product_are_no_proof,
    pictures_that_stand_at_variants_come_and_go_with_them
);

async fn a_page_of_products_with_children_costs_two_calls(engine: Engine) {
    let house = House::new(engine, PLATFORM, 100, two_each(500)).await;
    assert_eq!(house.calls(), 2, "the page, and the parts of all its products");
    for product in [0, 57, 99] {
        assert_eq!(house.parts(product).await, [format!("{product}a"), format!("{product}b")]);
    }
    // A shop that gives fewer entries a page is read to the end: 200 by 60.
    let (run, calls) = house.sync(two_each(60)).await;
    assert_eq!((run.status, run.items_unchanged, calls), (RunStatus::Success, 100, 5), "{run:?}");
    // Two pages of products, and as many ids a call as the file allows.
    let narrow = PLATFORM.replace("at_most = 100", "at_most = 40");
    let house = House::new(engine, &narrow, 120, two_each(500)).await;
    assert_eq!(house.calls(), 2 + 3 + 1);
    assert_eq!(house.parts(119).await.len(), 2);
}

async fn a_product_that_a_batch_does_not_mention_has_nothing_only_if_the_batch_was_whole(engine: Engine) {
    let house = House::new(engine, PLATFORM, 4, two_each(500)).await;
    let without = |ids: &[usize]| -> Vec<usize> { ids.iter().copied().filter(|id| *id != 2).collect() };
    // The count says that something is missing, and whoever asks for each alone hears the same.
    let (run, _) = house
        .sync(move |ids, _| {
            let mut answer = all_of(&without(ids));
            answer["total"] = json!(ids.len() * 2);
            Ok(answer)
        })
        .await;
    assert_eq!((run.status, run.items_failed, run.items_deleted), (RunStatus::Partial, 1, 0), "{run:?}");
    let told = house.failed(&run).await;
    assert!(told.len() == 1 && told[0].0 == "2" && told[0].1.contains("reports 2"), "{told:?}");
    assert_eq!(house.parts(2).await.len(), 2, "what is unknown is not gone");
    // No list at all is no empty list.
    let (run, _) = house.sync(|_, _| Ok(json!({ "message": "later" }))).await;
    assert_eq!((run.status, run.items_failed), (RunStatus::Partial, 4), "{run:?}");
    assert_eq!(house.parts(2).await.len(), 2);
    let (run, calls) = house.sync(move |ids, _| Ok(all_of(&without(ids)))).await;
    assert_eq!((run.status, run.items_failed, calls), (RunStatus::Success, 0, 2), "{run:?}");
    assert_eq!((house.parts(2).await.len(), house.parts(3).await.len()), (0, 2));
}

async fn a_product_whose_children_cannot_be_read_is_the_only_one_that_is_told(engine: Engine) {
    let house = House::new(engine, PLATFORM, 8, two_each(500)).await;
    let (run, calls) =
        house.sync(|ids, _| if ids.contains(&5) { Err(StatusCode::BAD_REQUEST) } else { Ok(all_of(ids)) }).await;
    assert_eq!((run.status, run.items_failed, run.items_deleted), (RunStatus::Partial, 1, 0), "{run:?}");
    let told = house.failed(&run).await;
    assert!(told.len() == 1 && told[0].0 == "5", "{told:?}");
    // The page; all eight, four and four, two of them, each of those, and the other two.
    assert_eq!(calls, 1 + 1 + 2 + 1 + 2 + 1);
    assert_eq!((house.parts(5).await.len(), house.parts(7).await.len()), (2, 2));
    // Where none comes, it is the shop's fault.
    let (run, _) = house.sync(|_, _| Err(StatusCode::INTERNAL_SERVER_ERROR)).await;
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Failed, Some("shop_down")), "{run:?}");
}

async fn a_shop_that_reads_one_id_of_many_is_asked_for_each(engine: Engine) {
    let first_only = |ids: &[usize], _: usize| Ok(all_of(&ids[..1]));
    let house = House::new(engine, &with_there(), 5, first_only).await;
    assert_eq!(house.calls(), 1 + 1 + 4, "products that say that they have parts");
    for product in 0..5 {
        assert_eq!(house.parts(product).await.len(), 2, "{product}");
    }
    // Asked for alone, the shop's word counts.
    let (run, _) = house.sync(|ids, _| Ok(all_of(if ids[0] == 3 { &[] } else { &ids[..1] }))).await;
    assert_eq!((run.status, house.parts(3).await.len()), (RunStatus::Success, 0), "{run:?}");
}

async fn entries_that_name_no_product_are_no_proof(engine: Engine) {
    let house = House::new(engine, PLATFORM, 2, two_each(500)).await;
    let (run, _) = house.sync(|_, _| Ok(json!({ "parts": [{ "id": "x" }], "total": 1 }))).await;
    assert_eq!((run.status, run.items_failed, run.items_deleted), (RunStatus::Partial, 2, 0), "{run:?}");
    assert_eq!((house.parts(0).await.len(), house.parts(1).await.len()), (2, 2));
    // Those of other products are not theirs.
    let (run, _) = house
        .sync(|ids, _| {
            let more = [ids, &[77]].concat();
            Ok(all_of(&more))
        })
        .await;
    assert_eq!((run.status, house.parts(1).await), (RunStatus::Success, vec!["1a".to_owned(), "1b".to_owned()]));
}

async fn pictures_that_stand_at_variants_come_and_go_with_them(engine: Engine) {
    let images = r#"images = { each = "images", may_lack = true, id = "id", url = "url", more = { of = "parts", each = "picture" } }"#;
    let platform = PLATFORM.replace("title = \"title\"\n", &format!("title = \"title\"\n{images}\n"));
    // Of the first product, which has no pictures of its own: one for both parts, then one for each.
    let with = |names: [&'static str; 2]| {
        move |ids: &[usize], _: usize| {
            let mut answer = all_of(ids);
            let first = answer["parts"].as_array_mut().expect("a list").iter_mut().filter(|part| part["product"] == 0);
            for (part, name) in first.zip(names) {
                part["picture"] = json!({ "id": name, "url": format!("https://s.example/{name}.png") });
            }
            Ok(answer)
        }
    };
    let url = |name: &str| format!("https://s.example/{name}.png");
    let house = House::new(engine, &platform, 2, with(["both", "both"])).await;
    assert_eq!((house.pictures(0).await, house.pictures(1).await.len()), (vec![url("both")], 0));
    let (run, _) = house.sync(with(["a", "b"])).await;
    assert_eq!((run.status, house.pictures(0).await), (RunStatus::Success, vec![url("a"), url("b")]), "{run:?}");
    // What is not known of the parts is not known of their pictures.
    let (run, _) = house.sync(|ids, _| Ok(json!({ "parts": all_of(&ids[..1])["parts"], "total": 9 }))).await;
    assert_eq!((run.status, house.pictures(0).await.len()), (RunStatus::Partial, 2), "{run:?}");
    let (run, _) = house.sync(two_each(500)).await;
    assert_eq!((run.status, house.pictures(0).await.len()), (RunStatus::Success, 0), "{run:?}");
}
