//! Connections and their credentials: starts and finishes connects, opens shop clients, refreshes grants once, disconnects.
//! Holds no secret longer than a call lasts.

mod callback;
mod check;
mod consumer;
mod disconnect;
mod finish;
mod identity;
mod keys;
mod legacy;
mod migrate;
mod older;
mod outcome;
mod posted;
mod refusal;
mod reseal;
mod save;
mod start;

use std::sync::Arc;

pub use callback::{Callback, CallbackOutcome, Connected, callback_mark, origin_mark};
pub use check::{CheckedShop, check};
pub use disconnect::{Disconnected, disconnect};
pub use finish::{finish, receive_posted};
pub use identity::{ReadIdentity, read_identity};
pub use keys::{StoredCredentials, refresh_ahead, refresh_run};
pub use legacy::{LegacyKeys, legacy_keys, legacy_keys_before, take_legacy_keys};
pub use migrate::{Migrated, migrate_tokens};
pub use older::{complete as complete_older, lacking_facts, needed_keys};
pub use outcome::link_refusal;
pub use posted::posted_mark;
pub use refusal::{Refusal, accepted, push_accepted};
pub use reseal::{Resealed, Unopened, prove_keys, reseal};
pub use save::connect_with_key;
pub use start::{Begin, Begun, Next, Sharing, begin, install, refuse_anothers, takes_deliveries};

use crate::{
    db::{self, Tx, connection::BY_ADOPTION},
    model::{Connection, ConnectionId, ConnectionStatus, Failure, FailureKind, Noun},
    outside::Deadline,
    provider::{Shop, ShopClient},
    tools::{Lease, Shared, Tools},
};

/// A client of a connected shop; fails unless it is usable.
pub async fn open(tools: &Shared, id: &ConnectionId) -> Result<(ShopClient, Connection), Failure> {
    let connection = find_usable(tools, id).await?;
    Ok((shop_client(tools, &connection, None)?, connection))
}

/// A client for a job: it sends nothing after the job's lease.
pub async fn open_for(
    lease: &Arc<Lease>,
    tools: &Shared,
    id: &ConnectionId,
) -> Result<(ShopClient, Connection), Failure> {
    let connection = find_usable(tools, id).await?;
    // Whoever asks by hand asks the shop.
    if !lease.job.payload.0.is_by_hand() {
        refusal::not_waiting(&connection, tools.outside.clock.now())?;
    }
    Ok((shop_client(tools, &connection, Some(lease.deadline()))?.fenced(lease.clone()), connection))
}

async fn find_usable(tools: &Tools, id: &ConnectionId) -> Result<Connection, Failure> {
    let connection = find(tools, id).await?;
    usable(&connection)?;
    Ok(connection)
}

async fn find(tools: &Tools, id: &ConnectionId) -> Result<Connection, Failure> {
    let mut tx = tools.db.read().await?;
    db::connection::find(&mut tx, id).await?.ok_or_else(|| Failure::not_found(Noun::Connection, id))
}

/// Fails if the shop must not be called any more, by its row in this transaction.
pub async fn still_usable(tx: &mut Tx, id: &ConnectionId) -> Result<(), Failure> {
    match db::connection::find(tx, id).await? {
        Some(connection) => usable(&connection),
        None => Err(Failure::new(FailureKind::Disconnected, format!("connection '{id}' is not there any more"))),
    }
}

fn shop_client(tools: &Shared, connection: &Connection, until: Option<&Deadline>) -> Result<ShopClient, Failure> {
    shop_client_by(tools, connection, StoredCredentials::new(tools.clone(), connection.id.clone()), until)
}

fn shop_client_by(
    tools: &Shared,
    connection: &Connection,
    keys: StoredCredentials,
    until: Option<&Deadline>,
) -> Result<ShopClient, Failure> {
    let outside = until.map_or_else(|| tools.outside.clone(), |until| tools.outside.within(until));
    let provider = tools.provider(&connection.store_type)?.clone();
    let app = tools.app_of(&provider)?.cloned();
    let mut facts = connection.facts.0.clone();
    if facts.is_empty() {
        // The older application still connects shops, without facts.
        facts = provider.facts_of_address(&connection.store_url).unwrap_or_default();
    }
    let shop = Shop { provider, facts, store_url: connection.store_url.clone(), app };
    Ok(ShopClient::new(outside, shop, Arc::new(keys), &tools.rate_limiters))
}

fn usable(connection: &Connection) -> Result<(), Failure> {
    let name = connection.label();
    let why = connection.last_error.as_deref().unwrap_or("no reason was kept");
    let ended = matches!(connection.status, ConnectionStatus::NeedsReauth | ConnectionStatus::Disconnected);
    if let Some(reason) = connection.pause_reason.as_deref().filter(|_| connection.paused_at.is_some() && !ended) {
        // An adoption's reason contains the advice.
        let advice = format!("; run: store-sync connections resume {}", connection.id);
        let advice = if connection.paused_by.as_deref() == Some(BY_ADOPTION) { "" } else { &advice };
        return Err(Failure::new(FailureKind::Paused, format!("{name} is paused ({reason}){advice}")));
    }
    match connection.status {
        ConnectionStatus::Active => Ok(()),
        ConnectionStatus::NeedsReauth => {
            Err(Failure::new(FailureKind::NeedsReauth, format!("{name} has to be connected again: {why}")))
        }
        ConnectionStatus::Disconnected => {
            Err(Failure::new(FailureKind::Disconnected, format!("{name} is disconnected; connect it again to use it")))
        }
        ConnectionStatus::Pending => Err(Failure::new(FailureKind::Pending, format!("{name} is not connected yet"))),
        ConnectionStatus::Error => Err(Failure::new(FailureKind::ConnectionError, format!("{name} is stopped: {why}"))),
    }
}
