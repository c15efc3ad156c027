//! The request for a structured analysis of pictures, and the validation of its response. Pure: sends nothing.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{TokenCount, answer, bad_request, image_request::inline, words::plain};
use crate::model::{Failure, FailureKind, json};

/// The limit of pictures in one request.
pub const MOST_PICTURES: usize = 8;
/// The limit in bytes of its instruction and schema together.
pub const MOST_TEXT_BYTES: usize = 16 << 10;
/// The limit of a response in tokens, thoughts included; sent as `maxOutputTokens`.
pub(super) const MOST_ANSWER_TOKENS: u32 = 4096;
/// The most tokens of one picture at the default resolution: 256 and about 2048 for pan and scan with the 2.5 models,
/// 1120 with the 3 models. <https://ai.google.dev/gemini-api/docs/media-resolution>
const PICTURE_TOKENS: usize = 2600;
/// An allowance in tokens for turns, roles and parts.
const FRAME_TOKENS: usize = 128;

/// A request for an analysis of pictures.
#[derive(Debug, Clone)]
pub struct AnalysisRequest<'a> {
    /// At most [`MOST_PICTURES`], with their media types; they go first.
    pub pictures: &'a [(Bytes, String)],
    pub instruction: &'a str,
    /// The schema of an object: the subset of JSON Schema that the service's `Schema` supports (`type`, `properties`,
    /// `items`, `required`, `enum`, `anyOf`, `description`, …). Types may be lower-case; `additionalProperties` is not
    /// sent.
    pub schema: &'a Value,
}

/// The result of an analysis, validated against the schema.
#[derive(Debug, Clone)]
pub struct Analysed {
    /// An object that fits the schema.
    pub value: Value,
    /// The model that answered.
    pub model: String,
    /// Millionths of a US dollar, by the configured price list; 0 if the list does not name the model.
    pub cost_usd_micros: i64,
    /// The token counts of the response; 0 if it has none.
    pub tokens: TokenCount,
}

impl AnalysisRequest<'_> {
    /// Fails with `bad_request` if the request exceeds the limits that its reservation is computed from.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let text = self.instruction.len() + wire_schema(self.schema).to_string().len();
        if self.pictures.len() > MOST_PICTURES {
            return Err(bad_request(&format!("an analysis takes at most {MOST_PICTURES} pictures")));
        }
        if text > MOST_TEXT_BYTES {
            return Err(bad_request(&format!(
                "the instruction and the schema of an analysis have at most {MOST_TEXT_BYTES} bytes together"
            )));
        }
        Ok(())
    }

    /// The most tokens that a request may have: a token has at least one byte.
    pub(super) fn most_tokens() -> TokenCount {
        TokenCount {
            input: i64::try_from(MOST_PICTURES * PICTURE_TOKENS + MOST_TEXT_BYTES + FRAME_TOKENS).unwrap_or(i64::MAX),
            output: i64::from(MOST_ANSWER_TOKENS),
        }
    }
}

/// The request body of an analysis, as Google's own library writes it.
pub fn analysis_body(question: &AnalysisRequest<'_>) -> Value {
    let mut parts: Vec<Value> = question.pictures.iter().map(inline).collect();
    parts.push(json!({ "text": question.instruction }));
    let config = json!({
        "responseMimeType": "application/json",
        "responseSchema": wire_schema(question.schema),
        "maxOutputTokens": MOST_ANSWER_TOKENS,
        "temperature": 0.2,
    });
    json!({ "contents": [{ "parts": parts, "role": "user" }], "generationConfig": config })
}

/// Converts a schema to the wire format, as `processJsonSchema` of Google's library does: types in upper case, `null`
/// as `nullable`, without `additionalProperties`.
pub(super) fn wire_schema(schema: &Value) -> Value {
    let Some(mut from) = schema.as_object() else { return schema.clone() };
    let mut to = Map::new();
    if let Some([one, other]) = from.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        let inner = if one["type"] == "null" { other } else { one };
        if (one["type"] == "null" || other["type"] == "null") && inner.is_object() {
            to.insert("nullable".into(), true.into());
            from = inner.as_object().unwrap_or(from);
        }
    }
    for (name, value) in from.iter().filter(|(name, value)| !value.is_null() && *name != "additionalProperties") {
        match (name.as_str(), value) {
            ("type", Value::Array(types)) => types_of(types, &mut to),
            ("type", Value::String(word)) => {
                to.insert("type".into(), word.to_uppercase().into());
            }
            ("items", inner) => {
                to.insert("items".into(), wire_schema(inner));
            }
            ("anyOf", Value::Array(all)) => {
                if all.iter().any(|one| one["type"] == "null") {
                    to.insert("nullable".into(), true.into());
                }
                let rest = all.iter().filter(|one| one["type"] != "null").map(wire_schema);
                to.insert("anyOf".into(), rest.collect());
            }
            ("properties", Value::Object(all)) => {
                let all: Map<String, Value> = all.iter().map(|(name, one)| (name.clone(), wire_schema(one))).collect();
                to.insert("properties".into(), all.into());
            }
            (_, value) => {
                to.insert(name.clone(), value.clone());
            }
        }
    }
    to.into()
}

/// Converts a list of types: `null` becomes `nullable`, a single other type becomes `type`, several become `anyOf`.
fn types_of(types: &[Value], to: &mut Map<String, Value>) {
    let words: Vec<String> = types.iter().filter_map(Value::as_str).map(str::to_uppercase).collect();
    if words.iter().any(|word| word == "NULL") {
        to.insert("nullable".into(), true.into());
    }
    let rest: Vec<&String> = words.iter().filter(|word| *word != "NULL").collect();
    if let [only] = rest.as_slice() {
        to.insert("type".into(), only.as_str().into());
    } else {
        to.insert("anyOf".into(), rest.iter().map(|word| json!({ "type": word })).collect());
    }
}

