//! Calls a shop's API as its provider file describes it. No database, no brand name: what one brand does is data in its
//! file, what a kind of shop does is code here.

mod address;
mod body;
mod borrowed;
mod bulk;
mod call;
mod check;
mod classify;
mod context;
mod download;
mod editor_js;
mod field;
mod filling;
mod gallery;
mod grant;
mod jws;
mod key_sets;
mod mapping;
mod nested;
mod oauth1;
mod page;
mod page_reads;
mod page_size;
mod pagination;
mod parse;
mod path;
mod placeholders;
mod probe;
mod rate_limit;
mod read;
mod recipe;
mod refusal;
mod replay;
mod request;
mod reverse_mapping;
mod schema;
mod selection;
mod signature;
mod simulator;
mod subscription;
mod template;
mod trail;
mod upload;
mod webhook;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path as FilePath,
    sync::Arc,
    time::Duration,
};

pub use call::{Shop, ShopClient};
pub use check::Problem;
pub use gallery::{GalleryPicture, PushedImage, copies, find_ours, gallery, recognise, same_bytes};
pub use grant::{
    App, BoxFuture, CallbackCode, ConsentRequest, CredentialSource, Fence, Fixed, authorise_url, callback_facts,
    exchange, grant_from_posted_keys, grant_from_query, migrate, new_verifier, own_token, refresh, revoke,
};
pub use jws::VerifyingKey;
pub use key_sets::KeySets;
pub use oauth1::consumer_token;
pub use page::{Page, PageFailure, PageRequest, Unreadable, normal};
pub use pagination::PageToken;
pub use probe::{ShopFacts, first_probe, look_for_api, probe};
pub use rate_limit::RateLimiters;
pub use read::{page, product};
pub use recipe::{ApiVersion, ConnectKind, Field, HookAct, Limits};

pub use replay::{journeys, replay};
pub use schema::{conversation_schema, page as schema_page, schema};
pub use signature::{check_callback, check_origin};
pub use simulator::{Catalogue, Fault, Outbound, SimulatedExchange, SimulatedReply, Simulator, SimulatorOptions};
pub use subscription::{ListedSubscription, subscribe, subscriptions, unsubscribe};
pub use trail::{Trail, mark};
pub use upload::Upload;
pub use webhook::{Delivery, HookKeys, NamedShop, WebhookEvent};
pub use write::{CheckedStep, Placement, StepOutputs, check_step, remove, result_id, step};

use crate::model::{Facts, Failure, FailureKind, Grant, PushMode, Secret};
use page_reads::PageReads;
use recipe::{Connect, Oauth, Recipe};

/// A store platform, read from its file and validated.
#[derive(Debug)]
pub struct Provider {
    recipe: Recipe,
    /// What of a page of the catalogue is read.
    page: PageReads,
    /// `built-in`, or the path of its file.
    source: String,
    /// Recorded exchanges that test it: file and text.
    fixtures: Vec<(String, String)>,
}

/// The providers of this process, by key.
#[derive(Debug, Default)]
pub struct Providers {
    known: BTreeMap<String, Arc<Provider>>,
    /// Built-in providers that the operator's folder replaces.
    replaced: Vec<String>,
}

/// Maximum length of a shop's URL in bytes: its column is indexed.
const MAX_STORE_URL: usize = 1000;

type BuiltIn = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The embedded files: key, recipe, and the other documents of its folder.
const BUILT_IN: &[BuiltIn] = include!(concat!(env!("OUT_DIR"), "/built_in.in"));

impl Providers {
    /// The providers embedded in the binary.
    ///
    /// # Errors
    /// Fails if a built-in file has problems; a test prevents the release of such a file.
    pub fn built_in() -> Result<Self, Vec<Problem>> {
        let mut providers = Self::default();
        let mut problems = Vec::new();
        for (key, toml, documents) in BUILT_IN {
            let find = |name: &str| documents.iter().find(|(n, _)| *n == name).map(|(_, text)| (*text).to_owned());
            match check::compile(&format!("providers/{key}/provider.toml"), key, toml, find, "built-in") {
                Ok(mut provider) => {
                    let fixtures = documents.iter().filter(|(name, _)| name.starts_with("fixtures/"));
                    provider.fixtures =
                        fixtures.map(|(name, text)| (format!("providers/{key}/{name}"), (*text).to_owned())).collect();
                    providers.add(provider);
                }
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(providers) } else { Err(problems) }
    }

    /// Adds the providers of a folder (one sub-folder each). A provider with a known key replaces the older one.
    pub fn load_folder(&mut self, folder: &FilePath) -> Result<(), Vec<Problem>> {
        for provider in check::folder(folder)? {
            if self.known.contains_key(provider.key()) {
                self.replaced.push(format!("{} (by {})", provider.key(), provider.source()));
            }
            self.add(provider);
        }
        Ok(())
    }

    fn add(&mut self, provider: Provider) {
        self.known.insert(provider.key().to_owned(), Arc::new(provider));
    }

    /// The provider called `key`.
    pub fn get(&self, key: &str) -> Option<&Arc<Provider>> {
        self.known.get(key)
    }

    /// All providers, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.known.values()
    }

