//! Reads pictures that strangers made: nothing in their headers is believed before it is measured.

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbaImage, imageops::FilterType};

use super::{MAX_PIXELS, StudioError};

/// The picture, upright, its longer side at most `most` pixels. Of a moving one, the first frame.
pub(crate) fn read(bytes: &[u8], most: u32) -> Result<RgbaImage, StudioError> {
    let open = || {
        let reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format();
        reader.map_err(|error| StudioError::Unreadable(error.into()))
    };
    let (width, height) = open()?.into_dimensions().map_err(StudioError::Unreadable)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(StudioError::TooLarge(pixels));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(512 << 20);
    let mut reader = open()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(StudioError::Unreadable)?;
    let turn = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(StudioError::Unreadable)?;
    if width.max(height) > most {
        picture = picture.resize(most, most, FilterType::Triangle);
    }
    picture.apply_orientation(turn);
    Ok(picture.into_rgba8())
}
