//! Invented families and what agencies write of their children. The truth is kept beside it.

use domain::{BirthDate, PersonName, RelationshipKind, Sex};
use linkage::{AddressFacts, PersonFacts, RelationFacts};
use time::{Date, Duration, Month};

use super::names::{ALIKE, HERITAGES, Heritage, OTHERWISE};
use super::random::Random;

/// A child as it truly is.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    pub(crate) mother: usize,
    pub(crate) father: Option<usize>,
    /// The number of the pregnancy: twins share it.
    pub(crate) pregnancy: usize,
    /// One of twins: which of them an unborn twin became, no record tells.
    pub(crate) twin: bool,
    pub(crate) household: usize,
}

/// Records with the truth about them.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) children: Vec<Truth>,
    pub(crate) records: Vec<PersonFacts>,
    /// The child that each record is truly about, and whether it was written before the birth.
    pub(crate) about: Vec<usize>,
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

/// Per mille of things going wrong, before the factor.
struct Noise {
    factor: u64,
}

impl Noise {
    fn strikes(&self, random: &mut Random, per_mille: u64) -> bool {
        random.happens(per_mille * self.factor / 100)
    }
}

/// As many families as asked for; `percent` scales every error, 100 being usual.
pub(crate) fn world(seed: u64, families: usize, percent: u64) -> World {
    let mut random = Random::new(seed);
    let mut world = World::default();
    let noise = Noise { factor: percent };
    let hostels: Vec<Home> = (0..families / 150 + 1).map(|_| hostel(&mut random)).collect();
    for _ in 0..families {
        world.family(&mut random, &noise, &hostels);
    }
    world
}

impl World {
    fn family(&mut self, random: &mut Random, noise: &Noise, hostels: &[Home]) {
        let heritage = if random.happens(450) { &HERITAGES[0] } else { random.pick(&HERITAGES) };
        let father = self.adult(random, heritage, false);
        let mother = self.adult(random, heritage, true);
        let count = 1 + random.below(3) + random.below(2) * random.below(3);
        self.household(random, noise, hostels, heritage, &mother, Some(&father), count);
        if random.happens(120) {
            let other = self.adult(random, heritage, true);
            let count = 1 + random.below(2);
            self.household(random, noise, hostels, heritage, &other, Some(&father), count);
        }
        if random.happens(60) {
            let uncle = Adult { family: father.family.clone(), ..self.adult(random, heritage, false) };
            let aunt = self.adult(random, heritage, true);
            self.household(random, noise, hostels, heritage, &aunt, Some(&uncle), 1);
        }
    }

    fn adult(&mut self, random: &mut Random, heritage: &Heritage, woman: bool) -> Adult {
        self.adults += 1;
        Adult {
            id: self.adults,
            given: (*random.pick_common(if woman { heritage.girls } else { heritage.boys })).to_owned(),
            family: family_name(random, heritage),
            born: day(random, 1975, 26),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "everything about one household, in one place")]
    fn household(
        &mut self,
        random: &mut Random,
        noise: &Noise,
        hostels: &[Home],
        heritage: &Heritage,
        mother: &Adult,
        father: Option<&Adult>,
        count: u64,
    ) {
        self.households += 1;
        let household = self.households;
        let home = if random.happens(30) { random.pick(hostels).clone() } else { house(random) };
        let before =
            random.happens(200).then(|| if random.happens(100) { random.pick(hostels).clone() } else { house(random) });
        let mut children: Vec<Child> = Vec::new();
        let father = father.filter(|_| !random.happens(40));
        let surname = father.filter(|_| random.happens(700)).map_or(&mother.family, |father| &father.family);
        let surname = if random.happens(60) { format!("{}-{}", mother.family, surname) } else { surname.clone() };
        let mut born = day(random, 2008, 16);
        let elsewhere: Vec<Child> = self.elsewhere(father);
        for _ in 0..count {
            self.pregnancies += 1;
            let twins = random.happens(40);
            let alike = (twins && random.happens(350)).then(|| *random.pick(ALIKE));
            for twin in 0..=usize::from(twins) {
                let mut child = self.child(random, heritage, &children, &surname, born);
                if let Some((given, girl)) = alike.and_then(|alike| alike.get(twin).copied()) {
                    given.clone_into(&mut child.given);
                    child.sex = if girl { Sex::Female } else { Sex::Male };
                }
                child.twin = twins.then_some(twin + 1);
                if random.happens(80) {
                    child.other_family = Some(if child.family == mother.family {
                        random.pick(heritage.families).to_string()
                    } else {
                        mother.family.clone()
                    });
                }
                child.unborn_known &= !twins || random.happens(100);
                self.known.push((father.map(|f| f.id), child.clone()));
                self.children.push(Truth {
                    mother: mother.id,
                    father: father.map(|f| f.id),
                    pregnancy: self.pregnancies,
                    twin: twins,
                    household,
                });
                children.push(child);
            }
            born = born.saturating_add(Duration::days(330 + i64::try_from(random.below(1100)).unwrap_or(0)));
        }
        for child in &children {
            let first = self.records.len();
            self.write(random, noise, (child, &children), (mother, father), (&home, before.as_ref()));
            for record in self.records.iter_mut().skip(first) {
                if random.happens(200) {
                    record
                        .relations
                        .extend(elsewhere.iter().map(|other| sibling(random, RelationshipKind::HalfSiblingOf, other)));
                }
            }
        }
    }

