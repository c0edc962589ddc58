//! NHS number and unique pupil number (UPN): identifiers with a check digit or letter, which is
//! verified when they are parsed.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use zeroize::Zeroize;

/// Why an identifier is refused. No error repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Wrong length or wrong characters.
    #[error("the length or characters are not those of such an identifier")]
    Shape,
    /// The check digit or letter does not match the rest.
    #[error("the check digit does not match: a digit is wrong or two have changed places")]
    CheckDigit,
    /// The form is right, but the number belongs to no range from which numbers are issued to
    /// people.
    #[error("never issued to anybody")]
    NeverIssued,
}

impl IdentifierError {
    /// The stable code of this error in problem documents.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shape => "identifier_shape",
            Self::CheckDigit => "identifier_check_digit",
            Self::NeverIssued => "identifier_never_issued",
        }
    }
}

/// What the two identifiers have in common: validated text, a `Debug` form that reveals nothing,
/// and memory that is wiped on drop.
macro_rules! identifier {
    ($name:ident) => {
        impl $name {
            /// The identifier without spaces.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl Zeroize for $name {
            fn zeroize(&mut self) {
                self.0.zeroize();
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.zeroize();
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    };
}

/// The issuer of an NHS number, which its first nine digits determine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NhsNumberRange {
    /// England, Wales and the Isle of Man.
    EnglandAndWales,
    /// Northern Ireland: the health and care number.
    NorthernIreland,
    /// Scotland: the CHI number, which begins with a date of birth.
    Scotland,
    /// Reserved for tests: nobody has such a number.
    Test,
}

/// The ranges in use, by the first nine digits (NHS Data Dictionary, "NHS number").
const RANGES: &[(RangeInclusive<u32>, NhsNumberRange)] = &[
    (10_100_000..=311_299_999, NhsNumberRange::Scotland),
    (320_000_001..=399_999_999, NhsNumberRange::NorthernIreland),
    (400_000_000..=499_999_999, NhsNumberRange::EnglandAndWales),
    (600_000_000..=799_999_999, NhsNumberRange::EnglandAndWales),
    (999_000_000..=999_999_999, NhsNumberRange::Test),
];

/// Whether NHS numbers of the range reserved for tests are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestNumberPolicy {
    /// For development, demonstrations and tests, where no data is about a real family.
    Accepted,
    /// Everywhere else.
    Refused,
}

/// An NHS number: ten digits, of which the last is a check digit (NHS Data Dictionary, modulus 11).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[0-9]{10}$")]
pub struct NhsNumber(String);

identifier!(NhsNumber);

impl NhsNumber {
    /// Parses ten digits; spaces and hyphens between them are allowed. Whether such a number is
    /// ever issued is not checked, so that older stored numbers can still be parsed. Input is
    /// parsed by [`Self::parse_issued`].
    ///
    /// # Errors
    /// [`IdentifierError::Shape`] when there are not ten digits, [`IdentifierError::CheckDigit`]
    /// when the tenth does not match.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let mut digits = compact(text)?;
        let values: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(10)).collect();
        let valid = match values.as_deref() {
            Some([body @ .., check]) if body.len() == 9 => nhs_check_digit(body) == Some(*check),
            _ => {
                digits.zeroize();
                return Err(IdentifierError::Shape);
            }
        };
        if valid {
            return Ok(Self(digits));
        }
        digits.zeroize();
        Err(IdentifierError::CheckDigit)
    }

    /// Parses a number that identifies a person: as [`Self::parse`], and of a range in use.
    ///
    /// # Errors
    /// The errors of [`Self::parse`]; [`IdentifierError::NeverIssued`] for ten equal digits, for a
    /// number outside the ranges in use, and for a number of the range reserved for tests where
    /// these are refused.
    pub fn parse_issued(
        text: &str,
        test_numbers: TestNumberPolicy,
    ) -> Result<Self, IdentifierError> {
        let number = Self::parse(text)?;
        let issued = match number.range() {
            Some(
                NhsNumberRange::EnglandAndWales
                | NhsNumberRange::NorthernIreland
                | NhsNumberRange::Scotland,
            ) => true,
            Some(NhsNumberRange::Test) => test_numbers == TestNumberPolicy::Accepted,
            None => false,
        };
        if issued {
            Ok(number)
        } else {
            Err(IdentifierError::NeverIssued)
        }
    }

    /// The range of the number; `None` for a number that is never issued.
    #[must_use]
    pub fn range(&self) -> Option<NhsNumberRange> {
        let first = self.0.bytes().next()?;
        if self.0.bytes().all(|digit| digit == first) {
            return None;
        }
        let body: u32 = self.0.get(..9)?.parse().ok()?;
        let range = RANGES
            .iter()
            .find(|(range, _)| range.contains(&body))
            .map(|(_, range)| *range)?;
        let has_plausible_date =
            range != NhsNumberRange::Scotland || begins_with_day_and_month(body);
        has_plausible_date.then_some(range)
    }

    /// The number as it is shown to people: groups of three, three and four digits.
    #[must_use]
    pub fn formatted(&self) -> String {
        let (first, rest) = self.0.split_at(3);
        let (second, third) = rest.split_at(3);
        format!("{first} {second} {third}")
    }
}

