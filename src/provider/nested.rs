//! Completes lists inside an item that the page truncates or omits: reads them to their end and stops at endless ones.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    call::ShopClient,
    pagination::PageToken,
    recipe::Nested,
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
    let mut token = nested.start.as_ref().and_then(|path| path.text(item)).map(PageToken::Cursor);
    let base = shop.base_url()?;
    let (mut reading, mut total) = (Reading::default(), None);
    loop {
        let values = Map::from_iter([("item".to_owned(), item.as_ref().clone())]);
        let with = With { values, ..With::default() };
        let answer = nested.page.ask(shop, &shop.provider.recipe.op[&nested.op], with, token.as_ref()).await?;
        let things = nested.page.items.each(&answer.body);
        let reported = nested.page.total(&answer);
        reading.moved |= total.is_some() && reported.is_some() && reported != total;
        total = reported.or(total);
        token = nested.page.next(token.as_ref(), &answer, &base)?;
        let new = reading.record(things);
        if new > 0 {
            nested.into.append(item.to_mut(), things.to_vec());
        }
        reading.moved |= new < things.len();
        let Some(next) = &token else { break };
        reading.by_place |= next.is_place();
        if let Some(why) = reading.never_ends(new, next) {
            return Ok(Some(format!("its list of {} never ends: {why}", nested.op)));
        }
    }
    if reading.by_place && reading.moved {
        return Ok(Some(format!("its list of {} changed while its pages were read", nested.op)));
    }
    if total.is_none() && nested.page.states_total() {
        return Ok(Some(format!("the shop did not say how many entries its list of {} has", nested.op)));
    }
    // The total of a list that continues from a cursor in the item also counts the entries already there.
    let short = total.filter(|total| nested.start.is_none() && i64::try_from(reading.count) != Ok(*total));
    Ok(short.map(|total| {
        format!("the shop reports {total} entries in its list of {}, but its pages had {}", nested.op, reading.count)
    }))
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
}
