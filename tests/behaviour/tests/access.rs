//! Every operation, asked by users of every kind: of what is theirs, of what has expired, of what was never there.

use behaviour::{Answer, EVERYBODY, Seed, TestApp, User, inputs, on_both};
use domain::Role;
use serde_json::{Value, json};

/// The columns, in the order of `EVERYBODY`: owner, manager, business support, team, another social worker; of the
/// school, which has returned: named, (of the surgery, which has not: named,) not named, lead, record system; not
/// invited, another partnership, auditor, has left, nobody.
const COLUMNS: usize = 15;

/// One operation: method, path, body, and what each user is answered while the chronology lives and once it is over.
/// `2` yes, `u` 401, `n` 404, `w` 409, `x` 410, `s` 412, `v` 422. The bodies are such that whoever is let in is stopped
/// by what comes after, so that nothing changes: a stale version, a fault, a state.
struct Line(&'static str, &'static str, Body, &'static str, &'static str);

#[derive(Clone, Copy)]
enum Body {
    None,
    Agency,
    AgencyName,
    Practitioner,
    JobTitle,
    Person,
    Find,
    StrangeFamily,
    Family,
    StrangeChronology,
    Question,
    Reason,
    SameExpiry,
    PastExpiry,
    SignOff,
    StrangeInvitation,
    Message,
    Nil,
    Refusal,
    StrangeEntry,
    StrangeProxy,
    StrangeAhead,
    StrangeHold,
    StrangeLink,
    BlankReason,
    TooLong,
    BlankNote,
}

/// Not asked: the line is not about the chronology, or it is and what becomes of it is tested elsewhere.
const SKIP: &str = "";

