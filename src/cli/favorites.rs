//! `favorites list|show|create|delete`: favourites of people and clients, and favourite outputs.

use super::out::{Out, cells};
use crate::{
    app,
    config::Config,
    manage,
    model::{AssetId, Entity},
    tools::Tools,
    views::{self, FavoriteMark},
};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// List favourites of people; with --images, favourite outputs of clients.
    List {
        /// A person's id or e-mail address.
        #[arg(long)]
        user: Option<String>,
        #[arg(long, alias = "generated-images")]
        images: bool,
        #[arg(long, requires = "images")]
        client: Option<String>,
        #[arg(long, default_value_t = 1000)]
        limit: i64,
        /// Only favourites after this one.
        #[arg(long)]
        after: Option<String>,
    },
    /// Show whose favourite product:ID or flow:ID is.
    Show { entity: Entity },
    /// Add product:ID, flow:ID or asset:ID to the favourites of a person (--user), else of the client.
    #[command(alias = "add")]
    Create {
        what: String,
        /// A person's id or e-mail address.
        #[arg(long)]
        user: Option<String>,
    },
    /// Remove it from the favourites.
    #[command(alias = "remove")]
    Delete {
        what: String,
        /// A person's id or e-mail address.
        #[arg(long)]
        user: Option<String>,
    },
}

pub(super) async fn run(config: &Config, out: &Out, command: Command) -> anyhow::Result<()> {
    let tools = app::open(config).await?;
    match command {
        Command::List { user, images, client, limit, after } if images => {
            anyhow::ensure!(user.is_none(), "favourite outputs belong to the client, not to a person; omit --user");
            let client = views::client_id(&tools, client.as_deref()).await?;
            let all = views::favorite_images(&tools, client.as_ref(), after.as_deref(), limit).await?;
            out.list(&all, &["ID", "CLIENT", "OUTPUT"], |f| cells![f.id, f.client_id, f.generated_asset_id])
        }
        Command::List { user, limit, after, .. } => {
            let all = views::favorites(&tools, user.as_deref(), after.as_deref(), limit).await?;
            out.list(&all, &["ID", "USER", "KIND", "WHAT"], |f| cells![f.id, f.user_id, f.entity_type, f.entity_id])
        }
        Command::Show { entity } => out.one(&views::favorite_card(&tools, &entity).await?),
        Command::Create { what, user } => set(&tools, out, &what, user.as_deref(), true).await,
        Command::Delete { what, user } => set(&tools, out, &what, user.as_deref(), false).await,
    }
}

async fn set(tools: &Tools, out: &Out, what: &str, user: Option<&str>, favorite: bool) -> anyhow::Result<()> {
    if let Some(asset) = what.strip_prefix("asset:").map(AssetId::from) {
        anyhow::ensure!(user.is_none(), "an output is a favourite of its client, not of a person; omit --user");
        if favorite {
            manage::add_favorite_image(tools, &asset).await?;
        } else {
            manage::remove_favorite_image(tools, &asset).await?;
        }
        let mark = FavoriteMark { entity: what.to_owned(), is_favorite: favorite };
        return out.done(if favorite { "added" } else { "removed" }, &mark);
    }
    let entity: Entity = what.parse().map_err(|e: String| anyhow::anyhow!("{e}, nor asset:ID"))?;
    let favorites = if favorite {
        manage::add_favorite(tools, user, &entity).await?
    } else {
        manage::remove_favorite(tools, user, &entity).await?
    };
    out.one(&favorites)
}
