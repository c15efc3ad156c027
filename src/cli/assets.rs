//! `assets list|show|add|create|update|delete|approve|reject|regenerate|edit|url|save|tidy`.

use std::path::PathBuf;

use anyhow::Context;

use super::{
    input,
    out::{Out, cells, or_dash},
};
use crate::{
    app,
    config::Config,
    generate, manage,
    model::{ApprovalStatus, Asset, AssetId, AssetStatus, FlowId, ProductId, SessionId},
    push::{self, NewPicture},
    tools::{Shared, Tools},
    views::{self, AssetFilter, SavedAsset},
    web,
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List assets, oldest first.
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long, alias = "flow-id")]
        flow: Option<String>,
        #[arg(long)]
        session: Option<String>,
        /// Only assets after this one.
        #[arg(long)]
        after: Option<String>,
        #[arg(long)]
        approval: Option<ApprovalStatus>,
        #[arg(long)]
        status: Option<AssetStatus>,
        /// The exact style in its settings.
        #[arg(long)]
        style: Option<String>,
        #[arg(long)]
        product: Option<String>,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
    },
    /// Show an asset with its products and pushes.
    Show { id: String },
    /// Add a finished picture of a product from a file.
    Add {
        #[arg(long)]
        product: String,
        file: PathBuf,
    },
    /// Register an output whose bytes exist at an object key or a URL; the fields are JSON.
    Create {
        /// client_id, asset_url, generation_flow_id, product_ids, prompt, settings; - reads standard input.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Change the given fields: generation_flow_id, prompt, settings; the given products are linked.
    Update {
        id: String,
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Delete an output. Pictures already in a shop stay there.
    Delete { id: String },
    /// Approve outputs: they are pushed to the shops of their products.
    Approve(Decision),
    /// Reject outputs: their waiting pushes are skipped.
    Reject(Decision),
    #[command(flatten)]
    Make(Making),
    /// Print a URL for downloads without credentials, valid for 24 hours.
    Url { id: String },
    /// Save it to a file: the PNG if there is one.
    Save { id: String, file: PathBuf },
    /// Find orphaned objects: made by store-sync, older than a day, and referenced by no row.
    Tidy {
        /// Delete them.
        #[arg(long)]
        delete: bool,
    },
}

/// Commands that make an output from another one.
#[derive(clap::Subcommand)]
pub(super) enum Making {
    /// Regenerate outputs: the same settings, another seed. The originals stay.
    Regenerate {
        #[arg(required = true)]
        ids: Vec<String>,
        /// Override a setting, such as style=wood.
        #[arg(long = "set", value_name = "NAME=VALUE")]
        set: Vec<String>,
        /// Enqueue and do not wait.
        #[arg(long)]
        no_wait: bool,
    },
    /// Edit a finished output: by a prompt, with a model, or by postAdjustments alone. The original stays.
    Edit {
        id: String,
        /// The instruction for the model.
        #[arg(long, value_name = "TEXT")]
        prompt: Option<String>,
        /// An adjustment, such as postAdjustments.light.exposure=20.
        #[arg(long = "set", value_name = "NAME=VALUE")]
        set: Vec<String>,
        /// Enqueue and do not wait.
        #[arg(long)]
        no_wait: bool,
    },
}

/// The outputs of a decision.
#[derive(clap::Args)]
pub(super) struct Decision {
    /// The outputs; or all that are undecided and match the filter.
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    #[arg(long)]
    note: Option<String>,
    /// Print the outputs and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
#[group(id = "filter", multiple = true)]
struct Filter {
    #[arg(long)]
    client: Option<String>,
    #[arg(long)]
    session: Option<String>,
    #[arg(long, alias = "flow-id")]
    flow: Option<String>,
    #[arg(long)]
    product: Option<String>,
    /// The exact style in its settings.
    #[arg(long)]
    style: Option<String>,
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { client, flow, session, after, approval, status, style, product, limit } => {
            let client = views::client_id(&tools, client.as_deref()).await?;
            let (product, flow, after) = (product.map(ProductId), flow.map(FlowId), after.map(AssetId));
            let session = session.map(SessionId);
            let filter = AssetFilter { client, approval, product, flow, session, status, style, after };
            table(out, &views::assets(&tools, &filter, limit).await?)
        }
        Command::Show { id } => out.one(&views::asset_card(&tools, &AssetId(id)).await?),
        Command::Add { product, file } => {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            out.one(&push::add(&tools, NewPicture { product: &product, bytes: bytes.into() }).await?)
        }
        Command::Create { from } => {
            let input = input::document(Some(&from))?;
            out.one(&manage::register_asset(&tools, &input).await?)
        }
        Command::Update { id, from } => {
            let input = input::document(Some(&from))?;
            out.one(&manage::update_asset(&tools, &AssetId(id), &input).await?)
        }
        Command::Delete { id } => {
            let gone = manage::delete_asset(&tools, &AssetId(id)).await?;
            out.done(&format!("deleted {}", gone.id), &gone)
        }
        Command::Make(command) => make(config, &tools, out, command).await,
        Command::Url { id } => {
            let link = web::asset_link(&tools, &views::asset(&tools, &AssetId(id)).await?).await?;
            out.done(&link.url, &link)
        }
        Command::Save { id, file } => {
            let bytes = generate::bytes_of(&tools, &views::asset(&tools, &AssetId(id)).await?, true).await?;
            std::fs::write(&file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;
            let text = format!("saved {} ({} bytes)", file.display(), bytes.len());
            out.done(&text, &SavedAsset { file, bytes: bytes.len() })
        }
        Command::Tidy { delete } => tidy(&tools, out, delete).await,
        Command::Approve(args) => decide(&tools, out, args, ApprovalStatus::Approved).await,
        Command::Reject(args) => decide(&tools, out, args, ApprovalStatus::Rejected).await,
    }
}

async fn decide(tools: &Tools, out: &Out, args: Decision, decision: ApprovalStatus) -> anyhow::Result<()> {
    let Decision { ids, filter, note, dry_run } = args;
    let ids = if ids.is_empty() { waiting(tools, filter).await? } else { ids };
    if dry_run {
        return out.list(&ids, &["ASSET"], |id| cells![id]);
    }
    let (mut decided, mut failed) = (Vec::new(), Vec::new());
    for id in &ids {
        match push::decide(tools, id, decision, note.as_deref()).await {
            Ok(one) => decided.push(one),
            Err(failure) => failed.push(failure.to_string()),
        }
    }
    // Successful decisions are printed even if others failed.
    if !decided.is_empty() || failed.is_empty() {
        out.list(&decided, &["ASSET", "APPROVAL", "NEW", "PUSHES"], |d| {
            cells![d.asset.id, d.asset.approval_status, if d.changed { "yes" } else { "no" }, d.pushes.len(),]
        })?;
    }
    anyhow::ensure!(
        failed.is_empty(),
        "{} of {} decisions failed:\n  {}",
        failed.len(),
        ids.len(),
        failed.join("\n  ")
    );
    Ok(())
}

/// Regenerates or edits outputs.
async fn make(config: &Config, tools: &Shared, out: &Out, making: Making) -> anyhow::Result<()> {
    match making {
        Making::Regenerate { ids, set, no_wait } => {
            let over = input::settings(&set)?.unwrap_or_default();
            let ids: Vec<AssetId> = ids.into_iter().map(AssetId).collect();
            // Nothing is enqueued if one of them does not exist.
            for id in &ids {
                views::asset(tools, id).await?;
            }
            let mut all = generate::Queued::default();
            for id in &ids {
                let one = generate::regenerate(tools, id, &over).await?;
                all.assets.extend(one.assets);
                all.jobs.extend(one.jobs);
            }
            super::generate::finish(config, out, tools, all, no_wait).await
        }
        Making::Edit { id, prompt, set, no_wait } => {
            let over = input::settings(&set)?.unwrap_or_default();
            let queued = generate::edit(tools, &AssetId(id), prompt.as_deref(), &over).await?;
            super::generate::finish(config, out, tools, queued, no_wait).await
        }
    }
}

/// The finished, undecided outputs that match a filter.
async fn waiting(tools: &Tools, filter: Filter) -> anyhow::Result<Vec<String>> {
    let filter = AssetFilter {
        client: views::client_id(tools, filter.client.as_deref()).await?,
        session: filter.session.map(SessionId),
        flow: filter.flow.map(FlowId),
        product: filter.product.map(ProductId),
        style: filter.style,
        approval: Some(ApprovalStatus::Pending),
        status: Some(AssetStatus::Completed),
        after: None,
    };
    let assets = views::assets(tools, &filter, i64::from(i32::MAX)).await?;
    anyhow::ensure!(!assets.is_empty(), "no finished, undecided picture matches the filter");
    Ok(assets.into_iter().map(|asset| asset.id.0).collect())
}

async fn tidy(tools: &Tools, out: &Out, delete: bool) -> anyhow::Result<()> {
    let tidied = generate::tidy(tools, delete).await?;
    let some = !tidied.orphans.is_empty() || tidied.of_deleted > 0;
    let done = match (delete, some) {
        (_, false) => "nothing to do",
        (true, true) => "deleted",
        (false, true) => "delete them with --delete",
    };
    let text = format!(
        "{} of {} stored pictures are orphaned ({} kB), {} belong to deleted outputs: {done}",
        tidied.orphans.len(),
        tidied.looked_at,
        tidied.orphan_bytes / 1000,
        tidied.of_deleted
    );
    out.done(&text, &tidied)
}

fn table(out: &Out, assets: &[Asset]) -> anyhow::Result<()> {
    out.list(assets, &["ID", "FLOW", "STATUS", "SIZE", "APPROVAL", "MADE", "NOTE"], |a| {
        cells![
            a.id,
            or_dash(a.generation_flow_id.as_ref()),
            a.status,
            super::generate::size(a),
            a.approval_status,
            a.created_at,
            or_dash(a.error.as_ref().or(a.approval_note.as_ref())),
        ]
    })
}
