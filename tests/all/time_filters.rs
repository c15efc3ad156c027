//! A platform with two filters by time: one finds changes of products, the other those of their variants.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::Query,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use store_sync::{
    db,
    model::{ConnectionId, ImportScope, RunStatus, Time},
};
use tokio::net::TcpListener;

use crate::{
    cases::{connect, daemon},
    support::{Engine, TestApp, on_both},
};

const PLATFORM: &str = r#"
[op.products]
path = "/products"
query = { at = "{page.offset}", limit = "{page.size}", by_product = "{since.product}", by_variant = "{since.variants}" }
[op.parts]
path = "/products/{item.id}/parts"
[import]
op = "products"
page = { kind = "offset", size = 2, items = "products", total = "total" }
nested = [{ into = "parts", op = "parts", page = { kind = "single", size = 100, items = "parts" } }]
[import.since]
overlap = "1m"
by = [{ name = "product" }, { name = "variants" }]
[import.map]
erp_id = "id"
title = "title"
updated_at = "updated_at"
[import.map.variants]
each = "parts"
id = "id"
price = "price"
"#;

/// A product with one variant, and when each of them changed.
#[derive(Clone)]
struct Goods {
    updated_at: &'static str,
    variant_at: &'static str,
    price: &'static str,
}

/// A shop, and what it was asked: a list by a filter, or the variants of a product.
#[derive(Default)]
struct Shop {
    goods: Vec<Goods>,
    asked: Vec<String>,
    /// Does not answer lists by the second filter.
    fails: bool,
}

