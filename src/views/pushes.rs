//! Pushes of outputs to shops.

use crate::{
    db::{self, push::PushFilter},
    model::{Push, PushId},
    tools::Tools,
};

/// Pushes, newest first.
pub async fn pushes(tools: &Tools, filter: &PushFilter, limit: i64) -> sqlx::Result<Vec<Push>> {
    let mut tx = tools.db.read().await?;
    db::push::list(&mut tx, filter, limit).await
}

/// Those of these pushes that exist, in the given order.
pub async fn pushes_by_id(tools: &Tools, ids: impl Iterator<Item = &PushId>) -> sqlx::Result<Vec<Push>> {
    let mut tx = tools.db.read().await?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(db::push::find(&mut tx, id.as_str()).await?);
    }
    Ok(found)
}
