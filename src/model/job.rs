//! A job: work to be done later, in a lane.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    AssetId, ClientId, ConnectionId, Engine, FlowId, JobId, ProductId, Push, PushId, PushStatus, Time, Trigger, words,
};

words! {
    /// The state of a job.
    JobStatus {
        Pending = "pending",
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

words! {
    /// Which workers run it. Each pool has its own, so that slow work of one kind never starves another.
    Pool { Import = "import", Push = "push", Generate = "generate", Maintenance = "maintenance" }
}

words! {
    /// How much of a catalogue an import reads.
    ImportScope {
        /// Only what changed since the watermark, if the shop can list it.
        Changes = "changes",
        /// Everything; only this tombstones unseen products.
        Full = "full",
    }
}

/// How an attempt ends that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    Done,
    /// The next attempt does the rest, behind waiting jobs.
    GoesOn,
}

/// What a job does. Ids only: tokens are read per call, never stored here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Task {
    /// Import the products.
    ImportProducts {
        connection: ConnectionId,
        scope: ImportScope,
        trigger: Trigger,
        /// Bypass the deletion guard: the operator knows how many products would be tombstoned.
        #[serde(default)]
        accept_deletes: bool,
    },
    /// Push one approved picture.
    PushAsset { push: PushId, connection: ConnectionId, trigger: Trigger },
    /// Remove a pushed picture.
    RemoveAsset { push: PushId, connection: ConnectionId, trigger: Trigger },
    /// Check for a duplicate in the shop, after a worker was suspended during a push.
    CheckPush {
        push: PushId,
        connection: ConnectionId,
        /// The job and the attempt that were interrupted.
        #[serde(default)]
        stopped: Option<(JobId, i32)>,
    },
    /// Look at one product that a delivery reports as deleted.
    ReadProduct { connection: ConnectionId, erp_id: String },
    /// See that a shop has our webhook subscriptions, each once and switched on.
    Subscribe {
        connection: ConnectionId,
        /// `manual` after a connect: earlier releases had no other.
        #[serde(default = "by_hand")]
        trigger: Trigger,
    },
    /// Refresh a token before it expires.
    RefreshToken { connection: ConnectionId },
    /// Try a refused key again, where no other job of the shop does.
    TryKey { connection: ConnectionId },
    /// Generate one picture.
    Generate {
        asset: AssetId,
        client: ClientId,
        #[serde(default)]
        flow: Option<FlowId>,
        /// What makes it: jobs for the model wait while it is unavailable or over quota.
        #[serde(default, alias = "by_model", deserialize_with = "engine")]
        engine: Engine,
    },
    /// Analyse a product before pictures of it are requested.
    AnalyseProduct { product: ProductId },
}

/// Reads an engine; earlier releases stored whether it is the model.
fn engine<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Engine, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Engine(Engine),
        ByModel(bool),
    }
    Ok(match Written::deserialize(from)? {
        Written::Engine(engine) => engine,
        Written::ByModel(true) => Engine::Model,
        Written::ByModel(false) => Engine::Studio,
    })
}

fn by_hand() -> Trigger {
    Trigger::Manual
}

/// How a job is queued and retried: decided by its kind, not by its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPolicy {
    /// Lower goes first.
    pub priority: i32,
    /// Failures after which it is not retried.
    pub max_attempts: i32,
    /// While a job with this key is pending or running, none is enqueued.
    pub dedupe_key: Option<String>,
    /// The delay before its first attempt.
    pub delay: Duration,
}

/// The default priority of a picture's job.
pub const USUAL_PRIORITY: i32 = 100;

/// How long deletions are collected before the whole catalogue is read.
const GONE_DELAY: Duration = Duration::from_mins(2);

impl Task {
    /// The task of a push's row: push the picture, or remove it.
    pub fn push(push: &Push, trigger: Trigger) -> Self {
        let (id, connection) = (push.id.clone(), push.store_connection_id.clone());
        if push.status == PushStatus::Removing {
            Self::RemoveAsset { push: id, connection, trigger }
        } else {
            Self::PushAsset { push: id, connection, trigger }
        }
    }

