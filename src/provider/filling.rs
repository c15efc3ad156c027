//! Fills the lists within the items of a page: objects that the page lists beside them, one call for many items, calls for one.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use super::{
    borrowed::{Node, View},
    call::ShopClient,
    nested::{self, ListsOfItems},
    pagination::truth,
    path::{Path, as_text},
    recipe::{ImportRecipe, Nested, NestedBatch},
};
use crate::model::{Failure, FailureKind, ShopAnswer};

/// Consecutive lists within items that do not come, from which on the shop is down and not the items at fault.
const FAILING: u32 = 3;

/// An item of a page.
pub(super) struct PageItem<'v> {
    pub(super) value: Cow<'v, Value>,
    /// Why one of its lists may be incomplete.
    pub(super) doubt: Option<String>,
}

/// The filling of one page's items.
pub(super) struct Filling<'s> {
    pub(super) shop: &'s ShopClient,
    /// The lists to fill.
    lists: Vec<&'s Nested>,
    /// Consecutive lists that did not come.
    failing: u32,
}

impl<'s> Filling<'s> {
    pub(super) fn new(shop: &'s ShopClient) -> Self {
        Self { shop, lists: shop.provider.recipe.import.nested.iter().collect(), failing: 0 }
    }

    /// The same, and further lists.
    pub(super) fn and(mut self, lists: impl IntoIterator<Item = &'s Nested>) -> Self {
        self.lists.extend(lists);
        self
    }

    /// The items of a page with the lists that need no call for each: joined ones, and those that one call reads for many.
    pub(super) async fn begin<'v>(
        &mut self,
        items: impl IntoIterator<Item = Cow<'v, Value>>,
        body: &Value,
    ) -> Result<Vec<PageItem<'v>>, Failure> {
        let shop = self.shop;
        let import = &shop.provider.recipe.import;
        let mut items: Vec<PageItem<'v>> = items.into_iter().map(|item| joined(import, item, body)).collect();
        for nested in self.lists.clone() {
            if let Some(batch) = &nested.batch {
                self.fill(nested, batch, &mut items).await?;
            }
        }
        Ok(items)
    }

    /// Reads the other lists of an item to their ends.
    pub(super) async fn finish(&mut self, item: &mut PageItem<'_>) -> Result<(), Failure> {
        let shop = self.shop;
        for nested in self.lists.clone().into_iter().filter(|nested| nested.batch.is_none()) {
            if !nested.is_wanted(&*item.value) {
                continue;
            }
            match nested::complete(shop, nested, &mut item.value).await {
                Ok(incomplete) => {
                    self.failing = 0;
                    item.doubt = incomplete.or(item.doubt.take());
                }
                Err(failure) => item.doubt = Some(self.items_fault(nested, failure)?),
            }
        }
        Ok(())
    }

    /// Fills one list of all items that want it.
    async fn fill(&mut self, nested: &Nested, batch: &NestedBatch, items: &mut [PageItem<'_>]) -> Result<(), Failure> {
        let wanting = Wanting::among(nested, batch, items);
        let mut open: Vec<Vec<String>> = wanting.ids.chunks(batch.at_most).rev().map(<[String]>::to_vec).collect();
        while let Some(ids) = open.pop() {
            let several = ids.len() > 1;
            match nested::lists_of(self.shop, nested, batch, &ids).await {
                Ok(ListsOfItems { doubt: Some(_), .. }) if several => open.extend(halves(&ids)),
                Ok(mut lists) => {
                    self.failing = 0;
                    for id in ids {
                        match lists.by_id.remove(&id) {
                            // It has entries, says its item.
                            None if several && nested.there.is_some() => open.push(vec![id]),
                            list => wanting.give(items, &id, nested, list.unwrap_or_default(), lists.doubt.as_ref()),
                        }
                    }
                }
                Err(failure) if several && fewer_may_come(&failure.kind) => open.extend(halves(&ids)),
                Err(failure) => {
                    let doubt = self.items_fault(nested, failure)?;
                    for id in &ids {
                        wanting.give(items, id, nested, Vec::new(), Some(&doubt));
                    }
                }
            }
        }
        Ok(())
    }

    /// Why a list of an item is unknown, if the fault may be the item's: the shop answers, and the grant is not in question.
    fn items_fault(&mut self, nested: &Nested, failure: Failure) -> Result<String, Failure> {
        let is_the_items = match failure.kind {
            FailureKind::Shop(ShopAnswer::Missing | ShopAnswer::Refused, _) | FailureKind::UnexpectedAnswer => true,
            FailureKind::Shop(ShopAnswer::Down, _) | FailureKind::NotJson | FailureKind::NotXml => {
                self.failing += 1;
                self.failing < FAILING
            }
            _ => false,
        };
        if is_the_items { Ok(format!("its list of {} could not be read: {failure}", nested.op)) } else { Err(failure) }
    }
}

