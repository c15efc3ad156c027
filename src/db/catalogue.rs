//! The writes of an import: products, variants and pictures in bulk, and tombstones. Many rows per statement.

use sqlx::types::Json;

use super::{
    Tx, all, among,
    bulk::{self, Column, TextList, each},
    execute, scalar,
};
use crate::model::{
    ClientId, ConnectionId, ImageId, NormalImage, NormalProduct, NormalVariant, ProductId, ProductStatus, RunId, Time,
    UnreadableFormat, VariantId,
};

/// The stored row of a product that a page contains.
#[derive(Debug, sqlx::FromRow)]
pub struct KnownProduct {
    pub id: ProductId,
    pub erp_id: String,
    pub erp_hash: Option<String>,
    /// It has a tombstone.
    pub gone: bool,
}

/// The target of an import's writes.
pub struct ImportTarget<'a> {
    pub client: &'a ClientId,
    pub connection: &'a ConnectionId,
    pub run: &'a RunId,
    pub now: Time,
}

/// A product to write.
pub struct ProductRow<'a> {
    pub id: &'a ProductId,
    pub hash: &'a str,
    pub product: &'a NormalProduct,
}

/// A child row to write, with its product's id and its position in the list.
pub struct ChildRow<'a, Id, T> {
    pub id: Id,
    pub product: &'a ProductId,
    pub position: i32,
    pub value: &'a T,
    /// The currency of its product.
    pub currency: Option<&'a str>,
    /// The asset that this picture was made from, if it is one of our own pushes.
    pub asset: Option<&'a str>,
}

/// A stored child row.
#[derive(Debug, sqlx::FromRow)]
pub struct KnownChild {
    pub id: String,
    pub product_id: ProductId,
    pub external_id: String,
    /// It is the first picture of its product.
    pub is_primary: bool,
}

/// Plans this transaction's statements as an import needs them: they find their rows by a key, however large the tables are.
/// Their plans and those of the checks of foreign keys behind them are kept. By default each is planned anew, so that none
/// outlives a table that was empty: right for the lists, but it costs an import half of its time. And the pages of the
/// indices are in memory, as the import has just written them: by default a table of some ten thousand rows is read from
/// its beginning for each page of a catalogue.
pub async fn plan_by_keys(tx: &mut Tx) -> sqlx::Result<()> {
    const SETTINGS: &str =
        "SELECT set_config('plan_cache_mode', 'auto', true), set_config('random_page_cost', '1.1', true)";
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(_) => execute!(tx, SETTINGS).map(drop),
    }
}

/// Lists the stored rows of these products of a shop.
pub async fn list_known(tx: &mut Tx, connection: &ConnectionId, erp_ids: &[&str]) -> sqlx::Result<Vec<KnownProduct>> {
    let sql = among!(
        tx,
        "SELECT id, erp_id, erp_hash, erp_deleted_at IS NOT NULL AS gone FROM product \
         WHERE store_connection_id = $1 AND erp_id",
        "$2"
    );
    all!(tx, KnownProduct, sql, connection, TextList::new(erp_ids))
}

/// What an import changes in a product that exists. Fields that a person edited here stay unchanged.
const PRODUCT_EXISTS: &str = " ON CONFLICT (store_connection_id, erp_id) DO UPDATE SET \
     name = CASE WHEN CAST(product.edited_fields AS TEXT) LIKE '%\"name\"%' THEN product.name ELSE excluded.name END, \
     description = CASE WHEN CAST(product.edited_fields AS TEXT) LIKE '%\"description\"%' THEN product.description ELSE excluded.description END, \
     category = CASE WHEN CAST(product.edited_fields AS TEXT) LIKE '%\"category\"%' THEN product.category ELSE excluded.category END, \
     erp_sku = excluded.erp_sku, erp_url = excluded.erp_url, price = excluded.price, currency = excluded.currency, \
     erp_status = excluded.erp_status, erp_updated_at = excluded.erp_updated_at, erp_hash = excluded.erp_hash, \
     last_synced_at = excluded.last_synced_at, last_seen_run_id = excluded.last_seen_run_id, erp_deleted_at = NULL, \
     version = product.version + 1, updated_at = excluded.updated_at";