    /// How it is queued and retried.
    pub fn policy(&self) -> JobPolicy {
        let policy = |priority, max_attempts, key: String| JobPolicy {
            priority,
            max_attempts,
            dedupe_key: Some(key),
            delay: Duration::ZERO,
        };
        match self {
            Self::ImportProducts { connection, scope, trigger, accept_deletes } => {
                let (priority, max_attempts, what) = match (trigger, scope) {
                    // A person waits for it.
                    (Trigger::Manual, _) if *accept_deletes => (50, 3, format!("{scope}:accept")),
                    (Trigger::Manual, _) => (50, 3, scope.to_string()),
                    (Trigger::Webhook, ImportScope::Changes) => (80, 3, "webhook".to_owned()),
                    (Trigger::Webhook, ImportScope::Full) => (80, 3, "webhook-gone".to_owned()),
                    (Trigger::Schedule, _) => (100, 3, "schedule".to_owned()),
                    // A shop that was just connected may still be starting.
                    _ => (100, 5, scope.to_string()),
                };
                let gone = (*trigger, *scope) == (Trigger::Webhook, ImportScope::Full);
                let delay = if gone { GONE_DELAY } else { Duration::ZERO };
                JobPolicy { delay, ..policy(priority, max_attempts, format!("import:{connection}:{what}")) }
            }
            Self::PushAsset { push, .. } => policy(50, 8, format!("push:{push}")),
            Self::RemoveAsset { push, .. } => policy(50, 8, format!("remove:{push}")),
            Self::CheckPush { push, stopped, .. } => {
                let which =
                    stopped.as_ref().map_or_else(|| push.to_string(), |(job, attempt)| format!("{job}:{attempt}"));
                policy(60, 8, format!("check:{which}"))
            }
            Self::ReadProduct { connection, erp_id } => policy(80, 5, format!("read:{connection}:{erp_id}")),
            Self::Subscribe { connection, .. } => policy(120, 5, format!("subscribe:{connection}")),
            Self::RefreshToken { connection } => policy(10, 10, format!("refresh:{connection}")),
            Self::TryKey { connection } => policy(20, 3, format!("key:{connection}")),
            Self::Generate { .. } => JobPolicy { dedupe_key: None, ..policy(USUAL_PRIORITY, 3, String::new()) },
            // Behind every picture that a person waits for.
            Self::AnalyseProduct { product } => policy(200, 3, format!("analyse:{product}")),
        }
    }

    /// Whether a person asked for it, and so waits for it.
    pub fn is_by_hand(&self) -> bool {
        let (Self::ImportProducts { trigger, .. }
        | Self::PushAsset { trigger, .. }
        | Self::RemoveAsset { trigger, .. }) = self
        else {
            return false;
        };
        *trigger == Trigger::Manual
    }

    /// Whether an import does all that another one of the same shop would do.
    pub fn covers(&self, scope: ImportScope, accept_deletes: bool) -> bool {
        matches!(self, Self::ImportProducts { scope: own, accept_deletes: accepts, .. }
            if (*own == scope || *own == ImportScope::Full) && (*accepts || !accept_deletes))
    }

    /// The value of `job.type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ImportProducts { .. } => "import_products",
            Self::PushAsset { .. } => "push_asset",
            Self::RemoveAsset { .. } => "remove_asset",
            Self::CheckPush { .. } => "check_push",
            Self::ReadProduct { .. } => "read_product",
            Self::Subscribe { .. } => "subscribe",
            Self::RefreshToken { .. } => "refresh_token",
            Self::TryKey { .. } => "try_key",
            Self::Generate { .. } => "generate",
            Self::AnalyseProduct { .. } => "analyse_product",
        }
    }

    /// The pool that runs it.
    pub fn pool(&self) -> Pool {
        match self {
            Self::ImportProducts { .. } | Self::ReadProduct { .. } => Pool::Import,
            Self::PushAsset { .. } | Self::RemoveAsset { .. } | Self::CheckPush { .. } => Pool::Push,
            Self::Subscribe { .. } | Self::RefreshToken { .. } | Self::TryKey { .. } => Pool::Maintenance,
            Self::Generate { .. } | Self::AnalyseProduct { .. } => Pool::Generate,
        }
    }

    /// The shop it is about, if any.
    pub fn connection(&self) -> Option<&ConnectionId> {
        match self {
            Self::ImportProducts { connection, .. }
            | Self::PushAsset { connection, .. }
            | Self::RemoveAsset { connection, .. }
            | Self::CheckPush { connection, .. }
            | Self::ReadProduct { connection, .. }
            | Self::Subscribe { connection, .. }
            | Self::RefreshToken { connection }
            | Self::TryKey { connection } => Some(connection),

            Self::Generate { .. } | Self::AnalyseProduct { .. } => None,
        }
    }

    /// The flow it belongs to, if any.
    pub fn flow(&self) -> Option<&FlowId> {
        match self {
            Self::Generate { flow, .. } => flow.as_ref(),
            _ => None,
        }
    }

    /// Jobs of one lane run one after another, across all replicas.
    pub fn lane(&self) -> String {
        match self {
            Self::ImportProducts { connection, .. } | Self::ReadProduct { connection, .. } => {
                format!("import:{connection}")
            }
            Self::PushAsset { connection, .. }
            | Self::RemoveAsset { connection, .. }
            | Self::CheckPush { connection, .. } => format!("push:{connection}"),
            Self::Subscribe { connection, .. } => format!("subscribe:{connection}"),
            Self::RefreshToken { connection } => format!("refresh:{connection}"),
            Self::TryKey { connection } => format!("key:{connection}"),
            Self::Generate { asset, .. } => format!("generate:{asset}"),
            Self::AnalyseProduct { product } => format!("analyse:{product}"),
        }
    }
}

