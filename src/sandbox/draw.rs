//! Draws the generated products: simple shapes with soft light and a ground shadow.

use tiny_skia::{
    Color, FillRule, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point, RadialGradient, Rect,
    Shader, SpreadMode, Stroke, Transform,
};

use super::catalogue::{COLOURS, KINDS};

const SIZE: u16 = 640;

/// A product in front of a plain backdrop, as PNG; `view` changes backdrop and scale.
pub(super) fn draw_product(index: usize, view: usize) -> Vec<u8> {
    let mut canvas = Drawing::new(tint(index));
    let backdrop = [(0.96, 0.93), (0.92, 0.86), (0.98, 0.96), (0.88, 0.84)][view % 4];
    canvas.gradient(grey(backdrop.0, index), grey(backdrop.1, index + 1), 0.0, 1.0);
    canvas.product(index, 1.0 - 0.08 * f32::from(u8::try_from(view % 4).unwrap_or(0)));
    canvas.png()
}

/// The same product in a room, like a generated picture: wall, floor, window light.
pub fn draw_scene(index: usize) -> Vec<u8> {
    let mut canvas = Drawing::new(tint(index));
    canvas.gradient(rgb(0xE9, 0xDF, 0xD0), rgb(0xDB, 0xCD, 0xB8), 0.0, 0.7);
    canvas.gradient(rgb(0xB9, 0x8E, 0x66), rgb(0x96, 0x6E, 0x4B), 0.7, 1.0);
    for plank in 1..6 {
        let y = 0.7 + 0.05 * f32::from(u8::try_from(plank).unwrap_or(0));
        canvas.fill(rect(0.0, y, 1.0, 0.003), Color::from_rgba8(70, 45, 25, 60).into());
    }
    canvas.fill(rect(0.0, 0.69, 1.0, 0.018), rgb(0xF4, 0xEE, 0xE4).into());
    for pane in [
        rect(0.08, 0.08, 0.13, 0.2),
        rect(0.22, 0.08, 0.13, 0.2),
        rect(0.08, 0.29, 0.13, 0.2),
        rect(0.22, 0.29, 0.13, 0.2),
    ] {
        canvas.fill(pane, rgb(0xF9, 0xFB, 0xFC).into());
    }
    let beam = polygon(&[(0.1, 0.5), (0.36, 0.5), (0.86, 1.0), (0.42, 1.0)]);
    canvas.fill(beam, Color::from_rgba8(255, 246, 220, 60).into());
    canvas.product(index, 0.82);
    canvas.png()
}

fn tint(index: usize) -> [u8; 3] {
    let palette = [
        [0xC4, 0x6B, 0x4C],
        [0x87, 0x9B, 0x7C],
        [0x45, 0x54, 0x8C],
        [0xD0, 0x9A, 0x3C],
        [0xC9, 0x87, 0x8C],
        [0x5B, 0x68, 0x75],
    ];
    palette[(index / KINDS.len()) % COLOURS.len()]
}

fn rgb(r: u8, g: u8, b: u8) -> Color {
    Color::from_rgba8(r, g, b, 255)
}

/// A warm off-white; the index shifts its hue a little.
fn grey(level: f32, index: usize) -> Color {
    let warm = [0.0, 0.012, 0.02][index % 3];
    Color::from_rgba(level, level - warm, level - 2.0 * warm, 1.0).unwrap_or(Color::WHITE)
}

/// The fill of a shape.
enum ShapeFill {
    Flat(Color),
    /// Lit from the left, over the shape's width from `x0` to `x1`.
    Round([u8; 3], f32, f32),
}

impl From<Color> for ShapeFill {
    fn from(color: Color) -> Self {
        Self::Flat(color)
    }
}

struct Drawing {
    map: Option<Pixmap>,
    tint: [u8; 3],
    at: Transform,
}

impl Drawing {
    fn new(tint: [u8; 3]) -> Self {
        let size = f32::from(SIZE);
        Self { map: Pixmap::new(SIZE.into(), SIZE.into()), tint, at: Transform::from_scale(size, size) }
    }

