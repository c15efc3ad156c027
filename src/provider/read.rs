//! Reads from a shop: its products page by page, or one of them.

use std::{borrow::Cow, collections::HashSet};

use serde_json::{Map, Value, json};

use super::{
    borrowed::{Node, read_item},
    bulk,
    call::ShopClient,
    context::TemplateContext,
    filling::{Filling, PageItem},
    page::{Page, PageFailure, PageRequest, Unreadable, normal_of},
    page_size::{self, ListAnswer},
    pagination::PageToken,
    path::Path,
    probe::probe,
    recipe::{ImportRecipe, Nested, ReadOne, SinceFormat},
    request::With,
    selection::Selection,
    trail::mark,
};
use crate::model::{Failure, FailureKind, NormalProduct, ShopAnswer, Time};

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
    let op = &shop.provider.recipe.op[&one.op];
    let values = Map::from_iter([("product".to_owned(), json!({ "erp_id": erp_id }))]);
    let answer = match shop.call(op, With { values, ..With::default() }).await {
        Ok(answer) => answer,
        Err(failure) if matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _)) => {
            // Where no API is, everything is missing.
            probe(shop).await?;
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    if one.says_gone(&answer.body) {
        return Ok(None);
    }
    let item =
        one.item.get(&answer.body).ok_or_else(|| unclear("has no product at the path in the provider's file"))?;
    let lacks = |nested: &&Nested| !nested.into.has_list(item, op.is_xml());
    let mut filling = Filling::new(shop).and(one.nested.iter().filter(lacks));
    let mut items = filling.begin([Cow::Borrowed(item)], &answer.body).await?;
    let item = items.pop().ok_or_else(|| unclear("has no product"))?;
    let product = filled(&mut filling, item, op.is_xml()).await?;
    let found =
        product.as_ref().map_or_else(|unreadable| unreadable.erp_id.as_deref(), |product| Some(&product.erp_id));
    if found != Some(erp_id) {
        return Err(unclear(&format!("is about another one than '{erp_id}'")));
    }
    Ok(Some(product))
}

/// A product of an item whose lists are read to their ends.
async fn filled(
    filling: &mut Filling<'_>,
    mut item: PageItem<'_>,
    is_xml: bool,
) -> Result<Result<NormalProduct, Unreadable>, Failure> {
    filling.finish(&mut item).await?;
    let PageItem { value, doubt } = item;
    Ok(complete(filling.shop, &*value, doubt, is_xml))
}

/// The product of an item that has all its lists; `doubt` says why one of them may be incomplete.
fn complete<N: Node>(
    shop: &ShopClient,
    item: &N,
    doubt: Option<String>,
    is_xml: bool,
) -> Result<NormalProduct, Unreadable> {
    let doubt = doubt.or_else(|| lacking(&shop.provider.recipe.import, item, is_xml));
    let product = normal_of(&shop.provider, &shop.facts, &shop.store_url, item);
    product.map(|product| NormalProduct { doubt, ..product })
}

async fn plain_page(shop: &ShopClient, request: &PageRequest<'_>) -> Result<Page, PageFailure> {
    let recipe = &shop.provider.recipe;
    let import = &recipe.import;
    let (round, token) = match request.token {
        Some(PageToken::Part(round, inner)) => (*round, inner.as_deref()),
        other => (0, other),
    };
    let (op, values) = (&recipe.op[&import.op], list_values(shop, round, request.since)?);
    let ListAnswer { answer, page, token } =
        page_size::ask(shop, op, values, &PageRequest { token, ..*request }).await?;
    let has_list = answer.items.is_some() || import.page.items.list(&answer.body, op.is_xml()).is_some();
    if !has_list && !import.page.may_lack {
        let text = format!(
            "{}: the response has no list of products at the path in the provider's file",
            shop.provider.name()
        );
        return Err(Failure::new(FailureKind::UnexpectedPage, text).into());
    }
    let mut next = page.next(token.as_ref(), &answer, &shop.base_url()?)?;
    let mut total = import.page.total(&answer);
    let lacks_total = total.is_none() && import.page.states_total();
    let rounds = import.rounds(request.since.is_some());
    if rounds > 1 || !import.parts.is_empty() {
        // Each round has its own total; the sum is not known before the last one, and filters may find the same.
        total = None;
        next = match next {
            Some(next) => Some(PageToken::Part(round, Some(Box::new(next)))),
            None if round + 1 < rounds => Some(PageToken::Part(round + 1, None)),
            None => None,
        };
    }
    let mut items =
        PageItems { shop, known_before: request.known, known: Vec::new(), products: Vec::new(), open: Vec::new() };
    match &answer.items {
        Some(written) => written.texts().for_each(|text| items.take_text(text)),
        None => import.page.items.each(&answer.body).iter().for_each(|item| items.take(item)),
    }
    let (products, known) = items.finish(&answer.body, op.is_xml()).await?;
    Ok(Page { products, known, next, total, lacks_total, size: Some(page.size) })
}

/// The items of a page, in their order.
struct PageItems<'s, 'v> {
    shop: &'s ShopClient,
    known_before: Option<&'s HashSet<u64>>,
    known: Vec<u64>,
    /// Those that are products already; an item that lacks a list has a place.
    products: Vec<Option<Result<NormalProduct, Unreadable>>>,
    /// What lacks a list that the page has beside its items, or that a further call reads.
    open: Vec<Cow<'v, Value>>,
}

