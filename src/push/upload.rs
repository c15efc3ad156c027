//! Prepares an upload: the picture's bytes, a file name with its mark, and the shop's limits.

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    db,
    model::{Asset, Failure, FailureKind, Product, Push, PushId},
    paint,
    provider::{Provider, Upload},
    tools::Tools,
    vault::{LinkKind, LinkState, SignedLink, hex},
};

/// Loads and checks a picture for a shop.
pub(super) async fn prepare(
    tools: &Tools,
    provider: &Provider,
    push: &Push,
    asset: &Asset,
    product: &Product,
) -> Result<Upload, Failure> {
    let (bytes, mime_type) = fitting(tools, provider, asset).await?;
    let sha256 = hex(&Sha256::digest(&bytes));
    let mark = mark(push);
    let file_name = format!("{mark}.{}", extension(&mime_type));
    Ok(Upload {
        bytes,
        url: picture_url(tools, push, &file_name),
        file_name,
        alt: product.name.chars().take(provider.limits().alt_chars).collect(),
        sha256,
        erp_product_id: push.external_product_id.clone(),
        mark,
        mime_type,
    })
}

/// The file extension of a media type.
fn extension(mime_type: &str) -> String {
    mime_type.rsplit('/').next().unwrap_or("png").replace("jpeg", "jpg")
}

/// The picture in the first format that the shop accepts: as shown, as its PNG original, or as a JPEG of that.
async fn fitting(tools: &Tools, provider: &Provider, asset: &Asset) -> Result<(Bytes, String), Failure> {
    let limits = provider.limits();
    let takes = |kind: &str| limits.image_types.iter().any(|known| known == kind);
    let shown = bytes_of(tools, asset).await?;
    if asset.sha256.as_ref().is_some_and(|approved| *approved != hex(&Sha256::digest(&shown))) {
        let text = "the stored picture is not the one that was approved: its bytes have changed";
        return Err(Failure::new(FailureKind::PictureChanged, text));
    }
    // Rows of the older application have no media type.
    let seen = || infer::get(&shown).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
    let mime_type = asset.mime_type.clone().unwrap_or_else(seen);
    if takes(&mime_type) && shown.len() as u64 <= limits.image_bytes {
        return Ok((shown, mime_type));
    }
    if asset.original().is_some() {
        for kind in OTHER_FORMS.into_iter().filter(|kind| takes(kind)) {
            let bytes = in_form(tools, asset, kind).await?;
            if bytes.len() as u64 <= limits.image_bytes {
                return Ok((bytes, kind.to_owned()));
            }
        }
    }
    if takes(&mime_type) {
        let (name, most) = (provider.name(), limits.image_bytes);
        let text = format!("the picture has {} bytes; {name} takes at most {most}", shown.len());
        return Err(Failure::new(FailureKind::PictureTooLarge, text));
    }
    let text = format!("the picture is {mime_type}; {} takes {}", provider.name(), limits.image_types.join(", "));
    Err(Failure::new(FailureKind::PictureType, text))
}

/// Formats of a generated picture besides the one it is shown in.
const OTHER_FORMS: [&str; 2] = ["image/png", "image/jpeg"];

/// A generated picture's original in another format. Deterministic: the same picture gives the same bytes.
async fn in_form(tools: &Tools, asset: &Asset, kind: &str) -> Result<Bytes, Failure> {
    let (key, sha256) = asset.original().ok_or_else(|| {
        Failure::new(FailureKind::PictureMissing, format!("asset {} was not made here: it has one form only", asset.id))
    })?;
    let original = tools.outside.bytes_kept(key, sha256).await?;
    if kind != "image/jpeg" {
        return Ok(original);
    }
    paint::jpeg(original).await
}

/// The URL at which a shop fetches a picture: signed, valid for a day, with a plain file name at its end.
fn picture_url(tools: &Tools, push: &Push, file_name: &str) -> String {
    let now = tools.outside.clock.now();
    let link = tools.vault.sign_link(LinkKind::Picture, &[push.id.as_str(), file_name], now);
    let SignedLink { expires, signature } = link;
    format!("{}/pictures/{}/{expires}/{signature}/{file_name}", tools.policy.public_url, push.id)
}

/// The picture behind such a URL, with its media type; `None` if the URL is not ours or has expired.
pub async fn linked_picture(
    tools: &Tools,
    push: &PushId,
    link: &SignedLink,
    file_name: &str,
) -> Result<Option<(Bytes, String)>, Failure> {
    let parts = [push.as_str(), file_name];
    if tools.vault.check_link(LinkKind::Picture, &parts, link, tools.outside.clock.now()) != LinkState::Good {
        return Ok(None);
    }
    let mut tx = tools.db.read().await?;
    let Some(found) = db::push::find(&mut tx, push.as_str()).await? else { return Ok(None) };
    let Some(asset) = db::asset::find(&mut tx, found.generated_asset_id.as_str()).await? else { return Ok(None) };
    drop(tx);
    // The extension tells the format.
    let named = |kind: &&str| file_name.rsplit_once('.').is_some_and(|(_, end)| end == extension(kind));
    let other = OTHER_FORMS.into_iter().find(named).filter(|kind| asset.mime_type.as_deref() != Some(*kind));
    let bytes = match other.filter(|_| asset.original().is_some()) {
        Some(kind) => in_form(tools, &asset, kind).await?,
        None => bytes_of(tools, &asset).await?,
    };
    let kind = infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
    Ok(Some((bytes, kind)))
}

/// The bytes of an asset, from the object store or from the web: older rows may contain URLs.
async fn bytes_of(tools: &Tools, asset: &Asset) -> Result<Bytes, Failure> {
    let missing =
        || Failure::new(FailureKind::PictureMissing, "the picture's bytes are not there: the asset has no address yet");
    tools.outside.bytes_at(&asset.location().ok_or_else(missing)?).await
}

/// A short text that identifies one push; it survives in the file names of every shop. A picture that was taken out and is
/// pushed again has another one: a shop that knows its idempotency key would answer with the picture that is gone.
pub(super) fn mark(push: &Push) -> String {
    let key = match round(push) {
        0 => push.idempotency_key.clone(),
        round => format!("{}#{round}", push.idempotency_key),
    };
    format!("ss-{}", &hex(&Sha256::digest(key.as_bytes()))[..20])
}

/// How often the picture was taken out and pushed again.
fn round(push: &Push) -> u64 {
    push.journal.0.get("round").and_then(Value::as_u64).unwrap_or(0)
}

/// The journal of a picture that is pushed again after it was taken out.
pub(super) fn next_round(push: &Push) -> Value {
    json!({ "round": round(push) + 1 })
}
