//! Generated outputs, their approval, and the products they show.

use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{Tx, all, bulk::TextList, execute, maybe};
use crate::model::{
    ApprovalStatus, Asset, AssetId, AssetInput, AssetStatus, ClientId, FlowId, Product, ProductId, SessionId, Time,
};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, generation_flow_id, chat_session_id, asset_url, asset_type, status, prompt, \
             approval_status, approved_at, approved_by, approval_note, error, settings, sha256, mime_type, width, height, byte_size, \
             original_asset_url, original_byte_size, model, cost_usd_micros, request, provenance, asset_analysis, analysis_version, job_id, \
             created_at, updated_at, completed_at FROM generated_asset ",
            $rest
        )
    };
}

/// A finished picture.
pub struct NewAsset<'a> {
    pub id: &'a AssetId,
    pub client: &'a ClientId,
    /// Object key of its bytes.
    pub key: &'a str,
    pub sha256: &'a str,
    pub mime_type: &'a str,
    pub size: (i32, i32),
    pub byte_size: i64,
}

/// Inserts a finished picture, pending approval.
pub async fn insert(tx: &mut Tx, asset: &NewAsset<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO generated_asset (id, client_id, asset_url, asset_type, status, approval_status, sha256, mime_type, \
               width, height, byte_size, created_at, updated_at, completed_at) \
               VALUES ($1, $2, $3, 'image', 'completed', 'pending', $4, $5, $6, $7, $8, $9, $9, $9)";
    execute!(
        tx,
        sql,
        asset.id,
        asset.client,
        asset.key,
        asset.sha256,
        asset.mime_type,
        asset.size.0,
        asset.size.1,
        asset.byte_size,
        now,
    )
    .map(drop)
}

/// Links a product to an asset that shows it. Both must belong to the same client; `false` otherwise, or if the link
/// exists.
pub async fn link_product(
    tx: &mut Tx,
    id: &str,
    asset: &AssetId,
    product: &ProductId,
    primary: bool,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary, created_at) \
               SELECT $1, a.id, p.id, $4, $5 FROM generated_asset a JOIN product p ON p.client_id = a.client_id \
               WHERE a.id = $2 AND p.id = $3 ON CONFLICT (generated_asset_id, product_id) DO NOTHING";
    Ok(execute!(tx, sql, id, asset, product, primary, now)? == 1)
}

/// Returns an asset that is not deleted.
pub async fn find(tx: &mut Tx, id: &str) -> sqlx::Result<Option<Asset>> {
    maybe!(tx, Asset, columns!("WHERE id = $1 AND deleted_at IS NULL"), id)
}

/// Returns an asset that is deleted.
pub async fn find_deleted(tx: &mut Tx, id: &AssetId) -> sqlx::Result<Option<Asset>> {
    maybe!(tx, Asset, columns!("WHERE id = $1 AND deleted_at IS NOT NULL"), id)
}

/// Which assets to list.
#[derive(Default)]
pub struct AssetFilter {
    pub client: Option<ClientId>,
    pub approval: Option<ApprovalStatus>,
    pub product: Option<ProductId>,
    pub flow: Option<FlowId>,
    pub session: Option<SessionId>,
    pub status: Option<AssetStatus>,
    /// The exact `style` of its settings.
    pub style: Option<String>,
    /// Only assets after this one.
    pub after: Option<AssetId>,
}

/// Assets, oldest first.
pub async fn list(tx: &mut Tx, filter: &AssetFilter, limit: i64) -> sqlx::Result<Vec<Asset>> {
    let sql = columns!(
        "WHERE deleted_at IS NULL AND ($1 = '' OR client_id = $1) AND ($2 = '' OR approval_status = $2) \
         AND ($3 = '' OR id IN (SELECT generated_asset_id FROM generated_asset_product WHERE product_id = $3)) \
         AND id > $4 AND ($6 = '' OR generation_flow_id = $6) AND ($7 = '' OR status = $7) \
         AND ($8 = '' OR settings ->> 'style' = $8) AND ($9 = '' OR generation_flow_id IN \
         (SELECT f.id FROM generation_flow f WHERE f.collection_session_id = $9)) ORDER BY id LIMIT $5"
    );
    let session = filter.session.as_ref().map_or("", SessionId::as_str);
    let (status, style) = (filter.status.map_or("", AssetStatus::as_str), filter.style.as_deref().unwrap_or(""));
    let flow = filter.flow.as_ref().map_or("", FlowId::as_str);
    let client = filter.client.as_ref().map_or("", ClientId::as_str);
    let product = filter.product.as_ref().map_or("", ProductId::as_str);
    let after = filter.after.as_ref().map_or("", AssetId::as_str);
    all!(
        tx,
        Asset,
        sql,
        client,
        filter.approval.map_or("", ApprovalStatus::as_str),
        product,
        after,
        limit,
        flow,
        status,
        style,
        session
    )
}

/// Records a decision; `false` if it is already recorded (the time of the first one stays).
pub async fn mark_approval(
    tx: &mut Tx,
    id: &AssetId,
    decision: ApprovalStatus,
    note: Option<&str>,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET approval_status = $2, approved_at = $3, approval_note = $4, updated_at = $3 \
               WHERE id = $1 AND approval_status <> $2 AND status = 'completed' AND deleted_at IS NULL";
    Ok(execute!(tx, sql, id, decision, now, note)? == 1)
}

