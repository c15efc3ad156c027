//! One import, from run row to end: resumes or starts a pass, reads and writes concurrently, verifies, tombstones.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;

use super::{
    apply::{HashedPage, hash_page},
    course::Course,
    end::{Halt, ImportEnd, Note, NoteKind, stopped},
    progress::PassProgress,
    write::{PageWrite, may_write},
};
use crate::{
    connect::{self, ReadIdentity},
    db::{self, Tx, cursor::Cursor},
    model::{
        Connection, ConnectionId, Counts, Facts, Failure, ImportScope, JobEnd, Pool, Remedy, RunAction, Time, Trigger,
    },
    provider::{self, Page, PageFailure, PageRequest, ShopClient},
    tools::{JobRun, Lease, OpenRun, RunAbout, RunEnd, Shared, Tools},
};

/// How often a run checks, during a call, whether its shop was paused.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a run checks, after its turn, whether others wait.
const LOOK_FOR_OTHERS: Duration = Duration::from_secs(10);

/// The import to run.
pub struct ImportRequest<'a> {
    pub connection: &'a ConnectionId,
    pub scope: ImportScope,
    pub trigger: Trigger,
    /// Bypass the deletion guard.
    pub accept_deletes: bool,
}

/// Imports a shop's products. The run row is committed before the first call, and closed unless the process crashes or
/// the lease is lost; then the next run closes it and resumes.
pub async fn run(tools: &Shared, lease: &Arc<Lease>, order: &ImportRequest<'_>) -> Result<JobEnd, Failure> {
    let run = open_run(tools, lease, order).await?;
    let turn_ends = tools.outside.clock.now().plus(tools.policy.import_turn);
    let mut import = ImportRun { tools, lease, order, run, turn_ends, counts: Counts::default(), calls: 0, news: None };
    // On the heap: the rows of a page make it large.
    let result = Box::pin(import.work()).await;
    let result = result.map(|end| end.with_news(import.news.as_deref()));
    let end = match &result {
        Ok(ImportEnd::Whole) => RunEnd::Success,
        Ok(ImportEnd::Told(note)) => RunEnd::Told(note.kind.code(), &note.text),
        Ok(ImportEnd::Partial(note) | ImportEnd::GoesOn(note)) => RunEnd::Partial(note.kind.code(), &note.text),
        Ok(ImportEnd::Stopped(note)) => RunEnd::Cancelled(note.kind.code(), &note.text),
        Err(failure) => RunEnd::Failed(failure),
    };
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    import.run.close(&mut tx, tools, end, import.calls).await?;
    tx.commit().await?;
    result.map(|end| if matches!(end, ImportEnd::GoesOn(_)) { JobEnd::GoesOn } else { JobEnd::Done })
}

/// A run in progress.
pub(super) struct ImportRun<'a> {
    pub(super) tools: &'a Shared,
    lease: &'a Arc<Lease>,
    pub(super) order: &'a ImportRequest<'a>,
    pub(super) run: OpenRun,
    /// From then on it yields to imports that wait for a worker.
    turn_ends: Time,
    pub(super) counts: Counts,
    calls: i32,
    /// What the shop changed about itself.
    news: Option<String>,
}

