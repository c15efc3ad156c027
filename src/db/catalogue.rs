//! The writes of an import: products, variants and pictures in bulk, and tombstones. Many rows per statement.

use sqlx::types::Json;

use super::{Tx, all, build, execute, scalar};
use crate::model::{
    ClientId, ConnectionId, ImageId, NormalImage, NormalProduct, NormalVariant, ProductId, RunId, Time,
    UnreadableFormat, VariantId,
};

/// The most parameters of a statement; SQLite allows 32,766.
const MAX_BINDS: usize = 30_000;

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
    /// The asset that this picture was made from, if it is one of our own pushes.
    pub asset: Option<&'a str>,
}

/// A stored child row.
#[derive(Debug, sqlx::FromRow)]
pub struct KnownChild {
    pub id: String,
    pub product_id: ProductId,
    pub external_id: String,
}

/// Lists the stored rows of these products of a shop.
pub async fn list_known(tx: &mut Tx, connection: &ConnectionId, erp_ids: &[&str]) -> sqlx::Result<Vec<KnownProduct>> {
    let mut known = Vec::with_capacity(erp_ids.len());
    for chunk in erp_ids.chunks(MAX_BINDS - 2) {
        known.extend(build!(tx, |q| {
            q.push("SELECT id, erp_id, erp_hash, erp_deleted_at IS NOT NULL AS gone FROM product WHERE store_connection_id = ");
            q.push_bind(connection);
            q.push(" AND erp_id IN (");
            let mut list = q.separated(", ");
            for erp_id in chunk {
                list.push_bind(*erp_id);
            }
            q.push(")");
        }, all KnownProduct)?);
    }
    Ok(known)
}

/// Upserts products by their id in the shop. Fields that a person edited here stay unchanged.
pub async fn upsert_products(tx: &mut Tx, to: &ImportTarget<'_>, rows: &[ProductRow<'_>]) -> sqlx::Result<()> {
    for chunk in rows.chunks(MAX_BINDS / 20) {
        build!(
            tx,
            |q| {
                q.push(
                "INSERT INTO product (id, client_id, name, description, category, source, store_connection_id, erp_id, \
                 erp_sku, erp_url, imported_at, price, currency, erp_status, erp_updated_at, erp_hash, last_synced_at, \
                 last_seen_run_id, created_at, updated_at) ",
            );
                q.push_values(chunk, |mut row, item| {
                    let p = item.product;
                    row.push_bind(item.id).push_bind(to.client).push_bind(&p.title).push_bind(&p.description);
                    row.push_bind(&p.category).push("'imported'").push_bind(to.connection).push_bind(&p.erp_id);
                    row.push_bind(&p.erp_sku).push_bind(&p.erp_url).push_bind(to.now).push_bind(p.price);
                    row.push_bind(&p.currency).push_bind(p.status).push_bind(p.updated_at).push_bind(item.hash);
                    row.push_bind(to.now).push_bind(to.run).push_bind(to.now).push_bind(to.now);
                });
                q.push(
                " ON CONFLICT (store_connection_id, erp_id) DO UPDATE SET \
                 name = CASE WHEN CAST(product.edited_fields AS TEXT) LIKE '%\"name\"%' THEN product.name ELSE excluded.name END, \
                 description = CASE WHEN CAST(product.edited_fields AS TEXT) LIKE '%\"description\"%' THEN product.description ELSE excluded.description END, \
                 category = CASE WHEN CAST(product.edited_fields AS TEXT) LIKE '%\"category\"%' THEN product.category ELSE excluded.category END, \
                 erp_sku = excluded.erp_sku, erp_url = excluded.erp_url, price = excluded.price, currency = excluded.currency, \
                 erp_status = excluded.erp_status, erp_updated_at = excluded.erp_updated_at, erp_hash = excluded.erp_hash, \
                 last_synced_at = excluded.last_synced_at, last_seen_run_id = excluded.last_seen_run_id, erp_deleted_at = NULL, \
                 version = product.version + 1, updated_at = excluded.updated_at",
            );
            },
            execute
        )?;
    }
    Ok(())
}

