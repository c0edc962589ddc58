//! Faults and statuses for every kind of invalid body.

use std::sync::OnceLock;

use rstest::rstest;
use serde_json::{Value, json};
use service::{AgencyIn, FamilyIn, FragmentIn, PersonIn};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::{Body, BodySchemas, require_empty};
use crate::problem::Problem;

/// The schemas of the bodies that are tested, as the document has them.
fn schemas() -> &'static BodySchemas {
    static SCHEMAS: OnceLock<BodySchemas> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let mut components = Vec::new();
        let names = [
            add_schema::<AgencyIn>(&mut components),
            add_schema::<FamilyIn>(&mut components),
            add_schema::<FragmentIn>(&mut components),
            add_schema::<PersonIn>(&mut components),
        ];
        let components = components
            .into_iter()
            .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap()))
            .collect();
        BodySchemas::compile(names, &Value::Object(components))
    })
}

fn add_schema<T: ToSchema>(components: &mut Vec<(String, RefOr<Schema>)>) -> String {
    T::schemas(components);
    components.push((T::name().into_owned(), T::schema()));
    T::name().into_owned()
}

fn parse<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    super::parse(bytes, schemas())
}

/// A valid fragment.
fn fragment() -> Value {
    json!({
        "sharing": { "decided_by": "Named nurse", "reason": "Asked for by social care" },
        "entries": [entry()]
    })
}

fn entry() -> Value {
    json!({
        "when": { "edtf": "2026-01-19" },
        "what": "Not brought to the two-year review.",
        "category": "MISSED",
        "source": { "role": "health visitor", "record_system": "community record" },
        "all_children": true,
        "significance": "risk",
        "action_taken": "Telephoned."
    })
}

/// The status, and each fault as "pointer code".
fn status_and_faults(problem: &Problem) -> (u16, Vec<String>) {
    let faults = problem
        .named_faults()
        .iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.code))
        .collect();
    (problem.code().status, faults)
}

fn rejection(value: &Value) -> (u16, Vec<String>) {
    status_and_faults(&parse::<FragmentIn>(value.to_string().as_bytes()).unwrap_err())
}

#[test]
fn accepts_valid_fragment() {
    assert_eq!(
        parse::<FragmentIn>(fragment().to_string().as_bytes())
            .unwrap()
            .entries
            .len(),
        1
    );
}

#[rstest]
#[case("/entries/0/what", json!(7), "/entries/0/what wrong_type")]
#[case("/entries/0/what", json!(null), "/entries/0/what wrong_type")]
#[case("/entries/0/what", json!(""), "/entries/0/what too_short")]
#[case("/entries/0/what", json!("x".repeat(4001)), "/entries/0/what too_long")]
#[case("/entries/0/significance", json!("Risk"), "/entries/0/significance not_on_the_list")]
#[case("/entries/0/category", json!("missed"), "/entries/0/category wrong_pattern")]
#[case("/entries/0/handling", json!({"marking": "secret"}), "/entries/0/handling/marking not_on_the_list")]
#[case("/entries/0/child_voice", json!({"words": ""}), "/entries/0/child_voice/words too_short")]
#[case("/entries/0/rag", json!("blue"), "/entries/0/rag not_on_the_list")]
#[case("/entries/0/children", json!(["not-an-id"]), "/entries/0/children/0 wrong_format")]
#[case("/entries/0/agency", json!("x"), "/entries/0/agency unknown_property")]
#[case("/expires_at", json!("2026-02-30T00:00:00Z"), "/expires_at wrong_format")]
#[case("/expires_at", json!("next week"), "/expires_at wrong_format")]
#[case("/entries", json!("none"), "/entries wrong_type")]
#[case("/entries", json!({}), "/entries wrong_type")]
#[case("/sharing", json!({"decided_by": "x"}), "/sharing/reason required")]
#[case("/a~1b", json!(1), "/a~1b unknown_property")]
fn names_single_fault_by_pointer(
    #[case] pointer: &str,
    #[case] value: Value,
    #[case] expected: &str,
) {
    let mut body = fragment();
    set(&mut body, pointer, value);
    assert_eq!(rejection(&body), (422, vec![expected.to_owned()]));
}

