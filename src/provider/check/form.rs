//! Fits a provider's file to the schema of its types: every key and every text, each with its line, so that all slips are
//! reported at once. What the types would refuse one by one is refused here.

use std::{collections::BTreeMap, ops::Range};

use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::super::{
    path::Path,
    recipe::{Pattern, Span, StatusMatch},
    template::Template,
};

/// A slip in the form of a file, at one of its keys.
#[derive(Debug)]
pub(super) struct FormSlip {
    pub(super) key: String,
    pub(super) line: Option<usize>,
    pub(super) what: String,
}

/// A text that looks up names.
#[derive(Debug)]
pub(super) struct LookUp {
    pub(super) key: String,
    pub(super) is_path: bool,
    pub(super) slots: Vec<String>,
}

/// A file, held against the schema.
pub(super) struct Form<'a> {
    /// Where its lines end.
    ends: Vec<usize>,
    schema: &'a Value,
    lines: BTreeMap<String, usize>,
    pub(super) slips: Vec<FormSlip>,
    pub(super) look_ups: Vec<LookUp>,
}

impl<'a> Form<'a> {
    /// Reads a file. The second value is the file with neutral values in the place of slips, so that the rest can be
    /// checked too; `None` if too little of it is left.
    pub(super) fn read(text: &str, schema: &'a Value) -> (Self, Option<toml::Value>) {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        let mut form = Self { ends, schema, lines: BTreeMap::new(), slips: Vec::new(), look_ups: Vec::new() };
        let (tree, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map(|at| form.line_at(&at));
            form.slips.push(FormSlip { key: String::new(), line, what: error.message().to_owned() });
        }
        if !form.slips.is_empty() {
            return (form, None);
        }
        let whole = Spanned::new(tree.span(), DeValue::Table(tree.into_inner()));
        let mended = form.fit(schema, &whole, "");
        (form, mended)
    }

