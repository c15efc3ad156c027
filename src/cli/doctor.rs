//! `doctor`: checks configuration, database, keys, network, model, rows and shops.

use std::{collections::BTreeSet, process::ExitCode, time::Duration};

use anyhow::Context;
use serde::Serialize;

use super::{
    follow::Worker,
    out::{Out, cells},
    told::told,
};
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
    model::{Connection, ConnectionStatus, FIELDS_WITHOUT_VALUES, Run, RunStatus, Time},
    outside::{Clock, Random},
    provider::{self, Provider},
    tools::Shared,
    vault::Vault,
};

#[derive(Serialize)]
struct Finding {
    check: String,
    ok: bool,
    text: String,
}

/// The limit of rows of a kind that are checked for readability.
const MOST_ROWS: i64 = 10_000;
/// The limit of shops that are probed.
const MOST_SHOPS: usize = 50;

pub(super) async fn run(config: &Config, out: &Out) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let mut note = |check: &str, result: anyhow::Result<String>| {
        let ok = result.is_ok();
        findings.push(Finding { check: check.to_owned(), ok, text: result.unwrap_or_else(|why| told(&why)) });
    };
    note("config", Ok(format!("data in {}, URL {}", config.storage.data_dir.display(), config.public_url())));
    let time = Clock::system();
    note("database", database(config, &time).await);
    note("keys", keys(config).await);
    // This command creates nothing: a missing database or key is created by the first start.
    let begun = app::has_begun(config) && app::key_source(config).missing_file().is_none();
    match app::outside(config) {
        Ok(outside) => {
            note("outbound", outside.http.way_out().map_err(anyhow::Error::msg));
            if begun {
                let files = outside.files.check().await;
                let fine = |()| format!("{} is writable", outside.files.location());
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
    out.list(&findings, &["", "CHECK", "RESULT"], |f| cells![if f.ok { "ok" } else { "WRONG" }, f.check, f.text])?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The checks that need an open database and key ring.
async fn at_work(tools: &Shared) -> Vec<Finding> {
    let text = Worker::find(tools).await.map(|worker| match worker {
        Worker::Daemon => "a daemon is running".to_owned(),
        Worker::Nobody => "no daemon is running: schedules and approvals wait for `store-sync serve`".to_owned(),
    });
    let ok = text.is_ok();
    let mut findings = vec![Finding { check: "daemon".into(), ok, text: text.unwrap_or_else(|why| told(&why)) }];
    findings.extend(model(tools).await);
    findings.extend(
        versions(tools)
            .await
            .unwrap_or_else(|why| vec![Finding { check: "versions".into(), ok: false, text: told(&why) }]),
    );
    for (check, finding) in [("times", times(tools).await), ("rows", rows(tools).await)] {
        findings.push(finding.unwrap_or_else(|why| Finding { check: check.into(), ok: false, text: told(&why) }));
    }
    match shops(tools).await {
        Ok(shops) => findings.extend(shops),
        Err(why) => findings.push(Finding { check: "shops".into(), ok: false, text: told(&why) }),
    }
    findings
}

/// Checks that the time is plausible and agrees with the database's.
fn clock(clock: &Clock) -> anyhow::Result<String> {
    let text = format!("the clock shows {}", clock.uncorrected());
    // A time before the first release of this program is wrong.
    anyhow::ensure!(
        clock.uncorrected().unix_ms() > 1_763_000_000_000,
        "{text}: correct it, since signatures and tokens depend on it"
    );
    anyhow::ensure!(!clock.is_far_off(), "{text}; {}", clock.latest_correction());
    Ok(text)
}

fn providers(config: &Config) -> anyhow::Result<String> {
    let providers = app::providers(config)?;
    app::check_apps(config, &providers)?;
    let replaced = providers.replaced();
    let also = if replaced.is_empty() { String::new() } else { format!("; replaced: {}", replaced.join(", ")) };
    Ok(format!("{} provider files are valid{also}", providers.iter().count()))
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
                "there is none in {}, and the database cannot be opened to check whether it holds sealed credentials",
                file.display()
            )
        })?;
        app::check_new_key(config, &db).await?;
    }
    Ok(format!("there is none yet in {}: the first start creates one", file.display()))
}

