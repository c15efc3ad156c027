//! `flows list|show|create|update|prompt|generate|retry|cancel|progress|delete`.

use super::{
    generate::HowMany,
    input::{self, Material},
    out::{Out, cells, or_dash},
};
use crate::{
    app,
    config::Config,
    generate, manage,
    model::{ClientId, FlowId, FlowInput, FlowStatus, SessionId},
    views::{self, FlowFilter, ProgressTarget},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List flows, by id.
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long)]
        session: Option<String>,
        #[arg(long)]
        status: Option<FlowStatus>,
        /// Only favourites of the client.
        #[arg(long)]
        favorite: bool,
        /// Only those without a session.
        #[arg(long)]
        standalone: bool,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
        /// Only flows after this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show a flow with its outputs and tags.
    Show { id: String },
    /// Create a flow, in a session or standalone.
    Create(Fields),
    /// Change the given fields; settings are merged into the existing ones.
    Update {
        id: String,
        /// The version you read; the update fails if it has changed since.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i32>,
        #[command(flatten)]
        fields: Fields,
    },
    /// Print the exact prompt that would be sent.
    Prompt {
        id: String,
        /// Analyse its products and inspirations first, as a job does.
        #[arg(long)]
        analyse: bool,
    },
    /// Generate its pictures.
    Generate {
        id: String,
        #[command(flatten)]
        how: HowMany,
    },
    /// Retry its failed and cancelled pictures with their original settings.
    Retry {
        id: String,
        /// Enqueue and do not wait.
        #[arg(long)]
        no_wait: bool,
    },
    /// Cancel its waiting pictures and release their reservations. Pictures in progress are finished.
    Cancel { id: String },
    /// Show the progress of its pictures.
    Progress { id: String },
    /// Delete a flow; its pictures stay.
    Delete { id: String },
}

#[derive(clap::Args)]
pub(super) struct Fields {
    #[command(flatten)]
    material: Material,
    #[arg(long, alias = "studio-session")]
    session: Option<String>,
    #[arg(long)]
    status: Option<FlowStatus>,
}

impl Fields {
    fn read(self) -> anyhow::Result<FlowInput> {
        let mut input: FlowInput = input::document(self.material.from.as_deref())?;
        input.product_ids = self.material.products().or(input.product_ids);
        input.settings = self.material.settings()?.or(input.settings);
        input.selected_base_images = self.material.base_images()?.or(input.selected_base_images);
        input.client_id = self.material.client.map(ClientId).or(input.client_id);
        input.name = self.material.name.or(input.name);
        input.collection_session_id = self.session.map(SessionId).or(input.collection_session_id);
        input.status = self.status.or(input.status);
        Ok(input)
    }
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { client, session, status, favorite, standalone, limit, after } => {
            let client = views::client_id(&tools, client.as_deref()).await?;
            let (session, after) = (session.map(SessionId), after.map(FlowId));
            let filter = FlowFilter { client, session, status, favorite, standalone, after };
            let flows = views::flows(&tools, &filter, limit).await?;
            out.list(&flows, &["ID", "SESSION", "NAME", "STATUS", "FAVOURITE", "VERSION"], |f| {
                cells![
                    f.id,
                    or_dash(f.collection_session_id.as_ref()),
                    or_dash(f.name.as_ref()),
                    f.status,
                    if f.is_favorite { "yes" } else { "no" },
                    f.version,
                ]
            })
        }
        Command::Show { id } => out.one(&views::flow_card(&tools, &FlowId(id)).await?),
        Command::Create(fields) => out.one(&manage::create_flow(&tools, &fields.read()?).await?),
        Command::Update { id, if_version, fields } => {
            out.one(&manage::update_flow(&tools, &FlowId(id), if_version, &fields.read()?).await?)
        }
        Command::Prompt { id, analyse } => super::generate::show_prompt(&tools, out, &id, analyse).await,
        Command::Generate { id, how } => {
            let queued = generate::request_flow(&tools, &FlowId(id), how.terms()).await?;
            super::generate::finish(config, out, &tools, queued, how.no_wait).await
        }
        Command::Retry { id, no_wait } => {
            let queued = generate::retry_flow(&tools, &FlowId(id)).await?;
            super::generate::finish(config, out, &tools, queued, no_wait).await
        }
        Command::Cancel { id } => out.one(&generate::cancel_flow(&tools, &FlowId(id)).await?),
        Command::Progress { id } => out.one(&views::progress(&tools, &ProgressTarget::Flow(FlowId(id))).await?),
        Command::Delete { id } => {
            let gone = manage::delete_flow(&tools, &FlowId(id)).await?;
            out.done(&format!("deleted {}", gone.id), &gone)
        }
    }
}
