//! Scenes made of light: the seamless backdrop, the evening sun of a lamp, the night.

use super::{
    super::{
        canvas::{Canvas, Point, Rgb, blend, rgb, scale, step},
        chance::{Chance, layers, noise},
    },
    lean::Lean,
    lit,
    props::{Gobo, Layer},
    set::SceneLayout,
};

/// Paper that curves from the wall onto the ground.
pub(super) fn studio(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let paper = chance.pick(&[
        0xEFEBE5, 0xE3E6E8, 0xEBDDCF, 0xD9DED3, 0xE8D5D0, 0xCFD9E0, 0xDCCFBF, 0xC2CCBE, 0xD8B9A6, 0xB9C6D1, 0x9AA79B,
        0x8C97A6,
    ]);
    let paper = lean.to(rgb(paper), 0, 0.85);
    let gobo = if chance.now_and_then(0.42) { Gobo::any(set, chance) } else { Gobo::None };
    let (sharp, seed) = (chance.sway(0.035, 0.07).clamp(0.02, 0.1), chance.seed());
    set.mirror = (0.07, 0.05);
    let (seam, bend) = (set.seam, if set.top { 0.2 } else { (set.base - set.seam) * 0.9 });
    canvas.fill(|x, y| {
        let pool = set.pool(x, y, 0.72);
        let floor = if set.top { 1.0 } else { step(seam - bend, seam + bend * 0.8, y) };
        // In the curve the paper faces away from the light.
        let roll = if set.top { 0.0 } else { floor * (1.0 - floor) * 0.30 };
        let near = if set.top { 0.0 } else { (y - set.base).max(0.0) * 0.22 };
        let fibre = 0.994 + 0.012 * noise(x * 150.0, y * 150.0, seed);
        let sun = gobo.sun(x, y, set.side, sharp) * (1.0 - 0.75 * floor);
        let level = 0.66 + 0.30 * pool + 0.10 * floor - roll - near;
        let shade = scale(paper, level * fibre * if matches!(gobo, Gobo::None) { 1.0 } else { 0.93 });
        let direct = lit(shade, &set.sun, 0.35 + 0.4 * pool);
        blend(direct, [direct[0] * 1.30, direct[1] * 1.26, direct[2] * 1.17], sun)
    });
    Vec::new()
}

/// A lamp projects a round sun on a plain wall; everything takes its colour.
pub(super) fn sunset(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let (core, body, rim, wall) = chance.pick(&[
        (0xFFE9B8, 0xFFB257, 0xF0603A, 0xB9775A),
        (0xFFE0C4, 0xFF9E70, 0xE2467A, 0xA8647A),
        (0xFFF0BE, 0xFFC24A, 0xE8743A, 0xC08A58),
        (0xFFD9C8, 0xF79AA0, 0xB04AA0, 0x8A6A9C),
    ]);
    let (core, body) = (rgb(core), lean.to(rgb(body), 0, 0.6));
    let (rim, wall) = (lean.to(rgb(rim), 0, 0.75), lean.to(rgb(wall), 1, 0.6));
    let seed = chance.seed();
    let round = chance.sway(0.33, 0.40).clamp(0.28, 0.46) * (set.room.0.max(set.room.1) / 0.64).clamp(0.9, 1.5);
    let sun = (
        set.middle + set.side * chance.sway(0.02, 0.12),
        if set.top { set.base } else { set.base - set.room.1 * chance.sway(0.52, 0.68) },
    );
    set.sun.aside *= 0.8;
    set.sun.dark = (set.sun.dark * 1.25).min(0.75);
    set.sun.soft *= 0.7;
    set.sun.flank += 0.05;
    set.sun.on_product = [1.04, 0.955, 0.87];
    canvas.fill(|x, y| {
        let rough = 0.985 + 0.03 * layers(x * 9.0, y * 9.0, seed, 3);
        // On the ground the round sun is stretched towards the eye.
        let down = if set.top || y < set.seam { y } else { set.seam + (y - set.seam) * 0.62 };
        let off = (x - sun.0).hypot(down - sun.1) / round;
        let ground = set.is_ground(y);
        let far = (-(off - 1.0).max(0.0) * 1.5).exp();
        let wide = (-(off * off) * 0.16).exp();
        let dark = scale(wall, 0.30 + 0.22 * wide);
        let halo = blend(dark, scale(rim, 0.80), 0.62 * far * far);
        let inner = blend(blend(core, body, step(0.15, 0.72, off)), rim, step(0.68, 1.0, off));
        let disc = 1.0 - step(0.955, 1.035, off);
        let colour = blend(halo, scale(inner, 1.02), disc * (1.0 - 0.25 * ground));
        scale(colour, rough * set.crease(y, 0.22) * (1.0 - 0.12 * ground))
    });
    Vec::new()
}

