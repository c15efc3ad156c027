//! The state of each asset in each shop, with the journal of its steps.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, among, bulk::TextList, execute, maybe, scalar};
use crate::{
    model::{AssetId, ClientId, ConnectionId, Product, ProductId, Push, PushId, PushStatus, Task, Time, Trigger},
    outside::Outside,
};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, store_connection_id, generated_asset_id, product_id, status, external_product_id, \
             external_image_id, external_image_url, pushed_sha256, position, idempotency_key, attempts, next_attempt_at, \
             last_error_code, last_error, journal, synced_at, verified_at, removed_at, created_at, updated_at FROM asset_push ",
            $rest
        )
    };
}

/// The code of a push whose picture the shop no longer shows: somebody took it out there.
const TAKEN_OUT: &str = "taken_out_at_shop";

/// A push to enqueue.
pub struct NewPush<'a> {
    pub id: &'a PushId,
    pub client: &'a ClientId,
    pub connection: &'a ConnectionId,
    pub asset: &'a AssetId,
    pub product: &'a ProductId,
    pub erp_id: &'a str,
    pub idempotency_key: &'a str,
}

/// Inserts a push, or returns the existing one of this asset for this product in this shop. An ended one stays ended:
/// an approved picture that is in the shop is not pushed again.
pub async fn upsert(tx: &mut Tx, push: &NewPush<'_>, now: Time) -> sqlx::Result<Push> {
    let sql = "INSERT INTO asset_push (id, client_id, store_connection_id, generated_asset_id, product_id, status, \
               external_product_id, idempotency_key, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $8) \
               ON CONFLICT (store_connection_id, generated_asset_id, product_id) DO NOTHING";
    execute!(
        tx,
        sql,
        push.id,
        push.client,
        push.connection,
        push.asset,
        push.product,
        push.erp_id,
        push.idempotency_key,
        now
    )?;
    let sql = columns!("WHERE store_connection_id = $1 AND generated_asset_id = $2 AND product_id = $3");
    maybe!(tx, Push, sql, push.connection, push.asset, push.product)?.ok_or(sqlx::Error::RowNotFound)
}

/// Returns a push.
pub async fn find(tx: &mut Tx, id: &str) -> sqlx::Result<Option<Push>> {
    maybe!(tx, Push, columns!("WHERE id = $1"), id)
}

/// Claims a push: marks it `pushing` and counts the attempt. `None` unless its asset is approved and completed, and
/// its product imported and without a tombstone.
pub async fn claim(tx: &mut Tx, id: &PushId, now: Time) -> sqlx::Result<Option<Push>> {
    let sql = "UPDATE asset_push SET status = 'pushing', attempts = attempts + 1, next_attempt_at = NULL, updated_at = $2 \
               WHERE id = $1 AND status IN ('queued', 'pushing', 'failed') AND EXISTS ( \
               SELECT 1 FROM generated_asset a JOIN product p ON p.id = asset_push.product_id \
               WHERE a.id = asset_push.generated_asset_id AND a.approval_status = 'approved' AND a.status = 'completed' \
               AND a.deleted_at IS NULL AND p.source = 'imported' AND p.erp_deleted_at IS NULL \
               AND p.client_id = asset_push.client_id)";
    if execute!(tx, sql, id, now)? == 0 {
        return Ok(None);
    }
    maybe!(tx, Push, columns!("WHERE id = $1"), id)
}

/// Stores the journal: started steps, finished steps, and their outputs.
pub async fn update_journal(tx: &mut Tx, id: &PushId, journal: &Value, now: Time) -> sqlx::Result<()> {
    execute!(tx, "UPDATE asset_push SET journal = $2, updated_at = $3 WHERE id = $1", id, Json(journal), now).map(drop)
}

/// What was read back from the shop.
pub struct Pushed<'a> {
    pub image_id: &'a str,
    pub image_url: Option<&'a str>,
    pub sha256: &'a str,
    pub position: Option<i32>,
}

