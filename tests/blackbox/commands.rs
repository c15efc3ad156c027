//! The tree of commands, from the program's own help.

use std::collections::BTreeSet;

use crate::program::Place;

/// Names under `Commands:`, without `help`.
fn below(help: &str) -> Vec<String> {
    let listed = help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let name = |line: &str| {
        line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next().map(str::to_owned)
    };
    listed.lines().filter_map(name).filter(|name| name != "help").collect()
}

/// Every command that can be run, such as `clients list`; asks each for its help on the way.
pub(crate) fn tree(place: &Place) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![Vec::<String>::new()]);
    while let Some(path) = open.pop() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        let name = arguments.join(" ");
        arguments.push("--help");
        let help = place.done(&arguments);
        assert!(help.stdout.contains("Usage: store-sync") && help.stderr.is_empty(), "{name}: {}", help.stdout);
        let inner = below(&help.stdout);
        // A group that does nothing itself has COMMAND in its usage and no other line there.
        let usage = help.stdout.split("Usage: ").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        if inner.is_empty() || usage.lines().count() > 1 {
            found.insert(name);
        }
        open.extend(inner.into_iter().map(|name| path.iter().cloned().chain([name]).collect()));
    }
    found
}

#[test]
fn every_command_has_a_help_and_wrong_usage_is_2() {
    let place = Place::new();
    let all = tree(&place);
    assert!(all.len() > 90 && all.contains("logs") && all.contains("logs show"), "{all:?}");
    for name in &all {
        let arguments: Vec<&str> = name.split(' ').chain(["--no-such-option"]).collect();
        let said = place.run(&arguments);
        assert_eq!(said.code, Some(2), "{name}: {}{}", said.stdout, said.stderr);
        assert!(said.stdout.is_empty() && said.stderr.contains("--no-such-option"), "{name}: {}", said.stderr);
    }
    assert_eq!(place.run(&[]).code, Some(2));
    assert!(place.done(&["--version"]).stdout.starts_with("store-sync "));
    assert_eq!(std::fs::read_dir(place.folder.path()).expect("is there").count(), 0, "help leaves nothing behind");
}

/// Whatever is wrong with the other end of its output, a command ends with 0 or 1 and without a panic.
#[test]
fn full_and_closed_outputs_are_borne() {
    let place = Place::new();
    let shell = |line: &str| {
        let mut command = place.command(&[]);
        let program = command.get_program().to_owned();
        command = std::process::Command::new("bash");
        command.current_dir(place.folder.path()).args(["-c", line]).arg(program);
        let said = command.output().expect("runs");
        (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    for line in [
        "$0 completions bash | true; exit ${PIPESTATUS[0]}",
        "$0 config schema | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}",
        "$0 providers list | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}",
    ] {
        let (code, stderr) = shell(line);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{line}");
    }
    for line in ["$0 completions bash >/dev/full", "$0 config schema >/dev/full"] {
        let (code, stderr) = shell(line);
        assert!(
            code == Some(1) && stderr.starts_with("error: ") && !stderr.contains("panicked"),
            "{line}: {code:?} {stderr}"
        );
    }
    assert_eq!(shell("$0 clients add Acme >/dev/null").0, Some(0));
    for (line, code) in [
        ("$0 clients list 2>/dev/full >list; rc=$?; test -s list && exit $rc", 0),
        ("STORE_SYNC__LOG__LEVEL=trace $0 doctor 2>/dev/full >list; rc=$?; test -s list && exit $rc", 0),
        ("$0 sync 2>/dev/full", 2),
        ("$0 sync --all 2>/dev/full", 1),
        ("$0 connections check nobody 2>&-", 1),
    ] {
        assert_eq!(shell(line).0, Some(code), "{line}");
    }
}

#[test]
fn a_text_log_into_a_pipe_is_plain_and_tells_of_our_own_work_only() {
    let place = Place::new();
    place.write("config.toml", "[server]\nlisten = '127.0.0.1:0'\n");
    let mut daemon = place.start(&["serve"]);
    daemon.wait_for(|line| line.contains(" serving ").then_some(()));
    let said = daemon.terminate();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(!said.stderr.contains('\u{1b}'), "colours are for terminals: {:?}", said.stderr);
    for word in ["Uninited", "Job creator", "tokio_cron_scheduler"] {
        assert!(!said.stderr.contains(word), "a library tells what it is made of: {}", said.stderr);
    }
}
