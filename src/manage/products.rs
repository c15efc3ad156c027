//! Uploaded products: those without a shop (yet). Their pictures are generated and downloaded; after linking one to a
//! shop's product, they are pushed too.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{client, refused};
use crate::{
    db::{
        self,
        product::{NewImage, UploadedProduct},
    },
    model::{ClientId, ConnectionId, Failure, ImageId, Noun, Product, ProductId},
    outside::picture_kind,
    tools::Tools,
    vault::hex,
};

/// The largest picture that is accepted.
const MAX_BYTES: usize = 20 << 20;

/// A product to add.
#[derive(Default)]
pub struct NewProduct<'a> {
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub category: Option<&'a str>,
    /// Its pictures; new ones are generated from the first.
    pub pictures: &'a [Bytes],
}

/// Adds a product with its pictures.
pub async fn add_product(tools: &Tools, owner: &ClientId, new: &NewProduct<'_>) -> Result<Product, Failure> {
    if new.name.trim().is_empty() {
        return Err(refused("a product needs a name"));
    }
    let mut tx = tools.db.read().await?;
    let client = client(&mut tx, Some(owner)).await?;
    drop(tx);
    let product: ProductId = tools.outside.new_id();
    let mut images = Vec::with_capacity(new.pictures.len());
    for (place, bytes) in new.pictures.iter().enumerate() {
        let refused = |why: &str| refused(format!("picture {} {why}", place + 1));
        let id: ImageId = tools.outside.new_id();
        let kind = picture_kind(bytes).ok_or_else(|| refused("is not a PNG, JPEG, WebP or GIF file"))?;
        let (mime_type, extension) = kind;
        let size = imagesize::blob_size(bytes);
        let size = size.map_err(|_| refused("has no readable size: the file may be truncated"))?;
        if bytes.len() > MAX_BYTES {
            return Err(refused(&format!("has {} bytes; the limit is {MAX_BYTES}", bytes.len())));
        }
        let key = format!("clients/{}/products/{product}/media/images/base/{id}.{extension}", client.id);
        // Bytes before rows: a row without its picture is worse than a picture without its row.
        tools.outside.files.put(&key, bytes.clone()).await?;
        let pixels = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        images.push(NewImage {
            id,
            key,
            mime_type,
            sha256: hex(&Sha256::digest(bytes)),
            size: (pixels(size.width), pixels(size.height)),
        });
    }
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let row = UploadedProduct {
        id: &product,
        client: &client.id,
        name: new.name.trim(),
        description: new.description,
        category: new.category,
    };
    db::product::insert(&mut tx, &row, now).await?;
    for (place, image) in images.iter().enumerate() {
        db::product::insert_image(&mut tx, &product, image, i32::try_from(place).unwrap_or(i32::MAX), now).await?;
    }
    let made = db::product::find(&mut tx, product.as_str()).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(made)
}

/// Links an uploaded product to a shop's product, so that its pictures are pushed there.
pub async fn link_product(
    tools: &Tools,
    id: &ProductId,
    connection: &ConnectionId,
    erp_id: &str,
) -> Result<Product, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = db::product::find(&mut tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Product, id))?;
    if let Some(other) = db::product::find_by_erp_id(&mut tx, connection, erp_id).await? {
        return Err(refused(format!(
            "the shop's product {erp_id} already exists as product {} ({})",
            other.id, other.name
        )));
    }
    if !db::product::link(&mut tx, &found.id, connection, erp_id, tools.outside.clock.now()).await? {
        return Err(refused("only an uploaded product can be linked, and only to a shop of its own client"));
    }
    let linked = db::product::find(&mut tx, found.id.as_str()).await?.ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(linked)
}
