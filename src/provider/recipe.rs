//! A provider's file as it is written: closed lists of kinds, look-up templates, nothing else. Unknown keys are refused.

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use serde::{Deserialize, Deserializer};

use super::{
    path::Path,
    pick::Mapping,
    template::{Template, Tree},
};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipe {
    /// The form of the file; 1 today.
    pub(super) schema: u32,
    pub(super) provider: About,
    pub(super) connect: Connect,
    pub(super) call: Call,
    /// What can be asked of the shop, by name.
    pub(super) op: BTreeMap<String, Op>,
    pub(super) import: Import,
    pub(super) push: Option<Push>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    pub(super) key: String,
    pub(super) name: String,
    /// Where the platform describes its API: the source of this file's facts.
    #[serde(rename = "docs")]
    pub(super) _docs: String,
    pub(super) limits: Limits,
}

/// What the shop takes of a picture.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connect {
    pub(super) kind: ConnectKind,
    /// The shop's address, from the fields.
    pub(super) store_url: Template,
    #[serde(default)]
    pub(super) field: Vec<Field>,
    pub(super) probe: Probe,
    pub(super) oauth: Option<Oauth>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConnectKind {
    Oauth2Code,
    PastedKey,
}

/// Something the merchant is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    /// The question, for people.
    pub ask: String,
    pub example: Option<String>,
    pub(super) pattern: Pattern,
    pub default: Option<String>,
    /// A secret goes into the grant and is never shown; everything else is a fact.
    #[serde(default)]
    pub secret: bool,
}

/// The first call with a new grant: proves it and tells who the shop is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probe {
    pub(super) op: String,
    pub(super) name: Option<Path>,
    pub(super) id: Option<Path>,
    #[serde(default)]
    pub(super) facts: BTreeMap<String, Path>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Oauth {
    pub(super) authorize: Template,
    pub(super) token: Template,
    pub(super) revoke: Option<Template>,
    #[serde(default)]
    pub(super) authorize_extra: BTreeMap<String, Template>,
    #[serde(default)]
    pub(super) token_extra: BTreeMap<String, Template>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default = "space")]
    pub(super) scope_separator: String,
    pub(super) pkce: Pkce,
    pub(super) client_auth: ClientAuth,
    #[serde(default = "five_minutes")]
    pub(super) margin: Span,
    pub(super) lost_answer: LostAnswer,
    /// The life of a refresh token that nobody uses, where answers do not name it.
    pub(super) refresh_idle: Option<Span>,
    /// The issuer that answers must name in `iss` (RFC 9207), where the platform does.
    pub(super) issuer: Option<Template>,
    /// The life of a token whose answer names none.
    pub(super) default_expires: Option<Span>,
    #[serde(default)]
    pub(super) answer: TokenAnswer,
    pub(super) signature: Option<Signature>,
    pub(super) same_shop: Option<SameShop>,
    #[serde(default)]
    pub(super) error: Vec<TokenError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Pkce {
    S256,
    #[serde(rename = "off")]
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClientAuth {
    Body,
    Basic,
}

/// What a lost answer to a refresh means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LostAnswer {
    /// The old refresh token still serves.
    RetryOld,
    /// It is spent: the merchant has to consent again.
    Reconsent,
}

/// Where the values of a token answer stand; the defaults are RFC 6749's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TokenAnswer {
    pub(super) access: Path,
    pub(super) refresh: Path,
    pub(super) expires: Expires,
    pub(super) refresh_expires: Option<Expires>,
    pub(super) scope: Path,
}

