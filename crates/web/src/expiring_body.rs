//! Response bodies with an expiry: what has not been sent by then is not sent.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::HttpRequest;
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use domain::{Clock, Instant};

use crate::connection::{ActivityGuard, Connection};
use crate::middleware::{CallerGuard, MiddlewareState};
use crate::send_queue::{CapacityWatcher, SendQueue};

/// Bytes given to the connection at a time. The connection takes more as the reader does and
/// buffers about twice as much.
const CHUNK_BYTES: usize = 32 * 1024;
/// Bytes given to the connection at a time when the body expires, and only while the operating
/// system has room: together with what its send queue (`send_queue`) may still hold, less than the
/// 16 KiB that may be unsent at expiry.
const EXPIRING_CHUNK_BYTES: usize = 4 * 1024;

/// A response body that is given to the connection chunk by chunk. The clock is checked before each
/// chunk, because a slow reader can take longer than the content may be served. On expiry the rest
/// is dropped, together with what the connection and the operating system have not sent, and the
/// connection is reset, so that the reader notices the truncation.
pub struct ExpiringBody {
    remaining: Bytes,
    expires_at: Option<Instant>,
    clock: Arc<dyn Clock>,
    pacer: Option<SendPacer>,
    aborted: bool,
    /// Released when the body was sent or the client has gone.
    _guards: (Option<ActivityGuard>, [Option<CallerGuard>; 2]),
}

/// The connection that a response is sent on, and the limits it counts against until it is sent.
#[derive(Default)]
pub(crate) struct SendContext {
    /// The client's connection.
    pub(crate) connection: Option<Arc<Connection>>,
    /// Request and memory guards of the caller.
    pub(crate) guards: [Option<CallerGuard>; 2],
}

/// Gives a body to the connection no faster than the operating system sends it.
struct SendPacer {
    queue: SendQueue,
    watcher: Option<CapacityWatcher>,
    state: PacerState,
}

/// What has to happen before the next chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PacerState {
    /// Nothing.
    Ready,
    /// The connection writes the previous chunk.
    AwaitingWrite,
    /// The operating system sends most of the previous chunk.
    AwaitingCapacity,
}

impl ExpiringBody {
    /// A body that may be sent until `expires_at`, or at any time without one.
    pub(crate) fn new(
        body: impl Into<Bytes>,
        expires_at: Option<Instant>,
        clock: Arc<dyn Clock>,
        context: SendContext,
    ) -> Self {
        let SendContext { connection, guards } = context;
        let queue = connection
            .as_ref()
            .map(|connection| connection.send_queue().clone());
        let guards = (connection.as_ref().map(Connection::begin_response), guards);
        Self {
            _guards: guards,
            ..Self::with_queue(body, expires_at, clock, queue)
        }
    }

    fn with_queue(
        body: impl Into<Bytes>,
        expires_at: Option<Instant>,
        clock: Arc<dyn Clock>,
        queue: Option<SendQueue>,
    ) -> Self {
        let queue = queue.filter(|_| expires_at.is_some());
        let pacer = queue.map(|queue| SendPacer {
            queue,
            watcher: None,
            state: PacerState::Ready,
        });
        Self {
            remaining: body.into(),
            expires_at,
            clock,
            pacer,
            aborted: false,
            _guards: (None, [None, None]),
        }
    }

    fn is_expired(&self) -> bool {
        self.expires_at
            .is_some_and(|expires_at| expires_at <= self.clock.now())
    }

    /// Whether all chunks were given to the connection and almost all of them sent.
    fn is_complete(&self) -> bool {
        self.remaining.is_empty()
            && self
                .pacer
                .as_ref()
                .is_none_or(|pacer| pacer.state == PacerState::Ready)
    }

    fn abort(&mut self) -> BodyExpired {
        self.remaining.clear();
        self.aborted = true;
        if let Some(pacer) = self.pacer.take() {
            pacer.queue.discard_at_close();
        }
        BodyExpired
    }
}

/// Streams a long text at the pace of its reader, so that many slow readers do not each hold a copy
/// in memory.
pub fn stream_text(
    request: &HttpRequest,
    middleware: &MiddlewareState,
    text: &Bytes,
) -> ExpiringBody {
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let send_context = SendContext {
        connection,
        ..SendContext::default()
    };
    ExpiringBody::new(
        text.clone(),
        None,
        Arc::clone(&middleware.clock),
        send_context,
    )
}

impl SendPacer {
    /// Ready when the next chunk may be given to the connection.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.state == PacerState::AwaitingWrite {
            // The connection writes what it has once it gets nothing more, and polls again at once.
            self.state = PacerState::AwaitingCapacity;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.state == PacerState::AwaitingCapacity && !self.queue.has_capacity()? {
            let watcher = match &mut self.watcher {
                Some(watcher) => watcher,
                none => none.insert(self.queue.watch()?),
            };
            ready!(watcher.poll(cx))?;
        }
        self.state = PacerState::Ready;
        Poll::Ready(Ok(()))
    }
}

/// The content expired while it was being sent.
#[derive(Debug)]
pub struct BodyExpired;

impl fmt::Display for BodyExpired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response expired while it was being sent")
    }
}

impl std::error::Error for BodyExpired {}

impl MessageBody for ExpiringBody {
    type Error = BodyExpired;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.remaining.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyExpired>>> {
        if self.aborted || self.is_complete() {
            return Poll::Ready(None);
        }
        let expired = self.is_expired();
        if expired && !self.remaining.is_empty() {
            return Poll::Ready(Some(Err(self.abort())));
        }
        let mut chunk_bytes = CHUNK_BYTES;
        if let Some(pacer) = &mut self.pacer {
            let awaits_capacity = pacer.state == PacerState::AwaitingCapacity;
            match pacer.poll(cx) {
                Poll::Ready(Ok(())) => chunk_bytes = EXPIRING_CHUNK_BYTES,
                // Polling fails when the connection is broken or the process has no file
                // descriptors left.
                Poll::Ready(Err(_)) => return Poll::Ready(Some(Err(self.abort()))),
                // The body expired after the last chunk was given to the connection, before the
                // system could send it.
                Poll::Pending if expired && awaits_capacity => {
                    return Poll::Ready(Some(Err(self.abort())));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.remaining.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(pacer) = &mut self.pacer {
            pacer.state = PacerState::AwaitingWrite;
        }
        let length = chunk_bytes.min(self.remaining.len());
        Poll::Ready(Some(Ok(self.remaining.split_to(length))))
    }
}

#[cfg(test)]
mod tests;
