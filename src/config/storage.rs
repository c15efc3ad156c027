//! `[storage]`: where files lie.

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::value::{is_base, optional_address, secret, text};

/// Where files lie.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Folder for the embedded database, the key and the pictures; relative to the configuration file.
    pub data_dir: PathBuf,
    /// A bucket for the pictures instead of the folder: for several replicas.
    pub bucket: Option<BucketConfig>,
}

/// A bucket of Amazon S3, Cloudflare R2, or any other server that speaks S3.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// For others than Amazon, such as `https://ACCOUNT.r2.cloudflarestorage.com`.
    #[serde(default, deserialize_with = "optional_address")]
    #[schemars(with = "Option<String>")]
    pub endpoint: Option<Url>,
    /// `auto` with R2.
    #[serde(default = "auto", deserialize_with = "text")]
    pub region: String,
    #[serde(deserialize_with = "text")]
    pub access_key_id: String,
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String")]
    pub secret_access_key: SecretString,
    /// Uploads carry their SHA-256, so that damaged bytes are refused. Switch it off where the server knows no such header.
    #[serde(default = "yes")]
    pub upload_checksum: bool,
    /// Where anybody may read the pictures, such as a domain of the bucket's own. Without it signed addresses are handed out.
    #[serde(default, deserialize_with = "optional_address")]
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Url>,
}

fn yes() -> bool {
    true
}

fn auto() -> String {
    "auto".to_owned()
}

impl Default for Storage {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("data"), bucket: None }
    }
}

impl Storage {
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.bucket.as_ref().and_then(|bucket| bucket.public_url.as_ref()).is_some_and(|url| !is_base(url)) {
            return Err("[storage.bucket] public_url must be an address such as https://img.example.com".to_owned());
        }
        if self.data_dir.as_os_str().is_empty() {
            return Err("[storage] data_dir must not be empty: name a folder, or take the key out".to_owned());
        }
        Ok(())
    }
}
