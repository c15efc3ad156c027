//! Reads the bytes of a picture: from the object store by key, or from a URL.

use bytes::Bytes;
use url::Url;

use super::{FileError, HttpError, Outside};
use crate::model::{AssetLocation, Failure, FailureKind};

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
