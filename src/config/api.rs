//! `[api]`: who may use the API.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::value::optional_secret;

/// The API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// Who says this (`Authorization: Bearer …`) may use it; without one it is closed. At least 24 characters.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub token: Option<SecretString>,
}

impl Api {
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.token.as_ref().is_some_and(|token| token.expose_secret().trim().len() < 24) {
            return Err(
                "[api] token must have at least 24 characters: openssl rand -base64 32 makes a good one".to_owned()
            );
        }
        Ok(())
    }
}
