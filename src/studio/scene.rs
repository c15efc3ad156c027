//! The scenes: a wall, a ground, light from one side, and the product standing in it with its shadow.

use super::{
    Order,
    canvas::{Canvas, Mask, Rgb, blend, rgb, scale, step, times},
    chance::{Chance, layers, noise, speck},
    cut::Cut,
};

/// What the scene is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A seamless backdrop, nothing else.
    Studio,
    /// A coloured wall with an arch, the product on a podium.
    Podium,
    /// A wooden table before a warm wall, light through a window.
    Wood,
    /// A polished slab of stone that mirrors.
    Marble,
    /// Shadows of leaves on a sunny wall.
    Botanic,
    /// Bare concrete, daylight from above.
    Concrete,
    /// The last sun on a plain wall.
    Sunset,
    /// Dark, with a glow behind and lights far away.
    Night,
}

/// Every style and its word.
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
    /// The style called so.
    pub fn named(word: &str) -> Option<Self> {
        STYLES.iter().find(|(_, name)| *name == word).map(|(style, _)| *style)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        STYLES.iter().find(|(style, _)| *style == self).map_or("studio", |(_, name)| name)
    }
}

/// The light in the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Light {
    /// From everywhere a little.
    #[default]
    Soft,
    /// Low and warm.
    Warm,
    /// North light.
    Cool,
    /// Hard, from one side.
    Dramatic,
}

/// What a scene is made of.
struct Set {
    /// Where the ground begins, and where the product stands, from above, in units of the shorter side.
    horizon: f32,
    base: f32,
    /// The product's middle.
    middle: f32,
    /// Its largest width and height.
    room: (f32, f32),
    /// 1 from the right, -1 from the left.
    side: f32,
    tint: Rgb,
    /// How dark and how soft its shadow is.
    shadow: (f32, f32),
    mirror: f32,
}

/// Paints scene and product.
pub(crate) fn paint(canvas: &mut Canvas, cut: &Cut, order: &Order) {
    let mut chance = Chance::new(order.seed, order.style as u64 + 1);
    let unit = canvas.width.min(canvas.height) as f32;
    let (wide, high) = (canvas.width as f32 / unit, canvas.height as f32 / unit);
    let mut set = Set {
        horizon: high * chance.between(0.60, 0.68),
        base: high * chance.between(0.80, 0.84),
        middle: wide * 0.5 + chance.between(-0.03, 0.03),
        room: (0.62 * wide.min(1.25), 0.60 * high.min(1.2)),
        side: chance.of(&[-1.0, 1.0]),
        tint: [1.0; 3],
        shadow: (0.45, 1.0),
        mirror: 0.0,
    };
    match order.light {
        Light::Soft => {}
        Light::Warm => (set.tint, set.shadow) = ([1.08, 1.0, 0.86], (0.5, 0.8)),
        Light::Cool => (set.tint, set.shadow) = ([0.93, 1.0, 1.08], (0.42, 1.1)),
        Light::Dramatic => (set.tint, set.shadow) = ([1.0; 3], (0.72, 0.45)),
    }
    match order.style {
        Style::Studio => studio(canvas, &mut set, &mut chance),
        Style::Podium => podium(canvas, &mut set, &mut chance, (wide, high)),
        Style::Wood => wood(canvas, &mut set, &mut chance, (wide, high)),
        Style::Marble => marble(canvas, &mut set, &mut chance, high),
        Style::Botanic => botanic(canvas, &mut set, &mut chance, (wide, high)),
        Style::Concrete => concrete(canvas, &mut set, &mut chance, high),
        Style::Sunset => sunset(canvas, &mut set, &mut chance, (wide, high)),
        Style::Night => night(canvas, &mut set, &mut chance, (wide, high)),
    }
    if order.light == Light::Dramatic {
        let (side, middle) = (set.side, set.middle);
        canvas.shade(|x, _, colour| scale(colour, 0.55 + 0.6 * step(-0.7, 0.7, (x - middle) * side)));
    }
    place(canvas, cut, &set, unit);
    // A lens is a little darker in its corners.
    let corner = (wide * wide + high * high).sqrt() / 2.0;
    canvas.shade(|x, y, colour| {
        let off = ((x - wide / 2.0).powi(2) + (y - high / 2.0).powi(2)).sqrt() / corner;
        times(scale(colour, 1.0 - 0.16 * step(0.55, 1.05, off)), set.tint)
    });
}

