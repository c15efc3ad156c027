//! Colours in a perceptual space (`OKLab`: lightness, then green to red, then blue to yellow), with names.

use super::canvas::{Rgb, rgb};

pub(crate) type Lab = [f32; 3];

/// A colour found in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Colour {
    /// `#rrggbb` in lower case.
    pub hex: String,
    /// Plain English, such as "sage green".
    pub name: &'static str,
    /// Its share of the analysed pixels, 0 to 1.
    pub share: f32,
}

const NAMES: [(u32, &str); 64] = [
    (0xFFFFFF, "white"),
    (0xF7F3E8, "off-white"),
    (0xFFF8DC, "cream"),
    (0xF0E8D8, "ivory"),
    (0xE3D6C0, "beige"),
    (0xD2B48C, "tan"),
    (0xC8B89A, "sand"),
    (0xB8AFA2, "greige"),
    (0xDADADA, "light grey"),
    (0xA8A8A8, "silver grey"),
    (0x808080, "grey"),
    (0x595959, "dark grey"),
    (0x3A3D40, "charcoal"),
    (0x141414, "black"),
    (0x5B6875, "slate grey"),
    (0x9FB0BD, "blue grey"),
    (0xD62828, "red"),
    (0x8E1B1B, "dark red"),
    (0x6D1F33, "burgundy"),
    (0xE8604C, "coral"),
    (0xC46B4C, "terracotta"),
    (0x9B4A2F, "rust"),
    (0xF28C28, "orange"),
    (0xF9B78A, "peach"),
    (0xFFBF5E, "apricot"),
    (0xF4C430, "yellow"),
    (0xFFF19A, "pale yellow"),
    (0xD0A93C, "mustard"),
    (0xD09A3C, "ochre"),
    (0xC9A227, "gold"),
    (0x8B5A2B, "brown"),
    (0x5A3A22, "dark brown"),
    (0xA87B52, "light brown"),
    (0x3B2416, "chocolate"),
    (0x6B6B2E, "olive green"),
    (0xA9B665, "moss green"),
    (0x8DB600, "lime green"),
    (0xBFE3A0, "pale green"),
    (0x3C9A3C, "green"),
    (0x1F5C2E, "dark green"),
    (0x4F7A54, "fern green"),
    (0x879B7C, "sage green"),
    (0xA8DCC0, "mint green"),
    (0x2E8B74, "emerald green"),
    (0x1A7F86, "teal"),
    (0x0F4C52, "dark teal"),
    (0x40C8C8, "turquoise"),
    (0xA9D6E5, "pale blue"),
    (0x6FB3E0, "sky blue"),
    (0x2F6FD0, "blue"),
    (0x1B3A8A, "dark blue"),
    (0x17223F, "navy blue"),
    (0x5C7FA8, "steel blue"),
    (0x45548C, "indigo"),
    (0x7A55C0, "violet"),
    (0x5A2A78, "purple"),
    (0xB9A4DC, "lavender"),
    (0x8E5A7E, "plum"),
    (0xC030A0, "magenta"),
    (0xE85A9A, "pink"),
    (0xF5C6D0, "pale pink"),
    (0xC9878C, "dusty rose"),
    (0xE6B8A8, "blush"),
    (0x7D6B66, "taupe"),
];