/// Lists the products that an asset shows, the primary one first.
pub async fn list_products(tx: &mut Tx, asset: &AssetId) -> sqlx::Result<Vec<Product>> {
    let sql = "SELECT p.id, p.client_id, p.name, p.description, p.category, p.is_favorite, p.source, p.store_connection_id, p.erp_id, \
               p.erp_sku, p.erp_url, p.price, p.currency, p.erp_status, p.erp_updated_at, p.imported_at, p.last_synced_at, \
               p.last_seen_run_id, p.erp_deleted_at, p.version, p.created_at, p.updated_at \
               FROM generated_asset_product l JOIN product p ON p.id = l.product_id \
               WHERE l.generated_asset_id = $1 ORDER BY l.is_primary DESC, l.id";
    all!(tx, Product, sql, asset)
}

/// Updates the given fields, of those a person may set; bytes and approval have functions of their own.
pub async fn update(
    tx: &mut Tx,
    id: &AssetId,
    flow: Option<&FlowId>,
    prompt: Option<&str>,
    settings: Option<&Map<String, Value>>,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET generation_flow_id = coalesce($2, generation_flow_id), prompt = coalesce($3, prompt), \
               settings = coalesce($4, settings), updated_at = $5 WHERE id = $1 AND deleted_at IS NULL AND ($6 OR EXISTS \
               (SELECT 1 FROM generation_flow f WHERE f.id = $2 AND f.client_id = generated_asset.client_id AND f.deleted_at IS NULL))";
    Ok(execute!(tx, sql, id, flow, prompt, settings.map(Json), now, flow.is_none())? == 1)
}

/// Stores the analysis of an asset.
pub async fn mark_analysed(
    tx: &mut Tx,
    id: &AssetId,
    analysis: &Value,
    version: &str,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET asset_analysis = $2, analysis_version = $3, updated_at = $4 WHERE id = $1";
    Ok(execute!(tx, sql, id, Json(analysis), version, now)? == 1)
}

/// Returns those of these object keys that an output uses, deleted outputs included.
pub async fn list_known_keys(tx: &mut Tx, keys: &[&str]) -> sqlx::Result<Vec<String>> {
    let sql = match tx {
        Tx::Sqlite(_) => {
            "SELECT asset_url, original_asset_url FROM generated_asset \
             WHERE asset_url IN (SELECT value FROM json_each($1)) OR original_asset_url IN (SELECT value FROM json_each($1))"
        }
        Tx::Postgres(_) => {
            "SELECT asset_url, original_asset_url FROM generated_asset \
             WHERE asset_url = ANY($1) OR original_asset_url = ANY($1)"
        }
    };
    let rows = all!(tx, (Option<String>, Option<String>), sql, TextList::new(keys))?;
    Ok(rows.into_iter().flat_map(|(asset, original)| [asset, original]).flatten().collect())
}

/// Lists outputs deleted before `before` whose bytes still exist.
pub async fn list_deleted_bytes(tx: &mut Tx, before: Time, limit: i64) -> sqlx::Result<Vec<Asset>> {
    let sql = columns!("WHERE deleted_at < $1 AND byte_size IS NOT NULL AND NOT from_legacy ORDER BY id LIMIT $2");
    all!(tx, Asset, sql, before, limit)
}

/// Records that a deleted output's bytes are gone.
pub async fn mark_without_bytes(tx: &mut Tx, id: &AssetId) -> sqlx::Result<()> {
    let sql = "UPDATE generated_asset SET byte_size = NULL, original_byte_size = NULL WHERE id = $1 AND deleted_at IS NOT NULL";
    execute!(tx, sql, id).map(drop)
}

/// Soft-deletes an output; the row stays, because pushes and the older application refer to it.
pub async fn delete(tx: &mut Tx, id: &AssetId, now: Time) -> sqlx::Result<bool> {
    let sql = "UPDATE generated_asset SET deleted_at = $2, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    Ok(execute!(tx, sql, id, now)? == 1)
}

/// Inserts an output whose bytes are already at a key or URL, pending approval; `false` if the flow belongs to
/// another client.
pub async fn insert_known(
    tx: &mut Tx,
    id: &AssetId,
    client: &ClientId,
    input: &AssetInput,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO generated_asset (id, client_id, generation_flow_id, asset_url, asset_type, status, prompt, settings, \
               product_ids, approval_status, created_at, updated_at, completed_at, from_legacy) \
               SELECT $1, c.id, $3, $4, 'image', 'completed', $5, $6, $7, 'pending', $8, $8, $8, false FROM client c WHERE c.id = $2 \
               AND ($9 OR EXISTS (SELECT 1 FROM generation_flow f WHERE f.id = $3 AND f.client_id = c.id AND f.deleted_at IS NULL))";
    let flow = input.generation_flow_id.as_ref();
    let (settings, products) = (input.settings.as_ref().map(Json), input.product_ids.as_ref().map(Json));
    let (url, prompt) = (input.asset_url.as_deref(), input.prompt.as_deref());
    Ok(execute!(tx, sql, id, client, flow, url, prompt, settings, products, now, flow.is_none())? == 1)
}
