//! The lease of a job: stored in the database with an expiry, held by the worker with the job's attempt number as its
//! fencing token. A worker that lost its lease writes nothing more and sends the shop no more requests.

use std::{sync::Arc, time::Duration};

use super::Shared;
use crate::{
    db::{self, Tx},
    model::{Failure, FailureKind, Job},
    outside::Deadline,
    provider::{BoxFuture, Fence},
};

/// The operation's name in the log, if it fails.
const RENEW: &str = "renew the lease of a job";

/// A worker's lease on its job.
pub struct Lease {
    tools: Shared,
    pub job: Job,
    /// Earlier than the lease's expiry in the database: no byte is sent after it.
    deadline: Deadline,
}

impl Lease {
    /// Creates the lease of `job`. It lasts one lease time from `asked` on, an uptime from before the claim.
    pub fn new(tools: &Shared, job: Job, asked: Duration) -> Arc<Self> {
        let deadline = Deadline::new(&tools.outside.clock, asked, tools.policy.sending_time());
        Arc::new(Self { tools: tools.clone(), job, deadline })
    }

    /// Returns the deadline until which requests may be sent for the job.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Extends the lease in the database, fenced by the attempt number.
    ///
    /// # Errors
    /// `lease_lost` if another worker holds the job; `database` if the database does not answer.
    pub async fn renew(&self) -> Result<(), Failure> {
        if self.extend().await? { Ok(()) } else { Err(lost()) }
    }

    /// Verifies, within `tx`, that the job is ours until `tx` ends: this locks the job's row.
    ///
    /// # Errors
    /// `lease_lost` if it is not: nothing of `tx` may be committed then.
    pub async fn hold(&self, tx: &mut Tx) -> Result<(), Failure> {
        if self.heartbeat(tx).await? { Ok(()) } else { Err(lost()) }
    }

    /// The same for a caller that may have no lease, since nobody can take its place.
    pub async fn hold_if_any(lease: Option<&Self>, tx: &mut Tx) -> Result<(), Failure> {
        match lease {
            Some(lease) => lease.hold(tx).await,
            None => Ok(()),
        }
    }

    async fn extend(&self) -> sqlx::Result<bool> {
        // Measured before the database call: the local deadline ends before the lease in the database.
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

    /// Keeps the lease alive; returns when it is lost, or when no heartbeat succeeded for a whole lease. A slow
    /// heartbeat (behind a long write, for example) loses nothing: until it succeeds, nothing is sent, and nothing is
    /// written without a check.
    pub async fn keep(&self) {
        let (clock, lease) = (&self.tools.outside.clock, self.tools.policy.lease);
        let mut renewed = clock.uptime();
        loop {
            // Three times per lease: one heartbeat may fail and the next still comes in time.
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
            // A read goes on within a fresh lease; the rows that result from it are fenced when they are written.
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