/// Upserts products by their id in the shop. Fields that a person edited here stay unchanged.
pub async fn upsert_products(tx: &mut Tx, to: &ImportTarget<'_>, rows: &[ProductRow<'_>]) -> sqlx::Result<()> {
    for rows in rows.chunks(bulk::ROWS) {
        let columns = [
            ("id", each(rows, |row| row.id.as_str())),
            ("client_id", Column::Same(to.client)),
            ("name", each(rows, |row| row.product.title.as_str())),
            ("description", each(rows, |row| row.product.description.as_deref())),
            ("category", each(rows, |row| row.product.category.as_deref())),
            ("source", Column::Sql("'imported'")),
            ("store_connection_id", Column::Same(to.connection)),
            ("erp_id", each(rows, |row| row.product.erp_id.as_str())),
            ("erp_sku", each(rows, |row| row.product.erp_sku.as_deref())),
            ("erp_url", each(rows, |row| row.product.erp_url.as_deref())),
            ("imported_at", Column::Same(&to.now)),
            ("price", each(rows, |row| row.product.price)),
            ("currency", each(rows, |row| row.product.currency.as_deref())),
            ("erp_status", each(rows, |row| row.product.status.map(ProductStatus::as_str))),
            ("erp_updated_at", each(rows, |row| row.product.updated_at)),
            ("erp_hash", each(rows, |row| row.hash)),
            ("last_synced_at", Column::Same(&to.now)),
            ("last_seen_run_id", Column::Same(to.run)),
            ("created_at", Column::Same(&to.now)),
            ("updated_at", Column::Same(&to.now)),
        ];
        bulk::insert(tx, "product", &columns, rows.len(), PRODUCT_EXISTS).await?;
    }
    Ok(())
}

/// Lists the stored variants of these products.
pub async fn list_known_variants(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    let sql = among!(
        tx,
        "SELECT id, product_id, erp_variant_id AS external_id, false AS is_primary FROM product_variant \
         WHERE erp_deleted_at IS NULL AND product_id",
        "$1"
    );
    all!(tx, KnownChild, sql, TextList::new(products))
}

/// Lists the stored pictures of these products that come from the shop.
pub async fn list_known_images(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    let sql = among!(
        tx,
        "SELECT id, product_id, external_image_id AS external_id, is_primary FROM product_image \
         WHERE external_image_id IS NOT NULL AND deleted_at IS NULL AND product_id",
        "$1"
    );
    all!(tx, KnownChild, sql, TextList::new(products))
}

/// Lists our own pushes to these products: `external_id` is the picture's id in the shop, `id` the asset's.
pub async fn list_own_pictures(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    let sql = among!(
        tx,
        "SELECT generated_asset_id AS id, product_id, external_image_id AS external_id, false AS is_primary \
         FROM asset_push WHERE external_image_id IS NOT NULL AND product_id",
        "$1"
    );
    all!(tx, KnownChild, sql, TextList::new(products))
}

/// Whether children may be in the database already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Siblings {
    /// Their products were made by this transaction: nothing can conflict.
    New,
    /// Those that are there already are updated, if they differ.
    Known,
}

