//! Who is who: what agencies send ahead finds the chronology of its children, a person decides where it is not plain,
//! and every link can be undone.

use behaviour::inputs::{adult, at, child, entry, fragment, nhs_number, reason, unborn, with, without};
use behaviour::{Answer, EVERYBODY, Seed, TestApp, User, on_both, raw};
use domain::Role;
use serde_json::{Value, json};

/// Records a family of these people as the user's agency knows them; says who they are and what it is called.
fn family_of(app: &TestApp, user: User, people: &[Value]) -> (Vec<String>, String) {
    let by = app.by(user);
    let people: Vec<String> = people.iter().map(|person| by.post("/v1/people", person).id()).collect();
    let family = by.post("/v1/families", &json!({"label": "Canary family of ours", "members": people})).id();
    (people, family)
}

/// A child without a number.
fn unnumbered(given: &str, born: &str) -> Value {
    with(without(child(given, born, 0), "/nhs_number"), json!({"no_nhs_number_reason": "not_known_to_agency"}))
}

/// The elder twin with a slip in her birthday and no number: perhaps her.
fn perhaps() -> Value {
    without(unnumbered("Orla", "2018-05-14"), "/addresses")
}

fn send_ahead(app: &TestApp, user: User, family: &str, what: &str) -> String {
    let body = fragment(&[entry(what, "2026-02-03", &[])]);
    let body = with(body, json!({"family_id": family, "expires_at": app.in_days(80)}));
    app.by(user).post("/v1/fragments", &body).id()
}

fn invite(app: &TestApp, seed: &Seed, agency: &str, user: User) {
    let body = json!({"agency_id": seed.agencies[agency], "practitioners": [seed.people[user.name]]});
    let _ = app.by(User::OWNER).post(&seed.at("invitations"), &body).ok();
}

/// Invites the surgery and the visitors and opens.
fn open(app: &TestApp, seed: &Seed) {
    invite(app, seed, "surgery", User::WAITING);
    invite(app, seed, "visitors", User::VISITOR);
    let _ = app.by(User::OWNER).post(&seed.at("open"), &Value::Null).ok();
}

fn items(app: &TestApp, path: &str) -> Vec<Value> {
    app.by(User::OWNER).get(path).ok()["items"].as_array().cloned().unwrap_or_default()
}

fn questions(app: &TestApp, seed: &Seed) -> Vec<Value> {
    items(app, &seed.at("questions"))
}

fn links(app: &TestApp, seed: &Seed) -> Vec<Value> {
    items(app, &seed.at("person-links"))
}

fn rows(app: &TestApp, seed: &Seed) -> usize {
    app.by(User::OWNER).get(&seed.at("timeline")).ok()["rows"].as_array().map_or(0, Vec::len)
}

/// What the owner is shown, as it is written.
fn timeline(app: &TestApp, seed: &Seed) -> String {
    app.by(User::OWNER).get(&seed.at("timeline")).text()
}

fn decide(app: &TestApp, seed: &Seed, body: Value) -> Answer {
    app.by(User::OWNER).post(&seed.at("person-decisions"), &reason(body))
}

