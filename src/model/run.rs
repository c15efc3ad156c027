//! A run: one import, push, removal, refresh, webhook subscription, look at one product or search for a second copy, from before its first call to its end.

use serde::Serialize;

use super::{AssetId, ClientId, ConnectionId, JobId, ProductId, RunId, Time, words};

words! {
    /// What a run does.
    RunAction {
        Import = "import",
        Upload = "upload",
        Update = "update",
        Delete = "delete",
        Reconcile = "reconcile",
        RefreshToken = "refresh_token",
        Webhook = "webhook",
    }
}

words! {
    /// What triggered a run.
    Trigger {
        Schedule = "schedule",
        Manual = "manual",
        Approval = "approval",
        Webhook = "webhook",
        Retry = "retry",
        Startup = "startup",
    }
}

words! {
    /// The state of a run.
    RunStatus {
        Pending = "pending",
        Running = "running",
        Success = "success",
        /// Ended, but something was left out: the error columns say what.
        Partial = "partial",
        Failed = "failed",
        Cancelled = "cancelled",
        Skipped = "skipped",
    }
}

words! {
    /// The result for one item of a run.
    ItemOutcome {
        Created = "created",
        Updated = "updated",
        Unchanged = "unchanged",
        Skipped = "skipped",
        Deleted = "deleted",
        Failed = "failed",
    }
}

/// What a run counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub deleted: i32,
    pub skipped: i32,
    pub failed: i32,
}

impl Counts {
    /// The sum without deleted ones.
    pub fn processed(&self) -> i32 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }

    /// Adds what another page or run counted.
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.deleted += other.deleted;
        self.skipped += other.skipped;
        self.failed += other.failed;
    }
}

/// The code of a successful import of which no product had a value for some field.
pub const FIELDS_WITHOUT_VALUES: &str = "fields_without_values";

/// One row of `store_sync_log`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Run {
    pub id: RunId,
    pub store_connection_id: ConnectionId,
    pub client_id: ClientId,
    pub parent_id: Option<RunId>,
    pub action: RunAction,
    pub trigger: Trigger,
    pub status: RunStatus,
    pub generated_asset_id: Option<AssetId>,
    pub product_id: Option<ProductId>,
    pub external_image_id: Option<String>,
    pub external_image_url: Option<String>,
    pub items_total: i32,
    pub items_processed: i32,
    pub items_created: i32,
    pub items_updated: i32,
    pub items_unchanged: i32,
    pub items_deleted: i32,
    pub items_skipped: i32,
    pub items_failed: i32,
    pub api_calls: i32,
    pub attempt: i32,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub job_id: Option<JobId>,
    pub instance: Option<String>,
    pub heartbeat_at: Option<Time>,
    pub started_at: Time,
    pub completed_at: Option<Time>,
}

impl Run {
    /// What people read beside it: what went wrong, or the picture that it is about.
    pub fn note(&self) -> Option<&str> {
        self.error_message.as_deref().or(self.external_image_url.as_deref())
    }
}

/// One row of `store_sync_item`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct RunItem {
    pub id: String,
    pub sync_log_id: RunId,
    pub entity_type: String,
    pub entity_id: Option<String>,
    pub external_id: Option<String>,
    pub outcome: ItemOutcome,
    pub error_code: Option<String>,
    pub message: Option<String>,
    pub created_at: Time,
}
