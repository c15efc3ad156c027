//! A coloured wall with an arch, a round podium before it, with balls and low discs beside it.

use super::{
    super::{
        canvas::{Canvas, Point, Rgb, blend, rgb, scale, step},
        chance::Chance,
    },
    lean::Lean,
    lit,
    props::{Ball, Gobo, Layer, ball},
    set::SceneLayout,
};

/// The dimensions of the podium: half width, height, position of its top face, and foreshortening.
struct Stand {
    round: f32,
    tall: f32,
    top: f32,
    flat: f32,
    colour: Rgb,
}

/// The colours of a podium's scene.
struct PodiumColours {
    wall: Rgb,
    arch: Rgb,
    stand: Rgb,
}

pub(super) fn podium(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let (wall, arch, stand) = chance.pick(&[
        (0xF0C7B5, 0xDE957A, 0xF8E3D6),
        (0xB9CFC1, 0x86AB96, 0xE2EDE5),
        (0xC6CAE6, 0x9AA2D2, 0xE6E8F6),
        (0xF0DBA2, 0xDDB966, 0xFAF0D4),
        (0xE3BDC6, 0xC98799, 0xF5E2E7),
        (0xB5D1DB, 0x7FAFC0, 0xDFEEF3),
        (0xD9CDBE, 0xB59C80, 0xF2EAE0),
        (0x8E9F8B, 0x66795F, 0xD9E0D2),
    ]);
    let (wall, arch) = (lean.to(rgb(wall), 0, 0.9), lean.to(rgb(arch), 1, 0.9));
    let colours = PodiumColours { wall, arch, stand: lean.to(rgb(stand), 2, 0.7) };
    let many = set.many;
    let round =
        if many { set.wide.min(2.4) * 0.42 } else { chance.sway(0.27, 0.31).clamp(0.24, 0.36).min(set.wide * 0.40) };
    let tall = chance.sway(0.09, 0.13).clamp(0.05, 0.17);
    if set.top {
        return from_above(canvas, set, &colours, chance);
    }
    set.base -= 0.05;
    set.wall_behind(chance.sway(0.55, 0.75).clamp(0.4, 1.2));
    let flat = set.flat();
    let stand = Stand { round, tall, top: set.base - round * flat * 0.30, flat, colour: colours.stand };
    set.room = (
        round * if many { 1.78 } else { 1.62 },
        (stand.top - set.high * 0.5 + 0.5 - 0.13).clamp(0.3, 0.60 * set.high.min(1.5)),
    );
    set.depth = set.depth.min(round * flat * 0.9);
    set.sun.dark *= 0.85;
    let (arch_wide, arch_top) = (
        round.min(0.36) * chance.sway(1.18, 1.36).max(1.1),
        (set.base - set.room.1 * chance.sway(1.0, 1.14)).max(0.04),
    );
    let beside = chance.sway(-0.10, 0.10) * set.side;
    let gobo = if chance.now_and_then(0.35) { Gobo::any(set, chance) } else { Gobo::None };
    canvas.fill(|x, y| {
        let ground = set.is_ground(y);
        let pool = set.pool(x, y, 0.8);
        let sun = gobo.sun(x, y, set.side, 0.04) * (1.0 - ground);
        let mut colour = scale(blend(wall, scale(wall, 1.06), ground), (0.74 + 0.26 * pool) * set.crease(y, 0.16));
        let middle = set.middle + beside;
        if y < set.seam + 0.004 {
            let centre = arch_top + arch_wide;
            let out = if y < centre { (x - middle).hypot(y - centre) } else { (x - middle).abs() } - arch_wide;
            let inside = 1.0 - step(-0.0015, 0.0015, out);
            // A niche: the edge towards the light casts a shadow into it.
            let turned = (x - middle - set.side * 0.02) * set.side / arch_wide;
            let edge = 1.0 - 0.34 * (1.0 - step(0.0, 0.09, -out)) * step(-0.3, 0.7, turned);
            let rim = 0.10 * (1.0 - step(0.0, 0.006, out.abs())) * step(-0.2, 0.8, -turned);
            colour =
                blend(colour, scale(arch, edge * (0.72 + 0.30 * pool) * set.crease(y, 0.2)), inside * (1.0 - ground));
            colour = scale(colour, 1.0 + rim);
        }
        lit(scale(colour, 1.0 + 0.26 * sun), &set.sun, 0.35 + 0.4 * pool + 0.25 * sun)
    });
    company(canvas, set, &stand, &colours, chance);
    paint(canvas, set, &stand);
    set.base = stand.top + round * flat * 0.42;
    Vec::new()
}

