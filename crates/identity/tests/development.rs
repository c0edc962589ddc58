//! The development issuer: its key file, its key set, its tokens.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use common::{Page, at};
use domain::{Purpose, Role};
use identity::{
    CertificateThumbprint, DevClaims, DevIssuer, FetchError, IdentityError, MAX_LIFETIME, Refusal, Verifier,
};

const MINUTE: Duration = Duration::from_secs(60);

fn claims() -> DevClaims {
    DevClaims {
        audience: "chronology".into(),
        subject: "p-1".into(),
        client_id: "command-line".into(),
        agency: "oak-school".into(),
        roles: [Role::SafeguardingLead].into(),
        ..DevClaims::default()
    }
}

fn verifier(issuer: &DevIssuer) -> Verifier {
    let config = issuer.config("chronology", "county", vec!["oak-school".into()]);
    Verifier::new(vec![config], Arc::new(Page::new(Err(FetchError::Unreachable)))).unwrap()
}

#[test]
fn the_key_is_made_once_and_kept_to_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dev-issuer.p8");
    let first = DevIssuer::open(&file, "https://dev.example").unwrap().jwks();
    assert_eq!(DevIssuer::open(&file, "https://dev.example").unwrap().jwks(), first);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(DevIssuer::open(&file, "x"), Err(IdentityError::KeyFileExposed)));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(&file, b"something else").unwrap();
    assert!(matches!(DevIssuer::open(&file, "x"), Err(IdentityError::KeyFileMalformed)));
    let nowhere = folder.path().join("absent").join("key");
    assert!(matches!(DevIssuer::open(&nowhere, "x"), Err(IdentityError::KeyFile(_))));
}

#[test]
fn many_starting_together_share_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let sets: Vec<String> = std::thread::scope(|scope| {
        let open = || scope.spawn(|| DevIssuer::open(&file, "https://dev.example").unwrap().jwks());
        let threads: Vec<_> = (0..8).map(|_| open()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(sets.iter().all(|set| *set == sets[0]));
}

#[test]
fn its_tokens_are_accepted_with_everything_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open(&folder.path().join("key"), "https://dev.example").unwrap();
    let verifier = verifier(&issuer);
    let certificate = CertificateThumbprint::of_certificate(b"der");
    let full = DevClaims {
        offence_data: true,
        name: Some("Bryn Castellan".into()),
        job_title: Some("Deputy head".into()),
        purpose: Some(Purpose::EarlyHelp),
        certificate: Some(certificate),
        ..claims()
    };
    let token = issuer.issue(&full, at(0), 5 * MINUTE).unwrap();
    let caller = verifier.verify(&token, Some(&certificate), at(0)).unwrap();
    assert_eq!((caller.agency.as_str(), caller.partnership.as_str()), ("oak-school", "county"));
    assert_eq!(caller.name.unwrap().as_str(), "Bryn Castellan");
    assert_eq!((caller.purpose, caller.offence_data), (Some(Purpose::EarlyHelp), true));
    assert_eq!(caller.expires_at, at(300));
    assert_eq!(verifier.verify(&token, None, at(0)).err(), Some(Refusal::CertificateMissing));

    let again = issuer.issue(&full, at(0), 5 * MINUTE).unwrap();
    assert_ne!(token, again, "every token has an id of its own");
}

#[test]
fn its_tokens_obey_the_rules_too() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open(&folder.path().join("key"), "https://dev.example").unwrap();
    let other = DevIssuer::open(&folder.path().join("other"), "https://dev.example").unwrap();
    let verifier = verifier(&issuer);
    let try_ =
        |claims: DevClaims, lifetime| verifier.verify(&issuer.issue(&claims, at(0), lifetime).unwrap(), None, at(0));

    assert_eq!(try_(claims(), 100 * MINUTE).unwrap().expires_at, at(0).plus(MAX_LIFETIME), "cut to the hour");
    assert_eq!(try_(claims(), Duration::ZERO).err(), Some(Refusal::LifetimeRefused));
    assert_eq!(try_(DevClaims { roles: [].into(), ..claims() }, MINUTE).err(), Some(Refusal::NoRoles));
    let system = DevClaims { roles: [Role::SystemClient].into(), ..claims() };
    assert_eq!(try_(system, MINUTE).err(), Some(Refusal::BindingMissing));
    let auditor = DevClaims { roles: [Role::Auditor].into(), ..claims() };
    assert!(try_(auditor, MINUTE).is_ok(), "the development issuer gives every role");
    assert_eq!(verifier.vouched_time(), None, "and its clock is the service's own");
    let foreign = other.issue(&claims(), at(0), MINUTE).unwrap();
    assert_eq!(verifier.verify(&foreign, None, at(0)).err(), Some(Refusal::UnknownKey));
}
