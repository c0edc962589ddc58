//! A time of day to the minute.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::EventDateError;

/// A UK time of day to the minute, 00:00 to 23:59. It exists only when the time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "14:30")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Hour 0 to 23 and minute 0 to 59; `None` outside.
    #[must_use]
    pub const fn new(hour: u8, minute: u8) -> Option<Self> {
        if hour < 24 && minute < 60 {
            Some(Self(hour as u16 * 60 + minute as u16))
        } else {
            None
        }
    }

    /// Hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        (self.0 / 60) as u8
    }

    /// Minute, 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        (self.0 % 60) as u8
    }

    /// Minutes since midnight, 0 to 1,439.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

impl FromStr for TimeOfDay {
    type Err = EventDateError;

    fn from_str(text: &str) -> Result<Self, EventDateError> {
        let (hour, minute) = text.split_once(':').ok_or(EventDateError::ImpossibleTime)?;
        let two = |digits: &str| match digits.as_bytes() {
            [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
                Some((a - b'0') * 10 + (b - b'0'))
            }
            _ => None,
        };
        let (Some(hour), Some(minute)) = (two(hour), two(minute)) else {
            return Err(EventDateError::ImpossibleTime);
        };
        Self::new(hour, minute).ok_or(EventDateError::ImpossibleTime)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_two_digits_each() {
        assert_eq!(
            "09:05".parse::<TimeOfDay>().map(|t| t.to_string()),
            Ok("09:05".to_owned())
        );
        for text in ["9:05", "24:00", "12:60", "12:5", "+1:05", "1205", ""] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }
}
