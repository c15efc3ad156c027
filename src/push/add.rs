//! Adds a finished picture from a file.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::{
    db::{self, asset::NewAsset},
    model::{Asset, AssetId, Failure, FailureKind, Noun, Product},
    outside::picture_kind,
    tools::Tools,
    vault::hex,
};

/// The largest picture, in bytes.
const MAX_BYTES: usize = 50 << 20;

/// A picture of one product.
pub struct NewPicture<'a> {
    pub product: &'a str,
    pub bytes: Bytes,
}

/// Stores a picture as an asset of a product's client, pending approval.
pub async fn add(tools: &Tools, picture: NewPicture<'_>) -> Result<Asset, Failure> {
    let product = find_product(tools, picture.product).await?;
    let (mime_type, extension) = sniff(&picture.bytes)?;
    let size = imagesize::blob_size(&picture.bytes).map_err(|_| {
        Failure::new(
            FailureKind::BadPicture,
            "the file begins like a picture, but its size cannot be read: is it whole?",
        )
    })?;
    let id: AssetId = tools.outside.new_id();
    let key = format!("clients/{}/products/{}/assets/{id}.{extension}", product.client_id, product.id);
    let sha256 = hex(&Sha256::digest(&picture.bytes));
    let byte_size = i64::try_from(picture.bytes.len()).unwrap_or(i64::MAX);
    let mut tx = tools.db.read().await?;
    if let Some(limit) = db::quota::find_full(&mut tx, &product.client_id, byte_size).await? {
        let text =
            format!("the client's pictures may take {limit} MB; delete some and run: store-sync assets tidy --delete");
        return Err(Failure::new(FailureKind::StorageExceeded, text));
    }
    drop(tx);
    // The bytes first: a row without its picture would be worse than a picture without its row.
    tools.outside.files.put(&key, picture.bytes).await?;
    let now = tools.outside.clock.now();
    let pixels = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let asset = NewAsset {
        id: &id,
        client: &product.client_id,
        key: &key,
        sha256: &sha256,
        mime_type,
        size: (pixels(size.width), pixels(size.height)),
        byte_size,
    };
    let mut tx = tools.db.begin().await?;
    db::asset::insert(&mut tx, &asset, now).await?;
    db::asset::link_product(&mut tx, &tools.outside.new_id::<String>(), &id, &product.id, true, now).await?;
    let asset = db::asset::find(&mut tx, id.as_str()).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(asset)
}

async fn find_product(tools: &Tools, id: &str) -> Result<Product, Failure> {
    let mut tx = tools.db.read().await?;
    let found = db::product::find(&mut tx, id).await?;
    found.ok_or_else(|| Failure::not_found(Noun::Product, id))
}

fn sniff(bytes: &Bytes) -> Result<(&'static str, &'static str), Failure> {
    if bytes.len() > MAX_BYTES {
        return Err(Failure::new(
            FailureKind::TooLarge,
            format!("the picture has {} bytes; the limit is {MAX_BYTES}", bytes.len()),
        ));
    }
    picture_kind(bytes)
        .ok_or_else(|| Failure::new(FailureKind::NotAPicture, "the file is not a PNG, JPEG, WebP or GIF picture"))
}
