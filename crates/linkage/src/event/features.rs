//! What speaks for and against two agencies' accounts telling one event, each feature as a number.
//!
//! The definitions follow what was measured on labelled packs: words in common weighed by how rare they are, days and
//! times that one account quotes of the other, what was done, and who was concerned. A day in common says little.

mod done;
mod said;
mod together;
mod when;

use super::accounts::Account;
use super::act_pairs;
use super::bits::Bits;
use super::dates::Dates;
use super::rarity::{Rarity, shared};
use super::reading::Reading;
use super::weighing::Weighing;

/// One, for features that hold or do not.
const ONE: i32 = 1000;

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
    PeriodOfOne -1 "one tells of a period of more than a month, the other of a day or a month"
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

    /// Whether the two are never one event unless a reference says that they are: a text gives another date, or begins
    /// with a step of its agency that the other does not speak of, or tells of a period, or an inexact date leaves too little in common.
    pub(crate) fn deny(&self) -> bool {
        use Feature as F;
        [F::AnotherDay, F::OwnStep, F::PeriodOfOne, F::VagueAndUnsaid].into_iter().any(|feature| self.has(feature))
            && !self.has(F::Reference)
    }
}

/// Whether two accounts are too far apart in time to be compared.
pub(crate) fn excluded(a: &Account, b: &Account, dates: &Dates, rarity: &Rarity) -> bool {
    dates.apart() && !same_reference(&a.reading, &b.reading, rarity)
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
}

fn ratio(part: Bits, whole: Bits) -> i32 {
    i32::try_from(part.count() * 1000 / whole.count().max(1)).unwrap_or_default()
}
