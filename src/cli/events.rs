//! `events list|show|create|delete|summary`. Events are immutable, so there is no update.

use std::time::Duration;

use super::{
    input,
    out::{Out, cells, or_dash},
};
use crate::{
    app,
    config::Config,
    manage::{self, EventInput},
    model::{AssetId, ClientId, EVENT_DAYS, EventId, EventType, FlowId, ProductId},
    tools::Tools,
    views::{self, DeletedEvent, EventFilter},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List events, newest first.
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long = "type")]
        kind: Option<EventType>,
        #[arg(long)]
        flow: Option<String>,
        #[arg(long)]
        asset: Option<String>,
        #[arg(long, default_value_t = 100)]
        limit: i64,
        /// Only events before this one.
        #[arg(long)]
        before: Option<String>,
    },
    /// Show an event.
    Show { id: String },
    /// Record an event.
    Create(Fields),
    /// Delete an event.
    Delete { id: String },
    /// Count events by client and type.
    Summary {
        #[arg(long)]
        client: Option<String>,
        #[arg(long, default_value_t = EVENT_DAYS)]
        days: u64,
    },
}

#[derive(clap::Args)]
pub(super) struct Fields {
    #[arg(long)]
    client: String,
    #[arg(long = "type")]
    kind: EventType,
    #[arg(long)]
    flow: Option<String>,
    #[arg(long)]
    product: Option<String>,
    #[arg(long)]
    asset: Option<String>,
    /// Metadata of the event.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    metadata: Vec<String>,
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    let now = tools.outside.clock.now();
    match command {
        Command::List { client, kind, flow, asset, limit, before } => {
            let client = views::client_id(&tools, client.as_deref()).await?;
            let (flow, asset, before) = (flow.map(FlowId), asset.map(AssetId), before.map(EventId));
            let filter = EventFilter { client, kind, flow, asset, before };
            let events = views::events(&tools, &filter, limit).await?;
            out.list(&events, &["WHEN", "WHAT", "CLIENT", "FLOW", "OUTPUT", "ID"], |e| {
                cells![
                    e.created_at,
                    e.event_type,
                    e.client_id,
                    or_dash(e.generation_flow_id.as_ref()),
                    or_dash(e.generated_asset_id.as_ref()),
                    e.id,
                ]
            })
        }
        Command::Show { id } => out.one(&views::event(&tools, &EventId(id)).await?),
        Command::Create(fields) => create(&tools, out, fields).await,
        Command::Delete { id } => {
            let id = EventId(id);
            manage::delete_event(&tools, &id).await?;
            out.done("deleted", &DeletedEvent { id })
        }
        Command::Summary { client, days } => {
            let client = views::client_id(&tools, client.as_deref()).await?;
            let since = now.minus(Duration::from_hours(24 * days));
            let counts = views::event_counts(&tools, client.as_ref(), since).await?;
            out.list(&counts, &["CLIENT", "WHAT", "TIMES"], |c| cells![c.client_id, c.event_type, c.count])
        }
    }
}

async fn create(tools: &Tools, out: &Out, fields: Fields) -> anyhow::Result<()> {
    let input = EventInput {
        client: ClientId(fields.client),
        kind: fields.kind,
        flow: fields.flow.map(FlowId),
        product: fields.product.map(ProductId),
        asset: fields.asset.map(AssetId),
        metadata: input::settings(&fields.metadata)?.map(serde_json::Value::Object),
    };
    out.one(&manage::create_event(tools, input).await?)
}
