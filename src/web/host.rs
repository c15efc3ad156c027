//! Checks the Host header: a daemon on loopback accepts loopback names only, which prevents DNS rebinding.

use std::net::Ipv4Addr;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::{Host, Url};

use super::state::Web;
use crate::tools::Tools;

/// Middleware: refuses a request for another host with 421.
pub(super) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    // HTTP/2 sends it as :authority.
    let name = header.or_else(|| request.uri().authority().map(Authority::as_str)).unwrap_or_default();
    if on_own_machine(&web.tools) && !is_loopback(name) {
        let text = "this daemon accepts requests from its own machine only; to allow others, set [server] public_url\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    next.run(request).await
}

/// Whether the public URL is a loopback URL.
pub(super) fn on_own_machine(tools: &Tools) -> bool {
    match Url::parse(&tools.policy.public_url).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_names_are_known_with_and_without_port() {
        for name in [
            "localhost",
            "localhost:80",
            "LOCALHOST",
            "Localhost:21400",
            "127.0.0.1",
            "127.0.0.1:8686",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_loopback(name), "{name}");
        }
        for name in ["", "evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "10.0.0.1"] {
            assert!(!is_loopback(name), "{name}");
        }
    }
}
