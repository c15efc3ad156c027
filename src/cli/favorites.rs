//! `favorites list|show|create|delete`: favourites of people and clients, and favourite outputs.

use super::out::{Out, line};
use crate::{
    app,
    config::Config,
    db, manage,
    model::{AssetId, Entity, EntityType, Failure, Noun, UserId},
    tools::Tools,
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
            let mut tx = tools.db.read().await?;
            let client = super::clients::id_of(&mut tx, client).await?;
            let all = db::favorite::list_images(&mut tx, client.as_ref(), after.as_deref(), limit).await?;
            out.list(&all, &["ID", "CLIENT", "OUTPUT"], |f| {
                vec![f.id.clone(), f.client_id.to_string(), f.generated_asset_id.to_string()]
            })
        }
        Command::List { user, limit, after, .. } => {
            let mut tx = tools.db.read().await?;
            let user = match user {
                Some(user) => Some(person(&mut tx, &user).await?),
                None => None,
            };
            let all = db::favorite::list(&mut tx, user.as_ref(), after.as_deref(), limit).await?;
            out.list(&all, &["ID", "USER", "KIND", "WHAT"], |f| {
                vec![f.id.clone(), f.user_id.to_string(), f.entity_type.to_string(), f.entity_id.clone()]
            })
        }
        Command::Show { entity } => {
            let mut tx = tools.db.read().await?;
            let all = db::favorite::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
            let of =
                |f: &&crate::model::Favorite| f.entity_type == entity.entity_type && f.entity_id == entity.entity_id;
            let users: Vec<&UserId> = all.iter().filter(of).map(|f| &f.user_id).collect();
            let flag = match entity.entity_type {
                EntityType::Flow => {
                    db::flow::find(&mut tx, &entity.entity_id.clone().into()).await?.map(|f| f.is_favorite)
                }
                EntityType::Product => db::product::find(&mut tx, &entity.entity_id).await?.map(|p| p.is_favorite),
            };
            let flag = flag.ok_or_else(|| anyhow::anyhow!("there is no {entity}"))?;
            out.one(&serde_json::json!({ "entity": entity.to_string(), "is_favorite": flag, "users": users }))
        }
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
        return if out.json {
            out.value(&serde_json::json!({ "entity": what, "is_favorite": favorite }))
        } else {
            line(if favorite { "added" } else { "removed" })
        };
    }
    let entity: Entity = what.parse().map_err(|e: String| anyhow::anyhow!("{e}, nor asset:ID"))?;
    let favorites = if favorite {
        manage::add_favorite(tools, user, &entity).await?
    } else {
        manage::remove_favorite(tools, user, &entity).await?
    };
    out.one(&favorites)
}

async fn person(tx: &mut db::Tx, user: &str) -> anyhow::Result<UserId> {
    let person = db::member::find_user(tx, user).await?;
    Ok(person.map(|person| person.id).ok_or_else(|| Failure::not_found(Noun::User, user))?)
}
