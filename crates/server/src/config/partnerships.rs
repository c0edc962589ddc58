//! Partnerships: their agencies and what they decide for themselves.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use domain::{Category, PartnershipPolicy, PurposePolicy, TestNumbers};
use service::{AgencyIn, PartnershipConfig};

use super::section::{Problems, Section};

const DAY: Duration = Duration::from_secs(86_400);
const KINDS: &str = "one of social_care, education, gp, health_visiting, hospital, midwifery, camhs, police, housing, \
                     probation, early_help, adult_services, voluntary or other";

/// Every configured partnership.
pub(super) fn read_partnerships(sections: Vec<Section<'_>>, problems: &Problems) -> Vec<PartnershipConfig> {
    let partnerships: Vec<PartnershipConfig> = sections.into_iter().map(read_partnership).collect();
    for code in twice(partnerships.iter().map(|partnership| partnership.code.as_str())) {
        problems.add(format!("partnerships: {code} is there twice"));
    }
    partnerships
}

fn read_partnership(mut from: Section<'_>) -> PartnershipConfig {
    let code = read_code(&mut from);
    let name = from.needed_text("name");
    let policy = read_policy(from.section("policy"));
    let agencies: Vec<AgencyIn> = from.sections("agencies").into_iter().filter_map(read_agency).collect();
    for code in twice(agencies.iter().map(|agency| agency.code.as_str())) {
        from.wrong("agencies", &format!("{code} is there twice"));
    }
    from.finish();
    PartnershipConfig { code, name, policy, agencies }
}

fn read_agency(mut from: Section<'_>) -> Option<AgencyIn> {
    let code = read_code(&mut from);
    let name = from.needed_text("name");
    if name.chars().count() > 200 {
        from.wrong("name", "must have at most 200 characters");
    }
    let kind = from.needed("kind", KINDS);
    let has_access = from.flag("has_access").unwrap_or(true);
    from.finish();
    Some(AgencyIn { code, name, kind: kind?, has_access })
}

fn read_policy(mut from: Section<'_>) -> PartnershipPolicy {
    let usual = PartnershipPolicy::default();
    let mut days = |key: &str, range: &RangeInclusive<u64>, usual: Duration| {
        from.optional_number(key, range).map_or(usual, |days| DAY.saturating_mul(u32::try_from(days).unwrap_or(1)))
    };
    // Shared working copies are transient: under a year, always.
    let max_lifetime = days("max_lifetime_days", &(1..=364), usual.max_lifetime);
    let max_ahead_lifetime = days("max_ahead_lifetime_days", &(1..=364), usual.max_ahead_lifetime);
    let unreferenced_lifetime = days("unreferenced_lifetime_days", &(1..=90), usual.unreferenced_lifetime);
    let reasons_retention = days("reasons_retention_days", &(1..=364), usual.reasons_retention);
    let (emergency_access, max_emergency_access, emergency_review) = read_emergency(&mut from, &usual);
    let unreviewed = from.optional_number("unreviewed_emergency_accesses", &(1..=50));
    let unreviewed_emergency_accesses =
        unreviewed.and_then(|most| u32::try_from(most).ok()).unwrap_or(usual.unreviewed_emergency_accesses);
    let refusals = from.optional_number("address_refusals_a_day", &(1..=50));
    let address_refusals_a_day =
        refusals.and_then(|most| u32::try_from(most).ok()).unwrap_or(usual.address_refusals_a_day);
    let provisional = from.optional_number("provisional_practitioners", &(1..=10_000));
    let provisional_practitioners =
        provisional.and_then(|most| u32::try_from(most).ok()).unwrap_or(usual.provisional_practitioners);
    let extra_categories: Vec<_> = from.sections("categories").into_iter().filter_map(read_category).collect();
    let glossary = read_glossary(from.section("glossary"), &extra_categories);
    let policy = PartnershipPolicy {
        max_lifetime,
        max_ahead_lifetime,
        unreferenced_lifetime,
        emergency_access,
        max_emergency_access,
        emergency_review,
        unreviewed_emergency_accesses,
        address_refusals_a_day,
        provisional_practitioners,
        provisional_lifetime: usual.provisional_lifetime,
        two_people: from.flag("two_people").unwrap_or(usual.two_people),
        request_lifetime: usual.request_lifetime,
        reasons_retention,
        allow_ahead: from.flag("allow_ahead").unwrap_or(usual.allow_ahead),
        contributors_read_timeline: from.flag("contributors_read_timeline").unwrap_or(usual.contributors_read_timeline),
        impact_mandatory: from.flag("impact_mandatory").unwrap_or(usual.impact_mandatory),
        action_mandatory: from.flag("action_mandatory").unwrap_or(usual.action_mandatory),
        test_nhs_numbers: match from.flag("test_nhs_numbers") {
            Some(true) => TestNumbers::Accepted,
            Some(false) => TestNumbers::Refused,
            None => usual.test_nhs_numbers,
        },
        extra_categories,
        glossary,
        purposes: from.sections("purposes").into_iter().filter_map(|one| read_purpose(one, max_lifetime)).collect(),
    };
    for code in twice(policy.extra_categories.iter().map(|(category, _)| category.as_str())) {
        from.wrong("categories", &format!("{code} is there twice"));
    }
    for purpose in twice(policy.purposes.iter().map(|(purpose, _)| purpose.as_str())) {
        from.wrong("purposes", &format!("{purpose} is there twice"));
    }
    from.finish();
    policy
}

