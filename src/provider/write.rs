//! Writes to a shop: runs one step of a push, checks whether an interrupted step took effect, and reads the gallery
//! back. The caller's journal records which steps are done.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Provider,
    call::{ShopClient, With},
    context::TemplateContext,
    path::Path,
    recipe::{FindBy, GalleryKind, Poll, PushRecipe, PushStep, StepCheck},
    upload::Upload,
};
use crate::model::{Failure, FailureKind, ShopAnswer};

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
    fn describe(&self, values: &mut Map<String, Value>) {
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

/// The values that steps output for later steps.
pub type StepOutputs = Map<String, Value>;

/// The position of a picture in a gallery that is written as a whole.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Before the others.
    pub first: bool,
    /// Pictures of ours that it replaces.
    pub replace: Vec<String>,
}

/// The current pictures of a product in the shop.
pub async fn gallery(shop: &ShopClient, erp_product_id: &str) -> Result<Vec<GalleryPicture>, Failure> {
    Ok(gallery_and_facts(shop, erp_product_id).await?.0)
}

async fn gallery_and_facts(
    shop: &ShopClient,
    erp_product_id: &str,
) -> Result<(Vec<GalleryPicture>, StepOutputs), Failure> {
    let list = &push(shop)?.list;
    let mut values = Map::new();
    values.insert("product".into(), json!({ "erp_id": erp_product_id }));
    let answer = shop.call(&shop.provider.recipe.op[&list.op], With { values, ..With::default() }).await?;
    let picture = |item: &Value| {
        let text = |path: &Option<Path>| path.as_ref().and_then(|path| path.text(item));
        Some(GalleryPicture {
            id: list.id.text(item)?,
            url: text(&list.url),
            name: text(&list.name),
            alt: text(&list.alt),
        })
    };
    let counts = |item: &&Value| list.only.as_ref().is_none_or(|only| only.holds(item));
    Ok((
        list.each.each(&answer.body).iter().filter(counts).filter_map(picture).collect(),
        Path::pick(&list.facts, &answer.body),
    ))
}

/// Runs one step and returns its outputs. `earlier` are the outputs of the steps before.
pub async fn step(
    shop: &ShopClient,
    index: usize,
    upload: &Upload,
    earlier: &StepOutputs,
    placing: &Placement,
) -> Result<StepOutputs, Failure> {
    let push = push(shop)?;
    let step = &push.step[index];
    let mut values = Map::new();
    values.insert("kept".into(), Value::Object(earlier.clone()));
    if step.only_first && !placing.first {
        return Ok(StepOutputs::new());
    }
    let mut before = Vec::new();
    let op = &shop.provider.recipe.op[&step.op];
    if step.list.is_some() || step.found.is_some() || op.looks_up_any("gallery.") {
        // Read as late as possible, so that pictures added meanwhile stay.
        let (pictures, facts) = gallery_and_facts(shop, &upload.erp_product_id).await?;
        let mut gallery = arranged(shop, step, upload, &pictures, placing, &values)?;
        gallery.extend(facts);
        values.insert("gallery".into(), Value::Object(gallery));
        before = pictures;
    }
    match &step.poll {
        None => {
            let with = With { values, upload: Some(upload), ..With::default() };
            let answer = shop.call(&shop.provider.recipe.op[&step.op], with).await?;
            let mut outputs = step_outputs(step, &answer.body)?;
            if let Some(name) = &step.found {
                let pictures = gallery(shop, &upload.erp_product_id).await?;
                let ours = find_ours(shop, upload, &before, &pictures).await?.ok_or_else(|| {
                    let text = format!("{} accepted the picture but does not list it yet", shop.provider.name());
                    Failure::new(FailureKind::NotVisible, text)
                })?;
                outputs.insert(name.clone(), ours.id.as_str().into());
            }
            Ok(outputs)
        }
        Some(poll) => wait_until_ready(shop, step, poll, upload, values).await,
    }
}

