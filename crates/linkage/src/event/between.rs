//! What is said between rows: that two may be one event, or that one follows from the other.

use std::collections::{BTreeMap, HashMap};

use super::accounts::Accounts;
use super::explain::is_consequence;
use super::model::NEVER;
use super::rarity::shared;
use crate::evidence::{EvidenceCode as E, LinkEvidence};

/// How many other rows a row is related to, at most: one that points to a dozen others points nowhere.
const MOST_RELATED: usize = 4;
/// How many rows a row is suggested to be one with, at most: a question that has many answers is not asked.
const MOST_SUGGESTED: usize = 2;

/// Facts that come from what was said: without one there is nothing to ask about.
const SAID: &[E] =
    &[E::SharedWords, E::SameKind, E::DateQuoted, E::SameDateQuoted, E::SameFigures, E::SameReference, E::SameTime];

/// Two accounts of different rows, with what is said of them.
pub(crate) struct Between {
    pub(crate) one: usize,
    pub(crate) other: usize,
    pub(crate) evidence: Vec<LinkEvidence>,
    pub(crate) against: Vec<LinkEvidence>,
}

/// Rows that follow from each other, and rows that may be one. `groups` are the rows' accounts.
pub(crate) fn between(
    accounts: &Accounts<'_, '_, '_>,
    pairs: &[(usize, usize)],
    groups: &[Vec<usize>],
) -> (Vec<Between>, Vec<Between>) {
    let members = groups.iter().enumerate();
    let row_of: HashMap<usize, usize> =
        members.flat_map(|(row, members)| members.iter().map(move |member| (*member, row))).collect();
    let (mut related, mut suggested) = (BTreeMap::new(), BTreeMap::new());
    for &(a, b) in pairs {
        let (Some(&x), Some(&y)) = (row_of.get(&a), row_of.get(&b)) else { continue };
        if x == y {
            continue;
        }
        let rows = (x.min(y), x.max(y));
        let score = accounts.score(a, b).unwrap_or(NEVER);
        if let Some(step) = step(accounts, a, b) {
            keep(&mut related, rows, (score, a, b, step));
        } else if score > accounts.family.model.suggest && accounts.has_room(groups, x, y) {
            keep(&mut suggested, rows, (score, a, b, a));
        }
    }
    suggested.retain(|rows, _| !related.contains_key(rows));
    let related = strongest(related, MOST_RELATED).into_iter().filter_map(|(_, a, b, step)| {
        Some(Between { one: a, other: b, evidence: vec![accounts.follows(step)?], against: Vec::new() })
    });
    let suggested = strongest(suggested, MOST_SUGGESTED).into_iter().filter_map(|(_, a, b, _)| {
        let explained = accounts.explain(a, b);
        let said = explained.evidence.iter().any(|fact| SAID.contains(&fact.code));
        said.then_some(Between { one: a, other: b, evidence: explained.evidence, against: explained.against })
    });
    (related.collect(), suggested.collect())
}

/// The account of two that follows from the other, when its words say so.
fn step(accounts: &Accounts<'_, '_, '_>, a: usize, b: usize) -> Option<usize> {
    let (x, y) = accounts.accounts.get(a).zip(accounts.accounts.get(b))?;
    let dates = accounts.dates(a, b)?;
    let common = shared(&x.reading.stems, &y.reading.stems).filter(|stem| accounts.is_uncommon(*stem)).count();
    let quotes = |first: bool| dates.quoted.is_some_and(|(_, by_first)| by_first == first);
    if is_consequence(y, x, &dates, quotes(false), common) {
        Some(b)
    } else if is_consequence(x, y, &dates, quotes(true), common) {
        Some(a)
    } else {
        None
    }
}

/// Score, the two accounts, and the one that follows.
type Scored = (i32, usize, usize, usize);

fn keep(best: &mut BTreeMap<(usize, usize), Scored>, rows: (usize, usize), scored: Scored) {
    let known = best.entry(rows).or_insert(scored);
    if scored.0 > known.0 {
        *known = scored;
    }
}

/// Of each row the strongest alone.
fn strongest(best: BTreeMap<(usize, usize), Scored>, most: usize) -> Vec<Scored> {
    let mut ordered: Vec<_> = best.into_iter().collect();
    ordered.sort_by_key(|(rows, scored)| (std::cmp::Reverse(scored.0), *rows));
    let mut counts: HashMap<usize, usize> = HashMap::new();
    let mut kept = Vec::new();
    for ((x, y), scored) in ordered {
        if [x, y].iter().all(|row| counts.get(row).copied().unwrap_or_default() < most) {
            *counts.entry(x).or_default() += 1;
            *counts.entry(y).or_default() += 1;
            kept.push(scored);
        }
    }
    kept
}