/// Sets a member, which may be absent.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name.replace("~1", "/")] = value;
}

#[test]
fn reports_all_faults_at_once() {
    let mut body = fragment();
    body["entries"] = json!([entry(), { "what": 1, "colour": "red" }]);
    body["sharing"] = json!(null);
    let (status, mut faults) = rejection(&body);
    faults.sort();
    assert_eq!(status, 422);
    assert_eq!(
        faults,
        [
            "/entries/1/category required",
            "/entries/1/colour unknown_property",
            "/entries/1/significance required",
            "/entries/1/source required",
            "/entries/1/what wrong_type",
            "/entries/1/when required",
            "/sharing wrong_type",
        ]
    );
}

#[test]
fn enforces_entry_limit_exactly() {
    let mut body = fragment();
    body["entries"] = Value::Array(vec![entry(); 500]);
    assert!(parse::<FragmentIn>(body.to_string().as_bytes()).is_ok());
    body["entries"] = Value::Array(vec![entry(); 501]);
    assert_eq!(
        rejection(&body),
        (422, vec!["/entries too_many".to_owned()])
    );
}

#[test]
fn lengths_count_characters_not_bytes() {
    let mut body = fragment();
    body["entries"][0]["what"] = json!("é".repeat(4000));
    assert!(parse::<FragmentIn>(body.to_string().as_bytes()).is_ok());
}

#[rstest]
#[case(br#"{"label": "x", "label": "y", "members": []}"#.as_slice(), 400, "/label duplicate_member")]
#[case(br#"{"label": "x""#, 400, " not_json")]
#[case(br#"{"label": "x"} trailing"#, 400, " not_json")]
#[case(b"", 400, " not_json")]
#[case(b"{\"label\": \"\xc3\x28\"}", 400, " not_utf8")]
#[case(br#"{"label": "a\u0000b"}"#, 422, "/label nul_character")]
#[case(b"[]", 422, " wrong_type")]
#[case(b"null", 422, " wrong_type")]
fn rejects_invalid_bodies(#[case] bytes: &[u8], #[case] status: u16, #[case] fault: &str) {
    assert_eq!(
        status_and_faults(&parse::<FamilyIn>(bytes).unwrap_err()),
        (status, vec![fault.to_owned()])
    );
}

#[test]
fn faults_do_not_repeat_input() {
    let body = json!({ "kind": "Orla", "name": { "given": ["Fenwick"] }, "sex": "Tarn Row", "birth": { "date": "Brannoc" } });
    let problem = parse::<PersonIn>(body.to_string().as_bytes()).unwrap_err();
    let faults = format!("{:?}", problem.named_faults());
    for word in ["Orla", "Fenwick", "Tarn", "Brannoc"] {
        assert!(!faults.contains(word), "{faults}");
    }
    assert_eq!(problem.named_faults().len(), 4, "{faults}");
}

#[test]
fn truncates_excessive_faults() {
    let body = json!({ "label": "x", "members": vec![1; 5_000] });
    let problem = parse::<FamilyIn>(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(problem.named_faults().len(), crate::problem::MAX_FAULTS + 1);
    assert_eq!(problem.named_faults().last().unwrap().code, "more_faults");
}

#[test]
fn applies_defaults() {
    let agency: AgencyIn = parse(br#"{"code": "a-b", "name": "A", "kind": "gp"}"#).unwrap();
    assert!(agency.has_access);
}

#[rstest]
#[case(b"".as_slice(), None)]
#[case(b"{}", None)]
#[case(b"{\"a\":1}", Some((422, "/a unknown_property")))]
#[case(b"[]", Some((422, " wrong_type")))]
#[case(b"x", Some((400, " not_json")))]
fn empty_body_is_required(#[case] bytes: &[u8], #[case] expected: Option<(u16, &str)>) {
    let found = require_empty(bytes)
        .err()
        .map(|problem| status_and_faults(&problem));
    assert_eq!(
        found,
        expected.map(|(status, fault)| (status, vec![fault.to_owned()]))
    );
}
