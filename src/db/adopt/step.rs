//! What a plan is made of: steps, and what they demand of the rows there are.

/// When a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// In one short transaction: names, new columns, new tables, the views for the old names.
    Expand,
    /// In batches, each a transaction.
    Backfill,
    /// One by one, without holding up readers and writers.
    Tighten,
}

/// One statement and what it is for.
#[derive(Debug, Clone)]
pub(super) struct AdoptStep {
    pub phase: Phase,
    pub what: String,
    pub sql: String,
    /// The table that it makes or serves, where that need not be there the moment names change. Beside an application at work
    /// such steps are taken one by one, so that the tables are locked together for a moment only.
    pub apart: Option<String>,
}

/// What a new unique index, reference or check needs to hold of the rows there are.
#[derive(Debug)]
pub(super) enum Demand {
    /// No two rows are alike in these columns (of an index, with its condition).
    Unique { table: String, columns: String, predicate: Option<String> },
    /// Every row fulfils it.
    Check { table: String, name: String, columns: Vec<String>, expression: String },
    /// No row is without a value; those that are get the default, where there is one.
    Filled { table: String, column: String, default: Option<String> },
    /// Every value is found there.
    Reference { table: String, column: String, to: String, action: String },
}

/// A name as SQL needs it: only the reserved one is quoted.
pub(super) fn quoted(name: &str) -> String {
    if name == "user" { format!("\"{name}\"") } else { name.to_owned() }
}

/// Whether an expression speaks of a column.
pub(super) fn speaks_of(expression: &str, column: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
}
