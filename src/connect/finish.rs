//! Ends a connect: proves that the callback belongs to it, turns what came back into a grant, and leaves the first import.

use std::sync::Arc;

use subtle::ConstantTimeEq;
use url::Url;

use super::{
    consumer, posted,
    save::{Permission, establish},
    start::{VERIFIER, client_of_shop, fingerprint, is_browser_mark},
};
use crate::{
    db::{self, oauth_state::OauthState},
    model::{ClientId, ConnectionId, Facts, Failure, FailureKind, Grant, JobId, Secret},
    provider::{self, CallbackCode, ConnectKind, Provider},
    tools::Tools,
    vault::Binding,
};

/// What came back from the shop with a browser.
pub struct Callback<'a> {
    /// The provider named in the callback's path.
    pub provider: &'a str,
    /// The state named in the callback's path, where it is one of those.
    pub state: Option<&'a str>,
    pub query: &'a [(String, String)],
    /// The browser's mark, from its cookie.
    pub browser: Option<&'a str>,
}

/// A connected shop and the job of its first import.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Connected {
    pub connection: ConnectionId,
    pub store_name: Option<String>,
    pub import_job: JobId,
}

/// How far a callback came.
#[derive(Debug)]
pub enum CallbackOutcome {
    Connected {
        connected: Connected,
        /// Where the platform or the shop wants the browser to go.
        go_to: Option<Url>,
    },
    /// The browser came back before the shop's server did.
    Waiting,
}

/// What of ours a callback brings, told without asking the database: a state or a browser's mark that we gave out, or the
/// signature of a platform that may begin connects.
pub fn callback_mark(tools: &Tools, callback: &Callback<'_>) -> Option<String> {
    let provider = tools.provider(callback.provider).ok()?;
    let state = callback.state.or_else(|| get(callback.query, provider.state_param()));
    let ours = [state, callback.browser.filter(|_| !provider.kind().carries_state())];
    let ours = ours.into_iter().flatten().find(|text| is_browser_mark(tools, text));
    ours.map(str::to_owned).or_else(|| origin_mark(tools, callback.provider, callback.query))
}

/// The signature of a query that its platform really signed.
pub fn origin_mark(tools: &Tools, provider: &str, query: &[(String, String)]) -> Option<String> {
    let provider = tools.provider(provider).ok()?;
    let app = tools.app_of(provider).ok()?;
    let signature = provider.origin_signature(query)?.to_owned();
    provider::check_origin(provider, app, query, tools.outside.clock.now()).is_ok().then_some(signature)
}

/// Ends a connect. Whatever is refused leaves nothing behind; a refusal never tells which secret was wrong.
pub async fn finish(tools: &Tools, callback: Callback<'_>) -> Result<CallbackOutcome, Failure> {
    let provider = tools.provider(callback.provider)?.clone();
    match provider.kind() {
        ConnectKind::PostedKeys => return posted::finish_posted(tools, &provider, &callback).await,
        ConnectKind::BroughtKeys => return posted::accept_query_keys(tools, &provider, &callback).await,
        ConnectKind::Oauth1 => return consumer::finish_oauth1(tools, &provider, &callback).await,
        _ if provider.takes_pasted_keys() || callback.state.is_some() => return Err(unknown()),
        _ => {}
    }
    let app = tools.app_of(&provider)?;
    let expected = claim(tools, &provider, &callback).await?;
    if let Some(error) = get(callback.query, "error") {
        return Err(refused(&provider, error));
    }
    let mut facts = expected.facts;
    let grant = if provider.kind().brings_code() {
        let code = get(callback.query, "code").filter(|code| !code.is_empty());
        let code =
            code.ok_or_else(|| Failure::new(FailureKind::CodeMissing, "the shop sent no code; connect again"))?;
        let redirect_uri = tools.redirect_uri(callback.provider);
        let code =
            CallbackCode { code: code.into(), redirect_uri: &redirect_uri, verifier: expected.verifier.as_ref() };
        let app = tools.app(callback.provider)?;
        let (grant, told) = provider::exchange(&tools.outside, &provider, app, &facts, code).await?;
        facts.extend(told);
        grant
    } else {
        provider::own_token(&tools.outside, &provider, app, &facts, &Grant::default()).await?
    };
    let given = Permission {
        client: &expected.client,
        provider: &provider,
        store_url: &expected.store_url,
        facts,
        grant,
        reconnect: expected.reconnect.as_ref(),
    };
    let (connected, facts) = establish(tools, given).await?;
    Ok(CallbackOutcome::Connected { connected, go_to: provider.done_url(app, &facts)? })
}