/// An item with the objects that its page lists beside it.
fn joined<'v>(import: &ImportRecipe, mut item: Cow<'v, Value>, body: &Value) -> PageItem<'v> {
    for join in &import.join {
        let ids: Vec<String> = join.ids.each(&*item).iter().filter_map(as_text).collect();
        let known = join.from.each(body);
        let by_id = |id: &String| known.iter().find(|one| join.on.text(*one).as_ref() == Some(id)).cloned();
        let joined: Vec<Value> = ids.iter().filter_map(by_id).collect();
        join.into.append(item.to_mut(), joined);
    }
    PageItem { value: item, doubt: None }
}

impl ImportRecipe {
    /// Whether an item lacks a list that its page has beside the items, or that a further call reads.
    pub(super) fn completes<N: Node>(&self, item: &N) -> bool {
        !self.join.is_empty() || self.nested.iter().any(|nested| nested.is_wanted(item))
    }
}

impl Nested {
    /// Whether an item has more entries than its page shows.
    fn is_wanted<N: Node>(&self, item: &N) -> bool {
        let cut = self.more.as_ref().is_none_or(|more| more.get(item).and_then(truth) == Some(true));
        let is_there = |path: &Path| path.get(item).is_some_and(|value| !matches!(value.view(), View::Null));
        let there = self.there.as_ref().is_none_or(is_there);
        cut && there && self.only.as_ref().is_none_or(|only| only.holds(item))
    }
}

/// The items of a page that want one list.
struct Wanting {
    /// Their ids, each once, in the order of the page…
    ids: Vec<String>,
    /// …and the places where each stands.
    places: HashMap<String, Vec<usize>>,
}

impl Wanting {
    fn among(nested: &Nested, batch: &NestedBatch, items: &mut [PageItem<'_>]) -> Self {
        let mut wanting = Self { ids: Vec::new(), places: HashMap::new() };
        for (place, item) in items.iter_mut().enumerate().filter(|(_, item)| nested.is_wanted(&*item.value)) {
            let Some(id) = batch.id.text(&*item.value) else {
                item.doubt = Some(format!("it has no id that its list of {} can be asked for by", nested.op));
                continue;
            };
            let places = wanting.places.entry(id.clone()).or_default();
            if places.is_empty() {
                wanting.ids.push(id);
            }
            places.push(place);
        }
        wanting
    }

    /// Gives an item its list, and the reason why it may be incomplete.
    fn give(&self, items: &mut [PageItem<'_>], id: &str, nested: &Nested, list: Vec<Value>, doubt: Option<&String>) {
        for place in self.places.get(id).into_iter().flatten() {
            let item = &mut items[*place];
            item.doubt = doubt.cloned().or(item.doubt.take());
            if !list.is_empty() {
                nested.into.append(item.value.to_mut(), list.clone());
            }
        }
    }
}

/// Whether the list of fewer items may come: the shop answers, and the grant is not in question.
fn fewer_may_come(kind: &FailureKind) -> bool {
    use ShopAnswer::{Down, Missing, Refused};
    matches!(
        kind,
        FailureKind::Shop(Missing | Refused | Down, _)
            | FailureKind::UnexpectedAnswer
            | FailureKind::NotJson
            | FailureKind::NotXml
            | FailureKind::AnswerTooLarge
    )
}

/// The two halves of a group, the first one last: what is last is asked for next.
fn halves(ids: &[String]) -> [Vec<String>; 2] {
    let (first, second) = ids.split_at(ids.len() / 2);
    [second.to_vec(), first.to_vec()]
}
