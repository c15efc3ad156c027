//! Duplicates of a pushed picture: a worker that is suspended during an upload, and resumes when another has done its
//! work, leaves one. The copy that no row knows is removed and reported.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::upload::mark;
use crate::{
    connect,
    db::{self, Tx, job::NewJob, run::NewItem},
    model::{Failure, ItemOutcome, Job, Push, PushId, PushStatus, RunAction, Task, Trigger},
    provider::{self, GalleryPicture, PushedImage, ShopClient},
    tools::{JobRun, Lease, OpenRun, RunAbout, RunEnd, Shared, Tools},
};

/// Duplicates found beside a picture.
#[derive(Debug, Default)]
pub(super) struct Copies(Vec<Copy>);

#[derive(Debug)]
struct Copy {
    id: String,
    /// Why it stays; `None` if removed.
    stays: Option<String>,
}

impl Copies {
    /// Removes every duplicate of a pushed picture that was not there before the push. If the platform's file
    /// describes no removal, or the shop refuses it, the duplicate stays and is reported.
    pub(super) async fn take_out(
        shop: &ShopClient,
        erp_product_id: &str,
        pushed: &PushedImage<'_>,
        known: &[GalleryPicture],
        gallery: &[GalleryPicture],
    ) -> Result<Self, Failure> {
        let mut copies = Vec::new();
        for copy in provider::copies(shop, pushed, known, gallery).await? {
            let stays = match provider::remove(shop, erp_product_id, &copy.id).await {
                Ok(_) => None,
                Err(failure) if failure.remedy() == crate::model::Remedy::GiveUp => Some(failure.message),
                Err(failure) => return Err(failure),
            };
            copies.push(Copy { id: copy.id, stays });
        }
        Ok(Self(copies))
    }

    /// Reports them in the run and in the log.
    pub(super) async fn write(&self, tools: &Tools, tx: &mut Tx, run: &OpenRun, push: &Push) -> sqlx::Result<()> {
        let items: Vec<NewItem> = self.0.iter().map(|copy| copy.item(tools, push)).collect();
        for item in &items {
            let told = item.message.as_deref().unwrap_or_default();
            tracing::warn!(push.id = %push.id, connection.id = %push.store_connection_id, "{told}");
        }
        run.add_items(tx, tools, &items).await
    }
}

impl Copy {
    fn item(&self, tools: &Tools, push: &Push) -> NewItem {
        let (outcome, code, what) = match &self.stays {
            None => (ItemOutcome::Deleted, None, "it was taken out".to_owned()),
            Some(why) => {
                (ItemOutcome::Failed, Some("pushed_twice".to_owned()), format!("remove it in the shop ({why})"))
            }
        };
        NewItem {
            id: tools.outside.new_id(),
            entity_type: "generated_asset",
            entity_id: Some(push.generated_asset_id.to_string()),
            external_id: Some(self.id.clone()),
            outcome,
            error_code: code,
            message: Some(format!(
                "picture {} is a second copy of what was pushed to product {}, sent by a worker that had been stopped: {what}",
                self.id, push.external_product_id
            )),
        }
    }
}

/// The job that looks for a duplicate once a suspended worker's last request has arrived.
pub(super) fn check_job(tools: &Tools, pushed: &Job, push: &Push) -> NewJob {
    let stopped = Some((pushed.id.clone(), pushed.attempts));
    let task = Task::CheckPush { push: push.id.clone(), connection: push.store_connection_id.clone(), stopped };
    let job = NewJob::new(&tools.outside, &push.client_id, task);
    NewJob { scheduled_for: job.created_at.plus(tools.policy.lease), ..job }
}

/// Enqueues a check for a push whose job was lost: its last request may arrive. All that its worker still writes.
pub async fn leave_check(tools: &Tools, pushed: &Job) -> sqlx::Result<()> {
    let Task::PushAsset { push, .. } = &pushed.payload.0 else { return Ok(()) };
    let mut tx = tools.db.begin().await?;
    let Some(push) = db::push::find(&mut tx, push.as_str()).await? else { return Ok(()) };
    db::job::insert(&mut tx, &check_job(tools, pushed, &push)).await?;
    tx.commit().await
}

/// Removes duplicates of a pushed picture from its shop. If the picture itself is gone, a person decides.
pub async fn check(tools: &Shared, lease: &Arc<Lease>, id: &PushId) -> Result<(), Failure> {
    let Some((push, image, run)) = open(tools, lease, id).await? else { return Ok(()) };
    let mut calls = 0;
    let result = look(tools, lease, &push, &image, &mut calls).await;
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    if let Ok(copies) = &result {
        copies.write(tools, &mut tx, &run, &push).await?;
    }
    run.close(&mut tx, tools, RunEnd::of(&result), calls).await?;
    tx.commit().await?;
    result.map(drop)
}

/// Opens the run of a check; `None` unless the push is synced: one in progress looks for duplicates itself.
async fn open(tools: &Tools, lease: &Lease, id: &PushId) -> Result<Option<(Push, String, OpenRun)>, Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let push = db::push::find(&mut tx, id.as_str()).await?.filter(|push| push.status == PushStatus::Synced);
    let Some((push, image)) = push.and_then(Push::with_image) else {
        tx.commit().await?;
        return Ok(None);
    };
    let about = RunAbout::push(&push, RunAction::Reconcile, Trigger::Retry);
    let run = of_job.open(&mut tx, tools, &RunAbout { attempt: lease.job.attempts, ..about }).await?;
    tx.commit().await?;
    Ok(Some((push, image, run)))
}

async fn look(
    tools: &Shared,
    lease: &Arc<Lease>,
    push: &Push,
    image: &str,
    calls: &mut i32,
) -> Result<Copies, Failure> {
    let (shop, _) = connect::open_for(lease, tools, &push.store_connection_id).await?;
    let product = push.external_product_id.as_str();
    let gallery = provider::gallery(&shop, product).await?;
    let copies = if gallery.iter().any(|picture| picture.id == image) {
        let mark = mark(push);
        let sha256 = push.pushed_sha256.as_deref().unwrap_or_default();
        let pushed = PushedImage { id: image, mark: &mark, sha256 };
        Copies::take_out(&shop, product, &pushed, &before(&push.journal.0), &gallery).await
    } else {
        Ok(Copies::default())
    };
    *calls = shop.api_calls();
    copies
}

/// The gallery before the push, from its journal.
fn before(journal: &Value) -> Vec<GalleryPicture> {
    journal.get("snapshot").and_then(|snapshot| Vec::deserialize(snapshot).ok()).unwrap_or_default()
}
