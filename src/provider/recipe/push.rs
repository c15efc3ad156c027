//! How a picture is pushed to a shop.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

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
    /// What people may lose, in words for the operator: required where a list is replaced by a call without the version
    /// that was read (`list.facts`), because the shop cannot refuse it then.
    pub(in crate::provider) unguarded: Option<String>,
}

/// Removes one picture: by its id (`{image.id}`), or by writing the gallery without it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Undo {
    /// Calls before it, in this order. All of them are repeated if the removal is.
    #[serde(default)]
    pub(in crate::provider) step: Vec<UndoStep>,
    pub(in crate::provider) op: String,
    /// The object of each remaining picture, in `gallery.items`; of it, `{value}`, `{value.url}`, `{value.name}` and
    /// `{value.alt}`.
    pub(in crate::provider) others: Option<Tree>,
}

/// A call before a picture is removed, such as one that gives the product another cover.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct UndoStep {
    pub(in crate::provider) op: String,
    /// Run only if this has a value: `{gallery.cover}`, if the picture is the product's cover.
    pub(in crate::provider) only_if: Option<Template>,
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
    /// The response may omit an empty list. Without it, a missing list is unknown, and nothing is written.
    #[serde(default)]
    pub(in crate::provider) may_lack: bool,
    /// Skips elements that are not pictures; not for a list that is written as a whole, which would lose them.
    pub(in crate::provider) only: Option<Only>,
    pub(in crate::provider) id: Path,
    pub(in crate::provider) url: Option<Path>,
    pub(in crate::provider) name: Option<Path>,
    pub(in crate::provider) alt: Option<Path>,
    /// The product's cover (main picture, thumbnail) in the response: the id or the URL of a picture.
    pub(in crate::provider) cover: Option<Path>,
    pub(in crate::provider) find: FindBy,
    /// Further values of the response that steps look up as `{gallery.NAME}`, such as a revision.
    #[serde(default)]
    pub(in crate::provider) facts: BTreeMap<String, Path>,
}

/// How a picture of ours is recognised after a lost response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum FindBy {
    /// Its name contains our mark (`ss-` and 20 hexadecimal digits); a URL may stand for the name.
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
    pub(in crate::provider) keep: BTreeMap<String, Keep>,
    /// What to do if it was started and its outcome is unknown. Default: `repeat`.
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
    /// Run only if this has a value: `{gallery.cover}`, if the picture has to be made the cover.
    pub(in crate::provider) only_if: Option<Template>,
}

/// Where a value for later steps is read: a path into the response's body, or a header.
#[derive(Debug)]
pub(in crate::provider) enum Keep {
    Body(Path),
    Header(String),
}

/// A value in a header of the response.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct KeepHeader {
    pub(in crate::provider) header: String,
}

impl<'de> Deserialize<'de> for Keep {
    /// Not serde's `untagged`, whose error would not say what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if let toml::Value::String(text) = &value {
            return Path::parse(text).map(Self::Body).map_err(serde::de::Error::custom);
        }
        let written: KeepHeader =
            value.try_into().map_err(|e: toml::de::Error| serde::de::Error::custom(e.message()))?;
        Ok(Self::Header(written.header))
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum StepCheck {
    /// Repeat it: a repeated call is harmless.
    #[default]
    Repeat,
    /// Search the product's gallery for our picture; `keep` names the output with its id.
    Gallery { keep: String },
    /// The same for a picture whose id is known before it is in the gallery, such as that of a file that was uploaded.
    Listed { id: Template },
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
    /// Only in a step of a push: the operation that removes what the shop could not process.
    pub(in crate::provider) cleanup: Option<String>,
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
