//! Webhooks: verify, deduplicate, enqueue a job; and subscribe. The current state is read from the shop.

use std::{borrow::Cow, sync::Arc};

use http::HeaderMap;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::{
    connect,
    db::{
        self, Tx,
        run::NewItem,
        webhook::{NewDelivery, NewSubscription},
    },
    model::{
        Connection, ConnectionId, ConnectionStatus, Counts, Failure, FailureKind, ImportScope, ItemOutcome, Noun,
        RunAction, Secret, Task, Trigger,
    },
    provider::{self, Delivery, HookAct, Provider, WebhookEvent},
    tools::{JobRun, Lease, OpenRun, RunAbout, RunEnd, Shared, Tools},
    vault::{Binding, hex},
};

/// Binds a subscription's secret to its shop and topic.
const SECRET: &str = "webhook_subscription";

/// Receives a delivery; returns for how many shops it was new. `connection` is the one in its URL, if any.
pub async fn receive(
    tools: &Tools,
    provider: &str,
    connection: Option<&ConnectionId>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<usize, Failure> {
    let provider = tools.provider(provider)?;
    let unknown = || Failure::new(FailureKind::NotFound(Noun::Connection), "no shop takes deliveries at this address");
    if !provider.has_webhooks() || connection.is_some() == provider.webhook_names_shop() {
        return Err(unknown());
    }
    let url = callback_url(tools, provider, connection);
    let delivery = Delivery::new(headers, body, &url);
    if provider.is_ping(&delivery) {
        return Ok(0);
    }
    let mut tx = tools.db.read().await?;
    let shops = match connection {
        Some(id) => db::connection::find(&mut tx, id).await?.into_iter().collect(),
        None => match provider.webhook_shop(&delivery) {
            Some(store_url) => db::connection::list_by_shop(&mut tx, provider.key(), &store_url).await?,
            None => Vec::new(),
        },
    };
    drop(tx);
    let ours = |shop: &Connection| shop.store_type == provider.key() && shop.status != ConnectionStatus::Disconnected;
    let shops: Vec<Connection> = shops.into_iter().filter(ours).collect();
    // A forged delivery reveals nothing, not even whether the shop exists.
    if shops.is_empty() {
        provider.read_webhook(&delivery, tools.apps.get(provider.key()), &[])?;
        return Ok(0);
    }
    let mut news = 0;
    for shop in &shops {
        let secrets = secrets(tools, shop).await?;
        let told = provider.read_webhook(&delivery, tools.apps.get(provider.key()), &secrets)?;
        news += usize::from(record_delivery(tools, shop, &told, body).await?);
    }
    Ok(news)
}

/// Records a delivery and its effects, in one transaction; `false` for a duplicate.
async fn record_delivery(tools: &Tools, shop: &Connection, told: &WebhookEvent, body: &[u8]) -> Result<bool, Failure> {
    let now = tools.outside.clock.now();
    let status = if told.act.is_some() { "processed" } else { "ignored" };
    // The same body under an ignored topic must not make the real delivery a duplicate.
    let of_body = || format!("{}{}", if told.act.is_some() { "" } else { "ignored:" }, hex(&Sha256::digest(body)));
    let same = told.delivery.as_deref().map_or_else(|| of_body().into(), Cow::Borrowed);
    let mut tx = tools.db.begin().await?;
    let id = tools.outside.new_id::<String>();
    let delivery = NewDelivery {
        id: &id,
        connection: &shop.id,
        delivery_id: &same,
        topic: &told.topic,
        erp_id: told.erp_id.as_deref(),
        status,
    };
    if !db::webhook::insert_event(&mut tx, &delivery, now).await? {
        return Ok(false);
    }
    match (told.act, &told.erp_id) {
        (Some(HookAct::Gone), Some(erp_id)) if told.proved => {
            mark_gone(tools, &mut tx, shop, erp_id).await?;
        }
        (Some(act), _) if shop.is_usable() => ask_shop(tools, &mut tx, shop, act).await?,
        _ => {}
    }
    tx.commit().await?;
    tracing::debug!(connection.id = %shop.id, webhook.topic = told.topic, "a delivery was noted");
    Ok(true)
}

/// Tombstones a product that its shop reports as deleted, like a complete pass, in a run of its own (action webhook).
async fn mark_gone(tools: &Tools, tx: &mut Tx, shop: &Connection, erp_id: &str) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    let known = db::product::find_by_erp_id(tx, &shop.id, erp_id).await?;
    let Some(product) = known.filter(|product| product.erp_deleted_at.is_none()) else { return Ok(()) };
    db::catalogue::mark_products_gone(tx, &[&product.id], now).await?;
    let about = RunAbout::shop(&shop.id, &shop.client_id, RunAction::Webhook, Trigger::Webhook);
    let run = OpenRun::open(tx, tools, &RunAbout { product: Some(&product.id), ..about }).await?;
    let item = NewItem {
        id: tools.outside.new_id(),
        entity_type: "product",
        entity_id: Some(product.id.to_string()),
        external_id: Some(erp_id.to_owned()),
        outcome: ItemOutcome::Deleted,
        error_code: None,
        message: Some("the shop told us so, by a delivery that it signed".to_owned()),
    };
    run.add_items(tx, tools, &[item]).await?;
    run.count(tx, tools, 1, &Counts { deleted: 1, ..Counts::default() }, 0).await?;
    run.close(tx, tools, RunEnd::Success, 0).await
}

