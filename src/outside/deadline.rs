//! A deadline for sending, such as the end of a lease, by a clock that continues while the process or the machine is
//! suspended.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::Clock;

/// The bytes given to the connection between two checks of the deadline.
const PIECE_BYTES: usize = 64 << 10;

/// A deadline that its owner may extend. Clones share it.
#[derive(Clone, Debug)]
pub struct Deadline {
    clock: Clock,
    /// Milliseconds of `Clock::uptime`.
    at_ms: Arc<AtomicU64>,
}

impl Deadline {
    /// `wait` after `from`, an uptime of `clock`.
    pub fn new(clock: &Clock, from: Duration, wait: Duration) -> Self {
        Self { clock: clock.clone(), at_ms: Arc::new(AtomicU64::new(millis(from + wait))) }
    }

    /// Extends it to `wait` after `from`; never shortens it.
    pub fn extend(&self, from: Duration, wait: Duration) {
        self.at_ms.fetch_max(millis(from + wait), Ordering::SeqCst);
    }

    /// The remaining time; zero once it has passed.
    pub fn remaining(&self) -> Duration {
        Duration::from_millis(self.at_ms.load(Ordering::SeqCst).saturating_sub(millis(self.clock.uptime())))
    }

    /// Whether the deadline has passed.
    pub fn has_passed(&self) -> bool {
        self.remaining().is_zero()
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The deadline passed before the rest was sent.
#[derive(Debug, thiserror::Error)]
#[error("the deadline for sending has passed")]
pub(super) struct TooLate;

/// A request body of known length that fails in the middle once its deadline passes. The connection polls for a frame
/// when it is about to write it, so that a process that was suspended checks again before its next frame.
pub(super) struct TimelyBody {
    rest: Bytes,
    until: Deadline,
}

impl TimelyBody {
    pub(super) fn new(bytes: Bytes, until: Deadline) -> Self {
        Self { rest: bytes, until }
    }
}

impl Body for TimelyBody {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if self.until.has_passed() {
            return Poll::Ready(Some(Err(TooLate)));
        }
        let piece = self.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn frozen() -> (Clock, Deadline) {
        let clock = Clock::frozen(Time::from_unix_ms(1_000_000));
        let deadline = Deadline::new(&clock, clock.uptime(), Duration::from_secs(10));
        (clock, deadline)
    }

    #[test]
    fn a_deadline_passes_unless_it_is_pushed_ahead() {
        let (clock, deadline) = frozen();
        let copy = deadline.clone();
        assert_eq!(copy.remaining(), Duration::from_secs(10));
        clock.advance(Duration::from_secs(10));
        assert!(copy.has_passed());
        deadline.extend(clock.uptime(), Duration::from_secs(5));
        assert_eq!(copy.remaining(), Duration::from_secs(5), "copies share it");
        deadline.extend(Duration::ZERO, Duration::ZERO);
        assert!(!copy.has_passed(), "it is never pulled back");
    }

    #[test]
    fn a_body_stops_where_its_time_ends() {
        let (clock, deadline) = frozen();
        let mut body = TimelyBody::new(Bytes::from(vec![7; 3 * PIECE_BYTES - 1]), deadline);
        assert_eq!(body.size_hint().exact(), Some(3 * PIECE_BYTES as u64 - 1));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut next = || match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().map(|data| data.len()).map_err(|_| "no data"),
            Poll::Ready(Some(Err(TooLate))) => Err("too late"),
            _ => Err("no frame"),
        };
        assert_eq!(next(), Ok(PIECE_BYTES));
        clock.advance(Duration::from_secs(11));
        assert_eq!(next(), Err("too late"), "not one byte more");
    }
}
