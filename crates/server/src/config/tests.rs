use std::path::Path;

use domain::TestNumberPolicy;
use rstest::rstest;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, Zeroizing<String>)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned())))
        .collect()
}

fn errors_in(document: &str) -> Vec<String> {
    build_settings(Some(document), Vec::new())
        .err()
        .map(|errors| errors.0)
        .unwrap_or_default()
}

/// A valid configuration, which the tests modify.
const VALID: &str = r#"
[development_issuer]
enabled = true
partnership = "north"
[[partnerships]]
code = "north"
name = "North"
[[partnerships.agencies]]
code = "csc"
name = "Children's Services"
kind = "social_care"
"#;

fn errors_with(line: &str) -> Vec<String> {
    errors_in(&format!("{line}\n{VALID}"))
}

#[test]
fn default_configuration_is_valid() {
    let settings = build_settings(None, Vec::new()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(settings.development_issuer.is_some());
    assert!(settings.partnerships[0].agencies.len() >= 9);
    assert!(settings.database.migrate_at_start);
    assert_eq!(settings.keystore.folder, Path::new("var/keys"));
    assert!(settings.keystore.url.is_none());
    assert_eq!(settings.clock, service::TimePolicy::default());
}

#[rstest]
#[case::development(VALID, TestNumberPolicy::Accepted)]
#[case::by_the_policy(&without_development_issuer("test_nhs_numbers = true"), TestNumberPolicy::Accepted)]
#[case::refused(&without_development_issuer("test_nhs_numbers = false"), TestNumberPolicy::Refused)]
#[case::by_default(&without_development_issuer(""), TestNumberPolicy::Refused)]
fn test_numbers_are_accepted_for_development_issuer_or_by_policy(
    #[case] document: &str,
    #[case] expected: TestNumberPolicy,
) {
    let settings =
        build_settings(Some(document), Vec::new()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(settings.partnerships[0].policy.test_nhs_numbers, expected);
}

#[test]
fn policy_sets_limit_of_unreviewed_emergency_accesses() {
    let policy = |line: &str| {
        let settings = build_settings(Some(&without_development_issuer(line)), Vec::new())
            .unwrap_or_else(|errors| panic!("{errors}"));
        settings.partnerships[0]
            .policy
            .unreviewed_emergency_accesses
    };
    assert_eq!(
        (policy(""), policy("unreviewed_emergency_accesses = 9")),
        (3, 9)
    );
}

/// A configuration without the development issuer, with one line in the partnership's policy.
fn without_development_issuer(policy: &str) -> String {
    let partnership = VALID
        .split_once("[[partnerships]]")
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let (names, agencies) = partnership
        .split_once("[[partnerships.agencies]]")
        .unwrap_or_default();
    format!(
        "{ISSUER}\n[[partnerships]]{names}[partnerships.policy]\n{policy}\n[[partnerships.agencies]]{agencies}"
    )
}

/// An issuer for the partnership "north".
const ISSUER: &str = r#"
[[issuers]]
issuer = "https://login.north.example"
audience = "https://chronology.north.example"
partnership = "north"
agencies = ["csc"]
algorithm = "ES256"
jwks_url = "https://login.north.example/jwks"
"#;

#[test]
fn file_inherits_defaults_except_partnerships_and_issuers() {
    assert_eq!(errors_in(VALID), Vec::<String>::new());
    let errors = errors_in("[server]\nworkers = 3");
    assert!(
        errors.iter().any(|line| line.starts_with("partnerships:")),
        "{errors:?}"
    );
    assert!(
        errors.iter().any(|line| line.starts_with("issuers:")),
        "{errors:?}"
    );
}

#[rstest]
#[case("https://localhost:8443")]
#[case("https://LOCALHOST/chronology")]
#[case("https://127.0.0.1")]
#[case("https://127.8.9.1:8443")]
#[case("https://[::1]:8443")]
fn development_issuer_is_allowed_on_loopback(#[case] public_url: &str) {
    assert_eq!(
        errors_with(&format!("[server]\npublic_url = \"{public_url}\"")),
        Vec::<String>::new()
    );
}

#[test]
fn request_id_is_idempotency_key_only_when_configured() {
    let is_key = |document: &str| {
        let settings =
            build_settings(Some(document), Vec::new()).unwrap_or_else(|errors| panic!("{errors}"));
        settings.server.request_id_is_idempotency_key
    };
    assert!(!is_key(VALID));
    assert!(is_key(&format!(
        "[server]\nrequest_id_is_idempotency_key = true\n{VALID}"
    )));
}

#[test]
fn all_errors_are_reported_at_once() {
    let errors = errors_with(
        "data_folder = 3\ncolour = 1\n[server]\nlisten = \"here\"\nworkers = 0\nrequest_timeout_seconds = \"10\"\nrequest_timeout = 5\n[server.tls]\ncertificate_file = \"/nowhere.pem\"\n[database]\npool_size = 9000\nurl = \"mysql://x\"\n[logging]\nlevel = \"loud\"\nformat = \"xml\"",
    );
    for name in [
        "data_folder",
        "colour",
        "server.listen",
        "server.workers",
        "server.request_timeout_seconds",
        "server.request_timeout:",
        "server.tls.certificate_file",
        "database.pool_size",
        "database.url",
        "logging.level",
        "logging.format",
    ] {
        assert!(
            errors.iter().any(|line| line.starts_with(name)),
            "{name} is not in {errors:#?}"
        );
    }
}

#[rstest]
#[case::unknown_section(
    "[servers]\nlisten = \"127.0.0.1:1\"",
    "servers: there is no such setting"
)]
#[case::wrong_type(
    "[workers]\nbatch = true",
    "workers.batch: must be a whole number from 1 to 10000"
)]
#[case::negative(
    "[workers]\nbatch = -1",
    "workers.batch: must be a whole number from 1 to 10000, is -1"
)]
#[case::plain_http(
    "[server]\npublic_url = \"http://chronology.example\"",
    "server.public_url: must be an https address"
)]
#[case::purge_too_late(
    "[workers]\npurge_every_seconds = 60",
    "workers.purge_every_seconds: must be"
)]
#[case::exposed_development(
    "[server]\nlisten = \"0.0.0.0:8443\"",
    "development_issuer.enabled: refused"
)]
#[case::published_development(
    "[server]\npublic_url = \"https://chronology.example\"",
    "development_issuer.enabled: refused unless server.public_url"
)]
#[case::development_of_a_lookalike(
    "[server]\npublic_url = \"https://localhost.chronology.example\"",
    "development_issuer.enabled: refused unless server.public_url"
)]
#[case::development_of_an_address(
    "[server]\npublic_url = \"https://192.0.2.7:8443\"",
    "development_issuer.enabled: refused unless server.public_url"
)]
#[case::thin_threads(
    "[server]\nworkers = 1\nblocking_threads = 2",
    "server.blocking_threads: all workers'"
)]
#[case::one_of_two(
    "[server.tls]\nclient_crl_files = [\"/nowhere\"]",
    "server.tls.client_crl_files: there is no file"
)]
#[case::unknown_revocation(
    "[server.tls]\nclient_ca_file = \"Cargo.toml\"",
    "server.tls.client_crl_files: are required with client_ca_file"
)]
#[case::same_address(
    "[metrics]\nlisten = \"127.0.0.1:8443\"",
    "metrics.listen: is the same"
)]
#[case::root_key_beside_keys(
    "[keystore]\nfolder = \"k\"\nroot_key_file = \"k/root.key\"",
    "keystore.root_key_file: must not be"
)]
#[case::keys_in_a_file(
    "[keystore]\nurl = \"sqlite:keys.db\"",
    "keystore.url: must begin with"
)]
#[case::keys_in_two_places(
    "[keystore]\nurl = \"postgresql:///keys\"\nfolder = \"k\"",
    "keystore.url: and folder"
)]
#[case::keys_beside_content(
    "[keystore]\nurl = \"postgresql:///one\"\n[database]\nurl = \"postgresql:///one\"",
    "keystore.url: is the service's own database"
)]
#[case::trusting_too_long(
    "[clock]\ntrusted_gap_seconds = 3601",
    "clock.trusted_gap_seconds: must be"
)]
fn invalid_and_contradictory_settings_are_reported(#[case] line: &str, #[case] expected: &str) {
    let errors = errors_with(line);
    assert!(
        errors.iter().any(|line| line.starts_with(expected)),
        "{errors:#?}"
    );
}

