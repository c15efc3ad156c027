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
    /// A pass that has read so many products and is led on is broken off: the catalogue does not seem to end.
    pub max_products: u64,
    /// An import that took longer makes room for those that wait for a worker, and goes on behind them.
    pub turn_seconds: u64,
}

impl Default for Import {
    fn default() -> Self {
        Self { full_every_hours: 24, brake_percent: 30, brake_min: 20, max_products: 1_000_000, turn_seconds: 120 }
    }
}

impl Import {
    /// What cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        within("[import] full_every_hours", self.full_every_hours, 0..=87_600)?;
        within("[import] brake_percent", self.brake_percent, 0..=100)?;
        within("[import] max_products", self.max_products, 1..=1_000_000_000)?;
        within("[import] turn_seconds", self.turn_seconds, 1..=86_400)
    }
}
