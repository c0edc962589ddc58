//! Kinds of event, recognised from the words of the text. The agency's own label for the type is
//! one hint among others, because it may mislead.

use super::bit_set::BitSet;

/// A set of kinds.
pub(crate) type Kinds = BitSet;

/// Declares each kind as a set of its own, numbered in this order.
macro_rules! kinds {
    ($($name:ident)*) => {
        #[derive(Clone, Copy)]
        #[allow(dead_code, clippy::upper_case_acronyms, non_camel_case_types, reason = "the names are those of the constants")]
        enum KindIndex { $($name),* }
        $(#[allow(dead_code, reason = "some kinds are used by data/event-keywords.txt alone")]
        pub(crate) const $name: Kinds = Kinds::single(KindIndex::$name as u32);)*
        /// Every kind with its name, which is its heading in `data/event-keywords.txt`.
        pub(crate) const NAMED_KINDS: &[(&str, Kinds)] = &[$((stringify!($name), $name)),*];
    };
}

kinds! {
    DOMESTIC
    ASSAULT
    INJURY
    HOSPITAL
    ILLNESS
    MISSED
    VISIT
    ATTENDANCE
    EXCLUSION
    REFERRAL
    STRATEGY
    CONFERENCE
    CORE_GROUP
    TEAM_MEETING
    NEED_REVIEW
    MEETING
    MOVE
    ARREST
    DRUGS
    BIRTH
    DISCLOSURE
    MISSING
    DEATH
    COURT
    MEDICAL
    DISCHARGE
    SELF_HARM
    WEAPON
    ANIMAL
    UTILITIES
    WELFARE_CHECK
    CLINIC
    IMMUNISATION
    SCREENING
    INTERVIEW
    TENANCY
    SEPARATION
    DRINK
    NUISANCE
    CONDITIONS
    REVIEW
    FIRE
    PLANNING
    EXAMINED
    LETTER
    ENQUIRY
}

/// Meetings of several agencies. Each is a kind of its own, and entries of two such kinds are about
/// two meetings.
pub(crate) const MEETINGS: Kinds = Kinds::union_of(&[
    STRATEGY,
    CONFERENCE,
    CORE_GROUP,
    TEAM_MEETING,
    NEED_REVIEW,
    PLANNING,
]);
/// Steps in an agency's process. A step is an event of its own, on its own day, whichever earlier
/// event it mentions.
pub(crate) const PROCESS_STEPS: Kinds = Kinds::union_of(&[
    STRATEGY,
    CONFERENCE,
    CORE_GROUP,
    TEAM_MEETING,
    NEED_REVIEW,
    PLANNING,
    MEDICAL,
    SCREENING,
    INTERVIEW,
    MISSED,
]);
/// Events that happen to one person only once.
pub(crate) const ONCE_IN_A_LIFETIME: Kinds = Kinds::union_of(&[BIRTH, DEATH]);
/// Events of one child alone, such as its appointments: two children's are two events, even at the
/// same place and time.
pub(crate) const SINGLE_CHILD: Kinds = Kinds::union_of(&[
    MEDICAL,
    CLINIC,
    IMMUNISATION,
    HOSPITAL,
    ILLNESS,
    INJURY,
    REVIEW,
    ATTENDANCE,
    LETTER,
]);
/// Events of a household, even where an entry also says what happened to one child in it.
pub(crate) const HOUSEHOLD: Kinds = Kinds::union_of(&[
    DOMESTIC,
    STRATEGY,
    CONFERENCE,
    CORE_GROUP,
    TEAM_MEETING,
    NEED_REVIEW,
    MOVE,
    ARREST,
    DRUGS,
    DEATH,
    WEAPON,
    WELFARE_CHECK,
    NUISANCE,
    FIRE,
]);
/// Events that concern all children of a home.
pub(crate) const ALL_CHILDREN: Kinds = Kinds::union_of(&[
    DOMESTIC,
    STRATEGY,
    CONFERENCE,
    CORE_GROUP,
    TEAM_MEETING,
    NEED_REVIEW,
    MEETING,
    PLANNING,
    VISIT,
    MOVE,
    TENANCY,
    ARREST,
    DRUGS,
    DEATH,
    BIRTH,
    COURT,
    WEAPON,
    ANIMAL,
    UTILITIES,
    WELFARE_CHECK,
    SEPARATION,
    NUISANCE,
    CONDITIONS,
    FIRE,
    REFERRAL,
]);
/// Incidents that several agencies usually learn of.
pub(crate) const INCIDENTS: Kinds = Kinds::union_of(&[
    DOMESTIC,
    ASSAULT,
    INJURY,
    HOSPITAL,
    ILLNESS,
    MOVE,
    ARREST,
    DRUGS,
    BIRTH,
    MISSING,
    DEATH,
    COURT,
    DISCHARGE,
    SELF_HARM,
    WEAPON,
    ANIMAL,
    UTILITIES,
    WELFARE_CHECK,
    TENANCY,
    SEPARATION,
    NUISANCE,
    FIRE,
    EXCLUSION,
]);
