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
    routes::{MatchedCall, Routes, path_and_query},
};
use crate::{
    model::Facts,
    outside::ExpectedRequest,
    provider::{
        context::TemplateContext,
        path::as_text,
        recipe::{HookAct, HookEncoding, HookKey, HookPlace, HookProofKind, HookShop, Subscribe, Webhook},
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
        let first = || webhook.on.iter().find(|(_, rule)| rule.act == act).map(|(topic, _)| topic);
        let topic = topics.next().or_else(|| webhook.on.keys().find(named)).or_else(first);
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
            place(&shop.at, name_of(plan, shop).unwrap_or_default(), &mut body);
        }
        // Another topic's path serves if this topic has none.
        let ids = webhook.on.get(topic).into_iter().chain(webhook.on.values()).filter_map(|rule| rule.id.as_ref());
        if let Some((id, path)) = { ids }.find_map(|id| Some((id, id.path()?))) {
            let is_whole = id.template().is_none();
            path.put(&mut body, if is_whole { plan.product.render(number, "") } else { number.into() });
        }
        if let Some(text) = &webhook.verify.text {
            // The signed fields must exist.
            for slot in text.slots().filter_map(|slot| slot.strip_prefix("body.")) {
                if body.get(slot).is_none() {
                    body[slot] = (self.now.unix_ms() / 1000).to_string().into();
                }
            }
        }
        for path in webhook.embedded.iter().rev() {
            let text = path.get(&body).map(Value::to_string);
            path.put(&mut body, text.into());
        }
        if webhook.verify.kind == HookProofKind::JwtBody {
            let now = self.now.unix_ms() / 1000;
            (body["iat"], body["exp"]) = (now.into(), (now + 3600).into());
            return Outbound::delivery(&hook.url, self.signer.token(&body), &headers);
        }
        let proof = match webhook.verify.kind {
            HookProofKind::JwsDetached => self.signer.detached(body.to_string().as_bytes()),
            _ => proof(webhook, self.key(webhook, hook), &hook.url, &body),
        };
        headers.extend(webhook.verify.header.clone().map(|name| (name, proof)));
        Outbound::delivery(&hook.url, body.to_string(), &headers)
    }

    fn key<'a>(&'a self, webhook: &Webhook, hook: &'a Subscription) -> &'a str {
        match webhook.verify.key {
            HookKey::Webhook => &self.rules.webhook_key,
            HookKey::App => &self.rules.client_secret,
            HookKey::Subscription => &hook.secret,
            // Its key is the signer's.
            HookKey::Jwks => "",
        }
    }

    /// The key set, if a request is for it.
    pub(super) fn key_set(&self, plan: &Routes, ask: &ExpectedRequest) -> Option<SimulatedReply> {
        let place = plan.provider.recipe.webhook.as_ref()?.verify.jwks.as_ref()?;
        let url = place.text(&TemplateContext::of_facts(&plan.facts)).ok()??;
        let is_asked = ask.method == "GET" && path_and_query(&ask.url) == path_and_query(&url);
        is_asked.then(|| SimulatedReply::json_of(200, self.signer.key_set()))
    }
}

/// How a delivery names the simulated shop: as its URL is made of that, or by its id.
fn name_of(plan: &Routes, shop: &HookShop) -> Option<String> {
    let Some(store_url) = &shop.store_url else {
        let probe = &plan.provider.recipe.connect.probe;
        return probe.id.as_ref()?.text(&plan.answer(&probe.op).body);
    };
    let address = plan.provider.store_url(&plan.facts).ok()?;
    let value = store_url.read_back(&address, &|_| None)?.remove("value")?;
    value.as_str().map(str::to_owned)
}

fn rule(plan: &Routes) -> Option<&Subscribe> {
    plan.provider.recipe.webhook.as_ref()?.subscribe.as_ref()
}

fn proof(webhook: &Webhook, key: &str, url: &str, body: &Value) -> String {
    let verify = &webhook.verify;
    let text = match verify.kind {
        HookProofKind::Secret | HookProofKind::JwsDetached | HookProofKind::JwtBody => return key.to_owned(),
        HookProofKind::HmacBody => body.to_string(),
        HookProofKind::HmacUrlBody => format!("{url}{body}"),
        HookProofKind::HmacText => {
            let facts = Facts::new();
            let values = Map::from_iter([("body".to_owned(), body.clone())]);
            let context = TemplateContext { values: Cow::Owned(values), ..TemplateContext::of_facts(&facts) };
            verify.text.as_ref().and_then(|text| text.text(&context).ok().flatten()).unwrap_or_default()
        }
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(text.as_bytes());
    let mac = mac.finalize().into_bytes();
    let written = match verify.encoding {
        Some(HookEncoding::Hex) => mac.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")),
        _ => STANDARD.encode(mac),
    };
    format!("{}{written}", verify.prefix.as_deref().unwrap_or_default())
}
