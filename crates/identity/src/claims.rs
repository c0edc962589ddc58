//! What a signed token says, checked against what its issuer may say.

use std::collections::BTreeSet;

use domain::{Instant, Role, Sensitive};

use crate::strict_json::{Json, Object};
use crate::verifier::{LEEWAY, MAX_LIFETIME};
use crate::{Caller, CertificateThumbprint, IssuerConfig, Refusal};

/// Longest `sub`, `client_id` and `jti`, in bytes.
const MAX_ID: usize = 255;
/// Longest `name` and `job_title`, in bytes.
const MAX_NAME: usize = 200;
/// Most roles in one token.
const MAX_ROLES: usize = 16;
/// The last second RFC 3339 can write.
const MAX_SECONDS: i64 = 253_402_300_799;

/// A caller whose token is genuine, with the conditions that hold only at a time and over a connection.
pub(crate) struct Verified {
    caller: Caller,
    not_before: Option<Instant>,
    issued_at: Instant,
    bound_to: Option<CertificateThumbprint>,
}

impl Verified {
    /// Reads the claims of a token whose signature has been checked.
    pub(crate) fn read(claims: &Object, issuer: &IssuerConfig) -> Result<Self, Refusal> {
        if claims.get("aud").and_then(Json::text) != Some(&issuer.audience) {
            return Err(Refusal::WrongAudience);
        }
        let (issued_at, expires_at) = lifetime(claims)?;
        required(claims, "jti", MAX_ID)?;
        let roles = roles(claims, issuer)?;
        let bound_to = binding(claims)?;
        let system = roles.contains(&Role::SystemClient);
        if system && bound_to.is_none() {
            return Err(Refusal::BindingMissing);
        }
        let caller = Caller {
            issuer: issuer.issuer.clone(),
            subject: required(claims, "sub", MAX_ID)?.into(),
            partnership: partnership(claims, issuer)?,
            agency: agency(claims, issuer)?,
            roles,
            offence_data: flag(claims, "offence_data")?,
            name: optional(claims, "name", MAX_NAME)?.map(Sensitive::new),
            job_title: optional(claims, "job_title", MAX_NAME)?.map(Sensitive::new),
            client_id: required(claims, "client_id", MAX_ID)?,
            purpose: optional(claims, "purpose", MAX_ID)?
                .map(|word| word.parse().map_err(|_| Refusal::UnknownPurpose))
                .transpose()?,
            expires_at,
            system,
        };
        Ok(Self { caller, not_before: instant(claims, "nbf")?, issued_at, bound_to })
    }

    /// When the token was issued, by the issuer's clock.
    pub(crate) const fn issued_at(&self) -> Instant {
        self.issued_at
    }

    /// The caller, if the token counts now and over this connection. Asked for every request, remembered or not.
    pub(crate) fn admit(&self, presented: Option<&CertificateThumbprint>, now: Instant) -> Result<Caller, Refusal> {
        if now >= self.caller.expires_at.plus(LEEWAY) {
            return Err(Refusal::Expired);
        }
        if self.issued_at > now.plus(LEEWAY) {
            return Err(Refusal::IssuedInFuture);
        }
        if self.not_before.is_some_and(|start| start > now.plus(LEEWAY)) {
            return Err(Refusal::NotYetValid);
        }
        match (&self.bound_to, presented) {
            (Some(_), None) => Err(Refusal::CertificateMissing),
            (Some(bound), Some(shown)) if bound != shown => Err(Refusal::CertificateMismatch),
            _ => Ok(self.caller.clone()),
        }
    }
}

/// `iat` and `exp`, both required; the time between is more than nothing and at most [`MAX_LIFETIME`].
fn lifetime(claims: &Object) -> Result<(Instant, Instant), Refusal> {
    let issued = instant(claims, "iat")?.ok_or(Refusal::ClaimMissing)?;
    let expires = instant(claims, "exp")?.ok_or(Refusal::ClaimMissing)?;
    if expires <= issued || expires.since(issued) > MAX_LIFETIME {
        return Err(Refusal::LifetimeRefused);
    }
    Ok((issued, expires))
}

