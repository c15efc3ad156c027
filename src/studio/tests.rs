//! The studio through its public functions.

use super::*;

fn png(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
    let picture = image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(colour(x, y)));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).expect("is written");
    file.into_inner()
}

/// A red ring on white: the background is plain, outside and inside.
fn ring() -> Vec<u8> {
    png(200, 200, |x, y| {
        let off = (f64::from(x) - 100.0).hypot(f64::from(y) - 100.0);
        if (30.0..70.0).contains(&off) { [200, 40, 30, 255] } else { [250, 250, 248, 255] }
    })
}

fn small(style: Style, seed: u64) -> SceneSpec {
    SceneSpec { style, seed, size: 160, ..SceneSpec::default() }
}

fn pixels(picture: &Picture) -> image::RgbImage {
    image::load_from_memory(&picture.bytes).expect("is a picture").to_rgb8()
}

#[test]
fn the_same_order_makes_the_same_bytes_and_another_seed_other_ones() {
    for (style, name) in STYLES {
        let first = compose(&[&ring()], &small(style, 5)).expect("is made");
        assert_eq!(first, compose(&[&ring()], &small(style, 5)).expect("is made"), "{name}");
        assert_ne!(first.bytes, compose(&[&ring()], &small(style, 6)).expect("is made").bytes, "{name}");
        assert_eq!(Style::named(style.as_str()), Some(style));
    }
}

#[test]
fn a_product_on_a_plain_ground_is_cut_out_with_its_holes() {
    let made = compose(&[&ring()], &small(Style::Night, 1)).expect("is made");
    assert!(made.cut_out);
    let picture = pixels(&made);
    // Night is dark: no white of the original picture is left, and the ring's red is there.
    let white = picture.pixels().filter(|p| p.0.iter().all(|c| *c > 225)).count();
    let red = picture.pixels().filter(|p| p[0] > 130 && p[1] < 80).count();
    assert!(white < 20 && red > 500, "{white} white, {red} red");
}

#[test]
fn a_picture_without_a_plain_ground_stands_there_as_a_print() {
    let busy =
        png(120, 90, |x, y| [((x * 37 + y * 91) % 251) as u8, ((x * 13) % 199) as u8, ((y * 29) % 233) as u8, 255]);
    assert!(!compose(&[&busy], &small(Style::Studio, 1)).expect("is made").cut_out);
}

#[test]
fn a_cut_out_keeps_its_own_edge() {
    let through = png(100, 100, |x, _| if x < 50 { [10, 90, 200, 255] } else { [0, 0, 0, 0] });
    assert!(compose(&[&through], &small(Style::Studio, 1)).expect("is made").cut_out);
}

#[test]
fn sides_and_adjustments_are_as_ordered() {
    let wide = compose(&[&ring()], &SceneSpec { aspect: 16.0 / 9.0, ..small(Style::Studio, 1) }).expect("is made");
    assert_eq!((wide.width, wide.height), (160, 90));
    let tall = compose(&[&ring()], &SceneSpec { aspect: 0.75, ..small(Style::Wood, 1) }).expect("is made");
    assert_eq!((tall.width, tall.height), (120, 160));
    let light = |adjust: Adjustments| -> u64 {
        let made = compose(&[&ring()], &SceneSpec { adjust, ..small(Style::Concrete, 1) }).expect("is made");
        pixels(&made).pixels().flat_map(|p| p.0).map(u64::from).sum()
    };
    let usual = light(Adjustments::default());
    assert!(light(Adjustments { exposure: 0.5, ..Adjustments::default() }) > usual);
    assert!(light(Adjustments { exposure: -0.5, ..Adjustments::default() }) < usual);
    assert_ne!(light(Adjustments { clarity: 0.8, ..Adjustments::default() }), usual);
}

/// A box of one colour on light grey.
fn block(colour: [u8; 3], wide: u32, high: u32) -> Vec<u8> {
    png(160, 160, |x, y| {
        let inside = x.abs_diff(80) * 2 < wide && y.abs_diff(80) * 2 < high;
        if inside { [colour[0], colour[1], colour[2], 255] } else { [236, 236, 238, 255] }
    })
}

