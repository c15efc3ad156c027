//! The source pictures of a new one: a product's own, chosen or first; a session's inspirations; an output.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::settings::Settings;
use crate::{
    db,
    model::{
        Asset, AssetLocation, ClientId, Failure, FailureKind, GenerationFlow, Image, Inspiration, Product, SessionId,
    },
    outside::{FileError, unreadable_format},
    paint,
    tools::Tools,
    vault::hex,
};

/// The most pictures of a product that are tried until one can be read.
const TRIES: usize = 5;
/// The most inspirations for one picture.
const INSPIRATIONS: usize = 4;
/// How long a picture's URL is valid.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// A source picture.
#[derive(Debug, Clone)]
pub(super) struct SourcePicture {
    pub bytes: Bytes,
    pub mime_type: String,
    /// Its identity and checksum, for the new picture's provenance. Without a URL's query, which may hold a secret.
    pub origin: Value,
}

impl SourcePicture {
    /// Its bytes with their media type.
    pub(super) fn typed(self) -> (Bytes, String) {
        (self.bytes, self.mime_type)
    }

    fn new(bytes: Bytes, mut origin: Value) -> Self {
        origin["sha256"] = hex(&Sha256::digest(&bytes)).into();
        let mime_type = infer::get(&bytes).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
        Self { bytes, mime_type, origin }
    }
}

/// The base picture of a product: the chosen one, or the first that its shop shows and that is not ours. Those whose format
/// cannot be read come after all others.
pub(super) fn base<'a>(images: &'a [Image], chosen: Option<&str>) -> Option<&'a Image> {
    let named = |image: &&Image| chosen.is_some_and(|id| image.id.as_str() == id);
    let first =
        || images.iter().filter(|image| is_theirs(image)).min_by_key(|image| image.unreadable_format().is_some());
    images.iter().find(named).or_else(first)
}

fn is_theirs(image: &Image) -> bool {
    image.deleted_at.is_none() && image.generated_asset_id.is_none()
}

/// The pictures to try as a product's base, in this order: the chosen one alone, because a person chose it; otherwise
/// those that its shop shows and that are not ours.
fn candidates<'a>(images: &'a [Image], chosen: Option<&str>) -> Vec<&'a Image> {
    let first = base(images, chosen);
    let rest = images.iter().filter(|image| is_theirs(image) && first.is_none_or(|first| first.id != image.id));
    let mut rest: Vec<&Image> = rest.collect();
    rest.sort_by_key(|image| image.unreadable_format().is_some());
    let is_chosen = first.is_some_and(|first| chosen == Some(first.id.as_str()));
    first.into_iter().chain(rest).take(if is_chosen { 1 } else { TRIES }).collect()
}

/// Whether another picture of the product helps: this one is gone, refused or damaged, and stays so.
fn is_of_this_picture(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::PictureMissing | FailureKind::FetchRefused | FailureKind::Studio)
}

/// A fingerprint of a base picture that changes with it.
pub(super) fn fingerprint(image: Option<&Image>) -> String {
    let place = image.map(|image| (image.id.as_str(), image.original_store_url.as_deref(), image.r2_key_base.as_str()));
    hex(&Sha256::digest(format!("{place:?}")))[..16].to_owned()
}

