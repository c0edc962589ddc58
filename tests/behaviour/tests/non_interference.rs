//! Non-interference: a user who may not see an entry cannot tell that it exists. Two instances of
//! the service run the same random scenario (submissions, corrections, withdrawals, link decisions,
//! advance submissions, frozen views, sign-off and reopening, extension, time, restarts). They
//! differ only in the hidden entries: their number, text and length, and what is done with them.
//! Hidden entries are also corrected on their own, at other times and more often in one instance
//! than in the other, and some fragments consist of nothing else.
//!
//! After each step a user who may not see the hidden entries reads every path. Status, headers,
//! length, bytes, versions, times, order and entity tags must be the same in both instances, with
//! identifiers replaced by the order of their first appearance. So must the work: the number of
//! sealed values opened for the response, and their bytes. The paths are compared with the routes
//! of the OpenAPI document, so that a new route is not forgotten.

mod actions;
mod instance;
mod labels;
mod observation;

use std::collections::BTreeMap;

use actions::Step;
use behaviour::inputs::ABSENT;
use behaviour::openapi::{openapi_document, operations};
use behaviour::{DatabaseKind, Seed, TestApp, User};
use labels::Labels;
use serde_json::Value;

/// Number of steps in each scenario.
const STEPS: usize = 6;
/// The verdicts of a link decision.
const VERDICTS: [&str; 4] = ["same_event", "different_events", "related", "not_related"];

/// A reproducible generator of random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }
}

/// What hides the hidden entries of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Protection {
    /// They are criminal-offence data, some of them also restricted: hidden even from social
    /// workers without permission to read such data.
    Offence,
    /// They are restricted to social care and the author's agency.
    Restricted,
}

/// One of the two instances of the service.
struct Instance {
    app: TestApp,
    seed: Seed,
    /// Determines the hidden entries of this instance.
    hidden_random: Random,
    /// Maximum number of hidden entries in a fragment.
    max_hidden: usize,
    protection: Protection,
    /// Ids and versions of the police's fragments, in the order of submission.
    fragments: Vec<(String, i64)>,
    /// The visible entries of each fragment; none for an advance submission.
    visible_entries: BTreeMap<String, Value>,
    /// Id of the colleague's emergency access.
    emergency_access: String,
    decisions: Vec<String>,
    consolidations: Vec<String>,
    /// The labels of what each observer has been shown, by user name.
    labels: BTreeMap<&'static str, Labels>,
}

/// Executes one random step in both instances; returns what was done.
fn run_step(instances: &mut [Instance; 2], random: &mut Random, number: usize) -> String {
    let step = Step::random(random, number);
    let action = random.below(15);
    let outcomes = instances.each_mut().map(|instance| match action {
        0 | 1 => instance.submit(&step.visible),
        // A fragment that has hidden entries only.
        12 => instance.submit(&[]),
        2 | 3 if !instance.fragments.is_empty() => instance.correct(&step),
        4 if instance.fragments.len() > 1 => instance.withdraw(&step),
        5 | 6 => instance.decide(&step),
        7 if !instance.decisions.is_empty() => instance.withdraw_decision(&step),
        8 => instance.consolidate(),
        9 => instance.sign_off_and_reopen(),
        10 => instance.extend(&step),
        11 => instance.advance_time_and_restart(&step),
        _ => instance.submit_in_advance(&step.visible),
    });
    let [outcome, other_outcome] = outcomes;
    assert_eq!(
        outcome, other_outcome,
        "the instances took different courses"
    );
    for instance in instances {
        // Hidden entries are changed at another time than the visible ones.
        instance.app.advance_seconds(60);
        instance.correct_hidden_entries();
        instance.decide_about_hidden_entry();
        for index in 0..instance.fragments.len() {
            instance.refresh_version(index);
        }
    }
    outcome
}

/// The users who may not see the hidden entries.
fn observers(protection: Protection) -> Vec<User> {
    let mut observers = vec![
        User::RETURNED,
        User::WAITING,
        User::HOUSING,
        User::LEAD,
        User::STRANGER,
        User::COLLEAGUE,
    ];
    if protection == Protection::Offence {
        observers.push(User::TEAM);
    }
    observers
}