/// Marks a push as synced: the picture is in the shop, verified by reading it back.
pub async fn mark_synced(tx: &mut Tx, id: &PushId, landed: &Pushed<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE asset_push SET status = 'synced', external_image_id = $2, external_image_url = $3, pushed_sha256 = $4, \
               position = $5, last_error_code = NULL, last_error = NULL, next_attempt_at = NULL, synced_at = $6, \
               verified_at = $6, updated_at = $6 WHERE id = $1";
    execute!(tx, sql, id, landed.image_id, landed.image_url, landed.sha256, landed.position, now).map(drop)
}

/// Records a failure and the new status; `next` is the time of the next attempt.
pub async fn mark_failure(
    tx: &mut Tx,
    id: &PushId,
    status: PushStatus,
    code: &str,
    message: &str,
    next: Option<Time>,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "UPDATE asset_push SET status = $2, last_error_code = $3, last_error = $4, next_attempt_at = $5, \
               updated_at = $6 WHERE id = $1 AND status <> 'synced'";
    execute!(tx, sql, id, status, code, message, next, now).map(drop)
}

/// How many products have a push that failed with this code since the shop last took a picture, or gave one back.
pub async fn count_refused_products(tx: &mut Tx, connection: &ConnectionId, code: &str) -> sqlx::Result<i64> {
    let sql = "SELECT count(DISTINCT p.product_id) FROM asset_push p WHERE p.store_connection_id = $1 AND p.status = 'failed' \
               AND p.last_error_code = $2 AND NOT EXISTS (SELECT 1 FROM asset_push s WHERE s.store_connection_id = $1 \
               AND (s.verified_at > p.updated_at \
               OR s.removed_at > p.updated_at AND s.last_error_code IS DISTINCT FROM $3))";
    Ok(scalar!(tx, i64, sql, connection, code, TAKEN_OUT)?.unwrap_or(0))
}

/// Marks the push of a picture that another picture of ours replaced in the shop.
pub async fn mark_replaced(
    tx: &mut Tx,
    connection: &ConnectionId,
    product: &ProductId,
    image_id: &str,
    now: Time,
) -> sqlx::Result<()> {
    // An import may have missed it before the replacing push was written down.
    let sql = "UPDATE asset_push SET status = 'removed', removed_at = $4, updated_at = $4, last_error_code = NULL, \
               last_error = NULL WHERE store_connection_id = $1 AND product_id = $2 AND external_image_id = $3 \
               AND (status = 'synced' OR status = 'removed' AND last_error_code = $5)";
    execute!(tx, sql, connection, product, image_id, now, TAKEN_OUT).map(drop)
}

