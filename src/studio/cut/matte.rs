//! Alpha matting of a product's rim, where a camera mixes it with the background.

use super::{apart, beside, colour};

/// Along the rim a camera mixes product and background. The pure colours on both sides give the share of each; the
/// background's share is then removed from the colour, so that the old backdrop leaves no halo around the product.
/// Returns for each pixel whether the outline runs there, and whether it is clear.
pub(super) fn matte(pixels: &mut [[u8; 4]], outside: &[bool], width: usize, height: usize) -> Vec<Outline> {
    let reach = if width.max(height) > 700 { 3 } else { 2 };
    let near = dilated(outside, width, height, reach);
    let own = |place: usize, pixels: &[[u8; 4]]| colour(pixels[place]);
    let mut mixed = Vec::new();
    let mut outline = vec![Outline::None; outside.len()];
    for place in (0..outside.len()).filter(|place| near[*place] && !outside[*place]) {
        let here = own(place, pixels);
        let behind =
            around(place, width, height, reach + 1).filter(|next| outside[*next]).map(|next| own(next, pixels));
        let inner =
            around(place, width, height, 2 * reach + 1).filter(|next| !near[*next]).map(|next| own(next, pixels));
        let Some(behind) = mean(behind) else { continue };
        let touching = beside(place, width, height).any(|next| outside[next]);
        // A stem thinner than the rim has no inside: the pixel that differs most from the background takes its place.
        let inner = mean(inner).or_else(|| {
            let all = around(place, width, height, reach).filter(|next| !outside[*next]).map(|next| own(next, pixels));
            all.max_by(|one, other| apart(*one, behind).total_cmp(&apart(*other, behind)))
        });
        let Some(inner) = inner else { continue };
        if touching {
            outline[place] = if apart(inner, behind) < 9.0 { Outline::Vague } else { Outline::Clear };
        }
        let far: [f32; 3] = std::array::from_fn(|channel| inner[channel] - behind[channel]);
        let length: f32 = far.iter().map(|part| part * part).sum();
        let much = if length < 900.0 {
            if touching { 0.6 } else { 1.0 }
        } else {
            let along: f32 = (0..3).map(|channel| (here[channel] - behind[channel]) * far[channel]).sum();
            // A colour off the line between both is a colour of its own, such as a painted rim.
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
        // The pure product colour if the alpha is high enough to compute it; otherwise the colour of the inside.
        let [r, g, b]: [u8; 3] = std::array::from_fn(|channel| {
            let mixed_colour = f32::from(own[channel]) * 0.25 + inner[channel] * 0.75;
            if much > 0.8 { mixed_colour as u8 } else { inner[channel] as u8 }
        });
        pixels[place] = [r, g, b, (much * 255.0) as u8];
    }
    for (pixel, outside) in pixels.iter_mut().zip(outside) {
        if *outside {
            pixel[3] = 0;
        }
    }
    outline
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Outline {
    None,
    Clear,
    /// Inside and outside look alike.
    Vague,
}

/// Returns the share of an outline that is vague.
pub(super) fn vague<'a>(outline: impl Iterator<Item = &'a Outline>) -> f32 {
    let (mut all, mut vague) = (0.0_f32, 0.0_f32);
    for part in outline.filter(|part| **part != Outline::None) {
        all += 1.0;
        vague += f32::from(u8::from(*part == Outline::Vague));
    }
    vague / all.max(1.0)
}

/// Dilates a set by `reach`.
fn dilated(set: &[bool], width: usize, height: usize, reach: usize) -> Vec<bool> {
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
    (y.saturating_sub(reach)..=(y + reach).min(height - 1))
        .flat_map(move |y| columns.clone().map(move |x| y * width + x))
}

pub(super) fn mean(colours: impl Iterator<Item = [f32; 3]>) -> Option<[f32; 3]> {
    let (sum, count) = colours.fold(([0.0; 3], 0.0), |(sum, count): ([f32; 3], f32), colour| {
        (std::array::from_fn(|channel| sum[channel] + colour[channel]), count + 1.0)
    });
    (count > 0.0).then(|| sum.map(|channel| channel / count))
}
