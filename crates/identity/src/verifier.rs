//! Verifies access tokens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Instant;

use crate::claims::VerifiedToken;
use crate::fetch::is_allowed_url;
use crate::keyring::{Keyring, RefreshOutcome};
use crate::strict_json::Json;
use crate::thumbprint::sha256;
use crate::token::ParsedToken;
use crate::token_cache::{TokenCache, TokenHash};
use crate::{
    Caller, CertificateThumbprint, FetchError, FetchKeys, IdentityError, IssuerConfig, KeySource,
    TokenError,
};

/// Longest token accepted, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Longest time from `iat` to `exp`.
pub const MAX_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Largest difference accepted between an issuer's clock and the service's, in either direction.
pub const LEEWAY: Duration = Duration::from_secs(10);

/// Capacity of the cache of verified tokens.
const MAX_CACHED_TOKENS: usize = 4_096;

/// Verifies access tokens (RFC 9068, following RFC 8725) of the configured issuers.
///
/// A token is accepted if: `typ` is `at+jwt`; `alg` is the issuer's configured algorithm; `kid`
/// identifies one of the issuer's keys; `iss` and `aud` match exactly; `iat` and `exp` are whole
/// seconds at most [`MAX_LIFETIME`] apart and `nbf`, if present, has passed, all with [`LEEWAY`];
/// `sub`, `client_id`, `jti`, `agency` and `roles` are present; the issuer may speak for the
/// agency; every role is known and the issuer may grant at least one (the others are dropped); and
/// a system client's token, as well as any other with `cnf`, is bound to the presented certificate.
/// Unknown claims are ignored.
///
/// A verified token is cached by its hash until it expires or its issuer's keys change. Time and
/// certificate are checked on every call.
pub struct Verifier {
    issuers: BTreeMap<String, Arc<Issuer>>,
    fetch: Arc<dyn FetchKeys>,
    cache: TokenCache<CachedToken>,
}

struct Issuer {
    config: IssuerConfig,
    keyring: Keyring,
    /// The latest `iat` of an accepted token, in microseconds.
    latest_issued_at: AtomicI64,
}

struct CachedToken {
    issuer: Arc<Issuer>,
    generation: u64,
    token: VerifiedToken,
}

/// An issuer whose keys could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRefreshFailure {
    /// Name of the issuer.
    pub issuer: String,
    /// Reason of the failure.
    pub error: FetchError,
}

/// Why a token was not accepted.
enum VerificationError {
    RefreshDue(Arc<Issuer>),
    Rejected(TokenError),
}

impl From<TokenError> for VerificationError {
    fn from(refusal: TokenError) -> Self {
        Self::Rejected(refusal)
    }
}

