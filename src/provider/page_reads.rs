//! What is read of a page of the catalogue: the members that the paths of the provider's file lead to; its items stay as they are
//! written, until it is their turn.

use std::ops::Range;

use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use super::{
    borrowed::{Node, read_page},
    path::Path,
    recipe::{Call, CallBudget, ImportRecipe, Join, Nested, PageKind, Recipe, When},
    selection::Selection,
};
use crate::model::json;

/// The items of a page as they are written: each is read when it is its turn.
#[derive(Debug)]
pub(super) struct RawItems {
    text: Bytes,
    places: Vec<Range<usize>>,
}

impl RawItems {
    fn new(text: &Bytes, items: &[&RawValue]) -> Self {
        let place = |item: &&RawValue| {
            // Every item is a part of the text.
            let from = item.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
            from..from + item.get().len()
        };
        Self { text: text.clone(), places: items.iter().map(place).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Their texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| std::str::from_utf8(&self.text[place.clone()]).unwrap_or_default())
    }
}

/// What is read of a page of the catalogue.
#[derive(Debug, Default)]
pub(super) struct PageReads {
    selection: Selection,
    /// The names of the members that lead to its items, if nothing else does.
    items: Option<Vec<String>>,
}

impl PageReads {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let items = &recipe.import.page.items;
        // An item that a page is asked about as well, such as the last one for its id, stays in it.
        let is_apart = !beside_items(recipe).into_iter().any(|path| path.leads_into(items));
        Self { selection: of_pages(recipe), items: items.names().filter(|_| is_apart) }
    }

    /// What is read of an item.
    pub(super) fn of_item(&self) -> &Selection {
        self.selection.behind(self.items.as_deref().unwrap_or_default())
    }

    /// Reads the body of a page.
    pub(super) fn read(&self, body: &Bytes) -> serde_json::Result<(Value, Option<RawItems>)> {
        let repaired = json::repaired(body);
        let text = std::str::from_utf8(&repaired).unwrap_or_default();
        let (tree, items) = read_page(text, &self.selection, self.items.as_deref())?;
        Ok((tree.to_value(), items.map(|items| RawItems::new(&repaired, &items))))
    }
}

/// What is read of a page of the catalogue.
fn of_pages(recipe: &Recipe) -> Selection {
    let mut answer = Selection::default();
    // What every answer is asked for, whatever the file says: whether it is GraphQL's of a failure.
    let errors = answer.member("errors");
    errors.member("message").keep();
    errors.member("extensions").member("code").keep();
    for path in beside_items(recipe) {
        path.select(&mut answer).keep();
    }
    let ImportRecipe { page, join, nested, map, .. } = &recipe.import;
    let item = page.items.select(&mut answer);
    map.select(item);
    for Join { ids, into, .. } in join {
        ids.select(item).keep();
        into.select(item);
    }
    for nested in nested {
        nested.select(recipe, item);
    }
    answer
}

/// The paths that are looked up in a good page, besides its items.
fn beside_items(recipe: &Recipe) -> Vec<&Path> {
    let Call { message, budget, verdict, .. } = &recipe.call;
    let ImportRecipe { page: PageKind { next, more, total, .. }, join, .. } = &recipe.import;
    let mut paths: Vec<&Path> = [next, more, total].into_iter().flatten().collect();
    paths.extend(join.iter().map(|join| &join.from).chain(message));
    for rule in verdict {
        rule.when.collect_paths(&mut paths);
    }
    for budget in budget {
        match budget {
            CallBudget::FixedWindow { .. } | CallBudget::RemainingHeader { .. } => {}
            CallBudget::CostBucket { maximum, left, refill, default_maximum: _, default_refill: _ } => {
                paths.extend([maximum, left, refill]);
            }
        }
    }
    paths
}

impl When {
    fn collect_paths<'r>(&'r self, paths: &mut Vec<&'r Path>) {
        let Self { body, all, status: _, one_of: _, contains: _ } = self;
        paths.extend(body);
        for when in all {
            when.collect_paths(paths);
        }
    }
}

impl Nested {
    fn select(&self, recipe: &Recipe, item: &mut Selection) {
        let Self { into, op, batch, page: _, more, start, there, only } = self;
        into.select(item);
        let paths = [more, start, there].into_iter().flatten().chain(batch.as_ref().map(|batch| &batch.id));
        paths.chain(only.as_ref().map(|only| &only.path)).for_each(|path| path.select(item).keep());
        for slot in recipe.op[op].slots() {
            let Some(name) = slot.strip_prefix("item.") else { continue };
            // A member may have a dot in its name.
            item.member(name).keep();
            name.split('.').fold(&mut *item, |place, name| place.member(name)).keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::{Providers, borrowed::read_item};

    fn read(selection: &Selection, body: &Value) -> Value {
        read_item(&body.to_string(), selection).expect("is JSON").to_value()
    }

    #[test]
    fn a_failure_in_a_good_answer_is_one_whichever_members_are_read() {
        let providers = Providers::built_in().expect("the built-in files are fine");
        let error =
            json!([{ "message": "the index is down", "extensions": { "code": "NOT_FOUND", "other": 1 }, "path": [] }]);
        let left = json!([{ "message": "the index is down", "extensions": { "code": "NOT_FOUND" } }]);
        for provider in providers.iter() {
            let read = read(&provider.page.selection, &json!({ "data": { "nobody": 1 }, "errors": error }));
            let errors = read["errors"].as_array().expect("the errors are read");
            assert!(errors[0]["message"] == left[0]["message"], "{}: {read}", provider.key());
            assert!(errors[0]["extensions"]["code"] == "NOT_FOUND", "{}: {read}", provider.key());
        }
    }

    #[test]
    fn what_a_call_for_an_item_looks_up_is_read() {
        let providers = Providers::built_in().expect("the built-in files are fine");
        let mut looked_up = 0;
        for provider in providers.iter() {
            let recipe = &provider.recipe;
            let mut item = Selection::default();
            for nested in &recipe.import.nested {
                nested.select(recipe, &mut item);
            }
            let slots = recipe.import.nested.iter().flat_map(|nested| recipe.op[&nested.op].slots());
            for name in slots.filter_map(|slot| slot.strip_prefix("item.")) {
                looked_up += 1;
                assert_eq!(read(&item, &json!({ name: 7 }))[name], 7, "{} {name}", provider.key());
            }
        }
        assert!(looked_up > 0, "some files have such calls");
    }
}
