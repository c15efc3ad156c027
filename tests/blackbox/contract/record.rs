//! Writes down what the program answers: arguments, exit code and JSON, with what differs from run to run replaced.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::Value;

use super::mask::Mask;
use crate::{
    commands::tree,
    program::{Place, Said},
    wire::{Answer, ask},
};

/// All commands that there are.
pub(super) static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| tree(&Place::new()));

/// What was recorded.
#[derive(Default)]
pub(super) struct Recorded {
    pub(super) areas: BTreeMap<&'static str, String>,
    /// Commands that were run.
    pub(super) ran: BTreeSet<String>,
    /// What the daemon was asked, as `GET /path`.
    pub(super) asked: BTreeSet<String>,
}

/// A place, and what is recorded of it.
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) recorded: Recorded,
    pub(super) mask: Mask,
    area: &'static str,
}

/// What tells a program how to go on; dates and lengths do not.
const HEADERS: &[&str] = &[
    "allow",
    "cache-control",
    "content-type",
    "location",
    "retry-after",
    "set-cookie",
    "www-authenticate",
    "x-request-id",
];

/// Splits a line as a shell does, with '…' around words that have blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

impl Record {
    pub(super) fn new() -> Self {
        let place = Place::new();
        let mut mask = Mask::new();
        mask.name("folder", &place.folder.path().display().to_string());
        Self { place, recorded: Recorded::default(), mask, area: "" }
    }

    /// What comes from here on is of this area; ids that have no name are counted anew.
    pub(super) fn area(&mut self, name: &'static str) {
        self.area = name;
        self.mask.begin();
    }

    fn note(&mut self, text: &str) {
        self.recorded.areas.entry(self.area).or_default().push_str(text);
    }

    /// That a command was run whose answer is none for programs.
    pub(super) fn count(&mut self, words: &[String]) {
        let two = words.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
        let name = if ALL.contains(&two) { Some(&two) } else { words.first() };
        self.recorded.ran.extend(name.filter(|name| ALL.contains(*name)).cloned());
    }

    /// Runs a command that makes something, from here on called `name`; gives its id.
    pub(super) fn make(&mut self, name: &str, line: &str) -> String {
        let said = self.say(line);
        let value: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let made = if value.is_array() { &value[0] } else { &value };
        let id = made["id"].as_str().unwrap_or_else(|| panic!("{line} made nothing: {}{}", said.stdout, said.stderr));
        self.mask.name(name, id);
        self.note_said(line, &said);
        id.to_owned()
    }

    /// Runs a command with --json; gives the JSON, or null where there is none.
    pub(super) fn run(&mut self, line: &str) -> Value {
        let said = self.say(line);
        self.note_said(line, &said)
    }

    fn say(&mut self, line: &str) -> Said {
        let words = words(line);
        self.count(&words);
        let arguments: Vec<&str> = ["--json"].into_iter().chain(words.iter().map(String::as_str)).collect();
        self.place.run(&arguments)
    }

    fn note_said(&mut self, line: &str, said: &Said) -> Value {
        let mut text = format!("> {}\nexit {}\n", self.mask.text(line), said.code.unwrap_or(-1));
        let told = serde_json::from_str::<Value>(&said.stdout);
        match &told {
            Ok(value) => text += &format!("{}\n", self.mask.json(value)),
            Err(_) if said.stdout.is_empty() => {}
            Err(_) => text += "[no JSON]\n",
        }
        for line in said.stderr.lines().filter(|line| line.starts_with("error: ") || line.starts_with("note: ")) {
            text += &format!("stderr: {}: [text]\n", line.split(':').next().unwrap_or_default());
        }
        self.note(&(text + "\n"));
        told.unwrap_or_default()
    }

    /// Runs a command that speaks to people or shells alone: what it prints is prose.
    pub(super) fn plain(&mut self, line: &str) {
        let words = words(line);
        self.count(&words);
        let said = self.place.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let told = if said.stdout.is_empty() { "" } else { "[text]\n" };
        let text = format!("> {} (without --json)\nexit {}\n{told}\n", self.mask.text(line), said.code.unwrap_or(-1));
        self.note(&text);
    }

    /// Writes a text down as it is.
    pub(super) fn write(&mut self, text: &str) {
        self.note(text);
    }

    /// Asks the daemon.
    pub(super) fn ask(&mut self, method: &str, at: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        // Whoever asks too fast asks again.
        let once = || ask(method, at, path, headers, body.as_bytes());
        let answer = (0..10_000).map(|_| once()).find(|answer| answer.status != 429).expect("an answer");
        self.recorded.asked.insert(format!("{method} {}", path.split('?').next().unwrap_or_default()));
        let mut text = format!("> {method} {}\n", self.mask.text(path));
        for (name, value) in headers {
            text += &format!("{name}: {}\n", self.mask.text(value));
        }
        if !body.is_empty() {
            text += &format!("{}\n", self.mask.text(body));
        }
        self.note(&text);
        self.answer(&answer);
        answer
    }

    /// Asks until it is too much.
    pub(super) fn hurry(&mut self, at: &str, path: &str) {
        let answer = (0..10_000).map(|_| ask("GET", at, path, &[], b"")).find(|answer| answer.status == 429);
        self.note(&format!("> GET {path} (too fast)\n"));
        self.answer(&answer.expect("it is too fast in the end"));
    }

    /// Writes an answer down.
    pub(super) fn answer(&mut self, answer: &Answer) {
        let mut text = format!("answer {}\n", answer.status);
        for (name, value) in answer.headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str())) {
            let value = if name == "x-request-id" { "[request]".to_owned() } else { self.mask.text(value) };
            text += &format!("{name}: {value}\n");
        }
        text += &self.body(answer);
        self.note(&(text + "\n"));
    }

    fn body(&mut self, answer: &Answer) -> String {
        let kind = answer.header("content-type").unwrap_or_default();
        let text = answer.text();
        match kind.split(';').next() {
            Some("application/json") => {
                let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                format!("{}\n", self.mask.json(&value))
            }
            Some("text/plain") if answer.status >= 400 => "[text]\n".to_owned(),
            Some("text/html") => "[page]\n".to_owned(),
            // How many come before the last depends on how fast pictures are made.
            Some("text/event-stream") => {
                let last = text.trim_end().rsplit("\n\n").next().unwrap_or_default();
                format!("{}\n", self.mask.text(last))
            }
            Some(kind) if kind.starts_with("image/") => "[picture]\n".to_owned(),
            _ => self.mask.text(&text),
        }
    }
}
