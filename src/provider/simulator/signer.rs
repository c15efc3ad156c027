//! Signs as a platform with a key of its own does. Everybody knows this key: it proves nothing but that a delivery came from a simulator.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

/// The public key, as a platform shows it, without the frame of PEM.
pub(super) const PUBLIC_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA06Pf6IP/TjLoHtTqOSBIW0qTBtik/z9GIIzL/k4aDc5PnOdprfXkmUUtMfH4e9qZyUf9jE5kjYOFLzqw\
     tpz6ckdoaIZaIWe0IbXj700hLcXrNDWSnQZd3b+JJ70m8HvJrVLEPTsx+FCpIrB50F9Orsy12miiynlTAJw/kcCQx4pe8mNKLD9UQPMH+XapZXYsFhpwYXlCCXW+\
     M9mf824GJ2F3tTqC9ju5fDRuGh90tvshOL8lMv8oFc/VWLj9hJke0IJKB9bi+NhYljseGoSq8pe+A6Ish60hDNyNUAJuby0hkzv4bKk4DZ03dEb/tn6bYKiXalBA\
     y7tgm2DApaXvwwIDAQAB";
/// The private key: PKCS #8 in base64.
const PRIVATE_KEY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDTo9/og/9OMuge1Oo5IEhbSpMG2KT/P0YgjMv+ThoNzk+c52mt9eSZRS0x8fh72pnJR/2MTmSN\
     g4UvOrC2nPpyR2hohlohZ7QhtePvTSEtxes0NZKdBl3dv4knvSbwe8mtUsQ9OzH4UKkisHnQX06uzLXaaKLKeVMAnD+RwJDHil7yY0osP1RA8wf5dqlldiwWGnBh\
     eUIJdb4z2Z/zbgYnYXe1OoL2O7l8NG4aH3S2+yE4vyUy/ygVz9VYuP2EmR7QgkoH1uL42FiWOx4ahKryl74DoiyHrSEM3I1QAm5vLSGTO/hsqTgNnTd0Rv+2fptg\
     qJdqUEDLu2CbYMClpe/DAgMBAAECggEABgsueDXYwxNqFINRAvuchVreUvo5z/4vEvviUWtKjC1hkaH8HxcgBY53qW73ARZvgNN49ppAfdgNJBmhdT2LW1sVrLJ1\
     fXG4L6RBk5JYybVWr6F+A9TsNkpjcMqSg5iNXFE6QGNh3Gz1P4PZnq0yEoTPBqMpTu3jBGfx2sgsej44geOSBRjExFsW9RZQGckgODmDacepPimQ5R1MxPnusdxG\
     LjddR6PvGS+GOs4GHEw4JiTa2isqLyoLuxAvu6yxZhy2JW1A+3vdWV56AevZdgK+eo4AqUpQa7c27OWvehcK3g04Hoo1X3vWNQ2sTtv8xIpkXYrhLMqt2GZUKRu+\
     sQKBgQD2ppqeiXDwBocJuz6yC0UwlMgHorKBFqNIK5uGYHfHaXFtY2oOR2ZIP6fUedH0oVYjA+8mZ4j5Y8Ve8fdDi3V8yYSS1lI3PWyGB/VwdbJroNAcvxI6ZuBb\
     SjUFr++jZkunOewmIIIuCJeOfTTD97J5jLXZF2S/ySQaZDVzvum2UwKBgQDbqYq3uAmSPZZsVW+LjKKnMgVg1vpR5ngJMS8jLg15y2pkZW/zsMm22Hi1fG3uSs9n\
     nuQ9k9rPg5HUSrn1Fbz2hV5jzUQM9NMwbeCKOsLf7bDbKC5izUs0axdV0aTmj1dlRUKql+N6OnpQi9hkBm8qtyHhSEkJo3lvg9C88JjS0QKBgCumREq2LARuQ0uX\
     lXrQv8ffLJ8dTdXGedL11KotPEVQBcDEDSrFu/YhPcQ+YseWHbZIpfP38qef3nf0/js33OzehNWvlBEuj5wQoIDsc0zUwr+zmLg5KI8/TK7a+d/C5LSNbZs5uZAH\
     +TpAMixUE4OrQStQFoZSRE9fWI5JRPb9AoGAIgsjqZeHPDf5US7oi7svFjSFat3Gi9zpK5uIz636fq7M/WRPNnhmusTP6GixbOYBQPD6NKTum4yrlDhEm7xTve0r\
     lNIiQtPKy02sKCA1RZlD+KNAlSV2C1ixlCZapTT/+X0DeQbzRWU8wbD6x33LytX5FT4ru6evUV4fgrjTJpECgYEAsVjxVx3/7yaVMDbk2RqHiieCh1gaDSbJygqi\
     vC0GWj4BDOw8wqQ0vstsbIOgS4JzM0KmV38s4tW1k3yV8/kGans406CGLAL5NjudmtPaQal0qFf72tW+p8jjmeYX6a+OakG1lpQEwtjkKfq9TvqayNPD2/UWAzA9\
     NFh3pE4QZ5M=";
const KEY_ID: &str = "simulator-1";

/// A private key, and what it signs.
pub(super) struct Signer(RsaKeyPair);

impl Signer {
    pub(super) fn new() -> Self {
        let key = STANDARD.decode(PRIVATE_KEY).ok().and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        Self(key.unwrap_or_else(|| unreachable!("the simulator's own key is one")))
    }

    /// A signature of a body, in a header without that body.
    pub(super) fn detached(&self, body: &[u8]) -> String {
        let front = encoded(&json!({ "alg": "RS256", "kid": KEY_ID, "b64": false, "crit": ["b64"] }));
        format!("{front}..{}", self.signature(&front, body))
    }

    /// A token with these claims.
    pub(super) fn token(&self, claims: &Value) -> String {
        let front = encoded(&json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" }));
        let claims = encoded(claims);
        format!("{front}.{claims}.{}", self.signature(&front, claims.as_bytes()))
    }

    /// What the platform publishes.
    pub(super) fn key_set(&self) -> Value {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
        let number = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": number(n), "e": number(e) }] })
    }

    fn signature(&self, front: &str, content: &[u8]) -> String {
        let signed = [front.as_bytes(), b".", content].concat();
        let mut signature = vec![0; self.0.public_key().modulus_len()];
        // This padding has no chance in it: every run signs alike.
        let done = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature);
        done.unwrap_or_else(|_| unreachable!("a buffer of the modulus' length takes the signature"));
        URL_SAFE_NO_PAD.encode(signature)
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
