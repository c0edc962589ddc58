//! Puts evidence into words for practitioners, quoting what the accounts say.

use domain::{EntryId, EventDate, Sensitive};

use crate::evidence::{Evidence, EvidenceCode as E, LinkEvidence, Quote};

/// One sentence quotes at most this many passages.
const MAX_QUOTES: usize = 3;

/// An account that evidence may quote.
#[derive(Clone, Copy)]
pub struct QuotedAccount<'a> {
    /// The name of its agency.
    pub agency: &'a str,
    /// Its text.
    pub what: &'a str,
    /// When the event happened, as the agency states it.
    pub when: &'a EventDate,
}

/// Puts facts into words, each sentence once, in the order given. `account` looks up an entry.
/// Entries that it does not find are not quoted, and a fact without quotes is put into the fixed
/// sentence for its code.
#[must_use]
pub fn describe_evidence<'a>(
    facts: &[LinkEvidence],
    account: &dyn Fn(EntryId) -> Option<QuotedAccount<'a>>,
) -> Vec<Evidence> {
    let mut described: Vec<Evidence> = Vec::with_capacity(facts.len());
    for fact in facts {
        let words = quoting_sentence(fact, account).unwrap_or_else(|| fact.code.words().to_owned());
        let evidence = Evidence {
            code: fact.code,
            words: Sensitive::from(words),
        };
        if !described.contains(&evidence) {
            described.push(evidence);
        }
    }
    described
}

/// The sentence for a fact with its quotes; `None` when nothing can be quoted or the code has no
/// such sentence.
fn quoting_sentence<'a>(
    fact: &LinkEvidence,
    account: &dyn Fn(EntryId) -> Option<QuotedAccount<'a>>,
) -> Option<String> {
    let quoted: Vec<(QuotedAccount<'a>, &str)> = fact
        .quotes
        .iter()
        .filter_map(|quote| account(quote.entry).and_then(|found| quoted_text(found, quote)))
        .collect();
    let (first, text) = *quoted.first()?;
    Some(match fact.code {
        E::DateQuoted => match fact.day_of.and_then(account) {
            Some(other) => format!(
                "{} speaks of {}, which is {}, the day that {} gives",
                first.agency,
                in_quotes(text),
                format_day(other.when)?,
                other.agency
            ),
            None => return None,
        },
        E::SameDateQuoted => format!("Both speak of the same day: {}", each_says(&quoted)),
        E::SharedWords => format!("Both tell of {}", join_quotes(&quoted)),
        E::SameFigures => format!("Both give the same figure: {}", join_quotes(&quoted)),
        E::TimesClose | E::SameTime => {
            format!("The times of day are close: {}", each_says(&quoted))
        }
        E::TimesDiffer => format!("The times of day are hours apart: {}", each_says(&quoted)),
        E::SameKind => format!(
            "Both describe the same kind of event: {}",
            each_says(&quoted)
        ),
        E::KindsOfActDiffer => format!("They describe different actions: {}", each_says(&quoted)),
        E::LaterStep => format!(
            "One follows from the other: {} says {}",
            first.agency,
            in_quotes(text)
        ),
        E::SameReference => format!(
            "The same reference appears in both: {}",
            join_quotes(&quoted)
        ),
        _ => return None,
    })
}

/// The passage of text that a quote refers to.
fn quoted_text<'a>(
    account: QuotedAccount<'a>,
    quote: &Quote,
) -> Option<(QuotedAccount<'a>, &'a str)> {
    let range = usize::try_from(quote.from).ok()?..usize::try_from(quote.until).ok()?;
    account
        .what
        .get(range)
        .map(|text| (account, text.trim()))
        .filter(|(_, text)| !text.is_empty())
}

fn in_quotes(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("“{}”", words.join(" "))
}

/// The quoted passages, each once even where several accounts contain it.
fn join_quotes(quoted: &[(QuotedAccount<'_>, &str)]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for (_, text) in quoted {
        let text = in_quotes(text);
        if !texts
            .iter()
            .any(|known| known.to_lowercase() == text.to_lowercase())
            && texts.len() < MAX_QUOTES
        {
            texts.push(text);
        }
    }
    join_with_and(&texts)
}

/// The agencies, each with the passage of its account.
fn each_says(quoted: &[(QuotedAccount<'_>, &str)]) -> String {
    let mut statements: Vec<String> = Vec::new();
    for (account, text) in quoted {
        let statement = format!("{} says {}", account.agency, in_quotes(text));
        if !statements.contains(&statement) && statements.len() < MAX_QUOTES {
            statements.push(statement);
        }
    }
    join_with_and(&statements)
}

fn join_with_and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The date as "2 March 2024"; `None` when it is not one day.
fn format_day(when: &EventDate) -> Option<String> {
    let date = (when.earliest() == when.latest()).then(|| when.earliest())?;
    Some(format!("{} {} {}", date.day(), date.month(), date.year()))
}