    /// The line of a key, such as `push.step.attach.op`, or of its nearest existing parent; `None` if the file has
    /// neither. An element of a list is found by its `name`, or by its place: `import.nested[0].op`.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        let mut key = key;
        loop {
            if let Some(line) = self.lines.get(key) {
                return Some(*line);
            }
            key = &key[..key.rfind(['.', '['])?];
        }
    }

    /// The line of a place in the file.
    pub(super) fn line_at(&self, at: &Range<usize>) -> usize {
        self.ends.partition_point(|end| *end < at.start) + 1
    }

    fn slip(&mut self, key: &str, what: String) {
        let line = self.line(key);
        self.slips.push(FormSlip { key: key.to_owned(), line, what });
    }

    /// Fits a value to a schema; returns it without its slips.
    fn fit(&mut self, schema: &Value, value: &Spanned<DeValue<'_>>, key: &str) -> Option<toml::Value> {
        let all = self.schema;
        if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
            return match TextKind::of(name) {
                Some(TextKind::Tree) => Some(self.tree(value, key)),
                Some(kind) => self.text(kind, value, key),
                None => self.fit(&all["$defs"][name], value, key),
            };
        }
        if let Some(options) = schema["anyOf"].as_array() {
            let is_table = value.get_ref().is_table();
            let options: Vec<&Value> = options.iter().filter(|option| option["type"] != "null").collect();
            let fitting = options.iter().find(|option| takes_tables(all, option) == is_table);
            return self.fit(fitting.or(options.first())?, value, key);
        }
        if let Some(words) = words_of(schema) {
            return self.word(&words, value, key);
        }
        if let Some(options) = schema["oneOf"].as_array() {
            return self.tagged(options, value, key);
        }
        match (kind_of(schema), value.get_ref()) {
            ("object", DeValue::Table(members)) => self.table(schema, members, key),
            ("array", DeValue::Array(elements)) => {
                let fitted = elements.iter().enumerate().filter_map(|(place, element)| {
                    let key = format!("{key}{}", place_of(place, element));
                    self.lines.insert(key.clone(), self.line_at(&element.span()));
                    self.fit(&schema["items"], element, &key)
                });
                Some(toml::Value::Array(fitted.collect()))
            }
            ("string", DeValue::String(_))
            | ("integer", DeValue::Integer(_))
            | ("number", DeValue::Integer(_) | DeValue::Float(_))
            | ("boolean", DeValue::Boolean(_)) => plain(value.get_ref()),
            (kind, found) => {
                self.slip(key, format!("invalid type: {}, expected {}", found.type_str(), described(kind)));
                neutral(all, schema)
            }
        }
    }

    fn table(&mut self, schema: &Value, members: &DeTable<'_>, key: &str) -> Option<toml::Value> {
        let known = schema["properties"].as_object();
        let others = Some(&schema["additionalProperties"]).filter(|others| others.is_object());
        let (mut table, mut is_whole) = (toml::Table::new(), true);
        for (name, member) in members {
            let at = if key.is_empty() { name.get_ref().to_string() } else { format!("{key}.{}", name.get_ref()) };
            self.lines.insert(at.clone(), self.line_at(&name.span()));
            if let Some(part) = known.and_then(|known| known.get(name.get_ref().as_ref())).or(others) {
                let fitted = self.fit(part, member, &at).map(|fitted| (name.get_ref().to_string(), fitted));
                table.extend(fitted);
            } else {
                let expected = listed(known.into_iter().flat_map(|known| known.keys()));
                self.slip(&at, format!("unknown field `{}`, expected {expected}", name.get_ref()));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.slip(key, format!("missing field `{name}`"));
            }
            if !table.contains_key(name) {
                let spare = known.and_then(|known| neutral(self.schema, known.get(name)?));
                is_whole &= spare.is_some();
                table.extend(spare.map(|spare| (name.to_owned(), spare)));
            }
        }
        is_whole.then_some(toml::Value::Table(table))
    }

    /// A table whose `kind` says which of several it is.
    fn tagged(&mut self, options: &[Value], value: &Spanned<DeValue<'_>>, key: &str) -> Option<toml::Value> {
        let DeValue::Table(members) = value.get_ref() else {
            self.slip(key, format!("invalid type: {}, expected a table", value.get_ref().type_str()));
            return None;
        };
        let kinds = || options.iter().filter_map(|option| option["properties"]["kind"]["const"].as_str());
        let kind = members.get("kind").and_then(|kind| kind.get_ref().as_str());
        match (kind, options.iter().find(|option| option["properties"]["kind"]["const"].as_str() == kind)) {
            (Some(_), Some(option)) => self.table(option, members, key),
            (Some(kind), None) => {
                self.lines.insert(format!("{key}.kind"), self.line_at(&value.span()));
                self.slip(&format!("{key}.kind"), format!("unknown variant `{kind}`, expected {}", listed(kinds())));
                None
            }
            (None, _) => {
                self.slip(key, format!("missing field `kind`, expected {}", listed(kinds())));
                None
            }
        }
    }

    fn word(&mut self, words: &[&str], value: &Spanned<DeValue<'_>>, key: &str) -> Option<toml::Value> {
        let found = value.get_ref().as_str().unwrap_or_default();
        if !words.contains(&found) {
            self.slip(key, format!("unknown variant `{found}`, expected {}", listed(words)));
        }
        let word = words.iter().find(|word| **word == found).or(words.first())?;
        Some(toml::Value::String((*word).to_owned()))
    }

    fn text(&mut self, kind: TextKind, value: &Spanned<DeValue<'_>>, key: &str) -> Option<toml::Value> {
        let value = plain(value.get_ref())?;
        match kind.slots(&value) {
            Ok(slots) => {
                let is_path = kind == TextKind::Path;
                self.look_ups.push(LookUp { key: key.to_owned(), is_path, slots });
                Some(value)
            }
            Err(what) => {
                self.slip(key, what);
                Some(kind.neutral())
            }
        }
    }

    /// A tree of any shape, whose texts are templates.
    fn tree(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> toml::Value {
        match value.get_ref() {
            DeValue::Table(members) => {
                let member = |(name, member): (&Spanned<toml::de::DeString<'_>>, &Spanned<DeValue<'_>>)| {
                    let at = format!("{key}.{}", name.get_ref());
                    self.lines.insert(at.clone(), self.line_at(&name.span()));
                    (name.get_ref().to_string(), self.tree(member, &at))
                };
                toml::Value::Table(members.iter().map(member).collect())
            }
            DeValue::Array(elements) => {
                let element = |(place, element): (usize, &Spanned<DeValue<'_>>)| {
                    let at = format!("{key}[{place}]");
                    self.lines.insert(at.clone(), self.line_at(&element.span()));
                    self.tree(element, &at)
                };
                toml::Value::Array(elements.iter().enumerate().map(element).collect())
            }
            DeValue::String(text) if *text != "{null}" => {
                self.text(TextKind::Template, value, key).unwrap_or_else(|| String::new().into())
            }
            other => plain(other).unwrap_or_else(|| String::new().into()),
        }
    }
}

