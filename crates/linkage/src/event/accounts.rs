//! What speaks for and against two agencies' accounts telling one event.

pub(crate) use super::account_weights::{FACTS, WEIGHTS, evidence, excludes, is_step, points};
use super::account_weights::{Fact, has};
use super::clock::Clock;
use super::kinds::{self, Kinds};
use super::meeting::{Meeting, meeting};
use super::rarity::{Rarity, shared};
use super::reading::Reading;

/// Texts of fewer points are taken for as many, so that one word of two is not half of what matters.
const LEAST_WORDS: i32 = 40;
/// A time quoted for an event that is further from its own time is another event's.
const FAR_APART_MINUTES: u16 = 150;
/// Where the days do not tell, words with less than this in common do not either.
const TELLING_PERCENT: i32 = 15;
/// Texts that are the same but for slips have at least so much in common.
const LIKE_PERCENT: i32 = 40;

/// Two agencies' tellings with what is known of their children.
pub(crate) struct Pair<'r> {
    pub(crate) one: &'r Reading,
    pub(crate) other: &'r Reading,
    /// What all meanings of each weigh.
    pub(crate) all_words: (i32, i32),
    /// Whether a child is concerned in both.
    pub(crate) share_child: bool,
    /// Whether the same children are concerned.
    pub(crate) same_children: bool,
    /// How many other tellings their agencies have on the day of the event.
    pub(crate) others_that_day: u32,
    /// How many tellings of other agencies lie in the wider span of the two.
    pub(crate) rivals: u32,
}

/// The facts of a pair, each as a number.
pub(crate) fn facts(pair: &Pair<'_>, rarity: &Rarity) -> [i32; FACTS] {
    let (a, b) = (pair.one, pair.other);
    let meeting = meeting(a, b);
    let mut found = [0; FACTS];
    let mut put = |fact: Fact, value: i32| {
        if let Some(place) = found.get_mut(fact as usize) {
            *place = value;
        }
    };
    put(Fact::Bias, 1);
    put(fact_of(meeting), 1);
    days(a, b, meeting, pair.rivals, &mut put);
    times(a, b, meeting, &mut put);
    put(Fact::SharedChild, i32::from(pair.share_child));
    put(Fact::SameChildren, i32::from(pair.same_children));
    steps(a, b, meeting, &mut put);
    let words = rarity.common_words(a, b);
    let shorter = pair.all_words.0.min(pair.all_words.1);
    let ratio = 100 * words / shorter.max(LEAST_WORDS);
    put(Fact::FewWords, i32::from(shorter < LEAST_WORDS));
    put(Fact::WordsOfTheShorter, ratio);
    put(Fact::OthersThatDay, i32::try_from(pair.others_that_day.min(4)).unwrap_or(4));
    let kindless = !a.kinds.and(b.kinds).meets(kinds::TELLING);
    put(Fact::NothingInCommon, i32::from(kindless && ratio < 6));
    let vague = matches!(meeting, Meeting::Within(_) | Meeting::Undated | Meeting::Adjacent);
    put(Fact::VagueAndLittle, i32::from(vague && ratio < TELLING_PERCENT && !a.act.meets(b.act)));
    put(Fact::OwnBusiness, i32::from(!pair.share_child && (a.is_own_business() || b.is_own_business())));
    let reference = shared(&a.references, &b.references).any(|reference| rarity.names_event(reference));
    let quoted = shared(&a.quoted, &b.references).chain(shared(&b.quoted, &a.references)).next().is_some();
    put(Fact::Reference, i32::from(reference));
    put(Fact::QuotedReference, i32::from(quoted));
    put(Fact::NeverButQuoted, i32::from(meeting == Meeting::Never && quoted));
    put(Fact::SameType, i32::from(a.own_word.is_some() && a.own_word == b.own_word));
    found
}