impl Siblings {
    /// The end of an insert. On SQLite one text serves both, because a conflict costs nothing where there is none.
    fn end(self, tx: &Tx, exists: &'static str) -> &'static str {
        match (self, tx) {
            (Self::New, Tx::Postgres(_)) => "",
            _ => exists,
        }
    }
}

/// What an import changes in a variant that exists. One that is as it was costs no new row.
const VARIANT_EXISTS: &str = " ON CONFLICT (product_id, erp_variant_id) DO UPDATE SET erp_sku = excluded.erp_sku, \
     title = excluded.title, options = excluded.options, price = excluded.price, currency = excluded.currency, \
     erp_image_id = excluded.erp_image_id, position = excluded.position, erp_deleted_at = NULL, \
     updated_at = excluded.updated_at \
     WHERE product_variant.erp_deleted_at IS NOT NULL \
     OR product_variant.erp_sku IS DISTINCT FROM excluded.erp_sku \
     OR product_variant.title IS DISTINCT FROM excluded.title \
     OR product_variant.options IS DISTINCT FROM excluded.options \
     OR product_variant.price IS DISTINCT FROM excluded.price \
     OR product_variant.currency IS DISTINCT FROM excluded.currency \
     OR product_variant.erp_image_id IS DISTINCT FROM excluded.erp_image_id \
     OR product_variant.position IS DISTINCT FROM excluded.position";

/// Upserts variants; removes their tombstones.
pub async fn upsert_variants(
    tx: &mut Tx,
    to: &ImportTarget<'_>,
    rows: &[ChildRow<'_, VariantId, NormalVariant>],
    siblings: Siblings,
) -> sqlx::Result<()> {
    for rows in rows.chunks(bulk::ROWS) {
        let columns = [
            ("id", each(rows, |row| row.id.as_str())),
            ("product_id", each(rows, |row| row.product.as_str())),
            ("store_connection_id", Column::Same(to.connection)),
            ("erp_variant_id", each(rows, |row| row.value.id.as_str())),
            ("erp_sku", each(rows, |row| row.value.sku.as_deref())),
            ("title", each(rows, |row| row.value.title.as_deref())),
            ("options", each(rows, |row| Json(&row.value.options))),
            ("price", each(rows, |row| row.value.price)),
            ("currency", each(rows, |row| row.currency)),
            ("erp_image_id", each(rows, |row| row.value.image_id.as_deref())),
            ("position", each(rows, |row| row.position)),
            ("created_at", Column::Same(&to.now)),
            ("updated_at", Column::Same(&to.now)),
        ];
        let end = siblings.end(tx, VARIANT_EXISTS);
        bulk::insert(tx, "product_variant", &columns, rows.len(), end).await?;
    }
    Ok(())
}

/// What an import changes in a picture that exists. One that is as it was costs no new row.
const IMAGE_EXISTS: &str = " ON CONFLICT (product_id, external_image_id) DO UPDATE SET \
     sort_order = excluded.sort_order, is_primary = excluded.is_primary, sync_status = 'synced', \
     original_store_url = excluded.original_store_url, \
     generated_asset_id = COALESCE(excluded.generated_asset_id, product_image.generated_asset_id), \
     mime_type = CASE WHEN product_image.sha256 IS NOT NULL OR (excluded.mime_type IS NULL \
     AND product_image.original_store_url = excluded.original_store_url) \
     THEN product_image.mime_type ELSE excluded.mime_type END, \
     alt_text = excluded.alt_text, deleted_at = NULL, version = product_image.version + 1, \
     updated_at = excluded.updated_at \
     WHERE product_image.deleted_at IS NOT NULL OR product_image.sync_status <> 'synced' \
     OR product_image.sort_order IS DISTINCT FROM excluded.sort_order \
     OR product_image.is_primary IS DISTINCT FROM excluded.is_primary \
     OR product_image.original_store_url IS DISTINCT FROM excluded.original_store_url \
     OR product_image.alt_text IS DISTINCT FROM excluded.alt_text \
     OR (excluded.mime_type IS NOT NULL AND product_image.sha256 IS NULL \
     AND product_image.mime_type IS DISTINCT FROM excluded.mime_type) \
     OR product_image.generated_asset_id IS DISTINCT FROM COALESCE(excluded.generated_asset_id, product_image.generated_asset_id)";

/// Upserts pictures by the shop's ids. Fetches no bytes: `original_store_url` is used unless a copy is stored under the usual
/// key, which is not written to each row.
pub async fn upsert_images(
    tx: &mut Tx,
    to: &ImportTarget<'_>,
    rows: &[ChildRow<'_, ImageId, NormalImage>],
    siblings: Siblings,
) -> sqlx::Result<()> {
    for rows in rows.chunks(bulk::ROWS) {
        let columns = [
            ("id", each(rows, |row| row.id.as_str())),
            ("product_id", each(rows, |row| row.product.as_str())),
            ("r2_key_base", Column::Sql("''")),
            ("sort_order", each(rows, |row| row.position)),
            ("is_primary", each(rows, |row| row.position == 0)),
            ("sync_status", Column::Sql("'synced'")),
            ("external_image_id", each(rows, |row| row.value.id.as_str())),
            ("original_store_url", each(rows, |row| row.value.url.as_str())),
            ("generated_asset_id", each(rows, |row| row.asset)),
            (
                "mime_type",
                each(rows, |row| UnreadableFormat::of_address(&row.value.url).map(|format| format.mime_type)),
            ),
            ("alt_text", each(rows, |row| row.value.alt.as_deref())),
            ("created_at", Column::Same(&to.now)),
            ("updated_at", Column::Same(&to.now)),
        ];
        let end = siblings.end(tx, IMAGE_EXISTS);
        bulk::insert(tx, "product_image", &columns, rows.len(), end).await?;
    }
    Ok(())
}

/// Clears the primary flag of these products' pictures: the next write sets it again.
pub async fn clear_primary(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<()> {
    let sql = among!(tx, "UPDATE product_image SET is_primary = false WHERE is_primary AND product_id", "$1");
    execute!(tx, sql, TextList::new(products)).map(drop)
}

/// Tombstones variants that the shop no longer has.
pub async fn mark_variants_gone(tx: &mut Tx, ids: &[&str], now: Time) -> sqlx::Result<()> {
    let sql = among!(tx, "UPDATE product_variant SET erp_deleted_at = $1 WHERE id", "$2");
    execute!(tx, sql, now, TextList::new(ids)).map(drop)
}

/// Tombstones pictures that the shop no longer has.
pub async fn mark_images_gone(tx: &mut Tx, ids: &[&str], now: Time) -> sqlx::Result<()> {
    let sql = among!(
        tx,
        "UPDATE product_image SET is_primary = false, sync_status = 'removed', deleted_at = $1 WHERE id",
        "$2"
    );
    execute!(tx, sql, now, TextList::new(ids)).map(drop)
}

/// Tombstones every variant of products that are still to be rewritten: those without a hash.
pub async fn mark_all_variants_gone(tx: &mut Tx, products: &[&ProductId], now: Time) -> sqlx::Result<()> {
    let sql = among!(
        tx,
        "UPDATE product_variant SET erp_deleted_at = $1 WHERE erp_deleted_at IS NULL \
         AND '' = (SELECT p.erp_hash FROM product p WHERE p.id = product_variant.product_id) AND product_id",
        "$2"
    );
    execute!(tx, sql, now, TextList::new(products)).map(drop)
}

/// The same for every picture that came from the shop.
pub async fn mark_all_images_gone(tx: &mut Tx, products: &[&ProductId], now: Time) -> sqlx::Result<()> {
    let sql = among!(
        tx,
        "UPDATE product_image SET is_primary = false, sync_status = 'removed', deleted_at = $1 \
         WHERE external_image_id IS NOT NULL AND deleted_at IS NULL \
         AND '' = (SELECT p.erp_hash FROM product p WHERE p.id = product_image.product_id) AND product_id",
        "$2"
    );
    execute!(tx, sql, now, TextList::new(products)).map(drop)
}

/// Stores the hash of a product that was still to be rewritten.
pub async fn update_hash(tx: &mut Tx, product: &ProductId, hash: &str) -> sqlx::Result<()> {
    execute!(tx, "UPDATE product SET erp_hash = $2 WHERE id = $1 AND erp_hash = ''", product, hash).map(drop)
}

/// Counts a shop's products that have variants, and those that have pictures from the shop.
pub async fn count_with_children(tx: &mut Tx, connection: &ConnectionId) -> sqlx::Result<(i64, i64)> {
    let sql = "SELECT count(DISTINCT v.product_id) FROM product_variant v JOIN product p ON p.id = v.product_id \
               WHERE p.store_connection_id = $1 AND p.erp_deleted_at IS NULL AND v.erp_deleted_at IS NULL";
    let with_variants = scalar!(tx, i64, sql, connection)?.unwrap_or(0);
    let sql = "SELECT count(DISTINCT i.product_id) FROM product_image i JOIN product p ON p.id = i.product_id \
               WHERE p.store_connection_id = $1 AND p.erp_deleted_at IS NULL AND i.deleted_at IS NULL \
               AND i.external_image_id IS NOT NULL";
    Ok((with_variants, scalar!(tx, i64, sql, connection)?.unwrap_or(0)))
}

/// Tombstones products that the shop no longer has. They are never deleted: assets and approvals refer to them.
pub async fn mark_products_gone(tx: &mut Tx, ids: &[&ProductId], now: Time) -> sqlx::Result<()> {
    let sql = among!(
        tx,
        "UPDATE product SET erp_status = 'deleted', erp_hash = NULL, version = version + 1, updated_at = $1, \
         erp_deleted_at = $1 WHERE erp_deleted_at IS NULL AND id",
        "$2"
    );
    execute!(tx, sql, now, TextList::new(ids)).map(drop)
}

/// Lists a shop's products without a tombstone after `after`, by their id in the shop: the order in which tombstoning
/// scans them, along one index.
pub async fn list_living(tx: &mut Tx, connection: &ConnectionId, after: &str, limit: i64) -> sqlx::Result<Vec<Living>> {
    let sql = "SELECT id, erp_id FROM product WHERE store_connection_id = $1 AND erp_id > $2 AND erp_deleted_at IS NULL \
               ORDER BY erp_id LIMIT $3";
    all!(tx, Living, sql, connection, after, limit)
}

/// A product without a tombstone.
#[derive(Debug, sqlx::FromRow)]
pub struct Living {
    pub id: ProductId,
    pub erp_id: String,
}

/// Records that a picture in a product's gallery is one of our own pushes; does nothing if no import has read it yet.
pub async fn mark_own_picture(
    tx: &mut Tx,
    product: &ProductId,
    external_image_id: &str,
    asset: &str,
) -> sqlx::Result<()> {
    let sql = "UPDATE product_image SET generated_asset_id = $3 WHERE product_id = $1 AND external_image_id = $2";
    execute!(tx, sql, product, external_image_id, asset).map(drop)
}
