//! Identifiers as agencies give them, right or wrong.

use domain::{NhsNumber, Upn};

/// How two identifiers of one kind agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentifierLevel {
    Missing,
    Same,
    /// At least one fails its check, and they differ by one slip.
    Slip,
    /// At least one fails its check: nothing can be said.
    Unclear,
    /// Two right ones.
    Different,
}

/// An identifier of up to twenty letters and digits, packed; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identifier {
    packed: u128,
    /// Passes its check digit or letter.
    pub(crate) valid: bool,
}

impl Identifier {
    /// Ten digits, or as many as a slip can leave; "not known", "pending" and "9.43477E+09" are no numbers.
    pub(crate) fn nhs(text: &str) -> Option<Self> {
        let plain = plain(text, 12)?;
        let digits = plain.bytes().all(|byte| byte.is_ascii_digit()) && (8..=11).contains(&plain.len());
        digits.then(|| Self::of(&plain, NhsNumber::parse(&plain).is_ok()))
    }

    /// A temporary number is right in form, but another school gives another one: it never contradicts.
    pub(crate) fn upn(text: &str) -> Option<Self> {
        let plain = plain(text, 15)?;
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        let shaped = (12..=14).contains(&plain.len()) && digits + 3 > plain.len();
        shaped.then(|| Self::of(&plain, Upn::parse(&plain).is_ok_and(|upn| !upn.is_temporary())))
    }

    fn of(plain: &str, valid: bool) -> Self {
        Self { packed: pack(plain), valid }
    }

    pub(crate) const fn packed(self) -> u128 {
        self.packed
    }

    pub(crate) fn text(self) -> String {
        unpack(self.packed)
    }
}

/// Letters and digits alone, at most so many; `None` for one sign repeated, which stands for none.
fn plain(text: &str, most: usize) -> Option<String> {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).take(most).collect();
    let stand_in = plain.bytes().all(|byte| Some(byte) == plain.bytes().next());
    (!stand_in).then_some(plain)
}

/// Six bits a character; capitals and small letters are the same.
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

pub(crate) fn compare(a: Option<Identifier>, b: Option<Identifier>) -> IdentifierLevel {
    let Some((a, b)) = a.zip(b) else { return IdentifierLevel::Missing };
    if a.packed == b.packed {
        return IdentifierLevel::Same;
    }
    if a.valid && b.valid {
        return IdentifierLevel::Different;
    }
    let near = super::words::slips(&a.text(), &b.text()) == 1;
    if near { IdentifierLevel::Slip } else { IdentifierLevel::Unclear }
}

/// Whether two are one slip apart, and one of them fails its check.
pub(crate) fn near(a: Option<Identifier>, b: Option<Identifier>) -> bool {
    let unsure = a.zip(b).is_some_and(|(a, b)| !a.valid || !b.valid);
    unsure && compare(a, b) == IdentifierLevel::Slip
}
