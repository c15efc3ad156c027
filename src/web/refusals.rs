//! What strangers were refused: counted, and said once a minute, so that nobody fills the log from outside.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Codes of what anybody can bring about who holds nothing of ours.
const STRANGERS: [&str; 19] = [
    "too_fast",
    "too_large",
    "too_slow",
    "bad_address",
    "bad_callback",
    "bad_field",
    "bad_query",
    "bad_signature",
    "no_app",
    "not_signed",
    "other_browser",
    "stale_signature",
    "state_missing",
    "state_unknown",
    "unauthorized",
    "unknown_client",
    "unknown_connection",
    "unknown_provider",
    "unknown_route",
];

/// The code of a refusal, on its way out with the answer.
#[derive(Debug, Clone)]
pub(super) struct Refused(pub(super) String);

/// Refusals since the last line.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, u64>>);

/// Whether it is worth no line of its own.
pub(super) fn is_noise(code: &str) -> bool {
    STRANGERS.contains(&code)
}

impl Refusals {
    pub(super) fn note(&self, code: &str) {
        if is_noise(code) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(code.to_owned()).or_default() += 1;
        }
    }

    /// Says what was refused, where anything was.
    pub(super) fn tell(&self) {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return;
        }
        let all: u64 = counts.values().sum();
        let each: Vec<String> = counts.iter().map(|(code, count)| format!("{code} {count}")).collect();
        tracing::warn!(
            refused = all,
            "requests of strangers were refused since the last such line: {}",
            each.join(", ")
        );
    }
}
