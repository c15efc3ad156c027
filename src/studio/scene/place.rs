//! Puts the products where they stand: shadows, mirror images, then themselves in the light of the scene.

use super::{
    super::{
        canvas::{Canvas, Mask, Rgb, scale, step},
        cut::Cut,
    },
    group::Spot,
    set::Set,
    sprite::{Film, Sprite},
};

/// A product in the picture, in pixels.
struct Placed {
    sprite: Sprite,
    left: isize,
    top: isize,
    spot: Spot,
}

pub(super) fn place(canvas: &mut Canvas, cuts: &[Cut], spots: &[Spot], set: &Set) {
    let mut order: Vec<usize> = (0..cuts.len()).collect();
    order.sort_by(|one, other| spots[*one].base.total_cmp(&spots[*other].base).then(one.cmp(other)));
    let placed: Vec<Placed> = order.into_iter().map(|at| put(&cuts[at], spots[at], set)).collect();
    if set.top {
        lying_shadows(canvas, &placed, set);
    } else {
        cast_shadows(canvas, &placed, set);
        contact_shadows(canvas, &placed, set);
        if set.mirror.0 > 0.0 {
            placed.iter().for_each(|placed| mirror(canvas, placed, set));
        }
    }
    for placed in &placed {
        let around = Around::of(canvas, placed);
        show(canvas, placed, set, &around);
    }
}

fn put(cut: &Cut, spot: Spot, set: &Set) -> Placed {
    let size = |units: f32| ((units * set.unit).round() as usize).max(2);
    let sprite = Sprite::new(cut, size(spot.wide), size(spot.high), spot.turn);
    let (wide, high) = (sprite.width as f32, sprite.height as f32);
    let left = (spot.middle * set.unit - wide / 2.0).round() as isize;
    let bottom = if set.top { spot.base * set.unit + high / 2.0 } else { spot.base * set.unit };
    Placed { left, top: bottom.round() as isize - sprite.height as isize, sprite, spot }
}

/// Masks are computed on fewer pixels: what is soft needs no more.
fn coarse(canvas: &Canvas) -> (usize, Mask) {
    let by = (canvas.width.min(canvas.height) / 400).clamp(1, 6);
    (by, Mask::new(canvas.width.div_ceil(by), canvas.height.div_ceil(by)))
}

/// Three masks, from the crisp shadow near a product's foot to the vague one of its head, laid over each other.
struct Penumbra {
    by: usize,
    levels: [Mask; 3],
}

impl Penumbra {
    fn new(canvas: &Canvas) -> Self {
        let (by, mask) = coarse(canvas);
        Self { by, levels: [mask.clone(), mask.clone(), mask] }
    }

    /// `far` is how far the light went since the product: 0 touches, 1 is vague.
    fn add(&mut self, at: usize, much: f32, far: f32) {
        let far = far.clamp(0.0, 1.0) * 2.0;
        let weights = [(1.0 - far).max(0.0), 1.0 - (far - 1.0).abs(), (far - 1.0).max(0.0)];
        for (level, weight) in self.levels.iter_mut().zip(weights) {
            level.values[at] = level.values[at].max(much * weight);
        }
    }

    fn lay(mut self, canvas: &mut Canvas, set: &Set, flat: f32) {
        let unit = set.unit / self.by as f32;
        for (level, wide) in self.levels.iter_mut().zip([0.006, 0.020, 0.048]) {
            let reach = wide * unit * set.sun.soft.max(0.4);
            level.blur(reach, reach * flat);
        }
        let [mut sum, mid, far] = self.levels;
        for ((sum, mid), far) in sum.values.iter_mut().zip(&mid.values).zip(&far.values) {
            *sum = (*sum + mid + far).min(1.0);
        }
        let dark = set.sun.dark;
        canvas.darken_coarse(&sum, self.by, [1.0 - dark, 1.0 - dark * 0.98, 1.0 - dark * 0.93]);
    }
}

/// What the light does not reach behind the products: on the ground, and up the wall.
fn cast_shadows(canvas: &mut Canvas, placed: &[Placed], set: &Set) {
    let mut penumbra = Penumbra::new(canvas);
    let by = penumbra.by;
    let (columns, rows) = (penumbra.levels[0].width, penumbra.levels[0].height);
    let (aside, back) = (set.sun.aside * set.side, set.sun.back.max(0.05));
    let wall = set.wall_far();
    for placed in placed {
        let near = set.near(placed.spot.base);
        let (far, high) = (set.product_far() / near, placed.spot.high / near);
        for row in 0..rows {
            let y = (row as f32 + 0.5) * by as f32 / set.unit;
            // Where the light that misses this row passed the product: how far it went since, and how high it was there.
            let (there, went, up) = if y > set.seam {
                let there = set.far(y);
                (there, (there - far) / back, (there - far) / back)
            } else {
                let went = (wall - far) / back;
                (wall, went, set.eye - (y - set.vanish()) * wall / set.product_far() + went)
            };
            if went < 0.0 || up > high || up < 0.0 {
                continue;
            }
            let spread = there / set.product_far();
            let own_y = placed.sprite.height as f32 - up * near * set.unit;
            let fade = 1.0 - 0.45 * (up / high);
            for column in 0..columns {
                let x = (column as f32 + 0.5) * by as f32 / set.unit;
                let own = (x - set.middle) * spread + aside * went;
                let own_x = (set.middle + own * near) * set.unit - placed.left as f32;
                if own_x > -1.0 && own_x < placed.sprite.width as f32 + 1.0 {
                    let much = placed.sprite.there(own_x, own_y) * fade;
                    if much > 0.0 {
                        penumbra.add(row * columns + column, much, went * 1.5);
                    }
                }
            }
        }
    }
    penumbra.lay(canvas, set, (set.flat() * 1.6).clamp(0.35, 1.0));
}

