//! An asset: one generated output, with its approval.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{AssetId, ChatId, ClientId, FlowId, JobId, OutputRequest, ProductId, Time, UserId, words};

words! {
    /// A person's decision, independent of the asset's own state.
    ApprovalStatus { Pending = "pending", Approved = "approved", Rejected = "rejected" }
}

words! {
    /// Whether the asset exists yet.
    AssetStatus { Pending = "pending", Generating = "generating", Completed = "completed", Error = "error" }
}

words! {
    /// The kind of output.
    AssetType { Image = "image", Video = "video", Model3d = "3d_model" }
}

/// One row of `generated_asset`, with the columns that are queried.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Asset {
    pub id: AssetId,
    pub client_id: ClientId,
    pub generation_flow_id: Option<FlowId>,
    pub chat_session_id: Option<ChatId>,
    /// An object key, or in later rows a URL: see [`Asset::location`].
    pub asset_url: Option<String>,
    pub asset_type: AssetType,
    pub status: AssetStatus,
    pub prompt: Option<String>,
    pub approval_status: ApprovalStatus,
    /// When the decision was made; also set for a rejection.
    pub approved_at: Option<Time>,
    pub approved_by: Option<UserId>,
    pub approval_note: Option<String>,
    pub error: Option<String>,
    pub settings: Option<Json<Value>>,
    pub sha256: Option<String>,
    pub mime_type: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub byte_size: Option<i64>,
    /// Object key of the PNG that `asset_url` was made from.
    pub original_asset_url: Option<String>,
    pub original_byte_size: Option<i64>,
    /// The model or engine that made it.
    pub model: Option<String>,
    /// Millionths of a US dollar.
    pub cost_usd_micros: Option<i64>,
    /// What it was requested as; see [`Asset::requested`].
    pub request: Option<Json<OutputRequest>>,
    /// What it was made from: its request, its seed, and source pictures with their checksums. Written when it is finished.
    pub provenance: Option<Json<Value>>,
    /// The analysis of the picture; written when it is first edited.
    pub asset_analysis: Option<Json<Value>>,
    pub analysis_version: Option<String>,
    pub job_id: Option<JobId>,
    pub created_at: Time,
    pub updated_at: Time,
    pub completed_at: Option<Time>,
}

/// Alias that matches the table's name.
pub type GeneratedAsset = Asset;

/// Where an asset's bytes are stored.
#[derive(Debug, PartialEq, Eq)]
pub enum AssetLocation<'a> {
    /// In our object store; keys of any age are valid.
    Key(&'a str),
    /// At a URL.
    Url(&'a str),
}

impl Asset {
    /// Returns where the bytes are; `None` if there are none yet. The stored text is read as it is, never rewritten.
    pub fn location(&self) -> Option<AssetLocation<'_>> {
        let text = self.asset_url.as_deref()?;
        let web = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
        Some(if web { AssetLocation::Url(text) } else { AssetLocation::Key(text.trim_start_matches('/')) })
    }

    /// Returns what it was requested as; `None` if it was not requested here. Earlier releases kept that in the provenance.
    pub fn requested(&self) -> Option<OutputRequest> {
        let earlier = || OutputRequest::deserialize(&self.provenance.as_ref()?.0).ok();
        self.request.as_ref().map(|json| json.0.clone()).or_else(earlier)
    }

    /// Returns the key of the PNG that the asset was made from, with its recorded checksum.
    pub fn original(&self) -> Option<(&str, Option<&str>)> {
        let sha256 = self.provenance.as_ref().and_then(|json| json.0["original_sha256"].as_str());
        self.original_asset_url.as_deref().map(|key| (key, sha256))
    }
}

/// Fields of an asset that a caller sets; omitted fields stay unchanged. Accepts the older application's spellings too.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssetInput {
    #[serde(alias = "clientId")]
    pub client_id: Option<ClientId>,
    #[serde(alias = "generationFlowId", alias = "flowId", alias = "flow_id")]
    pub generation_flow_id: Option<FlowId>,
    #[serde(alias = "assetUrl", alias = "r2Key", alias = "r2_key")]
    pub asset_url: Option<String>,
    pub prompt: Option<String>,
    #[serde(alias = "productIds")]
    pub product_ids: Option<Vec<ProductId>>,
    pub settings: Option<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_spellings_are_read() {
        let old = r#"{"clientId": "c", "flowId": "f", "r2Key": "k", "productIds": ["p"]}"#;
        let new = r#"{"client_id": "c", "generation_flow_id": "f", "asset_url": "k", "product_ids": ["p"]}"#;
        let read = |text: &str| format!("{:?}", serde_json::from_str::<AssetInput>(text).expect("reads"));
        assert_eq!(read(old), read(new));
        assert!(serde_json::from_str::<AssetInput>(r#"{"r3_key": "k"}"#).is_err(), "an unknown key is rejected");
    }
}
