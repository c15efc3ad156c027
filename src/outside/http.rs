//! The one network door: time-outs, size caps, redirects, redaction and the private-address guard are here and nowhere else.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ::http::{HeaderValue, Method, header};
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::{
    is_private,
    message::{Body, HttpError, Part, Request, Response, place},
    script::Script,
    tls::prepare_tls,
};

/// What the door lets through.
#[derive(Clone, Debug)]
pub struct HttpPolicy {
    /// Let loopback and private addresses be reached, and plain http on loopback.
    pub allow_private_networks: bool,
    /// `(host or *.suffix, origin)`: requests for matching hosts go to that origin instead.
    pub connect_to: Vec<(String, Url)>,
    /// For a whole exchange, body included.
    pub timeout: Duration,
    /// The largest answer that is read, after decompression.
    pub max_answer_bytes: usize,
}

impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            connect_to: Vec::new(),
            timeout: Duration::from_mins(1),
            max_answer_bytes: 8 << 20,
        }
    }
}

/// Sends requests.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    policy: Arc<HttpPolicy>,
    /// Stands in the place of the network.
    script: Option<Arc<Script>>,
}

const MAX_REDIRECTS: usize = 3;

impl Http {
    /// A door with the given policy.
    ///
    /// # Errors
    /// When the TLS stack cannot be set up.
    #[expect(clippy::disallowed_methods, reason = "this is the one network door")]
    pub fn new(policy: HttpPolicy) -> Result<Self, HttpError> {
        prepare_tls();
        let client = reqwest::Client::builder()
            .user_agent(concat!("store-sync/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10).min(policy.timeout))
            .timeout(policy.timeout)
            .pool_idle_timeout(Duration::from_mins(1))
            .dns_resolver(Arc::new(GuardedResolver { allow_private: policy.allow_private_networks }))
            .build()
            .map_err(|e| HttpError::Network { place: "set-up".into(), why: e.to_string() })?;
        Ok(Self { client, policy: Arc::new(policy), script: None })
    }

    /// A door behind which nothing is but a written conversation.
    ///
    /// # Errors
    /// When the TLS stack cannot be set up.
    pub fn scripted(script: Arc<Script>) -> Result<Self, HttpError> {
        Ok(Self { script: Some(script), ..Self::new(HttpPolicy::default())? })
    }

    /// Sends `request` and reads the whole answer. A GET follows up to three redirects within its own origin; any other
    /// redirect is refused, so that neither token nor body ever travels to a host nobody named.
    pub async fn send(&self, mut request: Request) -> Result<Response, HttpError> {
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send_once(&request).await?;
            let location = match response.status {
                301 | 302 | 303 | 307 | 308 => response.header("location"),
                _ => None,
            };
            let Some(location) = location else { return Ok(response) };
            let place = place(&request.method, &request.url);
            let refused = |why: String| HttpError::Refused { place: place.clone(), why };
            let target = request
                .url
                .join(location)
                .map_err(|_| refused("it redirects to something that is no address".into()))?;
            self.check(&target).map_err(|why| refused(format!("it redirects to a place we do not go: {why}")))?;
            if target.origin() != request.url.origin() {
                let host = target.host_str().unwrap_or("?");
                return Err(refused(format!(
                    "it redirects to another origin ({host}); use that address if it is right"
                )));
            }
            if request.method != Method::GET {
                return Err(refused("it redirects a request that is not a GET".into()));
            }
            request.url = target;
        }
        Err(HttpError::Refused { place: place(&request.method, &request.url), why: "it redirects in circles".into() })
    }

    /// Sends once, follows nothing: for those who play a browser.
    pub async fn send_once(&self, request: &Request) -> Result<Response, HttpError> {
        let place = place(&request.method, &request.url);
        self.check(&request.url).map_err(|why| HttpError::Refused { place: place.clone(), why })?;
        if let Some(script) = &self.script {
            return script.play(request);
        }
        let mut url = request.url.clone();
        let mut headers = request.headers.clone();
        // Whoever set them: these never print, not even in a library's trace.
        for (_, value) in headers.iter_mut().filter(|(name, _)| [header::AUTHORIZATION, header::COOKIE].contains(*name))
        {
            value.set_sensitive(true);
        }
        if let Some(origin) = self.rerouted(&url) {
            headers.insert(header::HOST, host_header(&url));
            let refuse =
                || HttpError::Refused { place: place.clone(), why: "its connect_to target is unusable".into() };
            url.set_scheme(origin.scheme()).map_err(|()| refuse())?;
            url.set_host(origin.host_str()).map_err(|_| refuse())?;
            url.set_port(origin.port()).map_err(|()| refuse())?;
        }
        let mut builder = self.client.request(request.method.clone(), url).headers(headers);
        builder = match &request.body {
            Body::Empty => builder,
            Body::Bytes(bytes) => builder.body(bytes.clone()),
            Body::Multipart(parts) => builder.multipart(multipart(parts, &place)?),
        };
        let mut response = builder.send().await.map_err(|e| self.network(&place, &e))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = self.read(&place, response).await?;
        tracing::debug!(http.place = place, http.status = status, http.bytes = body.len(), "exchange");
        Ok(Response { status, headers, body })
    }

    async fn read(&self, place: &str, mut response: reqwest::Response) -> Result<Bytes, HttpError> {
        let limit = self.policy.max_answer_bytes;
        let too_large = || HttpError::TooLarge { place: place.to_owned(), limit };
        let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > limit {
            return Err(too_large());
        }
        let mut body = BytesMut::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|e| self.network(place, &e))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Why `url` may not be reached at all; literal addresses bypass the resolver and are checked here.
    fn check(&self, url: &Url) -> Result<(), String> {
        let rerouted = self.rerouted(url).is_some();
        let private = match url.host() {
            None => return Err("it names no host".into()),
            Some(Host::Ipv4(ip)) => is_private(ip.into()),
            Some(Host::Ipv6(ip)) => is_private(ip.into()),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it carries a user name or password in the address".into());
        }
        if private && !rerouted && !self.policy.allow_private_networks {
            return Err("private addresses are not reached ([http] allow_private_networks)".into());
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if rerouted || (private && self.policy.allow_private_networks) => Ok(()),
            other => Err(format!("only https is spoken, not {other}")),
        }
    }

    fn rerouted(&self, url: &Url) -> Option<&Url> {
        let host = url.host_str()?;
        self.policy.connect_to.iter().find(|(pattern, _)| matches_host(pattern, host)).map(|(_, origin)| origin)
    }

    fn network(&self, place: &str, error: &reqwest::Error) -> HttpError {
        if error.is_timeout() && !error.is_connect() {
            return HttpError::Timeout { place: place.to_owned(), seconds: self.policy.timeout.as_secs() };
        }
        // The innermost cause names what happened; the outer texts repeat the address with its query.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let why = if std::ptr::addr_eq(cause, error) { "the exchange failed".to_owned() } else { cause.to_string() };
        let place = place.to_owned();
        if error.is_connect() { HttpError::Unreachable { place, why } } else { HttpError::Network { place, why } }
    }
}

fn matches_host(pattern: &str, host: &str) -> bool {
    pattern.strip_prefix('*').map_or(pattern == host, |suffix| host.len() > suffix.len() && host.ends_with(suffix))
}

fn host_header(url: &Url) -> HeaderValue {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{}{port}", url.host_str().unwrap_or_default()))
        .unwrap_or(HeaderValue::from_static(""))
}

fn multipart(parts: &[Part], place: &str) -> Result<reqwest::multipart::Form, HttpError> {
    let mut form = reqwest::multipart::Form::new();
    for part in parts {
        let mut sent = reqwest::multipart::Part::stream(part.bytes.clone());
        if let Some((file_name, _)) = &part.file {
            sent = sent.file_name(file_name.clone());
        }
        if let Some(media_type) = part.file.as_ref().map(|(_, kind)| kind).or(part.media_type.as_ref()) {
            sent = sent.mime_str(media_type).map_err(|_| HttpError::Refused {
                place: place.to_owned(),
                why: format!("'{media_type}' is no media type"),
            })?;
        }
        form = form.part(part.name.clone(), sent);
    }
    Ok(form)
}

/// Resolves names and drops private addresses, so that a public name cannot point inwards.
struct GuardedResolver {
    allow_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|a| allow_private || !is_private(a.ip())).collect();
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

