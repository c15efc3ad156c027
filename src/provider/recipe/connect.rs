//! How a shop is connected, and how its tokens are issued, refreshed and revoked.

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
    /// The shop's URL, from the fields and from facts that the shop returns while it is connected.
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
    /// For kind `pasted_login`.
    pub(in crate::provider) login: Option<Login>,
    /// How the shop's permission ends when the shop is disconnected.
    pub(in crate::provider) leave: Option<Leave>,
}

/// The end of a permission at the shop. OAuth platforms with an endpoint for it (RFC 7009) have `connect.oauth.revoke` instead
/// of `op`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Leave {
    /// The operation that ends it: it revokes the permission, or deletes the key.
    pub(in crate::provider) op: Option<String>,
    /// Whether that ends it for everybody who connected the shop to the operator's app, as an uninstall does: while another client is
    /// connected to the shop, nothing is ended, and nobody is told to do it by hand.
    #[serde(default)]
    pub(in crate::provider) ends_all: bool,
    /// What is asked before, such as the id that the key has at the shop.
    pub(in crate::provider) find: Option<FindKey>,
    /// What a person has to do at the shop where no call ends it, or the call failed: one clause that begins with a verb, without
    /// a full stop.
    pub(in crate::provider) by_hand: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FindKey {
    pub(in crate::provider) op: String,
    /// Values of its response, which `connect.leave.op` looks up as `{kept.NAME}`.
    pub(in crate::provider) keep: BTreeMap<String, Path>,
}

/// How the credentials reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectKind {
    /// Authorization code: the browser goes to a consent page with our state and returns with a code.
    Oauth2Code,
    /// The same, and the platform may start it with a signed request.
    SignedInstall,
    /// The platform starts it: the browser arrives with a code and without our state.
    PlatformInstall,
    /// Client credentials: pasted ones, or the app's own for an installed instance.
    ClientCredentials,
    /// The shop's server posts keys to us, then the browser returns.
    PostedKeys,
    /// The merchant's browser brings keys back.
    BroughtKeys,
    /// The shop's server posts a consumer to us; tokens and every call are signed by OAuth 1.0a.
    Oauth1,
    /// The merchant pastes an API key.
    PastedKey,
    /// The merchant pastes what a person logs in with; each login gives a token that ends.
    PastedLogin,
}

impl ConnectKind {
    /// The value of `connect.kind` in the file.
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
            Self::PastedLogin => "pasted_login",
        }
    }

    /// Whether the callback carries our state; otherwise only the browser's cookie identifies the connect.
    pub(crate) fn carries_state(self) -> bool {
        !matches!(self, Self::PlatformInstall | Self::ClientCredentials)
    }

    /// Whether the callback brings an authorization code.
    pub(crate) fn brings_code(self) -> bool {
        matches!(self, Self::Oauth2Code | Self::SignedInstall | Self::PlatformInstall)
    }
}

/// Keys that the shop's server posts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Posted {
    /// The page where the merchant grants access; may look up `{state}` and `{redirect_uri}`.
    pub(in crate::provider) authorize: Template,
    #[serde(default)]
    pub(in crate::provider) query: BTreeMap<String, Template>,
    /// The member of the posted body, and the parameter of the browser's callback, that hold our state.
    pub(in crate::provider) state: String,
    /// Names of secrets and their paths in the posted body.
    pub(in crate::provider) secrets: BTreeMap<String, Path>,
    /// The path of the keys' permission…
    pub(in crate::provider) rights: Option<Path>,
    /// …and its accepted values.
    #[serde(default)]
    pub(in crate::provider) needed: Vec<String>,
    /// The callback parameter of a merchant who declines.
    pub(in crate::provider) declined: Declined,
}

/// Keys that the merchant's browser brings, as parameters of the callback. Our state is its parameter `state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Brought {
    /// The page where the merchant grants access.
    pub(in crate::provider) authorize: Template,
    /// May look up `{state}` and `{redirect_uri}`.
    #[serde(default)]
    pub(in crate::provider) query: BTreeMap<String, Template>,
    /// Names of secrets and their callback parameters.
    pub(in crate::provider) secrets: BTreeMap<String, String>,
    /// The shop named in the callback: must be the one being connected.
    pub(in crate::provider) same_shop: SameShop,
    /// The callback parameter of a merchant who declines.
    pub(in crate::provider) declined: Declined,
}

/// A callback parameter and the value that means "declined".
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Declined {
    pub(in crate::provider) param: String,
    pub(in crate::provider) is: String,
}

