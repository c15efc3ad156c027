//! How answers look: tables and lines for people, one JSON document for programs.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::model::text::{cut, visible, visible_lines};

/// Where answers go.
pub(super) struct Out {
    pub(super) json: bool,
}

impl Out {
    /// A list: an array, or a table with these columns.
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
            return line("nothing there");
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(columns.to_vec());
        for item in rows {
            let cells = row(item);
            let last = cells.len().saturating_sub(1);
            // The last column pads nothing behind it, so it may be longer: that is where sentences stand.
            let most = |at| if at == last { LAST_CELL } else { CELL };
            table.add_row(cells.iter().enumerate().map(|(at, text)| cell(text, most(at))));
        }
        line(&table.trim_fmt())
    }

    /// One thing: an object, or a line for each of its members.
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

    /// JSON, whatever was asked for.
    #[expect(clippy::unused_self, reason = "called as the other forms are")]
    pub(super) fn value<T: Serialize>(&self, value: &T) -> anyhow::Result<()> {
        write(&serde_json::to_string_pretty(value)?)
    }

    /// A sentence for people, or the thing it is about.
    pub(super) fn done<T: Serialize>(&self, text: &str, value: &T) -> anyhow::Result<()> {
        if self.json { self.value(value) } else { line(text) }
    }

    /// A sentence for people; nothing where JSON was asked for.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        if self.json { Ok(()) } else { line(text) }
    }
}

/// Characters of a cell, and of one in the last column.
const CELL: usize = 100;
const LAST_CELL: usize = 1000;

/// What stands in a table or a line among others: on one line, with signs for control characters, and cut.
pub(super) fn cell(text: &str, most: usize) -> String {
    cut(&visible(text), most).into_owned()
}

/// A line for people on stdout. What others wrote may stand in it: control characters are shown as signs.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    write(&visible_lines(text))
}

/// The same for one JSON document a line, which stays as it is.
pub(super) fn json_line<T: Serialize>(value: &T) -> anyhow::Result<()> {
    write(&serde_json::to_string(value)?)
}

/// A reader that has gone away (`| head`) is no failure.
fn write(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// One line on stderr, beside the answer. Whoever has closed it does not want to know.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A member of a table that may be missing.
pub(super) fn or_dash<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "–".to_owned(), ToString::to_string)
}
