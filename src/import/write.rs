//! Writes one page, in a task of its own: beside the reading of the next one, on another thread.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{
    apply::{HashedPage, apply_page},
    course::place,
    end::{Halt, stopped},
    progress::PassProgress,
};
use crate::{
    connect,
    db::{
        self, Tx,
        catalogue::ImportTarget,
        cursor::{Cursor, SeenPage},
    },
    model::{ClientId, ConnectionId, Counts, Failure, FailureKind, Task, Time},
    outside::catch_panic,
    tools::{Lease, OpenRun, Shared},
};

/// A page to write, with all that is stored with it.
pub(super) struct PageWrite {
    pub(super) tools: Shared,
    pub(super) lease: Arc<Lease>,
    pub(super) run: OpenRun,
    pub(super) client: ClientId,
    pub(super) connection: ConnectionId,
    pub(super) page: HashedPage,
    /// The progress with this page.
    pub(super) progress: PassProgress,
    /// The row of the shop, whose checkpoint this page moves.
    pub(super) cursor: Cursor,
    /// The counts of the run without this page.
    pub(super) counts: Counts,
    pub(super) calls: i32,
    /// When it was read.
    pub(super) now: Time,
}

impl PageWrite {
    /// Writes it; returns its counts. Dropped before its end, the write is aborted: it is rolled back, unless its commit has begun.
    pub(super) async fn in_own_task(self) -> Result<Counts, Halt> {
        let task = tokio::spawn(catch_panic(async move { self.write().await }).in_current_span());
        match AbortOnDropHandle::new(task).await {
            Ok(written) => written.unwrap_or_else(|fault| Err(Failure::from(fault).into())),
            Err(_) => Err(Failure::new(FailureKind::Stopped, "the process ended before the page was written").into()),
        }
    }

    /// One page, one transaction: rows, hashes, cursor and counts commit together or not at all.
    async fn write(&self) -> Result<Counts, Halt> {
        let Self { tools, progress, connection, page, .. } = self;
        let now = self.now;
        let to = ImportTarget { client: &self.client, connection, run: &self.run.id, now };
        let mut tx = tools.db.begin().await?;
        may_write(&mut tx, &self.lease, connection, progress).await?;
        let first_pass = self.cursor.full_sync_at.is_none();
        let applied = apply_page(&mut tx, &tools.outside, &to, page, !first_pass).await?;
        if tools.policy.analyse_on_import {
            for product in applied.created {
                let analyse = Task::AnalyseProduct { product };
                db::job::enqueue(&mut tx, &tools.outside, &self.client, analyse).await?;
            }
        }
        if progress.pages == 1 {
            db::cursor::delete_seen(&mut tx, connection).await?;
        }
        let next = place(progress.next.as_ref(), progress.size);
        let emptied = if applied.emptied.is_empty() { None } else { Some(Json(to_json(&applied.emptied)?)) };
        let marks = page.all_marks();
        let seen = SeenPage { page: progress.pages, marks: &marks, next: next.as_deref(), emptied };
        db::cursor::insert_seen(&mut tx, connection, &progress.pass, &seen).await?;
        let stands = Cursor { cursor: Some(Json(to_json(progress)?)), missed: None, ..self.cursor };
        db::cursor::upsert(&mut tx, connection, &stands, now).await?;
        self.run.add_items(&mut tx, tools, &applied.items).await?;
        let mut counts = self.counts;
        counts.add(&applied.counts);
        self.run.count(&mut tx, tools, total(progress), &counts, self.calls).await?;
        tx.commit().await?;
        Ok(applied.counts)
    }
}

/// Checked in every transaction that writes: the job is still ours, and the shop not paused or disconnected.
pub(super) async fn may_write(
    tx: &mut Tx,
    lease: &Lease,
    connection: &ConnectionId,
    progress: &PassProgress,
) -> Result<(), Halt> {
    lease.hold(tx).await?;
    match connect::still_usable(tx, connection).await {
        Ok(()) => Ok(()),
        Err(failure) => Err(stopped(&failure, progress).map_or(Halt::Failed(failure), Halt::Ends)),
    }
}

/// The shop's own count, or else the products read so far.
pub(super) fn total(progress: &PassProgress) -> i32 {
    i32::try_from(progress.total.unwrap_or(progress.seen)).unwrap_or(i32::MAX)
}

fn to_json(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|e| Failure::new(FailureKind::Cursor, e.to_string()))
}
