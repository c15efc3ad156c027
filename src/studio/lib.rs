//! The local studio: takes a product's picture, cuts it out where its background is plain, and sets it into a painted scene. Arithmetic,
//! not a generative model; the same picture, scene and seed give the same bytes on every machine of one kind.
//!
//! A crate of its own so that it is optimised in every profile: a picture is a million pixels.

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

pub use colour::Colour;
pub use file::{Webp, adjust, jpeg, png, webp};
pub use grade::Adjustments;
pub use observe::{Observed, SceneSeen, observe, observe_scene};
pub use scene::{Camera, Light, STYLES, Style};

use canvas::Canvas;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The product's picture cannot be read.
    #[error("the product's picture cannot be read: {0}")]
    Unreadable(image::ImageError),
    /// It is larger than is read.
    #[error("the product's picture has {0} pixels; at most {MAX_PIXELS} are read")]
    TooLarge(u64),
    /// It shows nothing: no pixel differs from its background.
    #[error("the product's picture is empty: nothing in it differs from its background")]
    Empty,
    /// The new picture cannot be written.
    #[error("the picture cannot be written: {0}")]
    Unwritable(image::ImageError),
}

/// The most pixels a product's picture may have.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The longest side of a picture that is made or written, in pixels.
const MAX_SIDE: u32 = 4096;

/// Bytes that a scene takes for each of its pixels while it is painted: light, masks, and the finished picture.
const SCENE_BYTES: u64 = 24;

/// The most products in one scene.
const MAX_PRODUCTS: usize = 10;

/// What is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneSpec {
    pub style: Style,
    /// Width over height, such as 1.0 or 16.0 / 9.0; 1:8 to 8:1.
    pub aspect: f32,
    /// Pixels of the longer side, 64 to 4096.
    pub size: u32,
    /// Which of the endless variants.
    pub seed: u64,
    pub light: Light,
    pub adjust: Adjustments,
    /// From where the scene is seen.
    pub camera: Camera,
    /// Colours the scene leans to (from a colour scheme or an inspiration); empty: the style's own.
    pub palette: Vec<[u8; 3]>,
    /// Let the backdrop pick up the products' colours. A palette goes before.
    pub match_product: bool,
    /// How far the scene may leave the style's middle, 0 to 100 (50 usual): small is calm and alike, large is bold differences
    /// between seeds.
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
    /// Whether all products were cut out; what could not be stands in the scene as a print.
    pub cut_out: bool,
}

/// Makes a picture of one to ten products in one scene; an eleventh and later ones are left out.
///
/// # Errors
/// `Empty` without products, or where one shows nothing but its background; `Unreadable` or `TooLarge` for a product's picture that is
/// none or too large a one; `Unwritable` where the encoder gives up.
pub fn compose(products: &[&[u8]], order: &SceneSpec) -> Result<Picture, StudioError> {
    let products = &products[..products.len().min(MAX_PRODUCTS)];
    if products.is_empty() {
        return Err(StudioError::Empty);
    }
    // More than this is not seen in any scene; of a group each has its share.
    let most = if products.len() == 1 { 1800 } else { (order.size.clamp(512, 1800) * 4 / 5).max(512) };
    let cuts =
        products.iter().map(|product| cut::cut(&read::read(product, most)?, 0.035)).collect::<Result<Vec<_>, _>>()?;
    let long = order.size.clamp(64, MAX_SIDE);
    let aspect = if order.aspect.is_finite() { order.aspect.clamp(0.125, 8.0) } else { 1.0 };
    let (width, height) = if aspect >= 1.0 {
        (long, ((long as f32 / aspect).round() as u32).max(64))
    } else {
        (((long as f32 * aspect).round() as u32).max(64), long)
    };
    let _room = memory::share(u64::from(width) * u64::from(height) * SCENE_BYTES);
    let mut canvas = Canvas::new(width as usize, height as usize);
    scene::paint(&mut canvas, &cuts, order);
    let cut_out = cuts.iter().all(|cut| cut.is_cut);
    drop(cuts);
    grade::grade(&mut canvas, &order.adjust, order.seed);
    Ok(Picture { bytes: canvas.png(order.seed).map_err(StudioError::Unwritable)?, width, height, cut_out })
}

#[cfg(test)]
mod tests;
