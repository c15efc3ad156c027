//! Tags, and what has them.

use serde::Serialize;

use crate::{
    db,
    model::{ClientId, Entity, Failure, Noun, Tag, TagId},
    tools::Tools,
};

/// A tag and what has it.
#[derive(Debug, Clone, Serialize)]
pub struct TagCard {
    #[serde(flatten)]
    pub tag: Tag,
    pub on: Vec<Entity>,
}

/// Tags after `after`, by id; of one client if it is given.
pub async fn tags(
    tools: &Tools,
    client: Option<&ClientId>,
    after: Option<&TagId>,
    limit: i64,
) -> sqlx::Result<Vec<Tag>> {
    let mut tx = tools.db.read().await?;
    db::tag::list(&mut tx, client, after, limit).await
}

/// The tags of a product or flow, by name.
pub async fn tags_on(tools: &Tools, entity: &Entity) -> sqlx::Result<Vec<Tag>> {
    let mut tx = tools.db.read().await?;
    db::tag::list_on(&mut tx, entity).await
}

/// A tag and what has it.
pub async fn tag_card(tools: &Tools, id: &TagId) -> Result<TagCard, Failure> {
    let mut tx = tools.db.read().await?;
    let tag = db::tag::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Tag, id))?;
    Ok(TagCard { tag, on: db::tag::list_bearers(&mut tx, id).await? })
}

/// What has a tag.
pub async fn tag_bearers(tools: &Tools, id: &TagId) -> sqlx::Result<Vec<Entity>> {
    let mut tx = tools.db.read().await?;
    db::tag::list_bearers(&mut tx, id).await
}
