//! `clients list|add`.

use super::out::{Out, or_dash};
use crate::{app, config::Config, db, model::ClientId};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Every tenant.
    List,
    /// A new tenant.
    Add {
        name: String,
        /// A short name for commands; made from the name if left out.
        #[arg(long)]
        slug: Option<String>,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List => {
            let mut tx = tools.db.read().await?;
            let clients = db::client::list(&mut tx, None, i64::from(i32::MAX)).await?;
            out.list(&clients, &["ID", "SLUG", "NAME"], |c| {
                vec![c.id.to_string(), or_dash(c.slug.as_ref()), c.name.clone()]
            })
        }
        Command::Add { name, slug } => {
            let slug = slug.unwrap_or_else(|| slug_of(&name));
            anyhow::ensure!(
                !name.trim().is_empty() && !slug.is_empty(),
                "a client needs a name with letters or digits in it"
            );
            let mut tx = tools.db.begin().await?;
            if let Some(other) = db::client::find(&mut tx, &slug).await? {
                anyhow::bail!("there is a client '{slug}' already ({}); give another --slug", other.name);
            }
            let id: ClientId = tools.outside.new_id();
            db::client::insert(&mut tx, &id, name.trim(), Some(&slug), tools.outside.clock.now()).await?;
            let client = db::client::find(&mut tx, id.as_str()).await?;
            tx.commit().await?;
            out.one(&client)
        }
    }
}

fn slug_of(name: &str) -> String {
    let plain = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect::<String>();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
