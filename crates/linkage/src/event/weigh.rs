//! How much speaks for two entries telling one event, in points; what excludes it, whatever the points.

use std::collections::HashMap;

use super::kinds::{self, Kinds};
use super::reading::Reading;
use crate::evidence::EvidenceCode as E;

/// What nobody lives through twice.
const ONCE_IN_A_LIFE: i32 = 12;

/// Entries of the family in which each stem, kind and reference occurs, as weights in points.
pub(crate) struct Rarity {
    entries: usize,
    stems: Vec<u32>,
    kinds: [u32; 64],
    reference_days: HashMap<u64, u32>,
    stem_points: Vec<i32>,
    kind_points: [i32; 64],
}

impl Rarity {
    /// Counts over all readings.
    pub(crate) fn of(readings: &[Reading], stems: usize) -> Self {
        let mut rarity = Self {
            entries: readings.len(),
            stems: vec![0; stems],
            kinds: [0; 64],
            reference_days: HashMap::new(),
            stem_points: Vec::new(),
            kind_points: [0; 64],
        };
        let mut days: std::collections::BTreeSet<(u64, Option<time::Date>)> = Default::default();
        for reading in readings {
            for count in reading.stems.iter().filter_map(|stem| usize::try_from(*stem).ok()) {
                if let Some(count) = rarity.stems.get_mut(count) {
                    *count += 1;
                }
            }
            rarity
                .kinds
                .iter_mut()
                .zip(Kinds::all_single())
                .filter(|(_, kind)| reading.kinds.meets(*kind))
                .for_each(|(count, _)| *count += 1);
            days.extend(reading.references.iter().map(|reference| (*reference, reading.day)));
        }
        for (reference, _) in days {
            *rarity.reference_days.entry(reference).or_insert(0) += 1;
        }
        rarity.stem_points = rarity.stems.iter().map(|count| rarity.points(*count)).collect();
        let once = |kind: Kinds| if kind.meets(kinds::ONCE) { ONCE_IN_A_LIFE } else { 0 };
        let kinds = rarity.kinds.iter().zip(Kinds::all_single());
        let points: Vec<i32> = kinds.map(|(count, kind)| 6 + rarity.points(*count) * 6 / 10 + once(kind)).collect();
        rarity.kind_points.iter_mut().zip(points).for_each(|(place, points)| *place = points);
        rarity
    }

    /// Ten times the natural logarithm of how rare: 0 for what stands in every entry.
    fn points(&self, count: u32) -> i32 {
        let entries = u32::try_from(self.entries).unwrap_or(u32::MAX).max(8);
        tenfold_log(entries.saturating_add(1) / count.max(1))
    }

    pub(crate) fn stem(&self, stem: u32) -> i32 {
        usize::try_from(stem).ok().and_then(|stem| self.stem_points.get(stem)).copied().unwrap_or(0)
    }

    /// How often a stem occurs.
    pub(crate) fn count(&self, stem: u32) -> u32 {
        usize::try_from(stem).ok().and_then(|stem| self.stems.get(stem)).copied().unwrap_or(0)
    }

    fn kinds(&self, kinds: Kinds) -> i32 {
        kinds.places().filter_map(|place| self.kind_points.get(place)).sum()
    }

    /// Whether a reference stands for an event, not for a file in which many events are kept.
    pub(crate) fn names_event(&self, reference: u64) -> bool {
        self.reference_days.get(&reference).is_some_and(|days| *days <= 2)
    }
}

/// Ten times the natural logarithm, in whole numbers so that every machine agrees.
fn tenfold_log(ratio: u32) -> i32 {
    const STEPS: [(u32, i32); 16] = [
        (403, 60),
        (244, 55),
        (148, 50),
        (90, 45),
        (54, 40),
        (33, 35),
        (20, 30),
        (15, 27),
        (12, 25),
        (9, 22),
        (7, 20),
        (6, 18),
        (5, 16),
        (4, 14),
        (3, 11),
        (2, 7),
    ];
    STEPS.iter().find(|(least, _)| ratio >= *least).map_or(0, |(_, points)| *points)
}

