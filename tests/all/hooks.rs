//! Deliveries of a platform to the one address of its app: signed by the platform's own library, once, and never believed blindly.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, Method};
use serde_json::json;
use sha2::Sha256;
use store_sync::{
    db::{self, connection::NewConnection, grant::SealedGrant},
    model::{ConnectionId, Facts, Grant, Pool, ProductId, Secret, Task, Trigger},
    outside::{Body, Request},
    provider::{App, HookKeys, check_origin},
    sandbox::SandboxOptions,
    vault::Binding,
};
use url::Url;

use crate::{
    platforms::judge,
    support::{Engine, More, TestApp, add_uploaded, on_both},
};

/// From Shopify's documentation: this body under the secret `hush`.
const BODY: &str = r#"{"id":788032119674292922}"#;
const SIGNATURE: &str = "fhhqwxYconmiOqTJ0cD1XzOlT7ONdp6Ryc18pkvlq5Q=";
const SHOP: &str = "acme.myshopify.com";
const UNREAD: &str = "there is no such shop to read";

fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").expect("a key");
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

struct House {
    app: TestApp,
    connection: ConnectionId,
}

impl House {
    /// A connected shop with two products.
    async fn new(engine: crate::support::Engine) -> Self {
        let config = "[app.shopify]\nclient_id = \"our-app\"\nclient_secret = \"hush\"\n[app.ecwid]\nclient_id = \"our-app\"\nclient_secret = \"hush\"\n";
        let options = SandboxOptions { products: 1, ..SandboxOptions::default() };
        let app = TestApp::with_more(engine, options, More { config, ..More::default() }).await;
        let (id, now) = (app.tools.outside.new_id::<ConnectionId>(), app.clock.now());
        let grant =
            Grant { secrets: [("access".to_owned(), Secret::from("shpat_1"))].into(), version: 1, ..Grant::default() };
        let sealed = app.tools.vault.seal(&Binding(&[id.as_str(), "acme", "shopify"]), &grant.to_plaintext("shopify"));
        let new = NewConnection {
            id: &id,
            client_id: &app.client,
            provider: "shopify",
            store_url: "https://acme.myshopify.com",
            store_name: None,
            external_store_id: None,
            facts: &Facts::from_iter([("shop".to_owned(), json!(SHOP))]),
        };
        let mut tx = app.tools.db.begin().await.expect("begins");
        db::connection::upsert(&mut tx, &new, &grant, &SealedGrant(sealed, String::new()), now).await.expect("a shop");
        for (ours, theirs) in [("one", "gid://shopify/Product/788032119674292922"), ("two", "gid://shopify/Product/2")]
        {
            add_uploaded(&mut tx, &app.client, ours, ours).await;
            assert!(db::product::link(&mut tx, &ProductId::from(ours), &id, theirs, now).await.expect("is linked"));
        }
        tx.commit().await.expect("commits");
        Self { app, connection: id }
    }

    async fn deliver(&self, shop: &str, topic: &str, delivery: &str, body: &str, signature: &str) -> u16 {
        let mut request =
            Request::new(Method::POST, Url::parse(&format!("{}/hooks/shopify", self.app.url)).expect("an address"));
        for (name, value) in [
            ("x-shopify-shop-domain", shop),
            ("x-shopify-topic", topic),
            ("x-shopify-webhook-id", delivery),
            ("x-shopify-hmac-sha256", signature),
        ] {
            request.headers.insert(name, HeaderValue::from_str(value).expect("a header"));
        }
        request.body = Body::Bytes(body.to_owned().into());
        self.app.http.send_once(&request).await.expect("an answer").status
    }

