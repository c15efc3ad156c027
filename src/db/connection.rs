//! Connections. Their sealed grants are in `grant`.

use sqlx::types::Json;

use super::{Tx, all, execute, grant::SealedGrant, maybe, scalar};
use crate::model::{ClientId, Connection, ConnectionId, ConnectionStatus, Facts, Grant, PushMode, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, store_type, store_url, store_name, external_store_id, facts, scopes, token_expires_at, \
             refresh_expires_at, keep_alive_at, renew_at, warn_at, token_refreshed_at, token_version, auto_sync_enabled, sync_on_approval, \
             sync_interval_seconds, sync_cron, sync_timezone, push_mode, next_sync_at, last_sync_at, last_success_at, \
             consecutive_failures, backoff_until, status, last_error_code, last_error, key_refused_at, key_retry_at, paused_at, \
             paused_by, pause_reason, push_stopped_at, push_stop_reason, disconnected_at, created_at, updated_at FROM store_connection ",
            $rest
        )
    };
}

/// `paused_by` of an adoption that needs a person.
pub const BY_ADOPTION: &str = "adoption";

/// What a finished connect knows of the shop.
pub struct NewConnection<'a> {
    pub id: &'a ConnectionId,
    pub client_id: &'a ClientId,
    pub provider: &'a str,
    pub store_url: &'a str,
    pub store_name: Option<&'a str>,
    pub external_store_id: Option<&'a str>,
    pub facts: &'a Facts,
}

/// Inserts a connection, or updates that of a shop connected again: its schedule, its history and an operator's pause
/// stay. An adoption's pause ends, since the new grant is verified.
pub async fn upsert(
    tx: &mut Tx,
    new: &NewConnection<'_>,
    grant: &Grant,
    sealed: &SealedGrant,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO store_connection (id, client_id, store_type, store_url, store_name, external_store_id, facts, \
         status, credentials_ciphertext, credentials_iv, credentials_tag, credentials_key_id, credentials_format, \
         credentials_fingerprint, scopes, token_expires_at, refresh_expires_at, token_refreshed_at, token_version, \
         created_at, updated_at, keep_alive_at, renew_at, warn_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $17, $17, $19, $20, $21) \
         ON CONFLICT (client_id, store_type, store_url) DO UPDATE SET store_name = excluded.store_name, \
         external_store_id = excluded.external_store_id, facts = excluded.facts, status = 'active', \
         credentials_ciphertext = excluded.credentials_ciphertext, credentials_iv = excluded.credentials_iv, \
         credentials_tag = excluded.credentials_tag, credentials_key_id = excluded.credentials_key_id, \
         credentials_format = excluded.credentials_format, credentials_fingerprint = excluded.credentials_fingerprint, \
         scopes = excluded.scopes, token_expires_at = excluded.token_expires_at, \
         refresh_expires_at = excluded.refresh_expires_at, keep_alive_at = excluded.keep_alive_at, \
         renew_at = excluded.renew_at, warn_at = excluded.warn_at, \
         token_refreshed_at = excluded.token_refreshed_at, \
         token_version = excluded.token_version, refresh_locked_until = NULL, refresh_locked_by = NULL, \
         consecutive_failures = 0, backoff_until = NULL, last_error_code = NULL, last_error = NULL, \
         key_refused_at = NULL, key_retry_at = NULL, push_stopped_at = NULL, push_stop_reason = NULL, \
         paused_at = CASE WHEN store_connection.paused_by = $22 THEN NULL ELSE store_connection.paused_at END, \
         pause_reason = CASE WHEN store_connection.paused_by = $22 THEN NULL ELSE store_connection.pause_reason END, \
         paused_by = CASE WHEN store_connection.paused_by = $22 THEN NULL ELSE store_connection.paused_by END, \
         disconnected_at = NULL, updated_at = excluded.updated_at";
    execute!(
        tx,
        sql,
        new.id,
        new.client_id,
        new.provider,
        new.store_url,
        new.store_name,
        new.external_store_id,
        Json(new.facts),
        &sealed.0.ciphertext,
        &sealed.0.iv,
        &sealed.0.tag,
        &sealed.0.key_id,
        sealed.0.format,
        &sealed.1,
        grant.scopes.as_ref().map(Json),
        grant.expires_at,
        grant.refresh_expires_at,
        now,
        grant.version,
        grant.keep_alive_at,
        grant.renew_at,
        grant.warn_at,
        BY_ADOPTION,
    )
    .map(drop)
}

