//! Measures how many pictures of 1024 pixels one core makes per second, by style, and the memory used: cargo bench -p
//! store-sync-studio

#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

use std::time::Instant;

use store_sync_studio::{STYLES, SceneSpec, compose};

fn main() {
    let product = product();
    println!("{:10} {:>12} {:>14}", "style", "ms a picture", "a second");
    for (style, name) in STYLES {
        let began = Instant::now();
        let rounds = 6;
        for seed in 0..rounds {
            compose(&[&product], &SceneSpec { style, seed, ..SceneSpec::default() }).expect("is made");
        }
        let each = began.elapsed().as_secs_f64() / rounds as f64;
        println!("{name:10} {:>12.0} {:>14.1}", each * 1000.0, 1.0 / each);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("memory unknown"));
}

/// A bottle on white, 1200 pixels square, with the soft noise of a photograph.
fn product() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(1200, 1200, |x, y| {
        let (dx, dy) = (f64::from(x) - 600.0, f64::from(y) - 640.0);
        let width = if dy < -200.0 { 70.0 } else { 190.0 };
        let noise = ((x * 7919 + y * 104_729) % 5) as u8;
        if dx.abs() < width && dy.abs() < 420.0 {
            image::Rgb([30 + noise, (90.0 + dx / 6.0) as u8, 60 + noise])
        } else {
            image::Rgb([250 - noise; 3])
        }
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).expect("is written");
    file.into_inner()
}
