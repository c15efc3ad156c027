//! Detects pagination loops: remembers the visited pages and their items, eight bytes each.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// The first eight bytes of a SHA-256 hash.
pub fn mark(bytes: &[u8]) -> u64 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}

/// The pages that a read visited, and the items on them.
#[derive(Debug, Default)]
pub struct Trail {
    places: HashSet<u64>,
    things: HashSet<u64>,
}

impl Trail {
    /// Records a page; `false` if it was visited before.
    pub fn goes_to(&mut self, place: u64) -> bool {
        self.places.insert(place)
    }

    /// Records an item; `false` if it was recorded before.
    pub fn meets(&mut self, thing: u64) -> bool {
        self.things.insert(thing)
    }

    /// Forgets the items, and returns them.
    pub fn take_things(&mut self) -> HashSet<u64> {
        std::mem::take(&mut self.things)
    }
}
