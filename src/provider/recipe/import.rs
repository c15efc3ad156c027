//! How a catalogue is imported: pages, changes, nested lists, bulk exports.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{
        mapping::{Mapping, Only},
        path::Path,
        template::Template,
    },
    Poll, Span,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ImportRecipe {
    pub(in crate::provider) op: String,
    /// How one product is read, if the platform has a call for it: a product that no page of a full import held, or that a
    /// delivery reports as deleted, is asked for. Without one, it is gone once two complete imports in a row did not meet it.
    pub(in crate::provider) one: Option<ReadOne>,
    /// Why every import must be a full one.
    pub(in crate::provider) full_only: Option<String>,
    pub(in crate::provider) page: PageKind,
    pub(in crate::provider) since: Option<Since>,
    /// A catalogue that is read in parts: the pages are read once per value, which `{part}` looks up.
    #[serde(default)]
    pub(in crate::provider) parts: Vec<String>,
    /// Lists within an item that a page truncates or omits.
    #[serde(default)]
    pub(in crate::provider) nested: Vec<Nested>,
    /// Objects that a page lists beside the items and that belong into them.
    #[serde(default)]
    pub(in crate::provider) join: Vec<Join>,
    /// The export of a whole catalogue as one file.
    pub(in crate::provider) bulk: Option<Bulk>,
    pub(in crate::provider) map: Mapping,
}

impl ImportRecipe {
    /// How often its pages are read from the first one on: once per part, and for changes once by each time filter.
    pub(in crate::provider) fn rounds(&self, is_changes: bool) -> usize {
        let filters = self.since.as_ref().filter(|_| is_changes).map_or(1, |since| since.by.len().max(1));
        self.parts.len().max(1) * filters
    }

    /// The part that is read in a round…
    pub(in crate::provider) fn part(&self, round: usize) -> Option<&str> {
        self.parts.get(round % self.parts.len().max(1)).map(String::as_str)
    }

    /// …and the place of the time filter by which it is read.
    pub(in crate::provider) fn filter_place(&self, round: usize) -> usize {
        round / self.parts.len().max(1)
    }
}

/// The call that reads one product. The shop no longer has it if the response is that it is missing (404, 410 or a verdict of class
/// `missing`), null at `item`, or as `gone` says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ReadOne {
    /// Looks up `{product.erp_id}`.
    pub(in crate::provider) op: String,
    /// The product in the response, in the form of the list's items; default: all of it.
    #[serde(default)]
    pub(in crate::provider) item: Path,
    /// Where the response about a product that is not there has null or an empty list, for calls that answer with a list.
    pub(in crate::provider) gone: Option<Path>,
    /// Lists that a page of the catalogue has: each that this response lacks is read by a further call.
    #[serde(default)]
    pub(in crate::provider) nested: Vec<Nested>,
}

impl ImportRecipe {
    /// The lists that further calls complete, those of one product last.
    pub(in crate::provider) fn all_nested(&self) -> impl Iterator<Item = &Nested> {
        self.nested.iter().chain(self.one.iter().flat_map(|one| &one.nested))
    }
}

/// A bulk export: a JSON Lines file with an item, then its children.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Bulk {
    /// The smallest number of items for a bulk export; smaller catalogues are read by pages.
    pub(in crate::provider) from: u64,
    pub(in crate::provider) count: Count,
    pub(in crate::provider) start: BulkStart,
    /// The operation that returns the export's state; looks up `{bulk.id}`.
    pub(in crate::provider) poll_op: String,
    pub(in crate::provider) poll: Poll,
    /// The file's URL; missing for an empty file.
    pub(in crate::provider) url: Path,
    /// The number of items in the file: proves that a pass is complete.
    pub(in crate::provider) total: Path,
    /// The id of a line.
    pub(in crate::provider) id: Path,
    /// The member with the id of a line's parent.
    pub(in crate::provider) parent: String,
    #[serde(default)]
    pub(in crate::provider) child: Vec<BulkChild>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Count {
    pub(in crate::provider) op: String,
    pub(in crate::provider) path: Path,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct BulkStart {
    pub(in crate::provider) op: String,
    /// The export's id in the response.
    pub(in crate::provider) id: Path,
}

/// Lines whose id has the prefix `begins`, and the list of their parent that they are added to. Other lines are
/// ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct BulkChild {
    pub(in crate::provider) begins: String,
    pub(in crate::provider) into: Path,
}

