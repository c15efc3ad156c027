//! The endpoint of the models and its credentials: a key of the Gemini API, a key of Vertex AI in express mode, or a
//! service account on Vertex AI.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::Url;

use super::{ServiceAccount, account::CachedToken, is_model_name, words::redact};
use crate::{
    model::{Failure, FailureKind, Secret},
    outside::{Clock, Http},
};

/// The Gemini API.
const GEMINI_API: &str = "https://generativelanguage.googleapis.com/v1beta";
/// Vertex AI without a location: express mode and the location `global`.
const VERTEX: &str = "https://aiplatform.googleapis.com/v1";
/// Multi-region locations; they have their own hosts (`MULTI_REGIONAL_LOCATIONS` of `@google/genai` 3.1).
const MULTI_REGIONS: [&str; 2] = ["us", "eu"];
/// Domain separation: a budget id never equals another hash of the same key.
const BUDGET: &str = "store-sync: the budget of a model's key\n";

/// An endpoint of `generateContent` with its credentials. `Debug` shows no secrets.
#[derive(Debug, Clone)]
pub struct Service {
    /// The URL before `/models/MODEL:generateContent`, without a trailing slash.
    base: String,
    access: ModelAccess,
}

#[derive(Debug, Clone)]
enum ModelAccess {
    Key { key: Secret, check: &'static str },
    Account(Arc<ServiceAccount>),
}

/// Why a service cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("[gemini.vertex] {name} is invalid: {word}")]
pub struct ServiceError {
    name: &'static str,
    word: String,
}

impl Service {
    /// The Gemini API with an API key; `base_url` (with the version) replaces Google's.
    pub fn gemini_api(key: Secret, base_url: Option<&Url>) -> Self {
        let access = ModelAccess::Key { key, check: "[gemini] api_key and its project" };
        Self { base: base(base_url, GEMINI_API), access }
    }

    /// Vertex AI in express mode, with an API key.
    pub fn vertex_express(key: Secret, base_url: Option<&Url>) -> Self {
        let check = "[gemini] api_key: it must be a key of Vertex AI in express mode";
        Self { base: format!("{}/publishers/google", base(base_url, VERTEX)), access: ModelAccess::Key { key, check } }
    }

    /// Vertex AI with a service account, in a project and a location: `global`, `us`, `eu`, or a region such as
    /// `europe-west4`.
    ///
    /// # Errors
    /// If the project or the location is not safe in a URL.
    pub fn vertex(
        account: ServiceAccount,
        project: &str,
        location: &str,
        base_url: Option<&Url>,
    ) -> Result<Self, ServiceError> {
        // Older projects are named `domain:project`.
        for (name, word, more) in [("project", project, "-:."), ("location", location, "-")] {
            let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c));
            if word.is_empty() || !plain || word.contains("..") {
                return Err(ServiceError { name, word: word.chars().take(60).collect() });
            }
        }
        let usual = match location {
            "global" => VERTEX.to_owned(),
            several if MULTI_REGIONS.contains(&several) => {
                format!("https://aiplatform.{several}.rep.googleapis.com/v1")
            }
            region => format!("https://{region}-aiplatform.googleapis.com/v1"),
        };
        let base = format!("{}/projects/{project}/locations/{location}/publishers/google", base(base_url, &usual));
        Ok(Self { base, access: ModelAccess::Account(Arc::new(account)) })
    }

    /// The id of the budget that requests are charged to: a hash, the same for the same key or account.
    pub fn budget(&self) -> String {
        let who = match &self.access {
            ModelAccess::Key { key, .. } => key.expose_secret(),
            ModelAccess::Account(account) => account.email(),
        };
        let hash = Sha256::new().chain_update(BUDGET).chain_update(who).finalize();
        hash.iter().take(6).fold("gemini:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
    }

    /// The `generateContent` URL of a model; `None` if `model` is not a model name.
    pub(super) fn endpoint(&self, model: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}/models/{model}:generateContent", self.base));
        url.ok().filter(|_| is_model_name(model))
    }

    /// The URL that describes a model, free of charge; `None` if `model` is not a model name, or with a service
    /// account: Vertex AI has no such URL.
    pub(super) fn description(&self, model: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}/models/{model}", self.base));
        url.ok().filter(|_| is_model_name(model) && matches!(self.access, ModelAccess::Key { .. }))
    }

    /// What an operator checks when the credentials are refused.
    pub(super) fn to_check(&self) -> &'static str {
        match &self.access {
            ModelAccess::Key { check, .. } => check,
            ModelAccess::Account(_) => {
                "[gemini.vertex] project and location, that the Vertex AI API is enabled in the project, and that the \
                 account has the role Vertex AI User there"
            }
        }
    }

    /// Returns the credentials of one request; exchanges a new token if needed.
    pub(super) async fn authorize(&self, http: &Http, clock: &Clock) -> Result<Pass, Failure> {
        match &self.access {
            ModelAccess::Key { key, .. } => Pass::new("x-goog-api-key", "", key.clone(), false),
            ModelAccess::Account(account) => {
                let CachedToken { token, reused } = account.token(http, clock).await?;
                Pass::new(header::AUTHORIZATION.as_str(), "Bearer ", token, reused)
            }
        }
        .ok_or_else(|| {
            let message = format!("the key is not valid in an HTTP header: check {}", self.to_check());
            Failure::new(FailureKind::ModelKey, message)
        })
    }

    /// Drops a token that the service refused.
    pub(super) async fn forget(&self, pass: &Pass) {
        if let ModelAccess::Account(account) = &self.access {
            account.forget(&pass.secret).await;
        }
    }
}

fn base(own: Option<&Url>, usual: &str) -> String {
    own.map_or(usual, Url::as_str).trim_end_matches('/').to_owned()
}

/// The authentication header of one request.
pub(super) struct Pass {
    name: HeaderName,
    value: HeaderValue,
    secret: Secret,
    /// The token came from the cache.
    held: bool,
}

impl Pass {
    fn new(name: &str, before: &str, secret: Secret, held: bool) -> Option<Self> {
        let mut value = HeaderValue::from_str(&format!("{before}{}", secret.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(Self { name: name.parse().ok()?, value, secret, held })
    }

    pub(super) fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    pub(super) fn was_held(&self) -> bool {
        self.held
    }

    /// Removes the secret of this request from a text of the service.
    pub(super) fn redact(&self, words: &str) -> String {
        redact(words, &[self.secret.expose_secret()])
    }
}
