//! What an entry is about, recognised from word patterns: an act of an agency, or an event in the
//! life of a family.
//!
//! An entry may be about several. Its beginning shows what it is mainly about.

use std::sync::LazyLock;

use domain::word_list::WordList;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::bit_set::BitSet;

/// The patterns of each act, under the act's name.
const PATTERN_LIST: &str = include_str!("../../data/act-patterns.txt");

/// The first bytes of a text, its type label included, that show what it is mainly about.
const BEGINNING: usize = 120;
/// The first bytes of a text that show what the agency itself did.
const OPENING: usize = 48;

/// A set of acts of agencies and of events in a family's life.
pub(crate) type Acts = BitSet;

/// Declares each act as a set of its own, numbered in this order.
macro_rules! acts {
    ($($name:ident)*) => {
        #[derive(Clone, Copy)]
        #[allow(dead_code, clippy::upper_case_acronyms, non_camel_case_types, reason = "the names are those of the constants")]
        enum ActIndex { $($name),* }
        $(#[allow(dead_code, reason = "some acts are only compared with those of the other account")]
        pub(crate) const $name: Acts = BitSet::single(ActIndex::$name as u32);)*
        /// The names of the acts in the order of their numbers; each is a heading in
        /// `data/act-patterns.txt`.
        pub(crate) const ACT_NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

acts! {
    // What an agency did.
    MISSED
    CONFERENCE
    CORE_GROUP
    STRATEGY
    TEAM_AROUND_FAMILY
    CHILD_IN_NEED
    MARAC
    CARE_PROGRAMME
    SCHOOL_EVENING
    COURT
    ORDER
    OTHER_MEETING
    REFERRAL
    SCREENING
    CP_MEDICAL
    EMERGENCY_CARE
    WARD
    OPERATION
    IMMUNISATION
    DENTAL
    EYES
    HEARING_TEST
    SPEECH
    DEVELOPMENT
    PREGNANCY
    CONSULTATION
    THERAPY
    NOTIFICATION
    RENT
    REPAIR
    NUISANCE
    SUBSTANCE_WORK
    ABSENCE
    ACHIEVEMENT
    VISIT
    PHONE
    LETTER
    CLOSURE
    // What happened to a family.
    BIRTH
    DEATH
    FIRE
    FLOOD
    POWER_OFF
    MOVE
    EVICTION
    MISSING
    RETURN_INTERVIEW
    ARREST
    WARRANT
    RELEASE
    PRISON
    DOMESTIC_ABUSE
    WEAPON
    THEFT
    DAMAGE
    DOOR_BROKEN
    DRUGS_FOUND
    INTOXICATED
    INJURY
    HEAD_INJURY
    FRACTURE
    BURN
    SWALLOWED
    BITE
    ILLNESS
    BREATHING
    SEIZURE
    EXCLUSION
    FIGHT
    BULLYING
    BEHAVIOUR
    OUTING
    SCHOOL_MOVE
    SELF_HARM
    MENTAL_CRISIS
    HIT_BY_ADULT
    SEXUAL
    ONLINE
    DISCLOSURE
    SEPARATION
    NEW_PARTNER
    JOB
    POVERTY
    ROAD_ACCIDENT
    LEFT_ALONE
    ANIMAL
    GRADUATION
    // How the entry relates to an event.
    FOLLOW_UP
    OWN_EXAMINATION
    REQUEST
    JOINT
}

/// Acts and family events that identify an event: two entries about different ones are usually
/// about two events.
pub(crate) const DISTINCT: Acts = FAMILY_EVENTS.union(NAMED_MEETINGS).union(Acts::union_of(&[
    COURT,
    ORDER,
    CP_MEDICAL,
    OPERATION,
    IMMUNISATION,
    DENTAL,
    EYES,
    HEARING_TEST,
    SPEECH,
    DEVELOPMENT,
    PREGNANCY,
    THERAPY,
    RENT,
    REPAIR,
    NUISANCE,
    SUBSTANCE_WORK,
    ACHIEVEMENT,
    EMERGENCY_CARE,
    RETURN_INTERVIEW,
    POVERTY,
]));
/// Steps that are an event of their own even where the same text describes what led to them.
pub(crate) const SEPARATE_STEPS: Acts =
    Acts::union_of(&[STRATEGY, CORE_GROUP, CP_MEDICAL, RETURN_INTERVIEW]);
/// Steps that follow an event. An entry about one is about an act of a later day, even where it
/// retells the event.
pub(crate) const AFTERMATH: Acts = Acts::union_of(&[
    STRATEGY,
    CORE_GROUP,
    SCREENING,
    REFERRAL,
    CP_MEDICAL,
    RETURN_INTERVIEW,
    REPAIR,
]);
/// Events in the life of a family, as opposed to acts of agencies.
pub(crate) const FAMILY_EVENTS: Acts = Acts::union_of(&[
    BIRTH,
    DEATH,
    FIRE,
    FLOOD,
    POWER_OFF,
    MOVE,
    EVICTION,
    MISSING,
    ARREST,
    WARRANT,
    RELEASE,
    PRISON,
    DOMESTIC_ABUSE,
    WEAPON,
    THEFT,
    DAMAGE,
    DOOR_BROKEN,
    DRUGS_FOUND,
    INTOXICATED,
    INJURY,
    HEAD_INJURY,
    FRACTURE,
    BURN,
    SWALLOWED,
    BITE,
    ILLNESS,
    BREATHING,
    SEIZURE,
    EXCLUSION,
    FIGHT,
    BULLYING,
    OUTING,
    SCHOOL_MOVE,
    SELF_HARM,
    MENTAL_CRISIS,
    HIT_BY_ADULT,
    SEXUAL,
    ONLINE,
    SEPARATION,
    NEW_PARTNER,
    JOB,
    ROAD_ACCIDENT,
    LEFT_ALONE,
    ANIMAL,
    GRADUATION,
]);
/// Steps in an agency's process. Each happens on its own day, whichever earlier event its entry
/// mentions.
pub(crate) const PROCESS_STEPS: Acts = Acts::union_of(&[
    CONFERENCE,
    CORE_GROUP,
    STRATEGY,
    TEAM_AROUND_FAMILY,
    CHILD_IN_NEED,
    MARAC,
    CARE_PROGRAMME,
    REFERRAL,
    SCREENING,
    CP_MEDICAL,
    RETURN_INTERVIEW,
    THERAPY,
    IMMUNISATION,
    DEVELOPMENT,
    REPAIR,
    OPERATION,
    CLOSURE,
]);
/// Examinations and treatments of one child.
pub(crate) const SINGLE_CHILD: Acts = Acts::union_of(&[
    OPERATION,
    IMMUNISATION,
    DENTAL,
    EYES,
    HEARING_TEST,
    SPEECH,
    DEVELOPMENT,
]);
/// Contacts of one agency with a family. Two agencies' contacts are two events, unless words or
/// times show a joint one.
pub(crate) const OWN_CONTACTS: Acts = Acts::union_of(&[
    VISIT,
    CONSULTATION,
    THERAPY,
    PHONE,
    SUBSTANCE_WORK,
    DEVELOPMENT,
    IMMUNISATION,
    DENTAL,
    EYES,
    SPEECH,
    HEARING_TEST,
    LETTER,
    REPAIR,
]);
/// Meetings with a name of their own: entries that give two names are about two meetings.
pub(crate) const NAMED_MEETINGS: Acts = Acts::union_of(&[
    CONFERENCE,
    CORE_GROUP,
    STRATEGY,
    TEAM_AROUND_FAMILY,
    CHILD_IN_NEED,
    MARAC,
    CARE_PROGRAMME,
    SCHOOL_EVENING,
]);

/// Acts that follow from an earlier event: a consequence, a notification or a meeting about it.
pub(crate) const CONSEQUENCES: Acts = AFTERMATH.union(Acts::union_of(&[
    FOLLOW_UP,
    REQUEST,
    CONFERENCE,
    MARAC,
    NOTIFICATION,
]));

/// The patterns of each act, in the order of [`ACT_NAMES`], as one regular expression for each.
static PATTERNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let list = WordList::parse(PATTERN_LIST);
    ACT_NAMES
        .iter()
        .map(|name| list.items(name).join("|"))
        .collect()
});

static CONSEQUENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let patterns: Vec<&str> = CONSEQUENCES
        .indices()
        .filter_map(|index| PATTERNS.get(index))
        .map(String::as_str)
        .collect();
    RegexBuilder::new(&patterns.join("|"))
        .unicode(false)
        .case_insensitive(true)
        .build()
        .ok()
});

/// The first words of a text that show a consequence: the position of their first byte and of the
/// byte after their last.
pub(crate) fn find_consequence(text: &str) -> Option<(usize, usize)> {
    CONSEQUENCE
        .as_ref()?
        .find(text)
        .map(|found| (found.start(), found.end()))
}

/// The memory limit, in bytes, of the automaton that matches all patterns. With less, it is rebuilt
/// again and again.
const AUTOMATON_BYTES: usize = 32 << 20;

static SET: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSetBuilder::new(&*PATTERNS)
        .unicode(false)
        .dfa_size_limit(AUTOMATON_BYTES)
        .build()
        .ok()
});

/// The acts that a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ActProfile {
    /// In the whole text.
    pub(crate) all: Acts,
    /// In its beginning.
    pub(crate) leading: Acts,
    /// In its first words.
    pub(crate) opening: Acts,
}

impl ActProfile {
    /// The acts that two texts of one agency show together.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self {
            all: self.all.union(other.all),
            leading: self.leading.union(other.leading),
            opening: self.opening.union(other.opening),
        }
    }
}

