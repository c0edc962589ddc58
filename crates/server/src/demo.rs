//! The demonstration: an invented county with chronologies in every state. No person, place or
//! number in it is real. It is created through the public use cases, each called as the person who
//! would do so.

mod data;
mod event_time;
mod guide;
mod relative_date;
mod script;
mod seeder;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::{Clock as _, Instant, MockClock};
use identity::DevClaims;

use crate::clock::SystemClock;
use crate::config::{DevelopmentIssuer, Settings};
use crate::startup::{self, AppContext};
use data::{DemoData, PractitionerData};
use script::DemoScript;
use seeder::Seeder;

/// Result of seeding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeedOutcome {
    /// The data was created now, with this number of entries.
    Seeded(usize),
    /// The database was in use before and was not changed.
    AlreadyInUse,
}

/// Returns an error unless the settings allow the demonstration. It requires the development
/// issuer, which gives tokens to anybody.
pub(crate) fn ensure_demo_allowed(settings: &Settings) -> anyhow::Result<()> {
    let Some(development) = &settings.development_issuer else {
        bail!("the demonstration needs the development issuer: set development_issuer.enabled");
    };
    let demo_data = DemoData::read()?;
    let missing: Vec<&str> = demo_data
        .agencies()
        .filter(|code| !development.agencies.iter().any(|own| own == code))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "the partnership {} lacks agencies of the demonstration: {}",
        development.partnership,
        missing.join(", ")
    )
}

/// Seeds the database unless it is already in use. The script runs from its first step up to now,
/// so that its events are always recent.
pub(crate) fn seed(settings: &Settings, context: &AppContext) -> anyhow::Result<SeedOutcome> {
    let demo_data = DemoData::read()?;
    let development = development_issuer(settings)?;
    let now = SystemClock.now();
    let script = DemoScript::build(&demo_data, now)?;
    if was_used_since(context, script.start_time())? {
        return Ok(SeedOutcome::AlreadyInUse);
    }
    let clock = MockClock::new(script.start_time());
    let service = context.service(settings, Arc::new(clock.clone()))?;
    let issuer = startup::development_issuer_name(settings);
    let mut seeder = Seeder::new(
        &service,
        &demo_data,
        issuer,
        development.partnership.clone(),
    )?;
    if seeder.has_families()? {
        return Ok(SeedOutcome::AlreadyInUse);
    }
    seeder.register_practitioners()?;
    for step in script.steps() {
        clock.set(step.at);
        service.retention.mark_overdue(u32::MAX)?;
        seeder.run_step(step).with_context(|| {
            format!(
                "the demonstration cannot be created: step {}",
                step.describe()
            )
        })?;
    }
    run_background_work(&clock, now, &service)?;
    Ok(SeedOutcome::Seeded(demo_data.entry_count()))
}

/// Runs the background work that is due by now.
fn run_background_work(
    clock: &MockClock,
    now: Instant,
    service: &service::Service,
) -> anyhow::Result<()> {
    clock.set(now);
    service.retention.mark_overdue(u32::MAX)?;
    service.retention.purge(1_000)?;
    service.retention.destroy_keys()?;
    Ok(())
}

/// The claims of one of the practitioners.
pub(crate) fn claims_for_login(login: &str) -> anyhow::Result<DevClaims> {
    let demo_data = DemoData::read()?;
    let known_logins = || {
        demo_data
            .practitioners
            .iter()
            .map(|person| person.login.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let person = demo_data.practitioner(login).with_context(|| {
        format!(
            "there is no practitioner {login}; choose one of {}",
            known_logins()
        )
    })?;
    Ok(practitioner_claims(person))
}

/// The guide for the operator: what to try next.
pub(crate) fn guide(
    settings: &Settings,
    outcome: &SeedOutcome,
    authority: Option<&Path>,
) -> String {
    DemoData::read().map_or_else(
        |_| String::new(),
        |demo_data| guide::render_guide(settings, &demo_data, *outcome, authority),
    )
}

fn practitioner_claims(person: &PractitionerData) -> DevClaims {
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

fn development_issuer(settings: &Settings) -> anyhow::Result<&DevelopmentIssuer> {
    settings
        .development_issuer
        .as_ref()
        .context("the demonstration needs the development issuer")
}

/// Whether the database has seen a time after `start_time`. A running service stores the latest
/// time it has seen; a script that starts earlier can then no longer run.
fn was_used_since(context: &AppContext, start_time: Instant) -> anyhow::Result<bool> {
    let high_water = context
        .db
        .read("clock.high_water", store::clock::high_water)?;
    Ok(high_water.is_some_and(|high_water| high_water > start_time))
}

#[cfg(test)]
mod tests;
