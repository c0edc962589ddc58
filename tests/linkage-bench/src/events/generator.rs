//! Invented families whose events several agencies tell, repeated for siblings with edits, and what must stay apart.

use anyhow::Result;
use domain::{EventDate, PersonId};
use time::{Date, Duration, Month};

use super::pack::{Pack, Told, entry, stable};
use super::random::Random;
use super::templates::{AGENCIES, KINDS, Kind, OWN, TEMPLATES, Telling};

const GIVEN: &[&str] = &[
    "Alfie", "Amira", "Bronwen", "Callum", "Daisy", "Ewan", "Farah", "Gethin", "Hana", "Idris", "Jasmine", "Kit",
    "Leila", "Marcus", "Nia", "Oskar", "Priya", "Quinn", "Rhys", "Safiya", "Tomos", "Una", "Viktor", "Wren", "Xanthe",
    "Yusuf", "Zara",
];
const MOTHERS: &[&str] = &["Leanne", "Nadia", "Olwen", "Samira", "Tracey", "Kasia", "Grace"];
const PARTNERS: &[&str] = &["Darren", "Emeka", "Gareth", "Imran", "Lee", "Piotr", "Stuart"];
/// The first day on which anything happens, and how many days follow.
const FIRST_DAY: (i32, Month, u8) = (2022, Month::March, 1);
const DAYS: usize = 900;

/// A family being invented.
struct Family<'r> {
    random: &'r mut Random,
    pack: &'r mut Pack,
    number: u32,
    children: Vec<&'static str>,
    mother: &'static str,
    partner: &'static str,
    events: u32,
    last_particular: String,
    /// Places of the family's entries in the pack.
    places: Vec<usize>,
}

/// Invents families.
///
/// # Errors
/// None that a seed can cause; the types ask.
pub(super) fn families(seed: u64, count: u32) -> Result<Pack> {
    let (mut random, mut pack) = (Random::new(seed), Pack::default());
    for number in 0..count {
        let first = random.below(GIVEN.len());
        let children = (0..1 + random.below(4)).filter_map(|step| GIVEN.get((first + step * 5) % GIVEN.len()).copied());
        let children = children.collect();
        let (mother, partner) = (random.pick(MOTHERS), random.pick(PARTNERS));
        let (random, pack) = (&mut random, &mut pack);
        let mut family = Family {
            random,
            pack,
            number,
            children,
            mother,
            partner,
            events: 0,
            last_particular: String::new(),
            places: Vec::new(),
        };
        family.live()?;
        let places = family.places;
        pack.families.push(places);
    }
    Ok(pack)
}

/// One entry before it is written down.
struct Line<'a> {
    agency: usize,
    own_word: &'a str,
    child: &'static str,
    also: Vec<&'static str>,
    edtf: String,
    event: String,
    text: String,
}

