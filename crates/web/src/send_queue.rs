//! Bounds how much of a response the operating system holds unsent. The system keeps sending what
//! it holds after the content has expired, so a response with an expiry is given to it in small
//! amounts.

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

/// The operating system reports capacity in a connection's send queue while it holds less than half
/// of this, in bytes, unsent (`TCP_NOTSENT_LOWAT` in tcp(7)). Bytes sent but not acknowledged do
/// not count, so that fast readers with a long round trip are not slowed down.
const UNSENT_LOW_WATERMARK: u32 = 8 * 1024;

/// The operating system's send queue of one connection. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct SendQueue(Arc<Socket>);

#[derive(Debug)]
struct Socket {
    connection: OwnedFd,
    discarded: AtomicBool,
}

impl SendQueue {
    /// Bounds what the operating system holds unsent for a connection.
    ///
    /// # Errors
    /// When the process has no file descriptors left, or the connection is closed.
    pub(crate) fn bounded(connection: &impl AsFd) -> io::Result<Self> {
        SockRef::from(connection).set_tcp_notsent_lowat(UNSENT_LOW_WATERMARK)?;
        let connection = connection.as_fd().try_clone_to_owned()?;
        Ok(Self(Arc::new(Socket {
            connection,
            discarded: AtomicBool::new(false),
        })))
    }

    /// Whether the operating system holds little unsent data, or the connection is broken.
    pub(crate) fn has_capacity(&self) -> io::Result<bool> {
        has_capacity(&self.0.connection)
    }

    /// Starts to wait for capacity.
    pub(crate) fn watch(&self) -> io::Result<CapacityWatcher> {
        // A second descriptor of the connection, so that its readiness can be polled independently
        // of the writer.
        Ok(CapacityWatcher {
            connection: TcpStream::from_std(self.0.connection.try_clone()?.into())?,
        })
    }

    /// Makes the operating system discard what it holds when the connection is closed, and reset
    /// the connection.
    pub(crate) fn discard_at_close(&self) {
        self.0.discarded.store(true, Ordering::Release);
        if let Err(error) = SockRef::from(&self.0.connection).set_linger(Some(Duration::ZERO)) {
            tracing::warn!(%error, "unsent data of an expired response cannot be discarded");
        }
    }

    /// Whether unsent data is discarded at close.
    pub(crate) fn is_discarded(&self) -> bool {
        self.0.discarded.load(Ordering::Acquire)
    }
}

impl AsFd for SendQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.connection.as_fd()
    }
}

/// Waits for capacity in a connection's send queue.
#[derive(Debug)]
pub(crate) struct CapacityWatcher {
    connection: TcpStream,
}

impl CapacityWatcher {
    /// Ready once the operating system holds little unsent data, or the connection is broken.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.connection.poll_write_ready(cx))?;
            match self.connection.try_io(Interest::WRITABLE, || {
                has_capacity(&self.connection)?
                    .then_some(())
                    .ok_or_else(|| ErrorKind::WouldBlock.into())
            }) {
                // `try_io` has cleared the readiness, so that the next poll waits for a new event.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return Poll::Ready(other),
            }
        }
    }
}

/// Polls the operating system now, because earlier readiness says nothing about bytes written
/// since.
fn has_capacity(connection: &impl AsFd) -> io::Result<bool> {
    let mut polled = [PollFd::new(connection, PollFlags::OUT)];
    Ok(poll(
        &mut polled,
        Some(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }),
    )? > 0)
}
