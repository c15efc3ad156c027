//! Catalogues come in whole, once, and stay right.

use std::time::Duration;

use http::Method;
use serde_json::json;
use store_sync::{
    db::{self, Db},
    import,
    model::{ImportScope, ProductId, RunStatus, Trigger},
    sandbox::SandboxOptions,
};

use crate::support::{Engine, TestApp, on_both, write_by_hand};

on_both!(
    a_connected_shop_is_imported_with_variants_and_pictures,
    an_unchanged_product_costs_no_write,
    of_a_changed_product_only_what_changed_is_written,
    changes_come_alone_and_deletes_only_with_a_full_pass,
    a_sweep_that_would_take_too_many_stops_and_asks,
    a_pass_cut_off_goes_on_where_it_stopped,
    a_picture_whose_address_names_an_unreadable_format_is_marked,
    a_shop_that_counts_otherwise_proves_nothing,
    a_sync_waits_for_no_retry_and_reads_the_shop_once
);

async fn a_connected_shop_is_imported_with_variants_and_pictures(engine: Engine) {
    let app = TestApp::new(engine).await;
    let connection = app.connect().await;
    assert_eq!(app.drain().await, 1, "the first import was queued by the connect");
    let products = app.products().await;
    assert_eq!(products.len(), 60);
    let mug = products.iter().find(|p| p.erp_id.as_deref() == Some("1001")).expect("the first product");
    assert_eq!(
        (mug.name.as_str(), mug.erp_sku.as_deref(), mug.currency.as_deref()),
        ("Terracotta Mug", Some("MUG-1001"), Some("EUR"))
    );
    assert_eq!(mug.erp_url.as_deref(), Some(format!("{}/products/1001", app.shop_url).as_str()));
    assert_eq!(mug.price.map(|p| p.to_string()).as_deref(), Some("9.00"));
    let mut tx = app.tools.db.read().await.expect("reads");
    let images = db::product::list_images(&mut tx, &mug.id).await.expect("lists");
    assert_eq!(images.iter().map(|i| i.external_image_id.as_deref()).collect::<Vec<_>>(), [Some("i1001-1")]);
    assert!(images[0].is_primary);
    let variants = db::product::list_variants(&mut tx, &mug.id).await.expect("lists");
    assert_eq!(variants[0].options.0["Size"], "Small");
    drop(tx);
    let run = &app.runs().await[0];
    assert_eq!(
        (run.status, run.trigger, run.items_created, run.items_total, run.api_calls),
        (RunStatus::Success, Trigger::Startup, 60, 60, 1)
    );
    assert_eq!(run.store_connection_id, connection);
}

async fn an_unchanged_product_costs_no_write(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    let before = app.products().await;
    app.clock.advance(Duration::from_mins(1));
    let run = app.sync(ImportScope::Full).await;
    assert_eq!((run.items_unchanged, run.items_updated, run.items_created), (60, 0, 0));
    let after = app.products().await;
    assert_eq!(serde_json::to_value(&before).expect("json"), serde_json::to_value(&after).expect("json"));
}

async fn of_a_changed_product_only_what_changed_is_written(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    let variant = |id: &str, price: &str| json!({ "id": id, "sku": id, "title": id, "price": price, "options": [], "image_id": null });
    let image = |id: &str| json!({ "id": id, "url": format!("{}/{id}.png", app.shop_url), "alt": null });
    let change = async |variants: serde_json::Value, images: serde_json::Value| {
        app.clock.advance(Duration::from_mins(1));
        let body = json!({ "variants": variants, "images": images });
        app.shop(Method::PATCH, "/api/products/1002", Some(body)).await;
        app.sync(ImportScope::Changes).await;
    };
    let product =
        async || app.products().await.into_iter().find(|p| p.erp_id.as_deref() == Some("1002")).expect("is there").id;
    app.drain().await;
    change(json!([variant("a", "1.00"), variant("b", "2.00")]), json!([image("x"), image("y")])).await;
    let id = product().await;
    assert_eq!(pictures(&app, &id).await, [("x".to_owned(), true, 1), ("y".to_owned(), false, 1)]);
    change(json!([variant("a", "1.00"), variant("b", "2.50")]), json!([image("x"), image("y")])).await;
    let mut tx = app.tools.db.read().await.expect("reads");
    let variants = db::product::list_variants(&mut tx, &id).await.expect("lists");
    drop(tx);
    let alive = variants.iter().filter(|variant| variant.erp_deleted_at.is_none());
    let prices: Vec<_> = alive.map(|variant| variant.price.map(|price| price.to_string())).collect();
    assert_eq!(prices, [Some("1.00".to_owned()), Some("2.50".to_owned())]);
    assert_eq!(pictures(&app, &id).await, [("x".to_owned(), true, 1), ("y".to_owned(), false, 1)], "as they were");
    change(json!([variant("a", "1.00"), variant("b", "2.50")]), json!([image("y"), image("x")])).await;
    assert_eq!(pictures(&app, &id).await, [("y".to_owned(), true, 2), ("x".to_owned(), false, 2)]);
}

