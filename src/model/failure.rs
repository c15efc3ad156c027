//! Whatever goes wrong with a shop, said as what to do about it.

use std::time::Duration;

use super::text;

/// Code of whatever ends because the job is another worker's by now.
pub const LEASE_LOST: &str = "lease_lost";

/// What helps. Decided in `provider/classify.rs`, acted on in `work/finish_attempt.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same work may succeed later: after the given wait, or after the usual backoff.
    Retry(Option<Duration>),
    /// Only the merchant can mend it, by connecting the shop again.
    Reconnect,
    /// Nothing helps by itself; a person has to read the message.
    GiveUp,
}

/// Characters of a code and of a message that are kept.
const MAX_CODE: usize = 100;
const MAX_MESSAGE: usize = 2000;

/// A failure with its remedy, a stable code for programs and a sentence for people. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What to do.
    pub remedy: Remedy,
    /// Snake-case code, kept in `error_code` columns.
    pub code: String,
    /// What happened, where, and what to do.
    pub message: String,
}

impl Failure {
    /// A failure that time may heal.
    pub fn retry(code: &str, message: impl Into<String>) -> Self {
        Self::new(Remedy::Retry(None), code, message)
    }

    /// A failure that time heals, not before `wait` has passed.
    pub fn retry_after(wait: Duration, code: &str, message: impl Into<String>) -> Self {
        Self::new(Remedy::Retry(Some(wait)), code, message)
    }

    /// A failure that only a new connect heals.
    pub fn reconnect(code: &str, message: impl Into<String>) -> Self {
        Self::new(Remedy::Reconnect, code, message)
    }

    /// A failure that repeating does not heal.
    pub fn give_up(code: &str, message: impl Into<String>) -> Self {
        Self::new(Remedy::GiveUp, code, message)
    }

    /// Both texts may repeat what somebody else wrote: they are cleaned and bounded, so that every column can hold them.
    fn new(remedy: Remedy, code: &str, message: impl Into<String>) -> Self {
        let kept = |text: &str, most| text::cut(&text::clean(text), most).into_owned();
        Self { remedy, code: kept(code, MAX_CODE), message: kept(&message.into(), MAX_MESSAGE) }
    }
}

/// The database failed: the work is whole (its transaction was rolled back) and may be tried again.
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::retry("database", format!("the database refused: {error}"))
    }
}
