//! Analyses pictures without a model: colours, shape, brightness; for a scene, also the nearest style and light of
//! the studio.

use image::RgbaImage;

use super::{
    Light, StudioError, Style,
    canvas::{light, shown},
    colour::{Colour, Lab, chroma, clusters, lab, name, unlab},
    cut::cut,
    read::read,
};

/// The analysis of a product's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Whether the product can be cut out; otherwise all values describe the whole picture.
    pub plain_background: bool,
    /// Up to five, of the product itself if it is cut out, the largest share first.
    pub colours: Vec<Colour>,
    /// The proportions of the product's bounding box: "tall", "wide" or "even".
    pub shape: &'static str,
    /// 0 is black, 1 is white.
    pub brightness: f32,
    /// Pixels of the picture.
    pub width: u32,
    /// Pixels of the picture.
    pub height: u32,
}

/// The analysis of an inspiration, in terms of the studio.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneSeen {
    /// Up to five, the largest share first.
    pub colours: Vec<Colour>,
    /// The same colours for `SceneSpec::palette`.
    pub palette: Vec<[u8; 3]>,
    /// The most similar style.
    pub style: Style,
    /// The most similar light.
    pub light: Light,
    /// 0 is black, 1 is white.
    pub brightness: f32,
    /// -1 is blue, 1 is orange.
    pub warmth: f32,
    /// 0 is one tone, 1 is half black and half white.
    pub contrast: f32,
}

/// Analyses a product's picture.
///
/// # Errors
/// `Unreadable` or `TooLarge` for what is not a picture or exceeds the limit, `Empty` if nothing differs from the
/// background.
pub fn observe(product: &[u8]) -> Result<Observed, StudioError> {
    let picture = read(product, 900)?;
    let (width, height) = image::ImageReader::new(std::io::Cursor::new(product))
        .with_guessed_format()
        .map_err(|error| StudioError::Unreadable(error.into()))?
        .into_dimensions()
        .map_err(StudioError::Unreadable)?;
    let cut = cut(&picture, 0.0)?;
    let step = (cut.pixels.len() / 20_000).max(1) | 1;
    let solid = cut.pixels.iter().step_by(step).filter(|pixel| pixel[3] > 200);
    let samples: Vec<(Lab, f32)> = solid.map(|pixel| (to_lab([pixel[0], pixel[1], pixel[2]]), 1.0)).collect();
    let aspect = cut.width as f32 / cut.height as f32;
    Ok(Observed {
        plain_background: cut.is_cut,
        brightness: brightness(&samples),
        colours: clusters(&samples, 5).into_iter().map(|(colour, share)| called(colour, share)).collect(),
        shape: match aspect {
            ..0.8 => "tall",
            1.25.. => "wide",
            _ => "even",
        },
        width,
        height,
    })
}

/// Analyses a scene; returns the nearest style, light and colours of the studio.
///
/// # Errors
/// `Unreadable` or `TooLarge` for what is not a picture or exceeds the limit, `Empty` if every pixel is transparent.
pub fn observe_scene(picture: &[u8]) -> Result<SceneSeen, StudioError> {
    let picture = read(picture, 400)?;
    let small = image::imageops::thumbnail(&picture, picture.width().min(72), picture.height().min(72));
    let samples: Vec<(Lab, f32)> = weighted_pixels(&small);
    if samples.iter().all(|(_, weight)| *weight == 0.0) {
        return Err(StudioError::Empty);
    }
    let features = SceneFeatures::of(&samples, small.width() as usize);
    let dominant = clusters(&samples, 5);
    Ok(SceneSeen {
        palette: dominant.iter().map(|(colour, _)| bytes(*colour)).collect(),
        colours: dominant.into_iter().map(|(colour, share)| called(colour, share)).collect(),
        style: features.style(),
        light: features.light(),
        brightness: features.brightness,
        warmth: features.warmth,
        contrast: features.contrast,
    })
}

/// Returns the pixels row by row; transparent ones have weight 0.
fn weighted_pixels(picture: &RgbaImage) -> Vec<(Lab, f32)> {
    let each =
        picture.pixels().map(|pixel| (to_lab([pixel[0], pixel[1], pixel[2]]), f32::from(u8::from(pixel[3] > 127))));
    each.collect()
}

