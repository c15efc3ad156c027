//! How a picture is pushed to a shop.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{
        mapping::Only,
        path::Path,
        template::{Template, Tree},
    },
    Span,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PushRecipe {
    pub(in crate::provider) gallery: GalleryKind,
    pub(in crate::provider) list: GalleryList,
    pub(in crate::provider) step: Vec<PushStep>,
    pub(in crate::provider) result: PushResult,
    /// How a picture of ours is removed.
    pub(in crate::provider) undo: Option<Undo>,
}

/// Removes one picture: by its id (`{image.id}`), or by writing the gallery without it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Undo {
    pub(in crate::provider) op: String,
    /// The object of each remaining picture, in `gallery.items`; of it, `{value}`, `{value.url}`, `{value.name}` and
    /// `{value.alt}`.
    pub(in crate::provider) others: Option<Tree>,
}

/// The effect of a write to a gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum GalleryKind {
    /// Adds a picture; the others stay.
    AddOne,
    /// Replaces the whole list; a picture that is not in it is removed.
    ReplaceList,
}

/// How the gallery of a product is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct GalleryList {
    pub(in crate::provider) op: String,
    pub(in crate::provider) each: Path,
    /// Skips elements that are not pictures.
    pub(in crate::provider) only: Option<Only>,
    pub(in crate::provider) id: Path,
    pub(in crate::provider) url: Option<Path>,
    pub(in crate::provider) name: Option<Path>,
    pub(in crate::provider) alt: Option<Path>,
    pub(in crate::provider) find: FindBy,
    /// Further values of the response that steps look up as `{gallery.NAME}`, such as a revision.
    #[serde(default)]
    pub(in crate::provider) facts: BTreeMap<String, Path>,
}

/// How a picture of ours is recognised after a lost response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum FindBy {
    /// Its name contains our mark.
    Name,
    /// Its alternative text contains our mark.
    Alt,
    /// Its bytes are ours.
    Bytes,
    /// It is the only new one: for shops that rename and re-encode pictures.
    New,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PushStep {
    pub(in crate::provider) name: String,
    pub(in crate::provider) op: String,
    /// Values for later steps.
    #[serde(default)]
    pub(in crate::provider) keep: BTreeMap<String, Path>,
    /// What to do if it was started and its outcome is unknown.
    #[serde(default)]
    pub(in crate::provider) look: StepCheck,
    pub(in crate::provider) poll: Option<Poll>,
    /// For a replaced list: the new picture's id, which is added to `gallery.ids`.
    pub(in crate::provider) list: Option<Template>,
    /// For a replaced list of objects: the new picture's object, and those of the others (`{value}` is the id of each,
    /// `{value.url}`, `{value.name}` and `{value.alt}` are what `push.list` reads), in `gallery.items`.
    pub(in crate::provider) item: Option<Tree>,
    pub(in crate::provider) others: Option<Tree>,
    /// The name of the output with the new picture's id, which is found in the gallery after the call.
    pub(in crate::provider) found: Option<String>,
    /// Run only if the picture is to be the first.
    #[serde(default)]
    pub(in crate::provider) only_first: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum StepCheck {
    /// Repeat it: a repeated call is harmless.
    #[default]
    Repeat,
    /// Search the product's gallery for our picture; `keep` names the output with its id.
    Gallery { keep: String },
    /// Query the shop with another operation; `keep` takes the step's outputs from the matching element.
    Ask { op: String, each: Path, name: Path, keep: BTreeMap<String, Path> },
}

/// Polls until the shop has finished.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Poll {
    pub(in crate::provider) every: Span,
    pub(in crate::provider) upto: Span,
    pub(in crate::provider) path: Path,
    pub(in crate::provider) ready: Vec<String>,
    #[serde(default)]
    pub(in crate::provider) failed: Vec<String>,
    pub(in crate::provider) reason: Option<Path>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PushResult {
    /// The new picture's id, as `push.list` returns it.
    pub(in crate::provider) id: Template,
    pub(in crate::provider) verify: Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Verify {
    /// The gallery lists it.
    Listed,
    /// The gallery lists it, and its download equals the upload.
    Bytes,
}
