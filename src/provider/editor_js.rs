//! Documents of blocks, as EditorJS writes them, as HTML.

use html_escape::{encode_double_quoted_attribute, encode_text};
use serde_json::Value;

use super::path::as_text;

/// The HTML of a document, which may be a text of JSON. A text that is none is returned as it is; `None` if the document is
/// empty.
pub(super) fn html(value: &Value) -> Option<String> {
    if let Value::String(text) = value {
        let document = serde_json::from_str(text).ok().filter(|value: &Value| value.get("blocks").is_some());
        return document.map_or_else(|| as_text(value), |document| of_blocks(&document));
    }
    of_blocks(value)
}

fn of_blocks(document: &Value) -> Option<String> {
    let blocks = document.get("blocks")?.as_array()?;
    let html: Vec<String> = blocks.iter().filter_map(of_block).collect();
    Some(html.join("\n")).filter(|html| !html.is_empty())
}

/// The HTML of a block; `None` if it has no text. The texts of a block are HTML already, unless it is one of code.
fn of_block(block: &Value) -> Option<String> {
    let data = block.get("data")?;
    let text = |name: &str| data.get(name).and_then(as_text);
    match block.get("type").and_then(Value::as_str).unwrap_or_default() {
        "header" => {
            let level = data.get("level").and_then(Value::as_u64).unwrap_or(2).clamp(1, 6);
            text("text").map(|text| format!("<h{level}>{text}</h{level}>"))
        }
        "list" | "checklist" => list(data, data),
        "quote" => {
            let caption = text("caption").map(|caption| format!("<cite>{caption}</cite>")).unwrap_or_default();
            text("text").map(|text| format!("<blockquote>{text}{caption}</blockquote>"))
        }
        "table" => table(data),
        "code" => text("code").map(|code| format!("<pre><code>{}</code></pre>", encode_text(&code))),
        "raw" => text("html"),
        "delimiter" => Some("<hr>".to_owned()),
        "image" => {
            let url = data.pointer("/file/url").and_then(as_text).or_else(|| text("url"))?;
            let alt = text("caption").unwrap_or_default();
            let (url, alt) = (encode_double_quoted_attribute(&url), encode_double_quoted_attribute(&alt));
            Some(format!("<img src=\"{url}\" alt=\"{alt}\">"))
        }
        // Whatever others are called, these are the names of their words.
        _ => text("text").or_else(|| text("caption")).map(|text| format!("<p>{text}</p>")),
    }
}

/// The list of a block, or of one of its entries; the style is the block's.
fn list(data: &Value, of: &Value) -> Option<String> {
    let tag = if data.get("style").and_then(Value::as_str) == Some("ordered") { "ol" } else { "ul" };
    let entries = of.get("items")?.as_array()?;
    let entry = |entry: &Value| {
        let within = entry.get("content").or_else(|| entry.get("text")).and_then(as_text);
        let text = within.or_else(|| as_text(entry)).unwrap_or_default();
        format!("<li>{text}{}</li>", list(data, entry).unwrap_or_default())
    };
    let html: String = entries.iter().map(entry).collect();
    (!html.is_empty()).then(|| format!("<{tag}>{html}</{tag}>"))
}

fn table(data: &Value) -> Option<String> {
    let cell = |cell: &Value| format!("<td>{}</td>", as_text(cell).unwrap_or_default());
    let row = |row: &Value| {
        let cells: String = row.as_array().into_iter().flatten().map(cell).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = data.get("content")?.as_array()?.iter().map(row).collect();
    (!rows.is_empty()).then(|| format!("<table>{rows}</table>"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_block_is_html() {
        let document = json!({ "time": 1, "version": "2.24.3", "blocks": [
            { "id": "a", "type": "header", "data": { "text": "Lamp", "level": 3 } },
            { "type": "paragraph", "data": { "text": "Bright &amp; <b>warm</b>\u{e9}" } },
            { "type": "list", "data": { "style": "ordered", "items": ["One", { "content": "Two", "items": [{ "content": "deep", "items": [] }] }] } },
            { "type": "checklist", "data": { "items": [{ "text": "done", "checked": true }] } },
            { "type": "quote", "data": { "text": "Fine", "caption": "Ann" } },
            { "type": "table", "data": { "content": [["a", "b"], ["c", ""]] } },
            { "type": "code", "data": { "code": "a < b" } },
            { "type": "delimiter", "data": {} },
            { "type": "image", "data": { "file": { "url": "https://s.example/1.png?a=1&b=2" }, "caption": "Say \"hi\"" } },
            { "type": "warning", "data": { "text": "Hot" } },
            { "type": "embed", "data": { "service": "x" } },
        ] });
        let expected = [
            "<h3>Lamp</h3>",
            "<p>Bright &amp; <b>warm</b>\u{e9}</p>",
            "<ol><li>One</li><li>Two<ol><li>deep</li></ol></li></ol>",
            "<ul><li>done</li></ul>",
            "<blockquote>Fine<cite>Ann</cite></blockquote>",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></table>",
            "<pre><code>a &lt; b</code></pre>",
            "<hr>",
            "<img src=\"https://s.example/1.png?a=1&amp;b=2\" alt=\"Say &quot;hi&quot;\">",
            "<p>Hot</p>",
        ];
        assert_eq!(html(&document), Some(expected.join("\n")));
        assert_eq!(html(&document.to_string().into()), Some(expected.join("\n")), "as a text, as platforms keep it");
    }

    #[test]
    fn a_text_that_is_no_document_stays_as_it_is() {
        for (value, text) in [
            (json!("<p>Plain</p>"), Some("<p>Plain</p>")),
            (json!("{ not json"), Some("{ not json")),
            (json!("{}"), Some("{}")),
            (json!(""), None),
            (json!("{\"blocks\": []}"), None),
            (json!({ "blocks": [{ "type": "paragraph", "data": { "text": "" } }] }), None),
            (json!({ "blocks": 7 }), None),
            (json!(null), None),
        ] {
            assert_eq!(html(&value).as_deref(), text, "{value}");
        }
    }
}
