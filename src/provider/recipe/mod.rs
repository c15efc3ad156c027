//! The types of a provider's file: closed lists of kinds and look-up templates, nothing else. Unknown keys are refused.

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
use crate::model::Time;

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Recipe {
    /// The version of the file's format: 1.
    pub(in crate::provider) schema: u32,
    pub(in crate::provider) provider: PlatformInfo,
    pub(in crate::provider) connect: Connect,
    pub(in crate::provider) call: Call,
    /// The operations of the shop's API, by name.
    pub(in crate::provider) op: BTreeMap<String, Op>,
    pub(in crate::provider) import: ImportRecipe,
    pub(in crate::provider) push: Option<PushRecipe>,
    pub(in crate::provider) webhook: Option<Webhook>,
}

impl Recipe {
    /// Gives the operations that do not say it the kind of answer that all have.
    pub(in crate::provider) fn spread_answers(&mut self) {
        for op in self.op.values_mut() {
            op.answer.get_or_insert(self.call.answer);
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PlatformInfo {
    pub(in crate::provider) key: String,
    pub(in crate::provider) name: String,
    /// The platform's API documentation, the source of this file's facts.
    #[serde(rename = "docs")]
    pub(in crate::provider) _docs: String,
    pub(in crate::provider) limits: Limits,
    /// The version of the API that this file is written for, where the platform ends its versions.
    pub(in crate::provider) api: Option<ApiVersion>,
}

/// A version of a platform's API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiVersion {
    /// As requests name it.
    pub version: String,
    /// The first day on which the platform need not answer it any more, as published: `2027-10-01`.
    pub supported_until: Day,
}

/// A day written as `2027-10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Time);

impl Day {
    /// Its beginning, in UTC.
    pub fn start(self) -> Time {
        self.0
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom(format!("'{text}' is not a day: write it as 2027-10-01"));
        let start = Time::parse(&format!("{text}T00:00:00Z")).filter(|_| text.len() == 10);
        start.map(Self).ok_or_else(bad)
    }
}

/// What the shop accepts as a picture.
#[derive(Debug, Clone, Deserialize, serde::Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest file, in bytes.
    pub image_bytes: u64,
    /// Accepted media types.
    pub image_types: Vec<String>,
    /// Maximum number of pictures of one product.
    pub images_per_product: usize,
    /// Longest alternative text, in characters; 0 if the shop has none.
    pub alt_chars: usize,
}

/// One operation of the shop's API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Op {
    /// Default: GET without a body, POST with one.
    pub(in crate::provider) method: Option<String>,
    /// A whole URL that the shop returned in an earlier step; the headers of `call` are not sent to it.
    pub(in crate::provider) url: Option<Template>,
    /// Appended to `call.base`. A parameter that is sent several times is written here: `/products?fields=A&fields=B`.
    #[serde(default)]
    pub(in crate::provider) path: Option<Template>,
    #[serde(default)]
    pub(in crate::provider) query: BTreeMap<String, Template>,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<String, Template>,
    pub(in crate::provider) body: Option<BodyKind>,
    /// Whether a repeated call has no further effect. Default: true for GET, false for all other methods.
    pub(in crate::provider) idempotent: Option<bool>,
    /// The kind of its response. Default: that of `call`.
    pub(in crate::provider) answer: Option<AnswerKind>,
    /// Its cost in a cost bucket. Default: 1.
    #[serde(default = "one")]
    pub(in crate::provider) cost: f64,
    /// The text of the GraphQL document, set when the file is checked.
    #[serde(skip)]
    pub(in crate::provider) document: String,
    #[serde(skip)]
    pub(in crate::provider) inner: String,
}

/// The kind of an operation's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum AnswerKind {
    #[default]
    Json,
    /// An XML document, read by the paths that read JSON: `shop.products.product` begins with the root element. An element is its
    /// text, without the white space around it; CDATA is text. With attributes or elements it is an object of them:
    /// `product.@id` is an attribute, `name.#text` the text beside attributes. Several elements of one name within one are a list,
    /// and one of them counts as a list of one. A list without any is empty if the element that holds it is there and has nothing
    /// in it; elsewhere the list is unknown, unless it `may_lack`. Every value is a text: `more` takes `true`, `1`, `false` and
    /// `0`. Names keep their prefix (`g:price`); declarations of namespaces, comments and processing instructions are left out.
    /// Entities are XML's own five and characters by number. Refused are documents that are cut off or not well-formed, that
    /// declare entities, or that are declared to be in another encoding than UTF-8. An element deeper than 50 is null.
    Xml,
    /// The body may be anything if the status is a success; JSON or XML in it is still read.
    Any,
}

/// The body of an operation's request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum BodyKind {
    Json {
        value: Tree,
    },
    Form {
        fields: BTreeMap<String, Template>,
    },
    /// The picture's bytes.
    Raw {
        content_type: Template,
    },
    Multipart {
        /// Looks up a list of `{ name, value }` that the shop returned; they are sent first.
        fields: Option<Template>,
        part: Vec<FormPart>,
    },
    Graphql {
        file: String,
        /// Another document, which the variables look up as `{inner}`: for platforms that take a query as a string
        /// argument.
        inner: Option<String>,
        #[serde(default = "no_variables")]
        variables: Tree,
    },
    /// The GraphQL multipart request specification; `file_at` names the variable of the picture.
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
        let bad = |_| serde::de::Error::custom(format!("'{text}' is not a duration: write 500ms, 30s, 5m or 1h"));
        humantime::parse_duration(&text).map(Self).map_err(bad)
    }
}

/// An anchored regular expression, `^…$`; others are refused.
#[derive(Debug)]
pub(in crate::provider) struct Pattern(Regex);

impl Pattern {
    pub(in crate::provider) fn matches(&self, text: &str) -> bool {
        // Values must not contain line ends, whatever the pattern allows.
        !text.contains(['\n', '\r']) && self.0.is_match(text)
    }

    /// The first group of a matching text, or all of it without a group; `None` if it does not match.
    pub(in crate::provider) fn take(&self, text: &str) -> Option<String> {
        if !self.matches(text) {
            return None;
        }
        let groups = self.0.captures(text)?;
        groups.get(1).or(groups.get(0)).map(|part| part.as_str().to_owned())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let inner = text.strip_prefix('^').and_then(|t| t.strip_suffix('$'));
        let inner = inner.filter(|inner| !inner.ends_with('\\')).ok_or_else(|| {
            serde::de::Error::custom(format!("pattern '{text}' must be anchored: begin with ^ and end with $"))
        })?;
        // The group keeps an alternation inside the anchors.
        Regex::new(&format!("^(?:{inner})$")).map(Self).map_err(serde::de::Error::custom)
    }
}

fn one() -> f64 {
    1.0
}

fn no_variables() -> Tree {
    Tree::Object(Vec::new())
}
