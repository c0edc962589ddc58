//! Statements whose cost may grow with the partnership, each with the reason.

/// Functions with which workers read due or expired rows through an index on their time.
const READS_DUE_ROWS: [(&str, &str); 18] = [
    ("chronologies::past_due", "the worker of due dates"),
    ("invitations::past_due", "the worker of due dates"),
    (
        "commitments::list_unsettled",
        "the worker that destroys keys: due keys without a certificate",
    ),
    (
        "destruction_manifest::chronologies_of",
        "the worker that destroys keys: what expired in one hour",
    ),
    (
        "destruction_manifest::fragments_of",
        "the worker that destroys keys: what expired in one hour",
    ),
    (
        "destruction_manifest::views_of",
        "the worker that destroys keys: what expired in one hour",
    ),
    (
        "destruction_manifest::families_of",
        "the worker that destroys keys: what expired in one hour",
    ),
    (
        "destruction_manifest::people_of",
        "the worker that destroys keys: what expired in one hour",
    ),
    (
        "deletion_orders::delete_expired_reasons",
        "the worker that purges: expired free-text reasons",
    ),
    (
        "emergency::delete_expired_reasons",
        "the worker that purges: expired free-text reasons",
    ),
    (
        "holds::delete_expired_reasons",
        "the worker that purges: expired free-text reasons",
    ),
    (
        "purge::delete::delete_expired_idempotency_records",
        "the worker that purges",
    ),
    (
        "purge::due_chronologies_unlocked",
        "the worker that destroys keys: what has expired and is held",
    ),
    (
        "purge::due_families_unlocked",
        "the worker that destroys keys: what has expired and is held",
    ),
    (
        "purge::due_fragments_unlocked",
        "the worker that destroys keys: what has expired and is held",
    ),
    (
        "purge::due_people_unlocked",
        "the worker that destroys keys: what has expired and is held",
    ),
    (
        "purge::backlog",
        "the worker that purges: how much has expired",
    ),
    (
        "unpurged::page",
        "what has expired and is not deleted yet: next to nothing",
    ),
];

/// Functions whose purpose is to read a whole table.
const READS_EVERYTHING: [(&str, &str); 10] = [
    (
        "certificates::page",
        "one certificate for each hour and each early destruction: grows with time only",
    ),
    (
        "audit_tree::count_by_run",
        "verification of the whole audit, by command",
    ),
    (
        "audit_tree::level",
        "verification of the whole audit, by command",
    ),
    (
        "audit_tree::numbers",
        "verification of the whole audit, by command",
    ),
    (
        "audit_tree::outside_tree",
        "verification of the whole audit, by command",
    ),
    (
        "audit_tree::leaves",
        "a fixed number of adjacent hashes, left-joined to records by key",
    ),
    ("event_links::count", "called by tests only"),
    ("event_links::delete_all", "called by tests only"),
    ("link_decisions::count", "called by tests only"),
    ("event_links::of_chronology", "called by tests only"),
];

/// Functions whose result is proportional to one agency: the function, the table in the `FROM`
/// clause of the statement concerned, and the reason.
const READS_ONE_AGENCY: [(&str, &str, &str); 1] = [(
    "chronologies::listing::page_for",
    "invitations",
    "the chronologies to which an agency contributes, for its lead and record system",
)];

/// Functions of `store` whose statements no behaviour test causes the service to issue.
const NOT_ISSUED: [(&str, &str); 10] = [
    (
        "legacy_audit::oldest",
        "migrates records of an older schema at the first start; afterwards the table is empty",
    ),
    ("legacy_audit::remove", "the same, by primary key"),
    (
        "deletion_orders::set_reasons_expiry",
        "by primary key; reasons that an earlier version sealed, migrated by the first purge",
    ),
    ("clock::database_now", "reads no table"),
    ("clock::is_remote", "reads no table"),
    (
        "families::lock",
        "issues nothing on SQLite; on PostgreSQL it is on the list",
    ),
    ("families::remove_member", "by primary key"),
    (
        "inspect::",
        "`chronology doctor` reads settings and privileges, no table of the service",
    ),
    ("keystore::", "another database: one row for each live key"),
    ("partnerships::list_all", "one row for each partnership"),
];

/// The reason why a function may read a whole table; none if it may not.
pub(crate) fn full_read_reason(function: &str) -> Option<&'static str> {
    READS_EVERYTHING
        .iter()
        .find(|(name, _)| *name == function)
        .map(|(_, reason)| *reason)
}

/// The reason why a function may read every due or expired row; none if it may not.
pub(crate) fn due_read_reason(function: &str) -> Option<&'static str> {
    READS_DUE_ROWS
        .iter()
        .find(|(name, _)| *name == function)
        .map(|(_, reason)| *reason)
}

/// The reason why a statement of a function may read in proportion to an agency; none if it may
/// not.
pub(crate) fn agency_read_reason(function: &str, statement: &str) -> Option<&'static str> {
    let reads_from = |table: &str| {
        statement.contains(&format!("FROM `{table}`"))
            || statement.contains(&format!("FROM \"{table}\""))
    };
    let exemption = READS_ONE_AGENCY
        .iter()
        .find(|(name, table, _)| *name == function && reads_from(table));
    exemption.map(|(_, _, reason)| *reason)
}

/// The reason why no behaviour test needs to call a function; none if one must.
pub(crate) fn not_issued_reason(function: &str) -> Option<&'static str> {
    let covers =
        |name: &str| name == function || (name.ends_with("::") && function.starts_with(name));
    NOT_ISSUED
        .iter()
        .find(|(name, _)| covers(name))
        .map(|(_, reason)| *reason)
}
