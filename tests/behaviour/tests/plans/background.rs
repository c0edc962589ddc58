//! Statements that may read in proportion to the partnership, each with its reason.

/// Functions by which workers read what is over or due, by an index on its time.
const OF_WHAT_IS_DUE: [(&str, &str); 18] = [
    ("chronologies::past_due", "the worker of due dates"),
    ("invitations::past_due", "the worker of due dates"),
    ("commitments::unsettled", "the worker that destroys keys: keys that are due and not certified"),
    ("covered::chronologies_of", "the worker that destroys keys: what ended in one hour"),
    ("covered::fragments_of", "the worker that destroys keys: what ended in one hour"),
    ("covered::views_of", "the worker that destroys keys: what ended in one hour"),
    ("covered::families_of", "the worker that destroys keys: what ended in one hour"),
    ("covered::people_of", "the worker that destroys keys: what ended in one hour"),
    ("deletion_orders::words_with_an_end", "the worker that purges: reasons in words whose time is over"),
    ("emergency::forget_words", "the worker that purges: reasons in words whose time is over"),
    ("holds::words_with_an_end", "the worker that purges: reasons in words whose time is over"),
    ("purge::delete::delete_expired_replies", "the worker that purges"),
    ("purge::due_chronologies_unlocked", "the worker that destroys keys: what is over and under a hold"),
    ("purge::due_families_unlocked", "the worker that destroys keys: what is over and under a hold"),
    ("purge::due_fragments_unlocked", "the worker that destroys keys: what is over and under a hold"),
    ("purge::due_people_unlocked", "the worker that destroys keys: what is over and under a hold"),
    ("purge::backlog", "the worker that purges: how much is over"),
    ("unpurged::page", "what is over and still there: next to nothing"),
];

/// Functions that go over everything by their purpose.
const WHOLE: [(&str, &str); 10] = [
    ("certificates::page", "a certificate for each hour and each early destruction: their number goes with the years"),
    ("audit_tree::counts", "verification of the whole audit, by command"),
    ("audit_tree::level", "verification of the whole audit, by command"),
    ("audit_tree::numbers", "verification of the whole audit, by command"),
    ("audit_tree::outside", "verification of the whole audit, by command"),
    ("audit_tree::leaves", "hashes beside each other, so many; left-joined to records by their key"),
    ("event_links::count", "tests alone"),
    ("event_links::forget_all", "tests alone"),
    ("link_decisions::count", "tests alone"),
    ("event_links::of_chronology", "tests alone"),
];

/// Functions that may read in proportion to one agency, because that is what they are asked for: a table that their
/// statement names as its source, and why.
const OF_AN_AGENCY: [(&str, &str, &str); 1] = [(
    "chronologies::listing::page_for",
    "invitations",
    "the list of the chronologies to which a whole agency contributes, for its lead and its record system",
)];

/// Functions of `store` whose statements no behaviour test makes the service issue.
const NOT_ISSUED: [(&str, &str); 9] = [
    ("audit_before::oldest", "takes records of an older schema over at the first start; afterwards the table is empty"),
    ("audit_before::remove", "the same, by primary key"),
    ("clock::database_now", "reads no table"),
    ("clock::is_elsewhere", "reads no table"),
    ("families::lock", "issues nothing on SQLite; on PostgreSQL it is on the list"),
    ("families::remove_member", "by primary key"),
    ("inspect::", "`chronology doctor` looks at settings and rights; reads no table of the service"),
    ("keystore::", "another database: one row for each key that lives"),
    ("partnerships::all", "one row for each partnership"),
];

/// Why a function may read in proportion to the partnership, if it may.
pub(crate) fn goes_over_everything(function: &str) -> Option<&'static str> {
    WHOLE.iter().find(|(name, _)| *name == function).map(|(_, reason)| *reason)
}

/// Why a function may read everything that is over, if it may.
pub(crate) fn reads_what_is_due(function: &str) -> Option<&'static str> {
    OF_WHAT_IS_DUE.iter().find(|(name, _)| *name == function).map(|(_, reason)| *reason)
}

/// Why a function's statement may read in proportion to an agency, if it may.
pub(crate) fn reads_an_agency(function: &str, statement: &str) -> Option<&'static str> {
    let named = |table: &str| {
        statement.contains(&format!("FROM `{table}`")) || statement.contains(&format!("FROM \"{table}\""))
    };
    let known = OF_AN_AGENCY.iter().find(|(name, table, _)| *name == function && named(table));
    known.map(|(_, _, reason)| *reason)
}

/// Why no behaviour test calls a function, if none needs to.
pub(crate) fn not_issued(function: &str) -> Option<&'static str> {
    let stands_for = |name: &str| name == function || (name.ends_with("::") && function.starts_with(name));
    NOT_ISSUED.iter().find(|(name, _)| stands_for(name)).map(|(_, reason)| *reason)
}
