//! Many fragments that end in one hour: how long destroying their key and deleting them takes, and what a reader notices
//! meanwhile. The service's own use cases run in this process, by a clock that can be moved; the fragments are sealed and
//! stored as the service would, without going through the API one by one.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use domain::{ChronologyId, Clock as _, EntryId, FragmentId, Ids, Instant, Marking, MockClock, Role, Sensitive};
use service::{Call, Service, SignIn, TimelineQuery};
use store::{ChronologyRow, CommitmentRow, Db, EntryRow, FragmentRow, FragmentVersionRow};
use uuid::Uuid;
use vault::{Epoch, KeyId, KeyScope, Place as SealedAt, Terms, Vault};

use super::child::{Running, since};
use super::county::{self, OWNERS};
use super::place::{PARTNERSHIP, PUBLIC_URL, Place};
use crate::clock::SystemClock;
use crate::config;
use crate::startup::Ground;

/// Fragments of one chronology.
const EACH: u32 = 100;
/// Chronologies stored in one transaction.
const TOGETHER: usize = 10;
/// From now until what is made here ends.
const LIFE: Duration = Duration::from_hours(3);
/// How long the reader is watched before anything ends.
const BEFORE: Duration = Duration::from_secs(5);
/// As often as the service's own worker gives records their places.
const SEQUENCE_EVERY: Duration = Duration::from_millis(250);
/// How often is looked whether the key is gone.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const WORDS: &str = "Seen at home with both parents; the youngest asleep, the eldest told us about her week at school.";

/// Measures one database and tells.
pub(super) fn measure(place: &Place, fragments: u32) -> anyhow::Result<String> {
    let running = Running::start(place)?;
    let county = county::tell(place, &running)?;
    running.end()?;
    let settings = config::load(Some(&place.configuration()))?;
    let ground = Ground::open(&settings)?;
    let clock = MockClock::new(SystemClock.now());
    let service = ground.service(&settings, Arc::new(clock.clone()))?;
    let read = id_of(&county.told.path)?;
    let began = SystemClock.now();
    let epoch = Epoch::of(clock.now().plus(LIFE));
    Filling { db: &ground.db, vault: &ground.vault, ids: ground.ids.as_ref(), now: clock.now(), epoch }
        .fill(ChronologyId(read), fragments)?;
    let filled = since(began);
    let reader = Reader {
        service: &service,
        chronology: ChronologyId(read),
        times: Mutex::default(),
        refused: AtomicU32::new(0),
    };
    let ended = reader.watched(|reader| end(reader, &clock, &ground.vault, epoch, settings.workers.batch))?;
    Ok(told(place.named(), fragments, filled, &ended))
}

fn id_of(path: &str) -> anyhow::Result<Uuid> {
    Ok(Uuid::parse_str(path.rsplit('/').next().unwrap_or_default())?)
}

/// What is stored.
pub(super) struct Filling<'a> {
    pub(super) db: &'a Db,
    pub(super) vault: &'a Vault,
    pub(super) ids: &'a dyn Ids,
    pub(super) now: Instant,
    pub(super) epoch: Epoch,
}

