//! Rate limits: one limiter per shop, shared by all clients of that shop in this process.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter as Governor,
    clock::Clock as GovernorClock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use serde_json::Value;

use super::{Provider, path::as_text, recipe::CallBudget};
use crate::{
    model::Time,
    outside::{Clock, Response},
};

/// The longest pause. A shop that asks for more has sent a date instead of a duration, or an absurd value.
const QUIET_AT_MOST: Duration = Duration::from_hours(1);

/// The rate limiters of this process, by provider and shop.
#[derive(Debug, Default)]
pub struct RateLimiters(Mutex<HashMap<(String, String), Arc<RateLimiter>>>);

impl RateLimiters {
    pub(super) fn of(&self, provider: &Provider, store_url: &str, clock: &Clock) -> Arc<RateLimiter> {
        let mut rate_limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (provider.key().to_owned(), store_url.to_owned());
        rate_limiters
            .entry(key)
            .or_insert_with(|| Arc::new(RateLimiter::new(&provider.recipe.call.budget, clock)))
            .clone()
    }
}

/// The rate limiter of one shop.
#[derive(Debug)]
pub(super) struct RateLimiter {
    windows: Vec<CallLimiter>,
    bucket: Mutex<Option<CostBucket>>,
    /// The shop asked for a pause until then.
    quiet_until: Mutex<Option<Time>>,
}

type CallLimiter = Governor<NotKeyed, InMemoryState, LimiterClock, NoOpMiddleware<Nanos>>;

/// The last known state of a cost bucket.
#[derive(Debug, Clone, Copy)]
struct CostBucket {
    maximum: f64,
    left: f64,
    refill_per_s: f64,
    seen_at: Time,
}

impl RateLimiter {
    fn new(budgets: &[CallBudget], clock: &Clock) -> Self {
        let windows = budgets.iter().filter_map(|budget| match budget {
            CallBudget::FixedWindow { requests, per } => {
                let burst = NonZeroU32::new(*requests)?;
                let quota = Quota::with_period(per.0 / burst.get())?.allow_burst(burst);
                Some(Governor::direct_with_clock(quota, LimiterClock(clock.clone())))
            }
            _ => None,
        });
        let bucket = budgets.iter().find_map(|budget| match budget {
            CallBudget::CostBucket { default_maximum, default_refill, .. } => Some(CostBucket {
                maximum: *default_maximum,
                left: *default_maximum,
                refill_per_s: *default_refill,
                seen_at: clock.now(),
            }),
            _ => None,
        });
        Self { windows: windows.collect(), bucket: Mutex::new(bucket), quiet_until: Mutex::new(None) }
    }

    /// Waits until a call of this cost fits the budget, and deducts it.
    ///
    /// # Errors
    /// Fails with the wait if a pause or the cost bucket takes longer than `patience`: a shop may ask for any time. A
    /// fixed window is waited for without that limit.
    pub(super) async fn acquire(&self, cost: f64, patience: Duration, clock: &Clock) -> Result<(), Duration> {
        let mut waited = Duration::ZERO;
        while let Some(wait) = self.wait(cost, clock.now()) {
            waited = waited.saturating_add(wait);
            if waited > patience {
                return Err(wait);
            }
            clock.sleep(wait).await;
        }
        for window in &self.windows {
            while let Err(until) = window.check() {
                let wait = until.wait_time_from(LimiterClock(clock.clone()).now());
                clock.sleep(wait.max(Duration::from_millis(1))).await;
            }
        }
        Ok(())
    }

    /// How long a call of this cost has to wait; `None` if it may go now, with the cost deducted.
    fn wait(&self, cost: f64, now: Time) -> Option<Duration> {
        let pause = lock(&self.quiet_until).map(|until| until.since(now)).filter(|wait| !wait.is_zero());
        if pause.is_some() {
            return pause;
        }
        let mut bucket = lock(&self.bucket);
        let bucket = bucket.as_mut()?;
        bucket.fill(now);
        let missing = cost.min(bucket.maximum) - bucket.left;
        if missing > 0.0 && bucket.refill_per_s > 0.0 {
            let wait = Duration::try_from_secs_f64(missing / bucket.refill_per_s).unwrap_or(QUIET_AT_MOST);
            return Some(wait.clamp(Duration::from_millis(1), QUIET_AT_MOST));
        }
        bucket.left -= cost;
        None
    }

    /// Updates the budgets from a response.
    pub(super) fn learn(&self, budgets: &[CallBudget], response: &Response, body: &Value, now: Time) {
        for budget in budgets {
            match budget {
                CallBudget::FixedWindow { .. } => {}
                CallBudget::RemainingHeader { remaining, reset_after_s, reset_after_ms, floor } => {
                    let left = response.header(remaining).and_then(|text| text.trim().parse::<i64>().ok());
                    let number = |name: &Option<String>| response.header(name.as_ref()?)?.trim().parse::<f64>().ok();
                    let reset = number(reset_after_s).or_else(|| Some(number(reset_after_ms)? / 1000.0));
                    if left.is_some_and(|left| left <= *floor) {
                        let wait =
                            reset.and_then(|s| Duration::try_from_secs_f64(s).ok()).unwrap_or(Duration::from_secs(1));
                        self.pause_until(now, wait);
                    }
                }
                CallBudget::CostBucket { maximum, left, refill, .. } => {
                    let number = |path: &super::path::Path| path.get(body).and_then(as_text)?.parse::<f64>().ok();
                    if let (Some(maximum), Some(left), Some(refill_per_s)) =
                        (number(maximum), number(left), number(refill))
                    {
                        *lock(&self.bucket) = Some(CostBucket { maximum, left, refill_per_s, seen_at: now });
                    }
                }
            }
        }
    }

