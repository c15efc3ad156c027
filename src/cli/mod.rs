//! The command line: one file a command group, thin. Reads go to `db`, work goes to verbs or is left as a job.

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
    model::{
        Failure,
        text::{escaped, visible_lines},
    },
    outside,
};
use out::{Out, line, note};

/// Connects shops, imports their products, pushes approved pictures back.
#[derive(Parser)]
#[command(name = "store-sync", version, about, propagate_version = true)]
struct Cli {
    /// The configuration file; config.toml in the working folder if it is there.
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
    /// The whole journey on the built-in sandbox shop, then the page to look at.
    Demo(demo::Args),
    /// The daemon: web, schedules, workers.
    Serve,
    /// Bring the database up to date; take over one of the older application.
    Migrate(migrate::Args),
    /// Tenants.
    #[command(subcommand)]
    Clients(clients::Command),
    /// Connect a shop: prints the address to open and waits; --key stores a pasted credential instead.
    Connect(connect::Args),
    /// Connected shops.
    #[command(subcommand)]
    Connections(connections::Command),
    /// Import a shop's products now.
    Sync(sync::Args),
    /// What ran, and how it ended.
    Logs(logs::Args),
    /// Imported and uploaded products.
    #[command(subcommand)]
    Products(products::Command),
    /// Collections of products to make pictures for.
    #[command(subcommand, aliases = ["studio-sessions", "collection-sessions"])]
    Sessions(sessions::Command),
    /// Attempts with fixed settings.
    #[command(subcommand, aliases = ["flow", "generation-flows"])]
    Flows(flows::Command),
    /// Make pictures of products or of a flow: composed here, or by the model that is set up.
    Generate(generate::Args),
    /// What a client's month came to: pictures, room, money, and its limits.
    Usage(generate::UsageArgs),
    /// Pictures that show where a session should go.
    #[command(subcommand)]
    Inspirations(inspirations::Command),
    /// Pictures and their approval.
    #[command(subcommand, aliases = ["generated-images", "generated-assets", "images"])]
    Assets(assets::Command),
    /// A client's words for products and flows.
    #[command(subcommand)]
    Tags(tags::Command),
    /// Favourites of people and clients.
    #[command(subcommand, alias = "favourites")]
    Favorites(favorites::Command),
    /// What happened, kept for 90 days.
    #[command(subcommand)]
    Events(events::Command),
    /// Approved pictures on their way to shops.
    #[command(subcommand)]
    Push(push::Command),
    /// Store platforms.
    #[command(subcommand)]
    Providers(providers::Command),
    /// The keys that seal credentials.
    #[command(subcommand)]
    Keys(keys::Command),
    /// What is wrong, and what to do.
    Doctor,
    /// A real little shop on this machine, to try things on.
    Sandbox(daemon::SandboxArgs),
    /// A completion script for your shell.
    Completions { shell: clap_complete::Shell },
    /// About the configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Its JSON Schema, for editors.
    Schema,
}

/// Runs the command line; gives the process's exit code.
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
            let kind = error.downcast_ref().map(|failure: &Failure| &failure.kind);
            kind.map_or(ExitCode::FAILURE, |kind| ExitCode::from(kind.exit_code()))
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
    let level = if quiet && config.log.level == "info" { "warn".to_owned() } else { config.log.level.clone() };
    logging(&Log { level, ..config.log });
    dispatch(cli.command, &config, &out).await
}

impl Command {
    /// Whether it may be the first one here. All others only look at what is there: they make no database and no key.
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
        "nothing was begun here: there is no database in {}. Begin with: store-sync clients add NAME (or look around first: store-sync demo). \
         If there should be one, run this where config.toml is, or name it with --config",
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

/// Tells at its start what it is made of, and nothing else; whoever names it in the level hears it all the same.
const SCHEDULER: &str = "tokio_cron_scheduler";

/// Log lines go to stderr, so that stdout stays for answers.
fn logging(log: &Log) {
    let talkative = ["info", "debug", "trace"].iter().any(|level| log.level.to_ascii_lowercase().contains(level));
    let level = if talkative { format!("{SCHEDULER}=warn,{}", log.level) } else { log.level.clone() };
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    // Where stderr takes no more (a full disk behind it), lines are lost and work goes on.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // A second call, from a test, keeps the first one's choice.
    let _ = match log.format {
        LogFormat::Text => builder.with_target(false).with_ansi(coloured).fmt_fields(one_line()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Message and fields of a log line in text form. Whatever they repeat of a request or of a shop, they stay on their
/// line and steer no terminal.
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
        let told = "no such shop: x\\n2026-11-27T00:00:00Z  INFO forged\\r\\u{1b}[2J path=x\\n2026";
        assert!(text.contains(told) && text.contains("count=3"), "{text}");
    }

    /// Errors and pages tell people what to run: that has to exist.
    #[test]
    fn every_command_that_is_spoken_of_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        for folder in ["src", "docs"] {
            texts(&root.join(folder), &mut found);
        }
        for file in ["README.md", "CHANGELOG.md", "config.example.toml"] {
            found.push((file.to_owned(), std::fs::read_to_string(root.join(file)).expect("a text")));
        }
        // A line that is broken in the source goes on behind the blanks.
        let broken = Regex::new(r"\\\n\s*").expect("a pattern");
        let spoken = Regex::new(r"(?:run|see|with|`|^)[: ]*store-sync ((?:[a-z-]+ ?){1,2})").expect("a pattern");
        let (tree, mut seen, mut wrong) = (Cli::command(), 0, Vec::new());
        for (file, text) in &found {
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
                seen += 1;
            }
        }
        assert!(seen > 60, "{seen}");
        assert!(wrong.is_empty(), "these commands do not exist:\n{}", wrong.join("\n"));
    }
}
