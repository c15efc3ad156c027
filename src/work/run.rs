//! From job to verb: one match.

use crate::{
    connect, generate, hooks, import,
    model::{Failure, Job, JobEnd, Task},
    push,
    tools::Shared,
};

/// Does a job.
pub(super) async fn run(tools: &Shared, job: &Job) -> Result<JobEnd, Failure> {
    match &job.payload.0 {
        Task::ImportProducts { connection, scope, trigger, accept_deletes } => {
            let order = import::Order { connection, scope: *scope, trigger: *trigger, accept_deletes: *accept_deletes };
            return import::run(tools, job, &order).await;
        }
        Task::PushAsset { push, trigger, .. } => push::run(tools, job, push, *trigger).await,
        Task::RemoveAsset { push, trigger, .. } => push::revert(tools, job, push, *trigger).await,
        Task::Subscribe { connection } => hooks::subscribe(tools, job, connection).await,
        // Boxed: what a picture is made in is larger than all other work.
        Task::Generate { asset, .. } => Box::pin(generate::run(tools, asset)).await,
        Task::AnalyseProduct { product } => generate::analyse_product(tools, product, false).await.map(drop),
        Task::RefreshToken { connection } => connect::renew_ahead(tools, connection).await,
    }?;
    Ok(JobEnd::Done)
}
