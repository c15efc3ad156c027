//! A push: the present state of one asset in one shop.

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{AssetId, ClientId, ConnectionId, ProductId, PushId, Time, words};

words! {
    /// The state of a push.
    PushStatus {
        Queued = "queued",
        Pushing = "pushing",
        Synced = "synced",
        Failed = "failed",
        Removing = "removing",
        Removed = "removed",
    }
}

/// One row of `asset_push`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Push {
    pub id: PushId,
    pub client_id: ClientId,
    pub store_connection_id: ConnectionId,
    pub generated_asset_id: AssetId,
    pub product_id: ProductId,
    pub status: PushStatus,
    /// The product's id in the shop when the push was made.
    pub external_product_id: String,
    pub external_image_id: Option<String>,
    pub external_image_url: Option<String>,
    pub pushed_sha256: Option<String>,
    pub position: Option<i32>,
    /// `connection:asset:product:sha256`. Its hash is part of the file name, so that an upload whose response was
    /// lost is found again.
    pub idempotency_key: String,
    pub attempts: i32,
    pub next_attempt_at: Option<Time>,
    pub last_error_code: Option<String>,
    pub last_error: Option<String>,
    /// Started and finished steps, with their outputs.
    pub journal: Json<Value>,
    pub synced_at: Option<Time>,
    pub verified_at: Option<Time>,
    pub removed_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Push {
    /// Takes the id of its picture in the shop out of it; `None` if it is not there.
    pub fn with_image(mut self) -> Option<(Self, String)> {
        let image = self.external_image_id.take()?;
        Some((self, image))
    }

    /// What people read beside it: what went wrong, or the picture in the shop.
    pub fn note(&self) -> Option<&str> {
        self.last_error.as_deref().or(self.external_image_url.as_deref())
    }
}
