//! Outputs for whoever holds a signed address of one, for a day: where the pictures lie in a folder, nobody else serves
//! them.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{connect::Web, error::PageError};
use crate::{
    db, generate,
    model::{Asset, AssetId},
    tools::Tools,
    vault::{LinkKind, LinkState, SignedLink},
};

/// Where anybody may fetch an output for a day.
pub fn link(tools: &Tools, asset: &Asset) -> String {
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
    let mut tx = web.tools.db.read().await?;
    let Some(asset) = db::asset::find(&mut tx, id.as_str()).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    drop(tx);
    let bytes = generate::bytes_of(&web.tools, &asset, false).await?;
    let kind = infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type());
    // What is under a key never changes; the address itself is secret, so only the browser keeps it.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "private, max-age=86400, immutable")];
    Ok((headers, bytes).into_response())
}
