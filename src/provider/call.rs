//! One call to a shop: builds the request, waits for the rate limit, sends, classifies the response, retries.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

use super::{
    App, CredentialSource, Fence, Provider, RateLimiters,
    body::fill,
    classify::{Classified, challenge, classify},
    context::TemplateContext,
    grant::bad_address,
    oauth1::{self, Moment},
    rate_limit::RateLimiter,
    recipe::{AnswerKind, Op, ResponseClass, Signing},
    template::Template,
    upload::Upload,
};
use crate::{
    model::{Facts, Failure, FailureKind, Grant, Remedy, ShopAnswer, json, text::cut},
    outside::{HttpError, Outside, Request, Response, log_target},
};

/// Maximum number of tries, the first included, of an idempotent call while the shop is down.
const TRIES_WHEN_DOWN: u32 = 3;
/// The first wait while the shop is down.
const AFTER_DOWN: Duration = Duration::from_millis(500);
/// Maximum number of retries of a throttled call within the recipe's `patience`.
const TRIES_WHEN_THROTTLED: u32 = 8;

/// Maximum number of characters that a message quotes of a shop's own error text.
const MOST_WORDS: usize = 200;

/// Client of one shop's API, with its credentials.
pub struct ShopClient {
    pub(super) outside: Outside,
    pub(super) provider: Arc<Provider>,
    pub(super) facts: Facts,
    pub(super) store_url: String,
    pub(super) app: Option<App>,
    keys: Arc<dyn CredentialSource>,
    fence: Option<Arc<dyn Fence>>,
    rate_limiter: Arc<RateLimiter>,
    calls: AtomicI32,
}

/// The shop that a client calls.
pub struct Shop {
    pub provider: Arc<Provider>,
    pub facts: Facts,
    /// Empty until it is known.
    pub store_url: String,
    /// The operator's app at the provider, if there is one.
    pub app: Option<App>,
}

/// The inputs of a call.
#[derive(Default)]
pub(super) struct With<'a> {
    pub(super) values: Map<String, Value>,
    pub(super) upload: Option<&'a Upload>,
    /// The whole URL, if the shop itself returned it.
    pub(super) url: Option<&'a str>,
    /// What may have been too much is not repeated: the caller asks for less.
    pub(super) gives_way: bool,
}

/// Whether a shop was asked for more than it can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// It says so, or its answer is larger than is taken.
    Surely,
    /// It failed, or took too long: there may be other reasons.
    Perhaps,
}

/// Why a call failed.
pub(super) struct FailedCall {
    pub(super) failure: Failure,
    pub(super) too_much: Option<TooMuch>,
}

impl From<Failure> for FailedCall {
    fn from(failure: Failure) -> Self {
        let too_much = (failure.kind == FailureKind::AnswerTooLarge).then_some(TooMuch::Surely);
        Self { failure, too_much }
    }
}

impl From<FailedCall> for Failure {
    fn from(refusal: FailedCall) -> Self {
        refusal.failure
    }
}

/// What a text of the shop must not repeat: the secrets of its calls, and the address of our picture, which is long and says
/// nothing.
#[derive(Clone, Copy)]
struct Words<'a> {
    grant: &'a Grant,
    upload: Option<&'a Upload>,
}

/// A successful response.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// The result of one exchange.
enum Outcome {
    Good(Answer),
    /// `wait` is what the shop asks for; `message` is for people.
    Bad {
        class: ResponseClass,
        kind: FailureKind,
        wait: Option<Duration>,
        message: String,
        too_much: Option<TooMuch>,
    },
}

impl ShopClient {
    /// A client of a shop. All clients of a shop in this process share one rate limit.
    pub fn new(outside: Outside, shop: Shop, keys: Arc<dyn CredentialSource>, rate_limiters: &RateLimiters) -> Self {
        let Shop { provider, facts, store_url, app } = shop;
        let rate_limiter = rate_limiters.of(&provider, &store_url, &outside.clock);
        Self { outside, provider, facts, store_url, app, keys, fence: None, rate_limiter, calls: AtomicI32::new(0) }
    }

    /// The same client for work whose lease may be lost: every call checks `fence` first.
    #[must_use]
    pub fn fenced(self, fence: Arc<dyn Fence>) -> Self {
        Self { fence: Some(fence), ..self }
    }

