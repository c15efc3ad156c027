//! Final grading: exposure, contrast, colour, sharpness, and a little grain.

use super::{
    canvas::{Canvas, Mask, Rgb, light, scale, shown, step},
    chance::speck,
};

/// Adjustments of a finished picture, each -1 to 1; 0 changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Adjustments {
    /// Stops of light.
    pub exposure: f32,
    pub contrast: f32,
    pub highlights: f32,
    pub shadows: f32,
    pub whites: f32,
    pub blacks: f32,
    /// Warm at 1, cool at -1.
    pub temperature: f32,
    /// Saturation of what is not saturated yet.
    pub vibrance: f32,
    pub saturation: f32,
    /// Fine structure.
    pub texture: f32,
    /// Coarse structure.
    pub clarity: f32,
    /// 0 to 1.
    pub sharpness: f32,
}

pub(crate) fn grade(canvas: &mut Canvas, adjust: &Adjustments, seed: u64) {
    for (amount, radius) in [(adjust.clarity, 0.02), (adjust.texture, 0.004), (adjust.sharpness.max(0.0), 0.0012)] {
        if amount.abs() > 0.001 {
            structure(canvas, amount, radius);
        }
    }
    if *adjust == Adjustments::default() {
        return;
    }
    let width = canvas.width;
    let warm = adjust.temperature.clamp(-1.0, 1.0) * 0.14;
    let balance = [1.0 + warm, 1.0, 1.0 - warm];
    let gain = 2.0_f32.powf(adjust.exposure.clamp(-1.0, 1.0));
    for (place, pixel) in canvas.pixels.iter_mut().enumerate() {
        let lit: Rgb = std::array::from_fn(|channel| pixel[channel] * gain * balance[channel]);
        let tone = shown(grey(lit)).clamp(0.0, 1.0);
        let mut wanted = tone;
        wanted += adjust.contrast * 0.35 * (tone - 0.5) * (1.0 - (2.0 * tone - 1.0).powi(2)) * 2.0;
        wanted += adjust.shadows * 0.22 * (1.0 - step(0.0, 0.5, tone)) * step(0.0, 0.12, tone);
        wanted += adjust.highlights * 0.22 * step(0.5, 1.0, tone);
        wanted += adjust.blacks * 0.12 * (1.0 - step(0.0, 0.3, tone));
        wanted += adjust.whites * 0.12 * step(0.7, 1.0, tone);
        let toned = if tone > 0.001 { scale(lit, light(wanted.clamp(0.0, 1.0)) / light(tone)) } else { lit };
        let grey = grey(toned);
        let colourful = toned.iter().map(|channel| (channel - grey).abs()).fold(0.0, f32::max) / grey.max(0.02);
        let more = 1.0 + adjust.saturation + adjust.vibrance * 0.7 * (1.0 - colourful.min(1.0));
        // Grain against banding in gradients.
        let grain = 1.0 + (speck((place % width) as i32, (place / width) as i32, seed as u32) - 0.5) * 0.012;
        for channel in 0..3 {
            pixel[channel] = (grey + (toned[channel] - grey) * more.max(0.0)).max(0.0) * grain;
        }
    }
}

/// Enhances or smooths detail smaller than `radius`.
fn structure(canvas: &mut Canvas, amount: f32, radius: f32) {
    let unit = canvas.width.min(canvas.height) as f32;
    let tones: Vec<f32> = canvas.pixels.iter().map(|pixel| shown(grey(*pixel))).collect();
    let mut soft = Mask { width: canvas.width, height: canvas.height, values: tones.clone() };
    let reach = (radius * unit).max(1.0);
    soft.blur(reach, reach);
    for ((pixel, tone), soft) in canvas.pixels.iter_mut().zip(tones).zip(soft.values) {
        let wanted = (tone + (tone - soft) * amount * 0.8).clamp(0.0, 1.0);
        if tone > 0.001 {
            *pixel = scale(*pixel, light(wanted) / light(tone));
        }
    }
}

fn grey(pixel: Rgb) -> f32 {
    0.2126 * pixel[0] + 0.7152 * pixel[1] + 0.0722 * pixel[2]
}
