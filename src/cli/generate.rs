//! `generate`: makes pictures of products or of a flow; `usage`; and what flows and sessions share with them.

use serde_json::{Map, Value};

use super::{
    follow, input,
    out::{Out, cells, or_dash},
};
use crate::{
    app,
    config::Config,
    generate::{self, GenerationRequest, Queued, Terms},
    model::{Asset, AssetStatus, FlowId, JobStatus, USUAL_PRIORITY, dollars, merge_settings},
    tools::Shared,
    views::{self, UsageBy},
};

/// The arguments of every generation request.
#[derive(clap::Args)]
pub(super) struct HowMany {
    /// The number of pictures per flow; for products: per product and style. Default: the number in the flow's
    /// settings, or 4.
    #[arg(long)]
    variants: Option<usize>,
    /// The seed of the first picture: the same request with the same seed makes the same pictures in the local studio.
    #[arg(long)]
    seed: Option<u64>,
    /// The priority in the queue; lower goes first.
    #[arg(long, default_value_t = USUAL_PRIORITY, allow_hyphen_values = true)]
    priority: i32,
    /// Enqueue and do not wait.
    #[arg(long)]
    pub(super) no_wait: bool,
}

impl HowMany {
    pub(super) fn terms(&self) -> Terms {
        Terms { variants: self.variants, seed: self.seed, priority: self.priority }
    }
}

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["flow", "products"])))]
pub(super) struct Args {
    /// An existing flow, with its own settings.
    flow: Option<String>,
    /// A product to show; repeatable.
    #[arg(long = "product", value_name = "ID")]
    products: Vec<String>,
    /// Show all products in one picture, instead of one picture per product.
    #[arg(long, requires = "products")]
    together: bool,
    /// Scenes: studio, podium, wood, marble, botanic, concrete, sunset, night, or words such as "Rustic kitchen".
    #[arg(long = "style", value_name = "STYLE", value_delimiter = ',', requires = "products")]
    styles: Vec<String>,
    /// A prompt for the model, in addition to the settings.
    #[arg(long, value_name = "TEXT", requires = "products")]
    prompt: Option<String>,
    /// The engine: studio or gemini.
    #[arg(long, requires = "products")]
    engine: Option<String>,
    /// The aspect ratio, such as 4:3; default: square.
    #[arg(long, requires = "products", value_parser = aspect)]
    aspect: Option<String>,
    /// The longer side in pixels; default: 1024.
    #[arg(long, requires = "products", value_parser = clap::value_parser!(u32).range(64..=4096))]
    size: Option<u32>,
    /// Light, such as "Golden Hour", "Cool", "Dramatic".
    #[arg(long, requires = "products")]
    lighting: Option<String>,
    /// A further setting, such as cameraAngle=High or postAdjustments.light.exposure=20.
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "products")]
    set: Vec<String>,
    /// Further settings as JSON, such as '{"postAdjustments": {"light": {"exposure": 20}}}'.
    #[arg(long, value_name = "JSON", requires = "products")]
    settings: Option<String>,
    #[command(flatten)]
    how: HowMany,
}

/// Validates an aspect ratio: two positive numbers separated by a colon.
fn aspect(text: &str) -> Result<String, String> {
    let number = |text: &str| text.parse::<f32>().is_ok_and(|number| number.is_finite() && number > 0.0);
    match text.split_once(':') {
        Some((wide, high)) if number(wide) && number(high) => Ok(text.to_owned()),
        _ => Err("write it in the form 4:3".to_owned()),
    }
}

impl Args {
    /// One settings object per style.
    fn settings(&self) -> anyhow::Result<Vec<Map<String, Value>>> {
        let more: Map<String, Value> = match &self.settings {
            Some(text) => {
                serde_json::from_str(text).map_err(|e| anyhow::anyhow!("--settings is not a JSON object: {e}"))?
            }
            None => Map::new(),
        };
        let set = input::settings(&self.set)?.unwrap_or_default();
        // An option of its own overrides --set, which overrides --settings.
        let mut usual = more;
        merge_settings(&mut usual, &set);
        let named = [
            ("lighting", &self.lighting),
            ("promptText", &self.prompt),
            ("engine", &self.engine),
            ("aspectRatio", &self.aspect),
        ];
        for (name, text) in named {
            if let Some(text) = text {
                usual.insert(name.into(), text.as_str().into());
            }
        }
        if let Some(size) = self.size {
            usual.insert("size".into(), size.into());
        }
        if self.styles.is_empty() {
            usual.entry("style").or_insert_with(|| "studio".into());
            return Ok(vec![usual]);
        }
        let styled = |style: &String| {
            let mut settings = usual.clone();
            settings.insert("style".into(), style.trim().into());
            settings
        };
        Ok(self.styles.iter().map(styled).collect())
    }
}

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let mut terms = args.how.terms();
    let queued = if let Some(flow) = &args.flow {
        generate::request_flow(&tools, &flow.as_str().into(), terms).await?
    } else {
        terms.seed = terms.seed.or(Some(1));
        let settings = args.settings()?;
        let request =
            GenerationRequest { products: &args.products, settings: &settings, together: args.together, terms };
        generate::request(&tools, &request).await?
    };
    finish(config, out, &tools, queued, args.how.no_wait).await
}

