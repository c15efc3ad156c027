//! Maps jobs to verbs: one match.

use std::sync::Arc;

use crate::{
    connect, generate, import,
    model::{Failure, JobEnd, Task},
    push,
    tools::{Lease, Shared},
    webhooks,
};

/// Runs a job while `lease` is held.
pub(super) async fn run(tools: &Shared, lease: &Arc<Lease>) -> Result<JobEnd, Failure> {
    // Boxed: the larger futures would otherwise enlarge every caller's.
    match &lease.job.payload.0 {
        Task::ImportProducts { connection, scope, trigger, accept_deletes } => {
            let order =
                import::ImportRequest { connection, scope: *scope, trigger: *trigger, accept_deletes: *accept_deletes };
            return Box::pin(import::run(tools, lease, &order)).await;
        }
        Task::PushAsset { push, trigger, .. } => Box::pin(push::run(tools, lease, push, *trigger)).await,
        Task::RemoveAsset { push, trigger, .. } => Box::pin(push::revert(tools, lease, push, *trigger)).await,
        Task::CheckPush { push, .. } => push::check(tools, lease, push).await,
        Task::ReadProduct { connection, erp_id } => {
            Box::pin(import::read_product(tools, lease, connection, erp_id)).await
        }
        Task::Subscribe { connection, trigger } => {
            Box::pin(webhooks::subscribe(tools, lease, connection, *trigger)).await
        }
        Task::Generate { asset, .. } => Box::pin(generate::run(tools, Some(lease), asset)).await,
        Task::AnalyseProduct { product } => generate::analyse_product(tools, product, false).await.map(drop),
        Task::RefreshToken { connection } => connect::refresh_ahead(tools, connection).await,
        Task::TryKey { connection } => connect::check(tools, connection).await.map(drop),
    }?;
    Ok(JobEnd::Done)
}
