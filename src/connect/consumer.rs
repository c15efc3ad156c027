//! OAuth 1.0a: the shop's server posts a consumer to a URL that only the merchant's shop knows, then redirects the
//! browser there; when it arrives, the consumer is exchanged for a token.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::Url;

use super::{
    callback::{Callback, CallbackOutcome, Connected, consume_state, get},
    outcome,
    posted::{find, posted_grant, store_grant},
    save::{Permission, establish},
    start::Sharing,
};
use crate::{
    db::oauth_state::OauthState,
    model::{Failure, FailureKind, Grant, Secret},
    provider::{self, Provider},
    tools::Tools,
};

/// RFC 5849's names of the posted keys, and ours.
const POSTED: [(&str, &str); 3] = [
    ("oauth_consumer_key", "consumer_key"),
    ("oauth_consumer_secret", "consumer_secret"),
    ("oauth_verifier", "verifier"),
];

/// Stores a consumer that the shop's server posted. A shop that activates the integration again posts a new one.
pub(super) async fn receive_consumer(
    tools: &Tools,
    provider: &Arc<Provider>,
    state: &str,
    body: &Value,
) -> Result<(), Failure> {
    let found = find(tools, provider, state).await?;
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty() && text.len() < 1024);
    let shop = text(provider.shop_param()).unwrap_or_default().trim_end_matches('/');
    if !same_place(shop, &found.store_url) {
        return Err(Failure::new(
            FailureKind::OtherShop,
            "this address was made for another shop than the one that calls",
        ));
    }
    let mut grant = Grant::default();
    for (theirs, ours) in POSTED {
        let value = text(theirs)
            .ok_or_else(|| Failure::new(FailureKind::KeysMissing, format!("the shop posted no {theirs}")))?;
        grant.secrets.insert(ours.to_owned(), Secret::from(value.to_owned()));
    }
    store_grant(tools, &found, provider, &grant, false).await
}

/// Exchanges the consumer for a token, and sends the browser back to the shop.
pub(super) async fn finish_oauth1(
    tools: &Tools,
    provider: &Arc<Provider>,
    callback: &Callback<'_>,
) -> Result<CallbackOutcome, Failure> {
    let found = find(tools, provider, callback.state.unwrap_or_default()).await?;
    let Some(posted) = posted_grant(tools, &found)? else {
        let text = "the shop's server has not posted its keys yet: activate the integration in the shop's administration, and see \
                    that the shop reaches this daemon";
        return Err(Failure::new(FailureKind::KeysMissing, text));
    };
    let given = get(callback.query, POSTED[0].0).unwrap_or_default();
    let known = posted.secret(POSTED[0].1).map(|key| key.expose_secret().to_owned()).unwrap_or_default();
    if known.is_empty() || !bool::from(known.as_bytes().ct_eq(given.as_bytes())) {
        return Err(Failure::new(
            FailureKind::OtherConsumer,
            "the browser came for another integration than the one activated",
        ));
    }
    let back = get(callback.query, provider.back_param()).and_then(|text| Url::parse(text).ok());
    if back.as_ref().is_some_and(|back| !same_place(back.as_str(), &found.store_url)) {
        return Err(Failure::new(FailureKind::OtherShop, "the browser would be sent to another place than the shop"));
    }
    let connected = outcome::record(tools, &found.state_hash, connect(tools, provider, &found, posted).await).await?;
    let mut tx = tools.db.begin().await?;
    consume_state(tools, &mut tx, &found).await?;
    tx.commit().await?;
    Ok(CallbackOutcome::Connected { connected, go_to: back })
}

/// Gets a token for a consumer, and connects the shop with it.
async fn connect(
    tools: &Tools,
    provider: &Arc<Provider>,
    found: &OauthState,
    consumer: Grant,
) -> Result<Connected, Failure> {
    let grant = provider::consumer_token(&tools.outside, provider, &found.facts.0, consumer).await?;
    let given = Permission {
        client: &found.client_id,
        provider,
        store_url: &found.store_url,
        facts: found.facts.0.clone(),
        grant,
        reconnect: found.store_connection_id.as_ref(),
        sharing: Sharing::said(found.may_share),
    };
    Ok(establish(tools, given).await?.0)
}

/// The same scheme, host and port.
fn same_place(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin().is_tuple() && one.origin() == other.origin(),
        _ => false,
    }
}
