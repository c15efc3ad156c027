//! Composites the products: shadows, reflections, then the products themselves in the light of the scene.

use super::{
    super::{
        canvas::{Canvas, Mask, Rgb, scale, step},
        cut::Cut,
    },
    group::Spot,
    placed::Placed,
    set::SceneLayout,
    shadow,
    sprite::{Film, Sprite},
};

pub(super) fn place(canvas: &mut Canvas, cuts: &[Cut], spots: &[Spot], set: &SceneLayout) {
    let mut order: Vec<usize> = (0..cuts.len()).collect();
    order.sort_by(|one, other| spots[*one].base.total_cmp(&spots[*other].base).then(one.cmp(other)));
    let placed: Vec<Placed> = order.into_iter().map(|at| put(&cuts[at], spots[at], set)).collect();
    if set.top {
        shadow::lying(canvas, &placed, set);
    } else {
        shadow::cast(canvas, &placed, set);
        shadow::contact(canvas, &placed, set);
        if set.mirror.0 > 0.0 {
            placed.iter().for_each(|placed| mirror(canvas, placed, set));
        }
    }
    for placed in &placed {
        let around = Around::of(canvas, placed);
        show(canvas, placed, set, &around);
    }
}

fn put(cut: &Cut, spot: Spot, set: &SceneLayout) -> Placed {
    let size = |units: f32| ((units * set.unit).round() as usize).max(2);
    let sprite = Sprite::new(cut, size(spot.wide), size(spot.high), spot.turn);
    let (wide, high) = (sprite.width as f32, sprite.height as f32);
    let left = (spot.middle * set.unit - wide / 2.0).round() as isize;
    let bottom = if set.top { spot.base * set.unit + high / 2.0 } else { spot.base * set.unit };
    Placed { left, top: bottom.round() as isize - sprite.height as isize, sprite, spot }
}

/// Draws the product's reflection in a polished ground: it begins at the product's foot, and fades out.
fn mirror(canvas: &mut Canvas, placed: &Placed, set: &SceneLayout) {
    let sprite = &placed.sprite;
    let high = sprite.height as f32;
    let reach = (high * 0.62).max(2.0);
    let (much, rough) = set.mirror;
    let last = sprite.height - 1;
    // A foot above the lowest one is farther away, and is reflected there.
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
            let film: Film =
                std::array::from_fn(|part| (sums[to][part] - sums[from][part]) / (to - from) as f32 * fade);
            let pixel = &mut canvas.pixels[y as usize * canvas.width + column as usize];
            (0..3).for_each(|channel| {
                pixel[channel] = pixel[channel] * (1.0 - film[3]) + film[channel] * set.sun.on_product[channel] * 0.94;
            });
        }
    }
}

/// The blurred surroundings of a product, for the light that wraps around its edges.
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
                // Sixteen samples are enough for a glow.
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

/// Draws the product: brighter on the lit flank, darker where it meets the ground, with some of the background along
/// its edge.
fn show(canvas: &mut Canvas, placed: &Placed, set: &SceneLayout, around: &Around) {
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
            let shine =
                if edge > 0.02 && wrap > 0.0 { rim(&inner, x, row, set.side) * set.sun.flank * 5.0 } else { 0.0 };
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

/// Returns how much an edge faces the light, which comes from one side and above.
fn rim(inner: &Mask, x: usize, y: usize, side: f32) -> f32 {
    let at = |x: usize, y: usize| inner.values[y.min(inner.height - 1) * inner.width + x.min(inner.width - 1)];
    let across = at(x.saturating_sub(2), y) - at(x + 2, y);
    let down = at(x, y + 2) - at(x, y.saturating_sub(2));
    (across * side * 0.9 + down * 0.5).clamp(0.0, 0.5)
}
