//! The time. Frozen in tests: there `sleep` moves the clock instead of waiting.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::model::Time;

/// A difference between two clocks that is let be: no lease is so short, and time that jumps is worse.
const LET_BE_MS: i64 = 500;
/// A difference that somebody should know of.
const FAR_MS: i64 = 5_000;

/// Tells the time and waits.
#[derive(Clone, Debug)]
pub struct Clock {
    frozen: Option<Arc<AtomicI64>>,
    /// What is added to what the clock of this machine shows, in milliseconds.
    correction: Arc<AtomicI64>,
    /// How far the machine's clock is ahead of the truth, for tests.
    wrong_by: i64,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { frozen: None, correction: Arc::default(), wrong_by: 0 }
    }

    /// A clock that stands at `at` until somebody sleeps on it or advances it.
    pub fn frozen(at: Time) -> Self {
        Self { frozen: Some(Arc::new(AtomicI64::new(at.unix_ms()))), ..Self::system() }
    }

    /// The clock of a machine that is so many milliseconds ahead.
    pub fn system_ahead(by_ms: i64) -> Self {
        Self { wrong_by: by_ms, ..Self::system() }
    }

    /// The present moment, corrected.
    pub fn now(&self) -> Time {
        Time::from_unix_ms(self.uncorrected().unix_ms().saturating_add(self.correction_ms()))
    }

    /// What the clock of this machine shows.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the system clock")]
    pub fn uncorrected(&self) -> Time {
        let shown = |ms: &Arc<AtomicI64>| Time::from_unix_ms(ms.load(Ordering::SeqCst));
        let system = || Time::from_unix_ms(Time::from(chrono::Utc::now()).unix_ms().saturating_add(self.wrong_by));
        self.frozen.as_ref().map_or_else(system, shown)
    }

    /// What is added to what this machine's clock shows, in milliseconds.
    pub fn correction_ms(&self) -> i64 {
        self.correction.load(Ordering::SeqCst)
    }

    /// From now on so many milliseconds are added, for everybody who holds this clock.
    pub fn correct(&self, by_ms: i64) {
        self.correction.store(by_ms, Ordering::SeqCst);
    }

    /// Follows another clock that is so many milliseconds ahead of what this machine shows, where the difference is more than
    /// `exact_to_ms` and worth it. A frozen clock follows nobody.
    pub fn follow(&self, ahead_ms: i64, exact_to_ms: i64) {
        if !self.is_frozen() && (ahead_ms - self.correction_ms()).abs() > exact_to_ms.max(LET_BE_MS) {
            self.correct(ahead_ms);
        }
    }

    /// Whether this machine's clock is so far off that somebody should set it.
    pub fn is_far_off(&self) -> bool {
        self.correction_ms().abs() >= FAR_MS
    }

    /// How far this machine's clock is off, in words.
    pub fn latest_correction(&self) -> String {
        let ms = self.correction_ms();
        let side = if ms < 0 { "ahead of" } else { "behind" };
        let (seconds, tenth) = (ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000 / 100);
        format!("this machine's clock is {seconds}.{tenth} s {side} the database server's: set it, with NTP for one")
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// How long the machine runs, with the time that it or this process stood still: for deadlines, which a stop must not move.
    pub fn uptime(&self) -> Duration {
        let Some(ms) = &self.frozen else { return boot_time() };
        Duration::from_millis(u64::try_from(ms.load(Ordering::SeqCst)).unwrap_or(0))
    }

    /// Waits; a frozen clock jumps ahead instead.
    #[expect(clippy::disallowed_methods, reason = "this is the door to waiting")]
    pub async fn sleep(&self, wait: Duration) {
        if self.frozen.is_some() {
            self.advance(wait);
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(wait).await;
        }
    }

    /// A breath between two looks at something; a frozen clock takes none.
    pub async fn pause(&self, breath: Duration) {
        if self.frozen.is_none() {
            self.sleep(breath).await;
        }
    }

    /// Waits for the next heartbeat of something that lives beside the work it keeps alive. A frozen clock has none: it would run
    /// ahead of the work.
    pub async fn beat(&self, every: Duration) {
        if self.frozen.is_some() {
            std::future::pending::<()>().await;
        }
        self.sleep(every).await;
    }

    /// Moves a frozen clock ahead; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Some(ms) = &self.frozen {
            ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

/// The clock that counts suspended time too, where the system has one.
fn boot_time() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    let part = |number: i64| u64::try_from(number).unwrap_or(0);
    Duration::from_secs(part(now.tv_sec)) + Duration::from_nanos(part(now.tv_nsec))
}
