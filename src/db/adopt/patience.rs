//! Time limits of a migration: it waits for locks only briefly, and makes nobody else wait for long.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::AdoptError;
use crate::outside::Clock;

/// The longest time that others may have to wait for us.
const LONGEST: Duration = Duration::from_millis(200);
/// After this many attempts the migration fails, if the same session held locks all the time.
const TRIES: u32 = 120;
/// And after this many times that, whoever it was.
const ROUNDS: u32 = 20;
/// The pause between attempts: short at first, because an application's transaction is short.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(300);
/// From this attempt on, a warning names the sessions that hold locks.
const FIRST_WARNING: u32 = 15;

/// How long our transactions may wait and work if others may want the same rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    budget: Duration,
}

impl Patience {
    /// At most half of the server's deadlock timeout: a session that waits for us is still waiting when we have
    /// released our locks, so that others' transactions are never aborted as deadlocks.
    pub(super) async fn of(conn: &mut PgConnection) -> sqlx::Result<Self> {
        let sql = "SELECT setting::bigint FROM pg_settings WHERE name = 'deadlock_timeout'";
        // In a transaction, because a pooler may give every statement outside one another connection.
        let mut tx = conn.begin().await?;
        let deadlock_ms: i64 = sqlx::query_scalar(sql).persistent(false).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        let half = Duration::from_millis(u64::try_from(deadlock_ms / 2).unwrap_or(0).max(1));
        Ok(Self { budget: half.min(LONGEST) })
    }

    /// Sets the transaction's lock timeout.
    pub(super) async fn wait_briefly(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        let sql = format!("SET LOCAL lock_timeout = '{}ms'", self.budget.as_millis());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await.map(drop)
    }

    /// Sets the statement timeout to what remains of the budget after `spent`.
    pub(super) async fn hurry(self, tx: &mut PgConnection, spent: Duration) -> sqlx::Result<()> {
        let left = self.budget.saturating_sub(spent).as_millis().max(1);
        let sql = format!("SET LOCAL statement_timeout = '{left}ms'");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(tx).await.map(drop)
    }

    /// Removes the statement timeout: what follows has to complete.
    pub(super) async fn take_time(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(tx).await.map(drop)
    }
}

/// The attempts at one operation.
pub(super) struct Tries<'a> {
    clock: &'a Clock,
    pause: Duration,
    made: u32,
    /// The sessions that held locks at the last check.
    holders: Vec<Holder>,
    /// Written rows refer to existing ones: a missing one was deleted at this moment.
    of_rows: bool,
}

impl<'a> Tries<'a> {
    pub(super) fn new(clock: &'a Clock) -> Self {
        Self { clock, pause: FIRST_PAUSE, made: 0, holders: Vec::new(), of_rows: false }
    }

    /// For filling rows from others that may be deleted meanwhile.
    pub(super) fn of_rows(clock: &'a Clock) -> Self {
        Self { of_rows: true, ..Self::new(clock) }
    }

    /// Handles a failed attempt: waits for the next one if other sessions were in the way; fails for any other error,
    /// or if they are in the way for too long.
    pub(super) async fn again(&mut self, conn: &mut PgConnection, error: sqlx::Error) -> Result<(), AdoptError> {
        let deleted = self.of_rows && self.made < FIRST_WARNING && has_code(&error, &["23503"]);
        if !is_busy(&error) && !deleted {
            return Err(error.into());
        }
        self.made += 1;
        if self.made % TRIES == FIRST_WARNING || self.made.is_multiple_of(TRIES) {
            let holders = Holder::find(conn).await?;
            let who = Holder::all(&holders);
            // A busy application releases its locks again and again; one long transaction does not.
            let stays = holders.is_empty() || holders.iter().any(|holder| self.holders.contains(holder));
            if self.made.is_multiple_of(TRIES) && (stays || self.made / TRIES == ROUNDS) {
                return Err(AdoptError::Busy(who));
            }
            tracing::warn!("waiting for other sessions that hold locks on the tables: {who}");
            self.holders = holders;
        }
        self.clock.sleep(self.pause).await;
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// Whether another session was in the way: lock timeout, deadlock, or statement timeout.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    has_code(error, &["55P03", "40P01", "57014"])
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}

/// A session that holds locks.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Holder {
    pid: i32,
    role: Option<String>,
    program: Option<String>,
    address: Option<String>,
    since: Option<String>,
}

impl Holder {
    /// Returns the sessions that hold locks on tables, the longest first.
    async fn find(conn: &mut PgConnection) -> sqlx::Result<Vec<Self>> {
        let sql = "SELECT pid, usename::text AS role, application_name AS program, client_addr::text AS address, \
                   xact_start::timestamptz(3)::text AS since FROM pg_stat_activity a WHERE datname = current_database() \
                   AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c \
                   ON c.oid = l.relation WHERE l.pid = a.pid AND l.granted AND c.relkind IN ('r', 'v') \
                   AND c.relnamespace <> 'pg_catalog'::regnamespace) ORDER BY xact_start LIMIT 3";
        let mut tx = conn.begin().await?;
        let holders = sqlx::query_as(sql).persistent(false).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(holders)
    }

    /// Formats sessions as `pid 4711 (psql as ada from 10.0.0.7, since 2026-…)`, separated by commas.
    pub(super) fn all(found: &[Self]) -> String {
        let texts: Vec<String> = found.iter().map(Self::text).collect();
        if texts.is_empty() { "a session that has ended by now".to_owned() } else { texts.join(", ") }
    }

    fn text(&self) -> String {
        let filled = |text: &&str| !text.is_empty();
        let program = self.program.as_deref().filter(filled).unwrap_or("an unnamed program");
        let role = self.role.as_deref().filter(filled).map_or_else(String::new, |role| format!(" as {role}"));
        let address = self.address.as_deref().filter(filled);
        let address = address.map_or_else(|| " on the server itself".to_owned(), |a| format!(" from {a}"));
        let since = self.since.as_deref().filter(filled).map_or_else(String::new, |since| format!(", since {since}"));
        format!("pid {} ({program}{role}{address}{since})", self.pid)
    }
}
