//! The way from what a PostgreSQL database has to what it should have, as steps. Changes nothing.

use sqlx::{Connection, PgConnection};

use super::{
    catalogue::FoundSchema,
    draft::Draft,
    recognise::{self, Kind, OldNames},
    step::{AdoptStep, Demand, Phase},
    target, views,
};
use crate::db::server::TransactionSetup;

/// Everything that has to be done.
#[derive(Debug)]
pub(super) struct AdoptPlan {
    pub kind: Kind,
    pub names: OldNames,
    pub steps: Vec<AdoptStep>,
    pub demands: Vec<Demand>,
    /// Reasons why nothing may be changed.
    pub problems: Vec<String>,
    /// Things that are not ours, or stay as they are.
    pub notes: Vec<String>,
    /// As it was found, without what holds nothing and is there under its other name as well.
    pub found: FoundSchema,
}

impl AdoptPlan {
    /// Plans for the database as it is now, on a connection that is nobody else's.
    pub(super) async fn read(conn: &mut PgConnection, server: &TransactionSetup) -> sqlx::Result<Self> {
        let mut tx = conn.begin_with(server.read()).await?;
        let plan = Self::seen_by(&mut tx, server).await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// Plans for the database as a transaction sees it.
    pub(super) async fn seen_by(conn: &mut PgConnection, server: &TransactionSetup) -> sqlx::Result<Self> {
        let mut found = FoundSchema::seen_by(conn, server).await?;
        recognise::note_empty(conn, &mut found).await?;
        Ok(Self::new(found))
    }

    /// Compares a catalogue with the schema as it should be.
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
    pub(super) fn of(&self, phase: Phase) -> impl Iterator<Item = &AdoptStep> {
        self.steps.iter().filter(move |step| step.phase == phase)
    }
}
