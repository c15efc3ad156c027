//! Tenants.

use super::{Tx, all, execute, maybe};
use crate::model::{Client, ClientId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT id, name, slug, version, created_at, updated_at FROM client ", $rest)
    };
}

/// A new tenant.
pub async fn insert(tx: &mut Tx, id: &ClientId, name: &str, slug: Option<&str>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO client (id, name, slug, version, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)";
    execute!(tx, sql, id, name, slug, now).map(drop)
}

/// By id or by slug.
pub async fn find(tx: &mut Tx, id_or_slug: &str) -> sqlx::Result<Option<Client>> {
    maybe!(
        tx,
        Client,
        columns!("WHERE id = $1 OR slug = $1 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1"),
        id_or_slug
    )
}

/// Up to `limit` tenants behind `after`, oldest first.
pub async fn list(tx: &mut Tx, after: Option<&ClientId>, limit: i64) -> sqlx::Result<Vec<Client>> {
    let after = after.map_or("", ClientId::as_str);
    all!(tx, Client, columns!("WHERE id > $1 ORDER BY id LIMIT $2"), after, limit)
}
