//! The grant of a connection: unsealed for a call, refreshed by exactly one caller.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret;

use super::{
    refusal::Refusal,
    save::{REFRESH_PAUSE, plan_ahead, seal, unsealed},
};
use crate::{
    db::{self, Tx},
    model::{
        Connection, ConnectionId, ConnectionStatus, Failure, FailureKind, Grant, Remedy, RunAction, ShopAnswer, Time,
        Trigger,
    },
    outside::{Deadline, catch_panic},
    provider::{self, BoxFuture, CredentialSource},
    tools::{OpenRun, RunAbout, RunEnd, Shared, Tools},
};

/// How long a caller waits for another process's refresh: longer than any response of a token endpoint takes.
const PATIENCE: Duration = Duration::from_mins(3);
const OVERTAKEN: &str = "the connection changed while its token was renewed";
/// How often a waiting caller checks whether the other process has finished.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The grant of one connection, read per call.
pub struct StoredCredentials {
    tools: Shared,
    connection: ConnectionId,
    how: How,
}

impl StoredCredentials {
    /// The grant of `connection`.
    pub fn new(tools: Shared, connection: ConnectionId) -> Self {
        Self { tools, connection, how: How::Refresh }
    }

    /// The same, also if the shop has refused it: to see whether it still does.
    pub(super) fn of_refused(tools: Shared, connection: ConnectionId) -> Self {
        Self { tools, connection, how: How::Check }
    }
}

impl CredentialSource for StoredCredentials {
    fn current(&self) -> BoxFuture<'_, Arc<Grant>> {
        Box::pin(async {
            let (connection, grant) = self.how.read(&self.tools, &self.connection).await?;
            if due(&self.tools, &connection, &grant)? {
                return self.refresh(grant.version).await;
            }
            Ok(Arc::new(grant))
        })
    }

    fn refresh(&self, spent_version: i32) -> BoxFuture<'_, Arc<Grant>> {
        Box::pin(async move { refresh_by(&self.tools, &self.connection, spent_version, self.how).await.map(Arc::new) })
    }
}

/// Refreshes a grant that is due for it; otherwise does nothing.
pub async fn refresh_ahead(tools: &Shared, id: &ConnectionId) -> Result<(), Failure> {
    let (connection, grant) = read(tools, id).await?;
    if due(tools, &connection, &grant)? {
        refresh_by(tools, id, grant.version, How::Refresh).await?;
    }
    Ok(())
}

/// Whether a grant is due for a refresh that no shop asked for. Within a minute of the last refresh only if it has
/// expired: a token that lives shorter than the margin would otherwise be refreshed at every call.
fn due(tools: &Tools, connection: &Connection, grant: &Grant) -> Result<bool, Failure> {
    let provider = tools.provider(&connection.store_type)?;
    let now = tools.outside.clock.now();
    let ends = |end: Option<Time>, ahead| end.is_some_and(|end| end <= now.plus(ahead));
    let fresh = connection.token_refreshed_at.is_some_and(|at| at <= now && now.since(at) < REFRESH_PAUSE);
    if fresh && !ends(grant.expires_at, Duration::ZERO) {
        return Ok(false);
    }
    let now_or_never = ends(grant.expires_at, provider.refresh_margin());
    let wanted = now_or_never || ends(grant.renew_at, Duration::ZERO) || ends(grant.keep_alive_at, Duration::ZERO);
    Ok(wanted && (grant.secret("refresh").is_some() || provider.makes_own_tokens()))
}

/// Reads and unseals the grant as stored now; fails if the shop has to be connected again.
pub(super) async fn read(tools: &Tools, id: &ConnectionId) -> Result<(Connection, Grant), Failure> {
    let (connection, grant) = read_any(tools, id).await?;
    if connection.status == ConnectionStatus::NeedsReauth {
        let why = connection.last_error.unwrap_or_default();
        return Err(Failure::new(FailureKind::NeedsReauth, format!("the shop has to be connected again: {why}")));
    }
    Ok((connection, grant))
}

async fn read_any(tools: &Tools, id: &ConnectionId) -> Result<(Connection, Grant), Failure> {
    let mut tx = tools.db.read().await?;
    let connection = db::connection::find(&mut tx, id).await?;
    let sealed = db::grant::find_sealed(&mut tx, id).await?;
    drop(tx);
    let (Some(connection), Some(sealed)) = (connection, sealed) else {
        return Err(Failure::new(
            FailureKind::Disconnected,
            "the connection has no credentials any more; connect the shop again",
        ));
    };
    let grant = unsealed(tools, &connection, &sealed)?;
    Ok((connection, grant))
}