/// The types that a file writes as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Template,
    Tree,
    Path,
    Pattern,
    Span,
    Status,
}

impl TextKind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "Template" => Self::Template,
            "Tree" => Self::Tree,
            "Path" => Self::Path,
            "Pattern" => Self::Pattern,
            "Span" => Self::Span,
            "StatusMatch" => Self::Status,
            _ => return None,
        })
    }

    /// The names that a value looks up; fails if it is none of this kind.
    fn slots(self, value: &toml::Value) -> Result<Vec<String>, String> {
        match self {
            Self::Template | Self::Tree => Ok(read::<Template>(value)?.slots().map(str::to_owned).collect()),
            Self::Path => Ok(read::<Path>(value)?.slots().map(str::to_owned).collect()),
            Self::Pattern => read::<Pattern>(value).map(|_| Vec::new()),
            Self::Span => read::<Span>(value).map(|_| Vec::new()),
            Self::Status => read::<StatusMatch>(value).map(|_| Vec::new()),
        }
    }

    /// A value of this kind that says nothing.
    fn neutral(self) -> toml::Value {
        match self {
            Self::Template | Self::Tree | Self::Path => String::new().into(),
            Self::Pattern => "^$".into(),
            Self::Span => "1s".into(),
            Self::Status => 400.into(),
        }
    }
}

fn read<T: DeserializeOwned>(value: &toml::Value) -> Result<T, String> {
    value.clone().try_into().map_err(|e: toml::de::Error| e.message().to_owned())
}

/// The name of an element of a list as part of its key, or its place.
fn place_of(place: usize, element: &Spanned<DeValue<'_>>) -> String {
    let name = element.get_ref().as_table().and_then(|table| table.get("name")?.get_ref().as_str());
    name.map_or_else(|| format!("[{place}]"), |name| format!(".{name}"))
}

fn plain(value: &DeValue<'_>) -> Option<toml::Value> {
    Some(match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok()?.into(),
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(elements) => {
            toml::Value::Array(elements.iter().filter_map(|element| plain(element.get_ref())).collect())
        }
        DeValue::Table(members) => {
            let member = |(name, value): (&Spanned<toml::de::DeString<'_>>, &Spanned<DeValue<'_>>)| {
                Some((name.get_ref().to_string(), plain(value.get_ref())?))
            };
            toml::Value::Table(members.iter().filter_map(member).collect())
        }
    })
}

/// A value that fits a schema and says nothing; `None` for a table that has to say which kind it is.
fn neutral(all: &Value, schema: &Value) -> Option<toml::Value> {
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        return TextKind::of(name).map(TextKind::neutral).or_else(|| neutral(all, &all["$defs"][name]));
    }
    if let Some(options) = schema["anyOf"].as_array() {
        return neutral(all, options.first()?);
    }
    if let Some(words) = words_of(schema) {
        return Some((*words.first()?).into());
    }
    Some(match kind_of(schema) {
        "string" => String::new().into(),
        "integer" | "number" => 1.into(),
        "boolean" => false.into(),
        "array" => Vec::<toml::Value>::new().into(),
        "object" if schema["required"].as_array().is_none_or(Vec::is_empty) => toml::Table::new().into(),
        _ => return None,
    })
}

