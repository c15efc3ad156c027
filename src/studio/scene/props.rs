//! Props of a scene: leaves, light through windows, stones and balls, and blurred foreground.

use super::{
    super::{
        canvas::{Canvas, Mask, Point, Rgb, scale, step},
        chance::Chance,
    },
    set::SceneLayout,
};

/// The shape through which light falls on a wall.
#[derive(Clone, Copy)]
pub(super) enum Gobo {
    None,
    /// A window with bars.
    Panes {
        left: f32,
        top: f32,
    },
    /// The slats of a blind.
    Blinds {
        left: f32,
        top: f32,
        pitch: f32,
    },
    /// A slanted shaft of light.
    Shaft {
        left: f32,
        wide: f32,
        lean: f32,
    },
}

impl Gobo {
    /// 0 is shade, 1 is sun.
    pub(super) fn sun(self, x: f32, y: f32, side: f32, soft: f32) -> f32 {
        match self {
            Self::None => 0.0,
            Self::Panes { left, top } => {
                let (across, down) =
                    ((x - left - (y - top) * 0.34 * -side) / 0.40, (y - top + (x - left) * 0.10 * side) / 0.56);
                let bar = |at: f32, value: f32| step(0.012, 0.012 + soft * 0.8, (value - at).abs());
                let up = 1.0 - 0.35 * down.clamp(0.0, 1.0);
                within(across, -0.5, 0.5, soft)
                    * within(down, 0.0, 1.0, soft)
                    * bar(0.0, across)
                    * bar(0.33, down)
                    * bar(0.67, down)
                    * up
            }
            Self::Blinds { left, top, pitch } => {
                let (across, down) = ((x - left - (y - top) * 0.30 * -side) / 0.62, y - top + (x - left) * 0.16 * side);
                let slat = ((down / pitch).rem_euclid(1.0) - 0.5).abs() * 2.0;
                let open = 1.0 - step(0.52 - soft * 2.0, 0.52 + soft * 2.0, slat);
                within(across, -0.5, 0.5, soft * 1.6) * within(down / (pitch * 9.0), 0.0, 1.0, soft) * open
            }
            Self::Shaft { left, wide, lean } => {
                let across = (x - left - y * lean * -side) / wide;
                within(across, -0.5, 0.5, soft * 2.4) * (1.0 - 0.25 * y.clamp(0.0, 1.0))
            }
        }
    }

    /// Picks one, positioned behind the products.
    pub(super) fn any(set: &SceneLayout, chance: &mut Chance) -> Self {
        let left = set.middle + set.side * chance.sway(-0.02, 0.16);
        let top = if set.top { set.base - 0.40 } else { (set.base - set.room.1 * chance.sway(1.0, 1.2)).max(0.02) };
        match chance.of(&[0, 1, 2]) {
            0 => Self::Panes { left, top },
            1 => Self::Blinds { left, top, pitch: chance.sway(0.075, 0.10).clamp(0.05, 0.13) },
            _ => Self::Shaft {
                left: left + set.side * top * 0.5,
                wide: chance.sway(0.34, 0.5).max(0.2),
                lean: chance.sway(0.45, 0.65),
            },
        }
    }
}

fn within(value: f32, from: f32, to: f32, soft: f32) -> f32 {
    step(from - soft, from + soft, value) * (1.0 - step(to - soft, to + soft, value))
}

/// Draws a leaf, pointed at both ends, from its base. All in pixels of the mask.
pub(super) fn leaf(mask: &mut Mask, base: Point, heading: f32, length: f32, width: f32) {
    let Point { x, y } = base;
    let (sin, cos) = heading.sin_cos();
    // Its bounding box, not the circle around it.
    let (end_x, end_y) = (x + cos * length, y + sin * length);
    let rows = ((y.min(end_y) - width - 1.0).max(0.0) as usize)
        ..((y.max(end_y) + width + 2.0).max(0.0) as usize).min(mask.height);
    let columns = ((x.min(end_x) - width - 1.0).max(0.0) as usize)
        ..((x.max(end_x) + width + 2.0).max(0.0) as usize).min(mask.width);
    for row in rows {
        for column in columns.clone() {
            let (dx, dy) = (column as f32 + 0.5 - x, row as f32 + 0.5 - y);
            let (along, across) = ((dx * cos + dy * sin) / length, (dy * cos - dx * sin) / width);
            if (0.0..1.0).contains(&along) && across.abs() < 1.0 {
                // Widest before its middle.
                let half = (along.powf(0.8) * std::f32::consts::PI).sin().max(0.0).powf(0.9);
                let much = 1.0 - step(half - 0.16, half + 0.02, across.abs());
                let value = &mut mask.values[row * mask.width + column];
                *value = value.max(much);
            }
        }
    }
}

/// Draws a twig with leaves on both sides, from a root in a direction; in units, onto a mask with `unit` pixels per
/// unit.
pub(super) fn twig(mask: &mut Mask, root: Point, heading: f32, size: f32, unit: f32, chance: &mut Chance) {
    let (Point { mut x, mut y }, mut heading) = (root, heading);
    let bend = chance.between(-0.09, 0.09);
    let slim = chance.between(0.15, 0.24);
    for place in 0..11 {
        let at = Point::new(x, y).in_pixels(unit);
        let length = size * (1.0 - place as f32 * 0.05) * chance.between(0.8, 1.2);
        for turn in [-1.0_f32, 1.0] {
            let heading = heading + turn * chance.between(0.5, 0.9);
            leaf(mask, at, heading, length * unit, length * unit * slim);
        }
        // The stem, as a thin leaf.
        leaf(mask, at, heading, size * 0.5 * unit, size * 0.03 * unit);
        (x, y) = (x + heading.cos() * size * 0.42, y + heading.sin() * size * 0.42);
        heading += bend;
    }
    leaf(mask, Point::new(x, y).in_pixels(unit), heading, size * 0.7 * unit, size * 0.7 * slim * unit);
}