/// Lists the stored variants of these products.
pub async fn list_known_variants(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    list_children(
        tx,
        "SELECT id, product_id, erp_variant_id AS external_id FROM product_variant WHERE erp_deleted_at IS NULL AND product_id IN (",
        products,
    )
    .await
}

/// Lists the stored pictures of these products that come from the shop.
pub async fn list_known_images(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    list_children(
        tx,
        "SELECT id, product_id, external_image_id AS external_id FROM product_image \
         WHERE external_image_id IS NOT NULL AND deleted_at IS NULL AND product_id IN (",
        products,
    )
    .await
}

/// Lists our own pushes to these products: `external_id` is the picture's id in the shop, `id` the asset's.
pub async fn list_own_pictures(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    list_children(
        tx,
        "SELECT generated_asset_id AS id, product_id, external_image_id AS external_id FROM asset_push \
         WHERE external_image_id IS NOT NULL AND product_id IN (",
        products,
    )
    .await
}

async fn list_children(tx: &mut Tx, select: &'static str, products: &[&ProductId]) -> sqlx::Result<Vec<KnownChild>> {
    let mut known = Vec::new();
    for chunk in products.chunks(MAX_BINDS) {
        known.extend(build!(tx, |q| {
            q.push(select);
            let mut list = q.separated(", ");
            for id in chunk {
                list.push_bind(*id);
            }
            q.push(")");
        }, all KnownChild)?);
    }
    Ok(known)
}

