//! Saves a connected shop: sealed grant, what the shop told, and the first import, in one transaction.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Connected, start, wake::wake_pushes_in};
use crate::{
    db::{self, connection::NewConnection, grant::SealedGrant, job::NewJob},
    model::{ClientId, ConnectionId, Facts, Failure, Grant, ImportScope, Task, Time, Trigger},
    provider::{self, Fixed, Provider, Session, ShopFacts},
    tools::Tools,
    vault::Binding,
};

/// A shop that has proved to be reachable with its grant.
pub(super) struct Arrival<'a> {
    pub(super) client: &'a ClientId,
    pub(super) provider: &'a Provider,
    pub(super) store_url: &'a str,
    pub(super) facts: &'a Facts,
    pub(super) shop: ShopFacts,
    pub(super) grant: Grant,
    pub(super) reconnect: Option<&'a ConnectionId>,
}

/// Connects a shop by keys that the merchant pasted: proved by a call, then sealed.
pub async fn paste(
    tools: &Tools,
    client: &str,
    provider: &str,
    fields: &BTreeMap<String, String>,
) -> Result<Connected, Failure> {
    let provider = tools.provider(provider)?.clone();
    if !provider.takes_pasted_keys() {
        let text =
            format!("{} is connected by consent at the shop, not by a pasted key: leave --key out", provider.name());
        return Err(Failure::give_up("no_pasted_key", text));
    }
    let (facts, secrets) = provider.read_fields(fields)?;
    let store_url = provider.store_url(&facts)?;
    let client = start::client(tools, client).await?;
    let grant = Grant { secrets, version: 1, ..Grant::default() };
    let keys = Arc::new(Fixed::new(grant.clone()));
    let (outside, url) = (tools.outside.clone(), store_url.clone());
    let session = Session::new(outside, provider.clone(), facts.clone(), url, keys, tools.pacers.clone());
    let shop = provider::probe(&session).await?;
    let arrival = Arrival {
        client: &client.id,
        provider: &provider,
        store_url: &store_url,
        facts: &facts,
        shop,
        grant,
        reconnect: None,
    };
    save(tools, arrival).await
}

/// When a refresh token is to be used although nobody needs it: after about two thirds of its life, earlier for some and later
/// for others, so that shops that were connected together are not renewed together.
pub(super) fn keep_alive_at(tools: &Tools, grant: &Grant) -> Option<Time> {
    let now = tools.outside.clock.now();
    let life = grant.refresh_expires_at?.since(now);
    let percent = 60 + tools.outside.random.below(15);
    Some(now.plus((life / 100 * u32::try_from(percent).unwrap_or(60)).max(Duration::from_mins(10))))
}

/// Saves the shop, or renews the connection it has: the same shop of the same client stays one connection.
pub(super) async fn save(tools: &Tools, mut arrival: Arrival<'_>) -> Result<Connected, Failure> {
    let now = tools.outside.clock.now();
    let mut facts = arrival.facts.clone();
    facts.extend(std::mem::take(&mut arrival.shop.facts));
    arrival.grant.keep_alive_at = keep_alive_at(tools, &arrival.grant);
    let mut tx = tools.db.begin().await?;
    let mut id = tools.outside.new_id::<ConnectionId>();
    // The seal is bound to the row's id. When another connect of the same shop wins the insert, its id is taken over.
    loop {
        let same =
            db::connection::find_same(&mut tx, arrival.client, arrival.provider.key(), arrival.store_url).await?;
        if let Some(same) = &same {
            id = same.id.clone();
            arrival.grant.version = same.token_version + 1;
            same_shop(same.external_store_id.as_deref(), arrival.shop.external_id.as_deref())?;
        } else {
            arrival.grant.version = 1;
        }
        if arrival.reconnect.is_some_and(|wanted| *wanted != id) {
            let text = "this is another shop than the one to be connected again; nothing was changed";
            return Err(Failure::give_up("other_shop", text));
        }
        let new = NewConnection {
            id: &id,
            client_id: arrival.client,
            provider: arrival.provider.key(),
            store_url: arrival.store_url,
            store_name: arrival.shop.name.as_deref(),
            external_store_id: arrival.shop.external_id.as_deref(),
            facts: &facts,
        };
        let sealed = seal(tools, &id, arrival.client, arrival.provider.key(), &arrival.grant);
        db::connection::upsert(&mut tx, &new, &arrival.grant, &sealed, now).await?;
        let row = db::connection::find_same(&mut tx, arrival.client, arrival.provider.key(), arrival.store_url).await?;
        if row.is_some_and(|row| row.id == id) {
            break;
        }
    }
    let import_job = db::job::insert(&mut tx, &first_import(tools, arrival.client, &id), now).await?;
    wake_pushes_in(tools, &mut tx, &id, Trigger::Retry).await?;
    tx.commit().await?;
    tools.bell.notify_waiters();
    tracing::info!(connection.id = %id, provider = arrival.provider.key(), "shop connected");
    Ok(Connected { connection: id, store_name: arrival.shop.name, import_job })
}

fn same_shop(known: Option<&str>, answered: Option<&str>) -> Result<(), Failure> {
    match (known, answered) {
        (Some(known), Some(answered)) if known != answered => {
            let text =
                "a different shop answers at this address than the one connected before; disconnect that one first";
            Err(Failure::give_up("other_shop", text))
        }
        _ => Ok(()),
    }
}

/// Seals a grant for the row it will stand in.
pub(super) fn seal(tools: &Tools, id: &ConnectionId, client: &ClientId, provider: &str, grant: &Grant) -> SealedGrant {
    seal_plaintext(tools, &[id.as_str(), client.as_str(), provider], &grant.to_plaintext(provider))
}

/// The same for a grant that is open already.
pub(super) fn seal_plaintext(tools: &Tools, binding: &[&str; 3], plaintext: &[u8]) -> SealedGrant {
    SealedGrant(tools.vault.seal(&Binding(binding), plaintext), tools.vault.fingerprint(plaintext))
}

fn first_import(tools: &Tools, client: &ClientId, connection: &ConnectionId) -> NewJob {
    NewJob {
        id: tools.outside.new_id(),
        client: client.clone(),
        task: Task::ImportProducts {
            connection: connection.clone(),
            scope: ImportScope::Full,
            trigger: Trigger::Startup,
            accept_deletes: false,
        },
        dedupe_key: Some(format!("import:{connection}:full")),
        scheduled_for: tools.outside.clock.now(),
        max_attempts: 5,
        priority: 100,
    }
}
