//! The only HTTP client: timeouts, size limits, redirects and redaction; `policy` decides which targets are allowed.

use std::sync::Arc;

use ::http::{HeaderValue, Method, header};
use bytes::{Bytes, BytesMut};
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};
use url::{Host, Url};

use super::{
    deadline::{Deadline, TimelyBody, TooLate},
    message::{Body, HttpError, Part, Request, Response, log_target},
    names::{GuardedResolver, Known, Names},
    policy::{HttpPolicy, unusable},
    script::Script,
    tls::prepare_tls,
    trust::NO_ROOTS,
};

/// Sends requests.
#[derive(Clone)]
pub struct Http {
    /// Connects directly.
    direct: reqwest::Client,
    /// Connects only through the policy's proxy.
    proxied: Option<reqwest::Client>,
    /// False on a machine without CA certificates: https requests fail.
    has_roots: bool,
    names: Names,
    policy: Arc<HttpPolicy>,
    /// Replaces the network, in tests and replays.
    script: Option<Arc<Script>>,
    /// Nothing is sent after this deadline.
    until: Option<Deadline>,
}

const MAX_REDIRECTS: usize = 3;

/// Where a request may be redirected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Redirects {
    WithinOrigin,
    /// Any host that the policy allows; the request carries no credentials.
    AnyHost,
}

impl Http {
    /// A client with the given policy.
    ///
    /// # Errors
    /// If TLS cannot be set up. Missing CA certificates are reported by the first https request instead.
    pub fn new(policy: HttpPolicy) -> Result<Self, HttpError> {
        Self::with_names(policy, Names::System)
    }

    fn with_names(policy: HttpPolicy, names: Names) -> Result<Self, HttpError> {
        prepare_tls();
        let guard = || GuardedResolver { allow_private: policy.allow_private_networks, names: names.clone() };
        let (direct, has_roots) = policy.client(|builder| builder.no_proxy().dns_resolver(Arc::new(guard())))?;
        let proxied = match &policy.proxy {
            None => None,
            Some(proxy) => {
                let all = reqwest::Proxy::all(proxy.settings().0).map_err(|_| unusable("the proxy's address"))?;
                // This client resolves only the proxy's own name, which may be on a private network.
                Some(policy.client(|builder| builder.proxy(all.clone()).https_only(true))?.0)
            }
        };
        Ok(Self { direct, proxied, has_roots, names, policy: Arc::new(policy), script: None, until: None })
    }

