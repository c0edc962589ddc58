//! Parses identifiers as agencies give them, valid or not, and compares them.

use domain::{NhsNumber, Upn};

/// The level of agreement of two identifiers of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentifierLevel {
    Missing,
    Same,
    /// They differ by one typing error, and at least one fails its check.
    Slip,
    /// They differ, and at least one fails its check: no evidence.
    Unclear,
    /// They differ, and both pass their check.
    Different,
}

/// An identifier of up to twenty letters and digits, packed into a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identifier {
    packed: u128,
    /// Whether it passes its check digit or letter.
    pub(crate) valid: bool,
}

impl Identifier {
    /// Parses an NHS number: ten digits, or 8 to 11 after a typing error. `None` for "not known",
    /// "pending", "9.43477E+09" and the like.
    pub(crate) fn parse_nhs_number(text: &str) -> Option<Self> {
        let plain = normalize(text, 12)?;
        let has_form =
            plain.bytes().all(|byte| byte.is_ascii_digit()) && (8..=11).contains(&plain.len());
        has_form.then(|| Self::new(&plain, NhsNumber::parse(&plain).is_ok()))
    }

    /// Parses a unique pupil number. A temporary number is never valid here, because each school
    /// gives another one, so it is no evidence of two pupils.
    pub(crate) fn parse_upn(text: &str) -> Option<Self> {
        let plain = normalize(text, 15)?;
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        let has_form = (12..=14).contains(&plain.len()) && digits + 3 > plain.len();
        has_form.then(|| {
            Self::new(
                &plain,
                Upn::parse(&plain).is_ok_and(|upn| !upn.is_temporary()),
            )
        })
    }

    fn new(plain: &str, valid: bool) -> Self {
        Self {
            packed: pack(plain),
            valid,
        }
    }

    pub(crate) const fn packed(self) -> u128 {
        self.packed
    }

    pub(crate) fn text(self) -> String {
        unpack(self.packed)
    }
}

/// The letters and digits of an identifier, at most `limit` of them; `None` for one character
/// repeated, which means that there is none.
fn normalize(text: &str, limit: usize) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(limit)
        .collect();
    let is_repeated_character = plain.bytes().all(|byte| Some(byte) == plain.bytes().next());
    (!is_repeated_character).then_some(plain)
}

/// Packs up to twenty letters and digits, six bits each; upper and lower case are the same.
pub(crate) fn pack(plain: &str) -> u128 {
    plain.bytes().take(20).fold(0, |packed, byte| {
        let value = match byte.to_ascii_uppercase() {
            digit @ b'0'..=b'9' => digit - b'0' + 1,
            letter @ b'A'..=b'Z' => letter - b'A' + 11,
            _ => 63,
        };
        packed << 6 | u128::from(value)
    })
}

/// The characters of a packed identifier, letters in upper case.
pub(crate) fn unpack(mut packed: u128) -> String {
    let mut out = Vec::new();
    while packed > 0 {
        let value = u8::try_from(packed & 63).unwrap_or(63);
        out.push(match value {
            1..=10 => char::from(b'0' + value - 1),
            11..=36 => char::from(b'A' + value - 11),
            _ => '?',
        });
        packed >>= 6;
    }
    out.into_iter().rev().collect()
}

/// Compares two identifiers of one kind.
pub(crate) fn compare(a: Option<Identifier>, b: Option<Identifier>) -> IdentifierLevel {
    let Some((a, b)) = a.zip(b) else {
        return IdentifierLevel::Missing;
    };
    if a.packed == b.packed {
        return IdentifierLevel::Same;
    }
    if a.valid && b.valid {
        return IdentifierLevel::Different;
    }
    let is_one_slip = super::words::edit_distance(&a.text(), &b.text()) == 1;
    if is_one_slip {
        IdentifierLevel::Slip
    } else {
        IdentifierLevel::Unclear
    }
}

/// Whether two identifiers differ by one typing error and at least one of them fails its check.
pub(crate) fn differ_by_slip(a: Option<Identifier>, b: Option<Identifier>) -> bool {
    let is_one_invalid = a.zip(b).is_some_and(|(a, b)| !a.valid || !b.valid);
    is_one_invalid && compare(a, b) == IdentifierLevel::Slip
}