/// A consumer that the shop's server posts (RFC 5849), and the two calls that get a token for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Oauth1 {
    /// The endpoint for temporary credentials (RFC 5849, 2.1).
    pub(in crate::provider) request: Template,
    /// The endpoint for token credentials (RFC 5849, 2.3).
    pub(in crate::provider) access: Template,
    /// The posted parameter that names the shop.
    pub(in crate::provider) shop: String,
    /// The parameter of the browser's request with the URL to return to; only within the shop.
    pub(in crate::provider) back: String,
}

/// A token for pasted credentials, such as an e-mail address and a password. The credentials stay sealed, and the login is
/// repeated before the token ends and when the shop refuses it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Login {
    /// The operation that logs in; sends the secret fields as `{grant.NAME}`. Its refusals are classified as those of any
    /// call: `expired` means that the credentials are wrong.
    pub(in crate::provider) op: String,
    /// The token in its response; calls look it up as `{grant.access}`.
    pub(in crate::provider) token: Path,
    /// The token's expiry, if the response states it.
    pub(in crate::provider) expires: Option<Expires>,
    /// The lifetime of a token whose response states none. Without one, the login is repeated when the shop refuses the
    /// token.
    pub(in crate::provider) default_expires: Option<Span>,
    /// How long before its expiry a token is replaced. Default: 5m.
    #[serde(default = "five_minutes")]
    pub(in crate::provider) margin: Span,
}

/// A field of the connect form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    /// The label, for people.
    pub ask: String,
    pub example: Option<String>,
    /// Applies to the value as `address` puts it right.
    pub(in crate::provider) pattern: Pattern,
    /// The value is the shop's address, which people paste in many spellings.
    pub(in crate::provider) address: Option<AddressForm>,
    pub default: Option<String>,
    /// A secret is stored in the grant and never shown; any other field is a fact.
    #[serde(default)]
    pub secret: bool,
}

/// How a pasted address is put right: spaces around it, a query, a fragment and slashes at the end go; scheme and host
/// become lower-case, a name with other letters its ASCII form; https is added, and replaces http but on loopback.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct AddressForm {
    /// The value is the host alone, such as `acme.example.com`. Default: the whole URL.
    #[serde(default)]
    pub(in crate::provider) host_only: bool,
    /// Paths of the platform's own pages, such as `/wp-admin`: the shop's address ends before the first of them.
    #[serde(default)]
    pub(in crate::provider) ends_before: Vec<String>,
    /// Other addresses that name the shop.
    #[serde(default)]
    pub(in crate::provider) also: Vec<OtherAddress>,
}

/// An address that names the shop without being its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct OtherAddress {
    /// Its first group names the shop.
    pub(in crate::provider) pattern: Pattern,
    /// The field's value, with the group as `{value}`.
    pub(in crate::provider) becomes: String,
}

/// The first call with a new grant: verifies it and returns the shop's identity.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Probe {
    pub(in crate::provider) op: String,
    pub(in crate::provider) name: Option<Path>,
    pub(in crate::provider) id: Option<Path>,
    #[serde(default)]
    pub(in crate::provider) facts: BTreeMap<String, Path>,
    /// Further calls for facts that its response does not have.
    #[serde(default)]
    pub(in crate::provider) also: Vec<FurtherFacts>,
    /// What its response must have for the shop to be connected.
    #[serde(default)]
    pub(in crate::provider) needs: Vec<ProbeNeed>,
    /// What it means if a web page answers in the place of the API, and what to do, for people. A connect that starts at
    /// the shop's own address looks for that before the merchant is sent there.
    pub(in crate::provider) not_json: Option<String>,
}

/// Facts of the shop that another operation than the probe returns.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FurtherFacts {
    pub(in crate::provider) op: String,
    pub(in crate::provider) facts: BTreeMap<String, Path>,
}