impl<'v> PageItems<'_, 'v> {
    /// Takes an item as it is written: most are mapped, and nothing is kept of them.
    fn take_text(&mut self, text: &str) {
        let provider = &self.shop.provider;
        let item = match read_item(text, provider.page.of_item()) {
            Ok(item) => item,
            // Such as a number that is none.
            Err(why) => return self.products.push(Some(Err(self.unreadable(text, &why.to_string())))),
        };
        if let Some(id) = known_id(self.shop, &item, self.known_before) {
            self.known.push(id);
        } else if provider.recipe.import.completes(&item) {
            self.products.push(None);
            self.open.push(Cow::Owned(item.to_value()));
        } else {
            self.products.push(Some(complete(self.shop, &item, None, false)));
        }
    }

    /// An item that cannot be read; its id may be.
    fn unreadable(&self, text: &str, why: &str) -> Unreadable {
        let provider = &self.shop.provider;
        let map = &provider.recipe.import.map;
        let mut reads = Selection::default();
        map.erp_id.select(&mut reads);
        let context =
            TemplateContext { store_url: &self.shop.store_url, ..TemplateContext::of_facts(&self.shop.facts) };
        let erp_id = read_item(text, &reads).ok().and_then(|item| map.id_of(&item, &context));
        Unreadable { erp_id, why: why.to_owned() }
    }

    /// Takes an item of a page that was read whole.
    fn take(&mut self, item: &'v Value) {
        if let Some(id) = known_id(self.shop, item, self.known_before) {
            self.known.push(id);
        } else {
            self.products.push(None);
            self.open.push(Cow::Borrowed(item));
        }
    }

    /// Completes those that lack a list.
    async fn finish(
        self,
        body: &Value,
        is_xml: bool,
    ) -> Result<(Vec<Result<NormalProduct, Unreadable>>, Vec<u64>), Failure> {
        let Self { shop, known, mut products, open, .. } = self;
        let mut filling = Filling::new(shop);
        let open = filling.begin(open, body).await?;
        let places: Vec<usize> =
            (0..).zip(&products).filter_map(|(at, product)| product.is_none().then_some(at)).collect();
        for (place, item) in places.into_iter().zip(open) {
            products[place] = Some(filled(&mut filling, item, is_xml).await?);
        }
        Ok((products.into_iter().flatten().collect(), known))
    }
}

/// The hash of an item's id, if it is one of the known ones.
fn known_id<N: Node>(shop: &ShopClient, item: &N, known: Option<&HashSet<u64>>) -> Option<u64> {
    let known = known.filter(|known| !known.is_empty())?;
    let context = TemplateContext { store_url: &shop.store_url, ..TemplateContext::of_facts(&shop.facts) };
    let id = shop.provider.recipe.import.map.id_of(item, &context)?;
    Some(mark(id.as_bytes())).filter(|id| known.contains(id))
}

/// What the request for a list looks up, besides the page.
fn list_values(shop: &ShopClient, round: usize, since: Option<Time>) -> Result<Map<String, Value>, Failure> {
    let import = &shop.provider.recipe.import;
    let mut values = Map::new();
    if let Some(word) = import.part(round) {
        values.insert("part".into(), word.into());
    }
    if let Some(rule) = &import.since {
        let filter = if let Some(since) = since {
            let time = written(since, rule.format);
            let by = rule.by.get(import.filter_place(round)).or(rule.by.last());
            values.extend(by.map(|filter| (format!("since.{}", filter.name), time.as_str().into())));
            values.insert("since".into(), time.into());
            values.insert("until".into(), written(shop.outside.clock.now(), rule.format).into());
            let context = TemplateContext { values: Cow::Borrowed(&values), ..TemplateContext::of_facts(&shop.facts) };
            let text = by.map_or(rule.filter.as_ref(), |filter| filter.filter.as_ref());
            text.map(|template| template.text(&context)).transpose()?.flatten()
        } else {
            rule.otherwise.clone()
        };
        values.extend(filter.map(|filter| ("filter".to_owned(), filter.into())));
    }
    Ok(values)
}

impl ReadOne {
    /// Whether a response says that there is no such product. An empty list says so only where the file names it.
    fn says_gone(&self, body: &Value) -> bool {
        let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        match &self.gone {
            Some(path) => path.get(body).is_some_and(is_empty),
            None => self.item.get(body).is_some_and(Value::is_null),
        }
    }
}

/// Why a list of an item is unknown: its file names it, no further call fills it, and it is not there.
fn lacking<N: Node>(import: &ImportRecipe, item: &N, is_xml: bool) -> Option<String> {
    let images = import.map.images.as_ref().map(|images| ("pictures", &images.each, images.may_lack));
    let variants = import.map.variants.as_ref().map(|variants| ("variants", &variants.each, variants.may_lack));
    let filled = import.nested.iter().map(|nested| &nested.into).chain(import.join.iter().map(|join| &join.into));
    let filled: Vec<&Path> = filled.collect();
    let (name, ..) = [images, variants]
        .into_iter()
        .flatten()
        .find(|(_, path, may_lack)| !may_lack && !filled.contains(path) && !path.has_list(item, is_xml))?;
    Some(format!("the response has no list of its {name} at the path in the provider's file"))
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
