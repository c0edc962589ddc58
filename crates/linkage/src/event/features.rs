//! What speaks for and against two agencies' accounts telling one event, each feature as a number.
//!
//! The definitions follow what was measured on labelled packs: words in common weighed by how rare they are, days and
//! times that one account quotes of the other, what was done, and who was concerned. A day in common says little.

use super::accounts::Account;
use super::act_pairs;
use super::acts;
use super::bits::Bits;
use super::clock::Clock;
use super::dates::Dates;
use super::frequencies::thousandths_of_ln;
use super::rarity::{Rarity, shared};
use super::reading::Reading;
use super::weighing::Weighing;

/// One, for features that hold or do not.
const ONE: i32 = 1000;
/// People mistake a date by as many days.
const SLIP_DAYS: i64 = 3;
/// An inexact date of more days than this says little.
const WIDE_DAYS: i64 = 60;

macro_rules! features {
    ($($name:ident $sign:literal $words:literal)*) => {
        /// A feature by its place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Feature { $($name),* }
        /// The features' names, in the order of their places.
        pub(crate) const NAMES: &[&str] = &[$($words),*];
        /// Of each, 1 when it can only speak for one event, -1 when it can only speak against, 0 when it may do either.
        pub(crate) const SIGNS: &[i8] = &[$($sign),*];
        /// How many features there are.
        pub(crate) const FEATURES: usize = NAMES.len();
    };
}

features! {
    Bias 0 "bias"
    SameDay 1 "same day"
    Gap -1 "days apart, logarithm"
    FarApart -1 "more than 40 days apart"
    InexactOverlap 1 "an inexact date of up to 60 days holds the other"
    WideOverlap 1 "an inexact date of more than 60 days holds the other"
    InexactApart -1 "an inexact date does not hold the other"
    Undated -1 "one is not dated"
    DateQuoted 1 "the other's date is quoted"
    DayQuoted 1 "the other's day is quoted by name"
    BothQuote 1 "both quote one day"
    OneEarlier -1 "on one day, one alone speaks of an earlier day"
    QuotesElsewhere -1 "on two days, a text speaks of a third"
    WeekdayAgrees 1 "a day of the week lies within an inexact date"
    WeekdayDiffers -1 "no day of the week lies within an inexact date"
    PartOfDayAgrees 1 "the part of day quoted agrees"
    PartOfDayDiffers -1 "the part of day quoted differs"
    Minutes10 1 "times up to 10 minutes apart"
    Minutes30 1 "times up to 30 minutes apart"
    Minutes60 1 "times up to 60 minutes apart"
    Minutes180 -1 "times up to 3 hours apart"
    HoursApart -1 "times further apart"
    Quoted5 1 "a time quoted within 5 minutes"
    Quoted20 1 "a time quoted within 20 minutes"
    Quoted45 0 "a time quoted within 45 minutes"
    QuotedApart -1 "a time quoted more than 2 hours apart"
    Words 1 "share of the shorter's words, by general rarity"
    FamilyWords 1 "share of the shorter's words, by rarity in the family"
    TwoRarest 1 "the two rarest words in common"
    FiveRarest 1 "the five rarest words in common"
    NoWords -1 "no uncommon word in common"
    Neighbours 1 "two words next to each other in both"
    Length 1 "length of the shorter, logarithm"
    WordsSameDay 1 "share of words, same day"
    FamilyWordsSameDay 1 "share of family words, same day"
    RarestSameDay 1 "rarest words, same day"
    NoWordsSameDay -1 "no uncommon word in common, same day"
    WordsQuoted 1 "share of words, day quoted"
    FamilyWordsQuoted 1 "share of family words, day quoted"
    WordsInexact 1 "share of words, inexact date"
    FamilyWordsInexact 1 "share of family words, inexact date"
    Kinds 1 "kinds in common, share of all"
    NoKind -1 "no kind in common"
    KindRarity 1 "rarity of the kinds in common"
    Acts 1 "acts in common, share of all"
    ActsSameDay 1 "acts in common, same day"
    ActRarity 1 "rarity of the distinct acts in common"
    ActRaritySameDay 1 "rarity of the distinct acts in common, same day"
    ActRarityQuoted 1 "rarity of the distinct acts in common, day quoted"
    ActRarityInexact 1 "rarity of the distinct acts in common, inexact date"
    ActRarityNear 1 "rarity of the distinct acts in common, up to three days apart"
    LeadRarity 1 "rarity of the distinct acts with which both begin"
    Happening 1 "rarity of the happenings in common"
    HappeningSameDay 1 "rarity of the happenings in common, same day"
    HappeningQuoted 1 "rarity of the happenings in common, day quoted"
    HappeningInexact 1 "rarity of the happenings in common, inexact date"
    HappeningNear 1 "rarity of the happenings in common, up to three days apart"
    HappeningLater 1 "rarity of the happenings in common, four to ten days apart"
    HappeningsDiffer -1 "each begins with happenings, none in common"
    StepOfOne -1 "one alone begins with a step of its agency"
    LeadAgrees 1 "both begin with one distinct act"
    LeadWithin 1 "what one begins with stands in the other"
    LeadBothWithin 1 "what each begins with stands in the other"
    LeadClashes -1 "each begins with an act that the other does not hold"
    LeadClashesSameDay -1 "each begins with another act, same day"
    LeadOfOne -1 "one alone begins with a distinct act"
    LeadWithinQuoted 1 "what one begins with stands in the other, day quoted"
    MeetingSame 1 "one named meeting"
    MeetingSome 1 "a named meeting and some meeting"
    MeetingDiffers -1 "two named meetings"
    MeetingOfOne -1 "a named meeting of one alone"
    BothVisits -1 "both are visits"
    BothVisitsJoint 1 "both are visits, one said to be joint"
    VisitOfOne -1 "one alone is a visit"
    MissedOfOne -1 "one alone was missed"
    ReferralOfOne -1 "one alone is a referral"
    AchievementOfOne -1 "one alone is an achievement"
    ClosureOfOne -1 "one alone is a closure"
    LetterOfOne -1 "one alone is a letter"
    BothPhone 0 "both are calls"
    BothConsultation -1 "both are appointments"
    BothTherapy -1 "both are sessions"
    OwnContacts -1 "both begin with a contact of their own agency"
    FollowUpOfOne -1 "one alone begins with a follow-up"
    FollowUpLater -1 "the later one alone begins with a follow-up"
    ExaminationOfOne -1 "one alone begins with being seen"
    RequestOfOne -1 "one alone begins with a request"
    OwnBusiness -1 "no child in common, and what one child alone goes through"
    NamesDiffer -1 "each names another child"
    NoChild -1 "no child in common"
    SameChildren 1 "the same children"
    NamedInBoth 1 "a child named in both"
    LongFigure 1 "a figure of three or more characters in common"
    FigureRarity 1 "rarity of the figures in common"
    FiguresDiffer -1 "figures, none in common"
    OthersThatDay -1 "other accounts that day"
    Reference 1 "a reference in common"
    TwoVisits -1 "each tells of a visit of its own"
    TwoMissed -1 "each tells of a contact of its own that was missed"
    Aftermath -1 "one alone is a step that follows from an event"
    OneWordInexact -1 "an inexact date, and hardly a word in common"
    AnotherDay -1 "one says that it was on another day"
    VagueAndUnsaid -1 "an inexact date, and too little said in common"
    OwnStep -1 "one begins with a step that the other does not speak of"
}

