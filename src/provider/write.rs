//! Writes to a shop: runs one step of a push, checks whether an interrupted step took effect, and removes a picture. The
//! caller's journal records which steps are done.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{
    Provider,
    call::{Answer, ShopClient},
    context::TemplateContext,
    gallery::{GalleryPicture, ShopGallery, find_ours, gallery, gallery_to_write, no_push, push, read_gallery},
    path::Path,
    recipe::{FindBy, GalleryKind, Keep, Op, Poll, PushStep, StepCheck, Undo},
    request::With,
    template::Template,
    upload::Upload,
};
use crate::model::{Failure, FailureKind, ShopAnswer};

/// The values that steps output for later steps.
pub type StepOutputs = Map<String, Value>;

/// The position of a picture in a gallery that is written as a whole.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Before the others.
    pub first: bool,
    /// Pictures of ours that it replaces.
    pub replace: Vec<String>,
    /// The pictures before the push.
    pub before: Vec<GalleryPicture>,
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
    if step.looks_at_gallery(op) {
        // Read as late as possible, so that pictures added meanwhile stay.
        let gallery = gallery_to_write(shop, &upload.erp_product_id).await?;
        let mut written = arranged(shop, step, upload, &gallery, placing, &values)?;
        written.extend(gallery.facts);
        values.insert("gallery".into(), Value::Object(written));
        before = gallery.pictures;
    }
    if !runs(step.only_if.as_ref(), shop, &values)? {
        return Ok(StepOutputs::new());
    }
    if let Some(poll) = &step.poll {
        return wait_until_ready(shop, step, poll, upload, values).await;
    }
    let answer = shop.call(op, With { values, upload: Some(upload), ..With::default() }).await?;
    let mut outputs = step_outputs(step, &answer)?;
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

impl PushStep {
    /// Whether the gallery has to be read before it.
    fn looks_at_gallery(&self, op: &Op) -> bool {
        let asks = self.only_if.iter().flat_map(Template::slots).any(|slot| slot.starts_with("gallery."));
        asks || self.list.is_some() || self.found.is_some() || op.looks_up_any("gallery.")
    }
}

/// Whether the condition of a step, if it has one, has a value.
fn runs(only_if: Option<&Template>, shop: &ShopClient, values: &Map<String, Value>) -> Result<bool, Failure> {
    let Some(only_if) = only_if else { return Ok(true) };
    let context = TemplateContext { values: Cow::Borrowed(values), ..TemplateContext::of_facts(&shop.facts) };
    Ok(only_if.value(&context)?.is_some())
}

/// Removes a picture from a product's gallery; `false` if it was already gone. Verified by reading the gallery back.
pub async fn remove(shop: &ShopClient, erp_product_id: &str, image_id: &str) -> Result<bool, Failure> {
    let undo = push(shop)?.undo.as_ref().ok_or_else(|| {
        let text = format!("{}'s file describes no removal of pictures: remove it in the shop", shop.provider.name());
        Failure::new(FailureKind::NoUndo, text)
    })?;
    let gallery = read_gallery(shop, erp_product_id).await?;
    let Some(image) = gallery.pictures.iter().find(|picture| picture.id == image_id) else { return Ok(false) };
    let values = without(shop, undo, &gallery, image, erp_product_id)?;
    for step in &undo.step {
        if runs(step.only_if.as_ref(), shop, &values)? {
            shop.call(&shop.provider.recipe.op[&step.op], With { values: values.clone(), ..With::default() }).await?;
        }
    }
    match shop.call(&shop.provider.recipe.op[&undo.op], With { values, ..With::default() }).await {
        // The response to an earlier try was lost: the picture is gone already, and the gallery confirms it below.
        Err(failure) if !matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _)) => return Err(failure),
        _ => {}
    }
    if read_gallery(shop, erp_product_id).await?.pictures.iter().any(|picture| picture.id == image_id) {
        let text = format!("{} accepted the removal of the picture but still lists it", shop.provider.name());
        return Err(Failure::new(FailureKind::StillVisible, text));
    }
    Ok(true)
}

