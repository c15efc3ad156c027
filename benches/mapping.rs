//! Picking a realistic product (about 5 KB, 3 variants, 4 pictures) with the largest mapping, beside parsing the same bytes:
//! `cargo bench --bench mapping`. Only the ratio within one run counts.

use std::{hint::black_box, time::Instant};

use serde_json::{Value, json};
use store_sync::{
    model::Facts,
    provider::{Providers, normal},
};

const ROUNDS: u32 = 20_000;

fn product() -> Value {
    let id = |kind: &str, n: u32| format!("gid://shopify/{kind}/{}", 7_880_321_196_742_u64 + u64::from(n));
    let picture = |n: u32| {
        json!({
            "id": id("MediaImage", n), "alt": format!("A lamp of oak and linen, seen from side {n}"), "mediaContentType": "IMAGE",
            "image": { "url": format!("https://cdn.shopify.com/s/files/1/0700/9284/files/lamp-{n}.png?v=1764000000"), "width": 2048, "height": 2048 }
        })
    };
    let variant = |n: u32| {
        json!({
            "id": id("ProductVariant", n), "title": format!("Oak / {n}"), "sku": format!("LAMP-OAK-{n}"), "price": "129.00",
            "selectedOptions": [{ "name": "Wood", "value": "Oak" }, { "name": "Size", "value": n.to_string() }],
            "media": { "nodes": [{ "id": id("MediaImage", n) }] }
        })
    };
    json!({
        "id": id("Product", 1), "title": "Lamp of oak and linen", "descriptionHtml": "<p>A warm light for long evenings.</p>".repeat(70),
        "status": "ACTIVE", "productType": "Lamps", "updatedAt": "2026-11-01T10:00:00Z",
        "onlineStoreUrl": "https://acme.example/products/lamp", "onlineStorePreviewUrl": "https://acme.example/preview/lamp",
        "priceRangeV2": { "minVariantPrice": { "amount": "129.0", "currencyCode": "EUR" } },
        "media": { "pageInfo": { "hasNextPage": false, "endCursor": "m" }, "nodes": (1..=4).map(picture).collect::<Vec<_>>() },
        "variants": { "pageInfo": { "hasNextPage": false, "endCursor": "v" }, "nodes": (1..=3).map(variant).collect::<Vec<_>>() }
    })
}

#[expect(clippy::disallowed_methods, reason = "a measurement is about real time")]
fn timed(mut work: impl FnMut()) -> f64 {
    for _ in 0..ROUNDS / 10 {
        work();
    }
    let began = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    began.elapsed().as_secs_f64() / f64::from(ROUNDS) * 1e6
}

fn main() {
    let providers = Providers::built_in().expect("the built-in files are fine");
    let provider = providers.get("shopify").expect("is there");
    let (item, facts) = (product(), Facts::new());
    let bytes = item.to_string().into_bytes();
    let found = normal(provider, &facts, "https://acme.myshopify.com", &item).expect("is picked");
    assert_eq!((found.variants.len(), found.images.len()), (3, 4));
    for round in 1..=3 {
        let parse = timed(|| drop(black_box(serde_json::from_slice::<Value>(black_box(&bytes)))));
        let pick = timed(|| drop(black_box(normal(provider, &facts, "https://acme.myshopify.com", black_box(&item)))));
        println!(
            "round {round}: {} bytes: parse {parse:.1} µs, pick {pick:.1} µs, ratio {:.2}",
            bytes.len(),
            pick / parse
        );
    }
}
