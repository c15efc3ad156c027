//! How far an import has come, and what its pass has seen.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, execute, maybe, rows};
use crate::model::{ConnectionId, Time};

/// One row of `sync_cursor` for products.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Cursor {
    /// Where an unfinished pass stands; the import knows its form.
    pub cursor: Option<Json<Value>>,
    /// Changes up to here are in the database.
    pub updated_since: Option<Time>,
    /// When a complete pass last ended.
    pub full_sync_at: Option<Time>,
}

impl Cursor {
    /// Changes up to there are in the database. One that lies in the future says nothing: what was changed before it may be
    /// missing, so the last complete pass counts.
    pub fn watermark(&self, now: Time) -> Option<Time> {
        let stands = |at: &Time| *at <= now;
        self.updated_since.filter(stands).or_else(|| self.updated_since.and(self.full_sync_at).filter(stands))
    }
}

/// The cursor of a shop; empty before its first import, and where the one that is kept cannot be read.
pub async fn get(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<Cursor> {
    let sql = "SELECT cursor, updated_since, full_sync_at FROM sync_cursor WHERE store_connection_id = $1 AND resource = 'products'";
    match maybe!(tx, Cursor, sql, connection) {
        // Where it stood is lost, what it stands for is not: a pass over everything finds it again.
        Err(error @ sqlx::Error::ColumnDecode { .. }) => {
            rows::tell(&error);
            Ok(Cursor::default())
        }
        found => found.map(Option::unwrap_or_default),
    }
}

/// Keeps the cursor.
pub async fn upsert(tx: &mut Tx, connection: &ConnectionId, cursor: &Cursor, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO sync_cursor (store_connection_id, resource, cursor, updated_since, full_sync_at, updated_at) \
               VALUES ($1, 'products', $2, $3, $4, $5) ON CONFLICT (store_connection_id, resource) DO UPDATE SET \
               cursor = excluded.cursor, updated_since = excluded.updated_since, full_sync_at = excluded.full_sync_at, \
               updated_at = excluded.updated_at";
    execute!(tx, sql, connection, &cursor.cursor, cursor.updated_since, cursor.full_sync_at, now).map(drop)
}

/// Remembers a page of a pass: eight bytes for each product on it, and eight for the page that it leads to.
pub async fn insert_seen(
    tx: &mut Tx,
    connection: &ConnectionId,
    pass: &str,
    page: i32,
    (marks, next): (&[u8], Option<&[u8]>),
) -> sqlx::Result<()> {
    let sql = "INSERT INTO sync_seen (store_connection_id, pass_id, page, marks, next_mark) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (store_connection_id, pass_id, page) DO UPDATE SET marks = excluded.marks, \
               next_mark = excluded.next_mark";
    execute!(tx, sql, connection, pass, page, marks, next).map(drop)
}

/// Everything a pass has seen, page by page: its products, and the page that each page led to.
pub async fn list_seen(
    tx: &mut Tx,
    connection: &ConnectionId,
    pass: &str,
) -> sqlx::Result<Vec<(Vec<u8>, Option<Vec<u8>>)>> {
    let sql = "SELECT marks, next_mark FROM sync_seen WHERE store_connection_id = $1 AND pass_id = $2 ORDER BY page";
    all!(tx, (Vec<u8>, Option<Vec<u8>>), sql, connection, pass)
}

/// Forgets the marks of every pass of a shop.
pub async fn delete_seen(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<()> {
    execute!(tx, "DELETE FROM sync_seen WHERE store_connection_id = $1", connection).map(drop)
}

/// Gives an unfinished pass up: the next one begins anew.
pub async fn drop_pass(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<()> {
    execute!(tx, "UPDATE sync_cursor SET cursor = NULL WHERE store_connection_id = $1", connection)?;
    delete_seen(tx, connection).await
}
