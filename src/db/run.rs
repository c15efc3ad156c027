//! `store_sync_log` and its items.

use super::{
    Tx, all, among,
    bulk::{self, Column, TextList, each},
    execute, maybe,
};
use crate::model::{
    AssetId, ClientId, ConnectionId, Counts, ItemOutcome, JobId, ProductId, Run, RunAction, RunId, RunItem, RunStatus,
    Time, Trigger,
};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, store_connection_id, client_id, parent_id, action, \"trigger\", status, generated_asset_id, \
             product_id, external_image_id, external_image_url, items_total, items_processed, items_created, \
             items_updated, items_unchanged, items_deleted, items_skipped, items_failed, api_calls, attempt, error_code, \
             error_message, job_id, instance, heartbeat_at, started_at, completed_at FROM store_sync_log ",
            $rest
        )
    };
}

/// A run to open.
pub struct NewRun<'a> {
    pub id: RunId,
    pub connection: &'a ConnectionId,
    pub client: &'a ClientId,
    /// The job's previous run, which this one continues.
    pub parent: Option<&'a RunId>,
    pub action: RunAction,
    pub trigger: Trigger,
    pub asset: Option<&'a AssetId>,
    pub product: Option<&'a ProductId>,
    pub job: Option<&'a JobId>,
    pub attempt: i32,
    pub instance: &'a str,
}

