//! Pending connects: single use, short-lived, bound to browser, client and shop.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::{Tx, all, execute, maybe, scalar};
use crate::model::{ClientId, ConnectionId, Facts, Time};

/// One row of `oauth_state`. Hashes only: the state itself is in the URL, the browser's token in its cookie.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OauthState {
    pub state_hash: String,
    pub client_id: ClientId,
    pub store_connection_id: Option<ConnectionId>,
    pub store_type: String,
    pub store_url: String,
    pub facts: Json<Facts>,
    pub browser_hash: Option<String>,
    pub requested_scopes: Json<Vec<String>>,
    pub code_verifier_sealed: Option<String>,
    /// Credentials that the shop's server posted before the browser came back.
    pub grant_sealed: Option<String>,
    pub return_url: Option<String>,
    /// A digest of the connect link and the address that started it.
    pub begun_by: Option<String>,
    /// A digest of the connect link alone: who made the link is told what became of it.
    pub link_mark: Option<String>,
    /// Whether the shop may be another client's, too.
    pub may_share: bool,
    pub created_at: Time,
    pub expires_at: Time,
    pub consumed_at: Option<Time>,
}

/// Why a connect was refused, for who waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectRefusal {
    /// The failure's code.
    pub code: String,
    /// For people; without secrets.
    pub message: String,
    /// Whether the same may succeed later.
    pub may_pass: bool,
}

/// Inserts a pending connect.
pub async fn insert(tx: &mut Tx, state: &OauthState) -> sqlx::Result<()> {
    let sql = "INSERT INTO oauth_state (state_hash, client_id, store_connection_id, store_type, store_url, facts, \
               browser_hash, requested_scopes, code_verifier_sealed, return_url, begun_by, created_at, expires_at, may_share, \
               link_mark) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    execute!(
        tx,
        sql,
        &state.state_hash,
        &state.client_id,
        &state.store_connection_id,
        &state.store_type,
        &state.store_url,
        &state.facts,
        &state.browser_hash,
        &state.requested_scopes,
        &state.code_verifier_sealed,
        &state.return_url,
        &state.begun_by,
        state.created_at,
        state.expires_at,
        state.may_share,
        &state.link_mark,
    )
    .map(drop)
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT state_hash, client_id, store_connection_id, store_type, store_url, facts, browser_hash, \
             requested_scopes, code_verifier_sealed, grant_sealed, return_url, begun_by, link_mark, may_share, created_at, expires_at, \
             consumed_at FROM oauth_state ",
            $rest
        )
    };
}

/// Returns a connect by the hash of its state, consumed or not.
pub async fn find(tx: &mut Tx, state_hash: &str) -> sqlx::Result<Option<OauthState>> {
    maybe!(tx, OauthState, columns!("WHERE state_hash = $1"), state_hash)
}

/// Returns the latest connect that a browser started and has not finished.
pub async fn find_by_browser(tx: &mut Tx, provider: &str, mark: &str, now: Time) -> sqlx::Result<Option<OauthState>> {
    let sql = columns!(
        "WHERE browser_hash = $1 AND store_type = $2 AND consumed_at IS NULL AND expires_at > $3 \
         ORDER BY created_at DESC LIMIT 1"
    );
    maybe!(tx, OauthState, sql, mark, provider, now)
}

/// Stores the credentials that the shop's server posted. With `once`, `false` if there were some already.
pub async fn update_grant(tx: &mut Tx, state_hash: &str, sealed: &str, once: bool, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE oauth_state SET grant_sealed = $2, refusal = NULL WHERE state_hash = $1 AND consumed_at IS NULL AND expires_at > $3 \
               AND (grant_sealed IS NULL OR NOT $4)";
    Ok(execute!(tx, sql, state_hash, sealed, now, once)? == 1)
}

/// Consumes the state; `false` if it is already consumed or expired.
pub async fn consume(tx: &mut Tx, state_hash: &str, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE oauth_state SET consumed_at = $2, code_verifier_sealed = NULL, grant_sealed = NULL \
               WHERE state_hash = $1 AND consumed_at IS NULL AND expires_at > $2";
    Ok(execute!(tx, sql, state_hash, now)? == 1)
}

