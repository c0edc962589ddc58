//! Validates the claims of a token against what its issuer may assert.

use std::collections::BTreeSet;

use domain::{Instant, Role, Sensitive};

use crate::strict_json::{Json, Object};
use crate::verifier::{LEEWAY, MAX_LIFETIME};
use crate::{Caller, CertificateThumbprint, IssuerConfig, TokenError};

/// Longest `sub`, `client_id` and `jti`, in bytes.
const MAX_ID_BYTES: usize = 255;
/// Longest `name` and `job_title`, in bytes.
const MAX_NAME_BYTES: usize = 200;
/// Most roles in one token.
const MAX_ROLES: usize = 16;
/// Largest NumericDate: the last second that RFC 3339 can represent.
const MAX_NUMERIC_DATE: i64 = 253_402_300_799;

/// The caller of a genuine token, with the conditions that depend on the time and the connection.
pub(crate) struct VerifiedToken {
    caller: Caller,
    not_before: Option<Instant>,
    issued_at: Instant,
    bound_certificate: Option<CertificateThumbprint>,
}

impl VerifiedToken {
    /// Validates the claims of a token whose signature has been verified.
    pub(crate) fn from_claims(claims: &Object, issuer: &IssuerConfig) -> Result<Self, TokenError> {
        if claims.get("aud").and_then(Json::as_text) != Some(&issuer.audience) {
            return Err(TokenError::WrongAudience);
        }
        let (issued_at, expires_at) = parse_lifetime(claims)?;
        required_text(claims, "jti", MAX_ID_BYTES)?;
        let roles = allowed_roles(claims, issuer)?;
        let bound_certificate = parse_binding(claims)?;
        let system = roles.contains(&Role::SystemClient);
        if system && bound_certificate.is_none() {
            return Err(TokenError::BindingMissing);
        }
        let caller = Caller {
            issuer: issuer.issuer.clone(),
            subject: required_text(claims, "sub", MAX_ID_BYTES)?.into(),
            partnership: parse_partnership(claims, issuer)?,
            agency: parse_agency(claims, issuer)?,
            roles,
            offence_data: parse_flag(claims, "offence_data")?,
            name: optional_text(claims, "name", MAX_NAME_BYTES)?.map(Sensitive::new),
            job_title: optional_text(claims, "job_title", MAX_NAME_BYTES)?.map(Sensitive::new),
            client_id: required_text(claims, "client_id", MAX_ID_BYTES)?,
            purpose: optional_text(claims, "purpose", MAX_ID_BYTES)?
                .map(|word| word.parse().map_err(|_| TokenError::UnknownPurpose))
                .transpose()?,
            expires_at,
            system,
        };
        Ok(Self {
            caller,
            not_before: parse_instant(claims, "nbf")?,
            issued_at,
            bound_certificate,
        })
    }

    /// When the token was issued, by the issuer's clock.
    pub(crate) const fn issued_at(&self) -> Instant {
        self.issued_at
    }

    /// The caller, if the token is valid at `now` and over this connection. Checked for every
    /// request, cached or not.
    pub(crate) fn check_use(
        &self,
        presented: Option<&CertificateThumbprint>,
        now: Instant,
    ) -> Result<Caller, TokenError> {
        if now >= self.caller.expires_at.plus(LEEWAY) {
            return Err(TokenError::Expired);
        }
        if self.issued_at > now.plus(LEEWAY) {
            return Err(TokenError::IssuedInFuture);
        }
        if self
            .not_before
            .is_some_and(|start| start > now.plus(LEEWAY))
        {
            return Err(TokenError::NotYetValid);
        }
        match (&self.bound_certificate, presented) {
            (Some(_), None) => Err(TokenError::CertificateMissing),
            (Some(bound), Some(presented)) if bound != presented => {
                Err(TokenError::CertificateMismatch)
            }
            _ => Ok(self.caller.clone()),
        }
    }
}

/// `iat` and `exp`, both required. `exp` is after `iat`, by at most [`MAX_LIFETIME`].
fn parse_lifetime(claims: &Object) -> Result<(Instant, Instant), TokenError> {
    let issued = parse_instant(claims, "iat")?.ok_or(TokenError::ClaimMissing)?;
    let expires = parse_instant(claims, "exp")?.ok_or(TokenError::ClaimMissing)?;
    if expires <= issued || expires.since(issued) > MAX_LIFETIME {
        return Err(TokenError::LifetimeRefused);
    }
    Ok((issued, expires))
}

