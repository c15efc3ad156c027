//! Stone: a polished, reflecting slab of marble, and bare concrete.

use super::{
    super::{
        canvas::{Canvas, Rgb, blend, rgb, scale, step},
        chance::{Chance, dots, layers, noise},
    },
    lean::Lean,
    lit,
    props::{Gobo, Layer},
    set::SceneLayout,
};

pub(super) fn marble(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let (stone, vein, wall) = chance.pick(&[
        (0xF1EFEB, 0x8C8A88, 0xCFD3D2),
        (0x2A2E30, 0xCFC6B4, 0x6A7375),
        (0xEADBCF, 0xA97C62, 0xE2D0C3),
        (0x3E5E52, 0xD8E4DC, 0xB9C8C0),
        (0xE6E4E0, 0xB08A50, 0xA9AFAE),
    ]);
    let (stone, vein) = (lean.to(rgb(stone), 1, 0.3), lean.to(rgb(vein), 2, 0.25));
    let wall = lean.to(rgb(wall), 0, 0.85);
    let seed = chance.seed();
    let dark = stone[1] < 0.2;
    set.mirror = (if dark { 0.30 } else { 0.24 }, 0.012);
    set.sun.dark *= 0.85;
    let gobo = if chance.now_and_then(0.5) { Gobo::any(set, chance) } else { Gobo::None };
    let (sin, cos) = chance.sway(0.3, 1.1).sin_cos();
    let vanish = set.vanish();
    canvas.fill(|x, y| {
        let pool = set.pool(x, y, 0.70);
        let ground = set.is_ground(y);
        let sun = gobo.sun(x, y, set.side, 0.05);
        let back = scale(wall, (0.60 + 0.40 * pool) * set.crease(y, 0.18) * (1.0 + 0.25 * sun));
        if ground <= 0.0 {
            return lit(back, &set.sun, 0.35 + 0.4 * pool);
        }
        let (u, v) = set.ground(x, y);
        let slab = veined(u * cos + v * sin, v * cos - u * sin, seed, stone, vein);
        // Polished: the flatter the viewing angle, the more of the wall it reflects.
        let look = if set.top { 0.0 } else { ((y - vanish) / set.eye).clamp(0.0, 1.5) };
        let shine = 0.05 + 0.30 * (1.0 - look).max(0.0);
        let glare = if set.top { 0.10 * pool } else { 0.0 };
        let top = scale(slab, 0.84 + 0.14 * pool);
        let slab = blend(top, scale(wall, 0.75 + 0.35 * pool), shine + glare);
        let edge = if set.top { 1.0 } else { 1.0 - 0.25 * (1.0 - step(0.0, 0.008, y - set.seam)) };
        blend(
            lit(back, &set.sun, 0.4),
            lit(scale(slab, edge * (1.0 + 0.12 * sun)), &set.sun, 0.45 + 0.3 * pool),
            ground,
        )
    });
    Vec::new()
}

/// Clouded stone with veins that wander, split and fade.
fn veined(u: f32, v: f32, seed: u32, stone: Rgb, vein: Rgb) -> Rgb {
    let cloud = layers(u * 1.5, v * 1.5, seed, 4);
    let warp = (layers(u * 1.9 + 7.0, v * 1.9, seed ^ 5, 3) - 0.5, layers(u * 1.9, v * 1.9 + 3.0, seed ^ 9, 3) - 0.5);
    // Contour lines of a warped noise field; each swells and thins along its way.
    let ridge = |scale: f32, salt: u32, thin: f32| {
        let value = layers((u + warp.0 * 0.8) * scale * 0.55, (v + warp.1 * 0.8) * scale, seed ^ salt, 3);
        let off = (value - 0.5).abs();
        let swell = thin * (0.25 + 2.2 * step(0.35, 0.75, noise(u * 3.1 + scale, v * 3.1, seed ^ salt ^ 2)));
        0.8 * (1.0 - step(0.0, swell, off)) + 0.28 * (1.0 - step(0.0, swell * 4.5 + 0.015, off))
    };
    let fade = step(0.34, 0.62, cloud);
    let veins = ridge(1.6, 31, 0.012) * (0.15 + 0.85 * fade) + 0.45 * ridge(3.6, 57, 0.010) * fade;
    blend(scale(stone, 0.90 + 0.16 * cloud), vein, veins.min(1.0) * 0.58)
}

