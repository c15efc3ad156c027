//! The layout of a scene: the seam between wall and ground, the products' position, and the direction of the light.

use super::{
    super::{
        SceneSpec,
        canvas::{Canvas, Rgb, step},
        chance::Chance,
        cut::Cut,
    },
    Camera, Light,
};

/// Distance of the products, in units of the picture's shorter side: a portrait lens.
const FAR: f32 = 2.2;

/// The layout. All lengths are in units of the shorter side, from the upper left.
pub(super) struct SceneLayout {
    pub(super) wide: f32,
    pub(super) high: f32,
    /// Pixels per unit.
    pub(super) unit: f32,
    /// Seen from straight above: everything is ground.
    pub(super) top: bool,
    /// Whether there is more than one product.
    pub(super) many: bool,
    /// The seam between wall and ground; above the picture if there is no wall.
    pub(super) seam: f32,
    /// Eye height above the ground.
    pub(super) eye: f32,
    /// The foot of the foremost product; from above, the middle of the products.
    pub(super) base: f32,
    pub(super) middle: f32,
    /// The largest width and height of all products together.
    pub(super) room: (f32, f32),
    /// The depth of ground for several rows, as height in the picture.
    pub(super) depth: f32,
    /// 1: the light comes from the right, -1: from the left.
    pub(super) side: f32,
    pub(super) sun: Sun,
    /// Reflectivity and roughness of the ground.
    pub(super) mirror: (f32, f32),
    pub(super) grain: u32,
}

pub(super) struct Sun {
    /// Applied to everything.
    pub(super) tint: Rgb,
    /// Factors for lit and unlit areas.
    pub(super) glow: Rgb,
    pub(super) shade: Rgb,
    /// Offset of a shadow, sideways and backwards, per unit of height.
    pub(super) aside: f32,
    pub(super) back: f32,
    /// Darkness and softness of shadows.
    pub(super) dark: f32,
    pub(super) soft: f32,
    /// How much brighter the lit flank of a product is.
    pub(super) flank: f32,
    /// The light's tint on products.
    pub(super) on_product: Rgb,
}

impl Sun {
    fn new(light: Light, chance: &mut Chance) -> Self {
        let sun = |tint, glow, shade, (aside, back), (dark, soft), flank| Self {
            tint,
            glow,
            shade,
            aside,
            back,
            dark,
            soft,
            flank,
            on_product: [1.0; 3],
        };
        let mut sun = match light {
            Light::Soft => sun([1.0; 3], [1.04, 1.03, 1.0], [0.92, 0.94, 0.97], (0.48, 0.28), (0.46, 1.7), 0.07),
            Light::Warm => {
                sun([1.07, 0.99, 0.85], [1.22, 1.10, 0.86], [0.78, 0.78, 0.86], (1.05, 0.42), (0.50, 0.9), 0.12)
            }
            Light::Cool => {
                sun([0.945, 1.0, 1.07], [1.0, 1.02, 1.05], [0.87, 0.92, 0.99], (0.34, 0.40), (0.44, 1.4), 0.07)
            }
            Light::Dramatic => {
                sun([1.01, 1.0, 0.98], [1.25, 1.2, 1.12], [0.62, 0.64, 0.7], (0.85, 0.38), (0.70, 0.55), 0.26)
            }
        };
        sun.aside *= chance.sway(0.8, 1.2).clamp(0.5, 1.6);
        sun
    }
}

impl SceneLayout {
    pub(super) fn new(canvas: &Canvas, spec: &SceneSpec, cuts: &[Cut], chance: &mut Chance) -> Self {
        let unit = canvas.width.min(canvas.height) as f32;
        let (wide, high) = (canvas.width as f32 / unit, canvas.height as f32 / unit);
        let side = lit_side(cuts).unwrap_or(chance.of(&[-1.0, 1.0]));
        let top = spec.camera == Camera::Top;
        let (down, eye) = match spec.camera {
            Camera::Front => (chance.sway(0.31, 0.345), 0.50),
            Camera::High => (chance.sway(0.29, 0.325), 0.98),
            Camera::Low => (chance.sway(0.365, 0.39), 0.17),
            Camera::Top => (chance.sway(-0.012, 0.012), FAR),
        };
        // A tall picture is not filled: the product stays near its middle.
        let base = high * 0.5 + down.clamp(-0.05, 0.42) * high.min(1.55);
        let many = cuts.len() > 1;
        let room = match spec.camera {
            Camera::Top => {
                (wide.min(1.9) * if many { 0.80 } else { 0.62 }, high.min(1.9) * if many { 0.80 } else { 0.66 })
            }
            Camera::Low => (wide.min(2.6) * if many { 0.84 } else { 0.66 }, (high.min(1.5) * 0.74).min(base - 0.06)),
            _ => (
                wide.min(2.6)
                    * if cuts.len() > 5 {
                        0.92
                    } else if many {
                        0.84
                    } else {
                        0.64
                    },
                (high.min(1.5) * 0.64).min(base - 0.08),
            ),
        };
        let room = if many { room } else { (room.0.min(1.0), room.1) };
        let eye = eye * chance.sway(0.93, 1.07).clamp(0.85, 1.15);
        let mut set = Self {
            wide,
            high,
            unit,
            top,
            many,
            seam: -1.0,
            eye,
            base,
            middle: wide * 0.5 + chance.sway(-0.02, 0.02),
            room,
            depth: 0.0,
            side,
            sun: Sun::new(spec.light, chance),
            mirror: (0.0, 0.0),
            grain: chance.seed(),
        };
        set.wall_behind(chance.sway(0.5, 0.75).clamp(0.35, 1.2));
        set
    }

