//! Grants by OAuth 2: consent page, code for token, refresh, revoke. The protocol is the `oauth2` crate's; its requests
//! go through our one network door, and answers are first brought into the standard's form as the file says.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    Scope as OauthScope, TokenUrl, basic::BasicClient,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::{
    Provider,
    path::as_text,
    recipe::{ClientAuth, Expires, ExpiresUnit, LostAnswer, Oauth, TokenClass},
    scope::Scope,
    template::Template,
};
use crate::{
    model::{Facts, Failure, Grant, Secret, Time},
    outside::{Body, HttpError, Outside, Random, Request, place},
};

/// Code of a renewal whose answer was lost, where that may have spent the token.
pub const REFRESH_LOST: &str = "refresh_lost";

/// An answer that is still to come.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Where a session gets its grant from: asked for every call, never kept.
pub trait Keys: Send + Sync {
    /// The grant as it stands, renewed if it ends soon.
    fn current(&self) -> Answering<'_, Arc<Grant>>;
    /// A grant newer than `spent_version`, which the shop refused.
    fn renewed(&self, spent_version: i32) -> Answering<'_, Arc<Grant>>;
}

/// A grant that nobody keeps yet: for the first call of a connect.
pub struct Fixed(Arc<Grant>);

impl Fixed {
    /// This grant and no other.
    pub fn new(grant: Grant) -> Self {
        Self(Arc::new(grant))
    }
}

impl Keys for Fixed {
    fn current(&self) -> Answering<'_, Arc<Grant>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn renewed(&self, _: i32) -> Answering<'_, Arc<Grant>> {
        Box::pin(async {
            Err(Failure::give_up(
                "key_refused",
                "the shop refuses the key it was given: check that it is whole and still valid",
            ))
        })
    }
}

/// The operator's OAuth app at a provider.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub client_secret: Secret,
}

/// A code to be turned into a grant.
pub struct Code<'a> {
    pub code: Secret,
    /// Letter by letter the one that the consent page was given.
    pub redirect_uri: &'a str,
    pub verifier: Option<&'a Secret>,
}

/// A fresh PKCE verifier (RFC 7636): 43 characters of chance.
pub fn new_verifier(random: &Random) -> Secret {
    Secret::from(random.token())
}

/// The shop's consent page.
pub fn authorise_url(
    provider: &Provider,
    app: &App,
    facts: &Facts,
    redirect_uri: &str,
    state: &str,
    verifier: Option<&Secret>,
) -> Result<Url, Failure> {
    let (oauth, scope) = (provider.oauth()?, scope(provider, app, facts));
    let url = AuthUrl::new(address(&oauth.authorize, &scope)?).map_err(|_| bad_address())?;
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| bad_address())?;
    let client = BasicClient::new(ClientId::new(app.client_id.clone())).set_auth_uri(url).set_redirect_uri(redirect);
    let state = state.to_owned();
    let mut request = client.authorize_url(|| CsrfToken::new(state));
    if let Some(verifier) = verifier {
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    if oauth.scope_separator == " " {
        request = request.add_scopes(oauth.scopes.iter().cloned().map(OauthScope::new));
    } else {
        request = request.add_extra_param("scope", oauth.scopes.join(&oauth.scope_separator));
    }
    for (name, template) in &oauth.authorize_extra {
        if let Some(value) = template.text(&scope)? {
            request = request.add_extra_param(name.clone(), value);
        }
    }
    Ok(request.url().0)
}

/// Turns a code into a grant.
pub async fn exchange(
    outside: &Outside,
    provider: &Provider,
    app: &App,
    facts: &Facts,
    code: Code<'_>,
) -> Result<Grant, Failure> {
    let (oauth, scope) = (provider.oauth()?, scope(provider, app, facts));
    let redirect = RedirectUrl::new(code.redirect_uri.to_owned()).map_err(|_| bad_address())?;
    let client = client(oauth, app, &scope)?.set_redirect_uri(redirect);
    let mut request = client.exchange_code(AuthorizationCode::new(code.code.expose_secret().to_owned()));
    if let Some(verifier) = code.verifier {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
    }
    for (name, template) in &oauth.token_extra {
        if let Some(value) = template.text(&scope)? {
            request = request.add_extra_param(name.clone(), value);
        }
    }
    let door = Door::new(outside, oauth);
    let sent = request.request_async(&door).await.is_ok();
    let answer = door.answer(provider, sent)?;
    grant(oauth, &answer, outside.clock.now(), &Grant { version: 0, ..Grant::default() })
}

