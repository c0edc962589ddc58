//! The authenticated caller of a request.

use std::collections::BTreeSet;

use domain::{Instant, Purpose, Role, Sensitive};

/// The caller that a verified token identifies: a person or a record system. Only `issuer` and
/// `subject` together identify a person, because a subject is unique only within its issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The configured issuer of the token.
    pub issuer: String,
    /// The issuer's identifier for the caller.
    pub subject: Sensitive<String>,
    /// Code of the partnership, from the issuer's configuration.
    pub partnership: String,
    /// Code of the agency, one for which the issuer may speak.
    pub agency: String,
    /// The caller's roles; never empty.
    pub roles: BTreeSet<Role>,
    /// Whether criminal-offence data may be read (UK GDPR Art 10).
    pub offence_data: bool,
    /// The caller's name, as displayed to colleagues.
    pub name: Option<Sensitive<String>>,
    /// The caller's job title, as displayed to colleagues.
    pub job_title: Option<Sensitive<String>>,
    /// The client program to which the token was issued.
    pub client_id: String,
    /// The purpose of the caller's work, if the token states one.
    pub purpose: Option<Purpose>,
    /// The token's `exp`, without leeway: up to [`crate::LEEWAY`] in the past for an accepted
    /// token.
    pub expires_at: Instant,
    /// Whether the caller is an agency's record system rather than a person.
    pub system: bool,
}
