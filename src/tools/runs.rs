//! The run book: work on a shop is a row of `store_sync_log`, from before its first call to its end.

use super::{Lease, Tools};
use crate::{
    db::{
        self, Tx,
        run::{NewItem, NewRun},
    },
    model::{
        AssetId, ClientId, ConnectionId, Counts, Failure, Job, ProductId, Push, RunAction, RunId, RunStatus, Trigger,
    },
};

/// What a run is about.
pub struct RunAbout<'a> {
    pub connection: &'a ConnectionId,
    pub client: &'a ClientId,
    pub action: RunAction,
    pub trigger: Trigger,
    pub asset: Option<&'a AssetId>,
    pub product: Option<&'a ProductId>,
    /// How often this has been tried, this time included.
    pub attempt: i32,
}

impl<'a> RunAbout<'a> {
    /// A run about a shop as a whole.
    pub fn shop(connection: &'a ConnectionId, client: &'a ClientId, action: RunAction, trigger: Trigger) -> Self {
        Self { connection, client, action, trigger, asset: None, product: None, attempt: 1 }
    }

    /// A run about one picture of one product.
    pub fn push(push: &'a Push, action: RunAction, trigger: Trigger) -> Self {
        Self {
            asset: Some(&push.generated_asset_id),
            product: Some(&push.product_id),
            ..Self::shop(&push.store_connection_id, &push.client_id, action, trigger)
        }
    }
}

/// How a run ends.
#[derive(Debug, Clone, Copy)]
pub enum RunEnd<'a> {
    Success,
    /// A success with something to tell: code and sentence.
    Told(&'a str, &'a str),
    /// Something was left undone: code and sentence.
    Partial(&'a str, &'a str),
    /// Somebody stopped it: code and sentence.
    Cancelled(&'a str, &'a str),
    /// There was nothing to be done, or somebody else had done it: code and sentence.
    Skipped(&'a str, &'a str),
    Failed(&'a Failure),
}

impl<'a> RunEnd<'a> {
    /// The end of work that either succeeds or fails.
    pub fn of<T>(result: &'a Result<T, Failure>) -> Self {
        result.as_ref().err().map_or(Self::Success, Self::Failed)
    }

    fn parts(self) -> (RunStatus, Option<(&'a str, &'a str)>) {
        match self {
            Self::Success => (RunStatus::Success, None),
            Self::Told(code, text) => (RunStatus::Success, Some((code, text))),
            Self::Partial(code, text) => (RunStatus::Partial, Some((code, text))),
            Self::Cancelled(code, text) => (RunStatus::Cancelled, Some((code, text))),
            Self::Skipped(code, text) => (RunStatus::Skipped, Some((code, text))),
            Self::Failed(failure) => (RunStatus::Failed, Some(failure.parts())),
        }
    }
}

/// The job that a run is part of, once this worker has taken it over.
pub struct JobRun<'a> {
    job: &'a Job,
    parent: Option<RunId>,
}

impl<'a> JobRun<'a> {
    /// Holds the job within `tx` and closes the runs that an earlier attempt left open.
    ///
    /// # Errors
    /// `lease_lost` if the job is another worker's.
    pub async fn take_over(tx: &mut Tx, tools: &Tools, lease: &'a Lease) -> Result<Self, Failure> {
        lease.hold(tx).await?;
        let parent = db::run::close_orphans_of_job(tx, &lease.job.id, tools.outside.clock.now()).await?;
        Ok(Self { job: &lease.job, parent })
    }

    /// Opens a run of the job: committed before its first call to the shop.
    pub async fn open(self, tx: &mut Tx, tools: &Tools, about: &RunAbout<'_>) -> sqlx::Result<OpenRun> {
        insert(tx, tools, about, Some(self)).await
    }
}

/// A run under way.
#[derive(Debug, Clone)]
pub struct OpenRun {
    pub id: RunId,
}

impl OpenRun {
    /// Opens a run that no job stands behind.
    pub async fn open(tx: &mut Tx, tools: &Tools, about: &RunAbout<'_>) -> sqlx::Result<Self> {
        insert(tx, tools, about, None).await
    }

    /// Keeps what was counted so far.
    pub async fn count(&self, tx: &mut Tx, tools: &Tools, total: i32, counts: &Counts, calls: i32) -> sqlx::Result<()> {
        db::run::update_counts(tx, &self.id, total, counts, calls, tools.outside.clock.now()).await
    }

    /// Keeps what became of things.
    pub async fn add_items(&self, tx: &mut Tx, tools: &Tools, items: &[NewItem]) -> sqlx::Result<()> {
        db::run::insert_items(tx, &self.id, items, tools.outside.clock.now()).await
    }

    /// Closes the run. One that is closed already stays as it is.
    pub async fn close(&self, tx: &mut Tx, tools: &Tools, end: RunEnd<'_>, calls: i32) -> sqlx::Result<()> {
        let (status, error) = end.parts();
        db::run::close(tx, &self.id, status, error, calls, tools.outside.clock.now()).await
    }
}

async fn insert(tx: &mut Tx, tools: &Tools, about: &RunAbout<'_>, of_job: Option<JobRun<'_>>) -> sqlx::Result<OpenRun> {
    let (job, parent) = of_job.map_or((None, None), |of| (Some(&of.job.id), of.parent));
    let run = NewRun {
        id: tools.outside.new_id(),
        connection: about.connection,
        client: about.client,
        parent: parent.as_ref(),
        action: about.action,
        trigger: about.trigger,
        asset: about.asset,
        product: about.product,
        job,
        attempt: about.attempt,
        instance: &tools.instance,
    };
    db::run::insert(tx, &run, tools.outside.clock.now()).await?;
    Ok(OpenRun { id: run.id })
}
