//! A page of products, and how one product becomes a normal one.

use serde_json::Value;

use super::{Provider, context::TemplateContext, pagination::PageToken};
use crate::model::{Facts, NormalProduct};

/// One page of products.
#[derive(Debug)]
pub struct Page {
    pub products: Vec<Result<NormalProduct, Unreadable>>,
    pub next: Option<PageToken>,
    /// Number of products in the shop, if it reports one.
    pub total: Option<i64>,
    /// Whether it reports none although its file says where.
    pub lacks_total: bool,
}

/// A product that could not be normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub erp_id: Option<String>,
    pub why: String,
}

/// Normalises one product by the provider's mapping; templates may look up the shop's facts and URL.
pub fn normal(provider: &Provider, facts: &Facts, store_url: &str, item: &Value) -> Result<NormalProduct, Unreadable> {
    let context = TemplateContext { store_url, ..TemplateContext::of_facts(facts) };
    provider.recipe.import.map.product(item, &context).map_err(|(erp_id, why)| Unreadable { erp_id, why })
}
