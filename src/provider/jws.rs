//! JSON Web Signatures in compact form (RFC 7515), and the public keys that verify them: RS256 alone, whatever a signature says of itself.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::Value;

use crate::model::Time;

/// The only algorithm. One that names another is refused: it could choose none, or take a public key for a shared secret.
const ALGORITHM: &str = "RS256";
/// The shortest modulus in bytes.
const SHORTEST: usize = 256;
/// The most keys of a set: each costs a verification if a signature names none.
const MOST_KEYS: usize = 20;
/// How far another clock may be off.
const LEEWAY_SECONDS: i64 = 300;
/// What public keys in PEM begin and end with.
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// A public RSA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    /// Its id in a key set.
    id: Option<String>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl VerifyingKey {
    fn new(id: Option<String>, modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let bare = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
        let key = Self { id, modulus: bare(modulus), exponent: bare(exponent) };
        (key.modulus.len() >= SHORTEST && !key.exponent.is_empty()).then_some(key)
    }

    /// A key in PEM (`BEGIN PUBLIC KEY`), also in one line or without its frame; `None` if it is no RSA key of 2048 bits and more.
    pub(super) fn from_pem(text: &str) -> Option<Self> {
        // Environment variables often have the two characters `\n` in the place of a line's end.
        let text = text.replace("\\n", "\n");
        let text = text.trim();
        let inner = text.strip_prefix(BEGIN).map_or(Some(text), |rest| rest.strip_suffix(END))?;
        let inner: String = inner.split_whitespace().collect();
        Self::from_der(&STANDARD.decode(inner).ok()?)
    }

    /// A key as `SubjectPublicKeyInfo` of X.509 (RFC 8017, appendix A.1).
    fn from_der(der: &[u8]) -> Option<Self> {
        let (info, rest) = element(der, der::SEQUENCE)?;
        let (algorithm, bits) = element(info, der::SEQUENCE)?;
        let (bits, more) = element(bits, der::BIT_STRING)?;
        if algorithm != der::RSA_ENCRYPTION || !rest.is_empty() || !more.is_empty() {
            return None;
        }
        let (numbers, _) = element(bits.strip_prefix(&[0])?, der::SEQUENCE)?;
        let (modulus, rest) = element(numbers, der::INTEGER)?;
        let (exponent, _) = element(rest, der::INTEGER)?;
        Self::new(None, modulus, exponent)
    }

    /// The keys of a JSON Web Key Set (RFC 7517) that may verify a signature; `None` if it is no such set.
    pub(super) fn of_set(set: &Value) -> Option<Vec<Self>> {
        Some(set.get("keys")?.as_array()?.iter().filter_map(Self::from_jwk).take(MOST_KEYS).collect())
    }

    fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let has_other = |name: &str, wanted: &str| text(name).is_some_and(|found| found != wanted);
        if text("kty") != Some("RSA") || has_other("use", "sig") || has_other("alg", ALGORITHM) {
            return None;
        }
        let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
        Self::new(text("kid").map(str::to_owned), &number("n")?, &number("e")?)
    }

    /// Whether a signature with this key id, if it has one, may be of this key.
    pub(super) fn may_be(&self, id: Option<&str>) -> bool {
        id.is_none() || self.id.is_none() || self.id.as_deref() == id
    }

    fn verifies(&self, content: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, content, signature).is_ok()
    }
}

/// Parts of ASN.1's distinguished encoding that a public key has.
mod der {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const BIT_STRING: u8 = 0x03;
    pub(super) const SEQUENCE: u8 = 0x30;
    /// 1.2.840.113549.1.1.1 with its parameter, which is null.
    pub(super) const RSA_ENCRYPTION: [u8; 13] =
        [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
}

/// The content of the element that `der` begins with, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    if *first < 0x80 {
        return rest.split_at_checked(usize::from(*first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    // No key is longer than two bytes can say.
    let length = (length.len() <= 2).then(|| length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)))?;
    rest.split_at_checked(length)
}

#[derive(Deserialize)]
struct JwsHeader {
    alg: String,
    kid: Option<String>,
    b64: Option<bool>,
    crit: Option<Vec<String>>,
}

impl JwsHeader {
    /// Whether it asks for nothing that is not understood here. `b64` (RFC 7797) is, and has to be named as critical.
    fn is_understood(&self) -> bool {
        let critical = match &self.crit {
            Some(names) => !names.is_empty() && names.iter().all(|name| name == "b64") && self.b64.is_some(),
            None => self.b64 != Some(false),
        };
        critical && self.alg == ALGORITHM
    }