#[rstest]
#[case::too_long(
    "max_lifetime_days = 366",
    "partnerships[0].policy.max_lifetime_days: must be"
)]
#[case::reasons_for_good(
    "reasons_retention_days = 365",
    "partnerships[0].policy.reasons_retention_days: must be"
)]
#[case::unknown(
    "impact_mandatry = true",
    "partnerships[0].policy.impact_mandatry: there is no such setting"
)]
#[case::emergency(
    "emergency_access_minutes = 90\nmax_emergency_access_minutes = 60",
    "partnerships[0].policy.emergency_access_minutes: must not be more"
)]
#[case::emergency_cap(
    "max_emergency_access_minutes = 1441",
    "partnerships[0].policy.max_emergency_access_minutes: must be"
)]
#[case::built_in(
    "categories = [{ code = \"HOME\", covers = \"x\" }]",
    "partnerships[0].policy.categories[0].code: is a built-in"
)]
#[case::glossary(
    "glossary = { \"DA call\" = \"DOMESTIC\" }",
    "partnerships[0].policy.glossary.DA call: must be the code of a category"
)]
#[case::purpose(
    "purposes = [{ purpose = \"idle\", due_days = 1, lifetime_days = 2 }]",
    "partnerships[0].policy.purposes[0].purpose: must be one"
)]
#[case::due_after_end(
    "purposes = [{ purpose = \"neglect\", due_days = 9, lifetime_days = 2 }]",
    "partnerships[0].policy.purposes[0].due_days: must not"
)]
fn invalid_policies_are_reported(#[case] line: &str, #[case] expected: &str) {
    let errors = errors_in(&format!("{VALID}\n[partnerships.policy]\n{line}"));
    assert!(
        errors.iter().any(|line| line.starts_with(expected)),
        "{errors:#?}"
    );
}

