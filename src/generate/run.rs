//! One job: one picture. Done twice it is made once: the second time finds it finished.

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::settings::Settings;
use crate::{
    db::{self, Tx, event::NewEvent, generation::Made},
    gemini::Wish,
    model::{Asset, AssetId, AssetStatus, ClientId, EventType, Failure, FlowStatus, Image, Product, Time, Usage},
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
    let by_model = match settings.get("engine").and_then(Value::as_str) {
        Some(word) => word == "gemini",
        None => tools.rules.paint_by_model,
    };
    let made = if by_model {
        paint(tools, source, asset.prompt.as_deref().unwrap_or_default(), &Settings(&settings)).await?
    } else {
        compose(source, &settings).await?
    };
    keep(tools, &asset, &product, made).await
}

/// A finished picture, whoever made it.
struct Finished {
    bytes: Bytes,
    mime_type: &'static str,
    width: u32,
    height: u32,
    model: String,
    cost_usd_micros: i64,
    /// What is worth knowing of its making.
    note: Value,
}

/// By the local studio.
async fn compose(source: Bytes, settings: &Map<String, Value>) -> Result<Finished, Failure> {
    let seed = settings.get("seed").and_then(Value::as_u64).unwrap_or(1);
    let order = Settings(settings).order(seed);
    let made = tokio::task::spawn_blocking(move || store_sync_studio::compose(&source, &order)).await;
    let made = made.map_err(|e| Failure::retry("studio", format!("the studio broke off: {e}")))?;
    let made = made.map_err(|e| Failure::give_up("studio", e.to_string()))?;
    Ok(Finished {
        bytes: made.bytes.into(),
        mime_type: "image/png",
        width: made.width,
        height: made.height,
        model: STUDIO.to_owned(),
        cost_usd_micros: 0,
        note: json!({ "cut_out": made.cut_out }),
    })
}

/// By the model, while the month's money lasts.
async fn paint(tools: &Tools, source: Bytes, prompt: &str, settings: &Settings<'_>) -> Result<Finished, Failure> {
    let gemini = tools.gemini.as_ref();
    let gemini = gemini.ok_or_else(|| {
        Failure::give_up("no_model", "no model is set up: put [gemini] api_key into the configuration")
    })?;
    let (aspect, size) =
        (settings.text(&["aspectRatio"]).and_then(|text| text.split(' ').next()), settings.model_size());
    if let Some(cap) = tools.rules.month_cap_usd_micros {
        let mut tx = tools.db.read().await?;
        let spent = db::generation::sum_cost(&mut tx, month_begin(tools.outside.clock.now())).await?;
        // This one is among those begun. Whoever began last sees all of them, so that no two pass the cap together.
        let begun = db::generation::count_begun(&mut tx).await?.max(1);
        let models = [Some(&gemini.model), gemini.fallback.as_ref()];
        let price = models.into_iter().flatten().map(|model| gemini.price(model, Some(size))).max().unwrap_or(0);
        if spent + price > cap {
            let text = "this month's money for pictures is spent ([gemini] usd_per_month): nothing more is asked for";
            return Err(Failure::give_up("money_cap", text));
        }
        if spent + price.saturating_mul(begun) > cap {
            let text = "others are at work with the last of this month's money ([gemini] usd_per_month)";
            return Err(Failure::retry("money_busy", text));
        }
    }
    let kind = infer::get(&source).map_or("image/png", |kind| kind.mime_type()).to_owned();
    let wish = Wish { pictures: &[(source, kind)], prompt, aspect, size: Some(size), ..Wish::default() };
    let painted = gemini.paint(&wish).await?;
    let mime_type = infer::get(&painted.bytes).map_or("image/png", |kind| kind.mime_type());
    let measured = imagesize::blob_size(&painted.bytes);
    let measured = measured.map_err(|_| Failure::retry("no_picture", "the model's picture is broken"))?;
    let pixels = |n: usize| u32::try_from(n).unwrap_or(0);
    Ok(Finished {
        bytes: painted.bytes,
        mime_type,
        width: pixels(measured.width),
        height: pixels(measured.height),
        model: painted.model,
        cost_usd_micros: painted.cost_usd_micros,
        note: json!({ "cost_usd_micros": painted.cost_usd_micros }),
    })
}

/// The first moment of a month, by UTC.
fn month_begin(now: Time) -> Time {
    Time::parse(&now.utc().format("%Y-%m-01T00:00:00Z").to_string()).unwrap_or(now)
}

/// The bytes first, then the row: a row without its picture would be worse than a picture without its row.
async fn keep(tools: &Tools, asset: &Asset, product: &Product, made: Finished) -> Result<(), Failure> {
    let flow = asset.generation_flow_id.as_ref().map_or("none", |flow| flow.as_str());
    let extension = made.mime_type.rsplit('/').next().unwrap_or("png").replace("jpeg", "jpg");
    let key = format!("clients/{}/generations/{flow}/assets/{}.{extension}", asset.client_id, asset.id);
    let bytes = made.bytes;
    let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let row = Made {
        key: &key,
        sha256: &hex(&Sha256::digest(&bytes)),
        mime_type: made.mime_type,
        size: (pixels(made.width), pixels(made.height)),
        byte_size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        model: &made.model,
        cost_usd_micros: made.cost_usd_micros,
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
            metadata: Some(json!({ "model": made.model, "made": made.note })),
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
        metadata: Some(json!({ "why": why })),
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
