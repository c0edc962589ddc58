//! The data that is measured: families with open chronologies, created through the API by the roles
//! that would create them. The first chronology has all its returns: 8 agencies, 3 children, 200
//! entries. The others receive the submissions made during the measurement.

use domain::{NhsNumber, Role};
use serde_json::{Value, json};

use crate::client::Client;
use crate::environment::BenchEnvironment;
use crate::sample_fragments::fragment_body;
use crate::service_process::ServiceProcess;

/// Children's social care, which owns the chronologies.
pub(crate) const OWNER_AGENCY: &str = "social-care";
/// The contributing agencies and their kinds.
pub(crate) const AGENCIES: [(&str, &str); 8] = [
    ("primary-school", "education"),
    ("surgery", "gp"),
    ("health-visiting", "health_visiting"),
    ("hospital", "hospital"),
    ("police", "police"),
    ("housing", "housing"),
    ("camhs", "camhs"),
    ("early-help", "early_help"),
];
/// Number of entries per agency: 200 in all.
const ENTRIES_PER_AGENCY: usize = 25;
/// Number of chronologies that receive submissions; a real county has more open at a time. An
/// agency may have at most 100 fragments on each.
const SUBMISSION_CHRONOLOGIES: usize = 32;

/// A chronology and the children it is about.
pub(crate) struct Chronology {
    pub(crate) path: String,
    pub(crate) children: Vec<String>,
}

/// The created chronologies and the access tokens for them.
pub(crate) struct Dataset {
    /// The chronology that is read.
    pub(crate) full_chronology: Chronology,
    /// The chronologies that receive submissions.
    pub(crate) submission_chronologies: Vec<Chronology>,
    /// Tokens of the readers: the owner, and practitioners whose returns are submitted.
    pub(crate) reader_tokens: Vec<String>,
    /// Token of one practitioner per agency.
    pub(crate) contributor_tokens: Vec<String>,
    /// Size of the timeline response in bytes.
    pub(crate) timeline_bytes: usize,
}

/// Creates the dataset through the API of the running service.
pub(crate) fn create(
    environment: &BenchEnvironment,
    service_process: &ServiceProcess,
) -> anyhow::Result<Dataset> {
    let mut builder = DatasetBuilder::new(environment, service_process)?;
    let full_chronology = builder.create_chronology()?;
    for (index, token) in builder.contributor_tokens.clone().iter().enumerate() {
        let body = fragment_body(
            &full_chronology.children,
            &format!("told-{index}"),
            index * ENTRIES_PER_AGENCY,
            ENTRIES_PER_AGENCY,
        );
        builder.post(&format!("{}/fragments", full_chronology.path), token, &body)?;
    }
    let submission_chronologies = (0..SUBMISSION_CHRONOLOGIES)
        .map(|_| builder.create_chronology())
        .collect::<anyhow::Result<Vec<_>>>()?;
    let timeline_bytes = builder.check_timeline(&full_chronology)?;
    let reader_tokens = std::iter::once(&builder.owner)
        .chain(&builder.contributor_tokens)
        .cloned()
        .collect();
    Ok(Dataset {
        full_chronology,
        submission_chronologies,
        reader_tokens,
        contributor_tokens: builder.contributor_tokens,
        timeline_bytes,
    })
}

struct DatasetBuilder {
    client: Client,
    owner: String,
    contributor_tokens: Vec<String>,
    agencies: Vec<String>,
    practitioners: Vec<String>,
    request_count: usize,
    last_test_number: u32,
}

impl DatasetBuilder {
    fn new(
        environment: &BenchEnvironment,
        service_process: &ServiceProcess,
    ) -> anyhow::Result<Self> {
        let owner = environment.issue_token(OWNER_AGENCY, Role::SocialWorker, "owner")?;
        let contributor_tokens = AGENCIES
            .iter()
            .map(|(code, _)| environment.issue_token(code, Role::Practitioner, "contributor"));
        let contributor_tokens = contributor_tokens.collect::<anyhow::Result<Vec<_>>>()?;
        let client = service_process.client()?;
        let agencies = Vec::new();
        let practitioners = Vec::new();
        let mut builder = Self {
            client,
            owner,
            contributor_tokens,
            agencies,
            practitioners,
            request_count: 0,
            last_test_number: 0,
        };
        builder.load_directory()?;
        Ok(builder)
    }

