//! Cast shadows behind the products, and contact shadows where they touch the ground.

use super::{
    super::canvas::{Canvas, Mask},
    placed::Placed,
    set::SceneLayout,
};

/// Masks have a lower resolution: soft shadows need no more.
fn coarse(canvas: &Canvas) -> (usize, Mask) {
    let by = (canvas.width.min(canvas.height) / 400).clamp(1, 6);
    (by, Mask::new(canvas.width.div_ceil(by), canvas.height.div_ceil(by)))
}

/// Three masks, from the crisp shadow near a product's foot to the blurred one of its head, added up.
struct Penumbra {
    by: usize,
    levels: [Mask; 3],
}

impl Penumbra {
    fn new(canvas: &Canvas) -> Self {
        let (by, mask) = coarse(canvas);
        Self { by, levels: [mask.clone(), mask.clone(), mask] }
    }

    /// `far` is the light's distance past the product: 0 touches, 1 is fully blurred.
    fn add(&mut self, at: usize, much: f32, far: f32) {
        let far = far.clamp(0.0, 1.0) * 2.0;
        let weights = [(1.0 - far).max(0.0), 1.0 - (far - 1.0).abs(), (far - 1.0).max(0.0)];
        for (level, weight) in self.levels.iter_mut().zip(weights) {
            level.values[at] = level.values[at].max(much * weight);
        }
    }

    fn lay(mut self, canvas: &mut Canvas, set: &SceneLayout, flat: f32) {
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

/// Draws cast shadows: on the ground, and up the wall.
pub(super) fn cast(canvas: &mut Canvas, placed: &[Placed], set: &SceneLayout) {
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
            // Where the light that is blocked for this row passed the product: its distance since then, and its
            // height there.
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

/// Draws contact shadows: a dark thin line, and a soft pool around it.
pub(super) fn contact(canvas: &mut Canvas, placed: &[Placed], set: &SceneLayout) {
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

/// Draws shadows seen from above: the product's outline, offset and softer with distance.
pub(super) fn lying(canvas: &mut Canvas, placed: &[Placed], set: &SceneLayout) {
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
