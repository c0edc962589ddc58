//! What a person at the terminal may try next.

use std::fmt::Write as _;
use std::path::Path;

use super::Filled;
use super::data::County;
use crate::config::Settings;

/// Who is there, how to get a token, and the first requests.
pub(super) fn text(settings: &Settings, county: &County, filled: Filled, authority: Option<&Path>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, settings, county, filled, authority);
    text
}

fn write(
    text: &mut String,
    settings: &Settings,
    county: &County,
    filled: Filled,
    authority: Option<&Path>,
) -> std::fmt::Result {
    match filled {
        Filled::Now(entries) => {
            writeln!(
                text,
                "The invented county of Wexmoor is in the database: {entries} entries, chronologies in every state."
            )?;
        }
        Filled::Before => {
            writeln!(text, "The database has been in use before and was left as it is.")?;
            let folder = settings.data_folder.display();
            writeln!(text, "For a fresh county, end the service and remove the folder {folder}.")?;
        }
    }
    people(text, county)?;
    requests(text, &settings.server.public_url, authority)
}

fn people(text: &mut String, county: &County) -> std::fmt::Result {
    writeln!(text, "\nPeople you can be:\n")?;
    writeln!(text, "  {:<16} {:<27} {:<53} roles", "name", "agency", "job")?;
    for person in &county.practitioners {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
        let roles = roles.join(", ");
        writeln!(text, "  {:<16} {:<27} {:<53} {roles}", person.login, person.agency, person.job_title)?;
    }
    Ok(())
}

fn requests(text: &mut String, url: &str, authority: Option<&Path>) -> std::fmt::Result {
    let program =
        std::env::args_os().next().map_or_else(|| "chronology".into(), |name| name.to_string_lossy().into_owned());
    let trust = authority.map_or_else(String::new, |authority| format!("--cacert {} ", authority.display()));
    writeln!(text, "\nIn another terminal, from the same folder:\n")?;
    writeln!(text, "  TOKEN=$({program} token --as amara.quill)")?;
    writeln!(text, "  curl {trust}-H \"Authorization: Bearer $TOKEN\" {url}/v1/chronologies")?;
    writeln!(text, "  curl {trust}-H \"Authorization: Bearer $TOKEN\" {url}/v1/chronologies/ID/timeline")?;
    writeln!(text, "\n  the API's description: {url}/openapi.yaml\n")
}
