//! The clock. Frozen in tests: there `sleep` advances the clock instead of waiting.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::model::Time;

/// A smaller difference between two clocks is ignored: no lease is so short, and a jump in time does more harm.
const LET_BE_MS: i64 = 500;
/// From this difference on an operator is warned.
const FAR_MS: i64 = 5_000;

/// Returns the time and sleeps.
#[derive(Clone, Debug)]
pub struct Clock {
    frozen: Option<Arc<AtomicI64>>,
    /// Added to the clock of this machine, in milliseconds.
    correction: Arc<AtomicI64>,
    /// Simulated error of the machine's clock in milliseconds, for tests.
    wrong_by: i64,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { frozen: None, correction: Arc::default(), wrong_by: 0 }
    }

    /// A clock that stands at `at` until `sleep` or `advance` moves it.
    pub fn frozen(at: Time) -> Self {
        Self { frozen: Some(Arc::new(AtomicI64::new(at.unix_ms()))), ..Self::system() }
    }

    /// A system clock that is `by_ms` milliseconds ahead, for tests.
    pub fn system_ahead(by_ms: i64) -> Self {
        Self { wrong_by: by_ms, ..Self::system() }
    }

    /// The current time, corrected.
    pub fn now(&self) -> Time {
        Time::from_unix_ms(self.uncorrected().unix_ms().saturating_add(self.correction_ms()))
    }

    /// The time by the clock of this machine.
    #[expect(clippy::disallowed_methods, reason = "the only access to the system clock")]
    pub fn uncorrected(&self) -> Time {
        let shown = |ms: &Arc<AtomicI64>| Time::from_unix_ms(ms.load(Ordering::SeqCst));
        let system = || Time::from_unix_ms(Time::from(chrono::Utc::now()).unix_ms().saturating_add(self.wrong_by));
        self.frozen.as_ref().map_or_else(system, shown)
    }

    /// The correction of this machine's clock, in milliseconds.
    pub fn correction_ms(&self) -> i64 {
        self.correction.load(Ordering::SeqCst)
    }

    /// Sets the correction for all clones of this clock.
    pub fn correct(&self, by_ms: i64) {
        self.correction.store(by_ms, Ordering::SeqCst);
    }

    /// Follows another clock that is `ahead_ms` ahead of this machine's, if the change exceeds the measurement error
    /// `exact_to_ms` and half a second. A frozen clock is not changed.
    pub fn follow(&self, ahead_ms: i64, exact_to_ms: i64) {
        if !self.is_frozen() && (ahead_ms - self.correction_ms()).abs() > exact_to_ms.max(LET_BE_MS) {
            self.correct(ahead_ms);
        }
    }

    /// Whether this machine's clock is off by five seconds or more.
    pub fn is_far_off(&self) -> bool {
        self.correction_ms().abs() >= FAR_MS
    }

    /// The correction as a message for an operator.
    pub fn latest_correction(&self) -> String {
        let ms = self.correction_ms();
        let side = if ms < 0 { "ahead of" } else { "behind" };
        let (seconds, tenth) = (ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000 / 100);
        format!(
            "this machine's clock is {seconds}.{tenth} s {side} the database server's: correct it, for example with NTP"
        )
    }

    /// Whether the clock is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// The time since boot, including the time that the machine or this process was suspended: for deadlines, which a
    /// suspension must not postpone.
    pub fn uptime(&self) -> Duration {
        let Some(ms) = &self.frozen else { return boot_time() };
        Duration::from_millis(u64::try_from(ms.load(Ordering::SeqCst)).unwrap_or(0))
    }

    /// Sleeps; a frozen clock is advanced instead.
    #[expect(clippy::disallowed_methods, reason = "the only access to sleeping")]
    pub async fn sleep(&self, wait: Duration) {
        if self.frozen.is_some() {
            self.advance(wait);
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(wait).await;
        }
    }

    /// Sleeps between two polls; returns at once with a frozen clock.
    pub async fn pause(&self, wait: Duration) {
        if self.frozen.is_none() {
            self.sleep(wait).await;
        }
    }

    /// Waits for the next heartbeat of a background task, such as a lease renewal. Never returns with a frozen clock:
    /// the heartbeat would advance the time under the work.
    pub async fn beat(&self, every: Duration) {
        if self.frozen.is_some() {
            std::future::pending::<()>().await;
        }
        self.sleep(every).await;
    }

    /// Advances a frozen clock; the system's clock is not changed.
    pub fn advance(&self, by: Duration) {
        if let Some(ms) = &self.frozen {
            ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

/// A monotonic clock that includes suspended time, if the system has one.
fn boot_time() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    let part = |number: i64| u64::try_from(number).unwrap_or(0);
    Duration::from_secs(part(now.tv_sec)) + Duration::from_nanos(part(now.tv_nsec))
}
