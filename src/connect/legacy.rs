//! Shop keys in plain text in the older application's client metadata: found, sealed, removed.

use serde::Serialize;
use serde_json::Value;

use super::save::seal;
use crate::{
    db::{self, Db, connection::NewConnection, grant::SealedGrant},
    model::{ClientId, ConnectionId, ConnectionStatus, Facts, Failure, Grant, Secret},
    tools::Tools,
};

/// What was found for one client, without any key.
#[derive(Debug, Clone, Serialize)]
pub struct LegacyKeys {
    pub client_id: ClientId,
    pub provider: String,
    pub store_url: Option<String>,
    /// The connection of the shop, new or existing.
    pub connection_id: Option<ConnectionId>,
    /// What was found or done, and what to do.
    pub text: String,
}

/// The keys' names in the metadata, and in a grant.
const KEYS: &[(&str, &str)] = &[
    ("consumerKey", "consumer_key"),
    ("consumerSecret", "consumer_secret"),
    ("accessToken", "access"),
    ("refreshToken", "refresh"),
    ("apiKey", "api_key"),
    ("apiSecret", "api_secret"),
];

/// Lists clients whose metadata hold shop keys, or name another vault.
pub async fn legacy_keys(tools: &Tools) -> Result<Vec<LegacyKeys>, Failure> {
    legacy_keys_before(&tools.db).await
}

/// The same in a database that is not adopted yet.
pub async fn legacy_keys_before(db: &Db) -> Result<Vec<LegacyKeys>, Failure> {
    let mut tx = db.read().await?;
    let found = db::client::list_commerce(&mut tx).await?;
    Ok(found.into_iter().filter_map(|(client, metadata)| describe(client, &metadata["commerce"])).collect())
}

fn text(commerce: &Value, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| commerce[*name].as_str())
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn describe(client_id: ClientId, commerce: &Value) -> Option<LegacyKeys> {
    let provider = text(commerce, &["provider"])?;
    let store_url = text(commerce, &["baseUrl", "apiUrl"]);
    let text = if KEYS.iter().any(|(name, _)| commerce[*name].is_string()) {
        format!(
            "keys of its {provider} shop stand in clear in the database; store-sync migrate --take-credentials seals them"
        )
    } else {
        let outside = text(commerce, &["secretName"])?;
        format!("the keys of its {provider} shop are in another vault as '{outside}': connect the shop anew")
    };
    Some(LegacyKeys { client_id, provider, store_url, connection_id: None, text })
}

/// Seals the keys into connections and removes them from the metadata, each client in one transaction.
pub async fn take_legacy_keys(tools: &Tools) -> Result<Vec<LegacyKeys>, Failure> {
    let mut taken = Vec::new();
    for found in legacy_keys(tools).await? {
        taken.push(take(tools, found).await?);
    }
    Ok(taken)
}

async fn take(tools: &Tools, mut found: LegacyKeys) -> Result<LegacyKeys, Failure> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let Some(mut metadata) = db::client::find_metadata(&mut tx, &found.client_id).await? else { return Ok(found) };
    let commerce = &mut metadata["commerce"];
    let mut grant = Grant { version: 1, ..Grant::default() };
    for (name, ours) in KEYS {
        if let Some(key) = commerce.as_object_mut().and_then(|members| members.shift_remove(*name)) {
            grant.secrets.insert((*ours).to_owned(), Secret::from(key.as_str().unwrap_or_default().to_owned()));
        }
    }
    let address = found.store_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let (false, Some(address)) = (grant.secrets.is_empty(), address) else {
        if !grant.secrets.is_empty() {
            "its keys stay where they are: the shop has no usable address".clone_into(&mut found.text);
        }
        return Ok(found);
    };
    let store_url = address.as_str().trim_end_matches('/').to_owned();
    let same = db::connection::find_same(&mut tx, &found.client_id, &found.provider, &store_url).await?;
    if let Some(same) = same.filter(|same| same.status != ConnectionStatus::Disconnected) {
        // Two grants for one shop: a person decides which one is valid.
        found.text = format!(
            "its shop is connected already ({}), so the old keys stay in clear: revoke them in the shop, or disconnect and take them over",
            same.id
        );
        found.connection_id = Some(same.id);
        return Ok(found);
    }
    let id = same_id(tools, &mut tx, &found, &store_url).await?;
    let sealed: SealedGrant = seal(tools, &id, &found.client_id, &found.provider, &grant);
    let facts = Facts::from_iter([("shop".to_owned(), Value::from(store_url.as_str()))]);
    let new = NewConnection {
        id: &id,
        client_id: &found.client_id,
        provider: &found.provider,
        store_url: &store_url,
        store_name: None,
        external_store_id: None,
        facts: &facts,
    };
    db::connection::upsert(&mut tx, &new, &grant, &sealed, now).await?;
    // Sealed, but not verified: paused until a person resumes it.
    let why = format!("taken over from the older application; to use it, run: store-sync connections resume {id}");
    db::connection::mark_paused(&mut tx, &id, db::connection::BY_ADOPTION, &why, now).await?;
    found.text = format!("the keys of its {} shop are sealed in connection {id}: {why}", found.provider);
    found.connection_id = Some(id);
    db::client::update_metadata(&mut tx, &found.client_id, &metadata, now).await?;
    tx.commit().await?;
    Ok(found)
}

async fn same_id(tools: &Tools, tx: &mut db::Tx, found: &LegacyKeys, store_url: &str) -> Result<ConnectionId, Failure> {
    let same = db::connection::find_same(tx, &found.client_id, &found.provider, store_url).await?;
    Ok(same.map_or_else(|| tools.outside.new_id(), |same| same.id))
}
