//! `[vault]`: where the keys come from that seal credentials.

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::overlay::optional_secret;

/// The key that seals credentials in the database.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// The key ring as `id:base64` of 32 bytes, several separated by commas; the first one seals. Set it by environment.
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub keys: Option<SecretString>,
    /// A program and its arguments that prints the ring, such as a secret manager's; used when `keys` is not set.
    pub keys_command: Option<Vec<String>>,
    /// A file (mode 0600) with one `id:base64` a line, used when neither of those is set. Default: `vault.key` in the data folder.
    pub key_file: Option<PathBuf>,
}
