//! Output of commands: tables and lines for people, one JSON document for programs.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::model::text::{cut, visible, visible_lines};

/// The output of a command.
pub(super) struct Out {
    pub(super) json: bool,
}

impl Out {
    /// Prints a list: a JSON array, or a table with these columns.
    pub(super) fn list<T: Serialize>(
        &self,
        rows: &[T],
        columns: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> anyhow::Result<()> {
        if self.json {
            return self.value(&rows);
        }
        if rows.is_empty() {
            return line("no entries");
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(columns.to_vec());
        for item in rows {
            let cells = row(item);
            let last = cells.len().saturating_sub(1);
            // The last column may be longer: it holds sentences, and no column follows that it would push away.
            let most = |at| if at == last { LAST_CELL } else { CELL };
            table.add_row(cells.iter().enumerate().map(|(at, text)| cell(text, most(at))));
        }
        line(&table.trim_fmt())
    }

    /// Prints one item: a JSON object, or a line for each of its members.
    pub(super) fn one<T: Serialize>(&self, value: &T) -> anyhow::Result<()> {
        if self.json {
            return self.value(value);
        }
        let value = serde_json::to_value(value)?;
        let width = value.as_object().map_or(0, |members| members.keys().map(String::len).max().unwrap_or(0));
        for (name, member) in value.as_object().into_iter().flatten().filter(|(_, member)| !member.is_null()) {
            let text = member.as_str().map_or_else(|| member.to_string(), str::to_owned);
            line(&format!("{name:width$}  {}", visible(&text)))?;
        }
        Ok(())
    }

    /// Prints JSON, with or without --json.
    #[expect(clippy::unused_self, reason = "called like the other methods")]
    pub(super) fn value<T: Serialize>(&self, value: &T) -> anyhow::Result<()> {
        write(&serde_json::to_string_pretty(value)?)
    }

    /// Prints a sentence; with --json, the value it is about.
    pub(super) fn done<T: Serialize>(&self, text: &str, value: &T) -> anyhow::Result<()> {
        if self.json { self.value(value) } else { line(text) }
    }

    /// Prints a sentence; nothing with --json.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        if self.json { Ok(()) } else { line(text) }
    }
}

/// The limit of a cell in characters, and of one in the last column.
const CELL: usize = 100;
const LAST_CELL: usize = 1000;

/// Formats a text for a cell: on one line, with visible control characters, truncated.
pub(super) fn cell(text: &str, most: usize) -> String {
    cut(&visible(text), most).into_owned()
}

/// Prints a line to stdout. It may contain text from outside: control characters are made visible.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    write(&visible_lines(text))
}

/// Prints one JSON document on one line, unchanged.
pub(super) fn json_line<T: Serialize>(value: &T) -> anyhow::Result<()> {
    write(&serde_json::to_string(value)?)
}

/// Writes to stdout; a closed pipe (`| head`) is not an error.
fn write(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a line to stderr; errors are ignored, since stderr may be closed.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The cells of a row: each value as text.
macro_rules! cells {
    ($($cell:expr),* $(,)?) => { vec![$(ToString::to_string(&$cell)),*] };
}
pub(super) use cells;

/// The text of a value; a dash if it is missing.
pub(super) fn or_dash<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "–".to_owned(), ToString::to_string)
}