/// Recognises the acts in a lower-case text.
pub(crate) fn recognize(text: &str) -> ActProfile {
    let prefix = |length: usize| match text.get(..text.floor_char_boundary(length)) {
        Some(prefix) if prefix.len() < text.len() => matches(prefix),
        _ => matches(text),
    };
    ActProfile {
        all: matches(text),
        leading: prefix(BEGINNING),
        opening: prefix(OPENING),
    }
}

fn matches(text: &str) -> Acts {
    let Some(set) = SET.as_ref() else {
        return BitSet::empty();
    };
    set.matches(text)
        .into_iter()
        .filter_map(|index| u32::try_from(index).ok())
        .fold(BitSet::empty(), |sum, index| {
            sum.union(BitSet::single(index))
        })
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};
    use rstest::rstest;

    use super::*;

    #[test]
    fn list_has_patterns_for_exactly_the_declared_acts() {
        assert_eq!(
            mistakes(PATTERN_LIST, ItemOrder::Meaningful),
            Vec::<String>::new()
        );
        let list = WordList::parse(PATTERN_LIST);
        let mut headings: Vec<&str> = list.sections().map(|(name, _)| name).collect();
        let mut names = ACT_NAMES.to_vec();
        headings.sort_unstable();
        names.sort_unstable();
        assert_eq!(headings, names);
    }

    #[test]
    fn patterns_compile() {
        assert!(SET.is_some() && CONSEQUENCE.is_some() && PATTERNS.len() <= BitSet::CAPACITY);
    }

    #[rstest]
    #[case("strat discussion held by phone", STRATEGY.union(PHONE))]
    #[case("warrant executed at home", WARRANT)]
    #[case("lgsr: gas safety check done", REPAIR)]
    #[case("nothing to report", BitSet::empty())]
    fn recognizes_acts(#[case] text: &str, #[case] expected: Acts) {
        assert_eq!(recognize(text).all, expected);
    }

    #[test]
    fn recognizes_leading_and_opening_acts_separately() {
        let text = format!(
            "home visit, all well. {} arrears discussed",
            "the children played happily. ".repeat(5)
        );
        let acts = recognize(&text);
        assert!(
            acts.all.intersects(RENT)
                && !acts.leading.intersects(RENT)
                && acts.opening.intersects(VISIT)
        );
    }
}
