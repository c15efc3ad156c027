//! Pictures on their way, for shops that fetch them: behind signed addresses that end.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{connect::Web, error::PageError};
use crate::{model::PushId, push, vault::SignedLink};

/// `GET /pictures/{push}/{expires}/{signature}/{file}`.
pub(super) async fn show(
    State(web): State<Web>,
    Path((id, expires, signature, file)): Path<(String, String, String, String)>,
) -> Result<Response, PageError> {
    let link = SignedLink { expires, signature };
    let found = push::linked_picture(&web.tools, &PushId(id), &link, &file).await?;
    Ok(match found {
        Some((bytes, kind)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}
