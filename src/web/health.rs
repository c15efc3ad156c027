//! For those who watch: is the process alive, can it work?

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    db::{
        DatabaseFault,
        adopt::{self, Kind},
    },
    tools::Shared,
};

/// Who watches waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is good for, so that many who watch cost no more than one.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long the schema is believed to be ours: looking at it reads the whole catalogue.
const SCHEMA_GOOD_FOR: Duration = Duration::from_mins(1);

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether this process can work; asked anew at most once a second.
pub(super) struct Readiness {
    tools: Shared,
    known: Mutex<LastCheck>,
}

#[derive(Default)]
struct LastCheck {
    answer: Option<(Instant, Result<(), String>)>,
    schema_seen: Option<Instant>,
}

impl Readiness {
    pub(super) fn new(tools: &Shared) -> Arc<Self> {
        Arc::new(Self { tools: tools.clone(), known: Mutex::default() })
    }

    async fn ask(&self) -> Result<(), String> {
        let mut known = self.known.lock().await;
        if let Some((asked, answer)) = known.answer.as_ref().filter(|(asked, _)| asked.elapsed() < GOOD_FOR) {
            return answer.clone().map_err(|why| format!("{why} ({} ms ago)", asked.elapsed().as_millis()));
        }
        let answer = self.look(&mut known).await;
        known.answer = Some((Instant::now(), answer.clone()));
        answer
    }

    async fn look(&self, known: &mut LastCheck) -> Result<(), String> {
        if !self.tools.db.lies_in_place() {
            self.tools.cannot(BE_READY, &sqlx::Error::Configuration(DatabaseFault::Gone.into()));
            return Err(DatabaseFault::Gone.to_string());
        }
        match tokio::time::timeout(PATIENCE, self.work(known)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
            Ok(true) => {
                self.tools.can(BE_READY);
                Ok(())
            }
            Ok(false) => Err("the database is not up to date: run store-sync migrate".to_owned()),
            Err(error) => {
                self.tools.cannot(BE_READY, &error);
                // The engine's own words are for the log, not for a stranger.
                Err(DatabaseFault::of(&error).unwrap_or(DatabaseFault::Away).to_string())
            }
        }
    }

    /// The schema is ours, and something can be written: where a disk is full or a server a standby, reading still
    /// works.
    async fn work(&self, known: &mut LastCheck) -> sqlx::Result<bool> {
        let tools = &self.tools;
        if known.schema_seen.is_none_or(|seen| seen.elapsed() > SCHEMA_GOOD_FOR) {
            if adopt::inspect(&tools.db).await?.kind != Kind::Current {
                return Ok(false);
            }
            known.schema_seen = Some(Instant::now());
        }
        tools.try_write().await?;
        Ok(true)
    }
}

/// What is told about where it cannot.
const BE_READY: &str = "be ready";

/// The database answers within two seconds, its schema is ours, and it can be written to.
pub(super) async fn ready(readiness: Arc<Readiness>) -> (StatusCode, String) {
    let waited = tokio::time::timeout(PATIENCE + GOOD_FOR / 2, readiness.ask()).await;
    match waited.unwrap_or_else(|_| Err(DatabaseFault::Away.to_string())) {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    }
}
