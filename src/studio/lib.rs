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
mod observe;
mod read;
mod scene;

pub use colour::Colour;
pub use file::{Webp, adjust, png, webp};
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

/// The most pixels a product's picture may have: about what 200 MB hold while it is worked on.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The longest side of a picture that is made or written, in pixels.
const MAX_SIDE: u32 = 4096;

/// The most products in one scene.
const MAX_PRODUCTS: usize = 10;

/// What is to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
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

impl Default for Order {
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
pub fn compose(products: &[&[u8]], order: &Order) -> Result<Picture, StudioError> {
    let products = &products[..products.len().min(MAX_PRODUCTS)];
    if products.is_empty() {
        return Err(StudioError::Empty);
    }
    // More than this is not seen in any scene; of a group each has its share.
    let most = if products.len() == 1 { 1800 } else { (order.size.clamp(512, 1800) * 4 / 5).max(512) };
    let cuts = products.iter().map(|product| cut::cut(&read::read(product, most)?, 0.035)).collect::<Result<Vec<_>, _>>()?;
    let long = order.size.clamp(64, MAX_SIDE);
    let aspect = if order.aspect.is_finite() { order.aspect.clamp(0.125, 8.0) } else { 1.0 };
    let (width, height) = if aspect >= 1.0 {
        (long, ((long as f32 / aspect).round() as u32).max(64))
    } else {
        (((long as f32 * aspect).round() as u32).max(64), long)
    };
    let mut canvas = Canvas::new(width as usize, height as usize);
    scene::paint(&mut canvas, &cuts, order);
    let cut_out = cuts.iter().all(|cut| cut.is_cut);
    drop(cuts);
    grade::grade(&mut canvas, &order.adjust, order.seed);
    Ok(Picture { bytes: canvas.png(order.seed).map_err(StudioError::Unwritable)?, width, height, cut_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let picture = image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(colour(x, y)));
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, image::ImageFormat::Png).expect("is written");
        file.into_inner()
    }

    /// A red ring on white: plain outside, and inside too.
    fn ring() -> Vec<u8> {
        png(200, 200, |x, y| {
            let off = (f64::from(x) - 100.0).hypot(f64::from(y) - 100.0);
            if (30.0..70.0).contains(&off) { [200, 40, 30, 255] } else { [250, 250, 248, 255] }
        })
    }

    fn small(style: Style, seed: u64) -> Order {
        Order { style, seed, size: 160, ..Order::default() }
    }

    fn pixels(picture: &Picture) -> image::RgbImage {
        image::load_from_memory(&picture.bytes).expect("is a picture").to_rgb8()
    }

    #[test]
    fn the_same_order_makes_the_same_bytes_and_another_seed_other_ones() {
        for (style, name) in STYLES {
            let first = compose(&[&ring()], &small(style, 5)).expect("is made");
            assert_eq!(first, compose(&[&ring()], &small(style, 5)).expect("is made"), "{name}");
            assert_ne!(first.bytes, compose(&[&ring()], &small(style, 6)).expect("is made").bytes, "{name}");
            assert_eq!(Style::named(style.as_str()), Some(style));
        }
    }

    #[test]
    fn a_product_on_a_plain_ground_is_cut_out_with_its_holes() {
        let made = compose(&[&ring()], &small(Style::Night, 1)).expect("is made");
        assert!(made.cut_out);
        let picture = pixels(&made);
        // Night is dark: no white of the old picture is left anywhere, and the ring's red is there.
        let white = picture.pixels().filter(|p| p.0.iter().all(|c| *c > 225)).count();
        let red = picture.pixels().filter(|p| p[0] > 130 && p[1] < 80).count();
        assert!(white < 20 && red > 500, "{white} white, {red} red");
    }

    #[test]
    fn a_picture_without_a_plain_ground_stands_there_as_a_print() {
        let busy =
            png(120, 90, |x, y| [((x * 37 + y * 91) % 251) as u8, ((x * 13) % 199) as u8, ((y * 29) % 233) as u8, 255]);
        assert!(!compose(&[&busy], &small(Style::Studio, 1)).expect("is made").cut_out);
    }

    #[test]
    fn a_cut_out_keeps_its_own_edge() {
        let through = png(100, 100, |x, _| if x < 50 { [10, 90, 200, 255] } else { [0, 0, 0, 0] });
        assert!(compose(&[&through], &small(Style::Studio, 1)).expect("is made").cut_out);
    }

    #[test]
    fn sides_and_adjustments_are_as_ordered() {
        let wide = compose(&[&ring()], &Order { aspect: 16.0 / 9.0, ..small(Style::Studio, 1) }).expect("is made");
        assert_eq!((wide.width, wide.height), (160, 90));
        let tall = compose(&[&ring()], &Order { aspect: 0.75, ..small(Style::Wood, 1) }).expect("is made");
        assert_eq!((tall.width, tall.height), (120, 160));
        let light = |adjust: Adjustments| -> u64 {
            let made = compose(&[&ring()], &Order { adjust, ..small(Style::Concrete, 1) }).expect("is made");
            pixels(&made).pixels().flat_map(|p| p.0).map(u64::from).sum()
        };
        let usual = light(Adjustments::default());
        assert!(light(Adjustments { exposure: 0.5, ..Adjustments::default() }) > usual);
        assert!(light(Adjustments { exposure: -0.5, ..Adjustments::default() }) < usual);
        assert_ne!(light(Adjustments { clarity: 0.8, ..Adjustments::default() }), usual);
    }

    #[test]
    fn what_is_no_picture_says_so() {
        assert!(matches!(compose(&[b"no picture"], &Order::default()), Err(StudioError::Unreadable(_))));
        let half = ring();
        assert!(matches!(compose(&[&half[..half.len() / 2]], &Order::default()), Err(StudioError::Unreadable(_))));
        let empty = png(80, 80, |_, _| [250, 250, 250, 255]);
        assert!(matches!(compose(&[&empty], &Order::default()), Err(StudioError::Empty)));
        // A header that promises more than is read.
        let mut huge = png(8, 8, |_, _| [1, 2, 3, 255]);
        huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        assert!(matches!(
            compose(&[&huge], &Order::default()),
            Err(StudioError::TooLarge(_) | StudioError::Unreadable(_))
        ));
    }
}
