//! Linking a whole file: no entry of any export is lost, and the order of lines does not change the
//! result.

use std::collections::{BTreeMap, BTreeSet};

use linkage::batch::{FindingCode as C, Glossary, Links, link, read_line};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

fn link_lines(lines: &[Value]) -> Links {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    link(lines.iter().map(String::as_str), &Glossary::default(), 1)
}

fn finding_codes(line: &Value) -> Vec<(String, C)> {
    let (_, found) = read_line(&line.to_string(), 1).unwrap();
    found
        .into_iter()
        .map(|finding| (finding.field, finding.code))
        .collect()
}

/// A submission with one event, of which `event` replaces properties.
fn with_event(event: Value) -> Value {
    let mut whole = json!({ "id": "e1", "date": "2024-05-22", "text": "Seen." });
    whole
        .as_object_mut()
        .unwrap()
        .extend(event.as_object().unwrap().clone());
    json!({ "submission": "s1", "agency": "a", "subject": { "given": "Orla", "family": "Fenwick" }, "events": [whole] })
}

fn event_date(line: &Value) -> String {
    read_line(&line.to_string(), 1).unwrap().0.events[0]
        .when
        .edtf()
        .to_owned()
}

/// A submission about a child of one mother in one house.
fn child_submission(id: &str, agency: &str, given: &str, born: &str, events: Value) -> Value {
    json!({
        "submission": id, "agency": agency,
        "subject": {
            "id": format!("{agency}-{given}"), "given": given, "family": "Fenwick", "born_on": born,
            "addresses": [{ "lines": "4 Weir Court", "postcode": "ZZ9 4QK" }],
            "relations": [{ "kind": "mother_of", "given": "Nadia", "family": "Fenwick" }],
        },
        "events": events,
    })
}

fn event(id: &str, date: &str, text: &str) -> Value {
    json!({ "id": id, "date": date, "text": text })
}

fn entry_labels(links: &Links) -> Vec<&str> {
    links
        .rows
        .iter()
        .flat_map(|row| row.entries.iter().map(String::as_str))
        .collect()
}

const QUARREL: &str = "Neighbour called, shouting about money. Father left in a taxi. Both children upstairs, safe and well.";

#[rstest]
#[case::day(json!({}), "2024-05-22")]
#[case::typed_by_hand(json!({ "date": "22.05.24" }), "2024-05-22")]
#[case::midnight_of_an_export(json!({ "date": "2024-05-22T00:00:00" }), "2024-05-22")]
#[case::instant(json!({ "date": "2024-05-22T19:40:00Z" }), "2024-05-22T20:40")]
#[case::timed(json!({ "time": "20:40" }), "2024-05-22T20:40")]
#[case::seconds(json!({ "time": "20:40:13" }), "2024-05-22T20:40")]
#[case::point(json!({ "time": "20.40" }), "2024-05-22T20:40")]
#[case::hours(json!({ "time": "2040 hrs" }), "2024-05-22T20:40")]
#[case::afternoon(json!({ "time": "8:40 pm" }), "2024-05-22T20:40")]
#[case::empty_time(json!({ "time": " " }), "2024-05-22")]
#[case::month(json!({ "date": null, "edtf": "2024-05" }), "2024-05")]
#[case::words(json!({ "date": "", "when": "May 2024" }), "2024-05")]
fn reads_dates_and_times_as_exports_write_them(#[case] event: Value, #[case] edtf: &str) {
    let line = with_event(event);
    assert_eq!(
        (event_date(&line).as_str(), finding_codes(&line)),
        (edtf, Vec::new())
    );
}

