//! Real key sources: files, and local servers that respond correctly, wrongly or with too much
//! data.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{EcKey, at, claims, county, header, set};
use identity::{
    FETCH_LIMIT_BYTES, FetchError, FetchKeys, FetchSettings, KeySource, SourceReader, TokenError,
    Verifier,
};

fn reader() -> SourceReader {
    SourceReader::new(&FetchSettings {
        allow_loopback_http: true,
        root_certificates_pem: None,
    })
    .unwrap()
}

/// Reads the request head, writes the response and closes the connection.
fn respond(mut stream: impl Read + Write, response: &[u8]) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let _ = stream.write_all(response);
    let _ = stream.flush();
}

/// A server that sends the same response to every request, with a counter of requests.
fn serve(response: Vec<u8>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let request_count = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&request_count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            respond(stream.unwrap(), &response);
        }
    });
    (address, request_count)
}

fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn fetch(response: Vec<u8>) -> Result<Vec<u8>, FetchError> {
    reader().fetch(&KeySource::JwksUrl(format!(
        "http://{}/jwks",
        serve(response).0
    )))
}

#[test]
fn verifies_with_keys_from_server() {
    let key = EcKey::new();
    let (address, request_count) = serve(http("200 OK", "", set(&[key.jwk("k1")]).as_bytes()));
    let source = KeySource::JwksUrl(format!("http://{address}/jwks"));
    let verifier = Verifier::new(vec![county(source)], Arc::new(reader())).unwrap();
    let token = key.sign(&header(), &claims());
    for _ in 0..3 {
        assert!(verifier.verify(&token, None, at(0)).is_ok());
    }
    assert_eq!(request_count.load(Ordering::SeqCst), 1);
}

#[test]
fn verifies_with_keys_from_changing_file() {
    let first = EcKey::new();
    let second = EcKey::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, set(&[first.jwk("k1")])).unwrap();
    let verifier = Verifier::new(
        vec![county(KeySource::JwksFile(path.clone()))],
        Arc::new(reader()),
    )
    .unwrap();
    let token = first.sign(&header(), &claims());
    assert!(verifier.verify(&token, None, at(0)).is_ok());
    std::fs::write(&path, set(&[second.jwk("k1")])).unwrap();
    assert!(verifier.verify(&token, None, at(599)).is_ok());
    assert_eq!(
        verifier.verify(&token, None, at(600)).err(),
        Some(TokenError::BadSignature)
    );
}

#[test]
fn rejects_responses_without_key_set() {
    let (elsewhere, request_count) = serve(http("200 OK", "", b"{\"keys\":[]}"));
    let redirect = http(
        "302 Found",
        &format!("Location: http://{elsewhere}/jwks\r\n"),
        b"",
    );
    assert_eq!(fetch(redirect), Err(FetchError::Status(302)));
    assert_eq!(
        request_count.load(Ordering::SeqCst),
        0,
        "a redirect is not followed"
    );
    assert_eq!(
        fetch(http("404 Not Found", "", b"no")),
        Err(FetchError::Status(404))
    );
    assert_eq!(
        fetch(http("500 Oh", "", b"{\"keys\":[]}")),
        Err(FetchError::Status(500))
    );
    assert_eq!(
        fetch(http("203 Perhaps", "", b"{\"keys\":[]}")),
        Err(FetchError::Status(203))
    );
    assert_eq!(
        fetch(b"nonsense\r\n\r\n".to_vec()),
        Err(FetchError::Unreachable)
    );
    assert_eq!(fetch(Vec::new()), Err(FetchError::Unreachable));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"keys\":[]}".to_vec();
    assert_eq!(
        fetch(cut),
        Err(FetchError::Unreachable),
        "a truncated response is an error"
    );
}

#[test]
fn enforces_size_limits() {
    let limit = usize::try_from(FETCH_LIMIT_BYTES).unwrap();
    assert_eq!(
        fetch(http("200 OK", "", &vec![b' '; limit])).map(|body| body.len()),
        Ok(limit)
    );
    assert_eq!(
        fetch(http("200 OK", "", &vec![b' '; limit + 1])),
        Err(FetchError::TooLarge)
    );
    let unannounced = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 4 * limit]].concat();
    assert_eq!(fetch(unannounced), Err(FetchError::TooLarge));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    for (size, expected) in [(limit, Ok(limit)), (limit + 1, Err(FetchError::TooLarge))] {
        std::fs::write(&path, vec![b' '; size]).unwrap();
        assert_eq!(
            reader()
                .fetch(&KeySource::JwksFile(path.clone()))
                .map(|bytes| bytes.len()),
            expected
        );
    }
    let absent = KeySource::JwksFile(folder.path().join("absent"));
    assert_eq!(
        reader().fetch(&absent),
        Err(FetchError::File(std::io::ErrorKind::NotFound))
    );
}

#[test]
fn rejects_unreachable_and_plain_http_sources() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        reader().fetch(&KeySource::JwksUrl(url.clone())),
        Err(FetchError::Unreachable)
    );
    let strict = SourceReader::new(&FetchSettings::default()).unwrap();
    assert_eq!(
        strict.fetch(&KeySource::JwksUrl(url)),
        Err(FetchError::AddressRefused)
    );
}

/// A local TLS server with a self-signed certificate, and that certificate as PEM.
fn serve_tls(response: Vec<u8>) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            respond(
                rustls::StreamOwned::new(connection, stream.unwrap()),
                &response,
            );
        }
    });
    (address, made.cert.pem())
}

#[test]
fn requires_trusted_tls_certificate() {
    let (address, pem) = serve_tls(http("200 OK", "", b"{\"keys\":[]}"));
    let source = KeySource::JwksUrl(format!("https://localhost:{}/jwks", address.port()));
    let settings = FetchSettings {
        allow_loopback_http: false,
        root_certificates_pem: Some(pem),
    };
    let trusting = SourceReader::new(&settings).unwrap();
    assert_eq!(trusting.fetch(&source), Ok(b"{\"keys\":[]}".to_vec()));
    let wrong_name = KeySource::JwksUrl(format!("https://127.0.0.1:{}/jwks", address.port()));
    assert_eq!(trusting.fetch(&wrong_name), Err(FetchError::Unreachable));
    assert_eq!(reader().fetch(&source), Err(FetchError::Unreachable));

    let nothing = FetchSettings {
        allow_loopback_http: false,
        root_certificates_pem: Some("nothing".into()),
    };
    assert!(SourceReader::new(&nothing).is_err());
}
