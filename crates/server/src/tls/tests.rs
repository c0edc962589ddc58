use std::collections::BTreeSet;

use domain::Instant;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, ServerConnection};

use super::*;

fn now() -> Instant {
    Instant::parse("2026-03-01T12:00:00Z").unwrap()
}

fn server_names(public_url: &str) -> ServerNames {
    ServerNames::new("127.0.0.1:8443".parse().unwrap(), public_url)
}

#[test]
fn certificate_is_generated_once_and_renewed_before_expiry() {
    let folder = tempfile::tempdir().unwrap();
    let certificate_at = |names: &ServerNames, now: Instant| {
        let files = ensure_generated(folder.path(), names, now).unwrap();
        std::fs::read(files.certificate).unwrap()
    };
    let localhost = server_names("https://localhost:8443");
    let first = certificate_at(&localhost, now());
    assert_eq!(
        certificate_at(&localhost, now()),
        first,
        "the second start uses the first certificate"
    );
    let later = now().plus(std::time::Duration::from_secs(380 * 86_400));
    assert_ne!(
        certificate_at(&localhost, later),
        first,
        "renewed before it expires"
    );
}

#[test]
fn new_server_name_generates_a_new_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let first = std::fs::read(
        ensure_generated(folder.path(), &server_names("https://localhost"), now())
            .unwrap()
            .certificate,
    )
    .unwrap();
    let files = ensure_generated(
        folder.path(),
        &server_names("https://chronology.example"),
        now(),
    )
    .unwrap();
    assert_ne!(std::fs::read(&files.certificate).unwrap(), first);
    assert!(
        ReloadableCertificate::open(files).is_ok(),
        "chain and key belong together"
    );
}

#[test]
fn mismatched_chain_and_key_are_refused() {
    let one = tempfile::tempdir().unwrap();
    let two = tempfile::tempdir().unwrap();
    let first = ensure_generated(one.path(), &server_names("https://localhost"), now()).unwrap();
    let second = ensure_generated(two.path(), &server_names("https://localhost"), now()).unwrap();
    let mixed = CertificateFiles {
        key: second.key,
        ..first
    };
    assert!(ReloadableCertificate::open(mixed).is_err());
}

/// An authority for client certificates, its revocation list, and the service's TLS state.
struct ClientCertificateFixture {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    settings: ClientCertificateSettings,
}

impl ClientCertificateFixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = create_authority("record systems");
        let settings = ClientCertificateSettings {
            authorities: folder.path().join("client-ca.pem"),
            revocation_lists: vec![folder.path().join("client-ca.crl.pem")],
            allow_unknown_revocation_status: false,
        };
        let fixture = Self {
            folder,
            authority,
            settings,
        };
        std::fs::write(&fixture.settings.authorities, fixture.authority.pem()).unwrap();
        fixture.publish_revocation_list(&[], 2_100);
        fixture
    }

    /// Writes a revocation list with these serial numbers, valid until that year.
    fn publish_revocation_list(&self, revoked: &[u64], until: i32) {
        let list = revocation_list(&self.authority, revoked, until);
        std::fs::write(&self.settings.revocation_lists[0], list).unwrap();
    }

    fn state(&self, settings: ClientCertificateSettings) -> TlsState {
        let files = ensure_generated(
            self.folder.path(),
            &server_names("https://localhost"),
            now(),
        )
        .unwrap();
        TlsState::open(files, Some(settings)).unwrap()
    }

    fn trusted_roots(&self) -> rustls::RootCertStore {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.folder.path().join("ca.pem")).unwrap())
            .unwrap();
        roots
    }

    /// A client with a certificate of this serial number. It resumes sessions where it can.
    fn client(&self, authority: &CertifiedIssuer<'_, KeyPair>, serial: u64) -> Arc<ClientConfig> {
        let (certificate, key) = client_certificate(authority, serial);
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.trusted_roots())
            .with_client_auth_cert(vec![certificate], key)
            .unwrap();
        Arc::new(config)
    }
}

fn create_authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![
        rcgen::KeyUsagePurpose::KeyCertSign,
        rcgen::KeyUsagePurpose::CrlSign,
    ];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn client_certificate(
    authority: &CertifiedIssuer<'_, KeyPair>,
    serial: u64,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["records.example".to_owned()]).unwrap();
    params.serial_number = Some(serial.into());
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, authority).unwrap();
    (
        certificate.der().clone(),
        PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    )
}

fn revocation_list(
    authority: &CertifiedIssuer<'_, KeyPair>,
    revoked: &[u64],
    until: i32,
) -> String {
    let issued_at = rcgen::date_time_ymd(2_020, 1, 1);
    let revoked = revoked.iter().map(|serial| rcgen::RevokedCertParams {
        serial_number: (*serial).into(),
        revocation_time: issued_at,
        reason_code: None,
        invalidity_date: None,
    });
    let list = rcgen::CertificateRevocationListParams {
        this_update: issued_at,
        next_update: rcgen::date_time_ymd(until, 1, 1),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    list.signed_by(authority).unwrap().pem().unwrap()
}

/// Performs a handshake; `Ok` when the service accepts the client.
fn try_handshake(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
) -> Result<(), rustls::Error> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    for _ in 0..10 {
        let mut sent = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut sent).unwrap();
        }
        let mut sent = sent.as_slice();
        while !sent.is_empty() {
            server.read_tls(&mut sent).unwrap();
            server.process_new_packets()?;
        }
        let mut received = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut received).unwrap();
        }
        let mut received = received.as_slice();
        while !received.is_empty() {
            client.read_tls(&mut received).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    assert!(!server.is_handshaking() && server.peer_certificates().is_some());
    Ok(())
}

