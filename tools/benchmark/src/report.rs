//! Formats the figures as tables, with their targets beside them.

use std::fmt::Write as _;

use crate::load::{LoadResult, RequestKind};
use crate::machine::Machine;
use crate::measure::Measurements;

/// Target: median of a timeline read with 4 clients, in milliseconds.
const MAX_TIMELINE_P50_MS: f64 = 5.0;
/// Target: 99th percentile of a timeline read with 4 clients, in milliseconds.
const MAX_TIMELINE_P99_MS: f64 = 25.0;
/// Target: timeline reads per second.
const MIN_TIMELINES_PER_SECOND: f64 = 300.0;
/// Target: submissions per second.
const MIN_SUBMISSIONS_PER_SECOND: f64 = 150.0;
/// Target: resident memory of an idle service, in MiB.
const MAX_IDLE_MIB: f64 = 60.0;
/// Target: from start to ready on an existing database, in milliseconds.
const MAX_STARTUP_MS: f64 = 300.0;

/// Formats the facts about the machine.
pub(crate) fn render_machine(machine: &Machine) -> String {
    let Machine {
        cores,
        processor,
        memory_mib,
        load,
        folder,
        fsync_ms: (median, p99),
        optimised,
    } = machine;
    let mut text =
        format!("{cores} cores ({processor}), {memory_mib} MiB, load {load} at the start\n");
    let _ = writeln!(
        text,
        "append 4 KiB and fsync in {folder}: {median:.2} ms median, {p99:.2} ms p99"
    );
    if !optimised {
        text += "BUILT WITHOUT OPTIMISATION: these figures are meaningless (use cargo run --profile dist -p benchmark)\n";
    }
    text
}

/// Formats the figures of one database.
pub(crate) fn render_measurements(database: &str, measurements: &Measurements) -> String {
    let size = measurements.timeline_bytes as f64 / 1_024.0;
    let mut text =
        format!("\n{database}: 8 agencies, 3 children, 200 entries; a timeline is {size:.0} KiB\n");
    text += "                          p50 ms    p99 ms         /s  cpu ms each   processors: service client database others\n";
    for result in &measurements.results {
        text += &render_result(result);
    }
    text += "targets                    value                target\n";
    for (name, value, target) in target_values(measurements) {
        text += &render_target(name, value, target);
    }
    let [timelines, all] = measurements
        .memory_under_load
        .map(|memory| (mib(memory.resident), mib(memory.peak)));
    let _ = writeln!(
        text,
        "memory after timelines    {:6.1} MiB, peak {:.1}",
        timelines.0, timelines.1
    );
    let _ = writeln!(
        text,
        "memory after submissions  {:6.1} MiB, peak {:.1}",
        all.0, all.1
    );
    let shown: Vec<String> = measurements
        .startup_ms
        .iter()
        .map(|ms| format!("{ms:.0}"))
        .collect();
    let _ = writeln!(text, "start to ready, ms        {}", shown.join(" "));
    text
}

fn render_result(result: &LoadResult) -> String {
    let what = match result.kind {
        RequestKind::Timeline => "timeline",
        RequestKind::Submission => "20 entries",
    };
    let shares = result.cpu_ticks.shares();
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    format!(
        "{what:<11}{:>3} client{} {:>10.2}{:>10.2}{:>11.0}{:>13.2} {:>20}{:>7}{:>9}{:>7}\n",
        result.clients,
        if result.clients == 1 { " " } else { "s" },
        result.percentile(0.5),
        result.percentile(0.99),
        result.requests_per_second(),
        result.cpu_ms_per_request(),
        percent(shares.service),
        percent(shares.client),
        percent(shares.database),
        percent(shares.others),
    )
}

/// Target of a figure.
#[derive(Clone, Copy)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

fn target_values(measurements: &Measurements) -> [(&'static str, f64, Target); 6] {
    let results_of = |kind: RequestKind| {
        measurements
            .results
            .iter()
            .filter(move |result| result.kind == kind)
    };
    let percentile_at_four_clients = |share: f64| {
        results_of(RequestKind::Timeline)
            .find(|result| result.clients == 4)
            .map_or(0.0, |result| result.percentile(share))
    };
    let best_rate = |kind: RequestKind| {
        results_of(kind)
            .map(LoadResult::requests_per_second)
            .fold(0.0, f64::max)
    };
    let median = measurements
        .startup_ms
        .get(measurements.startup_ms.len() / 2)
        .copied()
        .unwrap_or(0.0);
    [
        (
            "timeline p50, 4 clients",
            percentile_at_four_clients(0.5),
            Target::AtMost(MAX_TIMELINE_P50_MS),
        ),
        (
            "timeline p99, 4 clients",
            percentile_at_four_clients(0.99),
            Target::AtMost(MAX_TIMELINE_P99_MS),
        ),
        (
            "timelines/s, best",
            best_rate(RequestKind::Timeline),
            Target::AtLeast(MIN_TIMELINES_PER_SECOND),
        ),
        (
            "submissions/s, best",
            best_rate(RequestKind::Submission),
            Target::AtLeast(MIN_SUBMISSIONS_PER_SECOND),
        ),
        (
            "idle memory, MiB",
            mib(measurements.idle_memory.resident),
            Target::AtMost(MAX_IDLE_MIB),
        ),
        ("ready, ms, median", median, Target::AtMost(MAX_STARTUP_MS)),
    ]
}

fn render_target(name: &str, value: f64, target: Target) -> String {
    let (sign, limit, met) = match target {
        Target::AtMost(limit) => ("≤", limit, value <= limit),
        Target::AtLeast(limit) => ("≥", limit, value >= limit),
    };
    format!(
        "{name:<24} {value:>8.1} {sign:>12} {limit:<8} {}\n",
        if met { "met" } else { "MISSED" }
    )
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_is_met_or_missed() {
        assert!(render_target("a", 5.0, Target::AtMost(5.0)).ends_with("met\n"));
        assert!(render_target("a", 5.1, Target::AtMost(5.0)).ends_with("MISSED\n"));
        assert!(render_target("a", 299.0, Target::AtLeast(300.0)).ends_with("MISSED\n"));
    }
}
