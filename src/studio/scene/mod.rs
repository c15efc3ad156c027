//! The scenes: a wall, a ground, light from one side, and the products with their shadows.

mod botanic;
mod group;
mod lean;
mod place;
mod placed;
mod plain;
mod podium;
mod props;
mod set;
mod shadow;
mod sprite;
mod stone;
mod wood;

use super::{
    SceneSpec,
    canvas::{Canvas, Rgb, blend, scale, step, times},
    chance::Chance,
    cut::Cut,
};
use lean::Lean;
use set::{SceneLayout, Sun};

/// The style of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A seamless backdrop, nothing else.
    Studio,
    /// A coloured wall with an arch, the product on a podium.
    Podium,
    /// A wooden table in a bright room far out of focus.
    Wood,
    /// A polished, reflecting slab of stone.
    Marble,
    /// Shadows of leaves on a sunny wall.
    Botanic,
    /// Bare concrete, daylight from above.
    Concrete,
    /// A lamp that projects a round evening sun on a plain wall.
    Sunset,
    /// Dark, with a glow behind and lights far away.
    Night,
}

/// Every style with its name.
pub const STYLES: [(Style, &str); 8] = [
    (Style::Studio, "studio"),
    (Style::Podium, "podium"),
    (Style::Wood, "wood"),
    (Style::Marble, "marble"),
    (Style::Botanic, "botanic"),
    (Style::Concrete, "concrete"),
    (Style::Sunset, "sunset"),
    (Style::Night, "night"),
];

impl Style {
    /// Returns the style of this name.
    pub fn named(word: &str) -> Option<Self> {
        STYLES.iter().find(|(_, name)| *name == word).map(|(style, _)| *style)
    }

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        STYLES.iter().find(|(style, _)| *style == self).map_or("studio", |(_, name)| name)
    }
}

/// The light of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Light {
    /// Diffuse, from everywhere.
    #[default]
    Soft,
    /// Low and warm.
    Warm,
    /// North light.
    Cool,
    /// Hard, from one side.
    Dramatic,
}

/// The camera position. The product's own picture is never rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Camera {
    /// At the product's height.
    #[default]
    Front,
    /// Slightly from above: more ground, less wall.
    High,
    /// Close to the ground: the product towers.
    Low,
    /// From straight above: a flat lay, no wall.
    Top,
}

/// Paints scene and products onto the canvas.
pub(crate) fn paint(canvas: &mut Canvas, cuts: &[Cut], spec: &SceneSpec) {
    let bold = spec.variety.min(100) as f32 / 50.0;
    let mut chance = Chance::new(spec.seed, spec.style as u64 + 1, bold);
    let mut set = SceneLayout::new(canvas, spec, cuts, &mut chance);
    let lean = Lean::new(spec, cuts, &mut chance);
    let front = match spec.style {
        Style::Studio => plain::studio(canvas, &mut set, &lean, &mut chance),
        Style::Podium => podium::podium(canvas, &mut set, &lean, &mut chance),
        Style::Wood => wood::wood(canvas, &mut set, &lean, &mut chance),
        Style::Marble => stone::marble(canvas, &mut set, &lean, &mut chance),
        Style::Botanic => botanic::botanic(canvas, &mut set, &lean, &mut chance),
        Style::Concrete => stone::concrete(canvas, &mut set, &lean, &mut chance),
        Style::Sunset => plain::sunset(canvas, &mut set, &lean, &mut chance),
        Style::Night => plain::night(canvas, &mut set, &lean, &mut chance),
    };
    if spec.light == Light::Dramatic {
        // One lamp: a pool of light around the products, and little beyond.
        let (x, y) = (set.middle + set.side * 0.12, if set.top { set.base } else { set.base - set.room.1 * 0.45 });
        let wide = 0.50 + 0.3 * (set.wide.max(set.high) - 1.0).min(1.0);
        canvas.shade(|px, py, colour| {
            let off = ((px - x) / wide).hypot((py - y) / (wide * 1.1));
            scale(colour, 0.30 + 0.86 * (-off * off * 0.9).exp())
        });
    }
    let spots = group::arrange(cuts, &set, &mut chance);
    place::place(canvas, cuts, &spots, &set);
    front.iter().for_each(|layer| layer.lay(canvas));
    finish(canvas, &set);
}

/// Vignetting, and the light's tint.
fn finish(canvas: &mut Canvas, set: &SceneLayout) {
    let corner = set.wide.hypot(set.high) / 2.0;
    let (x0, y0) = (set.wide / 2.0, set.high / 2.0);
    let (tint, grain) = (set.sun.tint, set.grain);
    let width = canvas.width;
    let mut place = 0;
    canvas.shade_mut(|x, y, colour| {
        let off = (x - x0).hypot(y - y0) / corner;
        let grain = 1.0 + (super::chance::speck((place % width) as i32, (place / width) as i32, grain) - 0.5) * 0.012;
        place += 1;
        times(scale(colour, (1.0 - 0.18 * step(0.5, 1.1, off)) * grain), tint)
    });
}

/// Applies the light of the set to a colour: direct sun on top of ambient light.
fn lit(colour: Rgb, sun: &Sun, direct: f32) -> Rgb {
    times(colour, blend(sun.shade, sun.glow, direct))
}
