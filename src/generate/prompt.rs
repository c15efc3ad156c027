//! The prompt: what a model is told, from a flow's settings. Pure text, so that anybody can see it before anything is made.

use serde_json::{Map, Value};

use super::settings::Settings;

/// What the model is to be, and what it must not change.
const ROLE: &str =
    "You are a product photographer. Make one photograph of the product in the pictures that come first.";
const GUARD: [&str; 3] = [
    "Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.",
    "Change only its surroundings and the light.",
    "The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.",
];

/// The prompt for a flow. Text that a person wrote in place of it (`customPrompt`, unless `useCustomPrompt` is false) stands alone.
pub fn prompt(settings: &Map<String, Value>, products: &[&str]) -> String {
    let read = Settings(settings);
    if let Some(own) = read.text(&["customPrompt"]).filter(|_| read.truth("useCustomPrompt", true)) {
        return own.to_owned();
    }
    let mut lines = vec![ROLE.to_owned()];
    if !products.is_empty() {
        lines.push(format!("Product: {}.", products.join("; ")));
    }
    lines.extend(tags(settings).map(|tags| format!("Mood and setting: {tags}.")));
    let room = read.chosen("scene", "customScene").or_else(|| read.text(&["sceneType", "roomType"]));
    let said = [
        ("Scene", room),
        ("Style", read.chosen("style", "customStyle")),
        ("Light", read.chosen("lighting", "customLighting")),
        ("Camera", read.text(&["cameraAngle"])),
        ("Around it", read.chosen("surroundings", "customSurroundings")),
        ("Colours", read.text(&["colorScheme"])),
    ];
    lines.extend(said.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}.", text?.trim_end_matches('.')))));
    let props: Vec<&str> =
        settings.get("props").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if !props.is_empty() {
        lines.push(format!("Props: {}.", props.join(", ")));
    }
    lines.push(match read.variety() {
        0..=33 => "Follow this closely.".to_owned(),
        34..=66 => "Follow this, with a photographer's judgement in the details.".to_owned(),
        _ => "Take this as a beginning and be free with the scene.".to_owned(),
    });
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

/// The tags of a prompt, in their order; members of two groups say what they are.
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
    let words = order.iter().flat_map(|(group, behind)| {
        let all = groups.get(*group).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        all.map(
            move |word| if word.to_lowercase().ends_with(behind) { word.to_owned() } else { format!("{word}{behind}") },
        )
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(settings: Value) -> String {
        prompt(settings.as_object().expect("an object"), &["Sage Mug"])
    }

    #[test]
    fn a_prompt_says_what_is_set_and_guards_the_product() {
        let text = of(json!({
            "scene": "Kitchen", "style": "Custom", "customStyle": "Quiet morning", "lighting": "Window Light", "cameraAngle": "Front",
            "props": ["linen cloth"], "varietyLevel": 20, "includeAccessories": true, "promptText": "steam rises from it.",
            "promptTags": { "mood": ["cosy"], "lighting": ["soft"], "style": ["rustic style"], "sceneType": ["kitchen"] },
        }));
        assert_eq!(
            text,
            "You are a product photographer. Make one photograph of the product in the pictures that come first.\n\
             Product: Sage Mug.\n\
             Mood and setting: kitchen, cosy, soft lighting, rustic style.\n\
             Scene: Kitchen.\n\
             Style: Quiet morning.\n\
             Light: Window Light.\n\
             Camera: Front.\n\
             Props: linen cloth.\n\
             Follow this closely.\n\
             Let the surroundings pick up the product's colours.\n\
             Fitting accessories may stand beside it.\n\
             Also: steam rises from it.\n\
             Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.\n\
             Change only its surroundings and the light.\n\
             The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame."
        );
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
    fn ones_own_words_stand_alone_unless_switched_off() {
        assert_eq!(of(json!({ "customPrompt": "just this", "style": "x" })), "just this");
        assert!(of(json!({ "customPrompt": "just this", "useCustomPrompt": false })).starts_with(ROLE));
        assert!(of(json!({ "customPrompt": "  " })).starts_with(ROLE));
    }
}
