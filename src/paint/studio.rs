//! The local studio, beside the threads that serve others: pixels are worked on by threads of their own.

use bytes::Bytes;
use store_sync_studio::{Adjustments, Observed, Picture, SceneSeen, SceneSpec, StudioError, Webp};

use crate::{
    model::{Failure, FailureKind},
    outside,
};

/// Kept with each of its pictures, so that nobody takes one for a model's.
pub(super) const NAME: &str = "local-studio/2";

/// Makes a scene around products.
///
/// # Errors
/// As all functions here: `studio` if the bytes cannot be read as a picture, or if the work broke off (then a retry may succeed).
pub(super) async fn compose(pictures: Vec<Bytes>, scene: SceneSpec) -> Result<Picture, Failure> {
    work(move || {
        let slices: Vec<&[u8]> = pictures.iter().map(AsRef::as_ref).collect();
        store_sync_studio::compose(&slices, &scene)
    })
    .await
}

/// Adjusts light and colour; `seed` places the grain.
pub(super) async fn adjust(picture: Bytes, adjustments: Adjustments, seed: u64) -> Result<Picture, Failure> {
    work(move || store_sync_studio::adjust(&picture, &adjustments, seed)).await
}

/// Checks that a file is a picture that can be read, by its header and its end.
pub fn check(picture: &[u8]) -> Result<(), Failure> {
    store_sync_studio::check(picture).map_err(|error| Failure::new(FailureKind::Studio, error.to_string()))
}

/// Returns the same picture as PNG.
pub async fn png(picture: Bytes) -> Result<Picture, Failure> {
    work(move || store_sync_studio::png(&picture)).await
}

/// Returns the same picture as WebP.
pub async fn webp(picture: Bytes) -> Result<Webp, Failure> {
    work(move || store_sync_studio::webp(&picture)).await
}

/// Returns the same picture as JPEG.
pub async fn jpeg(picture: Bytes) -> Result<Bytes, Failure> {
    work(move || store_sync_studio::jpeg(&picture)).await.map(Bytes::from)
}

/// Analyses a product's picture by arithmetic.
pub async fn observe(picture: Bytes) -> Result<Observed, Failure> {
    work(move || store_sync_studio::observe(&picture)).await
}

/// Analyses an inspiration's scene by arithmetic.
pub async fn observe_scene(picture: Bytes) -> Result<SceneSeen, Failure> {
    work(move || store_sync_studio::observe_scene(&picture)).await
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> Result<T, StudioError> + Send + 'static) -> Result<T, Failure> {
    let done = outside::off_thread(job).await;
    let done = done.map_err(|e| Failure::new(FailureKind::StudioInterrupted, format!("the studio broke off: {e}")))?;
    done.map_err(|e| Failure::new(FailureKind::Studio, e.to_string()))
}
