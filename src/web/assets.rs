//! Serves outputs at signed URLs valid for 24 hours; needed if the object store is a folder, which has no URLs of its
//! own.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{error::PageError, state::Web};
use crate::{
    generate,
    model::{Asset, AssetId, Failure, FailureKind, Noun},
    tools::Tools,
    vault::{LinkKind, LinkState, SignedLink},
    views::{self, AssetLink},
};

/// A link to an output for a day: at the bucket, or here.
pub async fn link(tools: &Tools, asset: &Asset) -> Result<AssetLink, Failure> {
    let public = generate::public_url(tools, asset).await?;
    Ok(AssetLink { url: public.unwrap_or_else(|| own_link(tools, asset)) })
}

/// A signed URL of an output, valid for 24 hours.
fn own_link(tools: &Tools, asset: &Asset) -> String {
    let extension = asset.mime_type.as_deref().and_then(|kind| kind.rsplit('/').next()).unwrap_or("webp");
    let file = format!("picture.{}", extension.replace("jpeg", "jpg"));
    let now = tools.outside.clock.now();
    let SignedLink { expires, signature } = tools.vault.sign_link(LinkKind::Asset, &[asset.id.as_str(), &file], now);
    format!("{}/assets/{}/{expires}/{signature}/{file}", tools.policy.public_url, asset.id)
}

/// `GET /assets/{asset}/{expires}/{signature}/{file}`.
pub(super) async fn show(
    State(web): State<Web>,
    Path((id, expires, signature, file)): Path<(AssetId, String, String, String)>,
) -> Result<Response, PageError> {
    let (link, now) = (SignedLink { expires, signature }, web.tools.outside.clock.now());
    if web.tools.vault.check_link(LinkKind::Asset, &[id.as_str(), &file], &link, now) != LinkState::Good {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let asset = match views::asset(&web.tools, &id).await {
        Err(failure) if failure.kind == FailureKind::NotFound(Noun::Asset) => {
            return Ok(StatusCode::NOT_FOUND.into_response());
        }
        found => found?,
    };
    let bytes = generate::bytes_of(&web.tools, &asset, false).await?;
    let kind = infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type());
    // The object under a key never changes, so it is immutable; the URL is a secret, so only the browser may cache it.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((headers, bytes).into_response())
}
