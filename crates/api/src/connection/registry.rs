//! All connections of a node, and how many one address may have.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Connection, Origin};
use crate::send_queue::SendQueue;

/// Limits of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Open at the same time, on the whole node.
    pub all: usize,
    /// Open at the same time from one network address.
    pub of_address: usize,
    /// A connection ends when for this long it was neither carrying out a request nor sending an answer.
    pub idle: Duration,
    /// A connection ends when for this long its client has taken less of an answer than [`Self::SLOWEST`] asks.
    pub stalled: Duration,
    /// How long a client may take to shake hands and to send the head of its first request.
    pub request: Duration,
}

impl ConnectionLimits {
    /// Bytes a second, over [`Self::stalled`], that a client takes of an answer at least. Because the system reports them in
    /// large steps, only one that takes four times as much is sure not to be ended.
    pub const SLOWEST: u64 = 1_024;
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            all: 2_000,
            of_address: 500,
            idle: Duration::from_secs(15),
            stalled: Duration::from_secs(30),
            request: Duration::from_secs(10),
        }
    }
}

/// The connections of a node. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: ConnectionLimits,
    order: Arc<AtomicU64>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, (Origin, Arc<Connection>)>,
    of: HashMap<Origin, usize>,
}

/// A connection that was let in; it counts until this is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) connection: Arc<Connection>,
    registry: Connections,
    id: u64,
}

impl Connections {
    /// None yet, within these limits.
    #[must_use]
    pub fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Inner { limits, order: Arc::default(), open: Mutex::default() }))
    }

    pub(super) fn limits(&self) -> &ConnectionLimits {
        &self.0.limits
    }

    /// Lets a connection in. When there are too many, of its address or altogether, the one that has been idle longest ends
    /// in its favour; when none is idle it is not let in.
    ///
    /// # Errors
    /// `ConnectionRefused` when none is idle; when there are no more file descriptors.
    pub(super) fn admit(&self, socket: &impl AsFd, peer: IpAddr) -> io::Result<Admitted> {
        let origin = Origin::from(peer);
        let connection = Arc::new(Connection::new(SendQueue::bound(socket)?, Arc::clone(&self.0.order)));
        let mut open = self.open();
        let crowded = open.of.get(&origin).is_some_and(|count| *count >= self.0.limits.of_address);
        if crowded && !open.end_idlest(Some(origin)) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if open.all.len() >= self.0.limits.all && !open.make_room() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let id = open.next;
        open.next += 1;
        open.all.insert(id, (origin, Arc::clone(&connection)));
        *open.of.entry(origin).or_default() += 1;
        metrics::gauge!("connections_open").set(open.all.len() as f64);
        Ok(Admitted { connection, registry: self.clone(), id })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open().all.len()
    }
}

impl Open {
    /// Ends the idlest connection of the address that has most, or of all when none of those is idle.
    fn make_room(&mut self) -> bool {
        let most = self.of.iter().max_by_key(|(_, count)| **count).map(|(origin, _)| *origin);
        self.end_idlest(most) || self.end_idlest(None)
    }

    /// Ends the connection that has been idle longest, of one address or of all; false when none is idle.
    fn end_idlest(&mut self, of: Option<Origin>) -> bool {
        let candidates = self.all.iter().filter(|(_, (origin, _))| of.is_none_or(|of| of == *origin));
        let idle = candidates.filter(|(_, (_, connection))| connection.is_idle());
        let idlest = idle.min_by_key(|(_, (_, connection))| connection.touched.load(Ordering::Acquire));
        let Some(id) = idlest.map(|(id, _)| *id) else { return false };
        if let Some(connection) = self.remove(id) {
            connection.shut_down();
            metrics::counter!("connections_ended_total", "reason" => "crowded").increment(1);
        }
        true
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Connection>> {
        let (origin, connection) = self.all.remove(&id)?;
        if let Some(count) = self.of.get_mut(&origin) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&origin);
            }
        }
        Some(connection)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.registry.open();
        open.remove(self.id);
        metrics::gauge!("connections_open").set(open.all.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn limits(all: usize, of_address: usize) -> ConnectionLimits {
        ConnectionLimits { all, of_address, ..ConnectionLimits::default() }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn the_idlest_of_a_crowded_address_ends_in_favour_of_the_next() {
        let connections = Connections::new(limits(10, 2));
        let (mut clients, sockets): (Vec<_>, Vec<_>) = (0..4).map(|_| pair()).unzip();
        let first = connections.admit(&sockets[0], HERE).unwrap();
        let second = connections.admit(&sockets[1], HERE).unwrap();
        first.connection.touch();
        let third = connections.admit(&sockets[2], HERE).unwrap();
        assert_eq!(connections.count(), 2);
        assert_eq!(clients[1].read(&mut [0]).unwrap(), 0, "the second did nothing for longest");
        let busy = (first.connection.begin_request(), third.connection.begin_answer());
        assert!(connections.admit(&sockets[3], HERE).is_err(), "nothing that is busy ends");
        let other = connections.admit(&sockets[3], THERE).unwrap();
        drop((busy, first, second, third, other));
        assert_eq!(connections.count(), 0);
        assert!(connections.open().of.is_empty());
    }

    #[test]
    fn all_addresses_together_are_limited_too() {
        let connections = Connections::new(limits(2, 2));
        let (mut clients, sockets): (Vec<_>, Vec<_>) = (0..3).map(|_| pair()).unzip();
        let _first = connections.admit(&sockets[0], HERE).unwrap();
        let _second = connections.admit(&sockets[1], THERE).unwrap();
        let _third = connections.admit(&sockets[2], IpAddr::from([192, 0, 2, 3])).unwrap();
        assert_eq!(connections.count(), 2);
        clients.iter().for_each(|client| client.set_nonblocking(true).unwrap());
        let ended = clients.iter_mut().take(2).filter_map(|client| client.read(&mut [0]).ok());
        assert_eq!(ended.collect::<Vec<_>>(), [0], "one of the two, each of which is all that its address has");
    }

    #[test]
    fn whoever_has_most_makes_room_for_the_others() {
        let connections = Connections::new(limits(4, 4));
        let (mut clients, sockets): (Vec<_>, Vec<_>) = (0..5).map(|_| pair()).unzip();
        let _honest = connections.admit(&sockets[0], HERE).unwrap();
        let _many: Vec<_> = (1..4).map(|at| connections.admit(&sockets[at], THERE).unwrap()).collect();
        let _next = connections.admit(&sockets[4], IpAddr::from([192, 0, 2, 3])).unwrap();
        assert_eq!(clients[1].read(&mut [0]).unwrap(), 0, "not the honest one, though it has been idle longer");
    }

    #[test]
    fn of_ipv6_the_network_counts() {
        let one = Origin::from("2001:db8:1:2:3:4:5:6".parse::<IpAddr>().unwrap());
        assert_eq!(one, Origin::from("2001:db8:1:2::9".parse::<IpAddr>().unwrap()));
        assert_ne!(one, Origin::from("2001:db8:1:3::9".parse::<IpAddr>().unwrap()));
        assert_eq!(Origin::from("::ffff:192.0.2.1".parse::<IpAddr>().unwrap()), Origin::from(HERE));
    }
}