/// How a grant is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As the provider's file says.
    Refresh,
    /// The same, also for a connection that needs a reconnect.
    Check,
    /// By exchanging an older, non-expiring token.
    Exchange,
}

impl How {
    async fn read(self, tools: &Tools, id: &ConnectionId) -> Result<(Connection, Grant), Failure> {
        if self == Self::Check { read_any(tools, id).await } else { read(tools, id).await }
    }
}

/// One refresh for any number of callers: within the process by a lock; across processes by a lease in the row, which
/// its owner extends until the response arrives, and by compare-and-set on owner and version when it saves. Callers
/// that come later get its result.
pub(super) async fn refresh_by(tools: &Shared, id: &ConnectionId, spent: i32, how: How) -> Result<Grant, Failure> {
    let flight = tools.single_flight(id.as_str());
    let _alone = flight.lock().await;
    let clock = &tools.outside.clock;
    let give_up_at = clock.now().plus(PATIENCE);
    loop {
        let (connection, grant) = how.read(tools, id).await?;
        if grant.version != spent {
            return Ok(grant);
        }
        let (asked, now) = (clock.uptime(), clock.now());
        let mut tx = tools.db.begin().await?;
        if db::grant::lock_refresh(&mut tx, id, spent, &tools.instance, now, now.plus(tools.policy.lease)).await? {
            let run = OpenRun::open(&mut tx, tools, &refresh_run(&connection)).await?;
            if let Some(mark) = spent_mark(tools, &grant) {
                db::run::mark_token(&mut tx, &run.id, &mark).await?;
            }
            tx.commit().await?;
            // In a task of its own: a caller that is dropped, or a job that loses its worker, loses no response.
            let right = Deadline::new(clock, asked, tools.policy.sending_time());
            let (tools, leased) = (tools.clone(), LeasedRefresh { connection, old: grant, how, run });
            let task = tokio::spawn(catch_panic(async move { refresh_locked(&tools, &leased, &right).await }));
            let done = task
                .await
                .map_err(|_| Failure::new(FailureKind::Stopped, "the process ended before the refresh did"))?;
            return done.unwrap_or_else(|fault| Err(fault.into()));
        }
        drop(tx);
        if now > give_up_at {
            return Err(Failure::new(
                FailureKind::RefreshBusy,
                "another process is renewing this token and does not finish",
            ));
        }
        clock.sleep(LOOK_AGAIN).await;
    }
}

/// The operation's name in the log, if it fails.
const KEEP: &str = "keep the right to renew a token";

/// Extends the refresh lease until the response arrives. After the lease nothing more is sent; a response in flight is
/// still awaited, and saved unless another process took the lease.
async fn keep_refresh_lease(tools: &Tools, id: &ConnectionId, right: &Deadline) {
    loop {
        tools.outside.clock.beat(tools.policy.lease / 3).await;
        let (asked, until) = (tools.outside.clock.uptime(), tools.outside.clock.now().plus(tools.policy.lease));
        let kept = async {
            let mut tx = tools.db.begin().await?;
            let kept = db::grant::extend_refresh(&mut tx, id, &tools.instance, until).await?;
            tx.commit().await?;
            Ok::<bool, sqlx::Error>(kept)
        };
        match kept.await {
            Ok(true) => {
                right.extend(asked, tools.policy.sending_time());
                tools.can(KEEP);
            }
            Ok(false) => return std::future::pending().await,
            Err(error) => tools.cannot(KEEP, &error),
        }
    }
}

/// A refresh whose lease this caller holds.
struct LeasedRefresh {
    connection: Connection,
    /// The grant that it spends.
    old: Grant,
    how: How,
    run: OpenRun,
}

async fn ask(tools: &Tools, leased: &LeasedRefresh, right: &Deadline) -> Result<Grant, Failure> {
    let LeasedRefresh { connection, old, .. } = leased;
    let provider = tools.provider(&connection.store_type)?;
    let outside = &tools.outside.within(right);
    let facts = &connection.facts.0;
    if leased.how == How::Exchange {
        return provider::migrate(outside, provider, tools.app(provider.key())?, facts, old).await;
    }
    let app = tools.app_of(provider)?;
    match provider::refresh(outside, provider, app, facts, old).await {
        // The token may be spent. An immediate retry loses nothing more, and shows whether it is.
        Err(failure) if failure.kind == FailureKind::RefreshAnswerLost => {
            provider::refresh(outside, provider, app, facts, old).await.map_err(|again| spent(&failure, again))
        }
        answer => answer,
    }
}

