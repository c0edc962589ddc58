//! Why a token was not accepted.

/// The reason a token is refused: for logs and metrics only, because the caller hears 401 and nothing else. No variant
/// carries anything taken from the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum Refusal {
    /// Longer than [`crate::MAX_TOKEN_BYTES`].
    TooLong,
    /// Not three non-empty unpadded base64url segments.
    NotAToken,
    /// The header is not a JSON object with distinct members and the three texts we need.
    HeaderMalformed,
    /// The header carries a member that brings its own key or changes how to read the token.
    HeaderForbidden,
    /// `typ` is not `at+jwt` (RFC 9068 section 2.1).
    WrongType,
    /// The algorithm is not the one fixed for the issuer's keys.
    WrongAlgorithm,
    /// The claims are not a JSON object with distinct members.
    ClaimsMalformed,
    /// A required claim is absent.
    ClaimMissing,
    /// A claim has the wrong type, is empty, too long or holds control characters.
    ClaimInvalid,
    /// No configured issuer has exactly this name.
    UnknownIssuer,
    /// The issuer has no such key.
    UnknownKey,
    /// The issuer's keys could not be read, or not recently enough.
    KeysUnavailable,
    /// The signature does not fit the key.
    BadSignature,
    /// `aud` is not our name as a single string.
    WrongAudience,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come.
    NotYetValid,
    /// `iat` lies in the future.
    IssuedInFuture,
    /// `exp` is not after `iat`, or more than an hour after it.
    LifetimeRefused,
    /// The issuer does not speak for this agency.
    AgencyNotIssuers,
    /// The issuer does not speak for this partnership.
    PartnershipNotIssuers,
    /// A role is not on our list.
    UnknownRole,
    /// No role at all.
    NoRoles,
    /// The issuer may give none of the roles.
    RoleNotIssuers,
    /// A system client that claims a person's role as well.
    MixedRoles,
    /// The purpose is not on our list.
    UnknownPurpose,
    /// A system client's token is not bound to a certificate (RFC 8705).
    BindingMissing,
    /// Bound in a way we cannot check.
    BindingUnsupported,
    /// Bound to a certificate, but none was presented.
    CertificateMissing,
    /// Bound to another certificate than the one presented.
    CertificateMismatch,
}

impl Refusal {
    /// The stable word for logs and metric labels.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotAToken => "not_a_token",
            Self::HeaderMalformed => "header_malformed",
            Self::HeaderForbidden => "header_forbidden",
            Self::WrongType => "wrong_type",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::ClaimsMalformed => "claims_malformed",
            Self::ClaimMissing => "claim_missing",
            Self::ClaimInvalid => "claim_invalid",
            Self::UnknownIssuer => "unknown_issuer",
            Self::UnknownKey => "unknown_key",
            Self::KeysUnavailable => "keys_unavailable",
            Self::BadSignature => "bad_signature",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::LifetimeRefused => "lifetime_refused",
            Self::AgencyNotIssuers => "agency_not_issuers",
            Self::PartnershipNotIssuers => "partnership_not_issuers",
            Self::UnknownRole => "unknown_role",
            Self::NoRoles => "no_roles",
            Self::RoleNotIssuers => "role_not_issuers",
            Self::MixedRoles => "mixed_roles",
            Self::UnknownPurpose => "unknown_purpose",
            Self::BindingMissing => "binding_missing",
            Self::BindingUnsupported => "binding_unsupported",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateMismatch => "certificate_mismatch",
        }
    }
}
