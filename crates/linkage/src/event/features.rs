//! The features for and against two agencies' accounts being about one event, each as a number.
//!
//! They follow what was measured on labelled packs: words in common, weighted by their rarity; days
//! and times of one account that the other quotes; what was done; and who was concerned. A day in
//! common says little.

mod activity;
mod combined;
mod timing;
mod wording;

use super::accounts::Account;
use super::act_pairs;
use super::bit_set::BitSet;
use super::date_comparison::DateComparison;
use super::parsed_entry::ParsedEntry;
use super::rarity::{RarityPoints, intersect_sorted};
use super::rarity_weights::RarityWeights;

/// The value of a feature that holds: one, in thousandths.
const ONE: i32 = 1000;

macro_rules! features {
    ($($name:ident $direction:literal $text:literal)*) => {
        /// A feature, numbered in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Feature { $($name),* }
        /// The name of each feature, as in `data/model/feature-weights.txt`.
        pub(crate) const FEATURE_NAMES: &[&str] = &[$($text),*];
        /// For each feature: 1 when it can only speak for one event, -1 when only against it, 0
        /// when it may do either.
        pub(crate) const FEATURE_DIRECTIONS: &[i8] = &[$($direction),*];
        /// The number of features.
        pub(crate) const FEATURE_COUNT: usize = FEATURE_NAMES.len();
    };
}

features! {
    Bias 0 "bias"
    SameDay 1 "same day"
    DayGap -1 "days apart, logarithm"
    FarApart -1 "more than 40 days apart"
    InexactOverlap 1 "an inexact date of up to 60 days includes the other"
    WideOverlap 1 "an inexact date of more than 60 days includes the other"
    InexactApart -1 "an inexact date does not include the other"
    Undated -1 "one is undated"
    DateQuoted 1 "the other's date is quoted"
    DayQuoted 1 "the other's day is quoted by name"
    BothQuote 1 "both quote one day"
    OnlyOneQuotesEarlierDay -1 "on one day, only one quotes an earlier day"
    QuotesThirdDay -1 "on two days, a text quotes a third"
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
    NoCommonWords -1 "no uncommon word in common"
    AdjacentWords 1 "adjacent words in common"
    ShorterLength 1 "length of the shorter, logarithm"
    WordsSameDay 1 "share of words, same day"
    FamilyWordsSameDay 1 "share of family words, same day"
    RarestSameDay 1 "rarest words, same day"
    NoCommonWordsSameDay -1 "no uncommon word in common, same day"
    WordsQuoted 1 "share of words, day quoted"
    FamilyWordsQuoted 1 "share of family words, day quoted"
    WordsInexact 1 "share of words, inexact date"
    FamilyWordsInexact 1 "share of family words, inexact date"
    Kinds 1 "kinds in common, share of all"
    NoCommonKind -1 "no kind in common"
    KindRarity 1 "rarity of the kinds in common"
    Acts 1 "acts in common, share of all"
    ActsSameDay 1 "acts in common, same day"
    ActRarity 1 "rarity of the distinct acts in common"
    ActRaritySameDay 1 "rarity of the distinct acts in common, same day"
    ActRarityQuoted 1 "rarity of the distinct acts in common, day quoted"
    ActRarityInexact 1 "rarity of the distinct acts in common, inexact date"
    ActRarityNear 1 "rarity of the distinct acts in common, up to three days apart"
    LeadingActRarity 1 "rarity of the distinct acts with which both begin"
    FamilyEvent 1 "rarity of the family events in common"
    FamilyEventSameDay 1 "rarity of the family events in common, same day"
    FamilyEventQuoted 1 "rarity of the family events in common, day quoted"
    FamilyEventInexact 1 "rarity of the family events in common, inexact date"
    FamilyEventNear 1 "rarity of the family events in common, up to three days apart"
    FamilyEventLater 1 "rarity of the family events in common, four to ten days apart"
    FamilyEventsDiffer -1 "each begins with family events, none in common"
    OnlyOneStep -1 "only one begins with a step of its agency"
    LeadingActsAgree 1 "both begin with the same distinct act"
    LeadingActInOther 1 "the act with which one begins is in the other"
    LeadingActsInEachOther 1 "the act with which each begins is in the other"
    LeadingActsConflict -1 "each begins with an act that the other does not show"
    LeadingActsConflictSameDay -1 "each begins with another act, same day"
    OnlyOneLeadingAct -1 "only one begins with a distinct act"
    LeadingActInOtherQuoted 1 "the act with which one begins is in the other, day quoted"
    SameNamedMeeting 1 "the same named meeting"
    NamedAndUnnamedMeeting 1 "a named and an unnamed meeting"
    DifferentNamedMeetings -1 "two different named meetings"
    OnlyOneNamedMeeting -1 "a named meeting of only one"
    BothVisits -1 "both are visits"
    BothVisitsJoint 1 "both are visits, one said to be joint"
    OnlyOneVisit -1 "only one is a visit"
    OnlyOneMissed -1 "only one was missed"
    OnlyOneReferral -1 "only one is a referral"
    OnlyOneAchievement -1 "only one is an achievement"
    OnlyOneClosure -1 "only one is a closure"
    OnlyOneLetter -1 "only one is a letter"
    BothPhone 0 "both are calls"
    BothConsultation -1 "both are appointments"
    BothTherapy -1 "both are sessions"
    OwnContacts -1 "both begin with a contact of their own agency"
    OnlyOneFollowUp -1 "only one begins with a follow-up"
    OnlyLaterFollowsUp -1 "only the later one begins with a follow-up"
    OnlyOneExamination -1 "only one begins with being seen"
    OnlyOneRequest -1 "only one begins with a request"
    SingleChildEvent -1 "no child in common, and an event of one child"
    NamesDiffer -1 "each names another child"
    NoCommonChild -1 "no child in common"
    SameChildren 1 "the same children"
    NamedInBoth 1 "a child named in both"
    LongFigure 1 "a figure of three or more characters in common"
    FigureRarity 1 "rarity of the figures in common"
    FiguresDiffer -1 "figures, none in common"
    OtherAccountsThatDay -1 "other accounts that day"
    Reference 1 "a reference in common"
    SeparateVisits -1 "each is about a visit of its own agency"
    SeparateMissedContacts -1 "each is about a missed contact of its own agency"
    OnlyOneAftermath -1 "only one is a step that follows from an event"
    InexactWithOneWord -1 "an inexact date, and at most one uncommon word in common"
    AnotherDay -1 "one says that the event was on another day"
    InexactWithTooLittle -1 "an inexact date, and too little in common"
    OnlyOnePeriod -1 "one is about a period of more than a month, the other about a day or a month"
    UnmentionedStep -1 "one begins with a step that the other does not mention"
}

