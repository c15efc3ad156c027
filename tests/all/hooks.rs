//! Deliveries of a platform to the one address of its app: signed by the platform's own library, once, and never believed blindly.

use http::{HeaderValue, Method};
use serde_json::json;
use store_sync::{
    db::{self, connection::NewConnection, grant::SealedGrant},
    model::{ConnectionId, Facts, Grant, ProductId, Secret, Task, Trigger},
    outside::{Body, Request},
    sandbox::Options,
    vault::Binding,
};
use url::Url;

use crate::{
    platforms::judge,
    support::{More, TestApp, on_both},
};

/// From Shopify's documentation: this body under the secret `hush`.
const BODY: &str = r#"{"id":788032119674292922}"#;
const SIGNATURE: &str = "fhhqwxYconmiOqTJ0cD1XzOlT7ONdp6Ryc18pkvlq5Q=";
const SHOP: &str = "acme.myshopify.com";

struct House {
    app: TestApp,
    connection: ConnectionId,
}

impl House {
    /// A connected shop with two products.
    async fn new(engine: crate::support::Engine) -> Self {
        let config = "[app.shopify]\nclient_id = \"our-app\"\nclient_secret = \"hush\"\n[app.ecwid]\nclient_id = \"our-app\"\nclient_secret = \"hush\"\n";
        let options = Options { products: 1, ..Options::default() };
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
            db::product::insert(&mut tx, &ProductId::from(ours), &app.client, (ours, None, None), now)
                .await
                .expect("a product");
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

    async fn gone(&self) -> Vec<String> {
        let all = self.app.products().await;
        all.into_iter().filter(|p| p.erp_deleted_at.is_some()).map(|p| p.id.to_string()).collect()
    }

    async fn imports(&self) -> usize {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let open = db::job::list_open(&mut tx, Some(&self.connection), 10).await.expect("lists");
        let asked = |task: &Task| matches!(task, Task::ImportProducts { trigger: Trigger::Webhook, .. });
        open.iter().filter(|job| asked(&job.payload.0)).count()
    }
}

on_both! {
    async fn a_delivery_counts_once_and_only_when_the_platform_signed_it(engine) {
        let house = House::new(engine).await;
        // Forged: another body, another secret, none; nothing happens.
        let last = format!("{}A=", &SIGNATURE[..42]);
        for (body, signature) in [(r#"{"id":788032119674292923}"#, SIGNATURE), (BODY, last.as_str()), (BODY, ""), (BODY, "not base64")] {
            assert_eq!(house.deliver(SHOP, "products/delete", "d-1", body, signature).await, 401, "{body} {signature}");
        }
        assert_eq!(house.deliver("nobody.myshopify.com", "products/delete", "d-1", BODY, "x").await, 401, "and nobody learns which shops there are");
        assert!(house.gone().await.is_empty());
        // Honest, twice: counts once.
        assert_eq!(house.deliver(SHOP, "products/delete", "d-1", BODY, SIGNATURE).await, 200);
        assert_eq!(house.gone().await, ["one"]);
        assert_eq!(house.deliver(SHOP, "products/delete", "d-1", BODY, SIGNATURE).await, 200);
        assert_eq!(house.deliver("nobody.myshopify.com", "products/delete", "d-9", BODY, SIGNATURE).await, 200, "a shop that left is told nothing");
        // Many changes are one reading; what means nothing is answered and ignored.
        for n in 0..5 {
            assert_eq!(house.deliver(SHOP, "products/update", &format!("u-{n}"), BODY, SIGNATURE).await, 200);
        }
        assert_eq!(house.imports().await, 1);
        // One that comes again once it was read is no news; another one is.
        let mut tx = house.app.tools.db.begin().await.expect("begins");
        db::job::cancel_pending(&mut tx, &house.connection, house.app.clock.now()).await.expect("as if it was read");
        tx.commit().await.expect("commits");
        assert_eq!(house.deliver(SHOP, "products/update", "u-0", BODY, SIGNATURE).await, 200);
        assert_eq!(house.imports().await, 0);
        assert_eq!(house.deliver(SHOP, "products/update", "u-9", BODY, SIGNATURE).await, 200);
        assert_eq!(house.imports().await, 1);
        assert_eq!(house.deliver(SHOP, "customers/redact", "r-1", BODY, SIGNATURE).await, 200);
        assert_eq!((house.imports().await, house.gone().await.len()), (1, 1));
        // An address that is nobody's.
        let mut request = Request::new(Method::POST, Url::parse(&format!("{}/hooks/shopify/{}", house.app.url, house.connection)).expect("an address"));
        request.body = Body::Bytes(BODY.into());
        assert_eq!(house.app.http.send_once(&request).await.expect("an answer").status, 404);
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
}
