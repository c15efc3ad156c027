//! The path of the public URL: a reverse proxy may strip it or keep it; both work.

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};
use tower::{Layer, util::MapRequestLayer};

/// Serves `routes` below `base` (such as `/sync`) as well as at the root. The prefix is stripped before any other
/// middleware, so that refusals are the same in both cases.
pub(super) fn below(base: String, routes: Router) -> Router {
    let strip = move |mut request: Request| {
        if let Some(uri) = stripped(request.uri(), &base) {
            *request.uri_mut() = uri;
        }
        request
    };
    Router::new().fallback_service(MapRequestLayer::new(strip).layer(routes))
}

/// The URI without `base`; `None` if it is not below `base`.
fn stripped(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let own = match rest.chars().next() {
        Some('/') => rest.to_owned(),
        None | Some('?') => format!("/{rest}"),
        // `/synchron` is not below `/sync`.
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(own).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::stripped;

    #[test]
    fn only_what_lies_below_loses_the_path() {
        let strip = |uri: &str| stripped(&uri.parse::<Uri>().expect("an address"), "/sync").map(|uri| uri.to_string());
        assert_eq!(strip("/sync/readyz").as_deref(), Some("/readyz"));
        assert_eq!(strip("/sync").as_deref(), Some("/"));
        assert_eq!(strip("/sync/").as_deref(), Some("/"));
        assert_eq!(strip("/sync?a=b").as_deref(), Some("/?a=b"));
        assert_eq!(strip("/sync//evil.example/x").as_deref(), Some("//evil.example/x"));
        assert_eq!(strip("http://shop.example/sync/a?b").as_deref(), Some("http://shop.example/a?b"));
        for other in ["/synchron", "/", "/readyz", "/a/sync/b"] {
            assert_eq!(strip(other), None, "{other}");
        }
    }
}
