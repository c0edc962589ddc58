//! Rules for the facts of one entry: what is mandatory, and which dates and children are possible.

use time::Date;

use super::{CheckContext, Finding, Severity};
use crate::{EntryDetails, EventDate, Sensitive};

/// A rule for one entry: whether it holds, and the severity, code, pointer and message of the
/// finding when it does not.
type Rule = (bool, Severity, &'static str, &'static str, &'static str);

pub(super) fn check(entry: &EntryDetails, context: &CheckContext<'_>, findings: &mut Vec<Finding>) {
    let mut rules = vec![not_in_future(entry, context)];
    rules.extend(mandatory_facts(entry, context));
    rules.push(not_before_pregnancy(entry, context));
    let broken = rules.into_iter().filter(|(holds, ..)| !holds);
    findings.extend(broken.map(|(_, severity, code, pointer, message)| {
        Finding::new(severity, code, pointer, message)
    }));
    check_said_on(entry, context.today, findings);
    check_children(entry, context, findings);
}

fn not_in_future(entry: &EntryDetails, context: &CheckContext<'_>) -> Rule {
    (
        !entry.when.is_after_day(context.today),
        Severity::Error,
        "date_in_future",
        "/when",
        "The date lies in the future.",
    )
}

fn not_before_pregnancy(entry: &EntryDetails, context: &CheckContext<'_>) -> Rule {
    let before_pregnancy = context
        .eldest_conception
        .is_some_and(|day| entry.when.latest() < day);
    (
        !before_pregnancy || entry.family_history,
        Severity::Warning,
        "before_pregnancy",
        "/when",
        "This lies before the eldest child's pregnancy: mark it as family history, or check the date.",
    )
}

/// Rules for the facts that an entry must state, some of them only where the partnership demands
/// it.
fn mandatory_facts(entry: &EntryDetails, context: &CheckContext<'_>) -> [Rule; 5] {
    use Severity::{Error, Warning};
    let impact_severity = if context.policy.impact_mandatory {
        Error
    } else {
        Warning
    };
    let has_action =
        is_given(entry.action_taken.as_ref()) || is_given(entry.no_action_reason.as_ref());
    let has_source =
        !entry.source.role.trim().is_empty() && !entry.source.record_system.trim().is_empty();
    [
        (
            is_given(Some(&entry.what)),
            Error,
            "what_missing",
            "/what",
            "Say what happened.",
        ),
        (
            context.policy.has_category(&entry.category),
            Error,
            "category_not_listed",
            "/category",
            "The category is not on the partnership's list.",
        ),
        (
            has_source,
            Error,
            "source_missing",
            "/source",
            "Give the role and the record system this comes from.",
        ),
        (
            has_action || !context.policy.action_mandatory,
            Error,
            "action_missing",
            "/action_taken",
            "Say what was done, or why nothing was done.",
        ),
        (
            is_given(entry.impact.as_ref()),
            impact_severity,
            "impact_missing",
            "/impact",
            "Say what the impact on the child was.",
        ),
    ]
}

fn is_given(text: Option<&Sensitive<String>>) -> bool {
    text.is_some_and(|text| !text.as_str().trim().is_empty())
}

fn check_said_on(entry: &EntryDetails, today: Date, findings: &mut Vec<Finding>) {
    const POINTER: &str = "/child_voice/said_on";
    let Some(said_on) = entry
        .child_voice
        .as_ref()
        .and_then(|voice| voice.said_on.as_deref())
    else {
        return;
    };
    match EventDate::from_edtf(said_on) {
        Err(error) => {
            findings.push(Finding::new(
                Severity::Error,
                error.code(),
                POINTER,
                &format!("The date cannot be used: {error}."),
            ));
        }
        Ok(day) if day.is_after_day(today) => {
            let message = "The date lies in the future.";
            findings.push(Finding::new(
                Severity::Error,
                "date_in_future",
                POINTER,
                message,
            ));
        }
        Ok(_) => {}
    }
}

fn check_children(entry: &EntryDetails, context: &CheckContext<'_>, findings: &mut Vec<Finding>) {
    if context.children.is_empty() {
        return;
    }
    for (index, child) in entry.children.iter().enumerate() {
        if !context.children.contains(child) {
            let pointer = format!("/children/{index}");
            let message = "This child is not in the family.";
            findings.push(Finding::new(
                Severity::Error,
                "child_not_in_family",
                &pointer,
                message,
            ));
        }
    }
}
