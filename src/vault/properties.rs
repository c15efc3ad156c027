//! Properties of what the vault signs: a link holds for what it names, for a day, and not if one character differs.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    prelude::{Strategy, any},
    sample::{Index, select},
};
use sha2::Sha256;

use super::{KeySource, LinkKind, LinkState, SignedLink, Vault, hex};
use crate::{
    model::Time,
    outside::{
        Random,
        cases::{CASES, changed, hold, text},
    },
};

const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

fn vault(keys: &[[u8; 32]]) -> Vault {
    let ring: Vec<String> = keys.iter().enumerate().map(|(n, key)| format!("v{n}:{}", STANDARD.encode(key))).collect();
    Vault::new(KeySource::Given(ring.join(",").into()), Random::seeded(1)).expect("a ring")
}

/// The signature by another implementation.
fn signature(key: &[u8], purpose: &str, parts: &[String], expires: &str) -> String {
    let mut text: String =
        parts.iter().map(|part| format!("part={}&", utf8_percent_encode(part, FORM)).replace("%20", "+")).collect();
    text += &format!("expires={expires}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(format!("store-sync/{purpose}\0{text}").as_bytes());
    hex(&mac.finalize().into_bytes())
}

const KINDS: [(LinkKind, &str); 3] =
    [(LinkKind::Connect, "connect-link"), (LinkKind::Picture, "picture-link"), (LinkKind::Asset, "asset-link")];

fn parts() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(text("ab&=+ part/expires", 5), 0..4)
}

#[test]
fn a_link_holds_for_a_day_for_what_it_names_and_for_nothing_else() {
    let kind = || select(KINDS.to_vec());
    let sign = select("abcdef0123456789 &=é\u{0}".chars().collect::<Vec<_>>());
    let every = (
        any::<[[u8; 32]; 2]>(),
        (kind(), kind()),
        (parts(), parts()),
        (0..10_000_000_000_000_i64, 0..200_000_000_u64),
        (any::<Index>(), any::<Index>(), sign),
    );
    hold(CASES, &every, |(keys, ((kind, purpose), (other_kind, _)), (parts, other), (now, later), (which, at, to))| {
        let (ours, others) = (vault(&keys[..1]), vault(&keys[1..]));
        let now = Time::from_unix_ms(now);
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let link = ours.sign_link(kind, &words, now);
        assert_eq!(link.signature, signature(&keys[0], purpose, &parts, &link.expires));
        let state = |vault: &Vault, kind, parts: &[String], link: &SignedLink, at| {
            vault.check_link(kind, &parts.iter().map(String::as_str).collect::<Vec<_>>(), link, at)
        };
        let then = now.plus(Duration::from_millis(later));
        let ends = now.unix_ms() / 1000 + 24 * 60 * 60;
        let expected = if then.unix_ms() / 1000 > ends { LinkState::Ended } else { LinkState::Good };
        assert_eq!(state(&ours, kind, &parts, &link, then), expected);
        assert_eq!(state(&vault(&[keys[1], keys[0]]), kind, &parts, &link, now), LinkState::Good, "by an older key");

        let is_ours = |state| state != LinkState::NotOurs;
        assert_eq!(is_ours(state(&others, kind, &parts, &link, now)), keys[0] == keys[1]);
        assert_eq!(is_ours(state(&ours, other_kind, &parts, &link, now)), kind == other_kind);
        assert_eq!(is_ours(state(&ours, kind, &other, &link, now)), parts == other, "{other:?}");
        let mut wrong = parts.clone();
        if let Some(text) = parts.get(which.index(parts.len().max(1))).and_then(|part| changed(part, at, to)) {
            wrong[which.index(parts.len())] = text;
            assert!(!is_ours(state(&ours, kind, &wrong, &link, now)), "{wrong:?}");
        }
        let forged = |expires, signature| SignedLink { expires, signature };
        for wrong in [
            changed(&link.expires, at, to).map(|expires| forged(expires, link.signature.clone())),
            changed(&link.signature, at, to).map(|signature| forged(link.expires.clone(), signature)),
            Some(forged(format!("{}0", link.expires), link.signature.clone())),
            Some(forged(link.expires.clone(), link.signature[1..].to_owned())),
        ] {
            assert!(wrong.is_none_or(|wrong| !is_ours(state(&ours, kind, &parts, &wrong, now))));
        }
    });
}

#[test]
fn what_is_signed_verifies_for_its_purpose_only() {
    let purpose = || select(vec!["connect-link", "oauth-state", "x"]);
    let every = (any::<[u8; 32]>(), purpose(), purpose(), text("ab/0", 6), text("ab/0", 6), any::<Index>());
    hold(CASES, &every, |(key, purpose, other_purpose, text, other, at)| {
        let vault = vault(&[key]);
        let signature = vault.sign(purpose, &text);
        assert!(vault.verify(purpose, &text, &signature));
        assert_eq!(vault.verify(other_purpose, &text, &signature), purpose == other_purpose);
        assert_eq!(vault.verify(purpose, &other, &signature), text == other);
        let wrong = changed(&signature, at, '0').or_else(|| changed(&signature, at, '1')).expect("is another");
        assert!(!vault.verify(purpose, &text, &wrong));
    });
}