/// The features of a pair.
pub(crate) struct Features {
    /// In thousandths, in the order of [`NAMES`].
    pub(crate) named: [i32; FEATURES],
    /// The pairs of acts with which the accounts begin.
    pub(crate) act_pairs: Vec<usize>,
}

impl Features {
    /// Whether a feature holds, or has a value above zero.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.named.get(feature as usize).is_some_and(|value| *value > 0)
    }

    /// Whether a text itself says that the two are not one event, and no reference says that they are: it gives another
    /// date, or begins with a step of its agency that the other does not speak of.
    pub(crate) fn deny(&self) -> bool {
        (self.has(Feature::AnotherDay) || self.has(Feature::OwnStep)) && !self.has(Feature::Reference)
    }
}

/// Whether two accounts are too far apart in time to be compared.
pub(crate) fn excluded(a: &Account, b: &Account, dates: &Dates, rarity: &Rarity) -> bool {
    dates.apart() && !same_reference(&a.reading, &b.reading, rarity)
}

/// Whether a text says on which date it was, and that date is days from the other's.
fn tells_of_another_day(one: &Reading, other: &Reading) -> bool {
    let (Some(own), Some(day)) = (one.day, other.day) else { return false };
    let mut firm = one.days.iter().filter(|quoted| quoted.firm).filter_map(|quoted| quoted.date()).peekable();
    firm.peek().is_some() && firm.all(|date| date < own && (date - day).whole_days().abs() > SLIP_DAYS)
}

fn same_reference(a: &Reading, b: &Reading, rarity: &Rarity) -> bool {
    shared(&a.references, &b.references).any(|reference| rarity.names_event(reference))
}

