//! The route of a client's usage in a month.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;

use super::{ApiError, ApiQuery};
use crate::{
    db, generate,
    model::{Failure, Noun},
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
) -> Result<Json<Value>, ApiError> {
    let mut tx = web.tools.db.read().await?;
    let client = db::client::find(&mut tx, &id).await?;
    drop(tx);
    let client = client.ok_or_else(|| Failure::not_found(Noun::Client, &id))?;
    let month = which.month.unwrap_or_else(|| web.tools.outside.clock.now().month());
    Ok(Json(generate::usage(&web.tools, &client.id, &month).await?))
}
