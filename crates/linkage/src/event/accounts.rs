//! What speaks for and against two agencies' accounts telling one event.
//!
//! Points are ten times the natural logarithm of the odds, so that they add up. They were found by logistic regression
//! over the packs of wordings (`linkage-bench weights`), rounded, and rounded again by hand where a pack is too small to
//! tell.

use super::clock::Clock;
use super::kinds::{self, Kinds};
use super::meeting::{Meeting, meeting};
use super::rarity::{Rarity, shared};
use super::reading::Reading;
use crate::evidence::EvidenceCode as E;

/// How many facts are weighed.
pub(crate) const FACTS: usize = 52;

/// A fact: its name, what it weighs in points for each unit, and what it is in evidence.
type Fact = (&'static str, i32, Option<E>);

/// The facts in the order of [`facts`].
pub(crate) const WEIGHTS: [Fact; FACTS] = [
    ("bias", -81, None),
    ("same day", 149, Some(E::SameDate)),
    ("adjacent days", -217, None),
    ("date quoted", 48, Some(E::DateQuoted)),
    ("day quoted", 129, Some(E::DateQuoted)),
    ("both quote one date", 0, Some(E::SameDateQuoted)),
    ("both quote one day", -20, Some(E::SameDateQuoted)),
    ("within 4 days", 65, Some(E::DateWithin)),
    ("within a month", 79, Some(E::DateWithin)),
    ("within longer", 41, Some(E::DateWithin)),
    ("undated", -157, None),
    ("never", -543, None),
    ("rivals", -14, None),
    ("weekday agrees", 207, Some(E::DateWithin)),
    ("weekday differs", -161, None),
    ("times within 10 minutes", 158, Some(E::SameTime)),
    ("times within 30 minutes", 105, Some(E::TimesClose)),
    ("times within an hour", 1, Some(E::TimesClose)),
    ("times within 3 hours", -112, None),
    ("times further apart", -395, None),
    ("time quoted within 15 minutes", 104, Some(E::TimesClose)),
    ("time quoted within 45 minutes", 68, Some(E::TimesClose)),
    ("part of day agrees", 150, Some(E::TimesClose)),
    ("part of day differs", -193, None),
    ("shared child", 0, Some(E::SharedChild)),
    ("same children", 6, Some(E::SharedChild)),
    ("kinds", 0, Some(E::SameKind)),
    ("leading kinds", 48, Some(E::SameKind)),
    ("incidents differ", -126, None),
    ("step of one alone", -144, None),
    ("two meetings", -13, None),
    ("later step", -102, None),
    ("later examination", -150, None),
    ("own step after a day both quote", -65, None),
    ("words", 0, Some(E::RareWords)),
    ("words of the shorter", 8, Some(E::RareWords)),
    ("reference", 400, Some(E::SameReference)),
    ("quoted reference", 100, Some(E::SameReference)),
    ("one speaks of an earlier day", -83, None),
    ("same type", 23, Some(E::SameKind)),
    ("never but quoted", 0, None),
    ("same day and kinds", 0, None),
    ("acts agree", 106, Some(E::SameKind)),
    ("acts differ", -147, None),
    ("own business", -212, None),
    ("nothing in common", -128, None),
    ("little in common", 0, None),
    ("act and incident", -119, None),
    ("telling words", 0, Some(E::RareWords)),
    ("many telling words", 0, Some(E::RareWords)),
    ("others that day", -132, None),
    ("same day and words", 0, None),
];

/// Most that common words count, in points.
const MOST_WORDS: i32 = 120;
/// Most that common kinds count, in points.
const MOST_KINDS: i32 = 60;

/// Two agencies' tellings with what is known of their children.
pub(crate) struct Pair<'r> {
    pub(crate) one: &'r Reading,
    pub(crate) other: &'r Reading,
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
    let mut put = |name: &str, value: i32| {
        if let Some(at) = WEIGHTS.iter().position(|(known, ..)| *known == name)
            && let Some(place) = found.get_mut(at)
        {
            *place = value;
        }
    };
    put("bias", 1);
    put(name_of(meeting), 1);
    days(a, b, meeting, pair.rivals, &mut put);
    times(a, b, meeting, &mut put);
    put("shared child", i32::from(pair.share_child));
    put("same children", i32::from(pair.same_children));
    steps(a, b, meeting, &mut put);
    let kinds = rarity.kinds(a.kinds.and(b.kinds)).min(MOST_KINDS);
    put("kinds", kinds);
    let words = rarity.common_words(a, b).min(MOST_WORDS);
    put("words", words);
    let shorter = rarity.all_words(a).min(rarity.all_words(b)).max(40);
    put("words of the shorter", 100 * words / shorter);
    let telling = rarity.telling_words(a, b);
    put("telling words", telling.min(3));
    put("many telling words", (telling - 3).clamp(0, 5));
    put("others that day", i32::try_from(pair.others_that_day.min(4)).unwrap_or(4));
    let ratio = 100 * words / shorter;
    let kindless = !a.kinds.and(b.kinds).meets(kinds::TELLING);
    put("nothing in common", i32::from(kindless && ratio < 6));
    put("little in common", i32::from(kindless && (6..15).contains(&ratio)));
    put("own business", i32::from(!pair.share_child && (a.is_own_business() || b.is_own_business())));
    if meeting == Meeting::SameDay {
        put("same day and kinds", kinds);
        put("same day and words", words);
    }
    let reference = shared(&a.references, &b.references).any(|reference| rarity.names_event(reference));
    let quoted = shared(&a.quoted, &b.references).chain(shared(&b.quoted, &a.references)).next().is_some();
    put("reference", i32::from(reference));
    put("quoted reference", i32::from(quoted));
    put("never but quoted", i32::from(meeting == Meeting::Never && quoted));
    put("same type", i32::from(a.own_word.is_some() && a.own_word == b.own_word));
    found
}