#[rstest]
#[case::no_date(json!({ "date": null }), "events[0].date", C::DateMissing)]
#[case::no_such_day(json!({ "date": "2024-02-31" }), "events[0].date", C::DateImpossible)]
#[case::no_year(json!({ "date": "22 May" }), "events[0].date", C::DateYearMissing)]
#[case::nonsense(json!({ "date": "soon" }), "events[0].date", C::DateUnreadable)]
#[case::no_time(json!({ "time": "25:00" }), "events[0].time", C::TimeUnreadable)]
#[case::time_of_a_month(json!({ "date": null, "edtf": "2024-05", "time": "10:00" }), "events[0].time", C::TimeWithoutDay)]
#[case::no_text(json!({ "text": "" }), "events[0].text", C::TextMissing)]
#[case::text_of_a_list(json!({ "text": ["a"] }), "events[0].text", C::WrongType)]
#[case::no_id(json!({ "id": null }), "events[0].id", C::EventMissing)]
#[case::unknown(json!({ "colour": "red" }), "events[0].colour", C::UnknownProperty)]
#[case::named_by_an_object(json!({ "also_about": [{ "given": "Bo" }] }), "events[0].also_about[0]", C::WrongType)]
fn unreadable_property_is_reported_and_event_kept(
    #[case] event: Value,
    #[case] field: &str,
    #[case] code: C,
) {
    let line = with_event(event);
    assert!(
        finding_codes(&line).contains(&(field.to_owned(), code)),
        "{:?}",
        finding_codes(&line)
    );
    let links = link_lines(&[line]);
    assert_eq!(links.rows.len(), 1);
    assert_eq!(links.counts.entries, 1);
}

#[test]
fn unreadable_date_falls_back_to_next_property() {
    let line = with_event(json!({ "date": "soon", "edtf": "2024-06" }));
    assert_eq!(event_date(&line), "2024-06");
    assert_eq!(
        finding_codes(&line),
        [("events[0].date".to_owned(), C::DateUnreadable)]
    );
    let undated = link_lines(&[with_event(json!({ "date": "soon" }))]);
    assert!(
        undated.rows[0].when.is_empty(),
        "an unknown date is not output"
    );
}

#[rstest]
#[case("{", "", C::NotJson)]
#[case("[]", "", C::NotAnObject)]
#[case("7", "", C::NotAnObject)]
#[case(r#"{"events":[],"events":[]}"#, "", C::PropertyTwice)]
#[case(r#"{"subject":{"id":1,"id":2}}"#, "", C::PropertyTwice)]
#[case(r#"{"subject":"Orla"}"#, "subject", C::WrongType)]
#[case(r#"{"subject":{},"events":"none"}"#, "events", C::WrongType)]
fn rejects_line_of_which_data_would_be_lost(
    #[case] line: &str,
    #[case] field: &str,
    #[case] code: C,
) {
    let failure = read_line(line, 7).unwrap_err();
    assert_eq!(
        (failure.line, failure.field.as_str(), failure.code),
        (7, field, code)
    );
}

#[test]
fn reads_good_lines_after_bad_ones() {
    let good = child_submission(
        "s1",
        "police",
        "Orla",
        "2019-03-14",
        json!([event("e1", "2024-05-22", QUARREL)]),
    )
    .to_string();
    let links = link(["{", "", &good, "[]"], &Glossary::default(), 1);
    assert_eq!(
        links
            .failed_lines
            .iter()
            .map(|failure| failure.line)
            .collect::<Vec<_>>(),
        [1, 4]
    );
    assert_eq!(entry_labels(&links), ["s1/e1"]);
    assert_eq!((links.counts.lines, links.counts.failed_lines), (3, 2));
}

