//! Connected shops.

use std::time::Duration;

use serde::Serialize;

use super::ALL;
use crate::{
    db,
    model::{ClientId, Connection, ConnectionId, Failure, Noun, Time},
    provider::ShopFacts,
    tools::Tools,
};

/// A connection with what is not in its row.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionCard {
    #[serde(flatten)]
    pub connection: Connection,
    /// Until the access token expires, such as `59m 30s`; `None` if that is not known.
    pub token_ends_in: Option<String>,
    /// Until the refresh token expires.
    pub permission_ends_in: Option<String>,
    /// Where the shop, or the operator's app at the platform, sends its deliveries; `None` if its provider has none.
    pub webhook_url: Option<String>,
}

/// The identity that a shop answered a check with.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionCheck {
    pub id: ConnectionId,
    pub store_type: String,
    pub store_name: Option<String>,
    pub external_store_id: Option<String>,
    pub token_expires_at: Option<Time>,
    pub api_calls: i32,
    pub ok: bool,
}

/// A link that connects a shop.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectLink {
    pub connect_url: String,
}

impl ConnectionCheck {
    /// A check that the shop answered.
    pub fn answered(connection: Connection, shop: ShopFacts, api_calls: i32) -> Self {
        Self {
            id: connection.id,
            store_type: connection.store_type,
            store_name: shop.name,
            external_store_id: shop.external_id,
            token_expires_at: connection.token_expires_at,
            api_calls,
            ok: true,
        }
    }
}

/// Connections, oldest first; of one client if it is given.
pub async fn connections(tools: &Tools, client: Option<&ClientId>) -> sqlx::Result<Vec<Connection>> {
    let mut tx = tools.db.read().await?;
    db::connection::list(&mut tx, client, None, ALL).await
}

/// A connection.
pub async fn connection(tools: &Tools, id: &ConnectionId) -> Result<Connection, Failure> {
    let mut tx = tools.db.read().await?;
    db::connection::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Connection, id))
}

/// A connection with what is not in its row.
pub async fn connection_card(tools: &Tools, id: &ConnectionId) -> Result<ConnectionCard, Failure> {
    let connection = connection(tools, id).await?;
    let now = tools.outside.clock.now();
    let left = |end: Time| humantime::format_duration(Duration::from_secs(end.since(now).as_secs())).to_string();
    // A provider whose file was taken away is no reason to show nothing.
    let provider = tools.provider(&connection.store_type).ok().filter(|provider| provider.has_webhooks());
    let webhook_url = provider.map(|provider| provider.webhook_url(&tools.policy.public_url, Some(&connection.id)));
    Ok(ConnectionCard {
        webhook_url,
        token_ends_in: connection.token_expires_at.map(left),
        permission_ends_in: connection.refresh_expires_at.map(left),
        connection,
    })
}
