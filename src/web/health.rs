//! Health checks: liveness and readiness.

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

/// The time limit of a readiness check.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a result is cached, so that many monitors cost no more than one.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long a schema check is cached: it reads the whole catalogue of the database.
const SCHEMA_GOOD_FOR: Duration = Duration::from_mins(1);

/// `GET /healthz`: the process responds.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether this process can work; checked at most once per second.
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

    async fn check(&self) -> Result<(), String> {
        let mut known = self.known.lock().await;
        if let Some((checked_at, result)) =
            known.answer.as_ref().filter(|(checked_at, _)| checked_at.elapsed() < GOOD_FOR)
        {
            return result.clone().map_err(|why| format!("{why} ({} ms ago)", checked_at.elapsed().as_millis()));
        }
        let result = self.probe(&mut known).await;
        known.answer = Some((Instant::now(), result.clone()));
        result
    }

    async fn probe(&self, known: &mut LastCheck) -> Result<(), String> {
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
                // The engine's error text is only logged.
                Err(DatabaseFault::of(&error).unwrap_or(DatabaseFault::Away).to_string())
            }
        }
    }

    /// Checks that the schema is current and that a write succeeds: with a full disk or a standby server, reads still
    /// work.
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

/// The action in the log lines "cannot …" and "can … again".
const BE_READY: &str = "be ready";

/// `GET /readyz`: 200 if the database responds within two seconds, its schema is current, and a write succeeds; 503
/// otherwise.
pub(super) async fn ready(readiness: Arc<Readiness>) -> (StatusCode, String) {
    let waited = tokio::time::timeout(PATIENCE + GOOD_FOR / 2, readiness.check()).await;
    match waited.unwrap_or_else(|_| Err(DatabaseFault::Away.to_string())) {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    }
}
