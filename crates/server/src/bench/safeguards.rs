//! What sealing, audit and sequencing cost a timeline read: the same reads with each switched off in turn, and with all.
//! The switches are no part of the product; a build for this measurement has them.

use std::fmt::Write as _;
use std::path::Path;

use super::child::Running;
use super::county::{self, County};
use super::load::{self, Kind, Outcome};
use super::place::{Database, Place};

/// Clients at once.
const CLIENTS: usize = 4;
/// Every setting is measured so often, in turn, so that whatever else the machine does falls on all of them.
const ROUNDS: usize = 3;
/// What may be paid for all together, as a share of a read.
const TARGET: f64 = 25.0;
/// What is left out each time; what seals nothing has a place of its own, because it cannot read what is sealed.
const SETTINGS: [(&str, &[&str]); 5] = [
    ("all on", &[]),
    ("audit off", &["audit"]),
    ("sequencing off", &["sequencing"]),
    ("sealing off", &["sealing"]),
    ("all off", &["sealing", "audit", "sequencing"]),
];

#[cfg(feature = "bench-switches")]
mod switches {
    use std::sync::atomic::{AtomicBool, Ordering};

    static UNSEQUENCED: AtomicBool = AtomicBool::new(false);

    /// Something that guards.
    #[derive(Debug, Clone, Copy, clap::ValueEnum)]
    pub(crate) enum Safeguard {
        /// Words are sealed.
        Sealing,
        /// Every read leaves a record.
        Audit,
        /// Every record gets its place in the tree.
        Sequencing,
    }

    impl Safeguard {
        /// Leaves it out from now on.
        pub(crate) fn leave_out(self) {
            match self {
                Self::Sealing => vault::bench_switches::seal_nothing(),
                Self::Audit => service::bench_switches::record_no_reads(),
                Self::Sequencing => UNSEQUENCED.store(true, Ordering::Release),
            }
        }
    }

    /// Whether records get no places.
    pub(crate) fn unsequenced() -> bool {
        UNSEQUENCED.load(Ordering::Acquire)
    }
}

#[cfg(feature = "bench-switches")]
pub(crate) use switches::{Safeguard, unsequenced};

/// Measures one database and tells.
pub(super) fn measure(above: &Path, database: &Database, seconds: u64) -> anyhow::Result<String> {
    anyhow::ensure!(
        cfg!(feature = "bench-switches"),
        "this build cannot do without its safeguards: build one with --features bench-switches to measure them"
    );
    let sealed = Told::tell(above, database, &["serve"])?;
    let clear = Told::tell(above, database, &["serve-without", "sealing"])?;
    let mut measured: Vec<Vec<Outcome>> = SETTINGS.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, parts), outcomes) in SETTINGS.iter().zip(&mut measured) {
            let told = if parts.contains(&"sealing") { &clear } else { &sealed };
            let subcommand: Vec<&str> = std::iter::once("serve-without").chain(parts.iter().copied()).collect();
            let running = Running::start_as(&told.place, &subcommand)?;
            outcomes.push(load::run(&running, &told.county, Kind::Timeline, CLIENTS, seconds)?);
            running.end()?;
        }
    }
    Ok(table(sealed.place.named(), &measured))
}

/// A place that has been told about everything.
struct Told {
    place: Place,
    county: County,
}

impl Told {
    fn tell(above: &Path, database: &Database, subcommand: &[&str]) -> anyhow::Result<Self> {
        let place = Place::make(above, database)?;
        let running = Running::start_as(&place, subcommand)?;
        let county = county::tell(&place, &running)?;
        running.end()?;
        Ok(Self { place, county })
    }
}

/// The middle of the rounds.
fn middle(outcomes: &[Outcome], figure: impl Fn(&Outcome) -> f64) -> f64 {
    let mut figures: Vec<f64> = outcomes.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

fn table(database: &str, measured: &[Vec<Outcome>]) -> String {
    let figures: Vec<[f64; 3]> = measured
        .iter()
        .map(|outcomes| {
            [middle(outcomes, |one| one.within(0.5)), middle(outcomes, Outcome::rate), middle(outcomes, Outcome::cost)]
        })
        .collect();
    let [p50, rate, cost] = figures.first().copied().unwrap_or_default();
    let mut text = format!("\n{database}: a timeline of 200 entries, {CLIENTS} clients, middle of {ROUNDS} rounds\n");
    text += "                   p50 ms        /s  cpu ms each   costs, of the read with all on: p50, throughput, cpu\n";
    for ((name, _), [off_p50, off_rate, off_cost]) in SETTINGS.iter().zip(&figures) {
        let shares = [share(p50, *off_p50), share(1.0 / rate, 1.0 / off_rate), share(cost, *off_cost)];
        let [by_p50, by_rate, by_cost] = shares;
        let _ = writeln!(
            text,
            "{name:<15}  {off_p50:8.2}  {off_rate:8.0}  {off_cost:11.3}   {by_p50:6.1} %  {by_rate:6.1} %  {by_cost:6.1} %"
        );
    }
    let _ = writeln!(text, "target of all together: at most {TARGET} %");
    text
}

/// What a read with everything takes more than one without something, in hundredths of the former.
fn share(with: f64, without: f64) -> f64 {
    if with > 0.0 { (with - without) / with * 100.0 } else { 0.0 }
}
