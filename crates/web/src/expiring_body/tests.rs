//! Bodies that expire while they are sent.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::task::Waker;
use std::time::Duration;

use domain::MockClock;

use super::*;

fn next(body: &mut ExpiringBody) -> Option<Result<Bytes, BodyExpired>> {
    match poll(body) {
        Poll::Ready(chunk) => chunk,
        Poll::Pending => panic!("the body is pending"),
    }
}

fn poll(body: &mut ExpiringBody) -> Poll<Option<Result<Bytes, BodyExpired>>> {
    Pin::new(body).poll_next(&mut Context::from_waker(Waker::noop()))
}

fn start_clock() -> MockClock {
    MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap())
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

#[test]
fn sends_everything_before_expiry_and_nothing_after() {
    let clock = start_clock();
    let expires_at = clock.now().plus(Duration::from_secs(1));
    let bytes = bytes(CHUNK_BYTES * 2 + 5);
    let body = |expires_at| {
        ExpiringBody::with_queue(bytes.clone(), expires_at, Arc::new(clock.clone()), None)
    };
    let mut whole = body(Some(expires_at));
    assert!(matches!(whole.size(), BodySize::Sized(size) if size == bytes.len() as u64));
    let mut received = Vec::new();
    while let Some(chunk) = next(&mut whole) {
        received.extend(chunk.unwrap());
    }
    assert_eq!(received, bytes);

    let mut cut = body(Some(expires_at));
    let mut endless = body(None);
    assert_eq!(next(&mut cut).unwrap().unwrap().len(), CHUNK_BYTES);
    clock.set(expires_at.minus(Duration::from_micros(1)));
    assert_eq!(
        next(&mut cut).unwrap().unwrap().len(),
        CHUNK_BYTES,
        "still before expiry"
    );
    clock.set(expires_at);
    assert!(matches!(next(&mut cut), Some(Err(BodyExpired))));
    assert!(next(&mut cut).is_none(), "nothing after the error");
    assert!(next(&mut endless).unwrap().is_ok());
}

/// The server and client end of a connection.
fn connection() -> (tokio::net::TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let reader = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (writer, _) = listener.accept().unwrap();
    writer.set_nonblocking(true).unwrap();
    (tokio::net::TcpStream::from_std(writer).unwrap(), reader)
}

#[tokio::test]
async fn slow_reader_is_cut_off_at_expiry() {
    let (writer, mut reader) = connection();
    let clock = start_clock();
    let expires_at = clock.now().plus(Duration::from_secs(1));
    writer.writable().await.unwrap();
    let queue = SendQueue::bounded(&writer).unwrap();
    let mut body = ExpiringBody::with_queue(
        bytes(32 << 20),
        Some(expires_at),
        Arc::new(clock.clone()),
        Some(queue),
    );
    let mut sent = 0;
    // Emulates the connection: takes a chunk, writes it, and repeats until the body is pending.
    let mut waits = 0;
    while waits < 50 {
        match poll(&mut body) {
            Poll::Ready(chunk) => {
                let chunk = chunk.unwrap().unwrap();
                assert!(chunk.len() <= EXPIRING_CHUNK_BYTES);
                assert_eq!(
                    writer.try_write(&chunk).unwrap(),
                    chunk.len(),
                    "the system accepts the whole chunk"
                );
                (sent, waits) = (sent + chunk.len(), 0);
            }
            Poll::Pending => waits += 1,
        }
        tokio::task::yield_now().await;
    }
    assert!(
        sent > 0 && sent < 32 << 20,
        "the system stops accepting data: {sent}"
    );
    clock.set(expires_at);
    assert!(matches!(
        poll(&mut body),
        Poll::Ready(Some(Err(BodyExpired)))
    ));
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
    drop((body, writer));
    let mut received = Vec::new();
    let broken = reader.read_to_end(&mut received).unwrap_err();
    assert_eq!(
        broken.kind(),
        std::io::ErrorKind::ConnectionReset,
        "{} of {sent}",
        received.len()
    );
}

#[tokio::test]
async fn fully_sent_body_is_not_aborted() {
    let (writer, mut reader) = connection();
    let clock = start_clock();
    let expires_at = clock.now().plus(Duration::from_secs(1));
    writer.writable().await.unwrap();
    let queue = SendQueue::bounded(&writer).unwrap();
    let mut body = ExpiringBody::with_queue(
        bytes(100),
        Some(expires_at),
        Arc::new(clock.clone()),
        Some(queue),
    );
    let chunk = next(&mut body).unwrap().unwrap();
    assert_eq!(writer.try_write(&chunk).unwrap(), 100);
    assert!(
        poll(&mut body).is_pending(),
        "the connection writes before the body continues"
    );
    let last = std::future::poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await;
    assert!(last.is_none());
    clock.set(expires_at);
    assert!(
        matches!(poll(&mut body), Poll::Ready(None)),
        "the body was sent before expiry"
    );
    drop((body, writer));
    let mut received = Vec::new();
    assert_eq!(reader.read_to_end(&mut received).unwrap(), 100);
}
