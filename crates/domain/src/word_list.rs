//! The format of the word lists under `data/`, which practitioners correct and the code embeds with
//! `include_str!`.
//!
//! ```text
//! # A comment: what the list is for and how to correct it.
//!
//! an item before the first heading
//!
//! [section]
//! an item
//! key = value
//! ```
//!
//! One item a line. Spaces around a line and blank lines have no meaning. A `#` starts a comment
//! only at the beginning of a line. Every line can be read, so parsing does not fail. [`mistakes`]
//! finds what an editor may have got wrong; a unit test of each list asserts that there are none.

use std::collections::BTreeSet;

/// A parsed word list: named sections of items, both in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList<'a> {
    sections: Vec<Section<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Section<'a> {
    name: &'a str,
    items: Vec<&'a str>,
}

/// One line of a word list.
enum Line<'a> {
    Ignored,
    Heading(&'a str),
    Item(&'a str),
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Self::Ignored;
        }
        match line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(name) => Self::Heading(name.trim()),
            None => Self::Item(line),
        }
    }
}

impl<'a> WordList<'a> {
    /// Parses the text of a list. Items before the first heading belong to the section with the
    /// empty name.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut sections = Vec::new();
        let mut current = Section {
            name: "",
            items: Vec::new(),
        };
        for line in text.lines() {
            match Line::parse(line) {
                Line::Ignored => {}
                Line::Heading(name) => {
                    let next = Section {
                        name,
                        items: Vec::new(),
                    };
                    sections.push(std::mem::replace(&mut current, next));
                }
                Line::Item(item) => current.items.push(item),
            }
        }
        sections.push(current);
        sections.retain(|section| !section.items.is_empty());
        Self { sections }
    }

    /// The sections in the order of the file: name and items.
    pub fn sections(&self) -> impl Iterator<Item = (&'a str, &[&'a str])> {
        self.sections
            .iter()
            .map(|section| (section.name, section.items.as_slice()))
    }

    /// The items of a section in the order of the file; empty when the list has no such section.
    /// `""` names the items before the first heading.
    #[must_use]
    pub fn items(&self, section: &str) -> &[&'a str] {
        self.sections
            .iter()
            .find(|candidate| candidate.name == section)
            .map_or(&[], |found| &found.items)
    }

    /// The items of a section, each split at its spaces into words.
    #[must_use]
    pub fn phrases(&self, section: &str) -> Vec<Vec<&'a str>> {
        self.items(section)
            .iter()
            .map(|item| item.split_whitespace().collect())
            .collect()
    }

    /// The `key = value` items of a section; items without an equals sign are left out.
    #[must_use]
    pub fn pairs(&self, section: &str) -> Vec<(&'a str, &'a str)> {
        let pair = |item: &&'a str| {
            item.split_once('=')
                .map(|(key, value)| (key.trim_end(), value.trim_start()))
        };
        self.items(section).iter().filter_map(pair).collect()
    }
}

/// Whether the items of a section have to be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemOrder {
    /// Items, or the keys of pairs, ascend in byte order, so that an editor finds a word and sees
    /// that it is there already.
    Sorted,
    /// The order of the items has a meaning.
    Meaningful,
}

/// What is wrong with the form of a list, one sentence for each mistake with the number of its
/// line; empty for a list that is well formed.
///
/// A list begins with a comment that explains it. A section has a name and at least one item, and
/// its heading occurs once. Within a section no item or key occurs twice, items are in the order
/// that `order` demands, and either all of them are `key = value` pairs with both sides given or
/// none is.
#[must_use]
pub fn mistakes(text: &str, order: ItemOrder) -> Vec<String> {
    let mut mistakes = Vec::new();
    if !text.starts_with('#') {
        mistakes.push("line 1: the list does not begin with a comment".to_owned());
    }
    let mut headings = BTreeSet::new();
    let mut items: Vec<&str> = Vec::new();
    let mut heading_without_items = false;
    for (line, number) in text.lines().zip(1..) {
        let found = match Line::parse(line) {
            Line::Ignored => Vec::new(),
            Line::Heading(name) => {
                let found = mistakes_in_heading(name, headings.insert(name), heading_without_items);
                items.clear();
                heading_without_items = true;
                found
            }
            Line::Item(item) => {
                let found = mistakes_in_item(item, &items, order);
                items.push(item);
                heading_without_items = false;
                found
            }
        };
        mistakes.extend(
            found
                .into_iter()
                .map(|mistake| format!("line {number}: {mistake}")),
        );
    }
    if heading_without_items {
        mistakes.push("the last section is empty".to_owned());
    }
    mistakes
}