    /// Calls the API as each contributor, which registers them so that invitations can name them,
    /// and reads the agencies.
    fn load_directory(&mut self) -> anyhow::Result<()> {
        for token in self.contributor_tokens.clone() {
            let me = self.client.get("/v1/me", Some(&token))?.json("/v1/me")?;
            self.practitioners.push(string_field(&me, "id"));
        }
        let agencies = self
            .client
            .get("/v1/agencies?limit=100", Some(&self.owner))?
            .json("/v1/agencies")?;
        let items = agencies
            .get("items")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for (code, _) in AGENCIES {
            self.agencies.extend(
                items
                    .iter()
                    .filter(|item| string_field(item, "code") == code)
                    .map(|item| string_field(item, "id")),
            );
        }
        Ok(())
    }

    /// Creates a family of three children and their parents, and an open chronology that all
    /// agencies are invited to.
    fn create_chronology(&mut self) -> anyhow::Result<Chronology> {
        let owner = self.owner.clone();
        let children = ["2014-03-09", "2017-11-21", "2021-06-02"]
            .map(|born| self.create_person(&child_body(born)));
        let children = children.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let parents = ["female", "male"].map(|sex| self.create_person(&adult_body(sex)));
        let parents = parents.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let members: Vec<&String> = children.iter().chain(&parents).collect();
        let family = json!({"label": "A family of the benchmark", "members": members, "relationships": [],
            "households": [{"label": "Home", "members": members}]});
        let family = string_field(&self.post("/v1/families", &owner, &family)?, "id");
        let path = format!(
            "/v1/chronologies/{}",
            string_field(
                &self.post("/v1/chronologies", &owner, &chronology_body(&family))?,
                "id"
            )
        );
        for (agency, practitioner) in self.agencies.clone().iter().zip(self.practitioners.clone()) {
            let invitation = json!({"agency_id": agency, "practitioners": [practitioner]});
            self.post(&format!("{path}/invitations"), &owner, &invitation)?;
        }
        self.post(&format!("{path}/open"), &owner, &Value::Null)?;
        Ok(Chronology { path, children })
    }

    fn create_person(&mut self, details: &Value) -> anyhow::Result<String> {
        let mut details = details.clone();
        let number = nhs_number(&mut self.last_test_number);
        if let (Some(fields), Some(number)) = (details.as_object_mut(), number) {
            fields.insert("nhs_number".to_owned(), json!(number));
        }
        let owner = self.owner.clone();
        Ok(string_field(
            &self.post("/v1/people", &owner, &details)?,
            "id",
        ))
    }

    fn post(&mut self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        self.request_count += 1;
        let key = format!("told-{}", self.request_count);
        self.client.post(path, token, &key, body)
    }

    /// Reads the whole timeline once to verify the dataset, and returns its size in bytes.
    fn check_timeline(&mut self, chronology: &Chronology) -> anyhow::Result<usize> {
        let path = format!("{}/timeline", chronology.path);
        let response = self.client.get(&path, Some(&self.owner))?;
        let bytes = response.body.len();
        let timeline = response.json(&path)?;
        let entries = timeline
            .pointer("/header/entry_count")
            .and_then(Value::as_u64);
        let expected = u64::try_from(AGENCIES.len() * ENTRIES_PER_AGENCY)?;
        anyhow::ensure!(
            entries == Some(expected),
            "the timeline has {entries:?} entries instead of {expected}"
        );
        Ok(bytes)
    }
}

fn child_body(born: &str) -> Value {
    json!({"kind": "child", "name": {"given": "Wren", "family": "Ashdown"}, "birth": {"date": born}, "sex": "female",
        "addresses": [{"lines": "7 Nowhere Close", "postcode": "ZZ9 9ZZ"}]})
}

fn adult_body(sex: &str) -> Value {
    json!({"kind": "adult", "name": {"given": "Marlow", "family": "Ashdown"}, "sex": sex})
}

fn chronology_body(family: &str) -> Value {
    json!({"family_id": family, "purpose": "initial_conference", "question": "What has life been like for the children?",
        "lawful_basis": "public_task", "no_consent_reason": "would_prejudice_protection", "family_told": true, "team": []})
}

/// The next valid NHS number of the test range 999 1…
fn nhs_number(last: &mut u32) -> Option<String> {
    (*last + 1..*last + 50).find_map(|next| {
        let text = format!("9991{next:06}");
        NhsNumber::parse(&text).ok()?;
        *last = next;
        Some(text)
    })
}

fn string_field(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_are_valid_and_distinct() {
        let mut last = 0;
        let numbers: Vec<_> = (0..20).map(|_| nhs_number(&mut last).unwrap()).collect();
        assert!(
            numbers
                .iter()
                .all(|number| NhsNumber::parse(number).is_ok())
        );
        assert!(numbers.windows(2).all(|two| two[0] < two[1]));
    }
}
