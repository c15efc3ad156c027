//! The routes of flows: generate, retry, follow progress, cancel, preview the prompt.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};

use super::{ApiError, ApiQuery, GenerateBody, JsonBody, accepted, stream};
use crate::{
    generate::{self, Cancelled, PromptPreview},
    model::FlowId,
    views::{self, ProgressCard, ProgressTarget},
    web::state::Web,
};

/// `POST /flows/{id}/generations`: 202 with the ids of the enqueued outputs.
pub(super) async fn order(
    State(web): State<Web>,
    Path(id): Path<FlowId>,
    JsonBody(body): JsonBody<GenerateBody>,
) -> Result<Response, ApiError> {
    Ok(accepted(&generate::request_flow(&web.tools, &id, body.terms()).await?))
}

/// `POST /flows/{id}/retries`: retries its failed outputs.
pub(super) async fn retry(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Response, ApiError> {
    Ok(accepted(&generate::retry_flow(&web.tools, &id).await?))
}

/// `GET /flows/{id}/generations`: the progress of its outputs.
pub(super) async fn progress(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Json<ProgressCard>, ApiError> {
    Ok(Json(views::progress(&web.tools, &ProgressTarget::Flow(id)).await?))
}

/// `GET /flows/{id}/progress`: the same as server-sent events, until no output is open.
pub(super) async fn follow(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Response, ApiError> {
    Ok(stream::follow(&web, ProgressTarget::Flow(id)).await?)
}

/// `DELETE /flows/{id}/generations`: cancels the waiting outputs.
pub(super) async fn cancel(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Json<Cancelled>, ApiError> {
    Ok(Json(generate::cancel_flow(&web.tools, &id).await?))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewQuery {
    #[serde(default)]
    analyse: bool,
}

/// `GET /flows/{id}/prompt`: the exact prompt that would be sent.
pub(super) async fn prompt(
    State(web): State<Web>,
    Path(id): Path<FlowId>,
    ApiQuery(query): ApiQuery<PreviewQuery>,
) -> Result<Json<PromptPreview>, ApiError> {
    Ok(Json(generate::preview(&web.tools, &id, query.analyse).await?))
}
