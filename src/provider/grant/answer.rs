//! Token endpoint responses: sent through `outside::Http`, converted to the standard's form, and parsed.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use url::Url;

use super::bad_address;
use crate::{
    model::{
        Facts, Failure, FailureKind, Grant, Secret, ShopAnswer, Time, json,
        text::{clean, cut},
    },
    outside::{Body, HttpError, Outside, Request, Response},
    provider::{
        Provider,
        classify::challenge,
        context::TemplateContext,
        path::as_text,
        recipe::{Expires, ExpiresUnit, Login, LostAnswer, Oauth, TokenBody, TokenClass},
    },
};

/// The token endpoint's response, recorded before the crate parses it.
struct EndpointAnswer {
    status: u16,
    body: Value,
    /// A description of the body, if it could not be parsed.
    instead: Option<String>,
}

/// Parses a token response: JSON, or a form if the content type says so (older servers).
fn read(response: &Response) -> Option<Value> {
    if let Ok(value) = json::read(&response.body) {
        return Some(value);
    }
    let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let members = kind.starts_with("application/x-www-form-urlencoded").then(|| {
        let pairs = url::form_urlencoded::parse(&response.body);
        pairs.map(|(name, value)| (name.into_owned(), clean(&value).into())).collect()
    });
    members.map(Value::Object)
}

/// Whether the start of a token response may be shown: only an HTML page or other markup, never a text that may contain
/// a token.
fn is_harmless(text: &str) -> bool {
    let page = text.starts_with("it is an HTML page") || text.starts_with("it begins with '<");
    page && !text.to_ascii_lowercase().contains("token")
}

/// The HTTP client that the `oauth2` crate uses.
pub(super) struct TokenEndpoint<'a> {
    outside: &'a Outside,
    oauth: &'a Oauth,
    headers: Vec<(HeaderName, HeaderValue)>,
    seen: Mutex<Option<Result<EndpointAnswer, Failure>>>,
}

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl<'a> TokenEndpoint<'a> {
    pub(super) fn new(outside: &'a Outside, oauth: &'a Oauth, context: &TemplateContext<'_>) -> Result<Self, Failure> {
        let mut headers = Vec::new();
        for (name, template) in &oauth.token_headers {
            let Some(text) = template.text(context)? else { continue };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad_address())?;
            headers.push((name, HeaderValue::from_str(&text).map_err(|_| bad_address())?));
        }
        Ok(Self { outside, oauth, headers, seen: Mutex::new(None) })
    }

    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (mut parts, mut body) = request.into_parts();
        parts.headers.extend(self.headers.iter().cloned());
        if self.oauth.token_body == TokenBody::Json {
            let members: Map<String, Value> =
                url::form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), value.into())).collect();
            body = Value::Object(members).to_string().into_bytes();
            parts.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let bad = |why: &str| HttpError::Refused { place: "token endpoint".into(), why: why.into() };
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| bad("its URL is not valid"))?;
        let request = Request { method: parts.method, url, headers: parts.headers, body: Body::Bytes(body.into()) };
        let response = match self.outside.http.send(request).await {
            Ok(response) => response,
            Err(error) => {
                let text = error.to_string();
                self.note(Err(match error {
                    HttpError::Refused { .. } | HttpError::Redirected { .. } | HttpError::TooLarge { .. } => {
                        Failure::new(FailureKind::RefusedAddress, text)
                    }
                    HttpError::Unreachable { .. } => Failure::new(FailureKind::Unreachable, text),
                    HttpError::TooLate { .. } => Failure::new(FailureKind::LeaseLost, text),
                    HttpError::Network { .. } | HttpError::Timeout { .. } => Failure::new(FailureKind::Network, text),
                }));
                return Err(error);
            }
        };
        if let Some(advice) = challenge(&response) {
            self.note(Err(Failure::new(FailureKind::BrowserChallenge, format!("the token endpoint: {advice}"))));
            return Err(bad(&advice));
        }
        let body = read(&response);
        let instead = body.is_none().then(|| json::instead(&response.body)).flatten().filter(|text| is_harmless(text));
        let body = body.unwrap_or(Value::Null);
        let standard = self.standard_form(&body);
        // Some servers send errors with status 200.
        let status = if response.status == 200 && standard.is_none() { 400 } else { response.status };
        self.note(Ok(EndpointAnswer { status, body, instead }));
        let bytes = standard.map_or_else(|| response.body.to_vec(), |value| value.to_string().into_bytes());
        http::Response::builder()
            .status(status)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(bytes)
            .map_err(|_| bad("its response is not valid HTTP"))
    }

    /// A response in the form of RFC 6749, from wherever the shop puts its values; `None` without an access token.
    fn standard_form(&self, body: &Value) -> Option<Value> {
        let answer = &self.oauth.answer;
        let mut standard = json!({ "access_token": answer.access.text(body)?, "token_type": "bearer" });
        if let Some(refresh) = answer.refresh.text(body) {
            standard["refresh_token"] = refresh.into();
        }
        Some(standard)
    }

    fn note(&self, response: Result<EndpointAnswer, Failure>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
    }

    /// The token response, or the failure that its error means.
    pub(super) fn answer(&self, provider: &Provider, good: bool) -> Result<Value, Failure> {
        let response = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let response = response
            .unwrap_or_else(|| Err(Failure::new(FailureKind::TokenRequest, "the token request could not be sent")))?;
        if good { Ok(response.body) } else { Err(refusal(provider, self.oauth, &response)) }
    }
}

