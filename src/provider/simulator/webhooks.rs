//! Webhooks of the simulator: subscriptions, and the deliveries after a change.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::{
    Outbound, SimulatedReply, SimulatorState,
    catalogue::{list_request, write_next},
    id_format::IdFormat,
    routes::{MatchedCall, Routes},
};
use crate::{
    model::Facts,
    provider::{
        context::TemplateContext,
        path::as_text,
        recipe::{HookAct, HookKey, HookPlace, HookProofKind, Subscribe, Webhook},
    },
};

/// A webhook subscription.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    /// As the platform writes it.
    id: Value,
    topic: String,
    url: String,
    secret: String,
    active: bool,
}

impl SimulatorState {
    /// Adds a subscription, also where there is one already.
    pub(super) fn subscribe(&mut self, plan: &Routes, meant: &MatchedCall) -> SimulatedReply {
        let Some(rule) = rule(plan) else { return SimulatedReply::missing() };
        let text = |name: &str| meant.values.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut reply = plan.answer(&meant.op);
        self.subscribed += 1;
        let id = IdFormat::of(rule.id.get(&reply.body)).render(self.subscribed, "");
        rule.id.put(&mut reply.body, id.clone());
        let (topic, url, secret) = (text("hook.topic"), text("hook.url"), text("hook.secret"));
        self.hooks.push(Subscription { id, topic, url, secret, active: true });
        SimulatedReply::json(reply)
    }

    /// A page of the subscriptions.
    pub(super) fn list_subscriptions(&self, plan: &Routes, values: &Map<String, Value>, url: &str) -> SimulatedReply {
        let Some(list) = rule(plan).and_then(|rule| rule.list.as_ref()) else { return SimulatedReply::missing() };
        let request = list_request(&list.page, values, url);
        let mut reply = plan.answer(&list.op);
        let sample = list.page.items.each(&reply.body).first().cloned().unwrap_or_default();
        let from = request.after.map_or(request.skip, |after| usize::try_from(after).unwrap_or(0));
        let page = self.hooks.iter().skip(from).take(request.size).map(|hook| {
            let mut item = sample.clone();
            list.id.put(&mut item, hook.id.clone());
            list.topic.put(&mut item, hook.topic.as_str().into());
            list.url.put(&mut item, hook.url.as_str().into());
            if let Some(active) = &list.active {
                active.put(&mut item, hook.active);
            }
            item
        });
        list.page.items.put(&mut reply.body, page.collect());
        let end = from.saturating_add(request.size);
        let next = (end < self.hooks.len()).then_some(end as u64);
        write_next(&list.page, &mut reply, self.hooks.len(), next, url);
        SimulatedReply::json(reply)
    }

    /// Deletes a subscription.
    pub(super) fn unsubscribe(&mut self, plan: &Routes, meant: &MatchedCall) -> SimulatedReply {
        let id = meant.values.get("hook.id").and_then(as_text);
        let before = self.hooks.len();
        self.hooks.retain(|known| as_text(&known.id) != id);
        if self.hooks.len() == before {
            SimulatedReply::missing()
        } else {
            SimulatedReply::json(plan.answer(&meant.op))
        }
    }

    pub(super) fn switch_webhooks_off(&mut self, plan: &Routes) {
        let shows = rule(plan).and_then(|rule| rule.list.as_ref()).is_some_and(|list| list.active.is_some());
        self.hooks.retain(|_| shows);
        self.hooks.iter_mut().for_each(|hook| hook.active = false);
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
            id: Value::Null,
            topic: topic.clone(),
            url: format!("{}/hooks/{}", self.rules.daemon_url, plan.provider.key()),
            secret: self.rules.client_secret.clone(),
            active: true,
        };
        let same = |one: &str, other: &str| {
            let plain = |text: &str| text.to_lowercase().replace(['/', '_', '.'], "");
            plain(one) == plain(other)
        };
        let to: Vec<Subscription> = if webhook.subscribe.is_some() {
            self.hooks.iter().filter(|hook| hook.active && same(&hook.topic, &topic)).cloned().collect()
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

fn rule(plan: &Routes) -> Option<&Subscribe> {
    plan.provider.recipe.webhook.as_ref()?.subscribe.as_ref()
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
