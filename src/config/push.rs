//! `[push]`: how pictures are pushed.

use schemars::JsonSchema;
use serde::Deserialize;

/// How pictures are pushed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PushConfig {
    /// Allows pushes to platforms that cannot refuse a gallery which a person changed meanwhile: what may be lost there
    /// is in their files (`push.unguarded`).
    pub allow_unguarded: bool,
}
