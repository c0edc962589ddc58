//! Measures how long it takes to destroy the key of many fragments that expire in one hour and to
//! delete them, and how this affects a concurrent reader. The service's own use cases run in this
//! process with a mock clock. The fragments are sealed and stored as the service stores them,
//! without an API call for each.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use domain::{
    ChronologyId, Clock as _, EntryId, FragmentId, IdGenerator, Instant, Marking, MockClock, Role,
    Sensitive,
};
use service::{CallContext, CallerClaims, Service, TimelineQuery};
use store::{ChronologyRow, CommitmentRow, Db, EntryRow, FragmentRow, FragmentVersionRow};
use uuid::Uuid;
use vault::{DataKey, Epoch, KeyId, KeyScope, KeyTerms, RecordLocation, SealedTable, Vault};

use crate::dataset::{self, OWNER_AGENCY};
use crate::environment::{BenchEnvironment, PARTNERSHIP, PUBLIC_URL};
use crate::service_process::{ServiceProcess, elapsed_micros};
use server::clock::SystemClock;
use server::config;
use server::startup::AppContext;

/// Fragments per chronology.
const FRAGMENTS_PER_CHRONOLOGY: u32 = 100;
/// Chronologies stored per transaction.
const CHRONOLOGIES_PER_TRANSACTION: usize = 10;
/// From now until the hour in which the fragments expire.
const TIME_TO_EXPIRY: Duration = Duration::from_hours(3);
/// How long the reader is measured before anything expires.
const BASELINE_DURATION: Duration = Duration::from_secs(5);
/// Interval of the service's own sequencing worker.
const SEQUENCE_INTERVAL: Duration = Duration::from_millis(250);
/// How often to check whether the key is destroyed.
const POLL_INTERVAL: Duration = Duration::from_millis(2);
const SAMPLE_TEXT: &str = "Seen at home with both parents; the youngest asleep, the eldest told us about her week at school.";

/// Measures one database and returns the report.
pub(crate) fn measure(environment: &BenchEnvironment, fragments: u32) -> anyhow::Result<String> {
    let service_process = ServiceProcess::start(environment)?;
    let dataset = dataset::create(environment, &service_process)?;
    service_process.stop()?;
    let settings = config::load(Some(&environment.config_file()))?;
    let context = AppContext::open(&settings)?;
    let clock = MockClock::new(SystemClock.now());
    let service = context.service(&settings, Arc::new(clock.clone()))?;
    let read = chronology_id_in(&dataset.full_chronology.path)?;
    let started_at = SystemClock.now();
    let epoch = Epoch::for_expiry(clock.now().plus(TIME_TO_EXPIRY));
    FragmentFiller {
        db: &context.db,
        vault: &context.vault,
        ids: context.ids.as_ref(),
        now: clock.now(),
        epoch,
    }
    .fill(ChronologyId(read), fragments)?;
    let filled = elapsed_micros(started_at);
    let reader = TimelineReader {
        service: &service,
        chronology: ChronologyId(read),
        times: Mutex::default(),
        refused: AtomicU32::new(0),
    };
    let measurements = reader.run_while_reading(|reader| {
        run_expiry(
            reader,
            &clock,
            &context.vault,
            epoch,
            settings.workers.batch,
        )
    })?;
    Ok(render_report(
        environment.database_name(),
        fragments,
        filled,
        &measurements,
    ))
}

fn chronology_id_in(path: &str) -> anyhow::Result<Uuid> {
    Ok(Uuid::parse_str(
        path.rsplit('/').next().unwrap_or_default(),
    )?)
}

/// Stores fragments that expire in one epoch.
pub(crate) struct FragmentFiller<'a> {
    pub(crate) db: &'a Db,
    pub(crate) vault: &'a Vault,
    pub(crate) ids: &'a dyn IdGenerator,
    pub(crate) now: Instant,
    pub(crate) epoch: Epoch,
}

