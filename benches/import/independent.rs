//! What one would write by hand for this one shop: fetch, typed parse, batched upsert, a row that says how far it came, one transaction a
//! page, the next page fetched meanwhile. It shares nothing with the program that is measured: own client, own connection as the driver
//! opens it by default, own tables with a primary key and nothing else. A fault of the program cannot slow both.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection, QueryBuilder, Sqlite, SqliteConnection};
use tokio::task::JoinHandle;

/// A page of the shop.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) products: Vec<Shown>,
    next_cursor: Option<String>,
}

/// A product as the shop shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    pub(crate) id: i64,
    pub(crate) sku: Option<String>,
    pub(crate) title: String,
    pub(crate) description_html: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) status: String,
    pub(crate) price: String,
    pub(crate) currency: String,
    pub(crate) updated_at: String,
    variants: Vec<ShownVariant>,
    images: Vec<ShownImage>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ShownVariant {
    pub(crate) id: i64,
    pub(crate) sku: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) price: String,
    options: Vec<ShownOption>,
    pub(crate) image_id: Option<i64>,
}

#[derive(Debug, Deserialize, Serialize)]
struct ShownOption {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ShownImage {
    pub(crate) id: i64,
    pub(crate) url: String,
    pub(crate) alt: Option<String>,
}

/// A variant or a picture with its product and its position.
pub(crate) struct Child<'a, T> {
    pub(crate) product: &'a Shown,
    pub(crate) position: i32,
    pub(crate) value: &'a T,
}

impl Listed {
    fn count(&self) -> i64 {
        i64::try_from(self.products.len()).unwrap_or(i64::MAX)
    }

    pub(crate) fn variants(&self) -> Vec<Child<'_, ShownVariant>> {
        children(&self.products, |product| &product.variants)
    }

    pub(crate) fn images(&self) -> Vec<Child<'_, ShownImage>> {
        children(&self.products, |product| &product.images)
    }
}

fn children<'a, T>(products: &'a [Shown], of: impl Fn(&'a Shown) -> &'a Vec<T>) -> Vec<Child<'a, T>> {
    let each = |product| (0..).zip(of(product)).map(move |(position, value)| Child { product, position, value });
    products.iter().flat_map(each).collect()
}

impl ShownVariant {
    pub(crate) fn options(&self) -> String {
        serde_json::to_string(&self.options).expect("texts are JSON")
    }
}

/// The pages of a shop, one after the other.
pub(crate) struct Pages {
    client: reqwest::Client,
    address: String,
    key: String,
    coming: Option<JoinHandle<reqwest::Result<Listed>>>,
}

impl Pages {
    pub(crate) fn open(address: &str, key: &str) -> Self {
        // An error means that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only(std::iter::empty())
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client");
        let mut pages = Self { client, address: address.to_owned(), key: key.to_owned(), coming: None };
        pages.fetch(None);
        pages
    }

    fn fetch(&mut self, cursor: Option<&str>) {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let url = format!("http://{}/api/products?limit=250{cursor}", self.address);
        let request = self.client.get(url).bearer_auth(&self.key);
        self.coming = Some(tokio::spawn(async move {
            let body = request.send().await?.error_for_status()?.bytes().await?;
            Ok(serde_json::from_slice(&body).expect("the shop sends what it has always sent"))
        }));
    }

    /// Returns the next page, and begins to fetch the one after it.
    pub(crate) async fn next(&mut self) -> Option<Listed> {
        let listed = self.coming.take()?.await.expect("a fetch ends").expect("the shop answers");
        if let Some(cursor) = &listed.next_cursor {
            self.fetch(Some(cursor));
        }
        Some(listed)
    }
}

