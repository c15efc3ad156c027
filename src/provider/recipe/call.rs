//! How a shop is called: addresses, budgets, and what its answers mean.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    super::{path::Path, template::Template},
    Span,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Call {
    pub(in crate::provider) base: Template,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<String, Template>,
    /// HTTP Basic authentication of every call (RFC 7617).
    pub(in crate::provider) basic: Option<Basic>,
    /// How every call is signed, where it is.
    pub(in crate::provider) sign: Option<Signing>,
    /// The longest that one call waits for a throttled shop before its job is put back.
    #[serde(default = "half_a_minute")]
    pub(in crate::provider) patience: Span,
    /// Where the shop's own words about an error stand; the first that is there is shown.
    #[serde(default)]
    pub(in crate::provider) message: Vec<Path>,
    #[serde(default)]
    pub(in crate::provider) budget: Vec<CallBudget>,
    #[serde(default)]
    pub(in crate::provider) verdict: Vec<VerdictRule>,
}

/// A user and a password, which may be empty.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Basic {
    pub(in crate::provider) user: Template,
    pub(in crate::provider) password: Option<Template>,
}

/// A signature over each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Signing {
    /// RFC 5849 with HMAC-SHA256.
    Oauth1,
}

/// How often the shop may be asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum CallBudget {
    /// So many calls in so long.
    FixedWindow { requests: u32, per: Span },
    /// The answer says how many calls are left, and when there are more.
    RemainingHeader {
        remaining: String,
        /// The header that says when there are more, in seconds or in milliseconds.
        reset_after_s: Option<String>,
        reset_after_ms: Option<String>,
        #[serde(default)]
        floor: i64,
    },
    /// Calls have a cost, taken from a bucket that fills up again; the body tells its state.
    CostBucket { maximum: Path, left: Path, refill: Path, default_maximum: f64, default_refill: f64 },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct VerdictRule {
    pub(in crate::provider) when: When,
    pub(in crate::provider) class: ResponseClass,
    pub(in crate::provider) code: Option<String>,
    /// A sentence for people.
    pub(in crate::provider) say: Option<String>,
    pub(in crate::provider) wait: Option<WaitFrom>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ResponseClass {
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct WaitFrom {
    pub(in crate::provider) header: String,
    pub(in crate::provider) unit: WaitUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum WaitUnit {
    S,
    Ms,
    EpochS,
}

/// Which answers a rule is about; everything given must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct When {
    pub(in crate::provider) status: Vec<StatusMatch>,
    /// A path into the body…
    pub(in crate::provider) body: Option<Path>,
    /// …that holds one of these words…
    #[serde(rename = "in")]
    pub(in crate::provider) one_of: Vec<String>,
    /// …or a text with one of these in it.
    pub(in crate::provider) contains: Vec<String>,
}

/// `429`, or `"5xx"` for a whole hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum StatusMatch {
    Exactly(u16),
    Hundred(u16),
}

impl StatusMatch {
    pub(in crate::provider) fn matches(self, status: u16) -> bool {
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

fn half_a_minute() -> Span {
    Span(Duration::from_secs(30))
}