/// Returns the analysis in a response; fails if it is blocked, cut off, or does not fit the schema.
pub(super) fn read(response: &Value, schema: &Value) -> Result<Value, Failure> {
    let (text, reason) = (answer::text(response)?, answer::reason(response));
    if reason == "MAX_TOKENS" {
        let message = format!("the model's analysis was cut off after {MOST_ANSWER_TOKENS} tokens (MAX_TOKENS)");
        return Err(Failure::new(FailureKind::AnalysisCut, message));
    }
    let bad = |why: &str| {
        Failure::new(FailureKind::BadAnalysis, format!("the model's analysis cannot be used ({reason}): {why}"))
    };
    let empty = text.trim().is_empty();
    let value: Value =
        json::read(text.as_bytes()).map_err(|_| bad(if empty { "it is empty" } else { "it is not JSON" }))?;
    if !value.is_object() {
        return Err(bad("it is not an object"));
    }
    match misfit(&value, &wire_schema(schema)) {
        None => Ok(value),
        Some(place) => Err(bad(&format!("'{}' is missing or does not fit the schema", plain(&place)))),
    }
}

/// Returns the path of the first place where a value does not fit its schema. Checks only types, required fields and
/// enums.
fn misfit(value: &Value, schema: &Value) -> Option<String> {
    if value.is_null() {
        return (schema["nullable"] != true && schema["type"] != "NULL").then(String::new);
    }
    if let Some(all) = schema["anyOf"].as_array() {
        return all.iter().all(|one| misfit(value, one).is_some()).then(String::new);
    }
    let fits = match schema["type"].as_str() {
        Some("OBJECT") => value.is_object(),
        Some("ARRAY") => value.is_array(),
        Some("STRING") => value.is_string(),
        Some("BOOLEAN") => value.is_boolean(),
        Some("NUMBER") => value.is_number(),
        Some("INTEGER") => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        _ => true,
    };
    let listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    if !fits || !listed {
        return Some(String::new());
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|_| value.is_object()).find(|name| value.get(name).is_none());
    let fields = value.as_object().into_iter().flatten().filter_map(|(name, one)| {
        let place = misfit(one, schema["properties"].get(name)?)?;
        Some(below(name, &place))
    });
    let items = value.as_array().into_iter().flatten().enumerate().filter_map(|(at, one)| {
        let place = misfit(one, schema.get("items")?)?;
        Some(below(&at.to_string(), &place))
    });
    missing.map(str::to_owned).or_else(|| fields.chain(items).next())
}

fn below(name: &str, place: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{name}.{place}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        wire_schema(&json!({
            "type": "object",
            "properties": {
                "kind": { "type": "string", "enum": ["mug", "chair"] },
                "colours": { "type": "array", "items": { "type": "object", "properties": { "hex": { "type": "string" } }, "required": ["hex"] } },
                "weight": { "type": ["integer", "null"] },
            },
            "required": ["kind", "colours"],
            "additionalProperties": false,
        }))
    }

    #[test]
    fn an_analysis_has_the_form_that_was_asked_for() {
        let code = |text: &str, reason: &str| {
            let response = json!({ "candidates": [{ "content": { "parts": [{ "text": "hm", "thought": true }, { "text": text }] }, "finishReason": reason }] });
            match read(&response, &schema()) {
                Ok(value) => value["kind"].to_string(),
                Err(failure) => format!("{}: {}", failure.code(), failure.message),
            }
        };
        assert_eq!(code(r##"{"kind":"mug","colours":[{"hex":"#aabbcc"}],"weight":null,"more":1}"##, "STOP"), "\"mug\"");
        for (text, why) in [
            ("", "is empty"),
            ("I see a mug", "not JSON"),
            ("[1]", "not an object"),
            (r#"{"kind":"mug"}"#, "'colours'"),
            (r#"{"kind":"lamp","colours":[]}"#, "'kind'"),
            (r#"{"kind":null,"colours":[]}"#, "'kind'"),
            (r#"{"kind":"mug","colours":"red"}"#, "'colours'"),
            (r#"{"kind":"mug","colours":[{"hex":1}]}"#, "'colours.0.hex'"),
            (r#"{"kind":"mug","colours":[],"weight":1.5}"#, "'weight'"),
        ] {
            let error = code(text, "STOP");
            assert!(error.starts_with("bad_analysis") && error.contains(why), "{text}: {error}");
        }
        assert!(code(r#"{"kind":"mu"#, "MAX_TOKENS").starts_with("analysis_cut"));
        assert!(code("", "SAFETY").starts_with("blocked"));
    }

    #[test]
    fn a_question_beyond_its_reserve_is_not_sent() {
        let pictures = vec![(Bytes::from_static(b"x"), "image/png".to_owned()); MOST_PICTURES + 1];
        let schema = json!({ "type": "object" });
        let ask = |pictures, instruction| AnalysisRequest { pictures, instruction, schema: &schema }.check();
        assert!(ask(&pictures[1..], "What is it?").is_ok());
        assert_eq!(ask(&pictures, "What is it?").expect_err("too many").code(), "bad_request");
        assert_eq!(ask(&[], &"x".repeat(MOST_TEXT_BYTES)).expect_err("too long").code(), "bad_request");
    }
}