/// Waits for a generation request, and prints its outputs.
pub(super) async fn finish(
    config: &Config,
    out: &Out,
    tools: &Shared,
    queued: Queued,
    no_wait: bool,
) -> anyhow::Result<()> {
    if no_wait {
        return out.one(&queued);
    }
    let jobs = follow::jobs(config, tools, &queued.jobs).await?;
    let assets = views::assets_by_id(tools, &queued.assets).await?;
    show(out, &assets)?;
    let failed: Vec<&Asset> = assets.iter().filter(|asset| asset.status == AssetStatus::Error).collect();
    let waiting =
        assets.iter().filter(|asset| matches!(asset.status, AssetStatus::Pending | AssetStatus::Generating)).count();
    let why = jobs.iter().map(|row| &row.job).find(|job| job.status == JobStatus::Pending && job.error.is_some());
    anyhow::ensure!(
        waiting == 0,
        "{waiting} of {} pictures wait for a retry{}; see: store-sync assets list",
        assets.len(),
        why.map_or_else(String::new, |job| format!(
            ", at {}: {}",
            job.scheduled_for,
            job.error.as_deref().unwrap_or("")
        ))
    );
    let mut flows: Vec<&str> =
        failed.iter().filter_map(|asset| asset.generation_flow_id.as_ref()).map(FlowId::as_str).collect();
    flows.dedup();
    anyhow::ensure!(
        failed.is_empty(),
        "{} of {} pictures failed; retry them with: store-sync flows retry {}",
        failed.len(),
        assets.len(),
        flows.first().unwrap_or(&"FLOW")
    );
    out.say(&format!(
        "\nThe pictures are in {}. Approve them with: store-sync assets approve ASSET",
        tools.outside.files.location()
    ))
}

fn show(out: &Out, assets: &[Asset]) -> anyhow::Result<()> {
    out.list(assets, &["ASSET", "STYLE", "STATUS", "SIZE", "FILE"], |asset| {
        let style = asset.settings.as_ref().and_then(|json| json.0["style"].as_str().map(str::to_owned));
        let place = asset.error.as_ref().or(asset.asset_url.as_ref());
        cells![asset.id, or_dash(style.as_ref()), asset.status, size(asset), or_dash(place),]
    })
}

/// The size of a picture in pixels.
pub(super) fn size(asset: &Asset) -> String {
    or_dash(asset.width.zip(asset.height).map(|(width, height)| format!("{width}×{height}")).as_ref())
}

/// The arguments of `usage`.
#[derive(clap::Args)]
pub(super) struct UsageArgs {
    /// Id or slug of the client.
    client: String,
    /// The month as YYYY-MM; default: the current one.
    #[arg(long)]
    month: Option<String>,
    /// Sum the ledger by shop, product, model, picture or kind.
    #[arg(long, value_enum)]
    by: Option<ByWord>,
    #[arg(long, default_value_t = 1000, requires = "by")]
    limit: i64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ByWord {
    Shop,
    Product,
    Model,
    Picture,
    Kind,
}

pub(super) async fn usage(config: &Config, out: &Out, args: UsageArgs) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let by = match args.by {
        None => return out.one(&views::usage(&tools, &args.client, args.month).await?),
        Some(ByWord::Shop) => UsageBy::Shop,
        Some(ByWord::Product) => UsageBy::Product,
        Some(ByWord::Model) => UsageBy::Model,
        Some(ByWord::Picture) => UsageBy::Picture,
        Some(ByWord::Kind) => UsageBy::Kind,
    };
    let sums = views::usage_sums(&tools, &args.client, args.month, by, args.limit).await?;
    out.list(&sums, &["OF", "PICTURES", "ANALYSES", "USD", "RESERVED"], |sum| {
        cells![
            or_dash(sum.what.as_ref()),
            sum.pictures,
            sum.analyses,
            dollars(sum.usd_micros),
            dollars(sum.reserved_usd_micros),
        ]
    })
}

/// Prints the prompt that would be sent for a flow.
pub(super) async fn show_prompt(tools: &Shared, out: &Out, id: &str, analyse: bool) -> anyhow::Result<()> {
    let preview = generate::preview(tools, &id.into(), analyse).await?;
    let parts = preview.parts.join("\n\n");
    let text = format!("{}, {}\n{}\n\n{parts}", preview.engine, preview.model, preview.config);
    out.done(&text, &preview)
}
