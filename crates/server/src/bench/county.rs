//! What is measured on: families whose chronologies are open, told through the API by those who would tell it. The
//! first has had all its returns: 8 agencies, 3 children, 200 entries. The others take what is submitted during the
//! measurement.

use domain::{NhsNumber, Role};
use serde_json::{Value, json};

use super::child::Running;
use super::client::Client;
use super::place::Place;
use super::work::fragment;

/// Children's social care.
pub(super) const OWNERS: &str = "social-care";
/// The agencies that contribute, with their kinds.
pub(super) const AGENCIES: [(&str, &str); 8] = [
    ("primary-school", "education"),
    ("surgery", "gp"),
    ("health-visiting", "health_visiting"),
    ("hospital", "hospital"),
    ("police", "police"),
    ("housing", "housing"),
    ("camhs", "camhs"),
    ("early-help", "early_help"),
];
/// Entries of each agency: 200 in all.
const ENTRIES_EACH: usize = 25;
/// Chronologies that take submissions; a county has more at a time. An agency has at most 100 fragments on each.
const TAKING: usize = 32;

/// A chronology and the children it is about.
pub(super) struct Chronology {
    pub(super) path: String,
    pub(super) children: Vec<String>,
}

/// Everything there is, and who may do what.
pub(super) struct County {
    /// The one that is read.
    pub(super) told: Chronology,
    /// Those that take submissions.
    pub(super) taking: Vec<Chronology>,
    /// Who reads: the owner, and practitioners whose returns are in.
    pub(super) readers: Vec<String>,
    /// A practitioner of each agency.
    pub(super) contributors: Vec<String>,
    /// What the timeline weighs, in bytes.
    pub(super) timeline_bytes: usize,
}

/// Tells the service about everything.
pub(super) fn tell(place: &Place, running: &Running) -> anyhow::Result<County> {
    let mut teller = Teller::new(place, running)?;
    let told = teller.chronology()?;
    for (at, token) in teller.contributors.clone().iter().enumerate() {
        let body = fragment(&told.children, &format!("told-{at}"), at * ENTRIES_EACH, ENTRIES_EACH);
        teller.post(&format!("{}/fragments", told.path), token, &body)?;
    }
    let taking = (0..TAKING).map(|_| teller.chronology()).collect::<anyhow::Result<Vec<_>>>()?;
    let timeline_bytes = teller.check(&told)?;
    let readers = std::iter::once(&teller.owner).chain(&teller.contributors).cloned().collect();
    Ok(County { told, taking, readers, contributors: teller.contributors, timeline_bytes })
}

struct Teller {
    client: Client,
    owner: String,
    contributors: Vec<String>,
    agencies: Vec<String>,
    practitioners: Vec<String>,
    asked: usize,
    people: u32,
}

impl Teller {
    fn new(place: &Place, running: &Running) -> anyhow::Result<Self> {
        let owner = place.token(OWNERS, Role::SocialWorker, "owner")?;
        let contributors = AGENCIES.iter().map(|(code, _)| place.token(code, Role::Practitioner, "contributor"));
        let contributors = contributors.collect::<anyhow::Result<Vec<_>>>()?;
        let client = running.client()?;
        let (agencies, practitioners) = (Vec::new(), Vec::new());
        let mut teller = Self { client, owner, contributors, agencies, practitioners, asked: 0, people: 0 };
        teller.meet()?;
        Ok(teller)
    }

    /// Everybody introduces themselves, so that invitations can name them.
    fn meet(&mut self) -> anyhow::Result<()> {
        for token in self.contributors.clone() {
            let me = self.client.get("/v1/me", Some(&token))?.json("/v1/me")?;
            self.practitioners.push(text(&me, "id"));
        }
        let found = self.client.get("/v1/agencies?limit=100", Some(&self.owner))?.json("/v1/agencies")?;
        let items = found.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        for (code, _) in AGENCIES {
            self.agencies.extend(items.iter().filter(|item| text(item, "code") == code).map(|item| text(item, "id")));
        }
        Ok(())
    }

