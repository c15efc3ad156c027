//! A process-wide memory budget for pictures, over all threads. A large request waits for those before it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The budget of decoded pictures and canvases together. A request for more than this gets all of it.
static PICTURES: MemoryBudget = MemoryBudget::new(320 << 20);

/// Waits until the budget has room for `bytes`; dropping the share releases it. A thread that holds a share must not
/// request another: two that do deadlock.
pub(crate) fn share(bytes: u64) -> BudgetShare<'static> {
    PICTURES.share(bytes)
}

struct MemoryBudget {
    whole: u64,
    state: Mutex<BudgetState>,
    changed: Condvar,
}

struct BudgetState {
    taken: u64,
    /// Requests are served in order, so that a large one does not starve.
    next_turn: u64,
    turn: u64,
}

/// A part of the budget.
pub(crate) struct BudgetShare<'b> {
    budget: &'b MemoryBudget,
    bytes: u64,
}

impl MemoryBudget {
    const fn new(whole: u64) -> Self {
        Self { whole, state: Mutex::new(BudgetState { taken: 0, next_turn: 0, turn: 0 }), changed: Condvar::new() }
    }

    fn share(&self, bytes: u64) -> BudgetShare<'_> {
        let bytes = bytes.min(self.whole);
        let mut state = self.lock();
        let own = state.next_turn;
        state.next_turn += 1;
        let waits = |state: &mut BudgetState| state.turn != own || state.taken + bytes > self.whole;
        let mut state = self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        state.taken += bytes;
        state.turn += 1;
        drop(state);
        self.changed.notify_all();
        BudgetShare { budget: self, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, BudgetState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BudgetShare<'_> {
    fn drop(&mut self) {
        self.budget.lock().taken -= self.bytes;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn shares_never_come_to_more_than_the_whole_and_everybody_gets_one() {
        let (budget, taken, most, done) =
            (MemoryBudget::new(100), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..6_u64 {
                let (budget, taken, most, done) = (&budget, &taken, &most, &done);
                scope.spawn(move || {
                    for round in 0..200 {
                        // Some request more than the budget.
                        let want = (thread * 37 + round * 11) % 140;
                        let share = budget.share(want);
                        most.fetch_max(taken.fetch_add(share.bytes, Ordering::SeqCst) + share.bytes, Ordering::SeqCst);
                        std::thread::yield_now();
                        taken.fetch_sub(share.bytes, Ordering::SeqCst);
                        drop(share);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        let (most, done) = (most.into_inner(), done.into_inner());
        assert!(most <= 100 && done == 1200, "{most} at once, {done} done");
    }
}