/// Points for and against, with what they stand on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weight {
    pub(crate) points: i32,
    pub(crate) codes: Vec<E>,
    /// They have to do with each other and cannot be one event.
    pub(crate) only_related: bool,
}

impl Weight {
    fn add(&mut self, points: i32, code: Option<E>) {
        self.points += points;
        if points > 0 {
            self.codes.extend(code);
        }
    }
}

/// How the days of two entries meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Both are dated to one day.
    SameDay,
    /// The text of one quotes the day of the other; whether as a date, not as a weekday.
    Quoted { firm: bool, first_quotes: bool },
    /// Both quote one day.
    BothQuote { firm: bool },
    /// One can have been within the other's span of that many days.
    Within(i64),
    /// One is not dated at all.
    Undated,
    /// They cannot have been at one time.
    Never,
}

/// How the days of two entries meet, the most telling first.
pub(crate) fn meeting(a: &Reading, b: &Reading) -> Meeting {
    if let (Some(x), Some(y)) = (a.day, b.day)
        && x == y
    {
        return Meeting::SameDay;
    }
    let quotes = |one: &Reading, other: &Reading| {
        let day = other.day?;
        let late = one.day.is_some_and(|own| own < day);
        one.days.iter().find(|quoted| !late && quoted.is(day)).map(|quoted| quoted.firm)
    };
    let (forth, back) = (quotes(a, b), quotes(b, a));
    match (forth, back) {
        (Some(true), _) => return Meeting::Quoted { firm: true, first_quotes: true },
        (_, Some(true)) => return Meeting::Quoted { firm: true, first_quotes: false },
        (Some(false), _) => return Meeting::Quoted { firm: false, first_quotes: true },
        (_, Some(false)) => return Meeting::Quoted { firm: false, first_quotes: false },
        (None, None) => {}
    }
    let shared = a.days.iter().flat_map(|x| b.days.iter().filter(|y| x.agrees(y)).map(|y| x.firm && y.firm)).max();
    if let Some(firm) = shared {
        return Meeting::BothQuote { firm };
    }
    match (a.span, b.span) {
        (Some(x), Some(y)) if x.0 <= y.1 && y.0 <= x.1 => {
            Meeting::Within((x.1 - x.0).whole_days().max((y.1 - y.0).whole_days()))
        }
        _ if a.reach.1 < b.reach.0 || b.reach.1 < a.reach.0 => {
            spanned(a, b).or_else(|| spanned(b, a)).map_or(Meeting::Never, Meeting::Within)
        }
        (Some(_), Some(_)) => spanned(a, b).or_else(|| spanned(b, a)).map_or(Meeting::Never, Meeting::Within),
        _ => Meeting::Undated,
    }
}

/// Whether the day that `one` quotes lies within the other's span.
fn spanned(one: &Reading, other: &Reading) -> Option<i64> {
    let (from, until) = other.span?;
    let within = one.days.iter().filter_map(|quoted| quoted.date()).any(|date| from <= date && date <= until);
    (other.day.is_none() && within).then(|| (until - from).whole_days())
}

/// Weighs accounts of two agencies.
pub(crate) fn accounts(
    a: &Reading,
    b: &Reading,
    share_child: bool,
    minutes: (Option<u16>, Option<u16>),
    rarity: &Rarity,
) -> Option<Weight> {
    let meeting = meeting(a, b);
    let quoted = shared(&a.references, &b.references).any(|reference| rarity.names_event(reference));
    let in_words = shared(&a.quoted, &b.references).chain(shared(&b.quoted, &a.references)).next().is_some();
    let mut weight = Weight::default();
    let (points, code) = match meeting {
        Meeting::Never if !(quoted && in_words) => return None,
        Meeting::Never => (10, None),
        Meeting::SameDay => (30, Some(E::SameDate)),
        Meeting::Quoted { firm: true, .. } => (42, Some(E::DateQuoted)),
        Meeting::Quoted { firm: false, .. } => (32, Some(E::DateQuoted)),
        Meeting::BothQuote { firm: true } => (36, Some(E::SameDateQuoted)),
        Meeting::BothQuote { firm: false } => (18, Some(E::SameDateQuoted)),
        Meeting::Within(days) if days <= 4 => (24, Some(E::DateWithin)),
        Meeting::Within(days) if days <= 31 => (14, Some(E::DateWithin)),
        Meeting::Within(_) => (4, Some(E::DateWithin)),
        Meeting::Undated => (0, None),
    };
    weight.add(points, code);
    if meeting == Meeting::SameDay && (speaks_of_earlier(a) != speaks_of_earlier(b)) {
        weight.points -= 15;
    }
    weight.add(if share_child { 8 } else { -10 }, Some(E::SharedChild));
    times(a, b, minutes, meeting, &mut weight);
    kinds_of(a, b, meeting, rarity, &mut weight);
    weight.add((common_words(a, b, rarity) / 2).min(50), Some(E::RareWords));
    weight.add(if quoted { 50 } else { 0 }, Some(E::SameReference));
    Some(weight)
}