/// The share of a picture that has a hue (0 red, 120 green, 240 blue) and is colourful.
fn share_of_hue(picture: &image::RgbImage, hue: f32) -> f32 {
    let is = |pixel: &image::Rgb<u8>| {
        let [r, g, b] = pixel.0.map(f32::from);
        let (most, least) = (r.max(g).max(b), r.min(g).min(b));
        let own = if most == r {
            60.0 * ((g - b) / (most - least).max(1.0)).rem_euclid(6.0)
        } else if most == g {
            60.0 * ((b - r) / (most - least).max(1.0) + 2.0)
        } else {
            60.0 * ((r - g) / (most - least).max(1.0) + 4.0)
        };
        let off = (own - hue).abs();
        most - least > 0.55 * most && most > 50.0 && off.min(360.0 - off) < 11.0
    };
    picture.pixels().filter(|pixel| is(pixel)).count() as f32 / (picture.width() * picture.height()) as f32
}

#[test]
fn a_group_shows_every_product_from_every_side() {
    // Ten hues, far enough apart to tell them from each other; concrete has no hue of its own.
    let hues: Vec<f32> = (0..10).map(|place| 36.0 * place as f32).collect();
    let products: Vec<Vec<u8>> = hues
        .iter()
        .enumerate()
        .map(|(place, hue)| {
            let part = |shift: f32| {
                let k = (shift + hue / 60.0).rem_euclid(6.0);
                (210.0 - 190.0 * k.min(4.0 - k).clamp(0.0, 1.0)) as u8
            };
            block([part(5.0), part(3.0), part(1.0)], 40 + 9 * (place as u32 % 4), 100 - 13 * (place as u32 % 5))
        })
        .collect();
    for camera in [Camera::Front, Camera::High, Camera::Low, Camera::Top] {
        for aspect in [0.6, 1.0, 1.8] {
            for count in [1, 2, 5, 10] {
                let group: Vec<&[u8]> = products[..count].iter().map(Vec::as_slice).collect();
                let spec = SceneSpec { camera, aspect, size: 300, ..small(Style::Concrete, count as u64) };
                let made = compose(&group, &SceneSpec { size: 300, ..spec }).expect("is made");
                assert!(made.cut_out);
                let picture = pixels(&made);
                for hue in &hues[..count] {
                    let share = share_of_hue(&picture, *hue) * count as f32;
                    assert!(share > 0.02, "{camera:?} {aspect} {count}: {share} of hue {hue}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_made_of_no_product_and_an_eleventh_is_left_out() {
    assert!(matches!(compose(&[], &SceneSpec::default()), Err(StudioError::Empty)));
    let ring = ring();
    let many = vec![ring.as_slice(); 12];
    let spec = small(Style::Studio, 3);
    assert_eq!(compose(&many, &spec).expect("is made"), compose(&many[..10], &spec).expect("is made"));
}

#[test]
fn every_scene_takes_every_light_camera_and_side() {
    let ring = ring();
    for (style, name) in STYLES {
        for (place, light) in [Light::Soft, Light::Warm, Light::Cool, Light::Dramatic].into_iter().enumerate() {
            for camera in [Camera::Front, Camera::High, Camera::Low, Camera::Top] {
                let aspect = [0.125, 0.7, 1.0, 8.0][place];
                for variety in [0, 100] {
                    let spec = SceneSpec { light, camera, aspect, variety, ..small(style, 9) };
                    let made = compose(&[&ring], &spec).expect("is made");
                    let share = share_of_hue(&pixels(&made), 5.0);
                    assert!(share > 0.008, "{name} {light:?} {camera:?} {aspect} {variety}: {share}");
                }
            }
        }
    }
    for aspect in [f32::NAN, f32::INFINITY, 0.0, -3.0] {
        assert!(compose(&[&ring], &SceneSpec { aspect, ..small(Style::Wood, 1) }).is_ok());
    }
}

/// The mean colour of the upper corners: wall, not product.
fn wall(picture: &Picture) -> [f32; 3] {
    let picture = pixels(picture);
    let corner = |x: u32, y: u32| picture.get_pixel(if x < 20 { x } else { picture.width() - 41 + x }, y).0;
    let all: Vec<[u8; 3]> = (0..40).flat_map(|x| (0..30).map(move |y| (x, y))).map(|(x, y)| corner(x, y)).collect();
    std::array::from_fn(|channel| all.iter().map(|c| f32::from(c[channel])).sum::<f32>() / all.len() as f32)
}

#[test]
fn a_scene_leans_to_its_palette_and_to_the_product() {
    let blue = block([30, 60, 200], 60, 90);
    for style in [Style::Studio, Style::Podium, Style::Marble] {
        let wall_of = |spec: SceneSpec| wall(&compose(&[&blue], &spec).expect("is made"));
        let calm = SceneSpec { variety: 20, ..small(style, 4) };
        let [r, g, b] = wall_of(SceneSpec { palette: vec![[40, 150, 60]], ..calm.clone() });
        assert!(g > r + 15.0 && g > b + 15.0, "{style:?} is green: {r} {g} {b}");
        let usual = wall_of(calm.clone());
        let matched = wall_of(SceneSpec { match_product: true, ..calm });
        assert!(matched[2] - matched[0] > usual[2] - usual[0] + 12.0, "{style:?} is bluer: {usual:?} {matched:?}");
    }
}

#[test]
fn variety_is_how_far_seeds_differ() {
    let ring = ring();
    let spread = |variety: u32| -> f32 {
        let walls: Vec<[f32; 3]> = (0..8)
            .map(|seed| {
                wall(&compose(&[&ring], &SceneSpec { variety, ..small(Style::Podium, seed) }).expect("is made"))
            })
            .collect();
        let mean: [f32; 3] = std::array::from_fn(|c| walls.iter().map(|w| w[c]).sum::<f32>() / 8.0);
        walls.iter().map(|w| (0..3).map(|c| (w[c] - mean[c]).abs()).sum::<f32>()).sum()
    };
    let (calm, usual) = (spread(0), spread(50));
    assert!(calm * 3.0 < usual, "{calm} {usual}");
}

#[test]
fn an_uneven_backdrop_is_plain_and_a_label_no_hole() {
    // A bottle with a label nearly as light as the wall, which fades from corner to corner and has a soft shadow.
    let bottle = png(300, 300, |x, y| {
        let (dx, dy) = (x.abs_diff(150), y.abs_diff(160));
        let shade = 246.0 - 0.11 * x as f32 - 0.06 * y as f32;
        let shadow = 60.0
            * (-((f32::from(x as u16) - 150.0) / 80.0).powi(2) - ((f32::from(y as u16) - 262.0) / 14.0).powi(2)).exp();
        let wall = (shade - shadow) as u8;
        match (dx, dy) {
            (..40, ..30) => [243, 238, 222, 255],
            (..40, ..100) => [150, 40, 60, 255],
            _ => [wall, wall, wall.saturating_sub(2), 255],
        }
    });
    let made = compose(&[&bottle], &small(Style::Night, 2)).expect("is made");
    let bright = pixels(&made).pixels().filter(|p| p.0.iter().all(|c| *c > 150)).count();
    assert!(made.cut_out && bright > 250, "{bright} of the label");
    let observed = observe(&bottle).expect("is observed");
    assert!(observed.plain_background && observed.shape == "tall", "{observed:?}");
}

#[test]
fn a_file_is_webp_or_png_with_its_transparency() {
    let through = png(120, 80, |x, _| if x < 60 { [10, 90, 200, 255] } else { [0, 0, 0, 0] });
    let small = webp(&through).expect("is written");
    assert_eq!((small.width, small.height), (120, 80));
    let back = image::load_from_memory(&small.bytes).expect("is WebP").to_rgba8();
    assert!(back.get_pixel(100, 40)[3] == 0 && back.get_pixel(20, 40)[3] == 255 && back.get_pixel(20, 40)[2] > 180);
    let made = compose(&[&ring()], &SceneSpec { size: 512, ..small_spec() }).expect("is made");
    let web = webp(&made.bytes).expect("is written");
    assert!(
        web.bytes.len() * 5 < made.bytes.len() && web.bytes.len() > 2000,
        "{} of {}",
        web.bytes.len(),
        made.bytes.len()
    );
    assert_eq!(web, webp(&made.bytes).expect("is written"));
    let off = image::load_from_memory(&web.bytes).expect("is WebP").to_rgb8();
    let wrong: u64 = off.as_raw().iter().zip(pixels(&made).as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    assert!(wrong < 4 * off.as_raw().len() as u64, "off by {wrong}");
    let again = super::png(&web.bytes).expect("is written");
    assert!(!again.cut_out && again.bytes.starts_with(b"\x89PNG") && (again.width, again.height) == (512, 512));
    assert!(super::png(&through).expect("is written").cut_out);
}

fn small_spec() -> SceneSpec {
    small(Style::Wood, 3)
}

#[test]
fn a_finished_picture_is_adjusted() {
    let made = compose(&[&ring()], &small_spec()).expect("is made");
    let sum = |picture: &Picture| -> u64 { pixels(picture).as_raw().iter().map(|c| u64::from(*c)).sum() };
    let same = adjust(&made.bytes, &Adjustments::default(), 1).expect("is made");
    assert_eq!(pixels(&same), pixels(&made));
    let bright = Adjustments { exposure: 0.4, ..Adjustments::default() };
    let brighter = adjust(&made.bytes, &bright, 1).expect("is made");
    assert!(sum(&brighter) > sum(&made));
    assert_eq!(brighter, adjust(&made.bytes, &bright, 1).expect("is made"));
    // A tiny adjustment changes next to nothing: light converts there and back.
    let hardly = adjust(&made.bytes, &Adjustments { exposure: 0.0001, ..Adjustments::default() }, 1).expect("is made");
    assert!(sum(&hardly).abs_diff(sum(&made)) < 2 * 160 * 160 * 3);
}

#[test]
fn what_is_seen_has_its_name() {
    let observed = observe(&block([196, 107, 76], 60, 120)).expect("is observed");
    assert!(observed.plain_background && observed.shape == "tall" && (observed.width, observed.height) == (160, 160));
    assert_eq!((observed.colours[0].name, observed.colours[0].hex.len()), ("terracotta", 7));
    assert!(observed.colours[0].share > 0.8);
    for (colour, name) in [
        ([135, 155, 124], "sage green"),
        ([23, 34, 63], "navy blue"),
        ([240, 196, 48], "yellow"),
        ([20, 20, 20], "black"),
        ([90, 58, 34], "dark brown"),
    ] {
        assert_eq!(observe(&block(colour, 120, 60)).expect("is observed").colours[0].name, name);
    }
    assert_eq!(observe(&block([20, 20, 20], 120, 60)).expect("is observed").shape, "wide");
    assert!(observe(&block([20, 20, 20], 90, 90)).expect("is observed").brightness < 0.2);
}

#[test]
fn a_scene_is_dark_or_bright_and_warm_or_cool() {
    let ring = ring();
    let observed = |style: Style, light: Light| {
        let made = compose(&[&ring], &SceneSpec { light, ..small(style, 2) }).expect("is made");
        observe_scene(&made.bytes).expect("is observed")
    };
    let (night, day) = (observed(Style::Night, Light::Soft), observed(Style::Studio, Light::Soft));
    assert!(night.brightness + 0.25 < day.brightness && night.style == Style::Night, "{night:?} {day:?}");
    let (warm, cool) = (observed(Style::Concrete, Light::Warm), observed(Style::Concrete, Light::Cool));
    assert!(warm.warmth > cool.warmth + 0.15, "{warm:?} {cool:?}");
    assert_eq!(observed(Style::Sunset, Light::Soft).style, Style::Sunset);
    assert!(!day.colours.is_empty() && day.colours.len() == day.palette.len());
    let flat = |colour: [u8; 4]| observe_scene(&png(40, 40, |_, _| colour));
    let blue = flat([60, 90, 160, 255]).expect("is observed");
    assert!(blue.light == Light::Cool && blue.warmth < -0.3 && blue.contrast < 0.05, "{blue:?}");
    assert!(matches!(flat([60, 90, 160, 0]), Err(StudioError::Empty)));
}

#[test]
fn no_file_brings_it_down() {
    type Taker = fn(&[u8]) -> bool;
    let takers: [Taker; 6] = [
        |bytes| compose(&[bytes], &SceneSpec { size: 64, ..SceneSpec::default() }).is_ok(),
        |bytes| observe(bytes).is_ok(),
        |bytes| observe_scene(bytes).is_ok(),
        |bytes| webp(bytes).is_ok(),
        |bytes| super::png(bytes).is_ok(),
        |bytes| adjust(bytes, &Adjustments { clarity: 1.0, ..Adjustments::default() }, 1).is_ok(),
    ];
    let written = |format: image::ImageFormat| {
        let mut file = std::io::Cursor::new(Vec::new());
        let picture = image::load_from_memory(&ring()).expect("is a picture").to_rgb8();
        picture.write_to(&mut file, format).expect("is written");
        file.into_inner()
    };
    let mut files = vec![ring(), webp(&ring()).expect("is written").bytes];
    files.extend([image::ImageFormat::Jpeg, image::ImageFormat::Gif].map(written));
    for (wide, high) in [(1, 1), (2, 1), (1, 300), (300, 1), (3, 3), (17, 2)] {
        for alpha in [0, 1, 128, 255] {
            files.push(png(wide, high, |x, y| [(x * 9) as u8, (y * 5) as u8, 200, alpha]));
            files.push(png(wide, high, |x, _| [255, 255, 255, if x == 0 { 255 } else { alpha }]));
        }
    }
    for file in files {
        for take in takers {
            let _ = take(&file);
        }
        for cut in [1, 10, 40, file.len() / 2, file.len().saturating_sub(5)] {
            let half = &file[..cut.min(file.len())];
            takers.iter().for_each(|take| _ = take(half));
        }
        // Flips a byte here and there.
        for place in (8..file.len()).step_by((file.len() / 9).max(1)) {
            let mut broken = file.clone();
            broken[place] ^= 0x55;
            takers.iter().for_each(|take| _ = take(&broken));
        }
    }
}

#[test]
fn a_file_that_is_cut_short_is_refused_however_its_decoder_takes_it() {
    let noise = |x: u32, y: u32| [((x * 37 + y * 91) % 251) as u8, ((x * 13) % 199) as u8, ((y * 29) % 233) as u8];
    let picture = image::RgbImage::from_fn(300, 200, |x, y| image::Rgb(noise(x, y)));
    let formats =
        [image::ImageFormat::Jpeg, image::ImageFormat::Png, image::ImageFormat::WebP, image::ImageFormat::Gif];
    for format in formats {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).expect("is written");
        let mut file = file.into_inner();
        check(&file).expect("is whole");
        for cut in [file.len() / 2, file.len() - 200, file.len() - 20] {
            for side in [64, 4096] {
                assert!(read::read(&file[..cut], side).is_err(), "{format:?} cut at {cut}, to {side}");
            }
        }
        // What follows the end is nobody's.
        file.extend([0; 40]);
        check(&file).expect("is whole");
        read::read(&file, 64).expect("is read");
    }
    // A thumbnail's end is not the picture's.
    let mut file = vec![0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
    assert!(!whole::is_whole(&file));
    file.extend([0xff, 0xda, 0, 2, 7, 0xff, 0, 7, 0xff, 0xd3, 7, 0xff, 0xd9]);
    assert!(whole::is_whole(&file));
}

#[test]
fn what_is_no_picture_says_so() {
    assert!(matches!(compose(&[b"no picture"], &SceneSpec::default()), Err(StudioError::Unreadable(_))));
    let half = ring();
    assert!(matches!(compose(&[&half[..half.len() / 2]], &SceneSpec::default()), Err(StudioError::CutShort)));
    let empty = png(80, 80, |_, _| [250, 250, 250, 255]);
    assert!(matches!(compose(&[&empty], &SceneSpec::default()), Err(StudioError::Empty)));
    // A header that states more than the limit.
    let mut huge = png(8, 8, |_, _| [1, 2, 3, 255]);
    huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    assert!(matches!(
        compose(&[&huge], &SceneSpec::default()),
        Err(StudioError::TooLarge(_) | StudioError::Unreadable(_))
    ));
}

#[test]
fn a_jpeg_has_white_where_nothing_was() {
    let half = png(40, 40, |x, _| if x < 20 { [200, 30, 30, 255] } else { [0, 0, 0, 0] });
    let first = jpeg(&half).expect("is written");
    assert_eq!(first, jpeg(&half).expect("is written"), "the same bytes");
    let observed = image::load_from_memory_with_format(&first, image::ImageFormat::Jpeg).expect("a JPEG").to_rgb8();
    assert!(observed.get_pixel(35, 20).0.iter().all(|part| *part > 245), "{:?}", observed.get_pixel(35, 20));
    assert!(observed.get_pixel(5, 20)[0] > 180 && observed.get_pixel(5, 20)[1] < 60);
    assert!(matches!(jpeg(b"no picture"), Err(StudioError::Unreadable(_))));
}

/// A picture with edges, gradients, noise and holes.
fn motley(x: u32, y: u32) -> [u8; 4] {
    let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13;
    [
        (x * 255 / 900) as u8,
        (noise % 256) as u8,
        if (x / 40 + y / 40).is_multiple_of(2) { 20 } else { 230 },
        255 - (y % 200) as u8,
    ]
}

#[test]
fn a_picture_becomes_smaller_as_a_known_scaler_makes_it() {
    use image::{DynamicImage, ImageFormat};
    let colours =
        image::DynamicImage::ImageRgba8(image::RgbaImage::from_fn(901, 677, |x, y| image::Rgba(motley(x, y))));
    let forms: [(DynamicImage, ImageFormat); 9] = [
        (colours.clone(), ImageFormat::Png),
        (colours.to_rgb8().into(), ImageFormat::Png),
        (colours.to_rgba16().into(), ImageFormat::Png),
        (colours.to_rgb16().into(), ImageFormat::Png),
        (colours.to_luma8().into(), ImageFormat::Png),
        (colours.to_luma_alpha16().into(), ImageFormat::Png),
        (colours.to_rgb8().into(), ImageFormat::Jpeg),
        (colours.to_luma8().into(), ImageFormat::Jpeg),
        (colours.to_rgb8().into(), ImageFormat::WebP),
    ];
    for (picture, format) in forms {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).expect("is written");
        for most in [900, 400, 64, 1] {
            let ours = read::read(file.get_ref(), most).expect("is read");
            let known = image::load_from_memory(file.get_ref()).expect("is read");
            let known = known.resize(most, most, image::imageops::FilterType::Triangle).into_rgba8();
            assert_eq!(ours.dimensions(), known.dimensions(), "{format:?} {most}");
            let off = ours.as_raw().iter().zip(known.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(1), "{format:?} {:?} {most}: off by {off:?}", picture.color());
        }
    }
}

/// A 16-bit RGBA PNG of nearly 50 million pixels, in few bytes.
fn huge() -> Vec<u8> {
    let side = 7070_u32;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("a header");
    let mut rows = writer.stream_writer().expect("a writer");
    for y in 0..side {
        let inside = (side / 4..side * 3 / 4).contains(&y);
        let row: Vec<u8> = (0..side)
            .flat_map(|x| {
                if inside && (side / 4..side * 3 / 4).contains(&x) {
                    [40, 0, 60, 0, 200, 0, 255, 255]
                } else {
                    [255; 8]
                }
            })
            .collect();
        std::io::Write::write_all(&mut rows, &row).expect("is written");
    }
    rows.finish().expect("is whole");
    writer.finish().expect("is whole");
    file
}

/// Memory is measured per process, so this runs in a process of its own.
#[cfg(target_os = "linux")]
#[test]
fn a_huge_picture_is_composed_in_little_memory() {
    const ALONE: &str = "STORE_SYNC_STUDIO_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let own = std::env::current_exe().expect("this program");
        let child = std::process::Command::new(own)
            .args(["--exact", "tests::a_huge_picture_is_composed_in_little_memory", "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("runs");
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let file = huge();
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let file = &file;
            scope.spawn(move || {
                let made = compose(&[file], &SceneSpec { seed, size: 512, ..SceneSpec::default() }).expect("is made");
                assert!(made.cut_out);
            });
        }
    });
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < 400_000, "{peak} kB");
}
