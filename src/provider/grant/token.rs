//! Token requests: authorization code, refresh token, client credentials, token exchange; and revocation.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier, RedirectUrl,
    RefreshToken, TokenUrl, basic::BasicClient,
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

use super::{
    App,
    answer::{TokenEndpoint, facts as answered_facts, grant, lost, same_shop},
    bad_address, context, filled_url,
    login::{log_in, log_in_again},
};
use crate::{
    model::{Facts, Failure, FailureKind, Grant, Secret},
    outside::{Body, Outside, Request, log_target},
    provider::{
        Provider,
        call::ShopClient,
        context::TemplateContext,
        path::{Path, as_text},
        recipe::{ClientAuth, ConnectKind, Oauth},
        request::With,
        template::Template,
    },
};

/// An authorization code to exchange for a grant.
pub struct CallbackCode<'a> {
    pub code: Secret,
    /// Exactly the one of the authorization request.
    pub redirect_uri: &'a str,
    pub verifier: Option<&'a Secret>,
}

/// Exchanges a code for a grant; also returns the facts about the shop in the response.
pub async fn exchange(
    outside: &Outside,
    provider: &Provider,
    app: &App,
    facts: &Facts,
    code: CallbackCode<'_>,
) -> Result<(Grant, Facts), Failure> {
    let (oauth, context) = (provider.oauth()?, context(provider, Some(app), facts));
    let redirect = RedirectUrl::new(code.redirect_uri.to_owned()).map_err(|_| bad_address())?;
    let client = client(provider, oauth, Some(app), None, &context)?.set_redirect_uri(redirect);
    let mut request = client.exchange_code(AuthorizationCode::new(code.code.expose_secret().to_owned()));
    if let Some(verifier) = code.verifier {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
    }
    for (name, value) in filled(&oauth.token_extra, &context)? {
        request = request.add_extra_param(name, value);
    }
    let endpoint = TokenEndpoint::new(outside, oauth, &context)?;
    let sent = request.request_async(&endpoint).await.is_ok();
    let answer = endpoint.answer(provider, sent)?;
    same_shop(provider, &answer, &context)?;
    let facts = answered_facts(provider, &answer)?;
    Ok((grant(oauth, &answer, outside.clock.now(), &Grant { version: 0, ..Grant::default() })?, facts))
}

/// Requests a token with credentials that need nobody's consent: client credentials (RFC 6749, 4.4), or a pasted login.
/// Other secrets of `old` stay.
pub async fn own_token(
    outside: &Outside,
    provider: &Arc<Provider>,
    app: Option<&App>,
    facts: &Facts,
    old: &Grant,
) -> Result<Grant, Failure> {
    if provider.kind() == ConnectKind::PastedLogin {
        return log_in(outside, provider, facts, old).await;
    }
    let (oauth, context) = (provider.oauth()?, context(provider, app, facts));
    let client = client(provider, oauth, app, Some(old), &context)?;
    let mut request = client.exchange_client_credentials();
    if !oauth.scopes.is_empty() {
        request = request.add_extra_param("scope", oauth.scopes.join(&oauth.scope_separator));
    }
    for (name, value) in filled(&oauth.token_extra, &context)? {
        request = request.add_extra_param(name, value);
    }
    let endpoint = TokenEndpoint::new(outside, oauth, &context)?;
    let sent = request.request_async(&endpoint).await.is_ok();
    grant(oauth, &endpoint.answer(provider, sent)?, outside.clock.now(), old)
}

