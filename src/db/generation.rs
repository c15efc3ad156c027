//! Outputs (pending, in progress, made or failed), and the status of their flows and sessions.

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{Tx, all, among, bulk::TextList, execute, maybe};
use crate::model::{
    AssetId, ClientId, FlowId, FlowStatus, JobId, OutputRequest, ProductId, SessionId, SessionStatus, Time,
};

/// An output to insert; its id is known before it is made.
pub struct NewOutput<'a> {
    pub id: &'a AssetId,
    pub client: &'a ClientId,
    pub flow: Option<&'a FlowId>,
    pub products: &'a [&'a ProductId],
    pub prompt: &'a str,
    pub settings: &'a Map<String, Value>,
    pub job: &'a JobId,
    pub request: &'a OutputRequest,
}

/// A finished output.
pub struct MadeOutput<'a> {
    pub key: &'a str,
    pub sha256: &'a str,
    pub mime_type: &'a str,
    pub size: (i32, i32),
    pub byte_size: i64,
    /// Its PNG original: key and bytes.
    pub original: (&'a str, i64),
    /// What made it.
    pub model: &'a str,
    /// Its prompt.
    pub prompt: &'a str,
    /// Millionths of a US dollar.
    pub cost_usd_micros: i64,
    /// What it was made from.
    pub provenance: &'a Value,
}

/// Inserts a pending output.
pub async fn insert(tx: &mut Tx, new: &NewOutput<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO generated_asset (id, client_id, generation_flow_id, asset_type, status, prompt, settings, product_ids, job_id, \
               request, approval_status, created_at, updated_at, from_legacy) \
               VALUES ($1, $2, $3, 'image', 'pending', $4, $5, $6, $7, $8, 'pending', $9, $9, false)";
    let (products, request) = (Json(new.products), Json(new.request));
    execute!(tx, sql, new.id, new.client, new.flow, new.prompt, Json(new.settings), products, new.job, request, now)
        .map(drop)
}

/// Marks it as in progress; `false` if it has ended.
pub async fn mark_begun(tx: &mut Tx, id: &AssetId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'generating', updated_at = $2 WHERE id = $1 AND status IN ('pending', 'generating')";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Marks it as pending again.
pub async fn mark_waiting(tx: &mut Tx, id: &AssetId, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE generated_asset SET status = 'pending', updated_at = $2 WHERE id = $1 AND status = 'generating'";
    execute!(tx, sql, id, now).map(drop)
}

/// Fails outputs of a flow whose jobs were cancelled; returns them.
pub async fn mark_cancelled(tx: &mut Tx, flow: &FlowId, why: &str, now: Time) -> sqlx::Result<Vec<AssetId>> {
    let sql = "UPDATE generated_asset SET status = 'error', error = $2, updated_at = $3 WHERE generation_flow_id = $1 \
               AND status IN ('pending', 'generating') AND job_id IN \
               (SELECT id FROM job WHERE flow_id = $1 AND status = 'cancelled') RETURNING id";
    let rows = all!(tx, (AssetId,), sql, flow, why, now)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Lists those of these outputs still to be made.
pub async fn list_open(tx: &mut Tx, ids: &[AssetId]) -> sqlx::Result<Vec<AssetId>> {
    let sql = among!(tx, "SELECT id FROM generated_asset WHERE status IN ('pending', 'generating') AND id", "$1");
    Ok(all!(tx, (AssetId,), sql, TextList::new(ids))?.into_iter().map(|(id,)| id).collect())
}

/// Marks it as made; `false` if it was already made or failed.
pub async fn mark_made(tx: &mut Tx, id: &AssetId, made: &MadeOutput<'_>, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'completed', asset_url = $2, sha256 = $3, mime_type = $4, width = $5, height = $6, \
               byte_size = $7, model = $8, cost_usd_micros = $9, error = NULL, updated_at = $10, completed_at = $10, \
               original_asset_url = $11, original_byte_size = $12, prompt = $13, provenance = $14 \
               WHERE id = $1 AND status IN ('pending', 'generating')";
    let ((width, height), (original, original_bytes)) = (made.size, made.original);
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
        now,
        original,
        original_bytes,
        made.prompt,
        Json(made.provenance)
    )?;
    Ok(done == 1)
}

/// Marks it as failed; `false` if it was already made or failed.
pub async fn mark_failed(tx: &mut Tx, id: &AssetId, why: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'error', error = $2, updated_at = $3 WHERE id = $1 AND status IN ('pending', 'generating')";
    Ok(execute!(tx, sql, id, why, now)? == 1)
}

/// Requeues a failed output with another job; `false` if it is not failed.
pub async fn mark_wanted(
    tx: &mut Tx,
    id: &AssetId,
    job: &JobId,
    request: &OutputRequest,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET status = 'pending', error = NULL, job_id = $2, request = $3, updated_at = $4 \
               WHERE id = $1 AND status = 'error' AND deleted_at IS NULL";
    Ok(execute!(tx, sql, id, job, Json(request), now)? == 1)
}

/// Lists unfinished outputs whose job ended without them, with their clients and the job's error.
pub async fn list_stranded(tx: &mut Tx, limit: i64) -> sqlx::Result<Vec<(AssetId, ClientId, Option<String>)>> {
    let sql = "SELECT a.id, a.client_id, j.error FROM generated_asset a JOIN job j ON j.id = a.job_id \
               WHERE a.status IN ('pending', 'generating') AND j.status IN ('failed', 'cancelled') \
               ORDER BY a.id LIMIT $1";
    all!(tx, (AssetId, ClientId, Option<String>), sql, limit)
}

/// The progress of a flow's or session's outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct OutputProgress {
    pub total: i64,
    pub waiting: i64,
    pub generating: i64,
    pub completed: i64,
    pub failed: i64,
    /// The cost of the finished ones, in millionths of a US dollar.
    pub cost_usd_micros: i64,
}

