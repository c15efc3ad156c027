//! Derives the platform's behaviour from a provider's file and fixtures: request matching, sample responses, id formats
//! and error responses.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::id_format::IdFormat;
use crate::{
    model::{Facts, Failure, FailureKind, Time},
    outside::{ExpectedRequest, Reply},
    provider::{
        Provider,
        classify::classify,
        path::Path,
        recipe::{BodyKind, Op, PushStep, ResponseClass},
        replay::{Conversation, conversations},
        template::Template,
    },
};

/// The purpose of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    List,
    Nested(usize),
    Gallery,
    Step(usize),
    Search,
    Cleanup,
    Undo,
    One,
    Subscribe,
    ListSubscriptions,
    Unsubscribe,
    Leave,
    Login,
    Count,
    BulkStart,
    BulkPoll,
}

pub(super) struct Routes {
    pub(super) provider: Arc<Provider>,
    /// The facts of the shop.
    pub(super) facts: Facts,
    pub(super) client_id: String,
    pub(super) talks: Vec<Conversation>,
    uses: BTreeMap<String, Vec<Use>>,
    /// A successful response to each operation.
    answers: BTreeMap<String, Reply>,
    /// A sample item of the catalogue: the richest recorded one.
    pub(super) item: Value,
    /// Whether the platform lists deleted products among changes: if a fixture has such an item.
    pub(super) shows_gone: bool,
    pub(super) product: IdFormat,
    pub(super) variant: IdFormat,
    /// Picture ids as a gallery lists them.
    pub(super) picture: IdFormat,
    pub(super) throttled: Reply,
    pub(super) expired: Reply,
    pub(super) revoked: Reply,
}

/// A request matched to an operation, with the values of its placeholders.
pub(super) struct MatchedCall {
    pub(super) op: String,
    pub(super) values: Map<String, Value>,
}

impl Routes {
    pub(super) fn new(provider: Arc<Provider>, client_id: &str, here: Option<&str>) -> Result<Self, Failure> {
        let talks = conversations(&provider);
        let connect = talks.iter().find(|talk| talk.is_connect && talk.good);
        let connect = connect.ok_or_else(|| {
            let text = format!(
                "{} has no fixture of a successful connect (fixtures/connect.json): the simulator derives its responses from \
                 fixtures; add one",
                provider.name()
            );
            Failure::new(FailureKind::NoConversations, text)
        })?;
        let mut facts = connect.facts.clone();
        // A self-hosted shop gets the simulator's URL.
        let anywhere = provider.fields().iter().filter(|field| !field.secret);
        for field in anywhere.filter(|field| here.is_some_and(|here| field.pattern.matches(here))) {
            facts.insert(field.name.clone(), here.into());
        }
        let mut plan = Self {
            facts,
            client_id: client_id.to_owned(),
            uses: uses(&provider),
            answers: BTreeMap::new(),
            item: Value::Null,
            shows_gone: false,
            product: IdFormat::Number,
            variant: IdFormat::Number,
            picture: IdFormat::Number,
            throttled: Reply { status: 429, ..Reply::default() },
            expired: Reply { status: 401, ..Reply::default() },
            revoked: Reply { status: 401, ..Reply::default() },
            talks: Vec::new(),
            provider,
        };
        plan.learn(&talks);
        plan.talks = talks;
        Ok(plan)
    }

    fn learn(&mut self, talks: &[Conversation]) {
        let recipe = &self.provider.clone().recipe;
        let now = Time::from_unix_ms(0);
        let (mut throttled, mut expired, mut revoked) = (None, None, None);
        for talk in talks {
            for exchange in &talk.exchanges {
                if self.is_token(&exchange.ask) {
                    continue;
                }
                let Some(response) = exchange.answer.response() else { continue };
                let class = classify(&recipe.call.verdict, &response, &exchange.answer.body, now).class;
                let known = match class {
                    ResponseClass::Throttled => &mut throttled,
                    ResponseClass::Expired => &mut expired,
                    ResponseClass::Revoked => &mut revoked,
                    ResponseClass::Ok => {
                        if let Some(meant) = self.understand(&exchange.ask) {
                            let richer = |known: &Reply| size(known) < size(&exchange.answer) && talk.good;
                            if self.answers.get(&meant.op).is_none_or(richer) {
                                self.answers.insert(meant.op, exchange.answer.clone());
                            }
                        }
                        continue;
                    }
                    _ => continue,
                };
                known.get_or_insert_with(|| exchange.answer.clone());
            }
        }
        if let Some(throttled) = throttled {
            self.throttled = throttled;
        }
        // Where only one of the two is recorded, it stands for both.
        match (expired, revoked) {
            (Some(expired), Some(revoked)) => (self.expired, self.revoked) = (expired, revoked),
            (Some(only), None) | (None, Some(only)) => {
                self.expired.clone_from(&only);
                self.revoked = only;
            }
            (None, None) => {}
        }
        self.learn_forms(talks);
    }