/// How long the glass stays broken: usually, at most, and until it is to be reviewed.
fn read_emergency(from: &mut Section<'_>, usual: &PartnershipPolicy) -> (Duration, Duration, Duration) {
    let mut minutes = |key: &str, usual: Duration| {
        let given = from.optional_number(key, &(1..=1440));
        given.map_or(usual, |minutes| Duration::from_secs(60 * minutes))
    };
    let lasts = minutes("emergency_access_minutes", usual.emergency_access);
    let most = minutes("max_emergency_access_minutes", usual.max_emergency_access);
    if lasts > most {
        from.wrong("emergency_access_minutes", "must not be more than max_emergency_access_minutes");
    }
    let days = from.optional_number("emergency_review_days", &(1..=30));
    let review = days.map_or(usual.emergency_review, |days| DAY.saturating_mul(u32::try_from(days).unwrap_or(1)));
    (lasts, most, review)
}

fn read_category(mut from: Section<'_>) -> Option<(Category, String)> {
    let code = from.needed_text("code");
    let category = Category::new(&code);
    if category.is_none() {
        from.wrong("code", "must be 2 to 40 capital letters and underscores");
    }
    let built_in = category.as_ref().is_some_and(|category| PartnershipPolicy::default().lists(category));
    if built_in {
        from.wrong("code", "is a built-in category");
    }
    let covers = from.needed_text("covers");
    from.finish();
    Some((category?, covers))
}

/// Words of agencies, each with a category that is on the partnership's list.
fn read_glossary(mut from: Section<'_>, extra: &[(Category, String)]) -> Vec<(String, Category)> {
    let mut read = Vec::new();
    for word in from.keys() {
        let listed = |category: &Category| {
            PartnershipPolicy::default().lists(category) || extra.iter().any(|(own, _)| own == category)
        };
        let Some(code) = from.text(&word) else { continue };
        match Category::new(&code).filter(listed) {
            Some(category) => read.push((word, category)),
            None => from.wrong(&word, "must be the code of a category"),
        }
    }
    from.finish();
    read
}

fn read_purpose(mut from: Section<'_>, max_lifetime: Duration) -> Option<(domain::Purpose, PurposePolicy)> {
    let purpose = from.needed("purpose", "one of the purposes, such as neglect or initial_conference");
    let whole_days = max_lifetime.as_secs() / DAY.as_secs();
    let due_days = from.number("due_days", &(1..=180));
    let lifetime_days = from.number("lifetime_days", &(1..=whole_days));
    let look_back_years = from.optional_number("look_back_years", &(1..=25));
    if due_days > lifetime_days {
        from.wrong("due_days", "must not be more than lifetime_days");
    }
    from.finish();
    let small = |days: u64| u16::try_from(days).unwrap_or(u16::MAX);
    let look_back_years = look_back_years.and_then(|years| u8::try_from(years).ok());
    Some((purpose?, PurposePolicy { due_days: small(due_days), look_back_years, lifetime_days: small(lifetime_days) }))
}

/// A short name as tokens carry it.
fn read_code(from: &mut Section<'_>) -> String {
    let code = from.needed_text("code");
    let shaped = (2..=60).contains(&code.len())
        && code.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !code.is_empty() && !shaped {
        from.wrong("code", "must be 2 to 60 lower-case letters, digits and hyphens");
    }
    code
}

fn twice<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    codes.filter(|code| !code.is_empty() && !seen.insert(*code)).map(str::to_owned).collect()
}
