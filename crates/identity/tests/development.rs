//! The development issuer: key file, key set and tokens.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use crate::common::{FakeKeySource, at};
use domain::{Purpose, Role};
use identity::{
    CertificateThumbprint, DevClaims, DevIssuer, FetchError, IdentityError, MAX_LIFETIME,
    TokenError, Verifier,
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
    Verifier::new(
        vec![config],
        Arc::new(FakeKeySource::new(Err(FetchError::Unreachable))),
    )
    .unwrap()
}

#[test]
fn key_file_is_created_once_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dev-issuer.p8");
    let first = DevIssuer::open(&file, "https://dev.example")
        .unwrap()
        .jwks();
    assert_eq!(
        DevIssuer::open(&file, "https://dev.example")
            .unwrap()
            .jwks(),
        first
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no draft is left behind"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            DevIssuer::open(&file, "x"),
            Err(IdentityError::KeyFileExposed)
        ));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(&file, b"something else").unwrap();
    assert!(matches!(
        DevIssuer::open(&file, "x"),
        Err(IdentityError::KeyFileMalformed)
    ));
    let missing_folder = folder.path().join("absent").join("key");
    assert!(matches!(
        DevIssuer::open(&missing_folder, "x"),
        Err(IdentityError::KeyFile(_))
    ));
}

#[test]
fn concurrent_starts_share_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let sets: Vec<String> = std::thread::scope(|scope| {
        let open = || {
            scope.spawn(|| {
                DevIssuer::open(&file, "https://dev.example")
                    .unwrap()
                    .jwks()
            })
        };
        let threads: Vec<_> = (0..8).map(|_| open()).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(sets.iter().all(|set| *set == sets[0]));
}

#[test]
fn tokens_are_accepted_with_all_claims() {
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
    assert_eq!(
        (caller.agency.as_str(), caller.partnership.as_str()),
        ("oak-school", "county")
    );
    assert_eq!(caller.name.unwrap().as_str(), "Bryn Castellan");
    assert_eq!(
        (caller.purpose, caller.offence_data),
        (Some(Purpose::EarlyHelp), true)
    );
    assert_eq!(caller.expires_at, at(300));
    assert_eq!(
        verifier.verify(&token, None, at(0)).err(),
        Some(TokenError::CertificateMissing)
    );

    let again = issuer.issue(&full, at(0), 5 * MINUTE).unwrap();
    assert_ne!(token, again, "every token has an id of its own");
}

#[test]
fn tokens_obey_verifier_rules() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open(&folder.path().join("key"), "https://dev.example").unwrap();
    let other = DevIssuer::open(&folder.path().join("other"), "https://dev.example").unwrap();
    let verifier = verifier(&issuer);
    let verify = |claims: DevClaims, lifetime| {
        verifier.verify(
            &issuer.issue(&claims, at(0), lifetime).unwrap(),
            None,
            at(0),
        )
    };

    assert_eq!(
        verify(claims(), 100 * MINUTE).unwrap().expires_at,
        at(0).plus(MAX_LIFETIME),
        "cut to the hour"
    );
    assert_eq!(
        verify(claims(), Duration::ZERO).err(),
        Some(TokenError::LifetimeRefused)
    );
    assert_eq!(
        verify(
            DevClaims {
                roles: [].into(),
                ..claims()
            },
            MINUTE
        )
        .err(),
        Some(TokenError::NoRoles)
    );
    let system = DevClaims {
        roles: [Role::SystemClient].into(),
        ..claims()
    };
    assert_eq!(
        verify(system, MINUTE).err(),
        Some(TokenError::BindingMissing)
    );
    let auditor = DevClaims {
        roles: [Role::Auditor].into(),
        ..claims()
    };
    assert!(
        verify(auditor, MINUTE).is_ok(),
        "the development issuer gives every role"
    );
    assert_eq!(
        verifier.vouched_time(),
        None,
        "and its clock is the service's own"
    );
    let foreign = other.issue(&claims(), at(0), MINUTE).unwrap();
    assert_eq!(
        verifier.verify(&foreign, None, at(0)).err(),
        Some(TokenError::UnknownKey)
    );
}
