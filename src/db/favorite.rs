//! Favourites: a user's products and flows, and a client's outputs.

use super::{Tx, all, execute, flow};
use crate::model::{AssetId, ClientId, Entity, EntityType, Favorite, FavoriteImage, Time, UserId};

/// Makes a product or flow a user's favourite. The user must be a member of its client; `false` otherwise, and if it
/// is one already.
pub async fn insert(tx: &mut Tx, id: &str, user: &UserId, entity: &Entity, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO user_favorite (id, user_id, entity_type, entity_id, created_at) SELECT $1, m.user_id, $3, $4, $5 \
               FROM member m WHERE m.user_id = $2 AND m.client_id = CASE WHEN $3 = 'product' \
               THEN (SELECT p.client_id FROM product p WHERE p.id = $4) \
               ELSE (SELECT f.client_id FROM generation_flow f WHERE f.id = $4 AND f.deleted_at IS NULL) END \
               ON CONFLICT (user_id, entity_type, entity_id) DO NOTHING";
    Ok(execute!(tx, sql, id, user, entity.entity_type, &entity.entity_id, now)? == 1)
}

/// Removes a user's favourite.
pub async fn delete(tx: &mut Tx, user: &UserId, entity: &Entity) -> sqlx::Result<bool> {
    let sql = "DELETE FROM user_favorite WHERE user_id = $1 AND entity_type = $2 AND entity_id = $3";
    Ok(execute!(tx, sql, user, entity.entity_type, &entity.entity_id)? == 1)
}

/// Lists favourites of a user, or of all, by id, after `after`.
pub async fn list(tx: &mut Tx, user: Option<&UserId>, after: Option<&str>, limit: i64) -> sqlx::Result<Vec<Favorite>> {
    let sql = "SELECT id, user_id, entity_type, entity_id, created_at FROM user_favorite \
               WHERE ($1 = '' OR user_id = $1) AND id > $2 ORDER BY id LIMIT $3";
    all!(tx, Favorite, sql, user.map_or("", UserId::as_str), after.unwrap_or(""), limit)
}

/// Sets the client's flag on a product or flow; `false` if it does not exist.
pub async fn mark(tx: &mut Tx, entity: &Entity, favorite: bool, now: Time) -> sqlx::Result<bool> {
    if entity.entity_type == EntityType::Flow {
        return flow::mark_favorite(tx, &entity.entity_id, favorite, now).await;
    }
    let sql = "UPDATE product SET is_favorite = $2, updated_at = $3 WHERE id = $1";
    Ok(execute!(tx, sql, &entity.entity_id, favorite, now)? == 1)
}

/// Makes an output a favourite of its client; `false` if it is one already, or belongs to another client.
pub async fn insert_image(tx: &mut Tx, id: &str, client: &ClientId, asset: &AssetId, now: Time) -> sqlx::Result<bool> {
    let sql = "INSERT INTO favorite_image (id, client_id, generated_asset_id, created_at, updated_at) SELECT $1, a.client_id, a.id, $4, $4 \
               FROM generated_asset a WHERE a.id = $3 AND a.client_id = $2 AND a.deleted_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM favorite_image f WHERE f.client_id = $2 AND f.generated_asset_id = $3)";
    Ok(execute!(tx, sql, id, client, asset, now)? == 1)
}

/// Lists favourite outputs of a client, or of all, by id, after `after`.
pub async fn list_images(
    tx: &mut Tx,
    client: Option<&ClientId>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<FavoriteImage>> {
    let sql = "SELECT f.id, f.client_id, f.generated_asset_id, f.created_at, f.updated_at FROM favorite_image f \
               JOIN generated_asset a ON a.id = f.generated_asset_id AND a.deleted_at IS NULL \
               WHERE ($1 = '' OR f.client_id = $1) AND f.id > $2 ORDER BY f.id LIMIT $3";
    all!(tx, FavoriteImage, sql, client.map_or("", ClientId::as_str), after.unwrap_or(""), limit)
}

/// Removes an output from the favourites of its client.
pub async fn delete_image(tx: &mut Tx, client: &ClientId, asset: &AssetId) -> sqlx::Result<bool> {
    let sql = "DELETE FROM favorite_image WHERE client_id = $1 AND generated_asset_id = $2";
    Ok(execute!(tx, sql, client, asset)? > 0)
}