/// Balls beside the podium, where there is room.
fn company(canvas: &mut Canvas, set: &SceneLayout, stand: &Stand, colours: &PodiumColours, chance: &mut Chance) {
    let count = chance.of(&[0, 1, 1, 2]);
    for place in 0..count {
        let side = if place == 0 { -set.side } else { set.side };
        let size = chance.between(0.045, 0.085);
        let x = set.middle + side * (stand.round + size + chance.between(0.02, 0.10));
        let y = stand.top + stand.tall + chance.between(-0.3, 0.5) * stand.round * stand.flat - size * 0.8;
        let colour = if place == 0 { colours.arch } else { blend(colours.wall, [0.95; 3], 0.5) };
        let at = Point::new(x, y);
        ball(canvas, set, &Ball { at, wide: size, high: size, colour: scale(colour, 1.02) });
    }
}

fn paint(canvas: &mut Canvas, set: &SceneLayout, stand: &Stand) {
    let (middle, side) = (set.middle, set.side);
    let &Stand { round, tall, top, flat, colour: own } = stand;
    let soft = 1.2 / set.unit;
    canvas.shade(|x, y, mut colour| {
        if y < top - round * flat - 0.05 {
            return colour;
        }
        // Its shadow on the ground, away from the light; darkest at its foot.
        let aside = side * set.sun.aside * tall * 0.8;
        let away = ((x - middle + aside) / (round * 1.12)).powi(2)
            + ((y - top - tall + 0.2 * tall) / (round * flat * 1.12)).powi(2);
        let foot = ((x - middle) / (round * 1.03)).powi(2) + ((y - top - tall - 0.004) / (round * flat * 1.06)).powi(2);
        colour = scale(colour, 1.0 - set.sun.dark * (1.0 - step(0.45, 1.45, away)));
        colour = scale(colour, 1.0 - 0.34 * (1.0 - step(0.85, 1.12, foot)));
        let turn = ((x - middle) / round).clamp(-1.0, 1.0);
        let bow = round * flat * (1.0 - turn * turn).max(0.0).sqrt();
        let across = 1.0 - step(round - soft, round + soft, (x - middle).abs());
        let body = across
            * step(top - soft, top + soft, y)
            * (1.0 - step(top + tall + bow - soft, top + tall + bow + soft, y));
        // Round: brightest slightly off-centre, darker towards its foot.
        let down = ((y - top - bow) / tall).clamp(0.0, 1.0);
        let light = 0.44 + 0.40 * (1.0 - (turn - side * 0.42).powi(2) * 0.8).max(0.0) - 0.10 * down;
        colour = blend(colour, lit(scale(own, light), &set.sun, 0.3), body);
        let (px, py) = ((x - middle) / round, (y - top) / (round * flat));
        let plate = px.hypot(py).max(0.001);
        // The distance to the rim, in units: the face is foreshortened, its rim must not be.
        let rim = (plate - 1.0) * plate / (px / round).hypot(py / (round * flat)).max(0.001);
        let shine = 0.10 * step(-0.007, -0.003, rim) * step(-0.4, 0.5, py);
        let face = lit(scale(own, 0.90 + 0.08 * turn * side + shine), &set.sun, 0.75);
        blend(colour, face, 1.0 - step(-soft, soft, rim))
    });
}

/// From above the podium is a disc on coloured paper, with the arch as another one half under it.
fn from_above(canvas: &mut Canvas, set: &mut SceneLayout, colours: &PodiumColours, chance: &mut Chance) -> Vec<Layer> {
    let &PodiumColours { wall, arch, stand } = colours;
    let round = set.room.0.min(set.room.1) * 0.5 * chance.sway(1.14, 1.26).max(1.05);
    let second =
        (set.middle + set.side * round * chance.sway(0.7, 1.1), set.base - round * chance.sway(0.5, 0.9), round * 0.72);
    let soft = 1.2 / set.unit;
    canvas.fill(|x, y| {
        let pool = set.pool(x, y, 0.85);
        let mut colour = scale(wall, 0.80 + 0.22 * pool);
        for ((cx, cy, round), own, thick) in [(second, arch, 0.012), ((set.middle, set.base, round), stand, 0.028)] {
            let off = (x - cx).hypot(y - cy) / round;
            let away = (x - cx + set.side * thick * 1.6).hypot(y - cy - thick * 1.4) / round;
            colour = scale(colour, 1.0 - 0.42 * (1.0 - step(0.94, 1.0 + thick * 3.2, away)));
            let rim = 0.10 * step(0.97, 0.995, off) * step(-0.6, 0.8, ((x - cx) * set.side - (y - cy)) / round);
            colour = blend(
                colour,
                scale(own, 0.84 + 0.14 * pool + rim),
                1.0 - step(1.0 - soft / round, 1.0 + soft / round, off),
            );
        }
        lit(colour, &set.sun, 0.4 + 0.35 * pool)
    });
    set.room = (set.room.0 * 0.92, set.room.1 * 0.92);
    Vec::new()
}