/// Where a product touches the ground no light gets in: a dark thin line, and a soft pool around it.
fn contact_shadows(canvas: &mut Canvas, placed: &[Placed], set: &Set) {
    let (by, mut tight) = coarse(canvas);
    let unit = set.unit / by as f32;
    for placed in placed {
        let thick = (0.011 * unit * (0.5 + set.flat())).max(1.0);
        for (x, (foot, much)) in placed.sprite.foot.iter().enumerate() {
            let column = (placed.left + x as isize).div_euclid(by as isize);
            if *much <= 0.0 || column < 0 || column as usize >= tight.width {
                continue;
            }
            let at = (placed.top as f32 + *foot as f32) / by as f32;
            let range = (at - thick).max(0.0) as usize..((at + thick + 1.0).max(0.0) as usize).min(tight.height);
            for row in range {
                let value = &mut tight.values[row * tight.width + column as usize];
                let off = (row as f32 + 0.5 - at) / thick;
                *value = value.max(much * (1.0 - off * off).max(0.0));
            }
        }
    }
    let mut pool = tight.clone();
    let (flat, soft) = (set.flat(), 0.7 + 0.3 * set.sun.soft.min(2.0));
    pool.blur(0.030 * unit * soft, 0.030 * unit * flat.max(0.2) * soft);
    tight.blur((0.005 * unit).max(1.0), (0.0045 * unit * (0.5 + flat)).max(0.6));
    pool.values.iter_mut().for_each(|value| *value = (*value * 2.1).min(1.0));
    canvas.darken_coarse(&pool, by, [0.52, 0.53, 0.56]);
    canvas.darken_coarse(&tight, by, [0.24, 0.24, 0.26]);
}

/// From above: the product's own outline, a little aside and softer the farther it goes.
fn lying_shadows(canvas: &mut Canvas, placed: &[Placed], set: &Set) {
    let mut penumbra = Penumbra::new(canvas);
    let (by, columns) = (penumbra.by, penumbra.levels[0].width);
    let thick = 0.042 * set.room.0.min(set.room.1).min(1.0);
    for (level, share) in [0.25_f32, 0.7, 1.25].into_iter().enumerate() {
        let away = thick * share * set.unit;
        let (dx, dy) = (-set.side * away * set.sun.aside.min(1.1), away * (0.45 + set.sun.back));
        for placed in placed {
            let mask = &mut penumbra.levels[level];
            for row in 0..mask.height {
                let y = (row as f32 + 0.5) * by as f32 - placed.top as f32 - dy;
                if y < 0.0 || y > placed.sprite.height as f32 {
                    continue;
                }
                for column in 0..columns {
                    let x = (column as f32 + 0.5) * by as f32 - placed.left as f32 - dx;
                    let much = placed.sprite.there(x, y) * [0.85, 0.62, 0.45][level];
                    let value = &mut mask.values[row * columns + column];
                    *value = value.max(much);
                }
            }
        }
    }
    penumbra.lay(canvas, set, 1.0);
}

/// The product upside down in a polished ground: it begins where the product ends, and loses itself.
fn mirror(canvas: &mut Canvas, placed: &Placed, set: &Set) {
    let sprite = &placed.sprite;
    let high = sprite.height as f32;
    let reach = (high * 0.62).max(2.0);
    let (much, rough) = set.mirror;
    let last = sprite.height - 1;
    // A foot above the lowest one is farther away, and mirrors itself there.
    let Some(first) = sprite.foot.iter().map(|(foot, _)| foot).min() else { return };
    let mut sums: Vec<Film> = vec![[0.0; 4]; sprite.width + 1];
    for row in *first..last + reach as usize {
        let y = placed.top + row as isize;
        if y < 0 || y as usize >= canvas.height {
            continue;
        }
        for (x, (foot, _)) in sprite.foot.iter().enumerate() {
            let from = (2 * foot + 1).checked_sub(row).filter(|_| row > *foot);
            let film = from.map_or([0.0; 4], |from| sprite.pixels[from * sprite.width + x]);
            sums[x + 1] = std::array::from_fn(|part| sums[x][part] + film[part]);
        }
        let down = row.saturating_sub(last) as f32;
        let fade = much * (1.0 - down / reach).max(0.0).powf(1.5);
        let blur = (down * rough) as usize + usize::from(rough > 0.02);
        for x in 0..sprite.width {
            let column = placed.left + x as isize;
            if column < 0 || column as usize >= canvas.width {
                continue;
            }
            let (from, to) = (x.saturating_sub(blur), (x + blur + 1).min(sprite.width));
            let film: Film = std::array::from_fn(|part| (sums[to][part] - sums[from][part]) / (to - from) as f32 * fade);
            let pixel = &mut canvas.pixels[y as usize * canvas.width + column as usize];
            (0..3).for_each(|channel| {
                pixel[channel] = pixel[channel] * (1.0 - film[3]) + film[channel] * set.sun.on_product[channel] * 0.94;
            });
        }
    }
}

