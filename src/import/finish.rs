//! Ends a pass: proof, tombstones and watermark; or breaks it off because its pages never end.

use super::{
    end::{Halt, ImportEnd, Note, NoteKind},
    progress::PassProgress,
    run::{ImportRun, total},
    tombstone::{Tombstoned, tombstone},
};
use crate::{
    db::{self, cursor::Cursor},
    model::{Connection, Failure, FailureKind, ImportScope},
};

impl ImportRun<'_> {
    /// Ends a pass: proof, tombstones, watermark, in one transaction.
    pub(super) async fn finish(
        &mut self,
        connection: &Connection,
        cursor: &mut Cursor,
        progress: &PassProgress,
        calls: i32,
    ) -> Result<ImportEnd, Halt> {
        let (tools, now) = (self.tools, self.tools.outside.clock.now());
        let mut tx = tools.db.begin().await?;
        self.may_write(&mut tx, progress).await?;
        let mut doubt = None;
        cursor.cursor = None;
        if progress.scope == ImportScope::Full && !progress.read_nothing() {
            doubt = progress.incomplete().map(|text| Note {
                kind: NoteKind::Unproven,
                text: format!("the pass may be incomplete ({text}): nothing was marked as gone; the next complete pass looks again"),
            });
            if doubt.is_none() {
                let accept = self.order.accept_deletes;
                match tombstone(&mut tx, tools, &connection.id, &progress.pass, accept).await? {
                    Tombstoned::Gone(items) => {
                        self.counts.deleted += i32::try_from(items.len()).unwrap_or(i32::MAX);
                        self.run.add_items(&mut tx, tools, &items).await?;
                    }
                    Tombstoned::GuardTripped(text) => doubt = Some(Note { kind: NoteKind::GuardTripped, text }),
                }
                cursor.full_sync_at = Some(progress.started_at.min(now));
            }
        } else if progress.repeated > 0 || progress.moved().is_some() {
            doubt = progress.incomplete().map(|text| Note {
                kind: NoteKind::Unproven,
                text: format!("the pass may be incomplete ({text}): the next one looks at the same time again"),
            });
        }
        db::cursor::delete_seen(&mut tx, &connection.id).await?;
        if doubt.as_ref().is_none_or(|doubt| doubt.kind != NoteKind::Unproven) {
            // Never past the start of the pass: a date in the future would hide every change until then.
            let newest = progress.newest.map(|at| at.min(progress.started_at).min(now));
            cursor.updated_since = cursor.watermark(now).max(newest);
        }
        db::cursor::upsert(&mut tx, &connection.id, cursor, now).await?;
        if !progress.read_nothing() {
            db::connection::mark_synced(&mut tx, &connection.id, now).await?;
        }
        self.run.count(&mut tx, self.tools, total(progress), &self.counts, calls).await?;
        tx.commit().await?;
        self.told(progress, doubt)
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
            return Ok(doubt.map_or(ImportEnd::Whole, ImportEnd::Partial));
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