/// Classifies a refused token request: by the file's rules, then RFC 6749's error codes, then the status.
fn refusal(provider: &Provider, oauth: &Oauth, response: &EndpointAnswer) -> Failure {
    let word = response.body.get("error").and_then(as_text).unwrap_or_default();
    let ruled =
        oauth.error.iter().find(|rule| rule.when.matches(response.status, &response.body)).map(|rule| rule.class);
    let class = ruled.unwrap_or(match (word.as_str(), response.status) {
        ("invalid_grant", _) => TokenClass::Revoked,
        // The client is the merchant's own here: without it there is no permission either.
        ("invalid_client" | "unauthorized_client", _) if oauth.client.is_some() => TokenClass::Revoked,
        ("invalid_client" | "unauthorized_client", _) => TokenClass::WrongApp,
        (_, 429) => TokenClass::Throttled,
        _ => TokenClass::Down,
    });
    let known = word.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !word.is_empty() && word.len() < 40;
    let detail = if known { format!("{} {word}", response.status) } else { response.status.to_string() };
    let instead =
        response.instead.as_ref().map_or_else(String::new, |text| format!(" and no token: {}", cut(text, 200)));
    let at = format!("{}'s token endpoint answered {detail}{instead}", provider.name());
    match class {
        TokenClass::Revoked => Failure::new(
            FailureKind::shop(ShopAnswer::Revoked),
            format!("{at}: the permission was revoked or has expired; connect the shop again"),
        ),
        TokenClass::WrongApp => Failure::new(
            FailureKind::WrongApp,
            format!("{at}: check client_id and client_secret under [app.{}]", provider.key()),
        ),
        TokenClass::Throttled => {
            Failure::new(FailureKind::shop(ShopAnswer::Throttled), at).after(Duration::from_mins(1))
        }
        TokenClass::Down => Failure::new(FailureKind::TokenEndpointDown, at),
    }
}

/// A refresh whose response was lost: the provider's file says whether the old token is still valid.
pub(super) fn lost(oauth: &Oauth, failure: Failure) -> Failure {
    if failure.kind == FailureKind::Network && oauth.lost_answer == LostAnswer::Reconsent {
        let text = format!("{}; the refresh token may have been used up", failure.message);
        return Failure::new(FailureKind::RefreshAnswerLost, text);
    }
    failure
}

/// The facts about the shop in a token response.
pub(super) fn facts(provider: &Provider, body: &Value) -> Result<Facts, Failure> {
    let mut facts = Facts::new();
    for (name, from) in &provider.oauth()?.answer.facts {
        let fact = from.path.text(body).and_then(|text| from.pattern.take(&text)).ok_or_else(|| {
            let text = format!("{}'s token response lacks '{name}'", provider.name());
            Failure::new(FailureKind::TokenEndpointAnswer, text)
        })?;
        facts.insert(name.clone(), fact.into());
    }
    Ok(facts)
}