impl Filling<'_> {
    /// Chronologies like `model` that go on, with fragments in them that do not.
    fn fill(&self, model: ChronologyId, fragments: u32) -> anyhow::Result<()> {
        let (chronology, models) = self.db.read("bench.model", |tx| {
            let partnership = store::partnerships::find_by_code(tx, PARTNERSHIP)?.context("no partnership")?.id;
            let chronology = store::purge::chronology(tx, partnership, model)?.context("no chronology")?;
            anyhow::Ok((chronology, store::purge::fragments_of(tx, partnership, model)?))
        })?;
        let ids: Vec<ChronologyId> =
            (0..fragments.div_ceil(EACH)).map(|_| ChronologyId(self.ids.next(self.now))).collect();
        for some in ids.chunks(TOGETHER) {
            self.db.write("bench.fill", |tx| {
                for id in some {
                    let row = ChronologyRow { id: *id, ..chronology.clone() };
                    store::chronologies::insert(tx, &row)?;
                    for model in models.iter().cycle().take(EACH as usize) {
                        self.fragment(tx, *id, model)?;
                    }
                }
                anyhow::Ok(())
            })?;
        }
        self.publish(&chronology)
    }

    /// Fragments like those of `model` in another chronology, which goes on.
    pub(super) fn fill_into(
        &self,
        chronology: ChronologyId,
        model: ChronologyId,
        fragments: u32,
    ) -> anyhow::Result<()> {
        let row = self.db.write("bench.fill_into", |tx| {
            let partnership = store::partnerships::find_by_code(tx, PARTNERSHIP)?.context("no partnership")?.id;
            let row = store::purge::chronology(tx, partnership, chronology)?.context("no chronology")?;
            let models = store::purge::fragments_of(tx, partnership, model)?;
            models
                .iter()
                .cycle()
                .take(fragments as usize)
                .try_for_each(|model| self.fragment(tx, chronology, model))?;
            anyhow::Ok(row)
        })?;
        self.publish(&row)
    }

    fn fragment(&self, tx: &mut store::Tx<'_>, id: ChronologyId, model: &FragmentRow) -> anyhow::Result<()> {
        // Inside the last minute of the hour: the key goes soon after the words.
        let expires_at = Instant::from_micros(self.epoch.over_at().as_micros() - 60_000_000);
        let (fragment, entry) = (self.ids.next(self.now), self.ids.next(self.now));
        let row = FragmentRow {
            id: FragmentId(fragment),
            chronology_id: Some(id),
            reference_index: None,
            expires_at,
            wrapped_until: Some(expires_at),
            ..model.clone()
        };
        let place = SealedAt { table: "fragment_versions", row: fragment, version: 1 };
        let terms = Terms::Until { scope: KeyScope(id.0), object: Some(KeyScope(fragment)), expires_at };
        let (key, wrapped_key) = self.vault.create_key(self.now, &terms, &place)?;
        let version = FragmentVersionRow {
            fragment_id: row.id,
            version: 1,
            partnership_id: row.partnership_id,
            expires_at,
            wrapped_key: wrapped_key.into(),
            sealed: key.seal(&place, b"{}")?.into(),
            content_index: self.vault.index(row.partnership_id, "fragment", fragment.as_bytes()).into(),
            entry_count: 1,
            author_id: row.author_id,
            created_at: row.created_at,
        };
        let entry = EntryRow {
            id: EntryId(entry),
            fragment_id: row.id,
            version: 1,
            partnership_id: row.partnership_id,
            position: 0,
            marking: Marking::Normal,
            reference_index: None,
            sealed: key.seal(&SealedAt { table: "entries", row: entry, version: 1 }, WORDS.as_bytes())?.into(),
        };
        store::fragments::insert(tx, &FragmentRow { version: 1, ..row })?;
        Ok(store::fragments::insert_version(tx, &version, &[entry])?)
    }

    /// The commitment to the hour's key, as the service publishes it with the first use.
    fn publish(&self, chronology: &ChronologyRow) -> anyhow::Result<()> {
        let key = KeyId::Epoch(self.epoch);
        let record = self.vault.record(key)?.context("the hour has no key")?;
        let row = CommitmentRow {
            partnership_id: chronology.partnership_id,
            kind: key.kind().as_str().to_owned(),
            key_id: key.id(),
            commitment: record.commitment.into(),
            made_at: record.created_at,
            published_at: self.now,
            due_at: Some(self.epoch.over_at()),
            certificate_id: None,
            settled_at: None,
        };
        self.db.write("bench.publish", |tx| store::commitments::publish(tx, &row))?;
        Ok(())
    }
}

/// Somebody who reads a timeline again and again.
struct Reader<'a> {
    service: &'a Service,
    chronology: ChronologyId,
    times: Mutex<Vec<u64>>,
    refused: AtomicU32,
}

