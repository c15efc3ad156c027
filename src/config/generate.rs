//! `[generate]`: how pictures are made.

use schemars::JsonSchema;
use serde::Deserialize;

/// How pictures are made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// What makes them where a flow's settings name no `engine`.
    pub engine: Painter,
    /// When products are looked at, at the latest: what is seen on them goes into prompts and is kept with the product.
    pub analyse: Analyse,
}

/// When products are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Analyse {
    Never,
    /// When a picture of them is made.
    OnGenerate,
    /// When they are put into a collection.
    #[default]
    OnCollection,
    /// When they are imported.
    OnImport,
}

/// What makes pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Painter {
    /// The local studio: no key, no model.
    #[default]
    Studio,
    /// The model under `[gemini]`.
    Gemini,
}
