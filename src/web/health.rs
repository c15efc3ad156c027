//! For those who watch: is the process alive, can it work?

use axum::{extract::State, http::StatusCode};

use super::connect::Web;
use crate::db::adopt::{self, Kind};

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers and its schema is ours.
pub(super) async fn ready(State(web): State<Web>) -> (StatusCode, &'static str) {
    match adopt::look(&web.tools.db).await {
        Ok(look) if look.kind == Kind::Current => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not up to date: run store-sync migrate\n"),
        Err(error) => {
            tracing::error!("not ready: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
