//! Applies the environment over the configuration file.

/// Applies one variable to the table. Plain numbers and booleans keep their type, lists and tables are written as in
/// the file, everything else is text.
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
        _ => number(value).or_else(|| inline(value)).unwrap_or_else(|| value.into()),
    };
    table.insert(last.clone(), typed);
}

/// Parses a number in canonical form: `007` and `1e3` stay text.
fn number(value: &str) -> Option<toml::Value> {
    if let Some(whole) = value.parse::<i64>().ok().filter(|number| number.to_string() == value) {
        return Some(whole.into());
    }
    value.parse::<f64>().ok().filter(|number| number.is_finite() && number.to_string() == value).map(Into::into)
}

/// Parses an inline table or an array.
fn inline(value: &str) -> Option<toml::Value> {
    value.starts_with(['{', '[']).then(|| format!("v = {value}").parse::<toml::Table>().ok()?.remove("v")).flatten()
}