/// Runs one scenario in both instances and compares what the observers are shown.
fn run_scenario(kind: DatabaseKind, seed: u64) {
    let protection = if seed.is_multiple_of(2) {
        Protection::Offence
    } else {
        Protection::Restricted
    };
    let mut random = Random(seed);
    // The second instance has no hidden entries, or others.
    let mut instances = [
        Instance::new(kind, protection, seed ^ 0xaaaa, 3),
        Instance::new(kind, protection, seed ^ 0x5555, usize::from(seed % 4 > 1)),
    ];
    let mut steps = Vec::new();
    let all = observers(protection);
    for number in 0..STEPS {
        steps.push(run_step(&mut instances, &mut random, number));
        let context = format!("seed {seed}, {kind:?}, {protection:?}, {steps:#?}");
        if number + 1 == STEPS {
            instances
                .iter_mut()
                .for_each(Instance::open_emergency_access);
        }
        // One observer after each step, all of them after the last.
        let first = random.below(all.len());
        let count = if number + 1 == STEPS { all.len() } else { 1 };
        for user in all.iter().cycle().skip(first).take(count) {
            assert_same_observations(&mut instances, *user, &context);
            assert_same_decryptions(&instances, *user, &context);
        }
    }
    for instance in &mut instances {
        instance.app.advance_days(200);
        instance.app.run_background_jobs();
    }
    for user in all.into_iter().rev().take(2) {
        assert_same_observations(
            &mut instances,
            user,
            &format!(
                "seed {seed}, {kind:?}, {protection:?}, {steps:#?}, after everything has expired"
            ),
        );
    }
}

/// The same number of sealed values and bytes is opened for `user` in both instances.
fn assert_same_decryptions(instances: &[Instance; 2], user: User, context: &str) {
    let paths_of = |instance: &Instance| {
        let mut paths: Vec<String> = [
            "timeline",
            "timeline?limit=1",
            "links",
            "link-decisions",
            "fragments",
        ]
        .map(|rest| instance.seed.path_to(rest))
        .into();
        for (id, _) in &instance.fragments {
            paths.extend(
                ["", "/versions", "/versions/1"].map(|rest| format!("/v1/fragments/{id}{rest}")),
            );
        }
        paths
    };
    let paths = instances.each_ref().map(paths_of);
    for (index, path) in paths[0].iter().enumerate() {
        let [one, other] = [0, 1].map(|instance| {
            instances[instance].app.service.linking.wait_for_links();
            instances[instance].count_decryptions(user, &paths[instance][index])
        });
        assert_eq!(
            one, other,
            "sealed values and bytes opened for {} on {path}: {context}",
            user.name
        );
    }
}

/// `user` is shown the same in both instances.
fn assert_same_observations(instances: &mut [Instance; 2], user: User, context: &str) {
    let [one, other] = instances.each_mut().map(|instance| instance.observe(user));
    assert_eq!(one.len(), other.len(), "{context}");
    for (one, other) in one.iter().zip(&other) {
        assert!(
            !one.contains("MARKED") && !other.contains("MARKED"),
            "{context}: {one}\n{other}"
        );
        assert!(one == other, "{context}\n{one}\n{other}");
    }
}

/// The seeds of the scenarios; others can be given with `CHRONOLOGY_SEEDS="4 5 6"`.
fn scenario_seeds(default: [u64; 2]) -> Vec<u64> {
    let Some(given) = std::env::var_os("CHRONOLOGY_SEEDS") else {
        return default.into();
    };
    given
        .to_string_lossy()
        .split_whitespace()
        .map(|seed| seed.parse().unwrap())
        .collect()
}

/// Routes that observers do not read: the audit counts what everybody does, which auditors see and,
/// in a checkpoint, everybody; and a certificate is reached only through the list of certificates.
const NOT_OBSERVED: [&str; 6] = [
    "/v1/audit",
    "/v1/audit/checkpoint",
    "/v1/audit/consistency",
    "/v1/audit/records/{audit_id}/proof",
    "/v1/audit/tiles/{level}/{index}",
    "/v1/deletion-certificates/{certificate_id}",
];

#[test]
fn every_read_route_is_observed() {
    let mut instance = Instance::new(DatabaseKind::Sqlite, Protection::Offence, 1, 1);
    for list in [&mut instance.decisions, &mut instance.consolidations] {
        list.push(ABSENT.to_owned());
    }
    instance.fragments.push((ABSENT.to_owned(), 1));
    let observed = instance.paths();
    let matches = |path: &str, pattern: &str| {
        let path = path.split('?').next().unwrap().split('/');
        let pattern = pattern.split('/');
        path.clone().count() == pattern.clone().count()
            && path
                .zip(pattern)
                .all(|(segment, expected)| segment == expected || expected.starts_with('{'))
    };
    let document = openapi_document();
    let reads = operations(&document)
        .into_iter()
        .filter(|operation| operation.method == "GET")
        .map(|operation| operation.path);
    let missing: Vec<String> = reads
        .filter(|route| {
            !NOT_OBSERVED.contains(&route.as_str())
                && !observed.iter().any(|path| matches(path, route))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn hidden_entries_are_not_observable_on_sqlite() {
    scenario_seeds([0, 3])
        .into_iter()
        .for_each(|seed| run_scenario(DatabaseKind::Sqlite, seed));
}

#[test]
fn hidden_entries_are_not_observable_on_postgresql() {
    scenario_seeds([101, 102])
        .into_iter()
        .for_each(|seed| run_scenario(DatabaseKind::Postgresql, seed));
}
