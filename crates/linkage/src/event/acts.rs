//! What an entry tells of: the act of an agency or the thing that happened, read from patterns of words.
//!
//! An entry may tell of several. What stands at its beginning is what it chiefly tells of.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::bits::Bits;

/// So many bytes of a text, the agency's own word for its type included, say what it chiefly tells of.
const BEGINNING: usize = 120;
/// So many bytes hold what the agency itself did.
const FIRST_WORDS: usize = 48;

/// Acts and happenings, as a set.
pub(crate) type Acts = Bits;

/// Declares each act with its place in [`Acts`] and its pattern.
macro_rules! acts {
    ($($name:ident $pattern:literal)*) => {
        #[derive(Clone, Copy)]
        #[allow(dead_code, clippy::upper_case_acronyms, non_camel_case_types, reason = "the names are those of the constants")]
        enum Place { $($name),* }
        $(#[allow(dead_code, reason = "some count among the acts in common alone")]
        pub(crate) const $name: Acts = Bits::one(Place::$name as u32);)*
        const PATTERNS: &[&str] = &[$($pattern),*];
        /// The names of the acts, in the order of their places.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

acts! {
    // What agencies do.
    MISSED r"\bdna\b|\bdna'?d\b|\bwnb\b|not brought|did not attend|didn'?t attend|no access|no reply|no answer|nobody in|no one in|\bmissed\b|cancelled|\bfta\b|failed to attend|not in when|no[- ]show|did not (turn up|come)|didn'?t (turn up|come)|not at home"
    CONFERENCE r"\bconf\b|\bconference|\bicpc|\brcpc|\bcpc\b|\bcp plan|on a plan\b|subject (of|to) a? ?(child protection )?plan"
    CORE_GROUP r"core gr(ou)?p|\bcg\b"
    STRATEGY r"\bstrat\b|\bstrategy"
    TEAM_AROUND_FAMILY r"\btafm?s?\b|team around|\btac\b|\beha\b|\btas\b|early help (review|meeting)"
    CHILD_IN_NEED r"\bcin\b|\bchin\b|child in need"
    MARAC r"\bmarac"
    CARE_PROGRAMME r"\bcpa\b|care programme|care plan review|\bmappa\b"
    SCHOOL_EVENING r"parents'? evening|open evening|coffee morning|\bannual review\b"
    COURT r"\bcourt|\bhearing\b|magistrates|sentenc|injunction|tribunal|\bjudge\b|pleaded|\bfined\b|convicted|community order|guilty"
    ORDER r"non-?mol|\bnmo\b|special guardian|\bsgo\b|care order|child arrangements|\bdvp[no]\b|restraining|guardianship"
    OTHER_MEETING r"\bmeeting|\bmtg|\bpanel\b|\bpep\b|\bmdt\b|round the table|\bminutes\b|\bmins\b|\bchaired"
    REFERRAL r"\breferr|\bmarf|\bmash\b|contact form|\brefer\b|\bref'?d\b|\bppn submitted|concern form"
    SCREENING r"\bscreen|\btriage|\bthreshold|\bc&f\b|\bassessment|s\.?47\b|section 47|\benquir"
    CP_MEDICAL r"child protection medical|\bcp med|\bmedicals?\b"
    EMERGENCY_CARE r"\ba&e\b|\ba and e\b|\bed\b|emergency dep|\bcasualty|minor injur|\bmiu\b|ambulance|\bcrew\b|paramedic|\b999\b|walk-in"
    WARD r"\bward\b|\badmit|\badmission|\bdischarged?\b|inpatient|\binpt\b|kept (in|overnight)|overnight stay|\bd/c\b|\bin hospital\b"
    OPERATION r"\boperation|\boperated|theatre|tonsillectomy|grommets|day surgery|\bunder ga\b|general anaesth|tonsils out"
    IMMUNISATION r"\bimms|immunis|vaccin|\bmmr|\bjabs?\b|flu spray|nasal flu"
    DENTAL r"\bdent(ist|al)|\bteeth\b|\btooth\b|extraction"
    EYES r"\boptic|\bglasses\b|squint|eyesight|orthopt|spectacles|eye test"
    HEARING_TEST r"audiolog|hearing test"
    SPEECH r"\bsalt\b|\bslt\b|\bspeech"
    DEVELOPMENT r"\basq|(2|two|one|1|10|ten|9|12|27)[ -]?(year|yr|month|mth)\w* (review|check|dev)|development(al)? review|\b6-8\b|\bweigh|centile|\bgrowth"
    PREGNANCY r"pregnan|antenatal|\bedd\b|unborn|\bexpecting|booking appointment|\bgravida|\bweeks? gestation"
    CONSULTATION r"consultation|surgery|\bgp\b|\bappt|appointment|\bclinic|\bopd\b|outpatient|\bbloods?\b|prescri|inhaler"
    THERAPY r"\bsessions?\b|therap|counsel|\bcbt\b|group work|nurture"
    NOTIFICATION r"encompass|\bnotif|\bppn\b|liaison|shared by police|inform(ed)? us"
    RENT r"\brent\b|arrears|\bnsp\b|repayment"
    REPAIR r"\brepair|boiler|\bdamp\b|mould|inspection|\bheating|lock change|locks? changed|door entry|gas safety|gas check|plumb|\bjoiner|glazier|glazed|boarding up|rehung|new door|(lock|bar|chain|alarm|gate|guard)s? (was |were )?fitted|made safe"
    NUISANCE r"\basb\b|\bnoise|nuisance|complaint|\blitter|\bloud music|fly[- ]?tip"
    SUBSTANCE_WORK r"methadone|\bscript\b|keywork|key work|\bdetox|urine test|drug test|needle exchange|supervised consumption|\buds\b"
    ABSENCE r"\babsent|\babsence|attendance (is|at|now|has|letter|below|meeting)|unauthorised|\blate\b|lateness|did not come in|not in school|\boff (sick|school|today)"
    ACHIEVEMENT r"\baward|certificate|\bprize|star of|assembly|trophy|passed (his|her|their)|progress|reading level|\bchosen|\bmedal"
    VISIT r"\bvisit|\bhv\b ?|seen at home|called at|home call|called round|\bhome check"
    PHONE r"\brang\b|\bphone|telephone|\bt/?c\b|\btel\b|\bcall(ed)? (from|to|taken|with|in)\b|voicemail|text(ed)? "
    LETTER r"\bletter|\bltr\b|e-?mail|\bpost\b|correspondence"
    CLOSURE r"\bclos(ed|ing|ure)|step(ped)?[- ]down|discharged from (the )?(service|caseload)|case end"
    // What happens to families.
    BIRTH r"\bborn\b|\bbirth\b|\bdelivery suite|\b(normal|forceps|ventouse|live|emergency) (delivery|section)|\bdelivered (a|at|by|of|baby)|\b[sn]vd\b|\blscs|c-section|caesar|\bin labour\b|gave birth|baby (boy|girl|sister|brother)|new (baby|sister|brother|arrival)|had (the|her|a) (baby|little)|\bnewborn|apgar|little (girl|boy) (arrived|born|safely)|big (brother|sister)\b"
    DEATH r"\bdied\b|\bdeath\b|funeral|bereave|passed away|\bdeceased"
    FIRE r"\bfires?\b|firefighter|\bblaze|\bflames|\balight|torched|\barson|\bfrs\b|kitchen[ -~]{0,20}went up|house[ -~]{0,20}went up|burn(ed|t|ing) (down|out|kitchen|car|house)|smoke damage|smoke inhal"
    FLOOD r"\bflood|burst pipe|water (came|coming|pouring|through)|ceiling (came|down|collapsed|fell)|escape of water|\bleak(ed|ing)? (from|through|in)"
    POWER_OFF r"no (electric|gas|heating|hot water|power)|(electric|gas|heating|power)\w* (off|cut|out|disconnected)|\bno credit\b|meter (empty|ran)|prepay"
    MOVE r"\bmoved? (in|out|to|into|back|house|home|on)\b|\bmoving (in|out|to|house|day)|\bmoved (yesterday|today|last|on)|\bflitted|\bkeys (signed|collected|handed|given)|keys\b[ -~]{0,20}tenancy|signed (for|up for)|tenancy (start|begin|commenc|terminat|end)|new (house|home|flat|tenancy|place|address)|chang?e? of addr|chg of addr|\bcoa\b|rehous|relocat|\brefuge\b|temp(orary)? accom|\bhave left\b|\bhouse move|\bremovals?\b|own bedroom now"
    EVICTION r"evict|possession order|bailiff|section 21|\bs\.?21\b|notice (to quit|seeking|served)"
    MISSING r"\bmisper|missing (from|person|since|overnight|sat|fri|last|all|child)|\bmissing\b[ -~]{0,30}\b(night|hours|found|returned|home)|reported missing|(was|went|gone|been) missing|abscond|not home by|not (come|came|returned) home|\bran (away|off)|whereabouts|(out|away) all night|stop(ped)? out|stayed out|found safe|never came home"
    RETURN_INTERVIEW r"return (home )?interview|\brhi\b"
    ARREST r"\barrest|\bcustody|\bbail(ed)?\b|\bcharged\b|\bcautioned|\bdetained|handcuff|police cells|locked up|took (daddy|dad|him) away|\bnicked\b"
    WARRANT r"\bwarrant|\braid(ed)?\b|drugs search|searched (the )?(house|home|address|flat|property)|door (banged|smashed|put) in|class a\b"
    RELEASE r"\breleased? (from|date|on|today)|out of (prison|jail|custody)|let out|out on (licence|tag|bail)|due out|\btagged\b|approved premises|came out (of|today|this|yesterday)"
    PRISON r"\bprison|\bhmp\b|\brecall|\bjail|\bremand|\bsent down|\binside\b"
    DOMESTIC_ABUSE r"domestic|\bdv\b|\bda\b|\bdash\b|\bargument|\barguing|\bassault|\bpunch|strangl|by the (throat|neck)|\bshouting|\bhit (her|mum|him)|\brow\b|\bfight(ing)? between|black eye"
    WEAPON r"\bkni(fe|ves|fed)\b|\bstabb|machete|\bbladed?\b|\bweapon|\bwounding|\bgun\b"
    THEFT r"\bburgl|\bburg\b|\bstole|\btheft|broken into|break-?in|\brobb|shoplift|nicked (the|his|her|their)|\bmugged"
    DAMAGE r"hate (crime|incident)|racis|daubed|(painted|sprayed|written) on|paint(ed)?[ -~]{0,20}door|nasty words|graffiti|smashed|\bbrick\b|criminal damage|boarded|vandal|\begg(s|ed)? (thrown)?"
    DOOR_BROKEN r"door[ -~]{0,25}(kicked|forced|broken|damaged|off|banged)|(kicked|forced|broke|banged)[ -~]{0,15}door|forced entry|\bkicked in"
    DRUGS_FOUND r"cannabis|\bweed\b|\bwraps?\b|\bdealing|county lines|\bpwits|\bcce\b|\bnrm\b|exploit|cocaine|\bheroin"
    INTOXICATED r"\bdrunk\b|intoxicat|under the influence|\bpassed out|unrousable|would not wake|smell(ed|t|ing)? of (alcohol|drink)|\bd\+i\b|collapsed"
    INJURY r"\bbruis|\bfell\b|\bfall\b|\bcut\b|\bbump|\binjur|swollen|stitch|sprain|\bwound|\bgash|\bmarks? on"
    HEAD_INJURY r"head injury|\bhi\b|forehead|concuss|(hit|banged|bumped) (his|her|their)? ?head|\bgcs|\begg on"
    FRACTURE r"fractur|\bbroken? (his|her|the)? ?(left|right)? ?(arm|wrist|leg|ankle|collar|finger|elbow)|\bx-?ray|in plaster|plaster cast|\bfoosh|in a (cast|pot)"
    BURN r"\bburnt?\b|\bscald|\bboiling|hot (tea|water|drink|oil)|\bburns\b"
    SWALLOWED r"swallow|ingest|\bbattery\b|\bcoin\b"
    BITE r"\bbitten|\bdog bit|\bbite\b|bit (his|her|a|him)"
    ILLNESS r"\bvomit|\bfever|infection|\bsick\b|tonsil|head ?lice|\bnits\b|eczema|temperature|\brash\b|chicken ?pox|tummy bug|sore throat|earache"
    BREATHING r"asthma|wheez|\bcroup|bronchiol|oxygen|\bo2\b|(struggling|trouble|difficulty) (to )?breath|\brsv|\bnebuli|chest infection"
    SEIZURE r"seizure|\bfits?\b|\bfitting\b|convuls|febrile|epilep"
    EXCLUSION r"\bexclu|suspen|fixed[- ]term|\bisolation|detention|\bsent home|\bpex\b|\bfte\b|thrown[ -~]{0,20}out|permanent ex"
    FIGHT r"\bfight|\bfought|\bscuffle|\bjumped by|\bbeaten up|\bset upon|\bpunch"
    BULLYING r"bully|bullied|picked on|called (him|her|them|his|her)? ?(names|mam|mum)"
    BEHAVIOUR r"behaviou?r|\bkicked|\bswore|\bswearing|\btipped|\bthrew|\bthrown"
    OUTING r"\btrip\b|\bresidential|sports day|\bthe play\b|nativity|\bperformance|\bconcert|days away|\bcamp\b|gorge walk|\boutward bound"
    SCHOOL_MOVE r"new school|chang(ed|e of) school|off roll|home educat|\behe\b|started (at|in|school|nursery|reception|year)|managed move|\bon roll|first day (at|in)"
    SELF_HARM r"overdose|\bod'?d?\b|self[- ]?harm|ligature|suicid|tablets|\bpills\b|paracetamol|\bcutting\b|\bcuts on (his|her)"
    MENTAL_CRISIS r"\bsectioned|section (2|3|136)|\bs\.?136\b|crisis team|psychos|hearing voices|\brelaps|\bmanic\b|breakdown"
    HIT_BY_ADULT r"(dad|daddy|mum|mummy|stepdad|he|she|partner)\w* (hit|smacked|slapped|hurt|kicked|pushed) (me|him|her)|smacked|slapped|hit with|\bbelt\b|chastis"
    SEXUAL r"\bsexual|indecent|\btouched (him|her|me)|\bnudes?\b|naked|\bcse\b|groom"
    ONLINE r"snapchat|instagram|whatsapp|tiktok|\bonline\b|\bphotos? (shared|sent)|screenshots?"
    DISCLOSURE r"disclos|told me|said (that )?(her|his|mum|dad|daddy|mummy)|\balleg"
    SEPARATION r"\bseparat|\bsplit\b|\bleft (him|her|mum|dad)\b|isn'?t coming (home|back)|moved out|walked out|\bfinished with|\bdivorc"
    NEW_PARTNER r"new (partner|boyfriend|girlfriend|man)\b|partner (moved|has moved|living)|back together|reconcil"
    JOB r"lost (his|her|the) job|new job|\bredundan|started work|\bsanction|\bbenefits? stopped|universal credit"
    POVERTY r"food ?bank|voucher|food parcel|\bgrant\b|hungry|packed lunch|no food"
    ROAD_ACCIDENT r"\brt[ac]\b|knocked (over|down)|hit by a (car|van|bus)|\bcollision|\bcar crash|\bcrashed"
    LEFT_ALONE r"left alone|home alone|unsupervis|unattended|not collected|uncollected|nobody (came|collected)|locked out"
    ANIMAL r"\bdogs?\b|\bpuppy|rspca|\bcats?\b|\bfleas?\b|\bkitten|\brabbit|\bhorse|\bpony"
    GRADUATION r"\btests? result|\bsats\b|\bgcse|\bexam|\bphonics"
    // How it was told.
    FOLLOW_UP r"\bfollowing\b|follow(s|ed)?[- ]up|\bf/?u\b|as a result|in response|further to|\bsubsequent|\bafter (the|his|her|their|an?|mum|dad|yesterday|last|strat\w*|incident|referral|discharge|court|police|visit)\b|\bremoved\b|\brecheck|\breview(ed)?\b|\brv\b|debrief|\bsince\b"
    OWN_EXAMINATION r"\bseen\b|\bexamined|\bo/e\b|\bassessed|\breviewed"
    REQUEST r"\basked (by|for|to|us|if|whether)|\brequest|\btask(ed)?\b|to be (done|offered|arranged)|\bwill\b|\barranged|\boffered|\bbooked|\bplanned"
    JOINT r"\bjoint(ly)?\b|\btogether with|\balongside|\baccompanied|\bwith (the )?(social worker|sw|hv|health visitor|fsw|police|housing|school|cpn|keyworker|worker|officer|family support|probation|midwife|early help|nurse)\b|\bcolleague from"
}

const fn all(acts: &[Acts]) -> Acts {
    let mut sum = Bits::none();
    let mut rest = acts;
    while let [first, others @ ..] = rest {
        sum = sum.with(*first);
        rest = others;
    }
    sum
}

/// Acts and happenings of which two kinds are two events, as a rule.
pub(crate) const DISTINCT: Acts = HAPPENINGS.with(NAMED_MEETINGS).with(all(&[
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
/// Steps that are an event of their own even when the same words tell of what led to them.
pub(crate) const OWN_DAY: Acts = all(&[STRATEGY, CORE_GROUP, CP_MEDICAL, RETURN_INTERVIEW]);
/// Steps that follow from an event: whoever tells of one tells of another day's act, even when the event is retold.
pub(crate) const AFTERMATH: Acts =
    all(&[STRATEGY, CORE_GROUP, SCREENING, REFERRAL, CP_MEDICAL, RETURN_INTERVIEW, REPAIR]);
/// What happens to a family, as against what agencies do.
pub(crate) const HAPPENINGS: Acts = all(&[
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
/// An agency's own steps: each happens on its own day, whatever earlier event it speaks of.
pub(crate) const STEPS: Acts = all(&[
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
/// What is found of each child by itself.
pub(crate) const OF_ONE_CHILD: Acts = all(&[OPERATION, IMMUNISATION, DENTAL, EYES, HEARING_TEST, SPEECH, DEVELOPMENT]);
/// An agency's own contacts with a family: two agencies' are two, unless words or times show that they came together.
pub(crate) const OWN_CONTACTS: Acts = all(&[
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
/// Meetings that go by a name: two names are two meetings.
pub(crate) const NAMED_MEETINGS: Acts =
    all(&[CONFERENCE, CORE_GROUP, STRATEGY, TEAM_AROUND_FAMILY, CHILD_IN_NEED, MARAC, CARE_PROGRAMME, SCHOOL_EVENING]);

/// Acts that show a consequence of something earlier, a notification of it or a meeting about it.
pub(crate) const CONSEQUENCES: Acts = AFTERMATH.with(all(&[FOLLOW_UP, REQUEST, CONFERENCE, MARAC, NOTIFICATION]));

static CONSEQUENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let patterns: Vec<&str> = CONSEQUENCES.places().filter_map(|place| PATTERNS.get(place).copied()).collect();
    RegexBuilder::new(&patterns.join("|")).unicode(false).case_insensitive(true).build().ok()
});

/// The first word of a text that shows a consequence, by its first byte and the byte after its last.
pub(crate) fn consequence(text: &str) -> Option<(usize, usize)> {
    CONSEQUENCE.as_ref()?.find(text).map(|found| (found.start(), found.end()))
}

/// Bytes that the automaton of all patterns may take: with less it is built anew again and again.
const CACHE: usize = 32 << 20;

static SET: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSetBuilder::new(PATTERNS).unicode(false).dfa_size_limit(CACHE).build().ok());

/// What a text tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// All of it.
    pub(crate) all: Acts,
    /// Its beginning.
    pub(crate) lead: Acts,
    /// Its very first words.
    pub(crate) first: Acts,
}

impl Told {
    /// What two texts of one agency tell of together.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self { all: self.all.with(other.all), lead: self.lead.with(other.lead), first: self.first.with(other.first) }
    }
}

/// What a text in lower case tells of.
pub(crate) fn read(text: &str) -> Told {
    let part = |length: usize| match text.get(..text.floor_char_boundary(length)) {
        Some(part) if part.len() < text.len() => matches(part),
        _ => matches(text),
    };
    Told { all: matches(text), lead: part(BEGINNING), first: part(FIRST_WORDS) }
}

fn matches(text: &str) -> Acts {
    let Some(set) = SET.as_ref() else { return Bits::none() };
    set.matches(text)
        .into_iter()
        .filter_map(|place| u32::try_from(place).ok())
        .fold(Bits::none(), |sum, place| sum.with(Bits::one(place)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_pattern_is_read() {
        assert!(SET.is_some() && PATTERNS.len() <= Bits::MOST);
    }

    #[rstest]
    #[case("strat discussion held by phone", STRATEGY.with(PHONE))]
    #[case("warrant executed at home", WARRANT)]
    #[case("lgsr: gas safety check done", REPAIR)]
    #[case("nothing to report", Bits::none())]
    fn a_text_tells_of(#[case] text: &str, #[case] expected: Acts) {
        assert_eq!(read(text).all, expected);
    }

    #[test]
    fn the_beginning_is_what_it_chiefly_tells() {
        let text = format!("home visit, all well. {} arrears discussed", "the children played happily. ".repeat(5));
        let told = read(&text);
        assert!(told.all.meets(RENT) && !told.lead.meets(RENT) && told.first.meets(VISIT));
    }
}
