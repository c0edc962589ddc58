//! From a token to a caller.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Instant;

use crate::claims::Verified;
use crate::fetch::allowed;
use crate::keyring::{Keyring, Refreshed};
use crate::seen::{Seen, TokenHash};
use crate::strict_json::Json;
use crate::thumbprint::sha256;
use crate::token::Token;
use crate::{Caller, CertificateThumbprint, FetchError, FetchKeys, IdentityError, IssuerConfig, KeySource, Refusal};

/// Longest token looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Longest time from `iat` to `exp`.
pub const MAX_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// How far an issuer's clock may differ from ours, either way.
pub const LEEWAY: Duration = Duration::from_secs(10);

/// Most verified tokens remembered.
const SEEN_AT_MOST: usize = 4_096;

/// Checks access tokens (RFC 9068, with RFC 8725's advice) against configured issuers.
///
/// What is asked of a token: `typ` is `at+jwt`; the algorithm is the one fixed for the issuer; `kid` is one of that
/// issuer's keys; `iss` and `aud` are exact; `iat` and `exp` are whole seconds at most [`MAX_LIFETIME`] apart, `nbf` is
/// optional but counts when present, all with [`LEEWAY`]; `sub`, `client_id`, `jti`, `agency` and `roles` are there; the
/// agency is one the issuer speaks for; every role is known and at least one is the issuer's to give, the others being
/// left out; a system client's token is bound to the certificate
/// presented, and so is any other that carries `cnf`. Unknown claims are ignored.
///
/// A verified token is remembered by its hash until it expires or its issuer's keys change; time and certificate are
/// checked again on every call.
pub struct Verifier {
    issuers: BTreeMap<String, Arc<Issuer>>,
    fetch: Arc<dyn FetchKeys>,
    seen: Seen<Remembered>,
}

struct Issuer {
    config: IssuerConfig,
    ring: Keyring,
    /// The latest `iat` of a token admitted, in microseconds.
    latest: AtomicI64,
}

struct Remembered {
    issuer: Arc<Issuer>,
    generation: u64,
    verified: Verified,
}

/// An issuer whose keys could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTrouble {
    /// Whose keys.
    pub issuer: String,
    /// Why not.
    pub error: FetchError,
}

