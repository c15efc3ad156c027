//! A client's words for products and flows.

use super::{Tx, all, execute, maybe, scalar};
use crate::model::{ClientId, Entity, EntityType, Tag, TagId, Time};

macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT t.id, t.client_id, t.name, t.color, t.created_at FROM tag t ", $rest)
    };
}

/// A new tag. The caller has seen that there is room (`count` under `lock`).
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

/// Keeps others from counting at the same time: whoever holds a client's row may trust what it counts until it commits.
pub async fn lock(tx: &mut Tx, client: &ClientId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "UPDATE client SET name = name WHERE id = $1", client)? == 1)
}

/// How many tags a client has.
pub async fn count(tx: &mut Tx, client: &ClientId) -> sqlx::Result<i64> {
    Ok(scalar!(tx, i64, "SELECT count(*) FROM tag WHERE client_id = $1", client)?.unwrap_or_default())
}

/// How many tags a product or flow bears.
pub async fn count_on(tx: &mut Tx, entity: &Entity) -> sqlx::Result<i64> {
    let sql = "SELECT count(*) FROM tag_assignment WHERE entity_type = $1 AND entity_id = $2";
    Ok(scalar!(tx, i64, sql, entity.entity_type, &entity.entity_id)?.unwrap_or_default())
}

/// One tag.
pub async fn find(tx: &mut Tx, id: &TagId) -> sqlx::Result<Option<Tag>> {
    maybe!(tx, Tag, columns!("WHERE t.id = $1"), id)
}

/// A client's tag by its name.
pub async fn find_by_name(tx: &mut Tx, client: &ClientId, name: &str) -> sqlx::Result<Option<Tag>> {
    maybe!(tx, Tag, columns!("WHERE t.client_id = $1 AND t.name = $2"), client, name)
}

/// Tags of a client, or of all; in the order of their ids, behind `after`.
pub async fn list(tx: &mut Tx, client: Option<&ClientId>, after: Option<&TagId>, limit: i64) -> sqlx::Result<Vec<Tag>> {
    let sql = columns!("WHERE ($1 = '' OR t.client_id = $1) AND t.id > $2 ORDER BY t.id LIMIT $3");
    all!(tx, Tag, sql, client.map_or("", ClientId::as_str), after.map_or("", TagId::as_str), limit)
}

/// The tags that a product or flow bears, by name.
pub async fn list_on(tx: &mut Tx, entity: &Entity) -> sqlx::Result<Vec<Tag>> {
    let sql = columns!(
        "JOIN tag_assignment a ON a.tag_id = t.id WHERE a.entity_type = $1 AND a.entity_id = $2 ORDER BY t.name"
    );
    all!(tx, Tag, sql, entity.entity_type, &entity.entity_id)
}

/// The products and flows that bear a tag.
pub async fn list_bearers(tx: &mut Tx, tag: &TagId) -> sqlx::Result<Vec<Entity>> {
    let sql = "SELECT entity_type, entity_id FROM tag_assignment WHERE tag_id = $1 ORDER BY entity_type, entity_id";
    let all = all!(tx, (EntityType, String), sql, tag)?;
    Ok(all.into_iter().map(|(entity_type, entity_id)| Entity { entity_type, entity_id }).collect())
}

/// Another name or colour.
pub async fn update(tx: &mut Tx, id: &TagId, name: Option<&str>, color: Option<&str>) -> sqlx::Result<bool> {
    let sql = "UPDATE tag SET name = coalesce($2, name), color = coalesce($3, color) WHERE id = $1";
    Ok(execute!(tx, sql, id, name, color)? == 1)
}

/// Deletes a tag; nothing bears it any more.
pub async fn delete(tx: &mut Tx, id: &TagId) -> sqlx::Result<bool> {
    Ok(execute!(tx, "DELETE FROM tag WHERE id = $1", id)? == 1)
}

/// Puts a tag on a product or flow of the same client: false where it is another's, or bears it already.
pub async fn assign(tx: &mut Tx, id: &str, tag: &TagId, entity: &Entity, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO tag_assignment (id, tag_id, entity_type, entity_id, created_at) SELECT $1, t.id, $3, $4, $5 FROM tag t \
               WHERE t.id = $2 AND (($3 = 'product' AND EXISTS (SELECT 1 FROM product p WHERE p.id = $4 AND p.client_id = t.client_id)) \
               OR ($3 = 'generation_flow' AND EXISTS (SELECT 1 FROM generation_flow f WHERE f.id = $4 AND f.client_id = t.client_id \
               AND f.deleted_at IS NULL))) ON CONFLICT (tag_id, entity_type, entity_id) DO NOTHING";
    Ok(execute!(tx, sql, id, tag, entity.entity_type, &entity.entity_id, now)? == 1)
}

/// Takes a tag off.
pub async fn unassign(tx: &mut Tx, tag: &TagId, entity: &Entity) -> sqlx::Result<bool> {
    let sql = "DELETE FROM tag_assignment WHERE tag_id = $1 AND entity_type = $2 AND entity_id = $3";
    Ok(execute!(tx, sql, tag, entity.entity_type, &entity.entity_id)? == 1)
}
