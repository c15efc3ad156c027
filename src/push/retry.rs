//! Retries failed pushes.

use std::collections::HashSet;

use crate::{
    db::{self, push::PushFilter},
    model::{Failure, FailureKind, Noun, Push, PushStatus, Task, Trigger},
    tools::Tools,
};

/// Marks failed pushes as queued: these, or all if no id is given. Enqueues no jobs.
pub async fn retry(tools: &Tools, ids: &[String]) -> Result<Vec<Push>, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let mut pushes = Vec::new();
    if ids.is_empty() {
        let filter = PushFilter { status: Some(PushStatus::Failed), ..PushFilter::default() };
        pushes = db::push::list(&mut tx, &filter, i64::from(i32::MAX)).await?;
    }
    for id in ids {
        let unknown = || Failure::not_found(Noun::Push, id);
        pushes.push(db::push::find(&mut tx, id).await?.ok_or_else(unknown)?);
    }
    for push in &pushes {
        let again = db::push::requeue(&mut tx, &push.id, now).await?;
        if !again && push.status != PushStatus::Synced {
            let text = format!("push {} is {}; it needs no retry", push.id, push.status);
            return Err(Failure::new(FailureKind::NotFailed, text));
        }
    }
    tx.commit().await?;
    Ok(pushes)
}

/// Lists the pushes and removals that wait and can be carried out: those of shops that are paused, disconnected or have to be
/// connected again go on waiting.
pub async fn waiting(tools: &Tools) -> Result<Vec<Push>, Failure> {
    let mut tx = tools.db.read().await?;
    let shops = db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    let usable: HashSet<_> = shops.iter().filter(|shop| shop.is_usable()).map(|shop| &shop.id).collect();
    let mut waiting = Vec::new();
    for status in [PushStatus::Queued, PushStatus::Removing] {
        let filter = PushFilter { status: Some(status), ..PushFilter::default() };
        let pushes = db::push::list(&mut tx, &filter, i64::from(i32::MAX)).await?;
        waiting.extend(pushes.into_iter().filter(|push| usable.contains(&push.store_connection_id)));
    }
    Ok(waiting)
}

/// Enqueues pushes for a person, unless they are done: what waits for its retry becomes due. They may have been read
/// before they were queued again.
pub async fn enqueue_now(tools: &Tools, pushes: &[Push]) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    for push in pushes.iter().filter(|push| !matches!(push.status, PushStatus::Synced | PushStatus::Removed)) {
        db::job::enqueue(&mut tx, &tools.outside, &push.client_id, Task::push(push, Trigger::Manual)).await?;
    }
    tx.commit().await?;
    Ok(())
}
