//! Partnerships: their agencies and their policies.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use domain::{Category, PartnershipPolicy, PurposePolicy, TestNumberPolicy};
use service::{AgencyIn, PartnershipConfig};

use super::section::{ErrorCollector, Section};

const DAY: Duration = Duration::from_secs(86_400);
const AGENCY_KINDS: &str = "one of social_care, education, gp, health_visiting, hospital, midwifery, camhs, police, housing, \
                     probation, early_help, adult_services, voluntary or other";

/// Reads every configured partnership.
pub(super) fn read_partnerships(
    sections: Vec<Section<'_>>,
    errors: &ErrorCollector,
) -> Vec<PartnershipConfig> {
    let partnerships: Vec<PartnershipConfig> = sections.into_iter().map(read_partnership).collect();
    for code in find_duplicates(
        partnerships
            .iter()
            .map(|partnership| partnership.code.as_str()),
    ) {
        errors.add(format!("partnerships: {code} is listed twice"));
    }
    partnerships
}

fn read_partnership(mut section: Section<'_>) -> PartnershipConfig {
    let code = read_code(&mut section);
    let name = section.required_text("name");
    let policy = read_policy(section.section("policy"));
    let agencies: Vec<AgencyIn> = section
        .sections("agencies")
        .into_iter()
        .filter_map(read_agency)
        .collect();
    for code in find_duplicates(agencies.iter().map(|agency| agency.code.as_str())) {
        section.add_error("agencies", &format!("{code} is listed twice"));
    }
    section.finish();
    PartnershipConfig {
        code,
        name,
        policy,
        agencies,
    }
}

fn read_agency(mut section: Section<'_>) -> Option<AgencyIn> {
    let code = read_code(&mut section);
    let name = section.required_text("name");
    if name.chars().count() > 200 {
        section.add_error("name", "must have at most 200 characters");
    }
    let kind = section.required("kind", AGENCY_KINDS);
    let has_access = section.flag("has_access").unwrap_or(true);
    section.finish();
    Some(AgencyIn {
        code,
        name,
        kind: kind?,
        has_access,
    })
}

fn read_policy(mut section: Section<'_>) -> PartnershipPolicy {
    let mut policy = PartnershipPolicy::default();
    read_lifetimes(&mut section, &mut policy);
    read_emergency(&mut section, &mut policy);
    read_limits(&mut section, &mut policy);
    let categories = section.sections("categories").into_iter();
    policy.extra_categories = categories.filter_map(read_category).collect();
    policy.glossary = read_glossary(section.section("glossary"), &policy.extra_categories);
    read_flags(&mut section, &mut policy);
    let max_lifetime = policy.max_lifetime;
    let purposes = section.sections("purposes").into_iter();
    policy.purposes = purposes
        .filter_map(|purpose| read_purpose(purpose, max_lifetime))
        .collect();
    let categories = policy.extra_categories.iter();
    for code in find_duplicates(categories.map(|(category, _)| category.as_str())) {
        section.add_error("categories", &format!("{code} is listed twice"));
    }
    for purpose in find_duplicates(policy.purposes.iter().map(|(purpose, _)| purpose.as_str())) {
        section.add_error("purposes", &format!("{purpose} is listed twice"));
    }
    section.finish();
    policy
}

/// Reads how long objects live. Shared working copies are transient: always less than a year.
fn read_lifetimes(section: &mut Section<'_>, policy: &mut PartnershipPolicy) {
    let mut days = |key: &str, range: RangeInclusive<u64>, period: &mut Duration| {
        if let Some(days) = section.optional_number(key, &range) {
            *period = to_days(days);
        }
    };
    days("max_lifetime_days", 1..=364, &mut policy.max_lifetime);
    days(
        "max_ahead_lifetime_days",
        1..=364,
        &mut policy.max_ahead_lifetime,
    );
    days(
        "unreferenced_lifetime_days",
        1..=90,
        &mut policy.unreferenced_lifetime,
    );
    days(
        "reasons_retention_days",
        1..=364,
        &mut policy.reasons_retention,
    );
}

/// Reads the default duration, the maximum duration and the review period of emergency access.
fn read_emergency(section: &mut Section<'_>, policy: &mut PartnershipPolicy) {
    let mut minutes = |key: &str, period: &mut Duration| {
        if let Some(minutes) = section.optional_number(key, &(1..=1440)) {
            *period = Duration::from_secs(60 * minutes);
        }
    };
    minutes("emergency_access_minutes", &mut policy.emergency_access);
    minutes(
        "max_emergency_access_minutes",
        &mut policy.max_emergency_access,
    );
    if policy.emergency_access > policy.max_emergency_access {
        section.add_error(
            "emergency_access_minutes",
            "must not be more than max_emergency_access_minutes",
        );
    }
    if let Some(days) = section.optional_number("emergency_review_days", &(1..=30)) {
        policy.emergency_review = to_days(days);
    }
}

