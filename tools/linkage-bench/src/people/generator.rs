//! Generates families and the records that agencies keep about their children, together with the
//! truth.

use domain::{BirthDate, PersonName, RelationshipKind, Sex};
use linkage::{AddressFacts, PersonFacts, RelationFacts};
use time::{Date, Duration, Month};

use super::names::{HERITAGES, Heritage, NAME_VARIANTS, SIMILAR_TWIN_NAMES};
use super::random::Random;

/// The truth about a child.
#[derive(Debug, Clone)]
pub(crate) struct TrueChild {
    pub(crate) mother: usize,
    pub(crate) father: Option<usize>,
    /// The number of the pregnancy: twins share it.
    pub(crate) pregnancy: usize,
    /// Whether it is a twin. No record says which twin an unborn twin became.
    pub(crate) twin: bool,
    pub(crate) household: usize,
}

/// Records with the truth about them.
#[derive(Default)]
pub(crate) struct SyntheticData {
    pub(crate) children: Vec<TrueChild>,
    pub(crate) records: Vec<PersonFacts>,
    /// The child that each record is about.
    pub(crate) record_child: Vec<usize>,
    /// Whether each record was written before the birth.
    pub(crate) before_birth: Vec<bool>,
    known: Vec<(Option<usize>, Child)>,
    adults: usize,
    pregnancies: usize,
    households: usize,
}

#[derive(Clone)]
struct Adult {
    id: usize,
    given: String,
    family: String,
    born: Date,
}

/// The parents of a household.
struct Parents<'a> {
    /// The number of the household.
    household: usize,
    mother: &'a Adult,
    father: Option<&'a Adult>,
    /// The family name of their children.
    surname: String,
}

#[derive(Clone)]
struct Home {
    lines: String,
    postcode: String,
}

#[derive(Clone)]
struct Child {
    id: usize,
    given: String,
    middle: Option<String>,
    family: String,
    other_family: Option<String>,
    born: Date,
    sex: Sex,
    nhs: String,
    upn: String,
    expected: Date,
    unborn_known: bool,
    /// First or second of twins.
    twin: Option<usize>,
}

/// Scales error rates, which are given in thousandths.
struct ErrorRates {
    /// In percent of the usual rates.
    factor: u64,
}

impl ErrorRates {
    fn occurs(&self, random: &mut Random, per_mille: u64) -> bool {
        random.chance(per_mille * self.factor / 100)
    }
}

/// Generates families and their records. `percent` scales every error rate; 100 is usual.
pub(crate) fn generate(seed: u64, families: usize, percent: u64) -> SyntheticData {
    let mut random = Random::new(seed);
    let mut data = SyntheticData::default();
    let noise = ErrorRates { factor: percent };
    let hostels: Vec<Home> = (0..families / 150 + 1)
        .map(|_| generate_hostel(&mut random))
        .collect();
    for _ in 0..families {
        data.family(&mut random, &noise, &hostels);
    }
    data
}

impl SyntheticData {
    fn family(&mut self, random: &mut Random, noise: &ErrorRates, hostels: &[Home]) {
        let heritage = if random.chance(450) {
            &HERITAGES[0]
        } else {
            random.pick(&HERITAGES)
        };
        let father = self.adult(random, heritage, false);
        let mother = self.adult(random, heritage, true);
        let count = 1 + random.below(3) + random.below(2) * random.below(3);
        self.household(
            random,
            noise,
            hostels,
            heritage,
            &mother,
            Some(&father),
            count,
        );
        if random.chance(120) {
            let other = self.adult(random, heritage, true);
            let count = 1 + random.below(2);
            self.household(
                random,
                noise,
                hostels,
                heritage,
                &other,
                Some(&father),
                count,
            );
        }
        if random.chance(60) {
            let uncle = Adult {
                family: father.family.clone(),
                ..self.adult(random, heritage, false)
            };
            let aunt = self.adult(random, heritage, true);
            self.household(random, noise, hostels, heritage, &aunt, Some(&uncle), 1);
        }
    }

