//! How an adoption gives way: it waits for others a short time only, and lets nobody wait long for itself.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};

use super::AdoptError;
use crate::outside::Clock;

/// How long others may have to wait behind us, at most.
const LONGEST: Duration = Duration::from_millis(200);
/// After so many tries it is given up, if somebody has kept the tables busy all the time.
const TRIES: u32 = 120;
/// And after so many times that, whoever it was.
const ROUNDS: u32 = 20;
/// Between two tries: short at first, since whoever saves is soon done.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(300);
/// From this try on somebody is told who is waited for.
const TELLING: u32 = 15;

/// How long a transaction of ours may wait and work where others may want the same rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    budget: Duration,
}

impl Patience {
    /// At most half of the time after which the server looks for deadlocks: whoever came to wait for us is still waiting in
    /// peace when we have let go, so that it is never the others' work that is given up.
    pub(super) async fn of(conn: &mut PgConnection) -> sqlx::Result<Self> {
        let sql = "SELECT setting::bigint FROM pg_settings WHERE name = 'deadlock_timeout'";
        let deadlock_ms: i64 = sqlx::query_scalar(sql).persistent(false).fetch_one(conn).await?;
        let half = Duration::from_millis(u64::try_from(deadlock_ms / 2).unwrap_or(0).max(1));
        Ok(Self { budget: half.min(LONGEST) })
    }

    /// Within a transaction: each lock is waited for so long and no longer.
    pub(super) async fn wait_briefly(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        let sql = format!("SET LOCAL lock_timeout = '{}ms'", self.budget.as_millis());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await.map(drop)
    }

    /// Within a transaction that has `spent` so much: the next statement has what is left of the time of all.
    pub(super) async fn hurry(self, tx: &mut PgConnection, spent: Duration) -> sqlx::Result<()> {
        let left = self.budget.saturating_sub(spent).as_millis().max(1);
        let sql = format!("SET LOCAL statement_timeout = '{left}ms'");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await.map(drop)
    }

    /// Within a transaction: what follows has to come to its end.
    pub(super) async fn take_time(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(tx).await.map(drop)
    }
}

/// The tries at one thing.
pub(super) struct Tries<'a> {
    clock: &'a Clock,
    pause: Duration,
    made: u32,
    /// Who was in the way when that was last looked at.
    holders: Vec<Holder>,
    /// What is written refers to rows that are there: one that is not was deleted in this moment.
    of_rows: bool,
}

impl<'a> Tries<'a> {
    pub(super) fn new(clock: &'a Clock) -> Self {
        Self { clock, pause: FIRST_PAUSE, made: 0, holders: Vec::new(), of_rows: false }
    }

    /// At filling rows from what others may be deleting.
    pub(super) fn of_rows(clock: &'a Clock) -> Self {
        Self { of_rows: true, ..Self::new(clock) }
    }

    /// After a try that came to nothing: waits for the next one where others were in the way, and gives up otherwise, or
    /// when they are for too long.
    pub(super) async fn again(&mut self, conn: &mut PgConnection, error: sqlx::Error) -> Result<(), AdoptError> {
        let deleted = self.of_rows && self.made < TELLING && has_code(&error, &["23503"]);
        if !is_busy(&error) && !deleted {
            return Err(error.into());
        }
        self.made += 1;
        if self.made % TRIES == TELLING || self.made.is_multiple_of(TRIES) {
            let holders = Holder::find(conn).await?;
            let who = Holder::all(&holders);
            // An application that is busy lets go again and again; one long transaction does not.
            let stays = holders.is_empty() || holders.iter().any(|holder| self.holders.contains(holder));
            if self.made.is_multiple_of(TRIES) && (stays || self.made / TRIES == ROUNDS) {
                return Err(AdoptError::Busy(who));
            }
            tracing::warn!("waiting for other sessions that keep the tables busy: {who}");
            self.holders = holders;
        }
        self.clock.sleep(self.pause).await;
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// Somebody else was in the way: a lock not had in time, a deadlock, or the time of the whole transaction over.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    has_code(error, &["55P03", "40P01", "57014"])
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}

/// A session of somebody else.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Holder {
    pid: i32,
    role: Option<String>,
    program: Option<String>,
    address: Option<String>,
    since: Option<String>,
}

impl Holder {
    /// Who keeps tables busy, the longest first.
    async fn find(conn: &mut PgConnection) -> sqlx::Result<Vec<Self>> {
        let sql = "SELECT pid, usename::text AS role, application_name AS program, client_addr::text AS address, \
                   xact_start::timestamptz(3)::text AS since FROM pg_stat_activity a WHERE datname = current_database() \
                   AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c \
                   ON c.oid = l.relation WHERE l.pid = a.pid AND l.granted AND c.relkind IN ('r', 'v') \
                   AND c.relnamespace <> 'pg_catalog'::regnamespace) ORDER BY xact_start LIMIT 3";
        sqlx::query_as(sql).persistent(false).fetch_all(conn).await
    }

    /// `pid 4711 (psql as ada from 10.0.0.7, since 2026-…)`, several with commas between.
    pub(super) fn all(found: &[Self]) -> String {
        let texts: Vec<String> = found.iter().map(Self::text).collect();
        if texts.is_empty() { "it is gone by now".to_owned() } else { texts.join(", ") }
    }

    fn text(&self) -> String {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let program = filled(&self.program).unwrap_or_else(|| "a program without a name".to_owned());
        let role = filled(&self.role).map_or_else(String::new, |role| format!(" as {role}"));
        let address =
            filled(&self.address).map_or_else(|| " on the server itself".to_owned(), |a| format!(" from {a}"));
        let since = filled(&self.since).map_or_else(String::new, |since| format!(", since {since}"));
        format!("pid {} ({program}{role}{address}{since})", self.pid)
    }
}
