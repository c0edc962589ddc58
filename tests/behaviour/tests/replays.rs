//! What is kept of a write for a repeat: no content, so that a repeat gives back nothing that reading would not.

use std::collections::BTreeSet;

use behaviour::document::{document, operations};
use behaviour::inputs::{adult, child, chronology, entry, fragment, nil, reason, refusal, with, without};
use behaviour::{Answer, Seed, TestApp, User, on_both, raw};
use serde_json::{Value, json};

/// The owner, whose token no longer lets them read criminal-offence data.
const OWNER_WITHOUT_OFFENCES: User = User { offence_data: false, ..User::OWNER };

/// All that is kept of a write: identifiers, keyed hashes, a word from a closed list, times. A column that could hold
/// content, in clear or sealed, does not belong in this list.
const KEPT: [&str; 8] = [
    "created_at",
    "expires_at",
    "fingerprint",
    "key_index",
    "object_id",
    "outcome",
    "partnership_id",
    "practitioner_id",
];

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// One write under a key, as it was sent, and where what it was about is read.
struct Sent {
    operation: &'static str,
    user: User,
    path: String,
    body: Value,
    first: Answer,
    read_at: Option<String>,
}

/// Writes of one story, each repeated at once and again at its end.
struct Story<'a> {
    app: &'a TestApp,
    sent: Vec<Sent>,
}

impl Story<'_> {
    /// Sends a write under a key of its own and repeats it. `read_at` has `{id}` for the identifier in the answer; where
    /// reading gives the same kind of answer, the repeat is compared with it.
    fn send(
        &mut self,
        operation: &'static str,
        user: User,
        path: &str,
        body: &Value,
        read_at: Option<&str>,
        same: bool,
    ) -> Answer {
        let by = self.app.by(user);
        let first = by.post_as(operation, path, body);
        assert!(first.status < 300 && !replayed(&first), "{operation}: {} {}", first.status, first.text());
        let again = by.post_as(operation, path, body);
        assert!(replayed(&again), "{operation}: {}", again.text());
        assert_eq!((again.status, again.json()), (first.status, first.json()), "{operation}");
        assert_eq!(again.header("location"), first.header("location"), "{operation}");
        let read_at =
            read_at.map(|path| if path.contains("{id}") { path.replace("{id}", &first.id()) } else { path.into() });
        if let Some(path) = read_at.as_deref().filter(|_| same) {
            assert_eq!(again.json(), by.get(path).ok(), "{operation} is drawn as {path}");
        }
        self.sent.push(Sent { operation, user, path: path.into(), body: body.clone(), first: first.clone(), read_at });
        first
    }

    /// Repeats every write: each is answered as reading its object is, if it is answered at all.
    fn repeat_all(&self) {
        for sent in &self.sent {
            let by = self.app.by(sent.user);
            let again = by.post_as(sent.operation, &sent.path, &sent.body);
            let expected = match &sent.read_at {
                Some(path) => match by.get(path).status {
                    200 => sent.first.status,
                    refused => refused,
                },
                None => sent.first.status,
            };
            assert_eq!(again.status, expected, "{}: {}", sent.operation, again.text());
            assert_eq!(replayed(&again), expected < 300, "{}", sent.operation);
        }
    }
}

fn first_entry(app: &TestApp, fragment: &str) -> Value {
    app.by(User::OWNER).get(&format!("/v1/fragments/{fragment}")).ok()["entries"][0]["id"].clone()
}

/// Prepares two chronologies with every write that goes before agencies answer; says which are open.
fn prepare(story: &mut Story<'_>, seed: &Seed) {
    let (app, people) = (story.app, "/v1/people");
    let agency = json!({"code": "clinic", "name": "Hill Clinic", "kind": "gp", "has_access": true});
    let agency =
        story.send("create_agency", User::MANAGER, "/v1/agencies", &agency, Some("/v1/agencies/{id}"), true).id();
    let practitioner = json!({"agency_id": agency, "issuer": "https://marlshire.example/issuer", "subject": "new", "name": "Canaryname New"});
    story.send(
        "create_practitioner",
        User::MANAGER,
        "/v1/practitioners",
        &practitioner,
        Some("/v1/practitioners/{id}"),
        true,
    );
    // What the surgery sends ahead is perhaps about the elder twin, so that there is a question to answer.
    let perhaps = without(child("Orla", "2018-05-14", 0), "/nhs_number");
    let perhaps = without(with(perhaps, json!({"no_nhs_number_reason": "not_known_to_agency"})), "/addresses");
    let theirs = story.send("create_person", User::WAITING, people, &perhaps, Some("/v1/people/{id}"), true).id();
    let family = json!({"label": "Canary family of ours", "members": [theirs]});
    let family =
        story.send("create_family", User::WAITING, "/v1/families", &family, Some("/v1/families/{id}"), true).id();
    let ahead = fragment(&[entry("a burn", "2026-02-03", &[])]);
    let ahead = with(ahead, json!({"family_id": family, "expires_at": app.in_days(80)}));
    story.send("submit_fragment_ahead", User::WAITING, "/v1/fragments", &ahead, Some("/v1/fragments/{id}"), false);
    let second = chronology(&seed.family, &[]);
    story.send("create_chronology", User::OWNER, "/v1/chronologies", &second, Some("/v1/chronologies/{id}"), true);
    let invited = json!({"agency_id": seed.agencies["surgery"], "practitioners": [seed.people[User::WAITING.name]], "message": "Canary"});
    story.send("create_invitation", User::OWNER, &seed.at("invitations"), &invited, Some("/v1/invitations/{id}"), true);
    story.send("open_chronology", User::OWNER, &seed.at("open"), &Value::Null, Some(&seed.path), true);
}

