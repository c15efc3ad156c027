//! A flow: one attempt with fixed settings, in a session or standalone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{ClientId, FlowId, ProductId, SessionId, Time, words};

/// The most products that fit into one scene.
pub const PRODUCTS_PER_FLOW: usize = 10;

words! {
    /// The state of a flow; a failed one returns to `configured` for another attempt.
    FlowStatus {
        Empty = "empty",
        Configured = "configured",
        Generating = "generating",
        Completed = "completed",
        Error = "error",
    }
}

/// One row of `generation_flow`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct GenerationFlow {
    pub id: FlowId,
    /// `None` for a standalone flow.
    pub collection_session_id: Option<SessionId>,
    pub client_id: ClientId,
    pub name: Option<String>,
    pub product_ids: Json<Value>,
    pub selected_base_images: Json<Value>,
    pub status: FlowStatus,
    pub settings: Json<Value>,
    /// The client's flag; a person's own favourites are rows of `user_favorite`.
    pub is_favorite: bool,
    pub current_image_index: i32,
    pub version: i32,
    pub created_at: Time,
    pub updated_at: Time,
}

/// Fields of a flow that a caller sets; omitted fields stay unchanged. Accepts the older application's spellings too.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlowInput {
    #[serde(alias = "collectionSessionId", alias = "studioSessionId", alias = "studio_session_id")]
    pub collection_session_id: Option<SessionId>,
    #[serde(alias = "clientId")]
    pub client_id: Option<ClientId>,
    pub name: Option<String>,
    #[serde(alias = "productIds")]
    pub product_ids: Option<Vec<ProductId>>,
    #[serde(alias = "selectedBaseImages")]
    pub selected_base_images: Option<Map<String, Value>>,
    pub status: Option<FlowStatus>,
    /// Merged into the present settings: keys that are not named stay, unknown ones too.
    pub settings: Option<Map<String, Value>>,
}

/// Merges `over` into `settings`, recursively for objects; keys that are not named stay.
pub fn merge_settings(settings: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (name, value) in over {
        match (settings.get_mut(name), value) {
            (Some(Value::Object(group)), Value::Object(members)) => merge_settings(group, members),
            _ => {
                settings.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_laid_over_and_unknown_keys_stay() {
        let mut settings =
            json!({"scene": "Studio", "mystery": 1, "postAdjustments": {"light": {"exposure": 10, "contrast": 5}}});
        let over = json!({"scene": "Beach", "postAdjustments": {"light": {"contrast": 7}, "color": {"vibrance": 3}}});
        if let (Some(settings), Some(over)) = (settings.as_object_mut(), over.as_object()) {
            merge_settings(settings, over);
        }
        let expected = json!({"scene": "Beach", "mystery": 1,
            "postAdjustments": {"light": {"exposure": 10, "contrast": 7}, "color": {"vibrance": 3}}});
        assert_eq!(settings, expected);
    }
}
