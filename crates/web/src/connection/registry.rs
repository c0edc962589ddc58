//! The registry of a node's connections, with limits in total and per address.

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
    /// Concurrent connections on the node.
    pub total: usize,
    /// Concurrent connections from one network address.
    pub per_address: usize,
    /// A connection is closed after this time without a request in progress or a response being
    /// sent.
    pub idle: Duration,
    /// A connection is closed when its client has taken less than [`Self::MIN_BYTES_PER_SECOND`] of
    /// a response over this time.
    pub stalled: Duration,
    /// Longest time for the handshake, and for the head of the first request.
    pub handshake: Duration,
}

impl ConnectionLimits {
    /// Lowest rate, in bytes per second over [`Self::stalled`], at which a client must take a
    /// response. The operating system reports progress in large steps, so only a client four times
    /// as fast is certain not to be disconnected.
    pub const MIN_BYTES_PER_SECOND: u64 = 1_024;
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 2_000,
            per_address: 500,
            idle: Duration::from_secs(15),
            stalled: Duration::from_secs(30),
            handshake: Duration::from_secs(10),
        }
    }
}

/// The connections of a node. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Registry>);

#[derive(Debug)]
struct Registry {
    limits: ConnectionLimits,
    activity_sequence: Arc<AtomicU64>,
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    next_id: u64,
    by_id: HashMap<u64, (Origin, Arc<Connection>)>,
    by_origin: HashMap<Origin, usize>,
}

/// A registered connection; dropping it removes the registration.
#[derive(Debug)]
pub(super) struct ConnectionGuard {
    pub(super) connection: Arc<Connection>,
    registry: Connections,
    id: u64,
}

impl Connections {
    /// An empty registry.
    #[must_use]
    pub fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Registry {
            limits,
            activity_sequence: Arc::default(),
            open: Mutex::default(),
        }))
    }

    pub(super) fn limits(&self) -> &ConnectionLimits {
        &self.0.limits
    }

    /// Registers a connection. When the limit of its address or of the node is reached, the
    /// connection that has been idle longest is closed to make room; when none is idle the new one
    /// is refused.
    ///
    /// # Errors
    /// `ConnectionRefused` when a limit is reached and no connection is idle; other kinds when the
    /// process has no file descriptors left or the connection is closed.
    pub(super) fn register(&self, socket: &impl AsFd, peer: IpAddr) -> io::Result<ConnectionGuard> {
        let origin = Origin::from(peer);
        let connection = Arc::new(Connection::new(
            SendQueue::bounded(socket)?,
            Arc::clone(&self.0.activity_sequence),
        ));
        let mut open = self.lock_open();
        let address_full = open
            .by_origin
            .get(&origin)
            .is_some_and(|count| *count >= self.0.limits.per_address);
        if address_full && !open.close_idlest(Some(origin)) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if open.by_id.len() >= self.0.limits.total && !open.make_room() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let id = open.next_id;
        open.next_id += 1;
        open.by_id.insert(id, (origin, Arc::clone(&connection)));
        *open.by_origin.entry(origin).or_default() += 1;
        metrics::gauge!("connections_open").set(open.by_id.len() as f64);
        Ok(ConnectionGuard {
            connection,
            registry: self.clone(),
            id,
        })
    }

    fn lock_open(&self) -> MutexGuard<'_, OpenConnections> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn open_count(&self) -> usize {
        self.lock_open().by_id.len()
    }
}