fn studio(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance) {
    let colour = rgb(chance.of(&[0xF1EEE9, 0xE9ECEF, 0xEFE7DF, 0xE4E8E2, 0xECE4E4, 0xDFE5EA]));
    let (horizon, side, middle) = (set.horizon, set.side, set.middle);
    set.mirror = 0.10;
    canvas.fill(|x, y| {
        let glow =
            1.0 - 0.30 * (((x - middle - side * 0.18).powi(2) * 1.1 + (y - horizon * 0.62).powi(2)).sqrt()).min(1.2);
        let floor = step(horizon - 0.12, horizon + 0.16, y);
        scale(colour, glow * (0.92 + 0.12 * floor) - 0.05 * (floor * (1.0 - floor)))
    });
}

fn podium(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, (wide, high): (f32, f32)) {
    let (wall, arch, stand) = chance.of(&[
        (0xF2C9B8, 0xE9A58C, 0xFBE9DF),
        (0xBFD3C6, 0x93B5A2, 0xE8F1EB),
        (0xC9CCE6, 0xA3A9D3, 0xECEDF8),
        (0xF3DFA9, 0xE7C777, 0xFCF4DC),
        (0xE4C1C9, 0xCF94A3, 0xF7E8EC),
        (0xBBD5DE, 0x8DB8C7, 0xE6F1F5),
    ]);
    let (wall, arch, stand) = (rgb(wall), rgb(arch), rgb(stand));
    let (middle, side) = (set.middle, set.side);
    let (round, tall) = (chance.between(0.27, 0.33).min(wide * 0.36), chance.between(0.12, 0.18));
    set.horizon = high * chance.between(0.72, 0.77);
    let (horizon, top) = (set.horizon, high * 0.80);
    set.base = top - 0.012;
    set.room = (round * 1.75, (set.base - high * 0.12).min(0.62));
    let (arch_wide, arch_top) = (round * chance.between(1.18, 1.4), high * chance.between(0.12, 0.2));
    set.shadow.0 *= 0.9;
    canvas.fill(|x, y| {
        let lit = 1.0 - 0.20 * ((x - middle) * -side + 0.35).clamp(0.0, 1.0);
        let floor = step(horizon - 0.003, horizon + 0.003, y);
        let mut colour = scale(
            blend(wall, scale(wall, 1.12), floor),
            lit - 0.10 * step(0.0, 0.5, (horizon - y).abs()) * (1.0 - floor),
        );
        // The arch: a deeper tone with the shadow of its edge.
        let centre = arch_top + arch_wide;
        let out = if y < centre { ((x - middle).powi(2) + (y - centre).powi(2)).sqrt() } else { (x - middle).abs() }
            - arch_wide;
        if y < horizon + 0.004 {
            let inside = 1.0 - step(-0.002, 0.002, out);
            let edge =
                1.0 - 0.30 * (1.0 - step(0.0, 0.07, -out)) * step(-0.2, 0.6, (x - middle) * side / arch_wide + 0.3);
            colour = blend(colour, scale(arch, edge * (0.92 + 0.12 * (horizon - y))), inside * (1.0 - floor));
        }
        // Its shade on the ground, then the stand itself.
        let ground =
            ((x - middle + side * 0.05) / (round * 1.22)).powi(2) + ((y - top - tall) / (round * 0.34)).powi(2);
        colour = scale(colour, 1.0 - 0.34 * (1.0 - step(0.55, 1.25, ground)) * floor);
        let bow = round * 0.17 * (1.0 - ((x - middle) / round).powi(2)).max(0.0).sqrt();
        let across = 1.0 - step(round - 0.002, round + 0.002, (x - middle).abs());
        let body = across
            * step(top - 0.002, top + 0.002, y)
            * (1.0 - step(top + tall + bow - 0.002, top + tall + bow + 0.002, y));
        let turn = ((x - middle) / round).clamp(-1.0, 1.0);
        let lit_body = 0.62 + 0.30 * (1.0 - (turn - side * 0.45).powi(2)).max(0.0);
        colour = blend(colour, scale(stand, lit_body), body);
        let plate = ((x - middle) / round).powi(2) + ((y - top) / (round * 0.17)).powi(2);
        blend(colour, scale(stand, 1.02 + 0.06 * turn * side), 1.0 - step(0.985, 1.015, plate))
    });
}

