//! Cuts a product out of a plain background: what is connected to the picture's edge and looks like it is background.

use image::RgbaImage;

use super::{
    StudioError,
    canvas::{Rgb, light},
};

/// A product without its background, or its whole picture where that is not plain.
pub(crate) struct Cut {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Light, and how much of the product is there.
    pub(crate) pixels: Vec<(Rgb, f32)>,
    pub(crate) is_cut: bool,
}

/// How far apart two colours may be that are still the same background, in steps of 255.
const ALIKE: f32 = 26.0;
/// The share of the edge that has to look alike for a background to be plain.
const PLAIN: f32 = 0.86;

pub(crate) fn cut(picture: &RgbaImage) -> Result<Cut, StudioError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width == 0 || height == 0 {
        return Err(StudioError::Empty);
    }
    let through = picture.pixels().filter(|pixel| pixel[3] < 128).count();
    let mut there: Vec<f32> = if through * 50 > width * height {
        // It comes without a background.
        picture.pixels().map(|pixel| f32::from(pixel[3]) / 255.0).collect()
    } else {
        let (colour, share) = edge_colour(picture);
        if share < PLAIN {
            return Ok(whole(picture));
        }
        background(picture, colour)
    };
    let solid = there.iter().filter(|much| **much > 0.5).count();
    if solid * 200 < width * height {
        return Err(StudioError::Empty);
    }
    if solid * 100 > width * height * 97 {
        return Ok(whole(picture));
    }
    drop_dust(&mut there, width, height);
    Ok(cropped(picture, &there))
}

fn whole(picture: &RgbaImage) -> Cut {
    let pixels = picture.pixels().map(|pixel| (lit(pixel.0), 1.0)).collect();
    Cut { width: picture.width() as usize, height: picture.height() as usize, pixels, is_cut: false }
}

fn lit(pixel: [u8; 4]) -> Rgb {
    [pixel[0], pixel[1], pixel[2]].map(|channel| light(f32::from(channel) / 255.0))
}

/// The commonest colour of the edge, and how much of the edge has it.
fn edge_colour(picture: &RgbaImage) -> ([f32; 3], f32) {
    let (width, height) = (picture.width(), picture.height());
    let across = (0..width).flat_map(|x| [(x, 0), (x, height - 1)]);
    let down = (0..height).flat_map(|y| [(0, y), (width - 1, y)]);
    let edge: Vec<[f32; 3]> = across.chain(down).map(|(x, y)| colour(picture.get_pixel(x, y).0)).collect();
    // The middle of each channel: a product that touches the edge does not move it.
    let middle = std::array::from_fn(|channel| {
        let mut values: Vec<f32> = edge.iter().map(|colour| colour[channel]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    });
    let alike = edge.iter().filter(|colour| apart(**colour, middle) < ALIKE * 1.6).count();
    (middle, alike as f32 / edge.len() as f32)
}

fn colour(pixel: [u8; 4]) -> [f32; 3] {
    [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])]
}

/// Roughly as eyes see it.
fn apart(one: [f32; 3], other: [f32; 3]) -> f32 {
    let [r, g, b]: [f32; 3] = std::array::from_fn(|channel| one[channel] - other[channel]);
    (0.3 * r * r + 0.5 * g * g + 0.2 * b * b).sqrt()
}

/// Whether a pixel goes on from its neighbour as background: of the same tint, and darker only as a soft shadow is. An edge of the
/// product changes the tint, or the light at once. Shadows are darkest below.
fn is_background(there: [f32; 3], here: [f32; 3], plain: [f32; 3], low: bool) -> bool {
    let grey = |colour: [f32; 3]| 0.3 * colour[0] + 0.5 * colour[1] + 0.2 * colour[2];
    let tint = |colour: [f32; 3]| colour.map(|channel| channel - grey(colour));
    let darker = grey(plain) - grey(there);
    let (step, off) = (apart(there, here), apart(tint(there), tint(plain)));
    (step < 16.0 && off < 3.0 && (-12.0..if low { 150.0 } else { 80.0 }).contains(&darker))
        || (step < 6.0 && off < 5.0 && (-16.0..30.0).contains(&darker))
}