/// Upserts variants; removes their tombstones.
pub async fn upsert_variants(
    tx: &mut Tx,
    to: &ImportTarget<'_>,
    currency: impl Fn(&ProductId) -> Option<String>,
    rows: &[ChildRow<'_, VariantId, NormalVariant>],
) -> sqlx::Result<()> {
    for chunk in rows.chunks(MAX_BINDS / 13) {
        build!(
            tx,
            |q| {
                q.push(
                "INSERT INTO product_variant (id, product_id, store_connection_id, erp_variant_id, erp_sku, title, options, \
                 price, currency, erp_image_id, position, created_at, updated_at) ",
            );
                q.push_values(chunk, |mut row, item| {
                    let v = item.value;
                    row.push_bind(&item.id).push_bind(item.product).push_bind(to.connection).push_bind(&v.id);
                    row.push_bind(&v.sku).push_bind(&v.title).push_bind(Json(&v.options)).push_bind(v.price);
                    row.push_bind(currency(item.product)).push_bind(&v.image_id).push_bind(item.position);
                    row.push_bind(to.now).push_bind(to.now);
                });
                q.push(
                " ON CONFLICT (product_id, erp_variant_id) DO UPDATE SET erp_sku = excluded.erp_sku, title = excluded.title, \
                 options = excluded.options, price = excluded.price, currency = excluded.currency, \
                 erp_image_id = excluded.erp_image_id, position = excluded.position, erp_deleted_at = NULL, \
                 updated_at = excluded.updated_at",
            );
            },
            execute
        )?;
    }
    Ok(())
}

/// Upserts pictures by the shop's ids. Fetches no bytes: `original_store_url` is used until a copy is stored under
/// the reserved key.
pub async fn upsert_images(
    tx: &mut Tx,
    to: &ImportTarget<'_>,
    rows: &[ChildRow<'_, ImageId, NormalImage>],
) -> sqlx::Result<()> {
    for chunk in rows.chunks(MAX_BINDS / 12) {
        build!(
            tx,
            |q| {
                q.push(
                "INSERT INTO product_image (id, product_id, r2_key_base, sort_order, is_primary, sync_status, external_image_id, \
                 original_store_url, generated_asset_id, mime_type, alt_text, created_at, updated_at) ",
            );
                q.push_values(chunk, |mut row, item| {
                    let image = item.value;
                    let key =
                        format!("clients/{}/products/{}/media/images/base/{}.png", to.client, item.product, item.id);
                    row.push_bind(&item.id).push_bind(item.product).push_bind(key).push_bind(item.position);
                    row.push_bind(item.position == 0).push("'synced'").push_bind(&image.id).push_bind(&image.url);
                    let format = UnreadableFormat::of_address(&image.url).map(|format| format.mime_type);
                    row.push_bind(item.asset).push_bind(format).push_bind(&image.alt);
                    row.push_bind(to.now).push_bind(to.now);
                });
                q.push(
                " ON CONFLICT (product_id, external_image_id) DO UPDATE SET sort_order = excluded.sort_order, \
                 is_primary = excluded.is_primary, sync_status = 'synced', original_store_url = excluded.original_store_url, \
                 generated_asset_id = COALESCE(excluded.generated_asset_id, product_image.generated_asset_id), \
                 mime_type = CASE WHEN product_image.sha256 IS NOT NULL OR (excluded.mime_type IS NULL \
                 AND product_image.original_store_url = excluded.original_store_url) \
                 THEN product_image.mime_type ELSE excluded.mime_type END, \
                 alt_text = excluded.alt_text, deleted_at = NULL, version = product_image.version + 1, \
                 updated_at = excluded.updated_at",
            );
            },
            execute
        )?;
    }
    Ok(())
}

/// Clears the primary flag of these products' pictures: the next write sets it again.
pub async fn clear_primary(tx: &mut Tx, products: &[&ProductId]) -> sqlx::Result<()> {
    update_ids(tx, "UPDATE product_image SET is_primary = false WHERE is_primary AND product_id IN (", None, products)
        .await
}

/// Tombstones variants that the shop no longer has.
pub async fn mark_variants_gone(tx: &mut Tx, ids: &[&str], now: Time) -> sqlx::Result<()> {
    update_ids(tx, "UPDATE product_variant SET erp_deleted_at = ", Some((now, &[" WHERE id IN ("])), ids).await
}

/// Tombstones pictures that the shop no longer has.
pub async fn mark_images_gone(tx: &mut Tx, ids: &[&str], now: Time) -> sqlx::Result<()> {
    let set = "UPDATE product_image SET is_primary = false, sync_status = 'removed', deleted_at = ";
    update_ids(tx, set, Some((now, &[" WHERE id IN ("])), ids).await
}

/// Tombstones every variant of products that are still to be rewritten: those without a hash.
pub async fn mark_all_variants_gone(tx: &mut Tx, products: &[&ProductId], now: Time) -> sqlx::Result<()> {
    let rest: &[&str] = &[" WHERE erp_deleted_at IS NULL AND '' = (SELECT p.erp_hash FROM product p \
                          WHERE p.id = product_variant.product_id) AND product_id IN ("];
    update_ids(tx, "UPDATE product_variant SET erp_deleted_at = ", Some((now, rest)), products).await
}

/// The same for every picture that came from the shop.
pub async fn mark_all_images_gone(tx: &mut Tx, products: &[&ProductId], now: Time) -> sqlx::Result<()> {
    let set = "UPDATE product_image SET is_primary = false, sync_status = 'removed', deleted_at = ";
    let rest: &[&str] = &[" WHERE external_image_id IS NOT NULL AND deleted_at IS NULL AND '' = (SELECT p.erp_hash \
                          FROM product p WHERE p.id = product_image.product_id) AND product_id IN ("];
    update_ids(tx, set, Some((now, rest)), products).await
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
    let set = "UPDATE product SET erp_status = 'deleted', erp_hash = NULL, version = version + 1, updated_at = ";
    update_ids(tx, set, Some((now, &[", erp_deleted_at = ", " WHERE erp_deleted_at IS NULL AND id IN ("])), ids).await
}

async fn update_ids<T>(
    tx: &mut Tx,
    head: &'static str,
    times: Option<(Time, &'static [&'static str])>,
    ids: &[T],
) -> sqlx::Result<()>
where
    T: ToString,
{
    for chunk in ids.chunks(MAX_BINDS - 2) {
        build!(
            tx,
            |q| {
                q.push(head);
                for (now, rest) in times.iter().flat_map(|(now, rests)| rests.iter().map(move |rest| (*now, *rest))) {
                    q.push_bind(now);
                    q.push(rest);
                }
                let mut list = q.separated(", ");
                for id in chunk {
                    list.push_bind(id.to_string());
                }
                q.push(")");
            },
            execute
        )?;
    }
    Ok(())
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
