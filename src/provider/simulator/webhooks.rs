//! Webhooks of the simulator: subscriptions, and the deliveries after a change.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::{
    Outbound, SimulatedReply, SimulatorState,
    routes::{MatchedCall, Routes},
};
use crate::{
    model::Facts,
    provider::{
        context::TemplateContext,
        recipe::{HookAct, HookKey, HookPlace, HookProofKind, Webhook},
    },
};

/// A webhook subscription.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    topic: String,
    url: String,
    secret: String,
}

impl SimulatorState {
    /// Adds a subscription.
    pub(super) fn subscribe(&mut self, plan: &Routes, meant: &MatchedCall) -> SimulatedReply {
        let text = |name: &str| meant.values.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let new = Subscription { topic: text("hook.topic"), url: text("hook.url"), secret: text("hook.secret") };
        self.hooks.retain(|known| (&known.topic, &known.url) != (&new.topic, &new.url));
        self.hooks.push(new);
        let mut reply = plan.answer(&meant.op);
        let rule = plan.provider.recipe.webhook.as_ref().and_then(|webhook| webhook.subscribe.as_ref());
        if let Some(rule) = rule {
            let form = super::id_format::IdFormat::of(rule.id.get(&reply.body));
            rule.id.put(&mut reply.body, form.render(self.hooks.len() as u64, ""));
        }
        SimulatedReply::json(reply)
    }

    /// The deliveries for a changed or deleted product.
    pub(super) fn notify(&mut self, plan: &Routes, number: u64, gone: bool) -> Vec<Outbound> {
        let Some(webhook) = &plan.provider.recipe.webhook else { return Vec::new() };
        let (act, word) = if gone { (HookAct::Gone, "delete") } else { (HookAct::Read, "update") };
        let named = |topic: &&String| topic.to_lowercase().contains(word);
        let mut topics =
            webhook.on.iter().filter(|(topic, rule)| rule.act == act && named(topic)).map(|(topic, _)| topic);
        let topic = topics.next().or_else(|| webhook.on.keys().find(named));
        let Some(topic) = topic.cloned() else { return Vec::new() };
        self.delivered += 1;
        let usual = Subscription {
            topic: topic.clone(),
            url: format!("{}/hooks/{}", self.rules.daemon_url, plan.provider.key()),
            secret: self.rules.client_secret.clone(),
        };
        let same = |one: &str, other: &str| {
            let plain = |text: &str| text.to_lowercase().replace(['/', '_', '.'], "");
            plain(one) == plain(other)
        };
        let to: Vec<Subscription> = if webhook.subscribe.is_some() {
            self.hooks.iter().filter(|hook| same(&hook.topic, &topic)).cloned().collect()
        } else {
            vec![usual]
        };
        to.iter().map(|hook| self.delivery(plan, webhook, hook, &topic, number)).collect()
    }

    fn delivery(&self, plan: &Routes, webhook: &Webhook, hook: &Subscription, topic: &str, number: u64) -> Outbound {
        // A recorded delivery of the platform is the sample, if a fixture has one.
        let mut shown = plan.talks.iter().filter(|talk| talk.good).filter_map(|talk| talk.delivered.clone());
        let (more, mut body) = shown.next().unwrap_or_else(|| (BTreeMap::new(), Value::Object(Map::new())));
        let mut headers: Vec<(String, String)> = more.into_iter().collect();
        let mut place = |at: &HookPlace, text: String, body: &mut Value| match (&at.header, &at.body) {
            (Some(name), _) => headers.push((name.clone(), text)),
            (None, Some(path)) => path.put(body, text.into()),
            (None, None) => {}
        };
        place(&webhook.topic, topic.to_owned(), &mut body);
        if let Some(delivery) = &webhook.delivery {
            place(delivery, format!("delivery-{}", self.delivered), &mut body);
        }
        if let Some(shop) = &webhook.shop {
            let address = plan.provider.store_url(&plan.facts).unwrap_or_default();
            let value = shop.store_url.read_back(&address, &|_| None).and_then(|mut values| values.remove("value"));
            place(&shop.at, value.and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(), &mut body);
        }
        // Another topic's path serves if this topic has none.
        let ids =
            webhook.on.get(topic).into_iter().chain(webhook.on.values()).filter_map(|rule| rule.id.as_ref()?.path());
        if let Some(path) = { ids }.next() {
            path.put(&mut body, number.into());
        }
        if webhook.delivery.is_none() {
            // Without a delivery id, bodies must differ, or the daemon would dedupe them.
            body["delivered"] = self.delivered.into();
        }
        if let Some(text) = &webhook.verify.text {
            // The signed fields must exist.
            for slot in text.slots().filter_map(|slot| slot.strip_prefix("body.")) {
                if body.get(slot).is_none() {
                    body[slot] = (self.now.unix_ms() / 1000).to_string().into();
                }
            }
        }
        let proof = proof(webhook, self.key(webhook, hook), &hook.url, &body);
        headers.push((webhook.verify.header.clone(), proof));
        Outbound::delivery(&hook.url, &body, &headers)
    }

    fn key<'a>(&'a self, webhook: &Webhook, hook: &'a Subscription) -> &'a str {
        match webhook.verify.key {
            HookKey::Webhook => &self.rules.webhook_key,
            HookKey::App => &self.rules.client_secret,
            HookKey::Subscription => &hook.secret,
        }
    }
}

fn proof(webhook: &Webhook, key: &str, url: &str, body: &Value) -> String {
    let text = match webhook.verify.kind {
        HookProofKind::Secret => return key.to_owned(),
        HookProofKind::HmacBody => body.to_string(),
        HookProofKind::HmacUrlBody => format!("{url}{body}"),
        HookProofKind::HmacText => {
            let facts = Facts::new();
            let values = Map::from_iter([("body".to_owned(), body.clone())]);
            let context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&facts) };
            webhook.verify.text.as_ref().and_then(|text| text.text(&context).ok().flatten()).unwrap_or_default()
        }
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
