//! `[vault]`: the source of the keys that seal credentials.

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::value::optional_secret;

/// The keys that seal credentials in the database.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// The key ring as `id:base64` of 32 bytes, comma-separated; the first key seals. Set it in the environment.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub keys: Option<SecretString>,
    /// A program and its arguments that prints the ring, such as a secret manager's; used if `keys` is not set.
    pub keys_command: Option<Vec<String>>,
    /// A file (mode 0600) with one `id:base64` a line, used if neither of those is set. Default: `vault.key` in the
    /// data folder.
    pub key_file: Option<PathBuf>,
}

impl VaultConfig {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        let program = self.keys_command.as_ref().map(|words| words.first().map_or("", String::as_str));
        if program.is_some_and(|program| program.trim().is_empty()) {
            return Err("[vault] keys_command names no program".to_owned());
        }
        if self.key_file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
            return Err("[vault] key_file must not be empty: name a file, or remove the key".to_owned());
        }
        Ok(())
    }
}