fn wood(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, (wide, high): (f32, f32)) {
    let (wall, plank) = chance.of(&[
        (0xE9DFD0, 0xB07C4F),
        (0xD8DCD3, 0x9A6A42),
        (0xE6D3C3, 0xC2915F),
        (0xCBD3D6, 0x7E5538),
        (0xEEE6DA, 0xD0A878),
    ]);
    let (wall, plank) = (rgb(wall), rgb(plank));
    let (seed, grain, side) = (chance.seed(), chance.seed(), set.side);
    let horizon = set.horizon;
    let pane = (wide * 0.5 - side * chance.between(0.16, 0.3), chance.between(0.10, 0.2) * high);
    set.shadow = (set.shadow.0 * 1.15, set.shadow.1 * 0.8);
    canvas.fill(|x, y| {
        if y < horizon {
            let rough = 0.97 + 0.05 * layers(x * 7.0, y * 7.0, seed, 4);
            let lit = 0.74 + 0.06 * (x - wide / 2.0) * side;
            let sun = window(x, y, pane, side);
            return scale(
                blend(wall, times(wall, [1.25, 1.18, 1.02]), sun),
                rough * (lit + 0.34 * sun) - 0.16 * (1.0 - step(0.0, 0.05, horizon - y)),
            );
        }
        // Boards run away from the viewer: nearer ones are wider.
        let depth = (y - horizon) / (high - horizon);
        let near = 0.45 + 0.75 * depth;
        let across = (x - wide / 2.0) / near;
        let board = (across / 0.21).floor();
        let within = across / 0.21 - board;
        let tone = 0.82 + 0.34 * speck(board as i32, 3, seed);
        let along = 1.0 / (0.18 + depth) + board * 7.3;
        let rings = layers(across * 34.0 + board * 11.0, along * 1.9, grain, 4);
        let veins = (rings * 18.0 + across * 26.0).sin() * 0.5 + 0.5;
        let colour = scale(plank, tone * (0.78 + 0.24 * rings + 0.10 * veins));
        let gap = 1.0 - 0.62 * (1.0 - step(0.0, 0.02, within.min(1.0 - within)));
        let gloss = 0.12 * step(0.0, 1.0, 1.0 - depth) + 0.10 * (0.5 + 0.5 * (x - wide / 2.0) * side);
        scale(
            blend(colour, [0.9, 0.88, 0.84], gloss * 0.55),
            gap * (0.86 + 0.22 * depth) * (0.75 + 0.25 * step(0.0, 0.05, y - horizon)),
        )
    });
}

/// How much sun falls through a window onto a wall.
fn window(x: f32, y: f32, (left, top): (f32, f32), side: f32) -> f32 {
    let lean = (y - top) * 0.34 * -side;
    let (across, down) = ((x - left - lean) / 0.36, (y - top) / 0.46);
    let soft = 0.05;
    let inside = step(-0.5 - soft, -0.5 + soft, across)
        * (1.0 - step(0.5 - soft, 0.5 + soft, across))
        * step(-soft, soft, down)
        * (1.0 - step(1.0 - soft, 1.0 + soft, down));
    let bar = |at: f32, value: f32| 1.0 - (1.0 - step(0.018, 0.05, (value - at).abs()));
    inside * bar(0.0, across) * bar(0.33, down) * bar(0.67, down)
}

