//! Puts names in the place of what differs from run to run, so that what is the same stays visible as the same.

use regex::Regex;
use serde_json::{Map, Value, json};

/// Sentences for people; they may be worded otherwise tomorrow.
const PROSE: &[&str] = &["message", "error_message", "last_error", "text", "note", "error", "ask", "full_only"];
/// What differs with the machine, with chance, or with how well pictures are compressed.
const MEASURED: &[&str] = &["took_ms", "byte_size", "original_byte_size", "stored_bytes", "storage_bytes", "bytes"];
/// Seeds beyond this were drawn, not given.
const GIVEN_SEEDS: u64 = 1_000_000;

pub(super) struct Mask {
    /// Things that the scenario has named, longest first.
    names: Vec<(String, String)>,
    patterns: Vec<(Regex, &'static str)>,
    id: Regex,
    /// Ids that have no name, in order of appearance.
    seen: Vec<String>,
}

impl Mask {
    pub(super) fn new() -> Self {
        let pattern = |text: &str| Regex::new(text).expect("a pattern");
        let patterns = vec![
            (pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "[time]"),
            (pattern(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"), "[time]"),
            (pattern(r"127\.0\.0\.1:\d+"), "127.0.0.1:[port]"),
            (pattern(r"\b1[7-9]\d{8}\b"), "[seconds]"),
            (pattern(r"\b20[2-9]\d-[01]\d\b"), "[month]"),
            (pattern(r"\b[0-9a-f]{64}\b"), "[hash]"),
            (pattern(r"\b[0-9a-f]{16}\b"), "[hash]"),
            (pattern(r"[A-Za-z0-9_-]{43,}"), "[token]"),
        ];
        let id = pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
        Self { names: Vec::new(), patterns, id, seen: Vec::new() }
    }

    /// From here on `value` is called `[name]`.
    pub(super) fn name(&mut self, name: &str, value: &str) {
        self.names.push((value.to_owned(), format!("[{name}]")));
        self.names.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    }

    pub(super) fn begin(&mut self) {
        self.seen.clear();
    }

    pub(super) fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.names {
            text = text.replace(value.as_str(), name);
        }
        let seen = &mut self.seen;
        text = self
            .id
            .replace_all(&text, |found: &regex::Captures<'_>| {
                let at = seen.iter().position(|id| *id == found[0]).unwrap_or_else(|| {
                    seen.push(found[0].to_owned());
                    seen.len() - 1
                });
                format!("[id{}]", at + 1)
            })
            .into_owned();
        for (pattern, name) in &self.patterns {
            text = pattern.replace_all(&text, *name).into_owned();
        }
        text
    }

    /// As indented JSON.
    pub(super) fn json(&mut self, value: &Value) -> String {
        let value = self.settled(value);
        let text = serde_json::to_string_pretty(&value).expect("is JSON");
        self.text(&text)
    }

    fn settled(&self, value: &Value) -> Value {
        match value {
            // What people said is data.
            Value::Object(part) if part.get("type").is_some_and(|kind| kind == "text") => value.clone(),
            Value::Object(step) if step.contains_key("phase") => json!({ "phase": step["phase"], "what": "[text]" }),
            Value::Object(members) => {
                let settled = members.iter().map(|(name, member)| (name.clone(), self.member(name, member)));
                Value::Object(settled.collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                let mut items: Vec<Value> = items.iter().map(|item| self.settled(item)).collect();
                // What a migration has to do is the schema's matter; that it has something to do is a program's.
                if items.iter().all(|item| item.get("phase").is_some()) {
                    items.dedup();
                }
                if items.iter().all(|item| item.get("erp_id").is_some() || item.get("outcome").is_some()) {
                    // What came in the same millisecond has ids in no order.
                    items.sort_by_key(|item| self.bare(item));
                }
                Value::Array(items)
            }
            other => other.clone(),
        }
    }

    fn member(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::String(_) if PROSE.contains(&name) => "[text]".into(),
            Value::Number(_) if MEASURED.contains(&name) => "[number]".into(),
            Value::Number(seed) if name == "seed" && seed.as_u64() > Some(GIVEN_SEEDS) => "[seed]".into(),
            Value::String(_) if name == "instance" => "[instance]".into(),
            Value::String(_) if name.ends_with("_ends_in") => "[duration]".into(),
            Value::Array(all) if name == "problems" => all.iter().map(|_| "[text]").collect(),
            other => self.settled(other),
        }
    }

    /// Without what differs from run to run.
    fn bare(&self, value: &Value) -> String {
        let text = self.id.replace_all(&value.to_string(), "").into_owned();
        self.patterns.iter().fold(text, |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
    }
}
