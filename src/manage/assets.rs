//! Outputs as people edit them: location, settings, and the products they show.

use super::{client, own_products, refused};
use crate::{
    db,
    model::{Asset, AssetId, AssetInput, Failure, Noun},
    tools::Tools,
};

/// Registers an output whose bytes are already in the object store or at a URL.
pub async fn register_asset(tools: &Tools, input: &AssetInput) -> Result<Asset, Failure> {
    let mut tx = tools.db.begin().await?;
    let client = client(&mut tx, input.client_id.as_ref()).await?;
    if input.asset_url.as_deref().is_none_or(|url| url.trim().is_empty()) {
        return Err(refused("an output needs an asset_url: an object key or a URL"));
    }
    own_products(&mut tx, &client.id, input.product_ids.as_deref().unwrap_or_default()).await?;
    let (id, now) = (tools.outside.new_id::<AssetId>(), tools.outside.clock.now());
    if !db::asset::insert_known(&mut tx, &id, &client.id, input, now).await? {
        return Err(refused(format!("the flow is not one of client {}", client.id)));
    }
    for (place, product) in input.product_ids.iter().flatten().enumerate() {
        let link = tools.outside.new_id::<String>();
        db::asset::link_product(&mut tx, &link, &id, product, place == 0, now).await?;
    }
    let asset = db::asset::find(&mut tx, id.as_str()).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(asset)
}

/// Updates the given fields. Named products that are not linked yet are linked; none is unlinked.
pub async fn update_asset(tools: &Tools, id: &AssetId, input: &AssetInput) -> Result<Asset, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::asset::find(&mut tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Asset, id))?;
    if input.asset_url.is_some() || input.client_id.as_ref().is_some_and(|client| *client != found.client_id) {
        return Err(refused(
            "asset_url and client_id of an output cannot change: register another output for other bytes",
        ));
    }
    own_products(&mut tx, &found.client_id, input.product_ids.as_deref().unwrap_or_default()).await?;
    let now = tools.outside.clock.now();
    let (flow, prompt) = (input.generation_flow_id.as_ref(), input.prompt.as_deref());
    if !db::asset::update(&mut tx, id, flow, prompt, input.settings.as_ref(), now).await? {
        return Err(refused(format!("the flow is not one of client {}", found.client_id)));
    }
    let first = db::asset::list_products(&mut tx, id).await?.is_empty();
    for (place, product) in input.product_ids.iter().flatten().enumerate() {
        let link = tools.outside.new_id::<String>();
        db::asset::link_product(&mut tx, &link, id, product, first && place == 0, now).await?;
    }
    let asset = db::asset::find(&mut tx, id.as_str()).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(asset)
}

/// Deletes an output. A picture in a shop stays there; waiting pushes are not carried out.
pub async fn delete_asset(tools: &Tools, id: &AssetId) -> Result<Asset, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::asset::find(&mut tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Asset, id))?;
    db::asset::delete(&mut tx, id, tools.outside.clock.now()).await?;
    tx.commit().await?;
    Ok(found)
}