    /// The father's children written of so far.
    fn elsewhere(&self, father: Option<&Adult>) -> Vec<Child> {
        let of = |known: &&(Option<usize>, Child)| known.0.is_some() && known.0 == father.map(|f| f.id);
        self.known.iter().rev().take(12).filter(of).map(|(_, child)| child.clone()).collect()
    }

    fn child(
        &mut self,
        random: &mut Random,
        heritage: &Heritage,
        siblings: &[Child],
        surname: &str,
        born: Date,
    ) -> Child {
        let girl = random.happens(500);
        let given = loop {
            let given = *random.pick_common(if girl { heritage.girls } else { heritage.boys });
            if siblings.iter().all(|sibling| sibling.given != given) || random.happens(5) {
                break given.to_owned();
            }
        };
        let id = self.children.len();
        let late = i64::try_from(random.below(35)).unwrap_or(0) - 14;
        let late = if random.happens(80) { late + 40 } else { late };
        Child {
            id,
            given,
            middle: random
                .happens(300)
                .then(|| (*random.pick(if girl { heritage.girls } else { heritage.boys })).to_owned()),
            family: surname.to_owned(),
            other_family: None,
            born,
            sex: if girl { Sex::Female } else { Sex::Male },
            nhs: nhs_number(u64::try_from(id).unwrap_or(0)),
            upn: upn(u64::try_from(id).unwrap_or(0)),
            expected: born.saturating_add(Duration::days(late)),
            unborn_known: random.happens(60),
            twin: None,
        }
    }

    /// What the agencies that know a child write of it.
    fn write(
        &mut self,
        random: &mut Random,
        noise: &Noise,
        (child, all): (&Child, &[Child]),
        (mother, father): (&Adult, Option<&Adult>),
        (home, before): (&Home, Option<&Home>),
    ) {
        let agencies = ["school", "gp", "health visitor", "hospital", "police", "housing", "social care", "early help"];
        let (mut written, mut announced) = (0, false);
        for agency in agencies {
            if !(random.happens(450) || agency == "social care" && written == 0) {
                continue;
            }
            written += 1;
            let unborn = child.unborn_known && !announced && agency != "school";
            announced |= unborn;
            let mut record = PersonFacts::new(format!("{agency} {} {}", child.id, self.records.len()));
            record.agency = agency.to_owned();
            record.reference = Some(format!("{}{}", &agency[..1], 10_000 + self.records.len()));
            if unborn {
                unborn_names(random, &mut record, child, mother);
            } else {
                born_names(random, noise, &mut record, agency, (child, all));
            }
            addresses(random, noise, &mut record, home, before);
            relations(random, noise, &mut record, (child, all), (mother, father), unborn);
            if random.happens(400) {
                record.gp = Some(format!("Practice {}", home.postcode.get(..3).unwrap_or("ZZ9")));
            }
            self.records.push(record);
            self.about.push(child.id);
            self.before_birth.push(unborn);
        }
    }
}

/// A family name of the list, or one made of two halves, as rare ones are.
fn family_name(random: &mut Random, heritage: &Heritage) -> String {
    let name = *random.pick_common(heritage.families);
    if !random.happens(400) {
        return name.to_owned();
    }
    let other = *random.pick(heritage.families);
    let half: String = other.to_lowercase().chars().filter(|c| c.is_alphabetic()).skip(2).collect();
    format!("{}{half}", name.chars().take(3).collect::<String>().trim())
}

fn unborn_names(random: &mut Random, record: &mut PersonFacts, child: &Child, mother: &Adult) {
    let given = *random.pick(&["Unborn", "Unborn Baby", "Baby", "UBB", "Unborn child of", "Baby of"]);
    let given = match child.twin {
        Some(number) => format!("{} twin {number}", random.pick(&["Unborn", "UBB", "Baby"])),
        None if given.ends_with("of") => format!("{given} {}", mother.given),
        None => given.to_owned(),
    };
    record.names = vec![name(&given, if random.happens(800) { &mother.family } else { &child.family })];
    let wobble = i64::try_from(random.below(8)).unwrap_or(0) - 4;
    record.birth = Some(BirthDate { date: child.expected.saturating_add(Duration::days(wobble)), expected: true });
}

