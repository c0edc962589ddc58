//! Warnings and prompts about a submission. They neither change its text nor block it.

use std::time::Duration;

use contract::FindingOut;
use domain::{CheckContext, EntryDetails, Severity, check_entry, check_fragment};
use kernel::UnitOfWork;

use crate::input::parse_day;
use crate::records::{ChronologyDetails, FamilyView};

/// Length of a pregnancy. Events before the eldest child's conception are family history.
const PREGNANCY: Duration = Duration::from_secs(280 * 86_400);

fn postcodes(family: &FamilyView, protected: bool) -> Vec<&str> {
    let addresses = family
        .members
        .iter()
        .flat_map(|(_, details)| &details.addresses);
    let of_kind = addresses.filter(|address| address.protected == protected);
    of_kind
        .filter_map(|address| address.postcode.as_ref().map(|postcode| postcode.as_str()))
        .collect()
}

/// Collects warnings about the entries, with JSON pointers into the submission.
pub(crate) fn collect_findings(
    uow: &UnitOfWork<'_, '_>,
    family: &FamilyView,
    chronology: &ChronologyDetails,
    entries: &[EntryDetails],
) -> Vec<FindingOut> {
    let children: Vec<_> = family.children().map(|(id, _)| *id).collect();
    let births = family.children().filter_map(|(_, details)| details.birth);
    let eldest = births.map(|birth| birth.date).min();
    let names = || {
        family
            .members
            .iter()
            .flat_map(|(_, details)| std::iter::once(&details.name).chain(&details.other_names))
    };
    let known_names: Vec<&str> = names()
        .flat_map(|name| {
            std::iter::once(name.given.as_str())
                .chain(name.family.as_ref().map(|family| family.as_str()))
        })
        .flat_map(str::split_whitespace)
        .collect();
    let known_postcodes = postcodes(family, false);
    let context = CheckContext {
        today: domain::uk_date_at(uow.now()),
        policy: uow.policy(),
        look_back_from: chronology.look_back_from.as_deref().and_then(parse_day),
        eldest_conception: eldest.and_then(|born| born.checked_sub(PREGNANCY.try_into().ok()?)),
        latest_referral: None,
        children: &children,
        known_names: &known_names,
        known_postcodes: &known_postcodes,
        // `People::find_disclosed_addresses` checks these. A warning about them would confirm a
        // guessed address.
        protected_postcodes: &[],
        glossary: &[],
    };
    let of_entries = entries.iter().enumerate().flat_map(|(at, entry)| {
        let found = check_entry(entry, &context);
        found
            .into_iter()
            .map(move |finding| (format!("/entries/{at}{}", finding.pointer), finding))
    });
    let of_fragment = check_fragment(entries, &context)
        .into_iter()
        .map(|finding| (finding.pointer.clone(), finding));
    of_entries
        .chain(of_fragment)
        .filter(|(_, finding)| finding.severity != Severity::Error)
        .map(|(pointer, finding)| FindingOut {
            pointer,
            code: finding.code.to_string(),
            severity: finding.severity,
            message: finding.message,
        })
        .collect()
}
