//! One call to a shop: waits for the rate limit, sends the request, classifies the response, retries.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, Method};
use serde_json::Value;
use url::Url;

use super::{
    App, CredentialSource, Fence, Provider, RateLimiters,
    classify::{Classified, classify},
    context::TemplateContext,
    oauth1::Moment,
    page_reads::{PageReads, RawItems},
    parse::ParsedBody,
    path::Path,
    rate_limit::RateLimiter,
    recipe::{Op, ResponseClass},
    refusal::{FailedCall, TooMuch, Words, refusal_message, too_much, unreadable_message, with_words},
    request::{Target, With},
    upload::Upload,
};
use crate::{
    model::{Facts, Failure, FailureKind, Remedy, ShopAnswer},
    outside::{HttpError, Outside, Request, Response},
};

/// Maximum number of tries, the first included, of an idempotent call while the shop is down.
const TRIES_WHEN_DOWN: u32 = 3;
/// The first wait while the shop is down.
const AFTER_DOWN: Duration = Duration::from_millis(500);
/// Maximum number of retries of a throttled call within the recipe's `patience`.
const TRIES_WHEN_THROTTLED: u32 = 8;

/// Client of one shop's API, with its credentials.
pub struct ShopClient {
    pub(super) outside: Outside,
    pub(super) provider: Arc<Provider>,
    pub(super) facts: Facts,
    pub(super) store_url: String,
    pub(super) app: Option<App>,
    pub(super) keys: Arc<dyn CredentialSource>,
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

/// A successful response.
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    /// The items of a page, which are not in the body.
    pub(super) items: Option<RawItems>,
}

impl Answer {
    /// How many items it holds.
    pub(super) fn count(&self, items: &Path) -> usize {
        self.items.as_ref().map_or_else(|| items.each(&self.body).len(), RawItems::len)
    }
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
            let moment = Moment::new(&self.outside.random, self.outside.clock.now());
            let request = self.target().request(op, &with, &grant, &moment)?;
            let patience = self.provider.recipe.call.patience.0;
            if let Err(wait) = self.rate_limiter.acquire(op.cost, patience, &self.outside.clock).await {
                let text = format!("rate limit of {}: no calls for another {} s", self.provider.name(), wait.as_secs());
                return Err(Failure::new(FailureKind::shop(ShopAnswer::Throttled), text).after(wait).into());
            }
            if let Some(fence) = &self.fence {
                fence.check(request.method != Method::GET).await?;
            }
            let words = Words { grant: &grant, app: self.app.as_ref(), upload: with.upload };
            let (class, kind, wait, message, too_much) = match self.exchange(op, &request, words, with.reads).await? {
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

    /// A shop's text as a message quotes it: on one line, without the secrets of its calls and the address of our picture.
    pub(super) async fn quoted(&self, said: &str, upload: Option<&Upload>) -> Result<String, Failure> {
        let grant = self.keys.current().await?;
        Ok(Words { grant: &grant, app: self.app.as_ref(), upload }.quoted(said))
    }

    /// Sends a call once and returns the response as it came: to see what a failed call did not say.
    pub(super) async fn look(&self, op: &Op) -> Result<Response, Failure> {
        let grant = self.keys.current().await?;
        let moment = Moment::new(&self.outside.random, self.outside.clock.now());
        let request = self.target().request(op, &With::default(), &grant, &moment)?;
        self.send(request).await.map_err(|error| Failure::new(FailureKind::Network, error.to_string()))
    }

    /// Sends a request, and counts it.
    pub(super) async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.outside.http.send(request).await
    }

    fn target(&self) -> Target<'_> {
        let Self { provider, facts, store_url, app, .. } = self;
        Target { provider, facts, store_url, app: app.as_ref() }
    }

    async fn exchange(
        &self,
        op: &Op,
        request: &Request,
        words: Words<'_>,
        reads: Option<&PageReads>,
    ) -> Result<Outcome, Failure> {
        let response = match self.send(request.clone()).await {
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
        let parsed = ParsedBody::of(&response, op, reads);
        let recipe = &self.provider.recipe.call;
        self.rate_limiter.learn(&recipe.budget, &response, &parsed.value, now);
        let classified = classify(&recipe.verdict, &response, &parsed.value, now);
        if classified.class != ResponseClass::Ok {
            let Classified { class, kind, wait, say } = classified;
            let message = refusal_message(&self.provider, request, &response, &parsed, say.as_deref(), words);
            let too_much = too_much(op, &response, class);
            return Ok(Outcome::Bad { class, kind, wait, message, too_much });
        }
        let Some(why) = &parsed.fault else {
            return Ok(Outcome::Good(Answer { headers: response.headers, body: parsed.value, items: parsed.items }));
        };
        let message = unreadable_message(&self.provider, request, &response, &parsed, why, words);
        let (class, kind) = (ResponseClass::Down, parsed.kind.failure());
        Ok(Outcome::Bad { class, kind, wait: None, message, too_much: None })
    }

    fn backoff(&self, tries: u32, first: Duration) -> Duration {
        let full = first * 2_u32.saturating_pow(tries.saturating_sub(1).min(6));
        let half = u64::try_from(full.as_millis() / 2).unwrap_or(0);
        full / 2 + Duration::from_millis(self.outside.random.below(half + 1))
    }
}