fn born_names(
    random: &mut Random,
    noise: &Noise,
    record: &mut PersonFacts,
    agency: &str,
    (child, all): (&Child, &[Child]),
) {
    let mut given = child.given.clone();
    if noise.strikes(random, 90) {
        given = called(random, child, all);
    }
    if noise.strikes(random, 30) {
        given = slip(random, &given);
    }
    let full = child
        .middle
        .as_ref()
        .filter(|_| random.happens(350))
        .map_or_else(|| given.clone(), |middle| format!("{given} {middle}"));
    let mut family = child.family.clone();
    if noise.strikes(random, 30) {
        family = slip(random, &family);
    }
    if noise.strikes(random, 50) && family.contains('-') {
        family = family.split('-').next().unwrap_or_default().to_owned();
    }
    if let Some(other) = child.other_family.as_ref().filter(|_| random.happens(400)) {
        family.clone_from(other);
    }
    let (mut full, family) = if noise.strikes(random, 12) { (family, full) } else { (full, family) };
    if noise.strikes(random, 8) {
        full = "Baby".to_owned();
    } else if noise.strikes(random, 6) {
        full = full.chars().take(1).collect();
    }
    record.names = vec![name(&full, &family)];
    if random.happens(60) {
        let known_as = called(random, child, all);
        record.names.push(PersonName { given: known_as.into(), family: None });
    }
    record.sex = if random.happens(60) { Sex::NotKnown } else { child.sex };
    if noise.strikes(random, 6) {
        record.sex = if child.sex == Sex::Male { Sex::Female } else { Sex::Male };
    }
    record.birth = born(random, noise, child.born).map(|date| BirthDate { date, expected: false });
    numbers(random, noise, record, agency, (child, all));
}

fn numbers(
    random: &mut Random,
    noise: &Noise,
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
    if random.happens(nhs) {
        let mut number = if noise.strikes(random, 8) { random.pick(all).nhs.clone() } else { child.nhs.clone() };
        if noise.strikes(random, 12) {
            number = wrong_digit(random, &number);
        }
        record.nhs_number = Some(number.into());
    }
    if agency == "school" && random.happens(900) || agency == "social care" && random.happens(200) {
        let upn = if noise.strikes(random, 6) { random.pick(all).upn.clone() } else { child.upn.clone() };
        record.upn = Some(upn.into());
    }
    if agency == "school" {
        record.school = Some(format!("School {}", child.id % 40));
    }
}

fn born(random: &mut Random, noise: &Noise, born: Date) -> Option<Date> {
    if noise.strikes(random, 25) {
        return None;
    }
    let (year, month, day) = (born.year(), u8::from(born.month()), born.day());
    let made =
        |year, month: u8, day| Month::try_from(month).ok().and_then(|m| Date::from_calendar_date(year, m, day).ok());
    let wrong = if noise.strikes(random, 8) {
        made(year, day, month)
    } else if noise.strikes(random, 12) {
        made(year, month, day / 10 * 10 + u8::try_from(random.below(10)).unwrap_or(1))
    } else if noise.strikes(random, 8) {
        made(year + if random.happens(500) { 1 } else { -1 }, month, day)
    } else if noise.strikes(random, 6) {
        made(year, 1, 1)
    } else {
        None
    };
    Some(wrong.unwrap_or(born))
}

fn addresses(random: &mut Random, noise: &Noise, record: &mut PersonFacts, home: &Home, before: Option<&Home>) {
    if random.happens(80) {
        return;
    }
    let old = before.filter(|_| random.happens(350));
    let current = old.unwrap_or(home);
    let mut list = vec![current];
    if old.is_none() && random.happens(400) {
        list.extend(before);
    }
    for home in list {
        let mut lines = home.lines.clone();
        if noise.strikes(random, 60) {
            lines = lines.replace("Street", "St").replace("Road", "Rd").replace("Avenue", "Ave").to_uppercase();
        }
        if noise.strikes(random, 25) {
            lines = slip(random, &lines);
        }
        let postcode = if noise.strikes(random, 20) { slip(random, &home.postcode) } else { home.postcode.clone() };
        let postcode = (!noise.strikes(random, 50)).then(|| postcode.into());
        record.addresses.push(AddressFacts { lines: lines.into(), postcode, from: None, until: None });
    }
}

