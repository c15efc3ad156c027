//! Cuts a product out of a plain background: everything that is connected to the picture's edge and resembles it is
//! background.

mod backdrop;
mod matte;

use image::RgbaImage;

use super::StudioError;
use backdrop::{Backdrop, median};
use matte::{Outline, matte, mean, vague};

/// A product without its background, or its whole picture if the background is not plain.
pub(crate) struct Cut {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// `sRGB` with alpha (255 is opaque product).
    pub(crate) pixels: Vec<[u8; 4]>,
    pub(crate) is_cut: bool,
}

/// The largest difference between two colours of the same background, in steps of 255.
const ALIKE: f32 = 26.0;
/// The share of the edge that must look alike for a background to count as plain.
const PLAIN: f32 = 0.86;
/// The largest vague share of an outline; above it the cut has failed.
const VAGUE: f32 = 0.34;

/// Cuts the product out. A picture that cannot be cut becomes a print; `border` is its white border as a share of the
/// shorter side.
pub(crate) fn cut(picture: &RgbaImage, border: f32) -> Result<Cut, StudioError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width == 0 || height == 0 {
        return Err(StudioError::Empty);
    }
    let through = picture.pixels().filter(|pixel| pixel[3] < 128).count();
    let mut pixels: Vec<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
    if through * 50 <= width * height {
        pixels.iter_mut().for_each(|pixel| pixel[3] = 255);
        let Some(backdrop) = Backdrop::of(&pixels, width, height) else { return Ok(print(picture, border)) };
        let outside = background(&pixels, &backdrop, width, height);
        let outline = matte(&mut pixels, &outside, width, height);
        if vague(outline.iter()) > VAGUE || !drop_scraps(&mut pixels, &outline, width, height) {
            return if is_flat(picture) { Err(StudioError::Empty) } else { Ok(print(picture, border)) };
        }
    }
    let solid = pixels.iter().filter(|pixel| pixel[3] > 127).count();
    if solid * 200 < width * height {
        return if is_flat(picture) { Err(StudioError::Empty) } else { Ok(print(picture, border)) };
    }
    if solid * 100 > width * height * 97 {
        return Ok(print(picture, border));
    }
    Ok(cropped(&pixels, width))
}

/// Whether the picture is empty; one that is merely unsuitable for cutting is not.
fn is_flat(picture: &RgbaImage) -> bool {
    let plain = edge_colour(picture);
    let other = picture.pixels().filter(|pixel| pixel[3] > 127 && apart(colour(pixel.0), plain) > ALIKE).count();
    other * 200 < picture.as_raw().len() / 4
}

fn print(picture: &RgbaImage, border: f32) -> Cut {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let rim = (border * width.min(height) as f32) as usize;
    let (wide, high) = (width + 2 * rim, height + 2 * rim);
    let mut pixels = vec![[246, 244, 240, 255]; wide * high];
    for (y, row) in picture.as_raw().chunks_exact(4 * width).enumerate() {
        for (x, pixel) in row.chunks_exact(4).enumerate() {
            // Transparency is composited on white paper.
            let on_paper =
                |channel: u8| (u32::from(channel) * u32::from(pixel[3]) + 246 * (255 - u32::from(pixel[3]))) / 255;
            pixels[(y + rim) * wide + x + rim] =
                [on_paper(pixel[0]) as u8, on_paper(pixel[1]) as u8, on_paper(pixel[2]) as u8, 255];
        }
    }
    Cut { width: wide, height: high, pixels, is_cut: false }
}

/// Returns the median colour of the edge.
fn edge_colour(picture: &RgbaImage) -> [f32; 3] {
    let (width, height) = (picture.width(), picture.height());
    let across = (0..width).flat_map(|x| [(x, 0), (x, height - 1)]);
    let down = (0..height).flat_map(|y| [(0, y), (width - 1, y)]);
    median(across.chain(down).map(|(x, y)| colour(picture.get_pixel(x, y).0)).collect())
}

fn colour(pixel: [u8; 4]) -> [f32; 3] {
    [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])]
}

/// Approximates the perceived difference.
fn apart(one: [f32; 3], other: [f32; 3]) -> f32 {
    let [r, g, b]: [f32; 3] = std::array::from_fn(|channel| one[channel] - other[channel]);
    (0.3 * r * r + 0.5 * g * g + 0.2 * b * b).sqrt()
}

