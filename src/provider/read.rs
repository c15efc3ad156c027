//! Reads from a shop: its identity, and its products page by page.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{
    bulk,
    call::ShopClient,
    context::TemplateContext,
    nested,
    page::{Page, PageFailure, PageRequest, Unreadable, normal},
    page_size::{self, ListAnswer},
    pagination::PageToken,
    path::{Path, as_text},
    recipe::{ImportRecipe, ProbeNeed, SinceFormat},
    request::With,
};
use crate::model::{Facts, Failure, FailureKind, NormalProduct, ShopAnswer, Time};

/// The shop's own data, from the probe.
#[derive(Debug, Clone, Default)]
pub struct ShopFacts {
    pub name: Option<String>,
    pub external_id: Option<String>,
    /// Stored on the connection, for templates.
    pub facts: Facts,
    /// What the shop or its key lacks for everything that is described to work.
    lacks: Option<Failure>,
}

impl ShopFacts {
    /// The same, if nothing is lacking.
    pub fn complete(mut self) -> Result<Self, Failure> {
        self.lacks.take().map_or(Ok(self), Err)
    }
}

/// Calls the provider's probe: verifies the grant and returns the shop's identity.
pub async fn probe(shop: &ShopClient) -> Result<ShopFacts, Failure> {
    let recipe = &shop.provider.recipe;
    let probe = &recipe.connect.probe;
    let answer = shop.call(&recipe.op[&probe.op], With::default()).await?;
    let mut facts = Path::pick(&probe.facts, &answer.body);
    facts.retain(|_, value| !value.is_null());
    let lacks = probe.needs.iter().find(|need| !need.is_met(&answer.body));
    Ok(ShopFacts {
        lacks: lacks.map(|need| Failure::new(need.kind(), format!("{}: {}", shop.provider.name(), need.say))),
        name: probe.name.as_ref().and_then(|path| path.text(&answer.body)),
        external_id: probe.id.as_ref().and_then(|path| path.text(&answer.body)),
        facts,
    })
}

impl ProbeNeed {
    fn is_met(&self, body: &Value) -> bool {
        let compared = |entry: &Value| self.of.as_ref().map_or_else(|| as_text(entry), |path| path.text(entry));
        self.path.each(body).iter().any(|entry| match &self.one_of[..] {
            [] => entry.as_str() != Some(""),
            words => compared(entry).is_some_and(|text| words.contains(&text)),
        })
    }

    fn kind(&self) -> FailureKind {
        let answer = if self.one_of.is_empty() { ShopAnswer::Refused } else { ShopAnswer::Rights };
        self.code.as_ref().map_or_else(|| FailureKind::shop(answer), |code| FailureKind::shop_says(answer, code))
    }
}

/// Reads one page. What a shop cannot answer is asked for in smaller pages.
pub async fn page(shop: &ShopClient, request: &PageRequest<'_>) -> Result<Page, PageFailure> {
    if let Some(rule) = shop.provider.recipe.import.bulk.as_ref().filter(|_| request.since.is_none()) {
        let page = match request.token {
            None => bulk::begin(shop, rule).await?,
            Some(PageToken::Bulk(token)) => bulk::go_on(shop, rule, token).await?,
            Some(_) => None,
        };
        if let Some(page) = page {
            return Ok(page);
        }
    }
    // A bulk export that failed starts over as plain pages.
    let token = request.token.filter(|token| !matches!(token, PageToken::Bulk(_)));
    plain_page(shop, &PageRequest { token, ..*request }).await
}

