//! What a node knows of each connection, from the moment the operating system accepts it: how many there are, what each is
//! doing, and when one that gets nowhere is to end.

mod listen;
mod own_answers;
mod registry;
mod stream;
mod watch;

pub use listen::{Transport, listen};
pub use registry::{ConnectionLimits, Connections};
pub use stream::Counted;

pub(crate) use own_answers::Rewriter;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use socket2::SockRef;

use crate::send_queue::SendQueue;

/// What is known of one connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: SendQueue,
    /// Bytes that the operating system has taken for it.
    sent: AtomicU64,
    /// Requests that have begun and requests that have ended.
    events: AtomicU64,
    /// Requests that are being carried out.
    requests: AtomicU32,
    /// Answers that are being sent.
    answers: AtomicU32,
    /// Its place in the order in which connections last did something.
    touched: AtomicU64,
    order: Arc<AtomicU64>,
    /// Whether a request was refused because too much is going on.
    refused: AtomicBool,
}

impl Connection {
    fn new(socket: SendQueue, order: Arc<AtomicU64>) -> Self {
        let connection = Self {
            socket,
            sent: AtomicU64::new(0),
            events: AtomicU64::new(0),
            requests: AtomicU32::new(0),
            answers: AtomicU32::new(0),
            touched: AtomicU64::new(0),
            order,
            refused: AtomicBool::new(false),
        };
        connection.touch();
        connection
    }

    /// Notes that a request is being carried out, until what this gives is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> Busy {
        Busy::new(self, |connection| &connection.requests)
    }

    /// Notes that an answer is being sent, until what this gives is dropped.
    pub(crate) fn begin_answer(self: &Arc<Self>) -> Busy {
        Busy::new(self, |connection| &connection.answers)
    }

    /// Notes that a request was refused because too much is going on. The connection ends with that answer; what its client
    /// has sent ahead is not waited for.
    pub(crate) fn refuse_more(&self) {
        self.refused.store(true, Ordering::Release);
    }

    /// Whether a request was refused because too much is going on.
    pub(crate) fn refuses_more(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// The queue of what the operating system holds unsent.
    pub(crate) fn send_queue(&self) -> &SendQueue {
        &self.socket
    }

    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Acquire) == 0 && self.answers.load(Ordering::Acquire) == 0
    }

    fn touch(&self) {
        self.events.fetch_add(1, Ordering::AcqRel);
        self.touched.store(self.order.fetch_add(1, Ordering::AcqRel), Ordering::Release);
    }

    /// Ends it in both directions; whoever serves it is woken and finds that out.
    fn shut_down(&self) {
        // A connection that is broken already is as good.
        let _ = SockRef::from(&self.socket).shutdown(std::net::Shutdown::Both);
    }
}

/// Something that a connection is busy with.
#[derive(Debug)]
pub(crate) struct Busy {
    connection: Arc<Connection>,
    count: fn(&Connection) -> &AtomicU32,
}

impl Busy {
    fn new(connection: &Arc<Connection>, count: fn(&Connection) -> &AtomicU32) -> Self {
        count(connection).fetch_add(1, Ordering::AcqRel);
        connection.touch();
        Self { connection: Arc::clone(connection), count }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        (self.count)(&self.connection).fetch_sub(1, Ordering::AcqRel);
        self.connection.touch();
    }
}

/// A network address as limits count it: of IPv6 the first 64 bits, because whoever has one address there has them all.
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
