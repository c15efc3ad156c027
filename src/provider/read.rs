//! Reads from a shop: who it is, and its products page by page.

use serde_json::{Map, Value};
use url::Url;

use super::{
    call::{Session, With},
    pages::PageToken,
    recipe::SinceFormat,
    scope::Scope,
};
use crate::model::{Facts, Failure, NormalProduct, Time};

/// What a shop tells about itself.
#[derive(Debug, Clone, Default)]
pub struct ShopFacts {
    pub name: Option<String>,
    pub external_id: Option<String>,
    /// Kept on the connection for later templates.
    pub facts: Facts,
}

/// One page of products.
#[derive(Debug)]
pub struct Page {
    pub products: Vec<Result<NormalProduct, Unreadable>>,
    pub next: Option<PageToken>,
    /// How many products the shop has in all, if it says so.
    pub total: Option<i64>,
}

/// A product that could not be brought into the normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub erp_id: Option<String>,
    pub why: String,
}

/// Makes the provider's probe: proves the grant and tells who the shop is.
pub async fn probe(session: &Session) -> Result<ShopFacts, Failure> {
    let recipe = &session.provider.recipe;
    let probe = &recipe.connect.probe;
    let answer = session.call(&recipe.op[&probe.op], With::default()).await?;
    let facts = probe.facts.iter().filter_map(|(name, path)| Some((name.clone(), path.get(&answer.body)?.clone())));
    Ok(ShopFacts {
        name: probe.name.as_ref().and_then(|path| path.text(&answer.body)),
        external_id: probe.id.as_ref().and_then(|path| path.text(&answer.body)),
        facts: facts.filter(|(_, value)| !value.is_null()).collect(),
    })
}

/// Reads one page: the first where there is no token, only what changed where `since` is given.
pub async fn page(session: &Session, since: Option<Time>, token: Option<&PageToken>) -> Result<Page, Failure> {
    let recipe = &session.provider.recipe;
    let (import, op) = (&recipe.import, &recipe.op[&recipe.import.op]);
    let mut values = Map::new();
    values.insert("page".into(), import.page.values(token));
    if let (Some(since), Some(rule)) = (since, &import.since) {
        let text = match rule.format {
            SinceFormat::Rfc3339 => since.to_string(),
            SinceFormat::EpochS => since.unix_ms().div_euclid(1000).to_string(),
        };
        values.insert("since".into(), text.into());
    }
    let url = if let Some(PageToken::Link(url)) = token { Some(url.as_str()) } else { None };
    let answer = session.call(op, With { values, url, parcel: None }).await?;
    let items = import.page.items.get(&answer.body).filter(|items| items.is_array());
    if items.is_none() {
        let text = format!(
            "{}: the answer has no list of products where the provider's file says it stands",
            session.provider.name()
        );
        return Err(Failure::retry("unexpected_answer", text));
    }
    let base = base(session)?;
    let next = import.page.next(token, (&answer.headers, &answer.body), &base)?;
    let scope = Scope { store_url: &session.store_url, ..Scope::of_facts(&session.facts) };
    let pick = |item: &Value| import.map.product(item, &scope).map_err(|(erp_id, why)| Unreadable { erp_id, why });
    let products = import.page.items.each(&answer.body).iter().map(pick).collect();
    Ok(Page { products, next, total: import.page.total(&answer.body) })
}

fn base(session: &Session) -> Result<Url, Failure> {
    let scope = Scope { store_url: &session.store_url, ..Scope::of_facts(&session.facts) };
    let text = session.provider.recipe.call.base.text(&scope)?.unwrap_or_default();
    Url::parse(&text).map_err(|_| {
        Failure::give_up("bad_address", "the provider's file and the shop's facts make an address that is none")
    })
}
