//! Seeded randomness and smooth noise, the same on every machine.

/// A small generator (`SplitMix64`) with a factor for deviations.
pub(crate) struct Chance {
    state: u64,
    /// 0 stays at the middle, 1 is usual, 2 is bold.
    pub(crate) bold: f32,
}

impl Chance {
    pub(crate) fn new(seed: u64, salt: u64, bold: f32) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
        Self { state, bold }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// Returns a value around the middle of two numbers, scaled by `bold`; always within `0.5 * (low + high) ± (high
    /// - low)`.
    pub(crate) fn sway(&mut self, low: f32, high: f32) -> f32 {
        f32::midpoint(low, high) + self.between(-0.5, 0.5) * (high - low) * self.bold
    }

    /// Returns true with probability `share`, scaled by `bold`.
    pub(crate) fn now_and_then(&mut self, share: f32) -> bool {
        self.between(0.0, 1.0) < share * self.bold.min(1.6)
    }

    /// Picks one: of the first ones if calm, of all if usual.
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let count = ((all.len() as f32 * self.bold).round() as usize).clamp(1, all.len());
        self.of(&all[..count])
    }

    /// Returns a uniform value between two numbers.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.next() >> 40) as f32 / (1u64 << 24) as f32)
    }

    /// Picks one uniformly.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() % all.len() as u64) as usize]
    }

    pub(crate) fn seed(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Returns a number between 0 and 1 for a grid position.
pub(crate) fn speck(x: i32, y: i32, seed: u32) -> f32 {
    let z = mix((x as u32 as u64) << 32 ^ (y as u32 as u64) ^ u64::from(seed) << 17);
    (z >> 40) as f32 / (1u64 << 24) as f32
}

/// Returns smooth noise between 0 and 1, one bump per unit.
pub(crate) fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (fx, fy) = (x.floor(), y.floor());
    let (ix, iy) = (fx as i32, fy as i32);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (ease(x - fx), ease(y - fy));
    let across = |y: i32| speck(ix, y, seed) * (1.0 - tx) + speck(ix + 1, y, seed) * tx;
    across(iy) * (1.0 - ty) + across(iy + 1) * ty
}

/// Fractal noise: several octaves, each finer and weaker.
pub(crate) fn layers(x: f32, y: f32, seed: u32, count: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut scale) = (0.0, 1.0, 0.0, 1.0);
    for layer in 0..count {
        sum += weight * noise(x * scale, y * scale, seed.wrapping_add(layer * 101));
        total += weight;
        weight *= 0.5;
        scale *= 2.03;
    }
    sum / total
}

/// Round dots, at most one per unit cell: 0 outside, 1 in a dot.
pub(crate) fn dots(x: f32, y: f32, seed: u32, share: f32) -> f32 {
    let (fx, fy) = (x.floor(), y.floor());
    let (ix, iy) = (fx as i32, fy as i32);
    let own = speck(ix, iy, seed);
    if own > share {
        return 0.0;
    }
    let (size, at) = (0.10 + 0.20 * own / share, speck(ix, iy, seed ^ 0x55));
    let (cx, cy) = (0.3 + 0.4 * at, 0.3 + 0.4 * (at * 31.0).fract());
    let off = (x - fx - cx).hypot(y - fy - cy) / size;
    (1.6 * (1.0 - off)).clamp(0.0, 1.0)
}
