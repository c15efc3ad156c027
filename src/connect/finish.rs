//! Finishes a connect: matches the callback to it, obtains a grant, enqueues the first import.

use std::sync::Arc;

use serde_json::Value;

use super::{
    callback::{Callback, CallbackOutcome, consume_state, find_by_state, get, unknown},
    consumer, outcome, posted,
    save::{Permission, establish},
    start::{Sharing, VERIFIER, client_of_shop, fingerprint},
};
use crate::{
    db::{self, oauth_state::OauthState},
    model::{ClientId, ConnectionId, Facts, Failure, FailureKind, Grant, Secret},
    provider::{self, CallbackCode, ConnectKind, Provider},
    tools::Tools,
    vault::Binding,
};

/// Finishes a connect. A refused callback connects nothing; the failure never says which secret was wrong.
pub async fn finish(tools: &Tools, callback: Callback<'_>) -> Result<CallbackOutcome, Failure> {
    let provider = tools.provider(callback.provider)?;
    match provider.kind() {
        ConnectKind::PostedKeys => return posted::finish_posted(tools, provider, &callback).await,
        ConnectKind::BroughtKeys => return posted::accept_query_keys(tools, provider, &callback).await,
        ConnectKind::Oauth1 => return consumer::finish_oauth1(tools, provider, &callback).await,
        _ if provider.takes_pasted_keys() || callback.state.is_some() => return Err(unknown()),
        _ => {}
    }
    let mut expected = claim(tools, provider, &callback).await?;
    let state = expected.state.take();
    let finished = connect(tools, provider, &callback, expected).await;
    match state {
        Some(state) => outcome::record(tools, &state, finished).await,
        None => finished,
    }
}

/// Connects the shop of a callback that was matched to its connect.
async fn connect(
    tools: &Tools,
    provider: &Arc<Provider>,
    callback: &Callback<'_>,
    expected: Expected,
) -> Result<CallbackOutcome, Failure> {
    if let Some(error) = get(callback.query, "error") {
        return Err(refused(provider, error));
    }
    let app = tools.app_of(provider)?;
    let mut facts = expected.facts;
    let grant = if provider.kind().brings_code() {
        let code = get(callback.query, "code").filter(|code| !code.is_empty());
        let code =
            code.ok_or_else(|| Failure::new(FailureKind::CodeMissing, "the shop sent no code; connect again"))?;
        let redirect_uri = tools.redirect_uri(callback.provider);
        let code =
            CallbackCode { code: code.into(), redirect_uri: &redirect_uri, verifier: expected.verifier.as_ref() };
        let app = tools.app(callback.provider)?;
        let (grant, told) = provider::exchange(&tools.outside, provider, app, &facts, code).await?;
        facts.extend(told);
        grant
    } else {
        provider::own_token(&tools.outside, provider, app, &facts, &Grant::default()).await?
    };
    let given = Permission {
        client: &expected.client,
        provider,
        store_url: &expected.store_url,
        facts,
        grant,
        reconnect: expected.reconnect.as_ref(),
        sharing: expected.sharing,
    };
    let (connected, facts) = establish(tools, given).await?;
    Ok(CallbackOutcome::Connected { connected, go_to: provider.done_url(app, &facts)? })
}

/// Receives what a shop's server posted.
pub async fn receive_posted(tools: &Tools, provider: &str, state: Option<&str>, body: &Value) -> Result<(), Failure> {
    let provider = tools.provider(provider)?;
    match (provider.kind(), state) {
        (ConnectKind::Oauth1, Some(state)) => consumer::receive_consumer(tools, provider, state, body).await,
        (ConnectKind::PostedKeys, None) => posted::receive_keys(tools, provider, body).await,
        _ => Err(unknown()),
    }
}

/// The connect that a callback belongs to.
struct Expected {
    /// The hash of its state; none if the platform began it.
    state: Option<String>,
    client: ClientId,
    reconnect: Option<ConnectionId>,
    /// Empty if the shop states it later.
    store_url: String,
    facts: Facts,
    verifier: Option<Secret>,
    sharing: Sharing,
}

/// Matches the callback to a pending connect and consumes that; or, if a platform may start one, verifies that it is
/// about a shop whose client is known.
async fn claim(tools: &Tools, provider: &Arc<Provider>, callback: &Callback<'_>) -> Result<Expected, Failure> {
    let now = tools.outside.clock.now();
    let app = tools.app_of(provider)?;
    let mut tx = tools.db.begin().await?;
    let found = if provider.kind().carries_state() {
        Some(find_by_state(tools, &mut tx, provider, callback).await?)
    } else {
        let mark = fingerprint(callback.browser.unwrap_or_default());
        db::oauth_state::find_by_browser(&mut tx, provider.key(), &mark, now).await?
    };
    let Some(mut found) = found else {
        drop(tx);
        return platform_initiated(tools, provider, callback).await;
    };
    provider::check_callback(provider, app, &found.facts.0, callback.query, now)?;
    let mut facts = std::mem::take(&mut found.facts.0);
    if get(callback.query, "error").is_none() {
        facts.extend(provider::callback_facts(provider, callback.query)?);
    }
    consume_state(tools, &mut tx, &found).await?;
    tx.commit().await?;
    let verifier =
        found.code_verifier_sealed.as_deref().map(|sealed| open_verifier(tools, &found, sealed)).transpose()?;
    Ok(Expected {
        state: Some(found.state_hash),
        client: found.client_id,
        reconnect: found.store_connection_id,
        store_url: found.store_url,
        facts,
        verifier,
        sharing: Sharing::said(found.may_share),
    })
}

/// A callback of a connect that the platform started: without our state or a known browser. The code, or the platform's
/// signature, proves which shop it is about; that shop's client must be known already.
async fn platform_initiated(
    tools: &Tools,
    provider: &Arc<Provider>,
    callback: &Callback<'_>,
) -> Result<Expected, Failure> {
    if !provider.may_be_begun_by_platform() {
        return Err(unknown());
    }
    provider::check_origin(provider, tools.app_of(provider)?, callback.query, tools.outside.clock.now())?;
    let facts = provider::callback_facts(provider, callback.query)?;
    let store_url = provider.store_url_if_known(&facts)?.ok_or_else(unknown)?;
    let (client, reconnect) = client_of_shop(tools, provider, &store_url).await?;
    let sharing = Sharing::Refused;
    Ok(Expected { state: None, client, reconnect, store_url, facts, verifier: None, sharing })
}

fn open_verifier(tools: &Tools, state: &OauthState, sealed: &str) -> Result<Secret, Failure> {
    tools
        .vault
        .unseal_text(&Binding(&[VERIFIER, &state.state_hash]), sealed)
        .map_err(|e| Failure::new(FailureKind::Vault, e.to_string()))
}

/// The failure that a shop's error code means. Only the codes of RFC 6749 are repeated.
fn refused(provider: &Provider, error: &str) -> Failure {
    let known = [
        "access_denied",
        "invalid_request",
        "unauthorized_client",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    ];
    let word = known.iter().find(|word| **word == error).copied().unwrap_or("an unknown error");
    let text = match word {
        "access_denied" => format!("access was declined at {}; nothing was connected", provider.name()),
        word => format!("{} ended the connect with {word}", provider.name()),
    };
    Failure::new(if word == "access_denied" { FailureKind::AccessDenied } else { FailureKind::AuthoriseError }, text)
}
