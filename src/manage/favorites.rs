//! Favourites: a user's own, a client's flag, and a client's favourite outputs.

use serde::Serialize;

use super::refused;
use crate::{
    db,
    model::{AssetId, Entity, Failure, Noun, UserId},
    tools::Tools,
};

/// The present state.
#[derive(Debug, Serialize)]
pub struct Mine {
    pub entity: String,
    /// `None` for the client's own flag.
    pub user_id: Option<UserId>,
    pub is_favorite: bool,
}

/// Makes a product or flow a favourite: of a user who is a member of its client, or of the client itself.
pub async fn add_favorite(tools: &Tools, user: Option<&str>, entity: &Entity) -> Result<Mine, Failure> {
    set(tools, user, entity, true).await
}

/// Removes a favourite.
pub async fn remove_favorite(tools: &Tools, user: Option<&str>, entity: &Entity) -> Result<Mine, Failure> {
    set(tools, user, entity, false).await
}

async fn set(tools: &Tools, user: Option<&str>, entity: &Entity, is_favorite: bool) -> Result<Mine, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let Some(user) = user else {
        if !db::favorite::mark(&mut tx, entity, is_favorite, now).await? {
            return Err(refused(format!("there is no {entity}")));
        }
        tx.commit().await?;
        return Ok(Mine { entity: entity.to_string(), user_id: None, is_favorite });
    };
    let person =
        db::member::find_user(&mut tx, user).await?.ok_or_else(|| refused(format!("there is no user '{user}'")))?;
    let all = db::favorite::list(&mut tx, Some(&person.id), None, i64::from(i32::MAX)).await?;
    let is = all.iter().any(|f| f.entity_type == entity.entity_type && f.entity_id == entity.entity_id);
    if is_favorite && !is {
        let id = tools.outside.new_id::<String>();
        if !db::favorite::insert(&mut tx, &id, &person.id, entity, now).await? {
            return Err(refused(format!("{} is not a member of the client that has {entity}", person.email)));
        }
    } else if !is_favorite {
        db::favorite::delete(&mut tx, &person.id, entity).await?;
    }
    tx.commit().await?;
    Ok(Mine { entity: entity.to_string(), user_id: Some(person.id), is_favorite })
}

/// Makes an output a favourite of its client. Idempotent.
pub async fn add_favorite_image(tools: &Tools, asset: &AssetId) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let found =
        db::asset::find(&mut tx, asset.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Asset, asset))?;
    let id = tools.outside.new_id::<String>();
    db::favorite::insert_image(&mut tx, &id, &found.client_id, asset, tools.outside.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Removes an output from the favourites of its client.
pub async fn remove_favorite_image(tools: &Tools, asset: &AssetId) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let found =
        db::asset::find(&mut tx, asset.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Asset, asset))?;
    db::favorite::delete_image(&mut tx, &found.client_id, asset).await?;
    Ok(tx.commit().await?)
}
