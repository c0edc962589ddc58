//! Builders of valid request bodies, and functions that change one.

use serde_json::{Value, json};

/// A word that every text and name sent by the tests contains. It must never be stored in clear.
pub const CANARY: &str = "Canary";

/// An identifier that belongs to no object.
pub const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";

/// The `n`-th valid NHS number of the range reserved for tests (999 000 0000 to 999 999 9999).
///
/// # Panics
/// Never for the small `n` of the tests.
#[must_use]
pub fn nhs_number(n: usize) -> String {
    let valid = (0..).filter_map(|count: u64| {
        let digits = (999_100_000 + count).to_string();
        let weighted_sum: u32 = digits
            .chars()
            .zip((2..=10).rev())
            .map(|(c, weight)| c.to_digit(10).unwrap_or(0) * weight)
            .sum();
        match 11 - weighted_sum % 11 {
            10 => None,
            11 => Some(format!("{digits}0")),
            check => Some(format!("{digits}{check}")),
        }
    });
    valid.into_iter().nth(n).expect("the range is long enough")
}

/// A child with the `number`-th test NHS number.
#[must_use]
pub fn child(given: &str, born: &str, number: usize) -> Value {
    json!({
        "kind": "child", "name": {"given": format!("{CANARY}{given}"), "family": "Canaryfell"},
        "birth": {"date": born}, "sex": "female", "nhs_number": nhs_number(number),
        "addresses": [{"lines": "4 Canary Row", "postcode": "ZZ9 9ZZ"},
                      {"lines": "Canary Refuge", "postcode": "ZZ9 9ZX", "protected": true}],
    })
}

/// An unborn child with an expected date of birth.
#[must_use]
pub fn unborn_child(expected: &str) -> Value {
    json!({
        "kind": "child", "name": {"given": "Unborn Canary baby"},
        "birth": {"date": expected, "expected": true}, "no_nhs_number_reason": "unborn",
    })
}

/// An adult without identifiers.
#[must_use]
pub fn adult(given: &str, sex: &str) -> Value {
    json!({"kind": "adult", "name": {"given": format!("{CANARY}{given}"), "family": "Canaryfell"}, "sex": sex})
}

/// An entry about these children; about all children of the family if the list is empty.
#[must_use]
pub fn entry(what: &str, when: &str, children: &[&str]) -> Value {
    json!({
        "when": {"edtf": when}, "what": format!("{CANARY} {what}"), "category": "HEALTH",
        "source": {"role": "school nurse", "record_system": "Ledger"},
        "children": children, "all_children": children.is_empty(),
        "significance": "risk", "action_taken": "Canary action: told the lead.",
    })
}

/// Two agencies' accounts that linkage suggests, but does not decide, to be one event: text, date
/// and category of each. The police report a Saturday night, the school what it learnt on a Monday.
#[must_use]
pub fn suggested_pair() -> [(&'static str, &'static str, &'static str); 2] {
    [
        (
            "Attended 14 Mill Lane 23:10, front door kicked in by ex-partner, mother shaken.",
            "2026-01-10",
            "DOMESTIC_ABUSE",
        ),
        (
            "Asked to stay in at break, tired and quiet; talks of a broken door at home and of a puppy, swimming, a birthday.",
            "2026-01-19",
            "HOME",
        ),
    ]
}

/// An entry with this text, date and category.
#[must_use]
pub fn entry_with_category((what, when, category): (&str, &str, &str)) -> Value {
    with_members(entry(what, when, &[]), json!({"category": category}))
}

/// Adds or replaces members of the body.
#[must_use]
pub fn with_members(mut body: Value, changes: Value) -> Value {
    if let (Some(members), Value::Object(changes)) = (body.as_object_mut(), changes) {
        members.extend(changes);
    }
    body
}

/// Replaces the value at a JSON pointer, or adds it as a member of its parent.
///
/// # Panics
/// If the parent does not exist.
#[must_use]
pub fn with_value_at(mut body: Value, pointer: &str, value: Value) -> Value {
    if let Some(target) = body.pointer_mut(pointer) {
        *target = value;
        return body;
    }
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .expect("the parent exists");
    parent.insert(name.to_owned(), value);
    body
}

/// Removes the member at a JSON pointer.
///
/// # Panics
/// If it does not exist.
#[must_use]
pub fn without_member(mut body: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .expect("the parent exists");
    parent.remove(name).expect("the member exists");
    body
}

/// A fragment with these entries.
#[must_use]
pub fn fragment(entries: &[Value]) -> Value {
    json!({
        "sharing": {"decided_by": "Canary lead", "reason": "Canary reason: relevant to the conference."},
        "involvement": {"status": "current", "support": "Canary support: weekly group"},
        "entries": entries,
    })
}

/// A draft chronology with everything that is required to open it.
#[must_use]
pub fn chronology(family: &str, team: &[&str]) -> Value {
    json!({
        "family_id": family, "purpose": "initial_conference", "question": "Canary question: what has changed?",
        "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection",
        "family_told": false, "family_not_told_reason": "Canary reason: it would raise the risk.", "team": team,
    })
}

/// A body with a reason and these other members.
#[must_use]
pub fn with_reason(members: Value) -> Value {
    with_members(
        json!({"reason": "Canary reason: the conference was moved."}),
        members,
    )
}

/// A nil return: the agency holds no relevant information.
#[must_use]
pub fn nil_return() -> Value {
    json!({"decided_by": "Canary practice manager", "statement": "Canary: both systems searched."})
}

/// An agency's decision to decline an invitation.
#[must_use]
pub fn decline() -> Value {
    json!({"reason": "more_detrimental_to_child", "statement": "Canary: it would lead him to her.", "decided_by": "Canary lead"})
}
