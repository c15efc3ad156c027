//! Requests imports.

use crate::{
    db,
    model::{Connection, Failure, ImportScope, JobId, Task, Trigger},
    tools::Tools,
};

/// Requests an import for a person; returns its job. One that waits and would do the same, such as the first import of a
/// shop or the retry of a failed one, becomes due now: the shop is asked at once, and not twice. `accept_deletes`
/// bypasses the deletion guard.
pub async fn request(
    tools: &Tools,
    connection: &Connection,
    scope: ImportScope,
    accept_deletes: bool,
) -> Result<JobId, Failure> {
    let import =
        Task::ImportProducts { connection: connection.id.clone(), scope, trigger: Trigger::Manual, accept_deletes };
    let (priority, now) = (import.policy().priority, tools.outside.clock.now());
    let mut tx = tools.db.begin().await?;
    let mut advanced = None;
    for job in db::job::list_pending_imports(&mut tx, &connection.id).await? {
        if job.payload.0.covers(scope, accept_deletes) && db::job::advance(&mut tx, &job.id, priority, now).await? {
            advanced = Some(job.id);
            break;
        }
    }
    let job = match advanced {
        Some(job) => job,
        None => db::job::enqueue(&mut tx, &tools.outside, &connection.client_id, import).await?,
    };
    tx.commit().await?;
    Ok(job)
}
