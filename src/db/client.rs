//! Clients (tenants).

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, execute, maybe, scalar};
use crate::model::{Client, ClientId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT id, name, slug, logo, version, created_at, updated_at FROM client ", $rest)
    };
}

/// Inserts a client.
pub async fn insert(tx: &mut Tx, id: &ClientId, name: &str, slug: Option<&str>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO client (id, name, slug, version, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)";
    execute!(tx, sql, id, name, slug, now).map(drop)
}

/// Returns a client by id or slug.
pub async fn find(tx: &mut Tx, id_or_slug: &str) -> sqlx::Result<Option<Client>> {
    maybe!(
        tx,
        Client,
        columns!("WHERE id = $1 OR slug = $1 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1"),
        id_or_slug
    )
}

/// Lists up to `limit` clients after `after`, oldest first.
pub async fn list(tx: &mut Tx, after: Option<&ClientId>, limit: i64) -> sqlx::Result<Vec<Client>> {
    let after = after.map_or("", ClientId::as_str);
    all!(tx, Client, columns!("WHERE id > $1 ORDER BY id LIMIT $2"), after, limit)
}

/// Lists clients whose metadata describe a shop.
pub async fn list_commerce(tx: &mut Tx) -> sqlx::Result<Vec<(ClientId, Value)>> {
    let sql = "SELECT id, metadata FROM client WHERE metadata IS NOT NULL ORDER BY id";
    let all = all!(tx, (ClientId, Json<Value>), sql)?;
    Ok(all.into_iter().map(|(id, metadata)| (id, metadata.0)).filter(|(_, m)| m["commerce"].is_object()).collect())
}

/// Returns a client's metadata.
pub async fn find_metadata(tx: &mut Tx, id: &ClientId) -> sqlx::Result<Option<Value>> {
    let metadata = scalar!(tx, Option<Json<Value>>, "SELECT metadata FROM client WHERE id = $1", id)?;
    Ok(metadata.flatten().map(|metadata| metadata.0))
}

/// Replaces a client's metadata.
pub async fn update_metadata(tx: &mut Tx, id: &ClientId, metadata: &Value, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE client SET metadata = $2, version = version + 1, updated_at = $3 WHERE id = $1";
    Ok(execute!(tx, sql, id, Json(metadata), now)? == 1)
}

/// Updates the given fields, if the client still has `version`; `false` otherwise.
pub async fn update(
    tx: &mut Tx,
    id: &ClientId,
    version: i32,
    name: Option<&str>,
    slug: Option<&str>,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE client SET name = coalesce($3, name), slug = coalesce($4, slug), version = version + 1, updated_at = $5 \
               WHERE id = $1 AND version = $2";
    Ok(execute!(tx, sql, id, version, name, slug, now)? == 1)
}

/// Deletes a client with everything it owns.
pub async fn delete(tx: &mut Tx, id: &ClientId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "DELETE FROM client WHERE id = $1", id)? == 1)
}
