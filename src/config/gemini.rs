//! `[gemini]`: Google's models.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::value::{optional_address, optional_secret};

/// Google's models: credentials, model names, and prices.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeminiConfig {
    /// A key of the Gemini API, or of Vertex AI in express mode. Not needed with a service account under `[gemini.vertex]`.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub api_key: Option<SecretString>,
    /// A base URL, version included, in place of Google's.
    #[serde(default, deserialize_with = "optional_address")]
    #[schemars(with = "Option<String>")]
    pub base_url: Option<Url>,
    /// The model that generates pictures.
    #[serde(default = "gemini_model")]
    pub model: String,
    /// The model to use if that one is unavailable or retired.
    #[serde(default)]
    pub fallback_model: Option<String>,
    /// The model that edits pictures; `model` is used if it is unavailable or retired.
    #[serde(default = "gemini_edit_model")]
    pub edit_model: String,
    /// The model that analyses pictures.
    #[serde(default = "gemini_text_model")]
    pub text_model: String,
    /// The model to use if that one is unavailable or retired.
    #[serde(default)]
    pub text_fallback_model: Option<String>,
    /// The sizes (512, 1K, 2K, 4K) that a model supports, by model. Built in: gemini-2.5-flash-image supports 1K
    /// only, gemini-3-pro-image all but 512; others support all.
    #[serde(default)]
    pub sizes: BTreeMap<String, Vec<String>>,
    /// US dollars for a picture, by "MODEL" or "MODEL/SIZE" (512, 1K, 2K, 4K). A model without a price is recorded at
    /// cost 0.
    #[serde(default)]
    pub prices: BTreeMap<String, f64>,
    /// US dollars for a million tokens, by "MODEL": the cost of analyses.
    #[serde(default)]
    pub text_prices: BTreeMap<String, TextPriceConfig>,
    /// The monthly spending limit over all clients. A request that would exceed it is not sent.
    #[serde(default)]
    pub usd_per_month: Option<f64>,
    /// Use the models on Vertex AI.
    #[serde(default)]
    pub vertex: Option<VertexConfig>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextPriceConfig {
    pub input: f64,
    pub output: f64,
}

/// Google's models on Vertex AI: a service account in a project, or an API key in express mode.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VertexConfig {
    /// Default: the service account's project.
    pub project: Option<String>,
    /// `global`, `us`, `eu`, or a region such as `europe-west4`. Default: `global`.
    pub location: Option<String>,
    /// The key file (JSON) of a service account; relative to the configuration file. Takes precedence over `[gemini]
    /// api_key`.
    pub credentials_file: Option<PathBuf>,
    /// `[gemini] api_key` is a key of Vertex AI in express mode: no project, no location.
    pub express: bool,
}

impl GeminiConfig {
    /// Rejects unusable or missing values, and values that exclude each other.
    pub(super) fn check(&self) -> Result<(), String> {
        let keyed = self.api_key.as_ref().is_some_and(|key| !key.expose_secret().trim().is_empty());
        let vertex = self.vertex.as_ref();
        let account = vertex.is_some_and(|vertex| vertex.credentials_file.is_some());
        let wrong = match vertex {
            Some(vertex) if vertex.express && (account || vertex.project.is_some() || vertex.location.is_some()) => {
                "[gemini.vertex] express excludes project, location and credentials_file"
            }
            Some(vertex) if !vertex.express && !account => {
                "[gemini.vertex] needs the credentials_file of a service account, or express = true with [gemini] api_key"
            }
            Some(vertex) if vertex.express && !keyed => "[gemini.vertex] express needs [gemini] api_key",
            None if !keyed => {
                "[gemini] needs api_key, or the credentials_file of a service account under [gemini.vertex]"
            }
            _ => "",
        };
        if !wrong.is_empty() {
            return Err(wrong.to_owned());
        }
        let models = [Some(&self.model), self.fallback_model.as_ref(), Some(&self.edit_model), Some(&self.text_model)];
        let models = models.into_iter().chain([self.text_fallback_model.as_ref()]).flatten();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if let Some(name) = models.into_iter().find(|name| name.is_empty() || !name.chars().all(plain)) {
            return Err(format!("[gemini] '{name}' is not a model name"));
        }
        let known = |size: &String| ["512", "1K", "2K", "4K"].contains(&size.as_str());
        if let Some((model, _)) = self.sizes.iter().find(|(_, sizes)| sizes.is_empty() || !sizes.iter().all(known)) {
            return Err(format!("[gemini.sizes] \"{model}\" needs some of \"512\", \"1K\", \"2K\", \"4K\""));
        }
        let text = self.text_prices.values().flat_map(|price| [price.input, price.output]);
        if self.prices.values().copied().chain(text).any(|dollars| !dollars.is_finite() || dollars < 0.0) {
            return Err("[gemini] prices and text_prices are dollars, 0 or more".to_owned());
        }
        if self.usd_per_month.is_some_and(|dollars| !dollars.is_finite() || dollars < 0.0) {
            return Err("[gemini] usd_per_month is dollars, 0 or more".to_owned());
        }
        Ok(())
    }
}

fn gemini_model() -> String {
    "gemini-3.1-flash-image".to_owned()
}

fn gemini_edit_model() -> String {
    "gemini-3-pro-image".to_owned()
}

fn gemini_text_model() -> String {
    "gemini-2.5-flash-lite".to_owned()
}
