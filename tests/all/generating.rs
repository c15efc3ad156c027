//! From products to pictures: ordered, made once whatever happens, counted, approved and carried out.

use http::Method;
use serde_json::{Map, Value, json};
use store_sync::{
    db::{self, asset::AssetFilter},
    generate::{self, Order, Ordered},
    model::{ApprovalStatus, AssetStatus, EventType, FlowStatus, ImportScope, Plan, PushStatus, Quota},
    push,
    sandbox::Options,
};

use crate::support::{Engine, TestApp, on_both};

struct Desk {
    app: TestApp,
    products: Vec<String>,
}

impl Desk {
    /// A connected shop, its products in the order of its numbers.
    async fn new(engine: Engine) -> Self {
        let app = TestApp::with(engine, Options { products: 6, ..Options::default() }).await;
        app.connect().await;
        app.drain().await;
        let mut all = app.products().await;
        all.sort_by_key(|product| product.erp_id.clone());
        Self { products: all.into_iter().map(|product| product.id.to_string()).collect(), app }
    }

    async fn order(
        &self,
        products: &[String],
        styles: &[&str],
        variants: usize,
    ) -> Result<Ordered, store_sync::model::Failure> {
        let settings: Vec<Map<String, Value>> = styles
            .iter()
            .map(|style| {
                json!({ "style": style, "size": 96, "kept": { "unknown": true } })
                    .as_object()
                    .cloned()
                    .expect("an object")
            })
            .collect();
        generate::order(&self.app.tools, &Order { products, settings: &settings, variants, seed: 11 }).await
    }

    async fn assets(&self) -> Vec<store_sync::model::Asset> {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::asset::list(&mut tx, &AssetFilter::default(), 10_000).await.expect("lists")
    }

    async fn used(&self) -> i32 {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        let month = generate::month(self.app.clock.now());
        db::quota::find_usage(&mut tx, &self.app.client, &month)
            .await
            .expect("reads")
            .map_or(0, |usage| usage.generation_count)
    }

    async fn flow(&self, id: &store_sync::model::FlowId) -> store_sync::model::GenerationFlow {
        let mut tx = self.app.tools.db.read().await.expect("reads");
        db::flow::find(&mut tx, id).await.expect("reads").expect("is there")
    }

    async fn limit(&self, monthly: i32) {
        let quota = Quota {
            client_id: self.app.client.clone(),
            plan: Plan::Free.to_string(),
            monthly_generation_limit: monthly,
            storage_quota_mb: 1000,
            max_products: None,
            updated_at: self.app.clock.now(),
        };
        let mut tx = self.app.tools.db.begin().await.expect("begins");
        assert!(
            db::quota::upsert(&mut tx, &format!("q{monthly}"), &quota, self.app.clock.now()).await.expect("is set")
        );
        tx.commit().await.expect("commits");
    }
}

