use std::collections::BTreeSet;

use domain::{Marking, NhsNumber, Upn};

use super::data::{AgencyResponse, EntryData};
use super::*;

fn demo_data() -> DemoData {
    DemoData::read().unwrap()
}

fn entries(demo_data: &DemoData) -> impl Iterator<Item = &EntryData> {
    demo_data
        .families
        .iter()
        .flat_map(|family| &family.returns)
        .flat_map(|one| &one.entries)
}

#[test]
fn demo_data_is_large_and_varied() {
    let demo_data = demo_data();
    assert!(
        demo_data.entry_count() >= 120,
        "{}",
        demo_data.entry_count()
    );
    let restricted = entries(&demo_data)
        .filter(|entry| entry.marking == Some(Marking::Restricted))
        .count();
    let voices = entries(&demo_data)
        .filter(|entry| entry.voice.is_some())
        .count();
    let disputed = entries(&demo_data)
        .filter(|entry| entry.account.as_ref().is_some_and(|one| one.disputed))
        .count();
    assert!(
        restricted >= 4 && voices >= 12 && disputed >= 3,
        "{restricted} {voices} {disputed}"
    );
    assert!(
        demo_data
            .practitioners
            .iter()
            .map(|person| &person.agency)
            .collect::<BTreeSet<_>>()
            .len()
            >= 9
    );
    let responses: Vec<AgencyResponse> = demo_data
        .families
        .iter()
        .flat_map(|family| &family.returns)
        .map(|one| one.answer)
        .collect();
    for response in [
        AgencyResponse::Submitted,
        AgencyResponse::NilReturn,
        AgencyResponse::Declined,
        AgencyResponse::Drafting,
        AgencyResponse::Viewed,
    ] {
        assert!(responses.contains(&response), "{response:?}");
    }
}

#[test]
fn identifiers_are_well_formed_and_fictitious() {
    for person in demo_data()
        .families
        .iter()
        .flat_map(|family| &family.people)
    {
        if let Some(number) = &person.nhs_number {
            assert!(
                number.starts_with("999"),
                "only the test range: {}",
                person.key
            );
            NhsNumber::parse(number).unwrap_or_else(|error| panic!("{}: {error}", person.key));
        }
        if let Some(upn) = &person.upn {
            assert_eq!(
                upn.get(1..4),
                Some("999"),
                "no such local authority: {}",
                person.key
            );
            Upn::parse(upn).unwrap_or_else(|error| panic!("{}: {error}", person.key));
        }
        for address in &person.addresses {
            let invented = address
                .postcode
                .as_ref()
                .is_none_or(|postcode| postcode.starts_with("ZZ"));
            assert!(invented, "{}", person.key);
        }
    }
}

#[test]
fn identifiers_are_unique() {
    let demo_data = demo_data();
    let people: Vec<_> = demo_data
        .families
        .iter()
        .flat_map(|family| &family.people)
        .collect();
    let numbers: Vec<_> = people
        .iter()
        .filter_map(|person| person.nhs_number.as_ref())
        .collect();
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    let upns: Vec<_> = people
        .iter()
        .filter_map(|person| person.upn.as_ref())
        .collect();
    assert_eq!(upns.iter().collect::<BTreeSet<_>>().len(), upns.len());
}

#[test]
fn script_is_ordered_and_past_on_any_date() {
    let demo_data = demo_data();
    for now in [
        "2026-03-31T00:30:00Z",
        "2028-02-29T23:59:00Z",
        "2026-10-25T01:30:00Z",
    ] {
        let now = domain::Instant::parse(now).unwrap();
        let script = DemoScript::build(&demo_data, now).unwrap();
        assert!(
            script.steps().iter().all(|step| step.at <= now),
            "no step is in the future"
        );
        assert!(
            script
                .steps()
                .windows(2)
                .all(|pair| pair[0].at <= pair[1].at)
        );
    }
}

#[test]
fn only_demo_practitioners_get_tokens() {
    let claims = claims_for_login("kit.barrow").unwrap();
    assert!(claims.offence_data && claims.agency == "wexmoor-police");
    let error = claims_for_login("nobody").err().unwrap().to_string();
    assert!(error.contains("amara.quill"), "{error}");
}

/// The default configuration with its data in `folder`.
fn demo_settings(folder: &Path) -> Settings {
    crate::config::settings_with_data_folder(folder)
}

fn chronology_states(settings: &Settings, context: &AppContext) -> Vec<domain::ChronologyState> {
    let demo_data = demo_data();
    let service = context.service(settings, startup::system_clock()).unwrap();
    let issuer = startup::development_issuer_name(settings);
    let mut seeder = Seeder::new(&service, &demo_data, issuer, "wexmoor".to_owned()).unwrap();
    let call = seeder.build_call("amara.quill").unwrap();
    let page = service
        .chronologies
        .list_chronologies(&call, service::PageQuery::default())
        .unwrap();
    page.items
        .into_iter()
        .map(|chronology| chronology.state)
        .collect()
}

#[test]
fn empty_database_is_seeded_once_with_every_state() {
    use domain::ChronologyState as S;
    let folder = tempfile::tempdir().unwrap();
    let settings = demo_settings(folder.path());
    let context = AppContext::open(&settings).unwrap();
    assert!(
        matches!(seed(&settings, &context).unwrap(), SeedOutcome::Seeded(entries) if entries >= 120)
    );
    let states = chronology_states(&settings, &context);
    for state in [
        S::Draft,
        S::Open,
        S::Closing,
        S::Consolidated,
        S::SignedOff,
        S::Closed,
    ] {
        assert!(states.contains(&state), "{state} is not in {states:?}");
    }
    assert!(
        !states.contains(&S::Expired),
        "what has expired has left only its tombstone"
    );

    assert_eq!(
        seed(&settings, &context).unwrap(),
        SeedOutcome::AlreadyInUse,
        "the second time changes nothing"
    );
    assert_eq!(chronology_states(&settings, &context).len(), states.len());
}

#[test]
fn demo_data_is_not_stored_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let settings = demo_settings(folder.path());
    let context = AppContext::open(&settings).unwrap();
    seed(&settings, &context).unwrap();
    drop(context);
    let files = std::fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.unwrap().path()).ok());
    let bytes: Vec<u8> = files.flatten().collect();
    for word in [
        "Tennick",
        "Jaxon",
        "9994395637",
        "trampoline",
        "amara.quill",
        "ZZ4 7QP",
    ] {
        assert!(
            !bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes()),
            "{word} is in clear"
        );
    }
}
