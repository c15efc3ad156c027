//! `doctor`: what is wrong, and what to do.

use std::process::ExitCode;

use serde::Serialize;

use super::{follow::Worker, out::Out};
use crate::{
    app,
    config::Config,
    connect,
    db::{
        self, Db,
        adopt::{self, Kind},
    },
    model::{Connection, ConnectionStatus, Run, RunStatus},
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

/// Shops that are asked who they are.
const MOST_SHOPS: usize = 50;

pub(super) async fn run(config: &Config, out: &Out) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let mut note = |check: &str, result: Result<String, String>| {
        let ok = result.is_ok();
        findings.push(Finding { check: check.to_owned(), ok, text: result.unwrap_or_else(|why| why) });
    };
    note("config", Ok(format!("data in {}, reached at {}", config.storage.data_dir.display(), config.public_url())));
    note("database", database(config).await);
    let outside = app::outside(config)?;
    let vault = Vault::open(app::key_source(config), outside.random.clone());
    note(
        "keys",
        vault.map(|vault| format!("sealing with key '{}'", vault.current_key_id())).map_err(|e| e.to_string()),
    );
    let files = outside.files.check().await;
    note("files", files.map(|()| format!("{} can be written to", outside.files.place())).map_err(|e| e.to_string()));
    // Before the first release of this program no clock can be right.
    let sane = outside.clock.now().unix_ms() > 1_763_000_000_000;
    let clock = format!("the clock says {}", outside.clock.now());
    note("clock", if sane { Ok(clock) } else { Err(format!("{clock}: set it, signatures and tokens depend on it")) });
    let providers = app::providers(config);
    note(
        "providers",
        providers
            .map(|p| {
                let replaced = p.replaced();
                let also =
                    if replaced.is_empty() { String::new() } else { format!("; replaced: {}", replaced.join(", ")) };
                format!("{} provider files are fine{also}", p.iter().count())
            })
            .map_err(|e| e.to_string()),
    );
    if findings.iter().all(|finding| finding.ok) {
        let tools = app::open(config).await?;
        let daemon = Worker::find(&tools).await? == Worker::Daemon;
        let text = if daemon {
            "a daemon is running"
        } else {
            "no daemon is running: schedules and approvals wait for `store-sync serve`"
        };
        findings.push(Finding { check: "daemon".into(), ok: true, text: text.into() });
        findings.extend(model(&tools).await);
        findings.extend(shops(&tools).await?);
    }
    let good = findings.iter().all(|finding| finding.ok);
    out.list(&findings, &["", "CHECK", "WHAT WAS FOUND"], |f| {
        vec![if f.ok { "ok" } else { "WRONG" }.into(), f.check.clone(), f.text.clone()]
    })?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn database(config: &Config) -> Result<String, String> {
    let db = Db::open(&config.database_url(), config.database.max_connections).await.map_err(|e| e.to_string())?;
    let look = adopt::look(&db).await.map_err(|e| e.to_string())?;
    match look.kind {
        Kind::Current => Ok(format!("{} answers and is up to date", db.engine())),
        kind if kind.is_legacy() => {
            Err(format!("this is a database of the older application ({kind}): see store-sync migrate --dry-run"))
        }
        _ if config.database.auto_migrate => Ok(format!(
            "{} answers; {} steps to bring it up to date will be taken at start",
            db.engine(),
            look.missing.len()
        )),
        _ => Err("the database is not up to date: run store-sync migrate".to_owned()),
    }
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
        Ok(()) if tools.rules.month_cap_usd_micros.is_some() && !priced => Err(format!(
            "[gemini] usd_per_month is set, and the price list does not name all of: {named}: those are not asked"
        )),
        Ok(()) if tools.rules.month_cap_usd_micros.is_none() => Ok(format!("{named}; no cap on a month's money")),
        Ok(()) => Ok(named),
    };
    let ok = text.is_ok();
    Some(Finding { check: "model".into(), ok, text: text.unwrap_or_else(|why| why) })
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