    fn learn_forms(&mut self, talks: &[Conversation]) {
        let recipe = &self.provider.clone().recipe;
        let import = &recipe.import;
        let mut items: Vec<Value> = Vec::new();
        for exchange in talks.iter().flat_map(|talk| &talk.exchanges) {
            if self.understand(&exchange.ask).is_some_and(|meant| self.is_for(&meant.op, Use::List)) {
                items.extend(import.page.items.each(&exchange.answer.body).iter().cloned());
            }
        }
        let whole = |item: &Value| {
            let kinds = import.nested.iter().filter(|nested| {
                nested.only.as_ref().is_none_or(|only| only.holds(item))
                    && nested.there.as_ref().is_none_or(|path| path.get(item).is_some_and(|value| !value.is_null()))
            });
            (kinds.count(), item.to_string().len())
        };
        self.shows_gone = import.map.status.as_ref().is_some_and(|status| {
            let is_gone = |item: &Value| status.path()?.text(item).filter(|word| *word == status.native("deleted"));
            items.iter().any(|item| is_gone(item).is_some())
        });
        self.item = items.into_iter().max_by_key(whole).unwrap_or(Value::Null);
        let at = |path: Option<&Path>, value: &Value| IdFormat::of(path.and_then(|path| path.get(value)));
        self.product = at(import.map.erp_id.path(), &self.item);
        if let Some(variants) = &import.map.variants {
            let nested = import.nested.iter().find(|nested| nested.into == variants.each);
            let sample = variants.each.each(&self.item).first().cloned();
            let sample = sample.or_else(|| {
                let nested = nested?;
                nested.page.items.each(&self.answer(&nested.op).body).first().cloned()
            });
            self.variant = at(variants.id.path(), &sample.unwrap_or_default());
        }
        let listed = recipe.push.as_ref().and_then(|push| {
            let talk = self.answers.get(&push.list.op)?;
            push.list.each.each(&talk.body).first().map(|picture| at(Some(&push.list.id), picture))
        });
        let imported = || {
            let images = import.map.images.as_ref()?;
            images.each.each(&self.item).first().map(|picture| at(images.id.path(), picture))
        };
        self.picture = listed.or_else(imported).unwrap_or(IdFormat::Number);
    }

    /// Whether an operation has this purpose.
    pub(super) fn is_for(&self, op: &str, what: Use) -> bool {
        self.uses(op).contains(&what)
    }

    /// The purposes of an operation.
    pub(super) fn uses(&self, op: &str) -> &[Use] {
        self.uses.get(op).map_or(&[], Vec::as_slice)
    }

    /// A successful response to an operation; an empty one if no fixture has it.
    pub(super) fn answer(&self, op: &str) -> Reply {
        self.answers.get(op).cloned().unwrap_or_default()
    }

    /// The recorded values at a path of an operation's responses.
    pub(super) fn words(&self, op: &str, at: &Path) -> Vec<String> {
        let all = self.talks.iter().flat_map(|talk| &talk.exchanges);
        let reply = all.filter(|exchange| self.understand(&exchange.ask).is_some_and(|meant| meant.op == op));
        reply.filter_map(|exchange| at.text(&exchange.answer.body)).collect()
    }

    /// A step of the push.
    pub(super) fn step(&self, index: usize) -> Option<&PushStep> {
        self.provider.recipe.push.as_ref()?.step.get(index)
    }

    /// Whether a request goes to the token endpoint.
    pub(super) fn is_token(&self, ask: &ExpectedRequest) -> bool {
        let token = self.provider.oauth().ok().map(|oauth| &oauth.token);
        token.is_some_and(|token| self.leads_to(token, &ask.url))
    }

    /// Whether a request goes to the revocation endpoint.
    pub(super) fn is_revocation(&self, ask: &ExpectedRequest) -> bool {
        let revoke = self.provider.oauth().ok().and_then(|oauth| oauth.revoke.as_ref());
        revoke.is_some_and(|revoke| self.leads_to(revoke, &ask.url))
    }

