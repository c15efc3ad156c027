//! Asks a shop who it is. A good answer heals a connection whose grant was refused.

use super::{
    find,
    identity::{ReadIdentity, read_identity},
    keys::StoredCredentials,
    refusal::{Refusal, wake},
    shop_client_by, usable,
};
use crate::{
    db::{self, Tx},
    model::{Connection, ConnectionId, Failure, FailureKind, ImportScope, Task, Trigger},
    provider::ShopFacts,
    tools::{Shared, Tools},
};

/// A shop's answer to a check.
pub struct CheckedShop {
    pub connection: Connection,
    pub shop: ShopFacts,
    pub api_calls: i32,
    /// Which of its facts changed, in words: its catalogue is read again.
    pub changed: Option<String>,
    /// How many pushes had waited for the shop's key, if it had been refused.
    pub woken: usize,
}

/// Asks a shop who it is, also one that refused its grant: a good answer makes the connection usable again.
pub async fn check(tools: &Shared, id: &ConnectionId) -> Result<CheckedShop, Failure> {
    let connection = find(tools, id).await?;
    match usable(&connection) {
        Err(failure) if failure.kind != FailureKind::NeedsReauth => return Err(failure),
        _ => {}
    }
    let keys = StoredCredentials::of_refused(tools.clone(), id.clone());
    let client = shop_client_by(tools, &connection, keys, None)?;
    let read = match read_identity(&client, &connection).await {
        Ok(read) => read,
        Err(failure) => return Err(refused(tools, id, failure).await?),
    };
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let refused = db::connection::mark_key_accepted(&mut tx, id, now).await?;
    let ended = db::connection::mark_reconnected(&mut tx, id, now).await?;
    read.save(&mut tx, &connection, now).await?;
    if read.changed.is_some() {
        read_all_anew(tools, &mut tx, &connection).await?;
    }
    let woken = if refused || ended { wake(tools, &mut tx, id, now).await? } else { 0 };
    tx.commit().await?;
    let connection = find(tools, id).await?;
    let ReadIdentity { shop, changed, .. } = read;
    Ok(CheckedShop { connection, shop, api_calls: client.api_calls(), changed, woken })
}

/// Enqueues an import of the whole catalogue.
async fn read_all_anew(tools: &Tools, tx: &mut Tx, connection: &Connection) -> sqlx::Result<()> {
    let import = Task::ImportProducts {
        connection: connection.id.clone(),
        scope: ImportScope::Full,
        trigger: Trigger::Startup,
        accept_deletes: false,
    };
    db::job::enqueue(tx, &tools.outside, &connection.client_id, import).await.map(drop)
}

/// Records a refusal; an answer that says nothing about the grant changes nothing.
async fn refused(tools: &Shared, id: &ConnectionId, failure: Failure) -> Result<Failure, Failure> {
    let mut tx = tools.db.begin().await?;
    if let Some(refusal) = Refusal::read(tools, &mut tx, id, &failure).await? {
        refusal.mark(&mut tx, tools.outside.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(failure)
}