/// One row of `job`.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Job {
    pub id: JobId,
    pub client_id: ClientId,
    pub queue: Pool,
    pub store_connection_id: Option<ConnectionId>,
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub kind: String,
    pub payload: sqlx::types::Json<Task>,
    pub status: JobStatus,
    pub error: Option<String>,
    /// Also the fencing token: a worker only finishes the attempt it claimed.
    pub attempts: i32,
    pub max_attempts: i32,
    pub scheduled_for: Time,
    pub locked_by: Option<String>,
    pub lease_expires_at: Option<Time>,
    pub lane: String,
    pub dedupe_key: Option<String>,
    /// When it first waited for an unavailable service; `None` if it never did.
    pub waiting_since: Option<Time>,
    pub created_at: Time,
    pub completed_at: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_queued_by_what_it_is() {
        let import = |trigger, scope, accept_deletes| {
            let connection = ConnectionId::from("c");
            Task::ImportProducts { connection, scope, trigger, accept_deletes }.policy()
        };
        let said = |policy: JobPolicy| {
            (policy.priority, policy.max_attempts, policy.dedupe_key.unwrap_or_default(), policy.delay.as_secs())
        };
        let key = |name: &str| format!("import:c:{name}");
        let (changes, full) = (ImportScope::Changes, ImportScope::Full);
        assert_eq!(said(import(Trigger::Manual, changes, false)), (50, 3, key("changes"), 0));
        assert_eq!(said(import(Trigger::Manual, full, true)), (50, 3, key("full:accept"), 0));
        assert_eq!(said(import(Trigger::Startup, full, false)), (100, 5, key("full"), 0));
        assert_eq!(said(import(Trigger::Schedule, changes, false)), (100, 3, key("schedule"), 0));
        assert_eq!(said(import(Trigger::Webhook, changes, false)), (80, 3, key("webhook"), 0));
        assert_eq!(said(import(Trigger::Webhook, full, false)), (80, 3, key("webhook-gone"), 120));
    }

    #[test]
    fn a_picture_that_an_earlier_release_ordered_is_read() {
        for (written, engine) in
            [(",\"by_model\":true", Engine::Model), (",\"by_model\":false", Engine::Studio), ("", Engine::Studio)]
        {
            let text = format!(r#"{{"type":"generate","asset":"a","client":"c"{written}}}"#);
            let (asset, client) = (AssetId::from("a"), ClientId::from("c"));
            let expected = Task::Generate { asset, client, flow: None, engine };
            assert_eq!(serde_json::from_str::<Task>(&text).expect("is read"), expected);
        }
    }

    #[test]
    fn a_subscription_that_an_earlier_release_left_is_read() {
        let task: Task = serde_json::from_str(r#"{"type":"subscribe","connection":"c"}"#).expect("is read");
        assert_eq!(task, Task::Subscribe { connection: ConnectionId::from("c"), trigger: Trigger::Manual });
    }

    #[test]
    fn a_check_that_an_earlier_release_left_is_read() {
        let task: Task = serde_json::from_str(r#"{"type":"check_push","push":"p","connection":"c"}"#).expect("is read");
        assert_eq!(task.policy().dedupe_key.as_deref(), Some("check:p"));
        let (push, connection) = (PushId::from("p"), ConnectionId::from("c"));
        let now = Task::CheckPush { push, connection, stopped: Some((JobId::from("j"), 2)) };
        assert_eq!(now.policy().dedupe_key.as_deref(), Some("check:j:2"));
    }
}
