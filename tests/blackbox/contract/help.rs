//! The tree of commands as a list of names, arguments and options: what `--help` says without its prose.

use regex::Regex;

use crate::program::Place;

/// Options that every command has; they are named once, with the program itself.
const EVERYWHERE: &[&str] = &["--config", "--json", "--help", "--version"];

/// One line for each way a command is called, argument and option.
pub(super) fn told(place: &Place, names: &std::collections::BTreeSet<String>) -> String {
    let mut text = format!("{}\n", structure(&place.done(&["--help"]).stdout, &[]));
    for name in names {
        let arguments: Vec<&str> = name.split(' ').chain(["--help"]).collect();
        text += &format!("{}\n", structure(&place.done(&arguments).stdout, EVERYWHERE));
    }
    text
}

/// Usage lines as they stand; of each argument and option its form, and what stands in brackets behind its prose.
fn structure(help: &str, without: &[&str]) -> String {
    let entry = Regex::new(r"^ {2,6}(-\w, )?(--[a-z]|[<\[][A-Z_]+)").expect("a pattern");
    let bracket = Regex::new(r"\[(default|possible values|aliases|alias|env): [^\]]*\]").expect("a pattern");
    let choice = Regex::new(r"^ +- ([a-z_-]+)(:|$)").expect("a pattern");
    let mut found: Vec<(String, String)> = Vec::new();
    let mut usage = Vec::new();
    let mut section = "";
    for line in help.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            section = name;
        } else if line.starts_with("Usage: ") || line.starts_with("       store-sync") {
            usage.push(line.trim_start_matches("Usage: ").trim().to_owned());
        } else if section == "Commands" {
        } else if entry.is_match(line) {
            let form = line.trim().split("  ").next().unwrap_or_default().to_owned();
            let rest = line.trim()[form.len()..].trim().to_owned();
            found.push((form, rest));
        } else if let (Some((form, _)), Some(one)) = (found.last_mut(), choice.captures(line)) {
            form.push_str(&format!(" {}", &one[1]));
        } else if let Some((_, rest)) = found.last_mut() {
            rest.push(' ');
            rest.push_str(line.trim());
        }
    }
    let mut text = usage.join("\n") + "\n";
    for (form, rest) in found.iter().filter(|(form, _)| !without.iter().any(|every| form.contains(every))) {
        let brackets = bracket.find_iter(rest).map(|one| one.as_str());
        text += &format!("  {}\n", [form.as_str()].into_iter().chain(brackets).collect::<Vec<_>>().join(" "));
    }
    text
}
