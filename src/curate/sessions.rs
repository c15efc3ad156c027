//! Sessions: collections of products to make pictures for.

use super::{client, own_products, refused, stale, unknown};
use crate::{
    db,
    model::{CollectionSession, Failure, SessionId, SessionInput},
    tools::Tools,
};

/// A new session.
pub async fn create_session(tools: &Tools, input: &SessionInput) -> Result<CollectionSession, Failure> {
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, input.client_id.as_ref()).await?;
    if input.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(refused("a session needs a name"));
    }
    own_products(&mut tx, &client.id, input.product_ids.as_ref()).await?;
    let id: SessionId = tools.outside.new_id();
    db::session::insert(&mut tx, &id, &client.id, input, tools.outside.clock.now()).await?;
    let session = db::session::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(session)
}

/// Changes what is given. `version` is the one that the caller saw; without it the newest counts.
pub async fn update_session(
    tools: &Tools,
    id: &SessionId,
    version: Option<i32>,
    input: &SessionInput,
) -> Result<CollectionSession, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::session::find(&mut tx, id).await?.ok_or_else(|| unknown("session", id, "sessions"))?;
    if input.client_id.as_ref().is_some_and(|client| *client != found.client_id) {
        return Err(refused("a session stays with its client"));
    }
    own_products(&mut tx, &found.client_id, input.product_ids.as_ref()).await?;
    let version = version.unwrap_or(found.version);
    if !db::session::update(&mut tx, id, version, input, tools.outside.clock.now()).await? {
        return Err(stale("session", id, found.version));
    }
    let session = db::session::find(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(session)
}

/// Deletes a session with its flows and messages; its pictures stay.
pub async fn delete_session(tools: &Tools, id: &SessionId) -> Result<CollectionSession, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::session::find(&mut tx, id).await?.ok_or_else(|| unknown("session", id, "sessions"))?;
    db::session::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}
