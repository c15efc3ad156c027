//! Galleries: reads the pictures of a product in its shop and recognises our own among them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Provider,
    call::ShopClient,
    context::TemplateContext,
    path::Path,
    recipe::{FindBy, GalleryList, PushRecipe},
    request::With,
    upload::Upload,
};
use crate::model::{Failure, FailureKind, ProductStatus, ShopAnswer};

/// A picture in a shop's gallery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GalleryPicture {
    pub id: String,
    pub url: Option<String>,
    pub name: Option<String>,
    pub alt: Option<String>,
}

impl GalleryPicture {
    /// Sets its values: its id, and what a list that is written as a whole has to repeat, as far as it has them.
    pub(super) fn describe(&self, values: &mut Map<String, Value>) {
        let Self { id, url, name, alt } = self;
        values.insert("value".into(), id.as_str().into());
        for (key, value) in [("value.url", url), ("value.name", name), ("value.alt", alt)] {
            match value.as_deref().filter(|text| !text.is_empty()) {
                Some(text) => values.insert(key.into(), text.into()),
                None => values.remove(key),
            };
        }
    }
}

/// A gallery as its shop describes it.
pub(super) struct ShopGallery {
    pub(super) pictures: Vec<GalleryPicture>,
    /// The id or the URL of the cover, if the response has one.
    pub(super) cover: Option<String>,
    /// What else the file names of the response.
    pub(super) facts: Map<String, Value>,
    /// The shop shows the product as deleted, such as in a bin.
    pub(super) is_deleted: bool,
}

impl ShopGallery {
    pub(super) fn has_cover(&self, picture: &GalleryPicture) -> bool {
        self.cover.as_ref().is_some_and(|cover| *cover == picture.id || Some(cover) == picture.url.as_ref())
    }
}

/// The current pictures of a product in the shop; fails if the shop shows the product as deleted.
pub async fn gallery(shop: &ShopClient, erp_product_id: &str) -> Result<Vec<GalleryPicture>, Failure> {
    Ok(gallery_to_write(shop, erp_product_id).await?.pictures)
}

/// The gallery of a product that pictures may be brought to: not of one that the shop shows as deleted.
pub(super) async fn gallery_to_write(shop: &ShopClient, erp_product_id: &str) -> Result<ShopGallery, Failure> {
    let gallery = read_gallery(shop, erp_product_id).await?;
    if gallery.is_deleted {
        let text = format!("{} shows product {erp_product_id} as deleted; nothing was written", shop.provider.name());
        return Err(Failure::new(FailureKind::shop_says(ShopAnswer::Missing, "product_deleted"), text));
    }
    Ok(gallery)
}

/// The gallery of a product with its cover and the facts that the file names.
pub(super) async fn read_gallery(shop: &ShopClient, erp_product_id: &str) -> Result<ShopGallery, Failure> {
    let list = &push(shop)?.list;
    let mut values = Map::new();
    values.insert("product".into(), json!({ "erp_id": erp_product_id }));
    let op = &shop.provider.recipe.op[&list.op];
    let answer = shop.call(op, With { values, ..With::default() }).await?;
    let pictures = listed(list, &answer.body, op.is_xml()).map_err(|what| {
        let name = shop.provider.name();
        let text = format!("{name}: the response has {what} at the path in the provider's file; nothing was written");
        Failure::new(FailureKind::UnexpectedAnswer, text)
    })?;
    Ok(ShopGallery {
        pictures,
        cover: list.cover.as_ref().and_then(|path| path.text(&answer.body)),
        facts: Path::pick(&list.facts, &answer.body),
        is_deleted: is_deleted(shop, &answer.body),
    })
}

/// Whether the response that has the gallery, where it is the one that has a product for an import, shows the product as deleted.
fn is_deleted(shop: &ShopClient, body: &Value) -> bool {
    let recipe = &shop.provider.recipe;
    let one = recipe.import.one.as_ref().filter(|one| recipe.push.as_ref().is_some_and(|push| push.list.op == one.op));
    let item = one.and_then(|one| one.item.get(body));
    let context = TemplateContext::of_facts(&shop.facts);
    item.is_some_and(|item| recipe.import.map.status(item, &context) == Some(Ok(ProductStatus::Deleted)))
}

/// The pictures that a response lists. A list that is not there is unknown, not empty, and a picture without an id can
/// not be repeated: writing the list anew would remove them.
fn listed(list: &GalleryList, body: &Value, is_xml: bool) -> Result<Vec<GalleryPicture>, &'static str> {
    let is_unknown = match list.each.get(body) {
        None if is_xml => list.each.list(body, true).is_none(),
        found => found.is_none_or(Value::is_null),
    };
    if !list.may_lack && is_unknown {
        return Err("no list of pictures");
    }
    let picture = |item: &Value| {
        let text = |path: &Option<Path>| path.as_ref().and_then(|path| path.text(item));
        let id = list.id.text(item).ok_or("a picture without an id")?;
        Ok(GalleryPicture { id, url: text(&list.url), name: text(&list.name), alt: text(&list.alt) })
    };
    let counts = |item: &&Value| list.only.as_ref().is_none_or(|only| only.holds(*item));
    list.each.each(body).iter().filter(counts).map(picture).collect()
}

/// Our picture in a gallery without a record of earlier pictures; `None` if the shop's pictures cannot be recognised by
/// name, text or bytes.
pub async fn recognise<'g>(
    shop: &ShopClient,
    upload: &Upload,
    gallery: &'g [GalleryPicture],
) -> Result<Option<&'g GalleryPicture>, Failure> {
    if push(shop)?.list.find == FindBy::New {
        return Ok(None);
    }
    find_ours(shop, upload, &[], gallery).await
}

