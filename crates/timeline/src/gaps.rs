//! Where the picture is quiet. Quiet is a prompt to ask, not a finding.

use std::collections::BTreeMap;

use domain::{AgencyId, EventDate, WhenOut};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::Row;

/// A stretch of time in which no event is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuietSpell {
    /// The event before it.
    pub after: WhenOut,
    /// The event after it.
    pub before: WhenOut,
    /// Whole days between the last day of the one and the first day of the other.
    pub days: u32,
}

/// How long an agency has told nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgencySilence {
    /// The agency.
    pub agency: AgencyId,
    /// The agency's latest event in these rows.
    pub last_event: WhenOut,
    /// Whole days from the last day of that event to the last day of the latest event of all.
    pub days: u32,
}

/// Every stretch of at least `min_days` between events, whoever tells them. Events that may have gone on throughout fill it;
/// an event with an open end does not count as going on.
#[must_use]
pub fn quiet_spells(rows: &[Row], min_days: u32) -> Vec<QuietSpell> {
    let mut dated: Vec<(Date, Date, &WhenOut)> = rows.iter().filter_map(|row| closed(&row.when)).collect();
    dated.sort_by_key(|(earliest, latest, _)| (*earliest, *latest));
    let mut spells = Vec::new();
    let mut reached: Option<(Date, &WhenOut)> = None;
    for (earliest, latest, when) in dated {
        if let Some((end, after)) = reached {
            let days = days_between(end, earliest);
            if days >= min_days.max(1) {
                spells.push(QuietSpell { after: after.clone(), before: when.clone(), days });
            }
        }
        if reached.is_none_or(|(end, _)| latest > end) {
            reached = Some((latest, when));
        }
    }
    spells
}

/// For each agency that tells anything, how long before the latest event of all its own latest event lies.
#[must_use]
pub fn silence_by_agency(rows: &[Row]) -> Vec<AgencySilence> {
    let mut last: BTreeMap<AgencyId, (Date, &WhenOut)> = BTreeMap::new();
    for account in rows.iter().flat_map(|row| &row.accounts) {
        let Some((_, latest, when)) = closed(&account.when) else { continue };
        let known = last.entry(account.agency).or_insert((latest, when));
        if latest > known.0 {
            *known = (latest, when);
        }
    }
    let end = last.values().map(|(latest, _)| *latest).max().unwrap_or(EventDate::OPEN_START);
    let silence = |(agency, (latest, when)): (AgencyId, (Date, &WhenOut))| AgencySilence {
        agency,
        last_event: when.clone(),
        days: days_between(latest, end),
    };
    last.into_iter().map(silence).collect()
}

fn closed(when: &WhenOut) -> Option<(Date, Date, &WhenOut)> {
    Some((when.earliest?, when.latest?, when))
}

fn days_between(end: Date, start: Date) -> u32 {
    u32::try_from((start - end).whole_days()).unwrap_or(0)
}