    fn png(self) -> Vec<u8> {
        self.map.and_then(|map| map.encode_png().ok()).unwrap_or_default()
    }

    fn paint(&mut self, path: Option<Path>, shader: Shader<'_>) {
        let (Some(map), Some(path)) = (&mut self.map, path) else { return };
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        map.fill_path(&path, &paint, FillRule::Winding, self.at, None);
    }

    fn fill(&mut self, path: Option<Path>, fill: ShapeFill) {
        let shader = match fill {
            ShapeFill::Flat(color) => Some(Shader::SolidColor(color)),
            ShapeFill::Round(tint, x0, x1) => {
                let stops = vec![
                    GradientStop::new(0.0, shade(tint, 0.92)),
                    GradientStop::new(0.28, shade(tint, 1.22)),
                    GradientStop::new(0.62, shade(tint, 0.95)),
                    GradientStop::new(1.0, shade(tint, 0.62)),
                ];
                LinearGradient::new(
                    Point::from_xy(x0, 0.0),
                    Point::from_xy(x1, 0.0),
                    stops,
                    SpreadMode::Pad,
                    Transform::identity(),
                )
            }
        };
        if let Some(shader) = shader {
            self.paint(path, shader);
        }
    }

    fn line(&mut self, path: Option<Path>, width: f32, color: Color) {
        let (Some(map), Some(path)) = (&mut self.map, path) else { return };
        let paint = Paint { shader: Shader::SolidColor(color), anti_alias: true, ..Paint::default() };
        let stroke = Stroke { width, line_cap: tiny_skia::LineCap::Round, ..Stroke::default() };
        map.stroke_path(&path, &paint, &stroke, self.at, None);
    }

