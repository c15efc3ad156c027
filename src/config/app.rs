//! `[app.PROVIDER]`: OAuth apps registered at providers.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::value::{optional_secret, optional_text, secret, text};

/// An OAuth app registered at a provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    #[serde(deserialize_with = "text")]
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub client_secret: SecretString,
    /// The key that the platform signs webhooks with, if it is not the client secret.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub webhook_key: Option<SecretString>,
    /// The client (id or slug) that owns shops whose owners install the app at the platform, without a connect link.
    /// Without it such an install is refused, unless the shop is already connected.
    #[serde(default, deserialize_with = "optional_text")]
    pub client: Option<String>,
}
