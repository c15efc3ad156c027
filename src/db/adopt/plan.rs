//! The way from what a PostgreSQL database has to what it should have, as steps. Reads no rows and changes nothing.

use super::{
    catalogue::Catalogue,
    draft::Draft,
    recognise::{self, Kind, OldNames},
    step::{Demand, Phase, Step},
    target, views,
};

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
        if let Some(sql) = views::renewal(&found) {
            draft.push(Phase::Expand, "make the views for the old names anew", sql);
        }
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
