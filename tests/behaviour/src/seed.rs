//! A family and an open chronology to begin with.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::inputs::{adult, child, chronology, entry, fragment, unborn, with};
use crate::{TestApp, User};

/// A family with twins, an unborn baby, their mother and their father; one open chronology with six invitations, of
/// which the school has answered with a return.
#[derive(Debug, Clone)]
pub struct Seed {
    /// What the directory calls each user, by name.
    pub people: HashMap<&'static str, String>,
    /// Agencies by code.
    pub agencies: HashMap<String, String>,
    /// The elder twin.
    pub twin: String,
    /// The younger twin.
    pub other_twin: String,
    /// The unborn baby.
    pub unborn: String,
    /// The father.
    pub father: String,
    /// The mother.
    pub mother: String,
    /// The family.
    pub family: String,
    /// The chronology.
    pub chronology: String,
    /// Its path.
    pub path: String,
    /// Invitations by agency code.
    pub invitations: HashMap<&'static str, String>,
    /// The school's return.
    pub fragment: String,
}

impl TestApp {
    /// What most tests begin with.
    #[must_use]
    pub fn seed(&self) -> Seed {
        let mut seed = self.seed_draft();
        let owner = self.by(User::OWNER);
        let named = [
            ("school", vec![User::RETURNED, User::LEFT]),
            ("surgery", vec![User::WAITING]),
            ("visitors", vec![User::VISITOR]),
            ("police", vec![User::OFFICER]),
            ("homes", vec![User::HOUSING]),
            ("beacon", vec![]),
        ];
        for (agency, users) in named {
            let practitioners: Vec<_> = users.iter().map(|user| seed.people[user.name].clone()).collect();
            let body = json!({"agency_id": seed.agencies[agency], "practitioners": practitioners,
                              "message": "Canary message: please answer"});
            seed.invitations.insert(agency, owner.post(&format!("{}/invitations", seed.path), &body).id());
        }
        let _ = owner.post(&format!("{}/open", seed.path), &Value::Null).ok();
        let left = format!("/v1/practitioners/{}", seed.people[User::LEFT.name]);
        let _ = self.by(User::MANAGER).patch(&left, Some(1), &json!({"active": false})).ok();
        let first = entry("missed the school nurse", "2026-01-12", &[&seed.twin]);
        let body = with(fragment(&[first]), json!({"agency_reference": "SCH-1"}));
        seed.fragment = self.by(User::RETURNED).post(&format!("{}/fragments", seed.path), &body).id();
        seed
    }

    /// The family, and a chronology that nobody has been invited to yet.
    #[must_use]
    pub fn seed_draft(&self) -> Seed {
        let people = self.introduce_everybody();
        let owner = self.by(User::OWNER);
        let agencies = owner.get("/v1/agencies").ok();
        let agencies = agencies["items"].as_array().into_iter().flatten();
        let agencies = agencies.map(|agency| (text(agency, "code"), text(agency, "id"))).collect();
        let create = |body: &Value| owner.post("/v1/people", body).id();
        let twin = create(&child("Orla", "2019-05-14", 0));
        let other_twin = create(&child("Isla", "2019-05-14", 1));
        let unborn = create(&unborn("2026-07-01"));
        let (father, mother) = (create(&adult("Dara", "male")), create(&adult("Ffion", "female")));
        let relation = |from: &str, kind: &str, to: &str| json!({"from": from, "kind": kind, "to": to});
        let body = json!({
            "label": "Canaryfell family", "members": [twin, other_twin, unborn, father, mother],
            "relationships": [relation(&twin, "twin_of", &other_twin), relation(&father, "father_of", &twin),
                              relation(&mother, "mother_of", &unborn)],
            "households": [{"label": "Canary Row", "members": [twin, other_twin, mother]}],
        });
        let family = owner.post("/v1/families", &body).id();
        let chronology = owner.post("/v1/chronologies", &chronology(&family, &[&people[User::TEAM.name]])).id();
        let path = format!("/v1/chronologies/{chronology}");
        let (invitations, fragment) = (HashMap::new(), String::new());
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
            invitations,
            fragment,
        }
    }
}

impl TestApp {
    /// Destroys a chronology before its time: the manager asks, and another confirms.
    #[must_use]
    pub fn destroy(&self, seed: &Seed, order: &Value) -> Value {
        let path = seed.at("destruction");
        let asked = self.by(User::MANAGER).post(&path, order).ok();
        let confirmed = with(order.clone(), json!({"confirms": asked["request"]["id"]}));
        self.by(User::DEPUTY).post(&path, &confirmed).ok()
    }

    /// Holds everything in the partnership: the manager places the hold, and another confirms it.
    #[must_use]
    pub fn hold_everything(&self, review_at: &Value) -> String {
        let body = json!({"scope": "all", "reason": "Canary", "review_at": review_at});
        let hold = self.by(User::MANAGER).post("/v1/holds", &body).id();
        let confirmed = self.by(User::DEPUTY).post(&format!("/v1/holds/{hold}/confirmation"), &Value::Null).ok();
        assert_eq!(confirmed["awaiting_confirmation"], false);
        hold
    }
}

impl Seed {
    /// Path of an agency's invitation.
    #[must_use]
    pub fn invitation(&self, agency: &str) -> String {
        format!("/v1/invitations/{}", self.invitations[agency])
    }

    /// Path of something of the chronology's.
    #[must_use]
    pub fn at(&self, rest: &str) -> String {
        format!("{}/{rest}", self.path)
    }
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}