/// The pictures of a product in their order: the shop's id, whether it is the first, how often it was written.
async fn pictures(app: &TestApp, product: &ProductId) -> Vec<(String, bool, i32)> {
    let sql = "SELECT external_image_id, is_primary, version FROM product_image WHERE product_id = $1 \
               AND deleted_at IS NULL ORDER BY sort_order";
    match &app.tools.db {
        Db::Sqlite { read, .. } => sqlx::query_as(sql).bind(product.as_str()).fetch_all(read).await,
        Db::Postgres { pool, .. } => sqlx::query_as(sql).bind(product.as_str()).fetch_all(pool).await,
    }
    .expect("reads")
}

async fn changes_come_alone_and_deletes_only_with_a_full_pass(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    app.clock.advance(Duration::from_mins(10));
    app.shop(Method::PATCH, "/api/products/1002", Some(json!({ "title": "Blue Vase", "images": [], "variants": [{ "id": "new", "sku": "N", "title": "New", "price": "1.00", "options": [], "image_id": null }] }))).await;
    app.shop(Method::DELETE, "/api/products/1003", None).await;
    app.shop(Method::POST, "/api/products", Some(json!({ "title": "Extra\u{0} thing", "price": "3.10" }))).await;
    let run = app.sync(ImportScope::Changes).await;
    assert_eq!((run.items_created, run.items_updated, run.items_deleted), (1, 1, 0), "{run:?}");
    let products = app.products().await;
    let vase = products.iter().find(|p| p.erp_id.as_deref() == Some("1002")).expect("is there");
    assert_eq!(vase.name, "Blue Vase");
    let mut tx = app.tools.db.read().await.expect("reads");
    let variants = db::product::list_variants(&mut tx, &vase.id).await.expect("lists");
    let alive: Vec<&str> =
        variants.iter().filter(|v| v.erp_deleted_at.is_none()).map(|v| v.erp_variant_id.as_str()).collect();
    assert_eq!(alive, ["new"], "the old variants are marked as gone");
    assert!(db::product::list_images(&mut tx, &vase.id).await.expect("lists").iter().all(|i| i.deleted_at.is_some()));
    drop(tx);
    assert!(products.iter().any(|p| p.name == "Extra thing"), "U+0000 is taken out");
    assert!(products.iter().all(|p| p.erp_deleted_at.is_none()), "changes cannot tell what is gone");
    let run = app.sync(ImportScope::Full).await;
    assert_eq!((run.status, run.items_deleted), (RunStatus::Success, 1));
    let gone: Vec<_> =
        app.products().await.into_iter().filter(|p| p.erp_deleted_at.is_some()).map(|p| p.erp_id).collect();
    assert_eq!(gone, [Some("1003".to_owned())]);
}

async fn a_sweep_that_would_take_too_many_stops_and_asks(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    for id in 1001..1041 {
        app.shop(Method::DELETE, &format!("/api/products/{id}"), None).await;
    }
    let run = app.sync(ImportScope::Full).await;
    assert_eq!(
        (run.status, run.error_code.as_deref(), run.items_deleted),
        (RunStatus::Partial, Some("sweep_brake"), 0)
    );
    assert!(run.error_message.expect("a text").contains("--accept-deletes"));
    let run = app.sync_with(ImportScope::Full, true).await;
    assert_eq!((run.status, run.items_deleted), (RunStatus::Success, 40));
}

