//! The checkpoint of an unfinished pass; committed to `sync_cursor` with every page.

use serde::{Deserialize, Serialize};

use super::apply::HashedPage;
use crate::{
    model::{ImportScope, Time},
    provider::PageToken,
};

/// One pass over a catalogue, over as many runs as it takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PassProgress {
    /// Identifies the pass and what it saw.
    pub(super) pass: String,
    pub(super) scope: ImportScope,
    /// Only products changed since then, in a pass over changes.
    pub(super) since: Option<Time>,
    /// The next page; none before the first and after the last.
    pub(super) next: Option<PageToken>,
    pub(super) pages: i32,
    /// Products read so far, over all runs of the pass.
    pub(super) seen: i64,
    /// Products whose id could not be read: then nothing is tombstoned.
    pub(super) nameless: i64,
    /// Unreadable products, with or without an id.
    #[serde(default)]
    pub(super) unreadable: i64,
    /// Consecutive pages, up to now, with only products read before…
    #[serde(default)]
    pub(super) repeats: i32,
    /// …and their number in the whole pass.
    #[serde(default)]
    pub(super) repeated: i32,
    /// Consecutive pages, up to now, without any product.
    #[serde(default)]
    pub(super) empty: i32,
    /// Occurrences of products that the pass had read before.
    #[serde(default)]
    pub(super) doubled: i64,
    /// The shop's own count, as last stated…
    pub(super) total: Option<i64>,
    /// …and whether it changed during the pass.
    #[serde(default)]
    pub(super) counted_anew: bool,
    /// Whether a page lacked the count that the shop states otherwise.
    #[serde(default)]
    pub(super) uncounted: bool,
    /// Whether pages are addressed by position: if a product comes or goes meanwhile, later ones move to another page.
    #[serde(default)]
    pub(super) by_place: bool,
    /// The latest change seen, by the shop's clock.
    pub(super) newest: Option<Time>,
    pub(super) started_at: Time,
}

impl PassProgress {
    pub(super) fn begin(pass: String, scope: ImportScope, since: Option<Time>, now: Time) -> Self {
        Self {
            pass,
            scope,
            since,
            next: None,
            pages: 0,
            seen: 0,
            nameless: 0,
            unreadable: 0,
            repeats: 0,
            repeated: 0,
            empty: 0,
            doubled: 0,
            total: None,
            counted_anew: false,
            uncounted: false,
            by_place: false,
            newest: None,
            started_at: now,
        }
    }

    /// Counts a page, and moves on to the next one.
    pub(super) fn advance(&mut self, page: &HashedPage, next: Option<PageToken>, total: Option<i64>) {
        self.by_place |= next.as_ref().is_some_and(PageToken::is_place);
        self.counted_anew |= self.total.is_some() && total.is_some() && total != self.total;
        self.next = next;
        self.pages += 1;
        self.seen += page.held();
        self.nameless += page.unidentified;
        self.unreadable += page.unreadable();
        self.total = total.or(self.total);
        self.newest = self.newest.max(page.newest());
    }

    /// Whether there were products, and none of them could be read.
    pub(super) fn read_nothing(&self) -> bool {
        self.seen > 0 && self.unreadable == self.seen
    }

    /// Why unseen products may not be tombstoned; `None` if the pass was complete.
    pub(super) fn incomplete(&self) -> Option<String> {
        if self.nameless > 0 {
            return Some(format!("{} products could not be read, not even their ids", self.nameless));
        }
        if self.repeated > 0 {
            return Some(format!("{} pages held only products of the pages before them", self.repeated));
        }
        let uncounted = "the shop did not say how many products it has, which it says otherwise";
        self.moved().or_else(|| self.uncounted.then(|| uncounted.to_owned())).or_else(|| {
            let held = self.seen - self.doubled;
            let total = self.total.filter(|total| *total != held)?;
            Some(format!("the shop counts {total} products, but its pages held {held}"))
        })
    }

    /// Why a page boundary may have moved: a product between the two pages was then on neither.
    pub(super) fn moved(&self) -> Option<String> {
        if !self.by_place {
            return None;
        }
        if self.counted_anew {
            return Some("the shop's own count changed while its pages were read".to_owned());
        }
        (self.doubled > 0).then(|| format!("{} products stood on more than one page", self.doubled))
    }
}
