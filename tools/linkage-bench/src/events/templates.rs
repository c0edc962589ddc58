//! Wordings of generated events: how each agency records one, with placeholders for its
//! particulars.
//!
//! Placeholders: `{c}` the child or children, `{m}` the mother, `{p}` her partner, `{x}` the
//! particular, `{d}` the day of the event as quoted on a later one, `{t}` its time.

/// How one agency records a kind of event.
pub(super) struct AccountTemplate {
    /// The index of the agency in [`AGENCIES`].
    pub(super) agency: usize,
    /// The agency's own label for the type of event.
    pub(super) type_label: &'static str,
    /// How many days after the event the agency records it. Above zero, its text quotes the day.
    pub(super) days_later: i64,
    /// Wordings, of which one is used.
    pub(super) texts: &'static [&'static str],
}

/// A kind of event.
pub(super) struct Kind {
    /// Whether the event concerns one child only.
    pub(super) single_child: bool,
    /// Particulars, of which each event has one.
    pub(super) particulars: &'static [&'static str],
    /// How agencies record it. The first agency always does.
    pub(super) account_templates: &'static [AccountTemplate],
}

/// The agencies.
pub(super) const AGENCIES: [&str; 7] = [
    "police",
    "school",
    "health-visiting",
    "general-practice",
    "hospital",
    "social-care",
    "housing",
];
const POLICE: usize = 0;
const SCHOOL: usize = 1;
const VISITOR: usize = 2;
const PRACTICE: usize = 3;
const HOSPITAL: usize = 4;
const CARE: usize = 5;
const HOUSING: usize = 6;

/// The kinds of event in generated families.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        single_child: false,
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
        account_templates: &[
            AccountTemplate {
                agency: POLICE,
                type_label: "Domestic",
                days_later: 0,
                texts: &[
                    "Domestic incident, verbal argument between {m} and {p} {x}. {c} upstairs, safe and well. DASH standard.",
                    "Neighbour rep shouting. Officers attended, {p} and {m} arguing {x}. No injuries. {c} seen, s&w.",
                ],
            },
            AccountTemplate {
                agency: SCHOOL,
                type_label: "Operation Encompass",
                days_later: 1,
                texts: &[
                    "Encompass call: police attended the home on {d}, argument between mum and {p} {x}. {c} offered a quiet word.",
                    "Op Encompass, domestic {d} about {t}. Row {x}. Class teacher told, eye on {c}.",
                ],
            },
            AccountTemplate {
                agency: CARE,
                type_label: "Contact",
                days_later: 2,
                texts: &[
                    "Police notification: domestic incident on {d}, {m} and {p} argued {x}. {c} at home. No further action.",
                ],
            },
        ],
    },
    Kind {
        single_child: true,
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
        account_templates: &[
            AccountTemplate {
                agency: HOSPITAL,
                type_label: "ED attendance",
                days_later: 0,
                texts: &[
                    "{c} brought to A&E by mother: {x}. Treated and discharged home. No safeguarding concern.",
                    "Emergency department, arrived {t}. {c}, {x}. Seen by paediatric registrar, home with advice.",
                ],
            },
            AccountTemplate {
                agency: PRACTICE,
                type_label: "Letter",
                days_later: 3,
                texts: &[
                    "Discharge letter received: {c} seen in A&E on {d}, {x}. No follow-up needed.",
                ],
            },
            AccountTemplate {
                agency: SCHOOL,
                type_label: "Absence",
                days_later: 1,
                texts: &[
                    "Mum rang, {c} off today. Hospital on {d}, {x}.",
                    "{c} back late after casualty {d}: {x}, per mum.",
                ],
            },
        ],
    },
    Kind {
        single_child: true,
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
        account_templates: &[
            AccountTemplate {
                agency: POLICE,
                type_label: "Misper",
                days_later: 0,
                texts: &[
                    "{c} reported missing by {m} at {t}. Later {x}. Safe and well check done, prevention interview offered.",
                ],
            },
            AccountTemplate {
                agency: CARE,
                type_label: "Missing",
                days_later: 1,
                texts: &[
                    "Missing notification from police for {d}: {c} {x}. Return home interview to be offered.",
                ],
            },
            AccountTemplate {
                agency: SCHOOL,
                type_label: "Note",
                days_later: 2,
                texts: &[
                    "Police told us {c} was missing on {d}, {x}. Tired and quiet in form time.",
                ],
            },
        ],
    },
    Kind {
        single_child: false,
        particulars: &[
            "after the disclosure to the dinner lady",
            "after bruising was seen by the nursery",
            "after the kitchen fire",
            "following the neighbour's video",
            "after the overdose",
            "following the knife incident",
            "after the anonymous letter",
        ],
        account_templates: &[
            AccountTemplate {
                agency: CARE,
                type_label: "Strategy discussion",
                days_later: 0,
                texts: &[
                    "Strategy discussion {x}. Police, health and school present. Section 47 enquiry agreed for {c}.",
                ],
            },
            AccountTemplate {
                agency: POLICE,
                type_label: "Strat",
                days_later: 0,
                texts: &["Strat disc w CSC and health {x}. Joint s47 agreed. {c}."],
            },
            AccountTemplate {
                agency: VISITOR,
                type_label: "Meeting",
                days_later: 0,
                texts: &[
                    "Joined strategy discussion by telephone {x}. Shared health information on {c}. Threshold for s47 met.",
                ],
            },
        ],
    },
    Kind {
        single_child: false,
        particulars: &[
            "from Mill Court to Tanner Row",
            "from Ash House to Quay Street",
            "from Bell Lane to Foundry Close",
        ],
        account_templates: &[
            AccountTemplate {
                agency: HOUSING,
                type_label: "Tenancy",
                days_later: 0,
                texts: &[
                    "Keys handed over, family moved {x} today. Smoke alarm tested. {c} with mother.",
                ],
            },
            AccountTemplate {
                agency: VISITOR,
                type_label: "Update",
                days_later: 5,
                texts: &[
                    "{m} told me at clinic they moved {x} on {d}. Records and address changed for {c}.",
                ],
            },
        ],
    },
    Kind {
        single_child: true,
        particulars: &[
            "for throwing a chair",
            "for a vape in the toilets",
            "for swearing at a supply teacher",
            "for a fight by the bike sheds",
            "for setting off the fire alarm",
            "for bringing in a penknife",
        ],
        account_templates: &[
            AccountTemplate {
                agency: SCHOOL,
                type_label: "Suspension",
                days_later: 0,
                texts: &["{c} suspended for two days {x}. Parents informed, work sent home."],
            },
            AccountTemplate {
                agency: CARE,
                type_label: "Case note",
                days_later: 1,
                texts: &["School rang: {c} was excluded on {d} for a fixed term, {x}. {m} upset."],
            },
        ],
    },
];

/// Wordings of visits that recur in the same words.
pub(super) const TEMPLATES: &[&str] = &[
    "Home visit as planned. Family at home, {c} seen and spoken to, house tidy, no new concerns. Next visit in a week.",
    "Weekly phone call to {m}. All well, no concerns raised, {c} in school.",
];

/// Wordings of an appointment of one child, with `{n}` for its finding.
pub(super) const OWN_APPOINTMENTS: &[&str] = &[
    "Immunisations given, consent from mother, temperature {n} before, well afterwards.",
    "Dental check at the clinic, {n} teeth to be treated.",
    "Was not brought to the hearing clinic, appointment number {n}. Letter sent.",
    "Weighed at the clinic, {n} kg. Follows its line.",
];
