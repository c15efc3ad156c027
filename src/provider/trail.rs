//! Where a reading has been and what it has met, at eight bytes each: a shop whose pages go round for ever is found out.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// Eight bytes that stand for something longer.
pub fn mark(bytes: &[u8]) -> u64 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}

/// The pages that a reading was led to, and the things that stood on them.
#[derive(Debug, Default)]
pub struct Trail {
    places: HashSet<u64>,
    things: HashSet<u64>,
}

impl Trail {
    /// Goes to a page; false where the reading has been there before.
    pub fn goes_to(&mut self, place: u64) -> bool {
        self.places.insert(place)
    }

    /// Meets a thing; false where it was met before.
    pub fn meets(&mut self, thing: u64) -> bool {
        self.things.insert(thing)
    }
}
