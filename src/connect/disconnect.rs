//! Disconnects shops: revokes the grant if possible, erases it, keeps the history.

use super::keys::StoredCredentials;
use crate::{
    db,
    model::{Connection, ConnectionId, Failure, Noun},
    provider::{self, CredentialSource},
    tools::Shared,
};

/// The result of a disconnect.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Disconnected {
    pub connection: ConnectionId,
    /// Whether the shop confirmed that the grant is revoked.
    pub revoked_at_shop: bool,
    /// Why it is not, for the operator.
    pub note: Option<String>,
}

/// Disconnects a shop. The secret is erased here even if the shop does not respond.
pub async fn disconnect(tools: &Shared, id: &ConnectionId) -> Result<Disconnected, Failure> {
    let mut tx = tools.db.read().await?;
    let connection = db::connection::find(&mut tx, id).await?;
    drop(tx);
    let connection = connection.ok_or_else(|| Failure::not_found(Noun::Connection, id))?;
    let revoked = revoke(tools, &connection).await;
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    db::connection::mark_disconnected(&mut tx, id, now).await?;
    db::webhook::delete_subscriptions(&mut tx, id).await?;
    db::job::cancel_pending(&mut tx, id, now).await?;
    db::cursor::drop_pass(&mut tx, id).await?;
    tx.commit().await?;
    let (revoked_at_shop, note) = match revoked {
        Ok(true) => (true, None),
        Ok(false) => {
            (false, Some("the platform has no way to revoke a grant: remove the app in the shop's settings".to_owned()))
        }
        Err(failure) => (false, Some(format!("{failure}; remove the app in the shop's settings"))),
    };
    Ok(Disconnected { connection: connection.id, revoked_at_shop, note })
}

async fn revoke(tools: &Shared, connection: &Connection) -> Result<bool, Failure> {
    let provider = tools.provider(&connection.store_type)?;
    if !provider.kind().brings_code() {
        return Ok(false);
    }
    let shop = super::shop_client(tools, connection, None)?;
    let grant = StoredCredentials::new(tools.clone(), connection.id.clone()).current().await?;
    provider::revoke(&shop, &grant).await
}
