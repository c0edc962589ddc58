//! The end comes while an answer is being read: what the service's own system has not sent by then is not sent.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use behaviour::inputs::{entry, fragment, with};
use behaviour::{TestApp, User, on_both};
use serde_json::json;
use socket2::{Domain, Socket, Type};

/// What may be unsent when the time ends.
const MOST_UNSENT: usize = 16 * 1024;
/// When what is read ends.
const END: &str = "2026-03-02T10:00:00Z";

/// Somebody who reads an answer through a window as small as the system allows.
struct SlowReader {
    stream: TcpStream,
    /// What their own system may hold for them, in bytes.
    window: usize,
    came: Vec<u8>,
}

impl SlowReader {
    fn asks(app: &TestApp, user: User, path: &str) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.connect(&app.address().into()).unwrap();
        let window = socket.recv_buffer_size().unwrap();
        let mut stream = TcpStream::from(socket);
        let bearer = app.bearer(user);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\r\n").unwrap();
        Self { stream, window, came: Vec::new() }
    }

    /// Reads until so many bytes have come.
    fn reads(&mut self, upto: usize) {
        let mut piece = [0; 1_024];
        while self.came.len() < upto {
            let read = self.stream.read(&mut piece).unwrap();
            assert!(read > 0, "it ends after {} bytes", self.came.len());
            self.came.extend_from_slice(&piece[..read]);
        }
    }

    /// Reads all that comes; says whether the connection was reset in the end.
    fn reads_on(&mut self) -> bool {
        match self.stream.read_to_end(&mut self.came) {
            Ok(_) => false,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// The length of the whole answer, head included.
    fn whole(&self) -> usize {
        let text = String::from_utf8_lossy(&self.came);
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
        head.len() + 4 + length.expect("a length")
    }

    /// Waits until their window is full and the service's system takes no more; says how many bytes that holds which
    /// their own has not taken.
    fn stalls(&self) -> usize {
        let ports = (self.stream.peer_addr().unwrap(), self.stream.local_addr().unwrap());
        let (mut before, mut times) = (0, 0);
        while times < 100 {
            let now = not_taken(ports);
            times = if now > 0 && now == before { times + 1 } else { 0 };
            before = now;
            std::thread::yield_now();
        }
        before
    }
}

/// Bytes that the system holds on the way from one of two ports of this machine to the other.
fn not_taken((from, to): (SocketAddr, SocketAddr)) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |field: &str| u16::from_str_radix(field.split(':').nth(1).unwrap_or_default(), 16).ok();
    let line = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found =
        line.into_iter().find(|fields| (port(fields[1]), port(fields[2])) == (Some(from.port()), Some(to.port())));
    let queues = found.expect("the connection is listed")[4].to_owned();
    usize::from_str_radix(queues.split(':').next().unwrap(), 16).unwrap()
}

/// The surgery sends a large return that ends at [`END`]; says where it is read.
fn large_return(app: &TestApp) -> String {
    let seed = app.seed();
    let text = |number: usize| format!("{} {number}", "word ".repeat(700));
    let entries: Vec<_> =
        (0..80).map(|number| with(entry(&text(number), "2026-01-02", &[]), json!({"impact": text(number)}))).collect();
    let body = with(fragment(&entries), json!({"expires_at": END}));
    format!("/v1/fragments/{}", app.by(User::WAITING).post(&seed.at("fragments"), &body).id())
}

on_both! {
    fn after_the_end_a_slow_reader_gets_what_their_own_system_holds_and_little_more(app) {
        let path = large_return(app);
        let mut reader = SlowReader::asks(app, User::WAITING, &path);
        reader.reads(10_000);
        let whole = reader.whole();
        assert!(whole > 500_000, "{whole}");
        let held = reader.stalls();
        let before = reader.came.len();
        app.set_to(&json!(END));
        let reset = reader.reads_on();
        let after = reader.came.len() - before;
        assert!(after <= reader.window + MOST_UNSENT, "{after} bytes after the end; window {}, held {held}", reader.window);
        assert!(reset && reader.came.len() < whole, "the reader knows that it is not all: {} of {whole}", reader.came.len());
        assert_eq!(app.by(User::WAITING).get(&path).status, 410);
    }

    fn in_time_a_slow_reader_gets_all_of_it(app) {
        let path = large_return(app);
        let mut reader = SlowReader::asks(app, User::WAITING, &path);
        reader.reads(10_000);
        let _ = reader.stalls();
        let whole = reader.whole();
        reader.reads(whole);
        assert_eq!(reader.came.len(), whole);
        // The connection is whole: it is asked again on it.
        let bearer = app.bearer(User::WAITING);
        write!(reader.stream, "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nConnection: close\r\n\r\n").unwrap();
        reader.came.clear();
        assert!(!reader.reads_on());
        assert!(reader.came.starts_with(b"HTTP/1.1 200"));
    }
}
