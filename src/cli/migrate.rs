//! `migrate`: brings the database up to date, and takes over one of the older application.

use anyhow::Context;

use super::out::{Out, line, or_dash};
use crate::{
    app,
    config::Config,
    connect,
    db::{
        Db,
        adopt::{self, AdoptOptions, Kind, Report, RolePrepared},
    },
    outside::Random,
    vault::Vault,
};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Say every step, count every row, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the proof of the last adoption again.
    #[arg(long, conflicts_with_all = ["dry_run", "prepare", "contract", "take_credentials", "legacy_role"])]
    proof: bool,
    /// The database role of the older application, which goes on under its old names (PostgreSQL).
    #[arg(long, value_name = "ROLE")]
    legacy_role: Option<String>,
    /// Only show that role the old names first, from its next connection on. Do this before the real thing.
    #[arg(long, requires = "legacy_role", conflicts_with_all = ["dry_run", "contract", "take_credentials"])]
    prepare: bool,
    /// Move shop keys that the older application keeps in clear into sealed connections.
    #[arg(long)]
    take_credentials: bool,
    /// End the time of the old names. Refused while the older application is connected.
    #[arg(long, conflicts_with_all = ["dry_run", "take_credentials", "legacy_role"])]
    contract: bool,
    /// With --contract: what was deleted more days ago is deleted for good.
    #[arg(long, value_name = "DAYS", default_value_t = 30, requires = "contract")]
    keep_days: u32,
}

impl Args {
    /// Whether it has something to say where there is no database yet.
    pub(super) fn begins(&self) -> bool {
        !(self.proof || self.prepare || self.contract)
    }
}

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<()> {
    let outside = app::outside(config)?;
    let mut access = app::access(config);
    if args.dry_run && !app::has_begun(config) {
        // What is not there is looked at as empty, and not made by looking.
        access.url = "sqlite::memory:".to_owned().into();
    }
    let db = Db::open_by(&access).await?;
    if args.prepare {
        let role = args.legacy_role.unwrap_or_default();
        return out.say(&prepared(&role, &adopt::prepare_role(&db, &role).await?));
    }
    if args.proof {
        let report = adopt::last(&db).await?.context("no database of the older application was adopted here")?;
        return if out.json { out.value(&report) } else { print(&report) };
    }
    if args.contract {
        let done = adopt::contract(&db, &outside.clock, args.keep_days).await?;
        return out.one(&done);
    }
    let options = AdoptOptions { legacy: true, legacy_role: args.legacy_role };
    let mut report = if args.dry_run {
        adopt::dry_run(&db, &options).await?
    } else {
        adopt::run(&db, &outside.clock, &outside.new_id::<String>(), &options).await?
    };
    let keys = if args.dry_run {
        // The oldest generation has its clients under another name; they are looked at once it is adopted.
        let readable = !matches!(report.kind, Kind::Empty | Kind::Gen0 | Kind::Adopting);
        if report.tables.iter().any(|proof| proof.table == "store_connection") {
            report.warnings.extend(connect::lacking_facts(&db, &app::providers(config)?).await?);
            report.warnings.extend(needed_keys(config, &db).await?);
        }
        if readable { connect::legacy_keys_before(&db).await? } else { Vec::new() }
    } else {
        let tools = app::open(config).await?;
        report.warnings.extend(connect::complete_older(&tools).await?);
        let needed = connect::needed_keys(&tools.db, Some(&tools.vault), &tools.vault.location(), true).await?;
        report.warnings.extend(needed);
        if args.take_credentials {
            connect::take_legacy_keys(&tools).await?
        } else {
            connect::legacy_keys(&tools).await?
        }
    };
    if out.json {
        let mut value = serde_json::to_value(&report)?;
        value["legacy_keys"] = serde_json::to_value(&keys)?;
        return out.value(&value);
    }
    print(&report)?;
    for key in &keys {
        line(&format!("\nclient {}: {}", key.client_id, key.text))?;
    }
    Ok(())
}

/// Which keys of the older application will be needed. Looking makes no key of ours.
async fn needed_keys(config: &Config, db: &Db) -> anyhow::Result<Vec<String>> {
    let source = app::key_source(config);
    if let Some(file) = source.missing_file() {
        let place = format!("{} (once `store-sync migrate` has made it)", file.display());
        return Ok(connect::needed_keys(db, None, &place, false).await?);
    }
    let vault = Vault::new(source, Random::system())?;
    Ok(connect::needed_keys(db, Some(&vault), &vault.location(), false).await?)
}

