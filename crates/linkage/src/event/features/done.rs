//! What was done and what happened, by two accounts.

use super::super::acts;
use super::super::bits::Bits;
use super::super::dates::Dates;
use super::super::reading::Reading;
use super::super::weighing::Weighing;
use super::{Feature, Writer, ratio};

impl Writer {
    pub(super) fn acts(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
        use Feature as F;
        let share = ratio(a.told.all.and(b.told.all), a.told.all.with(b.told.all));
        self.put(F::Acts, share);
        self.put(F::ActsSameDay, if dates.same_day() { share } else { 0 });
        let (x, y) = (a.told.lead.and(acts::DISTINCT), b.told.lead.and(acts::DISTINCT));
        let within = (x.meets(b.told.all), y.meets(a.told.all));
        let clash = !x.is_empty() && !y.is_empty() && !within.0 && !within.1;
        self.holds(F::LeadAgrees, x.meets(y));
        self.holds(F::LeadWithin, within.0 || within.1);
        self.holds(F::LeadBothWithin, within.0 && within.1);
        self.holds(F::LeadClashes, clash);
        self.holds(F::LeadClashesSameDay, clash && dates.same_day());
        self.holds(F::LeadOfOne, x.is_empty() != y.is_empty() && !within.0 && !within.1);
        self.holds(F::LeadWithinQuoted, dates.quoted.is_some() && (within.0 || within.1));
        self.meetings(a, b);
        let both = |act: Bits| a.told.lead.meets(act) && b.told.lead.meets(act);
        let one = |act: Bits| a.told.lead.meets(act) != b.told.lead.meets(act);
        let joint = a.told.all.with(b.told.all).meets(acts::JOINT);
        self.holds(F::BothVisits, both(acts::VISIT));
        self.holds(F::BothVisitsJoint, both(acts::VISIT) && joint);
        self.holds(F::VisitOfOne, one(acts::VISIT));
        self.holds(F::MissedOfOne, one(acts::MISSED));
        self.holds(F::ReferralOfOne, one(acts::REFERRAL));
        self.holds(F::AchievementOfOne, one(acts::ACHIEVEMENT));
        self.holds(F::ClosureOfOne, one(acts::CLOSURE));
        self.holds(F::LetterOfOne, one(acts::LETTER));
        self.holds(F::BothPhone, both(acts::PHONE));
        self.holds(F::BothConsultation, both(acts::CONSULTATION));
        self.holds(F::BothTherapy, both(acts::THERAPY));
        self.holds(F::OwnContacts, both(acts::OWN_CONTACTS) && !joint);
        self.holds(F::FollowUpOfOne, one(acts::FOLLOW_UP));
        let later = |one: &Reading, other: &Reading| one.day.zip(other.day).is_some_and(|(x, y)| x > y);
        let follows = |one: &Reading, other: &Reading| {
            later(one, other) && one.told.lead.meets(acts::FOLLOW_UP) && !other.told.lead.meets(acts::FOLLOW_UP)
        };
        self.holds(F::FollowUpLater, follows(a, b) || follows(b, a));
        self.holds(F::ExaminationOfOne, one(acts::OWN_EXAMINATION));
        self.holds(F::RequestOfOne, one(acts::REQUEST));
    }

    pub(super) fn act_rarity(&mut self, a: &Reading, b: &Reading, dates: &Dates, weighing: &Weighing) {
        use Feature as F;
        let rarity = weighing.acts(a.told.all.and(b.told.all).and(acts::DISTINCT)) / 5;
        let when = |holds: bool| if holds { rarity } else { 0 };
        self.put(F::ActRarity, rarity);
        self.put(F::ActRaritySameDay, when(dates.same_day()));
        self.put(F::ActRarityQuoted, when(dates.quoted.is_some()));
        self.put(F::ActRarityInexact, when(dates.inexact_overlap()));
        self.put(F::ActRarityNear, when(dates.exact && (1..=3).contains(&dates.gap)));
        let rarity = weighing.acts(a.told.all.and(b.told.all).and(acts::HAPPENINGS)) / 5;
        let when = |holds: bool| if holds { rarity } else { 0 };
        self.put(F::Happening, rarity);
        self.put(F::HappeningSameDay, when(dates.same_day()));
        self.put(F::HappeningQuoted, when(dates.quoted.is_some()));
        self.put(F::HappeningInexact, when(dates.inexact_overlap()));
        self.put(F::HappeningNear, when(dates.exact && (1..=3).contains(&dates.gap)));
        self.put(F::HappeningLater, when(dates.exact && (4..=10).contains(&dates.gap)));
        let (x, y) = (a.told.lead.and(acts::HAPPENINGS), b.told.lead.and(acts::HAPPENINGS));
        let apart = !x.is_empty() && !y.is_empty() && !x.meets(b.told.all) && !y.meets(a.told.all);
        self.holds(F::HappeningsDiffer, apart);
        let step = |one: &Reading, other: &Reading| {
            let own = one.told.lead.and(acts::STEPS);
            !own.is_empty() && !own.meets(other.told.all)
        };
        self.holds(F::StepOfOne, step(a, b) || step(b, a));
        self.put(F::LeadRarity, weighing.acts(a.told.lead.and(b.told.lead).and(acts::DISTINCT)) / 5);
    }

    fn meetings(&mut self, a: &Reading, b: &Reading) {
        use Feature as F;
        let (x, y) = (a.told.lead.and(acts::NAMED_MEETINGS), b.told.lead.and(acts::NAMED_MEETINGS));
        let one = x.is_empty() != y.is_empty();
        let other = if x.is_empty() { a } else { b };
        self.holds(F::MeetingSame, x.meets(y));
        self.holds(F::MeetingSome, one && other.told.all.meets(acts::OTHER_MEETING));
        self.holds(F::MeetingDiffers, !x.is_empty() && !y.is_empty() && !x.meets(y));
        self.holds(F::MeetingOfOne, one && !x.with(y).meets(other.told.all));
    }
}