/// What a backdrop may differ by from one pixel to the next.
#[derive(Clone, Copy)]
struct Tolerance {
    /// Scales with the size of the picture's steps, 1 for a small one.
    fine: f32,
    /// The roughness of the backdrop.
    rough: f32,
}

/// Whether the flood fill continues: to the backdrop's tint there, slightly brighter, or darker as a soft shadow is.
/// The product's edge changes the tint, or the brightness abruptly. Shadows are deepest in the lower part.
fn is_background(there: [f32; 3], here: [f32; 3], backdrop: [f32; 3], low: bool, tolerance: Tolerance) -> bool {
    let Tolerance { fine, rough } = tolerance;
    let (own, plain) = (grey(there), grey(backdrop).max(1.0));
    let darker = plain - own;
    // A shadow has the backdrop's tint, weaker in proportion to its darkness.
    let less = (own / plain).clamp(0.0, 1.2);
    let off = (0..3).map(|channel| (there[channel] - backdrop[channel] * less).abs()).fold(0.0, f32::max);
    let step = apart(there, here);
    if (-1.4 * rough - 2.0..20.0).contains(&darker) && off < rough && step < 14.0 {
        return true;
    }
    let deep = if low { 105.0 } else { 62.0 };
    if !(0.0..deep).contains(&darker) || own < 0.3 * plain {
        return false;
    }
    off < 0.8 * rough + 0.06 * darker && step < 7.0 * fine
}

fn grey(colour: [f32; 3]) -> f32 {
    0.3 * colour[0] + 0.5 * colour[1] + 0.2 * colour[2]
}

/// Flood fill from the edge: a pixel is background if it resembles its neighbour and the backdrop there. The picture
/// is smoothed against noise first.
fn background(pixels: &[[u8; 4]], backdrop: &Backdrop, width: usize, height: usize) -> Vec<bool> {
    let soft = smoothed(pixels, width, height);
    let at = |place: usize| colour(soft[place]);
    let plain = |place: usize| backdrop.at(place % width, place / width);
    let fine = (900.0 / width.max(height) as f32).clamp(0.5, 1.0);
    let tolerance = Tolerance { fine, rough: backdrop.rough };
    let mut outside = vec![false; width * height];
    let mut open: Vec<usize> = (0..width).flat_map(|x| [x, (height - 1) * width + x]).collect();
    open.extend((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    open.retain(|place| apart(at(*place), plain(*place)) < ALIKE * 0.8);
    open.iter().for_each(|place| outside[*place] = true);
    while let Some(place) = open.pop() {
        let here = at(place);
        let mut visit = |next: usize| {
            let low = next > width * height * 3 / 5;
            if !outside[next] && is_background(at(next), here, plain(next), low, tolerance) {
                outside[next] = true;
                open.push(next);
            }
        };
        beside(place, width, height).for_each(&mut visit);
    }
    holes(&at, &plain, &mut outside, width, backdrop.rough);
    even(&outside, width, height)
}

/// Box filter over nine pixels.
fn smoothed(pixels: &[[u8; 4]], width: usize, height: usize) -> Vec<[u8; 4]> {
    let mut soft = pixels.to_vec();
    for y in 1..height.saturating_sub(1) {
        let above = y * width - width;
        for x in 1..width.saturating_sub(1) {
            let mut sum = [4_u16; 3];
            for row in [above, above + width, above + 2 * width] {
                for pixel in &pixels[row + x - 1..=row + x + 1] {
                    (0..3).for_each(|channel| sum[channel] += u16::from(pixel[channel]));
                }
            }
            soft[y * width + x] = [(sum[0] / 9) as u8, (sum[1] / 9) as u8, (sum[2] / 9) as u8, 255];
        }
    }
    soft
}

/// Smooths the outline by a majority of the nine neighbours.
fn even(outside: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut even = outside.to_vec();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let rows = [(y - 1) * width + x, y * width + x, (y + 1) * width + x];
            let count: u8 =
                rows.iter().flat_map(|middle| &outside[middle - 1..=middle + 1]).map(|out| u8::from(*out)).sum();
            even[y * width + x] = if outside[y * width + x] { count > 3 } else { count > 6 };
        }
    }
    even
}

