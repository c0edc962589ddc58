//! Features of what was done and what happened.

use super::super::acts;
use super::super::bit_set::BitSet;
use super::super::date_comparison::DateComparison;
use super::super::parsed_entry::ParsedEntry;
use super::super::rarity_weights::RarityWeights;
use super::{Feature, FeatureBuilder, ratio};

impl FeatureBuilder {
    pub(super) fn add_acts(&mut self, a: &ParsedEntry, b: &ParsedEntry, dates: &DateComparison) {
        use Feature as F;
        let share = ratio(
            a.acts.all.intersection(b.acts.all),
            a.acts.all.union(b.acts.all),
        );
        self.set(F::Acts, share);
        self.set(F::ActsSameDay, if dates.is_same_day() { share } else { 0 });
        let x = a.acts.leading.intersection(acts::DISTINCT);
        let y = b.acts.leading.intersection(acts::DISTINCT);
        let x_in_b = x.intersects(b.acts.all);
        let y_in_a = y.intersects(a.acts.all);
        let conflict = !x.is_empty() && !y.is_empty() && !x_in_b && !y_in_a;
        self.set_flag(F::LeadingActsAgree, x.intersects(y));
        self.set_flag(F::LeadingActInOther, x_in_b || y_in_a);
        self.set_flag(F::LeadingActsInEachOther, x_in_b && y_in_a);
        self.set_flag(F::LeadingActsConflict, conflict);
        self.set_flag(
            F::LeadingActsConflictSameDay,
            conflict && dates.is_same_day(),
        );
        self.set_flag(
            F::OnlyOneLeadingAct,
            x.is_empty() != y.is_empty() && !x_in_b && !y_in_a,
        );
        self.set_flag(
            F::LeadingActInOtherQuoted,
            dates.quoted.is_some() && (x_in_b || y_in_a),
        );
        self.add_meetings(a, b);
        let both = |act: BitSet| a.acts.leading.intersects(act) && b.acts.leading.intersects(act);
        let only_one =
            |act: BitSet| a.acts.leading.intersects(act) != b.acts.leading.intersects(act);
        let joint = a.acts.all.union(b.acts.all).intersects(acts::JOINT);
        self.set_flag(F::BothVisits, both(acts::VISIT));
        self.set_flag(F::BothVisitsJoint, both(acts::VISIT) && joint);
        self.set_flag(F::OnlyOneVisit, only_one(acts::VISIT));
        self.set_flag(F::OnlyOneMissed, only_one(acts::MISSED));
        self.set_flag(F::OnlyOneReferral, only_one(acts::REFERRAL));
        self.set_flag(F::OnlyOneAchievement, only_one(acts::ACHIEVEMENT));
        self.set_flag(F::OnlyOneClosure, only_one(acts::CLOSURE));
        self.set_flag(F::OnlyOneLetter, only_one(acts::LETTER));
        self.set_flag(F::BothPhone, both(acts::PHONE));
        self.set_flag(F::BothConsultation, both(acts::CONSULTATION));
        self.set_flag(F::BothTherapy, both(acts::THERAPY));
        self.set_flag(F::OwnContacts, both(acts::OWN_CONTACTS) && !joint);
        self.set_flag(F::OnlyOneFollowUp, only_one(acts::FOLLOW_UP));
        let is_later = |one: &ParsedEntry, other: &ParsedEntry| {
            one.day.zip(other.day).is_some_and(|(x, y)| x > y)
        };
        let follows = |one: &ParsedEntry, other: &ParsedEntry| {
            let only_one_follows_up = one.acts.leading.intersects(acts::FOLLOW_UP)
                && !other.acts.leading.intersects(acts::FOLLOW_UP);
            is_later(one, other) && only_one_follows_up
        };
        self.set_flag(F::OnlyLaterFollowsUp, follows(a, b) || follows(b, a));
        self.set_flag(F::OnlyOneExamination, only_one(acts::OWN_EXAMINATION));
        self.set_flag(F::OnlyOneRequest, only_one(acts::REQUEST));
    }

    pub(super) fn add_act_rarity(
        &mut self,
        a: &ParsedEntry,
        b: &ParsedEntry,
        dates: &DateComparison,
        rarity_weights: &RarityWeights,
    ) {
        use Feature as F;
        let common = a.acts.all.intersection(b.acts.all);
        let is_near = dates.both_exact && (1..=3).contains(&dates.gap_days);
        let rarity = rarity_weights.acts(common.intersection(acts::DISTINCT)) / 5;
        let when = |holds: bool| if holds { rarity } else { 0 };
        self.set(F::ActRarity, rarity);
        self.set(F::ActRaritySameDay, when(dates.is_same_day()));
        self.set(F::ActRarityQuoted, when(dates.quoted.is_some()));
        self.set(F::ActRarityInexact, when(dates.is_inexact_overlap()));
        self.set(F::ActRarityNear, when(is_near));
        let rarity = rarity_weights.acts(common.intersection(acts::FAMILY_EVENTS)) / 5;
        let when = |holds: bool| if holds { rarity } else { 0 };
        self.set(F::FamilyEvent, rarity);
        self.set(F::FamilyEventSameDay, when(dates.is_same_day()));
        self.set(F::FamilyEventQuoted, when(dates.quoted.is_some()));
        self.set(F::FamilyEventInexact, when(dates.is_inexact_overlap()));
        self.set(F::FamilyEventNear, when(is_near));
        self.set(
            F::FamilyEventLater,
            when(dates.both_exact && (4..=10).contains(&dates.gap_days)),
        );
        let x = a.acts.leading.intersection(acts::FAMILY_EVENTS);
        let y = b.acts.leading.intersection(acts::FAMILY_EVENTS);
        let differ = !x.is_empty()
            && !y.is_empty()
            && !x.intersects(b.acts.all)
            && !y.intersects(a.acts.all);
        self.set_flag(F::FamilyEventsDiffer, differ);
        let has_own_step = |one: &ParsedEntry, other: &ParsedEntry| {
            let steps = one.acts.leading.intersection(acts::PROCESS_STEPS);
            !steps.is_empty() && !steps.intersects(other.acts.all)
        };
        self.set_flag(F::OnlyOneStep, has_own_step(a, b) || has_own_step(b, a));
        let leading = a
            .acts
            .leading
            .intersection(b.acts.leading)
            .intersection(acts::DISTINCT);
        self.set(F::LeadingActRarity, rarity_weights.acts(leading) / 5);
    }

    fn add_meetings(&mut self, a: &ParsedEntry, b: &ParsedEntry) {
        use Feature as F;
        let x = a.acts.leading.intersection(acts::NAMED_MEETINGS);
        let y = b.acts.leading.intersection(acts::NAMED_MEETINGS);
        let only_one = x.is_empty() != y.is_empty();
        let other = if x.is_empty() { a } else { b };
        self.set_flag(F::SameNamedMeeting, x.intersects(y));
        self.set_flag(
            F::NamedAndUnnamedMeeting,
            only_one && other.acts.all.intersects(acts::OTHER_MEETING),
        );
        self.set_flag(
            F::DifferentNamedMeetings,
            !x.is_empty() && !y.is_empty() && !x.intersects(y),
        );
        self.set_flag(
            F::OnlyOneNamedMeeting,
            only_one && !x.union(y).intersects(other.acts.all),
        );
    }
}
