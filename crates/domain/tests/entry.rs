//! The JSON of a stored entry.

use domain::{Category, EntryDetails, EventDate, PersonId, Source};

/// The service hashes this JSON to recognise a submission that is sent again. Neither the order of
/// its members nor the nulls may change while entries of an earlier version exist.
#[test]
fn stored_json_stays_the_same() {
    let child: PersonId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
    let source = Source {
        role: "health visitor".into(),
        record_system: "SystmOne".into(),
    };
    let entry = EntryDetails::new(
        EventDate::from_edtf("2026-01-19").unwrap(),
        "Not brought to the review.".into(),
        vec![child],
        Category::new("MISSED").unwrap(),
        source,
    );
    let json = concat!(
        r#"{"reference":null,"when":{"edtf":"2026-01-19","precision":"date"},"#,
        r#""what":"Not brought to the review.","category":"MISSED","#,
        r#""source":{"role":"health visitor","record_system":"SystmOne"},"#,
        r#""children":["00000000-0000-7000-8000-000000000001"],"adults":[],"#,
        r#""significance":"neutral","action_taken":null,"no_action_reason":null,"impact":null,"#,
        r#""child_voice":null,"family_account":null,"outcome":null,"document_reference":null,"#,
        r#""rag":null,"seen":null,"handling":{"marking":"normal"},"key_incident":false,"#,
        r#""family_history":false}"#,
    );
    assert_eq!(serde_json::to_string(&entry).unwrap(), json);
    assert_eq!(serde_json::from_str::<EntryDetails>(json).unwrap(), entry);
}
