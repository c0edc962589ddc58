//! The JSON forms of dates: as stored and as answered.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{EventDate, Precision, TimeOfDay};
use crate::Sensitive;

/// When something happened: the value, the original words, what was corrected in them, and what the
/// order assumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WhenOut {
    /// The value in EDTF (ISO 8601-2).
    #[schema(example = "2016-05-22T14:30")]
    pub edtf: String,
    /// How exactly it is known.
    pub precision: Precision,
    /// What was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "22.05.16 at 14:30")]
    pub words: Option<Sensitive<String>>,
    /// What was corrected in the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "read as 22/05/16")]
    pub repair: Option<String>,
    /// UK time of day; absent when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "14:30")]
    pub time: Option<TimeOfDay>,
    /// The first day it can mean; absent when the start is open.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "iso_date_option"
    )]
    #[schema(value_type = Option<String>, format = "date", example = "2016-05-22")]
    pub earliest: Option<time::Date>,
    /// The last day it can mean; absent when the end is open.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "iso_date_option"
    )]
    #[schema(value_type = Option<String>, format = "date", example = "2016-05-22")]
    pub latest: Option<time::Date>,
    /// What the order assumes; absent for an exact day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumption: Option<String>,
}

impl From<&EventDate> for WhenOut {
    fn from(when: &EventDate) -> Self {
        Self {
            edtf: when.edtf().to_owned(),
            precision: when.precision(),
            words: when.words().cloned(),
            repair: when.repair().map(str::to_owned),
            time: when.time(),
            earliest: Some(when.earliest()).filter(|day| *day != EventDate::OPEN_START),
            latest: Some(when.latest()).filter(|day| *day != EventDate::OPEN_END),
            assumption: when.assumption().map(str::to_owned),
        }
    }
}

/// The stored form of a date. Precision and time follow from the EDTF value and are written for
/// readers; parsing checks that they agree with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredEventDate {
    edtf: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    precision: Option<Precision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<Sensitive<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repair: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<TimeOfDay>,
}

impl Serialize for EventDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = StoredEventDate {
            edtf: self.edtf.clone(),
            precision: Some(self.precision()),
            words: self.words.clone(),
            repair: self.repair.clone(),
            time: self.time(),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = StoredEventDate::deserialize(deserializer)?;
        let mut when = Self::from_edtf(&stored.edtf).map_err(D::Error::custom)?;
        if stored
            .precision
            .is_some_and(|precision| precision != when.precision())
        {
            return Err(D::Error::custom("the precision does not match the date"));
        }
        if stored.time.is_some_and(|time| Some(time) != when.time()) {
            return Err(D::Error::custom("the time does not match the date"));
        }
        when.words = stored.words;
        when.repair = stored.repair;
        Ok(when)
    }
}

/// A calendar day as `YYYY-MM-DD`.
pub(crate) mod iso_date {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
    use time::Date;
    use time::format_description::well_known::Iso8601;

    pub(crate) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!(
            "{:04}-{:02}-{:02}",
            day.year(),
            u8::from(day.month()),
            day.day()
        ))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Date, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if text.len() != 10 {
            return Err(D::Error::custom("not a date of the form YYYY-MM-DD"));
        }
        Date::parse(&text, &Iso8601::DATE)
            .map_err(|_| D::Error::custom("not a date of the form YYYY-MM-DD"))
    }
}

mod iso_date_option {
    use serde::{Deserialize, Deserializer, Serializer};
    use time::Date;

    #[derive(Deserialize)]
    struct Day(#[serde(with = "super::iso_date")] Date);

    pub(super) fn serialize<S: Serializer>(
        day: &Option<Date>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => super::iso_date::serialize(day, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        Ok(Option::<Day>::deserialize(deserializer)?.map(|day| day.0))
    }
}
