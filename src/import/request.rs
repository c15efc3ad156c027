//! Asks for an import.

use crate::{
    db,
    model::{Connection, Failure, ImportScope, JobId, Task, Trigger},
    tools::Tools,
};

/// Leaves an import that somebody asks for; gives the job, which may be one that waits or runs already. `accept_deletes` lets the
/// sweep pass its brake.
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
