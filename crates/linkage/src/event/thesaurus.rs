//! Everyday words that mean the same thing in a record: one agency writes "pane", another "window", a third "glass".
//!
//! The groups are general English and the common vocabulary of children's services; none names a place or a person.

use std::sync::LazyLock;

use super::mixing::Lexicon;
use super::shorthand::stem;

/// Words of one meaning, the first standing for all.
const GROUPS: &[&[&str]] = &[
    // People.
    &["grandmother", "grandma", "gran", "granny", "nanny", "nain", "mamgu", "gmother", "mgm", "pgm"],
    &["grandfather", "grandad", "granddad", "grandpa", "grampy", "taid", "gfather", "mgf", "pgf"],
    &["baby", "infant", "newborn", "neonate", "bub"],
    &["officers", "police", "constable", "policeman", "policewoman", "cops", "policemen", "officer"],
    &["neighbour", "neighbours", "nextdoor", "next-door"],
    &["partner", "boyfriend", "girlfriend", "husband", "wife", "spouse", "fiance", "fiancé"],
    &["teacher", "tutor", "form-tutor", "classteacher"],
    &["doctor", "gp", "dr", "consultant", "clinician", "registrar", "medic", "surgery"],
    &["social-worker", "social", "csc", "sw's"],
    &["landlord", "landlady", "letting", "licensee"],
    &["stranger", "unknown"],
    &["friend", "mate", "pal", "friends"],
    &["aunt", "auntie", "aunty"],
    &["brother", "half-brother", "stepbrother"],
    &["sister", "half-sister", "stepsister"],
    &["stepfather", "stepdad", "step-dad", "step-father"],
    &["cousin", "cousins"],
    &["interpreter", "translator", "translate", "interpret", "translated", "interpreting"],
    // Body and harm.
    &["arm", "forearm", "elbow", "upper-arm"],
    &["wrist", "hand", "palm", "knuckles"],
    &["finger", "thumb", "fingertip", "fingernail", "nail"],
    &["leg", "shin", "calf", "knee", "thigh"],
    &["foot", "ankle", "toe", "heel"],
    &["head", "forehead", "scalp", "skull", "temple"],
    &["face", "cheek", "jaw", "chin"],
    &["eye", "eyebrow", "eyelid", "black-eye"],
    &["mouth", "lip", "lips", "teeth", "tooth", "dental", "dentist"],
    &["neck", "throat", "strangulation", "strangled", "choked", "choking", "throttled"],
    &["stomach", "tummy", "abdomen", "abdo", "abdominal", "belly"],
    &["bruise", "bruising", "bruised", "haematoma", "contusion", "black-and-blue"],
    &["fracture", "broken", "broke", "break", "snapped"],
    &["burn", "scald", "scalded", "burnt", "burned"],
    &["bleed", "blood", "bleeding", "bled", "bloody"],
    &["cut", "laceration", "gash", "lac", "wound", "slash"],
    &["stitches", "sutures", "suture", "stitched", "glued", "steristrips", "steri-strips"],
    &["dressing", "bandage", "bandaged", "plaster", "cast"],
    &["fall", "fell", "fallen", "tripped", "slipped", "tumbled", "falling"],
    &["hit", "punch", "punched", "slapped", "slap", "struck", "smacked", "thumped", "beaten", "hitting", "smack"],
    &["push", "pushed", "shoved", "shove", "pulled", "grabbed", "pushing", "grab"],
    &["kick", "kicked", "kicking"],
    &["threat", "threatened", "threatening", "threats", "threaten"],
    &["bite", "bitten", "bit"],
    // Drugs, drink, medicine.
    &["tablets", "pills", "paracetamol", "overdose", "od", "ibuprofen", "medication", "medicine", "meds", "dosette"],
    &["cannabis", "weed", "marijuana", "spliff", "joints", "thc", "hash", "skunk"],
    &["alcohol", "drunk", "drinking", "intoxicated", "vodka", "wine", "beer", "cider", "inebriated", "drink", "pissed"],
    &["heroin", "opiate", "methadone", "naloxone", "pinpoint", "opioid"],
    &["vape", "vaping", "vapes", "e-cigarette"],
    &["inhaler", "asthma", "wheeze", "wheezy", "wheezing", "salbutamol", "nebuliser", "bronchiolitis"],
    &["seizure", "fit", "fits", "convulsion", "fitting", "epileptic", "epilepsy", "eeg", "seizures"],
    &["fever", "temperature", "temp", "pyrexia", "febrile", "hot"],
    &["rash", "eczema", "spots", "hives", "urticaria"],
    &["sick", "vomit", "vomited", "vomiting", "vomits"],
    &["breathing", "breath", "breathe", "apnoea", "respiratory"],
    // The home.
    &["flat", "apartment", "maisonette", "bedsit"],
    &["window", "pane", "glass", "windows", "windowpane", "glazing"],
    &["door", "doorstep", "doorway", "porch", "front-door", "hallway", "doors"],
    &["stairs", "staircase", "steps", "landing", "upstairs", "stairway", "stairwell", "understairs"],
    &["bathroom", "toilet", "bath", "shower", "loo"],
    &["kitchen", "cooker", "oven", "hob", "stove"],
    &["bedroom", "bed", "beds", "mattress", "bedding", "cot", "crib", "bunk"],
    &["sofa", "settee", "couch", "armchair"],
    &["key", "keys", "lock", "locks", "locked", "latch"],
    &["electricity", "meter", "power", "credit", "prepayment", "pre-payment", "top-up", "lights"],
    &["heating", "boiler", "radiator", "heater", "cold", "freezing"],
    &["water", "tap", "taps", "leak", "flood", "flooded", "burst"],
    &["mould", "damp", "mouldy", "condensation", "wet"],
    &["dirty", "filthy", "squalid", "unclean", "grubby", "unhygienic"],
    &["rubbish", "litter", "bins", "bin", "clutter", "hoarding"],
    &["rent", "arrears", "debt", "debts", "bills", "owed", "owing"],
    &["eviction", "evicted", "notice", "possession", "bailiff", "bailiffs", "repossession", "evict"],
    &["tenancy", "lease", "licence", "tenant", "exchange", "tenants"],
    &["refuge", "hostel", "shelter", "b&b", "temporary-accommodation"],
    &["move", "moved", "moving", "relocated", "rehoused", "removal", "removals", "moves"],
    &["food", "foodbank", "hungry", "hunger", "meal", "eat", "eating", "meals", "parcel", "cupboards"],
    &["voucher", "vouchers", "grant", "payment", "fund", "money", "cash", "benefit", "benefits"],
    &["smoke", "fire", "alarm", "blaze", "flames"],
    &["dog", "dogs", "puppy", "lurcher", "staffie", "alsatian", "terrier", "rspca"],
    &["cat", "kitten", "cats"],
    &["car", "vehicle", "van", "crash", "collision", "rta", "rtc"],
    &["bus", "coach", "minibus"],
    &["bicycle", "bike", "scooter", "cycle", "moped"],
    &["phone", "mobile", "telephone", "handset", "iphone", "telephoned", "phoned", "rang", "call", "called"],
    &["photo", "photograph", "picture", "pictures", "photos", "photographs", "image", "images"],
    &["garden", "yard", "lawn", "trampoline"],
    &["park", "playground", "playpark", "rec", "swings", "climbing", "slide"],
    &["shop", "shops", "supermarket", "store", "shopping"],
    &["coat", "jacket", "uniform", "clothes", "clothing", "shoes", "trainers", "dressed"],
    &["bag", "rucksack", "backpack", "bags", "suitcase", "holdall"],
    &["nappy", "nappies", "soiled", "wee", "wet-bed", "bedwetting", "enuresis", "urine"],
    &["bottle", "bottles", "feed", "feeds", "feeding", "formula", "breastfed", "breastfeeding"],
    // What happens.
    &["argument", "arguing", "quarrel", "dispute", "altercation", "shouting", "rowing", "row", "shouted", "screaming"],
    &["knife", "knives", "blade", "machete", "bladed"],
    &["arrest", "arrested", "custody", "detained", "nicked", "handcuffed"],
    &["bail", "bailed", "remand", "remanded"],
    &[
        "charge",
        "charged",
        "prosecuted",
        "prosecution",
        "convicted",
        "pleaded",
        "plea",
        "guilty",
        "sentence",
        "sentenced",
    ],
    &["missing", "absconded", "runaway", "misper", "vanished", "disappeared"],
    &["found", "located", "traced", "discovered", "find"],
    &["station", "railway", "train", "platform"],
    &["suspension", "suspended", "excluded", "exclusion", "suspend", "fixed-term", "fte", "sent-home"],
    &["bully", "bullied", "bullying", "picked-on"],
    &["fight", "fighting", "fought", "scuffle", "brawl"],
    &["steal", "stole", "stolen", "theft", "shoplifting", "shoplifted", "thief"],
    &["damage", "smashed", "smash", "damaged", "vandalised", "vandalism", "wrecked"],
    &[
        "birth",
        "born",
        "delivered",
        "delivery",
        "labour",
        "svd",
        "lscs",
        "caesarean",
        "maternity",
        "midwife",
        "midwives",
    ],
    &["pregnant", "pregnancy", "antenatal", "expecting", "gestation", "unborn", "scan"],
    &["die", "died", "death", "dead", "bereavement", "bereaved", "funeral", "passed-away", "deceased"],
    &["separate", "separated", "split", "left-him", "divorce"],
    &["hospital", "ward", "inpatient", "admitted", "admission", "infirmary"],
    &["emergency", "casualty", "resus", "minor-injuries", "miu", "uec", "triage"],
    &["ambulance", "paramedic", "paramedics", "crew", "999"],
    &["x-ray", "xray", "radiograph", "film", "scan-film"],
    &["immunisation", "vaccine", "vaccination", "jab", "jabs", "imms", "mmr", "vaccinated", "immunised"],
    &["weigh", "weight", "weighed", "centile", "growth", "kg"],
    &["hearing-test", "audiology", "ears", "ear", "grommets", "hearing", "deaf"],
    &["speech", "language", "salt", "slt", "talking", "words-spoken"],
    &["sleep", "asleep", "sleeping", "slept", "tired", "fell-asleep", "sleepy"],
    &["nightmare", "nightmares", "night-terrors", "flashbacks"],
    &["scared", "frightened", "afraid", "fear", "fearful", "terrified"],
    &["cry", "crying", "cried", "tearful", "tears", "upset", "distressed", "sobbing", "weepy"],
    &["angry", "anger", "furious", "rage", "cross", "lost-temper"],
    &["anxious", "anxiety", "worried", "worry", "worries"],
    &["depression", "depressed", "epds", "phq", "low-mood", "phq9"],
    &["self-harm", "self-harmed", "cutting", "cuts-herself", "ligature"],
    &["suicide", "suicidal", "kill-herself", "kill-himself"],
    &["mental", "psychiatric", "crisis", "sectioned", "voluntary", "psychosis", "psychotic", "psychiatrist"],
    &["court", "judge", "magistrates", "hearing-court", "tribunal"],
    &["injunction", "non-molestation", "nmo", "restraining", "dvpo", "dvpn", "molestation"],
    &["probation", "licence-conditions", "recall", "parole", "prison", "hmp", "jail"],
    &["referral", "referred", "marf", "refer", "front-door-referral"],
    &["conference", "icpc", "rcpc", "cpc"],
    &["plan", "plans", "registered"],
    &["strategy", "strat", "s47", "section-47", "s.47"],
    &["consent", "consented", "agreed", "agree", "agreement"],
    &["unanimous", "unanimously", "all-agreed"],
    &["close", "closed", "closing", "closure", "ended", "ending", "end", "finished", "stepped-down", "last"],
    &["miss", "missed", "dna", "wnb", "dna'd", "no-show", "unattended", "fta"],
    &["refuse", "refused", "declined", "refusing", "decline", "refuses"],
    &["alone", "unsupervised", "unattended-child", "left-alone", "unaccompanied"],
    &["late", "lateness", "uncollected", "collected-late", "delayed"],
    &["absence", "absent", "attendance", "truant", "truanting", "unauthorised"],
    &["holiday", "break", "half-term", "easter", "christmas"],
    &["grandmother's", "nan's"],
    &["lead", "cord", "cable"],
    &["internet", "online", "snapchat", "instagram", "whatsapp", "tiktok", "facebook", "messages", "messaged", "wifi"],
    &["sexual", "sexually", "indecent", "naked", "nude", "nudes", "touched"],
    &["gang", "county-lines", "exploitation", "exploited", "nrm", "grooming", "groomed"],
    &["job", "work", "shift", "shifts", "employment", "worked"],
    &["review", "reviewed", "reviewing"],
    &["glasses", "spectacles", "optician", "squint", "eyesight"],
    &["swim", "swimming", "pool", "paddling"],
    &["church", "chapel", "mosque", "vicar", "imam"],
    &["certificate", "award", "prize", "medal", "trophy"],
];

static CONCEPTS: LazyLock<Lexicon<&'static str>> = LazyLock::new(|| {
    let mut concepts = Lexicon::default();
    for group in GROUPS {
        let Some(first) = group.first() else { continue };
        for word in *group {
            concepts.entry(*word).or_insert(*first);
            concepts.entry(stem(word)).or_insert(*first);
        }
    }
    concepts
});

/// The word that stands for all of the same meaning, for a word spelt out or for its stem.
pub(crate) fn concept(word: &str, stem: &str) -> Option<&'static str> {
    CONCEPTS.get(word).or_else(|| CONCEPTS.get(stem)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_meaning_agree() {
        let meaning = |word: &str| concept(word, stem(word));
        for (one, other) in
            [("pane", "windows"), ("fell", "tripped"), ("granny", "grandmother"), ("weighed", "centiles")]
        {
            assert!(meaning(one).is_some() && meaning(one) == meaning(other), "{one} {other}");
        }
        assert_eq!(meaning("giraffe"), None);
    }
}
