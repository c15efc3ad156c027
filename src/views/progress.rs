//! How far the outputs of a flow or session are.

use serde::Serialize;

use super::{flows::find_flow, sessions::find_session};
use crate::{
    db::{
        self, Tx,
        generation::{get_progress, get_session_progress},
    },
    model::{Failure, FlowId, SessionId},
    tools::Tools,
};

/// The flow or session whose outputs are counted.
#[derive(Debug, Clone)]
pub enum ProgressTarget {
    Flow(FlowId),
    Session(SessionId),
}

/// How far the outputs are, with the percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProgressCard {
    #[serde(flatten)]
    pub outputs: db::generation::OutputProgress,
    /// Of those that are made or failed.
    pub percent: i64,
}

impl ProgressCard {
    /// Whether no output is waited for any more.
    pub fn is_over(&self) -> bool {
        self.outputs.open() == 0
    }
}

/// How far the outputs of a flow or session are.
///
/// # Errors
/// Fails if there is none with this id.
pub async fn progress(tools: &Tools, of: &ProgressTarget) -> Result<ProgressCard, Failure> {
    let mut tx = tools.db.read().await?;
    match of {
        ProgressTarget::Flow(id) => find_flow(&mut tx, id).await.map(drop)?,
        ProgressTarget::Session(id) => find_session(&mut tx, id).await.map(drop)?,
    }
    Ok(count(&mut tx, of).await?)
}

/// The same for whoever found it before, and asks again and again.
pub async fn progress_of_known(tools: &Tools, of: &ProgressTarget) -> sqlx::Result<ProgressCard> {
    let mut tx = tools.db.read().await?;
    count(&mut tx, of).await
}

async fn count(tx: &mut Tx, of: &ProgressTarget) -> sqlx::Result<ProgressCard> {
    let outputs = match of {
        ProgressTarget::Flow(id) => get_progress(tx, id).await?,
        ProgressTarget::Session(id) => get_session_progress(tx, id).await?,
    };
    Ok(ProgressCard { outputs, percent: outputs.percent() })
}
