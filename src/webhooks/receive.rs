//! Receives deliveries: verifies, records, and enqueues a job. Nothing of a delivery is believed but that the shop should be read.

use std::time::Duration;

use http::HeaderMap;
use sha2::{Digest, Sha256};

use super::subscribe::SECRET;
use crate::{
    db::{self, Tx, webhook::NewDelivery},
    model::{
        Connection, ConnectionId, ConnectionStatus, Failure, FailureKind, ImportScope, Noun, RunAction, Secret, Task,
        Trigger,
    },
    provider::{Delivery, HookAct, HookKeys, NamedShop, Provider, WebhookEvent},
    tools::{OpenRun, RunAbout, RunEnd, Tools},
    vault::{Binding, hex},
};

/// How long the same delivery is a repetition, not another event. A platform that gets no response repeats a delivery within one to
/// five minutes at first. Its later repetitions, up to two days, count once more, which costs a row and a read of what is read
/// already; a longer time would take other events of the same body for repetitions.
const REPEATED_WITHIN: Duration = Duration::from_mins(10);

/// Receives a delivery. `connection` is the one in its URL, if any.
pub async fn receive(
    tools: &Tools,
    provider: &str,
    connection: Option<&ConnectionId>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Failure> {
    let provider = tools.provider(provider)?;
    let unknown = || Failure::new(FailureKind::NotFound(Noun::Connection), "no shop takes deliveries at this address");
    if !provider.has_webhooks() || connection.is_some() == provider.webhook_names_shop() {
        return Err(unknown());
    }
    let url = provider.webhook_url(&tools.policy.public_url, connection);
    let delivery = provider.delivery(headers, body, &url);
    if provider.is_ping(&delivery) {
        return Ok(());
    }
    let (now, app) = (tools.outside.clock.now(), tools.apps.get(provider.key()));
    let shops = find_shops(tools, provider, connection, &delivery).await?;
    // A forged delivery reveals nothing, not even whether the shop exists.
    if shops.is_empty() {
        return provider.read_webhook(&delivery, HookKeys { app, ..HookKeys::default() }, now).map(drop);
    }
    for shop in &shops {
        let secrets = secrets(tools, shop).await?;
        let published = provider.published_keys(&tools.key_sets, &tools.outside, &shop.facts, &delivery).await?;
        let with = HookKeys { app, secrets: &secrets, published: &published };
        let told = provider.read_webhook(&delivery, with, now)?;
        record_delivery(tools, shop, &told, body).await?;
    }
    Ok(())
}

/// The connected shops that a delivery may be of: the one whose URL it was sent to, or those that it names.
async fn find_shops(
    tools: &Tools,
    provider: &Provider,
    connection: Option<&ConnectionId>,
    delivery: &Delivery<'_>,
) -> Result<Vec<Connection>, Failure> {
    let mut tx = tools.db.read().await?;
    let named = connection.is_none().then(|| provider.webhook_shop(delivery)).flatten();
    let shops = match (connection, named) {
        (Some(id), _) => db::connection::find(&mut tx, id).await?.into_iter().collect(),
        (None, Some(NamedShop::Url(url))) => db::connection::list_by_shop(&mut tx, provider.key(), &url).await?,
        (None, Some(NamedShop::Id(id))) => db::connection::list_by_external_id(&mut tx, provider.key(), &id).await?,
        (None, None) => Vec::new(),
    };
    let ours = |shop: &Connection| shop.store_type == provider.key() && shop.status != ConnectionStatus::Disconnected;
    Ok(shops.into_iter().filter(ours).collect())
}

/// Records a delivery and enqueues what it asks for, in one transaction. One that is repeated asks again: the job that waits for
/// the first is enough, but after it the shop may have changed once more.
async fn record_delivery(tools: &Tools, shop: &Connection, told: &WebhookEvent, body: &[u8]) -> Result<(), Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let delivery = NewDelivery {
        id: &tools.outside.new_id::<String>(),
        connection: &shop.id,
        delivery_id: &identity(told, body),
        topic: &told.topic,
        erp_id: told.erp_id.as_deref(),
        status: if told.act.is_some() { "processed" } else { "ignored" },
    };
    let is_new = db::webhook::upsert_event(&mut tx, &delivery, now, now.minus(REPEATED_WITHIN)).await?;
    match (told.act, &told.erp_id) {
        (Some(act), _) if !shop.is_usable() => {
            tracing::debug!(connection.id = %shop.id, webhook.act = ?act, "the shop is not usable: nothing is read");
        }
        (Some(HookAct::Gone), Some(erp_id)) => look_for(tools, &mut tx, shop, erp_id, is_new).await?,
        (Some(act), _) => read_shop(tools, &mut tx, shop, act).await?,
        (None, _) => {}
    }
    tx.commit().await?;
    tracing::debug!(connection.id = %shop.id, webhook.topic = told.topic, webhook.repeated = !is_new, "a delivery was noted");
    Ok(())
}