impl Default for TokenAnswer {
    fn default() -> Self {
        let path = |text| Path::parse(text).unwrap_or_default();
        Self {
            access: path("access_token"),
            refresh: path("refresh_token"),
            expires: Expires { path: path("expires_in"), unit: ExpiresUnit::S },
            refresh_expires: None,
            scope: path("scope"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expires {
    pub(super) path: Path,
    pub(super) unit: ExpiresUnit,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExpiresUnit {
    S,
    Ms,
    EpochS,
    Rfc3339,
}

/// A signature over the callback's query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub(super) kind: SignatureKind,
    /// The parameter that holds it.
    pub(super) param: String,
    /// The parameter that holds the time of signing, in seconds since the epoch.
    pub(super) timestamp: Option<String>,
    pub(super) max_age: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignatureKind {
    /// HMAC-SHA256 with the client secret, in hexadecimal, over all other parameters sorted by name.
    HmacSortedQuery,
}

/// A callback parameter that must name the shop the connect was begun for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SameShop {
    pub(super) param: String,
    pub(super) equals: Template,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenError {
    pub(super) when: When,
    pub(super) class: TokenClass,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenClass {
    Revoked,
    WrongApp,
    Throttled,
    Down,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) base: Template,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    /// The longest that one call waits for a throttled shop before its job is put back.
    #[serde(default = "half_a_minute")]
    pub(super) patience: Span,
    /// Where the shop's own words about an error stand; the first that is there is shown.
    #[serde(default)]
    pub(super) message: Vec<Path>,
    #[serde(default)]
    pub(super) budget: Vec<Budget>,
    #[serde(default)]
    pub(super) verdict: Vec<VerdictRule>,
}

/// How often the shop may be asked.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Budget {
    /// So many calls in so long.
    FixedWindow { requests: u32, per: Span },
    /// The answer says how many calls are left, and when there are more.
    RemainingHeader {
        remaining: String,
        reset_after_s: String,
        #[serde(default)]
        floor: i64,
    },
    /// Calls have a cost, taken from a bucket that fills up again; the body tells its state.
    CostBucket { maximum: Path, left: Path, refill: Path, default_maximum: f64, default_refill: f64 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerdictRule {
    pub(super) when: When,
    pub(super) class: Class,
    pub(super) code: Option<String>,
    /// A sentence for people.
    pub(super) say: Option<String>,
    pub(super) wait: Option<WaitFrom>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    Ok,
    /// The access token ended: renew it once.
    Expired,
    Throttled,
    Down,
    /// The merchant took the permission back.
    Revoked,
    Rights,
    Missing,
    Refused,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitFrom {
    pub(super) header: String,
    pub(super) unit: WaitUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WaitUnit {
    S,
    Ms,
    EpochS,
}

/// Which answers a rule is about; everything given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct When {
    pub(super) status: Vec<StatusMatch>,
    /// A path into the body…
    pub(super) body: Option<Path>,
    /// …that holds one of these words…
    #[serde(rename = "in")]
    pub(super) one_of: Vec<String>,
    /// …or a text with one of these in it.
    pub(super) contains: Vec<String>,
}

/// `429`, or `"5xx"` for a whole hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusMatch {
    Exactly(u16),
    Hundred(u16),
}

impl StatusMatch {
    pub(super) fn matches(self, status: u16) -> bool {
        match self {
            Self::Exactly(wanted) => status == wanted,
            Self::Hundred(hundred) => status / 100 == hundred,
        }
    }
}

impl<'de> Deserialize<'de> for StatusMatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bad = || serde::de::Error::custom("a status is a number such as 429 or a hundred such as \"5xx\"");
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Integer(n) => {
                u16::try_from(n).ok().filter(|n| (100..600).contains(n)).map(Self::Exactly).ok_or_else(bad)
            }
            toml::Value::String(text) => match text.strip_suffix("xx").map(str::parse) {
                Some(Ok(hundred @ 1..=5)) => Ok(Self::Hundred(hundred)),
                _ => Err(bad()),
            },
            _ => Err(bad()),
        }
    }
}

/// One thing that can be asked of the shop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Op {
    /// GET where nothing is sent, POST otherwise.
    pub(super) method: Option<String>,
    /// Behind `call.base`.
    #[serde(default)]
    pub(super) path: Option<Template>,
    #[serde(default)]
    pub(super) query: BTreeMap<String, Template>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    pub(super) body: Option<BodyKind>,
    /// Doing it twice does no more than doing it once. GET is; everything else only if said here.
    pub(super) idempotent: Option<bool>,
    /// What it takes from a cost bucket.
    #[serde(default = "one")]
    pub(super) cost: f64,
    /// The document's text, put here when the file is checked.
    #[serde(skip)]
    pub(super) document: String,
}

/// What an operation sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum BodyKind {
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
        part: Vec<FormPart>,
    },
    Graphql {
        file: String,
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormPart {
    pub(super) name: String,
    /// A text; a part without one is the picture.
    pub(super) value: Option<Template>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    pub(super) op: String,
    /// Why every import must read everything.
    pub(super) full_only: Option<String>,
    pub(super) page: PageKind,
    pub(super) since: Option<Since>,
    pub(super) map: Mapping,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageKind {
    pub(super) kind: Paging,
    /// Items a page.
    pub(super) size: u32,
    pub(super) items: Path,
    /// Where the next page's token (cursor) or address (link) stands; without it a link comes from the `link` header.
    pub(super) next: Option<Path>,
    /// A boolean: is there more?
    pub(super) more: Option<Path>,
    /// How many items there are in all: proves that a pass was complete.
    pub(super) total: Option<Path>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Paging {
    /// Everything in one answer.
    Single,
    /// The answer holds the next page's address.
    Link,
    /// Pages 1, 2, 3 …
    Number,
    /// Items 0, size, 2 × size …
    Offset,
    /// The answer holds a token for the next page.
    Cursor,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    pub(super) overlap: Span,
    #[serde(default)]
    pub(super) format: SinceFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SinceFormat {
    #[default]
    Rfc3339,
    EpochS,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Push {
    pub(super) gallery: GalleryKind,
    pub(super) list: GalleryList,
    pub(super) step: Vec<PushStep>,
    pub(super) result: PushResult,
}

/// What writing to a gallery does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GalleryKind {
    /// A picture is added; the others stay.
    AddOne,
    /// The whole list is written; what is not in it goes.
    ReplaceList,
}

/// The gallery of a product, as the shop has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GalleryList {
    pub(super) op: String,
    pub(super) each: Path,
    pub(super) id: Path,
    pub(super) url: Option<Path>,
    pub(super) name: Option<Path>,
    pub(super) alt: Option<Path>,
    pub(super) find: FindBy,
}

/// How a picture of ours is recognised when an answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FindBy {
    /// Its name holds our mark.
    Name,
    /// Its alternative text holds our mark.
    Alt,
    /// Its bytes are ours.
    Bytes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PushStep {
    pub(super) name: String,
    pub(super) op: String,
    /// Values for later steps.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, Path>,
    /// What to do when it was begun and its end is unknown.
    #[serde(default)]
    pub(super) look: Look,
    pub(super) poll: Option<Poll>,
    /// For a replaced list: the new picture's id, which is put into `gallery.ids`.
    pub(super) list: Option<Template>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Look {
    /// Repeating it does no harm.
    #[default]
    Repeat,
    /// Search the product's gallery for our picture; `keep` names the value its id is kept under.
    Gallery { keep: String },
    /// Ask the shop with another operation; what matches is kept as the step would have kept it.
    Ask { op: String, each: Path, name: Path, keep: BTreeMap<String, Path> },
}

/// Ask again until the shop has finished.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Poll {
    pub(super) every: Span,
    pub(super) upto: Span,
    pub(super) path: Path,
    pub(super) ready: Vec<String>,
    #[serde(default)]
    pub(super) failed: Vec<String>,
    pub(super) reason: Option<Path>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PushResult {
    /// The new picture's id, as `push.list` gives it.
    pub(super) id: Template,
    pub(super) verify: Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verify {
    /// It stands in the gallery.
    Listed,
    /// It stands there, and its download is what was sent.
    Bytes,
}

/// A duration written as `500ms`, `30s`, `5m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bad = |_| serde::de::Error::custom(format!("'{text}' is no duration: write 500ms, 30s, 5m or 1h"));
        humantime::parse_duration(&text).map(Self).map_err(bad)
    }
}

/// A pattern for the whole of a text: `^…$`, or the file is refused.
#[derive(Debug)]
pub(super) struct Pattern(Regex);

impl Pattern {
    pub(super) fn matches(&self, text: &str) -> bool {
        // `$` also matches before a line end, which no field of ours may hold.
        !text.contains(['\n', '\r']) && self.0.is_match(text)
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

fn space() -> String {
    " ".to_owned()
}

fn five_minutes() -> Span {
    Span(Duration::from_mins(5))
}

fn half_a_minute() -> Span {
    Span(Duration::from_secs(30))
}

fn one() -> f64 {
    1.0
}

fn no_variables() -> Tree {
    Tree::Object(Vec::new())
}
