//! The checks of entries and fragments: each reports what it should and nothing else, and never

//! repeats the text.

use domain::{
    AdultConcerned, AdultRole, Category, CheckContext, ChildVoice, EntryDetails, EventDate,
    Finding, Handling, Marking, PartnershipPolicy, PersonId, Severity, Significance, Source,
    check_entry, check_fragment,
};
use rstest::rstest;
use time::macros::date;

const WHAT: &str =
    "Child was not brought to the hospital appointment; mother rang to cancel on the day";

fn entry(when: &str, what: &str) -> EntryDetails {
    EntryDetails {
        reference: None,
        when: EventDate::from_edtf(when).unwrap(),
        what: what.into(),
        category: Category::new("MISSED").unwrap(),
        source: Source {
            role: "health visitor".into(),
            record_system: "SystmOne".into(),
        },
        children: vec![person(1)],
        adults: Vec::new(),
        significance: Significance::Risk,
        action_taken: Some("New appointment offered".into()),
        no_action_reason: None,
        impact: Some("Hearing still untested".into()),
        child_voice: None,
        family_account: None,
        outcome: None,
        document_reference: None,
        rag: None,
        seen: None,
        handling: Handling::default(),
        key_incident: false,
        family_history: false,
    }
}

fn person(number: u128) -> PersonId {
    format!("00000000-0000-7000-8000-{number:012}")
        .parse()
        .unwrap()
}

fn with_context<T>(run: impl FnOnce(CheckContext<'_>) -> T) -> T {
    let policy = PartnershipPolicy::default();
    run(CheckContext {
        known_names: &["Orla Fenwick", "Tam Fenwick-Marsh"],
        known_postcodes: &["ZZ9 1ZZ"],
        protected_postcodes: &["ZZ9 9ZZ"],
        glossary: &["FSW"],
        children: &[person(1), person(2)],
        look_back_from: Some(date!(2020 - 01 - 01)),
        eldest_conception: Some(date!(2015 - 01 - 01)),
        ..CheckContext::new(date!(2026 - 11 - 22), &policy)
    })
}

fn findings(entry: &EntryDetails) -> Vec<Finding> {
    with_context(|context| check_entry(entry, &context))
}

fn codes(entry: &EntryDetails) -> Vec<&'static str> {
    findings(entry)
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

fn fragment_codes(entries: &[EntryDetails]) -> Vec<&'static str> {
    with_context(|context| check_fragment(entries, &context))
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn good_entry_has_no_findings() {
    assert_eq!(codes(&entry("2025-03-02", WHAT)), Vec::<&str>::new());
}

type Change = fn(&mut EntryDetails);

#[rstest]
#[case(|entry: &mut EntryDetails| entry.when = EventDate::from_edtf("2026-11-23").unwrap(), "date_in_future", "/when")]
#[case(|entry: &mut EntryDetails| entry.what = "  ".into(), "what_missing", "/what")]
#[case(|entry: &mut EntryDetails| entry.category = Category::new("WEATHER").unwrap(), "category_not_listed", "/category")]
#[case(|entry: &mut EntryDetails| entry.source.role.clear(), "source_missing", "/source")]
#[case(|entry: &mut EntryDetails| entry.action_taken = Some(" ".into()), "action_missing", "/action_taken")]
#[case(|entry: &mut EntryDetails| entry.children = vec![person(1), person(9)], "child_not_in_family", "/children/1")]
#[case(|entry: &mut EntryDetails| entry.child_voice = voice("2026-02-31"), "date_impossible", "/child_voice/said_on")]
#[case(|entry: &mut EntryDetails| entry.child_voice = voice("2027"), "date_in_future", "/child_voice/said_on")]
#[case(|entry: &mut EntryDetails| entry.impact = Some("Moved to zz99zz with her aunt".into()), "protected_address", "/impact")]
#[case(|entry: &mut EntryDetails| entry.source.record_system = "desk at ZZ9-9ZZ".into(), "protected_address", "/source/record_system")]
fn errors_are_reported(#[case] change: Change, #[case] code: &str, #[case] pointer: &str) {
    let mut entry = entry("2025-03-02", WHAT);
    change(&mut entry);
    let found = findings(&entry);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].code, found[0].pointer.as_str(), found[0].severity),
        (code, pointer, Severity::Error)
    );
}

fn voice(said_on: &str) -> Option<ChildVoice> {
    Some(ChildVoice {
        words: "I want to stay at Nan's".into(),
        child: None,
        said_on: Some(said_on.to_owned()),
    })
}