/// Finds background seen through a handle or between legs: enclosed, large enough, and of exactly the backdrop's
/// colour at its position. A white label does not qualify: its tint differs.
fn holes(
    at: &dyn Fn(usize) -> [f32; 3],
    plain: &dyn Fn(usize) -> [f32; 3],
    outside: &mut [bool],
    width: usize,
    rough: f32,
) {
    let height = outside.len() / width;
    let mut visited = outside.to_vec();
    for start in 0..visited.len() {
        if visited[start] || apart(at(start), plain(start)) >= 4.0 {
            continue;
        }
        let (mut open, mut hole) = (vec![start], Vec::new());
        visited[start] = true;
        while let Some(place) = open.pop() {
            hole.push(place);
            for next in beside(place, width, height) {
                if !visited[next] && apart(at(next), plain(next)) < 8.0 {
                    visited[next] = true;
                    open.push(next);
                }
            }
        }
        let off = mean(hole.iter().map(|place| {
            let (own, behind) = (at(*place), plain(*place));
            std::array::from_fn(|channel| own[channel] - behind[channel])
        }));
        let same = off.is_some_and(|off| {
            let grey = grey(off);
            (-8.0..2.2).contains(&grey) && off.iter().all(|channel| (channel - grey).abs() < 0.28 * rough)
        });
        if same && hole.len() * 1200 > visited.len() {
            hole.iter().for_each(|place| outside[*place] = true);
        }
    }
}

/// Returns the neighbours to the left, right, above and below.
fn beside(place: usize, width: usize, height: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (place % width, place / width);
    let all = [
        (x > 0, place.wrapping_sub(1)),
        (x + 1 < width, place + 1),
        (y > 0, place.wrapping_sub(width)),
        (y + 1 < height, place + width),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, next)| next)
}

/// Removes small isolated spots (dust), and those of a vague outline (remains of a shadow). Returns false if too much
/// had to go, or too many pieces are left: then the product itself fell apart.
fn drop_scraps(pixels: &mut [[u8; 4]], outline: &[Outline], width: usize, height: usize) -> bool {
    let mut visited = vec![false; pixels.len()];
    let mut spots: Vec<Vec<usize>> = Vec::new();
    for start in 0..pixels.len() {
        if visited[start] || pixels[start][3] < 76 {
            continue;
        }
        let (mut open, mut spot) = (vec![start], Vec::new());
        visited[start] = true;
        while let Some(place) = open.pop() {
            spot.push(place);
            for next in beside(place, width, height) {
                if !visited[next] && pixels[next][3] >= 76 {
                    visited[next] = true;
                    open.push(next);
                }
            }
        }
        spots.push(spot);
    }
    let (all, largest) = (pixels.len(), spots.iter().map(Vec::len).max().unwrap_or(0));
    let (mut pieces, mut whole, mut removed) = (0, 0, 0);
    for spot in spots {
        let is_scrap = spot.len() * 8 < largest && vague(spot.iter().map(|place| &outline[*place])) > 0.22;
        if spot.len() * 2000 < all || spot.len() * 22 < largest || is_scrap {
            removed += if is_scrap { 0 } else { spot.len() };
            spot.iter().for_each(|place| pixels[*place][3] = 0);
        } else {
            (pieces, whole) = (pieces + 1, whole + spot.len());
        }
    }
    pieces <= 14 && removed * 8 <= whole
}

/// Crops to the product.
fn cropped(pixels: &[[u8; 4]], width: usize) -> Cut {
    let (mut left, mut right, mut top, mut bottom) = (width, 0, usize::MAX, 0);
    for (place, _) in pixels.iter().enumerate().filter(|(_, pixel)| pixel[3] > 76) {
        let (x, y) = (place % width, place / width);
        (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
    }
    if left > right {
        // Nothing but dust: the first pixel stands for it.
        (left, right, top, bottom) = (0, 0, 0, 0);
    }
    let rows = (top..=bottom).flat_map(|y| &pixels[y * width + left..=y * width + right]);
    Cut { width: right - left + 1, height: bottom - top + 1, pixels: rows.copied().collect(), is_cut: true }
}
