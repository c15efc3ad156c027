//! Outputs that are wanted, under way, made or failed, and the flows they belong to.

use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{Tx, execute, maybe};
use crate::model::{AssetId, ClientId, FlowId, FlowStatus, JobId, ProductId, Time};

/// An output that is wanted; its id is known before there is anything.
pub struct Wanted<'a> {
    pub id: &'a AssetId,
    pub client: &'a ClientId,
    pub flow: &'a FlowId,
    pub product: &'a ProductId,
    pub prompt: &'a str,
    pub settings: &'a Map<String, Value>,
    pub job: &'a JobId,
}

/// A finished output.
pub struct Made<'a> {
    pub key: &'a str,
    pub sha256: &'a str,
    pub mime_type: &'a str,
    pub size: (i32, i32),
    pub byte_size: i64,
    /// What made it.
    pub model: &'a str,
    /// Millionths of a US dollar.
    pub cost_usd_micros: i64,
}

/// A flow that stands alone.
pub async fn insert_flow(
    tx: &mut Tx,
    id: &FlowId,
    client: &ClientId,
    (products, settings, status): (&Value, &Map<String, Value>, FlowStatus),
    now: Time,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO generation_flow (id, client_id, product_ids, selected_base_images, status, settings, is_favorite, \
               current_image_index, version, created_at, updated_at, from_legacy) \
               VALUES ($1, $2, $3, $4, $5, $6, false, 0, 1, $7, $7, false)";
    let none = Json(Map::new());
    execute!(tx, sql, id, client, Json(products), none, status, Json(settings), now).map(drop)
}

/// A place for an output.
pub async fn insert(tx: &mut Tx, new: &Wanted<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO generated_asset (id, client_id, generation_flow_id, asset_type, status, prompt, settings, product_ids, job_id, \
               approval_status, created_at, updated_at, from_legacy) \
               VALUES ($1, $2, $3, 'image', 'pending', $4, $5, $6, $7, 'pending', $8, $8, false)";
    let products = Json([new.product]);
    execute!(tx, sql, new.id, new.client, new.flow, new.prompt, Json(new.settings), products, new.job, now).map(drop)
}

/// Somebody works on it.
pub async fn mark_begun(tx: &mut Tx, id: &AssetId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'generating', updated_at = $2 WHERE id = $1 AND status IN ('pending', 'generating')";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// It is there; false where it was before.
pub async fn mark_made(tx: &mut Tx, id: &AssetId, made: &Made<'_>, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'completed', asset_url = $2, sha256 = $3, mime_type = $4, width = $5, height = $6, \
               byte_size = $7, model = $8, cost_usd_micros = $9, error = NULL, updated_at = $10, completed_at = $10 \
               WHERE id = $1 AND status <> 'completed'";
    let (width, height) = made.size;
    let done = execute!(
        tx,
        sql,
        id,
        made.key,
        made.sha256,
        made.mime_type,
        width,
        height,
        made.byte_size,
        made.model,
        made.cost_usd_micros,
        now
    )?;
    Ok(done == 1)
}

/// It cannot be made; false where it was made or given up before.
pub async fn mark_failed(tx: &mut Tx, id: &AssetId, why: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'error', error = $2, updated_at = $3 WHERE id = $1 AND status IN ('pending', 'generating')";
    Ok(execute!(tx, sql, id, why, now)? == 1)
}

/// Outputs of a flow that are under way, and that were made.
pub async fn count(tx: &mut Tx, flow: &FlowId) -> sqlx::Result<(i64, i64)> {
    let sql = "SELECT count(CASE WHEN status IN ('pending', 'generating') THEN 1 END), count(CASE WHEN status = 'completed' THEN 1 END) \
               FROM generated_asset WHERE generation_flow_id = $1 AND deleted_at IS NULL";
    let found: Option<(i64, i64)> = maybe!(tx, (i64, i64), sql, flow)?;
    Ok(found.unwrap_or_default())
}

/// What the pictures since a time cost, over all clients, in millionths of a US dollar.
pub async fn sum_cost(tx: &mut Tx, since: Time) -> sqlx::Result<i64> {
    let sql = "SELECT CAST(coalesce(sum(cost_usd_micros), 0) AS BIGINT) FROM generated_asset WHERE completed_at >= $1";
    let found: Option<(i64,)> = maybe!(tx, (i64,), sql, since)?;
    Ok(found.map_or(0, |(sum,)| sum))
}

/// Outputs that somebody works on, over all clients.
pub async fn count_begun(tx: &mut Tx) -> sqlx::Result<i64> {
    let found: Option<(i64,)> = maybe!(
        tx,
        (i64,),
        "SELECT count(*) FROM generated_asset WHERE status = $1 AND deleted_at IS NULL",
        "generating"
    )?;
    Ok(found.map_or(0, |(count,)| count))
}

/// How a flow stands.
pub async fn mark_flow(tx: &mut Tx, flow: &FlowId, status: FlowStatus, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE generation_flow SET status = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL";
    execute!(tx, sql, flow, status, now).map(drop)
}
