//! Whether a picture's file has come whole: lenient decoders fill what is missing with grey.

/// Whether the file reaches its own end. Formats whose decoders refuse a cut file by themselves count as whole.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xd8, segments @ ..] => jpeg_ends(segments),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, chunks @ ..] => png_ends(chunks),
        [b'R', b'I', b'F', b'F', a, b, c, d, rest @ ..] => u32::from_le_bytes([*a, *b, *c, *d]) as usize <= rest.len(),
        _ => true,
    }
}

/// Looks for the end-of-image marker. Every marker segment has a length, which is skipped with all that it holds, such
/// as a thumbnail; in a scan's data 0xff is followed by 0 or by a restart marker (ITU-T T.81, B.1.1).
fn jpeg_ends(mut rest: &[u8]) -> bool {
    const END: u8 = 0xd9;
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 1 | 0xd0..=0xd7 | 0xff);
    while let Some(at) = rest.windows(2).position(is_marker) {
        if rest[at + 1] == END {
            return true;
        }
        let segment = &rest[at + 2..];
        let [high, low, ..] = segment else { return false };
        let Some(after) = segment.get(usize::from(u16::from_be_bytes([*high, *low]))..) else { return false };
        rest = after;
    }
    false
}

/// Looks for the chunk IEND. A chunk is its length, its name, its data and a checksum (PNG 1.2, 3.2).
fn png_ends(mut rest: &[u8]) -> bool {
    while let [a, b, c, d, name @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some(after) = length.checked_add(8).and_then(|end| name.get(end..)) else { return false };
        if name.starts_with(b"IEND") {
            return true;
        }
        rest = after;
    }
    false
}
