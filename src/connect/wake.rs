//! Pushes that waited for their shop go back to work when it is usable again.

use crate::{
    db::{self, Tx, push::PushFilter},
    model::{ConnectionId, Failure, PushStatus, Task, Trigger},
    tools::Tools,
};

/// Leaves a job for every queued push of a shop; gives how many.
pub async fn wake_pushes(tools: &Tools, connection: &ConnectionId, trigger: Trigger) -> Result<usize, Failure> {
    let mut tx = tools.db.begin().await?;
    let woken = wake_pushes_in(tools, &mut tx, connection, trigger).await?;
    tx.commit().await?;
    Ok(woken)
}

pub(super) async fn wake_pushes_in(
    tools: &Tools,
    tx: &mut Tx,
    connection: &ConnectionId,
    trigger: Trigger,
) -> sqlx::Result<usize> {
    let mut queued = Vec::new();
    for status in [PushStatus::Queued, PushStatus::Removing] {
        let filter = PushFilter { connection: Some(connection.clone()), status: Some(status), ..PushFilter::default() };
        queued.extend(db::push::list(tx, &filter, i64::from(i32::MAX)).await?);
    }
    for push in &queued {
        db::job::enqueue(tx, &tools.outside, &push.client_id, Task::push(push, trigger)).await?;
    }
    Ok(queued.len())
}
