//! How a plan comes to the rows of one table, and whether that stays the same while the partnership grows.

use std::collections::BTreeSet;

/// One access of a plan to a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Access {
    /// The table.
    pub(crate) table: String,
    /// Columns that are given by an index condition, or by the join.
    pub(crate) equal: BTreeSet<String>,
    /// Columns by which a range of an index is read.
    pub(crate) ranged: BTreeSet<String>,
    /// As the database tells it.
    pub(crate) told: String,
    /// What the database expects it to cost, where it says so: in pages read, about.
    pub(crate) cost: Option<f64>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Its accesses to tables.
    pub(crate) accesses: Vec<Access>,
    /// Whether rows come in the order of an index and the statement takes so many and no more: what is behind the last is
    /// not read.
    pub(crate) a_page: bool,
}

/// Columns of which one value stands for a whole partnership, for an agency or for a kind of thing: what an index gives for
/// them grows with the partnership. Every other column is an identifier or a token of one thing, or of one person.
const WIDE: [&str; 24] = [
    "partnership_id",
    "agency_id",
    "created_by_agency",
    "owner_agency_id",
    "runs_agency_id",
    "kind",
    "object_kind",
    "scope",
    "state",
    "level",
    "run_id",
    "operation",
    "outcome",
    "at",
    "created_at",
    "opened_at",
    "issued_at",
    "placed_at",
    "deleted_at",
    "due_at",
    "expires_at",
    "settled_at",
    "agency_token",
    "version",
];

/// Tables that do not grow with what a partnership has: its directory of agencies, one row for the database or for a
/// partnership, one for each run of a node, what is in hand this minute.
const SMALL: [&str; 12] = [
    "partnerships",
    "agencies",
    "clock_mark",
    "clock_trust",
    "audit_heads",
    "audit_runs",
    "audit_holes",
    "scopes_to_destroy",
    // Records of before the provable audit, taken over at the first start and then empty.
    "audit_before",
    // One for each legal hold that was ever placed: some dozens a year, each placed by hand.
    "holds",
    // Likewise: somebody broke the glass, and somebody else reviews it.
    "emergency_accesses",
    "emergency_chronologies",
];

/// What is over, or due: workers read it by these, in batches, to make it go.
const DUE: [&str; 3] = ["expires_at", "due_at", "words_until"];

/// Less than this is a handful of rows, by whichever way: of a table that is small, or of a part of an index that is empty.
const CHEAP: f64 = 60.0;

impl Access {
    fn is_bounded(&self, a_page: bool) -> bool {
        SMALL.contains(&self.table.as_str())
            || self.cost.is_some_and(|cost| cost < CHEAP)
            || self.equal.iter().any(|column| !WIDE.contains(&column.as_str()))
            || (a_page && (!self.equal.is_empty() || !self.ranged.is_empty()))
            // An agency has so many fragments waiting ahead of chronologies, and may send no more.
            || self.told.contains("fragments_ahead")
            // Reasons that a former version sealed for good: the first purge leaves none.
            || self.told.contains("deletion_orders_sealed_for_good")
            // Records of a run that have no place in the tree yet.
            || (self.table == "audit_records" && self.equal.contains("run_id") && self.ranged.contains("number"))
            // The audit's tree: so many hashes beside each other.
            || (self.table == "audit_tree" && self.ranged.contains("position"))
    }
}

impl Access {
    /// Whether only what is over, or due, is read.
    pub(crate) fn reads_what_is_due(&self) -> bool {
        self.ranged.iter().any(|column| DUE.contains(&column.as_str()))
    }
}

impl Plan {
    /// The accesses that read more as the partnership grows.
    pub(crate) fn unbounded(&self) -> Vec<&Access> {
        self.accesses.iter().filter(|access| !access.is_bounded(self.a_page)).collect()
    }
}
