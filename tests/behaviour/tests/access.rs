//! The access table: every operation, called by every kind of user on a live object, an expired one
//! and an absent one.

use std::collections::BTreeSet;

use behaviour::openapi::{openapi_document, operations};
use behaviour::{ALL_USERS, ApiResponse, Seed, TestApp, User, inputs, on_both};
use domain::Role;
use serde_json::{Value, json};

/// The number of columns: the first users of `ALL_USERS`. In order: owner, manager, business
/// support, team member, uninvolved social worker; of the school, which has submitted: named
/// practitioner; of the surgery, which has not: named practitioner; of the school: unnamed
/// practitioner, lead, record system; not invited, other partnership, auditor, former practitioner,
/// no token.
const COLUMNS: usize = 15;

/// One row of the table: an operation, its request body, and each user's expected status while the
/// chronology is live and after it has expired. `2` is 2xx, `u` 401, `n` 404, `w` 409, `x` 410, `s`
/// 412, `v` 422. The requests are made so that an authorized one still fails (stale version,
/// invalid body, wrong state) and changes nothing.
struct Row {
    method: &'static str,
    path: &'static str,
    body: Body,
    live: &'static str,
    expired: &'static str,
}

const fn row(
    method: &'static str,
    path: &'static str,
    body: Body,
    live: &'static str,
    expired: &'static str,
) -> Row {
    Row {
        method,
        path,
        body,
        live,
        expired,
    }
}

#[derive(Clone, Copy)]
enum Body {
    None,
    Agency,
    AgencyName,
    Practitioner,
    JobTitle,
    Person,
    Find,
    FamilyWithAbsentMember,
    Family,
    AbsentFamily,
    NewQuestion,
    Reason,
    SameExpiry,
    PastExpiry,
    SignOff,
    AbsentAgency,
    NoPractitioners,
    NilReturn,
    Decline,
    AbsentChild,
    ProxyAbsentChild,
    AdvanceAbsentFamily,
    AbsentHoldTarget,
    AbsentEntry,
    BlankReason,
    EmergencyTooLong,
    BlankNote,
    BlankDestruction,
    BlankPersonDecision,
    BlankUndo,
}

