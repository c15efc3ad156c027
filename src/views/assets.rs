//! Outputs, with the products that they show and the shops that they were pushed to.

use std::path::PathBuf;

use serde::Serialize;

use super::MOST_ON_A_CARD;
use crate::{
    db::{self, asset::AssetFilter, push::PushFilter},
    model::{Asset, AssetId, Failure, Noun, Product, Push},
    tools::Tools,
};

/// An output with its products and pushes.
#[derive(Debug, Clone, Serialize)]
pub struct AssetCard {
    #[serde(flatten)]
    pub asset: Asset,
    /// What it shows, the primary product first.
    pub products: Vec<Product>,
    /// Newest first.
    pub pushes: Vec<Push>,
}

/// Where an output can be downloaded without credentials.
#[derive(Debug, Clone, Serialize)]
pub struct AssetLink {
    pub url: String,
}

/// A file that an output was saved to.
#[derive(Debug, Clone, Serialize)]
pub struct SavedAsset {
    pub file: PathBuf,
    pub bytes: usize,
}

/// Outputs, oldest first.
pub async fn assets(tools: &Tools, filter: &AssetFilter, limit: i64) -> sqlx::Result<Vec<Asset>> {
    let mut tx = tools.db.read().await?;
    db::asset::list(&mut tx, filter, limit).await
}

/// Those of these outputs that exist, in the given order.
pub async fn assets_by_id(tools: &Tools, ids: &[AssetId]) -> sqlx::Result<Vec<Asset>> {
    let mut tx = tools.db.read().await?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(db::asset::find(&mut tx, id.as_str()).await?);
    }
    Ok(found)
}

/// An output.
pub async fn asset(tools: &Tools, id: &AssetId) -> Result<Asset, Failure> {
    let mut tx = tools.db.read().await?;
    find(&mut tx, id).await
}

/// An output with its products and pushes.
pub async fn asset_card(tools: &Tools, id: &AssetId) -> Result<AssetCard, Failure> {
    let mut tx = tools.db.read().await?;
    let asset = find(&mut tx, id).await?;
    let filter = PushFilter { asset: Some(id.clone()), ..PushFilter::default() };
    Ok(AssetCard {
        products: db::asset::list_products(&mut tx, id).await?,
        pushes: db::push::list(&mut tx, &filter, MOST_ON_A_CARD).await?,
        asset,
    })
}

async fn find(tx: &mut db::Tx, id: &AssetId) -> Result<Asset, Failure> {
    db::asset::find(tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Asset, id))
}
