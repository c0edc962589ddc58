//! Whose turn it is. A node carries out only so many use cases at a time, as many as its database serves; the others wait. Of
//! those who wait the caller comes next who has had least of the node's time lately, so that whoever asks for much waits for
//! themselves and not for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Clock;
use tokio::sync::oneshot;

use super::allowance::CallerKey;

/// Time that a caller has had counts half after this.
const HALF_LIFE: Duration = Duration::from_secs(2);
/// What is left of it is forgotten below this.
const FORGOTTEN: Duration = Duration::from_millis(1);
/// What a turn counts for while nobody knows yet how long it takes.
const EXPECTED: Duration = Duration::from_millis(20);

/// How much a use case asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reading the audit: some turns are for this alone.
    Audit,
    /// What opens a few rows.
    Light,
    /// What opens a whole chronology.
    Heavy,
}

/// How many turns there are at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turns {
    /// For anything but the audit.
    pub(crate) ordinary: usize,
    /// Of those, for what is heavy.
    pub(crate) heavy: usize,
    /// For the audit alone.
    pub(crate) audit: usize,
}

/// Hands out turns. Clones share them.
#[derive(Clone)]
pub(crate) struct Work(Arc<Inner>);

struct Inner {
    turns: Turns,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ordinary: usize,
    heavy: usize,
    audit: usize,
    waiting: Vec<Waiting>,
    had: HashMap<CallerKey, Duration>,
    /// When that was last halved, by the clock that cannot be set.
    halved: Duration,
}

struct Waiting {
    caller: CallerKey,
    kind: Kind,
    tell: oneshot::Sender<Turn>,
}

/// A turn; the next one's comes when this is dropped.
pub(crate) struct Turn {
    work: Work,
    caller: CallerKey,
    kind: Kind,
    began: Duration,
}

