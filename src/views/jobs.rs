//! Jobs, with how far each has come.

use serde::Serialize;

use crate::{
    db,
    model::{ConnectionId, Job, JobId, Pool, Run},
    tools::Tools,
};

/// A job with its latest run.
#[derive(Debug, Clone, Serialize)]
pub struct JobRow {
    #[serde(flatten)]
    pub job: Job,
    /// `None` before its first one, and for a job that makes a picture: those have no runs.
    pub run: Option<Run>,
}

/// A job that was enqueued.
#[derive(Debug, Clone, Serialize)]
pub struct QueuedJob {
    pub job_id: JobId,
}

/// Those of these jobs that are still known, in any order.
pub async fn jobs(tools: &Tools, ids: &[JobId]) -> sqlx::Result<Vec<JobRow>> {
    let mut tx = tools.db.read().await?;
    let jobs = db::job::list_by_ids(&mut tx, ids).await?;
    let mut rows = Vec::with_capacity(jobs.len());
    for job in jobs {
        let run = match job.queue {
            Pool::Generate => None,
            _ => db::run::find_latest_of_job(&mut tx, &job.id).await?,
        };
        rows.push(JobRow { job, run });
    }
    Ok(rows)
}

/// The pending and running jobs of a shop, oldest first.
pub async fn open_jobs(tools: &Tools, connection: &ConnectionId, limit: i64) -> sqlx::Result<Vec<Job>> {
    let mut tx = tools.db.read().await?;
    db::job::list_open(&mut tx, Some(connection), limit).await
}