async fn database(config: &Config, clock: &Clock) -> anyhow::Result<String> {
    if !app::has_begun(config) {
        return Ok(format!(
            "there is none yet in {}: store-sync clients add NAME, or store-sync serve, creates it",
            config.storage.data_dir.display()
        ));
    }
    let db = Db::open_by(&app::access(config)).await?;
    if let Some((ahead_ms, trip_ms)) = db.clock_ahead(clock).await? {
        clock.follow(ahead_ms, trip_ms);
    }
    let inspection = adopt::inspect(&db).await?;
    anyhow::ensure!(
        !inspection.kind.is_legacy(),
        "this is a database of the older application ({}): see store-sync migrate --dry-run",
        inspection.kind
    );
    anyhow::ensure!(!db.is_read_only().await?, DatabaseFault::ReadOnly);
    if inspection.kind == Kind::Current {
        return Ok(format!("{} answers and is up to date", db.engine()));
    }
    anyhow::ensure!(config.database.auto_migrate, "the database is not up to date: run store-sync migrate");
    if let Some(why) = db.cannot_make_tables().await? {
        anyhow::bail!(why);
    }
    let missing = inspection.missing.len();
    Ok(format!("{} answers; the next start migrates it ({missing} steps)", db.engine()))
}

/// Checks the credentials and the models, and that the price list names every model that may be used.
async fn model(tools: &Shared) -> Option<Finding> {
    let gemini = tools.engines.model.as_ref()?;
    let named = format!("{}, edits {}, analyses {}", gemini.model, gemini.edit_model, gemini.text_model);
    let priced = gemini.dearest(None, None, None).is_some()
        && gemini.dearest_edit(None).is_some()
        && gemini.analysis_price_bound().is_some();
    let text = match gemini.check().await {
        Err(failure) => Err(failure.to_string()),
        Ok(()) if tools.policy.month_cap_usd_micros.is_some() && !priced => Err(format!(
            "[gemini] usd_per_month is set, and the price list does not name all of: {named}: models without a price are not used"
        )),
        Ok(()) if tools.policy.month_cap_usd_micros.is_none() => Ok(format!("{named}; no monthly budget is set")),
        Ok(()) => Ok(named),
    };
    let ok = text.is_ok();
    Some(Finding { check: "model".into(), ok, text: text.unwrap_or_else(|why| why) })
}

/// How long before the end of its support an API version is warned about.
const WARN_BEFORE: Duration = Duration::from_hours(24 * 60);

/// Warns about API versions of connected platforms whose support ends soon, or has ended.
async fn versions(tools: &Shared) -> anyhow::Result<Vec<Finding>> {
    let mut tx = tools.db.read().await?;
    let all = db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    let live = all.into_iter().filter(|connection| connection.status != ConnectionStatus::Disconnected);
    let used: BTreeSet<String> = live.map(|connection| connection.store_type).collect();
    let now = tools.outside.clock.now();
    let known = tools.providers.iter().filter(|provider| used.contains(provider.key()));
    Ok(known.filter_map(|provider| ending(provider, now)).collect())
}

fn ending(provider: &Provider, now: Time) -> Option<Finding> {
    let api = provider.api()?;
    let end = api.supported_until.start();
    if now.plus(WARN_BEFORE) < end {
        return None;
    }
    let text = format!(
        "{} supports version {} of its API, which its file is written for, until {}: install a newer store-sync, or give it a newer \
         file of the platform ([providers] dir)",
        provider.name(),
        api.version,
        end.utc().format("%Y-%m-%d")
    );
    Some(Finding { check: format!("version {}", provider.key()), ok: false, text })
}

/// Checks for stored times in an impossible future, which a wrong clock causes.
async fn times(tools: &Shared) -> anyhow::Result<Finding> {
    let now = tools.outside.clock.now();
    let mut tx = tools.db.read().await?;
    let rows = db::times::list_impossible(&mut tx, now).await?;
    let mut texts: Vec<String> = rows.iter().map(|(column, id, at)| format!("{column} of '{id}' is {at}")).collect();
    for planned in db::connection::list_far_planned(&mut tx, now).await? {
        if planned.sync_cron.is_none() {
            texts.push(format!(
                "the next import of '{}' is at {}, later than its interval",
                planned.id, planned.next_sync_at
            ));
        }
    }
    let text = if texts.is_empty() {
        "no stored time is in an impossible future".to_owned()
    } else {
        format!(
            "a clock was wrong: {}. A running daemon corrects the times that work waits for (store-sync serve); check the clock of \
             this machine",
            texts.join("; ")
        )
    };
    Ok(Finding { check: "times".into(), ok: texts.is_empty(), text })
}

