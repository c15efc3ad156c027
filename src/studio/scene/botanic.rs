//! A sunny wall with the shadows of leaves, and a few blurred leaves in the foreground.

use super::{
    super::{
        canvas::{Canvas, Mask, Point, blend, rgb, scale, times},
        chance::{Chance, layers, noise},
    },
    lean::Lean,
    lit,
    props::{Ball, Layer, ball, twig},
    set::SceneLayout,
};

pub(super) fn botanic(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let (wall, floor) = chance.pick(&[
        (0xEFE4D2, 0xDCC9AE),
        (0xDFE5D6, 0xC6CFB8),
        (0xF0D8C8, 0xDEBBA6),
        (0xD6E2E0, 0xB9CCC8),
        (0xCBD6BF, 0xAFBE9F),
    ]);
    let (wall, floor) = (lean.to(rgb(wall), 0, 0.85), lean.to(rgb(floor), 1, 0.75));
    let green = lean.to(rgb(0x4C6B3F), 2, 0.25);
    let seed = chance.seed();
    set.sun.dark = (set.sun.dark * 1.2).min(0.7);
    set.sun.soft *= 0.7;
    let (by, shade) = shade(canvas, set, chance);
    canvas.fill(|x, y| {
        let ground = set.is_ground(y);
        let pool = set.pool(x, y, 0.85);
        let leaves = shade.at(x * set.unit / by as f32, y * set.unit / by as f32).min(1.0);
        let plaster = 0.95 + 0.06 * layers(x * 7.0, y * 7.0, seed, 4) + 0.025 * noise(x * 120.0, y * 120.0, seed ^ 4);
        let level = plaster * (0.80 + 0.20 * pool) * set.crease(y, 0.13);
        let sunny = scale(blend(wall, scale(floor, 1.04), ground), level);
        // In the shade of leaves only skylight is left, slightly green.
        let dim = times(sunny, [0.50, 0.55, 0.56]);
        lit(blend(scale(sunny, 1.04), dim, leaves * 0.78), &set.sun, 0.55 + 0.3 * pool)
    });
    if !set.top && chance.now_and_then(0.6) {
        stones(canvas, set, chance);
    }
    if chance.now_and_then(0.75) {
        let dark = scale(green, 0.55);
        return vec![Layer::leaves(canvas, set, green, dark, chance)];
    }
    Vec::new()
}

/// Twigs that hang in from the light's side; those far from the wall are blurred more.
fn shade(canvas: &Canvas, set: &SceneLayout, chance: &mut Chance) -> (usize, Mask) {
    let by = (set.unit as usize / 340).max(1);
    let new = || Mask::new(canvas.width.div_ceil(by), canvas.height.div_ceil(by));
    let (mut near, mut far) = (new(), new());
    let unit = set.unit / by as f32;
    let size = chance.sway(0.095, 0.14).clamp(0.08, 0.2);
    let top = if set.top { set.base - 0.5 } else { (set.base - 0.83).max(0.0) };
    for place in 0..7 {
        let root = Point::new(set.middle + set.side * chance.between(0.12, 0.62), top + chance.between(-0.18, 0.62));
        let down = chance.between(-0.55, 0.75);
        let heading = if set.side > 0.0 { std::f32::consts::PI - down } else { down };
        let mask = if place % 3 == 2 { &mut far } else { &mut near };
        twig(mask, root, heading, size * chance.between(0.8, 1.25), unit, chance);
    }
    near.blur_open((0.006 * unit).max(1.0), (0.006 * unit).max(1.0));
    far.blur_open((0.016 * unit).max(1.0), (0.016 * unit).max(1.0));
    for (near, far) in near.values.iter_mut().zip(&far.values) {
        *near = near.max(far * 0.8);
    }
    (by, near)
}

/// Two or three river stones beside the product.
fn stones(canvas: &mut Canvas, set: &SceneLayout, chance: &mut Chance) {
    let side = chance.of(&[-1.0, 1.0]);
    let room = set.room.0.min(0.9) * 0.5;
    for place in 0..chance.of(&[2, 3]) {
        let wide = chance.between(0.040, 0.070) * (1.0 - 0.22 * place as f32);
        let x = set.middle + side * (room + 0.02 + 0.085 * place as f32);
        let y = set.base + (chance.between(0.0, 0.05) + 0.014 * place as f32) * (0.3 + set.flat());
        let colour = rgb(chance.of(&[0xCFC8BC, 0xB5B0A8, 0xDAD2C6]));
        ball(canvas, set, &Ball { at: Point::new(x, y - wide * 0.55), wide, high: wide * 0.60, colour });
    }
}
