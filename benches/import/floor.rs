//! The least that the program's own tables cost: their columns, indices and foreign keys as `store-sync migrate` makes them, filled by plain
//! inserts of rows that are known to be new, with the pages of the independent loop. What the import is slower than this is the program's;
//! what this is slower than the loop is the schema's.

use sqlx::{Connection, PgConnection, QueryBuilder, Sqlite, SqliteConnection};

use crate::independent::{Listed, Pages, column};

/// Whose products the rows are, as the program itself made them.
pub(crate) struct Owner {
    pub(crate) client: String,
    pub(crate) connection: String,
}

const POSTGRES_PRODUCTS: &str = "INSERT INTO product (id, client_id, store_connection_id, source, imported_at, last_synced_at, \
     last_seen_run_id, name, description, category, erp_id, erp_sku, erp_url, price, currency, erp_status, erp_updated_at, erp_hash) \
     SELECT id, $1, $2, 'imported', now(), now(), $2, name, description, category, erp_id, erp_sku, erp_url, price::numeric, currency, \
     erp_status, erp_updated_at::timestamptz, erp_hash FROM UNNEST($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]) \
     AS r (id, name, description, category, erp_id, erp_sku, erp_url, price, currency, erp_status, erp_updated_at, erp_hash)";

const POSTGRES_VARIANTS: &str = "INSERT INTO product_variant (id, product_id, store_connection_id, erp_variant_id, erp_sku, title, \
     options, price, currency, erp_image_id, position) \
     SELECT id, product_id, $1, erp_variant_id, erp_sku, title, options::jsonb, price::numeric, currency, erp_image_id, position \
     FROM UNNEST($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], \
     $11::integer[]) AS r (id, product_id, erp_variant_id, erp_sku, title, options, price, currency, erp_image_id, position)";

const POSTGRES_IMAGES: &str = "INSERT INTO product_image (id, product_id, r2_key_base, sort_order, is_primary, sync_status, \
     external_image_id, original_store_url, alt_text) \
     SELECT id, product_id, '', sort_order, sort_order = 0, 'synced', external_image_id, original_store_url, alt_text \
     FROM UNNEST($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[]) \
     AS r (id, product_id, sort_order, external_image_id, original_store_url, alt_text)";

/// An id of the length that the program's have.
fn id(kind: char, of: i64) -> String {
    format!("0193f3a0-0000-7000-800{kind}-{of:012}")
}

/// Reads the whole shop into a database on a server.
pub(crate) async fn into_postgres(url: &str, owner: &Owner, mut pages: Pages) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    while let Some(page) = pages.next().await {
        let mut tx = connection.begin().await?;
        write_postgres(&mut tx, owner, &page).await?;
        tx.commit().await?;
    }
    connection.close().await
}

async fn write_postgres(tx: &mut PgConnection, owner: &Owner, page: &Listed) -> sqlx::Result<()> {
    let products = &page.products;
    sqlx::query(POSTGRES_PRODUCTS)
        .bind(&owner.client)
        .bind(&owner.connection)
        .bind(column(products, |p| id('0', p.id)))
        .bind(column(products, |p| p.title.as_str()))
        .bind(column(products, |p| p.description_html.as_deref()))
        .bind(column(products, |p| p.category.as_deref()))
        .bind(column(products, |p| p.id.to_string()))
        .bind(column(products, |p| p.sku.as_deref()))
        .bind(column(products, |p| p.url.as_deref()))
        .bind(column(products, |p| p.price.as_str()))
        .bind(column(products, |p| p.currency.as_str()))
        .bind(column(products, |p| p.status.as_str()))
        .bind(column(products, |p| p.updated_at.as_str()))
        .bind(column(products, |p| format!("{:064x}", p.id)))
        .execute(&mut *tx)
        .await?;
    let variants = page.variants();
    sqlx::query(POSTGRES_VARIANTS)
        .bind(&owner.connection)
        .bind(column(&variants, |v| id('1', v.value.id)))
        .bind(column(&variants, |v| id('0', v.product.id)))
        .bind(column(&variants, |v| v.value.id.to_string()))
        .bind(column(&variants, |v| v.value.sku.as_deref()))
        .bind(column(&variants, |v| v.value.title.as_deref()))
        .bind(column(&variants, |v| v.value.options()))
        .bind(column(&variants, |v| v.value.price.as_str()))
        .bind(column(&variants, |v| v.product.currency.as_str()))
        .bind(column(&variants, |v| v.value.image_id.map(|id| id.to_string())))
        .bind(column(&variants, |v| v.position))
        .execute(&mut *tx)
        .await?;
    let images = page.images();
    sqlx::query(POSTGRES_IMAGES)
        .bind(column(&images, |i| id('2', i.value.id)))
        .bind(column(&images, |i| id('0', i.product.id)))
        .bind(column(&images, |i| i.position))
        .bind(column(&images, |i| i.value.id.to_string()))
        .bind(column(&images, |i| i.value.url.as_str()))
        .bind(column(&images, |i| i.value.alt.as_deref()))
        .execute(&mut *tx)
        .await
        .map(drop)
}

