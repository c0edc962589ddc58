use std::collections::BTreeSet;

use domain::Instant;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, ServerConnection};

use super::*;

fn now() -> Instant {
    Instant::parse("2026-03-01T12:00:00Z").unwrap()
}

fn names(public_url: &str) -> Names {
    Names::new("127.0.0.1:8443".parse().unwrap(), public_url)
}

#[test]
fn a_certificate_is_made_once_and_again_before_it_runs_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |names: &Names, now: Instant| {
        let files = generated(folder.path(), names, now).unwrap();
        std::fs::read(files.certificate).unwrap()
    };
    let localhost = names("https://localhost:8443");
    let first = at(&localhost, now());
    assert_eq!(at(&localhost, now()), first, "the second start uses the first's");
    let later = now().plus(std::time::Duration::from_secs(380 * 86_400));
    assert_ne!(at(&localhost, later), first, "made anew before it runs out");
}

#[test]
fn a_new_name_needs_a_new_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let first =
        std::fs::read(generated(folder.path(), &names("https://localhost"), now()).unwrap().certificate).unwrap();
    let files = generated(folder.path(), &names("https://chronology.example"), now()).unwrap();
    assert_ne!(std::fs::read(&files.certificate).unwrap(), first);
    assert!(Certificates::open(files).is_ok(), "chain and key belong together");
}

#[test]
fn a_chain_that_does_not_fit_its_key_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = generated(one.path(), &names("https://localhost"), now()).unwrap();
    let second = generated(two.path(), &names("https://localhost"), now()).unwrap();
    let mixed = CertificateFiles { key: second.key, ..first };
    assert!(Certificates::open(mixed).is_err());
}

/// An authority for client certificates that withdraws what it issued, and the service's side of TLS.
struct Clients {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    settings: ClientCertificateSettings,
}

