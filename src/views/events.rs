//! Events of flows, outputs and products.

use serde::Serialize;

use crate::{
    db::{
        self,
        event::{EventCount, EventFilter},
    },
    model::{ClientId, Event, EventId, Failure, Noun, Time},
    tools::Tools,
};

/// An event that was deleted.
#[derive(Debug, Clone, Serialize)]
pub struct DeletedEvent {
    pub id: EventId,
}

/// Events, newest first.
pub async fn events(tools: &Tools, filter: &EventFilter, limit: i64) -> sqlx::Result<Vec<Event>> {
    let mut tx = tools.db.read().await?;
    db::event::list(&mut tx, filter, limit).await
}

/// An event.
pub async fn event(tools: &Tools, id: &EventId) -> Result<Event, Failure> {
    let mut tx = tools.db.read().await?;
    db::event::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Event, id))
}

/// How many events there were since `since`, by client and type.
pub async fn event_counts(tools: &Tools, client: Option<&ClientId>, since: Time) -> sqlx::Result<Vec<EventCount>> {
    let mut tx = tools.db.read().await?;
    db::event::list_counts(&mut tx, client, since).await
}
