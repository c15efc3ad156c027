//! `[providers]`: provider files in addition to the built-in ones.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Provider files in addition to the built-in ones.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProvidersConfig {
    /// Folder with one sub-folder per provider; one with a built-in key replaces the built-in.
    pub dir: Option<PathBuf>,
}

impl ProvidersConfig {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.dir.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
            return Err("[providers] dir must not be empty: name a folder, or remove the key".to_owned());
        }
        Ok(())
    }
}
