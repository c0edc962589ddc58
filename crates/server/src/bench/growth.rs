//! `chronology bench --county`: whether what a request costs stays the same while the partnership grows. The same family
//! is read and written to in a partnership of 2,500, 25,000 and 250,000 entries, through the use cases and by a clock that
//! can be moved; the other families are stored as rows whose sealed columns are noise, which nobody opens.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use domain::{ChronologyId, Clock as _, MockClock, Role, Sensitive};
use serde_json::json;
use service::{Call, FindPersonIn, IdempotencyKey, PageQuery, Service, SignIn, TimelineQuery};
use store::county::{County, ENTRIES_OF_A_FAMILY};
use uuid::Uuid;
use vault::Epoch;

use super::child::{Running, since};
use super::county::{self, AGENCIES, OWNERS};
use super::expiry::Filling;
use super::place::{PARTNERSHIP, PUBLIC_URL, Place};
use super::work::fragment;
use crate::clock::SystemClock;
use crate::config::{self, Settings};
use crate::startup::Ground;

/// Entries of the partnership.
const SIZES: [u32; 3] = [2_500, 25_000, 250_000];
/// How often each thing is done.
const TIMES: usize = 21;
/// How often a timeline is read as the first thing that a service does.
const STARTS: usize = 7;
/// Entries of one submission.
const ENTRIES: usize = 12;
/// Fragments that one purge deletes.
const PURGED: u32 = 100;
/// p50 at the largest size over p50 at the smallest, at most.
const TARGET: f64 = 1.3;

/// Median milliseconds of each thing, by size.
type Medians = BTreeMap<&'static str, Vec<f64>>;

/// Measures one database and tells.
pub(super) fn measure(place: &Place) -> anyhow::Result<String> {
    let settings = config::load(Some(&place.configuration()))?;
    ensure_empty(place)?;
    let running = Running::start(place)?;
    let told = county::tell(place, &running)?;
    running.end()?;
    let ground = Ground::open(&settings)?;
    let clock = MockClock::new(SystemClock.now());
    let service = ground.service(&settings, Arc::new(clock.clone()))?;
    let mut work = Work { service, clock, ground, county: told, settings, submitted: 0 };
    let (mut medians, mut filled) = (Medians::new(), 0);
    for size in SIZES {
        let families = size / ENTRIES_OF_A_FAMILY;
        work.grow(filled..families)?;
        filled = families;
        work.measure(&mut medians)?;
    }
    Ok(table(place.named(), &medians))
}

/// Refuses a database that has anything in it.
fn ensure_empty(place: &Place) -> anyhow::Result<()> {
    let settings = config::load(Some(&place.configuration()))?;
    let ground = Ground::open(&settings)?;
    let there = ground.db.read("bench.empty", store::partnerships::all)?;
    ensure!(
        there.is_empty(),
        "the database has partnerships in it: the benchmark fills one of its own, and only an empty one"
    );
    Ok(())
}

/// What is worked on.
struct Work {
    service: Service,
    clock: MockClock,
    ground: Ground,
    county: county::County,
    settings: Settings,
    submitted: usize,
}

impl Work {
    /// Adds families until there are so many, and takes statistics, as the worker does from time to time.
    fn grow(&self, families: std::ops::Range<u32>) -> anyhow::Result<()> {
        let county = County::of(&self.ground.db, PARTNERSHIP, self.clock.now())?;
        county.fill(&self.ground.db, families)?;
        self.service.refresh_statistics()?;
        self.service.sequence_audit()?;
        Ok(())
    }

    fn measure(&mut self, medians: &mut Medians) -> anyhow::Result<()> {
        let read = ChronologyId(id_of(&self.county.told.path)?);
        let (owner, sender) = (sign_in(OWNERS, Role::SocialWorker, "owner"), contributor(0)?);
        let page = PageQuery::default;
        let mut note = |what, median| medians.entry(what).or_default().push(median);
        note(
            "timeline of 200 entries",
            self.median(|service, call| service.timeline(&call(&owner), read, TimelineQuery::default()).map(drop))?,
        );
        note("the same, just started", self.just_started(read, &owner)?);
        note(
            "list of own invitations",
            self.median(|service, call| service.my_invitations(&call(&sender), page()).map(drop))?,
        );
        note(
            "list of own chronologies",
            self.median(|service, call| service.chronologies(&call(&owner), page()).map(drop))?,
        );
        let name = json!({"given": "Wren", "family": "Ashdown"});
        let wanted: FindPersonIn = serde_json::from_value(json!({"name": name, "born_on": "2014-03-09"}))?;
        note(
            "find a person",
            self.median(|service, call| service.find_people(&call(&owner), wanted.clone()).map(drop))?,
        );
        note(
            "questions",
            self.median(|service, call| service.person_questions(&call(&owner), read, page()).map(drop))?,
        );
        note("submission of 12 entries", self.submissions()?);
        note("purge of 100 fragments", self.purge(read)?);
        Ok(())
    }

