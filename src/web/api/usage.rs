//! The route of a client's usage in a month.

use axum::{
    Json,
    extract::{Path, State},
};

use super::{ApiError, ApiQuery};
use crate::{
    views::{self, UsageCard},
    web::state::Web,
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    month: Option<String>,
}

/// `GET /clients/{id}/usage?month=YYYY-MM`.
pub(super) async fn show(
    State(web): State<Web>,
    Path(id): Path<String>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<Json<UsageCard>, ApiError> {
    Ok(Json(views::usage(&web.tools, &id, which.month).await?))
}
