//! Links between rows: one row may follow from another, or two rows may be about one event.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::accounts::Accounts;
use super::explain::is_consequence;
use super::model::NEVER;
use super::rarity::intersect_sorted;
use crate::evidence::{EvidenceCode as E, LinkEvidence};

/// A row is related to at most this many others. More relations would not help a reader.
const MAX_RELATED: usize = 4;
/// A row is suggested to be one with at most this many others. A question with many answers is not
/// asked.
const MAX_SUGGESTED: usize = 2;

/// Evidence that comes from what the accounts say. Two rows are suggested to be one only with some
/// of it.
const EVIDENCE_FROM_CONTENT: &[E] = &[
    E::SharedWords,
    E::SameKind,
    E::DateQuoted,
    E::SameDateQuoted,
    E::SameFigures,
    E::SameReference,
    E::SameTime,
];

/// A link between two rows, carried by an account of each.
pub(crate) struct RowLink {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) evidence: Vec<LinkEvidence>,
    pub(crate) against: Vec<LinkEvidence>,
}

/// The links between rows.
pub(crate) struct RowLinks {
    /// Rows of which one follows from the other.
    pub(crate) related: Vec<RowLink>,
    /// Rows that may be about one event.
    pub(crate) suggested: Vec<RowLink>,
}

/// Finds the links between rows. `rows` holds the accounts of each row.
pub(crate) fn find_row_links(
    accounts: &Accounts<'_, '_, '_>,
    pairs: &[(usize, usize)],
    rows: &[Vec<usize>],
) -> RowLinks {
    let row_of = index_rows(rows);
    let mut related = BTreeMap::new();
    let mut suggested = BTreeMap::new();
    for &(a, b) in pairs {
        let (Some(&x), Some(&y)) = (row_of.get(&a), row_of.get(&b)) else {
            continue;
        };
        if x == y {
            continue;
        }
        let row_pair = (x.min(y), x.max(y));
        let pair = ScoredPair {
            score: accounts.score(a, b).unwrap_or(NEVER),
            first: a,
            second: b,
            consequence: a,
        };
        if let Some(consequence) = consequence_of_pair(accounts, a, b) {
            let pair = ScoredPair {
                consequence,
                ..pair
            };
            keep_best(&mut related, row_pair, pair);
        } else if pair.score > accounts.family.model.suggest
            && accounts.have_no_common_agency(rows, x, y)
        {
            keep_best(&mut suggested, row_pair, pair);
        }
    }
    suggested.retain(|row_pair, _| !related.contains_key(row_pair));
    let related = strongest_of_each_row(related, MAX_RELATED).into_iter();
    let suggested = strongest_of_each_row(suggested, MAX_SUGGESTED).into_iter();
    RowLinks {
        related: related
            .filter_map(|pair| related_link(accounts, pair))
            .collect(),
        suggested: suggested
            .filter_map(|pair| suggested_link(accounts, pair))
            .collect(),
    }
}

/// The row of each account.
fn index_rows(rows: &[Vec<usize>]) -> HashMap<usize, usize> {
    let mut row_of = HashMap::new();
    for (row, members) in rows.iter().enumerate() {
        row_of.extend(members.iter().map(|member| (*member, row)));
    }
    row_of
}

/// The link between two rows of which one follows from the other.
fn related_link(accounts: &Accounts<'_, '_, '_>, pair: ScoredPair) -> Option<RowLink> {
    let evidence = vec![accounts.consequence_evidence(pair.consequence)?];
    Some(RowLink {
        first: pair.first,
        second: pair.second,
        evidence,
        against: Vec::new(),
    })
}

/// The link between two rows that may be about one event; `None` when no evidence comes from what
/// they say.
fn suggested_link(accounts: &Accounts<'_, '_, '_>, pair: ScoredPair) -> Option<RowLink> {
    let explanation = accounts.explain(pair.first, pair.second);
    let from_content = explanation
        .evidence
        .iter()
        .any(|fact| EVIDENCE_FROM_CONTENT.contains(&fact.code));
    from_content.then_some(RowLink {
        first: pair.first,
        second: pair.second,
        evidence: explanation.evidence,
        against: explanation.against,
    })
}

/// The account of two that follows from the other by its own words.
fn consequence_of_pair(accounts: &Accounts<'_, '_, '_>, a: usize, b: usize) -> Option<usize> {
    let (x, y) = accounts.accounts.get(a).zip(accounts.accounts.get(b))?;
    let dates = accounts.compare_dates(a, b)?;
    let common = intersect_sorted(&x.parsed.meaning_ids, &y.parsed.meaning_ids);
    let words_in_common = common
        .filter(|meaning| accounts.is_uncommon(*meaning))
        .count();
    let quotes_day = |first: bool| dates.quoted.is_some_and(|(_, by_first)| by_first == first);
    if is_consequence(y, x, &dates, quotes_day(false), words_in_common) {
        Some(b)
    } else if is_consequence(x, y, &dates, quotes_day(true), words_in_common) {
        Some(a)
    } else {
        None
    }
}

/// Two accounts of different rows.
#[derive(Clone, Copy)]
struct ScoredPair {
    score: i32,
    first: usize,
    second: usize,
    /// The account that follows from the other, where one does.
    consequence: usize,
}

/// Keeps the pair with the highest score for each pair of rows, the first of equal ones.
fn keep_best(
    best: &mut BTreeMap<(usize, usize), ScoredPair>,
    rows: (usize, usize),
    pair: ScoredPair,
) {
    let known = best.entry(rows).or_insert(pair);
    if pair.score > known.score {
        *known = pair;
    }
}

/// The strongest pairs, strongest first, with at most `most` for each row.
fn strongest_of_each_row(
    best: BTreeMap<(usize, usize), ScoredPair>,
    most: usize,
) -> Vec<ScoredPair> {
    let mut ordered: Vec<_> = best.into_iter().collect();
    ordered.sort_by_key(|(rows, pair)| (Reverse(pair.score), *rows));
    let mut links_of_row: HashMap<usize, usize> = HashMap::new();
    let mut kept_links = Vec::new();
    for ((x, y), pair) in ordered {
        if [x, y]
            .iter()
            .all(|row| links_of_row.get(row).copied().unwrap_or_default() < most)
        {
            *links_of_row.entry(x).or_default() += 1;
            *links_of_row.entry(y).or_default() += 1;
            kept_links.push(pair);
        }
    }
    kept_links
}
