//! Who may write tokens, and for whom.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use domain::Role;
use serde::{Deserialize, Serialize};

/// Signature algorithm of an issuer's keys. There is no third: `none` and the shared-secret family cannot be named.
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
    /// The word of RFC 7518.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The key type that goes with it.
    pub(crate) const fn key_type(self) -> &'static str {
        match self {
            Self::Es256 => "EC",
            Self::Rs256 => "RSA",
        }
    }

    /// The same algorithm as the token library names it.
    pub(crate) const fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

impl FromStr for Algorithm {
    type Err = ();

    /// Case-sensitive, as RFC 7515 section 4.1.1 demands.
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
    /// A file, read again as a URL would be.
    JwksFile(PathBuf),
    /// An `https` URL.
    JwksUrl(String),
    /// The set itself; never read again.
    Inline(String),
}

/// One issuer: its name, its keys, the agencies it may speak for, and what is believed of its tokens.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The exact `iss` claim, compared byte for byte.
    pub issuer: String,
    /// Our name, as the single string of `aud`.
    pub audience: String,
    /// Code of the partnership its tokens belong to.
    pub partnership: String,
    /// Codes of the agencies it may speak for.
    pub agencies: Vec<String>,
    /// The roles it may give. A token's other roles are left out.
    pub roles: BTreeSet<Role>,
    /// Whether the issue times of its tokens are evidence of the time. Only for an issuer whose clock is another
    /// machine's: what has expired is destroyed once the time is vouched for.
    pub vouches_for_time: bool,
    /// The algorithm of all its keys.
    pub algorithm: Algorithm,
    /// Where its keys are.
    pub keys: KeySource,
}

impl IssuerConfig {
    /// The roles an issuer may give unless its configuration names others: those that act for one agency.
    #[must_use]
    pub fn default_roles() -> BTreeSet<Role> {
        Role::ALL.iter().copied().filter(|role| role.acts_for_one_agency()).collect()
    }

    /// Every mistake in this configuration that can be seen without reading its keys, one line each.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut say = |wrong: bool, what: &str| {
            if wrong {
                problems.push(format!("issuer {:?}: {what}", self.issuer));
            }
        };
        say(blank(&self.issuer), "the name is empty or has surrounding white space");
        say(blank(&self.audience), "the audience is empty or has surrounding white space");
        say(blank(&self.partnership), "the partnership is empty or has surrounding white space");
        say(self.agencies.is_empty(), "speaks for no agency");
        say(self.agencies.iter().any(|code| blank(code)), "an agency code is empty or has surrounding white space");
        let distinct: BTreeSet<_> = self.agencies.iter().collect();
        say(distinct.len() != self.agencies.len(), "an agency is named twice");
        say(self.roles.is_empty(), "may give no role");
        problems
    }
}

fn blank(text: &str) -> bool {
    text.is_empty() || text.trim() != text
}