/// The features of a pair. `others` is how many other accounts the family has on their day, when it is one.
pub(crate) fn features(
    a: &Account,
    b: &Account,
    dates: &Dates,
    others: u32,
    weighing: &Weighing,
    rarity: &Rarity,
) -> Features {
    let act_pairs = act_pairs::of(a.reading.told.lead, b.reading.told.lead);
    let mut writer = Writer { features: Features { named: [0; FEATURES], act_pairs }, uncommon: 0 };
    writer.put(Feature::Bias, ONE);
    writer.holds(Feature::Reference, same_reference(&a.reading, &b.reading, rarity));
    writer.days(&a.reading, &b.reading, dates);
    writer.times(&a.reading, &b.reading, dates);
    writer.words(a, b, dates, weighing);
    writer.kinds(&a.reading, &b.reading, weighing);
    writer.acts(&a.reading, &b.reading, dates);
    writer.act_rarity(&a.reading, &b.reading, dates, weighing);
    writer.children(a, b);
    writer.figures(&a.reading, &b.reading, weighing);
    let others = if dates.same_day() { others.min(8) } else { 0 };
    writer.put(Feature::OthersThatDay, i32::try_from(others).unwrap_or(8) * ONE / 4);
    writer.together(&a.reading, &b.reading, dates);
    writer.features
}

struct Writer {
    features: Features,
    uncommon: i32,
}

impl Writer {
    fn put(&mut self, feature: Feature, value: i32) {
        if let Some(place) = self.features.named.get_mut(feature as usize) {
            *place = value;
        }
    }

    fn has(&self, feature: Feature) -> bool {
        self.features.has(feature)
    }

    fn holds(&mut self, feature: Feature, holds: bool) {
        self.put(feature, if holds { ONE } else { 0 });
    }

    fn days(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
        use Feature as F;
        let overlap = dates.inexact_overlap() && !dates.undated;
        self.holds(F::SameDay, dates.same_day());
        self.put(F::Gap, thousandths_of_ln(u32::try_from(dates.gap + 1).unwrap_or(u32::MAX)));
        self.holds(F::FarApart, dates.gap > 40);
        self.holds(F::InexactOverlap, overlap && dates.width <= WIDE_DAYS);
        self.holds(F::WideOverlap, overlap && dates.width > WIDE_DAYS);
        self.holds(F::InexactApart, !dates.exact && dates.gap > 0);
        self.holds(F::Undated, dates.undated);
        let firm = dates.quoted.map(|(quoted, _)| quoted.firm);
        self.holds(F::DateQuoted, firm == Some(true));
        self.holds(F::DayQuoted, firm == Some(false));
        self.put(F::BothQuote, dates.both.map_or(0, |quoted| if quoted.firm { 2 * ONE } else { ONE }));
        let earlier = (speaks_of_earlier(a), speaks_of_earlier(b));
        self.holds(F::OneEarlier, dates.same_day() && dates.both.is_none() && earlier.0 != earlier.1);
        let elsewhere = dates.exact && dates.gap > 0 && dates.quoted.is_none() && (earlier.0 || earlier.1);
        self.holds(F::QuotesElsewhere, elsewhere);
        let weekday = weekday_within(a, b).or_else(|| weekday_within(b, a));
        self.holds(F::WeekdayAgrees, weekday == Some(true));
        self.holds(F::WeekdayDiffers, weekday == Some(false));
    }

    fn times(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
        use Feature as F;
        if let Some((x, y)) = a.minutes.zip(b.minutes).filter(|_| dates.same_day()) {
            self.holds(
                match x.abs_diff(y) {
                    0..=10 => F::Minutes10,
                    11..=30 => F::Minutes30,
                    31..=60 => F::Minutes60,
                    61..=180 => F::Minutes180,
                    _ => F::HoursApart,
                },
                true,
            );
        }
        if dates.gap <= 1 || dates.quoted.is_some() {
            match quoted_time_apart(a, b) {
                Some(0..=5) => self.holds(F::Quoted5, true),
                Some(6..=20) => self.holds(F::Quoted20, true),
                Some(21..=45) => self.holds(F::Quoted45, true),
                Some(121..) => self.holds(F::QuotedApart, true),
                _ => {}
            }
        }
        if let Some((quoted, first)) = dates.quoted
            && let Some((from, until)) = quoted.part
            && let Some(at) = if first { b.minutes } else { a.minutes }
        {
            let within = (from.saturating_sub(45)..=until + 45).contains(&at) || (from..=until).contains(&(at + 1440));
            self.holds(if within { F::PartOfDayAgrees } else { F::PartOfDayDiffers }, true);
        }
    }

