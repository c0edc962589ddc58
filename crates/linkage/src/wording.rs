//! Evidence in words a practitioner would use, quoting what the accounts say.

use domain::{EntryId, EventDate, Sensitive};

use crate::evidence::{Evidence, EvidenceCode as E, LinkEvidence, Quote};

/// How many different stretches of text one sentence quotes.
const MOST_QUOTES: usize = 3;

/// An account as evidence speaks of it.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// The name of the agency that tells it.
    pub agency: &'a str,
    /// Its text.
    pub what: &'a str,
    /// When the agency says that it happened.
    pub when: &'a EventDate,
}

/// The facts in words, each sentence once, in the order given. `account` finds an entry; of entries that it does not find
/// nothing is quoted, and a fact that has lost all its quotes keeps its standing words.
#[must_use]
pub fn in_words<'a>(facts: &[LinkEvidence], account: &dyn Fn(EntryId) -> Option<Account<'a>>) -> Vec<Evidence> {
    let mut told: Vec<Evidence> = Vec::with_capacity(facts.len());
    for fact in facts {
        let words = sentence(fact, account).unwrap_or_else(|| fact.code.words().to_owned());
        let evidence = Evidence { code: fact.code, words: Sensitive::from(words) };
        if !told.contains(&evidence) {
            told.push(evidence);
        }
    }
    told
}

fn sentence<'a>(fact: &LinkEvidence, account: &dyn Fn(EntryId) -> Option<Account<'a>>) -> Option<String> {
    let quoted: Vec<(Account<'a>, &str)> =
        fact.quotes.iter().filter_map(|quote| account(quote.entry).and_then(|found| cut(found, quote))).collect();
    let (first, text) = *quoted.first()?;
    Some(match fact.code {
        E::DateQuoted => match fact.day_of.and_then(account) {
            Some(other) => format!(
                "{} speaks of {}, which is {}, the day that {} gives",
                first.agency,
                in_quotes(text),
                day(other.when)?,
                other.agency
            ),
            None => return None,
        },
        E::SameDateQuoted => format!("Both speak of the same day: {}", each_says(&quoted)),
        E::SharedWords => format!("Both tell of {}", list(&quoted)),
        E::SameFigures => format!("Both give the same figure: {}", list(&quoted)),
        E::TimesClose | E::SameTime => format!("The times of day are close: {}", each_says(&quoted)),
        E::TimesDiffer => format!("The times of day are hours apart: {}", each_says(&quoted)),
        E::SameKind => format!("Both tell of the same kind of event: {}", each_says(&quoted)),
        E::KindsOfActDiffer => format!("They tell of different things that were done: {}", each_says(&quoted)),
        E::LaterStep => format!("One follows from the other: {} says {}", first.agency, in_quotes(text)),
        E::SameReference => format!("The same reference stands in both: {}", list(&quoted)),
        _ => return None,
    })
}

/// The stretch of text that a quote points to.
fn cut<'a>(account: Account<'a>, quote: &Quote) -> Option<(Account<'a>, &'a str)> {
    let range = usize::try_from(quote.from).ok()?..usize::try_from(quote.until).ok()?;
    account.what.get(range).map(|text| (account, text.trim())).filter(|(_, text)| !text.is_empty())
}

fn in_quotes(text: &str) -> String {
    let flat: Vec<&str> = text.split_whitespace().collect();
    format!("“{}”", flat.join(" "))
}

/// Each stretch once, whoever says it.
fn list(quoted: &[(Account<'_>, &str)]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for (_, text) in quoted {
        let text = in_quotes(text);
        if !texts.iter().any(|known| known.to_lowercase() == text.to_lowercase()) && texts.len() < MOST_QUOTES {
            texts.push(text);
        }
    }
    joined(&texts)
}

/// Who says what.
fn each_says(quoted: &[(Account<'_>, &str)]) -> String {
    let mut told: Vec<String> = Vec::new();
    for (account, text) in quoted {
        let one = format!("{} says {}", account.agency, in_quotes(text));
        if !told.contains(&one) && told.len() < MOST_QUOTES {
            told.push(one);
        }
    }
    joined(&told)
}

fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// "2 March 2024", when it is one day.
fn day(when: &EventDate) -> Option<String> {
    let date = (when.earliest() == when.latest()).then(|| when.earliest())?;
    Some(format!("{} {} {}", date.day(), date.month(), date.year()))
}