/// Records why a connect was refused.
pub async fn mark_refused(tx: &mut Tx, state_hash: &str, refusal: &ConnectRefusal) -> sqlx::Result<()> {
    let sql = "UPDATE oauth_state SET refusal = $2 WHERE state_hash = $1";
    execute!(tx, sql, state_hash, Json(refusal)).map(drop)
}

/// Returns why the latest connect that a link began was refused, if it was.
pub async fn find_refusal(tx: &mut Tx, link_mark: &str) -> sqlx::Result<Option<ConnectRefusal>> {
    let sql = "SELECT refusal FROM oauth_state WHERE link_mark = $1 ORDER BY created_at DESC, state_hash LIMIT 1";
    let found = scalar!(tx, Option<Json<ConnectRefusal>>, sql, link_mark)?;
    Ok(found.flatten().map(|refusal| refusal.0))
}

/// Counts the pending connects of a client.
pub async fn count_open(tx: &mut Tx, client: &ClientId, now: Time) -> sqlx::Result<i64> {
    let sql = "SELECT count(*) FROM oauth_state WHERE client_id = $1 AND consumed_at IS NULL AND expires_at > $2";
    Ok(scalar!(tx, i64, sql, client, now)?.unwrap_or(0))
}

/// How many connects may be pending at once.
pub struct PendingLimits {
    pub per_client: i64,
    /// Of those begun by one link from one address.
    pub per_origin: i64,
}

/// Makes room for one more pending connect: deletes the oldest ones of the same origin beyond its limit, then the
/// client's oldest ones beyond its limit, of whichever origin has most. Connects with posted credentials stay.
pub async fn delete_crowd(
    tx: &mut Tx,
    client: &ClientId,
    begun_by: Option<&str>,
    limits: &PendingLimits,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "DELETE FROM oauth_state WHERE state_hash IN (SELECT state_hash FROM oauth_state WHERE client_id = $1 AND begun_by = $2 \
               AND consumed_at IS NULL AND grant_sealed IS NULL AND expires_at > $3 ORDER BY created_at DESC, state_hash \
               LIMIT 1000 OFFSET $4)";
    execute!(tx, sql, client, begun_by, now, limits.per_origin - 1)?;
    let sql = "DELETE FROM oauth_state WHERE state_hash IN (SELECT state_hash FROM (SELECT state_hash, created_at, \
               count(*) OVER (PARTITION BY begun_by) AS many FROM oauth_state WHERE client_id = $1 AND consumed_at IS NULL \
               AND grant_sealed IS NULL AND expires_at > $2) AS open ORDER BY many DESC, created_at, state_hash LIMIT $3)";
    let beyond = count_open(tx, client, now).await? + 1 - limits.per_client;
    if beyond > 0 {
        execute!(tx, sql, client, now, beyond)?;
    }
    Ok(())
}

/// Counts the secrets of pending connects by the key that seals them.
pub async fn list_key_counts(tx: &mut Tx, now: Time) -> sqlx::Result<Vec<(String, i64)>> {
    let sql = "SELECT code_verifier_sealed FROM oauth_state WHERE code_verifier_sealed IS NOT NULL AND consumed_at IS NULL \
               AND expires_at > $1 UNION ALL SELECT grant_sealed FROM oauth_state WHERE grant_sealed IS NOT NULL \
               AND consumed_at IS NULL AND expires_at > $1";
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (sealed,) in all!(tx, (String,), sql, now)? {
        // The vault's format: the key's id, then the sealed parts, separated by dots.
        let id = sealed.rsplitn(4, '.').nth(3).unwrap_or_default().to_owned();
        *counts.entry(id).or_default() += 1;
    }
    Ok(counts.into_iter().collect())
}

/// Deletes connects that expired before `before`.
pub async fn delete_before(tx: &mut Tx, before: Time) -> sqlx::Result<u64> {
    execute!(tx, "DELETE FROM oauth_state WHERE expires_at < $1", before)
}