    /// The same client with other facts of the shop.
    #[must_use]
    pub fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }

    /// The shop's facts, as templates look them up.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Number of HTTP requests so far.
    pub fn api_calls(&self) -> i32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The shop's provider.
    pub fn provider(&self) -> &Arc<Provider> {
        &self.provider
    }

    /// The URL that the addresses of this shop's pages must belong to.
    pub(super) fn base_url(&self) -> Result<Url, Failure> {
        let context = TemplateContext { store_url: &self.store_url, ..TemplateContext::of_facts(&self.facts) };
        let text = self.provider.recipe.call.base.text(&context)?.unwrap_or_default();
        let invalid = "the URL of [call] base with the shop's facts is not valid";
        Url::parse(&text).map_err(|_| Failure::new(FailureKind::BadAddress, invalid))
    }

    /// Sends a call and retries it until it succeeds, `patience` ends, or a retry cannot help. A gallery is written
    /// once: before the next try it has to be read again.
    pub(super) async fn call(&self, op: &Op, with: With<'_>) -> Result<Answer, Failure> {
        Ok(self.try_call(op, with).await?)
    }

    /// The same; of a failure it says whether less may succeed.
    pub(super) async fn try_call(&self, op: &Op, with: With<'_>) -> Result<Answer, FailedCall> {
        let (mut refreshed, mut tries, mut waited) = (false, 0, Duration::ZERO);
        loop {
            let grant = self.keys.current().await?;
            let request = self.request(op, &with, &grant)?;
            let patience = self.provider.recipe.call.patience.0;
            if let Err(wait) = self.rate_limiter.acquire(op.cost, patience, &self.outside.clock).await {
                let text = format!("rate limit of {}: no calls for another {} s", self.provider.name(), wait.as_secs());
                return Err(Failure::new(FailureKind::shop(ShopAnswer::Throttled), text).after(wait).into());
            }
            if let Some(fence) = &self.fence {
                fence.check(request.method != Method::GET).await?;
            }
            let words = Words { grant: &grant, upload: with.upload };
            let (class, kind, wait, message, too_much) = match self.exchange(op, &request, words).await? {
                Outcome::Good(answer) => return Ok(answer),
                Outcome::Bad { class, kind, wait, message, too_much } => (class, kind, wait, message, too_much),
            };
            tries += 1;
            let gives_way = with.gives_way && too_much.is_some();
            match class {
                ResponseClass::Expired if !refreshed => {
                    self.keys.refresh(grant.version).await.map_err(|failure| with_words(failure, &message))?;
                    refreshed = true;
                }
                ResponseClass::Expired => {
                    let text = format!("{message}; a refreshed token was refused too");
                    return Err(Failure::new(FailureKind::TokenRefused, text).into());
                }
                ResponseClass::Throttled => {
                    let pause = wait.unwrap_or_else(|| self.backoff(tries, Duration::from_secs(2)));
                    waited += pause;
                    if waited > patience || tries > TRIES_WHEN_THROTTLED || op.writes_gallery() {
                        return Err(Failure::new(kind, message).after(pause).into());
                    }
                    // The pause applies to every client of this shop in the process.
                    self.rate_limiter.pause_until(self.outside.clock.now(), pause);
                }
                ResponseClass::Down
                    if tries < TRIES_WHEN_DOWN && op.may_repeat() && !gives_way && !op.writes_gallery() =>
                {
                    let pause = wait.unwrap_or_else(|| self.backoff(tries, AFTER_DOWN));

                    if pause > patience {
                        return Err(FailedCall { failure: Failure::new(kind, message).after(pause), too_much });
                    }
                    self.outside.clock.sleep(pause).await;
                }
                ResponseClass::Down => {
                    return Err(FailedCall { failure: Failure::new(kind, message).after(wait), too_much });
                }
                ResponseClass::Ok
                | ResponseClass::Revoked
                | ResponseClass::Rights
                | ResponseClass::Missing
                | ResponseClass::Refused => {
                    return Err(FailedCall { failure: Failure::new(kind, message), too_much });
                }
            }
        }
    }

    /// Waits before the next try of what failed `tries` times; `false` if that was once too often, or the wait is too long.
    pub(super) async fn waits_after(&self, failure: &Failure, tries: u32) -> bool {
        let Remedy::Retry(wait) = failure.remedy() else { return false };
        let pause = wait.unwrap_or_else(|| self.backoff(tries, AFTER_DOWN));
        if tries >= TRIES_WHEN_DOWN || pause > self.provider.recipe.call.patience.0 {
            return false;
        }
        self.outside.clock.sleep(pause).await;
        true
    }

    /// Downloads from a URL that the shop returned, without our token.
    pub(super) async fn download(&self, address: &str) -> Result<Bytes, Failure> {
        let base = Url::parse(&self.store_url)
            .map_err(|_| Failure::new(FailureKind::BadStoreUrl, "the shop's URL is not valid"))?;
        let url = base
            .join(address)
            .map_err(|_| Failure::new(FailureKind::BadPictureUrl, "the shop returned an invalid picture URL"))?;
        let place = log_target(&Method::GET, &url);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let response = self.outside.http.send(Request::new(Method::GET, url)).await;
        let response = response.map_err(|e| Failure::new(FailureKind::PictureUnreachable, e.to_string()))?;
        let advice = challenge(&response);
        if (200..300).contains(&response.status) && advice.is_none() {
            return Ok(response.body);
        }
        let mut text = format!("{place} answered {}", response.status);
        if let Some(advice) = advice {
            text.push_str(&format!(". {advice}"));
        }
        Err(Failure::new(FailureKind::PictureUnreachable, text))
    }

    /// Downloads a byte range of a file whose URL the shop returned, without our token. Returns the bytes and whether
    /// the file ends there.
    pub(super) async fn download_part(&self, address: &str, from: u64, size: u64) -> Result<(Bytes, bool), Failure> {
        let url = Url::parse(address)
            .map_err(|_| Failure::new(FailureKind::BadFileUrl, "the shop returned an invalid file URL"))?;
        let mut request = Request::new(Method::GET, url);
        insert(&mut request.headers, "range", &format!("bytes={from}-{}", from + size - 1))?;
        let place = log_target(&request.method, &request.url);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = self.outside.http.send(request).await;
        let answer = answer.map_err(|e| Failure::new(FailureKind::FileUnreachable, e.to_string()))?;
        let total = || answer.header("content-range")?.rsplit_once('/')?.1.parse::<u64>().ok();
        match answer.status {
            206 => {
                let ends = total().is_some_and(|total| from + answer.body.len() as u64 >= total);
                Ok((answer.body, ends))
            }
            // A server without range support sends the whole file.
            200 => Ok((answer.body.slice(usize::try_from(from).unwrap_or(usize::MAX).min(answer.body.len())..), true)),
            416 => Ok((Bytes::new(), true)),
            status => Err(Failure::new(FailureKind::FileUnreachable, format!("{place} answered {status}"))),
        }
    }

    async fn exchange(&self, op: &Op, request: &Request, words: Words<'_>) -> Result<Outcome, Failure> {
        let elsewhere = op.url.is_some() || op.answer == AnswerKind::Any;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let response = match self.outside.http.send(request.clone()).await {
            Ok(response) => response,
            Err(error @ (HttpError::Refused { .. } | HttpError::Redirected { .. })) => {
                return Err(Failure::new(FailureKind::RefusedAddress, error.to_string()));
            }
            Err(error @ HttpError::TooLate { .. }) => {
                return Err(Failure::new(FailureKind::LeaseLost, error.to_string()));
            }
            Err(error @ HttpError::TooLarge { .. }) => {
                return Err(Failure::new(FailureKind::AnswerTooLarge, error.to_string()));
            }
            Err(error) => {
                return Ok(Outcome::Bad {
                    class: ResponseClass::Down,
                    kind: FailureKind::Network,
                    wait: None,
                    message: format!("{}: {error}", self.provider.name()),
                    too_much: matches!(error, HttpError::Timeout { .. }).then_some(TooMuch::Perhaps),
                });
            }
        };
        let now = self.outside.clock.now();
        let parsed = parse(&response, elsewhere);
        let body = parsed.as_ref().unwrap_or(&Value::Null);
        let recipe = &self.provider.recipe.call;
        self.rate_limiter.learn(&recipe.budget, &response, body, now);
        let classified = classify(&recipe.verdict, &response, body, now);
        if classified.class != ResponseClass::Ok {
            let message = self.refusal_message(request, &response, parsed.as_ref().ok(), &classified, words);
            let too_much = too_much(op, &response, classified.class);
            let Classified { class, kind, wait, .. } = classified;
            return Ok(Outcome::Bad { class, kind, wait, message, too_much });
        }
        match parsed {
            Ok(body) => Ok(Outcome::Good(Answer { headers: response.headers, body })),
            Err(why) => {
                let kind = self.redacted(response.header("content-type").unwrap_or("no content type"), words);
                let mut message = format!(
                    "{}: {} answered with invalid or truncated JSON ({kind}, {} bytes, {why})",
                    self.provider.name(),
                    log_target(&request.method, &request.url),
                    response.body.len()
                );
                if let Some(instead) = json::instead(&response.body) {
                    message.push_str(&format!(": {}", cut(&self.redacted(&instead, words), MOST_WORDS)));
                }
                let (class, kind) = (ResponseClass::Down, FailureKind::NotJson);
                Ok(Outcome::Bad { class, kind, wait: None, message, too_much: None })
            }
        }
    }

    /// The error message: request target, status, and the shop's own error text, shortened and redacted. Without `body`
    /// the response is not JSON.
    fn refusal_message(
        &self,
        request: &Request,
        response: &Response,
        body: Option<&Value>,
        classified: &Classified<'_>,
        words: Words<'_>,
    ) -> String {
        let instead = if body.is_none() { json::instead(&response.body) } else { None };
        let body = body.unwrap_or(&Value::Null);
        let place = log_target(&request.method, &request.url);
        let mut message = format!("{}: {place} answered {}", self.provider.name(), response.status);
        let graphql = body.pointer("/errors/0/message").and_then(Value::as_str).map(str::to_owned);
        let said = self.provider.recipe.call.message.iter().find_map(|path| path.text(body)).or(graphql);
        if let Some(said) = said.or(instead) {
            message.push_str(&format!(" ({})", cut(&self.redacted(&said, words), MOST_WORDS)));
        }
        if let Some(say) = &classified.say {
            message.push_str(&format!(". {say}"));
        }
        message
    }

    /// A shop's text on one line as a message quotes it: without the secrets of its calls and the address of our picture.
    pub(super) async fn quoted(&self, said: &str, upload: Option<&Upload>) -> Result<String, Failure> {
        let grant = self.keys.current().await?;
        Ok(cut(&self.redacted(said, Words { grant: &grant, upload }), MOST_WORDS).into_owned())
    }

    /// A shop's text on one line, with the secrets that calls may carry redacted: the longest first, since it may
    /// contain another.
    fn redacted(&self, said: &str, words: Words<'_>) -> String {
        let ours = words.grant.secrets.values().chain(self.app.iter().map(|app| &app.client_secret));
        let mut secrets: Vec<&str> = ours.map(ExposeSecret::expose_secret).filter(|s| s.len() > 3).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let said = secrets.iter().fold(said.to_owned(), |said, secret| said.replace(secret, "[redacted]"));
        let address = words.upload.map(|upload| upload.url.as_str()).filter(|url| !url.is_empty());
        let said = if let Some(url) = address { said.replace(url, "[our picture]") } else { said };
        said.replace(char::is_control, " ")
    }

    fn backoff(&self, tries: u32, first: Duration) -> Duration {
        let full = first * 2_u32.saturating_pow(tries.saturating_sub(1).min(6));
        let half = u64::try_from(full.as_millis() / 2).unwrap_or(0);
        full / 2 + Duration::from_millis(self.outside.random.below(half + 1))
    }

    fn request(&self, op: &Op, with: &With<'_>, grant: &Grant) -> Result<Request, Failure> {
        let mut values = Cow::Borrowed(&with.values);
        if let Some(upload) = with.upload {
            let values = values.to_mut();
            upload.describe(values);
            if op.looks_up("asset.base64") {
                values["asset"]["base64"] = STANDARD.encode(&upload.bytes).into();
            }
        }
        let (facts, store_url) = (&self.facts, self.store_url.as_str());
        let context = TemplateContext { facts, store_url, grant: Some(grant), app: self.app.as_ref(), values };
        let url = match (with.url, &op.url) {
            (Some(url), _) => Url::parse(url).map_err(|_| bad_address())?,
            (None, Some(template)) => {
                Url::parse(&template.text(&context)?.unwrap_or_default()).map_err(|_| bad_address())?
            }
            (None, None) => self.call_url(op, &context)?,
        };
        let elsewhere = op.url.is_some();
        let method = op.method.as_deref().unwrap_or(if op.body.is_some() { "POST" } else { "GET" });
        let mut request = Request::new(Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET), url);
        let usual = self.provider.recipe.call.headers.iter().filter(|_| !elsewhere);
        for (name, template) in usual.chain(&op.headers) {
            if let Some(text) = template.text(&context)? {
                insert(&mut request.headers, name, &text)?;
            }
        }
        request.headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        if let Some(body) = &op.body {
            let (content_type, body) = fill(op, body, &context, with.upload)?;
            request.body = body;
            if let Some(content_type) = content_type {
                insert(&mut request.headers, "content-type", &content_type)?;
            }
        }
        if elsewhere {
            return Ok(request);
        }
        if let Some(basic) = &self.provider.recipe.call.basic {
            let user = basic.user.text(&context)?.unwrap_or_default();
            let password = basic.password.as_ref().map(|p| p.text(&context)).transpose()?.flatten().unwrap_or_default();
            let header = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            insert(&mut request.headers, "authorization", &header)?;
        }
        if self.provider.recipe.call.sign == Some(Signing::Oauth1) {
            let moment = Moment::new(&self.outside.random, self.outside.clock.now());
            let header = oauth1::authorization(&request.method, &request.url, grant, &[], &moment);
            insert(&mut request.headers, "authorization", &header)?;
        }
        Ok(request)
    }

    fn call_url(&self, op: &Op, context: &TemplateContext<'_>) -> Result<Url, Failure> {
        let mut text = self.provider.recipe.call.base.text(context)?.unwrap_or_default();
        if let Some(path) = &op.path {
            text.push_str(&path.path_text(context)?);
        }
        let mut url = Url::parse(&text).map_err(|_| bad_address())?;
        for (name, template) in &op.query {
            if let Some(value) = template.text(context)? {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        // OAuth 1 signs a space as %20 (RFC 5849, 3.6), and some servers sign what they receive without decoding `+`.
        let is_signed = self.provider.recipe.call.sign == Some(Signing::Oauth1);
        if let Some(query) = url.query().filter(|query| is_signed && query.contains('+')) {
            let query = query.replace('+', "%20");
            url.set_query(Some(&query));
        }
        Ok(url)
    }
}

/// Whether a refused call may have asked for too much.
fn too_much(op: &Op, response: &Response, class: ResponseClass) -> Option<TooMuch> {
    match (class, response.status) {
        (ResponseClass::Down, 500 | 502 | 504) => Some(TooMuch::Perhaps),
        (ResponseClass::Refused, 400 | 422) => names_size(op, &response.body).then_some(TooMuch::Surely),
        _ => None,
    }
}

/// Whether a refusal names the parameter of an operation that holds the page size.
fn names_size(op: &Op, refusal: &[u8]) -> bool {
    let holds_size = |(_, template): &(&String, &Template)| template.slots().any(|slot| slot == "page.size");
    let text = String::from_utf8_lossy(refusal);
    let words = || text.split(|c: char| !c.is_alphanumeric() && c != '_');
    op.query.iter().filter(holds_size).any(|(name, _)| words().any(|word| word.eq_ignore_ascii_case(name)))
}

/// A refused key, with the shop's own words before it: they name the cause.
fn with_words(failure: Failure, words: &str) -> Failure {
    match failure.kind {
        FailureKind::KeyRefused | FailureKind::NoRefreshToken | FailureKind::PastedKeyRefused => failure.at(words),
        _ => failure,
    }
}

/// Parses a JSON response. An empty body is null, and so is a body that is not JSON from another host (an upload
/// target).
fn parse(response: &Response, elsewhere: bool) -> Result<Value, String> {
    if elsewhere && (200..300).contains(&response.status) {
        return Ok(json::read(&response.body).unwrap_or(Value::Null));
    }
    if response.body.is_empty() {
        return Ok(Value::Null);
    }
    json::read(&response.body).map_err(|e| e.to_string())
}

fn insert(headers: &mut HeaderMap, name: &str, text: &str) -> Result<(), Failure> {
    let bad = || {
        Failure::new(
            FailureKind::BadHeader,
            format!("the value of the header '{name}' has characters that a header must not contain"),
        )
    };
    let mut value = HeaderValue::from_str(text).map_err(|_| bad())?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    Ok(())
}
