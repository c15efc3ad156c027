//! `[storage]`: where files are stored.

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::value::{is_base, optional_address, secret, text};

/// Where files are stored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Folder for the embedded database, the key and the pictures; relative to the configuration file.
    pub data_dir: PathBuf,
    /// A bucket for the pictures in place of the folder: for several replicas.
    pub bucket: Option<BucketConfig>,
}

/// A bucket of Amazon S3, Cloudflare R2, or any other S3-compatible server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// For servers other than Amazon's, such as `https://ACCOUNT.r2.cloudflarestorage.com`.
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
    /// Uploads carry their SHA-256, so that the server rejects damaged bytes. Disable it if the server does not
    /// support the header.
    #[serde(default = "yes")]
    pub upload_checksum: bool,
    /// The URL at which the pictures are public, such as the bucket's custom domain. Without it signed URLs are issued.
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
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.bucket.as_ref().and_then(|bucket| bucket.public_url.as_ref()).is_some_and(|url| !is_base(url)) {
            return Err("[storage.bucket] public_url must be an address such as https://img.example.com".to_owned());
        }
        if self.data_dir.as_os_str().is_empty() {
            return Err("[storage] data_dir must not be empty: name a folder, or remove the key".to_owned());
        }
        Ok(())
    }
}