    fn door(allow_private_networks: bool) -> Http {
        Http::new(HttpPolicy { allow_private_networks, ..HttpPolicy::default() }).expect("a door")
    }

    #[test]
    fn literal_private_addresses_are_refused_in_every_spelling() {
        let door = door(false);
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
            assert!(door.check(&url).is_err(), "{text} must be refused");
        }
        assert!(door.check(&Url::parse("https://example.com/x").expect("a url")).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_points_inwards_is_refused_by_the_resolver() {
        let resolver = GuardedResolver { allow_private: false };
        let error = resolver.resolve("localhost".parse().expect("a name")).await.err().expect("is refused");
        assert!(error.to_string().contains("no public address"));
    }

    #[tokio::test]
    async fn a_shop_cannot_redirect_us_inwards() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a url");
        let to = |place: &'static str| {
            axum::routing::get(move || async move { (::http::StatusCode::FOUND, [("location", place)]) })
        };
        let shop = axum::Router::new()
            .route("/private", to("https://10.0.0.1/latest?token=canary"))
            .route("/metadata", to("https://169.254.169.254/"))
            .route("/number", to("https://2130706433/"))
            .route("/circle", to("/circle"));
        tokio::spawn(async move { axum::serve(listener, shop).await });
        // The shop's name is public; only this one name leads to loopback.
        let policy = HttpPolicy { connect_to: vec![("shop.example".into(), here)], ..HttpPolicy::default() };
        let door = Http::new(policy).expect("a door");
        for path in ["private", "metadata", "number"] {
            let url = Url::parse(&format!("https://shop.example/{path}")).expect("a url");
            let error = door.send(Request::new(Method::GET, url)).await.expect_err("is refused").to_string();
            assert!(error.contains("private addresses are not reached") && !error.contains("canary"), "{error}");
        }
        let circle = Url::parse("https://shop.example/circle").expect("a url");
        let error = door.send(Request::new(Method::GET, circle)).await.expect_err("is refused").to_string();
        assert!(error.contains("in circles"), "{error}");
    }

    #[test]
    fn errors_name_the_place_without_its_query() {
        let url = Url::parse("https://shop.example/a?access_token=canary").expect("a url");
        assert_eq!(place(&Method::GET, &url), "GET shop.example/a");
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        let door = door(true);
        assert!(door.check(&Url::parse("http://127.0.0.1:8080/").expect("a url")).is_ok());
        assert!(door.check(&Url::parse("http://example.com/").expect("a url")).is_err());
    }

    #[test]
    fn connect_to_matches_whole_hosts_and_suffixes() {
        assert!(matches_host("a.example.com", "a.example.com"));
        assert!(matches_host("*.example.com", "a.example.com"));
        assert!(!matches_host("*.example.com", "example.com"));
        assert!(!matches_host("*.example.com", "evil-example.com"));
    }
}
