//! The lines of a node's own journal: a second, local account of the records it wrote, one line each.

use std::fmt;

use domain::PartnershipId;
use uuid::Uuid;

use crate::hash::Hash;

/// One line of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// `+ PARTNERSHIP NUMBER HASH`: a record is about to be committed. A later line for the same number replaces it:
    /// the transaction of the first was undone.
    Written {
        /// The record's partnership.
        partnership: PartnershipId,
        /// The node's number for it.
        number: i64,
        /// The hash of its leaf.
        hash: Hash,
    },
    /// `= PARTNERSHIP NUMBER`: the transaction was committed.
    Settled {
        /// The record's partnership.
        partnership: PartnershipId,
        /// The node's number for it.
        number: i64,
    },
    /// `~ PARTNERSHIP RUN NUMBER HASH`: a void record was committed in the place of a number that stood for none, of this run
    /// or one before it.
    Filled {
        /// The record's partnership.
        partnership: PartnershipId,
        /// The run that had taken the number.
        run: Uuid,
        /// The number.
        number: i64,
        /// The hash of the void record's leaf.
        hash: Hash,
    },
    /// `@ PARTNERSHIP SIZE ROOT`: this node signed a checkpoint.
    Signed {
        /// Whose tree.
        partnership: PartnershipId,
        /// How many records.
        size: u64,
        /// Root hash over them.
        root: Hash,
    },
}

impl Line {
    /// Reads a line without its end. `None` for a line cut off in writing, or anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let partnership = |word: &str| Uuid::try_parse(word).ok().map(PartnershipId);
        let line = match words.as_slice() {
            ["+", of, number, hash] => {
                Self::Written { partnership: partnership(of)?, number: number.parse().ok()?, hash: Hash::parse(hash)? }
            }
            ["=", of, number] => Self::Settled { partnership: partnership(of)?, number: number.parse().ok()? },
            ["~", of, run, number, hash] => Self::Filled {
                partnership: partnership(of)?,
                run: Uuid::try_parse(run).ok()?,
                number: number.parse().ok()?,
                hash: Hash::parse(hash)?,
            },
            ["@", of, size, root] => {
                Self::Signed { partnership: partnership(of)?, size: size.parse().ok()?, root: Hash::parse(root)? }
            }
            _ => return None,
        };
        (line.to_string() == text).then_some(line)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written { partnership, number, hash } => write!(f, "+ {partnership} {number} {}", hash.to_hex()),
            Self::Settled { partnership, number } => write!(f, "= {partnership} {number}"),
            Self::Filled { partnership, run, number, hash } => {
                write!(f, "~ {partnership} {run} {number} {}", hash.to_hex())
            }
            Self::Signed { partnership, size, root } => write!(f, "@ {partnership} {size} {}", root.to_hex()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    #[test]
    fn a_line_is_read_as_it_was_written_and_not_when_it_was_cut() {
        let (partnership, hash) = (PartnershipId(Uuid::from_u128(5)), leaf_hash(b"record"));
        let lines = [
            Line::Written { partnership, number: 7, hash },
            Line::Settled { partnership, number: 7 },
            Line::Filled { partnership, run: Uuid::from_u128(6), number: 7, hash },
            Line::Signed { partnership, size: 9, root: hash },
        ];
        for line in lines {
            let text = line.to_string();
            assert_eq!(Line::parse(&text), Some(line));
            if !matches!(line, Line::Settled { .. }) {
                assert_eq!(Line::parse(&text[..text.len() - 1]), None);
            }
        }
        assert_eq!(Line::parse(""), None);
    }
}
