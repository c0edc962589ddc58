//! Why a token is rejected.

/// Why a token was rejected, for logs and metrics only: the response is 401 whatever the reason. No
/// variant carries data from the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum TokenError {
    /// Longer than [`crate::MAX_TOKEN_BYTES`].
    TooLong,
    /// Not three non-empty unpadded base64url segments.
    NotAToken,
    /// The header is not a JSON object with distinct members, or `typ`, `alg` or `kid` is not a
    /// string.
    HeaderMalformed,
    /// The header has a member that supplies its own key or changes how the token is parsed.
    HeaderForbidden,
    /// `typ` is not `at+jwt` (RFC 9068 section 2.1).
    WrongType,
    /// The algorithm is not the one configured for the issuer.
    WrongAlgorithm,
    /// The claims are not a JSON object with distinct members.
    ClaimsMalformed,
    /// A required claim is absent.
    ClaimMissing,
    /// A claim has the wrong type, is empty or too long, or contains control characters.
    ClaimInvalid,
    /// `iss` is not exactly the name of a configured issuer.
    UnknownIssuer,
    /// The issuer has no key with this id.
    UnknownKey,
    /// The issuer's keys could not be fetched, or not recently enough.
    KeysUnavailable,
    /// The signature does not match the key.
    BadSignature,
    /// `aud` is not the issuer's configured audience as a single string.
    WrongAudience,
    /// `exp` has passed.
    Expired,
    /// `nbf` is in the future.
    NotYetValid,
    /// `iat` is in the future.
    IssuedInFuture,
    /// `exp` is not after `iat`, or more than [`crate::MAX_LIFETIME`] after it.
    LifetimeRefused,
    /// The issuer may not speak for this agency.
    AgencyNotAllowed,
    /// The issuer may not speak for this partnership.
    PartnershipNotAllowed,
    /// A role is unknown.
    UnknownRole,
    /// `roles` is absent or empty.
    NoRoles,
    /// The issuer may grant none of the roles.
    RolesNotAllowed,
    /// The roles combine a system client with a person's role.
    MixedRoles,
    /// The purpose is unknown.
    UnknownPurpose,
    /// A system client's token is not bound to a certificate (RFC 8705).
    BindingMissing,
    /// The token is bound by a confirmation method that is not supported.
    BindingUnsupported,
    /// The token is bound to a certificate, but none was presented.
    CertificateMissing,
    /// The token is bound to another certificate than the one presented.
    CertificateMismatch,
}

impl TokenError {
    /// The stable code for logs and metric labels.
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
            Self::AgencyNotAllowed => "agency_not_issuers",
            Self::PartnershipNotAllowed => "partnership_not_issuers",
            Self::UnknownRole => "unknown_role",
            Self::NoRoles => "no_roles",
            Self::RolesNotAllowed => "role_not_issuers",
            Self::MixedRoles => "mixed_roles",
            Self::UnknownPurpose => "unknown_purpose",
            Self::BindingMissing => "binding_missing",
            Self::BindingUnsupported => "binding_unsupported",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateMismatch => "certificate_mismatch",
        }
    }
}
