//! The words for types of events: the usual ones, a partnership's and a file's over them.

use std::path::Path;

use anyhow::{Context as _, bail};
use domain::Category;
use linkage::batch::Glossary;

use crate::config;

/// The glossary for one run.
///
/// # Errors
/// When the file cannot be read or has mistakes, or the partnership is not configured.
pub(super) fn read(
    file: Option<&Path>,
    partnership: Option<&str>,
    configuration: Option<&Path>,
) -> anyhow::Result<Glossary> {
    let mut glossary = Glossary::default();
    if let Some(code) = partnership {
        let settings = config::load(configuration)?;
        let Some(own) = settings.partnerships.into_iter().find(|own| own.code == code) else {
            bail!("{code} is not a partnership of the configuration");
        };
        glossary = glossary.with(own.policy.glossary);
    }
    if let Some(file) = file {
        let text = std::fs::read_to_string(file).with_context(|| format!("{}: cannot be read", file.display()))?;
        glossary = glossary.with(parse(&text).with_context(|| file.display().to_string())?);
    }
    Ok(glossary)
}

fn parse(text: &str) -> anyhow::Result<Vec<(String, Category)>> {
    let Ok(mut table) = text.parse::<toml::Table>() else { bail!("the file is not TOML") };
    let Some(toml::Value::Table(words)) = table.remove("glossary") else {
        bail!("the file has no section [glossary]");
    };
    if let Some(other) = table.keys().next() {
        bail!("{other}: there is no such setting; words stand under [glossary]");
    }
    let mut wrong = Vec::new();
    let mut read = Vec::new();
    for (word, code) in words {
        match code.as_str().and_then(Category::new) {
            Some(category) => read.push((word, category)),
            None => wrong.push(word),
        }
    }
    if !wrong.is_empty() {
        bail!("not a category code (2 to 40 capital letters and underscores): {}", wrong.join(", "));
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_under_their_section_and_codes_are_checked() {
        let read = parse("[glossary]\n\"our word\" = \"DOMESTIC_ABUSE\"\nMisPer = \"MISSING_EXPLOITATION\"\n").unwrap();
        assert_eq!(read.len(), 2);
        for wrong in ["", "our = \"HOME\"", "[glossary]\na = 1", "[glossary]\na = \"home\"", "[glossary]\n[more]"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_partnerships_glossary_comes_from_the_configuration() {
        assert!(read(None, Some("wexmoor"), None).is_ok());
        assert!(read(None, Some("nowhere"), None).is_err());
    }
}
