//! Stores a finished picture: bytes first, then the row. A row without its picture would be worse than the reverse.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::accounting;
use crate::{
    db::{self, Tx, event::NewEvent, generation::MadeOutput, ledger::Paid},
    model::{Asset, AssetId, ClientId, EventType, Failure, FlowId, FlowStatus, OutputRequest, Product},
    paint::{self, Painted},
    tools::{Lease, Tools},
    vault::hex,
};

/// A finished picture of any engine.
pub(super) struct FinishedPicture {
    pub painted: Painted,
    /// The prompt for its engine.
    pub prompt: String,
    pub sources: Sources,
}

/// The sources of a picture: names and checksums. `None` if only the bytes of an earlier attempt are left.
#[derive(Default, Serialize)]
pub(super) struct Sources {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspirations: Option<Vec<Value>>,
}

/// How a picture was made, for later inquiries.
#[derive(Serialize)]
struct Provenance<'a> {
    #[serde(flatten)]
    request: &'a OutputRequest,
    seed: Option<&'a Value>,
    #[serde(flatten)]
    sources: Sources,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_out: Option<bool>,
    original_sha256: String,
}

/// The keys of an output: the picture shown, and its PNG original.
fn keys(asset: &Asset) -> (String, String) {
    // By the request: deleting the flow meanwhile does not move the bytes.
    let requested = asset.requested().and_then(|request| request.flow);
    let flow = requested.as_ref().or(asset.generation_flow_id.as_ref()).map_or("none", FlowId::as_str);
    let stem = format!("clients/{}/generations/{flow}/assets/{}", asset.client_id, asset.id);
    (format!("{stem}.webp"), format!("{stem}_original.png"))
}

/// The picture of an earlier attempt that could not write its row: it is neither made nor paid for twice.
pub(super) async fn load_unfinished(tools: &Tools, asset: &Asset) -> Result<Option<Bytes>, Failure> {
    match tools.outside.files.get(&keys(asset).1).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(crate::outside::FileError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Stores WebP and PNG, then the row, its cost and the event; finishes its flow and session if it was the last.
pub(super) async fn keep(
    tools: &Tools,
    lease: Option<&Lease>,
    asset: &Asset,
    request: &OutputRequest,
    products: &[Product],
    made: FinishedPicture,
) -> Result<(), Failure> {
    let (key, original_key) = keys(asset);
    let FinishedPicture { painted, prompt, sources } = made;
    let png = Bytes::from(paint::png(painted.bytes).await?.bytes);
    // The first worker wins: a slower one, whose lease has expired, uses the stored bytes.
    let first = put_new(tools, &original_key, &png).await?;
    let original = if first { png } else { tools.outside.files.get(&original_key).await? };
    let provenance = Provenance {
        request,
        seed: asset.settings.as_ref().and_then(|settings| settings.0.get("seed")),
        sources,
        cut_out: painted.cut_out,
        original_sha256: hex(&Sha256::digest(&original)),
    };
    let provenance = serde_json::to_value(provenance).unwrap_or_default();
    let original_bytes = i64::try_from(original.len()).unwrap_or(i64::MAX);
    let webp = paint::webp(original).await?;
    let mut bytes = Bytes::from(webp.bytes);
    if !put_new(tools, &key, &bytes).await? {
        bytes = tools.outside.files.get(&key).await?;
    }
    let (sha256, byte_size) = (hex(&Sha256::digest(&bytes)), i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let row = MadeOutput {
        key: &key,
        sha256: &sha256,
        mime_type: "image/webp",
        size: (pixels(webp.width), pixels(webp.height)),
        byte_size,
        original: (&original_key, original_bytes),
        model: &painted.model,
        prompt: &prompt,
        cost_usd_micros: painted.cost_usd_micros,
        provenance: &provenance,
    };
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    Lease::hold_if_any(lease, &mut tx).await?;
    if db::generation::mark_made(&mut tx, &asset.id, &row, now).await? {
        let tokens = painted.tokens.map(|tokens| (tokens.input, tokens.output));
        let paid = Paid { usd_micros: painted.cost_usd_micros, model: &painted.model, tokens };
        accounting::settle(tools, &mut tx, &asset.id, &paid).await?;
        let event = NewEvent {
            id: &tools.outside.new_id(),
            client: &asset.client_id,
            kind: EventType::Completed,
            flow: asset.generation_flow_id.as_ref(),
            product: products.first().map(|product| &product.id),
            asset: Some(&asset.id),
            user: None,
            metadata: Some(json!({ "model": painted.model, "cost_usd_micros": painted.cost_usd_micros })),
        };
        db::event::insert(&mut tx, &event, now).await?;
        finish_flow(tools, &mut tx, asset.generation_flow_id.as_ref()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Stores bytes that may have been paid for: a store that is busy for a moment does not lose them.
async fn put_new(tools: &Tools, key: &str, bytes: &Bytes) -> Result<bool, Failure> {
    for _ in 0..2 {
        match tools.outside.files.put_new(key, bytes.clone()).await {
            Err(error) if error.is_transient() => tools.outside.clock.sleep(Duration::from_secs(1)).await,
            other => return Ok(other?),
        }
    }
    Ok(tools.outside.files.put_new(key, bytes.clone()).await?)
}

/// Fails a picture: records why, and releases its reservation in the same transaction.
pub async fn give_up(tools: &Tools, tx: &mut Tx, id: &AssetId, client: &ClientId, why: &str) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    if !db::generation::mark_failed(tx, id, why, now).await? {
        return Ok(());
    }
    let asset = match db::asset::find(tx, id.as_str()).await? {
        Some(asset) => asset,
        // Deleted while in progress: its reservation is released all the same.
        None => db::asset::find_deleted(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?,
    };
    accounting::release(tools, tx, &asset).await?;
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
    finish_flow(tools, tx, asset.generation_flow_id.as_ref()).await
}

/// Finishes a flow without open pictures: completed if one was made, else failed; and its session if no flow is left.
pub(super) async fn finish_flow(tools: &Tools, tx: &mut Tx, flow: Option<&FlowId>) -> sqlx::Result<()> {
    let Some(flow) = flow else { return Ok(()) };
    let now = tools.outside.clock.now();
    if !db::generation::lock_flow(tx, flow, now).await? {
        return Ok(());
    }
    let progress = db::generation::get_progress(tx, flow).await?;
    if progress.open() > 0 {
        return Ok(());
    }
    let status = if progress.completed > 0 { FlowStatus::Completed } else { FlowStatus::Error };
    db::generation::mark_flow(tx, flow, status, now).await?;
    let session = db::flow::find(tx, flow).await?.and_then(|flow| flow.collection_session_id);
    match session {
        Some(session) => db::generation::finish_session(tx, &session, now).await,
        None => Ok(()),
    }
}
