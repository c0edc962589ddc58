//! What the users do in a scenario.

use behaviour::User;
use behaviour::inputs::{
    child, entry, entry_with_category, fragment, suggested_pair, with_members, with_reason,
};
use serde_json::{Value, json};

use super::{Instance, Random, VERDICTS};

/// One step of a scenario, the same in both instances except for the hidden entries.
pub(super) struct Step {
    number: usize,
    /// The visible entries of a submission or correction.
    pub(super) visible: Vec<Value>,
    /// A random number that selects targets and durations.
    choice: u64,
}

impl Step {
    pub(super) fn random(random: &mut Random, number: usize) -> Self {
        let mut visible: Vec<Value> = (0..1 + random.below(2))
            .map(|index| {
                entry(
                    &format!("seen {number}-{index}"),
                    &format!("2026-01-{:02}", 1 + random.below(31)),
                    &[],
                )
            })
            .collect();
        // Linkage may suggest that this is the event of which the surgery has heard.
        let [attended, _] = suggested_pair();
        visible.extend((random.below(3) == 0).then(|| entry_with_category(attended)));
        // Stated every time: a correction without a marking keeps the marking of the entry that it
        // corrects, which may be a hidden one.
        for entry in &mut visible {
            entry["handling"] = json!({"marking": "normal"});
        }
        Self {
            number,
            visible,
            choice: random.next(),
        }
    }

    /// The index of one of `count` objects.
    fn pick(&self, count: usize) -> usize {
        usize::try_from(self.choice % count.max(1) as u64).unwrap()
    }
}

/// What the users do in a scenario. Each method returns the action with its outcome, which must be
/// the same in both instances.
impl Instance {
    pub(super) fn submit(&mut self, visible: &[Value]) -> String {
        let body = self.build_fragment(visible);
        let (status, id) = self.post(User::OFFICER, &self.seed.path_to("fragments"), &body);
        if status < 300 && !self.visible_entries.contains_key(&id) {
            self.visible_entries.insert(id.clone(), json!(visible));
            self.fragments.push((id, 1));
        }
        format!("submit {status}")
    }

    pub(super) fn correct(&mut self, step: &Step) -> String {
        let index = step.pick(self.fragments.len());
        let body = fragment(&self.with_hidden_entries(&step.visible));
        let (id, version) = self.fragments[index].clone();
        if self.visible_entries.contains_key(&id) {
            self.visible_entries.insert(id.clone(), json!(step.visible));
        }
        let path = format!("/v1/fragments/{id}");
        let status = self
            .app
            .as_user(User::OFFICER)
            .put(&path, Some(version), &body)
            .status;
        self.refresh_version(index);
        format!("correct {status}")
    }

    pub(super) fn withdraw(&self, step: &Step) -> String {
        let (id, version) = &self.fragments[step.pick(self.fragments.len())];
        let status = self
            .app
            .as_user(User::OFFICER)
            .delete(&format!("/v1/fragments/{id}"), Some(*version))
            .status;
        format!("withdraw {status}")
    }

    pub(super) fn decide(&mut self, step: &Step) -> String {
        let entries = self.timeline_entries();
        let visible: Vec<&String> = entries
            .iter()
            .filter(|(what, _)| !what.contains("MARKED"))
            .map(|(_, id)| id)
            .collect();
        if visible.len() < 2 {
            return "nothing to decide".to_owned();
        }
        let first = step.pick(visible.len());
        let second = (first + 1) % visible.len();
        let verdict = VERDICTS[usize::try_from(step.choice >> 32).unwrap() % 4];
        let body = with_reason(
            json!({"decision": verdict, "entries": [visible[first]], "with": [visible[second]]}),
        );
        let (status, id) = self.post(User::OWNER, &self.seed.path_to("link-decisions"), &body);
        self.decisions.extend((status < 300).then_some(id));
        format!("{verdict} {status}")
    }

    pub(super) fn withdraw_decision(&self, step: &Step) -> String {
        let id = &self.decisions[step.pick(self.decisions.len())];
        let path = self
            .seed
            .path_to(&format!("link-decisions/{id}/withdrawal"));
        let (status, _) = self.post(User::OWNER, &path, &with_reason(json!({})));
        format!("withdraw decision {status}")
    }

    pub(super) fn consolidate(&mut self) -> String {
        let (status, id) = self.post(
            User::OWNER,
            &self.seed.path_to("consolidations"),
            &Value::Null,
        );
        self.consolidations.extend((status < 300).then_some(id));
        format!("consolidate {status}")
    }

    pub(super) fn sign_off_and_reopen(&self) -> String {
        let sign_off = json!({"snapshot": "export"});
        let (signed_off, _) = self.post(User::MANAGER, &self.seed.path_to("sign-off"), &sign_off);
        let (reopened, _) = self.post(
            User::MANAGER,
            &self.seed.path_to("reopen"),
            &with_reason(json!({})),
        );
        format!("sign off {signed_off}, reopen {reopened}")
    }

    pub(super) fn extend(&self, step: &Step) -> String {
        let days = 95 + step.number as u64;
        let body = with_reason(json!({"expires_at": self.app.in_days(days)}));
        let (chronology, _) = self.post(User::OWNER, &self.seed.path_to("extend"), &body);
        let extend = |id: &String| {
            self.post(User::OFFICER, &format!("/v1/fragments/{id}/extend"), &body)
                .0
        };
        let first = self.fragments.first().map(|(id, _)| extend(id));
        format!("extend {chronology} {first:?}")
    }

    pub(super) fn advance_time_and_restart(&mut self, step: &Step) -> String {
        self.app.advance_seconds(3_600 + step.choice % 86_400);
        self.app.run_background_jobs();
        self.app.restart();
        "advance time, restart".to_owned()
    }

    pub(super) fn submit_in_advance(&mut self, visible: &[Value]) -> String {
        let officer = self.app.as_user(User::OFFICER);
        let person = officer
            .post("/v1/people", &child("Orla", "2019-05-14", 0))
            .id();
        let family = officer
            .post(
                "/v1/families",
                &json!({"label": "Canary", "members": [person]}),
            )
            .id();
        let about_all_children = |mut entry: Value| {
            entry["children"] = json!([]);
            entry["all_children"] = json!(true);
            entry
        };
        let entries: Vec<Value> = self
            .with_hidden_entries(visible)
            .into_iter()
            .map(about_all_children)
            .collect();
        let terms = json!({"family_id": family, "expires_at": self.app.in_days(80)});
        let (status, id) = self.post(
            User::OFFICER,
            "/v1/fragments",
            &with_members(fragment(&entries), terms),
        );
        self.fragments.extend((status < 300).then_some((id, 1)));
        format!("submit in advance {status}")
    }
}