impl OutputProgress {
    /// Those not finished yet.
    pub fn open(&self) -> i64 {
        self.waiting + self.generating
    }

    /// 0 to 100; without outputs 100.
    pub fn percent(&self) -> i64 {
        if self.total == 0 { 100 } else { (self.completed + self.failed) * 100 / self.total }
    }
}

macro_rules! progress {
    ($where:literal) => {
        concat!(
            "SELECT count(*) AS total, count(CASE WHEN status = 'pending' THEN 1 END) AS waiting, \
             count(CASE WHEN status = 'generating' THEN 1 END) AS generating, count(CASE WHEN status = 'completed' THEN 1 END) AS completed, \
             count(CASE WHEN status = 'error' THEN 1 END) AS failed, CAST(coalesce(sum(cost_usd_micros), 0) AS BIGINT) AS cost_usd_micros \
             FROM generated_asset WHERE deleted_at IS NULL AND ",
            $where
        )
    };
}

/// Returns a flow's progress.
pub async fn get_progress(tx: &mut Tx, flow: &FlowId) -> sqlx::Result<OutputProgress> {
    Ok(maybe!(tx, OutputProgress, progress!("generation_flow_id = $1"), flow)?.unwrap_or_default())
}

/// Returns a session's progress, over all its flows.
pub async fn get_session_progress(tx: &mut Tx, session: &SessionId) -> sqlx::Result<OutputProgress> {
    let sql = progress!("generation_flow_id IN (SELECT id FROM generation_flow WHERE collection_session_id = $1)");
    Ok(maybe!(tx, OutputProgress, sql, session)?.unwrap_or_default())
}

/// Locks a flow: of two outputs that end together, the second sees the first; `false` if it is gone.
pub async fn lock_flow(tx: &mut Tx, flow: &FlowId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generation_flow SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    Ok(execute!(tx, sql, flow, now)? == 1)
}

/// Sets the status of a flow; `false` if it is gone. Its settings and version stay.
pub async fn mark_flow(tx: &mut Tx, flow: &FlowId, status: FlowStatus, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generation_flow SET status = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL";
    Ok(execute!(tx, sql, flow, status, now)? == 1)
}

/// Sets a session's status.
pub async fn mark_session(tx: &mut Tx, session: &SessionId, status: SessionStatus, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE collection_session SET status = $2, updated_at = $3 WHERE id = $1";
    execute!(tx, sql, session, status, now).map(drop)
}

/// Completes a session without flows in progress.
pub async fn finish_session(tx: &mut Tx, session: &SessionId, now: Time) -> sqlx::Result<()> {
    // Locks it first: of two flows that end together the second sees the first.
    execute!(tx, "UPDATE collection_session SET updated_at = $2 WHERE id = $1", session, now)?;
    let sql = "UPDATE collection_session SET status = 'completed' WHERE id = $1 AND status = 'generating' AND NOT EXISTS \
               (SELECT 1 FROM generation_flow f WHERE f.collection_session_id = $1 AND f.status = 'generating' AND f.deleted_at IS NULL)";
    execute!(tx, sql, session).map(drop)
}