fn prepared(role: &str, done: &RolePrepared) -> String {
    let RolePrepared::Now { sessions } = done else {
        return format!(
            "nothing has to be prepared: this generation of the older application uses the names that stay, and {role} goes on \
             as it is. Run: store-sync migrate"
        );
    };
    let waiting = match sessions {
        0 => String::new(),
        n => format!("{n} connection(s) of it are older than that. "),
    };
    format!(
        "{role} sees the schema legacy first from its next connection on, and after it whatever it saw before; the schema is empty, \
         so nothing changes.\n{waiting}Now let the older application connect anew (restart it, or recycle its pool; a pooler before the \
         server keeps its connections, so that it has to connect anew, too), then run: store-sync migrate --legacy-role {role}"
    )
}

fn print(report: &Report) -> anyhow::Result<()> {
    let (found, verb) = (describe(report.kind), if report.dry_run { "would be done" } else { "done" });
    line(&format!("{}: {found}", report.engine))?;
    for step in &report.steps {
        let phase = serde_json::to_value(step.phase)?;
        line(&format!("  {:9} {}", phase.as_str().unwrap_or_default(), step.what))?;
    }
    line(&format!("{} step(s) {verb}", report.steps.len()))?;
    if !report.tables.is_empty() {
        line("\nTABLE                      ROWS BEFORE   ROWS AFTER  SAME ROWS")?;
    }
    for proof in &report.tables {
        let name =
            if proof.was == proof.table { proof.table.clone() } else { format!("{} ({})", proof.table, proof.was) };
        let same = match &proof.hash_after {
            None => "–".to_owned(),
            Some(after) if *after == proof.hash_before => format!("yes, hash {after}"),
            Some(_) if proof.is_same() => format!("yes, but {} completed as said above", proof.filled),
            Some(_) => format!("{} written, {} added, {} gone meanwhile", proof.changed, proof.added, proof.missing),
        };
        line(&format!("{name:38} {:>8} {:>12}  {same}", proof.rows_before, or_dash(proof.rows_after.as_ref())))?;
    }
    if let Some(pair) = &report.picture_keys {
        line(&format!("pictures' ids and keys: hash {} before, {} after", pair.before, or_dash(pair.after.as_ref())))?;
    }
    for (reason, count) in &report.quarantine.counts {
        line(&format!("{}: {count}", told_of_rows(reason)))?;
    }
    for member in report.quarantine.members.iter().take(20) {
        line(&format!(
            "  {} {}: {} {}",
            member.table_name,
            member.id,
            member.reason,
            member.value.as_deref().unwrap_or("")
        ))?;
    }
    for text in report.notes.iter().chain(&report.references_lost) {
        line(&format!("note: {text}"))?;
    }
    for text in &report.warnings {
        line(&format!("warning: {text}"))?;
    }
    if let Some(ms) = report.expand_lock_ms {
        line(&format!("tables were locked for {ms} ms"))?;
    }
    if !report.dry_run && report.kind.is_legacy() {
        let verdict = if report.is_identical() && report.tables.iter().all(|proof| proof.filled == 0) {
            "every row that was there is there, unchanged"
        } else if report.is_identical() {
            "every row that was there is there, unchanged but for what was completed as said above"
        } else {
            "see the rows written meanwhile above"
        };
        line(&format!("{verdict}; it took {} ms; the proof is kept in schema_adoption", report.took_ms))?;
    }
    Ok(())
}

/// What becomes of rows that the report names for this reason.
fn told_of_rows(reason: &str) -> String {
    if reason.starts_with("set aside") {
        format!("{reason} (kept whole in schema_adoption_row)")
    } else if reason.starts_with("dangling") {
        format!("{reason}, which becomes null")
    } else if reason.ends_with("_twice") {
        format!("{reason}: one of them stays")
    } else {
        format!("not linked, {reason} (the lists themselves stay as they are)")
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Empty => "an empty database",
        Kind::Gen0 => "a database of the older application, with its oldest names (gen0)",
        Kind::Gen1 => "a database of the older application (gen1)",
        Kind::Gen2 => "a later database of the older application, with the new names (gen2)",
        Kind::Gen3 => "a still later database of the older application (gen3)",
        Kind::Half => "a database of the older application, some names old and some new",
        Kind::Mixed => "a database with tables under both their names",
        Kind::Adopting => "an adoption that was interrupted: it goes on",
        Kind::Older => "a database of an earlier release",
        Kind::Current => "up to date",
    }
}
