//! `chronology verify-deletion`, as whoever contributed runs it: clear words and a status of its own for each failure.

#![expect(clippy::unwrap_used, reason = "helpers of tests are test code")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{DeletionCertificateId, Instant, NodeId, PartnershipId};
use tempfile::TempDir;
use uuid::Uuid;
use vault::certificate::{Certificate, CertifiedKey, Covering, FORMAT, Hash, SignedCertificate};
use vault::{FileKeystore, KeyId, KeyScope, Place, RootKey, SigningKey, Terms, Vault};

/// What lived by the key and was contributed.
const FRAGMENT: Uuid = Uuid::from_u128(9);

/// A keystore in which one chronology's key lived and was destroyed, and the key that signs.
struct House {
    folder: TempDir,
    vault: Vault,
    scope: KeyScope,
    key: SigningKey,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = RootKey::generate().unwrap();
        write(&folder.path().join("root.key"), root.to_base64().as_bytes());
        let keystore = FileKeystore::open(&folder.path().join("keys"), root).unwrap();
        let vault = Vault::new(Arc::new(keystore)).unwrap();
        let scope = KeyScope(Uuid::from_u128(5));
        let terms = Terms::Until { scope, object: None, expires_at: at("2026-06-01T00:00:00Z") };
        let place = Place { table: "chronologies", row: scope.0, version: 1 };
        vault.create_key(at("2026-03-02T09:30:00Z"), &terms, &place).unwrap();
        Self { folder, vault, scope, key: SigningKey::generate().unwrap() }
    }

    fn certificate(&self) -> (Certificate, Covering) {
        let record = self.vault.record(KeyId::Scope(self.scope.0)).unwrap().unwrap();
        let covering = Covering::new(&[3; 32], [("fragment", FRAGMENT)]);
        let certificate = Certificate {
            certificate_id: DeletionCertificateId(Uuid::from_u128(1)),
            commitment: Some(Hash(record.commitment)),
            covers: covering.covers(),
            destroyed_at: at("2026-03-03T10:00:00Z"),
            destroyed_commitment: Hash(record.commitment),
            format: FORMAT.to_owned(),
            key: CertifiedKey { id: self.scope.0.to_string(), kind: "scope".into(), made_at: record.created_at },
            node_id: NodeId(Uuid::from_u128(2)),
            partnership_id: PartnershipId(Uuid::from_u128(3)),
            probe_opens: false,
            probed_at: at("2026-03-03T10:00:00Z"),
            published_at: Some(record.created_at),
        };
        (certificate, covering)
    }

    fn signed(&self, change: impl FnOnce(&mut Certificate)) -> SignedCertificate {
        let (mut certificate, covering) = self.certificate();
        change(&mut certificate);
        let mut signed = certificate.sign(&self.key).unwrap();
        signed.proofs.extend(covering.proof("fragment", FRAGMENT));
        signed
    }

    fn destroy(&self) {
        self.vault.destroy_scope(at("2026-03-03T10:00:00Z"), self.scope).unwrap();
    }

    fn public_key(&self) -> String {
        STANDARD.encode(self.key.public_key())
    }

    fn verify(&self, document: &[u8], more: &[&str]) -> (Option<i32>, String) {
        let file = self.folder.path().join("certificate.json");
        write(&file, document);
        let mut command = Command::new(env!("CARGO_BIN_EXE_chronology"));
        command.arg("verify-deletion").arg("--certificate").arg(&file).args(more);
        command.env("CHRONOLOGY_DATA_FOLDER", self.folder.path());
        let Output { status, stdout, stderr, .. } = command.output().unwrap();
        let text = [stdout, stderr].concat();
        (status.code(), String::from_utf8(text).unwrap())
    }

    fn found(&self, signed: &SignedCertificate, more: &[&str]) -> (Option<i32>, String) {
        self.verify(&serde_json::to_vec(signed).unwrap(), more)
    }
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// For nobody else, as the service wants it.
fn write(file: &Path, content: &[u8]) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, content).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_good_one_holds_and_says_what_it_covers() {
    let house = House::new();
    let signed = house.signed(|_| ());
    let (status, text) = house.found(&signed, &["--public-key", &house.public_key()]);
    assert_eq!(status, Some(0), "{text}");
    for words in
        ["signed by the key you trust", "destroyed 2026-03-03T10:00:00Z", &format!("covers fragment {FRAGMENT}")]
    {
        assert!(text.contains(words), "{text}");
    }
    let file = house.folder.path().join("public");
    write(&file, house.public_key().as_bytes());
    assert_eq!(house.found(&signed, &["--public-key", file.to_str().unwrap()]).0, Some(0));
    let (status, text) = house.found(&signed, &[]);
    assert!(status == Some(0) && text.contains("compare that with the one you were given"), "{text}");
}

#[test]
fn each_fault_has_a_status_and_words_of_its_own() {
    let house = House::new();
    let key = house.public_key();
    let of = |change: fn(&mut Certificate)| house.found(&house.signed(change), &["--public-key", &key]);
    let mut proof = house.signed(|_| ());
    proof.proofs[0].object_id = Uuid::from_u128(10);
    let mut tampered = house.signed(|_| ());
    tampered.certificate.destroyed_at = at("2026-03-02T11:00:00Z");
    let other = STANDARD.encode(SigningKey::generate().unwrap().public_key());
    let cases = [
        (2, "no deletion certificate", house.verify(b"{}", &[])),
        (3, "another key than the one you trust", house.found(&house.signed(|_| ()), &["--public-key", &other])),
        (4, "changed after it was signed", house.found(&tampered, &["--public-key", &key])),
        (5, "form", of(|certificate| certificate.format = "other".into())),
        (6, "none was published", of(|certificate| certificate.commitment = None)),
        (6, "after the destruction", of(|certificate| certificate.published_at = Some(at("2026-03-04T00:00:00Z")))),
        (6, "another key was destroyed", of(|certificate| certificate.destroyed_commitment = Hash([0; 32]))),
        (7, "times contradict", of(|certificate| certificate.probed_at = at("2026-03-02T11:00:00Z"))),
        (8, "does not lead to what it covers", house.found(&proof, &["--public-key", &key])),
        (9, "still found the key", of(|certificate| certificate.probe_opens = true)),
        (1, "no base64 and no file", house.found(&house.signed(|_| ()), &["--public-key", "nowhere"])),
    ];
    for (expected, words, (status, text)) in cases {
        assert_eq!(status, Some(expected), "{words}: {text}");
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn the_keystore_is_asked_as_well() {
    let house = House::new();
    let signed = house.signed(|_| ());
    let (status, text) = house.found(&signed, &["--keystore"]);
    assert!(status == Some(9) && text.contains("alive"), "a certificate for a living key: {text}");
    house.destroy();
    let (status, text) = house.found(&signed, &["--keystore"]);
    assert!(status == Some(0) && text.contains("cannot be had"), "{text}");
    let elsewhere = House::new();
    let (status, text) = elsewhere.found(&signed, &["--keystore"]);
    assert!(status == Some(9), "another keystore holds another key of that name: {text}");
    let stranger = Certificate {
        key: CertifiedKey { id: Uuid::from_u128(6).to_string(), ..house_key(&signed) },
        ..signed.certificate
    };
    let stranger = stranger.sign(&house.key).unwrap();
    let (status, text) = house.found(&stranger, &["--keystore"]);
    assert!(status == Some(9) && text.contains("never knew the key"), "{text}");
}

fn house_key(signed: &SignedCertificate) -> CertifiedKey {
    signed.certificate.key.clone()
}
