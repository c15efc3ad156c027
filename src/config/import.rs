//! `[import]`: how catalogues are imported.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::within;

/// How catalogues are imported.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Import {
    /// A scheduled import is a complete pass if the last one is older than this many hours.
    pub full_every_hours: u64,
    /// An import that would tombstone more than this share of the products stops and asks for confirmation.
    pub brake_percent: u32,
    /// …unless it is no more than this many products.
    pub brake_min: u32,
    /// A pass that has read this many products and still has a next page is aborted: the catalogue does not seem to
    /// end.
    pub max_products: u64,
    /// An import that has run longer yields its worker to waiting imports, and is queued again behind them.
    pub turn_seconds: u64,
}

impl Default for Import {
    fn default() -> Self {
        Self { full_every_hours: 24, brake_percent: 30, brake_min: 20, max_products: 1_000_000, turn_seconds: 120 }
    }
}

impl Import {
    /// Rejects unusable values.
    pub(super) fn check(&self) -> Result<(), String> {
        within("[import] full_every_hours", self.full_every_hours, 0..=87_600)?;
        within("[import] brake_percent", self.brake_percent, 0..=100)?;
        within("[import] max_products", self.max_products, 1..=1_000_000_000)?;
        within("[import] turn_seconds", self.turn_seconds, 1..=86_400)
    }
}
