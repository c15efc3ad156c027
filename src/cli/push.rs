//! `push list|run|retry|revert`.

use std::process::ExitCode;

use super::{
    follow,
    out::{Out, cells, or_dash},
};
use crate::{
    app,
    config::Config,
    model::{AssetId, ConnectionId, Job, Push, PushStatus, Task},
    push,
    tools::Shared,
    views::{self, PushFilter},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List pushes, newest first.
    List {
        #[arg(long)]
        connection: Option<String>,
        #[arg(long)]
        asset: Option<String>,
        #[arg(long)]
        status: Option<PushStatus>,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
    },
    /// Push an approved asset now and wait; default: everything that waits, pushes and removals.
    Run { asset: Option<String> },
    /// Retry failed pushes: the given ones, or all.
    Retry { ids: Vec<String> },
    /// Remove pushed pictures from their shops.
    Revert {
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<ExitCode> {
    let tools = app::open(config).await?;
    let pushes = match command {
        Command::List { connection, asset, status, limit } => {
            let filter = PushFilter {
                connection: connection.map(ConnectionId),
                asset: asset.map(AssetId),
                status,
                product: None,
            };
            print(out, &views::pushes(&tools, &filter, limit).await?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Run { asset: Some(asset) } => push::enqueue(&tools, &asset).await?,
        Command::Run { asset: None } => push::waiting(&tools).await?,
        Command::Retry { ids } => push::retry(&tools, &ids).await?,
        Command::Revert { ids } => push::ask_revert(&tools, &ids).await?,
    };
    let ended = work(config, &tools, &pushes).await?;
    print(out, &ended)?;
    let leaves = |push: &Push| pushes.iter().any(|asked| asked.id == push.id && asked.status == PushStatus::Removing);
    let wanted = |push: &Push| if leaves(push) { PushStatus::Removed } else { PushStatus::Synced };
    let good = ended.iter().all(|push| push.status == wanted(push));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(out: &Out, pushes: &[Push]) -> anyhow::Result<()> {
    out.list(pushes, &["ID", "ASSET", "PRODUCT", "STATUS", "TRIES", "PICTURE", "NOTE"], |p| {
        cells![
            p.id,
            p.generated_asset_id,
            p.product_id,
            p.status,
            p.attempts,
            or_dash(p.external_image_id.as_ref()),
            or_dash(p.note().as_ref()),
        ]
    })
}

/// Enqueues a job for each push, waits, and returns the pushes.
async fn work(config: &Config, tools: &Shared, pushes: &[Push]) -> anyhow::Result<Vec<Push>> {
    let mut connections: Vec<&ConnectionId> = pushes.iter().map(|push| &push.store_connection_id).collect();
    connections.sort();
    connections.dedup();
    push::enqueue_now(tools, pushes).await?;
    let mut jobs = Vec::new();
    for connection in connections {
        let open = views::open_jobs(tools, connection, i64::from(i32::MAX)).await?;
        let wanted = |job: &Job| match &job.payload.0 {
            Task::PushAsset { push, .. } | Task::RemoveAsset { push, .. } => pushes.iter().any(|p| p.id == *push),
            _ => false,
        };
        jobs.extend(open.into_iter().filter(wanted).map(|job| job.id));
    }
    follow::jobs(config, tools, &jobs).await?;
    Ok(views::pushes_by_id(tools, pushes.iter().map(|push| &push.id)).await?)
}
