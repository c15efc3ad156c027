//! `demo`: the whole process on the sandbox shop, over real HTTP, with real rows at the end.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{net::TcpListener, sync::oneshot};

use super::{daemon::stop_signal, follow, out::line, visitor::Visitor};
use crate::{
    app,
    config::Config,
    connect::Sharing,
    generate::{self, GenerationRequest, Terms},
    manage,
    model::{ApprovalStatus, AssetId, ClientId, ConnectionId, Product, Push},
    outside::private,
    push,
    sandbox::{self, Sandbox, SandboxOptions},
    tools::Shared,
    views::{self, ProductFilter, PushFilter, RunFilter},
    web,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// End after the demo instead of serving its page.
    #[arg(long)]
    once: bool,
    /// A file of products for the sandbox shop: CSV in Shopify's product-export columns, or JSON.
    #[arg(long)]
    catalogue: Option<PathBuf>,
    /// The folder for the data; cleared at each run.
    #[arg(long, default_value = "demo-data")]
    folder: PathBuf,
}

/// The demo makes pictures of the first products, each in every style.
const PRODUCTS: usize = 6;
const STYLES: [&str; 4] = ["studio", "podium", "wood", "botanic"];

/// The marker file: a folder is only cleared if an earlier demo created it.
const MARK: &str = ".store-sync-demo";
const STEPS: u64 = 6;

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let bar = ProgressBar::new(STEPS);
    bar.set_style(ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}")?);
    let step = |text: String| -> anyhow::Result<()> {
        bar.suspend(|| line(&format!("  {text}")))?;
        bar.inc(1);
        Ok(())
    };
    clear(&args.folder)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let config = configure(&args.folder, &url)?;
    let tools = app::open(&config).await?;
    let (shop_url, shop) = open_shop(&config, args).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let daemon = {
        let (config, tools) = (config.clone(), tools.clone());
        tokio::spawn(async move { app::serve(&config, tools, listener, async { drop(stopped.await) }).await })
    };
    step(format!("sandbox shop at {shop_url}, daemon at {url}, embedded database in {}", args.folder.display()))?;

    let client = manage::add_client(&tools, "Demo Brand", Some("demo".to_owned())).await?.id;
    let connection = connect(&tools, &client, &shop_url).await?;
    step("shop connected by OAuth: consent, code, sealed token".to_owned())?;

    follow::open_jobs(&tools, &connection).await?;
    let products = products(&tools, &connection).await?;
    anyhow::ensure!(!products.is_empty(), "the shop's catalogue is empty: there is nothing to show");
    step(format!("{} products imported with variants and pictures", products.len()))?;

    let assets = pictures(&tools, &products).await?;
    step(format!("{} pictures made by the local studio (no model, no key), waiting for approval", assets.len()))?;

    // Approves one picture of each product, each in another style.
    for (place, asset) in assets.iter().enumerate().filter(|(place, _)| place % PRODUCTS == place / PRODUCTS) {
        let note = format!("picture {} of {}", place + 1, assets.len());
        push::decide(&tools, asset.as_str(), ApprovalStatus::Approved, Some(&note)).await?;
    }
    follow::open_jobs(&tools, &connection).await?;
    let pushed = pushed(&tools, &connection).await?;
    step(format!(
        "approved, pushed and read back from the shop: {}",
        pushed.external_image_url.as_deref().unwrap_or("?")
    ))?;

    let runs = table(&tools, &connection).await?;
    step("every run is in store_sync_log".to_owned())?;
    bar.finish_and_clear();
    line(&format!("\n{runs}\n"))?;
    let config_file = args.folder.join("config.toml");
    line(&format!("The pictures are below {}.", args.folder.join("files/clients").display()))?;
    line("Where to look next:")?;
    for command in ["products list", "logs", "connections list", "push list"] {
        line(&format!("  store-sync --config {} {command}", config_file.display()))?;
    }
    if !args.once {
        line(&format!("  the page:     {url}\n  the shop:     {shop_url}\n\nServing until Ctrl-C."))?;
        stop_signal().await;
    }
    drop(stop);
    daemon.await??;
    drop(shop);
    Ok(())
}