/// What is the same each time that a platform sends a delivery: its topic with its id, or with the hash of the body. Whoever
/// replays a body under topics that mean nothing adds one row only.
fn identity(told: &WebhookEvent, body: &[u8]) -> String {
    let of_body = || hex(&Sha256::digest(body));
    match told.act {
        Some(_) => format!("{} {}", told.topic, told.delivery.clone().unwrap_or_else(of_body)),
        None => format!("ignored {}", of_body()),
    }
}

/// Has a product looked up that is reported as deleted: a topic in a header is not signed, and a late delivery may be overtaken.
/// Where the shop cannot be asked for one product, or for too many, a complete pass decides, and a run tells so.
async fn look_for(tools: &Tools, tx: &mut Tx, shop: &Connection, erp_id: &str, is_new: bool) -> Result<(), Failure> {
    let provider = tools.provider(&shop.store_type)?;
    if provider.reads_one_product() && db::job::may_look(tx, &shop.id).await? {
        let look = Task::ReadProduct { connection: shop.id.clone(), erp_id: erp_id.to_owned() };
        db::job::enqueue_behind(tx, &tools.outside, &shop.client_id, look).await?;
        return Ok(());
    }
    let known = db::product::find_by_erp_id(tx, &shop.id, erp_id).await?;
    let why = if provider.reads_one_product() {
        format!("{} other products wait to be looked up", db::job::MOST_LOOKS)
    } else {
        format!("the file of {} has no call that reads one product (import.one)", provider.name())
    };
    if let Some(product) = known.filter(|product| is_new && product.erp_deleted_at.is_none()) {
        let about = RunAbout::shop(&shop.id, &shop.client_id, RunAction::Webhook, Trigger::Webhook);
        let run = OpenRun::open(tx, tools, &RunAbout { product: Some(&product.id), ..about }).await?;
        let text =
            format!("a delivery reports '{erp_id}' as deleted, and {why}: a full import was enqueued, which decides");
        run.close(tx, tools, RunEnd::Skipped("left_to_pass", &text), 0).await?;
    }
    read_shop(tools, tx, shop, HookAct::Gone).await.map_err(Failure::from)
}

/// One import for all deliveries before it starts: of changes, or of everything if a product is reported as deleted,
/// which no list of changes shows.
async fn read_shop(tools: &Tools, tx: &mut Tx, shop: &Connection, act: HookAct) -> sqlx::Result<()> {
    let scope = match act {
        HookAct::Read => ImportScope::Changes,
        HookAct::Gone => ImportScope::Full,
    };
    let import =
        Task::ImportProducts { connection: shop.id.clone(), scope, trigger: Trigger::Webhook, accept_deletes: false };
    db::job::enqueue_behind(tx, &tools.outside, &shop.client_id, import).await.map(drop)
}

async fn secrets(tools: &Tools, shop: &Connection) -> Result<Vec<Secret>, Failure> {
    let mut tx = tools.db.read().await?;
    let sealed = db::webhook::list_secrets(&mut tx, &shop.id, tools.outside.clock.now()).await?;
    drop(tx);
    let open = |(topic, sealed): &(String, String)| {
        tools.vault.unseal_text(&Binding(&[SECRET, shop.id.as_str(), topic]), sealed).ok()
    };
    Ok(sealed.iter().filter_map(open).collect())
}
