//! Sealed grants: as they stand, renewed, and sealed anew.

use sqlx::types::Json;

use super::{Tx, all, execute, maybe, scalar};
use crate::{
    model::{ClientId, ConnectionId, Grant, Time},
    vault::Sealed,
};

/// A sealed grant and its fingerprint.
pub struct SealedGrant(pub Sealed, pub String);

/// A sealed grant and what it is bound to.
#[derive(sqlx::FromRow)]
pub struct SealedRow {
    pub id: ConnectionId,
    pub client_id: ClientId,
    pub store_type: String,
    #[sqlx(flatten)]
    pub sealed: Sealed,
}

/// Grants that another key or another form seals, by id, behind `after`.
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

/// Another seal around the same grant; false where the grant was replaced since (its nonce is another one then).
pub async fn replace_seal(tx: &mut Tx, id: &ConnectionId, iv: &str, sealed: &SealedGrant) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET credentials_ciphertext = $3, credentials_iv = $4, credentials_tag = $5, \
               credentials_key_id = $6, credentials_format = $7, credentials_fingerprint = $8 \
               WHERE id = $1 AND credentials_iv = $2 AND credentials_ciphertext IS NOT NULL";
    let seal = &sealed.0;
    let done = execute!(tx, sql, id, iv, &seal.ciphertext, &seal.iv, &seal.tag, &seal.key_id, seal.format, &sealed.1)?;
    Ok(done == 1)
}

/// How many grants each key seals.
pub async fn list_key_counts(tx: &mut Tx) -> sqlx::Result<Vec<(String, i64)>> {
    let sql = "SELECT coalesce(credentials_key_id, ''), count(*) FROM store_connection WHERE credentials_ciphertext IS NOT NULL \
               GROUP BY 1 ORDER BY 1";
    all!(tx, (String, i64), sql)
}

/// Grants that the older application sealed, by id: of a database that is adopted, or of one that is not yet.
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

/// How many grants this program sealed.
pub async fn count_sealed(tx: &mut Tx) -> sqlx::Result<i64> {
    let sql =
        "SELECT count(*) FROM store_connection WHERE credentials_ciphertext IS NOT NULL AND credentials_format <> 1";
    Ok(scalar!(tx, i64, sql)?.unwrap_or(0))
}

/// One or two grants that each key seals: enough to tell whether the ring is the right one.
pub async fn list_sealed_samples(tx: &mut Tx) -> sqlx::Result<Vec<SealedRow>> {
    let sql = "SELECT id, client_id, store_type, credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
               credentials_key_id AS key_id, credentials_format AS format FROM store_connection \
               WHERE id IN (SELECT max(id) FROM store_connection WHERE credentials_ciphertext IS NOT NULL \
               GROUP BY credentials_key_id) OR id IN (SELECT min(id) FROM store_connection WHERE credentials_ciphertext IS NOT NULL GROUP BY credentials_key_id) ORDER BY id";
    all!(tx, SealedRow, sql)
}

/// The sealed grant as it stands.
pub async fn find_sealed(tx: &mut Tx, id: &ConnectionId) -> sqlx::Result<Option<Sealed>> {
    let sql = "SELECT credentials_ciphertext AS ciphertext, credentials_iv AS iv, credentials_tag AS tag, \
               credentials_key_id AS key_id, credentials_format AS format FROM store_connection \
               WHERE id = $1 AND credentials_ciphertext IS NOT NULL";
    maybe!(tx, Sealed, sql, id)
}

/// Puts a renewed grant in the place of the one it was made from. Fenced twice: false where another renewal came first, and where
/// `owner` lost the right to renew to somebody who asks the shop by now.
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

/// Takes the right to renew version `spent` until `until`; false while somebody else holds it or has used it.
pub async fn lock_refresh(
    tx: &mut Tx,
    id: &ConnectionId,
    spent: i32,
    owner: &str,
    times: (Time, Time),
) -> sqlx::Result<bool> {
    let (now, until) = times;
    let sql = "UPDATE store_connection SET refresh_locked_until = $4, refresh_locked_by = $3 \
               WHERE id = $1 AND token_version = $2 AND (refresh_locked_until IS NULL OR refresh_locked_until <= $5)";
    Ok(execute!(tx, sql, id, spent, owner, until, now)? == 1)
}

/// Keeps the right to renew until `until`; false where it was lost.
pub async fn extend_refresh(tx: &mut Tx, id: &ConnectionId, owner: &str, until: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE store_connection SET refresh_locked_until = $3 WHERE id = $1 AND refresh_locked_by = $2";
    Ok(execute!(tx, sql, id, owner, until)? == 1)
}

/// Takes every right to renew back, where no other process can hold one.
pub async fn unlock_all(tx: &mut Tx) -> sqlx::Result<u64> {
    let sql = "UPDATE store_connection SET refresh_locked_until = NULL, refresh_locked_by = NULL \
               WHERE refresh_locked_by IS NOT NULL";
    execute!(tx, sql)
}

/// Gives the right back, if `owner` still has it.
pub async fn unlock_refresh(tx: &mut Tx, id: &ConnectionId, owner: &str) -> sqlx::Result<()> {
    let sql = "UPDATE store_connection SET refresh_locked_until = NULL, refresh_locked_by = NULL \
               WHERE id = $1 AND refresh_locked_by = $2";
    execute!(tx, sql, id, owner).map(drop)
}