/// Requeues a failed or queued push; `false` if it is in any other state.
pub async fn requeue(tx: &mut Tx, id: &PushId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE asset_push SET status = 'queued', next_attempt_at = NULL, updated_at = $2 \
               WHERE id = $1 AND status IN ('failed', 'queued')";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Requests the removal of a picture; `false` if it is not in the shop.
pub async fn mark_removing(tx: &mut Tx, id: &PushId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE asset_push SET status = 'removing', last_error_code = NULL, last_error = NULL, updated_at = $2 \
               WHERE id = $1 AND status IN ('synced', 'removing') AND external_image_id IS NOT NULL";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Marks a push as removed: the picture is out of the shop, verified by reading the gallery.
pub async fn mark_removed(tx: &mut Tx, id: &PushId, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE asset_push SET status = 'removed', last_error_code = NULL, last_error = NULL, next_attempt_at = NULL, \
               removed_at = $2, updated_at = $2 WHERE id = $1 AND status = 'removing'";
    execute!(tx, sql, id, now).map(drop)
}

/// Marks the pushes to these products whose pictures an import no longer met, and takes the mark off those that it met again.
pub async fn mark_taken_out(tx: &mut Tx, products: &[&ProductId], now: Time) -> sqlx::Result<()> {
    if products.is_empty() {
        return Ok(());
    }
    // Without statistics SQLite would walk every push of that status, but for the empty text.
    let sql = among!(
        tx,
        "UPDATE asset_push SET status = 'removed', removed_at = $1, updated_at = $1, last_error_code = $2, \
         last_error = 'the shop no longer shows it: somebody took it out there; to bring it back, run: store-sync push run ' \
         || generated_asset_id \
         WHERE status || '' = 'synced' AND EXISTS (SELECT 1 FROM product_image i WHERE i.product_id = asset_push.product_id \
         AND i.external_image_id = asset_push.external_image_id AND i.deleted_at IS NOT NULL) AND product_id",
        "$3"
    );
    execute!(tx, sql, now, TAKEN_OUT, TextList::new(products))?;
    let sql = among!(
        tx,
        "UPDATE asset_push SET status = 'synced', removed_at = NULL, updated_at = $1, last_error_code = NULL, \
         last_error = NULL WHERE status || '' = 'removed' AND last_error_code = $2 \
         AND EXISTS (SELECT 1 FROM product_image i WHERE i.product_id = asset_push.product_id \
         AND i.external_image_id = asset_push.external_image_id AND i.deleted_at IS NULL) AND product_id",
        "$3"
    );
    execute!(tx, sql, now, TAKEN_OUT, TextList::new(products)).map(drop)
}

/// Requeues a removed picture, as if it had never been pushed; its journal begins with `journal`.
pub async fn requeue_removed(tx: &mut Tx, id: &PushId, journal: &Value, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE asset_push SET status = 'queued', journal = $3, external_image_id = NULL, external_image_url = NULL, \
               synced_at = NULL, verified_at = NULL, removed_at = NULL, last_error_code = NULL, last_error = NULL, \
               next_attempt_at = NULL, updated_at = $2 WHERE id = $1 AND status = 'removed'";
    Ok(execute!(tx, sql, id, now, Json(journal))? == 1)
}

/// Lists our pictures that are in a product's gallery now.
pub async fn list_synced(tx: &mut Tx, connection: &ConnectionId, product: &ProductId) -> sqlx::Result<Vec<Push>> {
    let sql = columns!("WHERE store_connection_id = $1 AND product_id = $2 AND status = 'synced' ORDER BY id");
    all!(tx, Push, sql, connection, product)
}

/// Which pushes to list.
#[derive(Default)]
pub struct PushFilter {
    pub connection: Option<ConnectionId>,
    pub asset: Option<AssetId>,
    pub product: Option<ProductId>,
    pub status: Option<PushStatus>,
}

/// Pushes, newest first.
pub async fn list(tx: &mut Tx, filter: &PushFilter, limit: i64) -> sqlx::Result<Vec<Push>> {
    let sql = columns!(
        "WHERE ($1 = '' OR store_connection_id = $1) AND ($2 = '' OR generated_asset_id = $2) \
         AND ($3 = '' OR product_id = $3) AND ($4 = '' OR status = $4) ORDER BY id DESC LIMIT $5"
    );
    let connection = filter.connection.as_ref().map_or("", ConnectionId::as_str);
    let asset = filter.asset.as_ref().map_or("", AssetId::as_str);
    let product = filter.product.as_ref().map_or("", ProductId::as_str);
    all!(tx, Push, sql, connection, asset, product, filter.status.map_or("", PushStatus::as_str), limit)
}

/// Returns the idempotency key of a push: the same for every request of the same push.
pub fn idempotency_key(connection: &ConnectionId, asset: &AssetId, product: &Product, sha256: &str) -> String {
    format!("{connection}:{asset}:{}:{sha256}", product.id)
}

/// Enqueues a job for every push of a shop that waited for it; returns how many.
pub async fn enqueue_waiting(
    tx: &mut Tx,
    outside: &Outside,
    connection: &ConnectionId,
    trigger: Trigger,
) -> sqlx::Result<usize> {
    let mut waiting = Vec::new();
    for status in [PushStatus::Queued, PushStatus::Removing] {
        let filter = PushFilter { connection: Some(connection.clone()), status: Some(status), ..PushFilter::default() };
        waiting.extend(list(tx, &filter, i64::from(i32::MAX)).await?);
    }
    for push in &waiting {
        super::job::enqueue(tx, outside, &push.client_id, Task::push(push, trigger)).await?;
    }
    Ok(waiting.len())
}
