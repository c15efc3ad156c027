//! An asset: one generated output, with its approval.

use serde::Serialize;

use super::{AssetId, ClientId, Time, words};

words! {
    /// A person's decision, independent of the asset's own state.
    ApprovalStatus { Pending = "pending", Approved = "approved", Rejected = "rejected" }
}

words! {
    /// Whether the asset exists yet.
    AssetStatus { Pending = "pending", Generating = "generating", Completed = "completed", Error = "error" }
}

words! {
    /// What kind of output it is.
    AssetType { Image = "image", Video = "video", Model3d = "3d_model" }
}

/// One row of `generated_asset`, the columns this release fills.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Asset {
    pub id: AssetId,
    pub client_id: ClientId,
    /// Object key, or in later rows a URL.
    pub asset_url: Option<String>,
    pub asset_type: AssetType,
    pub status: AssetStatus,
    pub prompt: Option<String>,
    pub approval_status: ApprovalStatus,
    /// When the decision was made, also for a rejection.
    pub approved_at: Option<Time>,
    pub approval_note: Option<String>,
    pub sha256: Option<String>,
    pub mime_type: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub byte_size: Option<i64>,
    pub created_at: Time,
    pub updated_at: Time,
}
