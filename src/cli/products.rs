//! `products list|show|why|link`.

use serde_json::json;

use super::out::{Out, line, or_dash};
use crate::{
    app,
    config::Config,
    db::{self, Tx, product::ProductFilter, push::PushFilter, run::RunFilter},
    model::{ConnectionId, Product, ProductId},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Products, oldest first.
    List {
        #[arg(long)]
        connection: Option<String>,
        #[arg(long)]
        sku: Option<String>,
        /// Also those that the shop no longer has.
        #[arg(long)]
        deleted: bool,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
        /// Only products behind this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// One product with variants and pictures.
    Show { id: String },
    /// What happened to it, and when.
    Why { id: String },
    /// Say that an uploaded product is this one in a shop; then pictures can be pushed to it.
    Link {
        id: String,
        #[arg(long)]
        connection: String,
        /// The product's id in the shop.
        #[arg(long)]
        erp_id: String,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { connection, sku, deleted, limit, after } => {
            let filter = ProductFilter {
                connection: connection.map(ConnectionId),
                sku,
                with_deleted: deleted,
                after: after.map(ProductId),
                client: None,
            };
            let mut tx = tools.db.read().await?;
            let products = db::product::list(&mut tx, &filter, limit).await?;
            out.list(&products, &["ID", "ERP ID", "SKU", "NAME", "PRICE", "STATUS"], |p| {
                let price = p.price.map(|price| format!("{price} {}", p.currency.as_deref().unwrap_or("")));
                vec![
                    p.id.to_string(),
                    or_dash(p.erp_id.as_ref()),
                    or_dash(p.erp_sku.as_ref()),
                    p.name.clone(),
                    or_dash(price.as_ref()),
                    or_dash(p.erp_status.as_ref()),
                ]
            })
        }
        Command::Show { id } => {
            let mut tx = tools.db.read().await?;
            let product = find(&mut tx, &id).await?;
            let mut value = serde_json::to_value(&product)?;
            value["variants"] = serde_json::to_value(db::product::list_variants(&mut tx, &product.id).await?)?;
            value["images"] = serde_json::to_value(db::product::list_images(&mut tx, &product.id).await?)?;
            out.one(&value)
        }
        Command::Why { id } => {
            let mut tx = tools.db.read().await?;
            why(&mut tx, out, &id).await
        }
        Command::Link { id, connection, erp_id } => {
            let mut tx = tools.db.begin().await?;
            let connection = ConnectionId(connection);
            let product = find(&mut tx, &id).await?;
            if let Some(other) = db::product::find_by_erp_id(&mut tx, &connection, &erp_id).await? {
                anyhow::bail!("the shop's product {erp_id} is {} here already ({})", other.id, other.name);
            }
            let linked =
                db::product::link(&mut tx, &product.id, &connection, &erp_id, tools.outside.clock.now()).await?;
            anyhow::ensure!(linked, "only an uploaded product can be linked, and only to a shop of its own client");
            let product = find(&mut tx, &id).await?;
            tx.commit().await?;
            out.one(&product)
        }
    }
}

async fn find(tx: &mut Tx, id: &str) -> anyhow::Result<Product> {
    let found = db::product::find(tx, id).await?;
    found.ok_or_else(|| anyhow::anyhow!("there is no product '{id}'; see: store-sync products list"))
}

async fn why(tx: &mut Tx, out: &Out, id: &str) -> anyhow::Result<()> {
    let product = find(tx, id).await?;
    let items = db::run::list_items_of(tx, id, 20).await?;
    let runs = db::run::list(tx, &RunFilter { product: Some(product.id.clone()), ..RunFilter::default() }, 20).await?;
    let pushes =
        db::push::list(tx, &PushFilter { product: Some(product.id.clone()), ..PushFilter::default() }, 20).await?;
    if out.json {
        return out.value(&json!({ "product": product, "items": items, "runs": runs, "pushes": pushes }));
    }
    line(&format!("{} ({})", product.name, product.id))?;
    line(&format!("  first imported   {}", or_dash(product.imported_at.as_ref())))?;
    line(&format!(
        "  last written     {} by run {}",
        or_dash(product.last_synced_at.as_ref()),
        or_dash(product.last_seen_run_id.as_ref())
    ))?;
    line(&format!("  gone since       {}", or_dash(product.erp_deleted_at.as_ref())))?;
    for item in &items {
        line(&format!(
            "  {}  {} in run {}  {}",
            item.created_at,
            item.outcome,
            item.sync_log_id,
            item.message.as_deref().unwrap_or("")
        ))?;
    }
    for push in &pushes {
        line(&format!(
            "  push {}  {}  {}",
            push.id,
            push.status,
            push.last_error.as_deref().or(push.external_image_url.as_deref()).unwrap_or("")
        ))?;
    }
    Ok(())
}
