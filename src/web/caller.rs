//! Identifies the caller for rate limits: the peer address, or the one that a trusted proxy forwards.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum::http::{HeaderMap, request::Parts};
use ipnet::IpNet;

/// The peer of a connection; `listen` adds it to each request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The key of a rate limit: an IPv4 address, or an IPv6 /64, which one customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Caller(IpAddr);

impl std::fmt::Display for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Caller {
    /// Whoever sent a request, behind the proxies that are trusted.
    pub(super) fn of(parts: &Parts, trusted: &[IpNet]) -> Self {
        // Tests of the routes have no connection: there all callers are one.
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        hint_at_proxy(peer, &parts.headers, trusted);
        Self(folded(foreign(peer, &parts.headers, trusted)))
    }
}

/// Returns the right-most address of `X-Forwarded-For` and peer that is not a trusted proxy. What is left of it may be
/// forged.
fn foreign(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let ours = |address: IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let named = headers.get_all("x-forwarded-for").iter().rev().flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
    let mut last = peer.to_canonical();
    for word in named {
        if !ours(last) {
            break;
        }
        // A trusted proxy writes only addresses.
        let Some(address) = std::str::from_utf8(word).ok().and_then(|word| address(word.trim())) else { break };
        last = address.to_canonical();
    }
    last
}

/// Parses an address as proxies write it, with or without a port.
fn address(word: &str) -> Option<IpAddr> {
    let bare = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
    bare.parse().ok().or_else(|| word.parse::<SocketAddr>().ok().map(|both| both.ip()))
}

fn folded(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// Warns once if requests come through a proxy that is not configured: all its callers count as one.
fn hint_at_proxy(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    let near = match peer.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    };
    if trusted.is_empty() && near && headers.contains_key("x-forwarded-for") && !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            proxy = %peer,
            "requests come through a proxy that is not in [server] trusted_proxies: rate limits count all its callers as one; add its address"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().expect("a header"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        folded(foreign(peer.parse().expect("an address"), &headers, &trusted)).to_string()
    }

    #[test]
    fn the_rightmost_foreign_address_counts() {
        let ours = ["10.0.0.0/8", "::1/128", "2001:db8:1::/48"];
        let ours: &[&str] = &ours;
        let cases: &[(&str, &[&str], &[&str], &str)] = &[
            // The header of an untrusted peer is ignored.
            ("203.0.113.9", &["1.1.1.1"], &[], "203.0.113.9"),
            ("203.0.113.9", &["1.1.1.1"], ours, "203.0.113.9"),
            ("10.0.0.2", &["1.1.1.1"], ours, "1.1.1.1"),
            ("10.0.0.2", &["6.6.6.6, 1.1.1.1, 10.9.9.9"], ours, "1.1.1.1"),
            ("10.0.0.2", &["6.6.6.6", "1.1.1.1,10.9.9.9"], ours, "1.1.1.1"),
            ("::ffff:10.0.0.2", &["1.1.1.1:4711"], ours, "1.1.1.1"),
            ("::1", &["[2001:db8:2:3:4:5:6:7]:443"], ours, "2001:db8:2:3::"),
            ("::1", &["2001:db8:2:3::9, 2001:db8:1::7"], ours, "2001:db8:2:3::"),
            // Only trusted proxies, or an invalid address: the last valid one.
            ("10.0.0.2", &["10.1.1.1"], ours, "10.1.1.1"),
            ("10.0.0.2", &["1.1.1.1, unknown"], ours, "10.0.0.2"),
            ("10.0.0.2", &[], ours, "10.0.0.2"),
        ];
        for (peer, lines, trusted, counts) in cases {
            assert_eq!(counted(peer, lines, trusted), *counts, "{peer} {lines:?}");
        }
    }
}