/// One import for all deliveries before it starts: of changes, or of everything if a product is reported as deleted,
/// which no list of changes shows.
async fn ask_shop(tools: &Tools, tx: &mut Tx, shop: &Connection, act: HookAct) -> sqlx::Result<()> {
    let scope = match act {
        HookAct::Read => ImportScope::Changes,
        HookAct::Gone => ImportScope::Full,
    };
    let import =
        Task::ImportProducts { connection: shop.id.clone(), scope, trigger: Trigger::Webhook, accept_deletes: false };
    db::job::enqueue(tx, &tools.outside, &shop.client_id, import).await.map(drop)
}

async fn secrets(tools: &Tools, shop: &Connection) -> Result<Vec<Secret>, Failure> {
    let mut tx = tools.db.read().await?;
    let sealed = db::webhook::list_secrets(&mut tx, &shop.id).await?;
    drop(tx);
    let open = |(topic, sealed): &(String, String)| {
        tools.vault.unseal_text(&Binding(&[SECRET, shop.id.as_str(), topic]), sealed).ok()
    };
    Ok(sealed.iter().filter_map(open).collect())
}

/// Subscribes to each topic of a shop's webhooks, in a run of its own. A repeated subscription replaces the old one.
pub async fn subscribe(tools: &Shared, lease: &Arc<Lease>, id: &ConnectionId) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let about = RunAbout::shop(id, &lease.job.client_id, RunAction::Webhook, Trigger::Manual);
    let run = of_job.open(&mut tx, tools, &RunAbout { attempt: lease.job.attempts, ..about }).await?;
    tx.commit().await?;
    let mut calls = 0;
    let result = subscribe_topics(tools, lease, id, &mut calls).await;
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    run.close(&mut tx, tools, RunEnd::of(&result), calls).await?;
    tx.commit().await?;
    result
}

async fn subscribe_topics(
    tools: &Shared,
    lease: &Arc<Lease>,
    id: &ConnectionId,
    calls: &mut i32,
) -> Result<(), Failure> {
    let (shop, connection) = connect::open_for(lease, tools, id).await?;
    let provider = shop.provider();
    for topic in provider.webhook_topics() {
        let secret = Secret::from(tools.outside.random.token());
        let subscribed = provider::subscribe(&shop, topic, &callback_url(tools, provider, Some(id)), &secret).await;
        *calls = shop.api_calls();
        let external = subscribed?;
        let binding = [SECRET, connection.id.as_str(), topic.as_str()];
        let sealed = tools.vault.seal_text(&Binding(&binding), secret.expose_secret());
        let new = NewSubscription {
            id: &tools.outside.new_id::<String>(),
            connection: id,
            topic,
            external_id: external.as_deref(),
            secret_sealed: &sealed,
        };
        let mut tx = tools.db.begin().await?;
        lease.hold(&mut tx).await?;
        db::webhook::upsert_subscription(&mut tx, &new, tools.outside.clock.now()).await?;
        tx.commit().await?;
    }
    tracing::info!(connection.id = %id, job.id = %lease.job.id, "the shop tells of changes from now on");
    Ok(())
}

/// The URL for deliveries.
fn callback_url(tools: &Tools, provider: &Provider, id: Option<&ConnectionId>) -> String {
    let base = format!("{}/hooks/{}", tools.policy.public_url, provider.key());
    match id.filter(|_| !provider.webhook_names_shop()) {
        Some(id) => format!("{base}/{id}"),
        None => base,
    }
}
