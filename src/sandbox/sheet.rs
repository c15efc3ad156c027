//! Reads a product list: CSV in the columns of Shopify's product export (the form most shops can write), or JSON.

use std::{collections::HashMap, path::Path};

use serde_json::{Map, Value, json};

use super::CatalogueError;

pub(super) fn read(path: &Path) -> Result<Vec<Map<String, Value>>, CatalogueError> {
    let text = std::fs::read_to_string(path).map_err(|source| CatalogueError::Read { path: path.into(), source })?;
    let text = text.trim_start_matches('\u{feff}');
    let parsed = if text.trim_start().starts_with(['[', '{']) { from_json(text) } else { from_csv(text) };
    parsed.map_err(|(place, why)| CatalogueError::Invalid { path: path.into(), place, why })
}

type Wrong = (String, String);

fn from_json(text: &str) -> Result<Vec<Map<String, Value>>, Wrong> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| (format!("line {} column {}", e.line(), e.column()), e.to_string()))?;
    let list = value.get("products").unwrap_or(&value).as_array().cloned();
    let list = list.ok_or_else(|| {
        ("the document".to_owned(), "a list of products is expected, or { \"products\": [...] }".to_owned())
    })?;
    let product = |(place, value): (usize, Value)| match value {
        Value::Object(members)
            if members.get("title").is_some_and(|title| title.as_str().is_some_and(|t| !t.is_empty())) =>
        {
            Ok(members)
        }
        _ => Err((format!("product {}", place + 1), "has no \"title\"".to_owned())),
    };
    list.into_iter().enumerate().map(product).collect()
}

fn from_csv(text: &str) -> Result<Vec<Map<String, Value>>, Wrong> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(wrong)?.clone();
    let columns: HashMap<&str, usize> = headers.iter().enumerate().map(|(place, name)| (name.trim(), place)).collect();
    for needed in ["Handle", "Title"] {
        if !columns.contains_key(needed) {
            return Err((
                "line 1".to_owned(),
                format!("there is no column '{needed}'; a product export has Handle, Title, Variant SKU, …"),
            ));
        }
    }
    let mut products: Vec<Map<String, Value>> = Vec::new();
    let mut by_handle: HashMap<String, usize> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            columns.get(name).and_then(|place| record.get(*place)).map(str::trim).filter(|text| !text.is_empty())
        };
        let handle = cell("Handle").ok_or_else(|| (format!("line {line}, column Handle"), "is empty".to_owned()))?;
        let place = if let Some(place) = by_handle.get(handle) {
            *place
        } else {
            let title = cell("Title").ok_or_else(|| {
                (format!("line {line}, column Title"), "the first row of a product needs a title".to_owned())
            })?;
            let status =
                cell("Status").map_or("active", |s| if matches!(s, "draft" | "archived") { s } else { "active" });
            let product = json!({ "title": title, "description_html": cell("Body (HTML)"), "category": cell("Type"), "status": status, "variants": [], "images": [] });
            by_handle.insert(handle.to_owned(), products.len());
            products.extend(product.as_object().cloned());
            products.len() - 1
        };
        add_row(&mut products[place], &cell, line)?;
    }
    Ok(products)
}

/// A row may hold a variant, a picture, or both.
fn add_row<'r>(
    product: &mut Map<String, Value>,
    cell: &impl Fn(&str) -> Option<&'r str>,
    line: u64,
) -> Result<(), Wrong> {
    if let Some(price) = cell("Variant Price") {
        let amount = price.parse::<rust_decimal::Decimal>().ok().filter(|p| !p.is_sign_negative());
        let amount =
            amount.ok_or_else(|| (format!("line {line}, column Variant Price"), format!("'{price}' is no price")))?;
        let options = (1..=3).filter_map(|n| Some(json!({ "name": cell(&format!("Option{n} Name")).unwrap_or("Option"), "value": cell(&format!("Option{n} Value"))? })));
        let options: Vec<Value> = options.collect();
        let title: Vec<&str> = options.iter().filter_map(|o| o["value"].as_str()).collect();
        let variant = json!({ "sku": cell("Variant SKU"), "title": title.join(" / "), "price": amount.to_string(), "options": options, "image_id": null });
        if product["variants"].as_array().is_some_and(Vec::is_empty) {
            product.insert("price".into(), amount.to_string().into());
            product.insert("sku".into(), cell("Variant SKU").into());
        }
        if let Some(list) = product["variants"].as_array_mut() {
            list.push(variant);
        }
    }
    if let Some(src) = cell("Image Src") {
        if !src.starts_with("https://") && !src.starts_with("http://") {
            return Err((format!("line {line}, column Image Src"), format!("'{src}' is no web address")));
        }
        let name = src.rsplit('/').next().unwrap_or_default();
        if let Some(list) = product["images"].as_array_mut() {
            list.push(json!({ "url": src, "alt": cell("Image Alt Text"), "file_name": name }));
        }
    }
    Ok(())
}

fn wrong(error: csv::Error) -> Wrong {
    let line = error.position().map_or(0, csv::Position::line);
    let why = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} columns where the heading has {expected_len}")
        }
        _ => error.to_string(),
    };
    (format!("line {line}"), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_handle_are_one_product() {
        let text = "Handle,Title,Variant SKU,Variant Price,Option1 Name,Option1 Value,Image Src\n\
                    mug,Mug,M-S,9.5,Size,Small,https://x.example/1.png\nmug,,M-L,11,Size,Large,https://x.example/2.png\ncup,Cup,C,1,,,\n";
        let products = from_csv(text).expect("is read");
        assert_eq!(products.len(), 2);
        assert_eq!(products[0]["variants"][1]["options"][0]["value"], "Large");
        assert_eq!(
            (products[0]["price"].as_str(), products[0]["images"].as_array().map(Vec::len)),
            (Some("9.5"), Some(2))
        );
    }

    #[test]
    fn a_slip_is_named_with_its_line_and_column() {
        for (text, place) in [
            ("Handle,Name\n", "line 1"),
            ("Handle,Title,Variant Price\na,A,many\n", "line 2, column Variant Price"),
            ("Handle,Title,Image Src\na,A,\nb,B,file.png\n", "line 3, column Image Src"),
            ("Handle,Title\na\n", "line 2"),
            ("Handle,Title\n,A\n", "line 2, column Handle"),
        ] {
            assert_eq!(from_csv(text).expect_err("a slip").0, place, "{text}");
        }
        assert_eq!(from_json("[{\"title\": \"a\"}, {}]").expect_err("a slip").0, "product 2");
    }
}