/// Inserts a run: committed before its first call to the shop.
pub async fn insert(tx: &mut Tx, run: &NewRun<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO store_sync_log (id, store_connection_id, client_id, parent_id, action, \"trigger\", status, \
               generated_asset_id, product_id, job_id, attempt, instance, heartbeat_at, started_at) \
               VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8, $9, $10, $11, $12, $12)";
    execute!(
        tx,
        sql,
        &run.id,
        run.connection,
        run.client,
        run.parent,
        run.action,
        run.trigger,
        run.asset,
        run.product,
        run.job,
        run.attempt,
        run.instance,
        now,
    )
    .map(drop)
}

/// Records which token a refresh spends, as a keyed hash: committed before the token endpoint is called.
pub async fn mark_token(tx: &mut Tx, id: &RunId, mark: &str) -> sqlx::Result<()> {
    execute!(tx, "UPDATE store_sync_log SET token_mark = $2 WHERE id = $1", id, mark).map(drop)
}

/// Forgets that refreshes of a shop spent this token: the platform kept it.
pub async fn unmark_token(tx: &mut Tx, connection: &ConnectionId, mark: &str) -> sqlx::Result<()> {
    let sql = "UPDATE store_sync_log SET token_mark = NULL \
               WHERE store_connection_id = $1 AND action = 'refresh_token' AND token_mark = $2";
    execute!(tx, sql, connection, mark).map(drop)
}

/// Whether one of the last `limit` refreshes of a shop, other than `but`, spent this token. Runs from before
/// `token_mark` have it in `error_details`.
pub async fn has_spent(
    tx: &mut Tx,
    connection: &ConnectionId,
    mark: &str,
    but: &RunId,
    limit: i64,
) -> sqlx::Result<bool> {
    let sql = "SELECT coalesce(token_mark, error_details ->> 'spent') FROM store_sync_log WHERE store_connection_id = $1 \
               AND action = 'refresh_token' AND id <> $2 AND (token_mark IS NOT NULL OR error_details IS NOT NULL) \
               ORDER BY started_at DESC LIMIT $3";
    let marks = all!(tx, (Option<String>,), sql, connection, but, limit)?;
    Ok(marks.iter().any(|(spent,)| spent.as_deref() == Some(mark)))
}

/// Updates the counts of an open run.
pub async fn update_counts(
    tx: &mut Tx,
    id: &RunId,
    total: i32,
    counts: &Counts,
    api_calls: i32,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "UPDATE store_sync_log SET items_total = $2, items_processed = $3, items_created = $4, items_updated = $5, \
               items_unchanged = $6, items_deleted = $7, items_skipped = $8, items_failed = $9, api_calls = $10, \
               heartbeat_at = $11 WHERE id = $1";
    execute!(
        tx,
        sql,
        id,
        total,
        counts.processed(),
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.deleted,
        counts.skipped,
        counts.failed,
        api_calls,
        now,
    )
    .map(drop)
}

/// Closes a run; a closed one stays as it is.
pub async fn close(
    tx: &mut Tx,
    id: &RunId,
    status: RunStatus,
    error: Option<(&str, &str)>,
    api_calls: i32,
    now: Time,
) -> sqlx::Result<()> {
    let (code, message) = error.unzip();
    let sql = "UPDATE store_sync_log SET status = $2, error_code = $3, error_message = $4, \
               api_calls = CASE WHEN $5 > api_calls THEN $5 ELSE api_calls END, completed_at = $6, heartbeat_at = $6 \
               WHERE id = $1 AND completed_at IS NULL";
    execute!(tx, sql, id, status, code, message, api_calls, now).map(drop)
}

/// Records the picture that a push made or found.
pub async fn mark_picture(tx: &mut Tx, id: &RunId, image_id: &str, url: Option<&str>) -> sqlx::Result<()> {
    let sql = "UPDATE store_sync_log SET external_image_id = $2, external_image_url = $3 WHERE id = $1";
    execute!(tx, sql, id, image_id, url).map(drop)
}

const ORPHAN_CODE: &str = "interrupted";
const ORPHAN_TEXT: &str = "this was broken off before its end (the process ended, or the database could not be written to); the work goes on in the next run";

/// Closes the open runs of a job that was taken over: their worker is gone. Returns the latest run.
pub async fn close_orphans_of_job(tx: &mut Tx, job: &JobId, now: Time) -> sqlx::Result<Option<RunId>> {
    let sql = "UPDATE store_sync_log SET status = 'failed', error_code = $2, error_message = $3, completed_at = $4 \
               WHERE job_id = $1 AND status IN ('pending', 'running')";
    execute!(tx, sql, job, ORPHAN_CODE, ORPHAN_TEXT, now)?;
    let sql = "SELECT id FROM store_sync_log WHERE job_id = $1 ORDER BY started_at DESC, id DESC LIMIT 1";
    Ok(maybe!(tx, (RunId,), sql, job)?.map(|(id,)| id))
}

/// Closes every open run whose job no worker holds.
pub async fn close_orphans(tx: &mut Tx, now: Time) -> sqlx::Result<u64> {
    let sql = "UPDATE store_sync_log SET status = 'failed', error_code = $2, error_message = $3, completed_at = $1 \
               WHERE status IN ('pending', 'running') AND NOT EXISTS (SELECT 1 FROM job \
               WHERE job.id = store_sync_log.job_id AND job.status = 'processing' AND job.lease_expires_at > $1)";
    execute!(tx, sql, now, ORPHAN_CODE, ORPHAN_TEXT)
}

/// Returns the number of runs of a job: the next attempt is one more.
pub async fn count_of_job(tx: &mut Tx, job: &JobId) -> sqlx::Result<i32> {
    let row: Option<(i64,)> = maybe!(tx, (i64,), "SELECT count(*) FROM store_sync_log WHERE job_id = $1", job)?;
    Ok(row.map_or(0, |(n,)| i32::try_from(n).unwrap_or(i32::MAX)))
}

/// Returns a run.
pub async fn find(tx: &mut Tx, id: &str) -> sqlx::Result<Option<Run>> {
    maybe!(tx, Run, columns!("WHERE id = $1"), id)
}

/// Returns a job's latest run.
pub async fn find_latest_of_job(tx: &mut Tx, job: &JobId) -> sqlx::Result<Option<Run>> {
    maybe!(tx, Run, columns!("WHERE job_id = $1 ORDER BY started_at DESC, id DESC LIMIT 1"), job)
}

/// Which runs to list.
#[derive(Default)]
pub struct RunFilter {
    pub connection: Option<ConnectionId>,
    pub status: Option<RunStatus>,
    pub product: Option<ProductId>,
    /// Only runs older than this one.
    pub before: Option<RunId>,
}

/// Runs, newest first.
pub async fn list(tx: &mut Tx, filter: &RunFilter, limit: i64) -> sqlx::Result<Vec<Run>> {
    let sql = columns!(
        "WHERE ($1 = '' OR store_connection_id = $1) AND ($2 = '' OR status = $2) AND ($3 = '' OR product_id = $3) \
         AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5"
    );
    let connection = filter.connection.as_ref().map_or("", ConnectionId::as_str);
    let product = filter.product.as_ref().map_or("", ProductId::as_str);
    let before = filter.before.as_ref().map_or("", RunId::as_str);
    all!(tx, Run, sql, connection, filter.status.map_or("", RunStatus::as_str), product, before, limit)
}

/// An item to insert.
pub struct NewItem {
    pub id: String,
    pub entity_type: &'static str,
    pub entity_id: Option<String>,
    pub external_id: Option<String>,
    pub outcome: ItemOutcome,
    pub error_code: Option<String>,
    pub message: Option<String>,
}

/// Inserts items of a run.
pub async fn insert_items(tx: &mut Tx, run: &RunId, items: &[NewItem], now: Time) -> sqlx::Result<()> {
    for chunk in items.chunks(bulk::ROWS) {
        let columns = [
            ("id", each(chunk, |item| item.id.as_str())),
            ("sync_log_id", Column::Same(run)),
            ("entity_type", each(chunk, |item| item.entity_type)),
            ("entity_id", each(chunk, |item| item.entity_id.as_deref())),
            ("external_id", each(chunk, |item| item.external_id.as_deref())),
            ("outcome", each(chunk, |item| item.outcome.as_str())),
            ("error_code", each(chunk, |item| item.error_code.as_deref())),
            ("message", each(chunk, |item| item.message.as_deref())),
            ("created_at", Column::Same(&now)),
        ];
        bulk::insert(tx, "store_sync_item", &columns, chunk.len(), "").await?;
    }
    Ok(())
}

macro_rules! item_columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, sync_log_id, entity_type, entity_id, external_id, outcome, error_code, message, created_at \
             FROM store_sync_item ",
            $rest
        )
    };
}

