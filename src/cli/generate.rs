//! `generate`: pictures of products, made here. And `usage`.

use serde_json::{Map, Value};

use super::{
    follow,
    out::{Out, or_dash},
};
use crate::{
    app,
    config::Config,
    db,
    generate::{self, Order},
    model::{AssetStatus, Usage},
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Product to show; may be given several times.
    #[arg(long = "product", value_name = "ID", required = true)]
    products: Vec<String>,
    /// Scenes: studio, podium, wood, marble, botanic, concrete, sunset, night, or words such as "Rustic kitchen".
    #[arg(long = "style", value_name = "STYLE", value_delimiter = ',', default_value = "studio")]
    styles: Vec<String>,
    /// Pictures of each product in each style.
    #[arg(long, default_value_t = 4)]
    variants: usize,
    /// Width to height.
    #[arg(long, default_value = "1:1")]
    aspect: String,
    /// Pixels of the longer side.
    #[arg(long, default_value_t = 1024)]
    size: u32,
    /// Light, such as "Golden Hour", "Cool", "Dramatic".
    #[arg(long)]
    lighting: Option<String>,
    /// The first picture's seed: the same order with the same seed makes the same pictures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Further settings as JSON, such as '{"postAdjustments": {"light": {"exposure": 20}}}'.
    #[arg(long, value_name = "JSON")]
    settings: Option<String>,
    /// Leave the order and end.
    #[arg(long)]
    no_wait: bool,
}

impl Args {
    /// The settings of each style.
    fn settings(&self) -> anyhow::Result<Vec<Map<String, Value>>> {
        let more: Map<String, Value> = match &self.settings {
            Some(text) => {
                serde_json::from_str(text).map_err(|e| anyhow::anyhow!("--settings is no JSON object: {e}"))?
            }
            None => Map::new(),
        };
        let settings = self
            .styles
            .iter()
            .map(|style| {
                let mut settings = more.clone();
                settings.insert("style".into(), style.trim().into());
                settings.entry("aspectRatio").or_insert_with(|| self.aspect.clone().into());
                settings.entry("size").or_insert_with(|| self.size.into());
                if let Some(light) = &self.lighting {
                    settings.insert("lighting".into(), light.as_str().into());
                }
                settings
            })
            .collect();
        Ok(settings)
    }
}

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let settings = args.settings()?;
    let order = Order { products: &args.products, settings: &settings, variants: args.variants, seed: args.seed };
    let ordered = generate::order(&tools, &order).await?;
    if args.no_wait {
        return out.one(&ordered);
    }
    follow::jobs(config, &tools, &ordered.jobs).await?;
    let mut tx = tools.db.read().await?;
    let mut assets = Vec::with_capacity(ordered.assets.len());
    for id in &ordered.assets {
        assets.extend(db::asset::find(&mut tx, id.as_str()).await?);
    }
    drop(tx);
    out.list(&assets, &["ASSET", "STYLE", "STATUS", "SIZE", "FILE"], |asset| {
        let style = asset.settings.as_ref().and_then(|json| json.0["style"].as_str().map(str::to_owned));
        let size = asset.width.zip(asset.height).map(|(width, height)| format!("{width}×{height}"));
        let place = asset.error.clone().or_else(|| asset.asset_url.clone());
        vec![
            asset.id.to_string(),
            or_dash(style.as_ref()),
            asset.status.to_string(),
            or_dash(size.as_ref()),
            or_dash(place.as_ref()),
        ]
    })?;
    let failed = assets.iter().filter(|asset| asset.status == AssetStatus::Error).count();
    let waiting =
        assets.iter().filter(|asset| matches!(asset.status, AssetStatus::Pending | AssetStatus::Generating)).count();
    anyhow::ensure!(
        waiting == 0,
        "{waiting} of {} pictures wait for another try; see: store-sync assets list",
        assets.len()
    );
    anyhow::ensure!(failed == 0, "{failed} of {} pictures were not made", assets.len());
    if !out.json {
        out.say(&format!(
            "\nPictures lie in {}. Approve with: store-sync assets approve ASSET",
            tools.outside.files.place()
        ))?;
    }
    Ok(())
}

/// What a client used.
#[derive(clap::Args)]
pub(super) struct UsageArgs {
    /// Id or slug of the client.
    client: String,
    /// Another month than this one, as YYYY-MM.
    #[arg(long)]
    month: Option<String>,
}

pub(super) async fn usage(config: &Config, out: &Out, args: UsageArgs) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let mut tx = tools.db.read().await?;
    let client = db::client::find(&mut tx, &args.client).await?;
    let client =
        client.ok_or_else(|| anyhow::anyhow!("there is no client '{}'; see: store-sync clients list", args.client))?;
    let month = args.month.unwrap_or_else(|| generate::month(tools.outside.clock.now()));
    let used = db::quota::find_usage(&mut tx, &client.id, &month).await?;
    let used = used.unwrap_or(Usage { client_id: client.id.clone(), month, generation_count: 0 });
    let quota = db::quota::find(&mut tx, &client.id).await?;
    let mut told = serde_json::to_value(&used)?;
    told["monthly_generation_limit"] =
        serde_json::json!(quota.map(|quota| quota.monthly_generation_limit).filter(|limit| *limit >= 0));
    out.one(&told)
}

/// The prompt that a flow stands for.
pub(super) async fn show_prompt(tools: &crate::tools::Tools, out: &Out, id: &str) -> anyhow::Result<()> {
    let text = generate::flow_prompt(tools, &id.into()).await?;
    out.done(&text, &serde_json::json!({ "prompt": text }))
}