    /// A family of three children with their parents, and an open chronology to which everybody is invited.
    fn chronology(&mut self) -> anyhow::Result<Chronology> {
        let owner = self.owner.clone();
        let children = ["2014-03-09", "2017-11-21", "2021-06-02"].map(|born| self.person(&child(born)));
        let children = children.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let parents = ["female", "male"].map(|sex| self.person(&adult(sex)));
        let parents = parents.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let members: Vec<&String> = children.iter().chain(&parents).collect();
        let family = json!({"label": "A family of the benchmark", "members": members, "relationships": [],
            "households": [{"label": "Home", "members": members}]});
        let family = text(&self.post("/v1/families", &owner, &family)?, "id");
        let path =
            format!("/v1/chronologies/{}", text(&self.post("/v1/chronologies", &owner, &opened(&family))?, "id"));
        for (agency, practitioner) in self.agencies.clone().iter().zip(self.practitioners.clone()) {
            let invitation = json!({"agency_id": agency, "practitioners": [practitioner]});
            self.post(&format!("{path}/invitations"), &owner, &invitation)?;
        }
        self.post(&format!("{path}/open"), &owner, &Value::Null)?;
        Ok(Chronology { path, children })
    }

    fn person(&mut self, details: &Value) -> anyhow::Result<String> {
        let mut details = details.clone();
        let number = nhs_number(&mut self.people);
        if let (Some(fields), Some(number)) = (details.as_object_mut(), number) {
            fields.insert("nhs_number".to_owned(), json!(number));
        }
        let owner = self.owner.clone();
        Ok(text(&self.post("/v1/people", &owner, &details)?, "id"))
    }

    fn post(&mut self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        self.asked += 1;
        let key = format!("told-{}", self.asked);
        self.client.post(path, token, &key, body)
    }

    /// Reads the whole timeline once, to be sure that what is measured is what was meant; gives its size.
    fn check(&mut self, told: &Chronology) -> anyhow::Result<usize> {
        let path = format!("{}/timeline", told.path);
        let answer = self.client.get(&path, Some(&self.owner))?;
        let (bytes, timeline) = (answer.body.len(), answer.json(&path)?);
        let entries = timeline.pointer("/header/entry_count").and_then(Value::as_u64);
        let meant = u64::try_from(AGENCIES.len() * ENTRIES_EACH)?;
        anyhow::ensure!(entries == Some(meant), "the timeline has {entries:?} entries instead of {meant}");
        Ok(bytes)
    }
}

fn child(born: &str) -> Value {
    json!({"kind": "child", "name": {"given": "Wren", "family": "Ashdown"}, "birth": {"date": born}, "sex": "female",
        "addresses": [{"lines": "7 Nowhere Close", "postcode": "ZZ9 9ZZ"}]})
}

fn adult(sex: &str) -> Value {
    json!({"kind": "adult", "name": {"given": "Marlow", "family": "Ashdown"}, "sex": sex})
}

fn opened(family: &str) -> Value {
    json!({"family_id": family, "purpose": "initial_conference", "question": "What has life been like for the children?",
        "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection", "family_told": true, "team": []})
}

/// The next valid number of the range kept for tests, 999 1…
fn nhs_number(last: &mut u32) -> Option<String> {
    (*last + 1..*last + 50).find_map(|next| {
        let text = format!("9991{next:06}");
        NhsNumber::parse(&text).ok()?;
        *last = next;
        Some(text)
    })
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_valid_and_differ() {
        let mut last = 0;
        let numbers: Vec<_> = (0..20).map(|_| nhs_number(&mut last).unwrap()).collect();
        assert!(numbers.iter().all(|number| NhsNumber::parse(number).is_ok()));
        assert!(numbers.windows(2).all(|two| two[0] < two[1]));
    }
}
