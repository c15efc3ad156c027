//! `sessions list|show|create|update|generate|retry|cancel|progress|say|delete`.

use super::{
    generate::HowMany,
    input::{self, Material},
    out::{Out, cells, or_dash},
};
use crate::{
    app,
    config::Config,
    generate, manage,
    model::{ClientId, SessionId, SessionInput, SessionStatus, text_parts},
    views::{self, ProgressTarget, SessionFilter},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List sessions, by id.
    List {
        #[arg(long)]
        client: Option<String>,
        #[arg(long)]
        status: Option<SessionStatus>,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
        /// Only sessions after this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show a session with its flows, inspirations and messages.
    Show { id: String },
    /// Create a session.
    Create(Fields),
    /// Change the given fields.
    Update {
        id: String,
        /// The version you read; the update fails if it has changed since.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i32>,
        #[command(flatten)]
        fields: Fields,
    },
    /// Generate pictures of each flow that has none yet, and of each product without a flow.
    Generate {
        id: String,
        /// Also generate for flows that have pictures already.
        #[arg(long)]
        again: bool,
        #[command(flatten)]
        how: HowMany,
    },
    /// Retry the failed and cancelled pictures of all its flows with their original settings.
    Retry {
        id: String,
        /// Enqueue and do not wait.
        #[arg(long)]
        no_wait: bool,
    },
    /// Cancel the waiting pictures of all its flows.
    Cancel { id: String },
    /// Show the progress of its pictures.
    Progress { id: String },
    /// Post a message to it.
    Say {
        id: String,
        text: String,
        /// user or assistant.
        #[arg(long, default_value = "user")]
        role: String,
    },
    /// Delete a session with its flows and messages; its pictures stay.
    Delete { id: String },
}

#[derive(clap::Args)]
pub(super) struct Fields {
    #[command(flatten)]
    material: Material,
    #[arg(long)]
    status: Option<SessionStatus>,
}

impl Fields {
    fn read(self) -> anyhow::Result<SessionInput> {
        let mut input: SessionInput = input::document(self.material.from.as_deref())?;
        input.product_ids = self.material.products().or(input.product_ids);
        input.settings = self.material.settings()?.or(input.settings);
        input.selected_base_images = self.material.base_images()?.or(input.selected_base_images);
        input.client_id = self.material.client.map(ClientId).or(input.client_id);
        input.name = self.material.name.or(input.name);
        input.status = self.status.or(input.status);
        Ok(input)
    }
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { client, status, limit, after } => {
            let client = views::client_id(&tools, client.as_deref()).await?;
            let filter = SessionFilter { client, status, after: after.map(SessionId) };
            let sessions = views::sessions(&tools, &filter, limit).await?;
            out.list(&sessions, &["ID", "CLIENT", "NAME", "STATUS", "PRODUCTS", "VERSION"], |s| {
                let products = s.products().count();
                cells![s.id, s.client_id, s.name, s.status, products, s.version]
            })
        }
        Command::Show { id } => out.one(&views::session_card(&tools, &SessionId(id)).await?),
        Command::Create(fields) => out.one(&manage::create_session(&tools, &fields.read()?).await?),
        Command::Update { id, if_version, fields } => {
            out.one(&manage::update_session(&tools, &SessionId(id), if_version, &fields.read()?).await?)
        }
        Command::Generate { id, again, how } => {
            let queued = generate::request_session(&tools, &SessionId(id), how.terms(), again).await?;
            super::generate::finish(config, out, &tools, queued, how.no_wait).await
        }
        Command::Retry { id, no_wait } => {
            let queued = generate::retry_session(&tools, &SessionId(id)).await?;
            super::generate::finish(config, out, &tools, queued, no_wait).await
        }
        Command::Cancel { id } => out.one(&generate::cancel_session(&tools, &SessionId(id)).await?),
        Command::Progress { id } => out.one(&views::progress(&tools, &ProgressTarget::Session(SessionId(id))).await?),
        Command::Say { id, text, role } => {
            out.one(&manage::post_message(&tools, &SessionId(id), &role, &text_parts(&text)).await?)
        }
        Command::Delete { id } => {
            let gone = manage::delete_session(&tools, &SessionId(id)).await?;
            out.done(&format!("deleted {} ({})", gone.id, or_dash(Some(&gone.name))), &gone)
        }
    }
}
