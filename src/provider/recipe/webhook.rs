//! How a platform's webhooks are verified and parsed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{field::FieldMapping, mapping::Only, path::Path, template::Template},
    PageKind,
};

/// Webhooks: the proof of a delivery, its shop and its meaning.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Webhook {
    pub(in crate::provider) verify: HookProof,
    /// The shop of a delivery, if one URL serves the whole app; otherwise every connection has its own URL.
    pub(in crate::provider) shop: Option<HookShop>,
    /// Members of the body that hold JSON written as a text, the outer ones first. Every other path leads through them as if they
    /// were written in place.
    #[serde(default)]
    pub(in crate::provider) embedded: Vec<Path>,
    pub(in crate::provider) topic: HookPlace,
    /// The delivery's id, by which a repeated one is known. Without one, or if the proof does not cover it, the hash of the body
    /// is used.
    pub(in crate::provider) delivery: Option<HookPlace>,
    /// The only form field of an unsigned ping, which is answered and otherwise ignored.
    pub(in crate::provider) ping: Option<String>,
    /// The meaning of each topic; other topics are ignored.
    pub(in crate::provider) on: BTreeMap<String, HookRule>,
    /// How to subscribe, unless that is done by hand at the platform.
    pub(in crate::provider) subscribe: Option<Subscribe>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HookProof {
    pub(in crate::provider) kind: HookProofKind,
    /// The header of the proof; not for kind `jwt_body`, where the body is its own proof.
    pub(in crate::provider) header: Option<String>,
    pub(in crate::provider) key: HookKey,
    /// How an HMAC is written; base64 by default.
    pub(in crate::provider) encoding: Option<HookEncoding>,
    /// What stands before an HMAC in the header, such as `sha256=`.
    pub(in crate::provider) prefix: Option<String>,
    /// For key `jwks`: where the shop publishes its keys; looks up facts. They are kept for an hour. A key that is not among them is
    /// looked for again, at most once in five minutes.
    pub(in crate::provider) jwks: Option<Template>,
    /// For kind `hmac_text`: the signed text, which looks up the body as `{body.NAME}`.
    pub(in crate::provider) text: Option<Template>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum HookProofKind {
    /// HMAC-SHA256 over the body's bytes.
    HmacBody,
    /// HMAC-SHA256 over a text of some of the body's fields.
    HmacText,
    /// HMAC-SHA256 over the target URL and the body's bytes.
    HmacUrlBody,
    /// The key itself, which we sent with the subscription.
    Secret,
    /// A JSON Web Signature of the body, in a header without the body (RFC 7515, appendix F), also over the body's own bytes (RFC
    /// 7797). Its algorithm is RS256 and no other.
    JwsDetached,
    /// The body is a JSON Web Token (RFC 7519), signed by RS256 and no other algorithm. Paths lead into its claims. It is refused after
    /// its `exp`, and before its `nbf` and `iat`, by five minutes.
    JwtBody,
}

impl HookProofKind {
    /// Whether the proof is an HMAC.
    pub(in crate::provider) fn is_hmac(self) -> bool {
        matches!(self, Self::HmacBody | Self::HmacText | Self::HmacUrlBody)
    }

    /// Whether the proof is a JSON Web Signature, which a public key verifies.
    pub(in crate::provider) fn is_jws(self) -> bool {
        matches!(self, Self::JwsDetached | Self::JwtBody)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum HookEncoding {
    Base64,
    /// Hexadecimal, in either case.
    Hex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum HookKey {
    /// The client secret of the operator's app.
    App,
    /// A key that the platform shows the operator: `webhook_key` under `[app.…]`. For a JSON Web Signature, a public key in PEM.
    Webhook,
    /// A secret that we generate, one per subscription.
    Subscription,
    /// A public key that the shop publishes in a JSON Web Key Set (RFC 7517), at `jwks`.
    Jwks,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HookShop {
    #[serde(flatten)]
    pub(in crate::provider) at: HookPlace,
    /// The shop's URL, from that `{value}`. Without it, that is the shop's id, as `connect.probe.id` reads it.
    pub(in crate::provider) store_url: Option<Template>,
}

/// A header, or a path into the body.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::provider) struct HookPlace {
    pub(in crate::provider) header: Option<String>,
    pub(in crate::provider) body: Option<Path>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HookRule {
    #[serde(rename = "do")]
    pub(in crate::provider) act: HookAct,
    /// The product, in the body.
    pub(in crate::provider) id: Option<FieldMapping>,
}

/// The meaning of a delivery. It is a hint: the current state is read from the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookAct {
    /// Something changed, or the app was removed: an incremental import is enqueued.
    Read,
    /// A product was deleted: it is looked up in the shop (`import.one`), and becomes a tombstone if it is missing there.
    /// Without such a call a full import is enqueued, which decides.
    Gone,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Subscribe {
    /// Looks up `{hook.topic}`, `{hook.url}` and `{hook.secret}`.
    pub(in crate::provider) op: String,
    pub(in crate::provider) topics: Vec<String>,
    /// The subscription's id in the response.
    pub(in crate::provider) id: Path,
    /// The operation that deletes a subscription; looks up `{hook.id}`. Without it, subscriptions stay at the platform when a shop
    /// is disconnected.
    pub(in crate::provider) delete_op: Option<String>,
    /// How the subscriptions are listed: before a new one is made, and once a day. Needs `delete_op`.
    pub(in crate::provider) list: Option<SubscriptionList>,
}

/// The list of subscriptions. Those whose URL is ours are kept, or replaced; others are left alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct SubscriptionList {
    pub(in crate::provider) op: String,
    pub(in crate::provider) page: PageKind,
    pub(in crate::provider) id: Path,
    pub(in crate::provider) topic: Path,
    pub(in crate::provider) url: Path,
    /// The values of one that is not switched off by the platform; without it, the platform deletes what it switches off.
    pub(in crate::provider) active: Option<Only>,
}
