//! The routes that begin and finish a connect.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Path, Query, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use url::Url;

use super::{
    caller::Caller,
    ended::{self, Ended},
    error::{self, PageError},
    host::on_own_machine,
    page::{self, SHARED},
    refusals::Refused,
    state::Web,
};

use crate::{
    connect::{self, Begin, Begun, Callback, CallbackOutcome, Next, Sharing},
    model::{ConnectionId, Failure, FailureKind, json},
    provider::{ConnectKind, Provider},
    tools::Tools,
    vault::{LinkKind, LinkState, SignedLink},
};

/// The cookie that binds a connect to a browser; the provider's key is appended, so that two connects do not collide.
const COOKIE: &str = "store_sync_connect";
/// The query parameter with which a person continues from the preview page.
const OPENED: &str = "opened";
/// `HEAD` of a URL that begins or finishes a connect: mail scanners and link previews send it. It has no effect.
pub(super) async fn nothing() -> StatusCode {
    StatusCode::OK
}

/// `GET /connect/{provider}?client=…&FIELD=…`: redirects to the shop's consent page.
pub(super) async fn begin(
    State(web): State<Web>,
    Path(provider): Path<String>,
    Query(mut query): Query<BTreeMap<String, String>>,
    caller: Caller,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<Response, PageError> {
    let known = web.tools.provider(&provider);
    let install = known.as_ref().ok().filter(|_| !query.contains_key("client")).and_then(|p| p.install_fields(&query));
    if let Some(fields) = install {
        // An install that the platform started; its signature is verified.
        let pairs: Vec<(String, String)> = query.into_iter().collect();
        web.admit(caller, connect::origin_mark(&web.tools, &provider, &pairs).as_deref())?;
        return begun(&web, &provider, jar, connect::install(&web.tools, &provider, &pairs, &fields).await?);
    }
    let text = |name: &str| query.get(name).cloned().unwrap_or_default();
    let link = SignedLink { expires: text("expires"), signature: text("signature") };
    let sharing = Sharing::said(query.contains_key(SHARED));
    let named = text("client");
    let opens = Opens { provider: &provider, client: &named, sharing };
    let ours = opens.state(&web.tools, &link) != LinkState::NotOurs;
    web.admit(caller, ours.then_some(link.signature.as_str()))?;
    if query.remove(OPENED).is_none() && is_preview(&headers) {
        return Ok(Html(page::preview(OPENED, &query)).into_response());
    }
    let client = query.remove("client").ok_or_else(|| Failure::new(FailureKind::BadField, "the URL lacks client=…"))?;
    let reconnect = query.remove("reconnect").map(ConnectionId);
    let signed = query.remove("expires").zip(query.remove("signature"));
    allowed(&web.tools, &opens, signed.as_ref(), &headers)?;
    let known = web.tools.provider(&provider)?;
    if let Some(missing) = known.fields().iter().find(|f| f.default.is_none() && !query.contains_key(&f.name)) {
        tracing::debug!(field = missing.name, "showing the form for a missing field");
        return Ok(Html(page::ask(known, &client, signed.as_ref(), &query)).into_response());
    }
    query.remove(SHARED);
    let link = signed.as_ref().map(|(_, signature)| signature.as_str());
    let (by, reconnect) = (format!("{caller} {}", link.unwrap_or_default()), reconnect.as_ref());
    let with = Begin { client: &client, provider: &provider, fields: &query, reconnect, sharing, by: &by, link };
    begun(&web, &provider, jar, connect::begin(&web.tools, with).await?)
}

/// Whether the request comes from a prefetching browser or a link preview, not from a person.
fn is_preview(headers: &HeaderMap) -> bool {
    let contains = |name: &str, words: &[&str]| {
        let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    };
    let ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
    ahead.iter().any(|name| contains(name, &["prefetch", "prerender", "preview"]))
        || contains(
            "user-agent",
            &["bot/", "bot-", "robot", "preview", "externalhit", "whatsapp/", "crawler", "spider"],
        )
}

/// Redirects the browser to the consent page with the cookie, or shows the URL to register.
fn begun(web: &Web, provider: &str, jar: CookieJar, begun: Begun) -> Result<Response, PageError> {
    let known = web.tools.provider(provider)?;
    match begun.next {
        Next::Consent(url) => {
            let jar = jar.add(cookie(web, known, begun.browser));
            Ok((jar, Redirect::to(url.as_str())).into_response())
        }
        Next::Register(address) => Ok(Html(page::register(known, &address)).into_response()),
    }
}

/// `/oauth/callback/{provider}`, or with a state appended if the shop is given a secret callback URL.
#[derive(serde::Deserialize)]
pub(super) struct CallbackPath {
    provider: String,
    state: Option<String>,
}

/// `GET` of a callback: the browser returns from the shop.
pub(super) async fn finish(
    State(web): State<Web>,
    Path(at): Path<CallbackPath>,
    RawQuery(query): RawQuery,
    caller: Caller,
    jar: CookieJar,
) -> Result<Response, PageError> {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let name = format!("{COOKIE}_{}", at.provider);
    let browser = jar.get(&name).map(|cookie| cookie.value().to_owned());
    let callback =
        Callback { provider: &at.provider, state: at.state.as_deref(), query: &query, browser: browser.as_deref() };
    let carries_keys =
        web.tools.provider(&at.provider).is_ok_and(|provider| provider.kind() == ConnectKind::BroughtKeys);
    match web.admit(caller, connect::callback_mark(&web.tools, &callback).as_deref()) {
        Err(_) if carries_keys => return Ok(leave_failed(&web, jar, unread())),
        admitted => admitted?,
    }
    let (connected, go_to) = match connect::finish(&web.tools, callback).await {
        Ok(CallbackOutcome::Waiting) => return Ok(Html(page::waiting()).into_response()),
        Ok(CallbackOutcome::Connected { connected, go_to }) => (connected, go_to),
        Err(failure) if carries_keys => return Ok(leave_failed(&web, jar, failure)),
        Err(failure) => return Err(failure.into()),
    };
    let jar = jar.remove(Cookie::build(name).path(callbacks(&web)));
    if let Some(url) = go_to {
        return Ok((jar, Redirect::to(url.as_str())).into_response());
    }
    let next = match &connected.import_job {
        Some(_) => "Its products are being imported.",
        None => "It is paused: its products are imported once it is resumed.",
    };
    let name = connected.store_name.unwrap_or_else(|| "Your shop".to_owned());
    let text = format!("{name} is connected. {next} You can close this window.");
    let ended = Ended::connected(text, connected.connection.as_str());
    Ok(if carries_keys { ended::leave(&web, jar, &ended) } else { (jar, ended.page()).into_response() })
}

/// Sends the browser from a URL with a key to the page that says why nothing was connected.
fn leave_failed(web: &Web, jar: CookieJar, failure: Failure) -> Response {
    error::log(&failure);
    let mut answer = ended::leave(web, jar, &Ended::failed(&failure));
    answer.extensions_mut().insert(Refused(failure.kind));
    answer
}

/// A refusal of the rate limit where the callback cannot be sent again, since the browser leaves it.
fn unread() -> Failure {
    let text = "too many requests came at once, so the shop's answer was not read: open the connect link again in a moment, \
                and take back in the shop what it has just given";
    Failure::new(FailureKind::TooFast, text)
}

/// `POST` to a callback: the shop's server sends credentials, as JSON or as a form.
pub(super) async fn take(
    State(web): State<Web>,
    Path(at): Path<CallbackPath>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, PageError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let posted = if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(&body);
        Some(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
    } else {
        json::read(&body).ok()
    };
    let posted = posted.map(serde_json::Value::Object);
    let state = at.state.as_deref();
    // A shop posts its credentials once: with a valid state it must not be refused because of other callers' traffic.
    let mark = posted.as_ref().and_then(|posted| connect::posted_mark(&web.tools, &at.provider, state, posted));
    web.admit(caller, mark.as_deref())?;
    let posted =
        posted.ok_or_else(|| Failure::new(FailureKind::BadCallback, "the request body is not a JSON object"))?;
    connect::receive_posted(&web.tools, &at.provider, state, &posted).await?;
    Ok("ok\n")
}

/// Checks that a request may begin a connect: its URL is signed, or the daemon is reached from its own machine only and
/// the request does not come from another site.
fn allowed(
    tools: &Tools,
    opens: &Opens<'_>,
    signed: Option<&(String, String)>,
    headers: &HeaderMap,
) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::new(FailureKind::NotSigned, text));
    if let Some((expires, signature)) = signed.cloned() {
        return match opens.state(tools, &SignedLink { expires, signature }) {
            LinkState::Good => Ok(()),
            LinkState::Ended => refuse("this connect link has expired; ask for a new one"),
            LinkState::NotOurs => refuse("the signature of this connect link is invalid; ask for a new one"),
        };
    }
    let foreign =
        headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    if on_own_machine(tools) && !foreign {
        return Ok(());
    }
    refuse(
        "this connect link is not signed; the operator creates one with: store-sync connect PROVIDER --client CLIENT",
    )
}