/// Lists the items of a run, in order.
pub async fn list_items(tx: &mut Tx, run: &RunId, limit: i64) -> sqlx::Result<Vec<RunItem>> {
    all!(tx, RunItem, item_columns!("WHERE sync_log_id = $1 ORDER BY id LIMIT $2"), run, limit)
}

/// Lists the items of one entity, newest first.
pub async fn list_items_of(tx: &mut Tx, entity_id: &str, limit: i64) -> sqlx::Result<Vec<RunItem>> {
    all!(
        tx,
        RunItem,
        item_columns!("WHERE entity_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"),
        entity_id,
        limit
    )
}

/// Returns a shop's latest import, however it ended.
pub async fn find_latest_import(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<Option<Run>> {
    let sql =
        columns!("WHERE store_connection_id = $1 AND action = 'import' ORDER BY started_at DESC, id DESC LIMIT 1");
    maybe!(tx, Run, sql, connection)
}

/// Returns a shop's latest import with this code that ended at `since` or later.
pub async fn find_import_noted(
    tx: &mut Tx,
    connection: &ConnectionId,
    code: &str,
    since: Time,
) -> sqlx::Result<Option<Run>> {
    let sql = columns!(
        "WHERE store_connection_id = $1 AND action = 'import' AND error_code = $2 AND completed_at >= $3 \
         ORDER BY started_at DESC, id DESC LIMIT 1"
    );
    maybe!(tx, Run, sql, connection, code, since)
}

/// Lists up to `limit` unneeded runs that ended before `before`, oldest first. Those of the older application stay
/// (without an instance), and so do the latest of each kind of a shop, those of open jobs and of open pushes, and the
/// journal of refreshes that may have spent the current token.
pub async fn list_forgotten(tx: &mut Tx, before: Time, limit: i64) -> sqlx::Result<Vec<RunId>> {
    macro_rules! forgotten {
        ($lock:literal) => {
            concat!(
                "SELECT l.id FROM store_sync_log l WHERE l.instance IS NOT NULL AND l.completed_at < $1 \
                 AND EXISTS (SELECT 1 FROM store_sync_log n WHERE n.store_connection_id = l.store_connection_id \
                 AND n.action = l.action AND (n.started_at > l.started_at OR (n.started_at = l.started_at AND n.id > l.id))) \
                 AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = l.job_id AND j.status IN ('pending', 'processing')) \
                 AND NOT EXISTS (SELECT 1 FROM asset_push p WHERE p.generated_asset_id = l.generated_asset_id \
                 AND p.store_connection_id = l.store_connection_id AND p.status IN ('queued', 'pushing', 'removing')) \
                 AND NOT (l.action = 'refresh_token' AND (l.token_mark IS NOT NULL OR l.error_details IS NOT NULL) \
                 AND EXISTS (SELECT 1 FROM store_connection c WHERE c.id = l.store_connection_id \
                 AND (c.token_refreshed_at IS NULL OR c.token_refreshed_at <= l.completed_at))) \
                 ORDER BY l.completed_at LIMIT $2",
                $lock
            )
        };
    }
    let sql = match tx {
        Tx::Sqlite(_) => forgotten!(""),
        // Every replica cleans up: each takes what the others have not.
        Tx::Postgres(_) => forgotten!(" FOR UPDATE OF l SKIP LOCKED"),
    };
    Ok(all!(tx, (RunId,), sql, before, limit)?.into_iter().map(|(id,)| id).collect())
}

/// Deletes up to `limit` items of these runs; returns how many.
pub async fn delete_items(tx: &mut Tx, runs: &[RunId], limit: i64) -> sqlx::Result<u64> {
    let sql = among!(
        tx,
        "DELETE FROM store_sync_item WHERE id IN (SELECT id FROM store_sync_item WHERE sync_log_id",
        "$1",
        " LIMIT $2)"
    );
    execute!(tx, sql, TextList::new(runs), limit)
}

/// Deletes runs and their remaining items.
pub async fn delete(tx: &mut Tx, runs: &[RunId]) -> sqlx::Result<u64> {
    let sql = among!(tx, "DELETE FROM store_sync_log WHERE id", "$1");
    execute!(tx, sql, TextList::new(runs))
}
