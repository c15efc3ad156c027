//! Flows: attempts with fixed settings, in a session or standalone. A deleted one becomes a tombstone: pictures refer
//! to it.

use serde_json::Map;
use sqlx::types::Json;

use super::{Tx, all, execute, maybe};
use crate::model::{ClientId, FlowId, FlowInput, FlowStatus, GenerationFlow, ProductId, SessionId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, collection_session_id, client_id, name, product_ids, selected_base_images, status, settings, is_favorite, \
             current_image_index, version, created_at, updated_at FROM generation_flow ",
            $rest
        )
    };
}

/// Inserts a flow of a client; `false` if the client does not exist, or the session belongs to another client.
pub async fn insert(tx: &mut Tx, id: &FlowId, client: &ClientId, new: &FlowInput, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO generation_flow (id, collection_session_id, client_id, name, product_ids, selected_base_images, status, \
               settings, is_favorite, current_image_index, version, created_at, updated_at, from_legacy) \
               SELECT $1, $2, c.id, $4, $5, $6, $7, $8, false, 0, 1, $9, $9, false FROM client c WHERE c.id = $3 \
               AND ($10 OR EXISTS (SELECT 1 FROM collection_session s WHERE s.id = $2 AND s.client_id = c.id))";
    let session = new.collection_session_id.as_ref();
    let products = Json(new.product_ids.as_deref().unwrap_or_default());
    let none = Map::new();
    let images = Json(new.selected_base_images.as_ref().unwrap_or(&none));
    let settings = new.settings.as_ref().unwrap_or(&none);
    let first = if settings.is_empty() { FlowStatus::Empty } else { FlowStatus::Configured };
    let (status, name, alone) = (new.status.unwrap_or(first), new.name.as_deref(), session.is_none());
    Ok(execute!(tx, sql, id, session, client, name, products, images, status, Json(settings), now, alone)? == 1)
}

/// Returns a flow that is not deleted.
pub async fn find(tx: &mut Tx, id: &FlowId) -> sqlx::Result<Option<GenerationFlow>> {
    maybe!(tx, GenerationFlow, columns!("WHERE id = $1 AND deleted_at IS NULL"), id)
}

/// Which flows to list.
#[derive(Default)]
pub struct FlowFilter {
    pub client: Option<ClientId>,
    pub session: Option<SessionId>,
    pub status: Option<FlowStatus>,
    /// Only the client's favourites.
    pub favorite: bool,
    /// Only those without a session.
    pub standalone: bool,
    /// Only flows after this one.
    pub after: Option<FlowId>,
}

/// Lists flows by id.
pub async fn list(tx: &mut Tx, filter: &FlowFilter, limit: i64) -> sqlx::Result<Vec<GenerationFlow>> {
    let sql = columns!(
        "WHERE deleted_at IS NULL AND ($1 = '' OR client_id = $1) AND ($2 = '' OR collection_session_id = $2) \
         AND ($3 = '' OR status = $3) AND (NOT $4 OR is_favorite) AND (NOT $5 OR collection_session_id IS NULL) \
         AND id > $6 ORDER BY id LIMIT $7"
    );
    let client = filter.client.as_ref().map_or("", ClientId::as_str);
    let session = filter.session.as_ref().map_or("", SessionId::as_str);
    let status = filter.status.map_or("", FlowStatus::as_str);
    let after = filter.after.as_ref().map_or("", FlowId::as_str);
    all!(tx, GenerationFlow, sql, client, session, status, filter.favorite, filter.standalone, after, limit)
}

/// Updates the given fields, if the flow still has `version`; `false` otherwise. Client and session cannot change.
pub async fn update(tx: &mut Tx, id: &FlowId, version: i32, change: &FlowInput, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generation_flow SET name = coalesce($3, name), product_ids = coalesce($4, product_ids), \
               selected_base_images = coalesce($5, selected_base_images), status = coalesce($6, status), \
               settings = coalesce($7, settings), version = version + 1, updated_at = $8 \
               WHERE id = $1 AND version = $2 AND deleted_at IS NULL";
    let products: Option<Json<&Vec<ProductId>>> = change.product_ids.as_ref().map(Json);
    let images = change.selected_base_images.as_ref().map(Json);
    let settings = change.settings.as_ref().map(Json);
    let rows = execute!(tx, sql, id, version, change.name.as_deref(), products, images, change.status, settings, now)?;
    Ok(rows == 1)
}

/// Sets the client's flag; `false` if the flow does not exist.
pub async fn mark_favorite(tx: &mut Tx, id: &str, favorite: bool, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generation_flow SET is_favorite = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL";
    Ok(execute!(tx, sql, id, favorite, now)? == 1)
}

/// Soft-deletes a flow; its pictures still refer to it.
pub async fn delete(tx: &mut Tx, id: &FlowId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generation_flow SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    let rows = execute!(tx, sql, id, now)?;
    for table in [
        "DELETE FROM tag_assignment WHERE entity_type = 'generation_flow' AND entity_id = $1",
        "DELETE FROM user_favorite WHERE entity_type = 'generation_flow' AND entity_id = $1",
    ] {
        execute!(tx, table, id)?;
    }
    Ok(rows == 1)
}
