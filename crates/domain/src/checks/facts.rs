//! What must be there and what the dates say.

use time::Date;

use super::{CheckContext, Finding, Severity};
use crate::{EntryDetails, EventDate, Sensitive};

/// A rule about the facts of one entry: it holds, or this is to be said.
type Rule = (bool, Severity, &'static str, &'static str, &'static str);

pub(super) fn check(entry: &EntryDetails, context: &CheckContext<'_>, findings: &mut Vec<Finding>) {
    let broken = rules(entry, context).into_iter().filter(|(holds, ..)| !holds);
    findings.extend(broken.map(|(_, severity, code, pointer, message)| Finding::new(severity, code, pointer, message)));
    said_on(entry, context.today, findings);
    children(entry, context, findings);
}

fn rules(entry: &EntryDetails, context: &CheckContext<'_>) -> [Rule; 7] {
    use Severity::{Error, Warning};
    let impact = given(entry.impact.as_ref());
    let impact_severity = if context.policy.impact_mandatory { Error } else { Warning };
    let action = given(entry.action_taken.as_ref()) || given(entry.no_action_reason.as_ref());
    let source = !entry.source.role.trim().is_empty() && !entry.source.record_system.trim().is_empty();
    let before_pregnancy = context.eldest_conception.is_some_and(|day| entry.when.latest() < day);
    [
        (!entry.when.is_after_day(context.today), Error, "date_in_future", "/when", "The date lies in the future."),
        (given(Some(&entry.what)), Error, "what_missing", "/what", "Say what happened."),
        (
            context.policy.lists(&entry.category),
            Error,
            "category_not_listed",
            "/category",
            "The category is not on the partnership's list.",
        ),
        (source, Error, "source_missing", "/source", "Give the role and the record system this comes from."),
        (
            action || !context.policy.action_mandatory,
            Error,
            "action_missing",
            "/action_taken",
            "Say what was done, or why nothing was done.",
        ),
        (impact, impact_severity, "impact_missing", "/impact", "Say what the impact on the child was."),
        (
            !before_pregnancy || entry.family_history,
            Warning,
            "before_pregnancy",
            "/when",
            "This lies before the eldest child's pregnancy: mark it as family history, or check the date.",
        ),
    ]
}

fn given(words: Option<&Sensitive<String>>) -> bool {
    words.is_some_and(|words| !words.as_str().trim().is_empty())
}

fn said_on(entry: &EntryDetails, today: Date, findings: &mut Vec<Finding>) {
    const POINTER: &str = "/child_voice/said_on";
    let Some(said_on) = entry.child_voice.as_ref().and_then(|voice| voice.said_on.as_deref()) else { return };
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
            findings.push(Finding::new(Severity::Error, "date_in_future", POINTER, message));
        }
        Ok(_) => {}
    }
}

fn children(entry: &EntryDetails, context: &CheckContext<'_>, findings: &mut Vec<Finding>) {
    if context.children.is_empty() {
        return;
    }
    for (number, child) in entry.children.iter().enumerate() {
        if !context.children.contains(child) {
            let pointer = format!("/children/{number}");
            let message = "This child is not in the family.";
            findings.push(Finding::new(Severity::Error, "child_not_in_family", &pointer, message));
        }
    }
}