async fn a_sync_waits_for_no_retry_and_reads_the_shop_once(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    let connection = app.connection().await;
    let request = async |scope, accept_deletes| {
        import::request(&app.tools, &connection, scope, accept_deletes).await.expect("is requested")
    };
    let first = request(ImportScope::Changes, false).await;
    app.mischief(json!({ "on": "GET /api/products", "times": 3, "do": "error" })).await;
    assert_eq!(app.drain().await, 1, "the first import, which waited already");
    let failed = app.runs().await.remove(0);
    assert_eq!((failed.status, failed.job_id.as_ref()), (RunStatus::Failed, Some(&first)));
    assert_eq!(app.drain().await, 0, "its retry waits");
    app.clock.advance(Duration::from_millis(5));
    assert_eq!(request(ImportScope::Full, false).await, first);
    assert_eq!(app.drain().await, 1);
    let run = app.runs().await.remove(0);
    assert_eq!((run.status, run.items_created, run.parent_id), (RunStatus::Success, 60, Some(failed.id)));
    // What does less than is asked for takes nobody's place.
    let changes = request(ImportScope::Changes, false).await;
    app.clock.advance(Duration::from_millis(1));
    assert_ne!(request(ImportScope::Full, true).await, changes);
    assert_eq!(request(ImportScope::Changes, false).await, changes);
    assert_eq!(app.drain().await, 2);
}

async fn a_pass_cut_off_goes_on_where_it_stopped(engine: Engine) {
    let app = TestApp::with(engine, SandboxOptions { products: 900, ..SandboxOptions::default() }).await;
    app.connect().await;
    app.mischief(json!({ "on": "GET /api/products", "skip": 2, "times": 3, "do": "error" })).await;
    app.drain().await;
    let failed = app.runs().await.remove(0);
    assert_eq!((failed.status, failed.items_created), (RunStatus::Failed, 500), "two pages are kept");
    app.clock.advance(Duration::from_mins(1));
    app.drain().await;
    let run = app.runs().await.remove(0);
    assert_eq!(
        (run.status, run.items_created, run.attempt, run.api_calls),
        (RunStatus::Success, 400, 2, 2),
        "only the missing pages are read"
    );
    assert_eq!(run.parent_id, Some(failed.id));
    assert_eq!(app.products().await.len(), 900);
}

async fn a_shop_that_counts_otherwise_proves_nothing(engine: Engine) {
    let app = TestApp::with(engine, SandboxOptions { products: 300, ..SandboxOptions::default() }).await;
    app.connect().await;
    app.drain().await;
    // A product goes between the two pages: the first page held it, the count no longer does.
    app.clock.advance(Duration::from_mins(1));
    let token_page = app.stats().await["calls"]["GET /api/products"].clone();
    assert_eq!(token_page, 2, "one call a page and no more");
    app.mischief(json!({ "on": "GET /api/products", "skip": 1, "times": 3, "do": "error" })).await;
    let failed = app.sync(ImportScope::Full).await;
    assert_eq!(failed.status, RunStatus::Failed);
    app.shop(Method::DELETE, "/api/products/1001", None).await;
    app.clock.advance(Duration::from_mins(1));
    app.drain().await;
    let run = app.runs().await.remove(0);
    assert_eq!((run.status, run.error_code.as_deref()), (RunStatus::Partial, Some("unproven")));
    assert!(app.products().await.iter().all(|p| p.erp_deleted_at.is_none()));
}

async fn a_picture_whose_address_names_an_unreadable_format_is_marked(engine: Engine) {
    let app = TestApp::new(engine).await;
    app.connect().await;
    app.drain().await;
    let read = async |title: &str, name: &str| {
        let images = json!([{ "id": "p", "url": format!("https://s.example/{name}"), "alt": null, "file_name": name }]);
        app.clock.advance(Duration::from_mins(10));
        app.shop(Method::PATCH, "/api/products/1002", Some(json!({ "title": title, "images": images }))).await;
        assert_eq!(app.sync(ImportScope::Full).await.status, RunStatus::Success);
        let vase = app.product("1002").await;
        let mut tx = app.tools.db.read().await.expect("reads");
        let images = db::product::list_images(&mut tx, &vase.id).await.expect("lists");
        images.into_iter().find(|image| image.deleted_at.is_none()).expect("is there").mime_type
    };
    assert_eq!(read("a", "1.avif?v=2").await.as_deref(), Some("image/avif"));
    assert_eq!(read("b", "1.jpg").await, None, "another picture");
    write_by_hand(&app.tools.db, "UPDATE product_image SET mime_type = 'image/heif' WHERE external_image_id = 'p'")
        .await;
    assert_eq!(read("c", "1.jpg").await.as_deref(), Some("image/heif"), "what it was seen to be");
    assert_eq!(read("d", "2.jpg").await, None);
    write_by_hand(
        &app.tools.db,
        "UPDATE product_image SET mime_type = 'image/png', sha256 = 'x' WHERE external_image_id = 'p'",
    )
    .await;
    assert_eq!(read("e", "3.avif").await.as_deref(), Some("image/png"), "that of the bytes that are stored here");
}
