//! `tags list|show|create|update|delete|assign|unassign`.

use super::out::{Out, cells, or_dash};
use crate::{
    app,
    config::Config,
    manage,
    model::{ClientId, Entity, Tag, TagId},
    tools::Tools,
    views,
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List tags, by id; with --on, the tags of one product or flow, by name.
    List {
        #[arg(long)]
        client: Option<String>,
        /// product:ID or flow:ID
        #[arg(long, conflicts_with = "client")]
        on: Option<Entity>,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
        /// Only tags after this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show a tag and what has it.
    Show { id: String },
    /// Create a tag; the limit is 100 per client.
    Create {
        name: String,
        #[arg(long)]
        client: String,
        /// #rrggbb
        #[arg(long)]
        color: Option<String>,
    },
    /// Change the name or colour.
    Update {
        id: String,
        #[arg(long)]
        name: Option<String>,
        /// #rrggbb
        #[arg(long)]
        color: Option<String>,
    },
    /// Delete a tag and remove it from everything.
    Delete { id: String },
    /// Assign a tag to product:ID or flow:ID; the limit is 20 per product or flow.
    Assign {
        id: String,
        #[arg(required = true)]
        to: Vec<Entity>,
    },
    /// Remove a tag from product:ID or flow:ID.
    Unassign {
        id: String,
        #[arg(required = true)]
        from: Vec<Entity>,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { client, on, limit, after } => {
            let tags = if let Some(entity) = on {
                views::tags_on(&tools, &entity).await?
            } else {
                let client = views::client_id(&tools, client.as_deref()).await?;
                views::tags(&tools, client.as_ref(), after.map(TagId).as_ref(), limit).await?
            };
            table(out, &tags)
        }
        Command::Show { id } => out.one(&views::tag_card(&tools, &TagId(id)).await?),
        Command::Create { name, client, color } => {
            out.one(&manage::create_tag(&tools, &ClientId(client), &name, color.as_deref()).await?)
        }
        Command::Update { id, name, color } => {
            out.one(&manage::update_tag(&tools, &TagId(id), name.as_deref(), color.as_deref()).await?)
        }
        Command::Delete { id } => {
            let gone = manage::delete_tag(&tools, &TagId(id)).await?;
            out.done(&format!("deleted {}", gone.name), &gone)
        }
        Command::Assign { id, to } => {
            let id = TagId(id);
            for entity in &to {
                manage::assign_tag(&tools, &id, entity).await?;
            }
            bearers(&tools, out, &id).await
        }
        Command::Unassign { id, from } => {
            let id = TagId(id);
            for entity in &from {
                manage::unassign_tag(&tools, &id, entity).await?;
            }
            bearers(&tools, out, &id).await
        }
    }
}

/// Prints what has a tag.
async fn bearers(tools: &Tools, out: &Out, id: &TagId) -> anyhow::Result<()> {
    out.list(&views::tag_bearers(tools, id).await?, &["ASSIGNED TO"], |entity| cells![entity])
}

fn table(out: &Out, tags: &[Tag]) -> anyhow::Result<()> {
    out.list(tags, &["ID", "CLIENT", "NAME", "COLOUR"], |t| {
        cells![t.id, t.client_id, t.name, or_dash(t.color.as_ref())]
    })
}
