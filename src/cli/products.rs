//! `products list|show|why|add|analyse|link`.

use std::path::PathBuf;

use super::out::{Out, cell, cells, line, or_dash};
use crate::{
    app,
    config::Config,
    generate,
    manage::{self, NewProduct},
    model::{ClientId, ConnectionId, ProductId},
    tools::Tools,
    views::{self, ProductAnalysis, ProductFilter, ProductHistory},
};
use anyhow::Context;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List products, oldest first.
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long)]
        connection: Option<String>,
        #[arg(long)]
        sku: Option<String>,
        /// Include tombstones: products that the shop no longer has.
        #[arg(long)]
        deleted: bool,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
        /// Only products after this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show a product with variants and pictures.
    Show { id: String },
    /// Show the history of a product: imports, runs and pushes.
    Why { id: String },
    /// Add a product that is in no shop; its pictures can be generated and downloaded, and pushed once it is linked.
    Add(Add),
    /// Analyse products for the prompts of their pictures, and store the analyses.
    #[command(alias = "analyze")]
    Analyse {
        #[arg(required = true)]
        ids: Vec<String>,
        /// Analyse again even if an analysis is stored.
        #[arg(long)]
        anew: bool,
    },
    /// Link an uploaded product to a product of a shop, so that pictures can be pushed to it.
    Link {
        id: String,
        #[arg(long)]
        connection: String,
        /// The product's id in the shop.
        #[arg(long)]
        erp_id: String,
    },
}

#[derive(clap::Args)]
pub(super) struct Add {
    /// Id or slug of the client.
    #[arg(long)]
    client: String,
    #[arg(long)]
    name: String,
    #[arg(long)]
    description: Option<String>,
    #[arg(long)]
    category: Option<String>,
    /// A picture of it; repeatable. The first one is the base of generated pictures.
    #[arg(long = "picture", value_name = "FILE")]
    pictures: Vec<PathBuf>,
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { client, connection, sku, deleted, limit, after } => {
            let client = views::client_id(&tools, client.as_deref()).await?;
            let filter = ProductFilter {
                connection: connection.map(ConnectionId),
                sku,
                with_deleted: deleted,
                after: after.map(ProductId),
                client,
            };
            let products = views::products(&tools, &filter, limit).await?;
            out.list(&products, &["ID", "ERP ID", "SKU", "NAME", "PRICE", "STATUS"], |p| {
                let price = p.price.map(|price| format!("{price} {}", p.currency.as_deref().unwrap_or("")));
                cells![
                    p.id,
                    or_dash(p.erp_id.as_ref()),
                    or_dash(p.erp_sku.as_ref()),
                    p.name,
                    or_dash(price.as_ref()),
                    or_dash(p.erp_status.as_ref()),
                ]
            })
        }
        Command::Show { id } => out.one(&views::product_card(&tools, &ProductId(id)).await?),
        Command::Why { id } => why(out, &views::product_history(&tools, &ProductId(id)).await?),
        Command::Add(new) => add(&tools, out, new).await,
        Command::Analyse { ids, anew } => analyse(&tools, out, ids, anew).await,
        Command::Link { id, connection, erp_id } => {
            let (id, connection) = (ProductId(id), ConnectionId(connection));
            out.one(&manage::link_product(&tools, &id, &connection, &erp_id).await?)
        }
    }
}

async fn add(tools: &Tools, out: &Out, new: Add) -> anyhow::Result<()> {
    let Add { client, name, description, category, pictures } = new;
    let mut files = Vec::with_capacity(pictures.len());
    for file in &pictures {
        files.push(std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?.into());
    }
    let (description, category) = (description.as_deref(), category.as_deref());
    let new = NewProduct { name: &name, description, category, pictures: &files };
    out.one(&manage::add_product(tools, &ClientId(client), &new).await?)
}

async fn analyse(tools: &Tools, out: &Out, ids: Vec<String>, anew: bool) -> anyhow::Result<()> {
    let mut analyses = Vec::with_capacity(ids.len());
    for id in ids {
        let product_id = ProductId(id);
        let analysis = generate::analyse_product(tools, &product_id, anew).await?;
        analyses.push(ProductAnalysis { product_id, analysis });
    }
    out.list(&analyses, &["PRODUCT", "TYPE", "COLOURS", "MATERIALS", "PLACES"], |one| {
        let words = |name: &str| {
            let all = one.analysis[name].as_array().into_iter().flatten();
            all.filter_map(|word| word.as_str()).collect::<Vec<_>>().join(", ")
        };
        let kind = one.analysis["productType"].as_str().unwrap_or_default().to_owned();
        cells![one.product_id, kind, words("colors"), words("materials"), words("suggestedRoomTypes")]
    })
}

fn why(out: &Out, history: &ProductHistory) -> anyhow::Result<()> {
    if out.json {
        return out.value(history);
    }
    let product = &history.product;
    line(&format!("{} ({})", cell(&product.name, 200), product.id))?;
    line(&format!("  first imported   {}", or_dash(product.imported_at.as_ref())))?;
    line(&format!(
        "  last written     {} by run {}",
        or_dash(product.last_synced_at.as_ref()),
        or_dash(product.last_seen_run_id.as_ref())
    ))?;
    line(&format!("  deleted since    {}", or_dash(product.erp_deleted_at.as_ref())))?;
    for item in &history.items {
        line(&format!(
            "  {}  {} in run {}  {}",
            item.created_at,
            item.outcome,
            item.sync_log_id,
            cell(item.message.as_deref().unwrap_or(""), 1000)
        ))?;
    }
    for push in &history.pushes {
        line(&format!("  push {}  {}  {}", push.id, push.status, cell(push.note().unwrap_or(""), 1000)))?;
    }
    Ok(())
}
