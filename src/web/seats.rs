//! Connection slots: a limited number, none held for long without a complete request. If all are taken, a new
//! connection replaces the one that has been idle longest.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All slots.
pub(super) struct Seats {
    taken: Mutex<HashMap<u64, Arc<Seat>>>,
    most: usize,
}

/// The slot of one connection.
pub(super) struct Seat {
    posture: Mutex<Posture>,
    /// Cancelled when the connection must close.
    pub(super) leave: CancellationToken,
}

struct Posture {
    /// Requests in progress.
    at_work: usize,
    /// The time since which there is none.
    waiting_since: Instant,
}

/// A request in progress, until its response is sent.
pub(super) struct BusySeat(Arc<Seat>);

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: Mutex::default(), most }
    }

    /// Takes a slot; if all are taken, that of the connection that has been idle longest, which is closed. `None` if
    /// all are busy.
    pub(super) fn take(self: &Arc<Self>, number: u64) -> Option<Taken> {
        let mut taken = locked(&self.taken);
        if taken.len() >= self.most {
            let waiting = taken.iter().filter_map(|(number, seat)| Some((seat.waiting_since()?, *number)));
            let (_, oldest) = waiting.min()?;
            if let Some(seat) = taken.remove(&oldest) {
                seat.leave.cancel();
            }
        }
        let seat = Arc::new(Seat::new());
        taken.insert(number, seat.clone());
        drop(taken);
        Some(Taken { seats: self.clone(), number, seat })
    }

    /// Closes connections that have been idle for at least this long.
    pub(super) fn clear(&self, longer_than: Duration) {
        let taken = locked(&self.taken);
        let late = |since: Instant| since.elapsed() >= longer_than;
        taken.values().filter(|seat| seat.waiting_since().is_some_and(late)).for_each(|seat| seat.leave.cancel());
    }
}

/// A taken slot; freed on drop.
pub(super) struct Taken {
    seats: Arc<Seats>,
    number: u64,
    pub(super) seat: Arc<Seat>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        locked(&self.seats.taken).remove(&self.number);
    }
}

impl Seat {
    fn new() -> Self {
        let posture = Posture { at_work: 0, waiting_since: Instant::now() };
        Self { posture: Mutex::new(posture), leave: CancellationToken::new() }
    }

    fn waiting_since(&self) -> Option<Instant> {
        let posture = locked(&self.posture);
        (posture.at_work == 0).then_some(posture.waiting_since)
    }

    /// Marks the connection as busy with a complete request.
    pub(super) fn start_work(self: &Arc<Self>) -> BusySeat {
        locked(&self.posture).at_work += 1;
        BusySeat(self.clone())
    }
}

impl BusySeat {
    /// Keeps the connection busy until the response body is sent.
    pub(super) fn until_sent(self, body: Body) -> Sending {
        Sending { body, _work: self }
    }
}

impl Drop for BusySeat {
    fn drop(&mut self) {
        let mut posture = locked(&self.0.posture);
        posture.at_work -= 1;
        posture.waiting_since = Instant::now();
    }
}

/// A response body that keeps its connection busy.
pub(super) struct Sending {
    body: Body,
    _work: BusySeat,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waited_longest_gives_way_and_who_works_stays() {
        let seats = Arc::new(Seats::new(2));
        let first = seats.take(1).expect("a place");
        let second = seats.take(2).expect("a place");
        let work = first.seat.start_work();
        let third = seats.take(3).expect("the second one's place");
        assert!(second.seat.leave.is_cancelled() && !first.seat.leave.is_cancelled());
        let more = third.seat.start_work();
        assert!(seats.take(4).is_none(), "everybody is at work");
        seats.clear(Duration::ZERO);
        assert!(!first.seat.leave.is_cancelled() && !third.seat.leave.is_cancelled());
        drop(work);
        seats.clear(Duration::from_mins(1));
        assert!(!first.seat.leave.is_cancelled(), "the time runs anew after each answer");
        seats.clear(Duration::ZERO);
        assert!(first.seat.leave.is_cancelled() && !third.seat.leave.is_cancelled());
        drop((more, first, second, third));
        assert!(locked(&seats.taken).is_empty());
    }
}