#[test]
fn reads_subject_of_a_real_export() {
    let line = json!({
        "submission": 17, "agency": " Wexmoor-Police ",
        "subject": {
            "id": 4471, "nhs_number": "999 123 4560", "upn": "", "given": "ORLA", "middle": "May", "family": "FENWICK",
            "names": ["Fenwick-Rowe, Orla"], "known_as": ["Orlie", "Orla Rowe", "Orlie Fenwick"], "born_on": "14/03/2019",
            "sex": "F", "addresses": ["4 Weir Court", { "lines": ["2", "Mill Row"], "postcode": "zz94qk", "from": "2020" }],
            "relations": [{ "kind": "Mum", "given": "Nadia" }, { "kind": "neighbour", "given": "Ida" }],
        },
        "events": null,
    });
    let (submission, found) = read_line(&line.to_string(), 1).unwrap();
    let facts = &submission.subject.facts;
    let names: Vec<(&str, &str)> = facts
        .names
        .iter()
        .map(|name| {
            (
                name.given.as_str(),
                name.family.as_ref().map_or("", |family| family.as_str()),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("ORLA", "FENWICK"),
            ("ORLA May", "FENWICK"),
            ("Orla", "Fenwick-Rowe"),
            ("Orlie", "FENWICK"),
            ("Orla", "Rowe"),
            ("Orlie", "Fenwick"),
        ]
    );
    assert_eq!(
        (submission.id.as_deref(), submission.subject.id.as_deref()),
        (Some("17"), Some("4471"))
    );
    assert_eq!(submission.agency, "wexmoor-police");
    assert_eq!(
        (facts.sex, facts.birth.unwrap().date.to_string()),
        (domain::Sex::Female, "2019-03-14".to_owned())
    );
    assert_eq!(facts.addresses[1].lines.as_str(), "2, Mill Row");
    let codes: Vec<(String, C)> = found
        .into_iter()
        .map(|finding| (finding.field, finding.code))
        .collect();
    let number = ("subject.nhs_number".to_owned(), C::IdentifierCheckDigit);
    assert_eq!(
        codes,
        [
            number,
            ("subject.relations[1].kind".to_owned(), C::RelationUnknown)
        ]
    );
}

#[rstest]
#[case::of_no_range("9434765919", &[C::IdentifierNeverIssued])]
#[case::zeros("0000000000", &[C::IdentifierNeverIssued])]
#[case::equal_digits("444 444 4444", &[C::IdentifierNeverIssued])]
#[case::kept_for_tests("9991000003", &[])]
#[case::in_use("4010232137", &[])]
fn never_issued_number_is_reported_and_left_out(#[case] number: &str, #[case] expected: &[C]) {
    let mut line = with_event(json!({}));
    line["subject"]["nhs_number"] = json!(number);
    let found: Vec<C> = finding_codes(&line)
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn unknown_property_is_reported_once_per_line() {
    let mut line = with_event(json!({ "colour": "red" }));
    line["events"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "e2", "date": "2024-05-23", "text": "x", "colour": 1 }));
    assert_eq!(
        finding_codes(&line),
        [("events[0].colour".to_owned(), C::UnknownProperty)]
    );
}

#[test]
fn repeats_for_siblings_are_grouped_and_other_agencies_accounts_linked() {
    let police = |id: &str, given, born| {
        child_submission(
            id,
            "police",
            given,
            born,
            json!([{
                "id": "e1", "date": "2024-05-22", "time": "20:40", "type": "DA call-out", "text": QUARREL, "also_about": ["Bo"],
            }]),
        )
    };
    let school = json!([{
        "id": "e9", "date": "2024-05-23", "type": "?",
        "text": "Police call-out last night: neighbour had called, shouting about money, father left in a taxi.",
    }]);
    let links = link_lines(&[
        police("s1", "Orla", "2019-03-14"),
        police("s2", "Bo", "2021-07-02"),
        child_submission("s3", "school", "Orla", "2019-03-14", school),
    ]);
    assert_eq!((links.children.len(), links.families.len()), (2, 1));
    assert_eq!(links.children[0].submissions, ["s1", "s3"]);
    assert!(
        links.children[0]
            .evidence
            .iter()
            .any(|fact| fact.code == "birth_same" && fact.weight > Some(0))
    );
    assert_eq!(links.rows.len(), 1, "{:?}", links.rows);
    let row = &links.rows[0];
    assert_eq!(row.children, ["child-1", "child-2"]);
    assert_eq!(row.categories, ["DOMESTIC_ABUSE", "OTHER"]);
    assert_eq!(links.told_once[0].entries, ["s1/e1", "s2/e1"]);
    assert!(
        links.told_once[0]
            .evidence
            .iter()
            .all(|fact| fact.code != "different_agencies")
    );
    assert_eq!(links.linked[0].entries, ["s1/e1", "s2/e1", "s3/e9"]);
    assert_eq!(links.linked[0].agencies, ["police", "school"]);
}

