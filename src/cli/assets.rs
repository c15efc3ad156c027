//! `assets list|show|add|create|update|delete|approve|reject`.

use std::path::PathBuf;

use anyhow::Context;

use super::{
    input,
    out::{Out, or_dash},
};
use crate::{
    app,
    config::Config,
    curate,
    db::{self, asset::AssetFilter, push::PushFilter},
    model::{ApprovalStatus, Asset, AssetId, FlowId, ProductId},
    push::{self, NewPicture},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Assets, oldest first.
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long, alias = "flow-id")]
        flow: Option<String>,
        /// Only assets behind this one.
        #[arg(long)]
        after: Option<String>,
        #[arg(long)]
        approval: Option<ApprovalStatus>,
        #[arg(long)]
        product: Option<String>,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
    },
    /// One asset with its products and pushes.
    Show { id: String },
    /// A finished picture of a product, from a file.
    Add {
        #[arg(long)]
        product: String,
        file: PathBuf,
    },
    /// A place for an output whose bytes are at an object key or an address already; fields come as JSON.
    Create {
        /// client_id, asset_url, generation_flow_id, product_ids, prompt, settings; - reads standard input.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Change what is given: generation_flow_id, prompt, settings; products that are named are linked.
    Update {
        id: String,
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Delete an output. What is in a shop stays there.
    Delete { id: String },
    /// Approve: pictures go to the shops of their products.
    Approve {
        #[arg(required = true)]
        ids: Vec<String>,
        #[arg(long)]
        note: Option<String>,
    },
    /// Reject: pushes that wait are not done.
    Reject {
        #[arg(required = true)]
        ids: Vec<String>,
        #[arg(long)]
        note: Option<String>,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let (ids, note, decision) = match command {
        Command::List { client, flow, after, approval, product, limit } => {
            let mut tx = tools.db.read().await?;
            let client = super::clients::id_of(&mut tx, client).await?;
            let (product, flow, after) = (product.map(ProductId), flow.map(FlowId), after.map(AssetId));
            let filter = AssetFilter { client, approval, product, flow, after };
            return table(out, &db::asset::list(&mut tx, &filter, limit).await?);
        }
        Command::Show { id } => {
            let mut tx = tools.db.read().await?;
            let asset = db::asset::find(&mut tx, &id).await?.with_context(|| format!("there is no asset '{id}'"))?;
            let mut value = serde_json::to_value(&asset)?;
            value["products"] = serde_json::to_value(db::asset::list_products(&mut tx, &asset.id).await?)?;
            let filter = PushFilter { asset: Some(AssetId(id)), ..PushFilter::default() };
            value["pushes"] = serde_json::to_value(db::push::list(&mut tx, &filter, 1000).await?)?;
            return out.one(&value);
        }
        Command::Add { product, file } => {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            return out.one(&push::add(&tools, NewPicture { product: &product, bytes: bytes.into() }).await?);
        }
        Command::Create { from } => {
            let input = input::document(Some(&from))?;
            return out.one(&curate::register_asset(&tools, &input).await?);
        }
        Command::Update { id, from } => {
            let input = input::document(Some(&from))?;
            return out.one(&curate::update_asset(&tools, &AssetId(id), &input).await?);
        }
        Command::Delete { id } => {
            let gone = curate::delete_asset(&tools, &AssetId(id)).await?;
            return out.done(&format!("deleted {}", gone.id), &gone);
        }
        Command::Approve { ids, note } => (ids, note, ApprovalStatus::Approved),
        Command::Reject { ids, note } => (ids, note, ApprovalStatus::Rejected),
    };
    let mut decided = Vec::new();
    for id in &ids {
        decided.push(push::decide(&tools, id, decision, note.as_deref()).await?);
    }
    out.list(&decided, &["ASSET", "APPROVAL", "NEW", "PUSHES"], |d| {
        vec![
            d.asset.id.to_string(),
            d.asset.approval_status.to_string(),
            if d.changed { "yes" } else { "no" }.into(),
            d.pushes.len().to_string(),
        ]
    })
}

fn table(out: &Out, assets: &[Asset]) -> anyhow::Result<()> {
    out.list(assets, &["ID", "TYPE", "SIZE", "APPROVAL", "MADE"], |a| {
        let size = a.width.zip(a.height).map(|(w, h)| format!("{w}×{h}"));
        vec![
            a.id.to_string(),
            or_dash(a.mime_type.as_ref()),
            or_dash(size.as_ref()),
            a.approval_status.to_string(),
            a.created_at.to_string(),
        ]
    })
}
