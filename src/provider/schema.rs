//! The JSON Schema of a provider's file, for editors, and a reference page for people. Both are generated from the Rust
//! types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};
use serde_json::Value;

use super::{
    field::{FieldMapping, Written},
    path::Path,
    recipe::{Day, Pattern, Recipe, Span, StatusMatch},
    template::{Template, Tree},
};

/// Gives the schema of a type that the file writes as a simpler one.
macro_rules! written_as {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

written_as!(Template, "Template", { "type": "string", "description": "A text with {name} placeholders that only look up values." });
written_as!(Tree, "Tree", { "description": "A tree whose texts are templates. A member without a value is omitted; the text {null} is null." });
written_as!(Path, "Path", {
    "type": "string",
    "description": "A path into a JSON response: data.items[0].name; [-1] for the last element, [code=url] for the first whose code is url, the empty text for the whole."
});
written_as!(Pattern, "Pattern", { "type": "string", "description": "An anchored regular expression: ^…$." });
written_as!(Day, "Day", { "type": "string", "format": "date", "description": "A day: 2027-10-01." });
written_as!(Span, "Span", { "type": "string", "description": "A duration: 500ms, 30s, 5m, 1h, 7days." });
written_as!(StatusMatch, "StatusMatch", {
    "description": "A status such as 429, or a class such as 5xx.",
    "anyOf": [{ "type": "integer", "minimum": 100, "maximum": 599 }, { "type": "string", "pattern": "^[1-5]xx$" }]
});

impl JsonSchema for FieldMapping {
    fn schema_name() -> Cow<'static, str> {
        "Pick".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (path, written) = (generator.subschema_for::<Path>(), generator.subschema_for::<Written>());
        json_schema!({ "description": "One value of a product.", "anyOf": [path, written] })
    }
}

/// The JSON Schema of a provider's file.
pub fn schema() -> Value {
    let mut schema = schema_for!(Recipe);
    schema.insert("title".to_owned(), "A provider's file".into());
    schema.into()
}

/// The same as a Markdown page: every table, every key, every allowed value.
pub fn page() -> String {
    let schema = schema();
    let mut page = String::from(
        "# Provider files\n\nA platform is a folder under `providers/`: `provider.toml`, GraphQL documents if it needs them, and recorded exchanges in \
         `fixtures/`.\nThis page is generated from the program's types by `store-sync providers schema --page`; `store-sync providers schema` prints the \
         JSON Schema that\neditors use. [How to add a platform](add-a-platform.md) walks through a small one.\n",
    );
    table(&mut page, "The file", &schema);
    if let Some(parts) = schema["$defs"].as_object() {
        let mut parts: Vec<_> = parts.iter().collect();
        parts.sort_by_key(|(name, _)| name.as_str());
        for (name, part) in parts {
            table(&mut page, name, part);
        }
    }
    page
}

fn table(page: &mut String, name: &str, schema: &Value) {
    page.push_str(&format!("\n## {name}\n\n"));
    if let Some(text) = schema["description"].as_str() {
        page.push_str(&format!("{}\n\n", line(text)));
    }
    for one in ["oneOf", "anyOf"].iter().filter_map(|list| schema[*list].as_array()).flatten() {
        let text = one["description"].as_str().map(|text| format!(": {}", line(text))).unwrap_or_default();
        match (&one["properties"]["kind"]["const"], words(one)) {
            (Value::String(kind), _) => {
                page.push_str(&format!("- `kind = \"{kind}\"`{text}\n"));
                members(page, one, "  ");
            }
            (_, words) => page.push_str(&format!("- {words}{text}\n")),
        }
    }
    if schema["enum"].is_array() {
        page.push_str(&format!("One of {}.\n", words(schema)));
    }
    members(page, schema, "");
}

fn members(page: &mut String, schema: &Value, indent: &str) {
    let is_required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    for (name, member) in
        schema["properties"].as_object().into_iter().flatten().filter(|(name, _)| *name != "kind" || indent.is_empty())
    {
        let required = if is_required(name) { ", required" } else { "" };
        let text = member["description"].as_str().map(|text| format!(": {}", line(text))).unwrap_or_default();
        page.push_str(&format!("{indent}- `{name}` ({}{required}){text}\n", words(member)));
    }
}

/// A short description of the values that a schema allows.
fn words(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    if let Some(all) = schema["enum"].as_array() {
        return all
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(all) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let some = all.iter().filter(|one| one["type"] != "null");
        return some.map(words).collect::<Vec<_>>().join(" or ");
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    };
    match kind {
        "array" => format!("list of {}", words(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("table of {}", words(&schema["additionalProperties"]))
        }
        "object" => "table".to_owned(),
        "string" => "text".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        _ => "anything".to_owned(),
    }
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
