//! A token issuer for development and demonstration. Anyone who can read its key file can
//! impersonate anyone: never configure it in a deployment with real data.

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

/// Issues ES256 access tokens with a key from a file.
pub struct DevIssuer {
    issuer: String,
    key: EncodingKey,
    key_id: String,
    x: String,
    y: String,
}

/// The claims of a development token.
#[derive(Clone, Default)]
pub struct DevClaims {
    /// `aud`: the service's audience.
    pub audience: String,
    /// `sub`: the caller's id.
    pub subject: String,
    /// `client_id`: the client program.
    pub client_id: String,
    /// Code of the agency.
    pub agency: String,
    /// The caller's roles; the verifier requires at least one.
    pub roles: BTreeSet<Role>,
    /// Whether criminal-offence data may be read.
    pub offence_data: bool,
    /// Name displayed to colleagues.
    pub name: Option<String>,
    /// Job title displayed to colleagues.
    pub job_title: Option<String>,
    /// The caller's purpose.
    pub purpose: Option<Purpose>,
    /// The client certificate the token is bound to; required for a system client.
    pub certificate: Option<CertificateThumbprint>,
}

/// The claims as serialised in the token.
#[derive(Serialize)]
struct TokenClaims<'a> {
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
    /// An issuer named `issuer` with the key in `key_file` (PKCS#8, DER). Creates the file with
    /// mode 0600 if it does not exist.
    ///
    /// # Errors
    /// [`IdentityError::KeyFile`] when the file cannot be read or created,
    /// [`IdentityError::KeyFileExposed`] when other users can read it,
    /// [`IdentityError::KeyFileMalformed`] when it does not hold a P-256 key in PKCS#8.
    pub fn open(key_file: &Path, issuer: &str) -> Result<Self, IdentityError> {
        if !key_file.try_exists()? {
            create_key_file(key_file)?;
        }
        check_file_mode(key_file)?;
        let pkcs8 = Zeroizing::new(fs::read(key_file)?);
        let malformed = |_| IdentityError::KeyFileMalformed;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)
            .map_err(malformed)?;
        let point = pair.public_key().as_ref();
        let (x, y) = point
            .get(1..)
            .and_then(|xy| xy.split_at_checked(32))
            .ok_or(IdentityError::KeyFileMalformed)?;
        let x = URL_SAFE_NO_PAD.encode(x);
        let y = URL_SAFE_NO_PAD.encode(y);
        // The key id is the JWK thumbprint (RFC 7638): the hash of the required members in
        // lexicographic order.
        let key_id = URL_SAFE_NO_PAD.encode(sha256(
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes(),
        ));
        Ok(Self {
            issuer: issuer.to_owned(),
            key: EncodingKey::from_ec_der(&pkcs8),
            key_id,
            x,
            y,
        })
    }

    /// The public key as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> String {
        let key = serde_json::json!({
            "kty": "EC", "crv": "P-256", "x": self.x, "y": self.y,
            "kid": self.key_id, "use": "sig", "alg": "ES256",
        });
        serde_json::json!({ "keys": [key] }).to_string()
    }

    /// A configuration with which a [`crate::Verifier`] accepts this issuer's tokens with any role.
    /// The issuer does not vouch for the time, because it uses the service's own clock.
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

    /// Issues a token that is valid from `now` for `lifetime`, in whole seconds and at most
    /// [`MAX_LIFETIME`].
    ///
    /// # Errors
    /// [`IdentityError::Cryptography`] when signing or random generation fails.
    pub fn issue(
        &self,
        claims: &DevClaims,
        now: Instant,
        lifetime: Duration,
    ) -> Result<String, IdentityError> {
        let iat = now.as_seconds();
        let seconds = i64::try_from(lifetime.min(MAX_LIFETIME).as_secs()).unwrap_or(0);
        let token_claims = TokenClaims {
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
            cnf: claims
                .certificate
                .map(|thumbprint| serde_json::json!({ "x5t#S256": thumbprint.encode() })),
        };
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.typ = Some("at+jwt".into());
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &token_claims, &self.key)
            .map_err(|_| IdentityError::Cryptography)
    }
}

fn random_id() -> Result<String, IdentityError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| IdentityError::Cryptography)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Writes a new key to a temporary file and links it to its final path, so that no process reads a
/// partial key and two processes that start together use the same one.
fn create_key_file(key_file: &Path) -> Result<(), IdentityError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| IdentityError::Cryptography)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| IdentityError::Cryptography)?;
    let temporary = key_file.with_extension(random_id()?);
    let written = write_private(&temporary, pkcs8.as_ref())
        .and_then(|()| fs::hard_link(&temporary, key_file));
    let removed = fs::remove_file(&temporary);
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
fn check_file_mode(key_file: &Path) -> Result<(), IdentityError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(key_file)?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(IdentityError::KeyFileExposed)
    }
}

#[cfg(not(unix))]
fn check_file_mode(_: &Path) -> Result<(), IdentityError> {
    Ok(())
}
