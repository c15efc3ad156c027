//! For those who watch: is the process alive, can it work?

use axum::{extract::State, http::StatusCode};

use super::connect::Web;

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers and its schema is ours.
pub(super) async fn ready(State(web): State<Web>) -> (StatusCode, &'static str) {
    match web.tools.db.pending_migrations().await {
        Ok(pending) if pending.is_empty() => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not up to date: run store-sync migrate\n"),
        Err(error) => {
            tracing::error!("not ready: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
