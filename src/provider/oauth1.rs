//! OAuth 1.0a (RFC 5849): the HMAC-SHA256 signature of every call, and the two calls that get a token for a consumer.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use secrecy::ExposeSecret;
use sha2::Sha256;
use url::{Position, Url, form_urlencoded};

use super::{Provider, context::TemplateContext, grant::bad_address};
use crate::{
    model::{Facts, Failure, FailureKind, Grant, Secret, Time},
    outside::{Http, Outside, Random, Request, log_target},
};

/// The names of the signing secrets in a grant.
const CONSUMER: (&str, &str) = ("consumer_key", "consumer_secret");
const TOKEN: (&str, &str) = ("access", "access_secret");

/// Nonce and timestamp of one signature.
pub(super) struct Moment {
    nonce: String,
    timestamp: i64,
}

impl Moment {
    pub(super) fn new(random: &Random, now: Time) -> Self {
        Self { nonce: random.token(), timestamp: now.unix_ms().div_euclid(1000) }
    }
}

/// The `Authorization` header of a call, signed with the consumer and, if there is one, the token of `grant`.
/// `extra` are further protocol parameters.
pub(super) fn authorization(
    method: &Method,
    url: &Url,
    grant: &Grant,
    extra: &[(&str, &str)],
    moment: &Moment,
) -> String {
    let secret = |name: &str| grant.secret(name).map_or("", |secret| secret.expose_secret());
    let timestamp = moment.timestamp.to_string();
    let mut protocol = vec![
        ("oauth_consumer_key", secret(CONSUMER.0)),
        ("oauth_nonce", &moment.nonce),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", &timestamp),
        ("oauth_version", "1.0"),
    ];
    protocol.extend(grant.secret(TOKEN.0).map(|token| ("oauth_token", token.expose_secret())));
    protocol.extend(extra);
    let mut all: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (encode(&name), encode(&value))).collect();
    all.extend(protocol.iter().map(|(name, value)| (encode(name), encode(value))));
    all.sort();
    let pairs: Vec<String> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let bare = &url[..Position::AfterPath];
    let text = format!("{method}&{}&{}", encode(bare), encode(&pairs.join("&")));
    let key = format!("{}&{}", encode(secret(CONSUMER.1)), encode(secret(TOKEN.1)));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    protocol.push(("oauth_signature", &signature));
    let members: Vec<String> = protocol.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value))).collect();
    format!("OAuth {}", members.join(", "))
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 5849, 3.6).
fn encode(text: &str) -> String {
    let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    form.replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
}

/// Gets a token for a posted consumer and its verifier (RFC 5849, 2.1 and 2.3). The returned grant no longer has the
/// verifier.
pub async fn consumer_token(
    outside: &Outside,
    provider: &Provider,
    facts: &Facts,
    posted: Grant,
) -> Result<Grant, Failure> {
    let rule = provider.connect().oauth1.as_ref().ok_or_else(bad_address)?;
    let store_url = provider.store_url(facts)?;
    let context = TemplateContext { store_url: &store_url, ..TemplateContext::of_facts(facts) };
    let verifier = posted.secret("verifier").map(|v| v.expose_secret().to_owned()).unwrap_or_default();
    let mut grant = posted;
    grant.secrets.remove("verifier");
    for (template, verifier) in [(&rule.request, None), (&rule.access, Some(verifier.as_str()))] {
        let url = template.text(&context)?.and_then(|text| Url::parse(&text).ok()).ok_or_else(bad_address)?;
        let extra: Vec<(&str, &str)> = verifier.map(|verifier| ("oauth_verifier", verifier)).into_iter().collect();
        let moment = Moment::new(&outside.random, outside.clock.now());
        let header = authorization(&Method::POST, &url, &grant, &extra, &moment);
        let (token, secret) = ask(&outside.http, provider, url, &header).await?;
        grant.secrets.insert(TOKEN.0.to_owned(), token);
        grant.secrets.insert(TOKEN.1.to_owned(), secret);
    }
    Ok(Grant { version: 1, ..grant })
}

async fn ask(http: &Http, provider: &Provider, url: Url, header: &str) -> Result<(Secret, Secret), Failure> {
    let mut request = Request::new(Method::POST, url);
    let mut value = http::HeaderValue::from_str(header).map_err(|_| bad_address())?;
    value.set_sensitive(true);
    request.headers.insert(http::header::AUTHORIZATION, value);
    let place = log_target(&request.method, &request.url);
    let answer = http.send(request).await.map_err(|e| Failure::new(FailureKind::Network, e.to_string()))?;
    let find = |name: &str| {
        let value = form_urlencoded::parse(&answer.body).find(|(key, _)| key == name).map(|(_, v)| v.into_owned());
        value.filter(|v| !v.is_empty()).map(Secret::from)
    };
    match (answer.status, find("oauth_token"), find("oauth_token_secret")) {
        (200, Some(token), Some(secret)) => Ok((token, secret)),
        (status, ..) => Err(Failure::new(
            FailureKind::TokenEndpointAnswer,
            format!("{}: {place} answered {status} without a token; activate the integration again", provider.name()),
        )),
    }
}

impl Provider {
    /// The posted parameter that names the shop.
    pub fn shop_param(&self) -> &str {
        self.connect().oauth1.as_ref().map_or("", |rule| &rule.shop)
    }

    /// The parameter of the browser's request with the URL to return to.
    pub fn back_param(&self) -> &str {
        self.connect().oauth1.as_ref().map_or("", |rule| &rule.back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_a_known_library() {
        // Made with oauthlib 3.3.1 for the same parameters.
        let mut grant = Grant::default();
        for (name, value) in [
            ("consumer_key", "dpf43f3p2l4k3l03"),
            ("consumer_secret", "kd94hf93k423kf44"),
            ("access", "nnch734d00sl2jdk"),
            ("access_secret", "pfkkdhi9sl3r4s00"),
        ] {
            grant.secrets.insert(name.into(), Secret::from(value));
        }
        let url = Url::parse("http://photos.example.net/photos?size=original&file=vacation%20%2A~.jpg&a%5B0%5D=x%2By")
            .expect("an address");
        let moment = Moment { nonce: "kllo9940pd9333jh".into(), timestamp: 1_191_242_096 };
        let header = authorization(&Method::GET, &url, &grant, &[], &moment);
        assert!(header.contains("oauth_signature=\"58z86BSEEdzlaSUzhtJomX4%2F0bvElZ3gMFBhwahZpUM%3D\""), "{header}");
    }
}