/// A NumericDate (RFC 7519 section 2), whole seconds only.
fn instant(claims: &Object, name: &str) -> Result<Option<Instant>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Json::Integer(seconds)) if (0..=MAX_SECONDS).contains(seconds) => {
            Ok(Some(Instant::from_micros(seconds.saturating_mul(1_000_000))))
        }
        Some(_) => Err(Refusal::ClaimInvalid),
    }
}

fn optional(claims: &Object, name: &str, longest: usize) -> Result<Option<String>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let text = value.text().ok_or(Refusal::ClaimInvalid)?;
    let fits = !text.trim().is_empty() && text.len() <= longest && !text.contains(char::is_control);
    if fits { Ok(Some(text.to_owned())) } else { Err(Refusal::ClaimInvalid) }
}

fn required(claims: &Object, name: &str, longest: usize) -> Result<String, Refusal> {
    optional(claims, name, longest)?.ok_or(Refusal::ClaimMissing)
}

fn flag(claims: &Object, name: &str) -> Result<bool, Refusal> {
    match claims.get(name) {
        None => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(_) => Err(Refusal::ClaimInvalid),
    }
}

/// The roles that count: those of the token that its issuer may give.
fn roles(claims: &Object, issuer: &IssuerConfig) -> Result<BTreeSet<Role>, Refusal> {
    let claimed = claimed_roles(claims)?;
    for role in claimed.difference(&issuer.roles) {
        tracing::warn!(issuer = issuer.issuer, %role, "a token claims a role that its issuer may not give");
    }
    let given: BTreeSet<Role> = claimed.intersection(&issuer.roles).copied().collect();
    if given.is_empty() { Err(Refusal::RoleNotIssuers) } else { Ok(given) }
}

/// Known words only: a role we do not know may be one that takes rights away.
fn claimed_roles(claims: &Object) -> Result<BTreeSet<Role>, Refusal> {
    let Json::List(words) = claims.get("roles").ok_or(Refusal::NoRoles)? else { return Err(Refusal::ClaimInvalid) };
    if words.len() > MAX_ROLES {
        return Err(Refusal::ClaimInvalid);
    }
    let parse = |word: &Json| word.text().ok_or(Refusal::ClaimInvalid)?.parse().map_err(|_| Refusal::UnknownRole);
    let roles = words.iter().map(parse).collect::<Result<BTreeSet<Role>, _>>()?;
    if roles.is_empty() {
        return Err(Refusal::NoRoles);
    }
    // A machine that could also sign off or read as a person would make its certificate a person's credential.
    if roles.len() > 1 && roles.contains(&Role::SystemClient) {
        return Err(Refusal::MixedRoles);
    }
    Ok(roles)
}

fn agency(claims: &Object, issuer: &IssuerConfig) -> Result<String, Refusal> {
    let agency = required(claims, "agency", MAX_ID)?;
    if issuer.agencies.contains(&agency) { Ok(agency) } else { Err(Refusal::AgencyNotIssuers) }
}

/// The issuer's partnership; a token need not name it, but must not name another.
fn partnership(claims: &Object, issuer: &IssuerConfig) -> Result<String, Refusal> {
    match optional(claims, "partnership", MAX_ID)? {
        Some(other) if other != issuer.partnership => Err(Refusal::PartnershipNotIssuers),
        _ => Ok(issuer.partnership.clone()),
    }
}

/// The certificate of `cnf` (RFC 7800, RFC 8705). A further or other kind of confirmation cannot be checked here, and a
/// binding that is not checked is none.
fn binding(claims: &Object) -> Result<Option<CertificateThumbprint>, Refusal> {
    let Some(confirmation) = claims.get("cnf") else { return Ok(None) };
    let Json::Object(members) = confirmation else { return Err(Refusal::ClaimInvalid) };
    let thumbprint = members.get("x5t#S256").ok_or(Refusal::BindingUnsupported)?;
    if members.len() > 1 {
        return Err(Refusal::BindingUnsupported);
    }
    thumbprint.text().and_then(CertificateThumbprint::parse).map(Some).ok_or(Refusal::ClaimInvalid)
}
