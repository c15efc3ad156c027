//! The mapping in reverse, for the simulator: writes a value where the mapping reads it, in the form of the old value.

use serde_json::Value;

use super::field::{FieldMapping, FieldSource, ReadAs};
use crate::model::{Facts, Price, Time};

impl FieldMapping {
    /// Writes a text so that the mapping reads it back: in the form of the old value and in the shop's own word, if it
    /// has one. A field with a template is not written.
    pub(super) fn put(&self, item: &mut Value, text: &str, facts: &Facts) {
        let FieldSource::Path(path) = &self.source else { return };
        if self.template.is_some() {
            return;
        }
        let (text, path) = (self.native(text), path.at_shop(facts));
        let old = path.get(item);
        let new = match self.read_as {
            ReadAs::MinorUnits | ReadAs::Hundredths => {
                Price::parse(&text).map_or(Value::Null, |price| shaped(old, &price.hundredths().to_string()))
            }
            ReadAs::AmountOverDivisor => {
                let mut amount =
                    old.filter(|old| old.is_object()).cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                amount["amount"] = Price::parse(&text).map_or(Value::Null, |price| price.hundredths().into());
                amount["divisor"] = 100.into();
                amount
            }
            ReadAs::FirstOfMap => match old {
                Some(Value::Object(map)) if !map.is_empty() => {
                    let mut map = map.clone();
                    if let Some(first) = map.values_mut().next() {
                        *first = text.into();
                    }
                    Value::Object(map)
                }
                _ => text.into(),
            },
            ReadAs::FirstOfList => match old {
                Some(Value::Array(list)) if !list.is_empty() => {
                    let mut list = list.clone();
                    list[0]["value"] = text.into();
                    Value::Array(list)
                }
                _ => text.into(),
            },
            // A block that holds HTML as it is.
            ReadAs::EditorJs => {
                let document = serde_json::json!({ "blocks": [{ "type": "raw", "data": { "html": text } }] });
                document.to_string().into()
            }
            _ => shaped(old, &text),
        };
        path.put(item, new);
    }

    /// Writes a time in the form of the old value.
    pub(super) fn put_time(&self, item: &mut Value, time: Time) {
        let FieldSource::Path(path) = &self.source else { return };
        let old = path.get(item).and_then(Value::as_str).unwrap_or_default();
        let new = match self.read_as {
            ReadAs::EpochS => Value::from(time.unix_ms().div_euclid(1000)),
            ReadAs::EpochMs => time.unix_ms().into(),
            _ if old.contains(' ') => time.utc().format("%Y-%m-%d %H:%M:%S").to_string().into(),
            _ if old.ends_with("+00:00") => time.utc().format("%Y-%m-%dT%H:%M:%S+00:00").to_string().into(),
            _ if old.contains('T') && !old.ends_with('Z') => time.utc().format("%Y-%m-%dT%H:%M:%S").to_string().into(),
            _ => time.to_string().into(),
        };
        path.put(item, new);
    }

    /// The shop's own word for our `text`.
    pub(super) fn native(&self, text: &str) -> String {
        self.words.iter().find(|(_, ours)| *ours == text).map_or(text, |(theirs, _)| theirs).to_owned()
    }
}

/// A text in the JSON type of the old value: number, boolean or text.
fn shaped(old: Option<&Value>, text: &str) -> Value {
    match old {
        Some(Value::Number(_)) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => whole.into(),
            (_, Ok(number)) => number.into(),
            _ => text.into(),
        },
        Some(Value::Bool(_)) => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}