/// Checks for unreadable rows among shops, open jobs, the latest runs and products.
async fn rows(tools: &Shared) -> anyhow::Result<Finding> {
    let mut tx = tools.db.read().await?;
    db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    db::job::list_open(&mut tx, None, MOST_ROWS).await?;
    db::run::list(&mut tx, &RunFilter::default(), MOST_ROWS).await?;
    db::product::list(&mut tx, &ProductFilter::default(), MOST_ROWS).await?;
    let unreadable = db::unreadable();
    let text = if unreadable.is_empty() {
        "shops, jobs, runs and products are readable".to_owned()
    } else {
        format!("these rows are skipped until they are corrected: {}", unreadable.join("; "))
    };
    Ok(Finding { check: "rows".into(), ok: unreadable.is_empty(), text })
}

/// Probes every connected shop, up to the limit.
async fn shops(tools: &Shared) -> anyhow::Result<Vec<Finding>> {
    let mut tx = tools.db.read().await?;
    let all = db::connection::list(&mut tx, None, None, i64::from(i32::MAX)).await?;
    drop(tx);
    let mut findings = Vec::new();
    for connection in all.iter().filter(|c| c.status != ConnectionStatus::Disconnected).take(MOST_SHOPS) {
        let probed = match connect::open(tools, &connection.id).await {
            Ok((session, _)) => provider::probe(&session).await.and_then(provider::ShopFacts::complete),
            Err(failure) => Err(failure),
        };
        let result = match probed {
            Ok(_) => match lacking(tools, connection).await? {
                None => Ok("answers".to_owned()),
                Some(lacks) => Err(format!("answers, but {lacks}")),
            },
            Err(failure) => Err(failure.to_string()),
        };
        let ok = result.is_ok();
        let check = format!("shop {}", connection.store_url);
        findings.push(Finding { check, ok, text: result.unwrap_or_else(|why| why) });
    }
    Ok(findings)
}

/// Why the last import of a shop was partial or failed, or what the last complete one wondered about; `None` if neither.
async fn lacking(tools: &Shared, connection: &Connection) -> anyhow::Result<Option<String>> {
    let mut tx = tools.db.read().await?;
    let last = db::run::find_latest_import(&mut tx, &connection.id).await?;
    let incomplete = last.filter(|run| matches!(run.status, RunStatus::Partial | RunStatus::Failed));
    // A pass that another run continues is reported by that run.
    let goes_on = |run: &Run| ["continues", "interrupted"].iter().any(|code| run.error_code.as_deref() == Some(*code));
    if let Some(run) = incomplete.filter(|run| !goes_on(run)) {
        let why = run.error_message.as_deref().unwrap_or("no reason is stored");
        return Ok(Some(format!("its last import ({}) was {}: {why}", run.id, run.status)));
    }
    let Some(since) = db::cursor::get(&mut tx, &connection.id).await?.full_sync_at else { return Ok(None) };
    let noted = db::run::find_import_noted(&mut tx, &connection.id, FIELDS_WITHOUT_VALUES, since).await?;
    Ok(noted.map(|run| run.error_message.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Providers;

    #[test]
    fn the_end_of_an_api_version_is_told_sixty_days_ahead() {
        let known = Providers::built_in().expect("the built-in files are fine");
        let dated: Vec<_> = known.iter().filter(|provider| provider.api().is_some()).collect();
        assert!(!dated.is_empty());
        for provider in dated {
            let end = provider.api().expect("a version").supported_until.start();
            let days = |days: u64| Duration::from_hours(24 * days);
            assert!(ending(provider, end.minus(days(61))).is_none());
            for now in [end.minus(days(60)), end, end.plus(days(400))] {
                let told = ending(provider, now).expect("a warning");
                let day = end.utc().format("%Y-%m-%d").to_string();
                assert!(!told.ok && told.text.contains(&day) && told.text.contains(provider.name()), "{}", told.text);
            }
        }
        let undated = known.get("sandbox").expect("is built in");
        assert!(ending(undated, Time::from_unix_ms(9_000_000_000_000)).is_none());
    }
}