/// The features of a pair of accounts.
pub(crate) struct Features {
    /// In thousandths, in the order of [`FEATURE_NAMES`].
    pub(crate) named: [i32; FEATURE_COUNT],
    /// The indexes of the pairs of acts with which the accounts begin.
    pub(crate) act_pairs: Vec<usize>,
}

impl Features {
    /// Whether a feature holds, or has a value above zero.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.named
            .get(feature as usize)
            .is_some_and(|value| *value > 0)
    }

    /// Whether the accounts cannot be about one event. That is so when one text gives another date,
    /// begins with a step that the other does not mention or is about a period, or when with an
    /// inexact date too little is in common. A common reference overrides all of these.
    pub(crate) fn rules_out_one_event(&self) -> bool {
        use Feature as F;
        let mut exclusions = [
            F::AnotherDay,
            F::UnmentionedStep,
            F::OnlyOnePeriod,
            F::InexactWithTooLittle,
        ]
        .into_iter();
        exclusions.any(|feature| self.has(feature)) && !self.has(F::Reference)
    }
}

/// Whether two accounts are too far apart in time to be compared.
pub(crate) fn is_excluded(
    a: &Account,
    b: &Account,
    dates: &DateComparison,
    rarity: &RarityPoints,
) -> bool {
    dates.is_too_far_apart() && !share_event_reference(&a.parsed, &b.parsed, rarity)
}

fn share_event_reference(a: &ParsedEntry, b: &ParsedEntry, rarity: &RarityPoints) -> bool {
    intersect_sorted(&a.references, &b.references)
        .any(|reference| rarity.identifies_event(reference))
}

/// Computes the features of a pair. `others` is the number of other accounts of the family on the
/// day of `a`.
pub(crate) fn compute_features(
    a: &Account,
    b: &Account,
    dates: &DateComparison,
    others: u32,
    rarity_weights: &RarityWeights,
    rarity: &RarityPoints,
) -> Features {
    let act_pairs = act_pairs::leading_pairs(a.parsed.acts.leading, b.parsed.acts.leading);
    let mut builder = FeatureBuilder {
        features: Features {
            named: [0; FEATURE_COUNT],
            act_pairs,
        },
        uncommon_words: 0,
    };
    builder.set(Feature::Bias, ONE);
    builder.set_flag(
        Feature::Reference,
        share_event_reference(&a.parsed, &b.parsed, rarity),
    );
    builder.add_days(&a.parsed, &b.parsed, dates);
    builder.add_times(&a.parsed, &b.parsed, dates);
    builder.add_words(a, b, dates, rarity_weights);
    builder.add_kinds(&a.parsed, &b.parsed, rarity_weights);
    builder.add_acts(&a.parsed, &b.parsed, dates);
    builder.add_act_rarity(&a.parsed, &b.parsed, dates, rarity_weights);
    builder.add_children(a, b);
    builder.add_figures(&a.parsed, &b.parsed, rarity_weights);
    let others = if dates.is_same_day() {
        others.min(8)
    } else {
        0
    };
    builder.set(
        Feature::OtherAccountsThatDay,
        i32::try_from(others).unwrap_or(8) * ONE / 4,
    );
    builder.add_combined(&a.parsed, &b.parsed, dates);
    builder.features
}

/// Collects the features of one pair.
struct FeatureBuilder {
    features: Features,
    /// The number of common words that are not frequent in English.
    uncommon_words: i32,
}

impl FeatureBuilder {
    fn set(&mut self, feature: Feature, value: i32) {
        if let Some(slot) = self.features.named.get_mut(feature as usize) {
            *slot = value;
        }
    }

    fn has(&self, feature: Feature) -> bool {
        self.features.has(feature)
    }

    fn set_flag(&mut self, feature: Feature, holds: bool) {
        self.set(feature, if holds { ONE } else { 0 });
    }
}

/// The share of `part` in `whole` by number of members, in thousandths.
fn ratio(part: BitSet, whole: BitSet) -> i32 {
    i32::try_from(part.len() * 1000 / whole.len().max(1)).unwrap_or_default()
}
