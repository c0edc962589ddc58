//! The data that most tests start with: a family and an open chronology.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::inputs::{adult, child, chronology, entry, fragment, unborn_child, with_members};
use crate::{TestApp, User};

/// Identifiers of the seeded data: a family of twins, an unborn baby, their mother and their
/// father, and an open chronology with six invitations, to one of which (the school's) a fragment
/// has been submitted.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Practitioner identifiers by user name.
    pub people: HashMap<&'static str, String>,
    /// Agency identifiers by agency code.
    pub agencies: HashMap<String, String>,
    /// Identifier of the elder twin.
    pub twin: String,
    /// Identifier of the younger twin.
    pub other_twin: String,
    /// Identifier of the unborn baby.
    pub unborn: String,
    /// Identifier of the father.
    pub father: String,
    /// Identifier of the mother.
    pub mother: String,
    /// Identifier of the family.
    pub family: String,
    /// Identifier of the chronology.
    pub chronology: String,
    /// URL path of the chronology.
    pub path: String,
    /// Invitation identifiers by agency code.
    pub invitations: HashMap<&'static str, String>,
    /// Identifier of the school's fragment.
    pub fragment: String,
}

impl TestApp {
    /// Creates the family and an open chronology with invitations and the school's fragment.
    #[must_use]
    pub fn seed(&self) -> Seed {
        let mut seed = self.seed_draft();
        let owner = self.as_user(User::OWNER);
        let invited = [
            ("school", vec![User::RETURNED, User::LEFT]),
            ("surgery", vec![User::WAITING]),
            ("visitors", vec![User::VISITOR]),
            ("police", vec![User::OFFICER]),
            ("homes", vec![User::HOUSING]),
            ("beacon", vec![]),
        ];
        for (agency, users) in invited {
            let practitioners: Vec<_> = users
                .iter()
                .map(|user| seed.people[user.name].clone())
                .collect();
            let body = json!({"agency_id": seed.agencies[agency], "practitioners": practitioners,
                              "message": "Canary message: please answer"});
            seed.invitations.insert(
                agency,
                owner
                    .post(&format!("{}/invitations", seed.path), &body)
                    .id(),
            );
        }
        let _ = owner
            .post(&format!("{}/open", seed.path), &Value::Null)
            .expect_ok();
        let left = format!("/v1/practitioners/{}", seed.people[User::LEFT.name]);
        let _ = self
            .as_user(User::MANAGER)
            .patch(&left, Some(1), &json!({"active": false}))
            .expect_ok();
        let first = entry("missed the school nurse", "2026-01-12", &[&seed.twin]);
        let body = with_members(fragment(&[first]), json!({"agency_reference": "SCH-1"}));
        seed.fragment = self
            .as_user(User::RETURNED)
            .post(&format!("{}/fragments", seed.path), &body)
            .id();
        seed
    }

    /// Creates the family and a draft chronology without invitations.
    #[must_use]
    pub fn seed_draft(&self) -> Seed {
        let people = self.sign_in_all_users();
        let owner = self.as_user(User::OWNER);
        let agencies = owner.get("/v1/agencies").expect_ok();
        let agencies = agencies["items"].as_array().into_iter().flatten();
        let agencies = agencies
            .map(|agency| (string_field(agency, "code"), string_field(agency, "id")))
            .collect();
        let create = |body: &Value| owner.post("/v1/people", body).id();
        let twin = create(&child("Orla", "2019-05-14", 0));
        let other_twin = create(&child("Isla", "2019-05-14", 1));
        let unborn = create(&unborn_child("2026-07-01"));
        let father = create(&adult("Dara", "male"));
        let mother = create(&adult("Ffion", "female"));
        let relation =
            |from: &str, kind: &str, to: &str| json!({"from": from, "kind": kind, "to": to});
        let body = json!({
            "label": "Canaryfell family", "members": [twin, other_twin, unborn, father, mother],
            "relationships": [relation(&twin, "twin_of", &other_twin), relation(&father, "father_of", &twin),
                              relation(&mother, "mother_of", &unborn)],
            "households": [{"label": "Canary Row", "members": [twin, other_twin, mother]}],
        });
        let family = owner.post("/v1/families", &body).id();
        let chronology = owner
            .post(
                "/v1/chronologies",
                &chronology(&family, &[&people[User::TEAM.name]]),
            )
            .id();
        let path = format!("/v1/chronologies/{chronology}");
        Seed {
            people,
            agencies,
            twin,
            other_twin,
            unborn,
            father,
            mother,
            family,
            chronology,
            path,
            invitations: HashMap::new(),
            fragment: String::new(),
        }
    }
}

impl TestApp {
    /// Destroys the chronology early: the manager requests it and a second manager confirms it.
    #[must_use]
    pub fn destroy_chronology(&self, seed: &Seed, order: &Value) -> Value {
        let path = seed.path_to("destruction");
        let requested = self.as_user(User::MANAGER).post(&path, order).expect_ok();
        let confirmed = with_members(
            order.clone(),
            json!({"confirms": requested["request"]["id"]}),
        );
        self.as_user(User::DEPUTY)
            .post(&path, &confirmed)
            .expect_ok()
    }

    /// Places a legal hold on everything in the partnership: the manager requests it and a second
    /// manager confirms it. Returns the hold's identifier.
    #[must_use]
    pub fn hold_everything(&self, review_at: &Value) -> String {
        let body = json!({"scope": "all", "reason": "Canary", "review_at": review_at});
        let hold = self.as_user(User::MANAGER).post("/v1/holds", &body).id();
        let confirmed = self
            .as_user(User::DEPUTY)
            .post(&format!("/v1/holds/{hold}/confirmation"), &Value::Null)
            .expect_ok();
        assert_eq!(confirmed["awaiting_confirmation"], false);
        hold
    }
}

impl Seed {
    /// URL path of an agency's invitation.
    #[must_use]
    pub fn invitation_path(&self, agency: &str) -> String {
        format!("/v1/invitations/{}", self.invitations[agency])
    }

    /// URL path of a resource below the chronology, e.g. `path_to("timeline")`.
    #[must_use]
    pub fn path_to(&self, rest: &str) -> String {
        format!("{}/{rest}", self.path)
    }
}

fn string_field(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}
