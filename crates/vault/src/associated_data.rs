//! The encoding of associated data (AEAD): the context that a sealed value is bound to but does not
//! contain.

use uuid::Uuid;

/// A sequence of fields. Each field is prefixed with its length in four bytes, so that two
/// different sequences never encode to the same bytes. The first field is always a label with the
/// purpose and its version.
pub(crate) struct AssociatedData(Vec<u8>);

impl AssociatedData {
    pub(crate) fn new(label: &str) -> Self {
        Self(Vec::with_capacity(160)).text(label)
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn id(self, id: Uuid) -> Self {
        self.bytes(id.as_bytes())
    }

    pub(crate) fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        // No field reaches 4 GiB in practice. If one did, the length would saturate and the bytes
        // would still follow in full.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

impl AsRef<[u8]> for AssociatedData {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(fields: &[Vec<u8>]) -> Vec<u8> {
        fields
            .iter()
            .fold(AssociatedData::new("test"), |data, field| data.bytes(field))
            .0
    }

    proptest! {
        #[test]
        fn distinct_field_lists_encode_differently(
            one in prop::collection::vec(prop::collection::vec(0_u8..4, 0..6), 0..5),
            other in prop::collection::vec(prop::collection::vec(0_u8..4, 0..6), 0..5),
        ) {
            prop_assert_eq!(encode(&one) == encode(&other), one == other);
        }
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_encoding() {
        assert_ne!(
            encode(&[b"ab".to_vec(), b"c".to_vec()]),
            encode(&[b"a".to_vec(), b"bc".to_vec()])
        );
    }
}
