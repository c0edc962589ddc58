//! Bodies whose time ends.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::task::Waker;
use std::time::Duration;

use domain::MockClock;

use super::*;

fn next(body: &mut Timed) -> Option<Result<Bytes, Over>> {
    match poll(body) {
        Poll::Ready(piece) => piece,
        Poll::Pending => panic!("nothing is waited for"),
    }
}

fn poll(body: &mut Timed) -> Poll<Option<Result<Bytes, Over>>> {
    Pin::new(body).poll_next(&mut Context::from_waker(Waker::noop()))
}

fn begin() -> MockClock {
    MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap())
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn all_of_it_leaves_in_time_and_nothing_from_its_end_on() {
    let clock = begin();
    let end = clock.now().plus(Duration::from_secs(1));
    let bytes = bytes(PIECE * 2 + 5);
    let body = |end| Timed::by_queue(bytes.clone(), end, Arc::new(clock.clone()), None);
    let mut whole = body(Some(end));
    assert!(matches!(whole.size(), BodySize::Sized(size) if size == bytes.len() as u64));
    let mut came = Vec::new();
    while let Some(piece) = next(&mut whole) {
        came.extend(piece.unwrap());
    }
    assert_eq!(came, bytes);

    let (mut cut, mut endless) = (body(Some(end)), body(None));
    assert_eq!(next(&mut cut).unwrap().unwrap().len(), PIECE);
    clock.set(end.minus(Duration::from_micros(1)));
    assert_eq!(next(&mut cut).unwrap().unwrap().len(), PIECE, "until the last microsecond");
    clock.set(end);
    assert!(matches!(next(&mut cut), Some(Err(Over))));
    assert!(next(&mut cut).is_none(), "and nothing after that");
    assert!(next(&mut endless).unwrap().is_ok());
}

/// A connection with both its ends.
fn connection() -> (tokio::net::TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let reader = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (writer, _) = listener.accept().unwrap();
    writer.set_nonblocking(true).unwrap();
    (tokio::net::TcpStream::from_std(writer).unwrap(), reader)
}

#[tokio::test]
async fn a_reader_who_does_not_read_is_handed_little_and_cut_off_at_the_end() {
    let (writer, mut reader) = connection();
    let clock = begin();
    let end = clock.now().plus(Duration::from_secs(1));
    writer.writable().await.unwrap();
    let queue = SendQueue::bound(&writer).unwrap();
    let mut body = Timed::by_queue(bytes(32 << 20), Some(end), Arc::new(clock.clone()), Some(queue));
    let mut handed = 0;
    // As the connection does: takes what there is, writes it, and comes back until it has to wait.
    let mut waits = 0;
    while waits < 50 {
        match poll(&mut body) {
            Poll::Ready(piece) => {
                let piece = piece.unwrap().unwrap();
                assert!(piece.len() <= SMALL_PIECE);
                assert_eq!(writer.try_write(&piece).unwrap(), piece.len(), "there was room for all of it");
                (handed, waits) = (handed + piece.len(), 0);
            }
            Poll::Pending => waits += 1,
        }
        tokio::task::yield_now().await;
    }
    assert!(handed > 0 && handed < 32 << 20, "the system takes no more: {handed}");
    clock.set(end);
    assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(Over)))));
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
    drop((body, writer));
    let mut came = Vec::new();
    let broken = reader.read_to_end(&mut came).unwrap_err();
    assert_eq!(broken.kind(), std::io::ErrorKind::ConnectionReset, "{} of {handed}", came.len());
}

#[tokio::test]
async fn what_was_sent_whole_is_not_cut_off() {
    let (writer, mut reader) = connection();
    let clock = begin();
    let end = clock.now().plus(Duration::from_secs(1));
    writer.writable().await.unwrap();
    let queue = SendQueue::bound(&writer).unwrap();
    let mut body = Timed::by_queue(bytes(100), Some(end), Arc::new(clock.clone()), Some(queue));
    let piece = next(&mut body).unwrap().unwrap();
    assert_eq!(writer.try_write(&piece).unwrap(), 100);
    assert!(poll(&mut body).is_pending(), "the connection writes first");
    let last = std::future::poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await;
    assert!(last.is_none());
    clock.set(end);
    assert!(matches!(poll(&mut body), Poll::Ready(None)), "it has left in time");
    drop((body, writer));
    let mut came = Vec::new();
    assert_eq!(reader.read_to_end(&mut came).unwrap(), 100);
}