fn speaks_of_earlier(reading: &Reading) -> bool {
    reading.days.iter().any(|quoted| quoted.firm && reading.day.is_some_and(|own| !quoted.is(own)))
}

fn times(a: &Reading, b: &Reading, minutes: (Option<u16>, Option<u16>), meeting: Meeting, weight: &mut Weight) {
    match meeting {
        Meeting::SameDay => {
            let Some(apart) = minutes.0.zip(minutes.1).map(|(x, y)| x.abs_diff(y)) else { return };
            let told_later = a.reported || b.reported;
            let points = match apart {
                0..=10 => 25,
                11..=30 => 15,
                31..=60 => 6,
                _ if told_later && apart <= 720 => -8,
                _ => -40,
            };
            let code = if apart == 0 { E::SameTime } else { E::TimesClose };
            weight.add(points, Some(code));
        }
        Meeting::Quoted { first_quotes, .. } => {
            let (quoting, quoted, at) = if first_quotes { (a, b, minutes.1) } else { (b, a, minutes.0) };
            let Some(at) = at else { return };
            if let Some(nearest) = quoting.clocks.iter().map(|clock| clock.abs_diff(at)).min() {
                weight.add(if nearest <= 45 { 15 } else { 0 }, Some(E::TimesClose));
            }
            let day = quoting.days.iter().find(|day| quoted.day.is_some_and(|own| day.is(own)));
            if let Some((from, until)) = day.and_then(|day| day.part) {
                let within =
                    (from.saturating_sub(45)..=until + 45).contains(&at) || (from..=until).contains(&(at + 1440));
                weight.add(if within { 8 } else { -25 }, Some(E::TimesClose));
            }
        }
        _ => {
            let near = a.clocks.iter().any(|x| b.clocks.iter().any(|y| x.abs_diff(*y) <= 20));
            weight.add(if near { 8 } else { 0 }, Some(E::TimesClose));
        }
    }
}

/// Kinds that both show speak for one event. An agency's own step on its own day is another event than the one it speaks of.
fn kinds_of(a: &Reading, b: &Reading, meeting: Meeting, rarity: &Rarity, weight: &mut Weight) {
    let both = a.kinds.and(b.kinds);
    weight.add(rarity.kinds(both).min(45), Some(E::SameKind));
    let (x, y) = (a.kinds.and(kinds::INCIDENTS), b.kinds.and(kinds::INCIDENTS));
    if both.is_empty() && !x.is_empty() && !y.is_empty() {
        weight.points -= 12;
    }
    weight.only_related = steps_differ(a, b, meeting);
}