    /// Pauses all calls to this shop for `wait`, at most an hour.
    pub(super) fn pause_until(&self, now: Time, wait: Duration) {
        let until = now.plus(wait.min(QUIET_AT_MOST));
        let mut pause = lock(&self.quiet_until);
        *pause = Some(pause.map_or(until, |known| known.max(until)));
    }
}

impl CostBucket {
    fn fill(&mut self, now: Time) {
        let gained = now.since(self.seen_at).as_secs_f64() * self.refill_per_s;
        self.left = (self.left + gained).min(self.maximum);
        self.seen_at = now;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adapter from our clock to the `governor` crate's.
#[derive(Debug, Clone)]
struct LimiterClock(Clock);

impl GovernorClock for LimiterClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let ms = u64::try_from(self.0.now().unix_ms()).unwrap_or(0);
        Nanos::from(Duration::from_millis(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn budgets(text: &str) -> Vec<CallBudget> {
        #[derive(serde::Deserialize)]
        struct File {
            budget: Vec<CallBudget>,
        }
        toml::from_str::<File>(text).expect("budgets").budget
    }

    #[tokio::test]
    async fn a_window_lets_its_burst_through_and_then_waits() {
        let clock = Clock::frozen(Time::from_unix_ms(1_000_000));
        let rate_limiter =
            RateLimiter::new(&budgets("[[budget]]\nkind = 'fixed_window'\nrequests = 2\nper = '10s'\n"), &clock);
        let start = clock.now();
        rate_limiter.acquire(1.0, PATIENCE, &clock).await.expect("fits");
        rate_limiter.acquire(1.0, PATIENCE, &clock).await.expect("fits");
        assert_eq!(clock.now().since(start), Duration::ZERO);
        rate_limiter.acquire(1.0, PATIENCE, &clock).await.expect("fits");
        assert!(clock.now().since(start) >= Duration::from_secs(5), "the third waits for its share of the window");
    }

    #[tokio::test]
    async fn a_bucket_is_emptied_and_fills_again() {
        let clock = Clock::frozen(Time::from_unix_ms(1_000_000));
        let text = "[[budget]]\nkind = 'cost_bucket'\nmaximum = 'm'\nleft = 'l'\nrefill = 'r'\ndefault_maximum = 100.0\ndefault_refill = 10.0\n";
        let (rate_limiter, start) = (RateLimiter::new(&budgets(text), &clock), clock.now());
        rate_limiter.acquire(80.0, PATIENCE, &clock).await.expect("fits");
        rate_limiter.acquire(50.0, PATIENCE, &clock).await.expect("fits");
        assert_eq!(clock.now().since(start), Duration::from_secs(3), "30 are missing, 10 come a second");
        let response = Response { status: 200, headers: http::HeaderMap::new(), body: bytes::Bytes::new() };
        rate_limiter.learn(&budgets(text), &response, &serde_json::json!({"m": 100, "l": 0, "r": 50}), clock.now());
        rate_limiter.acquire(50.0, PATIENCE, &clock).await.expect("fits");
        assert_eq!(clock.now().since(start), Duration::from_secs(4), "the shop's word replaces ours");
    }

    #[tokio::test]
    async fn an_empty_header_budget_brings_quiet() {
        let clock = Clock::frozen(Time::from_unix_ms(1_000_000));
        let budgets =
            budgets("[[budget]]\nkind = 'remaining_header'\nremaining = 'x-left'\nreset_after_s = 'x-reset'\n");
        let (rate_limiter, start) = (RateLimiter::new(&budgets, &clock), clock.now());
        let mut headers = http::HeaderMap::new();
        headers.insert("x-left", "0".parse().expect("a header"));
        headers.insert("x-reset", "7".parse().expect("a header"));
        let response = Response { status: 200, headers, body: bytes::Bytes::new() };
        rate_limiter.learn(&budgets, &response, &Value::Null, clock.now());
        rate_limiter.acquire(1.0, PATIENCE, &clock).await.expect("fits");
        assert_eq!(clock.now().since(start), Duration::from_secs(7));
    }

    #[tokio::test]
    async fn a_shop_that_asks_for_quiet_without_end_holds_nobody_up() {
        let clock = Clock::frozen(Time::from_unix_ms(1_000_000));
        let text = "[[budget]]\nkind = 'remaining_header'\nremaining = 'x-left'\nreset_after_s = 'x-reset'\n\
                    [[budget]]\nkind = 'cost_bucket'\nmaximum = 'm'\nleft = 'l'\nrefill = 'r'\ndefault_maximum = 100.0\ndefault_refill = 10.0\n";
        let answer = |reset: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("x-left", "0".parse().expect("a header"));
            headers.insert("x-reset", reset.parse().expect("a header"));
            Response { status: 200, headers, body: bytes::Bytes::new() }
        };
        for (reset, body) in [
            // The time of day where a number of seconds belongs.
            ("1795921337", Value::Null),
            ("1e300", Value::Null),
            ("0", serde_json::json!({"m": 100, "l": 0, "r": 1e-12})),
        ] {
            let (rate_limiter, start) = (RateLimiter::new(&budgets(text), &clock), clock.now());
            rate_limiter.learn(&budgets(text), &answer(reset), &body, clock.now());
            let wait = rate_limiter.acquire(50.0, PATIENCE, &clock).await;
            if reset == "1e300" {
                assert_eq!((wait, clock.now().since(start)), (Ok(()), Duration::from_secs(1)), "no number");
                continue;
            }
            assert_eq!((wait, clock.now().since(start)), (Err(QUIET_AT_MOST), Duration::ZERO), "{reset}");
        }
    }
}