/// Reads the limits of what one caller or one agency may cause.
fn read_limits(section: &mut Section<'_>, policy: &mut PartnershipPolicy) {
    let mut limit = |key: &str, range: RangeInclusive<u64>, value: &mut u32| {
        let count = section.optional_number(key, &range);
        if let Some(count) = count.and_then(|count| u32::try_from(count).ok()) {
            *value = count;
        }
    };
    limit(
        "unreviewed_emergency_accesses",
        1..=50,
        &mut policy.unreviewed_emergency_accesses,
    );
    limit(
        "address_refusals_a_day",
        1..=50,
        &mut policy.address_refusals_a_day,
    );
    limit(
        "provisional_practitioners",
        1..=10_000,
        &mut policy.provisional_practitioners,
    );
}

fn read_flags(section: &mut Section<'_>, policy: &mut PartnershipPolicy) {
    for (key, flag) in [
        ("two_people", &mut policy.two_people),
        ("allow_ahead", &mut policy.allow_ahead),
        (
            "contributors_read_timeline",
            &mut policy.contributors_read_timeline,
        ),
        ("impact_mandatory", &mut policy.impact_mandatory),
        ("action_mandatory", &mut policy.action_mandatory),
    ] {
        if let Some(value) = section.flag(key) {
            *flag = value;
        }
    }
    match section.flag("test_nhs_numbers") {
        Some(true) => policy.test_nhs_numbers = TestNumberPolicy::Accepted,
        Some(false) => policy.test_nhs_numbers = TestNumberPolicy::Refused,
        None => {}
    }
}

fn to_days(days: u64) -> Duration {
    DAY.saturating_mul(u32::try_from(days).unwrap_or(1))
}

fn read_category(mut section: Section<'_>) -> Option<(Category, String)> {
    let code = section.required_text("code");
    let category = Category::new(&code);
    if category.is_none() {
        section.add_error("code", "must be 2 to 40 capital letters and underscores");
    }
    let built_in = category
        .as_ref()
        .is_some_and(|category| PartnershipPolicy::default().has_category(category));
    if built_in {
        section.add_error("code", "is a built-in category");
    }
    let covers = section.required_text("covers");
    section.finish();
    Some((category?, covers))
}

/// Agencies' terms, each mapped to a category of the partnership.
fn read_glossary(
    mut section: Section<'_>,
    extra: &[(Category, String)],
) -> Vec<(String, Category)> {
    let mut entries = Vec::new();
    for word in section.keys() {
        let is_listed = |category: &Category| {
            PartnershipPolicy::default().has_category(category)
                || extra.iter().any(|(own, _)| own == category)
        };
        let Some(code) = section.text(&word) else {
            continue;
        };
        match Category::new(&code).filter(is_listed) {
            Some(category) => entries.push((word, category)),
            None => section.add_error(&word, "must be the code of a category"),
        }
    }
    section.finish();
    entries
}

fn read_purpose(
    mut section: Section<'_>,
    max_lifetime: Duration,
) -> Option<(domain::Purpose, PurposePolicy)> {
    let purpose = section.required(
        "purpose",
        "one of the purposes, such as neglect or initial_conference",
    );
    let whole_days = max_lifetime.as_secs() / DAY.as_secs();
    let due_days = section.number("due_days", &(1..=180));
    let lifetime_days = section.number("lifetime_days", &(1..=whole_days));
    let look_back_years = section.optional_number("look_back_years", &(1..=25));
    if due_days > lifetime_days {
        section.add_error("due_days", "must not be more than lifetime_days");
    }
    section.finish();
    let to_u16 = |days: u64| u16::try_from(days).unwrap_or(u16::MAX);
    let look_back_years = look_back_years.and_then(|years| u8::try_from(years).ok());
    Some((
        purpose?,
        PurposePolicy {
            due_days: to_u16(due_days),
            look_back_years,
            lifetime_days: to_u16(lifetime_days),
        },
    ))
}

/// Reads a short name, as tokens carry it.
fn read_code(section: &mut Section<'_>) -> String {
    let code = section.required_text("code");
    let is_valid = (2..=60).contains(&code.len())
        && code.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !code.is_empty() && !is_valid {
        section.add_error(
            "code",
            "must be 2 to 60 lower-case letters, digits and hyphens",
        );
    }
    code
}

fn find_duplicates<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    codes
        .filter(|code| !code.is_empty() && !seen.insert(*code))
        .map(str::to_owned)
        .collect()
}
