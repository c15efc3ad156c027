//! Whatever goes wrong: its kind for programs, a sentence for people, and its cause.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::{
    failure_kind::{FailureKind, Noun, Remedy},
    text,
};

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 2000;

/// A failure: its kind for programs, a sentence for people, and what caused it. Never holds a secret.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// What happened, where, and what to do.
    pub message: String,
    wait: Option<Duration>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure of a kind. The message may repeat what somebody else wrote: it is cleaned and bounded, so that every column can hold it.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: text::shortened(&message.into(), MAX_MESSAGE), wait: None, source: None }
    }

    /// There is nothing with this id.
    pub fn not_found(noun: Noun, id: impl fmt::Display) -> Self {
        let text = format!("there is no {} '{id}'; see: store-sync {}", noun.as_str(), noun.list());
        Self::new(FailureKind::NotFound(noun), text)
    }

    /// The same, not to be tried again before `wait` has passed, if there is one.
    #[must_use]
    pub fn after(self, wait: impl Into<Option<Duration>>) -> Self {
        Self { wait: wait.into(), ..self }
    }

    /// The same, caused by `source`, which the message tells already.
    #[must_use]
    pub fn because(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// The same, told with the place it is about in front.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self { message: text::shortened(&format!("{place}: {}", self.message), MAX_MESSAGE), ..self }
    }

    /// Its kind's code.
    pub fn code(&self) -> &str {
        self.kind.code()
    }

    /// What helps.
    pub fn remedy(&self) -> Remedy {
        match self.kind.remedy() {
            Remedy::Retry(_) => Remedy::Retry(self.wait),
            other => other,
        }
    }

    /// Code and message, as error columns keep them.
    pub fn parts(&self) -> (&str, &str) {
        (self.code(), &self.message)
    }

    /// After how many seconds HTTP's `Retry-After` bids to ask again: what is known, rounded up, or what the status calls for.
    pub fn retry_after_s(&self) -> Option<u64> {
        let Remedy::Retry(wait) = self.remedy() else { return None };
        wait.map(|wait| wait.as_secs() + 1).or_else(|| match self.kind.http_status() {
            429 => Some(1),
            503 => Some(60),
            _ => None,
        })
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.message == other.message && self.wait == other.wait
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// The database failed: the work is whole (its transaction was rolled back) and may be tried again.
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::new(FailureKind::Database, format!("the database refused: {error}")).because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::ShopAnswer, *};

    #[test]
    fn a_code_of_a_providers_file_is_told_and_steers_nothing() {
        let failure = Failure::new(FailureKind::shop_says(ShopAnswer::Missing, "paused"), "gone");
        assert_eq!((failure.code(), failure.remedy()), ("paused", Remedy::GiveUp));
        assert!(
            failure.kind != FailureKind::Paused && matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _))
        );
    }

    #[test]
    fn a_shop_may_call_its_errors_as_it_likes() {
        for code in ["paused", "KEY_REFUSED", "rights", "unknown_product", "interrupted"] {
            let failure = Failure::new(FailureKind::graphql(ShopAnswer::Refused, code), "no");
            assert_eq!(
                (failure.code(), failure.remedy()),
                (&*format!("graphql_{}", code.to_lowercase()), Remedy::GiveUp)
            );
            assert!(FailureKind::is_ours(failure.code()), "no file may name it either");
        }
    }

    #[test]
    fn a_wait_is_told_to_whoever_may_try_again() {
        let throttled =
            Failure::new(FailureKind::shop(ShopAnswer::Throttled), "slow down").after(Duration::from_millis(2500));
        assert_eq!((throttled.retry_after_s(), throttled.kind.exit_code()), (Some(3), 75));
        assert_eq!(Failure::new(FailureKind::TooFast, "").retry_after_s(), Some(1));
        assert_eq!(Failure::new(FailureKind::Paused, "").after(Duration::from_secs(9)).retry_after_s(), None);
    }

    #[test]
    fn a_failure_keeps_what_caused_it() {
        let failure = Failure::from(sqlx::Error::PoolClosed);
        let cause = failure.source().and_then(|source| source.downcast_ref());
        assert!(matches!(cause, Some(sqlx::Error::PoolClosed)));
        assert!(failure.message.contains("closed pool"), "{failure}");
    }
}