/// A NumericDate (RFC 7519 section 2); only whole seconds are accepted.
fn parse_instant(claims: &Object, name: &str) -> Result<Option<Instant>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Integer(seconds)) if (0..=MAX_NUMERIC_DATE).contains(seconds) => Ok(Some(
            Instant::from_micros(seconds.saturating_mul(1_000_000)),
        )),
        Some(_) => Err(TokenError::ClaimInvalid),
    }
}

fn optional_text(
    claims: &Object,
    name: &str,
    max_bytes: usize,
) -> Result<Option<String>, TokenError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let text = value.as_text().ok_or(TokenError::ClaimInvalid)?;
    let fits =
        !text.trim().is_empty() && text.len() <= max_bytes && !text.contains(char::is_control);
    if fits {
        Ok(Some(text.to_owned()))
    } else {
        Err(TokenError::ClaimInvalid)
    }
}

fn required_text(claims: &Object, name: &str, max_bytes: usize) -> Result<String, TokenError> {
    optional_text(claims, name, max_bytes)?.ok_or(TokenError::ClaimMissing)
}

fn parse_flag(claims: &Object, name: &str) -> Result<bool, TokenError> {
    match claims.get(name) {
        None => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(_) => Err(TokenError::ClaimInvalid),
    }
}

/// The claimed roles that the issuer may grant.
fn allowed_roles(claims: &Object, issuer: &IssuerConfig) -> Result<BTreeSet<Role>, TokenError> {
    let claimed = claimed_roles(claims)?;
    for role in claimed.difference(&issuer.roles) {
        tracing::warn!(issuer = issuer.issuer, %role, "a token claims a role that its issuer may not grant");
    }
    let given: BTreeSet<Role> = claimed.intersection(&issuer.roles).copied().collect();
    if given.is_empty() {
        Err(TokenError::RolesNotAllowed)
    } else {
        Ok(given)
    }
}

/// The claimed roles. An unknown role rejects the token, because it might be meant to restrict the
/// caller's rights.
fn claimed_roles(claims: &Object) -> Result<BTreeSet<Role>, TokenError> {
    let Json::List(words) = claims.get("roles").ok_or(TokenError::NoRoles)? else {
        return Err(TokenError::ClaimInvalid);
    };
    if words.len() > MAX_ROLES {
        return Err(TokenError::ClaimInvalid);
    }
    let parse = |word: &Json| {
        word.as_text()
            .ok_or(TokenError::ClaimInvalid)?
            .parse()
            .map_err(|_| TokenError::UnknownRole)
    };
    let roles = words
        .iter()
        .map(parse)
        .collect::<Result<BTreeSet<Role>, _>>()?;
    if roles.is_empty() {
        return Err(TokenError::NoRoles);
    }
    // Combining a system client with a person's role would turn a machine's certificate into a
    // person's credential.
    if roles.len() > 1 && roles.contains(&Role::SystemClient) {
        return Err(TokenError::MixedRoles);
    }
    Ok(roles)
}

fn parse_agency(claims: &Object, issuer: &IssuerConfig) -> Result<String, TokenError> {
    let agency = required_text(claims, "agency", MAX_ID_BYTES)?;
    if issuer.agencies.contains(&agency) {
        Ok(agency)
    } else {
        Err(TokenError::AgencyNotAllowed)
    }
}

/// The issuer's partnership. The claim is optional, but must not name another partnership.
fn parse_partnership(claims: &Object, issuer: &IssuerConfig) -> Result<String, TokenError> {
    match optional_text(claims, "partnership", MAX_ID_BYTES)? {
        Some(other) if other != issuer.partnership => Err(TokenError::PartnershipNotAllowed),
        _ => Ok(issuer.partnership.clone()),
    }
}

/// The certificate in `cnf` (RFC 7800, RFC 8705). A token with any other confirmation method is
/// rejected, because that method would go unchecked.
fn parse_binding(claims: &Object) -> Result<Option<CertificateThumbprint>, TokenError> {
    let Some(confirmation) = claims.get("cnf") else {
        return Ok(None);
    };
    let Json::Object(members) = confirmation else {
        return Err(TokenError::ClaimInvalid);
    };
    let thumbprint = members
        .get("x5t#S256")
        .ok_or(TokenError::BindingUnsupported)?;
    if members.len() > 1 {
        return Err(TokenError::BindingUnsupported);
    }
    thumbprint
        .as_text()
        .and_then(CertificateThumbprint::parse)
        .map(Some)
        .ok_or(TokenError::ClaimInvalid)
}