fn relations(
    random: &mut Random,
    noise: &Noise,
    record: &mut PersonFacts,
    (child, all): (&Child, &[Child]),
    (mother, father): (&Adult, Option<&Adult>),
    unborn: bool,
) {
    if unborn || random.happens(650) {
        record.relations.push(adult(random, noise, RelationshipKind::MotherOf, mother));
    }
    if let Some(father) = father.filter(|_| random.happens(450)) {
        record.relations.push(adult(random, noise, RelationshipKind::FatherOf, father));
    }
    if random.happens(250) {
        let others = all.iter().filter(|sibling| sibling.id != child.id && !(unborn && sibling.born >= child.born));
        for sibling in others {
            let kind = if sibling.born == child.born && random.happens(600) {
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
        birth: random.happens(600).then_some(other.born),
        nhs_number: None,
        reference: None,
    }
}

fn adult(random: &mut Random, noise: &Noise, kind: RelationshipKind, adult: &Adult) -> RelationFacts {
    let given = if noise.strikes(random, 60) { otherwise(random, &adult.given) } else { adult.given.clone() };
    let given = if noise.strikes(random, 30) { slip(random, &given) } else { given };
    RelationFacts {
        kind,
        name: name(&given, &adult.family),
        birth: random.happens(350).then_some(adult.born),
        nhs_number: None,
        reference: None,
    }
}

fn name(given: &str, family: &str) -> PersonName {
    PersonName { given: given.into(), family: Some(family.into()).filter(|_| !family.is_empty()) }
}

fn day(random: &mut Random, from: i32, years: u64) -> Date {
    let days = i64::try_from(random.below(years * 365)).unwrap_or(0);
    Date::from_ordinal_date(from, 1).unwrap_or(Date::MIN).saturating_add(Duration::days(days))
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

fn house(random: &mut Random) -> Home {
    let kind = random.pick(&["Street", "Road", "Avenue", "Close", "Lane"]);
    let number = 1 + random.below(180);
    let flat = if random.happens(120) { format!("Flat {} ", 1 + random.below(20)) } else { String::new() };
    Home { lines: format!("{flat}{number} {} {kind}", random.pick(&STREETS)), postcode: postcode(random) }
}

fn hostel(random: &mut Random) -> Home {
    let lines = if random.happens(500) { "Hostel".to_owned() } else { "House".to_owned() };
    Home { lines: format!("{} {} {lines}", 1 + random.below(40), random.pick(&STREETS)), postcode: postcode(random) }
}

fn postcode(random: &mut Random) -> String {
    let letter = |random: &mut Random| char::from(b'A' + u8::try_from(random.below(24)).unwrap_or(0));
    format!("ZZ{} {}{}{}", 1 + random.below(60), random.below(10), letter(random), letter(random))
}

/// A slip of the pen: a letter left out, doubled, changed, or two that changed places.
fn slip(random: &mut Random, text: &str) -> String {
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

fn otherwise(random: &mut Random, given: &str) -> String {
    let line = OTHERWISE.iter().find(|line| line.contains(&given));
    line.map_or_else(|| given.to_owned(), |line| (*random.pick(line)).to_owned())
}

/// What else a child is called. Nobody calls one child by a brother's or sister's name, or by a form of it.
fn called(random: &mut Random, child: &Child, all: &[Child]) -> String {
    let called = otherwise(random, &child.given);
    let one_line = |line: &&&[&str], name: &str| line.contains(&name) && line.contains(&called.as_str());
    let another = all.iter().any(|other| {
        other.id != child.id && (other.given == called || OTHERWISE.iter().any(|line| one_line(&line, &other.given)))
    });
    if another { child.given.clone() } else { called }
}

fn wrong_digit(random: &mut Random, number: &str) -> String {
    let mut digits: Vec<char> = number.chars().collect();
    let at = usize::try_from(random.below(digits.len() as u64)).unwrap_or(0);
    digits[at] = char::from(b'0' + u8::try_from(random.below(10)).unwrap_or(0));
    digits.into_iter().collect()
}

/// A number in the range kept for tests, with its check digit; the next when there is none.
fn nhs_number(id: u64) -> String {
    (0..).map(|step| 999_100_000 + id * 3 + step).find_map(with_check_digit).unwrap_or_default()
}

fn with_check_digit(body: u64) -> Option<String> {
    let digits: Vec<u64> = format!("{body:09}").bytes().map(|b| u64::from(b - b'0')).collect();
    let sum: u64 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    match 11 - sum % 11 {
        10 => None,
        11 => Some(format!("{body:09}0")),
        digit => Some(format!("{body:09}{digit}")),
    }
}

fn upn(id: u64) -> String {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let body = format!("{:012}", 999_000_000_000 + id);
    let sum: u64 = body.bytes().zip(2..).map(|(b, weight)| u64::from(b - b'0') * weight).sum();
    format!("{}{body}", char::from(LETTERS[usize::try_from(sum % 23).unwrap_or(0)]))
}
