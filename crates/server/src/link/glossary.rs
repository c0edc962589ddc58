//! The glossary of event types: the built-in terms, overridden by a partnership's terms and those
//! of a file.

use std::path::Path;

use anyhow::{Context as _, bail};
use domain::Category;
use linkage::batch::Glossary;

use crate::config;

/// Loads the glossary for one run.
///
/// # Errors
/// Fails when the file cannot be read or is invalid, or the partnership is not configured.
pub(super) fn load_glossary(
    file: Option<&Path>,
    partnership: Option<&str>,
    configuration: Option<&Path>,
) -> anyhow::Result<Glossary> {
    let mut glossary = Glossary::default();
    if let Some(code) = partnership {
        let settings = config::load(configuration)?;
        let Some(partnership) = settings
            .partnerships
            .into_iter()
            .find(|partnership| partnership.code == code)
        else {
            bail!("the partnership {code} is not configured");
        };
        glossary = glossary.with_terms(partnership.policy.glossary);
    }
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{}: cannot be read", file.display()))?;
        glossary = glossary.with_terms(parse(&text).with_context(|| file.display().to_string())?);
    }
    Ok(glossary)
}

fn parse(text: &str) -> anyhow::Result<Vec<(String, Category)>> {
    let Ok(mut table) = text.parse::<toml::Table>() else {
        bail!("the file is not TOML")
    };
    let Some(toml::Value::Table(words)) = table.remove("glossary") else {
        bail!("the file has no section [glossary]");
    };
    if let Some(unknown) = table.keys().next() {
        bail!("{unknown}: unknown setting; terms belong under [glossary]");
    }
    let mut invalid = Vec::new();
    let mut read = Vec::new();
    for (word, code) in words {
        match code.as_str().and_then(Category::new) {
            Some(category) => read.push((word, category)),
            None => invalid.push(word),
        }
    }
    if !invalid.is_empty() {
        bail!(
            "not a category code (2 to 40 capital letters and underscores): {}",
            invalid.join(", ")
        );
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glossary_section_is_parsed_and_codes_are_checked() {
        let read = parse(
            "[glossary]\n\"our word\" = \"DOMESTIC_ABUSE\"\nMisPer = \"MISSING_EXPLOITATION\"\n",
        )
        .unwrap();
        assert_eq!(read.len(), 2);
        for invalid in [
            "",
            "our = \"HOME\"",
            "[glossary]\na = 1",
            "[glossary]\na = \"home\"",
            "[glossary]\n[more]",
        ] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn partnership_glossary_comes_from_the_configuration() {
        assert!(load_glossary(None, Some("wexmoor"), None).is_ok());
        assert!(load_glossary(None, Some("nowhere"), None).is_err());
    }
}