/// A dark glossy ground, a glow behind, and distant lights that the ground reflects.
pub(super) fn night(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let (dark, glow, spark) = chance.pick(&[
        (0x0D1522, 0x3F6FB8, 0xFFD9A0),
        (0x170F14, 0xB0503C, 0xFFC98A),
        (0x0B1714, 0x2C957A, 0xE8F0C0),
        (0x140F24, 0x7C54C8, 0xFFB4C8),
    ]);
    let (dark, glow, spark) = (rgb(dark), lean.to(rgb(glow), 0, 0.75), lean.to(rgb(spark), 1, 0.35));
    set.mirror = (0.34, 0.03);
    set.sun.dark = 0.55;
    set.sun.flank += 0.10;
    set.sun.on_product = blend([0.86, 0.86, 0.88], brightest(glow), 0.16);
    let behind = if set.top { set.base } else { set.base - set.room.1 * 0.55 };
    let seed = chance.seed();
    canvas.fill(|x, y| {
        let (dx, dy) = (x - set.middle, y - behind);
        let halo = (-(dx * dx * 4.2 + dy * dy * 4.6)).exp();
        let wide = (-(dx * dx + dy * dy) * 1.1).exp();
        if set.top || y > set.seam {
            let depth = if set.top { 0.0 } else { (y - set.seam) / (set.high - set.seam) };
            let shine = (-(dx / 0.44).powi(2)).exp() * (1.0 - depth).max(0.0);
            let slate = 0.9 + 0.22 * layers(x * 6.0, y * 6.0, seed, 4);
            let glowing = if set.top { 0.50 * (-(off_pool(set, x, y)) * 1.5).exp() } else { 0.40 * shine };
            return blend(scale(dark, 1.2 * slate), glow, 0.72 * glowing + 0.03 * wide);
        }
        scale(blend(scale(dark, 0.8), glow, 0.27 * halo + 0.05 * wide), set.crease(y, 0.5))
    });
    if !set.top {
        for place in 0..34 {
            // Most of them low, like those of a town; the few large ones are close and faint.
            let large = place % 6 == 0;
            let up = chance.between(0.0, 1.0).powf(1.8) * set.seam.min(0.95) + 0.02;
            let at = Point::new(chance.between(-0.03, 1.03) * set.wide, set.seam - up);
            let round = if large { chance.between(0.050, 0.085) } else { chance.between(0.010, 0.034) };
            let much = if large { chance.between(0.05, 0.13) } else { chance.between(0.14, 0.62) };
            let colour = blend(glow, spark, chance.between(0.1, 1.0));
            bokeh(canvas, set, &DistantLight { at, round, colour, much });
        }
    }
    Vec::new()
}

/// From above: the distance of a point from a low lamp at the side, whose light makes a long pool on the slate.
fn off_pool(set: &SceneLayout, x: f32, y: f32) -> f32 {
    let (dx, dy) = ((x - set.middle) * set.side, y - set.base);
    let (along, across) = (dx * 0.86 - dy * 0.5, dx * 0.5 + dy * 0.86);
    ((along - 0.30) / 0.75).powi(2) + (across / 0.34).powi(2)
}

/// Returns a colour at the highest brightness of its tint.
fn brightest(colour: Rgb) -> Rgb {
    scale(colour, 1.0 / colour.iter().fold(0.05_f32, |most, channel| most.max(*channel)))
}

/// A light out of focus.
struct DistantLight {
    at: Point,
    /// The radius of its disc.
    round: f32,
    colour: Rgb,
    /// How bright it is, 0 to 1.
    much: f32,
}

/// Draws a light out of focus: a disc with a brighter rim, and its long reflection below the seam.
fn bokeh(canvas: &mut Canvas, set: &SceneLayout, light: &DistantLight) {
    let &DistantLight { at: Point { x, y }, round, colour, much } = light;
    let unit = set.unit;
    let box_of = |from: f32, to: f32, most: usize| {
        ((from * unit).max(0.0) as usize).min(most)..((to * unit).max(0.0) as usize + 1).min(most)
    };
    for row in box_of(y - round * 1.1, (y + round * 1.1).min(set.seam), canvas.height) {
        for column in box_of(x - round * 1.1, x + round * 1.1, canvas.width) {
            let off = ((column as f32 + 0.5) / unit - x).hypot((row as f32 + 0.5) / unit - y) / round;
            let soft = (1.5 / (round * unit)).max(0.08);
            let disc = (1.0 - step(1.0 - soft, 1.0, off)) * (0.86 + 0.14 * step(0.6, 0.95, off)) * much;
            let pixel = &mut canvas.pixels[row * canvas.width + column];
            (0..3).for_each(|channel| pixel[channel] += colour[channel] * disc * 0.8);
        }
    }
    let mirrored = set.seam + (set.seam - y) * 0.30 + 0.01;
    let long = 0.05 + round * 2.0;
    for row in box_of(set.seam, mirrored + long * 2.0, canvas.height) {
        for column in box_of(x - round * 1.6, x + round * 1.6, canvas.width) {
            let across = ((column as f32 + 0.5) / unit - x) / (round * 0.8);
            let down = ((row as f32 + 0.5) / unit - mirrored) / long;
            let streak = (-(across * across) - down * down * 1.6).exp() * much * 0.11;
            let pixel = &mut canvas.pixels[row * canvas.width + column];
            (0..3).for_each(|channel| pixel[channel] += colour[channel] * streak);
        }
    }
}