/// Our picture in a gallery, if it is there. `known` are the pictures that were there before the push.
pub async fn find_ours<'g>(
    shop: &ShopClient,
    upload: &Upload,
    known: &[GalleryPicture],
    gallery: &'g [GalleryPicture],
) -> Result<Option<&'g GalleryPicture>, Failure> {
    let holds_mark = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(&upload.mark));
    match push(shop)?.list.find {
        FindBy::Name => Ok(gallery.iter().find(|picture| holds_mark(&picture.name))),
        FindBy::Alt => Ok(gallery.iter().find(|picture| holds_mark(&picture.alt))),
        FindBy::Bytes => {
            let new = gallery.iter().filter(|picture| !known.iter().any(|old| old.id == picture.id));
            for picture in new {
                if let Some(url) = &picture.url
                    && same_bytes(shop, url, &upload.sha256).await?
                {
                    return Ok(Some(picture));
                }
            }
            Ok(None)
        }
        FindBy::New => {
            let mut new = gallery.iter().filter(|picture| !known.iter().any(|old| old.id == picture.id));
            match (new.next(), new.next()) {
                (Some(_), Some(_)) => Err(Failure::new(
                    FailureKind::WhichPicture,
                    "another picture was added at the same time, and the shop's pictures cannot be told apart: check the product in the shop",
                )),
                (only, _) => Ok(only),
            }
        }
    }
}

/// A picture that a push brought to a shop.
pub struct PushedImage<'a> {
    pub id: &'a str,
    /// The mark of its push.
    pub mark: &'a str,
    pub sha256: &'a str,
}

/// Duplicates of a pushed picture in a gallery that were not there before the push: a worker that is suspended
/// during an upload and resumes after its lease leaves them. Empty if the shop's pictures cannot be recognised by name,
/// text or bytes.
pub async fn copies(
    shop: &ShopClient,
    pushed: &PushedImage<'_>,
    known: &[GalleryPicture],
    gallery: &[GalleryPicture],
) -> Result<Vec<GalleryPicture>, Failure> {
    let new = |picture: &&GalleryPicture| picture.id != pushed.id && !known.iter().any(|old| old.id == picture.id);
    let holds_mark = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(pushed.mark));
    let others = gallery.iter().filter(new);
    match push(shop)?.list.find {
        FindBy::Name => Ok(others.filter(|picture| holds_mark(&picture.name)).cloned().collect()),
        FindBy::Alt => Ok(others.filter(|picture| holds_mark(&picture.alt)).cloned().collect()),
        FindBy::Bytes => {
            let mut copies = Vec::new();
            for picture in others {
                let Some(url) = &picture.url else { continue };
                if same_bytes(shop, url, pushed.sha256).await? {
                    copies.push(picture.clone());
                }
            }
            Ok(copies)
        }
        FindBy::New => Ok(Vec::new()),
    }
}

/// Whether the picture at `url` has this SHA-256 hash.
pub async fn same_bytes(shop: &ShopClient, url: &str, sha256: &str) -> Result<bool, Failure> {
    let bytes = shop.download(url).await?;
    let hash = Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    Ok(hash == sha256)
}

/// The push that the shop's file describes.
pub(super) fn push(shop: &ShopClient) -> Result<&PushRecipe, Failure> {
    shop.provider.recipe.push.as_ref().ok_or_else(|| no_push(&shop.provider))
}

pub(super) fn no_push(provider: &Provider) -> Failure {
    Failure::new(FailureKind::NoPush, format!("{} accepts no pictures: its file describes no push", provider.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_not_there_is_unknown_and_so_is_a_picture_without_an_id() {
        let read = |more: &str, body: Value| {
            let text = format!("op = 'x'\neach = 'images'\nid = 'id'\nfind = 'name'\n{more}");
            let list: GalleryList = toml::from_str(&text).expect("a list");
            listed(&list, &body, false).map(|pictures| pictures.len())
        };
        assert_eq!(read("", json!({ "images": [{ "id": 1 }, { "id": "b" }] })), Ok(2));
        assert_eq!(read("", json!({ "images": [] })), Ok(0));
        for missing in [json!({}), json!({ "images": null })] {
            assert_eq!(read("", missing.clone()), Err("no list of pictures"));
            assert_eq!(read("may_lack = true", missing), Ok(0));
        }
        for unknown in [json!([{ "id": 1 }, { "id": null }]), json!({ "1": { "id": 1 } }), json!(false)] {
            assert_eq!(read("", json!({ "images": unknown })), Err("a picture without an id"));
        }
        let list: GalleryList =
            toml::from_str("op = 'x'\neach = 'images.image'\nid = '@id'\nfind = 'name'").expect("a list");
        let xml = |body: Value| listed(&list, &body, true).map(|pictures| pictures.len());
        assert_eq!(
            (xml(json!({ "images": "" })), xml(json!({ "images": { "image": { "@id": "1" } } }))),
            (Ok(0), Ok(1))
        );
        assert_eq!(xml(json!({ "error": "" })), Err("no list of pictures"));
        let only = "only = { path = 'kind', in = ['image'] }";
        assert_eq!(read(only, json!({ "images": [{ "id": 1, "kind": "image" }, { "kind": "video" }] })), Ok(1));
    }
}
