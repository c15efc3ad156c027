//! The local studio: cuts a product out of its picture if the background is plain, and composites it into a
//! procedurally painted scene. Arithmetic, not a generative model; the same picture, scene and seed give the same
//! bytes on every machine of one kind.
//!
//! A separate crate so that it is optimised in every profile: a picture has a million pixels.

mod canvas;
mod chance;
mod colour;
mod cut;
mod file;
mod grade;
mod memory;
mod observe;
mod read;
mod scene;
mod shrink;
mod whole;

pub use colour::Colour;
pub use file::{Webp, adjust, jpeg, png, webp};
pub use grade::Adjustments;
pub use observe::{Observed, SceneSeen, observe, observe_scene};
pub use read::check;
pub use scene::{Camera, Light, STYLES, Style};

use canvas::Canvas;

/// Why no picture was made.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The product's picture cannot be decoded.
    #[error("the product's picture cannot be read: {0}")]
    Unreadable(image::ImageError),
    /// Its file ends before the picture does.
    #[error("the product's picture cannot be read: its file is cut short")]
    CutShort,
    /// It has more pixels than the limit.
    #[error("the product's picture has {0} pixels; the limit is {MAX_PIXELS}")]
    TooLarge(u64),
    /// It is empty: no pixel differs from its background.
    #[error("the product's picture is empty: nothing in it differs from its background")]
    Empty,
    /// The new picture cannot be encoded.
    #[error("the picture cannot be written: {0}")]
    Unwritable(image::ImageError),
}

/// The most pixels a product's picture may have.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The longest side of a generated or encoded picture, in pixels.
const MAX_SIDE: u32 = 4096;

/// Bytes per pixel while a scene is painted: light, masks, and the finished picture.
const SCENE_BYTES: u64 = 24;

/// The most products in one scene.
const MAX_PRODUCTS: usize = 10;

/// The specification of a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneSpec {
    pub style: Style,
    /// Width over height, such as 1.0 or 16.0 / 9.0; 1:8 to 8:1.
    pub aspect: f32,
    /// Pixels of the longer side, 64 to 4096.
    pub size: u32,
    /// Selects the variant.
    pub seed: u64,
    pub light: Light,
    pub adjust: Adjustments,
    /// The camera position.
    pub camera: Camera,
    /// Colours the scene tends to (from a colour scheme or an inspiration); empty: the style's own.
    pub palette: Vec<[u8; 3]>,
    /// Let the backdrop pick up the products' colours. A palette takes precedence.
    pub match_product: bool,
    /// How far the scene may deviate from the style's default, 0 to 100 (usually 50): low values give calm, similar
    /// scenes, high values bold differences between seeds.
    pub variety: u32,
}

impl Default for SceneSpec {
    fn default() -> Self {
        Self {
            style: Style::Studio,
            aspect: 1.0,
            size: 1024,
            seed: 1,
            light: Light::Soft,
            adjust: Adjustments::default(),
            camera: Camera::Front,
            palette: Vec::new(),
            match_product: false,
            variety: 50,
        }
    }
}

/// A finished picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// PNG.
    pub bytes: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Whether all products were cut out; one that could not be stands in the scene as a print.
    pub cut_out: bool,
}

/// Makes a picture of one to ten products in one scene; further products are ignored.
///
/// # Errors
/// `Empty` without products, or if one shows nothing but its background; `Unreadable` or `TooLarge` for a product's
/// picture that cannot be decoded or exceeds the limit; `Unwritable` if the encoder fails.
pub fn compose(products: &[&[u8]], spec: &SceneSpec) -> Result<Picture, StudioError> {
    let products = &products[..products.len().min(MAX_PRODUCTS)];
    if products.is_empty() {
        return Err(StudioError::Empty);
    }
    // No scene shows more detail than this; each product of a group gets its share.
    let most = if products.len() == 1 { 1800 } else { (spec.size.clamp(512, 1800) * 4 / 5).max(512) };
    let cuts =
        products.iter().map(|product| cut::cut(&read::read(product, most)?, 0.035)).collect::<Result<Vec<_>, _>>()?;
    let long = spec.size.clamp(64, MAX_SIDE);
    let aspect = if spec.aspect.is_finite() { spec.aspect.clamp(0.125, 8.0) } else { 1.0 };
    let (width, height) = if aspect >= 1.0 {
        (long, ((long as f32 / aspect).round() as u32).max(64))
    } else {
        (((long as f32 * aspect).round() as u32).max(64), long)
    };
    let _room = memory::share(u64::from(width) * u64::from(height) * SCENE_BYTES);
    let mut canvas = Canvas::new(width as usize, height as usize);
    scene::paint(&mut canvas, &cuts, spec);
    let cut_out = cuts.iter().all(|cut| cut.is_cut);
    drop(cuts);
    grade::grade(&mut canvas, &spec.adjust, spec.seed);
    Ok(Picture { bytes: canvas.png(spec.seed).map_err(StudioError::Unwritable)?, width, height, cut_out })
}

#[cfg(test)]
mod tests;