impl FragmentFiller<'_> {
    /// Stores copies of the chronology `model` that do not expire, with fragments that do.
    fn fill(&self, model: ChronologyId, fragments: u32) -> anyhow::Result<()> {
        let (chronology, models) = self.db.read("bench.model", |tx| {
            let partnership = store::partnerships::find_by_code(tx, PARTNERSHIP)?
                .context("no partnership")?
                .id;
            let chronology =
                store::purge::find_chronology(tx, partnership, model)?.context("no chronology")?;
            anyhow::Ok((
                chronology,
                store::purge::list_fragments(tx, partnership, model)?,
            ))
        })?;
        let ids: Vec<ChronologyId> = (0..fragments.div_ceil(FRAGMENTS_PER_CHRONOLOGY))
            .map(|_| ChronologyId(self.ids.next(self.now)))
            .collect();
        for batch in ids.chunks(CHRONOLOGIES_PER_TRANSACTION) {
            self.db.write("bench.fill", |tx| {
                for id in batch {
                    let row = ChronologyRow {
                        id: *id,
                        ..chronology.clone()
                    };
                    store::chronologies::insert(tx, &row)?;
                    for model in models
                        .iter()
                        .cycle()
                        .take(FRAGMENTS_PER_CHRONOLOGY as usize)
                    {
                        self.insert_fragment(tx, *id, model)?;
                    }
                }
                anyhow::Ok(())
            })?;
        }
        self.publish_commitment(&chronology)
    }

    /// Stores copies of the fragments of `model` in another chronology, which does not expire.
    pub(crate) fn fill_into(
        &self,
        chronology: ChronologyId,
        model: ChronologyId,
        fragments: u32,
    ) -> anyhow::Result<()> {
        let row = self.db.write("bench.fill_into", |tx| {
            let partnership = store::partnerships::find_by_code(tx, PARTNERSHIP)?
                .context("no partnership")?
                .id;
            let row = store::purge::find_chronology(tx, partnership, chronology)?
                .context("no chronology")?;
            let models = store::purge::list_fragments(tx, partnership, model)?;
            models
                .iter()
                .cycle()
                .take(fragments as usize)
                .try_for_each(|model| self.insert_fragment(tx, chronology, model))?;
            anyhow::Ok(row)
        })?;
        self.publish_commitment(&row)
    }

    fn insert_fragment(
        &self,
        tx: &mut store::Tx<'_>,
        id: ChronologyId,
        model: &FragmentRow,
    ) -> anyhow::Result<()> {
        // Within the last minute of the hour, so that the key is destroyed soon after the content
        // expires.
        let expires_at = Instant::from_micros(self.epoch.ends_at().as_micros() - 60_000_000);
        let fragment = self.ids.next(self.now);
        let entry = self.ids.next(self.now);
        let row = FragmentRow {
            id: FragmentId(fragment),
            chronology_id: Some(id),
            reference_index: None,
            expires_at,
            wrapped_until: Some(expires_at),
            ..model.clone()
        };
        let location = RecordLocation {
            table: SealedTable::FragmentVersions,
            row: fragment,
            version: 1,
        };
        let terms = KeyTerms::Expiring {
            scope: KeyScope(id.0),
            object: Some(KeyScope(fragment)),
            expires_at,
        };
        let (key, wrapped_key) = self.vault.create_key(self.now, &terms, &location)?;
        let version = FragmentVersionRow {
            fragment_id: row.id,
            version: 1,
            partnership_id: row.partnership_id,
            expires_at,
            wrapped_key: wrapped_key.into(),
            sealed: key.seal(&location, b"{}")?.into(),
            content_index: self
                .vault
                .index(row.partnership_id, "fragment", fragment.as_bytes())
                .into(),
            entry_count: 1,
            author_id: row.author_id,
            created_at: row.created_at,
        };
        let entry = sample_entry(&row, &key, entry)?;
        store::fragments::insert(tx, &FragmentRow { version: 1, ..row })?;
        Ok(store::fragments::insert_version(tx, &version, &[entry])?)
    }

    /// Publishes the commitment to the hour's key, as the service does when it first uses a key.
    fn publish_commitment(&self, chronology: &ChronologyRow) -> anyhow::Result<()> {
        let key = KeyId::Epoch(self.epoch);
        let record = self.vault.record(key)?.context("the hour has no key")?;
        let row = CommitmentRow {
            partnership_id: chronology.partnership_id,
            kind: key.kind().as_str().to_owned(),
            key_id: key.id(),
            commitment: record.commitment.into(),
            made_at: record.created_at,
            published_at: self.now,
            due_at: Some(self.epoch.ends_at()),
            certificate_id: None,
            settled_at: None,
        };
        self.db
            .write("bench.publish", |tx| store::commitments::publish(tx, &row))?;
        Ok(())
    }
}

