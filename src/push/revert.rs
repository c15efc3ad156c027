//! Removes our pictures from shops: only what we pushed, only when a person asks.

use std::sync::Arc;

use super::run::{check_guard, is_guessed, open_shop};
use crate::{
    connect, db,
    model::{Failure, FailureKind, Noun, Push, PushId, PushStatus, RunAction, Task, Trigger},
    provider::{self, ShopClient},
    tools::{JobRun, Lease, RunAbout, RunEnd, Shared, Tools},
};

/// Requests the removal of pushed pictures, in one transaction.
pub async fn ask_revert(tools: &Tools, ids: &[String]) -> Result<Vec<Push>, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let mut asked = Vec::new();
    for id in ids {
        let unknown = || Failure::not_found(Noun::Push, id);
        let push = db::push::find(&mut tx, id).await?.ok_or_else(unknown)?;
        if !db::push::mark_removing(&mut tx, &push.id, now).await? {
            let text =
                format!("push {} is {}: only a picture that is in the shop can be taken out", push.id, push.status);
            return Err(Failure::new(FailureKind::NotSynced, text));
        }
        let push = Push { status: PushStatus::Removing, ..push };
        let shop = db::connection::find(&mut tx, &push.store_connection_id).await?;
        // An unusable shop is called later: the row waits, since a job would only fail.
        if shop.is_some_and(|shop| shop.is_usable()) {
            db::job::enqueue(&mut tx, &tools.outside, &push.client_id, Task::push(&push, Trigger::Manual)).await?;
        }
        asked.push(push);
    }
    tx.commit().await?;
    Ok(asked)
}

/// Removes one picture. Idempotent: the gallery is read first.
pub async fn revert(tools: &Shared, lease: &Arc<Lease>, id: &PushId, trigger: Trigger) -> Result<(), Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let push = db::push::find(&mut tx, id.as_str()).await?.filter(|push| push.status == PushStatus::Removing);
    let Some((push, image)) = push.and_then(Push::with_image) else {
        tx.commit().await?;
        return Ok(());
    };
    let run = of_job.open(&mut tx, tools, &RunAbout::push(&push, RunAction::Delete, trigger)).await?;
    tx.commit().await?;
    let mut calls = 0;
    let result = match open_shop(tools, lease, &push, trigger).await {
        Ok((shop, _)) => {
            let result = remove(tools, &shop, &push, &image).await;
            calls = shop.api_calls();
            result
        }
        Err(failure) => Err(failure),
    };
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    if result.is_ok() {
        db::push::mark_removed(&mut tx, &push.id, now).await?;
        db::run::mark_picture(&mut tx, &run.id, &image, None).await?;
        connect::accepted(tools, &mut tx, &push.store_connection_id).await?;
        connect::push_accepted(tools, &mut tx, &push.store_connection_id).await?;
    }
    run.close(&mut tx, tools, RunEnd::of(&result), calls).await?;
    tx.commit().await?;
    result.map(drop)
}

async fn remove(tools: &Shared, shop: &ShopClient, push: &Push, image: &str) -> Result<bool, Failure> {
    if is_guessed(push) {
        let text = format!(
            "the response to the upload was lost, and the shop's pictures cannot be told apart: picture {image} of product {} \
             may be somebody else's; look at it, and remove it in the shop",
            push.external_product_id
        );
        return Err(Failure::new(FailureKind::WhichPicture, text));
    }
    check_guard(tools, shop.provider(), &push.store_connection_id)?;
    provider::remove(shop, &push.external_product_id, image).await
}
