//! Cuts a product out of a plain background: what is connected to the picture's edge and looks like it is background.

use image::RgbaImage;

use super::StudioError;

/// A product without its background, or its whole picture where that is not plain.
pub(crate) struct Cut {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// As a screen shows it, and how much of the product is there (255 is all).
    pub(crate) pixels: Vec<[u8; 4]>,
    pub(crate) is_cut: bool,
}

/// How far apart two colours may be that are still the same background, in steps of 255.
const ALIKE: f32 = 26.0;
/// The share of the edge that has to look alike for a background to be plain.
const PLAIN: f32 = 0.86;

/// Cuts it out. What cannot be is a print: its white border is `border` of its shorter side.
pub(crate) fn cut(picture: &RgbaImage, border: f32) -> Result<Cut, StudioError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width == 0 || height == 0 {
        return Err(StudioError::Empty);
    }
    let through = picture.pixels().filter(|pixel| pixel[3] < 128).count();
    let mut pixels: Vec<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
    if through * 50 <= width * height {
        let (plain, share) = edge_colour(picture);
        if share < PLAIN {
            return Ok(print(picture, border));
        }
        pixels.iter_mut().for_each(|pixel| pixel[3] = 255);
        let outside = background(&pixels, width, height, plain);
        matte(&mut pixels, &outside, width, height);
    }
    let solid = pixels.iter().filter(|pixel| pixel[3] > 127).count();
    if solid * 200 < width * height {
        return if is_flat(picture) { Err(StudioError::Empty) } else { Ok(print(picture, border)) };
    }
    if solid * 100 > width * height * 97 {
        return Ok(print(picture, border));
    }
    drop_dust(&mut pixels, width, height);
    Ok(cropped(&pixels, width))
}

/// Whether it shows nothing at all; a picture that only was no good for cutting does show something.
fn is_flat(picture: &RgbaImage) -> bool {
    let (plain, _) = edge_colour(picture);
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
            // What shines through lies on white paper.
            let on_paper = |channel: u8| (u32::from(channel) * u32::from(pixel[3]) + 246 * (255 - u32::from(pixel[3]))) / 255;
            pixels[(y + rim) * wide + x + rim] = [on_paper(pixel[0]) as u8, on_paper(pixel[1]) as u8, on_paper(pixel[2]) as u8, 255];
        }
    }
    Cut { width: wide, height: high, pixels, is_cut: false }
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
fn background(pixels: &[[u8; 4]], width: usize, height: usize, plain: [f32; 3]) -> Vec<bool> {
    let at = |place: usize| colour(pixels[place]);
    let mut outside = vec![false; width * height];
    let mut open: Vec<usize> = (0..width).flat_map(|x| [x, (height - 1) * width + x]).collect();
    open.extend((0..height).flat_map(|y| [y * width, y * width + width - 1]));
    open.retain(|place| apart(at(*place), plain) < ALIKE * 1.6);
    open.iter().for_each(|place| outside[*place] = true);
    while let Some(place) = open.pop() {
        let here = at(place);
        let mut visit = |next: usize| {
            if !outside[next] && is_background(at(next), here, plain, next > width * height * 3 / 5) {
                outside[next] = true;
                open.push(next);
            }
        };
        beside(place, width, height).for_each(&mut visit);
    }
    holes(&at, &mut outside, width, height, plain);
    outside
}

/// Along the rim a camera mixes product and background. How much of each is told by the pure colours on both sides; the background's
/// part is then taken out of the colour, so that no old backdrop shines around the product.
fn matte(pixels: &mut [[u8; 4]], outside: &[bool], width: usize, height: usize) {
    let reach = if width.max(height) > 700 { 2 } else { 1 };
    let near = grown(outside, width, height, reach);
    let own = |place: usize, pixels: &[[u8; 4]]| colour(pixels[place]);
    let mut mixed = Vec::new();
    for place in (0..outside.len()).filter(|place| near[*place] && !outside[*place]) {
        let here = own(place, pixels);
        let behind = around(place, width, height, reach + 1).filter(|next| outside[*next]).map(|next| own(next, pixels));
        let inner = around(place, width, height, 2 * reach + 1).filter(|next| !near[*next]).map(|next| own(next, pixels));
        let Some(behind) = mean(behind) else { continue };
        let touching = beside(place, width, height).any(|next| outside[next]);
        // A stem thinner than the rim has no inside: its own darkest part is all there is to go by.
        let inner = mean(inner).or_else(|| {
            let all = around(place, width, height, reach).filter(|next| !outside[*next]).map(|next| own(next, pixels));
            all.max_by(|one, other| apart(*one, behind).total_cmp(&apart(*other, behind)))
        });
        let Some(inner) = inner else { continue };
        let far: [f32; 3] = std::array::from_fn(|channel| inner[channel] - behind[channel]);
        let length: f32 = far.iter().map(|part| part * part).sum();
        let much = if length < 900.0 {
            if touching { 0.6 } else { 1.0 }
        } else {
            let along: f32 = (0..3).map(|channel| (here[channel] - behind[channel]) * far[channel]).sum();
            // What is neither is a colour of its own, such as a painted rim.
            let along = along / length;
            let rest: [f32; 3] = std::array::from_fn(|channel| behind[channel] + far[channel] * along);
            if apart(here, rest) > 40.0 { 1.0 } else { along.clamp(0.0, 1.0) }
        };
        if much < 0.97 {
            mixed.push((place, inner, much));
        }
    }
    for (place, inner, much) in mixed {
        let own = pixels[place];
        // Pure product, where enough of it is left to compute with; else what lies beside it.
        let [r, g, b]: [u8; 3] = std::array::from_fn(|channel| {
            let kept = f32::from(own[channel]) * 0.25 + inner[channel] * 0.75;
            if much > 0.8 { kept as u8 } else { inner[channel] as u8 }
        });
        pixels[place] = [r, g, b, (much * 255.0) as u8];
    }
    for (pixel, outside) in pixels.iter_mut().zip(outside) {
        if *outside {
            pixel[3] = 0;
        }
    }
}

