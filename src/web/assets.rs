//! Outputs for whoever holds a signed address of one, for a day: where the pictures lie in a folder, nobody else serves them.

use std::time::Duration;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{connect::Web, error::Refusal};
use crate::{
    db, generate,
    model::{Asset, AssetId},
    tools::Tools,
};

const LINK: &str = "asset-link";
/// How long an address is good.
const LINK_LIFE: Duration = Duration::from_hours(24);

fn link_text(asset: &AssetId, expires: &str, file: &str) -> String {
    format!("{asset}/{expires}/{file}")
}

/// Where anybody may fetch an output for a day.
pub fn link(tools: &Tools, asset: &Asset) -> String {
    let expires = (tools.outside.clock.now().plus(LINK_LIFE).unix_ms() / 1000).to_string();
    let extension = asset.mime_type.as_deref().and_then(|kind| kind.rsplit('/').next()).unwrap_or("webp");
    let file = format!("picture.{}", extension.replace("jpeg", "jpg"));
    let signature = tools.vault.sign(LINK, &link_text(&asset.id, &expires, &file));
    format!("{}/assets/{}/{expires}/{signature}/{file}", tools.rules.public_url, asset.id)
}

/// `GET /assets/{asset}/{expires}/{signature}/{file}`.
pub(super) async fn show(
    State(web): State<Web>,
    Path((id, expires, signature, file)): Path<(AssetId, String, String, String)>,
) -> Result<Response, Refusal> {
    let now = web.tools.outside.clock.now().unix_ms() / 1000;
    let ours = web.tools.vault.verify(LINK, &link_text(&id, &expires, &file), &signature);
    if !ours || expires.parse::<i64>().is_ok_and(|end| end < now) {
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