fn steps_differ(a: &Reading, b: &Reading, meeting: Meeting) -> bool {
    let one_sided = |one: &Reading, other: &Reading| {
        let strong = one.lead.and(kinds::STEPS);
        let some_meeting = strong.meets(kinds::MEETINGS) && other.lead.meets(kinds::MEETING);
        !(strong.is_empty() || strong.meets(other.kinds) || some_meeting)
    };
    let meetings = (a.lead.and(kinds::MEETINGS), b.lead.and(kinds::MEETINGS));
    let two_meetings = !meetings.0.is_empty() && !meetings.1.is_empty() && !meetings.0.meets(meetings.1);
    let (later_step, of_its_own) = match meeting {
        Meeting::Quoted { first_quotes, .. } => {
            let (quoting, quoted) = if first_quotes { (a, b) } else { (b, a) };
            let own = quoting.lead.and(kinds::STEPS);
            let step = !own.is_empty() && !own.meets(quoted.lead);
            let examined =
                quoting.kinds.meets(kinds::EXAMINED) && !quoted.kinds.meets(kinds::EXAMINED.with(kinds::HOSPITAL));
            (quoting.day.is_some() && (step || examined), false)
        }
        Meeting::BothQuote { .. } => {
            (false, !a.lead.and(kinds::STEPS).is_empty() || !b.lead.and(kinds::STEPS).is_empty())
        }
        _ => (false, false),
    };
    one_sided(a, b) || one_sided(b, a) || two_meetings || later_step || of_its_own && a.day != b.day
}

/// Points of the stems that both texts use.
pub(crate) fn common_words(a: &Reading, b: &Reading, rarity: &Rarity) -> i32 {
    shared(&a.stems, &b.stems).map(|stem| rarity.stem(stem)).sum()
}

/// Points of all stems of a text.
fn all_words(reading: &Reading, rarity: &Rarity) -> i32 {
    reading.stems.iter().map(|stem| rarity.stem(*stem)).sum()
}

/// Weighs two entries of one agency with the same date: the same event told for two siblings.
pub(crate) fn repeats(
    a: &Reading,
    b: &Reading,
    share_child: bool,
    minutes: (Option<u16>, Option<u16>),
    rarity: &Rarity,
) -> Option<Weight> {
    let same_span = a.span == b.span && (a.span.is_some() || meeting(a, b) == Meeting::BothQuote { firm: true });
    if !same_span || minutes.0.zip(minutes.1).is_some_and(|(x, y)| x != y) {
        return None;
    }
    let mut weight = Weight::default();
    let exact = a.day.is_some();
    weight.add(if exact { 20 } else { 8 }, Some(E::SameDate));
    weight.add(if minutes.0.is_some() && minutes.0 == minutes.1 { 25 } else { 0 }, Some(E::SameTime));
    weight.add(if share_child { 10 } else { 0 }, Some(E::SharedChild));
    if !share_child && (a.kinds.meets(kinds::OF_ONE_CHILD) || b.kinds.meets(kinds::OF_ONE_CHILD)) {
        weight.points -= 40;
    }
    let reference = shared(&a.references, &b.references).any(|reference| rarity.names_event(reference));
    weight.add(if reference { 45 } else { 0 }, Some(E::SameReference));
    weight.add(if a.own_word.is_some() && a.own_word == b.own_word { 10 } else { 0 }, Some(E::SameKind));
    weight.add((rarity.kinds(a.kinds.and(b.kinds)) / 2).min(15), Some(E::SameKind));
    weight.add(if a.points || b.points { 18 } else { 0 }, Some(E::PointsToSibling));
    if numbers_differ(a, b) {
        weight.points -= 40;
    }
    let common = common_words(a, b, rarity);
    let shorter = all_words(a, rarity).min(all_words(b, rarity)).max(1);
    weight.add(common.min(30) * 2 / 3 + 40 * common / shorter.max(40), Some(E::RareWords));
    weight.only_related = steps_differ(a, b, Meeting::SameDay);
    Some(weight)
}

/// Whether each gives a number that the other lacks: two weights, two marks, two rooms.
fn numbers_differ(a: &Reading, b: &Reading) -> bool {
    let common = shared(&a.numbers, &b.numbers).count();
    common < a.numbers.len() && common < b.numbers.len()
}

/// What two sorted lists have in common.
fn shared<'s, T: Ord + Copy>(a: &'s [T], b: &'s [T]) -> impl Iterator<Item = T> + 's {
    let mut rest = b;
    a.iter().copied().filter(move |sought| {
        while let [first, others @ ..] = rest {
            match first.cmp(sought) {
                std::cmp::Ordering::Less => rest = others,
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Greater => return false,
            }
        }
        false
    })
}