fn marble(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, high: f32) {
    let (stone, vein, wall) = chance.of(&[
        (0xF2F1EE, 0x9A9A9C, 0xD9DCDC),
        (0x2E3234, 0xC9C2B4, 0x5B6265),
        (0xEBDDD2, 0xB58C76, 0xE8DAD0),
        (0x4C6B5F, 0xD5E2DA, 0xC9D5CE),
    ]);
    let (stone, vein, wall) = (rgb(stone), rgb(vein), rgb(wall));
    let (seed, side, middle, horizon) = (chance.seed(), set.side, set.middle, set.horizon);
    set.mirror = 0.26;
    set.shadow.0 *= 0.75;
    canvas.fill(|x, y| {
        if y < horizon {
            let glow = 1.02 - 0.42 * ((x - middle - side * 0.2).powi(2) + (y - horizon * 0.7).powi(2)).sqrt().min(1.0);
            return scale(wall, glow - 0.10 * (1.0 - step(0.0, 0.03, horizon - y)));
        }
        let depth = (y - horizon) / (high - horizon);
        let (u, v) = ((x - middle) / (0.5 + 0.7 * depth), 1.6 / (0.35 + depth));
        let bend = layers(u * 2.2, v * 1.4, seed, 5);
        let thread = |freq: f32, offset: u32, thin: f32| {
            let wave =
                (u * freq + v * 1.3 + 5.0 * layers(u * 1.7 + 9.0, v * 1.1, seed.wrapping_add(offset), 5)).sin().abs();
            1.0 - step(0.0, thin, wave)
        };
        let veins = (0.75 * thread(1.9, 7, 0.10) + 0.45 * thread(4.3, 23, 0.07)).min(1.0) * step(0.30, 0.62, bend);
        let slab = blend(scale(stone, 0.90 + 0.12 * bend), vein, veins * 0.62);
        let shine = blend(slab, wall, 0.16 + 0.22 * (1.0 - depth));
        scale(shine, (0.92 + 0.12 * depth) * (0.8 + 0.2 * step(0.0, 0.012, y - horizon)))
    });
}

fn botanic(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, (wide, high): (f32, f32)) {
    let (wall, floor) =
        chance.of(&[(0xF0E6D6, 0xE3D3BC), (0xE7EAE0, 0xD2D8C8), (0xF3DDD0, 0xE6C6B4), (0xDDE6E8, 0xC5D3D6)]);
    let (wall, floor) = (rgb(wall), rgb(floor));
    let (seed, side, horizon) = (chance.seed(), set.side, set.horizon);
    // Twigs that hang in from where the light comes.
    let mut shade = Mask::new(canvas.width, canvas.height);
    let unit = canvas.width.min(canvas.height) as f32;
    for _ in 0..7 {
        let root = (wide / 2.0 + side * (wide * chance.between(0.28, 0.62)), chance.between(-0.15, 0.35) * high);
        let (mut x, mut y) = root;
        let mut heading: f32 =
            if side > 0.0 { std::f32::consts::PI - chance.between(-0.5, 0.7) } else { chance.between(-0.5, 0.7) };
        let bend = chance.between(-0.10, 0.10);
        for leaf in 0..11 {
            let length = 0.15 * (1.0 - leaf as f32 * 0.045) * chance.between(0.8, 1.2);
            for turn in [-1.0_f32, 1.0] {
                ellipse(
                    &mut shade,
                    (x * unit, y * unit),
                    heading + turn * chance.between(0.6, 0.95),
                    (length * unit, length * unit * 0.20),
                );
            }
            (x, y) = (x + heading.cos() * 0.062, y + heading.sin() * 0.062);
            heading += bend;
        }
    }
    shade.blur(unit * 0.008, unit * 0.008);
    set.shadow = (set.shadow.0 * 1.1, set.shadow.1 * 0.7);
    canvas.fill(|x, y| {
        let rough = 0.97 + 0.05 * layers(x * 9.0, y * 9.0, seed, 4);
        let sun = 1.0 - 0.16 * ((x - wide / 2.0) * -side + 0.3).clamp(0.0, 1.0);
        let ground = step(horizon - 0.002, horizon + 0.002, y);
        let seam = 1.0 - 0.10 * (1.0 - step(0.0, 0.04, horizon - y)) * (1.0 - ground);
        scale(blend(wall, scale(floor, 1.06), ground), rough * sun * seam)
    });
    shade.values.iter_mut().for_each(|value| *value = value.min(1.0) * 0.52);
    canvas.darken(&shade, [0.42, 0.47, 0.56]);
}

