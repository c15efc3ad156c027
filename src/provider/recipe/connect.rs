//! How a shop is connected and how its tokens live.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{path::Path, template::Template},
    Pattern, Span, When,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Connect {
    pub(in crate::provider) kind: ConnectKind,
    /// The shop's address, from the fields and from whatever the shop tells while it is connected.
    pub(in crate::provider) store_url: Template,
    #[serde(default)]
    pub(in crate::provider) field: Vec<Field>,
    pub(in crate::provider) probe: Probe,
    pub(in crate::provider) oauth: Option<Oauth>,
    /// For kind `signed_install`: which parameter of the platform's signed request fills which field.
    #[serde(default)]
    pub(in crate::provider) install: BTreeMap<String, String>,
    /// For kind `posted_keys`.
    pub(in crate::provider) posted: Option<Posted>,
    /// For kind `brought_keys`.
    pub(in crate::provider) brought: Option<Brought>,
    /// For kind `oauth1`.
    pub(in crate::provider) oauth1: Option<Oauth1>,
}

/// How the permission reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectKind {
    /// We send the browser to a consent page with our state; it comes back with a code.
    Oauth2Code,
    /// The same, and the platform may begin it by a request that it signs.
    SignedInstall,
    /// The platform begins it: the browser comes back with a code and without any state of ours.
    PlatformInstall,
    /// Tokens are asked for with credentials that need no merchant: pasted ones, or the app's own for an installed instance.
    ClientCredentials,
    /// The shop's server posts keys to us, the browser follows.
    PostedKeys,
    /// The merchant's browser brings keys back.
    BroughtKeys,
    /// The shop's server posts a consumer to us; tokens and every call are signed by OAuth 1.0a.
    Oauth1,
    /// The merchant pastes a key that serves as it is.
    PastedKey,
}

impl ConnectKind {
    /// The word that stands in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oauth2Code => "oauth2_code",
            Self::SignedInstall => "signed_install",
            Self::PlatformInstall => "platform_install",
            Self::ClientCredentials => "client_credentials",
            Self::PostedKeys => "posted_keys",
            Self::BroughtKeys => "brought_keys",
            Self::Oauth1 => "oauth1",
            Self::PastedKey => "pasted_key",
        }
    }

    /// Whether the way back carries our state; otherwise the browser's cookie alone stands for it.
    pub(crate) fn carries_state(self) -> bool {
        !matches!(self, Self::PlatformInstall | Self::ClientCredentials)
    }

    /// Whether a code is turned into the first token.
    pub(crate) fn brings_code(self) -> bool {
        matches!(self, Self::Oauth2Code | Self::SignedInstall | Self::PlatformInstall)
    }
}

/// Keys that the shop's server posts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Posted {
    /// The page where the merchant allows it; `{state}` and `{redirect_uri}` may be looked up.
    pub(in crate::provider) authorize: Template,
    #[serde(default)]
    pub(in crate::provider) query: BTreeMap<String, Template>,
    /// The member of what is posted, and the parameter of the browser's way back, that hold our state.
    pub(in crate::provider) state: String,
    /// Names of secrets and where they stand in what is posted.
    pub(in crate::provider) secrets: BTreeMap<String, Path>,
    /// Where it says what the keys may do…
    pub(in crate::provider) rights: Option<Path>,
    /// …and what that must be.
    #[serde(default)]
    pub(in crate::provider) needed: Vec<String>,
    /// How the browser comes back when the merchant declines.
    pub(in crate::provider) declined: Declined,
}

/// Keys that the merchant's browser brings back, as parameters of the callback. Our state is its parameter `state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Brought {
    /// The page where the merchant allows it.
    pub(in crate::provider) authorize: Template,
    /// `{state}` and `{redirect_uri}` may be looked up.
    #[serde(default)]
    pub(in crate::provider) query: BTreeMap<String, Template>,
    /// Names of secrets and the parameters they come in.
    pub(in crate::provider) secrets: BTreeMap<String, String>,
    /// What names the shop: must be the one the connect was begun for.
    pub(in crate::provider) same_shop: SameShop,
    /// How the browser comes back when the merchant declines.
    pub(in crate::provider) declined: Declined,
}

/// A parameter that says no.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Declined {
    pub(in crate::provider) param: String,
    pub(in crate::provider) is: String,
}

/// A consumer that the shop's server posts, in the words of RFC 5849, and the two calls that make a token of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Oauth1 {
    /// Temporary credentials (RFC 5849, 2.1).
    pub(in crate::provider) request: Template,
    /// Token credentials (RFC 5849, 2.3).
    pub(in crate::provider) access: Template,
    /// The posted parameter that names the shop.
    pub(in crate::provider) shop: String,
    /// The parameter of the browser's visit with the address it goes back to; only within the shop.
    pub(in crate::provider) back: String,
}

