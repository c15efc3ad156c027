//! Favourites of people and clients.

use serde::Serialize;

use super::ALL;
use crate::{
    db::{self, Tx},
    model::{ClientId, Entity, EntityType, Failure, Favorite, FavoriteImage, Noun, UserId},
    tools::Tools,
};

/// Whose favourite a product or flow is.
#[derive(Debug, Clone, Serialize)]
pub struct FavoriteCard {
    pub entity: String,
    /// The client's own flag.
    pub is_favorite: bool,
    pub users: Vec<UserId>,
}

/// Whether an output is a favourite of its client from now on.
#[derive(Debug, Clone, Serialize)]
pub struct FavoriteMark {
    pub entity: String,
    pub is_favorite: bool,
}

/// Favourites after `after`, by id; of one person if an id or e-mail address is given.
pub async fn favorites(
    tools: &Tools,
    user: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Favorite>, Failure> {
    let mut tx = tools.db.read().await?;
    let user = match user {
        Some(user) => Some(find_person(&mut tx, user).await?),
        None => None,
    };
    Ok(db::favorite::list(&mut tx, user.as_ref(), after, limit).await?)
}

/// Favourite outputs after `after`, by id; of one client if it is given.
pub async fn favorite_images(
    tools: &Tools,
    client: Option<&ClientId>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<FavoriteImage>> {
    let mut tx = tools.db.read().await?;
    db::favorite::list_images(&mut tx, client, after, limit).await
}

/// Whose favourite a product or flow is.
pub async fn favorite_card(tools: &Tools, entity: &Entity) -> Result<FavoriteCard, Failure> {
    let mut tx = tools.db.read().await?;
    let all = db::favorite::list(&mut tx, None, None, ALL).await?;
    let is_it = |f: &Favorite| f.entity_type == entity.entity_type && f.entity_id == entity.entity_id;
    let users = all.into_iter().filter(is_it).map(|favorite| favorite.user_id).collect();
    Ok(FavoriteCard { entity: entity.to_string(), is_favorite: find_flag(&mut tx, entity).await?, users })
}

async fn find_flag(tx: &mut Tx, entity: &Entity) -> Result<bool, Failure> {
    let id = &entity.entity_id;
    let (flag, noun) = match entity.entity_type {
        EntityType::Flow => (db::flow::find(tx, &id.as_str().into()).await?.map(|flow| flow.is_favorite), Noun::Flow),
        EntityType::Product => (db::product::find(tx, id).await?.map(|product| product.is_favorite), Noun::Product),
    };
    flag.ok_or_else(|| Failure::not_found(noun, id))
}

async fn find_person(tx: &mut Tx, id_or_email: &str) -> Result<UserId, Failure> {
    let person = db::member::find_user(tx, id_or_email).await?;
    Ok(person.ok_or_else(|| Failure::not_found(Noun::User, id_or_email))?.id)
}
