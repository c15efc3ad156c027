//! A wooden table in front of a bright, blurred room.

use super::{
    super::{
        canvas::{Canvas, Mask, Point, Rgb, blend, rgb, scale, step, times},
        chance::{Chance, layers, noise, speck},
    },
    lean::Lean,
    lit,
    props::{Gobo, Layer, leaf},
    set::SceneLayout,
};

/// The room behind: bright areas, furniture, plants.
struct Room {
    by: usize,
    bright: Mask,
    things: Mask,
    plants: Mask,
}

pub(super) fn wood(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let (wall, plank) = chance.pick(&[
        (0xE4D8C6, 0xA8744A),
        (0xD0D5CB, 0x8C5E3B),
        (0xE2CDBB, 0xBC8A58),
        (0xC3CDD1, 0x6E4A31),
        (0xEAE2D5, 0xC9A070),
        (0xB7C0AE, 0x9A6B45),
    ]);
    let (wall, plank) = (lean.to(rgb(wall), 0, 0.8), lean.to(rgb(plank), 1, 0.22));
    let seed = chance.seed();
    let along = chance.of(&[true, true, false]);
    let pitch = chance.sway(0.17, 0.23).clamp(0.13, 0.30);
    set.sun.dark = (set.sun.dark * 1.15).min(0.75);
    set.mirror = (0.04, 0.16);
    // The table ends here; the room's wall is far behind it.
    set.wall_behind(chance.sway(0.40, 0.55).clamp(0.3, 0.8));
    let room = room(canvas, set, chance);
    let gobo = if set.top && chance.now_and_then(0.6) { Gobo::any(set, chance) } else { Gobo::None };
    let leaves = lean.to(rgb(0x5D7A52), 2, 0.2);
    canvas.fill(|x, y| {
        let ground = set.is_ground(y);
        let pool = set.pool(x, y, 0.8);
        let mut colour = [0.0; 3];
        if ground < 1.0 {
            let at = |mask: &Mask| mask.at(x * set.unit / room.by as f32, y * set.unit / room.by as f32);
            let bright = at(&room.bright);
            let back = scale(wall, 0.60 + 0.18 * pool + 0.10 * (y / set.seam.max(0.1)).min(1.0));
            let back = blend(back, scale(times(wall, [0.62, 0.52, 0.44]), 0.62), 0.6 * at(&room.things));
            let back = blend(back, scale(leaves, 0.75), 0.72 * at(&room.plants));
            let back = blend(back, times(blend(wall, [1.0; 3], 0.65), set.sun.glow), 0.92 * bright);
            colour = lit(back, &set.sun, 0.45 + 0.3 * bright);
        }
        if ground > 0.0 {
            let (u, v) = set.ground(x, y);
            let (across, length) = if along { (u, v) } else { (v, u) };
            let sun = gobo.sun(x, y, set.side, 0.05);
            let board = boards(across, length, pitch, plank, seed);
            // At a flat viewing angle, varnish reflects the bright room.
            let away =
                if set.top { 0.0 } else { (1.0 - (y - set.seam) / (set.base - set.seam + 0.02)).clamp(0.0, 1.0) };
            let board = blend(board, scale(wall, 0.85), 0.20 * away * away + 0.05);
            let edge = if set.top { 1.0 } else { 1.0 + 0.16 * (1.0 - step(0.0, 0.006, y - set.seam)) };
            let level = (0.80 + 0.22 * pool) * edge * (1.0 + 0.35 * sun);
            colour = blend(colour, lit(scale(board, level), &set.sun, 0.45 + 0.3 * pool + 0.25 * sun), ground);
        }
        colour
    });
    Vec::new()
}

