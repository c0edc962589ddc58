//! The one encoding of associated data: what a sealed value is bound to without containing it.

use uuid::Uuid;

/// Fields one after another, each led by its length as four bytes, so that two different lists of fields never give
/// the same bytes. The first field is always a label that names the purpose and its version.
pub(crate) struct Associated(Vec<u8>);

impl Associated {
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
        // A field of 4 GiB or more cannot be held here; the length would saturate and the bytes still follow in full.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

impl AsRef<[u8]> for Associated {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(fields: &[Vec<u8>]) -> Vec<u8> {
        fields.iter().fold(Associated::new("test"), |data, field| data.bytes(field)).0
    }

    proptest! {
        #[test]
        fn different_fields_never_give_the_same_bytes(
            one in prop::collection::vec(prop::collection::vec(0_u8..4, 0..6), 0..5),
            other in prop::collection::vec(prop::collection::vec(0_u8..4, 0..6), 0..5),
        ) {
            prop_assert_eq!(encode(&one) == encode(&other), one == other);
        }
    }

    #[test]
    fn a_byte_moved_from_one_field_to_the_next_shows() {
        assert_ne!(encode(&[b"ab".to_vec(), b"c".to_vec()]), encode(&[b"a".to_vec(), b"bc".to_vec()]));
    }
}
