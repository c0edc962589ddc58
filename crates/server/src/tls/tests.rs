use std::collections::BTreeSet;

use domain::Instant;

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

#[test]
fn client_authorities_are_read_and_an_empty_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = generated(folder.path(), &names("https://localhost"), now()).unwrap();
    let mut settings = TlsSettings { certificate: None, client_ca: files.authority.clone(), client_crls: Vec::new() };
    let certificates = Arc::new(Certificates::open(files).unwrap());
    assert!(server_config(&settings, Arc::clone(&certificates)).is_ok());
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    settings.client_ca = Some(empty);
    assert!(server_config(&settings, certificates).is_err());
    assert!(look_over(&settings).is_err());
}

#[test]
fn names_hold_what_clients_will_ask_for() {
    let names = Names::new("192.0.2.7:8443".parse().unwrap(), "https://[2001:db8::1]:8443/path");
    let expected = ["localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::1"].map(str::to_owned);
    assert_eq!(names, Names::of(BTreeSet::from(expected)));
}
