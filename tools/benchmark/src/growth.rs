//! `--county`: whether the cost of a request stays the same while the partnership
//! grows. The same family is read and written in a partnership of 2,500, 25,000 and 250,000
//! entries, through the use cases and with a mock clock. The other families are stored as rows
//! whose sealed columns hold random bytes, which are never opened.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use domain::{ChronologyId, Clock as _, MockClock, Role, Sensitive};
use serde_json::json;
use service::{
    CallContext, CallerClaims, FindPersonIn, IdempotencyKey, PageQuery, Service, TimelineQuery,
};
use store::county::{ENTRIES_PER_FAMILY, SyntheticCounty};
use uuid::Uuid;
use vault::Epoch;

use crate::dataset::{self, AGENCIES, OWNER_AGENCY};
use crate::environment::{BenchEnvironment, PARTNERSHIP, PUBLIC_URL};
use crate::expiry::FragmentFiller;
use crate::sample_fragments::fragment_body;
use crate::service_process::{ServiceProcess, elapsed_micros};
use server::clock::SystemClock;
use server::config::{self, Settings};
use server::startup::AppContext;

/// Number of entries in the partnership, for each measurement.
const PARTNERSHIP_SIZES: [u32; 3] = [2_500, 25_000, 250_000];
/// How often each operation is measured.
const REPETITIONS: usize = 21;
/// How often the first timeline read of a new service is measured.
const COLD_STARTS: usize = 7;
/// Entries per submission.
const ENTRIES_PER_SUBMISSION: usize = 12;
/// Fragments that one purge deletes.
const PURGED_FRAGMENTS: u32 = 100;
/// Highest permitted ratio of the p50 at the largest size to the p50 at the smallest.
const MAX_RATIO: f64 = 1.3;

/// Median duration of each operation in milliseconds, by partnership size.
type Medians = BTreeMap<&'static str, Vec<f64>>;

/// Measures one database and returns the report.
pub(crate) fn measure(environment: &BenchEnvironment) -> anyhow::Result<String> {
    let settings = config::load(Some(&environment.config_file()))?;
    ensure_empty(environment)?;
    let service_process = ServiceProcess::start(environment)?;
    let dataset = dataset::create(environment, &service_process)?;
    service_process.stop()?;
    let context = AppContext::open(&settings)?;
    let clock = MockClock::new(SystemClock.now());
    let service = context.service(&settings, Arc::new(clock.clone()))?;
    let mut bench = GrowthBench {
        service,
        clock,
        context,
        dataset,
        settings,
        submitted: 0,
    };
    let mut medians = Medians::new();
    let mut filled = 0;
    for size in PARTNERSHIP_SIZES {
        let families = size / ENTRIES_PER_FAMILY;
        bench.add_families(filled..families)?;
        filled = families;
        bench.measure(&mut medians)?;
    }
    Ok(render_table(environment.database_name(), &medians))
}

/// Returns an error if the database is not empty.
fn ensure_empty(environment: &BenchEnvironment) -> anyhow::Result<()> {
    let settings = config::load(Some(&environment.config_file()))?;
    let context = AppContext::open(&settings)?;
    let partnerships = context
        .db
        .read("bench.empty", store::partnerships::list_all)?;
    ensure!(
        partnerships.is_empty(),
        "the database is not empty: this benchmark fills the database itself and needs an empty one"
    );
    Ok(())
}

/// The service under test and its dataset.
struct GrowthBench {
    service: Service,
    clock: MockClock,
    context: AppContext,
    dataset: dataset::Dataset,
    settings: Settings,
    submitted: usize,
}

impl GrowthBench {
    /// Adds the families of this range and refreshes the statistics, as a worker does from time to
    /// time.
    fn add_families(&self, families: std::ops::Range<u32>) -> anyhow::Result<()> {
        let county = SyntheticCounty::open(&self.context.db, PARTNERSHIP, self.clock.now())?;
        county.fill(&self.context.db, families)?;
        self.service.retention.refresh_statistics()?;
        self.service.kernel.sequence_audit()?;
        Ok(())
    }

