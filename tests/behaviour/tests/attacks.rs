//! What an attack on the promises found, so that it stays found.

use behaviour::inputs::{adult, at, entry, fragment, reason, with};
use behaviour::{Answer, Seed, TestApp, User, on_both, raw};
use domain::Role;
use serde_json::{Value, json};

const NOTHING: Value = Value::Null;
const ABSENT: &str = "01999999-0000-7000-8000-00000000dead";
/// Safeguarding lead of the agency that runs the chronology.
const CARE_LEAD: User = User { name: "CARE_LEAD", agency: "care", role: Role::SafeguardingLead, offence_data: false };
/// Works for an agency that has no access of its own.
const BEACON: User = User { name: "BEACON", agency: "beacon", role: Role::Practitioner, offence_data: false };

fn fault(pointer: &str, code: &str) -> (String, Vec<(String, String)>) {
    ("invalid".to_owned(), vec![(pointer.to_owned(), code.to_owned())])
}

fn burn() -> Value {
    fragment(&[entry("a burn", "2026-01-02", &[])])
}

/// A family as the surgery records it for itself.
fn own_family(app: &TestApp, people: &[Value]) -> (String, Vec<String>) {
    let waiting = app.by(User::WAITING);
    let members: Vec<String> = people.iter().map(|person| waiting.post("/v1/people", person).id()).collect();
    let family = waiting.post("/v1/families", &json!({"label": "Canary family of ours", "members": members})).id();
    (family, members)
}

fn ahead(app: &TestApp, family: &str, entry: &Value) -> String {
    let body = with(fragment(std::slice::from_ref(entry)), json!({"family_id": family, "expires_at": app.in_days(50)}));
    app.by(User::WAITING).post("/v1/fragments", &body).id()
}

fn invite(app: &TestApp, seed: &Seed, agency: &str, users: &[User]) -> Answer {
    let practitioners: Vec<_> = users.iter().map(|user| seed.people[user.name].clone()).collect();
    let body = json!({"agency_id": seed.agencies[agency], "practitioners": practitioners});
    app.by(User::OWNER).post(&seed.at("invitations"), &body)
}

fn version(app: &TestApp, user: User, path: &str) -> Option<i64> {
    Some(app.by(user).get(path).version())
}

fn own_return_missing(app: &TestApp, seed: &Seed) -> bool {
    let answer = app.by(User::WAITING).get(&seed.at("timeline"));
    (answer.status, answer.faults().0.as_str()) == (409, "own_return_first")
}

