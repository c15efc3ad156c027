//! Makes a picture ready to travel: its bytes, a name that holds its mark, and the shop's limits.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::{
    db,
    model::{Asset, Failure, Product, Push, PushId},
    provider::{Parcel, Provider},
    tools::Tools,
    vault::hex,
};

/// Loads and checks a picture for a shop.
pub(super) async fn pack(
    tools: &Tools,
    provider: &Provider,
    push: &Push,
    asset: &Asset,
    product: &Product,
) -> Result<Parcel, Failure> {
    let bytes = bytes_of(tools, asset).await?;
    let sha256 = hex(&Sha256::digest(&bytes));
    if asset.sha256.as_ref().is_some_and(|approved| *approved != sha256) {
        let text = "the stored picture is not the one that was approved: its bytes have changed";
        return Err(Failure::give_up("picture_changed", text));
    }
    // Rows of the older application say nothing about their bytes.
    let seen = || infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
    let mime_type = asset.mime_type.clone().unwrap_or_else(seen);
    let limits = provider.limits();
    if bytes.len() as u64 > limits.image_bytes {
        let text =
            format!("the picture has {} bytes; {} takes at most {}", bytes.len(), provider.name(), limits.image_bytes);
        return Err(Failure::give_up("picture_too_large", text));
    }
    if !limits.image_types.contains(&mime_type) {
        let text = format!("the picture is {mime_type}; {} takes {}", provider.name(), limits.image_types.join(", "));
        return Err(Failure::give_up("picture_type", text));
    }
    let mark = mark(&push.idempotency_key);
    let extension = mime_type.rsplit('/').next().unwrap_or("png").replace("jpeg", "jpg");
    let file_name = format!("{mark}.{extension}");
    Ok(Parcel {
        bytes,
        url: picture_url(tools, push, &file_name),
        file_name,
        alt: product.name.chars().take(limits.alt_chars).collect(),
        sha256,
        erp_product_id: push.external_product_id.clone(),
        mark,
        mime_type,
    })
}

const LINK: &str = "picture-link";
/// How long a shop may fetch a picture.
const LINK_LIFE: Duration = Duration::from_hours(24);

fn link_text(push: &PushId, expires: &str, file_name: &str) -> String {
    format!("{push}/{expires}/{file_name}")
}

/// Where a shop may fetch a picture that is on its way: signed, for a day, with a plain file name at its end.
fn picture_url(tools: &Tools, push: &Push, file_name: &str) -> String {
    let end = tools.outside.clock.now().plus(LINK_LIFE).unix_ms() / 1000;
    let expires = end.to_string();
    let signature = tools.vault.sign(LINK, &link_text(&push.id, &expires, file_name));
    format!("{}/pictures/{}/{expires}/{signature}/{file_name}", tools.rules.public_url, push.id)
}

/// The picture behind such an address, with its media type; `None` where the address is not ours or has ended.
pub async fn linked_picture(
    tools: &Tools,
    push: &PushId,
    (expires, signature, file_name): (&str, &str, &str),
) -> Result<Option<(Bytes, String)>, Failure> {
    let now = tools.outside.clock.now().unix_ms() / 1000;
    if !tools.vault.verify(LINK, &link_text(push, expires, file_name), signature)
        || expires.parse::<i64>().is_ok_and(|end| end < now)
    {
        return Ok(None);
    }
    let mut tx = tools.db.read().await?;
    let Some(found) = db::push::find(&mut tx, push.as_str()).await? else { return Ok(None) };
    let Some(asset) = db::asset::find(&mut tx, found.generated_asset_id.as_str()).await? else { return Ok(None) };
    drop(tx);
    let bytes = bytes_of(tools, &asset).await?;
    let kind = infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
    Ok(Some((bytes, kind)))
}

/// The bytes of an asset, from our store or from the web: older rows hold keys, others addresses.
async fn bytes_of(tools: &Tools, asset: &Asset) -> Result<Bytes, Failure> {
    let missing =
        || Failure::give_up("picture_missing", "the picture's bytes are not there: the asset has no address yet");
    tools.outside.bytes_at(&asset.place().ok_or_else(missing)?).await
}

/// A short text that stands for one push and no other; survives in file names of every shop.
pub(super) fn mark(idempotency_key: &str) -> String {
    format!("ss-{}", &hex(&Sha256::digest(idempotency_key.as_bytes()))[..20])
}