fn mistakes_in_heading(name: &str, is_new: bool, previous_is_empty: bool) -> Vec<String> {
    let mut mistakes = Vec::new();
    if previous_is_empty {
        mistakes.push("the section before this heading is empty".to_owned());
    }
    if name.is_empty() {
        mistakes.push("the heading has no name".to_owned());
    }
    if !is_new {
        mistakes.push(format!("the heading [{name}] occurs a second time"));
    }
    mistakes
}

/// Mistakes of an item that follows the items `before` in its section.
fn mistakes_in_item(item: &str, before: &[&str], order: ItemOrder) -> Vec<String> {
    let mut mistakes = Vec::new();
    if item.starts_with('[') || item.ends_with(']') {
        mistakes.push(format!("{item:?} is an incomplete heading"));
    }
    if item
        .split_once('=')
        .is_some_and(|(key, value)| key.trim().is_empty() || value.trim().is_empty())
    {
        mistakes.push(format!("{item:?} lacks its key or its value"));
    }
    let Some(previous) = before.last() else {
        return mistakes;
    };
    if before.iter().any(|other| key_of(other) == key_of(item)) {
        mistakes.push(format!("{item:?} occurs a second time"));
    } else if order == ItemOrder::Sorted && key_of(previous) > key_of(item) {
        mistakes.push(format!("{item:?} is out of order"));
    }
    if previous.contains('=') != item.contains('=') {
        mistakes.push(format!("{item:?} has another form than the item before it"));
    }
    mistakes
}

/// The key of a pair, or the whole item.
fn key_of(item: &str) -> &str {
    item.split_once('=').map_or(item, |(key, _)| key.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# A list for tests.\n\nfirst item\n\n[pairs]\nave = avenue\nrd=road\n\n[words]\n  one two  \n";

    #[test]
    fn parses_sections_phrases_and_pairs() {
        let list = WordList::parse(LIST);
        assert_eq!(list.items(""), ["first item"]);
        assert_eq!(list.pairs("pairs"), [("ave", "avenue"), ("rd", "road")]);
        assert_eq!(list.phrases("words"), [["one", "two"]]);
        assert!(list.items("absent").is_empty());
        assert_eq!(
            list.sections().map(|(name, _)| name).collect::<Vec<_>>(),
            ["", "pairs", "words"]
        );
    }

    #[test]
    fn well_formed_list_has_no_mistakes() {
        assert_eq!(mistakes(LIST, ItemOrder::Sorted), Vec::<String>::new());
        assert_eq!(
            mistakes("# Meaningful order\ntwo\none\n", ItemOrder::Meaningful),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_mistake_is_reported() {
        for malformed in [
            "no comment\n",
            "# empty section\n[a]\n[b]\nitem\n",
            "# empty last section\n[a]\n",
            "# heading twice\n[a]\none\n[a]\ntwo\n",
            "# heading without a name\n[]\none\n",
            "# incomplete heading\n[a\n",
            "# out of order\ntwo\none\n",
            "# item twice\none\none\n",
            "# key twice\na = b\na = c\n",
            "# incomplete pair\na =\n",
            "# two forms\na = b\nc\n",
        ] {
            let found = mistakes(malformed, ItemOrder::Sorted);
            assert_eq!(found.len(), 1, "{malformed:?}: {found:?}");
        }
    }
}
