//! Kinds of event, inferred from the text itself; the agency's own type is one hint more, because it may mislead.

use super::shorthand::spelt_out;

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub(crate) struct Kinds(u64);

impl Kinds {
    const fn one(place: u32) -> Self {
        Self(1 << place)
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Every kind there can be.
    pub(crate) fn all_single() -> impl Iterator<Item = Self> {
        (0..64).map(Self::one)
    }

    /// The places of the kinds in the set.
    pub(crate) fn places(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let place = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            usize::try_from(place).ok()
        })
    }

    /// Each kind of the set on its own.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        Self::all_single().filter(move |kind| self.meets(*kind))
    }
}

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

const fn all(kinds: &[Kinds]) -> Kinds {
    let mut sum = Kinds(0);
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
pub(crate) const OF_ONE_CHILD: Kinds = all(&[MEDICAL, CLINIC, IMMUNISATION, HOSPITAL, ILLNESS, INJURY, REVIEW]);
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

/// Words, spelt out and in lower case, that show a kind; a word ending in "*" stands for every word it begins.
const WORDS: &[(Kinds, &[&str])] = &[
    (
        DOMESTIC,
        &[
            "domestic",
            "argument",
            "row",
            "rowing",
            "dash",
            "encompass",
            "strangl*",
            "altercation",
            "verbal",
            "dvpn",
            "marac",
            "non-molestation",
        ],
    ),
    (
        ASSAULT,
        &[
            "assault*", "punch*", "hit", "kick*", "slap*", "push*", "pushed", "abh", "aoabh", "gbh", "belt", "threw",
            "thrown", "shov*", "grab*", "beat*", "throttl*",
        ],
    ),
    (
        INJURY,
        &[
            "injur*",
            "fracture*",
            "broke",
            "broken",
            "burn*",
            "scald*",
            "bruis*",
            "lac",
            "lacerat*",
            "stitch*",
            "sutur*",
            "glued",
            "bump*",
            "graze*",
            "bite",
            "bitten",
            "sprain*",
            "concuss*",
            "cut",
            "fell",
            "fall",
            "foosh",
            "swollen",
            "swelling",
            "marks",
            "lump",
        ],
    ),
    (
        HOSPITAL,
        &[
            "emergency",
            "hospital",
            "ambulance",
            "ward",
            "paramedic*",
            "admitted",
            "admission",
            "triage",
            "resus",
            "minor-injuries",
            "uec",
        ],
    ),
    (
        ILLNESS,
        &[
            "croup",
            "wheez*",
            "seizure*",
            "fit",
            "fits",
            "asthma*",
            "bronchiol*",
            "feb*rile",
            "vomit*",
            "floppy",
            "apnoea",
            "infection",
            "pneumonia",
            "convuls*",
            "diarrhoea",
            "dehydrat*",
            "rash",
            "fever",
            "stridor",
            "meningitis",
            "gastro*",
            "anaphyla*",
            "allerg*",
        ],
    ),
    (MISSED, &["dna", "dna'd", "wnb", "fta", "no-show", "missed", "rebook*", "no-access", "unbrought", "cancelled"]),
    (VISIT, &["visit", "visited", "visiting", "nbv", "inspection"]),
    (ATTENDANCE, &["attendance", "absence*", "absent", "truant*", "lateness", "unauthorised"]),
    (EXCLUSION, &["exclusion*", "excluded", "suspension*", "suspended", "fte", "fixed-term", "pex", "reintegration"]),
    (REFERRAL, &["referral*", "refer", "refers", "marf", "mash", "contact-form"]),
    (STRATEGY, &["strategy", "s47", "s.47", "section-47"]),
    (CONFERENCE, &["conference*", "icpc", "rcpc", "cpc", "icpcc"]),
    (CORE_GROUP, &["core-group", "core"]),
    (TEAM_MEETING, &["taf", "tac", "tas", "team-around", "tafm"]),
    (NEED_REVIEW, &["cin", "child-in-need", "chin"]),
    (MEETING, &["meeting*", "panel", "mdt"]),
    (
        MOVE,
        &[
            "move",
            "moved",
            "moving",
            "moves",
            "tenancy",
            "placed",
            "keys",
            "refuge",
            "relocat*",
            "eviction",
            "evicted",
            "van",
            "rehoused",
            "new-address",
            "temporary-accommodation",
        ],
    ),
    (
        TENANCY,
        &["offer", "offered", "viewing", "arrears", "nsp", "notice", "possession", "bailiff*", "repossess*", "rent"],
    ),
    (ARREST, &["arrest*", "custody", "bail*", "charged", "detained", "cautioned", "remanded", "interviewed-under"]),
    (
        DRUGS,
        &[
            "drug*",
            "cannabis",
            "cocaine",
            "heroin",
            "wraps",
            "warrant",
            "pwits",
            "methadone",
            "thc",
            "mda",
            "crack",
            "ketamine",
            "spice",
            "vape*",
            "needle*",
        ],
    ),
    (DRINK, &["drunk*", "alcohol*", "intoxicat*", "vodka", "drinking", "inebriat*"]),
    (
        BIRTH,
        &[
            "born",
            "birth",
            "svd",
            "lscs",
            "delivery",
            "delivered",
            "apgars",
            "apgar",
            "newborn",
            "caesarean",
            "c-section",
        ],
    ),
    (DISCLOSURE, &["disclos*", "alleg*"]),
    (MISSING, &["missing", "absconded", "awol", "runaway", "whereabouts", "ran-away"]),
    (DEATH, &["died", "killed", "death", "dead", "bereave*", "funeral", "passed-away"]),
    (
        COURT,
        &[
            "court",
            "cao",
            "hearing",
            "hrg",
            "magistrates",
            "judge",
            "order",
            "injunction",
            "ico",
            "sgo",
            "supervision-order",
        ],
    ),
    (MEDICAL, &["cp-medical", "skeletal", "body-map", "forensic"]),
    (DISCHARGE, &["discharged"]),
    (
        SELF_HARM,
        &["overdose*", "self-harm*", "ligature", "suicid*", "paracetamol", "od", "od'd", "cutting", "self-harmed"],
    ),
    (WEAPON, &["knife", "knives", "blade", "weapon*", "machete", "gun", "firearm"]),
    (ANIMAL, &["dog", "dogs", "rspca", "cat", "cats", "animal", "puppy", "rehomed"]),
    (UTILITIES, &["electricity", "gas", "heating", "meter", "boiler", "hot-water", "disconnected", "mould", "damp"]),
    (WELFARE_CHECK, &["welfare", "safe-and-well", "concern-for-safety"]),
    (
        CLINIC,
        &[
            "clinic",
            "opd",
            "outpatient*",
            "o/e",
            "review-clinic",
            "appointment",
            "consultation",
            "dentist",
            "dental",
            "optician",
            "audiology",
            "neuro",
        ],
    ),
    (IMMUNISATION, &["imms", "immunis*", "vaccin*", "jab", "jabs", "mmr", "mmr1", "mmr2", "menb"]),
    (SCREENING, &["screening", "screened", "threshold", "allocated", "decision", "c&f", "assessment"]),
    (INTERVIEW, &["rhi", "return-interview", "abe"]),
    (SEPARATION, &["separated", "separation", "split", "divorc*", "new-partner"]),
    (
        NUISANCE,
        &[
            "asb",
            "noise",
            "stones",
            "shoplift*",
            "theft",
            "stole",
            "stolen",
            "graffiti",
            "vandal*",
            "criminal-damage",
            "burglary",
        ],
    ),
    (CONDITIONS, &["faeces", "dirty", "untidy", "bedding", "squalid", "unhygienic", "clutter*", "rubbish"]),
    (REVIEW, &["annual", "asq", "6-8", "8-week", "2-year", "checks"]),
    (FIRE, &["fire", "smoke", "arson", "blaze"]),
    (EXAMINED, &["o/e", "examined", "examination", "imp", "impression", "auscultation", "abdo", "obs"]),
    (PLANNING, &["discharge-planning", "planning"]),
];

/// Several words that show a kind together.
const PHRASES: &[(Kinds, &[&str])] = &[
    (MISSED, &["not", "attend"]),
    (MISSED, &["not", "attended"]),
    (MISSED, &["not", "brought"]),
    (MISSED, &["no", "access"]),
    (MISSED, &["no", "reply"]),
    (MISSED, &["failed", "to", "attend"]),
    (CORE_GROUP, &["core", "group"]),
    (TEAM_MEETING, &["team", "around"]),
    (NEED_REVIEW, &["children", "in", "need"]),
    (STRATEGY, &["section", "47"]),
    (SCREENING, &["screening", "of"]),
    (SCREENING, &["no", "further", "action"]),
    (INTERVIEW, &["return", "interview"]),
    (INTERVIEW, &["return", "home", "interview"]),
    (MEDICAL, &["cp", "medical"]),
    (MEDICAL, &["cp", "meds"]),
    (MEDICAL, &["protection", "medical"]),
    (MISSING, &["not", "home", "since"]),
    (MISSING, &["not", "returned"]),
    (MISSING, &["not", "come", "home"]),
    (MISSING, &["not", "home", "from"]),
    (MISSING, &["ran", "away"]),
    (WELFARE_CHECK, &["concern", "for", "safety"]),
    (WELFARE_CHECK, &["safe", "and", "well"]),
    (MOVE, &["new", "address"]),
    (UTILITIES, &["hot", "water"]),
    (DEATH, &["passed", "away"]),
    (SEPARATION, &["new", "partner"]),
    (SEPARATION, &["moved", "out"]),
];

/// The kinds that several words show together. `words` are in lower case and in the order of the text.
pub(crate) fn phrases(words: &[&str]) -> Kinds {
    let mut kinds = Kinds::default();
    for (place, word) in words.iter().enumerate() {
        for (kind, phrase) in PHRASES {
            let follows = || words.get(place..place + phrase.len()).is_some_and(|rest| spells(rest, phrase));
            if phrase.first() == Some(&spelt_out(word)) && follows() {
                kinds = kinds.with(*kind);
            }
        }
    }
    kinds
}

fn spells(words: &[&str], phrase: &[&str]) -> bool {
    words.iter().zip(phrase).all(|(word, sought)| spelt_out(word) == *sought)
}

/// Whether a phrase begins with the word.
pub(crate) fn starts_phrase(word: &str) -> bool {
    PHRASES.iter().any(|(_, phrase)| phrase.first() == Some(&word))
}

/// The kinds that one word shows.
pub(crate) fn of_word(word: &str) -> Kinds {
    let shows = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == *pattern,
    };
    let kinds = WORDS.iter().filter(|(_, patterns)| patterns.iter().any(shows));
    kinds.fold(Kinds::default(), |sum, (kind, _)| sum.with(*kind))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("police attended domestic father arrested", DOMESTIC.with(ARREST))]
    #[case("children was not brought to clinic", MISSED.with(CLINIC))]
    #[case("scald to forearm seen in emergency", INJURY.with(HOSPITAL))]
    #[case("nothing much", Kinds::default())]
    fn words_show_kinds(#[case] text: &str, #[case] expected: Kinds) {
        let words: Vec<&str> = text.split(' ').collect();
        let shown = words.iter().fold(phrases(&words), |sum, word| sum.with(of_word(word)));
        assert_eq!(shown, expected);
    }
}
