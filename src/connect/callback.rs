//! Callbacks: what a shop returns with a browser, and the pending connect that it belongs to.

use subtle::ConstantTimeEq;
use url::Url;

use super::start::{fingerprint, is_browser_mark};
use crate::{
    db::{self, oauth_state::OauthState},
    model::{ConnectionId, Failure, FailureKind, JobId},
    provider::{self, Provider},
    tools::Tools,
};

/// A callback: the browser's return from the shop.
pub struct Callback<'a> {
    /// The provider named in the callback's path.
    pub provider: &'a str,
    /// The state named in the callback's path, if the path has one.
    pub state: Option<&'a str>,
    pub query: &'a [(String, String)],
    /// The browser token, from its cookie.
    pub browser: Option<&'a str>,
}

/// A connected shop and the job of its import; none while it is paused.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Connected {
    pub connection: ConnectionId,
    pub store_name: Option<String>,
    pub import_job: Option<JobId>,
}

/// The result of a callback.
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

/// Returns what identifies a callback as ours, without the database: a state or browser token that we signed, or the
/// signature of a platform that may start connects.
pub fn callback_mark(tools: &Tools, callback: &Callback<'_>) -> Option<String> {
    let provider = tools.provider(callback.provider).ok()?;
    let state = callback.state.or_else(|| get(callback.query, provider.state_param()));
    let ours = [state, callback.browser.filter(|_| !provider.kind().carries_state())];
    let ours = ours.into_iter().flatten().find(|text| is_browser_mark(tools, text));
    ours.map(str::to_owned).or_else(|| origin_mark(tools, callback.provider, callback.query))
}

/// Returns the platform's signature of a query, if it is valid.
pub fn origin_mark(tools: &Tools, provider: &str, query: &[(String, String)]) -> Option<String> {
    let provider = tools.provider(provider).ok()?;
    let app = tools.app_of(provider).ok()?;
    let signature = provider.origin_signature(query)?.to_owned();
    provider::check_origin(provider, app, query, tools.outside.clock.now()).is_ok().then_some(signature)
}

/// Returns the pending connect of a state, if the browser is the one that started it.
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

/// Fails for a used or expired connect.
pub(super) fn in_time(tools: &Tools, found: &OauthState) -> Result<(), Failure> {
    if found.consumed_at.is_some() {
        return Err(used());
    }
    if found.expires_at <= tools.outside.clock.now() {
        return Err(Failure::new(FailureKind::StateExpired, "the connect took too long; begin again"));
    }
    Ok(())
}

/// Consumes the state, exactly once.
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

pub(super) fn get<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    // A parameter given twice is ambiguous: neither value is used.
    let mut found = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    found.next().filter(|_| found.next().is_none())
}
