//! Addresses that vouch for something for a day: signed together with their end, so that neither can be changed.

use std::time::Duration;

use super::Vault;
use crate::model::Time;

/// How long such an address is good.
const LIFE: Duration = Duration::from_hours(24);

/// What an address vouches for. A signature for one thing is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Somebody may connect a shop of a provider to a client.
    Connect,
    /// A shop may fetch a picture that is on its way to it.
    Picture,
    /// Anybody may look at an output.
    Asset,
}

/// End (seconds since 1970, as text) and signature of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    pub expires: String,
    pub signature: String,
}

/// What an address is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    Good,
    /// Ours, and its end is over, or cannot be read.
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

/// One text of all parts, in which none can pass for two.
fn text(parts: &[&str], expires: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for part in parts {
        form.append_pair("part", part);
    }
    form.append_pair("expires", expires).finish()
}

impl Vault {
    /// Vouches for `parts` from `now` for a day.
    pub fn sign_link(&self, kind: LinkKind, parts: &[&str], now: Time) -> SignedLink {
        let expires = (now.plus(LIFE).unix_ms() / 1000).to_string();
        let signature = self.sign(kind.purpose(), &text(parts, &expires));
        SignedLink { expires, signature }
    }

    /// What an address is worth that names these parts, this end and this signature.
    pub fn check_link(&self, kind: LinkKind, parts: &[&str], link: &SignedLink, now: Time) -> LinkState {
        if !self.verify(kind.purpose(), &text(parts, &link.expires), &link.signature) {
            return LinkState::NotOurs;
        }
        let lasts = link.expires.parse::<i64>().is_ok_and(|end| end >= now.unix_ms() / 1000);
        if lasts { LinkState::Good } else { LinkState::Ended }
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
        assert_eq!(check(LinkKind::Asset, &["a"], &endless, 0), LinkState::Ended, "an end that cannot be read is over");
    }
}
