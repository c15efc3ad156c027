//! Saves a connected shop: sealed grant, the shop's facts and the first jobs, in one transaction.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    Connected,
    start::{self, Sharing},
};
use crate::{
    db::{self, Tx, connection::NewConnection, grant::SealedGrant},
    model::{
        ClientId, Connection, ConnectionId, Facts, Failure, FailureKind, Grant, ImportScope, JobId, Task, Trigger,
    },
    provider::{self, Provider, ShopFacts},
    tools::Tools,
    vault::{Binding, Sealed},
};

/// The least time between a refresh and the next one ahead of expiry.
pub(super) const REFRESH_PAUSE: Duration = Duration::from_mins(1);

/// A grant that was just received, and what is known of the shop so far.
pub(super) struct Permission<'a> {
    pub(super) client: &'a ClientId,
    pub(super) provider: &'a Arc<Provider>,
    /// The address the connect was started for; empty if the shop states it later.
    pub(super) store_url: &'a str,
    pub(super) facts: Facts,
    pub(super) grant: Grant,
    pub(super) reconnect: Option<&'a ConnectionId>,
    pub(super) sharing: Sharing,
}

/// A shop that a call with its grant has reached.
struct Established<'a> {
    client: &'a ClientId,
    provider: &'a Provider,
    store_url: &'a str,
    facts: &'a Facts,
    shop: ShopFacts,
    grant: Grant,
    reconnect: Option<&'a ConnectionId>,
    sharing: Sharing,
}

/// Connects a shop with keys that the merchant pasted: verified by a call, then sealed.
pub async fn connect_with_key(
    tools: &Tools,
    client: &str,
    provider: &str,
    fields: &BTreeMap<String, String>,
    sharing: Sharing,
) -> Result<Connected, Failure> {
    let provider = tools.provider(provider)?;
    if !provider.takes_pasted_keys() {
        let text =
            format!("{} is connected by consent at the shop, not by a pasted key: leave --key out", provider.name());
        return Err(Failure::new(FailureKind::NoPastedKey, text));
    }
    let (facts, secrets) = provider.read_fields(fields)?;
    let store_url = provider.store_url_if_known(&facts)?.unwrap_or_default();
    let client = start::client(tools, client).await?;
    if sharing == Sharing::Refused {
        start::refuse_anothers(tools, &client.id, provider, &store_url).await?;
    }
    let mut grant = Grant { secrets, version: 1, ..Grant::default() };
    if provider.makes_own_tokens() {
        let app = tools.app_of(provider)?;
        grant = provider::own_token(&tools.outside, provider, app, &facts, &grant).await?;
    }
    let given =
        Permission { client: &client.id, provider, store_url: &store_url, facts, grant, reconnect: None, sharing };
    Ok(establish(tools, given).await?.0)
}

/// Verifies a grant by a call to the shop and saves it. Also returns all known facts.
pub(super) async fn establish(tools: &Tools, given: Permission<'_>) -> Result<(Connected, Facts), Failure> {
    let Permission { client, provider, store_url, mut facts, grant, reconnect, sharing } = given;
    let missing = provider.missing_scopes(&grant);
    if !missing.is_empty() {
        let text = format!(
            "the shop did not grant everything that is needed: {} is missing; connect again and allow all of it",
            missing.join(", ")
        );
        return Err(Failure::new(FailureKind::ScopesMissing, text));
    }
    let mut shop = probe(tools, provider, &facts, store_url, &grant).await?;
    facts.extend(std::mem::take(&mut shop.facts));
    let now_known = provider.store_url(&facts)?;
    if !store_url.is_empty() && store_url != now_known {
        return Err(Failure::new(
            FailureKind::OtherShop,
            "the shop calls itself by another address than the one given",
        ));
    }
    let arrival =
        Established { client, provider, store_url: &now_known, facts: &facts, shop, grant, reconnect, sharing };
    Ok((save(tools, arrival).await?, facts))
}

/// The first call with a grant that is not stored yet.
pub(super) async fn probe(
    tools: &Tools,
    provider: &Arc<Provider>,
    facts: &Facts,
    store_url: &str,
    grant: &Grant,
) -> Result<ShopFacts, Failure> {
    provider::first_probe(&start::new_client(tools, provider, facts, store_url, grant.clone())).await?.complete()
}

/// Sets when a grant is refreshed, kept alive and warned about; with jitter for the first two, so that shops that were
/// connected together are not refreshed together.
pub(super) fn plan_ahead(tools: &Tools, provider: &Provider, grant: &mut Grant) {
    let now = tools.outside.clock.now();
    let share = |life: Duration, from: u64, width: u64| {
        let percent = from + tools.outside.random.below(width);
        life / 100 * u32::try_from(percent).unwrap_or(50)
    };
    let renewable = grant.secret("refresh").is_some() || provider.makes_own_tokens();
    grant.renew_at = grant.expires_at.filter(|_| renewable).map(|end| {
        // Before expiry by the provider's margin and up to a fifth of the life, never in its first half.
        let life = end.since(now);
        let ahead = provider.refresh_margin() + share(life, 0, 20);
        now.plus(life.saturating_sub(ahead).max(life / 2).max(REFRESH_PAUSE))
    });
    let permission = grant.refresh_expires_at.map(|end| end.since(now));
    grant.keep_alive_at = permission.map(|life| now.plus(share(life, 60, 15).max(Duration::from_mins(10))));
    // If keep-alive has not succeeded by then, it is not likely to succeed without a person.
    grant.warn_at = permission.map(|life| now.plus(life / 100 * 85));
}

