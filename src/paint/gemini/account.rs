//! A Google service account: exchanges a signed JWT for an access token and caches it until shortly before it expires.
//! Wire facts: <https://developers.google.com/identity/protocols/oauth2/service-account> and npm `google-auth-library`
//! 10.9.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, Method, header};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::words::{plain, redact};
use crate::{
    model::{Failure, FailureKind, Secret, Time, json},
    outside::{Body, Clock, Http, Request, Response},
};

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The longest lifetime that Google accepts.
const ASSERTION_SECONDS: i64 = 3600;
/// A token is refreshed this long before it expires: longer than an exchange takes.
const EARLY: Duration = Duration::from_mins(5);
/// The shortest time that a token is cached, whatever its `expires_in`: otherwise every call could request one.
const PAUSE: Duration = Duration::from_mins(1);
/// The longest `expires_in` that is believed.
const LONGEST: Duration = Duration::from_hours(24);

/// A service account, from its key file. `Debug` shows neither key nor token.
pub struct ServiceAccount {
    email: String,
    project: Option<String>,
    key: RsaKeyPair,
    key_id: Option<String>,
    token_uri: Url,
    /// The lock makes concurrent callers share one exchange.
    held: Mutex<Option<Token>>,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

struct Token {
    secret: Secret,
    renew_at: Time,
}

/// A token, and whether it came from the cache.
pub(super) struct CachedToken {
    pub(super) token: Secret,
    pub(super) reused: bool,
}

/// Why a file is not the key file of a service account. Never quotes the file's secrets.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Line and column where parsing failed.
    #[error("it is not the JSON key of a service account (line {0}, column {1})")]
    NotJson(usize, usize),
    #[error("its type is \"{0}\", not \"service_account\"; create a key of a service account")]
    Kind(String),
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("its private_key is not an RSA key in PEM")]
    Key,
    #[error("its token_uri is not a URL")]
    TokenUri,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type", default)]
    kind: String,
    client_email: Option<String>,
    project_id: Option<String>,
    private_key: Option<Secret>,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

impl ServiceAccount {
    /// Parses the JSON of a key file.
    ///
    /// # Errors
    /// If it is not one; the error names what is wrong and quotes no secret.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let file: KeyFile =
            serde_json::from_str(text).map_err(|error| AccountError::NotJson(error.line(), error.column()))?;
        if file.kind != "service_account" {
            let plain = |c: &char| c.is_ascii_lowercase() || *c == '_';
            return Err(AccountError::Kind(file.kind.chars().filter(plain).take(40).collect()));
        }
        let email = file.client_email.filter(|email| !email.is_empty()).ok_or(AccountError::Missing("client_email"))?;
        let pem = file.private_key.ok_or(AccountError::Missing("private_key"))?;
        let token_uri = Url::parse(file.token_uri.as_deref().unwrap_or(TOKEN_URI));
        Ok(Self {
            email,
            project: file.project_id,
            key: key(&pem).ok_or(AccountError::Key)?,
            key_id: file.private_key_id,
            token_uri: token_uri.map_err(|_| AccountError::TokenUri)?,
            held: Mutex::new(None),
        })
    }

    /// The account's address, such as `store-sync@PROJECT.iam.gserviceaccount.com`.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The project of the account; `None` if its file names none.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Returns an access token that does not expire soon. Concurrent callers share one exchange.
    pub(super) async fn token(&self, http: &Http, clock: &Clock) -> Result<CachedToken, Failure> {
        let mut cached = self.held.lock().await;
        if let Some(token) = cached.as_ref().filter(|token| clock.now() < token.renew_at) {
            return Ok(CachedToken { token: token.secret.clone(), reused: true });
        }
        // The old token is not used again even if the exchange fails.
        *cached = None;
        let token = self.fetch(http, clock).await?;
        let secret = token.secret.clone();
        *cached = Some(token);
        Ok(CachedToken { token: secret, reused: false })
    }

    /// Drops a token from the cache, unless another has replaced it.
    pub(super) async fn forget(&self, token: &Secret) {
        let mut cached = self.held.lock().await;
        cached.take_if(|cached| cached.secret.expose_secret() == token.expose_secret());
    }

    async fn fetch(&self, http: &Http, clock: &Clock) -> Result<Token, Failure> {
        let assertion = self.assertion(clock.now());
        let assertion =
            assertion.ok_or_else(|| Failure::new(FailureKind::ModelKey, self.refusal("its key cannot sign")))?;
        let form = [("grant_type", GRANT_TYPE), ("assertion", assertion.expose_secret())];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::new(Method::POST, self.token_uri.clone());
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(header::CONTENT_TYPE, kind);
        request.body = Body::Bytes(form.into());
        let sent_at = clock.now();
        let response = http.send(request).await;
        let response = response.map_err(|error| {
            Failure::new(
                FailureKind::Network,
                format!("the token endpoint of {} cannot be reached: {error}", self.email),
            )
        })?;
        self.read(&response, &assertion, sent_at)
    }

    fn read(&self, response: &Response, assertion: &Secret, sent_at: Time) -> Result<Token, Failure> {
        let body: Value = json::read(&response.body).unwrap_or_default();
        let token = body["access_token"].as_str().filter(|token| !token.is_empty());
        match (response.status, token) {
            (200, Some(token)) => {
                let life = Duration::from_secs(body["expires_in"].as_u64().unwrap_or(0)).min(LONGEST);
                let renew_at = sent_at.plus(life.saturating_sub(EARLY).max(life / 2).max(PAUSE));
                Ok(Token { secret: Secret::from(token), renew_at })
            }
            (200 | 408 | 429 | 500.., _) => {
                let message =
                    format!("the token endpoint of {} answered {} without a token", self.email, response.status);
                Err(Failure::new(FailureKind::ModelAway, message))
            }
            (status, _) => {
                let word =
                    |name: &str| plain(&redact(body[name].as_str().unwrap_or_default(), &[assertion.expose_secret()]));
                let why =
                    format!("the token endpoint answered {status} {} ({})", word("error"), word("error_description"));
                Err(Failure::new(FailureKind::ModelKey, self.refusal(&why)))
            }
        }
    }

    fn refusal(&self, why: &str) -> String {
        format!(
            "no access token for {}: {why}. Check [gemini.vertex] credentials_file, that the account and its key are active, and \
             the clock of this machine",
            self.email
        )
    }

    /// The signed JWT assertion (RFC 7523) for the token endpoint; `None` if the key cannot sign.
    fn assertion(&self, now: Time) -> Option<Secret> {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.key_id {
            head["kid"] = id.as_str().into();
        }
        let at = now.unix_ms().div_euclid(1000);
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": self.token_uri.as_str(), "iat": at, "exp": at + ASSERTION_SECONDS,
        });
        let signed = format!("{}.{}", part(head), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        // The random numbers only blind the arithmetic: the signature does not depend on them.
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(Secret::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// An RSA key in PEM, as PKCS #8 or PKCS #1; `None` if it is neither.
fn key(pem: &Secret) -> Option<RsaKeyPair> {
    match PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).ok()? {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
        _ => None,
    }
}