#[test]
fn invalid_issuers_are_reported() {
    let errors = errors_in(&format!(
        "{VALID}\n[[issuers]]\nissuer = \"https://a\"\naudience = \"\"\npartnership = \"south\"\nagencies = []\nalgorithm = \"HS256\"\n"
    ));
    for suffix in [
        "audience: must",
        "partnership: is not",
        "agencies: must",
        "algorithm: must be ES256",
        "jwks_url: or jwks_file",
    ] {
        assert!(
            errors
                .iter()
                .any(|line| line.starts_with(&format!("issuers[0].{suffix}"))),
            "{suffix} is not in {errors:#?}"
        );
    }
}

/// A configuration with one issuer whose keys are not read.
fn with_issuer(line: &str) -> String {
    format!(
        "{VALID}\n[[issuers]]\nissuer = \"https://a\"\naudience = \"us\"\npartnership = \"north\"\nagencies = [\"csc\"]\n\
         algorithm = \"ES256\"\njwks_url = \"https://a/jwks\"\n{line}\n"
    )
}

fn issuer(line: &str) -> identity::IssuerConfig {
    let settings = build_settings(Some(&with_issuer(line)), Vec::new())
        .unwrap_or_else(|errors| panic!("{errors}"));
    settings.issuers[0].clone()
}

#[test]
fn issuer_grants_auditors_and_vouches_for_time_only_when_configured() {
    use domain::Role;
    let silent = issuer("");
    assert!(!silent.roles.contains(&Role::Auditor) && silent.roles.contains(&Role::Practitioner));
    assert!(!silent.vouches_for_time);
    let configured = issuer("roles = [\"auditor\"]\nvouches_for_time = true");
    assert_eq!(
        (configured.roles, configured.vouches_for_time),
        ([Role::Auditor].into(), true)
    );
}