/// A leaf: pointed at both ends, beginning at a place.
fn ellipse(mask: &mut Mask, (x, y): (f32, f32), heading: f32, (length, width): (f32, f32)) {
    let (cos, sin) = (heading.cos(), heading.sin());
    let reach = length + 2.0;
    let rows = (y - reach).max(0.0) as usize..((y + reach).max(0.0) as usize).min(mask.height);
    for row in rows {
        let columns = (x - reach).max(0.0) as usize..((x + reach).max(0.0) as usize).min(mask.width);
        for column in columns {
            let (dx, dy) = (column as f32 - x, row as f32 - y);
            let (along, across) = ((dx * cos + dy * sin) / length, (dy * cos - dx * sin) / width);
            if (0.0..1.0).contains(&along) {
                let half = (along * std::f32::consts::PI).sin().powf(0.8);
                let much = 1.0 - step(half - 0.12, half + 0.02, across.abs());
                let value = &mut mask.values[row * mask.width + column];
                *value = value.max(much);
            }
        }
    }
}

fn concrete(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, high: f32) {
    let tone = rgb(chance.of(&[0xB9B8B4, 0xA8ADB0, 0xC4BFB6, 0x8F9294]));
    let (seed, side, middle, horizon) = (chance.seed(), set.side, set.middle, set.horizon);
    let joint = chance.between(0.28, 0.4);
    set.shadow.0 *= 1.1;
    canvas.fill(|x, y| {
        let wall = y < horizon;
        let depth = ((y - horizon) / (high - horizon)).max(0.0);
        let (u, v) = if wall { (x, y) } else { ((x - middle) / (0.55 + 0.7 * depth), 1.4 / (0.4 + depth)) };
        let cloud = layers(u * 2.6, v * 2.6, seed, 5);
        let pores = noise(u * 90.0, v * 90.0, seed ^ 77);
        let pore = 1.0 - 0.22 * step(0.86, 0.94, pores) * step(0.5, 0.7, cloud);
        let mut lit = (0.78 + 0.30 * cloud) * pore;
        if wall {
            lit *= 1.04 - 0.5 * ((x - middle - side * 0.3).powi(2) + (y + 0.1).powi(2)).sqrt().min(1.2) * 0.6;
            lit *= 1.0
                - 0.30
                    * (1.0
                        - step(0.001, 0.005, ((y / joint).fract() * joint).min((1.0 - (y / joint).fract()) * joint)));
            // The holes that the ties of the form left.
            let hole = ((u / joint).fract() - 0.5).hypot((v / joint).fract() - 0.5) * joint;
            lit *= 1.0 - 0.5 * (1.0 - step(0.009, 0.012, hole));
            lit *= 1.0 - 0.2 * (1.0 - step(0.0, 0.05, horizon - y));
        } else {
            lit *= 0.92 + 0.16 * depth;
        }
        scale(tone, lit * 1.05)
    });
}

fn sunset(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, (wide, high): (f32, f32)) {
    let (deep, bright) =
        chance.of(&[(0xC96A4A, 0xFFC98F), (0xB5577A, 0xFFB7A0), (0xC98A3C, 0xFFE0A0), (0x8A5AA8, 0xFFB6B0)]);
    let (deep, bright) = (rgb(deep), rgb(bright));
    let (side, horizon, seed) = (set.side, set.horizon, chance.seed());
    let sun = (wide / 2.0 + side * wide * chance.between(0.05, 0.16), horizon * chance.between(0.40, 0.52));
    let round = chance.between(0.24, 0.31);
    set.shadow = (set.shadow.0 * 1.3, set.shadow.1 * 0.7);
    set.tint = times(set.tint, [1.04, 0.99, 0.94]);
    canvas.fill(|x, y| {
        let rough = 0.98 + 0.035 * layers(x * 8.0, y * 8.0, seed, 4);
        let height = (y / horizon).clamp(0.0, 1.0);
        let off = (x - sun.0).hypot(y - sun.1);
        let glow = (-(off / 0.62).powi(2) * 1.6).exp();
        let sky = blend(scale(deep, 0.80), bright, 0.22 + 0.34 * height + 0.34 * glow);
        if y < horizon {
            let disc = 1.0 - step(round - 0.004, round + 0.004, off);
            return scale(blend(sky, blend(bright, [1.0, 0.93, 0.8], 0.45), disc * 0.82), rough);
        }
        let depth = (y - horizon) / (high - horizon);
        let path = (-((x - sun.0) / (0.30 + 0.35 * depth)).powi(2)).exp();
        scale(blend(scale(deep, 0.92), bright, 0.26 + 0.30 * path * (1.0 - 0.4 * depth)), rough * (0.86 + 0.10 * depth))
    });
}

