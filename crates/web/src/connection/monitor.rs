//! Detects connections that make no progress.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::{Connection, ConnectionLimits};

/// Checks the progress of a connection periodically. It wakes the task that polls it.
pub(super) struct ProgressMonitor {
    limits: ConnectionLimits,
    timer: Pin<Box<Sleep>>,
    /// Counters at the last check.
    bytes_sent: u64,
    activity_count: u64,
    /// Time without activity.
    idle: Duration,
    /// Time during which responses were being sent, and the bytes taken in that time.
    sending: Duration,
    bytes_taken: u64,
}

impl ProgressMonitor {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        let timer = Box::pin(sleep(check_interval(&limits)));
        Self {
            limits,
            timer,
            bytes_sent: 0,
            activity_count: 0,
            idle: Duration::ZERO,
            sending: Duration::ZERO,
            bytes_taken: 0,
        }
    }

    /// Ready with the reason when the connection should be closed. `write_blocked`: the client does
    /// not take what is written.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connection: &Connection,
        write_blocked: bool,
    ) -> Poll<&'static str> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let interval = check_interval(&self.limits);
            self.timer.set(sleep(interval));
            if let Some(reason) = self.check(connection, write_blocked, interval) {
                return Poll::Ready(reason);
            }
        }
        Poll::Pending
    }

    fn check(
        &mut self,
        connection: &Connection,
        write_blocked: bool,
        elapsed: Duration,
    ) -> Option<&'static str> {
        let bytes_sent = connection.bytes_sent.load(Ordering::Acquire);
        let activity_count = connection.activity_count.load(Ordering::Acquire);
        let bytes_taken = bytes_sent - self.bytes_sent;
        let active = activity_count != self.activity_count;
        self.bytes_sent = bytes_sent;
        self.activity_count = activity_count;
        let sending = write_blocked || connection.active_responses.load(Ordering::Acquire) > 0;
        let busy = connection.active_requests.load(Ordering::Acquire) > 0;
        self.idle = if sending || busy || active {
            Duration::ZERO
        } else {
            self.idle + elapsed
        };
        if sending {
            self.sending += elapsed;
            self.bytes_taken += bytes_taken;
        } else {
            self.sending = Duration::ZERO;
            self.bytes_taken = 0;
        }
        if self.sending >= self.limits.stalled {
            // The operating system reports progress in steps of up to half its buffer, so only a
            // long interval is meaningful.
            let seconds = self.sending.as_secs().max(1);
            if self.bytes_taken < ConnectionLimits::MIN_BYTES_PER_SECOND.saturating_mul(seconds) {
                return Some("stalled");
            }
            self.sending = Duration::ZERO;
            self.bytes_taken = 0;
        }
        (self.idle >= self.limits.idle).then_some("idle")
    }
}

/// Time between checks: a fraction of the shorter limit, so that a connection is closed soon after
/// exceeding it.
fn check_interval(limits: &ConnectionLimits) -> Duration {
    (limits.idle.min(limits.stalled) / 5).max(Duration::from_millis(20))
}