#[test]
fn policy_decides_which_fields_are_mandatory() {
    let mut entry = entry("2025-03-02", WHAT);
    entry.impact = None;
    entry.action_taken = None;
    let severities = |policy: PartnershipPolicy| {
        let found = check_entry(&entry, &CheckContext::new(date!(2026 - 11 - 22), &policy));
        found
            .into_iter()
            .map(|finding| (finding.code, finding.severity))
            .collect::<Vec<_>>()
    };
    let lenient = PartnershipPolicy {
        action_mandatory: false,
        ..PartnershipPolicy::default()
    };
    assert_eq!(severities(lenient), [("impact_missing", Severity::Warning)]);
    let strict = PartnershipPolicy {
        impact_mandatory: true,
        ..PartnershipPolicy::default()
    };
    assert_eq!(
        severities(strict),
        [
            ("action_missing", Severity::Error),
            ("impact_missing", Severity::Error)
        ]
    );
}

#[rstest]
#[case("Mother was manipulative when the nurse visited", &["opinion"])]
#[case("I feel that the home was untidy on arrival", &["opinion"])]
#[case("Mother said \"I feel low\" and asked for help", &[])]
#[case("Mother said 'I feel low' and asked for help", &[])]
#[case("Attention-seeking behaviour was seen in class", &["opinion"])]
#[case("Ongoing issues at home reported by school", &["too_vague"])]
#[case("Missed again", &["too_vague"])]
#[case("Seen by FSW, then by the HV and GP1", &[])]
#[case("Seen by the QXR team at home on arrival", &["abbreviation"])]
#[case("CHILD NOT BROUGHT TO QXR CLINIC AGAIN", &[])]
#[case("Discussed at MARAC on the same day", &["marac_unmarked"])]
#[case("Mappa meeting was told of the release", &["marac_unmarked"])]
#[case("Child stayed with Mr Trelowarren for the weekend", &["name_outside_family"])]
#[case("Child stayed with Mr. Fenwick for the weekend", &[])]
#[case("Child stayed with neighbour Jocasta for the weekend", &["name_outside_family"])]
#[case("Orla was collected by Jocasta Trelowarren from class", &["name_outside_family"])]
#[case("Orla Fenwick and Tam Fenwick-Marsh moved to Sample Road School", &[])]
#[case("Social Worker visited; Health Visitor rang on Monday", &[])]
#[case("Ring 01632 960 123 for the record of this", &["telephone_number"])]
#[case("Ring +44 1632 960123 for the record of this", &["telephone_number"])]
#[case("NHS number is 943 476 5919 in the record", &[])]
#[case("On 01/05/2016 10 children were seen in class", &[])]
#[case("Write to someone@example.org for the record", &["email_address"])]
#[case("The family moved to ZZ9 1ZZ in the spring", &[])]
#[case("The family moved to ZZ8 1ZZ in the spring", &["postcode_outside_family"])]
#[case("The family moved to ZZ9 9ZZ in the spring", &["protected_address"])]
fn warnings_about_wording_are_reported(#[case] what: &str, #[case] expected: &[&str]) {
    assert_eq!(codes(&entry("2025-03-02", what)), expected, "{what}");
}

#[test]
fn restricted_entry_may_contain_protected_material() {
    let mut entry = entry(
        "2025-03-02",
        "Discussed at MARAC; she has moved to ZZ9 9ZZ since",
    );
    entry.handling.marking = Marking::NotForFamily;
    assert_eq!(codes(&entry), ["marac_unmarked", "protected_address"]);
    entry.handling.marking = Marking::Restricted;
    assert_eq!(codes(&entry), Vec::<&str>::new());
}

#[test]
fn event_before_the_pregnancy_must_be_marked_as_family_history() {
    let mut entry = entry("2014", WHAT);
    assert_eq!(codes(&entry), ["before_pregnancy"]);
    entry.family_history = true;
    assert_eq!(codes(&entry), Vec::<&str>::new());
}

#[test]
fn neutral_routine_contact_is_reported() {
    let mut entry = entry("2025-03-02", "Routine visit at home, no concerns seen");
    assert_eq!(
        codes(&entry),
        Vec::<&str>::new(),
        "the entry has a significance"
    );
    entry.significance = Significance::Neutral;
    assert_eq!(codes(&entry), ["routine_contact"]);
}

