//! `chronology verify-deletion` as a contributing agency runs it: each failure has its own message

//! and exit status.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{DeletionCertificateId, Instant, NodeId, PartnershipId};
use tempfile::TempDir;
use uuid::Uuid;
use vault::certificate::{
    Certificate, CertifiedKey, CoverageTree, FORMAT, Hash, SignedCertificate,
};
use vault::{
    FileKeystore, KeyId, KeyScope, KeyTerms, RecordLocation, RootKey, SealedTable, SigningKey,
    Vault,
};

/// The contributed fragment that the certificate covers.
const FRAGMENT: Uuid = Uuid::from_u128(9);

/// A keystore with the key of one chronology, and the key that signs certificates.
struct KeystoreFixture {
    folder: TempDir,
    vault: Vault,
    scope: KeyScope,
    key: SigningKey,
}

impl KeystoreFixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = RootKey::generate().unwrap();
        write_private(&folder.path().join("root.key"), root.to_base64().as_bytes());
        let keystore = FileKeystore::open(&folder.path().join("keys"), root).unwrap();
        let vault = Vault::new(Arc::new(keystore)).unwrap();
        let scope = KeyScope(Uuid::from_u128(5));
        let terms = KeyTerms::Expiring {
            scope,
            object: None,
            expires_at: instant("2026-06-01T00:00:00Z"),
        };
        let location = RecordLocation {
            table: SealedTable::Chronologies,
            row: scope.0,
            version: 1,
        };
        vault
            .create_key(instant("2026-03-02T09:30:00Z"), &terms, &location)
            .unwrap();
        Self {
            folder,
            vault,
            scope,
            key: SigningKey::generate().unwrap(),
        }
    }

    fn certificate(&self) -> (Certificate, CoverageTree) {
        let record = self
            .vault
            .record(KeyId::Scope(self.scope.0))
            .unwrap()
            .unwrap();
        let tree = CoverageTree::new(&[3; 32], [("fragment", FRAGMENT)]);
        let certificate = Certificate {
            certificate_id: DeletionCertificateId(Uuid::from_u128(1)),
            commitment: Some(Hash(record.commitment)),
            covers: tree.covers(),
            destroyed_at: instant("2026-03-03T10:00:00Z"),
            destroyed_commitment: Hash(record.commitment),
            format: FORMAT.to_owned(),
            key: CertifiedKey {
                id: self.scope.0.to_string(),
                kind: "scope".into(),
                made_at: record.created_at,
            },
            node_id: NodeId(Uuid::from_u128(2)),
            partnership_id: PartnershipId(Uuid::from_u128(3)),
            probe_opens: false,
            probed_at: instant("2026-03-03T10:00:00Z"),
            published_at: Some(record.created_at),
        };
        (certificate, tree)
    }

    fn signed(&self, change: impl FnOnce(&mut Certificate)) -> SignedCertificate {
        let (mut certificate, tree) = self.certificate();
        change(&mut certificate);
        let mut signed = certificate.sign(&self.key).unwrap();
        signed.proofs.extend(tree.proof("fragment", FRAGMENT));
        signed
    }

    fn destroy(&self) {
        self.vault
            .destroy_scope(instant("2026-03-03T10:00:00Z"), self.scope)
            .unwrap();
    }

    fn public_key(&self) -> String {
        STANDARD.encode(self.key.public_key())
    }

    fn verify(&self, document: &[u8], more: &[&str]) -> (Option<i32>, String) {
        let file = self.folder.path().join("certificate.json");
        write_private(&file, document);
        let mut command = Command::new(env!("CARGO_BIN_EXE_chronology"));
        command
            .arg("verify-deletion")
            .arg("--certificate")
            .arg(&file)
            .args(more);
        command.env("CHRONOLOGY_DATA_FOLDER", self.folder.path());
        let Output {
            status,
            stdout,
            stderr,
            ..
        } = command.output().unwrap();
        let text = [stdout, stderr].concat();
        (status.code(), String::from_utf8(text).unwrap())
    }

    fn verify_signed(&self, signed: &SignedCertificate, more: &[&str]) -> (Option<i32>, String) {
        self.verify(&serde_json::to_vec(signed).unwrap(), more)
    }
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// Writes a file for its owner only, as the service requires.
fn write_private(file: &Path, content: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, content).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn valid_certificate_lists_what_it_covers() {
    let fixture = KeystoreFixture::new();
    let signed = fixture.signed(|_| ());
    let (status, text) = fixture.verify_signed(&signed, &["--public-key", &fixture.public_key()]);
    assert_eq!(status, Some(0), "{text}");
    for words in [
        "signed by the key you trust",
        "destroyed 2026-03-03T10:00:00Z",
        &format!("covers fragment {FRAGMENT}"),
    ] {
        assert!(text.contains(words), "{text}");
    }
    let file = fixture.folder.path().join("public");
    write_private(&file, fixture.public_key().as_bytes());
    assert_eq!(
        fixture
            .verify_signed(&signed, &["--public-key", file.to_str().unwrap()])
            .0,
        Some(0)
    );
    let (status, text) = fixture.verify_signed(&signed, &[]);
    assert!(
        status == Some(0) && text.contains("compare it with the one you were given"),
        "{text}"
    );
}

