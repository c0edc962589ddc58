//! Tokens of a typed date: numbers, names of months, seasons and weekdays, other words, and signs.

use time::{Month, Weekday};

use crate::event_date::span::Season;

/// One token of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Digits as typed.
    Num(&'a str),
    /// A month by name.
    Month(Month),
    /// A season by name.
    Season(Season),
    /// A day of the week.
    Weekday(Weekday),
    /// Any other word.
    Word(&'a str),
    /// Any other sign but a space.
    Sym(char),
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum CharacterClass {
    Digit,
    Letter,
    Space,
    Sign,
}

fn classify(c: char) -> CharacterClass {
    match c {
        '0'..='9' => CharacterClass::Digit,
        c if c.is_alphabetic() => CharacterClass::Letter,
        ' ' => CharacterClass::Space,
        _ => CharacterClass::Sign,
    }
}

/// Splits a normalised text into tokens. Ordinal endings ("22nd") and the words "the" and "of" are
/// dropped.
pub(super) fn tokenize(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = classify(first);
        let end = match class {
            CharacterClass::Sign => first.len_utf8(),
            _ => rest.find(|c| classify(c) != class).unwrap_or(rest.len()),
        };
        let (run, after) = rest.split_at(end);
        rest = after;
        match class {
            CharacterClass::Space => {}
            CharacterClass::Digit => tokens.push(Token::Num(run)),
            CharacterClass::Sign => tokens.push(Token::Sym(first)),
            CharacterClass::Letter => tokens.extend(word_token(run, tokens.last())),
        }
    }
    tokens
}

fn word_token<'a>(run: &'a str, before: Option<&Token<'a>>) -> Option<Token<'a>> {
    let is_ordinal_ending =
        matches!(run, "st" | "nd" | "rd" | "th") && matches!(before, Some(Token::Num(_)));
    if is_ordinal_ending || matches!(run, "the" | "of") {
        return None;
    }
    let token = month(run)
        .map(Token::Month)
        .or_else(|| season(run).map(Token::Season))
        .or_else(|| weekday(run).map(Token::Weekday));
    Some(token.unwrap_or(Token::Word(run)))
}

/// The month whose name begins with `run`, which has at least three letters.
fn month(run: &str) -> Option<Month> {
    const NAMES: [(&str, Month); 12] = [
        ("january", Month::January),
        ("february", Month::February),
        ("march", Month::March),
        ("april", Month::April),
        ("may", Month::May),
        ("june", Month::June),
        ("july", Month::July),
        ("august", Month::August),
        ("september", Month::September),
        ("october", Month::October),
        ("november", Month::November),
        ("december", Month::December),
    ];
    NAMES
        .into_iter()
        .find(|(name, _)| run.len() >= 3 && name.starts_with(run))
        .map(|(_, month)| month)
}

fn season(run: &str) -> Option<Season> {
    match run {
        "spring" => Some(Season::Spring),
        "summer" => Some(Season::Summer),
        "autumn" => Some(Season::Autumn),
        "winter" => Some(Season::Winter),
        _ => None,
    }
}

fn weekday(run: &str) -> Option<Weekday> {
    match run {
        "monday" | "mon" => Some(Weekday::Monday),
        "tuesday" | "tue" | "tues" => Some(Weekday::Tuesday),
        "wednesday" | "wed" | "weds" => Some(Weekday::Wednesday),
        "thursday" | "thu" | "thur" | "thurs" => Some(Weekday::Thursday),
        "friday" | "fri" => Some(Weekday::Friday),
        "saturday" | "sat" => Some(Weekday::Saturday),
        "sunday" | "sun" => Some(Weekday::Sunday),
        _ => None,
    }
}
