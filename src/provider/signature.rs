//! Verifies that a callback comes from the shop that it names.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{
    App, Provider,
    context::TemplateContext,
    grant::bad_address,
    recipe::{Signature, SignatureKind},
};
use crate::model::{Facts, Failure, FailureKind, Time};

/// Verifies signature, age, issuer and shop of a callback, as far as the provider's file requires them.
pub fn check_callback(
    provider: &Provider,
    app: Option<&App>,
    facts: &Facts,
    query: &[(String, String)],
    now: Time,
) -> Result<(), Failure> {
    let Ok(oauth) = provider.oauth() else { return Ok(()) };
    check_origin(provider, app, query, now)?;
    if let Some(issuer) = &oauth.issuer {
        // Compared exactly (RFC 9207): a callback that another server injected names another issuer, or none.
        let store_url = provider.store_url(facts)?;
        let expected = issuer.text(&TemplateContext { store_url: &store_url, ..TemplateContext::of_facts(facts) })?;
        let issuers: Vec<&String> = query.iter().filter(|(name, _)| name == "iss").map(|(_, value)| value).collect();
        if issuers.len() != 1 || Some(issuers[0]) != expected.as_ref() {
            let text = "the callback does not name the server where this connect was started; start again";
            return Err(Failure::new(FailureKind::OtherIssuer, text));
        }
    }
    if let Some(same) = &oauth.same_shop {
        let store_url = provider.store_url(facts)?;
        let context = TemplateContext { store_url: &store_url, ..TemplateContext::of_facts(facts) };
        let expected = same.equals.text(&context)?.unwrap_or_default();
        let shop = query.iter().find(|(name, _)| *name == same.param).map(|(_, value)| value.to_lowercase());
        if shop.as_deref() != Some(expected.to_lowercase().as_str()) {
            let text = format!("the callback is from another shop than the one being connected ({expected})");
            return Err(Failure::new(FailureKind::OtherShop, text));
        }
    }
    Ok(())
}

/// Verifies the platform's signature of a query and its age, if the provider's file describes one.
pub fn check_origin(
    provider: &Provider,
    app: Option<&App>,
    query: &[(String, String)],
    now: Time,
) -> Result<(), Failure> {
    let Some(signature) = provider.oauth().ok().and_then(|oauth| oauth.signature.as_ref()) else { return Ok(()) };
    let app = app.ok_or_else(bad_address)?;
    check_signature(provider, signature, app, query, now)
}

impl Provider {
    /// The signature parameter of a query, not verified.
    pub fn origin_signature<'q>(&self, query: &'q [(String, String)]) -> Option<&'q str> {
        let signature = self.oauth().ok()?.signature.as_ref()?;
        query.iter().find(|(name, _)| *name == signature.param).map(|(_, value)| value.as_str())
    }
}

fn check_signature(
    provider: &Provider,
    signature: &Signature,
    app: &App,
    query: &[(String, String)],
    now: Time,
) -> Result<(), Failure> {
    let bad = || {
        Failure::new(
            FailureKind::BadSignature,
            format!("the callback has no valid signature of {}; start again", provider.name()),
        )
    };
    let text =
        query.iter().find(|(name, _)| *name == signature.param).map(|(_, value)| value.as_str()).ok_or_else(bad)?;
    let key = app.client_secret.expose_secret();
    // Anybody could sign with an empty secret.
    if key.trim().is_empty() {
        return Err(bad());
    }
    let same = match signature.kind {
        SignatureKind::HmacSortedQuery => {
            let expected = hmac_sorted_query(key, &signature.param, query);
            expected.as_bytes().ct_eq(text.to_ascii_lowercase().as_bytes())
        }
        SignatureKind::HmacJson => {
            let (mac, content) = text.split_once('.').ok_or_else(bad)?;
            let mac = URL_SAFE_NO_PAD.decode(mac.trim_end_matches('=')).map_err(|_| bad())?;
            hmac(key, content).ct_eq(&mac)
        }
    };
    if !bool::from(same) {
        return Err(bad());
    }
    let (Some(param), Some(max_age)) = (&signature.timestamp, &signature.max_age) else { return Ok(()) };
    let signed = query.iter().find(|(name, _)| name == param).and_then(|(_, value)| value.parse::<i64>().ok());
    let signed = Time::from_unix_ms(signed.ok_or_else(bad)?.saturating_mul(1000));
    let off = now.since(signed).max(signed.since(now));
    if off > max_age.0 + Duration::from_secs(1) {
        let text = format!(
            "the callback's signing time is {} s off our clock; start again, and check both clocks",
            off.as_secs()
        );
        return Err(Failure::new(FailureKind::StaleSignature, text));
    }
    Ok(())
}

/// HMAC over all parameters but the signature itself, sorted by name, form-encoded with spaces as %20; in hexadecimal.
pub(super) fn hmac_sorted_query(key: &str, param: &str, query: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = query.iter().filter(|(name, _)| name != param).collect();
    pairs.sort();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        form.append_pair(name, value);
    }
    let text = form.finish().replace('+', "%20");
    hmac(key, &text).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// HMAC-SHA256.
pub(super) fn hmac(key: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::hmac_sorted_query;

    #[test]
    fn the_published_vector_of_a_platform_holds() {
        // From a platform's documentation of callback verification.
        let query = [
            ("code", "0907a61c0c8d55e99db179b68161bc00"),
            ("timestamp", "1337178173"),
            ("shop", "some-shop.myshopify.com"),
            ("hmac", "x"),
        ];
        let query: Vec<(String, String)> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let expected = "4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20";
        assert_eq!(hmac_sorted_query("hush", "hmac", &query), expected);
    }
}
