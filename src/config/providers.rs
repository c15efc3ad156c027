//! `[providers]`: provider files beside the built-in ones.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Provider files beside the built-in ones.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProvidersConfig {
    /// Folder with one sub-folder per provider; one with a built-in key replaces the built-in.
    pub dir: Option<PathBuf>,
}
