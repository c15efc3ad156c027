//! `doctor`: what is wrong, and what to do.

use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use super::{follow::Worker, out::Out, told::told};
use crate::{
    app,
    config::Config,
    connect,
    db::{
        self, DatabaseFault, Db,
        adopt::{self, Kind},
        product::ProductFilter,
        run::RunFilter,
    },
    model::{Connection, ConnectionStatus, Run, RunStatus},
    outside::{Clock, Random},
    provider,
    tools::Shared,
    vault::Vault,
};

#[derive(Serialize)]
struct Finding {
    check: String,
    ok: bool,
    text: String,
}

/// Rows of a kind that are read to see whether they can be.
const MOST_ROWS: i64 = 10_000;
/// Shops that are asked who they are.
const MOST_SHOPS: usize = 50;

pub(super) async fn run(config: &Config, out: &Out) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let mut note = |check: &str, result: anyhow::Result<String>| {
        let ok = result.is_ok();
        findings.push(Finding { check: check.to_owned(), ok, text: result.unwrap_or_else(|why| told(&why)) });
    };
    note("config", Ok(format!("data in {}, reached at {}", config.storage.data_dir.display(), config.public_url())));
    let time = Clock::system();
    note("database", database(config, &time).await);
    note("keys", keys(config).await);
    // What is missing is made at the first start, not by looking.
    let begun = app::has_begun(config) && app::key_source(config).missing_file().is_none();
    match app::outside(config) {
        Ok(outside) => {
            note("outbound", outside.http.way_out().map_err(anyhow::Error::msg));
            if begun {
                let files = outside.files.check().await;
                let fine = |()| format!("{} can be written to", outside.files.location());
                note("files", files.map(fine).map_err(Into::into));
            }
        }
        Err(why) => note("outbound", Err(why)),
    }
    note("clock", clock(&time));
    note("providers", providers(config));
    if begun && findings.iter().all(|finding| finding.ok) {
        match app::open(config).await {
            Ok(tools) => findings.extend(at_work(&tools).await),
            Err(why) => findings.push(Finding { check: "start".into(), ok: false, text: told(&why) }),
        }
    }
    let good = findings.iter().all(|finding| finding.ok);
    out.list(&findings, &["", "CHECK", "WHAT WAS FOUND"], |f| {
        vec![if f.ok { "ok" } else { "WRONG" }.into(), f.check.clone(), f.text.clone()]
    })?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What only an open house can tell.
async fn at_work(tools: &Shared) -> Vec<Finding> {
    let text = Worker::find(tools).await.map(|worker| match worker {
        Worker::Daemon => "a daemon is running".to_owned(),
        Worker::Nobody => "no daemon is running: schedules and approvals wait for `store-sync serve`".to_owned(),
    });
    let ok = text.is_ok();
    let mut findings = vec![Finding { check: "daemon".into(), ok, text: text.unwrap_or_else(|why| told(&why)) }];
    findings.extend(model(tools).await);
    for (check, found) in [("times", times(tools).await), ("rows", rows(tools).await)] {
        findings.push(found.unwrap_or_else(|why| Finding { check: check.into(), ok: false, text: told(&why) }));
    }
    match shops(tools).await {
        Ok(shops) => findings.extend(shops),
        Err(why) => findings.push(Finding { check: "shops".into(), ok: false, text: told(&why) }),
    }
    findings
}

/// Whether the time is sane, and the one that the database keeps.
fn clock(clock: &Clock) -> anyhow::Result<String> {
    let text = format!("the clock says {}", clock.uncorrected());
    // Before the first release of this program no clock can be right.
    anyhow::ensure!(
        clock.uncorrected().unix_ms() > 1_763_000_000_000,
        "{text}: set it, signatures and tokens depend on it"
    );
    anyhow::ensure!(!clock.is_far_off(), "{text}; {}", clock.latest_correction());
    Ok(text)
}

fn providers(config: &Config) -> anyhow::Result<String> {
    let providers = app::providers(config)?;
    app::check_apps(config, &providers)?;
    let replaced = providers.replaced();
    let also = if replaced.is_empty() { String::new() } else { format!("; replaced: {}", replaced.join(", ")) };
    Ok(format!("{} provider files are fine{also}", providers.iter().count()))
}

async fn keys(config: &Config) -> anyhow::Result<String> {
    let source = app::key_source(config);
    let Some(file) = source.missing_file() else {
        let vault = Vault::new(source, Random::system())?;
        return Ok(format!("sealing with key '{}'", vault.current_key_id()));
    };
    if app::has_begun(config) {
        let db = Db::open_by(&app::access(config)).await.ok().with_context(|| {
            format!(
                "there is none in {}; whether the database holds anything sealed can be told once it opens",
                file.display()
            )
        })?;
        app::check_new_key(config, &db).await?;
    }
    Ok(format!("there is none yet in {}: the first start makes one", file.display()))
}

