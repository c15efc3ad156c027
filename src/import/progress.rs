//! The checkpoint of an unfinished pass; committed to `sync_cursor` with every page.

use serde::{Deserialize, Serialize};

use super::apply::HashedPage;
use crate::{
    model::{ImportScope, Time},
    provider::{PageRequest, PageToken},
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
    /// By which of several time filters the next page is read…
    #[serde(default)]
    pub(super) filter: usize,
    /// …and after how many pages that began.
    #[serde(default)]
    pub(super) filter_from: i32,
    /// The latest change seen, by the shop's clock.
    pub(super) newest: Option<Time>,
    pub(super) started_at: Time,
    /// The fields for which no product has had a value so far; none before the first page.
    #[serde(default)]
    pub(super) valueless: Option<Vec<String>>,
    /// The size of the pages that `next` counts; none: the usual one.
    #[serde(default)]
    pub(super) size: Option<u32>,
    /// Pages of that size in a row, up to now.
    #[serde(default)]
    pub(super) steady: i32,
    /// Whether the shop could not answer a page of the pass.
    #[serde(default)]
    pub(super) shrunk: bool,
    /// The size that an earlier run of the pass failed with less than, before this run has read a page.
    #[serde(skip)]
    pub(super) wanted: Option<u32>,
}

/// Pages in a row after which larger ones are tried again, where their size can change within a pass.
const STEADY: i32 = 10;

/// Products without any value for a field, from which on it is told.
const ENOUGH: i64 = 20;

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
            filter: 0,
            filter_from: 0,
            newest: None,
            started_at: now,
            valueless: None,
            size: None,
            steady: 0,
            shrunk: false,
            wanted: None,
        }
    }

    /// The next page; `usual` is the size of pages in the provider's file.
    pub(super) fn request(&self, usual: u32) -> PageRequest<'_> {
        let larger = self.size.filter(|size| self.steady >= STEADY && *size < usual);
        let wanted = self.wanted.or(larger.map(|size| size.saturating_mul(2).min(usual)));
        PageRequest { since: self.since, token: self.next.as_ref(), size: self.size, wanted, known: None }
    }

    /// Notes the size of a page that came.
    pub(super) fn take_size(&mut self, size: Option<u32>, usual: u32) {
        let Some(size) = size else { return };
        let before = self.size.unwrap_or(usual);
        self.shrunk |= size < before;
        self.steady = if size == before { self.steady + 1 } else { 1 };
        (self.size, self.wanted) = (Some(size), None);
    }

    /// The size of pages to begin the next pass with, if it is not the usual one; `before` is the one that this pass began with.
    pub(super) fn next_size(&self, usual: u32, before: Option<u32>) -> Option<u32> {
        let Some(size) = self.size else { return before };
        let size = if self.shrunk { size } else { size.saturating_mul(2) };
        Some(size).filter(|size| *size < usual)
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

    /// Notes by which time filter the next page is read; returns whether that is another one.
    pub(super) fn take_filter(&mut self, filter: usize) -> bool {
        let is_other = self.next.is_some() && filter != self.filter;
        if is_other {
            (self.filter, self.filter_from) = (filter, self.pages);
        }
        is_other
    }

    /// Notes for which of the mapped fields the products of a page have values.
    pub(super) fn take_fields(&mut self, page: &HashedPage, mapped: impl FnOnce() -> Vec<&'static str>) {
        let fields = self.valueless.get_or_insert_with(|| mapped().into_iter().map(str::to_owned).collect());
        fields.retain(|field| !page.has(field));
    }

    /// Which fields no product of a full pass has a value for, where there are enough products to wonder; `None` if all do.
    pub(super) fn without_values(&self) -> Option<String> {
        let read = self.seen - self.unreadable;
        let fields = self.valueless.as_ref().filter(|fields| !fields.is_empty())?;
        (self.scope == ImportScope::Full && read >= ENOUGH).then(|| {
            let fields = fields.join(", ");
            format!("none of {read} products has a value for {fields}: if the shop has them, the provider's file reads them at the wrong place")
        })
    }

    /// Whether every page was read, and only the end of the pass is left.
    pub(super) fn is_read(&self) -> bool {
        self.pages > 0 && self.next.is_none()
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
            let (total, held) = self.miscount()?;
            Some(format!("the shop counts {total} products, but its pages held {held}"))
        })
    }

    /// The shop's own count and how many products its pages held, if those differ.
    fn miscount(&self) -> Option<(i64, i64)> {
        let held = self.seen - self.doubled;
        self.total.filter(|total| *total != held).map(|total| (total, held))
    }

    /// Whether the shop's own count is all that speaks against the pass.
    pub(super) fn is_only_miscounted(&self) -> bool {
        self.miscount().is_some() && Self { total: None, ..self.clone() }.incomplete().is_none()
    }

    /// Whether no more than the shop's own count speaks against the pass, and it is off by a hundredth at most: shops count
    /// what their lists leave out.
    pub(super) fn is_nearly_complete(&self) -> bool {
        let off = |(total, held): (i64, i64)| total.abs_diff(held) <= (total.unsigned_abs() / 100).max(1);
        !self.counted_anew && self.is_only_miscounted() && self.miscount().is_some_and(off)
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
