//! The guide printed at the terminal.

use std::fmt::Write as _;
use std::path::Path;

use super::SeedOutcome;
use super::data::DemoData;
use crate::config::Settings;

/// Lists the practitioners, how to get a token, and first requests to try.
pub(super) fn render_guide(
    settings: &Settings,
    demo_data: &DemoData,
    outcome: SeedOutcome,
    authority: Option<&Path>,
) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_guide(&mut text, settings, demo_data, outcome, authority);
    text
}

fn write_guide(
    text: &mut String,
    settings: &Settings,
    demo_data: &DemoData,
    outcome: SeedOutcome,
    authority: Option<&Path>,
) -> std::fmt::Result {
    match outcome {
        SeedOutcome::Seeded(entries) => {
            writeln!(
                text,
                "The database now contains the invented county of Wexmoor: {entries} entries, chronologies in every state."
            )?;
        }
        SeedOutcome::AlreadyInUse => {
            writeln!(
                text,
                "The database was already in use and has not been changed."
            )?;
            let folder = settings.data_folder.display();
            writeln!(
                text,
                "To start again with a new county, stop the service and remove the folder {folder}."
            )?;
        }
    }
    write_people(text, demo_data)?;
    write_requests(text, &settings.server.public_url, authority)
}

fn write_people(text: &mut String, demo_data: &DemoData) -> std::fmt::Result {
    writeln!(text, "\nPractitioners you can act as:\n")?;
    writeln!(
        text,
        "  {:<16} {:<27} {:<53} roles",
        "name", "agency", "job"
    )?;
    for person in &demo_data.practitioners {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
        let roles = roles.join(", ");
        writeln!(
            text,
            "  {:<16} {:<27} {:<53} {roles}",
            person.login, person.agency, person.job_title
        )?;
    }
    Ok(())
}

fn write_requests(text: &mut String, url: &str, authority: Option<&Path>) -> std::fmt::Result {
    let program = std::env::args_os().next().map_or_else(
        || "chronology".into(),
        |name| name.to_string_lossy().into_owned(),
    );
    let ca_option = authority.map_or_else(String::new, |authority| {
        format!("--cacert {} ", authority.display())
    });
    writeln!(text, "\nIn another terminal, from the same folder:\n")?;
    writeln!(text, "  TOKEN=$({program} token --as amara.quill)")?;
    writeln!(
        text,
        "  curl {ca_option}-H \"Authorization: Bearer $TOKEN\" {url}/v1/chronologies"
    )?;
    writeln!(
        text,
        "  curl {ca_option}-H \"Authorization: Bearer $TOKEN\" {url}/v1/chronologies/ID/timeline"
    )?;
    writeln!(text, "\n  API description: {url}/openapi.yaml\n")
}
