//! Shrinks a picture while its rows arrive: holds only the small picture and one row of the large one.

use std::collections::VecDeque;

use image::RgbaImage;

/// A picture's size in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PixelSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The layout of a row's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// 1: grey, 2: grey and alpha, 3: RGB, 4: RGBA.
    pub(crate) channels: usize,
    /// Two bytes a channel, big-endian.
    pub(crate) wide: bool,
}

impl Layout {
    /// Returns the bytes of a row.
    pub(crate) fn row(self, width: usize) -> usize {
        width * self.channels * if self.wide { 2 } else { 1 }
    }
}

/// Red, green, blue, alpha, 0 to 255.
type Rgba = [f32; 4];

/// Shrinks with a triangle filter as wide as the source pixels of one target pixel.
pub(crate) struct Shrink {
    layout: Layout,
    columns: Vec<Reach>,
    rows: Vec<Reach>,
    line: Vec<Rgba>,
    /// Rows of the small picture that are not complete yet.
    open: VecDeque<Vec<Rgba>>,
    read: usize,
    done: Vec<u8>,
}

/// The source pixels of one target pixel, with their weights.
struct Reach {
    first: usize,
    weights: Vec<f32>,
}

impl Shrink {
    /// Both target sides are at least one, and neither exceeds its source side.
    pub(crate) fn new(from: PixelSize, to: PixelSize, layout: Layout) -> Self {
        Self {
            layout,
            columns: reaches(from.width, to.width),
            rows: reaches(from.height, to.height),
            line: vec![[0.0; 4]; from.width as usize],
            open: VecDeque::new(),
            read: 0,
            done: Vec::with_capacity(to.width as usize * to.height as usize * 4),
        }
    }

    /// Adds the next row.
    pub(crate) fn row(&mut self, bytes: &[u8]) {
        spread(bytes, self.layout, &mut self.line);
        let narrow: Vec<Rgba> = self.columns.iter().map(|reach| weighed(reach, &self.line)).collect();
        let finished = self.done.len() / (4 * self.columns.len());
        for (place, reach) in self.rows[finished..].iter().enumerate() {
            if reach.first > self.read {
                break;
            }
            if self.open.len() <= place {
                self.open.push_back(vec![[0.0; 4]; self.columns.len()]);
            }
            let Some(weight) = reach.weights.get(self.read - reach.first) else { continue };
            for (sum, light) in self.open[place].iter_mut().zip(&narrow) {
                (0..4).for_each(|channel| sum[channel] += weight * light[channel]);
            }
        }
        self.read += 1;
        while self.open.front().is_some() && self.is_finished() {
            let row = self.open.pop_front().unwrap_or_default();
            self.done.extend(row.iter().flatten().map(|light| (light.clamp(0.0, 255.0) + 0.5) as u8));
        }
    }

    /// Whether the first open row is complete.
    fn is_finished(&self) -> bool {
        let finished = self.done.len() / (4 * self.columns.len());
        self.rows.get(finished).is_some_and(|reach| reach.first + reach.weights.len() <= self.read)
    }

    /// Returns the small picture; `None` if rows are missing.
    pub(crate) fn picture(self) -> Option<RgbaImage> {
        RgbaImage::from_raw(u32::try_from(self.columns.len()).ok()?, u32::try_from(self.rows.len()).ok()?, self.done)
    }
}

fn reaches(from: u32, to: u32) -> Vec<Reach> {
    let ratio = from as f32 / to as f32;
    let wide = ratio.max(1.0);
    let reach = |at: u32| {
        let middle = (at as f32 + 0.5) * ratio;
        let first = ((middle - wide).floor().max(0.0) as u32).min(from - 1);
        let end = ((middle + wide).ceil() as u32).clamp(first + 1, from);
        let weights = (first..end).map(|place| (1.0 - ((place as f32 + 0.5 - middle) / wide).abs()).max(0.0));
        let mut weights: Vec<f32> = weights.collect();
        let sum: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        Reach { first: first as usize, weights }
    };
    (0..to).map(reach).collect()
}

fn weighed(reach: &Reach, line: &[Rgba]) -> Rgba {
    let mut sum = [0.0; 4];
    for (weight, light) in reach.weights.iter().zip(&line[reach.first..]) {
        (0..4).for_each(|channel| sum[channel] += weight * light[channel]);
    }
    sum
}

/// Converts a row's bytes to RGBA.
fn spread(bytes: &[u8], layout: Layout, line: &mut [Rgba]) {
    let wide = |bytes: &[u8], at: usize| f32::from(u16::from_be_bytes([bytes[2 * at], bytes[2 * at + 1]])) / 257.0;
    let plain = |bytes: &[u8], at: usize| f32::from(bytes[at]);
    if layout.wide {
        spread_by(bytes, layout, line, wide);
    } else {
        spread_by(bytes, layout, line, plain);
    }
}

fn spread_by(bytes: &[u8], layout: Layout, line: &mut [Rgba], at: impl Fn(&[u8], usize) -> f32) {
    for (light, pixel) in line.iter_mut().zip(bytes.chunks_exact(layout.row(1))) {
        *light = match layout.channels {
            1 => [at(pixel, 0), at(pixel, 0), at(pixel, 0), 255.0],
            2 => [at(pixel, 0), at(pixel, 0), at(pixel, 0), at(pixel, 1)],
            3 => [at(pixel, 0), at(pixel, 1), at(pixel, 2), 255.0],
            _ => [at(pixel, 0), at(pixel, 1), at(pixel, 2), at(pixel, 3)],
        };
    }
}