    fn takes_plain_content(&self) -> bool {
        self.b64 == Some(false)
    }
}

/// A signature with or without its content, not verified.
pub(super) struct Jws<'t> {
    header: JwsHeader,
    /// Its header as it is signed.
    front: &'t str,
    /// Its content as it is signed; empty if that is elsewhere.
    content: &'t str,
    signature: Vec<u8>,
}

impl<'t> Jws<'t> {
    /// Reads the compact form; `None` if it is none, or one that cannot be verified here.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.trim().split('.');
        let (front, content, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let header: JwsHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(front).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let is_whole = parts.next().is_none() && header.is_understood();
        is_whole.then_some(Self { header, front, content, signature })
    }

    /// The id of the key that it claims to be signed with.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Whether one of the keys signed `content`, which stands elsewhere.
    pub(super) fn is_of(&self, content: &[u8], keys: &[VerifyingKey]) -> bool {
        let plain = self.header.takes_plain_content();
        let encoded = if plain { None } else { Some(URL_SAFE_NO_PAD.encode(content)) };
        self.content.is_empty() && self.is_signed(encoded.as_ref().map_or(content, String::as_bytes), keys)
    }

    /// Whether one of the keys signed the content within.
    pub(super) fn is_true(&self, keys: &[VerifyingKey]) -> bool {
        !self.header.takes_plain_content() && self.is_signed(self.content.as_bytes(), keys)
    }

    fn is_signed(&self, content: &[u8], keys: &[VerifyingKey]) -> bool {
        let signed = [self.front.as_bytes(), b".", content].concat();
        let named = keys.iter().filter(|key| key.may_be(self.key_id()));
        { named }.any(|key| key.verifies(&signed, &self.signature))
    }

    /// The claims within, if it is a JSON Web Token.
    pub(super) fn claims(&self) -> Option<Value> {
        let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.content).ok()?);
        claims.ok().filter(Value::is_object)
    }
}

/// Whether a token is valid at a time, by its own claims (RFC 7519, section 4.1). A time that is none makes it invalid.
pub(super) fn is_timely(claims: &Value, now: Time) -> bool {
    let now = now.unix_ms() / 1000;
    let holds =
        |name: &str, rule: &dyn Fn(i64) -> bool| claims.get(name).is_none_or(|at| seconds(at).is_some_and(rule));
    holds("exp", &|end| now < end.saturating_add(LEEWAY_SECONDS))
        && ["nbf", "iat"].iter().all(|name| holds(name, &|begin| begin <= now.saturating_add(LEEWAY_SECONDS)))
}

