//! The JSON Schema of a provider's file, for editors, and a reference page for people. Both are generated from the Rust
//! types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};
use serde_json::Value;

use super::{
    classify::class_of,
    field::{FieldMapping, Written},
    path::Path,
    placeholders::{PLACEHOLDERS, Place},
    recipe::{Day, Keep, KeepHeader, Pattern, Recipe, Span, StatusMatch},
    replay::Fixture,
    template::{Template, Tree},
};
use crate::model::ProductStatus;

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

written_as!(Template, "Template", { "type": "string", "description": "A text with {name} placeholders that only look up values; {{ and }} are braces." });
written_as!(Tree, "Tree", { "description": "A tree whose texts are templates. A member without a value is omitted; the text {null} is null." });
written_as!(Path, "Path", {
    "type": "string",
    "description": "A path into a JSON response: data.items[0].name; [-1] for the last element, [code=url] for the first whose code is url, [first by sku] for the one with the smallest sku wherever it stands, the empty text for the whole. What is no list counts as a list of one. How XML is read as JSON, AnswerKind says. A field of import.map may compare with a fact of the shop: prices[money.currency={currency}].amount."
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

impl JsonSchema for Keep {
    fn schema_name() -> Cow<'static, str> {
        "Keep".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (path, header) = (generator.subschema_for::<Path>(), generator.subschema_for::<KeepHeader>());
        json_schema!({ "description": "A path into the response's body, or one of its headers.", "anyOf": [path, header] })
    }
}

/// The JSON Schema of a provider's file.
pub fn schema() -> Value {
    let mut schema = schema_for!(Recipe);
    schema.insert("title".to_owned(), "A provider's file".into());
    schema.into()
}

/// The JSON Schema of a conversation in `fixtures/`.
pub fn conversation_schema() -> Value {
    let mut schema = schema_for!(Fixture);
    schema.insert("title".to_owned(), "A conversation".into());
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
    placeholders(&mut page);
    statuses(&mut page);
    table(&mut page, "The file", &schema);
    parts(&mut page, &schema);
    page.push_str(
        "\n# Conversations\n\nA file `fixtures/NAME.json`. You write `journey`, `given` and each `answer`; `store-sync providers check DIR --record` adds each \
         `ask` and `yields`.\nIt writes nothing if there are fewer or more responses than requests, or if a value is missing. `store-sync providers schema \
         --conversations` prints\nthe JSON Schema.\n",
    );
    let schema = conversation_schema();
    table(&mut page, "The conversation", &schema);
    parts(&mut page, &schema);
    page
}

fn parts(page: &mut String, schema: &Value) {
    let mut parts: Vec<_> = schema["$defs"].as_object().into_iter().flatten().collect();
    parts.sort_by_key(|(name, _)| name.as_str());
    for (name, part) in parts {
        table(page, name, part);
    }
}

fn placeholders(page: &mut String) {
    page.push_str(
        "\n## Placeholders\n\n`{name}` in a template looks up a value. A member of a body, a query or the headers whose only text is a placeholder without a value is \
         left\nout; within a longer text, and in a path, every placeholder needs a value.\n",
    );
    let mut last: Option<Place> = None;
    for known in PLACEHOLDERS {
        if last != Some(known.place) {
            page.push_str(&format!("\n{}:\n\n", known.place.title()));
        }
        page.push_str(&format!("- `{{{}}}`: {}\n", known.name, known.says));
        last = Some(known.place);
    }
}

/// What the statuses of responses mean by default, and the statuses of a product.
fn statuses(page: &mut String) {
    page.push_str(
        "\n## Statuses\n\nThe class of a response where no `call.verdict` matches:\n\n| status | class |\n|---|---|\n",
    );
    let named = [200, 401, 402, 403, 404, 408, 410, 429, 500];
    for status in named {
        let class = format!("{:?}", class_of(status)).to_lowercase();
        let shown = match status {
            200 => "2xx".to_owned(),
            500 => "5xx".to_owned(),
            other => other.to_string(),
        };
        page.push_str(&format!("| {shown} | `{class}` |\n"));
    }
    page.push_str(&format!(
        "| every other | `{}` |\n\nAn expired token is refreshed and the call repeated once. Credentials without a refresh token, such as a pasted key, have to be \
         given anew:\nso a 401 that is not about the key needs a rule. A 2xx with a GraphQL `errors` list is `refused`, or `missing` if its code is `NOT_FOUND`.\n\
         A push with a 402 or 403 that no rule matches fails by itself; a rule of class `rights` stops every push of the shop, and so do five products\n\
         in a row whose pushes are forbidden.\n\n\
         The status of a product is one of {}.\n",
        format!("{:?}", class_of(400)).to_lowercase(),
        ProductStatus::WORDS.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
    ));
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
