//! The outgoing HTTP proxy. Its password never appears in output.

use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::model::Secret;

/// An HTTP CONNECT proxy and its exceptions. TLS is end-to-end with the host behind it.
#[derive(Clone)]
pub struct Proxy {
    /// With user name and password.
    address: Secret,
    /// Host and port.
    name: String,
    has_login: bool,
    /// The no_proxy list: what is reached directly.
    except: String,
    rules: Arc<Matcher>,
    resolves: bool,
}

/// Without the password.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("name", &self.name).field("except", &self.except).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Parses an address such as `http://user:password@proxy:3128`; the default scheme is `http`. `no_proxy` lists what
    /// is reached directly, in the syntax of curl's NO_PROXY: names with their subdomains, addresses, networks, or `*`.
    /// With `resolves`, a name that only the proxy can resolve is allowed.
    ///
    /// # Errors
    /// If the address is invalid. The message does not quote it: it may contain a password.
    pub fn parse(address: &Secret, no_proxy: &str, resolves: bool) -> Result<Self, String> {
        let text = address.expose_secret().trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&text).map_err(|_| "it must be a URL such as http://proxy.example:3128".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("its scheme must be http:// or https://, not {}://", url.scheme()));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("it must end after the port, without a path or query".to_owned());
        }
        let no_proxy = normal(no_proxy);
        // The library silently bypasses a proxy address that it does not accept.
        let matcher = Matcher::builder().all(url.as_str()).build();
        if matcher.intercept(&http::Uri::from_static("https://example.com/")).is_none() {
            return Err("it must be a URL such as http://proxy.example:3128".to_owned());
        }
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self {
            name: format!("{}:{port}", url.host_str().unwrap_or("?")),
            has_login: !url.username().is_empty() || url.password().is_some(),
            rules: Arc::new(Matcher::builder().all("http://proxy.invalid").no(no_proxy.as_str()).build()),
            address: String::from(url).into(),
            except: no_proxy,
            resolves,
        })
    }

    /// Host and port, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a request for `url` goes through the proxy. Plain http, which is allowed only to this machine and its
    /// private network, and requests to this machine never do.
    pub(super) fn carries(&self, url: &Url) -> bool {
        let here = match url.host() {
            Some(Host::Domain(name)) => is_localhost(name),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
            None => true,
        };
        if url.scheme() != "https" || here || self.except == "*" {
            return false;
        }
        url.as_str().parse().map_or(true, |uri| self.rules.intercept(&uri).is_some())
    }

    /// Whether a name that this machine cannot resolve may be given to the proxy.
    pub(super) fn resolves(&self) -> bool {
        self.resolves
    }

    /// Its address with user name and password, and its exceptions: for a library that connects through it.
    pub(super) fn settings(&self) -> (&str, &str) {
        (self.address.expose_secret(), &self.except)
    }

    /// Describes an error between this machine and the proxy; `None` if the error is not the proxy's. `causes` are the
    /// texts of an error, the outermost first.
    pub(super) fn fault(&self, causes: &[String]) -> Option<String> {
        let at = causes.iter().position(|cause| cause.starts_with("tunnel error: "))?;
        let innermost = causes.last().map_or("", String::as_str);
        let name = &self.name;
        Some(match causes[at].trim_start_matches("tunnel error: ") {
            "proxy authorization required" if self.has_login => {
                format!("the proxy {name} refused the configured user name and password (407)")
            }
            "proxy authorization required" => format!(
                "the proxy {name} requires a user name and password (407): set [http] proxy = \"http://USER:PASSWORD@{name}\""
            ),
            "unsuccessful" => {
                format!("the proxy {name} refuses this host, or cannot reach it: see the log of the proxy")
            }
            "unexpected end of file" => format!("the proxy {name} closed the connection without a response"),
            _ if causes.len() > at + 1 => format!("the proxy {name} cannot be reached: {innermost}"),
            other => format!("the proxy {name} sent an invalid response: {other}"),
        })
    }
}

/// Names that always mean this machine.
pub(super) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// The list in the format of the library; `*` alone if everything is exempt.
fn normal(no_proxy: &str) -> String {
    let entries = no_proxy.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    let entries: Vec<&str> = entries.map(|entry| entry.strip_prefix("*.").unwrap_or(entry)).collect();
    if entries.contains(&"*") { "*".to_owned() } else { entries.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(address: &str, no_proxy: &str) -> Proxy {
        Proxy::parse(&address.into(), no_proxy, false).expect("a proxy")
    }

    #[test]
    fn an_address_is_read_as_curl_reads_it() {
        for (text, name, login) in [
            ("http://proxy.example:3128", "proxy.example:3128", false),
            ("proxy.example:3128", "proxy.example:3128", false),
            ("https://me:p%40ss@proxy.example/", "proxy.example:443", true),
            ("me:canary@10.0.0.1:8080", "10.0.0.1:8080", true),
            ("http://[::1]:3128", "[::1]:3128", false),
        ] {
            let proxy = proxy(text, "");
            assert_eq!((proxy.name(), proxy.has_login), (name, login), "{text}");
            assert!(!format!("{proxy:?}").contains("canary"));
        }
    }

    #[test]
    fn a_wrong_address_is_refused_without_being_shown() {
        for text in [
            "socks5://u:canary@p:1080",
            "http://",
            "http://u:canary@p:port",
            "http://u:canary@p/x",
            "ftp://canary",
            "::",
        ] {
            let error = Proxy::parse(&text.into(), "", false).expect_err("is refused");
            assert!(!error.contains("canary") && error.len() > 20, "{text}: {error}");
        }
    }

    #[test]
    fn this_machine_plain_http_and_what_no_proxy_names_go_around_it() {
        let some = proxy("p:1", "direct.example, *.sub.example 192.0.2.0/24,.dot.example,2001:db8::/32");
        for (url, through) in [
            ("https://shop.example/", true),
            ("https://93.184.216.34/", true),
            ("https://10.1.2.3/", true),
            ("https://direct.example/", false),
            ("https://a.Direct.example:8443/", false),
            ("https://indirect.example/", true),
            ("https://x.sub.example/", false),
            ("https://dot.example/", false),
            ("https://192.0.2.7/", false),
            ("https://[2001:db8::1]/", false),
            ("https://localhost/", false),
            ("https://shop.localhost./", false),
            ("https://127.8.8.8/", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("http://192.168.0.4/", false),
        ] {
            assert_eq!(some.carries(&Url::parse(url).expect("an address")), through, "{url}");
        }
        let none = proxy("p:1", "a.example,*");
        assert!(!none.carries(&Url::parse("https://93.184.216.34/").expect("an address")));
    }
}
