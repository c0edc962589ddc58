//! A body with an end of its time: what has not left by then does not leave.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use domain::{Clock, Instant};

use crate::connection::{Busy, Connection};
use crate::front::CallerShare;
use crate::send_queue::{Room, SendQueue};

/// Bytes handed over at once. The connection takes more as the reader does, and buffers about twice as much.
const PIECE: usize = 32 * 1024;
/// Bytes handed over at once of what expires, and only when the system has room: together with what it may then still
/// hold (`send_queue`) less than the 16 KiB that may be unsent at the end.
const SMALL_PIECE: usize = 4 * 1024;

/// An answer's bytes, handed to the connection piece by piece. The clock is looked at before each: a reader may take so
/// long that the time of what is read ends meanwhile. The rest is then dropped, with what the connection has not yet
/// given to the operating system and what this has not sent, and the connection is broken, so that the reader knows that
/// this was not all.
pub(crate) struct Timed {
    left: Bytes,
    end: Option<Instant>,
    clock: Arc<dyn Clock>,
    pace: Option<Pace>,
    over: bool,
    /// Given back when all was sent or nobody is there to send it to.
    _held: (Option<Busy>, [Option<CallerShare>; 2]),
}

/// What an answer is sent by, and what it counts for until it is.
#[derive(Default)]
pub(crate) struct Sending {
    /// The connection that it goes to.
    pub(crate) connection: Option<Arc<Connection>>,
    /// Its shares of what its caller may have at the same time.
    pub(crate) shares: [Option<CallerShare>; 2],
}

/// Hands an answer over no faster than the system sends it.
struct Pace {
    queue: SendQueue,
    room: Option<Room>,
    next: Next,
}

/// What comes before the next piece.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing.
    Piece,
    /// The connection writes the last one.
    Write,
    /// The system sends the last one, or most of it.
    Room,
}

impl Timed {
    /// A body that may leave until `end`; without an end it may leave at any time.
    pub(crate) fn new(body: impl Into<Bytes>, end: Option<Instant>, clock: Arc<dyn Clock>, sending: Sending) -> Self {
        let Sending { connection, shares } = sending;
        let queue = connection.as_ref().map(|connection| connection.send_queue().clone());
        let held = (connection.as_ref().map(Connection::begin_answer), shares);
        Self { _held: held, ..Self::by_queue(body, end, clock, queue) }
    }

    fn by_queue(body: impl Into<Bytes>, end: Option<Instant>, clock: Arc<dyn Clock>, queue: Option<SendQueue>) -> Self {
        let pace = queue.filter(|_| end.is_some()).map(|queue| Pace { queue, room: None, next: Next::Piece });
        Self { left: body.into(), end, clock, pace, over: false, _held: (None, [None, None]) }
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end <= self.clock.now())
    }

    /// Whether all of it was handed over, and sent but for little.
    fn is_done(&self) -> bool {
        self.left.is_empty() && self.pace.as_ref().is_none_or(|pace| pace.next == Next::Piece)
    }

    fn cut_off(&mut self) -> Over {
        self.left.clear();
        self.over = true;
        if let Some(pace) = self.pace.take() {
            pace.queue.discard_at_close();
        }
        Over
    }
}

impl Pace {
    /// Ready when the next piece may be handed over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.next == Next::Write {
            // The connection writes what it was handed when it is given nothing more, and comes back at once.
            self.next = Next::Room;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.next == Next::Room && !self.queue.has_room()? {
            let room = match &mut self.room {
                Some(room) => room,
                none => none.insert(self.queue.watch()?),
            };
            ready!(room.poll(cx))?;
        }
        self.next = Next::Piece;
        Poll::Ready(Ok(()))
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

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Over>>> {
        if self.over || self.is_done() {
            return Poll::Ready(None);
        }
        let ended = self.is_over();
        if ended && !self.left.is_empty() {
            return Poll::Ready(Some(Err(self.cut_off())));
        }
        let mut piece = PIECE;
        if let Some(pace) = &mut self.pace {
            let waits_for_room = pace.next == Next::Room;
            match pace.poll(cx) {
                Poll::Ready(Ok(())) => piece = SMALL_PIECE,
                // A connection that cannot be watched is broken, or the process has no descriptors left.
                Poll::Ready(Err(_)) => return Poll::Ready(Some(Err(self.cut_off()))),
                // All was handed over and the end came while the system could not send it.
                Poll::Pending if ended && waits_for_room => return Poll::Ready(Some(Err(self.cut_off()))),
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(pace) = &mut self.pace {
            pace.next = Next::Write;
        }
        let piece = piece.min(self.left.len());
        Poll::Ready(Some(Ok(self.left.split_to(piece))))
    }
}

#[cfg(test)]
mod tests;
