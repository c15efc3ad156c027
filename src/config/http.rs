//! `[http]`: outgoing HTTP.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::value::{address, within};

/// Outgoing HTTP.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Allow shops on loopback and private addresses.
    pub allow_private_networks: bool,
    /// `{ "*.example.com" = "http://127.0.0.1:9000" }` redirects matching hosts, for the simulator and tests.
    #[serde(deserialize_with = "targets")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub connect_to: BTreeMap<String, Url>,
    /// The time-out of a whole request to a shop.
    pub timeout_seconds: u64,
    /// The largest response body that is read.
    pub max_answer_bytes: usize,
    /// The proxy for all outgoing requests, such as `http://user:password@proxy:3128`. Default: the variable
    /// HTTPS_PROXY or ALL_PROXY; an empty text for none.
    #[schemars(with = "Option<String>")]
    pub proxy: Option<SecretString>,
    /// Hosts that are reached without the proxy: names with their subdomains, addresses and networks, or `*`.
    /// Default: NO_PROXY.
    pub no_proxy: Option<String>,
    /// Let the proxy resolve names that do not resolve here. Then only the proxy keeps shops from naming internal
    /// hosts.
    pub proxy_resolves: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            connect_to: BTreeMap::new(),
            timeout_seconds: 60,
            max_answer_bytes: 8 << 20,
            proxy: None,
            no_proxy: None,
            proxy_resolves: false,
        }
    }
}

impl HttpConfig {
    /// Takes the proxy from the variables that other programs read too, unless it is set here. The lower-case name
    /// takes precedence, as with curl. HTTP_PROXY is ignored: plain http never leaves this machine's network.
    pub(super) fn fill_from(&mut self, env: &[(String, String)]) {
        let first = |names: &[&str]| {
            let find = |name: &&str| env.iter().find(|(known, value)| known == name && !value.is_empty());
            names.iter().find_map(find).map(|(_, value)| value.clone())
        };
        if self.proxy.is_none() {
            self.proxy = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]).map(SecretString::from);
        }
        if self.no_proxy.is_none() {
            self.no_proxy = first(&["no_proxy", "NO_PROXY"]);
        }
    }

    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        if !self.connect_to.is_empty() && !self.allow_private_networks {
            return Err(
                "[http] connect_to is for the simulator and tests, and needs [http] allow_private_networks = true"
                    .to_owned(),
            );
        }
        within("[http] timeout_seconds", self.timeout_seconds, 1..=3600)?;
        within("[http] max_answer_bytes", self.max_answer_bytes, 1 << 16..=1 << 30)
    }
}

/// Parses origins by host.
fn targets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Url>, D::Error> {
    #[derive(Deserialize)]
    struct Target(#[serde(deserialize_with = "address")] Url);
    let read = BTreeMap::<String, Target>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|(host, Target(url))| (host, url)).collect())
}
