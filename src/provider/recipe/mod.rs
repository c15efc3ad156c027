//! A provider's file as it is written: closed lists of kinds, look-up templates, nothing else. Unknown keys are refused.

mod call;
mod connect;
mod import;
mod push;
mod webhook;

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

pub(super) use call::*;
pub(super) use connect::*;
pub use connect::{ConnectKind, Field};
pub(super) use import::*;
pub(super) use push::*;
pub use webhook::HookAct;
pub(super) use webhook::*;

use super::template::{Template, Tree};

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Recipe {
    /// The form of the file; 1 today.
    pub(in crate::provider) schema: u32,
    pub(in crate::provider) provider: PlatformInfo,
    pub(in crate::provider) connect: Connect,
    pub(in crate::provider) call: Call,
    /// What can be asked of the shop, by name.
    pub(in crate::provider) op: BTreeMap<String, Op>,
    pub(in crate::provider) import: ImportRecipe,
    pub(in crate::provider) push: Option<PushRecipe>,
    pub(in crate::provider) webhook: Option<Webhook>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PlatformInfo {
    pub(in crate::provider) key: String,
    pub(in crate::provider) name: String,
    /// Where the platform describes its API: the source of this file's facts.
    #[serde(rename = "docs")]
    pub(in crate::provider) _docs: String,
    pub(in crate::provider) limits: Limits,
}

/// What the shop takes of a picture.
#[derive(Debug, Clone, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest file.
    pub image_bytes: u64,
    /// Media types.
    pub image_types: Vec<String>,
    /// Pictures of one product.
    pub images_per_product: usize,
    /// Longest alternative text, in characters; 0 where there is none.
    pub alt_chars: usize,
}

/// One thing that can be asked of the shop.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Op {
    /// GET where nothing is sent, POST otherwise.
    pub(in crate::provider) method: Option<String>,
    /// A whole address that the shop gave in an earlier step; no header of `call` goes there.
    pub(in crate::provider) url: Option<Template>,
    /// Behind `call.base`.
    #[serde(default)]
    pub(in crate::provider) path: Option<Template>,
    #[serde(default)]
    pub(in crate::provider) query: BTreeMap<String, Template>,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<String, Template>,
    pub(in crate::provider) body: Option<BodyKind>,
    /// Doing it twice does no more than doing it once. GET is; everything else only if said here.
    pub(in crate::provider) idempotent: Option<bool>,
    /// What its answer is.
    #[serde(default)]
    pub(in crate::provider) answer: AnswerKind,
    /// What it takes from a cost bucket.
    #[serde(default = "one")]
    pub(in crate::provider) cost: f64,
    /// The document's text, put here when the file is checked.
    #[serde(skip)]
    pub(in crate::provider) document: String,
    #[serde(skip)]
    pub(in crate::provider) inner: String,
}

/// What an operation's answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum AnswerKind {
    #[default]
    Json,
    /// Nothing in it is looked at when its status is good.
    Any,
}

/// What an operation sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum BodyKind {
    Json {
        value: Tree,
    },
    Form {
        fields: BTreeMap<String, Template>,
    },
    /// The picture's bytes and nothing else.
    Raw {
        content_type: Template,
    },
    Multipart {
        /// Looks up a list of `{ name, value }` that go first, as the shop gave them.
        fields: Option<Template>,
        part: Vec<FormPart>,
    },
    Graphql {
        file: String,
        /// Another document, which the variables look up as `{inner}`: for platforms that take a query as a text.
        inner: Option<String>,
        #[serde(default = "no_variables")]
        variables: Tree,
    },
    /// By the GraphQL multipart request specification; `file_at` names the variable that is the picture.
    GraphqlMultipart {
        file: String,
        variables: Tree,
        file_at: String,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FormPart {
    pub(in crate::provider) name: String,
    /// A text; a part without one and without `json` is the picture.
    pub(in crate::provider) value: Option<Template>,
    /// A JSON document.
    pub(in crate::provider) json: Option<Tree>,
}

/// A duration written as `500ms`, `30s`, `5m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) struct Span(pub(in crate::provider) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = |_| serde::de::Error::custom(format!("'{text}' is no duration: write 500ms, 30s, 5m or 1h"));
        humantime::parse_duration(&text).map(Self).map_err(bad)
    }
}

/// A pattern for the whole of a text: `^…$`, or the file is refused.
#[derive(Debug)]
pub(in crate::provider) struct Pattern(Regex);

impl Pattern {
    pub(in crate::provider) fn matches(&self, text: &str) -> bool {
        // `$` also matches before a line end, which no field of ours may hold.
        !text.contains(['\n', '\r']) && self.0.is_match(text)
    }

    /// The first group of a text that matches, or all of it where there is no group.
    pub(in crate::provider) fn take(&self, text: &str) -> Option<String> {
        if !self.matches(text) {
            return None;
        }
        let found = self.0.captures(text)?;
        found.get(1).or(found.get(0)).map(|part| part.as_str().to_owned())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let inner = text.strip_prefix('^').and_then(|t| t.strip_suffix('$'));
        let inner = inner.filter(|inner| !inner.ends_with('\\')).ok_or_else(|| {
            serde::de::Error::custom(format!("pattern '{text}' must be anchored: begin with ^ and end with $"))
        })?;
        // The group keeps an alternative within the pattern from escaping the anchors.
        Regex::new(&format!("^(?:{inner})$")).map(Self).map_err(serde::de::Error::custom)
    }
}

fn one() -> f64 {
    1.0
}

fn no_variables() -> Tree {
    Tree::Object(Vec::new())
}
