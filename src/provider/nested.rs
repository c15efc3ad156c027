//! Lists within an item that came cut, or not at all: read on until they end, or until it is plain that they never do.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    call::ShopClient,
    pagination::PageToken,
    read::{ask, base},
    recipe::Nested,
    trail::{Trail, mark},
};
use crate::model::Failure;

/// The most things that one list within an item may hold…
const MOST_THINGS: usize = 10_000;
/// …and the most bytes that they may take.
const MOST_BYTES: usize = 64 << 20;

/// Completes one list of an item. Gives why what came may not be the whole list; what it lacks is not gone then.
pub(super) async fn complete(
    shop: &ShopClient,
    nested: &Nested,
    item: &mut Cow<'_, Value>,
) -> Result<Option<String>, Failure> {
    let mut token = nested.start.as_ref().and_then(|path| path.text(item)).map(PageToken::Cursor);
    let base = base(shop)?;
    let (mut reading, mut total) = (Reading::default(), None);
    loop {
        let values = Map::from_iter([("item".to_owned(), item.as_ref().clone())]);
        let answer = ask(shop, &shop.provider.recipe.op[&nested.op], &nested.page, values, token.as_ref()).await?;
        let things = nested.page.items.each(&answer.body);
        let told = nested.page.total(&answer.headers, &answer.body);
        reading.moved |= total.is_some() && told.is_some() && told != total;
        total = told.or(total);
        token = nested.page.next(token.as_ref(), (&answer.headers, &answer.body), &base)?;
        let brought = reading.take(things);
        if brought > 0 {
            nested.into.append(item.to_mut(), things.to_vec());
        }
        reading.moved |= brought < things.len();
        let Some(next) = &token else { break };
        reading.by_place |= next.is_place();
        if let Some(why) = reading.never_ends(brought, next) {
            return Ok(Some(format!("its list of {} never ends: {why}", nested.op)));
        }
    }
    if reading.by_place && reading.moved {
        return Ok(Some(format!("its list of {} changed while its pages were read", nested.op)));
    }
    // A list that goes on from what stands in the item is counted with it.
    let short = total.filter(|total| nested.start.is_none() && i64::try_from(reading.count) != Ok(*total));
    Ok(short.map(|total| {
        format!("the shop counts {total} in its list of {}, but its pages held {}", nested.op, reading.count)
    }))
}

/// How far a list was read.
#[derive(Default)]
struct Reading {
    trail: Trail,
    count: usize,
    bytes: usize,
    /// Whether pages are told by where they begin.
    by_place: bool,
    /// Whether something came or went meanwhile, so that a page may have been cut at another place than the one before.
    moved: bool,
}

impl Reading {
    /// Takes a page in; gives how many things on it are new.
    fn take(&mut self, things: &[Value]) -> usize {
        let mut new = 0;
        for thing in things {
            let text = thing.to_string();
            self.bytes += text.len();
            new += usize::from(self.trail.meets(mark(text.as_bytes())));
        }
        self.count += things.len();
        new
    }

    /// Why a page that leads on, and that brought so many new things, is the last one that is read.
    fn never_ends(&mut self, brought: usize, next: &PageToken) -> Option<String> {
        if brought == 0 {
            return Some("a page held nothing that was not on the pages before it".to_owned());
        }
        if next.mark().is_some_and(|place| !self.trail.goes_to(place)) {
            return Some("a page leads back to one that was read before".to_owned());
        }
        (self.count >= MOST_THINGS || self.bytes >= MOST_BYTES)
            .then(|| format!("{} entries of {} bytes were read, and there are more", self.count, self.bytes))
    }
}
