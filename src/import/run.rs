//! One import, from its run row to its end: resume or begin a pass, read and write pages side by side, prove, sweep.

use std::sync::Arc;

use sqlx::types::Json;

use super::{
    absorb::{Prepared, absorb, prepare},
    progress::Progress,
    sweep::{Swept, sweep},
};
use crate::{
    connect,
    db::{self, catalogue::Target, cursor::Cursor, run::NewRun},
    model::{Connection, ConnectionId, Counts, Failure, ImportScope, Remedy, RunAction, RunId, RunStatus, Trigger},
    provider::{self, Page, Session},
    tools::{Lease, Shared, Tools},
};

/// What is to be imported.
pub struct Order<'a> {
    pub connection: &'a ConnectionId,
    pub scope: ImportScope,
    pub trigger: Trigger,
    /// Let the sweep pass its brake.
    pub accept_deletes: bool,
}

/// Imports a shop's products. The run row stands before the first call and is closed whatever happens but a crash;
/// after a crash the next run closes it and goes on where it stopped.
pub async fn run(tools: &Shared, lease: &Arc<Lease>, order: &Order<'_>) -> Result<(), Failure> {
    let run = open_run(tools, lease, order).await?;
    let mut import = Import { tools, lease, order, run, counts: Counts::default(), calls: 0 };
    let result = import.work().await;
    let (status, error) = match &result {
        Ok(None) => (RunStatus::Success, None),
        Ok(Some(doubt)) => (RunStatus::Partial, Some((doubt.code, doubt.text.as_str()))),
        Err(failure) => (RunStatus::Failed, Some((failure.code.as_str(), failure.message.as_str()))),
    };
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    db::run::close(&mut tx, &import.run, status, error, import.calls, now).await?;
    tx.commit().await?;
    result.map(drop)
}

/// Something that was left undone on purpose.
struct Doubt {
    code: &'static str,
    text: String,
}

struct Import<'a> {
    tools: &'a Shared,
    lease: &'a Arc<Lease>,
    order: &'a Order<'a>,
    run: RunId,
    counts: Counts,
    calls: i32,
}