/// Reads one product, which may be gone; `None` if the shop no longer has it.
pub async fn product(shop: &ShopClient, erp_id: &str) -> Result<Option<Result<NormalProduct, Unreadable>>, Failure> {
    let unclear = |what: &str| {
        let text = format!("{}: the response to the question for one product {what}", shop.provider.name());
        Failure::new(FailureKind::UnexpectedAnswer, text)
    };
    let import = &shop.provider.recipe.import;
    let one = import.one.as_ref().ok_or_else(|| unclear("is not described by the provider's file"))?;
    let values = Map::from_iter([("product".to_owned(), json!({ "erp_id": erp_id }))]);
    let answer = match shop.call(&shop.provider.recipe.op[&one.op], With { values, ..With::default() }).await {
        Ok(answer) => answer,
        Err(failure) if matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _)) => {
            // Where no API is, everything is missing.
            probe(shop).await?;
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let item =
        one.item.get(&answer.body).ok_or_else(|| unclear("has no product at the path in the provider's file"))?;
    if item.is_null() {
        return Ok(None);
    }
    let (item, doubt) = complete(shop, item, &answer.body, &mut 0).await?;
    let doubt = doubt.or_else(|| lacking(import, &item));
    let product = normal(&shop.provider, &shop.facts, &shop.store_url, &item);
    let found =
        product.as_ref().map_or_else(|unreadable| unreadable.erp_id.as_deref(), |product| Some(&product.erp_id));
    if found != Some(erp_id) {
        return Err(unclear(&format!("is about another one than '{erp_id}'")));
    }
    Ok(Some(product.map(|product| NormalProduct { doubt, ..product })))
}

async fn plain_page(shop: &ShopClient, request: &PageRequest<'_>) -> Result<Page, PageFailure> {
    let recipe = &shop.provider.recipe;
    let import = &recipe.import;
    let (part, token) = match request.token {
        Some(PageToken::Part(part, inner)) => (*part, inner.as_deref()),
        other => (0, other),
    };
    let values = list_values(shop, part, request.since)?;
    let ListAnswer { answer, page, token } =
        page_size::ask(shop, &recipe.op[&import.op], values, &PageRequest { token, ..*request }).await?;
    let items = import.page.items.get(&answer.body).filter(|items| items.is_array());
    if items.is_none() && !import.page.may_lack {
        let text = format!(
            "{}: the response has no list of products at the path in the provider's file",
            shop.provider.name()
        );
        return Err(Failure::new(FailureKind::UnexpectedPage, text).into());
    }
    let mut next = page.next(token.as_ref(), &answer, &shop.base_url()?)?;
    let mut total = import.page.total(&answer);
    let lacks_total = total.is_none() && import.page.states_total();
    if !import.parts.is_empty() {
        // Each part has its own total; the sum is not known before the last part.
        total = None;
        next = match next {
            Some(next) => Some(PageToken::Part(part, Some(Box::new(next)))),
            None if part + 1 < import.parts.len() => Some(PageToken::Part(part + 1, None)),
            None => None,
        };
    }
    let (mut products, mut failing) = (Vec::new(), 0);
    for item in import.page.items.each(&answer.body) {
        let (item, doubt) = complete(shop, item, &answer.body, &mut failing).await?;
        let doubt = doubt.or_else(|| lacking(import, &item));
        let product = normal(&shop.provider, &shop.facts, &shop.store_url, &item);
        products.push(product.map(|product| NormalProduct { doubt, ..product }));
    }
    Ok(Page { products, next, total, lacks_total, size: Some(page.size) })
}

/// What the request for a list looks up, besides the page.
fn list_values(shop: &ShopClient, part: usize, since: Option<Time>) -> Result<Map<String, Value>, Failure> {
    let import = &shop.provider.recipe.import;
    let mut values = Map::new();
    if let Some(word) = import.parts.get(part) {
        values.insert("part".into(), word.as_str().into());
    }
    if let Some(rule) = &import.since {
        let filter = if let Some(since) = since {
            values.insert("since".into(), written(since, rule.format).into());
            values.insert("until".into(), written(shop.outside.clock.now(), rule.format).into());
            let context = TemplateContext { values: Cow::Borrowed(&values), ..TemplateContext::of_facts(&shop.facts) };
            rule.filter.as_ref().map(|template| template.text(&context)).transpose()?.flatten()
        } else {
            rule.otherwise.clone()
        };
        values.extend(filter.map(|filter| ("filter".to_owned(), filter.into())));
    }
    Ok(values)
}