/// A list within an item that further calls complete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Nested {
    /// The list in the item; what is read is appended to it.
    pub(in crate::provider) into: Path,
    /// The operation; `{item.NAME}` looks up the item's members, `{item.node.id}` those of a member. With `batch`, `{batch.ids}`
    /// looks up the ids of several items.
    pub(in crate::provider) op: String,
    /// How one call lists the entries of many items of a page.
    pub(in crate::provider) batch: Option<NestedBatch>,
    /// Its pagination.
    pub(in crate::provider) page: PageKind,
    /// Only for items where this boolean is true: the list is truncated.
    pub(in crate::provider) more: Option<Path>,
    /// The cursor in the item at which the list continues (kind `cursor`).
    pub(in crate::provider) start: Option<Path>,
    /// Only for items where this exists and is not null.
    pub(in crate::provider) there: Option<Path>,
    /// Only for items with these values.
    pub(in crate::provider) only: Option<Only>,
}

/// A list within items that one call reads for many of them. Items that it cannot be read for together are asked for in smaller
/// groups, down to one; only a list that was read to its end says of an item that it has no entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct NestedBatch {
    /// The id of an item, as the operation takes it.
    pub(in crate::provider) id: Path,
    /// The id of its item in an entry; entries of other items are ignored.
    pub(in crate::provider) parent: Path,
    /// What stands between the ids in `{batch.ids}`. Without it, they are a list.
    pub(in crate::provider) separator: Option<String>,
    /// The most items of one call.
    pub(in crate::provider) at_most: usize,
}

/// A list of ids in an item, and the objects that they name in the page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Join {
    /// The ids, in the item.
    pub(in crate::provider) ids: Path,
    /// The objects, in the page.
    pub(in crate::provider) from: Path,
    /// The id of such an object.
    pub(in crate::provider) on: Path,
    /// The list in the item that they are appended to.
    pub(in crate::provider) into: Path,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PageKind {
    pub(in crate::provider) kind: Paging,
    /// Items per page, which `{page.size}` looks up. A shop that cannot answer a page is asked for smaller ones.
    pub(in crate::provider) size: u32,
    pub(in crate::provider) items: Path,
    /// The response may omit an empty list.
    #[serde(default)]
    pub(in crate::provider) may_lack: bool,
    /// The path of the next page's token (cursor) or URL (link); without it, a link is read from the `link` header.
    pub(in crate::provider) next: Option<Path>,
    /// A boolean: whether there is a next page.
    pub(in crate::provider) more: Option<Path>,
    /// The total number of items: proves that a pass is complete.
    pub(in crate::provider) total: Option<Path>,
    /// The header with the total, if the body does not have it.
    pub(in crate::provider) total_header: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Paging {
    /// Everything in one response.
    Single,
    /// The response has the next page's URL.
    Link,
    /// Pages 1, 2, 3 …
    Number,
    /// Items from 0 on; the next page begins behind the items that this one has.
    Offset,
    /// The response has a token for the next page.
    Cursor,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Since {
    pub(in crate::provider) overlap: Span,
    /// Several filters by time, where none finds every change. The pages are read once by each, in this order, and a product that
    /// two of them find is read once. Changes count as known once the last filter is read to its end.
    #[serde(default)]
    pub(in crate::provider) by: Vec<TimeFilter>,
    /// A text around `{since}`, looked up as `{filter}`…
    pub(in crate::provider) filter: Option<Template>,
    /// …and its text for a full import.
    pub(in crate::provider) otherwise: Option<String>,
    /// Default: `rfc3339`.
    #[serde(default)]
    pub(in crate::provider) format: SinceFormat,
}

/// One of several filters by time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct TimeFilter {
    /// While the pages are read by this filter, `{since.NAME}` has the time; otherwise it has no value.
    pub(in crate::provider) name: String,
    /// Its own text around `{since}`, looked up as `{filter}`.
    pub(in crate::provider) filter: Option<Template>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum SinceFormat {
    #[default]
    Rfc3339,
    EpochS,
    /// `2026-11-01T00:00:00`, in UTC.
    NoZone,
    /// `2026-11-01 00:00:00`, in UTC.
    Sql,
    /// `20261101000000`, in UTC: nothing in it needs encoding.
    Digits,
}
