//! What a flow's settings say, in the older application's words as well as in ours. Unknown keys are left alone: they are read from the
//! stored JSON and never written back changed.

use serde_json::{Map, Value};
use store_sync_studio::{Adjustments, Light, Order, Style};

/// A flow's settings, read.
pub(super) struct Settings<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Settings<'a> {
    /// A text that is not empty, under the first of these names that has one.
    pub(super) fn text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.0.get(*name)?.as_str().map(str::trim).filter(|text| !text.is_empty()))
    }

    /// A truth, or what it is where nothing is said.
    pub(super) fn truth(&self, name: &str, usual: bool) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(usual)
    }

    /// A value where `Custom` stands for another field.
    pub(super) fn chosen(&self, name: &str, custom: &str) -> Option<&'a str> {
        match self.text(&[name]) {
            Some(word) if word.eq_ignore_ascii_case("custom") => self.text(&[custom]),
            other => other,
        }
    }

    /// How freely the scene may be read, 0 to 100; 50 where nothing is said.
    ///
    /// One scale: the older application stored 0 to 100 (default 50) and read 1 to 10, so that its default meant "free". Here 0 to 100
    /// counts everywhere.
    pub(super) fn variety(&self) -> u32 {
        let given = self.0.get("varietyLevel").and_then(Value::as_f64).unwrap_or(50.0);
        // Rounded and within bounds: nothing is lost.
        format!("{:.0}", given.clamp(0.0, 100.0)).parse().unwrap_or(50)
    }

    /// Width over height, from texts such as `1:1`, `16:9` or `1:1 (Square)`.
    pub(super) fn aspect(&self) -> f32 {
        let text = self.text(&["aspectRatio"]).unwrap_or("1:1");
        let (wide, high) = text.split_once(':').unwrap_or(("1", "1"));
        let number = |text: &str| text.trim().split(' ').next().and_then(|word| word.parse::<f32>().ok());
        match (number(wide), number(high)) {
            (Some(wide), Some(high)) if wide > 0.0 && high > 0.0 => (wide / high).clamp(0.125, 8.0),
            _ => 1.0,
        }
    }

    /// Pixels of the longer side, by `imageQuality` (`1k`, `2k`, `4k`) or `size`.
    pub(super) fn size(&self) -> u32 {
        let own = self.0.get("size").and_then(Value::as_u64).and_then(|size| u32::try_from(size).ok());
        let named = match self.text(&["imageQuality"]).map(str::to_lowercase).as_deref() {
            Some("2k") => 2048,
            Some("4k") => 4096,
            _ => 1024,
        };
        own.unwrap_or(named).clamp(64, 4096)
    }

    /// The same in the model's words.
    pub(super) fn model_size(&self) -> &'static str {
        match self.size() {
            0..=700 => "512",
            701..=1500 => "1K",
            1501..=3000 => "2K",
            _ => "4K",
        }
    }

    /// What the local studio is asked for.
    pub(super) fn order(&self, seed: u64) -> Order {
        Order {
            style: style(self.chosen("style", "customStyle").unwrap_or_default()),
            aspect: self.aspect(),
            size: self.size(),
            seed,
            light: light(self.chosen("lighting", "customLighting").unwrap_or_default()),
            adjust: self.adjustments(),
        }
    }

    fn adjustments(&self) -> Adjustments {
        let amount = |group: &str, name: &str| {
            let value = self.0.get("postAdjustments").and_then(|all| all.get(group)?.get(name)?.as_f64());
            // -100 to 100 there, -1 to 1 here.
            value.map_or(0.0, |value| format!("{:.4}", value.clamp(-100.0, 100.0) / 100.0).parse().unwrap_or(0.0))
        };
        Adjustments {
            exposure: amount("light", "exposure"),
            contrast: amount("light", "contrast"),
            highlights: amount("light", "highlights"),
            shadows: amount("light", "shadows"),
            whites: amount("light", "whites"),
            blacks: amount("light", "blacks"),
            temperature: amount("color", "temperature"),
            vibrance: amount("color", "vibrance"),
            saturation: amount("color", "saturation"),
            texture: amount("effects", "texture"),
            clarity: amount("effects", "clarity"),
            sharpness: amount("effects", "sharpness"),
        }
    }
}

/// The studio's scene for a style: its own word, or the nearest to what people write.
pub fn style(word: &str) -> Style {
    let word = word.to_lowercase();
    let near: [(Style, &[&str]); 7] = [
        (Style::Podium, &["pastel", "playful", "pop", "podium"]),
        (Style::Wood, &["rustic", "wood", "farmhouse", "country", "scandinavian"]),
        (Style::Marble, &["luxur", "elegant", "marble", "classic"]),
        (Style::Botanic, &["boho", "botanic", "natur", "tropical", "garden", "organic"]),
        (Style::Concrete, &["industrial", "concrete", "urban", "loft"]),
        (Style::Sunset, &["sunset", "warm", "mediterran", "summer"]),
        (Style::Night, &["dark", "moody", "night", "dramatic", "cinematic"]),
    ];
    let found = near.iter().find(|(_, words)| words.iter().any(|known| word.contains(known)));
    Style::named(&word).or(found.map(|(style, _)| *style)).unwrap_or(Style::Studio)
}

fn light(word: &str) -> Light {
    let word = word.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|known| word.contains(known));
    if has(&["golden", "warm", "sunset", "candle"]) {
        Light::Warm
    } else if has(&["cool", "north", "overcast", "blue"]) {
        Light::Cool
    } else if has(&["dramatic", "hard", "spot", "moody"]) {
        Light::Dramatic
    } else {
        Light::Soft
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn older_words_are_read() {
        let old = map(json!({
            "style": "Custom", "customStyle": "Rustic kitchen", "lighting": "Golden Hour", "aspectRatio": "16:9 (Wide)", "imageQuality": "2k",
            "varietyLevel": 50, "postAdjustments": { "light": { "exposure": 50 }, "color": { "temperature": -250 } }, "somethingElse": 1,
        }));
        let order = Settings(&old).order(7);
        assert_eq!((order.style, order.light, order.size, order.seed), (Style::Wood, Light::Warm, 2048, 7));
        assert!((order.aspect - 16.0 / 9.0).abs() < 0.001);
        assert!((order.adjust.exposure - 0.5).abs() < 0.001 && (order.adjust.temperature + 1.0).abs() < 0.001);
        assert_eq!(Settings(&old).variety(), 50);
        assert_eq!(Settings(&map(json!({ "style": "Modern Minimalist" }))).order(1).style, Style::Studio);
        assert_eq!(Settings(&map(json!({ "aspectRatio": "wide", "varietyLevel": 900 }))).variety(), 100);
    }
}
