//! An issuer for development and demonstration. Whoever can read its key file can be anybody: never configure it where
//! real families are.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Instant, Purpose, Role};
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::thumbprint::sha256;
use crate::verifier::MAX_LIFETIME;
use crate::{Algorithm, CertificateThumbprint, IdentityError, IssuerConfig, KeySource};

/// Writes ES256 access tokens with a key of its own.
pub struct DevIssuer {
    issuer: String,
    key: EncodingKey,
    key_id: String,
    x: String,
    y: String,
}

/// What a development token shall say of its bearer.
#[derive(Clone, Default)]
pub struct DevClaims {
    /// `aud`: the service's name.
    pub audience: String,
    /// `sub`.
    pub subject: String,
    /// `client_id`.
    pub client_id: String,
    /// Code of the agency.
    pub agency: String,
    /// Roles, at least one for the token to be accepted.
    pub roles: BTreeSet<Role>,
    /// Whether criminal-offence data may be read.
    pub offence_data: bool,
    /// Name shown to colleagues.
    pub name: Option<String>,
    /// Job title shown to colleagues.
    pub job_title: Option<String>,
    /// What the bearer is working on.
    pub purpose: Option<Purpose>,
    /// The client certificate the token is bound to; a system client needs one.
    pub certificate: Option<CertificateThumbprint>,
}

/// The claims as they stand in the token.
#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    agency: &'a str,
    roles: &'a BTreeSet<Role>,
    offence_data: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<serde_json::Value>,
}

impl DevIssuer {
    /// The issuer named `issuer` with the key in `key_file` (PKCS#8, DER), which is made with mode 0600 if absent.
    ///
    /// # Errors
    /// [`IdentityError::KeyFile`] when the file cannot be read or made, [`IdentityError::KeyFileExposed`] when others can
    /// read it, [`IdentityError::KeyFileMalformed`] when it holds something else.
    pub fn open(key_file: &Path, issuer: &str) -> Result<Self, IdentityError> {
        if !key_file.try_exists()? {
            create_key(key_file)?;
        }
        refuse_exposed(key_file)?;
        let pkcs8 = Zeroizing::new(fs::read(key_file)?);
        let malformed = |_| IdentityError::KeyFileMalformed;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).map_err(malformed)?;
        let point = pair.public_key().as_ref();
        let (x, y) = point.get(1..).and_then(|xy| xy.split_at_checked(32)).ok_or(IdentityError::KeyFileMalformed)?;
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // RFC 7638: the thumbprint of the required members in order, as the key's id.
        let key_id =
            URL_SAFE_NO_PAD.encode(sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes()));
        Ok(Self { issuer: issuer.to_owned(), key: EncodingKey::from_ec_der(&pkcs8), key_id, x, y })
    }

    /// The public key as a JWK set.
    #[must_use]
    pub fn jwks(&self) -> String {
        let key = serde_json::json!({
            "kty": "EC", "crv": "P-256", "x": self.x, "y": self.y,
            "kid": self.key_id, "use": "sig", "alg": "ES256",
        });
        serde_json::json!({ "keys": [key] }).to_string()
    }

    /// The configuration that makes a [`crate::Verifier`] accept this issuer's tokens, with any role. It does not vouch for
    /// the time: its clock is the service's own.
    #[must_use]
    pub fn config(&self, audience: &str, partnership: &str, agencies: Vec<String>) -> IssuerConfig {
        IssuerConfig {
            issuer: self.issuer.clone(),
            audience: audience.to_owned(),
            partnership: partnership.to_owned(),
            agencies,
            roles: Role::ALL.iter().copied().collect(),
            vouches_for_time: false,
            algorithm: Algorithm::Es256,
            keys: KeySource::Inline(self.jwks()),
        }
    }

    /// A token valid from `now`, for `lifetime` in whole seconds, at most [`MAX_LIFETIME`].
    ///
    /// # Errors
    /// [`IdentityError::Cryptography`] when the library cannot sign.
    pub fn issue(&self, claims: &DevClaims, now: Instant, lifetime: Duration) -> Result<String, IdentityError> {
        let iat = now.as_seconds();
        let seconds = i64::try_from(lifetime.min(MAX_LIFETIME).as_secs()).unwrap_or(0);
        let wire = Wire {
            iss: &self.issuer,
            aud: &claims.audience,
            sub: &claims.subject,
            client_id: &claims.client_id,
            jti: random_id()?,
            iat,
            nbf: iat,
            exp: iat.saturating_add(seconds),
            agency: &claims.agency,
            roles: &claims.roles,
            offence_data: claims.offence_data,
            name: claims.name.as_deref(),
            job_title: claims.job_title.as_deref(),
            purpose: claims.purpose,
            cnf: claims.certificate.map(|shown| serde_json::json!({ "x5t#S256": shown.encode() })),
        };
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.typ = Some("at+jwt".into());
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &wire, &self.key).map_err(|_| IdentityError::Cryptography)
    }
}

fn random_id() -> Result<String, IdentityError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| IdentityError::Cryptography)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Writes a new key beside its place and links it there, so that no other process reads half a key and two that start
/// together end up with the same one.
fn create_key(key_file: &Path) -> Result<(), IdentityError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| IdentityError::Cryptography)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| IdentityError::Cryptography)?;
    let draft = key_file.with_extension(random_id()?);
    let written = write_private(&draft, pkcs8.as_ref()).and_then(|()| fs::hard_link(&draft, key_file));
    let removed = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(removed?),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn refuse_exposed(key_file: &Path) -> Result<(), IdentityError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(key_file)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(IdentityError::KeyFileExposed) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path) -> Result<(), IdentityError> {
    Ok(())
}
