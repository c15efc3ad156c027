//! The prompt for a model, from a flow's settings and the analyses of its pictures. Pure text, so that it can be
//! previewed before anything is made.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::settings::Settings;

/// The model's role.
const ROLE: &str =
    "You are a product photographer. Make one photograph of the product in the pictures that come first.";
const ROLE_GROUP: &str = "You are a product photographer. Make one photograph of all the products in the pictures that come first, together in one scene.";
/// What it must not change.
const GUARD: [&str; 3] = [
    "Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.",
    "Change only its surroundings and the light.",
    "The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.",
];
/// How far variants differ, by level of variety: little, some, much.
const CHANGES: [[&str; 6]; 3] = [
    [
        "the light a little softer",
        "the camera a few degrees to the left",
        "the camera a few degrees to the right",
        "the product a little closer",
        "the light a little more from the side",
        "the background a little more out of focus",
    ],
    [
        "the camera slightly above the product",
        "light from the left, with gentle shadows to the right",
        "light from the right, with gentle shadows to the left",
        "a wider view with room around the product",
        "a closer view, the background well out of focus",
        "another material under the product that suits the scene",
    ],
    [
        "an unexpected but fitting place for this scene",
        "another time of day",
        "a bold camera angle",
        "strong light and deep shadows",
        "a colour accent that the other pictures do not have",
        "an editorial composition with much empty space",
    ],
];

/// A product in a prompt.
#[derive(Debug, Clone, Default)]
pub struct PromptProduct {
    pub name: String,
    /// The analysis of its picture (`product.analysis_data`).
    pub analysis: Option<Value>,
}

/// The subject of a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct PromptSubject<'a> {
    pub products: &'a [PromptProduct],
    /// Inspiration pictures sent with the prompt.
    pub inspirations: usize,
    /// The analysis of the first inspiration that has one; fills in what the settings leave open.
    pub scene: Option<&'a Value>,
}

/// Builds the prompt. A person's own text (`customPrompt`, unless `useCustomPrompt` is false) replaces it.
pub fn prompt(settings: &Map<String, Value>, about: &PromptSubject<'_>) -> String {
    let read = Settings(settings);
    if let Some(own) = read.text(&["customPrompt"]).filter(|_| read.truth("useCustomPrompt", true)) {
        return own.to_owned();
    }
    let mut lines = vec![if about.products.len() > 1 { ROLE_GROUP } else { ROLE }.to_owned()];
    if !about.products.is_empty() {
        let products: Vec<Cow<'_, str>> = about.products.iter().map(PromptProduct::words).collect();
        lines.push(format!("Product: {}.", products.join("; ")));
    }
    if about.products.len() > 1 {
        lines.push("Each product is complete, in believable proportion to the others, and shown once.".to_owned());
    }
    lines.extend(tags(settings).map(|tags| format!("Mood and setting: {tags}.")));
    let seen = |name: &str| {
        about.scene.and_then(|scene| scene.get(name)).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty())
    };
    let room = read.chosen("scene", "customScene").or_else(|| read.text(&["sceneType", "roomType"]));
    let said = [
        ("Scene", room.or_else(|| seen("roomType"))),
        ("Style", read.chosen("style", "customStyle").or_else(|| seen("style"))),
        ("Light", read.chosen("lighting", "customLighting").or_else(|| seen("lighting"))),
        ("Camera", read.text(&["cameraAngle"]).or_else(|| seen("cameraAngle"))),
        ("Around it", read.chosen("surroundings", "customSurroundings").or_else(|| seen("surroundings"))),
        ("Colours", read.text(&["colorScheme"]).or_else(|| seen("colorScheme"))),
    ];
    lines.extend(said.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}.", text?.trim_end_matches('.')))));
    let props = words(settings.get("props"));
    if !props.is_empty() {
        lines.push(format!("Props: {}.", props.join(", ")));
    }
    if about.inspirations > 0 {
        lines.push("Take mood, light and colours from the inspiration pictures, and none of their objects.".to_owned());
    }
    lines.push(match read.variety() {
        0..=33 => "Follow this closely.".to_owned(),
        34..=66 => "Follow this, with a photographer's judgement in the details.".to_owned(),
        _ => "Take this as a beginning and be free with the scene.".to_owned(),
    });
    lines.extend(variant(&read));
    if read.truth("matchProductColors", true) {
        lines.push("Let the surroundings pick up the product's colours.".to_owned());
    }
    let others = read.truth("includeAccessories", false);
    lines.push(
        if others { "Fitting accessories may stand beside it." } else { "Nothing else stands beside it." }.to_owned(),
    );
    lines.extend(read.text(&["promptText"]).map(|text| format!("Also: {}.", text.trim_end_matches('.'))));
    lines.extend(GUARD.map(str::to_owned));
    lines.join("\n")
}