/// Everything within `reach` of what is set.
fn grown(set: &[bool], width: usize, height: usize, reach: usize) -> Vec<bool> {
    let mut wide = vec![false; set.len()];
    for (place, _) in set.iter().enumerate().filter(|(_, set)| **set) {
        let (row, x) = (place / width * width, place % width);
        wide[row + x.saturating_sub(reach)..=row + (x + reach).min(width - 1)].fill(true);
    }
    let mut all = wide.clone();
    for y in 0..height {
        for next in y.saturating_sub(reach)..=(y + reach).min(height - 1) {
            for x in 0..width {
                all[y * width + x] |= wide[next * width + x];
            }
        }
    }
    all
}

fn around(place: usize, width: usize, height: usize, reach: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (place % width, place / width);
    let columns = x.saturating_sub(reach)..=(x + reach).min(width - 1);
    (y.saturating_sub(reach)..=(y + reach).min(height - 1)).flat_map(move |y| columns.clone().map(move |x| y * width + x))
}

fn mean(colours: impl Iterator<Item = [f32; 3]>) -> Option<[f32; 3]> {
    let (sum, count) = colours.fold(([0.0; 3], 0.0), |(sum, count): ([f32; 3], f32), colour| {
        (std::array::from_fn(|channel| sum[channel] + colour[channel]), count + 1.0)
    });
    (count > 0.0).then(|| sum.map(|channel| channel / count))
}

/// What shines through a handle or between legs: enclosed, large enough, and of the very colour the background has at its height. A white
/// label is none: its tint is its own.
fn holes(at: &dyn Fn(usize) -> [f32; 3], outside: &mut [bool], width: usize, height: usize, plain: [f32; 3]) {
    let rows: Vec<[f32; 3]> = (0..height)
        .map(|y| mean((0..width).map(|x| y * width + x).filter(|place| outside[*place]).map(at)).unwrap_or(plain))
        .collect();
    let mut seen = outside.to_vec();
    for start in 0..seen.len() {
        if seen[start] || apart(at(start), rows[start / width]) >= 4.0 {
            continue;
        }
        let (mut open, mut hole) = (vec![start], Vec::new());
        seen[start] = true;
        while let Some(place) = open.pop() {
            hole.push(place);
            for next in beside(place, width, height) {
                if !seen[next] && apart(at(next), rows[next / width]) < 8.0 {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        let off = mean(hole.iter().map(|place| {
            let (own, behind) = (at(*place), rows[place / width]);
            std::array::from_fn(|channel| own[channel] - behind[channel])
        }));
        let same = off.is_some_and(|off| {
            let grey = 0.3 * off[0] + 0.5 * off[1] + 0.2 * off[2];
            (-8.0..1.6).contains(&grey) && off.iter().all(|channel| (channel - grey).abs() < 2.6)
        });
        if same && hole.len() * 1200 > seen.len() {
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
fn drop_dust(pixels: &mut [[u8; 4]], width: usize, height: usize) {
    let mut seen = vec![false; pixels.len()];
    for start in 0..pixels.len() {
        if seen[start] || pixels[start][3] < 76 {
            continue;
        }
        let (mut open, mut spot) = (vec![start], Vec::new());
        seen[start] = true;
        while let Some(place) = open.pop() {
            spot.push(place);
            for next in beside(place, width, height) {
                if !seen[next] && pixels[next][3] >= 76 {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        if spot.len() * 2000 < pixels.len() {
            spot.iter().for_each(|place| pixels[*place][3] = 0);
        }
    }
}

/// Only the part where the product is.
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