/// Floods from the edge; a pixel belongs where it looks like its neighbour and like the background as a whole.
fn background(picture: &RgbaImage, colour_there: [f32; 3]) -> Vec<f32> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let at = |place: usize| colour(picture.get_pixel((place % width) as u32, (place / width) as u32).0);
    let mut outside = vec![false; width * height];
    let mut open: Vec<usize> = (0..width).flat_map(|x| [x, (height - 1) * width + x]).collect();
    open.extend((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    open.retain(|place| apart(at(*place), colour_there) < ALIKE * 1.6);
    open.iter().for_each(|place| outside[*place] = true);
    while let Some(place) = open.pop() {
        let here = at(place);
        let mut visit = |next: usize| {
            let there = at(next);
            if !outside[next] && is_background(there, here, colour_there, next > width * height * 3 / 5) {
                outside[next] = true;
                open.push(next);
            }
        };
        beside(place, width, height).for_each(&mut visit);
    }
    holes(&at, &mut outside, width, height, colour_there);
    // The rim is half product, half background: as much as its colour says.
    let mut there: Vec<f32> = outside.iter().map(|outside| f32::from(u8::from(!outside))).collect();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let place = y * width + x;
            let rim = [place - 1, place + 1, place - width, place + width].iter().any(|next| outside[*next]);
            if !outside[place] && rim {
                there[place] = (apart(at(place), colour_there) / 90.0).clamp(0.15, 1.0);
            }
        }
    }
    there
}

/// What shines through a handle or between legs: enclosed, large enough, and of the very colour of the background.
fn holes(at: &dyn Fn(usize) -> [f32; 3], outside: &mut [bool], width: usize, height: usize, plain: [f32; 3]) {
    let mut seen = outside.to_vec();
    for start in 0..seen.len() {
        if seen[start] || apart(at(start), plain) >= 5.0 {
            continue;
        }
        let (mut open, mut hole) = (vec![start], Vec::new());
        seen[start] = true;
        while let Some(place) = open.pop() {
            hole.push(place);
            for next in beside(place, width, height) {
                if !seen[next] && apart(at(next), plain) < 9.0 {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        if hole.len() * 1200 > seen.len() {
            hole.iter().for_each(|place| outside[*place] = true);
        }
    }
}

/// The places left, right, above and below.
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

/// Small spots that hang together with nothing are dust.
fn drop_dust(there: &mut [f32], width: usize, height: usize) {
    let mut seen = vec![false; there.len()];
    for start in 0..there.len() {
        if seen[start] || there[start] < 0.3 {
            continue;
        }
        let (mut open, mut spot) = (vec![start], Vec::new());
        seen[start] = true;
        while let Some(place) = open.pop() {
            spot.push(place);
            for next in beside(place, width, height) {
                if !seen[next] && there[next] >= 0.3 {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        if spot.len() * 2000 < there.len() {
            spot.iter().for_each(|place| there[*place] = 0.0);
        }
    }
}

/// Only the part where the product is. Its rim's colour is taken from inside, so that no old background shines around it.
fn cropped(picture: &RgbaImage, there: &[f32]) -> Cut {
    let width = picture.width() as usize;
    let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
    for (place, _) in there.iter().enumerate().filter(|(_, much)| **much > 0.3) {
        let (x, y) = (place % width, place / width);
        (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
    }
    let (wide, high) = (right - left + 1, bottom - top + 1);
    let mut pixels = Vec::with_capacity(wide * high);
    for y in top..=bottom {
        for x in left..=right {
            let place = y * width + x;
            let much = there[place];
            let own = lit(picture.get_pixel(x as u32, y as u32).0);
            pixels.push((if much < 0.99 { inner(picture, there, x, y).unwrap_or(own) } else { own }, much));
        }
    }
    Cut { width: wide, height: high, pixels, is_cut: true }
}

fn inner(picture: &RgbaImage, there: &[f32], x: usize, y: usize) -> Option<Rgb> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    for reach in 1..4_usize {
        for (dx, dy) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
            let nx = x.checked_add_signed(dx * reach as isize).filter(|nx| *nx < width);
            let ny = y.checked_add_signed(dy * reach as isize).filter(|ny| *ny < height);
            if let (Some(nx), Some(ny)) = (nx, ny)
                && there[ny * width + nx] > 0.99
            {
                return Some(lit(picture.get_pixel(nx as u32, ny as u32).0));
            }
        }
    }
    None
}
