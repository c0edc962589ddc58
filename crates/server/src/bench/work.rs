//! What agencies write: entries of the length that is usual, no two alike but for siblings' repeats.

use serde_json::{Value, json};

const EVENTS: [(&str, &str, &str); 8] = [
    (
        "EDUCATION",
        "Arrived after registration had closed, without breakfast, and told the class teacher that nobody had been awake at home",
        "Breakfast given; the pastoral lead rang home and left a message",
    ),
    (
        "HEALTH",
        "Brought with a cough that had lasted three weeks; weight on the ninth centile, where it had been the twenty-fifth",
        "Chest examined, inhaler shown again, weight to be taken monthly",
    ),
    (
        "MISSED",
        "Was not brought to the clinic; the letter had been sent to the former address, and nobody answered the telephone",
        "Second appointment sent to the new address and the health visitor told",
    ),
    (
        "HOME",
        "Visited by the housing officer: mould in the children's bedroom, the boiler off for the second week, bedding clean",
        "Repair ordered as urgent; a heater lent until it is done",
    ),
    (
        "DOMESTIC_ABUSE",
        "Officers called by a neighbour to shouting; the children were upstairs and awake, the eldest had taken the others into one room",
        "Both adults spoken to apart; risk assessed as medium; referral made the same night",
    ),
    (
        "SUPPORT",
        "Third session of the parenting group attended by both parents, who spoke about mornings and tried the picture chart at home",
        "Fourth session agreed; chart to be looked at together",
    ),
    (
        "CONTACT",
        "Home visit as agreed; the youngest seen awake and playing, the eldest seen alone in her room for twenty minutes",
        "Next visit fixed in a fortnight; school to be told what was agreed",
    ),
    (
        "STRENGTH",
        "Attendance for the half-term above ninety-five in the hundred, and the reading age has caught up by eight months",
        "Certificate given in assembly with the father there",
    ),
];
/// The day of the earliest event.
const FIRST: time::Date = time::macros::date!(2019 - 01 - 01);
/// Over so many days events are spread, …
const SPAN: usize = 2_555;
/// … so many apart in the order of telling; the two have no divisor in common.
const STRIDE: usize = 37;
const SIGNIFICANCES: [&str; 3] = ["risk", "strength", "neutral"];

/// A fragment of `count` entries about a family's children, the first of them the `first`-th of all.
pub(super) fn fragment(children: &[String], reference: &str, first: usize, count: usize) -> Value {
    let entries: Vec<Value> = (first..first + count).map(|at| entry(children, reference, at)).collect();
    json!({
        "agency_reference": reference,
        "sharing": {"decided_by": "Safeguarding lead", "reason": "Relevant to what the conference has to decide."},
        "involvement": {"status": "current", "support": "Seen every fortnight"},
        "entries": entries,
    })
}

/// Each fifth entry repeats the one before for another child, as siblings' records do.
fn entry(children: &[String], reference: &str, at: usize) -> Value {
    let told = if at % 5 == 4 { at - 1 } else { at };
    let (category, what, action) =
        EVENTS.get(told % EVENTS.len()).copied().unwrap_or(("HEALTH", "Seen", "None needed"));
    let what = format!("{what}. Note {told} of the record; the family had been known for {} weeks.", 3 + told % 90);
    let concerned = children.get(at % children.len().max(1));
    json!({
        "reference": format!("{reference}/{at}"),
        "when": {"edtf": day(told)},
        "what": what,
        "category": category,
        "source": {"role": "practitioner", "record_system": "Case record"},
        "children": concerned.map_or_else(Vec::new, |child| vec![child]),
        "all_children": concerned.is_none(),
        "significance": SIGNIFICANCES.get(told % SIGNIFICANCES.len()),
        "action_taken": action,
        "impact": "Tired and quiet for the rest of the day; asked twice whether anybody would be there after school.",
    })
}

/// A day of the last years, for each telling its own; every eighth stands on a day of which another agency tells too.
fn day(told: usize) -> String {
    let place = if told.is_multiple_of(8) { told % 25 } else { told };
    let days = i64::try_from(place * STRIDE % SPAN).unwrap_or(0);
    FIRST.saturating_add(time::Duration::days(days)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sibling_repeats_what_was_told() {
        let children = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let body = fragment(&children, "r", 0, 25);
        let entries = body["entries"].as_array().unwrap();
        let told: std::collections::BTreeSet<&str> = entries.iter().map(|one| one["what"].as_str().unwrap()).collect();
        assert_eq!((entries.len(), told.len()), (25, 20));
        assert_eq!(entries[3]["what"], entries[4]["what"]);
        assert_ne!(entries[3]["children"], entries[4]["children"]);
        let days: std::collections::BTreeSet<String> = (0..200).filter(|told| told % 8 != 0).map(day).collect();
        assert_eq!((days.len(), day(0).as_str(), day(200)), (175, "2019-01-01", day(0)));
    }
}
