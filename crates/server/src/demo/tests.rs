use std::collections::BTreeSet;

use domain::{Marking, NhsNumber, Upn};

use super::data::{Answer, EntryData};
use super::*;

fn county() -> County {
    County::read().unwrap()
}

fn entries(county: &County) -> impl Iterator<Item = &EntryData> {
    county.families.iter().flat_map(|family| &family.returns).flat_map(|one| &one.entries)
}

#[test]
fn the_county_is_large_and_varied_enough_to_show_what_there_is() {
    let county = county();
    assert!(county.entries() >= 120, "{}", county.entries());
    let restricted = entries(&county).filter(|entry| entry.marking == Some(Marking::Restricted)).count();
    let voices = entries(&county).filter(|entry| entry.voice.is_some()).count();
    let disputed = entries(&county).filter(|entry| entry.account.as_ref().is_some_and(|one| one.disputed)).count();
    assert!(restricted >= 4 && voices >= 12 && disputed >= 3, "{restricted} {voices} {disputed}");
    assert!(county.practitioners.iter().map(|person| &person.agency).collect::<BTreeSet<_>>().len() >= 9);
    let answers: Vec<Answer> =
        county.families.iter().flat_map(|family| &family.returns).map(|one| one.answer).collect();
    for answer in [Answer::Submitted, Answer::NilReturn, Answer::Declined, Answer::Drafting, Answer::Viewed] {
        assert!(answers.contains(&answer), "{answer:?}");
    }
}

#[test]
fn identifiers_are_well_formed_and_nobodys() {
    for person in county().families.iter().flat_map(|family| &family.people) {
        if let Some(number) = &person.nhs_number {
            assert!(number.starts_with("999"), "only the test range: {}", person.key);
            NhsNumber::parse(number).unwrap_or_else(|error| panic!("{}: {error}", person.key));
        }
        if let Some(upn) = &person.upn {
            assert_eq!(upn.get(1..4), Some("999"), "no such local authority: {}", person.key);
            Upn::parse(upn).unwrap_or_else(|error| panic!("{}: {error}", person.key));
        }
        for address in &person.addresses {
            let invented = address.postcode.as_ref().is_none_or(|postcode| postcode.starts_with("ZZ"));
            assert!(invented, "{}", person.key);
        }
    }
}

#[test]
fn no_identifier_is_given_to_two_people() {
    let county = county();
    let people: Vec<_> = county.families.iter().flat_map(|family| &family.people).collect();
    let numbers: Vec<_> = people.iter().filter_map(|person| person.nhs_number.as_ref()).collect();
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    let upns: Vec<_> = people.iter().filter_map(|person| person.upn.as_ref()).collect();
    assert_eq!(upns.iter().collect::<BTreeSet<_>>().len(), upns.len());
}

#[test]
fn the_story_can_be_put_in_order_at_any_time_of_the_year() {
    let county = county();
    for now in ["2026-03-31T00:30:00Z", "2028-02-29T23:59:00Z", "2026-10-25T01:30:00Z"] {
        let now = domain::Instant::parse(now).unwrap();
        let story = Story::of(&county, now).unwrap();
        assert!(story.steps().iter().all(|step| step.at <= now), "nothing is told that has not happened");
        assert!(story.steps().windows(2).all(|pair| pair[0].at <= pair[1].at));
    }
}

#[test]
fn tokens_are_for_people_of_the_county_alone() {
    let claims = claims_of("kit.barrow").unwrap();
    assert!(claims.offence_data && claims.agency == "wexmoor-police");
    let error = claims_of("nobody").err().unwrap().to_string();
    assert!(error.contains("amara.quill"), "{error}");
}

/// The default configuration in a folder of its own.
fn settings(folder: &Path) -> Settings {
    crate::config::of_folder(folder)
}

fn states(settings: &Settings, ground: &Ground) -> Vec<domain::ChronologyState> {
    let county = county();
    let service = ground.service(settings, startup::system_clock()).unwrap();
    let issuer = startup::development_issuer_name(settings);
    let mut teller = Teller::new(&service, &county, issuer, "wexmoor".to_owned()).unwrap();
    let call = teller.call("amara.quill").unwrap();
    let page = service.chronologies(&call, service::PageQuery::default()).unwrap();
    page.items.into_iter().map(|chronology| chronology.state).collect()
}

#[test]
fn an_empty_database_is_filled_once_and_shows_every_state() {
    use domain::ChronologyState as S;
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let ground = Ground::open(&settings).unwrap();
    assert!(matches!(fill(&settings, &ground).unwrap(), Filled::Now(entries) if entries >= 120));
    let found = states(&settings, &ground);
    for state in [S::Draft, S::Open, S::Closing, S::Consolidated, S::SignedOff, S::Closed] {
        assert!(found.contains(&state), "{state} is not in {found:?}");
    }
    assert!(!found.contains(&S::Expired), "what has expired has left only its tombstone");

    assert_eq!(fill(&settings, &ground).unwrap(), Filled::Before, "the second time changes nothing");
    assert_eq!(states(&settings, &ground).len(), found.len());
}

#[test]
fn nothing_of_the_county_stands_in_clear_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let ground = Ground::open(&settings).unwrap();
    fill(&settings, &ground).unwrap();
    drop(ground);
    let files = std::fs::read_dir(folder.path()).unwrap().filter_map(|entry| std::fs::read(entry.unwrap().path()).ok());
    let bytes: Vec<u8> = files.flatten().collect();
    for word in ["Tennick", "Jaxon", "9994395637", "trampoline", "amara.quill", "ZZ4 7QP"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} is in clear");
    }
}
