//! Events that people record by hand.

use super::{client, refused};
use crate::{
    db::{self, event::NewEvent},
    model::{AssetId, ClientId, Event, EventId, EventType, Failure, FlowId, Noun, ProductId},
    tools::Tools,
};

/// An event, and what it is about.
#[derive(Debug, Clone)]
pub struct EventInput {
    pub client: ClientId,
    pub kind: EventType,
    pub flow: Option<FlowId>,
    pub product: Option<ProductId>,
    pub asset: Option<AssetId>,
    pub metadata: Option<serde_json::Value>,
}

/// Records an event.
pub async fn create_event(tools: &Tools, input: EventInput) -> Result<Event, Failure> {
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, Some(&input.client)).await?.id;
    let id: EventId = tools.outside.new_id();
    let event = NewEvent {
        id: &id,
        client: &client,
        kind: input.kind,
        flow: input.flow.as_ref(),
        product: input.product.as_ref(),
        asset: input.asset.as_ref(),
        user: None,
        metadata: input.metadata,
    };
    if !db::event::insert(&mut tx, &event, tools.outside.clock.now()).await? {
        return Err(refused(format!("the flow, product or output is not one of client {client}")));
    }
    let event = db::event::find(&mut tx, &id).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(event)
}

/// Deletes an event.
pub async fn delete_event(tools: &Tools, id: &EventId) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    if !db::event::delete(&mut tx, id).await? {
        return Err(Failure::not_found(Noun::Event, id));
    }
    Ok(tx.commit().await?)
}