fn undo(app: &TestApp, seed: &Seed, link: &Value) -> Answer {
    let path = seed.at(&format!("person-links/{}", link["id"].as_str().unwrap()));
    app.by(User::OWNER).patch(&path, link["version"].as_i64(), &reason(json!({"state": "undone"})))
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

on_both! {
    fn plain_matches_are_taken_in_with_evidence(app) {
        let seed = app.seed_draft();
        let (people, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0), adult("Dara", "male")]);
        let id = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        assert_eq!(rows(app, &seed), 1);
        assert_eq!(questions(app, &seed), [] as [Value; 0]);
        let links = links(app, &seed);
        assert_eq!(links.len(), 2, "the child and the father: {links:?}");
        let of = |id: &str| links.iter().find(|link| link["their_person_id"] == id).unwrap();
        let (child, father) = (of(&people[0]), of(&people[1]));
        assert_eq!((text(child, "/our_person_id"), text(father, "/our_person_id")), (seed.twin.as_str(), seed.father.as_str()));
        assert_eq!((text(child, "/band"), text(child, "/state"), child.get("decision")), ("match", "standing", None));
        let words: Vec<&str> = child["evidence"].as_array().unwrap().iter().map(|one| text(one, "/words")).collect();
        assert!(words.contains(&"The NHS number is the same") && words.contains(&"The dates of birth are the same"), "{words:?}");
        assert!(child["evidence"].as_array().unwrap().iter().any(|one| one["weight"].as_i64().unwrap() > 0));
        assert_eq!(text(child, "/steps/0/step"), "found");
        let path = seed.at(&format!("person-links/{}", text(child, "/id")));
        assert_eq!(app.by(User::OWNER).get(&path).version(), 1);
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/fragments/{id}")).ok()["child_id"], Value::Null);
        // A name is evidence of nobody's: the words repeat nothing of a record.
        assert!(!links.iter().any(|link| link.to_string().contains("Canary")), "{links:?}");
    }

    fn twins_and_strangers_are_not_taken_in(app) {
        let seed = app.seed_draft();
        let named = |given: &str| at(unnumbered("", "2019-05-14"), "/name/given", json!(given));
        // Same birthday, family name and home, another given name: a third child of theirs, a twin, or somebody else.
        let (_, family) = family_of(app, User::WAITING, &[named("Marigold")]);
        let id = send_ahead(app, User::WAITING, &family, "a burn");
        // One plain child beside one whom this family does not have: nothing is taken in, and nobody is asked.
        let (_, both) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0), named("Marigold")]);
        let _ = send_ahead(app, User::WAITING, &both, "a graze");
        // Perhaps her, beside one whom this family does not have: no answer would take it in.
        let (_, third) = family_of(app, User::VISITOR, &[perhaps(), at(named("Peregrine"), "/birth/date", json!("2010-01-03"))]);
        let _ = send_ahead(app, User::VISITOR, &third, "a cough");
        open(app, &seed);
        assert_eq!((rows(app, &seed), links(app, &seed).len(), questions(app, &seed).len()), (0, 0, 0));
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).status, 404);
        assert_eq!(raw::counts(app)["person_links"], 0);
    }

    fn an_unborn_baby_is_found_by_its_mother(app) {
        let seed = app.seed_draft();
        let by = app.by(User::WAITING);
        let baby = |expected: &str| by.post("/v1/people", &with(unborn(expected), json!({"name": {"given": "Baby"}}))).id();
        let family = |baby: &str, mother: Value| {
            let mother = by.post("/v1/people", &mother).id();
            let relations = json!([{"from": mother, "kind": "mother_of", "to": baby}]);
            let body = json!({"label": "Canary", "members": [baby, mother], "relationships": relations});
            by.post("/v1/families", &body).id()
        };
        let (same, other) = (baby("2026-07-03"), baby("2026-07-03"));
        let _ = send_ahead(app, User::WAITING, &family(&same, adult("Ffion", "female")), "a scan");
        let stranger = with(adult("", "female"), json!({"name": {"given": "Philippa", "family": "Quillfeather"}}));
        let _ = send_ahead(app, User::WAITING, &family(&other, stranger), "a stranger's scan");
        open(app, &seed);
        // Plain or not, it is found, and nobody else's baby is.
        let all: Vec<Value> = links(app, &seed).into_iter().chain(questions(app, &seed)).collect();
        let theirs = |one: &Value| one["their_person_id"].as_str().or(one["theirs"]["person_id"].as_str()).unwrap().to_owned();
        assert!(all.iter().any(|one| theirs(one) == same), "{all:?}");
        assert!(all.iter().all(|one| theirs(one) != other), "{all:?}");
    }

    fn a_number_with_two_names_goes_to_a_person(app) {
        let seed = app.seed_draft();
        // Her name and birthday, her sister's number.
        let (_, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 1)]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (0, 0));
        assert!(questions(app, &seed).iter().any(|one| one["ours"]["person_id"] == json!(seed.twin)));
    }

    fn a_question_shows_both_records_and_nothing_that_was_written(app) {
        let seed = app.seed_draft();
        // Everything agrees but the number.
        let (people, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 5)]);
        let id = send_ahead(app, User::WAITING, &family, "a burn with narrative");
        open(app, &seed);
        let questions = questions(app, &seed);
        let [question] = questions.as_slice() else { panic!("one question: {questions:?}") };
        assert_eq!((text(question, "/theirs/person_id"), text(question, "/ours/person_id")), (people[0].as_str(), seed.twin.as_str()));
        assert_eq!((text(question, "/theirs/birth/date"), text(question, "/theirs/name/given")), ("2019-05-14", "CanaryOrla"));
        assert_eq!((text(question, "/theirs/agency_id"), text(question, "/ours/agency_id")), (seed.agencies["surgery"].as_str(), seed.agencies["care"].as_str()));
        assert_eq!((text(question, "/theirs/nhs_number"), text(question, "/ours/nhs_number")), (nhs_number(5).as_str(), nhs_number(0).as_str()));
        assert_eq!(text(question, "/theirs/addresses/0/lines"), "4 Canary Row");
        let words: Vec<&str> = question["evidence"].as_array().unwrap().iter().map(|one| text(one, "/words")).collect();
        assert!(words.contains(&"The NHS numbers differ, and both could be right"), "{words:?}");
        let shown = question.to_string();
        assert!(!shown.contains("Refuge") && !shown.contains("burn"), "{shown}");
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (0, 0));
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).status, 404, "unseen until it is answered");
        // Withdrawn, and there is nothing left to answer.
        assert_eq!(app.by(User::WAITING).delete(&format!("/v1/fragments/{id}"), Some(1)).status, 204);
        assert_eq!(items(app, &seed.at("questions")), [] as [Value; 0]);
    }

    fn answered_same_it_is_taken_in(app) {
        let seed = app.seed_draft();
        let (people, family) = family_of(app, User::WAITING, &[perhaps()]);
        let id = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let body = json!({"question": question["id"], "decision": "same"});
        let missing = app.by(User::OWNER).post(&seed.at("person-decisions"), &body);
        assert_eq!(missing.faults().1, [("/reason".to_owned(), "required".to_owned())]);
        let answer = decide(app, &seed, body.clone());
        let link = answer.when(201);
        assert_eq!((answer.version(), text(&link, "/decision"), text(&link, "/state")), (2, "same", "standing"));
        assert_eq!(answer.header("location"), Some(seed.at(&format!("person-links/{}", text(&link, "/id"))).as_str()));
        // The reply is kept for a repeat; why, and the facts, are at the link alone.
        assert_eq!((link["evidence"].clone(), link["steps"][1].get("reason")), (json!([]), None));
        let kept = links(app, &seed).remove(0);
        assert_eq!((text(&kept, "/decided_by"), text(&kept, "/steps/1/reason")), (seed.people["OWNER"].as_str(), "Canary reason: the conference was moved."));
        assert_ne!(kept["evidence"], json!([]));
        assert_eq!(with(kept, json!({"evidence": [], "steps": link["steps"]})), link);
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (1, 0));
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/fragments/{id}")).ok()["chronology_id"], json!(seed.chronology));
        let view = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        assert_eq!(text(&view, "/rows/0/children/0/id"), seed.twin);
        assert_eq!(decide(app, &seed, body).faults().1[0].1, "already_answered");
        // Nobody is two people.
        let other = json!({"their_person_id": people[0], "our_person_id": seed.other_twin, "decision": "same"});
        assert_eq!(decide(app, &seed, other).faults().1[0].1, "already_linked");
    }

    fn answered_different_it_stays_and_is_not_asked_again(app) {
        let seed = app.seed_draft();
        let (_, family) = family_of(app, User::WAITING, &[perhaps()]);
        let id = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let link = decide(app, &seed, json!({"question": question["id"], "decision": "different"})).when(201);
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (0, 0));
        let _ = send_ahead(app, User::WAITING, &family, "another burn");
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (0, 0), "not for what is sent later either");
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/fragments/{id}")).ok().get("chronology_id"), None);
        // Taken back, it is asked again.
        let undone = undo(app, &seed, &link).when(200);
        assert_eq!((text(&undone, "/state"), undone.get("decision")), ("open", None));
        assert_eq!(questions(app, &seed).len(), 1);
    }

    fn a_decision_stands_when_it_is_sent_again(app) {
        let seed = app.seed_draft();
        let (people, family) = family_of(app, User::WAITING, &[perhaps()]);
        let id = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let _ = decide(app, &seed, json!({"question": question["id"], "decision": "same"})).when(201);
        let _ = send_ahead(app, User::WAITING, &family, "a graze");
        assert_eq!(items(app, &seed.at("fragments")).len(), 2, "taken in at once, without another question");
        for fragment in items(app, &seed.at("fragments")) {
            let path = format!("/v1/fragments/{}", text(&fragment, "/id"));
            assert_eq!(app.by(User::WAITING).delete(&path, Some(1)).status, 204);
        }
        assert_eq!(rows(app, &seed), 0);
        let again = send_ahead(app, User::WAITING, &family, "a burn");
        assert_ne!(again, id);
        assert_eq!((rows(app, &seed), questions(app, &seed).len()), (1, 0));
        assert_eq!(links(app, &seed)[0]["their_person_id"], json!(people[0]));
        // And a match that a person has parted is not made again.
        let link = links(app, &seed).remove(0);
        let _ = undo(app, &seed, &link).when(200);
        let apart = json!({"their_person_id": people[0], "our_person_id": seed.twin, "decision": "different"});
        let _ = decide(app, &seed, apart).when(201);
        let _ = send_ahead(app, User::WAITING, &family, "a cough");
        assert_eq!(rows(app, &seed), 0);
    }

    fn undoing_restores_the_timeline_byte_for_byte(app) {
        let seed = app.seed_draft();
        let owner = app.by(User::OWNER);
        invite(app, &seed, "visitors", User::VISITOR);
        let _ = owner.post(&seed.at("open"), &Value::Null).ok();
        let theirs = fragment(&[entry("weighed", "2026-01-05", &[&seed.twin])]);
        let _ = app.by(User::VISITOR).post(&seed.at("fragments"), &theirs).when(201);
        let dara = adult("Dara", "male");
        let (people, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0), child("Isla", "2019-05-14", 1), dara]);
        let about = |what: &str, children: &[&str]| with(entry(what, "2026-02-03", children), json!({"adults": [{"person": people[2], "role": "father"}]}));
        let voice = json!({"words": "Canary words", "child": people[1]});
        let entries = [about("a burn", &[&people[1], &people[0]]), with(about("a graze", &[&people[1]]), json!({"child_voice": voice}))];
        let body = with(fragment(&entries), json!({"family_id": family, "expires_at": app.in_days(80), "child_id": people[1]}));
        let waiting = app.by(User::WAITING);
        let id = waiting.post("/v1/fragments", &body).id();
        let path = format!("/v1/fragments/{id}");
        let before_sent = waiting.get(&path).ok();
        let before_invited = timeline(app, &seed);
        invite(app, &seed, "surgery", User::WAITING);
        let _ = before_invited;
        assert_eq!(rows(app, &seed), 3);
        let all = links(app, &seed);
        assert_eq!(all.len(), 3);
        let of = |links: &[Value], id: &str| links.iter().find(|link| link["their_person_id"] == id).cloned().unwrap();
        // The father first: he is named apart, and everything else stays as it was.
        let father = undo(app, &seed, &of(&all, &people[2])).when(200);
        assert_eq!((rows(app, &seed), text(&father, "/state")), (3, "undone"));
        assert!(timeline(app, &seed).contains(&people[2]));
        // Then a child: all of it goes back.
        let _ = undo(app, &seed, &of(&all, &people[0])).when(200);
        let without_it = timeline(app, &seed);
        let sent_back = waiting.get(&path).ok();
        let without_time = |body: &Value| with(body.clone(), json!({"updated_at": null}));
        assert_eq!(without_time(&sent_back), without_time(&before_sent), "as its agency sent it");
        assert_eq!(app.by(User::OWNER).get(&path).status, 404);
        assert!(!without_it.contains(&people[2]) && !without_it.contains("burn"));
        assert_eq!(links(app, &seed).len(), 2, "what the facts alone had found is forgotten with it");
        // Taken in again by a decision, and undone again: byte for byte the same.
        let again = json!({"their_person_id": people[0], "our_person_id": seed.twin, "decision": "same"});
        let link = decide(app, &seed, again).when(201);
        assert_eq!(rows(app, &seed), 3);
        let _ = undo(app, &seed, &link).when(200);
        assert_eq!(timeline(app, &seed), without_it);
        let stale = undo(app, &seed, &link);
        assert_eq!(stale.status, 412);
        let now = owner.get(&seed.at(&format!("person-links/{}", text(&link, "/id")))).ok();
        assert_eq!((text(&now, "/state"), undo(app, &seed, &now).status), ("undone", 409));
    }

    fn what_the_facts_linked_a_person_parts_and_joins_again(app) {
        let seed = app.seed_draft();
        let (people, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0), child("Isla", "2019-05-14", 1)]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let before = timeline(app, &seed);
        let pair = json!({"their_person_id": people[0], "our_person_id": seed.twin});
        let parted = decide(app, &seed, with(pair.clone(), json!({"decision": "different"}))).when(201);
        assert_eq!((rows(app, &seed), text(&parted, "/decision"), links(app, &seed).len()), (0, "different", 1));
        assert_eq!(parted["version"], 2);
        let joined = undo(app, &seed, &parted).when(200);
        assert_eq!((text(&joined, "/state"), joined.get("decision"), joined["steps"].as_array().unwrap().len()), ("standing", None, 3));
        assert_eq!((timeline(app, &seed), links(app, &seed).len()), (before, 2));
        // Confirmed by a person, it stays with the timeline when it is undone: what the facts found stands again.
        let confirmed = decide(app, &seed, with(pair, json!({"decision": "same"}))).when(201);
        let again = undo(app, &seed, &confirmed).when(200);
        assert_eq!((text(&again, "/state"), rows(app, &seed)), ("standing", 1));
        assert_eq!((text(&undo(app, &seed, &again).when(200), "/state"), rows(app, &seed)), ("undone", 0));
    }

    fn questions_come_in_pages(app) {
        let seed = app.seed_draft();
        for _ in 0..3 {
            let (_, family) = family_of(app, User::WAITING, &[perhaps()]);
            let _ = send_ahead(app, User::WAITING, &family, "a burn");
        }
        open(app, &seed);
        let (mut path, mut seen) = (seed.at("questions?limit=2"), Vec::new());
        for length in [2, 1] {
            let page = app.by(User::OWNER).get(&path).ok();
            assert_eq!(page["items"].as_array().map(Vec::len), Some(length));
            seen.extend(page["items"].as_array().unwrap().iter().map(|one| text(one, "/id").to_owned()));
            path = seed.at(&format!("questions?limit=2&cursor={}", text(&page, "/next").replace('+', "%2B")));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }

    fn undoing_gives_an_agency_its_former_answer_back(app) {
        let seed = app.seed_draft();
        let (_, family) = family_of(app, User::WAITING, &[perhaps()]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let mine = app.by(User::WAITING).get("/v1/invitations").ok();
        let nil = format!("/v1/invitations/{}/nil-return", text(&mine, "/items/0/id"));
        let _ = app.by(User::WAITING).post(&nil, &behaviour::inputs::nil()).ok();
        let before = timeline(app, &seed);
        assert!(before.contains("nil_return"));
        let question = questions(app, &seed).remove(0);
        let link = decide(app, &seed, json!({"question": question["id"], "decision": "same"})).when(201);
        assert!(!timeline(app, &seed).contains("nil_return"));
        let frozen = app.by(User::OWNER).post(&seed.at("consolidations"), &Value::Null).ok();
        assert_eq!(text(&frozen, "/view/rows/0/accounts/0/what"), "Canary a burn");
        let _ = undo(app, &seed, &link).when(200);
        let path = seed.at(&format!("consolidations/{}", text(&frozen, "/id")));
        assert_eq!(app.by(User::OWNER).get(&path).ok()["view"]["rows"], json!([]), "what goes back is in no frozen view");
        let _ = app.by(User::MANAGER).post(&seed.at("reopen"), &reason(json!({}))).ok();
        assert_eq!(timeline(app, &seed), before);
        let invitation = format!("/v1/invitations/{}", text(&mine, "/items/0/id"));
        assert_eq!(text(&app.by(User::OWNER).get(&invitation).ok(), "/statement"), "Canary: both systems searched.");
    }

    fn links_live_and_die_with_what_they_are_about(app) {
        let seed = app.seed_draft();
        let (people, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let id = send_ahead(app, User::WAITING, &family, "a burn");
        let (_, asked) = family_of(app, User::VISITOR, &[perhaps()]);
        let _ = send_ahead(app, User::VISITOR, &asked, "a graze");
        open(app, &seed);
        let end = |pointer: &str| text(&links(app, &seed)[0], pointer).to_owned();
        let chronology_end = app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone();
        assert_eq!(json!(end("/expires_at")), chronology_end);
        // Extended, the link follows its fragment, which lives no longer than its agency said.
        let later = reason(json!({"expires_at": app.in_days(120)}));
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &later).ok();
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/fragments/{id}")).ok()["expires_at"], app.in_days(80));
        assert_eq!(end("/expires_at"), app.in_days(80));
        assert_eq!(questions(app, &seed)[0]["expires_at"], app.in_days(80));
        // Their people live on while it may have to go back.
        app.pass_days(70);
        app.work();
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/people/{}", people[0])).status, 200);
        // Re-timed by its agency, everything follows.
        let sooner = reason(json!({"expires_at": app.in_days(5)}));
        let _ = app.by(User::WAITING).post(&format!("/v1/fragments/{id}/extend"), &sooner).ok();
        assert_eq!(end("/expires_at"), app.in_days(5));
        app.pass_days(5);
        for stage in ["before deletion", "after deletion"] {
            assert_eq!(links(app, &seed).len(), 0, "{stage}");
            app.work();
        }
        assert_eq!(raw::counts(app)["person_links"], 1, "the question");
        assert_eq!(app.by(User::WAITING).get(&format!("/v1/people/{}", people[0])).status, 404);
        app.pass_days(5);
        assert_eq!(questions(app, &seed).len(), 0);
        app.work();
        let counts = raw::counts(app);
        assert_eq!((counts["person_links"], counts["fragment_origins"], counts["families"]), (0, 0, 1), "ours is left");
        app.pass_days(100);
        app.work();
        assert_eq!(app.mortal_keys(), Vec::<String>::new());
    }

    fn links_die_with_their_chronology_and_leave_no_key(app) {
        let seed = app.seed_draft();
        let (_, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        open(app, &seed);
        app.pass(60);
        let id = send_ahead(app, User::WAITING, &family, "sent after the opening");
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (1, 1));
        let withdrawn = send_ahead(app, User::WAITING, &family, "and withdrawn");
        assert_eq!(app.by(User::WAITING).delete(&format!("/v1/fragments/{withdrawn}"), Some(1)).status, 204);
        assert!(!app.keys().iter().any(|key| *key == format!("scope-{withdrawn}")));
        assert!(app.keys().iter().any(|key| *key == format!("scope-{id}")));
        app.set_to(&app.by(User::OWNER).get(&seed.path).ok()["expires_at"].clone());
        assert_eq!(app.by(User::OWNER).get(&seed.at("person-links")).status, 410);
        app.work();
        let counts = raw::counts(app);
        assert_eq!((counts["person_links"], counts["fragment_origins"], counts["people"], counts["fragments"]), (0, 0, 0, 0));
        assert!(app.mortal_keys().iter().all(|key| key.starts_with("epoch")), "{:?}", app.mortal_keys());
        app.pass_days(40);
        app.work();
        assert_eq!(app.mortal_keys(), Vec::<String>::new());
    }

    fn nobody_else_learns_of_it(app) {
        let seed = app.seed_draft();
        let (people, family) = family_of(app, User::WAITING, &[perhaps()]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        let (_, plain) = family_of(app, User::VISITOR, &[child("Isla", "2019-05-14", 1)]);
        let _ = send_ahead(app, User::VISITOR, &plain, "a graze");
        open(app, &seed);
        let link = links(app, &seed).remove(0);
        let (lists, one) = ([seed.at("questions"), seed.at("person-links")], seed.at(&format!("person-links/{}", text(&link, "/id"))));
        let absent = seed.path.replace(&seed.chronology, "01999999-0000-7000-8000-000000000000");
        let decision = reason(json!({"their_person_id": people[0], "our_person_id": seed.twin, "decision": "same"}));
        let change = reason(json!({"state": "undone"}));
        for user in EVERYBODY.iter().copied().filter(|user| *user != User::NOBODY) {
            let by = app.by(user);
            let reads = [User::OWNER, User::MANAGER, User::TEAM].contains(&user);
            for path in lists.iter().chain([&one]) {
                assert_eq!(by.get(path).status, if reads { 200 } else { 404 }, "{} {path}", user.name);
            }
            if !reads {
                let there = by.post(&seed.at("person-decisions"), &decision);
                let nowhere = by.post(&format!("{absent}/person-decisions"), &decision);
                assert_eq!((there.status, there.without_request()), (404, nowhere.without_request()), "{}", user.name);
                assert_eq!(by.patch(&one, Some(1), &change).status, 404, "{}", user.name);
            }
        }
        assert_eq!(links(app, &seed), [link]);
        assert_eq!(questions(app, &seed).len(), 1);
        // A person of nobody's concern here, and one who does not exist, are one answer.
        let (strangers, _) = family_of(app, User::STRANGER, &[unnumbered("Orla", "2019-05-14")]);
        let named = |id: &str| decide(app, &seed, json!({"their_person_id": id, "our_person_id": seed.twin, "decision": "same"}));
        let (there, nowhere) = (named(&strangers[0]), named("01999999-0000-7000-8000-000000000000"));
        assert_eq!((there.status, there.without_request()), (422, nowhere.without_request()));
        let neither = decide(app, &seed, json!({"decision": "same"}));
        assert_eq!(neither.faults().1, [(String::new(), "required".to_owned())]);
    }

    fn every_step_is_audited_without_a_word_of_it(app) {
        let seed = app.seed_draft();
        let (_, family) = family_of(app, User::WAITING, &[perhaps()]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        let (_, plain) = family_of(app, User::VISITOR, &[child("Isla", "2019-05-14", 1)]);
        let _ = send_ahead(app, User::VISITOR, &plain, "a graze");
        open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let link = decide(app, &seed, json!({"question": question["id"], "decision": "same"})).when(201);
        let _ = undo(app, &seed, &link).when(200);
        let audit = app.by(User::AUDITOR).get(&format!("/v1/audit?limit=500&chronology={}", seed.chronology)).ok();
        let operations: Vec<&str> = audit["items"].as_array().unwrap().iter().map(|one| text(one, "/operation")).collect();
        for word in ["person_link.ask", "person_link.find", "person_link.read", "person_link.decide", "person_link.undo"] {
            assert!(operations.contains(&word), "{word}: {operations:?}");
        }
        assert!(!audit.to_string().contains("Canary"));
        for needle in ["canary", &nhs_number(1)] {
            assert!(!raw::finds(app, needle), "{needle} is stored in clear");
        }
    }

    fn a_retried_decision_has_one_effect(app) {
        let seed = app.seed_draft();
        let (_, family) = family_of(app, User::WAITING, &[perhaps()]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let body = reason(json!({"question": questions(app, &seed)[0]["id"], "decision": "same"}));
        let owner = app.by(User::OWNER);
        let first = owner.post_as("once", &seed.at("person-decisions"), &body);
        let again = owner.post_as("once", &seed.at("person-decisions"), &body);
        assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, Some("true")));
        assert_eq!((first.body, rows(app, &seed)), (again.body, 1));
    }

    fn families_without_a_token_in_common_do_not_matter(app) {
        let seed = app.seed_draft();
        let (_, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let _ = send_ahead(app, User::WAITING, &family, "a burn");
        let far = |n: usize| {
            let born = format!("20{:02}-{:02}-{:02}", 9 + n % 9, 1 + n % 4, 15 + n);
            let person = json!({"name": {"given": format!("Zebedee{n}"), "family": format!("Quillfeather{n}")}, "birth": {"date": born},
                                "addresses": [{"lines": format!("{n} Far Street"), "postcode": format!("ZY{n} 8ZZ")}]});
            with(child("x", "2019-05-14", 20 + n), person)
        };
        for n in 0..8 {
            let (_, family) = family_of(app, User::WAITING, &[far(n)]);
            let _ = send_ahead(app, User::WAITING, &family, "somebody else's");
        }
        // An unreadable record would stop whoever opened it; nobody does.
        let strangers = "SELECT p.id FROM people p JOIN practitioners w ON w.id = p.created_by JOIN agencies a ON a.id = w.agency_id WHERE a.code = 'surgery'";
        let plain = "SELECT person_id FROM person_keys WHERE kind = 'nhs_number' GROUP BY token, person_id HAVING token IN (SELECT token FROM person_keys WHERE kind = 'nhs_number' GROUP BY token HAVING count(*) > 1)";
        let spoil = |empty: &str| format!("UPDATE people SET sealed = {empty} WHERE id IN ({strangers}) AND id NOT IN ({plain})");
        raw::execute(app, &spoil("X''"), &spoil("''::bytea"));
        open(app, &seed);
        assert_eq!((rows(app, &seed), links(app, &seed).len(), questions(app, &seed).len()), (1, 1, 0));
        assert_eq!(raw::counts(app)["person_links"], 1);
    }

    fn every_family_goes_back_by_its_own_links(app) {
        let seed = app.seed_draft();
        let waiting = app.by(User::WAITING);
        let person = |given: &str, number: usize| waiting.post("/v1/people", &child(given, "2019-05-14", number)).id();
        // The elder twin is recorded once, the younger twice: each family has one of her.
        let (elder, one, other) = (person("Orla", 0), person("Isla", 1), person("Isla", 1));
        let family = |members: &[&String]| waiting.post("/v1/families", &json!({"label": "Canary", "members": members})).id();
        let sent = |family: &str, what: &str, child: &String| {
            let when = format!("2026-02-{:02}", 3 * what.len());
            let body = with(fragment(&[entry(what, &when, &[child])]), json!({"family_id": family, "expires_at": app.in_days(80), "child_id": child}));
            format!("/v1/fragments/{}", waiting.post("/v1/fragments", &body).id())
        };
        let paths = [
            sent(&family(&[&elder, &one]), "a fall", &one),
            sent(&family(&[&elder, &other]), "weighed", &other),
            sent(&family(&[&one]), "measured", &one),
        ];
        let shown = |path: &String| with(waiting.get(path).ok(), json!({"updated_at": null}));
        let before: Vec<Value> = paths.iter().map(shown).collect();
        open(app, &seed);
        assert_eq!((rows(app, &seed), links(app, &seed).len()), (3, 3));
        let of = |id: &str| links(app, &seed).into_iter().find(|link| link["their_person_id"] == id).unwrap();
        let taken_in: Vec<Value> = paths.iter().map(shown).collect();
        let _ = undo(app, &seed, &of(&elder)).when(200);
        // The third family is of the younger alone: it stays, and so does what it goes back by.
        assert_eq!([shown(&paths[0]), shown(&paths[1])], before[..2]);
        assert_eq!((rows(app, &seed), shown(&paths[2])), (1, taken_in[2].clone()));
        let again = json!({"their_person_id": elder, "our_person_id": seed.twin, "decision": "same"});
        let _ = decide(app, &seed, again).when(201);
        assert_eq!(paths.iter().map(shown).collect::<Vec<_>>(), taken_in);
        let _ = undo(app, &seed, &of(&one)).when(200);
        assert_eq!([shown(&paths[0]), shown(&paths[2])], [before[0].clone(), before[2].clone()]);
        assert_eq!(shown(&paths[1]), taken_in[1]);
    }

    fn what_the_familys_own_agency_sent_ahead_keeps_its_child(app) {
        let seed = app.seed_draft();
        let carer = User { name: "CARER", agency: "care", role: Role::Practitioner, offence_data: false };
        let by = app.by(carer);
        let me = by.get("/v1/me").ok();
        let body = fragment(&[entry("a burn", "2026-02-03", &[&seed.twin])]);
        let body = with(body, json!({"expires_at": app.in_days(5), "child_id": seed.twin}));
        let path = format!("/v1/fragments/{}", by.post("/v1/fragments", &with(body.clone(), json!({"family_id": seed.family}))).id());
        let carers = json!({"agency_id": seed.agencies["care"], "practitioners": [me["id"]]});
        let _ = app.by(User::OWNER).post(&seed.at("invitations"), &carers).ok();
        let _ = app.by(User::OWNER).post(&seed.at("open"), &Value::Null).ok();
        let taken_in = app.by(User::OWNER).get(&path).ok();
        assert_eq!((text(&taken_in, "/chronology_id"), text(&taken_in, "/child_id")), (seed.chronology.as_str(), seed.twin.as_str()));
        let again = by.post(&seed.at("fragments"), &body).ok();
        assert_eq!((text(&again, "/outcome"), rows(app, &seed)), ("unchanged", 1), "{again:?}");
        // Nobody of the family is somebody else of it.
        let before = timeline(app, &seed);
        let named = |id: &str| decide(app, &seed, json!({"their_person_id": id, "our_person_id": seed.twin, "decision": "same"}));
        let (there, nowhere) = (named(&seed.other_twin), named("01999999-0000-7000-8000-000000000000"));
        assert_eq!((there.status, there.without_request()), (422, nowhere.without_request()));
        assert_eq!((links(app, &seed).len(), timeline(app, &seed)), (0, before));
    }

    fn an_answer_takes_in_whatever_waited_for_it(app) {
        let seed = app.seed_draft();
        let by = app.by(User::WAITING);
        let record = |person: &Value| by.post("/v1/people", person).id();
        let stranger = at(at(unnumbered("", "2010-01-03"), "/name/given", json!("Peregrine")), "/name/family", json!("Quillfeather"));
        let (child, stranger) = (record(&perhaps()), record(&stranger));
        for (what, members) in [("a burn", vec![&child, &stranger]), ("a graze", vec![&child])] {
            let family = by.post("/v1/families", &json!({"label": "Canary", "members": members})).id();
            let _ = send_ahead(app, User::WAITING, &family, what);
            app.pass(60);
        }
        open(app, &seed);
        let question = questions(app, &seed).remove(0);
        let _ = decide(app, &seed, json!({"question": question["id"], "decision": "same"})).when(201);
        let shown = timeline(app, &seed);
        assert!(shown.contains("a graze") && !shown.contains("a burn"), "the older family is not complete, the newer is");
    }

    fn whoever_may_not_know_of_the_chronology_learns_nothing_of_it(app) {
        let seed = app.seed_draft();
        invite(app, &seed, "school", User::RETURNED);
        open(app, &seed);
        // The same number as a child of the chronology's, recorded by somebody whom nobody has asked.
        let (by, until) = (app.by(User::UNNAMED), app.in_days(80));
        let recorded = [child("Orla", "2019-05-14", 0), child("Isla", "2019-05-14", 1), adult("Dara", "male")];
        let (people, family) = family_of(app, User::UNNAMED, &recorded);
        let what = with(entry("a burn", "2026-02-03", &[&people[0], &people[1]]), json!({
            "adults": [{"person": people[2], "role": "father"}], "child_voice": {"words": "Canary words", "child": people[1]},
        }));
        let body = with(fragment(&[what]), json!({"family_id": family, "expires_at": until, "child_id": people[1]}));
        app.pass(60);
        let path = format!("/v1/fragments/{}", by.post("/v1/fragments", &body).id());
        // To their lead, who is asked for the agency, it is where it is.
        let there = app.by(User::LEAD).get(&path).ok();
        assert_eq!((text(&there, "/chronology_id"), rows(app, &seed)), (seed.chronology.as_str(), 1));
        // To them it is what they sent, like another of which nothing came.
        let (_, other) = family_of(app, User::UNNAMED, &[at(unnumbered("Zebedee", "2011-09-21"), "/name/family", json!("Quillfeather"))]);
        let control = format!("/v1/fragments/{}", by.post("/v1/fragments", &with(fragment(&[entry("a burn", "2026-02-03", &[])]), json!({"family_id": other, "expires_at": until}))).id());
        app.pass(60);
        let (seen, plain) = (by.get(&path).ok(), by.get(&control).ok());
        assert_eq!((text(&seen, "/family_id"), text(&seen, "/child_id")), (family.as_str(), people[1].as_str()));
        assert_eq!([&seen["expires_at"], &seen["updated_at"]], [&plain["expires_at"], &plain["updated_at"]]);
        assert_eq!((seen.get("chronology_id"), plain.get("chronology_id")), (None, None));
        let mut children = people[..2].to_vec();
        children.sort();
        assert_eq!((seen["entries"][0]["children"].clone(), text(&seen, "/entries/0/adults/0/person"), text(&seen, "/entries/0/child_voice/child")), (json!(children), people[2].as_str(), people[1].as_str()));
        let versions = by.get(&format!("{path}/versions")).ok();
        let list = by.get("/v1/fragments").ok();
        let listed: Vec<&Value> = list["items"].as_array().unwrap().iter().filter(|one| one["id"] == seen["id"]).collect();
        assert_eq!((listed.len(), listed[0]["family_id"].clone(), listed[0]["child_id"].clone(), listed[0].get("chronology_id")), (1, json!(family), json!(people[1]), None));
        assert_eq!((listed[0]["updated_at"].clone(), listed[0]["expires_at"].clone()), (seen["updated_at"].clone(), seen["expires_at"].clone()));
        let shown = [seen.to_string(), versions.to_string(), list.to_string(), by.get(&format!("{path}/versions/1")).ok().to_string()].concat();
        for theirs in [&seed.chronology, &seed.family, &seed.twin, &seed.other_twin, &seed.father] {
            assert!(!shown.contains(theirs.as_str()), "{shown}");
        }
        // Who was shown it is what it would be had it not been taken in.
        let _ = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        for one in [&path, &control] {
            let _ = app.by(User::LEAD).get(one).ok();
        }
        let readers = |path: &str, user: User| app.by(user).get(&format!("{path}/readers")).ok()["items"].as_array().cloned().unwrap();
        let told = |readers: &[Value]| -> Vec<String> { readers.iter().map(|one| format!("{} {}", one["operation"], one["practitioner_id"])).collect() };
        let (theirs, plain_readers) = (readers(&path, User::UNNAMED), readers(&control, User::UNNAMED));
        assert!(!told(&theirs).iter().any(|one| one.contains("timeline")) && theirs.iter().all(|one| one.get("purpose").is_none() && one.get("reason").is_none()), "{theirs:?}");
        assert_eq!(theirs[0].as_object().unwrap().keys().collect::<Vec<_>>(), plain_readers[0].as_object().unwrap().keys().collect::<Vec<_>>());
        assert!(told(&readers(&path, User::LEAD)).iter().any(|one| one.contains("timeline")), "to their lead, who knows of it, it is told");
        // They correct it, give it another end, and withdraw it as before; where it is it stays itself.
        let changed = json!({"entries": [entry("a burn, healed", "2026-02-03", &[&people[1]])], "child_id": people[1]});
        let mut correction = with(body.clone(), changed);
        let _ = correction.as_object_mut().unwrap().remove("family_id");
        let corrected = by.put(&path, Some(1), &correction).ok();
        assert_eq!((corrected.get("chronology_id"), &corrected["expires_at"], corrected["findings"].clone()), (None, &plain["expires_at"], json!([])));
        let where_it_is = app.by(User::LEAD).get(&path).ok();
        assert_eq!((text(&where_it_is, "/child_id"), &where_it_is["entries"][0]["children"]), (seed.other_twin.as_str(), &json!([seed.other_twin])));
        assert_eq!(where_it_is["expires_at"], app.by(User::OWNER).get(&seed.path).ok()["expires_at"]);
        let later = reason(json!({"expires_at": app.in_days(85)}));
        let extended = by.post(&format!("{path}/extend"), &later).ok();
        assert_eq!((extended.get("chronology_id"), &extended["expires_at"]), (None, &later["expires_at"]));
        let seen = by.get(&path).ok();
        assert_eq!((&seen["expires_at"], &seen["entries"][0]["children"]), (&later["expires_at"], &json!([people[1]])));
        assert_eq!(app.by(User::STRANGER).get(&path).status, 404);
        assert_eq!(by.delete(&path, Some(2)).status, 204);
        assert_eq!(rows(app, &seed), 0);
    }

    fn what_names_a_stranger_to_its_family_does_not_go_back(app) {
        let seed = app.seed_draft();
        let by = app.by(User::WAITING);
        let (people, family) = family_of(app, User::WAITING, &[child("Orla", "2019-05-14", 0)]);
        let path = format!("/v1/fragments/{}", send_ahead(app, User::WAITING, &family, "a burn"));
        open(app, &seed);
        let corrected = |children: &[&str], version: i64| {
            let entries = [entry("a burn", "2026-02-03", &[&seed.twin]), entry("a bite", "2026-02-09", children)];
            let _ = by.put(&path, Some(version), &fragment(&entries)).ok();
        };
        corrected(&[&seed.other_twin], 1);
        let (before, link) = (timeline(app, &seed), links(app, &seed).remove(0));
        let refused = undo(app, &seed, &link);
        assert_eq!((refused.status, refused.faults().1[0].1.as_str()), (409, "corrected_since"));
        assert_eq!((timeline(app, &seed), links(app, &seed)), (before, vec![link.clone()]));
        // Corrected again, it goes back, whatever its earlier versions say.
        corrected(&[&seed.twin], 2);
        let _ = undo(app, &seed, &link).when(200);
        let back = by.get(&path).ok();
        assert_eq!((text(&back, "/family_id"), back.get("chronology_id"), back["entries"].as_array().map(Vec::len)), (family.as_str(), None, Some(2)));
        assert!(back["entries"].as_array().unwrap().iter().all(|one| one["children"] == json!([people[0]])), "{back}");
    }

    fn whatever_follows_from_a_link_is_audited_once(app) {
        let seed = app.seed_draft();
        let twins = [child("Orla", "2019-05-14", 0), child("Isla", "2019-05-14", 1)];
        let (people, family) = family_of(app, User::WAITING, &twins);
        let fragment = send_ahead(app, User::WAITING, &family, "a burn");
        open(app, &seed);
        let all = links(app, &seed);
        let of = |id: &str| all.iter().find(|link| link["their_person_id"] == id).unwrap();
        let _ = undo(app, &seed, of(&people[0])).when(200);
        let audit = app.by(User::AUDITOR).get(&format!("/v1/audit?limit=500&chronology={}", seed.chronology)).ok();
        let forgotten = text(of(&people[1]), "/id");
        let moves = [("fragment.take_in", fragment.as_str()), ("fragment.send_back", &fragment), ("person_link.forget", forgotten)];
        for (operation, object) in moves {
            let records = audit["items"].as_array().unwrap().iter().filter(|one| one["operation"] == operation);
            let objects: Vec<&str> = records.map(|one| text(one, "/object_id")).collect();
            assert_eq!(objects, [object], "{operation}");
        }
    }
}