/// The scene around a product, blurred: what shines around its edges.
struct Around {
    by: usize,
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Around {
    fn of(canvas: &Canvas, placed: &Placed) -> Self {
        let by = 24;
        let (width, height) = (placed.sprite.width.div_ceil(by) + 1, placed.sprite.height.div_ceil(by) + 1);
        let mut pixels = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                let mut sum = [0.0; 3];
                // Sixteen looks are enough for a glow.
                for look in 0..16_isize {
                    let x = placed.left + (column * by) as isize + (look % 4 - 2) * 12;
                    let y = placed.top + (row * by) as isize + (look / 4 - 2) * 12;
                    let x = x.clamp(0, canvas.width as isize - 1) as usize;
                    let y = y.clamp(0, canvas.height as isize - 1) as usize;
                    let pixel = canvas.pixels[y * canvas.width + x];
                    (0..3).for_each(|channel| sum[channel] += pixel[channel] / 16.0);
                }
                pixels.push(sum);
            }
        }
        Self { by, width, height, pixels }
    }

    fn at(&self, x: usize, y: usize) -> Rgb {
        let (fx, fy) = ((x % self.by) as f32 / self.by as f32, (y % self.by) as f32 / self.by as f32);
        let (left, top) = (x / self.by, y / self.by);
        let (right, low) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let pixel = |x: usize, y: usize| self.pixels[y * self.width + x];
        let (a, b, c, d) = (pixel(left, top), pixel(right, top), pixel(left, low), pixel(right, low));
        std::array::from_fn(|channel| {
            (a[channel] * (1.0 - fx) + b[channel] * fx) * (1.0 - fy) + (c[channel] * (1.0 - fx) + d[channel] * fx) * fy
        })
    }
}

/// The product itself: brighter on the lit flank, darker where it meets the ground, and along its edge a little of what is behind it.
fn show(canvas: &mut Canvas, placed: &Placed, set: &Set, around: &Around) {
    let sprite = &placed.sprite;
    let mut inner = sprite.mask();
    let reach = (0.0042 * set.unit).max(1.0);
    inner.blur(reach, reach);
    let wrap = if sprite.is_cut { 0.17 } else { 0.0 };
    for row in 0..sprite.height {
        let y = placed.top + row as isize;
        if y < 0 || y as usize >= canvas.height {
            continue;
        }
        let standing = if set.top { 1.0 } else { 1.0 - (row as f32 + 0.5) / sprite.height as f32 };
        let low = 1.0 - 0.16 * (1.0 - step(0.0, 0.16, standing));
        for x in 0..sprite.width {
            let column = placed.left + x as isize;
            let film = sprite.pixels[row * sprite.width + x];
            if column < 0 || column as usize >= canvas.width || film[3] <= 0.0 {
                continue;
            }
            let at = row * sprite.width + x;
            let turn = (2.0 * x as f32 / sprite.width as f32 - 1.0) * set.side;
            let edge = ((1.0 - inner.values[at]) * 1.7).min(1.0);
            let shine = if edge > 0.02 && wrap > 0.0 { rim(&inner, x, row, set.side) * set.sun.flank * 5.0 } else { 0.0 };
            let light = (1.0 + set.sun.flank * turn) * low * (1.0 + shine * edge);
            let lit: Rgb = std::array::from_fn(|channel| film[channel] * light * set.sun.on_product[channel]);
            let behind = if edge > 0.02 { scale(around.at(x, row), film[3]) } else { lit };
            let pixel = &mut canvas.pixels[y as usize * canvas.width + column as usize];
            for channel in 0..3 {
                let own = lit[channel] + (behind[channel] - lit[channel]) * edge * wrap;
                pixel[channel] = pixel[channel] * (1.0 - film[3]) + own;
            }
        }
    }
}

/// How much an edge looks towards the light, which comes from one side and above.
fn rim(inner: &Mask, x: usize, y: usize, side: f32) -> f32 {
    let at = |x: usize, y: usize| inner.values[y.min(inner.height - 1) * inner.width + x.min(inner.width - 1)];
    let across = at(x.saturating_sub(2), y) - at(x + 2, y);
    let down = at(x, y + 2) - at(x, y.saturating_sub(2));
    (across * side * 0.9 + down * 0.5).clamp(0.0, 0.5)
}