/// Refreshes a grant with its refresh token, or as it was got for the kinds that need nobody's consent. Values that the
/// response omits stay as they were; a token that had an expiry keeps having one.
pub async fn refresh(
    outside: &Outside,
    provider: &Arc<Provider>,
    app: Option<&App>,
    facts: &Facts,
    old: &Grant,
) -> Result<Grant, Failure> {
    match provider.kind() {
        ConnectKind::ClientCredentials => return own_token(outside, provider, app, facts, old).await,
        ConnectKind::PastedLogin => return log_in_again(outside, provider, facts, old).await,
        kind if !kind.brings_code() => {
            let text = format!("{} refuses the key of this connection", provider.name());
            return Err(Failure::new(FailureKind::KeyRefused, text));
        }
        _ => {}
    }
    let (oauth, context) = (provider.oauth()?, context(provider, app, facts));
    let Some(token) = old.secret("refresh") else {
        let text = format!("{} refuses the token, and there is no refresh token", provider.name());
        return Err(Failure::new(FailureKind::NoRefreshToken, text));
    };
    let token = RefreshToken::new(token.expose_secret().to_owned());
    let client = client(provider, oauth, app, None, &context)?;
    let endpoint = TokenEndpoint::new(outside, oauth, &context)?;
    let sent = client.exchange_refresh_token(&token).request_async(&endpoint).await.is_ok();
    let answer = endpoint.answer(provider, sent).map_err(|failure| lost(oauth, failure))?;
    grant(oauth, &answer, outside.clock.now(), old)
}

/// Exchanges a non-expiring token for a refreshable pair (RFC 8693). The platform may revoke the old token.
pub async fn migrate(
    outside: &Outside,
    provider: &Provider,
    app: &App,
    facts: &Facts,
    old: &Grant,
) -> Result<Grant, Failure> {
    let (oauth, context) = (provider.oauth()?, context(provider, Some(app), facts));
    let (Some(rule), Some(token)) = (&oauth.migrate, old.secret("access")) else { return Err(bad_address()) };
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
        .append_pair("client_id", &app.client_id)
        .append_pair("client_secret", app.client_secret.expose_secret())
        .append_pair("subject_token", token.expose_secret())
        .append_pair("subject_token_type", &rule.subject_token_type)
        .append_pair("requested_token_type", &rule.requested_token_type)
        .extend_pairs(&rule.extra)
        .finish();
    let endpoint = TokenEndpoint::new(outside, oauth, &context)?;
    let request = http::Request::builder()
        .method(http::Method::POST)
        .uri(filled_url(&oauth.token, &context)?)
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(http::header::ACCEPT, "application/json")
        .body(form.into_bytes())
        .map_err(|_| bad_address())?;
    let good = endpoint.send(request).await.is_ok_and(|answer| answer.status() == http::StatusCode::OK);
    let fresh = grant(oauth, &endpoint.answer(provider, good)?, outside.clock.now(), old)?;
    if fresh.secret("refresh").is_none() || fresh.expires_at.is_none() {
        let text = format!("{} returned no refreshable token; the old one stays in use", provider.name());
        return Err(Failure::new(FailureKind::NotMigrated, text));
    }
    Ok(fresh)
}

/// Ends the shop's permission by an operation of the platform, or by the endpoint of RFC 7009; `false` if it has neither.
pub async fn revoke(shop: &ShopClient) -> Result<bool, Failure> {
    let provider = &shop.provider;
    let leave = provider.recipe.connect.leave.as_ref();
    if let Some((leave, op)) = leave.and_then(|leave| Some((leave, leave.op.as_ref()?))) {
        let mut values = Map::new();
        if let Some(find) = &leave.find {
            let answer = shop.call(&provider.recipe.op[&find.op], With::default()).await?;
            let kept = Path::pick(&find.keep, &answer.body);
            // Without its id, the call might end another one.
            let lacks = |name: &&String| kept.get(*name).and_then(as_text).is_none();
            if let Some(name) = find.keep.keys().find(lacks) {
                let text = format!("{}: the response to '{}' has no '{name}'", provider.name(), find.op);
                return Err(Failure::new(FailureKind::UnexpectedAnswer, text));
            }
            values.insert("kept".to_owned(), Value::Object(kept));
        }
        shop.call(&provider.recipe.op[op], With { values, ..With::default() }).await?;
        return Ok(true);
    }
    let Ok(oauth) = provider.oauth() else { return Ok(false) };
    let Some(template) = &oauth.revoke else { return Ok(false) };
    let grant = shop.keys.current().await?;
    let app = shop.app.as_ref();
    let url = Url::parse(&filled_url(template, &context(provider, app, &shop.facts))?).map_err(|_| bad_address())?;
    let request = revocation(oauth, app, url, &grant)?;
    let place = log_target(&request.method, &request.url);
    let sent = shop.outside.http.send(request).await;
    let response = sent.map_err(|e| Failure::new(FailureKind::Network, e.to_string()))?;
    if (200..300).contains(&response.status) {
        return Ok(true);
    }
    let text = format!("{place} answered {}", response.status);
    Err(Failure::new(FailureKind::RevokeRefused, text))
}

