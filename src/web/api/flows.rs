//! Pictures of flows: ordered, followed, taken back.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use super::{ApiError, ApiQuery, GenerateBody, JsonBody, accepted, stream};
use crate::{
    db,
    generate::{self, Cancelled, PromptPreview},
    model::{Failure, FlowId, Noun},
    web::connect::Web,
};

/// `POST /flows/{id}/generations`: 202 with the ids of what is going to be made.
pub(super) async fn order(
    State(web): State<Web>,
    Path(id): Path<FlowId>,
    JsonBody(wanted): JsonBody<GenerateBody>,
) -> Result<Response, ApiError> {
    Ok(accepted(&generate::request_flow(&web.tools, &id, wanted.terms()).await?))
}

/// `POST /flows/{id}/retries`: its failed pictures once more.
pub(super) async fn retry(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Response, ApiError> {
    Ok(accepted(&generate::retry_flow(&web.tools, &id).await?))
}

/// `GET /flows/{id}/generations`: how far they are.
pub(super) async fn progress(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Response, ApiError> {
    exists(&web, &id).await?;
    let mut tx = web.tools.db.read().await?;
    let progress = db::generation::get_progress(&mut tx, &id).await?;
    Ok(Json(stream::told(&progress)).into_response())
}

/// `GET /flows/{id}/progress`: the same as server-sent events, until none is under way.
pub(super) async fn follow(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Response, ApiError> {
    exists(&web, &id).await?;
    Ok(stream::follow(&web, stream::ProgressTarget::Flow(id))?)
}

/// `DELETE /flows/{id}/generations`: those that wait are not made.
pub(super) async fn cancel(State(web): State<Web>, Path(id): Path<FlowId>) -> Result<Json<Cancelled>, ApiError> {
    Ok(Json(generate::cancel_flow(&web.tools, &id).await?))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewQuery {
    #[serde(default)]
    analyse: bool,
}

/// `GET /flows/{id}/prompt`: what would be sent, letter by letter.
pub(super) async fn prompt(
    State(web): State<Web>,
    Path(id): Path<FlowId>,
    ApiQuery(look): ApiQuery<PreviewQuery>,
) -> Result<Json<PromptPreview>, ApiError> {
    Ok(Json(generate::preview(&web.tools, &id, look.analyse).await?))
}

async fn exists(web: &Web, id: &FlowId) -> Result<(), ApiError> {
    let mut tx = web.tools.db.read().await?;
    match db::flow::find(&mut tx, id).await? {
        Some(_) => Ok(()),
        None => Err(Failure::not_found(Noun::Flow, id).into()),
    }
}
