//! Inspirations: pictures that show the intended style of a session.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, among, bulk::TextList, execute, maybe};
use crate::model::{Inspiration, InspirationId, InspirationSource, SessionId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, collection_session_id, url, r2_key, source, analysis, display_order, sha256, created_at FROM inspiration_image ",
            $rest
        )
    };
}

/// An inspiration to insert.
pub struct NewInspiration<'a> {
    pub id: &'a InspirationId,
    pub session: &'a SessionId,
    pub url: &'a str,
    pub r2_key: Option<&'a str>,
    pub source: InspirationSource,
    pub sha256: Option<&'a str>,
}

/// Inserts a picture after those of the session; `false` if the session does not exist.
pub async fn insert(tx: &mut Tx, new: &NewInspiration<'_>, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO inspiration_image (id, collection_session_id, url, r2_key, source, display_order, sha256, created_at) \
               SELECT $1, s.id, $3, $4, $5, (SELECT coalesce(max(display_order) + 1, 0) FROM inspiration_image \
               WHERE collection_session_id = $2), $6, $7 FROM collection_session s WHERE s.id = $2";
    Ok(execute!(tx, sql, new.id, new.session, new.url, new.r2_key, new.source, new.sha256, now)? == 1)
}

/// Returns a picture.
pub async fn find(tx: &mut Tx, id: &InspirationId) -> sqlx::Result<Option<Inspiration>> {
    maybe!(tx, Inspiration, columns!("WHERE id = $1"), id)
}

/// Lists the pictures of a session in their order.
pub async fn list(tx: &mut Tx, session: &SessionId) -> sqlx::Result<Vec<Inspiration>> {
    all!(tx, Inspiration, columns!("WHERE collection_session_id = $1 ORDER BY display_order, id"), session)
}

/// Sets the position or the analysis of a picture.
pub async fn update(
    tx: &mut Tx,
    id: &InspirationId,
    order: Option<i32>,
    analysis: Option<&Value>,
) -> sqlx::Result<bool> {
    let sql = "UPDATE inspiration_image SET display_order = coalesce($2, display_order), analysis = coalesce($3, analysis) WHERE id = $1";
    Ok(execute!(tx, sql, id, order, analysis.map(Json))? == 1)
}

/// Returns those of these object keys that an inspiration uses.
pub async fn list_known_keys(tx: &mut Tx, keys: &[&str]) -> sqlx::Result<Vec<String>> {
    let sql = among!(tx, "SELECT r2_key FROM inspiration_image WHERE r2_key", "$1");
    Ok(all!(tx, (String,), sql, TextList::new(keys))?.into_iter().map(|(key,)| key).collect())
}

/// Deletes a picture's row; the caller deletes its bytes from the object store.
pub async fn delete(tx: &mut Tx, id: &InspirationId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "DELETE FROM inspiration_image WHERE id = $1", id)? == 1)
}