#[test]
fn long_text_is_reported_once_and_checked_quickly() {
    assert_eq!(
        codes(&entry("2025-03-02", &"word ".repeat(151))),
        ["too_long"]
    );
    assert_eq!(
        codes(&entry("2025-03-02", &"word ".repeat(150))),
        Vec::<&str>::new()
    );
    let long = codes(&entry(
        "2025-03-02",
        &"ZZ8 1ZZ Mr Trelowarren QXR I feel 01632 960123 ".repeat(5_000),
    ));
    assert!(long.len() < 10, "{long:?}");
}

#[test]
fn findings_never_repeat_the_text() {
    let entry = entry(
        "2025-03-02",
        "Manipulative; Mr Trelowarren QXR at ZZ9 9ZZ, ZZ8 8ZZ, 01632 960123, a@example.org MARAC",
    );
    let found = findings(&entry);
    assert!(found.len() >= 7, "{found:?}");
    for finding in &found {
        for secret in [
            "Trelowarren",
            "anipulative",
            "QXR",
            "ZZ",
            "01632",
            "example",
        ] {
            assert!(!finding.message.contains(secret), "{finding:?}");
        }
    }
    assert_eq!(
        found,
        findings(&entry),
        "the same entry has the same findings"
    );
}

fn fragment() -> Vec<EntryDetails> {
    let mut entries = vec![
        entry("2025-03-02", WHAT),
        entry("2025-06", WHAT),
        entry("2026-01-05", WHAT),
    ];
    entries[0].significance = Significance::Strength;
    entries[1].child_voice = Some(ChildVoice {
        words: "I like school".into(),
        child: None,
        said_on: None,
    });
    entries[2].adults = vec![AdultConcerned {
        person: None,
        role: AdultRole::Father,
    }];
    entries
}

#[test]
fn good_fragment_has_no_findings() {
    assert_eq!(fragment_codes(&fragment()), Vec::<&str>::new());
    assert_eq!(fragment_codes(&[]), Vec::<&str>::new());
}

type ChangeAll = fn(&mut Vec<EntryDetails>);

#[rstest]
#[case(|all: &mut Vec<EntryDetails>| all[0].significance = Significance::Risk, "only_negatives")]
#[case(|all: &mut Vec<EntryDetails>| all.iter_mut().for_each(|e| e.significance = Significance::Strength), "only_positives")]
#[case(|all: &mut Vec<EntryDetails>| all[1].child_voice = None, "no_child_voice")]
#[case(|all: &mut Vec<EntryDetails>| all[2].adults.clear(), "no_father")]
#[case(|all: &mut Vec<EntryDetails>| all[2].when = EventDate::from_edtf("2026-09").unwrap(), "long_silence")]
#[case(|all: &mut Vec<EntryDetails>| { all[0].category = Category::new("PROCESS").unwrap(); all[0].what = "Referral by school after an injury".into() }, "starts_at_referral")]
#[case(|all: &mut Vec<EntryDetails>| all[0].when = EventDate::from_edtf("2019-12-31/2025-01-01").unwrap(), "")]
fn prompts_are_reported(#[case] change: ChangeAll, #[case] expected: &str) {
    let mut entries = fragment();
    change(&mut entries);
    let expected: Vec<_> = Some(expected)
        .filter(|code| !code.is_empty())
        .into_iter()
        .collect();
    assert_eq!(fragment_codes(&entries), expected);
}

#[test]
fn key_incidents_are_exempt_from_the_look_back() {
    let mut entries = fragment();
    entries[0].when = EventDate::from_edtf("2019-12/..").unwrap();
    assert_eq!(
        fragment_codes(&entries),
        ["long_silence"],
        "the event still goes on"
    );
    entries[0].when = EventDate::from_edtf("2019-12").unwrap();
    assert_eq!(
        fragment_codes(&entries),
        ["long_silence", "outside_look_back"]
    );
    entries[0].key_incident = true;
    assert_eq!(fragment_codes(&entries), ["long_silence"]);
}

#[test]
fn pointers_of_a_fragment_name_the_entry() {
    let mut entries = fragment();
    entries[1].impact = None;
    let found = with_context(|context| check_fragment(&entries, &context));
    assert_eq!(
        found.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(),
        ["/entries/1/impact"]
    );
}

#[test]
fn known_referral_takes_precedence_over_the_text() {
    let policy = PartnershipPolicy::default();
    let context = CheckContext {
        latest_referral: Some(date!(2025 - 03 - 02)),
        ..CheckContext::new(date!(2026 - 11 - 22), &policy)
    };
    let found = check_fragment(&fragment(), &context);
    assert_eq!(
        found.iter().map(|f| f.code).collect::<Vec<_>>(),
        ["starts_at_referral"]
    );
}