/// Links one agency's records of Orla, her brother William and a baby born in July 2024; Orla's
/// event names `name`.
fn link_household_with_name(name: &str, date: &str) -> Links {
    let events = json!([{ "id": "e1", "date": date, "text": "Weighed and measured.", "also_about": [name] }]);
    let mut orla = child_submission("s1", "hv", "Orla", "2019-03-14", events);
    orla["subject"]["relations"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "kind": "sister", "given": "Wilma" }));
    link_lines(&[
        orla,
        child_submission("s2", "hv", "William", "2021-07-02", json!([])),
        child_submission("s3", "hv", "Ivo", "2024-07-09", json!([])),
    ])
}

#[rstest]
#[case::name("William", "2024-05-22", &["s1", "s2"])]
#[case::whole_name("WILLIAM FENWICK", "2024-05-22", &["s1", "s2"])]
#[case::short_form("Bill", "2024-05-22", &["s1", "s2"])]
#[case::slip("Wiliam", "2024-05-22", &["s1", "s2"])]
#[case::record("hv-william", "2024-05-22", &["s1", "s2"])]
#[case::unborn("unborn baby", "2024-05-22", &["s1", "s3"])]
#[case::unborn_long_before("unborn", "2019-05-22", &["s1"])]
#[case::nobody("Clementine", "2024-05-22", &["s1"])]
fn resolves_names_in_also_about(#[case] name: &str, #[case] date: &str, #[case] expected: &[&str]) {
    let links = link_household_with_name(name, date);
    let of: BTreeMap<&str, &str> = links
        .children
        .iter()
        .flat_map(|child| {
            child
                .submissions
                .iter()
                .map(|submission| (child.id.as_str(), submission.as_str()))
        })
        .collect();
    let named: Vec<&str> = links.rows[0]
        .children
        .iter()
        .map(|child| of[child.as_str()])
        .collect();
    assert_eq!(named, expected);
    let unknown = links
        .warnings
        .iter()
        .any(|warning| warning.code == C::NameUnknown);
    assert_eq!(unknown, expected.len() == 1);
}

/// Links the lines of a pack and returns rows, children, questions and suggestions as sets of
/// labels.
fn link_to_sets(lines: &[Value]) -> [BTreeSet<BTreeSet<String>>; 4] {
    let links = link_lines(lines);
    let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
    [
        links.rows.iter().map(|row| set(&row.entries)).collect(),
        links
            .children
            .iter()
            .map(|child| set(&child.submissions))
            .collect(),
        links
            .questions
            .iter()
            .map(|question| set(&question.submissions))
            .collect(),
        links
            .suggested
            .iter()
            .map(|row| set(&row.entries.concat()))
            .collect(),
    ]
}

#[rstest]
#[case("terse")]
#[case("coincidence")]
#[case("tarn")]
fn order_of_lines_and_events_does_not_change_result(#[case] pack: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packs")
        .join(pack)
        .join("submissions.ndjson");
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut reordered = lines.clone();
    reordered.reverse();
    for (n, line) in reordered.iter_mut().enumerate() {
        let events = line["events"].as_array_mut().unwrap();
        events.reverse();
        let by = n % events.len().max(1);
        events.rotate_left(by);
    }
    assert_eq!(link_to_sets(&lines), link_to_sets(&reordered));
}

