//! Requests imports.

use crate::{
    db,
    model::{Connection, Failure, ImportScope, JobId, Task, Trigger},
    tools::Tools,
};

/// Enqueues an import that a person requested; returns its job, which may be pending or running already.
/// `accept_deletes` bypasses the deletion guard.
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
