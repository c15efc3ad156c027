//! How a catalogue is read.

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
    /// Why every import must read everything.
    pub(in crate::provider) full_only: Option<String>,
    pub(in crate::provider) page: PageKind,
    pub(in crate::provider) since: Option<Since>,
    /// A parameter that is asked with each of several words, one pass after the other: `{part}` looks the word up.
    #[serde(default)]
    pub(in crate::provider) parts: Vec<String>,
    /// Lists within an item that come cut, or not at all.
    #[serde(default)]
    pub(in crate::provider) nested: Vec<Nested>,
    /// Things that stand beside the items and belong into them.
    #[serde(default)]
    pub(in crate::provider) join: Vec<Join>,
    /// A whole catalogue as one file that the platform writes.
    pub(in crate::provider) bulk: Option<Bulk>,
    pub(in crate::provider) map: Mapping,
}

/// A file with one JSON object a line: an item, then what belongs to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Bulk {
    /// Catalogues of so many items and more are read so; smaller ones by pages.
    pub(in crate::provider) from: u64,
    pub(in crate::provider) count: Count,
    pub(in crate::provider) start: BulkStart,
    /// The operation that tells how far it is; looks up `{bulk.id}`.
    pub(in crate::provider) poll_op: String,
    pub(in crate::provider) poll: Poll,
    /// The file's address; none where there is no line.
    pub(in crate::provider) url: Path,
    /// How many items it holds: proves that a pass was complete.
    pub(in crate::provider) total: Path,
    /// The id in a line.
    pub(in crate::provider) id: Path,
    /// The member that names whose child a line is.
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
    /// The operation's name in the answer.
    pub(in crate::provider) id: Path,
}

/// Lines whose id begins so, and the list of their parent that they go into. Other lines are left out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct BulkChild {
    pub(in crate::provider) begins: String,
    pub(in crate::provider) into: Path,
}

/// A list within an item that is completed by further calls.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Nested {
    /// Where the list stands in the item; what is read is put behind it.
    pub(in crate::provider) into: Path,
    /// The operation; `{item.NAME}` looks up the item's members.
    pub(in crate::provider) op: String,
    /// How it pages.
    pub(in crate::provider) page: PageKind,
    /// Only items for which this boolean holds: the list was cut.
    pub(in crate::provider) more: Option<Path>,
    /// Where the item says how the list goes on (kind `cursor`).
    pub(in crate::provider) start: Option<Path>,
    /// Only items where this leads somewhere.
    pub(in crate::provider) there: Option<Path>,
    /// Only items of these sorts.
    pub(in crate::provider) only: Option<Only>,
}

/// A list of ids in an item, and where what they name stands in the page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Join {
    /// Ids, in the item.
    pub(in crate::provider) ids: Path,
    /// The things, in the page.
    pub(in crate::provider) from: Path,
    /// The id of such a thing.
    pub(in crate::provider) on: Path,
    /// Where they are put in the item.
    pub(in crate::provider) into: Path,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PageKind {
    pub(in crate::provider) kind: Paging,
    /// Items a page.
    pub(in crate::provider) size: u32,
    pub(in crate::provider) items: Path,
    /// The list is left out where it is empty.
    #[serde(default)]
    pub(in crate::provider) may_lack: bool,
    /// Where the next page's token (cursor) or address (link) stands; without it a link comes from the `link` header.
    pub(in crate::provider) next: Option<Path>,
    /// A boolean: is there more?
    pub(in crate::provider) more: Option<Path>,
    /// How many items there are in all: proves that a pass was complete.
    pub(in crate::provider) total: Option<Path>,
    /// The header that holds it, where the body does not.
    pub(in crate::provider) total_header: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum Paging {
    /// Everything in one answer.
    Single,
    /// The answer holds the next page's address.
    Link,
    /// Pages 1, 2, 3 …
    Number,
    /// Items 0, size, 2 × size …
    Offset,
    /// The answer holds a token for the next page.
    Cursor,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Since {
    pub(in crate::provider) overlap: Span,
    /// A text around `{since}`, looked up as `{filter}`…
    pub(in crate::provider) filter: Option<Template>,
    /// …and what it is where everything is read.
    pub(in crate::provider) otherwise: Option<String>,
    #[serde(default)]
    pub(in crate::provider) format: SinceFormat,
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
}