impl Import<'_> {
    async fn work(&mut self) -> Result<Option<Doubt>, Failure> {
        let (session, connection) = connect::open_for(self.lease, self.tools, self.order.connection).await?;
        let result = self.pass(&session, &connection).await;
        self.calls = session.api_calls();
        result
    }

    async fn pass(&mut self, session: &Session, connection: &Connection) -> Result<Option<Doubt>, Failure> {
        let mut cursor = {
            let mut tx = self.tools.db.read().await?;
            db::cursor::get(&mut tx, &connection.id).await?
        };
        let mut progress = self.resume_or_begin(session, &cursor);
        let resumed = progress.next.is_some();
        let mut page = match provider::page(session, progress.since, progress.next.as_ref()).await {
            // A page token that outlived the shop's memory: the pass begins anew.
            Err(failure) if resumed && failure.remedy == Remedy::GiveUp => {
                tracing::info!(connection.id = %connection.id, "the shop no longer knows where the last pass stopped; beginning anew");
                let now = self.tools.outside.clock.now();
                progress = Progress::begin(self.tools.outside.new_id(), progress.scope, progress.since, now);
                provider::page(session, progress.since, None).await?
            }
            other => other?,
        };
        loop {
            let Page { products, next, total } = page;
            let prepared = prepare(products, self.tools.outside.clock.now());
            progress.next.clone_from(&next);
            progress.pages += 1;
            progress.seen += i64::try_from(prepared.marks.len() / 8).unwrap_or(0) + prepared.nameless;
            progress.nameless += prepared.nameless;
            progress.total = total.or(progress.total);
            progress.newest = progress.newest.max(prepared.newest());
            let write = self.write_page(connection, &cursor, &progress, &prepared, session.api_calls());
            let Some(token) = next else {
                let written = write.await?;
                self.counts.add(&written);
                break;
            };
            // The next page is fetched while this one is written; a page that came is kept even if the next one fails.
            let (written, fetched) = tokio::join!(write, provider::page(session, progress.since, Some(&token)));
            self.counts.add(&written?);
            page = fetched?;
        }
        self.finish(connection, &mut cursor, &progress, session.api_calls()).await
    }

    /// An unfinished pass of the same kind goes on; otherwise a new one begins.
    fn resume_or_begin(&self, session: &Session, cursor: &Cursor) -> Progress {
        let unfinished =
            cursor.cursor.as_ref().and_then(|json| serde_json::from_value::<Progress>(json.0.clone()).ok());
        let scope = self.scope(session, cursor);
        match unfinished {
            Some(progress)
                if progress.next.is_some() && (progress.scope == ImportScope::Full || progress.scope == scope) =>
            {
                progress
            }
            _ => {
                let now = self.tools.outside.clock.now();
                let since = cursor.watermark(now).filter(|_| scope == ImportScope::Changes);
                let since = since.map(|at| at.minus(session.provider().overlap()));
                Progress::begin(self.tools.outside.new_id(), scope, since, now)
            }
        }
    }

    /// Changes only where the shop can tell them and a complete pass is not too long ago.
    fn scope(&self, session: &Session, cursor: &Cursor) -> ImportScope {
        let now = self.tools.outside.clock.now();
        let last_full = cursor.full_sync_at.filter(|at| at.may_have_been(now));
        let fresh = last_full.is_some_and(|at| now.since(at) < self.tools.rules.full_every);
        let able = session.provider().full_only().is_none() && cursor.watermark(now).is_some();
        if self.order.scope == ImportScope::Changes && able && fresh { ImportScope::Changes } else { ImportScope::Full }
    }

    /// One page, one transaction: rows, marks, cursor and counts commit together or not at all.
    async fn write_page(
        &self,
        connection: &Connection,
        cursor: &Cursor,
        progress: &Progress,
        page: &Prepared,
        calls: i32,
    ) -> Result<Counts, Failure> {
        let (tools, now) = (self.tools, self.tools.outside.clock.now());
        let to = Target { client: &connection.client_id, connection: &connection.id, run: &self.run, now };
        let mut tx = tools.db.begin().await?;
        self.lease.hold(&mut tx).await?;
        let first_pass = cursor.full_sync_at.is_none();
        let absorbed = absorb(&mut tx, &tools.outside, &to, page, !first_pass).await?;
        if tools.rules.analyse_on_import {
            for product in &absorbed.created {
                db::job::insert(&mut tx, &tools.analysis_job(&connection.client_id, product), now).await?;
            }
        }
        if progress.scope == ImportScope::Full {
            if progress.pages == 1 {
                db::cursor::delete_seen(&mut tx, &connection.id).await?;
            }
            db::cursor::insert_seen(&mut tx, &connection.id, &progress.pass, progress.pages, &page.marks).await?;
        }
        let json = serde_json::to_value(progress).map_err(|e| Failure::give_up("cursor", e.to_string()))?;
        let stands = Cursor { cursor: Some(Json(json)), ..cursor.clone() };
        db::cursor::upsert(&mut tx, &connection.id, &stands, now).await?;
        db::run::insert_items(&mut tx, &self.run, &absorbed.items, now).await?;
        let mut counts = self.counts;
        counts.add(&absorbed.counts);
        db::run::update_counts(&mut tx, &self.run, total(progress), &counts, calls, now).await?;
        tx.commit().await?;
        Ok(absorbed.counts)
    }

    /// The end of a pass: proof, sweep, watermark, in one transaction.
    async fn finish(
        &mut self,
        connection: &Connection,
        cursor: &mut Cursor,
        progress: &Progress,
        calls: i32,
    ) -> Result<Option<Doubt>, Failure> {
        let (tools, now) = (self.tools, self.tools.outside.clock.now());
        let mut tx = tools.db.begin().await?;
        self.lease.hold(&mut tx).await?;
        let mut doubt = None;
        cursor.cursor = None;
        if progress.scope == ImportScope::Full {
            doubt = progress.doubt().map(|text| Doubt {
                code: "unproven",
                text: format!("the pass may be incomplete ({text}): nothing was marked as gone; the next complete pass looks again"),
            });
            if doubt.is_none() {
                let pass = (&connection.id, progress.pass.as_str());
                match sweep(&mut tx, &tools.outside, &tools.rules, pass, self.order.accept_deletes).await? {
                    Swept::Gone(items) => {
                        self.counts.deleted += i32::try_from(items.len()).unwrap_or(i32::MAX);
                        db::run::insert_items(&mut tx, &self.run, &items, now).await?;
                    }
                    Swept::Braked(text) => doubt = Some(Doubt { code: "sweep_brake", text }),
                }
                cursor.full_sync_at = Some(progress.started_at.min(now));
            }
            db::cursor::delete_seen(&mut tx, &connection.id).await?;
        }
        if doubt.as_ref().is_none_or(|doubt| doubt.code != "unproven") {
            // Never past the beginning of the pass: what is dated later by its shop would hide every change until then.
            let newest = progress.newest.map(|at| at.min(progress.started_at).min(now));
            cursor.updated_since = cursor.watermark(now).max(newest);
        }
        db::cursor::upsert(&mut tx, &connection.id, cursor, now).await?;
        db::connection::mark_synced(&mut tx, &connection.id, now).await?;
        db::run::update_counts(&mut tx, &self.run, total(progress), &self.counts, calls, now).await?;
        tx.commit().await?;
        Ok(doubt)
    }
}

impl Prepared {
    fn newest(&self) -> Option<crate::model::Time> {
        self.products().filter_map(|product| product.updated_at).max()
    }
}

fn total(progress: &Progress) -> i32 {
    i32::try_from(progress.total.unwrap_or(progress.seen)).unwrap_or(i32::MAX)
}

async fn open_run(tools: &Tools, lease: &Lease, order: &Order<'_>) -> Result<RunId, Failure> {
    let job = &lease.job;
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    let parent = db::run::close_orphans_of_job(&mut tx, &job.id, now).await?;
    let attempt = db::run::count_of_job(&mut tx, &job.id).await? + 1;
    let run = NewRun {
        id: tools.outside.new_id(),
        connection: order.connection.clone(),
        client: job.client_id.clone(),
        parent,
        action: RunAction::Import,
        trigger: order.trigger,
        asset: None,
        product: None,
        job: Some(job.id.clone()),
        attempt,
        instance: tools.instance.clone(),
    };
    db::run::insert(&mut tx, &run, now).await?;
    tx.commit().await?;
    Ok(run.id)
}
