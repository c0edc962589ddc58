//! Wordings of invented events: how each agency would tell one, with slots for what is particular to it.
//!
//! Slots: `{c}` the child or children, `{m}` the mother, `{p}` her partner, `{x}` what is particular, `{d}` the day of the
//! event as quoted on a later one, `{t}` its time.

/// One agency's way of telling a kind of event.
pub(super) struct Telling {
    /// Which agency, by its place in [`AGENCIES`].
    pub(super) agency: usize,
    /// The agency's own word for the type.
    pub(super) own_word: &'static str,
    /// Days after the event at which it writes; above zero it quotes the day.
    pub(super) later: i64,
    /// Wordings of which one is taken.
    pub(super) texts: &'static [&'static str],
}

/// A kind of event.
pub(super) struct Kind {
    /// Whether one child alone is concerned.
    pub(super) own: bool,
    /// What may be particular to one such event.
    pub(super) particulars: &'static [&'static str],
    /// How agencies tell it; the first is always told.
    pub(super) tellings: &'static [Telling],
}

/// Agencies that write.
pub(super) const AGENCIES: [&str; 7] =
    ["police", "school", "health-visiting", "general-practice", "hospital", "social-care", "housing"];
const POLICE: usize = 0;
const SCHOOL: usize = 1;
const VISITOR: usize = 2;
const PRACTICE: usize = 3;
const HOSPITAL: usize = 4;
const CARE: usize = 5;
const HOUSING: usize = 6;

