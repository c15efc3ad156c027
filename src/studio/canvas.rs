//! Pixels as linear light, three numbers each, so that shadows and glows add up physically.

use image::{ImageError, RgbImage};

use super::chance::speck;

pub(crate) type Rgb = [f32; 3];

/// A place in a picture, from the upper left: in units of the shorter side, or in pixels of a mask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

impl Point {
    pub(crate) fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The same place in pixels, `unit` of them per unit.
    pub(crate) fn in_pixels(self, unit: f32) -> Self {
        Self { x: self.x * unit, y: self.y * unit }
    }
}

pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Rgb>,
}

/// A coverage value for each pixel.
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

    /// Changes every pixel by its position.
    pub(crate) fn shade(&mut self, change: impl Fn(f32, f32, Rgb) -> Rgb) {
        let unit = self.width.min(self.height) as f32;
        for (y, row) in self.pixels.chunks_mut(self.width).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = change((x as f32 + 0.5) / unit, (y as f32 + 0.5) / unit, *pixel);
            }
        }
    }

    /// As `shade`, with a closure that keeps state.
    pub(crate) fn shade_mut(&mut self, mut change: impl FnMut(f32, f32, Rgb) -> Rgb) {
        let unit = self.width.min(self.height) as f32;
        for (y, row) in self.pixels.chunks_mut(self.width).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = change((x as f32 + 0.5) / unit, (y as f32 + 0.5) / unit, *pixel);
            }
        }
    }

    /// Darkens by a mask that has one value for `by` pixels each way: at 1, the share `rest` of the light remains.
    pub(crate) fn darken_coarse(&mut self, mask: &Mask, by: usize, rest: Rgb) {
        let lost = rest.map(|rest| 1.0 - rest);
        for (y, row) in self.pixels.chunks_mut(self.width).enumerate() {
            // Most rows have no shadow.
            let near = y / by;
            let rows = near.saturating_sub(1)..(near + 2).min(mask.height);
            if rows
                .into_iter()
                .all(|row| mask.values[row * mask.width..][..mask.width].iter().all(|value| *value < 0.001))
            {
                continue;
            }
            for (x, pixel) in row.iter_mut().enumerate() {
                let much = mask.at((x as f32 + 0.5) / by as f32, (y as f32 + 0.5) / by as f32);
                for (channel, lost) in pixel.iter_mut().zip(lost) {
                    *channel *= 1.0 - much * lost;
                }
            }
        }
    }

    /// Returns `sRGB` bytes, three a pixel. Seeded dithering by half a step keeps slow gradients from banding.
    pub(crate) fn bytes(&self, seed: u64) -> Vec<u8> {
        const STEPS: f32 = 4095.0;
        // Evenly spaced in the square root, as perception is.
        let table: Vec<f32> =
            (0..=4096_u16).map(|step| 255.0 * shown(2.0 * (f32::from(step) / STEPS).powi(2))).collect();
        let mut bytes = Vec::with_capacity(self.pixels.len() * 3);
        for (place, pixel) in self.pixels.iter().enumerate() {
            let chance = speck(place as i32, 0, seed as u32);
            let dither = [chance, (chance * 7.0).fract(), (chance * 53.0).fract()];
            for (channel, dither) in pixel.iter().zip(dither) {
                let at = (channel.clamp(0.0, 1.999) * 0.5).sqrt() * STEPS;
                let low = table[at as usize];
                let value = low + (table[at as usize + 1] - low) * at.fract();
                bytes.push((value + dither) as u8);
            }
        }
        bytes
    }

    /// Encodes the canvas as PNG.
    pub(crate) fn png(&self, seed: u64) -> Result<Vec<u8>, ImageError> {
        let picture = RgbImage::from_raw(self.width as u32, self.height as u32, self.bytes(seed)).unwrap_or_default();
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, image::ImageFormat::Png)?;
        Ok(file.into_inner())
    }
}

