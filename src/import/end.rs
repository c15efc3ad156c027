//! How a run of an import ends: complete, partial, to be continued, or stopped.

use super::progress::PassProgress;
use crate::model::{FIELDS_WITHOUT_VALUES, Failure, FailureKind};

/// Why a run is incomplete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteKind {
    /// The pass continues in a later run.
    Continues,
    /// The same: this process stopped.
    Interrupted,
    /// It is not proven that the pass saw everything.
    Unproven,
    /// More products would be tombstoned, or lose every variant or picture, than allowed without confirmation.
    GuardTripped,
    /// Products could not be read.
    Unreadable,
    /// No product has a value for a field that the provider's file reads.
    FieldsWithoutValues,
    /// The shop's pages never end.
    Endless,
    Paused,
    Disconnected,
    /// The shop has other facts than before; everything was read with the new ones.
    FactsChanged,
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
            Self::FieldsWithoutValues => FIELDS_WITHOUT_VALUES,
            Self::Endless => "endless",
            Self::Paused => "paused",
            Self::Disconnected => "disconnected",
            Self::FactsChanged => "facts_changed",
        }
    }
}

/// The end of a run that did not fail.
pub(super) enum ImportEnd {
    Whole,
    /// The same, with something to tell.
    Told(Note),
    /// Something was left undone.
    Partial(Note),
    /// The pass continues in a later run of the same job.
    GoesOn(Note),
    /// The shop was paused or disconnected meanwhile.
    Stopped(Note),
}

impl ImportEnd {
    /// The same end, with what the shop changed about itself told first.
    pub(super) fn with_news(self, news: Option<&str>) -> Self {
        let Some(news) = news else { return self };
        let with = |note: Note| Note { text: format!("{news}; {}", note.text), ..note };
        match self {
            Self::Whole => {
                let text = format!("{news}: every product was read with that");
                Self::Told(Note { kind: NoteKind::FactsChanged, text })
            }
            Self::Told(note) => Self::Told(with(note)),
            Self::Partial(note) => Self::Partial(with(note)),
            Self::GoesOn(note) => Self::GoesOn(with(note)),
            Self::Stopped(note) => Self::Stopped(with(note)),
        }
    }
}

/// What is stored with an incomplete run.
pub(super) struct Note {
    pub(super) kind: NoteKind,
    pub(super) text: String,
}

impl Note {
    /// Both in one, under the kind of the first.
    pub(super) fn both(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Self { text: format!("{}; {}", one.text, other.text), ..one }),
            (one, other) => one.or(other),
        }
    }
}

/// Why a pass stops early.
pub(super) enum Halt {
    Failed(Failure),
    Ends(ImportEnd),
    /// The shop cannot answer pages of this size, and the place in its list holds the size: the pass begins anew in smaller
    /// ones.
    Anew(u32, Failure),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_of_a_shop_may_have_the_code_of_a_note() {
        let all = [
            NoteKind::Continues,
            NoteKind::Interrupted,
            NoteKind::Unproven,
            NoteKind::GuardTripped,
            NoteKind::Unreadable,
            NoteKind::FieldsWithoutValues,
            NoteKind::Endless,
            NoteKind::Paused,
            NoteKind::Disconnected,
            NoteKind::FactsChanged,
        ];
        let free: Vec<_> = all.iter().map(|kind| kind.code()).filter(|code| !FailureKind::is_ours(code)).collect();
        assert_eq!(free, Vec::<&str>::new());
    }
}