    fn adult(&mut self, random: &mut Random, heritage: &Heritage, woman: bool) -> Adult {
        self.adults += 1;
        Adult {
            id: self.adults,
            given: (*random.pick_common(if woman { heritage.girls } else { heritage.boys }))
                .to_owned(),
            family: family_name(random, heritage),
            born: random_day(random, 1975, 26),
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "everything about one household, in one place"
    )]
    fn household(
        &mut self,
        random: &mut Random,
        noise: &ErrorRates,
        hostels: &[Home],
        heritage: &Heritage,
        mother: &Adult,
        father: Option<&Adult>,
        count: u64,
    ) {
        self.households += 1;
        let household = self.households;
        let home = generate_home(random, hostels, 30);
        let before = random
            .chance(200)
            .then(|| generate_home(random, hostels, 100));
        let father = father.filter(|_| !random.chance(40));
        let parents = Parents {
            household,
            mother,
            father,
            surname: choose_surname(random, mother, father),
        };
        let mut born = random_day(random, 2008, 16);
        let elsewhere: Vec<Child> = self.children_elsewhere(father);
        let mut children: Vec<Child> = Vec::new();
        for _ in 0..count {
            self.pregnancy(random, heritage, &parents, &mut children, born);
            born = born.saturating_add(Duration::days(
                330 + i64::try_from(random.below(1100)).unwrap_or(0),
            ));
        }
        for child in &children {
            let first = self.records.len();
            self.write(
                random,
                noise,
                (child, &children),
                (mother, father),
                (&home, before.as_ref()),
            );
            for record in self.records.iter_mut().skip(first) {
                if random.chance(200) {
                    record.relations.extend(
                        elsewhere
                            .iter()
                            .map(|other| sibling(random, RelationshipKind::HalfSiblingOf, other)),
                    );
                }
            }
        }
    }

    /// Adds the child or the twins of one pregnancy to the children of a household.
    fn pregnancy(
        &mut self,
        random: &mut Random,
        heritage: &Heritage,
        parents: &Parents<'_>,
        children: &mut Vec<Child>,
        born: Date,
    ) {
        self.pregnancies += 1;
        let father = parents.father.map(|f| f.id);
        let twins = random.chance(40);
        let alike = (twins && random.chance(350)).then(|| *random.pick(SIMILAR_TWIN_NAMES));
        for twin in 0..=usize::from(twins) {
            let mut child = self.child(random, heritage, children, &parents.surname, born);
            if let Some((given, girl)) = alike.and_then(|alike| alike.get(twin).copied()) {
                given.clone_into(&mut child.given);
                child.sex = if girl { Sex::Female } else { Sex::Male };
            }
            child.twin = twins.then_some(twin + 1);
            if random.chance(80) {
                child.other_family = Some(if child.family == parents.mother.family {
                    random.pick(heritage.families).to_string()
                } else {
                    parents.mother.family.clone()
                });
            }
            child.unborn_known &= !twins || random.chance(100);
            self.known.push((father, child.clone()));
            self.children.push(TrueChild {
                mother: parents.mother.id,
                father,
                pregnancy: self.pregnancies,
                twin: twins,
                household: parents.household,
            });
            children.push(child);
        }
    }

    /// The father's recorded children in other households.
    fn children_elsewhere(&self, father: Option<&Adult>) -> Vec<Child> {
        let of =
            |known: &&(Option<usize>, Child)| known.0.is_some() && known.0 == father.map(|f| f.id);
        self.known
            .iter()
            .rev()
            .take(12)
            .filter(of)
            .map(|(_, child)| child.clone())
            .collect()
    }

