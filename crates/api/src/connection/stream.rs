//! The streams of a connection: one below TLS, which counts what is sent, and one above it, which the HTTP reader works with.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::{self, net::TcpStream};
use actix_web::web::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::own_answers::{Rewriter, own_answer};
use super::registry::Admitted;
use super::watch::Watch;
use super::{Connection, ConnectionLimits};
use crate::ClientCertificate;

/// How long a client has to read the last answer.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// A connection as the operating system has it, counting the bytes that it takes.
#[derive(Debug)]
pub struct Counted {
    io: TcpStream,
    connection: Arc<Connection>,
}

impl Counted {
    pub(super) fn new(io: TcpStream, admitted: &Admitted) -> Self {
        Self { io, connection: Arc::clone(&admitted.connection) }
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.connection.sent.fetch_add(taken as u64, Ordering::AcqRel);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A connection as the HTTP reader works with it. It ends when it gets nowhere; nothing more is read while its client does not
/// take what is written, or a client that asks and never reads would fill the memory with answers.
pub(super) struct Guarded<S: AsyncRead + AsyncWrite + Unpin + 'static> {
    /// Both there until it is dropped.
    io: Option<(S, Admitted)>,
    certificate: Option<ClientCertificate>,
    connection: Arc<Connection>,
    watch: Watch,
    /// Whether the client does not take what is written.
    blocked: bool,
    rewriter: Rewriter,
    /// What is written in the place of an answer of the HTTP reader's own, and the length of that.
    rewritten: Option<(Bytes, usize)>,
    /// Whether reading was put off because of that.
    put_off: bool,
    /// Whether the HTTP reader closed the connection in order.
    closed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Guarded<S> {
    pub(super) fn new(
        io: S,
        certificate: Option<ClientCertificate>,
        admitted: Admitted,
        limits: ConnectionLimits,
        rewriter: Rewriter,
    ) -> Self {
        Self {
            connection: Arc::clone(&admitted.connection),
            io: Some((io, admitted)),
            certificate,
            watch: Watch::new(limits),
            blocked: false,
            rewriter,
            rewritten: None,
            put_off: false,
            closed: false,
        }
    }

    /// Puts what requests need to know of it among the connection's data.
    pub(super) fn note(&self, data: &mut Extensions) {
        data.insert(Arc::clone(&self.connection));
        if let Some(certificate) = self.certificate {
            data.insert(certificate);
        }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.watch.poll(cx, &self.connection, self.blocked) {
            Poll::Pending => Ok(()),
            Poll::Ready(reason) => {
                metrics::counter!("connections_ended_total", "reason" => reason).increment(1);
                // Of somebody who does not read, what the system holds would be held on.
                self.connection.socket.discard_at_close();
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    fn io(&mut self) -> io::Result<Pin<&mut S>> {
        let (io, _) = self.io.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(io))
    }

    /// Notes whether the client takes what is written; when it does again, whoever put reading off is to read.
    fn note_blocked(&mut self, cx: &mut Context<'_>, blocked: bool) {
        self.blocked = blocked;
        if !blocked && std::mem::take(&mut self.put_off) {
            cx.waker().wake_by_ref();
        }
    }

    fn pass_on(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.io()?.poll_write(cx, bytes);
        self.note_blocked(cx, written.is_pending());
        written
    }

    /// Writes the rest of a rewritten answer; ready with the length of what it stands for.
    fn write_rewritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((mut rest, stands_for)) = self.rewritten.take() {
            if rest.is_empty() {
                return Poll::Ready(Ok(stands_for));
            }
            let written = self.pass_on(cx, &rest);
            if let Poll::Ready(Ok(count)) = &written {
                let _ = rest.split_to((*count).min(rest.len()));
            }
            self.rewritten = Some((rest, stands_for));
            ready!(written)?;
        }
        Poll::Ready(Ok(0))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        if self.blocked {
            self.put_off = true;
            return Poll::Pending;
        }
        self.io()?.poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        if self.rewritten.is_none() {
            match own_answer(bytes) {
                None => return self.pass_on(cx, bytes),
                Some(own) if own.start > 0 => return self.pass_on(cx, bytes.get(..own.start).unwrap_or_default()),
                Some(own) => self.rewritten = Some((self.rewriter.answer(own.status), bytes.len())),
            }
        }
        self.write_rewritten(cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let flushed = self.io()?.poll_flush(cx);
        self.note_blocked(cx, flushed.is_pending());
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let closed = self.io()?.poll_shutdown(cx);
        self.closed |= closed.is_ready();
        closed
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Drop for Guarded<S> {
    fn drop(&mut self) {
        let in_order = self.closed || self.connection.socket.is_discarded();
        if let Some((io, admitted)) = self.io.take().filter(|_| !in_order) {
            // There is no spawning any more while the worker ends; then nobody is to be waited for either.
            let _ = catch_unwind(AssertUnwindSafe(|| rt::spawn(linger(io, admitted))));
        }
    }
}

/// Lets a client read the last answer: a connection that is closed while something that came is unread is reset, and a reset
/// takes away what its client has not read.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut io: S, admitted: Admitted) {
    let reading = async {
        let _ = io.shutdown().await;
        let mut passed_over = [0; 4_096];
        while io.read(&mut passed_over).await.is_ok_and(|count| count > 0) {}
    };
    let _ = tokio::time::timeout(LINGER, reading).await;
    drop(admitted);
}
