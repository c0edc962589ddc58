//! Entity tags and bodies of what is serialised in parts.

use domain::{EventDate, WhenOut};
use serde_json::json;
use service::{Page, ReaderOut, TimelineOut};

use super::Representation as _;

const ID: &str = "019c0000-0000-7000-8000-000000000001";

/// A timeline with one row, whose text may imitate the end of the rows.
fn timeline(generated_at: &str, what: &str, next: Option<&str>) -> TimelineOut {
    let header = json!({
        "chronology_id": ID, "family_id": ID, "purpose": "neglect", "state": "open", "children": [], "adults": [],
        "coverage": [], "coverage_statement": "", "ordering_rule": "", "row_count": 1, "entry_count": 1,
        "generated_at": generated_at, "expires_at": "2026-06-01T00:00:00Z",
    });
    let when =
        serde_json::to_value(WhenOut::from(&EventDate::from_edtf("2026-01-12").unwrap())).unwrap();
    let account = json!({
        "entry_id": ID, "fragment_id": ID, "fragment_version": 1, "agency": ID, "submitted_at": "2026-03-02T09:30:00Z",
        "when": when, "what": what, "category": "HEALTH", "source": {"role": "nurse", "record_system": "Ledger"},
        "children": [], "significance": "risk", "handling": {"marking": "normal"}, "key_incident": false,
        "family_history": false,
    });
    let row = json!({
        "id": ID, "sequence": 1, "when": when, "children": [], "category": "HEALTH", "significance": "risk",
        "accounts": [account], "linked_because": [], "conflicts": [], "key_incident": false, "family_history": false,
    });
    let whole = json!({"header": header, "rows": [row], "next": next});
    serde_json::from_value(whole).expect("a timeline")
}

fn stable_part(timeline: &TimelineOut) -> Vec<u8> {
    let json = timeline.to_json().expect("a timeline can be serialised");
    json.stable_hash.as_ref().to_vec()
}

#[test]
fn body_is_the_whole_serialized_value() {
    for next in [None, Some("cursor")] {
        let timeline = timeline("2026-03-02T09:30:00Z", "}],\"next\":\"cursor\"}", next);
        assert_eq!(
            timeline.to_json().unwrap().body,
            serde_json::to_vec(&timeline).unwrap()
        );
        let reader = json!({
            "at": "2026-03-02T09:30:00Z", "practitioner_id": ID, "agency_id": ID, "operation": "timeline.read",
        });
        let page: Page<ReaderOut> =
            serde_json::from_value(json!({"items": [reader], "next": next})).unwrap();
        assert_eq!(
            page.to_json().unwrap().body,
            serde_json::to_vec(&page).unwrap()
        );
    }
}

#[test]
fn etag_changes_only_with_rows() {
    let first = stable_part(&timeline(
        "2026-03-02T09:30:00Z",
        "Seen at home",
        Some("one"),
    ));
    assert_eq!(
        first,
        stable_part(&timeline(
            "2026-03-02T09:31:00Z",
            "Seen at home",
            Some("another")
        ))
    );
    assert_ne!(
        first,
        stable_part(&timeline(
            "2026-03-02T09:30:00Z",
            "Seen at school",
            Some("one")
        ))
    );
    assert_ne!(
        first,
        stable_part(&timeline("2026-03-02T09:30:00Z", "Seen at home", None))
    );
}