    fn child(
        &mut self,
        random: &mut Random,
        heritage: &Heritage,
        siblings: &[Child],
        surname: &str,
        born: Date,
    ) -> Child {
        let girl = random.chance(500);
        let given = loop {
            let given = *random.pick_common(if girl { heritage.girls } else { heritage.boys });
            if siblings.iter().all(|sibling| sibling.given != given) || random.chance(5) {
                break given.to_owned();
            }
        };
        let id = self.children.len();
        let late = i64::try_from(random.below(35)).unwrap_or(0) - 14;
        let late = if random.chance(80) { late + 40 } else { late };
        Child {
            id,
            given,
            middle: random.chance(300).then(|| {
                (*random.pick(if girl { heritage.girls } else { heritage.boys })).to_owned()
            }),
            family: surname.to_owned(),
            other_family: None,
            born,
            sex: if girl { Sex::Female } else { Sex::Male },
            nhs: nhs_number(u64::try_from(id).unwrap_or(0)),
            upn: upn(u64::try_from(id).unwrap_or(0)),
            expected: born.saturating_add(Duration::days(late)),
            unborn_known: random.chance(60),
            twin: None,
        }
    }

    /// Adds the records that agencies keep about a child.
    fn write(
        &mut self,
        random: &mut Random,
        noise: &ErrorRates,
        (child, all): (&Child, &[Child]),
        (mother, father): (&Adult, Option<&Adult>),
        (home, before): (&Home, Option<&Home>),
    ) {
        let agencies = [
            "school",
            "gp",
            "health visitor",
            "hospital",
            "police",
            "housing",
            "social care",
            "early help",
        ];
        let mut written = 0;
        let mut announced = false;
        for agency in agencies {
            if !(random.chance(450) || agency == "social care" && written == 0) {
                continue;
            }
            written += 1;
            let unborn = child.unborn_known && !announced && agency != "school";
            announced |= unborn;
            let mut record =
                PersonFacts::new(format!("{agency} {} {}", child.id, self.records.len()));
            record.agency = agency.to_owned();
            record.reference = Some(format!("{}{}", &agency[..1], 10_000 + self.records.len()));
            if unborn {
                set_names_before_birth(random, &mut record, child, mother);
            } else {
                set_names_after_birth(random, noise, &mut record, agency, (child, all));
            }
            set_addresses(random, noise, &mut record, home, before);
            set_relations(
                random,
                noise,
                &mut record,
                (child, all),
                (mother, father),
                unborn,
            );
            if random.chance(400) {
                record.gp = Some(format!(
                    "Practice {}",
                    home.postcode.get(..3).unwrap_or("ZZ9")
                ));
            }
            self.records.push(record);
            self.record_child.push(child.id);
            self.before_birth.push(unborn);
        }
    }
}

/// A family name from the list, or a rare one made of two halves.
fn family_name(random: &mut Random, heritage: &Heritage) -> String {
    let name = *random.pick_common(heritage.families);
    if !random.chance(400) {
        return name.to_owned();
    }
    let other = *random.pick(heritage.families);
    let half: String = other
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphabetic())
        .skip(2)
        .collect();
    format!("{}{half}", name.chars().take(3).collect::<String>().trim())
}

fn set_names_before_birth(
    random: &mut Random,
    record: &mut PersonFacts,
    child: &Child,
    mother: &Adult,
) {
    let given = *random.pick(&[
        "Unborn",
        "Unborn Baby",
        "Baby",
        "UBB",
        "Unborn child of",
        "Baby of",
    ]);
    let given = match child.twin {
        Some(number) => format!("{} twin {number}", random.pick(&["Unborn", "UBB", "Baby"])),
        None if given.ends_with("of") => format!("{given} {}", mother.given),
        None => given.to_owned(),
    };
    record.names = vec![name(
        &given,
        if random.chance(800) {
            &mother.family
        } else {
            &child.family
        },
    )];
    let wobble = i64::try_from(random.below(8)).unwrap_or(0) - 4;
    record.birth = Some(BirthDate {
        date: child.expected.saturating_add(Duration::days(wobble)),
        expected: true,
    });
}

/// A hostel, in `per_mille` of all cases, or a house.
fn generate_home(random: &mut Random, hostels: &[Home], per_mille: u64) -> Home {
    if random.chance(per_mille) {
        random.pick(hostels).clone()
    } else {
        generate_house(random)
    }
}

/// Chooses the family name of the children of two parents.
fn choose_surname(random: &mut Random, mother: &Adult, father: Option<&Adult>) -> String {
    let surname = father
        .filter(|_| random.chance(700))
        .map_or(&mother.family, |father| &father.family);
    if random.chance(60) {
        format!("{}-{}", mother.family, surname)
    } else {
        surname.clone()
    }
}