    /// Whether a request's path matches a URL of the file, whatever the host.
    pub(super) fn leads_to(&self, template: &Template, url: &str) -> bool {
        let path = self.path_of(&template.written());
        path.is_some_and(|path| path.read_back(&path_and_query(url).0, &|_| None).is_some())
    }

    /// The path of a URL of the file, with the shop's known values filled in.
    fn path_of(&self, written: &str) -> Option<Template> {
        let mut text = written.to_owned();
        for slot in Template::parse(written).ok()?.slots() {
            if let Some(value) = self.known(slot) {
                text = text.replace(&format!("{{{slot}}}"), &value);
            }
        }
        let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        // A query in the path's template is no part of the path.
        Template::parse(path.split('?').next()?).ok()
    }

    /// A value of the shop that is known before any request.
    pub(super) fn known(&self, name: &str) -> Option<String> {
        let address = || self.provider.store_url(&self.facts).ok();
        match name {
            "app.client_id" => Some(self.client_id.clone()),
            "store_url" => address(),
            "shop_host" => crate::provider::context::shop_host(&address()?),
            name => match self.facts.get(name)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            },
        }
    }

    /// Matches a request to an operation; `None` if no operation fits.
    pub(super) fn understand(&self, ask: &ExpectedRequest) -> Option<MatchedCall> {
        let (path, query) = path_and_query(&ask.url);
        let ops = self.provider.recipe.op.iter();
        let fitting = ops.filter_map(|(name, op)| {
            let ((hits, misses), values) = self.fits(op, ask, &path, &query)?;
            Some((misses, std::cmp::Reverse(hits), name, values))
        });
        let (_, _, op, values) = fitting.min_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)))?;
        Some(MatchedCall { op: op.clone(), values })
    }

    /// Whether an operation proves itself otherwise than by the grant: as a login, at a URL of its own, or by a header of its own in the
    /// place of the one that holds the grant.
    pub(super) fn needs_no_grant(&self, op: &str) -> bool {
        if self.is_for(op, Use::Login) {
            return true;
        }
        let holds_grant = |template: &Template| template.slots().any(|slot| slot.starts_with("grant."));
        let op = &self.provider.recipe.op[op];
        let usual = self.provider.recipe.call.headers.iter().filter(|(_, template)| holds_grant(template));
        let mut own = usual.filter_map(|(name, _)| op.headers.get(name));
        op.url.is_some() || own.any(|template| !holds_grant(template))
    }

    fn fits(
        &self,
        op: &Op,
        ask: &ExpectedRequest,
        path: &str,
        query: &[(String, String)],
    ) -> Option<((usize, usize), Map<String, Value>)> {
        let method = op.method.as_deref().unwrap_or(if op.body.is_some() { "POST" } else { "GET" });
        if method != ask.method {
            return None;
        }
        let mut values = Map::new();
        if op.url.is_some() {
            // The URL comes from an earlier response: only those of our own files match.
            let ours = super::id_format::file_number(&ask.url).is_some() && op.body.is_some();
            return ours.then_some(((0, 0), values));
        }
        let base =
            self.provider.recipe.call.base.written() + &op.path.as_ref().map_or(String::new(), Template::written);
        for (name, value) in self.path_of(&base)?.read_back(path, &|name| self.known(name))? {
            let text = value.as_str().unwrap_or_default();
            if text.contains('/') || text.is_empty() {
                return None;
            }
            values.insert(name, decoded(text).into());
        }
        let (mut hits, mut misses) = (0, 0);
        for (name, template) in &op.query {
            let param = query.iter().find(|(param, _)| param == name);
            if param.is_none() && template.slots().next().is_none() {
                misses += 1;
            }
            if let Some((_, value)) = param {
                match template.read_back(value, &|name| self.known(name)) {
                    Some(more) => {
                        hits += 1;
                        values.extend(more);
                    }
                    None => misses += 1,
                }
            }
        }
        if let Some(body) = &op.body {
            let (hit, missed) = body_fits(op, body, &ask.body, &mut values)?;
            hits += hit;
            misses += missed;
        }
        Some(((hits, misses), values))
    }
}

