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
    /// The address under which merchants' browsers reach the daemon; the OAuth callback is below it. Default: http:// and `listen`.
    #[serde(deserialize_with = "optional_address")]
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,
    /// Seconds that running work may take to end when the daemon stops.
    pub shutdown_seconds: u64,
    /// Connections that are held at once. Default: half of the files that the process may have open, at most 4096.
    pub max_connections: Option<usize>,
    /// Addresses or networks of the proxies in front: only they are believed in `X-Forwarded-For`, which says who asks.
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
    /// What cannot be used.
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

/// Networks such as `10.0.0.0/8`, or single addresses.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let read = |text: String| {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        network.ok_or_else(|| D::Error::custom(format!("'{text}' is no address and no network such as 10.0.0.0/8")))
    };
    Vec::<String>::deserialize(deserializer)?.into_iter().map(read).collect()
}
