//! The cost of sealing, audit and sequencing for a timeline read: the same reads with each
//! safeguard switched off in turn, and with all switched off. The switches exist only in builds
//! with the feature `switches`.

use std::fmt::Write as _;
use std::path::Path;

use crate::dataset::{self, Dataset};
use crate::environment::{BenchEnvironment, Database};
use crate::load::{self, LoadResult, RequestKind};
use crate::service_process::ServiceProcess;

/// Number of concurrent clients.
const CLIENTS: usize = 4;
/// Each variant is measured this often, in turn, so that other load affects all variants alike.
const ROUNDS: usize = 3;
/// Target: highest overhead of all safeguards together, in per cent of a read.
const MAX_OVERHEAD_PERCENT: f64 = 25.0;
/// The safeguards switched off in each variant. Variants without sealing use a separate
/// environment, because they cannot read sealed data.
const VARIANTS: [(&str, &[&str]); 5] = [
    ("all on", &[]),
    ("audit off", &["audit"]),
    ("sequencing off", &["sequencing"]),
    ("sealing off", &["sealing"]),
    ("all off", &["sealing", "audit", "sequencing"]),
];

/// Measures one database and returns the report.
pub(crate) fn measure(
    parent_folder: &Path,
    database: &Database,
    seconds: u64,
) -> anyhow::Result<String> {
    anyhow::ensure!(
        cfg!(feature = "switches"),
        "this build cannot switch its safeguards off: build with --features switches to measure them"
    );
    let sealed = PreparedEnvironment::prepare(parent_folder, database, &["serve"])?;
    let clear =
        PreparedEnvironment::prepare(parent_folder, database, &["serve-without", "sealing"])?;
    let mut results: Vec<Vec<LoadResult>> = VARIANTS.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, parts), variant_results) in VARIANTS.iter().zip(&mut results) {
            let prepared = if parts.contains(&"sealing") {
                &clear
            } else {
                &sealed
            };
            let subcommand: Vec<&str> = std::iter::once("serve-without")
                .chain(parts.iter().copied())
                .collect();
            let service_process = ServiceProcess::start_with(&prepared.environment, &subcommand)?;
            variant_results.push(load::run(
                &service_process,
                &prepared.dataset,
                RequestKind::Timeline,
                CLIENTS,
                seconds,
            )?);
            service_process.stop()?;
        }
    }
    Ok(render_table(sealed.environment.database_name(), &results))
}

/// An environment with its dataset.
struct PreparedEnvironment {
    environment: BenchEnvironment,
    dataset: Dataset,
}

impl PreparedEnvironment {
    fn prepare(
        parent_folder: &Path,
        database: &Database,
        subcommand: &[&str],
    ) -> anyhow::Result<Self> {
        let environment = BenchEnvironment::create(parent_folder, database)?;
        let service_process = ServiceProcess::start_with(&environment, subcommand)?;
        let dataset = dataset::create(&environment, &service_process)?;
        service_process.stop()?;
        Ok(Self {
            environment,
            dataset,
        })
    }
}

/// The median of one figure over all rounds.
fn median(variant_results: &[LoadResult], value_of: impl Fn(&LoadResult) -> f64) -> f64 {
    let mut values: Vec<f64> = variant_results.iter().map(value_of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn render_table(database: &str, results: &[Vec<LoadResult>]) -> String {
    let variants: Vec<[f64; 3]> = results
        .iter()
        .map(|variant_results| {
            [
                median(variant_results, |result| result.percentile(0.5)),
                median(variant_results, LoadResult::requests_per_second),
                median(variant_results, LoadResult::cpu_ms_per_request),
            ]
        })
        .collect();
    let [p50, rate, cost] = variants.first().copied().unwrap_or_default();
    let mut text = format!(
        "\n{database}: a timeline of 200 entries, {CLIENTS} clients, median of {ROUNDS} rounds\n"
    );
    text += "                   p50 ms        /s  cpu ms each   overhead, of the read with all on: p50, throughput, cpu\n";
    for ((name, _), [off_p50, off_rate, off_cost]) in VARIANTS.iter().zip(&variants) {
        let shares = [
            percent_saved(p50, *off_p50),
            percent_saved(1.0 / rate, 1.0 / off_rate),
            percent_saved(cost, *off_cost),
        ];
        let [by_p50, by_rate, by_cost] = shares;
        let _ = writeln!(
            text,
            "{name:<15}  {off_p50:8.2}  {off_rate:8.0}  {off_cost:11.3}   {by_p50:6.1} %  {by_rate:6.1} %  {by_cost:6.1} %"
        );
    }
    let _ = writeln!(
        text,
        "target for all together: at most {MAX_OVERHEAD_PERCENT} %"
    );
    text
}

/// How much longer a read takes with the safeguards than without, in per cent of the read with
/// them.
fn percent_saved(with_safeguard: f64, without_safeguard: f64) -> f64 {
    if with_safeguard > 0.0 {
        (with_safeguard - without_safeguard) / with_safeguard * 100.0
    } else {
        0.0
    }
}