impl OpenConnections {
    /// Closes the idlest connection of the address with most connections, or of all addresses when
    /// none of those is idle.
    fn make_room(&mut self) -> bool {
        let most = self
            .by_origin
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(origin, _)| *origin);
        self.close_idlest(most) || self.close_idlest(None)
    }

    /// Closes the connection that has been idle longest, of one address or of all. Returns false
    /// when none is idle.
    fn close_idlest(&mut self, origin: Option<Origin>) -> bool {
        let candidates = self
            .by_id
            .iter()
            .filter(|(_, (of, _))| origin.is_none_or(|origin| origin == *of));
        let idle = candidates.filter(|(_, (_, connection))| connection.is_idle());
        let idlest =
            idle.min_by_key(|(_, (_, connection))| connection.last_active.load(Ordering::Acquire));
        let Some(id) = idlest.map(|(id, _)| *id) else {
            return false;
        };
        if let Some(connection) = self.remove(id) {
            connection.shut_down();
            metrics::counter!("connections_ended_total", "reason" => "crowded").increment(1);
        }
        true
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Connection>> {
        let (origin, connection) = self.by_id.remove(&id)?;
        if let Some(count) = self.by_origin.get_mut(&origin) {
            *count -= 1;
            if *count == 0 {
                self.by_origin.remove(&origin);
            }
        }
        Some(connection)
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut open = self.registry.lock_open();
        open.remove(self.id);
        metrics::gauge!("connections_open").set(open.by_id.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// Client and server end of a connection.
    fn connected_sockets() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn limits(total: usize, per_address: usize) -> ConnectionLimits {
        ConnectionLimits {
            total,
            per_address,
            ..ConnectionLimits::default()
        }
    }

    const ADDRESS_A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ADDRESS_B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn idlest_connection_of_full_address_is_closed() {
        let connections = Connections::new(limits(10, 2));
        let (mut clients, sockets): (Vec<_>, Vec<_>) = (0..4).map(|_| connected_sockets()).unzip();
        let first = connections.register(&sockets[0], ADDRESS_A).unwrap();
        let second = connections.register(&sockets[1], ADDRESS_A).unwrap();
        first.connection.mark_active();
        let third = connections.register(&sockets[2], ADDRESS_A).unwrap();
        assert_eq!(connections.open_count(), 2);
        assert_eq!(
            clients[1].read(&mut [0]).unwrap(),
            0,
            "the second has been idle longest"
        );
        let busy = (
            first.connection.begin_request(),
            third.connection.begin_response(),
        );
        assert!(
            connections.register(&sockets[3], ADDRESS_A).is_err(),
            "busy connections are not closed"
        );
        let other = connections.register(&sockets[3], ADDRESS_B).unwrap();
        drop((busy, first, second, third, other));
        assert_eq!(connections.open_count(), 0);
        assert!(connections.lock_open().by_origin.is_empty());
    }

    #[test]
    fn enforces_total_connection_limit() {
        let connections = Connections::new(limits(2, 2));
        let (mut clients, sockets): (Vec<_>, Vec<_>) = (0..3).map(|_| connected_sockets()).unzip();
        let _first = connections.register(&sockets[0], ADDRESS_A).unwrap();
        let _second = connections.register(&sockets[1], ADDRESS_B).unwrap();
        let _third = connections
            .register(&sockets[2], IpAddr::from([192, 0, 2, 3]))
            .unwrap();
        assert_eq!(connections.open_count(), 2);
        clients
            .iter()
            .for_each(|client| client.set_nonblocking(true).unwrap());
        let shutdown_signal = clients
            .iter_mut()
            .take(2)
            .filter_map(|client| client.read(&mut [0]).ok());
        assert_eq!(
            shutdown_signal.collect::<Vec<_>>(),
            [0],
            "one of the first two is closed"
        );
    }

    #[test]
    fn address_with_most_connections_yields() {
        let connections = Connections::new(limits(4, 4));
        let (mut clients, sockets): (Vec<_>, Vec<_>) = (0..5).map(|_| connected_sockets()).unzip();
        let _honest = connections.register(&sockets[0], ADDRESS_A).unwrap();
        let _many: Vec<_> = (1..4)
            .map(|at| connections.register(&sockets[at], ADDRESS_B).unwrap())
            .collect();
        let _next = connections
            .register(&sockets[4], IpAddr::from([192, 0, 2, 3]))
            .unwrap();
        assert_eq!(
            clients[1].read(&mut [0]).unwrap(),
            0,
            "the other address keeps its connection, although it has been idle longer"
        );
    }

    #[test]
    fn ipv6_addresses_count_by_64_bit_prefix() {
        let one = Origin::from("2001:db8:1:2:3:4:5:6".parse::<IpAddr>().unwrap());
        assert_eq!(
            one,
            Origin::from("2001:db8:1:2::9".parse::<IpAddr>().unwrap())
        );
        assert_ne!(
            one,
            Origin::from("2001:db8:1:3::9".parse::<IpAddr>().unwrap())
        );
        assert_eq!(
            Origin::from("::ffff:192.0.2.1".parse::<IpAddr>().unwrap()),
            Origin::from(ADDRESS_A)
        );
    }
}
