//! A product at its size in the scene, with its contact line.

use super::super::{
    canvas::{Mask, light, step},
    cut::Cut,
};

/// Premultiplied linear RGB, and alpha.
pub(super) type Film = [f32; 4];

pub(super) struct Sprite {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Film>,
    /// For each column, where it meets the ground and with what confidence (0 to 1). Columns that hang in the air
    /// count from the lowest row.
    pub(super) foot: Vec<(usize, f32)>,
    pub(super) is_cut: bool,
}

impl Sprite {
    /// Resizes, and rotates by `turn` radians (around the middle; the box grows).
    pub(super) fn new(cut: &Cut, width: usize, height: usize, turn: f32) -> Self {
        let pixels = resized(cut, width, height);
        let (width, height, pixels) =
            if turn.abs() < 0.002 { (width, height, pixels) } else { rotated(&pixels, width, height, turn) };
        let foot = feet(&pixels, width, height);
        Self { width, height, pixels, foot, is_cut: cut.is_cut }
    }

    /// Returns the alpha, interpolated.
    pub(super) fn there(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        if x < -1.0 || y < -1.0 || x > self.width as f32 || y > self.height as f32 {
            return 0.0;
        }
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let at = |dx: isize, dy: isize| {
            let (x, y) = (left as isize + dx, top as isize + dy);
            let inside = x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height;
            if inside { self.pixels[y as usize * self.width + x as usize][3] } else { 0.0 }
        };
        (at(0, 0) * (1.0 - fx) + at(1, 0) * fx) * (1.0 - fy) + (at(0, 1) * (1.0 - fx) + at(1, 1) * fx) * fy
    }

    /// Returns the alpha as a mask of the sprite's size.
    pub(super) fn mask(&self) -> Mask {
        Mask { width: self.width, height: self.height, values: self.pixels.iter().map(|pixel| pixel[3]).collect() }
    }
}

/// A column touches the ground if it ends low, or if no neighbour ends lower: the far legs of a chair.
fn feet(pixels: &[Film], width: usize, height: usize) -> Vec<(usize, f32)> {
    let lowest: Vec<Option<usize>> =
        (0..width).map(|x| (0..height).rev().find(|y| pixels[y * width + x][3] > 0.4)).collect();
    let (reach, slack) = ((width / 24).max(2), height / 160 + 1);
    let one = |x: usize| {
        let Some(foot) = lowest[x] else { return (height - 1, 0.0) };
        let above = (height - 1 - foot) as f32 / height as f32;
        let low = 1.0 - step(0.015, 0.075, above);
        let beside = lowest[x.saturating_sub(reach)..(x + reach + 1).min(width)].iter().flatten().max();
        let leg = beside.is_none_or(|beside| *beside <= foot + slack);
        let sure = if leg { low.max(1.0 - step(0.12, 0.20, above)) } else { low };
        (height - 1 - ((height - 1 - foot) as f32 * sure).round() as usize, sure)
    };
    (0..width).map(one).collect()
}

/// Resizes first across, then down; each new pixel is a weighted mean of old ones.
fn resized(cut: &Cut, width: usize, height: usize) -> Vec<Film> {
    let table: Vec<f32> = (0..=255_u8).map(|shown| light(f32::from(shown) / 255.0)).collect();
    let across = taps(cut.width, width);
    let mut rows: Vec<Film> = Vec::with_capacity(width * cut.height);
    for row in cut.pixels.chunks_exact(cut.width) {
        for (first, weights) in &across {
            let mut sum = [0.0; 4];
            for (pixel, weight) in row[*first..].iter().zip(weights) {
                let there = f32::from(pixel[3]) / 255.0 * weight;
                (0..3).for_each(|channel| sum[channel] += table[usize::from(pixel[channel])] * there);
                sum[3] += there;
            }
            rows.push(sum);
        }
    }
    let mut pixels = vec![[0.0; 4]; width * height];
    for (to, (first, weights)) in pixels.chunks_exact_mut(width).zip(taps(cut.height, height)) {
        for (from, weight) in rows.chunks_exact(width).skip(first).zip(weights) {
            for (to, from) in to.iter_mut().zip(from) {
                (0..4).for_each(|channel| to[channel] += from[channel] * weight);
            }
        }
        to.iter_mut().for_each(|pixel| *pixel = pixel.map(|channel| channel.max(0.0)));
    }
    pixels.iter_mut().for_each(|pixel| pixel[3] = pixel[3].min(1.0));
    pixels
}

/// Returns for each target pixel the first source pixel and the weights: Catmull-Rom for enlarging, a triangle for
/// shrinking.
fn taps(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let ratio = from as f32 / to as f32;
    let wide = ratio.max(1.0);
    let reach = if ratio < 1.0 { 2.0 } else { wide };
    let bell = |off: f32| {
        let off = off.abs();
        match off {
            _ if ratio >= 1.0 => (1.0 - off / wide).max(0.0),
            ..1.0 => (1.5 * off - 2.5) * off * off + 1.0,
            1.0..2.0 => ((-0.5 * off + 2.5) * off - 4.0) * off + 2.0,
            _ => 0.0,
        }
    };
    let one = |place: usize| {
        let centre = (place as f32 + 0.5) * ratio - 0.5;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let last = ((centre + reach).floor().max(0.0) as usize).min(from - 1);
        let first = first.min(last);
        let weights: Vec<f32> = (first..=last).map(|at| bell(at as f32 - centre)).collect();
        let sum: f32 = weights.iter().sum();
        let even = 1.0 / weights.len() as f32;
        (first, weights.into_iter().map(|weight| if sum.abs() > 1e-4 { weight / sum } else { even }).collect())
    };
    (0..to).map(one).collect()
}

fn rotated(pixels: &[Film], width: usize, height: usize, turn: f32) -> (usize, usize, Vec<Film>) {
    let (sin, cos) = turn.sin_cos();
    let (w, h) = (width as f32, height as f32);
    let wide = (w * cos.abs() + h * sin.abs()).ceil().max(1.0) as usize;
    let high = (w * sin.abs() + h * cos.abs()).ceil().max(1.0) as usize;
    let at = |x: isize, y: isize| {
        let inside = x >= 0 && y >= 0 && (x as usize) < width && (y as usize) < height;
        if inside { pixels[y as usize * width + x as usize] } else { [0.0; 4] }
    };
    let mut out = Vec::with_capacity(wide * high);
    for row in 0..high {
        for column in 0..wide {
            let (dx, dy) = (column as f32 + 0.5 - wide as f32 / 2.0, row as f32 + 0.5 - high as f32 / 2.0);
            let (x, y) = (dx * cos + dy * sin + w / 2.0 - 0.5, dy * cos - dx * sin + h / 2.0 - 0.5);
            let (fx, fy) = (x - x.floor(), y - y.floor());
            let (ix, iy) = (x.floor() as isize, y.floor() as isize);
            let (a, b, c, d) = (at(ix, iy), at(ix + 1, iy), at(ix, iy + 1), at(ix + 1, iy + 1));
            out.push(std::array::from_fn(|part| {
                (a[part] * (1.0 - fx) + b[part] * fx) * (1.0 - fy) + (c[part] * (1.0 - fx) + d[part] * fx) * fy
            }));
        }
    }
    (wide, high, out)
}