/// Spends the refresh token of `old`. What the answer leaves out stays as it was; an end that was known stays known.
pub async fn refresh(
    outside: &Outside,
    provider: &Provider,
    app: &App,
    facts: &Facts,
    old: &Grant,
) -> Result<Grant, Failure> {
    if provider.takes_pasted_keys() {
        let text = format!(
            "{} refuses the key it was connected with: make a new one in the shop and connect again",
            provider.name()
        );
        return Err(Failure::reconnect("key_refused", text));
    }
    let (oauth, scope) = (provider.oauth()?, scope(provider, app, facts));
    let Some(token) = old.secret("refresh") else {
        let text = format!("{} refuses the token and gave none to renew it with", provider.name());
        return Err(Failure::reconnect("no_refresh_token", text));
    };
    let token = RefreshToken::new(token.expose_secret().to_owned());
    let client = client(oauth, app, &scope)?;
    let door = Door::new(outside, oauth);
    let sent = client.exchange_refresh_token(&token).request_async(&door).await.is_ok();
    let answer = door.answer(provider, sent).map_err(|failure| lost(oauth, failure))?;
    grant(oauth, &answer, outside.clock.now(), old)
}

/// Asks the shop to end a grant (RFC 7009); false where the platform has no such thing.
pub async fn revoke(
    outside: &Outside,
    provider: &Provider,
    app: &App,
    facts: &Facts,
    grant: &Grant,
) -> Result<bool, Failure> {
    let (oauth, scope) = (provider.oauth()?, scope(provider, app, facts));
    let Some(template) = &oauth.revoke else { return Ok(false) };
    let url = Url::parse(&address(template, &scope)?).map_err(|_| bad_address())?;
    let token =
        grant.secret("refresh").or(grant.secret("access")).map(|t| t.expose_secret().to_owned()).unwrap_or_default();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", &token).append_pair("client_id", &app.client_id);
    form.append_pair("client_secret", app.client_secret.expose_secret());
    let mut request = Request::new(http::Method::POST, url);
    request
        .headers
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/x-www-form-urlencoded"));
    request.body = Body::Bytes(form.finish().into());
    let response = outside.http.send(request.clone()).await.map_err(|e| Failure::retry("network", e.to_string()))?;
    if (200..300).contains(&response.status) {
        return Ok(true);
    }
    let text = format!("{} answered {}", place(&request.method, &request.url), response.status);
    Err(Failure::retry("revoke_refused", text))
}

type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn client(oauth: &Oauth, app: &App, scope: &Scope<'_>) -> Result<TokenClient, Failure> {
    let url = TokenUrl::new(address(&oauth.token, scope)?).map_err(|_| bad_address())?;
    let auth = match oauth.client_auth {
        ClientAuth::Basic => AuthType::BasicAuth,
        ClientAuth::Body => AuthType::RequestBody,
    };
    Ok(BasicClient::new(ClientId::new(app.client_id.clone()))
        .set_client_secret(ClientSecret::new(app.client_secret.expose_secret().to_owned()))
        .set_auth_type(auth)
        .set_token_uri(url))
}

fn scope<'a>(provider: &Provider, app: &'a App, facts: &'a Facts) -> Scope<'a> {
    let mut scope = Scope { client_id: Some(&app.client_id), ..Scope::of_facts(facts) };
    if let Ok(store_url) = provider.store_url(facts) {
        scope.values.insert("store_url".into(), store_url.into());
    }
    scope
}

fn address(template: &Template, scope: &Scope<'_>) -> Result<String, Failure> {
    template.text(scope)?.ok_or_else(bad_address)
}

fn bad_address() -> Failure {
    Failure::give_up("bad_address", "the provider's file and the shop's facts make an address that is none")
}

/// What the token endpoint answered, seen before the crate reads it.
struct Seen {
    status: u16,
    body: Value,
}

/// The crate's way through our network door.
struct Door<'a> {
    outside: &'a Outside,
    oauth: &'a Oauth,
    seen: Mutex<Option<Result<Seen, Failure>>>,
}

impl<'c> AsyncHttpClient<'c> for Door<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.pass(request))
    }
}

