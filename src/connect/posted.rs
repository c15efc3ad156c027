//! Keys that the shop's server posts, in two halves: the server posts them, and the browser that started the connect
//! returns. Only both together connect the shop, so that nobody can connect a stranger's shop to himself.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    callback::{Callback, CallbackOutcome, consume_state, find_by_state, in_time, unknown},
    outcome,
    save::{Permission, establish, probe},
    start::{self, Sharing, fingerprint, is_browser_mark},
};
use crate::{
    db::{self, oauth_state::OauthState},
    model::{Failure, FailureKind, Grant},
    provider::{self, ConnectKind, Provider, ShopClient},
    tools::Tools,
    vault::Binding,
};

/// Binds sealed keys to the connect they were posted for.
const KEYS: &str = "oauth_state_keys";
/// How long a browser waits, after a refusal, until its key is deleted at the shop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the state in a shop server's post, if we signed it; reads no database.
pub fn posted_mark(tools: &Tools, provider: &str, state: Option<&str>, body: &Value) -> Option<String> {
    let provider = tools.provider(provider).ok()?;
    state.or_else(|| provider.posted_state(body)).filter(|state| is_browser_mark(tools, state)).map(str::to_owned)
}

/// Receives the keys that a shop's server posted. They are verified by a call to that shop before they are stored: a
/// shop whose post is refused deletes them.
pub(super) async fn receive_keys(tools: &Tools, provider: &Arc<Provider>, body: &Value) -> Result<(), Failure> {
    let found = find(tools, provider, provider.posted_state(body).unwrap_or_default()).await?;
    let grant = outcome::record(tools, &found.state_hash, verified(tools, provider, &found, body).await).await?;
    store_grant(tools, &found, provider, &grant, true).await
}

/// The posted keys, if the shop accepts them.
async fn verified(tools: &Tools, provider: &Arc<Provider>, found: &OauthState, body: &Value) -> Result<Grant, Failure> {
    let grant = provider::grant_from_posted_keys(provider, body)?;
    probe(tools, provider, &found.facts.0, &found.store_url, &grant).await?;
    Ok(grant)
}

/// Returns the pending connect of a state.
pub(super) async fn find(tools: &Tools, provider: &Provider, state: &str) -> Result<OauthState, Failure> {
    let mut tx = tools.db.read().await?;
    let found = db::oauth_state::find(&mut tx, &fingerprint(state)).await?;
    let found = found.filter(|found| found.store_type == provider.key()).ok_or_else(unknown)?;
    in_time(tools, &found)?;
    Ok(found)
}

/// Stores keys sealed until the browser returns. With `once`, a second post for the same connect is refused.
pub(super) async fn store_grant(
    tools: &Tools,
    found: &OauthState,
    provider: &Provider,
    grant: &Grant,
    once: bool,
) -> Result<(), Failure> {
    let plaintext = grant.to_plaintext(provider.key());
    let text = std::str::from_utf8(&plaintext).unwrap_or_default();
    let sealed = tools.vault.seal_text(&Binding(&[KEYS, &found.state_hash]), text);
    let mut tx = tools.db.begin().await?;
    let kept =
        db::oauth_state::update_grant(&mut tx, &found.state_hash, &sealed, once, tools.outside.clock.now()).await?;
    tx.commit().await?;
    if kept {
        Ok(())
    } else {
        Err(Failure::new(FailureKind::StateUsed, "keys were brought for this connect already; begin again"))
    }
}

/// Returns the posted keys, if there are any.
pub(super) fn posted_grant(tools: &Tools, found: &OauthState) -> Result<Option<Grant>, Failure> {
    use secrecy::ExposeSecret;
    let Some(sealed) = &found.grant_sealed else { return Ok(None) };
    let vault = |why: String| Failure::new(FailureKind::Vault, why);
    let text =
        tools.vault.unseal_text(&Binding(&[KEYS, &found.state_hash]), sealed).map_err(|e| vault(e.to_string()))?;
    let secrets = Grant::secrets_from_plaintext(text.expose_secret().as_bytes());
    let secrets = secrets.ok_or_else(|| vault("sealed keys have an unknown form".into()))?;
    Ok(Some(Grant { secrets, version: 1, ..Grant::default() }))
}

