//! Content that expires while a client is still reading the response: what has not been sent by
//! then is not sent.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{TestApp, User, on_both};
use serde_json::json;
use socket2::{Domain, Socket, Type};

/// Upper bound in bytes of what the service may have handed to its socket, but not sent, at expiry.
const MAX_UNSENT: usize = 16 * 1024;
/// The expiry of the fragment that is read.
const EXPIRES_AT: &str = "2026-03-02T10:00:00Z";

/// A client that reads a response with the smallest receive buffer that the system allows.
struct SlowReader {
    stream: TcpStream,
    /// Size of the receive buffer in bytes.
    receive_buffer: usize,
    received: Vec<u8>,
}

impl SlowReader {
    fn send_request(app: &TestApp, user: User, path: &str) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.connect(&app.address().into()).unwrap();
        let receive_buffer = socket.recv_buffer_size().unwrap();
        let mut stream = TcpStream::from(socket);
        let bearer = app.bearer(user);
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\r\n"
        )
        .unwrap();
        Self {
            stream,
            receive_buffer,
            received: Vec::new(),
        }
    }

    /// Reads until at least `length` bytes have been received.
    fn read_until_length(&mut self, length: usize) {
        let mut buffer = [0; 1_024];
        while self.received.len() < length {
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(
                read > 0,
                "the response ends after {} bytes",
                self.received.len()
            );
            self.received.extend_from_slice(&buffer[..read]);
        }
    }

    /// Reads until the connection ends; returns whether it was reset.
    fn read_to_end(&mut self) -> bool {
        match self.stream.read_to_end(&mut self.received) {
            Ok(_) => false,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// The length of the whole response including the head, in bytes.
    fn response_length(&self) -> usize {
        let text = String::from_utf8_lossy(&self.received);
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse::<usize>()
                .ok()
        });
        head.len() + 4 + length.expect("a length")
    }

    /// Waits until the client's buffer is full and the service's socket accepts no more. Returns
    /// the number of bytes in the service's send queue.
    fn wait_until_stalled(&self) -> usize {
        let ports = (
            self.stream.peer_addr().unwrap(),
            self.stream.local_addr().unwrap(),
        );
        let mut previous = 0;
        let mut unchanged_polls = 0;
        while unchanged_polls < 100 {
            let queued = send_queue_length(ports);
            unchanged_polls = if queued > 0 && queued == previous {
                unchanged_polls + 1
            } else {
                0
            };
            previous = queued;
            std::thread::yield_now();
        }
        previous
    }
}

/// The length of the send queue of a connection between two local ports, in bytes, from
/// `/proc/net/tcp`.
fn send_queue_length((from, to): (SocketAddr, SocketAddr)) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port =
        |field: &str| u16::from_str_radix(field.split(':').nth(1).unwrap_or_default(), 16).ok();
    let rows = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = rows
        .into_iter()
        .find(|fields| (port(fields[1]), port(fields[2])) == (Some(from.port()), Some(to.port())));
    let queues = found.expect("the connection is listed")[4].to_owned();
    usize::from_str_radix(queues.split(':').next().unwrap(), 16).unwrap()
}

/// Submits a large fragment of the surgery that expires at [`EXPIRES_AT`]; returns its path.
fn submit_large_fragment(app: &TestApp) -> String {
    let seed = app.seed();
    let text = |number: usize| format!("{} {number}", "word ".repeat(700));
    let entries: Vec<_> = (0..80)
        .map(|number| {
            with_members(
                entry(&text(number), "2026-01-02", &[]),
                json!({"impact": text(number)}),
            )
        })
        .collect();
    let body = with_members(fragment(&entries), json!({"expires_at": EXPIRES_AT}));
    format!(
        "/v1/fragments/{}",
        app.as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &body)
            .id()
    )
}

on_both! {
    fn slow_reader_receives_little_more_than_its_buffer_after_expiry(app) {
        let path = submit_large_fragment(app);
        let mut reader = SlowReader::send_request(app, User::WAITING, &path);
        reader.read_until_length(10_000);
        let expected_length = reader.response_length();
        assert!(expected_length > 500_000, "{expected_length}");
        let queued = reader.wait_until_stalled();
        let before = reader.received.len();
        app.set_time(&json!(EXPIRES_AT));
        let reset = reader.read_to_end();
        let after = reader.received.len() - before;
        assert!(
            after <= reader.receive_buffer + MAX_UNSENT,
            "{after} bytes after expiry; receive buffer {}, send queue {queued}",
            reader.receive_buffer
        );
        assert!(
            reset && reader.received.len() < expected_length,
            "the client can tell that the response is incomplete: {} of {expected_length}",
            reader.received.len()
        );
        assert_eq!(app.as_user(User::WAITING).get(&path).status, 410);
    }

    fn slow_reader_receives_the_whole_body_before_expiry(app) {
        let path = submit_large_fragment(app);
        let mut reader = SlowReader::send_request(app, User::WAITING, &path);
        reader.read_until_length(10_000);
        let _ = reader.wait_until_stalled();
        let expected_length = reader.response_length();
        reader.read_until_length(expected_length);
        assert_eq!(reader.received.len(), expected_length);
        // The connection is still usable for another request.
        let bearer = app.bearer(User::WAITING);
        write!(reader.stream, "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nConnection: close\r\n\r\n").unwrap();
        reader.received.clear();
        assert!(!reader.read_to_end());
        assert!(reader.received.starts_with(b"HTTP/1.1 200"));
    }
}
