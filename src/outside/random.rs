//! Random numbers: from the operating system, seeded in tests.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::model::Time;

/// How many random bytes are fetched for ids at a time.
const POOL_BYTES: usize = 4096;

thread_local! {
    /// Random bytes for ids, and how many of them are used.
    static POOL: RefCell<(Vec<u8>, usize)> = const { RefCell::new((Vec::new(), 0)) };
}

/// A source of random bytes, tokens and ids.
#[derive(Clone, Debug)]
pub struct Random(Option<Arc<Mutex<u64>>>);

impl Random {
    /// The operating system's cryptographically secure generator.
    pub fn system() -> Self {
        Self(None)
    }

    /// A repeatable sequence, for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(seed))))
    }

    /// Fills `bytes`.
    ///
    /// # Panics
    /// If the operating system returns none: no key or token would be safe.
    #[expect(clippy::disallowed_methods, reason = "the only access to random numbers")]
    pub fn fill(&self, bytes: &mut [u8]) {
        let Some(state) = &self.0 else {
            return getrandom::fill(bytes).expect("the operating system returns random bytes");
        };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            let word = splitmix(&mut state).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    /// Fills the random part of an id, from a pool: an import makes eight ids for each product. Ids are no secrets; keys and tokens
    /// never come from here.
    fn fill_for_id(&self, bytes: &mut [u8; 10]) {
        if self.0.is_some() {
            return self.fill(bytes);
        }
        POOL.with_borrow_mut(|(pool, used)| {
            if pool.len() - *used < bytes.len() {
                pool.resize(POOL_BYTES, 0);
                self.fill(pool);
                *used = 0;
            }
            let end = *used + bytes.len();
            bytes.copy_from_slice(&pool[*used..end]);
            *used = end;
        });
    }

    /// 32 random bytes as URL-safe text: an unguessable token.
    pub fn token(&self) -> String {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A random integer below `limit`; zero for a limit of zero.
    pub fn below(&self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        if limit == 0 { 0 } else { u64::from_le_bytes(bytes) % limit }
    }

    /// A UUIDv7 for the given time.
    pub fn uuid_v7(&self, now: Time) -> String {
        let mut bytes = [0; 10];
        self.fill_for_id(&mut bytes);
        let ms = u64::try_from(now.unix_ms()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid().to_string()
    }
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_differ_within_a_pool_after_it_and_between_threads() {
        let ids = || (0..1000).map(|_| Random::system().uuid_v7(Time::from_unix_ms(0))).collect::<Vec<_>>();
        let other = std::thread::spawn(ids);
        let all: BTreeSet<String> = ids().into_iter().chain(other.join().expect("ends")).collect();
        assert_eq!(all.len(), 2000);
    }
}
