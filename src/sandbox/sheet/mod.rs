//! Reads a product list: CSV with the columns of a widely used product export, or JSON.

mod encoding;
mod export;
mod price;

use std::path::Path;

use serde_json::{Map, Value};

use super::CatalogueError;

/// The content of a catalogue file.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// Each as JSON text, which needs a fraction of the memory of parsed values.
    pub(super) products: Vec<String>,
    /// Warnings about guesses, for people.
    pub(super) notes: Vec<String>,
}

/// `(place, why)`
type Wrong = (String, String);

pub(super) fn read(path: &Path) -> Result<Sheet, CatalogueError> {
    let bytes = std::fs::read(path).map_err(|source| CatalogueError::Read { path: path.into(), source })?;
    let wrong = |(place, why)| CatalogueError::Invalid { path: path.into(), place, why };
    let (text, note) = encoding::decode(bytes).map_err(wrong)?;
    let is_json = text.trim_start().starts_with(['[', '{']);
    let mut sheet = if is_json { from_json(&text) } else { export::read(&text) }.map_err(wrong)?;
    sheet.notes.extend(note);
    Ok(sheet)
}

fn from_json(text: &str) -> Result<Sheet, Wrong> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| (format!("line {} column {}", e.line(), e.column()), e.to_string()))?;
    let list = match value {
        Value::Array(list) => Some(list),
        Value::Object(mut members) => match members.get_mut("products").map(Value::take) {
            Some(Value::Array(list)) => Some(list),
            _ => None,
        },
        _ => None,
    };
    let list = list.ok_or_else(|| {
        ("the document".to_owned(), "must be a list of products, or { \"products\": [...] }".to_owned())
    })?;
    let titled =
        |members: &Map<String, Value>| members.get("title").and_then(Value::as_str).is_some_and(|t| !t.is_empty());
    let product = |(place, value): (usize, Value)| match value {
        Value::Object(members) if titled(&members) => Ok(Value::Object(members).to_string()),
        _ => Err((format!("product {}", place + 1), "has no \"title\"".to_owned())),
    };
    let products = list.into_iter().enumerate().map(product).collect::<Result<_, _>>()?;
    Ok(Sheet { products, notes: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_a_json_list_needs_a_title() {
        assert_eq!(from_json("[{\"title\": \"a\"}, {}]").expect_err("a slip").0, "product 2");
        assert_eq!(from_json("{\"products\": [{\"title\": \"a\"}]}").expect("is read").products, ["{\"title\":\"a\"}"]);
        assert_eq!(from_json("{}").expect_err("a slip").0, "the document");
    }
}
