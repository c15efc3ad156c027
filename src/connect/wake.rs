//! Pushes that waited for their shop go back to work when it is usable again.

use crate::{
    db::{self, Tx, job::NewJob, push::PushFilter},
    model::{ConnectionId, Failure, Push, PushStatus, Task, Trigger},
    tools::Tools,
};

/// How many failures a push may have before a person is asked.
const PUSH_ATTEMPTS: i32 = 8;

/// Leaves a job for every queued push of a shop; gives how many.
pub async fn wake_pushes(tools: &Tools, connection: &ConnectionId, trigger: Trigger) -> Result<usize, Failure> {
    let mut tx = tools.db.begin().await?;
    let woken = wake_pushes_in(tools, &mut tx, connection, trigger).await?;
    tx.commit().await?;
    tools.bell.notify_waiters();
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
    let now = tools.outside.clock.now();
    for push in &queued {
        db::job::insert(tx, &push_job(tools, push, trigger), now).await?;
    }
    Ok(queued.len())
}

/// The job of one push, or of its removal where that was asked for: one at a time, however often it is asked for.
pub fn push_job(tools: &Tools, push: &Push, trigger: Trigger) -> NewJob {
    let (id, connection) = (push.id.clone(), push.store_connection_id.clone());
    let (task, word) = if push.status == PushStatus::Removing {
        (Task::RemoveAsset { push: id, connection, trigger }, "remove")
    } else {
        (Task::PushAsset { push: id, connection, trigger }, "push")
    };
    NewJob {
        id: tools.outside.new_id(),
        client: push.client_id.clone(),
        task,
        dedupe_key: Some(format!("{word}:{}", push.id)),
        scheduled_for: tools.outside.clock.now(),
        max_attempts: PUSH_ATTEMPTS,
        priority: 50,
    }
}