impl<'a> Door<'a> {
    fn new(outside: &'a Outside, oauth: &'a Oauth) -> Self {
        Self { outside, oauth, seen: Mutex::new(None) }
    }

    async fn pass(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let bad = |why: &str| HttpError::Refused { place: "token endpoint".into(), why: why.into() };
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| bad("its address is none"))?;
        let sent = Request { method: parts.method, url, headers: parts.headers, body: Body::Bytes(body.into()) };
        let response = match self.outside.http.send(sent).await {
            Ok(response) => response,
            Err(error) => {
                let text = error.to_string();
                self.note(Err(match error {
                    HttpError::Refused { .. } | HttpError::TooLarge { .. } => Failure::give_up("refused_address", text),
                    HttpError::Unreachable { .. } => Failure::retry("unreachable", text),
                    HttpError::Network { .. } | HttpError::Timeout { .. } => Failure::retry("network", text),
                }));
                return Err(error);
            }
        };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        let standard = self.standard_form(&body);
        // An error sent with status 200 is an error all the same.
        let status = if response.status == 200 && standard.is_none() { 400 } else { response.status };
        self.note(Ok(Seen { status, body }));
        let bytes = standard.map_or_else(|| response.body.to_vec(), |value| value.to_string().into_bytes());
        http::Response::builder()
            .status(status)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(bytes)
            .map_err(|_| bad("its answer cannot be passed on"))
    }

    /// RFC 6749's form of an answer, wherever the shop puts things; none where there is no access token.
    fn standard_form(&self, body: &Value) -> Option<Value> {
        let answer = &self.oauth.answer;
        let mut standard = json!({ "access_token": answer.access.text(body)?, "token_type": "bearer" });
        if let Some(refresh) = answer.refresh.text(body) {
            standard["refresh_token"] = refresh.into();
        }
        Some(standard)
    }

    fn note(&self, seen: Result<Seen, Failure>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// The token answer, or what its refusal means.
    fn answer(&self, provider: &Provider, good: bool) -> Result<Value, Failure> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let seen =
            seen.unwrap_or_else(|| Err(Failure::give_up("token_request", "the token request could not be made")))?;
        if good { Ok(seen.body) } else { Err(refusal(provider, self.oauth, &seen)) }
    }
}

/// What a refused token request means: the file's rules first, then RFC 6749's words, then the status.
fn refusal(provider: &Provider, oauth: &Oauth, seen: &Seen) -> Failure {
    let word = seen.body.get("error").and_then(as_text).unwrap_or_default();
    let ruled = oauth.error.iter().find(|rule| rule.when.matches(seen.status, &seen.body)).map(|rule| rule.class);
    let class = ruled.unwrap_or(match (word.as_str(), seen.status) {
        ("invalid_grant", _) => TokenClass::Revoked,
        ("invalid_client" | "unauthorized_client", _) => TokenClass::WrongApp,
        (_, 429) => TokenClass::Throttled,
        _ => TokenClass::Down,
    });
    let known = word.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !word.is_empty() && word.len() < 40;
    let detail = if known { format!("{} {word}", seen.status) } else { seen.status.to_string() };
    let at = format!("{}'s token endpoint answered {detail}", provider.name());
    match class {
        TokenClass::Revoked => Failure::reconnect(
            "revoked",
            format!("{at}: the permission was taken back or has ended; connect the shop again"),
        ),
        TokenClass::WrongApp => Failure::give_up(
            "wrong_app",
            format!("{at}: check client_id and client_secret under [app.{}]", provider.key()),
        ),
        TokenClass::Throttled => Failure::retry_after(Duration::from_mins(1), "throttled", at),
        TokenClass::Down => Failure::retry("token_endpoint", at),
    }
}

/// A refresh that was sent and whose answer never came: whether the old token still serves is the provider's word.
fn lost(oauth: &Oauth, failure: Failure) -> Failure {
    if failure.code == "network" && oauth.lost_answer == LostAnswer::Reconsent {
        let text = format!("{}; the refresh token may be spent", failure.message);
        return Failure::retry(REFRESH_LOST, text);
    }
    failure
}

