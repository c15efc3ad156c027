//! The shop's OAuth 2 server: consent, codes with PKCE, rotating refresh tokens, revocation.

use std::collections::HashMap;

use axum::{
    Form, Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::{Sandbox, page};
use crate::{model::Time, outside::Outside};

type Params = HashMap<String, String>;
type Deny = (StatusCode, Json<Value>);

/// Codes and grants. Each consent makes one grant, with its access tokens and one or two valid refresh tokens.
#[derive(Default)]
pub(super) struct TokenStore {
    codes: HashMap<String, IssuedCode>,
    grants: Vec<IssuedGrant>,
    codes_used: u64,
    refreshes: u64,
    reuses: u64,
    revocations: u64,
}

struct IssuedCode {
    redirect_uri: String,
    challenge: String,
    expires_at: Time,
}

struct IssuedGrant {
    access: Vec<(String, Time)>,
    refresh: String,
    /// The previous refresh token: valid until the new access token is used for the first time.
    previous: Option<String>,
    revoked: bool,
}

/// The validity of a bearer token.
pub(super) enum Bearer {
    Good,
    Expired,
    Unknown,
    Revoked,
}

impl TokenStore {
    pub(super) fn stats(&self) -> Value {
        json!({ "codes": self.codes_used, "refreshes": self.refreshes, "reuses": self.reuses, "revocations": self.revocations })
    }

    pub(super) fn look(&mut self, token: &str, now: Time) -> Bearer {
        for grant in &mut self.grants {
            let Some(place) = grant.access.iter().position(|(known, _)| known == token) else { continue };
            if grant.revoked {
                return Bearer::Revoked;
            }
            if grant.access[place].1 <= now {
                return Bearer::Expired;
            }
            if place + 1 == grant.access.len() {
                // The newest access token is in use, so the previous refresh token is no longer needed.
                grant.previous = None;
            }
            return Bearer::Good;
        }
        Bearer::Unknown
    }

    pub(super) fn expire_all(&mut self, now: Time) {
        for (_, end) in self.grants.iter_mut().flat_map(|grant| &mut grant.access) {
            *end = now;
        }
    }

    pub(super) fn revoke_all(&mut self) {
        self.grants.iter_mut().for_each(|grant| grant.revoked = true);
        self.revocations += 1;
    }

    fn refresh(&mut self, token: &str) -> Option<usize> {
        let place =
            self.grants.iter().position(|g| !g.revoked && (g.refresh == token || g.previous.as_deref() == Some(token)));
        match place {
            Some(place) => {
                if self.grants[place].refresh == token {
                    self.grants[place].previous = Some(token.to_owned());
                }
                self.refreshes += 1;
            }
            None => self.reuses += 1,
        }
        place
    }
}

/// `GET /oauth/authorize`.
pub(super) async fn consent(State(shop): State<Sandbox>, Query(params): Query<Params>) -> Response {
    match check(&shop, &params) {
        Ok(_) => Html(page::consent(&params)).into_response(),
        Err(why) => {
            (StatusCode::BAD_REQUEST, Html(page::shell("This app cannot be connected", &format!("<p>{why}</p>"))))
                .into_response()
        }
    }
}

/// `POST /oauth/authorize`: the decision on the consent page.
pub(super) async fn decide(State(shop): State<Sandbox>, Form(params): Form<Params>) -> Response {
    let mut target = match check(&shop, &params) {
        Ok(target) => target,
        Err(why) => {
            return (
                StatusCode::BAD_REQUEST,
                Html(page::shell("This app cannot be connected", &format!("<p>{why}</p>"))),
            )
                .into_response();
        }
    };
    let Outside { clock, random, .. } = &shop.0.outside;
    let now = clock.now();
    let mut answer =
        vec![("shop".to_owned(), host(&shop)), ("timestamp".to_owned(), (now.unix_ms() / 1000).to_string())];
    answer.extend(params.get("state").map(|state| ("state".to_owned(), state.clone())));
    if params.get("decision").is_some_and(|decision| decision == "allow") {
        let code = random.token();
        let known = IssuedCode {
            redirect_uri: params.get("redirect_uri").cloned().unwrap_or_default(),
            challenge: params.get("code_challenge").cloned().unwrap_or_default(),
            expires_at: now.plus(std::time::Duration::from_mins(1)),
        };
        shop.tokens().codes.insert(code.clone(), known);
        answer.push(("code".to_owned(), code));
    } else {
        answer.push(("error".to_owned(), "access_denied".to_owned()));
    }
    let signature = sign(&shop.0.options.client_secret, &answer);
    answer.push(("hmac".to_owned(), signature));
    target.query_pairs_mut().extend_pairs(&answer);
    Redirect::to(target.as_str()).into_response()
}

/// The redirect target of an authorization request. Errors are shown on a page, never redirected.
fn check(shop: &Sandbox, params: &Params) -> Result<Url, &'static str> {
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    if get("client_id") != shop.0.options.client_id {
        return Err("The shop does not know this app.");
    }
    if get("response_type") != "code" {
        return Err("The app's response_type is not code.");
    }
    if get("code_challenge").len() != 43 || get("code_challenge_method") != "S256" {
        return Err("The app does not use PKCE with S256, which this shop requires.");
    }
    let target = Url::parse(get("redirect_uri")).map_err(|_| "The app's redirect_uri is not a valid URL.")?;
    let loopback = matches!(target.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    // A daemon may be served below a path of its public URL.
    let fits = target.path().contains("/oauth/callback/")
        && (target.scheme() == "https" || (target.scheme() == "http" && loopback));
    if fits && target.query().is_none() {
        Ok(target)
    } else {
        Err("The app's redirect_uri is not allowed by this shop.")
    }
}

fn host(shop: &Sandbox) -> String {
    shop.0.options.base_url.split("://").last().unwrap_or_default().to_owned()
}

/// HMAC over all other parameters, sorted by name, form-encoded with spaces as %20; in hexadecimal.
fn sign(secret: &str, pairs: &[(String, String)]) -> String {
    let mut sorted = Vec::from_iter(pairs);
    sorted.sort();
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(sorted).finish().replace('+', "%20");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// `POST /oauth/token`.
pub(super) async fn token(
    State(shop): State<Sandbox>,
    headers: HeaderMap,
    Form(params): Form<Params>,
) -> Result<Json<Value>, Deny> {
    authenticate(&shop, &headers, &params)?;
    let Outside { clock, random, .. } = &shop.0.outside;
    let now = clock.now();
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    let (access, refresh) = (random.token(), random.token());
    let end = now.plus(shop.0.options.token_ttl);
    let told = json!({
        "access_token": access, "token_type": "bearer", "expires_in": shop.0.options.token_ttl.as_secs(), "refresh_token": refresh,
        "refresh_token_expires_in": 7_776_000, "scope": "products pictures",
    });
    let mut tokens = shop.tokens();
    match get("grant_type") {
        "authorization_code" => {
            let code = tokens.codes.remove(get("code")).filter(|code| code.expires_at > now);
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier").as_bytes()));
            let good = code.is_some_and(|code| code.redirect_uri == get("redirect_uri") && code.challenge == challenge);
            if !good {
                return Err(deny(
                    StatusCode::BAD_REQUEST,
                    "invalid_grant",
                    "the code is unknown, used or expired, or for another code_verifier or redirect_uri",
                ));
            }
            tokens.codes_used += 1;
            tokens.grants.push(IssuedGrant { access: vec![(access, end)], refresh, previous: None, revoked: false });
        }
        "refresh_token" => {
            let Some(place) = tokens.refresh(get("refresh_token")) else {
                return Err(deny(
                    StatusCode::BAD_REQUEST,
                    "invalid_grant",
                    "the refresh token is unknown, rotated or revoked",
                ));
            };
            let grant = &mut tokens.grants[place];
            grant.access.push((access, end));
            grant.refresh = refresh;
        }
        _ => {
            return Err(deny(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "use authorization_code or refresh_token",
            ));
        }
    }
    Ok(Json(told))
}

/// `POST /oauth/revoke` (RFC 7009).
pub(super) async fn revoke(
    State(shop): State<Sandbox>,
    headers: HeaderMap,
    Form(params): Form<Params>,
) -> Result<StatusCode, Deny> {
    authenticate(&shop, &headers, &params)?;
    let token = params.get("token").map_or("", String::as_str);
    let mut tokens = shop.tokens();
    if let Some(grant) =
        tokens.grants.iter_mut().find(|g| g.refresh == token || g.access.iter().any(|(known, _)| known == token))
    {
        grant.revoked = true;
        tokens.revocations += 1;
    }
    Ok(StatusCode::OK)
}

fn authenticate(shop: &Sandbox, headers: &HeaderMap, params: &Params) -> Result<(), Deny> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic ").map(str::to_owned));
    let pair = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let decode = |text: &str| {
        url::form_urlencoded::parse(format!("v={text}").as_bytes())
            .next()
            .map(|(_, v)| v.into_owned())
            .unwrap_or_default()
    };
    let (id, secret) = match pair.as_deref().and_then(|text| text.split_once(':')) {
        Some((id, secret)) => (decode(id), decode(secret)),
        None => (
            params.get("client_id").cloned().unwrap_or_default(),
            params.get("client_secret").cloned().unwrap_or_default(),
        ),
    };
    let options = &shop.0.options;
    let same =
        id.as_bytes().ct_eq(options.client_id.as_bytes()) & secret.as_bytes().ct_eq(options.client_secret.as_bytes());
    if bool::from(same) {
        Ok(())
    } else {
        Err(deny(StatusCode::UNAUTHORIZED, "invalid_client", "unknown app or wrong secret"))
    }
}

fn deny(status: StatusCode, error: &str, description: &str) -> Deny {
    (status, Json(json!({ "error": error, "error_description": description })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_refresh_token_serves_until_the_new_pair_is_used() {
        let (now, later) = (Time::from_unix_ms(0), Time::from_unix_ms(1_000));
        let mut tokens = TokenStore::default();
        tokens.grants.push(IssuedGrant {
            access: vec![("a1".into(), later)],
            refresh: "r1".into(),
            previous: None,
            revoked: false,
        });
        assert_eq!(tokens.refresh("r1"), Some(0));
        tokens.grants[0].access.push(("a2".into(), later));
        tokens.grants[0].refresh = "r2".into();
        assert_eq!(tokens.refresh("r1"), Some(0), "the answer was lost: once more");
        assert!(matches!(tokens.look("a1", now), Bearer::Good), "the old access token lives on and retires nothing");
        assert_eq!(tokens.refresh("r1"), Some(0));
        assert!(matches!(tokens.look("a2", now), Bearer::Good));
        assert_eq!(tokens.refresh("r1"), None, "the new pair is in use");
    }
}
