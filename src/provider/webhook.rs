//! Webhooks: verifies and parses a platform's deliveries as the provider's file describes them.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{
    App, Provider,
    context::TemplateContext,
    jws::{Jws, VerifyingKey, is_timely},
    key_sets::KeySets,
    path::Path,
    recipe::{HookAct, HookEncoding, HookKey, HookPlace, HookProof, HookProofKind, Webhook},
};
use crate::{
    model::{ConnectionId, Facts, Failure, FailureKind, Secret, Time, json, text::key},
    outside::Outside,
};

/// A delivery as received.
pub struct Delivery<'a> {
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The URL that it was sent to, as the platform knows it.
    pub url: &'a str,
    /// The body as JSON, or the claims of a token; null if it is neither. Not verified.
    pub json: Value,
}

/// What the deliveries of a shop are verified with.
#[derive(Clone, Copy, Default)]
pub struct HookKeys<'a> {
    pub app: Option<&'a App>,
    /// The secrets of its subscriptions, if each has its own.
    pub secrets: &'a [Secret],
    /// The keys that it publishes.
    pub published: &'a [VerifyingKey],
}

/// How a delivery names its shop. Not verified.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum NamedShop {
    /// By its URL.
    Url(String),
    /// By its id at the platform.
    Id(String),
}

/// The content of a verified delivery.
#[derive(Debug, PartialEq, Eq)]
pub struct WebhookEvent {
    pub topic: String,
    /// The delivery's id, the same for a redelivery; `None` if the platform sends none that its signature covers.
    pub delivery: Option<String>,
    /// `None` for a topic that the provider's file ignores.
    pub act: Option<HookAct>,
    pub erp_id: Option<String>,
}

impl Webhook {
    /// Whether the proof of a delivery covers the value at a place.
    fn proves(&self, place: &HookPlace) -> bool {
        place.body.as_ref().is_some_and(|path| self.proves_body(path)) || self.verify.kind == HookProofKind::Secret
    }

    fn proves_body(&self, path: &Path) -> bool {
        match self.verify.kind {
            HookProofKind::Secret
            | HookProofKind::HmacBody
            | HookProofKind::HmacUrlBody
            | HookProofKind::JwsDetached
            | HookProofKind::JwtBody => true,
            HookProofKind::HmacText => self.verify.text.iter().flat_map(super::template::Template::slots).any(|slot| {
                slot.strip_prefix("body.").and_then(|text| Path::parse(text).ok()).is_some_and(|signed| signed == *path)
            }),
        }
    }
}