    fn words(&mut self, a: &Account, b: &Account, dates: &Dates, weighing: &Weighing) {
        use Feature as F;
        let overlap = weighing.overlap(&a.reading, &b.reading);
        let share = |part: i32, whole: i32, least: i32| {
            i32::try_from(i64::from(part) * 1000 / i64::from(whole.max(least))).unwrap_or_default()
        };
        let general = share(overlap.general, a.whole.0.min(b.whole.0), 12_000);
        let family = share(overlap.family, a.whole.1.min(b.whole.1), 8_000);
        let rarest = overlap.five_rarest / 40;
        self.uncommon = overlap.uncommon;
        let none = if overlap.uncommon == 0 { ONE } else { 0 };
        self.put(F::Words, general);
        self.put(F::FamilyWords, family);
        self.put(F::TwoRarest, overlap.two_rarest / 20);
        self.put(F::FiveRarest, rarest);
        self.put(F::NoWords, none);
        let neighbours = shared(&a.reading.neighbours, &b.reading.neighbours).count().min(4);
        self.put(F::Neighbours, i32::try_from(neighbours).unwrap_or(4) * ONE / 2);
        self.put(F::Length, thousandths_of_ln(a.reading.length.min(b.reading.length) + 1) / 3);
        if dates.same_day() {
            self.put(F::WordsSameDay, general);
            self.put(F::FamilyWordsSameDay, family);
            self.put(F::RarestSameDay, rarest);
            self.put(F::NoWordsSameDay, none);
        }
        if dates.quoted.is_some() {
            self.put(F::WordsQuoted, general);
            self.put(F::FamilyWordsQuoted, family);
        }
        if dates.inexact_overlap() {
            self.put(F::WordsInexact, general);
            self.put(F::FamilyWordsInexact, family);
        }
    }

    fn kinds(&mut self, a: &Reading, b: &Reading, weighing: &Weighing) {
        let both = a.kinds.and(b.kinds);
        self.put(Feature::Kinds, ratio(both, a.kinds.with(b.kinds)));
        self.holds(Feature::NoKind, both.is_empty());
        self.put(Feature::KindRarity, weighing.kinds(both) / 5);
    }

    fn acts(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
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

    fn act_rarity(&mut self, a: &Reading, b: &Reading, dates: &Dates, weighing: &Weighing) {
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

    fn children(&mut self, a: &Account, b: &Account) {
        let apart = a.children.is_disjoint(&b.children);
        let own = a.reading.is_own_business() || b.reading.is_own_business();
        self.holds(Feature::OwnBusiness, apart && own);
        let (x, y) = (&a.reading.named, &b.reading.named);
        let differ = !x.is_empty() && !y.is_empty() && shared(x, y).next().is_none();
        self.holds(Feature::NamesDiffer, differ);
        self.holds(Feature::NoChild, a.children.is_disjoint(&b.children));
        self.holds(Feature::SameChildren, a.children == b.children);
        self.holds(Feature::NamedInBoth, shared(&a.reading.named, &b.reading.named).next().is_some());
    }

    /// What the features found so far say together.
    fn together(&mut self, a: &Reading, b: &Reading, dates: &Dates) {
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
        self.holds(F::OwnStep, either(acts::OWN_DAY) && !meeting);
        self.holds(F::VagueAndUnsaid, apart || vague && self.uncommon < most);
        self.holds(F::OneWordInexact, vague && self.uncommon < 2 && !happening);
        self.holds(F::AnotherDay, another_day && (tells_of_another_day(a, b) || tells_of_another_day(b, a)));
    }

    fn figures(&mut self, a: &Reading, b: &Reading, weighing: &Weighing) {
        let (mut any, mut rarity, mut long) = (false, 0, false);
        for number in shared(&a.numbers, &b.numbers) {
            any = true;
            rarity += weighing.number(number);
            long |= a.long_numbers.contains(&number);
        }
        self.holds(Feature::LongFigure, long);
        self.put(Feature::FigureRarity, rarity / 5);
        self.holds(Feature::FiguresDiffer, !any && !a.numbers.is_empty() && !b.numbers.is_empty());
    }
}

fn ratio(part: Bits, whole: Bits) -> i32 {
    i32::try_from(part.count() * 1000 / whole.count().max(1)).unwrap_or_default()
}

fn speaks_of_earlier(reading: &Reading) -> bool {
    let first = reading.span.map(|(from, _)| from);
    reading.days.iter().filter_map(|quoted| quoted.date()).any(|date| first.is_some_and(|first| date < first))
}

/// Whether the day of the week that an account without an exact date names is that of the other's date.
fn weekday_within(wide: &Reading, exact: &Reading) -> Option<bool> {
    let day = exact.day.filter(|_| wide.day.is_none() && wide.weekdays != 0)?;
    Some(wide.weekdays & (1 << day.weekday().number_days_from_monday()) != 0)
}

/// Minutes between the nearest times of day that the texts quote, or that one quotes and the other is dated with.
pub(crate) fn quoted_time_apart(a: &Reading, b: &Reading) -> Option<u16> {
    let own = |reading: &Reading| reading.minutes.map(Clock::exact);
    let nearest = |one: &Reading, other: &Reading| {
        let theirs = || other.clocks.iter().copied().chain(own(other));
        one.clocks.iter().filter_map(|clock| theirs().map(|at| clock.apart(at)).min()).min()
    };
    nearest(a, b).into_iter().chain(nearest(b, a)).min()
}
