//! What the operating system holds of an answer and has not sent. It goes on sending that after the time of what is
//! answered has ended, so an answer whose time ends is given to it a little at a time.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// The system reports room in a connection's queue while it holds less than half of this, in bytes, that it has not sent
/// (`TCP_NOTSENT_LOWAT` in tcp(7)). What is sent and not acknowledged does not count, so that a fast reader far away is
/// not held up.
const UNSENT_MARK: u32 = 8 * 1024;

/// The queue of bytes of one connection that the operating system holds.
#[derive(Debug, Clone)]
pub(crate) struct SendQueue(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    connection: OwnedFd,
    discarded: AtomicBool,
}

impl SendQueue {
    /// Bounds what the system holds unsent for a connection.
    ///
    /// # Errors
    /// When there are no more file descriptors, or the connection is gone.
    pub(crate) fn bound(connection: &impl AsFd) -> io::Result<Self> {
        SockRef::from(connection).set_tcp_notsent_lowat(UNSENT_MARK)?;
        let connection = connection.as_fd().try_clone_to_owned()?;
        Ok(Self(Arc::new(Queue { connection, discarded: AtomicBool::new(false) })))
    }

    /// Whether the system holds little that it has not sent, or the connection is broken.
    pub(crate) fn has_room(&self) -> io::Result<bool> {
        has_room(&self.0.connection)
    }

    /// Begins to wait for room.
    pub(crate) fn watch(&self) -> io::Result<Room> {
        // A second descriptor of the same connection, to be told of room beside whoever writes.
        Ok(Room { connection: TcpStream::from_std(self.0.connection.try_clone()?.into())? })
    }

    /// Has the system throw away what it holds when the connection is closed, and tell the reader so by a reset.
    pub(crate) fn discard_at_close(&self) {
        self.0.discarded.store(true, Ordering::Release);
        if let Err(error) = SockRef::from(&self.0.connection).set_linger(Some(Duration::ZERO)) {
            tracing::warn!(%error, "what the system holds of an expired answer cannot be thrown away");
        }
    }
}

impl SendQueue {
    /// Whether what the system holds is to be thrown away.
    pub(crate) fn is_discarded(&self) -> bool {
        self.0.discarded.load(Ordering::Acquire)
    }
}

impl AsFd for SendQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.connection.as_fd()
    }
}

/// Waits for room in a connection's queue.
#[derive(Debug)]
pub(crate) struct Room {
    connection: TcpStream,
}

impl Room {
    /// Ready once the system holds little that it has not sent, or the connection is broken.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.connection.poll_write_ready(cx))?;
            match self.connection.try_io(Interest::WRITABLE, || {
                has_room(&self.connection)?.then_some(()).ok_or_else(|| ErrorKind::WouldBlock.into())
            }) {
                // Asking has told the system to report it.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return Poll::Ready(other),
            }
        }
    }
}

/// Asks the system now: what was reported before says nothing about what was written since.
fn has_room(connection: &impl AsFd) -> io::Result<bool> {
    let mut asked = [PollFd::new(connection, PollFlags::OUT)];
    Ok(poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? > 0)
}
