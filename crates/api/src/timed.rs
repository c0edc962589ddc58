//! A body with an end of its time: what has not left by then does not leave.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use domain::{Clock, Instant};

/// Bytes handed over at once. The connection takes more as the reader does, and buffers about twice as much.
const PIECE: usize = 32 * 1024;

/// An answer's bytes, handed to the connection piece by piece. The clock is looked at before each: a reader may take so
/// long that the time of what is read ends meanwhile. The rest is then dropped, with what the connection has not yet
/// given to the operating system, and the connection is broken, so that the reader knows that this was not all.
pub(crate) struct Timed {
    left: Bytes,
    end: Option<Instant>,
    clock: Arc<dyn Clock>,
}

impl Timed {
    /// A body that may leave until `end`; without one it may leave at any time.
    pub(crate) fn new(body: Vec<u8>, end: Option<Instant>, clock: Arc<dyn Clock>) -> Self {
        Self { left: body.into(), end, clock }
    }
}

/// The time of what was being read has ended.
#[derive(Debug)]
pub(crate) struct Over;

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was being sent has expired")
    }
}

impl std::error::Error for Over {}

impl MessageBody for Timed {
    type Error = Over;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.left.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Over>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        if self.end.is_some_and(|end| end <= self.clock.now()) {
            self.left.clear();
            return Poll::Ready(Some(Err(Over)));
        }
        let piece = PIECE.min(self.left.len());
        Poll::Ready(Some(Ok(self.left.split_to(piece))))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use domain::MockClock;

    use super::*;

    fn next(body: &mut Timed) -> Option<Result<Bytes, Over>> {
        match Pin::new(body).poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(piece) => piece,
            Poll::Pending => panic!("nothing is waited for"),
        }
    }

    #[test]
    fn all_of_it_leaves_in_time_and_nothing_from_its_end_on() {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        let end = clock.now().plus(Duration::from_secs(1));
        let bytes: Vec<u8> = (0..PIECE * 2 + 5).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let body = |end| Timed::new(bytes.clone(), end, Arc::new(clock.clone()));
        let mut whole = body(Some(end));
        assert!(matches!(whole.size(), BodySize::Sized(size) if size == bytes.len() as u64));
        let mut came = Vec::new();
        while let Some(piece) = next(&mut whole) {
            came.extend(piece.unwrap());
        }
        assert_eq!(came, bytes);

        let (mut cut, mut endless) = (body(Some(end)), body(None));
        assert_eq!(next(&mut cut).unwrap().unwrap().len(), PIECE);
        clock.set(end.minus(Duration::from_micros(1)));
        assert_eq!(next(&mut cut).unwrap().unwrap().len(), PIECE, "until the last microsecond");
        clock.set(end);
        assert!(matches!(next(&mut cut), Some(Err(Over))));
        assert!(next(&mut cut).is_none(), "and nothing after that");
        assert!(next(&mut endless).unwrap().is_ok());
    }
}
