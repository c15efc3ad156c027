//! How much a client may use, and how much it has used this month.

use serde::Serialize;

use super::{ClientId, Time, words};

words! {
    /// A bundle of limits.
    Plan { Free = "free", Starter = "starter", Pro = "pro", Enterprise = "enterprise" }
}

impl Plan {
    /// Returns pictures a month, storage in megabytes, products a session; -1 and `None` mean unlimited.
    pub fn limits(self) -> (i32, i32, Option<i32>) {
        match self {
            Self::Free => (100, 1000, Some(10)),
            Self::Starter => (500, 5000, Some(50)),
            Self::Pro => (2000, 20_000, Some(200)),
            Self::Enterprise => (-1, -1, None),
        }
    }
}

/// One row of `quota_limit`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Quota {
    pub client_id: ClientId,
    /// Text, because older rows hold any value.
    pub plan: String,
    /// -1 means unlimited.
    pub monthly_generation_limit: i32,
    /// -1 means unlimited.
    pub storage_quota_mb: i32,
    pub max_products: Option<i32>,
    pub updated_at: Time,
}

/// One row of `usage_record`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Usage {
    pub client_id: ClientId,
    /// `YYYY-MM`.
    pub month: String,
    pub generation_count: i32,
}
