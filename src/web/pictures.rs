//! Serves pictures that are being pushed to shops that fetch them, at signed URLs that expire.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{error::PageError, state::Web};
use crate::{model::PushId, push, vault::SignedLink};

/// `GET /pictures/{push}/{expires}/{signature}/{file}`.
pub(super) async fn show(
    State(web): State<Web>,
    Path((id, expires, signature, file)): Path<(String, String, String, String)>,
) -> Result<Response, PageError> {
    let link = SignedLink { expires, signature };
    let picture = push::linked_picture(&web.tools, &PushId(id), &link, &file).await?;
    Ok(match picture {
        Some((bytes, kind)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}