/// What happens in invented families.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        own: false,
        particulars: &[
            "over the car keys",
            "over his drinking",
            "over a text message",
            "about the gas bill",
            "about her sister's visit",
            "over the television",
            "about a wedding",
            "over a lost passport",
            "about the puppy",
            "over a broken mirror",
        ],
        tellings: &[
            Telling {
                agency: POLICE,
                own_word: "Domestic",
                later: 0,
                texts: &[
                    "Domestic incident, verbal argument between {m} and {p} {x}. {c} upstairs, safe and well. DASH standard.",
                    "Neighbour rep shouting. Officers attended, {p} and {m} arguing {x}. No injuries. {c} seen, s&w.",
                ],
            },
            Telling {
                agency: SCHOOL,
                own_word: "Operation Encompass",
                later: 1,
                texts: &[
                    "Encompass call: police attended the home on {d}, argument between mum and {p} {x}. {c} offered a quiet word.",
                    "Op Encompass, domestic {d} about {t}. Row {x}. Class teacher told, eye on {c}.",
                ],
            },
            Telling {
                agency: CARE,
                own_word: "Contact",
                later: 2,
                texts: &[
                    "Police notification: domestic incident on {d}, {m} and {p} argued {x}. {c} at home. No further action.",
                ],
            },
        ],
    },
    Kind {
        own: true,
        particulars: &[
            "fell from a trampoline, fractured wrist",
            "scald to the chest from a kettle",
            "swallowed a button battery",
            "dog bite to the cheek",
            "finger caught in a car door",
            "fell off a garden wall, broken collarbone",
            "burn to the palm from an iron",
            "bead in the nose",
            "deep cut to the knee on glass",
            "head injury on a slide",
        ],
        tellings: &[
            Telling {
                agency: HOSPITAL,
                own_word: "ED attendance",
                later: 0,
                texts: &[
                    "{c} brought to A&E by mother: {x}. Treated and discharged home. No safeguarding concern.",
                    "Emergency department, arrived {t}. {c}, {x}. Seen by paediatric registrar, home with advice.",
                ],
            },
            Telling {
                agency: PRACTICE,
                own_word: "Letter",
                later: 3,
                texts: &["Discharge letter received: {c} seen in A&E on {d}, {x}. No follow-up needed."],
            },
            Telling {
                agency: SCHOOL,
                own_word: "Absence",
                later: 1,
                texts: &[
                    "Mum rang, {c} off today. Hospital on {d}, {x}.",
                    "{c} back late after casualty {d}: {x}, per mum.",
                ],
            },
        ],
    },
    Kind {
        own: true,
        particulars: &[
            "found at the bus depot",
            "found at a friend's flat in Cobbler Street",
            "came back with a new phone",
            "found on the harbour wall",
            "found in the multi-storey car park",
            "came back soaked and hungry",
            "found asleep in a laundrette",
            "found with an older male in a white van",
        ],
        tellings: &[
            Telling {
                agency: POLICE,
                own_word: "Misper",
                later: 0,
                texts: &[
                    "{c} reported missing by {m} at {t}. Later {x}. Safe and well check done, prevention interview offered.",
                ],
            },
            Telling {
                agency: CARE,
                own_word: "Missing",
                later: 1,
                texts: &["Missing notification from police for {d}: {c} {x}. Return home interview to be offered."],
            },
            Telling {
                agency: SCHOOL,
                own_word: "Note",
                later: 2,
                texts: &["Police told us {c} was missing on {d}, {x}. Tired and quiet in form time."],
            },
        ],
    },
    Kind {
        own: false,
        particulars: &[
            "after the disclosure to the dinner lady",
            "after bruising was seen by the nursery",
            "after the kitchen fire",
            "following the neighbour's video",
            "after the overdose",
            "following the knife incident",
            "after the anonymous letter",
        ],
        tellings: &[
            Telling {
                agency: CARE,
                own_word: "Strategy discussion",
                later: 0,
                texts: &[
                    "Strategy discussion {x}. Police, health and school present. Section 47 enquiry agreed for {c}.",
                ],
            },
            Telling {
                agency: POLICE,
                own_word: "Strat",
                later: 0,
                texts: &["Strat disc w CSC and health {x}. Joint s47 agreed. {c}."],
            },
            Telling {
                agency: VISITOR,
                own_word: "Meeting",
                later: 0,
                texts: &[
                    "Joined strategy discussion by telephone {x}. Shared health information on {c}. Threshold for s47 met.",
                ],
            },
        ],
    },
    Kind {
        own: false,
        particulars: &[
            "from Mill Court to Tanner Row",
            "from Ash House to Quay Street",
            "from Bell Lane to Foundry Close",
        ],
        tellings: &[
            Telling {
                agency: HOUSING,
                own_word: "Tenancy",
                later: 0,
                texts: &["Keys handed over, family moved {x} today. Smoke alarm tested. {c} with mother."],
            },
            Telling {
                agency: VISITOR,
                own_word: "Update",
                later: 5,
                texts: &["{m} told me at clinic they moved {x} on {d}. Records and address changed for {c}."],
            },
        ],
    },
    Kind {
        own: true,
        particulars: &[
            "for throwing a chair",
            "for a vape in the toilets",
            "for swearing at a supply teacher",
            "for a fight by the bike sheds",
            "for setting off the fire alarm",
            "for bringing in a penknife",
        ],
        tellings: &[
            Telling {
                agency: SCHOOL,
                own_word: "Suspension",
                later: 0,
                texts: &["{c} suspended for two days {x}. Parents informed, work sent home."],
            },
            Telling {
                agency: CARE,
                own_word: "Case note",
                later: 1,
                texts: &["School rang: {c} was excluded on {d} for a fixed term, {x}. {m} upset."],
            },
        ],
    },
];

/// Visits that come again in the same words.
pub(super) const TEMPLATES: &[&str] = &[
    "Home visit as planned. Family at home, {c} seen and spoken to, house tidy, no new concerns. Next visit in a week.",
    "Weekly phone call to {m}. All well, no concerns raised, {c} in school.",
];

/// Each child's own appointment, with its own finding in place of `{n}`.
pub(super) const OWN: &[&str] = &[
    "Immunisations given, consent from mother, temperature {n} before, well afterwards.",
    "Dental check at the clinic, {n} teeth to be treated.",
    "Was not brought to the hearing clinic, appointment number {n}. Letter sent.",
    "Weighed at the clinic, {n} kg. Follows its line.",
];