fn set_names_after_birth(
    random: &mut Random,
    noise: &ErrorRates,
    record: &mut PersonFacts,
    agency: &str,
    (child, all): (&Child, &[Child]),
) {
    let (full, family) = record_name(random, noise, child, all);
    record.names = vec![name(&full, &family)];
    if random.chance(60) {
        let known_as = alternative_given_name(random, child, all);
        record.names.push(PersonName {
            given: known_as.into(),
            family: None,
        });
    }
    record.sex = record_sex(random, noise, child.sex);
    record.birth = born(random, noise, child.born).map(|date| BirthDate {
        date,
        expected: false,
    });
    set_identifiers(random, noise, record, agency, (child, all));
}

/// The given and the family name as an agency records them, with its errors.
fn record_name(
    random: &mut Random,
    noise: &ErrorRates,
    child: &Child,
    all: &[Child],
) -> (String, String) {
    let mut given = child.given.clone();
    if noise.occurs(random, 90) {
        given = alternative_given_name(random, child, all);
    }
    if noise.occurs(random, 30) {
        given = misspell(random, &given);
    }
    let full = child
        .middle
        .as_ref()
        .filter(|_| random.chance(350))
        .map_or_else(|| given.clone(), |middle| format!("{given} {middle}"));
    let mut family = child.family.clone();
    if noise.occurs(random, 30) {
        family = misspell(random, &family);
    }
    if noise.occurs(random, 50) && family.contains('-') {
        family = family.split('-').next().unwrap_or_default().to_owned();
    }
    if let Some(other) = child.other_family.as_ref().filter(|_| random.chance(400)) {
        family.clone_from(other);
    }
    let (mut full, family) = if noise.occurs(random, 12) {
        (family, full)
    } else {
        (full, family)
    };
    if noise.occurs(random, 8) {
        full = "Baby".to_owned();
    } else if noise.occurs(random, 6) {
        full = full.chars().take(1).collect();
    }
    (full, family)
}

/// The sex as an agency records it, with its errors.
fn record_sex(random: &mut Random, noise: &ErrorRates, sex: Sex) -> Sex {
    let recorded = if random.chance(60) {
        Sex::NotKnown
    } else {
        sex
    };
    if !noise.occurs(random, 6) {
        recorded
    } else if sex == Sex::Male {
        Sex::Female
    } else {
        Sex::Male
    }
}

fn set_identifiers(
    random: &mut Random,
    noise: &ErrorRates,
    record: &mut PersonFacts,
    agency: &str,
    (child, all): (&Child, &[Child]),
) {
    let nhs = match agency {
        "gp" | "health visitor" | "hospital" => 930,
        "social care" => 500,
        "school" | "early help" => 120,
        _ => 10,
    };
    if random.chance(nhs) {
        let mut number = if noise.occurs(random, 8) {
            random.pick(all).nhs.clone()
        } else {
            child.nhs.clone()
        };
        if noise.occurs(random, 12) {
            number = wrong_digit(random, &number);
        }
        record.nhs_number = Some(number.into());
    }
    if agency == "school" && random.chance(900) || agency == "social care" && random.chance(200) {
        let upn = if noise.occurs(random, 6) {
            random.pick(all).upn.clone()
        } else {
            child.upn.clone()
        };
        record.upn = Some(upn.into());
    }
    if agency == "school" {
        record.school = Some(format!("School {}", child.id % 40));
    }
}

fn born(random: &mut Random, noise: &ErrorRates, born: Date) -> Option<Date> {
    if noise.occurs(random, 25) {
        return None;
    }
    let year = born.year();
    let month = u8::from(born.month());
    let day = born.day();
    let made = |year, month: u8, day| {
        Month::try_from(month)
            .ok()
            .and_then(|m| Date::from_calendar_date(year, m, day).ok())
    };
    let wrong = if noise.occurs(random, 8) {
        made(year, day, month)
    } else if noise.occurs(random, 12) {
        made(
            year,
            month,
            day / 10 * 10 + u8::try_from(random.below(10)).unwrap_or(1),
        )
    } else if noise.occurs(random, 8) {
        made(year + if random.chance(500) { 1 } else { -1 }, month, day)
    } else if noise.occurs(random, 6) {
        made(year, 1, 1)
    } else {
        None
    };
    Some(wrong.unwrap_or(born))
}