impl Verifier {
    /// A verifier for `issuers`. Fetches no keys yet: see [`Verifier::refresh`].
    ///
    /// # Errors
    /// [`IdentityError::Configuration`] with every error found: names that are empty or duplicate,
    /// an issuer without agencies, a key URL that is not `https` (or `http` to the loopback
    /// interface), inline keys that are missing or unfit.
    pub fn new(
        issuers: Vec<IssuerConfig>,
        fetch: Arc<dyn FetchKeys>,
    ) -> Result<Self, IdentityError> {
        let mut problems = Vec::new();
        let mut ready = BTreeMap::new();
        for config in issuers {
            problems.extend(config.configuration_errors());
            match Issuer::new(config) {
                Ok(issuer) => {
                    let previous = ready.insert(issuer.config.issuer.clone(), Arc::new(issuer));
                    problems.extend(previous.map(|issuer| issuer.duplicate_error()));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(IdentityError::Configuration { problems });
        }
        Ok(Self {
            issuers: ready,
            fetch,
            cache: TokenCache::new(MAX_CACHED_TOKENS),
        })
    }

    /// The caller of `token`, presented over a connection with the client certificate
    /// `presented_certificate`. Blocks for up to [`crate::FETCH_TIMEOUT`] when this call has to
    /// fetch the issuer's keys; [`Verifier::verify_nonblocking`] does not.
    ///
    /// # Errors
    /// [`TokenError`] when the token is rejected, for logs and metrics only.
    pub fn verify(
        &self,
        token: &str,
        presented_certificate: Option<&CertificateThumbprint>,
        now: Instant,
    ) -> Result<Caller, TokenError> {
        match self.check_token(token, presented_certificate, now, true) {
            Err(VerificationError::RefreshDue(issuer)) => {
                self.refresh_issuer(&issuer, now);
                self.check_token(token, presented_certificate, now, false)
                    .map_err(VerificationError::into_token_error)
            }
            other => other.map_err(VerificationError::into_token_error),
        }
    }

    /// As [`Verifier::verify`], but never blocks: returns `None` when the issuer's keys should be
    /// fetched first; then call `verify` from a thread that may block. While one thread fetches,
    /// the others use the current keys.
    ///
    /// # Errors
    /// [`TokenError`] when the token is rejected, for logs and metrics only.
    pub fn verify_nonblocking(
        &self,
        token: &str,
        presented_certificate: Option<&CertificateThumbprint>,
        now: Instant,
    ) -> Result<Option<Caller>, TokenError> {
        match self.check_token(token, presented_certificate, now, true) {
            Ok(caller) => Ok(Some(caller)),
            Err(VerificationError::RefreshDue(_)) => Ok(None),
            Err(VerificationError::Rejected(error)) => Err(error),
        }
    }

    /// Fetches the keys of every issuer that is due, and returns the issuers that failed. Blocks.
    /// Called at start, when checking the configuration, and by a worker, so that requests need not
    /// wait for it.
    pub fn refresh(&self, now: Instant) -> Vec<KeyRefreshFailure> {
        let due = self
            .issuers
            .values()
            .filter(|issuer| issuer.keyring.is_refresh_due(now, None));
        let failures = due.filter_map(|issuer| {
            let error = self.refresh_issuer(issuer, now)?;
            Some(KeyRefreshFailure {
                issuer: issuer.config.issuer.clone(),
                error,
            })
        });
        failures.collect()
    }

    /// The latest `iat` of the tokens accepted since the start, from issuers that may vouch for the
    /// time: their clocks have reached it, so the current time is at least that. It is at most
    /// [`LEEWAY`] ahead of the `now` arguments.
    #[must_use]
    pub fn vouched_time(&self) -> Option<Instant> {
        let vouching = self
            .issuers
            .values()
            .filter(|issuer| issuer.config.vouches_for_time);
        let latest = vouching
            .map(|issuer| issuer.latest_issued_at.load(Ordering::Relaxed))
            .max()?;
        (latest > i64::MIN).then(|| Instant::from_micros(latest))
    }

    fn refresh_issuer(&self, issuer: &Issuer, now: Instant) -> Option<FetchError> {
        match issuer.keyring.refresh(self.fetch.as_ref(), now) {
            RefreshOutcome::Skipped | RefreshOutcome::Unchanged => None,
            RefreshOutcome::Changed => {
                tracing::info!(issuer = issuer.config.issuer, "the issuer's keys changed");
                self.cache.clear();
                None
            }
            RefreshOutcome::Failed(error) => {
                tracing::warn!(issuer = issuer.config.issuer, %error, "the issuer's keys could not be fetched");
                Some(error)
            }
        }
    }

    fn check_token(
        &self,
        token: &str,
        presented: Option<&CertificateThumbprint>,
        now: Instant,
        allow_refresh: bool,
    ) -> Result<Caller, VerificationError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong.into());
        }
        let hash = sha256(token.as_bytes());
        let cached = self.lookup_cached(&hash, now, allow_refresh)?;
        let is_cached = cached.is_some();
        let verified = match cached {
            Some(cached) => cached,
            None => Arc::new(self.verify_from_scratch(token, now, allow_refresh)?),
        };
        let caller = verified.token.check_use(presented, now);
        if caller.is_ok() {
            verified.issuer.record_issued_at(verified.token.issued_at());
        }
        if !is_cached && caller.is_ok() {
            self.cache.insert(hash, verified);
        } else if caller == Err(TokenError::Expired) {
            self.cache.remove(&hash);
        }
        Ok(caller?)
    }

    /// The cached token, if its issuer's keys have not changed since it was verified.
    fn lookup_cached(
        &self,
        hash: &TokenHash,
        now: Instant,
        allow_refresh: bool,
    ) -> Result<Option<Arc<CachedToken>>, VerificationError> {
        let Some(cached) = self.cache.get(hash) else {
            return Ok(None);
        };
        if allow_refresh && cached.issuer.keyring.is_refresh_due(now, None) {
            return Err(VerificationError::RefreshDue(Arc::clone(&cached.issuer)));
        }
        let snapshot = cached.issuer.keyring.current_keys(now);
        if snapshot.is_some_and(|snapshot| snapshot.generation == cached.generation) {
            return Ok(Some(cached));
        }
        self.cache.remove(hash);
        Ok(None)
    }

    /// Verifies a token that is not cached: structure, issuer, key, signature, claims.
    fn verify_from_scratch(
        &self,
        token: &str,
        now: Instant,
        allow_refresh: bool,
    ) -> Result<CachedToken, VerificationError> {
        let token = ParsedToken::parse(token)?;
        let name = token
            .claims
            .get("iss")
            .and_then(Json::as_text)
            .ok_or(TokenError::UnknownIssuer)?;
        let issuer = self.issuers.get(name).ok_or(TokenError::UnknownIssuer)?;
        if token.algorithm != issuer.config.algorithm {
            return Err(TokenError::WrongAlgorithm.into());
        }
        if allow_refresh && issuer.keyring.is_refresh_due(now, Some(&token.key_id)) {
            return Err(VerificationError::RefreshDue(Arc::clone(issuer)));
        }
        let snapshot = issuer
            .keyring
            .current_keys(now)
            .ok_or(TokenError::KeysUnavailable)?;
        let key = snapshot
            .keys
            .get(&token.key_id)
            .ok_or(TokenError::UnknownKey)?;
        let algorithm = issuer.config.algorithm.jsonwebtoken_algorithm();
        let genuine =
            jsonwebtoken::crypto::verify(token.signature, token.signed.as_bytes(), key, algorithm);
        if !genuine.unwrap_or(false) {
            return Err(TokenError::BadSignature.into());
        }
        let verified = VerifiedToken::from_claims(&token.claims, &issuer.config)?;
        Ok(CachedToken {
            issuer: Arc::clone(issuer),
            generation: snapshot.generation,
            token: verified,
        })
    }
}

