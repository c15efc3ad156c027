//! Keeps a finished picture: the bytes first, then the row. A row without its picture would be worse than a picture without its row.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{accounting, run::hold};
use crate::{
    db::{self, Tx, event::NewEvent, generation::MadeOutput, ledger::Paid},
    model::{Asset, AssetId, ClientId, EventType, Failure, FailureKind, FlowId, FlowStatus, Product},
    outside,
    tools::{Lease, Tools},
    vault::hex,
};

/// A finished picture, whoever made it.
pub(super) struct FinishedPicture {
    pub bytes: Bytes,
    pub model: String,
    /// Millionths of a US dollar.
    pub cost_usd_micros: i64,
    pub tokens: Option<(i64, i64)>,
    /// What that was told.
    pub prompt: String,
    /// What it was made of.
    pub provenance: Value,
}

/// The keys of an output: what is shown, and the PNG it was made from.
fn keys(asset: &Asset) -> (String, String) {
    // As it was ordered: a flow that is deleted meanwhile does not move the bytes.
    let ordered = asset.provenance.as_ref().and_then(|json| json.0["flow"].as_str());
    let flow = ordered.or(asset.generation_flow_id.as_ref().map(FlowId::as_str)).unwrap_or("none");
    let stem = format!("clients/{}/generations/{flow}/assets/{}", asset.client_id, asset.id);
    (format!("{stem}.webp"), format!("{stem}_original.png"))
}

/// The picture that an earlier attempt finished and whose row it could not write any more: it is not made, nor paid for, twice.
pub(super) async fn load_unfinished(tools: &Tools, asset: &Asset) -> Result<Option<Bytes>, Failure> {
    match tools.outside.files.get(&keys(asset).1).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(crate::outside::FileError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Keeps it as WebP and PNG, then writes the row, what it cost, and the event; closes its flow and session where it was the last.
pub(super) async fn keep(
    tools: &Tools,
    lease: Option<&Lease>,
    (asset, products): (&Asset, &[Product]),
    made: FinishedPicture,
) -> Result<(), Failure> {
    let (key, original_key) = keys(asset);
    let png = Bytes::from(off_thread(made.bytes, |bytes| store_sync_studio::png(bytes).map(|png| png.bytes)).await?);
    // Whoever is first has made it: a slower worker, whose lease had ended, uses what is there.
    let first = put_new(tools, &original_key, &png).await?;
    let original = if first { png } else { tools.outside.files.get(&original_key).await? };
    let mut provenance = made.provenance;
    provenance["original_sha256"] = hex(&Sha256::digest(&original)).into();
    let original_bytes = i64::try_from(original.len()).unwrap_or(i64::MAX);
    let webp = off_thread(original, store_sync_studio::webp).await?;
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
        model: &made.model,
        prompt: &made.prompt,
        cost_usd_micros: made.cost_usd_micros,
        provenance: &provenance,
    };
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    hold(lease, &mut tx).await?;
    if db::generation::mark_made(&mut tx, &asset.id, &row, now).await? {
        let paid = Paid { usd_micros: made.cost_usd_micros, model: &made.model, tokens: made.tokens };
        accounting::settle(tools, &mut tx, &asset.id, &paid).await?;
        let event = NewEvent {
            id: &tools.outside.new_id(),
            client: &asset.client_id,
            kind: EventType::Completed,
            flow: asset.generation_flow_id.as_ref(),
            product: products.first().map(|product| &product.id),
            asset: Some(&asset.id),
            user: None,
            metadata: Some(json!({ "model": made.model, "cost_usd_micros": made.cost_usd_micros })),
        };
        db::event::insert(&mut tx, &event, now).await?;
        finish_flow(tools, &mut tx, asset.generation_flow_id.as_ref()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps bytes that may have been paid for: a store that is busy for a moment does not lose them.
async fn put_new(tools: &Tools, key: &str, bytes: &Bytes) -> Result<bool, Failure> {
    for _ in 0..2 {
        match tools.outside.files.put_new(key, bytes.clone()).await {
            Err(error) if error.is_transient() => tools.outside.clock.sleep(Duration::from_secs(1)).await,
            other => return Ok(other?),
        }
    }
    Ok(tools.outside.files.put_new(key, bytes.clone()).await?)
}

/// Pixels are worked on beside the threads that serve others.
pub(super) async fn off_thread<T: Send + 'static>(
    bytes: Bytes,
    work: impl FnOnce(&[u8]) -> Result<T, store_sync_studio::StudioError> + Send + 'static,
) -> Result<T, Failure> {
    let done = outside::off_thread(move || work(&bytes)).await;
    let done = done.map_err(|e| Failure::new(FailureKind::StudioInterrupted, format!("the studio broke off: {e}")))?;
    done.map_err(|e| Failure::new(FailureKind::Studio, e.to_string()))
}

/// A picture that cannot be made: says why, and gives the client's count and the money back. In the transaction that ends its job.
pub async fn give_up(tools: &Tools, tx: &mut Tx, id: &AssetId, client: &ClientId, why: &str) -> sqlx::Result<()> {
    let now = tools.outside.clock.now();
    if !db::generation::mark_failed(tx, id, why, now).await? {
        return Ok(());
    }
    let asset = match db::asset::find(tx, id.as_str()).await? {
        Some(asset) => asset,
        // Deleted while it was on its way: what was reserved is free all the same.
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

/// A flow has ended when none of its pictures is under way: well, if one was made. So has its session, when that was its last flow.
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