async fn database(config: &Config, clock: &Clock) -> anyhow::Result<String> {
    if !app::has_begun(config) {
        return Ok(format!(
            "there is none yet in {}: store-sync clients add NAME, or store-sync serve, makes it",
            config.storage.data_dir.display()
        ));
    }
    let db = Db::open_by(&app::access(config)).await?;
    if let Some((ahead_ms, trip_ms)) = db.clock_ahead(clock).await? {
        clock.follow(ahead_ms, trip_ms);
    }
    let look = adopt::inspect(&db).await?;
    anyhow::ensure!(
        !look.kind.is_legacy(),
        "this is a database of the older application ({}): see store-sync migrate --dry-run",
        look.kind
    );
    anyhow::ensure!(!db.is_read_only().await?, DatabaseFault::ReadOnly);
    if look.kind == Kind::Current {
        return Ok(format!("{} answers and is up to date", db.engine()));
    }
    anyhow::ensure!(config.database.auto_migrate, "the database is not up to date: run store-sync migrate");
    if let Some(why) = db.cannot_make_tables().await? {
        anyhow::bail!(why);
    }
    let missing = look.missing.len();
    Ok(format!("{} answers; {missing} steps to bring it up to date will be taken at start", db.engine()))
}

/// The model is asked whether it is there, and the price list whether it names what may be asked.
async fn model(tools: &Shared) -> Option<Finding> {
    let gemini = tools.gemini.as_ref()?;
    let named = format!("{}, edits {}, analyses {}", gemini.model, gemini.edit_model, gemini.text_model);
    let priced = gemini.dearest(None, None, None).is_some()
        && gemini.dearest_edit(None).is_some()
        && gemini.analysis_price_bound().is_some();
    let text = match gemini.check().await {
        Err(failure) => Err(failure.to_string()),
        Ok(()) if tools.policy.month_cap_usd_micros.is_some() && !priced => Err(format!(
            "[gemini] usd_per_month is set, and the price list does not name all of: {named}: those are not asked"
        )),
        Ok(()) if tools.policy.month_cap_usd_micros.is_none() => Ok(format!("{named}; no cap on a month's money")),
        Ok(()) => Ok(named),
    };
    let ok = text.is_ok();
    Some(Finding { check: "model".into(), ok, text: text.unwrap_or_else(|why| why) })
}

/// Times that lie in an impossible future: a clock was wrong once.
async fn times(tools: &Shared) -> anyhow::Result<Finding> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.read().await?;
    let found = db::times::list_impossible(&mut tx, now).await?;
    let mut texts: Vec<String> = found.iter().map(|(column, id, at)| format!("{column} of '{id}' is {at}")).collect();
    for planned in db::connection::list_far_planned(&mut tx, now).await? {
        if planned.sync_cron.is_none() {
            texts.push(format!(
                "the next import of '{}' is at {}, later than its interval",
                planned.id, planned.next_sync_at
            ));
        }
    }
    let text = if texts.is_empty() {
        "no stored time lies in an impossible future".to_owned()
    } else {
        format!(
            "a clock was wrong once: {}. A running daemon puts right what something waits for (store-sync serve); check this \
             machine's clock",
            texts.join("; ")
        )
    };
    Ok(Finding { check: "times".into(), ok: texts.is_empty(), text })
}

/// Rows that cannot be read: of shops, waiting jobs and the latest runs, which everything else stands on.
async fn rows(tools: &Shared) -> anyhow::Result<Finding> {
    let mut tx = tools.db.read().await?;
    db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    db::job::list_open(&mut tx, None, MOST_ROWS).await?;
    db::run::list(&mut tx, &RunFilter::default(), MOST_ROWS).await?;
    db::product::list(&mut tx, &ProductFilter::default(), MOST_ROWS).await?;
    let found = db::unreadable();
    let text = if found.is_empty() {
        "shops, jobs, runs and products can be read".to_owned()
    } else {
        format!("these are passed over until they are put right: {}", found.join("; "))
    };
    Ok(Finding { check: "rows".into(), ok: found.is_empty(), text })
}

/// Every connected shop is asked who it is.
async fn shops(tools: &Shared) -> anyhow::Result<Vec<Finding>> {
    let mut tx = tools.db.read().await?;
    let all = db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    drop(tx);
    let mut findings = Vec::new();
    for connection in all.iter().filter(|c| c.status != ConnectionStatus::Disconnected).take(MOST_SHOPS) {
        let asked = match connect::open(tools, &connection.id).await {
            Ok((session, _)) => provider::probe(&session).await,
            Err(failure) => Err(failure),
        };
        let found = match asked {
            Ok(_) => match lacking(tools, connection).await? {
                None => Ok("answers".to_owned()),
                Some(lacks) => Err(format!("answers, but {lacks}")),
            },
            Err(failure) => Err(failure.to_string()),
        };
        let ok = found.is_ok();
        let check = format!("shop {}", connection.store_url);
        findings.push(Finding { check, ok, text: found.unwrap_or_else(|why| why) });
    }
    Ok(findings)
}

/// What its last import left undone, or why it failed.
async fn lacking(tools: &Shared, connection: &Connection) -> anyhow::Result<Option<String>> {
    let mut tx = tools.db.read().await?;
    let last = db::run::find_latest_import(&mut tx, &connection.id).await?;
    let told = last.filter(|run| matches!(run.status, RunStatus::Partial | RunStatus::Failed));
    // What goes on in another run is told by that.
    let goes_on = |run: &Run| ["continues", "interrupted"].iter().any(|code| run.error_code.as_deref() == Some(*code));
    Ok(told.filter(|run| !goes_on(run)).map(|run| {
        let why = run.error_message.as_deref().unwrap_or("no reason was kept");
        format!("its last import ({}) was {}: {why}", run.id, run.status)
    }))
}
