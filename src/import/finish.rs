//! Ends a pass: proof, what it missed, and watermark; or breaks it off because its pages never end.

use super::{
    apply::EmptiedProduct,
    end::{Halt, ImportEnd, Note, NoteKind},
    missed::MissedFates,
    progress::PassProgress,
    run::ImportRun,
    write::total,
};
use crate::{
    connect,
    db::{self, Tx, cursor::Cursor},
    model::{Connection, Failure, FailureKind, ImportScope},
    provider::ShopClient,
};

/// What a pass proved.
struct Verdict {
    doubt: Option<Note>,
    /// Whether changes up to its beginning are known: the watermark moves.
    moves: bool,
}

impl Verdict {
    fn doubtful(kind: NoteKind, text: String, moves: bool) -> Self {
        Self { doubt: Some(Note { kind, text }), moves }
    }

    /// Of a full pass, and of what became of the products that it missed.
    fn of_full(progress: &PassProgress, fates: &MissedFates) -> Self {
        if let Some(text) = progress.incomplete() {
            let is_fine = progress.is_nearly_complete() && fates.are_settled();
            let rest = if is_fine {
                "; it met every known product, or asked for it by its id"
            } else if fates.marks_none() {
                ": nothing was marked as gone; the next complete pass looks again"
            } else {
                ": only what the shop says it does not have was marked as gone; the next complete pass looks again"
            };
            return Self::doubtful(NoteKind::Unproven, format!("the pass may be incomplete ({text}){rest}"), is_fine);
        }
        if let Some(text) = &fates.guard {
            return Self::doubtful(NoteKind::GuardTripped, text.clone(), true);
        }
        match fates.unproven() {
            Some(text) => Self::doubtful(NoteKind::Unproven, text, true),
            None => Self { doubt: None, moves: true },
        }
    }

    /// Of a pass over changes.
    fn of_changes(progress: &PassProgress) -> Self {
        let text = progress.incomplete().filter(|_| progress.repeated > 0 || progress.moved().is_some());
        let text =
            text.map(|text| format!("the pass may be incomplete ({text}): the next one looks at the same time again"));
        text.map_or(Self { doubt: None, moves: true }, |text| Self::doubtful(NoteKind::Unproven, text, false))
    }
}