/// The one entry of a fragment, sealed under the key of the fragment's version.
fn sample_entry(row: &FragmentRow, key: &DataKey, id: Uuid) -> anyhow::Result<EntryRow> {
    let location = RecordLocation {
        table: SealedTable::Entries,
        row: id,
        version: 1,
    };
    Ok(EntryRow {
        id: EntryId(id),
        fragment_id: row.id,
        version: 1,
        partnership_id: row.partnership_id,
        position: 0,
        marking: Marking::Normal,
        reference_index: None,
        sealed: key.seal(&location, SAMPLE_TEXT.as_bytes())?.into(),
    })
}

/// Reads one timeline repeatedly and records how long each read takes.
struct TimelineReader<'a> {
    service: &'a Service,
    chronology: ChronologyId,
    times: Mutex<Vec<u64>>,
    refused: AtomicU32,
}

impl TimelineReader<'_> {
    /// Reads, and sequences audit records, while `action` runs.
    fn run_while_reading<T: Send>(
        &self,
        action: impl FnOnce(&Self) -> anyhow::Result<T> + Send,
    ) -> anyhow::Result<T> {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader_thread = scope.spawn(|| self.read_until(&is_over));
            let sequencer_thread = scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    // Runs at the same interval as the worker.
                    let _ = self.service.kernel.sequence_audit();
                    pause(SEQUENCE_INTERVAL);
                }
                anyhow::Ok(())
            });
            let outcome = action(self);
            is_over.store(true, Ordering::Release);
            for thread in [reader_thread, sequencer_thread] {
                thread
                    .join()
                    .unwrap_or_else(|_| anyhow::bail!("a thread failed"))?;
            }
            outcome
        })
    }

    fn read_until(&self, is_over: &AtomicBool) -> anyhow::Result<()> {
        let claims = Arc::new(CallerClaims {
            issuer: format!("{PUBLIC_URL}/development"),
            subject: Sensitive::new("owner".to_owned()),
            partnership: PARTNERSHIP.to_owned(),
            agency: OWNER_AGENCY.to_owned(),
            roles: [Role::SocialWorker].into(),
            offence_data: false,
            name: None,
            job_title: None,
            purpose: None,
        });
        while !is_over.load(Ordering::Acquire) {
            let call = CallContext {
                claims: Arc::clone(&claims),
                request: self.service.kernel.new_request_id(),
                idempotency: None,
            };
            let started_at = SystemClock.now();
            match self.service.timelines.get_timeline(
                &call,
                self.chronology,
                TimelineQuery::default(),
            ) {
                Ok(_) => self
                    .times
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(elapsed_micros(started_at)),
                Err(_) => drop(self.refused.fetch_add(1, Ordering::Relaxed)),
            }
        }
        Ok(())
    }

    /// Statistics of the reads since the previous call, which took `micros` microseconds.
    fn take_stats(&self, micros: u64) -> ReadStats {
        let mut times =
            std::mem::take(&mut *self.times.lock().unwrap_or_else(PoisonError::into_inner));
        times.sort_unstable();
        let millis_at = |index: usize| times.get(index).map_or(0.0, |time| *time as f64 / 1_000.0);
        let longest_ms = millis_at(times.len().saturating_sub(1));
        let refused = self.refused.swap(0, Ordering::Relaxed);
        ReadStats {
            refused,
            p50_ms: millis_at(times.len() / 2),
            longest_ms,
            requests_per_second: times.len() as f64 / (micros as f64 / 1_000_000.0),
        }
    }
}

