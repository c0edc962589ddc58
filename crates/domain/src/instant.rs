//! Points in time in UTC, to the microsecond.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time in UTC, held as whole microseconds since 1970-01-01T00:00:00Z so that SQLite and
/// PostgreSQL keep exactly the same value. On the wire it is RFC 3339 with `Z`; an offset given on
/// input is converted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
#[schema(value_type = String, format = "date-time", max_length = 40, example = "2026-03-02T09:30:00Z")]
pub struct Instant(i64);

/// The text is not an RFC 3339 instant, or lies outside the years 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant")]
pub struct InstantError;

impl Instant {
    /// 9999-12-31T23:59:59.999999Z: the latest instant that RFC 3339 can express.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// 0000-01-01T00:00:00Z: the earliest instant that RFC 3339 can express.
    pub const MIN: Self = Self(-62_167_219_200_000_000);

    /// Creates an instant from whole microseconds since the Unix epoch, clamped to [`Self::MIN`]
    /// and [`Self::MAX`].
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        if micros > Self::MAX.0 {
            Self::MAX
        } else if micros < Self::MIN.0 {
            Self::MIN
        } else {
            Self(micros)
        }
    }

    /// Whole microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Parses RFC 3339.
    ///
    /// # Errors
    /// [`InstantError`] when the text is not RFC 3339 or lies outside the supported years.
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| InstantError)
            .and_then(Self::try_from)
    }

    /// This instant as a `time` value in UTC.
    #[must_use]
    pub fn to_offset(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The instant `by` later, clamped at [`Instant::MAX`].
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// The instant `by` earlier, clamped at [`Instant::MIN`].
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl TryFrom<OffsetDateTime> for Instant {
    type Error = InstantError;

    fn try_from(value: OffsetDateTime) -> Result<Self, InstantError> {
        let micros = value
            .to_offset(UtcOffset::UTC)
            .unix_timestamp_nanos()
            .div_euclid(1_000);
        let micros = i64::try_from(micros).map_err(|_| InstantError)?;
        if (Self::MIN.0..=Self::MAX.0).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(InstantError)
        }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_offset().format(&Rfc3339) {
            Ok(text) => f.write_str(&text),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_kept_and_offsets_are_converted() {
        let instant = Instant::parse("2026-07-01T10:00:00.1234567+01:00").unwrap();
        assert_eq!(instant.to_string(), "2026-07-01T09:00:00.123456Z");
        assert_eq!(Instant::parse(&instant.to_string()), Ok(instant));
    }

    #[test]
    fn arithmetic_is_clamped_at_the_limits() {
        assert_eq!(Instant::MAX.plus(Duration::from_secs(1)), Instant::MAX);
        assert_eq!(Instant::MIN.minus(Duration::MAX), Instant::MIN);
        assert_eq!(Instant::MIN.since(Instant::MAX), Duration::ZERO);
        assert_eq!(Instant::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn texts_that_are_no_instant_are_rejected() {
        for text in [
            "",
            "2026-07-01",
            "2026-13-01T00:00:00Z",
            "2026-07-01T10:00:00",
        ] {
            assert_eq!(Instant::parse(text), Err(InstantError), "{text}");
        }
    }
}