/// Why there is no answer yet, or why it is no.
enum Halt {
    KeysDue(Arc<Issuer>),
    Refused(Refusal),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Verifier {
    /// A verifier for `issuers`. Reads no file and no URL: see [`Verifier::refresh`].
    ///
    /// # Errors
    /// [`IdentityError::Configuration`] with every mistake found: empty or doubled names, an issuer without agencies,
    /// an address that is not `https` (or `http` to this machine), inline keys that are absent or unfit.
    pub fn new(issuers: Vec<IssuerConfig>, fetch: Arc<dyn FetchKeys>) -> Result<Self, IdentityError> {
        let mut problems = Vec::new();
        let mut ready = BTreeMap::new();
        for config in issuers {
            problems.extend(config.problems());
            match Issuer::new(config) {
                Ok(issuer) => {
                    let former = ready.insert(issuer.config.issuer.clone(), Arc::new(issuer));
                    problems.extend(former.map(|issuer| issuer.twice()));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(IdentityError::Configuration { problems });
        }
        Ok(Self { issuers: ready, fetch, seen: Seen::new(SEEN_AT_MOST) })
    }

    /// The caller behind `token`, presented over a connection whose client certificate is `presented_certificate`.
    /// Blocks up to [`crate::FETCH_TIMEOUT`] when it falls to this call to read the issuer's keys; see
    /// [`Verifier::verify_at_hand`] for a thread that must not wait.
    ///
    /// # Errors
    /// [`Refusal`]: the reason, for logs and metrics only.
    pub fn verify(
        &self,
        token: &str,
        presented_certificate: Option<&CertificateThumbprint>,
        now: Instant,
    ) -> Result<Caller, Refusal> {
        match self.examine(token, presented_certificate, now, true) {
            Err(Halt::KeysDue(issuer)) => {
                self.refresh_issuer(&issuer, now);
                self.examine(token, presented_certificate, now, false).map_err(Halt::into_refusal)
            }
            other => other.map_err(Halt::into_refusal),
        }
    }

    /// As [`Verifier::verify`], but never waits: `None` when the issuer's keys should be read first, in which case call
    /// `verify` from a thread that may block. While one thread reads, the others are answered from the keys held.
    ///
    /// # Errors
    /// [`Refusal`]: the reason, for logs and metrics only.
    pub fn verify_at_hand(
        &self,
        token: &str,
        presented_certificate: Option<&CertificateThumbprint>,
        now: Instant,
    ) -> Result<Option<Caller>, Refusal> {
        match self.examine(token, presented_certificate, now, true) {
            Ok(caller) => Ok(Some(caller)),
            Err(Halt::KeysDue(_)) => Ok(None),
            Err(Halt::Refused(refusal)) => Err(refusal),
        }
    }

    /// Reads the keys of every issuer that is due: at start, when checking the configuration, and from a worker, so that
    /// no request has to wait for it. Returns the issuers whose keys could not be read. Blocks.
    pub fn refresh(&self, now: Instant) -> Vec<KeyTrouble> {
        let due = self.issuers.values().filter(|issuer| issuer.ring.due(now, None));
        let read = due.filter_map(|issuer| {
            let error = self.refresh_issuer(issuer, now)?;
            Some(KeyTrouble { issuer: issuer.config.issuer.clone(), error })
        });
        read.collect()
    }

    /// The latest `iat` of a token that was admitted since the start, of the issuers that may vouch for the time: such an
    /// issuer's clock has been there, so it is at least that late. At most [`LEEWAY`] ahead of the moments handed in.
    #[must_use]
    pub fn vouched_time(&self) -> Option<Instant> {
        let vouching = self.issuers.values().filter(|issuer| issuer.config.vouches_for_time);
        let latest = vouching.map(|issuer| issuer.latest.load(Ordering::Relaxed)).max()?;
        (latest > i64::MIN).then(|| Instant::from_micros(latest))
    }

    fn refresh_issuer(&self, issuer: &Issuer, now: Instant) -> Option<FetchError> {
        match issuer.ring.refresh(self.fetch.as_ref(), now) {
            Refreshed::NotNow | Refreshed::Same => None,
            Refreshed::Changed => {
                tracing::info!(issuer = issuer.config.issuer, "the issuer's keys changed");
                self.seen.clear();
                None
            }
            Refreshed::Failed(error) => {
                tracing::warn!(issuer = issuer.config.issuer, %error, "the issuer's keys could not be read");
                Some(error)
            }
        }
    }

    fn examine(
        &self,
        token: &str,
        presented: Option<&CertificateThumbprint>,
        now: Instant,
        ask: bool,
    ) -> Result<Caller, Halt> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong.into());
        }
        let hash = sha256(token.as_bytes());
        let known = self.recall(&hash, now, ask)?;
        let (verified, fresh) = match known {
            Some(known) => (known, false),
            None => (Arc::new(self.read(token, now, ask)?), true),
        };
        let caller = verified.verified.admit(presented, now);
        if caller.is_ok() {
            verified.issuer.note(verified.verified.issued_at());
        }
        if fresh && caller.is_ok() {
            self.seen.put(hash, verified);
        } else if caller == Err(Refusal::Expired) {
            self.seen.forget(&hash);
        }
        Ok(caller?)
    }

    /// What is remembered of a token, if its issuer's keys are those it was verified with.
    fn recall(&self, hash: &TokenHash, now: Instant, ask: bool) -> Result<Option<Arc<Remembered>>, Halt> {
        let Some(known) = self.seen.get(hash) else { return Ok(None) };
        if ask && known.issuer.ring.due(now, None) {
            return Err(Halt::KeysDue(Arc::clone(&known.issuer)));
        }
        let held = known.issuer.ring.held(now);
        if held.is_some_and(|held| held.generation == known.generation) {
            return Ok(Some(known));
        }
        self.seen.forget(hash);
        Ok(None)
    }

    /// Reads a token from scratch: shape, issuer, key, signature, claims.
    fn read(&self, token: &str, now: Instant, ask: bool) -> Result<Remembered, Halt> {
        let token = Token::read(token)?;
        let name = token.claims.get("iss").and_then(Json::text).ok_or(Refusal::UnknownIssuer)?;
        let issuer = self.issuers.get(name).ok_or(Refusal::UnknownIssuer)?;
        if token.algorithm != issuer.config.algorithm {
            return Err(Refusal::WrongAlgorithm.into());
        }
        if ask && issuer.ring.due(now, Some(&token.key_id)) {
            return Err(Halt::KeysDue(Arc::clone(issuer)));
        }
        let held = issuer.ring.held(now).ok_or(Refusal::KeysUnavailable)?;
        let key = held.keys.get(&token.key_id).ok_or(Refusal::UnknownKey)?;
        let algorithm = issuer.config.algorithm.library();
        let genuine = jsonwebtoken::crypto::verify(token.signature, token.signed.as_bytes(), key, algorithm);
        if !genuine.unwrap_or(false) {
            return Err(Refusal::BadSignature.into());
        }
        let verified = Verified::read(&token.claims, &issuer.config)?;
        Ok(Remembered { issuer: Arc::clone(issuer), generation: held.generation, verified })
    }
}

