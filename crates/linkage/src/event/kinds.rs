//! Kinds of event, inferred from the text itself; the agency's own type is one hint more, because it may mislead.

use super::bits::Bits;

/// A set of kinds.
pub(crate) type Kinds = Bits;

pub(crate) const DOMESTIC: Kinds = Kinds::one(0);
pub(crate) const ASSAULT: Kinds = Kinds::one(1);
pub(crate) const INJURY: Kinds = Kinds::one(2);
pub(crate) const HOSPITAL: Kinds = Kinds::one(3);
pub(crate) const ILLNESS: Kinds = Kinds::one(4);
pub(crate) const MISSED: Kinds = Kinds::one(5);
pub(crate) const VISIT: Kinds = Kinds::one(6);
pub(crate) const ATTENDANCE: Kinds = Kinds::one(7);
pub(crate) const EXCLUSION: Kinds = Kinds::one(8);
pub(crate) const REFERRAL: Kinds = Kinds::one(9);
pub(crate) const STRATEGY: Kinds = Kinds::one(10);
pub(crate) const CONFERENCE: Kinds = Kinds::one(11);
pub(crate) const CORE_GROUP: Kinds = Kinds::one(12);
pub(crate) const TEAM_MEETING: Kinds = Kinds::one(13);
pub(crate) const NEED_REVIEW: Kinds = Kinds::one(14);
pub(crate) const MEETING: Kinds = Kinds::one(15);
pub(crate) const MOVE: Kinds = Kinds::one(16);
pub(crate) const ARREST: Kinds = Kinds::one(17);
pub(crate) const DRUGS: Kinds = Kinds::one(18);
pub(crate) const BIRTH: Kinds = Kinds::one(19);
pub(crate) const DISCLOSURE: Kinds = Kinds::one(20);
pub(crate) const MISSING: Kinds = Kinds::one(21);
pub(crate) const DEATH: Kinds = Kinds::one(22);
pub(crate) const COURT: Kinds = Kinds::one(23);
pub(crate) const MEDICAL: Kinds = Kinds::one(24);
pub(crate) const DISCHARGE: Kinds = Kinds::one(25);
pub(crate) const SELF_HARM: Kinds = Kinds::one(26);
pub(crate) const WEAPON: Kinds = Kinds::one(27);
pub(crate) const ANIMAL: Kinds = Kinds::one(28);
pub(crate) const UTILITIES: Kinds = Kinds::one(29);
pub(crate) const WELFARE_CHECK: Kinds = Kinds::one(30);
pub(crate) const CLINIC: Kinds = Kinds::one(31);
pub(crate) const IMMUNISATION: Kinds = Kinds::one(32);
pub(crate) const SCREENING: Kinds = Kinds::one(33);
pub(crate) const INTERVIEW: Kinds = Kinds::one(34);
pub(crate) const TENANCY: Kinds = Kinds::one(35);
pub(crate) const SEPARATION: Kinds = Kinds::one(36);
pub(crate) const DRINK: Kinds = Kinds::one(37);
pub(crate) const NUISANCE: Kinds = Kinds::one(38);
pub(crate) const CONDITIONS: Kinds = Kinds::one(39);
pub(crate) const REVIEW: Kinds = Kinds::one(40);
pub(crate) const FIRE: Kinds = Kinds::one(41);
pub(crate) const PLANNING: Kinds = Kinds::one(42);
pub(crate) const EXAMINED: Kinds = Kinds::one(43);
pub(crate) const LETTER: Kinds = Kinds::one(44);
pub(crate) const ENQUIRY: Kinds = Kinds::one(45);

const fn all(kinds: &[Kinds]) -> Kinds {
    let mut sum = Bits::none();
    let mut rest = kinds;
    while let [first, others @ ..] = rest {
        sum = sum.with(*first);
        rest = others;
    }
    sum
}

/// Meetings of several agencies: each has a kind of its own, and two kinds are two meetings.
pub(crate) const MEETINGS: Kinds = all(&[STRATEGY, CONFERENCE, CORE_GROUP, TEAM_MEETING, NEED_REVIEW, PLANNING]);
/// An agency's own step: it happens on its own day whatever earlier event it speaks of.
pub(crate) const STEPS: Kinds = all(&[
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
/// Nobody lives through these twice.
pub(crate) const ONCE: Kinds = all(&[BIRTH, DEATH]);
/// A child's own appointment: two children's are two events, even at one place and hour.
pub(crate) const OF_ONE_CHILD: Kinds =
    all(&[MEDICAL, CLINIC, IMMUNISATION, HOSPITAL, ILLNESS, INJURY, REVIEW, ATTENDANCE, LETTER]);
/// What befalls a household, whatever becomes of one child in it.
pub(crate) const OF_THE_HOME: Kinds = all(&[
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
/// What concerns all children of a home.
pub(crate) const OF_ALL: Kinds = all(&[
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
/// Incidents that several agencies hear of.
pub(crate) const INCIDENTS: Kinds = all(&[
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
