//! Access outside the ordinary: emergency access, legal holds, and what was disclosed to whom.

mod disclosure;
mod emergency;
mod holds;

pub use disclosure::Disclosure;
pub use emergency::EmergencyAccess;
pub(crate) use emergency::authorize_emergency_access;
pub use holds::LegalHolds;
