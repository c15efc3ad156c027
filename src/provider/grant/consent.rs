//! The authorization URL, and the parameters and keys that the browser or the shop's server returns.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope as OauthScope,
    basic::BasicClient,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::{App, bad_address, context, filled_url};
use crate::{
    model::{Facts, Failure, FailureKind, Grant, Secret, json},
    outside::Random,
    provider::{
        Provider,
        context::TemplateContext,
        recipe::{ConnectKind, SignatureKind},
        template::Template,
    },
};

/// The parameters of an authorization request.
pub struct ConsentRequest<'a> {
    /// The callback URL.
    pub redirect_uri: &'a str,
    pub state: &'a str,
    pub verifier: Option<&'a Secret>,
}

/// A new PKCE verifier (RFC 7636): 43 random characters.
pub fn new_verifier(random: &Random) -> Secret {
    Secret::from(random.token())
}

/// The URL of the page where the merchant grants access.
pub fn authorise_url(
    provider: &Provider,
    app: Option<&App>,
    facts: &Facts,
    way: &ConsentRequest<'_>,
) -> Result<Url, Failure> {
    let mut context = context(provider, app, facts);
    context.values.to_mut().insert("state".into(), way.state.into());
    context.values.to_mut().insert("redirect_uri".into(), way.redirect_uri.into());
    if let Some(posted) = &provider.connect().posted {
        return page(&posted.authorize, &posted.query, &context);
    }
    if let Some(brought) = &provider.connect().brought {
        return page(&brought.authorize, &brought.query, &context);
    }
    let oauth = provider.oauth()?;
    let authorize = oauth.authorize.as_ref().ok_or_else(bad_address)?;
    if matches!(provider.kind(), ConnectKind::PlatformInstall | ConnectKind::ClientCredentials) {
        return page(authorize, &oauth.authorize_extra, &context);
    }
    let app = app.ok_or_else(bad_address)?;
    let url = AuthUrl::new(filled_url(authorize, &context)?).map_err(|_| bad_address())?;
    let redirect = RedirectUrl::new(way.redirect_uri.to_owned()).map_err(|_| bad_address())?;
    let client = BasicClient::new(ClientId::new(app.client_id.clone())).set_auth_uri(url).set_redirect_uri(redirect);
    let state = way.state.to_owned();
    let mut request = client.authorize_url(|| CsrfToken::new(state));
    if let Some(verifier) = way.verifier {
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    if oauth.scope_separator == " " {
        request = request.add_scopes(oauth.scopes.iter().cloned().map(OauthScope::new));
    } else {
        request = request.add_extra_param("scope", oauth.scopes.join(&oauth.scope_separator));
    }
    for (name, template) in &oauth.authorize_extra {
        if let Some(value) = template.text(&context)? {
            request = request.add_extra_param(name.clone(), value);
        }
    }
    Ok(request.url().0)
}

/// The URL of a platform-specific page: only the parameters of the file.
fn page(
    template: &Template,
    query: &BTreeMap<String, Template>,
    context: &TemplateContext<'_>,
) -> Result<Url, Failure> {
    let mut url = Url::parse(&filled_url(template, context)?).map_err(|_| bad_address())?;
    for (name, template) in query {
        if let Some(value) = template.text(context)? {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    Ok(url)
}

/// The facts in a callback's parameters. The caller checks the signature, if there is one, before.
pub fn callback_facts(provider: &Provider, query: &[(String, String)]) -> Result<Facts, Failure> {
    let Ok(oauth) = provider.oauth() else { return Ok(Facts::new()) };
    let mut facts = Facts::new();
    for (name, from) in &oauth.callback {
        let mut values = query.iter().filter(|(param, _)| *param == from.param).map(|(_, value)| value.as_str());
        let text = values.next().filter(|_| values.next().is_none());
        let text = match (&from.path, text) {
            (Some(path), Some(text)) => content(text).and_then(|content| path.text(&content)),
            (None, text) => text.map(str::to_owned),
            (_, None) => None,
        };
        let fact = text.and_then(|text| from.pattern.take(&text)).ok_or_else(|| {
            let text = format!("the callback of {} does not name the shop; start again", provider.name());
            Failure::new(FailureKind::BadCallback, text)
        })?;
        facts.insert(name.clone(), fact.into());
    }
    Ok(facts)
}

/// The signed content of a parameter of signature kind `hmac_json`.
fn content(text: &str) -> Option<Value> {
    let (_, content) = text.split_once('.')?;
    json::read(&URL_SAFE_NO_PAD.decode(content.trim_end_matches('=')).ok()?).ok()
}

/// The keys that the shop's server posted; the caller has matched the state. Fails with `scopes_missing` if they permit
/// too little.
pub fn grant_from_posted_keys(provider: &Provider, body: &Value) -> Result<Grant, Failure> {
    let bad = |kind: FailureKind, text: String| Failure::new(kind, text);
    let posted = provider.connect().posted.as_ref().ok_or_else(bad_address)?;
    let mut grant = Grant { version: 1, ..Grant::default() };
    for (name, path) in &posted.secrets {
        let key = path.text(body).filter(|key| !key.is_empty() && key.len() < 1024);
        let key = key.ok_or_else(|| bad(FailureKind::KeysMissing, format!("the shop posted no '{name}'")))?;
        grant.secrets.insert(name.clone(), Secret::from(key));
    }
    if let Some(path) = &posted.rights {
        let rights = path.text(body).unwrap_or_default();
        if !posted.needed.contains(&rights) {
            let needed = posted.needed.join(" or ");
            return Err(bad(
                FailureKind::ScopesMissing,
                format!("the keys lack permissions: {} needs {needed}; start again and allow that", provider.name()),
            ));
        }
        grant.scopes = Some(vec![rights]);
    }
    Ok(grant)
}

/// The keys in the browser's callback; the caller has matched the state.
pub fn grant_from_query(provider: &Provider, facts: &Facts, query: &[(String, String)]) -> Result<Grant, Failure> {
    let bad = |kind: FailureKind, text: &str| Failure::new(kind, text);
    let brought = provider.connect().brought.as_ref().ok_or_else(bad_address)?;
    let get = |name: &str| {
        let mut values = query.iter().filter(|(param, _)| param == name).map(|(_, value)| value.as_str());
        values.next().filter(|value| values.next().is_none() && !value.is_empty() && value.len() < 1024)
    };
    let store_url = provider.store_url(facts)?;
    let wanted = brought
        .same_shop
        .equals
        .text(&TemplateContext { store_url: &store_url, ..TemplateContext::of_facts(facts) })?;
    let plain = |text: &str| text.trim_end_matches('/').to_lowercase();
    let from = get(&brought.same_shop.param);
    if from.map(plain) != wanted.as_deref().map(plain) {
        let text = format!(
            "the callback is from another shop ({}) than the one being connected ({store_url}); if that is the shop, connect it by \
             that address",
            from.unwrap_or("it names none")
        );
        return Err(bad(FailureKind::OtherShop, &text));
    }
    let mut grant = Grant { version: 1, ..Grant::default() };
    for (name, param) in &brought.secrets {
        let key = get(param).ok_or_else(|| bad(FailureKind::KeysMissing, "the shop sent no keys; connect again"))?;
        grant.secrets.insert(name.clone(), Secret::from(key.to_owned()));
    }
    Ok(grant)
}

impl Provider {
    /// The state in the body that the shop's server posted.
    pub fn posted_state<'v>(&self, body: &'v Value) -> Option<&'v str> {
        body.get(&self.connect().posted.as_ref()?.state)?.as_str()
    }

    /// The callback parameter that holds our state.
    pub fn state_param(&self) -> &str {
        self.connect().posted.as_ref().map_or("state", |posted| &posted.state)
    }

    /// Whether a callback says that the merchant declined.
    pub fn declined(&self, query: &[(String, String)]) -> bool {
        let posted = self.connect().posted.iter().map(|posted| &posted.declined);
        let mut rules = posted.chain(self.connect().brought.iter().map(|brought| &brought.declined));
        rules.any(|no| query.iter().any(|(name, value)| *name == no.param && *value == no.is))
    }

    /// Whether a callback without our state may start a connect: kind `platform_install`, or an installed instance (`hmac_json`).
    pub fn may_be_begun_by_platform(&self) -> bool {
        let signed = |kind| self.oauth().ok().and_then(|o| o.signature.as_ref()).is_some_and(|s| s.kind == kind);
        match self.kind() {
            ConnectKind::PlatformInstall => true,
            ConnectKind::ClientCredentials => signed(SignatureKind::HmacJson),
            _ => false,
        }
    }

    /// The connect fields in the platform's signed install request; `None` if the query is not one.
    pub fn install_fields(&self, query: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
        let signature = self.oauth().ok()?.signature.as_ref()?;
        if self.kind() != ConnectKind::SignedInstall || !query.contains_key(&signature.param) {
            return None;
        }
        let install = self.connect().install.iter();
        Some(install.filter_map(|(field, param)| Some((field.clone(), query.get(param)?.clone()))).collect())
    }

    /// The platform's page for the browser after a connect, if there is one.
    pub fn done_url(&self, app: Option<&App>, facts: &Facts) -> Result<Option<Url>, Failure> {
        let Some(template) = self.oauth().ok().and_then(|oauth| oauth.done.as_ref()) else { return Ok(None) };
        let text = filled_url(template, &context(self, app, facts))?;
        Url::parse(&text).map(Some).map_err(|_| bad_address())
    }
}