    fn measure(&mut self, medians: &mut Medians) -> anyhow::Result<()> {
        let read = ChronologyId(chronology_id_in(&self.dataset.full_chronology.path)?);
        let owner = claims(OWNER_AGENCY, Role::SocialWorker, "owner");
        let sender = contributor(0)?;
        let page = PageQuery::default;
        let mut record = |name, median| medians.entry(name).or_default().push(median);
        record(
            "timeline of 200 entries",
            self.median(|service, call| {
                service
                    .timelines
                    .get_timeline(&call(&owner), read, TimelineQuery::default())
                    .map(drop)
            })?,
        );
        record(
            "timeline, just started",
            self.median_after_start(read, &owner)?,
        );
        record(
            "list of own invitations",
            self.median(|service, call| {
                service
                    .invitations
                    .list_own_invitations(&call(&sender), page())
                    .map(drop)
            })?,
        );
        record(
            "list of own chronologies",
            self.median(|service, call| {
                service
                    .chronologies
                    .list_chronologies(&call(&owner), page())
                    .map(drop)
            })?,
        );
        let name = json!({"given": "Wren", "family": "Ashdown"});
        let wanted: FindPersonIn =
            serde_json::from_value(json!({"name": name, "born_on": "2014-03-09"}))?;
        record(
            "find a person",
            self.median(|service, call| {
                service
                    .people
                    .find_people(&call(&owner), wanted.clone())
                    .map(drop)
            })?,
        );
        record(
            "questions",
            self.median(|service, call| {
                service
                    .person_matching
                    .list_person_questions(&call(&owner), read, page())
                    .map(drop)
            })?,
        );
        record("submission of 12 entries", self.median_submission()?);
        record("purge of 100 fragments", self.measure_purge(read)?);
        Ok(())
    }

    /// The median duration of one use case, in milliseconds.
    fn median(
        &self,
        use_case: impl Fn(
            &Service,
            &dyn Fn(&Arc<CallerClaims>) -> CallContext,
        ) -> service::ServiceResult<()>,
    ) -> anyhow::Result<f64> {
        let call = |by: &Arc<CallerClaims>| CallContext {
            claims: Arc::clone(by),
            request: self.service.kernel.new_request_id(),
            idempotency: None,
        };
        let mut times = Vec::with_capacity(REPETITIONS);
        for _ in 0..REPETITIONS {
            let started_at = SystemClock.now();
            use_case(&self.service, &call)?;
            times.push(elapsed_micros(started_at));
            self.service.kernel.sequence_audit()?;
        }
        Ok(median(times))
    }

    /// The median duration of a timeline read that is the first operation of a new service: no open
    /// connection, no cached key, no other state in this process. The operating system's file cache
    /// is not cleared.
    fn median_after_start(
        &self,
        read: ChronologyId,
        owner: &Arc<CallerClaims>,
    ) -> anyhow::Result<f64> {
        let mut times = Vec::with_capacity(COLD_STARTS);
        for _ in 0..COLD_STARTS {
            let service = AppContext::open(&self.settings)?
                .service(&self.settings, Arc::new(self.clock.clone()))?;
            let call = CallContext {
                claims: Arc::clone(owner),
                request: service.kernel.new_request_id(),
                idempotency: None,
            };
            let started_at = SystemClock.now();
            service
                .timelines
                .get_timeline(&call, read, TimelineQuery::default())?;
            times.push(elapsed_micros(started_at));
            service.kernel.sequence_audit()?;
        }
        Ok(median(times))
    }

