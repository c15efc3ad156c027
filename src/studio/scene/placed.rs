//! A product in the picture.

use super::{group::Spot, sprite::Sprite};

/// A product in the picture, in pixels.
pub(super) struct Placed {
    pub(super) sprite: Sprite,
    pub(super) left: isize,
    pub(super) top: isize,
    pub(super) spot: Spot,
}
