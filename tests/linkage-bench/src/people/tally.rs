//! Counts over several generated worlds, printed beside their targets.

use super::measure::{Score, ratio};

/// Sums over all seeds.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) seeds: usize,
    pub(crate) records: usize,
    pub(crate) children_known: usize,
    pub(crate) children: Score,
    /// Sums of precision and recall.
    pub(crate) b_cubed: (f64, f64),
    pub(crate) clusters: usize,
    pub(crate) mixing: usize,
    pub(crate) twin_pairs: usize,
    pub(crate) twins_merged: usize,
    pub(crate) unborn: usize,
    pub(crate) unborn_linked: usize,
    pub(crate) unborn_asked: usize,
    /// Neither a parent nor a home is in any record of the born child: nothing to tell it by, and not counted.
    pub(crate) unborn_untold: usize,
    /// Unborn twins: which of the two each became, no record tells, so none should be linked.
    pub(crate) unborn_twins: usize,
    pub(crate) unborn_twins_linked: usize,
    pub(crate) questions: usize,
    pub(crate) questions_right: usize,
    pub(crate) families: Score,
    pub(crate) across: Score,
    /// Related over two households, but told by a father's name alone or by nothing: not counted above.
    pub(crate) untold: usize,
    pub(crate) untold_found: usize,
    pub(crate) seconds_children: f64,
    pub(crate) seconds_families: f64,
}

impl Tally {
    pub(crate) fn print(&self, percent: u64) {
        println!("  {} children, {} records", self.children_known, self.records);
        target("children", &self.children, if percent > 100 { 0.968 } else { 0.985 });
        let seeds = self.seeds.max(1) as f64;
        println!(
            "  children: precision target 0.998: {}; B-cubed precision {:.4} recall {:.4}",
            verdict(self.children.precision() >= 0.998),
            self.b_cubed.0 / seeds,
            self.b_cubed.1 / seeds
        );
        println!(
            "  twin pairs merged {} of {} (target 0); clusters mixing children {} = {:.3} % (target 0.2 %)",
            self.twins_merged,
            self.twin_pairs,
            self.mixing,
            100.0 * ratio(self.mixing, self.clusters)
        );
        println!(
            "  unborn linked after birth {} of {} = {:.1} % (target 98 %), {} more asked; not counted: {} of whom no record \
             of the born child names parent or home; and twins, of whom nobody wrote which is which: {} of {} linked",
            self.unborn_linked,
            self.unborn,
            100.0 * ratio(self.unborn_linked, self.unborn),
            self.unborn_asked,
            self.unborn_untold,
            self.unborn_twins_linked,
            self.unborn_twins,
        );
        println!(
            "  questions {} = {:.2} per 100 children (target 5); the answer to {} is yes",
            self.questions,
            100.0 * ratio(self.questions, self.children_known),
            self.questions_right
        );
        target("families", &self.families, 0.993);
        target("  across two households", &self.across, 0.96);
        println!(
            "    and {} pairs that a father's name alone tells, or nothing: {} found, none counted",
            self.untold, self.untold_found
        );
        println!("  children {:.2} s, families {:.2} s", self.seconds_children, self.seconds_families);
    }
}

const fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn target(what: &str, score: &Score, f1: f64) {
    let verdict = if score.f1() >= f1 { "met".to_owned() } else { format!("MISSED by {:.4}", f1 - score.f1()) };
    println!("  {what}: {score}; target F1 {f1}: {verdict}");
}
