//! Inspirations of sessions.

use crate::{
    db,
    model::{Failure, Inspiration, InspirationId, Noun, SessionId},
    tools::Tools,
};

/// The inspirations of a session, in their order.
pub async fn inspirations(tools: &Tools, session: &SessionId) -> sqlx::Result<Vec<Inspiration>> {
    let mut tx = tools.db.read().await?;
    db::inspiration::list(&mut tx, session).await
}

/// An inspiration.
pub async fn inspiration(tools: &Tools, id: &InspirationId) -> Result<Inspiration, Failure> {
    let mut tx = tools.db.read().await?;
    db::inspiration::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Inspiration, id))
}
