//! The requests for a new picture and for an edit, in the wire format of the service. Pure: sends nothing.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::TokenCount;

/// The text part after the pictures of the product.
pub const PRODUCT_MARKER: &str = "The pictures above show the product.";
/// The text part after the inspiration pictures.
pub const INSPIRATION_MARKER: &str =
    "The pictures just above are inspiration only: take their mood, light and setting, not the things in them.";
/// The text part after the picture to edit.
pub const EDIT_MARKER: &str = "The picture above is the one to change.";
/// The text part after the reference pictures of an edit.
pub const OTHERS_MARKER: &str =
    "The pictures just above are for reference only: do not change them, take from them what the words say.";

/// The aspect ratios that the service supports; older models support only the first ten.
pub const ASPECTS: [&str; 14] =
    ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1"];
const OLDER_ASPECTS: usize = 10;
/// The sizes that the service supports, smallest first. The K is upper-case; 512 has none.
pub const SIZES: [&str; 4] = ["512", "1K", "2K", "4K"];

/// A request for one new picture.
#[derive(Debug, Clone, Default)]
pub struct ImageRequest<'a> {
    /// Pictures of the product, with their media types; they go first.
    pub pictures: &'a [(Bytes, String)],
    /// Pictures for the mood; they go next.
    pub inspirations: &'a [(Bytes, String)],
    pub prompt: &'a str,
    /// `1:1`, `16:9` and so on; the nearest supported ratio is sent. Without it the picture has the ratio of the first
    /// one sent.
    pub aspect: Option<&'a str>,
    /// `512`, `1K`, `2K` or `4K`, in either case; the default of the service is 1K.
    pub size: Option<&'a str>,
    /// Overrides the configured model.
    pub model: Option<&'a str>,
    /// Overrides the configured fallback.
    pub fallback: Option<&'a str>,
}

/// A request for an edit of one picture.
#[derive(Debug, Clone)]
pub struct EditRequest<'a> {
    /// The picture, with its media type.
    pub picture: (Bytes, String),
    /// Reference pictures.
    pub others: &'a [(Bytes, String)],
    pub prompt: &'a str,
    /// As in an [`ImageRequest`].
    pub aspect: Option<&'a str>,
    /// As in an [`ImageRequest`].
    pub size: Option<&'a str>,
}

/// A generated picture.
#[derive(Debug, Clone)]
pub struct ModelImage {
    pub bytes: Bytes,
    /// The model that made it.
    pub model: String,
    /// Millionths of a US dollar, by the configured price list; 0 if the list does not name the model.
    pub cost_usd_micros: i64,
    /// The token counts of the response; 0 if it has none.
    pub tokens: TokenCount,
}

/// The request body for a picture, as Google's own library writes it, for a model that supports every ratio and size:
/// the product's pictures, their marker, the inspirations, their marker, the prompt. `Gemini::body` omits what a model
/// does not support.
pub fn body(wish: &ImageRequest<'_>) -> Value {
    image_body(wish, &ImageFormat::new(wish.aspect, wish.size, &SIZES))
}

/// The request body for an edit, for a model that supports every ratio and size.
pub fn edit_body(edit: &EditRequest<'_>) -> Value {
    edit_parts(edit, &ImageFormat::new(edit.aspect, edit.size, &SIZES))
}

/// The parts of a request in order, with placeholders for pictures: `[product picture 1]`, `[inspiration 1]`.
pub fn parts_outline(pictures: usize, inspirations: usize, prompt: &str) -> Vec<String> {
    let named = |count: usize, name: &str| (1..=count).map(|n| format!("[{name} {n}]")).collect::<Vec<_>>();
    let mut lines = named(pictures, "product picture");
    lines.extend((pictures > 0).then(|| PRODUCT_MARKER.to_owned()));
    lines.extend(named(inspirations, "inspiration"));
    lines.extend((inspirations > 0).then(|| INSPIRATION_MARKER.to_owned()));
    lines.push(prompt.to_owned());
    lines
}

/// The nearest supported ratio to `16:9`, `16x9`, `1.91:1` or `4:3 (Wide)`; `None` if the words name no ratio.
fn nearest_of(words: &str, known: &'static [&'static str]) -> Option<&'static str> {
    let word = words.split_whitespace().next()?;
    known.iter().find(|aspect| **aspect == word).copied().or_else(|| {
        let target = ratio(word)?;
        let distance = |aspect: &&&str| ratio(aspect).map_or(f64::MAX, |known| (known - target).abs());
        known.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).copied()
    })
}

/// The logarithm of width over height: twice as wide is as far from a square as twice as high.
fn ratio(word: &str) -> Option<f64> {
    let (wide, high) = word.split_once([':', 'x', '/'])?;
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
    Some((number(wide)? / number(high)?).ln())
}

/// The aspect ratio and size of a picture, as far as a model supports them.
pub(super) struct ImageFormat {
    aspect: Option<&'static str>,
    size: Option<&'static str>,
}

