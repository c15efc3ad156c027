//! The command line, a thin layer with one file per command group. Reads call `views`; work calls verbs or is
//! enqueued as a job.

mod assets;
mod clients;
mod connect;
mod connections;
mod daemon;
mod demo;
mod doctor;
mod events;
mod favorites;
mod flows;
mod follow;
mod generate;
mod input;
mod inspirations;
mod keys;
mod logs;
mod migrate;
mod out;
mod products;
mod providers;
mod push;
mod sessions;
mod sync;
mod tags;
mod told;
pub mod visitor;

use std::{fmt, io::IsTerminal, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::{
        FormatFields,
        format::{Writer, debug_fn},
    },
};

use crate::{
    app,
    config::{Config, Log, LogFormat},
    model::text::{escaped, visible_lines},
    outside,
};
use out::{Out, line, note};

/// Connects shops, imports their products, and pushes approved pictures back.
#[derive(Parser)]
#[command(name = "store-sync", version, about, propagate_version = true)]
struct Cli {
    /// The configuration file; default: config.toml in the working folder if it exists.
    #[arg(long, global = true, env = "STORE_SYNC_CONFIG")]
    config: Option<PathBuf>,
    /// Print one JSON document on stdout.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole process on the built-in sandbox shop, then serve its page.
    Demo(demo::Args),
    /// Run the daemon: web server, schedules, workers.
    Serve,
    /// Migrate the database schema, or adopt a database of the older application.
    Migrate(migrate::Args),
    /// Clients (tenants).
    #[command(subcommand)]
    Clients(clients::Command),
    /// Connect a shop: print a link to open and wait; --key stores a pasted credential instead.
    Connect(connect::Args),
    /// Connected shops.
    #[command(subcommand)]
    Connections(connections::Command),
    /// Import a shop's products now.
    Sync(sync::Args),
    /// Runs: imports, pushes, removals, token refreshes and webhooks.
    Logs(logs::Args),
    /// Imported and uploaded products.
    #[command(subcommand)]
    Products(products::Command),
    /// Sessions: collections of products to make pictures for.
    #[command(subcommand, aliases = ["studio-sessions", "collection-sessions"])]
    Sessions(sessions::Command),
    /// Flows: attempts with fixed settings.
    #[command(subcommand, aliases = ["flow", "generation-flows"])]
    Flows(flows::Command),
    /// Generate pictures of products or of a flow, with the local studio or the configured model.
    Generate(generate::Args),
    /// Show a client's usage of a month: pictures, storage, money, and its limits.
    Usage(generate::UsageArgs),
    /// Inspirations: pictures that show the intended mood of a session.
    #[command(subcommand)]
    Inspirations(inspirations::Command),
    /// Assets: generated outputs and their approval.
    #[command(subcommand, aliases = ["generated-images", "generated-assets", "images"])]
    Assets(assets::Command),
    /// Tags on products and flows.
    #[command(subcommand)]
    Tags(tags::Command),
    /// Favourites of people and clients.
    #[command(subcommand, alias = "favourites")]
    Favorites(favorites::Command),
    /// Events of flows and assets, kept for 90 days.
    #[command(subcommand)]
    Events(events::Command),
    /// Pushes of approved pictures to shops.
    #[command(subcommand)]
    Push(push::Command),
    /// Store platforms.
    #[command(subcommand)]
    Providers(providers::Command),
    /// The vault keys, which seal credentials.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check everything, and print what is wrong and what to do.
    Doctor,
    /// Run a shop on this machine for tests, or a simulator of another platform.
    Sandbox(daemon::SandboxArgs),
    /// Print a completion script for your shell.
    Completions { shell: clap_complete::Shell },
    /// The configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print its JSON Schema, for editors.
    Schema,
}

