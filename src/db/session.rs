//! Sessions: collections of products to make pictures for.

use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{Tx, all, execute, maybe};
use crate::model::{ClientId, CollectionSession, ProductId, SessionId, SessionInput, SessionStatus, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, name, product_ids, selected_base_images, status, settings, version, created_at, updated_at \
             FROM collection_session ",
            $rest
        )
    };
}

/// Inserts a session of a client; `false` if the client does not exist.
pub async fn insert(
    tx: &mut Tx,
    id: &SessionId,
    client: &ClientId,
    new: &SessionInput,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO collection_session (id, client_id, name, product_ids, selected_base_images, status, settings, version, \
               created_at, updated_at) SELECT $1, c.id, $3, $4, $5, $6, $7, 1, $8, $8 FROM client c WHERE c.id = $2";
    let products = Json(new.product_ids.as_deref().unwrap_or_default());
    let none = Map::new();
    let images = Json(new.selected_base_images.as_ref().unwrap_or(&none));
    let status = new.status.unwrap_or(SessionStatus::Draft);
    let name = new.name.as_deref().unwrap_or_default();
    Ok(execute!(tx, sql, id, client, name, products, images, status, new.settings.as_ref().map(Json), now)? == 1)
}

/// Returns a session.
pub async fn find(tx: &mut Tx, id: &SessionId) -> sqlx::Result<Option<CollectionSession>> {
    maybe!(tx, CollectionSession, columns!("WHERE id = $1"), id)
}

/// Which sessions to list.
#[derive(Default)]
pub struct SessionFilter {
    pub client: Option<ClientId>,
    pub status: Option<SessionStatus>,
    /// Only sessions after this one.
    pub after: Option<SessionId>,
}

/// Lists sessions by id.
pub async fn list(tx: &mut Tx, filter: &SessionFilter, limit: i64) -> sqlx::Result<Vec<CollectionSession>> {
    let sql =
        columns!("WHERE ($1 = '' OR client_id = $1) AND ($2 = '' OR status = $2) AND id > $3 ORDER BY id LIMIT $4");
    let client = filter.client.as_ref().map_or("", ClientId::as_str);
    let after = filter.after.as_ref().map_or("", SessionId::as_str);
    all!(tx, CollectionSession, sql, client, filter.status.map_or("", SessionStatus::as_str), after, limit)
}

/// Updates the given fields, if the session still has `version`; `false` otherwise.
pub async fn update(tx: &mut Tx, id: &SessionId, version: i32, change: &SessionInput, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE collection_session SET name = coalesce($3, name), product_ids = coalesce($4, product_ids), \
               selected_base_images = coalesce($5, selected_base_images), status = coalesce($6, status), \
               settings = coalesce($7, settings), version = version + 1, updated_at = $8 WHERE id = $1 AND version = $2";
    let products: Option<Json<&Vec<ProductId>>> = change.product_ids.as_ref().map(Json);
    let images = change.selected_base_images.as_ref().map(Json);
    let settings = change.settings.as_ref().map(Json);
    let rows = execute!(tx, sql, id, version, change.name.as_deref(), products, images, change.status, settings, now)?;
    Ok(rows == 1)
}

/// Deletes a session with its flows, messages and inspirations. Its pictures stay: they belong to the client.
pub async fn delete(tx: &mut Tx, id: &SessionId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "DELETE FROM collection_session WHERE id = $1", id)? == 1)
}

/// Returns the members of a list that are text: older rows hold anything.
pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|member| member.as_str().map(str::to_owned)).collect()
}
