//! An inspiration: a picture that shows the intended style of a session.

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use super::{InspirationId, SessionId, Time, words};

words! {
    /// Where an inspiration comes from.
    InspirationSource { Upload = "upload", Unsplash = "unsplash", Url = "url", Library = "library", Stock = "stock" }
}

/// One row of `inspiration_image`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Inspiration {
    pub id: InspirationId,
    pub collection_session_id: SessionId,
    pub url: String,
    /// Object key of our copy, if there is one.
    pub r2_key: Option<String>,
    pub source: InspirationSource,
    /// The analysis of the picture.
    pub analysis: Option<Json<Value>>,
    pub display_order: i32,
    pub sha256: Option<String>,
    pub created_at: Time,
}
