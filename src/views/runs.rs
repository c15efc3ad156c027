//! Runs, with what became of each thing.

use serde::Serialize;

use super::ALL;
use crate::{
    db::{self, run::RunFilter},
    model::{Failure, Noun, Run, RunId, RunItem},
    tools::Tools,
};

/// A run with its items.
#[derive(Debug, Clone, Serialize)]
pub struct RunCard {
    #[serde(flatten)]
    pub run: Run,
    /// In the order they happened.
    pub items: Vec<RunItem>,
}

/// Runs, newest first.
pub async fn runs(tools: &Tools, filter: &RunFilter, limit: i64) -> sqlx::Result<Vec<Run>> {
    let mut tx = tools.db.read().await?;
    db::run::list(&mut tx, filter, limit).await
}

/// A run with its items.
pub async fn run_card(tools: &Tools, id: &RunId) -> Result<RunCard, Failure> {
    let mut tx = tools.db.read().await?;
    let run = db::run::find(&mut tx, id.as_str()).await?.ok_or_else(|| Failure::not_found(Noun::Run, id))?;
    Ok(RunCard { items: db::run::list_items(&mut tx, id, ALL).await?, run })
}
