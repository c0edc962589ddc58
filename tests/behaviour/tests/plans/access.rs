//! How a plan reads the rows of one table, and whether that cost is bounded as the partnership
//! grows.

use std::collections::BTreeSet;

/// One access of a plan to a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Access {
    /// Name of the table.
    pub(crate) table: String,
    /// Columns fixed by an equality condition of the index or by the join.
    pub(crate) equal: BTreeSet<String>,
    /// Columns restricted to a range of the index.
    pub(crate) ranged: BTreeSet<String>,
    /// The access as the database describes it.
    pub(crate) description: String,
    /// The cost that the planner estimates, roughly in pages read; none on SQLite.
    pub(crate) cost: Option<f64>,
}

/// A query plan, reduced to what determines its cost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The accesses to tables, in the order of the plan.
    pub(crate) accesses: Vec<Access>,
    /// Whether the statement has a limit and takes its rows in index order, so that rows after the
    /// last one are not read.
    pub(crate) is_paged: bool,
}

/// Columns in which a single value covers a whole partnership, an agency or a kind of object, so
/// that the number of rows an index finds for it grows with the partnership. Every other column
/// identifies one object or one person.
const LOW_SELECTIVITY: [&str; 24] = [
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

/// Tables that do not grow with the number of chronologies: the directory of agencies, tables with
/// one row for each database, partnership or run of a node, and work in progress.
const BOUNDED_TABLES: [&str; 13] = [
    "partnerships",
    "agencies",
    "clock_mark",
    "clock_trust",
    "audit_heads",
    "audit_runs",
    "audit_holes",
    "scopes_to_destroy",
    // Effects that follow a commit: a row is deleted as soon as its effect has occurred.
    "outbox",
    // Records older than the audit ledger: migrated at the first start, empty afterwards.
    "audit_before",
    // One row for each legal hold ever placed: a few dozen a year, each placed by a person.
    "holds",
    // Likewise: each emergency access is opened by one person and reviewed by another.
    "emergency_accesses",
    "emergency_chronologies",
];

/// Columns by which workers find, in batches, the rows that are due or expired.
const EXPIRY_COLUMNS: [&str; 3] = ["expires_at", "due_at", "words_until"];

/// An estimated cost below this is a handful of rows, whatever the access: the table is small, or
/// that part of the index empty.
const CHEAP_COST: f64 = 60.0;

impl Access {
    fn is_bounded(&self, is_paged: bool) -> bool {
        BOUNDED_TABLES.contains(&self.table.as_str())
            || self.cost.is_some_and(|cost| cost < CHEAP_COST)
            || self.equal.iter().any(|column| !LOW_SELECTIVITY.contains(&column.as_str()))
            || (is_paged && (!self.equal.is_empty() || !self.ranged.is_empty()))
            // The number of advance submissions that an agency may have waiting is limited.
            || self.description.contains("fragments_ahead")
            // Reasons that a former version sealed without an expiry: the first purge migrates them
            // all.
            || self.description.contains("deletion_orders_sealed_for_good")
            // Records of one run that have not been sequenced into the tree yet.
            || (self.table == "audit_records"
                && self.equal.contains("run_id")
                && self.ranged.contains("number"))
            // A fixed number of adjacent hashes of the audit tree.
            || (self.table == "audit_tree" && self.ranged.contains("position"))
    }

    /// Whether the access is restricted to rows that are due or expired.
    pub(crate) fn reads_due_rows(&self) -> bool {
        self.ranged
            .iter()
            .any(|column| EXPIRY_COLUMNS.contains(&column.as_str()))
    }
}

impl Plan {
    /// The accesses whose cost grows with the partnership.
    pub(crate) fn unbounded(&self) -> Vec<&Access> {
        self.accesses
            .iter()
            .filter(|access| !access.is_bounded(self.is_paged))
            .collect()
    }
}