/// The request of RFC 7009, in which the app authenticates as it does at the token endpoint.
fn revocation(oauth: &Oauth, app: Option<&App>, url: Url, grant: &Grant) -> Result<Request, Failure> {
    let mut request = Request::new(http::Method::POST, url);
    let token = grant.secret("refresh").or(grant.secret("access")).map_or("", ExposeSecret::expose_secret);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", token);
    if let Some(app) = app {
        let secret = app.client_secret.expose_secret();
        if oauth.client_auth == ClientAuth::Basic {
            request.headers.insert(http::header::AUTHORIZATION, basic(&app.client_id, secret)?);
        } else {
            form.append_pair("client_id", &app.client_id);
        }
        if oauth.client_auth == ClientAuth::Body {
            form.append_pair("client_secret", secret);
        }
    }
    let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers.insert(http::header::CONTENT_TYPE, kind);
    request.body = Body::Bytes(form.finish().into());
    Ok(request)
}

/// The app's credentials as RFC 6749 writes them (2.3.1): each is form-encoded first.
fn basic(id: &str, secret: &str) -> Result<http::HeaderValue, Failure> {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    let mut value = http::HeaderValue::from_str(&format!("Basic {pair}")).map_err(|_| bad_address())?;
    value.set_sensitive(true);
    Ok(value)
}

type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The OAuth client of a request: the pasted client in `grant`, or the operator's app.
fn client(
    provider: &Provider,
    oauth: &Oauth,
    app: Option<&App>,
    grant: Option<&Grant>,
    context: &TemplateContext<'_>,
) -> Result<TokenClient, Failure> {
    let url = TokenUrl::new(filled_url(&oauth.token, context)?).map_err(|_| bad_address())?;
    let (id, secret) = if let (Some(pasted), Some(grant)) = (&oauth.client, grant) {
        let named = |name: &str| {
            let missing =
                || Failure::new(FailureKind::KeyMissing, format!("the credentials of {} are missing", provider.name()));
            grant.secret(name).map(|secret| secret.expose_secret().to_owned()).ok_or_else(missing)
        };
        (named(&pasted.id)?, named(&pasted.secret)?)
    } else {
        let app = app.ok_or_else(bad_address)?;
        (app.client_id.clone(), app.client_secret.expose_secret().to_owned())
    };
    let client = BasicClient::new(ClientId::new(id)).set_token_uri(url);
    let secret = ClientSecret::new(secret);
    Ok(match oauth.client_auth {
        ClientAuth::None => client.set_auth_type(AuthType::RequestBody),
        ClientAuth::Basic => client.set_auth_type(AuthType::BasicAuth).set_client_secret(secret),
        ClientAuth::Body => client.set_auth_type(AuthType::RequestBody).set_client_secret(secret),
    })
}

fn filled(
    extras: &std::collections::BTreeMap<String, Template>,
    context: &TemplateContext<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut out = Vec::new();
    for (name, template) in extras {
        out.extend(template.text(context)?.map(|value| (name.clone(), value)));
    }
    Ok(out)
}