/// Strangers whose records only share a word in place of a number or a reference.
#[rstest]
#[case("nhs_number", "NOT KNOWN")]
#[case("nhs_number", "9.43477E+09")]
#[case("upn", "Pending")]
#[case("id", "UNKNOWN")]
#[case("reference", "N/K")]
#[case("family_reference", "awaiting")]
fn word_for_missing_value_joins_no_records(#[case] field: &str, #[case] word: &str) {
    let given = [
        "Orla", "Tomasz", "Zainab", "Kacper", "Imogen", "Yusuf", "Chidi", "Priya",
    ];
    let lines: Vec<Value> = (0..400_usize)
        .map(|n| {
            let born = format!("20{:02}-{:02}-{:02}", 8 + n % 15, 1 + n % 12, 1 + n % 28);
            let mut subject =
                json!({ "given": given[n % 8], "family": format!("Fen{n}wick{}", n * 7), "born_on": born });
            subject[field] = json!(word);
            json!({ "submission": format!("s{n}"), "agency": "surgery", "subject": subject, "events": [] })
        })
        .collect();
    let links = link_lines(&lines);
    assert_eq!(
        (
            links.counts.children,
            links.counts.families,
            links.counts.questions
        ),
        (400, 400, 0)
    );
}

#[test]
fn name_of_several_children_is_not_resolved() {
    let events =
        json!([{ "id": "e1", "date": "2024-05-22", "text": "Seen.", "also_about": ["Sam"] }]);
    let links = link_lines(&[
        child_submission("s1", "hv", "Orla", "2019-03-14", events),
        child_submission("s2", "hv", "Sam", "2014-01-20", json!([])),
        child_submission("s3", "hv", "Sam", "2021-07-02", json!([])),
    ]);
    assert_eq!(links.rows[0].children.len(), 1);
    assert!(
        links
            .warnings
            .iter()
            .any(|warning| warning.code == C::NameOfSeveral)
    );
}

#[rstest]
#[case::emoji("🙂🙃".to_owned())]
#[case::long("Ö".repeat(5_000))]
#[case::one_letter("A".to_owned())]
#[case::not_latin("Οδυσσέας 奥德修斯 أوديسيوس".to_owned())]
#[case::signs("'-\u{0}/#%\u{202e}".to_owned())]
fn reads_names_of_any_kind(#[case] name: String) {
    let mut line = child_submission(
        &name,
        &name,
        &name,
        "1890-01-01",
        json!([event(&name, &name, &name)]),
    );
    line["subject"]["known_as"] = json!([name, ""]);
    line["events"][0]["also_about"] = json!([name]);
    let links = link_lines(&[line.clone(), line]);
    assert_eq!((links.counts.entries, links.failed_lines.len()), (2, 0));
}

#[test]
fn adult_with_own_record_is_assigned_to_family() {
    let father = json!({
        "submission": "s9", "agency": "probation",
        "subject": {
            "kind": "adult", "id": "pr-1", "given": "Tomas", "family": "Rowe", "born_on": "1990-02-02",
            "addresses": [{ "lines": "4 Weir Court", "postcode": "ZZ9 4QK" }],
        },
        "events": [event("e1", "2022-01-11", "Kept his supervision appointment, unpaid work to begin.")],
    });
    let mut child = child_submission(
        "s1",
        "police",
        "Orla",
        "2019-03-14",
        json!([event("e1", "2024-05-22", QUARREL)]),
    );
    let relations = child["subject"]["relations"].as_array_mut().unwrap();
    relations.push(
        json!({ "kind": "father_of", "given": "Tomas", "family": "Rowe", "born_on": "1990-02-02" }),
    );
    let links = link_lines(&[child, father.clone()]);
    assert_eq!((links.children.len(), links.adults.len()), (1, 1));
    assert_eq!(links.families[0].adults, ["adult-1"]);
    let his = links
        .rows
        .iter()
        .find(|row| row.entries == ["s9/e1"])
        .unwrap();
    assert_eq!(
        (his.children.len(), his.adults.as_slice()),
        (0, ["adult-1".to_owned()].as_slice())
    );

    let mut alone = father;
    alone["subject"]["relations"] = json!([{ "kind": "daughter", "given": "Orla", "family": "Fenwick", "born_on": "2019-03-14" }]);
    let links = link_lines(&[
        child_submission("s1", "police", "Orla", "2019-03-14", json!([])),
        alone,
    ]);
    assert_eq!(
        links.families[0].adults,
        ["adult-1"],
        "the adult's record names the child"
    );
}

