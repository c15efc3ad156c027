//! Decodes untrusted pictures: header values are checked before they are used, and no more memory is held than needed.

use std::io::Cursor;

use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage,
    error::{DecodingError, ImageFormatHint},
    metadata::Orientation,
};
use png::{BitDepth, Transformations};

use super::{
    MAX_PIXELS, StudioError, memory,
    shrink::{Layout, PixelSize, Shrink},
    whole::is_whole,
};

/// Checks that a file is a picture in a format that can be read, not too large, and whole. Decodes only its header.
///
/// # Errors
/// `Unreadable`, `TooLarge` or `CutShort`.
pub fn check(bytes: &[u8]) -> Result<(), StudioError> {
    checked(bytes).map(drop)
}

/// The format and the size in pixels of a picture that passes the check.
fn checked(bytes: &[u8]) -> Result<(Option<ImageFormat>, PixelSize), StudioError> {
    let reader = open(bytes)?;
    let format = reader.format();
    let (width, height) = reader.into_dimensions().map_err(StudioError::Unreadable)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(StudioError::TooLarge(pixels));
    }
    if is_whole(bytes) { Ok((format, PixelSize { width, height })) } else { Err(StudioError::CutShort) }
}

fn open(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, StudioError> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    reader.map_err(|error| StudioError::Unreadable(error.into()))
}

/// Returns the picture, upright, its longer side at most `most` pixels; the first frame of an animation.
pub(crate) fn read(bytes: &[u8], most: u32) -> Result<RgbaImage, StudioError> {
    let (format, PixelSize { width, height }) = checked(bytes)?;
    let pixels = u64::from(width) * u64::from(height);
    let mut limits = Limits::default();
    limits.max_alloc = Some(512 << 20);
    let mut reader = open(bytes)?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(StudioError::Unreadable)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = if width.max(height) <= most || pixels == 0 {
        // The decoded form, and the RGBA form that it is converted to.
        let _room = memory::share(decoder.total_bytes() + pixels * 4);
        DynamicImage::from_decoder(decoder).map_err(StudioError::Unreadable)?.into_rgba8()
    } else if format == Some(ImageFormat::Png) {
        drop(decoder);
        shrunk_png(bytes, fitted_size(width, height, most))?
    } else {
        let _room = memory::share(pixels * bytes_per_pixel(format));
        shrunk(decoder, fitted_size(width, height, most))?
    };
    if orientation != Orientation::NoTransforms {
        let mut upright = DynamicImage::ImageRgba8(picture);
        upright.apply_orientation(orientation);
        picture = upright.into_rgba8();
    }
    Ok(picture)
}

/// Returns the most bytes that a decoder holds per pixel: a progressive JPEG has its coefficients beside the picture,
/// a WebP or GIF its canvas.
fn bytes_per_pixel(format: Option<ImageFormat>) -> u64 {
    if format == Some(ImageFormat::Gif) { 8 } else { 10 }
}

/// Returns the size at which the longer side has `most` pixels.
fn fitted_size(width: u32, height: u32, most: u32) -> PixelSize {
    let ratio = f64::from(most) / f64::from(width.max(height));
    let side = |pixels: u32| ((f64::from(pixels) * ratio).round() as u32).max(1);
    PixelSize { width: side(width), height: side(height) }
}

/// Shrinks a picture whose decoder returns all of it at once.
fn shrunk(decoder: impl ImageDecoder, to: PixelSize) -> Result<RgbaImage, StudioError> {
    let (width, height) = decoder.dimensions();
    let channels = match decoder.color_type() {
        ColorType::L8 => 1,
        ColorType::La8 => 2,
        ColorType::Rgb8 => 3,
        ColorType::Rgba8 => 4,
        _ => 0,
    };
    let layout = Layout { channels: if channels == 0 { 4 } else { channels }, wide: false };
    let mut shrink = Shrink::new(PixelSize { width, height }, to, layout);
    let whole = if channels == 0 {
        DynamicImage::from_decoder(decoder).map_err(StudioError::Unreadable)?.into_rgba8().into_raw()
    } else {
        let mut whole = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(0)];
        decoder.read_image(&mut whole).map_err(StudioError::Unreadable)?;
        whole
    };
    let row = whole.len() / height as usize;
    whole.chunks_exact(row).for_each(|row| shrink.row(row));
    shrink.picture().ok_or(StudioError::CutShort)
}

/// Shrinks a PNG row by row. An interlaced one is decoded whole, at eight bits a channel.
fn shrunk_png(bytes: &[u8], to: PixelSize) -> Result<RgbaImage, StudioError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    let interlaced = decoder.read_header_info().map_err(unreadable)?.interlaced;
    decoder.set_transformations(if interlaced {
        Transformations::EXPAND | Transformations::STRIP_16
    } else {
        Transformations::EXPAND
    });
    let mut reader = decoder.read_info().map_err(unreadable)?;
    let (width, height) = reader.info().size();
    let (colour, depth) = reader.output_color_type();
    let layout = Layout { channels: colour.samples(), wide: depth == BitDepth::Sixteen };
    let whole = reader.output_buffer_size().filter(|_| interlaced).unwrap_or(0);
    let small = u64::from(to.width) * u64::from(to.height) * 4;
    let _room = memory::share(whole as u64 + small);
    let mut shrink = Shrink::new(PixelSize { width, height }, to, layout);
    if interlaced {
        let mut all = vec![0; whole];
        reader.next_frame(&mut all).map_err(unreadable)?;
        all.chunks_exact(layout.row(width as usize)).for_each(|row| shrink.row(row));
    } else {
        while let Some(row) = reader.next_row().map_err(unreadable)? {
            shrink.row(row.data());
        }
    }
    shrink.picture().ok_or(StudioError::CutShort)
}

fn unreadable(error: png::DecodingError) -> StudioError {
    let hint = ImageFormatHint::Exact(ImageFormat::Png);
    StudioError::Unreadable(ImageError::Decoding(DecodingError::new(hint, error)))
}
