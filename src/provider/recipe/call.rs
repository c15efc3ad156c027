//! How a shop's API is called: URLs, authentication, rate limits, and the classification of responses.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    super::{path::Path, template::Template},
    AnswerKind, Span,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Call {
    pub(in crate::provider) base: Template,
    #[serde(default)]
    pub(in crate::provider) headers: BTreeMap<String, Template>,
    /// HTTP Basic authentication for every call (RFC 7617).
    pub(in crate::provider) basic: Option<Basic>,
    /// The signature of every call, if there is one.
    pub(in crate::provider) sign: Option<Signing>,
    /// The longest wait of one call for the rate limit; a longer one fails the call, and its job is retried later. Default:
    /// 30s.
    #[serde(default = "half_a_minute")]
    pub(in crate::provider) patience: Span,
    /// The kind of every operation's response, unless its own says another one: `json` or `xml`. Default: `json`.
    #[serde(default)]
    pub(in crate::provider) answer: AnswerKind,
    /// Paths to the shop's own error text; the first existing one is shown. An error may be JSON where the answers are XML, and
    /// XML where they are JSON: its text is read by the paths that fit, and so are the bodies of `verdict`.
    #[serde(default)]
    pub(in crate::provider) message: Vec<Path>,
    #[serde(default)]
    pub(in crate::provider) budget: Vec<CallBudget>,
    #[serde(default)]
    pub(in crate::provider) verdict: Vec<VerdictRule>,
}

/// A user name, and a password that may be missing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Basic {
    pub(in crate::provider) user: Template,
    pub(in crate::provider) password: Option<Template>,
    /// For platforms that take them in the query as well: some hosts drop the header.
    pub(in crate::provider) or_query: Option<BasicQuery>,
}

/// The query parameters that hold user name and password in the place of the header. Whether a shop needs them is found
/// out when it is connected: its probe is refused as one without credentials, and accepted with them in the query. They
/// are sent over https only.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct BasicQuery {
    pub(in crate::provider) user: String,
    pub(in crate::provider) password: String,
    /// How the platform refuses a call without credentials.
    pub(in crate::provider) when: When,
}

/// A signature of each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Signing {
    /// RFC 5849 with HMAC-SHA256.
    Oauth1,
}

/// A rate limit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::provider) enum CallBudget {
    /// A burst of `requests` calls, refilled evenly over `per`.
    FixedWindow { requests: u32, per: Span },
    /// A response header states how many calls are left. At `floor` or fewer, calls pause until the reset.
    RemainingHeader {
        remaining: String,
        /// The header with the time until the reset, in seconds or in milliseconds.
        reset_after_s: Option<String>,
        reset_after_ms: Option<String>,
        /// Default: 0.
        #[serde(default)]
        floor: i64,
    },
    /// Calls have a cost, deducted from a bucket that refills; the response body states the bucket's values.
    CostBucket { maximum: Path, left: Path, refill: Path, default_maximum: f64, default_refill: f64 },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct VerdictRule {
    pub(in crate::provider) when: When,
    pub(in crate::provider) class: ResponseClass,
    /// The code of the failure, in snake case and none of ours. Default: that of the class.
    pub(in crate::provider) code: Option<String>,
    /// Advice for people, appended to the message.
    pub(in crate::provider) say: Option<String>,
    pub(in crate::provider) wait: Option<WaitFrom>,
}

/// The class of a response: what it means, and what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum ResponseClass {
    Ok,
    /// The access token has expired: refresh it and retry once.
    Expired,
    /// Too many calls: wait, and retry.
    Throttled,
    /// The shop is not available: retry later.
    Down,
    /// The merchant revoked the permission.
    Revoked,
    /// The credentials are good, but may not do this. By a rule, it stops the pushes of the shop until somebody mends it.
    Rights,
    /// The thing is not there.
    Missing,
    /// Refused for another reason: a retry does not help.
    Refused,
}

impl ResponseClass {
    /// Whether it says something about the shop's grant.
    pub(in crate::provider) fn is_about_grant(self) -> bool {
        matches!(self, Self::Expired | Self::Revoked | Self::Rights)
    }
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

/// The responses that a rule matches; every stated condition must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct When {
    pub(in crate::provider) status: Vec<StatusMatch>,
    /// A path into the body, which may be JSON or XML…
    pub(in crate::provider) body: Option<Path>,
    /// …whose value is one of these…
    #[serde(rename = "in")]
    pub(in crate::provider) one_of: Vec<String>,
    /// …and contains one of these.
    pub(in crate::provider) contains: Vec<String>,
    /// Further conditions, such as one on another part of the body: each of them must hold too.
    pub(in crate::provider) all: Vec<When>,
}

/// `429`, or `"5xx"` for a class.
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