/// Removes a picture from a product's gallery; `false` if it was already gone. Verified by reading the gallery back.
pub async fn remove(shop: &ShopClient, erp_product_id: &str, image_id: &str) -> Result<bool, Failure> {
    let undo = push(shop)?.undo.as_ref().ok_or_else(|| {
        let text = format!("{}'s file describes no removal of pictures: remove it in the shop", shop.provider.name());
        Failure::new(FailureKind::NoUndo, text)
    })?;
    let (pictures, facts) = gallery_and_facts(shop, erp_product_id).await?;
    if pictures.iter().all(|picture| picture.id != image_id) {
        return Ok(false);
    }
    let left = || pictures.iter().filter(|picture| picture.id != image_id);
    let ids: Vec<&String> = left().map(|picture| &picture.id).collect();
    let mut values = Map::new();
    values.insert("product".into(), json!({ "erp_id": erp_product_id }));
    values.insert("image".into(), json!({ "id": image_id }));
    let mut context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&shop.facts) };
    let mut items = Vec::new();
    if let Some(others) = &undo.others {
        for picture in left() {
            picture.describe(context.values.to_mut());
            items.extend(others.fill(&context)?);
        }
    }
    let mut gallery = facts;
    for (name, value) in [("ids", json!(ids)), ("first", json!(ids.first())), ("items", json!(items))] {
        gallery.insert(name.to_owned(), value);
    }
    context.values.to_mut().insert("gallery".into(), Value::Object(gallery));
    let values = context.values.into_owned();
    match shop.call(&shop.provider.recipe.op[&undo.op], With { values, ..With::default() }).await {
        // The response to an earlier try was lost: the picture is gone already, and the gallery confirms it below.
        Err(failure) if !matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _)) => return Err(failure),
        _ => {}
    }
    if self::gallery(shop, erp_product_id).await?.iter().any(|picture| picture.id == image_id) {
        let text = format!("{} accepted the removal of the picture but still lists it", shop.provider.name());
        return Err(Failure::new(FailureKind::StillVisible, text));
    }
    Ok(true)
}

/// The gallery to write, as ids and as objects.
fn arranged(
    shop: &ShopClient,
    step: &PushStep,
    upload: &Upload,
    pictures: &[GalleryPicture],
    placing: &Placement,
    values: &StepOutputs,
) -> Result<StepOutputs, Failure> {
    const NEW: &str = "\0new";
    let mut context = TemplateContext { values: Cow::Borrowed(values), ..TemplateContext::of_facts(&shop.facts) };
    upload.describe(context.values.to_mut());
    let new = match &step.list {
        Some(template) => template.text(&context)?.unwrap_or_default(),
        None => NEW.to_owned(),
    };
    let present = pictures.iter().map(|picture| picture.id.as_str()).collect();
    let ids = placed(present, &new, placing, push(shop)?.gallery);
    let mut items = Vec::new();
    if let (Some(item), Some(others)) = (&step.item, &step.others) {
        for id in &ids {
            let values = context.values.to_mut();
            match pictures.iter().find(|picture| picture.id == *id) {
                Some(picture) => picture.describe(values),
                None => GalleryPicture { id: (*id).to_owned(), ..GalleryPicture::default() }.describe(values),
            }
            items.extend(if *id == new { item.fill(&context)? } else { others.fill(&context)? });
        }
    }
    let next = if placing.first { 1 } else { pictures.len() + 1 };
    let values = json!({ "first": ids.first(), "ids": ids, "items": items, "next": next, "make_first": placing.first });
    Ok(values.as_object().cloned().unwrap_or_default())
}

fn placed<'a>(mut ids: Vec<&'a str>, new: &'a str, placing: &Placement, kind: GalleryKind) -> Vec<&'a str> {
    if kind == GalleryKind::ReplaceList {
        ids.retain(|id| !placing.replace.iter().any(|replaced| replaced == id));
    }
    if placing.first {
        ids.retain(|id| *id != new);
        ids.insert(0, new);
    } else if !ids.contains(&new) {
        ids.push(new);
    }
    ids
}

fn step_outputs(step: &PushStep, body: &Value) -> Result<StepOutputs, Failure> {
    let mut outputs = StepOutputs::new();
    for (name, path) in &step.keep {
        let value = path.get(body).filter(|value| !value.is_null()).cloned().ok_or_else(|| {
            let text =
                format!("the shop's response to step '{}' lacks '{name}'; the picture was not accepted", step.name);
            Failure::new(FailureKind::UnexpectedAnswer, text)
        })?;
        outputs.insert(name.clone(), value);
    }
    Ok(outputs)
}

