//! The facts of two agencies' accounts and what each weighs.
//!
//! Points are ten times the natural logarithm of the odds, so that they add up. They come from a logistic regression,
//! with a prior that draws rare facts towards a careful guess, over all pairs of the packs `terse`, `narrative` and `mixed`
//! (`linkage-bench weights`), the sign of every fact being fixed beforehand. The threshold is in the bias: ten points
//! above even odds. A day or month in common got six points back, because packs held out of the regression showed that
//! links by them were right far more often than it thought.

use crate::evidence::{EvidenceCode as E, Spoken};

/// How many facts are weighed.
pub(crate) const FACTS: usize = 48;

/// What is weighed, in the order of [`WEIGHTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Bias,
    SameDay,
    AdjacentDays,
    DateQuoted,
    DayQuoted,
    BothQuoteOneDate,
    BothQuoteOneDay,
    WithinFourDays,
    WithinAMonth,
    WithinLonger,
    Undated,
    Never,
    Rivals,
    WeekdayAgrees,
    WeekdayDiffers,
    TimesWithinTenMinutes,
    TimesWithinThirtyMinutes,
    TimesWithinAnHour,
    TimesWithinThreeHours,
    TimesFurtherApart,
    TimeQuotedWithinFifteenMinutes,
    TimeQuotedWithinFortyfiveMinutes,
    PartOfDayAgrees,
    PartOfDayDiffers,
    SharedChild,
    SameChildren,
    LeadingKinds,
    IncidentsDiffer,
    StepOfOneAlone,
    TwoMeetings,
    LaterStep,
    LaterExamination,
    OwnStepAfterADayBothQuote,
    WordsOfTheShorter,
    Reference,
    QuotedReference,
    OneSpeaksOfAnEarlierDay,
    SameType,
    NeverButQuoted,
    FewWords,
    VagueAndLittle,
    TimeQuotedDiffers,
    ActsAgree,
    ActsDiffer,
    OwnBusiness,
    NothingInCommon,
    ActAndIncident,
    OthersThatDay,
}

/// A fact: its name, what one unit weighs in tenths of a point, and what it is in evidence.
type Row = (&'static str, i32, Option<E>);

/// The facts in the order of [`facts`].
pub(crate) const WEIGHTS: [Row; FACTS] = [
    ("bias", -13, None),
    ("same day", 190, Some(E::SameDate)),
    ("adjacent days", -199, None),
    ("date quoted", 32, Some(E::DateQuoted)),
    ("day quoted", 134, Some(E::DateQuoted)),
    ("both quote one date", 0, Some(E::SameDateQuoted)),
    ("both quote one day", -59, Some(E::SameDateQuoted)),
    ("within 4 days", 135, Some(E::DateWithin)),
    ("within a month", 145, Some(E::DateWithin)),
    ("within longer", 114, Some(E::DateWithin)),
    ("undated", -148, None),
    ("never", -531, None),
    ("rivals", -14, None),
    ("weekday agrees", 210, Some(E::DateWithin)),
    ("weekday differs", -166, None),
    ("times within 10 minutes", 159, Some(E::SameTime)),
    ("times within 30 minutes", 105, Some(E::TimesClose)),
    ("times within an hour", 1, Some(E::TimesClose)),
    ("times within 3 hours", -133, None),
    ("times further apart", -326, None),
    ("time quoted within 15 minutes", 90, Some(E::TimesClose)),
    ("time quoted within 45 minutes", 72, Some(E::TimesClose)),
    ("part of day agrees", 165, Some(E::TimesClose)),
    ("part of day differs", -217, None),
    ("shared child", 0, Some(E::SharedChild)),
    ("same children", 0, Some(E::SharedChild)),
    ("leading kinds", 82, Some(E::SameKind)),
    ("incidents differ", -92, None),
    ("step of one alone", -160, None),
    ("two meetings", -19, None),
    ("later step", -186, None),
    ("later examination", -86, None),
    ("own step after a day both quote", -43, None),
    ("words of the shorter", 7, Some(E::RareWords)),
    ("reference", 400, Some(E::SameReference)),
    ("quoted reference", 100, Some(E::SameReference)),
    ("one speaks of an earlier day", -91, None),
    ("same type", 23, Some(E::SameKind)),
    ("never but quoted", 0, None),
    ("few words", 0, None),
    ("vague and little", -66, None),
    ("time quoted differs", -230, None),
    ("acts agree", 60, Some(E::SameKind)),
    ("acts differ", -135, None),
    ("own business", -223, None),
    ("nothing in common", -164, None),
    ("act and incident", -131, None),
    ("others that day", -123, None),
];

/// The points of the facts together.
pub(crate) fn points(facts: &[i32; FACTS]) -> i32 {
    facts.iter().zip(&WEIGHTS).map(|(value, (_, weight, _))| value * weight).sum::<i32>() / 10
}

/// The facts that speak for one event, as evidence with their points.
pub(crate) fn evidence(facts: &[i32; FACTS]) -> Spoken {
    let mut spoken = Spoken::new();
    for (value, (_, weight, code)) in facts.iter().zip(&WEIGHTS) {
        if let Some(code) = code.filter(|_| value * weight > 0) {
            *spoken.entry(code).or_insert(0) += value * weight / 10;
        }
    }
    spoken
}

/// Whether their dates exclude that they are one event: only a reference that is quoted outweighs that.
pub(crate) fn excludes(facts: &[i32; FACTS]) -> bool {
    has(facts, Fact::Never) && !has(facts, Fact::NeverButQuoted)
}

/// Whether they cannot be one event though they have to do with each other.
pub(crate) fn is_step(facts: &[i32; FACTS]) -> bool {
    const STEPS: [Fact; 5] = [
        Fact::StepOfOneAlone,
        Fact::TwoMeetings,
        Fact::LaterStep,
        Fact::LaterExamination,
        Fact::OwnStepAfterADayBothQuote,
    ];
    STEPS.iter().any(|step| has(facts, *step))
}

/// Whether a fact holds.
pub(super) fn has(facts: &[i32; FACTS], fact: Fact) -> bool {
    facts.get(fact as usize).is_some_and(|value| *value > 0)
}