/// Generates pictures and waits for them.
async fn pictures(tools: &Shared, products: &[Product]) -> anyhow::Result<Vec<AssetId>> {
    let mut first: Vec<&Product> = products.iter().collect();
    first.sort_by(|one, other| one.erp_id.cmp(&other.erp_id));
    let ids: Vec<String> = first.iter().take(PRODUCTS).map(|product| product.id.to_string()).collect();
    let settings = STYLES.map(|style| serde_json::Map::from_iter([("style".to_owned(), style.into())]));
    let terms = Terms { seed: Some(3), ..Terms::of(1) };
    let queued =
        generate::request(tools, &GenerationRequest { products: &ids, settings: &settings, together: false, terms })
            .await?;
    follow::ended(tools, &queued.jobs).await?;
    Ok(queued.assets)
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        let ours = folder.join(MARK).exists();
        anyhow::ensure!(ours, "{} exists and no demo made it; choose another folder with --folder", folder.display());
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    private::make_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join(MARK), "made by store-sync demo; cleared when it runs again\n")?;
    Ok(())
}

/// Writes a configuration beside the data, so that other commands can read the data of the demo.
fn configure(folder: &Path, url: &str) -> anyhow::Result<Config> {
    let listen = url.trim_start_matches("http://");
    let text = format!(
        "# Made by store-sync demo.\n[server]\nlisten = \"{listen}\"\n\n[storage]\ndata_dir = \".\"\n\n[http]\n\
         # The sandbox shop is on this machine.\nallow_private_networks = true\n\n[work]\npoll_ms = 200\n\n[app.sandbox]\n\
         client_id = \"store-sync\"\nclient_secret = \"sandbox-secret\"\n"
    );
    let file = folder.join("config.toml");
    std::fs::write(&file, text)?;
    // The environment does not override the configuration: the demo is always the same.
    Ok(Config::load(Some(&file), std::iter::empty())?)
}

async fn open_shop(
    config: &Config,
    args: &Args,
) -> anyhow::Result<(String, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let options =
        SandboxOptions { base_url: base_url.clone(), catalogue: args.catalogue.clone(), ..SandboxOptions::default() };
    let shop = Sandbox::new(options, app::outside(config)?)?;
    Ok((base_url, tokio::spawn(sandbox::serve(listener, shop, std::future::pending()))))
}

/// Gives the consent as a merchant's browser does.
async fn connect(tools: &Shared, client: &ClientId, shop_url: &str) -> anyhow::Result<ConnectionId> {
    let fields = BTreeMap::from([("shop".to_owned(), shop_url.to_owned())]);
    let link = web::connect_link(tools, "sandbox", client.as_str(), &fields, Sharing::Refused);
    let mut visitor = Visitor::new(tools.outside.http.clone());
    let consent = visitor.open(&link).await?;
    anyhow::ensure!(consent.response.status == 200, "the consent page failed: {}", consent.text());
    let back = visitor.decide(&consent, "allow").await?;
    let done = visitor.open(back.as_str()).await?;
    anyhow::ensure!(done.response.status == 200, "the shop was not connected: {}", done.text());
    let all = views::connections(tools, Some(client)).await?;
    Ok(all.first().context("the connection is missing")?.id.clone())
}

async fn products(tools: &Shared, connection: &ConnectionId) -> anyhow::Result<Vec<Product>> {
    let filter = ProductFilter { connection: Some(connection.clone()), ..ProductFilter::default() };
    Ok(views::products(tools, &filter, i64::from(i32::MAX)).await?)
}

async fn pushed(tools: &Shared, connection: &ConnectionId) -> anyhow::Result<Push> {
    let filter = PushFilter { connection: Some(connection.clone()), ..PushFilter::default() };
    for _ in 0..100 {
        let push = views::pushes(tools, &filter, 1).await?.into_iter().next().context("the push is missing")?;
        if push.synced_at.is_some() {
            return Ok(push);
        }
        tools.outside.clock.sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the push did not finish within 10 seconds; see: store-sync push list")
}

async fn table(tools: &Shared, connection: &ConnectionId) -> anyhow::Result<String> {
    let filter = RunFilter { connection: Some(connection.clone()), ..RunFilter::default() };
    let mut runs = views::runs(tools, &filter, 20).await?;
    runs.reverse();
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_header(vec!["what", "by", "ended", "new", "changed", "same", "calls", "took"]);
    for run in runs {
        let took =
            run.completed_at.map_or_else(String::new, |end| format!("{} ms", end.since(run.started_at).as_millis()));
        let mut row = vec![run.action.to_string(), run.trigger.to_string(), run.status.to_string()];
        row.extend(
            [run.items_created, run.items_updated, run.items_unchanged, run.api_calls].iter().map(ToString::to_string),
        );
        row.push(took);
        table.add_row(row);
    }
    Ok(table.to_string())
}
