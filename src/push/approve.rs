//! A person's decision about an asset, and the pushes it causes, in one transaction.

use serde::Serialize;

use super::upload::next_round;
use crate::{
    db::{
        self, Tx,
        event::NewEvent,
        push::{NewPush, idempotency_key},
    },
    model::{
        ApprovalStatus, Asset, AssetStatus, ConnectionStatus, EventType, Failure, FailureKind, Noun, Push, PushId,
        PushStatus, Task, Trigger,
    },
    tools::Tools,
};

/// What a decision did.
#[derive(Debug, Serialize)]
pub struct Decided {
    pub asset: Asset,
    /// False if it was already recorded.
    pub changed: bool,
    /// Pushes that an approval caused or found.
    pub pushes: Vec<Push>,
}

/// Approves or rejects an asset. Idempotent, but a second approval requeues failed pushes.
pub async fn decide(
    tools: &Tools,
    asset: &str,
    decision: ApprovalStatus,
    note: Option<&str>,
) -> Result<Decided, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let found = find(&mut tx, asset).await?;
    if found.status != AssetStatus::Completed {
        let text = format!("asset {} is {}; only a completed one can be decided about", found.id, found.status);
        return Err(Failure::new(FailureKind::NotCompleted, text));
    }
    let changed = db::asset::mark_approval(&mut tx, &found.id, decision, note, now).await?;
    let kind = if decision == ApprovalStatus::Approved { EventType::Approved } else { EventType::Rejected };
    if changed {
        let event = NewEvent {
            id: &tools.outside.new_id(),
            client: &found.client_id,
            kind,
            flow: found.generation_flow_id.as_ref(),
            product: None,
            asset: Some(&found.id),
            user: None,
            metadata: note.map(|note| serde_json::json!({ "note": note })),
        };
        db::event::insert(&mut tx, &event, now).await?;
    }
    let pushes = if decision == ApprovalStatus::Approved {
        enqueue_in(tools, &mut tx, &found, Trigger::Approval, false).await?
    } else {
        Vec::new()
    };
    let asset = find(&mut tx, asset).await?;
    tx.commit().await?;
    Ok(Decided { asset, changed, pushes })
}

/// Enqueues the pushes of an approved asset, also for shops that do not push on approval.
pub async fn enqueue(tools: &Tools, asset: &str) -> Result<Vec<Push>, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = find(&mut tx, asset).await?;
    if found.approval_status != ApprovalStatus::Approved {
        let text = format!(
            "asset {} is {}, not approved; run: store-sync assets approve {}",
            found.id, found.approval_status, found.id
        );
        return Err(Failure::new(FailureKind::NotApproved, text));
    }
    let pushes = enqueue_in(tools, &mut tx, &found, Trigger::Manual, true).await?;
    tx.commit().await?;
    Ok(pushes)
}

async fn find(tx: &mut Tx, asset: &str) -> Result<Asset, Failure> {
    let found = db::asset::find(tx, asset).await?;
    found.ok_or_else(|| Failure::not_found(Noun::Asset, asset))
}

async fn enqueue_in(
    tools: &Tools,
    tx: &mut Tx,
    asset: &Asset,
    trigger: Trigger,
    asked: bool,
) -> Result<Vec<Push>, Failure> {
    let now = tools.outside.clock.now();
    let mut pushes = Vec::new();
    for product in db::asset::list_products(tx, &asset.id).await? {
        let (Some(connection), Some(erp_id)) = (&product.store_connection_id, &product.erp_id) else { continue };
        let Some(shop) = db::connection::find(tx, connection).await? else { continue };
        let gone = shop.status == ConnectionStatus::Disconnected || product.erp_deleted_at.is_some();
        if gone || !(asked || shop.sync_on_approval) {
            continue;
        }
        let sha256 = asset.sha256.as_deref().unwrap_or_default();
        let new = NewPush {
            id: &tools.outside.new_id::<PushId>(),
            client: &asset.client_id,
            connection,
            asset: &asset.id,
            product: &product.id,
            erp_id,
            idempotency_key: &idempotency_key(connection, &asset.id, &product, sha256),
        };
        let mut push = db::push::upsert(tx, &new, now).await?;
        // A removed picture is pushed again only if a person asks for it.
        if asked && db::push::requeue_removed(tx, &push.id, &next_round(&push), now).await? {
            push.status = PushStatus::Queued;
        }
        if matches!(push.status, PushStatus::Queued | PushStatus::Failed) {
            db::push::requeue(tx, &push.id, now).await?;
            // An unusable shop gets its pushes later: the row waits, since a job would only fail.
            let takes = if asked { shop.is_usable() } else { shop.takes_pushes() };
            if takes {
                db::job::enqueue(tx, &tools.outside, &push.client_id, Task::push(&push, trigger)).await?;
            }
        }
        pushes.push(db::push::find(tx, push.id.as_str()).await?.unwrap_or(push));
    }
    Ok(pushes)
}
