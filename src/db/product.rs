//! Products as people read and link them. `catalogue` has the writes of imports.

use serde_json::Value;
use sqlx::types::Json;

use super::{Tx, all, among, bulk::TextList, execute, maybe};
use crate::model::{ClientId, ConnectionId, Image, ImageId, Product, ProductId, Time, Variant};

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, name, description, category, is_favorite, source, store_connection_id, erp_id, erp_sku, erp_url, \
             price, currency, erp_status, erp_updated_at, imported_at, last_synced_at, last_seen_run_id, erp_deleted_at, \
             version, created_at, updated_at FROM product ",
            $rest
        )
    };
}

/// Which products to list.
#[derive(Default)]
pub struct ProductFilter {
    pub client: Option<ClientId>,
    pub connection: Option<ConnectionId>,
    pub sku: Option<String>,
    /// Include products with a tombstone.
    pub with_deleted: bool,
    /// Only products after this one.
    pub after: Option<ProductId>,
}

/// Returns a product.
pub async fn find(tx: &mut Tx, id: &str) -> sqlx::Result<Option<Product>> {
    maybe!(tx, Product, columns!("WHERE id = $1"), id)
}

/// Lists products, oldest first.
pub async fn list(tx: &mut Tx, filter: &ProductFilter, limit: i64) -> sqlx::Result<Vec<Product>> {
    let sql = columns!(
        "WHERE ($1 = '' OR client_id = $1) AND ($2 = '' OR store_connection_id = $2) AND ($3 = '' OR erp_sku = $3) \
         AND ($4 OR erp_deleted_at IS NULL) AND id > $5 ORDER BY id LIMIT $6"
    );
    let client = filter.client.as_ref().map_or("", ClientId::as_str);
    let connection = filter.connection.as_ref().map_or("", ConnectionId::as_str);
    let after = filter.after.as_ref().map_or("", ProductId::as_str);
    all!(tx, Product, sql, client, connection, filter.sku.as_deref().unwrap_or(""), filter.with_deleted, after, limit)
}

/// Lists the variants of a product in the shop's order, tombstones included.
pub async fn list_variants(tx: &mut Tx, product: &ProductId) -> sqlx::Result<Vec<Variant>> {
    let sql = "SELECT id, product_id, erp_variant_id, erp_sku, title, options, price, currency, erp_image_id, position, \
               erp_deleted_at FROM product_variant WHERE product_id = $1 ORDER BY position, id";
    all!(tx, Variant, sql, product)
}

/// Lists the pictures of a product in the shop's order, tombstones included.
pub async fn list_images(tx: &mut Tx, product: &ProductId) -> sqlx::Result<Vec<Image>> {
    let sql = "SELECT id, product_id, sort_order, is_primary, sync_status, external_image_id, r2_key_base, original_store_url, \
               generated_asset_id, mime_type, alt_text, deleted_at FROM product_image WHERE product_id = $1 ORDER BY sort_order, id";
    all!(tx, Image, sql, product)
}

/// Returns a shop's product by its id there.
pub async fn find_by_erp_id(tx: &mut Tx, connection: &ConnectionId, erp_id: &str) -> sqlx::Result<Option<Product>> {
    maybe!(tx, Product, columns!("WHERE store_connection_id = $1 AND erp_id = $2"), connection, erp_id)
}

/// Links an uploaded product to the shop's product `erp_id`: it is imported from now on and may be pushed to. `false`
/// if it is already imported or belongs to another client.
pub async fn link(
    tx: &mut Tx,
    product: &ProductId,
    connection: &ConnectionId,
    erp_id: &str,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE product SET source = 'imported', store_connection_id = $2, erp_id = $3, imported_at = $4, \
               erp_hash = NULL, version = version + 1, updated_at = $4 WHERE id = $1 AND source = 'uploaded' \
               AND client_id = (SELECT client_id FROM store_connection WHERE id = $2)";
    Ok(execute!(tx, sql, product, connection, erp_id, now)? == 1)
}

/// An uploaded product.
pub struct UploadedProduct<'a> {
    pub id: &'a ProductId,
    pub client: &'a ClientId,
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub category: Option<&'a str>,
}