on_both! {
    async fn an_order_becomes_pictures_that_can_be_approved_and_carried_out(engine) {
        let desk = Desk::new(engine).await;
        let ordered = desk.order(&desk.products[..2], &["podium", "Rustic kitchen"], 2).await.expect("is ordered");
        assert_eq!((ordered.flows.len(), ordered.assets.len(), ordered.jobs.len()), (2, 8, 8), "ids are known before anything is made");
        assert!(desk.assets().await.iter().all(|asset| asset.status == AssetStatus::Pending && asset.asset_url.is_none()));
        assert_eq!(desk.flow(&ordered.flows[0]).await.status, FlowStatus::Generating);
        assert_eq!(desk.used().await, 8);
        assert_eq!(desk.app.drain().await, 8);
        let made = desk.assets().await;
        assert!(made.iter().all(|asset| asset.status == AssetStatus::Completed && asset.approval_status == ApprovalStatus::Pending), "{made:?}");
        let mut sums: Vec<&String> = made.iter().filter_map(|asset| asset.sha256.as_ref()).collect();
        sums.sort();
        sums.dedup();
        assert_eq!(sums.len(), 8, "no two are alike");
        let flow = desk.flow(&ordered.flows[1]).await;
        assert_eq!((flow.status, &flow.settings.0["kept"]), (FlowStatus::Completed, &json!({ "unknown": true })), "unknown keys stay");
        let first = made.iter().find(|asset| asset.id == ordered.assets[0]).expect("is there").clone();
        let key = first.asset_url.as_deref().expect("a key");
        assert_eq!(key, format!("clients/acme/generations/{}/assets/{}.png", ordered.flows[0], first.id));
        assert!(first.prompt.as_deref().is_some_and(|prompt| prompt.contains("Style: podium.")));
        let mut tx = desk.app.tools.db.read().await.expect("reads");
        let events = db::event::list(&mut tx, &db::event::EventFilter { client: Some(desk.app.client.clone()), ..Default::default() }, 100).await.expect("lists");
        assert_eq!(events.iter().filter(|event| event.event_type == EventType::Completed).count(), 8);
        drop(tx);
        // What is approved goes to the shop, byte for byte.
        desk.app.approve(&first).await;
        desk.app.drain().await;
        let pushes = desk.app.pushes().await;
        assert_eq!((pushes.len(), pushes[0].status), (1, PushStatus::Synced), "{pushes:?}");
        // The picture that went there is no product picture to begin with.
        desk.app.sync(ImportScope::Full).await;
        let again = desk.order(&desk.products[..1], &["podium"], 1).await.expect("is ordered");
        desk.app.drain().await;
        let same = desk.assets().await.into_iter().find(|asset| asset.id == again.assets[0]).expect("is there");
        assert_eq!(same.sha256, first.sha256, "the same product, style and seed");
    }

    async fn done_twice_a_picture_is_made_once(engine) {
        let desk = Desk::new(engine).await;
        let ordered = desk.order(&desk.products[..1], &["studio"], 1).await.expect("is ordered");
        for _ in 0..2 {
            generate::run(&desk.app.tools, &ordered.assets[0]).await.expect("is made");
        }
        desk.app.drain().await;
        let mut tx = desk.app.tools.db.read().await.expect("reads");
        let events = db::event::list(&mut tx, &db::event::EventFilter { client: Some(desk.app.client.clone()), ..Default::default() }, 100).await.expect("lists");
        assert_eq!(events.iter().filter(|event| event.event_type == EventType::Completed).count(), 1);
        drop(tx);
        assert_eq!((desk.used().await, desk.flow(&ordered.flows[0]).await.status), (1, FlowStatus::Completed));
    }

    async fn what_cannot_be_made_says_why_and_costs_nothing(engine) {
        let desk = Desk::new(engine).await;
        let ids: Vec<String> = desk.app.products().await.iter().take(0).map(|p| p.id.to_string()).collect();
        assert_eq!(desk.order(&ids, &["studio"], 1).await.expect_err("nothing").code, "bad_order");
        assert_eq!(desk.order(&["nope".to_owned()], &["studio"], 1).await.expect_err("unknown").code, "unknown_product");
        // One product has lost its pictures in the shop: its share fails, the other's is made.
        let erp = desk.app.products().await.into_iter().find(|p| p.id.to_string() == desk.products[1]).and_then(|p| p.erp_id).expect("an id");
        desk.app.shop(Method::PATCH, &format!("/api/products/{erp}"), Some(json!({ "images": [] }))).await;
        desk.app.clock.advance(std::time::Duration::from_mins(1));
        desk.app.sync(ImportScope::Full).await;
        let ordered = desk.order(&desk.products[..2], &["studio"], 2).await.expect("is ordered");
        assert_eq!(desk.used().await, 4);
        desk.app.drain().await;
        let all = desk.assets().await;
        let failed: Vec<_> = all.iter().filter(|asset| asset.status == AssetStatus::Error).collect();
        assert_eq!((failed.len(), all.len()), (2, 4));
        assert!(failed[0].error.as_deref().is_some_and(|why| why.contains("no picture to begin with")), "{failed:?}");
        assert_eq!((desk.used().await, desk.flow(&ordered.flows[0]).await.status), (2, FlowStatus::Completed), "half of it is something");
        let alone = desk.order(&desk.products[1..2], &["studio"], 1).await.expect("is ordered");
        desk.app.drain().await;
        assert_eq!(desk.flow(&alone.flows[0]).await.status, FlowStatus::Error);
        // What was not made cannot be approved.
        let why = push::decide(&desk.app.tools, alone.assets[0].as_str(), ApprovalStatus::Approved, None).await;
        assert!(why.is_err(), "{why:?}");
    }

    async fn no_order_passes_the_limit_whoever_asks_at_once(engine) {
        let desk = std::sync::Arc::new(Desk::new(engine).await);
        desk.limit(10).await;
        let mut orders = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let desk = desk.clone();
            orders.spawn(async move { desk.order(&desk.products[..1], &["studio"], 3).await.map(|ordered| ordered.assets.len()) });
        }
        let mut made = 0;
        while let Some(result) = orders.join_next().await {
            match result.expect("ends") {
                Ok(count) => made += count,
                Err(failure) => assert_eq!(failure.code, "quota_exceeded"),
            }
        }
        assert_eq!((made, desk.used().await, desk.assets().await.len()), (9, 9, 9));
    }
}
