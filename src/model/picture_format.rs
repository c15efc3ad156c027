//! Formats of pictures that shops serve and no engine here reads: what they are called, and how their files are named.

/// A format that cannot be read here.
#[derive(Debug, PartialEq, Eq)]
pub struct UnreadableFormat {
    pub mime_type: &'static str,
    /// For people.
    pub name: &'static str,
    /// How the addresses of its files end.
    endings: &'static [&'static str],
}

const fn of(mime_type: &'static str, name: &'static str, endings: &'static [&'static str]) -> UnreadableFormat {
    UnreadableFormat { mime_type, name, endings }
}

const UNREADABLE: &[UnreadableFormat] = &[
    of("image/avif", "AVIF", &["avif", "avifs"]),
    of("image/bmp", "BMP", &["bmp"]),
    of("image/heif", "HEIC", &["heic", "heif"]),
    of("image/jp2", "JPEG 2000", &["j2k", "jp2"]),
    of("image/jxl", "JPEG XL", &["jxl"]),
    of("image/svg+xml", "SVG", &["svg", "svgz"]),
    of("image/tiff", "TIFF", &["tif", "tiff"]),
    of("image/vnd.microsoft.icon", "ICO", &["ico"]),
];

impl UnreadableFormat {
    /// The format of a media type; `None` for those that can be read, and for unknown ones.
    pub fn of_type(mime_type: &str) -> Option<&'static Self> {
        UNREADABLE.iter().find(|format| format.mime_type == mime_type)
    }

    /// The format that an address ends with, whatever its query says.
    pub fn of_address(address: &str) -> Option<&'static Self> {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
        UNREADABLE.iter().find(|format| format.endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
    }
}

#[cfg(test)]
mod tests {
    use super::UnreadableFormat;

    #[test]
    fn the_end_of_an_address_says_what_cannot_be_read() {
        let name = |address: &str| UnreadableFormat::of_address(address).map(|format| format.name);
        assert_eq!(name("https://s.example/a.AVIF?width=800.jpg"), Some("AVIF"));
        assert_eq!(name("https://s.example/b.c.heic#x"), Some("HEIC"));
        for readable in
            ["https://s.example/a.jpg", "https://s.avif/a", "https://s.example/avif", "https://s.example/a.avif/b", ""]
        {
            assert_eq!(name(readable), None, "{readable}");
        }
        assert_eq!(UnreadableFormat::of_type("image/heif").map(|format| format.name), Some("HEIC"));
        assert_eq!(UnreadableFormat::of_type("image/png"), None);
    }
}