/// A blurred foreground layer.
pub(super) struct Layer {
    by: usize,
    mask: Mask,
    /// The colour at the top, which turns into the one at the bottom.
    top: Rgb,
    bottom: Rgb,
}

impl Layer {
    /// Leaves from the lower or upper corner opposite the light.
    pub(super) fn leaves(canvas: &Canvas, set: &SceneLayout, top: Rgb, bottom: Rgb, chance: &mut Chance) -> Self {
        let by = (set.unit as usize / 200).max(1);
        let mut mask = Mask::new(canvas.width.div_ceil(by), canvas.height.div_ceil(by));
        let unit = set.unit / by as f32;
        let low = chance.of(&[true, false]);
        for place in 0..4 {
            let x = if set.side > 0.0 { -0.05 } else { set.wide + 0.05 } + set.side * chance.between(0.0, 0.12);
            let y = if low { set.high + 0.06 - chance.between(0.0, 0.2) } else { chance.between(-0.12, 0.06) };
            let up = if low { -1.0 } else { 1.0 };
            let away = (0.35 + 0.25 * place as f32) * up;
            let heading = if set.side > 0.0 { away } else { std::f32::consts::PI - away };
            let size = chance.between(0.17, 0.30);
            let base = Point::new(x, y).in_pixels(unit);
            leaf(&mut mask, base, heading, size * 1.25 * unit, size * 0.24 * unit);
        }
        mask.blur_open((0.017 * unit).max(1.0), (0.017 * unit).max(1.0));
        Self { by, mask, top, bottom }
    }

    pub(super) fn lay(&self, canvas: &mut Canvas) {
        let (by, high) = (self.by as f32, canvas.height as f32);
        for (y, row) in canvas.pixels.chunks_exact_mut(canvas.width).enumerate() {
            let down = y as f32 / high;
            let colour: Rgb = std::array::from_fn(|part| self.top[part] * (1.0 - down) + self.bottom[part] * down);
            for (x, pixel) in row.iter_mut().enumerate() {
                let much = self.mask.at((x as f32 + 0.5) / by, (y as f32 + 0.5) / by) * 0.94;
                if much > 0.002 {
                    (0..3).for_each(|channel| pixel[channel] += (colour[channel] - pixel[channel]) * much);
                }
            }
        }
    }
}

/// A ball or a pebble on the ground, in units.
pub(super) struct Ball {
    /// Its centre.
    pub(super) at: Point,
    /// Its half axes.
    pub(super) wide: f32,
    pub(super) high: f32,
    pub(super) colour: Rgb,
}

/// Draws it, with its shadow beside it.
pub(super) fn ball(canvas: &mut Canvas, set: &SceneLayout, own: &Ball) {
    let &Ball { at: Point { x, y }, wide, high, colour } = own;
    let unit = set.unit;
    let shade = |px: f32, py: f32| {
        // The shadow beside it, away from the light.
        let (dx, dy) = (
            (px - x + set.side * wide * 0.55) / (wide * 1.25),
            (py - y - high * 0.86) / (high * 0.42 * (0.5 + set.flat())),
        );
        let (cx, cy) = ((px - x) / (wide * 0.75), (py - y - high * 0.96) / (high * 0.13));
        let soft = (-(dx * dx + dy * dy) * 1.5).exp() * set.sun.dark * 1.2;
        (1.0 - soft) * (1.0 - 0.5 * (-(cx * cx + cy * cy)).exp())
    };
    let rows =
        ((y - high * 2.0) * unit).max(0.0) as usize..(((y + high * 2.4) * unit).max(0.0) as usize).min(canvas.height);
    let columns =
        ((x - wide * 3.4) * unit).max(0.0) as usize..(((x + wide * 3.4) * unit).max(0.0) as usize).min(canvas.width);
    for row in rows {
        for column in columns.clone() {
            let (px, py) = ((column as f32 + 0.5) / unit, (row as f32 + 0.5) / unit);
            let pixel = &mut canvas.pixels[row * canvas.width + column];
            *pixel = scale(*pixel, shade(px, py));
            let (nx, ny) = ((px - x) / wide, (py - y) / high);
            let off = nx * nx + ny * ny;
            let much = 1.0 - step(1.0 - 3.0 / (wide * unit), 1.0 + 1.0 / (wide * unit), off);
            if much > 0.0 {
                let nz = (1.0 - off).max(0.0).sqrt();
                let light = (nx * set.side * 0.55 - ny * 0.62 + nz * 0.56).max(0.0);
                // Light reflected from the ground.
                let bounce = (ny * 0.5 + 0.5) * 0.16;
                let lit = scale(colour, 0.34 + 0.66 * light + bounce * (1.0 - light));
                (0..3).for_each(|channel| pixel[channel] += (lit[channel] - pixel[channel]) * much);
            }
        }
    }
}