/// Returns a shop.
pub async fn find(tx: &mut Tx, id: &ConnectionId) -> sqlx::Result<Option<Connection>> {
    maybe!(tx, Connection, columns!("WHERE id = $1"), id)
}

/// Returns the connection of the same shop and client, if any.
pub async fn find_same(
    tx: &mut Tx,
    client: &ClientId,
    provider: &str,
    store_url: &str,
) -> sqlx::Result<Option<Connection>> {
    let sql = columns!("WHERE client_id = $1 AND store_type = $2 AND store_url = $3");
    maybe!(tx, Connection, sql, client, provider, store_url)
}

/// Lists up to `limit` connections after `after`, oldest first; of one client if given.
pub async fn list(
    tx: &mut Tx,
    client: Option<&ClientId>,
    after: Option<&ConnectionId>,
    limit: i64,
) -> sqlx::Result<Vec<Connection>> {
    let after = after.map_or("", ConnectionId::as_str);
    let sql = columns!("WHERE ($1 = '' OR client_id = $1) AND id > $2 ORDER BY id LIMIT $3");
    all!(tx, Connection, sql, client.map_or("", ClientId::as_str), after, limit)
}

/// Lists shops whose schedule is due, in an order that all replicas lock them in.
pub async fn list_due(tx: &mut Tx, now: Time, limit: i64) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!(
        "WHERE auto_sync_enabled AND status = 'active' AND paused_at IS NULL AND next_sync_at <= $1 \
         AND (backoff_until IS NULL OR backoff_until <= $1) AND (key_retry_at IS NULL OR key_retry_at <= $1) \
         ORDER BY next_sync_at, id LIMIT $2"
    );
    all!(tx, Connection, sql, now, limit)
}

/// Lists a provider's usable shops whose webhook subscriptions no job has looked at since `since`.
pub async fn list_unchecked_webhooks(
    tx: &mut Tx,
    provider: &str,
    since: Time,
    limit: i64,
) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!(
        "WHERE store_type = $1 AND status = 'active' AND paused_at IS NULL AND NOT EXISTS (SELECT 1 FROM job \
         WHERE job.store_connection_id = store_connection.id AND job.type = 'subscribe' AND job.created_at > $2) \
         ORDER BY id LIMIT $3"
    );
    all!(tx, Connection, sql, provider, since, limit)
}

/// Lists every client's connection of a shop, not the disconnected.
pub async fn list_by_shop(tx: &mut Tx, provider: &str, store_url: &str) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!("WHERE store_type = $1 AND store_url = $2 AND status <> 'disconnected' ORDER BY id");
    all!(tx, Connection, sql, provider, store_url)
}

/// Lists every client's connection of a shop by its id at the platform, not the disconnected.
pub async fn list_by_external_id(tx: &mut Tx, provider: &str, external_id: &str) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!("WHERE store_type = $1 AND external_store_id = $2 AND status <> 'disconnected' ORDER BY id");
    all!(tx, Connection, sql, provider, external_id)
}

/// Lists usable shops whose token is due for a refresh; one that refuses the grant waits for its next try.
pub async fn list_to_refresh(tx: &mut Tx, now: Time, limit: i64) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!(
        "WHERE renew_at <= $1 AND status = 'active' AND paused_at IS NULL AND (key_retry_at IS NULL OR key_retry_at <= $1) \
         ORDER BY renew_at LIMIT $2"
    );
    all!(tx, Connection, sql, now, limit)
}

/// Lists shops whose permission expires soon, without a warning yet.
pub async fn list_to_warn(tx: &mut Tx, now: Time, limit: i64) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!("WHERE warn_at <= $1 AND status IN ('active', 'error') ORDER BY warn_at LIMIT $2");
    all!(tx, Connection, sql, now, limit)
}

