//! Which events lead to which steps, and how soon: Working Together to Safeguard Children sets the pace of the steps.

use super::kinds::{self, Kinds};

/// The kinds of event that lead to a step, and within how many days; `None` when the kinds are no such step.
pub(crate) fn causes(step: Kinds) -> Option<(Kinds, i64)> {
    let harm = kinds::DOMESTIC.with(kinds::ASSAULT).with(kinds::ARREST).with(kinds::DRUGS).with(kinds::DISCLOSURE);
    let harm = harm.with(kinds::WEAPON).with(kinds::SELF_HARM).with(kinds::REFERRAL);
    let sequences = [
        (kinds::CORE_GROUP, kinds::CONFERENCE, 42),
        (kinds::CONFERENCE, kinds::STRATEGY, 30),
        (kinds::MEDICAL, kinds::STRATEGY.with(kinds::DISCLOSURE), 3),
        (kinds::STRATEGY, harm, 5),
        (kinds::SCREENING, harm, 5),
        (kinds::INTERVIEW, kinds::MISSING, 7),
    ];
    let first = sequences.into_iter().find(|(kind, ..)| step.meets(*kind));
    first.map(|(_, causes, within)| (causes, within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conference_follows_a_strategy_discussion() {
        assert_eq!(causes(kinds::CONFERENCE), Some((kinds::STRATEGY, 30)));
        assert_eq!(causes(kinds::ANIMAL), None);
    }
}