/// Runs the command line; returns the exit code of the process.
pub fn main() -> ExitCode {
    outside::log_panics();
    outside::prepare_tls();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            note(&format!("error: cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(outside::catch_panic(run(cli))) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            note(&format!("error: {}", visible_lines(&told::told(&error))));
            told::exit_code(&error)
        }
        Err(fault) => {
            note(&format!("error: {fault}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let out = Out { json: cli.json };
    match &cli.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "store-sync", &mut script);
            line(String::from_utf8(script)?.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Config(ConfigCommand::Schema) => {
            out.value(&schemars::schema_for!(Config))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Demo(args) => {
            logging(&Log { level: "warn".into(), ..Log::default() });
            return demo::run(args).await.map(|()| ExitCode::SUCCESS);
        }
        _ => {}
    }
    let config = Config::load(cli.config.as_deref(), std::env::vars_os())?;
    let quiet = !matches!(cli.command, Command::Serve | Command::Sandbox(_));
    let level = if quiet && config.log.level == "info" { "warn" } else { config.log.level.as_str() };
    logging(&Log { level: level.to_owned(), ..config.log });
    dispatch(cli.command, &config, &out).await
}

impl Command {
    /// Whether the command may create the database and the key. All others require a database.
    fn begins(&self) -> bool {
        match self {
            Self::Serve
            | Self::Sandbox(_)
            | Self::Clients(clients::Command::Add { .. })
            | Self::Providers(_)
            | Self::Doctor => true,
            Self::Migrate(args) => args.begins(),
            _ => false,
        }
    }
}

async fn dispatch(command: Command, config: &Config, out: &Out) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        command.begins() || app::has_begun(config),
        "there is no database in {}. Create one with: store-sync clients add NAME (or try: store-sync demo). \
         If there should be one, run this command in the folder of config.toml, or use --config",
        config.storage.data_dir.display()
    );
    match command {
        Command::Serve => daemon::serve(config).await?,
        Command::Migrate(args) => migrate::run(config, out, args).await?,
        Command::Sandbox(args) => daemon::sandbox(config, args).await?,
        Command::Clients(command) => clients::run(config, out, command).await?,
        Command::Connect(args) => connect::run(config, out, args).await?,
        Command::Connections(command) => connections::run(config, out, command).await?,
        Command::Sync(args) => return sync::run(config, out, args).await,
        Command::Logs(args) => logs::run(config, out, args).await?,
        Command::Products(command) => products::run(config, out, command).await?,
        Command::Sessions(command) => sessions::run(config, out, command).await?,
        Command::Flows(command) => flows::run(config, out, command).await?,
        Command::Generate(args) => generate::run(config, out, args).await?,
        Command::Usage(args) => generate::usage(config, out, args).await?,
        Command::Inspirations(command) => inspirations::run(config, out, command).await?,
        Command::Assets(command) => assets::run(config, out, command).await?,
        Command::Tags(command) => tags::run(config, out, command).await?,
        Command::Favorites(command) => favorites::run(config, out, command).await?,
        Command::Events(command) => events::run(config, out, command).await?,
        Command::Push(command) => return push::run(config, out, command).await,
        Command::Providers(command) => return providers::run(config, out, command).await,
        Command::Keys(command) => return keys::run(config, out, command).await,
        Command::Doctor => return doctor::run(config, out).await,
        Command::Demo(_) | Command::Completions { .. } | Command::Config(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// A library that logs only its own start-up; silenced unless the configured level names it.
const SCHEDULER: &str = "tokio_cron_scheduler";

/// Sets up logging to stderr; stdout is for the output of commands.
fn logging(log: &Log) {
    let talkative = ["info", "debug", "trace"].iter().any(|level| log.level.to_ascii_lowercase().contains(level));
    let calm = format!("{SCHEDULER}=warn,{}", log.level);
    let filter =
        EnvFilter::try_new(if talkative { &calm } else { &log.level }).unwrap_or_else(|_| EnvFilter::new("info"));
    // If stderr cannot be written (a full disk), lines are lost and the work goes on.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // An error means that logging is set up already, by an earlier call in a test.
    let _ = match log.format {
        LogFormat::Text => builder.with_target(false).with_ansi(coloured).fmt_fields(one_line()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Formats message and fields of a text log line. Control characters are escaped, which prevents forged lines and
/// terminal sequences from requests and shops.
fn one_line() -> impl for<'w> FormatFields<'w> {
    let field = |writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| {
        let text = format!("{value:?}");
        let text = escaped(&text);
        match (field.name(), writer.has_ansi_escapes()) {
            ("message", _) => write!(writer, "{text}"),
            (name, true) => write!(writer, "\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m{text}"),
            (name, false) => write!(writer, "{name}={text}"),
        }
    };
    debug_fn(field).delimited(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;
    use regex::Regex;

    use super::{Cli, one_line};
    use crate::outside::lines::CapturedLog;

    fn texts(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                texts(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "md" || kind == "toml") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }

    #[test]
    fn a_stranger_forges_no_log_line() {
        let lines = CapturedLog::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt()
            .fmt_fields(one_line())
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let foul = "x\n2026-11-27T00:00:00Z  INFO forged\r\u{1b}[2J";
        tracing::subscriber::with_default(log, || {
            tracing::info_span!("request", path = %foul)
                .in_scope(|| tracing::warn!(path = %foul, other = foul, count = 3, "no such shop: {foul}"));
        });
        let text = lines.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with('\n') && !text.trim_end().contains(char::is_control), "{text:?}");
        let expected = "no such shop: x\\n2026-11-27T00:00:00Z  INFO forged\\r\\u{1b}[2J path=x\\n2026";
        assert!(text.contains(expected) && text.contains("count=3"), "{text}");
    }

    /// Every command that an error message or a page names exists.
    #[test]
    fn every_command_that_is_spoken_of_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["src", "docs"] {
            texts(&root.join(folder), &mut files);
        }
        for file in ["README.md", "CHANGELOG.md", "config.example.toml"] {
            files.push((file.to_owned(), std::fs::read_to_string(root.join(file)).expect("a text")));
        }
        // Joins lines that are broken in the source.
        let broken = Regex::new(r"\\\n\s*").expect("a pattern");
        let spoken = Regex::new(r"(?:run|see|with|`|^)[: ]*store-sync ((?:[a-z-]+ ?){1,2})").expect("a pattern");
        let (tree, mut count, mut wrong) = (Cli::command(), 0, Vec::new());
        for (file, text) in &files {
            for capture in spoken.captures_iter(&broken.replace_all(text, "")) {
                let words: Vec<&str> = capture[1].split_whitespace().collect();
                let Some(group) = words.first().and_then(|word| tree.find_subcommand(word)) else {
                    wrong.push(format!("{file}: {}", &capture[1]));
                    continue;
                };
                let second = words.get(1).filter(|_| group.has_subcommands());
                if second.is_some_and(|word| group.find_subcommand(word).is_none()) {
                    wrong.push(format!("{file}: {}", &capture[1]));
                }
                count += 1;
            }
        }
        assert!(count > 60, "{count}");
        assert!(wrong.is_empty(), "these commands do not exist:\n{}", wrong.join("\n"));
    }
}