    /// Built-in providers that the operator's folder replaces, each with the file that does so.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }
}

impl Provider {
    /// Its key: the value of `store_type`.
    pub fn key(&self) -> &str {
        &self.recipe.provider.key
    }

    /// Whether a call ends the permission that a shop gave.
    pub fn ends_permissions(&self) -> bool {
        let connect = self.connect();
        connect.leave.as_ref().is_some_and(|leave| leave.op.is_some())
            || connect.oauth.as_ref().is_some_and(|oauth| oauth.revoke.is_some())
    }

    /// Whether leaving a shop ends the permission of everybody who is connected to it.
    pub fn leaving_ends_all(&self) -> bool {
        self.connect().leave.as_ref().is_some_and(|leave| leave.ends_all)
    }

    /// What a person does at the shop where none does.
    pub fn leave_by_hand(&self) -> Option<&str> {
        self.connect().leave.as_ref()?.by_hand.as_deref()
    }

    /// Its display name.
    pub fn name(&self) -> &str {
        &self.recipe.provider.name
    }

    /// `built-in`, or the path of its file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The hosts in its own URLs; a host that a placeholder fills is returned as written. Requests go to these hosts
    /// and to URLs that the shop itself returns, to no others.
    pub fn hosts(&self) -> BTreeSet<String> {
        let (connect, call) = (self.connect(), &self.recipe.call);
        let oauth =
            connect.oauth.iter().flat_map(|o| o.authorize.iter().chain([&o.token]).chain(&o.revoke).chain(&o.done));
        let posted = connect.posted.iter().map(|posted| &posted.authorize);
        let posted = posted.chain(connect.brought.iter().map(|brought| &brought.authorize));
        let oauth1 = connect.oauth1.iter().flat_map(|o| [&o.request, &o.access]);
        let login = connect.login.iter().filter_map(|login| self.recipe.op.get(&login.op)?.url.as_ref());
        let jwks = self.recipe.webhook.iter().filter_map(|webhook| webhook.verify.jwks.as_ref());
        let all = oauth.chain(posted).chain(oauth1).chain(login).chain(jwks).chain([&call.base, &connect.store_url]);
        let host = |template: &template::Template| {
            let text = template.written();
            let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
            rest.split('/').next().unwrap_or_default().to_owned()
        };
        all.map(host).collect()
    }

    /// Recorded exchanges that test it: file and text.
    pub fn fixtures(&self) -> &[(String, String)] {
        &self.fixtures
    }

    /// What the shop accepts as a picture.
    pub fn limits(&self) -> &Limits {
        &self.recipe.provider.limits
    }

    /// The version of the API that its file is written for, where the platform ends its versions.
    pub fn api(&self) -> Option<&ApiVersion> {
        self.recipe.provider.api.as_ref()
    }

    /// The fields of the connect form.
    pub fn fields(&self) -> &[Field] {
        &self.recipe.connect.field
    }

    /// How the credentials reach us.
    pub fn kind(&self) -> ConnectKind {
        self.recipe.connect.kind
    }

    /// Whether the merchant connects the shop by pasting API keys.
    pub fn takes_pasted_keys(&self) -> bool {
        self.fields().iter().any(|field| field.secret)
    }

    /// Whether the operator must register an app at the provider.
    pub fn needs_app(&self) -> bool {
        self.recipe.connect.oauth.as_ref().is_some_and(|oauth| oauth.client.is_none())
    }

    /// Whether a grant without a refresh token can be refreshed: by client credentials, or by a login.
    pub fn makes_own_tokens(&self) -> bool {
        matches!(self.kind(), ConnectKind::ClientCredentials | ConnectKind::PastedLogin)
    }