fn set_addresses(
    random: &mut Random,
    noise: &ErrorRates,
    record: &mut PersonFacts,
    home: &Home,
    before: Option<&Home>,
) {
    if random.chance(80) {
        return;
    }
    let old = before.filter(|_| random.chance(350));
    let current = old.unwrap_or(home);
    let mut list = vec![current];
    if old.is_none() && random.chance(400) {
        list.extend(before);
    }
    for home in list {
        let mut lines = home.lines.clone();
        if noise.occurs(random, 60) {
            lines = lines
                .replace("Street", "St")
                .replace("Road", "Rd")
                .replace("Avenue", "Ave")
                .to_uppercase();
        }
        if noise.occurs(random, 25) {
            lines = misspell(random, &lines);
        }
        let postcode = if noise.occurs(random, 20) {
            misspell(random, &home.postcode)
        } else {
            home.postcode.clone()
        };
        let postcode = (!noise.occurs(random, 50)).then(|| postcode.into());
        record.addresses.push(AddressFacts {
            lines: lines.into(),
            postcode,
            from: None,
            until: None,
        });
    }
}

fn set_relations(
    random: &mut Random,
    noise: &ErrorRates,
    record: &mut PersonFacts,
    (child, all): (&Child, &[Child]),
    (mother, father): (&Adult, Option<&Adult>),
    unborn: bool,
) {
    if unborn || random.chance(650) {
        record
            .relations
            .push(adult(random, noise, RelationshipKind::MotherOf, mother));
    }
    if let Some(father) = father.filter(|_| random.chance(450)) {
        record
            .relations
            .push(adult(random, noise, RelationshipKind::FatherOf, father));
    }
    if random.chance(250) {
        let others = all
            .iter()
            .filter(|sibling| sibling.id != child.id && !(unborn && sibling.born >= child.born));
        for sibling in others {
            let kind = if sibling.born == child.born && random.chance(600) {
                RelationshipKind::TwinOf
            } else {
                RelationshipKind::SiblingOf
            };
            record.relations.push(self::sibling(random, kind, sibling));
        }
    }
}

fn sibling(random: &mut Random, kind: RelationshipKind, other: &Child) -> RelationFacts {
    RelationFacts {
        kind,
        name: name(&other.given, &other.family),
        birth: random.chance(600).then_some(other.born),
        nhs_number: None,
        reference: None,
    }
}

fn adult(
    random: &mut Random,
    noise: &ErrorRates,
    kind: RelationshipKind,
    adult: &Adult,
) -> RelationFacts {
    let given = if noise.occurs(random, 60) {
        name_variant(random, &adult.given)
    } else {
        adult.given.clone()
    };
    let given = if noise.occurs(random, 30) {
        misspell(random, &given)
    } else {
        given
    };
    RelationFacts {
        kind,
        name: name(&given, &adult.family),
        birth: random.chance(350).then_some(adult.born),
        nhs_number: None,
        reference: None,
    }
}

fn name(given: &str, family: &str) -> PersonName {
    PersonName {
        given: given.into(),
        family: Some(family.into()).filter(|_| !family.is_empty()),
    }
}

fn random_day(random: &mut Random, from: i32, years: u64) -> Date {
    let days = i64::try_from(random.below(years * 365)).unwrap_or(0);
    Date::from_ordinal_date(from, 1)
        .unwrap_or(Date::MIN)
        .saturating_add(Duration::days(days))
}

const STREETS: [&str; 24] = [
    "Ropewalk",
    "Tannery",
    "Millrace",
    "Larkspur",
    "Beacon",
    "Foundry",
    "Orchard",
    "Chapel",
    "Quarry",
    "Weaver",
    "Station",
    "Heron",
    "Copperfield",
    "Bramble",
    "Saltmarsh",
    "Priory",
    "Windmill",
    "Granary",
    "Kestrel",
    "Juniper",
    "Harbour",
    "Linden",
    "Abbey",
    "Sycamore",
];

