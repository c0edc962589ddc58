//! Tracks every connection of a node from its acceptance: how many there are, what each is doing,
//! and when to close one that makes no progress.

mod bare_responses;
mod listen;
mod monitor;
mod registry;
mod stream;

pub use listen::{Transport, listen};
pub use registry::{ConnectionLimits, Connections};
pub use stream::CountedStream;

pub(crate) use bare_responses::BareResponseRewriter;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use socket2::SockRef;

use crate::send_queue::SendQueue;

/// State of one connection.
#[derive(Debug)]
pub(crate) struct Connection {
    send_queue: SendQueue,
    /// Bytes that the operating system has accepted for sending.
    bytes_sent: AtomicU64,
    /// Number of requests and responses begun or ended.
    activity_count: AtomicU64,
    /// Requests in progress.
    active_requests: AtomicU32,
    /// Responses being sent.
    active_responses: AtomicU32,
    /// Value of `activity_sequence` at the last activity.
    last_active: AtomicU64,
    activity_sequence: Arc<AtomicU64>,
    /// Whether a request was refused because of load.
    refused_for_load: AtomicBool,
}

impl Connection {
    fn new(send_queue: SendQueue, activity_sequence: Arc<AtomicU64>) -> Self {
        let connection = Self {
            send_queue,
            bytes_sent: AtomicU64::new(0),
            activity_count: AtomicU64::new(0),
            active_requests: AtomicU32::new(0),
            active_responses: AtomicU32::new(0),
            last_active: AtomicU64::new(0),
            activity_sequence,
            refused_for_load: AtomicBool::new(false),
        };
        connection.mark_active();
        connection
    }

    /// Marks a request as in progress until the guard is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> ActivityGuard {
        ActivityGuard::new(self, |connection| &connection.active_requests)
    }

    /// Marks a response as being sent until the guard is dropped.
    pub(crate) fn begin_response(self: &Arc<Self>) -> ActivityGuard {
        ActivityGuard::new(self, |connection| &connection.active_responses)
    }

    /// Marks that a request was refused because of load. The connection closes after that response,
    /// without reading what its client has pipelined.
    pub(crate) fn mark_refused_for_load(&self) {
        self.refused_for_load.store(true, Ordering::Release);
    }

    /// Whether a request was refused because of load.
    pub(crate) fn was_refused_for_load(&self) -> bool {
        self.refused_for_load.load(Ordering::Acquire)
    }

    /// The operating system's send queue.
    pub(crate) fn send_queue(&self) -> &SendQueue {
        &self.send_queue
    }

    fn is_idle(&self) -> bool {
        self.active_requests.load(Ordering::Acquire) == 0
            && self.active_responses.load(Ordering::Acquire) == 0
    }

    fn mark_active(&self) {
        self.activity_count.fetch_add(1, Ordering::AcqRel);
        self.last_active.store(
            self.activity_sequence.fetch_add(1, Ordering::AcqRel),
            Ordering::Release,
        );
    }

    /// Closes the connection in both directions, which wakes the task that serves it.
    fn shut_down(&self) {
        // An error means that the connection is already broken.
        let _ = SockRef::from(&self.send_queue).shutdown(std::net::Shutdown::Both);
    }
}

/// Marks a connection as busy until it is dropped.
#[derive(Debug)]
pub(crate) struct ActivityGuard {
    connection: Arc<Connection>,
    counter: fn(&Connection) -> &AtomicU32,
}

impl ActivityGuard {
    fn new(connection: &Arc<Connection>, counter: fn(&Connection) -> &AtomicU32) -> Self {
        counter(connection).fetch_add(1, Ordering::AcqRel);
        connection.mark_active();
        Self {
            connection: Arc::clone(connection),
            counter,
        }
    }
}

impl Drop for ActivityGuard {
    fn drop(&mut self) {
        (self.counter)(&self.connection).fetch_sub(1, Ordering::AcqRel);
        self.connection.mark_active();
    }
}

/// A network address as the limits count it: of IPv6 the /64 prefix, because one client commonly
/// controls all addresses in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
        }
    }
}