    /// Whether non-expiring tokens can be exchanged for refreshable ones.
    pub fn migrates_tokens(&self) -> bool {
        self.recipe.connect.oauth.as_ref().is_some_and(|oauth| oauth.migrate.is_some())
    }

    /// The required scopes that are not granted; a scope that a granted scope implies counts as granted.
    pub fn missing_scopes(&self, grant: &Grant) -> Vec<String> {
        let (Some(oauth), Some(granted)) = (&self.recipe.connect.oauth, &grant.scopes) else { return Vec::new() };
        let has = |context: &String| {
            granted.contains(context)
                || granted.iter().any(|g| oauth.scope_implies.get(g).is_some_and(|implied| implied.contains(context)))
        };
        oauth.scopes.iter().filter(|context| !has(context)).cloned().collect()
    }

    /// Whether the authorization request uses PKCE.
    pub fn takes_pkce(&self) -> bool {
        self.recipe.connect.oauth.as_ref().is_some_and(|oauth| oauth.pkce == recipe::Pkce::S256)
    }

    /// The requested scopes.
    pub fn scopes(&self) -> &[String] {
        self.recipe.connect.oauth.as_ref().map_or(&[], |oauth| &oauth.scopes)
    }

    /// How long before its expiry a token is refreshed.
    pub fn refresh_margin(&self) -> Duration {
        let connect = &self.recipe.connect;
        let margins = connect.oauth.iter().map(|oauth| oauth.margin.0);
        margins.chain(connect.login.iter().map(|login| login.margin.0)).next().unwrap_or_default()
    }

    /// Whether its products have variants.
    pub fn has_variants(&self) -> bool {
        self.recipe.import.map.variants.is_some()
    }

    /// How many products a page of its catalogue has, unless the shop cannot answer so many.
    pub fn page_size(&self) -> u32 {
        self.recipe.import.page.size
    }

    /// Whether one product can be read.
    pub fn reads_one_product(&self) -> bool {
        self.recipe.import.one.is_some()
    }

