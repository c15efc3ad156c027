//! Where an unfinished pass stands; kept in `sync_cursor` and committed with every page.

use serde::{Deserialize, Serialize};

use super::apply::HashedPage;
use crate::{
    model::{ImportScope, Time},
    provider::PageToken,
};

/// One pass over a catalogue, over as many runs as it takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PassProgress {
    /// Names the pass: what it saw is kept under this.
    pub(super) pass: String,
    pub(super) scope: ImportScope,
    /// Only products changed since then, in a pass over changes.
    pub(super) since: Option<Time>,
    /// The page to be read next; none before the first.
    pub(super) next: Option<PageToken>,
    pub(super) pages: i32,
    /// Products read so far, over all runs of the pass.
    pub(super) seen: i64,
    /// Products of which not even the id could be read: no tombstone may be set then.
    pub(super) nameless: i64,
    /// Products that could not be read, with or without an id.
    #[serde(default)]
    pub(super) unreadable: i64,
    /// Pages in a row, up to now, that held only products of earlier pages…
    #[serde(default)]
    pub(super) repeats: i32,
    /// …and how many there were in all.
    #[serde(default)]
    pub(super) repeated: i32,
    /// Pages in a row, up to now, without any product.
    #[serde(default)]
    pub(super) empty: i32,
    /// Places on the pages that held a product which had stood on an earlier one.
    #[serde(default)]
    pub(super) doubled: i64,
    /// The shop's own count, as last told…
    pub(super) total: Option<i64>,
    /// …and whether that was another before.
    #[serde(default)]
    pub(super) counted_anew: bool,
    /// Whether pages are told by where they begin: when a product comes or goes meanwhile, those behind it move to another page.
    #[serde(default)]
    pub(super) by_place: bool,
    /// The newest change seen, by the shop's clock.
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
            by_place: false,
            newest: None,
            started_at: now,
        }
    }

    /// Counts a page in that was read, and turns to the one that it leads to.
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

    /// Whether there were products, and not one of them could be read.
    pub(super) fn read_nothing(&self) -> bool {
        self.seen > 0 && self.unreadable == self.seen
    }

    /// Why what was not seen may not be taken for gone; `None` when the pass was complete beyond doubt.
    pub(super) fn incomplete(&self) -> Option<String> {
        if self.nameless > 0 {
            return Some(format!("{} products could not be read, not even their ids", self.nameless));
        }
        if self.repeated > 0 {
            return Some(format!("{} pages held only products of the pages before them", self.repeated));
        }
        self.moved().or_else(|| {
            let held = self.seen - self.doubled;
            let total = self.total.filter(|total| *total != held)?;
            Some(format!("the shop counts {total} products, but its pages held {held}"))
        })
    }

    /// Why a page may have been cut at another place than the one before: a product that stood between the two was on neither.
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