/// The values of a removal: the gallery without `image`, and the cover it needs then.
fn without(
    shop: &ShopClient,
    undo: &Undo,
    gallery: &ShopGallery,
    image: &GalleryPicture,
    erp_product_id: &str,
) -> Result<Map<String, Value>, Failure> {
    let left = || gallery.pictures.iter().filter(|picture| picture.id != image.id);
    let ids: Vec<&String> = left().map(|picture| &picture.id).collect();
    let mut values = Map::new();
    values.insert("product".into(), json!({ "erp_id": erp_product_id }));
    values.insert("image".into(), json!({ "id": image.id }));
    let mut context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&shop.facts) };
    let mut items = Vec::new();
    if let Some(others) = &undo.others {
        for picture in left() {
            picture.describe(context.values.to_mut());
            items.extend(others.fill(&context)?);
        }
    }
    let mut written = gallery.facts.clone();
    if gallery.has_cover(image) {
        written.insert("cover".to_owned(), json!(ids.first()));
    }
    for (name, value) in [("ids", json!(ids)), ("first", json!(ids.first())), ("items", json!(items))] {
        written.insert(name.to_owned(), value);
    }
    context.values.to_mut().insert("gallery".into(), Value::Object(written));
    Ok(context.values.into_owned())
}

/// The gallery to write, as ids and as objects.
fn arranged(
    shop: &ShopClient,
    step: &PushStep,
    upload: &Upload,
    gallery: &ShopGallery,
    placing: &Placement,
    values: &StepOutputs,
) -> Result<StepOutputs, Failure> {
    const NEW: &str = "\0new";
    let pictures = &gallery.pictures;
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
    let mut values = values.as_object().cloned().unwrap_or_default();
    if new != NEW && wants_cover(gallery, placing) {
        values.insert("cover".to_owned(), new.into());
    }
    Ok(values)
}

/// Whether a new picture has to be made the cover: if it is to be the first, if it is the only one, or if the cover is
/// one that it replaces. Any other cover is the merchant's choice.
fn wants_cover(gallery: &ShopGallery, placing: &Placement) -> bool {
    let mut replaced = placing.before.iter().filter(|picture| placing.replace.contains(&picture.id));
    placing.first || placing.before.is_empty() || replaced.any(|picture| gallery.has_cover(picture))
}

fn placed<'a>(mut ids: Vec<&'a str>, new: &'a str, placing: &Placement, kind: GalleryKind) -> Vec<&'a str> {
    let mut place = None;
    if kind == GalleryKind::ReplaceList {
        let is_replaced = |id: &&str| placing.replace.iter().any(|replaced| replaced == id);
        // In the place of the first one that it replaces: what was in front stays in front.
        place = ids.iter().position(is_replaced);
        ids.retain(|id| !is_replaced(id));
    }
    if placing.first {
        ids.retain(|id| *id != new);
        ids.insert(0, new);
    } else if !ids.contains(&new) {
        ids.insert(place.unwrap_or(ids.len()), new);
    }
    ids
}

impl Keep {
    fn read(&self, answer: &Answer) -> Option<Value> {
        match self {
            Self::Body(path) => path.get(&answer.body).filter(|value| !value.is_null()).cloned(),
            Self::Header(name) => Some(answer.headers.get(name.as_str())?.to_str().ok()?.into()),
        }
    }
}

fn step_outputs(step: &PushStep, answer: &Answer) -> Result<StepOutputs, Failure> {
    let mut outputs = StepOutputs::new();
    for (name, keep) in &step.keep {
        let value = keep.read(answer).ok_or_else(|| {
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
            return step_outputs(step, &answer);
        }
        if poll.failed.contains(&state) {
            let reason = poll.reason.as_ref().and_then(|path| path.text(&answer.body));
            return Err(unprocessed(shop, poll, upload, values, reason).await?);
        }
        if clock.now() >= until {
            let text = format!("the shop has not finished the picture after {} s", poll.upto.0.as_secs());
            return Err(Failure::new(FailureKind::PictureProcessing, text));
        }
        clock.sleep(poll.every.0).await;
    }
}

/// The failure of a picture that the shop could not process, once what is left of it is removed.
async fn unprocessed(
    shop: &ShopClient,
    poll: &Poll,
    upload: &Upload,
    values: Map<String, Value>,
    reason: Option<String>,
) -> Result<Failure, Failure> {
    let reason = shop.quoted(&reason.unwrap_or_else(|| "no reason given".into()), Some(upload)).await?;
    let mut text = format!("the shop could not process the picture: {reason}");
    if let Some(op) = &poll.cleanup {
        let with = With { values, upload: Some(upload), ..With::default() };
        match shop.call(&shop.provider.recipe.op[op], with).await {
            Err(failure) if !matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _)) => {
                text.push_str(&format!("; what is left of it could not be removed: {}", failure.message));
            }
            _ => {}
        }
    }
    Ok(Failure::new(FailureKind::PictureFailed, text))
}

