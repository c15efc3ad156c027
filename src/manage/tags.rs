//! Tags: a client's labels for products and flows, with limits.

use super::{client, refused};
use crate::{
    db,
    model::{ClientId, Entity, Failure, Noun, TAGS_PER_CLIENT, TAGS_PER_ENTITY, Tag, TagId, color as hex},
    tools::Tools,
};

fn checked_name(name: &str) -> Result<&str, Failure> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 {
        Err(refused("a tag's name has 1 to 60 characters"))
    } else {
        Ok(name)
    }
}

fn colour(color: Option<&str>) -> Result<Option<String>, Failure> {
    color.map(|text| hex(text).ok_or_else(|| refused(format!("'{text}' is not a colour: write #rrggbb")))).transpose()
}

/// Creates a tag of a client.
pub async fn create_tag(tools: &Tools, of: &ClientId, name: &str, color: Option<&str>) -> Result<Tag, Failure> {
    let (name, color) = (checked_name(name)?, colour(color)?);
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, Some(of)).await?;
    db::tag::lock(&mut tx, &client.id).await?;
    if db::tag::find_by_name(&mut tx, &client.id, name).await?.is_some() {
        return Err(refused(format!("client {} already has a tag '{name}'", client.id)));
    }
    if db::tag::count(&mut tx, &client.id).await? >= TAGS_PER_CLIENT {
        return Err(refused(format!("client {} has {TAGS_PER_CLIENT} tags, the limit: delete one first", client.id)));
    }
    let id: TagId = tools.outside.new_id();
    db::tag::insert(&mut tx, &id, &client.id, name, color.as_deref(), tools.outside.clock.now()).await?;
    let tag = db::tag::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(tag)
}

/// Changes a tag's name or colour.
pub async fn update_tag(tools: &Tools, id: &TagId, name: Option<&str>, color: Option<&str>) -> Result<Tag, Failure> {
    let (name, color) = (name.map(checked_name).transpose()?, colour(color)?);
    let mut tx = tools.db.begin().await?;
    let found = db::tag::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Tag, id))?;
    if let Some(name) = name {
        let same = db::tag::find_by_name(&mut tx, &found.client_id, name).await?;
        if same.is_some_and(|same| same.id != found.id) {
            return Err(refused(format!("client {} already has a tag '{name}'", found.client_id)));
        }
    }
    db::tag::update(&mut tx, id, name, color.as_deref()).await?;
    let tag = db::tag::find(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(tag)
}

/// Deletes a tag and its assignments.
pub async fn delete_tag(tools: &Tools, id: &TagId) -> Result<Tag, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::tag::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Tag, id))?;
    db::tag::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// Assigns a tag to a product or flow of the same client. Idempotent.
pub async fn assign_tag(tools: &Tools, id: &TagId, entity: &Entity) -> Result<Vec<Tag>, Failure> {
    let mut tx = tools.db.begin().await?;
    let tag = db::tag::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Tag, id))?;
    db::tag::lock(&mut tx, &tag.client_id).await?;
    let present = db::tag::list_on(&mut tx, entity).await?;
    if present.iter().any(|other| other.id == tag.id) {
        return Ok(present);
    }
    if db::tag::count_on(&mut tx, entity).await? >= TAGS_PER_ENTITY {
        return Err(refused(format!("{entity} has {TAGS_PER_ENTITY} tags, the limit: remove one first")));
    }
    let link = tools.outside.new_id::<String>();
    if !db::tag::assign(&mut tx, &link, id, entity, tools.outside.clock.now()).await? {
        return Err(refused(format!("client {} has no {entity}", tag.client_id)));
    }
    let tags = db::tag::list_on(&mut tx, entity).await?;
    tx.commit().await?;
    Ok(tags)
}

/// Removes a tag from a product or flow.
pub async fn unassign_tag(tools: &Tools, id: &TagId, entity: &Entity) -> Result<Vec<Tag>, Failure> {
    let mut tx = tools.db.begin().await?;
    if !db::tag::unassign(&mut tx, id, entity).await? {
        return Err(refused(format!("{entity} does not have tag {id}")));
    }
    let tags = db::tag::list_on(&mut tx, entity).await?;
    tx.commit().await?;
    Ok(tags)
}