    /// An honest delivery of another change.
    async fn change(&self, number: u32) -> u16 {
        let body = format!(r#"{{"id":788032119674292922,"updated_at":{number}}}"#);
        self.deliver(SHOP, "products/update", &format!("u-{number}"), &body, &signed(&body)).await
    }

    async fn gone(&self) -> Vec<String> {
        let all = self.app.products().await;
        all.into_iter().filter(|p| p.erp_deleted_at.is_some()).map(|p| p.id.to_string()).collect()
    }

    /// How many deliveries were noted before `ago`.
    async fn events(&self, ago: Duration) -> u64 {
        let mut tx = self.app.tools.db.begin().await.expect("begins");
        let before = self.app.clock.now().minus(ago).plus(Duration::from_millis(1));
        db::webhook::delete_before(&mut tx, before).await.expect("counts, and is taken back")
    }

    /// As if they were done.
    async fn cancel_jobs(&self) {
        let mut tx = self.app.tools.db.begin().await.expect("begins");
        db::job::cancel_pending(&mut tx, &self.connection, self.app.clock.now()).await.expect("cancels");
        tx.commit().await.expect("commits");
    }

    async fn imports(&self) -> usize {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let open = db::job::list_open(&mut tx, Some(&self.connection), 10).await.expect("lists");
        let asked = |task: &Task| matches!(task, Task::ImportProducts { trigger: Trigger::Webhook, .. });
        open.iter().filter(|job| asked(&job.payload.0)).count()
    }
}

on_both!(
    a_delivery_counts_once_and_only_when_the_platform_signed_it,
    what_no_signature_covers_marks_nothing_as_gone_but_has_the_shop_read,
    a_delivery_of_long_ago_is_another_event,
    a_delivery_during_an_import_has_the_shop_read_after_it
);

async fn a_delivery_counts_once_and_only_when_the_platform_signed_it(engine: Engine) {
    let house = House::new(engine).await;
    // Forged: another body, another secret, none; nothing happens.
    let last = format!("{}A=", &SIGNATURE[..42]);
    for (body, signature) in
        [(r#"{"id":788032119674292923}"#, SIGNATURE), (BODY, last.as_str()), (BODY, ""), (BODY, "not base64")]
    {
        assert_eq!(house.deliver(SHOP, "products/delete", "d-1", body, signature).await, 401, "{body} {signature}");
    }
    assert_eq!(
        house.deliver("nobody.myshopify.com", "products/delete", "d-1", BODY, "x").await,
        401,
        "and nobody learns which shops there are"
    );
    assert!(house.gone().await.is_empty());
    assert_eq!(
        house.deliver("nobody.myshopify.com", "products/delete", "d-9", BODY, SIGNATURE).await,
        200,
        "a shop that left is told nothing"
    );
    // Many changes are one reading; what means nothing is answered and ignored, and uses up nothing.
    assert_eq!(house.deliver(SHOP, "customers/redact", "r-0", BODY, SIGNATURE).await, 200);
    assert_eq!(house.deliver(SHOP, "products/update", "u-0", BODY, SIGNATURE).await, 200);
    for n in 1..5 {
        assert_eq!(house.change(n).await, 200);
    }
    assert_eq!(house.imports().await, 1);
    // One that comes again, also under an id that nobody signed, is no other event; and the shop is read once more.
    let known = house.events(Duration::ZERO).await;
    for id in ["u-0", "x-1"] {
        house.cancel_jobs().await;
        assert_eq!(house.deliver(SHOP, "products/update", id, BODY, SIGNATURE).await, 200);
        assert_eq!((house.imports().await, house.events(Duration::ZERO).await), (1, known));
    }
    // Whoever saw a delivery sends it again under another topic, which nobody signed: the shop is asked.
    assert_eq!(house.deliver(SHOP, "products/delete", "x-2", BODY, SIGNATURE).await, 200);
    for topic in ["customers/redact", "shop/redact", "anything"] {
        assert_eq!(house.deliver(SHOP, topic, "r-1", BODY, SIGNATURE).await, 200);
    }
    assert_eq!((house.gone().await.len(), house.events(Duration::ZERO).await), (0, known + 1));
    // An address that is nobody's.
    let mut request = Request::new(
        Method::POST,
        Url::parse(&format!("{}/hooks/shopify/{}", house.app.url, house.connection)).expect("an address"),
    );
    request.body = Body::Bytes(BODY.into());
    assert_eq!(house.app.http.send_once(&request).await.expect("an answer").status, 404);
    house.app.leaves_jobs(UNREAD);
}

async fn what_no_signature_covers_marks_nothing_as_gone_but_has_the_shop_read(engine: Engine) {
    let house = House::new(engine).await;
    assert_eq!(house.deliver(SHOP, "products/delete", "d-1", BODY, SIGNATURE).await, 200);
    assert!(house.gone().await.is_empty(), "the topic stands in a header that nobody signed");
    let mut tx = house.app.tools.db.read().await.expect("reads");
    let open = db::job::list_open(&mut tx, Some(&house.connection), 10).await.expect("lists");
    let erp_id = "gid://shopify/Product/788032119674292922".to_owned();
    let look = Task::ReadProduct { connection: house.connection.clone(), erp_id };
    assert!(open.len() == 1 && open[0].payload.0 == look, "{open:?}");
    drop(tx);
    // A text that no database keeps is none.
    let nul = r#"{"id":"1\u0000"}"#;
    assert_eq!(house.deliver(SHOP, "products/update", "n-1", nul, &signed(nul)).await, 200);
    house.app.leaves_jobs(UNREAD);
}

async fn a_delivery_of_long_ago_is_another_event(engine: Engine) {
    let house = House::new(engine).await;
    let minutes = Duration::from_mins;
    assert_eq!(house.deliver(SHOP, "products/update", "u-0", BODY, SIGNATURE).await, 200);
    house.app.clock.advance(minutes(9));
    assert_eq!(house.deliver(SHOP, "products/update", "u-0", BODY, SIGNATURE).await, 200);
    assert_eq!(house.events(minutes(1)).await, 1, "a repetition");
    house.app.clock.advance(minutes(2));
    assert_eq!(house.deliver(SHOP, "products/update", "u-0", BODY, SIGNATURE).await, 200);
    assert_eq!((house.events(minutes(1)).await, house.events(Duration::ZERO).await), (0, 1), "the row is of now");
    house.app.leaves_jobs(UNREAD);
}

async fn a_delivery_during_an_import_has_the_shop_read_after_it(engine: Engine) {
    let house = House::new(engine).await;
    assert_eq!(house.change(1).await, 200);
    let (now, mut tx) = (house.app.clock.now(), house.app.tools.db.begin().await.expect("begins"));
    let until = now.plus(Duration::from_mins(1));
    let running = db::job::claim(&mut tx, Pool::Import, "a worker", now, until).await.expect("claims").expect("a job");
    tx.commit().await.expect("commits");
    // It may have read the product before it changed.
    for number in 2..5 {
        assert_eq!(house.change(number).await, 200);
    }
    assert_eq!(house.imports().await, 2, "one behind it, for all of them");
    let mut tx = house.app.tools.db.begin().await.expect("begins");
    assert!(db::job::mark_completed(&mut tx, &running, now).await.expect("is done"));
    tx.commit().await.expect("commits");
    assert_eq!(house.change(5).await, 200);
    assert_eq!(house.imports().await, 2);
    house.app.leaves_jobs(UNREAD);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_secret_proves_nothing() {
    let house = House::new(crate::support::Engine::Sqlite).await;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"").expect("a key");
    mac.update(BODY.as_bytes());
    let forged = STANDARD.encode(mac.finalize().into_bytes());
    let known = house.app.tools.provider("shopify").expect("is known");
    let mut headers = http::HeaderMap::new();
    headers.insert("x-shopify-topic", HeaderValue::from_static("products/update"));
    headers.insert("x-shopify-hmac-sha256", HeaderValue::from_str(&forged).expect("a header"));
    let delivery = known.delivery(&headers, BODY.as_bytes(), "");
    for empty in ["", " "] {
        let app = App { client_id: "our-app".into(), client_secret: Secret::from(empty), webhook_key: None };
        let with = HookKeys { app: Some(&app), ..HookKeys::default() };
        assert!(known.read_webhook(&delivery, with, house.app.clock.now()).is_err());
        let query = [("shop", SHOP), ("timestamp", "1772366400")];
        let mut query: Vec<(String, String)> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut mac = Hmac::<Sha256>::new_from_slice(empty.as_bytes()).expect("a key");
        mac.update(format!("shop={SHOP}&timestamp=1772366400").as_bytes());
        let hex = mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        query.push(("hmac".to_owned(), hex));
        let now = house.app.clock.now();
        assert_eq!(now.unix_ms(), 1_772_366_400_000);
        let refused = check_origin(known, Some(&app), &query, now).expect_err("is refused");
        assert_eq!(refused.code(), "bad_signature");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_signed_by_shopifys_own_library_are_accepted() {
    let house = House::new(crate::support::Engine::Sqlite).await;
    let body = r#"{"id":2,"title":"Tee & more ü","updated_at":"2026-11-01T10:00:00Z"}"#;
    let signature = judge(&["deliver", "hush", body]);
    assert_eq!(judge(&["deliver", "hush", BODY]), SIGNATURE, "it is the documentation's");
    assert_eq!(house.deliver(SHOP, "products/update", "l-1", body, &signature).await, 200);
    assert_eq!(house.imports().await, 1);
    assert_eq!(house.deliver(SHOP, "products/update", "l-2", &body.replace('2', "3"), &signature).await, 401);
    house.app.leaves_jobs(UNREAD);
}
