//! Flows, with their outputs and tags.

use serde::Serialize;

use super::MOST_ON_A_CARD;
use crate::{
    db::{self, Tx, asset::AssetFilter, flow::FlowFilter},
    model::{Asset, Entity, EntityType, Failure, FlowId, GenerationFlow, Noun, Tag},
    tools::Tools,
};

/// A flow with its outputs and tags.
#[derive(Debug, Clone, Serialize)]
pub struct FlowCard {
    #[serde(flatten)]
    pub flow: GenerationFlow,
    /// Oldest first.
    pub assets: Vec<Asset>,
    /// By name.
    pub tags: Vec<Tag>,
}

/// Flows, by id.
pub async fn flows(tools: &Tools, filter: &FlowFilter, limit: i64) -> sqlx::Result<Vec<GenerationFlow>> {
    let mut tx = tools.db.read().await?;
    db::flow::list(&mut tx, filter, limit).await
}

/// A flow with its outputs and tags.
pub async fn flow_card(tools: &Tools, id: &FlowId) -> Result<FlowCard, Failure> {
    let mut tx = tools.db.read().await?;
    let flow = find_flow(&mut tx, id).await?;
    let outputs = AssetFilter { flow: Some(id.clone()), ..AssetFilter::default() };
    let entity = Entity { entity_type: EntityType::Flow, entity_id: id.to_string() };
    Ok(FlowCard {
        flow,
        assets: db::asset::list(&mut tx, &outputs, MOST_ON_A_CARD).await?,
        tags: db::tag::list_on(&mut tx, &entity).await?,
    })
}

pub(super) async fn find_flow(tx: &mut Tx, id: &FlowId) -> Result<GenerationFlow, Failure> {
    db::flow::find(tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Flow, id))
}
