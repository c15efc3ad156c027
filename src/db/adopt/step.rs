//! The parts of a plan: steps, and their demands on existing rows.

use std::borrow::Cow;

use super::target::ForeignKey;

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In one short transaction: renames, new columns, new tables, views for the old names.
    Expand,
    /// In batches, each its own transaction.
    Backfill,
    /// One by one, without blocking readers and writers.
    Tighten,
}

/// One statement and its description.
#[derive(Debug, Clone)]
pub(super) struct AdoptStep {
    pub phase: Phase,
    pub what: String,
    pub sql: String,
    /// The table that it creates or serves, if that need not exist at the moment of the renames. Beside a running
    /// application such steps run one by one, so that tables are locked together only for a moment.
    pub apart: Option<String>,
}

/// What a new unique index, foreign key or check demands of existing rows.
#[derive(Debug)]
pub(super) enum Demand {
    /// No two rows are equal in these columns (of an index, with its condition).
    Unique { table: &'static str, columns: Cow<'static, str>, predicate: Option<&'static str> },
    /// Every row satisfies it.
    Check { table: &'static str, name: &'static str, columns: Vec<&'static str>, expression: &'static str },
    /// No row is null; rows that are get the default, if there is one.
    Filled { table: &'static str, column: &'static str, default: Option<&'static str> },
    /// Every value refers to an existing row.
    Reference { table: &'static str, key: &'static ForeignKey },
}

/// Quotes a name for SQL: only the reserved one needs it.
pub(super) fn quoted(name: &str) -> String {
    if name == "user" { format!("\"{name}\"") } else { name.to_owned() }
}

/// Whether an expression contains a column's name.
pub(super) fn speaks_of(expression: &str, column: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
}
