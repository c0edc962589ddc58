use std::path::Path;

use domain::TestNumbers;
use rstest::rstest;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, Zeroizing<String>)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()))).collect()
}

fn mistakes(document: &str) -> Vec<String> {
    assemble(Some(document), Vec::new()).err().map(|mistakes| mistakes.0).unwrap_or_default()
}

/// A configuration that is good, to be spoilt.
const GOOD: &str = r#"
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

fn spoilt(line: &str) -> Vec<String> {
    mistakes(&format!("{line}\n{GOOD}"))
}

#[test]
fn the_default_is_good() {
    let settings = assemble(None, Vec::new()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert!(settings.development_issuer.is_some());
    assert!(settings.partnerships[0].agencies.len() >= 9);
    assert!(settings.database.migrate_at_start);
    assert_eq!(settings.keystore.folder, Path::new("var/keys"));
    assert!(settings.keystore.url.is_none());
    assert_eq!(settings.clock, service::TimePolicy::default());
}

#[rstest]
#[case::development(GOOD, TestNumbers::Accepted)]
#[case::by_the_policy(&real("test_nhs_numbers = true"), TestNumbers::Accepted)]
#[case::refused(&real("test_nhs_numbers = false"), TestNumbers::Refused)]
#[case::by_default(&real(""), TestNumbers::Refused)]
fn numbers_kept_for_tests_are_accepted_for_the_development_issuer_or_by_the_policy(
    #[case] document: &str,
    #[case] expected: TestNumbers,
) {
    let settings = assemble(Some(document), Vec::new()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(settings.partnerships[0].policy.test_nhs_numbers, expected);
}

#[test]
fn the_limit_of_unreviewed_emergency_accesses_is_set_in_the_policy() {
    let policy = |line: &str| {
        let settings = assemble(Some(&real(line)), Vec::new()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        settings.partnerships[0].policy.unreviewed_emergency_accesses
    };
    assert_eq!((policy(""), policy("unreviewed_emergency_accesses = 9")), (3, 9));
}

/// A configuration without the development issuer, with a line of the partnership's policy.
fn real(policy: &str) -> String {
    let partnership = GOOD.split_once("[[partnerships]]").map(|(_, rest)| rest).unwrap_or_default();
    let (names, agencies) = partnership.split_once("[[partnerships.agencies]]").unwrap_or_default();
    format!("{ISSUER}\n[[partnerships]]{names}[partnerships.policy]\n{policy}\n[[partnerships.agencies]]{agencies}")
}

/// An issuer of the partnership "north".
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
fn a_file_inherits_settings_but_neither_partnerships_nor_issuers() {
    assert_eq!(mistakes(GOOD), Vec::<String>::new());
    let bare = mistakes("[server]\nworkers = 3");
    assert!(bare.iter().any(|line| line.starts_with("partnerships:")), "{bare:?}");
    assert!(bare.iter().any(|line| line.starts_with("issuers:")), "{bare:?}");
}

#[rstest]
#[case("https://localhost:8443")]
#[case("https://LOCALHOST/chronology")]
#[case("https://127.0.0.1")]
#[case("https://127.8.9.1:8443")]
#[case("https://[::1]:8443")]
fn the_development_issuer_counts_on_this_machine(#[case] public_url: &str) {
    assert_eq!(spoilt(&format!("[server]\npublic_url = \"{public_url}\"")), Vec::<String>::new());
}

#[test]
fn a_request_id_is_no_idempotency_key_unless_it_is_said() {
    let is_key = |document: &str| {
        let settings = assemble(Some(document), Vec::new()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        settings.server.request_id_is_idempotency_key
    };
    assert!(!is_key(GOOD));
    assert!(is_key(&format!("[server]\nrequest_id_is_idempotency_key = true\n{GOOD}")));
}

#[test]
fn every_mistake_is_named_at_once() {
    let found = spoilt(
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
        assert!(found.iter().any(|line| line.starts_with(name)), "{name} is not in {found:#?}");
    }
}

#[rstest]
#[case::unknown_section("[servers]\nlisten = \"127.0.0.1:1\"", "servers: there is no such setting")]
#[case::wrong_type("[workers]\nbatch = true", "workers.batch: must be a whole number from 1 to 10000")]
#[case::negative("[workers]\nbatch = -1", "workers.batch: must be a whole number from 1 to 10000, is -1")]
#[case::plain_http(
    "[server]\npublic_url = \"http://chronology.example\"",
    "server.public_url: must be an https address"
)]
#[case::purge_too_late("[workers]\npurge_every_seconds = 60", "workers.purge_every_seconds: must be")]
#[case::exposed_development("[server]\nlisten = \"0.0.0.0:8443\"", "development_issuer.enabled: refused")]
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
#[case::thin_threads("[server]\nworkers = 1\nblocking_threads = 2", "server.blocking_threads: all workers'")]
#[case::one_of_two("[server.tls]\nclient_crl_files = [\"/nowhere\"]", "server.tls.client_crl_files: there is no file")]
#[case::unknown_revocation(
    "[server.tls]\nclient_ca_file = \"Cargo.toml\"",
    "server.tls.client_crl_files: are needed with client_ca_file"
)]
#[case::same_address("[metrics]\nlisten = \"127.0.0.1:8443\"", "metrics.listen: is the same")]
#[case::root_key_beside_keys(
    "[keystore]\nfolder = \"k\"\nroot_key_file = \"k/root.key\"",
    "keystore.root_key_file: must not lie"
)]
#[case::keys_in_a_file("[keystore]\nurl = \"sqlite:keys.db\"", "keystore.url: must begin with")]
#[case::keys_in_two_places("[keystore]\nurl = \"postgresql:///keys\"\nfolder = \"k\"", "keystore.url: and folder")]
#[case::keys_beside_content(
    "[keystore]\nurl = \"postgresql:///one\"\n[database]\nurl = \"postgresql:///one\"",
    "keystore.url: is the service's own database"
)]
#[case::trusting_too_long("[clock]\ntrusted_gap_seconds = 3601", "clock.trusted_gap_seconds: must be")]
fn contradictions_and_slips_are_found(#[case] line: &str, #[case] expected: &str) {
    let found = spoilt(line);
    assert!(found.iter().any(|line| line.starts_with(expected)), "{found:#?}");
}

