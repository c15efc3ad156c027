//! Position and size of each product: grouped as a person would arrange them, the tall ones behind, each one visible.

use super::{
    super::{chance::Chance, cut::Cut},
    set::SceneLayout,
};

/// A product's position and size, in units of the shorter side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) middle: f32,
    /// Its foot; from above, its own middle.
    pub(super) base: f32,
    pub(super) wide: f32,
    pub(super) high: f32,
    /// Rotation in radians; only from above.
    pub(super) turn: f32,
}

pub(super) fn arrange(cuts: &[Cut], set: &SceneLayout, chance: &mut Chance) -> Vec<Spot> {
    let shapes: Vec<f32> = cuts.iter().map(|cut| cut.width as f32 / cut.height as f32).collect();
    if set.top {
        return lie(&shapes, set, chance);
    }
    if let [shape] = shapes[..] {
        let high = set.room.1.min(set.room.0 / shape);
        // A product that fills its box is drawn slightly smaller.
        let full = high * high * shape / (set.room.0 * set.room.1);
        let high = high * if full > 0.72 { (0.72 / full).powf(0.4) } else { 1.0 };
        return vec![Spot { middle: set.middle, base: set.base, wide: high * shape, high, turn: 0.0 }];
    }
    stand(&shapes, set, chance)
}

/// Arranges in rows, the tallest at the back and in the middle.
fn stand(shapes: &[f32], set: &SceneLayout, chance: &mut Chance) -> Vec<Spot> {
    let mut tallest: Vec<usize> = (0..shapes.len()).collect();
    tallest.sort_by(|one, other| shapes[*one].total_cmp(&shapes[*other]).then(one.cmp(other)));
    let rows = rows(shapes.len(), set);
    let gap = if rows.len() == 1 { chance.sway(-0.09, 0.10).clamp(-0.12, 0.2) } else { 0.22 };
    let mut spots = vec![Spot { middle: 0.0, base: 0.0, wide: 0.0, high: 0.0, turn: 0.0 }; shapes.len()];
    let (mut begin, mut scale) = (0, f32::MAX);
    for (row, count) in rows.iter().enumerate() {
        let behind = if rows.len() == 1 { 0.0 } else { 1.0 - row as f32 / (rows.len() - 1) as f32 };
        let base = set.base - set.depth * behind * 0.9;
        let own = in_the_middle(&tallest[begin..begin + count]);
        begin += count;
        // Products in front are slightly smaller, so that they hide less.
        let size = set.near(base) * (0.78 + 0.22 * behind).max(if rows.len() == 1 { 1.0 } else { 0.0 });
        let mut at = 0.0;
        for (place, product) in own.iter().enumerate() {
            // All have the same area, so that none looks lost; extreme proportions are limited.
            let root = shapes[*product].clamp(0.28, 3.4).sqrt();
            let by = size * chance.sway(0.96, 1.04).clamp(0.9, 1.1);
            let (mut wide, mut high) = (root * by, by / root);
            (wide, high) = if wide / high > shapes[*product] {
                (high * shapes[*product], high)
            } else {
                (wide, wide / shapes[*product])
            };
            // In a single row the middle one is set back.
            let back = if rows.len() == 1 { set.depth * 0.5 * middling(place, own.len()) } else { 0.0 };
            let space = if place == 0 { 0.0 } else { gap * (wide + spots[own[place - 1]].wide) / 2.0 };
            spots[*product] = Spot { middle: at + space + wide / 2.0, base: base - back, wide, high, turn: 0.0 };
            at += space + wide;
        }
        // Rows of equal length would hide each other.
        let shift = if rows.len() > 1 && row > 0 && rows[row - 1] == *count { 0.25 * at / *count as f32 } else { 0.0 };
        let shift = if row % 2 == 0 { shift } else { -shift };
        own.iter().for_each(|product| spots[*product].middle += shift - at / 2.0);
        scale = scale.min(set.room.0 / (at + 2.0 * shift.abs()));
        for product in &own {
            let rise = set.base - spots[*product].base;
            scale = scale.min((set.room.1 * 1.04 - rise).max(0.2 * set.room.1) / spots[*product].high);
        }
    }
    for spot in &mut spots {
        *spot = Spot {
            middle: set.middle + spot.middle * scale,
            wide: spot.wide * scale,
            high: spot.high * scale,
            ..*spot
        };
    }
    spots
}

/// Returns the number of products in each row, the back row first.
fn rows(count: usize, set: &SceneLayout) -> Vec<usize> {
    let wide = set.room.0 / set.room.1;
    let most = if wide > 2.4 {
        6
    } else if wide > 1.5 {
        4
    } else {
        3
    };
    match count {
        _ if count <= most => vec![count],
        4 => vec![2, 2],
        5 => vec![3, 2],
        6 => vec![3, 3],
        7 if wide > 1.5 => vec![4, 3],
        7 => vec![2, 3, 2],
        8 if wide > 1.5 => vec![4, 4],
        8 => vec![3, 2, 3],
        9 if wide > 1.5 => vec![5, 4],
        9 => vec![3, 3, 3],
        _ if wide > 1.5 => vec![count.div_ceil(2), count / 2],
        _ => vec![3, 4, count - 7],
    }
}

/// Orders a row: the tallest in the middle, the others alternating to both sides.
fn in_the_middle(tallest: &[usize]) -> Vec<usize> {
    let mut row = std::collections::VecDeque::new();
    for (place, product) in tallest.iter().enumerate() {
        if place % 2 == 0 { row.push_back(*product) } else { row.push_front(*product) }
    }
    row.into()
}

/// 1 in the middle of a row, 0 at its ends.
fn middling(place: usize, count: usize) -> f32 {
    let half = (count as f32 - 1.0) / 2.0;
    if count == 2 { place as f32 } else { 1.0 - (place as f32 - half).abs() / half.max(1.0) }
}

/// Arranges on a loose grid, each slightly rotated.
fn lie(shapes: &[f32], set: &SceneLayout, chance: &mut Chance) -> Vec<Spot> {
    let count = shapes.len();
    let columns = ((count as f32 * set.room.0 / set.room.1).sqrt().round() as usize).clamp(1, count);
    let rows = count.div_ceil(columns);
    let cell = (set.room.0 / columns as f32, set.room.1 / rows as f32);
    let fill = if count == 1 { 1.0 } else { 0.9 };
    let mut spots = Vec::with_capacity(count);
    for (place, shape) in shapes.iter().enumerate() {
        let row = place / columns;
        let in_row = columns.min(count - row * columns);
        let turn = chance.sway(-0.16, 0.16).clamp(-0.35, 0.35);
        let (sin, cos) = (turn.sin().abs(), turn.cos().abs());
        // The bounding box of the rotated product fits its cell; none is much larger than the others.
        let high = (cell.0 * fill / (shape * cos + sin)).min(cell.1 * fill / (shape * sin + cos));
        let high = high.min((0.62 * cell.0 * cell.1 / shape).sqrt().max(high * 0.6));
        let slack = if count == 1 { 0.0 } else { 0.05 };
        spots.push(Spot {
            middle: set.middle
                + cell.0 * ((place % columns) as f32 - (in_row as f32 - 1.0) / 2.0 + chance.sway(-slack, slack)),
            base: set.base + cell.1 * (row as f32 - (rows as f32 - 1.0) / 2.0 + chance.sway(-slack, slack)),
            wide: high * shape,
            high,
            turn,
        });
    }
    spots
}
