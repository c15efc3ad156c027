//! `migrate`: migrates the schema, and adopts a database of the older application.

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
    /// Dry run: print every step, count every row, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the proof of the last adoption again.
    #[arg(long, conflicts_with_all = ["dry_run", "prepare", "contract", "take_credentials", "legacy_role"])]
    proof: bool,
    /// The database role of the older application, which continues to use the old names (PostgreSQL).
    #[arg(long, value_name = "ROLE")]
    legacy_role: Option<String>,
    /// Only set the search path of that role to the old names, from its next connection on. Run this before the
    /// adoption.
    #[arg(long, requires = "legacy_role", conflicts_with_all = ["dry_run", "contract", "take_credentials"])]
    prepare: bool,
    /// Move shop keys that the older application stores in clear text into sealed connections.
    #[arg(long)]
    take_credentials: bool,
    /// Remove the old names. Refused while the older application is connected.
    #[arg(long, conflicts_with_all = ["dry_run", "take_credentials", "legacy_role"])]
    contract: bool,
    /// With --contract: permanently delete what was deleted more than this many days ago.
    #[arg(long, value_name = "DAYS", default_value_t = 30, requires = "contract")]
    keep_days: u32,
}

impl Args {
    /// Whether the command also makes sense without a database.
    pub(super) fn begins(&self) -> bool {
        !(self.proof || self.prepare || self.contract)
    }
}

pub(super) async fn run(config: &Config, out: &Out, args: Args) -> anyhow::Result<()> {
    let outside = app::outside(config)?;
    let mut access = app::access(config);
    if args.dry_run && !app::has_begun(config) {
        // A dry run creates no database: a missing one is inspected as an empty one.
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
        // The oldest generation has its clients under another name; their keys are listed after the adoption.
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

/// The keys of the older application that will be needed. Creates no key.
async fn needed_keys(config: &Config, db: &Db) -> anyhow::Result<Vec<String>> {
    let source = app::key_source(config);
    if let Some(file) = source.missing_file() {
        let place = format!("{} (once `store-sync migrate` has created it)", file.display());
        return Ok(connect::needed_keys(db, None, &place, false).await?);
    }
    let vault = Vault::new(source, Random::system())?;
    Ok(connect::needed_keys(db, Some(&vault), &vault.location(), false).await?)
}

fn prepared(role: &str, done: &RolePrepared) -> String {
    let RolePrepared::Now { sessions } = done else {
        return format!(
            "nothing to prepare: this generation of the older application uses the names that stay, and {role} is not \
             changed. Run: store-sync migrate"
        );
    };
    let waiting = match sessions {
        0 => String::new(),
        n => format!("{n} connection(s) of it are older. "),
    };
    format!(
        "from its next connection on, {role} has the schema legacy first in its search path, before the previous one; the schema is empty, \
         so nothing changes.\n{waiting}Now make the older application reconnect (restart it, or recycle its pool; a pooler before the \
         server keeps its connections, so it must reconnect, too), then run: store-sync migrate --legacy-role {role}"
    )
}

fn print(report: &Report) -> anyhow::Result<()> {
    let (kind, verb) = (describe(report.kind), if report.dry_run { "would be done" } else { "done" });
    line(&format!("{}: {kind}", report.engine))?;
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
            Some(_) if proof.is_same() => format!("yes, except {} completed by the steps above", proof.filled),
            Some(_) => {
                format!("{} changed, {} added, {} deleted meanwhile", proof.changed, proof.added, proof.missing)
            }
        };
        line(&format!("{name:38} {:>8} {:>12}  {same}", proof.rows_before, or_dash(proof.rows_after.as_ref())))?;
    }
    if let Some(pair) = &report.picture_keys {
        line(&format!("pictures' ids and keys: hash {} before, {} after", pair.before, or_dash(pair.after.as_ref())))?;
    }
    for (reason, count) in &report.quarantine.counts {
        line(&format!("{}: {count}", describe_reason(reason)))?;
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
        let summary = if report.is_identical() && report.tables.iter().all(|proof| proof.filled == 0) {
            "every previous row is present and unchanged"
        } else if report.is_identical() {
            "every previous row is present and unchanged, except for the values completed by the steps above"
        } else {
            "rows were changed meanwhile, as listed above"
        };
        line(&format!("{summary}; the adoption took {} ms; its proof is stored in schema_adoption", report.took_ms))?;
    }
    Ok(())
}

/// Describes what happens to rows with this reason in the report.
fn describe_reason(reason: &str) -> String {
    if reason.starts_with("set aside") {
        format!("{reason} (stored completely in schema_adoption_row)")
    } else if reason.starts_with("dangling") {
        format!("{reason}, which becomes null")
    } else if reason.ends_with("_twice") {
        format!("{reason}: one of them is kept")
    } else {
        format!("not linked, {reason} (the lists themselves are not changed)")
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
        Kind::Adopting => "an interrupted adoption, which is resumed",
        Kind::Older => "a database of an earlier release",
        Kind::Current => "up to date",
    }
}
