//! Plans the steps from a PostgreSQL database's present schema to the target. Changes nothing.

use sqlx::{Connection, PgConnection};

use super::{
    catalogue::FoundSchema,
    draft::Draft,
    legacy,
    recognise::{self, Kind, OldNames},
    step::{AdoptStep, Demand, Phase},
    target,
};
use crate::db::server::TransactionSetup;

/// The plan.
#[derive(Debug)]
pub(super) struct AdoptPlan {
    pub kind: Kind,
    pub names: OldNames,
    pub steps: Vec<AdoptStep>,
    pub demands: Vec<Demand>,
    /// Reasons why nothing may be changed.
    pub problems: Vec<String>,
    /// What is not ours, or stays unchanged.
    pub notes: Vec<String>,
    /// The present schema, without what is empty and also exists under its other name.
    pub found: FoundSchema,
}

impl AdoptPlan {
    /// Plans for the present database, on a connection that nobody else uses.
    pub(super) async fn read(conn: &mut PgConnection, server: &TransactionSetup) -> sqlx::Result<Self> {
        let mut tx = conn.begin_with(server.read()).await?;
        let plan = Self::seen_by(&mut tx, server).await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// Plans for the database within a transaction.
    pub(super) async fn seen_by(conn: &mut PgConnection, server: &TransactionSetup) -> sqlx::Result<Self> {
        let mut found = FoundSchema::seen_by(conn, server).await?;
        recognise::note_empty(conn, &mut found).await?;
        Ok(Self::new(found))
    }

    /// Compares a catalogue with the target schema.
    fn new(mut found: FoundSchema) -> Self {
        let target = target::postgres();
        let empty = recognise::drop_empty(&mut found);
        let mut after = found.clone();
        let (renames, names) = recognise::rename(&mut after);
        let mut draft = Draft::new(target, after);
        for (what, sql) in empty {
            draft.push(Phase::Expand, what, sql);
        }
        for sql in renames {
            draft.push(Phase::Expand, sql.trim_start_matches("ALTER ").to_lowercase(), sql);
        }
        draft.tables();
        draft.routines();
        draft.indices();
        draft.redundant();
        draft.retired();
        if let Some(sql) = legacy::renewal(&found) {
            draft.push(Phase::Expand, "recreate the views for the old names", sql);
        }
        let complete = draft.steps.is_empty();
        let kind = recognise::kind(&found, complete);
        draft.refusals(kind, &found);
        let Draft { steps, demands, problems, notes, .. } = draft;
        Self { kind, names, steps, demands, problems, notes, found }
    }

    /// Returns the steps of one phase.
    pub(super) fn of(&self, phase: Phase) -> impl Iterator<Item = &AdoptStep> {
        self.steps.iter().filter(move |step| step.phase == phase)
    }
}
