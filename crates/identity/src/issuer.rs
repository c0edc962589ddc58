//! Configuration of the issuers: whose tokens are accepted, and for which agencies.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use domain::Role;
use serde::{Deserialize, Serialize};

/// Signature algorithm of an issuer's keys. There are only these two, so `none` and HMAC cannot be
/// configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), keys of 2048 to 8192 bits.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// The name in RFC 7518.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The JWK key type (`kty`) of the algorithm.
    pub(crate) const fn key_type(self) -> &'static str {
        match self {
            Self::Es256 => "EC",
            Self::Rs256 => "RSA",
        }
    }

    /// The algorithm in the `jsonwebtoken` crate.
    pub(crate) const fn jsonwebtoken_algorithm(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

impl FromStr for Algorithm {
    type Err = ();

    /// Case-sensitive, as RFC 7515 section 4.1.1 requires.
    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "ES256" => Ok(Self::Es256),
            "RS256" => Ok(Self::Rs256),
            _ => Err(()),
        }
    }
}

/// Where an issuer publishes its public keys, as a JWK set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file, re-read at the same intervals as a URL.
    JwksFile(PathBuf),
    /// An `https` URL.
    JwksUrl(String),
    /// The set itself, which never changes.
    Inline(String),
}

/// Configuration of one issuer: its name, its keys, the agencies it may speak for, and how far its
/// claims are trusted.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The exact `iss` claim, compared byte for byte.
    pub issuer: String,
    /// The required `aud` claim, a single string that identifies this service.
    pub audience: String,
    /// Code of the partnership that its callers belong to.
    pub partnership: String,
    /// Codes of the agencies it may speak for.
    pub agencies: Vec<String>,
    /// The roles it may grant. Other roles in its tokens are ignored.
    pub roles: BTreeSet<Role>,
    /// Whether the issue times of its tokens count as evidence of the current time, up to which
    /// expired content is destroyed. Set it only for an issuer on another machine, whose clock is
    /// independent of the service's.
    pub vouches_for_time: bool,
    /// The algorithm of all its keys.
    pub algorithm: Algorithm,
    /// Where its keys are published.
    pub keys: KeySource,
}

impl IssuerConfig {
    /// The roles an issuer may grant by default: those that act for one agency.
    #[must_use]
    pub fn default_roles() -> BTreeSet<Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(|role| role.acts_for_one_agency())
            .collect()
    }

    /// Every error in this configuration that can be found without reading its keys, one line each.
    pub(crate) fn configuration_errors(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut report = |wrong: bool, what: &str| {
            if wrong {
                problems.push(format!("issuer {:?}: {what}", self.issuer));
            }
        };
        report(
            is_blank(&self.issuer),
            "the name is empty or has surrounding white space",
        );
        report(
            is_blank(&self.audience),
            "the audience is empty or has surrounding white space",
        );
        report(
            is_blank(&self.partnership),
            "the partnership is empty or has surrounding white space",
        );
        report(self.agencies.is_empty(), "speaks for no agency");
        report(
            self.agencies.iter().any(|code| is_blank(code)),
            "an agency code is empty or has surrounding white space",
        );
        let distinct: BTreeSet<_> = self.agencies.iter().collect();
        report(
            distinct.len() != self.agencies.len(),
            "an agency is named twice",
        );
        report(self.roles.is_empty(), "may give no role");
        problems
    }
}

fn is_blank(text: &str) -> bool {
    text.is_empty() || text.trim() != text
}