on_both! {
    fn adults_alone_do_not_make_a_family_the_same(app) {
        let seed = app.seed_draft();
        // A namesake of the father's, whose family has no child on record.
        let (family, _) = own_family(app, &[adult("Dara", "male")]);
        let id = ahead(app, &family, &entry("drinks", "2026-02-03", &[]));
        let _ = invite(app, &seed, "surgery", &[User::WAITING]).ok();
        let _ = app.by(User::OWNER).post(&seed.at("open"), &NOTHING).ok();
        let path = format!("/v1/fragments/{id}");
        assert_eq!(app.by(User::OWNER).get(&path).status, 404);
        assert!(app.by(User::WAITING).get(&path).ok().get("chronology_id").is_none());
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).ok()["header"]["entry_count"], 0);
        assert!(own_return_missing(app, &seed));
    }

    fn a_late_invitation_takes_in_what_was_sent_ahead_with_its_adults(app) {
        let seed = app.seed_draft();
        let orla = behaviour::inputs::child("Orla", "2019-05-14", 0);
        let (family, members) = own_family(app, &[orla, adult("Dara", "male"), adult("Emrys", "male")]);
        let adults = json!([{"person": members[1], "role": "father"}, {"person": members[2], "role": "other"}]);
        let id = ahead(app, &family, &with(entry("a burn", "2026-02-03", &[]), json!({"adults": adults})));
        let _ = invite(app, &seed, "visitors", &[User::VISITOR]).ok();
        let _ = app.by(User::OWNER).post(&seed.at("open"), &NOTHING).ok();
        assert_eq!(app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).status, 404, "its agency is not asked yet");
        assert_eq!(invite(app, &seed, "surgery", &[User::WAITING]).when(201)["state"], "submitted");
        let taken_in = app.by(User::OWNER).get(&format!("/v1/fragments/{id}")).ok();
        assert_eq!(taken_in["entries"][0]["children"], json!([seed.twin]), "{taken_in}");
        assert_eq!(taken_in["entries"][0]["adults"][0]["person"], json!(seed.father), "one of ours is ours");
        assert_eq!(taken_in["entries"][0]["adults"][1]["person"], json!(members[2]), "another stays who it was");
        assert_eq!(app.by(User::WAITING).get(&seed.at("timeline")).ok()["header"]["entry_count"], 1);
    }

    fn a_correction_stays_with_the_familys_children(app) {
        let seed = app.seed();
        let path = format!("/v1/fragments/{}", seed.fragment);
        let stranger = app.by(User::OWNER).post("/v1/people", &behaviour::inputs::child("Mali", "2018-01-01", 9)).id();
        let before = app.by(User::RETURNED).get(&path);
        for child in [stranger.as_str(), ABSENT] {
            let refused = app.by(User::RETURNED).put(&path, Some(1), &with(burn(), json!({"child_id": child})));
            assert_eq!((refused.status, refused.faults()), (422, fault("/child_id", "not_in_family")), "{}", refused.text());
        }
        assert_eq!(app.by(User::RETURNED).get(&path).body, before.body);
    }

    fn a_protected_postcode_is_not_confirmed_by_guessing(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let told = |postcode: &str| fragment(&[entry(&format!("seen at {postcode}"), "2026-01-02", &[])]);
        let refused = |postcode: &str| {
            let answer = waiting.post(&seed.at("fragments"), &told(postcode));
            assert_eq!(answer.faults(), fault("/entries/0/what", "address_in_clear"), "{postcode}: {}", answer.text());
            (answer.status, answer.without_request())
        };
        let protected = refused("ZZ9 9ZX");
        assert_eq!(protected.0, 422);
        assert_eq!(protected, refused("ZZ8 8YY"));
        let path = format!("/v1/fragments/{}", seed.fragment);
        for postcode in ["ZZ9 9ZX", "ZZ8 8YY"] {
            let answer = app.by(User::RETURNED).put(&path, Some(1), &told(postcode));
            assert_eq!(answer.faults(), fault("/entries/0/what", "address_in_clear"), "{postcode}");
        }
        let restricted = at(told("ZZ9 9ZX"), "/entries/0/handling", json!({"marking": "restricted"}));
        let _ = waiting.post(&seed.at("fragments"), &restricted).when(201);
        let _ = waiting.post(&seed.at("fragments"), &told("ZZ9 9ZZ")).when(201);
    }

    fn a_kept_reply_is_not_for_who_was_taken_off_the_team(app) {
        let seed = app.seed();
        let team = app.by(User::TEAM);
        let freeze = || team.post_as("freeze-once", &seed.at("consolidations"), &NOTHING);
        let first = freeze();
        assert!(first.status == 201 && first.text().contains("missed the school nurse"));
        assert_eq!(freeze().body, first.body);
        let _ = app.by(User::OWNER).patch(&seed.path, version(app, User::OWNER, &seed.path), &json!({"team": []})).ok();
        let again = freeze();
        assert_eq!((again.status, again.text().contains("Canary")), (404, false));
    }

    fn nobody_writes_over_an_agencys_own_words(app) {
        let seed = app.seed();
        let school = format!("/v1/agencies/{}", seed.agencies["school"]);
        let manager = app.by(User::MANAGER);
        let shut = manager.patch(&school, version(app, User::MANAGER, &school), &json!({"has_access": false}));
        assert_eq!(shut.ok()["has_access"], false);
        let proxy = json!({"on_behalf_of": seed.agencies["school"], "agency_reference": "SCH-1"});
        let over = with(fragment(&[entry("Canary: another story", "2026-01-12", &[])]), proxy);
        let owner = app.by(User::OWNER);
        let put = seed.at("fragments/SCH-1");
        for answer in [owner.post(&seed.at("fragments"), &over), owner.put(&put, Some(1), &over), owner.put(&put, None, &over)] {
            assert_eq!(answer.status, 409, "{}: {}", answer.asked, answer.text());
        }
        let kept = owner.get(&format!("/v1/fragments/{}", seed.fragment));
        assert_eq!((kept.version(), &kept.ok()["entries"][0]["what"]), (1, &json!("Canary missed the school nurse")));
        for user in [User::RETURNED, User::LEAD, User::SYSTEM, BEACON] {
            let by = app.by(user);
            for path in ["/v1/me", "/v1/partnership", "/v1/agencies", "/v1/chronologies", "/v1/invitations", "/v1/fragments",
                         &seed.path, &seed.at("timeline"), &seed.at("fragments"), &seed.invitation("school"),
                         &format!("/v1/fragments/{}", seed.fragment), &format!("/v1/people/{}", seed.twin)] {
                assert_eq!(by.get(path).status, 404, "{} {path}", user.name);
            }
            assert_eq!(by.post(&seed.at("fragments"), &burn()).status, 404, "{}", user.name);
            assert_eq!(by.delete(&format!("/v1/fragments/{}", seed.fragment), Some(1)).status, 404, "{}", user.name);
        }
    }

    fn the_same_return_after_an_extension_is_the_same(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let first = waiting.post(&seed.at("fragments"), &burn()).when(201);
        let school = with(fragment(&[entry("missed the school nurse", "2026-01-12", &[&seed.twin])]), json!({"agency_reference": "SCH-1"}));
        let before = raw::counts(app);
        let _ = app.by(User::OWNER).post(&seed.at("extend"), &reason(json!({"expires_at": app.in_days(100)}))).ok();
        let again = waiting.post(&seed.at("fragments"), &burn()).when(200);
        assert_eq!((&again["outcome"], &again["fragment_id"]), (&json!("unchanged"), &first["fragment_id"]));
        let named = app.by(User::RETURNED).post(&seed.at("fragments"), &school);
        assert_eq!((named.version(), named.when(200)["outcome"].clone()), (1, json!("unchanged")));
        let after = raw::counts(app);
        for table in ["fragments", "fragment_versions", "entries"] {
            assert_eq!(after[table], before[table], "{table}");
        }
    }

    fn a_frozen_view_outlives_nobodys_words(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let brief = with(burn(), json!({"expires_at": app.in_days(5)}));
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &brief).when(201);
        let visitor = app.by(User::VISITOR).post(&seed.at("fragments"), &fragment(&[entry("weighed", "2026-01-03", &[])])).id();
        let frozen = owner.post(&seed.at("consolidations"), &NOTHING).id();
        let _ = app.by(User::MANAGER).post(&seed.at("sign-off"), &json!({"snapshot": "export"})).ok();
        let shows = |expected: &[&str], stage: &str| {
            for user in [User::OWNER, User::TEAM] {
                for path in [seed.at(&format!("consolidations/{frozen}")), seed.at("snapshot")] {
                    let answer = app.by(user).get(&path);
                    let body = answer.ok();
                    let found = if path.ends_with("snapshot") { &body["consolidation"] } else { &body };
                    for what in ["missed the school nurse", "a burn", "weighed"] {
                        assert_eq!(answer.text().contains(what), expected.contains(&what), "{stage}, {}: {what}", user.name);
                    }
                    assert_eq!(found["view"]["header"]["entry_count"], expected.len(), "{stage}");
                    assert_eq!(found["entry_count"], expected.len(), "{stage}");
                }
            }
        };
        shows(&["missed the school nurse", "a burn", "weighed"], "frozen");
        app.pass_days(5);
        shows(&["missed the school nurse", "weighed"], "run out");
        app.work();
        shows(&["missed the school nurse", "weighed"], "purged");
        let listed = owner.get(&seed.at("consolidations")).ok();
        assert_eq!(listed["items"][0]["entry_count"], 2, "what is stored forgot it, too: {listed}");
        // Signed off, nothing is withdrawn; reopened, it is.
        let _ = app.by(User::MANAGER).post(&seed.at("reopen"), &reason(json!({}))).ok();
        assert_eq!(app.by(User::VISITOR).delete(&format!("/v1/fragments/{visitor}"), Some(1)).status, 204);
        let view = owner.get(&seed.at(&format!("consolidations/{frozen}")));
        assert!(view.text().contains("missed the school nurse") && !view.text().contains("weighed"));
        assert_eq!(owner.get(&seed.at("consolidations")).ok()["items"][0]["entry_count"], 1);
    }

    fn a_hold_on_a_child_keeps_the_child_and_the_family(app) {
        let _ = app.introduce_everybody();
        let owner = app.by(User::OWNER);
        let create = |body: &Value| owner.post("/v1/people", body).id();
        let (held, free) = (create(&behaviour::inputs::child("Orla", "2019-05-14", 0)), create(&adult("Rhys", "male")));
        let (mother, alone) = (create(&adult("Ffion", "female")), create(&behaviour::inputs::child("Mali", "2018-01-01", 9)));
        for (label, members) in [("Canary held", vec![&held, &mother]), ("Canary free", vec![&free])] {
            let _ = owner.post("/v1/families", &json!({"label": label, "members": members})).ok();
        }
        let holds = [&held, &alone].map(|child| {
            let body = json!({"scope": "child", "target_id": child, "reason": "Canary: an order", "review_at": app.in_days(90)});
            app.by(User::MANAGER).post("/v1/holds", &body).id()
        });
        for days in [14, 2] {
            app.pass_days(days);
            app.work();
            let counts = raw::counts(app);
            assert_eq!((counts["people"], counts["families"]), (3, 1), "the held children, and the mother of one");
            assert_eq!(owner.get(&format!("/v1/people/{held}")).status, 404, "kept is not served");
            assert!(app.keys().iter().any(|key| key.starts_with("epoch")), "the hour's key is kept");
        }
        for hold in holds {
            let release = format!("/v1/holds/{hold}/release");
            let _ = app.by(User::MANAGER).post(&release, &json!({"reason": "Canary: discharged"})).ok();
        }
        app.work();
        app.work();
        let counts = raw::counts(app);
        assert_eq!((counts["people"], counts["families"], counts["person_keys"]), (0, 0, 0));
        // The hour by which the holds' words live is the last to end.
        app.pass_days(600);
        app.work();
        assert_eq!(app.mortal_keys(), Vec::<String>::new());
    }

    fn business_support_does_not_let_itself_in(app) {
        let seed = app.seed();
        let support = app.by(User::SUPPORT);
        let me = seed.people[User::SUPPORT.name].clone();
        let current = version(app, User::SUPPORT, &seed.path);
        for (body, pointer) in [(json!({"team": [me]}), "/team"), (json!({"team": []}), "/team"), (json!({"owner_id": me}), "/owner_id")] {
            let refused = support.patch(&seed.path, current, &body);
            assert!(refused.status == 422 && refused.faults().1.contains(&(pointer.into(), "not_yours".into())), "{body}: {}", refused.text());
        }
        let own = json!({"agency_id": seed.agencies["care"], "practitioners": [me]});
        let refused = support.post(&seed.at("invitations"), &own);
        assert_eq!((refused.status, refused.faults()), (422, fault("/practitioners", "not_yours")), "{}", refused.text());
        let invitation = support.post(&seed.at("invitations"), &json!({"agency_id": seed.agencies["care"]})).id();
        let path = format!("/v1/invitations/{invitation}");
        let refused = support.patch(&path, version(app, User::SUPPORT, &path), &json!({"practitioners": [me]}));
        assert_eq!((refused.status, refused.faults()), (422, fault("/practitioners", "not_yours")), "{}", refused.text());
        assert_eq!(support.get(&seed.at("timeline")).status, 404);
        // Clerical work stays possible.
        let _ = support.patch(&seed.path, version(app, User::SUPPORT, &seed.path), &json!({"question": "Canary?"})).ok();
    }

    fn a_lead_of_the_owners_agency_stands_on_its_own_side(app) {
        let mut seed = app.seed();
        let _ = app.by(CARE_LEAD).get("/v1/me").ok();
        let care = invite(app, &seed, "care", &[]).id();
        seed.invitations.insert("care", care.clone());
        let lead = app.by(CARE_LEAD);
        let listed = lead.get(&seed.at("invitations")).ok();
        let ids: Vec<&Value> = listed["items"].as_array().into_iter().flatten().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&json!(care)]);
        assert!(lead.get(&seed.path).ok().get("team").is_none(), "the team is the other side's");
        for agency in ["surgery", "school"] {
            let path = seed.invitation(agency);
            let current = version(app, User::OWNER, &path);
            for body in [json!({"practitioners": []}), json!({"message": "Canary"})] {
                assert_eq!(lead.patch(&path, current, &body).status, 404, "{agency}: {body}");
            }
            assert_eq!(lead.get(&path).status, 404, "{agency}");
        }
        let path = seed.invitation("care");
        let refused = lead.patch(&path, version(app, CARE_LEAD, &path), &json!({"message": "Canary"}));
        assert_eq!(refused.faults(), fault("/message", "not_yours"), "{}", refused.text());
    }

    fn a_return_that_ran_out_is_no_return(app) {
        let seed = app.seed();
        let surgery = seed.invitation("surgery");
        let send = |days: u64, expected: &str| {
            let body = with(burn(), json!({"expires_at": app.in_days(days)}));
            let _ = app.by(User::WAITING).post(&seed.at("fragments"), &body).when(201);
            assert_eq!(app.by(User::WAITING).get(&surgery).ok()["state"], "submitted");
            assert_eq!(app.by(User::WAITING).get(&seed.at("timeline")).status, 200);
            app.pass_days(days);
            app.work();
            let body = app.by(User::WAITING).get(&surgery).ok();
            assert_eq!(body["state"], expected);
            assert!(body.get("answered_at").is_none(), "{body}");
            assert!(own_return_missing(app, &seed), "{expected}");
        };
        send(2, "drafting");
        send(12, "overdue");
    }

    fn who_freezes_reads(app) {
        let seed = app.seed();
        let read_by = || {
            let readers = app.by(User::OWNER).get(&seed.at("readers")).ok();
            let me = json!(seed.people[User::TEAM.name]);
            readers["items"].as_array().is_some_and(|items| items.iter().any(|one| one["practitioner_id"] == me))
        };
        assert!(!read_by());
        let frozen = app.by(User::TEAM).post(&seed.at("consolidations"), &NOTHING);
        assert!(frozen.text().contains("missed the school nurse"), "the answer shows the timeline");
        assert!(read_by());
    }

    fn a_tag_changes_with_what_is_shown(app) {
        let seed = app.seed();
        let owner = app.by(User::OWNER);
        let path = format!("/v1/families/{}", seed.family);
        let first = owner.get(&path);
        let tag = first.header("etag").expect("a tag");
        assert_eq!(owner.get_unless(&path, tag).status, 304);
        let _ = owner.put(&format!("/v1/people/{}", seed.father), Some(1), &adult("Dewi", "male")).ok();
        let after = owner.get_unless(&path, tag);
        assert_eq!(after.status, 200, "a member is called otherwise now");
        assert!(after.text().contains("CanaryDewi") && !first.text().contains("CanaryDewi"));
        assert_eq!(after.version(), first.version(), "the family itself is as it was");
        assert_eq!(owner.get_unless(&path, after.header("etag").expect("a tag")).status, 304);
    }

    fn an_agencys_fragments_on_a_chronology_are_bounded(app) {
        let seed = app.seed();
        let waiting = app.by(User::WAITING);
        let send = |n: usize| {
            let body = with(burn(), json!({"agency_reference": format!("GP-{n}")}));
            waiting.post(&seed.at("fragments"), &body)
        };
        let first = send(1).id();
        for n in 2..=100 {
            assert_eq!(send(n).status, 201, "{n}");
        }
        let refused = send(101);
        assert_eq!((refused.status, refused.faults()), (422, fault("", "too_many_fragments")));
        assert_eq!(send(100).when(200)["outcome"], "unchanged", "what stands can be sent again");
        assert_eq!(app.by(User::VISITOR).post(&seed.at("fragments"), &burn()).status, 201, "another agency has room");
        assert_eq!(waiting.delete(&format!("/v1/fragments/{first}"), Some(1)).status, 204);
        assert_eq!(send(101).status, 201);
    }
}