/// A value that the probe's response must have, such as a right of the key: without it, the connect is refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ProbeNeed {
    /// A value that is not empty, or a list.
    pub(in crate::provider) path: Path,
    /// In each entry of the list, the path of what is compared.
    pub(in crate::provider) of: Option<Path>,
    /// The value, or an entry of the list, must be one of these.
    #[serde(default, rename = "in")]
    pub(in crate::provider) one_of: Vec<String>,
    /// The code of the failure, in snake case and none of ours. Default: `rights` if the need has `in`, else `refused`.
    pub(in crate::provider) code: Option<String>,
    /// What is missing and what to do, for people.
    pub(in crate::provider) say: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Oauth {
    /// The consent page, or the page where the platform starts a connect; none if credentials are pasted.
    pub(in crate::provider) authorize: Option<Template>,
    pub(in crate::provider) token: Template,
    /// The revocation endpoint (RFC 7009).
    pub(in crate::provider) revoke: Option<Template>,
    /// For kind `client_credentials`: the secret fields that are the client. Default: the operator's app.
    pub(in crate::provider) client: Option<PastedClient>,
    #[serde(default)]
    pub(in crate::provider) token_body: TokenBody,
    #[serde(default)]
    pub(in crate::provider) token_headers: BTreeMap<String, Template>,
    /// Facts in the callback.
    #[serde(default)]
    pub(in crate::provider) callback: BTreeMap<String, FromCallback>,
    /// The platform's page for the browser after a connect.
    pub(in crate::provider) done: Option<Template>,
    /// The exchange of a non-expiring token for a refreshable one, without the merchant (RFC 8693).
    pub(in crate::provider) migrate: Option<Migrate>,
    /// Further scopes that a scope implies.
    #[serde(default)]
    pub(in crate::provider) scope_implies: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(in crate::provider) authorize_extra: BTreeMap<String, Template>,
    #[serde(default)]
    pub(in crate::provider) token_extra: BTreeMap<String, Template>,
    #[serde(default)]
    pub(in crate::provider) scopes: Vec<String>,
    /// Default: a space.
    #[serde(default = "space")]
    pub(in crate::provider) scope_separator: String,
    pub(in crate::provider) pkce: Pkce,
    pub(in crate::provider) client_auth: ClientAuth,
    /// How long before its expiry a token is refreshed. Default: 5m.
    #[serde(default = "five_minutes")]
    pub(in crate::provider) margin: Span,
    pub(in crate::provider) lost_answer: LostAnswer,
    /// The lifetime of an unused refresh token, if responses do not state it.
    pub(in crate::provider) refresh_idle: Option<Span>,
    /// The issuer that callbacks must name in `iss` (RFC 9207), if the platform sends it.
    pub(in crate::provider) issuer: Option<Template>,
    /// The lifetime of an access token, if a response does not state it.
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

/// The encoding of a token request. Default: `form`.
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

/// A fact in a callback parameter: the pattern's first group, or the whole value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FromCallback {
    pub(in crate::provider) param: String,
    /// A path into the parameter's signed content (signature kind `hmac_json`).
    pub(in crate::provider) path: Option<Path>,
    pub(in crate::provider) pattern: Pattern,
}

/// A fact in a token response.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct FromAnswer {
    pub(in crate::provider) path: Path,
    /// The fact is the pattern's first group, or the whole value.
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

/// What the loss of a refresh response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum LostAnswer {
    /// The old refresh token is still valid.
    RetryOld,
    /// It is used up: the merchant has to consent again.
    Reconsent,
}

/// The paths of the values in a token response; the defaults are RFC 6749's.
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
    /// The shop named in the response: must be the one being connected.
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

/// The expiry of a token. A lifetime of 0, a negative one and one that is not a number count as not stated; for
/// `refresh_expires`, 0 is "never". An expiry more than ten years ahead is stored as ten years, one in the past counts
/// as not stated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Expires {
    pub(in crate::provider) path: Path,
    pub(in crate::provider) unit: ExpiresUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ExpiresUnit {
    S,
    Ms,
    EpochS,
    Rfc3339,
    /// The value is a JSON Web Token, which states its expiry in `exp` (RFC 7519).
    Jwt,
}

/// A signature of the callback's query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Signature {
    pub(in crate::provider) kind: SignatureKind,
    /// The parameter with the signature.
    pub(in crate::provider) param: String,
    /// The parameter with the time of signing, in seconds since the epoch.
    pub(in crate::provider) timestamp: Option<String>,
    pub(in crate::provider) max_age: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum SignatureKind {
    /// HMAC-SHA256 with the client secret, in hexadecimal, over all other parameters sorted by name.
    HmacSortedQuery,
    /// The parameter is `SIGNATURE.CONTENT`, both base64url: HMAC-SHA256 with the client secret over CONTENT, which is
    /// JSON.
    HmacJson,
}

/// A callback parameter that must name the shop being connected.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SameShop {
    pub(in crate::provider) param: String,
    pub(in crate::provider) equals: Template,
}

/// A value in a token response that must name the shop being connected.
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