/// Accepts keys in the browser's URL, where they are in plain text: the caller redirects it at once.
pub(super) async fn accept_query_keys(
    tools: &Tools,
    provider: &Arc<Provider>,
    callback: &Callback<'_>,
) -> Result<CallbackOutcome, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = find_by_state(tools, &mut tx, provider, callback).await?;
    consume_state(tools, &mut tx, &found).await?;
    tx.commit().await?;
    let grant = if provider.declined(callback.query) {
        Err(declined(provider))
    } else {
        provider::grant_from_query(provider, &found.facts.0, callback.query)
    };
    connect(tools, provider, found, grant).await
}

/// Connects the shop, unless there is no grant: keys present, browser verified, state consumed.
async fn connect(
    tools: &Tools,
    provider: &Arc<Provider>,
    found: OauthState,
    grant: Result<Grant, Failure>,
) -> Result<CallbackOutcome, Failure> {
    let state_hash = found.state_hash.clone();
    let brought = grant.as_ref().ok().filter(|_| provider.kind() == ConnectKind::BroughtKeys);
    let key = brought.map(|grant| start::new_client(tools, provider, &found.facts.0, &found.store_url, grant.clone()));
    let connected = match grant {
        Ok(grant) => connect_with(tools, provider, found, grant).await,
        Err(failure) => Err(failure),
    };
    let connected = outcome::record(tools, &state_hash, connected).await;
    if let (Err(failure), Some(key)) = (&connected, key) {
        delete_key(provider, &key, failure).await;
    }
    connected
}

/// Deletes the key of a connect that was refused: made for it alone, it would stay valid at the shop. Not where the connection may
/// have been saved all the same.
async fn delete_key(provider: &Provider, key: &ShopClient, refusal: &Failure) {
    if !provider.ends_permissions() || refusal.kind == FailureKind::Database {
        return;
    }
    let provider = provider.key();
    match tokio::time::timeout(PATIENCE, provider::revoke(key)).await {
        Ok(Ok(_)) => tracing::info!(provider, "the key of a refused connect is deleted"),
        Ok(Err(failure)) => tracing::warn!(provider, "the key of a refused connect stays valid at the shop: {failure}"),
        Err(_) => {
            tracing::warn!(provider, "the key of a refused connect stays valid at the shop, which does not answer");
        }
    }
}

async fn connect_with(
    tools: &Tools,
    provider: &Arc<Provider>,
    found: OauthState,
    grant: Grant,
) -> Result<CallbackOutcome, Failure> {
    let given = Permission {
        client: &found.client_id,
        provider,
        store_url: &found.store_url,
        facts: found.facts.0,
        grant,
        reconnect: found.store_connection_id.as_ref(),
        sharing: Sharing::said(found.may_share),
    };
    let (connected, _) = establish(tools, given).await?;
    Ok(CallbackOutcome::Connected { connected, go_to: None })
}

fn declined(provider: &Provider) -> Failure {
    let text = format!("access was declined at {}; nothing was connected", provider.name());
    Failure::new(FailureKind::AccessDenied, text)
}

/// Connects the shop when the browser returns, if its server has posted the keys.
pub(super) async fn finish_posted(
    tools: &Tools,
    provider: &Arc<Provider>,
    callback: &Callback<'_>,
) -> Result<CallbackOutcome, Failure> {
    let mut tx = tools.db.begin().await?;
    let found = find_by_state(tools, &mut tx, provider, callback).await?;
    let grant = if provider.declined(callback.query) {
        Err(declined(provider))
    } else {
        let Some(grant) = posted_grant(tools, &found)? else { return Ok(CallbackOutcome::Waiting) };
        Ok(grant)
    };
    consume_state(tools, &mut tx, &found).await?;
    tx.commit().await?;
    connect(tools, provider, found, grant).await
}
