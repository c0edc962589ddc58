//! When a connection that gets nowhere is to end.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::{Connection, ConnectionLimits};

/// Looks at a connection from time to time. Whoever polls it is woken for that.
pub(super) struct Watch {
    limits: ConnectionLimits,
    timer: Pin<Box<Sleep>>,
    /// What was seen at the last look.
    sent: u64,
    events: u64,
    /// How long no request has come.
    idle: Duration,
    /// How long an answer has been sent since enough of one was taken, and how much was taken since.
    sending: Duration,
    taken: u64,
}

impl Watch {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        let timer = Box::pin(sleep(every(&limits)));
        Self { limits, timer, sent: 0, events: 0, idle: Duration::ZERO, sending: Duration::ZERO, taken: 0 }
    }

    /// Ready when the connection is to end; `blocked` says that the client does not take what is written.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, connection: &Connection, blocked: bool) -> Poll<&'static str> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let every = every(&self.limits);
            self.timer.set(sleep(every));
            if let Some(reason) = self.look(connection, blocked, every) {
                return Poll::Ready(reason);
            }
        }
        Poll::Pending
    }

    fn look(&mut self, connection: &Connection, blocked: bool, passed: Duration) -> Option<&'static str> {
        let (sent, events) = (connection.sent.load(Ordering::Acquire), connection.events.load(Ordering::Acquire));
        let (taken, acted) = (sent - self.sent, events != self.events);
        (self.sent, self.events) = (sent, events);
        let sending = blocked || connection.answers.load(Ordering::Acquire) > 0;
        let busy = connection.requests.load(Ordering::Acquire) > 0;
        self.idle = if sending || busy || acted { Duration::ZERO } else { self.idle + passed };
        (self.sending, self.taken) =
            if sending { (self.sending + passed, self.taken + taken) } else { (Duration::ZERO, 0) };
        if self.sending >= self.limits.stalled {
            // The system reports what a client took in steps of up to half its buffer, so that only a long while tells.
            if self.taken < ConnectionLimits::SLOWEST.saturating_mul(self.sending.as_secs().max(1)) {
                return Some("stalled");
            }
            (self.sending, self.taken) = (Duration::ZERO, 0);
        }
        (self.idle >= self.limits.idle).then_some("idle")
    }
}

/// How often to look: several times within the shorter limit, so that the end comes soon after it.
fn every(limits: &ConnectionLimits) -> Duration {
    (limits.idle.min(limits.stalled) / 5).max(Duration::from_millis(20))
}