async fn refresh_locked(tools: &Shared, leased: &LeasedRefresh, right: &Deadline) -> Result<Grant, Failure> {
    let LeasedRefresh { connection, how, run, old, .. } = leased;
    let answer = tokio::select! {
        answer = ask(tools, leased, right) => answer,
        () = keep_refresh_lease(tools, &connection.id, right) => unreachable!("it never ends"),
    };
    let now = tools.outside.clock.now();
    let provider = tools.provider(&connection.store_type)?;
    let mut tx = tools.db.begin().await?;
    let answer = match answer {
        Err(failure) if matches!(failure.kind, FailureKind::Shop(ShopAnswer::Revoked, _)) && *how != How::Exchange => {
            Err(explain(tools, &mut tx, leased, failure).await?)
        }
        answer => answer,
    };
    let result = match answer {
        Ok(mut grant) => {
            plan_ahead(tools, provider, &mut grant);
            let sealed = seal(tools, &connection.id, &connection.client_id, &connection.store_type, &grant);
            let saved =
                db::grant::replace_grant(&mut tx, &connection.id, &grant, &sealed, &tools.instance, now).await?;
            if let Some(kept) = spent_mark(tools, &grant).filter(|mark| spent_mark(tools, old).as_ref() == Some(mark)) {
                db::run::unmark_token(&mut tx, &connection.id, &kept).await?;
            }
            let missing = provider.missing_scopes(&grant);
            let lacks = format!("the shop took back what is needed: {}; connect it again", missing.join(", "));
            let end = match (saved, missing.is_empty()) {
                (true, true) => RunEnd::Success,
                // It works for the remaining scopes; the run records the missing ones, and calls that need them fail.
                (true, false) => RunEnd::Partial(FailureKind::ScopesMissing.code(), &lacks),
                (false, _) => RunEnd::Skipped(FailureKind::RefreshOvertaken.code(), OVERTAKEN),
            };
            run.close(&mut tx, tools, end, 1).await?;
            if saved { Ok(grant) } else { Err(Failure::new(FailureKind::RefreshOvertaken, OVERTAKEN)) }
        }
        Err(failure) => {
            // A key that cannot be refreshed is recorded by who called the shop, with the shop's words about it.
            let by_platform = !matches!(failure.kind, FailureKind::KeyRefused | FailureKind::NoRefreshToken);
            if failure.remedy() == Remedy::Reconnect
                && by_platform
                && *how != How::Exchange
                && let Some(refusal) = Refusal::of(connection.clone(), Some(old), &failure, now)
            {
                refusal.mark(&mut tx, now).await?;
            }
            db::grant::unlock_refresh(&mut tx, &connection.id, &tools.instance).await?;
            run.close(&mut tx, tools, RunEnd::Failed(&failure), 1).await?;
            Err(failure)
        }
    };
    tx.commit().await?;
    result
}

/// A keyed hash of the token that a refresh spends, journalled before the call.
fn spent_mark(tools: &Tools, grant: &Grant) -> Option<String> {
    grant.secret("refresh").map(|token| tools.vault.fingerprint(token.expose_secret().as_bytes()))
}

/// What it means if the retry after a lost response is refused.
fn spent(lost: &Failure, again: Failure) -> Failure {
    if again.remedy() != Remedy::Reconnect {
        return again;
    }
    let text = format!("{}, and so it is: connect the shop again", lost.message);
    Failure::new(FailureKind::RefreshLost, text)
}

/// Takes a refused token that an earlier refresh spent for one whose response was lost with the process or in transit,
/// not for one that the merchant revoked.
async fn explain(tools: &Tools, tx: &mut Tx, leased: &LeasedRefresh, failure: Failure) -> Result<Failure, Failure> {
    let Some(mark) = spent_mark(tools, &leased.old) else { return Ok(failure) };
    if !db::run::has_spent(tx, &leased.connection.id, &mark, &leased.run.id, 20).await? {
        return Ok(failure);
    }
    let text = format!("{} (an earlier refresh spent this token, and its answer was lost)", failure.message);
    Ok(Failure::new(FailureKind::RefreshLost, text))
}

/// The run of a refresh, or of a warning about one.
pub fn refresh_run(connection: &Connection) -> RunAbout<'_> {
    RunAbout::shop(&connection.id, &connection.client_id, RunAction::RefreshToken, Trigger::Schedule)
}