#[rustfmt::skip]
const TABLE: &[Line] = &[
    //                                                                                       OMBTCRWULSNPAFZ
    Line("GET",    "/v1/partnership",                              Body::None,              "2222222222222nu", SKIP),
    Line("GET",    "/v1/me",                                       Body::None,              "2222222222222nu", SKIP),
    Line("GET",    "/v1/agencies",                                 Body::None,              "2222222222222nu", SKIP),
    Line("POST",   "/v1/agencies",                                 Body::Agency,            "n22nnnnnnnnnnnu", SKIP),
    Line("GET",    "/v1/agencies/{agency}",                        Body::None,              "22222222222n2nu", SKIP),
    Line("PATCH",  "/v1/agencies/{agency}",                        Body::AgencyName,        "nssnnnnnnnnnnnu", SKIP),
    Line("GET",    "/v1/practitioners",                            Body::None,              "222222222222nnu", SKIP),
    Line("GET",    "/v1/practitioners?agency={agency}",            Body::None,              "222222n222n2nnu", SKIP),
    Line("POST",   "/v1/practitioners",                            Body::Practitioner,      "n2nnnnnn2nnnnnu", SKIP),
    Line("GET",    "/v1/practitioners/{practitioner}",             Body::None,              "222222n222nnnnu", SKIP),
    Line("PATCH",  "/v1/practitioners/{practitioner}",             Body::JobTitle,          "nsnnnnnnsnnnnnu", SKIP),
    Line("POST",   "/v1/people",                                   Body::Person,            "222222222222nnu", SKIP),
    Line("POST",   "/v1/people/find",                              Body::Find,              "22n22nnnnnn2nnu", SKIP),
    Line("GET",    "/v1/people/{person}",                          Body::None,              "22n2222n22nnnnu", "nnnnnnnnnnnnnnu"),
    Line("PUT",    "/v1/people/{person}",                          Body::Person,            "ssnswnnnnnnnnnu", "nnnnnnnnnnnnnnu"),
    Line("GET",    "/v1/families",                                 Body::None,              "222222222222nnu", SKIP),
    Line("POST",   "/v1/families",                                 Body::StrangeFamily,     "vvvvvvvvvvvvnnu", SKIP),
    Line("GET",    "/v1/families/{family}",                        Body::None,              "22n2222n22nnnnu", "nnnnnnnnnnnnnnu"),
    Line("PUT",    "/v1/families/{family}",                        Body::Family,            "ssnssnnnnnnnnnu", "nnnnnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies",                             Body::None,              "222222222222nnu", SKIP),
    Line("POST",   "/v1/chronologies",                             Body::StrangeChronology, "vvvvvnnnnnnvnnu", SKIP),
    Line("GET",    "/v1/chronologies/{chronology}",                Body::None,              "2222n22n22nnnnu", "xxxxnxxnxxnnnnu"),
    Line("PATCH",  "/v1/chronologies/{chronology}",                Body::Question,          "ssssnnnnnnnnnnu", "xxxxnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/open",           Body::None,              "wwwwnnnnnnnnnnu", "xxxxnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/close",          Body::None,              "wwnwnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/reopen",         Body::Reason,            "nwnnnnnnnnnnnnu", "nxnnnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/extend",         Body::SameExpiry,        "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/sign-off",       Body::SignOff,           "nwnnnnnnnnnnnnu", "nxnnnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/readers",        Body::None,              "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("GET",    "/v1/tombstones/{chronology}",                  Body::None,              "nnnnnnnnnnnnnnu", SKIP),
    Line("GET",    "/v1/chronologies/{chronology}/invitations",    Body::None,              "2222n22n22nnnnu", "xxxxnxxnxxnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/invitations",    Body::StrangeInvitation, "vvvvnnnnnnnnnnu", "xxxxnnnnnnnnnnu"),
    Line("GET",    "/v1/invitations",                              Body::None,              "222222222222nnu", SKIP),
    Line("GET",    "/v1/invitations/{invitation}",                 Body::None,              "2222n2nn22nnnnu", "nnnnnnnnnnnnnnu"),
    Line("PATCH",  "/v1/invitations/{invitation}",                 Body::Message,           "ssssnnnnsnnnnnu", "nnnnnnnnnnnnnnu"),
    Line("GET",    "/v1/invitations/{invitation}/form",            Body::None,              "nnnnn2nn22nnnnu", "nnnnnnnnnnnnnnu"),
    Line("POST",   "/v1/invitations/{invitation}/draft",           Body::None,              "nnnnnwnnwwnnnnu", "nnnnnnnnnnnnnnu"),
    Line("POST",   "/v1/invitations/{invitation}/nil-return",      Body::Nil,               "nnnnnwnnwwnnnnu", "nnnnnnnnnnnnnnu"),
    Line("POST",   "/v1/invitations/{invitation}/decline",         Body::Refusal,           "nnnnnwnnwwnnnnu", "nnnnnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/fragments",      Body::None,              "22n2n22n22nnnnu", "xxnxnxxnxxnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/fragments",      Body::StrangeEntry,      "nnnnnvvnvvnnnnu", "nnnnnxxnxxnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/fragments",      Body::StrangeProxy,      "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("PUT",    "/v1/chronologies/{chronology}/fragments/NEW",  Body::StrangeEntry,      "nnnnnvvnvvnnnnu", "nnnnnxxnxxnnnnu"),
    Line("GET",    "/v1/fragments",                                Body::None,              "222222222222nnu", SKIP),
    Line("POST",   "/v1/fragments",                                Body::StrangeAhead,      "nnnnnvvvvvvnnnu", SKIP),
    Line("GET",    "/v1/fragments/{fragment}",                     Body::None,              "22n2n2nn22nnnnu", "xxnxnxnnxxnnnnu"),
    Line("PUT",    "/v1/fragments/{fragment}",                     Body::StrangeEntry,      "nnnnnsnnssnnnnu", "nnnnnxnnxxnnnnu"),
    Line("DELETE", "/v1/fragments/{fragment}",                     Body::None,              "nnnnnsnnssnnnnu", "nnnnnxnnxxnnnnu"),
    Line("POST",   "/v1/fragments/{fragment}/extend",              Body::PastExpiry,        "nnnnnvnnvvnnnnu", "nnnnnxnnxxnnnnu"),
    Line("GET",    "/v1/fragments/{fragment}/versions",            Body::None,              "22n2n2nn22nnnnu", "xxnxnxnnxxnnnnu"),
    Line("GET",    "/v1/fragments/{fragment}/versions/1",          Body::None,              "22n2n2nn22nnnnu", "xxnxnxnnxxnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/timeline",       Body::None,              "22n2n2wnnnnnnnu", "xxnxnxxnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/links",          Body::None,              "22n2n2wnnnnnnnu", "xxnxnxxnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/link-decisions", Body::None,              "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/link-decisions", Body::StrangeLink,       "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/link-decisions/{link}", Body::None,       "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("POST",   "/v1/chronologies/{chronology}/link-decisions/{link}/withdrawal", Body::BlankReason, "vvnvnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/consolidations", Body::None,              "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/consolidations/{consolidation}", Body::None, "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("GET",    "/v1/chronologies/{chronology}/snapshot",       Body::None,              "wwnwnnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
    Line("GET",    "/v1/holds",                                    Body::None,              "n2nnnnnnnnnn2nu", SKIP),
    Line("POST",   "/v1/holds",                                    Body::StrangeHold,       "nvnnnnnnnnnnnnu", SKIP),
    Line("POST",   "/v1/holds/{hold}/confirmation",                Body::None,              "nwnnnnnnnnnnnnu", SKIP),
    Line("POST",   "/v1/holds/{hold}/release",                     Body::BlankReason,       "nvnnnnnnnnnnnnu", SKIP),
    Line("GET",    "/v1/fragments/{fragment}/readers",             Body::None,              "nnnnn2nn22nnnnu", "nnnnnxnnxxnnnnu"),
    Line("POST",   "/v1/emergency-accesses",                       Body::TooLong,           "vvnvvnnnnnnvnnu", SKIP),
    Line("GET",    "/v1/emergency-accesses/{emergency}",           Body::None,              "n2nnnnnnnnnn2nu", "n2nnnnnnnnnn2nu"),
    Line("POST",   "/v1/emergency-accesses/{emergency}/end",       Body::None,              "nnnnnnnnnnnnnnu", "nnnnnnnnnnnnnnu"),
    Line("POST",   "/v1/emergency-accesses/{emergency}/review",    Body::BlankNote,         "nvnnnnnnnnnnvnu", "nvnnnnnnnnnnvnu"),
    Line("GET",    "/v1/alerts",                                   Body::None,              "22n22nnnnnn22nu", SKIP),
    Line("GET",    "/v1/audit",                                    Body::None,              "nnnnnnnnnnnn2nu", SKIP),
    // Last, because it does something.
    Line("POST",   "/v1/chronologies/{chronology}/consolidations", Body::None,              "22n2nnnnnnnnnnu", "xxnxnnnnnnnnnnu"),
];

const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";

/// The seed with one of everything, and where each stands in a path.
struct World {
    seed: Seed,
    names: Vec<(&'static str, String)>,
    expires_at: Value,
}

impl World {
    fn make(app: &TestApp) -> Self {
        let seed = app.seed();
        let consolidation = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).id();
        let manager = app.by(User::MANAGER);
        let _ = manager.post(&seed.at("reopen"), &inputs::reason(json!({}))).ok();
        let hold =
            json!({"scope": "child", "target_id": seed.twin, "reason": "Canary order", "review_at": app.in_days(30)});
        let hold = manager.post("/v1/holds", &hold).id();
        let told = json!({"on_behalf_of": seed.agencies["beacon"]});
        let told = inputs::with(inputs::fragment(&[inputs::entry("came to the club", "2026-01-20", &[])]), told);
        let told = app.by(User::OWNER).post(&seed.at("fragments"), &told).ok()["entries"][0]["id"].clone();
        let first =
            app.by(User::OWNER).get(&format!("/v1/fragments/{}", seed.fragment)).ok()["entries"][0]["id"].clone();
        let link =
            json!({"decision": "related", "entries": [first], "with": [told], "reason": "Canary: the club asked."});
        let link = app.by(User::OWNER).post(&seed.at("link-decisions"), &link).id();
        // Somebody who is in no column.
        let duty = User { name: "DUTY", ..User::COLLEAGUE };
        let glass = json!({"chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary"});
        let emergency = app.by(duty).post("/v1/emergency-accesses", &glass).id();
        let names = vec![
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
        ];
        let expires_at = app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone();
        Self { seed, names, expires_at }
    }

    fn path(&self, pattern: &str) -> String {
        self.names.iter().fold(pattern.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    /// The same path about something that was never there.
    fn absent(&self, pattern: &str) -> String {
        self.names.iter().fold(pattern.to_owned(), |path, (name, _)| path.replace(name, ABSENT))
    }

    fn ask(&self, app: &TestApp, user: User, line: &Line, path: &str, round: usize) -> Answer {
        let body = self.body(app, user, line.2, round);
        let by = app.by(user);
        match line.0 {
            "GET" => by.get(path),
            "POST" => by.post(path, &body),
            "PUT" if path.contains("/fragments/NEW") => by.put(path, None, &body),
            "PUT" => by.put(path, Some(999), &body),
            "PATCH" => by.patch(path, Some(999), &body),
            _ => by.delete(path, Some(999)),
        }
    }

    fn body(&self, app: &TestApp, user: User, body: Body, round: usize) -> Value {
        let seed = &self.seed;
        let strange = inputs::entry("a fall", "2026-01-02", &[ABSENT]);
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
            Body::StrangeFamily => json!({"label": "Canary", "members": [ABSENT]}),
            Body::Family => {
                json!({"label": "Canary", "members": [seed.twin, seed.other_twin, seed.unborn, seed.father, seed.mother]})
            }
            Body::StrangeChronology => inputs::chronology(ABSENT, &[]),
            Body::Question => json!({"question": "Canary?"}),
            Body::Reason => inputs::reason(json!({})),
            Body::SameExpiry => inputs::reason(json!({"expires_at": self.expires_at})),
            Body::PastExpiry => inputs::reason(json!({"expires_at": "2026-03-01T00:00:00Z"})),
            Body::SignOff => json!({"snapshot": "export"}),
            Body::StrangeInvitation => json!({"agency_id": ABSENT}),
            Body::Message => json!({"practitioners": []}),
            Body::Nil => inputs::nil(),
            Body::Refusal => inputs::refusal(),
            Body::StrangeEntry => inputs::fragment(&[strange]),
            Body::StrangeProxy => {
                inputs::with(inputs::fragment(&[strange]), json!({"on_behalf_of": seed.agencies["beacon"]}))
            }
            Body::StrangeAhead => inputs::with(
                inputs::fragment(&[inputs::entry("a fall", "2026-01-02", &[])]),
                json!({"family_id": ABSENT, "expires_at": app.in_days(10)}),
            ),
            Body::StrangeHold => json!({
                "scope": "chronology", "target_id": ABSENT, "reason": "Canary", "review_at": app.in_days(30),
            }),
            Body::StrangeLink => json!({"decision": "same_event", "entries": [ABSENT], "reason": "Canary"}),
            Body::BlankReason => json!({"reason": "   "}),
            Body::TooLong => json!({
                "chronology_id": ABSENT, "reason_code": "court_order", "reason": "Canary", "minutes": 1_000,
            }),
            Body::BlankNote => json!({"finding": "justified", "note": "   "}),
        }
    }
}

fn letter(answer: &Answer) -> char {
    match answer.status {
        200 | 201 | 204 => '2',
        401 => 'u',
        404 => 'n',
        409 => 'w',
        410 => 'x',
        412 => 's',
        422 => 'v',
        other => panic!("{}: {other} {}", answer.asked, answer.text()),
    }
}

/// Lets all users do something at once.
fn together(users: &[User], act: impl Fn(User) -> char + Sync) -> String {
    std::thread::scope(|scope| {
        let asked: Vec<_> = users.iter().map(|user| scope.spawn(|| act(*user))).collect();
        asked.into_iter().map(|one| one.join().expect("an answer")).collect()
    })
}

/// Asks every line at `column` of the table, and says which lines are answered otherwise than they should be.
fn differences(app: &TestApp, world: &World, round: usize, expected: impl Fn(&Line) -> String) -> Vec<String> {
    let users = &EVERYBODY[..COLUMNS];
    let lines = TABLE.iter().map(|line| (line, expected(line))).filter(|(_, expected)| !expected.is_empty());
    lines
        .filter_map(|(line, expected)| {
            let path = if round == ROUND_ABSENT { world.absent(line.1) } else { world.path(line.1) };
            let found: String = together(users, |user| letter(&world.ask(app, user, line, &path, round)));
            (found != expected).then(|| format!("{:6} {:50} is {found}, should be {expected}", line.0, line.1))
        })
        .collect()
}

const ROUND_LIVE: usize = 0;
const ROUND_ABSENT: usize = 1;

/// What is absent is absent to everybody, and to nobody it says nothing at all.
fn nothing_there(line: &Line) -> String {
    if !line.1.contains('{') || line.1.contains('?') {
        return String::new();
    }
    line.3.chars().map(|live| if live == 'u' { 'u' } else { 'n' }).collect()
}

on_both! {
    fn everybody_is_answered_what_the_table_says(app) {
        let world = World::make(app);
        let absent = differences(app, &world, ROUND_ABSENT, nothing_there);
        assert!(absent.is_empty(), "absent:\n{}", absent.join("\n"));
        let live = differences(app, &world, ROUND_LIVE, |line| line.3.to_owned());
        assert!(live.is_empty(), "live:\n{}", live.join("\n"));
    }

    fn expired_is_said_to_those_who_were_entitled_before_and_after_deletion(app) {
        let world = World::make(app);
        let hold = format!("/v1/holds/{}/release", world.names[9].1);
        let _ = app.by(User::MANAGER).post(&hold, &json!({"reason": "Canary: over"})).ok();
        app.set_to(&world.expires_at);
        let before = differences(app, &world, 2, |line| line.4.to_owned());
        assert!(before.is_empty(), "before deletion:\n{}", before.join("\n"));
        app.work();
        let after = differences(app, &world, 3, |line| line.4.to_owned());
        assert!(after.is_empty(), "after deletion:\n{}", after.join("\n"));
        let tombstone = format!("/v1/tombstones/{}", world.seed.chronology);
        let found: String = EVERYBODY[..COLUMNS].iter().map(|user| letter(&app.by(*user).get(&tombstone))).collect();
        assert_eq!(found, "2222n22n22nnnnu");
    }

    fn absent_and_not_yours_are_the_same_byte_for_byte(app) {
        let world = World::make(app);
        for line in TABLE.iter().filter(|line| line.1.contains('{') && !line.1.contains('?')) {
            let denied: Vec<User> =
                EVERYBODY.iter().zip(line.3.chars()).filter(|(_, live)| *live == 'n').map(|(user, _)| *user).collect();
            let _ = together(&denied, |user| {
                let real = world.ask(app, user, line, &world.path(line.1), 4);
                let absent = world.ask(app, user, line, &world.absent(line.1), 5);
                assert_eq!(real.without_request(), absent.without_request(), "{}", real.asked);
                assert_eq!(shape(&real), shape(&absent), "{}", real.asked);
                letter(&real)
            });
        }
    }

    fn the_surgery_does_not_see_the_school_nor_the_school_the_surgery(app) {
        let seed = app.seed();
        let surgery = seed.invitation("surgery");
        assert_eq!(app.by(User::RETURNED).get(&surgery).status, 404);
        assert_eq!(app.by(User::LEAD).get(&format!("{surgery}/form")).status, 404);
        let listed = app.by(User::WAITING).get(&seed.at("invitations")).ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
        let fragments = app.by(User::WAITING).get(&seed.at("fragments")).ok();
        assert_eq!(fragments["items"], json!([]), "the school's return does not show");
    }

    fn a_draft_shows_to_nobody_it_will_ask(app) {
        let seed = app.seed_draft();
        let invite = json!({"agency_id": seed.agencies["surgery"], "practitioners": [seed.people[User::WAITING.name]]});
        let invitation = app.by(User::OWNER).post(&seed.at("invitations"), &invite).id();
        let waiting = app.by(User::WAITING);
        for path in [seed.path.clone(), seed.at("invitations"), seed.at("timeline"), format!("/v1/invitations/{invitation}"),
                     format!("/v1/families/{}", seed.family), format!("/v1/people/{}", seed.twin)] {
            assert_eq!(waiting.get(&path).status, 404, "{path}");
        }
        assert_eq!(waiting.get("/v1/invitations").ok()["items"], json!([]));
        assert_eq!(waiting.get("/v1/chronologies").ok()["items"], json!([]));
    }

    fn a_draft_that_is_closed_shows_to_nobody_it_would_have_asked_and_is_not_reopened(app) {
        let seed = app.seed_draft();
        let invite = json!({"agency_id": seed.agencies["surgery"], "practitioners": [seed.people[User::WAITING.name]]});
        let invitation = app.by(User::OWNER).post(&seed.at("invitations"), &invite).id();
        assert_eq!(app.by(User::OWNER).post(&seed.at("close"), &Value::Null).ok()["state"], "closed");
        let waiting = app.by(User::WAITING);
        let unseen = |stage: &str| {
            for path in [seed.path.clone(), seed.at("invitations"), format!("/v1/invitations/{invitation}"), format!("/v1/invitations/{invitation}/form"),
                         format!("/v1/families/{}", seed.family), format!("/v1/people/{}", seed.twin), format!("/v1/tombstones/{}", seed.chronology)] {
                assert_eq!(waiting.get(&path).status, 404, "{stage}: {path}");
            }
            assert_eq!(waiting.get("/v1/invitations").ok()["items"], json!([]), "{stage}");
            assert_eq!(waiting.get("/v1/chronologies").ok()["items"], json!([]), "{stage}");
        };
        unseen("closed");
        let reopened = app.by(User::MANAGER).post(&seed.at("reopen"), &inputs::reason(json!({})));
        assert_eq!(reopened.status, 409, "what opening asks for was never asked");
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        unseen("over");
        app.work();
        unseen("gone");
    }

    fn a_system_without_its_certificate_is_nobody(app) {
        let _ = app.seed();
        let token = app.bearer(User::SYSTEM);
        let without = app.by(User::NOBODY).send("GET", "/v1/me", &[("Authorization", &token)], &[]);
        assert_eq!(without.status, 401, "{}", without.text());
        assert_eq!(app.by(User::SYSTEM).get("/v1/me").status, 200);
    }

    fn an_issuer_gives_the_roles_that_it_may_give_and_no_others(app) {
        let seed = app.seed();
        let with = |token: &str| app.by(User::NOBODY).send("GET", "/v1/me", &[("Authorization", token)], &[]).status;
        for role in Role::ALL {
            let expected = match role {
                // A system needs its certificate besides.
                Role::Auditor | Role::SystemClient => 401,
                Role::SocialWorker | Role::TeamManager | Role::Practitioner | Role::SafeguardingLead | Role::BusinessSupport => 200,
            };
            assert_eq!(with(&app.bearer_of_agency_issuer(User::UNNAMED, &[*role])), expected, "{role:?}");
        }
        // Roles of children's social care count there alone, whoever gives them.
        let manager = app.bearer_of_agency_issuer(User::UNNAMED, &[Role::TeamManager, Role::SocialWorker]);
        for path in [seed.path.as_str(), "/v1/holds", "/v1/unpurged", &seed.at("timeline")] {
            let answer = app.by(User::NOBODY).send("GET", path, &[("Authorization", &manager)], &[]);
            assert_eq!(answer.status, 404, "{path}");
        }
    }

    fn an_agencys_issuer_makes_nobody_an_auditor(app) {
        let _ = app.seed();
        let with = |token: &str, path: &str| app.by(User::NOBODY).send("GET", path, &[("Authorization", token)], &[]);
        assert_eq!(app.by(User::AUDITOR).get("/v1/audit").status, 200, "the partnership's issuer is named for it");
        let alone = app.bearer_of_agency_issuer(User::UNNAMED, &[Role::Auditor]);
        for path in ["/v1/me", "/v1/audit"] {
            assert_eq!(with(&alone, path).status, 401, "{path}");
        }
        let beside = app.bearer_of_agency_issuer(User::UNNAMED, &[Role::Practitioner, Role::Auditor]);
        for path in ["/v1/me", "/v1/audit", "/v1/alerts", "/v1/deletion-certificates"] {
            assert_eq!(with(&beside, path).status, app.by(User::UNNAMED).get(path).status, "{path}");
        }
        assert_eq!(with(&beside, "/v1/audit").status, 404);
    }
}

/// Header names, and values but for those that differ from one request to the next.
fn shape(answer: &Answer) -> Vec<(String, String)> {
    let differs = ["x-request-id", "ratelimit", "date", "content-length"];
    let mut headers = answer.headers.clone();
    headers.iter_mut().filter(|(name, _)| differs.contains(&name.as_str())).for_each(|(_, value)| value.clear());
    headers.sort();
    headers
}
