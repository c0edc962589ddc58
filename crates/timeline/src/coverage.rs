//! Coverage: which agencies have answered. An agency without an answer is never shown as having
//! nothing to report.

use domain::{AgencyId, DeclineReason, Instant, InvitationState};
use serde::{Deserialize, Serialize};

/// The answer of one invited agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CoverageLine {
    /// The agency.
    pub agency: AgencyId,
    /// The state of its invitation.
    pub state: InvitationState,
    /// When it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Instant>,
    /// Why it declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// The number of its entries that the reader sees.
    pub entry_count: u32,
}

/// The coverage of a timeline in plain words, without naming agencies: "6 of 9 agencies have
/// returned, 1 of them with nothing to report. 1 has declined. 2 have not answered, 1 of them
/// overdue: silence does not mean that nothing is known."
#[must_use]
pub fn coverage_statement(lines: &[CoverageLine]) -> String {
    if lines.is_empty() {
        return "No agency has been invited.".to_owned();
    }
    let count = |states: &[InvitationState]| {
        lines
            .iter()
            .filter(|line| states.contains(&line.state))
            .count()
    };
    let nil = count(&[InvitationState::NilReturn]);
    let returned = nil + count(&[InvitationState::Submitted]);
    let declined = count(&[InvitationState::Declined]);
    let overdue = count(&[InvitationState::Overdue]);
    let silent = overdue
        + count(&[
            InvitationState::Invited,
            InvitationState::Viewed,
            InvitationState::Drafting,
        ]);
    let expired = count(&[InvitationState::Expired]);
    let sentences = [
        Some(describe_returns(returned, nil, lines.len())),
        (declined > 0).then(|| format!("{declined} {} declined.", has_or_have(declined))),
        (silent > 0).then(|| describe_silence(silent, overdue)),
        (expired > 0).then(|| {
            format!(
                "{expired} {} past the end of the chronology.",
                if expired == 1 { "is" } else { "are" }
            )
        }),
    ];
    sentences
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn describe_returns(returned: usize, nil: usize, invited: usize) -> String {
    let agencies = if invited == 1 { "agency" } else { "agencies" };
    let with_nothing = match nil {
        0 => String::new(),
        nil => format!(", {nil} of them with nothing to report"),
    };
    format!(
        "{returned} of {invited} {agencies} {} returned{with_nothing}.",
        has_or_have(returned)
    )
}

fn describe_silence(silent: usize, overdue: usize) -> String {
    let late = match overdue {
        0 => String::new(),
        overdue if overdue == silent => " and the due date has passed".to_owned(),
        overdue => format!(", {overdue} of them overdue"),
    };
    format!(
        "{silent} {} not answered{late}: silence does not mean that nothing is known.",
        has_or_have(silent)
    )
}

const fn has_or_have(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use domain::InvitationState as S;

    fn lines(states: &[S]) -> Vec<CoverageLine> {
        let line = |state: &S| CoverageLine {
            agency: "01999999-0000-7000-8000-000000000000".parse().unwrap(),
            state: *state,
            answered_at: None,
            decline_reason: None,
            entry_count: 0,
        };
        states.iter().map(line).collect()
    }

    #[rstest]
    #[case(&[], "No agency has been invited.")]
    #[case(&[S::Submitted], "1 of 1 agency has returned.")]
    #[case(&[S::Submitted, S::NilReturn], "2 of 2 agencies have returned, 1 of them with nothing to report.")]
    #[case(&[S::Declined, S::Submitted], "1 of 2 agencies has returned. 1 has declined.")]
    #[case(&[S::Expired, S::Expired], "0 of 2 agencies have returned. 2 are past the end of the chronology.")]
    #[case(
        &[S::Invited, S::Viewed, S::Overdue],
        "0 of 3 agencies have returned. 3 have not answered, 1 of them overdue: silence does not mean that nothing is known."
    )]
    fn coverage_is_stated_in_plain_words(#[case] states: &[S], #[case] expected: &str) {
        assert_eq!(coverage_statement(&lines(states)), expected);
    }

    #[test]
    fn every_invitation_is_counted_once() {
        let all = coverage_statement(&lines(S::ALL));
        let numbers = all
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse::<usize>().ok());
        assert_eq!(numbers.collect::<Vec<_>>(), [2, 8, 1, 1, 4, 1, 1], "{all}");
    }
}
