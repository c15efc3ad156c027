//! A connection: a client's shop, connected.

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{ClientId, ConnectionId, Time, words};

words! {
    /// The state of a connection.
    ConnectionStatus {
        /// Started, not yet usable.
        Pending = "pending",
        /// Usable.
        Active = "active",
        /// The shop refuses our grant: the merchant must reconnect.
        NeedsReauth = "needs_reauth",
        /// Disconnected on purpose; secret erased, history kept.
        Disconnected = "disconnected",
        /// Stopped by a failure that only a person can fix.
        Error = "error",
    }
}

words! {
    /// What a push does to the gallery. No mode touches a picture that is not ours.
    PushMode {
        /// Add after the existing ones.
        Append = "append",
        /// Add and make it the first picture.
        SetPrimary = "set_primary",
        /// Replace a picture that we pushed earlier.
        ReplacePushed = "replace_pushed",
    }
}

/// Values for a provider's templates: the merchant's fields and what the shop states about itself.
pub type Facts = Map<String, Value>;

/// One row of `store_connection` without its sealed credentials.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Connection {
    pub id: ConnectionId,
    pub client_id: ClientId,
    /// The provider's key.
    pub store_type: String,
    pub store_url: String,
    pub store_name: Option<String>,
    pub external_store_id: Option<String>,
    pub facts: Json<Facts>,
    pub scopes: Option<Json<Vec<String>>>,
    pub token_expires_at: Option<Time>,
    pub refresh_expires_at: Option<Time>,
    pub keep_alive_at: Option<Time>,
    pub renew_at: Option<Time>,
    pub warn_at: Option<Time>,
    pub token_refreshed_at: Option<Time>,
    pub token_version: i32,
    pub auto_sync_enabled: bool,
    pub sync_on_approval: bool,
    pub sync_interval_seconds: i32,
    pub sync_cron: Option<String>,
    /// IANA name of the time zone of `sync_cron`.
    pub sync_timezone: String,
    pub push_mode: PushMode,
    pub next_sync_at: Option<Time>,
    pub last_sync_at: Option<Time>,
    pub last_success_at: Option<Time>,
    pub consecutive_failures: i32,
    pub backoff_until: Option<Time>,
    pub status: ConnectionStatus,
    pub last_error_code: Option<String>,
    pub last_error: Option<String>,
    /// Since when the shop refuses a key that cannot be refreshed; `None` if it accepts it.
    pub key_refused_at: Option<Time>,
    /// When that key is tried again; until then the shop's work waits.
    pub key_retry_at: Option<Time>,
    /// When imports and pushes were paused; the token is kept alive.
    pub paused_at: Option<Time>,
    /// Who paused it.
    pub paused_by: Option<String>,
    pub pause_reason: Option<String>,
    /// Since when pushes wait, because the grant lacks a right that they need; imports go on.
    pub push_stopped_at: Option<Time>,
    pub push_stop_reason: Option<String>,
    pub disconnected_at: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Connection {
    /// Whether imports and pushes may run.
    pub fn is_usable(&self) -> bool {
        self.status == ConnectionStatus::Active && self.paused_at.is_none()
    }

    /// Whether pushes may run that no person asks for.
    pub fn takes_pushes(&self) -> bool {
        self.is_usable() && self.push_stopped_at.is_none()
    }

    /// Whether the shop refused its grant, for now or for good.
    pub fn is_refused(&self) -> bool {
        self.status == ConnectionStatus::NeedsReauth || self.key_refused_at.is_some()
    }

    /// The shop's name for people, or its address.
    pub fn label(&self) -> &str {
        self.store_name.as_deref().unwrap_or(&self.store_url)
    }

    /// Its status for people, including a pause.
    pub fn state(&self) -> &'static str {
        match self.status {
            ConnectionStatus::Active if self.key_refused_at.is_some() && self.paused_at.is_none() => {
                "active, key refused"
            }
            ConnectionStatus::Active if self.push_stopped_at.is_some() && self.paused_at.is_none() => {
                "active, pushes stopped"
            }
            status if self.paused_at.is_none() => status.as_str(),
            ConnectionStatus::NeedsReauth => "needs_reauth, paused",
            _ => "paused",
        }
    }

    /// Why it is not in use, if known.
    pub fn reason(&self) -> Option<&str> {
        self.last_error.as_deref().or(self.pause_reason.as_deref()).or(self.push_stop_reason.as_deref())
    }
}