impl Delivery<'_> {
    fn text(&self, place: &HookPlace) -> Option<String> {
        let header = place.header.as_ref().and_then(|name| self.header(name));
        header.map(str::to_owned).or_else(|| place.body.as_ref()?.text(&self.json)).filter(|text| is_plain(text))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Provider {
    /// Whether the platform sends webhooks.
    pub fn has_webhooks(&self) -> bool {
        self.recipe.webhook.is_some()
    }

    /// Whether one webhook URL serves every shop of the app.
    pub fn webhook_names_shop(&self) -> bool {
        self.recipe.webhook.as_ref().is_some_and(|webhook| webhook.shop.is_some())
    }

    /// The URL for deliveries: of the whole app, or of one connection.
    pub fn webhook_url(&self, public_url: &str, connection: Option<&ConnectionId>) -> String {
        let base = format!("{public_url}/hooks/{}", self.key());
        match connection.filter(|_| !self.webhook_names_shop()) {
            Some(id) => format!("{base}/{id}"),
            None => base,
        }
    }

    /// Whether a delivery is an unsigned ping that only needs a response.
    pub fn is_ping(&self, delivery: &Delivery<'_>) -> bool {
        let Some(name) = self.recipe.webhook.as_ref().and_then(|webhook| webhook.ping.as_ref()) else { return false };
        let mut pairs = url::form_urlencoded::parse(delivery.body);
        pairs.next().is_some_and(|(key, _)| key == name.as_str()) && pairs.next().is_none()
    }

    /// A delivery, parsed as the provider's file describes it.
    pub fn delivery<'a>(&self, headers: &'a HeaderMap, body: &'a [u8], url: &'a str) -> Delivery<'a> {
        let webhook = self.recipe.webhook.as_ref();
        let is_token = webhook.is_some_and(|webhook| webhook.verify.kind == HookProofKind::JwtBody);
        let read = if is_token { token(body).and_then(|token| token.claims()) } else { json::read(body).ok() };
        let mut json = read.unwrap_or_default();
        for path in webhook.iter().flat_map(|webhook| &webhook.embedded) {
            let inner = path.get(&json).and_then(Value::as_str).and_then(|text| json::read(text.as_bytes()).ok());
            if let Some(inner) = inner {
                path.put(&mut json, inner);
            }
        }
        Delivery { headers, body, url, json }
    }

    /// The shop that a delivery names, if one URL serves the whole app.
    pub fn webhook_shop(&self, delivery: &Delivery<'_>) -> Option<NamedShop> {
        let shop = self.recipe.webhook.as_ref()?.shop.as_ref()?;
        let value = delivery.text(&shop.at)?;
        let Some(store_url) = &shop.store_url else { return Some(NamedShop::Id(value)) };
        let (facts, values) = (Facts::new(), Map::from_iter([("value".to_owned(), value.into())]));
        let context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&facts) };
        store_url.text(&context).ok()?.map(NamedShop::Url)
    }

    /// The keys that a shop publishes, fresh enough for this delivery; none if the platform signs otherwise, or if the delivery has no
    /// signature: then the shop is not asked.
    pub async fn published_keys(
        &self,
        sets: &KeySets,
        outside: &Outside,
        facts: &Facts,
        delivery: &Delivery<'_>,
    ) -> Result<Vec<VerifyingKey>, Failure> {
        let Some(webhook) = &self.recipe.webhook else { return Ok(Vec::new()) };
        let (Some(place), Some(jws)) = (&webhook.verify.jwks, webhook.verify.signature(delivery)) else {
            return Ok(Vec::new());
        };
        let url = place.text(&TemplateContext::of_facts(facts))?.unwrap_or_default();
        sets.keys(outside, &url, jws.key_id()).await
    }

    /// Whether a key can be the one that the platform shows the operator: where it verifies signatures, it has to be a public key.
    pub fn takes_webhook_key(&self, key: &Secret) -> bool {
        let verify = self.recipe.webhook.as_ref().map(|webhook| &webhook.verify);
        let is_public = verify.is_some_and(|verify| verify.key == HookKey::Webhook && verify.kind.is_jws());
        !is_public || VerifyingKey::from_pem(key.expose_secret()).is_some()
    }

    /// Verifies and parses a delivery.
    pub fn read_webhook(
        &self,
        delivery: &Delivery<'_>,
        with: HookKeys<'_>,
        now: Time,
    ) -> Result<WebhookEvent, Failure> {
        let webhook = self.recipe.webhook.as_ref().ok_or_else(not_proved)?;
        if !webhook.verify.is_proved(delivery, with, now) {
            return Err(not_proved());
        }
        let topic = delivery.text(&webhook.topic).unwrap_or_default();
        let rule = webhook.on.get(&topic);
        let facts = Facts::new();
        let erp_id = rule
            .and_then(|rule| rule.id.as_ref())
            .and_then(|id| id.text(&delivery.json, &TemplateContext::of_facts(&facts)))
            .filter(|id| is_plain(id))
            .map(key);
        let same =
            webhook.delivery.as_ref().filter(|place| webhook.proves(place)).and_then(|place| delivery.text(place));
        Ok(WebhookEvent { act: rule.map(|rule| rule.act), topic, delivery: same, erp_id })
    }
}

/// Whether a text is short and free of control characters, so that it may be stored.
fn is_plain(text: &str) -> bool {
    text.len() < 500 && !text.chars().any(char::is_control)
}

