//! Random numbers: from the operating system, seeded in tests.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::model::Time;

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
        self.fill(&mut bytes);
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