/// No expected status: the object does not expire with the chronology, or its expiry is tested
/// elsewhere.
const SKIP: &str = "";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                                                              OMBTCRWULSNPAFZ
    row("GET",    "/v1/partnership",                                Body::None,                    "2222222222222nu", SKIP),
    row("GET",    "/v1/me",                                         Body::None,                    "2222222222222nu", SKIP),
    row("GET",    "/v1/agencies",                                   Body::None,                    "2222222222222nu", SKIP),
    row("POST",   "/v1/agencies",                                   Body::Agency,                  "n22nnnnnnnnnnnu", SKIP),
    row("GET",    "/v1/agencies/{agency}",                          Body::None,                    "22222222222n2nu", SKIP),
    row("PATCH",  "/v1/agencies/{agency}",                          Body::AgencyName,              "nssnnnnnnnnnnnu", SKIP),
    row("GET",    "/v1/practitioners",                              Body::None,                    "222222222222nnu", SKIP),
    row("GET",    "/v1/practitioners?agency={agency}",              Body::None,                    "222222n222n2nnu", SKIP),
    row("POST",   "/v1/practitioners",                              Body::Practitioner,            "n2nnnnnn2nnnnnu", SKIP),
    row("GET",    "/v1/practitioners/{practitioner}",               Body::None,                    "222222n222nnnnu", SKIP),
    row("PATCH",  "/v1/practitioners/{practitioner}",               Body::JobTitle,                "nsnnnnnnsnnnnnu", SKIP),
    row("POST",   "/v1/people",                                     Body::Person,                  "222222222222nnu", SKIP),
    row("POST",   "/v1/people/find",                                Body::Find,                    "22n22nnnnnn2nnu", SKIP),
    row("GET",    "/v1/people/{person}",                            Body::None,                    "22n2222n22nnnnu", "nnnnnnnnnnnnnnu"),
    row("PUT",    "/v1/people/{person}",                            Body::Person,                  "ssnswnnnnnnnnnu", "nnnnnnnnnnnnnnu"),
    row("GET",    "/v1/families",                                   Body::None,                    "222222222222nnu", SKIP),
    row("POST",   "/v1/families",                                   Body::FamilyWithAbsentMember,  "vvvvvvvvvvvvnnu", SKIP),
    row("GET",    "/v1/families/{family}",                          Body::None,                    "22n2222n22nnnnu", "nnnnnnnnnnnnnnu"),
    row("PUT",    "/v1/families/{family}",                          Body::Family,                  "ssnssnnnnnnnnnu", "nnnnnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies",                               Body::None,                    "222222222222nnu", SKIP),
    row("POST",   "/v1/chronologies",                               Body::AbsentFamily,            "vvvvvnnnnnnvnnu", SKIP),
    row("GET",    "/v1/chronologies/{chronology}",                  Body::None,                    "2222n22n22nnnnu", "xxxxnxxnxxnnnnu"),
    row("PATCH",  "/v1/chronologies/{chronology}",                  Body::NewQuestion,             "ssssnnnnnnnnnnu", "xxxxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/open",             Body::None,                    "wwwwnnnnnnnnnnu", "xxxxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/close",            Body::None,                    "wwnwnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/reopen",           Body::Reason,                  "nwnnnnnnnnnnnnu", "nxnnnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/extend",           Body::SameExpiry,              "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/sign-off",         Body::SignOff,                 "nwnnnnnnnnnnnnu", "nxnnnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/readers",          Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/tombstones/{chronology}",                    Body::None,                    "nnnnnnnnnnnnnnu", SKIP),
    row("GET",    "/v1/chronologies/{chronology}/invitations",      Body::None,                    "2222n22n22nnnnu", "xxxxnxxnxxnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/invitations",      Body::AbsentAgency,            "vvvvnnnnnnnnnnu", "xxxxnnnnnnnnnnu"),
    row("GET",    "/v1/invitations",                                Body::None,                    "222222222222nnu", SKIP),
    row("GET",    "/v1/invitations/{invitation}",                   Body::None,                    "2222n2nn22nnnnu", "nnnnnnnnnnnnnnu"),
    row("PATCH",  "/v1/invitations/{invitation}",                   Body::NoPractitioners,         "ssssnnnnsnnnnnu", "nnnnnnnnnnnnnnu"),
    row("GET",    "/v1/invitations/{invitation}/form",              Body::None,                    "nnnnn2nn22nnnnu", "nnnnnnnnnnnnnnu"),
    row("POST",   "/v1/invitations/{invitation}/draft",             Body::None,                    "nnnnnwnnwwnnnnu", "nnnnnnnnnnnnnnu"),
    row("POST",   "/v1/invitations/{invitation}/nil-return",        Body::NilReturn,               "nnnnnwnnwwnnnnu", "nnnnnnnnnnnnnnu"),
    row("POST",   "/v1/invitations/{invitation}/decline",           Body::Decline,                 "nnnnnwnnwwnnnnu", "nnnnnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/fragments",        Body::None,                    "22n2n22n22nnnnu", "xxnxnxxnxxnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/fragments",        Body::AbsentChild,             "nnnnnvvnvvnnnnu", "nnnnnxxnxxnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/fragments",        Body::ProxyAbsentChild,        "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("PUT",    "/v1/chronologies/{chronology}/fragments/NEW",    Body::AbsentChild,             "nnnnnvvnvvnnnnu", "nnnnnxxnxxnnnnu"),
    row("GET",    "/v1/fragments",                                  Body::None,                    "222222222222nnu", SKIP),
    row("POST",   "/v1/fragments",                                  Body::AdvanceAbsentFamily,     "nnnnnvvvvvvnnnu", SKIP),
    row("GET",    "/v1/fragments/{fragment}",                       Body::None,                    "22n2n2nn22nnnnu", "xxnxnxnnxxnnnnu"),
    row("PUT",    "/v1/fragments/{fragment}",                       Body::AbsentChild,             "nnnnnsnnssnnnnu", "nnnnnxnnxxnnnnu"),
    row("DELETE", "/v1/fragments/{fragment}",                       Body::None,                    "nnnnnsnnssnnnnu", "nnnnnxnnxxnnnnu"),
    row("POST",   "/v1/fragments/{fragment}/extend",                Body::PastExpiry,              "nnnnnvnnvvnnnnu", "nnnnnxnnxxnnnnu"),
    row("GET",    "/v1/fragments/{fragment}/versions",              Body::None,                    "22n2n2nn22nnnnu", "xxnxnxnnxxnnnnu"),
    row("GET",    "/v1/fragments/{fragment}/versions/1",            Body::None,                    "22n2n2nn22nnnnu", "xxnxnxnnxxnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/timeline",         Body::None,                    "22n2n2wnnnnnnnu", "xxnxnxxnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/links",            Body::None,                    "22n2n2wnnnnnnnu", "xxnxnxxnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/link-decisions",   Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/link-decisions",   Body::AbsentEntry,             "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/link-decisions/{link}", Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/link-decisions/{link}/withdrawal", Body::BlankReason,             "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/questions",        Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/person-decisions", Body::BlankPersonDecision,     "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/person-links",     Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/person-links/{person_link}", Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("PATCH",  "/v1/chronologies/{chronology}/person-links/{person_link}", Body::BlankUndo,               "ssnsnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/consolidations",   Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/consolidations/{consolidation}", Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    row("GET",    "/v1/chronologies/{chronology}/snapshot",         Body::None,                    "wwnwnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    // Nobody has requested a destruction, and nothing has been destroyed.
    row("GET",    "/v1/chronologies/{chronology}/destruction",      Body::None,                    "nnnnnnnnnnnnnnu", "nxnnnnnnnnnnnnu"),
    row("POST",   "/v1/chronologies/{chronology}/destruction",      Body::BlankDestruction,        "nvnnnnnnnnnnnnu", "nxnnnnnnnnnnnnu"),
    row("GET",    "/v1/deletion-certificates",                      Body::None,                    "2222222222222nu", SKIP),
    row("GET",    "/v1/deletion-certificates/{chronology}",         Body::None,                    "nnnnnnnnnnnnnnu", SKIP),
    row("GET",    "/v1/unpurged",                                   Body::None,                    "n2nnnnnnnnnn2nu", SKIP),
    row("GET",    "/v1/holds",                                      Body::None,                    "n2nnnnnnnnnn2nu", SKIP),
    row("POST",   "/v1/holds",                                      Body::AbsentHoldTarget,        "nvnnnnnnnnnnnnu", SKIP),
    row("POST",   "/v1/holds/{hold}/confirmation",                  Body::None,                    "nwnnnnnnnnnnnnu", SKIP),
    row("POST",   "/v1/holds/{hold}/release",                       Body::BlankReason,             "nvnnnnnnnnnnnnu", SKIP),
    row("GET",    "/v1/fragments/{fragment}/readers",               Body::None,                    "nnnnn2nn22nnnnu", "nnnnnxnnxxnnnnu"),
    row("POST",   "/v1/emergency-accesses",                         Body::EmergencyTooLong,        "vvnvvnnnnnnvnnu", SKIP),
    row("GET",    "/v1/emergency-accesses/{emergency}",             Body::None,                    "n2nnnnnnnnnn2nu", "n2nnnnnnnnnn2nu"),
    row("POST",   "/v1/emergency-accesses/{emergency}/end",         Body::None,                    "nnnnnnnnnnnnnnu", "nnnnnnnnnnnnnnu"),
    row("POST",   "/v1/emergency-accesses/{emergency}/review",      Body::BlankNote,               "nvnnnnnnnnnnvnu", "nvnnnnnnnnnnvnu"),
    row("GET",    "/v1/alerts",                                     Body::None,                    "22n22nnnnnn22nu", SKIP),
    row("GET",    "/v1/audit",                                      Body::None,                    "nnnnnnnnnnnn2nu", SKIP),
    row("GET",    "/v1/audit/checkpoint",                           Body::None,                    "2222222222222nu", SKIP),
    row("GET",    "/v1/audit/consistency?from=0&to=1",              Body::None,                    "2222222222222nu", SKIP),
    row("GET",    "/v1/audit/tiles/0/0",                            Body::None,                    "2222222222222nu", SKIP),
    row("GET",    "/v1/audit/records/{audit_record}/proof",         Body::None,                    "nnnnnnnnnnnn2nu", SKIP),
    // Last, because it succeeds and creates a frozen view.
    row("POST",   "/v1/chronologies/{chronology}/consolidations",   Body::None,                    "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
];

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";

/// The seeded data and one object of each kind, with the path parameter that refers to it.
struct Fixture {
    seed: Seed,
    path_parameters: Vec<(&'static str, String)>,
    expires_at: Value,
}

impl Fixture {
    fn create(app: &TestApp) -> Self {
        let seed = app.seed();
        let consolidation = app
            .as_user(User::OWNER)
            .post(&seed.path_to("consolidations"), &Value::Null)
            .id();
        let manager = app.as_user(User::MANAGER);
        let _ = manager
            .post(&seed.path_to("reopen"), &inputs::with_reason(json!({})))
            .expect_ok();
        let person_link = create_person_link(app, &seed);
        let hold = json!({"scope": "child", "target_id": seed.twin, "reason": "Canary order", "review_at": app.in_days(30)});
        let hold = manager.post("/v1/holds", &hold).id();
        let owner = app.as_user(User::OWNER);
        let proxy = json!({"on_behalf_of": seed.agencies["beacon"]});
        let club_entry = inputs::entry("came to the club", "2026-01-20", &[]);
        let club_fragment = inputs::with_members(inputs::fragment(&[club_entry]), proxy);
        let submitted = owner
            .post(&seed.path_to("fragments"), &club_fragment)
            .expect_ok();
        let club_entry_id = submitted["entries"][0]["id"].clone();
        let school_fragment = owner
            .get(&format!("/v1/fragments/{}", seed.fragment))
            .expect_ok();
        let school_entry_id = school_fragment["entries"][0]["id"].clone();
        let link = json!({
            "decision": "related", "entries": [school_entry_id], "with": [club_entry_id],
            "reason": "Canary: the club asked.",
        });
        let link = owner.post(&seed.path_to("link-decisions"), &link).id();
        // This user is not in the table.
        let duty = User {
            name: "DUTY",
            ..User::COLLEAGUE
        };
        let emergency_access = json!({"chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary"});
        let emergency = app
            .as_user(duty)
            .post("/v1/emergency-accesses", &emergency_access)
            .id();
        let audit_record = find_sequenced_record(app);
        let path_parameters = vec![
            ("{link}", link),
            ("{agency}", seed.agencies["school"].clone()),
            ("{practitioner}", seed.people[User::RETURNED.name].clone()),
            ("{person}", seed.twin.clone()),
            ("{family}", seed.family.clone()),
            ("{chronology}", seed.chronology.clone()),
            ("{invitation}", seed.invitations["school"].clone()),
            ("{fragment}", seed.fragment.clone()),
            ("{consolidation}", consolidation),
            ("{hold}", hold),
            ("{emergency}", emergency),
            ("{person_link}", person_link),
            ("{audit_record}", audit_record),
        ];
        let expires_at = owner.get(&seed.path).expect_ok()["expires_at"].clone();
        Self {
            seed,
            path_parameters,
            expires_at,
        }
    }

    fn path(&self, pattern: &str) -> String {
        self.path_parameters
            .iter()
            .fold(pattern.to_owned(), |path, (name, id)| {
                path.replace(name, id)
            })
    }

    /// The same path with identifiers of objects that never existed.
    fn absent_path(&self, pattern: &str) -> String {
        self.path_parameters
            .iter()
            .fold(pattern.to_owned(), |path, (name, _)| {
                path.replace(name, ABSENT)
            })
    }

    fn send(&self, app: &TestApp, user: User, row: &Row, path: &str, round: usize) -> ApiResponse {
        let body = self.body(app, user, row.body, round);
        let client = app.as_user(user);
        match row.method {
            "GET" => client.get(path),
            "POST" => client.post(path, &body),
            "PUT" if path.contains("/fragments/NEW") => client.put(path, None, &body),
            "PUT" => client.put(path, Some(999), &body),
            "PATCH" => client.patch(path, Some(999), &body),
            _ => client.delete(path, Some(999)),
        }
    }

    fn body(&self, app: &TestApp, user: User, body: Body, round: usize) -> Value {
        let seed = &self.seed;
        let entry_about_absent_child = inputs::entry("a fall", "2026-01-02", &[ABSENT]);
        match body {
            Body::None => Value::Null,
            Body::Agency => {
                let code = format!("new-{}-{round}", user.name.to_ascii_lowercase());
                json!({"code": code, "name": "New", "kind": "other"})
            }
            Body::AgencyName => json!({"name": "Another name"}),
            Body::Practitioner => json!({
                "agency_id": seed.agencies["school"], "issuer": "https://marlshire.example/issuer",
                "subject": format!("made-by-{}-{round}", user.name), "name": "Canary Newcomer",
            }),
            Body::JobTitle => json!({"job_title": "Head"}),
            Body::Person => inputs::child("Nia", "2020-01-01", 40),
            Body::Find => json!({"nhs_number": inputs::nhs_number(0)}),
            Body::FamilyWithAbsentMember => json!({"label": "Canary", "members": [ABSENT]}),
            Body::Family => {
                json!({"label": "Canary", "members": [seed.twin, seed.other_twin, seed.unborn, seed.father, seed.mother]})
            }
            Body::AbsentFamily => inputs::chronology(ABSENT, &[]),
            Body::NewQuestion => json!({"question": "Canary?"}),
            Body::Reason => inputs::with_reason(json!({})),
            Body::SameExpiry => inputs::with_reason(json!({"expires_at": self.expires_at})),
            Body::PastExpiry => inputs::with_reason(json!({"expires_at": "2026-03-01T00:00:00Z"})),
            Body::SignOff => json!({"snapshot": "export"}),
            Body::AbsentAgency => json!({"agency_id": ABSENT}),
            Body::NoPractitioners => json!({"practitioners": []}),
            Body::NilReturn => inputs::nil_return(),
            Body::Decline => inputs::decline(),
            Body::AbsentChild => inputs::fragment(&[entry_about_absent_child]),
            Body::ProxyAbsentChild => inputs::with_members(
                inputs::fragment(&[entry_about_absent_child]),
                json!({"on_behalf_of": seed.agencies["beacon"]}),
            ),
            Body::AdvanceAbsentFamily => inputs::with_members(
                inputs::fragment(&[inputs::entry("a fall", "2026-01-02", &[])]),
                json!({"family_id": ABSENT, "expires_at": app.in_days(10)}),
            ),
            Body::AbsentHoldTarget => json!({
                "scope": "chronology", "target_id": ABSENT, "reason": "Canary", "review_at": app.in_days(30),
            }),
            Body::AbsentEntry => {
                json!({"decision": "same_event", "entries": [ABSENT], "reason": "Canary"})
            }
            Body::BlankReason => json!({"reason": "   "}),
            Body::EmergencyTooLong => json!({
                "chronology_id": ABSENT, "reason_code": "court_order", "reason": "Canary", "minutes": 1_000,
            }),
            Body::BlankNote => json!({"finding": "justified", "note": "   "}),
            Body::BlankDestruction => json!({"reason_code": "closed", "reason": "   "}),
            Body::BlankPersonDecision => {
                json!({"question": ABSENT, "decision": "different", "reason": "   "})
            }
            Body::BlankUndo => json!({"state": "undone", "reason": "   "}),
        }
    }
}

/// Creates a link between the elder twin and the health visitors' record of her: they submit in
/// advance about a child with the same identifiers. Those users are not in the table.
fn create_person_link(app: &TestApp, seed: &Seed) -> String {
    let visitor = app.as_user(User::VISITOR);
    let person = visitor
        .post("/v1/people", &inputs::child("Orla", "2019-05-14", 0))
        .id();
    let family = json!({"label": "Canary", "members": [person]});
    let family = visitor.post("/v1/families", &family).id();
    let submission = inputs::with_members(
        inputs::fragment(&[inputs::entry("a burn", "2026-01-21", &[])]),
        json!({"family_id": family, "expires_at": app.in_days(9)}),
    );
    let _ = visitor.post("/v1/fragments", &submission).expect_ok();
    let links = app
        .as_user(User::OWNER)
        .get(&seed.path_to("person-links"))
        .expect_ok();
    links["items"][0]["id"].as_str().expect("a link").to_owned()
}

/// A record of the audit that has its position in the ledger.
fn find_sequenced_record(app: &TestApp) -> String {
    app.service
        .kernel
        .sequence_audit()
        .expect("records are sequenced");
    let records = app
        .as_user(User::AUDITOR)
        .get("/v1/audit?limit=1")
        .expect_ok();
    records["items"][0]["id"]
        .as_str()
        .expect("a record")
        .to_owned()
}

fn status_letter(response: &ApiResponse) -> char {
    match response.status {
        200 | 201 | 204 => '2',
        401 => 'u',
        404 => 'n',
        409 => 'w',
        410 => 'x',
        412 => 's',
        422 => 'v',
        other => panic!("{}: {other} {}", response.request, response.text()),
    }
}

/// Calls `action` for all users concurrently; returns their letters in the order of `users`.
fn for_all_users(users: &[User], action: impl Fn(User) -> char + Sync) -> String {
    std::thread::scope(|scope| {
        let threads: Vec<_> = users
            .iter()
            .map(|user| scope.spawn(|| action(*user)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a response"))
            .collect()
    })
}

/// Sends the request of every row as every user and describes the rows whose statuses differ from
/// the expected ones.
fn differences(
    app: &TestApp,
    fixture: &Fixture,
    round: usize,
    expected: impl Fn(&Row) -> String,
) -> Vec<String> {
    let users = &ALL_USERS[..COLUMNS];
    let rows = TABLE
        .iter()
        .map(|row| (row, expected(row)))
        .filter(|(_, expected)| !expected.is_empty());
    rows.filter_map(|(row, expected)| {
        let path = if round == ROUND_ABSENT {
            fixture.absent_path(row.path)
        } else {
            fixture.path(row.path)
        };
        let send = |user| status_letter(&fixture.send(app, user, row, &path, round));
        let found: String = for_all_users(users, send);
        (found != expected).then(|| {
            format!(
                "{:6} {:50} is {found}, should be {expected}",
                row.method, row.path
            )
        })
    })
    .collect()
}

const ROUND_LIVE: usize = 0;
const ROUND_ABSENT: usize = 1;

/// The expected statuses for an absent object: 401 without a token, otherwise 404.
fn expected_for_absent(row: &Row) -> String {
    if !row.path.contains('{') || row.path.contains('?') {
        return String::new();
    }
    row.live
        .chars()
        .map(|live| if live == 'u' { 'u' } else { 'n' })
        .collect()
}

/// Whether the path of a row is one of a documented path template. Numbers and `NEW` stand for
/// parameters.
fn is_path_of(template: &str, path: &str) -> bool {
    let is_parameter = |part: &str| {
        part.starts_with('{') || part == "NEW" || part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let path = path.split('?').next().unwrap_or_default();
    let same = |(template, part): (&str, &str)| {
        template == part || (template.starts_with('{') && is_parameter(part))
    };
    template.split('/').count() == path.split('/').count()
        && template.split('/').zip(path.split('/')).all(same)
}

#[test]
fn every_operation_has_a_row() {
    let documented: BTreeSet<(String, String)> = operations(&openapi_document())
        .into_iter()
        .map(|operation| (operation.method, operation.path))
        .collect();
    let is_row_of = |row: &Row, (method, path): &(String, String)| {
        row.method == method && is_path_of(path, row.path)
    };
    let without_row: Vec<_> = documented
        .iter()
        .filter(|operation| !TABLE.iter().any(|row| is_row_of(row, operation)))
        .collect();
    assert!(without_row.is_empty(), "{without_row:?}");
    let without_operation: Vec<_> = TABLE
        .iter()
        .filter(|row| !documented.iter().any(|operation| is_row_of(row, operation)))
        .map(|row| (row.method, row.path))
        .collect();
    assert!(without_operation.is_empty(), "{without_operation:?}");
    let wrong_width: Vec<_> = TABLE
        .iter()
        .filter(|row| {
            let has_width = |letters: &str| letters.is_empty() || letters.len() == COLUMNS;
            row.live.len() != COLUMNS || !has_width(row.expired)
        })
        .map(|row| (row.method, row.path))
        .collect();
    assert!(wrong_width.is_empty(), "{wrong_width:?}");
}

on_both! {
    fn every_user_gets_the_status_in_the_access_table(app) {
        let fixture = Fixture::create(app);
        let absent = differences(app, &fixture, ROUND_ABSENT, expected_for_absent);
        assert!(absent.is_empty(), "absent:\n{}", absent.join("\n"));
        let live = differences(app, &fixture, ROUND_LIVE, |row| row.live.to_owned());
        assert!(live.is_empty(), "live:\n{}", live.join("\n"));
    }

    fn only_entitled_users_get_gone_after_expiry_and_after_deletion(app) {
        let fixture = Fixture::create(app);
        let hold = format!("/v1/holds/{}/release", fixture.path_parameters[9].1);
        let _ = app
            .as_user(User::MANAGER)
            .post(&hold, &json!({"reason": "Canary: over"}))
            .expect_ok();
        app.set_time(&fixture.expires_at);
        let before = differences(app, &fixture, 2, |row| row.expired.to_owned());
        assert!(before.is_empty(), "before deletion:\n{}", before.join("\n"));
        app.run_background_jobs();
        let after = differences(app, &fixture, 3, |row| row.expired.to_owned());
        assert!(after.is_empty(), "after deletion:\n{}", after.join("\n"));
        let tombstone = format!("/v1/tombstones/{}", fixture.seed.chronology);
        let found: String = ALL_USERS[..COLUMNS]
            .iter()
            .map(|user| status_letter(&app.as_user(*user).get(&tombstone)))
            .collect();
        assert_eq!(found, "2222n22n22nnnnu");
    }

    fn absent_and_unauthorized_responses_are_identical(app) {
        let fixture = Fixture::create(app);
        for row in TABLE
            .iter()
            .filter(|row| row.path.contains('{') && !row.path.contains('?'))
        {
            let denied: Vec<User> = ALL_USERS
                .iter()
                .zip(row.live.chars())
                .filter(|(_, live)| *live == 'n')
                .map(|(user, _)| *user)
                .collect();
            let _ = for_all_users(&denied, |user| {
                let real = fixture.send(app, user, row, &fixture.path(row.path), 4);
                let absent = fixture.send(app, user, row, &fixture.absent_path(row.path), 5);
                assert_eq!(
                    real.body_without_request_fields(),
                    absent.body_without_request_fields(),
                    "{}",
                    real.request
                );
                assert_eq!(
                    comparable_headers(&real),
                    comparable_headers(&absent),
                    "{}",
                    real.request
                );
                status_letter(&real)
            });
        }
    }

    fn agencies_do_not_see_each_others_invitations_or_fragments(app) {
        let seed = app.seed();
        let surgery = seed.invitation_path("surgery");
        assert_eq!(app.as_user(User::RETURNED).get(&surgery).status, 404);
        assert_eq!(
            app.as_user(User::LEAD)
                .get(&format!("{surgery}/form"))
                .status,
            404
        );
        let listed = app
            .as_user(User::WAITING)
            .get(&seed.path_to("invitations"))
            .expect_ok();
        assert_eq!(
            listed["items"].as_array().map(Vec::len),
            Some(1),
            "{listed}"
        );
        let fragments = app
            .as_user(User::WAITING)
            .get(&seed.path_to("fragments"))
            .expect_ok();
        assert_eq!(
            fragments["items"],
            json!([]),
            "the school's fragment is not listed"
        );
    }

    fn draft_is_hidden_from_agencies_to_be_invited(app) {
        let seed = app.seed_draft();
        let invite = json!({"agency_id": seed.agencies["surgery"], "practitioners": [seed.people[User::WAITING.name]]});
        let invitation = app
            .as_user(User::OWNER)
            .post(&seed.path_to("invitations"), &invite)
            .id();
        let waiting = app.as_user(User::WAITING);
        for path in [
            seed.path.clone(),
            seed.path_to("invitations"),
            seed.path_to("timeline"),
            format!("/v1/invitations/{invitation}"),
            format!("/v1/families/{}", seed.family),
            format!("/v1/people/{}", seed.twin),
        ] {
            assert_eq!(waiting.get(&path).status, 404, "{path}");
        }
        assert_eq!(
            waiting.get("/v1/invitations").expect_ok()["items"],
            json!([])
        );
        assert_eq!(
            waiting.get("/v1/chronologies").expect_ok()["items"],
            json!([])
        );
    }

    fn closed_draft_stays_hidden_and_cannot_be_reopened(app) {
        let seed = app.seed_draft();
        let invite = json!({"agency_id": seed.agencies["surgery"], "practitioners": [seed.people[User::WAITING.name]]});
        let invitation = app
            .as_user(User::OWNER)
            .post(&seed.path_to("invitations"), &invite)
            .id();
        assert_eq!(
            app.as_user(User::OWNER)
                .post(&seed.path_to("close"), &Value::Null)
                .expect_ok()["state"],
            "closed"
        );
        let waiting = app.as_user(User::WAITING);
        let assert_hidden = |stage: &str| {
            for path in [
                seed.path.clone(),
                seed.path_to("invitations"),
                format!("/v1/invitations/{invitation}"),
                format!("/v1/invitations/{invitation}/form"),
                format!("/v1/families/{}", seed.family),
                format!("/v1/people/{}", seed.twin),
                format!("/v1/tombstones/{}", seed.chronology),
            ] {
                assert_eq!(waiting.get(&path).status, 404, "{stage}: {path}");
            }
            assert_eq!(
                waiting.get("/v1/invitations").expect_ok()["items"],
                json!([]),
                "{stage}"
            );
            assert_eq!(
                waiting.get("/v1/chronologies").expect_ok()["items"],
                json!([]),
                "{stage}"
            );
        };
        assert_hidden("closed");
        let reopened = app
            .as_user(User::MANAGER)
            .post(&seed.path_to("reopen"), &inputs::with_reason(json!({})));
        assert_eq!(
            reopened.status, 409,
            "a chronology that was never opened cannot be reopened"
        );
        app.set_time(&app.as_user(User::OWNER).get(&seed.path).expect_ok()["expires_at"]);
        assert_hidden("expired");
        app.run_background_jobs();
        assert_hidden("deleted");
    }

    fn system_client_without_certificate_is_unauthorized(app) {
        let _ = app.seed();
        let token = app.bearer(User::SYSTEM);
        let without =
            app.as_user(User::NOBODY)
                .send("GET", "/v1/me", &[("Authorization", &token)], &[]);
        assert_eq!(without.status, 401, "{}", without.text());
        assert_eq!(app.as_user(User::SYSTEM).get("/v1/me").status, 200);
    }

    fn issuer_can_assign_only_its_permitted_roles(app) {
        let seed = app.seed();
        let status_with = |token: &str| {
            app.as_user(User::NOBODY)
                .send("GET", "/v1/me", &[("Authorization", token)], &[])
                .status
        };
        for role in Role::ALL {
            let expected = match role {
                // The issuer may not assign Auditor; SystemClient also requires a certificate.
                Role::Auditor | Role::SystemClient => 401,
                Role::SocialWorker
                | Role::TeamManager
                | Role::Practitioner
                | Role::SafeguardingLead
                | Role::BusinessSupport => 200,
            };
            assert_eq!(
                status_with(&app.bearer_from_agency_issuer(User::UNNAMED, &[*role])),
                expected,
                "{role:?}"
            );
        }
        // Roles of children's social care are effective only in that agency, whichever issuer
        // assigns them.
        let manager =
            app.bearer_from_agency_issuer(User::UNNAMED, &[Role::TeamManager, Role::SocialWorker]);
        for path in [
            seed.path.as_str(),
            "/v1/holds",
            "/v1/unpurged",
            &seed.path_to("timeline"),
        ] {
            let response =
                app.as_user(User::NOBODY)
                    .send("GET", path, &[("Authorization", &manager)], &[]);
            assert_eq!(response.status, 404, "{path}");
        }
    }

    fn agency_issuer_cannot_assign_auditor_role(app) {
        let _ = app.seed();
        let get_with = |token: &str, path: &str| {
            app.as_user(User::NOBODY)
                .send("GET", path, &[("Authorization", token)], &[])
        };
        assert_eq!(
            app.as_user(User::AUDITOR).get("/v1/audit").status,
            200,
            "the partnership's issuer may assign the role"
        );
        let auditor_alone = app.bearer_from_agency_issuer(User::UNNAMED, &[Role::Auditor]);
        for path in ["/v1/me", "/v1/audit"] {
            assert_eq!(get_with(&auditor_alone, path).status, 401, "{path}");
        }
        let auditor_and_practitioner =
            app.bearer_from_agency_issuer(User::UNNAMED, &[Role::Practitioner, Role::Auditor]);
        for path in [
            "/v1/me",
            "/v1/audit",
            "/v1/alerts",
            "/v1/deletion-certificates",
        ] {
            assert_eq!(
                get_with(&auditor_and_practitioner, path).status,
                app.as_user(User::UNNAMED).get(path).status,
                "{path}"
            );
        }
        assert_eq!(get_with(&auditor_and_practitioner, "/v1/audit").status, 404);
    }
}

/// All headers, with the values cleared that differ from one request to the next.
fn comparable_headers(response: &ApiResponse) -> Vec<(String, String)> {
    let variable = ["x-request-id", "ratelimit", "date", "content-length"];
    let mut headers = response.headers.clone();
    headers
        .iter_mut()
        .filter(|(name, _)| variable.contains(&name.as_str()))
        .for_each(|(_, value)| value.clear());
    headers.sort();
    headers
}