fn grant(oauth: &Oauth, body: &Value, now: Time, old: &Grant) -> Result<Grant, Failure> {
    let answer = &oauth.answer;
    let access = answer
        .access
        .text(body)
        .ok_or_else(|| Failure::retry("token_endpoint", "the token answer holds no access token"))?;
    let mut secrets = old.secrets.clone();
    secrets.insert("access".to_owned(), Secret::from(access));
    let fresh_refresh = answer.refresh.text(body);
    if let Some(token) = &fresh_refresh {
        secrets.insert("refresh".to_owned(), Secret::from(token.clone()));
    }
    let fallback = oauth.default_expires.map(|span| span.0).or_else(|| old.expires_at.map(|_| Duration::from_hours(1)));
    let refresh_expires_at = answer.refresh_expires.as_ref().and_then(|e| e.read(body, now));
    let scopes = answer
        .scope
        .text(body)
        .map(|text| text.split([' ', ',']).filter(|s| !s.is_empty()).map(str::to_owned).collect());
    let idle = oauth.refresh_idle.as_ref().filter(|_| secrets.contains_key("refresh")).map(|span| now.plus(span.0));
    Ok(Grant {
        keep_alive_at: None,
        secrets,
        expires_at: answer.expires.read(body, now).or_else(|| fallback.map(|span| now.plus(span))),
        refresh_expires_at: refresh_expires_at.or(idle).or(if fresh_refresh.is_some() {
            None
        } else {
            old.refresh_expires_at
        }),
        scopes: scopes.or_else(|| old.scopes.clone()),
        version: old.version + 1,
    })
}

impl Expires {
    /// The end of a token; a number may be written as a text.
    fn read(&self, body: &Value, now: Time) -> Option<Time> {
        let text = self.path.text(body)?;
        if matches!(self.unit, ExpiresUnit::Rfc3339) {
            return Time::parse(&text);
        }
        let number: f64 = text.parse().ok()?;
        let span =
            Duration::try_from_secs_f64(if matches!(self.unit, ExpiresUnit::Ms) { number / 1000.0 } else { number })
                .ok()?;
        Some(match self.unit {
            ExpiresUnit::EpochS => Time::from_unix_ms(i64::try_from(span.as_millis()).ok()?),
            _ => now.plus(span),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oauth(text: &str) -> Oauth {
        let base = "authorize = 'https://s/a'\ntoken = 'https://s/t'\npkce = 'off'\nclient_auth = 'body'\nlost_answer = 'retry_old'\n";
        toml::from_str(&format!("{base}{text}")).expect("an oauth part")
    }

    fn old() -> Grant {
        let mut old = Grant { version: 4, expires_at: Some(Time::from_unix_ms(5)), ..Grant::default() };
        old.secrets.insert("refresh".into(), Secret::from("old-refresh"));
        old
    }

    #[test]
    fn what_an_answer_leaves_out_stays_as_it_was() {
        let now = Time::from_unix_ms(1_000);
        let fresh = grant(&oauth(""), &json!({"access_token": "a"}), now, &old()).expect("a grant");
        assert_eq!(fresh.secrets["refresh"].expose_secret(), "old-refresh");
        assert_eq!(fresh.expires_at, Some(now.plus(Duration::from_hours(1))), "a known end never becomes none");
        assert_eq!(fresh.version, 5);
    }

    #[test]
    fn an_end_is_read_in_every_unit() {
        let now = Time::from_unix_ms(1_000);
        let end = |file: &str, body: Value| {
            grant(&oauth(file), &body, now, &Grant::default()).expect("a grant").expires_at.map(Time::unix_ms)
        };
        assert_eq!(end("", json!({"access_token": "a", "expires_in": 60})), Some(61_000));
        assert_eq!(end("", json!({"access_token": "a", "expires_in": "60"})), Some(61_000));
        assert_eq!(end("", json!({"access_token": "a"})), None, "a token without an end has none");
        assert_eq!(
            end("answer.expires = { path = 'e', unit = 'ms' }", json!({"access_token": "a", "e": 500})),
            Some(1_500)
        );
        assert_eq!(
            end("answer.expires = { path = 'e', unit = 'epoch_s' }", json!({"access_token": "a", "e": 90})),
            Some(90_000)
        );
        assert_eq!(
            end(
                "answer.expires = { path = 'e', unit = 'rfc3339' }",
                json!({"access_token": "a", "e": "1970-01-01T00:01:00Z"})
            ),
            Some(60_000)
        );
    }
}