impl Clients {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = authority("record systems");
        let settings = ClientCertificateSettings {
            authorities: folder.path().join("client-ca.pem"),
            revocation_lists: vec![folder.path().join("client-ca.crl.pem")],
            allow_unknown_revocation_status: false,
        };
        let clients = Self { folder, authority, settings };
        std::fs::write(&clients.settings.authorities, clients.authority.pem()).unwrap();
        clients.publish(&[], 2_100);
        clients
    }

    /// Writes a revocation list with these serial numbers, which is valid until that year.
    fn publish(&self, revoked: &[u64], until: i32) {
        let list = revocation_list(&self.authority, revoked, until);
        std::fs::write(&self.settings.revocation_lists[0], list).unwrap();
    }

    fn state(&self, settings: ClientCertificateSettings) -> TlsState {
        let files = generated(self.folder.path(), &names("https://localhost"), now()).unwrap();
        TlsState::open(files, Some(settings)).unwrap()
    }

    fn trusted(&self) -> rustls::RootCertStore {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.folder.path().join("ca.pem")).unwrap()).unwrap();
        roots
    }

    /// A client with the certificate of this serial number; it resumes its sessions where it can.
    fn client(&self, authority: &CertifiedIssuer<'_, KeyPair>, serial: u64) -> Arc<ClientConfig> {
        let (certificate, key) = client_certificate(authority, serial);
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.trusted())
            .with_client_auth_cert(vec![certificate], key)
            .unwrap();
        Arc::new(config)
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
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
    (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

fn revocation_list(authority: &CertifiedIssuer<'_, KeyPair>, revoked: &[u64], until: i32) -> String {
    let then = rcgen::date_time_ymd(2_020, 1, 1);
    let revoked = revoked.iter().map(|serial| rcgen::RevokedCertParams {
        serial_number: (*serial).into(),
        revocation_time: then,
        reason_code: None,
        invalidity_date: None,
    });
    let list = rcgen::CertificateRevocationListParams {
        this_update: then,
        next_update: rcgen::date_time_ymd(until, 1, 1),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    list.signed_by(authority).unwrap().pem().unwrap()
}

/// Whether the service lets the client in.
fn admits(server: &Arc<ServerConfig>, client: &Arc<ClientConfig>) -> Result<(), rustls::Error> {
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
        let mut answered = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answered).unwrap();
        }
        let mut answered = answered.as_slice();
        while !answered.is_empty() {
            client.read_tls(&mut answered).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    assert!(!server.is_handshaking() && server.peer_certificates().is_some());
    Ok(())
}

fn refused(outcome: Result<(), rustls::Error>) -> CertificateError {
    match outcome {
        Err(rustls::Error::InvalidCertificate(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn revocation_lists_are_read_again_and_a_former_session_is_not_resumed() {
    let clients = Clients::new();
    let state = clients.state(clients.settings.clone());
    let server = Arc::new(state.server_config().unwrap());
    let (first, second) = (clients.client(&clients.authority, 1), clients.client(&clients.authority, 2));
    admits(&server, &first).unwrap();
    admits(&server, &second).unwrap();
    clients.publish(&[1], 2_100);
    admits(&server, &first).unwrap();
    state.reload();
    assert_eq!(refused(admits(&server, &first)), CertificateError::Revoked);
    admits(&server, &second).unwrap();
    std::fs::write(&clients.settings.revocation_lists[0], "half a list").unwrap();
    state.reload();
    assert_eq!(refused(admits(&server, &first)), CertificateError::Revoked, "the former list stays in use");
}

#[test]
fn client_authorities_are_read_again() {
    let clients = Clients::new();
    let state = clients.state(clients.settings.clone());
    let server = Arc::new(state.server_config().unwrap());
    let next = authority("record systems, next");
    let (former, later) = (clients.client(&clients.authority, 1), clients.client(&next, 1));
    assert!(admits(&server, &later).is_err());
    std::fs::write(&clients.settings.authorities, next.pem()).unwrap();
    std::fs::write(&clients.settings.revocation_lists[0], revocation_list(&next, &[], 2_100)).unwrap();
    state.reload();
    admits(&server, &later).unwrap();
    assert!(admits(&server, &former).is_err());
}

#[test]
fn an_unknown_revocation_status_is_refused_unless_it_is_allowed() {
    let clients = Clients::new();
    let admits_with = |allowed: bool| {
        let settings =
            ClientCertificateSettings { allow_unknown_revocation_status: allowed, ..clients.settings.clone() };
        let server = Arc::new(clients.state(settings).server_config().unwrap());
        admits(&server, &clients.client(&clients.authority, 1))
    };
    let other = authority("another authority");
    std::fs::write(&clients.settings.revocation_lists[0], revocation_list(&other, &[], 2_100)).unwrap();
    assert_eq!(refused(admits_with(false)), CertificateError::UnknownRevocationStatus);
    admits_with(true).unwrap();
    clients.publish(&[], 2_021);
    assert!(matches!(refused(admits_with(false)), CertificateError::ExpiredRevocationListContext { .. }));
    admits_with(true).unwrap();
    clients.publish(&[1], 2_021);
    assert_eq!(refused(admits_with(true)), CertificateError::Revoked);
}

#[test]
fn client_authorities_and_lists_must_hold_something() {
    let clients = Clients::new();
    let look = |settings: &ClientCertificateSettings| {
        look_over(&TlsSettings { certificate: None, clients: Some(settings.clone()) })
    };
    look(&clients.settings).unwrap();
    let empty = clients.folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let no_authority = ClientCertificateSettings { authorities: empty.clone(), ..clients.settings.clone() };
    assert!(look(&no_authority).is_err());
    for allow_unknown_revocation_status in [false, true] {
        let empty_list = ClientCertificateSettings {
            revocation_lists: vec![empty.clone()],
            allow_unknown_revocation_status,
            ..clients.settings.clone()
        };
        assert!(look(&empty_list).is_err(), "an empty file would switch the check off");
        let no_list = ClientCertificateSettings { revocation_lists: Vec::new(), ..empty_list };
        assert_eq!(look(&no_list).is_ok(), allow_unknown_revocation_status);
    }
}

#[test]
fn names_hold_what_clients_will_ask_for() {
    let names = Names::new("192.0.2.7:8443".parse().unwrap(), "https://[2001:db8::1]:8443/path");
    let expected = ["localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::1"].map(str::to_owned);
    assert_eq!(names, Names::of(BTreeSet::from(expected)));
}
