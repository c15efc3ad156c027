//! Rate limits of incoming requests. Unauthenticated callers are limited by address; a request with a link that we
//! signed or a state that we issued is limited by that, so that other callers' traffic never causes its refusal.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};

use super::caller::Caller;
use crate::model::{Failure, FailureKind};

/// The limit of the table in keys: about a megabyte. Beyond it, new keys share one bucket.
const MOST_KEYS: usize = 10_000;
/// The shortest interval between two removals of idle keys.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// A limit of requests per second for each key.
pub(super) struct Brake<K: Hash + Eq + Clone> {
    keys: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
    /// Shared by all keys that do not fit in the table.
    rest: DefaultDirectRateLimiter,
    clock: DefaultClock,
    most: usize,
    tidied: Mutex<Option<Instant>>,
}

impl<K: Hash + Eq + Clone> Brake<K> {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self::with_room(per_second, MOST_KEYS)
    }

    fn with_room(per_second: NonZeroU32, most: usize) -> Self {
        Self {
            keys: RateLimiter::hashmap(Quota::per_second(per_second)),
            rest: RateLimiter::direct(Quota::per_second(per_second.saturating_mul(per_second))),
            clock: DefaultClock::default(),
            most,
            tidied: Mutex::default(),
        }
    }

    /// Counts a request; the error is the wait if it exceeds the limit.
    pub(super) fn check(&self, key: &K) -> Result<(), Duration> {
        let now = self.clock.now();
        let checked = if self.has_room(now) { self.keys.check_key(key) } else { self.rest.check() };
        checked.map_err(|early| early.wait_time_from(now))
    }

    fn has_room(&self, now: Instant) -> bool {
        if self.keys.len() < self.most {
            return true;
        }
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        if tidied.is_none_or(|last| now.saturating_duration_since(last) >= TIDY_EVERY) {
            *tidied = Some(now);
            self.keys.retain_recent();
            self.keys.shrink_to_fit();
        }
        self.keys.len() < self.most
    }
}

/// Failed authentications by caller: after too many, the caller is refused without a check for a time.
pub(super) struct Guesses {
    brake: Brake<Caller>,
    shut: Mutex<HashMap<Caller, Instant>>,
}

impl Guesses {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self { brake: Brake::new(per_second), shut: Mutex::default() }
    }

    /// Whether the caller may authenticate; the error is the wait.
    pub(super) fn may(&self, caller: &Caller) -> Result<(), Duration> {
        let now = self.brake.clock.now();
        let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        match shut.get(caller).map(|until| until.saturating_duration_since(now)) {
            Some(wait) if !wait.is_zero() => return Err(wait),
            Some(_) => drop(shut.remove(caller)),
            None => {}
        }
        Ok(())
    }

    /// Counts a failed authentication.
    pub(super) fn wrong(&self, caller: Caller) {
        if let Err(wait) = self.brake.check(&caller) {
            let now = self.brake.clock.now();
            let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
            if shut.len() >= MOST_KEYS {
                shut.retain(|_, until| *until > now);
            }
            if shut.len() < MOST_KEYS {
                shut.insert(caller, now + wait);
            }
        }
    }
}

/// The 429 failure.
pub(super) fn too_fast(wait: Duration) -> Failure {
    Failure::new(FailureKind::TooFast, "too many requests; try again in a moment").after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: NonZeroU32 = NonZeroU32::new(2).expect("is not zero");

    #[test]
    fn one_key_s_noise_is_no_other_s() {
        let brake = Brake::<u32>::new(TWO);
        assert!((0..100).filter(|_| brake.check(&1).is_err()).count() > 50);
        assert!(brake.check(&2).is_ok());
        let wait = (0..100).find_map(|_| brake.check(&1).err()).expect("is refused");
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[test]
    fn the_table_stays_small_and_newcomers_share_one_bucket() {
        let brake = Brake::<u32>::with_room(TWO, 10);
        let refused = (0..10_000).filter(|key| brake.check(key).is_err()).count();
        assert!(brake.keys.len() <= 10, "{}", brake.keys.len());
        assert!(refused > 5_000, "{refused}");
    }
}
