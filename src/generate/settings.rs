//! Reads a flow's settings, in the older application's spelling and in ours. Unknown keys are ignored; the stored JSON
//! is never changed.

use serde_json::{Map, Value, json};

use crate::paint::{Adjustments, Camera, Light, ModelForm, SceneSpec, Style};

/// A flow's settings, read.
pub(super) struct Settings<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Settings<'a> {
    /// The first non-empty text under these names.
    pub(super) fn text(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.0.get(*name)?.as_str().map(str::trim).filter(|text| !text.is_empty()))
    }

    /// A boolean, or `usual` if it is not set.
    pub(super) fn truth(&self, name: &str, usual: bool) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(usual)
    }

    /// A value; `Custom` refers to another field.
    pub(super) fn chosen(&self, name: &str, custom: &str) -> Option<&'a str> {
        match self.text(&[name]) {
            Some(word) if word.eq_ignore_ascii_case("custom") => self.text(&[custom]),
            other => other,
        }
    }

    /// How far the scene may vary, 0 to 100; 50 if it is not set.
    ///
    /// One scale: the older application stored 0 to 100 (default 50) and read 1 to 10, so that its default meant
    /// "free". Here 0 to 100 applies everywhere.
    pub(super) fn variety(&self) -> u32 {
        let given = self.0.get("varietyLevel").and_then(Value::as_f64).unwrap_or(50.0);
        // Rounded and clamped: nothing is lost.
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

    /// The same in the model's terms.
    fn model_size(&self) -> &'static str {
        match self.size() {
            0..=700 => "512",
            701..=1500 => "1K",
            1501..=3000 => "2K",
            _ => "4K",
        }
    }

    /// The number of pictures, if a request does not set it.
    pub(super) fn variants(&self) -> usize {
        let given = self.0.get("numberOfVariants").and_then(Value::as_u64);
        given.and_then(|many| usize::try_from(many).ok()).map_or(4, |many| many.clamp(1, 20))
    }

    /// The engine in the settings.
    pub(super) fn engine(&self) -> Option<&'a str> {
        self.0.get("engine").and_then(Value::as_str)
    }

    /// The format of a picture in a model's terms, and the models in the settings.
    pub(super) fn form(&self) -> ModelForm<'a> {
        // `16:9`, from texts such as `16:9 (Wide)`.
        let aspect = self.text(&["aspectRatio"]).and_then(|text| text.split(' ').next());
        let (model, fallback) = (self.text(&["imageModel"]), self.text(&["fallbackImageModel"]));
        ModelForm { aspect, size: Some(self.model_size()), model, fallback }
    }

    /// Selects the variant.
    pub(super) fn seed(&self) -> u64 {
        self.0.get("seed").and_then(Value::as_u64).unwrap_or(1)
    }

    /// The specification for the local studio. The analysis of an inspiration fills in what is not set.
    pub(super) fn scene_spec(&self, scene: Option<&Value>) -> SceneSpec {
        let seen = |name: &str| scene.and_then(|scene| scene.get(name)).and_then(Value::as_str);
        let word = self.chosen("style", "customStyle").or_else(|| seen("style"));
        let lit = self.chosen("lighting", "customLighting").or_else(|| seen("lighting"));
        let told = self.text(&["colorScheme"]).map(palette).filter(|colours| !colours.is_empty());
        let seen_colours = || {
            let listed = scene.and_then(|scene| scene.get("palette")).and_then(Value::as_array);
            listed.into_iter().flatten().filter_map(|hex| colour(hex.as_str()?)).take(5).collect()
        };
        SceneSpec {
            style: style(word.unwrap_or_default()),
            aspect: self.aspect(),
            size: self.size(),
            seed: self.seed(),
            light: light(lit.unwrap_or_default()),
            adjust: self.adjustments(),
            camera: camera(self.text(&["cameraAngle"]).unwrap_or_default()),
            palette: told.unwrap_or_else(seen_colours),
            match_product: self.truth("matchProductColors", false),
            variety: self.variety(),
        }
    }

    /// The same in words, for people.
    pub(super) fn scene_words(&self, scene: Option<&Value>) -> Value {
        let order = self.scene_spec(scene);
        let palette: Vec<String> = order.palette.iter().map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}")).collect();
        json!({
            "style": order.style.as_str(), "light": format!("{:?}", order.light), "camera": format!("{:?}", order.camera),
            "aspect": order.aspect, "size": order.size, "palette": palette, "match_product": order.match_product, "variety": order.variety,
        })
    }

    /// The adjustments of the finished picture.
    pub(super) fn adjustments(&self) -> Adjustments {
        let amount = |group: &str, name: &str| {
            let value = self.0.get("postAdjustments").and_then(|all| all.get(group)?.get(name)?.as_f64());
            // Stored -100 to 100, used -1 to 1.
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

/// The studio's style for a word: its own, or the nearest to what people write.
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

fn camera(word: &str) -> Camera {
    let word = word.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|known| word.contains(known));
    if has(&["top", "overhead", "flat lay", "bird"]) {
        Camera::Top
    } else if has(&["high", "above", "45"]) {
        Camera::High
    } else if has(&["low", "below", "hero"]) {
        Camera::Low
    } else {
        Camera::Front
    }
}

/// The colours that a scheme names; none for schemes that leave the scene its own (`Neutral`).
fn palette(scheme: &str) -> Vec<[u8; 3]> {
    let known: [(&str, &[[u8; 3]]); 22] = [
        ("warm", &[[233, 196, 160], [214, 152, 112]]),
        ("cool", &[[196, 214, 226], [132, 164, 188]]),
        ("earth", &[[196, 164, 132], [146, 112, 84], [122, 128, 96]]),
        ("pastel", &[[248, 214, 220], [214, 230, 240], [226, 238, 214]]),
        ("monochrome", &[[228, 228, 228], [150, 150, 150]]),
        ("dark", &[[52, 50, 54], [84, 78, 80]]),
        ("vibrant", &[[240, 110, 80], [250, 190, 70], [50, 140, 170]]),
        ("white", &[[246, 245, 242]]),
        ("beige", &[[226, 210, 188]]),
        ("cream", &[[245, 235, 214]]),
        ("pink", &[[238, 186, 196]]),
        ("red", &[[186, 62, 52]]),
        ("orange", &[[230, 140, 70]]),
        ("yellow", &[[240, 208, 110]]),
        ("sage", &[[176, 190, 160]]),
        ("green", &[[120, 150, 112]]),
        ("teal", &[[70, 140, 140]]),
        ("blue", &[[110, 146, 186]]),
        ("navy", &[[44, 60, 96]]),
        ("purple", &[[150, 120, 170]]),
        ("brown", &[[130, 96, 70]]),
        ("grey", &[[176, 176, 174]]),
    ];
    let scheme = scheme.to_lowercase().replace("gray", "grey");
    let mut named: Vec<[u8; 3]> =
        scheme.split(|c: char| !c.is_ascii_hexdigit() && c != '#').filter_map(colour).collect();
    for (word, colours) in known {
        if scheme.split(|c: char| !c.is_alphanumeric()).any(|said| said == word) {
            named.extend(colours);
        }
    }
    named.truncate(5);
    named
}

/// `#rrggbb`.
fn colour(hex: &str) -> Option<[u8; 3]> {
    let digits = hex.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

#[cfg(test)]
mod tests {
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
        let mut old = old;
        old.insert("seed".into(), 7.into());
        let order = Settings(&old).scene_spec(None);
        assert_eq!((order.style, order.light, order.size, order.seed), (Style::Wood, Light::Warm, 2048, 7));
        assert!((order.aspect - 16.0 / 9.0).abs() < 0.001);
        assert!((order.adjust.exposure - 0.5).abs() < 0.001 && (order.adjust.temperature + 1.0).abs() < 0.001);
        assert_eq!(Settings(&old).variety(), 50);
        assert_eq!(Settings(&map(json!({ "style": "Modern Minimalist" }))).scene_spec(None).style, Style::Studio);
        assert_eq!(Settings(&map(json!({ "aspectRatio": "wide", "varietyLevel": 900 }))).variety(), 100);
    }
    #[test]
    fn colours_come_from_a_scheme_or_else_from_an_inspiration() {
        let seen = json!({ "palette": ["#102030", "none"], "style": "night", "lighting": "warm" });
        let order = Settings(&Map::new()).scene_spec(Some(&seen));
        assert_eq!((order.palette, order.style, order.light), (vec![[16, 32, 48]], Style::Night, Light::Warm));
        let own = map(json!({ "colorScheme": "Sage and #ff0080", "style": "wood", "cameraAngle": "Overhead" }));
        let order = Settings(&own).scene_spec(Some(&seen));
        assert_eq!((order.palette, order.style), (vec![[255, 0, 128], [176, 190, 160]], Style::Wood));
        assert_eq!(order.camera, Camera::Top);
        assert!(Settings(&map(json!({ "colorScheme": "Neutral" }))).scene_spec(None).palette.is_empty());
    }
}