impl Shop {
    fn answer(&mut self, path: &str, query: &HashMap<String, String>) -> Response {
        if path == "/0/shop" {
            return Json(json!({})).into_response();
        }
        if let Some(id) = path.strip_prefix("/0/products/").and_then(|rest| rest.strip_suffix("/parts")) {
            self.asked.push(format!("parts {id}"));
            let goods = &self.goods[id.parse::<usize>().expect("a number")];
            return Json(json!({ "parts": [{ "id": format!("v{id}"), "price": goods.price }] })).into_response();
        }
        let filters: Vec<&str> =
            ["by_product", "by_variant"].into_iter().filter(|name| query.contains_key(*name)).collect();
        let at = query["at"].parse::<usize>().expect("a number");
        self.asked.push(format!("list {} from {at}", filters.join(" and ")));
        if self.fails && filters.contains(&"by_variant") {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let changed = |time: &str, name: &str| query.get(name).is_none_or(|since| moment(time) >= moment(since));
        let found = |goods: &Goods| changed(goods.updated_at, "by_product") && changed(goods.variant_at, "by_variant");
        let list = self.goods.iter().enumerate().filter(|(_, goods)| found(goods));
        let list: Vec<Value> = list
            .map(|(id, goods)| json!({ "id": id.to_string(), "title": "Lamp", "updated_at": goods.updated_at }))
            .collect();
        let page: Vec<&Value> = list.iter().skip(at).take(2).collect();
        Json(json!({ "products": page, "total": list.len() })).into_response()
    }
}

fn moment(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

struct House {
    app: TestApp,
    id: ConnectionId,
    shop: Arc<Mutex<Shop>>,
}

/// Nothing has changed lately but the last product, which both filters find.
fn goods() -> Vec<Goods> {
    let old = Goods { updated_at: "2026-02-01T00:00:00Z", variant_at: "2026-02-01T00:00:00Z", price: "1.00" };
    let new = Goods { updated_at: "2026-03-01T11:00:00Z", variant_at: "2026-03-01T11:00:00Z", price: "1.00" };
    vec![old.clone(), old.clone(), old, new]
}

impl House {
    async fn new(engine: Engine) -> Self {
        let app = daemon(engine, &[("filtered", PLATFORM.to_owned())]).await;
        let shop = Arc::new(Mutex::new(Shop { goods: goods(), ..Shop::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/0", listener.local_addr().expect("an address"));
        let served = shop.clone();
        let router = Router::new().fallback(move |uri: Uri, Query(query): Query<HashMap<String, String>>| {
            let response = served.lock().expect("is not poisoned").answer(uri.path(), &query);
            async move { response }
        });
        tokio::spawn(async move { axum::serve(listener, router.into_make_service()).await });
        let id = connect(&app, "filtered", url).await;
        app.drain().await;
        let house = Self { app, id, shop };
        assert_eq!(house.prices().await, ["1.0000"; 4]);
        house.asked();
        house.app.clock.advance(Duration::from_hours(1));
        house
    }

    /// What the shop was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shop.lock().expect("is not poisoned").asked)
    }

    fn change(&self, change: impl FnOnce(&mut Shop)) {
        change(&mut self.shop.lock().expect("is not poisoned"));
    }

    /// The prices of the variants, by product, each with four decimals.
    async fn prices(&self) -> Vec<String> {
        let mut all = Vec::new();
        for id in 0..4 {
            let product = self.app.product(&id.to_string()).await;
            let mut tx = self.app.tools.db.read().await.expect("reads");
            for variant in db::product::list_variants(&mut tx, &product.id).await.expect("lists") {
                let price: Value = json!(variant.price);
                let text = price.as_str().map_or_else(|| price.to_string(), str::to_owned);
                all.push(format!("{:.4}", text.parse::<f64>().expect("a price")));
            }
        }
        all
    }

    async fn watermark(&self) -> Option<Time> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::cursor::get(&mut tx, &self.id).await.expect("reads").updated_since
    }
}

on_both!(
    a_change_that_only_the_second_filter_finds_is_imported_and_nothing_is_read_twice,
    a_pass_that_stops_between_two_filters_goes_on_with_the_second_one,
    many_products_that_both_filters_find_are_no_endless_list
);

async fn a_change_that_only_the_second_filter_finds_is_imported_and_nothing_is_read_twice(engine: Engine) {
    let house = House::new(engine).await;
    house.change(|shop| {
        shop.goods[1].variant_at = "2026-03-01T12:30:00Z";
        shop.goods[1].price = "2.00";
    });
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!((run.status, run.items_updated, run.items_unchanged), (RunStatus::Success, 1, 1), "{run:?}");
    assert_eq!(
        house.asked(),
        ["list by_product from 0", "parts 3", "list by_variant from 0", "parts 1"],
        "product 3 is found by both filters and read once"
    );
    assert_eq!(house.prices().await, ["1.0000", "2.0000", "1.0000", "1.0000"]);
    // A full import is filtered by nothing, and reads every product once.
    let run = house.app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.items_unchanged), (RunStatus::Success, 4), "{run:?}");
    let lists: Vec<String> = house.asked().into_iter().filter(|asked| asked.starts_with("list")).collect();
    assert_eq!(lists, ["list  from 0", "list  from 2"]);
}

async fn a_pass_that_stops_between_two_filters_goes_on_with_the_second_one(engine: Engine) {
    let house = House::new(engine).await;
    house.change(|shop| {
        shop.goods[0].updated_at = "2026-03-01T12:20:00Z";
        shop.goods[1].variant_at = "2026-03-01T12:30:00Z";
        shop.goods[1].price = "2.00";
        shop.fails = true;
    });
    let before = house.watermark().await;
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!((run.status, house.watermark().await), (RunStatus::Failed, before), "{run:?}");
    assert_eq!(house.prices().await[1], "1.0000");
    house.change(|shop| shop.fails = false);
    house.asked();
    house.app.clock.advance(Duration::from_hours(1));
    house.app.drain().await;
    assert_eq!(house.asked(), ["list by_variant from 0", "parts 1"], "what the first filter found is still known");
    assert_eq!(house.prices().await[1], "2.0000");
    assert_eq!(house.watermark().await, Some(moment("2026-03-01T12:20:00Z")));
}

async fn many_products_that_both_filters_find_are_no_endless_list(engine: Engine) {
    let house = House::new(engine).await;
    let more = Goods { updated_at: "2026-03-01T12:10:00Z", variant_at: "2026-03-01T12:10:00Z", price: "1.00" };
    house.change(|shop| shop.goods.extend(std::iter::repeat_n(more, 8)));
    let run = house.app.sync(ImportScope::Changes).await;
    assert_eq!((run.status, run.items_created), (RunStatus::Success, 8), "{run:?}");
    let asked = house.asked();
    assert_eq!(asked.iter().filter(|asked| asked.starts_with("parts")).count(), 9, "{asked:?}");
    assert_eq!(asked.iter().filter(|asked| asked.starts_with("list by_variant")).count(), 5, "{asked:?}");
    assert_eq!(house.watermark().await, Some(moment("2026-03-01T12:10:00Z")));
}
