//! Counts over several generated data sets, printed with their targets.

use super::measure::{PairScore, ratio};

/// Sums over all seeds.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) seeds: usize,
    pub(crate) records: usize,
    pub(crate) children_known: usize,
    pub(crate) children: PairScore,
    /// Sums of precision and recall.
    pub(crate) b_cubed: (f64, f64),
    pub(crate) clusters: usize,
    pub(crate) mixing: usize,
    pub(crate) twin_pairs: usize,
    pub(crate) twins_merged: usize,
    pub(crate) unborn: usize,
    pub(crate) unborn_linked: usize,
    pub(crate) unborn_asked: usize,
    /// Records before birth with no parent or address in common with any record after birth; not
    /// counted above.
    pub(crate) unborn_without_link: usize,
    /// Records of unborn twins. None should be linked, because no record says which twin each
    /// became.
    pub(crate) unborn_twins: usize,
    pub(crate) unborn_twins_linked: usize,
    pub(crate) questions: usize,
    pub(crate) questions_right: usize,
    pub(crate) families: PairScore,
    pub(crate) across: PairScore,
    /// Related pairs of two households whose relation is not in the records; not counted above.
    pub(crate) unrecorded_pairs: usize,
    pub(crate) unrecorded_found: usize,
    pub(crate) seconds_children: f64,
    pub(crate) seconds_families: f64,
}

impl Tally {
    pub(crate) fn print(&self, percent: u64) {
        println!(
            "  {} children, {} records",
            self.children_known, self.records
        );
        target(
            "children",
            &self.children,
            if percent > 100 { 0.968 } else { 0.985 },
        );
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
            "  unborn linked after birth {} of {} = {:.1} % (target 98 %), {} more asked; not counted: {} without a \
             parent or address in common with a record after birth; and unborn twins, of which {} of {} were linked",
            self.unborn_linked,
            self.unborn,
            100.0 * ratio(self.unborn_linked, self.unborn),
            self.unborn_asked,
            self.unborn_without_link,
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
            "    and {} pairs whose relation is not recorded, of which {} were found; not counted",
            self.unrecorded_pairs, self.unrecorded_found
        );
        println!(
            "  children {:.2} s, families {:.2} s",
            self.seconds_children, self.seconds_families
        );
    }
}

const fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn target(what: &str, score: &PairScore, f1: f64) {
    let verdict = if score.f1() >= f1 {
        "met".to_owned()
    } else {
        format!("MISSED by {:.4}", f1 - score.f1())
    };
    println!("  {what}: {score}; target F1 {f1}: {verdict}");
}
