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
    let filter =
        PushFilter { connection: Some(connection.clone()), status: Some(PushStatus::Queued), ..PushFilter::default() };
    let queued = db::push::list(tx, &filter, i64::from(i32::MAX)).await?;
    let now = tools.outside.clock.now();
    for push in &queued {
        db::job::insert(tx, &push_job(tools, push, trigger), now).await?;
    }
    Ok(queued.len())
}

/// The job of one push: one at a time, however often it is asked for.
pub fn push_job(tools: &Tools, push: &Push, trigger: Trigger) -> NewJob {
    NewJob {
        id: tools.outside.new_id(),
        client: push.client_id.clone(),
        task: Task::PushAsset { push: push.id.clone(), connection: push.store_connection_id.clone(), trigger },
        dedupe_key: Some(format!("push:{}", push.id)),
        scheduled_for: tools.outside.clock.now(),
        max_attempts: PUSH_ATTEMPTS,
        priority: 50,
    }
}
