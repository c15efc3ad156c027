//! Finished pictures as files: WebP for the web, PNG for further processing, JPEG for shops that accept only that,
//! and adjustments of an existing picture.

use image::RgbaImage;

use super::{
    Adjustments, MAX_SIDE, Picture, SCENE_BYTES, StudioError,
    canvas::{Canvas, unshown},
    grade::grade,
    memory,
    read::read,
};

/// A picture for the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webp {
    /// WebP, lossy.
    pub bytes: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The quality of the lossy compression, 0 to 100.
const QUALITY: f32 = 85.0;

/// Encodes any PNG, JPEG, WebP or GIF (its first frame) as lossy WebP of quality 85; keeps transparency. Shrinks what
/// is longer than 4096 pixels.
///
/// # Errors
/// `Unreadable` or `TooLarge` for what is not a picture or exceeds the limit, `Unwritable` if the encoder fails.
pub fn webp(picture: &[u8]) -> Result<Webp, StudioError> {
    let picture = read(picture, MAX_SIDE)?;
    let (width, height) = picture.dimensions();
    let _room = room(&picture, WRITING_BYTES);
    let unwritable =
        || StudioError::Unwritable(image::ImageError::IoError(std::io::Error::other("the WebP encoder failed")));
    let bytes = if is_clear(&picture) {
        webp::Encoder::from_rgba(picture.as_raw(), width, height).encode_simple(false, QUALITY)
    } else {
        let picture = image::DynamicImage::ImageRgba8(picture).into_rgb8();
        webp::Encoder::from_rgb(picture.as_raw(), width, height).encode_simple(false, QUALITY)
    };
    Ok(Webp { bytes: bytes.map_err(|_| unwritable())?.to_vec(), width, height })
}

/// Encodes any PNG, JPEG, WebP or GIF (its first frame) as JPEG of quality 90, transparency on white: for shops that
/// accept only that. The same picture gives the same bytes. Shrinks what is longer than 4096 pixels.
///
/// # Errors
/// `Unreadable` or `TooLarge` for what is not a picture or exceeds the limit, `Unwritable` if the encoder fails.
pub fn jpeg(picture: &[u8]) -> Result<Vec<u8>, StudioError> {
    let mut picture = read(picture, MAX_SIDE)?;
    let _room = room(&picture, WRITING_BYTES);
    for pixel in picture.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for part in 0..3 {
            // At most 255: a weighted mean of two values up to 255.
            pixel[part] = ((u32::from(pixel[part]) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    image::DynamicImage::ImageRgba8(picture)
        .into_rgb8()
        .write_with_encoder(encoder)
        .map_err(StudioError::Unwritable)?;
    Ok(bytes)
}

/// Encodes any PNG, JPEG, WebP or GIF (its first frame) as PNG; keeps transparency, and `cut_out` says whether there
/// is any. Shrinks what is longer than 4096 pixels.
///
/// # Errors
/// `Unreadable` or `TooLarge` for what is not a picture or exceeds the limit, `Unwritable` if the encoder fails.
pub fn png(picture: &[u8]) -> Result<Picture, StudioError> {
    let picture = read(picture, MAX_SIDE)?;
    let _room = room(&picture, WRITING_BYTES);
    encoded(picture)
}

/// Applies adjustments to a finished picture; without any, its pixels stay unchanged. `seed` selects the grain, so
/// that the same picture, adjustments and seed give the same bytes. Keeps transparency, and `cut_out` says whether
/// there is any. Shrinks what is longer than 4096 pixels.
///
/// # Errors
/// `Unreadable` or `TooLarge` for what is not a picture or exceeds the limit, `Unwritable` if the encoder fails.
pub fn adjust(picture: &[u8], adjust: &Adjustments, seed: u64) -> Result<Picture, StudioError> {
    let mut picture = read(picture, MAX_SIDE)?;
    let _room = room(&picture, SCENE_BYTES);
    if *adjust == Adjustments::default() {
        return encoded(picture);
    }
    let mut canvas = Canvas::new(picture.width() as usize, picture.height() as usize);
    let light: Vec<f32> = (0..=255_u8).map(|shown| unshown(f32::from(shown) / 255.0)).collect();
    for (to, from) in canvas.pixels.iter_mut().zip(picture.pixels()) {
        *to = [from[0], from[1], from[2]].map(|channel| light[usize::from(channel)]);
    }
    grade(&mut canvas, adjust, seed);
    for (to, from) in picture.pixels_mut().zip(canvas.bytes(seed).chunks_exact(3)) {
        to.0[..3].copy_from_slice(from);
    }
    encoded(picture)
}

/// Bytes per pixel while a picture is encoded: the picture, its converted form, and the file.
const WRITING_BYTES: u64 = 12;

/// Reserves memory for a picture that is processed.
fn room(picture: &RgbaImage, bytes: u64) -> memory::BudgetShare<'static> {
    memory::share(u64::from(picture.width()) * u64::from(picture.height()) * bytes)
}

fn encoded(picture: RgbaImage) -> Result<Picture, StudioError> {
    let (width, height, cut_out) = (picture.width(), picture.height(), is_clear(&picture));
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::ImageRgba8(picture);
    let picture = if cut_out { picture } else { picture.into_rgb8().into() };
    picture.write_to(&mut file, image::ImageFormat::Png).map_err(StudioError::Unwritable)?;
    Ok(Picture { bytes: file.into_inner(), width, height, cut_out })
}

/// Whether any pixel is transparent.
fn is_clear(picture: &RgbaImage) -> bool {
    picture.pixels().any(|pixel| pixel[3] < 255)
}
