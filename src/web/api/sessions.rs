//! The routes of sessions: generate, retry, follow progress, cancel, for all their flows.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};

use super::{ApiError, GenerateBody, JsonBody, accepted, stream};
use crate::{
    generate::{self, Cancelled},
    model::SessionId,
    views::{self, ProgressCard, ProgressTarget},
    web::state::Web,
};

/// `POST /sessions/{id}/generations`: 202 with the ids of the enqueued outputs.
pub(super) async fn order(
    State(web): State<Web>,
    Path(id): Path<SessionId>,
    JsonBody(body): JsonBody<GenerateBody>,
) -> Result<Response, ApiError> {
    Ok(accepted(&generate::request_session(&web.tools, &id, body.terms(), body.again).await?))
}

/// `POST /sessions/{id}/retries`: retries the failed outputs of all its flows.
pub(super) async fn retry(State(web): State<Web>, Path(id): Path<SessionId>) -> Result<Response, ApiError> {
    Ok(accepted(&generate::retry_session(&web.tools, &id).await?))
}

/// `GET /sessions/{id}/generations`: the progress of its outputs.
pub(super) async fn progress(
    State(web): State<Web>,
    Path(id): Path<SessionId>,
) -> Result<Json<ProgressCard>, ApiError> {
    Ok(Json(views::progress(&web.tools, &ProgressTarget::Session(id)).await?))
}

/// `GET /sessions/{id}/progress`: the same as server-sent events, until no output is open.
pub(super) async fn follow(State(web): State<Web>, Path(id): Path<SessionId>) -> Result<Response, ApiError> {
    Ok(stream::follow(&web, ProgressTarget::Session(id)).await?)
}

/// `DELETE /sessions/{id}/generations`: cancels the waiting outputs.
pub(super) async fn cancel(State(web): State<Web>, Path(id): Path<SessionId>) -> Result<Json<Cancelled>, ApiError> {
    Ok(Json(generate::cancel_session(&web.tools, &id).await?))
}
