//! Pixels as light: three numbers each, linear, so that shadows and glows add up as they do in a room.

use image::{ImageError, RgbImage};

pub(crate) type Rgb = [f32; 3];

pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Rgb>,
}

/// How much of something is at each pixel.
#[derive(Clone)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f32>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[0.0; 3]; width * height] }
    }

    /// Sets every pixel. `x` and `y` are in units of the shorter side, from the upper left.
    pub(crate) fn fill(&mut self, paint: impl Fn(f32, f32) -> Rgb) {
        let unit = self.width.min(self.height) as f32;
        for (y, row) in self.pixels.chunks_mut(self.width).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = paint((x as f32 + 0.5) / unit, (y as f32 + 0.5) / unit);
            }
        }
    }

    /// Changes every pixel by its place.
    pub(crate) fn shade(&mut self, change: impl Fn(f32, f32, Rgb) -> Rgb) {
        let unit = self.width.min(self.height) as f32;
        for (y, row) in self.pixels.chunks_mut(self.width).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = change((x as f32 + 0.5) / unit, (y as f32 + 0.5) / unit, *pixel);
            }
        }
    }

    /// Darkens by a mask: at 1 what is left is `rest` of the light.
    pub(crate) fn darken(&mut self, mask: &Mask, rest: Rgb) {
        for (pixel, much) in self.pixels.iter_mut().zip(&mask.values) {
            for (channel, rest) in pixel.iter_mut().zip(rest) {
                *channel *= 1.0 - much * (1.0 - rest);
            }
        }
    }

    /// As a file.
    pub(crate) fn png(&self) -> Result<Vec<u8>, ImageError> {
        let mut bytes = Vec::with_capacity(self.pixels.len() * 3);
        for pixel in &self.pixels {
            bytes.extend(pixel.map(|channel| (shown(channel) * 255.0 + 0.5) as u8));
        }
        let picture = RgbImage::from_raw(self.width as u32, self.height as u32, bytes).unwrap_or_default();
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, image::ImageFormat::Png)?;
        Ok(file.into_inner())
    }
}

impl Mask {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// Softens it: three box blurs are close to a bell.
    pub(crate) fn blur(&mut self, across: f32, down: f32) {
        for _ in 0..3 {
            self.box_rows(across as usize);
            self.box_columns(down as usize);
        }
    }

    fn box_rows(&mut self, radius: usize) {
        if radius == 0 {
            return;
        }
        let mut row = vec![0.0; self.width];
        for values in self.values.chunks_mut(self.width) {
            row.copy_from_slice(values);
            slide(&row, values, radius);
        }
    }

    fn box_columns(&mut self, radius: usize) {
        if radius == 0 {
            return;
        }
        let (mut column, mut softened) = (vec![0.0; self.height], vec![0.0; self.height]);
        for x in 0..self.width {
            for (y, value) in column.iter_mut().enumerate() {
                *value = self.values[y * self.width + x];
            }
            slide(&column, &mut softened, radius);
            for (y, value) in softened.iter().enumerate() {
                self.values[y * self.width + x] = *value;
            }
        }
    }
}

/// The mean of what lies within `radius`, for each place.
fn slide(from: &[f32], to: &mut [f32], radius: usize) {
    let width = (2 * radius + 1) as f32;
    let mut sum: f64 = from.iter().take(radius).map(|value| f64::from(*value)).sum();
    for place in 0..from.len() {
        if let Some(entering) = from.get(place + radius) {
            sum += f64::from(*entering);
        }
        to[place] = sum as f32 / width;
        if place >= radius {
            sum -= f64::from(from[place - radius]);
        }
    }
}

/// A colour as designers write it, 0xRRGGBB, as light.
pub(crate) fn rgb(hex: u32) -> Rgb {
    [hex >> 16, hex >> 8, hex].map(|channel| light((channel & 255) as f32 / 255.0))
}

/// From a screen's number to light.
pub(crate) fn light(shown: f32) -> f32 {
    if shown <= 0.04045 { shown / 12.92 } else { ((shown + 0.055) / 1.055).powf(2.4) }
}

/// From light to a screen's number; what is too bright rolls off softly.
pub(crate) fn shown(light: f32) -> f32 {
    let light = light.max(0.0);
    let soft = if light > 0.8 { 0.8 + 0.2 * (1.0 - (-(light - 0.8) / 0.2).exp()) } else { light };
    if soft <= 0.003_130_8 { soft * 12.92 } else { 1.055 * soft.powf(1.0 / 2.4) - 0.055 }
}

pub(crate) fn blend(one: Rgb, other: Rgb, much: f32) -> Rgb {
    let much = much.clamp(0.0, 1.0);
    std::array::from_fn(|channel| one[channel] + (other[channel] - one[channel]) * much)
}

pub(crate) fn scale(colour: Rgb, by: f32) -> Rgb {
    colour.map(|channel| channel * by)
}

pub(crate) fn times(one: Rgb, other: Rgb) -> Rgb {
    std::array::from_fn(|channel| one[channel] * other[channel])
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(crate) fn step(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