const fn fact_of(meeting: Meeting) -> Fact {
    match meeting {
        Meeting::SameDay => Fact::SameDay,
        Meeting::Quoted { firm: true, .. } => Fact::DateQuoted,
        Meeting::Quoted { firm: false, .. } => Fact::DayQuoted,
        Meeting::BothQuote { firm: true } => Fact::BothQuoteOneDate,
        Meeting::BothQuote { firm: false } => Fact::BothQuoteOneDay,
        Meeting::Within(days) if days <= 4 => Fact::WithinFourDays,
        Meeting::Within(days) if days <= 31 => Fact::WithinAMonth,
        Meeting::Within(_) => Fact::WithinLonger,
        Meeting::Adjacent => Fact::AdjacentDays,
        Meeting::Undated => Fact::Undated,
        Meeting::Never => Fact::Never,
    }
}

fn days(a: &Reading, b: &Reading, meeting: Meeting, rivals: u32, put: &mut impl FnMut(Fact, i32)) {
    if matches!(meeting, Meeting::Within(_) | Meeting::Undated) {
        put(Fact::Rivals, super::rarity::tenfold_log(rivals.max(1)));
    }
    if matches!(meeting, Meeting::Within(_)) {
        let named = |wide: &Reading, exact: &Reading| {
            let day = exact.day.filter(|_| wide.day.is_none() && wide.weekdays != 0)?;
            Some(wide.weekdays & (1 << day.weekday().number_days_from_monday()) != 0)
        };
        match named(a, b).or_else(|| named(b, a)) {
            Some(true) => put(Fact::WeekdayAgrees, 1),
            Some(false) => put(Fact::WeekdayDiffers, 1),
            None => {}
        }
    }
    let earlier = speaks_of_earlier(a) != speaks_of_earlier(b);
    put(Fact::OneSpeaksOfAnEarlierDay, i32::from(earlier && meeting == Meeting::SameDay));
}

fn speaks_of_earlier(reading: &Reading) -> bool {
    reading.days.iter().any(|quoted| quoted.firm && reading.day.is_some_and(|own| !quoted.is(own)))
}

fn times(a: &Reading, b: &Reading, meeting: Meeting, put: &mut impl FnMut(Fact, i32)) {
    if meeting == Meeting::SameDay
        && let Some((x, y)) = a.minutes.zip(b.minutes)
    {
        match x.abs_diff(y) {
            0..=10 => put(Fact::TimesWithinTenMinutes, 1),
            11..=30 => put(Fact::TimesWithinThirtyMinutes, 1),
            31..=60 => put(Fact::TimesWithinAnHour, 1),
            61..=180 => put(Fact::TimesWithinThreeHours, 1),
            _ => put(Fact::TimesFurtherApart, 1),
        }
    }
    if meeting == Meeting::Never {
        return;
    }
    let own = |reading: &Reading| reading.minutes.filter(|_| is_own_day(reading, meeting)).map(Clock::exact);
    let quoted = |one: &Reading, other: &Reading| {
        let theirs = || other.clocks.iter().copied().chain(own(other));
        let here = one.clocks.iter();
        here.filter_map(|clock| theirs().map(|at| clock.apart(at)).min()).min()
    };
    match quoted(a, b).into_iter().chain(quoted(b, a)).min() {
        Some(0..=15) => put(Fact::TimeQuotedWithinFifteenMinutes, 1),
        Some(16..=45) => put(Fact::TimeQuotedWithinFortyfiveMinutes, 1),
        _ => {}
    }
    if let Meeting::Quoted { first_quotes, .. } = meeting {
        let (quoting, quoted) = if first_quotes { (a, b) } else { (b, a) };
        part_of_day(quoting, quoted, put);
        let told = quoted.minutes.map(Clock::exact);
        let nearest = told.and_then(|told| quoting.clocks.iter().map(|clock| clock.apart(told)).min());
        put(Fact::TimeQuotedDiffers, i32::from(nearest.is_some_and(|apart| apart > FAR_APART_MINUTES)));
    }
}

/// The time an entry is dated with is the event's unless it was written of another day.
const fn is_own_day(_reading: &Reading, meeting: Meeting) -> bool {
    !matches!(meeting, Meeting::BothQuote { .. })
}

