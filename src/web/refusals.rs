//! What strangers were refused: counted, and said once a minute, so that nobody fills the log from outside.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::model::{FailureKind, Noun};

/// What anybody can bring about who holds nothing of ours.
const STRANGERS: &[FailureKind] = &[
    FailureKind::TooFast,
    FailureKind::TooLarge,
    FailureKind::TooSlow,
    FailureKind::BadAddress,
    FailureKind::BadCallback,
    FailureKind::BadField,
    FailureKind::BadQuery,
    FailureKind::BadSignature,
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

/// The kind of a refusal, on its way out with the answer.
#[derive(Debug, Clone)]
pub(super) struct Refused(pub(super) FailureKind);

/// Refusals since the last line.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, u64>>);

/// Whether it is worth no line of its own.
pub(super) fn is_noise(kind: &FailureKind) -> bool {
    STRANGERS.contains(kind)
}

impl Refusals {
    pub(super) fn note(&self, kind: &FailureKind) {
        if is_noise(kind) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(kind.code().to_owned()).or_default() += 1;
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
