//! Reads key sets from files and over HTTPS.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::{IdentityError, JwksError, KeySource};

/// Timeout of fetching a key set, including name resolution.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest key set read, in bytes.
pub const FETCH_LIMIT_BYTES: u64 = 256 * 1024;

/// Why a key set could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL is not `https`, nor `http` to the loopback interface where the settings allow that.
    #[error("address refused: https only")]
    AddressRefused,
    /// The response status is not 200. Redirects are not followed.
    #[error("responded with status {0}")]
    Status(u16),
    /// Larger than [`FETCH_LIMIT_BYTES`].
    #[error("larger than 256 KiB")]
    TooLarge,
    /// No complete response within [`FETCH_TIMEOUT`].
    #[error("no complete response within 5 s")]
    TimedOut,
    /// The connection failed or broke, or its certificate is not trusted.
    #[error("cannot be reached")]
    Unreachable,
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    File(std::io::ErrorKind),
    /// The content is not a key set.
    #[error(transparent)]
    Malformed(#[from] JwksError),
}

/// Fetches the bytes of a key set. May block; no lock is held during the call.
pub trait FetchKeys: Send + Sync {
    /// The bytes at `source`.
    ///
    /// # Errors
    /// [`FetchError`] with the reason; it holds no secrets.
    fn fetch(&self, source: &KeySource) -> Result<Vec<u8>, FetchError>;
}

/// Settings of [`SourceReader`].
#[derive(Debug, Clone, Default)]
pub struct FetchSettings {
    /// Allow `http` to `localhost`, `127.0.0.1` and `[::1]`, for tests and development.
    pub allow_loopback_http: bool,
    /// PEM certificates to trust instead of the public authorities, for an issuer in a private
    /// network.
    pub root_certificates_pem: Option<String>,
}

/// Reads files and `https` URLs, within 5 s and 256 KiB, without redirects or a proxy from the
/// environment, with TLS by aws-lc-rs.
pub struct SourceReader {
    agent: ureq::Agent,
    allow_loopback_http: bool,
}

impl SourceReader {
    /// A reader with these settings.
    ///
    /// # Errors
    /// [`IdentityError::Configuration`] when the root certificates are not PEM certificates.
    pub fn new(settings: &FetchSettings) -> Result<Self, IdentityError> {
        Self::with_timeout(settings, FETCH_TIMEOUT)
    }

    fn with_timeout(settings: &FetchSettings, timeout: Duration) -> Result<Self, IdentityError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = settings
            .root_certificates_pem
            .as_deref()
            .map_or(Ok(RootCerts::WebPki), parse_root_certificates)?;
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(roots)
            .build();
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .https_only(!settings.allow_loopback_http)
            .max_idle_connections(0)
            .tls_config(tls)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            allow_loopback_http: settings.allow_loopback_http,
        })
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        if !is_allowed_url(url, self.allow_loopback_http) {
            return Err(FetchError::AddressRefused);
        }
        let request = self
            .agent
            .get(url)
            .header("accept", "application/jwk-set+json, application/json");
        let mut response = request.call().map_err(|error| map_http_error(&error))?;
        if response.status() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        // ureq treats a body of exactly the limit as too large.
        response
            .body_mut()
            .with_config()
            .limit(FETCH_LIMIT_BYTES + 1)
            .read_to_vec()
            .map_err(|error| map_http_error(&error))
    }
}

impl FetchKeys for SourceReader {
    fn fetch(&self, source: &KeySource) -> Result<Vec<u8>, FetchError> {
        match source {
            KeySource::JwksFile(path) => read_file(path),
            KeySource::JwksUrl(url) => self.get(url),
            KeySource::Inline(set) => Ok(set.as_bytes().to_vec()),
        }
    }
}

/// Whether the URL is `https`, or `http` to the loopback interface if `loopback_http`. URLs with
/// credentials are not allowed.
pub(crate) fn is_allowed_url(url: &str, loopback_http: bool) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let loopback = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    let well_formed = !authority.as_str().contains('@') && !authority.host().is_empty();
    well_formed && (scheme == "https" || (scheme == "http" && loopback && loopback_http))
}

fn read_file(path: &Path) -> Result<Vec<u8>, FetchError> {
    let file_error = |error: std::io::Error| FetchError::File(error.kind());
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(file_error)?;
    file.take(FETCH_LIMIT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(file_error)?;
    if bytes.len() as u64 > FETCH_LIMIT_BYTES {
        Err(FetchError::TooLarge)
    } else {
        Ok(bytes)
    }
}

fn parse_root_certificates(pem: &str) -> Result<RootCerts, IdentityError> {
    let invalid = || IdentityError::Configuration {
        problems: vec!["root certificates: not PEM certificates".into()],
    };
    let mut certificates = Vec::new();
    for item in parse_pem(pem.as_bytes()) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| invalid())? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        Err(invalid())
    } else {
        Ok(RootCerts::new_with_certs(&certificates))
    }
}

fn map_http_error(error: &ureq::Error) -> FetchError {
    match error {
        ureq::Error::StatusCode(status) => FetchError::Status(*status),
        ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge,
        ureq::Error::Timeout(_) => FetchError::TimedOut,
        ureq::Error::RequireHttpsOnly(_) | ureq::Error::BadUri(_) => FetchError::AddressRefused,
        _ => FetchError::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::Write as _;
    use std::net::TcpListener;

    #[rstest]
    #[case("https://id.county.example/jwks", true, true)]
    #[case("https://id.county.example:8443/jwks", false, true)]
    #[case("http://127.0.0.1:8080/jwks", true, true)]
    #[case("http://localhost/jwks", true, true)]
    #[case("http://[::1]:80/jwks", true, true)]
    #[case("http://127.0.0.1:8080/jwks", false, false)]
    #[case("http://id.county.example/jwks", true, false)]
    #[case("http://localhost.county.example/jwks", true, false)]
    #[case("http://127.0.0.1@id.county.example/jwks", true, false)]
    #[case("https://user:word@id.county.example/jwks", true, false)]
    #[case("file:///etc/hosts", true, false)]
    #[case("/jwks", true, false)]
    #[case("", true, false)]
    fn allows_only_https_and_loopback_http(
        #[case] url: &str,
        #[case] loopback_http: bool,
        #[case] expected: bool,
    ) {
        assert_eq!(is_allowed_url(url, loopback_http), expected);
    }

    /// A server that starts a response and then trickles it must not hold a request longer than the
    /// timeout.
    #[test]
    fn trickled_response_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                .unwrap();
            let tick = std::sync::mpsc::channel::<()>();
            while stream.write_all(b" ").is_ok() {
                let _ = tick.1.recv_timeout(Duration::from_millis(20));
            }
        });
        let settings = FetchSettings {
            allow_loopback_http: true,
            root_certificates_pem: None,
        };
        let reader = SourceReader::with_timeout(&settings, Duration::from_millis(200)).unwrap();
        assert_eq!(
            reader.fetch(&KeySource::JwksUrl(url)),
            Err(FetchError::TimedOut)
        );
    }
}