/// A value of each row, as one parameter.
pub(crate) fn column<'a, R, T>(rows: &'a [R], of: impl FnMut(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

const POSTGRES_TABLES: &str = "CREATE TABLE IF NOT EXISTS shop_product (id bigint PRIMARY KEY, sku text, title text NOT NULL, \
         description text, url text, category text, status text NOT NULL, price numeric, currency text, updated_at timestamptz); \
     CREATE TABLE IF NOT EXISTS shop_variant (id bigint PRIMARY KEY, product_id bigint NOT NULL, position integer NOT NULL, sku text, \
         title text, price numeric, options jsonb, image_id bigint); \
     CREATE TABLE IF NOT EXISTS shop_image (id bigint PRIMARY KEY, product_id bigint NOT NULL, position integer NOT NULL, \
         url text NOT NULL, alt text); \
     CREATE TABLE IF NOT EXISTS shop_cursor (page bigint PRIMARY KEY, products bigint NOT NULL)";

const SQLITE_TABLES: &str = "CREATE TABLE IF NOT EXISTS shop_product (id INTEGER PRIMARY KEY, sku TEXT, title TEXT NOT NULL, \
         description TEXT, url TEXT, category TEXT, status TEXT NOT NULL, price TEXT, currency TEXT, updated_at TEXT); \
     CREATE TABLE IF NOT EXISTS shop_variant (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, position INTEGER NOT NULL, sku TEXT, \
         title TEXT, price TEXT, options TEXT, image_id INTEGER); \
     CREATE TABLE IF NOT EXISTS shop_image (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, position INTEGER NOT NULL, \
         url TEXT NOT NULL, alt TEXT); \
     CREATE TABLE IF NOT EXISTS shop_cursor (page INTEGER PRIMARY KEY, products INTEGER NOT NULL)";

macro_rules! product_exists {
    () => {
        " ON CONFLICT (id) DO UPDATE SET sku = excluded.sku, title = excluded.title, description = excluded.description, \
         url = excluded.url, category = excluded.category, status = excluded.status, price = excluded.price, \
         currency = excluded.currency, updated_at = excluded.updated_at"
    };
}

macro_rules! variant_exists {
    () => {
        " ON CONFLICT (id) DO UPDATE SET product_id = excluded.product_id, position = excluded.position, sku = excluded.sku, \
         title = excluded.title, price = excluded.price, options = excluded.options, image_id = excluded.image_id"
    };
}

macro_rules! image_exists {
    () => {
        " ON CONFLICT (id) DO UPDATE SET product_id = excluded.product_id, position = excluded.position, url = excluded.url, \
         alt = excluded.alt"
    };
}

const CURSOR: &str = "INSERT INTO shop_cursor (page, products) VALUES ($1, $2) ON CONFLICT (page) DO UPDATE SET products = excluded.products";

const POSTGRES_PRODUCTS: &str = concat!(
    "INSERT INTO shop_product (id, sku, title, description, url, category, status, price, currency, updated_at) \
     SELECT id, sku, title, description, url, category, status, price::numeric, currency, updated_at::timestamptz \
     FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], \
     $10::text[]) AS r (id, sku, title, description, url, category, status, price, currency, updated_at)",
    product_exists!()
);

const POSTGRES_VARIANTS: &str = concat!(
    "INSERT INTO shop_variant (id, product_id, position, sku, title, price, options, image_id) \
     SELECT id, product_id, position, sku, title, price::numeric, options::jsonb, image_id \
     FROM UNNEST($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]) \
     AS r (id, product_id, position, sku, title, price, options, image_id)",
    variant_exists!()
);

const POSTGRES_IMAGES: &str = concat!(
    "INSERT INTO shop_image (id, product_id, position, url, alt) \
     SELECT id, product_id, position, url, alt \
     FROM UNNEST($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::text[]) AS r (id, product_id, position, url, alt)",
    image_exists!()
);

/// Reads the whole shop into a database on a server.
pub(crate) async fn into_postgres(url: &str, mut pages: Pages) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(POSTGRES_TABLES).execute(&mut connection).await?;
    let mut number: i64 = 0;
    while let Some(page) = pages.next().await {
        let mut tx = connection.begin().await?;
        write_postgres(&mut tx, &page).await?;
        sqlx::query(CURSOR).bind(number).bind(page.count()).execute(&mut *tx).await?;
        tx.commit().await?;
        number += 1;
    }
    connection.close().await
}

