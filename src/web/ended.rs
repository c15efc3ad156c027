//! How a connect ended, on a page of its own: where a shop's answer brings a key in its URL, the browser must not stay
//! there, whatever became of the connect. The outcome goes with the browser, in a cookie.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{error::public_message, html, state::Web};
use crate::model::{Failure, json};

const COOKIE: &str = "store_sync_ended";
/// The most bytes of a message: a cookie has four kilobytes.
const LONGEST: usize = 1500;

/// The outcome of a connect, in words for the merchant.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    status: u16,
    text: String,
    /// The connection's id, or the failure's code.
    detail: String,
}

impl Ended {
    pub(super) fn connected(text: String, connection: &str) -> Self {
        Self { status: 200, text, detail: format!("connection {connection}") }
    }

    pub(super) fn failed(failure: &Failure) -> Self {
        let mut text = public_message(failure).to_owned();
        text.truncate(text.floor_char_boundary(LONGEST));
        Self { status: failure.kind.http_status(), text: format!("{text}."), detail: failure.code().to_owned() }
    }

    /// The page with this outcome.
    pub(super) fn page(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (title, class) = if status.is_success() { ("Connected", "good") } else { ("That did not work", "bad") };
        let (text, detail) = (html::escape(&self.text), html::escape(&self.detail));
        let page = html::shell(title, &format!("<p class={class}>{text}</p><p class=dim>{detail}</p>"));
        (status, Html(page)).into_response()
    }
}

/// Sends the browser to the page of the outcome, away from a URL with a key.
pub(super) fn leave(web: &Web, jar: CookieJar, ended: &Ended) -> Response {
    let path = format!("{}/oauth/ended", web.base);
    let kept = URL_SAFE_NO_PAD.encode(serde_json::to_vec(ended).unwrap_or_default());
    // Lax: the browser arrives from the shop.
    let cookie = Cookie::build((COOKIE, kept))
        .path(path.clone())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(web.tools.policy.public_url.starts_with("https://"));
    (jar.add(cookie), Redirect::to(&path)).into_response()
}

/// `GET /oauth/ended`: may be reloaded; it shows nothing that the browser did not bring.
pub(super) async fn show(jar: CookieJar) -> Response {
    let kept = jar.get(COOKIE).and_then(|cookie| URL_SAFE_NO_PAD.decode(cookie.value()).ok());
    if let Some(ended) = kept.and_then(|bytes| json::read::<Ended>(&bytes).ok()) {
        return ended.page();
    }
    let body = "<p>No connect ended in this browser. Open the connect link that you were given.</p>";
    (StatusCode::NOT_FOUND, Html(html::shell("Nothing to show", body))).into_response()
}