impl HookProof {
    /// Whether a delivery is proved by one of the keys.
    fn is_proved(&self, delivery: &Delivery<'_>, with: HookKeys<'_>, now: Time) -> bool {
        let shown = with.app.and_then(|app| app.webhook_key.as_ref());
        match self.key {
            HookKey::App => with.app.is_some_and(|app| self.is_proved_by(delivery, &app.client_secret)),
            HookKey::Webhook if self.kind.is_jws() => {
                let key = shown.and_then(|key| VerifyingKey::from_pem(key.expose_secret()));
                self.is_signed(delivery, key.as_slice(), now)
            }
            HookKey::Webhook => shown.is_some_and(|key| self.is_proved_by(delivery, key)),
            HookKey::Subscription => with.secrets.iter().any(|secret| self.is_proved_by(delivery, secret)),
            HookKey::Jwks => self.is_signed(delivery, with.published, now),
        }
    }

    /// The signature of a delivery, if that is how deliveries are proved.
    fn signature<'d>(&self, delivery: &'d Delivery<'_>) -> Option<Jws<'d>> {
        match self.kind {
            HookProofKind::JwsDetached => Jws::parse(delivery.header(self.header.as_ref()?)?),
            HookProofKind::JwtBody => token(delivery.body),
            _ => None,
        }
    }

    fn is_signed(&self, delivery: &Delivery<'_>, keys: &[VerifyingKey], now: Time) -> bool {
        let Some(jws) = self.signature(delivery) else { return false };
        match self.kind {
            HookProofKind::JwtBody => jws.is_true(keys) && jws.claims().is_some_and(|claims| is_timely(&claims, now)),
            _ => jws.is_of(delivery.body, keys),
        }
    }

    /// Whether a delivery is proved by a secret.
    fn is_proved_by(&self, delivery: &Delivery<'_>, secret: &Secret) -> bool {
        let key = secret.expose_secret();
        let proof = self.header.as_ref().and_then(|name| delivery.header(name));
        // Anybody could sign with an empty secret.
        let Some(proof) = proof.filter(|_| !key.trim().is_empty()) else { return false };
        if self.kind == HookProofKind::Secret {
            return bool::from(key.as_bytes().ct_eq(proof.as_bytes()));
        }
        let (Some(text), Some(given)) = (self.signed_text(delivery), self.given(proof)) else { return false };
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(&text);
        bool::from(mac.finalize().into_bytes().ct_eq(&given[..]))
    }

    /// What an HMAC is made of.
    fn signed_text(&self, delivery: &Delivery<'_>) -> Option<Vec<u8>> {
        match self.kind {
            HookProofKind::HmacBody => Some(delivery.body.to_vec()),
            HookProofKind::HmacUrlBody => Some([delivery.url.as_bytes(), delivery.body].concat()),
            HookProofKind::HmacText => {
                let facts = Facts::new();
                let values = Map::from_iter([("body".to_owned(), delivery.json.clone())]);
                let context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&facts) };
                self.text.as_ref()?.text(&context).ok()?.map(String::into_bytes)
            }
            HookProofKind::Secret | HookProofKind::JwsDetached | HookProofKind::JwtBody => None,
        }
    }

    /// The bytes of an HMAC; `None` if it is not written as the provider's file says.
    fn given(&self, proof: &str) -> Option<Vec<u8>> {
        let text = proof.strip_prefix(self.prefix.as_deref().unwrap_or_default())?;
        match self.encoding.unwrap_or(HookEncoding::Base64) {
            HookEncoding::Base64 => STANDARD.decode(text).ok(),
            HookEncoding::Hex => unhex(text),
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

/// The body as a token.
fn token(body: &[u8]) -> Option<Jws<'_>> {
    Jws::parse(std::str::from_utf8(body).ok()?)
}

fn not_proved() -> Failure {
    Failure::new(FailureKind::BadSignature, "the delivery has no valid signature of the platform")
}
