//! Sample submissions: entries of usual length, each different, except that siblings' records
//! repeat an event.

use serde_json::{Value, json};

const SAMPLE_EVENTS: [(&str, &str, &str); 8] = [
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
/// Date of the earliest event.
const FIRST_DAY: time::Date = time::macros::date!(2019 - 01 - 01);
/// Events are spread over this number of days.
const SPAN_DAYS: usize = 2_555;
/// Days between consecutive events. It has no divisor in common with [`SPAN_DAYS`], so that no date
/// repeats early.
const STRIDE_DAYS: usize = 37;
const SIGNIFICANCES: [&str; 3] = ["risk", "strength", "neutral"];

/// Builds a fragment of `count` entries about a family's children, numbered from `first_index`.
pub(crate) fn fragment_body(
    children: &[String],
    reference: &str,
    first_index: usize,
    count: usize,
) -> Value {
    let entries: Vec<Value> = (first_index..first_index + count)
        .map(|index| entry_body(children, reference, index))
        .collect();
    json!({
        "agency_reference": reference,
        "sharing": {"decided_by": "Safeguarding lead", "reason": "Relevant to what the conference has to decide."},
        "involvement": {"status": "current", "support": "Seen every fortnight"},
        "entries": entries,
    })
}

/// Builds one entry. Every fifth entry repeats the one before for another child, as siblings'
/// records do.
fn entry_body(children: &[String], reference: &str, index: usize) -> Value {
    let event = if index % 5 == 4 { index - 1 } else { index };
    let (category, what, action) = SAMPLE_EVENTS
        .get(event % SAMPLE_EVENTS.len())
        .copied()
        .unwrap_or(("HEALTH", "Seen", "None needed"));
    let what = format!(
        "{what}. Note {event} of the record; the family had been known for {} weeks.",
        3 + event % 90
    );
    let concerned = children.get(index % children.len().max(1));
    json!({
        "reference": format!("{reference}/{index}"),
        "when": {"edtf": event_day(event)},
        "what": what,
        "category": category,
        "source": {"role": "practitioner", "record_system": "Case record"},
        "children": concerned.map_or_else(Vec::new, |child| vec![child]),
        "all_children": concerned.is_none(),
        "significance": SIGNIFICANCES.get(event % SIGNIFICANCES.len()),
        "action_taken": action,
        "impact": "Tired and quiet for the rest of the day; asked twice whether anybody would be there after school.",
    })
}

/// The date of an event. Dates are distinct, except that every eighth event shares its date with
/// one of another agency.
fn event_day(event: usize) -> String {
    let day_number = if event.is_multiple_of(8) {
        event % 25
    } else {
        event
    };
    let days = i64::try_from(day_number * STRIDE_DAYS % SPAN_DAYS).unwrap_or(0);
    FIRST_DAY
        .saturating_add(time::Duration::days(days))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sibling_entries_repeat_an_event() {
        let children = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let body = fragment_body(&children, "r", 0, 25);
        let entries = body["entries"].as_array().unwrap();
        let event: std::collections::BTreeSet<&str> = entries
            .iter()
            .map(|event| event["what"].as_str().unwrap())
            .collect();
        assert_eq!((entries.len(), event.len()), (25, 20));
        assert_eq!(entries[3]["what"], entries[4]["what"]);
        assert_ne!(entries[3]["children"], entries[4]["children"]);
        let days: std::collections::BTreeSet<String> = (0..200)
            .filter(|event| event % 8 != 0)
            .map(event_day)
            .collect();
        assert_eq!(
            (days.len(), event_day(0).as_str(), event_day(200)),
            (175, "2019-01-01", event_day(0))
        );
    }
}
