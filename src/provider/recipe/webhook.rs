//! How a platform tells that something changed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{mapping::FieldMapping, path::Path, template::Template};

/// Deliveries: how they are proved, whose they are, and what they mean.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Webhook {
    pub(in crate::provider) verify: HookProof,
    /// Whose shop it is, where one address serves the whole app; otherwise every connection has an address of its own.
    pub(in crate::provider) shop: Option<HookShop>,
    pub(in crate::provider) topic: HookPlace,
    /// What makes a delivery that comes again the same; the hash of its body where nothing does, or nothing that its proof covers.
    pub(in crate::provider) delivery: Option<HookPlace>,
    /// The one form field of an unsigned greeting, which is answered and otherwise ignored.
    pub(in crate::provider) ping: Option<String>,
    /// What a topic means; any other is ignored.
    pub(in crate::provider) on: BTreeMap<String, HookRule>,
    /// How deliveries are asked for, where that is not done by hand at the platform.
    pub(in crate::provider) subscribe: Option<Subscribe>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HookProof {
    pub(in crate::provider) kind: HookProofKind,
    pub(in crate::provider) header: String,
    pub(in crate::provider) key: HookKey,
    /// For kind `hmac_text`: the text, looked up in the body as `{body.NAME}`.
    pub(in crate::provider) text: Option<Template>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum HookProofKind {
    /// HMAC-SHA256 over the body's bytes, in base64.
    HmacBody,
    /// HMAC-SHA256 over a text of some of its fields, in base64.
    HmacText,
    /// HMAC-SHA256 over the address it was sent to and the body's bytes, in base64.
    HmacUrlBody,
    /// The key itself, which we gave when we subscribed.
    Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum HookKey {
    /// The secret of the operator's app.
    App,
    /// A key that the platform shows the operator: `webhook_key` under `[app.…]`.
    Webhook,
    /// A secret of our making, one for each subscription.
    Subscription,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct HookShop {
    #[serde(flatten)]
    pub(in crate::provider) at: HookPlace,
    /// The shop's address, from that `{value}`.
    pub(in crate::provider) store_url: Template,
}

/// A header, or a place in the body.
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

/// What a delivery means. It is a hint: what is true is read from the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookAct {
    /// Something changed, or the app was removed: the changes are read.
    Read,
    /// A product is gone: marked at once where the proof covers topic and product (they stand in a signed body); else the whole
    /// catalogue is read soon.
    Gone,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Subscribe {
    /// Looks up `{hook.topic}`, `{hook.url}` and `{hook.secret}`.
    pub(in crate::provider) op: String,
    pub(in crate::provider) topics: Vec<String>,
    /// The subscription's id in the answer.
    pub(in crate::provider) id: Path,
}