/// Statistics of the concurrent reader.
struct ReadStats {
    p50_ms: f64,
    longest_ms: f64,
    requests_per_second: f64,
    refused: u32,
}

/// Duration of each step in microseconds, with the reader's statistics.
struct ExpiryMeasurements {
    key_gone_micros: u64,
    certified_micros: u64,
    purged_micros: u64,
    deleted: u32,
    failed: u32,
    before: ReadStats,
    during_destruction: ReadStats,
    during_purge: ReadStats,
}

/// Moves the clock past the end of the hour and measures destruction and deletion.
fn run_expiry(
    reader: &TimelineReader<'_>,
    clock: &MockClock,
    vault: &Vault,
    epoch: Epoch,
    batch: u32,
) -> anyhow::Result<ExpiryMeasurements> {
    pause(BASELINE_DURATION);
    let before = reader.take_stats(u64::try_from(BASELINE_DURATION.as_micros())?);
    clock.set(epoch.ends_at().plus(Duration::from_secs(1)));
    let started_at = SystemClock.now();
    let (key_gone_micros, certified_micros) = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while vault.live_epochs()?.contains(&epoch) {
                pause(POLL_INTERVAL);
            }
            anyhow::Ok(elapsed_micros(started_at))
        });
        reader.service.retention.destroy_keys()?;
        let certified_micros = elapsed_micros(started_at);
        let key_gone_micros = watcher
            .join()
            .unwrap_or_else(|_| anyhow::bail!("a thread failed"))?;
        anyhow::Ok((key_gone_micros, certified_micros))
    })?;
    let during_destruction = reader.take_stats(certified_micros);
    let started_at = SystemClock.now();
    let report = reader.service.retention.purge(batch)?;
    let purged_micros = elapsed_micros(started_at);
    let during_purge = reader.take_stats(purged_micros);
    let deleted = report.fragments;
    let failed = report.failed;
    Ok(ExpiryMeasurements {
        key_gone_micros,
        certified_micros,
        purged_micros,
        deleted,
        failed,
        before,
        during_destruction,
        during_purge,
    })
}

/// Waits for `length`: nothing is ever sent on the channel.
fn pause(length: Duration) {
    let (_sender, receiver) = mpsc::channel::<()>();
    let _ = receiver.recv_timeout(length);
}

fn render_report(
    database: &str,
    fragments: u32,
    filled: u64,
    measurements: &ExpiryMeasurements,
) -> String {
    let seconds = |micros: u64| micros as f64 / 1_000_000.0;
    let mut text = format!(
        "\n{database}: {fragments} fragments of one entry expire in one hour, {FRAGMENTS_PER_CHRONOLOGY} per chronology (stored in {:.0} s)\n",
        seconds(filled)
    );
    let _ = writeln!(
        text,
        "key destroyed after           {:8.3} s   target < 1",
        seconds(measurements.key_gone_micros)
    );
    let _ = writeln!(
        text,
        "certified after               {:8.3} s",
        seconds(measurements.certified_micros)
    );
    let _ = writeln!(
        text,
        "deleted within                {:8.3} s   target < 60   ({} deleted, {} failed)",
        seconds(measurements.purged_micros),
        measurements.deleted,
        measurements.failed
    );
    text += "one reader of a timeline of 200 entries      p50 ms   longest ms       /s  refused\n";
    for (name, reads) in [
        ("before expiry", &measurements.before),
        (
            "while the key is destroyed",
            &measurements.during_destruction,
        ),
        ("while rows are deleted", &measurements.during_purge),
    ] {
        let _ = writeln!(
            text,
            "  {name:<40} {:8.2}  {:11.1}  {:7.1}  {:7}",
            reads.p50_ms, reads.longest_ms, reads.requests_per_second, reads.refused
        );
    }
    text
}
