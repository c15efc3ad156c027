//! Makes a picture ready to travel: its bytes, a name that holds its mark, and the shop's limits.

use sha2::{Digest, Sha256};

use crate::{
    model::{Asset, Failure, Product, Push},
    outside::FileError,
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
    let key = asset.asset_url.as_deref().unwrap_or_default();
    let bytes = tools.outside.files.get(key).await.map_err(|e| match e {
        FileError::Io { .. } => Failure::retry("files", e.to_string()),
        _ => Failure::give_up("picture_missing", format!("the picture's bytes are not in the file store: {e}")),
    })?;
    let sha256 = hex(&Sha256::digest(&bytes));
    if asset.sha256.as_ref().is_some_and(|approved| *approved != sha256) {
        let text = "the stored picture is not the one that was approved: its bytes have changed";
        return Err(Failure::give_up("picture_changed", text));
    }
    let mime_type = asset.mime_type.clone().unwrap_or_else(|| "image/png".to_owned());
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
    Ok(Parcel {
        bytes,
        file_name: format!("{mark}.{extension}"),
        alt: product.name.chars().take(limits.alt_chars).collect(),
        sha256,
        erp_product_id: push.external_product_id.clone(),
        mark,
        mime_type,
    })
}

/// A short text that stands for one push and no other; survives in file names of every shop.
pub(super) fn mark(idempotency_key: &str) -> String {
    format!("ss-{}", &hex(&Sha256::digest(idempotency_key.as_bytes()))[..20])
}
