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
    path::Path,
    recipe::{HookAct, HookKey, HookPlace, HookProofKind, Webhook},
};
use crate::model::{ConnectionId, Facts, Failure, FailureKind, Secret, json, text::key};

/// A delivery as received.
pub struct Delivery<'a> {
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The URL that it was sent to, as the platform knows it.
    pub url: &'a str,
    /// The body as JSON; null if it is not JSON.
    pub json: Value,
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
            HookProofKind::Secret | HookProofKind::HmacBody | HookProofKind::HmacUrlBody => true,
            HookProofKind::HmacText => self.verify.text.iter().flat_map(super::template::Template::slots).any(|slot| {
                slot.strip_prefix("body.").and_then(|text| Path::parse(text).ok()).is_some_and(|signed| signed == *path)
            }),
        }
    }
}

impl<'a> Delivery<'a> {
    /// A delivery with its body parsed as JSON.
    pub fn new(headers: &'a HeaderMap, body: &'a [u8], url: &'a str) -> Self {
        Self { headers, body, url, json: json::read(body).unwrap_or(Value::Null) }
    }

    fn text(&self, place: &HookPlace) -> Option<String> {
        let header = place.header.as_ref().and_then(|name| self.headers.get(name.as_str())?.to_str().ok());
        header.map(str::to_owned).or_else(|| place.body.as_ref()?.text(&self.json)).filter(|text| is_plain(text))
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

    /// The URL of the shop that a delivery names, not verified.
    pub fn webhook_shop(&self, delivery: &Delivery<'_>) -> Option<String> {
        let shop = self.recipe.webhook.as_ref()?.shop.as_ref()?;
        let mut values = Map::new();
        values.insert("value".to_owned(), delivery.text(&shop.at)?.into());
        let facts = Facts::new();
        shop.store_url
            .text(&TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&facts) })
            .ok()?
    }

    /// Verifies and parses a delivery. `secrets` are those of the subscriptions, if each has its own.
    pub fn read_webhook(
        &self,
        delivery: &Delivery<'_>,
        app: Option<&App>,
        secrets: &[Secret],
    ) -> Result<WebhookEvent, Failure> {
        let webhook = self.recipe.webhook.as_ref().ok_or_else(not_proved)?;
        let proof =
            delivery.headers.get(webhook.verify.header.as_str()).and_then(|h| h.to_str().ok()).unwrap_or_default();
        let proved = match webhook.verify.key {
            HookKey::App => app.is_some_and(|app| proves(webhook, delivery, proof, &app.client_secret)),
            HookKey::Webhook => {
                let key = app.and_then(|app| app.webhook_key.as_ref());
                key.is_some_and(|key| proves(webhook, delivery, proof, key))
            }
            HookKey::Subscription => secrets.iter().any(|secret| proves(webhook, delivery, proof, secret)),
        };
        if !proved {
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

fn proves(webhook: &Webhook, delivery: &Delivery<'_>, proof: &str, secret: &Secret) -> bool {
    let key = secret.expose_secret();
    // Anybody could sign with an empty secret.
    if key.trim().is_empty() {
        return false;
    }
    let text = match webhook.verify.kind {
        HookProofKind::Secret => return bool::from(key.as_bytes().ct_eq(proof.as_bytes())),
        HookProofKind::HmacBody => delivery.body.to_vec(),
        HookProofKind::HmacUrlBody => [delivery.url.as_bytes(), delivery.body].concat(),
        HookProofKind::HmacText => {
            let facts = Facts::new();
            let values = Map::from_iter([("body".to_owned(), delivery.json.clone())]);
            let context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&facts) };
            match webhook.verify.text.as_ref().and_then(|template| template.text(&context).ok().flatten()) {
                Some(text) => text.into_bytes(),
                None => return false,
            }
        }
    };
    let Ok(proof) = STANDARD.decode(proof) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(&text);
    bool::from(mac.finalize().into_bytes().ct_eq(&proof[..]))
}

fn not_proved() -> Failure {
    Failure::new(FailureKind::BadSignature, "the delivery has no valid signature of the platform")
}
