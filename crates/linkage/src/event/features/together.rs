//! What single features cannot say of each other: contacts that each agency has of its own, steps that follow, dates that a
//! text itself gives.

use super::super::acts;
use super::super::bits::Bits;
use super::super::dates::Dates;
use super::super::reading::Reading;
use super::{Feature, Writer};

/// People mistake a date by as many days.
const SLIP_DAYS: i64 = 3;

impl Writer {
    /// What the features found so far say together.
    pub(super) fn together(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
        use Feature as F;
        let close = self.has(F::Minutes10) || self.has(F::Minutes30) || self.has(F::Reference);
        let both = |act: Bits| a.told.first.meets(act) && b.told.first.meets(act);
        let unsaid = |one: &Reading, other: &Reading, acts: Bits| {
            let own = one.told.first.and(acts);
            !own.is_empty() && !own.meets(other.told.all)
        };
        let either = |acts: Bits| unsaid(a, b, acts) || unsaid(b, a, acts);
        let quoted = dates.quoted.is_some() || dates.both.is_some();
        let meeting = a.told.lead.with(b.told.lead).meets(acts::OTHER_MEETING);
        let vague = dates.inexact_overlap() && !quoted && !self.has(F::MeetingSame);
        let apart = self.has(F::InexactApart) && !quoted;
        let most = if self.has(F::WideOverlap) { 2 } else { 1 };
        let happening = a.told.all.and(b.told.all).meets(acts::HAPPENINGS);
        let another_day = dates.exact && dates.gap > 0 && !quoted;
        self.holds(F::TwoVisits, self.has(F::BothVisits) && !self.has(F::BothVisitsJoint) && !close);
        self.holds(F::TwoMissed, (both(acts::MISSED) || both(acts::ABSENCE)) && dates.quoted.is_none() && !close);
        self.holds(F::Aftermath, either(acts::AFTERMATH) && !self.has(F::MeetingSome));
        self.holds(F::PeriodOfOne, a.period && b.is_short() || b.period && a.is_short());
        self.holds(F::OwnStep, either(acts::OWN_DAY) && !meeting);
        self.holds(F::VagueAndUnsaid, apart || vague && self.uncommon < most && !happening);
        self.holds(F::OneWordInexact, vague && self.uncommon < 2 && !happening);
        self.holds(F::AnotherDay, another_day && (tells_of_another_day(a, b) || tells_of_another_day(b, a)));
    }
}

/// Whether a text says on which date it was, and that date is days from the other's.
fn tells_of_another_day(one: &Reading, other: &Reading) -> bool {
    let (Some(own), Some(day)) = (one.day, other.day) else { return false };
    let mut firm = one.days.iter().filter(|quoted| quoted.firm).filter_map(|quoted| quoted.date()).peekable();
    firm.peek().is_some() && firm.all(|date| date < own && (date - day).whole_days().abs() > SLIP_DAYS)
}