#[test]
fn reference_of_several_records_counts_as_family_reference() {
    let tenant = |id: &str, given: &str, born: &str| {
        json!({ "submission": id, "agency": "homes", "subject": {
            "id": format!("t-{given}"), "reference": "HOM/30188", "given": given, "born_on": born } })
    };
    let links = link_lines(&[
        tenant("s1", "Orla", "2019-03-14"),
        tenant("s2", "Bo", "2021-07-02"),
    ]);
    assert_eq!((links.children.len(), links.families.len()), (2, 1));
    assert!(
        links.families[0]
            .evidence
            .iter()
            .any(|fact| fact.code == "one_form")
    );
}

#[test]
fn missing_and_repeated_ids_get_unique_labels() {
    let events = json!([{ "text": "One." }, { "id": "e", "text": "Two." }, { "id": "e", "text": "Three." }, { "id": "x/y#1", "text": "Four." }]);
    let mut nameless = child_submission("", "a", "Orla", "2019-03-14", events);
    nameless["submission"] = Value::Null;
    let one = |id: &str| {
        child_submission(
            id,
            "b",
            "Bo",
            "2021-07-02",
            json!([{ "id": "e", "text": "Five." }]),
        )
    };
    let links = link_lines(&[nameless, one("s/1"), one("s2"), one("s2")]);
    let found: BTreeSet<&str> = entry_labels(&links).into_iter().collect();
    let expected = [
        "#1/#1",
        "#1/e#2",
        "#1/e#3",
        "#1/x/y%231",
        "s%2F1/e",
        "s2#3/e",
        "s2#4/e",
    ];
    assert_eq!(found, expected.into_iter().collect());
    assert_eq!(entry_labels(&links).len(), expected.len());
    let repeated = links
        .warnings
        .iter()
        .filter(|warning| warning.code == C::SubmissionRepeated)
        .count();
    assert_eq!(repeated, 2);
}

#[test]
fn unknown_event_type_is_reported_once_per_agency() {
    let zorb_event =
        |id: &str| json!({ "id": id, "date": "2024-05-22", "type": "Zorb 🙂", "text": QUARREL });
    let links = link_lines(&[
        child_submission(
            "s1",
            "police",
            "Orla",
            "2019-03-14",
            json!([zorb_event("e1")]),
        ),
        child_submission(
            "s2",
            "police",
            "Bo",
            "2021-07-02",
            json!([zorb_event("e1")]),
        ),
    ]);
    assert_eq!(links.told_once[0].entries, ["s1/e1", "s2/e1"]);
    let unknown: Vec<&str> = links
        .warnings
        .iter()
        .filter(|finding| finding.code == C::TypeUnknown)
        .map(|finding| finding.field.as_str())
        .collect();
    assert_eq!(unknown, ["events[0].type"]);
}

#[test]
fn unnamed_agencies_count_as_separate() {
    let nobody = |id: &str, given: &str, born: &str| {
        let mut line = child_submission(
            id,
            "",
            given,
            born,
            json!([event("e1", "2024-05-22", QUARREL)]),
        );
        line.as_object_mut().unwrap().remove("agency");
        line
    };
    let links = link_lines(&[
        nobody("s1", "Orla", "2019-03-14"),
        nobody("s2", "Orla", "2019-03-14"),
    ]);
    assert!(links.told_once.is_empty(), "{:?}", links.told_once);
    assert!(
        links
            .warnings
            .iter()
            .any(|warning| warning.code == C::AgencyMissing)
    );
}

/// Any value of a property, mostly a valid one.
fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "Orla", "Bo", "Fenwick", "2019-03-14", "2024-05-22", "20:40", "unborn", "sibling_of", "mother_of", "e1", "🙂",
            "", "adult", "4 Weir Court", "ZZ9 4QK", "Weighed and measured, gaining well along the ninth centile.",
        ])
        .prop_map(Value::from),
        1 => "\\PC{0,12}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!(true)),
    ]
}