#[rstest]
#[case::unknown("roles = [\"auditor\", \"superuser\"]", "issuers[0].roles: must name")]
#[case::none("roles = []", "issuers[0].roles: must name")]
#[case::twice("roles = [\"auditor\", \"auditor\"]", "issuers[0].roles: must name")]
#[case::no_list("roles = \"auditor\"", "issuers[0].roles: must be a list")]
#[case::vouching(
    "vouches_for_time = \"yes\"",
    "issuers[0].vouches_for_time: must be true or false"
)]
fn invalid_issuer_permissions_are_reported(#[case] line: &str, #[case] expected: &str) {
    let errors = errors_in(&with_issuer(line));
    assert!(
        errors.iter().any(|line| line.starts_with(expected)),
        "{errors:#?}"
    );
}

#[test]
fn environment_overrides_the_file_for_every_type() {
    let settings = build_settings(
        Some(VALID),
        variables(&[
            ("CHRONOLOGY_DATA_FOLDER", "/tmp/elsewhere"),
            ("CHRONOLOGY_SERVER__WORKERS", "7"),
            ("CHRONOLOGY_DATABASE__MIGRATE_AT_START", "false"),
            ("CHRONOLOGY_PARTNERSHIPS__0__NAME", "Renamed"),
            ("CHRONOLOGY_METRICS__LISTEN", ""),
        ]),
    );
    let settings = settings.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(
        (settings.server.workers, settings.database.migrate_at_start),
        (7, false)
    );
    assert_eq!(settings.partnerships[0].name, "Renamed");
    assert_eq!(settings.data_folder, Path::new("/tmp/elsewhere"));
    assert!(settings.metrics.is_none());
}

#[test]
fn environment_errors_name_the_variable() {
    let given = [
        ("CHRONOLOGY_SERVER__WORKERS", "many"),
        ("CHRONOLOGY_SERVER__WORKER", "1"),
        ("CHRONOLOGY_PARTNERSHIPS__4__NAME", "x"),
        ("CHRONOLOGY_LOGGING__LEVEL", "loud"),
    ];
    let errors = build_settings(Some(VALID), variables(&given))
        .err()
        .unwrap()
        .0;
    for (name, _) in given {
        assert!(
            errors
                .iter()
                .any(|line| line.starts_with(&format!("{name}:"))),
            "{name} is not in {errors:#?}"
        );
    }
}

#[test]
fn client_certificates_need_revocation_lists_unless_allowed() {
    let tls = "[server.tls]\nclient_ca_file = \"Cargo.toml\"\n";
    assert_eq!(
        errors_with(&format!("{tls}allow_unknown_revocation_status = true")),
        Vec::<String>::new()
    );
    assert_eq!(
        errors_with(&format!("{tls}client_crl_files = [\"Cargo.toml\"]")),
        Vec::<String>::new()
    );
}

#[test]
fn secret_is_read_from_a_file_and_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "postgresql://user:hunter2@localhost/c\n").unwrap();
    let path = file.to_str().unwrap();
    let settings = build_settings(
        Some(VALID),
        variables(&[("CHRONOLOGY_DATABASE__URL_FILE", path)]),
    );
    let settings = settings.unwrap_or_else(|errors| panic!("{errors}"));
    use secrecy::ExposeSecret as _;
    assert_eq!(
        settings.database.url.expose_secret(),
        "postgresql://user:hunter2@localhost/c"
    );
    assert!(
        !settings.database.migrate_at_start,
        "several nodes may start at once on PostgreSQL"
    );
    assert!(!format!("{:?}", settings.database.url).contains("hunter2"));

    std::fs::write(&file, "mysql://user:hunter2@localhost").unwrap();
    let both = variables(&[
        ("CHRONOLOGY_DATABASE__URL_FILE", path),
        ("CHRONOLOGY_DATABASE__URL", "sqlite:x"),
    ]);
    let errors = build_settings(Some(VALID), both)
        .err()
        .unwrap()
        .0
        .join("\n");
    assert!(
        errors.contains("not both") && !errors.contains("hunter2"),
        "{errors}"
    );
    let wrong = build_settings(
        Some(VALID),
        variables(&[("CHRONOLOGY_DATABASE__URL_FILE", path)]),
    )
    .err()
    .unwrap()
    .to_string();
    assert!(
        wrong.contains("database.url") && !wrong.contains("hunter2"),
        "{wrong}"
    );
}
