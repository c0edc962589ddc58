//! Figures as a table, with their targets beside them.

use std::fmt::Write as _;

use super::load::{Kind, Outcome};
use super::machine::Machine;
use super::measure::Figures;

/// Median time of a timeline, 4 clients, milliseconds.
const TIMELINE_P50: f64 = 5.0;
/// 99th percentile of a timeline, 4 clients, milliseconds.
const TIMELINE_P99: f64 = 25.0;
/// Timelines in a second.
const TIMELINES: f64 = 300.0;
/// Submissions in a second.
const SUBMISSIONS: f64 = 150.0;
/// Resident memory of an idle service, MiB.
const IDLE: f64 = 60.0;
/// Start to ready on an existing database, milliseconds.
const READY: f64 = 300.0;

/// The machine's facts.
pub(super) fn machine(machine: &Machine) -> String {
    let Machine { cores, processor, memory_mib, load, folder, fsync: (median, high), optimised } = machine;
    let mut text = format!("{cores} cores ({processor}), {memory_mib} MiB, load {load} before we began\n");
    let _ = writeln!(text, "append 4 KiB and fsync in {folder}: {median:.2} ms median, {high:.2} ms p99");
    if !optimised {
        text += "BUILT WITHOUT OPTIMISATION: none of these figures means anything (cargo build --release)\n";
    }
    text
}

/// One database's figures.
pub(super) fn measured(database: &str, figures: &Figures) -> String {
    let size = figures.timeline_bytes as f64 / 1_024.0;
    let mut text = format!("\n{database}: 8 agencies, 3 children, 200 entries; a timeline is {size:.0} KiB\n");
    text += "                          p50 ms    p99 ms         /s  cpu ms each   processors: service client database others\n";
    for outcome in &figures.outcomes {
        text += &line(outcome);
    }
    text += "targets                    value                target\n";
    for (name, value, target) in targets(figures) {
        text += &judged(name, value, target);
    }
    let [timelines, all] = figures.loaded.map(|memory| (mib(memory.resident), mib(memory.peak)));
    let _ = writeln!(text, "memory after timelines    {:6.1} MiB, peak {:.1}", timelines.0, timelines.1);
    let _ = writeln!(text, "memory after submissions  {:6.1} MiB, peak {:.1}", all.0, all.1);
    let shown: Vec<String> = figures.ready.iter().map(|ms| format!("{ms:.0}")).collect();
    let _ = writeln!(text, "starts, ms to ready       {}", shown.join(" "));
    text
}

fn line(outcome: &Outcome) -> String {
    let what = match outcome.kind {
        Kind::Timeline => "timeline",
        Kind::Submission => "20 entries",
    };
    let shares = outcome.effort.shares();
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    format!(
        "{what:<11}{:>3} client{} {:>10.2}{:>10.2}{:>11.0}{:>13.2} {:>20}{:>7}{:>9}{:>7}\n",
        outcome.clients,
        if outcome.clients == 1 { " " } else { "s" },
        outcome.within(0.5),
        outcome.within(0.99),
        outcome.rate(),
        outcome.cost(),
        percent(shares.service),
        percent(shares.client),
        percent(shares.database),
        percent(shares.others),
    )
}

/// What a figure should be.
#[derive(Clone, Copy)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
}

fn targets(figures: &Figures) -> [(&'static str, f64, Target); 6] {
    let of = |kind: Kind| figures.outcomes.iter().filter(move |outcome| outcome.kind == kind);
    let at_four = |share: f64| {
        of(Kind::Timeline).find(|outcome| outcome.clients == 4).map_or(0.0, |outcome| outcome.within(share))
    };
    let best = |kind: Kind| of(kind).map(Outcome::rate).fold(0.0, f64::max);
    let median = figures.ready.get(figures.ready.len() / 2).copied().unwrap_or(0.0);
    [
        ("timeline p50, 4 clients", at_four(0.5), Target::AtMost(TIMELINE_P50)),
        ("timeline p99, 4 clients", at_four(0.99), Target::AtMost(TIMELINE_P99)),
        ("timelines/s, best", best(Kind::Timeline), Target::AtLeast(TIMELINES)),
        ("submissions/s, best", best(Kind::Submission), Target::AtLeast(SUBMISSIONS)),
        ("idle memory, MiB", mib(figures.idle.resident), Target::AtMost(IDLE)),
        ("ready, ms, median", median, Target::AtMost(READY)),
    ]
}

fn judged(name: &str, value: f64, target: Target) -> String {
    let (sign, goal, met) = match target {
        Target::AtMost(goal) => ("≤", goal, value <= goal),
        Target::AtLeast(goal) => ("≥", goal, value >= goal),
    };
    format!("{name:<24} {value:>8.1} {sign:>12} {goal:<8} {}\n", if met { "met" } else { "MISSED" })
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_or_missed() {
        assert!(judged("a", 5.0, Target::AtMost(5.0)).ends_with("met\n"));
        assert!(judged("a", 5.1, Target::AtMost(5.0)).ends_with("MISSED\n"));
        assert!(judged("a", 299.0, Target::AtLeast(300.0)).ends_with("MISSED\n"));
    }
}
