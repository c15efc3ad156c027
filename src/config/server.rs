//! `[server]`: where the daemon listens.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

use super::value::{is_base, optional_address, within};

/// Where the daemon listens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The public URL at which merchants' browsers reach the daemon; the OAuth callback is below it. Default: http://
    /// and `listen`.
    #[serde(deserialize_with = "optional_address")]
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,
    /// Seconds that running work may take to end when the daemon stops.
    pub shutdown_seconds: u64,
    /// The most connections at once. Default: half of the process's limit of open files, at most 4096.
    pub max_connections: Option<usize>,
    /// Addresses or networks of reverse proxies: only their `X-Forwarded-For` header is trusted for the caller's
    /// address.
    #[serde(deserialize_with = "networks")]
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8686)),
            public_url: None,
            shutdown_seconds: 20,
            max_connections: None,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Server {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.public_url.as_ref().is_some_and(|url| !is_base(url)) {
            return Err(
                "[server] public_url must be an address such as https://sync.example.com, without ? and #".to_owned()
            );
        }
        if let Some(most) = self.max_connections {
            within("[server] max_connections", most, 16..=1_000_000)?;
        }
        within("[server] shutdown_seconds", self.shutdown_seconds, 0..=3600)
    }
}

/// Parses networks such as `10.0.0.0/8`, or single addresses.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let read = |text: String| {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network
            .ok_or_else(|| D::Error::custom(format!("'{text}' is neither an address nor a network such as 10.0.0.0/8")))
    };
    Vec::<String>::deserialize(deserializer)?.into_iter().map(read).collect()
}
