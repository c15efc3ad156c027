//! `clients list|show|add|update|delete|members|plan`.

use super::out::{Out, cells, or_dash};
use crate::{
    app,
    config::Config,
    manage,
    model::{ClientId, Member, Plan},
    views,
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List clients (tenants).
    List {
        #[arg(long, default_value_t = i64::from(i32::MAX))]
        limit: i64,
        /// Only clients after this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show a client with its members, limits and shops.
    Show { id: String },
    /// Add a client.
    #[command(alias = "create")]
    Add {
        name: String,
        /// A short name for commands; by default made from the name.
        #[arg(long)]
        slug: Option<String>,
    },
    /// Change the name or the short name.
    Update {
        id: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        slug: Option<String>,
        /// The version you read; the update fails if it has changed since.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i32>,
    },
    /// Delete a client with all its data. Its shops must be disconnected first.
    Delete {
        id: String,
        /// Confirm with the short name or id of the client.
        #[arg(long)]
        confirm: String,
    },
    /// List members, or change them with --add and --remove.
    Members {
        id: String,
        /// Add the person with this e-mail address.
        #[arg(long)]
        add: Option<String>,
        #[arg(long, requires = "add")]
        name: Option<String>,
        /// owner, admin, member or viewer.
        #[arg(long, default_value = "member", requires = "add")]
        role: String,
        /// Remove the person with this e-mail address.
        #[arg(long, conflicts_with = "add")]
        remove: Option<String>,
    },
    /// Set the limits of a client to those of a plan.
    Plan { id: String, plan: Plan },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { limit, after } => {
            let clients = views::clients(&tools, after.map(ClientId).as_ref(), limit).await?;
            out.list(&clients, &["ID", "SLUG", "NAME"], |c| cells![c.id, or_dash(c.slug.as_ref()), c.name])
        }
        Command::Show { id } => out.one(&views::client_card(&tools, &id).await?),
        Command::Add { name, slug } => out.one(&manage::add_client(&tools, &name, slug).await?),
        Command::Update { id, name, slug, if_version } => {
            let id = ClientId(id);
            out.one(&manage::update_client(&tools, &id, if_version, name.as_deref(), slug.as_deref()).await?)
        }
        Command::Delete { id, confirm } => {
            let client = views::client(&tools, &id).await?;
            let confirmed = client.id.as_str() == confirm || client.slug.as_deref() == Some(&confirm);
            anyhow::ensure!(
                confirmed,
                "to delete {} with all its products and pictures, add --confirm {}",
                client.name,
                or_dash(client.slug.as_ref())
            );
            let gone = manage::delete_client(&tools, &client.id).await?;
            out.done(&format!("deleted {}", gone.name), &gone)
        }
        Command::Members { id, add, name, role, remove } => {
            let id = ClientId(id);
            let mut members = match &remove {
                Some(email) => manage::remove_member(&tools, &id, email).await?,
                None => views::members(&tools, id.as_str()).await?,
            };
            if let Some(email) = add {
                members = manage::add_member(&tools, &id, &email, name.as_deref(), &role).await?;
            }
            people(out, &members)
        }
        Command::Plan { id, plan } => out.one(&manage::set_plan(&tools, &ClientId(id), plan).await?),
    }
}

fn people(out: &Out, members: &[Member]) -> anyhow::Result<()> {
    out.list(members, &["E-MAIL", "NAME", "ROLE", "USER"], |m| cells![m.email, m.name, m.role, m.user_id])
}
