//! Tags of a client, on products and flows.

use super::{Tx, all, execute, maybe, scalar};
use crate::model::{ClientId, Entity, EntityType, Tag, TagId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT t.id, t.client_id, t.name, t.color, t.created_at FROM tag t ", $rest)
    };
}

/// Inserts a tag. The caller has checked the limit (`count` under `lock`).
pub async fn insert(
    tx: &mut Tx,
    id: &TagId,
    client: &ClientId,
    name: &str,
    color: Option<&str>,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO tag (id, client_id, name, color, created_at) SELECT $1, c.id, $3, $4, $5 FROM client c WHERE c.id = $2 \
               ON CONFLICT (client_id, name) DO NOTHING";
    Ok(execute!(tx, sql, id, client, name, color, now)? == 1)
}

/// Locks a client's row: counts made under it stay valid until commit.
pub async fn lock(tx: &mut Tx, client: &ClientId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "UPDATE client SET name = name WHERE id = $1", client)? == 1)
}

/// Counts the tags of a client.
pub async fn count(tx: &mut Tx, client: &ClientId) -> sqlx::Result<i64> {
    Ok(scalar!(tx, i64, "SELECT count(*) FROM tag WHERE client_id = $1", client)?.unwrap_or_default())
}

/// Counts the tags of a product or flow.
pub async fn count_on(tx: &mut Tx, entity: &Entity) -> sqlx::Result<i64> {
    let sql = "SELECT count(*) FROM tag_assignment WHERE entity_type = $1 AND entity_id = $2";
    Ok(scalar!(tx, i64, sql, entity.entity_type, &entity.entity_id)?.unwrap_or_default())
}

/// Returns a tag.
pub async fn find(tx: &mut Tx, id: &TagId) -> sqlx::Result<Option<Tag>> {
    maybe!(tx, Tag, columns!("WHERE t.id = $1"), id)
}

/// Returns a client's tag by its name.
pub async fn find_by_name(tx: &mut Tx, client: &ClientId, name: &str) -> sqlx::Result<Option<Tag>> {
    maybe!(tx, Tag, columns!("WHERE t.client_id = $1 AND t.name = $2"), client, name)
}

/// Lists tags of a client, or of all, by id, after `after`.
pub async fn list(tx: &mut Tx, client: Option<&ClientId>, after: Option<&TagId>, limit: i64) -> sqlx::Result<Vec<Tag>> {
    let sql = columns!("WHERE ($1 = '' OR t.client_id = $1) AND t.id > $2 ORDER BY t.id LIMIT $3");
    all!(tx, Tag, sql, client.map_or("", ClientId::as_str), after.map_or("", TagId::as_str), limit)
}

/// Lists the tags of a product or flow, by name.
pub async fn list_on(tx: &mut Tx, entity: &Entity) -> sqlx::Result<Vec<Tag>> {
    let sql = columns!(
        "JOIN tag_assignment a ON a.tag_id = t.id WHERE a.entity_type = $1 AND a.entity_id = $2 ORDER BY t.name"
    );
    all!(tx, Tag, sql, entity.entity_type, &entity.entity_id)
}

/// Lists the products and flows that have a tag.
pub async fn list_bearers(tx: &mut Tx, tag: &TagId) -> sqlx::Result<Vec<Entity>> {
    let sql = "SELECT entity_type, entity_id FROM tag_assignment WHERE tag_id = $1 ORDER BY entity_type, entity_id";
    let all = all!(tx, (EntityType, String), sql, tag)?;
    Ok(all.into_iter().map(|(entity_type, entity_id)| Entity { entity_type, entity_id }).collect())
}

/// Changes a tag's name or colour.
pub async fn update(tx: &mut Tx, id: &TagId, name: Option<&str>, color: Option<&str>) -> sqlx::Result<bool> {
    let sql = "UPDATE tag SET name = coalesce($2, name), color = coalesce($3, color) WHERE id = $1";
    Ok(execute!(tx, sql, id, name, color)? == 1)
}

/// Deletes a tag and its assignments.
pub async fn delete(tx: &mut Tx, id: &TagId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "DELETE FROM tag WHERE id = $1", id)? == 1)
}

/// Assigns a tag to a product or flow of the same client; `false` if it belongs to another client, or has the tag
/// already.
pub async fn assign(tx: &mut Tx, id: &str, tag: &TagId, entity: &Entity, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO tag_assignment (id, tag_id, entity_type, entity_id, created_at) SELECT $1, t.id, $3, $4, $5 FROM tag t \
               WHERE t.id = $2 AND (($3 = 'product' AND EXISTS (SELECT 1 FROM product p WHERE p.id = $4 AND p.client_id = t.client_id)) \
               OR ($3 = 'generation_flow' AND EXISTS (SELECT 1 FROM generation_flow f WHERE f.id = $4 AND f.client_id = t.client_id \
               AND f.deleted_at IS NULL))) ON CONFLICT (tag_id, entity_type, entity_id) DO NOTHING";
    Ok(execute!(tx, sql, id, tag, entity.entity_type, &entity.entity_id, now)? == 1)
}

/// Removes a tag from a product or flow.
pub async fn unassign(tx: &mut Tx, tag: &TagId, entity: &Entity) -> sqlx::Result<bool> {
    let sql = "DELETE FROM tag_assignment WHERE tag_id = $1 AND entity_type = $2 AND entity_id = $3";
    Ok(execute!(tx, sql, tag, entity.entity_type, &entity.entity_id)? == 1)
}
