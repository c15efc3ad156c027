//! Ends a connect: proves that the callback belongs to it, turns the code into a grant, and leaves the first import.

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::{
    save::{Arrival, save},
    start::{VERIFIER, fingerprint},
};
use crate::{
    db::{self, oauth_state::OauthState},
    model::{ConnectionId, Failure, JobId, Secret},
    provider::{self, Code, Fixed, Provider, Session},
    tools::Tools,
    vault::Binding,
};

/// What came back from the shop.
pub struct Callback<'a> {
    /// The provider named in the callback's path.
    pub provider: &'a str,
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

/// Ends a connect. Whatever is refused leaves nothing behind; a refusal never tells which secret was wrong.
pub async fn finish(tools: &Tools, callback: Callback<'_>) -> Result<Connected, Failure> {
    let provider = tools.provider(callback.provider)?.clone();
    let app = tools.app(callback.provider)?;
    let state = claim(tools, &provider, &callback).await?;
    let facts = &state.facts.0;
    if let Some(error) = get(callback.query, "error") {
        return Err(refused(&provider, error));
    }
    let code = get(callback.query, "code").filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| Failure::give_up("code_missing", "the shop sent no code; connect again"))?;
    let verifier =
        state.code_verifier_sealed.as_deref().map(|sealed| open_verifier(tools, &state, sealed)).transpose()?;
    let redirect_uri = tools.redirect_uri(callback.provider);
    let code = Code { code: code.into(), redirect_uri: &redirect_uri, verifier: verifier.as_ref() };
    let grant = provider::exchange(&tools.outside, &provider, app, facts, code).await?;

    let keys = Arc::new(Fixed::new(grant.clone()));
    let (outside, url) = (tools.outside.clone(), state.store_url.clone());
    let session = Session::new(outside, provider.clone(), facts.clone(), url, keys, tools.pacers.clone());
    let shop = provider::probe(&session).await?;
    save(
        tools,
        Arrival {
            client: &state.client_id,
            provider: &provider,
            store_url: &state.store_url,
            facts,
            shop,
            grant,
            reconnect: state.store_connection_id.as_ref(),
        },
    )
    .await
}

/// Proves that the callback belongs to a connect under way and uses that up.
async fn claim(tools: &Tools, provider: &Provider, callback: &Callback<'_>) -> Result<OauthState, Failure> {
    let refuse = |code: &str, text: &str| Err(Failure::give_up(code, text));
    let Some(state) = get(callback.query, "state").filter(|state| !state.is_empty()) else {
        return refuse("state_missing", "the shop sent no state: this is no answer to a connect of ours");
    };
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    let found = db::oauth_state::find(&mut tx, &fingerprint(state)).await?;
    let Some(found) = found.filter(|found| found.store_type == provider.key()) else {
        return refuse("state_unknown", "this is no answer to a connect of ours; begin again");
    };
    if let Some(mark) = &found.browser_hash {
        let given = fingerprint(callback.browser.unwrap_or_default());
        if !bool::from(mark.as_bytes().ct_eq(given.as_bytes())) {
            return refuse(
                "other_browser",
                "another browser began this connect; begin and end it in the same one, with cookies allowed",
            );
        }
    }
    if found.consumed_at.is_some() {
        return refuse("state_used", "this answer was used already; if the shop is not connected, begin again");
    }
    if found.expires_at <= now {
        return refuse("state_expired", "the connect took longer than 15 minutes; begin again");
    }
    let app = tools.app(provider.key())?;
    provider::check_callback(provider, app, &found.facts.0, callback.query, now)?;
    if !db::oauth_state::consume(&mut tx, &found.state_hash, now).await? {
        return refuse("state_used", "this answer was used already; if the shop is not connected, begin again");
    }
    tx.commit().await?;
    Ok(found)
}

fn open_verifier(tools: &Tools, state: &OauthState, sealed: &str) -> Result<Secret, Failure> {
    tools
        .vault
        .unseal_text(&Binding(&[VERIFIER, &state.state_hash]), sealed)
        .map_err(|e| Failure::give_up("vault", e.to_string()))
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
    Failure::give_up(if word == "access_denied" { "access_denied" } else { "authorise_error" }, text)
}

fn get<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    // A parameter given twice is nobody's honest answer: neither is taken.
    let mut found = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    found.next().filter(|_| found.next().is_none())
}