/// The base picture of a product. `chosen` is the id of one of its pictures or, in older rows, a file name.
pub(super) async fn product_picture(
    tools: &Tools,
    product: &Product,
    images: &[Image],
    chosen: Option<&str>,
) -> Result<SourcePicture, Failure> {
    let none = || Failure::new(FailureKind::NoPicture, format!("\"{}\" has no picture to begin with", product.name));
    let known = chosen.is_none_or(|id| images.iter().any(|image| image.id.as_str() == id));
    if let (false, Some(file)) = (known, chosen) {
        for key in older_places(product, file) {
            match tools.outside.files.get(&key).await {
                Ok(bytes) => return Ok(SourcePicture::new(bytes, json!({ "product": product.id, "key": key }))),
                Err(FileError::Missing(_) | FileError::BadKey(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let mut first = None;
    for image in candidates(images, chosen) {
        match read_picture(tools, &product.client_id, image).await {
            Ok(bytes) => {
                return Ok(SourcePicture::new(bytes, json!({ "product": product.id, "image": image.id })));
            }
            Err(failure) if is_of_this_picture(&failure) => {
                tracing::info!(product.id = %product.id, image.id = %image.id, failure.code = failure.code(), "{failure}");
                first.get_or_insert(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(first.unwrap_or_else(none))
}

/// A picture's bytes, which can be read as a picture.
async fn read_picture(tools: &Tools, client: &ClientId, image: &Image) -> Result<Bytes, Failure> {
    // Our own bytes take precedence over the shop's: a person put them there.
    let bytes = match tools.outside.files.get(&image.base_key(client)).await {
        Ok(bytes) => bytes,
        Err(FileError::Missing(_) | FileError::BadKey(_)) => {
            let missing = || Failure::new(FailureKind::PictureMissing, "the picture is missing: it has no address");
            let url = image.original_store_url.as_deref().ok_or_else(missing)?;
            tools.outside.bytes_at(&AssetLocation::Url(url)).await?
        }
        Err(error) => return Err(error.into()),
    };
    let format = unreadable_format(&bytes);
    if format != image.unreadable_format() {
        let mut tx = tools.db.begin().await?;
        db::product::mark_format(&mut tx, &image.id, format.map(|format| format.mime_type)).await?;
        tx.commit().await?;
    }
    if let Some(format) = format {
        let text =
            format!("the product's picture is {}, which the studio cannot read: add a JPEG, PNG or WebP", format.name);
        return Err(Failure::new(FailureKind::Studio, text));
    }
    paint::check(&bytes)?;
    Ok(bytes)
}

/// The keys of the older application for a picture of this name, newest first.
fn older_places(product: &Product, file: &str) -> Vec<String> {
    let (client, id) = (&product.client_id, &product.id);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut places = vec![format!("clients/{client}/products/{id}/media/images/base/{stem}.png")];
    for root in ["clients", "orgs"] {
        places.push(format!("{root}/{client}/products/{id}/media/{file}"));
    }
    places
}

/// The base picture that a flow, or its session, chose for a product.
pub(super) fn chosen(flow: Option<&GenerationFlow>, session: Option<&Value>, product: &str) -> Option<String> {
    let of = |images: &Value| images.get(product).and_then(Value::as_str).map(str::to_owned);
    flow.and_then(|flow| of(&flow.selected_base_images.0)).or_else(|| session.and_then(of))
}

/// The inspirations of a flow's session in order, then what its settings name: a URL, a key or an older file name.
pub(super) async fn inspirations(
    tools: &Tools,
    client: &ClientId,
    session: Option<&SessionId>,
    rows: &[Inspiration],
    settings: &Map<String, Value>,
) -> Result<Vec<SourcePicture>, Failure> {
    let mut found = Vec::new();
    for row in rows.iter().take(INSPIRATIONS) {
        let place = match &row.r2_key {
            Some(key) => AssetLocation::Key(key),
            None => AssetLocation::Url(&row.url),
        };
        let bytes = tools.outside.bytes_at(&place).await?;
        found.push(SourcePicture::new(bytes, json!({ "inspiration": row.id })));
    }
    let read = Settings(settings);
    if let Some(url) = read.text(&["inspirationImageUrl", "sceneImageUrl"]) {
        let place = own_place(url, client)?;
        let bytes = tools.outside.bytes_at(&place).await?;
        found.push(SourcePicture::new(bytes, json!({ "inspiration": url.split('?').next() })));
    }
    if let (Some(file), Some(session)) = (read.text(&["inspirationImageId"]), session)
        && !rows.iter().any(|row| row.id.as_str() == file)
    {
        let key = format!("clients/{client}/sessions/{session}/media/{file}");
        let bytes = tools.outside.bytes_at(&AssetLocation::Key(&key)).await?;
        found.push(SourcePicture::new(bytes, json!({ "inspiration": key })));
    }
    found.truncate(INSPIRATIONS);
    Ok(found)
}

/// A URL, or a key of the client's own: whoever may write a flow sets this, and the store has every client's objects.
fn own_place<'a>(text: &'a str, client: &ClientId) -> Result<AssetLocation<'a>, Failure> {
    if ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(AssetLocation::Url(text));
    }
    let key = text.trim_start_matches('/');
    if ["clients", "orgs"].iter().any(|root| key.starts_with(&format!("{root}/{client}/"))) {
        return Ok(AssetLocation::Key(key));
    }
    Err(Failure::new(
        FailureKind::BadSettings,
        format!("'{text}' is neither an address nor a picture of client {client}"),
    ))
}

/// An output's bytes; with `original`, those of its original if there is one.
pub async fn bytes_of(tools: &Tools, asset: &Asset, original: bool) -> Result<Bytes, Failure> {
    if let (Some((key, sha256)), true) = (asset.original(), original) {
        return tools.outside.bytes_kept(key, sha256).await;
    }
    match asset.location() {
        Some(AssetLocation::Key(key)) => tools.outside.bytes_kept(key, asset.sha256.as_deref()).await,
        Some(place) => tools.outside.bytes_at(&place).await,
        None => Err(not_there(asset)),
    }
}

fn not_there(asset: &Asset) -> Failure {
    Failure::new(FailureKind::PictureMissing, format!("asset {} is {}: it has no bytes yet", asset.id, asset.status))
}

/// An output as a source.
pub(super) async fn asset_picture(tools: &Tools, asset: &Asset) -> Result<SourcePicture, Failure> {
    Ok(SourcePicture::new(bytes_of(tools, asset, true).await?, json!({ "asset": asset.id })))
}

/// A URL that anybody can fetch for a day: the bucket's public or a signed one; `None` if this daemon must serve it.
pub async fn public_url(tools: &Tools, asset: &Asset) -> Result<Option<String>, Failure> {
    match asset.location() {
        None => Err(not_there(asset)),
        Some(AssetLocation::Url(url)) => Ok(Some(url.to_owned())),
        Some(AssetLocation::Key(key)) => Ok(tools.outside.files.public_url(key, LINK_LIFE).await?.map(String::from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, ours: bool, gone: bool) -> Image {
        Image {
            id: id.into(),
            product_id: "p".into(),
            sort_order: 0,
            is_primary: false,
            sync_status: "synced".into(),
            external_image_id: None,
            r2_key_base: format!("k/{id}"),
            original_store_url: Some(format!("https://shop.example/{id}.png")),
            generated_asset_id: ours.then(|| "a".to_owned()),
            mime_type: None,
            alt_text: None,
            deleted_at: gone.then(|| crate::model::Time::from_unix_ms(0)),
        }
    }

    #[test]
    fn settings_name_no_picture_of_another_client() {
        let own = ClientId::from("acme");
        assert_eq!(own_place("https://example.com/a.jpg", &own), Ok(AssetLocation::Url("https://example.com/a.jpg")));
        let key = "clients/acme/sessions/s/media/a.jpg";
        assert_eq!(own_place(&format!("/{key}"), &own), Ok(AssetLocation::Key(key)));
        for foreign in ["clients/acme2/x.png", "clients/other/x.png", "vault.key", "file:///etc/passwd", ""] {
            let refused = own_place(foreign, &own).map_err(|failure| failure.kind);
            assert_eq!(refused, Err(FailureKind::BadSettings), "{foreign}");
        }
    }

    #[test]
    fn the_chosen_picture_or_the_first_of_the_shops_own_is_the_base() {
        let images = [
            image("gone", false, true),
            image("ours", true, false),
            image("first", false, false),
            image("other", false, false),
        ];
        let id = |chosen| base(&images, chosen).map(|image| image.id.to_string());
        assert_eq!(id(None).as_deref(), Some("first"));
        assert_eq!(id(Some("other")).as_deref(), Some("other"));
        assert_eq!(id(Some("unknown")).as_deref(), Some("first"));
        let mut unreadable = images.clone();
        unreadable[2].mime_type = Some("image/avif".into());
        let tried =
            |chosen| candidates(&unreadable, chosen).iter().map(|image| image.id.to_string()).collect::<Vec<_>>();
        assert_eq!(tried(None), ["other", "first"]);
        assert_eq!(tried(Some("first")), ["first"], "a person chose it");
        let print = |chosen| fingerprint(base(&images, chosen));
        assert_ne!(print(None), print(Some("other")));
        let mut moved = images.to_vec();
        moved[2].original_store_url = Some("https://shop.example/new.png".into());
        assert_ne!(fingerprint(base(&moved, None)), print(None), "another picture");
    }
}
