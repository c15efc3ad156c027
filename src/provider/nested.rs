//! Completes lists inside items that the page truncates or omits: reads them to their end and stops at endless ones.

use std::{borrow::Cow, collections::HashMap};

use serde_json::{Map, Value, json};

use super::{
    call::ShopClient,
    pagination::PageToken,
    recipe::{Nested, NestedBatch},
    request::With,
    trail::{Trail, mark},
};
use crate::model::Failure;

/// Maximum number of entries of one list within an item…
const MOST_THINGS: usize = 10_000;
/// …and maximum size of its entries in bytes.
const MOST_BYTES: usize = 64 << 20;

/// Completes one list of an item. `Some` is the reason why the list may be incomplete: a missing entry is not a
/// deletion then.
pub(super) async fn complete(
    shop: &ShopClient,
    nested: &Nested,
    item: &mut Cow<'_, Value>,
) -> Result<Option<String>, Failure> {
    let start = nested.start.as_ref().and_then(|path| path.text(&**item)).map(PageToken::Cursor);
    let values = Map::from_iter([("item".to_owned(), item.as_ref().clone())]);
    let mut things = Vec::new();
    let end = read(shop, nested, values, start, &mut things).await;
    if !things.is_empty() {
        nested.into.append(item.to_mut(), things);
    }
    end
}

/// The lists of several items, as one call after the other returned them.
pub(super) struct ListsOfItems {
    /// The entries of each item that has any, by the item's id.
    pub(super) by_id: HashMap<String, Vec<Value>>,
    /// Why any of them may be incomplete.
    pub(super) doubt: Option<String>,
}

/// Reads one list of several items together.
pub(super) async fn lists_of(
    shop: &ShopClient,
    nested: &Nested,
    batch: &NestedBatch,
    ids: &[String],
) -> Result<ListsOfItems, Failure> {
    let values = Map::from_iter([("batch".to_owned(), json!({ "ids": batch.written(ids) }))]);
    let mut things = Vec::new();
    let mut doubt = read(shop, nested, values, None, &mut things).await?;
    let mut by_id: HashMap<String, Vec<Value>> = HashMap::new();
    for thing in things {
        match batch.parent.text(&thing) {
            Some(id) => by_id.entry(id).or_default().push(thing),
            None => doubt = Some(format!("an entry of the list of {} does not name its item", nested.op)),
        }
    }
    Ok(ListsOfItems { by_id, doubt })
}

impl NestedBatch {
    /// The ids as the operation takes them.
    fn written(&self, ids: &[String]) -> Value {
        self.separator.as_deref().map_or_else(|| json!(ids), |separator| ids.join(separator).into())
    }

    /// The reverse, for the simulator.
    pub(super) fn read_back(&self, written: &Value) -> Vec<Value> {
        match (written, &self.separator) {
            (Value::String(text), Some(separator)) => text.split(separator.as_str()).map(Value::from).collect(),
            (Value::Array(ids), _) => ids.clone(),
            (one, _) => vec![one.clone()],
        }
    }
}

/// Reads a list to its end; also what was read before a failure is added to `things`.
async fn read(
    shop: &ShopClient,
    nested: &Nested,
    values: Map<String, Value>,
    start: Option<PageToken>,
    things: &mut Vec<Value>,
) -> Result<Option<String>, Failure> {
    let (base, op) = (shop.base_url()?, &shop.provider.recipe.op[&nested.op]);
    let (mut reading, mut total, mut token) = (Reading::default(), None, start);
    loop {
        let with = With { values: values.clone(), ..With::default() };
        let answer = nested.page.ask(shop, op, with, token.as_ref()).await?;
        if !nested.page.may_lack && !nested.page.items.has_list(&answer.body, op.is_xml()) {
            return Ok(Some(format!("the response has no list of {} at the path in the provider's file", nested.op)));
        }
        let page = nested.page.items.each(&answer.body);
        let reported = nested.page.total(&answer);
        reading.moved |= total.is_some() && reported.is_some() && reported != total;
        total = reported.or(total);
        token = nested.page.next(token.as_ref(), &answer, &base)?;
        let new = reading.record(page);
        if new > 0 {
            things.extend_from_slice(page);
        }
        reading.moved |= new < page.len();
        let Some(next) = &token else { break };
        reading.by_place |= next.is_place();
        if let Some(why) = reading.never_ends(new, next) {
            return Ok(Some(format!("its list of {} never ends: {why}", nested.op)));
        }
    }
    Ok(reading.doubt(nested, total))
}

/// Progress of reading one list.
#[derive(Default)]
struct Reading {
    trail: Trail,
    count: usize,
    bytes: usize,
    /// Whether pages are addressed by position.
    by_place: bool,
    /// Whether the list changed meanwhile, so that page boundaries may have shifted.
    moved: bool,
}

impl Reading {
    /// Records a page; returns how many of its entries are new.
    fn record(&mut self, things: &[Value]) -> usize {
        let mut new = 0;
        for thing in things {
            let text = thing.to_string();
            self.bytes += text.len();
            new += usize::from(self.trail.meets(mark(text.as_bytes())));
        }
        self.count += things.len();
        new
    }

    /// Why reading stops although a next page exists; `new` is the number of new entries on this page.
    fn never_ends(&mut self, new: usize, next: &PageToken) -> Option<String> {
        if new == 0 {
            return Some("a page had no new entries".to_owned());
        }
        if next.mark().is_some_and(|place| !self.trail.goes_to(place)) {
            return Some("the next page was read before".to_owned());
        }
        (self.count >= MOST_THINGS || self.bytes >= MOST_BYTES)
            .then(|| format!("{} entries ({} bytes) were read, and there are more", self.count, self.bytes))
    }

    /// Why a list that ended may be incomplete; `total` is what the shop reports last.
    fn doubt(&self, nested: &Nested, total: Option<i64>) -> Option<String> {
        if self.by_place && self.moved {
            return Some(format!("its list of {} changed while its pages were read", nested.op));
        }
        if total.is_none() && nested.page.states_total() {
            return Some(format!("the shop did not say how many entries its list of {} has", nested.op));
        }
        // The total of a list that continues from a cursor in the item also counts the entries already there.
        let short = total.filter(|total| nested.start.is_none() && i64::try_from(self.count) != Ok(*total));
        short.map(|total| {
            format!("the shop reports {total} entries in its list of {}, but its pages had {}", nested.op, self.count)
        })
    }
}