impl Reader<'_> {
    /// Reads, and gives records their places, while `act` goes on.
    fn watched<T: Send>(&self, act: impl FnOnce(&Self) -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let reading = scope.spawn(|| self.read_until(&over));
            let placing = scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    // Waits its turn, like the worker.
                    let _ = self.service.sequence_audit();
                    rest(SEQUENCE_EVERY);
                }
                anyhow::Ok(())
            });
            let acted = act(self);
            over.store(true, Ordering::Release);
            for thread in [reading, placing] {
                thread.join().unwrap_or_else(|_| anyhow::bail!("a thread failed"))?;
            }
            acted
        })
    }

    fn read_until(&self, over: &AtomicBool) -> anyhow::Result<()> {
        let sign_in = Arc::new(SignIn {
            issuer: format!("{PUBLIC_URL}/development"),
            subject: Sensitive::new("owner".to_owned()),
            partnership: PARTNERSHIP.to_owned(),
            agency: OWNERS.to_owned(),
            roles: [Role::SocialWorker].into(),
            offence_data: false,
            name: None,
            job_title: None,
            purpose: None,
        });
        while !over.load(Ordering::Acquire) {
            let call =
                Call { sign_in: Arc::clone(&sign_in), request: self.service.new_request_id(), idempotency: None };
            let began = SystemClock.now();
            match self.service.timeline(&call, self.chronology, TimelineQuery::default()) {
                Ok(_) => self.times.lock().unwrap_or_else(PoisonError::into_inner).push(since(began)),
                Err(_) => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            }
        }
        Ok(())
    }

    /// What was read since the last time this was asked.
    fn taken(&self, micros: u64) -> Reads {
        let mut times = std::mem::take(&mut *self.times.lock().unwrap_or_else(PoisonError::into_inner));
        times.sort_unstable();
        let at = |place: usize| times.get(place).map_or(0.0, |time| *time as f64 / 1_000.0);
        let longest = at(times.len().saturating_sub(1));
        let refused = self.refused.swap(0, Ordering::Relaxed);
        Reads { refused, p50: at(times.len() / 2), longest, rate: times.len() as f64 / (micros as f64 / 1_000_000.0) }
    }
}

/// How a reader fared.
struct Reads {
    p50: f64,
    longest: f64,
    rate: f64,
    refused: u32,
}

/// Microseconds of each step, and how the reader fared.
struct Ended {
    gone: u64,
    certified: u64,
    purged: u64,
    deleted: u32,
    left: u32,
    before: Reads,
    destroying: Reads,
    purging: Reads,
}

/// Lets the hour end.
fn end(reader: &Reader<'_>, clock: &MockClock, vault: &Vault, epoch: Epoch, batch: u32) -> anyhow::Result<Ended> {
    rest(BEFORE);
    let before = reader.taken(u64::try_from(BEFORE.as_micros())?);
    clock.set(epoch.over_at().plus(Duration::from_secs(1)));
    let began = SystemClock.now();
    let (gone, certified) = thread::scope(|scope| {
        let looking = scope.spawn(|| {
            while vault.living_epochs()?.contains(&epoch) {
                rest(LOOK_EVERY);
            }
            anyhow::Ok(since(began))
        });
        reader.service.destroy_keys()?;
        let certified = since(began);
        let gone = looking.join().unwrap_or_else(|_| anyhow::bail!("a thread failed"))?;
        anyhow::Ok((gone, certified))
    })?;
    let destroying = reader.taken(certified);
    let began = SystemClock.now();
    let report = reader.service.purge(batch)?;
    let purged = since(began);
    let purging = reader.taken(purged);
    let (deleted, left) = (report.fragments, report.failed);
    Ok(Ended { gone, certified, purged, deleted, left, before, destroying, purging })
}

/// Waits; nobody ever sends.
fn rest(length: Duration) {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(length);
}

fn told(database: &str, fragments: u32, filled: u64, ended: &Ended) -> String {
    let seconds = |micros: u64| micros as f64 / 1_000_000.0;
    let mut text = format!(
        "\n{database}: {fragments} fragments of one entry end in one hour, {EACH} on a chronology (stored in {:.0} s)\n",
        seconds(filled)
    );
    let _ = writeln!(text, "the hour's key gone after     {:8.3} s   target < 1", seconds(ended.gone));
    let _ = writeln!(text, "certified after               {:8.3} s", seconds(ended.certified));
    let _ = writeln!(
        text,
        "deleted within                {:8.3} s   target < 60   ({} deleted, {} failed)",
        seconds(ended.purged),
        ended.deleted,
        ended.left
    );
    text += "one reader of a timeline of 200 entries      p50 ms   longest ms       /s  refused\n";
    for (name, reads) in
        [("before", &ended.before), ("while the key goes", &ended.destroying), ("while rows go", &ended.purging)]
    {
        let _ = writeln!(
            text,
            "  {name:<40} {:8.2}  {:11.1}  {:7.1}  {:7}",
            reads.p50, reads.longest, reads.rate, reads.refused
        );
    }
    text
}
