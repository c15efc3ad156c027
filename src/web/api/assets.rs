//! The routes of outputs: show, approve or reject, regenerate, edit, link.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use serde_json::{Map, Value};

use super::{ApiError, JsonBody, accepted};
use crate::{
    generate,
    model::{ApprovalStatus, Asset, AssetId, Failure, FailureKind},
    push::{self, Decided},
    views::{self, AssetLink},
    web::{assets, state::Web},
};

/// `GET /assets/{id}`.
pub(super) async fn show(State(web): State<Web>, Path(id): Path<AssetId>) -> Result<Json<Asset>, ApiError> {
    Ok(Json(views::asset(&web.tools, &id).await?))
}

/// A person's decision.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    status: ApprovalStatus,
    #[serde(default)]
    note: Option<String>,
}

/// `PUT /assets/{id}/approval`: an approved picture is pushed to the shops of its product.
pub(super) async fn decide(
    State(web): State<Web>,
    Path(id): Path<AssetId>,
    JsonBody(decision): JsonBody<Decision>,
) -> Result<Json<Decided>, ApiError> {
    if decision.status == ApprovalStatus::Pending {
        return Err(Failure::new(FailureKind::BadBody, "status must be approved or rejected").into());
    }
    Ok(Json(push::decide(&web.tools, id.as_str(), decision.status, decision.note.as_deref()).await?))
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Change {
    /// The instruction for an edit by a model.
    prompt: Option<String>,
    settings: Map<String, Value>,
}

/// `POST /assets/{id}/regenerations`: enqueues another output beside it.
pub(super) async fn regenerate(
    State(web): State<Web>,
    Path(id): Path<AssetId>,
    JsonBody(change): JsonBody<Change>,
) -> Result<Response, ApiError> {
    if change.prompt.is_some() {
        let message = "a regeneration takes no prompt; to edit the picture, use POST /assets/{id}/edits";
        return Err(Failure::new(FailureKind::BadBody, message).into());
    }
    Ok(accepted(&generate::regenerate(&web.tools, &id, &change.settings).await?))
}

/// `POST /assets/{id}/edits`: enqueues an edited output beside it.
pub(super) async fn edit(
    State(web): State<Web>,
    Path(id): Path<AssetId>,
    JsonBody(change): JsonBody<Change>,
) -> Result<Response, ApiError> {
    Ok(accepted(&generate::edit(&web.tools, &id, change.prompt.as_deref(), &change.settings).await?))
}

/// `GET /assets/{id}/link`: a URL for downloads without the API token.
pub(super) async fn link(State(web): State<Web>, Path(id): Path<AssetId>) -> Result<Json<AssetLink>, ApiError> {
    Ok(Json(assets::link(&web.tools, &views::asset(&web.tools, &id).await?).await?))
}
