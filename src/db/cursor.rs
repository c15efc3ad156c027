//! The cursor (checkpoint) of an import, and the ids that its pass has seen.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, execute, maybe, rows};
use crate::model::{ConnectionId, Time};

/// One row of `sync_cursor` for products.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Cursor {
    /// The checkpoint of an unfinished pass; the import defines its format.
    pub cursor: Option<Json<Value>>,
    /// The watermark: changes up to this time are in the database.
    pub updated_since: Option<Time>,
    /// When a complete pass last ended.
    pub full_sync_at: Option<Time>,
    /// Products that the last complete pass missed, eight bytes each: if the next one misses them too, they are gone.
    pub missed: Option<Vec<u8>>,
    /// The size of pages that the shop can answer, if it is smaller than the usual one.
    pub page_size: Option<i32>,
}

impl Cursor {
    /// The size of pages to begin a pass with, if it is not the usual one.
    pub fn page_size(&self) -> Option<u32> {
        self.page_size.and_then(|size| u32::try_from(size).ok()).filter(|size| *size > 0)
    }

    /// Returns the watermark. One in the future is invalid: changes before it may be missing, so the end of the last
    /// complete pass is returned in its place.
    pub fn watermark(&self, now: Time) -> Option<Time> {
        let is_past = |at: &Time| *at <= now;
        self.updated_since.filter(is_past).or_else(|| self.updated_since.and(self.full_sync_at).filter(is_past))
    }
}

/// Returns the cursor of a shop; the default before its first import, and if the stored one cannot be decoded.
pub async fn get(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<Cursor> {
    let sql = "SELECT cursor, updated_since, full_sync_at, missed, page_size FROM sync_cursor WHERE store_connection_id = $1 AND resource = 'products'";
    match maybe!(tx, Cursor, sql, connection) {
        // The checkpoint is lost, but no data: a complete pass reads everything again.
        Err(error @ sqlx::Error::ColumnDecode { .. }) => {
            rows::log_once(&error);
            Ok(Cursor::default())
        }
        found => found.map(Option::unwrap_or_default),
    }
}

/// Stores the cursor, except for what the last complete pass missed and for the size of pages.
pub async fn upsert(tx: &mut Tx, connection: &ConnectionId, cursor: &Cursor, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO sync_cursor (store_connection_id, resource, cursor, updated_since, full_sync_at, updated_at) \
               VALUES ($1, 'products', $2, $3, $4, $5) ON CONFLICT (store_connection_id, resource) DO UPDATE SET \
               cursor = excluded.cursor, updated_since = excluded.updated_since, full_sync_at = excluded.full_sync_at, \
               updated_at = excluded.updated_at";
    execute!(tx, sql, connection, &cursor.cursor, cursor.updated_since, cursor.full_sync_at, now).map(drop)
}

/// Stores which products a pass missed, in the transaction that ends it.
pub async fn update_missed(tx: &mut Tx, connection: &ConnectionId, missed: &[u8]) -> sqlx::Result<()> {
    let sql = "UPDATE sync_cursor SET missed = $2 WHERE store_connection_id = $1 AND resource = 'products'";
    execute!(tx, sql, connection, Some(missed).filter(|missed| !missed.is_empty())).map(drop)
}

/// Stores the size of pages that the shop can answer; none for the usual one.
pub async fn update_page_size(
    tx: &mut Tx,
    connection: &ConnectionId,
    size: Option<i32>,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO sync_cursor (store_connection_id, resource, page_size, updated_at) VALUES ($1, 'products', $2, $3) \
               ON CONFLICT (store_connection_id, resource) DO UPDATE SET page_size = excluded.page_size";
    execute!(tx, sql, connection, size, now).map(drop)
}

/// What a pass has seen on one page.
pub struct SeenPage<'a> {
    pub page: i32,
    /// An eight-byte hash for each product.
    pub marks: &'a [u8],
    /// A hash of the page that it leads to.
    pub next: Option<&'a [u8]>,
    /// The products on it that lost every variant or picture; the import defines its format.
    pub emptied: Option<Json<Value>>,
}

/// Records a page of a pass.
pub async fn insert_seen(tx: &mut Tx, connection: &ConnectionId, pass: &str, seen: &SeenPage<'_>) -> sqlx::Result<()> {
    let sql = "INSERT INTO sync_seen (store_connection_id, pass_id, page, marks, next_mark, emptied) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (store_connection_id, pass_id, page) DO UPDATE SET \
               marks = excluded.marks, next_mark = excluded.next_mark, emptied = excluded.emptied";
    execute!(tx, sql, connection, pass, seen.page, seen.marks, seen.next, &seen.emptied).map(drop)
}

/// Lists everything that a pass has seen, page by page: hashes of products, and of the page that each page led to.
pub async fn list_seen(
    tx: &mut Tx,
    connection: &ConnectionId,
    pass: &str,
) -> sqlx::Result<Vec<(Vec<u8>, Option<Vec<u8>>)>> {
    let sql = "SELECT marks, next_mark FROM sync_seen WHERE store_connection_id = $1 AND pass_id = $2 ORDER BY page";
    all!(tx, (Vec<u8>, Option<Vec<u8>>), sql, connection, pass)
}

/// Lists the products of a pass that lost every variant or picture, page by page.
pub async fn list_emptied(tx: &mut Tx, connection: &ConnectionId, pass: &str) -> sqlx::Result<Vec<Value>> {
    let sql = "SELECT emptied FROM sync_seen WHERE store_connection_id = $1 AND pass_id = $2 AND emptied IS NOT NULL ORDER BY page";
    let pages = all!(tx, (Json<Value>,), sql, connection, pass)?;
    Ok(pages.into_iter().map(|(Json(page),)| page).collect())
}

/// Deletes the recorded pages of every pass of a shop.
pub async fn delete_seen(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<()> {
    execute!(tx, "DELETE FROM sync_seen WHERE store_connection_id = $1", connection).map(drop)
}

/// Makes the next pass a full one from the beginning, whatever was read before.
pub async fn require_full(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<()> {
    let sql = "UPDATE sync_cursor SET cursor = NULL, full_sync_at = NULL WHERE store_connection_id = $1";
    execute!(tx, sql, connection)?;
    delete_seen(tx, connection).await
}

/// Abandons an unfinished pass: the next one starts from the beginning.
pub async fn drop_pass(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<()> {
    execute!(tx, "UPDATE sync_cursor SET cursor = NULL, missed = NULL WHERE store_connection_id = $1", connection)?;
    delete_seen(tx, connection).await
}
