//! Signed URLs with an expiry of 24 hours: the signature covers the subject and the expiry.

use std::time::Duration;

use super::Vault;
use crate::model::Time;

/// The lifetime of a signed URL.
const LIFE: Duration = Duration::from_hours(24);

/// What a signed URL grants. A signature of one kind is not valid for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// The holder may connect a shop of a provider to a client.
    Connect,
    /// A shop may fetch a picture that is being pushed to it.
    Picture,
    /// The holder may view an output.
    Asset,
}

/// The expiry (Unix time in seconds, as text) and the signature of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    pub expires: String,
    pub signature: String,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    Good,
    /// The signature is valid; the expiry has passed or cannot be parsed.
    Ended,
    NotOurs,
}

impl LinkKind {
    fn purpose(self) -> &'static str {
        match self {
            Self::Connect => "connect-link",
            Self::Picture => "picture-link",
            Self::Asset => "asset-link",
        }
    }
}

/// The signed text: an unambiguous encoding of all parts.
fn text(parts: &[&str], expires: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for part in parts {
        form.append_pair("part", part);
    }
    form.append_pair("expires", expires).finish()
}

impl Vault {
    /// Signs `parts` for 24 hours from `now`.
    pub fn sign_link(&self, kind: LinkKind, parts: &[&str], now: Time) -> SignedLink {
        let expires = (now.plus(LIFE).unix_ms() / 1000).to_string();
        let signature = self.sign(kind.purpose(), &text(parts, &expires));
        SignedLink { expires, signature }
    }

    /// Checks the signature of a URL over these parts and its expiry.
    pub fn check_link(&self, kind: LinkKind, parts: &[&str], link: &SignedLink, now: Time) -> LinkState {
        if !self.verify(kind.purpose(), &text(parts, &link.expires), &link.signature) {
            return LinkState::NotOurs;
        }
        let valid = link.expires.parse::<i64>().is_ok_and(|end| end >= now.unix_ms() / 1000);
        if valid { LinkState::Good } else { LinkState::Ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{outside::Random, vault::KeySource};

    #[test]
    fn an_address_is_good_for_a_day_and_for_what_it_names() {
        let ring = "v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned();
        let vault = Vault::new(KeySource::Given(ring.into()), Random::seeded(1)).expect("a ring");
        let now = Time::from_unix_ms(1_772_366_400_000);
        let link = vault.sign_link(LinkKind::Asset, &["a", "b"], now);
        let check = |kind, parts: &[&str], link: &SignedLink, hours| {
            vault.check_link(kind, parts, link, now.plus(Duration::from_hours(hours)))
        };
        assert_eq!(check(LinkKind::Asset, &["a", "b"], &link, 24), LinkState::Good);
        assert_eq!(check(LinkKind::Asset, &["a", "b"], &link, 25), LinkState::Ended);
        for (kind, parts) in [
            (LinkKind::Picture, &["a", "b"][..]),
            (LinkKind::Asset, &["a", "c"]),
            (LinkKind::Asset, &["a"]),
            (LinkKind::Asset, &["a&part=b"]),
            (LinkKind::Asset, &["b", "a"]),
        ] {
            assert_eq!(check(kind, parts, &link, 0), LinkState::NotOurs, "{kind:?} {parts:?}");
        }
        for expires in ["", "1772452800x", "+1772452800", "9999999999"] {
            let other = SignedLink { expires: expires.to_owned(), ..link.clone() };
            assert_eq!(check(LinkKind::Asset, &["a", "b"], &other, 0), LinkState::NotOurs, "{expires}");
        }
        let signature = vault.sign("asset-link", &text(&["a"], "soon"));
        let endless = SignedLink { expires: "soon".to_owned(), signature };
        assert_eq!(check(LinkKind::Asset, &["a"], &endless, 0), LinkState::Ended, "an unreadable expiry has passed");
    }
}