impl Family<'_> {
    fn live(&mut self) -> Result<()> {
        for _ in 0..8 + self.random.below(8) {
            let day = self.day();
            self.happen(day, None)?;
        }
        if self.random.happens(50) {
            self.two_of_one_day()?;
        }
        if self.random.happens(60) {
            self.visits()?;
        }
        if self.children.len() > 1 && self.random.happens(60) {
            self.own_appointments()?;
        }
        Ok(())
    }

    fn day(&mut self) -> Date {
        let first = Date::from_calendar_date(FIRST_DAY.0, FIRST_DAY.1, FIRST_DAY.2).unwrap_or(Date::MIN);
        let days = i64::try_from(self.random.below(DAYS)).unwrap_or_default();
        first + Duration::days(days)
    }

    fn new_event(&mut self) -> String {
        self.events += 1;
        format!("f{}-event-{}", self.number, self.events)
    }

    /// Something happens and is told by one agency or several.
    fn happen(&mut self, day: Date, hour: Option<usize>) -> Result<Vec<String>> {
        let Some(kind) = KINDS.get(self.random.below(KINDS.len())) else { return Ok(Vec::new()) };
        self.tell(kind, day, hour)
    }

    fn tell(&mut self, kind: &Kind, day: Date, hour: Option<usize>) -> Result<Vec<String>> {
        let event = self.new_event();
        // Nobody argues about the same thing twice on one day: then not even a reader could tell which is meant.
        let fresh: Vec<&str> = kind.particulars.iter().copied().filter(|one| *one != self.last_particular).collect();
        let particular = self.random.pick(&fresh).to_owned();
        self.last_particular.clone_from(&particular);
        let minutes = hour.unwrap_or_else(|| 8 + self.random.below(14)) * 60 + self.random.below(12) * 5;
        let concerned = if kind.own { vec![self.child()] } else { self.children.clone() };
        let mut told = Vec::new();
        for (place, telling) in kind.tellings.iter().enumerate() {
            if place > 0 && self.random.happens(35) {
                continue;
            }
            told.extend(self.telling(telling, &concerned, (day, minutes), &particular, &event)?);
        }
        Ok(told)
    }

    fn child(&mut self) -> &'static str {
        let place = self.random.below(self.children.len());
        self.children.get(place).copied().unwrap_or("Sam")
    }

    /// One agency tells it, for each of the children concerned.
    fn telling(
        &mut self,
        telling: &Telling,
        concerned: &[&'static str],
        (day, minutes): (Date, usize),
        particular: &str,
        event: &str,
    ) -> Result<Vec<String>> {
        let written = day + Duration::days(telling.later);
        let edtf = match telling.later {
            0 => format!("{written}T{:02}:{:02}", minutes / 60, minutes % 60),
            _ if self.random.happens(6) => format!("{}-{:02}", day.year(), u8::from(day.month())),
            _ => written.to_string(),
        };
        let template = self.random.pick(telling.texts);
        let quoted = self.quoted(day, written);
        let time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let all = template
            .replace("{m}", self.mother)
            .replace("{p}", self.partner)
            .replace("{x}", particular)
            .replace("{d}", &quoted)
            .replace("{t}", &time);
        let capitals = telling.agency == 0 && self.random.happens(40);
        let mut names = Vec::new();
        for (place, child) in concerned.iter().enumerate() {
            let also: Vec<_> = concerned.iter().copied().filter(|other| other != child).collect();
            let text = all.replace("{c}", &concerned.join(" and "));
            let text = if place == 0 { text } else { self.edited(&text, concerned) };
            let text = if capitals { text.to_uppercase() } else { text };
            let (edtf, event) = (edtf.clone(), event.to_owned());
            let (agency, own_word) = (telling.agency, telling.own_word);
            names.push(self.write(Line { agency, own_word, child, also, edtf, event, text })?);
        }
        Ok(names)
    }

    fn quoted(&mut self, day: Date, written: Date) -> String {
        let (date, month) = (day.day(), u8::from(day.month()));
        match self.random.below(4) {
            0 => format!("{date}/{month}/{:02}", day.year() % 100),
            1 => format!("{date} {}", day.month()),
            2 if (written - day).whole_days() < 7 && written != day => day.weekday().to_string(),
            _ => format!("{date:02}/{month:02}"),
        }
    }

    /// A sibling's copy: the same, with a slip, shortened, in another order, or pointing to the first.
    fn edited(&mut self, text: &str, concerned: &[&str]) -> String {
        match self.random.below(10) {
            0 => slip(text),
            1 => text.split_inclusive(". ").take(1).collect::<String>().trim_end().to_owned(),
            2 => {
                let mut sentences: Vec<&str> = text.trim_end_matches('.').split(". ").collect();
                sentences.reverse();
                sentences.join(". ")
            }
            3 => {
                let first = text.split(". ").next().unwrap_or(text);
                format!("{first}. See {}'s record.", concerned.first().copied().unwrap_or("sibling"))
            }
            _ => text.to_owned(),
        }
    }

    /// Two incidents on one day, hours apart: the same agencies tell both.
    fn two_of_one_day(&mut self) -> Result<()> {
        let day = self.day();
        let Some(kind) = KINDS.first() else { return Ok(()) };
        let morning = self.tell(kind, day, Some(8))?;
        let night = self.tell(kind, day, Some(21))?;
        self.apart(morning.first(), night.first());
        Ok(())
    }

    /// Visits a week apart in the same words.
    fn visits(&mut self) -> Result<()> {
        let (first, template) = (self.day(), self.random.pick(TEMPLATES));
        let text = template.replace("{m}", self.mother).replace("{c}", &self.children.join(" and "));
        let mut before: Option<String> = None;
        for week in 0..4 {
            let event = self.new_event();
            let edtf = (first + Duration::weeks(week)).to_string();
            let mut names = Vec::new();
            for child in self.children.clone() {
                let also = self.children.iter().copied().filter(|other| *other != child).collect();
                let (event, text, edtf) = (event.clone(), text.clone(), edtf.clone());
                names.push(self.write(Line { agency: 2, own_word: "Visit", child, also, edtf, event, text })?);
            }
            self.apart(before.as_ref(), names.first());
            before = names.into_iter().next();
        }
        Ok(())
    }

    /// Every child's own appointment on one day, in the same words but for what was found.
    fn own_appointments(&mut self) -> Result<()> {
        let (day, text) = (self.day(), self.random.pick(OWN));
        let mut before: Option<String> = None;
        let mut finding = 3 + self.random.below(20);
        for child in self.children.clone() {
            let event = self.new_event();
            finding += 1 + self.random.below(4);
            let (edtf, text) = (day.to_string(), text.replace("{n}", &finding.to_string()));
            let name =
                self.write(Line { agency: 3, own_word: "Appointment", child, also: Vec::new(), edtf, event, text })?;
            self.apart(before.as_ref(), Some(&name));
            before = Some(name);
        }
        Ok(())
    }

    fn apart(&mut self, one: Option<&String>, other: Option<&String>) {
        self.pack.hard_negatives.extend(one.cloned().zip(other.cloned()));
    }

    fn write(&mut self, line: Line<'_>) -> Result<String> {
        let id = |child: &str| format!("f{}-{child}", self.number);
        let agency = AGENCIES.get(line.agency).copied().unwrap_or_default().to_owned();
        let submission = self.number as usize * 1_000 + line.agency * 10 + self.place_of(line.child);
        let children = line.also.iter().copied().chain([line.child]).map(|child| PersonId(stable(&id(child))));
        let mut children: Vec<PersonId> = children.collect();
        children.sort_unstable();
        let when = EventDate::from_edtf(&line.edtf).map_err(|error| anyhow::anyhow!("{}: {error:?}", line.edtf))?;
        let name = format!("f{}/{}", self.number, self.pack.told.len());
        let told = Told {
            name: name.clone(),
            agency,
            submission,
            child: id(line.child),
            given: vec![line.child.to_owned()],
            others: vec![self.mother.to_owned(), self.partner.to_owned()],
            addresses: Vec::new(),
            kind: line.own_word.to_owned(),
            event: line.event,
            details: entry(when, &line.text, children)?,
        };
        self.places.push(self.pack.told.len());
        self.pack.told.push(told);
        Ok(name)
    }

    fn place_of(&self, child: &str) -> usize {
        self.children.iter().position(|known| *known == child).unwrap_or_default()
    }
}

/// One letter lost from the longest word.
fn slip(text: &str) -> String {
    let Some(longest) = text.split(' ').max_by_key(|word| word.len()) else { return text.to_owned() };
    let shorter: String =
        longest.char_indices().filter(|(place, _)| *place != longest.len() / 2).map(|(_, c)| c).collect();
    text.replacen(longest, &shorter, 1)
}