/// Converts linear light to `OKLab`.
pub(crate) fn lab([r, g, b]: Rgb) -> Lab {
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).max(0.0).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).max(0.0).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).max(0.0).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// Converts `OKLab` to linear light.
pub(crate) fn unlab([light, a, b]: Lab) -> Rgb {
    let l = (light + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (light - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (light - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
    .map(|channel| channel.max(0.0))
}

pub(crate) fn chroma(colour: Lab) -> f32 {
    colour[1].hypot(colour[2])
}

pub(crate) fn apart(one: Lab, other: Lab) -> f32 {
    // Hue counts more than lightness: a shaded red is still red.
    let [l, a, b]: [f32; 3] = std::array::from_fn(|part| one[part] - other[part]);
    (0.6 * l * l + 1.6 * (a * a + b * b)).sqrt()
}

/// Returns the name of the nearest colour.
pub(crate) fn name(colour: Lab) -> &'static str {
    let near = |hex: u32| apart(lab(rgb(hex)), colour);
    NAMES.iter().min_by(|one, other| near(one.0).total_cmp(&near(other.0))).map_or("grey", |(_, name)| name)
}

/// Returns the colour with its hue rotated (radians) and its chroma scaled.
pub(crate) fn rotated(colour: Rgb, by: f32, colourful: f32) -> Rgb {
    let [l, a, b] = lab(colour);
    let (sin, cos) = by.sin_cos();
    unlab([l, (a * cos - b * sin) * colourful, (a * sin + b * cos) * colourful])
}

/// Returns the dominant colours with their shares, the largest first. Deterministic: the initial centres are the
/// fullest cells.
pub(crate) fn clusters(samples: &[(Lab, f32)], most: usize) -> Vec<(Lab, f32)> {
    let total: f32 = samples.iter().map(|(_, weight)| weight).sum();
    let mut centres = cells(samples, most + 3);
    for _ in 0..6 {
        let mut sums = vec![([0.0_f32; 3], 0.0_f32); centres.len()];
        for (colour, weight) in samples {
            let near = |place: &usize| apart(centres[*place].0, *colour);
            let Some(place) = (0..centres.len()).min_by(|one, other| near(one).total_cmp(&near(other))) else { break };
            let sum = &mut sums[place];
            (0..3).for_each(|part| sum.0[part] += colour[part] * weight);
            sum.1 += weight;
        }
        centres = sums.into_iter().filter(|sum| sum.1 > 0.0).map(|(sum, w)| (sum.map(|part| part / w), w)).collect();
    }
    merge(&mut centres);
    centres.iter_mut().for_each(|centre| centre.1 /= total.max(1e-6));
    centres.retain(|centre| centre.1 >= 0.02);
    centres.truncate(most);
    centres
}

/// Returns the fullest cells of a coarse grid, far enough apart to be distinct colours.
fn cells(samples: &[(Lab, f32)], most: usize) -> Vec<(Lab, f32)> {
    let mut grid = std::collections::BTreeMap::<[i32; 3], ([f32; 3], f32)>::new();
    for (colour, weight) in samples {
        let cell = grid.entry(colour.map(|part| (part * 14.0).round() as i32)).or_default();
        (0..3).for_each(|part| cell.0[part] += colour[part] * weight);
        cell.1 += weight;
    }
    let mut full: Vec<(Lab, f32)> =
        grid.into_values().filter(|cell| cell.1 > 0.0).map(|(sum, w)| (sum.map(|part| part / w), w)).collect();
    full.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut chosen: Vec<(Lab, f32)> = Vec::new();
    for cell in full {
        if chosen.len() < most && chosen.iter().all(|other| apart(other.0, cell.0) > 0.07) {
            chosen.push(cell);
        }
    }
    chosen
}

/// Merges similar colours: the shares add up, the fuller one gives the shade.
fn merge(centres: &mut Vec<(Lab, f32)>) {
    centres.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut merged: Vec<(Lab, f32)> = Vec::new();
    for centre in centres.drain(..) {
        let alike = merged.iter_mut().find(|other| {
            let close = apart(other.0, centre.0);
            close < 0.055 || (close < 0.12 && name(other.0) == name(centre.0))
        });
        match alike {
            Some(other) => other.1 += centre.1,
            None => merged.push(centre),
        }
    }
    merged.sort_by(|one, other| other.1.total_cmp(&one.1));
    *centres = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_colour() {
        for (hex, called) in NAMES {
            let own = rgb(hex);
            let back = unlab(lab(own));
            assert!(own.iter().zip(back).all(|(one, other)| (one - other).abs() < 0.002), "{called}: {own:?} {back:?}");
            assert_eq!(name(lab(own)), called);
        }
    }

    #[test]
    fn clusters_find_the_shares() {
        let samples: Vec<(Lab, f32)> =
            (0..100).map(|place| (lab(rgb(if place < 70 { 0xC46B4C } else { 0x1B3A8A })), 1.0)).collect();
        let found = clusters(&samples, 5);
        assert_eq!(found.len(), 2);
        assert!((found[0].1 - 0.7).abs() < 0.01 && name(found[0].0) == "terracotta" && name(found[1].0) == "dark blue");
    }
}