const fn name_of(meeting: Meeting) -> &'static str {
    match meeting {
        Meeting::SameDay => "same day",
        Meeting::Quoted { firm: true, .. } => "date quoted",
        Meeting::Quoted { firm: false, .. } => "day quoted",
        Meeting::BothQuote { firm: true } => "both quote one date",
        Meeting::BothQuote { firm: false } => "both quote one day",
        Meeting::Within(days) if days <= 4 => "within 4 days",
        Meeting::Within(days) if days <= 31 => "within a month",
        Meeting::Within(_) => "within longer",
        Meeting::Adjacent => "adjacent days",
        Meeting::Undated => "undated",
        Meeting::Never => "never",
    }
}

fn days(a: &Reading, b: &Reading, meeting: Meeting, rivals: u32, put: &mut impl FnMut(&str, i32)) {
    if matches!(meeting, Meeting::Within(_) | Meeting::Undated) {
        put("rivals", super::rarity::tenfold_log(rivals.max(1)));
    }
    if matches!(meeting, Meeting::Within(_)) {
        let named = |wide: &Reading, exact: &Reading| {
            let day = exact.day.filter(|_| wide.day.is_none() && wide.weekdays != 0)?;
            Some(wide.weekdays & (1 << day.weekday().number_days_from_monday()) != 0)
        };
        match named(a, b).or_else(|| named(b, a)) {
            Some(true) => put("weekday agrees", 1),
            Some(false) => put("weekday differs", 1),
            None => {}
        }
    }
    let earlier = speaks_of_earlier(a) != speaks_of_earlier(b);
    put("one speaks of an earlier day", i32::from(earlier && meeting == Meeting::SameDay));
}

fn speaks_of_earlier(reading: &Reading) -> bool {
    reading.days.iter().any(|quoted| quoted.firm && reading.day.is_some_and(|own| !quoted.is(own)))
}

