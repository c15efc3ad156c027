//! The simulator's consent: the merchant's decision, the signed way back, and keys that are handed over.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use super::{
    SimulatedExchange, SimulatedReply, SimulatorState,
    oauth::{QueryParams, Waiting},
    outbound::Outbound,
    routes::Routes,
};
use crate::{
    outside::ExpectedRequest,
    provider::{
        recipe::{Brought, Oauth, SignatureKind},
        signature::{hmac, hmac_sorted_query},
        template::Template,
    },
};

impl SimulatorState {
    /// Whether a request is for the consent page.
    pub(super) fn is_consent(plan: &Routes, ask: &ExpectedRequest) -> bool {
        let connect = plan.provider.connect();
        let oauth = connect.oauth.as_ref().and_then(|oauth| oauth.authorize.as_ref());
        let pages = oauth.into_iter().chain(connect.posted.iter().map(|posted| &posted.authorize));
        let pages = pages.chain(connect.brought.iter().map(|brought| &brought.authorize));
        pages.into_iter().any(|page| plan.leads_to(page, &ask.url))
    }

    /// The parameters of the consent request, parsed by the file's own templates.
    pub(super) fn way(plan: &Routes, params: &QueryParams) -> QueryParams {
        let connect = plan.provider.connect();
        let posted = connect.posted.iter().flat_map(|posted| &posted.query);
        let posted = posted.chain(connect.brought.iter().flat_map(|brought| &brought.query));
        let templates = connect.oauth.iter().flat_map(|oauth| &oauth.authorize_extra).chain(posted);
        let mut way: QueryParams = ["redirect_uri", "state", "code_challenge"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), params.get(*name)?.clone())))
            .collect();
        for (name, template) in templates {
            let Some(values) = params.get(name).and_then(|text| template.read_back(text, &|name| plan.known(name)))
            else {
                continue;
            };
            way.extend(values.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))));
        }
        way
    }

    /// Handles the merchant's decision on the consent page.
    pub(super) fn decide(&mut self, plan: &Routes, params: &QueryParams) -> SimulatedExchange {
        let way = Self::way(plan, params);
        let provider = &plan.provider;
        let usual = format!("{}/oauth/callback/{}", self.rules.daemon_url, provider.key());
        let redirect_uri = way.get("redirect_uri").cloned().unwrap_or(usual);
        let Ok(mut back) = Url::parse(&redirect_uri) else {
            return SimulatedReply::text(400, "the redirect_uri is not a valid URL").into();
        };
        let allowed = params.get("decision").is_some_and(|decision| decision == "allow");
        let state = way.get("state").cloned();
        if let Some(posted) = &provider.connect().posted {
            let state = state.unwrap_or_default();
            let answer = if allowed { "1" } else { posted.declined.is.as_str() };
            back.query_pairs_mut().append_pair(&posted.declined.param, answer).append_pair(&posted.state, &state);
            if !allowed {
                return SimulatedReply::redirect(&back).into();
            }
            return SimulatedExchange {
                outbound: Some(self.hand_over(plan, &redirect_uri, &state)),
                ..SimulatedReply::redirect(&back).into()
            };
        }
        if let Some(brought) = &provider.connect().brought {
            back.query_pairs_mut().append_pair("state", &state.unwrap_or_default());
            if allowed {
                self.add_keys(plan, brought, &mut back);
            } else {
                back.query_pairs_mut().append_pair(&brought.declined.param, &brought.declined.is);
            }
            return SimulatedReply::redirect(&back).into();
        }
        let state = state.filter(|_| provider.kind().carries_state());
        let mut answer: Vec<(String, String)> = Vec::new();
        if allowed {
            let sample = plan.talks.iter().find(|talk| talk.is_connect && talk.good);
            let params = sample.map(|talk| talk.callback.clone()).unwrap_or_default();
            answer.extend(params.into_iter().filter(|(name, _)| name != "code" && name != "state"));
            if provider.kind().brings_code() {
                let code = self.outside.random.token();
                let challenge = way.get("code_challenge").cloned();
                self.codes.insert(code.clone(), Waiting { redirect_uri, challenge });
                answer.push(("code".into(), code));
            }
        } else {
            answer.push(("error".into(), "access_denied".into()));
        }
        answer.extend(state.map(|state| ("state".into(), state)));
        if let Ok(oauth) = provider.oauth() {
            let issuer = oauth.issuer.as_ref().map(Template::written);
            answer.extend(issuer.map(|issuer| ("iss".into(), issuer)));
            self.sign(oauth, &mut answer);
        }
        back.query_pairs_mut().extend_pairs(answer);
        SimulatedReply::redirect(&back).into()
    }

    /// Adds new keys to the callback URL.
    fn add_keys(&mut self, plan: &Routes, brought: &Brought, back: &mut Url) {
        let sample = plan.talks.iter().find(|talk| talk.is_connect && talk.good);
        let sample = |param: &str| sample.and_then(|talk| talk.callback.get(param).cloned()).unwrap_or_default();
        let mut keys = Vec::new();
        for (name, param) in &brought.secrets {
            let key = self.fresh(&sample(param));
            back.query_pairs_mut().append_pair(param, &key);
            keys.push((name.clone(), key));
        }
        let shop = plan.provider.store_url(&plan.facts).unwrap_or_default();
        back.query_pairs_mut().append_pair(&brought.same_shop.param, &shop);
        self.keys_given.push(keys);
    }

    /// Signs the callback's parameters as the platform does.
    fn sign(&self, oauth: &Oauth, answer: &mut Vec<(String, String)>) {
        let Some(signature) = &oauth.signature else { return };
        if let Some(name) = &signature.timestamp {
            answer.retain(|(known, _)| known != name);
            answer.push((name.clone(), (self.now.unix_ms() / 1000).to_string()));
        }
        let key = &self.rules.client_secret;
        match signature.kind {
            SignatureKind::HmacSortedQuery => {
                answer.retain(|(name, _)| *name != signature.param);
                let signed = hmac_sorted_query(key, &signature.param, answer);
                answer.push((signature.param.clone(), signed));
            }
            SignatureKind::HmacJson => {
                for (_, value) in answer.iter_mut().filter(|(name, _)| *name == signature.param) {
                    let content = value.split_once('.').map_or("", |(_, content)| content).to_owned();
                    *value = format!("{}.{content}", URL_SAFE_NO_PAD.encode(hmac(key, &content)));
                }
            }
        }
    }

    /// The request that posts new keys; the browser returns only if it is answered with 200.
    fn hand_over(&mut self, plan: &Routes, to: &str, state: &str) -> Outbound {
        let connect = plan.provider.connect();
        let posted = connect.posted.as_ref();
        let sample = plan.talks.iter().find(|talk| talk.is_connect && talk.good);
        let mut body = sample.map(|talk| talk.posted.clone()).unwrap_or_default();
        let mut keys = Vec::new();
        for (name, path) in posted.iter().flat_map(|posted| &posted.secrets) {
            let key = self.fresh(path.text(&body).as_deref().unwrap_or_default());
            path.put(&mut body, key.as_str().into());
            keys.push((name.clone(), key));
        }
        if let Some(posted) = posted {
            body[posted.state.as_str()] = state.into();
        }
        self.keys_given.push(keys);
        Outbound::json(to, &body)
    }

    /// Activates an OAuth 1.0a integration, as the merchant would: posts the consumer, then redirects the browser to
    /// the daemon.
    pub(super) fn activate(&mut self, plan: &Routes, params: &QueryParams, here: &str) -> SimulatedExchange {
        let Some(rule) = &plan.provider.connect().oauth1 else { return SimulatedReply::missing().into() };
        let text = |name: &str| params.get(name).cloned().unwrap_or_default();
        let Ok(mut identity) = Url::parse(&text("identity")) else {
            return SimulatedReply::text(400, "the identity URL is missing or not valid").into();
        };
        let (key, verifier) = (self.outside.random.token(), self.outside.random.token());
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("oauth_consumer_key", &key)
            .append_pair("oauth_consumer_secret", &self.outside.random.token())
            .append_pair("oauth_verifier", &verifier)
            .append_pair(&rule.shop, here)
            .finish();
        identity.query_pairs_mut().append_pair("oauth_consumer_key", &key).append_pair(&rule.back, &format!("{here}/"));
        SimulatedExchange {
            outbound: Some(Outbound::form(&text("callback"), form)),
            ..SimulatedReply::redirect(&identity).into()
        }
    }
}