/// A started step that took effect.
pub struct CheckedStep {
    pub outputs: StepOutputs,
    /// Its picture was only recognised as the single new one: it may be somebody else's.
    pub is_guess: bool,
}

/// Checks whether a started step took effect; `None` if it has to be run.
pub async fn check_step(
    shop: &ShopClient,
    index: usize,
    upload: &Upload,
    known: &[GalleryPicture],
    earlier: &StepOutputs,
) -> Result<Option<CheckedStep>, Failure> {
    match &push(shop)?.step[index].look {
        StepCheck::Repeat => Ok(None),
        StepCheck::Listed { id } => {
            let mut context = TemplateContext::of_facts(&shop.facts);
            context.values.to_mut().insert("kept".into(), Value::Object(earlier.clone()));
            let Some(id) = id.text(&context)? else { return Ok(None) };
            let is_listed = gallery(shop, &upload.erp_product_id).await?.iter().any(|picture| picture.id == id);
            Ok(is_listed.then(|| CheckedStep { outputs: StepOutputs::new(), is_guess: false }))
        }
        StepCheck::Gallery { keep } => {
            let pictures = gallery(shop, &upload.erp_product_id).await?;
            let ours = find_ours(shop, upload, known, &pictures).await?;
            Ok(ours.map(|picture| CheckedStep {
                outputs: StepOutputs::from_iter([(keep.clone(), picture.id.as_str().into())]),
                is_guess: push(shop).is_ok_and(|push| push.list.find == FindBy::New),
            }))
        }
        StepCheck::Ask { op, each, name, keep } => {
            let with = With { upload: Some(upload), ..With::default() };
            let answer = shop.call(&shop.provider.recipe.op[op], with).await?;
            let ours = |item: &&Value| name.text(*item).is_some_and(|name| name.contains(&upload.mark));
            let Some(item) = each.each(&answer.body).iter().find(ours) else { return Ok(None) };
            Ok(Some(CheckedStep { outputs: Path::pick(keep, item), is_guess: false }))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_list_keeps_what_is_not_ours() {
        let placing = |first, replace: &[&str]| Placement {
            first,
            replace: replace.iter().map(|id| (*id).to_owned()).collect(),
            before: Vec::new(),
        };
        let list = GalleryKind::ReplaceList;
        assert_eq!(placed(vec!["a", "b"], "n", &placing(false, &[]), list), ["a", "b", "n"]);
        assert_eq!(placed(vec!["a", "b"], "n", &placing(true, &[]), list), ["n", "a", "b"]);
        assert_eq!(placed(vec!["a", "n"], "n", &placing(false, &[]), list), ["a", "n"], "never twice");
        assert_eq!(placed(vec!["a", "b"], "n", &placing(false, &["b"]), list), ["a", "n"]);
        assert_eq!(placed(vec!["a", "b", "c"], "n", &placing(false, &["a", "c"]), list), ["n", "b"], "in its place");
        assert_eq!(placed(vec!["b", "n"], "n", &placing(false, &["a"]), list), ["b", "n"], "written already");
    }

    #[test]
    fn a_cover_that_a_person_chose_stays() {
        let picture = |id: &str| GalleryPicture {
            id: id.to_owned(),
            url: Some(format!("https://s.example/{id}.png")),
            ..GalleryPicture::default()
        };
        let before = vec![picture("a"), picture("b")];
        let wants = |cover: Option<&str>, first, replace: &[&str], before: &[GalleryPicture]| {
            let replace = replace.iter().map(|id| (*id).to_owned()).collect();
            let placing = Placement { first, replace, before: before.to_vec() };
            let gallery = ShopGallery {
                pictures: before.to_vec(),
                cover: cover.map(str::to_owned),
                facts: Map::new(),
                is_deleted: false,
            };
            wants_cover(&gallery, &placing)
        };
        assert!(!wants(Some("a"), false, &[], &before) && !wants(None, false, &[], &before));
        assert!(!wants(Some("a"), false, &["b"], &before), "it replaces another one");
        assert!(wants(Some("b"), false, &["b"], &before), "the cover is replaced");
        assert!(wants(Some("https://s.example/b.png"), false, &["b"], &before), "named by its URL");
        assert!(wants(Some("a"), true, &[], &before) && wants(None, false, &[], &[]));
    }
}
