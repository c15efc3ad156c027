//! `[generate]`: how pictures are generated.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::Engine;

/// How pictures are generated.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// The engine if a flow's settings name no `engine`.
    pub engine: Engine,
    /// When products are analysed, at the latest. The analysis goes into prompts and is stored with the product.
    pub analyse: Analyse,
}

/// When products are analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Analyse {
    Never,
    /// When a picture of them is generated.
    OnGenerate,
    /// When they are added to a collection.
    #[default]
    OnCollection,
    /// When they are imported.
    OnImport,
}
