//! The person or system behind a request.

use std::collections::BTreeSet;

use domain::{Instant, Purpose, Role, Sensitive};

/// Who is calling, as a verified token says. A person is known by `issuer` and `subject` together: a subject alone is
/// unique only within its issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The configured issuer that wrote the token.
    pub issuer: String,
    /// The issuer's own name for the caller.
    pub subject: Sensitive<String>,
    /// Code of the partnership, from the issuer's configuration.
    pub partnership: String,
    /// Code of the agency, one of those the issuer may speak for.
    pub agency: String,
    /// The parts the caller plays; never empty.
    pub roles: BTreeSet<Role>,
    /// Whether criminal-offence data may be read (UK GDPR Art 10).
    pub offence_data: bool,
    /// The caller's name, to be shown to colleagues.
    pub name: Option<Sensitive<String>>,
    /// The caller's job title, to be shown to colleagues.
    pub job_title: Option<Sensitive<String>>,
    /// The program that asked for the token.
    pub client_id: String,
    /// What the caller is working on, if the token says.
    pub purpose: Option<Purpose>,
    /// The token's `exp`, without leeway: it can lie up to [`crate::LEEWAY`] in the past.
    pub expires_at: Instant,
    /// Whether this is an agency's record system and no person.
    pub system: bool,
}