impl ImportRun<'_> {
    /// Ends a pass: proof, tombstones, watermark, in one transaction.
    pub(super) async fn finish(
        &mut self,
        shop: &ShopClient,
        connection: &Connection,
        cursor: &mut Cursor,
        progress: &PassProgress,
    ) -> Result<ImportEnd, Halt> {
        let (tools, now) = (self.tools, self.tools.outside.clock.now());
        let is_full = progress.scope == ImportScope::Full && !progress.read_nothing();
        let fates = if is_full { Some(self.look_for_missed(shop, connection, progress).await?) } else { None };
        let verdict = fates.as_ref().map_or_else(|| Verdict::of_changes(progress), |f| Verdict::of_full(progress, f));
        let mut tx = tools.db.begin().await?;
        self.may_write(&mut tx, progress).await?;
        let mut emptied = Vec::new();
        if let Some(fates) = fates {
            emptied = self.end_missed(&mut tx, connection, cursor, progress, fates).await?;
        }
        let kept = self.settle_emptied(&mut tx, connection, progress, emptied).await?;
        let doubt = Note::both(kept, verdict.doubt);
        cursor.cursor = None;
        if verdict.moves {
            if is_full {
                cursor.full_sync_at = Some(progress.started_at.min(now));
            }
            // Never past the start of the pass: a date in the future would hide every change until then.
            let newest = progress.newest.map(|at| at.min(progress.started_at).min(now));
            cursor.updated_since = cursor.watermark(now).max(newest);
        }
        let size = progress.next_size(shop.provider().page_size(), cursor.page_size());
        let size = size.and_then(|size| i32::try_from(size).ok());
        db::cursor::update_page_size(&mut tx, &connection.id, size, now).await?;
        db::cursor::delete_seen(&mut tx, &connection.id).await?;
        db::cursor::upsert(&mut tx, &connection.id, cursor, now).await?;
        if !progress.read_nothing() {
            connect::accepted(tools, &mut tx, &connection.id).await?;
            db::connection::mark_synced(&mut tx, &connection.id, now).await?;
        }
        // Only a person can answer it: the connection shows it until then.
        if let Some(Note { kind: kind @ NoteKind::GuardTripped, text }) = &doubt {
            db::connection::mark_failure(&mut tx, &connection.id, kind.code(), text, None, now).await?;
        }
        self.run.count(&mut tx, self.tools, total(progress), &self.counts, shop.api_calls()).await?;
        tx.commit().await?;
        self.told(progress, doubt)
    }

    /// Writes what became of the missed products; returns those that have nothing left of what they had.
    async fn end_missed(
        &mut self,
        tx: &mut Tx,
        connection: &Connection,
        cursor: &Cursor,
        progress: &PassProgress,
        fates: MissedFates,
    ) -> Result<Vec<EmptiedProduct>, Halt> {
        let is_complete = progress.incomplete().is_none();
        let (applied, missed) = self.settle_missed(tx, connection, cursor, is_complete, fates).await?;
        self.counts.add(&applied.counts);
        self.run.add_items(tx, self.tools, &applied.items).await?;
        db::cursor::update_missed(tx, &connection.id, &missed).await?;
        Ok(applied.emptied)
    }

    /// The result of a finished pass: with unreadable or incomplete products it is no success.
    fn told(&self, progress: &PassProgress, doubt: Option<Note>) -> Result<ImportEnd, Halt> {
        let look = format!("which and why: store-sync logs show {}", self.run.id);
        if progress.read_nothing() {
            let text = format!("none of the {} products that the shop lists could be read; {look}", progress.seen);
            return Err(Failure::new(FailureKind::Unreadable, text).into());
        }
        let failed = self.counts.failed;
        if failed == 0 {
            let hint = progress.without_values().map(|text| Note { kind: NoteKind::FieldsWithoutValues, text });
            return Ok(doubt.map_or(hint.map_or(ImportEnd::Whole, ImportEnd::Told), ImportEnd::Partial));
        }
        let text = format!("{failed} of {} products could not be read, or not whole; {look}", self.counts.processed());
        Ok(ImportEnd::Partial(match doubt {
            Some(doubt) => Note { text: format!("{}; {text}", doubt.text), ..doubt },
            None => Note { kind: NoteKind::Unreadable, text },
        }))
    }

    /// Aborts a pass whose pages never end: what was read stays, nothing is tombstoned, and the next pass starts anew.
    pub(super) async fn break_off(
        &self,
        connection: &Connection,
        cursor: &mut Cursor,
        progress: &PassProgress,
        why: &str,
        calls: i32,
    ) -> Result<ImportEnd, Halt> {
        let now = self.tools.outside.clock.now();
        let shop = connection.label();
        let text = format!(
            "the catalogue of {shop} does not seem to end: at page {} {why}. The {} products that were read stay, nothing was marked as gone. See what the shop answers when it is asked for page after page (a cache or a plugin may stand between), then run: store-sync sync {} --full",
            progress.pages, progress.seen, connection.id
        );
        let mut tx = self.tools.db.begin().await?;
        self.may_write(&mut tx, progress).await?;
        cursor.cursor = None;
        db::cursor::upsert(&mut tx, &connection.id, cursor, now).await?;
        db::cursor::delete_seen(&mut tx, &connection.id).await?;
        db::connection::mark_failure(&mut tx, &connection.id, NoteKind::Endless.code(), &text, None, now).await?;
        self.run.count(&mut tx, self.tools, total(progress), &self.counts, calls).await?;
        tx.commit().await?;
        Ok(ImportEnd::Partial(Note { kind: NoteKind::Endless, text }))
    }
}