impl ImportRun<'_> {
    async fn work(&mut self) -> Result<ImportEnd, Failure> {
        let (mut shop, connection) = connect::open_for(self.lease, self.tools, self.order.connection).await?;
        let cursor = {
            let mut tx = self.tools.db.read().await?;
            db::cursor::get(&mut tx, &connection.id).await?
        };
        let progress = self.resume_or_begin(&shop, &cursor);
        // A first import follows its connect, which has just asked.
        let begins = progress.pages == 0 && progress.scope == ImportScope::Full;
        if begins && self.order.trigger != Trigger::Startup {
            let read = connect::read_identity(&shop, &connection).await;
            self.calls = shop.api_calls();
            shop = shop.with_facts(self.keep_identity(&connection, read?).await?);
        }
        let result = Box::pin(self.pass(&shop, &connection, cursor, progress)).await;
        self.calls = shop.api_calls();
        match result {
            Ok(end) | Err(Halt::Ends(end)) => Ok(end),
            Err(Halt::Failed(failure) | Halt::Anew(_, failure)) => Err(failure),
        }
    }

    /// Keeps what the shop states about itself before everything is read with it; returns its facts.
    async fn keep_identity(&mut self, connection: &Connection, read: ReadIdentity) -> Result<Facts, Failure> {
        let mut tx = self.tools.db.begin().await?;
        self.lease.hold(&mut tx).await?;
        read.save(&mut tx, connection, self.tools.outside.clock.now()).await?;
        tx.commit().await?;
        self.news = read.changed;
        Ok(read.facts)
    }

    async fn pass(
        &mut self,
        shop: &ShopClient,
        connection: &Connection,
        mut cursor: Cursor,
        mut progress: PassProgress,
    ) -> Result<ImportEnd, Halt> {
        if progress.is_read() {
            return self.finish(shop, connection, &mut cursor, &progress).await;
        }
        loop {
            match self.read(shop, connection, &mut cursor, &mut progress).await {
                // In smaller pages each time.
                Err(Halt::Anew(size, _)) => progress = self.anew(&progress, Some(size)),
                end => return end,
            }
        }
    }

    /// The same pass from its beginning.
    fn anew(&self, progress: &PassProgress, size: Option<u32>) -> PassProgress {
        let (id, now) = (self.tools.outside.new_id(), self.tools.outside.clock.now());
        let shrunk = progress.shrunk || size < progress.size || progress.size.is_none() && size.is_some();
        PassProgress { size, shrunk, ..PassProgress::begin(id, progress.scope, progress.since, now) }
    }

    /// Reads a pass to its end.
    async fn read(
        &mut self,
        shop: &ShopClient,
        connection: &Connection,
        cursor: &mut Cursor,
        progress: &mut PassProgress,
    ) -> Result<ImportEnd, Halt> {
        let usual = shop.provider().page_size();
        let mut course = self.course(connection, progress).await?;
        let mut page = match self.fetch(shop, progress, &course).await {
            // A refused page token has probably expired: the pass starts anew.
            Err(Halt::Failed(failure)) if progress.next.is_some() && failure.remedy() == Remedy::GiveUp => {
                tracing::info!(connection.id = %connection.id, "the shop no longer knows where the last pass stopped; beginning anew");
                *progress = self.anew(progress, progress.size);
                course = Course::begin(self.tools.policy.max_products);
                self.fetch(shop, progress, &course).await?
            }
            other => other?,
        };
        loop {
            let Page { products, known, next, total, lacks_total, size } = page;
            let prepared = hash_page(products, self.tools.outside.clock.now()).beside(&known);
            progress.advance(&prepared, next, total);
            progress.take_fields(&prepared, || shop.provider().mapped_fields());
            progress.uncounted |= lacks_total;
            progress.take_size(size, usual);
            let endless = course.take(&prepared.all_marks(), prepared.unidentified, progress);
            if progress.take_filter(shop.provider().time_filter(progress.next.as_ref())) {
                course.begin_filter();
            }
            let goes_on = progress.next.is_some() && endless.is_none();
            let write = self.page_write(connection, cursor, progress, prepared, shop.api_calls()).in_own_task();
            if goes_on && self.tools.outside.clock.now() < self.turn_ends {
                // Fetches the next page while writing this one; a page that was read is stored even if the fetch fails.
                let (written, fetched) = tokio::join!(write, self.fetch(shop, progress, &course));
                self.counts.add(&written?);
                page = fetched?;
                continue;
            }
            self.counts.add(&write.await?);
            if let Some(why) = endless {
                return self.break_off(connection, cursor, progress, &why, shop.api_calls()).await;
            }
            if !goes_on {
                return self.finish(shop, connection, cursor, progress).await;
            }
            self.make_room(progress).await?;
            page = self.fetch(shop, progress, &course).await?;
        }
    }

    fn page_write(
        &self,
        connection: &Connection,
        cursor: &Cursor,
        progress: &PassProgress,
        page: HashedPage,
        calls: i32,
    ) -> PageWrite {
        PageWrite {
            tools: self.tools.clone(),
            lease: self.lease.clone(),
            run: self.run.clone(),
            client: connection.client_id.clone(),
            connection: connection.id.clone(),
            page,
            progress: progress.clone(),
            // What it replaces may be large.
            cursor: Cursor { cursor: None, missed: None, ..*cursor },
            counts: self.counts,
            calls,
            now: self.tools.outside.clock.now(),
        }
    }

    /// Fetches the next page; stops waiting when the import is cancelled.
    async fn fetch(&self, shop: &ShopClient, progress: &PassProgress, course: &Course) -> Result<Page, Halt> {
        let request = progress.request(shop.provider().page_size());
        let request = PageRequest { known: Some(course.known()), ..request };
        let PageFailure { failure, smaller, anew } =
            match self.unless_called_off(progress, provider::page(shop, &request)).await? {
                Ok(page) => return Ok(page),
                Err(why) => why,
            };
        let Some(size) = smaller else { return Err(Halt::Failed(failure)) };
        self.remember_size(progress, size).await?;
        Err(if anew { Halt::Anew(size, failure) } else { Halt::Failed(failure) })
    }

    /// Remembers, in a transaction of its own, that the shop may answer smaller pages only.
    async fn remember_size(&self, progress: &PassProgress, size: u32) -> Result<(), Halt> {
        let (connection, now) = (self.order.connection, self.tools.outside.clock.now());
        let mut tx = self.tools.db.begin().await?;
        self.may_write(&mut tx, progress).await?;
        db::cursor::update_page_size(&mut tx, connection, i32::try_from(size).ok(), now).await?;
        tx.commit().await?;
        tracing::info!(connection.id = %connection, page.size = size, "the shop could not answer a page; it is asked for smaller ones");
        Ok(())
    }

    /// Waits for a call, unless the import must end meanwhile.
    pub(super) async fn unless_called_off<T>(
        &self,
        progress: &PassProgress,
        call: impl Future<Output = T>,
    ) -> Result<T, Halt> {
        tokio::select! {
            answer = call => Ok(answer),
            end = self.called_off(progress) => Err(Halt::Ends(end)),
        }
    }

    /// Returns when the import must end during a call: its shop was paused or disconnected, or this process stops.
    async fn called_off(&self, progress: &PassProgress) -> ImportEnd {
        loop {
            tokio::select! {
                () = self.tools.shutdown.cancelled() => {
                    let text = format!("this process stopped after {} products; the pass goes on with the next start", progress.seen);
                    return ImportEnd::GoesOn(Note { kind: NoteKind::Interrupted, text });
                }
                () = self.tools.outside.clock.beat(LOOK_EVERY) => {}
            }
            // In a task of its own: a page that arrives meanwhile does not cancel the query.
            let (tools, id) = (self.tools.clone(), self.order.connection.clone());
            let look = tokio::spawn(async move {
                let mut tx = tools.db.read().await?;
                connect::still_usable(&mut tx, &id).await
            });
            if let Ok(Err(failure)) = look.await
                && let Some(end) = stopped(&failure, progress)
            {
                return end;
            }
        }
    }

    /// What an unfinished pass has read in its earlier runs.
    async fn course(&self, connection: &Connection, progress: &PassProgress) -> Result<Course, Failure> {
        let mut course = Course::begin(self.tools.policy.max_products);
        if progress.next.is_some() {
            let mut tx = self.tools.db.read().await?;
            let pages = db::cursor::list_seen(&mut tx, &connection.id, &progress.pass).await?;
            for (page, (marks, next)) in (1..).zip(pages) {
                course.recall(&marks, next.as_deref());
                if page == progress.filter_from {
                    course.begin_filter();
                }
            }
        }
        Ok(course)
    }

    /// Ends a run after its turn if others wait for a worker; the pass continues behind them.
    async fn make_room(&mut self, progress: &PassProgress) -> Result<(), Halt> {
        let now = self.tools.outside.clock.now();
        let mut tx = self.tools.db.read().await?;
        let waits = db::job::is_awaited(&mut tx, Pool::Import, now).await?;
        drop(tx);
        if !waits {
            self.turn_ends = now.plus(LOOK_FOR_OTHERS);
            return Ok(());
        }
        let text = format!(
            "{} products were read in its turn; other imports wait, and the pass goes on behind them",
            progress.seen
        );
        Err(Halt::Ends(ImportEnd::GoesOn(Note { kind: NoteKind::Continues, text })))
    }

    /// Resumes an unfinished full pass, or one of the same scope; else starts one.
    fn resume_or_begin(&self, shop: &ShopClient, cursor: &Cursor) -> PassProgress {
        let unfinished = cursor.cursor.as_ref().and_then(|json| PassProgress::deserialize(&json.0).ok());
        let scope = self.scope(shop, cursor);
        match unfinished {
            Some(progress) if progress.scope == ImportScope::Full || progress.scope == scope => {
                let usual = progress.size.unwrap_or(shop.provider().page_size());
                PassProgress { wanted: cursor.page_size().filter(|size| *size < usual), ..progress }
            }
            _ => {
                let now = self.tools.outside.clock.now();
                let since = cursor.watermark(now).filter(|_| scope == ImportScope::Changes);
                let since = since.map(|at| at.minus(shop.provider().overlap()));
                let begun = PassProgress::begin(self.tools.outside.new_id(), scope, since, now);
                PassProgress { size: cursor.page_size(), ..begun }
            }
        }
    }

    /// Changes only if the shop can list them, and the last complete pass is recent and missed nothing: what two of them in a
    /// row miss is gone.
    fn scope(&self, shop: &ShopClient, cursor: &Cursor) -> ImportScope {
        let now = self.tools.outside.clock.now();
        let last_full = cursor.full_sync_at.filter(|at| at.may_have_been(now));
        let fresh = last_full.is_some_and(|at| now.since(at) < self.tools.policy.full_every);
        let able = shop.provider().full_only().is_none() && cursor.watermark(now).is_some();
        let met_all = cursor.missed.as_ref().is_none_or(Vec::is_empty);
        if self.order.scope == ImportScope::Changes && able && fresh && met_all {
            ImportScope::Changes
        } else {
            ImportScope::Full
        }
    }

    /// Checked in every transaction that writes: the job is still ours, and the shop not paused or disconnected.
    pub(super) async fn may_write(&self, tx: &mut Tx, progress: &PassProgress) -> Result<(), Halt> {
        may_write(tx, self.lease, self.order.connection, progress).await
    }
}

async fn open_run(tools: &Tools, lease: &Lease, order: &ImportRequest<'_>) -> Result<OpenRun, Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let attempt = db::run::count_of_job(&mut tx, &lease.job.id).await? + 1;
    let about = RunAbout::shop(order.connection, &lease.job.client_id, RunAction::Import, order.trigger);
    let run = of_job.open(&mut tx, tools, &RunAbout { attempt, ..about }).await?;
    tx.commit().await?;
    Ok(run)
}
