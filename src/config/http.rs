//! `[http]`: the one network door.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

/// The one network door.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Let shops on loopback and private addresses be reached.
    pub allow_private_networks: bool,
    /// `{ "*.example.com" = "http://127.0.0.1:9000" }` sends matching hosts elsewhere, for rehearsals.
    #[schemars(with = "BTreeMap<String, String>")]
    pub connect_to: BTreeMap<String, Url>,
    /// For a whole exchange with a shop.
    pub timeout_seconds: u64,
    /// The largest answer that is read.
    pub max_answer_bytes: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            connect_to: BTreeMap::new(),
            timeout_seconds: 60,
            max_answer_bytes: 8 << 20,
        }
    }
}

impl HttpConfig {
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        if !self.connect_to.is_empty() && !self.allow_private_networks {
            return Err("[http] connect_to is for rehearsals and needs [http] allow_private_networks = true".to_owned());
        }
        if self.connect_to.values().any(|to| !matches!(to.scheme(), "http" | "https") || to.host().is_none()) {
            return Err("[http] connect_to: each target must be an origin such as http://127.0.0.1:9000".to_owned());
        }
        if self.timeout_seconds == 0 {
            return Err("[http] timeout_seconds must be at least 1".to_owned());
        }
        Ok(())
    }
}
