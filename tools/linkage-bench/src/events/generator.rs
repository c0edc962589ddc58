//! Generates families with events that several agencies record, copies for siblings with edits, and
//! entries that look alike but are about two events.

use anyhow::Result;
use domain::{EventDate, PersonId};
use time::{Date, Duration, Month};

use super::pack::{LabelledEntry, Pack, entry_details, stable_id};
use super::random::Random;
use super::templates::{AGENCIES, AccountTemplate, KINDS, Kind, OWN_APPOINTMENTS, TEMPLATES};

const GIVEN: &[&str] = &[
    "Alfie", "Amira", "Bronwen", "Callum", "Daisy", "Ewan", "Farah", "Gethin", "Hana", "Idris",
    "Jasmine", "Kit", "Leila", "Marcus", "Nia", "Oskar", "Priya", "Quinn", "Rhys", "Safiya",
    "Tomos", "Una", "Viktor", "Wren", "Xanthe", "Yusuf", "Zara",
];
const MOTHERS: &[&str] = &[
    "Leanne", "Nadia", "Olwen", "Samira", "Tracey", "Kasia", "Grace",
];
const PARTNERS: &[&str] = &[
    "Darren", "Emeka", "Gareth", "Imran", "Lee", "Piotr", "Stuart",
];
/// The first day on which anything happens, and how many days follow.
const FIRST_DAY: (i32, Month, u8) = (2022, Month::March, 1);
const DAYS: usize = 900;

/// A family that is being generated.
struct Family<'r> {
    random: &'r mut Random,
    pack: &'r mut Pack,
    number: u32,
    children: Vec<&'static str>,
    mother: &'static str,
    partner: &'static str,
    events: u32,
    last_particular: String,
    /// The indexes of the family's entries in the pack.
    entry_indexes: Vec<usize>,
}

/// Generates families.
///
/// # Errors
/// When a generated date or category is invalid, which no seed causes.
pub(super) fn families(seed: u64, count: u32) -> Result<Pack> {
    let mut random = Random::new(seed);
    let mut pack = Pack::default();
    for number in 0..count {
        let first = random.below(GIVEN.len());
        let children = (0..1 + random.below(4))
            .filter_map(|step| GIVEN.get((first + step * 5) % GIVEN.len()).copied());
        let children = children.collect();
        let mother = random.pick(MOTHERS);
        let partner = random.pick(PARTNERS);
        let random = &mut random;
        let pack = &mut pack;
        let mut family = Family {
            random,
            pack,
            number,
            children,
            mother,
            partner,
            events: 0,
            last_particular: String::new(),
            entry_indexes: Vec::new(),
        };
        family.add_events()?;
        let entry_indexes = family.entry_indexes;
        pack.families.push(entry_indexes);
    }
    Ok(pack)
}

/// An entry that is not yet in the pack.
struct DraftEntry<'a> {
    agency: usize,
    type_label: &'a str,
    child: &'static str,
    also: Vec<&'static str>,
    edtf: String,
    event: String,
    text: String,
}