/// Something the merchant is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
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
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Probe {
    pub(in crate::provider) op: String,
    pub(in crate::provider) name: Option<Path>,
    pub(in crate::provider) id: Option<Path>,
    #[serde(default)]
    pub(in crate::provider) facts: BTreeMap<String, Path>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Oauth {
    /// The consent page, or the page where the platform begins; none where credentials are pasted.
    pub(in crate::provider) authorize: Option<Template>,
    pub(in crate::provider) token: Template,
    /// The endpoint of RFC 7009.
    pub(in crate::provider) revoke: Option<Template>,
    /// The operation that ends the permission, where the platform has one of its own.
    pub(in crate::provider) revoke_op: Option<String>,
    /// The secret fields that are the client of kind `client_credentials`; the operator's app otherwise.
    pub(in crate::provider) client: Option<PastedClient>,
    #[serde(default)]
    pub(in crate::provider) token_body: TokenBody,
    #[serde(default)]
    pub(in crate::provider) token_headers: BTreeMap<String, Template>,
    /// Facts that the browser brings back.
    #[serde(default)]
    pub(in crate::provider) callback: BTreeMap<String, FromCallback>,
    /// Where the browser goes when the shop is connected, where the platform wants that.
    pub(in crate::provider) done: Option<Template>,
    /// How a token without an end becomes one that is renewed, without the merchant (RFC 8693).
    pub(in crate::provider) migrate: Option<Migrate>,
    /// What a scope holds besides itself.
    #[serde(default)]
    pub(in crate::provider) scope_implies: BTreeMap<String, Vec<String>>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(in crate::provider) enum Pkce {
    S256,
    #[serde(rename = "off")]
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ClientAuth {
    Body,
    Basic,
    /// A public client: its id and no secret.
    None,
}

/// How a token request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum TokenBody {
    #[default]
    Form,
    Json,
}

/// The names of two secret fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PastedClient {
    pub(in crate::provider) id: String,
    pub(in crate::provider) secret: String,
}

/// A fact that a callback's parameter holds: its first group, or all of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FromCallback {
    pub(in crate::provider) param: String,
    /// A place in the parameter's signed content (signature kind `hmac_json`).
    pub(in crate::provider) path: Option<Path>,
    pub(in crate::provider) pattern: Pattern,
}

/// A fact that a token answer holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FromAnswer {
    pub(in crate::provider) path: Path,
    /// Its first group, or all of it.
    pub(in crate::provider) pattern: Pattern,
}

/// The token exchange that a platform offers for its older tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Migrate {
    pub(in crate::provider) subject_token_type: String,
    pub(in crate::provider) requested_token_type: String,
    #[serde(default)]
    pub(in crate::provider) extra: BTreeMap<String, String>,
}

/// What a lost answer to a refresh means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum LostAnswer {
    /// The old refresh token still serves.
    RetryOld,
    /// It is spent: the merchant has to consent again.
    Reconsent,
}

/// Where the values of a token answer stand; the defaults are RFC 6749's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct TokenAnswer {
    pub(in crate::provider) access: Path,
    pub(in crate::provider) refresh: Path,
    pub(in crate::provider) expires: Expires,
    pub(in crate::provider) refresh_expires: Option<Expires>,
    pub(in crate::provider) scope: Path,
    /// Facts about the shop.
    pub(in crate::provider) facts: BTreeMap<String, FromAnswer>,
    /// What names the shop: must be the one the connect was begun for.
    pub(in crate::provider) same_shop: Option<SameAnswer>,
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
            facts: BTreeMap::new(),
            same_shop: None,
        }
    }
}

/// The end of a token. A life of 0, a negative one and one that is no number count as not told; for `refresh_expires`, 0 is "no end".
/// Ends more than ten years ahead are kept as ten years, ends in the past as not told.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Expires {
    pub(in crate::provider) path: Path,
    pub(in crate::provider) unit: ExpiresUnit,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ExpiresUnit {
    S,
    Ms,
    EpochS,
    Rfc3339,
}

/// A signature over the callback's query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Signature {
    pub(in crate::provider) kind: SignatureKind,
    /// The parameter that holds it.
    pub(in crate::provider) param: String,
    /// The parameter that holds the time of signing, in seconds since the epoch.
    pub(in crate::provider) timestamp: Option<String>,
    pub(in crate::provider) max_age: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum SignatureKind {
    /// HMAC-SHA256 with the client secret, in hexadecimal, over all other parameters sorted by name.
    HmacSortedQuery,
    /// The parameter is `SIGNATURE.CONTENT`, both base64url: HMAC-SHA256 with the client secret over CONTENT, which is JSON.
    HmacJson,
}

/// A callback parameter that must name the shop the connect was begun for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SameShop {
    pub(in crate::provider) param: String,
    pub(in crate::provider) equals: Template,
}

/// A place in a token answer that must name the shop the connect was begun for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SameAnswer {
    pub(in crate::provider) path: Path,
    pub(in crate::provider) equals: Template,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct TokenError {
    pub(in crate::provider) when: When,
    pub(in crate::provider) class: TokenClass,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
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