    /// A horizontal band from `y0` to `y1` with a gradient from `top` to `bottom`.
    fn gradient(&mut self, top: Color, bottom: Color, y0: f32, y1: f32) {
        let stops = vec![GradientStop::new(0.0, top), GradientStop::new(1.0, bottom)];
        let (from, to) = (Point::from_xy(0.0, y0), Point::from_xy(0.0, y1));
        if let Some(shader) = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity()) {
            self.paint(rect(0.0, y0, 1.0, y1 - y0), shader);
        }
    }

    /// A soft shadow on the ground.
    fn shadow(&mut self, x: f32, y: f32, radius: f32) {
        let stops = vec![
            GradientStop::new(0.0, Color::from_rgba8(30, 20, 12, 120)),
            GradientStop::new(1.0, Color::from_rgba8(30, 20, 12, 0)),
        ];
        let flat = Transform::from_row(1.0, 0.0, 0.0, 0.18, 0.0, y * 0.82);
        let centre = Point::from_xy(x, y);
        if let Some(shader) = RadialGradient::new(centre, 0.0, centre, radius, stops, SpreadMode::Pad, flat) {
            self.paint(ellipse(x, y, radius, radius * 0.18), shader);
        }
    }

    fn product(&mut self, index: usize, scale: f32) {
        let size = f32::from(SIZE);
        self.at = Transform::from_scale(scale, scale)
            .post_translate((1.0 - scale) / 2.0, (1.0 - scale) * 0.85)
            .post_scale(size, size);
        match index % KINDS.len() {
            0 => self.mug(),
            1 => self.vase(),
            2 => self.lamp(),
            3 => self.chair(),
            4 => self.table(),
            5 => self.pot(),
            6 => self.bowl(),
            7 => self.bottle(),
            8 => self.clock(),
            _ => self.cushion(),
        }
    }

    fn mug(&mut self) {
        self.shadow(0.5, 0.8, 0.32);
        let dark = shade(self.tint, 0.75);
        self.line(ellipse(0.69, 0.57, 0.1, 0.13), 0.045, dark);
        self.fill(
            curve(&[(0.3, 0.36), (0.31, 0.8), (0.36, 0.83), (0.64, 0.83), (0.69, 0.8), (0.7, 0.36)]),
            ShapeFill::Round(self.tint, 0.3, 0.7),
        );
        self.fill(ellipse(0.5, 0.36, 0.2, 0.045), shade(self.tint, 1.15).into());
        self.fill(ellipse(0.5, 0.365, 0.175, 0.034), rgb(0x5A, 0x3B, 0x28).into());
    }

    fn vase(&mut self) {
        self.shadow(0.5, 0.86, 0.26);
        for (x, y, bend) in [(0.4, 0.1, -0.05), (0.5, 0.05, 0.0), (0.61, 0.12, 0.06)] {
            self.line(stem(0.5, 0.42, x, y, bend), 0.008, rgb(0x5F, 0x74, 0x4E));
            self.fill(ellipse(x, y, 0.035, 0.05), rgb(0xE8, 0xC7, 0xA8).into());
        }
        let mut body = PathBuilder::new();
        body.move_to(0.44, 0.36);
        body.cubic_to(0.46, 0.5, 0.3, 0.55, 0.32, 0.7);
        body.cubic_to(0.34, 0.84, 0.42, 0.88, 0.5, 0.88);
        body.cubic_to(0.58, 0.88, 0.66, 0.84, 0.68, 0.7);
        body.cubic_to(0.7, 0.55, 0.54, 0.5, 0.56, 0.36);
        body.close();
        self.fill(body.finish(), ShapeFill::Round(self.tint, 0.32, 0.68));
        self.fill(ellipse(0.5, 0.36, 0.06, 0.015), shade(self.tint, 0.5).into());
    }

    fn lamp(&mut self) {
        self.shadow(0.5, 0.87, 0.26);
        self.fill(ellipse(0.5, 0.86, 0.14, 0.03), shade(self.tint, 0.8).into());
        self.fill(rect(0.488, 0.45, 0.024, 0.41), rgb(0x8C, 0x73, 0x55).into());
        self.fill(ellipse(0.5, 0.62, 0.08, 0.1), ShapeFill::Round(self.tint, 0.42, 0.58));
        self.fill(
            polygon(&[(0.38, 0.16), (0.62, 0.16), (0.73, 0.47), (0.27, 0.47)]),
            ShapeFill::Round([0xF1, 0xE3, 0xC4], 0.27, 0.73),
        );
        self.fill(ellipse(0.5, 0.47, 0.23, 0.03), rgb(0xFF, 0xF3, 0xCF).into());
    }

    fn chair(&mut self) {
        self.shadow(0.5, 0.9, 0.34);
        let wood = rgb(0xA8, 0x7B, 0x52);
        for (x0, y0, x1, y1) in
            [(0.34, 0.6, 0.3, 0.9), (0.66, 0.6, 0.7, 0.9), (0.4, 0.58, 0.39, 0.84), (0.6, 0.58, 0.61, 0.84)]
        {
            self.line(stem(x0, y0, x1, y1, 0.0), 0.024, wood);
        }
        self.line(stem(0.35, 0.58, 0.33, 0.16, 0.0), 0.024, wood);
        self.line(stem(0.65, 0.58, 0.67, 0.16, 0.0), 0.024, wood);
        self.fill(
            curve(&[(0.32, 0.14), (0.31, 0.38), (0.36, 0.4), (0.64, 0.4), (0.69, 0.38), (0.68, 0.14)]),
            ShapeFill::Round(self.tint, 0.3, 0.7),
        );
        self.fill(
            curve(&[(0.3, 0.55), (0.27, 0.61), (0.3, 0.64), (0.7, 0.64), (0.73, 0.61), (0.7, 0.55)]),
            ShapeFill::Round(self.tint, 0.27, 0.73),
        );
    }

    fn table(&mut self) {
        self.shadow(0.5, 0.89, 0.36);
        let wood = rgb(0x9B, 0x70, 0x4A);
        for (x0, x1) in [(0.36, 0.28), (0.64, 0.72), (0.5, 0.5)] {
            self.line(stem(x0, 0.5, x1, 0.88, 0.0), 0.026, wood);
        }
        self.fill(ellipse(0.5, 0.5, 0.32, 0.075), shade(self.tint, 0.6).into());
        self.fill(ellipse(0.5, 0.48, 0.32, 0.075), ShapeFill::Round(self.tint, 0.18, 0.82));
        self.fill(
            curve(&[(0.52, 0.36), (0.525, 0.46), (0.54, 0.475), (0.61, 0.475), (0.625, 0.46), (0.63, 0.36)]),
            ShapeFill::Round([0xF2, 0xEC, 0xE1], 0.52, 0.63),
        );
    }

    fn pot(&mut self) {
        self.shadow(0.5, 0.87, 0.28);
        for (x, y, bend) in
            [(0.24, 0.28, -0.1), (0.36, 0.12, -0.05), (0.5, 0.06, 0.0), (0.64, 0.13, 0.06), (0.77, 0.3, 0.1)]
        {
            self.fill(leaf(0.5, 0.56, x, y, bend), rgb(0x4F, 0x7A, 0x54).into());
            self.line(stem(0.5, 0.56, x, y, bend), 0.005, rgb(0x86, 0xA9, 0x7E));
        }
        self.fill(
            polygon(&[(0.33, 0.58), (0.67, 0.58), (0.61, 0.87), (0.39, 0.87)]),
            ShapeFill::Round(self.tint, 0.33, 0.67),
        );
        self.fill(rect(0.31, 0.54, 0.38, 0.07), ShapeFill::Round(self.tint, 0.31, 0.69));
    }

    fn bowl(&mut self) {
        self.shadow(0.5, 0.76, 0.34);
        let mut body = PathBuilder::new();
        body.move_to(0.2, 0.48);
        body.cubic_to(0.22, 0.68, 0.36, 0.78, 0.5, 0.78);
        body.cubic_to(0.64, 0.78, 0.78, 0.68, 0.8, 0.48);
        body.close();
        self.fill(body.finish(), ShapeFill::Round(self.tint, 0.2, 0.8));
        self.fill(ellipse(0.5, 0.48, 0.3, 0.075), shade(self.tint, 1.2).into());
        self.fill(ellipse(0.5, 0.487, 0.27, 0.06), shade(self.tint, 0.7).into());
        for (x, y, c) in
            [(0.42, 0.46, [0xD9, 0x5B, 0x43]), (0.55, 0.45, [0xE2, 0xA7, 0x3B]), (0.49, 0.49, [0x7D, 0x9B, 0x4E])]
        {
            self.fill(ellipse(x, y, 0.075, 0.06), ShapeFill::Round(c, x - 0.075, x + 0.075));
        }
    }

    fn bottle(&mut self) {
        self.shadow(0.5, 0.89, 0.2);
        let mut body = PathBuilder::new();
        body.move_to(0.46, 0.2);
        body.cubic_to(0.46, 0.36, 0.37, 0.36, 0.37, 0.5);
        body.line_to(0.37, 0.85);
        body.cubic_to(0.37, 0.9, 0.63, 0.9, 0.63, 0.85);
        body.line_to(0.63, 0.5);
        body.cubic_to(0.63, 0.36, 0.54, 0.36, 0.54, 0.2);
        body.close();
        self.fill(body.finish(), ShapeFill::Round(self.tint, 0.37, 0.63));
        self.fill(rect(0.45, 0.12, 0.1, 0.085), ShapeFill::Round([0xB7, 0x8D, 0x62], 0.45, 0.55));
        self.fill(rect(0.37, 0.58, 0.26, 0.16), rgb(0xF3, 0xEE, 0xE4).into());
    }

    fn clock(&mut self) {
        self.shadow(0.52, 0.86, 0.3);
        self.fill(ellipse(0.5, 0.48, 0.34, 0.34), ShapeFill::Round(self.tint, 0.16, 0.84));
        self.fill(ellipse(0.5, 0.48, 0.29, 0.29), rgb(0xFA, 0xF7, 0xF1).into());
        for hour in 0..12_u8 {
            let (sin, cos) = (f32::from(hour) * std::f32::consts::PI / 6.0).sin_cos();
            self.line(
                stem(0.5 + 0.24 * sin, 0.48 - 0.24 * cos, 0.5 + 0.265 * sin, 0.48 - 0.265 * cos, 0.0),
                0.01,
                rgb(0x55, 0x4C, 0x44),
            );
        }
        self.line(stem(0.5, 0.48, 0.4, 0.4, 0.0), 0.016, rgb(0x33, 0x2E, 0x2A));
        self.line(stem(0.5, 0.48, 0.62, 0.32, 0.0), 0.01, rgb(0x33, 0x2E, 0x2A));
        self.fill(ellipse(0.5, 0.48, 0.015, 0.015), rgb(0x33, 0x2E, 0x2A).into());
    }

    fn cushion(&mut self) {
        self.shadow(0.5, 0.8, 0.36);
        let mut body = PathBuilder::new();
        body.move_to(0.2, 0.28);
        body.quad_to(0.5, 0.36, 0.8, 0.28);
        body.quad_to(0.74, 0.54, 0.8, 0.8);
        body.quad_to(0.5, 0.74, 0.2, 0.8);
        body.quad_to(0.26, 0.54, 0.2, 0.28);
        body.close();
        self.fill(body.finish(), ShapeFill::Round(self.tint, 0.2, 0.8));
        for x in [0.34, 0.42, 0.5, 0.58, 0.66] {
            self.line(stem(x, 0.34, x, 0.755, 0.0), 0.012, shade(self.tint, 1.25));
        }
    }
}

