//! The time. Frozen in tests: there `sleep` moves the clock instead of waiting.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::model::Time;

/// Tells the time and waits.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `at` until somebody sleeps on it or advances it.
    pub fn frozen(at: Time) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.unix_ms()))))
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the system clock")]
    pub fn now(&self) -> Time {
        self.0.as_ref().map_or_else(|| chrono::Utc::now().into(), |ms| Time::from_unix_ms(ms.load(Ordering::SeqCst)))
    }

    /// How long the machine runs, with the time that it or this process stood still: for deadlines, which a stop must not move.
    pub fn uptime(&self) -> Duration {
        let Some(ms) = &self.0 else { return boot_time() };
        Duration::from_millis(u64::try_from(ms.load(Ordering::SeqCst)).unwrap_or(0))
    }

    /// Waits; a frozen clock jumps ahead instead.
    #[expect(clippy::disallowed_methods, reason = "this is the door to waiting")]
    pub async fn sleep(&self, wait: Duration) {
        if self.0.is_some() {
            self.advance(wait);
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(wait).await;
        }
    }

    /// A breath between two looks at something; a frozen clock takes none.
    pub async fn pause(&self, breath: Duration) {
        if self.0.is_none() {
            self.sleep(breath).await;
        }
    }

    /// Waits for the next heartbeat of something that lives beside the work it keeps alive. A frozen clock has none: it would run
    /// ahead of the work.
    pub async fn beat(&self, every: Duration) {
        if self.0.is_some() {
            std::future::pending::<()>().await;
        }
        self.sleep(every).await;
    }

    /// Moves a frozen clock ahead; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Some(ms) = &self.0 {
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