fn body_fits(op: &Op, kind: &BodyKind, body: &Value, values: &mut Map<String, Value>) -> Option<(usize, usize)> {
    let part = |name: &str| body.as_array()?.iter().find(|part| part["name"] == name);
    let graphql = |body: &Value, variables: &crate::provider::template::Tree, values: &mut Map<String, Value>| {
        let named = |text: &str| text.split(['(', '{', ' ', '\n']).filter(|w| !w.is_empty()).nth(1).map(str::to_owned);
        (named(body["query"].as_str()?) == named(&op.document))
            .then(|| variables.read_back(body.get("variables").unwrap_or(&Value::Null), values))
    };
    match kind {
        BodyKind::Json { value } => Some(value.read_back(body, values)),
        BodyKind::Graphql { variables, .. } => graphql(body, variables, values),
        BodyKind::GraphqlMultipart { variables, .. } => {
            let operations = part("operations")?["value"].as_str()?;
            graphql(&serde_json::from_str(operations).ok()?, variables, values)
        }
        BodyKind::Form { fields } => {
            for (name, template) in fields {
                if let Some(text) = body[name].as_str() {
                    values.extend(template.read_back(text, &|_| None).unwrap_or_default());
                }
            }
            Some((0, 0))
        }
        BodyKind::Multipart { part: parts, .. } => {
            let mut counted = (0, 0);
            for known in parts {
                let Some(sent) = part(&known.name) else {
                    counted.1 += 1;
                    continue;
                };
                counted.0 += 1;
                if let (Some(template), Some(text)) = (&known.value, sent["value"].as_str()) {
                    values.extend(template.read_back(text, &|_| None).unwrap_or_default());
                }
                if let Some(tree) = &known.json {
                    // Some clients send it as text.
                    let text = || serde_json::from_str(sent["value"].as_str()?).ok();
                    let json = sent.get("json").cloned().or_else(text).unwrap_or_default();
                    tree.read_back(&json, values);
                }
            }
            Some(counted)
        }
        BodyKind::Raw { .. } => Some((0, 0)),
    }
}

fn uses(provider: &Provider) -> BTreeMap<String, Vec<Use>> {
    let recipe = &provider.recipe;
    let mut uses: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    let mut add = |op: &String, what: Use| uses.entry(op.clone()).or_default().push(what);
    add(&recipe.import.op, Use::List);
    recipe.import.all_nested().enumerate().for_each(|(place, nested)| add(&nested.op, Use::Nested(place)));
    if let Some(bulk) = &recipe.import.bulk {
        add(&bulk.count.op, Use::Count);
        add(&bulk.start.op, Use::BulkStart);
        add(&bulk.poll_op, Use::BulkPoll);
    }
    if let Some(push) = &recipe.push {
        add(&push.list.op, Use::Gallery);
        push.step.iter().enumerate().for_each(|(place, step)| add(&step.op, Use::Step(place)));
        for step in &push.step {
            if let crate::provider::recipe::StepCheck::Ask { op, .. } = &step.look {
                add(op, Use::Search);
            }
            step.poll.iter().filter_map(|poll| poll.cleanup.as_ref()).for_each(|op| add(op, Use::Cleanup));
        }
        push.undo.iter().flat_map(|undo| &undo.step).for_each(|step| add(&step.op, Use::Undo));
        push.undo.iter().for_each(|undo| add(&undo.op, Use::Undo));
    }
    recipe.import.one.iter().for_each(|one| add(&one.op, Use::One));
    if let Some(subscribe) = recipe.webhook.as_ref().and_then(|webhook| webhook.subscribe.as_ref()) {
        add(&subscribe.op, Use::Subscribe);
        subscribe.list.iter().for_each(|list| add(&list.op, Use::ListSubscriptions));
        subscribe.delete_op.iter().for_each(|op| add(op, Use::Unsubscribe));
    }
    if let Some(op) = recipe.connect.leave.as_ref().and_then(|leave| leave.op.as_ref()) {
        add(op, Use::Leave);
    }
    recipe.connect.login.iter().for_each(|login| add(&login.op, Use::Login));
    uses
}

fn size(reply: &Reply) -> usize {
    reply.body.to_string().len()
}

/// Path and query of a URL.
pub(super) fn path_and_query(url: &str) -> (String, Vec<(String, String)>) {
    let Ok(url) = url::Url::parse(url) else { return (String::new(), Vec::new()) };
    (url.path().to_owned(), url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

/// Percent-decodes a path segment.
fn decoded(text: &str) -> String {
    let form = text.replace('+', "%2B");
    let pairs = format!("x={form}");
    url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