async fn write_postgres(tx: &mut PgConnection, page: &Listed) -> sqlx::Result<()> {
    let products = &page.products;
    sqlx::query(POSTGRES_PRODUCTS)
        .bind(column(products, |p| p.id))
        .bind(column(products, |p| p.sku.as_deref()))
        .bind(column(products, |p| p.title.as_str()))
        .bind(column(products, |p| p.description_html.as_deref()))
        .bind(column(products, |p| p.url.as_deref()))
        .bind(column(products, |p| p.category.as_deref()))
        .bind(column(products, |p| p.status.as_str()))
        .bind(column(products, |p| p.price.as_str()))
        .bind(column(products, |p| p.currency.as_str()))
        .bind(column(products, |p| p.updated_at.as_str()))
        .execute(&mut *tx)
        .await?;
    let variants = page.variants();
    sqlx::query(POSTGRES_VARIANTS)
        .bind(column(&variants, |v| v.value.id))
        .bind(column(&variants, |v| v.product.id))
        .bind(column(&variants, |v| v.position))
        .bind(column(&variants, |v| v.value.sku.as_deref()))
        .bind(column(&variants, |v| v.value.title.as_deref()))
        .bind(column(&variants, |v| v.value.price.as_str()))
        .bind(column(&variants, |v| v.value.options()))
        .bind(column(&variants, |v| v.value.image_id))
        .execute(&mut *tx)
        .await?;
    let images = page.images();
    sqlx::query(POSTGRES_IMAGES)
        .bind(column(&images, |i| i.value.id))
        .bind(column(&images, |i| i.product.id))
        .bind(column(&images, |i| i.position))
        .bind(column(&images, |i| i.value.url.as_str()))
        .bind(column(&images, |i| i.value.alt.as_deref()))
        .execute(&mut *tx)
        .await
        .map(drop)
}

/// Reads the whole shop into a file.
pub(crate) async fn into_sqlite(url: &str, mut pages: Pages) -> sqlx::Result<()> {
    let mut connection = SqliteConnection::connect(url).await?;
    sqlx::raw_sql(SQLITE_TABLES).execute(&mut connection).await?;
    let mut number: i64 = 0;
    while let Some(page) = pages.next().await {
        let mut tx = connection.begin().await?;
        write_sqlite(&mut tx, &page).await?;
        sqlx::query(CURSOR).bind(number).bind(page.count()).execute(&mut *tx).await?;
        tx.commit().await?;
        number += 1;
    }
    connection.close().await
}

async fn write_sqlite(tx: &mut SqliteConnection, page: &Listed) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO shop_product (id, sku, title, description, url, category, status, price, currency, updated_at) ",
    );
    query.push_values(&page.products, |mut row, p| {
        row.push_bind(p.id).push_bind(p.sku.as_deref()).push_bind(p.title.as_str());
        row.push_bind(p.description_html.as_deref()).push_bind(p.url.as_deref()).push_bind(p.category.as_deref());
        row.push_bind(p.status.as_str()).push_bind(p.price.as_str()).push_bind(p.currency.as_str());
        row.push_bind(p.updated_at.as_str());
    });
    query.push(product_exists!()).build().execute(&mut *tx).await?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO shop_variant (id, product_id, position, sku, title, price, options, image_id) ",
    );
    query.push_values(page.variants(), |mut row, v| {
        row.push_bind(v.value.id).push_bind(v.product.id).push_bind(v.position).push_bind(v.value.sku.as_deref());
        row.push_bind(v.value.title.as_deref()).push_bind(v.value.price.as_str()).push_bind(v.value.options());
        row.push_bind(v.value.image_id);
    });
    query.push(variant_exists!()).build().execute(&mut *tx).await?;
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO shop_image (id, product_id, position, url, alt) ");
    query.push_values(page.images(), |mut row, i| {
        row.push_bind(i.value.id).push_bind(i.product.id).push_bind(i.position).push_bind(i.value.url.as_str());
        row.push_bind(i.value.alt.as_deref());
    });
    query.push(image_exists!()).build().execute(&mut *tx).await.map(drop)
}