fn generate_house(random: &mut Random) -> Home {
    let kind = random.pick(&["Street", "Road", "Avenue", "Close", "Lane"]);
    let number = 1 + random.below(180);
    let flat = if random.chance(120) {
        format!("Flat {} ", 1 + random.below(20))
    } else {
        String::new()
    };
    Home {
        lines: format!("{flat}{number} {} {kind}", random.pick(&STREETS)),
        postcode: postcode(random),
    }
}

fn generate_hostel(random: &mut Random) -> Home {
    let lines = if random.chance(500) {
        "Hostel".to_owned()
    } else {
        "House".to_owned()
    };
    Home {
        lines: format!("{} {} {lines}", 1 + random.below(40), random.pick(&STREETS)),
        postcode: postcode(random),
    }
}

fn postcode(random: &mut Random) -> String {
    let letter =
        |random: &mut Random| char::from(b'A' + u8::try_from(random.below(24)).unwrap_or(0));
    format!(
        "ZZ{} {}{}{}",
        1 + random.below(60),
        random.below(10),
        letter(random),
        letter(random)
    )
}

/// A typing error: a letter left out, doubled or changed, or two letters swapped.
fn misspell(random: &mut Random, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = 1 + usize::try_from(random.below(letters.len().max(2) as u64 - 1)).unwrap_or(0);
    if at >= letters.len() {
        return text.to_owned();
    }
    match random.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters[at] = char::from(b'a' + u8::try_from(random.below(26)).unwrap_or(0)),
        _ => letters.swap(at - 1, at),
    }
    letters.into_iter().collect()
}

fn name_variant(random: &mut Random, given: &str) -> String {
    let line = NAME_VARIANTS.iter().find(|line| line.contains(&given));
    line.map_or_else(|| given.to_owned(), |line| (*random.pick(line)).to_owned())
}

/// Another given name that a child is known by, but never a form of a sibling's name.
fn alternative_given_name(random: &mut Random, child: &Child, all: &[Child]) -> String {
    let called = name_variant(random, &child.given);
    let one_line =
        |line: &&&[&str], name: &str| line.contains(&name) && line.contains(&called.as_str());
    let another = all.iter().any(|other| {
        other.id != child.id
            && (other.given == called
                || NAME_VARIANTS
                    .iter()
                    .any(|line| one_line(&line, &other.given)))
    });
    if another { child.given.clone() } else { called }
}

fn wrong_digit(random: &mut Random, number: &str) -> String {
    let mut digits: Vec<char> = number.chars().collect();
    let at = usize::try_from(random.below(digits.len() as u64)).unwrap_or(0);
    digits[at] = char::from(b'0' + u8::try_from(random.below(10)).unwrap_or(0));
    digits.into_iter().collect()
}

/// An NHS number in the range reserved for tests, with its check digit. Numbers without one are
/// skipped.
fn nhs_number(id: u64) -> String {
    (0..)
        .map(|step| 999_100_000 + id * 3 + step)
        .find_map(with_check_digit)
        .unwrap_or_default()
}

fn with_check_digit(body: u64) -> Option<String> {
    let digits: Vec<u64> = format!("{body:09}")
        .bytes()
        .map(|b| u64::from(b - b'0'))
        .collect();
    let sum: u64 = digits
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    match 11 - sum % 11 {
        10 => None,
        11 => Some(format!("{body:09}0")),
        digit => Some(format!("{body:09}{digit}")),
    }
}

fn upn(id: u64) -> String {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let body = format!("{:012}", 999_000_000_000 + id);
    let sum: u64 = body
        .bytes()
        .zip(2..)
        .map(|(b, weight)| u64::from(b - b'0') * weight)
        .sum();
    format!(
        "{}{body}",
        char::from(LETTERS[usize::try_from(sum % 23).unwrap_or(0)])
    )
}