/// The words that a schema allows, if it allows words only.
fn words_of(schema: &Value) -> Option<Vec<&str>> {
    if let Some(word) = schema["const"].as_str() {
        return Some(vec![word]);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::as_str).collect();
    }
    let words: Option<Vec<Vec<&str>>> = schema["oneOf"].as_array()?.iter().map(words_of).collect();
    words.map(|words| words.concat())
}

/// Whether a schema is one of tables.
fn takes_tables(all: &Value, schema: &Value) -> bool {
    match schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        Some(name) => TextKind::of(name).is_none() && takes_tables(all, &all["$defs"][name]),
        None => kind_of(schema) == "object" || schema["oneOf"].is_array() && words_of(schema).is_none(),
    }
}

/// The type that a schema names, besides null.
fn kind_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    }
}

fn described(kind: &str) -> &str {
    match kind {
        "object" => "a table",
        "array" => "a list",
        "string" => "a text",
        "boolean" => "true or false",
        _ => "a number",
    }
}

/// The words as an error lists them.
fn listed<T: std::fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match &words[..] {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::schema;

    #[test]
    fn a_key_is_found_or_what_is_above_it() {
        let text = "schema = 1\n[provider]\nlimits = { alt_chars = 1 }\n[[push.step]]\nname = 'x'\n[[push.step]]\nname = 'y'\nop = 'z'\n\
                    [[import.nested]]\nop = 'a'\n[[import.nested]]\nonly.path = 'b'\n";
        let schema = schema();
        let (form, _) = Form::read(text, &schema);
        let line = |key| form.line(key);
        assert_eq!(
            (line("schema"), line("provider.limits.alt_chars"), line("provider.limits.gone")),
            (Some(1), Some(3), Some(3))
        );
        assert_eq!(
            (line("push.step.y.op"), line("push.step.y"), line("push.step.y.gone.x")),
            (Some(8), Some(6), Some(6))
        );
        assert_eq!((line("import.nested[1].only.path"), line("import.nested[1].op")), (Some(12), Some(11)));
        assert_eq!(line("nowhere"), None);
    }

    #[test]
    fn a_file_that_is_no_toml_is_refused_with_every_line() {
        let schema = schema();
        let (form, mended) = Form::read("schema = \n[provider]\nkey = 'a\nname = 'b'\n", &schema);
        let lines: Vec<_> = form.slips.iter().map(|slip| slip.line).collect();
        assert!(mended.is_none() && lines.contains(&Some(1)) && lines.contains(&Some(3)), "{lines:?}");
    }

    #[test]
    fn what_is_left_of_a_table_is_still_read() {
        let all = schema();
        let limits = &all["$defs"]["Limits"];
        let text = "image_bytes = 'many'\nimage_types = ['image/png', 7]\nimages_per_product = 1\nalt = 2\n";
        let (mut form, _) = Form::read(text, &all);
        form.slips.clear();
        let table = DeTable::parse(text).expect("toml").into_inner();
        let mended = form.table(limits, &table, "").expect("is left");
        let mut said: Vec<&str> = form.slips.iter().map(|slip| slip.what.as_str()).collect();
        said.sort_unstable();
        assert_eq!(
            said,
            [
                "invalid type: integer, expected a text",
                "invalid type: string, expected a number",
                "missing field `alt_chars`",
                "unknown field `alt`, expected one of `image_bytes`, `image_types`, `images_per_product`, `alt_chars`",
            ]
        );
        assert_eq!((&mended["images_per_product"], &mended["alt_chars"]), (&1.into(), &1.into()));
    }
}
