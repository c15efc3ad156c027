//! The colours that a scene tends to: the requested ones, the products' own, or those of its style.

use super::super::{
    SceneSpec,
    canvas::{Rgb, light},
    chance::Chance,
    colour::{Lab, chroma, clusters, lab, rotated, unlab},
    cut::Cut,
};

pub(super) struct Lean {
    colours: Vec<Lab>,
    /// The weight of their lightness.
    lightness: f32,
    /// Hue rotation and chroma factor of a style's own colours; larger with more variety.
    turn: f32,
    colourful: f32,
}

impl Lean {
    pub(super) fn new(spec: &SceneSpec, cuts: &[Cut], chance: &mut Chance) -> Self {
        let bolder = (chance.bold - 1.0).max(0.0);
        let turn = chance.between(-1.0, 1.0) * (0.10 * chance.bold.min(1.0) + 0.55 * bolder);
        let colourful = 1.0 + chance.between(-0.15, 0.25) * chance.bold + 0.25 * bolder;
        let own = |colour: &[u8; 3]| lab(colour.map(|channel| light(f32::from(channel) / 255.0)));
        let mut colours: Vec<Lab> = spec.palette.iter().take(12).map(own).collect();
        let mut lightness = 0.62;
        if colours.is_empty() && spec.match_product {
            colours = products(cuts);
            lightness = 0.12;
        }
        if colours.len() > 1 {
            // The seed selects which of them is the wall's.
            let first = (chance.seed() as usize) % if chance.bold < 0.3 { 1 } else { colours.len() };
            colours.rotate_left(first);
        }
        Self { colours, lightness, turn, colourful }
    }

    /// Returns the style's colour `own`, blended towards the wanted colour at `place` by `much`; 1 for a painted
    /// wall, 0.3 for a material.
    pub(super) fn to(&self, own: Rgb, place: usize, much: f32) -> Rgb {
        if self.colours.is_empty() {
            // Materials keep most of their own colour.
            let free = if much > 0.5 { 1.0 } else { 0.25 };
            return rotated(own, self.turn * free, 1.0 + (self.colourful - 1.0) * free);
        }
        let (own, wanted) = (lab(own), self.colours[place % self.colours.len()]);
        let light = own[0] + (wanted[0] - own[0]) * much * self.lightness;
        unlab([light.clamp(0.12, 0.97), own[1] + (wanted[1] - own[1]) * much, own[2] + (wanted[2] - own[2]) * much])
    }
}

/// Returns the products' own colours, desaturated for the background; the most colourful first.
fn products(cuts: &[Cut]) -> Vec<Lab> {
    let mut samples = Vec::new();
    for cut in cuts {
        let step = (cut.pixels.len() / 3000).max(1) | 1;
        samples.extend(cut.pixels.iter().step_by(step).filter(|pixel| pixel[3] > 200).map(|pixel| {
            let colour = [pixel[0], pixel[1], pixel[2]].map(|channel| light(f32::from(channel) / 255.0));
            (lab(colour), 1.0)
        }));
    }
    let mut dominant = clusters(&samples, 4);
    let weight = |(colour, share): &(Lab, f32)| chroma(*colour) * share.sqrt();
    dominant.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    dominant.truncate(2);
    dominant.into_iter().map(|([l, a, b], _)| [l, a * 0.62, b * 0.62]).collect()
}
