//! One job: one picture. Done twice it is made once: the second time finds it finished.

use bytes::Bytes;
use http::Method;
use sha2::{Digest, Sha256};
use url::Url;

use super::settings::Settings;
use crate::{
    db::{self, Tx, event::NewEvent, generation::Made},
    model::{Asset, AssetId, AssetStatus, ClientId, EventType, Failure, FlowStatus, Image, Product, Usage},
    outside::Request,
    tools::{Shared, Tools},
    vault::hex,
};

/// What makes pictures here; kept with each, so that nobody takes it for a model's.
const STUDIO: &str = "local-studio/1";

/// Makes a picture that was ordered.
pub async fn run(tools: &Shared, id: &AssetId) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let Some(asset) = db::asset::find(&mut tx, id.as_str()).await? else { return Ok(()) };
    if asset.status == AssetStatus::Completed {
        return Ok(());
    }
    db::generation::mark_begun(&mut tx, id, tools.outside.clock.now()).await?;
    tx.commit().await?;
    let mut tx = tools.db.read().await?;
    let product = db::asset::list_products(&mut tx, id).await?.into_iter().next();
    let product =
        product.ok_or_else(|| Failure::give_up("no_product", "the picture's product is not there any more"))?;
    let images = db::product::list_images(&mut tx, &product.id).await?;
    drop(tx);
    let source = source(tools, &product, &images).await?;
    let settings = asset.settings.as_ref().and_then(|json| json.0.as_object().cloned()).unwrap_or_default();
    let seed = settings.get("seed").and_then(serde_json::Value::as_u64).unwrap_or(1);
    let order = Settings(&settings).order(seed);
    let made = tokio::task::spawn_blocking(move || store_sync_studio::compose(&source, &order)).await;
    let made = made.map_err(|e| Failure::retry("studio", format!("the studio broke off: {e}")))?;
    let made = made.map_err(|e| Failure::give_up("studio", e.to_string()))?;
    keep(tools, &asset, &product, made).await
}

/// The bytes first, then the row: a row without its picture would be worse than a picture without its row.
async fn keep(
    tools: &Tools,
    asset: &Asset,
    product: &Product,
    made: store_sync_studio::Picture,
) -> Result<(), Failure> {
    let flow = asset.generation_flow_id.as_ref().map_or("none", |flow| flow.as_str());
    let key = format!("clients/{}/generations/{flow}/assets/{}.png", asset.client_id, asset.id);
    let bytes = Bytes::from(made.bytes);
    let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let row = Made {
        key: &key,
        sha256: &hex(&Sha256::digest(&bytes)),
        mime_type: "image/png",
        size: (pixels(made.width), pixels(made.height)),
        byte_size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        model: STUDIO,
        cost_usd_micros: 0,
    };
    tools.outside.files.put(&key, bytes).await.map_err(|e| Failure::retry("files", e.to_string()))?;
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    if db::generation::mark_made(&mut tx, &asset.id, &row, now).await? {
        let event = NewEvent {
            id: &tools.outside.new_id(),
            client: &asset.client_id,
            kind: EventType::Completed,
            flow: asset.generation_flow_id.as_ref(),
            product: Some(&product.id),
            asset: Some(&asset.id),
            user: None,
            metadata: Some(serde_json::json!({ "model": STUDIO, "cut_out": made.cut_out })),
        };
        db::event::insert(&mut tx, &event, now).await?;
        finish_flow(tools, &mut tx, asset).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A picture that cannot be made: says why, and gives the client's count back. In the transaction that ends its job.
pub async fn give_up(tools: &Tools, tx: &mut Tx, id: &AssetId, client: &ClientId, why: &str) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    if !db::generation::mark_failed(tx, id, why, now).await? {
        return Ok(());
    }
    let Some(asset) = db::asset::find(tx, id.as_str()).await? else { return Ok(()) };
    let usage = Usage { client_id: client.clone(), month: super::month(asset.created_at), generation_count: 1 };
    db::quota::release(tx, &usage, now).await?;
    let event = NewEvent {
        id: &tools.outside.new_id(),
        client,
        kind: EventType::Error,
        flow: asset.generation_flow_id.as_ref(),
        product: None,
        asset: Some(id),
        user: None,
        metadata: Some(serde_json::json!({ "why": why })),
    };
    db::event::insert(tx, &event, now).await?;
    finish_flow(tools, tx, &asset).await
}

/// A flow has ended when none of its pictures is under way: well, if one was made.
async fn finish_flow(tools: &Tools, tx: &mut Tx, asset: &Asset) -> sqlx::Result<()> {
    let Some(flow) = &asset.generation_flow_id else { return Ok(()) };
    let (open, made) = db::generation::count(tx, flow).await?;
    if open > 0 {
        return Ok(());
    }
    let status = if made > 0 { FlowStatus::Completed } else { FlowStatus::Error };
    db::generation::mark_flow(tx, flow, status, tools.outside.clock.now()).await
}

/// A picture of the product: the first that its shop shows and that is none of ours.
async fn source(tools: &Tools, product: &Product, images: &[Image]) -> Result<Bytes, Failure> {
    let theirs = |image: &&Image| image.deleted_at.is_none() && image.generated_asset_id.is_none();
    let url = images.iter().filter(theirs).find_map(|image| image.original_store_url.as_ref());
    let url = url
        .ok_or_else(|| Failure::give_up("no_picture", format!("\"{}\" has no picture to begin with", product.name)))?;
    let address =
        Url::parse(url).map_err(|_| Failure::give_up("bad_picture_url", "the product's picture has no address"))?;
    let answer = tools.outside.http.send(Request::new(Method::GET, address)).await;
    let answer = answer.map_err(|e| Failure::retry("picture_unreachable", e.to_string()))?;
    match answer.status {
        200 => Ok(answer.body),
        404 | 410 => Err(Failure::give_up("picture_missing", "the shop does not have the product's picture any more")),
        status => {
            Err(Failure::retry("picture_unreachable", format!("the shop answered {status} for the product's picture")))
        }
    }
}
