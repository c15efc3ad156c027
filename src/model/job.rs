//! A job: work to be done later, in a lane.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    AssetId, ClientId, ConnectionId, Engine, FlowId, JobId, ProductId, Push, PushId, PushStatus, Time, Trigger, words,
};

words! {
    /// How a job stands.
    JobStatus {
        Pending = "pending",
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

words! {
    /// Which workers do it. Each pool has its own, so that slow work of one kind never starves another.
    Pool { Import = "import", Push = "push", Generate = "generate", Maintenance = "maintenance" }
}

words! {
    /// How much of a catalogue an import reads.
    ImportScope {
        /// Only what changed since the last good run, where the shop can tell.
        Changes = "changes",
        /// Everything; only this may tombstone.
        Full = "full",
    }
}

/// How an attempt at a job ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    Done,
    /// The rest is done in a next attempt, behind whoever waits now.
    GoesOn,
}

/// What a job is about. Ids only: tokens are asked for per call, never carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Task {
    /// Bring the products in.
    ImportProducts {
        connection: ConnectionId,
        scope: ImportScope,
        trigger: Trigger,
        /// Bypass the deletion guard: the operator has seen how many products would be marked.
        #[serde(default)]
        accept_deletes: bool,
    },
    /// Carry one approved picture out.
    PushAsset { push: PushId, connection: ConnectionId, trigger: Trigger },
    /// Take a pushed picture out again.
    RemoveAsset { push: PushId, connection: ConnectionId, trigger: Trigger },
    /// See whether a picture stands in the shop twice, after a worker was stopped while it pushed it.
    CheckPush {
        push: PushId,
        connection: ConnectionId,
        /// The job and the attempt that were stopped.
        #[serde(default)]
        stopped: Option<(JobId, i32)>,
    },
    /// Ask a shop to tell of changes.
    Subscribe { connection: ConnectionId },
    /// Renew a token ahead of its end.
    RefreshToken { connection: ConnectionId },
    /// Make one picture.
    Generate {
        asset: AssetId,
        client: ClientId,
        #[serde(default)]
        flow: Option<FlowId>,
        /// What makes it: jobs for the model wait while it is away, or its quota is used up.
        #[serde(default, alias = "by_model", deserialize_with = "engine")]
        engine: Engine,
    },
    /// See what a product is, before pictures of it are wanted.
    AnalyseProduct { product: ProductId },
}

/// Reads an engine; earlier releases wrote whether it is the model.
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

/// How a job is queued and how often it is tried: what its kind of work decides, not whoever leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPolicy {
    /// Lower goes first.
    pub priority: i32,
    /// Failures after which it is given up.
    pub max_attempts: i32,
    /// While a job with this key waits or runs, no second one is made.
    pub dedupe_key: Option<String>,
    /// How long it waits before its first attempt.
    pub delay: Duration,
}

/// What a picture's job has where nobody says otherwise.
pub const USUAL_PRIORITY: i32 = 100;

/// How long deletions are collected before the whole catalogue is read for them.
const GONE_DELAY: Duration = Duration::from_mins(2);

impl Task {
    /// A push as its row asks for it: the picture is carried out, or taken out again.
    pub fn push(push: &Push, trigger: Trigger) -> Self {
        let (id, connection) = (push.id.clone(), push.store_connection_id.clone());
        if push.status == PushStatus::Removing {
            Self::RemoveAsset { push: id, connection, trigger }
        } else {
            Self::PushAsset { push: id, connection, trigger }
        }
    }

    /// How it is queued and tried.
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
                    // Somebody waits for it.
                    (Trigger::Manual, _) if *accept_deletes => (50, 3, format!("{scope}:accept")),
                    (Trigger::Manual, _) => (50, 3, scope.to_string()),
                    (Trigger::Webhook, ImportScope::Changes) => (80, 3, "webhook".to_owned()),
                    (Trigger::Webhook, ImportScope::Full) => (80, 3, "webhook-gone".to_owned()),
                    (Trigger::Schedule, _) => (100, 3, "schedule".to_owned()),
                    // A shop that was just connected may still be on its way up.
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
            Self::Subscribe { connection } => policy(120, 5, format!("subscribe:{connection}")),
            Self::RefreshToken { connection } => policy(10, 10, format!("refresh:{connection}")),
            Self::Generate { .. } => JobPolicy { dedupe_key: None, ..policy(USUAL_PRIORITY, 3, String::new()) },
            // Behind every picture that somebody waits for.
            Self::AnalyseProduct { product } => policy(200, 3, format!("analyse:{product}")),
        }
    }

    /// The word kept in `job.type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ImportProducts { .. } => "import_products",
            Self::PushAsset { .. } => "push_asset",
            Self::RemoveAsset { .. } => "remove_asset",
            Self::CheckPush { .. } => "check_push",
            Self::Subscribe { .. } => "subscribe",
            Self::RefreshToken { .. } => "refresh_token",
            Self::Generate { .. } => "generate",
            Self::AnalyseProduct { .. } => "analyse_product",
        }
    }

    /// Whose workers do it.
    pub fn pool(&self) -> Pool {
        match self {
            Self::ImportProducts { .. } => Pool::Import,
            Self::PushAsset { .. } | Self::RemoveAsset { .. } | Self::CheckPush { .. } => Pool::Push,
            Self::Subscribe { .. } | Self::RefreshToken { .. } => Pool::Maintenance,
            Self::Generate { .. } | Self::AnalyseProduct { .. } => Pool::Generate,
        }
    }

    /// The shop it is about, where it is about one.
    pub fn connection(&self) -> Option<&ConnectionId> {
        match self {
            Self::ImportProducts { connection, .. }
            | Self::PushAsset { connection, .. }
            | Self::RemoveAsset { connection, .. }
            | Self::CheckPush { connection, .. }
            | Self::Subscribe { connection }
            | Self::RefreshToken { connection } => Some(connection),
            Self::Generate { .. } | Self::AnalyseProduct { .. } => None,
        }
    }

    /// The flow it belongs to, where it belongs to one.
    pub fn flow(&self) -> Option<&FlowId> {
        match self {
            Self::Generate { flow, .. } => flow.as_ref(),
            _ => None,
        }
    }

    /// Jobs of one lane run one after another, over all replicas.
    pub fn lane(&self) -> String {
        match self {
            Self::ImportProducts { connection, .. } => format!("import:{connection}"),
            Self::PushAsset { connection, .. }
            | Self::RemoveAsset { connection, .. }
            | Self::CheckPush { connection, .. } => format!("push:{connection}"),
            Self::Subscribe { connection } => format!("subscribe:{connection}"),
            Self::RefreshToken { connection } => format!("refresh:{connection}"),
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
    /// Also the fence: a worker may only finish the attempt it claimed.
    pub attempts: i32,
    pub max_attempts: i32,
    pub scheduled_for: Time,
    pub locked_by: Option<String>,
    pub lease_expires_at: Option<Time>,
    pub lane: String,
    pub dedupe_key: Option<String>,
    /// Since when it waits for something that is away; none where nothing it needs was.
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
    fn a_check_that_an_earlier_release_left_is_read() {
        let task: Task = serde_json::from_str(r#"{"type":"check_push","push":"p","connection":"c"}"#).expect("is read");
        assert_eq!(task.policy().dedupe_key.as_deref(), Some("check:p"));
        let (push, connection) = (PushId::from("p"), ConnectionId::from("c"));
        let now = Task::CheckPush { push, connection, stopped: Some((JobId::from("j"), 2)) };
        assert_eq!(now.policy().dedupe_key.as_deref(), Some("check:j:2"));
    }
}
