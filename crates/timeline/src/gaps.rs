//! Gaps in a timeline. A gap is a prompt to ask questions, not a finding.

use std::collections::BTreeMap;

use domain::{AgencyId, EventDate, WhenOut};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::Row;

/// A period in which no event is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuietSpell {
    /// The event before it.
    pub after: WhenOut,
    /// The event after it.
    pub before: WhenOut,
    /// Whole days from the last day of the earlier event to the first day of the later one.
    pub days: u32,
}

/// The time since the latest event of an agency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgencySilence {
    /// The agency.
    pub agency: AgencyId,
    /// The agency's latest event in the rows.
    pub last_event: WhenOut,
    /// Whole days from the last day of that event to the last day of the latest event of any
    /// agency.
    pub days: u32,
}

/// The periods of at least `min_days` between events of any agencies. An event that may have lasted
/// throughout a period leaves no gap; an event with an open end does not count as lasting.
#[must_use]
pub fn quiet_spells(rows: &[Row], min_days: u32) -> Vec<QuietSpell> {
    let mut dated: Vec<(Date, Date, &WhenOut)> = rows
        .iter()
        .filter_map(|row| bounded_period(&row.when))
        .collect();
    dated.sort_by_key(|(earliest, latest, _)| (*earliest, *latest));
    let mut spells = Vec::new();
    let mut covered_until: Option<(Date, &WhenOut)> = None;
    for (earliest, latest, when) in dated {
        if let Some((end, after)) = covered_until {
            let days = days_between(end, earliest);
            if days >= min_days.max(1) {
                spells.push(QuietSpell {
                    after: after.clone(),
                    before: when.clone(),
                    days,
                });
            }
        }
        if covered_until.is_none_or(|(end, _)| latest > end) {
            covered_until = Some((latest, when));
        }
    }
    spells
}

/// For each agency with an account in the rows, the time from its latest event to the latest event
/// of any agency.
#[must_use]
pub fn silence_by_agency(rows: &[Row]) -> Vec<AgencySilence> {
    let mut last: BTreeMap<AgencyId, (Date, &WhenOut)> = BTreeMap::new();
    for account in rows.iter().flat_map(|row| &row.accounts) {
        let Some((_, latest, when)) = bounded_period(&account.when) else {
            continue;
        };
        let known = last.entry(account.agency).or_insert((latest, when));
        if latest > known.0 {
            *known = (latest, when);
        }
    }
    let end = last
        .values()
        .map(|(latest, _)| *latest)
        .max()
        .unwrap_or(EventDate::OPEN_START);
    let silence = |(agency, (latest, when)): (AgencyId, (Date, &WhenOut))| AgencySilence {
        agency,
        last_event: when.clone(),
        days: days_between(latest, end),
    };
    last.into_iter().map(silence).collect()
}

/// The first and last day of a date without open ends.
fn bounded_period(when: &WhenOut) -> Option<(Date, Date, &WhenOut)> {
    Some((when.earliest?, when.latest?, when))
}

fn days_between(end: Date, start: Date) -> u32 {
    u32::try_from((start - end).whole_days()).unwrap_or(0)
}