/// Records the warning; `false` if another process did, or the permission was renewed.
pub async fn mark_warned(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET warn_at = NULL WHERE id = $1 AND warn_at <= $2";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Lists shops, also paused ones, whose refresh token would expire unused.
pub async fn list_keep_alive(tx: &mut Tx, now: Time, limit: i64) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!("WHERE keep_alive_at <= $1 AND status IN ('active', 'error') ORDER BY keep_alive_at LIMIT $2");
    all!(tx, Connection, sql, now, limit)
}

/// Sets the facts of a connection without any; `false` if it has some by now.
pub async fn update_facts(tx: &mut Tx, id: &ConnectionId, facts: &Facts) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET facts = $2 WHERE id = $1 AND facts = $3";
    Ok(execute!(tx, sql, id, Json(facts), Json(&Facts::new()))? == 1)
}

/// What a shop states about itself.
pub struct ShopIdentity<'a> {
    pub name: Option<&'a str>,
    pub external_id: Option<&'a str>,
    pub facts: &'a Facts,
}

/// Stores what a connected shop states about itself; what it does not state stays.
pub async fn update_identity(tx: &mut Tx, id: &ConnectionId, shop: &ShopIdentity<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET store_name = coalesce($2, store_name), \
               external_store_id = coalesce($3, external_store_id), facts = $4, updated_at = $5 \
               WHERE id = $1 AND status <> 'disconnected'";
    execute!(tx, sql, id, shop.name, shop.external_id, Json(shop.facts), now).map(drop)
}

/// Lists active connections with provider and address, by id; also before the database is adopted.
pub async fn list_addresses(tx: &mut Tx) -> sqlx::Result<Vec<(String, String, String)>> {
    let sql = "SELECT id, store_type, store_url FROM store_connection WHERE status = 'active' ORDER BY id";
    all!(tx, (String, String, String), sql)
}

/// Sets the status, with its reason.
pub async fn mark_status(
    tx: &mut Tx,
    id: &ConnectionId,
    status: ConnectionStatus,
    error: Option<(&str, &str)>,
    now: Time,
) -> sqlx::Result<()> {
    let (code, message) = error.unzip();
    let sql = "UPDATE store_connection SET status = $2, last_error_code = $3, last_error = $4, key_refused_at = NULL, \
               key_retry_at = NULL, updated_at = $5 WHERE id = $1";
    execute!(tx, sql, id, status, code, message, now).map(drop)
}

/// A refusal of a key that is tried again.
pub struct KeyRefusal<'a> {
    /// When the shop refused it first.
    pub since: Time,
    pub retry_at: Time,
    pub code: &'a str,
    pub message: &'a str,
}

/// Records that an active shop refuses its key, and when that is tried again.
pub async fn mark_key_refused(tx: &mut Tx, id: &ConnectionId, refusal: &KeyRefusal<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET key_refused_at = $2, key_retry_at = $3, last_error_code = $4, last_error = $5, \
               updated_at = $6 WHERE id = $1 AND status = 'active'";
    execute!(tx, sql, id, refusal.since, refusal.retry_at, refusal.code, refusal.message, now).map(drop)
}