/// Fails with `other_shop` if a token response names another shop than the one being connected.
pub(super) fn same_shop(provider: &Provider, body: &Value, context: &TemplateContext<'_>) -> Result<(), Failure> {
    let Some(rule) = &provider.oauth()?.answer.same_shop else { return Ok(()) };
    if rule.path.text(body).is_some() && rule.path.text(body) == rule.equals.text(context)? {
        return Ok(());
    }
    Err(Failure::new(FailureKind::OtherShop, "the token is for another shop than the one being connected; start again"))
}

/// The grant in a token response; values that it omits are taken from `old`.
pub(super) fn grant(oauth: &Oauth, body: &Value, now: Time, old: &Grant) -> Result<Grant, Failure> {
    let answer = &oauth.answer;
    let access = answer
        .access
        .text(body)
        .ok_or_else(|| Failure::new(FailureKind::TokenEndpointDown, "the token response has no access token"))?;
    let mut secrets = old.secrets.clone();
    secrets.insert("access".to_owned(), Secret::from(access));
    let fresh_refresh = answer.refresh.text(body);
    let keeps_refresh = fresh_refresh.is_none();
    secrets.extend(fresh_refresh.map(|token| ("refresh".to_owned(), Secret::from(token))));
    let fallback = oauth.default_expires.map(|span| span.0).or_else(|| old.expires_at.map(|_| Duration::from_hours(1)));
    let refresh_end = answer.refresh_expires.as_ref().map_or(TokenExpiry::Unknown, |e| e.read(body, now));
    let scopes = answer
        .scope
        .text(body)
        .map(|text| text.split([' ', ',']).filter(|s| !s.is_empty()).map(str::to_owned).collect());
    let idle = oauth.refresh_idle.as_ref().filter(|_| secrets.contains_key("refresh")).map(|span| now.plus(span.0));
    Ok(Grant {
        secrets,
        expires_at: answer.expires.read(body, now).known().or_else(|| fallback.map(|span| now.plus(span))),
        refresh_expires_at: match refresh_end {
            TokenExpiry::At(end) => Some(end),
            TokenExpiry::Never => idle,
            TokenExpiry::Unknown => idle.or(old.refresh_expires_at.filter(|_| keeps_refresh)),
        },
        scopes: scopes.or_else(|| old.scopes.clone()),
        version: old.version + 1,
        ..Grant::default()
    })
}

/// The grant of a login's response; its credentials stay those of `old`.
pub(super) fn grant_with_token(login: &Login, body: &Value, token: String, now: Time, old: &Grant) -> Grant {
    let mut secrets = old.secrets.clone();
    secrets.insert("access".to_owned(), Secret::from(token));
    let stated = login.expires.as_ref().and_then(|expires| expires.read(body, now).known());
    let fallback = login.default_expires.map(|span| span.0).or_else(|| old.expires_at.map(|_| Duration::from_hours(1)));
    Grant {
        secrets,
        expires_at: stated.or_else(|| fallback.map(|span| now.plus(span))),
        version: old.version + 1,
        ..Grant::default()
    }
}

/// The `exp` of a JSON Web Token: seconds since the epoch. Its signature is the platform's own affair.
fn expiry_of_token(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    json::read::<Value>(&claims).ok()?.get("exp").and_then(as_text)
}

/// A token's expiry as a response states it.
enum TokenExpiry {
    /// Missing or meaningless.
    Unknown,
    /// 0: "never" for a refresh token; treated as unknown for an access token.
    Never,
    At(Time),
}

impl TokenExpiry {
    fn known(self) -> Option<Time> {
        match self {
            Self::At(end) => Some(end),
            Self::Unknown | Self::Never => None,
        }
    }
}

/// The longest lifetime that is stored. A longer one is a server's mistake (milliseconds for seconds, the largest
/// integer for "never"); such a token is refreshed when the shop first refuses it.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 3653);