impl ImageFormat {
    /// For a model with these sizes. A model with a single size is an older one: it gets no size and none of the newer
    /// ratios.
    pub(super) fn new(aspect: Option<&str>, size: Option<&str>, sizes: &[&str]) -> Self {
        let older = sizes.len() == 1;
        let known = if older { &ASPECTS[..OLDER_ASPECTS] } else { &ASPECTS };
        let size = size.and_then(|size| nearest_size(size, sizes));
        Self { aspect: aspect.and_then(|words| nearest_of(words, known)), size: size.filter(|_| !older) }
    }
}

/// The size itself, else the next larger known one, else the largest; `None` if the word is not a size.
pub(super) fn nearest_size(word: &str, known: &[&str]) -> Option<&'static str> {
    let rank = SIZES.iter().position(|size| size.eq_ignore_ascii_case(word.trim()))?;
    let knows = |size: &&&str| known.iter().any(|one| one.eq_ignore_ascii_case(size));
    SIZES[rank..].iter().find(knows).or_else(|| SIZES.iter().rfind(knows)).copied()
}

pub(super) fn image_body(wish: &ImageRequest<'_>, form: &ImageFormat) -> Value {
    let mut parts = Vec::new();
    group(&mut parts, wish.pictures, PRODUCT_MARKER);
    group(&mut parts, wish.inspirations, INSPIRATION_MARKER);
    pictured(parts, wish.prompt, form)
}

pub(super) fn edit_parts(edit: &EditRequest<'_>, form: &ImageFormat) -> Value {
    let mut parts = Vec::new();
    group(&mut parts, std::slice::from_ref(&edit.picture), EDIT_MARKER);
    group(&mut parts, edit.others, OTHERS_MARKER);
    pictured(parts, edit.prompt, form)
}

fn group(parts: &mut Vec<Value>, pictures: &[(Bytes, String)], marker: &str) {
    parts.extend(pictures.iter().map(inline));
    if !pictures.is_empty() {
        parts.push(json!({ "text": marker }));
    }
}

pub(super) fn inline((bytes, kind): &(Bytes, String)) -> Value {
    json!({ "inlineData": { "mimeType": kind, "data": STANDARD.encode(bytes) } })
}

fn pictured(mut parts: Vec<Value>, prompt: &str, form: &ImageFormat) -> Value {
    parts.push(json!({ "text": prompt }));
    let mut config = json!({ "responseModalities": ["TEXT", "IMAGE"] });
    for (name, value) in [("aspectRatio", form.aspect), ("imageSize", form.size)] {
        if let Some(value) = value {
            config["imageConfig"][name] = value.into();
        }
    }
    json!({ "contents": [{ "parts": parts, "role": "user" }], "generationConfig": config })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_come_to_the_nearest_that_is_known() {
        for (word, known) in [
            ("4:3", "4:3"),
            ("4:3 (Wide)", "4:3"),
            ("16x9", "16:9"),
            ("1.91:1", "16:9"),
            ("1:1.91", "9:16"),
            ("7:5", "4:3"),
            ("1000:1", "8:1"),
            ("1:3", "1:4"),
        ] {
            assert_eq!(nearest_of(word, &ASPECTS), Some(known), "{word}");
        }
        for word in ["", "wide", "4:", "0:1", "-1:2", "nan:1"] {
            assert_eq!(nearest_of(word, &ASPECTS), None, "{word}");
        }
    }

    #[test]
    fn a_model_is_told_only_what_it_knows() {
        let form = |aspect, size, sizes: &[&str]| {
            let form = ImageFormat::new(Some(aspect), Some(size), sizes);
            (form.aspect, form.size)
        };
        assert_eq!(form("1:4", "2k", &SIZES), (Some("1:4"), Some("2K")));
        assert_eq!(form("1:4", "2k", &["1K"]), (Some("9:16"), None), "an older one");
        assert_eq!(form("wide", "512", &["1K", "2K", "4K"]), (None, Some("1K")), "the next larger");
        assert_eq!(form("1:1", "4K", &["512", "1K"]), (Some("1:1"), Some("1K")), "the largest");
        assert_eq!(form("1:1", "huge", &SIZES), (Some("1:1"), None));
    }

    #[test]
    fn the_outline_is_the_order_of_the_request() {
        let picture = (Bytes::from_static(b"x"), "image/png".to_owned());
        for (pictures, inspirations) in [(0, 0), (2, 0), (0, 1), (2, 2)] {
            let all = vec![picture.clone(); 2];
            let wish = ImageRequest {
                pictures: &all[..pictures],
                inspirations: &all[..inspirations],
                prompt: "So.",
                ..ImageRequest::default()
            };
            let body = body(&wish);
            let sent = body["contents"][0]["parts"].as_array().expect("parts");
            let outline = parts_outline(pictures, inspirations, "So.");
            assert_eq!(sent.len(), outline.len());
            for (part, line) in sent.iter().zip(&outline) {
                assert_eq!(part["text"].as_str(), Some(line.as_str()).filter(|line| !line.starts_with('[')));
            }
        }
        assert_eq!(parts_outline(1, 1, "So.")[..3], ["[product picture 1]", PRODUCT_MARKER, "[inspiration 1]"]);
    }
}