/// Records that a shop accepts a key that it had refused; `false` if it had not.
pub async fn mark_key_accepted(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET key_refused_at = NULL, key_retry_at = NULL, last_error_code = NULL, last_error = NULL, \
               updated_at = $2 WHERE id = $1 AND status = 'active' AND key_refused_at IS NOT NULL";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Makes a shop that had to be connected again active, since it answered; `false` if it had not.
pub async fn mark_reconnected(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET status = 'active', last_error_code = NULL, last_error = NULL, updated_at = $2 \
               WHERE id = $1 AND status = 'needs_reauth' AND credentials_ciphertext IS NOT NULL";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Lists shops whose refused key is due for another try, and that have no job that would make it.
pub async fn list_keys_to_try(tx: &mut Tx, now: Time, limit: i64) -> sqlx::Result<Vec<Connection>> {
    let sql = columns!(
        "WHERE key_retry_at <= $1 AND status = 'active' AND paused_at IS NULL AND NOT EXISTS (SELECT 1 FROM job \
         WHERE job.store_connection_id = store_connection.id AND job.status IN ('pending', 'processing')) \
         ORDER BY key_retry_at LIMIT $2"
    );
    all!(tx, Connection, sql, now, limit)
}

/// Stops the pushes of a shop whose grant lacks a right for them; the first reason stays.
pub async fn mark_push_stopped(tx: &mut Tx, id: &ConnectionId, why: &str, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET push_stopped_at = $3, push_stop_reason = $2, updated_at = $3 \
               WHERE id = $1 AND push_stopped_at IS NULL AND status <> 'disconnected'";
    execute!(tx, sql, id, why, now).map(drop)
}

/// Lets the pushes of a shop go on; `false` if they were not stopped.
pub async fn mark_push_resumed(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET push_stopped_at = NULL, push_stop_reason = NULL, updated_at = $2 \
               WHERE id = $1 AND push_stopped_at IS NOT NULL";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Pauses one that is neither paused nor disconnected; `false` if it is.
pub async fn mark_paused(tx: &mut Tx, id: &ConnectionId, by: &str, why: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET paused_at = $4, paused_by = $2, pause_reason = $3, updated_at = $4 \
               WHERE id = $1 AND paused_at IS NULL AND status <> 'disconnected'";
    Ok(execute!(tx, sql, id, by, why, now)? == 1)
}

/// Ends a pause, an error state or a stop of pushes; `false` if there is none. Whether it is usable then depends on its status.
pub async fn mark_resumed(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET paused_at = NULL, paused_by = NULL, pause_reason = NULL, updated_at = $2, \
               push_stopped_at = NULL, push_stop_reason = NULL, last_error_code = CASE WHEN status = 'error' THEN NULL ELSE last_error_code END, \
               last_error = CASE WHEN status = 'error' THEN NULL ELSE last_error END, \
               status = CASE WHEN status = 'error' THEN 'active' ELSE status END \
               WHERE id = $1 AND status <> 'disconnected' AND (paused_at IS NOT NULL OR push_stopped_at IS NOT NULL OR status = 'error')";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Moves pauses that earlier releases kept in the status to their columns; returns how many.
pub async fn mend_pauses(tx: &mut Tx) -> sqlx::Result<u64> {
    let sql = "UPDATE store_connection SET status = 'active', paused_at = updated_at, pause_reason = last_error, \
               paused_by = CASE WHEN last_error = 'paused by an operator' THEN 'operator' ELSE $1 END, last_error_code = NULL, last_error = NULL \
               WHERE status = 'error' AND last_error_code = 'paused' AND credentials_ciphertext IS NOT NULL";
    execute!(tx, sql, BY_ADOPTION)
}

/// Records a failed run, and delays the next scheduled one.
pub async fn mark_failure(
    tx: &mut Tx,
    id: &ConnectionId,
    code: &str,
    message: &str,
    backoff_until: Option<Time>,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET consecutive_failures = consecutive_failures + 1, last_error_code = $2, \
               last_error = $3, backoff_until = $4, last_sync_at = $5, updated_at = $5 WHERE id = $1";
    execute!(tx, sql, id, code, message, backoff_until, now).map(drop)
}

/// Records a successful import.
pub async fn mark_synced(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET consecutive_failures = 0, backoff_until = NULL, last_error_code = NULL, \
               last_error = NULL, last_sync_at = $2, last_success_at = $2, updated_at = $2 WHERE id = $1";
    execute!(tx, sql, id, now).map(drop)
}

/// Advances a due schedule to `next`; `false` if it is not due (any more): of several replicas one fires. Compares the
/// stored time, not one read before: an operator's `now()` is finer than our milliseconds.
pub async fn move_schedule(tx: &mut Tx, id: &ConnectionId, now: Time, next: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET next_sync_at = $3 WHERE id = $1 AND next_sync_at <= $2";
    Ok(execute!(tx, sql, id, now, next)? == 1)
}

/// A stored schedule.
#[derive(Debug, sqlx::FromRow)]
pub struct Planned {
    pub id: ConnectionId,
    pub sync_interval_seconds: i32,
    pub sync_cron: Option<String>,
    pub sync_timezone: String,
    pub next_sync_at: Time,
}

/// Lists schedules that may be too far ahead: beyond their interval and a minute; all those with a calendar, since only
/// the calendar knows.
pub async fn list_far_planned(tx: &mut Tx, now: Time) -> sqlx::Result<Vec<Planned>> {
    macro_rules! far {
        ($limit:literal) => {
            concat!(
                "SELECT id, sync_interval_seconds, sync_cron, sync_timezone, next_sync_at FROM store_connection \
                 WHERE auto_sync_enabled AND status = 'active' AND next_sync_at > $1 \
                 AND (sync_cron IS NOT NULL OR next_sync_at > ",
                $limit,
                ") ORDER BY id"
            )
        };
    }
    let sql = match tx {
        Tx::Sqlite(_) => far!("strftime('%Y-%m-%dT%H:%M:%fZ', $1, '+' || (sync_interval_seconds + 60) || ' seconds')"),
        Tx::Postgres(_) => far!("$1 + (sync_interval_seconds + 60) * interval '1 second'"),
    };
    all!(tx, Planned, sql, now)
}

/// Moves a schedule back to `next`, if it is later.
pub async fn pull_schedule(tx: &mut Tx, id: &ConnectionId, next: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET next_sync_at = $2 WHERE id = $1 AND next_sync_at > $2";
    Ok(execute!(tx, sql, id, next)? == 1)
}

/// A schedule as an operator sets it.
pub struct Schedule<'a> {
    pub enabled: bool,
    pub interval_seconds: i32,
    pub cron: Option<&'a str>,
    pub timezone: &'a str,
    pub next: Option<Time>,
}

/// Sets the schedule.
pub async fn update_schedule(tx: &mut Tx, id: &ConnectionId, schedule: &Schedule<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET auto_sync_enabled = $2, sync_interval_seconds = $3, sync_cron = $4, \
               sync_timezone = $5, next_sync_at = $6, updated_at = $7 WHERE id = $1";
    execute!(
        tx,
        sql,
        id,
        schedule.enabled,
        schedule.interval_seconds,
        schedule.cron,
        schedule.timezone,
        schedule.next,
        now
    )
    .map(drop)
}

/// Sets the push mode, and whether an approval pushes at once.
pub async fn update_push_rules(
    tx: &mut Tx,
    id: &ConnectionId,
    mode: PushMode,
    on_approval: bool,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET push_mode = $2, sync_on_approval = $3, updated_at = $4 WHERE id = $1";
    execute!(tx, sql, id, mode, on_approval, now).map(drop)
}

/// Disconnects: the secret is erased, the row and its history stay.
pub async fn mark_disconnected(tx: &mut Tx, id: &ConnectionId, now: Time) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET status = 'disconnected', credentials_ciphertext = NULL, credentials_iv = NULL, \
               credentials_tag = NULL, credentials_key_id = NULL, credentials_fingerprint = NULL, scopes = NULL, \
               token_expires_at = NULL, refresh_expires_at = NULL, keep_alive_at = NULL, renew_at = NULL, warn_at = NULL, refresh_locked_until = NULL, refresh_locked_by = NULL, \
               key_refused_at = NULL, key_retry_at = NULL, push_stopped_at = NULL, push_stop_reason = NULL, \
               token_version = token_version + 1, auto_sync_enabled = false, next_sync_at = NULL, paused_at = NULL, paused_by = NULL, \
               pause_reason = NULL, disconnected_at = $2, \
               updated_at = $2 WHERE id = $1";
    execute!(tx, sql, id, now).map(drop)
}

/// Counts a shop's products without a tombstone.
pub async fn count_products(tx: &mut Tx, id: &ConnectionId) -> sqlx::Result<i64> {
    let sql = "SELECT count(*) FROM product WHERE store_connection_id = $1 AND erp_deleted_at IS NULL";
    Ok(scalar!(tx, i64, sql, id)?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_columns_people_see_hold_no_credential() {
        assert!(!columns!("").contains("credentials"));
    }
}