impl Issuer {
    fn new(config: IssuerConfig) -> Result<Self, String> {
        if let KeySource::JwksUrl(url) = &config.keys
            && !is_allowed_url(url, true)
        {
            return Err(format!(
                "issuer {:?}: its keys are not at an https address",
                config.issuer
            ));
        }
        let keyring =
            Keyring::new(config.keys.clone(), config.algorithm).map_err(|(error, faults)| {
                let mut reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
                reasons.extend(error.map(|error| error.to_string()));
                if reasons.is_empty() {
                    reasons.push(format!("no key for {}", config.algorithm.as_str()));
                }
                format!(
                    "issuer {:?}: its keys cannot be used: {}",
                    config.issuer,
                    reasons.join(", ")
                )
            })?;
        Ok(Self {
            config,
            keyring,
            latest_issued_at: AtomicI64::new(i64::MIN),
        })
    }

    /// Records the issue time of an accepted token. Most are earlier than the latest, so the common
    /// path only loads.
    fn record_issued_at(&self, issued_at: Instant) {
        let micros = issued_at.as_micros();
        if micros > self.latest_issued_at.load(Ordering::Relaxed) {
            self.latest_issued_at.fetch_max(micros, Ordering::Relaxed);
        }
    }

    fn duplicate_error(&self) -> String {
        format!("issuer {:?}: configured twice", self.config.issuer)
    }
}

impl VerificationError {
    fn into_token_error(self) -> TokenError {
        match self {
            Self::RefreshDue(_) => TokenError::KeysUnavailable,
            Self::Rejected(refusal) => refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DevClaims, DevIssuer};
    use domain::Role;

    const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);

    /// A key source without keys.
    struct EmptyKeySource;

    impl FetchKeys for EmptyKeySource {
        fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
            Ok(br#"{"keys":[]}"#.to_vec())
        }
    }

    /// A key source with one issuer's key.
    struct StaticKeySource(String);

    impl FetchKeys for StaticKeySource {
        fn fetch(&self, _: &KeySource) -> Result<Vec<u8>, FetchError> {
            Ok(self.0.clone().into_bytes())
        }
    }

    /// A verifier with fetched keys, and a token that it accepts for one minute.
    fn fixture() -> (Verifier, String) {
        let folder = tempfile::tempdir().unwrap();
        let issuer = DevIssuer::open(&folder.path().join("key"), "https://dev.example").unwrap();
        let mut config = issuer.config("chronology", "county", vec!["school".into()]);
        config.keys = KeySource::JwksUrl("https://dev.example/jwks".into());
        let verifier =
            Verifier::new(vec![config], Arc::new(StaticKeySource(issuer.jwks()))).unwrap();
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
    fn caches_accepted_and_drops_expired_tokens() {
        let (verifier, token) = fixture();
        let hash = sha256(token.as_bytes());
        let late = NOW.plus(Duration::from_secs(70));

        assert_eq!(
            verifier.verify(&token, None, late),
            Err(TokenError::Expired)
        );
        assert!(
            verifier.cache.get(&hash).is_none(),
            "a rejected token is not cached"
        );
        let first = verifier.verify(&token, None, NOW);
        assert!(verifier.cache.get(&hash).is_some());
        assert_eq!(verifier.verify(&token, None, NOW), first);
        assert_eq!(
            verifier.verify(&token, None, late),
            Err(TokenError::Expired)
        );
        assert!(verifier.cache.get(&hash).is_none());
    }

    /// A thread that verified a signature before the keys changed may cache the token afterwards.
    #[test]
    fn late_cache_insert_is_ignored_after_key_change() {
        let (mut verifier, token) = fixture();
        let hash = sha256(token.as_bytes());
        assert!(verifier.verify(&token, None, NOW).is_ok());
        let before = verifier.cache.get(&hash).unwrap();
        verifier.fetch = Arc::new(EmptyKeySource);
        let later = NOW.plus(Duration::from_secs(40));
        verifier.refresh_issuer(&Arc::clone(&before.issuer), later);
        assert!(
            verifier.cache.get(&hash).is_none(),
            "a change of keys clears the cache"
        );
        verifier.cache.insert(hash, before);
        assert_eq!(
            verifier.verify(&token, None, later),
            Err(TokenError::UnknownKey)
        );
    }
}
