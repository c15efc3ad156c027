//! Models the background of a product: a plain wall as a smooth colour surface, fitted from the picture's edge inwards.

use super::{ALIKE, PLAIN, apart, colour, grey};

/// The backdrop as a surface: a photographed plain wall never has one colour, but it changes slowly.
pub(super) struct Backdrop {
    /// For each channel, the coefficients of 1, x, y, xx, xy, yy.
    terms: [[f32; 6]; 3],
    width: f32,
    height: f32,
    /// The tolerance per channel: small for a clean backdrop, larger for a grainy one.
    pub(super) rough: f32,
}

impl Backdrop {
    /// `None` if the picture's edge is not plain.
    pub(super) fn of(pixels: &[[u8; 4]], width: usize, height: usize) -> Option<Self> {
        let step = (width.max(height) / 160).max(1);
        let rim = (width.min(height) / 40).max(1);
        let grid = || (0..height).step_by(step).flat_map(move |y| (0..width).step_by(step).map(move |x| (x, y)));
        let at = |x: usize, y: usize| colour(pixels[y * width + x]);
        let is_rim = |x: usize, y: usize| x < rim || y < rim || x + rim >= width || y + rim >= height;
        let edge: Vec<(usize, usize)> = grid().filter(|(x, y)| is_rim(*x, *y)).collect();
        let plain = median(edge.iter().map(|(x, y)| at(*x, *y)).collect());
        let mut known: Vec<(usize, usize)> =
            edge.iter().copied().filter(|(x, y)| apart(at(*x, *y), plain) < 3.0 * ALIKE).collect();
        let mut backdrop = Self {
            terms: plain.map(|part| [part, 0.0, 0.0, 0.0, 0.0, 0.0]),
            width: width as f32,
            height: height as f32,
            rough: 9.0,
        };
        for near in [ALIKE * 1.4, ALIKE * 0.8, 14.0, 10.0] {
            backdrop.fit(&known, &at);
            // From the edge to the whole picture, with a tighter tolerance each time.
            known = grid().filter(|(x, y)| apart(at(*x, *y), backdrop.at(*x, *y)) < near).collect();
        }
        // Against black, the outline of a dark product cannot be determined.
        if grey(plain) < 34.0 {
            return None;
        }
        let alike = edge.iter().filter(|(x, y)| {
            let (own, plain) = (at(*x, *y), backdrop.at(*x, *y));
            apart(own, plain) < ALIKE * 0.8
        });
        let alike = alike.count();
        let mut off: Vec<f32> = edge.iter().map(|(x, y)| apart(at(*x, *y), backdrop.at(*x, *y))).collect();
        off.sort_by(f32::total_cmp);
        backdrop.rough = off.get(off.len() * 3 / 4).map_or(9.0, |off| (2.2 * off + 2.6).clamp(3.6, 10.0));
        (alike as f32 >= PLAIN * edge.len() as f32).then_some(backdrop)
    }

    fn bases(&self, x: usize, y: usize) -> [f32; 6] {
        let (x, y) = (2.0 * x as f32 / self.width - 1.0, 2.0 * y as f32 / self.height - 1.0);
        [1.0, x, y, x * x, x * y, y * y]
    }

    pub(super) fn at(&self, x: usize, y: usize) -> [f32; 3] {
        let bases = self.bases(x, y);
        self.terms.map(|terms| terms.iter().zip(bases).map(|(term, base)| term * base).sum())
    }

    /// Fits the surface to these positions (least squares); with too few of them it stays unchanged.
    fn fit(&mut self, places: &[(usize, usize)], at: &dyn Fn(usize, usize) -> [f32; 3]) {
        // Six equations, with a right-hand side for each channel.
        let mut rows = [[0.0_f64; 9]; 6];
        for (x, y) in places {
            let (bases, colour) = (self.bases(*x, *y), at(*x, *y));
            for (row, base) in rows.iter_mut().zip(bases) {
                (0..6).for_each(|column| row[column] += f64::from(base * bases[column]));
                (0..3).for_each(|channel| row[6 + channel] += f64::from(base * colour[channel]));
            }
        }
        // Gaussian elimination, regularised so that there is always a solution.
        for (place, row) in rows.iter_mut().enumerate() {
            row[place] += 1e-3 * places.len() as f64 + 1e-6;
        }
        for pivot in 0..6 {
            let best = rows[pivot];
            if best[pivot].abs() < 1e-9 {
                return;
            }
            for (_, row) in rows.iter_mut().enumerate().filter(|(place, _)| *place != pivot) {
                let by = row[pivot] / best[pivot];
                (0..9).for_each(|column| row[column] -= by * best[column]);
            }
        }
        if places.len() > 24 {
            self.terms = std::array::from_fn(|channel| {
                std::array::from_fn(|term| (rows[term][6 + channel] / rows[term][term]) as f32)
            });
        }
    }
}

/// The median per channel: robust against a product that touches the edge.
pub(super) fn median(colours: Vec<[f32; 3]>) -> [f32; 3] {
    std::array::from_fn(|channel| {
        let mut values: Vec<f32> = colours.iter().map(|colour| colour[channel]).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    })
}
