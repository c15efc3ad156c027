//! Resolves host names and rejects private addresses.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::is_private;

/// The time limit of a lookup; after it a name counts as unknown.
const LOOKUP: Duration = Duration::from_secs(5);
/// Suffixes of private networks (RFC 6762, RFC 8375, RFC 6761, and the one that ICANN reserves for private use).
const INSIDE: [&str; 4] = ["local", "localhost", "home.arpa", "internal"];

/// The source of lookups.
#[derive(Clone, Debug, Default)]
pub(super) enum Names {
    /// The system's resolver.
    #[default]
    System,
    #[cfg(test)]
    Table(Vec<(&'static str, IpAddr)>),
}

/// The result of a local lookup of a name that the proxy will resolve.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Public,
    /// At least one of its addresses is private, or the name itself is.
    Private,
    /// This machine cannot resolve it.
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

    /// Classifies a name before it is given to a proxy. The proxy may use any of several addresses, so all have to be
    /// public.
    pub(super) async fn classify(&self, name: &str) -> Known {
        let plain = name.strip_suffix('.').unwrap_or(name);
        let ends_inside =
            INSIDE.iter().any(|end| plain.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
        match tokio::time::timeout(LOOKUP, self.look_up(name)).await {
            Ok(Ok(addresses)) if !addresses.is_empty() && !ends_inside => {
                if addresses.into_iter().any(is_private) {
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

/// A resolver for direct connections that drops private addresses, so that a public name cannot point to an internal
/// host.
pub(super) struct GuardedResolver {
    pub(super) allow_private: bool,
    pub(super) names: Names,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow_private, names) = (self.allow_private, self.names.clone());
        Box::pin(async move {
            let addresses = names.look_up(name.as_str()).await?;
            let allowed: Vec<SocketAddr> =
                addresses.into_iter().filter(|ip| allow_private || !is_private(*ip)).map(|ip| (ip, 0).into()).collect();
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
            assert_eq!(names.classify(name).await, known, "{name}");
        }
    }
}
