//! Looks host names up, and lets through only what may be reached.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::is_private;

/// A name server that says nothing for so long knows nothing.
const LOOKUP: Duration = Duration::from_secs(5);
/// Endings that name the inside of a network (RFC 6762, RFC 8375, RFC 6761, and what ICANN keeps for private use).
const INSIDE: [&str; 4] = ["local", "localhost", "home.arpa", "internal"];

/// Who knows names.
#[derive(Clone, Debug, Default)]
pub(super) enum Names {
    /// What the machine is set up with.
    #[default]
    System,
    #[cfg(test)]
    Table(Vec<(&'static str, IpAddr)>),
}

/// What is known of a name that somebody else is going to look up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Public,
    /// One of its addresses, at least, or the name itself, leads inside.
    Private,
    /// Nobody here knows it.
    Unknown,
}

impl Names {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()),
            #[cfg(test)]
            Self::Table(table) => Ok(table.iter().filter(|(known, _)| *known == name).map(|(_, ip)| *ip).collect()),
        }
    }

    /// Whether a name leads outside, before a proxy is asked for it. Of several addresses the proxy may take any, so each has to.
    pub(super) async fn judge(&self, name: &str) -> Known {
        let plain = name.strip_suffix('.').unwrap_or(name);
        let ends_inside =
            INSIDE.iter().any(|end| plain.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
        match tokio::time::timeout(LOOKUP, self.look_up(name)).await {
            Ok(Ok(found)) if !found.is_empty() && !ends_inside => {
                if found.into_iter().any(is_private) {
                    Known::Private
                } else {
                    Known::Public
                }
            }
            _ if ends_inside || !plain.contains('.') => Known::Private,
            _ => Known::Unknown,
        }
    }
}

/// Looks names up for connections of our own and drops private addresses, so that a public name cannot point inwards.
pub(super) struct GuardedResolver {
    pub(super) allow_private: bool,
    pub(super) names: Names,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow_private, names) = (self.allow_private, self.names.clone());
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|ip| allow_private || !is_private(*ip)).map(|ip| (ip, 0).into()).collect();
            if allowed.is_empty() {
                return Err("the name has no public address ([http] allow_private_networks)".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_points_inwards_is_refused_by_the_resolver() {
        let resolver = GuardedResolver { allow_private: false, names: Names::System };
        let error = resolver.resolve("localhost".parse().expect("a name")).await.err().expect("is refused");
        assert!(error.to_string().contains("no public address"));
    }

    #[tokio::test]
    async fn a_name_that_a_proxy_would_look_up_is_judged_by_every_address_it_has_here() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let names = Names::Table(vec![
            ("public.example", ip("93.184.216.34")),
            ("public.example", ip("2606:4700::1111")),
            ("half.example", ip("93.184.216.34")),
            ("half.example", ip("10.0.0.1")),
            ("metadata.google.internal", ip("93.184.216.34")),
        ]);
        for (name, known) in [
            ("public.example", Known::Public),
            ("half.example", Known::Private),
            ("nobody.example", Known::Unknown),
            ("metadata.google.internal", Known::Private),
            ("printer.local", Known::Private),
            ("local", Known::Private),
            ("intranet", Known::Private),
            ("a.localhost.", Known::Private),
            ("notlocal.example", Known::Unknown),
        ] {
            assert_eq!(names.judge(name).await, known, "{name}");
        }
    }
}