    /// A client that answers from a script and never uses the network.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn scripted(script: Arc<Script>) -> Result<Self, HttpError> {
        Ok(Self { script: Some(script), ..Self::new(HttpPolicy::default())? })
    }

    /// A clone that sends nothing once `until` has passed, neither a new request nor the rest of one. Responses to
    /// requests sent before are still read.
    #[must_use]
    pub fn within(&self, until: &Deadline) -> Self {
        Self { until: Some(until.clone()), ..self.clone() }
    }

    /// Sends `request` and reads the whole response. A GET follows up to three redirects within its origin; any other
    /// redirect is refused, so that no token or body reaches a host that the caller did not name.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.follow(request, Redirects::WithinOrigin).await
    }

    /// Gets a public file without credentials. Follows up to three redirects, also to other allowed hosts: shops send
    /// on to the networks that deliver their pictures. A plain http address, as older shops still have them, is asked
    /// for by https, as browsers do for what a page shows.
    pub async fn get_file(&self, url: Url) -> Result<Response, HttpError> {
        self.follow(Request::new(Method::GET, self.upgraded(url)), Redirects::AnyHost).await
    }

    /// The https form of an http address that the policy refuses.
    fn upgraded(&self, mut url: Url) -> Url {
        if url.scheme() == "http" && self.policy.check(&url).is_err() && url.set_scheme("https").is_err() {
            tracing::debug!("an http address has no https form");
        }
        url
    }

    async fn follow(&self, mut request: Request, redirects: Redirects) -> Result<Response, HttpError> {
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send_once(&request).await?;
            let location = match response.status {
                301 | 302 | 303 | 307 | 308 => response.header("location"),
                _ => None,
            };
            let Some(location) = location else { return Ok(response) };
            let place = || log_target(&request.method, &request.url);
            let refused = |why: String| HttpError::Redirected { place: place(), why };
            let mut target =
                request.url.join(location).map_err(|_| refused("it redirects to an invalid URL".into()))?;
            if redirects == Redirects::AnyHost {
                target = self.upgraded(target);
            }
            self.policy.check(&target).map_err(|why| refused(format!("it redirects to a refused target: {why}")))?;
            if redirects == Redirects::WithinOrigin && target.origin() != request.url.origin() {
                let host = target.host_str().unwrap_or("?");
                return Err(refused(format!(
                    "it redirects to another origin ({host}); if that one is right, use its address"
                )));
            }
            if request.method != Method::GET {
                return Err(refused("it redirects a request that is not a GET".into()));
            }
            request.url = target;
        }
        Err(HttpError::Redirected {
            place: log_target(&request.method, &request.url),
            why: format!("it redirects more than {MAX_REDIRECTS} times"),
        })
    }

    /// Describes how requests leave this machine: directly or through a proxy.
    ///
    /// # Errors
    /// If the machine has no CA certificates.
    pub fn way_out(&self) -> Result<String, String> {
        if !self.has_roots {
            return Err(NO_ROOTS.to_owned());
        }
        Ok(match &self.policy.proxy {
            None => "requests are sent without a proxy".to_owned(),
            Some(proxy) => format!("requests are sent through the proxy {}", proxy.name()),
        })
    }

    /// Sends one request and follows no redirect: for callers that act as a browser.
    pub async fn send_once(&self, request: &Request) -> Result<Response, HttpError> {
        let place = log_target(&request.method, &request.url);
        let span = tracing::info_span!(
            "exchange", http.place = place, http.method = %request.method, http.status = Empty, http.bytes = Empty,
            http.wait_ms = Empty
        );
        let exchange = async {
            let began = Instant::now();
            let result = self.exchange(request, place).await;
            let span = tracing::Span::current();
            let wait_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            span.record("http.wait_ms", wait_ms);
            match &result {
                Ok(response) => {
                    span.record("http.status", response.status);
                    span.record("http.bytes", response.body.len());
                    tracing::debug!("exchanged");
                }
                Err(error) => tracing::debug!("not exchanged: {error}"),
            }
            result
        };
        exchange.instrument(span).await
    }

    async fn exchange(&self, request: &Request, place: String) -> Result<Response, HttpError> {
        if let Err(why) = self.policy.check(&request.url) {
            return Err(HttpError::Refused { place, why });
        }
        if self.until.as_ref().is_some_and(Deadline::has_passed) {
            return Err(HttpError::TooLate { place });
        }
        if let Some(script) = &self.script {
            return script.play(request);
        }
        let (client, place) = self.way(&request.url, place).await?;
        let mut url = request.url.clone();
        let mut headers = request.headers.clone();
        // Marked sensitive even if the caller did not: they must not appear in a library's trace.
        for (_, value) in headers.iter_mut().filter(|(name, _)| [header::AUTHORIZATION, header::COOKIE].contains(*name))
        {
            value.set_sensitive(true);
        }
        if let Some(origin) = self.policy.rerouted(&url) {
            headers.insert(header::HOST, host_header(&url));
            let is_moved = url.set_scheme(origin.scheme()).is_ok()
                && url.set_host(origin.host_str()).is_ok()
                && url.set_port(origin.port()).is_ok();
            if !is_moved {
                return Err(HttpError::Refused { place, why: "its connect_to target is unusable".into() });
            }
        }
        if url.scheme() == "https" && !self.has_roots {
            return Err(HttpError::Unreachable { place, why: NO_ROOTS.to_owned() });
        }
        let mut builder = client.request(request.method.clone(), url).headers(headers);
        builder = match &request.body {
            Body::Empty => builder,
            Body::Bytes(bytes) => builder.body(self.timely(bytes)),
            Body::Multipart(parts) => builder.multipart(self.multipart(parts, &place)?),
        };
        let mut response = builder.send().await.map_err(|e| self.network(&place, &e))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = self.read(&place, response).await?;
        Ok(Response { status, headers, body })
    }

    /// The bytes as a body: in one piece, or in frames that check the deadline.
    fn timely(&self, bytes: &Bytes) -> reqwest::Body {
        match &self.until {
            Some(until) => reqwest::Body::wrap(TimelyBody::new(bytes.clone(), until.clone())),
            None => bytes.clone().into(),
        }
    }

    fn multipart(&self, parts: &[Part], place: &str) -> Result<reqwest::multipart::Form, HttpError> {
        let mut form = reqwest::multipart::Form::new();
        for part in parts {
            let mut stream =
                reqwest::multipart::Part::stream_with_length(self.timely(&part.bytes), part.bytes.len() as u64);
            if let Some((file_name, _)) = &part.file {
                stream = stream.file_name(file_name.clone());
            }
            if let Some(media_type) = part.file.as_ref().map(|(_, kind)| kind).or(part.media_type.as_ref()) {
                stream = stream.mime_str(media_type).map_err(|_| HttpError::Refused {
                    place: place.to_owned(),
                    why: format!("'{media_type}' is not a media type"),
                })?;
            }
            form = form.part(part.name.clone(), stream);
        }
        Ok(form)
    }

    /// Selects the client for a request and completes its log target. A name that the proxy resolves is resolved here
    /// first, so that a shop cannot name an internal host. The proxy gets the name and not the address, since proxies
    /// allow hosts by name; if it resolves to another address than we did, only a TLS connection verified for that name
    /// reaches it.
    async fn way(&self, url: &Url, place: String) -> Result<(&reqwest::Client, String), HttpError> {
        let through =
            self.policy.proxy.as_ref().filter(|proxy| self.policy.rerouted(url).is_none() && proxy.carries(url));
        let (Some(proxy), Some(client)) = (through, &self.proxied) else { return Ok((&self.direct, place)) };
        let place = format!("{place} through the proxy {}", proxy.name());
        if let Some(Host::Domain(name)) = url.host() {
            match self.names.classify(name).await {
                Known::Private if !self.policy.allow_private_networks => {
                    let why = "the name resolves to a private address ([http] allow_private_networks)".to_owned();
                    return Err(HttpError::Refused { place, why });
                }
                Known::Unknown if !proxy.resolves() => {
                    let why =
                        "this machine cannot resolve the name; if only the proxy can, set [http] proxy_resolves = true";
                    return Err(HttpError::Unreachable { place, why: why.to_owned() });
                }
                Known::Public | Known::Private | Known::Unknown => {}
            }
        }
        Ok((client, place))
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

    fn network(&self, place: &str, error: &reqwest::Error) -> HttpError {
        if is_too_late(error) {
            return HttpError::TooLate { place: place.to_owned() };
        }
        if error.is_timeout() && !error.is_connect() {
            return HttpError::Timeout { place: place.to_owned(), seconds: self.policy.timeout.as_secs() };
        }
        let causes = std::iter::successors(std::error::Error::source(error), |&cause| cause.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        // Only the innermost cause is shown; the outer texts repeat the URL with its query.
        let innermost = || causes.last().cloned().unwrap_or_else(|| "the exchange failed".to_owned());
        let silent =
            error.is_timeout().then(|| format!("no connection within {} s", self.policy.connect_timeout().as_secs()));
        let fault = || self.policy.proxy.as_ref()?.fault(&causes);
        let why = silent.or_else(fault).unwrap_or_else(innermost);
        let place = place.to_owned();
        if error.is_connect() { HttpError::Unreachable { place, why } } else { HttpError::Network { place, why } }
    }
}

fn host_header(url: &Url) -> HeaderValue {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{}{port}", url.host_str().unwrap_or_default()))
        .unwrap_or(HeaderValue::from_static(""))
}

/// Whether the body failed because its deadline had passed.
fn is_too_late(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.into_iter().any(<dyn std::error::Error>::is::<TooLate>)
}

#[cfg(test)]
impl Http {
    /// The same client, answered by another script.
    pub(crate) fn with_script(&self, script: Arc<Script>) -> Self {
        Self { script: Some(script), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outside::proxy::Proxy;

    fn client(allow_private_networks: bool) -> Http {
        Http::new(HttpPolicy { allow_private_networks, ..HttpPolicy::default() }).expect("an HTTP client")
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
        let client = Http::new(policy).expect("an HTTP client");
        for path in ["private", "metadata", "number"] {
            let url = Url::parse(&format!("https://shop.example/{path}")).expect("a url");
            let error = client.send(Request::new(Method::GET, url)).await.expect_err("is refused").to_string();
            assert!(error.contains("private addresses are refused") && !error.contains("canary"), "{error}");
        }
        let circle = Url::parse("https://shop.example/circle").expect("a url");
        let error = client.send(Request::new(Method::GET, circle)).await.expect_err("is refused").to_string();
        assert!(error.contains("more than 3 times"), "{error}");
    }

    #[tokio::test]
    async fn a_public_file_may_be_with_another_host_and_nowhere_inside() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a url");
        let to = |place: &'static str| {
            axum::routing::get(move || async move { (::http::StatusCode::FOUND, [("location", place)]) })
        };
        let shop = axum::Router::new()
            .route("/moved", to("https://cdn.example/file"))
            .route("/inwards", to("https://10.0.0.1/file"))
            .route("/circle", to("https://cdn.example/circle"))
            .route("/file", axum::routing::get(|| async { "the file" }));
        tokio::spawn(async move { axum::serve(listener, shop).await });
        let connect_to = ["shop.example", "cdn.example"].map(|host| (host.to_owned(), here.clone())).to_vec();
        let client = Http::new(HttpPolicy { connect_to, ..HttpPolicy::default() }).expect("an HTTP client");
        let url = |path: &str| Url::parse(&format!("https://shop.example/{path}")).expect("a url");
        let file = client.get_file(url("moved")).await.expect("is found");
        assert_eq!((file.status, &file.body[..]), (200, &b"the file"[..]));
        for path in ["inwards", "circle"] {
            let error = client.get_file(url(path)).await.expect_err("is refused");
            assert!(matches!(error, HttpError::Redirected { .. }), "{error}");
        }
        let error = client.send(Request::new(Method::GET, url("moved"))).await.expect_err("names the other host");
        assert!(error.to_string().contains("another origin (cdn.example)"), "{error}");
        let plain = Url::parse("http://elsewhere.example/a.png").expect("a url");
        assert_eq!(client.upgraded(plain).as_str(), "https://elsewhere.example/a.png");
    }

    /// A server that reads `first` bytes of each connection, calls `meanwhile`, reads to the end, and tells how much
    /// came.
    async fn slow_reader(
        first: usize,
        meanwhile: impl Fn() + Send + 'static,
    ) -> (Url, tokio::sync::mpsc::Receiver<usize>) {
        use tokio::io::AsyncReadExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a url");
        let (send, received) = tokio::sync::mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut came = vec![0; first];
                socket.read_exact(&mut came).await.expect("the beginning");
                meanwhile();
                let mut rest = Vec::new();
                // A connection that is broken off gives what had come by then.
                let _ = socket.read_to_end(&mut rest).await;
                let _ = send.send(came.len() + rest.len()).await;
            }
        });
        (here, received)
    }

    #[tokio::test]
    async fn nothing_is_sent_after_a_deadline_not_even_the_rest() {
        const BODY: usize = 64 << 20;
        let clock = super::super::Clock::frozen(crate::model::Time::from_unix_ms(1_000_000));
        let until = Deadline::new(&clock, clock.uptime(), Duration::from_secs(10));
        let client = client(true).within(&until);
        let ahead = clock.clone();
        let (here, mut received) = slow_reader(1000, move || ahead.advance(Duration::from_secs(11))).await;
        for body in [
            Body::Bytes(vec![7; BODY].into()),
            Body::Multipart(vec![Part {
                name: "file".into(),
                bytes: vec![7; BODY].into(),
                file: Some(("a.png".into(), "image/png".into())),
                media_type: None,
            }]),
        ] {
            let mut request = Request::new(Method::POST, here.clone());
            request.body = body;
            until.extend(clock.uptime(), Duration::from_secs(10));
            let error = client.send_once(&request).await.expect_err("stops");
            assert!(matches!(error, HttpError::TooLate { .. }), "{error}");
            assert!(received.recv().await.expect("came") < BODY, "the shop never has it whole");
            let error = client.send_once(&request).await.expect_err("is not begun");
            assert!(matches!(error, HttpError::TooLate { .. }), "{error}");
        }
        assert!(received.try_recv().is_err(), "nobody connected for what was too late to begin");
    }

    #[tokio::test]
    async fn a_name_is_looked_up_before_a_proxy_is_asked_for_it() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let client = |resolves: bool| {
            let proxy = Some(Proxy::parse(&address.as_str().into(), "", resolves).expect("a proxy"));
            let ip = |text: &str| text.parse().expect("an address");
            let table = vec![
                ("shop.example", ip("93.184.216.34")),
                ("inside.example", ip("127.0.0.1")),
                ("half.example", ip("93.184.216.34")),
                ("half.example", ip("fd00::1")),
            ];
            let policy = HttpPolicy { proxy, timeout: Duration::from_secs(5), ..HttpPolicy::default() };
            Http::with_names(policy, Names::Table(table)).expect("an HTTP client")
        };
        let ask = async |client: &Http, name: &str| {
            let url = Url::parse(&format!("https://{name}/")).expect("a url");
            client.send(Request::new(Method::GET, url)).await.expect_err("the proxy hangs up").to_string()
        };
        for resolves in [false, true] {
            for name in ["inside.example", "half.example"] {
                assert!(ask(&client(resolves), name).await.contains("resolves to a private address"), "{name}");
            }
        }
        assert!(ask(&client(false), "nobody.example").await.contains("proxy_resolves"));
        // Up to here nobody has come to the proxy.
        for (resolves, name) in [(false, "shop.example"), (true, "nobody.example")] {
            let client = client(resolves);
            let proxy = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut head = vec![0; 1024];
                let count = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await.expect("is read");
                String::from_utf8_lossy(&head[..count]).into_owned()
            };
            let (head, error) = tokio::join!(proxy, ask(&client, name));
            assert!(head.starts_with(&format!("CONNECT {name}:443 ")) && error.contains("the proxy"), "{head}{error}");
        }
    }

    #[test]
    fn errors_name_the_place_without_its_query() {
        let url = Url::parse("https://shop.example/a?access_token=canary").expect("a url");
        assert_eq!(log_target(&Method::GET, &url), "GET shop.example/a");
    }
}
