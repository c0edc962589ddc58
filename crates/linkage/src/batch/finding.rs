//! Errors and warnings about a line of a file. A finding never repeats a value of the line.

use domain::EventDateError;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($name:ident => $words:literal,)+) => {
        /// The kind of a finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FindingCode {
            $(#[doc = $words] $name,)+
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The message for this code.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

codes! {
    NotUtf8 => "The line is not UTF-8",
    NotJson => "The line is not JSON",
    NotAnObject => "The line is not a JSON object",
    LineTooLong => "The line is too long",
    PropertyTwice => "An object has the same property twice, so it is unclear which value applies",
    WrongType => "The value is of the wrong type and was not read",
    UnknownProperty => "There is no such property: it was not read",
    SubmissionMissing => "The submission has no id: its line number is used instead",
    SubmissionRepeated => "Another line has the same submission id",
    EventMissing => "The event has no id: its position in the list is used instead",
    EventRepeated => "Another event of the submission has the same id",
    AgencyMissing => "The submission does not say which agency sends it",
    SubjectUnnamed => "The subject has neither a name nor a date of birth nor an identifier",
    KindUnknown => "Neither child nor adult: read as a child",
    SexUnknown => "Not understood as a sex: read as not known",
    RelationUnknown => "Not understood as a relation: read as any other",
    IdentifierShape => "The identifier has the wrong length or wrong characters",
    IdentifierCheckDigit => "The check digit of the identifier does not match",
    IdentifierNeverIssued => "Numbers like this one are never issued: it identifies nobody and is left out",
    BirthInexact => "Not a whole date of birth: its year was used",
    DateMissing => "The event has no date: it is linked by its text",
    DateTooLong => "Too long to be a date",
    DateUnreadable => "Not understood as a date",
    DateYearMissing => "The year is missing",
    DateImpossible => "There is no such day",
    EndBeforeStart => "The end lies before the start",
    TimeUnreadable => "Not understood as a time of day: left out",
    TimeWithoutDay => "A time of day without an exact day: left out",
    TextMissing => "The event has no text",
    TypeUnknown => "The glossary does not know this type of event; the first of its kind from this agency",
    NameUnknown => "No member of the family has this name",
    NameOfSeveral => "Several children of the family have this name: none of them was chosen",
}

impl From<EventDateError> for FindingCode {
    fn from(error: EventDateError) -> Self {
        match error {
            EventDateError::Empty => Self::DateMissing,
            EventDateError::TooLong => Self::DateTooLong,
            EventDateError::Unreadable => Self::DateUnreadable,
            EventDateError::YearMissing => Self::DateYearMissing,
            EventDateError::ImpossibleDate => Self::DateImpossible,
            EventDateError::ImpossibleTime => Self::TimeUnreadable,
            EventDateError::EndBeforeStart => Self::EndBeforeStart,
        }
    }
}

/// One error or warning about a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The line in the file, from 1.
    pub line: u64,
    /// The submission's label in the output; absent where the line could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    /// The place within the line: `subject.born_on`, `events[3].date`; empty for the whole line.
    pub field: String,
    /// The kind of finding.
    pub code: FindingCode,
    /// The message for the code.
    pub message: String,
}

impl Finding {
    /// A finding on `line`.
    #[must_use]
    pub fn new(line: u64, field: impl Into<String>, code: FindingCode) -> Self {
        Self {
            line,
            submission: None,
            field: field.into(),
            code,
            message: code.words().to_owned(),
        }
    }

    /// The same finding with the label of its submission.
    #[must_use]
    pub fn with_submission(mut self, submission: &str) -> Self {
        self.submission = Some(submission.to_owned());
        self
    }
}
