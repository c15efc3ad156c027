//! Asks for an import.

use crate::{
    db,
    model::{Connection, Failure, ImportScope, JobId, Task, Trigger},
    tools::Tools,
};

/// Enqueues an import that somebody asks for; returns the job, which may be pending or running already. With `accept_deletes` it bypasses
/// the deletion guard.
pub async fn request(
    tools: &Tools,
    connection: &Connection,
    scope: ImportScope,
    accept_deletes: bool,
) -> Result<JobId, Failure> {
    let import =
        Task::ImportProducts { connection: connection.id.clone(), scope, trigger: Trigger::Manual, accept_deletes };
    let mut tx = tools.db.begin().await?;
    let job = db::job::enqueue(&mut tx, &tools.outside, &connection.client_id, import).await?;
    tx.commit().await?;
    Ok(job)
}
