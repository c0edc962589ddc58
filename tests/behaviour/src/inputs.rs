//! Bodies to send.

use serde_json::{Value, json};

/// In every text and name sent by these tests: it must never be found in clear where things are stored.
pub const CANARY: &str = "Canary";

/// An identifier of nothing.
pub const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";

/// The `n`-th valid NHS number of the range kept for tests.
///
/// # Panics
/// Never: there are enough.
#[must_use]
pub fn nhs_number(n: usize) -> String {
    let valid = (0..).filter_map(|count: u64| {
        let digits = (999_100_000 + count).to_string();
        let weighed: u32 =
            digits.chars().zip((2..=10).rev()).map(|(c, weight)| c.to_digit(10).unwrap_or(0) * weight).sum();
        match 11 - weighed % 11 {
            10 => None,
            11 => Some(format!("{digits}0")),
            check => Some(format!("{digits}{check}")),
        }
    });
    valid.into_iter().nth(n).expect("there are enough")
}

/// A child with an NHS number.
#[must_use]
pub fn child(given: &str, born: &str, number: usize) -> Value {
    json!({
        "kind": "child", "name": {"given": format!("{CANARY}{given}"), "family": "Canaryfell"},
        "birth": {"date": born}, "sex": "female", "nhs_number": nhs_number(number),
        "addresses": [{"lines": "4 Canary Row", "postcode": "ZZ9 9ZZ"},
                      {"lines": "Canary Refuge", "postcode": "ZZ9 9ZX", "protected": true}],
    })
}

/// A child who is not born yet.
#[must_use]
pub fn unborn(expected: &str) -> Value {
    json!({
        "kind": "child", "name": {"given": "Unborn Canary baby"},
        "birth": {"date": expected, "expected": true}, "no_nhs_number_reason": "unborn",
    })
}

/// An adult.
#[must_use]
pub fn adult(given: &str, sex: &str) -> Value {
    json!({"kind": "adult", "name": {"given": format!("{CANARY}{given}"), "family": "Canaryfell"}, "sex": sex})
}

/// An entry about these children; about all when there are none.
#[must_use]
pub fn entry(what: &str, when: &str, children: &[&str]) -> Value {
    json!({
        "when": {"edtf": when}, "what": format!("{CANARY} {what}"), "category": "HEALTH",
        "source": {"role": "school nurse", "record_system": "Ledger"},
        "children": children, "all_children": children.is_empty(),
        "significance": "risk", "action_taken": "Canary action: told the lead.",
    })
}

/// Two agencies' accounts of which linkage suggests that they tell one event, without joining them: the words, the day and
/// the category of each. The police tell of a Saturday night, the school of what it learnt on Monday.
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

/// An entry with these words, of this day and category.
#[must_use]
pub fn told((what, when, category): (&str, &str, &str)) -> Value {
    with(entry(what, when, &[]), json!({"category": category}))
}

/// With other members, or members changed.
#[must_use]
pub fn with(mut body: Value, changes: Value) -> Value {
    if let (Some(members), Value::Object(changes)) = (body.as_object_mut(), changes) {
        members.extend(changes);
    }
    body
}

/// With one value replaced, by pointer; a pointer that leads nowhere yet makes a member.
///
/// # Panics
/// When its parent is not there.
#[must_use]
pub fn at(mut body: Value, pointer: &str, value: Value) -> Value {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
        return body;
    }
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is there");
    parent.insert(name.to_owned(), value);
    body
}

/// Without one member, by pointer.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn without(mut body: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is there");
    parent.remove(name).expect("it is there");
    body
}

/// A fragment of these entries.
#[must_use]
pub fn fragment(entries: &[Value]) -> Value {
    json!({
        "sharing": {"decided_by": "Canary lead", "reason": "Canary reason: relevant to the conference."},
        "involvement": {"status": "current", "support": "Canary support: weekly group"},
        "entries": entries,
    })
}

/// A chronology to prepare, with all that opening needs.
#[must_use]
pub fn chronology(family: &str, team: &[&str]) -> Value {
    json!({
        "family_id": family, "purpose": "initial_conference", "question": "Canary question: what has changed?",
        "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection",
        "family_told": false, "family_not_told_reason": "Canary reason: it would raise the risk.", "team": team,
    })
}

/// A reason, and other members.
#[must_use]
pub fn reason(more: Value) -> Value {
    with(json!({"reason": "Canary reason: the conference was moved."}), more)
}

/// A nil return.
#[must_use]
pub fn nil() -> Value {
    json!({"decided_by": "Canary practice manager", "statement": "Canary: both systems searched."})
}

/// A refusal.
#[must_use]
pub fn refusal() -> Value {
    json!({"reason": "more_detrimental_to_child", "statement": "Canary: it would lead him to her.", "decided_by": "Canary lead"})
}