async fn wait_until_ready(
    shop: &ShopClient,
    step: &PushStep,
    poll: &Poll,
    upload: &Upload,
    values: Map<String, Value>,
) -> Result<StepOutputs, Failure> {
    let clock = &shop.outside.clock;
    let until = clock.now().plus(poll.upto.0);
    loop {
        let with = With { values: values.clone(), upload: Some(upload), ..With::default() };
        let answer = shop.call(&shop.provider.recipe.op[&step.op], with).await?;
        let state = poll.path.text(&answer.body).unwrap_or_default();
        if poll.ready.contains(&state) {
            return step_outputs(step, &answer.body);
        }
        if poll.failed.contains(&state) {
            let reason = poll
                .reason
                .as_ref()
                .and_then(|path| path.text(&answer.body))
                .unwrap_or_else(|| "no reason given".into());
            let reason: String = shop.without_secrets(&reason).await?.chars().take(200).collect();
            return Err(Failure::new(
                FailureKind::PictureFailed,
                format!("the shop could not process the picture: {reason}"),
            ));
        }
        if clock.now() >= until {
            let text = format!("the shop has not finished the picture after {} s", poll.upto.0.as_secs());
            return Err(Failure::new(FailureKind::PictureProcessing, text));
        }
        clock.sleep(poll.every.0).await;
    }
}

/// Checks whether a started step took effect: `Some` with its outputs, `None` if it has to be run.
pub async fn check_step(
    shop: &ShopClient,
    index: usize,
    upload: &Upload,
    known: &[GalleryPicture],
) -> Result<Option<StepOutputs>, Failure> {
    match &push(shop)?.step[index].look {
        StepCheck::Repeat => Ok(None),
        StepCheck::Gallery { keep } => {
            let pictures = gallery(shop, &upload.erp_product_id).await?;
            let ours = find_ours(shop, upload, known, &pictures).await?;
            Ok(ours.map(|picture| StepOutputs::from_iter([(keep.clone(), picture.id.as_str().into())])))
        }
        StepCheck::Ask { op, each, name, keep } => {
            let with = With { upload: Some(upload), ..With::default() };
            let answer = shop.call(&shop.provider.recipe.op[op], with).await?;
            let ours = |item: &&Value| name.text(item).is_some_and(|name| name.contains(&upload.mark));
            let Some(item) = each.each(&answer.body).iter().find(ours) else { return Ok(None) };
            Ok(Some(Path::pick(keep, item)))
        }
    }
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

/// The new picture's id, from the outputs of all steps.
pub fn result_id(provider: &Provider, outputs: &StepOutputs) -> Result<String, Failure> {
    let push = provider.recipe.push.as_ref().ok_or_else(|| no_push(provider))?;
    let facts = Map::new();
    let mut context = TemplateContext::of_facts(&facts);
    context.values.to_mut().insert("kept".into(), Value::Object(outputs.clone()));
    let id = push.result.id.text(&context)?;
    id.ok_or_else(|| Failure::new(FailureKind::UnexpectedAnswer, "the steps of the push returned no picture id"))
}

fn push(shop: &ShopClient) -> Result<&PushRecipe, Failure> {
    shop.provider.recipe.push.as_ref().ok_or_else(|| no_push(&shop.provider))
}

fn no_push(provider: &Provider) -> Failure {
    Failure::new(FailureKind::NoPush, format!("{} accepts no pictures: its file describes no push", provider.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_list_keeps_what_is_not_ours() {
        let placing =
            |first, replace: &[&str]| Placement { first, replace: replace.iter().map(|id| (*id).to_owned()).collect() };
        let list = GalleryKind::ReplaceList;
        assert_eq!(placed(vec!["a", "b"], "n", &placing(false, &[]), list), ["a", "b", "n"]);
        assert_eq!(placed(vec!["a", "b"], "n", &placing(true, &[]), list), ["n", "a", "b"]);
        assert_eq!(placed(vec!["a", "n"], "n", &placing(false, &[]), list), ["a", "n"], "never twice");
        assert_eq!(placed(vec!["a", "b"], "n", &placing(false, &["b"]), list), ["a", "n"]);
    }
}
