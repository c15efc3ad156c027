//! What a provider's file and the conversations beside it tell of the platform's own side: which request is which operation, what
//! answers look like, how ids are written, and what the platform says when something is wrong.

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

/// What an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    List,
    Nested(usize),
    Gallery,
    Step(usize),
    Search,
    Undo,
    Subscribe,
    Leave,
    Count,
    BulkStart,
    BulkPoll,
}

pub(super) struct Routes {
    pub(super) provider: Arc<Provider>,
    /// What is known of the shop.
    pub(super) facts: Facts,
    pub(super) client_id: String,
    pub(super) talks: Vec<Conversation>,
    uses: BTreeMap<String, Vec<Use>>,
    /// A good answer to each operation.
    answers: BTreeMap<String, Reply>,
    /// An item of the catalogue, as rich as there is one.
    pub(super) item: Value,
    pub(super) product: IdFormat,
    pub(super) variant: IdFormat,
    /// Pictures as a gallery names them.
    pub(super) picture: IdFormat,
    pub(super) throttled: Reply,
    pub(super) expired: Reply,
    pub(super) revoked: Reply,
}

/// A request that was understood.
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
                "{}'s file has no conversation of a connect beside it (fixtures/connect.json): without them nobody knows what its \
                 answers look like",
                provider.name()
            );
            Failure::new(FailureKind::NoConversations, text)
        })?;
        let mut facts = connect.facts.clone();
        // A shop that may stand anywhere stands here.
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
        self.throttled = throttled.unwrap_or_else(|| self.throttled.clone());
        self.expired = expired.clone().or_else(|| revoked.clone()).unwrap_or_else(|| self.expired.clone());
        self.revoked = revoked.or(expired).unwrap_or_else(|| self.revoked.clone());
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

    /// Whether an operation is for this.
    pub(super) fn is_for(&self, op: &str, what: Use) -> bool {
        self.uses(op).contains(&what)
    }

    /// What an operation is for.
    pub(super) fn uses(&self, op: &str) -> &[Use] {
        self.uses.get(op).map_or(&[], Vec::as_slice)
    }

    /// A good answer to an operation; an empty one where no conversation has it.
    pub(super) fn answer(&self, op: &str) -> Reply {
        self.answers.get(op).cloned().unwrap_or_default()
    }

    /// The words that stand at a place of an operation's answers, in the conversations.
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

    /// Whether an address of the file leads where a request goes, whatever host it names.
    pub(super) fn leads_to(&self, template: &Template, url: &str) -> bool {
        let path = self.path_of(&template.written());
        path.is_some_and(|path| path.read_back(&path_and_query(url).0, &|_| None).is_some())
    }

    /// The path of an address of the file, with what is known of the shop filled in.
    fn path_of(&self, written: &str) -> Option<Template> {
        let mut text = written.to_owned();
        for slot in Template::parse(written).ok()?.slots() {
            if let Some(value) = self.known(slot) {
                text = text.replace(&format!("{{{slot}}}"), &value);
            }
        }
        let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        Template::parse(path).ok()
    }

    /// What is known of the shop before any request.
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

    /// Which operation a request is, and with which values.
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
            // The address was given by an earlier answer: one of our files, or the one that a conversation shows.
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
            let given = query.iter().find(|(given, _)| given == name);
            if given.is_none() && template.slots().next().is_none() {
                misses += 1;
            }
            if let Some((_, value)) = given {
                match template.read_back(value, &|name| self.known(name)) {
                    Some(found) => {
                        hits += 1;
                        values.extend(found);
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
                let Some(given) = part(&known.name) else {
                    counted.1 += 1;
                    continue;
                };
                counted.0 += 1;
                if let (Some(template), Some(text)) = (&known.value, given["value"].as_str()) {
                    values.extend(template.read_back(text, &|_| None).unwrap_or_default());
                }
                if let Some(tree) = &known.json {
                    // Some clients send it as a text.
                    let text = || serde_json::from_str(given["value"].as_str()?).ok();
                    let json = given.get("json").cloned().or_else(text).unwrap_or_default();
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
    recipe.import.nested.iter().enumerate().for_each(|(place, nested)| add(&nested.op, Use::Nested(place)));
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
        }
        push.undo.iter().for_each(|undo| add(&undo.op, Use::Undo));
    }
    if let Some(subscribe) = recipe.webhook.as_ref().and_then(|webhook| webhook.subscribe.as_ref()) {
        add(&subscribe.op, Use::Subscribe);
    }
    if let Some(op) = recipe.connect.oauth.as_ref().and_then(|oauth| oauth.revoke_op.as_ref()) {
        add(op, Use::Leave);
    }
    uses
}

fn size(reply: &Reply) -> usize {
    reply.body.to_string().len()
}

/// Path and query of an address.
pub(super) fn path_and_query(url: &str) -> (String, Vec<(String, String)>) {
    let Ok(url) = url::Url::parse(url) else { return (String::new(), Vec::new()) };
    (url.path().to_owned(), url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

/// A path's segment without its percent signs.
fn decoded(text: &str) -> String {
    let form = text.replace('+', "%2B");
    let pairs = format!("x={form}");
    url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
