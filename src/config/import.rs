//! `[import]`: how catalogues are read.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::within;

/// How catalogues are read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Import {
    /// A scheduled import reads everything when the last complete pass is older than this many hours.
    pub full_every_hours: u64,
    /// A sweep that would mark more than this share of the products as gone stops and asks.
    pub brake_percent: u32,
    /// …unless it is no more than this many products.
    pub brake_min: u32,
}

impl Default for Import {
    fn default() -> Self {
        Self { full_every_hours: 24, brake_percent: 30, brake_min: 20 }
    }
}

impl Import {
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        within("[import] full_every_hours", self.full_every_hours, 0..=87_600)?;
        within("[import] brake_percent", self.brake_percent, 0..=100)
    }
}