/// Reads the whole shop into a file.
pub(crate) async fn into_sqlite(url: &str, owner: &Owner, mut pages: Pages) -> sqlx::Result<()> {
    let mut connection = SqliteConnection::connect(url).await?;
    while let Some(page) = pages.next().await {
        let mut tx = connection.begin().await?;
        write_sqlite(&mut tx, owner, &page).await?;
        tx.commit().await?;
    }
    connection.close().await
}

/// When the rows were written, as the program stores it.
const NOW: &str = "2026-11-01T10:00:00.000Z";

async fn write_sqlite(tx: &mut SqliteConnection, owner: &Owner, page: &Listed) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO product (id, client_id, store_connection_id, source, imported_at, last_synced_at, last_seen_run_id, name, \
         description, category, erp_id, erp_sku, erp_url, price, currency, erp_status, erp_updated_at, erp_hash) ",
    );
    query.push_values(&page.products, |mut row, p| {
        row.push_bind(id('0', p.id)).push_bind(owner.client.as_str()).push_bind(owner.connection.as_str());
        row.push("'imported'").push_bind(NOW).push_bind(NOW).push_bind(owner.connection.as_str());
        row.push_bind(p.title.as_str()).push_bind(p.description_html.as_deref()).push_bind(p.category.as_deref());
        row.push_bind(p.id.to_string()).push_bind(p.sku.as_deref()).push_bind(p.url.as_deref());
        row.push_bind(p.price.as_str()).push_bind(p.currency.as_str()).push_bind(p.status.as_str());
        row.push_bind(p.updated_at.as_str()).push_bind(format!("{:064x}", p.id));
    });
    query.build().execute(&mut *tx).await?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO product_variant (id, product_id, store_connection_id, erp_variant_id, erp_sku, title, options, price, currency, \
         erp_image_id, position) ",
    );
    query.push_values(page.variants(), |mut row, v| {
        row.push_bind(id('1', v.value.id)).push_bind(id('0', v.product.id)).push_bind(owner.connection.as_str());
        row.push_bind(v.value.id.to_string()).push_bind(v.value.sku.as_deref()).push_bind(v.value.title.as_deref());
        row.push_bind(v.value.options()).push_bind(v.value.price.as_str()).push_bind(v.product.currency.as_str());
        row.push_bind(v.value.image_id.map(|id| id.to_string())).push_bind(v.position);
    });
    query.build().execute(&mut *tx).await?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO product_image (id, product_id, r2_key_base, sort_order, is_primary, sync_status, external_image_id, \
         original_store_url, alt_text) ",
    );
    query.push_values(page.images(), |mut row, i| {
        row.push_bind(id('2', i.value.id)).push_bind(id('0', i.product.id));
        row.push("''").push_bind(i.position).push_bind(i.position == 0);
        row.push("'synced'").push_bind(i.value.id.to_string()).push_bind(i.value.url.as_str());
        row.push_bind(i.value.alt.as_deref());
    });
    query.build().execute(&mut *tx).await.map(drop)
}