impl Expires {
    /// Reads a token's expiry; a number may be written as text. An expiry in the past counts as unknown.
    fn read(&self, body: &Value, now: Time) -> TokenExpiry {
        let stated = self.path.text(body);
        let stated = if self.unit == ExpiresUnit::Jwt { stated.and_then(|t| expiry_of_token(&t)) } else { stated };
        let Some(text) = stated else { return TokenExpiry::Unknown };
        let end = match self.unit {
            ExpiresUnit::Rfc3339 => Time::parse(&text),
            unit => match text.trim().parse::<f64>() {
                Ok(0.0) => return TokenExpiry::Never,
                Ok(number) if number > 0.0 => {
                    let seconds = if matches!(unit, ExpiresUnit::Ms) { number / 1000.0 } else { number };
                    // A number too large for the type means the longest span.
                    let span = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                    let from = match unit {
                        ExpiresUnit::EpochS | ExpiresUnit::Jwt => Time::from_unix_ms(0),
                        _ => now,
                    };
                    Some(from.plus(span))
                }
                _ => None,
            },
        };
        end.filter(|end| *end > now)
            .map_or(TokenExpiry::Unknown, |end| TokenExpiry::At(end.min(now.plus(LONGEST_LIFE))))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

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
        let jwt = |claims: &str| json!({"access_token": format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims))});
        let of_token = "answer.expires = { path = 'access_token', unit = 'jwt' }";
        assert_eq!(end(of_token, jwt(r#"{"exp":90,"iat":1}"#)), Some(90_000));
        assert_eq!(end(of_token, jwt(r#"{"exp":90.5}"#)), Some(90_500));
        for none in [jwt("{}"), jwt(r#"{"exp":"soon"}"#), jwt("no json"), json!({"access_token": "a.b"})] {
            assert_eq!(end(of_token, none.clone()), None, "{none}");
        }
    }

    #[test]
    fn a_life_that_cannot_be_has_a_meaning_all_the_same() {
        let now = Time::parse("2026-03-01T12:00:00Z").expect("a time");
        let bound = Time::parse("2036-03-01T12:00:00Z").expect("a time");
        let end = |file: &str, value: Value, old: &Grant| {
            grant(&oauth(file), &json!({ "access_token": "a", "expires_in": value }), now, old)
                .expect("a grant")
                .expires_at
        };
        for none in
            [json!(0), json!("0"), json!(-1), json!("soon"), json!(null), json!(0.0), json!("-9e99"), json!("NaN")]
        {
            assert_eq!(end("", none.clone(), &Grant::default()), None, "{none}");
            // A renewal keeps what was known: that there is an end, and that it is asked for in time.
            assert_eq!(end("", none.clone(), &old()), Some(now.plus(Duration::from_hours(1))), "{none}");
            assert_eq!(end("default_expires = '2h'", none, &old()), Some(now.plus(Duration::from_hours(2))));
        }
        for far in [json!(i64::MAX), json!(315_360_000_000_i64), json!("9e99"), json!(u64::MAX), json!("inf")] {
            let end = end("", far.clone(), &Grant::default()).expect("an end");
            assert!(end >= bound && end < bound.plus(Duration::from_hours(72)), "{far}: {end}");
        }
        let epoch = "answer.expires = { path = 'expires_in', unit = 'epoch_s' }";
        assert_eq!(end(epoch, json!(1), &Grant::default()), None, "an end in the past is none that a new token has");
        assert!(end(epoch, json!(now.unix_ms()), &Grant::default()).is_some_and(|end| end >= bound), "milliseconds");
        let text = "answer.expires = { path = 'expires_in', unit = 'rfc3339' }";
        for none in ["+12020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "never"] {
            assert_eq!(end(text, json!(none), &Grant::default()), None, "{none}");
        }
        assert!(end(text, json!("9999-12-31T23:59:59Z"), &Grant::default()).is_some_and(|end| end >= bound));
    }

    #[test]
    fn a_permission_of_no_life_has_no_end() {
        let now = Time::from_unix_ms(1_000);
        let file = oauth("answer.refresh_expires = { path = 'r', unit = 's' }");
        let held = Grant { refresh_expires_at: Some(Time::from_unix_ms(9_000)), ..old() };
        let end = |body: Value| grant(&file, &body, now, &held).expect("a grant").refresh_expires_at.map(Time::unix_ms);
        assert_eq!(end(json!({"access_token": "a", "r": 0})), None);
        assert_eq!(end(json!({"access_token": "a", "r": 60})), Some(61_000));
        assert_eq!(end(json!({"access_token": "a"})), Some(9_000), "the old one stays, and so does its end");
        assert_eq!(end(json!({"access_token": "a", "refresh_token": "b"})), None);
    }
}