fn night(canvas: &mut Canvas, set: &mut Set, chance: &mut Chance, (wide, high): (f32, f32)) {
    let (dark, glow) =
        chance.of(&[(0x101724, 0x3F6AA8), (0x1A1216, 0xA8503F), (0x0F1A17, 0x2F8F76), (0x181428, 0x7A55C0)]);
    let (dark, glow) = (rgb(dark), rgb(glow));
    let (horizon, middle) = (set.horizon, set.middle);
    let lights: Vec<(f32, f32, f32, f32)> = (0..26)
        .map(|_| {
            (
                chance.between(-0.05, 1.05) * wide,
                chance.between(0.04, 0.92) * horizon,
                chance.between(0.012, 0.05),
                chance.between(0.06, 0.34),
            )
        })
        .collect();
    set.mirror = 0.30;
    set.shadow = (0.55, 1.2);
    canvas.fill(|x, y| {
        let halo = (-((x - middle).powi(2) * 3.2 + (y - horizon * 0.72).powi(2) * 5.5)).exp();
        if y < horizon {
            let mut colour = blend(scale(dark, 0.85), glow, 0.62 * halo);
            for (lx, ly, radius, much) in &lights {
                let off = (x - lx).hypot(y - ly);
                if off < radius * 1.2 {
                    let disc =
                        (1.0 - step(radius * 0.93, radius * 1.05, off)) * (0.72 + 0.28 * step(0.6, 1.0, off / radius));
                    colour = blend(colour, blend(glow, [1.0, 0.86, 0.66], 0.65), disc * much);
                }
            }
            return colour;
        }
        let depth = (y - horizon) / (high - horizon);
        let shine = (-((x - middle) / 0.42).powi(2)).exp() * (1.0 - depth).powf(0.7);
        blend(scale(dark, 1.15), glow, 0.50 * shine)
    });
}

/// Puts the product where it stands: shadow, mirror image, then itself.
fn place(canvas: &mut Canvas, cut: &Cut, set: &Set, unit: f32) {
    let (own_wide, own_high) = (cut.width as f32, cut.height as f32);
    let border = if cut.is_cut { 0.0 } else { 0.05 };
    let by = (set.room.0 / own_wide).min(set.room.1 / own_high) * unit;
    let (wide, high) = (own_wide * by, own_high * by);
    let (left, bottom) = (set.middle * unit - wide / 2.0, set.base * unit);
    let top = bottom - high;
    let look = |x: f32, y: f32| sample(cut, (x - left) / by, (y - top) / by, 1.0 / by, border);
    cast(canvas, set, unit, (wide, high, bottom), |x, y| look(x, y).1);
    if set.mirror > 0.0 {
        let reach = (high * 0.55).min(canvas.height as f32 - bottom);
        for row in bottom as usize..((bottom + reach) as usize).min(canvas.height) {
            let down = row as f32 + 0.5 - bottom;
            let fade = set.mirror * (1.0 - down / reach).max(0.0).powf(1.4);
            each(canvas, row, (left, wide), |x, pixel| {
                let (colour, much) = look(x, bottom - down);
                *pixel = blend(*pixel, colour, much * fade);
            });
        }
    }
    for row in top.max(0.0) as usize..((bottom + 1.0) as usize).min(canvas.height) {
        let y = row as f32 + 0.5;
        let standing = ((bottom - y) / high).clamp(0.0, 1.0);
        each(canvas, row, (left, wide), |x, pixel| {
            let (colour, much) = look(x, y);
            let turn = ((x - left) / wide - 0.5) * 2.0 * set.side;
            // Lit from one side, a little darker where it meets the ground.
            let lit = 1.0 + 0.07 * turn - 0.10 * (1.0 - step(0.0, 0.12, standing));
            *pixel = blend(*pixel, scale(colour, lit), much);
        });
    }
}

