//! `[api]`: access to the API.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::value::optional_secret;

/// The API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// The bearer token of the API (`Authorization: Bearer …`), at least 24 characters. Without it the API is closed.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub token: Option<SecretString>,
}

impl Api {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.token.as_ref().is_some_and(|token| token.expose_secret().trim().len() < 24) {
            return Err(
                "[api] token must have at least 24 characters: create one with openssl rand -base64 32".to_owned()
            );
        }
        Ok(())
    }
}
