//! Shops that the older application connected: the keys that unseal their grants, and the facts that its rows lack.

use std::collections::BTreeMap;

use crate::{
    db::{self, Db},
    model::{Connection, ConnectionStatus, Failure, FailureKind},
    provider::{Provider, Providers},
    tools::Tools,
    vault::{Binding, Sealed, Vault},
};

/// Lists missing keys of the older application, one sentence each. `adopted`: whether the database is adopted.
pub async fn needed_keys(db: &Db, vault: Option<&Vault>, place: &str, adopted: bool) -> Result<Vec<String>, Failure> {
    let mut tx = db.read().await?;
    let mut closed: BTreeMap<String, usize> = BTreeMap::new();
    for row in db::grant::list_older(&mut tx, adopted).await? {
        let binding = [row.id.as_str(), row.client_id.as_str(), row.store_type.as_str()];
        if vault.is_none_or(|vault| vault.unseal(&Binding(&binding), &row.sealed).is_err()) {
            *closed.entry(row.sealed.key_id).or_default() += 1;
        }
    }
    Ok(closed.iter().map(|(key, shops)| told(key, *shops, place)).collect())
}

fn told(key: &str, shops: usize, place: &str) -> String {
    format!(
        "the credentials of {shops} connection(s) are sealed with the older application's key '{key}', and the key ring has no key \
         that opens them. Give it: the value of its STORE_CREDENTIALS_KEY as one more line `{key}:VALUE` behind our own keys in \
         {place}; that ours may have the same id does no harm"
    )
}

/// The same for one sealed grant.
pub(super) fn needed_key(tools: &Tools, sealed: &Sealed, shops: usize) -> String {
    told(&sealed.key_id, shops, &tools.vault.location())
}

/// Connections that will be paused once the database is adopted, one sentence each.
pub async fn lacking_facts(db: &Db, providers: &Providers) -> Result<Vec<String>, Failure> {
    let mut tx = db.read().await?;
    let all = db::connection::list_addresses(&mut tx).await?;
    let told = all.iter().filter_map(|(id, provider, store_url)| {
        let provider = providers.get(provider)?;
        let lacks = provider.facts_of_address(store_url).is_none();
        lacks.then(|| format!("connection {id} will be paused: {}", lacking(provider, store_url)))
    });
    Ok(told.collect())
}

fn lacking(provider: &Provider, store_url: &str) -> String {
    format!(
        "taken over from the older application, whose row does not say what the file of {} looks up (its address is {store_url}): \
         connect the shop again",
        provider.name()
    )
}

/// Sets the facts of adopted connections that their provider's file looks up, if the shop's address contains them.
/// Pauses the others; returns a sentence for each.
pub async fn complete(tools: &Tools) -> Result<Vec<String>, Failure> {
    let mut all = list_all(tools).await?;
    // Asked first: a database that is up to date may be read-only.
    if all.iter().any(|c| {
        c.status == ConnectionStatus::Error && c.last_error_code.as_deref() == Some(FailureKind::Paused.code())
    }) {
        let mut tx = tools.db.begin().await?;
        db::connection::mend_pauses(&mut tx).await?;
        tx.commit().await?;
        all = list_all(tools).await?;
    }
    let mut told = Vec::new();
    for connection in all.iter().filter(|c| c.facts.0.is_empty() && c.is_usable()) {
        told.extend(complete_one(tools, connection).await?);
    }
    Ok(told)
}

async fn list_all(tools: &Tools) -> sqlx::Result<Vec<Connection>> {
    let mut tx = tools.db.read().await?;
    db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await
}

async fn complete_one(tools: &Tools, connection: &Connection) -> Result<Option<String>, Failure> {
    let Ok(provider) = tools.provider(&connection.store_type) else { return Ok(None) };
    let facts = provider.facts_of_address(&connection.store_url);
    if facts.as_ref().is_some_and(serde_json::Map::is_empty) {
        return Ok(None);
    }
    let mut tx = tools.db.begin().await?;
    let told = if let Some(facts) = facts {
        db::connection::update_facts(&mut tx, &connection.id, &facts).await?;
        None
    } else {
        let (why, now) = (lacking(provider, &connection.store_url), tools.outside.clock.now());
        db::connection::mark_paused(&mut tx, &connection.id, db::connection::BY_ADOPTION, &why, now).await?;
        Some(format!("connection {} is paused: {why}", connection.id))
    };
    tx.commit().await?;
    Ok(told)
}