/// The product's shadow: soft and long on the ground, dark and thin where it stands.
fn cast(
    canvas: &mut Canvas,
    set: &Set,
    unit: f32,
    (wide, high, bottom): (f32, f32, f32),
    there: impl Fn(f32, f32) -> f32,
) {
    let (left, right) = (set.middle * unit - wide / 2.0, set.middle * unit + wide / 2.0);
    let (squash, lean) = (0.26, 0.95 * -set.side);
    let mut long = Mask::new(canvas.width, canvas.height);
    let mut foot = Mask::new(canvas.width, canvas.height);
    let first = (bottom - high * squash).max(set.horizon * unit).max(0.0) as usize;
    for row in first..(bottom as usize + 1).min(canvas.height) {
        let behind = bottom - row as f32;
        for column in 0..canvas.width {
            let x = column as f32 + 0.5 - lean * behind;
            if x >= left && x <= right {
                long.values[row * canvas.width + column] =
                    there(x, bottom - behind / squash - 1.0) * (1.0 - 0.55 * behind / (high * squash));
            }
        }
    }
    // What touches the ground: the lowest part of the product, pressed flat.
    let thick = (unit * 0.016).max(2.0);
    for row in (bottom - thick).max(0.0) as usize..((bottom + thick) as usize).min(canvas.height) {
        let off = ((row as f32 - bottom) / thick).abs();
        for column in left.max(0.0) as usize..(right.max(0.0) as usize).min(canvas.width) {
            let x = column as f32 + 0.5;
            let low = (1..6).map(|rise| there(x, bottom - high * 0.012 * rise as f32)).fold(0.0, f32::max);
            foot.values[row * canvas.width + column] = low * (1.0 - off * off).max(0.0);
        }
    }
    let soft = unit * 0.013 * set.shadow.1;
    long.blur(soft, soft * 0.6);
    foot.blur(unit * 0.006, unit * 0.003);
    let mut wide_foot = foot.clone();
    wide_foot.blur(unit * 0.028, unit * 0.010);
    canvas.darken(&long, [1.0 - set.shadow.0, 1.0 - set.shadow.0 * 0.98, 1.0 - set.shadow.0 * 0.94]);
    canvas.darken(&wide_foot, [0.35; 3]);
    canvas.darken(&foot, [0.22; 3]);
}

fn each(canvas: &mut Canvas, row: usize, (left, wide): (f32, f32), mut change: impl FnMut(f32, &mut Rgb)) {
    let columns = left.max(0.0) as usize..((left + wide + 1.0).max(0.0) as usize).min(canvas.width);
    for column in columns {
        change(column as f32 + 0.5, &mut canvas.pixels[row * canvas.width + column]);
    }
}

/// The product's colour around a place of its own picture, `over` pixels wide, and how much of it is there. What could not be cut
/// out has a white border, as a print has.
fn sample(cut: &Cut, x: f32, y: f32, over: f32, border: f32) -> (Rgb, f32) {
    let (wide, high) = (cut.width as f32, cut.height as f32);
    if x < 0.0 || y < 0.0 || x >= wide || y >= high {
        return ([0.0; 3], 0.0);
    }
    let rim = border * wide.min(high);
    if rim > 0.0 && (x < rim || y < rim || x > wide - rim || y > high - rim) {
        return ([0.93; 3], 1.0);
    }
    let half = (over / 2.0).max(0.5);
    let range = |at: f32, most: usize| ((at - half).max(0.0) as usize, ((at + half).ceil() as usize).clamp(1, most));
    let ((x0, x1), (y0, y1)) = (range(x, cut.width), range(y, cut.height));
    let (mut colour, mut much, mut total) = ([0.0; 3], 0.0, 0.0);
    for py in y0..y1 {
        for px in x0..x1 {
            let weight = overlap(px as f32, x, half) * overlap(py as f32, y, half);
            let (own, there) = cut.pixels[py * cut.width + px];
            for (sum, channel) in colour.iter_mut().zip(own) {
                *sum += channel * there * weight;
            }
            much += there * weight;
            total += weight;
        }
    }
    if much <= 0.0 { ([0.0; 3], 0.0) } else { (colour.map(|channel| channel / much), much / total) }
}

/// How much of a pixel that begins at `from` lies within `half` of a place.
fn overlap(from: f32, at: f32, half: f32) -> f32 {
    ((from + 1.0).min(at + half) - from.max(at - half)).max(0.0)
}
