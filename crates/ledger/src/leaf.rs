//! What of an audit record goes into the tree, and its one encoding.

use domain::{AuditId, Instant, PartnershipId};
use uuid::Uuid;

use crate::hash::{Hash, leaf_hash};

/// First byte of every encoded leaf: the format's version.
const FORMAT: u8 = 1;
/// Format, three identifiers, three numbers, two lengths, one hash.
const FIXED: usize = 1 + 3 * 16 + 3 * 8 + 2 + 32;

/// What is provable of an audit record for ever. What the record says of people is in it only as a salted hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The record.
    pub id: AuditId,
    /// Its partnership: each has a tree of its own.
    pub partnership: PartnershipId,
    /// The node that wrote it.
    pub node: Uuid,
    /// The node's own number for it within the partnership, from 1, without gaps.
    pub number: i64,
    /// When it happened.
    pub at: Instant,
    /// The period (thirty days from 1970) under whose key the payload is sealed.
    pub period: i64,
    /// What was done or tried; at most 255 bytes.
    pub operation: String,
    /// How it ended; at most 255 bytes.
    pub outcome: String,
    /// See [`crate::payload_hash`].
    pub payload_hash: Hash,
}

/// The bytes are not a leaf of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded audit record")]
pub struct LeafError;

impl Leaf {
    /// The canonical bytes: format version (1), record, partnership, node (16 bytes each), number, microseconds since
    /// 1970, period (8 bytes each, big-endian), operation and outcome (a length byte before each), payload hash.
    ///
    /// Words longer than 255 bytes are cut: ours are from closed lists and far shorter.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED + self.operation.len() + self.outcome.len());
        bytes.push(FORMAT);
        for id in [self.id.0, self.partnership.0, self.node] {
            bytes.extend_from_slice(id.as_bytes());
        }
        for number in [self.number, self.at.as_micros(), self.period] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for word in [&self.operation, &self.outcome] {
            let length = u8::try_from(word.len()).unwrap_or(u8::MAX);
            bytes.push(length);
            bytes.extend_from_slice(word.as_bytes().get(..usize::from(length)).unwrap_or_default());
        }
        bytes.extend_from_slice(&self.payload_hash.0);
        bytes
    }

    /// The leaf of which these are the canonical bytes.
    ///
    /// # Errors
    /// [`LeafError`] for anything else, so that two different byte strings are never the same leaf.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        let mut rest = bytes;
        if take::<1>(&mut rest)? != [FORMAT] {
            return Err(LeafError);
        }
        let (id, partnership, node) = (uuid(&mut rest)?, uuid(&mut rest)?, uuid(&mut rest)?);
        let (number, at, period) = (integer(&mut rest)?, integer(&mut rest)?, integer(&mut rest)?);
        let (operation, outcome) = (word(&mut rest)?, word(&mut rest)?);
        let payload_hash = Hash(take(&mut rest)?);
        let instant = Instant::from_micros(at);
        if !rest.is_empty() || instant.as_micros() != at {
            return Err(LeafError);
        }
        let (id, partnership) = (AuditId(id), PartnershipId(partnership));
        Ok(Self { id, partnership, node, number, at: instant, period, operation, outcome, payload_hash })
    }

    /// Its hash in the tree.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], LeafError> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(LeafError)?;
    *rest = left;
    Ok(*taken)
}

fn uuid(rest: &mut &[u8]) -> Result<Uuid, LeafError> {
    take(rest).map(Uuid::from_bytes)
}

fn integer(rest: &mut &[u8]) -> Result<i64, LeafError> {
    take(rest).map(i64::from_be_bytes)
}

fn word(rest: &mut &[u8]) -> Result<String, LeafError> {
    let [length] = take::<1>(rest)?;
    let (text, left) = rest.split_at_checked(usize::from(length)).ok_or(LeafError)?;
    *rest = left;
    String::from_utf8(text.to_vec()).map_err(|_| LeafError)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_leaf() -> impl Strategy<Value = Leaf> {
        let ids = (any::<u128>(), any::<u128>(), any::<u128>());
        let numbers = (any::<i64>(), any::<i64>(), any::<i64>());
        (ids, numbers, "[a-z_.é]{0,60}", "[a-z_]{0,40}", any::<[u8; 32]>()).prop_map(
            |(ids, numbers, one, two, hash)| Leaf {
                id: AuditId(Uuid::from_u128(ids.0)),
                partnership: PartnershipId(Uuid::from_u128(ids.1)),
                node: Uuid::from_u128(ids.2),
                number: numbers.0,
                at: Instant::from_micros(numbers.1),
                period: numbers.2,
                operation: one,
                outcome: two,
                payload_hash: Hash(hash),
            },
        )
    }

    proptest! {
        #[test]
        fn comes_back_as_it_went(leaf in any_leaf()) {
            prop_assert_eq!(Leaf::from_bytes(&leaf.to_bytes()), Ok(leaf));
        }

        #[test]
        fn bytes_that_are_read_are_the_bytes_that_would_be_written(leaf in any_leaf(), at in 0..200_usize, to in any::<u8>()) {
            let mut bytes = leaf.to_bytes();
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok(read) = Leaf::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }

        #[test]
        fn nothing_cut_or_longer_is_a_leaf(leaf in any_leaf(), cut in 1..40_usize) {
            let bytes = leaf.to_bytes();
            prop_assert_eq!(Leaf::from_bytes(&bytes[..bytes.len() - cut]), Err(LeafError));
            prop_assert_eq!(Leaf::from_bytes(&[&bytes[..], &[0]].concat()), Err(LeafError));
        }
    }
}