impl Family<'_> {
    fn add_events(&mut self) -> Result<()> {
        for _ in 0..8 + self.random.below(8) {
            let day = self.day();
            self.add_random_event(day, None)?;
        }
        if self.random.chance(50) {
            self.add_two_incidents_on_one_day()?;
        }
        if self.random.chance(60) {
            self.add_weekly_visits()?;
        }
        if self.children.len() > 1 && self.random.chance(60) {
            self.add_own_appointments()?;
        }
        Ok(())
    }

    fn day(&mut self) -> Date {
        let first =
            Date::from_calendar_date(FIRST_DAY.0, FIRST_DAY.1, FIRST_DAY.2).unwrap_or(Date::MIN);
        let days = i64::try_from(self.random.below(DAYS)).unwrap_or_default();
        first + Duration::days(days)
    }

    fn new_event(&mut self) -> String {
        self.events += 1;
        format!("f{}-event-{}", self.number, self.events)
    }

    /// Adds an event of a random kind, recorded by one agency or several. Returns the names of its
    /// entries.
    fn add_random_event(&mut self, day: Date, hour: Option<usize>) -> Result<Vec<String>> {
        let Some(kind) = KINDS.get(self.random.below(KINDS.len())) else {
            return Ok(Vec::new());
        };
        self.record_event(kind, day, hour)
    }

    fn record_event(&mut self, kind: &Kind, day: Date, hour: Option<usize>) -> Result<Vec<String>> {
        let event = self.new_event();
        // Two events in a row never have the same particular, because then not even a reader could
        // tell them apart.
        let fresh: Vec<&str> = kind
            .particulars
            .iter()
            .copied()
            .filter(|particular| *particular != self.last_particular)
            .collect();
        let particular = self.random.pick(&fresh).to_owned();
        self.last_particular.clone_from(&particular);
        let minutes =
            hour.unwrap_or_else(|| 8 + self.random.below(14)) * 60 + self.random.below(12) * 5;
        let concerned = if kind.single_child {
            vec![self.child()]
        } else {
            self.children.clone()
        };
        let mut names = Vec::new();
        for (index, template) in kind.account_templates.iter().enumerate() {
            if index > 0 && self.random.chance(35) {
                continue;
            }
            names.extend(self.record_account(
                template,
                &concerned,
                (day, minutes),
                &particular,
                &event,
            )?);
        }
        Ok(names)
    }

    fn child(&mut self) -> &'static str {
        let index = self.random.below(self.children.len());
        self.children.get(index).copied().unwrap_or("Sam")
    }

    /// Adds one agency's account of an event: an entry for each of the children concerned.
    fn record_account(
        &mut self,
        template: &AccountTemplate,
        concerned: &[&'static str],
        (day, minutes): (Date, usize),
        particular: &str,
        event: &str,
    ) -> Result<Vec<String>> {
        let written = day + Duration::days(template.days_later);
        let edtf = match template.days_later {
            0 => format!("{written}T{:02}:{:02}", minutes / 60, minutes % 60),
            _ if self.random.chance(6) => format!("{}-{:02}", day.year(), u8::from(day.month())),
            _ => written.to_string(),
        };
        let wording = self.random.pick(template.texts);
        let quoted = self.quote_day(day, written);
        let time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let all = wording
            .replace("{m}", self.mother)
            .replace("{p}", self.partner)
            .replace("{x}", particular)
            .replace("{d}", &quoted)
            .replace("{t}", &time);
        let is_upper_case = template.agency == 0 && self.random.chance(40);
        let mut names = Vec::new();
        for (index, child) in concerned.iter().enumerate() {
            let also: Vec<_> = concerned
                .iter()
                .copied()
                .filter(|other| other != child)
                .collect();
            let text = all.replace("{c}", &concerned.join(" and "));
            let text = if index == 0 {
                text
            } else {
                self.sibling_copy(&text, concerned)
            };
            let text = if is_upper_case {
                text.to_uppercase()
            } else {
                text
            };
            let edtf = edtf.clone();
            let event = event.to_owned();
            let agency = template.agency;
            let type_label = template.type_label;
            names.push(self.add_entry(DraftEntry {
                agency,
                type_label,
                child,
                also,
                edtf,
                event,
                text,
            })?);
        }
        Ok(names)
    }

    fn quote_day(&mut self, day: Date, written: Date) -> String {
        let date = day.day();
        let month = u8::from(day.month());
        match self.random.below(4) {
            0 => format!("{date}/{month}/{:02}", day.year() % 100),
            1 => format!("{date} {}", day.month()),
            2 if (written - day).whole_days() < 7 && written != day => day.weekday().to_string(),
            _ => format!("{date:02}/{month:02}"),
        }
    }

    /// A sibling's copy: the same text, misspelt, shortened, in another order, or referring to the
    /// first.
    fn sibling_copy(&mut self, text: &str, concerned: &[&str]) -> String {
        match self.random.below(10) {
            0 => misspell(text),
            1 => text
                .split_inclusive(". ")
                .take(1)
                .collect::<String>()
                .trim_end()
                .to_owned(),
            2 => {
                let mut sentences: Vec<&str> = text.trim_end_matches('.').split(". ").collect();
                sentences.reverse();
                sentences.join(". ")
            }
            3 => {
                let first = text.split(". ").next().unwrap_or(text);
                format!(
                    "{first}. See {}'s record.",
                    concerned.first().copied().unwrap_or("sibling")
                )
            }
            _ => text.to_owned(),
        }
    }

    /// Adds two incidents on one day, hours apart, recorded by the same agencies.
    fn add_two_incidents_on_one_day(&mut self) -> Result<()> {
        let day = self.day();
        let Some(kind) = KINDS.first() else {
            return Ok(());
        };
        let morning = self.record_event(kind, day, Some(8))?;
        let night = self.record_event(kind, day, Some(21))?;
        self.expect_separate(morning.first(), night.first());
        Ok(())
    }

    /// Adds visits a week apart in the same words.
    fn add_weekly_visits(&mut self) -> Result<()> {
        let first = self.day();
        let template = self.random.pick(TEMPLATES);
        let text = template
            .replace("{m}", self.mother)
            .replace("{c}", &self.children.join(" and "));
        let mut before: Option<String> = None;
        for week in 0..4 {
            let event = self.new_event();
            let edtf = (first + Duration::weeks(week)).to_string();
            let mut names = Vec::new();
            for child in self.children.clone() {
                let also = self
                    .children
                    .iter()
                    .copied()
                    .filter(|other| *other != child)
                    .collect();
                let event = event.clone();
                let text = text.clone();
                let edtf = edtf.clone();
                names.push(self.add_entry(DraftEntry {
                    agency: 2,
                    type_label: "Visit",
                    child,
                    also,
                    edtf,
                    event,
                    text,
                })?);
            }
            self.expect_separate(before.as_ref(), names.first());
            before = names.into_iter().next();
        }
        Ok(())
    }

    /// Adds an appointment of each child on one day, in the same words but for the finding.
    fn add_own_appointments(&mut self) -> Result<()> {
        let day = self.day();
        let text = self.random.pick(OWN_APPOINTMENTS);
        let mut before: Option<String> = None;
        let mut finding = 3 + self.random.below(20);
        for child in self.children.clone() {
            let event = self.new_event();
            finding += 1 + self.random.below(4);
            let edtf = day.to_string();
            let text = text.replace("{n}", &finding.to_string());
            let name = self.add_entry(DraftEntry {
                agency: 3,
                type_label: "Appointment",
                child,
                also: Vec::new(),
                edtf,
                event,
                text,
            })?;
            self.expect_separate(before.as_ref(), Some(&name));
            before = Some(name);
        }
        Ok(())
    }

    fn expect_separate(&mut self, one: Option<&String>, other: Option<&String>) {
        self.pack
            .hard_negatives
            .extend(one.cloned().zip(other.cloned()));
    }

    fn add_entry(&mut self, draft: DraftEntry<'_>) -> Result<String> {
        let id = |child: &str| format!("f{}-{child}", self.number);
        let agency = AGENCIES
            .get(draft.agency)
            .copied()
            .unwrap_or_default()
            .to_owned();
        let submission =
            self.number as usize * 1_000 + draft.agency * 10 + self.index_of(draft.child);
        let children = draft
            .also
            .iter()
            .copied()
            .chain([draft.child])
            .map(|child| PersonId(stable_id(&id(child))));
        let mut children: Vec<PersonId> = children.collect();
        children.sort_unstable();
        let when = EventDate::from_edtf(&draft.edtf)
            .map_err(|error| anyhow::anyhow!("{}: {error:?}", draft.edtf))?;
        let name = format!("f{}/{}", self.number, self.pack.entries.len());
        let entry = LabelledEntry {
            name: name.clone(),
            agency,
            submission,
            child: id(draft.child),
            given: vec![draft.child.to_owned()],
            others: vec![self.mother.to_owned(), self.partner.to_owned()],
            addresses: Vec::new(),
            kind: draft.type_label.to_owned(),
            event: draft.event,
            details: entry_details(when, &draft.text, children)?,
        };
        self.entry_indexes.push(self.pack.entries.len());
        self.pack.entries.push(entry);
        Ok(name)
    }

    fn index_of(&self, child: &str) -> usize {
        self.children
            .iter()
            .position(|known| *known == child)
            .unwrap_or_default()
    }
}

/// The text with one letter left out of its longest word.
fn misspell(text: &str) -> String {
    let Some(longest) = text.split(' ').max_by_key(|word| word.len()) else {
        return text.to_owned();
    };
    let shorter: String = longest
        .char_indices()
        .filter(|(index, _)| *index != longest.len() / 2)
        .map(|(_, c)| c)
        .collect();
    text.replacen(longest, &shorter, 1)
}
