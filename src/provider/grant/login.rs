//! Tokens by login: pasted credentials are sent to an operation of the platform, and its answer has a token.

use std::sync::Arc;

use super::{Fixed, answer::grant_with_token, bad_address};
use crate::{
    model::{Facts, Failure, FailureKind, Grant},
    outside::Outside,
    provider::{
        Provider, RateLimiters,
        call::{Shop, ShopClient},
        request::With,
    },
};

/// Logs in with the credentials of `old`, which stay. A refusal has the shop's own words.
pub(super) async fn log_in(
    outside: &Outside,
    provider: &Arc<Provider>,
    facts: &Facts,
    old: &Grant,
) -> Result<Grant, Failure> {
    let login = provider.connect().login.as_ref().ok_or_else(bad_address)?;
    let mut credentials = old.clone();
    // A token that has ended proves nothing, and may be refused by itself.
    credentials.secrets.remove("access");
    let store_url = provider.store_url_if_known(facts)?.unwrap_or_default();
    let shop = Shop { provider: provider.clone(), facts: facts.clone(), store_url, app: None };
    // Outside of the shop's rate limit, as other token requests are.
    let limits = RateLimiters::default();
    let client = ShopClient::new(outside.clone(), shop, Arc::new(Fixed::new(credentials)), &limits);
    let answer = client.call(&provider.recipe.op[&login.op], With::default()).await?;
    let token = login.token.text(&answer.body).filter(|token| !token.is_empty()).ok_or_else(|| {
        let text = format!("{} answered the login without a token at the path in its file", provider.name());
        Failure::new(FailureKind::TokenEndpointDown, text)
    })?;
    Ok(grant_with_token(login, &answer.body, token, outside.clock.now(), old))
}

/// The same for credentials that were accepted before: that they are refused now asks for the merchant, unless it passes.
pub(super) async fn log_in_again(
    outside: &Outside,
    provider: &Arc<Provider>,
    facts: &Facts,
    old: &Grant,
) -> Result<Grant, Failure> {
    log_in(outside, provider, facts, old).await.map_err(|failure| match failure.kind {
        FailureKind::PastedKeyRefused => Failure::new(FailureKind::KeyRefused, failure.message),
        _ => failure,
    })
}