/// Inserts an uploaded product.
pub async fn insert(tx: &mut Tx, new: &UploadedProduct<'_>, now: Time) -> sqlx::Result<()> {
    let sql = "INSERT INTO product (id, client_id, name, description, category, source, version, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, 'uploaded', 1, $6, $6)";
    execute!(tx, sql, new.id, new.client, new.name, new.description, new.category, now).map(drop)
}

/// A picture of an uploaded product.
pub struct NewImage {
    pub id: ImageId,
    /// Object key of its bytes.
    pub key: String,
    pub mime_type: &'static str,
    pub sha256: String,
    pub size: (i32, i32),
}

/// Inserts a picture of an uploaded product; the first one is primary.
pub async fn insert_image(
    tx: &mut Tx,
    product: &ProductId,
    image: &NewImage,
    place: i32,
    now: Time,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO product_image (id, product_id, r2_key_base, sort_order, is_primary, sync_status, sha256, mime_type, \
               width, height, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'local', $6, $7, $8, $9, 1, $10, $10)";
    let (width, height) = image.size;
    let (sha256, kind) = (&image.sha256, image.mime_type);
    execute!(tx, sql, &image.id, product, &image.key, place, place == 0, sha256, kind, width, height, now).map(drop)
}

/// Records in which unreadable format a shop's picture was fetched, or that it can be read.
pub async fn mark_format(tx: &mut Tx, image: &ImageId, mime_type: Option<&str>) -> sqlx::Result<()> {
    let sql = "UPDATE product_image SET mime_type = $2 WHERE id = $1 AND external_image_id IS NOT NULL";
    execute!(tx, sql, image, mime_type).map(drop)
}

/// The analysis of a product.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct StoredAnalysis {
    pub analysis_data: Option<Json<Value>>,
    pub analysis_version: Option<String>,
    pub analyzed_at: Option<Time>,
}

/// Returns the analysis of a product; the default if there is none.
pub async fn find_analysis(tx: &mut Tx, product: &ProductId) -> sqlx::Result<StoredAnalysis> {
    let sql = "SELECT analysis_data, analysis_version, analyzed_at FROM product WHERE id = $1";
    Ok(maybe!(tx, StoredAnalysis, sql, product)?.unwrap_or_default())
}

/// Returns those of these products that have no analysis.
pub async fn list_unseen(tx: &mut Tx, products: &[ProductId]) -> sqlx::Result<Vec<ProductId>> {
    let sql = among!(tx, "SELECT id FROM product WHERE analyzed_at IS NULL AND id", "$1", " ORDER BY id");
    Ok(all!(tx, (ProductId,), sql, TextList::new(products))?.into_iter().map(|(id,)| id).collect())
}

/// Deletes the analysis of a product.
pub async fn forget_analysis(tx: &mut Tx, product: &ProductId) -> sqlx::Result<()> {
    let sql = "UPDATE product SET analysis_data = NULL, analysis_version = NULL, analyzed_at = NULL WHERE id = $1";
    execute!(tx, sql, product).map(drop)
}

/// Stores the analysis of a product. Its version stays: nobody edited it.
pub async fn mark_analysed(
    tx: &mut Tx,
    product: &ProductId,
    analysis: &Value,
    version: &str,
    now: Time,
) -> sqlx::Result<bool> {
    let sql = "UPDATE product SET analysis_data = $2, analysis_version = $3, analyzed_at = $4 WHERE id = $1";
    Ok(execute!(tx, sql, product, Json(analysis), version, now)? == 1)
}

/// Returns those of these products that do not belong to the client.
pub async fn list_foreign(tx: &mut Tx, client: &ClientId, products: &[ProductId]) -> sqlx::Result<Vec<ProductId>> {
    let sql = among!(tx, "SELECT id FROM product WHERE client_id = $1 AND id", "$2");
    let own = all!(tx, (ProductId,), sql, client, TextList::new(products))?;
    Ok(products.iter().filter(|product| !own.iter().any(|(id,)| id == *product)).cloned().collect())
}
