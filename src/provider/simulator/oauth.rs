//! The simulator's tokens: authorization codes exchanged, expiring and rotating tokens, and whether a call's credentials count.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    SimulatedReply, SimulatorState,
    routes::{MatchedCall, Routes, path_and_query},
};
use crate::{
    model::Time,
    outside::ExpectedRequest,
    provider::{
        recipe::{Basic, ConnectKind, ExpiresUnit, LostAnswer, Oauth},
        template::Template,
    },
};

/// A granted permission.
#[derive(Debug, Default)]
pub(super) struct IssuedPermission {
    /// Access tokens with their expiry; `None` for a non-expiring one.
    access: Vec<(String, Option<Time>)>,
    refresh: Vec<String>,
    revoked: bool,
}

/// An authorization code that is not exchanged yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
}

/// The validity of a call's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenState {
    Good,
    Ended,
    Revoked,
}

pub(super) type QueryParams = BTreeMap<String, String>;

impl SimulatorState {
    /// The token endpoint.
    pub(super) fn token(&mut self, plan: &Routes, ask: &ExpectedRequest) -> SimulatedReply {
        let Ok(oauth) = plan.provider.oauth() else { return SimulatedReply::missing() };
        let text = |name: &str| ask.body[name].as_str().unwrap_or_default().to_owned();
        if !self.is_client(plan, ask) {
            return SimulatedReply::json_of(401, json!({ "error": "invalid_client" }));
        }
        let refused = |error: &str| SimulatedReply::json_of(400, json!({ "error": error }));
        let revoked = plan.talks.iter().find(|talk| talk.is_refresh && talk.remedy == "reconnect");
        let revoked = || {
            revoked.and_then(|talk| talk.exchanges.last()).map(|exchange| SimulatedReply::json(exchange.answer.clone()))
        };
        let grant = match text("grant_type").as_str() {
            // Some platforms need no grant_type for a code.
            kind if kind == "authorization_code" || (kind.is_empty() && !text("code").is_empty()) => {
                let Some(known) = self.codes.remove(&text("code")) else { return refused("invalid_grant") };
                let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(text("code_verifier")));
                let proved = known.challenge.is_none_or(|challenge| challenge == verifier);
                // Some platforms' own clients omit redirect_uri here.
                let elsewhere = !text("redirect_uri").is_empty() && known.redirect_uri != text("redirect_uri");
                if !proved || elsewhere {
                    return refused("invalid_grant");
                }
                self.given.push(IssuedPermission::default());
                self.given.len() - 1
            }
            "refresh_token" => {
                let token = text("refresh_token");
                let grant = self.given.iter().position(|grant| !grant.revoked && grant.refresh.contains(&token));
                let Some(grant) = grant else { return revoked().unwrap_or_else(|| refused("invalid_grant")) };
                self.refreshes += 1;
                // The old token stays valid beside the new one if the platform allows a retry after a lost response.
                let valid = if oauth.lost_answer == LostAnswer::RetryOld { vec![token] } else { Vec::new() };
                if Self::sample(plan, oauth, true).is_some_and(|body| oauth.answer.refresh.get(&body).is_some()) {
                    self.given[grant].refresh = valid;
                }
                grant
            }
            "client_credentials" => {
                if self.given.first().is_some_and(|grant| grant.revoked) {
                    return revoked().unwrap_or_else(|| refused("invalid_grant"));
                }
                self.refreshes += u64::from(!self.given.is_empty());
                if self.given.is_empty() {
                    self.given.push(IssuedPermission::default());
                }
                0
            }
            "urn:ietf:params:oauth:grant-type:token-exchange" => {
                let token = text("subject_token");
                let grant = self.given.iter().position(|grant| grant.access.iter().any(|(known, _)| *known == token));
                let Some(grant) = grant else { return refused("invalid_subject_token") };
                self.given[grant].access.clear();
                grant
            }
            _ => return refused("unsupported_grant_type"),
        };
        self.pair(plan, oauth, grant, text("grant_type") == "refresh_token")
    }

    fn pair(&mut self, plan: &Routes, oauth: &Oauth, grant: usize, refreshed: bool) -> SimulatedReply {
        let Some(mut body) = Self::sample(plan, oauth, refreshed) else { return SimulatedReply::missing() };
        let answer = &oauth.answer;
        let (ttl, now) = (self.rules.token_ttl, self.now);
        let mut ends = None;
        if answer.expires.path.get(&body).is_some() || oauth.default_expires.is_some() {
            ends = Some(now.plus(ttl));
        }
        if answer.expires.path.get(&body).is_some() {
            let left = match answer.expires.unit {
                ExpiresUnit::S => json!(ttl.as_secs()),
                ExpiresUnit::Ms => json!(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
                ExpiresUnit::EpochS => json!(now.plus(ttl).unix_ms() / 1000),
                ExpiresUnit::Rfc3339 => now.plus(ttl).to_string().into(),
                // The token itself states it.
                ExpiresUnit::Jwt => Value::Null,
            };
            answer.expires.path.put(&mut body, left);
        }
        let is_jwt = answer.expires.unit == ExpiresUnit::Jwt;
        let access = match ends.filter(|_| is_jwt) {
            Some(end) => self.signed_until(end),
            None => self.fresh(answer.access.text(&body).as_deref().unwrap_or_default()),
        };
        answer.access.put(&mut body, access.as_str().into());
        self.given[grant].access.push((access, ends));
        if let Some(sample) = answer.refresh.text(&body) {
            let old = self.given[grant]
                .refresh
                .first()
                .cloned()
                .filter(|_| self.given[grant].refresh.len() == 1 && refreshed);
            let rotates = old.is_none() || oauth.lost_answer == LostAnswer::RetryOld || sample.is_empty();
            let fresh = if rotates { self.fresh(&sample) } else { old.unwrap_or_default() };
            answer.refresh.put(&mut body, fresh.as_str().into());
            self.given[grant].refresh.push(fresh);
        }
        SimulatedReply::json_of(200, body)
    }

    /// A recorded token response of the platform.
    fn sample(plan: &Routes, oauth: &Oauth, refreshed: bool) -> Option<Value> {
        let good = |of_refresh: bool| {
            let talks = plan.talks.iter().filter(move |talk| talk.good && talk.is_refresh == of_refresh);
            let mut answers = talks.flat_map(|talk| &talk.exchanges).filter(|exchange| plan.is_token(&exchange.ask));
            answers.find(|exchange| oauth.answer.access.get(&exchange.answer.body).is_some())
        };
        let sample = if refreshed { good(true).or_else(|| good(false)) } else { good(false).or_else(|| good(true)) };
        Some(sample?.answer.body.clone())
    }

    fn is_client(&self, plan: &Routes, ask: &ExpectedRequest) -> bool {
        let text = |name: &str| ask.body[name].as_str().unwrap_or_default().to_owned();
        let basic = ask.headers.get("authorization").and_then(|header| header.strip_prefix("Basic "));
        let basic = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
        let (id, secret) = basic
            .and_then(|pair| pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned())))
            .unwrap_or_else(|| (text("client_id"), text("client_secret")));
        let Ok(oauth) = plan.provider.oauth() else { return false };
        if let Some(client) = &oauth.client {
            let known = Self::pasted(plan);
            return known.get(&client.id) == Some(&id) && known.get(&client.secret) == Some(&secret);
        }
        let public = oauth.client_auth == crate::provider::recipe::ClientAuth::None;
        id == self.rules.client_id && (public || secret == self.rules.client_secret)
    }

    /// The revocation endpoint (RFC 7009): an unknown token is no error.
    pub(super) fn revocation(&mut self, plan: &Routes, ask: &ExpectedRequest) -> SimulatedReply {
        if !self.is_client(plan, ask) {
            return SimulatedReply::json_of(401, json!({ "error": "invalid_client" }));
        }
        let token = ask.body["token"].as_str().unwrap_or_default();
        let holds = |grant: &&mut IssuedPermission| {
            grant.refresh.iter().chain(grant.access.iter().map(|(access, _)| access)).any(|known| known == token)
        };
        if let Some(grant) = self.given.iter_mut().find(holds) {
            grant.revoked = true;
        }
        SimulatedReply::default()
    }

    /// The API keys to paste for this shop: those of the fixtures.
    pub(super) fn pasted(plan: &Routes) -> BTreeMap<String, String> {
        let fields: Vec<&str> = plan.provider.fields().iter().filter(|f| f.secret).map(|f| f.name.as_str()).collect();
        let secrets = plan.talks.iter().flat_map(|talk| &talk.secrets);
        secrets.filter(|(name, _)| fields.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// Validates the credentials of a call, which are read from where the file puts them.
    pub(super) fn check_credentials(&self, plan: &Routes, ask: &ExpectedRequest) -> TokenState {
        let call = &plan.provider.recipe.call;
        let mut keys = Map::new();
        for (name, template) in &call.headers {
            if template.slots().any(|slot| slot.starts_with("grant.")) {
                let header = ask.headers.get(name).map_or("", String::as_str);
                let values = template.read_back(header, &|name| plan.known(name));
                keys.extend(values.unwrap_or_else(|| Map::from_iter([("grant.none".to_owned(), "".into())])));
            }
        }
        if let Some(basic) = &call.basic {
            let pair = ask.headers.get("authorization").and_then(|header| header.strip_prefix("Basic "));
            let pair = pair.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
            let pair = pair.or_else(|| in_query(basic, ask)).unwrap_or_default();
            let written = format!(
                "{}:{}",
                basic.user.written(),
                basic.password.as_ref().map_or(String::new(), Template::written)
            );
            let values = Template::parse(&written).ok().and_then(|template| template.read_back(&pair, &|_| None));
            keys.extend(values.unwrap_or_default());
        }
        if call.sign.is_some() {
            let header = ask.headers.get("authorization").map_or("", String::as_str);
            let token = header.split_once("oauth_token=\"").and_then(|(_, rest)| rest.split('"').next());
            keys.insert("grant.access".into(), token.unwrap_or_default().into());
        }
        let key = |name: &str| keys.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.revoked {
            return TokenState::Revoked;
        }
        match plan.provider.kind() {
            ConnectKind::PastedKey => {
                let good = Self::pasted(plan).into_iter().all(|(name, value)| key(&format!("grant.{name}")) == value);
                if good { TokenState::Good } else { TokenState::Ended }
            }
            ConnectKind::PostedKeys | ConnectKind::BroughtKeys => {
                let fits = |known: &Vec<(String, String)>| {
                    known.iter().all(|(name, value)| key(&format!("grant.{name}")) == *value)
                };
                if self.keys_given.iter().any(fits) { TokenState::Good } else { TokenState::Ended }
            }
            _ => {
                let access = key("grant.access");
                let grant = self.given.iter().find(|grant| grant.access.iter().any(|(known, _)| *known == access));
                let ends = grant.and_then(|grant| grant.access.iter().find(|(known, _)| *known == access));
                match (grant, ends) {
                    (Some(grant), _) if grant.revoked => TokenState::Revoked,
                    (Some(_), Some((_, ends))) if ends.is_none_or(|end| end > self.now) => TokenState::Good,
                    _ => TokenState::Ended,
                }
            }
        }
    }

    /// The login of kind `pasted_login`: the pasted credentials for a new token.
    pub(super) fn login(&mut self, plan: &Routes, meant: &MatchedCall) -> SimulatedReply {
        let Some(rule) = &plan.provider.connect().login else { return SimulatedReply::missing() };
        let sent = |name: &str| meant.values.get(&format!("grant.{name}")).and_then(Value::as_str);
        let is_good = |(name, value): (&String, &String)| sent(name).is_none_or(|sent| sent == value);
        if self.revoked || !Self::pasted(plan).iter().all(is_good) {
            return SimulatedReply::json(plan.expired.clone());
        }
        let mut body = plan.answer(&meant.op).body;
        let end = self.now.plus(self.rules.token_ttl);
        let token = match &rule.expires {
            Some(expires) if expires.unit == ExpiresUnit::Jwt => self.signed_until(end),
            _ => self.fresh(&rule.token.text(&body).unwrap_or_default()),
        };
        rule.token.put(&mut body, token.as_str().into());
        self.refreshes += u64::from(!self.given.is_empty());
        let ends = (rule.expires.is_some() || rule.default_expires.is_some()).then_some(end);
        self.given.push(IssuedPermission { access: vec![(token, ends)], ..IssuedPermission::default() });
        SimulatedReply::json_of(200, body)
    }

    /// A JSON Web Token in form, with this expiry.
    fn signed_until(&self, end: Time) -> String {
        let claims = json!({ "exp": end.unix_ms() / 1000, "jti": self.outside.random.token() }).to_string();
        format!("e30.{}.{}", URL_SAFE_NO_PAD.encode(claims), self.outside.random.token())
    }

    /// Expires every access token.
    pub(super) fn end_tokens(&mut self) {
        let now = self.now;
        self.given.iter_mut().flat_map(|grant| &mut grant.access).for_each(|(_, ends)| *ends = Some(now));
    }

    /// Revokes every permission, as the merchant would.
    pub(super) fn revoke(&mut self) {
        self.given.iter_mut().for_each(|grant| grant.revoked = true);
        self.revoked = true;
    }

    /// Handles the two token calls of OAuth 1.0a; `None` for any other request.
    pub(super) fn consumer_token(&mut self, plan: &Routes, ask: &ExpectedRequest) -> Option<SimulatedReply> {
        let rule = plan.provider.connect().oauth1.as_ref()?;
        let is_access = plan.leads_to(&rule.access, &ask.url);
        if !is_access && !plan.leads_to(&rule.request, &ask.url) {
            return None;
        }
        let token = self.outside.random.token();
        let secret = self.outside.random.token();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("oauth_token", &token)
            .append_pair("oauth_token_secret", &secret)
            .finish();
        if is_access {
            self.given.push(IssuedPermission { access: vec![(token, None)], ..IssuedPermission::default() });
        }
        Some(SimulatedReply { body: form.into(), ..SimulatedReply::text(200, "") })
    }

    /// A new random secret in the form of a sample.
    pub(super) fn fresh(&self, sample: &str) -> String {
        let front = sample.trim_end_matches(|c: char| c.is_ascii_digit());
        // The prefix before the digits stays: on some platforms it names the owner.
        format!("{front}{}", self.outside.random.token().replace(['-', '_'], "0"))
    }
}

/// User name and password in a request's query, where the file has parameters for them.
fn in_query(basic: &Basic, ask: &ExpectedRequest) -> Option<String> {
    let names = basic.or_query.as_ref()?;
    let params: QueryParams = path_and_query(&ask.url).1.into_iter().collect();
    Some(format!("{}:{}", params.get(&names.user)?, params.get(&names.password)?))
}