/// Invites an agency; says where its invitation is.
fn invite(app: &TestApp, seed: &Seed, agency: &str, user: User) -> String {
    let body = json!({"agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]]});
    format!("/v1/invitations/{}", app.by(User::OWNER).post(&seed.at("invitations"), &body).id())
}

/// Agencies answer, and people decide about what they sent.
fn answer(story: &mut Story<'_>, seed: &Seed) {
    let app = story.app;
    let visitors = invite(app, seed, "visitors", User::VISITOR);
    story.send("start_draft", User::VISITOR, &format!("{visitors}/draft"), &Value::Null, Some(&visitors), true);
    story.send("decline_invitation", User::VISITOR, &format!("{visitors}/decline"), &refusal(), Some(&visitors), true);
    let homes = invite(app, seed, "homes", User::HOUSING);
    story.send("submit_nil_return", User::HOUSING, &format!("{homes}/nil-return"), &nil(), Some(&homes), true);
    let _ = invite(app, seed, "police", User::OFFICER);
    let _ = invite(app, seed, "school", User::RETURNED);
    let fragments = seed.at("fragments");
    let own = fragment(&[entry("missed the school nurse", "2026-01-12", &[])]);
    let school =
        story.send("submit_fragment", User::RETURNED, &fragments, &own, Some("/v1/fragments/{id}"), false).id();
    let own = fragment(&[entry("seen at home", "2026-01-12", &[])]);
    let police = app.by(User::OFFICER).post(&fragments, &own).id();
    let later = reason(json!({"expires_at": app.in_days(50)}));
    let extend = format!("/v1/fragments/{school}/extend");
    story.send("extend_fragment", User::RETURNED, &extend, &later, Some(&format!("/v1/fragments/{school}")), false);
    let link = json!({"decision": "same_event", "entries": [first_entry(app, &school), first_entry(app, &police)], "reason": "Canary"});
    let decisions = seed.at("link-decisions");
    let decision = story
        .send("create_link_decision", User::OWNER, &decisions, &link, Some(&format!("{decisions}/{{id}}")), false)
        .id();
    let withdrawal = format!("{decisions}/{decision}/withdrawal");
    story.send(
        "withdraw_link_decision",
        User::OWNER,
        &withdrawal,
        &reason(json!({})),
        Some(&format!("{decisions}/{decision}")),
        false,
    );
    let question = app.by(User::OWNER).get(&seed.at("questions")).ok()["items"][0]["id"].clone();
    let decided = reason(json!({"question": question, "decision": "different"}));
    let links = seed.at("person-links/{id}");
    story.send("decide_person", User::OWNER, &seed.at("person-decisions"), &decided, Some(&links), false);
}

/// Somebody breaks the glass, and the chronology comes to its end.
fn finish(story: &mut Story<'_>, seed: &Seed) {
    let app = story.app;
    let glass = json!({"chronology_id": seed.chronology, "reason_code": "court_order", "reason": "Canary"});
    let at = "/v1/emergency-accesses";
    let access =
        story.send("open_emergency_access", User::COLLEAGUE, at, &glass, Some(&format!("{at}/{{id}}")), true).id();
    let access = format!("{at}/{access}");
    story.send("end_emergency_access", User::COLLEAGUE, &format!("{access}/end"), &Value::Null, Some(&access), true);
    let review = json!({"finding": "justified", "note": "Canary"});
    story.send("review_emergency_access", User::MANAGER, &format!("{access}/review"), &review, Some(&access), true);
    let hold =
        json!({"scope": "chronology", "target_id": seed.chronology, "reason": "Canary", "review_at": app.in_days(9)});
    let hold = story.send("place_hold", User::MANAGER, "/v1/holds", &hold, None, false).id();
    let everything = json!({"scope": "all", "reason": "Canary", "review_at": app.in_days(9)});
    let everything = app.by(User::DEPUTY).post("/v1/holds", &everything).id();
    let confirmation = format!("/v1/holds/{everything}/confirmation");
    story.send("confirm_hold", User::MANAGER, &confirmation, &Value::Null, None, false);
    let release = format!("/v1/holds/{everything}/release");
    let _ = app.by(User::DEPUTY).post(&release, &json!({"reason": "Canary"})).ok();
    let release = format!("/v1/holds/{hold}/release");
    story.send("release_hold", User::MANAGER, &release, &json!({"reason": "Canary"}), None, false);
    let frozen = seed.at("consolidations/{id}");
    story.send("create_consolidation", User::OWNER, &seed.at("consolidations"), &Value::Null, Some(&frozen), true);
    story.send(
        "sign_off_chronology",
        User::MANAGER,
        &seed.at("sign-off"),
        &json!({"snapshot": "export"}),
        Some(&seed.path),
        true,
    );
    story.send("close_chronology", User::OWNER, &seed.at("close"), &Value::Null, Some(&seed.path), true);
    story.send("reopen_chronology", User::MANAGER, &seed.at("reopen"), &reason(json!({})), Some(&seed.path), true);
    let later = reason(json!({"expires_at": app.in_days(70)}));
    story.send("extend_chronology", User::OWNER, &seed.at("extend"), &later, Some(&seed.path), true);
    story.repeat_all();
    let order = json!({"reason_code": "closed", "reason": "Canary order", "snapshot_waiver": "Canary waiver"});
    let stone = format!("/v1/tombstones/{}", seed.chronology);
    let asked = app.by(User::DEPUTY).post(&seed.at("destruction"), &order).ok();
    let confirms = with(order, json!({"confirms": asked["request"]["id"]}));
    story.send("destroy_chronology", User::MANAGER, &seed.at("destruction"), &confirms, Some(&stone), false);
}

/// Every operation that takes an idempotency key, by the document.
fn under_a_key() -> BTreeSet<String> {
    let document = document();
    let takes_key = |one: &&behaviour::document::Documented| {
        one.parameters(&document).iter().any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    let all = operations(&document);
    all.iter().filter(takes_key).filter_map(|one| one.operation["operationId"].as_str().map(str::to_owned)).collect()
}

on_both! {
    fn nothing_kept_has_room_for_content(app) {
        let _ = app.seed();
        assert_eq!(raw::columns(app, "idempotency"), KEPT);
    }

    fn every_write_under_a_key_is_answered_again_as_it_is_read(app) {
        let seed = app.seed_draft();
        let mut story = Story { app, sent: Vec::new() };
        prepare(&mut story, &seed);
        answer(&mut story, &seed);
        finish(&mut story, &seed);
        let told: BTreeSet<String> = story.sent.iter().map(|sent| sent.operation.to_owned()).collect();
        assert_eq!(told, under_a_key(), "each is in the story, so that each is drawn anew");
        // The chronology is destroyed, and with it almost everything that was answered.
        story.repeat_all();
        let counts = raw::counts(app);
        assert_eq!((counts["chronologies"], counts["idempotency"] >= 27), (1, true), "no repeat had an effect: {counts:?}");
        app.pass_days(1);
        app.work();
        assert_eq!(raw::counts(app)["idempotency"], 0, "nothing is kept longer than a day");
    }

    fn a_repeated_consolidation_gives_back_no_withdrawn_words(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let brief = app.by(User::WAITING).post(&seed.at("fragments"), &fragment(&[entry("brief burn", "2026-01-02", &[])])).id();
        let freeze = || owner.post_as("freeze", &seed.at("consolidations"), &Value::Null);
        let first = freeze();
        assert!(first.status == 201 && first.text().contains("brief burn") && first.text().contains("missed the school nurse"));
        assert_eq!(freeze().body, first.body, "while nothing has changed");
        let _ = app.by(User::WAITING).delete(&format!("/v1/fragments/{brief}"), Some(1)).ok();
        let again = freeze();
        assert_eq!((again.status, replayed(&again), again.text().contains("brief burn")), (201, true, false), "{}", again.text());
        assert_eq!(again.json(), owner.get(&seed.at(&format!("consolidations/{}", first.id()))).ok());
        let readers = app.by(User::RETURNED).get(&format!("/v1/fragments/{}/readers", seed.fragment)).ok();
        let shown = readers["items"].as_array().unwrap().iter().filter(|one| one["operation"] == "chronology.consolidate").count();
        assert_eq!(shown, 3, "whoever contributed learns of each repeat: {readers}");
    }

    fn a_repeated_consolidation_gives_back_no_offences_without_the_right_to_them(app) {
        let seed = app.seed();
        let offence = with(entry("arrested at home", "2026-01-02", &[]), json!({"category": "CRIME"}));
        let _ = app.by(User::OFFICER).post(&seed.at("fragments"), &fragment(&[offence])).ok();
        let freeze = |user: User| app.by(user).post_as("freeze", &seed.at("consolidations"), &Value::Null);
        assert!(freeze(User::OWNER).text().contains("arrested at home"));
        app.pass(1);
        let again = freeze(OWNER_WITHOUT_OFFENCES);
        assert_eq!((again.status, replayed(&again)), (201, true), "{}", again.text());
        assert!(!again.text().contains("arrested") && again.text().contains("missed the school nurse"));
        app.pass(1);
        assert!(freeze(User::OWNER).text().contains("arrested at home"), "who may read it is shown it");
    }

    fn a_repeated_consolidation_gives_back_no_expired_words(app) {
        let seed = app.seed();
        let body = with(fragment(&[entry("brief burn", "2026-01-02", &[])]), json!({"expires_at": "2026-03-02T10:00:00Z"}));
        let brief = app.by(User::WAITING).post_as("sent", &seed.at("fragments"), &body).id();
        let freeze = || app.by(User::OWNER).post_as("freeze", &seed.at("consolidations"), &Value::Null);
        assert!(freeze().text().contains("brief burn"));
        app.pass(1_799);
        assert!(freeze().text().contains("brief burn"));
        app.pass(1);
        let again = freeze();
        assert_eq!((again.status, replayed(&again), again.text().contains("brief")), (201, true, false), "{}", again.text());
        app.work();
        let receipt = app.by(User::WAITING).post_as("sent", &seed.at("fragments"), &body);
        let read = app.by(User::WAITING).get(&format!("/v1/fragments/{brief}"));
        assert_eq!((receipt.status, read.status), (410, 410), "{}", receipt.text());
        assert_eq!(raw::counts(app)["fragments"], 1, "it is not submitted a second time");
    }

    fn a_repeated_submission_says_what_became_of_it_then_and_how_it_is_now(app) {
        let seed = app.seed();
        let body = with(fragment(&[entry("a burn", "2026-01-02", &[])]), json!({"agency_reference": "S-1"}));
        let sent = |key: &str, body: &Value| app.by(User::WAITING).post_as(key, &seed.at("fragments"), body);
        let first = sent("one", &body);
        let more = with(fragment(&[entry("a burn", "2026-01-02", &[]), entry("a cut", "2026-01-03", &[])]), json!({"agency_reference": "S-1"}));
        let second = sent("two", &more);
        assert_eq!((first.status, second.status), (201, 200));
        let again = sent("one", &body);
        assert_eq!((again.status, replayed(&again), &again.json()["outcome"]), (201, true, &json!("created")));
        assert_eq!((again.version(), again.json()["entries"].as_array().map(Vec::len)), (2, Some(2)));
        let _ = app.by(User::WAITING).delete(&format!("/v1/fragments/{}", first.id()), Some(2)).ok();
        for (key, body) in [("one", &body), ("two", &more)] {
            assert_eq!(sent(key, body).status, 410, "withdrawn, as reading it says");
        }
        assert_eq!(raw::counts(app)["fragments"], 1);
    }

    fn a_repeated_link_decision_is_not_for_who_may_no_longer_see_its_entries(app) {
        let seed = app.seed();
        let offence = with(entry("arrested at home", "2026-01-12", &[]), json!({"category": "CRIME"}));
        let police = app.by(User::OFFICER).post(&seed.at("fragments"), &fragment(&[offence])).id();
        let body = json!({"decision": "related", "entries": [first_entry(app, &seed.fragment)], "with": [first_entry(app, &police)], "reason": "Canary"});
        let decide = |user: User| app.by(user).post_as("decide", &seed.at("link-decisions"), &body);
        let first = decide(User::OWNER);
        assert_eq!(first.status, 201);
        app.pass(1);
        let again = decide(OWNER_WITHOUT_OFFENCES);
        let read = app.by(OWNER_WITHOUT_OFFENCES).get(&seed.at(&format!("link-decisions/{}", first.id())));
        assert_eq!((again.status, read.status), (404, 404), "{}", again.text());
    }

    fn a_repeat_is_not_for_who_may_no_longer_read_what_it_was_about(app) {
        let seed = app.seed();
        let person = app.by(User::WAITING).post_as("person", "/v1/people", &adult("Rhys", "male"));
        assert_eq!(person.status, 201);
        let path = format!("/v1/practitioners/{}", seed.people[User::WAITING.name]);
        let version = app.by(User::MANAGER).get(&path).version();
        let _ = app.by(User::MANAGER).patch(&path, Some(version), &json!({"active": false})).ok();
        assert_eq!(app.by(User::WAITING).post_as("person", "/v1/people", &adult("Rhys", "male")).status, 404);
    }
}