impl Work {
    pub(crate) fn new(turns: Turns, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { turns, clock, state: Mutex::default() }))
    }

    /// Waits for a turn, at most `patience`; none when it did not come.
    pub(crate) async fn turn(&self, caller: CallerKey, kind: Kind, patience: Duration) -> Option<Turn> {
        let told = {
            let mut state = self.state();
            if state.has_room(kind, &self.0.turns) && !state.waiting.iter().any(|other| other.kind == kind) {
                return Some(self.begin(&mut state, caller, kind));
            }
            let (tell, told) = oneshot::channel();
            state.waiting.push(Waiting { caller, kind, tell });
            told
        };
        tokio::time::timeout(patience, told).await.ok()?.ok()
    }

    fn begin(&self, state: &mut State, caller: CallerKey, kind: Kind) -> Turn {
        state.begin(kind);
        *state.had.entry(caller).or_default() += EXPECTED;
        Turn { work: self.clone(), caller, kind, began: self.0.clock.monotonic() }
    }

    /// Gives free turns to those who wait.
    fn go_on(&self) {
        while let Some((turn, tell)) = self.next() {
            // Whoever waits no more drops the turn, which goes on to the next.
            let _ = tell.send(turn);
        }
    }

    fn next(&self) -> Option<(Turn, oneshot::Sender<Turn>)> {
        let mut state = self.state();
        loop {
            let Waiting { caller, kind, tell } = state.take_next(&self.0.turns)?;
            if !tell.is_closed() {
                return Some((self.begin(&mut state, caller, kind), tell));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn has_room(&self, kind: Kind, turns: &Turns) -> bool {
        match kind {
            Kind::Audit => self.audit < turns.audit,
            Kind::Light => self.ordinary < turns.ordinary,
            Kind::Heavy => self.ordinary < turns.ordinary && self.heavy < turns.heavy,
        }
    }

    const fn begin(&mut self, kind: Kind) {
        match kind {
            Kind::Audit => self.audit += 1,
            Kind::Light => self.ordinary += 1,
            Kind::Heavy => (self.ordinary, self.heavy) = (self.ordinary + 1, self.heavy + 1),
        }
    }

    const fn end(&mut self, kind: Kind) {
        match kind {
            Kind::Audit => self.audit -= 1,
            Kind::Light => self.ordinary -= 1,
            Kind::Heavy => (self.ordinary, self.heavy) = (self.ordinary - 1, self.heavy - 1),
        }
    }

    /// Who comes next of those for whom there is room: the caller who has had least, and of one caller's the first.
    fn take_next(&mut self, turns: &Turns) -> Option<Waiting> {
        let fit = self.waiting.iter().enumerate().filter(|(_, one)| self.has_room(one.kind, turns));
        let next = fit.min_by_key(|(_, one)| self.had.get(&one.caller).copied().unwrap_or_default());
        let at = next.map(|(at, _)| at)?;
        Some(self.waiting.remove(at))
    }

    /// Adds time that a caller has had, and lets older time count for less.
    fn add(&mut self, caller: CallerKey, time: Duration, now: Duration) {
        let had = self.had.entry(caller).or_default();
        *had = had.saturating_sub(EXPECTED) + time;
        let passed = now.saturating_sub(self.halved);
        let halvings = u32::try_from(passed.as_millis() / HALF_LIFE.as_millis()).unwrap_or(u32::MAX);
        if halvings > 0 {
            self.halved = now;
            let by = 2_u32.saturating_pow(halvings);
            self.had.values_mut().for_each(|had| *had /= by);
            self.had.retain(|_, had| *had >= FORGOTTEN);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.work.0.clock.monotonic();
        let mut state = self.work.state();
        state.end(self.kind);
        state.add(self.caller, now.saturating_sub(self.began), now);
        drop(state);
        self.work.go_on();
    }
}

#[cfg(test)]
mod tests {
    use domain::{Instant, MockClock};
    use futures_util::future::poll_immediate;

    use super::*;

    const GREEDY: CallerKey = [1; 32];
    const MODEST: CallerKey = [2; 32];
    const PATIENCE: Duration = Duration::from_secs(5);

    fn work() -> (Work, MockClock) {
        let clock = MockClock::new(Instant::parse("2026-03-02T09:30:00Z").unwrap());
        (Work::new(Turns { ordinary: 2, heavy: 1, audit: 1 }, Arc::new(clock.clone())), clock)
    }

    async fn turn(work: &Work, caller: CallerKey, kind: Kind) -> Option<Turn> {
        work.turn(caller, kind, PATIENCE).await
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_had_least_comes_next() {
        let (work, clock) = work();
        let first = turn(&work, GREEDY, Kind::Light).await.unwrap();
        let second = turn(&work, GREEDY, Kind::Light).await.unwrap();
        clock.advance(Duration::from_millis(900));
        let mut greedy = Box::pin(turn(&work, GREEDY, Kind::Light));
        let mut modest = Box::pin(turn(&work, MODEST, Kind::Light));
        assert!(poll_immediate(&mut greedy).await.is_none() && poll_immediate(&mut modest).await.is_none());
        drop(first);
        assert!(poll_immediate(&mut greedy).await.is_none(), "they came first and have had more");
        assert!(modest.await.is_some());
        drop(second);
        assert!(greedy.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_heavy_leaves_room_and_the_audit_has_its_own() {
        let (work, _) = work();
        let _heavy = turn(&work, GREEDY, Kind::Heavy).await.unwrap();
        assert!(turn(&work, MODEST, Kind::Heavy).await.is_none(), "one at a time, and nobody waits for ever");
        let _light = turn(&work, MODEST, Kind::Light).await.unwrap();
        assert!(turn(&work, MODEST, Kind::Light).await.is_none());
        assert!(turn(&work, MODEST, Kind::Audit).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_for_somebody_who_went_away_goes_to_the_next() {
        let (work, _) = work();
        let held = (turn(&work, GREEDY, Kind::Light).await, turn(&work, GREEDY, Kind::Light).await);
        let mut gone = Box::pin(turn(&work, MODEST, Kind::Light));
        let mut next = Box::pin(turn(&work, GREEDY, Kind::Light));
        assert!(poll_immediate(&mut gone).await.is_none() && poll_immediate(&mut next).await.is_none());
        drop(gone);
        drop(held);
        assert!(next.await.is_some());
        assert_eq!(work.state().ordinary, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_had_long_ago_counts_no_more() {
        let (work, clock) = work();
        let turns = turn(&work, GREEDY, Kind::Light).await.unwrap();
        clock.advance(Duration::from_secs(1));
        drop(turns);
        assert!(work.state().had[&GREEDY] >= Duration::from_millis(900));
        clock.advance(Duration::from_secs(60));
        drop(turn(&work, MODEST, Kind::Light).await);
        assert!(!work.state().had.contains_key(&GREEDY));
    }
}
