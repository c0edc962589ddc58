//! The lines of a node's journal: a local file in which a node records its audit writes,
//! independently of the database.

use std::fmt;

use domain::PartnershipId;
use uuid::Uuid;

use crate::hash::Hash;

/// One line of a node's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalLine {
    /// `+ PARTNERSHIP NUMBER HASH`: a record is about to be committed. A later line with the same
    /// number replaces it, because the transaction of the earlier one was rolled back.
    Written {
        /// The partnership of the record.
        partnership: PartnershipId,
        /// The number that the node gave to the record.
        number: i64,
        /// The hash of the record's leaf.
        hash: Hash,
    },
    /// `= PARTNERSHIP NUMBER`: the transaction was committed.
    Committed {
        /// The partnership of the record.
        partnership: PartnershipId,
        /// The number that the node gave to the record.
        number: i64,
    },
    /// `~ PARTNERSHIP RUN NUMBER HASH`: a void record was committed for a number that had been
    /// taken, in this or an earlier run, without a record being committed.
    VoidFilled {
        /// The partnership of the record.
        partnership: PartnershipId,
        /// The run of the node that had taken the number.
        run: Uuid,
        /// The number that the void record fills.
        number: i64,
        /// The hash of the void record's leaf.
        hash: Hash,
    },
    /// `@ PARTNERSHIP SIZE ROOT`: this node signed a checkpoint.
    CheckpointSigned {
        /// The partnership of the tree.
        partnership: PartnershipId,
        /// The number of records.
        size: u64,
        /// The root hash over the records.
        root: Hash,
    },
}

impl JournalLine {
    /// Parses a line without its line ending. `None` for a truncated line and any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let parse_partnership = |word: &str| Uuid::try_parse(word).ok().map(PartnershipId);
        let line = match words.as_slice() {
            ["+", partnership_id, number, hash] => Self::Written {
                partnership: parse_partnership(partnership_id)?,
                number: number.parse().ok()?,
                hash: Hash::parse(hash)?,
            },
            ["=", partnership_id, number] => Self::Committed {
                partnership: parse_partnership(partnership_id)?,
                number: number.parse().ok()?,
            },
            ["~", partnership_id, run, number, hash] => Self::VoidFilled {
                partnership: parse_partnership(partnership_id)?,
                run: Uuid::try_parse(run).ok()?,
                number: number.parse().ok()?,
                hash: Hash::parse(hash)?,
            },
            ["@", partnership_id, size, root] => Self::CheckpointSigned {
                partnership: parse_partnership(partnership_id)?,
                size: size.parse().ok()?,
                root: Hash::parse(root)?,
            },
            _ => return None,
        };
        (line.to_string() == text).then_some(line)
    }
}

impl fmt::Display for JournalLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written {
                partnership,
                number,
                hash,
            } => write!(f, "+ {partnership} {number} {}", hash.to_hex()),
            Self::Committed {
                partnership,
                number,
            } => write!(f, "= {partnership} {number}"),
            Self::VoidFilled {
                partnership,
                run,
                number,
                hash,
            } => {
                write!(f, "~ {partnership} {run} {number} {}", hash.to_hex())
            }
            Self::CheckpointSigned {
                partnership,
                size,
                root,
            } => write!(f, "@ {partnership} {size} {}", root.to_hex()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    #[test]
    fn lines_round_trip_and_truncated_lines_are_rejected() {
        let partnership = PartnershipId(Uuid::from_u128(5));
        let hash = leaf_hash(b"record");
        let lines = [
            JournalLine::Written {
                partnership,
                number: 7,
                hash,
            },
            JournalLine::Committed {
                partnership,
                number: 7,
            },
            JournalLine::VoidFilled {
                partnership,
                run: Uuid::from_u128(6),
                number: 7,
                hash,
            },
            JournalLine::CheckpointSigned {
                partnership,
                size: 9,
                root: hash,
            },
        ];
        for line in lines {
            let text = line.to_string();
            assert_eq!(JournalLine::parse(&text), Some(line));
            if !matches!(line, JournalLine::Committed { .. }) {
                assert_eq!(JournalLine::parse(&text[..text.len() - 1]), None);
            }
        }
        assert_eq!(JournalLine::parse(""), None);
    }
}
