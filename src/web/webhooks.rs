//! The routes that receive webhooks.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};

use super::{error::PageError, state::Web};
use crate::{
    model::{ConnectionId, FailureKind},
    webhooks,
};

/// The webhook URL of the whole app, or of one connection.
#[derive(serde::Deserialize)]
pub(super) struct WebhookPath {
    provider: String,
    connection: Option<String>,
}

/// `POST /hooks/{provider}` and `POST /hooks/{provider}/{connection}`: responds at once; slow work is enqueued as a
/// job.
pub(super) async fn receive(
    State(web): State<Web>,
    Path(at): Path<WebhookPath>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, &'static str), PageError> {
    let connection = at.connection.map(ConnectionId);
    match webhooks::receive(&web.tools, &at.provider, connection.as_ref(), &headers, &body).await {
        Ok(()) => Ok((StatusCode::OK, "ok\n")),
        // Platforms require 401 for an invalid signature.
        Err(failure) if failure.kind == FailureKind::BadSignature => Ok((StatusCode::UNAUTHORIZED, "not signed\n")),
        Err(failure) => Err(failure.into()),
    }
}