/// Whether nine digits begin with a day and a month, as a CHI number does.
fn begins_with_day_and_month(body: u32) -> bool {
    (1..=31).contains(&(body / 10_000_000)) && (1..=12).contains(&(body / 100_000 % 100))
}

/// The check digit for nine digits: 11 minus the remainder of the sum weighted 10 to 2; `None` when
/// they have none.
fn nhs_check_digit(body: &[u32]) -> Option<u32> {
    let sum: u32 = body
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

/// A unique pupil number: a check letter, then local authority (3), school (4), year (2) and serial
/// (3); a temporary one ends in a letter (Department for Education, UPN guide).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$")]
pub struct Upn(String);

identifier!(Upn);

/// The letters of a UPN, ordered by value, without I, O and S.
const UPN_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

impl Upn {
    /// Parses a UPN; spaces and hyphens are allowed, and lower case is converted to upper case.
    ///
    /// # Errors
    /// [`IdentifierError::Shape`] when it is not a letter, eleven digits and a digit or letter,
    /// [`IdentifierError::CheckDigit`] when the first letter does not match.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let mut upn = compact(text)?;
        upn.make_ascii_uppercase();
        let checked = check_upn(upn.as_bytes());
        if checked.is_err() {
            upn.zeroize();
        }
        checked.map(|()| Self(upn))
    }

    /// Whether it is a temporary number, which ends in a letter.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.ends_with(|c: char| c.is_ascii_uppercase())
    }
}

fn check_upn(upn: &[u8]) -> Result<(), IdentifierError> {
    let [check, body @ .., last] = upn else {
        return Err(IdentifierError::Shape);
    };
    if body.len() != 11 || !body.iter().all(u8::is_ascii_digit) || !UPN_LETTERS.contains(check) {
        return Err(IdentifierError::Shape);
    }
    let last = upn_value(*last).ok_or(IdentifierError::Shape)?;
    let sum: usize = body
        .iter()
        .map(|digit| usize::from(digit - b'0'))
        .chain([last])
        .zip(2..)
        .map(|(v, w)| v * w)
        .sum();
    if UPN_LETTERS.get(sum % 23) == Some(check) {
        Ok(())
    } else {
        Err(IdentifierError::CheckDigit)
    }
}

fn upn_value(byte: u8) -> Option<usize> {
    if byte.is_ascii_digit() {
        return Some(usize::from(byte - b'0'));
    }
    UPN_LETTERS.iter().position(|letter| *letter == byte)
}

/// Removes spaces and hyphens. A text that is far too long is refused before it is copied.
fn compact(text: &str) -> Result<String, IdentifierError> {
    if text.len() > 40 {
        return Err(IdentifierError::Shape);
    }
    Ok(text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect())
}
