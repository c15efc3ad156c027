//! How a catalogue is read.

use serde::Deserialize;

use super::{
    super::{path::Path, pick::Mapping},
    Span,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Import {
    pub(in crate::provider) op: String,
    /// Why every import must read everything.
    pub(in crate::provider) full_only: Option<String>,
    pub(in crate::provider) page: PageKind,
    pub(in crate::provider) since: Option<Since>,
    pub(in crate::provider) map: Mapping,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct PageKind {
    pub(in crate::provider) kind: Paging,
    /// Items a page.
    pub(in crate::provider) size: u32,
    pub(in crate::provider) items: Path,
    /// Where the next page's token (cursor) or address (link) stands; without it a link comes from the `link` header.
    pub(in crate::provider) next: Option<Path>,
    /// A boolean: is there more?
    pub(in crate::provider) more: Option<Path>,
    /// How many items there are in all: proves that a pass was complete.
    pub(in crate::provider) total: Option<Path>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Since {
    pub(in crate::provider) overlap: Span,
    #[serde(default)]
    pub(in crate::provider) format: SinceFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::provider) enum SinceFormat {
    #[default]
    Rfc3339,
    EpochS,
}
