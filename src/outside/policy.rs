//! The policy of the HTTP client: allowed targets, limits, proxy; builds the underlying clients.

use std::time::Duration;

use url::{Host, Url};

use super::{
    is_private,
    message::HttpError,
    proxy::{Proxy, is_localhost},
    trust::lacks_roots,
};

/// The policy of an HTTP client.
#[derive(Clone, Debug)]
pub struct HttpPolicy {
    /// Allows private addresses, and plain http to them.
    pub allow_private_networks: bool,
    /// `(host or *.suffix, origin)`: requests for matching hosts go to that origin instead.
    pub connect_to: Vec<(String, Url)>,
    /// The time limit of a whole exchange, body included.
    pub timeout: Duration,
    /// The size limit of a response in bytes, after decompression.
    pub max_answer_bytes: usize,
    /// The proxy for all requests that leave this machine; `connect_to` takes precedence.
    pub proxy: Option<Proxy>,
}

impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            connect_to: Vec::new(),
            timeout: Duration::from_mins(1),
            max_answer_bytes: 8 << 20,
            proxy: None,
        }
    }
}

impl HttpPolicy {
    /// Checks whether `url` is allowed. Literal IP addresses bypass the resolver and are checked here.
    pub(super) fn check(&self, url: &Url) -> Result<(), String> {
        let rerouted = self.rerouted(url).is_some();
        let private = match url.host() {
            None => return Err("the URL has no host".into()),
            Some(Host::Ipv4(ip)) => is_private(ip.into()),
            Some(Host::Ipv6(ip)) => is_private(ip.into()),
            Some(Host::Domain(name)) => is_localhost(name),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL contains a user name or password".into());
        }
        if private && !rerouted && !self.allow_private_networks {
            return Err("private addresses are refused ([http] allow_private_networks)".into());
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if rerouted || (private && self.allow_private_networks) => Ok(()),
            other => Err(format!("only https is allowed, not {other}")),
        }
    }

    /// The origin that requests for this URL are redirected to by `connect_to`; `None` if no pattern matches.
    pub(super) fn rerouted(&self, url: &Url) -> Option<&Url> {
        let host = url.host_str()?;
        self.connect_to.iter().find(|(pattern, _)| matches_host(pattern, host)).map(|(_, origin)| origin)
    }

    /// The time limit of connecting.
    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(10).min(self.timeout)
    }

    /// Builds a client that follows no redirects; false if the machine has no CA certificates, and then the client
    /// trusts no server.
    #[expect(clippy::disallowed_methods, reason = "the only place that builds HTTP clients")]
    pub(super) fn client(
        &self,
        route: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<(reqwest::Client, bool), HttpError> {
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("store-sync/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(self.connect_timeout())
                .timeout(self.timeout)
                .pool_idle_timeout(Duration::from_mins(1));
            route(builder)
        };
        match builder().build() {
            Ok(client) => Ok((client, true)),
            Err(error) if lacks_roots(&error) => {
                let client = builder().tls_certs_only([]).build().map_err(|e| unusable(&e.to_string()))?;
                Ok((client, false))
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                Err(unusable(&cause))
            }
        }
    }
}

pub(super) fn unusable(why: &str) -> HttpError {
    HttpError::Network { place: "set-up".into(), why: why.to_owned() }
}

fn matches_host(pattern: &str, host: &str) -> bool {
    pattern.strip_prefix('*').map_or(pattern == host, |suffix| host.len() > suffix.len() && host.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_private_addresses_are_refused_in_every_spelling() {
        let policy = HttpPolicy::default();
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://localhost/",
            "https://169.254.169.254/latest",
            "https://a.localhost/",
            "http://example.com/",
            "ftp://example.com/",
            "https://user:pass@example.com/",
        ] {
            let url = Url::parse(text).expect("a url");
            assert!(policy.check(&url).is_err(), "{text} must be refused");
        }
        assert!(policy.check(&Url::parse("https://example.com/x").expect("a url")).is_ok());
    }

    #[test]
    fn connect_to_matches_whole_hosts_and_suffixes() {
        assert!(matches_host("a.example.com", "a.example.com"));
        assert!(matches_host("*.example.com", "a.example.com"));
        assert!(!matches_host("*.example.com", "example.com"));
        assert!(!matches_host("*.example.com", "evil-example.com"));
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        let policy = HttpPolicy { allow_private_networks: true, ..HttpPolicy::default() };
        assert!(policy.check(&Url::parse("http://127.0.0.1:8080/").expect("a url")).is_ok());
        assert!(policy.check(&Url::parse("http://example.com/").expect("a url")).is_err());
    }
}
