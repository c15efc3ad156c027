//! The environment laid over the file.

/// Lays one variable over the table. Plain numbers and booleans keep their type, lists and tables are
/// written as in the file, everything else is text.
pub(super) fn overlay(table: &mut toml::Table, keys: &str, value: &str) {
    let keys: Vec<String> = keys.split("__").map(str::to_lowercase).collect();
    let Some((last, sections)) = keys.split_last() else { return };
    let mut table = table;
    for section in sections {
        let entry = table.entry(section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if !entry.is_table() {
            *entry = toml::Value::Table(toml::Table::new());
        }
        let Some(inner) = entry.as_table_mut() else { return };
        table = inner;
    }
    let typed = match value {
        "true" | "false" => toml::Value::Boolean(value == "true"),
        _ => match value.parse::<i64>() {
            Ok(number) if number.to_string() == value => toml::Value::Integer(number),
            _ => match value.starts_with(['{', '[']).then(|| format!("v = {value}").parse::<toml::Table>()) {
                Some(Ok(mut inline)) => inline.remove("v").unwrap_or_else(|| value.into()),
                _ => value.into(),
            },
        },
    };
    table.insert(last.clone(), typed);
}
