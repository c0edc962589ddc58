//! Reloading of client authorities and revocation lists in a running service on SIGHUP.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

const SERIAL: u64 = 7;

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A revocation list of `authority`, which contains its only certificate if `revoked`.
fn revocation_list(authority: &CertifiedIssuer<'_, KeyPair>, revoked: bool) -> String {
    let entry = RevokedCertParams {
        serial_number: SERIAL.into(),
        revocation_time: date_time_ymd(2_020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2_020, 1, 1),
        next_update: date_time_ymd(2_100, 1, 1),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.then_some(entry).into_iter().collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(authority).unwrap().pem().unwrap()
}

/// A service with client certificates, which is stopped when dropped.
struct ServiceProcess {
    process: Child,
    log_lines: BufReader<std::process::ChildStderr>,
    port: u16,
}

impl ServiceProcess {
    fn start(folder: &Path, ca: &Path, list: &Path) -> Self {
        let config = folder.join("chronology.toml");
        let text = format!(
            "data_folder = {data:?}\n[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://localhost:8443\"\n\
             [server.tls]\nclient_ca_file = {ca:?}\nclient_crl_files = [{list:?}]\n[metrics]\nlisten = \"\"\n\
             [development_issuer]\nenabled = true\npartnership = \"north\"\n[[partnerships]]\ncode = \"north\"\n\
             name = \"North\"\n[[partnerships.agencies]]\ncode = \"csc\"\nname = \"Social Care\"\nkind = \"social_care\"\n",
            data = folder.join("data"),
        );
        fs::write(&config, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_chronology"))
            .args(["--config", config.to_str().unwrap(), "serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout_lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let log_lines = BufReader::new(process.stderr.take().unwrap());
        let mut service = Self {
            process,
            log_lines,
            port: 0,
        };
        let ready = stdout_lines
            .map(Result::unwrap)
            .find(|line| line.starts_with("ready: "))
            .expect("the service starts");
        service.port = ready.rsplit(':').next().unwrap().parse().unwrap();
        service
    }

    /// Sends SIGHUP and waits until the revocation lists are reloaded.
    fn send_sighup(&mut self) {
        let sent = Command::new("kill")
            .args(["-HUP", &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let mut lines = self.log_lines.by_ref().lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("client authorities and revocation lists")));
    }

    /// Whether the service answers this client.
    fn is_answered(&self, client: &Arc<ClientConfig>) -> bool {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = StreamOwned::new(
            ClientConnection::new(Arc::clone(client), name).unwrap(),
            socket,
        );
        let request = stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut first = [0; 12];
        request
            .and_then(|()| stream.read_exact(&mut first))
            .is_ok_and(|()| first == *b"HTTP/1.1 200")
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client that trusts the service and presents a certificate of `authority`.
fn client(folder: &Path, authority: &CertifiedIssuer<'_, KeyPair>) -> Arc<ClientConfig> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["records.example".to_owned()]).unwrap();
    params.serial_number = Some(SERIAL.into());
    let certificate = params.signed_by(&key, authority).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("data/tls/ca.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}

#[test]
fn revoked_client_is_refused_after_sighup() {
    let folder = TempDir::new().unwrap();
    let paths = |name: &str| -> PathBuf { folder.path().join(name) };
    let ca = paths("client-ca.pem");
    let list = paths("client-ca.crl.pem");
    let authority = authority();
    fs::write(&ca, authority.pem()).unwrap();
    fs::write(&list, revocation_list(&authority, false)).unwrap();
    let mut service = ServiceProcess::start(folder.path(), &ca, &list);
    let client = client(folder.path(), &authority);
    assert!(service.is_answered(&client));
    fs::write(&list, revocation_list(&authority, true)).unwrap();
    service.send_sighup();
    assert!(!service.is_answered(&client));
}