pub(super) fn concrete(canvas: &mut Canvas, set: &mut SceneLayout, lean: &Lean, chance: &mut Chance) -> Vec<Layer> {
    let tone = lean.to(rgb(chance.pick(&[0xB4B3AF, 0xA3A9AC, 0xC0BAB0, 0x86898B, 0xB9ADA2])), 0, 0.45);
    let seed = chance.seed();
    let joint = chance.sway(0.38, 0.50).clamp(0.3, 0.7);
    let shaft = Gobo::Shaft {
        left: set.middle + set.side * chance.sway(0.12, 0.38),
        wide: chance.sway(0.40, 0.62).clamp(0.25, 0.9),
        lean: chance.sway(0.5, 0.8).clamp(0.3, 1.0),
    };
    let sunny = chance.between(0.25, 0.55) * chance.bold.clamp(0.5, 1.3);
    set.sun.dark = (set.sun.dark * 1.15).min(0.75);
    set.sun.soft *= 0.85;
    canvas.fill(|x, y| {
        let ground = set.is_ground(y);
        let pool = set.pool(x, y, 0.8);
        let (u, v) = if ground > 0.5 { set.ground(x, y) } else { (x - set.middle, y - set.seam) };
        let cloud = layers(u * 2.4, v * 2.4, seed, 5);
        let stain = layers(u * 0.9 + 4.0, v * 0.9, seed ^ 3, 2);
        let pores = dots(u * 34.0, v * 34.0, seed ^ 77, 0.16).max(0.7 * dots(u * 90.0, v * 90.0, seed ^ 78, 0.12));
        let mut level = 0.66 + 0.30 * cloud + 0.16 * (stain - 0.5);
        level *= 1.0 - 0.30 * pores * step(0.42, 0.62, cloud);
        level *= 0.985 + 0.03 * noise(u * 210.0, v * 210.0, seed ^ 11);
        let mut sun = 0.0;
        if ground < 0.5 {
            level *= panels(x - set.middle, set.seam - y, joint);
            level *= 0.80 + 0.22 * pool - 0.12 * step(0.0, 0.9, set.seam - y);
            sun = shaft.sun(x, y, set.side, 0.03) * sunny;
        } else {
            level *= 0.92 + 0.14 * pool;
            if set.top {
                sun = shaft.sun(x, y, set.side, 0.03) * sunny * 0.6;
            }
        }
        level *= set.crease(y, 0.34);
        lit(scale(tone, level * (0.94 + 0.55 * sun)), &set.sun, 0.3 + 0.3 * pool + 0.4 * sun)
    });
    Vec::new()
}

/// Joints between formwork boards, and the holes of their ties.
fn panels(x: f32, up: f32, joint: f32) -> f32 {
    let wide = joint * 1.6;
    let line = |value: f32, pitch: f32| {
        let off = (value / pitch).rem_euclid(1.0);
        let off = off.min(1.0 - off) * pitch;
        1.0 - 0.30 * (1.0 - step(0.0008, 0.0035, off)) - 0.05 * (1.0 - step(0.0, 0.02, off))
    };
    let (hx, hy) =
        (((x / wide).rem_euclid(1.0) - 0.5).abs() * wide, ((up / joint).rem_euclid(1.0) - 0.5).abs() * joint);
    let hole = (hx - wide * 0.30).hypot(hy - joint * 0.28);
    line(up, joint) * line(x + wide * 0.5, wide) * (1.0 - 0.55 * (1.0 - step(0.006, 0.0095, hole)))
}
