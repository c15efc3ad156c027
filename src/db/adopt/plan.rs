//! The way from what a PostgreSQL database has to what it should have, as steps. Reads no rows and changes nothing.

use super::{
    catalogue::Catalogue,
    draft::Draft,
    recognise::{self, Kind, OldNames},
    target,
};

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
pub(super) struct Step {
    pub phase: Phase,
    pub what: String,
    pub sql: String,
}

/// What a new unique index, reference or check needs to hold of the rows there are.
#[derive(Debug)]
pub(super) enum Demand {
    /// No two rows are alike in these columns (of an index, with its condition).
    Unique { table: String, columns: String, predicate: Option<String> },
    /// Every row fulfils it.
    Check { table: String, name: String, columns: Vec<String>, expression: String },
    /// Every value is found there.
    Reference { table: String, column: String, to: String, action: String },
}

/// Everything that has to be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub kind: Kind,
    pub names: OldNames,
    pub steps: Vec<Step>,
    pub demands: Vec<Demand>,
    /// Reasons why nothing may be changed.
    pub problems: Vec<String>,
    /// Things that are not ours, or stay as they are.
    pub notes: Vec<String>,
    /// As it was found.
    pub found: Catalogue,
}

impl Plan {
    /// Compares a catalogue with the schema as it should be.
    pub(super) fn new(found: Catalogue) -> Self {
        let target = target::postgres();
        let mut after = found.clone();
        let (renames, names) = recognise::rename(&mut after);
        let mut draft = Draft::new(target, after);
        for sql in renames {
            draft.push(Phase::Expand, sql.trim_start_matches("ALTER ").to_lowercase(), sql);
        }
        draft.tables();
        draft.routines();
        draft.indices();
        draft.redundant();
        let complete = draft.steps.is_empty();
        let kind = recognise::kind(&found, complete);
        draft.refusals(kind, &found);
        let Draft { steps, demands, problems, notes, .. } = draft;
        Self { kind, names, steps, demands, problems, notes, found }
    }

    /// The steps of one phase.
    pub(super) fn of(&self, phase: Phase) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.phase == phase)
    }
}

/// A name as SQL needs it: only the reserved one is quoted.
pub(super) fn quoted(name: &str) -> String {
    if name == "user" { format!("\"{name}\"") } else { name.to_owned() }
}

/// Whether an expression speaks of a column.
pub(super) fn speaks_of(expression: &str, column: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
}