    /// Places the wall `far` units behind the products.
    pub(super) fn wall_behind(&mut self, far: f32) {
        if !self.top {
            self.seam = self.vanish() + self.eye * FAR / (FAR + far);
            self.depth = (self.base - self.seam) * 0.55;
        } else {
            self.depth = self.room.1;
        }
    }

    /// Returns the height of the horizon.
    pub(super) fn vanish(&self) -> f32 {
        self.base - self.eye
    }

    /// Returns the distance of the wall.
    pub(super) fn wall_far(&self) -> f32 {
        FAR * self.eye / (self.seam - self.vanish()).max(0.01)
    }

    /// Returns the distance of the ground seen at height `y` of the picture.
    pub(super) fn far(&self, y: f32) -> f32 {
        if self.top { FAR } else { FAR * self.eye / (y - self.vanish()).max(0.01) }
    }

    /// Returns the distance of the products.
    pub(super) fn product_far(&self) -> f32 {
        FAR
    }

    /// Returns ground coordinates: across from the middle, and away from the eye.
    pub(super) fn ground(&self, x: f32, y: f32) -> (f32, f32) {
        if self.top {
            return (x - self.middle, self.base - y);
        }
        let far = self.far(y);
        ((x - self.middle) * far / FAR, far - FAR)
    }

    /// Returns the foreshortening of a circle on the ground.
    pub(super) fn flat(&self) -> f32 {
        if self.top { 1.0 } else { self.eye / FAR }
    }

    /// Returns the scale of things that stand at height `y` of the picture.
    pub(super) fn near(&self, y: f32) -> f32 {
        if self.top { 1.0 } else { FAR / self.far(y) }
    }

    /// Returns 1 where the ground is seen, 0 where the wall is, with a soft transition.
    pub(super) fn is_ground(&self, y: f32) -> f32 {
        if self.top { 1.0 } else { step(self.seam - 0.0025, self.seam + 0.0025, y) }
    }

    /// Returns the light pool on the wall, 0 to 1; brightest behind and above the products on the light's side.
    pub(super) fn pool(&self, x: f32, y: f32, reach: f32) -> f32 {
        let (at_x, at_y) = if self.top {
            (self.middle + self.side * 0.25, self.base - 0.25)
        } else {
            (self.middle + self.side * 0.16, self.base - self.room.1 * 0.62)
        };
        let off = (x - at_x).powi(2) + (y - at_y).powi(2) * 1.1;
        (-off / (reach * reach)).exp()
    }

    /// Returns the shading of the seam between wall and ground: 1 outside of it.
    pub(super) fn crease(&self, y: f32, much: f32) -> f32 {
        if self.top {
            return 1.0;
        }
        let off = if y < self.seam { (self.seam - y) / 0.06 } else { (y - self.seam) / (0.10 * self.flat()) };
        1.0 - much * (-off * 1.6).exp()
    }
}

/// Returns the side from which the products were lit in their pictures; `None` if it is not clear. A scene lit from
/// the other side would look pasted together.
fn lit_side(cuts: &[Cut]) -> Option<f32> {
    let (mut left, mut right) = ((0.0_f32, 1.0_f32), (0.0_f32, 1.0_f32));
    for cut in cuts.iter().filter(|cut| cut.is_cut) {
        let step = (cut.height / 160).max(1);
        for row in cut.pixels.chunks_exact(cut.width).step_by(step) {
            for (x, pixel) in row.iter().enumerate().step_by(step).filter(|(_, pixel)| pixel[3] > 200) {
                let tone = f32::from(pixel[0]) * 0.3 + f32::from(pixel[1]) * 0.5 + f32::from(pixel[2]) * 0.2;
                let half = if 2 * x < cut.width { &mut left } else { &mut right };
                *half = (half.0 + tone, half.1 + 1.0);
            }
        }
    }
    let (left, right) = (left.0 / left.1, right.0 / right.1);
    ((left - right).abs() > 0.05 * left.max(right)).then(|| (right - left).signum())
}