fn to_lab(colour: [u8; 3]) -> Lab {
    lab(colour.map(|channel| light(f32::from(channel) / 255.0)))
}

fn bytes(colour: Lab) -> [u8; 3] {
    unlab(colour).map(|channel| (255.0 * shown(channel.min(0.8)).max(plain(channel)).min(1.0) + 0.5) as u8)
}

/// Converts linear light to an `sRGB` value, without roll-off.
fn plain(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

fn called(colour: Lab, share: f32) -> Colour {
    let [r, g, b] = bytes(colour);
    Colour { hex: format!("#{r:02x}{g:02x}{b:02x}"), name: name(colour), share }
}

/// Mean brightness on the `sRGB` scale: halfway between black and white is 0.5.
fn brightness(samples: &[(Lab, f32)]) -> f32 {
    mean(samples, |colour| tone(colour[0]))
}

/// Converts perceived lightness to an `sRGB` grey.
fn tone(lightness: f32) -> f32 {
    plain(lightness.clamp(0.0, 1.0).powi(3))
}

fn mean(samples: &[(Lab, f32)], of: impl Fn(Lab) -> f32) -> f32 {
    let total: f32 = samples.iter().map(|(_, weight)| weight).sum();
    samples.iter().map(|(colour, weight)| of(*colour) * weight).sum::<f32>() / total.max(1e-6)
}

/// The features that tell scenes apart.
struct SceneFeatures {
    brightness: f32,
    warmth: f32,
    contrast: f32,
    colourful: f32,
    /// Shares of the picture.
    green: f32,
    brown: f32,
    blaze: f32,
    /// The difference between neighbours: texture.
    busy: f32,
}

impl SceneFeatures {
    fn of(samples: &[(Lab, f32)], width: usize) -> Self {
        let brightness = brightness(samples);
        let share = |is: fn(Lab, f32) -> bool| {
            mean(samples, |colour| f32::from(u8::from(is(colour, colour[2].atan2(colour[1]).to_degrees()))))
        };
        let steps: Vec<(Lab, f32)> = samples
            .windows(2)
            .enumerate()
            .filter(|(place, _)| (place + 1) % width.max(1) != 0)
            .map(|(_, two)| ([(two[0].0[0] - two[1].0[0]).abs(), 0.0, 0.0], two[0].1 * two[1].1))
            .collect();
        Self {
            brightness,
            warmth: (mean(samples, |colour| 0.4 * colour[1] + colour[2]) * 7.0).clamp(-1.0, 1.0),
            contrast: (mean(samples, |colour| (tone(colour[0]) - brightness).powi(2)).sqrt() * 2.0).min(1.0),
            colourful: mean(samples, chroma),
            green: share(|colour, hue| chroma(colour) > 0.035 && (100.0..170.0).contains(&hue)),
            brown: share(|colour, hue| {
                (0.045..0.13).contains(&chroma(colour))
                    && (45.0..90.0).contains(&hue)
                    && (0.3..0.76).contains(&colour[0])
            }),
            blaze: share(|colour, hue| chroma(colour) > 0.10 && (-10.0..88.0).contains(&hue) && colour[0] > 0.42),
            busy: mean(&steps, |step| step[0]),
        }
    }

    fn style(&self) -> Style {
        if self.brightness < 0.27 {
            Style::Night
        } else if self.blaze > 0.42 {
            Style::Sunset
        } else if self.green > 0.16 {
            Style::Botanic
        } else if self.brown > 0.22 {
            Style::Wood
        } else if self.colourful > 0.045 {
            Style::Podium
        } else if self.brightness < 0.66 {
            Style::Concrete
        } else if self.busy > 0.022 {
            Style::Marble
        } else {
            Style::Studio
        }
    }

    fn light(&self) -> Light {
        if self.contrast > 0.5 || (self.brightness < 0.33 && self.contrast > 0.25) {
            Light::Dramatic
        } else if self.warmth > 0.3 {
            Light::Warm
        } else if self.warmth < -0.1 {
            Light::Cool
        } else {
            Light::Soft
        }
    }
}