    /// The median of one use case, in milliseconds.
    fn median(
        &self,
        act: impl Fn(&Service, &dyn Fn(&Arc<SignIn>) -> Call) -> service::Answer<()>,
    ) -> anyhow::Result<f64> {
        let call = |by: &Arc<SignIn>| Call {
            sign_in: Arc::clone(by),
            request: self.service.new_request_id(),
            idempotency: None,
        };
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let began = SystemClock.now();
            act(&self.service, &call)?;
            times.push(since(began));
            self.service.sequence_audit()?;
        }
        Ok(median(times))
    }

    /// The median of a timeline that is the first thing a service reads: no connection is open, no key unwrapped, nothing in
    /// the memory of this process. What the operating system keeps of the files stays.
    fn just_started(&self, read: ChronologyId, owner: &Arc<SignIn>) -> anyhow::Result<f64> {
        let mut times = Vec::with_capacity(STARTS);
        for _ in 0..STARTS {
            let service = Ground::open(&self.settings)?.service(&self.settings, Arc::new(self.clock.clone()))?;
            let call = Call { sign_in: Arc::clone(owner), request: service.new_request_id(), idempotency: None };
            let began = SystemClock.now();
            service.timeline(&call, read, TimelineQuery::default())?;
            times.push(since(began));
            service.sequence_audit()?;
        }
        Ok(median(times))
    }

    fn submissions(&mut self) -> anyhow::Result<f64> {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            self.submitted += 1;
            let turn = self.submitted;
            let taking = self.county.taking.get(turn % self.county.taking.len()).context("a chronology")?;
            let key = IdempotencyKey { key: format!("growth-{turn}"), fingerprint: turn.to_be_bytes().to_vec() };
            let sign_in = contributor(turn / self.county.taking.len())?;
            let call = Call { sign_in, request: self.service.new_request_id(), idempotency: Some(key) };
            let input =
                serde_json::from_value(fragment(&taking.children, &format!("growth-{turn}"), turn * ENTRIES, ENTRIES))?;
            let id = ChronologyId(id_of(&taking.path)?);
            let began = SystemClock.now();
            self.service.submit_fragment(&call, id, input)?;
            times.push(since(began));
            self.service.wait_for_links();
            self.service.sequence_audit()?;
        }
        Ok(median(times))
    }

    /// One hour of fragments that ends.
    fn purge(&self, model: ChronologyId) -> anyhow::Result<f64> {
        let now = self.clock.now();
        let epoch = Epoch::of(now.plus(Duration::from_hours(2)));
        let ids = self.ground.ids.as_ref();
        // Not the one that is read: what is left of them would be read with it.
        let other = ChronologyId(id_of(&self.county.taking.last().context("a chronology")?.path)?);
        Filling { db: &self.ground.db, vault: &self.ground.vault, ids, now, epoch }.fill_into(other, model, PURGED)?;
        self.clock.set(epoch.over_at().plus(Duration::from_secs(1)));
        let began = SystemClock.now();
        let report = self.service.purge(self.settings.workers.batch)?;
        let took = since(began);
        ensure!(report.fragments == PURGED, "{} fragments were deleted instead of {PURGED}", report.fragments);
        self.service.destroy_keys()?;
        self.service.sequence_audit()?;
        Ok(took as f64 / 1_000.0)
    }
}

fn median(mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| *time as f64 / 1_000.0)
}

fn id_of(path: &str) -> anyhow::Result<Uuid> {
    Ok(Uuid::parse_str(path.rsplit('/').next().unwrap_or_default())?)
}

fn contributor(turn: usize) -> anyhow::Result<Arc<SignIn>> {
    let (agency, _) = AGENCIES.get(turn % AGENCIES.len()).context("an agency")?;
    Ok(sign_in(agency, Role::Practitioner, "contributor"))
}

fn sign_in(agency: &str, role: Role, person: &str) -> Arc<SignIn> {
    Arc::new(SignIn {
        issuer: format!("{PUBLIC_URL}/development"),
        subject: Sensitive::new(person.to_owned()),
        partnership: PARTNERSHIP.to_owned(),
        agency: agency.to_owned(),
        roles: [role].into(),
        offence_data: false,
        name: None,
        job_title: None,
        purpose: None,
    })
}

fn table(database: &str, medians: &Medians) -> String {
    let mut text = format!("\n{database}: p50 in ms in a partnership of so many entries\n{:<26}", "");
    for size in SIZES {
        let _ = write!(text, "{size:>10}");
    }
    text += "   largest/smallest\n";
    for (what, values) in medians {
        let _ = write!(text, "{what:<26}");
        for value in values {
            let _ = write!(text, "{value:>10.2}");
        }
        let ratio = values.last().zip(values.first()).map_or(0.0, |(last, first)| last / first.max(f64::MIN_POSITIVE));
        let met = if ratio <= TARGET { "met" } else { "MISSED" };
        let _ = writeln!(text, "{ratio:>10.2}   target ≤ {TARGET}  {met}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_compares_the_largest_with_the_smallest() {
        let medians = Medians::from([("a", vec![2.0, 9.0, 2.4]), ("b", vec![1.0, 1.0, 1.4])]);
        let table = table("SQLite", &medians);
        let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(line("a ").contains("1.20") && line("a ").ends_with("met"));
        assert!(line("b ").contains("1.40") && line("b ").ends_with("MISSED"));
    }
}
