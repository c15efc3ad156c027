//! Clients, their members and their shops.

use serde::Serialize;

use super::MOST_ON_A_CARD;
use crate::{
    db::{self, Tx},
    model::{Client, ClientId, Connection, ConnectionId, ConnectionStatus, Failure, Member, Noun, Quota},
    tools::Tools,
};

/// A client with its members, limits and shops.
#[derive(Debug, Clone, Serialize)]
pub struct ClientCard {
    #[serde(flatten)]
    pub client: Client,
    pub members: Vec<Member>,
    /// `None` if it has no plan.
    pub quota: Option<Quota>,
    pub connections: Vec<ClientShop>,
}

/// A shop on its client's card.
#[derive(Debug, Clone, Serialize)]
pub struct ClientShop {
    pub id: ConnectionId,
    pub store_url: String,
    pub status: ConnectionStatus,
}

impl From<Connection> for ClientShop {
    fn from(connection: Connection) -> Self {
        Self { id: connection.id, store_url: connection.store_url, status: connection.status }
    }
}

/// Clients after `after`, by id.
pub async fn clients(tools: &Tools, after: Option<&ClientId>, limit: i64) -> sqlx::Result<Vec<Client>> {
    let mut tx = tools.db.read().await?;
    db::client::list(&mut tx, after, limit).await
}

/// The client with this id or slug.
pub async fn client(tools: &Tools, id_or_slug: &str) -> Result<Client, Failure> {
    let mut tx = tools.db.read().await?;
    find(&mut tx, id_or_slug).await
}

/// The id of the client that a list is narrowed to, if one is named by id or slug.
pub async fn client_id(tools: &Tools, id_or_slug: Option<&str>) -> Result<Option<ClientId>, Failure> {
    match id_or_slug {
        Some(id_or_slug) => Ok(Some(client(tools, id_or_slug).await?.id)),
        None => Ok(None),
    }
}

/// A client with its members, limits and shops.
pub async fn client_card(tools: &Tools, id_or_slug: &str) -> Result<ClientCard, Failure> {
    let mut tx = tools.db.read().await?;
    let client = find(&mut tx, id_or_slug).await?;
    let shops = db::connection::list(&mut tx, Some(&client.id), None, MOST_ON_A_CARD).await?;
    Ok(ClientCard {
        members: db::member::list(&mut tx, &client.id).await?,
        quota: db::quota::find(&mut tx, &client.id).await?,
        connections: shops.into_iter().map(ClientShop::from).collect(),
        client,
    })
}

/// The members of the client with this id or slug.
pub async fn members(tools: &Tools, id_or_slug: &str) -> Result<Vec<Member>, Failure> {
    let mut tx = tools.db.read().await?;
    let client = find(&mut tx, id_or_slug).await?;
    Ok(db::member::list(&mut tx, &client.id).await?)
}

async fn find(tx: &mut Tx, id_or_slug: &str) -> Result<Client, Failure> {
    db::client::find(tx, id_or_slug).await?.ok_or_else(|| Failure::not_found(Noun::Client, id_or_slug))
}
