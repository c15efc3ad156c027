//! A page of products, and how one product becomes a normal one.

use std::collections::HashSet;

use serde_json::Value;

use super::{Provider, borrowed::Node, context::TemplateContext, pagination::PageToken};
use crate::model::{Facts, Failure, NormalProduct, Time};

/// Which page to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageRequest<'t> {
    /// Only products changed since then.
    pub since: Option<Time>,
    /// Where it begins; none for the first one.
    pub token: Option<&'t PageToken>,
    /// The size of the pages that the token counts; none: that of the provider's file.
    pub size: Option<u32>,
    /// The size of the pages from there on, where it can change within a list.
    pub wanted: Option<u32>,
    /// Hashes of the ids of products that the pass has read by other time filters: they are not read again.
    pub known: Option<&'t HashSet<u64>>,
}

/// Why a page could not be read.
#[derive(Debug)]
pub struct PageFailure {
    pub failure: Failure,
    /// The size of page to ask for next time, if a smaller one may come.
    pub smaller: Option<u32>,
    /// Whether that helps only from the first page on: the token holds the size of its page.
    pub anew: bool,
}

impl From<Failure> for PageFailure {
    fn from(failure: Failure) -> Self {
        Self { failure, smaller: None, anew: false }
    }
}

/// One page of products.
#[derive(Debug, Default)]
pub struct Page {
    pub products: Vec<Result<NormalProduct, Unreadable>>,
    /// Hashes of the ids of the others on it, which are known.
    pub known: Vec<u64>,
    pub next: Option<PageToken>,
    /// Number of products in the shop, if it reports one.
    pub total: Option<i64>,
    /// Whether it reports none although its file says where.
    pub lacks_total: bool,
    /// How many products it was asked for; none for a piece of a bulk export.
    pub size: Option<u32>,
}

/// A product that could not be normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub erp_id: Option<String>,
    pub why: String,
}

/// Normalises one product by the provider's mapping; templates may look up the shop's facts and URL.
pub fn normal(provider: &Provider, facts: &Facts, store_url: &str, item: &Value) -> Result<NormalProduct, Unreadable> {
    normal_of(provider, facts, store_url, item)
}

/// The same of any form of JSON.
pub(super) fn normal_of<N: Node>(
    provider: &Provider,
    facts: &Facts,
    store_url: &str,
    item: &N,
) -> Result<NormalProduct, Unreadable> {
    let context = TemplateContext { store_url, ..TemplateContext::of_facts(facts) };
    provider.recipe.import.map.product(item, &context).map_err(|(erp_id, why)| Unreadable { erp_id, why })
}