#[rstest]
#[case::too_long("max_lifetime_days = 366", "partnerships[0].policy.max_lifetime_days: must be")]
#[case::reasons_for_good("reasons_retention_days = 365", "partnerships[0].policy.reasons_retention_days: must be")]
#[case::unknown("impact_mandatry = true", "partnerships[0].policy.impact_mandatry: there is no such setting")]
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
fn policies_are_checked(#[case] line: &str, #[case] expected: &str) {
    let found = mistakes(&format!("{GOOD}\n[partnerships.policy]\n{line}"));
    assert!(found.iter().any(|line| line.starts_with(expected)), "{found:#?}");
}

#[test]
fn issuers_are_checked() {
    let found = mistakes(&format!(
        "{GOOD}\n[[issuers]]\nissuer = \"https://a\"\naudience = \"\"\npartnership = \"south\"\nagencies = []\nalgorithm = \"HS256\"\n"
    ));
    for end in [
        "audience: must",
        "partnership: is not",
        "agencies: must",
        "algorithm: must be ES256",
        "jwks_url: or jwks_file",
    ] {
        assert!(found.iter().any(|line| line.starts_with(&format!("issuers[0].{end}"))), "{end} is not in {found:#?}");
    }
}

/// A configuration with one issuer, whose keys are read later.
fn with_issuer(line: &str) -> String {
    format!(
        "{GOOD}\n[[issuers]]\nissuer = \"https://a\"\naudience = \"us\"\npartnership = \"north\"\nagencies = [\"csc\"]\n\
         algorithm = \"ES256\"\njwks_url = \"https://a/jwks\"\n{line}\n"
    )
}

