//! Reads the bytes of a picture: from the object store by key, or from a URL.

use bytes::Bytes;
use url::Url;

use super::{FileError, HttpError, Outside};
use crate::model::{AssetLocation, Failure, FailureKind, UnreadableFormat};

/// A transient error becomes `FilesAway`, which is retried; the others are final.
impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Missing(_) | FileError::BadKey(_) => missing(&error.to_string()),
            _ if error.is_transient() => Self::new(FailureKind::FilesAway, error.to_string()).because(error),
            _ => Self::new(FailureKind::FilesRefused, error.to_string()).because(error),
        }
    }
}

fn missing(why: &str) -> Failure {
    Failure::new(FailureKind::PictureMissing, format!("the picture is missing: {why}"))
}

/// The media type and file extension of a supported picture; `None` for anything else.
pub fn picture_kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    match infer::get(bytes)?.mime_type() {
        "image/png" => Some(("image/png", "png")),
        "image/jpeg" => Some(("image/jpeg", "jpg")),
        "image/webp" => Some(("image/webp", "webp")),
        "image/gif" => Some(("image/gif", "gif")),
        _ => None,
    }
}

/// The first bytes in which the element of an SVG picture has to begin.
const SVG_HEAD: usize = 1024;

/// The format of a picture that cannot be read here; `None` for every other content.
pub fn unreadable_format(bytes: &[u8]) -> Option<&'static UnreadableFormat> {
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("text/html") => None,
        Some(kind) if UnreadableFormat::of_type(kind).is_some() => UnreadableFormat::of_type(kind),
        _ if is_svg(bytes) => UnreadableFormat::of_type("image/svg+xml"),
        _ => None,
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(SVG_HEAD)];
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    text.starts_with(b"<") && text.windows(4).any(|word| word.eq_ignore_ascii_case(b"<svg"))
}

impl Outside {
    /// Reads an object of the object store; verifies its SHA-256 if one is given.
    ///
    /// # Errors
    /// As `bytes_at`; final if the checksum differs.
    pub async fn bytes_kept(&self, key: &str, sha256: Option<&str>) -> Result<Bytes, Failure> {
        Ok(match sha256 {
            Some(sha256) => self.files.get_checked(key, sha256).await?,
            None => self.files.get(key).await?,
        })
    }

    /// Reads the bytes of a picture by key or URL.
    ///
    /// # Errors
    /// `picture_missing` if the object does not exist (404, 410) or its location is invalid, otherwise the failure of
    /// the store, or `fetch`: final if the address may not be requested, leads elsewhere than it may, or is refused.
    pub async fn bytes_at(&self, place: &AssetLocation<'_>) -> Result<Bytes, Failure> {
        let url = match place {
            AssetLocation::Key(key) => return Ok(self.files.get(key).await?),
            AssetLocation::Url(url) => Url::parse(url).map_err(|e| missing(&format!("its URL is invalid: {e}")))?,
        };
        let answer = self.http.get_file(url).await;
        let answer = answer.map_err(|error| {
            let is_final =
                matches!(error, HttpError::Refused { .. } | HttpError::TooLarge { .. } | HttpError::Redirected { .. });
            let kind = if is_final { FailureKind::FetchRefused } else { FailureKind::Fetch };
            Failure::new(kind, format!("the picture cannot be fetched: {error}")).because(error)
        })?;
        match answer.status {
            200 => Ok(answer.body),
            404 | 410 => Err(missing(&format!("its server answered {}", answer.status))),
            other => {
                let is_final = (400..500).contains(&other) && ![408, 425, 429].contains(&other);
                let kind = if is_final { FailureKind::FetchRefused } else { FailureKind::Fetch };
                Err(Failure::new(kind, format!("the picture cannot be fetched: its server answered {other}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unreadable_format;

    #[test]
    fn a_format_is_known_by_its_content() {
        let name = |bytes: &[u8]| unreadable_format(bytes).map(|format| format.name);
        assert_eq!(name(b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B"), Some("AVIF"));
        assert_eq!(name(b"\0\0\0\x20ftypheic\0\0\0\0mif1heic\0\0\0\0\0\0\0\0"), Some("HEIC"));
        assert_eq!(name(b"II*\0\x08\0\0\0\0\0\0\0\0\0\0\0"), Some("TIFF"));
        assert_eq!(name(b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- a lamp --><SVG viewBox='0 0 1 1'/>"), Some("SVG"));
        assert_eq!(name(b"<!DOCTYPE html><html><body><svg></svg></body></html>"), None);
        assert_eq!((name(b"\x89PNG\r\n\x1a\n"), name(b"\xff\xd8\xff\xe0"), name(b"")), (None, None, None));
    }
}