fn part_of_day(quoting: &Reading, quoted: &Reading, put: &mut impl FnMut(Fact, i32)) {
    let Some(at) = quoted.minutes else { return };
    let day = quoting.days.iter().find(|day| quoted.day.is_some_and(|own| day.is(own)));
    if let Some((from, until)) = day.and_then(|day| day.part) {
        let within = (from.saturating_sub(45)..=until + 45).contains(&at) || (from..=until).contains(&(at + 1440));
        put(if within { Fact::PartOfDayAgrees } else { Fact::PartOfDayDiffers }, 1);
    }
}

/// Kinds that one shows and the other does not. An agency's own step on its own day is another event than the one it
/// speaks of.
fn steps(a: &Reading, b: &Reading, meeting: Meeting, put: &mut impl FnMut(Fact, i32)) {
    let both = a.kinds.and(b.kinds);
    put(Fact::LeadingKinds, i32::from(a.lead.meets(b.lead)));
    let incidents = (a.kinds.and(kinds::INCIDENTS), b.kinds.and(kinds::INCIDENTS));
    put(Fact::IncidentsDiffer, i32::from(both.is_empty() && !incidents.0.is_empty() && !incidents.1.is_empty()));
    let acts = (a.act, b.act);
    let a_meeting = a.lead.meets(kinds::MEETING) || b.lead.meets(kinds::MEETING);
    put(Fact::ActsAgree, i32::from(acts.0.meets(acts.1)));
    put(Fact::ActsDiffer, i32::from(!acts.0.is_empty() && !acts.1.is_empty() && !acts.0.meets(acts.1) && !a_meeting));
    let incident = |one: &Reading, other: Kinds| one.lead.meets(kinds::INCIDENTS) && !one.kinds.meets(other);
    let apart = !acts.0.is_empty() && incident(b, acts.0) || !acts.1.is_empty() && incident(a, acts.1);
    put(Fact::ActAndIncident, i32::from(apart));
    let one_sided = |one: &Reading, other: &Reading| {
        let strong = one.lead.and(kinds::STEPS);
        let some_meeting = strong.meets(kinds::MEETINGS) && other.lead.meets(kinds::MEETING);
        !(strong.is_empty() || strong.meets(other.kinds) || some_meeting)
    };
    put(Fact::StepOfOneAlone, i32::from(one_sided(a, b) || one_sided(b, a)));
    let meetings = (a.lead.and(kinds::MEETINGS), b.lead.and(kinds::MEETINGS));
    let two = !meetings.0.is_empty() && !meetings.1.is_empty() && !meetings.0.meets(meetings.1);
    put(Fact::TwoMeetings, i32::from(two));
    match meeting {
        Meeting::Quoted { first_quotes, .. } => {
            let (quoting, quoted) = if first_quotes { (a, b) } else { (b, a) };
            let own = quoting.lead.and(kinds::STEPS).with(quoting.act.and(kinds::REFERRAL));
            let step = !own.is_empty() && !own.meets(quoted.lead) && quoting.day.is_some();
            put(Fact::LaterStep, i32::from(step));
            let examined =
                quoting.kinds.meets(kinds::EXAMINED) && !quoted.kinds.meets(kinds::EXAMINED.with(kinds::HOSPITAL));
            put(Fact::LaterExamination, i32::from(examined && quoting.day.is_some()));
        }
        Meeting::BothQuote { .. } => {
            let own = !a.lead.and(kinds::STEPS).is_empty() || !b.lead.and(kinds::STEPS).is_empty();
            put(Fact::OwnStepAfterADayBothQuote, i32::from(own && a.day != b.day));
        }
        _ => {}
    }
}

/// Whether the words are alike enough that they may be the same.
pub(crate) fn may_be_verbatim(facts: &[i32; FACTS]) -> bool {
    facts.get(Fact::WordsOfTheShorter as usize).is_none_or(|percent| *percent >= LIKE_PERCENT)
        || has(facts, Fact::FewWords)
}