impl Mask {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![0.0; width * height] }
    }

    /// Samples with bilinear interpolation.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = ((x - 0.5).max(0.0), (y - 0.5).max(0.0));
        let (left, top) = ((x as usize).min(self.width - 1), (y as usize).min(self.height - 1));
        let (right, low) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (fx, fy) = ((x - left as f32).min(1.0), (y - top as f32).min(1.0));
        let (above, below) = (top * self.width, low * self.width);
        let up = self.values[above + left] * (1.0 - fx) + self.values[above + right] * fx;
        up * (1.0 - fy) + (self.values[below + left] * (1.0 - fx) + self.values[below + right] * fx) * fy
    }

    /// Blurs: three box blurs approximate a Gaussian. The outside counts as 0.
    pub(crate) fn blur(&mut self, across: f32, down: f32) {
        self.soften(across, down, false);
    }

    /// Blurs, with the edge values continued outside.
    pub(crate) fn blur_open(&mut self, across: f32, down: f32) {
        self.soften(across, down, true);
    }

    fn soften(&mut self, across: f32, down: f32, open: bool) {
        // A radius larger than the mask has the effect of the whole mask.
        let (across, down) = ((across as usize).min(self.width), (down as usize).min(self.height));
        for _ in 0..3 {
            if across > 0 {
                self.box_rows(across, open);
            }
            if down > 0 {
                self.box_columns(down, open);
            }
        }
    }

    fn box_rows(&mut self, radius: usize, open: bool) {
        let wide = (2 * radius + 1) as f32;
        let mut row = vec![0.0_f32; self.width + 2 * radius + 1];
        for values in self.values.chunks_mut(self.width) {
            let (first, last) = if open { (values[0], values[values.len() - 1]) } else { (0.0, 0.0) };
            row[..=radius].fill(first);
            row[radius + 1..=radius + values.len()].copy_from_slice(values);
            row[radius + 1 + values.len()..].fill(last);
            let mut sum: f32 = row[..2 * radius + 1].iter().sum();
            for (place, value) in values.iter_mut().enumerate() {
                sum += row[place + 2 * radius + 1] - row[place];
                *value = (sum / wide).max(0.0);
            }
        }
    }

    fn box_columns(&mut self, radius: usize, open: bool) {
        // Sixteen columns at a time, for cache locality.
        const ABREAST: usize = 16;
        let wide = (2 * radius + 1) as f32;
        let mut from = vec![[0.0_f32; ABREAST]; self.height + 2 * radius + 1];
        for left in (0..self.width).step_by(ABREAST) {
            let count = ABREAST.min(self.width - left);
            for (y, row) in from.iter_mut().enumerate() {
                let y = y as isize - radius as isize - 1;
                let inside = y >= 0 && (y as usize) < self.height;
                if inside || open {
                    let y = y.clamp(0, self.height as isize - 1) as usize;
                    row[..count].copy_from_slice(&self.values[y * self.width + left..][..count]);
                } else {
                    row.fill(0.0);
                }
            }
            let mut sum = [0.0_f32; ABREAST];
            from[..2 * radius + 1].iter().for_each(|row| (0..ABREAST).for_each(|place| sum[place] += row[place]));
            for y in 0..self.height {
                let (gone, new) = (from[y], from[y + 2 * radius + 1]);
                (0..ABREAST).for_each(|place| sum[place] += new[place] - gone[place]);
                let to = &mut self.values[y * self.width + left..][..count];
                to.iter_mut().zip(sum).for_each(|(to, sum)| *to = (sum / wide).max(0.0));
            }
        }
    }
}

/// Converts a colour 0xRRGGBB to linear light.
pub(crate) fn rgb(hex: u32) -> Rgb {
    [hex >> 16, hex >> 8, hex].map(|channel| light((channel & 255) as f32 / 255.0))
}

/// Converts an `sRGB` value to linear light.
pub(crate) fn light(shown: f32) -> f32 {
    if shown <= 0.04045 { shown / 12.92 } else { ((shown + 0.055) / 1.055).powf(2.4) }
}

/// Light above this rolls off.
const KNEE: f32 = 0.86;

/// Converts linear light to an `sRGB` value, with a soft highlight roll-off.
pub(crate) fn shown(light: f32) -> f32 {
    let light = light.max(0.0);
    let soft = if light > KNEE { KNEE + (1.0 - KNEE) * (1.0 - (-(light - KNEE) / (1.0 - KNEE)).exp()) } else { light };
    if soft <= 0.003_130_8 { soft * 12.92 } else { 1.055 * soft.powf(1.0 / 2.4) - 0.055 }
}

/// Inverse of `shown`.
pub(crate) fn unshown(shown: f32) -> f32 {
    let soft = light(shown);
    if soft > KNEE { KNEE - (1.0 - KNEE) * ((1.0 - soft) / (1.0 - KNEE)).max(0.002).ln() } else { soft }
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

/// Smoothstep: 0 below `from`, 1 above `to`.
pub(crate) fn step(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