fn issuer(line: &str) -> identity::IssuerConfig {
    let settings = assemble(Some(&with_issuer(line)), Vec::new()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    settings.issuers[0].clone()
}

#[test]
fn an_issuer_neither_makes_auditors_nor_vouches_for_time_unless_it_is_said() {
    use domain::Role;
    let silent = issuer("");
    assert!(!silent.roles.contains(&Role::Auditor) && silent.roles.contains(&Role::Practitioner));
    assert!(!silent.vouches_for_time);
    let named = issuer("roles = [\"auditor\"]\nvouches_for_time = true");
    assert_eq!((named.roles, named.vouches_for_time), ([Role::Auditor].into(), true));
}

#[rstest]
#[case::unknown("roles = [\"auditor\", \"superuser\"]", "issuers[0].roles: must name")]
#[case::none("roles = []", "issuers[0].roles: must name")]
#[case::twice("roles = [\"auditor\", \"auditor\"]", "issuers[0].roles: must name")]
#[case::no_list("roles = \"auditor\"", "issuers[0].roles: must be a list")]
#[case::vouching("vouches_for_time = \"yes\"", "issuers[0].vouches_for_time: must be true or false")]
fn what_an_issuer_may_do_is_checked(#[case] line: &str, #[case] expected: &str) {
    let found = mistakes(&with_issuer(line));
    assert!(found.iter().any(|line| line.starts_with(expected)), "{found:#?}");
}

#[test]
fn the_environment_goes_over_the_file_in_any_type() {
    let settings = assemble(
        Some(GOOD),
        variables(&[
            ("CHRONOLOGY_DATA_FOLDER", "/tmp/elsewhere"),
            ("CHRONOLOGY_SERVER__WORKERS", "7"),
            ("CHRONOLOGY_DATABASE__MIGRATE_AT_START", "false"),
            ("CHRONOLOGY_PARTNERSHIPS__0__NAME", "Renamed"),
            ("CHRONOLOGY_METRICS__LISTEN", ""),
        ]),
    );
    let settings = settings.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!((settings.server.workers, settings.database.migrate_at_start), (7, false));
    assert_eq!(settings.partnerships[0].name, "Renamed");
    assert_eq!(settings.data_folder, Path::new("/tmp/elsewhere"));
    assert!(settings.metrics.is_none());
}

#[test]
fn mistakes_in_the_environment_are_named_by_their_variable() {
    let given = [
        ("CHRONOLOGY_SERVER__WORKERS", "many"),
        ("CHRONOLOGY_SERVER__WORKER", "1"),
        ("CHRONOLOGY_PARTNERSHIPS__4__NAME", "x"),
        ("CHRONOLOGY_LOGGING__LEVEL", "loud"),
    ];
    let found = assemble(Some(GOOD), variables(&given)).err().unwrap().0;
    for (name, _) in given {
        assert!(found.iter().any(|line| line.starts_with(&format!("{name}:"))), "{name} is not in {found:#?}");
    }
}

#[test]
fn client_certificates_need_revocation_lists_unless_it_is_said() {
    let tls = "[server.tls]\nclient_ca_file = \"Cargo.toml\"\n";
    assert_eq!(spoilt(&format!("{tls}allow_unknown_revocation_status = true")), Vec::<String>::new());
    assert_eq!(spoilt(&format!("{tls}client_crl_files = [\"Cargo.toml\"]")), Vec::<String>::new());
}

#[test]
fn a_secret_comes_from_a_file_and_never_out_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "postgresql://user:hunter2@localhost/c\n").unwrap();
    let path = file.to_str().unwrap();
    let settings = assemble(Some(GOOD), variables(&[("CHRONOLOGY_DATABASE__URL_FILE", path)]));
    let settings = settings.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    use secrecy::ExposeSecret as _;
    assert_eq!(settings.database.url.expose_secret(), "postgresql://user:hunter2@localhost/c");
    assert!(!settings.database.migrate_at_start, "several nodes may start at once on PostgreSQL");
    assert!(!format!("{:?}", settings.database.url).contains("hunter2"));

    std::fs::write(&file, "mysql://user:hunter2@localhost").unwrap();
    let both = variables(&[("CHRONOLOGY_DATABASE__URL_FILE", path), ("CHRONOLOGY_DATABASE__URL", "sqlite:x")]);
    let found = assemble(Some(GOOD), both).err().unwrap().0.join("\n");
    assert!(found.contains("not both") && !found.contains("hunter2"), "{found}");
    let wrong = assemble(Some(GOOD), variables(&[("CHRONOLOGY_DATABASE__URL_FILE", path)])).err().unwrap().to_string();
    assert!(wrong.contains("database.url") && !wrong.contains("hunter2"), "{wrong}");
}
