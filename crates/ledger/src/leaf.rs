//! The leaf of an audit record and its canonical encoding.

use domain::{AuditId, Instant, PartnershipId};
use uuid::Uuid;

use crate::hash::{Hash, leaf_hash};

/// The first byte of every encoded leaf: the version of the format.
const FORMAT: u8 = 1;
/// The length of the fixed fields: format, three identifiers, three numbers, two lengths, one hash.
const FIXED_LENGTH: usize = 1 + 3 * 16 + 3 * 8 + 2 + 32;

/// The permanently verifiable part of an audit record. It contains the personal data of the record
/// only as a salted hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The id of the record.
    pub id: AuditId,
    /// The partnership of the record. Each partnership has a tree of its own.
    pub partnership: PartnershipId,
    /// The node that wrote the record.
    pub node: Uuid,
    /// The number that the node gave to the record within the partnership, from 1, without gaps.
    pub number: i64,
    /// When the operation happened.
    pub at: Instant,
    /// The period (thirty days from 1970) under whose key the payload is sealed.
    pub period: i64,
    /// The operation that was performed or attempted; at most 255 bytes.
    pub operation: String,
    /// The outcome of the operation; at most 255 bytes.
    pub outcome: String,
    /// The salted hash of the payload: [`crate::payload_hash`].
    pub payload_hash: Hash,
}

/// The bytes are not an encoded leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded audit record")]
pub struct LeafError;

impl Leaf {
    /// The canonical bytes: format version (1), record, partnership, node (16 bytes each), number,
    /// microseconds since 1970, period (8 bytes each, big-endian), operation and outcome (a length
    /// byte before each), payload hash.
    ///
    /// An operation or outcome longer than 255 bytes is truncated; the values in use are far
    /// shorter.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            Vec::with_capacity(FIXED_LENGTH + self.operation.len() + self.outcome.len());
        bytes.push(FORMAT);
        for id in [self.id.0, self.partnership.0, self.node] {
            bytes.extend_from_slice(id.as_bytes());
        }
        for number in [self.number, self.at.as_micros(), self.period] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for text in [&self.operation, &self.outcome] {
            let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
            bytes.push(length);
            bytes.extend_from_slice(
                text.as_bytes()
                    .get(..usize::from(length))
                    .unwrap_or_default(),
            );
        }
        bytes.extend_from_slice(&self.payload_hash.0);
        bytes
    }

    /// Decodes a leaf from its canonical bytes.
    ///
    /// # Errors
    /// [`LeafError`] for any other bytes, so that two different byte strings never decode to the
    /// same leaf.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        let mut rest = bytes;
        if take_bytes::<1>(&mut rest)? != [FORMAT] {
            return Err(LeafError);
        }
        let id = AuditId(take_uuid(&mut rest)?);
        let partnership = PartnershipId(take_uuid(&mut rest)?);
        let node = take_uuid(&mut rest)?;
        let number = take_integer(&mut rest)?;
        let micros = take_integer(&mut rest)?;
        let period = take_integer(&mut rest)?;
        let operation = take_text(&mut rest)?;
        let outcome = take_text(&mut rest)?;
        let payload_hash = Hash(take_bytes(&mut rest)?);
        let at = Instant::from_micros(micros);
        if !rest.is_empty() || at.as_micros() != micros {
            return Err(LeafError);
        }
        Ok(Self {
            id,
            partnership,
            node,
            number,
            at,
            period,
            operation,
            outcome,
            payload_hash,
        })
    }

    /// The hash of the leaf in the tree.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }
}

fn take_bytes<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], LeafError> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(LeafError)?;
    *rest = left;
    Ok(*taken)
}

fn take_uuid(rest: &mut &[u8]) -> Result<Uuid, LeafError> {
    take_bytes(rest).map(Uuid::from_bytes)
}

fn take_integer(rest: &mut &[u8]) -> Result<i64, LeafError> {
    take_bytes(rest).map(i64::from_be_bytes)
}

fn take_text(rest: &mut &[u8]) -> Result<String, LeafError> {
    let [length] = take_bytes::<1>(rest)?;
    let (text, left) = rest
        .split_at_checked(usize::from(length))
        .ok_or(LeafError)?;
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
        (
            ids,
            numbers,
            "[a-z_.é]{0,60}",
            "[a-z_]{0,40}",
            any::<[u8; 32]>(),
        )
            .prop_map(|(ids, numbers, one, two, hash)| Leaf {
                id: AuditId(Uuid::from_u128(ids.0)),
                partnership: PartnershipId(Uuid::from_u128(ids.1)),
                node: Uuid::from_u128(ids.2),
                number: numbers.0,
                at: Instant::from_micros(numbers.1),
                period: numbers.2,
                operation: one,
                outcome: two,
                payload_hash: Hash(hash),
            })
    }

    proptest! {
        #[test]
        fn leaves_round_trip(leaf in any_leaf()) {
            prop_assert_eq!(Leaf::from_bytes(&leaf.to_bytes()), Ok(leaf));
        }

        #[test]
        fn decoded_bytes_are_canonical(leaf in any_leaf(), at in 0..200_usize, to in any::<u8>()) {
            let mut bytes = leaf.to_bytes();
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok(read) = Leaf::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }

        #[test]
        fn truncated_and_extended_bytes_are_rejected(leaf in any_leaf(), cut in 1..40_usize) {
            let bytes = leaf.to_bytes();
            prop_assert_eq!(Leaf::from_bytes(&bytes[..bytes.len() - cut]), Err(LeafError));
            prop_assert_eq!(Leaf::from_bytes(&[&bytes[..], &[0]].concat()), Err(LeafError));
        }
    }
}
