//! An event: something that happened to a flow, an asset or a product, stored for a limited time for counts and
//! look-ups.

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{AssetId, ClientId, EventId, FlowId, ProductId, Time, UserId, words};

/// Days that events are retained.
pub const EVENT_DAYS: u64 = 90;

words! {
    /// The type of event.
    EventType {
        Started = "started",
        Completed = "completed",
        Error = "error",
        Viewed = "viewed",
        Approved = "approved",
        Rejected = "rejected",
        /// A picture was pushed to a shop.
        Exported = "exported",
    }
}

/// One row of `generation_event`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Event {
    pub id: EventId,
    pub client_id: ClientId,
    pub generation_flow_id: Option<FlowId>,
    pub product_id: Option<ProductId>,
    pub generated_asset_id: Option<AssetId>,
    pub user_id: Option<UserId>,
    pub event_type: EventType,
    pub metadata: Option<Json<Value>>,
    pub created_at: Time,
}
