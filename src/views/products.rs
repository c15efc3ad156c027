//! Products, with what belongs to them and what happened to them.

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    db::{self, Tx, product::ProductFilter, push::PushFilter, run::RunFilter},
    model::{Failure, Image, Noun, Product, ProductId, Push, Run, RunItem, Variant},
    tools::Tools,
};

/// The limit of a history in runs, pushes and items each.
const HISTORY: i64 = 20;

/// A product with its variants, its analysis and its pictures.
#[derive(Debug, Clone, Serialize)]
pub struct ProductCard {
    #[serde(flatten)]
    pub product: Product,
    /// In the shop's order, tombstones included.
    pub variants: Vec<Variant>,
    pub analysis_data: Option<Json<Value>>,
    pub analysis_version: Option<String>,
    /// In the shop's order, tombstones included.
    pub images: Vec<Image>,
}

/// What happened to a product, the latest first.
#[derive(Debug, Clone, Serialize)]
pub struct ProductHistory {
    pub product: Product,
    /// What imports did with it.
    pub items: Vec<RunItem>,
    /// Runs about it alone.
    pub runs: Vec<Run>,
    pub pushes: Vec<Push>,
}

/// What a product was seen to be.
#[derive(Debug, Clone, Serialize)]
pub struct ProductAnalysis {
    pub product_id: ProductId,
    pub analysis: Value,
}

/// Products, oldest first.
pub async fn products(tools: &Tools, filter: &ProductFilter, limit: i64) -> sqlx::Result<Vec<Product>> {
    let mut tx = tools.db.read().await?;
    db::product::list(&mut tx, filter, limit).await
}

/// A product with its variants, its analysis and its pictures.
pub async fn product_card(tools: &Tools, id: &ProductId) -> Result<ProductCard, Failure> {
    let mut tx = tools.db.read().await?;
    let product = find(&mut tx, id).await?;
    let analysis = db::product::find_analysis(&mut tx, id).await?;
    let mut images = db::product::list_images(&mut tx, id).await?;
    for image in &mut images {
        image.r2_key_base = image.base_key(&product.client_id).into_owned();
    }
    Ok(ProductCard {
        product,
        variants: db::product::list_variants(&mut tx, id).await?,
        analysis_data: analysis.analysis_data,
        analysis_version: analysis.analysis_version,
        images,
    })
}

/// What happened to a product.
pub async fn product_history(tools: &Tools, id: &ProductId) -> Result<ProductHistory, Failure> {
    let mut tx = tools.db.read().await?;
    let product = find(&mut tx, id).await?;
    let runs = RunFilter { product: Some(id.clone()), ..RunFilter::default() };
    let pushes = PushFilter { product: Some(id.clone()), ..PushFilter::default() };
    Ok(ProductHistory {
        product,
        items: db::run::list_items_of(&mut tx, id.as_str(), HISTORY).await?,
        runs: db::run::list(&mut tx, &runs, HISTORY).await?,
        pushes: db::push::list(&mut tx, &pushes, HISTORY).await?,
    })
}

async fn find(tx: &mut Tx, id: &ProductId) -> Result<Product, Failure> {
    db::product::find(tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Product, id))
}
