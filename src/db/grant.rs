//! Sealed grants: read, refreshed, and resealed.

use sqlx::types::Json;

use super::{Tx, all, execute, maybe, scalar};
use crate::{
    model::{ClientId, ConnectionId, Grant, Time},
    vault::Sealed,
};

/// A sealed grant and its fingerprint.
pub struct SealedGrant(pub Sealed, pub String);

/// A sealed grant with its binding.
#[derive(sqlx::FromRow)]
pub struct SealedRow {
    pub id: ConnectionId,
    pub client_id: ClientId,
    pub store_type: String,
    #[sqlx(flatten)]
    pub sealed: Sealed,
}

/// Lists grants with another key or format, by id, after `after`.
pub async fn list_sealed_otherwise(
    tx: &mut Tx,
    key_id: &str,
    format: i32,
    after: &ConnectionId,
    limit: i64,
) -> sqlx::Result<Vec<SealedRow>> {
    let sql = "SELECT id, client_id, store_type, credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
               credentials_key_id AS key_id, credentials_format AS format FROM store_connection \
               WHERE credentials_ciphertext IS NOT NULL AND (credentials_key_id <> $1 OR credentials_format <> $2) AND id > $3 \
               ORDER BY id LIMIT $4";
    all!(tx, SealedRow, sql, key_id, format, after, limit)
}

/// Replaces the seal of a grant; `false` if the grant was replaced meanwhile (its nonce differs then).
pub async fn replace_seal(tx: &mut Tx, id: &ConnectionId, iv: &str, sealed: &SealedGrant) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET credentials_ciphertext = $3, credentials_iv = $4, credentials_tag = $5, \
               credentials_key_id = $6, credentials_format = $7, credentials_fingerprint = $8 \
               WHERE id = $1 AND credentials_iv = $2 AND credentials_ciphertext IS NOT NULL";
    let seal = &sealed.0;
    let done = execute!(tx, sql, id, iv, &seal.ciphertext, &seal.iv, &seal.tag, &seal.key_id, seal.format, &sealed.1)?;
    Ok(done == 1)
}

/// Counts grants by their key.
pub async fn list_key_counts(tx: &mut Tx) -> sqlx::Result<Vec<(String, i64)>> {
    let sql = "SELECT coalesce(credentials_key_id, ''), count(*) FROM store_connection WHERE credentials_ciphertext IS NOT NULL \
               GROUP BY 1 ORDER BY 1";
    all!(tx, (String, i64), sql)
}

/// Lists grants that the older application sealed, by id; `adopted`: whether the database is adopted.
pub async fn list_older(tx: &mut Tx, adopted: bool) -> sqlx::Result<Vec<SealedRow>> {
    let sql = if adopted {
        "SELECT id, client_id, store_type, credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
         credentials_key_id AS key_id, credentials_format AS format FROM store_connection \
         WHERE credentials_ciphertext IS NOT NULL AND credentials_format = 1 ORDER BY id"
    } else {
        "SELECT id, client_id, store_type, credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
         credentials_key_id AS key_id, 1 AS format FROM store_connection WHERE credentials_ciphertext IS NOT NULL ORDER BY id"
    };
    all!(tx, SealedRow, sql)
}

/// Counts grants that this program sealed.
pub async fn count_sealed(tx: &mut Tx) -> sqlx::Result<i64> {
    let sql =
        "SELECT count(*) FROM store_connection WHERE credentials_ciphertext IS NOT NULL AND credentials_format <> 1";
    Ok(scalar!(tx, i64, sql)?.unwrap_or(0))
}

/// Lists one or two grants of each key: enough to tell whether the ring is the right one.
pub async fn list_sealed_samples(tx: &mut Tx) -> sqlx::Result<Vec<SealedRow>> {
    let sql = "SELECT id, client_id, store_type, credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
               credentials_key_id AS key_id, credentials_format AS format FROM store_connection \
               WHERE id IN (SELECT max(id) FROM store_connection WHERE credentials_ciphertext IS NOT NULL \
               GROUP BY credentials_key_id) OR id IN (SELECT min(id) FROM store_connection WHERE credentials_ciphertext IS NOT NULL GROUP BY credentials_key_id) ORDER BY id";
    all!(tx, SealedRow, sql)
}

/// Returns the sealed grant.
pub async fn find_sealed(tx: &mut Tx, id: &ConnectionId) -> sqlx::Result<Option<Sealed>> {
    let sql = "SELECT credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
               credentials_key_id AS key_id, credentials_format AS format FROM store_connection \
               WHERE id = $1 AND credentials_ciphertext IS NOT NULL";
    maybe!(tx, Sealed, sql, id)
}

/// Replaces a grant by its refreshed one. Fenced twice: `false` if another refresh came first, or if `owner` lost the
/// refresh lease to another process.
pub async fn replace_grant(
    tx: &mut Tx,
    id: &ConnectionId,
    grant: &Grant,
    sealed: &SealedGrant,
    owner: &str,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET credentials_ciphertext = $3, credentials_iv = $4, credentials_tag = $5, \
               credentials_key_id = $6, credentials_format = $7, credentials_fingerprint = $8, token_expires_at = $9, \
               refresh_expires_at = $10, scopes = $11, token_refreshed_at = $12, keep_alive_at = $13, renew_at = $14, warn_at = $15, token_version = token_version + 1, \
               refresh_locked_until = NULL, refresh_locked_by = NULL, updated_at = $12 \
               WHERE id = $1 AND token_version + 1 = $2 AND refresh_locked_by = $16 AND status <> 'disconnected'";
    let rows = execute!(
        tx,
        sql,
        id,
        grant.version,
        &sealed.0.ciphertext,
        &sealed.0.iv,
        &sealed.0.tag,
        &sealed.0.key_id,
        sealed.0.format,
        &sealed.1,
        grant.expires_at,
        grant.refresh_expires_at,
        grant.scopes.as_ref().map(Json),
        now,
        grant.keep_alive_at,
        grant.renew_at,
        grant.warn_at,
        owner,
    )?;
    Ok(rows == 1)
}

/// Takes the refresh lease for version `spent` until `until`; `false` if it is held, or the version was replaced.
pub async fn lock_refresh(
    tx: &mut Tx,
    id: &ConnectionId,
    spent: i32,
    owner: &str,
    now: Time,
    until: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET refresh_locked_until = $4, refresh_locked_by = $3 \
               WHERE id = $1 AND token_version = $2 AND (refresh_locked_until IS NULL OR refresh_locked_until <= $5)";
    Ok(execute!(tx, sql, id, spent, owner, until, now)? == 1)
}

/// Extends the refresh lease until `until`; `false` if it was lost.
pub async fn extend_refresh(tx: &mut Tx, id: &ConnectionId, owner: &str, until: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET refresh_locked_until = $3 WHERE id = $1 AND refresh_locked_by = $2";
    Ok(execute!(tx, sql, id, owner, until)? == 1)
}

/// Releases every refresh lease, if no other process can hold one.
pub async fn unlock_all(tx: &mut Tx) -> sqlx::Result<u64> {
    let sql = "UPDATE store_connection SET refresh_locked_until = NULL, refresh_locked_by = NULL \
               WHERE refresh_locked_by IS NOT NULL";
    execute!(tx, sql)
}

/// Releases the refresh lease, if `owner` has it.
pub async fn unlock_refresh(tx: &mut Tx, id: &ConnectionId, owner: &str) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET refresh_locked_until = NULL, refresh_locked_by = NULL \
               WHERE id = $1 AND refresh_locked_by = $2";
    execute!(tx, sql, id, owner).map(drop)
}