impl PromptProduct {
    /// Its name and analysis.
    fn words(&self) -> Cow<'_, str> {
        let Some(seen) = &self.analysis else { return Cow::Borrowed(&self.name) };
        let kind = seen["productType"].as_str().map(str::trim).filter(|kind| !kind.is_empty());
        let mut parts: Vec<String> = kind.into_iter().map(str::to_owned).collect();
        let colours = words(seen.get("colors"));
        for (list, before) in [(words(seen.get("materials")), "made of "), (colours, "coloured ")] {
            if !list.is_empty() {
                parts.push(format!("{before}{}", list.into_iter().take(3).collect::<Vec<_>>().join(" and ")));
            }
        }
        if parts.is_empty() {
            Cow::Borrowed(&self.name)
        } else {
            Cow::Owned(format!("{} ({})", self.name, parts.join(", ")))
        }
    }
}

/// How a variant differs: the first one not at all, the others in turn, as far as the level of variety allows.
fn variant(read: &Settings<'_>) -> Option<String> {
    let number = |name: &str| read.0.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (variant, variants) = (number("variant")?, number("variants")?);
    let changes = CHANGES[match read.variety() {
        0..=33 => 0,
        34..=66 => 1,
        _ => 2,
    }];
    let change = changes[variant.checked_sub(2)? % changes.len()];
    Some(format!("This is variant {variant} of {variants}: {change}."))
}

/// The texts of a list.
fn words(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The tags of a prompt, in order; two groups add their name to each tag.
fn tags(settings: &Map<String, Value>) -> Option<String> {
    let groups = settings.get("promptTags")?.as_object()?;
    let order = [
        ("sceneType", ""),
        ("roomType", ""),
        ("mood", ""),
        ("lighting", " lighting"),
        ("style", " style"),
        ("custom", ""),
    ];
    let tags = order.iter().flat_map(|(group, behind)| {
        words(groups.get(*group)).into_iter().map(move |word| {
            if word.to_lowercase().ends_with(behind) { word.to_owned() } else { format!("{word}{behind}") }
        })
    });
    let tags: Vec<String> = tags.collect();
    (!tags.is_empty()).then(|| tags.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(name: &str, analysis: Option<Value>) -> PromptProduct {
        PromptProduct { name: name.to_owned(), analysis }
    }

    fn of(settings: Value) -> String {
        let products = [shown("Sage Mug", None)];
        prompt(
            settings.as_object().expect("an object"),
            &PromptSubject { products: &products, ..PromptSubject::default() },
        )
    }

    /// Compares a whole prompt with its snapshot.
    fn shows(name: &str, text: &str) {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, text);
        });
    }

    #[test]
    fn a_prompt_says_what_is_set_and_guards_the_product() {
        let text = of(json!({
            "scene": "Kitchen", "style": "Custom", "customStyle": "Quiet morning", "lighting": "Window Light", "cameraAngle": "Front",
            "props": ["linen cloth"], "varietyLevel": 20, "includeAccessories": true, "promptText": "steam rises from it.",
            "promptTags": { "mood": ["cosy"], "lighting": ["soft"], "style": ["rustic style"], "sceneType": ["kitchen"] },
        }));
        shows("prompt_of_every_setting", &text);
    }

    #[test]
    fn what_was_seen_and_what_inspires_is_said() {
        let mug = json!({ "productType": "mug", "materials": ["stoneware"], "colors": ["sage green", "cream"], "unknown": 1 });
        let products = [shown("Sage Mug", Some(mug)), shown("Lamp", Some(json!({ "colors": [] })))];
        let scene =
            json!({ "roomType": "breakfast table", "lighting": "low morning sun", "style": "country", "props": [] });
        let settings = json!({ "style": "Quiet", "variant": 3, "variants": 4, "varietyLevel": 80 });
        let about = PromptSubject { products: &products, inspirations: 2, scene: Some(&scene) };
        shows("prompt_of_what_was_seen", &prompt(settings.as_object().expect("an object"), &about));
    }

    #[test]
    fn one_scale_of_variety() {
        let line = |level: Value| of(json!({ "varietyLevel": level })).lines().nth(2).unwrap_or_default().to_owned();
        assert!(line(json!(1)).contains("closely") && line(json!(10)).contains("closely"));
        assert!(
            line(json!(50)).contains("judgement") && of(json!({})).contains("judgement"),
            "the default lies in the middle"
        );
        assert!(line(json!(90)).contains("free"));
    }

    #[test]
    fn variants_differ_and_the_first_is_as_ordered() {
        let of = |n: u64, level: u64| of(json!({ "variant": n, "variants": 9, "varietyLevel": level }));
        assert!(!of(1, 50).contains("variant"));
        let mut all: Vec<String> = (2..8).map(|n| of(n, 50)).collect();
        all.dedup();
        assert_eq!(all.len(), 6);
        assert_ne!(of(2, 10).lines().nth(3), of(2, 90).lines().nth(3), "as far as the scale goes");
    }

    #[test]
    fn ones_own_words_stand_alone_unless_switched_off() {
        assert_eq!(of(json!({ "customPrompt": "just this", "style": "x" })), "just this");
        assert!(of(json!({ "customPrompt": "just this", "useCustomPrompt": false })).starts_with(ROLE));
        assert!(of(json!({ "customPrompt": "  " })).starts_with(ROLE));
    }
}
