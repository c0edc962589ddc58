//! One instance of the service: its creation, and its hidden entries.

use std::collections::BTreeMap;

use behaviour::inputs::{
    ABSENT, entry, entry_with_category, fragment, suggested_pair, with_members, with_reason,
};
use behaviour::{DatabaseKind, TestApp, User};
use serde_json::{Value, json};

use super::{Instance, Protection, Random, VERDICTS};

impl Instance {
    pub(super) fn new(
        kind: DatabaseKind,
        protection: Protection,
        seed: u64,
        max_hidden: usize,
    ) -> Self {
        let app = TestApp::start(kind);
        let seeded = app.seed();
        let [_, heard] = suggested_pair();
        let body = fragment(&[
            entry("weighed at the surgery", "2026-01-30", &[&seeded.twin]),
            entry_with_category(heard),
        ]);
        let _ = app
            .as_user(User::WAITING)
            .post(&seeded.path_to("fragments"), &body)
            .expect_ok();
        Self {
            app,
            seed: seeded,
            hidden_random: Random(seed),
            max_hidden,
            protection,
            fragments: Vec::new(),
            visible_entries: BTreeMap::new(),
            emergency_access: ABSENT.to_owned(),
            decisions: Vec::new(),
            consolidations: Vec::new(),
            labels: BTreeMap::new(),
        }
    }

    /// Builds a hidden entry with a text of random length.
    fn build_hidden_entry(&mut self) -> Value {
        let random = &mut self.hidden_random;
        let [attended, heard] = suggested_pair();
        // Some tell of an event that others report too, so that linkage would join, relate or
        // suggest them.
        let (account, day) = match random.below(4) {
            0 => (attended.0, attended.1.to_owned()),
            1 => (heard.0, heard.1.to_owned()),
            _ => ("", format!("2026-01-{:02}", 1 + random.below(31))),
        };
        let what = format!(
            "MARKED {} {account} {}",
            random.next(),
            "arrest ".repeat(random.below(200))
        );
        let children: Vec<&str> = match random.below(3) {
            0 => vec![],
            1 => vec![&self.seed.twin],
            _ => vec![&self.seed.other_twin],
        };
        let mut hidden = entry(&what, &day, &children);
        if self.protection == Protection::Offence {
            hidden["category"] = json!("CRIME");
        }
        if self.protection == Protection::Restricted || random.below(2) == 0 {
            hidden["handling"] = json!({"marking": "restricted"});
        }
        if random.below(3) == 0 {
            hidden["child_voice"] = json!({"words": "MARKED words of the child"});
        }
        hidden
    }

    /// Inserts hidden entries at random positions among the visible ones, whose order is kept.
    pub(super) fn with_hidden_entries(&mut self, visible: &[Value]) -> Vec<Value> {
        let mut all = visible.to_vec();
        let count = self.hidden_random.below(self.max_hidden + 1);
        for _ in 0..count {
            let index = self.hidden_random.below(all.len() + 1);
            let hidden = self.build_hidden_entry();
            all.insert(index, hidden);
        }
        all
    }

    /// Ids of the entries on the owner's timeline, by their text.
    pub(super) fn timeline_entries(&self) -> BTreeMap<String, String> {
        let view = self
            .app
            .as_user(User::OWNER)
            .get(&self.seed.path_to("timeline"));
        if view.status != 200 {
            return BTreeMap::new();
        }
        let view = view.json();
        let accounts = view["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|row| row["accounts"].as_array().into_iter().flatten());
        accounts
            .map(|account| {
                (
                    account["what"].as_str().unwrap().to_owned(),
                    account["entry_id"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    }

    /// Builds a fragment of visible and hidden entries. Without visible entries, its statement of
    /// involvement is hidden too.
    pub(super) fn build_fragment(&mut self, visible: &[Value]) -> Value {
        let body = fragment(&self.with_hidden_entries(visible));
        if visible.is_empty() {
            with_members(
                body,
                json!({"involvement": {"status": "current", "support": "MARKED"}}),
            )
        } else {
            body
        }
    }

    /// Corrects only the hidden entries of some fragments.
    pub(super) fn correct_hidden_entries(&mut self) {
        for _ in 0..self.hidden_random.below(3) {
            let index = self.hidden_random.below(self.fragments.len());
            let Some((id, version)) = self.fragments.get(index).cloned() else {
                return;
            };
            let Some(visible) = self.visible_entries.get(&id).cloned() else {
                continue;
            };
            let visible = visible.as_array().unwrap().clone();
            let corrected = with_members(
                self.build_fragment(&visible),
                json!({"correction_reason": "MARKED reason"}),
            );
            let _ = self.app.as_user(User::OFFICER).put(
                &format!("/v1/fragments/{id}"),
                Some(version),
                &corrected,
            );
            self.refresh_version(index);
        }
    }

    /// Records a link decision about a hidden entry, if there is one.
    pub(super) fn decide_about_hidden_entry(&mut self) {
        let entries = self.timeline_entries();
        let hidden: Vec<&String> = entries
            .iter()
            .filter(|(what, _)| what.contains("MARKED"))
            .map(|(_, id)| id)
            .collect();
        let Some(hidden) = hidden.first() else { return };
        let others: Vec<&String> = entries.values().filter(|id| id != hidden).collect();
        let other = others[self.hidden_random.below(others.len())];
        let verdict = VERDICTS[self.hidden_random.below(4)];
        let third = others[self.hidden_random.below(others.len())];
        let with = if third == other {
            vec![other]
        } else {
            vec![other, third]
        };
        let body = with_reason(json!({"decision": verdict, "entries": [hidden], "with": with}));
        let _ = self
            .app
            .as_user(User::OWNER)
            .post(&self.seed.path_to("link-decisions"), &body);
    }

    /// Posts a body; returns the status and the id of what was created, if anything.
    pub(super) fn post(&self, user: User, path: &str, body: &Value) -> (u16, String) {
        let response = self.app.as_user(user).post(path, body);
        let created = if response.status < 300 {
            response.json()
        } else {
            Value::Null
        };
        let id = created
            .get("id")
            .or_else(|| created.get("fragment_id"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        (response.status, id.to_owned())
    }

    /// Reads the present version of a fragment.
    pub(super) fn refresh_version(&mut self, index: usize) {
        let response = self
            .app
            .as_user(User::OFFICER)
            .get(&format!("/v1/fragments/{}", self.fragments[index].0));
        if response.status == 200 {
            self.fragments[index].1 = response.version();
        }
    }

    /// Opens an emergency access for the colleague, who then is an observer too.
    pub(super) fn open_emergency_access(&mut self) {
        let body = json!({"chronology_id": self.seed.chronology, "reason_code": "child_missing",
                          "reason": "Canary: the mother called the duty desk"});
        self.emergency_access = self
            .post(User::COLLEAGUE, "/v1/emergency-accesses", &body)
            .1;
    }
}
