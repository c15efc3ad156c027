//! `[server]`: where the daemon listens.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

/// Where the daemon listens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The address under which merchants' browsers reach the daemon; the OAuth callback is below it. Default: http:// and `listen`.
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,
    /// Seconds that running work may take to end when the daemon stops.
    pub shutdown_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8686)), public_url: None, shutdown_seconds: 20 }
    }
}

impl Server {
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.public_url.as_ref().is_some_and(|url| {
            !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some()
        }) {
            return Err("[server] public_url must be an address such as https://sync.example.com".to_owned());
        }
        Ok(())
    }
}