/// A time of a token in seconds; it may have a fraction.
fn seconds(at: &Value) -> Option<i64> {
    at.as_i64().or_else(|| format!("{:.0}", at.as_f64()?).parse().ok())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::json;

    use super::*;

    /// Signatures that other programs made; `tests/all/signed.rs` delivers them.
    static SIGNATURES: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(include_str!("../../tests/all/signatures.json")).expect("is JSON"));

    fn text(pointer: &str) -> &'static str {
        SIGNATURES.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"))
    }

    fn keys(names: &[&str]) -> Vec<VerifyingKey> {
        let keys: Vec<&Value> = names.iter().map(|name| &SIGNATURES["keys"][name]).collect();
        VerifyingKey::of_set(&json!({ "keys": keys })).expect("is a set")
    }

    fn is_of(jws: &str, keys: &[VerifyingKey]) -> bool {
        Jws::parse(jws).is_some_and(|jws| jws.is_of(text("/body").as_bytes(), keys))
    }

    #[test]
    fn the_example_of_rfc_7515_is_verified_with_its_content_and_detached_from_it() {
        let keys = VerifyingKey::of_set(&json!({ "keys": [SIGNATURES["rfc7515"]["key"]] })).expect("is a set");
        let (signed, content) = (text("/rfc7515/signed"), text("/rfc7515/content").as_bytes());
        let jws = Jws::parse(signed).expect("is one");
        assert!(jws.is_true(&keys) && !jws.is_of(content, &keys));
        assert_eq!(jws.claims().expect("claims")["iss"], "joe");
        // Appendix F: the same with the middle left out.
        let (front, rest) = signed.split_once('.').expect("dots");
        let detached = format!("{front}..{}", rest.split_once('.').expect("dots").1);
        let jws = Jws::parse(&detached).expect("is one");
        assert!(jws.is_of(content, &keys) && !jws.is_true(&keys) && !jws.is_of(&content[1..], &keys));
        let at = signed.len() - 9;
        let other = if &signed[at..=at] == "A" { "B" } else { "A" };
        let forged = format!("{}{other}{}", &signed[..at], &signed[at + 1..]);
        assert!(!Jws::parse(&forged).expect("is one").is_true(&keys));
    }

    #[test]
    fn what_another_program_signed_is_verified_by_the_key_that_it_names() {
        let both = keys(&["one", "two"]);
        for name in ["one", "two", "without a key id", "encoded"] {
            assert!(is_of(text(&format!("/detached/{name}")), &both), "{name}");
        }
        assert!(!is_of(text("/detached/two"), &keys(&["one"])) && !is_of(text("/detached/one"), &[]));
        assert!(!Jws::parse(text("/detached/one")).expect("is one").is_of(b"{}", &both));
        assert!(keys(&["small"]).is_empty(), "1024 bits");
    }

    #[test]
    fn no_signature_chooses_its_own_algorithm() {
        let (both, refused) = (keys(&["one", "two"]), SIGNATURES["refused"].as_object().expect("signatures"));
        assert!(refused.len() > 8);
        for (name, jws) in refused {
            assert!(!is_of(jws.as_str().expect("a text"), &both), "{name}");
        }
        let odd = ["", ".", "..", "...", "a.b", "e30..", "e30..AA", "{}..AA", "é..é"];
        assert!(odd.iter().all(|odd| !is_of(odd, &both)));
    }

    #[test]
    fn a_public_key_is_read_however_it_is_pasted() {
        let pem = text("/pem");
        let key = VerifyingKey::from_pem(pem).expect("is a key");
        assert_eq!((&key.modulus, &key.exponent), (&keys(&["one"])[0].modulus, &vec![1, 0, 1]));
        let bare: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for pasted in [pem.replace('\n', "\\n"), pem.replace('\n', " "), pem.replace('\n', "\r\n"), bare.clone()] {
            assert_eq!(VerifyingKey::from_pem(&pasted).as_ref(), Some(&key), "{pasted}");
        }
        let der = STANDARD.decode(&bare).expect("is base64");
        for end in 0..der.len() {
            assert!(VerifyingKey::from_der(&der[..end]).is_none(), "{end}");
        }
        let cut = STANDARD.encode([&der[..], &[0]].concat());
        for other in [text("/pem of 1024 bits"), "", "our-key", BEGIN, &pem[..pem.len() - 9], &cut] {
            assert!(VerifyingKey::from_pem(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_set_has_the_keys_that_may_verify_signatures() {
        let key = |more: Value| {
            let mut key = SIGNATURES["keys"]["one"].clone();
            key.as_object_mut().expect("a key").extend(more.as_object().expect("members").clone());
            key
        };
        let others = [json!({ "use": "enc" }), json!({ "alg": "RS512" }), json!({ "kty": "EC" }), json!({ "n": "?" })];
        let others = others.map(key);
        let set = |keys: &[Value]| VerifyingKey::of_set(&json!({ "keys": keys })).map(|keys| keys.len());
        assert_eq!((set(&others), set(&[]), set(&vec![key(json!({})); 50])), (Some(0), Some(0), Some(MOST_KEYS)));
        for none in [json!(null), json!([]), json!({ "keys": {} }), json!({ "error": "no" })] {
            assert_eq!(VerifyingKey::of_set(&none), None, "{none}");
        }
    }

    #[test]
    fn a_token_has_its_time() {
        let now = Time::from_unix_ms(1_772_366_400_000);
        let holds = |claims: Value| is_timely(&claims, now);
        let at = |seconds: i64| 1_772_366_400 + seconds;
        assert!(holds(json!({})) && holds(json!({ "iat": at(-9), "exp": at(9), "nbf": at(0) })));
        assert!(holds(json!({ "exp": at(-299) })) && !holds(json!({ "exp": at(-300) })));
        assert!(holds(json!({ "nbf": at(300), "iat": at(300) })));
        assert!(!holds(json!({ "nbf": at(301) })) && !holds(json!({ "iat": at(301) })));
        assert!(holds(json!({ "exp": 1_772_366_400.5 })) && !holds(json!({ "exp": 1e300 })));
        assert!(!holds(json!({ "exp": "never" })) && !holds(json!({ "iat": null })));
    }
}