fn certificate_error(outcome: Result<(), rustls::Error>) -> CertificateError {
    match outcome {
        Err(rustls::Error::InvalidCertificate(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn reloaded_revocation_list_applies_and_sessions_are_not_resumed() {
    let fixture = ClientCertificateFixture::new();
    let state = fixture.state(fixture.settings.clone());
    let server = Arc::new(state.server_config().unwrap());
    let first = fixture.client(&fixture.authority, 1);
    let second = fixture.client(&fixture.authority, 2);
    try_handshake(&server, &first).unwrap();
    try_handshake(&server, &second).unwrap();
    fixture.publish_revocation_list(&[1], 2_100);
    try_handshake(&server, &first).unwrap();
    state.reload();
    assert_eq!(
        certificate_error(try_handshake(&server, &first)),
        CertificateError::Revoked
    );
    try_handshake(&server, &second).unwrap();
    std::fs::write(&fixture.settings.revocation_lists[0], "half a list").unwrap();
    state.reload();
    assert_eq!(
        certificate_error(try_handshake(&server, &first)),
        CertificateError::Revoked,
        "the previous list stays in use"
    );
}

#[test]
fn client_authorities_are_reloaded() {
    let fixture = ClientCertificateFixture::new();
    let state = fixture.state(fixture.settings.clone());
    let server = Arc::new(state.server_config().unwrap());
    let next = create_authority("record systems, next");
    let former_client = fixture.client(&fixture.authority, 1);
    let new_client = fixture.client(&next, 1);
    assert!(try_handshake(&server, &new_client).is_err());
    std::fs::write(&fixture.settings.authorities, next.pem()).unwrap();
    std::fs::write(
        &fixture.settings.revocation_lists[0],
        revocation_list(&next, &[], 2_100),
    )
    .unwrap();
    state.reload();
    try_handshake(&server, &new_client).unwrap();
    assert!(try_handshake(&server, &former_client).is_err());
}

#[test]
fn unknown_revocation_status_is_refused_unless_allowed() {
    let fixture = ClientCertificateFixture::new();
    let handshake_with = |allowed: bool| {
        let settings = ClientCertificateSettings {
            allow_unknown_revocation_status: allowed,
            ..fixture.settings.clone()
        };
        let server = Arc::new(fixture.state(settings).server_config().unwrap());
        try_handshake(&server, &fixture.client(&fixture.authority, 1))
    };
    let other = create_authority("another authority");
    std::fs::write(
        &fixture.settings.revocation_lists[0],
        revocation_list(&other, &[], 2_100),
    )
    .unwrap();
    assert_eq!(
        certificate_error(handshake_with(false)),
        CertificateError::UnknownRevocationStatus
    );
    handshake_with(true).unwrap();
    fixture.publish_revocation_list(&[], 2_021);
    assert!(matches!(
        certificate_error(handshake_with(false)),
        CertificateError::ExpiredRevocationListContext { .. }
    ));
    handshake_with(true).unwrap();
    fixture.publish_revocation_list(&[1], 2_021);
    assert_eq!(
        certificate_error(handshake_with(true)),
        CertificateError::Revoked
    );
}

#[test]
fn empty_authority_and_revocation_files_are_refused() {
    let fixture = ClientCertificateFixture::new();
    let check = |settings: &ClientCertificateSettings| {
        check_files(&TlsSettings {
            certificate: None,
            clients: Some(settings.clone()),
        })
    };
    check(&fixture.settings).unwrap();
    let empty = fixture.folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let no_authority = ClientCertificateSettings {
        authorities: empty.clone(),
        ..fixture.settings.clone()
    };
    assert!(check(&no_authority).is_err());
    for allow_unknown_revocation_status in [false, true] {
        let empty_list = ClientCertificateSettings {
            revocation_lists: vec![empty.clone()],
            allow_unknown_revocation_status,
            ..fixture.settings.clone()
        };
        assert!(
            check(&empty_list).is_err(),
            "an empty file would switch the check off"
        );
        let no_list = ClientCertificateSettings {
            revocation_lists: Vec::new(),
            ..empty_list
        };
        assert_eq!(check(&no_list).is_ok(), allow_unknown_revocation_status);
    }
}

#[test]
fn server_names_cover_listen_address_and_public_url() {
    let names = ServerNames::new(
        "192.0.2.7:8443".parse().unwrap(),
        "https://[2001:db8::1]:8443/path",
    );
    let expected = ["localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::1"].map(str::to_owned);
    assert_eq!(names, ServerNames::from_set(BTreeSet::from(expected)));
}
