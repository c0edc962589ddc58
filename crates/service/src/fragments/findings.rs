//! Warnings and prompts on what was submitted. They never change a word and never hold anything up.

use std::time::Duration;

use domain::{CheckContext, EntryDetails, Marking, PartnershipPolicy, Severity, check_entry, check_fragment};

use crate::chronologies::{ChronologyDetails, parse_day};
use crate::people::FamilyView;
use crate::session::Scene;
use crate::{Fault, FindingOut};

/// About nine months before the eldest child's birth: what lies before is family history.
const PREGNANCY: Duration = Duration::from_secs(280 * 86_400);

/// Faults of entries that would tell where a protected person lives. In a family with a protected address every
/// postcode that the writer cannot know to be harmless is refused alike, so that the answer confirms no guess.
pub(super) fn check_addresses(family: &FamilyView, entries: &[EntryDetails]) -> Vec<Fault> {
    let protected = family.members.iter().flat_map(|(_, details)| &details.addresses).any(|address| address.protected);
    if !protected {
        return Vec::new();
    }
    let known = postcodes(family, false);
    let policy = PartnershipPolicy::default();
    let context = CheckContext { known_postcodes: &known, ..CheckContext::new(time::Date::MAX, &policy) };
    let open = entries.iter().enumerate().filter(|(_, entry)| entry.handling.marking != Marking::Restricted);
    let found = open.flat_map(|(at, entry)| check_entry(entry, &context).into_iter().map(move |finding| (at, finding)));
    found
        .filter(|(_, finding)| finding.code == "postcode_outside_family")
        .map(|(at, finding)| {
            let message = "somebody in this family has a protected address: leave postcodes out, or mark the entry \
                           restricted";
            Fault::new(format!("/entries/{at}{}", finding.pointer), "address_in_clear", message)
        })
        .collect()
}

fn postcodes(family: &FamilyView, protected: bool) -> Vec<&str> {
    let addresses = family.members.iter().flat_map(|(_, details)| &details.addresses);
    let of_kind = addresses.filter(|address| address.protected == protected);
    of_kind.filter_map(|address| address.postcode.as_ref().map(|postcode| postcode.as_str())).collect()
}

/// What a second look might improve, with pointers into the submission.
pub(super) fn of(
    scene: &Scene<'_, '_>,
    family: &FamilyView,
    chronology: &ChronologyDetails,
    entries: &[EntryDetails],
) -> Vec<FindingOut> {
    let children: Vec<_> = family.children().map(|(id, _)| *id).collect();
    let births = family.children().filter_map(|(_, details)| details.birth);
    let eldest = births.map(|birth| birth.date).min();
    let names =
        || family.members.iter().flat_map(|(_, details)| std::iter::once(&details.name).chain(&details.other_names));
    let known_names: Vec<&str> = names()
        .flat_map(|name| std::iter::once(name.given.as_str()).chain(name.family.as_ref().map(|family| family.as_str())))
        .flat_map(str::split_whitespace)
        .collect();
    let known_postcodes = postcodes(family, false);
    let context = CheckContext {
        today: domain::uk_date_of(scene.now()),
        policy: scene.policy(),
        look_back_from: chronology.look_back_from.as_deref().and_then(parse_day),
        eldest_conception: eldest.and_then(|born| born.checked_sub(PREGNANCY.try_into().ok()?)),
        latest_referral: None,
        children: &children,
        known_names: &known_names,
        known_postcodes: &known_postcodes,
        // Judged by `check_addresses`; named here they would make their absence from a warning tell.
        protected_postcodes: &[],
        glossary: &[],
    };
    let of_entries = entries.iter().enumerate().flat_map(|(at, entry)| {
        let found = check_entry(entry, &context);
        found.into_iter().map(move |finding| (format!("/entries/{at}{}", finding.pointer), finding))
    });
    let of_fragment = check_fragment(entries, &context).into_iter().map(|finding| (finding.pointer.clone(), finding));
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
