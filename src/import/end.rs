//! How a run of an import ends: complete, partial, to be continued, or stopped.

use super::progress::PassProgress;
use crate::model::{Failure, FailureKind};

/// Why a run is incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteKind {
    /// The pass continues in a later run.
    Continues,
    /// The same: this process stopped.
    Interrupted,
    /// It is not proven that the pass saw everything.
    Unproven,
    /// More products would be tombstoned than allowed without confirmation.
    GuardTripped,
    /// Products could not be read.
    Unreadable,
    /// The shop's pages never end.
    Endless,
    Paused,
    Disconnected,
}

impl NoteKind {
    /// The code stored with the run.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Continues => "continues",
            Self::Interrupted => "interrupted",
            Self::Unproven => "unproven",
            Self::GuardTripped => "sweep_brake",
            Self::Unreadable => "unreadable",
            Self::Endless => "endless",
            Self::Paused => "paused",
            Self::Disconnected => "disconnected",
        }
    }
}

/// The end of a run that did not fail.
pub(super) enum ImportEnd {
    Whole,
    /// Something was left undone.
    Partial(Note),
    /// The pass continues in a later run of the same job.
    GoesOn(Note),
    /// The shop was paused or disconnected meanwhile.
    Stopped(Note),
}

/// What is stored with an incomplete run.
pub(super) struct Note {
    pub(super) kind: NoteKind,
    pub(super) text: String,
}

/// Why a pass stops early.
pub(super) enum Halt {
    Failed(Failure),
    Ends(ImportEnd),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<sqlx::Error> for Halt {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// The end of a run whose shop was paused or disconnected; `None` for any other failure.
pub(super) fn stopped(failure: &Failure, progress: &PassProgress) -> Option<ImportEnd> {
    let kind = match failure.kind {
        FailureKind::Paused => NoteKind::Paused,
        FailureKind::Disconnected => NoteKind::Disconnected,
        _ => return None,
    };
    let text = format!("{}; the run ended there, after {} products", failure.message, progress.seen);
    Some(ImportEnd::Stopped(Note { kind, text }))
}