#[test]
fn each_fault_has_its_own_status_and_message() {
    let fixture = KeystoreFixture::new();
    let key = fixture.public_key();
    let verify_changed = |change: fn(&mut Certificate)| {
        fixture.verify_signed(&fixture.signed(change), &["--public-key", &key])
    };
    let mut proof = fixture.signed(|_| ());
    proof.proofs[0].object_id = Uuid::from_u128(10);
    let mut tampered = fixture.signed(|_| ());
    tampered.certificate.destroyed_at = instant("2026-03-02T11:00:00Z");
    let other = STANDARD.encode(SigningKey::generate().unwrap().public_key());
    let cases = [
        (2, "not a deletion certificate", fixture.verify(b"{}", &[])),
        (
            3,
            "a key other than the one you trust",
            fixture.verify_signed(&fixture.signed(|_| ()), &["--public-key", &other]),
        ),
        (
            4,
            "changed after it was signed",
            fixture.verify_signed(&tampered, &["--public-key", &key]),
        ),
        (
            5,
            "known format",
            verify_changed(|certificate| certificate.format = "other".into()),
        ),
        (
            6,
            "none was published",
            verify_changed(|certificate| certificate.commitment = None),
        ),
        (
            6,
            "after the destruction",
            verify_changed(|certificate| {
                certificate.published_at = Some(instant("2026-03-04T00:00:00Z"))
            }),
        ),
        (
            6,
            "is not the one whose commitment",
            verify_changed(|certificate| certificate.destroyed_commitment = Hash([0; 32])),
        ),
        (
            7,
            "times contradict",
            verify_changed(|certificate| certificate.probed_at = instant("2026-03-02T11:00:00Z")),
        ),
        (
            8,
            "does not match what the certificate covers",
            fixture.verify_signed(&proof, &["--public-key", &key]),
        ),
        (
            9,
            "could still read the key",
            verify_changed(|certificate| certificate.probe_opens = true),
        ),
        (
            1,
            "neither base64 nor a readable file",
            fixture.verify_signed(&fixture.signed(|_| ()), &["--public-key", "nowhere"]),
        ),
    ];
    for (expected, words, (status, text)) in cases {
        assert_eq!(status, Some(expected), "{words}: {text}");
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn keystore_option_checks_the_key_itself() {
    let fixture = KeystoreFixture::new();
    let signed = fixture.signed(|_| ());
    let (status, text) = fixture.verify_signed(&signed, &["--keystore"]);
    assert!(
        status == Some(9) && text.contains("still exists"),
        "a certificate for a living key: {text}"
    );
    fixture.destroy();
    let (status, text) = fixture.verify_signed(&signed, &["--keystore"]);
    assert!(
        status == Some(0) && text.contains("cannot be read"),
        "{text}"
    );
    let other_fixture = KeystoreFixture::new();
    let (status, text) = other_fixture.verify_signed(&signed, &["--keystore"]);
    assert!(
        status == Some(9),
        "another keystore holds another key of that name: {text}"
    );
    let unknown_key_certificate = Certificate {
        key: CertifiedKey {
            id: Uuid::from_u128(6).to_string(),
            ..certified_key(&signed)
        },
        ..signed.certificate
    };
    let unknown_key_certificate = unknown_key_certificate.sign(&fixture.key).unwrap();
    let (status, text) = fixture.verify_signed(&unknown_key_certificate, &["--keystore"]);
    assert!(
        status == Some(9) && text.contains("never had the key"),
        "{text}"
    );
}

fn certified_key(signed: &SignedCertificate) -> CertifiedKey {
    signed.certificate.key.clone()
}