/// Why a list of an item is unknown: its file names it, no further call fills it, and it is not there.
fn lacking(import: &ImportRecipe, item: &Value) -> Option<String> {
    let images = import.map.images.as_ref().map(|images| ("pictures", &images.each, images.may_lack));
    let variants = import.map.variants.as_ref().map(|variants| ("variants", &variants.each, variants.may_lack));
    let filled = import.nested.iter().map(|nested| &nested.into).chain(import.join.iter().map(|join| &join.into));
    let filled: Vec<&Path> = filled.collect();
    let (name, ..) = [images, variants]
        .into_iter()
        .flatten()
        .find(|(_, path, may_lack)| !may_lack && !filled.contains(path) && !path.get(item).is_some_and(is_list))?;
    Some(format!("the response has no list of its {name} at the path in the provider's file"))
}

/// Whether a value is a list, or its only element. PHP writes a list with holes as an object of numbers.
fn is_list(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(members) => members.is_empty() || members.keys().any(|key| key.parse::<u64>().is_err()),
        _ => true,
    }
}

/// Consecutive lists within items that do not come, from which on the shop is down and not the items at fault.
const FAILING: u32 = 3;

/// Whether the fault may be the item's: the shop answers, and the grant is not in question.
fn is_the_items(failure: &Failure, failing: &mut u32) -> bool {
    match failure.kind {
        FailureKind::Shop(ShopAnswer::Missing | ShopAnswer::Refused, _) | FailureKind::UnexpectedAnswer => true,
        FailureKind::Shop(ShopAnswer::Down, _) | FailureKind::NotJson => {
            *failing += 1;
            *failing < FAILING
        }
        _ => false,
    }
}

/// Completes an item: joins related objects of the same page and reads truncated lists to their end. The second value
/// says why a list may be incomplete. `failing` counts consecutive lists that did not come.
async fn complete<'v>(
    shop: &ShopClient,
    item: &'v Value,
    body: &Value,
    failing: &mut u32,
) -> Result<(Cow<'v, Value>, Option<String>), Failure> {
    let recipe = &shop.provider.recipe;
    let (mut item, mut doubt) = (Cow::Borrowed(item), None);
    for join in &recipe.import.join {
        let ids: Vec<String> = join.ids.each(&item).iter().filter_map(as_text).collect();
        let known = join.from.each(body);
        let by_id = |id: &String| known.iter().find(|one| join.on.text(one).as_ref() == Some(id)).cloned();
        let joined: Vec<Value> = ids.iter().filter_map(by_id).collect();
        join.into.append(item.to_mut(), joined);
    }
    for nested in &recipe.import.nested {
        let cut = nested.more.as_ref().is_none_or(|more| more.get(&item) == Some(&Value::Bool(true)));
        let there = nested.there.as_ref().is_none_or(|path| path.get(&item).is_some_and(|value| !value.is_null()));
        if !cut || !there || nested.only.as_ref().is_some_and(|only| !only.holds(&item)) {
            continue;
        }
        doubt = match nested::complete(shop, nested, &mut item).await {
            Ok(incomplete) => {
                *failing = 0;
                incomplete.or(doubt)
            }
            Err(failure) if is_the_items(&failure, failing) => {
                Some(format!("its list of {} could not be read: {failure}", nested.op))
            }
            Err(failure) => return Err(failure),
        };
    }
    Ok((item, doubt))
}

fn written(since: Time, format: SinceFormat) -> String {
    match format {
        SinceFormat::Rfc3339 => since.to_string(),
        SinceFormat::EpochS => since.unix_ms().div_euclid(1000).to_string(),
        SinceFormat::NoZone => since.utc().format("%Y-%m-%dT%H:%M:%S").to_string(),
        SinceFormat::Sql => since.utc().format("%Y-%m-%d %H:%M:%S").to_string(),
        SinceFormat::Digits => since.utc().format("%Y%m%d%H%M%S").to_string(),
    }
}