    /// The fields that an import reads from each product, by their keys in the file.
    pub fn mapped_fields(&self) -> Vec<&'static str> {
        self.recipe.import.map.fields_read()
    }

    /// Why every import must be a full one; `None` if incremental imports are possible.
    pub fn full_only(&self) -> Option<&str> {
        match &self.recipe.import.since {
            Some(_) => None,
            None => Some(
                self.recipe.import.full_only.as_deref().unwrap_or("the platform has no filter for changed products"),
            ),
        }
    }

    /// How far before the watermark an incremental import starts.
    pub fn overlap(&self) -> Duration {
        self.recipe.import.since.as_ref().map_or(Duration::ZERO, |since| since.overlap.0)
    }

    /// By which of several time filters a page of changes is read; the first one is 0.
    pub fn time_filter(&self, token: Option<&PageToken>) -> usize {
        let import = &self.recipe.import;
        match token {
            Some(PageToken::Part(round, _)) if import.rounds(true) > import.rounds(false) => {
                import.filter_place(*round)
            }
            _ => 0,
        }
    }

    /// The names of the steps of a push; empty if the file describes no push.
    pub fn push_steps(&self) -> Vec<&str> {
        self.recipe.push.iter().flat_map(|push| push.step.iter().map(|step| step.name.as_str())).collect()
    }

    /// Whether a push may choose a picture's position or replace another picture: only if the gallery is written as a
    /// whole list.
    fn places_pictures(&self) -> bool {
        self.recipe.push.as_ref().is_some_and(|push| push.gallery == recipe::GalleryKind::ReplaceList)
    }

    /// Whether a push supports this mode.
    pub fn supports(&self, mode: PushMode) -> bool {
        match mode {
            PushMode::Append => true,
            PushMode::SetPrimary => self.makes_first(),
            PushMode::ReplacePushed => self.places_pictures(),
        }
    }

    /// Whether a push can put a picture first.
    fn makes_first(&self) -> bool {
        let by_step = |step: &recipe::PushStep| {
            let op = self.recipe.op.get(&step.op);
            step.only_first
                || step.only_if.iter().flat_map(template::Template::slots).any(|slot| slot == "gallery.cover")
                || op.is_some_and(|op| op.looks_up_any("gallery.next") || op.looks_up_any("gallery.make_first"))
        };
        self.places_pictures() || self.recipe.push.iter().flat_map(|push| &push.step).any(by_step)
    }

    /// What people may lose by a push, because the platform has no conditional write of a gallery; `None` if nothing.
    pub fn unguarded_push(&self) -> Option<&str> {
        self.recipe.push.as_ref()?.unguarded.as_deref()
    }

    /// Whether a push is verified by comparing the picture's bytes.
    pub fn verifies_bytes(&self) -> bool {
        self.recipe.push.as_ref().is_some_and(|push| push.result.verify == recipe::Verify::Bytes)
    }

    /// Validates the connect form: every field is present and matches its pattern. Returns facts and secrets
    /// separately.
    pub fn read_fields(&self, values: &BTreeMap<String, String>) -> Result<(Facts, BTreeMap<String, Secret>), Failure> {
        let bad = |text: String| Err(Failure::new(FailureKind::BadField, text));
        let names: Vec<&str> = self.fields().iter().map(|f| f.name.as_str()).collect();
        if let Some(unknown) = values.keys().find(|name| !names.contains(&name.as_str())) {
            return bad(format!("{} asks for no '{unknown}'; it asks for: {}", self.name(), names.join(", ")));
        }
        let (mut facts, mut secrets) = (Facts::new(), BTreeMap::new());
        for field in self.fields() {
            let value =
                values.get(&field.name).map(|v| v.trim()).filter(|v| !v.is_empty()).or(field.default.as_deref());
            let hint = field.example.as_ref().map(|e| format!(" (for example {e})")).unwrap_or_default();
            let Some(value) = value else {
                return bad(format!("{} needs '{}': {}{hint}", self.name(), field.name, field.ask));
            };
            let value = address::put_right(field, value);
            let value = value.as_ref();
            if !field.pattern.matches(value) {
                // A secret is not repeated, nor a value that may contain a password; other values are, so that the
                // merchant sees the typo.
                let shown =
                    if field.secret || value.contains('@') { "the value".to_owned() } else { format!("'{value}'") };
                return bad(format!("{shown} is not a valid '{}': {}{hint}", field.name, field.ask));
            }
            if field.secret {
                secrets.insert(field.name.clone(), Secret::from(value.to_owned()));
            } else {
                facts.insert(field.name.clone(), value.into());
            }
        }
        Ok((facts, secrets))
    }

    /// The shop's URL; `None` if a fact that it is built from is not known yet.
    pub fn store_url_if_known(&self, facts: &Facts) -> Result<Option<String>, Failure> {
        let known = self.recipe.connect.store_url.slots().all(|slot| facts.contains_key(slot));
        if known { self.store_url(facts).map(Some) } else { Ok(None) }
    }

    /// The facts of a shop that another system connected, read from its URL; `None` if the URL lacks a fact that this
    /// file looks up.
    pub fn facts_of_address(&self, store_url: &str) -> Option<Facts> {
        let template = &self.recipe.connect.store_url;
        let mut facts: Facts = template
            .read(store_url.trim_end_matches('/'))?
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        for field in self.fields().iter().filter(|field| !field.secret) {
            let value =
                facts.get(&field.name).and_then(|value| value.as_str()).or(field.default.as_deref())?.to_owned();
            if !field.pattern.matches(&value) {
                return None;
            }
            facts.insert(field.name.clone(), value.into());
        }
        self.store_url(&facts).is_ok().then_some(facts)
    }

    /// The shop's URL from its facts: lower-case host, no trailing slash; plain http only on loopback.
    pub fn store_url(&self, facts: &Facts) -> Result<String, Failure> {
        let bad = |why: &str| Failure::new(FailureKind::BadStoreUrl, format!("{}: the shop's URL {why}", self.name()));
        let text = self.recipe.connect.store_url.text(&context::TemplateContext::of_facts(facts))?.unwrap_or_default();
        let url = url::Url::parse(&text).map_err(|_| bad("is not a valid URL"))?;
        if url.as_str().len() > MAX_STORE_URL {
            return Err(bad("is too long"));
        }
        let loopback = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err(bad("must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("must not contain a user name, a query or a fragment"));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    fn connect(&self) -> &Connect {
        &self.recipe.connect
    }

    fn oauth(&self) -> Result<&Oauth, Failure> {
        self.connect().oauth.as_ref().ok_or_else(|| {
            Failure::new(FailureKind::NoOauth, format!("{} is connected by a pasted key, not by OAuth", self.name()))
        })
    }
}

/// Validates every provider file of a folder.
pub fn check_folder(folder: &FilePath) -> Result<Vec<Provider>, Vec<Problem>> {
    check::folder(folder)
}

#[cfg(test)]
mod properties;