impl Issuer {
    fn new(config: IssuerConfig) -> Result<Self, String> {
        if let KeySource::JwksUrl(url) = &config.keys
            && !allowed(url, true)
        {
            return Err(format!("issuer {:?}: its keys are not at an https address", config.issuer));
        }
        let ring = Keyring::new(config.keys.clone(), config.algorithm).map_err(|(error, faults)| {
            let mut reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
            reasons.extend(error.map(|error| error.to_string()));
            if reasons.is_empty() {
                reasons.push(format!("no key for {}", config.algorithm.as_str()));
            }
            format!("issuer {:?}: its keys cannot be used: {}", config.issuer, reasons.join(", "))
        })?;
        Ok(Self { config, ring, latest: AtomicI64::new(i64::MIN) })
    }

    /// Notes when an admitted token was issued; most are no news.
    fn note(&self, issued_at: Instant) {
        let micros = issued_at.as_micros();
        if micros > self.latest.load(Ordering::Relaxed) {
            self.latest.fetch_max(micros, Ordering::Relaxed);
        }
    }

    fn twice(&self) -> String {
        format!("issuer {:?}: configured twice", self.config.issuer)
    }
}

impl Halt {
    fn into_refusal(self) -> Refusal {
        match self {
            Self::KeysDue(_) => Refusal::KeysUnavailable,
            Self::Refused(refusal) => refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DevClaims, DevIssuer};
    use domain::Role;

    const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);

    /// A key page without keys.
    struct Withdrawn;

    impl FetchKeys for Withdrawn {
        fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
            Ok(br#"{"keys":[]}"#.to_vec())
        }
    }

    /// A key page with one issuer's key.
    struct Published(String);

    impl FetchKeys for Published {
        fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
            Ok(self.0.clone().into_bytes())
        }
    }

    /// A verifier that has read its keys, and a token it accepts for a minute.
    fn bench() -> (Verifier, String) {
        let folder = tempfile::tempdir().unwrap();
        let issuer = DevIssuer::open(&folder.path().join("key"), "https://dev.example").unwrap();
        let mut config = issuer.config("chronology", "county", vec!["school".into()]);
        config.keys = KeySource::JwksUrl("https://dev.example/jwks".into());
        let verifier = Verifier::new(vec![config], Arc::new(Published(issuer.jwks()))).unwrap();
        let claims = DevClaims {
            audience: "chronology".into(),
            subject: "p-1".into(),
            client_id: "portal".into(),
            agency: "school".into(),
            roles: [Role::Practitioner].into(),
            ..DevClaims::default()
        };
        let token = issuer.issue(&claims, NOW, Duration::from_secs(60)).unwrap();
        assert_eq!(verifier.refresh(NOW), []);
        (verifier, token)
    }

    #[test]
    fn remembers_what_it_accepted_and_forgets_what_expired() {
        let (verifier, token) = bench();
        let hash = sha256(token.as_bytes());
        let late = NOW.plus(Duration::from_secs(70));

        assert_eq!(verifier.verify(&token, None, late), Err(Refusal::Expired));
        assert!(verifier.seen.get(&hash).is_none(), "a refused token is not remembered");
        let first = verifier.verify(&token, None, NOW);
        assert!(verifier.seen.get(&hash).is_some());
        assert_eq!(verifier.verify(&token, None, NOW), first);
        assert_eq!(verifier.verify(&token, None, late), Err(Refusal::Expired));
        assert!(verifier.seen.get(&hash).is_none());
    }

    /// A thread that checked the signature before the keys changed may write down its success after.
    #[test]
    fn a_success_written_down_late_counts_for_nothing() {
        let (mut verifier, token) = bench();
        let hash = sha256(token.as_bytes());
        assert!(verifier.verify(&token, None, NOW).is_ok());
        let before = verifier.seen.get(&hash).unwrap();
        verifier.fetch = Arc::new(Withdrawn);
        let later = NOW.plus(Duration::from_secs(40));
        verifier.refresh_issuer(&Arc::clone(&before.issuer), later);
        assert!(verifier.seen.get(&hash).is_none(), "a change of keys empties the memory");
        verifier.seen.put(hash, before);
        assert_eq!(verifier.verify(&token, None, later), Err(Refusal::UnknownKey));
    }
}