/// Boards side by side: each with its own tone and grain, stretched along it.
fn boards(across: f32, length: f32, pitch: f32, plank: Rgb, seed: u32) -> Rgb {
    let number = (across / pitch).floor();
    let within = across / pitch - number;
    let own = speck(number as i32, 3, seed);
    let shift = own * 37.0;
    let slow = layers(across * 5.0 + shift, length * 0.55 + shift, seed, 3);
    // Cathedral grain: contour lines of a slow noise field.
    let rings = (slow * 15.0).rem_euclid(1.0);
    let rings = step(0.0, 0.72, rings) * (1.0 - step(0.80, 1.0, rings));
    let fibre = layers(across * 95.0 + shift, length * 3.2, seed ^ 21, 3);
    let pore = noise(across * 300.0, length * 9.0 + shift, seed ^ 8);
    let tone = (0.84 + 0.28 * own) * (0.80 + 0.16 * rings + 0.22 * fibre) * (1.0 - 0.16 * step(0.76, 0.95, pore));
    let warm = blend(plank, times(plank, [1.10, 0.94, 0.80]), slow * 1.4 - 0.2);
    let off = within.min(1.0 - within) * pitch;
    let gap = 1.0 - 0.70 * (1.0 - step(0.0006, 0.0042, off)) - 0.07 * (1.0 - step(0.0, 0.014, off));
    scale(warm, tone * gap)
}

/// A window, a shelf with a few things, a plant; blurred until only their light is left.
fn room(canvas: &Canvas, set: &SceneLayout, chance: &mut Chance) -> Room {
    let by = (set.unit as usize / 100).max(1);
    let new = || Mask::new(canvas.width.div_ceil(by), canvas.height.div_ceil(by));
    let (mut bright, mut things, mut plants) = (new(), new(), new());
    let unit = set.unit / by as f32;
    let seam = set.seam;
    // On the light's side.
    let window = set.middle + set.side * chance.sway(0.26, 0.44);
    let (half, high, sill) =
        (chance.sway(0.17, 0.25).max(0.1), chance.sway(0.46, 0.60), seam - chance.sway(0.10, 0.22));
    for pane in [-1.0_f32, 1.0] {
        let x = window + pane * half * 0.54;
        let (from, to) = (x - half * 0.48, x + half * 0.48);
        bar(&mut bright, Point::new(from, sill - high), Point::new(to, sill - high * 0.52), unit);
        bar(&mut bright, Point::new(from, sill - high * 0.47), Point::new(to, sill), unit);
    }
    let shelf = seam - chance.sway(0.30, 0.42);
    let left = set.middle - set.side * chance.sway(0.30, 0.42);
    bar(&mut things, Point::new(left - 0.24, shelf), Point::new(left + 0.24, shelf + 0.022), unit);
    for place in 0..5 {
        let x = left - 0.19 + 0.09 * place as f32 + chance.between(-0.02, 0.02);
        let (wide, tall) = (chance.between(0.014, 0.036), chance.between(0.05, 0.15));
        bar(&mut things, Point::new(x - wide, shelf - tall), Point::new(x + wide, shelf), unit);
    }
    // Something low and wide along the far side: a bench, a sofa.
    let bench = Point::new(left - 0.5, seam - chance.sway(0.06, 0.12));
    bar(&mut things, bench, Point::new(left + 0.32, seam + 0.05), unit);
    let root = Point::new(set.middle - set.side * chance.sway(0.12, 0.5), seam - 0.02).in_pixels(unit);
    for _ in 0..9 {
        let heading = -std::f32::consts::FRAC_PI_2 + chance.between(-0.95, 0.95);
        let long = chance.between(0.14, 0.27);
        leaf(&mut plants, root, heading, long * unit, long * 0.22 * unit);
    }
    let soft = chance.sway(0.018, 0.026).max(0.012) * unit;
    for mask in [&mut bright, &mut things, &mut plants] {
        mask.blur_open(soft.max(1.0), soft.max(1.0));
    }
    Room { by, bright, things, plants }
}

fn bar(mask: &mut Mask, from: Point, to: Point, unit: f32) {
    let range = |from: f32, to: f32, most: usize| {
        ((from * unit).round().max(0.0) as usize).min(most)..((to * unit).round().max(0.0) as usize).min(most)
    };
    for row in range(from.y, to.y, mask.height) {
        let columns = range(from.x, to.x, mask.width);
        mask.values[row * mask.width..][columns].fill(1.0);
    }
}
