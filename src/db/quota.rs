//! Quotas and usage of clients. A reservation is one statement, so that no two callers take the last unit.

use super::{Tx, execute, maybe};
use crate::model::{ClientId, Quota, Time, Usage};

/// Sets a client's limits; `false` if the client does not exist.
pub async fn upsert(tx: &mut Tx, id: &str, quota: &Quota, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO quota_limit (id, client_id, plan, monthly_generation_limit, storage_quota_mb, max_products, created_at, updated_at) \
               SELECT $1, c.id, $3, $4, $5, $6, $7, $7 FROM client c WHERE c.id = $2 \
               ON CONFLICT (client_id) DO UPDATE SET plan = excluded.plan, monthly_generation_limit = excluded.monthly_generation_limit, \
               storage_quota_mb = excluded.storage_quota_mb, max_products = excluded.max_products, updated_at = excluded.updated_at";
    let (limit, storage) = (quota.monthly_generation_limit, quota.storage_quota_mb);
    Ok(execute!(tx, sql, id, &quota.client_id, &quota.plan, limit, storage, quota.max_products, now)? == 1)
}

/// Returns a client's limits; `None` if none were set.
pub async fn find(tx: &mut Tx, client: &ClientId) -> sqlx::Result<Option<Quota>> {
    let sql = "SELECT client_id, plan, monthly_generation_limit, storage_quota_mb, max_products, updated_at FROM quota_limit WHERE client_id = $1";
    maybe!(tx, Quota, sql, client)
}

/// Returns the client's storage quota in megabytes if `more_bytes` would exceed it; `None` otherwise.
pub async fn find_full(tx: &mut Tx, client: &ClientId, more_bytes: i64) -> sqlx::Result<Option<i32>> {
    let Some(quota) = find(tx, client).await?.filter(|quota| quota.storage_quota_mb >= 0) else { return Ok(None) };
    let taken = super::ledger::get_stored_bytes(tx, client).await?;
    Ok((taken + more_bytes > i64::from(quota.storage_quota_mb) << 20).then_some(quota.storage_quota_mb))
}

/// Returns a client's usage in a month (`YYYY-MM`).
pub async fn find_usage(tx: &mut Tx, client: &ClientId, month: &str) -> sqlx::Result<Option<Usage>> {
    let sql = "SELECT client_id, month, generation_count FROM usage_record WHERE client_id = $1 AND month = $2";
    maybe!(tx, Usage, sql, client, month)
}

/// Reserves `count` units of a month, all or nothing; `false` if `limit` (-1: unlimited) would be exceeded.
pub async fn reserve(tx: &mut Tx, id: &str, usage: &Usage, limit: i32, now: Time) -> sqlx::Result<bool> {
    let first = "INSERT INTO usage_record (id, client_id, month, generation_count, created_at, updated_at) \
                 SELECT $1, c.id, $3, 0, $4, $4 FROM client c WHERE c.id = $2 ON CONFLICT (client_id, month) DO NOTHING";
    execute!(tx, first, id, &usage.client_id, &usage.month, now)?;
    let take = "UPDATE usage_record SET generation_count = generation_count + $3, updated_at = $4 \
                WHERE client_id = $1 AND month = $2 AND ($5 < 0 OR generation_count + $3 <= $5)";
    Ok(execute!(tx, take, &usage.client_id, &usage.month, usage.generation_count, now, limit)? == 1)
}

/// Releases unused units of a reservation.
pub async fn release(tx: &mut Tx, usage: &Usage, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE usage_record SET generation_count = CASE WHEN generation_count > $3 THEN generation_count - $3 ELSE 0 END, \
               updated_at = $4 WHERE client_id = $1 AND month = $2";
    Ok(execute!(tx, sql, &usage.client_id, &usage.month, usage.generation_count, now)? == 1)
}