/// What a callback was waited for with.
struct Expected {
    client: ClientId,
    reconnect: Option<ConnectionId>,
    /// Empty where the shop tells it only now.
    store_url: String,
    facts: Facts,
    verifier: Option<Secret>,
}

/// Proves that the callback belongs to a connect under way and uses that up; or, where a platform may begin one, that it is about
/// a shop whose client is known.
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
    let Some(found) = found else {
        drop(tx);
        return platform_initiated(tools, provider, callback).await;
    };
    provider::check_callback(provider, app, &found.facts.0, callback.query, now)?;
    let mut facts = found.facts.0.clone();
    if get(callback.query, "error").is_none() {
        facts.extend(provider::callback_facts(provider, callback.query)?);
    }
    consume_state(tools, &mut tx, &found).await?;
    tx.commit().await?;
    let verifier =
        found.code_verifier_sealed.as_deref().map(|sealed| open_verifier(tools, &found, sealed)).transpose()?;
    Ok(Expected {
        client: found.client_id,
        reconnect: found.store_connection_id,
        store_url: found.store_url,
        facts,
        verifier,
    })
}

/// A callback that the platform began: no state of ours and no browser that we know. The code, or the platform's signature, proves
/// that it is about the shop it names; whose that is must be known already.
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
    Ok(Expected { client, reconnect, store_url, facts, verifier: None })
}

/// The connect under way that a state names, once the browser has proved to be the one that began it.
pub(super) async fn find_by_state(
    tools: &Tools,
    tx: &mut db::Tx,
    provider: &Provider,
    callback: &Callback<'_>,
) -> Result<OauthState, Failure> {
    let Some(state) = get(callback.query, provider.state_param()).filter(|state| !state.is_empty()) else {
        return Err(Failure::new(
            FailureKind::StateMissing,
            "the shop sent no state: this is no answer to a connect of ours",
        ));
    };
    let found = db::oauth_state::find(tx, &fingerprint(state)).await?;
    let found = found.filter(|found| found.store_type == provider.key()).ok_or_else(unknown)?;
    if let Some(mark) = &found.browser_hash {
        let given = fingerprint(callback.browser.unwrap_or_default());
        if !bool::from(mark.as_bytes().ct_eq(given.as_bytes())) {
            return Err(Failure::new(
                FailureKind::OtherBrowser,
                "another browser began this connect; begin and end it in the same one, with cookies allowed",
            ));
        }
    }
    in_time(tools, &found)?;
    Ok(found)
}

/// Refuses a connect that has ended.
pub(super) fn in_time(tools: &Tools, found: &OauthState) -> Result<(), Failure> {
    if found.consumed_at.is_some() {
        return Err(used());
    }
    if found.expires_at <= tools.outside.clock.now() {
        return Err(Failure::new(FailureKind::StateExpired, "the connect took too long; begin again"));
    }
    Ok(())
}

/// Uses a connect up: one caller only.
pub(super) async fn consume_state(tools: &Tools, tx: &mut db::Tx, found: &OauthState) -> Result<(), Failure> {
    let now = tools.outside.clock.now();
    if db::oauth_state::consume(tx, &found.state_hash, now).await? { Ok(()) } else { Err(used()) }
}

pub(super) fn unknown() -> Failure {
    Failure::new(FailureKind::StateUnknown, "this is no answer to a connect of ours; begin again")
}

fn used() -> Failure {
    Failure::new(FailureKind::StateUsed, "this answer was used already; if the shop is not connected, begin again")
}

fn open_verifier(tools: &Tools, state: &OauthState, sealed: &str) -> Result<Secret, Failure> {
    tools
        .vault
        .unseal_text(&Binding(&[VERIFIER, &state.state_hash]), sealed)
        .map_err(|e| Failure::new(FailureKind::Vault, e.to_string()))
}

/// The shop's error word is from a fixed list of RFC 6749; anything else is not repeated.
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

pub(super) fn get<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    // A parameter given twice is nobody's honest answer: neither is taken.
    let mut found = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    found.next().filter(|_| found.next().is_none())
}