/// Saves the shop, or updates its connection: the same shop of the same client stays one connection.
async fn save(tools: &Tools, mut arrival: Established<'_>) -> Result<Connected, Failure> {
    let now = tools.outside.clock.now();
    plan_ahead(tools, arrival.provider, &mut arrival.grant);
    let mut tx = tools.db.begin().await?;
    let mut id = tools.outside.new_id::<ConnectionId>();
    // Of two clients that connect one shop in the same moment, the second sees the first.
    tx.lock(&format!("shop:{} {}", arrival.provider.key(), arrival.store_url)).await?;
    start::not_anothers(&mut tx, arrival.client, arrival.provider, arrival.store_url, arrival.sharing).await?;
    // The seal is bound to the row's id. If a concurrent connect of the same shop wins the insert, its id is used.
    let paused = loop {
        let same =
            db::connection::find_same(&mut tx, arrival.client, arrival.provider.key(), arrival.store_url).await?;
        if let Some(same) = same {
            id = same.id;
            arrival.grant.version = same.token_version + 1;
            same_shop(same.external_store_id.as_deref(), arrival.shop.external_id.as_deref())?;
        } else {
            arrival.grant.version = 1;
        }
        if arrival.reconnect.is_some_and(|wanted| *wanted != id) {
            let text = "this is another shop than the one to be connected again; nothing was changed";
            return Err(Failure::new(FailureKind::OtherShop, text));
        }
        let new = NewConnection {
            id: &id,
            client_id: arrival.client,
            provider: arrival.provider.key(),
            store_url: arrival.store_url,
            store_name: arrival.shop.name.as_deref(),
            external_store_id: arrival.shop.external_id.as_deref(),
            facts: arrival.facts,
        };
        let sealed = seal(tools, &id, arrival.client, arrival.provider.key(), &arrival.grant);
        db::connection::upsert(&mut tx, &new, &arrival.grant, &sealed, now).await?;
        let row = db::connection::find_same(&mut tx, arrival.client, arrival.provider.key(), arrival.store_url).await?;
        if let Some(row) = row.filter(|row| row.id == id) {
            break row.paused_at.is_some();
        }
    };
    let import_job = if paused { None } else { Some(enqueue_first(tools, &mut tx, &id, &arrival).await?) };
    tx.commit().await?;
    tracing::info!(connection.id = %id, provider = arrival.provider.key(), "shop connected");
    Ok(Connected { connection: id, store_name: arrival.shop.name, import_job })
}

/// Enqueues the first jobs of a usable shop: an import, the webhook subscription, and pushes that waited for it.
async fn enqueue_first(
    tools: &Tools,
    tx: &mut Tx,
    id: &ConnectionId,
    arrival: &Established<'_>,
) -> Result<JobId, Failure> {
    let first = Task::ImportProducts {
        connection: id.clone(),
        scope: ImportScope::Full,
        trigger: Trigger::Startup,
        accept_deletes: false,
    };
    let import_job = db::job::enqueue(tx, &tools.outside, arrival.client, first).await?;
    if start::takes_deliveries(tools, arrival.provider, arrival.store_url) {
        let subscribe = Task::Subscribe { connection: id.clone(), trigger: Trigger::Manual };
        db::job::enqueue(tx, &tools.outside, arrival.client, subscribe).await?;
    }
    db::push::enqueue_waiting(tx, &tools.outside, id, Trigger::Retry).await?;
    Ok(import_job)
}

pub(super) fn same_shop(known: Option<&str>, answered: Option<&str>) -> Result<(), Failure> {
    match (known, answered) {
        (Some(known), Some(answered)) if known != answered => {
            let text =
                "a different shop answers at this address than the one connected before; disconnect that one first";
            Err(Failure::new(FailureKind::OtherShop, text))
        }
        _ => Ok(()),
    }
}

/// Seals a grant for the row that stores it.
pub(super) fn seal(tools: &Tools, id: &ConnectionId, client: &ClientId, provider: &str, grant: &Grant) -> SealedGrant {
    seal_plaintext(tools, &[id.as_str(), client.as_str(), provider], &grant.to_plaintext(provider))
}

/// The same for a grant in plain text.
pub(super) fn seal_plaintext(tools: &Tools, binding: &[&str; 3], plaintext: &[u8]) -> SealedGrant {
    SealedGrant(tools.vault.seal(&Binding(binding), plaintext), tools.vault.fingerprint(plaintext))
}

/// Unseals the grant of a connection.
pub(super) fn unsealed(tools: &Tools, connection: &Connection, sealed: &Sealed) -> Result<Grant, Failure> {
    let binding = [connection.id.as_str(), connection.client_id.as_str(), connection.store_type.as_str()];
    let vault = |why: String| Failure::new(FailureKind::Vault, why);
    let plaintext = tools.vault.unseal(&Binding(&binding), sealed).map_err(|e| vault(e.to_string()))?;
    let secrets =
        Grant::secrets_from_plaintext(&plaintext).ok_or_else(|| vault("a sealed grant has an unknown form".into()))?;
    Ok(Grant {
        secrets,
        expires_at: connection.token_expires_at,
        refresh_expires_at: connection.refresh_expires_at,
        renew_at: connection.renew_at,
        warn_at: connection.warn_at,
        keep_alive_at: connection.keep_alive_at,
        scopes: connection.scopes.as_ref().map(|scopes| scopes.0.clone()),
        version: connection.token_version,
    })
}
