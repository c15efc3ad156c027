//! How a shop is connected and how its tokens live.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{
    super::{path::Path, template::Template},
    Pattern, Span, When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Connect {
    pub(in crate::provider) kind: ConnectKind,
    /// The shop's address, from the fields.
    pub(in crate::provider) store_url: Template,
    #[serde(default)]
    pub(in crate::provider) field: Vec<Field>,
    pub(in crate::provider) probe: Probe,
    pub(in crate::provider) oauth: Option<Oauth>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ConnectKind {
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
    pub(in crate::provider) pattern: Pattern,
    pub default: Option<String>,
    /// A secret goes into the grant and is never shown; everything else is a fact.
    #[serde(default)]
    pub secret: bool,
}

/// The first call with a new grant: proves it and tells who the shop is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Probe {
    pub(in crate::provider) op: String,
    pub(in crate::provider) name: Option<Path>,
    pub(in crate::provider) id: Option<Path>,
    #[serde(default)]
    pub(in crate::provider) facts: BTreeMap<String, Path>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Oauth {
    pub(in crate::provider) authorize: Template,
    pub(in crate::provider) token: Template,
    pub(in crate::provider) revoke: Option<Template>,
    #[serde(default)]
    pub(in crate::provider) authorize_extra: BTreeMap<String, Template>,
    #[serde(default)]
    pub(in crate::provider) token_extra: BTreeMap<String, Template>,
    #[serde(default)]
    pub(in crate::provider) scopes: Vec<String>,
    #[serde(default = "space")]
    pub(in crate::provider) scope_separator: String,
    pub(in crate::provider) pkce: Pkce,
    pub(in crate::provider) client_auth: ClientAuth,
    #[serde(default = "five_minutes")]
    pub(in crate::provider) margin: Span,
    pub(in crate::provider) lost_answer: LostAnswer,
    /// The life of a refresh token that nobody uses, where answers do not name it.
    pub(in crate::provider) refresh_idle: Option<Span>,
    /// The issuer that answers must name in `iss` (RFC 9207), where the platform does.
    pub(in crate::provider) issuer: Option<Template>,
    /// The life of a token whose answer names none.
    pub(in crate::provider) default_expires: Option<Span>,
    #[serde(default)]
    pub(in crate::provider) answer: TokenAnswer,
    pub(in crate::provider) signature: Option<Signature>,
    pub(in crate::provider) same_shop: Option<SameShop>,
    #[serde(default)]
    pub(in crate::provider) error: Vec<TokenError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::provider) enum Pkce {
    S256,
    #[serde(rename = "off")]
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ClientAuth {
    Body,
    Basic,
}

/// What a lost answer to a refresh means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum LostAnswer {
    /// The old refresh token still serves.
    RetryOld,
    /// It is spent: the merchant has to consent again.
    Reconsent,
}

/// Where the values of a token answer stand; the defaults are RFC 6749's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct TokenAnswer {
    pub(in crate::provider) access: Path,
    pub(in crate::provider) refresh: Path,
    pub(in crate::provider) expires: Expires,
    pub(in crate::provider) refresh_expires: Option<Expires>,
    pub(in crate::provider) scope: Path,
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
pub(in crate::provider) struct Expires {
    pub(in crate::provider) path: Path,
    pub(in crate::provider) unit: ExpiresUnit,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ExpiresUnit {
    S,
    Ms,
    EpochS,
    Rfc3339,
}

/// A signature over the callback's query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Signature {
    pub(in crate::provider) kind: SignatureKind,
    /// The parameter that holds it.
    pub(in crate::provider) param: String,
    /// The parameter that holds the time of signing, in seconds since the epoch.
    pub(in crate::provider) timestamp: Option<String>,
    pub(in crate::provider) max_age: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum SignatureKind {
    /// HMAC-SHA256 with the client secret, in hexadecimal, over all other parameters sorted by name.
    HmacSortedQuery,
}

/// A callback parameter that must name the shop the connect was begun for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SameShop {
    pub(in crate::provider) param: String,
    pub(in crate::provider) equals: Template,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct TokenError {
    pub(in crate::provider) when: When,
    pub(in crate::provider) class: TokenClass,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum TokenClass {
    Revoked,
    WrongApp,
    Throttled,
    Down,
}

fn space() -> String {
    " ".to_owned()
}

fn five_minutes() -> Span {
    Span(Duration::from_mins(5))
}
