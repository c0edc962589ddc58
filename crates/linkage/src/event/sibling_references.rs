//! Words by which an entry concerns several children, or refers to another child's record for the
//! rest.

use std::sync::LazyLock;

use domain::word_list::WordList;

use super::vocabulary::WordPart;
use crate::stable_hash::WordSet;

const REFERENCE_LIST: &str = include_str!("../../data/sibling-references.txt");

/// A record is named at most this many words after "see".
const MAX_WORDS_TO_RECORD: usize = 4;

struct References {
    several_children: WordSet,
    see: WordSet,
    record: WordSet,
    same_as: WordSet,
    duplicate: WordSet,
}

static REFERENCES: LazyLock<References> = LazyLock::new(|| {
    let list = WordList::parse(REFERENCE_LIST);
    let words = |section: &str| list.items(section).iter().copied().collect();
    References {
        several_children: words("several children"),
        see: words("see"),
        record: words("record"),
        same_as: words("same as"),
        duplicate: words("duplicate"),
    }
});

/// Whether the word stands for several children, or for another child than the one the entry is
/// about.
pub(crate) fn means_several_children(word: &str) -> bool {
    REFERENCES.several_children.contains(word)
}

/// Whether the text refers to another record: "see sibling record", "see Aisha", "see 4471/T", "as
/// above".
pub(crate) fn refers_to_record(parts: &[&WordPart]) -> bool {
    parts.iter().enumerate().any(|(index, part)| {
        let word = part.expanded.as_str();
        let following = parts.get(index + 1..).unwrap_or_default();
        if REFERENCES.see.contains(word) {
            names_record(following)
        } else if word == "as" {
            following
                .first()
                .is_some_and(|next| REFERENCES.same_as.contains(next.expanded.as_str()))
        } else {
            REFERENCES.duplicate.contains(word)
        }
    })
}

/// Whether the words after "see" name a record: by a figure, by a word for one or by a child.
fn names_record(following: &[&WordPart]) -> bool {
    let has_figure = |part: &&WordPart| part.expanded.contains(|c: char| c.is_ascii_digit());
    let is_record =
        |part: &&WordPart| part.is_name || REFERENCES.record.contains(part.expanded.as_str());
    following.first().is_some_and(has_figure)
        || following.iter().take(MAX_WORDS_TO_RECORD).any(is_record)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(REFERENCE_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        for words in [
            &REFERENCES.several_children,
            &REFERENCES.see,
            &REFERENCES.record,
        ] {
            assert!(!words.is_empty());
        }
        assert!(!REFERENCES.same_as.is_empty() && !REFERENCES.duplicate.is_empty());
    }
}