/// The colour, brightened or darkened by a factor.
fn shade(tint: [u8; 3], by: f32) -> Color {
    let part = |value: u8| (f32::from(value) / 255.0 * by).clamp(0.0, 1.0);
    Color::from_rgba(part(tint[0]), part(tint[1]), part(tint[2]), 1.0).unwrap_or(Color::BLACK)
}

fn rect(x: f32, y: f32, w: f32, h: f32) -> Option<Path> {
    Rect::from_xywh(x, y, w, h).map(PathBuilder::from_rect)
}

fn ellipse(x: f32, y: f32, rx: f32, ry: f32) -> Option<Path> {
    Rect::from_xywh(x - rx, y - ry, 2.0 * rx, 2.0 * ry).and_then(PathBuilder::from_oval)
}

fn polygon(points: &[(f32, f32)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (place, (x, y)) in points.iter().enumerate() {
        if place == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
    }
    path.close();
    path.finish()
}

/// A polygon with rounded lower corners: six points, down the left side, along the bottom, up the right side.
fn curve(p: &[(f32, f32); 6]) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(p[0].0, p[0].1);
    path.line_to(p[1].0, p[1].1);
    path.quad_to(p[1].0, p[2].1, p[2].0, p[2].1);
    path.line_to(p[3].0, p[3].1);
    path.quad_to(p[4].0, p[3].1, p[4].0, p[4].1);
    path.line_to(p[5].0, p[5].1);
    path.close();
    path.finish()
}

fn stem(x0: f32, y0: f32, x1: f32, y1: f32, bend: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(x0, y0);
    path.quad_to(f32::midpoint(x0, x1) - bend, f32::midpoint(y0, y1), x1, y1);
    path.finish()
}

fn leaf(x0: f32, y0: f32, x1: f32, y1: f32, bend: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (mx, my) = (f32::midpoint(x0, x1) - bend, f32::midpoint(y0, y1));
    path.move_to(x0, y0);
    path.quad_to(mx - 0.07, my - 0.04, x1, y1);
    path.quad_to(mx + 0.07, my + 0.04, x0, y0);
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_picture_of_its_own() {
        let pictures: Vec<Vec<u8>> = (0..KINDS.len()).map(|index| draw_product(index, 0)).collect();
        for (place, picture) in pictures.iter().enumerate() {
            assert!(picture.starts_with(b"\x89PNG"), "{}", KINDS[place].0);
            assert!(!pictures[..place].contains(picture), "{} looks like another", KINDS[place].0);
        }
        assert_ne!(draw_scene(0), pictures[0]);
    }
}