fn any_object(
    keys: &'static [&'static str],
    value: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(prop::sample::select(keys), value, 0..keys.len()).prop_map(|map| {
        Value::Object(
            map.into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    })
}

fn any_submission() -> impl Strategy<Value = Value> {
    let relation = any_object(&["kind", "given", "family", "born_on", "id"], any_scalar());
    let address = any_object(&["lines", "postcode", "from", "until"], any_scalar());
    let subject = (
        any_object(
            &[
                "id",
                "reference",
                "given",
                "family",
                "born_on",
                "expected_on",
                "sex",
                "known_as",
                "kind",
            ],
            any_scalar(),
        ),
        prop::collection::vec(relation, 0..3),
        prop::collection::vec(address, 0..2),
    );
    let event = any_object(
        &[
            "id",
            "date",
            "edtf",
            "when",
            "time",
            "type",
            "text",
            "reference",
            "also_about",
        ],
        any_scalar(),
    );
    let events = prop::collection::vec(event, 0..5);
    (prop::option::of(0..6_u8), prop::sample::select(vec!["a", "b", ""]), subject, events).prop_map(
        |(id, agency, (mut subject, relations, addresses), events)| {
            subject["relations"] = relations.into();
            subject["addresses"] = addresses.into();
            json!({ "submission": id.map(|id| format!("s{id}")), "agency": agency, "subject": subject, "events": events })
        },
    )
}

/// The document without line numbers.
fn document_without_line_numbers(links: &Links) -> String {
    let mut value = serde_json::to_value(links).unwrap();
    for warning in value["warnings"].as_array_mut().unwrap() {
        warning.as_object_mut().unwrap().remove("line");
    }
    value.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_event_is_on_one_row_in_any_order_of_lines(
        lines in prop::collection::vec(any_submission(), 0..8), turn in 0..8_usize,
    ) {
        // With unique ids no label contains a line number.
        let mut lines: Vec<Value> = lines;
        for (place, line) in lines.iter_mut().enumerate() {
            line["submission"] = json!(format!("s{place}"));
        }
        let links = link_lines(&lines);
        let event_count: usize = lines.iter().map(|line| line["events"].as_array().unwrap().len()).sum();
        let unique: BTreeSet<&str> = entry_labels(&links).into_iter().collect();
        prop_assert_eq!((unique.len(), entry_labels(&links).len()), (event_count, event_count));
        let together: BTreeSet<&str> =
            links.rows.iter().filter(|row| row.entries.len() > 1).map(|row| row.id.as_str()).collect();
        let told_once = links.told_once.iter().map(|account| account.row.as_str());
        let kept: BTreeSet<&str> = told_once.chain(links.linked.iter().map(|linked| linked.row.as_str())).collect();
        prop_assert_eq!(kept, together);
        let people: usize = links.children.iter().chain(&links.adults).map(|person| person.submissions.len()).sum();
        prop_assert_eq!(people, lines.len());

        let mut reordered = lines.clone();
        reordered.reverse();
        let by = turn.min(reordered.len());
        reordered.rotate_left(by);
        prop_assert_eq!(document_without_line_numbers(&link_lines(&reordered)), document_without_line_numbers(&links));
    }

    #[test]
    fn no_entry_is_lost_for_any_ids(lines in prop::collection::vec(any_submission(), 0..6)) {
        let links = link_lines(&lines);
        let event_count: usize = lines.iter().map(|line| line["events"].as_array().unwrap().len()).sum();
        let unique: BTreeSet<&str> = entry_labels(&links).into_iter().collect();
        prop_assert_eq!((unique.len(), entry_labels(&links).len()), (event_count, event_count));
    }

    #[test]
    fn reads_or_rejects_any_line(line in "\\PC{0,200}") {
        let _ = read_line(&line, 1);
    }
}
