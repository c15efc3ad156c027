//! Logs recurring failures once a minute, and once when they end.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{model::Time, outside::Clock};

/// The least time between two lines about one failure.
const EVERY: Duration = Duration::from_mins(1);

/// The present failures, by operation ("look for jobs").
#[derive(Default)]
pub(super) struct Troubles {
    /// Set on the first failure, so that nobody takes the lock while all is well.
    any: AtomicBool,
    known: Mutex<HashMap<&'static str, Trouble>>,
}

/// One failing operation.
#[derive(Clone, Copy)]
struct Trouble {
    since: Time,
    told: Time,
    left_out: u64,
    over: bool,
    /// Whether its beginning was logged; only then is its end logged, too.
    was_told: bool,
}

/// A line for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LogLine {
    Trouble { left_out: u64 },
    Over { since: Time, left_out: u64 },
}

impl Troubles {
    /// Records a failure.
    pub(super) fn tell(&self, clock: &Clock, what: &'static str, why: &dyn Display) {
        match self.record_failure(clock.now(), what) {
            Some(LogLine::Trouble { left_out: 0 }) => tracing::error!("cannot {what}: {why}"),
            Some(LogLine::Trouble { left_out }) => {
                tracing::error!(
                    left_out,
                    "cannot {what}: {why} (left_out counts the repetitions that were not logged)"
                );
            }
            _ => {}
        }
    }

    /// Records a success.
    pub(super) fn end(&self, clock: &Clock, what: &'static str) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        if let Some(LogLine::Over { since, left_out }) = self.record_success(what) {
            let seconds = clock.now().since(since).as_secs();
            tracing::info!(left_out, seconds, "can {what} again");
        }
    }

    fn record_failure(&self, now: Time, what: &'static str) -> Option<LogLine> {
        self.any.store(true, Ordering::Relaxed);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trouble) = known.get_mut(what) else {
            known.insert(what, Trouble { since: now, told: now, left_out: 0, over: false, was_told: true });
            return Some(LogLine::Trouble { left_out: 0 });
        };
        if trouble.over {
            (trouble.since, trouble.over, trouble.was_told) = (now, false, false);
        }
        if now.since(trouble.told) < EVERY && now >= trouble.told {
            trouble.left_out += 1;
            return None;
        }
        (trouble.told, trouble.was_told) = (now, true);
        Some(LogLine::Trouble { left_out: std::mem::take(&mut trouble.left_out) })
    }

    fn record_success(&self, what: &'static str) -> Option<LogLine> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = known.get_mut(what).filter(|trouble| !trouble.over)?;
        trouble.over = true;
        trouble
            .was_told
            .then(|| LogLine::Over { since: trouble.since, left_out: std::mem::take(&mut trouble.left_out) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_once_a_minute_and_when_it_is_over() {
        let troubles = Troubles::default();
        let at = |seconds: i64| Time::from_unix_ms(1_000_000_000_000 + seconds * 1000);
        let lines: Vec<_> = (0..900).filter_map(|n| troubles.record_failure(at(n / 15), "look")).collect();
        assert_eq!(lines, [LogLine::Trouble { left_out: 0 }], "fifteen a second, one line in a minute");
        assert_eq!(troubles.record_failure(at(60), "look"), Some(LogLine::Trouble { left_out: 899 }));
        assert_eq!(troubles.record_failure(at(61), "look"), None);
        assert_eq!(
            troubles.record_failure(at(61), "tick"),
            Some(LogLine::Trouble { left_out: 0 }),
            "another operation is logged by itself"
        );
        assert_eq!(troubles.record_success("look"), Some(LogLine::Over { since: at(0), left_out: 1 }));
        assert_eq!(troubles.record_success("look"), None, "once");
        // Alternating success and failure: no more lines than before.
        let flicker: Vec<_> = (62..119)
            .flat_map(|n| [troubles.record_failure(at(n), "look"), troubles.record_success("look")])
            .flatten()
            .collect();
        assert_eq!(flicker, []);
        assert_eq!(troubles.record_failure(at(121), "look"), Some(LogLine::Trouble { left_out: 57 }));
        assert_eq!(troubles.record_success("look"), Some(LogLine::Over { since: at(121), left_out: 0 }));
    }
}
