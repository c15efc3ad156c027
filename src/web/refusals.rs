//! Counts refused requests that anybody can cause, and logs the counts once per minute, so that outsiders cannot flood
//! the log.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::model::{FailureKind, Noun};

/// Failures that a caller without any credentials can cause.
const STRANGERS: &[FailureKind] = &[
    FailureKind::TooFast,
    FailureKind::TooLarge,
    FailureKind::TooSlow,
    FailureKind::BadAddress,
    FailureKind::BadCallback,
    FailureKind::BadField,
    FailureKind::BadQuery,
    FailureKind::BadSignature,
    FailureKind::KeysUnread,
    FailureKind::NoApp,
    FailureKind::NotSigned,
    FailureKind::OtherBrowser,
    FailureKind::StaleSignature,
    FailureKind::StateMissing,
    FailureKind::StateUnknown,
    FailureKind::Unauthorized,
    FailureKind::UnknownRoute,
    FailureKind::NotFound(Noun::Client),
    FailureKind::NotFound(Noun::Connection),
    FailureKind::NotFound(Noun::Provider),
];

/// The kind of a failure, attached to its response.
#[derive(Debug, Clone)]
pub(super) struct Refused(pub(super) FailureKind);

/// Counts since the last log line, by code.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, u64>>);

/// Whether a failure is only counted and gets no log line of its own.
pub(super) fn is_noise(kind: &FailureKind) -> bool {
    STRANGERS.contains(kind)
}

impl Refusals {
    pub(super) fn note(&self, kind: &FailureKind) {
        if is_noise(kind) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(kind.code().to_owned()).or_default() += 1;
        }
    }

    /// Logs the counts and resets them; logs nothing if there are none.
    pub(super) fn tell(&self) {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return;
        }
        let all: u64 = counts.values().sum();
        let each: Vec<String> = counts.iter().map(|(code, count)| format!("{code} {count}")).collect();
        tracing::warn!(refused = all, "requests refused since the last line like this, by code: {}", each.join(", "));
    }
}
