//! The demonstration: an invented county whose chronologies stand in every state. No person, place or number in it is
//! real. It is told through the same use cases as everybody uses, each by the person who would do it.

mod data;
mod guide;
mod relative;
mod story;
mod teller;
mod when;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::{Clock as _, Instant, MockClock};
use identity::DevClaims;

use crate::clock::SystemClock;
use crate::config::{DevelopmentIssuer, Settings};
use crate::startup::{self, Ground};
use data::{County, PractitionerData};
use story::Story;
use teller::Teller;

/// What became of filling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The county was told just now, with so many entries.
    Now(usize),
    /// The database was in use before; nothing was touched.
    Before,
}

/// The demonstration belongs where tokens can be had for the asking, and nowhere else.
pub(crate) fn refuse_unless_for_demonstration(settings: &Settings) -> anyhow::Result<()> {
    let Some(development) = &settings.development_issuer else {
        bail!("the demonstration needs the development issuer (development_issuer.enabled)");
    };
    let county = County::read()?;
    let missing: Vec<&str> =
        county.agencies().filter(|code| !development.agencies.iter().any(|own| own == code)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("the partnership {} lacks agencies of the demonstration: {}", development.partnership, missing.join(", "))
}

/// Fills the database unless it has been used before. Time is told from the story's beginning up to now, so that what
/// it holds is always of the last weeks.
pub(crate) fn fill(settings: &Settings, ground: &Ground) -> anyhow::Result<Filled> {
    let county = County::read()?;
    let development = development(settings)?;
    let now = SystemClock.now();
    let story = Story::of(&county, now)?;
    if used_since(ground, story.begins())? {
        return Ok(Filled::Before);
    }
    let clock = MockClock::new(story.begins());
    let service = ground.service(settings, Arc::new(clock.clone()))?;
    let issuer = startup::development_issuer_name(settings);
    let mut teller = Teller::new(&service, &county, issuer, development.partnership.clone())?;
    if teller.finds_families()? {
        return Ok(Filled::Before);
    }
    teller.register_practitioners()?;
    for step in story.steps() {
        clock.set(step.at);
        service.pass_due(u32::MAX)?;
        teller.tell(step).with_context(|| format!("the demonstration cannot be told: {}", step.name()))?;
    }
    finish(&clock, now, &service)?;
    Ok(Filled::Now(county.entries()))
}

/// What the workers would have done by now.
fn finish(clock: &MockClock, now: Instant, service: &service::Service) -> anyhow::Result<()> {
    clock.set(now);
    service.pass_due(u32::MAX)?;
    service.purge(1_000)?;
    service.destroy_keys()?;
    Ok(())
}

/// The claims of one of the county's people.
pub(crate) fn claims_of(login: &str) -> anyhow::Result<DevClaims> {
    let county = County::read()?;
    let known = || county.practitioners.iter().map(|person| person.login.as_str()).collect::<Vec<_>>().join(", ");
    let person =
        county.practitioner(login).with_context(|| format!("nobody is called {login}; there are {}", known()))?;
    Ok(claims(person))
}

/// What to try next.
pub(crate) fn guide(settings: &Settings, filled: &Filled, authority: Option<&Path>) -> String {
    County::read().map_or_else(|_| String::new(), |county| guide::text(settings, &county, *filled, authority))
}

fn claims(person: &PractitionerData) -> DevClaims {
    DevClaims {
        subject: person.login.clone(),
        client_id: "chronology-token".to_owned(),
        agency: person.agency.clone(),
        roles: person.roles.clone(),
        offence_data: person.offence_data,
        name: Some(person.name.clone()),
        job_title: Some(person.job_title.clone()),
        ..DevClaims::default()
    }
}

fn development(settings: &Settings) -> anyhow::Result<&DevelopmentIssuer> {
    settings.development_issuer.as_ref().context("the demonstration needs the development issuer")
}

/// A running service keeps the latest instant it has seen; a story that begins earlier cannot be told any more.
fn used_since(ground: &Ground, begins: Instant) -> anyhow::Result<bool> {
    let mark = ground.db.read("clock.high_water", store::clock::high_water)?;
    Ok(mark.is_some_and(|mark| mark > begins))
}

#[cfg(test)]
mod tests;
