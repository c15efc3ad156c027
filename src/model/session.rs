//! A session: a collection of products to make pictures for; and a chat, the older form for one product.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{ClientId, ProductId, SessionId, Time, words};

words! {
    /// The state of a session.
    SessionStatus { Draft = "draft", Generating = "generating", Completed = "completed" }
}

/// One row of `collection_session`. The lists are returned as they were written: older rows hold anything.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct CollectionSession {
    pub id: SessionId,
    pub client_id: ClientId,
    pub name: String,
    pub product_ids: Json<Value>,
    /// Maps a product to its base image.
    pub selected_base_images: Json<Value>,
    pub status: SessionStatus,
    pub settings: Option<Json<Value>>,
    pub version: i32,
    pub created_at: Time,
    pub updated_at: Time,
}

impl CollectionSession {
    /// The products that it names. What else older rows hold in their lists is none.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        self.product_ids.as_array().into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Fields of a session that a caller sets; omitted fields stay unchanged. Accepts the older application's spellings
/// too.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionInput {
    #[serde(alias = "clientId")]
    pub client_id: Option<ClientId>,
    pub name: Option<String>,
    #[serde(alias = "productIds")]
    pub product_ids: Option<Vec<ProductId>>,
    #[serde(alias = "selectedBaseImages")]
    pub selected_base_images: Option<Map<String, Value>>,
    pub status: Option<SessionStatus>,
    /// Stored with every key, known or not.
    pub settings: Option<Map<String, Value>>,
}