fn times(a: &Reading, b: &Reading, meeting: Meeting, put: &mut impl FnMut(&str, i32)) {
    if meeting == Meeting::SameDay
        && let Some((x, y)) = a.minutes.zip(b.minutes)
    {
        match x.abs_diff(y) {
            0..=10 => put("times within 10 minutes", 1),
            11..=30 => put("times within 30 minutes", 1),
            31..=60 => put("times within an hour", 1),
            61..=180 => put("times within 3 hours", 1),
            _ => put("times further apart", 1),
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
        Some(0..=15) => put("time quoted within 15 minutes", 1),
        Some(16..=45) => put("time quoted within 45 minutes", 1),
        _ => {}
    }
    if let Meeting::Quoted { first_quotes, .. } = meeting {
        let (quoting, quoted) = if first_quotes { (a, b) } else { (b, a) };
        part_of_day(quoting, quoted, put);
    }
}

/// The time an entry is dated with is the event's unless it was written of another day.
const fn is_own_day(_reading: &Reading, meeting: Meeting) -> bool {
    !matches!(meeting, Meeting::BothQuote { .. })
}

fn part_of_day(quoting: &Reading, quoted: &Reading, put: &mut impl FnMut(&str, i32)) {
    let Some(at) = quoted.minutes else { return };
    let day = quoting.days.iter().find(|day| quoted.day.is_some_and(|own| day.is(own)));
    if let Some((from, until)) = day.and_then(|day| day.part) {
        let within = (from.saturating_sub(45)..=until + 45).contains(&at) || (from..=until).contains(&(at + 1440));
        put(if within { "part of day agrees" } else { "part of day differs" }, 1);
    }
}

/// Kinds that one shows and the other does not. An agency's own step on its own day is another event than the one it
/// speaks of.
fn steps(a: &Reading, b: &Reading, meeting: Meeting, put: &mut impl FnMut(&str, i32)) {
    let both = a.kinds.and(b.kinds);
    put("leading kinds", i32::from(a.lead.meets(b.lead)));
    let incidents = (a.kinds.and(kinds::INCIDENTS), b.kinds.and(kinds::INCIDENTS));
    put("incidents differ", i32::from(both.is_empty() && !incidents.0.is_empty() && !incidents.1.is_empty()));
    let acts = (a.act, b.act);
    let a_meeting = a.lead.meets(kinds::MEETING) || b.lead.meets(kinds::MEETING);
    put("acts agree", i32::from(acts.0.meets(acts.1)));
    put("acts differ", i32::from(!acts.0.is_empty() && !acts.1.is_empty() && !acts.0.meets(acts.1) && !a_meeting));
    let incident = |one: &Reading, other: Kinds| one.lead.meets(kinds::INCIDENTS) && !one.kinds.meets(other);
    let apart = !acts.0.is_empty() && incident(b, acts.0) || !acts.1.is_empty() && incident(a, acts.1);
    put("act and incident", i32::from(apart));
    let one_sided = |one: &Reading, other: &Reading| {
        let strong = one.lead.and(kinds::STEPS);
        let some_meeting = strong.meets(kinds::MEETINGS) && other.lead.meets(kinds::MEETING);
        !(strong.is_empty() || strong.meets(other.kinds) || some_meeting)
    };
    put("step of one alone", i32::from(one_sided(a, b) || one_sided(b, a)));
    let meetings = (a.lead.and(kinds::MEETINGS), b.lead.and(kinds::MEETINGS));
    let two = !meetings.0.is_empty() && !meetings.1.is_empty() && !meetings.0.meets(meetings.1);
    put("two meetings", i32::from(two));
    match meeting {
        Meeting::Quoted { first_quotes, .. } => {
            let (quoting, quoted) = if first_quotes { (a, b) } else { (b, a) };
            let own = quoting.lead.and(kinds::STEPS);
            let step = !own.is_empty() && !own.meets(quoted.lead) && quoting.day.is_some();
            put("later step", i32::from(step));
            let examined =
                quoting.kinds.meets(kinds::EXAMINED) && !quoted.kinds.meets(kinds::EXAMINED.with(kinds::HOSPITAL));
            put("later examination", i32::from(examined && quoting.day.is_some()));
        }
        Meeting::BothQuote { .. } => {
            let own = !a.lead.and(kinds::STEPS).is_empty() || !b.lead.and(kinds::STEPS).is_empty();
            put("own step after a day both quote", i32::from(own && a.day != b.day));
        }
        _ => {}
    }
}

/// The points of the facts together.
pub(crate) fn points(facts: &[i32; FACTS]) -> i32 {
    facts.iter().zip(&WEIGHTS).map(|(value, (_, weight, _))| value * weight).sum::<i32>() / 10
}

/// The facts that speak for one event, as evidence.
pub(crate) fn evidence(facts: &[i32; FACTS]) -> Vec<E> {
    let spoken = facts.iter().zip(&WEIGHTS).filter(|(value, (_, weight, _))| *value * weight > 0);
    spoken.filter_map(|(_, (.., code))| *code).collect()
}

/// Whether their dates exclude that they are one event: only a reference that is quoted outweighs that.
pub(crate) fn excludes(facts: &[i32; FACTS]) -> bool {
    let value = |name: &str| facts.iter().zip(&WEIGHTS).any(|(value, (known, ..))| *known == name && *value > 0);
    value("never") && !value("never but quoted")
}

/// Whether they cannot be one event though they have to do with each other.
pub(crate) fn is_step(facts: &[i32; FACTS]) -> bool {
    const STEPS: [&str; 5] =
        ["step of one alone", "two meetings", "later step", "later examination", "own step after a day both quote"];
    facts.iter().zip(&WEIGHTS).any(|(value, (name, ..))| *value > 0 && STEPS.contains(name))
}
