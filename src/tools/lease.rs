//! The right to do a job: written in the database as a lease that ends, carried by the worker with the job's attempt number as its
//! fencing token. Whoever has lost it writes nothing more and asks the shop for nothing more.

use std::{sync::Arc, time::Duration};

use super::Shared;
use crate::{
    db::{self, Tx},
    model::{Failure, FailureKind, Job},
    outside::Deadline,
    provider::{BoxFuture, Fence},
};

/// What is done beside a job, where it cannot.
const RENEW: &str = "renew the lease of a job";

/// A worker's right to its job.
pub struct Lease {
    tools: Shared,
    pub job: Job,
    /// Before the lease ends in the database: no byte is sent after it.
    deadline: Deadline,
}

impl Lease {
    /// The right to `job`, which was claimed for a lease from `asked` on, an uptime from before the claim.
    pub fn new(tools: &Shared, job: Job, asked: Duration) -> Arc<Self> {
        let deadline = Deadline::new(&tools.outside.clock, asked, tools.policy.sending_time());
        Arc::new(Self { tools: tools.clone(), job, deadline })
    }

    /// Until when anything may be sent for the job.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Extends the lease in the database, fenced by the attempt number.
    ///
    /// # Errors
    /// `lease_lost` where the job is another worker's; `database` where nobody can say.
    pub async fn renew(&self) -> Result<(), Failure> {
        if self.extend().await? { Ok(()) } else { Err(lost()) }
    }

    /// Makes sure, within `tx`, that the job is ours until `tx` ends: the job's row is locked by that.
    ///
    /// # Errors
    /// `lease_lost` where it is not: nothing of `tx` may be committed then.
    pub async fn hold(&self, tx: &mut Tx) -> Result<(), Failure> {
        if self.heartbeat(tx).await? { Ok(()) } else { Err(lost()) }
    }

    async fn extend(&self) -> sqlx::Result<bool> {
        // Before the database is asked: what is promised here ends before what is promised there.
        let asked = self.tools.outside.clock.uptime();
        let mut tx = self.tools.db.begin().await?;
        let ours = self.heartbeat(&mut tx).await?;
        tx.commit().await?;
        if ours {
            self.deadline.extend(asked, self.tools.policy.sending_time());
        }
        Ok(ours)
    }

    async fn heartbeat(&self, tx: &mut Tx) -> sqlx::Result<bool> {
        let until = self.tools.outside.clock.now().plus(self.tools.policy.lease);
        db::job::heartbeat(tx, &self.job, until).await
    }

    /// Keeps the lease alive, and returns when it is lost, or when nobody could say for a whole lease. A renewal that is only slow, behind a page
    /// that is being written, say, takes nothing away: until it has come through nothing is sent, and nothing is written without asking.
    pub async fn keep(&self) {
        let (clock, lease) = (&self.tools.outside.clock, self.tools.policy.lease);
        let mut renewed = clock.uptime();
        loop {
            // Three times in its life: a renewal may fail once and come in time all the same.
            clock.beat(lease / 3).await;
            match self.extend().await {
                Ok(true) => {
                    renewed = clock.uptime();
                    self.tools.can(RENEW);
                }
                Ok(false) => return,
                Err(_) if clock.uptime().saturating_sub(renewed) > lease => return,
                Err(error) => self.tools.cannot(RENEW, &error),
            }
        }
    }
}

impl Fence for Lease {
    fn check(&self, writes: bool) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // What changes nothing goes on within a lease that is fresh; the rows that come of it are fenced when they are written.
            if !writes && self.deadline.remaining() > self.tools.policy.lease / 2 {
                return Ok(());
            }
            self.renew().await
        })
    }
}

fn lost() -> Failure {
    Failure::new(FailureKind::LeaseLost, "another worker has taken the job over")
}