    fn median_submission(&mut self) -> anyhow::Result<f64> {
        let mut times = Vec::with_capacity(REPETITIONS);
        for _ in 0..REPETITIONS {
            self.submitted += 1;
            let number = self.submitted;
            let chronologies = &self.dataset.submission_chronologies;
            let chronology = chronologies
                .get(number % chronologies.len())
                .context("a chronology")?;
            let key = IdempotencyKey {
                key: format!("growth-{number}"),
                fingerprint: number.to_be_bytes().to_vec(),
            };
            let claims = contributor(number / chronologies.len())?;
            let call = CallContext {
                claims,
                request: self.service.kernel.new_request_id(),
                idempotency: Some(key),
            };
            let reference = format!("growth-{number}");
            let first_entry = number * ENTRIES_PER_SUBMISSION;
            let body = fragment_body(
                &chronology.children,
                &reference,
                first_entry,
                ENTRIES_PER_SUBMISSION,
            );
            let input = serde_json::from_value(body)?;
            let id = ChronologyId(chronology_id_in(&chronology.path)?);
            let started_at = SystemClock.now();
            self.service.fragments.submit_fragment(&call, id, input)?;
            times.push(elapsed_micros(started_at));
            self.service.linking.wait_for_links();
            self.service.kernel.sequence_audit()?;
        }
        Ok(median(times))
    }

    /// Measures the purge of one hour of fragments.
    fn measure_purge(&self, model: ChronologyId) -> anyhow::Result<f64> {
        let now = self.clock.now();
        let epoch = Epoch::for_expiry(now.plus(Duration::from_hours(2)));
        let ids = self.context.ids.as_ref();
        // Uses a chronology that is not read: its tombstones would be part of the timeline.
        let other = ChronologyId(chronology_id_in(
            &self
                .dataset
                .submission_chronologies
                .last()
                .context("a chronology")?
                .path,
        )?);
        FragmentFiller {
            db: &self.context.db,
            vault: &self.context.vault,
            ids,
            now,
            epoch,
        }
        .fill_into(other, model, PURGED_FRAGMENTS)?;
        self.clock.set(epoch.ends_at().plus(Duration::from_secs(1)));
        let started_at = SystemClock.now();
        let report = self.service.retention.purge(self.settings.workers.batch)?;
        let elapsed = elapsed_micros(started_at);
        ensure!(
            report.fragments == PURGED_FRAGMENTS,
            "{} fragments were deleted instead of {PURGED_FRAGMENTS}",
            report.fragments
        );
        self.service.retention.destroy_keys()?;
        self.service.kernel.sequence_audit()?;
        Ok(elapsed as f64 / 1_000.0)
    }
}

fn median(mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(0.0, |time| *time as f64 / 1_000.0)
}

fn chronology_id_in(path: &str) -> anyhow::Result<Uuid> {
    Ok(Uuid::parse_str(
        path.rsplit('/').next().unwrap_or_default(),
    )?)
}

fn contributor(number: usize) -> anyhow::Result<Arc<CallerClaims>> {
    let (agency, _) = AGENCIES.get(number % AGENCIES.len()).context("an agency")?;
    Ok(claims(agency, Role::Practitioner, "contributor"))
}

fn claims(agency: &str, role: Role, person: &str) -> Arc<CallerClaims> {
    Arc::new(CallerClaims {
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

fn render_table(database: &str, medians: &Medians) -> String {
    let mut text = format!(
        "\n{database}: p50 in ms, by number of entries in the partnership\n{:<26}",
        ""
    );
    for size in PARTNERSHIP_SIZES {
        let _ = write!(text, "{size:>10}");
    }
    text += "   largest/smallest\n";
    for (name, values) in medians {
        let _ = write!(text, "{name:<26}");
        for value in values {
            let _ = write!(text, "{value:>10.2}");
        }
        let ratio = values
            .last()
            .zip(values.first())
            .map_or(0.0, |(last, first)| last / first.max(f64::MIN_POSITIVE));
        let met = if ratio <= MAX_RATIO { "met" } else { "MISSED" };
        let _ = writeln!(text, "{ratio:>10.2}   target ≤ {MAX_RATIO}  {met}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_shows_ratio_of_largest_to_smallest() {
        let medians = Medians::from([("a", vec![2.0, 9.0, 2.4]), ("b", vec![1.0, 1.0, 1.4])]);
        let table = render_table("SQLite", &medians);
        let line = |name: &str| {
            table
                .lines()
                .find(|line| line.starts_with(name))
                .unwrap()
                .to_owned()
        };
        assert!(line("a ").contains("1.20") && line("a ").ends_with("met"));
        assert!(line("b ").contains("1.40") && line("b ").ends_with("MISSED"));
    }
}