/// What a connect link opens; its signature covers all of it.
struct Opens<'a> {
    provider: &'a str,
    client: &'a str,
    sharing: Sharing,
}

impl Opens<'_> {
    fn parts(&self) -> Vec<&str> {
        let shared = (self.sharing == Sharing::Allowed).then_some(SHARED);
        [self.provider, self.client].into_iter().chain(shared).collect()
    }

    fn state(&self, tools: &Tools, link: &SignedLink) -> LinkState {
        tools.vault.check_link(LinkKind::Connect, &self.parts(), link, tools.outside.clock.now())
    }
}

/// A connect link for the operator or a merchant, valid for 24 hours. A form asks for missing fields.
pub fn link(
    tools: &Tools,
    provider: &str,
    client: &str,
    fields: &BTreeMap<String, String>,
    sharing: Sharing,
) -> String {
    let opens = Opens { provider, client, sharing };
    let now = tools.outside.clock.now();
    let SignedLink { expires, signature } = tools.vault.sign_link(LinkKind::Connect, &opens.parts(), now);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("client", client).extend_pairs(fields);
    if sharing == Sharing::Allowed {
        form.append_pair(SHARED, "1");
    }
    form.append_pair("expires", &expires).append_pair("signature", &signature);
    format!("{}/connect/{provider}?{}", tools.policy.public_url, form.finish())
}

/// The signature of a connect link, by which the connects that it begins are known.
pub fn link_signature(link: &str) -> Option<String> {
    let link = Url::parse(link).ok()?;
    link.query_pairs().find(|(name, _)| name == "signature").map(|(_, value)| value.into_owned())
}

/// The path of the cookies.
fn callbacks(web: &Web) -> String {
    format!("{}/oauth/callback", web.base)
}

fn cookie(web: &Web, provider: &Provider, mark: String) -> Cookie<'static> {
    let secure = web.tools.policy.public_url.starts_with("https://");
    // Lax: the return from the shop is a top-level navigation, any other request of another site is not. A platform
    // that starts the connect may show our response in a frame, which needs SameSite=None; there only the cookie
    // identifies the browser.
    let framed = secure && !provider.kind().carries_state();
    Cookie::build((format!("{COOKIE}_{}", provider.key()), mark))
        .path(callbacks(web))
        .http_only(true)
        .same_site(if framed { SameSite::None } else { SameSite::Lax })
        .secure(secure)
        .build()
}
