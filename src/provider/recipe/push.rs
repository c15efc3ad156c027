//! How a picture is carried to a shop.

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
    /// How a picture of ours is taken out again.
    pub(in crate::provider) undo: Option<Undo>,
}

/// Takes one picture out: by its id (`{image.id}`), or by writing the gallery without it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Undo {
    pub(in crate::provider) op: String,
    /// The form of the pictures that stay, in `gallery.items`.
    pub(in crate::provider) others: Option<Tree>,
}

/// What writing to a gallery does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum GalleryKind {
    /// A picture is added; the others stay.
    AddOne,
    /// The whole list is written; what is not in it goes.
    ReplaceList,
}

/// The gallery of a product, as the shop has it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct GalleryList {
    pub(in crate::provider) op: String,
    pub(in crate::provider) each: Path,
    /// Leaves out what is no picture.
    pub(in crate::provider) only: Option<Only>,
    pub(in crate::provider) id: Path,
    pub(in crate::provider) url: Option<Path>,
    pub(in crate::provider) name: Option<Path>,
    pub(in crate::provider) alt: Option<Path>,
    pub(in crate::provider) find: FindBy,
    /// What else the answer holds that steps look up as `{gallery.NAME}`, such as a revision.
    #[serde(default)]
    pub(in crate::provider) facts: BTreeMap<String, Path>,
}

/// How a picture of ours is recognised when an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum FindBy {
    /// Its name holds our mark.
    Name,
    /// Its alternative text holds our mark.
    Alt,
    /// Its bytes are ours.
    Bytes,
    /// It is the only one that was not there before: for shops that rename and recode.
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
    /// What to do when it was begun and its end is unknown.
    #[serde(default)]
    pub(in crate::provider) look: StepCheck,
    pub(in crate::provider) poll: Option<Poll>,
    /// For a replaced list: the new picture's id, which is put into `gallery.ids`.
    pub(in crate::provider) list: Option<Template>,
    /// For a replaced list of objects: the new picture's, and the others' with `{value}` for their id, put into `gallery.items`.
    pub(in crate::provider) item: Option<Tree>,
    pub(in crate::provider) others: Option<Tree>,
    /// The name under which the new picture's id is kept, found in the gallery after the call.
    pub(in crate::provider) found: Option<String>,
    /// Only where the picture becomes the first.
    #[serde(default)]
    pub(in crate::provider) only_first: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum StepCheck {
    /// Repeating it does no harm.
    #[default]
    Repeat,
    /// Search the product's gallery for our picture; `keep` names the value its id is kept under.
    Gallery { keep: String },
    /// Ask the shop with another operation; what matches is kept as the step would have kept it.
    Ask { op: String, each: Path, name: Path, keep: BTreeMap<String, Path> },
}

/// Ask again until the shop has finished.
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
    /// The new picture's id, as `push.list` gives it.
    pub(in crate::provider) id: Template,
    pub(in crate::provider) verify: Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Verify {
    /// It stands in the gallery.
    Listed,
    /// It stands there, and its download is what was sent.
    Bytes,
}
